//! Copies elsewhere: does each resource that owes one, or whose plan promises one, have a newest one that succeeded and is still there?
//!
//! Asked three times: of another Region, of another account, and of a logically air-gapped vault. Copies are joined by the source resource, across
//! Regions. A job that completed proves that the copy was made; whether it still exists is told by the points of the destination, if that is in
//! scope. Copy jobs are visible for 30 days, so that an older copy shows only as a point. What a plan copies was backed up just before; a copy that
//! somebody started by hand can be of an old point, and is as old as that.

use polars::prelude::DataFrame;

use self::attempts::Attempts;
use self::ended::{Ended, Existence, Vaults};
use super::coverage::Coverage;
use super::coverage::features;
use super::coverage::resource_types::Recognised;
use super::objectives::{Owed, or};
use super::population::{RESOURCES_READ, RESOURCES_REST_ON, Resource};
use super::{Fact, FactError, Inputs, schedule};
use crate::dataset::{Relation, Row};

mod attempts;
mod ended;

/// Where a copy lies, seen from its resource. One copy can count for several.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Destination {
    /// In another Region, of whichever account.
    OtherRegion,
    /// In another account.
    OtherAccount,
    /// In a logically air-gapped vault, wherever.
    AirGapped,
}

impl Destination {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::OtherRegion, Self::OtherAccount, Self::AirGapped];

    /// The word in relations.
    pub fn word(self) -> &'static str {
        match self {
            Self::OtherRegion => "other_region",
            Self::OtherAccount => "other_account",
            Self::AirGapped => "air_gapped",
        }
    }

    fn owed(self, owed: &Owed) -> bool {
        match self {
            Self::OtherRegion => owed.copy_to_other_region,
            Self::OtherAccount => owed.copy_to_other_account,
            Self::AirGapped => owed.air_gapped_copy,
        }
    }

    /// Whether AWS Backup can make such copies of the resource; `None` if its type was not told.
    fn supported(self, resource: &Resource) -> Option<bool> {
        let of = match resource.facts.resource_type {
            Recognised::Type(of) => of,
            Recognised::Unsupported(_) => return Some(false),
            Recognised::OneOf(_) | Recognised::Unrecognised => return None,
        };
        let variant = features::variant(of, resource.facts.engine.as_deref(), resource.facts.is_multi_az_cluster, None);
        match self {
            Self::OtherRegion => features::supports_cross_region_copy(of, variant),
            Self::OtherAccount => features::supports_cross_account_copy(of, variant),
            Self::AirGapped => features::supports_air_gapped(of, variant),
        }
    }

    fn unsupported(self, resource: &Resource) -> String {
        let what = match resource.type_name() {
            _ if resource.facts.is_multi_az_cluster => "Multi-AZ DB clusters",
            Some("RDS") => "DB instances of RDS",
            Some(name) => name,
            None => "this type",
        };
        match self {
            Self::OtherRegion | Self::OtherAccount => format!("AWS Backup makes no copies of the points of {what}"),
            Self::AirGapped => format!("points of {what} cannot lie in a logically air-gapped vault"),
        }
    }

    /// Whether something at a place counts, `air_gapped` being what is known of its vault; `None` if that is not told.
    fn counts(self, resource: &Resource, account_id: &str, region: &str, air_gapped: Option<bool>) -> Option<bool> {
        match self {
            Self::OtherRegion => (!region.is_empty()).then_some(region != resource.region),
            Self::OtherAccount => (!account_id.is_empty()).then_some(account_id != resource.account_id),
            Self::AirGapped => air_gapped,
        }
    }
}

crate::rows! {
    /// The newest copies of a resource in a kind of place.
    pub struct CopiesRow {
        /// ARN of the resource
        subject_arn: Text, Never, "";
        /// AWS resource type
        subject_type: Text, Never, "";
        /// Account
        account_id: Text, Never, "";
        /// Region
        region: Text, Never, "";
        /// `other_region`, `other_account` or `air_gapped`: a logically air-gapped vault, wherever it lies
        destination: Text, Never, "";
        /// `primary`, `replica`, `cluster_member`, `part`, `container` or `restore_test`
        role: Text, NotTold, "";
        /// Whether AWS Backup can make such copies of the resource
        supported: Boolean, NotTold, "feature availability by resource";
        /// Why not
        unsupported_because: Text, Means("it can, or that is not told"), "";
        /// Whether its objective asks for such a copy
        owed: Boolean, NotTold, "audit.yaml";
        /// Whether a plan that covers it makes such copies
        planned: Boolean, NotTold, "CopyActions, TargetLogicallyAirGappedBackupVaultArn";
        /// Whether its objective or a plan asks for such a copy
        expected: Boolean, NotTold, "";
        /// State of the newest such copy job that has ended
        last_state: Text, Means("no such copy job has ended"), "CopyJob.State";
        /// When that job was created
        last_job_s: Integer, Means("no such copy job has ended"), "CopyJob.CreationDate";
        /// Whether the newest such copy succeeded and was not deleted
        last_succeeded: Boolean, NotTold, "";
        /// When the newest copy that succeeded and is not known to be deleted was done; one that was started by hand is as old as what it copied
        copied_s: Integer, NotTold, "CopyJob.CompletionDate";
        /// Age of the newest copy that succeeded, at the moment of judgement
        copy_age_s: Integer, NotTold, "";
        /// Whether there is a newer copy than the newest that was seen: false, or not told where it could not be looked for
        newer_copy: Boolean, NotTold, "";
        /// Time before the moment of judgement in which no such copy job completed and of which no such point is left, as far as that is proven
        none_for_s: Integer, Never, "";
        /// Whether the newest copy that succeeded is proven to exist, or to be deleted
        copy_exists: Boolean, NotTold, "";
        /// Region of the newest copy that succeeded
        copied_to: Text, NotTold, "DestinationBackupVaultArn";
        /// Account of the newest copy that succeeded
        copied_to_account: Text, NotTold, "DestinationBackupVaultArn";
        /// Vault of that copy
        copied_to_vault: Text, NotTold, "DestinationBackupVaultArn";
        /// Why a copy failed
        problem: Text, Means("nothing"), "StatusMessage";
        /// Where the proof lies
        evidence: Text, Never, "";
    }
}

