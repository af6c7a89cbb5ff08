//! Database instances: one row per instance that RDS lists, members of Aurora, Neptune and DocumentDB clusters included.
//!
//! Calls `DescribeDBInstances`. `engine` tells the services apart; members of a cluster are backed up with it, so their own retention and
//! windows say little. Tags are in the list.
//!
//! Key: `db_instance_arn`. `storage_encrypted` is not the truth for Aurora; `storage_encryption_type` is. Of what is pending, a new password is
//! not copied.

use async_trait::async_trait;
use aws_sdk_rds::types::{DbInstance, PendingModifiedValues};
use serde_json::Value;

use super::collector::{Collector, Harvest, Operation, ReadError, Unit};
use super::door::RegionDoor;
use super::fields::{json, list, millis, rds_tags, resource_key, sent, word};
use super::pages::Pages;
use crate::dataset::rows::{Json, Row};
use crate::dataset::{Table, TableKind};

crate::rows! {
    /// A database instance.
    pub struct DbInstanceRow {
        /// ARN of the instance
        db_instance_arn: Text, Never, "DBInstanceArn";
        /// Name of the instance, unique in its account and Region
        db_instance_identifier: Text, NotTold, "DBInstanceIdentifier";
        /// Id that no other instance ever has
        dbi_resource_id: Text, NotTold, "DbiResourceId";
        /// Integer key of the ARN
        resource_key: Integer, NotTold, "key of DBInstanceArn";
        /// Engine, such as postgres, aurora-mysql, neptune or docdb
        engine: Text, NotTold, "Engine";
        /// Version of the engine
        engine_version: Text, NotTold, "EngineVersion";
        /// Instance class
        db_instance_class: Text, NotTold, "DBInstanceClass";
        /// State, such as available or stopped
        db_instance_status: Text, NotTold, "DBInstanceStatus";
        /// When the instance was created
        instance_create_time: Time, Means("still being created"), "InstanceCreateTime";
        /// Storage allocated, in GiB
        allocated_storage_gib: Integer, NotTold, "AllocatedStorage";
        /// Days that automated backups are kept; 0 says there are none
        backup_retention_period_days: Integer, NotTold, "BackupRetentionPeriod";
        /// Daily window of automated backups, hh24:mi-hh24:mi in UTC
        preferred_backup_window: Text, NotTold, "PreferredBackupWindow";
        /// Weekly maintenance window in UTC
        preferred_maintenance_window: Text, NotTold, "PreferredMaintenanceWindow";
        /// Latest moment that point-in-time recovery can restore
        latest_restorable_time: Time, NotTold, "LatestRestorableTime";
        /// Whether a standby runs in another zone
        multi_az: Boolean, NotTold, "MultiAZ";
        /// Whether its name leads to a public address
        publicly_accessible: Boolean, NotTold, "PubliclyAccessible";
        /// VPC that the instance is in
        vpc_id: Text, NotTold, "DBSubnetGroup.VpcId";
        /// Whether the storage is encrypted with a KMS key
        storage_encrypted: Boolean, NotTold, "StorageEncrypted";
        /// none, sse-kms or sse-rds
        storage_encryption_type: Text, NotTold, "StorageEncryptionType";
        /// KMS key of the storage
        kms_key_id: Text, Means("no KMS key of the account encrypts it"), "KmsKeyId";
        /// Whether the instance refuses to be deleted
        deletion_protection: Boolean, NotTold, "DeletionProtection";
        /// Whether snapshots get the instance's tags
        copy_tags_to_snapshot: Boolean, NotTold, "CopyTagsToSnapshot";
        /// Logs that are exported to CloudWatch Logs, by name
        log_exports: Json, NotTold, "EnabledCloudwatchLogsExports; an empty list if none is sent";
        /// Whether Secrets Manager keeps and rotates the password of the master user
        password_managed: Boolean, NotTold, "MasterUserSecret is sent";
        /// Cluster that the instance belongs to
        db_cluster_identifier: Text, Means("not a member of a cluster"), "DBClusterIdentifier";
        /// Instance or cluster that this one replicates
        read_replica_source: Text, Means("not a read replica"), "ReadReplicaSourceDBInstanceIdentifier or ReadReplicaSourceDBClusterIdentifier";
        /// Continuous recovery point of AWS Backup that owns the automated backups
        aws_backup_recovery_point_arn: Text, Means("AWS Backup does not manage the automated backups"), "AwsBackupRecoveryPointArn";
        /// ARNs of automated backups replicated to other Regions
        automated_backups_replications: Json, Means("no automated backups are replicated"), "DBInstanceAutomatedBackupsReplications";
        /// Changes that wait for the maintenance window, as the API writes them
        pending_modified_values: Json, Means("nothing is pending"), "PendingModifiedValues";
        /// Tags as an object
        tags: Json, NotTold, "TagList";
    }
}

