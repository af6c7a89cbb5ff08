//! Database clusters: one row per cluster, in three tables by service: RDS (Aurora and Multi-AZ clusters), Neptune, DocumentDB.
//!
//! Calls `DescribeDBClusters`, which lists the clusters of all three. `engine` decides the table; a cluster without one cannot be placed and is
//! counted as refused. Members of Aurora, Neptune and DocumentDB clusters are instances of their own in `rds_instances`.
//!
//! Key: `db_cluster_arn`. `storage_encrypted` is not the truth for Aurora; `storage_encryption_type` is. Clusters shared by other accounts are
//! not listed. Of what is pending, a new password is not copied.

use async_trait::async_trait;
use aws_sdk_rds::types::{ClusterPendingModifiedValues, DbCluster};
use serde_json::Value;

use super::collector::{Collector, Harvest, Operation, ReadError, Unit};
use super::door::RegionDoor;
use super::fields::{json, list, millis, rds_tags, resource_key, sent, word};
use super::pages::Pages;
use crate::dataset::rows::{Json, Row};
use crate::dataset::{Table, TableKind};

crate::rows! {
    /// A database cluster.
    pub struct DbClusterRow {
        /// ARN of the cluster
        db_cluster_arn: Text, Never, "DBClusterArn";
        /// Name of the cluster, unique in its account and Region
        db_cluster_identifier: Text, NotTold, "DBClusterIdentifier";
        /// Id that no other cluster ever has
        db_cluster_resource_id: Text, NotTold, "DbClusterResourceId";
        /// Integer key of the ARN
        resource_key: Integer, NotTold, "key of DBClusterArn";
        /// Engine, such as aurora-postgresql, mysql, neptune or docdb
        engine: Text, Never, "Engine";
        /// provisioned, serverless, …
        engine_mode: Text, NotTold, "EngineMode";
        /// Version of the engine
        engine_version: Text, NotTold, "EngineVersion";
        /// Instance class of all members, for RDS Multi-AZ clusters
        db_cluster_instance_class: Text, Means("members are instances of their own"), "DBClusterInstanceClass";
        /// State, such as available or stopped
        status: Text, NotTold, "Status";
        /// When the cluster was created
        cluster_create_time: Time, Means("still being created"), "ClusterCreateTime";
        /// Days that automated backups are kept
        backup_retention_period_days: Integer, NotTold, "BackupRetentionPeriod";
        /// Daily window of automated backups, hh24:mi-hh24:mi in UTC
        preferred_backup_window: Text, NotTold, "PreferredBackupWindow";
        /// Weekly maintenance window in UTC
        preferred_maintenance_window: Text, NotTold, "PreferredMaintenanceWindow";
        /// Earliest moment that point-in-time recovery can restore
        earliest_restorable_time: Time, NotTold, "EarliestRestorableTime";
        /// Latest moment that point-in-time recovery can restore
        latest_restorable_time: Time, NotTold, "LatestRestorableTime";
        /// Whether members run in several zones
        multi_az: Boolean, NotTold, "MultiAZ";
        /// Whether the storage is encrypted with a KMS key
        storage_encrypted: Boolean, NotTold, "StorageEncrypted";
        /// none, sse-kms or sse-rds
        storage_encryption_type: Text, NotTold, "StorageEncryptionType";
        /// KMS key of the storage
        kms_key_id: Text, Means("no KMS key of the account encrypts it"), "KmsKeyId";
        /// Whether the cluster refuses to be deleted
        deletion_protection: Boolean, NotTold, "DeletionProtection";
        /// Whether snapshots get the cluster's tags
        copy_tags_to_snapshot: Boolean, NotTold, "CopyTagsToSnapshot";
        /// Logs that are exported to CloudWatch Logs, by name
        log_exports: Json, NotTold, "EnabledCloudwatchLogsExports; an empty list if none is sent";
        /// Whether Secrets Manager keeps and rotates the password of the master user
        password_managed: Boolean, NotTold, "MasterUserSecret is sent";
        /// Names of the member instances, in AWS's order
        members: Json, NotTold, "DBClusterMembers.DBInstanceIdentifier";
        /// Seconds that Aurora can turn the cluster back without a restore; 0 says that it cannot
        backtrack_window_s: Integer, NotTold, "BacktrackWindow";
        /// Global database that the cluster belongs to
        global_cluster_identifier: Text, NotTold, "GlobalClusterIdentifier";
        /// Cluster or instance that this one replicates
        replication_source_identifier: Text, Means("not a replica"), "ReplicationSourceIdentifier";
        /// Continuous recovery point of AWS Backup that owns the automated backups
        aws_backup_recovery_point_arn: Text, Means("AWS Backup does not manage the automated backups"), "AwsBackupRecoveryPointArn";
        /// Changes that wait for the maintenance window, as the API writes them
        pending_modified_values: Json, NotTold, "PendingModifiedValues";
        /// Tags as an object
        tags: Json, NotTold, "TagList";
    }
}

