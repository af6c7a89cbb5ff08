//! With whom snapshots of databases are shared: one row per snapshot that can be shared.
//!
//! Calls `DescribeDBSnapshotAttributes` or `DescribeDBClusterSnapshotAttributes` for each snapshot of `rds_snapshots` that is `manual` and was not
//! made by AWS Backup, and for those whose type AWS did not tell. Automated snapshots cannot be shared.
//!
//! Key: `snapshot_arn`. The value `all` of the attribute `restore` makes a snapshot public; the others are accounts. A snapshot that is gone by
//! the time it is asked for is a gap.

use async_trait::async_trait;

use super::collector::{Collector, Foretold, Harvest, Operation, ReadError, Unit};
use super::door::RegionDoor;
use super::fields::{id_after, list};
use super::pages::{answered, unreadable};
use super::rds_snapshots;
use crate::dataset::rows::Row;
use crate::dataset::{Batch, Table, TableKind};

crate::rows! {
    /// Whom a snapshot is shared with.
    pub struct SnapshotAttributeRow {
        /// ARN of the snapshot
        snapshot_arn: Text, Never, "ARN of the snapshot that was asked";
        /// Whether it is a snapshot of a cluster
        is_cluster_snapshot: Boolean, Never, "type in the ARN";
        /// Whether every AWS account can restore it
        public: Boolean, NotTold, "whether the attribute restore holds all";
        /// Accounts that can restore it, sorted
        shared_with: Json, NotTold, "values of the attribute restore without all";
        /// Number of these accounts
        shared_with_count: Integer, NotTold, "number of values of the attribute restore without all";
    }
}

/// The sharing of a Region's snapshots.
pub static TABLE: Table = Table {
    name: "snapshot_attributes",
    kind: TableKind::State,
    doc: "One row for each manual snapshot of a database: whether it is public, and which accounts it is shared with.",
    columns: SnapshotAttributeRow::COLUMNS,
    key: &["snapshot_arn"],
    parent: Some("snapshot_arn"),
    created: None,
    global: false,
    subject: None,
};

const INSTANCE: Operation = Operation { service: "rds", name: "DescribeDBSnapshotAttributes", action: "rds:DescribeDBSnapshotAttributes" };
const CLUSTER: Operation =
    Operation { service: "rds", name: "DescribeDBClusterSnapshotAttributes", action: "rds:DescribeDBClusterSnapshotAttributes" };

/// Names that AWS Backup gives to what it makes; of clusters these are manual snapshots like others.
const OF_AWS_BACKUP: &str = "awsbackup:";

/// Reads [`TABLE`].
pub(crate) struct SnapshotAttributes;

#[async_trait]
impl Collector for SnapshotAttributes {
    fn tables(&self) -> &'static [&'static Table] {
        const { &[&TABLE] }
    }

    fn operations(&self) -> &'static [Operation] {
        &[INSTANCE, CLUSTER]
    }

    fn parents(&self) -> Option<(&'static Table, &'static str)> {
        Some((&rds_snapshots::TABLE, "snapshot_arn"))
    }

    fn units(&self, parents: Option<&Batch>, _started_s: i64) -> Vec<Unit> {
        let snapshots = parents.map(Batch::rows::<rds_snapshots::SnapshotRow>).unwrap_or_default();
        let shareable = snapshots.into_iter().filter(|snapshot| {
            let name = snapshot.snapshot_arn.as_deref().and_then(name).map(|(_, name)| name);
            snapshot.snapshot_type.as_deref().is_none_or(|kind| kind == "manual")
                && !name.is_some_and(|name| name.starts_with(OF_AWS_BACKUP))
        });
        shareable.filter_map(|snapshot| snapshot.snapshot_arn).map(|arn| Unit { parent: Some(arn), range: None }).collect()
    }

    fn foretold(&self) -> &'static [(Operation, Foretold)] {
        &[(INSTANCE, Foretold::OneByOne), (CLUSTER, Foretold::OneByOne)]
    }

    async fn collect(&self, door: &RegionDoor, unit: &Unit, harvest: &mut Harvest) -> Result<(), ReadError> {
        let arn = unit.parent.as_deref().unwrap_or_default();
        let (is_cluster, name) =
            name(arn).ok_or_else(|| unreadable(INSTANCE.name, &format!("`{arn}` is not the ARN of a snapshot of a database")))?;
        let accounts = if is_cluster { of_cluster(door, name).await? } else { of_instance(door, name).await? };
        harvest.page(1);
        harvest.push(&TABLE, row(arn, is_cluster, accounts));
        Ok(())
    }
}

