//! What stands behind findings that moved: what was not read any more and how to know it again, and what changed about plans, vaults, keys and resources.

use std::collections::{BTreeMap, BTreeSet};

use comfy_table::Color;

use super::text::MOST_TEXT;
use super::{ChangeRow, Diff, Drift, Unread};
use crate::dataset::{Gap, ReadStatus};
use crate::report::paint::Paint;
use crate::report::text::{clip, name, plural};
use crate::report::view::gaps::close;

/// Changes of a kind that are told.
const MOST_CHANGES: usize = 60;
/// Characters of the reason of a gap.
const MOST_REASON: usize = 180;

/// What was read before and is not now, by what was asked and where; `None` if all of it is.
pub(super) fn unread_text(diff: &Diff, unread: &Unread, paint: &Paint) -> Option<String> {
    if unread.lost.is_empty() && unread.lacking_still == 0 && unread.found == 0 {
        return None;
    }
    let mut asked: BTreeMap<(&str, &str, &str, &str), Vec<&Gap>> = BTreeMap::new();
    for gap in &unread.lost {
        asked.entry((&gap.operation, gap.status.word(), &gap.region, &gap.account_id)).or_default().push(gap);
    }
    let mut text = paint.bold(&format!("Read in the older one and not in the newer: {}", unread.lost.len())) + "\n";
    for ((operation, status, region, account_id), gaps) in asked {
        let of = |gap: &&Gap| match &gap.parent {
            None => gap.table.clone(),
            Some(parent) => format!("{} of {}", gap.table, diff.names.get(parent).map_or_else(|| name(parent), Clone::clone)),
        };
        let tables = clip(&gaps.iter().map(of).collect::<Vec<_>>().join(", "), MOST_TEXT);
        let operation = if operation.is_empty() { String::new() } else { format!("{operation} ") };
        text += &paint.indented(&format!("  {tables} ({region}, {account_id}): {operation}{status}"), 6);
        let reason = gaps.first().map_or("", |gap| gap.reason.as_str());
        text += &paint.indented(&format!("      {}", clip(reason, MOST_REASON)), 6);
    }
    text += &closing(&unread.lost).iter().map(|line| paint.indented(&format!("  To know it again: {line}"), 6)).collect::<String>();
    let still = plural(unread.lacking_still, "read was complete on neither side", "reads were complete on neither side");
    let found = plural(
        unread.found,
        "is complete and was not, or was not asked for, before",
        "are complete and were not, or were not asked for, before",
    );
    Some(text + &paint.indented(&format!("  {still}; {found}."), 2))
}

/// What changed about things, what protects less first.
pub(super) fn drift_text(drift: &Drift, paint: &Paint) -> String {
    let compared = plural(drift.compared, "thing was", "things were");
    let mut text = paint.bold("What changed about plans, vaults, keys and resources") + "\n";
    if drift.changes.is_empty() {
        text += &paint.indented(&format!("  Nothing; {compared} read at both moments."), 2);
    }
    let kinds = [
        ("weaker", Some(true), Color::Red, "Less is protected"),
        ("not known", None, Color::Yellow, "Whether less is protected cannot be told"),
        ("other", Some(false), Color::Cyan, "Came, went or changed otherwise"),
    ];
    for (word, weakens, color, title) in kinds {
        let of: Vec<&ChangeRow> = drift.changes.iter().filter(|row| row.weakens == weakens).collect();
        if of.is_empty() {
            continue;
        }
        text += &paint.indented(&format!("  {}: {title} ({})", paint.colored(word, color), of.len()), 4);
        for row in of.iter().take(MOST_CHANGES) {
            text += &paint.indented(&format!("    {}", change(row)), 8);
        }
        if let Some(more) = of.len().checked_sub(MOST_CHANGES).filter(|more| *more > 0) {
            text += &paint.indented(&format!("    and {more} more; --json has all"), 6);
        }
    }
    if drift.read_once > 0 {
        let once = plural(
            drift.read_once,
            "thing is not compared: only one collection read it",
            "things are not compared: only one collection read them",
        );
        text += &paint.indented(&format!("  {once}."), 2);
    }
    text
}

fn change(row: &ChangeRow) -> String {
    let part = if row.part.is_empty() { String::new() } else { format!(", {}", clip(&row.part, 160)) };
    let what = match row.change {
        "added" => format!("{} added: {}", row.what, clip(&row.after, MOST_TEXT)),
        "removed" => format!("{} removed; before: {}", row.what, clip(&row.before, MOST_TEXT)),
        _ if row.before == row.after => format!("{} {} at both moments", row.what, clip(&row.after, MOST_TEXT)),
        _ => format!("{} {} → {}", row.what, clip(&row.before, MOST_TEXT), clip(&row.after, MOST_TEXT)),
    };
    format!("{} {}{part}: {what}", row.thing, clip(&row.name, 120))
}

/// How to close gaps, each way once; what was denied with all its operations.
fn closing(lost: &[Gap]) -> Vec<String> {
    let denied: BTreeSet<&str> = lost.iter().filter(|gap| gap.status == ReadStatus::Denied).map(|gap| gap.operation.as_str()).collect();
    let others: BTreeSet<String> = lost.iter().filter(|gap| gap.status != ReadStatus::Denied).map(close).collect();
    let denied: Vec<String> = denied.into_iter().map(|operation| format!("`{}`", clip(operation, 100))).collect();
    let allow = format!("Allow {} to the audit role (`audit policy read` prints the whole policy), then collect again.", denied.join(", "));
    (!denied.is_empty()).then_some(allow).into_iter().chain(others).collect()
}
