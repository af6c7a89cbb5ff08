//! Recovery points: one row per point and vault, as AWS Backup lists them.
//!
//! Calls `ListRecoveryPointsByBackupVault` for each vault. The list has every field that the facts need, so there is no call per point. A vault
//! of more than 100,000 points is read in ranges of creation date, each of which is resumed on its own.
//!
//! Key: (`backup_vault_arn`, `recovery_point_arn`); copies in several vaults can share an ARN. Sizes in bytes; they are not comparable between
//! resource types. `is_encrypted` and `is_parent` are false also if AWS left them out, because the SDK does not tell the two apart. A vault that
//! cannot be listed gives a gap. Snapshots taken outside AWS Backup are in `rds_snapshots`.

use async_trait::async_trait;
use aws_sdk_backup::types::RecoveryPointByBackupVault;
use aws_smithy_types::DateTime;

use super::collector::{Collector, Foretold, Harvest, Operation, ReadError, Unit, UnitRange};
use super::door::RegionDoor;
use super::fields::{millis, resource_key, word};
use super::pages::Pages;
use super::{backup_vaults, parent};
use crate::dataset::rows::Row;
use crate::dataset::{Batch, Table, TableKind};

crate::rows! {
    /// A recovery point in a vault.
    pub struct RecoveryPointRow {
        /// Vault that was listed
        backup_vault_arn: Text, Never, "ARN of the vault that was listed";
        /// Name of the vault
        backup_vault_name: Text, NotTold, "BackupVaultName";
        /// ARN of the point; of the owning service for types that AWS Backup does not manage fully
        recovery_point_arn: Text, Never, "RecoveryPointArn";
        /// Resource that was backed up
        resource_arn: Text, NotTold, "ResourceArn";
        /// Integer key of the resource's ARN
        resource_key: Integer, NotTold, "key of ResourceArn";
        /// Resource type as AWS Backup names it
        resource_type: Text, NotTold, "ResourceType";
        /// Name of the resource
        resource_name: Text, NotTold, "ResourceName";
        /// `COMPLETED`, `AVAILABLE`, `CREATING`, `PARTIAL`, `EXPIRED`, `DELETING` or `STOPPED`
        status: Text, NotTold, "Status";
        /// Why the point has this status
        status_message: Text, Means("nothing to say"), "StatusMessage";
        /// When the point was created; a copy keeps the date of its source
        creation_date: Time, NotTold, "CreationDate";
        /// When its job began
        initiation_date: Time, NotTold, "InitiationDate";
        /// When its job was done
        completion_date: Time, Means("not done"), "CompletionDate";
        /// When it was last restored
        last_restore_time: Time, Means("never restored"), "LastRestoreTime";
        /// Size as AWS reports it, which differs in meaning by resource type
        backup_size_bytes: Integer, NotTold, "BackupSizeInBytes";
        /// Retention in days; -1 says for ever, on a copy as long as the source
        delete_after_days: Integer, Means("kept for ever"), "Lifecycle.DeleteAfterDays";
        /// Days until cold storage; -1 says never
        move_to_cold_storage_after_days: Integer, Means("stays in warm storage"), "Lifecycle.MoveToColdStorageAfterDays";
        /// Event after which the point is deleted, such as `DELETE_AFTER_COPY`
        delete_after_event: Text, Means("no event deletes it"), "Lifecycle.DeleteAfterEvent";
        /// When AWS Backup will delete it
        delete_at: Time, Means("kept for ever"), "CalculatedLifecycle.DeleteAt";
        /// When AWS Backup will move it to cold storage
        move_to_cold_storage_at: Time, Means("stays in warm storage"), "CalculatedLifecycle.MoveToColdStorageAt";
        /// KMS key that the point is encrypted with
        encryption_key_arn: Text, NotTold, "EncryptionKeyArn";
        /// `AWS_OWNED_KMS_KEY` or `CUSTOMER_MANAGED_KMS_KEY`
        encryption_key_type: Text, NotTold, "EncryptionKeyType";
        /// Whether the point is encrypted; false also if not sent
        is_encrypted: Boolean, NotTold, "IsEncrypted";
        /// Vault that the point was copied from
        source_backup_vault_arn: Text, Means("not a copy"), "SourceBackupVaultArn";
        /// Role that made the point
        iam_role_arn: Text, NotTold, "IamRoleArn";
        /// Whether it groups others; false also if not sent
        is_parent: Boolean, NotTold, "IsParent";
        /// The composite point it belongs to
        parent_recovery_point_arn: Text, Means("not part of a composite point"), "ParentRecoveryPointArn";
        /// What it is within the composite point
        composite_member_identifier: Text, Means("not part of a composite point"), "CompositeMemberIdentifier";
        /// Type of the vault
        vault_type: Text, NotTold, "VaultType";
        /// State of the search index
        index_status: Text, Means("no index"), "IndexStatus";
        /// Plan that asked for it
        backup_plan_arn: Text, Means("made on demand"), "CreatedBy.BackupPlanArn";
        /// Id of the plan
        backup_plan_id: Text, Means("made on demand"), "CreatedBy.BackupPlanId";
        /// Version of the plan
        backup_plan_version: Text, Means("made on demand"), "CreatedBy.BackupPlanVersion";
        /// Rule of the plan
        backup_rule_id: Text, Means("made on demand"), "CreatedBy.BackupRuleId";
    }
}

