//! The tables that facts read, with the columns they read, declared for tests: facts do not know the collectors.

use crate::dataset::schema::{Absence, Column, ColumnType};
use crate::dataset::{Table, TableKind};

macro_rules! tables {
    ($( $name:ident $kind:ident key [$($key:literal),*] parent $parent:expr, created $created:expr; $($column:ident: $type:ident),* . )*) => {
        pub(super) static TABLES: &[&Table] = &[ $( &Table {
            name: stringify!($name),
            kind: TableKind::$kind,
            doc: "A table.",
            columns: &[ $( Column {
                name: stringify!($column), column_type: ColumnType::$type, absence: Absence::NotTold, source: "AWS", doc: "A column",
            } ),* ],
            key: &[$($key),*],
            parent: $parent,
            created: $created,
            subject: None,
        } ),* ];
    };
}

tables! {
    backup_vaults State key ["backup_vault_arn"] parent None, created None; backup_vault_arn: Text, backup_vault_name: Text.
    backup_plans State key ["backup_plan_arn"] parent None, created None; backup_plan_arn: Text, backup_plan_name: Text.
    plan_rules State key ["backup_plan_arn", "rule_id"] parent Some("backup_plan_arn"), created None;
        backup_plan_arn: Text, rule_id: Text, rule_name: Text, target_backup_vault_name: Text, schedule_expression: Text,
        schedule_expression_timezone: Text, start_window_minutes: Integer, completion_window_minutes: Integer, delete_after_days: Integer,
        move_to_cold_storage_after_days: Integer, enable_continuous_backup: Boolean.
    plan_copies State key ["backup_plan_arn", "rule_id", "destination_backup_vault_arn"] parent Some("backup_plan_arn"), created None;
        backup_plan_arn: Text, rule_id: Text, destination_backup_vault_arn: Text, delete_after_days: Integer,
        move_to_cold_storage_after_days: Integer.
    selections State key ["backup_plan_arn", "selection_id"] parent Some("backup_plan_arn"), created None;
        backup_plan_arn: Text, selection_id: Text, selection_name: Text, resources: Json, not_resources: Json, list_of_tags: Json,
        conditions: Json.
    region_settings State key ["resource_type"] parent None, created None; resource_type: Text, opt_in: Boolean.
    recovery_points Object key ["backup_vault_arn", "recovery_point_arn"] parent Some("backup_vault_arn"), created Some("creation_date");
        backup_vault_arn: Text, recovery_point_arn: Text, resource_arn: Text, resource_key: Integer, resource_type: Text, status: Text,
        creation_date: Time, initiation_date: Time, completion_date: Time, delete_after_days: Integer, delete_at: Time,
        delete_after_event: Text, source_backup_vault_arn: Text, is_parent: Boolean, backup_plan_id: Text.
    backup_jobs History key ["backup_job_id"] parent None, created Some("creation_date");
        backup_job_id: Text, state: Text, resource_arn: Text, resource_key: Integer, backup_vault_arn: Text, recovery_point_arn: Text,
        creation_date: Time, initiation_date: Time, completion_date: Time, delete_after_days: Integer, is_parent: Boolean.
    copy_jobs History key ["copy_job_id"] parent None, created Some("creation_date");
        copy_job_id: Text, state: Text, status_message: Text, resource_arn: Text, resource_key: Integer, source_backup_vault_arn: Text,
        source_recovery_point_arn: Text, destination_backup_vault_arn: Text, destination_recovery_point_arn: Text,
        destination_region: Text, destination_account_id: Text, creation_date: Time, completion_date: Time, is_parent: Boolean,
        parent_job_id: Text.
    rds_instances State key ["db_instance_arn"] parent None, created None;
        db_instance_arn: Text, db_instance_identifier: Text, engine: Text, db_instance_status: Text, instance_create_time: Time,
        backup_retention_period_days: Integer, latest_restorable_time: Time, db_cluster_identifier: Text, read_replica_source: Text,
        aws_backup_recovery_point_arn: Text, tags: Json.
    rds_clusters State key ["db_cluster_arn"] parent None, created None;
        db_cluster_arn: Text, db_cluster_identifier: Text, resource_key: Integer, engine: Text, status: Text, cluster_create_time: Time,
        backup_retention_period_days: Integer, earliest_restorable_time: Time, latest_restorable_time: Time,
        replication_source_identifier: Text, aws_backup_recovery_point_arn: Text, tags: Json.
    neptune_clusters State key ["db_cluster_arn"] parent None, created None;
        db_cluster_arn: Text, db_cluster_identifier: Text, resource_key: Integer, engine: Text, status: Text, cluster_create_time: Time,
        backup_retention_period_days: Integer, earliest_restorable_time: Time, latest_restorable_time: Time,
        replication_source_identifier: Text, aws_backup_recovery_point_arn: Text, tags: Json.
    documentdb_clusters State key ["db_cluster_arn"] parent None, created None;
        db_cluster_arn: Text, db_cluster_identifier: Text, resource_key: Integer, engine: Text, status: Text, cluster_create_time: Time,
        backup_retention_period_days: Integer, earliest_restorable_time: Time, latest_restorable_time: Time,
        replication_source_identifier: Text, aws_backup_recovery_point_arn: Text, tags: Json.
    rds_snapshots Object key ["snapshot_arn"] parent None, created Some("snapshot_create_time");
        snapshot_arn: Text, snapshot_identifier: Text, snapshot_type: Text, resource_arn: Text, resource_key: Integer, status: Text,
        original_snapshot_create_time: Time, snapshot_create_time: Time, source_create_time: Time.
    rds_automated_backups State key ["automated_backup_arn"] parent None, created None;
        automated_backup_arn: Text, source_arn: Text, source_region: Text, resource_key: Integer, status: Text, earliest_time: Time,
        latest_time: Time.
}

/// The table whose rows are the parents of another table's units.
pub(super) fn parents_of(table: &Table) -> Option<&'static str> {
    match table.parent {
        Some("backup_vault_arn") => Some("backup_vaults"),
        Some("backup_plan_arn") => Some("backup_plans"),
        _ => None,
    }
}
