//! The organization an account belongs to: one row, or none outside an organization.
//!
//! Calls `DescribeOrganization`, which members may call, too. Outside an organization AWS says so with an error of its own: that is an answer
//! without rows. A denial is a gap. The e-mail address of the management account is not copied.
//!
//! Read once an account. Key: `organization_arn`.
//!
//! Source: AWS Organizations API Reference, `DescribeOrganization`.

use async_trait::async_trait;
use aws_sdk_organizations::error::SdkError;
use aws_smithy_runtime_api::client::orchestrator::HttpResponse;
use aws_smithy_types::error::metadata::ProvideErrorMetadata;

use super::collector::{Collector, Harvest, Operation, ReadError, Unit};
use super::door::RegionDoor;
use super::fields::word;
use super::pages::answered;
use crate::dataset::rows::Row;
use crate::dataset::{Table, TableKind};

crate::rows! {
    /// The organization.
    pub struct OrganizationRow {
        /// ARN of the organization
        organization_arn: Text, Never, "Arn";
        /// Id of the organization
        organization_id: Text, NotTold, "Id";
        /// `ALL`, or `CONSOLIDATED_BILLING`, which has no policies
        feature_set: Text, NotTold, "FeatureSet";
        /// ARN of the management account
        management_account_arn: Text, NotTold, "MasterAccountArn";
        /// Management account
        management_account_id: Text, NotTold, "MasterAccountId";
        /// Whether this account is the management account
        is_management_account: Boolean, NotTold, "MasterAccountId is the account that was read";
    }
}

/// The organization of an account.
pub static TABLE: Table = Table {
    name: "organization",
    kind: TableKind::State,
    doc: "One row for each account that belongs to an organization: which one, and who manages it.",
    columns: OrganizationRow::COLUMNS,
    key: &["organization_arn"],
    parent: None,
    created: None,
    global: true,
    subject: None,
};

const DESCRIBE: Operation =
    Operation { service: "organizations", name: "DescribeOrganization", action: "organizations:DescribeOrganization" };

/// Reads [`TABLE`].
pub(crate) struct Organizations;

#[async_trait]
impl Collector for Organizations {
    fn tables(&self) -> &'static [&'static Table] {
        const { &[&TABLE] }
    }

    fn operations(&self) -> &'static [Operation] {
        &[DESCRIBE]
    }

    async fn collect(&self, door: &RegionDoor, _unit: &Unit, harvest: &mut Harvest) -> Result<(), ReadError> {
        let answer = match door.organizations().describe_organization().send().await {
            Ok(answer) => answer,
            Err(error) => return outside(DESCRIBE.name, error, harvest),
        };
        let organization = answered(DESCRIBE.name, "Organization", answer.organization)?;
        harvest.page(1);
        let row = OrganizationRow {
            organization_arn: organization.arn,
            organization_id: organization.id,
            feature_set: word(organization.feature_set),
            management_account_arn: organization.master_account_arn,
            is_management_account: organization.master_account_id.as_deref().map(|id| id == door.account_id()),
            management_account_id: organization.master_account_id,
        };
        harvest.push(&TABLE, row);
        Ok(())
    }
}

/// What an error of Organizations says: outside an organization there is nothing to list, which is an answer. Everything else is a gap.
///
/// # Errors
/// Everything else.
pub(super) fn outside<E>(operation: &'static str, error: SdkError<E, HttpResponse>, harvest: &mut Harvest) -> Result<(), ReadError>
where
    E: ProvideErrorMetadata + std::error::Error + Send + Sync + 'static,
{
    if error.as_service_error().and_then(ProvideErrorMetadata::code) == Some("AWSOrganizationsNotInUseException") {
        harvest.page(0);
        return Ok(());
    }
    Err(ReadError::from_sdk(operation, error))
}

#[cfg(test)]
mod tests {
    use serde_json::json as value;

    use super::*;
    use crate::collect::test_reads::{json, read};
    use crate::collect::testing::Reply;
    use crate::dataset::ReadStatus;

    fn organization(management: &str) -> Reply {
        let organization = value!({
            "Id": "o-1", "Arn": "arn:aws:organizations::444455556666:organization/o-1", "FeatureSet": "ALL", "MasterAccountId": management,
            "MasterAccountEmail": "root@example.com"
        });
        json(DESCRIBE.name, &value!({ "Organization": organization }))
    }

    #[tokio::test]
    async fn a_member_and_the_management_account_are_told_apart() {
        for (management, expected) in [("444455556666", false), ("111122223333", true)] {
            let (result, mut harvest) = read(&Organizations, &Unit::REGION, [organization(management)]).await;
            result.unwrap();
            let row = harvest.take(&TABLE).rows::<OrganizationRow>().remove(0);
            assert_eq!((row.is_management_account, row.management_account_id.as_deref()), (Some(expected), Some(management)));
            assert_eq!((row.feature_set.as_deref(), row.management_account_arn), (Some("ALL"), None));
        }
    }

    #[tokio::test]
    async fn outside_an_organization_is_an_answer_and_a_denial_is_none() {
        let alone = Reply::error(DESCRIBE.name, 400, r#"{"__type":"AWSOrganizationsNotInUseException","Message":"not a member"}"#);
        let (result, mut harvest) = read(&Organizations, &Unit::REGION, [alone]).await;
        assert_eq!((result, harvest.refused().len(), harvest.take(&TABLE).len()), (Ok(()), 0, 0));
        let (result, _) = read(&Organizations, &Unit::REGION, [Reply::denied(DESCRIBE.name)]).await;
        assert_eq!(result.unwrap_err().status, ReadStatus::Denied);
    }
}
