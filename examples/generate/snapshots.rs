//! What RDS itself keeps: automated snapshots and backups, snapshots taken by hand, and how those of AWS Backup look from its side.

use backup_audit::collect::rds_automated_backups::AutomatedBackupRow;
use backup_audit::collect::rds_snapshots::SnapshotRow;
use backup_audit::collect::snapshot_attributes::SnapshotAttributeRow;
use backup_audit::dataset::rows::Json;
use backup_audit::dataset::rows::millis;
use backup_audit::model::key::resource_key;
use backup_audit::model::moment::{self, DAY_S, HOUR_S};

use crate::catalogue::{Kind, Twist};
use crate::fleet::Database;
use crate::history::Point;
use crate::keys::{Key, PARTNER};
use crate::plans::ACCOUNT;
use crate::rows::{strings, text};
use crate::world::{Place, World};

/// Region to which automated backups of continuous plans are replicated.
const REPLICATED_TO: &str = crate::plans::EU;

/// All snapshots of a Region as RDS lists them at a moment.
pub(crate) fn snapshots(world: &World, place: Place) -> Vec<SnapshotRow> {
    // What lies in an air-gapped vault is no snapshot of the account.
    let points = world.points_of(place).filter(|point| !point.is_air_gapped());
    let mut rows: Vec<SnapshotRow> = points.map(|point| of_point(world, point, place)).collect();
    let here = |database: &&Database| place.account == ACCOUNT && database.entry.region == place.region && database.created_s < place.now_s;
    for database in world.databases.iter().filter(here) {
        automated(database, place.now_s, &mut rows);
        rows.extend(by_hand(world, database).filter(|row| row.snapshot_create_time.is_some_and(|taken| taken < millis(place.now_s))));
    }
    rows
}

/// A snapshot that is a recovery point as well. Those of instances have a type of their own, those of clusters count as manual.
fn of_point(world: &World, point: &Point, place: Place) -> SnapshotRow {
    let database = &world.databases[point.database];
    let is_cluster = database.entry.kind.is_cluster();
    let arn = world.point_arn(point);
    let source = point.copy_of.map(|source| &world.history.points[source]);
    let taken_s = source.map_or(point.started_s, |source| source.started_s) + 45;
    let done = point.available_s <= place.now_s;
    let told = !(point.lasting && database.entry.has(Twist::Untold));
    SnapshotRow {
        snapshot_identifier: arn.split_once("snapshot:").map(|(_, name)| name.to_owned()),
        snapshot_type: text(if is_cluster { "manual" } else { "awsbackup" }),
        status: text(if done { "available" } else { "creating" }),
        original_snapshot_create_time: (!is_cluster && done).then(|| millis(taken_s)),
        snapshot_create_time: done.then(|| millis(if source.is_some() { point.available_s } else { taken_s })),
        source_region: source.map(|source| source.region.to_owned()),
        source_snapshot_identifier: source.map(|source| world.point_arn(source)),
        percent_progress: Some(if done { 100 } else { 40 }),
        encrypted: told.then(|| world.point_key(point) != Key::None),
        kms_key_id: world.point_key(point).arn(point.account, point.region).filter(|_| told),
        ..of(database, arn)
    }
}

/// What the rows of a database's snapshots have in common.
fn of(database: &Database, arn: String) -> SnapshotRow {
    SnapshotRow {
        snapshot_arn: Some(arn),
        is_cluster: Some(database.entry.kind.is_cluster()),
        resource_arn: Some(database.arn()),
        resource_key: Some(resource_key(&database.arn())),
        engine: text(database.entry.kind.engine()),
        source_create_time: Some(millis(database.created_s)),
        allocated_storage_gib: Some(database.size_gib),
        encrypted: Some(database.entry.key() != Key::None),
        kms_key_id: database.key_arn(),
        tags: Some(Json("{}".to_owned())),
        ..SnapshotRow::default()
    }
}

