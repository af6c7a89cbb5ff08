//! What earlier collections know of things that happened, so that a later one asks only for what is new.
//!
//! History is the union of all collections of a dataset. Where an earlier one already covers the beginning of what AWS still tells, a unit reads from
//! the end of that cover, less an overlap for what AWS delivers late, and says so in its record. Where it does not, because it is too long ago, was
//! not complete or never asked for this unit, the unit reads everything.

use std::collections::BTreeMap;

use super::collector::{Collector, Unit, UnitRange};
use super::lists::name;
use crate::model::Window;

/// Collector, account, Region and parent.
type Key = (String, String, String, Option<String>);

/// The intervals that earlier collections cover, by unit.
#[derive(Clone, Debug, Default)]
pub struct Known(BTreeMap<Key, Vec<Window>>);

impl Known {
    /// What a dataset covers of those collectors whose history need not be read again; `observed` tells it of a table, account, Region
    /// and parent.
    pub fn of(
        collectors: &[&dyn Collector],
        places: &[(&str, &str)],
        started_s: i64,
        observed: impl Fn(&str, (&str, &str), Option<&str>) -> Vec<Window>,
    ) -> Self {
        let mut known = BTreeMap::new();
        for collector in collectors.iter().filter(|collector| collector.overlap_s().is_some()) {
            for &(account, region) in places {
                for unit in collector.units(None, started_s) {
                    // A collector's tables are read together, so what covers one of them covers all.
                    let windows = observed(name(*collector), (account, region), unit.parent.as_deref());
                    known.insert((name(*collector).to_owned(), account.to_owned(), region.to_owned(), unit.parent), windows);
                }
            }
        }
        Self(known)
    }

    /// The unit, reading only what is not yet known.
    pub(super) fn narrow(&self, collector: &dyn Collector, place: (&str, &str), unit: Unit, started_s: i64) -> Unit {
        let since_s = self.since(collector, place, &unit, started_s);
        match since_s {
            Some(from_s) if unit.range.is_none() => Unit { range: Some(UnitRange { from_s: Some(from_s), to_s: None }), ..unit },
            _ => unit,
        }
    }

    fn since(&self, collector: &dyn Collector, (account, region): (&str, &str), unit: &Unit, started_s: i64) -> Option<i64> {
        let (overlap_s, first_s) = (collector.overlap_s()?, collector.covers(started_s).0?);
        let windows = self.0.get(&(name(collector).to_owned(), account.to_owned(), region.to_owned(), unit.parent.clone()))?;
        let whole = windows.iter().find(|window| window.start_s <= first_s && first_s < window.end_s)?;
        Some(whole.end_s.saturating_sub(overlap_s).max(first_s))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::collect::backup_jobs::BackupJobs;
    use crate::collect::cloudtrail_events::CloudtrailEvents;
    use crate::model::moment::DAY_S;

    const NOW_S: i64 = 200 * DAY_S;
    const HOUR_S: i64 = 3_600;
    const HERE: (&str, &str) = ("111122223333", "eu-west-1");

    fn unit(name: &str) -> Unit {
        Unit { parent: Some(name.to_owned()), range: None }
    }

    fn from_s(windows: &[(i64, i64)]) -> Option<i64> {
        let windows: Vec<Window> = windows.iter().map(|&(start_s, end_s)| Window { start_s, end_s }).collect();
        let observed = |_: &str, place: (&str, &str), parent: Option<&str>| match (place, parent) {
            (HERE, Some("DeleteBackupVault")) => windows.clone(),
            _ => Vec::new(),
        };
        let known = Known::of(&[&CloudtrailEvents], &[HERE], NOW_S, observed);
        let elsewhere = known.narrow(&CloudtrailEvents, (HERE.0, "eu-west-2"), unit("DeleteBackupVault"), NOW_S);
        assert_eq!(elsewhere, unit("DeleteBackupVault"), "what is known of one Region is not known of another");
        let other = known.narrow(&CloudtrailEvents, HERE, unit("DeleteBackupPlan"), NOW_S);
        assert_eq!(other, unit("DeleteBackupPlan"), "nor what is known of one name of another");
        let narrowed = known.narrow(&CloudtrailEvents, HERE, unit("DeleteBackupVault"), NOW_S);
        narrowed.range.and_then(|range| range.from_s)
    }

    #[test]
    fn only_what_reaches_back_to_the_beginning_shortens_a_read() {
        let first_s = NOW_S - 90 * DAY_S;
        for (windows, expected, shows) in [
            (vec![(0, NOW_S - DAY_S)], Some(NOW_S - DAY_S - HOUR_S), "an hour before the end of what is known"),
            (vec![(first_s, NOW_S - DAY_S)], Some(NOW_S - DAY_S - HOUR_S), "it need not reach further"),
            (vec![(first_s + 1, NOW_S - DAY_S)], None, "a second of history would be missing"),
            (vec![(0, first_s + DAY_S), (first_s + 2 * DAY_S, NOW_S)], Some(first_s + DAY_S - HOUR_S), "from the first hole on"),
            (vec![(0, first_s + 60)], Some(first_s), "nothing before the beginning is asked for"),
            (vec![(0, first_s)], None, "all of it is forgotten by now"),
            (vec![], None, "no earlier collection"),
        ] {
            assert_eq!(from_s(&windows), expected, "{shows}");
        }
    }

    #[test]
    fn jobs_are_read_whole_because_their_states_change() {
        let known = Known::of(&[&BackupJobs], &[HERE], NOW_S, |_, _, _| vec![Window { start_s: 0, end_s: NOW_S }]);
        assert_eq!(known.narrow(&BackupJobs, HERE, Unit::REGION, NOW_S), Unit::REGION);
    }
}
