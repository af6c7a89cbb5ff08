//! The actions that harm backups or what they back up, with the ARNs of what they work on.
//!
//! Source: Service Authorization Reference, "Actions, resources, and condition keys" of each service.

use super::rights::Action;

/// ARNs of recovery points: those of AWS Backup's own, and those of the services that keep them. `{p}` is the partition, `{a}` the account.
const POINTS: &[&str] = &[
    "arn:{p}:backup:*:{a}:recovery-point:*",
    "arn:{p}:ec2:*::snapshot/*",
    "arn:{p}:ec2:*::image/*",
    "arn:{p}:rds:*:{a}:snapshot:*",
    "arn:{p}:rds:*:{a}:cluster-snapshot:*",
    "arn:{p}:dynamodb:*:{a}:table/*/backup/*",
    "arn:{p}:fsx:*:{a}:backup/*",
    "arn:{p}:redshift:*:{a}:snapshot:*",
];

const SNAPSHOTS: &[(&str, &[&str])] = &[
    ("rds:DeleteDBSnapshot", &["arn:{p}:rds:*:{a}:snapshot:*"]),
    ("rds:DeleteDBClusterSnapshot", &["arn:{p}:rds:*:{a}:cluster-snapshot:*"]),
    ("rds:DeleteDBInstanceAutomatedBackup", &["arn:{p}:rds:*:{a}:auto-backup:*"]),
    ("rds:DeleteDBClusterAutomatedBackup", &["arn:{p}:rds:*:{a}:cluster-auto-backup:*"]),
    ("ec2:DeleteSnapshot", &["arn:{p}:ec2:*::snapshot/*"]),
    ("ec2:DeregisterImage", &["arn:{p}:ec2:*::image/*"]),
    ("dynamodb:DeleteBackup", &["arn:{p}:dynamodb:*:{a}:table/*/backup/*"]),
    ("redshift:DeleteClusterSnapshot", &["arn:{p}:redshift:*:{a}:snapshot:*"]),
    ("redshift-serverless:DeleteSnapshot", &["arn:{p}:redshift-serverless:*:{a}:snapshot/*"]),
    ("elasticache:DeleteSnapshot", &["arn:{p}:elasticache:*:{a}:snapshot:*"]),
    ("elasticache:DeleteServerlessCacheSnapshot", &["arn:{p}:elasticache:*:{a}:serverlesscachesnapshot:*"]),
    ("fsx:DeleteBackup", &["arn:{p}:fsx:*:{a}:backup/*"]),
];

/// What is backed up. A bucket is versioned if AWS Backup backs it up: `s3:DeleteObject` leaves its versions.
const SOURCES: &[(&str, &[&str])] = &[
    ("rds:DeleteDBInstance", &["arn:{p}:rds:*:{a}:db:*"]),
    ("rds:DeleteDBCluster", &["arn:{p}:rds:*:{a}:cluster:*"]),
    ("dynamodb:DeleteTable", &["arn:{p}:dynamodb:*:{a}:table/*"]),
    ("s3:DeleteBucket", &["arn:{p}:s3:::*"]),
    ("s3:DeleteObjectVersion", &["arn:{p}:s3:::*/*"]),
    ("ec2:DeleteVolume", &["arn:{p}:ec2:*:{a}:volume/*"]),
    ("ec2:TerminateInstances", &["arn:{p}:ec2:*:{a}:instance/*"]),
    ("elasticfilesystem:DeleteFileSystem", &["arn:{p}:elasticfilesystem:*:{a}:file-system/*"]),
    ("elasticache:DeleteReplicationGroup", &["arn:{p}:elasticache:*:{a}:replicationgroup:*"]),
    ("elasticache:DeleteCacheCluster", &["arn:{p}:elasticache:*:{a}:cluster:*"]),
    ("elasticache:DeleteServerlessCache", &["arn:{p}:elasticache:*:{a}:serverlesscache:*"]),
    ("redshift:DeleteCluster", &["arn:{p}:redshift:*:{a}:cluster:*"]),
    ("redshift-serverless:DeleteNamespace", &["arn:{p}:redshift-serverless:*:{a}:namespace/*"]),
    ("fsx:DeleteFileSystem", &["arn:{p}:fsx:*:{a}:file-system/*"]),
];

const PLANS: &[(&str, &[&str])] = &[
    ("backup:UpdateBackupPlan", &["arn:{p}:backup:*:{a}:backup-plan:*"]),
    ("backup:DeleteBackupPlan", &["arn:{p}:backup:*:{a}:backup-plan:*"]),
];

const KEYS: &[(&str, &[&str])] =
    &[("kms:ScheduleKeyDeletion", &["arn:{p}:kms:*:{a}:key/*"]), ("kms:DisableKey", &["arn:{p}:kms:*:{a}:key/*"])];

/// The actions, for an account.
#[derive(Clone, Debug)]
pub(super) struct Actions {
    /// What ends the lives of points.
    pub(super) points: Vec<Action>,
    pub(super) update_lifecycle: Action,
    pub(super) snapshots: Vec<Action>,
    pub(super) sources: Vec<Action>,
    pub(super) plans: Vec<Action>,
    pub(super) keys: Vec<Action>,
}

impl Actions {
    /// Those on what an account has.
    pub(super) fn of(partition: &str, account_id: &str) -> Self {
        let shape = |shape: &&str| shape.replace("{p}", partition).replace("{a}", account_id);
        let action = |name: &'static str, shapes: &[&str]| Action { name, shapes: shapes.iter().map(shape).collect() };
        let all = |listed: &[(&'static str, &[&str])]| listed.iter().map(|(name, shapes)| action(name, shapes)).collect();
        let update_lifecycle = action("backup:UpdateRecoveryPointLifecycle", POINTS);
        Self {
            points: vec![action("backup:DeleteRecoveryPoint", POINTS), update_lifecycle.clone()],
            update_lifecycle,
            snapshots: all(SNAPSHOTS),
            sources: all(SOURCES),
            plans: all(PLANS),
            keys: all(KEYS),
        }
    }
}
