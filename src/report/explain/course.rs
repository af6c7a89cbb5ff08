//! Exposure of one resource and what happened to it, for a person.

use comfy_table::Color;

use super::text::MOST_TEXT;
use super::{Explanation, Objective, graph, lanes};
use crate::model::{duration, moment};
use crate::report::paint::Paint;
use crate::report::terminal::Style;
use crate::report::text::{clip, count, grouped, plural};
use crate::report::{CourseRow, EventKind, EventRow, ExposureRow, ObservedRow, PointKey, PointRow, ResourceDetail};

/// Events that are told, the newest.
const MOST_EVENTS: usize = 12;

/// What AWS Backup makes, in the words of points.
const BACKUP_POINT: &str = "recovery point of AWS Backup";
/// What is known by the log of calls.
const DELETIONS: &str = "deletions of points";
/// CloudTrail lists an event after up to 15 minutes.
const LOGGED_WITHIN_S: i64 = 900;
/// Lines of the strip and the axis under a graph.
const STRIP_AND_AXIS: usize = 3;

/// Why there is no exposure.
pub(super) fn not_measured(told: &Explanation) -> &'static str {
    let elsewhere = ["member", "part of", "keeps its data"].iter().any(|word| told.resource.role.contains(word));
    match &told.objective {
        _ if elsewhere => "Not measured here: its data lies in other resources, which are.",
        Objective::NotKnown => "Not measured: what it owes is not known.",
        _ if told.resource.role.contains("restore test") => "Not measured: what a restore test left is asked for nothing.",
        _ => "Not measured: no RPO is owed.",
    }
}

/// The graph of a scenario; with that of any loss, what happened on the same axis.
pub(super) fn exposure(told: &Explanation, row: &ExposureRow, paint: &Paint, style: Style) -> String {
    let what = match row.scenario.as_str() {
        "other_region" => "Data at risk if the Region is lost",
        "other_account" => "Data at risk if the account is lost",
        "locked" => "Data at risk if only what is locked for good is left",
        _ => "Data at risk",
    };
    let at = row.worst_s.map(|at_s| format!(" at {} UTC", moment::short(at_s))).unwrap_or_default();
    let worst = match (row.lower_rpo_s, row.upper_rpo_s) {
        (None, _) => "not known".to_owned(),
        (Some(lower_s), Some(upper_s)) if lower_s == upper_s => duration::text(lower_s) + &at,
        (Some(lower_s), Some(upper_s)) => {
            format!("at least {}{}, at most {}", duration::text(lower_s), at.as_str(), duration::text(upper_s))
        }
        (Some(lower_s), None) => format!("at least {}{}", duration::text(lower_s), at.as_str()),
    };
    let [within, beyond, unknown] = [row.compliant_s, row.violated_s, row.unknown_s].map(duration::text);
    let mut text = paint.indented(&format!("{}: {}", paint.bold(what), allowed(row)), 2);
    text += &paint.indented(&format!("  At worst {worst}. Within for {within}, beyond for {beyond}, not known for {unknown}."), 2);
    let columns = graph::columns_at(usize::from(style.width));
    let cells = graph::columns(row, told.window, columns);
    let drawn = graph::lines(told.window, &cells);
    // Of a graph without anything known the strip and the axis are enough.
    let known = cells.iter().any(|cell| cell.state != graph::State::NotKnown);
    let skipped = if known { 0 } else { drawn.len().saturating_sub(STRIP_AND_AXIS) };
    text += &drawn.iter().skip(skipped).map(|line| line.trim_end().to_owned() + "\n").collect::<String>();
    if row.scenario == "any" {
        let course = told.resource.detail.as_ref().map(|detail| &detail.course);
        let lanes = course.map(|course| lanes::lines(&told.resource, course, told.window, columns)).unwrap_or_default();
        text += &lanes.iter().map(|line| line.trim_end().to_owned() + "\n").collect::<String>();
        text += &legend(told, course, known, paint);
    }
    text
}

