//! What the recovery points of each resource cost a month, by list prices: an estimate, not a bill.
//!
//! Counted is what lies in vaults of AWS Backup in the accounts and Regions in scope, copies and points of an earlier life of the resource too. A copy can lie
//! anywhere, so that the whole is only known where every vault was read. Snapshots that services keep themselves are not counted, nor is what is kept of
//! resources that are gone, which only `vault_storage` shows.
//!
//! `known_cents` is what is known for sure to be there; `all_counted` says whether nothing can come on top. `tally` has what the sizes are worth.

use std::collections::BTreeMap;

use polars::prelude::DataFrame;

use self::tally::{StoredRow, Tally};
use super::objectives::{DEFAULT_ID, InForce, Mechanism};
use super::population::{RESOURCES_READ, RESOURCES_REST_ON, Resource};
use super::{Fact, FactError, Inputs, everywhere};
use crate::dataset::{Relation, Row};

pub mod objectives;
pub(super) mod tally;

const POINTS: &str = "recovery_points";

crate::rows! {
    /// What the recovery points of a resource cost.
    pub struct CostRow {
        /// ARN of the resource
        subject_arn: Text, Never, "";
        /// AWS resource type
        subject_type: Text, Never, "";
        /// Account
        account_id: Text, Never, "";
        /// Region
        region: Text, Never, "";
        /// `primary`, `replica`, `cluster_member`, `part`, `container` or `restore_test`
        role: Text, NotTold, "";
        /// The objective in force; that of no entry is the default
        objective_id: Text, NotTold, "audit.yaml";
        /// Whether an objective that was written for it counts recovery points; the default is nobody's wish
        asked: Boolean, NotTold, "audit.yaml";
        /// Recovery points of it that are there, or may be, as far as vaults were read
        points_count: Integer, Never, "";
        /// Those of them that lie in cold storage by their lifecycle
        cold_points_count: Integer, Never, "CalculatedLifecycle.MoveToColdStorageAt";
        /// Those of them whose size, class or price is not known, or that may be gone
        unpriced_points_count: Integer, Never, "";
        /// Their size together, as AWS reports sizes: of EBS, EC2 and databases the whole for each point, of EFS what each job transferred
        size_bytes: Integer, NotTold, "BackupSizeInBytes";
        /// What those of known cost are estimated at for a month by list prices, in US cents, rounded up; of types with the size of the whole at most
        known_cents: Integer, Never, "BackupSizeInBytes, price list";
        /// The same for all of them; not told where a vault was not read, or the cost of one is not known
        monthly_cents: Integer, NotTold, "BackupSizeInBytes, price list";
        /// True where nothing can come on top of `known_cents`: every vault was read, every cost is known, and every size is that of the whole; else not told
        all_counted: Boolean, NotTold, "";
        /// What of `known_cents` no objective that somebody wrote asks for, in US cents
        unasked_cents: Integer, NotTold, "audit.yaml";
        /// Date of the oldest price list that was used
        priced_on: Text, Means("no price was used"), "price list";
        /// Where the proof lies
        evidence: Text, Never, "";
    }
}

/// Costs of resources as a relation.
pub static FACT: Fact = Fact {
    relation: &Relation {
        name: "backup_costs",
        doc: "What the recovery points of a resource are estimated to cost a month by list prices: one row a resource.",
        rows_are: "resources",
        columns: CostRow::COLUMNS,
        rows_rest_on: RESOURCES_REST_ON,
        order: &[],
    },
    reads: &[RESOURCES_READ, &[everywhere(POINTS)]],
    by_range: false,
    derive,
};

fn derive(inputs: &Inputs<'_>) -> Result<DataFrame, FactError> {
    let population = inputs.population()?;
    let (tallies, nameless) = of_resources(inputs, &population)?;
    let read = inputs.complete_everywhere(POINTS) && !nameless;
    let rows = population.iter().zip(tallies).map(|(resource, tally)| row(inputs, resource, &tally, read));
    Inputs::frame_of(FACT.relation, rows.collect::<Vec<_>>())
}

/// The points of each resource, in the order of the population; and whether there is one that names no resource, and so may be of any.
fn of_resources(inputs: &Inputs<'_>, population: &[Resource]) -> Result<(Vec<Tally>, bool), FactError> {
    let indices: BTreeMap<&str, usize> = population.iter().enumerate().map(|(index, resource)| (resource.arn.as_str(), index)).collect();
    let mut tallies = vec![Tally::default(); population.len()];
    let as_of_s = inputs.snapshot.as_of_s();
    let mut nameless = false;
    inputs.each::<StoredRow>(POINTS, |point| {
        nameless |= point.resource_arn.is_none() && point.exists != Some(false);
        if let Some(&index) = point.resource_arn.as_deref().and_then(|arn| indices.get(arn)) {
            tallies[index].add(&point, inputs.prices, as_of_s);
        }
    })?;
    Ok((tallies, nameless))
}

/// The id of the objective that is in force for a resource, and whether somebody wrote it and it counts recovery points; `None` if that is not known.
fn objective<'o>(inputs: &'o Inputs<'_>, resource: &Resource) -> Option<(&'o str, bool)> {
    match inputs.objectives.in_force(resource, inputs.snapshot.as_of_s()) {
        InForce::NotKnown => None,
        InForce::Default => Some((DEFAULT_ID, false)),
        InForce::Entry(objective) => {
            let counted = objective.mechanisms.as_ref().is_none_or(|accepted| accepted.contains(&Mechanism::BackupPoint));
            Some((&objective.id, counted))
        }
    }
}

fn row(inputs: &Inputs<'_>, resource: &Resource, tally: &Tally, read: bool) -> CostRow {
    let (objective_id, asked) = objective(inputs, resource).unzip();
    let cells = tally.cells(read);
    CostRow {
        subject_arn: Some(resource.arn.clone()),
        subject_type: Some(resource.resource_type.to_owned()),
        account_id: Some(resource.account_id.clone()),
        region: Some(resource.region.clone()),
        role: resource.role.map(|role| role.word().to_owned()),
        objective_id: objective_id.map(str::to_owned),
        asked,
        points_count: Some(tally.points_count),
        cold_points_count: Some(cells.cold_points_count),
        unpriced_points_count: Some(tally.unpriced_points_count),
        size_bytes: cells.size_bytes,
        known_cents: Some(cells.known_cents),
        monthly_cents: cells.monthly_cents,
        all_counted: cells.all_counted,
        unasked_cents: asked.map(|asked| if asked { 0 } else { cells.known_cents }),
        priced_on: cells.priced_on,
        evidence: Some(resource.evidence.clone()),
    }
}
