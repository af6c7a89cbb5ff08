//! What AWS refuses to tell, so that the example shows unknown verdicts beside known ones.
//!
//! Chosen with care: one vault whose points are unread leaves the exposure of every database of the account in doubt, so the newest collection
//! has all of them, and only an older one has not.

use backup_audit::dataset::ReadStatus;

use crate::plans::{ACCOUNT, EU, PLANS, US, vault_arn};
use crate::world::{Place, World};

/// A read that AWS refused.
pub(crate) struct Refusal {
    pub(crate) status: ReadStatus,
    pub(crate) operation: &'static str,
    pub(crate) reason: String,
}

/// Whether AWS refuses a read; `age` counts collections from the newest, `collector` is its first table.
pub(crate) fn refusal(world: &World, age: usize, collector: &str, place: Place, parent: Option<&str>) -> Option<Refusal> {
    if place.account != ACCOUNT {
        return None;
    }
    let plan = |name: &str| PLANS.iter().find(|plan| plan.name == name).map(crate::plans::Plan::arn);
    match (age, collector, place.region) {
        // A partner's key, which does not admit this account.
        (_, "kms_keys", _) if parent == crate::keys::refused().as_deref() => Some(denied("kms:DescribeKey", parent)),
        (0, "copy_jobs", EU) => Some(Refusal {
            status: ReadStatus::Throttled,
            operation: "ListCopyJobs",
            reason: "ThrottlingException: Rate exceeded".to_owned(),
        }),
        (0, "vault_notifications", US) if parent == Some(&vault_arn(ACCOUNT, US, "prod-daily")) => {
            Some(denied("backup:GetBackupVaultNotifications", parent))
        }
        (0, "vault_policies", US) if parent == Some(&vault_arn(ACCOUNT, US, "prod-hourly")) => {
            Some(denied("backup:GetBackupVaultAccessPolicy", parent))
        }
        (0, "snapshot_attributes", _) if parent.is_some_and(|arn| crate::snapshots::is_unread(world, arn)) => {
            Some(denied("rds:DescribeDBSnapshotAttributes", parent))
        }
        (0, "legal_holds", EU) => Some(denied("backup:ListLegalHolds", None)),
        (0, "report_plans", EU) => Some(denied("backup:ListReportPlans", None)),
        (0, "selections", EU) if parent == plan("eu-archive").as_deref() => Some(denied("backup:ListBackupSelections", parent)),
        (0, "plan_rules", EU) if parent == plan("eu-finance").as_deref() => Some(denied("backup:GetBackupPlan", parent)),
        // With it, nobody read the jobs of the Region for 36 days, of which AWS tells 30.
        (3, "backup_jobs", EU) => Some(Refusal {
            status: ReadStatus::Unavailable,
            operation: "ListBackupJobs",
            reason: "ServiceUnavailableException: Service is unavailable, try again later".to_owned(),
        }),
        (2, "recovery_points", EU) if parent == Some(&vault_arn(ACCOUNT, EU, "eu-archive")) => {
            Some(denied("backup:ListRecoveryPointsByBackupVault", parent))
        }
        _ => None,
    }
}

fn denied(action: &'static str, parent: Option<&str>) -> Refusal {
    let (_, operation) = action.split_once(':').unwrap_or_default();
    let reason = format!(
        "AccessDeniedException: User: {} is not authorized to perform: {action} on resource: {} with an explicit deny in a resource-based policy",
        crate::collection::caller(ACCOUNT),
        parent.unwrap_or("*"),
    );
    Refusal { status: ReadStatus::Denied, operation, reason }
}
