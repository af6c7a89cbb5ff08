//! What the recovery points of the resources under each objective cost a month, by account: an estimate by list prices, as in `backup_costs`.
//!
//! Each account has a row for every id in `audit.yaml`, and one for the default, which nobody wrote. A resource whose objective is not known may fall
//! under any of them, so that none of the account's sums is then the whole.

use std::collections::{BTreeMap, BTreeSet};

use polars::prelude::DataFrame;

use super::tally::Tally;
use super::{POINTS, of_resources};
use crate::dataset::{Relation, Row};
use crate::facts::objectives::DEFAULT_ID;
use crate::facts::population::{RESOURCES_READ, RESOURCES_REST_ON};
use crate::facts::{Fact, FactError, Inputs, everywhere};

crate::rows! {
    /// What an objective costs in an account.
    pub struct ObjectiveCostRow {
        /// The account's root, and the id of the objective
        subject_arn: Text, Never, "";
        /// Always `objective`
        subject_type: Text, Never, "";
        /// Account
        account_id: Text, Never, "";
        /// Always `global`
        region: Text, Never, "";
        /// The objective
        objective_id: Text, Never, "audit.yaml";
        /// Resources of the account that fall under it, as far as that is known
        resources_count: Integer, Never, "";
        /// Their recovery points that are there, or may be, as far as vaults were read
        points_count: Integer, Never, "";
        /// Those of them that lie in cold storage by their lifecycle
        cold_points_count: Integer, Never, "CalculatedLifecycle.MoveToColdStorageAt";
        /// Those of them whose size, class or price is not known, or that may be gone
        unpriced_points_count: Integer, Never, "";
        /// Their size together, as AWS reports sizes, which differ in meaning by type
        size_bytes: Integer, NotTold, "BackupSizeInBytes";
        /// What those of known cost are estimated at for a month by list prices, in US cents, rounded up; of types with the size of the whole at most
        known_cents: Integer, Never, "BackupSizeInBytes, price list";
        /// The same for all of them; not told where something was not read, an objective is not known, or the cost of a point is not known
        monthly_cents: Integer, NotTold, "BackupSizeInBytes, price list";
        /// True where nothing can come on top of `known_cents`; else not told
        all_counted: Boolean, NotTold, "";
        /// Date of the oldest price list that was used
        priced_on: Text, Means("no price was used"), "price list";
        /// Where the proof lies
        evidence: Text, Never, "";
    }
}

/// Costs of objectives as a relation.
pub static FACT: Fact = Fact {
    relation: &Relation {
        name: "objective_costs",
        doc: "What the recovery points under an objective are estimated to cost a month by list prices: one row an account and objective.",
        rows_are: "objectives",
        columns: ObjectiveCostRow::COLUMNS,
        rows_rest_on: &[],
        order: &["objective_id"],
    },
    reads: &[RESOURCES_READ, &[everywhere(POINTS)]],
    by_range: false,
    derive,
};

/// What is known of an account.
#[derive(Debug, Default)]
struct Account<'a> {
    /// Number and points of the resources under each objective.
    under: BTreeMap<&'a str, (i64, Tally)>,
    /// Whether the objective of a resource is not known.
    undecided: bool,
}

fn derive(inputs: &Inputs<'_>) -> Result<DataFrame, FactError> {
    let population = inputs.population()?;
    let mut accounts: BTreeMap<&str, Account<'_>> = BTreeMap::new();
    let (tallies, nameless) = of_resources(inputs, &population)?;
    for (resource, tally) in population.iter().zip(tallies) {
        let account = accounts.entry(&resource.account_id).or_default();
        let Some((id, _)) = super::objective(inputs, resource) else {
            account.undecided = true;
            continue;
        };
        let (count, sum) = account.under.entry(id).or_default();
        *count += 1;
        sum.add_all(&tally);
    }
    let points_read = inputs.complete_everywhere(POINTS) && !nameless;
    let ids: BTreeSet<&str> = inputs.objectives.ids().chain([DEFAULT_ID]).collect();
    let in_scope: BTreeSet<&str> = inputs.snapshot.scope().iter().map(|(account_id, _)| account_id.as_str()).collect();
    let mut rows = Vec::with_capacity(in_scope.len() * ids.len());
    for account_id in in_scope {
        let account = accounts.remove(account_id).unwrap_or_default();
        let listed = RESOURCES_REST_ON.iter().all(|rest| inputs.complete_in_account(rest.table, account_id));
        let read = points_read && listed && !account.undecided;
        rows.extend(ids.iter().map(|id| row(account_id, id, account.under.get(id).cloned().unwrap_or_default(), read)));
    }
    Inputs::frame_of(FACT.relation, rows)
}

fn row(account_id: &str, id: &str, (resources_count, tally): (i64, Tally), read: bool) -> ObjectiveCostRow {
    let cells = tally.cells(read);
    ObjectiveCostRow {
        subject_arn: Some(format!("arn:aws:iam::{account_id}:root#objective/{id}")),
        subject_type: Some("objective".to_owned()),
        account_id: Some(account_id.to_owned()),
        region: Some("global".to_owned()),
        objective_id: Some(id.to_owned()),
        resources_count: Some(resources_count),
        points_count: Some(tally.points_count),
        cold_points_count: Some(cells.cold_points_count),
        unpriced_points_count: Some(tally.unpriced_points_count),
        size_bytes: cells.size_bytes,
        known_cents: Some(cells.known_cents),
        monthly_cents: cells.monthly_cents,
        all_counted: cells.all_counted,
        priced_on: cells.priced_on,
        evidence: Some(format!("recovery_points of the resources of {account_id}")),
    }
}
