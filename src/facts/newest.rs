//! The newest recovery point of AWS Backup of each resource, as AWS's own control measures it: by its creation, in the vaults of the resource's Region.
//!
//! This is coarser than `exposure`, which asks at every instant and counts from the state of the data; it answers what AWS's console would show.
//! A continuous point keeps its creation date for as long as it goes on, so of it the latest restorable moment of the database counts.
//!
//! Source: AWS Backup developer guide, "Controls and remediation": `BACKUP_LAST_RECOVERY_POINT_CREATED`.

use std::collections::BTreeMap;

use polars::prelude::DataFrame;

use super::objectives::{DEFAULT_ID, Mechanism, and, or};
use super::points::is_continuous;
use super::population::{RESOURCES_READ, RESOURCES_REST_ON, Resource, evidence};
use super::{Fact, FactError, Inputs, schedule};
use crate::dataset::{Relation, Row};

crate::rows! {
    /// The newest recovery point of a resource.
    pub struct NewestRow {
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
        /// Whether its objective counts recovery points of AWS Backup as backups
        counted: Boolean, NotTold, "audit.yaml";
        /// Whether an objective that was written for it does; the default is nobody's wish
        asked: Boolean, NotTold, "audit.yaml";
        /// Age of the resource at the moment of judgement
        resource_age_s: Integer, NotTold, "InstanceCreateTime, ClusterCreateTime";
        /// Whether it has a usable recovery point
        has_point: Boolean, NotTold, "";
        /// When the newest was created; of a continuous one the latest restorable moment
        point_s: Integer, NotTold, "CreationDate, LatestRestorableTime";
        /// Age of that at the moment of judgement
        point_age_s: Integer, NotTold, "";
        /// Whether there is a newer one: false, or not told where a vault was not read
        newer_point: Boolean, NotTold, "";
        /// Usable recovery points in the vaults that were read
        points_count: Integer, Never, "";
        /// Whether it has continuous backups of AWS Backup, going on or stopped, or a plan that covers it says that it should
        continuous: Boolean, NotTold, "RecoveryPointArn, EnableContinuousBackup";
        /// Whether one of them goes on; not told either of one that a plan promises and nobody has seen
        continuous_goes_on: Boolean, NotTold, "Status";
        /// The newest
        recovery_point_arn: Text, NotTold, "RecoveryPointArn";
        /// Where the proof lies
        evidence: Text, Never, "";
    }
}

/// The newest points as a relation.
pub static FACT: Fact = Fact {
    relation: &Relation {
        name: "newest_points",
        doc: "The newest recovery point of AWS Backup in the Region of a resource: one row a resource.",
        rows_are: "resources",
        columns: NewestRow::COLUMNS,
        rows_rest_on: RESOURCES_REST_ON,
        order: &[],
    },
    reads: &[RESOURCES_READ, super::PLAN_READS, &[super::region("recovery_points")]],
    by_range: false,
    derive,
};

crate::rows! {
    /// What is needed of `recovery_points`.
    struct PointRow {
        account_id: Text; region: Text; recovery_point_arn: Text; resource_arn: Text; status: Text; creation_date_s: Integer; exists: Boolean;
        is_parent: Boolean; collection: Text;
    }
}

/// The newest point of a resource.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct Newest {
    /// Creation and ARN of the newest.
    point: Option<(i64, String)>,
    collection: Option<String>,
    count: i64,
    /// Whether one is continuous, going on or stopped.
    continuous: bool,
    /// Whether one of those goes on; `None` if one of them may.
    goes_on: Option<bool>,
    /// Whether a plan that covers it makes continuous backups of it.
    promised: bool,
    /// Whether the time of one was not told.
    untimed: bool,
}

