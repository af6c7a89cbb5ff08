//! Conformance packs of AWS Config: one row per pack, with whether it could be deployed.
//!
//! Calls `DescribeConformancePacks` and `DescribeConformancePackStatus`. The compliance of a pack is that of its rules, which `config_compliance`
//! has.
//!
//! Key: `conformance_pack_arn`. Source: AWS Config API Reference, `ConformancePackDetail`, `ConformancePackStatusDetail`.

use std::collections::BTreeMap;

use async_trait::async_trait;
use aws_sdk_config::types::{ConformancePackDetail, ConformancePackStatusDetail};

use super::collector::{Collector, Harvest, Operation, ReadError, Unit};
use super::door::RegionDoor;
use super::fields::{millis, required};
use super::pages::Pages;
use crate::dataset::rows::Row;
use crate::dataset::{Table, TableKind};

crate::rows! {
    /// A conformance pack.
    pub struct ConformancePackRow {
        /// ARN of the pack
        conformance_pack_arn: Text, Never, "ConformancePackArn";
        /// Name of the pack
        conformance_pack_name: Text, NotTold, "ConformancePackName";
        /// Bucket that the template is kept in
        delivery_s3_bucket: Text, Means("no bucket is named"), "DeliveryS3Bucket";
        /// When it was last to be changed
        last_update_requested_time: Time, NotTold, "LastUpdateRequestedTime";
        /// Service that made the pack
        created_by: Text, Means("no service made it"), "CreatedBy";
        /// `CREATE_IN_PROGRESS`, `CREATE_COMPLETE`, `CREATE_FAILED`, `DELETE_IN_PROGRESS` or `DELETE_FAILED`
        conformance_pack_state: Text, NotTold, "DescribeConformancePackStatus: ConformancePackState";
        /// Why a deployment failed
        status_reason: Text, Means("no deployment failed"), "DescribeConformancePackStatus: ConformancePackStatusReason";
        /// When the last change was done
        last_update_completed_time: Time, Means("not done"), "DescribeConformancePackStatus: LastUpdateCompletedTime";
    }
}

/// The conformance packs of a Region.
pub static TABLE: Table = Table {
    name: "conformance_packs",
    kind: TableKind::State,
    doc: "One row for each conformance pack of AWS Config.",
    columns: ConformancePackRow::COLUMNS,
    key: &["conformance_pack_arn"],
    parent: None,
    created: None,
    global: false,
    subject: None,
};

const PACKS: Operation = Operation { service: "config", name: "DescribeConformancePacks", action: "config:DescribeConformancePacks" };
const STATUS: Operation =
    Operation { service: "config", name: "DescribeConformancePackStatus", action: "config:DescribeConformancePackStatus" };

/// Reads [`TABLE`].
pub(crate) struct ConformancePacks;

#[async_trait]
impl Collector for ConformancePacks {
    fn tables(&self) -> &'static [&'static Table] {
        const { &[&TABLE] }
    }

    fn operations(&self) -> &'static [Operation] {
        &[PACKS, STATUS]
    }

    async fn collect(&self, door: &RegionDoor, _unit: &Unit, harvest: &mut Harvest) -> Result<(), ReadError> {
        let mut packs = Vec::new();
        let mut pages = Pages::of(PACKS.name);
        while pages.more() {
            let request = door.config().describe_conformance_packs().limit(20).set_next_token(pages.token());
            let page = request.send().await.map_err(|error| ReadError::from_sdk(PACKS.name, error))?;
            packs.extend(pages.items(harvest, "ConformancePackDetails", page.conformance_pack_details)?);
            pages.follow(page.next_token)?;
        }
        let mut statuses = BTreeMap::new();
        let mut pages = Pages::of(STATUS.name);
        while pages.more() {
            let request = door.config().describe_conformance_pack_status().limit(20).set_next_token(pages.token());
            let page = request.send().await.map_err(|error| ReadError::from_sdk(STATUS.name, error))?;
            for status in super::pages::answered(STATUS.name, "ConformancePackStatusDetails", page.conformance_pack_status_details)? {
                statuses.insert(status.conformance_pack_arn.clone(), status);
            }
            pages.follow(page.next_token)?;
        }
        for pack in packs {
            let status = statuses.remove(&pack.conformance_pack_arn);
            harvest.push(&TABLE, row(pack, status));
        }
        Ok(())
    }
}

fn row(pack: ConformancePackDetail, status: Option<ConformancePackStatusDetail>) -> ConformancePackRow {
    let (state, reason, completed) = status
        .map(|status| {
            let state = required(status.conformance_pack_state.as_str().to_owned());
            (state, status.conformance_pack_status_reason, millis(status.last_update_completed_time))
        })
        .unwrap_or_default();
    ConformancePackRow {
        conformance_pack_arn: required(pack.conformance_pack_arn),
        conformance_pack_name: required(pack.conformance_pack_name),
        delivery_s3_bucket: pack.delivery_s3_bucket.filter(|bucket| !bucket.is_empty()),
        last_update_requested_time: millis(pack.last_update_requested_time),
        created_by: pack.created_by,
        conformance_pack_state: state,
        status_reason: reason,
        last_update_completed_time: completed,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json as value;

    use super::*;
    use crate::collect::test_reads::{json, read};
    use crate::collect::testing::Reply;
    use crate::dataset::ReadStatus;

    #[tokio::test]
    async fn a_pack_and_its_status_are_one_row() {
        let arn = |name: &str| format!("arn:aws:config:eu-west-1:111122223333:conformance-pack/{name}/id");
        let first = value!({ "ConformancePackDetails": [
            { "ConformancePackArn": arn("a"), "ConformancePackName": "a", "LastUpdateRequestedTime": 1_763_000_000 }
        ], "NextToken": "2" });
        let last = value!({ "ConformancePackDetails": [{ "ConformancePackArn": arn("b") }, { "ConformancePackName": "lost" }] });
        let status = value!({ "ConformancePackStatusDetails": [
            { "ConformancePackArn": arn("a"), "ConformancePackState": "CREATE_FAILED", "ConformancePackStatusReason": "no role" }
        ] });
        let replies = [json(PACKS.name, &first), json(PACKS.name, &last).containing(r#""NextToken":"2""#), json(STATUS.name, &status)];
        let (result, mut harvest) = read(&ConformancePacks, &Unit::REGION, replies).await;
        result.unwrap();
        assert_eq!(harvest.refused().len(), 1, "the pack without ARN is counted");
        let rows: Vec<ConformancePackRow> = harvest.take(&TABLE).rows();
        assert_eq!((rows[0].conformance_pack_state.as_deref(), rows[0].status_reason.as_deref()), (Some("CREATE_FAILED"), Some("no role")));
        assert_eq!((rows[1].conformance_pack_state.as_deref(), rows[1].last_update_requested_time), (None, None));
    }

    #[tokio::test]
    async fn packs_of_which_the_status_is_denied_are_a_gap() {
        let packs = json(PACKS.name, &value!({ "ConformancePackDetails": [] }));
        let (result, _) = read(&ConformancePacks, &Unit::REGION, [packs, Reply::denied(STATUS.name)]).await;
        assert_eq!(result.unwrap_err().status, ReadStatus::Denied);
    }
}
