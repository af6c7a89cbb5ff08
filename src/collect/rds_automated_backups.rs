//! Automated backups of databases: one row per instance or cluster whose point-in-time recovery data lies in the Region.
//!
//! Calls `DescribeDBInstanceAutomatedBackups` and `DescribeDBClusterAutomatedBackups`. Backups of deleted databases (`retained`) and those
//! replicated from another Region are included; the latter are listed where they lie, and `source_region` says where the database is.
//!
//! Key: `automated_backup_arn`. Where AWS sends no ARN for a backup that lies beside its instance, the key is `<ARN of the database>#automated-backup/<resource id>`:
//! a resource id belongs to one life of a database.

use async_trait::async_trait;
use aws_sdk_rds::types::{DbClusterAutomatedBackup, DbInstanceAutomatedBackup};

use super::collector::{Collector, Harvest, Operation, ReadError, Unit};
use super::door::RegionDoor;
use super::fields::{list, millis, resource_key};
use super::pages::Pages;
use crate::dataset::rows::Row;
use crate::dataset::{Table, TableKind};

crate::rows! {
    /// An automated backup of a database.
    pub struct AutomatedBackupRow {
        /// ARN of the automated backup, or one built from that of the database
        automated_backup_arn: Text, Never, "DBInstanceAutomatedBackupsArn or DBClusterAutomatedBackupsArn";
        /// Whether it is of a cluster
        is_cluster: Boolean, Never, "which of the two calls sent it";
        /// ARN of the database, in its own Region
        source_arn: Text, NotTold, "DBInstanceArn or DBClusterArn";
        /// Name of the database
        source_identifier: Text, NotTold, "DBInstanceIdentifier or DBClusterIdentifier";
        /// Region of the database; differs from the row's for replicated backups
        source_region: Text, NotTold, "Region";
        /// Integer key of the database's ARN
        resource_key: Integer, NotTold, "key of source_arn";
        /// Engine of the database
        engine: Text, NotTold, "Engine";
        /// active, retained (the database is gone, or replication stopped) or creating
        status: Text, NotTold, "Status";
        /// Earliest moment that can be restored
        earliest_time: Time, Means("nothing can be restored yet"), "RestoreWindow.EarliestTime";
        /// Latest moment that can be restored
        latest_time: Time, Means("nothing can be restored yet"), "RestoreWindow.LatestTime";
        /// Days that the data is kept
        backup_retention_period_days: Integer, NotTold, "BackupRetentionPeriod";
        /// When the database was created
        source_create_time: Time, NotTold, "InstanceCreateTime or ClusterCreateTime";
        /// Whether it is encrypted with a KMS key
        encrypted: Boolean, NotTold, "Encrypted or StorageEncrypted";
        /// KMS key of the backup
        kms_key_id: Text, Means("no KMS key of the account encrypts it"), "KmsKeyId";
        /// Continuous recovery point of AWS Backup that owns it
        aws_backup_recovery_point_arn: Text, Means("AWS Backup does not manage it"), "AwsBackupRecoveryPointArn";
        /// ARNs of its replicas in other Regions
        replications: Json, Means("not replicated"), "DBInstanceAutomatedBackupsReplications (instances only)";
    }
}

/// The automated backups that lie in a Region.
pub static TABLE: Table = Table {
    name: "rds_automated_backups",
    kind: TableKind::State,
    doc: "One row for each automated backup of a database instance or cluster, where the backup lies.",
    columns: AutomatedBackupRow::COLUMNS,
    key: &["automated_backup_arn"],
    parent: None,
    created: None,
    global: false,
    subject: None,
};

const INSTANCES: Operation =
    Operation { service: "rds", name: "DescribeDBInstanceAutomatedBackups", action: "rds:DescribeDBInstanceAutomatedBackups" };
const CLUSTERS: Operation =
    Operation { service: "rds", name: "DescribeDBClusterAutomatedBackups", action: "rds:DescribeDBClusterAutomatedBackups" };

