//! Databases of RDS, Aurora, Neptune and `DocumentDB`.
//!
//! DB instances that belong to a cluster are kept with the role `cluster_member`: the cluster holds the data. `DescribeDBInstances` also lists the
//! members of Neptune and `DocumentDB` clusters; they are told apart by engine.

use super::{Resource, Settings, Source, Told, json, role, tags};
use crate::dataset::schema::{Reach, RestsOn};
use crate::facts::{FactError, Inputs};

/// The tables of databases.
pub(super) const SOURCE: Source = Source {
    tables: &["rds_instances", "rds_clusters", "neptune_clusters", "documentdb_clusters"],
    beside: &[],
    arns: &[("rds", "db:"), ("rds", "cluster:")],
    read,
};

/// What the rows of relations with one row a database rest on.
pub(super) const REST_ON: [RestsOn; 4] = [
    RestsOn { table: "rds_instances", reach: Reach::Region },
    RestsOn { table: "rds_clusters", reach: Reach::Region },
    RestsOn { table: "neptune_clusters", reach: Reach::Region },
    RestsOn { table: "documentdb_clusters", reach: Reach::Region },
];

/// States of a database in which nothing is written. Sources: Amazon RDS User Guide, "Viewing Amazon RDS DB instance status"; Aurora User Guide, "Viewing
/// DB cluster status"; Amazon `DynamoDB` API reference, `TableDescription`.
const IDLE: [&str; 8] = ["archived", "archiving", "creating", "deleting", "migrating", "starting", "stopped", "stopping"];
/// States in which it is written to, or is again in a moment. A full storage ends the shipping of logs; that is no excuse for it.
const RUNNING: [&str; 19] = [
    "active",
    "available",
    "backing-up",
    "converting-to-vpc",
    "failing-over",
    "maintenance",
    "modifying",
    "moving-to-vpc",
    "promoting",
    "rebooting",
    "renaming",
    "resetting-master-credentials",
    "scaling-compute",
    "storage-config-upgrade",
    "storage-full",
    "storage-initialization",
    "storage-optimization",
    "updating",
    "upgrading",
];

crate::rows! {
    /// What the population needs of `rds_instances`.
    struct InstanceRow {
        account_id: Text; region: Text; db_instance_arn: Text; db_instance_identifier: Text; engine: Text; db_instance_status: Text;
        instance_create_time_s: Integer; backup_retention_period_days: Integer; latest_restorable_time_s: Integer;
        db_cluster_identifier: Text; read_replica_source: Text; aws_backup_recovery_point_arn: Text; tags: Json; collection: Text;
        deletion_protection: Boolean; copy_tags_to_snapshot: Boolean; preferred_backup_window: Text; preferred_maintenance_window: Text;
        automated_backups_replications: Json; log_exports: Json; password_managed: Boolean;
    }
}

crate::rows! {
    /// What the population needs of the three tables of clusters.
    struct ClusterRow {
        account_id: Text; region: Text; db_cluster_arn: Text; db_cluster_identifier: Text; engine: Text; status: Text;
        cluster_create_time_s: Integer; backup_retention_period_days: Integer; earliest_restorable_time_s: Integer;
        latest_restorable_time_s: Integer; replication_source_identifier: Text; aws_backup_recovery_point_arn: Text; tags: Json; collection: Text;
        deletion_protection: Boolean; copy_tags_to_snapshot: Boolean; preferred_backup_window: Text; preferred_maintenance_window: Text;
        log_exports: Json; password_managed: Boolean;
    }
}

/// Whether a database in this state has changes to ship; `None` if it is none of those that decide it.
pub(super) fn is_running(status: &str) -> Option<bool> {
    let status = status.to_ascii_lowercase();
    let is = |of: &[&str]| of.contains(&status.as_str());
    if is(&IDLE) {
        return Some(false);
    }
    (is(&RUNNING) || status.starts_with("configuring-")).then_some(true)
}

