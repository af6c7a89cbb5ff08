//! Backup policies and service control policies of the organization: one row per policy, with what it says and where it is attached.
//!
//! Calls `ListPolicies` for both types, and `DescribePolicy` and `ListTargetsForPolicy` for each policy; there is no bulk call. Only the management
//! account and accounts with a delegation may call them: no other member is asked (`tellers.rs`). Where none of them is in the collection this is a
//! gap, because nobody told which policies there are. Outside an organization there are none, which is an answer. A policy whose content or targets
//! cannot be read has NULL there, and the read is partial.
//!
//! Read once an organization. Key: `policy_arn`. Service control policies do not bind the management account. `aws_managed` is false also if AWS left it
//! out, because the SDK does not tell the two apart.
//!
//! Source: AWS Organizations API Reference, `ListPolicies`, `DescribePolicy`, `ListTargetsForPolicy`.

use async_trait::async_trait;
use aws_sdk_organizations::types::{PolicySummary, PolicyTargetSummary, PolicyType};
use serde_json::Value;

use super::collector::{Collector, Foretold, Harvest, Operation, ReadError, Unit};
use super::door::RegionDoor;
use super::fields::{self, sent, word};
use super::organization::outside;
use super::pages::{Pages, answered, unreadable};
use crate::dataset::rows::{Json, Row};
use crate::dataset::{Table, TableKind};

crate::rows! {
    /// A policy of the organization.
    pub struct OrgPolicyRow {
        /// ARN of the policy
        policy_arn: Text, Never, "PolicySummary.Arn";
        /// Id of the policy
        policy_id: Text, Never, "PolicySummary.Id";
        /// `BACKUP_POLICY` or `SERVICE_CONTROL_POLICY`
        policy_type: Text, NotTold, "PolicySummary.Type";
        /// Name of the policy
        policy_name: Text, NotTold, "PolicySummary.Name";
        /// Whether AWS made it; false also if not sent
        aws_managed: Boolean, NotTold, "PolicySummary.AwsManaged";
        /// Document, keys sorted
        content: Json, NotTold, "Policy.Content";
        /// Roots, units and accounts that it is attached to, sorted by id
        targets: Json, NotTold, "Targets";
    }
}

/// The policies of an organization.
pub static TABLE: Table = Table {
    name: "org_policies",
    kind: TableKind::State,
    doc: "One row for each backup policy and service control policy of the organization, with its targets. Read once, in the account that tells.",
    columns: OrgPolicyRow::COLUMNS,
    key: &["policy_arn"],
    parent: None,
    created: None,
    global: true,
    subject: None,
};

const LIST: Operation = Operation { service: "organizations", name: "ListPolicies", action: "organizations:ListPolicies" };
const DESCRIBE: Operation = Operation { service: "organizations", name: "DescribePolicy", action: "organizations:DescribePolicy" };
const TARGETS: Operation =
    Operation { service: "organizations", name: "ListTargetsForPolicy", action: "organizations:ListTargetsForPolicy" };

/// Reads [`TABLE`].
pub(crate) struct OrgPolicies;

#[async_trait]
impl Collector for OrgPolicies {
    fn tables(&self) -> &'static [&'static Table] {
        const { &[&TABLE] }
    }

    fn operations(&self) -> &'static [Operation] {
        &[LIST, DESCRIBE, TARGETS]
    }

    fn foretold(&self) -> &'static [(Operation, Foretold)] {
        &[(DESCRIBE, Foretold::OneByOne), (TARGETS, Foretold::AtLeastOnePage)]
    }

    fn once_an_organization(&self) -> bool {
        true
    }

    async fn collect(&self, door: &RegionDoor, _unit: &Unit, harvest: &mut Harvest) -> Result<(), ReadError> {
        for kind in [PolicyType::BackupPolicy, PolicyType::ServiceControlPolicy] {
            let mut pages = Pages::of(LIST.name);
            while pages.more() {
                let request = door.organizations().list_policies().filter(kind.clone()).set_next_token(pages.token());
                let page = match request.send().await {
                    Ok(page) => page,
                    Err(error) => return outside(LIST.name, error, harvest),
                };
                for policy in pages.items(harvest, "Policies", page.policies)? {
                    let row = row(door, policy, harvest).await;
                    harvest.push(&TABLE, row);
                }
                pages.follow(page.next_token)?;
            }
        }
        Ok(())
    }
}

