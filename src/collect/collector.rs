//! What a collector is, and what it hands back.

use std::collections::BTreeMap;

use async_trait::async_trait;

use super::door::RegionDoor;
use super::portions::{Outlet, PORTION_ROWS};
use crate::dataset::rows::Row;
use crate::dataset::{Absence, Batch, ReadStatus, Table};

/// An AWS operation a collector calls.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Operation {
    /// Service as the call log and the limiter name it: `backup`, `rds`, `kms`, `sts`, `tagging`.
    pub service: &'static str,
    /// Operation name: `ListBackupVaults`.
    pub name: &'static str,
    /// IAM action it needs: `backup:ListBackupVaults`.
    pub action: &'static str,
}

/// How a dry run tells the number of calls of an operation without making them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Foretold {
    /// One for each time that the collector wants to call it.
    OneByOne,
    /// One page for each time, and perhaps more: nobody tells how many.
    AtLeastOnePage,
    /// The first page is asked for. As many of its size as it takes for [`Collector::expected`].
    ByFirstPage,
    /// One for so many of the unit's items, or what is left of them.
    Bundled(usize),
}

/// What is read, written and resumed as one: a collector in an account and Region, for one parent and range where it has them.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Unit {
    /// ARN of the vault, plan, snapshot or key, or the name of a kind of event; `None` for the whole Region.
    pub parent: Option<String>,
    /// Range of creation dates, for parents too large for one read.
    pub range: Option<UnitRange>,
}

/// A half-open range of epoch seconds; `None` is open.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct UnitRange {
    /// First second inside.
    pub from_s: Option<i64>,
    /// First second after.
    pub to_s: Option<i64>,
}

impl Unit {
    /// The unit of a whole Region.
    pub const REGION: Self = Self { parent: None, range: None };
}

/// Fills one or more tables. Implementations read AWS and copy; they do not judge.
#[async_trait]
pub trait Collector: Send + Sync {
    /// The tables it fills; the first one names the collector.
    fn tables(&self) -> &'static [&'static Table];

    /// The operations it calls; limiter, call log check and read-only policy come from these.
    fn operations(&self) -> &'static [Operation];

    /// For tables read parent by parent: the table that lists the parents and its ARN column.
    fn parents(&self) -> Option<(&'static Table, &'static str)> {
        None
    }

    /// For tables of what others name, such as keys: the columns that name it. Each distinct text in any of them is a unit of its own.
    ///
    /// A collector has parents or references, or neither.
    fn references(&self) -> &'static [(&'static Table, &'static str)] {
        &[]
    }

    /// For what AWS tells of an organization to its management account and delegated administrators only: it is read once, in one of them, when every
    /// account has said which organization it belongs to.
    fn once_an_organization(&self) -> bool {
        false
    }

    /// The units of a Region, or those of some rows of the parents' table; `parents` is `None` for a collector without parents.
    ///
    /// Without a table of parents the units may still have names of their own, which then stand in the table's parent column.
    /// The same parents and `started_s`, the start of the collection, give the same units, so that an interrupted collection finds its own again.
    fn units(&self, parents: Option<&Batch>, started_s: i64) -> Vec<Unit> {
        let _ = started_s;
        match (self.parents(), parents) {
            (Some((_, column)), Some(batch)) => texts(batch, column).map(|arn| Unit { parent: Some(arn.clone()), range: None }).collect(),
            _ => vec![Unit::REGION],
        }
    }

    /// The span that a complete read covers, for tables whose history AWS forgets: `(from_s, to_s)` as of the moment the read began.
    fn covers(&self, started_s: i64) -> (Option<i64>, Option<i64>) {
        let _ = started_s;
        (None, None)
    }

    /// For history that earlier collections keep and that does not change any more: the seconds by which a later read goes back behind what they
    /// cover, for what AWS delivers late. `None`: each collection reads all that AWS still tells.
    fn overlap_s(&self) -> Option<i64> {
        None
    }

    /// Operations that a dry run does not call, because it can tell otherwise how often a collection will. All others it does call, for what follows
    /// from their answers. A unit goes on when such a call is not made, as it does when AWS refuses it.
    fn foretold(&self) -> &'static [(Operation, Foretold)] {
        &[]
    }

    /// How many things AWS says that each parent has, for [`Foretold::ByFirstPage`].
    fn expected(&self, parents: &Batch) -> Vec<(String, i64)> {
        let _ = parents;
        Vec::new()
    }

    /// Reads one unit, page by page, into `harvest`.
    ///
    /// # Errors
    /// `ReadError` when a call fails for good; what `harvest` holds by then is kept and the read becomes partial.
    async fn collect(&self, door: &RegionDoor, unit: &Unit, harvest: &mut Harvest) -> Result<(), ReadError>;
}