fn read(inputs: &Inputs<'_>) -> Result<Vec<Resource>, FactError> {
    let mut resources = Vec::new();
    for instance in inputs.rows::<InstanceRow>("rds_instances")? {
        resources.push(of_instance(inputs, instance)?);
    }
    for (table, resource_type) in [
        ("rds_clusters", "AWS::RDS::DBCluster"),
        ("neptune_clusters", "AWS::Neptune::DBCluster"),
        ("documentdb_clusters", "AWS::DocDB::DBCluster"),
    ] {
        for cluster in inputs.rows::<ClusterRow>(table)? {
            resources.push(of_cluster(inputs, cluster, table, resource_type)?);
        }
    }
    Ok(resources)
}

fn of_instance(inputs: &Inputs<'_>, row: InstanceRow) -> Result<Resource, FactError> {
    let table = "rds_instances";
    let arn = row.db_instance_arn.unwrap_or_default();
    let replicated_to = json(table, "automated_backups_replications", &arn, row.automated_backups_replications)?;
    let log_exports = json(table, "log_exports", &arn, row.log_exports)?;
    let told = Told {
        table,
        resource_type: "AWS::RDS::DBInstance",
        tags: tags(table, &arn, row.tags)?,
        arn: Some(arn),
        account_id: row.account_id,
        region: row.region,
        name: row.db_instance_identifier,
        engine: row.engine,
        status: row.db_instance_status,
        created_s: row.instance_create_time_s,
        collection: row.collection,
    };
    let mut resource = told.resource(inputs);
    resource.facts.is_cluster_member = row.db_cluster_identifier.is_some();
    resource.role = role(&resource.facts, row.read_replica_source.is_some());
    let settings = Settings {
        deletion_protection: row.deletion_protection,
        copies_tags: row.copy_tags_to_snapshot,
        backup_window: row.preferred_backup_window,
        maintenance_window: row.preferred_maintenance_window,
        replicated_to: replicated_to.unwrap_or_default(),
        log_exports,
        password_managed: row.password_managed,
    };
    Ok(Resource {
        cluster: row.db_cluster_identifier,
        natively: row.backup_retention_period_days.map(|days| days > 0),
        native_retention_days: row.backup_retention_period_days,
        latest_restorable_s: row.latest_restorable_time_s,
        aws_backup_recovery_point_arn: row.aws_backup_recovery_point_arn,
        settings,
        ..resource
    })
}

fn of_cluster(inputs: &Inputs<'_>, row: ClusterRow, table: &'static str, resource_type: &'static str) -> Result<Resource, FactError> {
    let arn = row.db_cluster_arn.unwrap_or_default();
    let log_exports = json(table, "log_exports", &arn, row.log_exports)?;
    let told = Told {
        table,
        resource_type,
        tags: tags(table, &arn, row.tags)?,
        arn: Some(arn),
        account_id: row.account_id,
        region: row.region,
        name: row.db_cluster_identifier,
        engine: row.engine,
        status: row.status,
        created_s: row.cluster_create_time_s,
        collection: row.collection,
    };
    let resource = told.resource(inputs);
    let settings = Settings {
        deletion_protection: row.deletion_protection,
        copies_tags: row.copy_tags_to_snapshot,
        backup_window: row.preferred_backup_window,
        maintenance_window: row.preferred_maintenance_window,
        replicated_to: Vec::new(),
        log_exports,
        password_managed: row.password_managed,
    };
    Ok(Resource {
        role: role(&resource.facts, row.replication_source_identifier.is_some()),
        natively: row.backup_retention_period_days.map(|days| days > 0),
        native_retention_days: row.backup_retention_period_days,
        earliest_restorable_s: row.earliest_restorable_time_s,
        latest_restorable_s: row.latest_restorable_time_s,
        aws_backup_recovery_point_arn: row.aws_backup_recovery_point_arn,
        settings,
        ..resource
    })
}
