//! Everything that can restore a resource, once each: recovery points, native snapshots, point-in-time restore.
//!
//! - `data_s`, the state of data a point restores: the snapshot's own time, else the start of the job, else the creation. Never the completion: it
//!   would hide how long the backup took. A copy has the time of its source.
//! - Lives: a point seen in a collection exists then; a complete read that does not show it ends it. Between the two the lifecycle decides if it
//!   falls there, else existence is unknown. Points that came and went between collections are rebuilt from their jobs, which name the lifecycle.
//! - Snapshots that AWS Backup made are recovery points and not counted again as native ones.
//! - Point-in-time restore between collections is inferred where the restore window of a later collection reaches back to an earlier one.
//!
//! Sources: AWS Backup API reference, `RecoveryPointByBackupVault`, `BackupJob`, `CopyJob`; RDS API reference, `DBSnapshot`, `DBInstanceAutomatedBackup`.

use std::collections::{BTreeMap, BTreeSet};

use super::exposure::sweep::{Continuous, PointLife};
use super::objectives::Mechanism;
use super::{FactError, Inputs};
use crate::model::Arn;
use crate::model::moment::DAY_S;

mod streams;

pub use streams::PITR_LAG_S;

/// Where the time of a point's data comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DataSource {
    /// The snapshot itself.
    Snapshot,
    /// The start of the backup job.
    Initiation,
    /// The creation of the point.
    Creation,
}

/// Something that can restore a resource.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Point {
    /// Key of the resource it restores.
    pub resource_key: i64,
    /// How.
    pub mechanism: Mechanism,
    /// Account it lies in.
    pub account_id: String,
    /// Region it lies in.
    pub region: String,
    /// Its ARN.
    pub arn: String,
    /// Its vault, by its number in [`Restorable::vaults`]; what lies in none has none.
    pub vault: Option<usize>,
    /// What its `data_s` is.
    pub data_source: DataSource,
    /// Its life, as far as it is proven.
    pub life: PointLife,
    /// From when on it may have been usable before that; `None` if that is certain.
    pub maybe_from_s: Option<i64>,
}

impl Point {
    /// Its life for the sweep: where its beginning is in doubt, a first part in which it only may have existed.
    pub fn lives(&self) -> impl Iterator<Item = PointLife> {
        let maybe = self.maybe_from_s.filter(|from_s| *from_s < self.life.available_s);
        let maybe = maybe.map(|from_s| PointLife { available_s: from_s, alive_until_s: from_s, end_s: self.life.available_s, ..self.life });
        maybe.into_iter().chain([self.life])
    }
}

/// A continuous source of a resource.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stream {
    /// Key of the resource it restores.
    pub resource_key: i64,
    /// How.
    pub mechanism: Mechanism,
    /// Region it lies in.
    pub region: String,
    /// When, and how sure.
    pub source: Continuous,
    /// Until when it may have gone on after this look: the first complete read that no longer showed it, else the end of `source`.
    pub open_until_s: i64,
}

/// What restores the resources of one range of keys.
#[derive(Debug, Default)]
pub struct Restorable {
    /// Points by resource key.
    pub points: BTreeMap<i64, Vec<Point>>,
    /// Continuous sources by resource key.
    pub streams: BTreeMap<i64, Vec<Stream>>,
    /// Keys of resources of which a continuous recovery point was seen.
    pub continuous: BTreeSet<i64>,
    /// ARNs of the vaults in which points lie.
    pub vaults: Vec<String>,
}

crate::rows! {
    /// What is needed of `recovery_points`.
    struct PointRow {
        account_id: Text; region: Text; recovery_point_arn: Text; resource_key: Integer; status: Text; creation_date_s: Integer;
        initiation_date_s: Integer; completion_date_s: Integer; delete_at_s: Integer; source_backup_vault_arn: Text; backup_vault_arn: Text;
        is_parent: Boolean; first_seen_s: Integer; last_seen_s: Integer; absent_s: Integer;
    }
}

