//! Rules of EventBridge: one row per rule of the default bus, with what it matches and whom it tells.
//!
//! Calls `ListRules`, and `ListTargetsByRule` for each rule that can match events of backups: its pattern names `aws.backup` or `aws.rds` as a
//! source, or leaves the source open. Other rules are rows whose targets are not asked for, which `targets_asked` says. A denial of one rule's
//! targets leaves `targets` NULL and makes the read partial. AWS services send their events to the default bus only, so others are not read.
//!
//! Key: `rule_arn`. Inputs of targets are not kept. EventBridge has such events as AWS Backup sends with its best effort. Source: Amazon EventBridge
//! API Reference, `Rule`, `Target`.

use async_trait::async_trait;
use aws_sdk_eventbridge::types::{Rule, Target};
use serde_json::Value;

use super::collector::{Collector, Harvest, Operation, ReadError, Unit};
use super::door::RegionDoor;
use super::fields::{json, sent, word};
use super::pages::Pages;
use crate::dataset::rows::{Json, Row};
use crate::dataset::{Table, TableKind};

crate::rows! {
    /// A rule of EventBridge.
    pub struct EventRuleRow {
        /// ARN of the rule
        rule_arn: Text, Never, "Arn";
        /// Name of the rule
        rule_name: Text, NotTold, "Name";
        /// `ENABLED`, `DISABLED` or `ENABLED_WITH_ALL_CLOUDTRAIL_MANAGEMENT_EVENTS`
        state: Text, NotTold, "State";
        /// Events that it matches, keys sorted; a text that is no JSON as it is
        event_pattern: Json, Means("it matches no events and runs on a schedule"), "EventPattern";
        /// When it runs by itself
        schedule_expression: Text, Means("it has no schedule"), "ScheduleExpression";
        /// Service that made the rule
        managed_by: Text, Means("no service manages it"), "ManagedBy";
        /// Whether the rule can match events of backups, and was asked for its targets
        targets_asked: Boolean, Never, "EventPattern names aws.backup or aws.rds as source, or leaves the source open";
        /// Whom it tells: `Arn`, `Id` and, where sent, `DeadLetterConfig.Arn` of each target, in AWS's order
        targets: Json, NotTold, "ListTargetsByRule: Targets, where targets_asked";
    }
}

/// The rules of the default bus of a Region.
pub static TABLE: Table = Table {
    name: "event_rules",
    kind: TableKind::State,
    doc: "One row for each rule of EventBridge on the default bus.",
    columns: EventRuleRow::COLUMNS,
    key: &["rule_arn"],
    parent: None,
    created: None,
    global: false,
    subject: None,
};

const RULES: Operation = Operation { service: "events", name: "ListRules", action: "events:ListRules" };
const TARGETS: Operation = Operation { service: "events", name: "ListTargetsByRule", action: "events:ListTargetsByRule" };

/// Sources of events about backups.
const SOURCES: [&str; 2] = ["aws.backup", "aws.rds"];

/// Reads [`TABLE`].
pub(crate) struct EventRules;

#[async_trait]
impl Collector for EventRules {
    fn tables(&self) -> &'static [&'static Table] {
        const { &[&TABLE] }
    }

    fn operations(&self) -> &'static [Operation] {
        &[RULES, TARGETS]
    }

    async fn collect(&self, door: &RegionDoor, _unit: &Unit, harvest: &mut Harvest) -> Result<(), ReadError> {
        let mut pages = Pages::of(RULES.name);
        while pages.more() {
            let request = door.events().list_rules().limit(100).set_next_token(pages.token());
            let page = request.send().await.map_err(|error| ReadError::from_sdk(RULES.name, error))?;
            for rule in pages.items(harvest, "Rules", page.rules)? {
                push(door, rule, harvest).await;
            }
            pages.follow(page.next_token)?;
        }
        Ok(())
    }
}

/// Appends a rule, with its targets if it can match events of backups; a failure leaves the other rules readable.
async fn push(door: &RegionDoor, rule: Rule, harvest: &mut Harvest) {
    let asked = rule.event_pattern.as_deref().is_some_and(can_match_backups);
    let mut found = None;
    if asked && let Some(name) = &rule.name {
        match targets(door, name).await {
            Ok(targets) => found = Some(json(targets.into())),
            Err(error) => harvest.failed(error),
        }
    }
    harvest.push(&TABLE, row(rule, asked, found));
}

async fn targets(door: &RegionDoor, rule: &str) -> Result<Vec<Value>, ReadError> {
    let mut found = Vec::new();
    let mut pages = Pages::of(TARGETS.name);
    while pages.more() {
        let request = door.events().list_targets_by_rule().rule(rule).limit(100).set_next_token(pages.token());
        let page = request.send().await.map_err(|error| ReadError::from_sdk(TARGETS.name, error))?;
        found.extend(super::pages::answered(TARGETS.name, "Targets", page.targets)?.into_iter().map(target));
        pages.follow(page.next_token)?;
    }
    Ok(found)
}

