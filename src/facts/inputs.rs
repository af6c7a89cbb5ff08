//! What facts are derived from: a snapshot, the objectives and a window. Results are kept, so that each is derived once.

use std::cell::{OnceCell, RefCell};
use std::collections::BTreeMap;
use std::rc::Rc;

use polars::prelude::DataFrame;

use super::coverage::Coverage;
use super::error::FactError;
use super::plans::Plan;
use super::points::Restorable;
use super::population::Resource;
use super::prices::Prices;
use super::{FACTS, Fact, Objectives, coverage, plans, points, population};
use crate::dataset::frame;
use crate::dataset::rows::{Batch, Row};
use crate::dataset::{Collection, KeyRange, Relation, Snapshot};
use crate::model::window::{self, Window};

/// Rows that [`Inputs::each`] holds at a time.
const AT_A_TIME: usize = 16_384;

/// Rows of a table that a range of resources may have, about.
const RANGE_ROWS: u64 = 100_000;

/// The tables whose rows decide how many ranges there are: those that grow with every backup.
const MANY_ROWS: [&str; 4] = ["recovery_points", "backup_jobs", "copy_jobs", "rds_snapshots"];

/// Everything a fact may read.
#[derive(Debug)]
pub struct Inputs<'a> {
    /// The dataset as of the moment of judgement.
    pub snapshot: &'a Snapshot<'a>,
    /// Who owes what.
    pub objectives: &'a Objectives,
    /// The window that is looked at, half-open; its end is the moment of judgement.
    pub window: Window,
    /// What storage costs.
    pub prices: &'a Prices,
    /// How many ranges of resources large tables are worked on in.
    ranges: i64,
    /// The range of them that is looked at; `None` if all are.
    only: Option<KeyRange>,
    kept: Rc<Kept>,
}

/// What was derived, once for all ranges.
#[derive(Debug, Default)]
struct Kept {
    population: OnceCell<Rc<Vec<Resource>>>,
    databases: OnceCell<Rc<Vec<Resource>>>,
    plans: OnceCell<Rc<Vec<Plan>>>,
    coverage: OnceCell<Rc<Vec<Coverage>>>,
    restorable: OnceCell<Rc<Restorable>>,
    frames: RefCell<BTreeMap<&'static str, DataFrame>>,
    tables: RefCell<BTreeMap<String, DataFrame>>,
}

/// Without a list nothing has a price.
static NO_PRICES: Prices = Prices::new();

impl<'a> Inputs<'a> {
    /// Takes a snapshot, the objectives and the window. No price is known.
    pub fn new(snapshot: &'a Snapshot<'a>, objectives: &'a Objectives, window: Window) -> Self {
        let rows = MANY_ROWS.iter().map(|table| snapshot.stored_rows(table)).max().unwrap_or(0);
        let ranges = i64::try_from(rows.div_ceil(RANGE_ROWS)).unwrap_or(i64::MAX).max(1);
        Self { snapshot, objectives, window, prices: &NO_PRICES, ranges, only: None, kept: Rc::default() }
    }

    /// The same with what storage costs.
    #[must_use]
    pub fn with_prices(self, prices: &'a Prices) -> Self {
        Self { prices, ..self }
    }

    /// The same in so many ranges of resources, one at least. Nothing that is derived depends on it.
    #[must_use]
    pub fn in_ranges(self, ranges: i64) -> Self {
        Self { ranges: ranges.max(1), kept: Rc::default(), ..self }
    }

    /// The ranges of resources in which tables that grow with every backup are worked on, so that one at a time is in memory.
    pub fn ranges(&self) -> Vec<KeyRange> {
        self.only.map_or_else(|| KeyRange::all(self.ranges), |range| vec![range])
    }

    /// The same with only the rows of one range of resources, of tables whose rows name one.
    #[must_use]
    pub fn within(&self, range: KeyRange) -> Self {
        let (snapshot, objectives, window, prices) = (self.snapshot, self.objectives, self.window, self.prices);
        Self { snapshot, objectives, window, prices, ranges: self.ranges, only: Some(range), kept: Rc::clone(&self.kept) }
    }

    /// All ranges: what is derived once for all of them must not be that of the one which happened to ask first.
    fn whole(&self) -> Self {
        Self { only: None, ..self.within(KeyRange::WHOLE) }
    }

    /// Whether a resource belongs to the range that is looked at.
    pub fn holds(&self, resource_key: Option<i64>) -> bool {
        self.only.is_none_or(|range| range.holds(resource_key))
    }

