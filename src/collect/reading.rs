//! One unit, read: its rows, and for each of its tables the record of how that ended.
//!
//! Whatever happens inside a collector ends here as a record: a refusal, an answer that cannot be read, items that gave no row, and also a panic.

use std::any::Any;
use std::collections::BTreeMap;

use tokio::task::{AbortHandle, JoinError};

use super::call_log::{PURPOSE, Purpose};
use super::collector::{Collector, Harvest, ReadError, Unit};
use super::door::{Clock, RegionDoor};
use super::error::{Credentials, one_line};
use super::lists::name;
use super::portions::Outlet;
use crate::dataset::reads::Read;
use crate::dataset::rows::Millis;
use crate::dataset::{Batch, ReadStatus, Table};

/// What a unit gave.
#[derive(Debug)]
pub(super) struct Reading {
    /// The rows of each table of the collector, also where there are none; without those that have left.
    pub(super) tables: Vec<(&'static Table, Batch)>,
    /// How many rows of a table left before the end.
    left: Left,
    /// One record for each table.
    pub(super) reads: Vec<Read>,
    /// What its refusals say of the credentials.
    pub(super) credentials: Credentials,
}

/// Rows that left before the end, by table.
type Left = BTreeMap<&'static str, usize>;

/// Ends a task when nobody waits for it any more.
struct Leash(AbortHandle);

impl Drop for Leash {
    fn drop(&mut self) {
        self.0.abort();
    }
}

/// Reads a unit in a task of its own; `None` if the runtime is being shut down. `keep` takes the portions of rows that leave before the end.
///
/// # Errors
/// Those of `keep`, at the first of which the reading ends.
pub(super) async fn read<E, F: Future<Output = Result<(), E>>>(
    collector: &'static dyn Collector,
    door: RegionDoor,
    unit: Unit,
    clock: Clock,
    keep: impl Fn(&'static Table, Batch) -> F,
) -> Result<Option<Reading>, E> {
    let started_ms = clock.now_ms();
    let asked = unit.clone();
    let purpose = Purpose { table: name(collector), parent: unit.parent.clone() };
    let (outlet, mut portions) = Outlet::new();
    let task = tokio::spawn(PURPOSE.scope(purpose, async move {
        let mut harvest = Harvest::with_outlet(outlet);
        let outcome = collector.collect(&door, &asked, &mut harvest).await;
        harvest.close();
        (harvest, outcome)
    }));
    let _leash = Leash(task.abort_handle());
    let mut left = Left::new();
    while let Some(portion) = portions.recv().await {
        *left.entry(portion.table.name).or_default() += portion.batch.len();
        keep(portion.table, portion.batch).await?;
        let _ = portion.written.send(()); // a collector that broke off meanwhile does not wait any more
    }
    let (harvest, outcome) = match task.await {
        Ok(done) => done,
        Err(broken) if broken.is_panic() => (Harvest::default(), Err(defect(collector, broken))),
        Err(_) => return Ok(None),
    };
    Ok(Some(Reading::of(collector, &unit, (harvest, left), outcome, (started_ms, clock.now_ms()))))
}

fn defect(collector: &dyn Collector, broken: JoinError) -> ReadError {
    let payload = broken.into_panic();
    let text = message(payload.as_ref());
    ReadError {
        status: ReadStatus::Unavailable,
        operation: operation(collector),
        reason: one_line(&format!("the collector broke off, which is a defect of this tool: {text}")),
    }
}

fn message(payload: &(dyn Any + Send)) -> &str {
    let text = payload.downcast_ref::<&'static str>().copied();
    text.or_else(|| payload.downcast_ref::<String>().map(String::as_str)).unwrap_or("no message")
}

/// The operation that fills the tables: the first that the collector names.
fn operation(collector: &dyn Collector) -> String {
    collector.operations().first().map(|operation| operation.name.to_owned()).unwrap_or_default()
}

impl Reading {
    fn of(
        collector: &'static dyn Collector,
        unit: &Unit,
        (mut harvest, left): (Harvest, Left),
        outcome: Result<(), ReadError>,
        (started_ms, ended_ms): (i64, i64),
    ) -> Self {
        let tables: Vec<(&'static Table, Batch)> = collector.tables().iter().map(|table| (*table, harvest.take(table))).collect();
        let rows_of = |table: &Table, batch: &Batch| batch.len() + left.get(table.name).copied().unwrap_or(0);
        let any_rows = tables.iter().any(|(table, batch)| rows_of(table, batch) > 0);
        let refused: Vec<String> = harvest.refused().iter().map(|(reason, times)| format!("{times} × {reason}")).collect();
        let failure = harvest.failure();
        let (status, error) = match outcome {
            Ok(()) if refused.is_empty() => (ReadStatus::Complete, None),
            // Nothing could be read of what was listed: that counts as what the calls met.
            Ok(()) if !any_rows => (failure.map_or(ReadStatus::Partial, |failure| failure.status), None),
            Ok(()) => (ReadStatus::Partial, None),
            Err(error) if any_rows => (ReadStatus::Partial, Some(error)),
            Err(error) => (error.status, Some(error)),
        };
        let operation = error.as_ref().or(failure).map_or_else(|| operation(collector), |error| error.operation.clone());
        let reasons: Vec<String> = error.map(|error| error.reason).into_iter().chain(refused).collect();
        let credentials = reasons.iter().map(|reason| Credentials::told_by(reason)).max().unwrap_or_default();
        let reason = (!reasons.is_empty()).then(|| one_line(&reasons.join("; ")));
        let (from_s, to_s) = covered(collector, unit, started_ms.div_euclid(1_000));
        let read = |table: &Table, batch: &Batch| Read {
            table: Some(table.name.to_owned()),
            parent: unit.parent.clone(),
            status: Some(status.word().to_owned()),
            operation: Some(operation.clone()),
            from_s,
            to_s,
            started: Some(Millis(started_ms)),
            ended: Some(Millis(ended_ms)),
            pages_count: Some(harvest.pages()),
            items_count: Some(harvest.items()),
            rows_count: i64::try_from(rows_of(table, batch)).ok(),
            reason: reason.clone(),
        };
        let reads = tables.iter().map(|(table, batch)| read(table, batch)).collect();
        Self { tables, left, reads, credentials }
    }

    /// A record for a whole Region that took no call of its own: whether the collector's units are all known, or why nothing was read. Without an
    /// operation that failed it names the one that fills the tables.
    pub(super) fn without_calls(
        collector: &'static dyn Collector,
        status: ReadStatus,
        failed: &str,
        reason: Option<&str>,
        now_ms: i64,
    ) -> Self {
        let operation = if failed.is_empty() { operation(collector) } else { failed.to_owned() };
        let read = |table: &&'static Table| Read {
            table: Some(table.name.to_owned()),
            parent: None,
            status: Some(status.word().to_owned()),
            operation: Some(operation.clone()),
            from_s: None,
            to_s: None,
            started: Some(Millis(now_ms)),
            ended: Some(Millis(now_ms)),
            pages_count: Some(0),
            items_count: Some(0),
            rows_count: Some(0),
            reason: reason.map(one_line),
        };
        // A list that was refused says so itself; here it may be that an account could not be entered.
        let credentials = reason.map(Credentials::told_by).unwrap_or_default();
        Self { tables: Vec::new(), left: Left::new(), reads: collector.tables().iter().map(read).collect(), credentials }
    }

    /// Rows by table, those included that left before the end.
    pub(super) fn rows_by_table(&self) -> impl Iterator<Item = (&'static str, usize)> + '_ {
        self.tables.iter().map(|(table, batch)| (table.name, batch.len() + self.left.get(table.name).copied().unwrap_or(0)))
    }

    /// Adds to the reason of reads that ended like this.
    pub(super) fn advised(mut self, status: ReadStatus, advice: &str) -> Self {
        for read in self.reads.iter_mut().filter(|read| read.status.as_deref() == Some(status.word())) {
            let reason = read.reason.take().unwrap_or_default();
            read.reason = Some(one_line(&format!("{advice}; {reason}")));
        }
        self
    }

    /// Rows of all tables.
    pub(super) fn rows(&self) -> usize {
        self.rows_by_table().map(|(_, rows)| rows).sum()
    }

    /// Why a table is not complete, for those that wanted to go on from its rows; `None` if it is.
    pub(super) fn lacking(&self, table: &Table) -> Option<String> {
        let read = self.reads.iter().find(|read| read.table.as_deref() == Some(table.name))?;
        let status = read.status.as_deref().unwrap_or_default();
        let reason = read.reason.as_deref().unwrap_or_default();
        (status != ReadStatus::Complete.word()).then(|| format!("{} could not be listed ({status}): {reason}", table.name))
    }
}

/// The span a unit covers: what AWS still tells, within what the unit asked for.
fn covered(collector: &dyn Collector, unit: &Unit, started_s: i64) -> (Option<i64>, Option<i64>) {
    let (from_s, to_s) = collector.covers(started_s);
    let range = unit.range.unwrap_or(super::collector::UnitRange { from_s: None, to_s: None });
    let both = |one: Option<i64>, other: Option<i64>, pick: fn(i64, i64) -> i64| match (one, other) {
        (Some(one), Some(other)) => Some(pick(one, other)),
        (one, other) => one.or(other),
    };
    (both(from_s, range.from_s, i64::max), both(to_s, range.to_s, i64::min))
}
