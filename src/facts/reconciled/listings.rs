//! Since when what was once listed is not listed any more.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::rc::Rc;

use crate::facts::population::listing;
use crate::facts::{FactError, Inputs};
use crate::model::Arn;

/// ARN → the newest collection that listed it.
type LastListed = BTreeMap<String, i64>;

/// What the tables of the population listed, collection by collection. A table is gone through once, and only if something is missing from it.
#[derive(Debug)]
pub(in crate::facts) struct Listings<'a> {
    inputs: &'a Inputs<'a>,
    by_table: RefCell<BTreeMap<&'static str, Rc<LastListed>>>,
}

impl<'a> Listings<'a> {
    /// Of a dataset.
    pub(in crate::facts) fn new(inputs: &'a Inputs<'a>) -> Self {
        Self { inputs, by_table: RefCell::default() }
    }

    /// When the first collection began that read all that would list a resource, and did not find it, with no later one that found it; `None` if there
    /// is none, or if its ARN does not tell where it would be listed.
    ///
    /// # Errors
    /// As reading the tables.
    pub(super) fn missing_since(&self, arn: &str) -> Result<Option<i64>, FactError> {
        let Some(parsed) = Arn::parse(arn) else { return Ok(None) };
        let Some(tables) = listing(&parsed) else { return Ok(None) };
        let snapshot = self.inputs.snapshot;
        let (mut last_s, mut looked_s): (Option<i64>, Option<Vec<i64>>) = (None, None);
        for &table in tables {
            last_s = last_s.max(self.last_listed(table)?.get(arn).copied());
            let reads_s = snapshot.complete_reads(table, parsed.account, parsed.region);
            let both = |before: Vec<i64>| before.into_iter().filter(|read_s| reads_s.contains(read_s)).collect();
            looked_s = Some(looked_s.map_or_else(|| reads_s.clone(), both));
        }
        Ok(looked_s.unwrap_or_default().into_iter().find(|read_s| last_s.is_none_or(|last_s| last_s < *read_s)))
    }

    /// When the last collection began that listed a resource which is not listed any more; `None` if there is none, or if one after it could not read
    /// where it would be listed.
    ///
    /// # Errors
    /// As reading the tables.
    pub(in crate::facts) fn last_before_it_went(&self, arn: &str, parsed: &Arn<'_>) -> Result<Option<i64>, FactError> {
        let tables = listing(parsed).unwrap_or_default();
        let mut last_s: Option<i64> = None;
        for &table in tables {
            last_s = last_s.max(self.last_listed(table)?.get(arn).copied());
        }
        let snapshot = self.inputs.snapshot;
        let read_since = |last_s: &i64| {
            tables.iter().all(|table| {
                let reads_s = snapshot.complete_reads(table, parsed.account, parsed.region);
                snapshot.tries(table, parsed.account, parsed.region).iter().all(|try_s| try_s <= last_s || reads_s.contains(try_s))
            })
        };
        Ok(last_s.filter(read_since))
    }

    fn last_listed(&self, table: &'static str) -> Result<Rc<LastListed>, FactError> {
        if let Some(found) = self.by_table.borrow().get(table) {
            return Ok(Rc::clone(found));
        }
        let frame = self.inputs.snapshot.past(table)?;
        let mut last = LastListed::new();
        if let Some(key) = self.inputs.snapshot.key_of(table)?.first().filter(|_| frame.height() > 0) {
            let of = FactError::polars(table);
            let read = || Ok((frame.column(key)?.str()?.clone(), frame.column("collected_s")?.i64()?.clone()));
            let (arns, collected): (polars::prelude::StringChunked, polars::prelude::Int64Chunked) = read().map_err(of)?;
            for (arn, collected_s) in arns.iter().zip(collected.iter()) {
                if let (Some(arn), Some(collected_s)) = (arn, collected_s) {
                    let newest = last.entry(arn.to_owned()).or_insert(collected_s);
                    *newest = collected_s.max(*newest);
                }
            }
        }
        let last = Rc::new(last);
        self.by_table.borrow_mut().insert(table, Rc::clone(&last));
        Ok(last)
    }
}