/// What was allowed, and what before that, as far as the window shows it.
fn allowed(row: &ExposureRow) -> String {
    let (limit_s, rpo_s, tolerance_s) = match (row.limit_s(), row.rpo_s, row.tolerance_s) {
        (Some(limit_s), Some(rpo_s), Some(tolerance_s)) => (limit_s, rpo_s, tolerance_s),
        (_, Some(rpo_s), None) => return format!("{} and a tolerance that is not known are allowed", duration::text(rpo_s)),
        _ => return "what is allowed is not known".to_owned(),
    };
    let others = row.segments.iter().filter(|segment| segment.limit_s != Some(limit_s));
    let before = others.max_by_key(|segment| segment.end_s).and_then(|segment| Some((segment.end_s, segment.limit_s?)));
    let before = before.map(|(until_s, limit_s)| format!("; {} until {}", duration::text(limit_s), moment::short(until_s)));
    let [limit, rpo, tolerance] = [limit_s, rpo_s, tolerance_s].map(duration::text);
    format!("{limit} allowed ({rpo} and {tolerance} of tolerance){}", before.unwrap_or_default())
}

/// What the signs mean, as far as they are there.
fn legend(told: &Explanation, course: Option<&CourseRow>, known: bool, paint: &Paint) -> String {
    let signs = if known { "  . within  ! beyond  ? ╱ not known  ▲ higher than drawn  ┄ allowed" } else { "  ? not known" };
    let mut text = paint.indented(signs, 2);
    let Some(course) = course else { return text };
    text += &paint.indented("  A figure is how many there were in its column, + more than 9; ? where nobody could have seen any.", 2);
    let mut more = vec!["points: usable from then on in its own Region"];
    let home = (told.resource.account_id.as_str(), told.resource.region.as_str());
    let away = |point: &PointRow| (point.place.0.as_str(), point.place.1.as_str()) != home;
    if course.points.iter().any(|point| away(point) && point.counts != Some(false)) {
        more.push("elsewhere: in another Region or account");
    }
    if course.points.iter().any(|point| point.counts == Some(false)) {
        more.push("ignored: of a kind that the objective does not count");
    }
    if !course.streams.is_empty() {
        more.push("pitr: = point-in-time restore ran, ~ probably ran, which is not proven");
    }
    text += &paint.indented(&format!("  {}", more.join("; ")), 2);
    text + &flawed(course, paint)
}

/// Points that count although they hold malware or cannot be decrypted now: the data at risk is drawn as if they could be restored.
fn flawed(course: &CourseRow, paint: &Paint) -> String {
    let of = |wanted: &dyn Fn(&PointRow) -> bool| count(course.points.iter().filter(|point| wanted(point)).count());
    let (infected, locked) = (of(&|point| point.threats_found), of(&|point| point.key == PointKey::Unusable));
    let not_known = of(&|point| point.key == PointKey::NotKnown);
    let warning = |words: String, color: Color| paint.indented(&format!("  {}", paint.colored(&words, color)), 2);
    let mut text = String::new();
    if infected > 0 {
        let counts = if infected == 1 { "it counts" } else { "they count" };
        let points = format!("{} of these points: a scan found malware; {counts} above all the same", grouped(infected));
        text += &warning(format!("! infected: {points}"), Color::Red);
    }
    if locked > 0 {
        let counts = if locked == 1 { "it counts" } else { "they count" };
        let points = format!("{} of these points cannot be decrypted, as the key stands; {counts} above all the same", grouped(locked));
        text += &warning(format!("! no key: {points}"), Color::Red);
    }
    if not_known > 0 {
        text += &warning(
            format!("? Whether {} of these points can be decrypted is not known: the state of the key was not told", grouped(not_known)),
            Color::Yellow,
        );
    }
    text
}

