//! What AWS refuses to tell, so that the example shows unknown verdicts beside known ones.
//!
//! Chosen with care: one vault whose points are unread leaves the exposure of every database of the account in doubt, so the newest collection
//! has all of them, and only an older one has not; a list of what holds data that is unread leaves everything of its Region in doubt, so only the
//! account that keeps copies, which has next to nothing, lacks one.

use backup_audit::dataset::ReadStatus;

use crate::holdings::{REFUSED_BUCKET, REFUSED_SECRET};
use crate::plans::{ACCOUNT, EU, KEEPER, PLANS, US, vault_arn};
use crate::world::{Place, World};

/// A read that AWS refused, wholly or in part.
pub(crate) struct Refusal {
    pub(crate) status: ReadStatus,
    pub(crate) operation: &'static str,
    pub(crate) reason: String,
}

/// While the newest collection was in the smaller Region of the account that keeps copies, some services answered nothing: table and operation.
const SILENT: [(&str, &str); 5] = [
    ("config_recorders", "DescribeConfigurationRecorders"),
    ("dlm_policies", "GetLifecyclePolicies"),
    ("ebs_snapshots", "DescribeSnapshots"),
    ("log_groups", "DescribeLogGroups"),
    ("trails", "DescribeTrails"),
];
/// The same, for some names of events: one of each kind that weakens backups.
const SILENT_EVENTS: [&str; 9] = [
    "DeleteBackupVault",
    "DeleteDBSnapshot",
    "DeleteRecoveryPoint",
    "DeleteReportPlan",
    "DisableImage",
    "StopBackupJob",
    "StopLogging",
    "UntagResource",
    "UpdateRecoveryPointLifecycle",
];

/// Whether AWS refuses a read; `age` counts collections from the newest, `collector` is its first table.
pub(crate) fn refusal(world: &World, age: usize, collector: &str, place: Place, parent: Option<&str>) -> Option<Refusal> {
    if place.account == KEEPER { of_keeper(age, collector, place.region, parent) } else { of_account(world, age, collector, place, parent) }
}

fn of_account(world: &World, age: usize, collector: &str, place: Place, parent: Option<&str>) -> Option<Refusal> {
    let plan = |name: &str| PLANS.iter().find(|plan| plan.name == name).map(crate::plans::Plan::arn);
    let denied = |action, parent| Some(denied(ACCOUNT, action, parent));
    match (age, collector, place.region) {
        // A partner's key, which does not admit this account.
        (_, "kms_keys", _) if parent == crate::keys::refused().as_deref() => denied("kms:DescribeKey", parent),
        (0, "copy_jobs", EU) => throttled("ListCopyJobs"),
        (0, "vault_policies", US) if parent == Some(&vault_arn(ACCOUNT, US, "prod-hourly")) => {
            denied("backup:GetBackupVaultAccessPolicy", parent)
        }
        (0, "snapshot_attributes", _) if parent.is_some_and(|arn| crate::snapshots::is_unread(world, arn)) => {
            denied("rds:DescribeDBSnapshotAttributes", parent)
        }
        (0, "legal_holds", EU) => denied("backup:ListLegalHolds", None),
        (0, "report_plans", EU) => denied("backup:ListReportPlans", None),
        (0, "selections", EU) if parent == plan("eu-archive").as_deref() => denied("backup:ListBackupSelections", parent),
        (0, "plan_rules", EU) if parent == plan("eu-finance").as_deref() => denied("backup:GetBackupPlan", parent),
        // With it, nobody read the jobs of the Region for 36 days, of which AWS tells 30.
        (3, "backup_jobs", EU) => Some(Refusal {
            status: ReadStatus::Unavailable,
            operation: "ListBackupJobs",
            reason: "ServiceUnavailableException: Service is unavailable, try again later".to_owned(),
        }),
        (2, "recovery_points", EU) if parent == Some(&vault_arn(ACCOUNT, EU, "eu-archive")) => {
            denied("backup:ListRecoveryPointsByBackupVault", parent)
        }
        _ => None,
    }
}

fn of_keeper(age: usize, collector: &str, region: &str, parent: Option<&str>) -> Option<Refusal> {
    match (age, collector, region) {
        (_, "s3_buckets", US) => {
            Some(Refusal { status: ReadStatus::Partial, operation: "GetBucketVersioning", reason: REFUSED_BUCKET.to_owned() })
        }
        (_, "secrets", US) => Some(Refusal { status: ReadStatus::Partial, operation: "DescribeSecret", reason: REFUSED_SECRET.to_owned() }),
        // The role there was made before anybody thought of the organization.
        (0, "org_effective_policies", _) => Some(denied(KEEPER, "organizations:DescribeEffectivePolicy", None)),
        (0, "vault_notifications", US) => Some(denied(KEEPER, "backup:GetBackupVaultNotifications", parent)),
        (0, "cloudtrail_events", EU) if parent.is_some_and(|name| SILENT_EVENTS.contains(&name)) => throttled("LookupEvents"),
        (0, table, EU) => SILENT.iter().find(|(silent, _)| *silent == table).and_then(|(_, operation)| throttled(operation)),
        _ => None,
    }
}

#[expect(clippy::unnecessary_wraps, reason = "one of the answers above")]
fn throttled(operation: &'static str) -> Option<Refusal> {
    Some(Refusal { status: ReadStatus::Throttled, operation, reason: "ThrottlingException: Rate exceeded".to_owned() })
}

fn denied(account: &str, action: &'static str, parent: Option<&str>) -> Refusal {
    let (_, operation) = action.split_once(':').unwrap_or_default();
    let reason = format!(
        "AccessDeniedException: User: {} is not authorized to perform: {action} on resource: {} with an explicit deny in a resource-based policy",
        crate::collection::caller(account),
        parent.unwrap_or("*"),
    );
    Refusal { status: ReadStatus::Denied, operation, reason }
}