/// One automated snapshot a day for as long as they are kept, up to the deletion of the database.
fn automated(database: &Database, now_s: i64, rows: &mut Vec<SnapshotRow>) {
    if database.entry.status == "stopped" || database.deleted_s.is_some_and(|deleted_s| deleted_s <= now_s) {
        return;
    }
    for days in 0..=database.entry.native_days {
        let midnight_s = now_s.div_euclid(DAY_S) * DAY_S - days * DAY_S;
        let taken_s = midnight_s + database.snapshot_minute * 60;
        if taken_s >= now_s || taken_s < database.created_s || taken_s < now_s - database.entry.native_days * DAY_S {
            continue;
        }
        let stamp = moment::text(taken_s);
        let identifier = format!("rds:{}-{}", database.name, stamp[..16].replace([':', 'T'], "-"));
        rows.push(native(database, &identifier, "automated", taken_s));
    }
}

/// The snapshot somebody took of every fourth database before an upgrade, and never deleted.
fn by_hand<'a>(world: &World, database: &'a Database) -> impl Iterator<Item = SnapshotRow> + use<'a> {
    let taken_s = world.timeline.ago(62) + 10 * HOUR_S + database.snapshot_minute;
    let chosen = (is_shared(database) || resource_key(&database.arn()) % 4 == 0) && database.exists(taken_s);
    chosen.then(|| native(database, &format!("{}-before-upgrade", database.name), "manual", taken_s)).into_iter()
}

fn is_shared(database: &Database) -> bool {
    [Twist::SnapshotPublic, Twist::SnapshotShared, Twist::SnapshotUnread].into_iter().any(|twist| database.entry.has(twist))
}

/// Whether AWS refuses to tell who may restore a snapshot.
pub(crate) fn is_unread(world: &World, arn: &str) -> bool {
    let unread = world.databases.iter().filter(|database| database.entry.has(Twist::SnapshotUnread));
    unread.flat_map(|database| by_hand(world, database)).any(|row| row.snapshot_arn.as_deref() == Some(arn))
}

/// Who may restore a snapshot that somebody took.
pub(crate) fn attributes(world: &World, place: Place, arn: &str) -> Vec<SnapshotAttributeRow> {
    let taken = |database: &&Database| by_hand(world, database).any(|row| row.snapshot_arn.as_deref() == Some(arn));
    let Some(database) = world.databases.iter().filter(|_| place.account == ACCOUNT).find(taken) else { return Vec::new() };
    let shared_with: &[&str] = if database.entry.has(Twist::SnapshotShared) { &[PARTNER] } else { &[] };
    vec![SnapshotAttributeRow {
        snapshot_arn: text(arn),
        is_cluster_snapshot: Some(database.entry.kind.is_cluster()),
        public: Some(database.entry.has(Twist::SnapshotPublic)),
        shared_with: Some(strings(shared_with.iter().copied())),
        shared_with_count: i64::try_from(shared_with.len()).ok(),
    }]
}

fn native(database: &Database, identifier: &str, snapshot_type: &str, taken_s: i64) -> SnapshotRow {
    let kind = if database.entry.kind.is_cluster() { "cluster-snapshot" } else { "snapshot" };
    let arn = format!("arn:aws:rds:{}:{ACCOUNT}:{kind}:{identifier}", database.entry.region);
    SnapshotRow {
        snapshot_identifier: text(identifier),
        snapshot_type: text(snapshot_type),
        status: text("available"),
        original_snapshot_create_time: (!database.entry.kind.is_cluster()).then(|| millis(taken_s)),
        snapshot_create_time: Some(millis(taken_s)),
        percent_progress: Some(100),
        ..of(database, arn)
    }
}

