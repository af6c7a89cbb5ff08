//! Which collectors a collection asks for: all, only some, or all but some, by the names of tables.
//!
//! What is left out stays known: its reads are recorded as not requested, so that its tables are unknown and not empty.

use std::collections::BTreeSet;

use super::collector::Collector;
use super::lists::{name, sources};

/// Collectors in the order of the registry, asked for and not.
#[derive(Clone, Copy)]
pub struct Choice {
    /// Those asked for.
    pub collectors: &'static [&'static dyn Collector],
    /// The others.
    pub not_requested: &'static [&'static dyn Collector],
}

/// A name that no table has.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[error("there is no table `{name}` to collect{}", .nearest.as_ref().map(|nearest| format!("; did you mean `{nearest}`?")).unwrap_or_default())]
pub struct UnknownTable {
    /// The name.
    pub name: String,
    /// The table whose name is most like it.
    pub nearest: Option<String>,
}

/// Chooses collectors. `only` brings along the tables from which the wanted ones follow (vaults for their recovery points); `skip` takes along those
/// that follow from the skipped ones. Both together: first `only`, then `skip`.
///
/// # Errors
/// `UnknownTable` for a name that no table has.
pub fn choose(all: &'static [&'static dyn Collector], only: &[String], skip: &[String]) -> Result<Choice, UnknownTable> {
    let mut wanted: BTreeSet<&str> = all.iter().map(|collector| name(*collector)).collect();
    if !only.is_empty() {
        wanted = only.iter().map(|table| collector_of(all, table)).collect::<Result<_, _>>()?;
        // Sources come before what follows from them, so one pass from the end finds them all.
        for collector in all.iter().rev().filter(|collector| !collector.tables().is_empty()) {
            if wanted.contains(name(*collector)) {
                wanted.extend(sources(*collector).filter_map(|table| collector_of(all, table.name).ok()));
            }
        }
    }
    let mut unwanted: BTreeSet<&str> = skip.iter().map(|table| collector_of(all, table)).collect::<Result<_, _>>()?;
    for collector in all {
        if sources(*collector).any(|table| collector_of(all, table.name).is_ok_and(|source| unwanted.contains(source))) {
            unwanted.insert(name(*collector));
        }
    }
    let (collectors, not_requested): (Vec<_>, Vec<_>) =
        all.iter().copied().partition(|collector| wanted.contains(name(*collector)) && !unwanted.contains(name(*collector)));
    // A process chooses once; the lists live as long as it.
    Ok(Choice { collectors: collectors.leak(), not_requested: not_requested.leak() })
}

impl Choice {
    /// The tables that are not asked for, sorted.
    pub fn tables_left_out(&self) -> Vec<String> {
        let mut names: Vec<String> =
            self.not_requested.iter().flat_map(|collector| collector.tables()).map(|table| table.name.to_owned()).collect();
        names.sort_unstable();
        names
    }
}

/// The name of the collector that fills a table.
fn collector_of(all: &'static [&'static dyn Collector], table: &str) -> Result<&'static str, UnknownTable> {
    let fills = |collector: &&&'static dyn Collector| collector.tables().iter().any(|own| own.name == table);
    all.iter().find(fills).map(|collector| name(*collector)).ok_or_else(|| {
        let known = all.iter().flat_map(|collector| collector.tables()).map(|own| own.name);
        let nearest = known.min_by_key(|known| strsim::damerau_levenshtein(known, table));
        let nearest = nearest.filter(|nearest| strsim::damerau_levenshtein(nearest, table) <= 3).map(str::to_owned);
        UnknownTable { name: table.to_owned(), nearest }
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::collect::COLLECTORS;

    fn chosen(only: &[&str], skip: &[&str]) -> Result<Vec<&'static str>, String> {
        let texts = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect::<Vec<_>>();
        let choice = choose(COLLECTORS, &texts(only), &texts(skip)).map_err(|error| error.to_string())?;
        assert_eq!(choice.collectors.len() + choice.not_requested.len(), COLLECTORS.len(), "each collector is on one side");
        Ok(choice.collectors.iter().map(|collector| name(*collector)).collect())
    }

    #[test]
    fn what_is_wanted_brings_its_sources_and_what_is_not_takes_along_what_follows() {
        let all = chosen(&[], &[]).unwrap();
        assert_eq!(all.len(), COLLECTORS.len());
        // only, skip, chosen
        let cases: [(&[&str], &[&str], &[&str]); 5] = [
            (&["backup_vaults"], &[], &["backup_vaults"]),
            (&["recovery_points"], &[], &["backup_vaults", "recovery_points"]),
            (&["plan_copies"], &[], &["backup_plans", "plan_rules"]),
            (&["selections", "backup_vaults"], &["backup_plans"], &["backup_vaults"]),
            (&["backup_vaults"], &["backup_vaults"], &[]),
        ];
        for (only, skip, expected) in cases {
            assert_eq!(chosen(only, skip).unwrap(), expected, "only {only:?}, skip {skip:?}");
        }
        let without = chosen(&[], &["backup_vaults"]).unwrap();
        let gone: Vec<_> = all.iter().filter(|name| !without.contains(name)).collect();
        assert!(gone.contains(&&"recovery_points") && gone.contains(&&"kms_keys") && !gone.contains(&&"backup_plans"), "{gone:?}");
    }

    #[test]
    fn an_unknown_name_gets_the_nearest_one() {
        assert_eq!(
            chosen(&["backup_vault"], &[]).unwrap_err(),
            "there is no table `backup_vault` to collect; did you mean `backup_vaults`?"
        );
        assert_eq!(chosen(&[], &["unicorns"]).unwrap_err(), "there is no table `unicorns` to collect");
    }
}
