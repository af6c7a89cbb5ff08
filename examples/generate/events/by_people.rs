//! What people did, and tried to do.

use backup_audit::model::moment::HOUR_S;
use serde_json::json as value;

use super::{Actor, Event, RECORDER_STOPPED_AGO};
use crate::holdings::{arn, id};
use crate::kept;
use crate::keys::Key;
use crate::plans::{ACCOUNT, EU, KEEPER, PLANS, Plan, US, vault_arn};
use crate::principals::{GONE_ROLE, role_arn};
use crate::world::World;

const VAULT: &str = "AWS::Backup::BackupVault";
const POINT: &str = "AWS::Backup::RecoveryPoint";

/// All of it.
pub(super) fn events(world: &World) -> Vec<Event> {
    let mut events = in_plans(world);
    events.extend(on_guards(world));
    events.extend(on_points(world));
    events.extend(around(world));
    events
}

/// The moment so many days of a quarter before the end, in the afternoon.
fn ago(world: &World, days: i64) -> i64 {
    world.timeline.ago(days) + 11 * HOUR_S
}

fn plan(name: &str) -> Option<&'static Plan> {
    PLANS.iter().find(|plan| plan.name == name)
}

/// Plans and selections that went, tags that plans go by, a job that was in the way.
fn in_plans(world: &World) -> Vec<Event> {
    let mut events = Vec::new();
    if let Some(plan) = plan("old-nightly") {
        let gone = value!({ "backupPlanId": plan.id() });
        events.push(
            Event::new(world.timeline.ago(20), Actor::Dana, "backup", "DeleteBackupPlan", gone).of("AWS::Backup::BackupPlan", plan.arn()),
        );
    }
    if let Some(plan) = plan("core-daily") {
        let gone = value!({ "backupPlanId": plan.id(), "selectionId": plan.part_id("tickets-until-moved") });
        events.push(Event::new(world.timeline.ago(40), Actor::Dana, "backup", "DeleteBackupSelection", gone));
    }
    let database = |region: &str, name: &str| arn("rds", region, &format!("db:{name}"));
    let untag = |days, actor, name: &str, key: &str| {
        let tags = value!({ "resourceName": database(US, name), "tagKeys": [key] });
        Event::new(ago(world, days), actor, "rds", "RemoveTagsFromResource", tags).of("AWS::RDS::DBInstance", database(US, name))
    };
    // The second tag is none that a plan goes by.
    events.extend([untag(70, Actor::Lee, "invoices", "backup"), untag(66, Actor::Dana, "orders", "cost-center")]);
    for kept in &kept::KEPT {
        let stopped = kept.runs(world, world.timeline.end_s).into_iter().filter(|run| run.stopped);
        events.extend(stopped.map(|run| {
            let job = value!({ "backupJobId": run.job_id() });
            Event::new(run.ended_s(), Actor::Lee, "backup", "StopBackupJob", job)
        }));
    }
    events
}

/// What guards backups and was lifted, or was to be.
fn on_guards(world: &World) -> Vec<Event> {
    let hourly = vault_arn(ACCOUNT, US, "prod-hourly");
    let copies = vault_arn(ACCOUNT, EU, "dr-copies");
    let policy =
        Event::new(ago(world, 34), Actor::Lee, "backup", "DeleteBackupVaultAccessPolicy", value!({ "backupVaultName": "prod-hourly" }));
    let lock = Event::new(
        ago(world, 34) + 300,
        Actor::Lee,
        "backup",
        "DeleteBackupVaultLockConfiguration",
        value!({ "backupVaultName": "dr-copies" }),
    );
    let recorder = value!({ "configurationRecorderName": "default" });
    vec![
        policy.of(VAULT, hourly),
        lock.of(VAULT, copies).in_region(EU).refused_with("AccessDenied"),
        Event::new(world.timeline.ago(RECORDER_STOPPED_AGO), Actor::Dana, "config", "StopConfigurationRecorder", recorder).in_region(EU),
    ]
}

/// Points whose life somebody changed, or tried to end.
fn on_points(world: &World) -> Vec<Event> {
    let endless = world.history.points.iter().find(|point| point.lasting && world.databases[point.database].entry.name == "telemetry");
    let copy = world.history.points.iter().rfind(|point| point.account == KEEPER && point.started_s < ago(world, 34));
    let mut events = Vec::new();
    events.extend(endless.map(|point| {
        let changed =
            value!({ "backupVaultName": point.vault, "lifecycle": { "deleteAfterDays": -1 }, "recoveryPointArn": world.point_arn(point) });
        let at_s = point.available_s + HOUR_S;
        Event::new(at_s, Actor::Lee, "backup", "UpdateRecoveryPointLifecycle", changed).of(POINT, world.point_arn(point))
    }));
    events.extend(copy.map(|point| {
        let asked = value!({ "backupVaultName": point.vault, "recoveryPointArn": world.point_arn(point) });
        let event = Event::new(ago(world, 34) + 600, Actor::Lee, "backup", "DeleteRecoveryPoint", asked).of(POINT, world.point_arn(point));
        Event { account: KEEPER, ..event }.refused_with("AccessDenied")
    }));
    events
}

/// What else explains the state of things: snapshots and an image that went, keys, a role.
fn around(world: &World) -> Vec<Event> {
    let event = |days, actor, service, name, parameters| Event::new(ago(world, days), actor, service, name, parameters);
    let key = |of: Key| of.arn(ACCOUNT, US).unwrap_or_default();
    let image = value!({ "imageId": id("ami", "web-2025") });
    vec![
        event(48, Actor::Dana, "rds", "DeleteDBSnapshot", value!({ "dBSnapshotIdentifier": "orders-before-migration" }))
            .of("AWS::RDS::DBSnapshot", "orders-before-migration"),
        Event::new(world.timeline.ago(12), Actor::Dana, "ec2", "DeregisterImage", image),
        Event::new(
            world.timeline.ago(3),
            Actor::Lee,
            "kms",
            "ScheduleKeyDeletion",
            value!({ "keyId": key(Key::Doomed), "pendingWindowInDays": 30 }),
        )
        .of("AWS::KMS::Key", key(Key::Doomed)),
        Event::new(world.timeline.ago(3) + 60, Actor::Lee, "kms", "DisableKey", value!({ "keyId": key(Key::Disabled) }))
            .of("AWS::KMS::Key", key(Key::Disabled)),
        event(75, Actor::Dana, "iam", "DeleteRole", value!({ "roleName": GONE_ROLE })).of("AWS::IAM::Role", role_arn(GONE_ROLE)),
    ]
}