/// The automated backups that lie in a Region: of its databases, and those replicated to it.
pub(crate) fn automated_backups(world: &World, place: Place) -> Vec<AutomatedBackupRow> {
    let has = |database: &&Database| database.created_s < place.now_s && database.entry.native_days > 0;
    let here = |database: &&Database| {
        let local = database.entry.region == place.region;
        place.account == ACCOUNT && (local || is_replicated(database) && place.region == REPLICATED_TO)
    };
    world.databases.iter().filter(has).filter(here).filter_map(|database| automated_backup(world, database, place)).collect()
}

/// Whether automated backups of a database lie in another Region.
fn is_replicated(database: &Database) -> bool {
    let replicated = |twist: &Twist| matches!(twist, Twist::Replicated | Twist::ReplicatedUntil(_) | Twist::ReplicationStopped);
    database.entry.twists.iter().any(replicated)
}

/// ARNs of the replicas of a database's automated backups.
pub(crate) fn replications(database: &Database) -> Option<Json> {
    let going = is_replicated(database) && !database.entry.has(Twist::ReplicationStopped);
    going.then(|| strings([database.automated_backup_arn(REPLICATED_TO)]))
}

/// Latest moment that the replica of its automated backups can restore.
fn replicated_s(world: &World, database: &Database, latest_s: i64) -> i64 {
    let ended = |twist: &Twist| match twist {
        Twist::ReplicatedUntil(days) => Some(world.timeline.ago(*days)),
        _ => None,
    };
    database.entry.twists.iter().find_map(ended).map_or(latest_s - 240, |ended_s| ended_s.min(latest_s - 240))
}

/// Latest moment to which the database can be restored: minutes ago, or when it stopped.
pub(crate) fn latest_restorable_s(database: &Database, now_s: i64) -> Option<i64> {
    let lagging = |twist: &Twist| if let Twist::Lagging(hours) = twist { Some(hours * HOUR_S) } else { None };
    let lag_s = database.entry.twists.iter().find_map(lagging).unwrap_or(120 + database.snapshot_minute);
    let open = database.entry.native_days > 0 && !matches!(database.entry.kind, Kind::Replica(_));
    open.then(|| database.deleted_s.map_or(now_s, |deleted_s| deleted_s.min(now_s)) - lag_s)
}

fn automated_backup(world: &World, database: &Database, place: Place) -> Option<AutomatedBackupRow> {
    let is_cluster = database.entry.kind.is_cluster();
    let local = place.region == database.entry.region;
    let latest_s = latest_restorable_s(database, place.now_s)?;
    let latest_s = if local { latest_s } else { replicated_s(world, database, latest_s) };
    let earliest_s = (place.now_s - database.entry.native_days * DAY_S).max(database.created_s + HOUR_S);
    let open = earliest_s < latest_s;
    let gone = database.deleted_s.is_some_and(|deleted_s| deleted_s <= place.now_s);
    if gone && !open {
        return None; // what was retained has run out as well
    }
    let stopped = !local && database.entry.has(Twist::ReplicationStopped);
    let key = if local { database.entry.key() } else { Key::Estate };
    Some(AutomatedBackupRow {
        automated_backup_arn: Some(database.automated_backup_arn(place.region)),
        is_cluster: Some(is_cluster),
        source_arn: Some(database.arn()),
        source_identifier: Some(database.name.clone()),
        source_region: text(database.entry.region),
        resource_key: Some(resource_key(&database.arn())),
        engine: text(database.entry.kind.engine()),
        status: text(if gone || stopped { "retained" } else { "active" }),
        earliest_time: open.then(|| millis(earliest_s)),
        latest_time: open.then(|| millis(latest_s)),
        backup_retention_period_days: Some(database.entry.native_days),
        source_create_time: Some(millis(database.created_s)),
        encrypted: Some(key != Key::None),
        kms_key_id: key.arn(ACCOUNT, place.region),
        aws_backup_recovery_point_arn: crate::databases::managed_by(database),
        replications: if local { replications(database) } else { None },
    })
}