/// The recovery points of a Region's vaults.
pub static TABLE: Table = Table {
    name: "recovery_points",
    kind: TableKind::Object,
    doc: "One row for each recovery point of each backup vault.",
    columns: RecoveryPointRow::COLUMNS,
    key: &["backup_vault_arn", "recovery_point_arn"],
    parent: Some("backup_vault_arn"),
    created: Some("creation_date"),
    global: false,
    subject: None,
};

const LIST: Operation =
    Operation { service: "backup", name: "ListRecoveryPointsByBackupVault", action: "backup:ListRecoveryPointsByBackupVault" };

/// Points read as one unit at most, if they are spread evenly over the vault's life.
const POINTS_A_UNIT: i64 = 100_000;
/// More ranges than this help nobody; AWS allows a million points in a vault.
const MOST_RANGES: i64 = 1_000;

/// Reads [`TABLE`].
pub(crate) struct RecoveryPoints;

#[async_trait]
impl Collector for RecoveryPoints {
    fn tables(&self) -> &'static [&'static Table] {
        const { &[&TABLE] }
    }

    fn operations(&self) -> &'static [Operation] {
        &[LIST]
    }

    fn parents(&self) -> Option<(&'static Table, &'static str)> {
        Some((&backup_vaults::TABLE, "backup_vault_arn"))
    }

    fn units(&self, parents: Option<&Batch>, started_s: i64) -> Vec<Unit> {
        let vaults = parents.map(Batch::rows::<backup_vaults::BackupVaultRow>).unwrap_or_default();
        let units_of = |vault: backup_vaults::BackupVaultRow| {
            let created_s = vault.creation_date.map(|created| created.0.div_euclid(1_000));
            let ranges = ranges(vault.number_of_recovery_points_count, created_s, started_s);
            ranges.into_iter().map(move |range| Unit { parent: vault.backup_vault_arn.clone(), range })
        };
        vaults.into_iter().flat_map(units_of).collect()
    }

    fn foretold(&self) -> &'static [(Operation, Foretold)] {
        &[(LIST, Foretold::ByFirstPage)]
    }

    fn expected(&self, parents: &Batch) -> Vec<(String, i64)> {
        let vaults = parents.rows::<backup_vaults::BackupVaultRow>().into_iter();
        vaults.filter_map(|vault| Some((vault.backup_vault_arn?, vault.number_of_recovery_points_count?))).collect()
    }

    async fn collect(&self, door: &RegionDoor, unit: &Unit, harvest: &mut Harvest) -> Result<(), ReadError> {
        let (arn, name) = parent::vault(unit, LIST.name)?;
        let mut pages = Pages::of(LIST.name);
        while pages.more() {
            let request = door.backup().list_recovery_points_by_backup_vault().backup_vault_name(name).max_results(1_000);
            // AWS does not say whether its bounds are inclusive: ask for a second more on either side and keep what is inside.
            let after = unit.range.and_then(|range| range.from_s).map(|from_s| DateTime::from_secs(from_s.saturating_sub(1)));
            let before = unit.range.and_then(|range| range.to_s).map(|to_s| DateTime::from_secs(to_s.saturating_add(1)));
            let request = request.set_by_created_after(after).set_by_created_before(before).set_next_token(pages.token());
            let page = request.send().await.map_err(|error| ReadError::from_sdk(LIST.name, error))?;
            let mut points = page.recovery_points;
            if let (Some(range), Some(points)) = (unit.range, &mut points) {
                points.retain(|point| point.creation_date.is_none_or(|created| holds(range, created.secs())));
            }
            for point in pages.items(harvest, "RecoveryPoints", points)? {
                if unit.range.is_some() && point.creation_date.is_none() {
                    harvest.refuse(format!("{} sent without CreationDate, which alone tells its range", TABLE.name));
                } else {
                    harvest.push(&TABLE, row(arn, point));
                }
            }
            harvest.leave().await?;
            pages.follow(page.next_token)?;
        }
        Ok(())
    }
}

