//! What is gone and still has backups: points of AWS Backup of resources that their service no longer lists.
//!
//! A resource is gone if everything that would list it was read and does not show it. Its points stay until their own lifecycles end: then nothing
//! brings it back. Continuous backups of what is gone end with their window, which is not read here, so that when the last of them goes is not known.
//! A snapshot of a database that somebody took by hand stays until somebody deletes it, and restores it too. Legal holds are not weighed.
//!
//! Source: AWS Backup developer guide, "Deleting backups", "Continuous backups and point-in-time restore".

use std::collections::{BTreeMap, BTreeSet};

use polars::prelude::DataFrame;

use super::coverage::resource_types::{Recognised, type_of_arn};
use super::points::is_continuous;
use super::population::{self, RESOURCES_READ, evidence};
use super::{Fact, FactError, Inputs, account, everywhere};
use crate::dataset::{Relation, Row};
use crate::model::Arn;
use crate::model::moment::DAY_S;

crate::rows! {
    /// A resource that has points.
    pub struct DepartedRow {
        /// ARN of the resource
        subject_arn: Text, Never, "ResourceArn";
        /// Type as AWS Backup names it
        subject_type: Text, Never, "ResourceType";
        /// Account
        account_id: Text, Never, "";
        /// Region
        region: Text, Never, "";
        /// Whether its service no longer lists it
        gone: Boolean, NotTold, "";
        /// Points that can restore it, in every account and Region of the scope
        points_count: Integer, Never, "Status";
        /// When the newest of them was made
        newest_data_s: Integer, NotTold, "CreationDate";
        /// Whether one of them is kept for ever
        kept_forever: Boolean, NotTold, "Lifecycle.DeleteAfterDays";
        /// When the last of them is deleted by its lifecycle
        last_delete_s: Integer, Means("never, or not told"), "CalculatedLifecycle.DeleteAt";
        /// How long until then, from the moment of judgement; not told if one is kept for ever, or of one that was not told
        left_s: Integer, NotTold, "CalculatedLifecycle.DeleteAt";
        /// Where the proof lies
        evidence: Text, Never, "";
    }
}

/// What departed, as a relation.
pub static FACT: Fact = Fact {
    relation: &Relation {
        name: "departed",
        doc: "Whether what has recovery points is still there, and how long its last point stays: one row a resource with points.",
        rows_are: "resources",
        columns: DepartedRow::COLUMNS,
        // A point in any vault of the scope may be the last one.
        rows_rest_on: &[everywhere("recovery_points")],
        order: &[],
    },
    reads: &[RESOURCES_READ, &[everywhere("recovery_points"), everywhere("rds_snapshots"), account("s3_buckets")]],
    by_range: false,
    derive,
};

crate::rows! {
    /// What is needed of `recovery_points`.
    struct PointRow {
        account_id: Text; region: Text; recovery_point_arn: Text; resource_arn: Text; resource_type: Text; status: Text;
        creation_date_s: Integer; delete_after_days: Integer; delete_at_s: Integer; delete_after_event: Text; source_backup_vault_arn: Text;
        parent_recovery_point_arn: Text; exists: Boolean; collection: Text;
    }
}

crate::rows! {
    /// What is needed of `rds_snapshots`.
    struct SnapshotRow { resource_arn: Text; snapshot_type: Text; exists: Boolean; }
}

/// What the points of a resource say together.
#[derive(Debug, Default)]
struct Held {
    resource_type: Option<String>,
    points_count: i64,
    newest_data_s: Option<i64>,
    kept_forever: bool,
    last_delete_s: Option<i64>,
    /// Whether the end of one of them was not told.
    open: bool,
    /// Account and Region of one that is no copy: a backup is made where its resource is. Only the ARN of a bucket does not tell it.
    made_in: Option<(String, String)>,
    /// Account and Region of any of them.
    found_in: Option<(String, String)>,
    evidence: String,
}

