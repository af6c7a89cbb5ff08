//! What could not be read, grouped, with how much it makes unknown and how to close it.
//!
//! A gap says which table, account and Region were not read; a rule says which tables it rests on and how far. Their meeting is what a gap
//! makes unknown. A verdict that rests on two gaps counts under both, so these numbers do not add up to the unknown verdicts.

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;

use crate::dataset::reads::{Gap, ReadStatus};
use crate::engine::Finding;
use crate::model::Verdict;
use crate::report::input::{Judgement, Reach, RuleText};
use crate::report::text::{clip, count, name};

/// Groups that are shown.
const MOST_GROUPS: usize = 40;
/// Vaults or plans that are named in a group.
const MOST_PARENTS: usize = 5;

/// What is unknown, and why.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct GapsView {
    /// Reads that are not complete.
    pub reads: u64,
    /// Groups of them, those that make most unknown first.
    pub groups: Vec<GapGroup>,
    /// Groups that are not shown.
    pub more: u64,
    /// Unknown verdicts.
    pub unknown: u64,
    /// Unknown verdicts that rest on no gap: something was read, and does not say.
    pub elsewhere: u64,
}

/// Reads that failed in the same way.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct GapGroup {
    /// Tables that are missing or incomplete.
    pub table: String,
    /// AWS operation.
    pub operation: String,
    /// Account concerned.
    pub account_id: String,
    /// Region concerned.
    pub region: String,
    /// How the reads ended, as the dataset says it.
    pub status: ReadStatus,
    /// How the reads ended, as the rest of "`operation` …".
    pub outcome: &'static str,
    /// Cause in words.
    pub reason: String,
    /// Reads in the group.
    pub reads: u64,
    /// Names of the vaults or plans, if the gap is not the whole Region; the first few.
    pub parents: Vec<String>,
    /// Unknown verdicts that rest on it.
    pub unknown: u64,
    /// How to close it.
    pub close: String,
}

/// Counts, groups and sorts the gaps.
pub(super) fn view(judgement: &Judgement) -> GapsView {
    let effects = Effects::new(&judgement.findings, &judgement.rules);
    let mut grouped: BTreeMap<_, Vec<&Gap>> = BTreeMap::new();
    for gap in &judgement.gaps {
        // An operation can fill several tables; its failure is told once.
        let what = if gap.operation.is_empty() { &gap.table } else { &gap.operation };
        let key = (what, &gap.account_id, &gap.region, gap.status, without_request(&gap.reason));
        grouped.entry(key).or_default().push(gap);
    }
    let mut groups: Vec<(u64, Vec<&Gap>)> =
        grouped.into_values().map(|gaps| (gaps.iter().map(|gap| effects.of(gap)).max().unwrap_or(0), gaps)).collect();
    groups.sort_by_key(|(unknown, _)| std::cmp::Reverse(*unknown)); // stable: equal ones stay sorted by operation, account, Region
    let shown: Vec<_> = groups.iter().take(MOST_GROUPS).map(|(unknown, gaps)| group(*unknown, gaps)).collect();
    GapsView {
        reads: count(judgement.gaps.len()),
        more: count(groups.len() - shown.len()),
        groups: shown,
        unknown: effects.unknown,
        elsewhere: effects.elsewhere(&judgement.gaps),
    }
}

fn group(unknown: u64, gaps: &[&Gap]) -> GapGroup {
    let first = gaps[0];
    let tables: BTreeSet<&str> = gaps.iter().map(|gap| gap.table.as_str()).collect();
    let parents: BTreeSet<&str> = gaps.iter().filter_map(|gap| gap.parent.as_deref()).collect();
    let operation = clip(&first.operation, 100);
    GapGroup {
        table: clip(&tables.into_iter().collect::<Vec<_>>().join(", "), 64),
        account_id: clip(&first.account_id, 32),
        region: clip(&first.region, 32),
        status: first.status,
        outcome: outcome(first.status),
        reason: clip(without_request(&first.reason), 400),
        reads: count(gaps.len()),
        parents: parents.iter().take(MOST_PARENTS).map(|parent| clip(&name(parent), 80)).collect(),
        unknown,
        close: close(first.status, &operation),
        operation,
    }
}

/// A reason without the id of the request, which differs where the cause is the same; `findings.json` has it.
fn without_request(reason: &str) -> &str {
    reason.rsplit_once(" (request ").map_or(reason, |(cause, _)| cause)
}

