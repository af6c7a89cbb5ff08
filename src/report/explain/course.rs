//! Exposure of one resource and what happened to it, for a person.

use comfy_table::Color;

use super::text::MOST_TEXT;
use super::{Explanation, Objective, graph, lanes};
use crate::model::{Window, duration, moment};
use crate::report::paint::Paint;
use crate::report::terminal::Style;
use crate::report::text::{clip, count, plural};
use crate::report::{CourseRow, EventKind, EventRow, ExposureRow, ResourceDetail};

/// Events that are told, the newest.
const MOST_EVENTS: usize = 12;

/// Why there is no exposure.
pub(super) fn not_measured(told: &Explanation) -> &'static str {
    let elsewhere = ["member", "part of", "keeps its data"].iter().any(|word| told.resource.role.contains(word));
    match &told.objective {
        _ if elsewhere => "Not measured here: its data lies in other resources, which are.",
        Objective::NotKnown => "Not measured: what it owes is not known.",
        _ => "Not measured: no RPO is owed.",
    }
}

/// The graph of a scenario; with that of any loss, what happened on the same axis.
pub(super) fn exposure(told: &Explanation, row: &ExposureRow, paint: &Paint, style: Style) -> String {
    let what = match row.scenario.as_str() {
        "other_region" => "Data at risk if the Region is lost",
        _ => "Data at risk",
    };
    let allowed = match (row.limit_s(), row.rpo_s, row.tolerance_s) {
        (Some(limit_s), Some(rpo_s), Some(tolerance_s)) => {
            format!("{} allowed ({} and {} of tolerance)", duration::text(limit_s), duration::text(rpo_s), duration::text(tolerance_s))
        }
        (_, Some(rpo_s), None) => format!("{} and a tolerance that is not known are allowed", duration::text(rpo_s)),
        _ => "what is allowed is not known".to_owned(),
    };
    let columns = graph::columns_at(usize::from(style.width));
    let cells = graph::columns(row, told.window, columns);
    let changed = cells.iter().filter_map(|cell| cell.limit_s).any(|limit_s| Some(limit_s) != row.limit_s());
    let changed = if changed { "; it was another amount before" } else { "" };
    let mut text = paint.indented(&format!("{}: {allowed}{changed}", paint.bold(what)), 2);
    text += &graph::lines(told.window, &cells).iter().map(|line| line.trim_end().to_owned() + "\n").collect::<String>();
    if row.scenario == "any" {
        let course = told.resource.detail.as_ref().map(|detail| &detail.course);
        let lanes = course.map(|course| lanes::lines(&told.resource, course, told.window, columns)).unwrap_or_default();
        text += &lanes.iter().map(|line| line.trim_end().to_owned() + "\n").collect::<String>();
        text += &legend(course, paint);
    }
    let worst = match (row.lower_rpo_s, row.upper_rpo_s) {
        (None, _) => "not measured".to_owned(),
        (Some(lower_s), Some(upper_s)) if lower_s == upper_s => duration::text(lower_s),
        (Some(lower_s), Some(upper_s)) => format!("between {} and {}", duration::text(lower_s), duration::text(upper_s)),
        (Some(lower_s), None) => format!("at least {}", duration::text(lower_s)),
    };
    let at = row.worst_s.map(|at_s| format!(" at {} UTC", moment::short(at_s))).unwrap_or_default();
    let [within, beyond, unknown] = [row.compliant_s, row.violated_s, row.unknown_s].map(duration::text);
    text + &paint.indented(&format!("  Worst {worst}{at}; within {within}, beyond {beyond}, not known {unknown}"), 2)
}

/// What the signs mean, as far as they are there.
fn legend(course: Option<&CourseRow>, paint: &Paint) -> String {
    let mut text = paint.indented("  . within  ! beyond  ? ╱ not known  ▲ higher than drawn  ┄ allowed", 2);
    text += &paint.indented(
        "  points that became usable here, elsewhere, copied: 1-9 + how many in a column; ? where nobody could have seen them",
        2,
    );
    let Some(course) = course else { return text };
    let mut more = Vec::new();
    if course.points.iter().any(|point| point.counts == Some(false)) {
        more.push("ignored: of a kind that the objective does not count");
    }
    if !course.streams.is_empty() {
        more.push("pitr: = point-in-time restore ran, ~ probably ran, which is not proven");
    }
    if !more.is_empty() {
        text += &paint.indented(&format!("  {}", more.join("; ")), 2);
    }
    text
}

