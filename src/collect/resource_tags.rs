//! Tags of vaults and plans: one row per tagged one.
//!
//! Calls `GetResources` of the tagging API, which answers for all of them at once; AWS Backup itself would need a call each. It lists only what
//! has tags or once had some: a vault or plan without a row has none, if the read is complete. Tags of what holds data are in the tables of each service, or in `data_resource_tags`.
//!
//! Key: `resource_arn`.

use async_trait::async_trait;
use aws_sdk_resourcegroupstagging::types::ResourceTagMapping;

use super::collector::{Collector, Harvest, Operation, ReadError, Unit};
use super::door::RegionDoor;
use super::fields::tags;
use super::pages::Pages;
use crate::dataset::rows::Row;
use crate::dataset::{Table, TableKind};

crate::rows! {
    /// The tags of a resource.
    pub struct ResourceTagsRow {
        /// ARN of the resource
        resource_arn: Text, Never, "ResourceARN";
        /// Tags as an object
        tags: Json, NotTold, "Tags";
    }
}

/// The tags of a Region's vaults and plans.
pub static TABLE: Table = Table {
    name: "resource_tags",
    kind: TableKind::State,
    doc: "One row for each backup vault and backup plan that has tags or once had some.",
    columns: ResourceTagsRow::COLUMNS,
    key: &["resource_arn"],
    parent: None,
    created: None,
    global: false,
    subject: None,
};

/// What lists them.
pub(super) const GET: Operation = Operation { service: "tagging", name: "GetResources", action: "tag:GetResources" };

/// Resource types asked for, as ARNs of AWS Backup name them.
const TYPES: [&str; 2] = ["backup:backup-vault", "backup:backup-plan"];

/// Reads [`TABLE`].
pub(crate) struct Tags;

#[async_trait]
impl Collector for Tags {
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

/// Reads the tags of a Region's resources of some types into a table.
///
/// # Errors
/// As the API.
pub(super) async fn read(table: &'static Table, types: &[&str], door: &RegionDoor, harvest: &mut Harvest) -> Result<(), ReadError> {
    let mut pages = Pages::of(GET.name);
    while pages.more() {
        let types = types.iter().map(|&of| of.to_owned()).collect();
        let request = door.tagging().get_resources().set_resource_type_filters(Some(types)).resources_per_page(100);
        let page = request.set_pagination_token(pages.token()).send().await.map_err(|error| ReadError::from_sdk(GET.name, error))?;
        for resource in pages.items(harvest, "ResourceTagMappingList", page.resource_tag_mapping_list)? {
            harvest.push(table, row(resource));
        }
        pages.follow(page.pagination_token)?;
    }
    Ok(())
}

fn row(resource: ResourceTagMapping) -> ResourceTagsRow {
    ResourceTagsRow {
        resource_arn: resource.resource_arn,
        tags: tags(resource.tags.map(|tags| tags.into_iter().map(|tag| (Some(tag.key), Some(tag.value))))),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json as value;

    use super::*;
    use crate::collect::test_reads::{json, read};
    use crate::dataset::rows::Json;

    #[tokio::test]
    async fn pages_become_rows_until_the_token_is_empty() {
        let vault = "arn:aws:backup:eu-west-1:111122223333:backup-vault:prod";
        let first = value!({ "ResourceTagMappingList": [{ "ResourceARN": vault, "Tags": [
            { "Key": "stage", "Value": "prod" }, { "Key": "owner", "Value": "" }
        ] }], "PaginationToken": "2" });
        let last = value!({ "ResourceTagMappingList": [{ "ResourceARN": format!("{vault}-2"), "Tags": [] }, { "Tags": [] }], "PaginationToken": "" });
        let replies = [
            json(GET.name, &first).containing(r#""backup:backup-vault","backup:backup-plan""#),
            json(GET.name, &last).containing(r#""PaginationToken":"2""#),
        ];
        let (result, mut harvest) = read(&Tags, &Unit::REGION, replies).await;
        result.unwrap();
        assert_eq!((harvest.pages(), harvest.items(), harvest.refused().len()), (2, 3, 1), "the resource without ARN is counted");
        let rows: Vec<ResourceTagsRow> = harvest.take(&TABLE).rows();
        assert_eq!(rows[0].tags, Some(Json(r#"{"owner":"","stage":"prod"}"#.into())));
        assert_eq!(rows[1].tags, Some(Json("{}".into())), "tags that were all removed");
    }
}
