//! The estimate: requests by operation, where each figure comes from, and the least time that the rates allow.

use std::collections::BTreeMap;

use serde::Serialize;

use super::sink::Refused;
use crate::collect::rates::rates;
use crate::collect::schedule::AtOnce;

/// Where a figure comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Source {
    /// From what AWS listed now.
    Counted,
    /// From the log of the last collection that read the same.
    LastCollection,
    /// One page for each thing that is asked for; how many more there are nobody tells.
    AtLeastOnePage,
}

impl Source {
    /// The words for a person.
    pub fn words(self) -> &'static str {
        match self {
            Self::Counted => "counted",
            Self::LastCollection => "as the last collection",
            Self::AtLeastOnePage => "at least one page",
        }
    }
}

/// Requests of one operation in one account and Region.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Line {
    pub(super) account_id: String,
    /// The Region that is called.
    pub(super) region: String,
    pub(super) service: String,
    pub(super) operation: String,
    pub(super) requests: u64,
    pub(super) source: Source,
}

/// Requests of one operation in all accounts and Regions.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct OperationEstimate {
    /// `backup`, `rds`, `tagging`, `sts`.
    pub service: String,
    /// `ListBackupVaults`.
    pub operation: String,
    /// Requests, retries left out.
    pub requests: u64,
    /// Where that figure comes from.
    pub source: Source,
    /// Milliseconds that they take at the rate of the operation, in the account and Region where that is longest.
    pub at_rate_ms: u64,
}

/// The account, Region and service whose rates decide how long it takes.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Slowest {
    /// Milliseconds.
    pub at_rate_ms: u64,
    /// Twelve digits.
    pub account_id: String,
    /// The Region that is called.
    pub region: String,
    /// `cloudtrail`.
    pub service: String,
}

/// What a collection would ask.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Estimate {
    /// Requests of the whole collection, retries left out.
    pub requests: u64,
    /// Requests that the dry run made itself, of which a collection makes all but a few again.
    pub made_by_dry_run: u64,
    /// The collection takes at least so many milliseconds at these rates, by its turns; answers take time on top.
    pub at_least_ms: u64,
    /// Share of the documented rates, percent.
    pub rate_percent: u32,
    /// What holds it up.
    pub slowest: Option<Slowest>,
    /// Each operation, sorted by service and name; one whose figures come from several sources has several rows.
    pub operations: Vec<OperationEstimate>,
    /// Lists that were refused or not answered: what follows from them is not counted.
    pub refused: Vec<Refused>,
}

/// Sums up lines.
pub(super) fn sum_up(lines: &[Line], made: u64, refused: Vec<Refused>, rate_percent: u32, at_once: AtOnce) -> Estimate {
    let mut operations: BTreeMap<(&str, &str, Source), (u64, u64)> = BTreeMap::new();
    let mut places: BTreeMap<(&str, &str), BTreeMap<&str, BTreeMap<&str, u64>>> = BTreeMap::new();
    for line in lines.iter().filter(|line| line.requests > 0) {
        let services = places.entry((&line.account_id, &line.region)).or_default();
        *services.entry(&line.service).or_default().entry(&line.operation).or_default() += line.requests;
        operations.entry((&line.service, &line.operation, line.source)).or_default().0 += line.requests;
    }
    let mut times = BTreeMap::new();
    for (place, services) in &places {
        for (service, of_service) in services {
            for (operation, requests) in of_service {
                let own_ms = alone_ms(service, operation, *requests, rate_percent);
                for source in [Source::Counted, Source::LastCollection, Source::AtLeastOnePage] {
                    if let Some((_, longest_ms)) = operations.get_mut(&(*service, *operation, source)) {
                        *longest_ms = own_ms.max(*longest_ms);
                    }
                }
            }
            times.insert((place.0, place.1, *service), service_ms(service, of_service, rate_percent));
        }
    }
    let slowest = times.iter().max_by_key(|(_, ms)| **ms).map(|((account_id, region, service), at_rate_ms)| Slowest {
        at_rate_ms: *at_rate_ms,
        account_id: (*account_id).to_owned(),
        region: (*region).to_owned(),
        service: (*service).to_owned(),
    });
    Estimate {
        requests: lines.iter().map(|line| line.requests).sum(),
        made_by_dry_run: made,
        at_least_ms: whole_ms(&times, at_once),
        rate_percent,
        slowest,
        operations: operations
            .into_iter()
            .map(|((service, operation, source), (requests, at_rate_ms))| OperationEstimate {
                service: service.to_owned(),
                operation: operation.to_owned(),
                requests,
                source,
                at_rate_ms,
            })
            .collect(),
        refused,
    }
}

/// Milliseconds at so many a second.
fn at_ms(requests: u64, per_second: u32, rate_percent: u32) -> u64 {
    (requests * 100_000).div_ceil(u64::from(per_second) * u64::from(rate_percent.max(1)))
}

/// An operation by itself: it waits for its own rate and for that of its service.
fn alone_ms(service: &str, operation: &str, requests: u64, rate_percent: u32) -> u64 {
    rates(service, operation).into_iter().map(|(_, rate)| at_ms(requests, rate.get(), rate_percent)).max().unwrap_or(0)
}

