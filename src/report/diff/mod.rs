//! What `audit diff` shows: findings that moved, and what changed about the things they are about. As text for a person, as JSON for programs.

mod behind;
mod json;
mod text;

use std::collections::{BTreeMap, BTreeSet};

use crate::dataset::Gap;
use crate::engine::compare::{Moved, Movement};
use crate::model::{Severity, Verdict};
use crate::report::text::count;

pub use json::{FORMAT, VERSION, json};
pub use text::text;

/// Two sides, compared.
#[derive(Clone, Debug)]
pub struct Diff {
    /// Name of the estate.
    pub title: String,
    /// Version of this tool.
    pub tool_version: String,
    /// The older side.
    pub old: SideLabel,
    /// The newer side.
    pub new: SideLabel,
    /// Findings that moved or stayed open, sorted by rule and subject.
    pub moved: Vec<Moved>,
    /// Titles of rules, by id.
    pub titles: BTreeMap<String, String>,
    /// Names that people gave, by ARN.
    pub names: BTreeMap<String, String>,
    /// Since when what fails has failed, by rule and subject.
    pub failing: BTreeMap<(String, String), Failing>,
    /// What was not read; `None` if one of both sides does not tell.
    pub unread: Option<Unread>,
    /// What changed about things; `None` if findings files were compared, which do not hold it.
    pub drift: Option<Drift>,
}

/// What one side is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SideLabel {
    /// As it was named on the command line.
    pub named: String,
    /// What to know about the name: a date stands for its midnight.
    pub note: Option<String>,
    /// The moment that was judged; a Parquet file does not tell it.
    pub as_of_s: Option<i64>,
    /// Collections that begin at that moment; none of a file.
    pub collections: Vec<String>,
}

/// Since when something has failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Failing {
    /// The first collection in which it failed without having passed since.
    pub since_s: i64,
    /// Whether nothing earlier was collected, so that it may have failed before.
    pub or_before: bool,
}

/// What was not read.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Unread {
    /// Reads that were complete on the older side and are not on the newer one, sorted.
    pub lost: Vec<Gap>,
    /// Reads that are not complete on either side.
    pub lacking_still: u64,
    /// Reads that were not complete on the older side and are on the newer one.
    pub found: u64,
}

impl Unread {
    /// What was not read on two sides.
    pub fn of(old: &[Gap], new: &[Gap]) -> Self {
        let place = |gap: &Gap| (gap.table.clone(), gap.account_id.clone(), gap.region.clone(), gap.parent.clone());
        let before: BTreeSet<_> = old.iter().map(place).collect();
        let after: BTreeMap<_, &Gap> = new.iter().map(|gap| (place(gap), gap)).collect();
        let lost: Vec<Gap> = after.iter().filter(|(place, _)| !before.contains(*place)).map(|(_, gap)| (*gap).clone()).collect();
        let still = before.iter().filter(|place| after.contains_key(*place)).count();
        Self { lost, lacking_still: count(still), found: count(before.len() - still) }
    }
}

/// What changed about things.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Drift {
    /// Differences, sorted by thing and subject.
    pub changes: Vec<ChangeRow>,
    /// Things that were read at both moments.
    pub compared: u64,
    /// Things of which there is only one reading.
    pub read_once: u64,
}

/// One difference.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ChangeRow {
    /// Kind of thing: `plan`, `selection`, `vault`, `key`, `settings` or `resource`.
    pub thing: &'static str,
    /// Name for people.
    pub name: String,
    /// ARN of the thing.
    pub subject_arn: String,
    /// AWS resource type.
    pub subject_type: String,
    /// Account.
    pub account_id: String,
    /// Region.
    pub region: String,
    /// What it is about: `schedule`, `lock`, `copy` and the like.
    pub what: &'static str,
    /// Which part of the thing; empty for the thing itself.
    pub part: String,
    /// `added`, `removed`, `changed` or `unread`.
    pub change: &'static str,
    /// How it was; empty if it was not there.
    pub before: String,
    /// How it is; empty if it is not there.
    pub after: String,
    /// Whether less is protected now; `None` if that cannot be told.
    pub weakens: Option<bool>,
}

impl Diff {
    /// The findings that moved in a way.
    fn of(&self, movement: Movement) -> impl Iterator<Item = &Moved> {
        self.moved.iter().filter(move |moved| moved.movement == movement)
    }

    /// Whether something fails now, at least as badly as this, that did not.
    pub fn has_new(&self, least: Severity) -> bool {
        self.of(Movement::New).any(|moved| moved.finding.severity >= least)
    }

    /// Whether something that was known is not known now.
    pub fn lost_sight(&self) -> bool {
        [Movement::OutOfSight, Movement::BecameUnknown, Movement::NotJudged].into_iter().any(|movement| self.of(movement).next().is_some())
    }

    /// Since when a finding has failed, if it does and that is known.
    fn failing(&self, moved: &Moved) -> Option<Failing> {
        let finding = moved.after.as_ref().filter(|finding| finding.verdict == Verdict::Fail)?;
        self.failing.get(&(finding.rule_id.to_string(), finding.subject_arn.to_string())).copied()
    }
}
