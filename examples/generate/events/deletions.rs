//! What was deleted: databases, points by hand, with their vault and by lifecycle.

use backup_audit::model::moment::DAY_S;
use serde_json::json as value;

use super::{Actor, Event};
use crate::catalogue::Trouble;
use crate::history::Point;
use crate::kept::{self, Of};
use crate::plans::{ACCOUNT, US, VAULTS, vault_arn};
use crate::world::World;

/// All of them.
pub(super) fn events(world: &World) -> Vec<Event> {
    let mut events: Vec<Event> = world.history.points.iter().filter_map(|point| of_point(world, point)).collect();
    events.extend(of_databases(world));
    events.extend(of_vaults(world));
    events.extend(by_lifecycle(world));
    events.extend(told_by_service(world));
    events
}

/// A point that went before its time. Copies have no such fate.
fn of_point(world: &World, point: &Point) -> Option<Event> {
    let lifecycle_s = point.created_s + point.delete_days? * DAY_S;
    let early = point.copy_of.is_none() && point.gone_s < lifecycle_s;
    let actor = match world.databases[point.database].entry.trouble {
        Trouble::DeletedEarly => Actor::Cleaner,
        Trouble::NewestDeleted => Actor::Lee,
        _ => Actor::Dana,
    };
    let arn = world.point_arn(point);
    let asked = value!({ "backupVaultName": point.vault, "recoveryPointArn": arn });
    let event = Event::new(point.gone_s, actor, "backup", "DeleteRecoveryPoint", asked).of("AWS::Backup::RecoveryPoint", arn);
    early.then(|| event.in_region(point.region))
}

fn of_databases(world: &World) -> impl Iterator<Item = Event> {
    let event = |(database, deleted_s): (&crate::fleet::Database, i64)| {
        let (name, kind, parameter) = if database.entry.kind.is_cluster() {
            ("DeleteDBCluster", "AWS::RDS::DBCluster", "dBClusterIdentifier")
        } else {
            ("DeleteDBInstance", "AWS::RDS::DBInstance", "dBInstanceIdentifier")
        };
        let asked = match database.name.as_str() {
            "surveys" => value!({ parameter: database.name, "finalDBSnapshotIdentifier": "surveys-last", "skipFinalSnapshot": false }),
            _ => value!({ parameter: database.name, "skipFinalSnapshot": true }),
        };
        Event::new(deleted_s, Actor::Dana, "rds", name, asked).of(kind, database.name.clone()).in_region(database.entry.region)
    };
    world.databases.iter().filter_map(|database| Some((database, database.deleted_s?))).map(event).chain(of_passing_databases(world))
}

/// Databases that came and went between two collections: one of a person, one of a restore test, which AWS Backup deletes.
fn of_passing_databases(world: &World) -> [Event; 2] {
    let event = |days, actor, name: &str| {
        let asked = value!({ "dBInstanceIdentifier": name, "skipFinalSnapshot": true });
        Event::new(world.timeline.ago(days) + DAY_S / 2, actor, "rds", "DeleteDBInstance", asked).of("AWS::RDS::DBInstance", name)
    };
    [event(17, Actor::Lee, "import-trial"), event(20, Actor::Backup, "awsbackup-restore-test-profile")]
}

/// A vault goes when its last point has.
fn of_vaults(world: &World) -> impl Iterator<Item = Event> {
    let gone = VAULTS.iter().filter_map(|vault| Some((vault, world.timeline.ago(vault.deleted_ago?))));
    gone.map(|(vault, gone_s)| {
        let asked = value!({ "backupVaultName": vault.name });
        let event = Event::new(gone_s + 5, Actor::Dana, "backup", "DeleteBackupVault", asked);
        event.of("AWS::Backup::BackupVault", vault_arn(ACCOUNT, vault.region, vault.name)).in_region(vault.region)
    })
}

/// AWS Backup deletes what has had its time.
fn by_lifecycle(world: &World) -> impl Iterator<Item = Event> {
    let end_s = world.timeline.end_s;
    let volumes = kept::runs(world, end_s).filter(move |run| run.kept.of == Of::Volume && run.gone_s() < end_s);
    volumes.map(|run| {
        let arn = run.point_arn();
        let snapshot = arn.rsplit('/').next().unwrap_or_default().to_owned();
        Event::new(run.gone_s(), Actor::Backup, "ec2", "DeleteSnapshot", value!({ "snapshotId": snapshot }))
            .of("AWS::EC2::Snapshot", snapshot)
    })
}

/// AWS Backup tells what it has deleted, but for one in some hundreds.
fn told_by_service(world: &World) -> Vec<Event> {
    let end_s = world.timeline.end_s;
    let event = |account: &'static str, region: &'static str, vault_arn: String, arn: String, gone_s: i64| {
        let told = value!({ "backupVaultArn": vault_arn, "recoveryPointArn": arn });
        Event { account, ..Event::new(gone_s, Actor::Service, "backup", "BackupDeleted", told).in_region(region) }
    };
    let by_lifecycle =
        |point: &&Point| point.gone_s < end_s && point.delete_days.is_some_and(|days| point.gone_s >= point.created_s + days * DAY_S);
    let points = world.history.points.iter().filter(by_lifecycle).filter(|point| point.created_s % 401 != 0);
    let vault = |point: &Point| vault_arn(point.account, point.region, point.vault);
    let points = points.map(|point| event(point.account, point.region, vault(point), world.point_arn(point), point.gone_s));
    let kept = kept::runs(world, end_s).filter(move |run| run.gone_s() < end_s && !run.stopped);
    points.chain(kept.map(|run| event(ACCOUNT, US, run.vault_arn(), run.point_arn(), run.gone_s()))).collect()
}
