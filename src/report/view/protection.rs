//! What is protected, by resource type.

use serde::Serialize;

use crate::report::input::{PROTECTION_COLUMNS, ProtectionCell, ProtectionRow};
use crate::report::ratio::{BarPart, bar};
use crate::report::text::{clip, type_words};

/// What is protected.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ProtectionView {
    /// What is asked, one for each cell of a line.
    pub columns: Vec<&'static str>,
    /// Resource types, in order of their words.
    pub rows: Vec<ProtectionLine>,
    /// Resources of all types.
    pub resources: u64,
}

/// One resource type.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ProtectionLine {
    /// AWS's name of the type.
    pub resource_type: String,
    /// The type in words, in the plural.
    pub words: String,
    /// Resources of the type.
    pub resources: u64,
    /// Answers, in the order of the columns.
    pub cells: Vec<CellView>,
}

/// For how many of how many something holds.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct CellView {
    /// `all` of those that owe it, `some`, `none`, `range` (part is unknown) or `not_owed`.
    pub state: &'static str,
    /// Sign beside the number, so that colour is not alone: `✓`, `✕`, `?`, `–`.
    pub sign: &'static str,
    /// The number, or the range if part is unknown: `18`, `7–11`; empty if nobody owes it.
    pub number: String,
    /// The denominator: those that owe it.
    pub of: u64,
    /// For how many it holds.
    pub yes: u64,
    /// For how many it does not.
    pub no: u64,
    /// Of how many it is not known.
    pub unknown: u64,
    /// Of how many nobody asks it.
    pub not_owed: u64,
    /// All of them.
    pub total: u64,
    /// The counts as a bar.
    pub bar: Vec<BarPart>,
}

/// Arranges the protection of resource types.
pub(super) fn view(rows: &[ProtectionRow]) -> ProtectionView {
    let mut lines: Vec<_> = rows.iter().map(line).collect();
    lines.sort_by(|a, b| (a.words.to_lowercase(), &a.resource_type).cmp(&(b.words.to_lowercase(), &b.resource_type)));
    let resources = lines.iter().map(|line| line.resources).sum();
    ProtectionView { columns: PROTECTION_COLUMNS.to_vec(), rows: lines, resources }
}

fn line(row: &ProtectionRow) -> ProtectionLine {
    let cells: Vec<_> = row.cells.iter().map(cell).collect();
    ProtectionLine {
        resource_type: clip(&row.resource_type, 80),
        words: type_words(&row.resource_type).1,
        resources: cells.iter().map(|cell| cell.total).max().unwrap_or(0),
        cells,
    }
}

fn cell(counts: &ProtectionCell) -> CellView {
    let ProtectionCell { yes, no, unknown, not_owed } = *counts;
    let of = yes + no + unknown;
    let (state, sign) = match () {
        () if of == 0 => ("not_owed", "–"),
        () if unknown > 0 => ("range", "?"),
        () if no == 0 => ("all", "✓"),
        () if yes == 0 => ("none", "✕"),
        () => ("some", "✕"),
    };
    let number = match state {
        "not_owed" => String::new(),
        "range" => format!("{yes}–{}", yes + unknown),
        _ => yes.to_string(),
    };
    let bar = bar(&[("pass", yes), ("unknown", unknown), ("fail", no)]);
    CellView { state, sign, number, of, yes, no, unknown, not_owed, total: of + not_owed, bar }
}