crate::rows! {
    /// What is needed of `backup_jobs`.
    struct JobRow {
        account_id: Text; region: Text; resource_key: Integer; state: Text; recovery_point_arn: Text; backup_vault_arn: Text; creation_date_s: Integer;
        initiation_date_s: Integer; completion_date_s: Integer; delete_after_days: Integer; is_parent: Boolean;
    }
}

crate::rows! {
    /// What is needed of `copy_jobs`.
    struct CopyRow {
        resource_key: Integer; state: Text; source_backup_vault_arn: Text; source_recovery_point_arn: Text; destination_backup_vault_arn: Text;
        destination_recovery_point_arn: Text; destination_region: Text; destination_account_id: Text; creation_date_s: Integer; completion_date_s: Integer; is_parent: Boolean;
    }
}

crate::rows! {
    /// What is needed of `rds_snapshots`.
    struct SnapshotRow {
        account_id: Text; region: Text; snapshot_arn: Text; snapshot_identifier: Text; snapshot_type: Text; resource_key: Integer; status: Text;
        original_snapshot_create_time_s: Integer; snapshot_create_time_s: Integer; source_create_time_s: Integer; last_seen_s: Integer;
        absent_s: Integer;
    }
}

/// A point's primary key: its vault and its own ARN, since copies in several vaults can share an ARN.
type PointKey = (String, String);

/// What is known of the points of a range beside their own rows.
#[derive(Debug, Default)]
struct Known {
    /// Snapshot ARN → when the service took it.
    own_times: BTreeMap<String, i64>,
    /// Point → when its copy was done.
    copied: BTreeMap<PointKey, i64>,
    /// Point → the point it was copied from.
    sources: BTreeMap<PointKey, PointKey>,
    /// Point → its creation.
    created: BTreeMap<PointKey, i64>,
    /// Vaults of points, each with its number.
    vaults: BTreeMap<String, usize>,
}

/// Collects what restores the resources of a range, which the inputs hold.
pub(super) fn restorable(inputs: &Inputs<'_>) -> Result<Restorable, FactError> {
    let snapshots: Vec<SnapshotRow> = inputs.rows("rds_snapshots")?;
    let copies: Vec<CopyRow> = inputs.rows("copy_jobs")?;
    let points: Vec<PointRow> = inputs.rows("recovery_points")?;
    let jobs: Vec<JobRow> = inputs.rows("backup_jobs")?;
    let mut known = known(&snapshots, &copies, &points);
    known.vaults = numbered(&points, &jobs, &copies);
    let seen: BTreeSet<PointKey> = points.iter().filter_map(point_key).collect();
    let continuous = points.iter().filter(|row| row.recovery_point_arn.as_deref().is_some_and(is_continuous));
    let mut found = Restorable { continuous: continuous.filter_map(|row| row.resource_key).collect(), ..Restorable::default() };
    let all = points.iter().filter_map(|row| of_point(inputs, row, &known));
    let all = all.chain(jobs.iter().filter_map(|row| of_job(inputs, row, &seen, &known)));
    let all = all.chain(copies.iter().filter_map(|row| of_unseen_copy(inputs, row, &seen, &known)));
    for point in all.chain(snapshots.iter().filter_map(of_snapshot)) {
        found.points.entry(point.resource_key).or_default().push(point);
    }
    streams::add(inputs, &mut found)?;
    let mut vaults: Vec<(String, usize)> = known.vaults.into_iter().collect();
    vaults.sort_by_key(|(_, number)| *number);
    found.vaults = vaults.into_iter().map(|(arn, _)| arn).collect();
    Ok(found)
}

/// The vaults of points, copied ones too, each with its number.
fn numbered(points: &[PointRow], jobs: &[JobRow], copies: &[CopyRow]) -> BTreeMap<String, usize> {
    let of_points = points.iter().filter_map(|row| row.backup_vault_arn.as_deref());
    let of_jobs = jobs.iter().filter_map(|row| row.backup_vault_arn.as_deref());
    let of_copies = copies.iter().filter_map(|row| row.destination_backup_vault_arn.as_deref());
    let vaults: BTreeSet<&str> = of_points.chain(of_jobs).chain(of_copies).collect();
    vaults.into_iter().enumerate().map(|(number, arn)| (arn.to_owned(), number)).collect()
}

