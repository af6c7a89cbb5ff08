//! The course of one resource over the window: what it could be restored from and what happened to it, on one axis of time, and as tables.
//!
//! Each kind of thing has a lane of its own under the exposure; where nobody could have seen it, the lane is hatched.

use serde::Serialize;

use crate::model::{Window, duration, moment};
use crate::report::dates;
use crate::report::input::{CourseRow, EventKind, EventRow, ExposureRow, ObservedRow, PointKey, PointRow};
use crate::report::svg::{self, Mark, Segment, Span};
use crate::report::text::{clip, count, grouped, plural};

use super::exposure::scenario;
use super::paging::{bytes_of, fitting};

/// Stretches that are told, the longest.
const MOST_STRETCHES: usize = 40;
/// Events that are told, the newest, and their bytes.
const MOST_EVENTS: (usize, usize) = (150, 120_000);

/// What it could be restored from, and what happened to it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct CourseView {
    /// Things that happened, by kind.
    pub lanes: Vec<Lane>,
    /// Stretches of time beyond what is owed or of which nothing is known, in order of time.
    pub stretches: Vec<Stretch>,
    /// Stretches that are not told.
    pub more_stretches: u64,
    /// How many points became usable, and when the newest did, in words.
    pub points: String,
    /// How many copies were made, and when the newest was, in words.
    pub copies: String,
    /// What failed or had issues, and restores, newest first.
    pub events: Vec<EventLine>,
    /// Events that are not told.
    pub more_events: u64,
    /// For which time each kind of job is known.
    pub observed: Vec<Observed>,
}

/// One kind of thing on the axis of time.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Lane {
    /// What it shows.
    pub title: &'static str,
    /// Marks by symbol.
    pub marks: Vec<Symbols>,
    /// Times in which something ran.
    pub running: Vec<Span>,
    /// Times in which nobody could have seen it.
    pub unknown: Vec<Span>,
    /// The same in words.
    pub words: String,
}

/// Marks of one symbol.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Symbols {
    /// `point`, `other`, `flaw`, `cross`, `issue`, `copy` or `restore`.
    pub symbol: &'static str,
    /// The marks.
    pub marks: Vec<Mark>,
}

/// A stretch of time that is not within what is owed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Stretch {
    /// First moment, to the minute.
    pub from: String,
    /// Its end, to the minute.
    pub to: String,
    /// Its length.
    pub length: String,
    /// `fail` or `unknown`: a class of the style sheet.
    pub state: &'static str,
    /// Highest exposure in it; empty if unknown.
    pub worst: String,
    /// Which points count.
    pub scenario: String,
}

/// Something that happened.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct EventLine {
    /// When.
    pub at: String,
    /// What, in words.
    pub what: &'static str,
    /// A class of the style sheet: `pass`, `fail` or `none`.
    pub state: &'static str,
    /// State in AWS's word.
    pub status: String,
    /// Region it concerns, with the account if it is another.
    pub place: String,
    /// What AWS says about it.
    pub message: String,
    /// Id of the job.
    pub job_id: String,
}

/// For which time a kind of job is known.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Observed {
    /// The kind of job.
    pub what: String,
    /// The times in words; empty if there is none.
    pub windows: Vec<String>,
    /// Whether they cover all of the window judged.
    pub whole: bool,
}

/// Arranges the course of a resource; `exposure` are its rows, one a scenario.
pub(super) fn course(row: &CourseRow, exposure: &[&ExposureRow], window: Window) -> CourseView {
    let mut stretches: Vec<_> = exposure.iter().flat_map(|row| stretches(row)).collect();
    let more_stretches = count(stretches.len().saturating_sub(MOST_STRETCHES));
    stretches.sort_by_key(|(from_s, to_s, _)| (from_s - to_s, *from_s));
    stretches.truncate(MOST_STRETCHES);
    stretches.sort_by_key(|(from_s, to_s, _)| (*from_s, *to_s));
    let (made, others): (Vec<_>, Vec<_>) = row.events.iter().rev().partition(|event| event.kind == EventKind::Copied);
    let mut told: Vec<_> = others.iter().take(MOST_EVENTS.0).map(|row| event(row)).collect();
    let bytes = |event: &EventLine| 300 + bytes_of([event.message.as_str(), &event.job_id, &event.status]);
    told.truncate(fitting(told.iter().map(bytes), MOST_EVENTS.0, MOST_EVENTS.1));
    CourseView {
        lanes: lanes(row, window),
        stretches: stretches.into_iter().map(|(_, _, stretch)| stretch).collect(),
        more_stretches,
        more_events: row.events_more + count(others.len() - told.len()),
        events: told,
        points: made_in_window(row.points.iter().map(|point| point.available_s), row.points_more),
        copies: made_in_window(made.into_iter().map(|event| event.at_s), 0),
        observed: row.observed.iter().map(|one| observed(one, window)).collect(),
    }
}

