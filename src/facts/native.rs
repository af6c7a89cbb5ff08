//! Native backups of databases: whether the service itself keeps automated backups, and what keeps a database and its snapshots in order.
//!
//! A member of a cluster has no backups of its own, and what is set on it has no effect; its row says so through `role`, and the cluster is judged.
//! Replication and Multi-AZ are availability, not backup.

use polars::prelude::DataFrame;

use super::population::{DATABASES_REST_ON, Resource, Role};
use super::{Fact, FactError, Inputs};
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
        /// Where the proof lies
        evidence: Text, Never, "";
    }
}

/// Native backups as a relation.
pub static FACT: Fact = Fact {
    relation: &Relation {
        name: "native_backups",
        doc: "The automated backups of the database services themselves: one row a database.",
        columns: NativeRow::COLUMNS,
        rows_rest_on: DATABASES_REST_ON,
        order: &[],
    },
    reads: &[DATABASES_REST_ON],
    derive,
};

fn derive(inputs: &Inputs<'_>) -> Result<DataFrame, FactError> {
    let as_of_s = inputs.snapshot.as_of_s();
    let databases = inputs.databases()?;
    let rows = databases.iter().map(|resource| NativeRow {
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
        evidence: Some(resource.evidence.clone()),
    });
    Inputs::frame_of(FACT.relation, rows.collect::<Vec<_>>())
}

/// Whether backups of the service itself protect a resource; `None` if not told. A cluster member is protected by its cluster, not by itself.
pub(super) fn protected(resource: &Resource) -> Option<bool> {
    if resource.role == Some(Role::ClusterMember) { Some(false) } else { resource.natively }
}
