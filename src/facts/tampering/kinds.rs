//! The kinds of events that weaken backups. Of some it is in what was asked for whether they do: `requests` looks at it.
//!
//! Not here, although such calls can weaken: policies of vaults and keys, locks of vaults, Object Lock, shorter retention. What they were before is not in
//! the event, and `drift` compares what was read.

pub(super) const BACKUP: &str = "backup.amazonaws.com";
pub(super) const RDS: &str = "rds.amazonaws.com";
pub(super) const EC2: &str = "ec2.amazonaws.com";
pub(super) const S3: &str = "s3.amazonaws.com";
pub(super) const DYNAMODB: &str = "dynamodb.amazonaws.com";
pub(super) const CLOUDTRAIL: &str = "cloudtrail.amazonaws.com";
const KMS: &str = "kms.amazonaws.com";

/// A kind of event.
#[derive(Debug)]
pub(super) struct Kind {
    /// The word in the relation.
    pub(super) word: &'static str,
    /// Whether it counts whoever did it: some harm is done by AWS itself.
    pub(super) whoever: bool,
    /// Service and name.
    pub(super) events: &'static [(&'static str, &'static str)],
}

/// The kind that counts only where a selection goes by the tag.
pub(super) const REMOVES_TAGS: &str = "tags_removed";

/// The event that removes all tags and names none.
pub(super) const REMOVES_ALL: &str = "DeleteBucketTagging";

/// The event that puts a set of tags in the place of all that were there.
pub(super) const REPLACES_ALL: &str = "PutBucketTagging";

/// The events that set tags, and so may change one.
pub(super) const SETS_TAGS: [&str; 5] = ["AddTagsToResource", "CreateTags", REPLACES_ALL, "TagResource", "TagResources"];

/// Every kind, sorted by its word. A kind that is put here needs a rule that looks at it.
pub(super) static KINDS: [Kind; 9] = [
    Kind {
        word: "guards_lifted",
        whoever: false,
        events: &[
            (BACKUP, "CancelLegalHold"),
            (BACKUP, "DeleteBackupVault"),
            (BACKUP, "DeleteBackupVaultAccessPolicy"),
            (BACKUP, "DeleteBackupVaultLockConfiguration"),
            (BACKUP, "DeleteBackupVaultNotifications"),
            (BACKUP, "DisassociateBackupVaultMpaApprovalTeam"),
            (EC2, "DisableSnapshotBlockPublicAccess"),
            (EC2, "UnlockSnapshot"),
            ("rbin.amazonaws.com", "DeleteRule"),
            ("rbin.amazonaws.com", "UnlockRule"),
        ],
    },
    Kind { word: "jobs_stopped", whoever: false, events: &[(BACKUP, "StopBackupJob")] },
    Kind { word: "lifecycles_changed", whoever: false, events: &[(BACKUP, "UpdateRecoveryPointLifecycle")] },
    Kind {
        word: "log_stopped",
        whoever: false,
        events: &[
            (CLOUDTRAIL, "DeleteTrail"),
            (CLOUDTRAIL, "PutEventSelectors"),
            (CLOUDTRAIL, "StopLogging"),
            (CLOUDTRAIL, "UpdateTrail"),
            ("config.amazonaws.com", "DeleteConfigurationRecorder"),
            ("config.amazonaws.com", "DeleteDeliveryChannel"),
            ("config.amazonaws.com", "StopConfigurationRecorder"),
        ],
    },
    Kind {
        word: "plans_removed",
        whoever: true,
        events: &[
            (BACKUP, "BackupSelectionDeletedDueToSLRDeletion"),
            (BACKUP, "DeleteBackupPlan"),
            (BACKUP, "DeleteBackupSelection"),
            (BACKUP, "DeleteFramework"),
            (BACKUP, "DeleteReportPlan"),
            (BACKUP, "DeleteRestoreTestingPlan"),
            (BACKUP, "DeleteRestoreTestingSelection"),
            ("dlm.amazonaws.com", "DeleteLifecyclePolicy"),
            (RDS, "StopDBInstanceAutomatedBackupsReplication"),
            (S3, "DeleteBucketReplication"),
        ],
    },
    Kind {
        word: "points_deleted",
        whoever: false,
        events: &[(BACKUP, "DeleteRecoveryPoint"), (BACKUP, "DisassociateRecoveryPoint"), (BACKUP, "DisassociateRecoveryPointFromParent")],
    },
    Kind {
        word: "protection_weakened",
        whoever: false,
        events: &[
            (BACKUP, "UpdateRegionSettings"),
            (DYNAMODB, "UpdateContinuousBackups"),
            (EC2, "DisableImage"),
            (KMS, "DeleteImportedKeyMaterial"),
            (KMS, "DisableKey"),
            (KMS, "ScheduleKeyDeletion"),
            (RDS, "ModifyDBCluster"),
            (RDS, "ModifyDBInstance"),
            (S3, "PutBucketVersioning"),
        ],
    },
    Kind {
        word: "snapshots_deleted",
        whoever: false,
        events: &[
            (RDS, "DeleteDBSnapshot"),
            (RDS, "DeleteDBClusterSnapshot"),
            (RDS, "DeleteDBInstanceAutomatedBackup"),
            (RDS, "DeleteDBClusterAutomatedBackup"),
            (DYNAMODB, "DeleteBackup"),
            ("fsx.amazonaws.com", "DeleteBackup"),
            (EC2, "DeleteSnapshot"),
            (EC2, "DeregisterImage"),
            ("elasticache.amazonaws.com", "DeleteSnapshot"),
            ("elasticache.amazonaws.com", "DeleteServerlessCacheSnapshot"),
            ("redshift.amazonaws.com", "DeleteClusterSnapshot"),
        ],
    },
    Kind {
        word: REMOVES_TAGS,
        whoever: false,
        events: &[
            (RDS, "AddTagsToResource"),
            (RDS, "RemoveTagsFromResource"),
            (DYNAMODB, "TagResource"),
            (DYNAMODB, "UntagResource"),
            (S3, REMOVES_ALL),
            (S3, REPLACES_ALL),
            (EC2, "CreateTags"),
            (EC2, "DeleteTags"),
            ("elasticfilesystem.amazonaws.com", "TagResource"),
            ("elasticfilesystem.amazonaws.com", "UntagResource"),
            ("fsx.amazonaws.com", "TagResource"),
            ("fsx.amazonaws.com", "UntagResource"),
            ("redshift.amazonaws.com", "CreateTags"),
            ("redshift.amazonaws.com", "DeleteTags"),
            ("tagging.amazonaws.com", "TagResources"),
            ("tagging.amazonaws.com", "UntagResources"),
        ],
    },
];
