//! The tables that facts read, with the columns they read, declared for tests: facts do not know the collectors.

use crate::dataset::schema::{Absence, Column, ColumnType};
use crate::dataset::{Table, TableKind};

macro_rules! tables {
    ($( $name:ident $kind:ident key [$($key:literal),*] parent $parent:expr, created $created:expr; $($column:ident: $type:ident),* . )*) => {
        pub(crate) static TABLES: &[&Table] = &[ $( &Table {
            name: stringify!($name),
            kind: TableKind::$kind,
            doc: "A table.",
            columns: &[ $( Column {
                name: stringify!($column), column_type: ColumnType::$type, absence: Absence::NotTold, source: "AWS", doc: "A column",
            } ),* ],
            key: &[$($key),*],
            parent: $parent,
            created: $created,
            global: false,
            subject: None,
        } ),* ];
    };
}

tables! {
    backup_vaults State key ["backup_vault_arn"] parent None, created None;
        backup_vault_arn: Text, backup_vault_name: Text, vault_type: Text, encryption_key_arn: Text, encryption_key_type: Text, locked: Boolean,
        min_retention_days: Integer, max_retention_days: Integer, lock_date: Time, number_of_recovery_points_count: Integer.
    vault_policies State key ["backup_vault_arn"] parent Some("backup_vault_arn"), created None; backup_vault_arn: Text, policy: Json.
    vault_notifications State key ["backup_vault_arn"] parent Some("backup_vault_arn"), created None;
        backup_vault_arn: Text, sns_topic_arn: Text, events: Json.
    backup_plans State key ["backup_plan_arn"] parent None, created None; backup_plan_arn: Text, backup_plan_name: Text.
    plan_rules State key ["backup_plan_arn", "rule_id"] parent Some("backup_plan_arn"), created None;
        backup_plan_arn: Text, rule_id: Text, rule_name: Text, target_backup_vault_name: Text,
        target_logically_air_gapped_backup_vault_arn: Text, schedule_expression: Text, schedule_expression_timezone: Text, start_window_minutes: Integer, completion_window_minutes: Integer, delete_after_days: Integer,
        move_to_cold_storage_after_days: Integer, delete_after_event: Text, enable_continuous_backup: Boolean.
    plan_copies State key ["backup_plan_arn", "rule_id", "destination_backup_vault_arn"] parent Some("backup_plan_arn"), created None;
        backup_plan_arn: Text, rule_id: Text, destination_backup_vault_arn: Text, delete_after_days: Integer,
        move_to_cold_storage_after_days: Integer.
    selections State key ["backup_plan_arn", "selection_id"] parent Some("backup_plan_arn"), created None;
        backup_plan_arn: Text, selection_id: Text, selection_name: Text, resources: Json, not_resources: Json, list_of_tags: Json,
        conditions: Json, iam_role_arn: Text, creation_date: Time.
    region_settings State key ["resource_type"] parent None, created None; resource_type: Text, opt_in: Boolean.
    recovery_points Object key ["backup_vault_arn", "recovery_point_arn"] parent Some("backup_vault_arn"), created Some("creation_date");
        backup_vault_arn: Text, recovery_point_arn: Text, resource_arn: Text, resource_key: Integer, resource_type: Text, status: Text,
        creation_date: Time, initiation_date: Time, completion_date: Time, delete_after_days: Integer, delete_at: Time,
        delete_after_event: Text, encryption_key_arn: Text, encryption_key_type: Text, is_encrypted: Boolean, source_backup_vault_arn: Text,
        is_parent: Boolean, backup_plan_id: Text, vault_type: Text, parent_recovery_point_arn: Text, backup_size_bytes: Integer,
        move_to_cold_storage_at: Time.
    backup_jobs History key ["backup_job_id"] parent None, created Some("creation_date");
        backup_job_id: Text, state: Text, resource_arn: Text, resource_key: Integer, backup_vault_arn: Text, recovery_point_arn: Text,
        creation_date: Time, initiation_date: Time, completion_date: Time, delete_after_days: Integer, is_parent: Boolean,
        message_category: Text, status_message: Text, parent_job_id: Text, resource_type: Text, backup_plan_arn: Text, backup_rule_id: Text.
    copy_jobs History key ["copy_job_id"] parent None, created Some("creation_date");
        copy_job_id: Text, state: Text, status_message: Text, resource_arn: Text, resource_key: Integer, source_backup_vault_arn: Text,
        source_recovery_point_arn: Text, destination_backup_vault_arn: Text, destination_recovery_point_arn: Text,
        destination_region: Text, destination_account_id: Text, creation_date: Time, completion_date: Time, is_parent: Boolean,
        parent_job_id: Text, resource_type: Text, destination_vault_type: Text, message_category: Text, backup_plan_arn: Text, created_by_backup_job_id: Text.
    restore_jobs History key ["restore_job_id"] parent None, created Some("creation_date");
        restore_job_id: Text, recovery_point_arn: Text, source_resource_arn: Text, resource_type: Text, status: Text, status_message: Text,
        creation_date: Time, completion_date: Time, recovery_point_creation_date: Time, created_resource_arn: Text,
        restore_testing_plan_arn: Text, validation_status: Text, validation_status_message: Text, deletion_status: Text, parent_job_id: Text,
        backup_vault_arn: Text.
    restore_testing_plans State key ["restore_testing_plan_arn"] parent None, created None;
        restore_testing_plan_arn: Text, restore_testing_plan_name: Text, recovery_point_types: Json, include_vaults: Json, exclude_vaults: Json,
        selection_window_days: Integer.
    restore_testing_selections State key ["restore_testing_plan_arn", "restore_testing_selection_name"]
        parent Some("restore_testing_plan_arn"), created None;
        restore_testing_plan_arn: Text, restore_testing_selection_name: Text, protected_resource_type: Text, protected_resource_arns: Json,
        protected_resource_conditions: Json.
    rds_instances State key ["db_instance_arn"] parent None, created None;
        db_instance_arn: Text, db_instance_identifier: Text, engine: Text, db_instance_status: Text, instance_create_time: Time,
        backup_retention_period_days: Integer, latest_restorable_time: Time, storage_encrypted: Boolean, storage_encryption_type: Text,
        kms_key_id: Text, db_cluster_identifier: Text, read_replica_source: Text,
        aws_backup_recovery_point_arn: Text, tags: Json, preferred_backup_window: Text, preferred_maintenance_window: Text,
        deletion_protection: Boolean, copy_tags_to_snapshot: Boolean, automated_backups_replications: Json, log_exports: Json, password_managed: Boolean, publicly_accessible: Boolean, vpc_id: Text.
    rds_clusters State key ["db_cluster_arn"] parent None, created None;
        db_cluster_arn: Text, db_cluster_identifier: Text, resource_key: Integer, engine: Text, status: Text, cluster_create_time: Time,
        backup_retention_period_days: Integer, earliest_restorable_time: Time, latest_restorable_time: Time,
        storage_encrypted: Boolean, storage_encryption_type: Text, kms_key_id: Text, replication_source_identifier: Text, aws_backup_recovery_point_arn: Text, tags: Json,
        preferred_backup_window: Text, preferred_maintenance_window: Text, deletion_protection: Boolean, copy_tags_to_snapshot: Boolean,
        log_exports: Json, password_managed: Boolean.
    neptune_clusters State key ["db_cluster_arn"] parent None, created None;
        db_cluster_arn: Text, db_cluster_identifier: Text, resource_key: Integer, engine: Text, status: Text, cluster_create_time: Time,
        backup_retention_period_days: Integer, earliest_restorable_time: Time, latest_restorable_time: Time,
        storage_encrypted: Boolean, storage_encryption_type: Text, kms_key_id: Text, replication_source_identifier: Text, aws_backup_recovery_point_arn: Text, tags: Json,
        preferred_backup_window: Text, preferred_maintenance_window: Text, deletion_protection: Boolean, copy_tags_to_snapshot: Boolean,
        log_exports: Json, password_managed: Boolean.
    documentdb_clusters State key ["db_cluster_arn"] parent None, created None;
        db_cluster_arn: Text, db_cluster_identifier: Text, resource_key: Integer, engine: Text, status: Text, cluster_create_time: Time,
        backup_retention_period_days: Integer, earliest_restorable_time: Time, latest_restorable_time: Time,
        storage_encrypted: Boolean, storage_encryption_type: Text, kms_key_id: Text, replication_source_identifier: Text, aws_backup_recovery_point_arn: Text, tags: Json,
        preferred_backup_window: Text, preferred_maintenance_window: Text, deletion_protection: Boolean, copy_tags_to_snapshot: Boolean,
        log_exports: Json, password_managed: Boolean.
    dynamodb_tables State key ["table_arn"] parent None, created None;
        table_arn: Text, table_name: Text, table_status: Text, creation_date_time: Time, deletion_protection_enabled: Boolean,
        point_in_time_recovery_status: Text, recovery_period_days: Integer, earliest_restorable_date_time: Time, latest_restorable_date_time: Time.
    data_resource_tags State key ["resource_arn"] parent None, created None; resource_arn: Text, tags: Json.
    s3_buckets State key ["bucket_arn"] parent None, created None;
        bucket_arn: Text, bucket_name: Text, creation_date: Time, versioning_status: Text, lifecycle_rules: Json, replication_rules: Json,
        sse_algorithm: Text, default_encryption_configured: Boolean, tags: Json.
    ebs_volumes State key ["volume_arn"] parent None, created None;
        volume_arn: Text, volume_id: Text, state: Text, create_time: Time, attachments: Json, tags: Json.
    ec2_instances State key ["instance_arn"] parent None, created None;
        instance_arn: Text, instance_id: Text, state: Text, tags: Json, block_device_mappings: Json.
    dlm_policies State key ["policy_arn"] parent None, created None;
        policy_arn: Text, state: Text, policy_type: Text, default_policy: Boolean, resource_types: Json, resource_locations: Json, target_tags: Json, exclusions: Json.
    efs_file_systems State key ["file_system_arn"] parent None, created None;
        file_system_arn: Text, file_system_id: Text, name: Text, creation_time: Time, life_cycle_state: Text,
        replication_overwrite_protection: Text, tags: Json.
    fsx_file_systems State key ["file_system_arn"] parent None, created None;
        file_system_arn: Text, file_system_id: Text, file_system_type: Text, deployment_type: Text, lifecycle: Text, creation_time: Time,
        automatic_backup_retention_days: Integer, tags: Json.
    fsx_volumes State key ["volume_arn"] parent None, created None;
        volume_arn: Text, name: Text, volume_type: Text, file_system_id: Text, lifecycle: Text, creation_time: Time, ontap_volume_type: Text,
        storage_virtual_machine_root: Boolean, tags: Json.
    elasticache_groups State key ["cache_arn"] parent None, created None;
        cache_arn: Text, cache_name: Text, kind: Text, engine: Text, status: Text, create_time: Time, snapshot_retention_limit_days: Integer.
    redshift_clusters State key ["cluster_arn"] parent None, created None;
        cluster_arn: Text, cluster_identifier: Text, cluster_status: Text, cluster_create_time: Time,
        automated_snapshot_retention_period_days: Integer, tags: Json.
    protected_resources State key ["resource_arn"] parent None, created None;
        resource_arn: Text, resource_type: Text, last_backup_time: Time.
    cloudtrail_events History key ["event_id"] parent Some("event_name"), created Some("event_time");
        event_id: Text, event_name: Text, event_source: Text, event_time: Time, event_type: Text, error_code: Text, actor_arn: Text,
        invoked_by: Text, source_ip_address: Text, resources: Json, request_parameters: Json, service_event_details: Json.
    rds_snapshots Object key ["snapshot_arn"] parent None, created Some("snapshot_create_time");
        snapshot_arn: Text, snapshot_identifier: Text, snapshot_type: Text, resource_arn: Text, resource_key: Integer, status: Text,
        original_snapshot_create_time: Time, snapshot_create_time: Time, source_create_time: Time, encrypted: Boolean, storage_encryption_type: Text, kms_key_id: Text.
    rds_automated_backups State key ["automated_backup_arn"] parent None, created None;
        automated_backup_arn: Text, source_arn: Text, source_region: Text, resource_key: Integer, status: Text, earliest_time: Time,
        latest_time: Time, backup_retention_period_days: Integer, kms_key_id: Text, aws_backup_recovery_point_arn: Text.
    dynamodb_backups Object key ["backup_arn"] parent None, created Some("backup_creation_date_time");
        backup_arn: Text, table_arn: Text, backup_type: Text, backup_creation_date_time: Time.
    redshift_snapshots Object key ["snapshot_arn"] parent None, created Some("snapshot_create_time");
        snapshot_arn: Text, resource_arn: Text, snapshot_create_time: Time.
    elasticache_snapshots Object key ["snapshot_arn"] parent None, created Some("snapshot_create_time");
        snapshot_arn: Text, resource_arn: Text, snapshot_create_time: Time.
    fsx_backups Object key ["backup_arn"] parent None, created Some("creation_time");
        backup_arn: Text, resource_arn: Text, backup_type: Text, creation_time: Time.
    snapshot_attributes State key ["snapshot_arn"] parent Some("snapshot_arn"), created None;
        snapshot_arn: Text, is_cluster_snapshot: Boolean, public: Boolean, shared_with: Json, shared_with_count: Integer.
    kms_keys State key ["asked_key"] parent Some("asked_key"), created None;
        asked_key: Text, key_arn: Text, key_account_id: Text, key_state: Text, key_manager: Text, key_origin: Text, key_usage: Text, key_spec: Text,
        multi_region: Boolean, creation_date: Time, deletion_date: Time, valid_to: Time, rotation_enabled: Boolean,
        rotation_period_days: Integer, rotation_applies: Boolean.
    legal_holds State key ["legal_hold_arn"] parent None, created None;
        legal_hold_arn: Text, legal_hold_id: Text, title: Text, status: Text, vault_names: Json, resource_identifiers: Json, from_date: Time,
        to_date: Time, creation_date: Time, cancellation_date: Time.
    ebs_snapshots Object key ["snapshot_arn"] parent None, created Some("start_time");
        snapshot_arn: Text, volume_id: Text, start_time: Time, tags: Json.
    ebs_settings State key [] parent None, created None; snapshot_block_public_access: Text, encryption_by_default: Boolean.
    trails State key ["trail_arn"] parent None, created None;
        trail_arn: Text, trail_name: Text, is_home: Boolean, is_logging: Boolean, s3_bucket_name: Text, latest_delivery_time: Time,
        latest_delivery_error: Text, latest_digest_delivery_error: Text, start_logging_time: Time, event_selectors: Json,
        advanced_event_selectors: Json.
    config_recorders State key ["configuration_recorder_name"] parent None, created None;
        configuration_recorder_name: Text, recording: Boolean, last_status: Text, all_supported: Boolean, recording_strategy: Text,
        resource_types: Json, exclusion_resource_types: Json.
    event_rules State key ["rule_arn"] parent None, created None;
        rule_arn: Text, state: Text, event_pattern: Json, targets_asked: Boolean, targets: Json.
    alarms State key ["alarm_arn"] parent None, created None;
        alarm_arn: Text, namespace: Text, metric_name: Text, metrics: Json, dimensions: Json, statistic: Text, evaluation_periods: Integer,
        datapoints_to_alarm: Integer, threshold: Text, comparison_operator: Text, treat_missing_data: Text, actions_enabled: Boolean, alarm_actions: Json.
    report_plans State key ["report_plan_arn"] parent None, created None; report_plan_arn: Text, regions: Json, accounts: Json, deployment_status: Text.
    org_effective_policies State key ["policy_type"] parent None, created None; policy_type: Text, policy_content: Json.
    secrets State key ["secret_arn"] parent None, created None;
        secret_arn: Text, secret_name: Text, deleted_date: Time, primary_region: Text, described: Boolean, replication_status: Json.
    topics State key ["topic_arn"] parent Some("topic_arn"), created None;
        topic_arn: Text, topic_exists: Boolean, policy: Json, kms_master_key_id: Text, fifo_topic: Boolean, subscriptions_confirmed_count: Integer,
        subscriptions: Json.
    iam_principals State key ["principal_arn"] parent None, created None;
        principal_arn: Text, principal_kind: Text, principal_name: Text, trust_policy: Json, attached_policy_arns: Json, inline_policy_names: Json,
        group_names: Json, permissions_boundary_arn: Text.
    iam_policies State key ["owner_arn", "policy_name"] parent None, created None;
        owner_arn: Text, policy_name: Text, policy_kind: Text, document: Json.
    organization State key ["organization_arn"] parent None, created None;
        organization_arn: Text, organization_id: Text, feature_set: Text, is_management_account: Boolean.
    org_policies State key ["policy_arn"] parent None, created None; policy_arn: Text, policy_type: Text, content: Json, targets: Json.
    scan_jobs History key ["scan_job_id"] parent None, created Some("creation_date");
        scan_job_id: Text, state: Text, scan_result_status: Text, recovery_point_arn: Text, resource_arn: Text, creation_date: Time,
        completion_date: Time, scan_mode: Text, scan_base_recovery_point_arn: Text.
}

/// The table whose rows are the parents of another table's units; a key is asked for by itself, events by their name.
pub(crate) fn parents_of(table: &Table) -> Option<&'static str> {
    match table.parent {
        Some("backup_vault_arn") => Some("backup_vaults"),
        Some("backup_plan_arn") => Some("backup_plans"),
        Some("asked_key") => Some("kms_keys"),
        Some("topic_arn") => Some("topics"),
        Some("event_name") => Some("cloudtrail_events"),
        Some("snapshot_arn") => Some("rds_snapshots"),
        Some("restore_testing_plan_arn") => Some("restore_testing_plans"),
        _ => None,
    }
}