/// A table of clusters of one service.
const fn table(name: &'static str, doc: &'static str, subject_type: &'static str) -> Table {
    Table {
        name,
        kind: TableKind::State,
        doc,
        columns: DbClusterRow::COLUMNS,
        key: &["db_cluster_arn"],
        parent: None,
        created: None,
        global: false,
        subject: Some(("db_cluster_arn", subject_type)),
    }
}

/// The Aurora and Multi-AZ clusters of a Region.
pub static RDS: Table = table("rds_clusters", "One row for each Aurora cluster and each RDS Multi-AZ cluster.", "AWS::RDS::DBCluster");
/// The Neptune clusters of a Region.
pub static NEPTUNE: Table = table("neptune_clusters", "One row for each Neptune cluster.", "AWS::Neptune::DBCluster");
/// The DocumentDB clusters of a Region.
pub static DOCUMENTDB: Table = table("documentdb_clusters", "One row for each DocumentDB cluster.", "AWS::DocDB::DBCluster");

const DESCRIBE: Operation = Operation { service: "rds", name: "DescribeDBClusters", action: "rds:DescribeDBClusters" };

/// Reads [`RDS`], [`NEPTUNE`] and [`DOCUMENTDB`].
pub(crate) struct RdsClusters;

#[async_trait]
impl Collector for RdsClusters {
    fn tables(&self) -> &'static [&'static Table] {
        const { &[&RDS, &NEPTUNE, &DOCUMENTDB] }
    }

    fn operations(&self) -> &'static [Operation] {
        &[DESCRIBE]
    }

    async fn collect(&self, door: &RegionDoor, _unit: &Unit, harvest: &mut Harvest) -> Result<(), ReadError> {
        let mut pages = Pages::of(DESCRIBE.name);
        while pages.more() {
            let request = door.rds().describe_db_clusters().max_records(100).set_marker(pages.token());
            let page = request.send().await.map_err(|error| ReadError::from_sdk(DESCRIBE.name, error))?;
            for cluster in pages.items(harvest, "DBClusters", page.db_clusters)? {
                harvest.push(table_of(cluster.engine.as_deref()), row(cluster));
            }
            pages.follow(page.marker)?;
        }
        Ok(())
    }
}

/// The table of an engine. Every other engine is one of RDS's own.
fn table_of(engine: Option<&str>) -> &'static Table {
    match engine {
        Some("neptune") => &NEPTUNE,
        Some("docdb") => &DOCUMENTDB,
        _ => &RDS,
    }
}

fn row(cluster: DbCluster) -> DbClusterRow {
    let members = cluster.db_cluster_members;
    DbClusterRow {
        resource_key: resource_key(cluster.db_cluster_arn.as_deref()),
        db_cluster_arn: cluster.db_cluster_arn,
        db_cluster_identifier: cluster.db_cluster_identifier,
        db_cluster_resource_id: cluster.db_cluster_resource_id,
        engine: cluster.engine,
        engine_mode: cluster.engine_mode,
        engine_version: cluster.engine_version,
        db_cluster_instance_class: cluster.db_cluster_instance_class,
        status: cluster.status,
        cluster_create_time: millis(cluster.cluster_create_time),
        backup_retention_period_days: cluster.backup_retention_period.map(i64::from),
        preferred_backup_window: cluster.preferred_backup_window,
        preferred_maintenance_window: cluster.preferred_maintenance_window,
        earliest_restorable_time: millis(cluster.earliest_restorable_time),
        latest_restorable_time: millis(cluster.latest_restorable_time),
        multi_az: cluster.multi_az,
        storage_encrypted: cluster.storage_encrypted,
        storage_encryption_type: word(cluster.storage_encryption_type),
        kms_key_id: cluster.kms_key_id,
        deletion_protection: cluster.deletion_protection,
        copy_tags_to_snapshot: cluster.copy_tags_to_snapshot,
        log_exports: list(Some(cluster.enabled_cloudwatch_logs_exports.unwrap_or_default())),
        password_managed: Some(cluster.master_user_secret.is_some()),
        members: list(members.map(|all| all.into_iter().filter_map(|member| member.db_instance_identifier).collect())),
        backtrack_window_s: cluster.backtrack_window,
        global_cluster_identifier: cluster.global_cluster_identifier,
        replication_source_identifier: cluster.replication_source_identifier,
        aws_backup_recovery_point_arn: cluster.aws_backup_recovery_point_arn,
        pending_modified_values: cluster.pending_modified_values.map(pending),
        tags: rds_tags(cluster.tag_list),
    }
}

