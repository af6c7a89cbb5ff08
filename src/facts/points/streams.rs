//! What restores a resource to any moment of a span: automated backups, their replicas, and the restore windows of clusters.
//!
//! Each collection takes a look. A look proves that restore worked from the earliest to the latest moment it tells; where no look proves it, but a look
//! before or after shows the source, it may have worked.

use std::collections::BTreeMap;

use super::{DataSource, Point, Restorable, Stream};
use crate::dataset::frame;
use crate::dataset::rows::Row;
use crate::facts::exposure::sweep::{Continuous, PointLife};
use crate::facts::objectives::Mechanism;
use crate::facts::{FactError, Inputs};

/// Typical distance of the newest restorable moment from now while point-in-time restore works: logs are shipped every five minutes.
/// Source: Amazon RDS User Guide, "Restoring a DB instance to a specified time".
pub const PITR_LAG_S: i64 = 300;

crate::rows! {
    /// What is needed of `rds_automated_backups`, in every collection.
    struct AutomatedRow {
        account_id: Text; region: Text; source_region: Text; automated_backup_arn: Text; resource_key: Integer; status: Text;
        earliest_time_s: Integer; latest_time_s: Integer; collected_s: Integer;
    }
}

crate::rows! {
    /// What is needed of the tables of clusters, in every collection: Neptune and DocumentDB tell their restore window nowhere else.
    struct ClusterRow {
        account_id: Text; region: Text; db_cluster_arn: Text; resource_key: Integer; earliest_restorable_time_s: Integer;
        latest_restorable_time_s: Integer; collected_s: Integer;
    }
}

/// Adds the sources of the range that the inputs hold, and the points that their latest moments are.
pub(super) fn add(inputs: &Inputs<'_>, found: &mut Restorable) -> Result<(), FactError> {
    for row in past::<AutomatedRow>(inputs, "rds_automated_backups")? {
        if inputs.holds(row.resource_key) {
            of_automated(inputs, row, found);
        }
    }
    for table in ["rds_clusters", "neptune_clusters", "documentdb_clusters"] {
        for row in past::<ClusterRow>(inputs, table)? {
            if inputs.holds(row.resource_key) {
                of_cluster(inputs, table, row, found);
            }
        }
    }
    close_streams(found);
    Ok(())
}

fn past<R: Row>(inputs: &Inputs<'_>, table: &str) -> Result<Vec<R>, FactError> {
    Ok(frame::from_frame(table, &inputs.snapshot.past(table)?)?)
}

/// One look at something that restores to any moment of a span.
struct Look {
    resource_key: i64,
    mechanism: Mechanism,
    table: &'static str,
    account_id: String,
    region: String,
    arn: String,
    collected_s: i64,
    /// Earliest and latest restorable moment; `None` if AWS did not tell.
    span: Option<(i64, i64)>,
}

fn of_automated(inputs: &Inputs<'_>, row: AutomatedRow, found: &mut Restorable) {
    let (Some(resource_key), Some(account_id), Some(region), Some(arn), Some(collected_s)) =
        (row.resource_key, row.account_id, row.region, row.automated_backup_arn, row.collected_s)
    else {
        return;
    };
    let replicated = row.source_region.as_deref().is_some_and(|source| source != region);
    let mechanism = if replicated { Mechanism::ReplicatedAutomatedBackup } else { Mechanism::NativePitr };
    let span = row.earliest_time_s.zip(row.latest_time_s);
    look(inputs, Look { resource_key, mechanism, table: "rds_automated_backups", account_id, region, arn, collected_s, span }, found);
}

fn of_cluster(inputs: &Inputs<'_>, table: &'static str, row: ClusterRow, found: &mut Restorable) {
    let (Some(resource_key), Some(account_id), Some(region), Some(arn), Some(collected_s)) =
        (row.resource_key, row.account_id, row.region, row.db_cluster_arn, row.collected_s)
    else {
        return;
    };
    let Some(span) = row.earliest_restorable_time_s.zip(row.latest_restorable_time_s) else { return };
    let mechanism = Mechanism::NativePitr;
    look(inputs, Look { resource_key, mechanism, table, account_id, region, arn, collected_s, span: Some(span) }, found);
}

/// The span of restore proves that it worked from the earliest to the latest moment. A span that was not told proves nothing and rules nothing out.
fn look(inputs: &Inputs<'_>, look: Look, found: &mut Restorable) {
    let Look { resource_key, mechanism, table, account_id, region, arn, collected_s, span } = look;
    let (source, seen_s) = if let Some((earliest_s, latest_s)) = span {
        (Continuous { from_s: earliest_s, to_s: latest_s, lag_s: PITR_LAG_S, certain: true }, latest_s)
    } else {
        let until_s = collected_s.saturating_add(1); // also at the moment itself
        (Continuous { from_s: i64::MIN, to_s: until_s, lag_s: 0, certain: false }, until_s)
    };
    let next_look = inputs.snapshot.complete_reads(table, &account_id, &region).into_iter().find(|read_s| *read_s > collected_s);
    let stream = Stream { resource_key, mechanism, region: region.clone(), source, open_until_s: next_look.unwrap_or(seen_s) };
    found.streams.entry(resource_key).or_default().push(stream);
    if span.is_none() {
        return;
    }
    // What lies after the latest restorable moment is lost until the span moves on: the state of that moment is a point like any other.
    found.points.entry(resource_key).or_default().push(Point {
        resource_key,
        mechanism,
        account_id,
        region,
        arn,
        vault: None,
        data_source: DataSource::Snapshot,
        life: PointLife {
            data_s: seen_s,
            available_s: seen_s,
            alive_until_s: collected_s.saturating_add(1),
            end_s: next_look.unwrap_or(i64::MAX), // what that look shows stands for itself
        },
        maybe_from_s: None,
    });
}

/// Before the first look at a stream, between two looks, and until a read that no longer shows it, it may have worked where no look proves it.
/// After the newest look nothing is assumed.
fn close_streams(found: &mut Restorable) {
    for (&resource_key, streams) in &mut found.streams {
        let mut open: BTreeMap<(Mechanism, String), i64> = BTreeMap::new();
        for stream in streams.iter() {
            let until_s = open.entry((stream.mechanism, stream.region.clone())).or_insert(i64::MIN);
            *until_s = stream.open_until_s.max(*until_s);
        }
        for ((mechanism, region), until_s) in open {
            let source = Continuous { from_s: i64::MIN, to_s: until_s, lag_s: 0, certain: false };
            streams.push(Stream { resource_key, mechanism, region, source, open_until_s: until_s });
        }
    }
}
