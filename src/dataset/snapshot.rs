//! A dataset as it stood at a moment: which rows are valid, and what could not be read.
//!
//! Each collection speaks for the instant at which it began: what it shows existed then, what it does not show, though the read was complete,
//! did not. For each table, account and Region the newest collection that tried to read it counts; if that read is not complete, that is a
//! [`Gap`], and older rows do not stand in for it.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use polars::prelude::*;
use sha2::{Digest, Sha256};

use super::error::DatasetError;
use super::frame;
use super::open::{Collection, Dataset};
use super::ranges::{self, KeyRange, Scratch, Stored};
use super::readings::Readings;
use super::reads::{Gap, ReadStatus};
use super::schema::{Column, GLOBAL, Table, TableKind};
use crate::model::key::hex;
use crate::model::moment::{self, DAY_S};
use crate::model::window::{Window, merge};

/// A read older than this says nothing about the moment of judgement any more.
pub const STALE_READ_S: i64 = 30 * DAY_S;

/// A dataset as of a moment.
#[derive(Debug)]
pub struct Snapshot<'a> {
    dataset: &'a Dataset,
    as_of_s: i64,
    collections: Vec<&'a Collection>,
    readings: Vec<Arc<Readings>>,
    scope: Vec<(String, String)>,
    gaps: Vec<Gap>,
    /// Tables and accounts of which another account was read for the organization.
    elsewhere: BTreeSet<(String, String)>,
    /// Indices into `gaps` by table, then account, then Region: facts ask for each resource.
    gaps_by_place: BTreeMap<String, BTreeMap<String, BTreeMap<String, Vec<usize>>>>,
    scratch: Scratch,
}

impl<'a> Snapshot<'a> {
    /// Takes the dataset as of a moment; by default the start of the newest collection.
    ///
    /// # Errors
    /// `Empty` if no collection had begun by then; `Damaged` or `Polars` if reads cannot be read.
    pub fn at(dataset: &'a Dataset, as_of_s: Option<i64>) -> Result<Self, DatasetError> {
        let newest_s = dataset.collections().last().map_or(0, |collection| collection.manifest.started_s);
        let as_of_s = as_of_s.unwrap_or(newest_s);
        let collections: Vec<_> = dataset.collections().iter().filter(|one| one.manifest.started_s <= as_of_s).collect();
        if collections.is_empty() {
            return Err(DatasetError::Empty { root: dataset.root().to_owned(), until: Some(moment::text(as_of_s)) });
        }
        let readings = collections.iter().map(|collection| Readings::of(collection).map(Arc::new)).collect::<Result<Vec<_>, _>>()?;
        Ok(Self::of(dataset, as_of_s, collections, readings))
    }

    /// The same dataset as it stood at an earlier moment; `None` if no collection had begun by then.
    pub fn earlier(&self, as_of_s: i64) -> Option<Self> {
        let counted = self.collections.iter().take_while(|one| one.manifest.started_s <= as_of_s).count();
        let (collections, readings) = (self.collections[..counted].to_vec(), self.readings[..counted].to_vec());
        (counted > 0).then(|| Self::of(self.dataset, as_of_s.min(self.as_of_s), collections, readings))
    }

    fn of(dataset: &'a Dataset, as_of_s: i64, collections: Vec<&'a Collection>, readings: Vec<Arc<Readings>>) -> Self {
        let scope = scope(&collections);
        let mut snapshot = Self {
            dataset,
            as_of_s,
            collections,
            readings,
            scope,
            gaps: Vec::new(),
            elsewhere: BTreeSet::new(),
            gaps_by_place: BTreeMap::new(),
            scratch: Scratch::default(),
        };
        snapshot.gaps = snapshot.find_gaps();
        snapshot.elsewhere = snapshot.find_elsewhere();
        for (index, gap) in snapshot.gaps.iter().enumerate() {
            let accounts = snapshot.gaps_by_place.entry(gap.table.clone()).or_default();
            accounts.entry(gap.account_id.clone()).or_default().entry(gap.region.clone()).or_default().push(index);
        }
        snapshot
    }

    /// The moment of judgement.
    pub fn as_of_s(&self) -> i64 {
        self.as_of_s
    }

