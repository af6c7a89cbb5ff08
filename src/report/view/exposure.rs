//! The resources that could have lost most, with their course over the window.

use serde::Serialize;

use crate::model::{Window, duration, moment};
use crate::report::input::ExposureRow;
use crate::report::ratio::percent_range;
use crate::report::svg::{self, Tick, Timeline};
use crate::report::text::{clip, count, seconds, type_words};

use super::index::Index;
use super::paging::{Paging, bytes_of, numbered, split};

/// File of the first page of all rows.
pub(in crate::report) const FILE: &str = "exposure.html";
/// Rows that an overview draws.
const MOST_ROWS: usize = 8;
/// Rows on a page of all rows, and on all of those pages.
const MOST_ON_PAGE: usize = 250;
const MOST_LISTED: usize = 20_000;
/// Bytes of markup around the texts of one row, at most.
const MARKUP_BYTES: usize = 1_800;

/// How much could have been lost.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ExposureView {
    /// The worst rows, worst first.
    pub rows: Vec<ExposureLine>,
    /// Rows there are: one for each resource and scenario.
    pub count: u64,
    /// Rows that are not shown.
    pub more: u64,
    /// Rows with time beyond their objective.
    pub violated: u64,
    /// Rows without, but with time of which nothing is known.
    pub unknown: u64,
    /// Rows within their objective throughout.
    pub within: u64,
    /// Marks on the axis of time.
    pub ticks: Vec<Tick>,
}

/// One resource in one scenario.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ExposureLine {
    /// ARN.
    pub subject_arn: String,
    /// Name.
    pub name: String,
    /// File of its page, beside the other pages; empty if it has none.
    pub page: String,
    /// Type in words.
    pub type_words: String,
    /// Account.
    pub account_id: String,
    /// Region.
    pub region: String,
    /// Which points count, in words.
    pub scenario: String,
    /// What is asked for: `24 h + 2 h tolerance`.
    pub objective: String,
    /// Where that comes from: `objective prod`, or that nobody approved it.
    pub objective_source: String,
    /// Whether somebody approved it.
    pub approved: bool,
    /// The worst exposure, or its range.
    pub achieved: String,
    /// `over`, `within` or `unknown`: how `achieved` stands to the objective.
    pub state: &'static str,
    /// When it was worst.
    pub worst_at: Option<String>,
    /// Share of the time within the objective: a range if something is unknown.
    pub within: String,
    /// Time beyond the objective, in words; `None` if there is none.
    pub violated: Option<String>,
    /// Time of which nothing is known, in words; `None` if there is none.
    pub unknown: Option<String>,
    /// Time in scope, in words: the denominator.
    pub in_scope: String,
    /// The drawing; `None` if it was not drawn.
    pub timeline: Option<Timeline>,
    /// The drawing in words.
    pub description: String,
}

/// A page of all rows.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ExposurePage {
    /// The rows of this page, and how many there are.
    pub exposure: ExposureView,
    /// The other pages.
    pub paging: Paging,
}

/// The pages of all rows, each with its file, one after the other.
pub(in crate::report) fn pages<'a>(
    rows: &'a [ExposureRow],
    window: Window,
    index: &'a Index<'a>,
) -> impl Iterator<Item = (String, ExposurePage)> + 'a {
    let whole = ExposureView { rows: Vec::new(), more: count(rows.len().saturating_sub(MOST_LISTED)), ..view(rows, window, index) };
    let lines: Vec<_> = worst_first(rows).into_iter().take(MOST_LISTED).map(|row| line(row, window, index)).collect();
    let ranges = split(lines.iter().map(bytes), MOST_ON_PAGE);
    (0..ranges.len()).map(move |at| {
        let exposure = ExposureView { rows: lines[ranges[at].clone()].to_vec(), ..whole.clone() };
        (numbered(FILE, at), ExposurePage { exposure, paging: Paging::new(FILE, &ranges, at) })
    })
}

fn bytes(line: &ExposureLine) -> usize {
    let drawing = line.timeline.as_ref().map_or(0, |timeline| {
        timeline.path.len() + 70 * (timeline.violated.len() + timeline.unknown.len()) + 14 * 60 // the marks of the axis
    });
    let texts = [&line.name, &line.page, &line.objective, &line.objective_source, &line.achieved, &line.description];
    MARKUP_BYTES + drawing + bytes_of(texts.map(String::as_str))
}

/// Counts the rows and draws the worst.
pub(super) fn view(rows: &[ExposureRow], window: Window, index: &Index<'_>) -> ExposureView {
    let sorted = worst_first(rows);
    let shown: Vec<_> = sorted.iter().take(MOST_ROWS).map(|row| line(row, window, index)).collect();
    let violated = rows.iter().filter(|row| row.violated_s > 0).count();
    let unknown = rows.iter().filter(|row| row.violated_s <= 0 && row.unknown_s > 0).count();
    ExposureView {
        count: count(rows.len()),
        more: count(rows.len() - shown.len()),
        rows: shown,
        violated: count(violated),
        unknown: count(unknown),
        within: count(rows.len() - violated - unknown),
        ticks: svg::ticks(window),
    }
}

