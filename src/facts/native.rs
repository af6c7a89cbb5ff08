//! Native backups of databases: whether the service itself keeps automated backups, and what keeps a database and its snapshots in order.
//!
//! A member of a cluster has no backups of its own, and what is set on it has no effect; its row says so through `role`, and the cluster is judged.
//! Replication and Multi-AZ are availability, not backup.
//!
//! Automated backups go with the database, unless whoever deletes it asks them to stay. Continuous backups of AWS Backup stay, as other recovery points
//! and snapshots by hand do; of an earlier database under the same name they say nothing. Source: Amazon RDS API reference, `DeleteDBInstance`.

use polars::prelude::DataFrame;

use super::objectives::{and, or};
use super::population::{DATABASES_REST_ON, Resource, Role};
use super::{Fact, FactError, Inputs, everywhere};
use crate::dataset::{Relation, Row};

crate::rows! {
    /// Native backups of a database.
    pub struct NativeRow {
        /// ARN of the resource
        subject_arn: Text, Never, "";
        /// AWS resource type
        subject_type: Text, Never, "";
        /// Account
        account_id: Text, Never, "";
        /// Region
        region: Text, Never, "";
        /// `primary`, `replica`, `cluster_member`, `part`, `container` or `restore_test`
        role: Text, NotTold, "";
        /// Type as AWS Backup names it
        backup_type: Text, NotTold, "";
        /// Days that automated backups are kept; 0 is off
        retention_days: Integer, NotTold, "BackupRetentionPeriod";
        /// Whether the database refuses to be deleted
        deletion_protection: Boolean, NotTold, "DeletionProtection";
        /// Whether its snapshots get its tags
        copies_tags: Boolean, NotTold, "CopyTagsToSnapshot";
        /// Latest moment to which it can be restored
        latest_restorable_s: Integer, NotTold, "LatestRestorableTime";
        /// Age of that moment at the moment of judgement
        restorable_age_s: Integer, NotTold, "";
        /// Whether AWS Backup owns the automated backups through a continuous rule
        managed_by_aws_backup: Boolean, Never, "AwsBackupRecoveryPointArn";
        /// Whether something that restores it stays when it is deleted: a recovery point of AWS Backup, or a snapshot that somebody took
        outlived: Boolean, NotTold, "";
        /// Whether any of its logs is exported to CloudWatch Logs
        logs_exported: Boolean, NotTold, "EnabledCloudwatchLogsExports";
        /// Those logs, separated by blanks
        exported_logs: Text, Means("none, or not told"), "EnabledCloudwatchLogsExports";
        /// Whether Secrets Manager keeps and rotates the password of its master user
        password_managed: Boolean, NotTold, "MasterUserSecret";
        /// Where the proof lies
        evidence: Text, Never, "";
    }
}

/// Native backups as a relation.
pub static FACT: Fact = Fact {
    relation: &Relation {
        name: "native_backups",
        doc: "The automated backups of the database services themselves: one row a database.",
        rows_are: "databases",
        columns: NativeRow::COLUMNS,
        rows_rest_on: DATABASES_REST_ON,
        order: &[],
    },
    reads: &[DATABASES_REST_ON, &[everywhere("recovery_points"), everywhere("rds_snapshots")]],
    by_range: false,
    derive,
};

crate::rows! {
    /// What is needed of `recovery_points`.
    struct PointRow { resource_arn: Text; status: Text; is_parent: Boolean; exists: Boolean; creation_date_s: Integer; }
}

crate::rows! {
    /// What is needed of `rds_snapshots`.
    struct SnapshotRow { resource_arn: Text; snapshot_type: Text; status: Text; original_snapshot_create_time_s: Integer; snapshot_create_time_s: Integer; exists: Boolean; }
}

fn derive(inputs: &Inputs<'_>) -> Result<DataFrame, FactError> {
    let as_of_s = inputs.snapshot.as_of_s();
    let databases = inputs.databases()?;
    let staying = staying(inputs, &databases)?;
    let rows = databases.iter().zip(staying).map(|(resource, outlived)| NativeRow {
        subject_arn: Some(resource.arn.clone()),
        subject_type: Some(resource.resource_type.to_owned()),
        account_id: Some(resource.account_id.clone()),
        region: Some(resource.region.clone()),
        role: resource.role.map(|role| role.word().to_owned()),
        backup_type: resource.backup_type().map(str::to_owned),
        retention_days: resource.native_retention_days,
        deletion_protection: resource.settings.deletion_protection,
        copies_tags: resource.settings.copies_tags,
        latest_restorable_s: resource.latest_restorable_s,
        restorable_age_s: resource.latest_restorable_s.map(|latest_s| (as_of_s - latest_s).max(0)),
        managed_by_aws_backup: Some(resource.aws_backup_recovery_point_arn.as_deref().is_some_and(|arn| !arn.is_empty())),
        outlived,
        logs_exported: resource.settings.log_exports.as_ref().map(|logs| !logs.is_empty()),
        exported_logs: resource.settings.log_exports.as_ref().map(|logs| logs.join(" ")).filter(|logs| !logs.is_empty()),
        password_managed: resource.settings.password_managed,
        evidence: Some(resource.evidence.clone()),
    });
    Inputs::frame_of(FACT.relation, rows.collect::<Vec<_>>())
}

/// Whether something that restores each database stays when it is deleted.
fn staying(inputs: &Inputs<'_>, databases: &[Resource]) -> Result<Vec<Option<bool>>, FactError> {
    let all_read = ["recovery_points", "rds_snapshots"].iter().all(|table| inputs.complete_everywhere(table));
    let mut staying = vec![all_read.then_some(false); databases.len()];
    let mut stays = |arn: Option<String>, exists: Option<bool>, made_s: Option<i64>| {
        let index = arn.and_then(|arn| databases.binary_search_by(|resource| resource.arn.cmp(&arn)).ok());
        if let Some(index) = index {
            staying[index] = or(staying[index], and(exists, databases[index].lived_at(made_s)));
        }
    };
    inputs.each::<PointRow>("recovery_points", |point| {
        if matches!(point.status.as_deref(), None | Some("COMPLETED" | "AVAILABLE")) && point.is_parent != Some(true) {
            // Whether one whose status was not told restores anything is not known.
            stays(point.resource_arn, point.exists.filter(|_| point.status.is_some()), point.creation_date_s);
        }
    })?;
    inputs.each::<SnapshotRow>("rds_snapshots", |snapshot| {
        let available = snapshot.status.as_deref().map(|status| status == "available");
        if snapshot.snapshot_type.as_deref() == Some("manual") {
            let made_s = snapshot.original_snapshot_create_time_s.or(snapshot.snapshot_create_time_s);
            stays(snapshot.resource_arn, and(available, snapshot.exists), made_s);
        }
    })?;
    Ok(staying)
}

/// Whether backups of the service itself protect a resource; `None` if not told. A cluster member is protected by its cluster, not by itself.
pub(super) fn protected(resource: &Resource) -> Option<bool> {
    if resource.role == Some(Role::ClusterMember) { Some(false) } else { resource.natively }
}
