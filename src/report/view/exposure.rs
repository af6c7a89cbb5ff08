//! The resources that could have lost most, with their course over the window.

use std::cmp::Reverse;

use serde::Serialize;

use crate::model::{Window, duration, moment};
use crate::report::input::ExposureRow;
use crate::report::ratio::percent_range;
use crate::report::svg::{self, Tick, Timeline};
use crate::report::text::{clip, count, name, seconds, type_words};

/// Rows that are drawn.
const MOST_ROWS: usize = 12;

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
    /// What is asked for, in seconds.
    pub rpo_s: i64,
    /// The drawing.
    pub timeline: Timeline,
    /// The drawing in words.
    pub description: String,
}

/// Counts the rows and draws the worst: most time beyond the objective first, then the highest excess, then most unknown.
pub(super) fn view(rows: &[ExposureRow], window: Window) -> ExposureView {
    let mut sorted: Vec<_> = rows.iter().collect();
    sorted.sort_by_cached_key(|row| {
        let excess_s = row.lower_rpo_s.saturating_sub(limit(row));
        (Reverse(row.violated_s), Reverse(row.unknown_s), Reverse(excess_s), row.subject_arn.clone(), row.scenario.clone())
    });
    let shown: Vec<_> = sorted.iter().take(MOST_ROWS).map(|row| line(row, window)).collect();
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

fn limit(row: &ExposureRow) -> i64 {
    row.rpo_s.saturating_add(row.tolerance_s)
}

fn line(row: &ExposureRow, window: Window) -> ExposureLine {
    let in_scope_s = seconds(row.compliant_s) + seconds(row.violated_s) + seconds(row.unknown_s);
    let some = |length_s: i64| (length_s > 0).then(|| duration::text(length_s));
    let mut line = ExposureLine {
        subject_arn: clip(&row.subject_arn, 300),
        name: clip(&name(&row.subject_arn), 80),
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
        rpo_s: row.rpo_s,
        timeline: svg::timeline(&row.segments, window, limit(row)),
        description: String::new(),
    };
    line.description = description(&line);
    line
}

fn objective(row: &ExposureRow) -> String {
    let target = duration::text(row.rpo_s);
    if row.tolerance_s > 0 { format!("{target} + {} tolerance", duration::text(row.tolerance_s)) } else { target }
}

fn source(row: &ExposureRow) -> String {
    match (row.objective_id.is_empty(), row.approved) {
        (true, _) => "default, not approved".to_owned(),
        (false, true) => format!("objective {}", clip(&row.objective_id, 60)),
        (false, false) => format!("objective {}, not approved", clip(&row.objective_id, 60)),
    }
}

/// The worst exposure as far as it is known: a value, a range, or the least that is proven.
fn achieved(row: &ExposureRow) -> String {
    match (row.achieved_rpo_s, row.upper_rpo_s) {
        (Some(achieved_s), _) => duration::text(achieved_s),
        (None, Some(upper_s)) if upper_s == row.lower_rpo_s => duration::text(upper_s),
        (None, Some(upper_s)) => format!("{} to {}", duration::text(row.lower_rpo_s), duration::text(upper_s)),
        (None, None) if row.lower_rpo_s > 0 => format!("at least {}", duration::text(row.lower_rpo_s)),
        (None, None) => "not known".to_owned(),
    }
}

fn state(row: &ExposureRow) -> &'static str {
    let in_scope = row.compliant_s > 0 || row.violated_s > 0;
    match row.achieved_rpo_s.or(row.upper_rpo_s) {
        _ if row.violated_s > 0 || row.lower_rpo_s > limit(row) => "over",
        Some(worst_s) if worst_s <= limit(row) && row.unknown_s <= 0 && in_scope => "within",
        _ => "unknown",
    }
}

fn scenario(scenario: &str) -> String {
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