/// Copies as a relation.
pub static FACT: Fact = Fact {
    relation: &Relation {
        name: "copies",
        doc: "Whether the newest copy in another Region, another account or an air-gapped vault succeeded and is there: one row a resource and destination.",
        rows_are: "destinations",
        columns: CopiesRow::COLUMNS,
        rows_rest_on: RESOURCES_REST_ON,
        order: &["destination"],
    },
    reads: &[
        RESOURCES_READ,
        super::PLAN_READS,
        &[super::everywhere("backup_vaults"), super::everywhere("recovery_points"), super::everywhere("copy_jobs")],
    ],
    by_range: false,
    derive,
};

fn derive(inputs: &Inputs<'_>) -> Result<DataFrame, FactError> {
    let (population, coverage) = (inputs.population()?, inputs.coverage()?);
    let vaults = Vaults::read(inputs)?;
    let attempts = Attempts::read(inputs, &population, &vaults)?;
    let mut rows = Vec::with_capacity(population.len() * Destination::ALL.len());
    for (index, resource) in population.iter().enumerate() {
        let objective = inputs.objectives.owed(resource, inputs.snapshot.as_of_s(), schedule::start_window_s(inputs, index)?);
        for destination in Destination::ALL {
            let planned = planned(inputs, resource, &coverage[index], destination, &vaults)?;
            rows.push(row(inputs, index, resource, destination, objective.as_ref(), planned, &attempts));
        }
    }
    Inputs::frame_of(FACT.relation, rows)
}

fn row(
    inputs: &Inputs<'_>,
    index: usize,
    resource: &Resource,
    destination: Destination,
    objective: Option<&Owed>,
    planned: Option<bool>,
    attempts: &Attempts,
) -> CopiesRow {
    let as_of_s = inputs.snapshot.as_of_s();
    let owed = objective.map(|objective| destination.owed(objective));
    let supported = destination.supported(resource);
    let last = attempts.last(index, destination);
    let newest = attempts.newest(inputs, index, destination);
    let copied_s = newest.and_then(|(copy, _)| copy.done_s);
    let copy_age_s = copied_s.map(|done_s| (as_of_s - done_s).max(0));
    let none_for_s = attempts.none_for_s(inputs, index, destination);
    let place = newest.map(|(copy, _)| copy.place.clone()).unwrap_or_default();
    let told = |text: String| (!text.is_empty()).then_some(text);
    CopiesRow {
        subject_arn: Some(resource.arn.clone()),
        subject_type: Some(resource.resource_type.to_owned()),
        account_id: Some(resource.account_id.clone()),
        region: Some(resource.region.clone()),
        destination: Some(destination.word().to_owned()),
        role: resource.role.map(|role| role.word().to_owned()),
        supported,
        unsupported_because: (supported == Some(false)).then(|| destination.unsupported(resource)),
        owed,
        planned,
        expected: or(owed, planned),
        last_state: last.map(|job| job.state.clone()),
        last_job_s: last.map(|job| job.created_s),
        last_succeeded: attempts.succeeded(inputs, resource, index, destination),
        copied_s,
        copy_age_s,
        newer_copy: copy_age_s.filter(|age_s| *age_s <= none_for_s).map(|_| false),
        none_for_s: Some(none_for_s),
        copy_exists: newest.and_then(|(_, existence)| existence.told()),
        copied_to: told(place.region),
        copied_to_account: told(place.account_id),
        copied_to_vault: told(place.vault_arn),
        problem: last.filter(|job| job.succeeded != Some(true)).and_then(|job| job.problem.clone()),
        evidence: Some(evidence(last, newest, resource)),
    }
}

fn evidence(last: Option<&Ended>, newest: Option<(&Ended, Existence)>, resource: &Resource) -> String {
    last.or(newest.map(|(copy, _)| copy)).map_or_else(|| resource.evidence.clone(), |ended| ended.evidence.clone())
}

/// Whether a plan that covers the resource makes copies to a destination.
fn planned(
    inputs: &Inputs<'_>,
    resource: &Resource,
    coverage: &Coverage,
    destination: Destination,
    vaults: &Vaults,
) -> Result<Option<bool>, FactError> {
    let plans = inputs.plans()?;
    let mut planned = coverage.plans_known.then_some(false);
    for plan in coverage.plans().into_iter().map(|plan| &plans[plan]) {
        planned = or(planned, plan.rules_known.then_some(false));
        for rule in &plan.rules {
            let directly = destination == Destination::AirGapped && rule.air_gapped_vault_arn.is_some();
            planned = or(planned, Some(directly));
            for copy in &rule.copies {
                let air_gapped = vaults.air_gapped(&copy.destination_vault_arn);
                let counts = destination.counts(resource, &copy.destination_account_id, &copy.destination_region, air_gapped);
                planned = or(planned, counts);
            }
        }
    }
    Ok(planned)
}
