//! From what was listed to what is read one by one: which collectors wait for which tables, and the units that follow from their rows.
//!
//! Rows are not kept. A table of millions of recovery points leaves behind the few keys that they name.

use std::collections::{BTreeMap, BTreeSet};

use super::collector::{Collector, Unit};
use super::organization;
use crate::dataset::{Batch, Table};

/// Collectors in the order of the registry.
type Collectors = &'static [&'static dyn Collector];

/// What the lists of a Region gave, as far as they were read.
#[derive(Debug, Default)]
pub(super) struct Listed {
    /// The units that follow from them, by the collector that will read them.
    units: BTreeMap<&'static str, BTreeSet<Unit>>,
    /// The tables that were read, and why they are not complete.
    tables: BTreeMap<&'static str, Option<String>>,
}

impl Listed {
    /// Notes that a table was read. Of several reasons why it is not complete the first in order counts, whichever came first.
    pub(super) fn table(&mut self, table: &'static Table, lacking: Option<String>) {
        let known = self.tables.entry(table.name).or_default();
        *known = known.take().into_iter().chain(lacking).min();
    }

    /// Keeps the units of those collectors to which these rows are the parents.
    pub(super) fn of_parents(&mut self, collectors: Collectors, table: &Table, rows: &Batch, started_s: i64) {
        for collector in collectors.iter().filter(|collector| parents_in(**collector, table)) {
            self.units.entry(name(*collector)).or_default().extend(collector.units(Some(rows), started_s));
        }
    }

    /// Keeps the units of those collectors that read what a column names; an empty text names nothing.
    pub(super) fn of_texts(&mut self, collectors: Collectors, table: &Table, column: &str, texts: &BTreeSet<String>) {
        for collector in collectors.iter().filter(|collector| referring(**collector, table).any(|referring| referring == column)) {
            let named = texts.iter().filter(|text| !text.is_empty());
            let units = named.map(|text| Unit { parent: Some(text.clone()), range: None });
            self.units.entry(name(*collector)).or_default().extend(units);
        }
    }

    /// The units of a collector, and what the lists before it lack.
    pub(super) fn of(&self, collector: &dyn Collector) -> (Vec<Unit>, Option<String>) {
        let units = self.units.get(name(collector)).into_iter().flatten().cloned().collect();
        let lacks = sources(collector).filter_map(|table| match self.tables.get(table.name) {
            Some(lacking) => lacking.clone(),
            None => Some(format!("{} is not part of this collection", table.name)),
        });
        let lacks: Vec<String> = lacks.collect();
        (units, (!lacks.is_empty()).then(|| lacks.join("; ")))
    }
}

/// The first table of a collector, which names it.
pub(super) fn name(collector: &dyn Collector) -> &'static str {
    collector.tables().first().map_or("", |table| table.name)
}

/// The tables that must be read before a collector's units are known, a table that names things in several columns as often. What an organization
/// is asked once follows from which one each account belongs to.
pub(super) fn sources(collector: &dyn Collector) -> impl Iterator<Item = &'static Table> {
    let parents = collector.parents().into_iter().map(|(table, _)| table);
    let organization = collector.once_an_organization().then_some(&organization::TABLE);
    parents.chain(collector.references().iter().map(|(table, _)| *table)).chain(organization)
}

/// Whether the rows of a table are the parents of a collector's units.
pub(super) fn parents_in(collector: &dyn Collector, table: &Table) -> bool {
    collector.parents().is_some_and(|(parents, _)| parents.name == table.name)
}

/// The columns of a table that name what a collector reads.
pub(super) fn referring(collector: &dyn Collector, table: &Table) -> impl Iterator<Item = &'static str> {
    collector.references().iter().filter(|(named, _)| named.name == table.name).map(|(_, column)| *column)
}

/// Whether an account has what a collector reads once, and not in each Region.
pub(super) fn is_global(collector: &dyn Collector) -> bool {
    collector.tables().iter().any(|table| table.global)
}

/// Those collectors that are wanted by the number of lists above them, in the order of the registry within each wave.
pub(super) fn waves(collectors: Collectors, wanted: impl Fn(&dyn Collector) -> bool) -> Vec<Vec<&'static dyn Collector>> {
    let mut waves: Vec<Vec<&'static dyn Collector>> = Vec::new();
    for collector in collectors.iter().filter(|collector| wanted(**collector)) {
        let wave = depth(*collector, collectors, collectors.len());
        waves.resize_with(waves.len().max(wave + 1), Vec::new);
        waves[wave].push(*collector);
    }
    waves
}

/// `left` ends a circle, which the registry does not have.
fn depth(collector: &dyn Collector, all: Collectors, left: usize) -> usize {
    let Some(left) = left.checked_sub(1) else { return 0 };
    let fills = |table: &'static Table| all.iter().find(|other| other.tables().iter().any(|own| own.name == table.name));
    sources(collector).filter_map(fills).map(|above| 1 + depth(*above, all, left)).max().unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::collect::{COLLECTORS, backup_vaults};

    #[test]
    fn what_is_named_is_read_after_everything_that_names_it() {
        let waves = waves(COLLECTORS, |_| true);
        let wave = |table: &str| waves.iter().position(|wave| wave.iter().any(|collector| name(*collector) == table));
        assert_eq!((wave("backup_vaults"), wave("recovery_points"), wave("kms_keys")), (Some(0), Some(1), Some(2)));
        assert_eq!((wave("rds_snapshots"), wave("snapshot_attributes")), (Some(0), Some(1)));
        assert_eq!(waves.iter().map(Vec::len).sum::<usize>(), COLLECTORS.len(), "each collector once");
    }

    #[test]
    fn the_reason_does_not_depend_on_who_came_first() {
        for reasons in [["b", "a"], ["a", "b"]] {
            let mut listed = Listed::default();
            for lacking in reasons.into_iter().map(Some).chain([None]) {
                listed.table(&backup_vaults::TABLE, lacking.map(str::to_owned));
            }
            assert_eq!(listed.tables["backup_vaults"].as_deref(), Some("a"));
        }
    }
}
