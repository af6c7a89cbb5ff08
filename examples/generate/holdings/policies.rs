//! Policies of Data Lifecycle Manager.

use backup_audit::collect::dlm_policies::DlmPolicyRow;
use serde_json::json as value;

use super::{arn, id, is_here};
use crate::plans::US;
use crate::rows::{json, strings, text};
use crate::world::{Place, World};

/// Tag of the volumes that the first policy takes.
pub(super) const SNAPSHOT_TAG: (&str, &str) = ("snapshots", "weekly");

/// The policies of a Region: one that works, one that was left over when plans came, one whose role lost what it needs.
pub(super) fn policies(world: &World, place: Place) -> Vec<DlmPolicyRow> {
    let row = |name: &str, state: &str, target: (&str, &str)| {
        let policy_id = id("policy", name);
        DlmPolicyRow {
            policy_arn: Some(arn("dlm", US, &format!("policy/{policy_id}"))),
            policy_id: Some(policy_id),
            description: text(name),
            state: text(state),
            policy_type: text("EBS_SNAPSHOT_MANAGEMENT"),
            default_policy: Some(false),
            resource_types: Some(strings(["VOLUME"])),
            resource_locations: Some(strings(["CLOUD"])),
            target_tags: Some(json(value!([{ "Key": target.0, "Value": target.1 }]))),
            schedules: Some(json(
                value!([{ "Name": name, "CreateRule": { "CronExpression": "cron(0 4 ? * THU *)" }, "RetainRule": { "Count": 3 } }]),
            )),
            ..DlmPolicyRow::default()
        }
    };
    if !is_here(world, place, US, 400) {
        return Vec::new();
    }
    let refused =
        "The role arn:aws:iam::111122223333:role/service-role/AWSDataLifecycleManagerDefaultRole may not use the key of the volume.";
    vec![
        row("weekly snapshots", "ENABLED", SNAPSHOT_TAG),
        row("before the plans", "DISABLED", ("backup", "yes")),
        DlmPolicyRow { status_message: text(refused), ..row("render farm", "ERROR", ("farm", "render")) },
    ]
}
