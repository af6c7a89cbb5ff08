//! What is declared about the data that resources hold: the classes of the objective that is in force for each.
//!
//! A member of a cluster holds what the cluster holds, whoever's objective says less. Where the objective rests on something unread nothing is
//! declared, and the answer is that nobody knows.

use std::collections::{BTreeMap, BTreeSet};

use super::objectives::InForce;
use super::population::Resource;
use super::{FactError, Inputs};

/// What is declared about the data of a resource.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Held {
    /// Data of these classes, and of no other.
    Classes(BTreeSet<String>),
    /// Nothing, or the resource has no objective: it may hold anything.
    Undeclared,
    /// Which objective is in force rests on something unread: it may hold anything.
    NotKnown,
}

impl Held {
    /// What two things hold together.
    fn and(self, other: Self) -> Self {
        match (self, other) {
            (Self::NotKnown, _) | (_, Self::NotKnown) => Self::NotKnown,
            (Self::Undeclared, _) | (_, Self::Undeclared) => Self::Undeclared,
            (Self::Classes(mut one), Self::Classes(other)) => {
                one.extend(other);
                Self::Classes(one)
            }
        }
    }
}

/// What is declared about every resource of the population at the moment of judgement, by ARN.
///
/// # Errors
/// As deriving the population.
pub fn held(inputs: &Inputs<'_>) -> Result<BTreeMap<String, Held>, FactError> {
    let population = inputs.population()?;
    let declared = |resource: &Resource| match inputs.objectives.in_force(resource, inputs.snapshot.as_of_s()) {
        InForce::NotKnown => Held::NotKnown,
        InForce::Entry(objective) if !objective.data_class.is_undeclared() => {
            Held::Classes(objective.data_class.words().iter().cloned().collect())
        }
        InForce::Entry(_) | InForce::Default => Held::Undeclared,
    };
    let place = |resource: &Resource, name: &str| (resource.account_id.clone(), resource.region.clone(), name.to_owned());
    let clusters: BTreeMap<_, _> = population
        .iter()
        .filter(|resource| resource.resource_type.ends_with("::DBCluster"))
        .map(|cluster| (place(cluster, &cluster.name), declared(cluster)))
        .collect();
    let of = |resource: &Resource| {
        let own = declared(resource);
        let Some(name) = &resource.cluster else { return own };
        own.and(clusters.get(&place(resource, name)).cloned().unwrap_or(Held::NotKnown))
    };
    Ok(population.iter().map(|resource| (resource.arn.clone(), of(resource))).collect())
}
