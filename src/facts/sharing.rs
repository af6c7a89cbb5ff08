//! Sharing of snapshots: who outside may copy or restore what a person took of a database.
//!
//! Only snapshots that can be shared are asked about: manual ones that AWS Backup did not make. A public one is shared with `all`. An account is
//! outside if no collection looks into it; that it is known to be a friend is for the configuration of the rule to say.
//!
//! Sources: Amazon RDS User Guide, "Sharing a DB snapshot"; RDS API reference, `DBSnapshotAttribute`.

use std::collections::{BTreeMap, BTreeSet};

use polars::prelude::DataFrame;

use super::population::{evidence, json};
use super::{Fact, FactError, Inputs};
use crate::dataset::schema::{Reach, RestsOn};
use crate::dataset::{Relation, Row};

/// What AWS writes where a snapshot is public.
const ALL: &str = "all";
/// What a row says that speaks of no account.
const NOBODY: &str = "nobody";

crate::rows! {
    /// A snapshot and an account it is shared with.
    pub struct SharedRow {
        /// ARN of the snapshot
        subject_arn: Text, Never, "DBSnapshotIdentifier or DBClusterSnapshotIdentifier";
        /// AWS resource type
        subject_type: Text, Never, "";
        /// Account
        account_id: Text, Never, "";
        /// Region
        region: Text, Never, "";
        /// Database that it is a snapshot of
        resource_arn: Text, NotTold, "";
        /// Whether it is encrypted; a public one never is
        encrypted: Boolean, NotTold, "Encrypted, StorageEncrypted";
        /// Whether every account may restore it
        public: Boolean, NotTold, "AttributeValues";
        /// An account that may restore it; `all`, or `nobody` if it is not shared
        shared_with: Text, NotTold, "AttributeValues";
        /// Whether that account is outside the scope
        shared_outside: Boolean, NotTold, "";
        /// Accounts it is shared with, one by one
        shared_count: Integer, NotTold, "";
        /// Where the proof lies
        evidence: Text, Never, "";
    }
}

/// Sharing as a relation.
pub static FACT: Fact = Fact {
    relation: &Relation {
        name: "shared_snapshots",
        doc: "Who may restore a manual snapshot: one row a snapshot and account it is shared with, one row if it is shared with nobody.",
        rows_are: "accounts",
        columns: SharedRow::COLUMNS,
        rows_rest_on: &[
            RestsOn { table: "rds_snapshots", reach: Reach::Region },
            RestsOn { table: "snapshot_attributes", reach: Reach::Parent("subject_arn") },
        ],
        order: &["shared_with"],
    },
    reads: &[&[super::region("rds_snapshots"), RestsOn { table: "snapshot_attributes", reach: Reach::Parent("subject_arn") }]],
    by_range: false,
    derive,
};

crate::rows! {
    /// What is needed of `snapshot_attributes`.
    struct AttributesRow {
        account_id: Text; region: Text; snapshot_arn: Text; is_cluster_snapshot: Boolean; public: Boolean; shared_with: Json; collection: Text;
    }
}

crate::rows! {
    /// What is needed of `rds_snapshots`.
    struct SnapshotRow { snapshot_arn: Text; resource_arn: Text; encrypted: Boolean; }
}

fn derive(inputs: &Inputs<'_>) -> Result<DataFrame, FactError> {
    let accounts: BTreeSet<&str> = inputs.snapshot.scope().iter().map(|(account, _)| account.as_str()).collect();
    let attributes: Vec<AttributesRow> = inputs.rows("snapshot_attributes")?;
    let asked: BTreeSet<&str> = attributes.iter().filter_map(|row| row.snapshot_arn.as_deref()).collect();
    let mut snapshots: BTreeMap<String, SnapshotRow> = BTreeMap::new();
    inputs.each::<SnapshotRow>("rds_snapshots", |row| {
        if let Some(arn) = row.snapshot_arn.clone().filter(|arn| asked.contains(arn.as_str())) {
            snapshots.insert(arn, row);
        }
    })?;
    let mut rows = Vec::new();
    for row in &attributes {
        let arn = row.snapshot_arn.as_deref().unwrap_or_default();
        let with = json::<Vec<String>>("snapshot_attributes", "shared_with", arn, row.shared_with.clone())?;
        rows.extend(of_snapshot(row, with, snapshots.get(arn), &accounts));
    }
    Inputs::frame_of(FACT.relation, rows)
}

/// The rows of a snapshot: one for each account, or a single one.
fn of_snapshot(
    row: &AttributesRow,
    with: Option<Vec<String>>,
    snapshot: Option<&SnapshotRow>,
    accounts: &BTreeSet<&str>,
) -> Vec<SharedRow> {
    let arn = row.snapshot_arn.as_deref().unwrap_or_default();
    let count = with.as_ref().map(|with| i64::try_from(with.len()).unwrap_or(i64::MAX));
    let mut names: BTreeSet<Option<String>> = match with {
        None => BTreeSet::from([None]),
        Some(with) => with.into_iter().map(Some).collect(),
    };
    if row.public == Some(true) {
        names.insert(Some(ALL.to_owned()));
    } else if names.is_empty() {
        names.insert(Some(NOBODY.to_owned()));
    }
    let subject_type = if row.is_cluster_snapshot == Some(true) { "AWS::RDS::DBClusterSnapshot" } else { "AWS::RDS::DBSnapshot" };
    let of = |name: Option<String>| SharedRow {
        subject_arn: Some(arn.to_owned()),
        subject_type: Some(subject_type.to_owned()),
        account_id: row.account_id.clone(),
        region: row.region.clone(),
        resource_arn: snapshot.and_then(|snapshot| snapshot.resource_arn.clone()),
        encrypted: snapshot.and_then(|snapshot| snapshot.encrypted),
        public: row.public,
        shared_outside: name.as_deref().map(|name| name != NOBODY && name != ALL && !accounts.contains(name)),
        shared_with: name,
        shared_count: count,
        evidence: Some(evidence("snapshot_attributes", arn, row.collection.as_deref())),
    };
    names.into_iter().map(of).collect()
}
