//! Laws of the sweep on small random histories, where the slow oracle can follow, and on absurd ones, where nothing can.

use proptest::collection::vec;
use proptest::option;
use proptest::prelude::*;

use super::oracle::slow;
use super::*;

/// Everything `measure` is given.
#[derive(Clone, Debug)]
struct Asked {
    history: History,
    window: Window,
    evidence: Vec<Window>,
    objectives: Vec<Objective>,
}

impl Asked {
    fn measured(&self) -> Exposure {
        measure(&self.history, self.window, &self.evidence, &self.objectives)
    }
}

/// Lives near 0..60, some of them contradictory: available before their data, proven beyond their end.
fn life() -> impl Strategy<Value = PointLife> {
    let end = prop_oneof![(0_i64..70).boxed(), Just(EVER).boxed()];
    (-10_i64..60, -2_i64..8, -3_i64..40, end).prop_map(|(data_s, takes_s, lives_s, end_s)| PointLife {
        data_s,
        available_s: data_s + takes_s,
        alive_until_s: data_s + lives_s,
        end_s,
    })
}

fn follower() -> impl Strategy<Value = Continuous> {
    (-10_i64..60, 0_i64..50, -1_i64..12, any::<bool>()).prop_map(|(from_s, runs_s, lag_s, certain)| Continuous {
        from_s,
        to_s: from_s + runs_s,
        lag_s,
        certain,
    })
}

fn span() -> impl Strategy<Value = Window> {
    (-10_i64..60, 0_i64..60).prop_map(|(start_s, length_s)| window(start_s, start_s + length_s))
}

fn asked() -> impl Strategy<Value = Asked> {
    let history = (option::of(-10_i64..40), option::of(-5_i64..70), vec(life(), 0..7), vec(follower(), 0..4));
    let objective = (-5_i64..60, -1_i64..40).prop_map(|(valid_from_s, rpo_s)| Objective { valid_from_s, rpo_s });
    let evidence = prop_oneof![Just(vec![ALWAYS]).boxed(), vec(span(), 0..4).boxed()];
    (history, span(), evidence, vec(objective, 0..4)).prop_map(
        |((created_s, frozen_at_s, points, continuous), window, evidence, objectives)| Asked {
            history: History { created_s, frozen_at_s, points, continuous },
            window,
            evidence,
            objectives,
        },
    )
}

/// A way of knowing less about the same history.
#[derive(Clone, Debug)]
enum Doubt {
    Life { index: usize, sooner_s: i64, later_s: i64 },
    Follower { index: usize },
    Creation,
    Evidence { index: usize, less_s: i64 },
}

impl Doubt {
    fn cast_on(&self, asked: &mut Asked) {
        match *self {
            Self::Life { index, sooner_s, later_s } => {
                if let Some(life) = asked.history.points.get_mut(index) {
                    let (proven_s, possible_s) = (life.alive_until_s.min(life.end_s), life.alive_until_s.max(life.end_s));
                    (life.alive_until_s, life.end_s) = (proven_s.saturating_sub(sooner_s), possible_s.saturating_add(later_s));
                }
            }
            Self::Follower { index } => {
                if let Some(follower) = asked.history.continuous.get_mut(index) {
                    follower.certain = false;
                }
            }
            // Only where that moves neither the start of the scope nor lets data of an earlier life in: those would be other questions.
            Self::Creation => {
                let History { created_s, points, continuous, .. } = &mut asked.history;
                let starts = points.iter().map(|life| life.data_s.min(life.available_s)).chain(continuous.iter().map(|c| c.from_s));
                let earliest_s = starts.chain([asked.window.start_s]).min();
                *created_s = created_s.filter(|created_s| earliest_s.is_some_and(|earliest_s| earliest_s < *created_s));
            }
            Self::Evidence { index, less_s } => {
                if let Some(known) = asked.evidence.get_mut(index) {
                    (known.start_s, known.end_s) = (known.start_s.saturating_add(less_s), known.end_s.saturating_sub(less_s));
                }
            }
        }
    }
}

