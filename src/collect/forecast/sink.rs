//! Where a dry run puts what it read: nowhere. It keeps how many things there are, as far as calls follow from their number.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Mutex, PoisonError};

use super::gate::NOT_MADE;
use crate::collect::collector::{Collector, Foretold};
use crate::collect::lists::{name, parents_in};
use crate::collect::runner::{Sink, SinkError};
use crate::dataset::reads::Read;
use crate::dataset::{Batch, ReadStatus, Table, UnitId};

/// Calls that follow from a number of things, and were not made.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Further {
    pub(super) account_id: String,
    pub(super) region: String,
    pub(super) service: &'static str,
    pub(super) operation: &'static str,
    pub(super) requests: u64,
}

/// A read that AWS refused, or did not answer: what would have followed from it is not counted.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, serde::Serialize)]
pub struct Refused {
    /// Twelve digits.
    pub account_id: String,
    /// `eu-west-1`, or `global`.
    pub region: String,
    /// Table that is read so.
    pub table: String,
    /// Operation that was refused.
    pub operation: String,
    /// What AWS answered.
    pub reason: String,
}

/// Takes units and drops their rows.
pub(super) struct Dropping {
    collectors: &'static [&'static dyn Collector],
    seen: Mutex<Seen>,
}

#[derive(Default)]
struct Seen {
    /// Account, Region, collector and parent to how many things AWS says it has.
    expected: BTreeMap<(String, String, &'static str, String), u64>,
    /// Account, Region, collector and parent to the lengths of the first pages of its ranges; 0 where there was no other page.
    first_pages: BTreeMap<(String, String, &'static str, String), Vec<u64>>,
    bundled: Vec<Further>,
    refused: BTreeSet<Refused>,
}

impl Dropping {
    pub(super) fn new(collectors: &'static [&'static dyn Collector]) -> Self {
        Self { collectors, seen: Mutex::default() }
    }

    /// The calls that were not made, and the reads that were refused.
    pub(super) fn result(&self) -> (Vec<Further>, Vec<Refused>) {
        let seen = self.seen();
        let mut further = seen.bundled.clone();
        for (place, pages) in &seen.first_pages {
            let (account_id, region, of, _) = place;
            let collector = self.collectors.iter().find(|collector| name(**collector) == *of);
            let Some((operation, _)) = collector.and_then(|collector| by_first_page(*collector)) else { continue };
            let things = seen.expected.get(place).copied().unwrap_or(0);
            let requests = rest(things, pages);
            let (account_id, region) = (account_id.clone(), region.clone());
            further.push(Further { account_id, region, service: operation.service, operation: operation.name, requests });
        }
        (further, seen.refused.iter().cloned().collect())
    }

    /// Keeps how many things each parent in these rows is said to have.
    fn expect(&self, seen: &mut Seen, unit: &UnitId, table: &Table, batch: &Batch) {
        for collector in self.collectors.iter().filter(|collector| parents_in(**collector, table)) {
            for (parent, things) in collector.expected(batch) {
                let place = (unit.account_id.clone(), unit.region.clone(), name(*collector), parent);
                seen.expected.insert(place, u64::try_from(things).unwrap_or(0));
            }
        }
    }

    fn seen(&self) -> std::sync::MutexGuard<'_, Seen> {
        self.seen.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The pages after the first of each range, if `things` are spread evenly over the ranges. A range with another page has at least one.
fn rest(things: u64, first_pages: &[u64]) -> u64 {
    let ranges = u64::try_from(first_pages.len()).unwrap_or(1).max(1);
    let cut_short = first_pages.iter().filter(|length| **length > 0);
    cut_short.map(|length| things.div_ceil(ranges).div_ceil(*length).saturating_sub(1).max(1)).sum()
}

fn by_first_page(collector: &dyn Collector) -> Option<&'static (crate::collect::collector::Operation, Foretold)> {
    collector.foretold().iter().find(|(_, foretold)| *foretold == Foretold::ByFirstPage)
}

impl Sink for Dropping {
    fn done(&self, _unit: &UnitId) -> bool {
        false
    }

