//! Hand tables and the vectors; the laws and the slow oracle stand beside.

mod laws;
mod oracle;

use serde::Deserialize;

use super::*;
use crate::model::moment;

const EVER: i64 = i64::MAX;
const ALWAYS: Window = Window { start_s: i64::MIN, end_s: i64::MAX };

/// A point that is proven to exist until `end_s` and gone from then on.
fn point(data_s: i64, available_s: i64, end_s: i64) -> PointLife {
    PointLife { data_s, available_s, alive_until_s: end_s, end_s }
}

fn history(points: &[(i64, i64, i64)]) -> History {
    History { created_s: Some(0), points: points.iter().map(|(d, a, e)| point(*d, *a, *e)).collect(), ..History::default() }
}

fn window(start_s: i64, end_s: i64) -> Window {
    Window { start_s, end_s }
}

fn always(rpo_s: i64) -> [Objective; 1] {
    [Objective { valid_from_s: i64::MIN, rpo_s }]
}

#[derive(Deserialize)]
struct Vectors {
    cases: Vec<Case>,
}

#[derive(Deserialize)]
struct Case {
    name: String,
    shows: String,
    window: [String; 2],
    created: String,
    rpo_s: i64,
    points: Vec<(String, String, Option<String>)>,
    expected: Expected,
}

#[derive(Deserialize)]
struct Expected {
    achieved_rpo_s: i64,
    worst: String,
    compliant_s: i64,
    window_s: i64,
    compliant_ppm: i64,
}

#[test]
fn given_vectors_come_out_to_the_second() {
    let text = include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/vectors/rpo.json"));
    let vectors: Vectors = serde_json::from_str(text).unwrap();
    assert_eq!(vectors.cases.len(), 11);
    let at = |text: &String| moment::parse(text).unwrap();
    for Case { name, shows, window: [start, end], created, rpo_s, points, expected } in vectors.cases {
        let points = points.iter().map(|(data, available, end)| point(at(data), at(available), end.as_ref().map_or(EVER, at))).collect();
        let history = History { created_s: Some(at(&created)), points, ..History::default() };
        let out = measure(&history, window_of(&start, &end), &[ALWAYS], &always(rpo_s));
        let what = format!("{name}: {shows}");
        assert_eq!(out.achieved_rpo_s, Some(expected.achieved_rpo_s), "{what}");
        assert_eq!(out.worst_s.map(moment::text), Some(expected.worst), "{what}");
        assert_eq!((out.compliant_s, out.violated_s), (expected.compliant_s, expected.window_s - expected.compliant_s), "{what}");
        assert_eq!((out.window_s, out.unknown_s, out.unowed_s), (expected.window_s, 0, 0), "{what}");
        assert_eq!((out.compliant_s * 2_000_000 + out.window_s) / (out.window_s * 2), expected.compliant_ppm, "{what}");
        assert_eq!(out.within(rpo_s), Some(expected.achieved_rpo_s <= rpo_s), "{what}");
    }
}

fn window_of(start: &str, end: &str) -> Window {
    window(moment::parse(start).unwrap(), moment::parse(end).unwrap())
}

#[test]
fn worst_exposure_of_small_histories() {
    // what it shows, points as (data, available, end), window end, worst exposure, where; resource created and window begun at 0
    type Row = (&'static str, &'static [(i64, i64, i64)], i64, i64, i64);
    let cases: [Row; 9] = [
        ("no point: everything since creation", &[], 10, 10, 10),
        ("one point: grows until now", &[(0, 1, 99)], 10, 10, 10),
        ("the old point serves until the new one is done", &[(0, 1, 99), (24, 25, 99)], 26, 25, 25),
        ("a point deleted early protects no longer", &[(0, 1, 99), (24, 25, 26)], 30, 30, 30),
        ("retention shorter than the gap leaves a hole", &[(0, 1, 12), (24, 25, 99)], 26, 25, 25),
        ("a long backup that began earlier does not replace a fresher one", &[(10, 11, 99), (5, 20, 99)], 30, 20, 30),
        ("of two equal peaks the first is named", &[(10, 12, 99), (20, 22, 99)], 30, 12, 12),
        ("a point done only when the window ends comes too late", &[(5, 10, 99)], 10, 10, 10),
        ("data from before creation is another life's", &[(-50, -40, 99)], 10, 10, 10),
    ];
    for (shows, points, end_s, worst_s, at_s) in cases {
        let out = measure(&history(points), window(0, end_s), &[ALWAYS], &[]);
        assert_eq!((out.achieved_rpo_s, out.worst_s), (Some(worst_s), Some(at_s)), "{shows}");
    }
}

