//! Copy attempts: of all jobs and points only the newest of each resource and destination are held, and what became of the copies they made.

use std::collections::BTreeMap;

use super::Destination;
use super::ended::{CopyOf, Ended, Existence, JobRow, Place, PointRow, Sources, Vaults, ended, of_point};
use crate::facts::objectives::and;
use crate::facts::population::Resource;
use crate::facts::{FactError, Inputs};

/// The newest of several that count, and newer ones of which it was not told whether they do.
#[derive(Clone, Debug, Default)]
struct Newest {
    certain: Option<Ended>,
    maybe: Vec<Ended>,
}

impl Newest {
    fn offer(&mut self, ended: &Ended, counts: Option<bool>) {
        if counts == Some(false) || self.certain.as_ref().is_some_and(|certain| certain >= ended) {
            return;
        }
        if counts == Some(true) {
            self.maybe.retain(|maybe| maybe > ended);
            self.certain = Some(ended.clone());
        } else {
            self.maybe.push(ended.clone());
        }
    }

    /// What the newest can be.
    fn readings(&self) -> Vec<Option<&Ended>> {
        std::iter::once(self.certain.as_ref()).chain(self.maybe.iter().map(Some)).collect()
    }
}

/// What was found of one resource and destination.
#[derive(Clone, Debug, Default)]
struct Found {
    /// Newest ended job that starts where the resource lives: those of copies of copies are listed elsewhere, where they may be unread.
    last: Newest,
    /// Newest job that completed, wherever it started.
    completed: Newest,
    /// Newest point that exists.
    kept: Newest,
    /// When the newest copy was made that counts or may count, wherever its job is listed.
    made_s: Option<i64>,
    /// Whether a copy that does not count was made in a place outside the scope: copies of it, which may count, are not seen.
    outside: bool,
}

/// Vault and ARN of a point.
type PointKey = (String, String);
/// Whether a point exists and is of this life of the resource, and whether it can be used.
type Life = (Option<bool>, bool);

/// The copies of all resources.
#[derive(Debug)]
pub(super) struct Attempts {
    /// By index of the population, then destination.
    found: Vec<[Found; 3]>,
    /// Vault and ARN of points that jobs made → whether they exist, and can be used.
    points: BTreeMap<PointKey, Life>,
    /// Since when copy jobs have been observed everywhere without a gap until now; `None` if they are not, or if a point was not read: a backup can
    /// also be made in an air-gapped vault directly.
    observed_from_s: Option<i64>,
    /// By index of the population: whether copies of another resource's points restore it too, so that having none of its own says nothing.
    elsewhere: Vec<bool>,
}

impl Attempts {
    /// Goes through jobs and points once and keeps what is newest.
    pub(super) fn read(inputs: &Inputs<'_>, population: &[Resource], vaults: &Vaults) -> Result<Self, FactError> {
        let indices: BTreeMap<&str, usize> =
            population.iter().enumerate().map(|(index, resource)| (resource.arn.as_str(), index)).collect();
        let mut attempts = Self {
            found: vec![<[Found; 3]>::default(); population.len()],
            points: BTreeMap::new(),
            elsewhere: population.iter().map(|resource| !resource.through.is_empty()).collect(),
            observed_from_s: inputs.observed_everywhere_since("copy_jobs").filter(|_| inputs.complete_everywhere("recovery_points")),
        };
        let sources = Sources::read(inputs)?;
        let mut by_hand = BTreeMap::new();
        inputs.each::<JobRow>("copy_jobs", |job| {
            if let Some(&index) = job.resource_arn.as_deref().and_then(|arn| indices.get(arn)) {
                by_hand.extend(attempts.add_job(inputs, index, &population[index], vaults, (job, &sources)));
            }
        })?;
        let jobs = attempts.found.iter().flatten().flat_map(|found| found.last.readings().into_iter().chain(found.completed.readings()));
        let mut made: BTreeMap<_, _> =
            jobs.flatten().filter_map(|job| Some(((job.place.vault_arn.clone(), job.made.clone()?), None))).collect();
        inputs.each::<PointRow>("recovery_points", |point| {
            if let Some(&index) = point.resource_arn.as_deref().and_then(|arn| indices.get(arn)) {
                attempts.add_point(inputs, index, &population[index], vaults, point, (&mut made, &by_hand));
            }
        })?;
        attempts.points = made.into_iter().filter_map(|(key, life)| Some((key, life?))).collect();
        Ok(attempts)
    }