/// Reads [`TABLE`].
pub(crate) struct RdsAutomatedBackups;

#[async_trait]
impl Collector for RdsAutomatedBackups {
    fn tables(&self) -> &'static [&'static Table] {
        const { &[&TABLE] }
    }

    fn operations(&self) -> &'static [Operation] {
        &[INSTANCES, CLUSTERS]
    }

    async fn collect(&self, door: &RegionDoor, _unit: &Unit, harvest: &mut Harvest) -> Result<(), ReadError> {
        of_instances(door, harvest).await?;
        of_clusters(door, harvest).await
    }
}

async fn of_instances(door: &RegionDoor, harvest: &mut Harvest) -> Result<(), ReadError> {
    let mut pages = Pages::of(INSTANCES.name);
    while pages.more() {
        let request = door.rds().describe_db_instance_automated_backups().max_records(100).set_marker(pages.token());
        let page = request.send().await.map_err(|error| ReadError::from_sdk(INSTANCES.name, error))?;
        for backup in pages.items(harvest, "DBInstanceAutomatedBackups", page.db_instance_automated_backups)? {
            harvest.push(&TABLE, instance_row(backup));
        }
        pages.follow(page.marker)?;
    }
    Ok(())
}

async fn of_clusters(door: &RegionDoor, harvest: &mut Harvest) -> Result<(), ReadError> {
    let mut pages = Pages::of(CLUSTERS.name);
    while pages.more() {
        let request = door.rds().describe_db_cluster_automated_backups().max_records(100).set_marker(pages.token());
        let page = request.send().await.map_err(|error| ReadError::from_sdk(CLUSTERS.name, error))?;
        for backup in pages.items(harvest, "DBClusterAutomatedBackups", page.db_cluster_automated_backups)? {
            harvest.push(&TABLE, cluster_row(backup));
        }
        pages.follow(page.marker)?;
    }
    Ok(())
}

/// The name of a backup that AWS gave no ARN: the database and the life of it that was backed up.
fn key(database_arn: Option<&str>, resource_id: Option<&str>) -> Option<String> {
    Some(format!("{}#automated-backup/{}", database_arn?, resource_id?))
}

fn instance_row(backup: DbInstanceAutomatedBackup) -> AutomatedBackupRow {
    let fallback = key(backup.db_instance_arn.as_deref(), backup.dbi_resource_id.as_deref());
    let window = backup.restore_window;
    let replications = backup.db_instance_automated_backups_replications;
    AutomatedBackupRow {
        automated_backup_arn: backup.db_instance_automated_backups_arn.or(fallback),
        is_cluster: Some(false),
        resource_key: resource_key(backup.db_instance_arn.as_deref()),
        source_arn: backup.db_instance_arn,
        source_identifier: backup.db_instance_identifier,
        source_region: backup.region,
        engine: backup.engine,
        status: backup.status,
        earliest_time: millis(window.as_ref().and_then(|window| window.earliest_time)),
        latest_time: millis(window.and_then(|window| window.latest_time)),
        backup_retention_period_days: backup.backup_retention_period.map(i64::from),
        source_create_time: millis(backup.instance_create_time),
        encrypted: backup.encrypted,
        kms_key_id: backup.kms_key_id,
        aws_backup_recovery_point_arn: backup.aws_backup_recovery_point_arn,
        replications: list(replications.map(|all| all.into_iter().filter_map(|one| one.db_instance_automated_backups_arn).collect())),
    }
}

