//! Facts: what follows from the rows of a snapshot, derived purely. No clock, no environment, no judgement.
//!
//! A fact is one file here with its row, its [`Relation`] and its `derive` function, its `mod` line and its line in [`FACTS`]. A column that rests
//! on the *absence* of something (not covered, no copy) is NULL unless everything that could show its presence was read.

use polars::prelude::DataFrame;

use crate::dataset::Relation;
use crate::dataset::schema::{Reach, RestsOn};

pub mod access;
pub mod alerts;
pub mod buckets;
pub mod copies;
pub mod costs;
pub mod coverage;
pub mod departed;
pub mod drift;
pub mod drills;
pub mod error;
pub mod exclusions;
pub mod exposure;
pub mod guards;
pub mod happened;
pub mod held;
pub mod hygiene;
pub mod inputs;
pub mod intervals;
pub mod jobs;
pub mod keys;
pub mod lifecycles;
pub mod locks;
pub mod native;
pub mod newest;
pub mod objective_changes;
pub mod objectives;
pub mod organization;
pub mod parting;
pub mod pitr;
pub mod plans;
pub mod points;
pub mod policies;
pub mod population;
pub mod prices;
pub mod protection;
pub mod reconciled;
pub mod replication;
pub mod restored;
pub mod restored_databases;
pub mod restores;
pub mod retention;
pub mod scans;
pub mod schedule;
pub mod secrets;
pub mod sharing;
pub mod slots;
pub mod storage;
pub mod tampering;
pub mod testing;
pub mod trails;
pub mod windows;

pub use error::FactError;
pub use inputs::Inputs;
pub use objectives::Objectives;

/// A derived relation.
#[derive(Debug)]
pub struct Fact {
    /// What it looks like.
    pub relation: &'static Relation,
    /// The tables it reads, and how far, in groups: a gap there can make a column NULL. What its *rows* rest on stands in the relation.
    pub reads: &'static [&'static [RestsOn]],
    /// Whether its rows are those of recovery points, or groups of them, each about one resource: they are then derived range by range of resources,
    /// from [`Inputs::within`], and never together.
    pub by_range: bool,
    /// Derives it.
    pub derive: fn(&Inputs<'_>) -> Result<DataFrame, FactError>,
}

impl Fact {
    /// The tables it reads, and how far.
    pub fn reads(&self) -> impl Iterator<Item = &'static RestsOn> {
        self.reads.iter().copied().flatten()
    }
}

/// Every fact, sorted by name.
pub static FACTS: &[&Fact] = &[
    &alerts::FACT,
    &costs::FACT,
    &jobs::BACKUPS,
    &windows::FACT,
    &buckets::FACT,
    &intervals::FACT,
    &copies::FACT,
    &keys::copying::FACT,
    &jobs::COPIES,
    &coverage::FACT,
    &parting::FACT,
    &departed::FACT,
    &schedule::DESIGN_EXPOSURE,
    &drift::FACT,
    &drills::FACT,
    &exclusions::FACT,
    &exposure::FACT,
    &keys::FACT,
    &lifecycles::FACT,
    &locks::conflicts::FACT,
    &locks::points::FACT,
    &native::FACT,
    &newest::FACT,
    &objective_changes::FACT,
    &costs::objectives::FACT,
    &organization::FACT,
    &pitr::FACT,
    &retention::FACT,
    &keys::points::FACT,
    &retention::points::FACT,
    &scans::FACT,
    &reconciled::FACT,
    &hygiene::plans::FACT,
    &access::FACT,
    &guards::FACT,
    &replication::FACT,
    &population::FACT,
    &testing::FACT,
    &restored_databases::FACT,
    &restores::FACT,
    &retention::retained::FACT,
    &retention::tiers::FACT,
    &schedule::SCHEDULE,
    &secrets::FACT,
    &hygiene::selections::FACT,
    &sharing::FACT,
    &slots::FACT,
    &keys::storage::FACT,
    &tampering::FACT,
    &trails::FACT,
    &policies::FACT,
    &locks::FACT,
    &storage::FACT,
];

#[cfg(test)]
pub(crate) mod tests;

const fn region(table: &'static str) -> RestsOn {
    RestsOn { table, reach: Reach::Region }
}

const fn account(table: &'static str) -> RestsOn {
    RestsOn { table, reach: Reach::Account }
}

const fn everywhere(table: &'static str) -> RestsOn {
    RestsOn { table, reach: Reach::Everywhere }
}

/// Several lists of what a relation rests on as one.
const fn joined<const COUNT: usize>(lists: &[&[RestsOn]]) -> [RestsOn; COUNT] {
    let mut all = [RestsOn { table: "", reach: Reach::Region }; COUNT];
    let (mut list, mut at) = (0, 0);
    while list < lists.len() {
        let mut one = 0;
        while one < lists[list].len() {
            all[at] = lists[list][one];
            (at, one) = (at + 1, one + 1);
        }
        list += 1;
    }
    all
}

/// What everything about one resource's protection reads beside the population: plans and the Region's settings.
const PLAN_READS: &[RestsOn] =
    &[region("backup_plans"), region("plan_rules"), region("plan_copies"), region("selections"), region("region_settings")];

/// What everything about points reads beside that.
const POINT_READS: &[RestsOn] =
    &[account("recovery_points"), region("backup_jobs"), region("copy_jobs"), account("rds_snapshots"), account("rds_automated_backups")];