    /// Adds a job; returns the point that it made, if somebody chose by hand what it copies.
    fn add_job(
        &mut self,
        inputs: &Inputs<'_>,
        index: usize,
        resource: &Resource,
        vaults: &Vaults,
        (job, sources): (JobRow, &Sources),
    ) -> Option<(PointKey, CopyOf)> {
        let at_home = job.account_id.as_ref() == Some(&resource.account_id) && job.region.as_ref() == Some(&resource.region);
        let air_gapped =
            vaults.told(job.destination_vault_type.as_deref(), job.destination_backup_vault_arn.as_deref().unwrap_or_default());
        let own = resource.lived_at(job.creation_date_s);
        let ended = ended(job, sources).filter(|job| job.arrived_s.is_none_or(|done_s| done_s < inputs.snapshot.as_of_s()))?;
        let chosen = ended.made.clone().filter(|_| ended.of != CopyOf::Fresh);
        let by_hand = chosen.map(|arn| ((ended.place.vault_arn.clone(), arn), ended.of));
        if own == Some(false) {
            return by_hand; // a copy of an earlier resource of its name
        }
        let may_be_made = ended.succeeded != Some(false);
        let outside = may_be_made && !inputs.snapshot.in_scope(&ended.place.account_id, &ended.place.region);
        for (destination, found) in Destination::ALL.into_iter().zip(&mut self.found[index]) {
            let counts = and(destination.counts(resource, &ended.place.account_id, &ended.place.region, air_gapped), own);
            if at_home {
                found.last.offer(&ended, counts);
            }
            found.outside |= outside && counts != Some(true);
            if may_be_made && counts != Some(false) {
                if ended.succeeded == Some(true) {
                    found.completed.offer(&ended, counts);
                }
                found.made_s = found.made_s.max(ended.done_s.or(Some(i64::MAX)));
            }
        }
        by_hand
    }

    fn add_point(
        &mut self,
        inputs: &Inputs<'_>,
        index: usize,
        resource: &Resource,
        vaults: &Vaults,
        mut point: PointRow,
        (made, by_hand): (&mut BTreeMap<PointKey, Option<Life>>, &BTreeMap<PointKey, CopyOf>),
    ) {
        let key = (point.backup_vault_arn.take().unwrap_or_default(), point.recovery_point_arn.take().unwrap_or_default());
        let usable = matches!(point.status.as_deref(), Some("COMPLETED" | "AVAILABLE"));
        let own = resource.lived_at(point.creation_date_s);
        if let Some(life) = made.get_mut(&key) {
            *life = Some((and(point.exists, own), usable));
        }
        let done = point.completion_date_s.is_none_or(|done_s| done_s < inputs.snapshot.as_of_s());
        if !(done && usable && point.exists == Some(true)) || point.is_parent == Some(true) || own == Some(false) {
            return;
        }
        let air_gapped = vaults.told(point.vault_type.as_deref(), &key.0);
        let of = by_hand.get(&key).copied().unwrap_or_default();
        let there = of_point(point, key, of);
        for (destination, found) in Destination::ALL.into_iter().zip(&mut self.found[index]) {
            let counts = and(destination.counts(resource, &there.place.account_id, &there.place.region, air_gapped), own);
            found.kept.offer(&there, counts);
            if counts != Some(false) {
                found.made_s = found.made_s.max(there.done_s.or(Some(i64::MAX)));
            }
        }
    }

    fn found(&self, index: usize, destination: Destination) -> &Found {
        &self.found[index][destination as usize]
    }

    /// The newest job that has ended.
    pub(super) fn last(&self, index: usize, destination: Destination) -> Option<&Ended> {
        self.found(index, destination).last.certain.as_ref()
    }

