//! What to do: what would repair what fails, what would make known what is unknown; and where the proof of it all lies.

use std::collections::{BTreeMap, BTreeSet};

use super::{Explanation, Fix, Unread, found};
use crate::engine::Finding;
use crate::model::Verdict;
use crate::report::paint::Paint;
use crate::report::text::{clip, count, plural};
use crate::report::view::gaps::{close, outcome};

/// Rows that are named as proof.
const MOST_PROOFS: usize = 8;
/// Rules that are named of a read or a row.
const MOST_RULES: usize = 6;
/// Vaults, plans or keys that are named of a read.
const MOST_PARENTS: usize = 3;

/// What would repair what fails; `None` if nothing fails.
pub(super) fn repairs(told: &Explanation, paint: &Paint) -> Option<String> {
    let of = |(place, fix): (usize, &Fix)| {
        let mut text = paint.indented(&format!("  {place}. {} ({})", clip(&fix.text, 600), fix.rules.join(", ")), 5);
        if !fix.following.is_empty() {
            let rest = format!("     May follow from it, and pass once it is repaired: {}", fix.following.join(", "));
            text += &paint.indented(&rest, 5);
        }
        text
    };
    let lines: String = (1..).zip(&told.fixes).map(of).collect();
    (!lines.is_empty()).then(|| paint.bold("What would repair it") + "\n" + &lines)
}

/// Reads that ended in the same way, with what rests on them.
#[derive(Default)]
struct Closing<'t> {
    parents: BTreeSet<&'t str>,
    named: BTreeSet<&'t str>,
    may: BTreeSet<&'t str>,
}

/// What would make known what is unknown; `None` if nothing is.
pub(super) fn known_by(told: &Explanation, paint: &Paint) -> Option<String> {
    let unknown = told.findings.iter().chain(&told.behind).filter(|finding| finding.verdict == Verdict::Unknown);
    let unknown: BTreeSet<&str> = unknown.map(|finding| finding.rule_id.as_str()).collect();
    let mut lines: Vec<String> = closings(told).into_iter().map(|(unread, closing)| closing_text(told, unread, &closing)).collect();
    let rests: BTreeSet<&str> = told.unread.iter().flat_map(|one| one.named.iter().chain(&one.may)).map(String::as_str).collect();
    let others: BTreeSet<&str> = unknown.difference(&rests).copied().collect();
    if told.resource.detail.as_ref().is_some_and(|detail| detail.tags.is_none()) {
        let may = if others.is_empty() { String::new() } else { format!(" These may rest on them: {}.", few(&others)) };
        lines.push(format!(
            "No answer told its tags, though no read of them failed; objective, selections and role follow from them. See that the audit role \
             may read tags (`audit policy read` prints the whole policy), then collect again.{may}"
        ));
    } else if !others.is_empty() {
        lines.push(format!(
            "No read that failed is known to be behind these: AWS did not tell it, nothing has happened that would show it, or it lies \
             before the first collection. Each message says what is missing: {}.",
            others.iter().copied().collect::<Vec<_>>().join(", ")
        ));
    }
    let numbered = (1..).zip(lines).map(|(place, line): (usize, String)| paint.indented(&format!("  {place}. {line}"), 5));
    (!unknown.is_empty()).then(|| paint.bold("What would make it known") + "\n" + &numbered.collect::<String>())
}

/// The reads behind what is unknown, those that ended in the same way as one.
fn closings(told: &Explanation) -> Vec<(&Unread, Closing<'_>)> {
    let mut closings: Vec<(&Unread, Closing<'_>)> = Vec::new();
    let key = |unread: &Unread| {
        let gap = &unread.gap;
        let what = if gap.operation.is_empty() { &gap.table } else { &gap.operation };
        (what.clone(), gap.account_id.clone(), gap.region.clone(), gap.status)
    };
    for unread in &told.unread {
        let place = closings.iter().position(|(other, _)| key(other) == key(unread)).unwrap_or_else(|| {
            closings.push((unread, Closing::default()));
            closings.len() - 1
        });
        let closing = &mut closings[place].1;
        closing.parents.extend(unread.gap.parent.as_deref());
        closing.named.extend(unread.named.iter().map(String::as_str));
        closing.may.extend(unread.may.iter().map(String::as_str));
    }
    closings
}

fn closing_text(told: &Explanation, unread: &Unread, closing: &Closing<'_>) -> String {
    let gap = &unread.gap;
    let operation = if gap.operation.is_empty() { &gap.table } else { &gap.operation };
    let mut parents: Vec<String> = closing.parents.iter().take(MOST_PARENTS).map(|parent| clip(&found::called(told, parent), 80)).collect();
    if let Some(more) = closing.parents.len().checked_sub(MOST_PARENTS).filter(|more| *more > 0) {
        parents.push(format!("{more} more"));
    }
    let of = if parents.is_empty() { String::new() } else { format!(" for {}", parents.join(", ")) };
    let may: BTreeSet<&str> = closing.may.difference(&closing.named).copied().collect();
    let mut text = format!("{operation}{of} {} ({}, account {}). {}", outcome(gap.status), gap.region, gap.account_id, close(gap));
    if !closing.named.is_empty() {
        text += &format!(" It leaves open: {}.", few(&closing.named));
    }
    if !may.is_empty() {
        text += &format!(" These may rest on it: {}.", few(&may));
    }
    text
}

/// Rules that are told above already: the first, and how many more.
fn few(rules: &BTreeSet<&str>) -> String {
    let mut named: Vec<String> = rules.iter().take(MOST_RULES).map(|rule| (*rule).to_owned()).collect();
    if let Some(more) = rules.len().checked_sub(MOST_RULES).filter(|more| *more > 0) {
        named.push(format!("{more} more"));
    }
    named.join(", ")
}

/// The rows behind what is open, with the rules that rest on each; `None` if nothing is open.
pub(super) fn proof(told: &Explanation, paint: &Paint) -> Option<String> {
    let open: Vec<&Finding> = told.findings.iter().filter(|finding| found::is_open(finding)).chain(&told.behind).collect();
    let mut rows: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
    for finding in open.iter().filter(|finding| !finding.evidence.is_empty()) {
        rows.entry(&finding.evidence).or_default().insert(&finding.rule_id);
    }
    let worst = |row: &str| {
        open.iter().filter(|finding| finding.evidence == row).map(|finding| (finding.verdict == Verdict::Fail, finding.severity)).max()
    };
    let mut sorted: Vec<_> = rows.iter().collect();
    sorted.sort_by_key(|(row, _)| std::cmp::Reverse(worst(row)));
    let line = |(row, rules): &(&&str, &BTreeSet<&str>)| paint.indented(&format!("  {}: {}", clip(row, 240), few(rules)), 6);
    let mut text = paint.bold("Where the proof lies") + "\n" + &sorted.iter().take(MOST_PROOFS).map(line).collect::<String>();
    if let Some(more) = sorted.len().checked_sub(MOST_PROOFS).filter(|more| *more > 0) {
        text += &paint.indented(&format!("  and in {}; --json has all", plural(count(more), "more place", "more places")), 6);
    }
    let how = "  A place is a table, the key of a row and a collection: the row is in COLLECTION/TABLE/ of the dataset, as Parquet, and `audit schema \
               TABLE` says what its columns mean. `relation=NAME` is no single row: it is that table or relation.";
    (!rows.is_empty()).then(|| text + &paint.indented(how, 2))
}
