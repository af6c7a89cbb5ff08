//! Exposure the slow way: looks at every second of the window and every source in it, as the definitions are written down.

use super::*;

/// What is usable during the whole second that begins at `second_s`, at its best: data times of points, lags of followers.
fn newest(history: &History, second_s: i64, at_s: i64, optimistic: bool) -> Option<i64> {
    let mut newest: Option<i64> = None;
    for point in &history.points {
        let until_s = if optimistic { point.alive_until_s.max(point.end_s) } else { point.alive_until_s.min(point.end_s) };
        if point.available_s <= second_s && second_s < until_s {
            newest = newest.max(Some(point.data_s.min(point.available_s)));
        }
    }
    for source in &history.continuous {
        if source.from_s <= second_s && second_s < source.to_s && (source.certain || optimistic) {
            newest = newest.max(Some(at_s - source.lag_s.max(0)));
        }
    }
    newest
}

/// Exposure at `at_s`, the start or the end of the second that begins at `second_s`.
fn pessimistic(history: &History, second_s: i64, at_s: i64) -> Option<i64> {
    let newest = newest(history, second_s, at_s, false).max(history.created_s)?;
    Some((at_s.min(history.frozen_at_s.unwrap_or(at_s)) - newest).max(0))
}

fn optimistic(history: &History, window: Window, evidence: &[Window], second_s: i64, at_s: i64) -> i64 {
    if !evidence.iter().any(|known| known.start_s <= second_s && second_s < known.end_s) {
        return 0;
    }
    let mut created_s = window.start_s;
    for point in &history.points {
        created_s = created_s.min(point.data_s).min(point.available_s);
    }
    for source in history.continuous.iter().filter(|source| source.certain && source.from_s < source.to_s) {
        created_s = created_s.min(source.from_s);
    }
    let created_s = history.created_s.unwrap_or(created_s);
    let newest = newest(history, second_s, at_s, true).map_or(created_s, |data_s| data_s.max(created_s));
    (at_s.min(history.frozen_at_s.unwrap_or(at_s)) - newest).max(0)
}

fn rpo_at(objectives: &[Objective], second_s: i64) -> Option<i64> {
    let begun = || objectives.iter().filter(|objective| objective.valid_from_s <= second_s);
    let latest_s = begun().map(|objective| objective.valid_from_s).max()?;
    begun().filter(|objective| objective.valid_from_s == latest_s).map(|objective| objective.rpo_s).min()
}

/// What [`measure`] must say of a small history.
///
/// Borders lie on whole seconds, so within a second both sides are straight, and the second is within an RPO exactly if its worse end is.
pub(super) fn slow(history: &History, window: Window, evidence: &[Window], objectives: &[Objective]) -> Exposure {
    let mut out = Exposure::default();
    let (mut lower, mut upper): (Option<(i64, i64)>, Option<i64>) = (None, Some(0));
    for second_s in window.start_s..window.end_s {
        if history.created_s.is_some_and(|created_s| second_s < created_s) {
            continue;
        }
        out.applicable = true;
        out.window_s += 1;
        let ends = [second_s, second_s + 1];
        let low = ends.map(|at_s| optimistic(history, window, evidence, second_s, at_s));
        let high = ends.map(|at_s| pessimistic(history, second_s, at_s));
        for (exposure_s, at_s) in low.into_iter().zip(ends) {
            if lower.is_none_or(|(worst_s, _)| exposure_s > worst_s) {
                lower = Some((exposure_s, at_s));
            }
        }
        let highest = high[0].zip(high[1]).map(|(a, b)| a.max(b));
        upper = upper.zip(highest).map(|(a, b)| a.max(b));
        match rpo_at(objectives, second_s) {
            None => out.unowed_s += 1,
            Some(rpo_s) if highest.is_some_and(|exposure_s| exposure_s <= rpo_s) => out.compliant_s += 1,
            Some(rpo_s) if low[0].max(low[1]) > rpo_s => out.violated_s += 1,
            Some(_) => out.unknown_s += 1,
        }
        out.age_lower_s = low[1];
        out.age_upper_s = high[1];
        out.age_s = high[1].filter(|age_s| *age_s == low[1]);
        let newest = newest(history, second_s, second_s + 1, false);
        out.newest_data_s = newest.filter(|data_s| history.created_s.is_none_or(|created_s| created_s <= *data_s));
    }
    let Some((lower_s, at_s)) = lower else { return out };
    out.lower_rpo_s = lower_s;
    out.upper_rpo_s = upper;
    out.achieved_rpo_s = upper.filter(|upper_s| *upper_s == lower_s);
    out.worst_s = (out.achieved_rpo_s.is_some() || lower_s > 0).then_some(at_s);
    out
}
