//! Which subjects an unread unit leaves in doubt.
//!
//! A relation says which tables its rows rest on and how far a gap in each reaches. Where a reach cannot be told for certain, it is taken
//! to be wider: doubt about a subject too many makes one `unknown` more, doubt about one too few could make a wrong `pass`.

use std::collections::BTreeMap;

use polars::prelude::{DataFrame, StringChunked};

use crate::dataset::schema::{GLOBAL, Reach};
use crate::dataset::{Gap, Relation};

/// The gaps in the tables that a relation's rows rest on, without doubles, sorted by the subject they are reported under.
pub(crate) fn of_relation<'g>(relation: &Relation, gaps: &'g [Gap]) -> Vec<&'g Gap> {
    let mut found: Vec<_> = gaps.iter().filter(|gap| relation.rows_rest_on.iter().any(|rest| rest.table == gap.table)).collect();
    found.sort_by(|a, b| a.subject_arn().cmp(&b.subject_arn()).then_with(|| a.cmp(b)));
    found.dedup();
    found
}

/// Where gaps reach, prepared for asking row by row. Values are positions in the list of gaps; the first one counts.
pub(crate) struct Reached<'f> {
    everywhere: Option<usize>,
    accounts: BTreeMap<String, usize>,
    regions: BTreeMap<(String, String), usize>,
    /// For each parent column: its cells, gaps by parent, and the first gap of all, which a NULL parent is in doubt about.
    parents: Vec<(&'f StringChunked, BTreeMap<String, usize>, usize)>,
}

impl<'f> Reached<'f> {
    /// Prepares the gaps (as [`of_relation`] gives them) for the rows of a frame.
    pub(crate) fn new(relation: &Relation, gaps: &[&Gap], frame: &'f DataFrame) -> Self {
        let mut reached = Self { everywhere: None, accounts: BTreeMap::new(), regions: BTreeMap::new(), parents: Vec::new() };
        let mut parents: BTreeMap<&str, (BTreeMap<String, usize>, usize)> = BTreeMap::new();
        for rest in relation.rows_rest_on {
            for (index, gap) in gaps.iter().enumerate().filter(|(_, gap)| gap.table == rest.table) {
                match (rest.reach, &gap.parent) {
                    (Reach::Parent(column), Some(parent)) => {
                        let (by_parent, _) = parents.entry(column).or_insert_with(|| (BTreeMap::new(), index));
                        by_parent.entry(parent.clone()).or_insert(index);
                    }
                    (Reach::Parent(_) | Reach::Region, _) => reached.region(gap, index),
                    (Reach::Account, _) => reached.account(gap, index),
                    (Reach::Everywhere, _) => reached.everywhere = reached.everywhere.or(Some(index)),
                }
            }
        }
        for (column, (by_parent, first)) in parents {
            match frame.column(column).ok().and_then(|cells| cells.str().ok()) {
                Some(cells) => reached.parents.push((cells, by_parent, first)),
                None => gaps.iter().enumerate().filter(|(_, gap)| gap.parent.is_some()).for_each(|(index, gap)| reached.region(gap, index)),
            }
        }
        reached
    }

    fn region(&mut self, gap: &Gap, index: usize) {
        if gap.region.is_empty() || gap.region == GLOBAL {
            return self.account(gap, index);
        }
        self.regions.entry((gap.account_id.clone(), gap.region.clone())).or_insert(index);
    }

    fn account(&mut self, gap: &Gap, index: usize) {
        if gap.account_id.is_empty() {
            self.everywhere = self.everywhere.or(Some(index));
        } else {
            self.accounts.entry(gap.account_id.clone()).or_insert(index);
        }
    }

    /// Whether no gap reaches anything.
    pub(crate) fn nothing(&self) -> bool {
        self.everywhere.is_none() && self.accounts.is_empty() && self.regions.is_empty() && self.parents.is_empty()
    }

    /// The first gap that leaves a row's account and Region in doubt.
    pub(crate) fn place(&self, account_id: &str, region: &str) -> Option<usize> {
        let by_region = self.regions.iter().find(|((account, name), _)| account == account_id && name == region).map(|(_, index)| *index);
        [self.everywhere, self.accounts.get(account_id).copied(), by_region].into_iter().flatten().min()
    }

    /// The first gap that leaves a row in doubt through its parent.
    pub(crate) fn parent(&self, row: usize) -> Option<usize> {
        let of = |(cells, gaps, first): &(&StringChunked, BTreeMap<String, usize>, usize)| match cells.get(row) {
            Some(parent) => gaps.get(parent).copied(),
            None => Some(*first),
        };
        self.parents.iter().filter_map(of).min()
    }

    /// Whether parents have to be looked at.
    pub(crate) fn by_parent(&self) -> bool {
        !self.parents.is_empty()
    }
}

/// One sentence about a gap: operation, table, how it ended and why.
pub(crate) fn sentence(gap: &Gap) -> String {
    let parent = gap.parent.as_ref().map(|parent| format!(" of {parent}")).unwrap_or_default();
    let reason = if gap.reason.is_empty() { String::new() } else { format!(": {}", gap.reason) };
    let operation = if gap.operation.is_empty() { String::new() } else { format!(" by {}", gap.operation) };
    let place =
        [gap.account_id.as_str(), gap.region.as_str()].iter().filter(|part| !part.is_empty()).copied().collect::<Vec<_>>().join(", ");
    format!("the read of {}{parent}{operation} ({place}) is {}{reason}", gap.table, gap.status)
}