fn doubt() -> impl Strategy<Value = Doubt> {
    prop_oneof![
        (0_usize..7, 0_i64..30, 0_i64..30).prop_map(|(index, sooner_s, later_s)| Doubt::Life { index, sooner_s, later_s }),
        (0_usize..4).prop_map(|index| Doubt::Follower { index }),
        Just(Doubt::Creation),
        (0_usize..4, 0_i64..20).prop_map(|(index, less_s)| Doubt::Evidence { index, less_s }),
    ]
}

/// `None` is unbounded.
fn at_most(left: Option<i64>, right: Option<i64>) -> bool {
    right.is_none_or(|right_s| left.is_some_and(|left_s| left_s <= right_s))
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2_000))]

    #[test]
    fn agrees_with_a_second_by_second_search(asked in asked()) {
        let expected = slow(&asked.history, asked.window, &asked.evidence, &asked.objectives);
        prop_assert_eq!(asked.measured(), expected);
    }

    #[test]
    fn the_four_lengths_make_up_the_window(asked in asked()) {
        let out = asked.measured();
        prop_assert_eq!(out.compliant_s + out.violated_s + out.unknown_s + out.unowed_s, out.window_s);
        prop_assert!(at_most(Some(out.lower_rpo_s), out.upper_rpo_s) || !out.applicable);
    }

    #[test]
    fn a_further_certain_point_never_raises_exposure(asked in asked(), data_s in -10_i64..60, takes_s in 0_i64..8, lives_s in 0_i64..60) {
        let before = asked.measured();
        let mut more = asked;
        more.history.points.push(point(data_s, data_s + takes_s, data_s + lives_s));
        let after = more.measured();
        prop_assert!(at_most(after.upper_rpo_s, before.upper_rpo_s));
        prop_assert!(after.compliant_s >= before.compliant_s);
        // A point older than the window also proves that a resource of unknown creation is older: that may raise the lower bound.
        if more.history.created_s.is_some() {
            prop_assert!(after.lower_rpo_s <= before.lower_rpo_s);
            prop_assert!(after.violated_s <= before.violated_s);
        }
    }

    #[test]
    fn order_and_duplicates_do_not_matter(asked in asked(), turn in 0_usize..7) {
        let mut other = asked.clone();
        other.history.points.extend_from_within(..);
        other.history.points.reverse();
        let length = other.history.points.len();
        other.history.points.rotate_left(turn.min(length));
        other.history.continuous.extend_from_within(..);
        other.history.continuous.reverse();
        other.evidence.extend_from_within(..);
        other.evidence.reverse();
        other.objectives.extend_from_within(..);
        other.objectives.reverse();
        prop_assert_eq!(asked.measured(), other.measured());
    }

    #[test]
    fn knowing_less_never_decides_more(asked in asked(), doubts in vec(doubt(), 1..5)) {
        let before = asked.measured();
        let mut doubted = asked;
        for doubt in doubts {
            doubt.cast_on(&mut doubted);
        }
        let after = doubted.measured();
        prop_assert!(after.compliant_s <= before.compliant_s);
        prop_assert!(after.violated_s <= before.violated_s);
        prop_assert!(after.lower_rpo_s <= before.lower_rpo_s);
        prop_assert!(at_most(before.upper_rpo_s, after.upper_rpo_s));
        for rpo_s in -1..60 {
            prop_assert!(after.within(rpo_s).is_none() || after.within(rpo_s) == before.within(rpo_s));
        }
        prop_assert!(after.met().is_none() || after.met() == before.met());
        prop_assert!(after.achieved_rpo_s.is_none() || after.achieved_rpo_s == before.achieved_rpo_s);
        prop_assert!(after.age_s.is_none() || after.age_s == before.age_s);
    }

    #[test]
    fn the_bounds_and_the_lengths_tell_the_same(mut asked in asked(), rpo_s in -1_i64..60) {
        asked.objectives = always(rpo_s).to_vec();
        let out = asked.measured();
        prop_assert_eq!(out.within(rpo_s) == Some(true), out.applicable && out.compliant_s == out.window_s);
        prop_assert_eq!(out.within(rpo_s) == Some(false), out.violated_s > 0);
    }

    #[test]
    fn a_timeline_is_bounded_whole_and_never_too_low(asked in asked(), most in 1_usize..12) {
        let out = asked.measured();
        for segments in [most, usize::MAX] {
            let drawn = timeline(&asked.history, asked.window, &asked.evidence, segments);
            prop_assert!(drawn.len() <= segments);
            prop_assert_eq!(drawn.iter().map(|segment| segment.to_s - segment.from_s).sum::<i64>(), out.window_s);
            prop_assert!(drawn.windows(2).all(|pair| pair[0].to_s == pair[1].from_s));
            prop_assert!(drawn.iter().all(|s| s.state == State::Unknown
                || (s.upper_at_start_s, s.upper_at_end_s) == (Some(s.exposure_at_start_s), Some(s.exposure_at_end_s))));
            let lower = drawn.iter().map(|s| s.exposure_at_start_s.max(s.exposure_at_end_s)).max();
            prop_assert_eq!(lower.unwrap_or(0), out.lower_rpo_s);
            let upper: Option<Vec<i64>> = drawn.iter().flat_map(|s| [s.upper_at_start_s, s.upper_at_end_s]).collect();
            prop_assert_eq!(upper.and_then(|all| all.into_iter().max()), out.upper_rpo_s);
        }
    }

    #[test]
    fn every_exact_segment_is_straight_and_starts_where_exposure_is(asked in asked()) {
        for segment in timeline(&asked.history, asked.window, &asked.evidence, usize::MAX) {
            let length_s = segment.to_s - segment.from_s;
            let lower_s = segment.exposure_at_end_s - segment.exposure_at_start_s;
            let upper_s = segment.upper_at_end_s.zip(segment.upper_at_start_s).map_or(0, |(end_s, start_s)| end_s - start_s);
            prop_assert!([lower_s, upper_s].iter().all(|rise_s| [0, length_s, -length_s].contains(rise_s)), "{segment:?}");
            let at_start = slow(&asked.history, window(segment.from_s, segment.from_s + 1), &asked.evidence, &[]);
            if asked.history.created_s.is_some() { // if not, the window's start takes part in the lower bound
                let steps_s = [lower_s.signum(), upper_s.signum()];
                prop_assert_eq!(at_start.age_lower_s, segment.exposure_at_start_s + steps_s[0]);
                prop_assert_eq!(at_start.age_upper_s, segment.upper_at_start_s.map(|start_s| start_s + steps_s[1]));
            }
        }
    }

    #[test]
    fn absurd_instants_do_no_harm(
        points in vec(any::<[i64; 4]>(), 0..5), continuous in vec(any::<([i64; 3], bool)>(), 0..3), created_s in any::<Option<i64>>(),
        frozen_at_s in any::<Option<i64>>(), spans in vec(any::<[i64; 2]>(), 1..4), objectives in vec(any::<[i64; 2]>(), 0..3),
        extreme in any::<bool>(),
    ) {
        let at = |s: i64| if extreme { if s < 0 { i64::MIN } else { i64::MAX } } else { s };
        let asked = Asked {
            history: History {
                created_s: created_s.map(at),
                frozen_at_s: frozen_at_s.map(at),
                points: points.iter().map(|p| p.map(at)).map(|[data_s, available_s, alive_until_s, end_s]| {
                    PointLife { data_s, available_s, alive_until_s, end_s }
                }).collect(),
                continuous: continuous.iter().map(|(c, certain)| (c.map(at), *certain)).map(|([from_s, to_s, lag_s], certain)| {
                    Continuous { from_s, to_s, lag_s, certain }
                }).collect(),
            },
            window: window(at(spans[0][0]), at(spans[0][1])),
            evidence: spans.iter().map(|s| window(at(s[0]), at(s[1]))).collect(),
            objectives: objectives.iter().map(|o| Objective { valid_from_s: at(o[0]), rpo_s: at(o[1]) }).collect(),
        };
        let out = asked.measured();
        prop_assert_eq!(out.compliant_s + out.violated_s + out.unknown_s + out.unowed_s, out.window_s);
        prop_assert!(out.unknown_s >= 0 && out.lower_rpo_s >= 0);
        prop_assert!(!out.applicable || at_most(Some(out.lower_rpo_s), out.upper_rpo_s));
        prop_assert!(timeline(&asked.history, asked.window, &asked.evidence, 5).len() <= 5);
    }
}