/// The database instances of a Region.
pub static TABLE: Table = Table {
    name: "rds_instances",
    kind: TableKind::State,
    doc: "One row for each database instance that RDS lists, cluster members of every engine included.",
    columns: DbInstanceRow::COLUMNS,
    key: &["db_instance_arn"],
    parent: None,
    created: None,
    global: false,
    subject: Some(("db_instance_arn", "AWS::RDS::DBInstance")),
};

const DESCRIBE: Operation = Operation { service: "rds", name: "DescribeDBInstances", action: "rds:DescribeDBInstances" };

/// Reads [`TABLE`].
pub(crate) struct RdsInstances;

#[async_trait]
impl Collector for RdsInstances {
    fn tables(&self) -> &'static [&'static Table] {
        const { &[&TABLE] }
    }

    fn operations(&self) -> &'static [Operation] {
        &[DESCRIBE]
    }

    async fn collect(&self, door: &RegionDoor, _unit: &Unit, harvest: &mut Harvest) -> Result<(), ReadError> {
        let mut pages = Pages::of(DESCRIBE.name);
        while pages.more() {
            let request = door.rds().describe_db_instances().max_records(100).set_marker(pages.token());
            let page = request.send().await.map_err(|error| ReadError::from_sdk(DESCRIBE.name, error))?;
            for instance in pages.items(harvest, "DBInstances", page.db_instances)? {
                harvest.push(&TABLE, row(instance));
            }
            pages.follow(page.marker)?;
        }
        Ok(())
    }
}

fn row(instance: DbInstance) -> DbInstanceRow {
    let replications = instance.db_instance_automated_backups_replications;
    DbInstanceRow {
        resource_key: resource_key(instance.db_instance_arn.as_deref()),
        db_instance_arn: instance.db_instance_arn,
        db_instance_identifier: instance.db_instance_identifier,
        dbi_resource_id: instance.dbi_resource_id,
        engine: instance.engine,
        engine_version: instance.engine_version,
        db_instance_class: instance.db_instance_class,
        db_instance_status: instance.db_instance_status,
        instance_create_time: millis(instance.instance_create_time),
        allocated_storage_gib: instance.allocated_storage.map(i64::from),
        backup_retention_period_days: instance.backup_retention_period.map(i64::from),
        preferred_backup_window: instance.preferred_backup_window,
        preferred_maintenance_window: instance.preferred_maintenance_window,
        latest_restorable_time: millis(instance.latest_restorable_time),
        multi_az: instance.multi_az,
        publicly_accessible: instance.publicly_accessible,
        vpc_id: instance.db_subnet_group.and_then(|group| group.vpc_id),
        storage_encrypted: instance.storage_encrypted,
        storage_encryption_type: word(instance.storage_encryption_type),
        kms_key_id: instance.kms_key_id,
        deletion_protection: instance.deletion_protection,
        copy_tags_to_snapshot: instance.copy_tags_to_snapshot,
        log_exports: list(Some(instance.enabled_cloudwatch_logs_exports.unwrap_or_default())),
        password_managed: Some(instance.master_user_secret.is_some()),
        db_cluster_identifier: instance.db_cluster_identifier,
        read_replica_source: instance.read_replica_source_db_instance_identifier.or(instance.read_replica_source_db_cluster_identifier),
        aws_backup_recovery_point_arn: instance.aws_backup_recovery_point_arn,
        automated_backups_replications: list(
            replications.map(|all| all.into_iter().filter_map(|one| one.db_instance_automated_backups_arn).collect()),
        ),
        pending_modified_values: instance.pending_modified_values.map(pending),
        tags: rds_tags(instance.tag_list),
    }
}

