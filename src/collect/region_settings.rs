//! Settings of AWS Backup in a Region: one row per resource type.
//!
//! Calls `DescribeRegionSettings`, which sends two maps; their keys together are the rows. The opt-in decides whether selections by tag take
//! resources of the type; selections that name a resource or its type override it.
//!
//! Key: `resource_type`, with spaces and capitals as AWS writes it (`Aurora`, `SAP HANA on Amazon EC2`).

use std::collections::BTreeSet;

use async_trait::async_trait;

use super::collector::{Collector, Harvest, Operation, ReadError, Unit};
use super::door::RegionDoor;
use super::pages::answered;
use crate::dataset::rows::Row;
use crate::dataset::{Table, TableKind};

crate::rows! {
    /// The settings of a resource type.
    pub struct RegionSettingRow {
        /// Resource type as AWS Backup names it
        resource_type: Text, Never, "keys of both maps";
        /// Whether the Region is opted in for the type
        opt_in: Boolean, NotTold, "ResourceTypeOptInPreference";
        /// Whether AWS Backup manages the backups of the type fully
        management: Boolean, Means("AWS offers no choice for the type"), "ResourceTypeManagementPreference";
    }
}

/// The settings of a Region.
pub static TABLE: Table = Table {
    name: "region_settings",
    kind: TableKind::State,
    doc: "One row for each resource type: whether AWS Backup is opted in for it in the Region, and manages it fully.",
    columns: RegionSettingRow::COLUMNS,
    key: &["resource_type"],
    parent: None,
    created: None,
    global: false,
    subject: None,
};

const DESCRIBE: Operation = Operation { service: "backup", name: "DescribeRegionSettings", action: "backup:DescribeRegionSettings" };

/// Reads [`TABLE`].
pub(crate) struct RegionSettings;

#[async_trait]
impl Collector for RegionSettings {
    fn tables(&self) -> &'static [&'static Table] {
        const { &[&TABLE] }
    }

    fn operations(&self) -> &'static [Operation] {
        &[DESCRIBE]
    }

    async fn collect(&self, door: &RegionDoor, _unit: &Unit, harvest: &mut Harvest) -> Result<(), ReadError> {
        let answer = door.backup().describe_region_settings().send().await;
        let answer = answer.map_err(|error| ReadError::from_sdk(DESCRIBE.name, error))?;
        let opt_in = answered(DESCRIBE.name, "ResourceTypeOptInPreference", answer.resource_type_opt_in_preference)?;
        let management = answer.resource_type_management_preference.unwrap_or_default();
        let types: BTreeSet<&String> = opt_in.keys().chain(management.keys()).collect();
        harvest.page(types.len());
        for resource_type in types {
            harvest.push(
                &TABLE,
                RegionSettingRow {
                    resource_type: Some(resource_type.clone()),
                    opt_in: opt_in.get(resource_type).copied(),
                    management: management.get(resource_type).copied(),
                },
            );
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json as value;

    use super::*;
    use crate::collect::test_reads::{json, read};

    #[tokio::test]
    async fn both_maps_together_are_the_rows() {
        let settings = value!({
            "ResourceTypeOptInPreference": { "RDS": true, "Aurora": false },
            "ResourceTypeManagementPreference": { "DynamoDB": true, "RDS": false }
        });
        let (result, mut harvest) = read(&RegionSettings, &Unit::REGION, [json(DESCRIBE.name, &settings)]).await;
        result.unwrap();
        let rows: Vec<RegionSettingRow> = harvest.take(&TABLE).rows();
        let rows: Vec<_> = rows.iter().map(|row| (row.resource_type.as_deref(), row.opt_in, row.management)).collect();
        let expected = [(Some("Aurora"), Some(false), None), (Some("DynamoDB"), None, Some(true)), (Some("RDS"), Some(true), Some(false))];
        assert_eq!(rows, expected, "a type without opt-in preference is not taken for opted out");
    }
}