fn derive(inputs: &Inputs<'_>) -> Result<DataFrame, FactError> {
    let population = inputs.population()?;
    let mut held: BTreeMap<String, Held> = BTreeMap::new();
    inputs.each::<PointRow>("recovery_points", |point| {
        if let (Some(arn), true) = (point.resource_arn.clone(), usable(&point)) {
            held.entry(arn).or_default().add(point);
        }
    })?;
    let mut by_hand = BTreeSet::new();
    inputs.each::<SnapshotRow>("rds_snapshots", |snapshot| {
        if (snapshot.snapshot_type.as_deref(), snapshot.exists) == (Some("manual"), Some(true)) {
            by_hand.extend(snapshot.resource_arn);
        }
    })?;
    let everywhere_read = ["recovery_points", "rds_snapshots"].iter().all(|table| inputs.complete_everywhere(table));
    let as_of_s = inputs.snapshot.as_of_s();
    // What only may be there gives no row: the gap speaks for it.
    held.retain(|_, held| held.points_count > 0);
    let mut rows = Vec::with_capacity(held.len());
    for (arn, mut held) in held {
        held.kept_forever |= by_hand.contains(&arn);
        let found = population.binary_search_by(|resource| resource.arn.as_str().cmp(arn.as_str())).ok();
        let there = found.is_some();
        let Some(parsed) = Arn::parse(&arn) else { continue };
        let place = found.map(|index| (population[index].account_id.clone(), population[index].region.clone()));
        let is_bucket = parsed.service == "s3" && parsed.account.is_empty();
        let told = (!is_bucket).then(|| (parsed.account.to_owned(), parsed.region.to_owned()));
        let Some((account_id, region)) = place.or(told).or_else(|| held.made_in.clone()).or_else(|| held.found_in.clone()) else {
            continue;
        };
        if !inputs.snapshot.in_scope(&account_id, &region) {
            continue;
        }
        // Whose bucket it was of which only copies are left, and so which list would show it, nobody can say.
        let listed = if is_bucket {
            held.made_in.is_some() && inputs.complete_in_account("s3_buckets", &account_id)
        } else {
            population::listed(inputs, &parsed) == Some(true)
        };
        let resource_type = match type_of_arn(&arn, None) {
            Recognised::Type(of) => of.name().to_owned(),
            _ => held.resource_type.clone().unwrap_or_else(|| "resource".to_owned()),
        };
        // A point in a vault that was not read may stay for longer.
        let last_known = everywhere_read && !held.open && !held.kept_forever;
        rows.push(DepartedRow {
            account_id: Some(account_id),
            region: Some(region),
            subject_type: Some(resource_type),
            gone: if there { Some(false) } else { listed.then_some(true) },
            points_count: Some(held.points_count),
            newest_data_s: held.newest_data_s,
            kept_forever: if held.kept_forever { Some(true) } else { (everywhere_read && !held.open).then_some(false) },
            last_delete_s: held.last_delete_s,
            left_s: held.last_delete_s.filter(|_| last_known).map(|delete_s| (delete_s - as_of_s).max(0)),
            evidence: Some(held.evidence),
            subject_arn: Some(arn),
        });
    }
    Inputs::frame_of(FACT.relation, rows)
}

/// The lesser of two places, so that the order of points does not matter.
fn least(one: Option<(String, String)>, other: Option<(String, String)>) -> Option<(String, String)> {
    match (one, other) {
        (Some(one), Some(other)) => Some(one.min(other)),
        (one, other) => one.or(other),
    }
}

/// Whether a point that is there restores a resource by itself.
fn usable(point: &PointRow) -> bool {
    point.exists != Some(false)
        && point.parent_recovery_point_arn.is_none()
        && matches!(point.status.as_deref(), Some("COMPLETED" | "AVAILABLE"))
}

impl Held {
    fn add(&mut self, point: PointRow) {
        let arn = point.recovery_point_arn.unwrap_or_default();
        let place =
            Arn::parse(&arn).map(|arn| (arn.account.to_owned(), arn.region.to_owned())).filter(|(account_id, _)| !account_id.is_empty());
        let place = place.or_else(|| point.account_id.zip(point.region));
        if point.source_backup_vault_arn.is_none() {
            self.made_in = least(self.made_in.take(), place.clone());
        }
        self.found_in = least(self.found_in.take(), place);
        self.points_count += i64::from(point.exists == Some(true));
        if self.newest_data_s.is_none_or(|newest_s| point.creation_date_s.is_some_and(|created_s| created_s > newest_s)) {
            self.newest_data_s = point.creation_date_s;
            self.evidence = evidence("recovery_points", &arn, point.collection.as_deref());
        }
        self.resource_type = self.resource_type.take().or(point.resource_type);
        let as_source = point.source_backup_vault_arn.is_some() && point.delete_after_days.is_some_and(|days| days < 0);
        self.open |= point.exists.is_none() || point.delete_after_event.is_some() || (as_source && point.delete_at_s.is_none());
        if is_continuous(&arn) {
            self.open = true;
        } else if !as_source && point.delete_after_days.is_none_or(|days| days < 0) && point.delete_at_s.is_none() {
            self.kept_forever = true;
        } else {
            let days = point.delete_after_days.filter(|days| *days >= 0);
            let end_s = point.delete_at_s.or_else(|| Some(point.creation_date_s?.saturating_add(days?.saturating_mul(DAY_S))));
            self.open |= end_s.is_none();
            self.last_delete_s = self.last_delete_s.max(end_s);
        }
    }
}
