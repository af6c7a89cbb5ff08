//! Settings of AWS Backup that span the accounts of an organization: one row per account and Region.
//!
//! Calls `DescribeGlobalSettings`. Outside an organization AWS answers with an error; where it says in words that the account is not a member of
//! one, that is a row. Every other error is a gap.
//!
//! Key: account and Region alone. Only the management account can change the settings.

use std::collections::HashMap;

use async_trait::async_trait;
use aws_smithy_types::error::metadata::ProvideErrorMetadata;

use super::collector::{Collector, Harvest, Operation, ReadError, Unit};
use super::door::RegionDoor;
use super::fields::millis;
use super::pages::answered;
use crate::dataset::rows::Row;
use crate::dataset::{Table, TableKind};

crate::rows! {
    /// The settings across accounts.
    pub struct GlobalSettingRow {
        /// Whether backups can be copied to other accounts of the organization
        cross_account_backup_enabled: Boolean, NotTold, "GlobalSettings.isCrossAccountBackupEnabled";
        /// Whether teams can approve access to air-gapped vaults
        mpa_enabled: Boolean, NotTold, "GlobalSettings.isMpaEnabled";
        /// Whether delegated administrators are taken over from the organization
        delegated_administrator_enabled: Boolean, NotTold, "GlobalSettings.isDelegatedAdministratorEnabled";
        /// Whether the account belongs to an organization
        in_organization: Boolean, Never, "false if AWS says that the account is not a member of an organization";
        /// When the settings were last changed
        last_update_time: Time, NotTold, "LastUpdateTime";
    }
}

/// The settings across accounts, as a Region tells them.
pub static TABLE: Table = Table {
    name: "global_settings",
    kind: TableKind::State,
    doc: "One row for each account and Region: what AWS Backup may do across the accounts of the organization.",
    columns: GlobalSettingRow::COLUMNS,
    key: &[],
    parent: None,
    created: None,
    global: false,
    subject: None,
};

const DESCRIBE: Operation = Operation { service: "backup", name: "DescribeGlobalSettings", action: "backup:DescribeGlobalSettings" };

/// How AWS says it, under the undocumented code `ERROR_9601`.
const NOT_A_MEMBER: &str = "Your account is not a member of an organization";

/// Reads [`TABLE`].
pub(crate) struct GlobalSettings;

#[async_trait]
impl Collector for GlobalSettings {
    fn tables(&self) -> &'static [&'static Table] {
        const { &[&TABLE] }
    }

    fn operations(&self) -> &'static [Operation] {
        &[DESCRIBE]
    }

    async fn collect(&self, door: &RegionDoor, _unit: &Unit, harvest: &mut Harvest) -> Result<(), ReadError> {
        let row = match door.backup().describe_global_settings().send().await {
            Ok(answer) => {
                let settings = answered(DESCRIBE.name, "GlobalSettings", answer.global_settings)?;
                GlobalSettingRow {
                    cross_account_backup_enabled: flag(&settings, "isCrossAccountBackupEnabled"),
                    mpa_enabled: flag(&settings, "isMpaEnabled"),
                    delegated_administrator_enabled: flag(&settings, "isDelegatedAdministratorEnabled"),
                    in_organization: Some(true),
                    last_update_time: millis(answer.last_update_time),
                }
            }
            Err(error) if error.as_service_error().and_then(ProvideErrorMetadata::message).is_some_and(not_a_member) => {
                GlobalSettingRow { in_organization: Some(false), ..GlobalSettingRow::default() }
            }
            Err(error) => return Err(ReadError::from_sdk(DESCRIBE.name, error)),
        };
        harvest.page(1);
        harvest.push(&TABLE, row);
        Ok(())
    }
}

fn not_a_member(message: &str) -> bool {
    message.trim().trim_end_matches('.') == NOT_A_MEMBER
}

/// The flags are texts; one that is neither `true` nor `false` tells nothing.
fn flag(settings: &HashMap<String, String>, name: &str) -> Option<bool> {
    settings.get(name).and_then(|text| text.parse().ok())
}

#[cfg(test)]
mod tests {
    use serde_json::json as value;

    use super::*;
    use crate::collect::test_reads::{json, read};
    use crate::collect::testing::Reply;
    use crate::dataset::ReadStatus;

    async fn one(reply: Reply) -> GlobalSettingRow {
        let (result, mut harvest) = read(&GlobalSettings, &Unit::REGION, [reply]).await;
        result.unwrap();
        harvest.take(&TABLE).rows().remove(0)
    }

    fn refused(status: u16, code: &str, message: &str) -> Reply {
        Reply::error(DESCRIBE.name, status, value!({ "__type": code, "Message": message }).to_string())
    }

    #[tokio::test]
    async fn flags_that_are_not_sent_stay_null() {
        let settings =
            value!({ "isCrossAccountBackupEnabled": "true", "isMpaEnabled": "false", "isDelegatedAdministratorEnabled": "maybe" });
        let row = one(json(DESCRIBE.name, &value!({ "GlobalSettings": settings, "LastUpdateTime": 1_763_000_000 }))).await;
        assert_eq!((row.cross_account_backup_enabled, row.mpa_enabled), (Some(true), Some(false)));
        assert_eq!((row.delegated_administrator_enabled, row.in_organization), (None, Some(true)));
        let row = one(json(DESCRIBE.name, &value!({ "GlobalSettings": {} }))).await;
        assert_eq!((row.cross_account_backup_enabled, row.in_organization, row.last_update_time), (None, Some(true), None));
    }

    #[tokio::test]
    async fn outside_an_organization_is_a_fact_only_if_aws_says_so() {
        let row = one(refused(400, "ERROR_9601", "Your account is not a member of an organization.")).await;
        assert_eq!((row.in_organization, row.cross_account_backup_enabled), (Some(false), None));
        for (code, message, status) in [
            ("AccessDeniedException", "not allowed", ReadStatus::Denied),
            ("InvalidRequestException", "Something is wrong with the request", ReadStatus::Unavailable),
            ("ERROR_9601", "Your account is suspended.", ReadStatus::Unavailable),
        ] {
            let (result, mut harvest) = read(&GlobalSettings, &Unit::REGION, [refused(400, code, message)]).await;
            assert_eq!((result.unwrap_err().status, harvest.take(&TABLE).len()), (status, 0), "{code}");
        }
    }
}