/// The cells of a text column of a batch, NULLs left out.
pub(crate) fn texts<'a>(batch: &'a Batch, column: &str) -> impl Iterator<Item = &'a String> + 'a {
    let cells = batch.columns().iter().position(|declared| declared.name == column).and_then(|index| batch.cells().get(index));
    let texts = match cells {
        Some(crate::dataset::rows::Cells::Text(texts)) => texts.as_slice(),
        _ => &[],
    };
    texts.iter().flatten()
}

/// Rows read so far, and the count of what AWS sent.
#[derive(Debug, Default)]
pub struct Harvest {
    batches: BTreeMap<&'static str, (&'static Table, Batch)>,
    pages: i64,
    items: i64,
    refused: BTreeMap<String, i64>,
    failure: Option<ReadError>,
    outlet: Option<Outlet>,
}

impl Harvest {
    /// A harvest whose full portions leave while the reading goes on.
    pub(super) fn with_outlet(outlet: Outlet) -> Self {
        Self { outlet: Some(outlet), ..Self::default() }
    }

    /// No more portions leave; whoever waits for them need not wait any longer.
    pub(super) fn close(&mut self) {
        self.outlet = None;
    }

    /// Lets the rows go that are many enough to be written, and waits until they are. To be called between two pages by collectors whose
    /// tables have no bound; rows that have left are counted as if they were still there.
    ///
    /// # Errors
    /// They could not be written; the collection ends.
    pub(crate) async fn leave(&mut self) -> Result<(), ReadError> {
        let Some(outlet) = &self.outlet else { return Ok(()) };
        let full = |(table, batch): &mut (&'static Table, Batch)| {
            (batch.len() >= PORTION_ROWS).then(|| (*table, std::mem::replace(batch, Batch::new(table.columns))))
        };
        let portions: Vec<(&'static Table, Batch)> = self.batches.values_mut().filter_map(full).collect();
        for (table, batch) in portions {
            outlet.hand_over(table, batch).await?;
        }
        Ok(())
    }

    /// Counts a page of `items` items.
    pub fn page(&mut self, items: usize) {
        self.pages += 1;
        self.items += i64::try_from(items).unwrap_or(i64::MAX);
    }

    /// Appends a row to a table; a row that lacks a column that is never NULL is refused and counted, which makes the read partial.
    pub fn push<R: Row>(&mut self, table: &'static Table, row: R) {
        let (_, batch) = self.batches.entry(table.name).or_insert_with(|| (table, Batch::new(table.columns)));
        let index = batch.len();
        batch.push(row);
        let missing =
            table.columns.iter().zip(batch.cells()).find(|(column, cells)| column.absence == Absence::Never && cells.is_null(index));
        if let Some((column, _)) = missing {
            *self.refused.entry(format!("{} sent without {}", table.name, column.source)).or_default() += 1;
            batch.truncate(index);
        }
    }

    /// Counts an item that gave no row on purpose or by defect, with the reason; a read with refused items is partial.
    pub fn refuse(&mut self, reason: impl Into<String>) {
        *self.refused.entry(reason.into()).or_default() += 1;
    }

    /// Counts an item whose own call failed, which makes the read partial. The record of the read names the call of the first failure.
    pub fn failed(&mut self, error: ReadError) {
        self.refuse(error.to_string());
        self.failure.get_or_insert(error);
    }

    /// The first failure of a call for one item.
    pub fn failure(&self) -> Option<&ReadError> {
        self.failure.as_ref()
    }

    /// Pages counted.
    pub fn pages(&self) -> i64 {
        self.pages
    }

    /// Items counted.
    pub fn items(&self) -> i64 {
        self.items
    }

    /// Reasons for items without a row, with their number.
    pub fn refused(&self) -> &BTreeMap<String, i64> {
        &self.refused
    }

    /// The rows of a table; an empty batch if none came.
    pub fn take(&mut self, table: &'static Table) -> Batch {
        self.batches.remove(table.name).map_or_else(|| Batch::new(table.columns), |(_, batch)| batch)
    }
}

/// Why a read ended early: what AWS answered, as data.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{operation}: {reason}")]
pub struct ReadError {
    /// How the read counts if nothing was read before.
    pub status: ReadStatus,
    /// Operation that failed, `ListBackupVaults`.
    pub operation: String,
    /// Error code and AWS's message, or what broke the connection.
    pub reason: String,
}