/// The rows in the order in which they are told: most time beyond the objective first, then most unknown, then the highest excess.
pub(in crate::report) fn worst_first(rows: &[ExposureRow]) -> Vec<&ExposureRow> {
    let mut sorted: Vec<_> = rows.iter().collect();
    sorted.sort_by_cached_key(|row| row.worst_first());
    sorted
}

pub(in crate::report) fn line(row: &ExposureRow, window: Window, index: &Index<'_>) -> ExposureLine {
    let in_scope_s = seconds(row.compliant_s) + seconds(row.violated_s) + seconds(row.unknown_s);
    let some = |length_s: i64| (length_s > 0).then(|| duration::text(length_s));
    let mut line = ExposureLine {
        subject_arn: clip(&row.subject_arn, 300),
        name: index.name(&row.subject_arn),
        page: index.page(&row.subject_arn).to_owned(),
        type_words: type_words(&row.subject_type).0,
        account_id: clip(&row.account_id, 32),
        region: clip(&row.region, 32),
        scenario: scenario(&row.scenario),
        objective: objective(row),
        objective_source: source(row),
        approved: row.approved,
        achieved: achieved(row),
        state: state(row),
        worst_at: row.worst_s.map(moment::short),
        within: percent_range(seconds(row.compliant_s), seconds(row.unknown_s), in_scope_s),
        violated: some(row.violated_s),
        unknown: some(row.unknown_s),
        in_scope: duration::text(i64::try_from(in_scope_s).unwrap_or(i64::MAX)),
        timeline: drawing(row, window),
        description: String::new(),
    };
    line.description = description(&line);
    line
}

/// The course; nothing for rows that came without one.
fn drawing(row: &ExposureRow, window: Window) -> Option<Timeline> {
    let unit_s = row.limit_s().or(row.rpo_s).unwrap_or(window.seconds());
    (!row.segments.is_empty()).then(|| svg::timeline(&row.segments, window, unit_s))
}

fn objective(row: &ExposureRow) -> String {
    match (row.rpo_s, row.tolerance_s) {
        (None, _) => "not known".to_owned(),
        (Some(rpo_s), None) => format!("{} + tolerance not known", duration::text(rpo_s)),
        (Some(rpo_s), Some(0)) => duration::text(rpo_s),
        (Some(rpo_s), Some(tolerance_s)) => format!("{} + {} tolerance", duration::text(rpo_s), duration::text(tolerance_s)),
    }
}

fn source(row: &ExposureRow) -> String {
    match (row.objective_id.as_deref(), row.approved) {
        (None, _) => "its tags or type are not known".to_owned(),
        (Some(""), _) => "default, not approved".to_owned(),
        (Some(id), true) => format!("objective {}", clip(id, 60)),
        (Some(id), false) => format!("objective {}, not approved", clip(id, 60)),
    }
}

/// The worst exposure as far as it is known: a value, a range, or the least that is proven.
fn achieved(row: &ExposureRow) -> String {
    let lower_s = row.lower_rpo_s.unwrap_or(0);
    match (row.achieved_rpo_s, row.upper_rpo_s) {
        (Some(achieved_s), _) => duration::text(achieved_s),
        (None, Some(upper_s)) if upper_s == lower_s => duration::text(upper_s),
        (None, Some(upper_s)) if lower_s <= 0 => format!("up to {}", duration::text(upper_s)),
        (None, Some(upper_s)) => format!("{} to {}", duration::text(lower_s), duration::text(upper_s)),
        (None, None) if lower_s > 0 => format!("at least {}", duration::text(lower_s)),
        (None, None) => "not known".to_owned(),
    }
}

fn state(row: &ExposureRow) -> &'static str {
    let in_scope = row.compliant_s > 0 || row.violated_s > 0;
    let Some(limit_s) = row.limit_s() else { return if row.unknown_s <= 0 && in_scope { "within" } else { "unknown" } };
    match row.achieved_rpo_s.or(row.upper_rpo_s) {
        _ if row.violated_s > 0 || row.lower_rpo_s.is_some_and(|lower_s| lower_s > limit_s) => "over",
        Some(worst_s) if worst_s <= limit_s && row.unknown_s <= 0 && in_scope => "within",
        _ => "unknown",
    }
}

pub(in crate::report) fn scenario(scenario: &str) -> String {
    match scenario {
        "any" => "from any recovery point".to_owned(),
        "other_region" => "from another Region".to_owned(),
        "other_account" => "from another account".to_owned(),
        "locked" => "from a locked vault".to_owned(),
        other => clip(&other.replace('_', " "), 60),
    }
}

fn description(line: &ExposureLine) -> String {
    let mut text = format!("Exposure of {}: worst {}, objective {}", line.name, line.achieved, line.objective);
    if let Some(violated) = &line.violated {
        text = format!("{text}; beyond it for {violated}");
    }
    if let Some(unknown) = &line.unknown {
        text = format!("{text}; not known for {unknown}");
    }
    text + "."
}
