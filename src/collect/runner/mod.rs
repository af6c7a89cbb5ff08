//! Runs the collectors over accounts and Regions, and sees to it that every unit leaves a record of how its read ended.
//!
//! Accounts and Regions run side by side, in fair turns of the accounts. In an account that cannot be entered, every read is recorded as refused.
//! Within one Region, collectors whose units need nothing else go first, then those that read one by one what others listed
//! (parents) or named (references). A unit that was read completely by an interrupted run is not read again. What is written where is the
//! [`Sink`]'s matter. Of what was read, only the units that follow from it are kept in memory.
//!
//! What an organization is asked once comes after all of that, in the account whose turn it is (`tellers.rs`).
//!
//! History that earlier collections cover is read from their end on, as [`Known`] says.
//!
//! Tables read one by one also get a record for the Region itself (without parent): `complete` says that every list was read to its end, so that
//! a parent without rows is known to be empty and not merely unknown; `skipped` that one was not, whoever's units were read all the same.

mod organizations;

use std::collections::{BTreeMap, BTreeSet};
use std::error::Error;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use futures::FutureExt;
use futures::stream::{self, StreamExt, TryStreamExt};
use tokio::sync::watch;

use super::accounts::Account;
use super::clients::GLOBAL;
use super::collector::{Collector, Unit, texts};
use super::door::{Door, RegionDoor};
use super::error::CollectError;
use super::known::Known;
use super::lists::{Listed, is_global, name, parents_in, referring, sources, waves};
use super::organization;
use super::progress::{Progress, Summary, Tally};
use super::reading::{self, Reading};
use super::schedule::{AtOnce, fairly};
use super::tellers::Belongs;
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

    /// The distinct texts in a column of the rows that a done unit gave, for tables too large to be held; `None` if it gave none for this table.
    ///
    /// # Errors
    /// They cannot be read back.
    fn texts(&self, table: &'static Table, column: &str, unit: &UnitId) -> Result<Option<BTreeSet<String>>, SinkError>;

    /// Takes a portion of the rows of a unit that is still being read; those that [`Sink::write`] is given in the end come after it. May block.
    ///
    /// # Errors
    /// As `write`.
    fn portion(&self, unit: &UnitId, table: &'static Table, batch: &Batch) -> Result<(), SinkError>;

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

    fn texts(&self, table: &'static Table, column: &str, unit: &UnitId) -> Result<Option<BTreeSet<String>>, SinkError> {
        Ok(Self::texts(self, table, column, unit)?)
    }

    fn portion(&self, unit: &UnitId, table: &'static Table, batch: &Batch) -> Result<(), SinkError> {
        Ok(Self::portion(self, unit, table, batch)?)
    }

    fn write(&self, unit: &UnitId, tables: &[(&'static Table, Batch)], reads: &[Read]) -> Result<(), SinkError> {
        Ok(Self::write(self, unit, tables, reads)?)
    }
}

/// What to collect, and how much at a time.
#[derive(Clone)]
pub struct Scope {
    /// Collectors in the order of the registry.
    pub collectors: &'static [&'static dyn Collector],
    /// Collectors that are known and not asked for: their reads are recorded as such.
    pub not_requested: &'static [&'static dyn Collector],
    /// When the collection began, epoch seconds. A resumed run gives the same moment, since units that are cut by time follow from it.
    pub started_s: i64,
    /// What earlier collections cover.
    pub known: Known,
    /// Regions at a time, of all accounts and of one.
    pub regions_at_once: AtOnce,
    /// Units of a Region at a time.
    pub units_at_once: usize,
    /// The way to end early.
    pub stop: Stop,
}

impl Scope {
    /// Thirty-two Regions, eight of one account, with four units each at a time.
    pub fn new(collectors: &'static [&'static dyn Collector], started_s: i64) -> Self {
        let regions_at_once = AtOnce { all: 32, of_one: 8 };
        let (not_requested, known, stop) = (&[][..], Known::default(), Stop::default());
        Self { collectors, not_requested, started_s, known, regions_at_once, units_at_once: 4, stop }
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

/// Collects; `home` is the caller's own door, whose clock and log all share. Ctrl-C ends it early as [`Stop::ask`] does; the summary then says so.
///
/// # Errors
/// Only what makes it pointless to go on: the sink cannot keep what was read. What AWS refuses is in the reads and in the summary's gaps.
pub async fn collect(
    home: &Door,
    accounts: &[Account],
    scope: &Scope,
    sink: Arc<dyn Sink>,
    progress: &Progress,
) -> Result<Summary, CollectError> {
    let run = Run { home, scope, sink, progress, tally: Tally::begin(), belongs: Mutex::default() };
    let mut work = Box::pin(run.places(accounts));
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
    outcome?;
    if !scope.stop.asked() {
        run.ask_for_the_credentials(accounts).await;
    }
    home.call_log().whole()?;
    Ok(run.tally.end(home.call_log().attempts(), scope.stop.asked()))
}

type Lists = Mutex<Listed>;

struct Run<'a> {
    home: &'a Door,
    scope: &'a Scope,
    sink: Arc<dyn Sink>,
    progress: &'a Progress,
    tally: Tally,
    /// What each account said about its organization.
    belongs: Mutex<BTreeMap<String, Belongs>>,
}

/// A Region of an account, or [`GLOBAL`] for what the account has once.
struct Place<'a> {
    account: &'a Account,
    region: &'a str,
    /// What a person calls it: the account is named where there are several.
    label: String,
}