/// Whether an ARN is of a cluster's snapshot, and the name in it.
fn name(arn: &str) -> Option<(bool, &str)> {
    let instance = id_after(arn, &["snapshot"]).map(|name| (false, name));
    instance.or_else(|| id_after(arn, &["cluster-snapshot"]).map(|name| (true, name)))
}

/// Who can restore a snapshot of an instance; `None` if AWS does not say.
async fn of_instance(door: &RegionDoor, name: &str) -> Result<Option<Vec<String>>, ReadError> {
    let answer = door.rds().describe_db_snapshot_attributes().db_snapshot_identifier(name).send().await;
    let answer = answer.map_err(|error| ReadError::from_sdk(INSTANCE.name, error))?;
    let result = answered(INSTANCE.name, "DBSnapshotAttributesResult", answer.db_snapshot_attributes_result)?;
    let attributes = answered(INSTANCE.name, "DBSnapshotAttributes", result.db_snapshot_attributes)?;
    Ok(restore(attributes.into_iter().map(|attribute| (attribute.attribute_name, attribute.attribute_values))))
}

/// Who can restore a snapshot of a cluster; `None` if AWS does not say.
async fn of_cluster(door: &RegionDoor, name: &str) -> Result<Option<Vec<String>>, ReadError> {
    let answer = door.rds().describe_db_cluster_snapshot_attributes().db_cluster_snapshot_identifier(name).send().await;
    let answer = answer.map_err(|error| ReadError::from_sdk(CLUSTER.name, error))?;
    let result = answered(CLUSTER.name, "DBClusterSnapshotAttributesResult", answer.db_cluster_snapshot_attributes_result)?;
    let attributes = answered(CLUSTER.name, "DBClusterSnapshotAttributes", result.db_cluster_snapshot_attributes)?;
    Ok(restore(attributes.into_iter().map(|attribute| (attribute.attribute_name, attribute.attribute_values))))
}

fn restore(mut attributes: impl Iterator<Item = (Option<String>, Option<Vec<String>>)>) -> Option<Vec<String>> {
    attributes.find(|(name, _)| name.as_deref() == Some("restore")).and_then(|(_, values)| values)
}

