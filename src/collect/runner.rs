//! Runs the collectors over Regions, and sees to it that every unit leaves a record of how its read ended.
//!
//! Regions run side by side. Within one, collectors whose units need no parents go first, then those that read parent by parent. A unit that
//! was read completely by an interrupted run is not read again. What is written where is the [`Sink`]'s matter.
//!
//! Tables read by parent also get a record for the Region itself (without parent): `complete` says that the list of parents was read to its end,
//! so that a parent without rows is known to be empty and not merely unknown; `skipped` that it was not, whoever's units were read all the same.

use std::collections::{BTreeMap, BTreeSet};
use std::error::Error;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use futures::FutureExt;
use futures::stream::{self, StreamExt, TryStreamExt};
use tokio::sync::watch;

use super::collector::{Collector, Unit};
use super::door::{Door, RegionDoor};
use super::error::CollectError;
use super::progress::{Progress, Summary, Tally};
use super::reading::{self, Reading};
use crate::dataset::reads::Read;
use crate::dataset::{Batch, OpenCollection, ReadStatus, Table, UnitId};

/// How often the progress is looked at while nothing else happens.
const TICK: Duration = Duration::from_secs(1);

/// Why a sink could not do its work.
pub type SinkError = Box<dyn Error + Send + Sync>;