/// What waits to be changed, so that whoever applies one change at once can see which others go with it.
fn pending(pending: PendingModifiedValues) -> Json {
    let logs = pending.pending_cloudwatch_logs_exports.map(|logs| {
        sent([
            ("LogTypesToEnable", logs.log_types_to_enable.map(Value::from)),
            ("LogTypesToDisable", logs.log_types_to_disable.map(Value::from)),
        ])
    });
    let feature = |feature: aws_sdk_rds::types::ProcessorFeature| {
        sent([("Name", feature.name.map(Value::from)), ("Value", feature.value.map(Value::from))])
    };
    let volume = |volume: aws_sdk_rds::types::AdditionalStorageVolume| sent([("VolumeName", volume.volume_name.map(Value::from))]);
    json(sent([
        ("AdditionalStorageVolumes", pending.additional_storage_volumes.map(|all| all.into_iter().map(volume).collect())),
        ("AllocatedStorage", pending.allocated_storage.map(Value::from)),
        ("AutomationMode", word(pending.automation_mode).map(Value::from)),
        ("BackupRetentionPeriod", pending.backup_retention_period.map(Value::from)),
        ("CACertificateIdentifier", pending.ca_certificate_identifier.map(Value::from)),
        ("DBInstanceClass", pending.db_instance_class.map(Value::from)),
        ("DBInstanceIdentifier", pending.db_instance_identifier.map(Value::from)),
        ("DedicatedLogVolume", pending.dedicated_log_volume.map(Value::from)),
        ("Engine", pending.engine.map(Value::from)),
        ("EngineVersion", pending.engine_version.map(Value::from)),
        ("IAMDatabaseAuthenticationEnabled", pending.iam_database_authentication_enabled.map(Value::from)),
        ("Iops", pending.iops.map(Value::from)),
        ("LicenseModel", pending.license_model.map(Value::from)),
        ("MultiAZ", pending.multi_az.map(Value::from)),
        ("MultiTenant", pending.multi_tenant.map(Value::from)),
        ("PendingCloudwatchLogsExports", logs),
        ("Port", pending.port.map(Value::from)),
        ("ProcessorFeatures", pending.processor_features.map(|all| all.into_iter().map(feature).collect())),
        ("StorageThroughput", pending.storage_throughput.map(Value::from)),
        ("StorageType", pending.storage_type.map(Value::from)),
    ]))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::collect::test_reads::{rds, read};
    use crate::dataset::rows::Millis;

    const ORDERS: &str = "<DBInstance><DBInstanceArn>arn:aws:rds:eu-west-1:111122223333:db:orders</DBInstanceArn>\
        <DBSubnetGroup><DBSubnetGroupName>inner</DBSubnetGroupName><VpcId>vpc-1</VpcId></DBSubnetGroup>\
        <Engine>postgres</Engine><BackupRetentionPeriod>0</BackupRetentionPeriod><MultiAZ>false</MultiAZ><PubliclyAccessible>false</PubliclyAccessible>\
        <InstanceCreateTime>2026-01-01T00:00:00.500Z</InstanceCreateTime><StorageEncryptionType>sse-kms</StorageEncryptionType>\
        <PendingModifiedValues><BackupRetentionPeriod>7</BackupRetentionPeriod><MasterUserPassword>secret</MasterUserPassword></PendingModifiedValues>\
        <ReadReplicaSourceDBClusterIdentifier>arn:aws:rds:eu-west-1:111122223333:cluster:big</ReadReplicaSourceDBClusterIdentifier>\
        <DBInstanceAutomatedBackupsReplications><DBInstanceAutomatedBackupsReplication>\
        <DBInstanceAutomatedBackupsArn>arn:aws:rds:eu-central-1:111122223333:auto-backup:ab-1</DBInstanceAutomatedBackupsArn>\
        </DBInstanceAutomatedBackupsReplication></DBInstanceAutomatedBackupsReplications>\
        <TagList><Tag><Key>stage</Key><Value>prod</Value></Tag><Tag><Key>empty</Key><Value/></Tag></TagList></DBInstance>";
    const MEMBER: &str = "<DBInstance><DBInstanceArn>arn:aws:rds:eu-west-1:111122223333:db:graph-1</DBInstanceArn><Engine>neptune</Engine>\
        <DBClusterIdentifier>graph</DBClusterIdentifier><PendingModifiedValues/><TagList/></DBInstance>";

    #[tokio::test]
    async fn pages_become_rows_and_what_is_not_sent_stays_null() {
        let replies = [
            rds(DESCRIBE.name, &format!("<DBInstances>{ORDERS}</DBInstances><Marker>2</Marker>")).containing("MaxRecords=100"),
            rds(DESCRIBE.name, "<DBInstances/><Marker>3</Marker>").containing("Marker=2"),
            rds(DESCRIBE.name, &format!("<DBInstances>{MEMBER}<DBInstance><Engine>mysql</Engine></DBInstance></DBInstances>"))
                .containing("Marker=3"),
        ];
        let (result, mut harvest) = read(&RdsInstances, &Unit::REGION, replies).await;
        result.unwrap();
        assert_eq!((harvest.pages(), harvest.items(), harvest.refused().len()), (3, 3, 1), "the instance without ARN is counted");
        let rows: Vec<DbInstanceRow> = harvest.take(&TABLE).rows();
        let text = |json: &Option<Json>| json.clone().map(|json| json.0);
        let told = (rows[0].backup_retention_period_days, rows[0].multi_az, rows[0].publicly_accessible);
        assert_eq!(told, (Some(0), Some(false), Some(false)), "0 and false are told");
        assert_eq!(rows[0].instance_create_time, Some(Millis(1_767_225_600_500)));
        assert_eq!(text(&rows[0].pending_modified_values).as_deref(), Some(r#"{"BackupRetentionPeriod":7}"#), "no password is kept");
        assert_eq!(rows[0].read_replica_source.as_deref(), Some("arn:aws:rds:eu-west-1:111122223333:cluster:big"));
        let replicas = r#"["arn:aws:rds:eu-central-1:111122223333:auto-backup:ab-1"]"#;
        assert_eq!(text(&rows[0].automated_backups_replications).as_deref(), Some(replicas));
        assert_eq!(text(&rows[0].tags).as_deref(), Some(r#"{"empty":"","stage":"prod"}"#));
        assert_eq!((rows[1].backup_retention_period_days, rows[1].multi_az, rows[1].storage_encrypted), (None, None, None));
        assert_eq!(rows[1].publicly_accessible, None);
        assert_eq!((rows[0].vpc_id.as_deref(), rows[1].vpc_id.as_deref()), (Some("vpc-1"), None));
        assert_eq!((rows[1].engine.as_deref(), rows[1].db_cluster_identifier.as_deref()), (Some("neptune"), Some("graph")));
        assert_eq!((text(&rows[1].tags).as_deref(), text(&rows[1].pending_modified_values).as_deref()), (Some("{}"), Some("{}")));
    }

    #[tokio::test]
    async fn tags_that_are_not_sent_are_not_told() {
        let bare =
            "<DBInstances><DBInstance><DBInstanceArn>arn:aws:rds:eu-west-1:111122223333:db:a</DBInstanceArn></DBInstance></DBInstances>";
        let (result, mut harvest) = read(&RdsInstances, &Unit::REGION, [rds(DESCRIBE.name, bare)]).await;
        result.unwrap();
        assert_eq!(harvest.take(&TABLE).rows::<DbInstanceRow>()[0].tags, None);
    }
}
