//! Clusters of Redshift.

use super::{Resource, Source, Told, tags};
use crate::facts::{FactError, Inputs};

const TABLE: &str = "redshift_clusters";

/// The clusters of Redshift.
pub(super) const SOURCE: Source = Source { tables: &[TABLE], beside: &[], arns: &[("redshift", "cluster:")], read };

crate::rows! {
    /// What the population needs of `redshift_clusters`.
    struct ClusterRow {
        account_id: Text; region: Text; cluster_arn: Text; cluster_identifier: Text; cluster_status: Text; cluster_create_time_s: Integer;
        automated_snapshot_retention_period_days: Integer; tags: Json; collection: Text;
    }
}

fn read(inputs: &Inputs<'_>) -> Result<Vec<Resource>, FactError> {
    inputs.rows::<ClusterRow>(TABLE)?.into_iter().map(|row| of_cluster(inputs, row)).collect()
}

fn of_cluster(inputs: &Inputs<'_>, row: ClusterRow) -> Result<Resource, FactError> {
    let told = Told {
        table: TABLE,
        resource_type: "AWS::Redshift::Cluster",
        tags: tags(TABLE, row.cluster_arn.as_deref().unwrap_or_default(), row.tags)?,
        arn: row.cluster_arn,
        account_id: row.account_id,
        region: row.region,
        name: row.cluster_identifier,
        engine: None,
        status: row.cluster_status,
        created_s: row.cluster_create_time_s,
        collection: row.collection,
    };
    let days = row.automated_snapshot_retention_period_days;
    Ok(Resource { natively: days.map(|days| days > 0), native_retention_days: days, ..told.resource(inputs) })
}
