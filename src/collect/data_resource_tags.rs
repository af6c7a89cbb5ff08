//! Tags of resources whose own lists leave them out: tables of `DynamoDB`, caches, log groups. One row per tagged one.
//!
//! Calls `GetResources` of the tagging API, which answers for all of them at once; each service itself would need a call for each resource. It lists
//! only what has tags or once had some: a resource without a row has none, if the read is complete.
//!
//! Key: `resource_arn`.

use async_trait::async_trait;

use super::collector::{Collector, Harvest, Operation, ReadError, Unit};
use super::door::RegionDoor;
use super::resource_tags::{GET, ResourceTagsRow, read};
use crate::dataset::rows::Row;
use crate::dataset::{Table, TableKind};

/// The tags of a Region's tables, caches and log groups.
pub static TABLE: Table = Table {
    name: "data_resource_tags",
    kind: TableKind::State,
    doc: "One row for each DynamoDB table, ElastiCache cache or snapshot, and log group that has tags or once had some.",
    columns: ResourceTagsRow::COLUMNS,
    key: &["resource_arn"],
    parent: None,
    created: None,
    global: false,
    subject: None,
};

/// Resource types asked for, as ARNs of the services name them.
const TYPES: [&str; 6] = [
    "dynamodb:table",
    "elasticache:cluster",
    "elasticache:replicationgroup",
    "elasticache:serverlesscache",
    "elasticache:snapshot",
    "logs:log-group",
];

/// Reads [`TABLE`].
pub(crate) struct DataTags;

#[async_trait]
impl Collector for DataTags {
    fn tables(&self) -> &'static [&'static Table] {
        const { &[&TABLE] }
    }

    fn operations(&self) -> &'static [Operation] {
        &[GET]
    }

    async fn collect(&self, door: &RegionDoor, _unit: &Unit, harvest: &mut Harvest) -> Result<(), ReadError> {
        read(&TABLE, &TYPES, door, harvest).await
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json as value;

    use super::*;
    use crate::collect::test_reads::{json, read as read_replies};
    use crate::dataset::rows::Json;

    #[tokio::test]
    async fn what_data_lies_in_is_asked_for_by_type() {
        let table = "arn:aws:dynamodb:eu-west-1:111122223333:table/orders";
        let answer = value!({ "ResourceTagMappingList": [{ "ResourceARN": table, "Tags": [{ "Key": "stage", "Value": "prod" }] }],
            "PaginationToken": "" });
        let replies = [json(GET.name, &answer).containing(r#""dynamodb:table","elasticache:cluster""#)];
        let (result, mut harvest) = read_replies(&DataTags, &Unit::REGION, replies).await;
        result.unwrap();
        let rows: Vec<ResourceTagsRow> = harvest.take(&TABLE).rows();
        assert_eq!((rows[0].resource_arn.as_deref(), &rows[0].tags), (Some(table), &Some(Json(r#"{"stage":"prod"}"#.into()))));
    }
}