    /// The newest copy that succeeded and is not known to be deleted; if all are, the newest of those.
    pub(super) fn newest(&self, inputs: &Inputs<'_>, index: usize, destination: Destination) -> Option<(&Ended, Existence)> {
        let found = self.found(index, destination);
        let with_existence = |job| (job, self.existence(inputs, job));
        let made = found.completed.certain.as_ref().map(with_existence);
        // A copy of a copy that is gone takes nothing from the copy it was made of.
        let last = found.last.certain.as_ref().filter(|job| job.succeeded == Some(true)).map(with_existence);
        let kept = found.kept.certain.as_ref().map(|point| (point, Existence::There));
        let left = [made, last].into_iter().flatten().filter(|(_, existence)| *existence != Existence::Gone);
        left.chain(kept).max_by_key(|(copy, _)| (copy.done_s, copy.created_s)).or(made)
    }

    /// Time before the moment of judgement in which no copy was made, proven by the jobs and points of every place; 0 if nothing is.
    pub(super) fn none_for_s(&self, inputs: &Inputs<'_>, index: usize, destination: Destination) -> i64 {
        let found = self.found(index, destination);
        let Some(from_s) = self.observed_from_s.filter(|_| !found.outside && !self.elsewhere[index]) else { return 0 };
        let since_s = found.made_s.map_or(from_s, |made_s| made_s.max(from_s));
        (inputs.snapshot.as_of_s().saturating_sub(since_s)).max(0)
    }

    /// Whether the newest copy succeeded and still exists, where every way to read what was not told gives the same answer.
    pub(super) fn succeeded(&self, inputs: &Inputs<'_>, resource: &Resource, index: usize, destination: Destination) -> Option<bool> {
        if !inputs.complete("copy_jobs", &resource.account_id, &resource.region) {
            return None;
        }
        let found = self.found(index, destination);
        let mut answers = found
            .last
            .readings()
            .into_iter()
            .flat_map(|last| found.kept.readings().into_iter().map(move |kept| self.succeeded_if(inputs, destination, last, kept)));
        let first = answers.next()??;
        let same = answers.all(|answer| answer == Some(first));
        (same && (first || !self.elsewhere[index])).then_some(first)
    }

    /// No copy at all is a failure only if the points of every account were completely read: it may lie in any of them. One in an account that is
    /// not asked about, made before AWS's list of jobs begins, cannot be seen; a copy elsewhere in the own account could.
    fn succeeded_if(&self, inputs: &Inputs<'_>, destination: Destination, last: Option<&Ended>, kept: Option<&Ended>) -> Option<bool> {
        let none_left = || inputs.complete_everywhere("recovery_points").then_some(false);
        match (last, kept) {
            (Some(job), kept) if job.succeeded == Some(true) => match (self.existence(inputs, job), kept) {
                (Existence::There, _) | (_, Some(_)) => Some(true),
                (Existence::Gone, None) => none_left(),
                (Existence::NotKnown, None) => None,
            },
            (Some(job), _) => job.succeeded,
            (None, Some(_)) => Some(true),
            (None, None) if destination == Destination::OtherRegion => none_left(),
            (None, None) => None,
        }
    }

    /// What became of the point that a completed job made; outside the scope, and in a vault that was not read, that is not known.
    fn existence(&self, inputs: &Inputs<'_>, job: &Ended) -> Existence {
        if job.is_point {
            return Existence::There;
        }
        let Some(arn) = &job.made else { return Existence::NotKnown };
        let Place { account_id, region, vault_arn } = &job.place;
        match self.points.get(&(vault_arn.clone(), arn.clone())) {
            Some((Some(true), true)) => Existence::There,
            Some((Some(_), _)) => Existence::Gone,
            Some((None, _)) => Existence::NotKnown,
            None => {
                let read = inputs.snapshot.complete("recovery_points", account_id, region, Some(vault_arn));
                let looked_s = inputs.snapshot.newest_try("recovery_points", account_id, region);
                let after = job.arrived_s.zip(looked_s).is_some_and(|(done_s, looked_s)| done_s <= looked_s);
                if read && after { Existence::Gone } else { Existence::NotKnown }
            }
        }
    }
}