fn point_key(row: &PointRow) -> Option<PointKey> {
    Some((row.backup_vault_arn.clone()?, row.recovery_point_arn.clone()?))
}

fn copy_key(row: &CopyRow) -> Option<PointKey> {
    Some((row.destination_backup_vault_arn.clone()?, row.destination_recovery_point_arn.clone()?))
}

fn known(snapshots: &[SnapshotRow], copies: &[CopyRow], points: &[PointRow]) -> Known {
    let own_time =
        |row: &SnapshotRow| Some((row.snapshot_arn.clone()?, row.original_snapshot_create_time_s.or(row.snapshot_create_time_s)?));
    let source = |row: &CopyRow| Some((copy_key(row)?, (row.source_backup_vault_arn.clone()?, row.source_recovery_point_arn.clone()?)));
    Known {
        own_times: snapshots.iter().filter_map(own_time).collect(),
        copied: copies.iter().filter_map(|row| Some((copy_key(row)?, row.completion_date_s?))).collect(),
        sources: copies.iter().filter_map(source).collect(),
        created: points.iter().filter_map(|row| Some((point_key(row)?, row.creation_date_s?))).collect(),
        vaults: BTreeMap::new(),
    }
}

/// A recovery point that is or was usable on its own: done, not the shell of a composite, not continuous (its service tells how fresh that is).
fn of_point(inputs: &Inputs<'_>, row: &PointRow, known: &Known) -> Option<Point> {
    let key = point_key(row)?;
    if row.is_parent == Some(true) || is_continuous(&key.1) {
        return None;
    }
    let is_copy = row.source_backup_vault_arn.is_some();
    let own_s = known.own_times.get(&key.1).copied();
    let (data_s, data_source) = match (own_s, row.initiation_date_s, row.creation_date_s) {
        // AWS gives copies the date of their source; where another date says older, that counts.
        (_, _, Some(creation_s)) if is_copy => {
            let source_s = known.sources.get(&key).and_then(|source| known.created.get(source)).copied();
            ([source_s, own_s].into_iter().flatten().fold(creation_s, i64::min), DataSource::Creation)
        }
        (Some(own_s), _, creation_s) => (creation_s.map_or(own_s, |creation_s| own_s.min(creation_s)), DataSource::Snapshot),
        (None, Some(initiation_s), _) => (initiation_s, DataSource::Initiation),
        (None, None, creation_s) => (creation_s?, DataSource::Creation),
    };
    let copied_s = known.copied.get(&key).copied().filter(|_| is_copy);
    let (available_s, maybe_from_s) = match (row.completion_date_s.max(copied_s), is_copy && copied_s.is_none()) {
        (Some(done_s), false) => (done_s, None),
        // Without its job it is not told when the copy was done, only until when at the latest.
        (done_s, true) => (copied_before(inputs, row)?.max(done_s.unwrap_or(data_s)), Some(done_s.unwrap_or(data_s))),
        (None, false) => (row.first_seen_s?, Some(data_s)),
    };
    let (alive_until_s, end_s) = match row.status.as_deref() {
        Some("COMPLETED" | "AVAILABLE") => life(row.last_seen_s, row.absent_s, row.delete_at_s),
        Some("EXPIRED" | "DELETING") => given_up(row.last_seen_s?, row.delete_at_s, row.completion_date_s?),
        _ => return None,
    };
    Some(Point {
        resource_key: row.resource_key?,
        mechanism: Mechanism::BackupPoint,
        account_id: row.account_id.clone()?,
        region: row.region.clone()?,
        vault: known.vaults.get(&key.0).copied(),
        arn: key.1,
        data_source,
        life: PointLife { data_s, available_s, alive_until_s, end_s },
        maybe_from_s,
    })
}

