//! What policies of Data Lifecycle Manager do and when, as JSON in the words of the API.

use aws_sdk_dlm::types::{
    Action, ArchiveRule, CreateRule, CrossRegionCopyAction, CrossRegionCopyDeprecateRule, CrossRegionCopyRetainRule, CrossRegionCopyRule,
    DeprecateRule, EventSource, FastRestoreRule, RetainRule, RetentionIntervalUnitValues, Schedule, ShareRule,
};
use serde_json::Value;

use super::fields::{json, sent, word};
use crate::dataset::rows::Json;

/// The schedules of a policy. Tags that are added, and scripts, say nothing of what is kept.
pub(crate) fn schedules(schedules: Vec<Schedule>) -> Json {
    json(schedules.into_iter().map(schedule).collect())
}

/// The event that triggers a policy.
pub(crate) fn event_source(source: EventSource) -> Json {
    let parameters = source.parameters.map(|parameters| {
        sent([
            ("DescriptionRegex", parameters.description_regex.map(Value::from)),
            ("EventType", word(parameters.event_type).map(Value::from)),
            ("SnapshotOwner", parameters.snapshot_owner.map(Value::from)),
        ])
    });
    json(sent([("Parameters", parameters), ("Type", word(source.r#type).map(Value::from))]))
}

/// What an event triggers.
pub(crate) fn actions(actions: Vec<Action>) -> Json {
    let copy = |copy: CrossRegionCopyAction| {
        let encryption = copy.encryption_configuration.map(|encryption| {
            sent([("CmkArn", encryption.cmk_arn.map(Value::from)), ("Encrypted", encryption.encrypted.map(Value::from))])
        });
        sent([
            ("EncryptionConfiguration", encryption),
            ("RetainRule", copy.retain_rule.map(copy_retain)),
            ("Target", copy.target.map(Value::from)),
        ])
    };
    let action = |action: Action| {
        let copies = action.cross_region_copy.map(|copies| copies.into_iter().map(copy).collect());
        sent([("CrossRegionCopy", copies), ("Name", action.name.map(Value::from))])
    };
    json(actions.into_iter().map(action).collect())
}

fn schedule(schedule: Schedule) -> Value {
    let copies = schedule.cross_region_copy_rules.map(|rules| rules.into_iter().map(copy).collect());
    sent([
        ("ArchiveRule", schedule.archive_rule.map(archive)),
        ("CopyTags", schedule.copy_tags.map(Value::from)),
        ("CreateRule", schedule.create_rule.map(create)),
        ("CrossRegionCopyRules", copies),
        ("DeprecateRule", schedule.deprecate_rule.map(deprecate)),
        ("FastRestoreRule", schedule.fast_restore_rule.map(fast_restore)),
        ("Name", schedule.name.map(Value::from)),
        ("RetainRule", schedule.retain_rule.map(retain)),
        ("ShareRules", schedule.share_rules.map(|rules| rules.into_iter().map(share).collect())),
    ])
}

fn create(rule: CreateRule) -> Value {
    sent([
        ("CronExpression", rule.cron_expression.map(Value::from)),
        ("Interval", rule.interval.map(Value::from)),
        ("IntervalUnit", word(rule.interval_unit).map(Value::from)),
        ("Location", word(rule.location).map(Value::from)),
        ("Times", rule.times.map(Value::from)),
    ])
}

/// A number of things or a span of time.
fn amount(count: Option<i32>, interval: Option<i32>, unit: Option<RetentionIntervalUnitValues>) -> Value {
    let unit = word(unit).map(Value::from);
    sent([("Count", count.map(Value::from)), ("Interval", interval.map(Value::from)), ("IntervalUnit", unit)])
}

fn retain(rule: RetainRule) -> Value {
    amount(rule.count, rule.interval, rule.interval_unit)
}

fn deprecate(rule: DeprecateRule) -> Value {
    amount(rule.count, rule.interval, rule.interval_unit)
}

fn fast_restore(rule: FastRestoreRule) -> Value {
    let mut fast = amount(rule.count, rule.interval, rule.interval_unit);
    if let (Some(fields), Some(zones)) = (fast.as_object_mut(), rule.availability_zones) {
        fields.insert("AvailabilityZones".to_owned(), Value::from(zones));
    }
    fast
}

fn archive(rule: ArchiveRule) -> Value {
    let tier = rule.retain_rule.and_then(|rule| rule.retention_archive_tier);
    let tier = tier.map(|tier| amount(tier.count, tier.interval, tier.interval_unit));
    sent([("RetainRule", Some(sent([("RetentionArchiveTier", tier)])))])
}

fn copy(rule: CrossRegionCopyRule) -> Value {
    let deprecate = |rule: CrossRegionCopyDeprecateRule| amount(None, rule.interval, rule.interval_unit);
    sent([
        ("CmkArn", rule.cmk_arn.map(Value::from)),
        ("CopyTags", rule.copy_tags.map(Value::from)),
        ("DeprecateRule", rule.deprecate_rule.map(deprecate)),
        ("Encrypted", rule.encrypted.map(Value::from)),
        ("RetainRule", rule.retain_rule.map(copy_retain)),
        ("Target", rule.target.map(Value::from)),
        ("TargetRegion", rule.target_region.map(Value::from)),
    ])
}

fn copy_retain(rule: CrossRegionCopyRetainRule) -> Value {
    amount(None, rule.interval, rule.interval_unit)
}

fn share(rule: ShareRule) -> Value {
    sent([
        ("TargetAccounts", rule.target_accounts.map(Value::from)),
        ("UnshareInterval", rule.unshare_interval.map(Value::from)),
        ("UnshareIntervalUnit", word(rule.unshare_interval_unit).map(Value::from)),
    ])
}

#[cfg(test)]
mod tests {
    use aws_sdk_dlm::types::{ArchiveRetainRule, EncryptionConfiguration, RetentionArchiveTier};

    use super::*;

    #[test]
    fn a_schedule_tells_when_how_long_where_and_with_whom() {
        let year = || CrossRegionCopyRetainRule::builder().interval(1).interval_unit(RetentionIntervalUnitValues::Years).build();
        let tier = RetentionArchiveTier::builder().count(12).build();
        let schedule = Schedule::builder()
            .create_rule(CreateRule::builder().cron_expression("cron(0 3 * * ? *)").build())
            .retain_rule(RetainRule::builder().interval(30).interval_unit(RetentionIntervalUnitValues::Days).build())
            .archive_rule(ArchiveRule::builder().retain_rule(ArchiveRetainRule::builder().retention_archive_tier(tier).build()).build())
            .fast_restore_rule(FastRestoreRule::builder().count(1).availability_zones("eu-west-1a").build())
            .cross_region_copy_rules(CrossRegionCopyRule::builder().target("eu-central-1").encrypted(false).retain_rule(year()).build())
            .share_rules(ShareRule::builder().target_accounts("444455556666").build())
            .build();
        let expected = r#"[{"ArchiveRule":{"RetainRule":{"RetentionArchiveTier":{"Count":12}}},"CreateRule":{"CronExpression":"cron(0 3 * * ? *)"},"CrossRegionCopyRules":[{"Encrypted":false,"RetainRule":{"Interval":1,"IntervalUnit":"YEARS"},"Target":"eu-central-1"}],"FastRestoreRule":{"AvailabilityZones":["eu-west-1a"],"Count":1},"RetainRule":{"Interval":30,"IntervalUnit":"DAYS"},"ShareRules":[{"TargetAccounts":["444455556666"]}]}]"#;
        assert_eq!(schedules(vec![schedule]).0, expected);
    }

    #[test]
    fn an_action_tells_where_what_was_shared_is_copied() {
        let encryption = EncryptionConfiguration::builder().encrypted(true).build();
        let copy = CrossRegionCopyAction::builder().target("eu-central-1").encryption_configuration(encryption).build();
        let actions = actions(vec![Action::builder().name("keep").cross_region_copy(copy).build()]);
        assert_eq!(
            actions.0,
            r#"[{"CrossRegionCopy":[{"EncryptionConfiguration":{"Encrypted":true},"Target":"eu-central-1"}],"Name":"keep"}]"#
        );
    }
}
