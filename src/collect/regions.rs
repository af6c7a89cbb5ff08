//! Regions: one row for each Region of the partition, with whether the account can use it.
//!
//! Calls `DescribeRegions` with `AllRegions`, once an account. Data can lie only in Regions that are enabled; that the others are off is what this
//! table proves. Source: Amazon EC2 API reference, `DescribeRegions` and `Region`.

use async_trait::async_trait;

use super::collector::{Collector, Harvest, Operation, ReadError, Unit};
use super::door::RegionDoor;
use super::ec2::all_regions;
use crate::dataset::rows::Row;
use crate::dataset::{Table, TableKind};

crate::rows! {
    /// A Region.
    pub struct RegionRow {
        /// Name, such as eu-west-1
        region_name: Text, Never, "RegionName";
        /// opt-in-not-required, opted-in or not-opted-in
        opt_in_status: Text, NotTold, "OptInStatus";
    }
}

/// The table of Regions.
pub static TABLE: Table = Table {
    name: "regions",
    kind: TableKind::State,
    doc: "One row for each Region of the partition, with whether the account can use it.",
    columns: RegionRow::COLUMNS,
    key: &["region_name"],
    parent: None,
    created: None,
    global: true,
    subject: None,
};

const DESCRIBE: Operation = super::accounts::DESCRIBE_REGIONS;

/// Reads [`TABLE`].
pub(crate) struct Regions;

#[async_trait]
impl Collector for Regions {
    fn tables(&self) -> &'static [&'static Table] {
        const { &[&TABLE] }
    }

    fn operations(&self) -> &'static [Operation] {
        &[DESCRIBE]
    }

    async fn collect(&self, door: &RegionDoor, _unit: &Unit, harvest: &mut Harvest) -> Result<(), ReadError> {
        let regions = all_regions(door).await?;
        harvest.page(regions.len());
        for (region_name, opt_in_status) in regions {
            harvest.push(&TABLE, RegionRow { region_name, opt_in_status });
        }
        Ok(())
    }
}
