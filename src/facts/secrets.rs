//! Secrets and their replicas in other Regions. Secrets Manager has no backup: a secret that is not replicated goes with its Region, and no
//! recovery point brings it back.
//!
//! A replica is listed in its own Region with the Region that it repeats, and can be cut loose there. Where AWS says that a replica failed, or is still
//! being made, it holds nothing that could be counted on.
//!
//! Source: AWS Secrets Manager User Guide, "Replicate AWS Secrets Manager secrets across Regions"; API reference, `ReplicationStatusType`.

use polars::prelude::DataFrame;
use serde::Deserialize;

use super::objectives::and;
use super::population::{evidence, json};
use super::{Fact, FactError, Inputs, region};
use crate::dataset::schema::RestsOn;
use crate::dataset::{Relation, Row};

const TABLE: &str = "secrets";

crate::rows! {
    /// A secret and its replicas.
    pub struct SecretCopiesRow {
        /// ARN of the secret
        subject_arn: Text, Never, "ARN";
        /// AWS resource type
        subject_type: Text, Never, "";
        /// Account
        account_id: Text, Never, "";
        /// Region
        region: Text, Never, "";
        /// Name of the secret
        secret_name: Text, NotTold, "Name";
        /// Whether it repeats the secret of another Region
        is_replica: Boolean, Never, "PrimaryRegion";
        /// Whether it waits for its deletion
        to_be_deleted: Boolean, Never, "DeletedDate";
        /// Whether it has replicas in other Regions, and all are in step with it
        replicated: Boolean, NotTold, "DescribeSecret: ReplicationStatus";
        /// Regions with replicas, separated by blanks
        replica_regions: Text, Means("none, or not told"), "DescribeSecret: ReplicationStatus";
        /// Where the proof lies
        evidence: Text, Never, "";
    }
}

const RESTS_ON: &[RestsOn] = &[region(TABLE)];

/// Secrets as a relation.
pub static FACT: Fact = Fact {
    relation: &Relation {
        name: "secret_copies",
        doc: "Secrets and their replicas in other Regions: one row a secret.",
        rows_are: "secrets",
        columns: SecretCopiesRow::COLUMNS,
        rows_rest_on: RESTS_ON,
        order: &[],
    },
    reads: &[RESTS_ON],
    by_range: false,
    derive,
};

crate::rows! {
    /// What is needed of `secrets`.
    struct SecretRow {
        account_id: Text; region: Text; secret_arn: Text; secret_name: Text; deleted_date_s: Integer; primary_region: Text; described: Boolean;
        replication_status: Json; collection: Text;
    }
}

/// A replica, as the API writes it.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Replica {
    region: Option<String>,
    status: Option<String>,
}

fn derive(inputs: &Inputs<'_>) -> Result<DataFrame, FactError> {
    let rows = inputs.rows::<SecretRow>(TABLE)?.into_iter().map(row).collect::<Result<Vec<_>, _>>()?;
    Inputs::frame_of(FACT.relation, rows)
}

fn row(secret: SecretRow) -> Result<SecretCopiesRow, FactError> {
    let arn = secret.secret_arn.unwrap_or_default();
    let replicas: Option<Vec<Replica>> = json(TABLE, "replication_status", &arn, secret.replication_status)?;
    // A secret that was described and shows no replicas has none.
    let replicas = replicas.or_else(|| (secret.described == Some(true)).then(Vec::new));
    let regions = replicas.iter().flatten().filter_map(|replica| replica.region.as_deref()).collect::<Vec<_>>().join(" ");
    let in_step = |replica: &Replica| replica.status.as_deref().map(|status| status == "InSync");
    Ok(SecretCopiesRow {
        evidence: Some(evidence(TABLE, &arn, secret.collection.as_deref())),
        subject_arn: Some(arn),
        subject_type: Some("AWS::SecretsManager::Secret".to_owned()),
        account_id: secret.account_id,
        is_replica: Some(secret.primary_region.is_some() && secret.primary_region != secret.region),
        region: secret.region,
        secret_name: secret.secret_name,
        to_be_deleted: Some(secret.deleted_date_s.is_some()),
        replicated: replicas.as_deref().and_then(|all| and(Some(!all.is_empty()), all.iter().map(in_step).fold(Some(true), and))),
        replica_regions: (!regions.is_empty()).then_some(regions),
    })
}
