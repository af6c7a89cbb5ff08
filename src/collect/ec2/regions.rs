//! The Regions that an account can use.

use serde::Deserialize;

use super::Set;
use crate::collect::collector::ReadError;
use crate::collect::door::RegionDoor;
use crate::collect::pages::{answered, unreadable};

const OPERATION: &str = "DescribeRegions";

#[derive(Debug, Deserialize)]
struct Answer {
    #[serde(rename = "regionInfo")]
    regions: Option<Set<Region>>,
}

#[derive(Debug, Deserialize)]
struct Region {
    #[serde(rename = "regionName")]
    name: Option<String>,
    #[serde(rename = "optInStatus")]
    opt_in_status: Option<String>,
}

/// All Regions of the partition with their opt-in status, in AWS's order; what was not sent is `None`.
///
/// # Errors
/// As [`enabled_regions`].
pub(crate) async fn all_regions(door: &RegionDoor) -> Result<Vec<(Option<String>, Option<String>)>, ReadError> {
    let answer: Answer = door.ec2().call(OPERATION, &[("AllRegions", "true")]).await?;
    let regions = answered(OPERATION, "regionInfo", answer.regions)?.item;
    if regions.is_empty() {
        return Err(unreadable(OPERATION, "the answer holds no Region"));
    }
    Ok(regions.into_iter().map(|region| (region.name, region.opt_in_status)).collect())
}

/// The Regions enabled for the account, sorted: those that need no opt-in and those that were opted in to. One call, `ec2:DescribeRegions`.
///
/// Source: Amazon EC2 API Reference, `DescribeRegions`.
///
/// # Errors
/// `ReadError` when the call fails, or when the answer lists no Region, or one without a name: that of the caller at least is enabled.
pub async fn enabled_regions(door: &RegionDoor) -> Result<Vec<String>, ReadError> {
    let answer: Answer = door.ec2().call(OPERATION, &[]).await?;
    let regions = answered(OPERATION, "regionInfo", answer.regions)?.item;
    let names: Option<Vec<String>> = regions.into_iter().map(|region| region.name.filter(|name| !name.is_empty())).collect();
    let mut names = answered(OPERATION, "name of a Region", names)?;
    if names.is_empty() {
        return Err(unreadable(OPERATION, "the answer holds no Region"));
    }
    names.sort_unstable();
    names.dedup();
    Ok(names)
}