#[test]
fn lives_that_are_not_proven_give_bounds() {
    // what it shows, points as (data, available, alive until, end), evidence, (lower, upper), compliant / violated / unknown at RPO 10;
    // resource created and window begun at 0, window end 30
    type Lives = &'static [(i64, i64, i64, i64)];
    type Row = (&'static str, Lives, &'static [(i64, i64)], (i64, i64), (i64, i64, i64));
    let cases: [Row; 7] = [
        ("nothing seen, nothing sought: anything between", &[], &[], (0, 30), (10, 0, 20)),
        ("nothing seen where all was sought: violated once the RPO has passed", &[], &[(0, 30)], (30, 30), (10, 20, 0)),
        ("sought only from 20 on: before that a point may have been", &[], &[(20, 30)], (30, 30), (10, 10, 10)),
        ("a proven point needs no evidence", &[(9, 10, EVER, EVER)], &[], (0, 21), (19, 0, 11)),
        ("gone at an unknown moment", &[(9, 10, 12, 26)], &[(0, 30)], (30, 30), (12, 11, 7)),
        ("perhaps still there at the end", &[(9, 10, 12, EVER)], &[(0, 30)], (21, 30), (12, 11, 7)),
        ("proven beyond its own end: a contradiction, not a proof", &[(9, 10, 26, 12)], &[(0, 30)], (30, 30), (12, 11, 7)),
    ];
    for (shows, lives, evidence, (lower_s, upper_s), lengths) in cases {
        let life = |&(data_s, available_s, alive_until_s, end_s)| PointLife { data_s, available_s, alive_until_s, end_s };
        let history = History { created_s: Some(0), points: lives.iter().map(life).collect(), ..History::default() };
        let evidence: Vec<Window> = evidence.iter().map(|(start_s, end_s)| window(*start_s, *end_s)).collect();
        let out = measure(&history, window(0, 30), &evidence, &always(10));
        assert_eq!((out.lower_rpo_s, out.upper_rpo_s), (lower_s, Some(upper_s)), "{shows}");
        assert_eq!((out.compliant_s, out.violated_s, out.unknown_s), lengths, "{shows}");
        assert_eq!(out.achieved_rpo_s, (lower_s == upper_s).then_some(upper_s), "{shows}");
    }
}

#[test]
fn continuous_sources_and_frozen_resources() {
    // what it shows, continuous as (from, to, lag, certain), frozen at, (lower, upper), where, newest data; created 0, window 0..100,
    // one point with data of 5 done at 6
    type Row = (&'static str, &'static [(i64, i64, i64, bool)], Option<i64>, (i64, i64), Option<i64>, Option<i64>);
    let cases: [Row; 8] = [
        ("it follows at a distance", &[(10, EVER, 3, true)], None, (6, 6), Some(6), Some(97)),
        ("switched off it leaves only the point", &[(10, 50, 3, true)], None, (95, 95), Some(100), Some(5)),
        ("not proven to have run: a range", &[(10, EVER, 3, false)], None, (6, 95), Some(6), Some(5)),
        ("the shorter lag of two counts", &[(0, EVER, 3, true), (0, EVER, 2, true)], None, (2, 2), Some(2), Some(98)),
        ("behind the point it adds nothing until it has caught up", &[(10, EVER, 40, true)], None, (40, 40), Some(45), Some(60)),
        ("nothing new is written once stopped", &[], Some(20), (15, 15), Some(20), Some(5)),
        ("it catches up after the stop", &[(10, EVER, 8, true)], Some(20), (8, 8), Some(13), Some(92)),
        ("a stop before creation freezes nothing worth having", &[], Some(-5), (0, 0), Some(0), Some(5)),
    ];
    for (shows, continuous, frozen_at_s, (lower_s, upper_s), worst_s, newest_data_s) in cases {
        let follower = |&(from_s, to_s, lag_s, certain)| Continuous { from_s, to_s, lag_s, certain };
        let history = History { frozen_at_s, continuous: continuous.iter().map(follower).collect(), ..history(&[(5, 6, EVER)]) };
        let out = measure(&history, window(0, 100), &[ALWAYS], &[]);
        assert_eq!((out.lower_rpo_s, out.upper_rpo_s), (lower_s, Some(upper_s)), "{shows}");
        assert_eq!((out.worst_s, out.newest_data_s), (worst_s, newest_data_s), "{shows}");
    }
}