    fn batch(&self, _table: &'static Table, _unit: &UnitId) -> Result<Option<Batch>, SinkError> {
        Ok(None)
    }

    fn texts(&self, _table: &'static Table, _column: &str, _unit: &UnitId) -> Result<Option<BTreeSet<String>>, SinkError> {
        Ok(None)
    }

    fn portion(&self, unit: &UnitId, table: &'static Table, batch: &Batch) -> Result<(), SinkError> {
        self.expect(&mut self.seen(), unit, table, batch);
        Ok(())
    }

    fn write(&self, unit: &UnitId, tables: &[(&'static Table, Batch)], reads: &[Read]) -> Result<(), SinkError> {
        let place = |of: &'static str, parent: &str| (unit.account_id.clone(), unit.region.clone(), of, parent.to_owned());
        let mut seen = self.seen();
        for (table, batch) in tables {
            self.expect(&mut seen, unit, table, batch);
        }
        seen.refused.extend(reads.iter().filter(|read| is_refused(read)).map(|read| refused(unit, read)));
        let Some(collector) = self.collectors.iter().find(|collector| name(**collector) == unit.collector) else { return Ok(()) };
        // A record for the whole Region without operations of its own is no unit that was read.
        let (Some(read), false) = (reads.first(), tables.is_empty()) else { return Ok(()) };
        let items = read.items_count.and_then(|items| u64::try_from(items).ok()).unwrap_or(0);
        for (operation, foretold) in collector.foretold() {
            match foretold {
                Foretold::Bundled(size) => seen.bundled.push(Further {
                    account_id: unit.account_id.clone(),
                    region: unit.region.clone(),
                    service: operation.service,
                    operation: operation.name,
                    requests: items.div_ceil(u64::try_from(*size).unwrap_or(1).max(1)),
                }),
                Foretold::ByFirstPage => {
                    let length = if ended_at_the_gate(read) { items.max(1) } else { 0 };
                    let parent = unit.parent.as_deref().unwrap_or_default();
                    seen.first_pages.entry(place(name(*collector), parent)).or_default().push(length);
                }
                Foretold::OneByOne | Foretold::AtLeastOnePage => {}
            }
        }
        Ok(())
    }
}

fn ended_at_the_gate(read: &Read) -> bool {
    read.reason.as_ref().is_some_and(|reason| reason.contains(NOT_MADE))
}

fn is_refused(read: &Read) -> bool {
    let status = read.status.as_deref().and_then(|word| word.parse().ok());
    let asked = !matches!(status, Some(ReadStatus::Skipped | ReadStatus::NotRequested));
    asked && status.is_none_or(ReadStatus::is_gap) && !ended_at_the_gate(read)
}

fn refused(unit: &UnitId, read: &Read) -> Refused {
    Refused {
        account_id: unit.account_id.clone(),
        region: unit.region.clone(),
        table: read.table.clone().unwrap_or_default(),
        operation: read.operation.clone().unwrap_or_default(),
        reason: read.reason.clone().unwrap_or_default(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pages_follow_from_how_many_things_there_are_and_the_length_of_the_first() {
        // what it shows, things, lengths of first pages (0: the only one), further pages
        let cases: [(&str, u64, &[u64], u64); 7] = [
            ("one page was all", 900, &[0], 0),
            ("the last page need not be full", 2_001, &[1_000], 2),
            ("full pages", 2_000, &[1_000], 1),
            ("small pages", 283, &[7], 40),
            ("there is another page, whatever the vault says", 0, &[1_000], 1),
            ("ranges share what there is", 200_000, &[1_000, 1_000], 198),
            ("an empty range has no share in the rest", 4_000, &[1_000, 0], 1),
        ];
        for (shows, things, first_pages, expected) in cases {
            assert_eq!(rest(things, first_pages), expected, "{shows}");
        }
    }
}
