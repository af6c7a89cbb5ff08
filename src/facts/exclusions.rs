//! Resources that an objective leaves without backups for a reason that can be looked at: they are versioned, keep no state, or are filled again.
//!
//! A reason holds as far as a service tells: versions are on; every volume goes with its instance; it is a cache. That software needs nothing of what lies
//! there, nobody can read in AWS. Only resources whose objective names a reason have a row, and those of which it is not known whether it does.
//!
//! Sources: Amazon S3 User Guide, "Using versioning in S3 buckets"; Amazon EC2 User Guide, "Preserve data when an instance is terminated".

use std::collections::BTreeMap;

use polars::prelude::DataFrame;
use serde_json::Value;

use super::objectives::{InForce, Premise, and};
use super::population::{RESOURCES_READ, RESOURCES_REST_ON, Resource, json};
use super::{Fact, FactError, Inputs};
use crate::dataset::{Relation, Row};

crate::rows! {
    /// A resource that is left without backups for a reason.
    pub struct ExclusionRow {
        /// ARN of the resource
        subject_arn: Text, Never, "";
        /// AWS resource type
        subject_type: Text, Never, "";
        /// Account
        account_id: Text, Never, "";
        /// Region
        region: Text, Never, "";
        /// The objective that leaves it out
        objective_id: Text, NotTold, "audit.yaml";
        /// Why, as the objective says: `versioned`, `stateless` or `cache`
        premise: Text, NotTold, "audit.yaml";
        /// Whether that is so
        holds: Boolean, NotTold, "Status, DeleteOnTermination";
        /// What shows it, in words
        because: Text, NotTold, "";
        /// Where the proof lies
        evidence: Text, Never, "";
    }
}

/// Exclusions as a relation.
pub static FACT: Fact = Fact {
    relation: &Relation {
        name: "exclusions",
        doc: "Resources that an objective leaves without backups for a reason that can be looked at: one row a resource.",
        rows_are: "exclusions",
        columns: ExclusionRow::COLUMNS,
        rows_rest_on: RESOURCES_REST_ON,
        order: &[],
    },
    reads: &[RESOURCES_READ],
    by_range: false,
    derive,
};

crate::rows! {
    /// What is needed of `ebs_volumes`.
    struct VolumeRow { volume_arn: Text; attachments: Json; }
}

crate::rows! {
    /// What is needed of `ec2_instances`.
    struct InstanceRow { instance_arn: Text; block_device_mappings: Json; }
}

/// Whether every volume of an instance goes with it, or a volume with its instance, by ARN.
type Passing = BTreeMap<String, Option<bool>>;

fn derive(inputs: &Inputs<'_>) -> Result<DataFrame, FactError> {
    if inputs.objectives.written().all(|objective| objective.premise.is_none()) {
        return Inputs::frame_of(FACT.relation, Vec::<ExclusionRow>::new());
    }
    let passing = passing(inputs)?;
    let as_of_s = inputs.snapshot.as_of_s();
    let mut rows = Vec::new();
    for resource in inputs.population()?.iter() {
        let (objective_id, premise) = match inputs.objectives.in_force(resource, as_of_s) {
            InForce::NotKnown => (None, None),
            InForce::Entry(objective) if objective.premise.is_some() => (Some(objective.id.clone()), objective.premise),
            InForce::Default | InForce::Entry(_) => continue,
        };
        let (holds, because) = premise.map(|premise| judged(resource, premise, &passing)).unzip();
        rows.push(ExclusionRow {
            subject_arn: Some(resource.arn.clone()),
            subject_type: Some(resource.resource_type.to_owned()),
            account_id: Some(resource.account_id.clone()),
            region: Some(resource.region.clone()),
            objective_id,
            premise: premise.map(|premise| premise.word().to_owned()),
            holds: holds.flatten(),
            because: because.map(str::to_owned),
            evidence: Some(resource.evidence.clone()),
        });
    }
    Inputs::frame_of(FACT.relation, rows)
}

/// Whether a reason holds for a resource, and what shows it.
fn judged(resource: &Resource, premise: Premise, passing: &Passing) -> (Option<bool>, &'static str) {
    match premise {
        Premise::Versioned if resource.resource_type != "AWS::S3::Bucket" => (Some(false), "only buckets keep versions"),
        Premise::Versioned => match resource.facts.versioning_enabled {
            Some(true) => (Some(true), "new versions are kept"),
            Some(false) => (Some(false), "new versions are not kept"),
            None => (None, "whether new versions are kept was not told"),
        },
        Premise::Stateless if !matches!(resource.resource_type, "AWS::EC2::Instance" | "AWS::EC2::Volume") => {
            (Some(false), "what it is for is to keep data")
        }
        Premise::Stateless => match passing.get(&resource.arn).copied().flatten() {
            Some(true) => (Some(true), "what it writes goes when its instance does"),
            Some(false) => (Some(false), "a volume stays when its instance goes, or has none"),
            None => (None, "whether its volumes go with the instance was not told"),
        },
        Premise::Cache if resource.resource_type.starts_with("AWS::ElastiCache::") => (Some(true), "it is a cache"),
        Premise::Cache => (Some(false), "it is no cache"),
    }
}

/// A volume that is attached nowhere goes with nothing; an instance without volumes leaves none behind.
fn passing(inputs: &Inputs<'_>) -> Result<Passing, FactError> {
    let mut passing = Passing::new();
    for row in inputs.rows::<VolumeRow>("ebs_volumes")? {
        let arn = row.volume_arn.unwrap_or_default();
        let attachments: Option<Vec<Value>> = json("ebs_volumes", "attachments", &arn, row.attachments)?;
        let goes = attachments.and_then(|all| and(Some(!all.is_empty()), every(all.iter())));
        passing.insert(arn, goes);
    }
    for row in inputs.rows::<InstanceRow>("ec2_instances")? {
        let arn = row.instance_arn.unwrap_or_default();
        let devices: Option<Vec<Value>> = json("ec2_instances", "block_device_mappings", &arn, row.block_device_mappings)?;
        let goes = devices.and_then(|all| every(all.iter().filter_map(|device| device.get("Ebs"))));
        passing.insert(arn, goes);
    }
    Ok(passing)
}

/// Whether all of them go with the instance.
fn every<'v>(all: impl Iterator<Item = &'v Value>) -> Option<bool> {
    all.map(|one| one.get("DeleteOnTermination").and_then(Value::as_bool)).fold(Some(true), and)
}
