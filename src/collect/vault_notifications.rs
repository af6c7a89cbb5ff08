//! Notifications of vaults: one row per vault, NULLs where the vault notifies nobody.
//!
//! Calls `GetBackupVaultNotifications` for each vault. AWS answers `ResourceNotFoundException` when none are set up: that is a row; a denial is
//! a gap. Whether anyone listens to the topic is not told here, and some events that AWS accepts are never sent.
//!
//! Key: `backup_vault_arn`.

use async_trait::async_trait;
use aws_sdk_backup::operation::get_backup_vault_notifications::GetBackupVaultNotificationsError;

use super::collector::{Collector, Harvest, Operation, ReadError, Unit};
use super::door::RegionDoor;
use super::pages::answered;
use super::{backup_vaults, fields, parent};
use crate::dataset::rows::Row;
use crate::dataset::{Table, TableKind};

crate::rows! {
    /// The notifications of a vault.
    pub struct VaultNotificationRow {
        /// Vault that was asked for its notifications
        backup_vault_arn: Text, Never, "ARN of the vault that was asked";
        /// SNS topic told of the events
        sns_topic_arn: Text, Means("the vault notifies nobody"), "SNSTopicArn";
        /// Names of the events, in AWS's order
        events: Json, Means("the vault notifies nobody"), "BackupVaultEvents";
    }
}

/// The notifications of a Region's vaults.
pub static TABLE: Table = Table {
    name: "vault_notifications",
    kind: TableKind::State,
    doc: "One row for each backup vault: topic and events it notifies of, or that it notifies of none.",
    columns: VaultNotificationRow::COLUMNS,
    key: &["backup_vault_arn"],
    parent: Some("backup_vault_arn"),
    created: None,
    global: false,
    subject: None,
};

const GET: Operation = Operation { service: "backup", name: "GetBackupVaultNotifications", action: "backup:GetBackupVaultNotifications" };

/// Reads [`TABLE`].
pub(crate) struct VaultNotifications;

#[async_trait]
impl Collector for VaultNotifications {
    fn tables(&self) -> &'static [&'static Table] {
        const { &[&TABLE] }
    }

    fn operations(&self) -> &'static [Operation] {
        &[GET]
    }

    fn parents(&self) -> Option<(&'static Table, &'static str)> {
        Some((&backup_vaults::TABLE, "backup_vault_arn"))
    }

    async fn collect(&self, door: &RegionDoor, unit: &Unit, harvest: &mut Harvest) -> Result<(), ReadError> {
        let (arn, name) = parent::vault(unit, GET.name)?;
        let answer = door.backup().get_backup_vault_notifications().backup_vault_name(name).send().await;
        let (sns_topic_arn, events) = match answer {
            Ok(answer) => (Some(answered(GET.name, "SNSTopicArn", answer.sns_topic_arn)?), answer.backup_vault_events),
            Err(error) if error.as_service_error().is_some_and(GetBackupVaultNotificationsError::is_resource_not_found_exception) => {
                (None, None)
            }
            Err(error) => return Err(ReadError::from_sdk(GET.name, error)),
        };
        harvest.page(1);
        let events = events.map(|events| events.iter().map(|event| event.as_str().to_owned()).collect());
        harvest.push(&TABLE, VaultNotificationRow { backup_vault_arn: Some(arn.to_owned()), sns_topic_arn, events: fields::list(events) });
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json as value;

    use super::*;
    use crate::collect::test_reads::{json, not_found, of_parent, read};
    use crate::dataset::rows::Json;

    const PROD: &str = "arn:aws:backup:eu-west-1:111122223333:backup-vault:prod";
    const TOPIC: &str = "arn:aws:sns:eu-west-1:111122223333:backups";

    #[tokio::test]
    async fn events_keep_their_order_and_words_of_tomorrow() {
        let events = ["COPY_JOB_FAILED", "BACKUP_JOB_DREAMED"];
        let replies = [json(GET.name, &value!({ "SNSTopicArn": TOPIC, "BackupVaultEvents": events }))];
        let (result, mut harvest) = read(&VaultNotifications, &of_parent(PROD), replies).await;
        result.unwrap();
        let row = harvest.take(&TABLE).rows::<VaultNotificationRow>().remove(0);
        assert_eq!(row.sns_topic_arn.as_deref(), Some(TOPIC));
        assert_eq!(row.events, Some(Json(r#"["COPY_JOB_FAILED","BACKUP_JOB_DREAMED"]"#.into())));
    }

    #[tokio::test]
    async fn none_set_up_is_a_row() {
        let (result, mut harvest) = read(&VaultNotifications, &of_parent(PROD), [not_found(GET.name)]).await;
        result.unwrap();
        let expected = VaultNotificationRow { backup_vault_arn: Some(PROD.into()), ..Default::default() };
        assert_eq!(harvest.take(&TABLE).rows::<VaultNotificationRow>(), [expected]);
    }
}
