//! What the collections were told to read. Until a month before the end that was databases and what AWS Backup does, and nothing else.

/// Collections, counted from the newest, that read everything.
const EVERYTHING: usize = 3;

/// The tables that were asked for from the beginning.
const AT_FIRST: [&str; 29] = [
    "backup_jobs",
    "backup_plans",
    "backup_vaults",
    "copy_jobs",
    "documentdb_clusters",
    "frameworks",
    "global_settings",
    "kms_keys",
    "legal_holds",
    "neptune_clusters",
    "plan_copies",
    "plan_rules",
    "protected_resources",
    "rds_automated_backups",
    "rds_clusters",
    "rds_instances",
    "rds_snapshots",
    "recovery_points",
    "region_settings",
    "regions",
    "report_plans",
    "resource_tags",
    "restore_jobs",
    "restore_testing_plans",
    "restore_testing_selections",
    "selections",
    "snapshot_attributes",
    "vault_notifications",
    "vault_policies",
];

/// Whether a collection asked for a table.
pub(crate) fn is_asked(age: usize, table: &str) -> bool {
    age < EVERYTHING || AT_FIRST.contains(&table)
}
