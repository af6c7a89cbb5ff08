//! Rows, calls, gaps and time, for the end of a run.

use std::collections::{BTreeMap, BTreeSet};

use comfy_table::presets::NOTHING;
use comfy_table::{CellAlignment, Table};

use super::Collected;
use crate::collect::progress::Summary;
use crate::dataset::{Gap, ReadStatus};

/// What a person reads when a collection has ended.
pub(in crate::commands) fn table(collected: &Collected) -> String {
    let Collected { summary, left_out, manifest } = collected;
    let rows = summary.rows.iter().map(|(name, rows)| [(*name).to_owned(), rows.to_string()]);
    let mut text = format!("{}\n\n", columns(["table", "rows"], rows));
    if summary.accounts.len() + left_out.len() > 1 {
        text += &format!("{}\n\n", by_account(summary, left_out));
    }
    let took = summary.took.as_millis();
    text += &format!(
        "{} calls, {} reads, {} kept from before, {} gaps, {}.{} s\n",
        summary.calls,
        summary.reads,
        summary.kept_units,
        summary.gaps.len(),
        took / 1_000,
        took % 1_000 / 100
    );
    text.extend(alike(&summary.gaps).iter().map(|gaps| warning(gaps)));
    if summary.gaps.iter().any(|gap| gap.status == ReadStatus::Denied) {
        text += "  hint:   `audit policy read` prints the read-only policy that the audit role needs\n";
    }
    match manifest {
        Some(manifest) => text += &format!("sealed {}", manifest.id),
        None if summary.expired => {
            text += "the credentials expired on the way: log in again; the next `audit collect` resumes the collection";
        }
        None => text += "stopped; the next `audit collect` resumes it",
    }
    text
}

fn columns<const N: usize>(header: [&str; N], rows: impl Iterator<Item = [String; N]>) -> Table {
    let mut table = Table::new();
    table.load_preset(NOTHING).set_header(header).add_rows(rows);
    for column in table.column_iter_mut().skip(1) {
        column.set_cell_alignment(CellAlignment::Right);
    }
    table
}

fn by_account(summary: &Summary, left_out: &[(String, String)]) -> Table {
    let mut gaps: BTreeMap<&str, usize> = BTreeMap::new();
    for gap in &summary.gaps {
        *gaps.entry(&gap.account_id).or_default() += 1;
    }
    let read = summary.accounts.iter().map(|(id, (reads, rows))| {
        [id.clone(), reads.to_string(), rows.to_string(), gaps.get(id.as_str()).copied().unwrap_or(0).to_string()]
    });
    let rest = left_out.iter().map(|(id, state)| [format!("{id} ({state})"), "left out".to_owned(), "-".to_owned(), "-".to_owned()]);
    columns(["account", "reads", "rows", "gaps"], read.chain(rest))
}

/// Gaps of an account with the same cause together, in the order of the first of each.
fn alike(gaps: &[Gap]) -> Vec<Vec<&Gap>> {
    let mut groups: Vec<Vec<&Gap>> = Vec::new();
    let mut known: BTreeMap<(&str, ReadStatus, &str, &str), usize> = BTreeMap::new();
    for gap in gaps {
        let place = *known.entry((&gap.account_id, gap.status, &gap.operation, without_request(&gap.reason))).or_insert(groups.len());
        groups.resize_with(groups.len().max(place + 1), Vec::new);
        groups[place].push(gap);
    }
    groups
}

/// A reason without the id of the request, which is another one each time.
fn without_request(reason: &str) -> &str {
    reason.split_once(" (request ").map_or(reason, |(reason, _)| reason)
}

fn warning(gaps: &[&Gap]) -> String {
    let Some(gap) = gaps.first() else { return String::new() };
    let subject = if let [gap] = gaps {
        let parent = gap.parent.as_deref().map(|parent| format!(" of {parent}")).unwrap_or_default();
        format!("{} {}{parent} ({}, {})", gap.table, gap.status, gap.account_id, gap.region)
    } else {
        let tables: BTreeSet<&str> = gaps.iter().map(|gap| gap.table.as_str()).collect();
        let regions: BTreeSet<&str> = gaps.iter().map(|gap| gap.region.as_str()).collect();
        let some = |names: BTreeSet<&str>, what: &str| match names.len() {
            1..=3 => names.into_iter().collect::<Vec<_>>().join(", "),
            many => format!("{many} {what}"),
        };
        format!("{} reads of {} {} ({}, {})", gaps.len(), some(tables, "tables"), gap.status, gap.account_id, some(regions, "Regions"))
    };
    let operation = if gap.operation.is_empty() { String::new() } else { format!("{}: ", gap.operation) };
    format!("warning: {subject}\n  cause:  {operation}{}\n  effect: what rests on it is unknown and is not counted as passed\n", gap.reason)
}
