//! The kinds of events that weaken backups.

const BACKUP: &str = "backup.amazonaws.com";
const RDS: &str = "rds.amazonaws.com";
const EC2: &str = "ec2.amazonaws.com";
const S3: &str = "s3.amazonaws.com";

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

/// Every kind, sorted by its word. A kind that is put here needs a rule that looks at it.
pub(super) static KINDS: [Kind; 8] = [
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
            ("cloudtrail.amazonaws.com", "DeleteTrail"),
            ("cloudtrail.amazonaws.com", "StopLogging"),
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
        word: "snapshots_deleted",
        whoever: false,
        events: &[
            (RDS, "DeleteDBSnapshot"),
            (RDS, "DeleteDBClusterSnapshot"),
            (RDS, "DeleteDBInstanceAutomatedBackup"),
            (RDS, "DeleteDBClusterAutomatedBackup"),
            ("dynamodb.amazonaws.com", "DeleteBackup"),
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
            (RDS, "RemoveTagsFromResource"),
            ("dynamodb.amazonaws.com", "UntagResource"),
            (S3, REMOVES_ALL),
            (EC2, "DeleteTags"),
            ("elasticfilesystem.amazonaws.com", "UntagResource"),
            ("fsx.amazonaws.com", "UntagResource"),
            ("redshift.amazonaws.com", "DeleteTags"),
            ("tagging.amazonaws.com", "UntagResources"),
        ],
    },
];
