//! Policies of Data Lifecycle Manager: one row per policy, which makes snapshots or images outside AWS Backup.
//!
//! Calls `GetLifecyclePolicies` for all policies and once more for default ones, because its reference does not say that the first holds them; then
//! `GetLifecyclePolicy` for each, because the list says neither what a policy takes nor when. If that call fails, the row has what the list
//! says and the read is partial, as it is if only the second list fails. There are no pages.
//!
//! Key: `policy_arn`; where it could not be read it is built from the id. A default policy has intervals, every other one schedules, or an event and
//! actions. Times of schedules are UTC. Source: Amazon Data Lifecycle Manager API Reference, `GetLifecyclePolicy`.

use std::collections::BTreeMap;

use async_trait::async_trait;
use aws_sdk_dlm::types::{DefaultPoliciesTypeValues, Exclusions, LifecyclePolicy, LifecyclePolicySummary, Tag};
use serde_json::Value;

use super::collector::{Collector, Foretold, Harvest, Operation, ReadError, Unit};
use super::dlm_rules::{actions, event_source, schedules};
use super::door::RegionDoor;
use super::fields::{json, list, millis, object, sent, word, words};
use super::pages::answered;
use crate::dataset::rows::{Json, Row};
use crate::dataset::{Table, TableKind};

crate::rows! {
    /// A policy.
    pub struct DlmPolicyRow {
        /// ARN of the policy
        policy_arn: Text, Never, "PolicyArn, or built from PolicyId";
        /// Id of the policy
        policy_id: Text, NotTold, "PolicyId";
        /// Description
        description: Text, NotTold, "Description";
        /// ENABLED, DISABLED or ERROR
        state: Text, NotTold, "State";
        /// Why the policy is in its state
        status_message: Text, NotTold, "StatusMessage";
        /// `EBS_SNAPSHOT_MANAGEMENT`, `IMAGE_MANAGEMENT` or `EVENT_BASED_POLICY`
        policy_type: Text, NotTold, "PolicyType";
        /// Whether it is the account's default policy for a resource type
        default_policy: Boolean, NotTold, "DefaultPolicy";
        /// Role that makes and deletes
        execution_role_arn: Text, NotTold, "ExecutionRoleArn";
        /// When the policy was created
        date_created: Time, NotTold, "DateCreated";
        /// When the policy was last changed
        date_modified: Time, NotTold, "DateModified";
        /// What is backed up: VOLUME, INSTANCE
        resource_types: Json, NotTold, "PolicyDetails.ResourceTypes, or ResourceType of a default policy";
        /// Whether what is backed up lies in the Region, in an Outpost or in a Local Zone
        resource_locations: Json, NotTold, "PolicyDetails.ResourceLocations";
        /// Tags that select resources; one of them is enough
        target_tags: Json, NotTold, "PolicyDetails.TargetTags";
        /// Schedules, as the API writes them, without scripts: when is created, how long is retained, where is copied, with whom is shared
        schedules: Json, NotTold, "PolicyDetails.Schedules";
        /// Days between backups of a default policy
        create_interval_days: Integer, NotTold, "PolicyDetails.CreateInterval";
        /// Days that backups of a default policy are kept
        retain_interval_days: Integer, NotTold, "PolicyDetails.RetainInterval";
        /// Whether a default policy deletes the last backups too, of resources that are gone or when it is switched off
        extend_deletion: Boolean, NotTold, "PolicyDetails.ExtendDeletion";
        /// What a default policy leaves out
        exclusions: Json, NotTold, "PolicyDetails.Exclusions";
        /// Regions that a default policy copies to
        cross_region_copy_targets: Json, NotTold, "PolicyDetails.CrossRegionCopyTargets";
        /// Event that triggers the policy
        event_source: Json, NotTold, "PolicyDetails.EventSource";
        /// What an event triggers
        actions: Json, NotTold, "PolicyDetails.Actions";
        /// Tags as an object
        tags: Json, NotTold, "Tags";
    }
}