fn derive(inputs: &Inputs<'_>) -> Result<DataFrame, FactError> {
    let population = inputs.population()?;
    let indices: BTreeMap<&str, usize> = population.iter().enumerate().map(|(index, resource)| (resource.arn.as_str(), index)).collect();
    let mut newest = vec![Newest::default(); population.len()];
    inputs.each::<PointRow>("recovery_points", |point| {
        let Some(&index) = point.resource_arn.as_deref().and_then(|arn| indices.get(arn)) else { return };
        let resource = &population[index];
        let at_home = point.account_id.as_ref() == Some(&resource.account_id) && point.region.as_ref() == Some(&resource.region);
        let usable = matches!(point.status.as_deref(), Some("COMPLETED" | "AVAILABLE")) && point.exists == Some(true);
        if !at_home || point.is_parent == Some(true) {
            return;
        }
        if resource.lived_at(point.creation_date_s) == Some(false) {
            return; // a point of an earlier resource of its name holds nothing of this one
        }
        if point.recovery_point_arn.as_deref().is_some_and(is_continuous) && point.exists == Some(true) {
            newest[index].add_continuous(point.status.as_deref());
        }
        if usable {
            newest[index].add(resource, point);
        }
    })?;
    let mut rows = Vec::with_capacity(population.len());
    for ((index, resource), mut newest) in population.iter().enumerate().zip(newest) {
        newest.promised = promised(inputs, index, resource)?;
        let objective = inputs.objectives.owed(resource, inputs.snapshot.as_of_s(), schedule::start_window_s(inputs, index)?);
        let accepted = objective.as_ref().map(|owed| owed.mechanisms.contains(&Mechanism::BackupPoint));
        let asked = and(accepted, objective.map(|owed| owed.id != DEFAULT_ID));
        rows.push(NewestRow { asked, ..row(inputs, resource, newest, and(accepted, resource.is_supported())) });
    }
    Inputs::frame_of(FACT.relation, rows)
}

/// Whether a rule of a plan that covers a resource makes continuous backups of it, as far as is known.
fn promised(inputs: &Inputs<'_>, index: usize, resource: &Resource) -> Result<bool, FactError> {
    if schedule::supports_continuous(resource) != Some(true) {
        return Ok(false);
    }
    let (coverage, plans) = (inputs.coverage()?, inputs.plans()?);
    Ok(coverage[index].plans().into_iter().any(|plan| plans[plan].rules.iter().any(|rule| rule.continuous)))
}

impl Newest {
    /// A continuous point is there. What is being made or deleted, and a word of tomorrow, decide nothing.
    fn add_continuous(&mut self, status: Option<&str>) {
        let on = match status {
            Some("COMPLETED" | "AVAILABLE") => Some(true),
            Some("STOPPED" | "EXPIRED") => Some(false),
            _ => None,
        };
        self.goes_on = if self.continuous { or(self.goes_on, on) } else { on };
        self.continuous = true;
    }

    fn add(&mut self, resource: &Resource, point: PointRow) {
        let arn = point.recovery_point_arn.unwrap_or_default();
        let continuous = is_continuous(&arn);
        self.count += 1;
        let at_s = if continuous { resource.latest_restorable_s } else { point.creation_date_s };
        let Some(at_s) = at_s else {
            self.untimed = true;
            return;
        };
        if self.point.as_ref().is_none_or(|newest| *newest < (at_s, arn.clone())) {
            self.point = Some((at_s, arn));
            self.collection = point.collection;
        }
    }
}

fn row(inputs: &Inputs<'_>, resource: &Resource, newest: Newest, counted: Option<bool>) -> NewestRow {
    let as_of_s = inputs.snapshot.as_of_s();
    // Points of another resource that restore it too are not looked for here.
    let read = resource.through.is_empty() && inputs.complete("recovery_points", &resource.account_id, &resource.region);
    let (point_s, arn) = newest.point.unzip();
    NewestRow {
        subject_arn: Some(resource.arn.clone()),
        subject_type: Some(resource.resource_type.to_owned()),
        account_id: Some(resource.account_id.clone()),
        region: Some(resource.region.clone()),
        role: resource.role.map(|role| role.word().to_owned()),
        counted,
        resource_age_s: resource.created_s.map(|created_s| (as_of_s - created_s).max(0)),
        has_point: if newest.count > 0 { Some(true) } else { read.then_some(false) },
        point_s,
        point_age_s: point_s.map(|point_s| (as_of_s - point_s).max(0)),
        newer_point: (read && !newest.untimed).then_some(false),
        points_count: Some(newest.count),
        continuous: if newest.continuous || newest.promised { Some(true) } else { read.then_some(false) },
        // Another vault may hold one that goes on. One that is promised and was never seen may not have begun, or was deleted.
        continuous_goes_on: if newest.continuous { or(newest.goes_on, read.then_some(false)) } else { None },
        evidence: Some(match &arn {
            Some(arn) => evidence("recovery_points", arn, newest.collection.as_deref()),
            None => resource.evidence.clone(),
        }),
        recovery_point_arn: arn,
        ..NewestRow::default()
    }
}
