//! Buckets of S3. Versions and replication are not backups: a bucket that is emptied takes them along, or repeats it.

use super::{Resource, Source, Told, tags};
use crate::facts::{FactError, Inputs};

const TABLE: &str = "s3_buckets";

/// The buckets; their ARNs tell neither account nor Region.
pub(super) const SOURCE: Source = Source { tables: &[TABLE], beside: &[], arns: &[], read };

crate::rows! {
    /// What the population needs of `s3_buckets`.
    struct BucketRow {
        account_id: Text; region: Text; bucket_arn: Text; bucket_name: Text; creation_date_s: Integer; versioning_status: Text; tags: Json;
        collection: Text;
    }
}

fn read(inputs: &Inputs<'_>) -> Result<Vec<Resource>, FactError> {
    inputs.rows::<BucketRow>(TABLE)?.into_iter().map(|row| of_bucket(inputs, row)).collect()
}

fn of_bucket(inputs: &Inputs<'_>, row: BucketRow) -> Result<Resource, FactError> {
    let told = Told {
        table: TABLE,
        resource_type: "AWS::S3::Bucket",
        tags: tags(TABLE, row.bucket_arn.as_deref().unwrap_or_default(), row.tags)?,
        arn: row.bucket_arn,
        account_id: row.account_id,
        region: row.region,
        name: row.bucket_name,
        engine: None,
        status: None,
        created_s: row.creation_date_s,
        collection: row.collection,
    };
    let mut resource = Resource { natively: Some(false), native_retention_days: Some(0), ..told.resource(inputs) };
    resource.facts.versioning_enabled = row.versioning_status.map(|status| status == "Enabled");
    Ok(resource)
}
