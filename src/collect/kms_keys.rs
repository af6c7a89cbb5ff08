//! KMS keys of backups: one row per key that a vault, a recovery point, a database, a snapshot, an automated backup or a backup job names.
//!
//! Calls `DescribeKey` once for each ARN that these tables name, and `GetKeyRotationStatus` for the keys that KMS can rotate when told to:
//! symmetric ones of a customer, with material that KMS made. A denial of the latter alone leaves the row with `rotation_enabled` NULL and makes
//! the read of that key partial. While a key awaits its deletion KMS says that it is not rotated.
//!
//! Key: `asked_key`, which is also the unit. A key of another Region is asked there, by every Region that names it, because nothing says that
//! its own Region is part of the collection. What is no key ARN of the partition is a gap and is not asked: an alias can point to another key
//! than the one that encrypted, and an id names no account. A key of this account that KMS does not find is a row with `key_state` `NotFound`,
//! since it was deleted and will not decrypt again; of another account that answer says nothing and is a gap, as is a denial.

use async_trait::async_trait;
use aws_sdk_kms::operation::describe_key::DescribeKeyError;
use aws_sdk_kms::types::{KeyManagerType, KeyMetadata, KeySpec, OriginType};

use super::collector::{Collector, Foretold, Harvest, Operation, ReadError, Unit};
use super::door::RegionDoor;
use super::fields::{millis, word};
use super::members::Holds;
use super::pages::{answered, unreadable};
use super::{backup_jobs, backup_vaults, rds_automated_backups, rds_clusters, rds_instances, rds_snapshots, recovery_points};
use crate::dataset::rows::Row;
use crate::dataset::{Table, TableKind};
use crate::model::Arn;

crate::rows! {
    /// A KMS key.
    pub struct KmsKeyRow {
        /// ARN of the key as other tables name it
        asked_key: Text, Never, "the column that names the key";
        /// ARN of the key
        key_arn: Text, Never, "KeyMetadata.Arn; the ARN that was asked for if the key is not found";
        /// Account that owns the key
        key_account_id: Text, NotTold, "KeyMetadata.AWSAccountId; that of the ARN if the key is not found";
        /// `Enabled`, `Disabled`, `PendingDeletion`, `PendingImport`, `PendingReplicaDeletion`, `Unavailable`, `Updating`, `Creating`, or `NotFound`
        key_state: Text, NotTold, "KeyMetadata.KeyState; NotFound if KMS knows no such key in this account";
        /// `AWS` for the AWS managed keys of a service, else `CUSTOMER`
        key_manager: Text, NotTold, "KeyMetadata.KeyManager";
        /// Where the key material comes from: `AWS_KMS`, `EXTERNAL`, `AWS_CLOUDHSM` or `EXTERNAL_KEY_STORE`
        key_origin: Text, NotTold, "KeyMetadata.Origin";
        /// `ENCRYPT_DECRYPT` or another use
        key_usage: Text, NotTold, "KeyMetadata.KeyUsage";
        /// `SYMMETRIC_DEFAULT` or another kind
        key_spec: Text, NotTold, "KeyMetadata.KeySpec";
        /// Whether other Regions can have replicas of the key
        multi_region: Boolean, NotTold, "KeyMetadata.MultiRegion";
        /// When the key was created
        creation_date: Time, NotTold, "KeyMetadata.CreationDate";
        /// When KMS deletes the key
        deletion_date: Time, Means("not to be deleted, or not found any more"), "KeyMetadata.DeletionDate";
        /// When imported key material expires
        valid_to: Time, Means("the material does not expire, or the key is not found any more"), "KeyMetadata.ValidTo";
        /// Whether KMS rotates the key by itself
        rotation_enabled: Boolean, NotTold, "GetKeyRotationStatus: KeyRotationEnabled, where rotation_applies";
        /// Days between rotations
        rotation_period_days: Integer, Means("not rotated, or not known to be"), "GetKeyRotationStatus: RotationPeriodInDays";
        /// Whether automatic rotation can be switched on: a symmetric key of a customer, with material that KMS made
        rotation_applies: Boolean, Never, "KeyManager CUSTOMER, KeySpec SYMMETRIC_DEFAULT and Origin AWS_KMS";
    }
}

/// The KMS keys that the backups of a Region need.
pub static TABLE: Table = Table {
    name: "kms_keys",
    kind: TableKind::State,
    doc: "One row for each KMS key that a vault, recovery point, database, snapshot, automated backup or backup job names.",
    columns: KmsKeyRow::COLUMNS,
    key: &["asked_key"],
    parent: Some("asked_key"),
    created: None,
    global: false,
    subject: Some(("key_arn", "AWS::KMS::Key")),
};