/// The policies of a Region.
pub static TABLE: Table = Table {
    name: "dlm_policies",
    kind: TableKind::State,
    doc: "One row for each policy of Data Lifecycle Manager.",
    columns: DlmPolicyRow::COLUMNS,
    key: &["policy_arn"],
    parent: None,
    created: None,
    global: false,
    subject: Some(("policy_arn", "AWS::DLM::LifecyclePolicy")),
};

const LIST: Operation = Operation { service: "dlm", name: "GetLifecyclePolicies", action: "dlm:GetLifecyclePolicies" };
const GET: Operation = Operation { service: "dlm", name: "GetLifecyclePolicy", action: "dlm:GetLifecyclePolicy" };

/// Reads [`TABLE`].
pub(crate) struct DlmPolicies;

#[async_trait]
impl Collector for DlmPolicies {
    fn tables(&self) -> &'static [&'static Table] {
        const { &[&TABLE] }
    }

    fn operations(&self) -> &'static [Operation] {
        &[LIST, GET]
    }

    fn foretold(&self) -> &'static [(Operation, Foretold)] {
        &[(GET, Foretold::OneByOne)]
    }

    async fn collect(&self, door: &RegionDoor, _unit: &Unit, harvest: &mut Harvest) -> Result<(), ReadError> {
        let mut policies = BTreeMap::new();
        let custom = listed(door, None).await?;
        let default = listed(door, Some(DefaultPoliciesTypeValues::All)).await.map_err(|error| harvest.failed(error)).unwrap_or_default();
        for policy in custom.into_iter().chain(default) {
            match policy.policy_id.clone() {
                Some(id) => _ = policies.insert(id, policy),
                None => harvest.refuse(format!("{}: a policy sent without PolicyId", LIST.name)),
            }
        }
        harvest.page(policies.len());
        for (id, listed) in policies {
            let policy = policy(door, &id).await.map_err(|error| harvest.failed(error)).ok();
            harvest.push(&TABLE, row(door, id, listed, policy));
        }
        Ok(())
    }
}

/// All policies, or the default ones.
async fn listed(door: &RegionDoor, default: Option<DefaultPoliciesTypeValues>) -> Result<Vec<LifecyclePolicySummary>, ReadError> {
    let answer = door.dlm().get_lifecycle_policies().set_default_policy_type(default).send().await;
    answered(LIST.name, "Policies", answer.map_err(|error| ReadError::from_sdk(LIST.name, error))?.policies)
}

/// One policy in full.
async fn policy(door: &RegionDoor, id: &str) -> Result<LifecyclePolicy, ReadError> {
    let answer = door.dlm().get_lifecycle_policy().policy_id(id).send().await;
    answered(GET.name, "Policy", answer.map_err(|error| ReadError::from_sdk(GET.name, error))?.policy)
}

fn row(door: &RegionDoor, id: String, listed: LifecyclePolicySummary, policy: Option<LifecyclePolicy>) -> DlmPolicyRow {
    let built = || format!("arn:{}:dlm:{}:{}:policy/{id}", door.partition(), door.region(), door.account_id());
    let of_list = DlmPolicyRow {
        policy_arn: Some(policy.as_ref().and_then(|policy| policy.policy_arn.clone()).unwrap_or_else(built)),
        policy_id: Some(id),
        description: listed.description,
        state: word(listed.state),
        policy_type: word(listed.policy_type),
        default_policy: listed.default_policy,
        tags: object(listed.tags),
        ..DlmPolicyRow::default()
    };
    let Some(policy) = policy else { return of_list };
    let of_policy = DlmPolicyRow {
        state: word(policy.state).or(of_list.state),
        status_message: policy.status_message,
        execution_role_arn: policy.execution_role_arn,
        date_created: millis(policy.date_created),
        date_modified: millis(policy.date_modified),
        ..of_list
    };
    let Some(details) = policy.policy_details else { return of_policy };
    let targets = details.cross_region_copy_targets;
    DlmPolicyRow {
        policy_type: word(details.policy_type).or(of_policy.policy_type),
        resource_types: words(details.resource_types.or(details.resource_type.map(|only| vec![only]))),
        resource_locations: words(details.resource_locations),
        target_tags: details.target_tags.map(pairs).map(json),
        schedules: details.schedules.map(schedules),
        create_interval_days: details.create_interval.map(i64::from),
        retain_interval_days: details.retain_interval.map(i64::from),
        extend_deletion: details.extend_deletion,
        exclusions: details.exclusions.map(exclusions),
        cross_region_copy_targets: list(targets.map(|all| all.into_iter().filter_map(|target| target.target_region).collect())),
        event_source: details.event_source.map(event_source),
        actions: details.actions.map(actions),
        ..of_policy
    }
}