impl Run<'_> {
    async fn places(&self, accounts: &[Account]) -> Result<(), CollectError> {
        let known = || self.scope.collectors.iter().chain(self.scope.not_requested);
        let once = known().any(|collector| is_global(*collector)).then_some(GLOBAL);
        let mut work = Vec::new();
        for account in accounts {
            for region in account.regions.iter().map(String::as_str).chain(once) {
                let label = if accounts.len() == 1 { region.to_owned() } else { format!("{} {region}", account.account_id) };
                let place = Place { account, region, label };
                work.push((account.account_id.as_str(), async move { self.place(&place).await }.boxed()));
            }
        }
        self.progress.places_planned(work.len());
        fairly(work, self.scope.regions_at_once).await?;
        self.organizations(accounts).await
    }

    async fn place(&self, place: &Place<'_>) -> Result<(), CollectError> {
        if self.scope.stop.asked() {
            return Ok(());
        }
        self.progress.region_begins(&place.label);
        let here = |collector: &&&'static dyn Collector| is_global(**collector) == (place.region == GLOBAL);
        for collector in self.scope.not_requested.iter().filter(here) {
            let ending = (ReadStatus::NotRequested, "", Some("it was not asked for"));
            self.without_calls(place, *collector, ending).await?;
        }
        match &place.account.door {
            Ok(door) => self.region(place, &door.region(place.region)).await?,
            Err(error) => {
                let reason = format!("the account could not be entered, or did not tell its Regions: {}", error.reason);
                for collector in self.scope.collectors.iter().filter(here) {
                    self.without_calls(place, *collector, (error.status, &error.operation, Some(&reason))).await?;
                }
            }
        }
        self.progress.region_ends(&place.label);
        Ok(())
    }

    /// Keeps a record for the whole Region that took no call; nothing if an interrupted run kept it as complete.
    async fn without_calls(
        &self,
        place: &Place<'_>,
        collector: &'static dyn Collector,
        (status, operation, reason): (ReadStatus, &str, Option<&str>),
    ) -> Result<(), CollectError> {
        let id = unit_id(place, collector, &Unit::REGION);
        let reading = Reading::without_calls(collector, status, operation, reason, self.home.clock().now_ms());
        self.keep(place, id, reading).await
    }

    async fn region(&self, place: &Place<'_>, door: &RegionDoor) -> Result<(), CollectError> {
        let lists = Lists::default();
        for wave in waves(self.scope.collectors, |collector| is_read_in(collector, place.region)) {
            let mut reads = Vec::new();
            for collector in wave {
                for unit in self.plan(place, collector, &lists).await? {
                    reads.push(self.unit(place, door, collector, unit, &lists).boxed());
                }
            }
            self.progress.units_planned(&place.label, reads.len());
            stream::iter(reads).buffer_unordered(self.scope.units_at_once.max(1)).try_collect::<()>().await?;
        }
        Ok(())
    }

    /// The units of a collector; for one that reads one by one, after a record of whether they are all known.
    async fn plan(&self, place: &Place<'_>, collector: &'static dyn Collector, lists: &Lists) -> Result<Vec<Unit>, CollectError> {
        let listed = sources(collector).next().is_some();
        if !listed && collector.tables().iter().all(|table| table.parent.is_none()) {
            return Ok(self.own(place, collector));
        }
        if self.scope.stop.asked() {
            return Ok(Vec::new());
        }
        let (units, lacking) = if listed { self.listed(collector, lists) } else { (self.own(place, collector), None) };
        let id = unit_id(place, collector, &Unit::REGION);
        if lacking.is_none() && self.sink.done(&id) {
            return Ok(units);
        }
        let status = if lacking.is_none() { ReadStatus::Complete } else { ReadStatus::Skipped };
        self.without_calls(place, collector, (status, "", lacking.as_deref())).await?;
        Ok(units)
    }

    /// The units that follow from no list, each reading what is not known yet.
    fn own(&self, place: &Place<'_>, collector: &'static dyn Collector) -> Vec<Unit> {
        let Scope { known, started_s, .. } = self.scope;
        let units = collector.units(None, *started_s).into_iter();
        units.map(|unit| known.narrow(collector, (&place.account.account_id, place.region), unit, *started_s)).collect()
    }

    /// The units that follow from lists, and what those lists lack.
    fn listed(&self, collector: &'static dyn Collector, lists: &Lists) -> (Vec<Unit>, Option<String>) {
        let mut lists = lock(lists);
        let (units, lacking) = lists.of(collector);
        for table in self.listing(collector) {
            lists.table(table, lacking.clone());
        }
        (units, lacking)
    }

    async fn unit(
        &self,
        place: &Place<'_>,
        door: &RegionDoor,
        collector: &'static dyn Collector,
        unit: Unit,
        lists: &Lists,
    ) -> Result<(), CollectError> {
        if self.scope.stop.asked() {
            return Ok(());
        }
        let id = unit_id(place, collector, &unit);
        if self.sink.done(&id) {
            self.remember_done(collector, &id, lists).await?;
            self.tally.kept();
            self.progress.unit_ends(&place.label, &id, 0);
            return Ok(());
        }
        let portion = |table: &'static Table, batch: Batch| {
            self.remember(lists, table, &batch);
            let unit = id.clone();
            self.blocking(&id, move |sink| sink.portion(&unit, table, &batch))
        };
        let reading = tokio::select! {
            reading = reading::read(collector, door.clone(), unit, self.home.clock().clone(), portion) => reading?,
            () = self.scope.stop.dropped() => None,
        };
        let Some(reading) = reading else { return Ok(()) };
        for (table, batch) in &reading.tables {
            lock(lists).table(table, reading.lacking(table));
            self.remember(lists, table, batch);
            self.note_organization(&id, table, batch, reading.lacking(table));
        }
        let rows = reading.rows();
        self.keep(place, id.clone(), reading).await?;
        self.progress.unit_ends(&place.label, &id, rows);
        Ok(())
    }

    /// The tables of a collector from which units of others follow.
    fn listing(&self, collector: &'static dyn Collector) -> impl Iterator<Item = &'static Table> {
        let listing = |table: &&'static Table| self.scope.collectors.iter().any(|other| sources(*other).any(|own| own.name == table.name));
        collector.tables().iter().copied().filter(listing)
    }

    /// Keeps the units that follow from the rows of a table.
    fn remember(&self, lists: &Lists, table: &'static Table, batch: &Batch) {
        let others = self.scope.collectors;
        let mut lists = lock(lists);
        lists.of_parents(others, table, batch, self.scope.started_s);
        let columns: BTreeSet<&'static str> = others.iter().flat_map(|other| referring(*other, table)).collect();
        for column in columns {
            lists.of_texts(others, table, column, &texts(batch, column).cloned().collect());
        }
    }

    /// Takes the units that follow from what an interrupted run read from where it wrote it.
    async fn remember_done(&self, collector: &'static dyn Collector, id: &UnitId, lists: &Lists) -> Result<(), CollectError> {
        for table in self.listing(collector) {
            let others = self.scope.collectors;
            let mut there = true;
            if table.name == organization::TABLE.name {
                let unit = id.clone();
                let batch = self.blocking(id, move |sink| sink.batch(table, &unit)).await?;
                there &= batch.is_some();
                if let Some(batch) = &batch {
                    self.note_organization(id, table, batch, None);
                }
            }
            if others.iter().any(|other| parents_in(*other, table)) {
                let unit = id.clone();
                let batch = self.blocking(id, move |sink| sink.batch(table, &unit)).await?;
                there &= batch.is_some();
                if let Some(batch) = &batch {
                    lock(lists).of_parents(others, table, batch, self.scope.started_s);
                }
            }
            let columns: BTreeSet<&'static str> = others.iter().flat_map(|other| referring(*other, table)).collect();
            for column in columns {
                let unit = id.clone();
                let texts = self.blocking(id, move |sink| sink.texts(table, column, &unit)).await?;
                there &= texts.is_some();
                if let Some(texts) = &texts {
                    lock(lists).of_texts(others, table, column, texts);
                }
            }
            let lacking = (!there).then(|| format!("{} of the interrupted run is not there", table.name));
            lock(lists).table(table, lacking);
        }
        Ok(())
    }

    /// Where a Region did not know the credentials of an account, STS tells whether they have ended or only that Region does not take them. The
    /// caller's own stand for those of an account that could not be entered.
    async fn ask_for_the_credentials(&self, accounts: &[Account]) {
        for account_id in self.tally.doubtful() {
            let account = accounts.iter().find(|account| account.account_id == account_id);
            let door = account.and_then(|account| account.door.as_ref().ok()).unwrap_or(self.home);
            if door.turned_away().await {
                self.tally.expired();
                return;
            }
        }
    }

    async fn keep(&self, place: &Place<'_>, id: UnitId, reading: Reading) -> Result<(), CollectError> {
        // What was read without a line in the log is not kept.
        self.home.call_log().whole()?;
        self.tally.add(&place.account.account_id, place.region, &reading);
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

/// Whether a collector is read place by place, and here.
fn is_read_in(collector: &dyn Collector, region: &str) -> bool {
    is_global(collector) == (region == GLOBAL) && !collector.once_an_organization()
}

fn lock(lists: &Lists) -> std::sync::MutexGuard<'_, Listed> {
    lists.lock().unwrap_or_else(PoisonError::into_inner)
}

fn unit_id(place: &Place<'_>, collector: &'static dyn Collector, unit: &Unit) -> UnitId {
    UnitId {
        account_id: place.account.account_id.clone(),
        region: place.region.to_owned(),
        collector: name(collector).to_owned(),
        parent: unit.parent.clone(),
        range: unit.range.map(|range| (range.from_s, range.to_s)),
    }
}

/// A unit as a person would name it.
fn named(id: &UnitId) -> String {
    let place = format!("{} ({}, {})", id.collector, id.account_id, id.region);
    id.parent.as_ref().map_or(place.clone(), |parent| format!("{place} of {parent}"))
}
