//! The backup policy of the organization as it takes effect in an account: one row per account of an organization, NULL where none takes effect.
//!
//! Calls `DescribeEffectivePolicy` for the type `BACKUP_POLICY` and the caller's own account, which members may call, too. AWS answers
//! `EffectivePolicyNotFoundException` where no backup policy reaches the account: that is a row. Outside an organization there is no row. A denial is
//! a gap.
//!
//! Read once an account. Key: `policy_type`. In the document numbers can be texts, and `$account` and `$region` stand for any. That a policy says so
//! does not mean that a plan works: its role and its vaults must be there in the account.
//!
//! Source: AWS Organizations API Reference, `DescribeEffectivePolicy`; AWS Organizations User Guide, "Backup policy syntax and examples".

use async_trait::async_trait;
use aws_sdk_organizations::types::EffectivePolicyType;
use aws_smithy_types::error::metadata::ProvideErrorMetadata;

use super::collector::{Collector, Harvest, Operation, ReadError, Unit};
use super::door::RegionDoor;
use super::fields::{self, millis};
use super::organization::outside;
use super::pages::answered;
use crate::dataset::rows::{Json, Row};
use crate::dataset::{Table, TableKind};

crate::rows! {
    /// What takes effect in an account.
    pub struct OrgEffectivePolicyRow {
        /// `BACKUP_POLICY`
        policy_type: Text, Never, "PolicyType that was asked for";
        /// Account in which it takes effect
        target_id: Text, NotTold, "EffectivePolicy.TargetId";
        /// Document, keys sorted
        policy_content: Json, Means("no backup policy takes effect in the account"), "EffectivePolicy.PolicyContent";
        /// When it last changed
        last_updated_timestamp: Time, NotTold, "EffectivePolicy.LastUpdatedTimestamp";
    }
}

/// The effective backup policy of an account.
pub static TABLE: Table = Table {
    name: "org_effective_policies",
    kind: TableKind::State,
    doc: "One row for each account of an organization: the backup policy that takes effect there, or that none does.",
    columns: OrgEffectivePolicyRow::COLUMNS,
    key: &["policy_type"],
    parent: None,
    created: None,
    global: true,
    subject: None,
};

const DESCRIBE: Operation =
    Operation { service: "organizations", name: "DescribeEffectivePolicy", action: "organizations:DescribeEffectivePolicy" };

/// Reads [`TABLE`].
pub(crate) struct OrgEffectivePolicies;

#[async_trait]
impl Collector for OrgEffectivePolicies {
    fn tables(&self) -> &'static [&'static Table] {
        const { &[&TABLE] }
    }

    fn operations(&self) -> &'static [Operation] {
        &[DESCRIBE]
    }

    async fn collect(&self, door: &RegionDoor, _unit: &Unit, harvest: &mut Harvest) -> Result<(), ReadError> {
        let kind = EffectivePolicyType::BackupPolicy;
        let none = OrgEffectivePolicyRow { policy_type: Some(kind.as_str().to_owned()), ..OrgEffectivePolicyRow::default() };
        let row = match door.organizations().describe_effective_policy().policy_type(kind).send().await {
            Ok(answer) => {
                let policy = answered(DESCRIBE.name, "EffectivePolicy", answer.effective_policy)?;
                let content = answered(DESCRIBE.name, "PolicyContent", policy.policy_content)?;
                let Some(content) = sorted(&content) else {
                    harvest.page(1);
                    harvest.refuse(format!("{}: the policy is not JSON", DESCRIBE.name));
                    return Ok(());
                };
                OrgEffectivePolicyRow {
                    target_id: policy.target_id,
                    policy_content: Some(content),
                    last_updated_timestamp: millis(policy.last_updated_timestamp),
                    ..none
                }
            }
            Err(error) if error.as_service_error().and_then(ProvideErrorMetadata::code) == Some("EffectivePolicyNotFoundException") => none,
            Err(error) => return outside(DESCRIBE.name, error, harvest),
        };
        harvest.page(1);
        harvest.push(&TABLE, row);
        Ok(())
    }
}

fn sorted(content: &str) -> Option<Json> {
    serde_json::from_str(content).ok().map(fields::json)
}

#[cfg(test)]
mod tests {
    use serde_json::json as value;

    use super::*;
    use crate::collect::test_reads::{json, read};
    use crate::collect::testing::Reply;
    use crate::dataset::ReadStatus;

    fn policy(content: &str) -> Reply {
        let policy = value!({ "PolicyContent": content, "TargetId": "111122223333", "PolicyType": "BACKUP_POLICY" });
        json(DESCRIBE.name, &value!({ "EffectivePolicy": policy })).containing(r#""PolicyType":"BACKUP_POLICY""#)
    }

    fn refused(code: &str) -> Reply {
        Reply::error(DESCRIBE.name, 400, value!({ "__type": code, "Message": "no" }).to_string())
    }

    #[tokio::test]
    async fn what_takes_effect_is_kept_with_sorted_keys_and_nothing_is_told_apart_from_denied() {
        for (reply, content, shows) in [
            (policy(r#"{"plans":{"b":{},"a":{}}}"#), Some(r#"{"plans":{"a":{},"b":{}}}"#), "a policy"),
            (refused("EffectivePolicyNotFoundException"), None, "no policy reaches the account"),
        ] {
            let (result, mut harvest) = read(&OrgEffectivePolicies, &Unit::REGION, [reply]).await;
            result.unwrap();
            let row = harvest.take(&TABLE).rows::<OrgEffectivePolicyRow>().remove(0);
            assert_eq!(row.policy_content.as_ref().map(|json| json.0.as_str()), content, "{shows}");
            assert_eq!(row.policy_type.as_deref(), Some("BACKUP_POLICY"));
        }
        for (code, status) in [("AccessDeniedException", ReadStatus::Denied), ("ConstraintViolationException", ReadStatus::Unavailable)] {
            let (result, mut harvest) = read(&OrgEffectivePolicies, &Unit::REGION, [refused(code)]).await;
            assert_eq!((result.unwrap_err().status, harvest.take(&TABLE).len()), (status, 0), "{code}");
        }
    }

    #[tokio::test]
    async fn outside_an_organization_there_is_no_row_and_what_is_no_json_is_refused() {
        for (reply, refusals) in [(refused("AWSOrganizationsNotInUseException"), 0), (policy("{"), 1)] {
            let (result, mut harvest) = read(&OrgEffectivePolicies, &Unit::REGION, [reply]).await;
            assert_eq!((result, harvest.refused().len(), harvest.take(&TABLE).len()), (Ok(()), refusals, 0));
        }
    }
}
