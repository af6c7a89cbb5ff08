//! What a person sees while a collection runs, and the summary at its end.
//!
//! On a terminal: a bar for each Region at work and one for the whole, with its rate and the time left at that rate. Otherwise plain lines: when a
//! Region begins and ends, and about every ten seconds; of many Regions only the whole. All on stderr, since results own stdout. Time here is the monotonic clock's; no wall clock is read.

use std::collections::{BTreeMap, BTreeSet};
use std::io::{self, Write};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use indicatif::{MultiProgress, ProgressBar, ProgressStyle};

use super::error::Credentials;
use super::reading::Reading;
use crate::dataset::{Gap, ReadStatus, UnitId};

/// Pause between plain lines about a Region at work.
const BETWEEN_LINES: Duration = Duration::from_secs(10);

/// More Regions than these are told of together.
const FEW_PLACES: usize = 8;

/// How progress is shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ProgressMode {
    /// Bars, for a terminal.
    Bars,
    /// Plain lines, for logs.
    Lines,
    /// Nothing.
    Quiet,
}

/// Shows how far a collection is.
pub struct Progress {
    show: Show,
    regions: Mutex<BTreeMap<String, State>>,
    whole: Mutex<Whole>,
    last_line: Mutex<Instant>,
}

/// All Regions together.
#[derive(Debug)]
struct Whole {
    begun: Instant,
    places: usize,
    ended: usize,
    bar: Option<ProgressBar>,
}

enum Show {
    Bars(MultiProgress),
    Lines(Mutex<Box<dyn Write + Send>>),
    Quiet,
}

#[derive(Default)]
struct State {
    planned: usize,
    done: usize,
    rows: usize,
    ended: bool,
    bar: Option<ProgressBar>,
}

impl Progress {
    /// Shows progress on stderr.
    pub fn new(mode: ProgressMode) -> Self {
        Self::with(match mode {
            ProgressMode::Bars => Show::Bars(MultiProgress::new()),
            ProgressMode::Lines => Show::Lines(Mutex::new(Box::new(io::stderr()))),
            ProgressMode::Quiet => Show::Quiet,
        })
    }

    /// Shows plain lines elsewhere.
    pub fn lines_to(writer: impl Write + Send + 'static) -> Self {
        Self::with(Show::Lines(Mutex::new(Box::new(writer))))
    }

    fn with(show: Show) -> Self {
        let whole = Whole { begun: Instant::now(), places: 0, ended: 0, bar: None };
        Self { show, regions: Mutex::default(), whole: Mutex::new(whole), last_line: Mutex::new(Instant::now()) }
    }

    /// Says something that matters in every mode but the quiet one.
    pub fn say(&self, text: &str) {
        match &self.show {
            // Bars are drawn again below the text; when stderr is gone there is nobody to tell.
            Show::Bars(bars) => drop(bars.println(text)),
            Show::Lines(writer) => drop(writeln!(writer.lock().unwrap_or_else(PoisonError::into_inner), "{text}")),
            Show::Quiet => {}
        }
    }

    pub(super) fn places_planned(&self, places: usize) {
        let mut whole = self.whole();
        whole.places = places;
        if let Show::Bars(bars) = &self.show
            && places > 1
        {
            whole.bar = Some(bars.add(new_bar("all", "{prefix:>29} {bar:24} {pos}/{len} reads, {per_sec}, about {eta} left")));
        }
    }

    fn few(&self) -> bool {
        self.whole().places <= FEW_PLACES
    }

    pub(super) fn region_begins(&self, region: &str) {
        let bar = match &self.show {
            Show::Bars(bars) => Some(bars.insert(0, new_bar(region, "{prefix:>29} {bar:24} {pos}/{len} {msg}"))),
            Show::Lines(_) | Show::Quiet => None,
        };
        if bar.is_none() && self.few() {
            self.say(&format!("{region}: begins"));
        }
        self.regions().insert(region.to_owned(), State { bar, ..State::default() });
    }