/// The latest moment at which a copy whose job was not seen can have been done: when it was first seen, or, as far as copy jobs were observed
/// without a gap before that, when that began.
fn copied_before(inputs: &Inputs<'_>, row: &PointRow) -> Option<i64> {
    let first_seen_s = row.first_seen_s?;
    let observed = row.source_backup_vault_arn.as_deref().and_then(Arn::parse).map_or_else(Vec::new, |source| {
        if inputs.complete("copy_jobs", source.account, source.region) {
            inputs.snapshot.observed("copy_jobs", source.account, source.region)
        } else {
            Vec::new()
        }
    });
    let around = observed.into_iter().find(|window| window.start_s <= first_seen_s && first_seen_s <= window.end_s);
    Some(around.map_or(first_seen_s, |window| window.start_s))
}

/// A point that was last seen past its use: it served until its lifecycle ended it; if that was not due, until an unknown moment before.
fn given_up(last_seen_s: i64, delete_at_s: Option<i64>, done_s: i64) -> (i64, i64) {
    match delete_at_s {
        Some(delete_s) if delete_s <= last_seen_s => (delete_s, delete_s),
        _ => (done_s, last_seen_s),
    }
}

/// Until when something is proven to exist, and when it is surely gone.
fn life(last_seen_s: Option<i64>, absent_s: Option<i64>, delete_at_s: Option<i64>) -> (i64, i64) {
    let seen_s = last_seen_s.unwrap_or(i64::MIN);
    match absent_s {
        // The collection that saw it speaks for the instant it began; while nothing says otherwise the point exists at that instant and after.
        None => (seen_s.saturating_add(1), i64::MAX),
        Some(absent_s) => match delete_at_s {
            Some(delete_s) if seen_s < delete_s && delete_s <= absent_s => (delete_s, delete_s),
            _ => (seen_s.saturating_add(1), absent_s),
        },
    }
}

/// Recovery point ids of continuous backups begin so, and those of RDS are the automated backup itself.
pub(super) fn is_continuous(recovery_point_arn: &str) -> bool {
    [":recovery-point:continuous:", ":auto-backup:", ":cluster-auto-backup:"].iter().any(|mark| recovery_point_arn.contains(mark))
}

/// A point that no collection saw, rebuilt from its job.
fn of_job(inputs: &Inputs<'_>, row: &JobRow, seen: &BTreeSet<PointKey>, known: &Known) -> Option<Point> {
    let key = (row.backup_vault_arn.clone()?, row.recovery_point_arn.clone()?);
    if row.state.as_deref() != Some("COMPLETED") || row.is_parent == Some(true) || seen.contains(&key) || is_continuous(&key.1) {
        return None;
    }
    let data_s = row.initiation_date_s.or(row.creation_date_s)?;
    let available_s = row.completion_date_s?;
    let (account_id, region) = (row.account_id.clone()?, row.region.clone()?);
    let gone_s = first_look(inputs, &account_id, &region, available_s);
    let delete_s = row.delete_after_days.filter(|days| *days >= 0).and_then(|days| {
        let start_s = row.creation_date_s.unwrap_or(data_s); // age counts from the start of the job
        start_s.checked_add(days.checked_mul(DAY_S)?)
    });
    let (alive_until_s, end_s) = match (delete_s, gone_s) {
        (Some(delete_s), Some(gone_s)) if delete_s <= gone_s => (delete_s, delete_s),
        (_, Some(gone_s)) => (available_s, gone_s),
        (_, None) => (available_s, i64::MAX),
    };
    Some(Point {
        resource_key: row.resource_key?,
        mechanism: Mechanism::BackupPoint,
        account_id,
        region,
        vault: known.vaults.get(&key.0).copied(),
        arn: key.1,
        data_source: if row.initiation_date_s.is_some() { DataSource::Initiation } else { DataSource::Creation },
        life: PointLife { data_s, available_s, alive_until_s, end_s },
        maybe_from_s: None,
    })
}