/// Where units go, and where those of an interrupted run are found.
pub trait Sink: Send + Sync + 'static {
    /// Whether the unit was read completely before.
    fn done(&self, unit: &UnitId) -> bool;

    /// The rows that a done unit gave; `None` if it gave none for this table.
    ///
    /// # Errors
    /// They cannot be read back.
    fn batch(&self, table: &'static Table, unit: &UnitId) -> Result<Option<Batch>, SinkError>;

    /// Takes what a unit gave, in place of what an earlier read of it gave. May block.
    ///
    /// # Errors
    /// It cannot be kept, for instance on a full disk; the collection then stops.
    fn write(&self, unit: &UnitId, tables: &[(&'static Table, Batch)], reads: &[Read]) -> Result<(), SinkError>;
}

impl Sink for OpenCollection {
    fn done(&self, unit: &UnitId) -> bool {
        Self::done(self, unit)
    }

    fn batch(&self, table: &'static Table, unit: &UnitId) -> Result<Option<Batch>, SinkError> {
        Ok(Self::batch(self, table, unit)?)
    }

    fn write(&self, unit: &UnitId, tables: &[(&'static Table, Batch)], reads: &[Read]) -> Result<(), SinkError> {
        Ok(Self::write(self, unit, tables, reads)?)
    }
}

/// What to collect, and how much at a time.
#[derive(Clone)]
pub struct Scope {
    /// Regions, each once.
    pub regions: Vec<String>,
    /// Collectors in the order of the registry.
    pub collectors: &'static [&'static dyn Collector],
    /// When the collection began, epoch seconds. A resumed run gives the same moment, since units that are cut by time follow from it.
    pub started_s: i64,
    /// Regions at a time.
    pub regions_at_once: usize,
    /// Units of a Region at a time.
    pub units_at_once: usize,
    /// The way to end early.
    pub stop: Stop,
}

impl Scope {
    /// Eight Regions with four units each at a time.
    pub fn new(regions: Vec<String>, collectors: &'static [&'static dyn Collector], started_s: i64) -> Self {
        Self { regions, collectors, started_s, regions_at_once: 8, units_at_once: 4, stop: Stop::default() }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Urgency {
    Go,
    Finish,
    Drop,
}

/// Ends a collection early so that it can be resumed.
#[derive(Clone, Debug)]
pub struct Stop(watch::Sender<Urgency>);

impl Default for Stop {
    fn default() -> Self {
        Self(watch::Sender::new(Urgency::Go))
    }
}

impl Stop {
    /// Starts no further unit; those in flight are finished and kept. Asked a second time, drops those too.
    pub fn ask(&self) {
        self.0.send_modify(|urgency| *urgency = if *urgency == Urgency::Go { Urgency::Finish } else { Urgency::Drop });
    }

    /// Whether it was asked.
    pub fn asked(&self) -> bool {
        *self.0.borrow() > Urgency::Go
    }

    async fn dropped(&self) {
        // The sender lives in `self`, so waiting cannot fail.
        let _ = self.0.subscribe().wait_for(|urgency| *urgency == Urgency::Drop).await;
    }
}

/// Collects. Ctrl-C ends it early as [`Stop::ask`] does; the summary then says so.
///
/// # Errors
/// Only what makes it pointless to go on: the sink cannot keep what was read. What AWS refuses is in the reads and in the summary's gaps.
pub async fn collect(door: &Door, scope: &Scope, sink: Arc<dyn Sink>, progress: &Progress) -> Result<Summary, CollectError> {
    let run = Run { door, scope, sink, progress, tally: Tally::begin(door.call_log().attempts()) };
    let work = run.regions();
    tokio::pin!(work);
    let mut listening = true;
    let outcome = loop {
        tokio::select! {
            outcome = &mut work => break outcome,
            signal = tokio::signal::ctrl_c(), if listening => match signal {
                Ok(()) => {
                    scope.stop.ask();
                    progress.say("stopping after the reads in flight (interrupt again to drop them); the same command resumes the collection");
                }
                Err(_) => listening = false,
            },
            () = tokio::time::sleep(TICK) => progress.tick(),
        }
    };
    progress.end();
    outcome.map(|()| run.tally.end(door.call_log().attempts(), scope.stop.asked()))
}

/// The parents of a Region, as far as they were read.
#[derive(Debug, Default)]
struct Parents {
    batches: Vec<Batch>,
    /// Why the list is not complete.
    lacking: Option<String>,
}

/// By table.
type AllParents = Mutex<BTreeMap<&'static str, Parents>>;

struct Run<'a> {
    door: &'a Door,
    scope: &'a Scope,
    sink: Arc<dyn Sink>,
    progress: &'a Progress,
    tally: Tally,
}

impl Run<'_> {
    async fn regions(&self) -> Result<(), CollectError> {
        let mut regions = Vec::new();
        for region in &self.scope.regions {
            regions.push(self.region(region).boxed());
        }
        stream::iter(regions).buffer_unordered(self.scope.regions_at_once.max(1)).try_collect().await
    }

    async fn region(&self, region: &str) -> Result<(), CollectError> {
        if self.scope.stop.asked() {
            return Ok(());
        }
        self.progress.region_begins(region);
        let door = self.door.region(region);
        let parents = AllParents::default();
        for wave in waves(self.scope.collectors) {
            let mut reads = Vec::new();
            for collector in wave {
                for unit in self.plan(&door, collector, &parents).await? {
                    reads.push(self.unit(&door, collector, unit, &parents).boxed());
                }
            }
            self.progress.units_planned(region, reads.len());
            stream::iter(reads).buffer_unordered(self.scope.units_at_once.max(1)).try_collect::<()>().await?;
        }
        self.progress.region_ends(region);
        Ok(())
    }

    /// The units of a collector; for one that reads by parent, after a record of whether the parents are all known.
    async fn plan(&self, door: &RegionDoor, collector: &'static dyn Collector, parents: &AllParents) -> Result<Vec<Unit>, CollectError> {
        let Some((table, _)) = collector.parents() else {
            return Ok(collector.units(None, self.scope.started_s));
        };
        if self.scope.stop.asked() {
            return Ok(Vec::new());
        }
        let (units, lacking) = match lock(parents).get(table.name) {
            Some(known) => {
                let units: BTreeSet<Unit> =
                    known.batches.iter().flat_map(|batch| collector.units(Some(batch), self.scope.started_s)).collect();
                (units.into_iter().collect(), known.lacking.clone())
            }
            None => (Vec::new(), Some(format!("{} is not part of this collection", table.name))),
        };
        let id = unit_id(door, collector, &Unit::REGION);
        if lacking.is_none() && self.sink.done(&id) {
            return Ok(units);
        }
        let status = if lacking.is_none() { ReadStatus::Complete } else { ReadStatus::Skipped };
        let now_ms = self.door.clock().now_ms();
        let reading = Reading::without_calls(collector, status, lacking.as_deref(), now_ms);
        self.keep(door, id, reading).await?;
        Ok(units)
    }

    async fn unit(
        &self,
        door: &RegionDoor,
        collector: &'static dyn Collector,
        unit: Unit,
        parents: &AllParents,
    ) -> Result<(), CollectError> {
        if self.scope.stop.asked() {
            return Ok(());
        }
        let id = unit_id(door, collector, &unit);
        if self.sink.done(&id) {
            self.remember_done(collector, &id, parents).await?;
            self.tally.kept();
            self.progress.unit_ends(&id, 0);
            return Ok(());
        }
        let reading = tokio::select! {
            reading = reading::read(collector, door.clone(), unit, self.door.clock().clone()) => reading,
            () = self.scope.stop.dropped() => None,
        };
        let Some(reading) = reading else { return Ok(()) };
        for (table, batch) in &reading.tables {
            if self.is_parent(table) {
                let lacking = reading.lacking(table);
                remember(parents, table, Some(batch.clone()), lacking);
            }
        }
        let rows = reading.rows();
        self.keep(door, id.clone(), reading).await?;
        self.progress.unit_ends(&id, rows);
        Ok(())
    }

    fn is_parent(&self, table: &Table) -> bool {
        self.scope.collectors.iter().any(|collector| collector.parents().is_some_and(|(parents, _)| parents.name == table.name))
    }

    /// Takes the parents that an interrupted run listed from where it wrote them.
    async fn remember_done(&self, collector: &'static dyn Collector, id: &UnitId, parents: &AllParents) -> Result<(), CollectError> {
        for table in collector.tables().iter().copied().filter(|table| self.is_parent(table)) {
            let unit = id.clone();
            let batch = self.blocking(id, move |sink| sink.batch(table, &unit)).await?;
            let lacking = batch.is_none().then(|| format!("{} of the interrupted run is not there", table.name));
            remember(parents, table, batch, lacking);
        }
        Ok(())
    }

    async fn keep(&self, door: &RegionDoor, id: UnitId, reading: Reading) -> Result<(), CollectError> {
        self.tally.add(door, &reading);
        let unit = id.clone();
        self.blocking(&id, move |sink| sink.write(&unit, &reading.tables, &reading.reads)).await
    }

    async fn blocking<T: Send + 'static>(
        &self,
        id: &UnitId,
        work: impl FnOnce(&dyn Sink) -> Result<T, SinkError> + Send + 'static,
    ) -> Result<T, CollectError> {
        let sink = Arc::clone(&self.sink);
        let outcome = tokio::task::spawn_blocking(move || work(sink.as_ref())).await.unwrap_or_else(|broken| Err(broken.into()));
        outcome.map_err(|source| CollectError::Sink { unit: named(id), source })
    }
}

fn remember(parents: &AllParents, table: &'static Table, batch: Option<Batch>, lacking: Option<String>) {
    let mut parents = lock(parents);
    let known = parents.entry(table.name).or_default();
    known.batches.extend(batch);
    known.lacking = known.lacking.take().or(lacking);
}

fn lock(parents: &AllParents) -> std::sync::MutexGuard<'_, BTreeMap<&'static str, Parents>> {
    parents.lock().unwrap_or_else(PoisonError::into_inner)
}

fn unit_id(door: &RegionDoor, collector: &'static dyn Collector, unit: &Unit) -> UnitId {
    UnitId {
        account_id: door.account_id().to_owned(),
        region: door.region().to_owned(),
        collector: collector.tables().first().map_or("", |table| table.name).to_owned(),
        parent: unit.parent.clone(),
        range: unit.range.map(|range| (range.from_s, range.to_s)),
    }
}

/// A unit as a person would name it.
fn named(id: &UnitId) -> String {
    let place = format!("{} ({}, {})", id.collector, id.account_id, id.region);
    id.parent.as_ref().map_or(place.clone(), |parent| format!("{place} of {parent}"))
}

/// The collectors by the number of parents above them, in the order of the registry within each wave.
fn waves(collectors: &'static [&'static dyn Collector]) -> Vec<Vec<&'static dyn Collector>> {
    let mut waves: Vec<Vec<&'static dyn Collector>> = Vec::new();
    for collector in collectors {
        let wave = depth(*collector, collectors, collectors.len());
        waves.resize_with(waves.len().max(wave + 1), Vec::new);
        waves[wave].push(*collector);
    }
    waves
}

/// `left` ends a circle of parents, which the registry does not have.
fn depth(collector: &dyn Collector, all: &[&'static dyn Collector], left: usize) -> usize {
    let above = collector.parents().and_then(|(table, _)| all.iter().find(|other| other.tables().iter().any(|own| own.name == table.name)));
    match above {
        Some(above) if left > 0 => 1 + depth(*above, all, left - 1),
        _ => 0,
    }
}