fn row(arn: &str, is_cluster: bool, values: Option<Vec<String>>) -> SnapshotAttributeRow {
    let public = values.as_ref().map(|values| values.iter().any(|value| value == "all"));
    let accounts = values.map(|mut values| {
        values.retain(|value| value != "all");
        values.sort_unstable();
        values.dedup();
        values
    });
    SnapshotAttributeRow {
        snapshot_arn: Some(arn.to_owned()),
        is_cluster_snapshot: Some(is_cluster),
        public,
        shared_with_count: accounts.as_ref().and_then(|accounts| i64::try_from(accounts.len()).ok()),
        shared_with: list(accounts),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::collect::rds_snapshots::SnapshotRow;
    use crate::collect::test_reads::{of_parent, rds, rds_denied, read};
    use crate::collect::testing::{Reply, xml_error};
    use crate::dataset::ReadStatus;
    use crate::dataset::rows::Json;

    const HOME: &str = "arn:aws:rds:eu-west-1:111122223333";

    fn instance(attributes: &str) -> Reply {
        let result =
            format!("<DBSnapshotAttributesResult><DBSnapshotAttributes>{attributes}</DBSnapshotAttributes></DBSnapshotAttributesResult>");
        rds(INSTANCE.name, &result).containing("DBSnapshotIdentifier=before-upgrade")
    }

    fn attribute(name: &str, values: &str) -> String {
        format!("<DBSnapshotAttribute><AttributeName>{name}</AttributeName>{values}</DBSnapshotAttribute>")
    }

    fn values(values: &[&str]) -> String {
        let values: String = values.iter().map(|value| format!("<AttributeValue>{value}</AttributeValue>")).collect();
        format!("<AttributeValues>{values}</AttributeValues>")
    }

    #[tokio::test]
    async fn whom_a_snapshot_is_shared_with_is_told_or_null() {
        let both = ["444455556666", "all", "222233334444", "444455556666"];
        // the attributes, public, the accounts, what it shows
        for (attributes, public, accounts, shows) in [
            (attribute("restore", &values(&[])), Some(false), Some("[]"), "shared with nobody"),
            (attribute("restore", "<AttributeValues/>"), Some(false), Some("[]"), "the same, written shorter"),
            (attribute("restore", &values(&["all"])), Some(true), Some("[]"), "public"),
            (attribute("restore", &values(&both)), Some(true), Some(r#"["222233334444","444455556666"]"#), "each account once, sorted"),
            (attribute("other", &values(&["all"])), None, None, "another attribute says nothing of restores"),
            (attribute("restore", ""), None, None, "no values were sent"),
        ] {
            let unit = of_parent(&format!("{HOME}:snapshot:before-upgrade"));
            let (result, mut harvest) = read(&SnapshotAttributes, &unit, [instance(&attributes)]).await;
            result.unwrap();
            let row: SnapshotAttributeRow = harvest.take(&TABLE).rows().remove(0);
            assert_eq!((row.public, row.shared_with.clone()), (public, accounts.map(|text| Json(text.into()))), "{shows}");
            assert_eq!((row.is_cluster_snapshot, row.shared_with_count.is_some()), (Some(false), accounts.is_some()), "{shows}");
        }
    }

    #[tokio::test]
    async fn snapshots_of_clusters_have_a_call_of_their_own() {
        let attribute = "<DBClusterSnapshotAttribute><AttributeName>restore</AttributeName><AttributeValues>\
            <AttributeValue>444455556666</AttributeValue></AttributeValues></DBClusterSnapshotAttribute>";
        let result = format!(
            "<DBClusterSnapshotAttributesResult><DBClusterSnapshotAttributes>{attribute}</DBClusterSnapshotAttributes></DBClusterSnapshotAttributesResult>"
        );
        let reply = rds(CLUSTER.name, &result).containing("DBClusterSnapshotIdentifier=shop-1");
        let arn = format!("{HOME}:cluster-snapshot:shop-1");
        let (result, mut harvest) = read(&SnapshotAttributes, &of_parent(&arn), [reply]).await;
        result.unwrap();
        let row: SnapshotAttributeRow = harvest.take(&TABLE).rows().remove(0);
        assert_eq!((row.snapshot_arn, row.is_cluster_snapshot, row.shared_with_count), (Some(arn), Some(true), Some(1)));
    }

    #[tokio::test]
    async fn a_snapshot_that_is_gone_or_denied_is_a_gap() {
        let gone = Reply::error(CLUSTER.name, 404, xml_error("DBClusterSnapshotNotFoundFault", "not found"));
        for (reply, status) in [(gone, ReadStatus::Unavailable), (rds_denied(CLUSTER.name), ReadStatus::Denied)] {
            let unit = of_parent(&format!("{HOME}:cluster-snapshot:shop-1"));
            let (result, mut harvest) = read(&SnapshotAttributes, &unit, [reply]).await;
            let error = result.unwrap_err();
            assert_eq!((error.status, error.operation.as_str(), harvest.take(&TABLE).len()), (status, CLUSTER.name, 0));
        }
    }

    #[test]
    fn only_what_can_be_shared_is_asked_for() {
        let snapshot = |arn: &str, snapshot_type: Option<&str>| SnapshotRow {
            snapshot_arn: Some(format!("{HOME}:{arn}")),
            snapshot_type: snapshot_type.map(str::to_owned),
            ..SnapshotRow::default()
        };
        // the snapshot, whether it is asked for
        let cases = [
            (snapshot("snapshot:before-upgrade", Some("manual")), true),
            (snapshot("cluster-snapshot:shop-1", Some("manual")), true),
            (snapshot("snapshot:rds:orders-2026-11-19", Some("automated")), false),
            (snapshot("snapshot:awsbackup:job-1", Some("awsbackup")), false),
            (snapshot("cluster-snapshot:awsbackup:job-2", Some("manual")), false),
            (snapshot("snapshot:of-unknown-type", None), true),
        ];
        let expected: Vec<_> = cases.iter().filter(|(_, asked)| *asked).map(|(row, _)| row.snapshot_arn.clone()).collect();
        let batch = Batch::from_rows(cases.map(|(row, _)| row));
        let units: Vec<_> = SnapshotAttributes.units(Some(&batch), 0).into_iter().map(|unit| unit.parent).collect();
        assert_eq!(units, expected);
    }
}
