//! Protection at a glance: for each type of resource, for how many primaries each question is answered with yes, no, not known, or not owed.
//!
//! Nothing new is derived here; answers of other facts are counted.

use std::collections::BTreeMap;

use super::copies::Destination;
use super::objectives::or;
use super::population::Resource;
use super::{FactError, Inputs, native, schedule};
use crate::dataset::frame;

/// Number of resources for which something is so.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Answers {
    /// Yes.
    pub yes: u64,
    /// No.
    pub no: u64,
    /// What was read does not say.
    pub unknown: u64,
    /// Nobody asks for it.
    pub not_owed: u64,
}

impl Answers {
    fn add(&mut self, owed: Option<bool>, answer: Option<bool>) {
        match (owed, answer) {
            (Some(false), _) => self.not_owed += 1,
            (Some(true), Some(true)) => self.yes += 1,
            (Some(true), Some(false)) => self.no += 1,
            _ => self.unknown += 1,
        }
    }
}

/// Protection of the primaries of one type.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Protection {
    /// AWS resource type.
    pub resource_type: String,
    /// Selected by a plan, opt-in aside.
    pub selected: Answers,
    /// Backed up by a plan or by the service.
    pub backed_up: Answers,
    /// Within RPO and tolerance over the whole window.
    pub within_rpo: Answers,
    /// Every point kept as long as owed.
    pub kept: Answers,
    /// Newest copy to another Region succeeded.
    pub copied: Answers,
}

crate::rows! {
    /// What is needed of `exposure`.
    struct ExposureRow { subject_arn: Text; scenario: Text; rpo_owed: Boolean; within_limit: Boolean; }
}

crate::rows! {
    /// What is needed of `point_retention`.
    struct RetentionRow { subject_arn: Text; retention_s: Integer; owed_retention_s: Integer; }
}

crate::rows! {
    /// What is needed of `copies`.
    struct CopiesRow { subject_arn: Text; destination: Text; expected: Boolean; last_succeeded: Boolean; }
}

/// Counts the answers, by type in order of its name.
///
/// # Errors
/// As deriving the facts.
pub fn protection(inputs: &Inputs<'_>) -> Result<Vec<Protection>, FactError> {
    let exposure: BTreeMap<_, _> = frame::from_frame::<ExposureRow>("exposure", &inputs.fact("exposure")?)?
        .into_iter()
        .filter(|row| row.scenario.as_deref() == Some("any"))
        .map(|row| (row.subject_arn.unwrap_or_default(), (row.rpo_owed, row.within_limit)))
        .collect();
    let copies: BTreeMap<_, _> = frame::from_frame::<CopiesRow>("copies", &inputs.fact("copies")?)?
        .into_iter()
        .filter(|row| row.destination.as_deref() == Some(Destination::OtherRegion.word()))
        .map(|row| (row.subject_arn.unwrap_or_default(), (row.expected, row.last_succeeded)))
        .collect();
    let kept = kept(inputs)?;
    let (population, coverage) = (inputs.population()?, inputs.coverage()?);
    let mut types: BTreeMap<&str, Protection> = BTreeMap::new();
    for (index, resource) in population.iter().enumerate().filter(|(_, resource)| resource.is_primary() != Some(false)) {
        let row = types.entry(resource.resource_type).or_default();
        let owed = resource.is_primary();
        let coverage = &coverage[index];
        row.selected.add(owed, coverage.selected);
        row.backed_up.add(owed, or(coverage.covered, native::protected(resource)));
        let (rpo_owed, within) = exposure.get(&resource.arn).copied().unwrap_or_default();
        row.within_rpo.add(rpo_owed, within);
        let (retention_owed, answer) = retention(inputs, index, resource, kept.get(&resource.arn).copied())?;
        row.kept.add(retention_owed, answer);
        let (expected, succeeded) = copies.get(&resource.arn).copied().unwrap_or_default();
        row.copied.add(expected, succeeded);
    }
    Ok(types.into_iter().map(|(name, row)| Protection { resource_type: name.to_owned(), ..row }).collect())
}

/// Whether all points of a resource that were read are kept as long as owed.
fn kept(inputs: &Inputs<'_>) -> Result<BTreeMap<String, bool>, FactError> {
    let mut kept = BTreeMap::new();
    inputs.fact_in_parts("point_retention", |part| {
        for row in frame::from_frame::<RetentionRow>("point_retention", &part)? {
            if let (Some(retention_s), Some(owed_s)) = (row.retention_s, row.owed_retention_s) {
                *kept.entry(row.subject_arn.unwrap_or_default()).or_insert(true) &= retention_s >= owed_s;
            }
        }
        Ok::<_, FactError>(())
    })?;
    Ok(kept)
}

/// A point that is kept too briefly decides; that all are kept long enough is known only if all were read. Without any point nothing is kept.
fn retention(
    inputs: &Inputs<'_>,
    index: usize,
    resource: &Resource,
    kept: Option<bool>,
) -> Result<(Option<bool>, Option<bool>), FactError> {
    let owed = inputs.objectives.owed(resource, inputs.snapshot.as_of_s(), schedule::start_window_s(inputs, index)?);
    let all_read = inputs.complete_in_account("recovery_points", &resource.account_id);
    let answer = match kept {
        Some(false) => Some(false),
        _ if !all_read => None,
        Some(true) => Some(true),
        None => Some(false),
    };
    Ok((owed.map(|owed| owed.retention_days.is_some()), answer))
}
