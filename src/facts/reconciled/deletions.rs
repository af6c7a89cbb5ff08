//! Deletions of what holds data, as `CloudTrail` saw them.

use std::collections::BTreeMap;

use polars::prelude::{col, lit};
use serde_json::Value;

use crate::dataset::frame;
use crate::facts::population::{evidence, json};
use crate::facts::{FactError, Inputs};
use crate::model::Arn;

const TABLE: &str = "cloudtrail_events";

/// Operations that delete what holds data. Of instances and volumes of EC2, of volumes and file systems of EFS and `FSx` the names are the same.
const NAMES: [&str; 10] = [
    "DeleteBucket",
    "DeleteCacheCluster",
    "DeleteCluster",
    "DeleteDBCluster",
    "DeleteDBInstance",
    "DeleteFileSystem",
    "DeleteReplicationGroup",
    "DeleteServerlessCache",
    "DeleteTable",
    "DeleteVolume",
];
/// The same for instances; a terminated one is listed for an hour more.
const TERMINATE: &str = "TerminateInstances";
/// How long an event can take until it is listed; a read of events speaks for the time before that.
pub(in crate::facts) const DELIVERED_WITHIN_S: i64 = 15 * 60;

crate::rows! {
    /// What is needed of `cloudtrail_events`.
    struct EventRow {
        account_id: Text; region: Text; event_id: Text; event_name: Text; event_source: Text; event_time_s: Integer; error_code: Text; actor_arn: Text;
        resources: Json; request_parameters: Json; collection: Text;
    }
}

/// A deletion.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Deletion {
    /// When.
    pub at_s: i64,
    /// The operation.
    pub event_name: String,
    /// Who.
    pub actor_arn: Option<String>,
    /// Where the proof lies.
    pub evidence: String,
    /// Service that was called, without its domain.
    service: String,
}

/// The newest deletion of each name, by account, Region and name in lower case.
#[derive(Debug, Default)]
pub(super) struct Deletions {
    by_name: BTreeMap<(String, String, String), Vec<Deletion>>,
}

impl Deletions {
    /// Reads them.
    ///
    /// # Errors
    /// As reading the table; cells that are no JSON.
    pub(super) fn read(inputs: &Inputs<'_>) -> Result<Self, FactError> {
        let wanted = NAMES.into_iter().chain([TERMINATE]).fold(lit(false), |any, name| any.or(col("event_name").eq(lit(name))));
        let mut deletions = Self::default();
        for row in frame::from_frame::<EventRow>(TABLE, &inputs.snapshot.frame_where(TABLE, wanted)?)? {
            deletions.add(row)?;
        }
        Ok(deletions)
    }

    /// What was refused deleted nothing. The parameters name what was deleted in a way of each service; any text in them may be the name.
    fn add(&mut self, row: EventRow) -> Result<(), FactError> {
        let (None, Some(at_s)) = (&row.error_code, row.event_time_s) else { return Ok(()) };
        let id = row.event_id.unwrap_or_default();
        let deletion = Deletion {
            at_s,
            event_name: row.event_name.unwrap_or_default(),
            actor_arn: row.actor_arn,
            evidence: evidence(TABLE, &id, row.collection.as_deref()),
            service: row.event_source.unwrap_or_default().split('.').next().unwrap_or_default().to_owned(),
        };
        let mut names = Vec::new();
        for (column, cell) in [("resources", row.resources), ("request_parameters", row.request_parameters)] {
            texts(&json::<Value>(TABLE, column, &id, cell)?.unwrap_or_default(), &mut names);
        }
        names.sort();
        names.dedup();
        let (account_id, region) = (row.account_id.unwrap_or_default(), row.region.unwrap_or_default());
        for name in names {
            self.by_name.entry((account_id.clone(), region.clone(), name)).or_default().push(deletion.clone());
        }
        Ok(())
    }

    /// The newest deletion of a resource.
    pub(super) fn of(&self, arn: &str, account_id: &str, region: &str) -> Option<&Deletion> {
        let parsed = Arn::parse(arn)?;
        let name = parsed.resource.rsplit([':', '/']).next()?;
        let of = |name: &str| self.by_name.get(&(account_id.to_owned(), region.to_owned(), name.to_ascii_lowercase()));
        let found = of(arn).into_iter().chain(of(name)).flatten();
        let deletes = operation(parsed.service, parsed.resource)?;
        found.filter(|deletion| deletion.service == parsed.service && deletion.event_name == deletes).max_by_key(|deletion| deletion.at_s)
    }
}

/// The operation that deletes what has such an ARN: an instance and a cluster of one name are two things.
fn operation(service: &str, resource: &str) -> Option<&'static str> {
    let begins = |beginning: &str| resource.starts_with(beginning);
    match service {
        "rds" if begins("cluster:") => Some("DeleteDBCluster"),
        "rds" => Some("DeleteDBInstance"),
        "dynamodb" => Some("DeleteTable"),
        "s3" => Some("DeleteBucket"),
        "ec2" if begins("instance/") => Some(TERMINATE),
        "ec2" => Some("DeleteVolume"),
        "fsx" if begins("volume/") => Some("DeleteVolume"),
        "elasticfilesystem" | "fsx" => Some("DeleteFileSystem"),
        "elasticache" if begins("replicationgroup:") => Some("DeleteReplicationGroup"),
        "elasticache" if begins("serverlesscache:") => Some("DeleteServerlessCache"),
        "elasticache" => Some("DeleteCacheCluster"),
        "redshift" => Some("DeleteCluster"),
        _ => None,
    }
}

/// Whether the events that were read would tell of a deletion between a moment and now: they reach back to it without a gap. What was deleted
/// within the last minutes may not be listed yet. `None` if not all were read, be it by an older collection, or the moment was not told.
pub(super) fn would_tell(inputs: &Inputs<'_>, account_id: &str, region: &str, since_s: Option<i64>) -> Option<bool> {
    inputs.complete(TABLE, account_id, region).then_some(())?;
    let last = inputs.snapshot.observed(TABLE, account_id, region).pop()?;
    (last.end_s >= inputs.snapshot.as_of_s() - DELIVERED_WITHIN_S).then_some(())?;
    // Where an older collection was refused events, they do not begin after that moment: nobody saw whether it was among them.
    let whole = || inputs.snapshot.tries(TABLE, account_id, region) == inputs.snapshot.complete_reads(TABLE, account_id, region);
    if last.start_s <= since_s? { Some(true) } else { whole().then_some(false) }
}

/// Every text in a value, in lower case: identifiers of RDS and `ElastiCache` are the same in any case.
fn texts(value: &Value, found: &mut Vec<String>) {
    match value {
        Value::String(text) => found.push(text.to_ascii_lowercase()),
        Value::Array(items) => items.iter().for_each(|item| texts(item, found)),
        // The name of a last snapshot is not that of what is deleted.
        Value::Object(fields) => {
            let named = fields.iter().filter(|(name, _)| !name.to_ascii_lowercase().contains("snapshot"));
            named.for_each(|(_, field)| texts(field, found));
        }
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}