const DESCRIBE: Operation = Operation { service: "kms", name: "DescribeKey", action: "kms:DescribeKey" };
const ROTATION: Operation = Operation { service: "kms", name: "GetKeyRotationStatus", action: "kms:GetKeyRotationStatus" };

/// Reads [`TABLE`].
pub(crate) struct KmsKeys;

#[async_trait]
impl Collector for KmsKeys {
    fn tables(&self) -> &'static [&'static Table] {
        const { &[&TABLE] }
    }

    fn operations(&self) -> &'static [Operation] {
        &[DESCRIBE, ROTATION]
    }

    fn references(&self) -> &'static [(&'static Table, &'static str)] {
        const {
            &[
                (&backup_vaults::TABLE, "encryption_key_arn"),
                (&recovery_points::TABLE, "encryption_key_arn"),
                (&rds_instances::TABLE, "kms_key_id"),
                (&rds_clusters::RDS, "kms_key_id"),
                (&rds_clusters::NEPTUNE, "kms_key_id"),
                (&rds_clusters::DOCUMENTDB, "kms_key_id"),
                (&rds_snapshots::TABLE, "kms_key_id"),
                (&rds_automated_backups::TABLE, "kms_key_id"),
                (&backup_jobs::TABLE, "encryption_key_arn"),
            ]
        }
    }

    fn foretold(&self) -> &'static [(Operation, Foretold)] {
        &[(ROTATION, Foretold::OneByOne)]
    }

    async fn collect(&self, door: &RegionDoor, unit: &Unit, harvest: &mut Harvest) -> Result<(), ReadError> {
        let asked = unit.parent.as_deref().unwrap_or_default();
        let arn = key_arn(asked).filter(|arn| arn.partition == door.partition());
        let arn =
            arn.ok_or_else(|| unreadable(DESCRIBE.name, &format!("`{asked}` is not the ARN of a KMS key in {}", door.partition())))?;
        let kms = door.kms_in(arn.region);
        let described = match kms.describe_key().key_id(asked).send().await {
            Ok(answer) => answered(DESCRIBE.name, "KeyMetadata", answer.key_metadata)?,
            Err(error)
                if arn.account == door.account_id() && error.as_service_error().is_some_and(DescribeKeyError::is_not_found_exception) =>
            {
                harvest.page(1);
                harvest.push(&TABLE, not_found(asked, arn.account));
                return Ok(());
            }
            Err(error) => return Err(ReadError::from_sdk(DESCRIBE.name, error)),
        };
        harvest.page(1);
        let applies = rotation_applies(&described);
        let rotation = if applies == Some(true) { rotation(&kms, asked, harvest).await } else { None };
        let (enabled, period_days) = rotation.unzip();
        harvest.push(&TABLE, row(asked, described, applies, enabled, period_days.flatten()));
        Ok(())
    }
}

/// The parts of a key's ARN; `None` for aliases and ids, and for what could lead to another host than that of KMS.
fn key_arn(text: &str) -> Option<Arn<'_>> {
    let arn = Arn::parse(text)?;
    let id = arn.resource.strip_prefix("key/")?;
    let label = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-');
    let account = arn.account.len() == 12 && arn.account.bytes().all(|byte| byte.is_ascii_digit());
    (arn.service == "kms" && account && label(arn.region) && label(id)).then_some(arn)
}

/// Whether KMS rotates a key by itself and after how many days; a failure leaves the key readable and makes the read partial.
async fn rotation(kms: &aws_sdk_kms::Client, asked: &str, harvest: &mut Harvest) -> Option<(bool, Option<i64>)> {
    // The SDK reads an answer without the flag as `false`.
    let request = kms.get_key_rotation_status().key_id(asked).customize().interceptor(Holds("KeyRotationEnabled"));
    match request.send().await {
        Ok(status) => Some((status.key_rotation_enabled, status.rotation_period_in_days.map(i64::from))),
        Err(error) => {
            harvest.failed(ReadError::from_sdk(ROTATION.name, error));
            None
        }
    }
}

/// Whether rotation can be switched on. `None` if KMS left out what decides it, which then refuses the row.
fn rotation_applies(key: &KeyMetadata) -> Option<bool> {
    let told = [
        key.key_manager.as_ref().map(|manager| *manager == KeyManagerType::Customer),
        key.key_spec.as_ref().map(|spec| *spec == KeySpec::SymmetricDefault),
        key.origin.as_ref().map(|origin| *origin == OriginType::AwsKms),
    ];
    if told.contains(&Some(false)) { Some(false) } else { told.iter().all(Option::is_some).then_some(true) }
}

