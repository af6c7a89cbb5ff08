//! Databases that somebody deleted in the window, and whether a last snapshot was asked for.
//!
//! One row a deletion that AWS accepted, as `CloudTrail` saw it. With the database its automated backups go, unless they were asked to stay; a last snapshot
//! stays until somebody deletes it. A member of a cluster and a read replica hold nothing of their own and can have none: that a database was one, only a
//! collection from before the deletion can tell, because the name may have been given to another since. A row of each account and Region says whether a
//! deletion may have been missed, because such events were not read over the whole window.
//!
//! Sources: Amazon RDS API reference, `DeleteDBInstance`, `DeleteDBCluster`; Amazon RDS User Guide, "Deleting a DB instance".

use std::collections::BTreeMap;

use polars::prelude::{DataFrame, col, lit};
use serde_json::Value;

use super::population::{evidence, json};
use super::tampering::{all_observed, by_a_service};
use super::{Fact, FactError, Inputs, region};
use crate::dataset::{Relation, Row, frame};

const TABLE: &str = "cloudtrail_events";

/// What deletes a database: the operation, the parameter that names it, how its ARN goes on, its type.
const OPERATIONS: [(&str, &str, &str, &str); 2] = [
    ("DeleteDBInstance", "dBInstanceIdentifier", "db", "AWS::RDS::DBInstance"),
    ("DeleteDBCluster", "dBClusterIdentifier", "cluster", "AWS::RDS::DBCluster"),
];

crate::rows! {
    /// The deletion of a database.
    pub struct PartingRow {
        /// ARN of the database; the account's root and the Region for what may have been missed there
        subject_arn: Text, Never, "CloudTrailEvent: requestParameters";
        /// AWS resource type
        subject_type: Text, Never, "";
        /// Account
        account_id: Text, Never, "";
        /// Region
        region: Text, Never, "";
        /// Whether it held data of its own: false of members of clusters and of replicas, and where no deletion can have been missed
        own_data: Boolean, NotTold, "";
        /// Whether a service deleted it that had made it, as restore tests do
        by_service: Boolean, Never, "CloudTrailEvent: userIdentity";
        /// Whether a last snapshot was asked for
        final_snapshot: Boolean, NotTold, "skipFinalSnapshot, finalDBSnapshotIdentifier";
        /// When it was deleted
        deleted_s: Integer, Means("no deletion that was seen"), "EventTime";
        /// Who deleted it
        actor_arn: Text, NotTold, "CloudTrailEvent: userIdentity.arn";
        /// Id of the event
        event_id: Text, Means("no deletion that was seen"), "EventId";
        /// Where the proof lies
        evidence: Text, Never, "";
    }
}

/// Deletions as a relation.
pub static FACT: Fact = Fact {
    relation: &Relation {
        name: "deleted_databases",
        doc: "Databases that were deleted in the window, and whether a last snapshot was asked for: one row a deletion.",
        rows_are: "deletions",
        columns: PartingRow::COLUMNS,
        // Each place has a row of its own, which speaks for what was not read.
        rows_rest_on: &[],
        order: &["deleted_s", "event_id"],
    },
    reads: &[&[region(TABLE), region("rds_instances"), region("rds_clusters"), region("neptune_clusters"), region("documentdb_clusters")]],
    by_range: false,
    derive,
};

crate::rows! {
    /// What is needed of `cloudtrail_events`.
    struct EventRow {
        account_id: Text; region: Text; event_id: Text; event_name: Text; event_source: Text; event_time_s: Integer; event_type: Text;
        error_code: Text; actor_arn: Text; invoked_by: Text; source_ip_address: Text; request_parameters: Json; collection: Text;
    }
}

crate::rows! {
    /// What is needed of `rds_instances`, in every collection.
    struct InstanceRow { db_instance_arn: Text; db_cluster_identifier: Text; read_replica_source: Text; collected_s: Integer; }
}

crate::rows! {
    /// What is needed of the tables of clusters, in every collection.
    struct ClusterRow { db_cluster_arn: Text; replication_source_identifier: Text; collected_s: Integer; }
}

fn derive(inputs: &Inputs<'_>) -> Result<DataFrame, FactError> {
    let wanted = OPERATIONS.iter().fold(lit(false), |any, (name, ..)| any.or(col("event_name").eq(lit(*name))));
    let events: Vec<EventRow> = frame::from_frame(TABLE, &inputs.snapshot.frame_where(TABLE, wanted)?)?;
    let listed = if events.is_empty() { Listed::new() } else { listed(inputs)? };
    let rows = events.into_iter().filter_map(|event| row(inputs, &listed, event).transpose()).collect::<Result<Vec<_>, _>>()?;
    let places = inputs.snapshot.scope().iter().map(|place| of_place(inputs, place));
    Inputs::frame_of(FACT.relation, rows.into_iter().chain(places))
}

