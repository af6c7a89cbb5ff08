//! Point-in-time restore of the services: whether it is on, how far it reaches, how far it lags, and whether its history broke.
//!
//! A cluster and a table of `DynamoDB` tell both ends of their restore window themselves; of an instance the earliest moment stands with its automated
//! backups. The lag is counted to the end of the read that shows it, so that it is never less than it was, and only while the database is running: one
//! that is stopped has nothing to ship. A window that begins later than in the collection before, by more than retention explains, was begun anew:
//! somebody switched the backups off in between. One that reaches back to what the collection before saw went on. Where two collections lie further
//! apart than the window is long, it may have been begun anew between them, and grown to its length again: that is not told. Recovery points of AWS
//! Backup do not count here (S3 has no other way back to a moment), and Multi-AZ and replicas are no backup.
//!
//! Sources: Amazon RDS User Guide, "Restoring a DB instance to a specified time" (logs are shipped every five minutes); RDS API reference,
//! `DBInstanceAutomatedBackup`, `DBCluster`; Amazon `DynamoDB` Developer Guide, "Point-in-time backups" (the latest moment is typically five minutes ago).

use std::collections::BTreeMap;

use polars::prelude::DataFrame;

use super::population::{self, DATABASES_REST_ON, KEY_VALUE_READ, KEY_VALUE_REST_ON, Resource};
use super::{Fact, FactError, Inputs, joined};
use crate::dataset::frame;
use crate::dataset::schema::RestsOn;
use crate::dataset::{Relation, Row};
use crate::model::moment::DAY_S;

/// How much later than retention explains a window may begin: AWS drops the past a snapshot at a time, a day each, and a backup may take a day.
const SNAPSHOTS_S: i64 = 2 * DAY_S;

crate::rows! {
    /// Point-in-time restore of a database.
    pub struct PitrRow {
        /// ARN of the resource
        subject_arn: Text, Never, "";
        /// AWS resource type
        subject_type: Text, Never, "";
        /// Account
        account_id: Text, Never, "";
        /// Region
        region: Text, Never, "";
        /// `primary`, `replica`, `cluster_member`, `part`, `container` or `restore_test`
        role: Text, NotTold, "";
        /// Whether automated backups are on
        enabled: Boolean, NotTold, "BackupRetentionPeriod";
        /// Whether the database was running when it was read: one that is stopped ships nothing
        running: Boolean, NotTold, "DBInstanceStatus, Status";
        /// Earliest moment to which it can be restored
        earliest_s: Integer, NotTold, "RestoreWindow.EarliestTime, EarliestRestorableTime";
        /// Latest moment to which it can be restored
        latest_s: Integer, NotTold, "LatestRestorableTime";
        /// How far that moment lay behind when the database was read
        lag_s: Integer, NotTold, "";
        /// How far back it can be restored from there
        reach_s: Integer, NotTold, "";
        /// How far back it is to be kept
        retention_s: Integer, NotTold, "BackupRetentionPeriod";
        /// Whether the collection before shows a window, too
        shown_before: Boolean, NotTold, "";
        /// Whether the window went on between the newest collection and the one before; not told if one of them shows none, or if there is time
        /// between them that neither covers
        unbroken: Boolean, NotTold, "";
        /// Where the proof lies
        evidence: Text, Never, "";
    }
}

/// Point-in-time restore as a relation.
pub static FACT: Fact = Fact {
    relation: &Relation {
        name: "pitr",
        doc: "Point-in-time restore by the service itself: one row a database of RDS, Aurora, Neptune or DocumentDB, and a table of DynamoDB.",
        rows_are: "databases and tables",
        columns: PitrRow::COLUMNS,
        rows_rest_on: &REST_ON,
        order: &[],
    },
    reads: &[&REST_ON, KEY_VALUE_READ, &[super::region("rds_automated_backups")]],
    by_range: false,
    derive,
};

/// What rows rest on.
const REST_ON: [RestsOn; 5] = joined(&[DATABASES_REST_ON, KEY_VALUE_REST_ON]);

crate::rows! {
    /// What is needed of `rds_automated_backups`, in every collection.
    struct AutomatedRow {
        region: Text; source_region: Text; source_arn: Text; status: Text; backup_retention_period_days: Integer; earliest_time_s: Integer;
        latest_time_s: Integer; collected_s: Integer;
    }
}

crate::rows! {
    /// What is needed of the tables of clusters, in every collection.
    struct ClusterRow {
        db_cluster_arn: Text; backup_retention_period_days: Integer; earliest_restorable_time_s: Integer; latest_restorable_time_s: Integer;
        collected_s: Integer;
    }
}

crate::rows! {
    /// What is needed of `dynamodb_tables`, in every collection.
    struct TableRow {
        table_arn: Text; recovery_period_days: Integer; earliest_restorable_date_time_s: Integer; latest_restorable_date_time_s: Integer;
        collected_s: Integer;
    }
}

/// A look at a restore window.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[expect(clippy::struct_field_names, reason = "units stand in names")]
struct Look {
    collected_s: i64,
    earliest_s: i64,
    latest_s: Option<i64>,
    retention_s: Option<i64>,
}