/// What happened, newest first, and what it can be restored from.
pub(super) fn happened(told: &Explanation, detail: &ResourceDetail, paint: &Paint) -> String {
    let course = &detail.course;
    let mut text = paint.bold("What happened in the window") + "\n";
    text += &paint.indented(&format!("  {}", made(course, told)), 4);
    let notable = runs(course.events.iter().rev().filter(|event| event.kind != EventKind::Copied));
    let shown: Vec<&Vec<&EventRow>> = notable.iter().take(MOST_EVENTS).collect();
    text += &shown.iter().map(|run| event_text(run, course, paint)).collect::<String>();
    let left_out: usize = notable.iter().skip(MOST_EVENTS).map(Vec::len).sum();
    let more = course.events_more + count(left_out);
    if more > 0 {
        text += &paint.indented(&format!("  and {} before; --json has more", plural(more, "event", "events")), 4);
    }
    text += &look_ups(&shown, paint);
    let unseen: Vec<&str> = course.observed.iter().filter(|one| !whole(one, told)).map(|one| one.what.as_str()).collect();
    if !unseen.is_empty() {
        text += &paint.indented(&format!("  ? Not all of the window was observed for {}.", unseen.join(", ")), 4);
    }
    text
}

/// Whether a kind of thing could be seen over all of the window. Deletions are known by what was logged, which nobody has sooner.
fn whole(observed: &ObservedRow, told: &Explanation) -> bool {
    let late_s = if observed.what == DELETIONS { LOGGED_WITHIN_S } else { 0 };
    observed.windows.iter().any(|one| one.start_s <= told.window.start_s && one.end_s >= told.window.end_s.saturating_sub(late_s))
}

