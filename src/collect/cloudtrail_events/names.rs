//! The kinds of events that are asked for, the services they are meant of, and why.
//!
//! `LookupEvents` takes one name and no service, and several services have operations of the same name. All of them are kept, so that what a read
//! covers does not depend on this list: a service that is added to it later was covered before. What a plan does night after night (a job began, a
//! point was made) is not here: AWS Backup's own lists tell it.

use std::collections::BTreeSet;

const BACKUP: &str = "backup.amazonaws.com";
const RDS: &str = "rds.amazonaws.com";
const DYNAMODB: &str = "dynamodb.amazonaws.com";
const S3: &str = "s3.amazonaws.com";
const EC2: &str = "ec2.amazonaws.com";
const EFS: &str = "elasticfilesystem.amazonaws.com";
const FSX: &str = "fsx.amazonaws.com";
const ELASTICACHE: &str = "elasticache.amazonaws.com";
const REDSHIFT: &str = "redshift.amazonaws.com";
const KMS: &str = "kms.amazonaws.com";
const IAM: &str = "iam.amazonaws.com";

/// Service, what its events say about backups, and their names.
#[rustfmt::skip]
static KINDS: &[(&str, &str, &[&str])] = &[
    (BACKUP, "backups are deleted, kept shorter or let go", &[
        "DeleteRecoveryPoint", "DisassociateRecoveryPoint", "DisassociateRecoveryPointFromParent", "UpdateRecoveryPointLifecycle", "BackupDeleted",
        "CancelLegalHold", "StopBackupJob",
    ]),
    (BACKUP, "a vault loses what guards it, or goes", &[
        "DeleteBackupVault", "PutBackupVaultLockConfiguration", "DeleteBackupVaultLockConfiguration", "PutBackupVaultAccessPolicy",
        "DeleteBackupVaultAccessPolicy", "PutBackupVaultNotifications", "DeleteBackupVaultNotifications", "AssociateBackupVaultMpaApprovalTeam",
        "DisassociateBackupVaultMpaApprovalTeam", "RevokeRestoreAccessBackupVault", "RestoreAccessBackupVaultDeleted",
    ]),
    (BACKUP, "what is to be backed up changes", &[
        "CreateBackupPlan", "UpdateBackupPlan", "DeleteBackupPlan", "CreateBackupSelection", "DeleteBackupSelection",
        "BackupSelectionDeletedDueToSLRDeletion", "UpdateRegionSettings", "UpdateGlobalSettings",
    ]),
    (BACKUP, "controls and tests of restores end", &[
        "DeleteFramework", "UpdateFramework", "DeleteReportPlan", "DeleteRestoreTestingPlan", "UpdateRestoreTestingPlan",
        "DeleteRestoreTestingSelection",
    ]),
    (BACKUP, "evidence that somebody restored, validated, copied or held by hand", &[
        "StartRestoreJob", "RestoreCompleted", "PutRestoreValidationResult", "StartBackupJob", "StartCopyJob", "CreateLegalHold",
    ]),
    (RDS, "native backups are deleted, kept shorter or shared", &[
        "ModifyDBInstance", "ModifyDBCluster", "DeleteDBSnapshot", "DeleteDBClusterSnapshot", "DeleteDBInstanceAutomatedBackup",
        "DeleteDBClusterAutomatedBackup", "StopDBInstanceAutomatedBackupsReplication", "ModifyDBSnapshotAttribute",
        "ModifyDBClusterSnapshotAttribute",
    ]),
    (RDS, "databases come and go", &[
        "CreateDBInstance", "CreateDBCluster", "DeleteDBInstance", "DeleteDBCluster", "RestoreDBInstanceFromDBSnapshot",
        "RestoreDBInstanceToPointInTime", "RestoreDBInstanceFromS3", "RestoreDBClusterFromSnapshot", "RestoreDBClusterToPointInTime",
        "RestoreDBClusterFromS3",
    ]),
    (RDS, "tags, which choose what is backed up", &["AddTagsToResource", "RemoveTagsFromResource"]),
    (DYNAMODB, "tables, their backups and their recovery to a point in time", &[
        "UpdateContinuousBackups", "DeleteBackup", "CreateTable", "DeleteTable", "RestoreTableFromBackup", "RestoreTableToPointInTime",
    ]),
    (DYNAMODB, "tags, which choose what is backed up", &["TagResource", "UntagResource"]),
    // The names of some events of S3 are not those of the operations; where sources differ, both are asked for.
    (S3, "versions, replicas and locks of objects", &[
        "PutBucketVersioning", "PutBucketLifecycle", "PutBucketLifecycleConfiguration", "DeleteBucketLifecycle", "PutBucketReplication",
        "DeleteBucketReplication", "PutBucketObjectLockConfiguration", "PutObjectLockConfiguration",
    ]),
    (S3, "buckets come and go, and their tags", &["CreateBucket", "DeleteBucket", "PutBucketTagging", "DeleteBucketTagging"]),
    (EC2, "snapshots and images are deleted, shared or unlocked", &[
        "DeleteSnapshot", "ModifySnapshotAttribute", "DeregisterImage", "DisableImage", "DisableSnapshotBlockPublicAccess", "UnlockSnapshot",
    ]),
    (EC2, "instances and volumes come and go", &["RunInstances", "TerminateInstances", "CreateVolume", "DeleteVolume"]),
    (EC2, "tags, which choose what is backed up", &["CreateTags", "DeleteTags"]),
    (EFS, "file systems, their automatic backups and tags", &[
        "CreateFileSystem", "DeleteFileSystem", "PutBackupPolicy", "TagResource", "UntagResource",
    ]),
    (FSX, "file systems, their backups and tags", &[
        "CreateFileSystem", "CreateFileSystemFromBackup", "UpdateFileSystem", "DeleteFileSystem", "DeleteBackup", "TagResource", "UntagResource",
    ]),
    (ELASTICACHE, "caches and their snapshots", &[
        "CreateReplicationGroup", "ModifyReplicationGroup", "DeleteReplicationGroup", "CreateCacheCluster", "DeleteCacheCluster",
        "CreateServerlessCache", "ModifyServerlessCache", "DeleteServerlessCache", "DeleteSnapshot", "DeleteServerlessCacheSnapshot",
        "AddTagsToResource", "RemoveTagsFromResource",
    ]),
    (REDSHIFT, "clusters, their snapshots and tags", &[
        "CreateCluster", "ModifyCluster", "DeleteCluster", "RestoreFromClusterSnapshot", "DeleteClusterSnapshot", "CreateTags", "DeleteTags",
    ]),
    ("secretsmanager.amazonaws.com", "secrets come and go", &["CreateSecret", "DeleteSecret", "RemoveRegionsFromReplication"]),
    ("tagging.amazonaws.com", "tags, which choose what is backed up", &["TagResources", "UntagResources"]),
    (KMS, "keys without which no backup can be read", &[
        "ScheduleKeyDeletion", "CancelKeyDeletion", "DisableKey", "PutKeyPolicy", "RevokeGrant", "DeleteImportedKeyMaterial",
    ]),
    (IAM, "the role of backups, and who may harm them; logged in one Region of the partition only", &[
        "DetachRolePolicy", "DeleteRolePolicy", "PutRolePolicy", "DeleteRole", "UpdateAssumeRolePolicy", "PutRolePermissionsBoundary",
        "DeleteRolePermissionsBoundary", "CreatePolicyVersion", "SetDefaultPolicyVersion", "DeleteServiceLinkedRole",
    ]),
    ("organizations.amazonaws.com", "policies above accounts; logged in one Region of the partition only", &[
        "DetachPolicy", "DeletePolicy", "UpdatePolicy", "DisablePolicyType", "RegisterDelegatedAdministrator", "DeregisterDelegatedAdministrator",
        "LeaveOrganization",
    ]),
    ("cloudtrail.amazonaws.com", "the log itself", &["StopLogging", "DeleteTrail", "UpdateTrail", "PutEventSelectors"]),
    ("config.amazonaws.com", "the record of configurations", &[
        "StopConfigurationRecorder", "DeleteConfigurationRecorder", "DeleteDeliveryChannel", "DeleteConfigRule",
    ]),
    ("dlm.amazonaws.com", "policies of snapshots", &["CreateLifecyclePolicy", "UpdateLifecyclePolicy", "DeleteLifecyclePolicy"]),
    ("rbin.amazonaws.com", "how long deleted snapshots can be had back", &["DeleteRule", "UpdateRule", "UnlockRule"]),
];

/// Every name once, sorted.
pub(super) fn names() -> BTreeSet<&'static str> {
    KINDS.iter().flat_map(|(_, _, names)| *names).copied().collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_name_is_there_once_for_its_service_and_only_changes_are() {
        let mut seen = BTreeSet::new();
        for (source, why, names) in KINDS {
            assert!(source.ends_with(".amazonaws.com") && !why.is_empty(), "{source}");
            for name in *names {
                assert!(seen.insert((source, name)), "{source} {name}");
                assert!(!["Describe", "Get", "List", "Lookup"].iter().any(|verb| name.starts_with(verb)), "{name} only reads");
            }
        }
        assert!(names().len() < 160, "each name is a request in each Region, at two a second");
    }
}