/// What may have been missed in a place.
fn of_place(inputs: &Inputs<'_>, (account_id, region): &(String, String)) -> PartingRow {
    let names = OPERATIONS.iter().map(|(name, ..)| *name);
    PartingRow {
        own_data: all_observed(inputs, names, account_id, region).then_some(false),
        subject_arn: Some(format!("arn:aws:iam::{account_id}:root#region/{region}")),
        subject_type: Some("region".to_owned()),
        account_id: Some(account_id.clone()),
        region: Some(region.clone()),
        by_service: Some(false),
        evidence: Some(format!("{TABLE} of {account_id} in {region}")),
        ..PartingRow::default()
    }
}

/// What each database was that was ever listed: when, and whether it held data of its own.
type Listed = BTreeMap<String, Vec<(i64, bool)>>;

fn listed(inputs: &Inputs<'_>) -> Result<Listed, FactError> {
    let mut listed = Listed::new();
    let mut add = |arn: Option<String>, collected_s: Option<i64>, own: bool| {
        if let Some((arn, collected_s)) = arn.zip(collected_s) {
            listed.entry(arn).or_default().push((collected_s, own));
        }
    };
    for row in frame::from_frame::<InstanceRow>("rds_instances", &inputs.snapshot.past("rds_instances")?)? {
        add(row.db_instance_arn, row.collected_s, row.db_cluster_identifier.is_none() && row.read_replica_source.is_none());
    }
    for table in ["rds_clusters", "neptune_clusters", "documentdb_clusters"] {
        for row in frame::from_frame::<ClusterRow>(table, &inputs.snapshot.past(table)?)? {
            add(row.db_cluster_arn, row.collected_s, row.replication_source_identifier.is_none());
        }
    }
    Ok(listed)
}

/// Whether a database held data of its own when it was deleted. The name may have been given to another since, so that only what was listed before the
/// deletion can say that it did not.
fn own_data(listed: &Listed, arn: &str, deleted_s: i64) -> Option<bool> {
    let looks = listed.get(arn)?;
    let before = looks.iter().any(|(collected_s, _)| *collected_s <= deleted_s);
    if looks.iter().any(|(_, own)| *own) { Some(true) } else { before.then_some(false) }
}

fn row(inputs: &Inputs<'_>, listed: &Listed, event: EventRow) -> Result<Option<PartingRow>, FactError> {
    let by_service = by_a_service(event.event_type.as_deref(), event.invoked_by.as_deref(), event.source_ip_address.as_deref());
    let operation = OPERATIONS.iter().find(|(name, ..)| Some(*name) == event.event_name.as_deref());
    let (Some(deleted_s), Some((_, parameter, kind, subject_type))) = (event.event_time_s, operation) else { return Ok(None) };
    let of_rds = event.event_source.as_deref() == Some("rds.amazonaws.com");
    if !of_rds || event.error_code.is_some() || !(inputs.window.start_s..inputs.window.end_s).contains(&deleted_s) {
        return Ok(None);
    }
    let id = event.event_id.unwrap_or_default();
    let asked: Value = json(TABLE, "request_parameters", &id, event.request_parameters)?.unwrap_or_default();
    let Some(name) = asked.get(parameter).and_then(Value::as_str) else { return Ok(None) };
    let (account_id, region) = (event.account_id.unwrap_or_default(), event.region.unwrap_or_default());
    let arn = format!("arn:aws:rds:{region}:{account_id}:{kind}:{}", name.to_ascii_lowercase());
    Ok(Some(PartingRow {
        subject_type: Some((*subject_type).to_owned()),
        account_id: Some(account_id),
        region: Some(region),
        own_data: own_data(listed, &arn, deleted_s),
        by_service: Some(by_service),
        final_snapshot: final_snapshot(&asked),
        deleted_s: Some(deleted_s),
        actor_arn: event.actor_arn,
        evidence: Some(evidence(TABLE, &id, event.collection.as_deref())),
        event_id: Some(id),
        subject_arn: Some(arn),
    }))
}

/// Whether a deletion that was accepted asked for a last snapshot; without either parameter AWS refuses it, unless there is nothing to keep.
fn final_snapshot(asked: &Value) -> Option<bool> {
    let named = asked.get("finalDBSnapshotIdentifier").and_then(Value::as_str).is_some_and(|name| !name.is_empty());
    let skipped = asked.get("skipFinalSnapshot").and_then(Value::as_bool);
    match (named, skipped) {
        (_, Some(true)) => Some(false),
        (true, _) => Some(true),
        (false, _) => None,
    }
}
