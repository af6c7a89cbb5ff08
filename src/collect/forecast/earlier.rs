//! What the last collection asked is what the next one will ask: the forecast from sealed collections, which takes no call.
//!
//! For each account, Region and collector the newest collection counts that read it, at least in part, within the last 30 days. Its log of calls
//! has the number of requests; retries are left out. Of history that earlier collections keep, the next read asks for less or more than the last
//! one did: the pages of each unit are scaled by the spans.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::File;
use std::io::{self, BufRead, BufReader};

use serde::Deserialize;

use super::Place;
use super::estimate::{Line, Source};
use crate::collect::clients::GLOBAL;
use crate::collect::collector::{Collector, Unit};
use crate::collect::known::Known;
use crate::collect::lists::{is_global, name};
use crate::dataset::snapshot::STALE_READ_S;
use crate::dataset::{Collection, Dataset, DatasetError, ReadAt, ReadStatus};

/// The forecast from earlier collections.
#[derive(Debug, Default)]
pub(super) struct Earlier {
    pub(super) lines: Vec<(Place, Line)>,
    /// What it speaks for.
    pub(super) told: BTreeSet<Place>,
}

/// What of a line of the log counts.
#[derive(Deserialize)]
struct Logged {
    service: String,
    operation: String,
    account_id: String,
    region: String,
    table: Option<String>,
    parent: Option<String>,
    attempt: u32,
}

/// Service, operation, Region that was called, and parent.
type Asked = (String, String, String, Option<String>);

/// What earlier collections say about these places, of collectors that are asked for at `now_s`.
///
/// # Errors
/// `DatasetError` if reads or a log of calls cannot be read.
pub(super) fn read(
    dataset: &Dataset,
    wanted: &BTreeSet<Place>,
    collectors: &[&dyn Collector],
    known: &Known,
    now_s: i64,
) -> Result<Earlier, DatasetError> {
    let mut earlier = Earlier::default();
    let fresh = |one: &&Collection| is_fresh(one.manifest.started_s, now_s);
    for collection in dataset.collections().iter().rev().filter(fresh) {
        let missing: BTreeSet<&Place> = wanted.difference(&earlier.told).collect();
        if missing.is_empty() {
            break;
        }
        let reads = by_place(collection.reads()?);
        let told: BTreeSet<Place> =
            missing.into_iter().filter(|place| reads.get(place).is_some_and(|reads| was_read(reads))).cloned().collect();
        if told.is_empty() {
            continue;
        }
        let asked = requests(collection, &told, collectors)?;
        for place in told {
            let collector = collectors.iter().find(|collector| name(**collector) == place.table);
            let of_place = asked.get(&place).cloned().unwrap_or_default();
            let of_place = match collector {
                Some(collector) if collector.overlap_s().is_some() => scaled(*collector, &place, &of_place, &reads[&place], known, now_s),
                _ => of_place,
            };
            earlier.lines.extend(of_place.into_iter().map(|asked| (place.clone(), line(&place, asked))));
            earlier.told.insert(place);
        }
    }
    Ok(earlier)
}

/// Whether a collection is recent enough to tell. It may have begun in this very second: times are whole seconds, and a small collection is sealed
/// within one.
fn is_fresh(started_s: i64, now_s: i64) -> bool {
    (now_s - STALE_READ_S..=now_s).contains(&started_s)
}

fn line(place: &Place, ((service, operation, region, _), requests): (Asked, u64)) -> Line {
    Line { account_id: place.account_id.clone(), region, service, operation, requests, source: Source::LastCollection }
}

fn by_place(reads: Vec<ReadAt>) -> BTreeMap<Place, Vec<ReadAt>> {
    let mut places: BTreeMap<Place, Vec<ReadAt>> = BTreeMap::new();
    for read in reads {
        let table = read.read.table.clone().unwrap_or_default();
        let place = Place { account_id: read.account_id.clone(), region: read.region.clone(), table };
        places.entry(place).or_default().push(read);
    }
    places
}

/// Whether the reads of a table tell how much there is to ask: what was refused as a whole may be allowed by now.
fn was_read(reads: &[ReadAt]) -> bool {
    reads.iter().any(|read| matches!(read.status, ReadStatus::Complete | ReadStatus::Partial | ReadStatus::Elsewhere))
}

/// The requests that a collection made in some places.
fn requests(
    collection: &Collection,
    told: &BTreeSet<Place>,
    collectors: &[&dyn Collector],
) -> Result<BTreeMap<Place, BTreeMap<Asked, u64>>, DatasetError> {
    let path = collection.calls_path();
    let mut found: BTreeMap<Place, BTreeMap<Asked, u64>> = BTreeMap::new();
    let mut count = || -> io::Result<()> {
        for line in BufReader::new(zstd::stream::Decoder::new(File::open(&path)?)?).lines() {
            let call: Logged = serde_json::from_str(&line?)?;
            if let Some(place) = place_of(&call, told, collectors).filter(|_| call.attempt == 1) {
                *found.entry(place).or_default().entry((call.service, call.operation, call.region, call.parent)).or_default() += 1;
            }
        }
        Ok(())
    };
    count().map_err(DatasetError::io("read", &path))?;
    Ok(found)
}