/// Tags that may name a key more than once.
fn pairs(tags: Vec<Tag>) -> Value {
    tags.into_iter().map(|tag| sent([("Key", tag.key.map(Value::from)), ("Value", tag.value.map(Value::from))])).collect()
}

fn exclusions(exclusions: Exclusions) -> Json {
    json(sent([
        ("ExcludeBootVolumes", exclusions.exclude_boot_volumes.map(Value::from)),
        ("ExcludeTags", exclusions.exclude_tags.map(pairs)),
        ("ExcludeVolumeTypes", exclusions.exclude_volume_types.map(Value::from)),
    ]))
}

#[cfg(test)]
mod tests {
    use serde_json::json as value;

    use super::*;
    use crate::collect::test_reads::{json, read};
    use crate::collect::testing::Reply;
    use crate::dataset::rows::Millis;

    fn listed(policies: &Value) -> Reply {
        json(LIST.name, &value!({ "Policies": policies }))
    }

    #[tokio::test]
    async fn custom_and_default_policies_become_rows_and_what_is_not_sent_stays_null() {
        let (daily, default) =
            (value!({ "PolicyId": "policy-1", "State": "ENABLED" }), value!({ "PolicyId": "policy-2", "DefaultPolicy": true }));
        let details = value!({ "Policy": {
            "PolicyId": "policy-1", "PolicyArn": "arn:aws:dlm:eu-west-1:111122223333:policy/policy-1", "State": "ERROR",
            "DateCreated": "2026-01-01T00:00:00Z", "PolicyDetails": {
                "PolicyType": "EBS_SNAPSHOT_MANAGEMENT", "ResourceTypes": ["VOLUME"],
                "TargetTags": [{ "Key": "stage", "Value": "prod" }, { "Key": "stage", "Value": "test" }],
                "Schedules": [{ "Name": "daily", "CreateRule": { "Interval": 24, "IntervalUnit": "HOURS", "Times": ["03:00"] }, "RetainRule": { "Count": 7 } }]
            }
        } });
        let simplified = value!({ "Policy": { "PolicyId": "policy-2", "PolicyDetails": {
            "PolicyLanguage": "SIMPLIFIED", "ResourceType": "INSTANCE", "CreateInterval": 1, "RetainInterval": 7, "ExtendDeletion": false,
            "Exclusions": { "ExcludeBootVolumes": true, "ExcludeTags": [{ "Key": "scratch", "Value": "" }] },
            "CrossRegionCopyTargets": [{ "TargetRegion": "eu-central-1" }]
        } } });
        let replies = [
            listed(&value!([daily, default])),
            listed(&value!([default])).containing("defaultPolicyType=ALL"),
            json(GET.name, &details).containing("/policies/policy-1"),
            json(GET.name, &simplified).containing("/policies/policy-2"),
        ];
        let (result, mut harvest) = read(&DlmPolicies, &Unit::REGION, replies).await;
        result.unwrap();
        assert_eq!((harvest.items(), harvest.refused().len()), (2, 0), "a policy that both lists hold is one");
        let rows: Vec<DlmPolicyRow> = harvest.take(&TABLE).rows();
        let text = |json: &Option<Json>| json.clone().map(|json| json.0);
        assert_eq!(
            (rows[0].state.as_deref(), rows[0].date_created),
            (Some("ERROR"), Some(Millis(1_767_225_600_000))),
            "as of the later call"
        );
        assert_eq!(text(&rows[0].resource_types).as_deref(), Some(r#"["VOLUME"]"#));
        let both = r#"[{"Key":"stage","Value":"prod"},{"Key":"stage","Value":"test"}]"#;
        assert_eq!(text(&rows[0].target_tags).as_deref(), Some(both), "a key can be named twice");
        let daily = r#"[{"CreateRule":{"Interval":24,"IntervalUnit":"HOURS","Times":["03:00"]},"Name":"daily","RetainRule":{"Count":7}}]"#;
        assert_eq!(text(&rows[0].schedules).as_deref(), Some(daily));
        assert_eq!((rows[0].create_interval_days, rows[0].extend_deletion, rows[0].exclusions.clone()), (None, None, None));
        assert_eq!(rows[1].policy_arn.as_deref(), Some("arn:aws:dlm:eu-west-1:111122223333:policy/policy-2"), "built where it is not sent");
        assert_eq!((rows[1].default_policy, rows[1].extend_deletion), (Some(true), Some(false)));
        assert_eq!((rows[1].create_interval_days, rows[1].retain_interval_days), (Some(1), Some(7)));
        assert_eq!(text(&rows[1].resource_types).as_deref(), Some(r#"["INSTANCE"]"#));
        assert_eq!(
            text(&rows[1].exclusions).as_deref(),
            Some(r#"{"ExcludeBootVolumes":true,"ExcludeTags":[{"Key":"scratch","Value":""}]}"#)
        );
        assert_eq!(text(&rows[1].cross_region_copy_targets).as_deref(), Some(r#"["eu-central-1"]"#));
        assert_eq!(rows[1].schedules, None);
    }

    #[tokio::test]
    async fn a_policy_whose_details_are_denied_keeps_what_the_list_says() {
        let replies = [
            listed(&value!([{ "PolicyId": "policy-1", "State": "ENABLED", "PolicyType": "IMAGE_MANAGEMENT", "Tags": {} }, {}])),
            listed(&value!([])),
            Reply::denied(GET.name),
        ];
        let (result, mut harvest) = read(&DlmPolicies, &Unit::REGION, replies).await;
        result.unwrap();
        assert_eq!(harvest.failure().map(|failure| failure.operation.as_str()), Some(GET.name));
        assert_eq!(harvest.refused().len(), 2, "one is denied, one has no id");
        let rows: Vec<DlmPolicyRow> = harvest.take(&TABLE).rows();
        assert_eq!(rows[0].policy_arn.as_deref(), Some("arn:aws:dlm:eu-west-1:111122223333:policy/policy-1"));
        assert_eq!((rows[0].policy_type.as_deref(), rows[0].schedules.clone()), (Some("IMAGE_MANAGEMENT"), None));
        assert_eq!(rows[0].tags, Some(Json("{}".into())));
    }

    #[tokio::test]
    async fn what_the_first_list_holds_is_kept_if_the_second_fails() {
        let replies = [listed(&value!([{ "PolicyId": "policy-1" }])), Reply::denied(LIST.name), json(GET.name, &value!({ "Policy": {} }))];
        let (result, mut harvest) = read(&DlmPolicies, &Unit::REGION, replies).await;
        result.unwrap();
        assert_eq!(harvest.failure().map(|failure| failure.operation.as_str()), Some(LIST.name));
        assert_eq!(harvest.take(&TABLE).len(), 1);
    }
}