/// The first collection at or after a moment that read all points of a Region, and so would have shown one.
fn first_look(inputs: &Inputs<'_>, account_id: &str, region: &str, after_s: i64) -> Option<i64> {
    inputs.snapshot.complete_reads("recovery_points", account_id, region).into_iter().find(|read_s| *read_s >= after_s)
}

/// A copy that no collection saw, because its destination is outside the scope or unread, or because it came and went between collections. Its
/// job proves that it was made, and nothing more.
fn of_unseen_copy(inputs: &Inputs<'_>, row: &CopyRow, seen: &BTreeSet<PointKey>, known: &Known) -> Option<Point> {
    let key = copy_key(row)?;
    if row.state.as_deref() != Some("COMPLETED") || row.is_parent == Some(true) || seen.contains(&key) || is_continuous(&key.1) {
        return None;
    }
    let (account_id, region) = (row.destination_account_id.clone()?, row.destination_region.clone()?);
    let available_s = row.completion_date_s?;
    Some(Point {
        resource_key: row.resource_key?,
        mechanism: Mechanism::BackupPoint,
        data_source: DataSource::Creation,
        // Its existence is never proven, so that this time (the latest its data can have) only ever keeps a failure from being proven.
        life: PointLife {
            data_s: row.creation_date_s?,
            available_s,
            alive_until_s: available_s,
            end_s: first_look(inputs, &account_id, &region, available_s).unwrap_or(i64::MAX),
        },
        maybe_from_s: None,
        account_id,
        region,
        vault: known.vaults.get(&key.0).copied(),
        arn: key.1,
    })
}

/// A snapshot of the service itself. AWS does not tell when it was done, only when it was taken.
fn of_snapshot(row: &SnapshotRow) -> Option<Point> {
    let made_by_backup = row.snapshot_type.as_deref() == Some("awsbackup")
        || row.snapshot_identifier.as_deref().is_some_and(|id| id.starts_with("awsbackup:"));
    if made_by_backup || row.status.as_deref() != Some("available") {
        return None;
    }
    let taken_s = row.snapshot_create_time_s?;
    let (alive_until_s, end_s) = life(row.last_seen_s, row.absent_s, None);
    Some(Point {
        resource_key: row.resource_key?,
        mechanism: Mechanism::NativeSnapshot,
        account_id: row.account_id.clone()?,
        region: row.region.clone()?,
        arn: row.snapshot_arn.clone()?,
        vault: None,
        data_source: DataSource::Snapshot,
        life: PointLife { data_s: row.original_snapshot_create_time_s.unwrap_or(taken_s), available_s: taken_s, alive_until_s, end_s },
        maybe_from_s: None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lives_between_collections() {
        // what it shows, last seen, absent, lifecycle, (alive until, end)
        let cases = [
            ("seen in the newest collection", Some(70), None, Some(100), (71, i64::MAX)),
            ("gone, and the lifecycle fell between", Some(70), Some(77), Some(75), (75, 75)),
            ("gone before its lifecycle: when is not known", Some(70), Some(77), Some(100), (71, 77)),
            ("kept past its lifecycle, then gone", Some(70), Some(77), Some(60), (71, 77)),
            ("gone, never to be deleted by lifecycle", Some(70), Some(77), None, (71, 77)),
        ];
        for (shows, last_seen_s, absent_s, delete_at_s, expected) in cases {
            assert_eq!(life(last_seen_s, absent_s, delete_at_s), expected, "{shows}");
        }
    }

    #[test]
    fn continuous_points_are_told_by_their_arn() {
        assert!(is_continuous("arn:aws:backup:eu-west-1:111122223333:recovery-point:continuous:AIDA-1"));
        assert!(is_continuous("arn:aws:rds:eu-west-1:111122223333:auto-backup:ab-1"));
        assert!(is_continuous("arn:aws:rds:eu-west-1:111122223333:cluster-auto-backup:ab-1"));
        assert!(!is_continuous("arn:aws:rds:eu-west-1:111122223333:snapshot:awsbackup:job-continuous"));
    }
}