fn made(course: &CourseRow, told: &Explanation) -> String {
    let (counting, ignored): (Vec<_>, Vec<_>) = course.points.iter().partition(|point| point.counts != Some(false));
    let newest = counting.iter().max_by_key(|point| point.available_s);
    let newest = newest.map(|point| format!(", the newest usable since {} UTC in {}", moment::short(point.available_s), point.place.1));
    let more = |points: usize| format!("; {} of a kind that its objective does not count", plural(count(points), "point", "points"));
    let copies = course.events.iter().filter(|event| event.kind == EventKind::Copied).count();
    format!(
        "{} became usable{}{}; {} {}",
        plural(count(counting.len()) + course.points_more, "point", "points"),
        newest.unwrap_or_default(),
        if ignored.is_empty() { String::new() } else { more(ignored.len()) },
        plural(count(copies), "copy", "copies"),
        if course.observed.iter().any(|one| one.what == "copy jobs" && whole(one, told)) { "made" } else { "seen, not all of the time" }
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
fn event_text(run: &[&EventRow], course: &CourseRow, paint: &Paint) -> String {
    let (Some(event), Some(first)) = (run.first(), run.last()) else { return String::new() };
    let (what, color) = match event.kind {
        EventKind::BackupFailed => ("backup failed", Color::Red),
        EventKind::BackupWithIssues => ("backup with issues", Color::Yellow),
        EventKind::Copied => ("copied", Color::Cyan),
        EventKind::CopyFailed => ("copy failed", Color::Red),
        EventKind::Restored => ("restored", Color::Cyan),
        EventKind::RestoreFailed => ("restore failed", Color::Red),
        EventKind::PointDeleted => ("point deleted", Color::Red),
    };
    let backed_up = |point: &PointRow| {
        point.mechanism == BACKUP_POINT && point.place == event.place && (first.at_s..event.at_s).contains(&point.available_s)
    };
    let in_a_row = event.kind == EventKind::BackupFailed && !course.points.iter().any(backed_up);
    let times = match run.len() {
        1 => String::new(),
        many => format!(", {many}{} since {}", if in_a_row { " in a row" } else { "" }, moment::short(first.at_s)),
    };
    let job = match (event.job_id.is_empty(), run.len()) {
        (true, _) => String::new(),
        (false, 1) => format!(", job {}", clip(&event.job_id, 80)),
        (false, _) => format!(", newest job {}", clip(&event.job_id, 80)),
    };
    let deleted = match (event.point_arn.is_empty(), run.len()) {
        (true, _) => String::new(),
        (false, 1) => format!(", {}", clip(&event.point_arn, MOST_TEXT)),
        (false, _) => format!(", newest {}", clip(&event.point_arn, MOST_TEXT)),
    };
    let message = if event.message.is_empty() { String::new() } else { format!(": {}", clip(&event.message, MOST_TEXT)) };
    let what = paint.colored(what, color);
    let line = format!("  {} {what}{times} ({}, {}{job}{deleted}){message}", moment::short(event.at_s), event.state, event.place.1);
    paint.indented(&line, 6)
}

/// How the jobs that are told are looked up in AWS, and over which time they are counted.
fn look_ups(shown: &[&Vec<&EventRow>], paint: &Paint) -> String {
    let any = |kinds: &[EventKind]| {
        shown.iter().filter_map(|run| run.first()).any(|event| kinds.contains(&event.kind) && !event.job_id.is_empty())
    };
    let commands = [
        (&[EventKind::BackupFailed, EventKind::BackupWithIssues][..], "describe-backup-job --backup-job-id ID"),
        (&[EventKind::CopyFailed], "describe-copy-job --copy-job-id ID"),
        (&[EventKind::Restored, EventKind::RestoreFailed], "describe-restore-job --restore-job-id ID"),
    ];
    let commands: Vec<String> =
        commands.iter().filter(|(kinds, _)| any(kinds)).map(|(_, command)| format!("`aws backup {command}`")).collect();
    let mut text = String::new();
    if !commands.is_empty() {
        text += &paint.indented(&format!("  AWS tells of a job by its id: {}", commands.join(", ")), 4);
    }
    if shown.iter().any(|run| run.len() > 1) {
        text += &paint.indented("  Counted over the window. Findings about jobs count those that AWS still listed, which are 30 days; findings about points all that any collection showed.", 4);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    fn failed(at_s: i64) -> EventRow {
        EventRow {
            at_s,
            kind: EventKind::BackupFailed,
            state: "FAILED".to_owned(),
            place: (String::new(), "eu-west-1".to_owned()),
            message: String::new(),
            job_id: format!("J{at_s}"),
            point_arn: String::new(),
        }
    }

    #[test]
    fn in_a_row_is_what_no_backup_interrupts() {
        let point = |available_s, mechanism: &str| PointRow {
            available_s,
            data_s: available_s,
            place: (String::new(), "eu-west-1".to_owned()),
            mechanism: mechanism.to_owned(),
            counts: Some(true),
            threats_found: false,
            key: PointKey::Usable,
        };
        let plain = Paint::new(Style { color: false, width: 120 });
        let events = [failed(180), failed(120), failed(60)];
        // why, how many of them, points, words
        let cases = [
            ("one job", 1, vec![], "backup failed (FAILED, eu-west-1, job J180)"),
            (
                "nothing was backed up in between",
                3,
                vec![point(30, BACKUP_POINT)],
                "3 in a row since 1970-01-01 00:01 (FAILED, eu-west-1, newest job J180)",
            ),
            ("a backup in between", 3, vec![point(90, BACKUP_POINT)], "backup failed, 3 since 1970-01-01 00:01"),
            ("a snapshot of the service is another thing", 3, vec![point(90, "snapshot of the service")], "3 in a row"),
        ];
        for (why, many, points, words) in cases {
            let course = CourseRow { points, ..CourseRow::default() };
            let text = event_text(&events.iter().take(many).collect::<Vec<_>>(), &course, &plain);
            assert!(text.contains(words), "{why}: {text}");
        }
    }

    #[test]
    fn points_that_cannot_be_used_are_told_and_nothing_is_told_without_them() {
        let point = |threats_found, key| PointRow {
            available_s: 0,
            data_s: 0,
            place: (String::new(), String::new()),
            mechanism: BACKUP_POINT.to_owned(),
            counts: Some(true),
            threats_found,
            key,
        };
        let plain = Paint::new(Style { color: false, width: 120 });
        let told = |points: Vec<PointRow>| flawed(&CourseRow { points, ..CourseRow::default() }, &plain);
        assert_eq!(told(vec![point(false, PointKey::Usable), point(false, PointKey::NotListed)]), "");
        assert!(told(vec![point(true, PointKey::Usable)]).contains("1 of these points: a scan found malware; it counts"));
        let two = vec![point(false, PointKey::Unusable), point(false, PointKey::Unusable)];
        assert!(told(two).contains("2 of these points cannot be decrypted, as the key stands; they count"));
        assert!(told(vec![point(false, PointKey::NotKnown)]).starts_with("  ? Whether 1 of these points"), "not known is told, too");
    }
}