    /// Reads the declared columns of a table, as it stands at the moment. Of a table that grows with every backup it holds every row: ask
    /// [`Inputs::each`] for those.
    ///
    /// # Errors
    /// As reading the table.
    pub fn rows<R: Row>(&self, table: &str) -> Result<Vec<R>, FactError> {
        let mut rows = Vec::new();
        self.portions(table, |mut portion| rows.append(&mut portion))?;
        Ok(rows)
    }

    /// Hands on the declared columns of a table row by row, some thousands at a time, for tables that may be larger than what is kept of them. The
    /// order of the rows may be any.
    ///
    /// # Errors
    /// As reading the table.
    pub fn each<R: Row>(&self, table: &str, mut take: impl FnMut(R)) -> Result<(), FactError> {
        self.portions(table, |portion| portion.into_iter().for_each(&mut take))
    }

    fn portions<R: Row>(&self, table: &str, mut take: impl FnMut(Vec<R>)) -> Result<(), FactError> {
        let mut cut = |frame: &DataFrame| {
            for from in (0..frame.height()).step_by(AT_A_TIME) {
                take(frame::from_frame::<R>(table, &frame.slice(i64::try_from(from).unwrap_or(i64::MAX), AT_A_TIME))?);
            }
            Ok::<_, FactError>(())
        };
        if self.ranges == 1 || !self.snapshot.by_range(table) {
            return cut(&self.frame(table)?);
        }
        for range in self.ranges() {
            cut(&self.snapshot.frame_in(table, R::COLUMNS, range)?)?;
        }
        Ok(())
    }

    /// A table as it stands at the moment, read once; for what columns answer better than rows, too.
    ///
    /// # Errors
    /// As reading the table.
    pub(super) fn frame(&self, table: &str) -> Result<DataFrame, FactError> {
        if let Some(frame) = self.kept.tables.borrow().get(table) {
            return Ok(frame.clone());
        }
        let frame = self.snapshot.frame(table)?;
        self.kept.tables.borrow_mut().insert(table.to_owned(), frame.clone());
        Ok(frame)
    }

    /// The tables that were read so far.
    pub fn tables_read(&self) -> Vec<String> {
        self.kept.tables.borrow().keys().cloned().collect()
    }

    /// What restores the resources of a range of keys. Only an estate of a single range is kept: of several, one at a time is in memory.
    ///
    /// # Errors
    /// As deriving it.
    pub fn restorable(&self, range: KeyRange) -> Result<Rc<Restorable>, FactError> {
        if range.of == 1 {
            cached(&self.kept.restorable, || points::restorable(self))
        } else {
            Ok(Rc::new(points::restorable(&self.within(range))?))
        }
    }

    /// Whether a table is completely read in an account and Region.
    pub fn complete(&self, table: &str, account_id: &str, region: &str) -> bool {
        self.snapshot.complete(table, account_id, region, None)
    }

    /// Whether a table is completely read in all Regions of an account that are in scope.
    pub fn complete_in_account(&self, table: &str, account_id: &str) -> bool {
        let scope = self.snapshot.scope();
        let first = scope.partition_point(|(account, _)| account.as_str() < account_id);
        let mut regions = scope[first..].iter().take_while(|(account, _)| account == account_id).peekable();
        regions.peek().is_some() && regions.all(|(_, region)| self.complete(table, account_id, region))
    }

    /// Whether a table is completely read in all accounts and Regions that are in scope.
    pub fn complete_everywhere(&self, table: &str) -> bool {
        let scope = self.snapshot.scope();
        !scope.is_empty() && !self.snapshot.gaps().iter().any(|gap| gap.table == table)
    }

    /// When a collection began, by its id: the instant for which what was read in it speaks.
    pub fn collected_s(&self, collection: Option<&str>) -> Option<i64> {
        let of_id = |one: &&&Collection| Some(one.manifest.id.as_str()) == collection;
        self.snapshot.collections().iter().find(of_id).map(|one| one.manifest.started_s)
    }

    /// When a collection had read a table of an account and Region to the end.
    pub fn read_by_s(&self, collection: Option<&str>, table: &str, account_id: &str, region: &str) -> Option<i64> {
        self.snapshot.read_by_s(collection?, table, account_id, region)
    }

    /// The collection that tried last to read a table in an account and Region: what is listed now, it lists.
    pub fn newest_list(&self, table: &str, account_id: &str, region: &str) -> Option<&str> {
        let tried_s = self.snapshot.newest_try(table, account_id, region)?;
        let newest = self.snapshot.collections().iter().rev().find(|one| one.manifest.started_s == tried_s);
        newest.map(|one| one.manifest.id.as_str())
    }

