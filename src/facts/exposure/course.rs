//! Single resources over the window, for drawing: the course of their exposure, and what they could have been restored from.
//!
//! Only for the resources that are asked for, and range by range of keys, so that an estate of any size is read once.

use std::collections::{BTreeMap, BTreeSet};

use super::scenario::Around;
use super::sweep::{Segment, timeline};
use super::{Asked, Scenario, evidence, history};
use crate::facts::points::{Point, Stream};
use crate::facts::population::Resource;
use crate::facts::{FactError, Inputs, schedule};

/// One resource over the window.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Course {
    /// Its exposure by scenario, at most as many pieces as asked for, the worst peaks kept; without an objective that is known there is none.
    pub segments: BTreeMap<&'static str, Vec<Segment>>,
    /// What was allowed by scenario, in order of time; each is in force until the next. The first begins with the window.
    pub allowed: BTreeMap<&'static str, Vec<Allowed>>,
    /// The points that became usable in the window, in order of time.
    pub points: Vec<Kept>,
    /// The continuous sources that ran in the window, in order of time.
    pub streams: Vec<Running>,
}

/// What was allowed from a moment on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Allowed {
    /// First second it is in force.
    pub from_s: i64,
    /// How much.
    pub limit: Limit,
}

/// How much exposure is allowed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Limit {
    /// The objective depends on something unread.
    NotKnown,
    /// Nobody asks for anything.
    NotOwed,
    /// RPO and tolerance.
    Seconds {
        /// At least so much.
        limit_s: i64,
        /// Whether it is so much, or the tolerance may be larger.
        certain: bool,
    },
}

/// A point of the resource.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Kept {
    /// First second it could be restored from; the latest there can be, if that is in doubt.
    pub available_s: i64,
    /// Time of the data it restores.
    pub data_s: i64,
    /// Account it lies in.
    pub account_id: String,
    /// Region it lies in.
    pub region: String,
    /// `backup_point` or `native_snapshot`.
    pub mechanism: &'static str,
    /// Whether the objective accepts points of this kind; `None` if the objective is not known.
    pub counts: Option<bool>,
    /// Its ARN.
    pub arn: String,
}

/// A time in which a continuous source ran.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Running {
    /// First second.
    pub from_s: i64,
    /// First second after.
    pub to_s: i64,
    /// Region it lies in.
    pub region: String,
    /// `native_pitr` or `replicated_automated_backup`.
    pub mechanism: &'static str,
    /// Whether it is proven to have run, or only inferred.
    pub certain: bool,
    /// Whether the objective accepts it; `None` if the objective is not known.
    pub counts: Option<bool>,
}

/// The courses of resources, by ARN; what is not in the population has none.
///
/// # Errors
/// As deriving exposure.
pub fn courses(inputs: &Inputs<'_>, wanted: &BTreeSet<String>, max_segments: usize) -> Result<BTreeMap<String, Course>, FactError> {
    let population = inputs.population()?;
    let asked: Vec<(usize, &Resource)> = population.iter().enumerate().filter(|(_, resource)| wanted.contains(&resource.arn)).collect();
    let around = Around::read(inputs)?;
    let mut courses = BTreeMap::new();
    for range in inputs.ranges() {
        let here: Vec<_> = asked.iter().filter(|(_, resource)| range.holds(Some(resource.key))).collect();
        if here.is_empty() {
            continue;
        }
        let found = inputs.restorable(range)?;
        for (index, resource) in here {
            let start_window_s = schedule::start_window_s(inputs, *index)?;
            let asked = Asked { inputs, resource, found: &found, around: &around, start_window_s };
            courses.insert(resource.arn.clone(), course(&asked, max_segments));
        }
    }
    Ok(courses)
}

fn allowed(inputs: &Inputs<'_>, resource: &Resource, scenario: Scenario, start_window_s: Option<i64>) -> Vec<Allowed> {
    let mut over_time: Vec<Allowed> = Vec::new();
    for (valid_from_s, owed) in inputs.objectives.over_time(resource, start_window_s) {
        let limit = match owed.as_ref().map(|owed| (owed, scenario.rpo_s(owed))) {
            None => Limit::NotKnown,
            Some((_, None)) => Limit::NotOwed,
            Some((owed, Some(rpo_s))) => {
                Limit::Seconds { limit_s: rpo_s.saturating_add(owed.least_tolerance_s), certain: owed.tolerance_s.is_some() }
            }
        };
        let from_s = valid_from_s.max(inputs.window.start_s);
        match over_time.last_mut() {
            Some(last) if last.from_s == from_s || last.limit == limit => last.limit = limit,
            _ => over_time.push(Allowed { from_s, limit }),
        }
    }
    over_time
}

fn course(asked: &Asked<'_>, max_segments: usize) -> Course {
    let Asked { inputs, resource, found, around, start_window_s } = *asked;
    let owed = inputs.objectives.owed(resource, inputs.snapshot.as_of_s(), start_window_s);
    let accepted = owed.as_ref().map(|owed| &owed.mechanisms);
    let mut course = Course::default();
    if let Some(owed) = &owed {
        for scenario in around.scenarios.iter().copied().filter(|scenario| scenario.rpo_s(owed).is_some()) {
            let evidence = evidence(asked, scenario);
            let history = history(asked, scenario, owed, &evidence);
            course.segments.insert(scenario.word(), timeline(&history, inputs.window, &evidence, max_segments));
            course.allowed.insert(scenario.word(), allowed(inputs, resource, scenario, start_window_s));
        }
    }
    let within = |at_s: i64| (inputs.window.start_s..inputs.window.end_s).contains(&at_s);
    let this_life = |point: &&Point| resource.created_s.is_some_and(|created_s| point.life.data_s >= created_s);
    let kept = |point: &Point| Kept {
        available_s: point.life.available_s,
        data_s: point.life.data_s,
        account_id: point.account_id.clone(),
        region: point.region.clone(),
        mechanism: point.mechanism.word(),
        counts: accepted.map(|accepted| accepted.contains(&point.mechanism)),
        arn: point.arn.clone(),
    };
    let points = found.points.get(&resource.key).into_iter().flatten();
    course.points = points.filter(this_life).filter(|point| within(point.life.available_s)).map(kept).collect();
    course.points.sort();
    let running = |stream: &Stream| Running {
        from_s: stream.source.from_s.max(inputs.window.start_s),
        to_s: stream.source.to_s.min(inputs.window.end_s),
        region: stream.region.clone(),
        mechanism: stream.mechanism.word(),
        certain: stream.source.certain,
        counts: accepted.map(|accepted| accepted.contains(&stream.mechanism)),
    };
    course.streams = found.streams.get(&resource.key).into_iter().flatten().map(running).filter(|one| one.from_s < one.to_s).collect();
    course.streams.sort();
    course
}
