//! What AWS refuses to tell, so that the example shows unknown verdicts beside known ones.
//!
//! Chosen with care: one vault whose points are unread leaves the exposure of every database of the account in doubt, so the newest collection
//! has all of them, and only an older one has not.

use backup_audit::dataset::ReadStatus;

use crate::plans::{EU, PLANS, US, vault_arn};

/// A read that AWS refused.
pub(crate) struct Refusal {
    pub(crate) status: ReadStatus,
    pub(crate) operation: &'static str,
    pub(crate) reason: String,
}

/// Whether AWS refuses a read; `age` counts collections from the newest, `collector` is its first table.
pub(crate) fn refusal(age: usize, collector: &str, region: &str, parent: Option<&str>) -> Option<Refusal> {
    let plan = |name: &str| PLANS.iter().find(|plan| plan.name == name).map(crate::plans::Plan::arn);
    match (age, collector, region) {
        (0, "copy_jobs", EU) => Some(Refusal {
            status: ReadStatus::Throttled,
            operation: "ListCopyJobs",
            reason: "ThrottlingException: Rate exceeded".to_owned(),
        }),
        (0, "vault_notifications", US) if parent == Some(&vault_arn(US, "prod-daily")) => {
            Some(denied("GetBackupVaultNotifications", parent))
        }
        (0, "selections", EU) if parent == plan("eu-archive").as_deref() => Some(denied("ListBackupSelections", parent)),
        (0, "plan_rules", EU) if parent == plan("eu-finance").as_deref() => Some(denied("GetBackupPlan", parent)),
        // With it, nobody read the jobs of the Region for 36 days, of which AWS tells 30.
        (3, "backup_jobs", EU) => Some(Refusal {
            status: ReadStatus::Unavailable,
            operation: "ListBackupJobs",
            reason: "ServiceUnavailableException: Service is unavailable, try again later".to_owned(),
        }),
        (2, "recovery_points", EU) if parent == Some(&vault_arn(EU, "eu-archive")) => {
            Some(denied("ListRecoveryPointsByBackupVault", parent))
        }
        _ => None,
    }
}

fn denied(operation: &'static str, parent: Option<&str>) -> Refusal {
    let reason = format!(
        "AccessDeniedException: User: {} is not authorized to perform: backup:{operation} on resource: {} with an explicit deny in a resource-based policy",
        crate::collection::CALLER,
        parent.unwrap_or("*"),
    );
    Refusal { status: ReadStatus::Denied, operation, reason }
}