#[test]
fn each_instant_uses_the_objective_in_force() {
    // what it shows, objectives as (valid from, RPO), compliant / violated / unowed, met; nothing ever backed up, window 0..100
    type Row = (&'static str, &'static [(i64, i64)], (i64, i64, i64), Option<bool>);
    let cases: [Row; 6] = [
        ("nothing owed", &[], (0, 0, 100), None),
        ("owed from 30 on", &[(30, 50)], (20, 50, 30), Some(false)),
        ("loosened at 40", &[(0, 20), (40, 200)], (80, 20, 0), Some(false)),
        ("the order they are written in does not matter", &[(40, 200), (0, 20)], (80, 20, 0), Some(false)),
        ("of two from the same moment the stricter counts", &[(0, 200), (0, 20)], (20, 80, 0), Some(false)),
        ("exactly the RPO is within it", &[(0, 100)], (100, 0, 0), Some(true)),
    ];
    for (shows, objectives, (compliant_s, violated_s, unowed_s), met) in cases {
        let objectives: Vec<Objective> = objectives.iter().map(|&(valid_from_s, rpo_s)| Objective { valid_from_s, rpo_s }).collect();
        let out = measure(&history(&[]), window(0, 100), &[ALWAYS], &objectives);
        assert_eq!((out.compliant_s, out.violated_s, out.unowed_s), (compliant_s, violated_s, unowed_s), "{shows}");
        assert_eq!(out.met(), met, "{shows}");
    }
}

#[test]
fn creation_unknown_leaves_the_worst_unbounded() {
    let unborn = |points: &[(i64, i64, i64)]| History { created_s: None, ..history(points) };
    let nothing = measure(&unborn(&[]), window(50, 80), &[ALWAYS], &always(10));
    assert_eq!((nothing.lower_rpo_s, nothing.upper_rpo_s, nothing.achieved_rpo_s), (30, None, None), "at least since the window began");
    assert_eq!((nothing.compliant_s, nothing.violated_s, nothing.unknown_s), (0, 20, 10), "never compliant without a point");
    assert_eq!((nothing.within(10), nothing.within(40), nothing.within(EVER)), (Some(false), None, None));
    assert_eq!((nothing.age_s, nothing.age_lower_s, nothing.age_upper_s), (None, 30, None));

    let late = measure(&unborn(&[(55, 60, EVER)]), window(50, 80), &[ALWAYS], &[]);
    assert_eq!((late.lower_rpo_s, late.upper_rpo_s, late.age_s), (25, None, Some(25)), "a hole at the start, known from then on");

    let early = measure(&unborn(&[(20, 21, EVER)]), window(50, 80), &[ALWAYS], &[]);
    assert_eq!((early.achieved_rpo_s, early.newest_data_s), (Some(60), Some(20)), "a point that is always there needs no creation");

    let gone = measure(&unborn(&[(20, 21, 40)]), window(50, 80), &[ALWAYS], &[]);
    assert_eq!((gone.lower_rpo_s, gone.upper_rpo_s), (60, None), "it was there when its oldest data was taken");
}

#[test]
fn a_resource_outside_the_window_is_not_applicable() {
    for (shows, of) in [("created when it ends", window(-9, 0)), ("empty window", window(5, 5)), ("window turned round", window(9, 5))] {
        let out = measure(&history(&[(1, 2, EVER)]), of, &[ALWAYS], &always(1));
        assert_eq!(out, Exposure::default(), "{shows}");
        assert_eq!((out.applicable, out.within(EVER), out.met()), (false, None, None), "{shows}");
        assert!(timeline(&history(&[]), of, &[ALWAYS], 9).is_empty(), "{shows}");
    }
}

#[test]
fn a_timeline_is_a_saw() {
    let saw = history(&[(10, 12, EVER), (22, 24, EVER)]);
    let known = |from_s, to_s, start_s, end_s| Segment {
        from_s,
        to_s,
        exposure_at_start_s: start_s,
        exposure_at_end_s: end_s,
        upper_at_start_s: Some(start_s),
        upper_at_end_s: Some(end_s),
        state: State::Known,
    };
    let drawn = timeline(&saw, window(0, 30), &[ALWAYS], 10);
    assert_eq!(drawn, [known(0, 12, 0, 12), known(12, 24, 2, 14), known(24, 30, 2, 8)]);

    let levelled = timeline(&saw, window(0, 30), &[ALWAYS], 2);
    assert_eq!(levelled, [known(0, 24, 14, 14), known(24, 30, 2, 8)], "what falls into the same half is level at its worst");

    let half_seen = timeline(&saw, window(0, 30), &[window(0, 20)], 1);
    assert_eq!(half_seen.len(), 1);
    assert_eq!((half_seen[0].state, half_seen[0].upper_at_end_s), (State::Unknown, Some(14)), "unknown in part is drawn as unknown");
}