fn outcome(status: ReadStatus) -> &'static str {
    match status {
        ReadStatus::Complete => "was read",
        ReadStatus::Partial => "stopped before the end",
        ReadStatus::Denied => "was denied",
        ReadStatus::Throttled => "was throttled until the retries were used up",
        ReadStatus::Unavailable => "did not answer",
        ReadStatus::Skipped => "was not tried, because a read before it failed",
        ReadStatus::NotRequested => "was not asked for",
    }
}

fn close(status: ReadStatus, operation: &str) -> String {
    match status {
        ReadStatus::Complete => String::new(),
        ReadStatus::Partial => "Run `audit collect` again: a new collection reads it anew.".to_owned(),
        ReadStatus::Denied => {
            format!("Allow `{operation}` to the audit role (`audit policy read` prints the whole policy), then collect again.")
        }
        ReadStatus::Throttled => "Run `audit collect` again when less else calls this API.".to_owned(),
        ReadStatus::Unavailable => "Check that the service exists and is enabled in this Region, then collect again.".to_owned(),
        ReadStatus::Skipped => "Close the gap that it waits for, then collect again.".to_owned(),
        ReadStatus::NotRequested => {
            "Collect this account and Region with this table in scope, or exclude it by a decision with reason and approver.".to_owned()
        }
    }
}

/// Unknown verdicts by rule and place, to be met with gaps.
struct Effects<'a> {
    rules: &'a [RuleText],
    unknown: u64,
    /// By rule, account and Region; an empty Region holds the sum of the account, both empty the sum of the rule.
    counts: BTreeMap<(&'a str, &'a str, &'a str), u64>,
    places: BTreeMap<(&'a str, &'a str, &'a str), u64>,
}

impl<'a> Effects<'a> {
    fn new(findings: &'a [Finding], rules: &'a [RuleText]) -> Self {
        let mut places = BTreeMap::new();
        for finding in findings.iter().filter(|finding| finding.verdict == Verdict::Unknown) {
            *places.entry((finding.rule_id.as_str(), finding.account_id.as_str(), finding.region.as_str())).or_default() += 1;
        }
        let mut counts: BTreeMap<(&str, &str, &str), u64> = BTreeMap::new();
        for ((rule, account, region), many) in &places {
            let keys = BTreeSet::from([(*rule, *account, *region), (*rule, *account, ""), (*rule, "", "")]);
            for key in keys {
                *counts.entry(key).or_default() += many;
            }
        }
        Self { rules, unknown: places.values().sum(), counts, places }
    }

    fn of(&self, gap: &Gap) -> u64 {
        let touched = self.rules.iter().filter_map(|rule| Some((rule, reach(rule, &gap.table)?)));
        touched.filter_map(|(rule, reach)| self.counts.get(&key(&rule.id, &gap.account_id, &gap.region, reach))).sum()
    }

    /// Unknown verdicts that no gap meets.
    fn elsewhere(&self, gaps: &[Gap]) -> u64 {
        let mut met: BTreeSet<(&str, &str, &str)> = BTreeSet::new();
        for gap in gaps {
            for rule in self.rules {
                if let Some(reach) = reach(rule, &gap.table) {
                    met.insert(key(&rule.id, &gap.account_id, &gap.region, reach));
                }
            }
        }
        let is_met = |(rule, account, region): &(&str, &str, &str)| {
            [(*rule, *account, *region), (*rule, *account, ""), (*rule, "", "")].iter().any(|key| met.contains(key))
        };
        self.places.iter().filter(|(place, _)| !is_met(place)).map(|(_, many)| many).sum()
    }
}

/// How far a rule looks in a table; the farthest if it names the table twice.
fn reach(rule: &RuleText, table: &str) -> Option<Reach> {
    let far = |reach: &Reach| match reach {
        Reach::Region => 0,
        Reach::Account => 1,
        Reach::Everywhere => 2,
    };
    rule.reads.iter().filter(|read| read.table == table).map(|read| read.reach).max_by_key(far)
}

fn key<'a>(rule: &'a str, account: &'a str, region: &'a str, reach: Reach) -> (&'a str, &'a str, &'a str) {
    match reach {
        Reach::Region => (rule, account, region),
        Reach::Account => (rule, account, ""),
        Reach::Everywhere => (rule, "", ""),
    }
}