/// What happened, newest first, and what it can be restored from.
pub(super) fn happened(told: &Explanation, detail: &ResourceDetail, paint: &Paint) -> String {
    let course = &detail.course;
    let mut text = paint.bold("What happened in the window") + "\n";
    text += &paint.indented(&format!("  {}", made(course)), 4);
    let notable = runs(course.events.iter().rev().filter(|event| event.kind != EventKind::Copied));
    text += &notable.iter().take(MOST_EVENTS).map(|run| event_text(run, paint)).collect::<String>();
    let left_out: usize = notable.iter().skip(MOST_EVENTS).map(Vec::len).sum();
    let more = course.events_more + count(left_out);
    if more > 0 {
        text += &paint.indented(&format!("  and {} before; --json has more", plural(more, "event", "events")), 4);
    }
    let unseen: Vec<&str> = course.observed.iter().filter(|one| !whole(&one.windows, told)).map(|one| one.what.as_str()).collect();
    if !unseen.is_empty() {
        text += &paint.indented(&format!("  ? Not all of the window was observed for {}.", unseen.join(", ")), 4);
    }
    text
}

fn whole(windows: &[Window], told: &Explanation) -> bool {
    windows.iter().any(|one| one.start_s <= told.window.start_s && one.end_s >= told.window.end_s)
}

fn made(course: &CourseRow) -> String {
    let (counting, ignored): (Vec<_>, Vec<_>) = course.points.iter().partition(|point| point.counts != Some(false));
    let newest = counting.iter().max_by_key(|point| point.available_s);
    let newest = newest.map(|point| format!(", the newest usable since {} UTC in {}", moment::short(point.available_s), point.place.1));
    let more = |points: usize| format!("; {} of a kind that its objective does not count", plural(count(points), "point", "points"));
    let copies = course.events.iter().filter(|event| event.kind == EventKind::Copied).count();
    format!(
        "{} became usable{}{}; {} made",
        plural(count(counting.len()) + course.points_more, "point", "points"),
        newest.unwrap_or_default(),
        if ignored.is_empty() { String::new() } else { more(ignored.len()) },
        plural(count(copies), "copy", "copies")
    )
}

/// Events that are the same but for their time and follow each other, together.
fn runs<'e>(events: impl Iterator<Item = &'e EventRow>) -> Vec<Vec<&'e EventRow>> {
    let mut runs: Vec<Vec<&EventRow>> = Vec::new();
    let same = |one: &EventRow, other: &EventRow| {
        (one.kind, &one.state, &one.place, &one.message) == (other.kind, &other.state, &other.place, &other.message)
    };
    for event in events {
        match runs.last_mut().filter(|run| run.first().is_some_and(|first| same(first, event))) {
            Some(run) => run.push(event),
            None => runs.push(vec![event]),
        }
    }
    runs
}

/// A run of events, the newest first.
fn event_text(run: &[&EventRow], paint: &Paint) -> String {
    let (Some(event), Some(first)) = (run.first(), run.last()) else { return String::new() };
    let times = if run.len() > 1 { format!(", {} times since {}", run.len(), moment::short(first.at_s)) } else { String::new() };
    let (what, color) = match event.kind {
        EventKind::BackupFailed => ("backup failed", Color::Red),
        EventKind::BackupWithIssues => ("backup with issues", Color::Yellow),
        EventKind::Copied => ("copied", Color::Cyan),
        EventKind::CopyFailed => ("copy failed", Color::Red),
        EventKind::Restored => ("restored", Color::Cyan),
        EventKind::RestoreFailed => ("restore failed", Color::Red),
    };
    let message = if event.message.is_empty() { String::new() } else { format!(": {}", clip(&event.message, MOST_TEXT)) };
    let what = paint.colored(what, color);
    let line = format!("  {} {what}{times} ({}, {}){message}", moment::short(event.at_s), event.state, event.place.1);
    paint.indented(&line, 6)
}