async fn row(door: &RegionDoor, policy: PolicySummary, harvest: &mut Harvest) -> OrgPolicyRow {
    let (mut content, mut targets) = (None, None);
    if let Some(id) = policy.id.as_deref() {
        content = told(describe(door, id).await, harvest);
        targets = told(attached(door, id).await, harvest);
    }
    OrgPolicyRow {
        policy_arn: policy.arn,
        policy_id: policy.id,
        policy_type: word(policy.r#type),
        policy_name: policy.name,
        aws_managed: Some(policy.aws_managed),
        content,
        targets,
    }
}

/// What a call for one policy gave; a failure leaves the policy listed and makes the read partial.
fn told(answer: Result<Json, ReadError>, harvest: &mut Harvest) -> Option<Json> {
    answer.map_err(|error| harvest.failed(error)).ok()
}

async fn describe(door: &RegionDoor, id: &str) -> Result<Json, ReadError> {
    let answer = door.organizations().describe_policy().policy_id(id).send().await;
    let answer = answer.map_err(|error| ReadError::from_sdk(DESCRIBE.name, error))?;
    let content = answered(DESCRIBE.name, "Policy.Content", answer.policy.and_then(|policy| policy.content))?;
    serde_json::from_str(&content).map(fields::json).map_err(|error| unreadable(DESCRIBE.name, &format!("the policy is not JSON: {error}")))
}

async fn attached(door: &RegionDoor, id: &str) -> Result<Json, ReadError> {
    let mut targets = Vec::new();
    let mut pages = Pages::of(TARGETS.name);
    while pages.more() {
        let answer = door.organizations().list_targets_for_policy().policy_id(id).set_next_token(pages.token()).send().await;
        let page = answer.map_err(|error| ReadError::from_sdk(TARGETS.name, error))?;
        targets.extend(answered(TARGETS.name, "Targets", page.targets)?);
        pages.follow(page.next_token)?;
    }
    targets.sort_by(|one, other| one.target_id.cmp(&other.target_id));
    Ok(fields::json(targets.into_iter().map(target).collect()))
}

fn target(target: PolicyTargetSummary) -> Value {
    sent([
        ("Arn", target.arn.map(Value::from)),
        ("Name", target.name.map(Value::from)),
        ("TargetId", target.target_id.map(Value::from)),
        ("Type", word(target.r#type).map(Value::from)),
    ])
}

#[cfg(test)]
mod tests {
    use serde_json::json as value;

    use super::*;
    use crate::collect::test_reads::{json, read};
    use crate::collect::testing::Reply;
    use crate::dataset::ReadStatus;

    fn list(kind: &str, ids: &[&str], next: Option<&str>) -> Reply {
        let policies: Vec<Value> = ids
            .iter()
            .map(|id| {
                let arn = format!("arn:aws:organizations::111122223333:policy/o-1/{}/{id}", kind.to_lowercase());
                value!({ "Id": id, "Arn": arn, "Type": kind, "Name": "n", "AwsManaged": false })
            })
            .collect();
        let mut page = value!({ "Policies": policies });
        if let Some(next) = next {
            page["NextToken"] = next.into();
        }
        json(LIST.name, &page).containing(format!(r#""Filter":"{kind}""#))
    }

    fn content(id: &str, content: &str) -> Reply {
        json(DESCRIBE.name, &value!({ "Policy": { "Content": content } })).containing(id)
    }

    fn targets(id: &str, targets: &Value) -> Reply {
        json(TARGETS.name, targets).containing(id)
    }

    #[tokio::test]
    async fn both_types_are_listed_and_each_policy_is_asked_for_content_and_targets() {
        let replies = [
            list("BACKUP_POLICY", &["p-1"], Some("2")),
            list("BACKUP_POLICY", &[], None).containing(r#""NextToken":"2""#),
            content("p-1", r#"{"plans":{"b":{},"a":{}}}"#),
            targets("p-1", &value!({ "Targets": [{ "TargetId": "r-1", "Type": "ROOT" }], "NextToken": "t2" })),
            targets("p-1", &value!({ "Targets": [{ "TargetId": "444455556666", "Type": "ACCOUNT" }] })),
            list("SERVICE_CONTROL_POLICY", &["p-2"], None),
            content("p-2", "{}"),
            targets("p-2", &value!({ "Targets": [] })),
        ];
        let (result, mut harvest) = read(&OrgPolicies, &Unit::REGION, replies).await;
        result.unwrap();
        assert_eq!((harvest.pages(), harvest.items(), harvest.refused().len()), (3, 2, 0));
        let rows: Vec<OrgPolicyRow> = harvest.take(&TABLE).rows();
        let json = |json: &Option<Json>| json.clone().map(|json| json.0);
        assert_eq!(json(&rows[0].content).as_deref(), Some(r#"{"plans":{"a":{},"b":{}}}"#));
        let sorted = r#"[{"TargetId":"444455556666","Type":"ACCOUNT"},{"TargetId":"r-1","Type":"ROOT"}]"#;
        assert_eq!((json(&rows[0].targets).as_deref(), rows[0].policy_type.as_deref()), (Some(sorted), Some("BACKUP_POLICY")));
        assert_eq!((json(&rows[1].targets).as_deref(), rows[1].aws_managed), (Some("[]"), Some(false)), "attached to nothing is told");
    }

    #[tokio::test]
    async fn a_policy_that_cannot_be_looked_into_stays_listed_and_its_content_is_not_told() {
        let replies = [
            list("BACKUP_POLICY", &["p-1", "p-2", "p-3"], None),
            Reply::denied(DESCRIBE.name).containing("p-1"),
            targets("p-1", &value!({ "Targets": [] })),
            content("p-2", "{"),
            targets("p-2", &value!({})),
            content("p-3", "{}"),
            targets("p-3", &value!({ "Targets": [] })),
            list("SERVICE_CONTROL_POLICY", &[], None),
        ];
        let (result, mut harvest) = read(&OrgPolicies, &Unit::REGION, replies).await;
        result.unwrap();
        assert_eq!((harvest.refused().len(), harvest.failure().map(|failure| failure.status)), (3, Some(ReadStatus::Denied)));
        let rows: Vec<OrgPolicyRow> = harvest.take(&TABLE).rows();
        let told: Vec<_> = rows.iter().map(|row| (row.content.is_some(), row.targets.is_some())).collect();
        assert_eq!(told, [(false, true), (false, false), (true, true)]);
    }

    #[tokio::test]
    async fn a_member_is_denied_and_an_account_alone_has_none() {
        let (result, _) = read(&OrgPolicies, &Unit::REGION, [Reply::denied(LIST.name)]).await;
        assert_eq!(result.unwrap_err().status, ReadStatus::Denied, "that a member may not list them does not mean that there are none");
        let alone = Reply::error(LIST.name, 400, r#"{"__type":"AWSOrganizationsNotInUseException"}"#);
        let (result, mut harvest) = read(&OrgPolicies, &Unit::REGION, [alone]).await;
        assert_eq!((result, harvest.take(&TABLE).len()), (Ok(()), 0));
    }
}