/// The place that a call was made for. A key is asked in its own Region, which need not be that of the place: it counts for the first that tells
/// of keys.
fn place_of(call: &Logged, told: &BTreeSet<Place>, collectors: &[&dyn Collector]) -> Option<Place> {
    let table = call.table.as_ref()?;
    let collector = collectors.iter().find(|collector| name(**collector) == table)?;
    let region = if is_global(*collector) { GLOBAL } else { &call.region };
    let place = Place { account_id: call.account_id.clone(), region: region.to_owned(), table: table.clone() };
    if told.contains(&place) {
        return Some(place);
    }
    told.iter().find(|other| other.account_id == place.account_id && other.table == place.table && table == "kms_keys").cloned()
}

/// The requests of history for the span that is not known yet: at least one for each unit, and as many pages for a second as the last read of it had.
fn scaled(
    collector: &dyn Collector,
    place: &Place,
    asked: &BTreeMap<Asked, u64>,
    reads: &[ReadAt],
    known: &Known,
    now_s: i64,
) -> BTreeMap<Asked, u64> {
    let Some(operation) = collector.operations().first() else { return BTreeMap::new() };
    let mut requests = 0;
    for unit in collector.units(None, now_s) {
        let unit = known.narrow(collector, (&place.account_id, &place.region), unit, now_s);
        let pages: u64 = asked.iter().filter(|((_, _, _, parent), _)| *parent == unit.parent).map(|(_, pages)| pages).sum();
        requests += again(pages, reads.iter().find_map(|read| last_span_s(read, &unit)), span_s(collector, &unit, now_s));
    }
    let (service, name) = (operation.service.to_owned(), operation.name.to_owned());
    BTreeMap::from([((service, name, place.region.clone(), None), requests)])
}

/// Pages of a span, if as many come in each second as came in the last one. Without anything to compare with, one.
fn again(pages: u64, last_s: Option<u64>, next_s: u64) -> u64 {
    let Some(last_s) = last_s.filter(|last_s| *last_s > 0) else { return pages.max(1) };
    // The first page is asked for anyway; the others are those that were full before.
    1 + pages.saturating_sub(1).saturating_mul(next_s).div_ceil(last_s)
}

fn last_span_s(read: &ReadAt, unit: &Unit) -> Option<u64> {
    let (from_s, to_s) = (read.read.from_s?, read.read.to_s?);
    let of_unit = read.read.parent == unit.parent && read.status == ReadStatus::Complete;
    of_unit.then(|| u64::try_from(to_s.saturating_sub(from_s)).unwrap_or(0))
}

fn span_s(collector: &dyn Collector, unit: &Unit, now_s: i64) -> u64 {
    let (from_s, to_s) = collector.covers(now_s);
    let from_s = unit.range.and_then(|range| range.from_s).or(from_s).unwrap_or(0);
    u64::try_from(to_s.unwrap_or(now_s).saturating_sub(from_s)).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::collect::COLLECTORS;

    #[test]
    fn a_call_counts_where_its_unit_was() {
        let place =
            |region: &str, table: &str| Place { account_id: "111122223333".to_owned(), region: region.to_owned(), table: table.to_owned() };
        let told = BTreeSet::from([place("eu-west-1", "backup_vaults"), place(GLOBAL, "organization"), place("eu-west-1", "kms_keys")]);
        // table, Region that was called, where it counts
        let cases = [
            (Some("backup_vaults"), "eu-west-1", Some("eu-west-1")),
            (Some("backup_vaults"), "us-east-1", None),
            (Some("organization"), "us-east-1", Some(GLOBAL)),
            (Some("kms_keys"), "ap-southeast-2", Some("eu-west-1")),
            (Some("gone"), "eu-west-1", None),
            (None, "eu-west-1", None),
        ];
        for (table, region, expected) in cases {
            let call = Logged {
                service: String::new(),
                operation: String::new(),
                account_id: "111122223333".to_owned(),
                region: region.to_owned(),
                table: table.map(str::to_owned),
                parent: None,
                attempt: 1,
            };
            let found = place_of(&call, &told, COLLECTORS);
            assert_eq!(found.as_ref().map(|place| place.region.as_str()), expected, "{table:?} in {region}");
        }
    }

    #[test]
    fn what_was_collected_in_this_very_second_tells_too() {
        let now_s = 1_782_864_000;
        // seconds since it began, whether it tells
        for (ago_s, tells) in [(0, true), (1, true), (STALE_READ_S, true), (STALE_READ_S + 1, false), (-1, false)] {
            assert_eq!(is_fresh(now_s - ago_s, now_s), tells, "{ago_s} s ago");
        }
    }

    #[test]
    fn pages_of_history_follow_the_span() {
        // what it shows, pages and seconds of the last read, seconds of the next, pages of the next
        let cases = [
            ("the same again", 10, Some(100), 100, 10),
            ("a tenth of the time", 11, Some(100), 10, 2),
            ("never less than one", 1, Some(7_776_000), 3_600, 1),
            ("one page may have been almost empty", 1, Some(100), 1_000, 1),
            ("more time", 3, Some(100), 1_000, 21),
            ("a new name of an event", 0, None, 100, 1),
            ("a read without a span", 4, None, 100, 4),
            ("a read of no time", 1, Some(0), 100, 1),
        ];
        for (shows, pages, last_s, next_s, expected) in cases {
            assert_eq!(again(pages, last_s, next_s), expected, "{shows}");
        }
    }
}