impl Look {
    /// The latest moment at which it is known that restore was on.
    fn seen_s(&self) -> i64 {
        self.latest_s.map_or(self.collected_s, |latest_s| latest_s.max(self.collected_s))
    }
}

fn derive(inputs: &Inputs<'_>) -> Result<DataFrame, FactError> {
    let looks = looks(inputs)?;
    let (databases, tables) = (inputs.databases()?, population::key_value(inputs)?);
    let row = |resource: &Resource| row(inputs, resource, looks.get(&resource.arn).map_or(&[], Vec::as_slice));
    Inputs::frame_of(FACT.relation, databases.iter().chain(&tables).map(row).collect::<Vec<_>>())
}

/// Every look at a window in the database's own Region, oldest first.
fn looks(inputs: &Inputs<'_>) -> Result<BTreeMap<String, Vec<Look>>, FactError> {
    let mut looks: BTreeMap<String, Vec<Look>> = BTreeMap::new();
    let mut add = |arn: Option<String>, look: Option<Look>| {
        if let (Some(arn), Some(look)) = (arn, look) {
            looks.entry(arn).or_default().push(look);
        }
    };
    for row in frame::from_frame::<AutomatedRow>("rds_automated_backups", &inputs.snapshot.past("rds_automated_backups")?)? {
        let own =
            row.status.as_deref() == Some("active") && row.source_region.as_ref().is_none_or(|source| Some(source) == row.region.as_ref());
        add(
            row.source_arn.filter(|_| own),
            look(row.collected_s, row.earliest_time_s, row.latest_time_s, row.backup_retention_period_days),
        );
    }
    for table in ["rds_clusters", "neptune_clusters", "documentdb_clusters"] {
        for row in frame::from_frame::<ClusterRow>(table, &inputs.snapshot.past(table)?)? {
            let days = row.backup_retention_period_days;
            add(row.db_cluster_arn, look(row.collected_s, row.earliest_restorable_time_s, row.latest_restorable_time_s, days));
        }
    }
    for row in frame::from_frame::<TableRow>("dynamodb_tables", &inputs.snapshot.past("dynamodb_tables")?)? {
        let days = row.recovery_period_days;
        add(row.table_arn, look(row.collected_s, row.earliest_restorable_date_time_s, row.latest_restorable_date_time_s, days));
    }
    for looks in looks.values_mut() {
        looks.sort();
    }
    Ok(looks)
}

fn look(collected_s: Option<i64>, earliest_s: Option<i64>, latest_s: Option<i64>, days: Option<i64>) -> Option<Look> {
    let retention_s = days.map(|days| days.saturating_mul(DAY_S));
    Some(Look { collected_s: collected_s?, earliest_s: earliest_s?, latest_s, retention_s })
}

/// Whether the past goes a daily snapshot at a time. Elsewhere it goes by the second; of what is not known as one or the other nothing is forgiven.
fn by_snapshots(resource: &Resource) -> bool {
    resource.backup_type() == Some("RDS")
}

/// The table that shows the restore window of a resource.
fn shown_in(resource: &Resource) -> &'static str {
    match resource.resource_type {
        "AWS::RDS::DBCluster" => "rds_clusters",
        "AWS::Neptune::DBCluster" => "neptune_clusters",
        "AWS::DocDB::DBCluster" => "documentdb_clusters",
        "AWS::DynamoDB::Table" => "dynamodb_tables",
        _ => "rds_automated_backups",
    }
}

fn row(inputs: &Inputs<'_>, resource: &Resource, looks: &[Look]) -> PitrRow {
    let shown_in = shown_in(resource);
    let at = |collected_s: Option<i64>| looks.iter().find(|look| Some(look.collected_s) == collected_s);
    // Only what the collection shows that the database itself is from; an older look says nothing of now.
    let now = at(resource.collected_s);
    let tries = inputs.snapshot.tries(shown_in, &resource.account_id, &resource.region);
    let tried_before_s = tries.iter().rev().copied().find(|tried_s| resource.collected_s.is_some_and(|now_s| *tried_s < now_s));
    let before = at(tried_before_s);
    let earliest_s = if shown_in == "rds_automated_backups" { now.map(|look| look.earliest_s) } else { resource.earliest_restorable_s };
    let latest_s = resource.latest_restorable_s.or_else(|| now.and_then(|look| look.latest_s));
    let retention_s = resource.native_retention_days.map(|days| days.saturating_mul(DAY_S));
    let running = resource.is_running();
    PitrRow {
        subject_arn: Some(resource.arn.clone()),
        subject_type: Some(resource.resource_type.to_owned()),
        account_id: Some(resource.account_id.clone()),
        region: Some(resource.region.clone()),
        role: resource.role.map(|role| role.word().to_owned()),
        enabled: resource.native_retention_days.map(|days| days > 0).or(resource.natively),
        running,
        earliest_s,
        latest_s,
        lag_s: latest_s.zip(resource.read_by_s).filter(|_| running == Some(true)).map(|(latest_s, read_s)| (read_s - latest_s).max(0)),
        reach_s: latest_s.zip(earliest_s).map(|(latest_s, earliest_s)| (latest_s - earliest_s).max(0)),
        retention_s,
        shown_before: match tried_before_s {
            None => Some(false),
            Some(_) if before.is_some() => Some(true),
            // It is younger than that, or had none then.
            Some(tried_s) => {
                let read = inputs.snapshot.complete_reads(shown_in, &resource.account_id, &resource.region).contains(&tried_s);
                (read || resource.created_s.is_some_and(|created_s| created_s > tried_s)).then_some(false)
            }
        },
        unbroken: before.zip(now).zip(retention_s).and_then(|((before, now), retention_s)| {
            unbroken(before, now, retention_s, if by_snapshots(resource) { SNAPSHOTS_S } else { 0 })
        }),
        evidence: Some(resource.evidence.clone()),
    }
}