/// Cuts the life of a vault into ranges of about [`POINTS_A_UNIT`] points. The first and last are open: a copy keeps the date of its source,
/// which can be before the vault, and points appear while the reading goes on. One range of everything is `None`.
fn ranges(points: Option<i64>, created_s: Option<i64>, started_s: i64) -> Vec<Option<UnitRange>> {
    let span_s = created_s.map_or(0, |created_s| started_s.saturating_sub(created_s));
    let count = (points.unwrap_or(0).saturating_sub(1) / POINTS_A_UNIT + 1).min(MOST_RANGES).min(span_s);
    let (Some(created_s), 2..) = (created_s, count) else { return vec![None] };
    let cut = |index: i64| (1..count).contains(&index).then(|| created_s + span_s / count * index);
    (0..count).map(|index| Some(UnitRange { from_s: cut(index), to_s: cut(index + 1) })).collect()
}

fn holds(range: UnitRange, moment_s: i64) -> bool {
    range.from_s.is_none_or(|from_s| from_s <= moment_s) && range.to_s.is_none_or(|to_s| moment_s < to_s)
}

fn row(vault_arn: &str, point: RecoveryPointByBackupVault) -> RecoveryPointRow {
    let lifecycle = point.lifecycle;
    let ends = point.calculated_lifecycle;
    let (plan_arn, plan_id, plan_version, rule_id) =
        point.created_by.map(|by| (by.backup_plan_arn, by.backup_plan_id, by.backup_plan_version, by.backup_rule_id)).unwrap_or_default();
    RecoveryPointRow {
        backup_vault_arn: Some(vault_arn.to_owned()),
        backup_vault_name: point.backup_vault_name,
        recovery_point_arn: point.recovery_point_arn,
        resource_key: resource_key(point.resource_arn.as_deref()),
        resource_arn: point.resource_arn,
        resource_type: point.resource_type,
        resource_name: point.resource_name,
        status: word(point.status),
        status_message: point.status_message,
        creation_date: millis(point.creation_date),
        initiation_date: millis(point.initiation_date),
        completion_date: millis(point.completion_date),
        last_restore_time: millis(point.last_restore_time),
        backup_size_bytes: point.backup_size_in_bytes,
        delete_after_days: lifecycle.as_ref().and_then(|lifecycle| lifecycle.delete_after_days),
        delete_after_event: word(lifecycle.as_ref().and_then(|lifecycle| lifecycle.delete_after_event.as_ref())),
        move_to_cold_storage_after_days: lifecycle.and_then(|lifecycle| lifecycle.move_to_cold_storage_after_days),
        delete_at: millis(ends.as_ref().and_then(|ends| ends.delete_at)),
        move_to_cold_storage_at: millis(ends.and_then(|ends| ends.move_to_cold_storage_at)),
        encryption_key_arn: point.encryption_key_arn,
        encryption_key_type: word(point.encryption_key_type),
        is_encrypted: Some(point.is_encrypted),
        source_backup_vault_arn: point.source_backup_vault_arn,
        iam_role_arn: point.iam_role_arn,
        is_parent: Some(point.is_parent),
        parent_recovery_point_arn: point.parent_recovery_point_arn,
        composite_member_identifier: point.composite_member_identifier,
        vault_type: word(point.vault_type),
        index_status: word(point.index_status),
        backup_plan_arn: plan_arn,
        backup_plan_id: plan_id,
        backup_plan_version: plan_version,
        backup_rule_id: rule_id,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json as value;

    use super::*;
    use crate::collect::test_reads::{json, of_parent, read};
    use crate::collect::testing::Reply;
    use crate::dataset::ReadStatus;
    use crate::dataset::rows::Millis;

    const PROD: &str = "arn:aws:backup:eu-west-1:111122223333:backup-vault:prod";
    const DB: &str = "arn:aws:rds:eu-west-1:111122223333:db:orders";

    fn point(name: &str, created_s: i64) -> serde_json::Value {
        value!({ "RecoveryPointArn": format!("arn:aws:rds:eu-west-1:111122223333:snapshot:awsbackup:{name}"), "CreationDate": created_s })
    }

    #[tokio::test]
    async fn pages_become_rows_and_what_is_not_sent_stays_null() {
        let first = value!({ "RecoveryPoints": [{
            "RecoveryPointArn": "arn:aws:rds:eu-west-1:111122223333:snapshot:awsbackup:job-1", "BackupVaultName": "prod", "ResourceArn": DB,
            "Status": "COMPLETED", "CreationDate": 1_763_000_000.5, "Lifecycle": { "DeleteAfterDays": 35, "DeleteAfterEvent": "DELETE_AFTER_COPY" },
            "CalculatedLifecycle": { "DeleteAt": 1_766_024_000 }, "IsEncrypted": true,
            "CreatedBy": { "BackupPlanId": "8f81", "BackupRuleId": "r1" }
        }], "NextToken": "2" });
        let empty = value!({ "RecoveryPoints": [], "NextToken": "3" });
        let last = value!({ "RecoveryPoints": [point("job-2", 1_763_000_001), { "ResourceArn": DB }] });
        let replies = [
            json(LIST.name, &first).containing("/backup-vaults/prod/recovery-points"),
            json(LIST.name, &empty).containing("nextToken=2"),
            json(LIST.name, &last).containing("nextToken=3"),
        ];
        let (result, mut harvest) = read(&RecoveryPoints, &of_parent(PROD), replies).await;
        result.unwrap();
        assert_eq!((harvest.pages(), harvest.items(), harvest.refused().len()), (3, 3, 1), "the point without ARN is counted");
        let rows: Vec<RecoveryPointRow> = harvest.take(&TABLE).rows();
        assert_eq!(rows[0].resource_key, Some(crate::model::key::resource_key(DB)));
        assert_eq!((rows[0].creation_date, rows[0].delete_at), (Some(Millis(1_763_000_000_500)), Some(Millis(1_766_024_000_000))));
        assert_eq!((rows[0].delete_after_days, rows[0].delete_after_event.as_deref()), (Some(35), Some("DELETE_AFTER_COPY")));
        assert_eq!((rows[0].backup_plan_id.as_deref(), rows[0].backup_plan_arn.as_deref()), (Some("8f81"), None));
        assert_eq!((rows[1].status.as_deref(), rows[1].resource_key, rows[1].delete_at), (None, None, None));
        assert_eq!(rows[1].backup_vault_arn.as_deref(), Some(PROD));
    }

    #[tokio::test]
    async fn a_denial_on_the_second_page_keeps_the_first() {
        let first = value!({ "RecoveryPoints": [point("job-1", 5)], "NextToken": "2" });
        let (result, mut harvest) = read(&RecoveryPoints, &of_parent(PROD), [json(LIST.name, &first), Reply::denied(LIST.name)]).await;
        assert_eq!(result.unwrap_err().status, ReadStatus::Denied);
        assert_eq!(harvest.take(&TABLE).len(), 1);
    }

    #[tokio::test]
    async fn a_range_keeps_exactly_what_is_inside() {
        let unit = Unit { parent: Some(PROD.into()), range: Some(UnitRange { from_s: Some(100), to_s: Some(200) }) };
        let page = value!({ "RecoveryPoints": [
            point("before", 99), point("first", 100), point("last", 199), point("after", 200), { "RecoveryPointArn": "arn:aws:backup:::x" }
        ] });
        let asked = json(LIST.name, &page).containing("createdAfter=1970-01-01T00%3A01%3A39Z");
        let (result, mut harvest) = read(&RecoveryPoints, &unit, [asked]).await;
        result.unwrap();
        let rows: Vec<RecoveryPointRow> = harvest.take(&TABLE).rows();
        let names: Vec<_> = rows.iter().filter_map(|row| row.recovery_point_arn.as_deref()?.rsplit(':').next()).collect();
        assert_eq!(names, ["first", "last"]);
        assert_eq!(harvest.refused().len(), 1, "a point without date belongs to no range, and is not lost in silence");
    }

    #[test]
    fn ranges_leave_no_point_out_and_take_none_twice() {
        // what it shows, points, created, started, expected number of ranges
        let cases = [
            ("small vaults are read at once", Some(100_000), Some(0), 1_000_000, 1),
            ("one point more makes two", Some(100_001), Some(0), 1_000_000, 2),
            ("a million points", Some(1_000_000), Some(7), 1_000_003, 10),
            ("a count that is not told", None, Some(0), 1_000_000, 1),
            ("an age that is not told", Some(1_000_000), None, 1_000_000, 1),
            ("a vault made after the start", Some(1_000_000), Some(10), 5, 1),
            ("no more ranges than seconds", Some(1_000_000), Some(0), 3, 3),
            ("absurd counts", Some(i64::MAX), Some(0), i64::MAX, 1_000),
        ];
        for (shows, points, created_s, started_s, expected) in cases {
            let ranges = ranges(points, created_s, started_s);
            assert_eq!(ranges.len(), expected, "{shows}");
            let Some(Some(first)) = ranges.first() else { continue };
            let edges: Vec<i64> = ranges.iter().flatten().filter_map(|range| range.from_s).collect();
            let moments = edges.iter().flat_map(|edge| [edge - 1, *edge, edge + 1]).chain([i64::MIN, 0, i64::MAX]);
            for moment_s in moments {
                let holding = ranges.iter().flatten().filter(|range| holds(**range, moment_s)).count();
                assert_eq!(holding, 1, "{shows}: {moment_s} must be in one range");
            }
            assert_eq!(first.from_s, None, "copies can be older than the vault");
        }
    }

    #[test]
    fn units_follow_from_the_vaults() {
        let vault = |name: &str, points| backup_vaults::BackupVaultRow {
            backup_vault_arn: Some(name.into()),
            number_of_recovery_points_count: Some(points),
            creation_date: Some(Millis(0)),
            ..Default::default()
        };
        let vaults = Batch::from_rows([vault("a", 3), vault("b", 150_000)]);
        let units = RecoveryPoints.units(Some(&vaults), 1_000);
        let of = |from_s, to_s| Some(UnitRange { from_s, to_s });
        let expected = [("a", None), ("b", of(None, Some(500))), ("b", of(Some(500), None))];
        let expected = expected.map(|(vault, range)| Unit { parent: Some(vault.to_owned()), range });
        assert_eq!(units, expected);
        assert_eq!(RecoveryPoints.units(Some(&Batch::new(backup_vaults::TABLE.columns)), 1_000), []);
    }
}