/// Whether a pattern can match events of [`SOURCES`]: it names one, has another condition on the source than names, or none. One that cannot be
/// read counts as if it could.
fn can_match_backups(pattern: &str) -> bool {
    let Ok(Value::Object(pattern)) = serde_json::from_str(pattern) else { return true };
    let Some(Value::Array(sources)) = pattern.get("source") else { return true };
    sources.iter().any(|source| source.as_str().is_none_or(|name| SOURCES.contains(&name)))
}

fn target(target: Target) -> Value {
    let dead_letters = target.dead_letter_config.map(|config| sent([("Arn", config.arn.map(Value::from))]));
    sent([("Arn", Some(Value::from(target.arn))), ("DeadLetterConfig", dead_letters), ("Id", Some(Value::from(target.id)))])
}

fn row(rule: Rule, asked: bool, targets: Option<Json>) -> EventRuleRow {
    EventRuleRow {
        rule_arn: rule.arn,
        rule_name: rule.name,
        state: word(rule.state),
        event_pattern: rule.event_pattern.map(|text| json(serde_json::from_str(&text).unwrap_or(Value::String(text)))),
        schedule_expression: rule.schedule_expression,
        managed_by: rule.managed_by,
        targets_asked: Some(asked),
        targets,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json as value;

    use super::*;
    use crate::collect::test_reads::{json, read};
    use crate::collect::testing::Reply;
    use crate::dataset::ReadStatus;

    fn arn(name: &str) -> String {
        format!("arn:aws:events:eu-west-1:111122223333:rule/{name}")
    }

    #[tokio::test]
    async fn only_rules_that_can_match_backups_are_asked_for_their_targets() {
        let first = value!({ "Rules": [{
            "Arn": arn("failed"), "Name": "failed", "State": "DISABLED", "EventPattern": "{\"source\":[\"aws.backup\"],\"detail\":{\"state\":[\"FAILED\"]}}"
        }], "NextToken": "2" });
        let last = value!({ "Rules": [
            { "Arn": arn("nightly"), "Name": "nightly", "ScheduleExpression": "rate(1 day)", "ManagedBy": "backup.amazonaws.com" },
            { "Arn": arn("builds"), "Name": "builds", "EventPattern": "{\"source\":[\"aws.codebuild\"]}" }
        ] });
        let targets = value!({ "Targets": [
            { "Id": "1", "Arn": "arn:aws:sns:eu-west-1:111122223333:ops", "Input": "secret", "DeadLetterConfig": { "Arn": "arn:aws:sqs:eu-west-1:111122223333:dead" } }
        ] });
        let replies = [
            json(RULES.name, &first),
            json(TARGETS.name, &targets).containing(r#""Rule":"failed""#),
            json(RULES.name, &last).containing(r#""NextToken":"2""#),
        ];
        let (result, mut harvest) = read(&EventRules, &Unit::REGION, replies).await;
        result.unwrap();
        let rows: Vec<EventRuleRow> = harvest.take(&TABLE).rows();
        let kept = r#"[{"Arn":"arn:aws:sns:eu-west-1:111122223333:ops","DeadLetterConfig":{"Arn":"arn:aws:sqs:eu-west-1:111122223333:dead"},"Id":"1"}]"#;
        assert_eq!(
            (rows[0].targets_asked, rows[0].targets.clone()),
            (Some(true), Some(Json(kept.into()))),
            "what is sent to a target is not kept"
        );
        assert_eq!(rows[0].event_pattern, Some(Json(r#"{"detail":{"state":["FAILED"]},"source":["aws.backup"]}"#.into())));
        assert_eq!((rows[1].targets_asked, rows[1].targets.clone(), rows[1].state.as_deref()), (Some(false), None, None));
        assert_eq!((rows[2].targets_asked, rows[2].schedule_expression.as_deref()), (Some(false), None));
    }

    #[tokio::test]
    async fn targets_that_are_denied_are_not_none() {
        let rules = value!({ "Rules": [{ "Arn": arn("all"), "Name": "all", "EventPattern": "{}" }] });
        let (result, mut harvest) = read(&EventRules, &Unit::REGION, [json(RULES.name, &rules), Reply::denied(TARGETS.name)]).await;
        result.unwrap();
        assert_eq!(harvest.failure().map(|error| error.status), Some(ReadStatus::Denied));
        assert_eq!(harvest.take(&TABLE).rows::<EventRuleRow>()[0].targets, None);
    }

    #[test]
    fn a_source_that_is_left_open_can_be_that_of_backups() {
        for (pattern, can, shows) in [
            (r#"{"source":["aws.ec2","aws.rds"]}"#, true, "one of several"),
            (r#"{"source":["aws.ec2"]}"#, false, "another service"),
            (r#"{"source":[{"prefix":"aws."}]}"#, true, "a condition"),
            (r#"{"detail-type":["Backup Job State Change"]}"#, true, "no source"),
            ("{", true, "what cannot be read"),
        ] {
            assert_eq!(can_match_backups(pattern), can, "{shows}");
        }
    }
}
