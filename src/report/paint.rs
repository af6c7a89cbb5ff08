//! Text for a terminal: lines broken between words, tables, colours that only repeat what words say.

use comfy_table::presets::NOTHING;
use comfy_table::{Attribute, Cell, CellAlignment, Color, ColumnConstraint, ContentArrangement, Table, Width};

use crate::model::Severity;

use super::terminal::Style;
use super::text::grouped;

/// Below this many columns nothing gets narrower.
const LEAST_WIDTH: u16 = 40;

/// Writes in a style.
pub(super) struct Paint {
    color: bool,
    width: u16,
}

impl Paint {
    pub(super) fn new(style: Style) -> Self {
        Self { color: style.color, width: style.width.max(LEAST_WIDTH) }
    }

    /// A table with a head in bold.
    pub(super) fn table(&self, head: &[&str]) -> Table {
        let mut table = Table::new();
        table.load_preset(NOTHING).set_content_arrangement(ContentArrangement::Dynamic).set_width(self.width);
        if self.color {
            table.enforce_styling();
        } else {
            table.force_no_tty();
        }
        table.set_header(head.iter().map(|text| Cell::new(text).add_attribute(Attribute::Bold)));
        for column in table.column_iter_mut() {
            column.set_padding((0, 2)).set_constraint(ColumnConstraint::LowerBoundary(Width::Fixed(7)));
        }
        table
    }

    /// A cell in a colour.
    pub(super) fn cell(&self, cell: Cell, color: Color) -> Cell {
        if self.color { cell.fg(color) } else { cell }
    }

    /// Text in bold.
    pub(super) fn bold(&self, text: &str) -> String {
        if self.color { format!("\u{1b}[1m{text}\u{1b}[0m") } else { text.to_owned() }
    }

    /// Text in a colour.
    pub(super) fn colored(&self, text: &str, color: Color) -> String {
        let code = match color {
            Color::Red => 31,
            Color::Yellow => 33,
            _ => 36,
        };
        if self.color { format!("\u{1b}[{code}m{text}\u{1b}[0m") } else { text.to_owned() }
    }

    /// Breaks each line between words.
    pub(super) fn wrapped(&self, text: &str) -> String {
        let lines: Vec<_> = text.lines().map(|line| self.indented(line, 0).trim_end().to_owned()).collect();
        lines.join("\n")
    }

    /// What comes first as it is, and a text beside it, broken between words, that stays to the right of it.
    pub(super) fn hanging(&self, first: &str, text: &str) -> String {
        let indent = visible(first);
        let broken = self.indented(&format!("{}{text}", " ".repeat(indent)), indent);
        format!("{first}{}", broken.get(indent..).unwrap_or_default())
    }

    /// Breaks one line between words; what follows the first line begins `indent` columns in.
    pub(super) fn indented(&self, line: &str, indent: usize) -> String {
        let start = line.len() - line.trim_start().len();
        let mut text = " ".repeat(start);
        let (mut column, mut empty) = (start, true);
        for word in line.split_whitespace() {
            let long = visible(word);
            if !empty && column + 1 + long > usize::from(self.width) {
                text += "\n";
                text += &" ".repeat(indent);
                column = indent;
            } else if !empty {
                text.push(' ');
                column += 1;
            }
            text += word;
            column += long;
            empty = false;
        }
        text + "\n"
    }
}

/// Characters of a word without its colour codes.
fn visible(word: &str) -> usize {
    let mut pieces = word.split('\u{1b}');
    let first = pieces.next().map_or(0, |piece| piece.chars().count());
    first + pieces.map(|piece| piece.split_once('m').map_or(0, |(_, rest)| rest.chars().count())).sum::<usize>()
}

/// The colour of a severity.
pub(super) fn severity_color(severity: Severity) -> Color {
    match severity {
        Severity::Critical | Severity::High => Color::Red,
        Severity::Medium => Color::Yellow,
        Severity::Low | Severity::Info => Color::Cyan,
    }
}

/// A count, to the right.
pub(super) fn number(count: u64) -> Cell {
    Cell::new(grouped(count)).set_alignment(CellAlignment::Right)
}