/// A service in an account and Region: its slowest operation, or all together at the rate of the service.
fn service_ms(service: &str, operations: &BTreeMap<&str, u64>, rate_percent: u32) -> u64 {
    let alone = operations.iter().map(|(operation, requests)| alone_ms(service, operation, *requests, rate_percent));
    alone.max().unwrap_or(0).max(sum_ms(service, operations.values().sum(), rate_percent))
}

/// All requests of a service at the rate that they share.
fn sum_ms(service: &str, requests: u64, rate_percent: u32) -> u64 {
    let shared = rates(service, "").into_iter().find(|(bucket, _)| bucket == "*");
    shared.map_or(0, |(_, rate)| at_ms(requests, rate.get(), rate_percent))
}

/// The whole: no shorter than its longest account and Region, and than what there is to do divided by how much goes on at the same time.
fn whole_ms(times: &BTreeMap<(&str, &str, &str), u64>, at_once: AtOnce) -> u64 {
    let mut places: BTreeMap<(&str, &str), u64> = BTreeMap::new();
    for ((account_id, region, _), ms) in times {
        let place = places.entry((account_id, region)).or_default();
        *place = (*place).max(*ms);
    }
    let mut accounts: BTreeMap<&str, u64> = BTreeMap::new();
    for ((account_id, _), ms) in &places {
        *accounts.entry(account_id).or_default() += ms;
    }
    let turns = |ms: u64, at_once: usize| ms / u64::try_from(at_once).unwrap_or(1).max(1);
    let longest = places.values().copied().max().unwrap_or(0);
    let of_one = accounts.values().map(|ms| turns(*ms, at_once.of_one)).max().unwrap_or(0);
    longest.max(of_one).max(turns(accounts.values().sum(), at_once.all))
}

#[cfg(test)]
mod tests {
    use super::*;

    const AT_ONCE: AtOnce = AtOnce { all: 32, of_one: 8 };

    fn line(account_id: &str, region: &str, (service, operation): (&str, &str), requests: u64, source: Source) -> Line {
        let (account_id, region) = (account_id.to_owned(), region.to_owned());
        Line { account_id, region, service: service.to_owned(), operation: operation.to_owned(), requests, source }
    }

    fn here(operation: (&str, &str), requests: u64) -> Line {
        line("111122223333", "eu-west-1", operation, requests, Source::Counted)
    }

    #[test]
    fn the_slowest_rate_decides() {
        const LIST: (&str, &str) = ("backup", "ListBackupVaults");
        const LOOKUP: (&str, &str) = ("cloudtrail", "LookupEvents");
        // what it shows, lines, share of the rates, milliseconds
        let cases = [
            ("nothing", vec![], 100, 0),
            ("20 lists a second", vec![here(LIST, 40)], 100, 2_000),
            ("a share of the rate", vec![here(LIST, 40)], 50, 4_000),
            ("another operation of the service does not add", vec![here(LIST, 40), here(("backup", "GetBackupPlan"), 15)], 100, 2_000),
            (
                "unless all together pass the rate of the service",
                vec![here(LIST, 100), here(("backup", "ListBackupPlans"), 100), here(("backup", "ListBackupJobs"), 100)],
                100,
                6_000,
            ),
            ("services go on side by side", vec![here(LIST, 40), here(LOOKUP, 152)], 100, 76_000),
            (
                "sixteen Regions of an account are twice what goes on at a time",
                (0..16).map(|n| line("111122223333", &format!("r{n}"), LOOKUP, 16, Source::Counted)).collect(),
                100,
                16_000,
            ),
        ];
        for (shows, lines, rate_percent, expected) in cases {
            assert_eq!(sum_up(&lines, 0, Vec::new(), rate_percent, AT_ONCE).at_least_ms, expected, "{shows}");
        }
    }

    #[test]
    fn accounts_and_regions_of_an_operation_are_one_row_for_each_source() {
        const LIST: (&str, &str) = ("backup", "ListBackupVaults");
        let lines = [
            line("111122223333", "eu-west-1", LIST, 2, Source::Counted),
            line("111122223333", "us-east-1", LIST, 40, Source::Counted),
            line("444455556666", "us-east-1", LIST, 1, Source::LastCollection),
            line("444455556666", "us-east-1", ("backup", "ListBackupPlans"), 0, Source::Counted),
            here(("athena", "GetThings"), 5),
        ];
        let estimate = sum_up(&lines, 7, Vec::new(), 100, AT_ONCE);
        let rows: Vec<_> = estimate.operations.iter().map(|row| (row.service.as_str(), row.requests, row.source, row.at_rate_ms)).collect();
        let expected =
            [("athena", 5, Source::Counted, 1_000), ("backup", 42, Source::Counted, 2_000), ("backup", 1, Source::LastCollection, 2_000)];
        assert_eq!(rows, expected, "sorted, and nothing for what is not asked");
        assert_eq!((estimate.requests, estimate.made_by_dry_run), (48, 7));
        let slowest = estimate.slowest.unwrap();
        assert_eq!((slowest.service.as_str(), slowest.region.as_str(), slowest.at_rate_ms), ("backup", "us-east-1", 2_000));
    }
}
