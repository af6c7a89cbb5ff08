//! What could not be read, grouped, with how much it makes unknown and how to close it.

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;

use crate::dataset::reads::{Gap, ReadStatus};
use crate::model::Arn;
use crate::report::input::Judgement;
use crate::report::text::{clip, count};

use super::effects::Effects;
use super::index::Index;

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
    /// How many of them are not named.
    pub more_parents: u64,
    /// Unknown verdicts that rest on it.
    pub unknown: u64,
    /// How to close it.
    pub close: String,
}

/// Counts, groups and sorts the gaps; the first `most` groups are told.
pub(super) fn view(judgement: &Judgement, index: &Index<'_>, most: usize) -> GapsView {
    let effects = Effects::new(judgement);
    let mut grouped: BTreeMap<_, Vec<&Gap>> = BTreeMap::new();
    for gap in &judgement.gaps {
        // An operation can fill several tables, and fail for many vaults in the same words; its failure is told once.
        let what = if gap.operation.is_empty() { &gap.table } else { &gap.operation };
        let key = (what, &gap.account_id, &gap.region, gap.status, cause(gap));
        grouped.entry(key).or_default().push(gap);
    }
    let mut groups: Vec<(u64, Vec<&Gap>)> = grouped.into_values().map(|gaps| (effects.of(gaps.iter().copied()), gaps)).collect();
    groups.sort_by_key(|(unknown, _)| std::cmp::Reverse(*unknown)); // stable: equal ones stay sorted by operation, account, Region
    let shown: Vec<_> = groups.iter().take(most).map(|(unknown, gaps)| group(*unknown, gaps, index)).collect();
    GapsView {
        reads: count(judgement.gaps.len()),
        more: count(groups.len() - shown.len()),
        groups: shown,
        unknown: effects.unknown(),
        elsewhere: effects.elsewhere(&judgement.gaps),
    }
}

fn group(unknown: u64, gaps: &[&Gap], index: &Index<'_>) -> GapGroup {
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
        reason: if parents.len() > 1 { clip(&cause(first), 400) } else { clip(without_request(&first.reason), 400) },
        reads: count(gaps.len()),
        parents: parents.iter().take(MOST_PARENTS).map(|parent| index.name(parent)).collect(),
        more_parents: count(parents.len().saturating_sub(MOST_PARENTS)),
        unknown,
        close: close(first),
        operation,
    }
}

/// A reason without what differs from vault to vault.
fn cause(gap: &Gap) -> String {
    let reason = without_request(&gap.reason);
    gap.parent.as_deref().filter(|parent| !parent.is_empty()).map_or_else(|| reason.to_owned(), |parent| reason.replace(parent, "…"))
}

/// A reason without the id of the request, which differs where the cause is the same; `findings.json` has it.
fn without_request(reason: &str) -> &str {
    reason.rsplit_once(" (request ").map_or(reason, |(cause, _)| cause)
}

/// How a read ended, as the rest of "`operation` …".
pub(in crate::report) fn outcome(status: ReadStatus) -> &'static str {
    match status {
        ReadStatus::Complete => "was read",
        ReadStatus::Partial => "stopped before the end",
        ReadStatus::Denied => "was denied",
        ReadStatus::Throttled => "was throttled until the retries were used up",
        ReadStatus::Unavailable => "did not answer",
        ReadStatus::Skipped => "was not tried, because a read before it failed",
        ReadStatus::NotRequested => "was not asked for",
        ReadStatus::Elsewhere => "was read in another account",
    }
}

/// How to close a gap. What stopped because single things were refused is closed as what was refused.
pub(in crate::report) fn close(gap: &Gap) -> String {
    /// Who can: the account of what was asked for, where that is another.
    fn owner(gap: &Gap) -> String {
        let account_id = gap.parent.as_deref().and_then(Arn::parse).map(|arn| arn.account).filter(|account_id| !account_id.is_empty());
        account_id
            .filter(|account_id| *account_id != gap.account_id)
            .map_or_else(String::new, |id| format!(", which account {id} has to do"))
    }

    let operation = clip(&gap.operation, 100);
    let refused = gap.status == ReadStatus::Partial && gap.reason.contains("AccessDenied");
    let status = if refused { ReadStatus::Denied } else { gap.status };
    match status {
        ReadStatus::Complete | ReadStatus::Elsewhere => String::new(),
        ReadStatus::Partial => "Run `audit collect` again: a new collection reads it anew.".to_owned(),
        ReadStatus::Denied if gap.reason.contains("explicit deny") => format!(
            "A policy denies `{operation}` explicitly, which no permission of the audit role outweighs: change that policy{}, then collect again.",
            owner(gap)
        ),
        ReadStatus::Denied => {
            format!("Allow `{operation}` to the audit role (`audit policy read` prints the whole policy), then collect again.")
        }
        ReadStatus::Throttled => "Run `audit collect` again when less else calls this API.".to_owned(),
        ReadStatus::Unavailable => "Check that the service exists and is enabled in this Region, then collect again.".to_owned(),
        ReadStatus::Skipped => "Close the gap that it waits for, then collect again.".to_owned(),
        ReadStatus::NotRequested => {
            "Collect this account and Region with this table in scope (`--only` and `--skip` choose tables), or exclude it by a decision with reason and approver."
                .to_owned()
        }
    }
}