/// Whether a look goes on where the one before it was. It does not if its window begins later than retention explains, and it does if its window reaches
/// back to what was seen before, or misses that by no more than the snapshot that retention let go, of whose age half the retention at most is
/// forgiven. Otherwise nobody saw what was in between.
fn unbroken(before: &Look, now: &Look, retention_s: i64, forgiven_s: i64) -> Option<bool> {
    // Raised in between, it let go by what it was before.
    let least_s = before.retention_s.map_or(retention_s, |before_s| before_s.min(retention_s));
    let let_go_s = now.collected_s.saturating_sub(least_s).max(before.earliest_s);
    if now.earliest_s > let_go_s.saturating_add(SNAPSHOTS_S) {
        return Some(false);
    }
    let due_s = now.collected_s.saturating_sub(retention_s).min(before.seen_s());
    let reached = now.earliest_s <= before.seen_s() || now.earliest_s <= due_s.saturating_add(forgiven_s.min(retention_s / 2));
    reached.then_some(true)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn windows_that_went_on() {
        let look = |(collected, earliest): (i64, i64), days: i64| Look {
            collected_s: collected * DAY_S,
            earliest_s: earliest * DAY_S,
            latest_s: None,
            retention_s: Some(days * DAY_S),
        };
        let (yes, no) = (Some(true), Some(false));
        // what it shows, two looks (day of collection, earliest day) with their days of retention, unbroken by snapshots, unbroken by the second
        let cases = [
            ("a week later, a week further", (100, 93), 7, (107, 100), 7, yes, yes),
            ("a snapshot is let go at a time", (100, 93), 7, (107, 101), 7, yes, None),
            ("a young database: nothing was let go yet", (100, 99), 7, (103, 99), 7, yes, yes),
            ("begun anew three days ago", (100, 93), 7, (107, 104), 7, no, no),
            ("the retention was lowered", (100, 65), 35, (107, 100), 7, yes, yes),
            ("the retention was raised: nothing comes back", (100, 93), 7, (107, 93), 35, yes, yes),
            ("raised in between: what was gone by then does not come back", (100, 93), 7, (107, 97), 35, yes, yes),
            ("raised in the end: the last snapshot may have gone late", (100, 93), 7, (107, 101), 35, None, None),
            ("raised, and begun anew", (100, 93), 7, (107, 106), 35, no, no),
            ("a month later: it may have been begun anew, and grown again", (100, 93), 7, (130, 123), 7, None, None),
            ("a month later, with as long a window", (100, 65), 35, (130, 95), 35, yes, yes),
            ("a month later, begun anew", (100, 65), 35, (130, 128), 35, no, no),
            ("two days are kept: what was begun anew a day ago looks the same", (100, 98), 2, (107, 106), 2, None, None),
            ("two days are kept, two days later", (100, 98), 2, (102, 100), 2, yes, yes),
            ("two days are kept, and a day of it is forgiven", (100, 98), 2, (102, 101), 2, yes, None),
            ("two days are kept, and nothing of the day before is left", (101, 99), 2, (102, 102), 2, None, None),
            ("a day is kept, and what there is began now", (100, 99), 1, (101, 101), 1, None, None),
        ];
        for (shows, before, days_before, now, days, by_snapshots, by_second) in cases {
            let unbroken = |forgiven_s| unbroken(&look(before, days_before), &look(now, days), days * DAY_S, forgiven_s);
            assert_eq!((unbroken(SNAPSHOTS_S), unbroken(0)), (by_snapshots, by_second), "{shows}");
        }
    }

    #[test]
    fn what_was_seen_counts_to_the_latest_moment_that_it_showed() {
        let look = |collected_s: i64, earliest_s: i64, latest_s: i64| Look {
            collected_s,
            earliest_s,
            latest_s: Some(latest_s),
            retention_s: Some(DAY_S),
        };
        let before = look(10 * DAY_S, 9 * DAY_S, 10 * DAY_S + 600);
        let (near, far) = (look(11 * DAY_S, 10 * DAY_S + 600, 11 * DAY_S), look(11 * DAY_S, 10 * DAY_S + 601, 11 * DAY_S));
        assert_eq!((unbroken(&before, &near, DAY_S, 0), unbroken(&before, &far, DAY_S, 0)), (Some(true), None));
    }
}
