//! What resources owe in retention over time: those that are there, and those that are gone, by what was last known of them.
//!
//! The points of a resource outlive it, and so does what it owes. Its tags and role are those of the collection that last listed it; if a later one
//! could not read where it would be listed, they may have been others, and what is owed is not known. Nor is it of what was never listed.

use std::collections::{BTreeMap, BTreeSet};

use super::judged::Duty;
use super::points::Owes;
use super::seconds;
use crate::facts::objectives::Owed;
use crate::facts::population::{Resource, listed};
use crate::facts::reconciled::Listings;
use crate::facts::{FactError, Inputs};
use crate::model::Arn;

/// What is owed, by resource.
#[derive(Debug)]
pub(super) struct Duties {
    by_arn: BTreeMap<String, Vec<Duty>>,
    unknown: Vec<Duty>,
}

impl Duties {
    /// Reads what the resources of some ARNs owe.
    ///
    /// # Errors
    /// As deriving the population, or reading what was once listed.
    pub(super) fn read(inputs: &Inputs<'_>, wanted: &BTreeSet<&str>) -> Result<Self, FactError> {
        let mut by_arn = BTreeMap::new();
        for resource in inputs.population()?.iter().filter(|resource| wanted.contains(resource.arn.as_str())) {
            by_arn.insert(resource.arn.clone(), over_time(inputs, resource));
        }
        for (last_s, gone) in departed(inputs, wanted.iter().copied().filter(|arn| !by_arn.contains_key(*arn)))? {
            let Some(earlier) = inputs.snapshot.earlier(last_s) else { continue };
            let then = Inputs::new(&earlier, inputs.objectives, inputs.window);
            for resource in then.population()?.iter().filter(|resource| gone.contains(resource.arn.as_str())) {
                by_arn.insert(resource.arn.clone(), over_time(inputs, resource));
            }
        }
        Ok(Self { by_arn, unknown: vec![unknown(inputs)] })
    }

    /// What the resource of an ARN owes, from the earliest moment there is on.
    pub(super) fn of(&self, arn: &str) -> &[Duty] {
        self.by_arn.get(arn).unwrap_or(&self.unknown)
    }
}

/// What is certainly gone, by the collection that last listed it.
fn departed<'w>(inputs: &Inputs<'_>, wanted: impl Iterator<Item = &'w str>) -> Result<BTreeMap<i64, BTreeSet<&'w str>>, FactError> {
    let listings = Listings::new(inputs);
    let mut found: BTreeMap<i64, BTreeSet<&str>> = BTreeMap::new();
    for arn in wanted {
        let Some(parsed) = Arn::parse(arn).filter(|parsed| listed(inputs, parsed) == Some(true)) else { continue };
        if let Some(last_s) = listings.last_before_it_went(arn, &parsed)? {
            found.entry(last_s).or_default().insert(arn);
        }
    }
    Ok(found)
}

fn over_time(inputs: &Inputs<'_>, resource: &Resource) -> Vec<Duty> {
    let as_duty = |days: Option<i64>| days.map_or(Owes::Nothing, |days| Owes::Seconds(seconds(Some(days))));
    let duty = |(from_s, owed): (i64, Option<Owed>)| match owed {
        None => Duty { from_s, ..unknown(inputs) },
        Some(owed) => Duty { from_s, shortest: as_duty(owed.retention_days), longest: as_duty(owed.longest_retention_days) },
    };
    // The start window decides the tolerance of an RPO, and nothing about retention.
    inputs.objectives.over_time(resource, None).into_iter().map(duty).collect()
}

/// What is owed where the objective cannot be told: nothing, if none asks for any.
fn unknown(inputs: &Inputs<'_>) -> Duty {
    let owes = |any: bool| if any { Owes::NotKnown } else { Owes::Nothing };
    Duty { from_s: i64::MIN, shortest: owes(inputs.objectives.any_retention()), longest: owes(inputs.objectives.any_longest_retention()) }
}