    pub(super) fn units_planned(&self, region: &str, units: usize) {
        if let Some(bar) = &self.whole().bar {
            bar.inc_length(u64::try_from(units).unwrap_or(0));
        }
        if let Some(state) = self.regions().get_mut(region) {
            state.planned += units;
            if let Some(bar) = &state.bar {
                bar.inc_length(u64::try_from(units).unwrap_or(0));
            }
        }
    }

    pub(super) fn unit_ends(&self, region: &str, id: &UnitId, rows: usize) {
        if let Some(bar) = &self.whole().bar {
            bar.inc(1);
        }
        if let Some(state) = self.regions().get_mut(region) {
            state.done += 1;
            state.rows += rows;
            if let Some(bar) = &state.bar {
                bar.inc(1);
                bar.set_message(format!("{} rows, {}", state.rows, id.collector));
            }
        }
        self.tick();
    }

    pub(super) fn region_ends(&self, region: &str) {
        let few = self.few();
        self.whole().ended += 1;
        let mut regions = self.regions();
        let Some(state) = regions.get_mut(region) else { return };
        state.ended = true;
        let line = format!("{region}: ended, {} of {} reads, {} rows", state.done, state.planned, state.rows);
        match state.bar.take() {
            Some(bar) if few => bar.finish_with_message(format!("{} rows", state.rows)),
            Some(bar) => bar.finish_and_clear(),
            None if few => self.say(&line),
            None => {}
        }
    }

    /// Writes the plain lines that are due.
    pub(super) fn tick(&self) {
        if !matches!(self.show, Show::Lines(_)) {
            return;
        }
        {
            let mut last = self.last_line.lock().unwrap_or_else(PoisonError::into_inner);
            if last.elapsed() < BETWEEN_LINES {
                return;
            }
            *last = Instant::now();
        }
        if !self.few() {
            return self.say(&self.line_of_all());
        }
        let lines: Vec<String> = self
            .regions()
            .iter()
            .filter(|(_, state)| !state.ended)
            .map(|(region, state)| format!("{region}: {} of {} reads so far, {} rows", state.done, state.planned, state.rows))
            .collect();
        for line in lines {
            self.say(&line);
        }
    }

    /// Where the whole stands: Regions, reads, their rate, and the time left if the Regions to come are like those that ended.
    fn line_of_all(&self) -> String {
        let (done, rows) = self.regions().values().fold((0, 0), |(done, rows), state| (done + state.done, rows + state.rows));
        let whole = self.whole();
        let seconds = whole.begun.elapsed().as_secs().max(1);
        let left = u64::try_from(whole.places - whole.ended.min(whole.places)).unwrap_or(0);
        let ended = u64::try_from(whole.ended).unwrap_or(0);
        let left = seconds.checked_mul(left).and_then(|product| product.checked_div(ended));
        let left = left.map(|seconds| format!(", about {seconds} s left")).unwrap_or_default();
        let rate = u64::try_from(done).unwrap_or(0) / seconds;
        format!("{} of {} Regions ended, {done} reads ({rate} a second), {rows} rows{left}", whole.ended, whole.places)
    }

    fn whole(&self) -> std::sync::MutexGuard<'_, Whole> {
        self.whole.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Leaves the bars as they are.
    pub(super) fn end(&self) {
        for state in self.regions().values_mut() {
            if let Some(bar) = state.bar.take() {
                bar.abandon();
            }
        }
        if let Some(bar) = self.whole().bar.take() {
            bar.abandon();
        }
    }

