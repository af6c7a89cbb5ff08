//! The reads of one collection: what it tried to read, and what came of it.

use std::collections::BTreeMap;

use super::error::DatasetError;
use super::open::Collection;
use super::reads::{Read, ReadStatus};
use super::schema::Table;
use crate::model::Window;

/// A read row together with where it belongs.
#[derive(Clone, Debug, PartialEq)]
pub struct ReadAt {
    /// Account read.
    pub account_id: String,
    /// Region read.
    pub region: String,
    /// Status, understood; an unknown word counts as unavailable.
    pub status: ReadStatus,
    /// The row.
    pub read: Read,
}

/// The reads of one collection.
#[derive(Clone, Debug)]
pub(super) struct Readings {
    /// Id of the collection.
    pub(super) id: String,
    /// When it began.
    pub(super) started_s: i64,
    /// (table, account, Region) → its reads
    pub(super) reads: BTreeMap<(String, String, String), Vec<ReadAt>>,
}

impl Readings {
    pub(super) fn of(collection: &Collection) -> Result<Self, DatasetError> {
        let mut reads: BTreeMap<_, Vec<ReadAt>> = BTreeMap::new();
        for read in collection.reads()? {
            let key = (read.read.table.clone().unwrap_or_default(), read.account_id.clone(), read.region.clone());
            reads.entry(key).or_default().push(read);
        }
        Ok(Self { id: collection.manifest.id.clone(), started_s: collection.manifest.started_s, reads })
    }

    pub(super) fn of_table(&self, table: &str, account_id: &str, region: &str) -> &[ReadAt] {
        self.reads.get(&(table.to_owned(), account_id.to_owned(), region.to_owned())).map_or(&[], Vec::as_slice)
    }

    /// What some reads of this collection cover together; `None` if there are none, or one of them is not complete.
    pub(super) fn span<'r>(&self, reads: impl Iterator<Item = &'r ReadAt>) -> Option<Window> {
        let reads: Vec<&ReadAt> = reads.collect();
        if reads.is_empty() || reads.iter().any(|read| read.status != ReadStatus::Complete) {
            return None;
        }
        let start_s = reads.iter().map(|read| read.read.from_s.unwrap_or(i64::MIN)).max().unwrap_or(i64::MIN);
        let end_s = reads.iter().filter_map(|read| read.read.to_s).min().unwrap_or(i64::MAX);
        Some(Window { start_s, end_s: end_s.min(self.started_s) })
    }

    pub(super) fn complete(&self, table: &Table, account_id: &str, region: &str) -> bool {
        let reads = self.of_table(table.name, account_id, region);
        let parents_listed = table.parent.is_none() || reads.iter().any(|read| read.read.parent.is_none());
        !reads.is_empty() && parents_listed && reads.iter().all(|read| read.status == ReadStatus::Complete)
    }

    /// Whether an object of this parent would have been seen if it had been there. A parent that the complete list of parents no longer names is
    /// gone, and everything in it.
    pub(super) fn shows(&self, table: &str, account_id: &str, region: &str, parent: Option<&str>) -> bool {
        let reads = self.of_table(table, account_id, region);
        let of_parent: Vec<_> = reads.iter().filter(|read| read.read.parent.as_deref() == parent && parent.is_some()).collect();
        let of_region = reads.iter().any(|read| read.read.parent.is_none() && read.status == ReadStatus::Complete);
        if of_parent.is_empty() { of_region } else { of_parent.iter().all(|read| read.status == ReadStatus::Complete) }
    }
}
