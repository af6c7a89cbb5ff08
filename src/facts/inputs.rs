//! What facts are derived from: a snapshot, the objectives and a window. Results are kept, so that each is derived once.

use std::cell::{OnceCell, RefCell};
use std::collections::BTreeMap;
use std::rc::Rc;

use polars::prelude::DataFrame;

use super::coverage::Coverage;
use super::error::FactError;
use super::plans::Plan;
use super::points::{KeyRange, Restorable};
use super::population::Resource;
use super::prices::Prices;
use super::{FACTS, Objectives, coverage, plans, points, population};
use crate::dataset::frame;
use crate::dataset::rows::{Batch, Row};
use crate::dataset::{Collection, Relation, Snapshot, snapshot};
use crate::model::Window;

/// Rows that [`Inputs::each`] holds at a time.
const AT_A_TIME: usize = 16_384;

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
        Self {
            snapshot,
            objectives,
            window,
            prices: &NO_PRICES,
            population: OnceCell::new(),
            databases: OnceCell::new(),
            plans: OnceCell::new(),
            coverage: OnceCell::new(),
            restorable: OnceCell::new(),
            frames: RefCell::default(),
            tables: RefCell::default(),
        }
    }

    /// The same with what storage costs.
    #[must_use]
    pub fn with_prices(self, prices: &'a Prices) -> Self {
        Self { prices, ..self }
    }

    /// Reads the declared columns of a table, as it stands at the moment.
    ///
    /// # Errors
    /// As reading the table.
    pub fn rows<R: Row>(&self, table: &str) -> Result<Vec<R>, FactError> {
        Ok(frame::from_frame(table, &self.frame(table)?)?)
    }

    /// Hands on the declared columns of a table row by row, some thousands at a time, for tables that may be larger than what is kept of them.
    ///
    /// # Errors
    /// As reading the table.
    pub fn each<R: Row>(&self, table: &str, mut take: impl FnMut(R)) -> Result<(), FactError> {
        let frame = self.frame(table)?;
        for from in (0..frame.height()).step_by(AT_A_TIME) {
            let rows = frame::from_frame::<R>(table, &frame.slice(i64::try_from(from).unwrap_or(i64::MAX), AT_A_TIME))?;
            rows.into_iter().for_each(&mut take);
        }
        Ok(())
    }

    /// A table as it stands at the moment, read once; for what columns answer better than rows, too.
    ///
    /// # Errors
    /// As reading the table.
    pub(super) fn frame(&self, table: &str) -> Result<DataFrame, FactError> {
        if let Some(frame) = self.tables.borrow().get(table) {
            return Ok(frame.clone());
        }
        let frame = self.snapshot.frame(table)?;
        self.tables.borrow_mut().insert(table.to_owned(), frame.clone());
        Ok(frame)
    }

    /// The tables that were read so far.
    pub fn tables_read(&self) -> Vec<String> {
        self.tables.borrow().keys().cloned().collect()
    }

    /// What restores the resources of a range of keys. Only an estate of a single range is kept: of several, one at a time is in memory.
    ///
    /// # Errors
    /// As deriving it.
    pub fn restorable(&self, range: KeyRange) -> Result<Rc<Restorable>, FactError> {
        if range.of == 1 {
            cached(&self.restorable, || points::restorable(self, range))
        } else {
            Ok(Rc::new(points::restorable(self, range)?))
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
        let everywhere = places.reduce(|one, other| snapshot::common(&one, &other))?;
        let last = everywhere.last().filter(|window| window.end_s >= self.snapshot.as_of_s())?;
        self.complete_everywhere(table).then_some(last.start_s)
    }

    /// The population: everything that can hold data, sorted by ARN.
    ///
    /// # Errors
    /// As deriving it.
    pub fn population(&self) -> Result<Rc<Vec<Resource>>, FactError> {
        cached(&self.population, || population::resources(self))
    }

    /// The databases of the population, sorted by ARN. Nothing else is read for them.
    ///
    /// # Errors
    /// As deriving them.
    pub fn databases(&self) -> Result<Rc<Vec<Resource>>, FactError> {
        cached(&self.databases, || population::databases(self))
    }

    /// Plans with their rules, copies and selections, sorted by ARN.
    ///
    /// # Errors
    /// As deriving them.
    pub fn plans(&self) -> Result<Rc<Vec<Plan>>, FactError> {
        cached(&self.plans, || plans::plans(self))
    }

    /// Coverage of each resource, in the order of the population.
    ///
    /// # Errors
    /// As deriving it.
    pub fn coverage(&self) -> Result<Rc<Vec<Coverage>>, FactError> {
        cached(&self.coverage, || coverage::coverage(self))
    }

    /// A fact as a frame.
    ///
    /// # Errors
    /// `UnknownRelation`, or as deriving it.
    pub fn fact(&self, name: &str) -> Result<DataFrame, FactError> {
        let fact = FACTS.iter().find(|fact| fact.relation.name == name).ok_or_else(|| FactError::UnknownRelation(name.to_owned()))?;
        if let Some(frame) = self.frames.borrow().get(fact.relation.name) {
            return Ok(frame.clone());
        }
        let frame = (fact.derive)(self)?;
        self.frames.borrow_mut().insert(fact.relation.name, frame.clone());
        Ok(frame)
    }

    /// Turns rows of a fact into its frame, sorted by subject and the order the relation declares.
    ///
    /// # Errors
    /// As building the frame.
    pub(super) fn frame_of<R: Row>(relation: &'static Relation, rows: impl IntoIterator<Item = R>) -> Result<DataFrame, FactError> {
        use polars::prelude::{PlSmallStr, SortMultipleOptions};
        let frame = frame::to_frame(relation.name, &Batch::from_rows(rows))?;
        let order: Vec<PlSmallStr> = ["subject_arn"].iter().chain(relation.order).map(|&name| name.into()).collect();
        frame.sort(order, SortMultipleOptions::default().with_maintain_order(true)).map_err(FactError::polars(relation.name))
    }
}

fn cached<T>(cell: &OnceCell<Rc<T>>, derive: impl FnOnce() -> Result<T, FactError>) -> Result<Rc<T>, FactError> {
    if let Some(value) = cell.get() {
        return Ok(Rc::clone(value));
    }
    let value = Rc::new(derive()?);
    Ok(Rc::clone(cell.get_or_init(|| value)))
}