    /// The collections that count, oldest first.
    pub fn collections(&self) -> &[&'a Collection] {
        &self.collections
    }

    /// Accounts and Regions that were asked for by any of these collections, sorted.
    pub fn scope(&self) -> &[(String, String)] {
        &self.scope
    }

    /// Everything that is not completely read, sorted.
    pub fn gaps(&self) -> &[Gap] {
        &self.gaps
    }

    /// Reads of a collection that are not complete.
    pub fn gaps_in(&self, collection: &str) -> u64 {
        let readings = self.readings.iter().filter(|readings| readings.id == collection);
        readings.flat_map(|readings| readings.reads.values().flatten()).filter(|read| read.status != ReadStatus::Complete).count() as u64
    }

    /// One figure that names the content: SHA-256 over ids and digests of the collections that count.
    pub fn digest(&self) -> String {
        let mut hash = Sha256::new();
        for collection in &self.collections {
            hash.update(format!("{}  {}\n", collection.manifest.digest(), collection.manifest.id).as_bytes());
        }
        hex(&hash.finalize())
    }

    /// Whether a table is completely read in an account and Region: with `parent`, for that vault or plan; without, for all of them. What was read
    /// in another account for the organization is not complete here: the absence of a row says nothing.
    pub fn complete(&self, table: &str, account_id: &str, region: &str, parent: Option<&str>) -> bool {
        let place = self.place(table, region);
        let gaps = self.gaps_by_place.get(table).and_then(|accounts| accounts.get(account_id)).and_then(|regions| regions.get(place));
        let concerned = gaps.is_some_and(|gaps| gaps.iter().any(|&gap| self.gaps[gap].concerns(table, account_id, place, parent)));
        self.in_scope(account_id, region) && !concerned && !self.is_elsewhere(table, account_id)
    }

    fn is_elsewhere(&self, table: &str, account_id: &str) -> bool {
        // Facts ask for each resource, and almost no table is ever read elsewhere.
        !self.elsewhere.is_empty() && self.elsewhere.iter().any(|(of, account)| of == table && account == account_id)
    }

    /// Whether an account and Region were asked for by any of the collections; [`GLOBAL`] is, where any Region of the account is.
    pub fn in_scope(&self, account_id: &str, region: &str) -> bool {
        if region == GLOBAL {
            return self.scope.iter().any(|(account, _)| account == account_id);
        }
        self.scope.binary_search_by(|(account, place)| (account.as_str(), place.as_str()).cmp(&(account_id, region))).is_ok()
    }

    /// The moment for which the newest read of a table in an account and Region speaks, however it ended; `None` if nothing tried within 30 days.
    pub fn newest_try(&self, table: &str, account_id: &str, region: &str) -> Option<i64> {
        let tried = self.effective(table, account_id, region).and_then(|index| self.readings.get(index));
        tried.map(|readings| readings.started_s).filter(|started_s| !self.stale(*started_s))
    }