fn lanes(row: &CourseRow, window: Window) -> Vec<Lane> {
    let of_kind = |symbol, kind: EventKind| {
        let moments = row.events.iter().filter(|event| event.kind == kind).map(|event| event.at_s);
        Symbols { symbol, marks: svg::marks(moments, window) }
    };
    let points = |symbol, counting: bool| {
        let moments = row.points.iter().filter(|point| (point.counts != Some(false)) == counting).map(|point| point.available_s);
        Symbols { symbol, marks: svg::marks(moments, window) }
    };
    let unseen = |what: &str| {
        let seen = row.observed.iter().find(|one| one.what == what).map_or(&[][..], |one| one.windows.as_slice());
        svg::spans(between(seen, window), window)
    };
    let streams = svg::spans(row.streams.iter().map(|stream| (stream.from_s, stream.to_s)), window);
    let mut lanes = vec![lane("Recovery points", vec![points("point", true)], Vec::new(), Vec::new())];
    lanes.push(lane("Points the objective does not accept", vec![points("other", false)], Vec::new(), Vec::new()));
    let flaws = |wanted: fn(&PointRow) -> bool| {
        let moments = row.points.iter().filter(|point| wanted(point)).map(|point| point.available_s);
        vec![Symbols { symbol: "flaw", marks: svg::marks(moments, window) }]
    };
    lanes.push(lane("Points in which a scan found malware", flaws(|point| point.threats_found), Vec::new(), Vec::new()));
    let locked = flaws(|point| point.key == PointKey::Unusable);
    lanes.push(lane("Points that cannot be decrypted, as their key stands", locked, Vec::new(), Vec::new()));
    lanes.push(lane("Point-in-time restore", Vec::new(), streams, Vec::new()));
    lanes.retain(|lane| lane.title == "Recovery points" || !lane.running.is_empty() || !lane.marks.iter().all(|one| one.marks.is_empty()));
    let failed = vec![of_kind("cross", EventKind::BackupFailed), of_kind("issue", EventKind::BackupWithIssues)];
    lanes.push(lane("Backup jobs that failed", failed, Vec::new(), unseen("backup jobs")));
    let copies = vec![of_kind("copy", EventKind::Copied), of_kind("cross", EventKind::CopyFailed)];
    lanes.push(lane("Copies", copies, Vec::new(), unseen("copy jobs")));
    let restores = vec![of_kind("restore", EventKind::Restored), of_kind("cross", EventKind::RestoreFailed)];
    lanes.push(lane("Restores", restores, Vec::new(), unseen("restore jobs")));
    let deleted = vec![of_kind("flaw", EventKind::PointDeleted)];
    lanes.push(lane("Points that somebody deleted", deleted, Vec::new(), unseen("deletions of points")));
    lanes
}

fn lane(title: &'static str, marks: Vec<Symbols>, running: Vec<Span>, unknown: Vec<Span>) -> Lane {
    let many = |symbols: &Symbols| symbols.marks.iter().map(|mark| mark.count).sum::<u64>();
    let word = |symbols: &Symbols| match symbols.symbol {
        "cross" => plural(many(symbols), "failed", "failed"),
        "flaw" => plural(many(symbols), "point", "points"),
        "issue" => plural(many(symbols), "with an issue", "with issues"),
        _ => plural(many(symbols), "mark", "marks"),
    };
    let told: Vec<_> = marks.iter().filter(|symbols| many(symbols) > 0).map(word).collect();
    let mut words = match (told.is_empty(), running.len()) {
        (false, _) => format!("{title}: {}", told.join(", ")),
        (true, 0) => format!("{title}: none"),
        (true, stretches) => format!("{title}: ran in {}", plural(count(stretches), "stretch", "stretches")),
    };
    if !unknown.is_empty() {
        words += "; not known for part of the time";
    }
    Lane { title, marks, running, unknown, words }
}