/// The row of a key of this account that is gone.
fn not_found(asked: &str, account_id: &str) -> KmsKeyRow {
    KmsKeyRow {
        asked_key: Some(asked.to_owned()),
        key_arn: Some(asked.to_owned()),
        key_account_id: Some(account_id.to_owned()),
        key_state: Some("NotFound".to_owned()),
        rotation_applies: Some(false),
        ..KmsKeyRow::default()
    }
}

fn row(
    asked: &str,
    key: KeyMetadata,
    rotation_applies: Option<bool>,
    rotation_enabled: Option<bool>,
    rotation_period_days: Option<i64>,
) -> KmsKeyRow {
    KmsKeyRow {
        asked_key: Some(asked.to_owned()),
        key_arn: key.arn,
        key_account_id: key.aws_account_id,
        key_state: word(key.key_state),
        key_manager: word(key.key_manager),
        key_origin: word(key.origin),
        key_usage: word(key.key_usage),
        key_spec: word(key.key_spec),
        multi_region: key.multi_region,
        creation_date: millis(key.creation_date),
        deletion_date: millis(key.deletion_date),
        valid_to: millis(key.valid_to),
        rotation_enabled,
        rotation_period_days,
        rotation_applies,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json as value};

    use super::*;
    use crate::collect::test_reads::{json, of_parent, read};
    use crate::collect::testing::{self, Reply};
    use crate::dataset::ReadStatus;
    use crate::dataset::rows::Millis;

    const OWN: &str = "arn:aws:kms:eu-west-1:111122223333:key/1234abcd";
    const FOREIGN: &str = "arn:aws:kms:eu-west-1:444455556666:key/mrk-1234";

    /// A symmetric key of a customer, with some fields changed.
    fn described(changes: Value) -> Reply {
        let mut key = value!({
            "KeyId": "1234abcd", "Arn": OWN, "AWSAccountId": "111122223333", "Enabled": true, "KeyState": "Enabled", "KeyManager": "CUSTOMER",
            "Origin": "AWS_KMS", "KeyUsage": "ENCRYPT_DECRYPT", "KeySpec": "SYMMETRIC_DEFAULT", "CreationDate": 1_763_000_000.5, "MultiRegion": false
        });
        let Value::Object(changes) = changes else { panic!("changes are fields") };
        changes.into_iter().for_each(|(name, change)| key[name] = change);
        json(DESCRIBE.name, &value!({ "KeyMetadata": key }))
    }

    fn rotating(enabled: bool) -> Reply {
        json(ROTATION.name, &value!({ "KeyId": OWN, "KeyRotationEnabled": enabled, "RotationPeriodInDays": 365 }))
    }

    fn not_found() -> Reply {
        Reply::error(DESCRIBE.name, 400, r#"{"__type":"NotFoundException","message":"Key does not exist"}"#)
    }

    async fn one(replies: impl IntoIterator<Item = Reply>) -> KmsKeyRow {
        let (result, mut harvest) = read(&KmsKeys, &of_parent(OWN), replies).await;
        result.unwrap();
        harvest.take(&TABLE).rows().remove(0)
    }

    #[tokio::test]
    async fn a_key_is_described_and_asked_for_its_rotation() {
        let row = one([described(value!({})).containing(OWN), rotating(true).containing(OWN)]).await;
        assert_eq!((row.asked_key.as_deref(), row.key_arn.as_deref(), row.key_state.as_deref()), (Some(OWN), Some(OWN), Some("Enabled")));
        assert_eq!((row.rotation_applies, row.rotation_enabled, row.rotation_period_days), (Some(true), Some(true), Some(365)));
        assert_eq!((row.creation_date, row.deletion_date, row.valid_to), (Some(Millis(1_763_000_000_500)), None, None));
        let pending = one([described(value!({ "KeyState": "PendingDeletion", "DeletionDate": 1_796_000_000 })), rotating(false)]).await;
        assert_eq!((pending.deletion_date, pending.rotation_enabled), (Some(Millis(1_796_000_000_000)), Some(false)));
    }

    #[tokio::test]
    async fn only_keys_that_can_be_rotated_are_asked_for_it() {
        for (change, why) in [
            (value!({ "KeyManager": "AWS" }), "AWS rotates its own"),
            (value!({ "Origin": "EXTERNAL", "ValidTo": 1_796_000_000 }), "imported material is replaced by whoever imported it"),
            (value!({ "KeySpec": "RSA_2048" }), "asymmetric keys are not rotated"),
            (value!({ "Origin": "AWS_CLOUDHSM", "MultiRegion": null, "CreationDate": null }), "nor are those of a custom store"),
        ] {
            let row = one([described(change)]).await;
            assert_eq!((row.rotation_applies, row.rotation_enabled), (Some(false), None), "{why}");
        }
    }

    #[tokio::test]
    async fn a_rotation_that_is_not_told_is_null_and_the_rest_of_the_key_stays() {
        for (reply, reason) in [
            (Reply::denied(ROTATION.name), "GetKeyRotationStatus: AccessDeniedException"),
            (json(ROTATION.name, &value!({ "KeyId": OWN })), "GetKeyRotationStatus: unreadable answer with HTTP status 200"),
        ] {
            let (result, mut harvest) = read(&KmsKeys, &of_parent(OWN), [described(value!({})), reply]).await;
            result.unwrap();
            let reasons: Vec<&String> = harvest.refused().keys().collect();
            assert!(reasons.len() == 1 && reasons[0].starts_with(reason), "{reasons:?}");
            assert_eq!(harvest.failure().map(|failure| failure.operation.as_str()), Some(ROTATION.name));
            let row: KmsKeyRow = harvest.take(&TABLE).rows().remove(0);
            assert_eq!((row.key_state.as_deref(), row.rotation_applies, row.rotation_enabled), (Some("Enabled"), Some(true), None));
        }
    }

    #[tokio::test]
    async fn a_key_that_is_gone_is_a_row_only_in_the_own_account() {
        let gone = one([not_found()]).await;
        assert_eq!((gone.key_state.as_deref(), gone.key_arn.as_deref(), gone.rotation_applies), (Some("NotFound"), Some(OWN), Some(false)));
        assert_eq!(gone.key_manager, None);

        let cases = [(not_found(), ReadStatus::Unavailable), (Reply::denied(DESCRIBE.name), ReadStatus::Denied)];
        for (reply, status) in cases {
            let (result, mut harvest) = read(&KmsKeys, &of_parent(FOREIGN), [reply]).await;
            assert_eq!((result.unwrap_err().status, harvest.take(&TABLE).len()), (status, 0), "nothing is known of a foreign key");
        }
    }

    #[tokio::test]
    async fn what_is_no_key_of_the_partition_is_a_gap_and_is_not_asked() {
        for text in [
            "1234abcd-12ab-34cd-56ef-1234567890ab",
            "alias/aws/rds",
            "arn:aws:kms:eu-west-1:111122223333:alias/aws/rds",
            "arn:aws-cn:kms:cn-north-1:111122223333:key/1234abcd",
            "arn:aws:kms:eu-west-1.example.com:111122223333:key/1234abcd",
            "arn:aws:kms::111122223333:key/1234abcd",
            "arn:aws:kms:eu-west-1:backup:key/1234abcd",
            "arn:aws:backup:eu-west-1:111122223333:key/1234abcd",
        ] {
            let (result, _) = read(&KmsKeys, &of_parent(text), []).await;
            let error = result.unwrap_err();
            assert_eq!((error.status, error.reason), (ReadStatus::Unavailable, format!("`{text}` is not the ARN of a KMS key in aws")));
        }
    }

    #[tokio::test]
    async fn a_key_is_asked_in_its_own_region() {
        let away = "arn:aws:kms:us-east-1:111122223333:key/mrk-1234";
        let fake = testing::fake([described(value!({ "Arn": away })), rotating(true)]);
        let mut harvest = Harvest::default();
        KmsKeys.collect(&fake.door(), &of_parent(away), &mut harvest).await.unwrap();
        let asked: Vec<(String, bool)> =
            fake.asked().into_iter().map(|asked| (asked.region, asked.uri.contains("kms.us-east-1."))).collect();
        assert_eq!(asked, [("us-east-1".to_owned(), true), ("us-east-1".to_owned(), true)]);
        assert_eq!(harvest.take(&TABLE).rows::<KmsKeyRow>()[0].asked_key.as_deref(), Some(away));
    }

    #[tokio::test]
    async fn a_key_of_which_it_is_not_told_whether_it_rotates_is_refused() {
        let (result, mut harvest) = read(&KmsKeys, &of_parent(OWN), [described(value!({ "Origin": null }))]).await;
        result.unwrap();
        assert_eq!((harvest.refused().len(), harvest.take(&TABLE).len()), (1, 0));
    }
}