    /// The Region under which a table is kept: an account has some tables only once.
    fn place<'r>(&self, table: &str, region: &'r str) -> &'r str {
        if self.dataset.table(table).is_ok_and(|table| table.global) { GLOBAL } else { region }
    }

    /// The accounts and Regions in which a table is read.
    fn places(&self, table: &Table) -> Vec<(String, String)> {
        let mut places: Vec<_> = self.scope.clone();
        if table.global {
            for (_, region) in &mut places {
                GLOBAL.clone_into(region);
            }
            places.dedup();
        }
        places
    }

    fn stale(&self, started_s: i64) -> bool {
        started_s < self.as_of_s.saturating_sub(STALE_READ_S)
    }

    /// The intervals in which everything that happened is known from a table of history, for an account and Region, merged, up to `as_of`.
    pub fn observed(&self, table: &str, account_id: &str, region: &str) -> Vec<Window> {
        let key = (table.to_owned(), account_id.to_owned(), self.place(table, region).to_owned());
        let mut windows = Vec::new();
        for readings in &self.readings {
            windows.extend(readings.span(readings.reads.get(&key).into_iter().flatten()));
        }
        merge(windows)
    }

    /// As [`Snapshot::observed`], of one parent: its own reads alone decide.
    pub fn observed_of(&self, table: &str, account_id: &str, region: &str, parent: Option<&str>) -> Vec<Window> {
        let place = self.place(table, region);
        let spans = self.readings.iter().filter_map(|readings| {
            let reads = readings.of_table(table, account_id, place).iter();
            readings.span(reads.filter(|read| read.read.parent.as_deref() == parent))
        });
        merge(spans.collect())
    }

    /// When a collection had read a table of an account and Region to the end: what its rows say is no younger than that. `None` if it did not say.
    pub fn read_by_s(&self, collection: &str, table: &str, account_id: &str, region: &str) -> Option<i64> {
        let readings = self.readings.iter().find(|readings| readings.id == collection)?;
        let ended =
            readings.of_table(table, account_id, self.place(table, region)).iter().map(|read| Some(read.read.ended?.0.div_euclid(1_000)));
        ended.collect::<Option<Vec<i64>>>()?.into_iter().max()
    }

    /// The moments at which a table was tried to be read in an account and Region, whatever came of it, ascending.
    pub fn tries(&self, table: &str, account_id: &str, region: &str) -> Vec<i64> {
        let place = self.place(table, region);
        let tried = |readings: &&Arc<Readings>| {
            readings.of_table(table, account_id, place).iter().any(|read| read.status != ReadStatus::NotRequested)
        };
        self.readings.iter().filter(tried).map(|readings| readings.started_s).collect()
    }

    /// The moments at which a table was completely read in an account and Region, ascending.
    pub fn complete_reads(&self, table: &str, account_id: &str, region: &str) -> Vec<i64> {
        let Ok(table) = self.dataset.table(table) else { return Vec::new() };
        let place = self.place(table.name, region);
        let complete = self.readings.iter().filter(|readings| readings.complete(table, account_id, place));
        complete.map(|readings| readings.started_s).collect()
    }

    /// The columns that tell the rows of a table apart.
    ///
    /// # Errors
    /// `UnknownTable`.
    pub fn key_of(&self, table: &str) -> Result<&'static [&'static str], DatasetError> {
        Ok(self.dataset.table(table)?.key)
    }

    /// The rows of a table that are valid at the moment, with `collection` (where the row was read) and, for objects, `first_seen_s`,
    /// `last_seen_s`, `absent_s` (NULL while no complete read missed it) and `exists` (NULL if the newest read does not tell).
    ///
    /// # Errors
    /// `UnknownTable`, or a file that cannot be read.
    pub fn frame(&self, table: &str) -> Result<DataFrame, DatasetError> {
        let table = self.dataset.table(table)?;
        let frame = match table.kind {
            TableKind::State => self.state(table)?,
            TableKind::History => self.history(table, self.union(table)?)?,
            TableKind::Object => self.objects(table, self.union(table)?)?,
        };
        Ok(frame)
    }

    /// Rows of a table in all collections that count, those of one row in several of them each time.
    pub fn stored_rows(&self, table: &str) -> u64 {
        self.collections.iter().filter_map(|one| one.manifest.tables.get(table)).sum()
    }

    /// Whether the rows of a table are told apart by the resource they are about, so that they can be read range by range.
    pub fn by_range(&self, table: &str) -> bool {
        self.dataset.table(table).is_ok_and(|table| table.kind != TableKind::State && ranges::is_keyed(table))
    }

    /// As [`Snapshot::frame`], of one range of resources, with some columns only. For tables of history
    /// and objects whose rows name a resource.
    ///
    /// # Errors
    /// As [`Snapshot::frame`], and if the scratch folder cannot be written.
    pub fn frame_in(&self, table: &str, columns: &[Column], range: KeyRange) -> Result<DataFrame, DatasetError> {
        let table = self.dataset.table(table)?;
        let holding = |all| match table.kind {
            TableKind::Object => self.objects(table, all),
            TableKind::State | TableKind::History => self.history(table, all),
        };
        let rows = self.scratch.range(table, range, || self.stored(table), holding)?;
        let names: Vec<Expr> = ranges::names(columns).map(col).collect();
        rows.select(names).collect().map_err(DatasetError::polars(self.dataset.root().join(table.name)))
    }

    /// As [`Snapshot::frame`], with only those rows of history and objects that a predicate over the stored columns keeps.
    ///
    /// # Errors
    /// As [`Snapshot::frame`].
    pub fn frame_where(&self, table: &str, keep: Expr) -> Result<DataFrame, DatasetError> {
        let table = self.dataset.table(table)?;
        match table.kind {
            TableKind::State => {
                let frame = self.state(table)?;
                frame.lazy().filter(keep).collect().map_err(DatasetError::polars(self.dataset.root()))
            }
            TableKind::History => self.history(table, self.union(table)?.filter(keep)),
            TableKind::Object => self.objects(table, self.union(table)?.filter(keep)),
        }
    }

    /// Every complete read of a state table in every collection, with `collected_s`: what configuration was, for inference between collections.
    ///
    /// # Errors
    /// As [`Snapshot::frame`].
    pub fn past(&self, table: &str) -> Result<DataFrame, DatasetError> {
        let table = self.dataset.table(table)?;
        let mut frames = Vec::new();
        for (collection, readings) in self.collections.iter().zip(&self.readings) {
            let places = self.places(table).into_iter().filter(|(account, region)| readings.complete(table, account, region));
            let frame = collection.scan(table)?.filter(within(places));
            frames.push(frame.with_columns([
                lit(collection.manifest.id.clone()).alias("collection"),
                whole(collection.manifest.started_s).alias("collected_s"),
            ]));
        }
        self.collect(concat(frames, UnionArgs::default()), table)
    }

    fn state(&self, table: &'static Table) -> Result<DataFrame, DatasetError> {
        let mut frames = Vec::new();
        for (index, collection) in self.collections.iter().enumerate() {
            if self.stale(collection.manifest.started_s) {
                continue; // a gap says so; what was true a month ago must not decide today's verdict
            }
            let counts = |(account, region): &(String, String)| self.effective(table.name, account, region) == Some(index);
            let places: Vec<_> = self.places(table).into_iter().filter(counts).collect();
            if places.is_empty() {
                continue; // no row of it counts, so its files stay closed
            }
            let frame = collection.scan(table)?.filter(within(places.into_iter()));
            frames.push(frame.with_columns([lit(collection.manifest.id.clone()).alias("collection")]));
        }
        if frames.is_empty() {
            frames.push(super::open::empty(table).lazy().with_columns([lit("").alias("collection")]));
        }
        self.collect(concat(frames, UnionArgs::default()), table)
    }

    fn history(&self, table: &'static Table, all: LazyFrame) -> Result<DataFrame, DatasetError> {
        let newest = all.unique_stable(Some(identity(table)), UniqueKeepStrategy::Last).drop(cols(["seen"]));
        self.collect(Ok(newest), table)
    }

    fn objects(&self, table: &'static Table, all: LazyFrame) -> Result<DataFrame, DatasetError> {
        let names = table.identity();
        let keys: Vec<Expr> = names.iter().map(|&name| col(name)).collect();
        let first = all.clone().group_by(keys.clone()).agg([col("seen").min().alias("first_seen")]);
        let newest = all.unique_stable(Some(identity(table)), UniqueKeepStrategy::Last);
        let joined = newest.join(first, keys.clone(), keys, JoinArgs::new(JoinType::Left));
        let frame = self.collect(Ok(joined), table)?;
        self.with_lives(&frame, table)
    }

    /// Rows of all collections, oldest first.
    fn union(&self, table: &'static Table) -> Result<LazyFrame, DatasetError> {
        let frames: Vec<_> = self.stored(table)?.into_iter().map(|stored| stored.rows(stored.file.clone())).collect();
        concat(frames, UnionArgs::default()).map_err(DatasetError::polars(self.dataset.root().join(table.name)))
    }

    /// The files of a table in all collections, oldest first.
    fn stored(&self, table: &'static Table) -> Result<Vec<Stored>, DatasetError> {
        let mut all = Vec::new();
        for (collection, seen) in self.collections.iter().zip(0..) {
            let of = |file| Stored {
                file,
                created: table.created.map(frame::seconds_name),
                before_s: self.as_of_s,
                id: collection.manifest.id.clone(),
                seen,
            };
            all.extend(collection.files(table)?.into_iter().map(of));
        }
        Ok(all)
    }

    fn with_lives(&self, frame: &DataFrame, table: &'static Table) -> Result<DataFrame, DatasetError> {
        let wrong = |error| DatasetError::polars(self.dataset.root().join(table.name))(error);
        let texts = |name: &str| frame.column(name).and_then(|column| column.str().cloned()).map_err(wrong);
        let numbers = |name: &str| frame.column(name).and_then(|column| column.i64().cloned()).map_err(wrong);
        let (accounts, regions) = (texts("account_id")?, texts("region")?);
        let parents = table.parent.map(texts).transpose()?;
        let (first, last) = (numbers("first_seen")?, numbers("seen")?);
        let started = |index: i64| usize::try_from(index).ok().and_then(|index| self.readings.get(index)).map(|one| one.started_s);
        let mut lives: [Vec<Option<i64>>; 3] = Default::default();
        let mut exists: Vec<Option<bool>> = Vec::with_capacity(frame.height());
        let mut place = None;
        let mut fates: BTreeMap<i64, (Option<i64>, Option<bool>)> = BTreeMap::new(); // of objects of that place, by when they were last seen
        for row in 0..frame.height() {
            let parent = parents.as_ref().and_then(|parents| parents.get(row));
            let here = (accounts.get(row).unwrap_or(""), regions.get(row).unwrap_or(""), parent);
            if place != Some(here) {
                place = Some(here);
                fates.clear();
            }
            let seen = last.get(row).unwrap_or(0);
            let (absent_s, there) = *fates.entry(seen).or_insert_with(|| self.fate(table, here, seen));
            lives[0].push(first.get(row).and_then(started));
            lives[1].push(started(seen));
            lives[2].push(absent_s);
            exists.push(there);
        }
        let mut frame = frame.drop_many(["seen", "first_seen"]);
        for (name, values) in ["first_seen_s", "last_seen_s", "absent_s"].into_iter().zip(lives) {
            frame.with_column(Series::new(name.into(), values).into()).map_err(wrong)?;
        }
        frame.with_column(Series::new("exists".into(), exists).into()).map_err(wrong)?;
        Ok(frame)
    }

    /// When an object that was last seen in a collection was missed, and whether it exists: only the newest try can still show it.
    fn fate(&self, table: &Table, (account_id, region, parent): (&str, &str, Option<&str>), seen: i64) -> (Option<i64>, Option<bool>) {
        let absent_s = self.absent(table, account_id, region, parent, seen);
        let newest = self.effective(table.name, account_id, region).filter(|&index| !self.stale(self.readings[index].started_s));
        let shown = newest.is_some_and(|index| i64::try_from(index) == Ok(seen));
        (absent_s, if absent_s.is_some() { Some(false) } else { shown.then_some(true) })
    }

    /// The start of the first collection after `seen` whose read should have shown the object and did not.
    fn absent(&self, table: &Table, account_id: &str, region: &str, parent: Option<&str>, seen: i64) -> Option<i64> {
        let later = self.readings.iter().skip(usize::try_from(seen).unwrap_or(usize::MAX).saturating_add(1));
        later.into_iter().find(|readings| readings.shows(table.name, account_id, region, parent)).map(|readings| readings.started_s)
    }

    /// Index of the newest collection that tried to read a table in an account and Region.
    fn effective(&self, table: &str, account_id: &str, region: &str) -> Option<usize> {
        let key = (table.to_owned(), account_id.to_owned(), self.place(table, region).to_owned());
        let tried = |readings: &Arc<Readings>| {
            readings.reads.get(&key).is_some_and(|reads| reads.iter().any(|read| read.status != ReadStatus::NotRequested))
        };
        self.readings.iter().rposition(tried)
    }

    fn find_gaps(&self) -> Vec<Gap> {
        let mut gaps = BTreeSet::new();
        for table in self.dataset.tables() {
            for (account_id, region) in self.places(table) {
                self.gaps_of(table, &account_id, &region, &mut gaps);
            }
        }
        gaps.into_iter().collect()
    }

    fn find_elsewhere(&self) -> BTreeSet<(String, String)> {
        let once = self.dataset.tables().iter().filter(|table| table.global);
        let places = once.flat_map(|table| self.places(table).into_iter().map(|(account_id, region)| (table.name, account_id, region)));
        let is_elsewhere = |(table, account_id, region): &(&str, String, String)| {
            let newest = self.effective(table, account_id, region).and_then(|index| self.readings.get(index));
            let reads = newest.map(|readings| readings.of_table(table, account_id, region)).unwrap_or_default();
            reads.iter().any(|read| read.status == ReadStatus::Elsewhere)
        };
        places.filter(is_elsewhere).map(|(table, account_id, _)| (table.to_owned(), account_id)).collect()
    }

    fn gaps_of(&self, table: &Table, account_id: &str, region: &str, gaps: &mut BTreeSet<Gap>) {
        let newest = self.collections.last().map_or_else(String::new, |one| one.manifest.id.clone());
        let whole = |status, reason: String, collection: String| Gap {
            table: table.name.to_owned(),
            account_id: account_id.to_owned(),
            region: region.to_owned(),
            parent: None,
            status,
            operation: String::new(),
            reason,
            collection,
        };
        let readings = self.effective(table.name, account_id, region).and_then(|index| self.readings.get(index));
        let Some(readings) = readings else {
            gaps.insert(whole(ReadStatus::NotRequested, "no collection read this table here".to_owned(), newest));
            return;
        };
        if self.stale(readings.started_s) {
            let reason = format!("last tried on {}, more than 30 days before the moment of judgement", moment::short(readings.started_s));
            gaps.insert(whole(ReadStatus::NotRequested, reason, readings.id.clone()));
            return;
        }
        let reads = readings.of_table(table.name, account_id, region);
        if table.parent.is_some() && !reads.iter().any(|read| read.read.parent.is_none()) {
            gaps.insert(whole(ReadStatus::Unavailable, "the list of its parents left no record".to_owned(), readings.id.clone()));
        }
        for read in reads.iter().filter(|read| read.status.is_gap()) {
            gaps.insert(Gap {
                parent: read.read.parent.clone(),
                operation: read.read.operation.clone().unwrap_or_default(),
                ..whole(read.status, read.read.reason.clone().unwrap_or_default(), readings.id.clone())
            });
        }
    }

    fn collect(&self, frame: PolarsResult<LazyFrame>, table: &Table) -> Result<DataFrame, DatasetError> {
        let path = || self.dataset.root().join(table.name);
        let frame = frame.map_err(DatasetError::polars(path()))?;
        let order: Vec<PlSmallStr> = table.order().into_iter().map(PlSmallStr::from_string).collect();
        let options = SortMultipleOptions::default().with_maintain_order(true);
        frame.sort(order, options).collect().map_err(DatasetError::polars(path()))
    }
}

fn scope(collections: &[&Collection]) -> Vec<(String, String)> {
    let mut scope = BTreeSet::new();
    for collection in collections {
        scope.extend(collection.manifest.scope.places().map(|(account, region)| (account.to_owned(), region.to_owned())));
    }
    scope.into_iter().collect()
}

fn identity(table: &Table) -> Selector {
    cols(table.identity())
}

/// A literal that is stored as 64 bits: a bare one takes the narrowest type that holds it.
fn whole(number: i64) -> Expr {
    lit(number).cast(DataType::Int64)
}

/// Rows of any of these accounts and Regions.
fn within(places: impl Iterator<Item = (String, String)>) -> Expr {
    let mut terms: Vec<Expr> =
        places.map(|(account, region)| col("account_id").eq(lit(account)).and(col("region").eq(lit(region)))).collect();
    // Halves at a time, so that thousands of places make a shallow tree.
    while terms.len() > 1 {
        let mut pairs = terms.into_iter();
        let mut halves = Vec::new();
        while let Some(one) = pairs.next() {
            halves.push(match pairs.next() {
                Some(other) => one.or(other),
                None => one,
            });
        }
        terms = halves;
    }
    terms.pop().unwrap_or_else(|| lit(false))
}