/// How many there were, and when the newest was.
fn made_in_window(moments: impl Iterator<Item = i64>, more: u64) -> String {
    let (many, newest_s) = moments.fold((more, None), |(many, newest_s), at_s| (many + 1, newest_s.max(Some(at_s))));
    newest_s.map_or_else(|| "none".to_owned(), |newest_s| format!("{}, newest {} UTC", grouped(many), moment::short(newest_s)))
}

/// What lies in a window between stretches that do not overlap.
fn between(seen: &[Window], window: Window) -> Vec<(i64, i64)> {
    let mut sorted = seen.to_vec();
    sorted.sort_by_key(|one| one.start_s);
    let mut at_s = window.start_s;
    let mut holes = Vec::new();
    for one in sorted {
        if one.start_s > at_s {
            holes.push((at_s, one.start_s));
        }
        at_s = at_s.max(one.end_s);
    }
    holes.push((at_s, window.end_s));
    holes.retain(|(from_s, to_s)| from_s < to_s);
    holes
}

/// The stretches of a scenario that are beyond what is owed or unknown, with their moments.
fn stretches(row: &ExposureRow) -> Vec<(i64, i64, Stretch)> {
    let mut runs: Vec<(i64, i64, bool, i64)> = Vec::new();
    for segment in &row.segments {
        let Some((from_s, to_s, known)) = outside(segment) else { continue };
        let worst_s = segment.peak_s().unwrap_or(0);
        match runs.last_mut() {
            Some(run) if run.1 == from_s && run.2 == known => (run.1, run.3) = (to_s, run.3.max(worst_s)),
            _ => runs.push((from_s, to_s, known, worst_s)),
        }
    }
    let told = |(from_s, to_s, known, worst_s): (i64, i64, bool, i64)| {
        let stretch = Stretch {
            from: moment::short(from_s),
            to: moment::short(to_s),
            length: duration::text(to_s - from_s),
            state: if known { "fail" } else { "unknown" },
            worst: if known { duration::text(worst_s) } else { String::new() },
            scenario: scenario(&row.scenario),
        };
        (from_s, to_s, stretch)
    };
    runs.into_iter().map(told).collect()
}

/// The part of a segment that is not known to be within what is owed, and whether it is known to be beyond.
fn outside(segment: &Segment) -> Option<(i64, i64, bool)> {
    match segment.exposure_s {
        None => Some((segment.start_s, segment.end_s, false)),
        Some(_) => segment.beyond().map(|(from_s, to_s)| (from_s, to_s, true)),
    }
}

fn event(row: &EventRow) -> EventLine {
    let (what, state) = match row.kind {
        EventKind::BackupFailed => ("backup job failed", "fail"),
        EventKind::BackupWithIssues => ("backup job completed with an issue", "none"),
        EventKind::Copied => ("copied", "pass"),
        EventKind::CopyFailed => ("copy job failed", "fail"),
        EventKind::Restored => ("restored", "pass"),
        EventKind::RestoreFailed => ("restore failed", "fail"),
        EventKind::PointDeleted => ("point deleted", "fail"),
    };
    EventLine {
        at: moment::short(row.at_s),
        what,
        state,
        status: clip(&row.state, 60),
        place: clip(&format!("{} {}", row.place.1, row.place.0), 60),
        message: clip(&row.message, 300),
        job_id: if row.point_arn.is_empty() { clip(&row.job_id, 80) } else { clip(&row.point_arn, 160) },
    }
}

fn observed(row: &ObservedRow, window: Window) -> Observed {
    Observed {
        what: clip(&row.what, 40),
        windows: row.windows.iter().map(|one| dates::window(*one)).collect(),
        whole: between(&row.windows, window).is_empty(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn holes_between_stretches() {
        let window = Window { start_s: 0, end_s: 100 };
        let seen =
            |pairs: &[(i64, i64)]| pairs.iter().map(|(start_s, end_s)| Window { start_s: *start_s, end_s: *end_s }).collect::<Vec<_>>();
        // what it shows, seen, holes
        let cases: [(&str, &[(i64, i64)], &[(i64, i64)]); 5] = [
            ("nothing was seen", &[], &[(0, 100)]),
            ("all of it", &[(-5, 200)], &[]),
            ("a hole in the middle", &[(0, 40), (60, 100)], &[(40, 60)]),
            ("both ends", &[(10, 90)], &[(0, 10), (90, 100)]),
            ("in any order", &[(60, 100), (0, 40)], &[(40, 60)]),
        ];
        for (shows, stretches, holes) in cases {
            assert_eq!(between(&seen(stretches), window), holes, "{shows}");
        }
    }
}