/// What waits to be changed, so that whoever applies one change at once can see which others go with it.
fn pending(pending: ClusterPendingModifiedValues) -> Json {
    let logs = pending.pending_cloudwatch_logs_exports.map(|logs| {
        sent([
            ("LogTypesToEnable", logs.log_types_to_enable.map(Value::from)),
            ("LogTypesToDisable", logs.log_types_to_disable.map(Value::from)),
        ])
    });
    let authority = pending.certificate_details.and_then(|details| details.ca_identifier);
    json(sent([
        ("AllocatedStorage", pending.allocated_storage.map(Value::from)),
        ("BackupRetentionPeriod", pending.backup_retention_period.map(Value::from)),
        ("CAIdentifier", authority.map(Value::from)),
        ("DBClusterIdentifier", pending.db_cluster_identifier.map(Value::from)),
        ("EngineVersion", pending.engine_version.map(Value::from)),
        ("IAMDatabaseAuthenticationEnabled", pending.iam_database_authentication_enabled.map(Value::from)),
        ("Iops", pending.iops.map(Value::from)),
        ("PendingCloudwatchLogsExports", logs),
        ("StorageType", pending.storage_type.map(Value::from)),
    ]))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::collect::test_reads::{rds, read};

    fn cluster(name: &str, inner: &str) -> String {
        format!("<DBCluster><DBClusterArn>arn:aws:rds:eu-west-1:111122223333:cluster:{name}</DBClusterArn>{inner}</DBCluster>")
    }

    #[tokio::test]
    async fn the_engine_decides_the_table() {
        let members = "<DBClusterMembers><DBClusterMember><DBInstanceIdentifier>b</DBInstanceIdentifier></DBClusterMember>\
            <DBClusterMember><DBInstanceIdentifier>a</DBInstanceIdentifier></DBClusterMember></DBClusterMembers>";
        let aurora = cluster(
            "shop",
            &format!(
                "<Engine>aurora-postgresql</Engine><StorageEncrypted>false</StorageEncrypted>\
            <StorageEncryptionType>sse-rds</StorageEncryptionType><BackupRetentionPeriod>7</BackupRetentionPeriod>{members}"
            ),
        );
        let pending = "<PendingModifiedValues><MasterUserPassword>secret</MasterUserPassword><BackupRetentionPeriod>14</BackupRetentionPeriod>\
            <CertificateDetails><CAIdentifier>rds-ca-rsa2048-g1</CAIdentifier></CertificateDetails></PendingModifiedValues>";
        let multi_az = cluster(
            "till",
            &format!(
                "<Engine>mysql</Engine><DBClusterInstanceClass>db.m6gd.large</DBClusterInstanceClass><BacktrackWindow>0</BacktrackWindow>{pending}"
            ),
        );
        let graph = cluster("graph", "<Engine>neptune</Engine>");
        let documents = cluster("documents", "<Engine>docdb</Engine><TagList/>");
        let lost = cluster("lost", "");
        let replies = [
            rds(DESCRIBE.name, &format!("<DBClusters>{aurora}{graph}{lost}</DBClusters><Marker>2</Marker>")),
            rds(DESCRIBE.name, &format!("<DBClusters>{documents}{multi_az}</DBClusters>")).containing("Marker=2"),
        ];
        let (result, mut harvest) = read(&RdsClusters, &Unit::REGION, replies).await;
        result.unwrap();
        assert_eq!((harvest.items(), harvest.refused().len()), (5, 1), "a cluster without engine has no table");
        let rows: Vec<DbClusterRow> = harvest.take(&RDS).rows();
        assert_eq!((rows[0].storage_encrypted, rows[0].storage_encryption_type.as_deref()), (Some(false), Some("sse-rds")));
        assert_eq!(rows[0].members, Some(Json(r#"["b","a"]"#.into())));
        assert_eq!((rows[0].db_cluster_instance_class.as_deref(), rows[0].tags.as_ref()), (None, None));
        assert_eq!((rows.len(), rows[1].db_cluster_instance_class.as_deref()), (2, Some("db.m6gd.large")));
        let pending = r#"{"BackupRetentionPeriod":14,"CAIdentifier":"rds-ca-rsa2048-g1"}"#;
        assert_eq!(rows[1].pending_modified_values, Some(Json(pending.into())), "a new password is not copied");
        assert_eq!(
            (rows[0].pending_modified_values.as_ref(), rows[0].backtrack_window_s, rows[1].backtrack_window_s),
            (None, None, Some(0))
        );
        assert_eq!(harvest.take(&NEPTUNE).len(), 1);
        assert_eq!(harvest.take(&DOCUMENTDB).rows::<DbClusterRow>()[0].tags, Some(Json("{}".into())));
    }
}
