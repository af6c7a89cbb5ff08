//! What happened on the same axis of time as the graph: a lane for each kind of thing, a figure for each column.
//!
//! Where nobody could have seen a kind of job, its lane has `?`: nothing seen is not nothing.

use crate::model::Window;
use crate::report::{CourseRow, EventKind, PointKey, PointRow, ResourceRow};

use super::graph::{LABEL, stretch};

/// A lane: its name, and what it holds.
struct Lane {
    name: &'static str,
    moments: Vec<i64>,
    /// When it could be seen; `None` if it does not depend on lists that forget.
    observed: Option<Vec<Window>>,
    /// Shown also if it is empty.
    always: bool,
}

/// The lanes of a resource.
pub(super) fn lines(resource: &ResourceRow, course: &CourseRow, window: Window, columns: usize) -> Vec<String> {
    let mut drawn: Vec<String> = lanes(resource, course).iter().filter_map(|lane| line(lane, window, columns)).collect();
    let running: String = (0..columns)
        .map(|column| {
            let stretch = stretch(window, columns, column);
            let here = course.streams.iter().filter(|stream| stream.from_s < stretch.end_s && stretch.start_s < stream.to_s);
            here.map(|stream| if stream.certain { '=' } else { '~' }).min().unwrap_or(' ')
        })
        .collect();
    if !running.trim().is_empty() {
        drawn.insert(1, format!("{:>LABEL$} │{running}", "pitr"));
    }
    drawn
}

fn lanes(resource: &ResourceRow, course: &CourseRow) -> Vec<Lane> {
    let home = (resource.account_id.clone(), resource.region.clone());
    let points = |at_home: bool, counts: bool| {
        let wanted = course.points.iter().filter(|point| (point.place == home) == at_home && (point.counts != Some(false)) == counts);
        wanted.map(|point| point.available_s).collect::<Vec<_>>()
    };
    let of = |kind: EventKind| course.events.iter().filter(|event| event.kind == kind).map(|event| event.at_s).collect::<Vec<_>>();
    let seen = |what: &str| course.observed.iter().find(|one| one.what == what).map(|one| one.windows.clone()).unwrap_or_default();
    let ignored = [points(true, false), points(false, false)].concat();
    let flawed = |wanted: &dyn Fn(&PointRow) -> bool| {
        course.points.iter().filter(|point| wanted(point)).map(|point| point.available_s).collect::<Vec<_>>()
    };
    let of_jobs = |name, kind, what: &str, always| Lane { name, moments: of(kind), observed: Some(seen(what)), always };
    let of_points = |name, moments, always| Lane { name, moments, observed: None, always };
    vec![
        of_points("points", points(true, true), true),
        of_points("elsewhere", points(false, true), false),
        of_points("ignored", ignored, false),
        of_points("infected", flawed(&|point| point.threats_found), false),
        of_points("no key", flawed(&|point| point.key == PointKey::Unusable), false),
        of_jobs("failed", EventKind::BackupFailed, "backup jobs", true),
        of_jobs("issues", EventKind::BackupWithIssues, "backup jobs", false),
        of_jobs("copied", EventKind::Copied, "copy jobs", true),
        of_jobs("not copied", EventKind::CopyFailed, "copy jobs", false),
        of_jobs("restored", EventKind::Restored, "restore jobs", true),
        of_jobs("not rest.", EventKind::RestoreFailed, "restore jobs", false),
        of_jobs("deleted", EventKind::PointDeleted, "deletions of points", false),
    ]
}

fn line(lane: &Lane, window: Window, columns: usize) -> Option<String> {
    let cell = |column: usize| {
        let stretch = stretch(window, columns, column);
        let many = lane.moments.iter().filter(|at_s| (stretch.start_s..stretch.end_s).contains(at_s)).count();
        let seen = |windows: &Vec<Window>| windows.iter().any(|one| one.start_s <= stretch.start_s && stretch.end_s <= one.end_s);
        match many {
            0 if lane.observed.as_ref().is_some_and(|windows| !seen(windows)) => '?',
            0 => ' ',
            1..=9 => char::from_digit(u32::try_from(many).unwrap_or(9), 10).unwrap_or('9'),
            _ => '+',
        }
    };
    let cells: String = (0..columns).map(cell).collect();
    let shown = lane.always || !lane.moments.is_empty();
    shown.then(|| format!("{:>LABEL$} │{cells}", lane.name))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_seen_is_not_nothing() {
        let window = Window { start_s: 0, end_s: 100 };
        let lane = |moments: &[i64], observed: Option<(i64, i64)>| Lane {
            name: "failed",
            moments: moments.to_vec(),
            observed: Some(observed.map(|(start_s, end_s)| Window { start_s, end_s }).into_iter().collect()),
            always: true,
        };
        // what it shows, moments, observed, cells
        let cases = [
            ("never looked at", vec![], None, "??????????"),
            ("looked at, and nothing happened", vec![], Some((0, 100)), "          "),
            ("half of the time", vec![], Some((50, 100)), "?????     "),
            ("a stretch that was seen in part is not seen", vec![], Some((55, 100)), "??????    "),
            ("what was seen happened, whoever looked", vec![15, 17], Some((50, 100)), "?2???     "),
            ("many", (0..30).collect(), Some((0, 100)), "+++       "),
        ];
        for (shows, moments, observed, cells) in cases {
            let drawn = line(&lane(&moments, observed), window, 10).unwrap();
            assert_eq!(drawn.rsplit('│').next(), Some(cells), "{shows}");
        }
    }
}