    /// Since when a table of history has been observed in every account and Region of the scope, without a gap until the moment of judgement; `None`
    /// if it is not.
    pub fn observed_everywhere_since(&self, table: &str) -> Option<i64> {
        let places = self.snapshot.scope().iter().map(|(account, region)| self.snapshot.observed(table, account, region));
        let everywhere = places.reduce(|one, other| window::common(&one, &other))?;
        let last = everywhere.last().filter(|window| window.end_s >= self.snapshot.as_of_s())?;
        self.complete_everywhere(table).then_some(last.start_s)
    }

    /// The population: everything that can hold data, sorted by ARN.
    ///
    /// # Errors
    /// As deriving it.
    pub fn population(&self) -> Result<Rc<Vec<Resource>>, FactError> {
        cached(&self.kept.population, || population::resources(&self.whole()))
    }

    /// The databases of the population, sorted by ARN. Nothing else is read for them.
    ///
    /// # Errors
    /// As deriving them.
    pub fn databases(&self) -> Result<Rc<Vec<Resource>>, FactError> {
        cached(&self.kept.databases, || population::databases(&self.whole()))
    }

    /// Plans with their rules, copies and selections, sorted by ARN.
    ///
    /// # Errors
    /// As deriving them.
    pub fn plans(&self) -> Result<Rc<Vec<Plan>>, FactError> {
        cached(&self.kept.plans, || plans::plans(&self.whole()))
    }

    /// Coverage of each resource, in the order of the population.
    ///
    /// # Errors
    /// As deriving it.
    pub fn coverage(&self) -> Result<Rc<Vec<Coverage>>, FactError> {
        cached(&self.kept.coverage, || coverage::coverage(&self.whole()))
    }

    /// A fact as a frame, of all ranges whichever is looked at.
    ///
    /// # Errors
    /// `UnknownRelation`, or as deriving it.
    pub fn fact(&self, name: &str) -> Result<DataFrame, FactError> {
        let fact = fact_named(name)?;
        if let Some(frame) = self.kept.frames.borrow().get(fact.relation.name) {
            return Ok(frame.clone());
        }
        let frame = if fact.by_range { self.whole().all_ranges(fact)? } else { (fact.derive)(&self.whole())? };
        self.kept.frames.borrow_mut().insert(fact.relation.name, frame.clone());
        Ok(frame)
    }

    /// A fact as one frame or, if its rows are those of recovery points, range by range of resources: all rows of a subject are in one of them. What
    /// is handed on range by range is not kept.
    ///
    /// # Errors
    /// As [`Inputs::fact`], and what `take` gives.
    pub fn fact_in_parts<E: From<FactError>>(&self, name: &str, mut take: impl FnMut(DataFrame) -> Result<(), E>) -> Result<(), E> {
        let fact = fact_named(name)?;
        if self.ranges == 1 || !fact.by_range {
            return take(self.fact(name)?);
        }
        self.ranges().into_iter().try_for_each(|range| take((fact.derive)(&self.within(range))?))
    }

    fn all_ranges(&self, fact: &Fact) -> Result<DataFrame, FactError> {
        let mut whole: Option<DataFrame> = None;
        for range in self.ranges() {
            let frame = (fact.derive)(&self.within(range))?;
            match &mut whole {
                None => whole = Some(frame),
                Some(whole) => {
                    whole.vstack_mut(&frame).map_err(FactError::polars(fact.relation.name))?;
                }
            }
        }
        Self::ordered(fact.relation, &whole.unwrap_or_default())
    }

    /// Turns rows of a fact into its frame, sorted by subject and the order the relation declares.
    ///
    /// # Errors
    /// As building the frame.
    pub(super) fn frame_of<R: Row>(relation: &'static Relation, rows: impl IntoIterator<Item = R>) -> Result<DataFrame, FactError> {
        Self::ordered(relation, &frame::to_frame(relation.name, &Batch::from_rows(rows))?)
    }

    fn ordered(relation: &'static Relation, frame: &DataFrame) -> Result<DataFrame, FactError> {
        use polars::prelude::{PlSmallStr, SortMultipleOptions};
        let order: Vec<PlSmallStr> = ["subject_arn"].iter().chain(relation.order).map(|&name| name.into()).collect();
        let options = SortMultipleOptions::default().with_maintain_order(true).with_nulls_last(true);
        frame.sort(order, options).map_err(FactError::polars(relation.name))
    }
}

fn fact_named(name: &str) -> Result<&'static Fact, FactError> {
    FACTS.iter().copied().find(|fact| fact.relation.name == name).ok_or_else(|| FactError::UnknownRelation(name.to_owned()))
}

fn cached<T>(cell: &OnceCell<Rc<T>>, derive: impl FnOnce() -> Result<T, FactError>) -> Result<Rc<T>, FactError> {
    if let Some(value) = cell.get() {
        return Ok(Rc::clone(value));
    }
    let value = Rc::new(derive()?);
    Ok(Rc::clone(cell.get_or_init(|| value)))
}