    fn regions(&self) -> std::sync::MutexGuard<'_, BTreeMap<String, State>> {
        self.regions.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn new_bar(prefix: &str, template: &str) -> ProgressBar {
    let style = ProgressStyle::with_template(template).unwrap_or_else(|_| ProgressStyle::default_bar());
    let bar = ProgressBar::new(0).with_style(style);
    bar.set_prefix(prefix.to_owned());
    bar
}

/// What a collection run came to.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Summary {
    /// Rows read in this run, by table; tables without rows too.
    pub rows: BTreeMap<&'static str, u64>,
    /// Records and rows of this run by account.
    pub accounts: BTreeMap<String, (u64, u64)>,
    /// Attempts to call AWS, those that found out whom and what to ask included.
    pub calls: u64,
    /// Records of reads written in this run.
    pub reads: u64,
    /// Reads that are not complete, sorted; `collection` is left empty.
    pub gaps: Vec<Gap>,
    /// Units that an interrupted run had read completely.
    pub kept_units: u64,
    /// How long it took.
    pub took: Duration,
    /// Some read was refused because the credentials ended on the way, by expiry or because they are gone: with new ones, a resumed run can read
    /// what is missing.
    pub expired: bool,
    /// It was ended early: units are missing that have no record, so it must be resumed before it is sealed.
    pub stopped: bool,
}

/// A summary in the making.
pub(super) struct Tally {
    begun: Instant,
    summary: Mutex<Summary>,
    /// Accounts in which a Region did not know the credentials.
    doubtful: Mutex<BTreeSet<String>>,
}

impl Tally {
    pub(super) fn begin() -> Self {
        Self { begun: Instant::now(), summary: Mutex::default(), doubtful: Mutex::default() }
    }

    /// Accounts whose credentials may have ended; none if it is known that some have.
    pub(super) fn doubtful(&self) -> BTreeSet<String> {
        let expired = self.summary.lock().unwrap_or_else(PoisonError::into_inner).expired;
        if expired { BTreeSet::new() } else { self.doubtful.lock().unwrap_or_else(PoisonError::into_inner).clone() }
    }

    pub(super) fn expired(&self) {
        self.summary.lock().unwrap_or_else(PoisonError::into_inner).expired = true;
    }

    pub(super) fn kept(&self) {
        self.summary.lock().unwrap_or_else(PoisonError::into_inner).kept_units += 1;
    }

    pub(super) fn add(&self, account_id: &str, region: &str, reading: &Reading) {
        let mut summary = self.summary.lock().unwrap_or_else(PoisonError::into_inner);
        for (table, rows) in reading.rows_by_table() {
            *summary.rows.entry(table).or_default() += u64::try_from(rows).unwrap_or(0);
        }
        let own = summary.accounts.entry(account_id.to_owned()).or_default();
        own.0 += u64::try_from(reading.reads.len()).unwrap_or(0);
        own.1 += u64::try_from(reading.rows()).unwrap_or(0);
        match reading.credentials {
            Credentials::Good => {}
            Credentials::Doubtful => {
                self.doubtful.lock().unwrap_or_else(PoisonError::into_inner).insert(account_id.to_owned());
            }
            Credentials::Ended => summary.expired = true,
        }
        for read in &reading.reads {
            summary.reads += 1;
            let status = read.status.as_deref().and_then(|word| word.parse().ok()).unwrap_or(ReadStatus::Unavailable);
            // What was not asked for is no surprise: it stands in the record, not in the warnings.
            if status.is_gap() && status != ReadStatus::NotRequested {
                summary.gaps.push(Gap {
                    table: read.table.clone().unwrap_or_default(),
                    account_id: account_id.to_owned(),
                    region: region.to_owned(),
                    parent: read.parent.clone(),
                    status,
                    operation: read.operation.clone().unwrap_or_default(),
                    reason: read.reason.clone().unwrap_or_default(),
                    collection: String::new(),
                });
            }
        }
    }

    pub(super) fn end(&self, calls: u64, stopped: bool) -> Summary {
        let mut summary = self.summary.lock().unwrap_or_else(PoisonError::into_inner).clone();
        summary.gaps.sort();
        summary.calls = calls;
        summary.took = self.begun.elapsed();
        summary.stopped = stopped;
        summary
    }
}
