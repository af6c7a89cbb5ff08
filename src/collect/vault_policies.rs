//! Access policies of vaults: one row per vault, NULL where the vault has none.
//!
//! Calls `GetBackupVaultAccessPolicy` for each vault. AWS answers `ResourceNotFoundException` when there is no policy: that is a row. A denial
//! is a gap, also though AWS denies where a vault is gone: absent and forbidden look the same, so neither is taken for "no policy".
//!
//! Key: `backup_vault_arn`. The policy guards calls to AWS Backup only, not those to the service that owns a snapshot.

use async_trait::async_trait;
use aws_sdk_backup::operation::get_backup_vault_access_policy::GetBackupVaultAccessPolicyError;

use super::collector::{Collector, Foretold, Harvest, Operation, ReadError, Unit};
use super::door::RegionDoor;
use super::pages::answered;
use super::{backup_vaults, fields, parent};
use crate::dataset::rows::{Json, Row};
use crate::dataset::{Table, TableKind};

crate::rows! {
    /// The access policy of a vault.
    pub struct VaultPolicyRow {
        /// Vault that was asked for its policy
        backup_vault_arn: Text, Never, "ARN of the vault that was asked";
        /// Policy document, keys sorted
        policy: Json, Means("the vault has no policy"), "Policy";
    }
}

/// The access policies of a Region's vaults.
pub static TABLE: Table = Table {
    name: "vault_policies",
    kind: TableKind::State,
    doc: "One row for each backup vault: its access policy, or that it has none.",
    columns: VaultPolicyRow::COLUMNS,
    key: &["backup_vault_arn"],
    parent: Some("backup_vault_arn"),
    created: None,
    global: false,
    subject: None,
};

const GET: Operation = Operation { service: "backup", name: "GetBackupVaultAccessPolicy", action: "backup:GetBackupVaultAccessPolicy" };

/// Reads [`TABLE`].
pub(crate) struct VaultPolicies;

#[async_trait]
impl Collector for VaultPolicies {
    fn tables(&self) -> &'static [&'static Table] {
        const { &[&TABLE] }
    }

    fn operations(&self) -> &'static [Operation] {
        &[GET]
    }

    fn parents(&self) -> Option<(&'static Table, &'static str)> {
        Some((&backup_vaults::TABLE, "backup_vault_arn"))
    }

    fn foretold(&self) -> &'static [(Operation, Foretold)] {
        &[(GET, Foretold::OneByOne)]
    }

    async fn collect(&self, door: &RegionDoor, unit: &Unit, harvest: &mut Harvest) -> Result<(), ReadError> {
        let (arn, name) = parent::vault(unit, GET.name)?;
        let answer = door.backup().get_backup_vault_access_policy().backup_vault_name(name).send().await;
        let policy = match answer {
            Ok(answer) => Some(answered(GET.name, "Policy", answer.policy)?),
            Err(error) if error.as_service_error().is_some_and(GetBackupVaultAccessPolicyError::is_resource_not_found_exception) => None,
            Err(error) => return Err(ReadError::from_sdk(GET.name, error)),
        };
        harvest.page(1);
        match policy.as_deref().map(sorted).transpose() {
            Ok(policy) => harvest.push(&TABLE, VaultPolicyRow { backup_vault_arn: Some(arn.to_owned()), policy }),
            Err(error) => harvest.refuse(format!("{}: the policy is not JSON: {error}", GET.name)),
        }
        Ok(())
    }
}

/// AWS sends the document as text, in the order in which somebody wrote it.
fn sorted(policy: &str) -> Result<Json, serde_json::Error> {
    serde_json::from_str(policy).map(fields::json)
}

#[cfg(test)]
mod tests {
    use serde_json::json as value;

    use super::*;
    use crate::collect::test_reads::{json, not_found, of_parent, read};
    use crate::collect::testing::Reply;
    use crate::dataset::ReadStatus;

    const PROD: &str = "arn:aws:backup:eu-west-1:111122223333:backup-vault:prod";

    #[tokio::test]
    async fn a_policy_is_kept_with_sorted_keys() {
        let policy = r#"{"Version":"2012-10-17","Statement":[{"Effect":"Deny","Action":"backup:DeleteRecoveryPoint"}]}"#;
        let replies = [json(GET.name, &value!({ "BackupVaultArn": PROD, "Policy": policy }))];
        let (result, mut harvest) = read(&VaultPolicies, &of_parent(PROD), replies).await;
        result.unwrap();
        let row = harvest.take(&TABLE).rows::<VaultPolicyRow>().remove(0);
        let sorted = r#"{"Statement":[{"Action":"backup:DeleteRecoveryPoint","Effect":"Deny"}],"Version":"2012-10-17"}"#;
        assert_eq!((row.backup_vault_arn.as_deref(), row.policy), (Some(PROD), Some(Json(sorted.into()))));
    }

    #[tokio::test]
    async fn no_policy_is_a_row_and_no_permission_is_a_gap() {
        let efs = "arn:aws:backup:eu-west-1:111122223333:backup-vault:aws/efs/automatic-backup-vault";
        let asked = not_found(GET.name).containing("/backup-vaults/aws%2Fefs%2Fautomatic-backup-vault/access-policy");
        let (result, mut harvest) = read(&VaultPolicies, &of_parent(efs), [asked]).await;
        result.unwrap();
        assert_eq!(harvest.take(&TABLE).rows::<VaultPolicyRow>()[0].policy, None, "a name with slashes is asked for as one");

        let (result, mut harvest) = read(&VaultPolicies, &of_parent(PROD), [Reply::denied(GET.name)]).await;
        assert_eq!(result.unwrap_err().status, ReadStatus::Denied);
        assert_eq!(harvest.take(&TABLE).len(), 0);
    }

    #[tokio::test]
    async fn a_policy_that_is_no_json_is_refused() {
        let (result, mut harvest) = read(&VaultPolicies, &of_parent(PROD), [json(GET.name, &value!({ "Policy": "{" }))]).await;
        result.unwrap();
        assert_eq!((harvest.refused().len(), harvest.take(&TABLE).len()), (1, 0));
    }
}