fn cluster_row(backup: DbClusterAutomatedBackup) -> AutomatedBackupRow {
    let fallback = key(backup.db_cluster_arn.as_deref(), backup.db_cluster_resource_id.as_deref());
    let window = backup.restore_window;
    AutomatedBackupRow {
        automated_backup_arn: backup.db_cluster_automated_backups_arn.or(fallback),
        is_cluster: Some(true),
        resource_key: resource_key(backup.db_cluster_arn.as_deref()),
        source_arn: backup.db_cluster_arn,
        source_identifier: backup.db_cluster_identifier,
        source_region: backup.region,
        engine: backup.engine,
        status: backup.status,
        earliest_time: millis(window.as_ref().and_then(|window| window.earliest_time)),
        latest_time: millis(window.and_then(|window| window.latest_time)),
        backup_retention_period_days: backup.backup_retention_period.map(i64::from),
        source_create_time: millis(backup.cluster_create_time),
        encrypted: backup.storage_encrypted,
        kms_key_id: backup.kms_key_id,
        aws_backup_recovery_point_arn: backup.aws_backup_recovery_point_arn,
        replications: None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::collect::test_reads::{rds, read};
    use crate::dataset::rows::Millis;

    #[tokio::test]
    async fn local_replicated_and_cluster_backups_are_rows() {
        let local = "<DBInstanceAutomatedBackup><DBInstanceArn>arn:aws:rds:eu-west-1:111122223333:db:orders</DBInstanceArn>\
            <DbiResourceId>db-1</DbiResourceId><Region>eu-west-1</Region><Status>active</Status>\
            <RestoreWindow><EarliestTime>2026-01-01T00:00:00Z</EarliestTime></RestoreWindow></DBInstanceAutomatedBackup>";
        let replica = "<DBInstanceAutomatedBackup><DBInstanceArn>arn:aws:rds:us-east-1:111122223333:db:till</DBInstanceArn>\
            <DBInstanceAutomatedBackupsArn>arn:aws:rds:eu-west-1:111122223333:auto-backup:ab-1</DBInstanceAutomatedBackupsArn>\
            <Region>us-east-1</Region></DBInstanceAutomatedBackup>";
        let nameless = "<DBInstanceAutomatedBackup><Status>active</Status></DBInstanceAutomatedBackup>";
        let cluster = "<DBClusterAutomatedBackup><DBClusterArn>arn:aws:rds:eu-west-1:111122223333:cluster:shop</DBClusterArn>\
            <DBClusterAutomatedBackupsArn>arn:aws:rds:eu-west-1:111122223333:cluster-auto-backup:ab-2</DBClusterAutomatedBackupsArn>\
            <StorageEncrypted>true</StorageEncrypted></DBClusterAutomatedBackup>";
        let list = |backups: &str| format!("<DBInstanceAutomatedBackups>{backups}</DBInstanceAutomatedBackups>");
        let replies = [
            rds(INSTANCES.name, &format!("{}<Marker>2</Marker>", list(local))),
            rds(INSTANCES.name, &list(&format!("{replica}{nameless}"))).containing("Marker=2"),
            rds(CLUSTERS.name, &format!("<DBClusterAutomatedBackups>{cluster}</DBClusterAutomatedBackups>")),
        ];
        let (result, mut harvest) = read(&RdsAutomatedBackups, &Unit::REGION, replies).await;
        result.unwrap();
        assert_eq!((harvest.pages(), harvest.items(), harvest.refused().len()), (3, 4, 1));
        let rows: Vec<AutomatedBackupRow> = harvest.take(&TABLE).rows();
        let keys: Vec<_> = rows.iter().filter_map(|row| row.automated_backup_arn.as_deref()).collect();
        let expected = [
            "arn:aws:rds:eu-west-1:111122223333:db:orders#automated-backup/db-1",
            "arn:aws:rds:eu-west-1:111122223333:auto-backup:ab-1",
            "arn:aws:rds:eu-west-1:111122223333:cluster-auto-backup:ab-2",
        ];
        assert_eq!(keys, expected);
        assert_eq!((rows[0].earliest_time, rows[0].latest_time), (Some(Millis(1_767_225_600_000)), None));
        assert_eq!(rows[1].source_region.as_deref(), Some("us-east-1"), "the Region of the database, not of the backup");
        assert_eq!((rows[1].encrypted, rows[2].encrypted, rows[2].is_cluster), (None, Some(true), Some(true)));
    }
}
