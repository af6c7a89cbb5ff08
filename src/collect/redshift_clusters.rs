//! Clusters of Redshift: one row per provisioned cluster, with its retention and the Region that its snapshots are copied to.
//!
//! Calls `DescribeClusters`, which has every field, tags included. Redshift Serverless is another service and not in the list.
//!
//! Key: `cluster_arn`, which the API does not send: it is built from the name. The namespace that the API does send is a different thing, which
//! a restored cluster can take over. Source: Amazon Redshift API Reference, `Cluster` and `ClusterSnapshotCopyStatus`.

use async_trait::async_trait;
use aws_sdk_redshift::types::{Cluster, Tag};

use super::collector::{Collector, Harvest, Operation, ReadError, Unit};
use super::door::RegionDoor;
use super::fields::{millis, resource_key, tags};
use super::pages::Pages;
use crate::dataset::rows::{Json, Row};
use crate::dataset::{Table, TableKind};

crate::rows! {
    /// A cluster of Redshift.
    pub struct RedshiftClusterRow {
        /// ARN of the cluster
        cluster_arn: Text, Never, "built from ClusterIdentifier";
        /// Name of the cluster
        cluster_identifier: Text, NotTold, "ClusterIdentifier";
        /// Integer key of the ARN
        resource_key: Integer, NotTold, "key of cluster_arn";
        /// ARN of the namespace, which outlives the cluster
        cluster_namespace_arn: Text, NotTold, "ClusterNamespaceArn";
        /// State, such as available or paused
        cluster_status: Text, NotTold, "ClusterStatus";
        /// Node type
        node_type: Text, NotTold, "NodeType";
        /// When the cluster was created
        cluster_create_time: Time, NotTold, "ClusterCreateTime";
        /// Days that automated snapshots are kept; 0 says there are none
        automated_snapshot_retention_period_days: Integer, NotTold, "AutomatedSnapshotRetentionPeriod";
        /// Days that manual snapshots are kept by default; -1 says for ever
        manual_snapshot_retention_period_days: Integer, NotTold, "ManualSnapshotRetentionPeriod";
        /// Schedule of automated snapshots
        snapshot_schedule_identifier: Text, Means("the default schedule"), "SnapshotScheduleIdentifier";
        /// Region that snapshots are copied to
        copy_destination_region: Text, Means("snapshots are not copied to another Region"), "ClusterSnapshotCopyStatus.DestinationRegion";
        /// Days that copies of automated snapshots are kept
        copy_retention_period_days: Integer, Means("snapshots are not copied to another Region"), "ClusterSnapshotCopyStatus.RetentionPeriod";
        /// Days that copies of manual snapshots are kept; -1 says for ever
        copy_manual_retention_period_days: Integer, Means("snapshots are not copied to another Region, or no default is told"), "ClusterSnapshotCopyStatus.ManualSnapshotRetentionPeriod";
        /// Whether the cluster is encrypted
        encrypted: Boolean, NotTold, "Encrypted";
        /// KMS key of the cluster
        kms_key_id: Text, Means("no KMS key of the account encrypts it"), "KmsKeyId";
        /// Enabled or Disabled
        multi_az: Text, NotTold, "MultiAZ";
        /// Tags as an object
        tags: Json, NotTold, "Tags";
    }
}

/// The Redshift clusters of a Region.
pub static TABLE: Table = Table {
    name: "redshift_clusters",
    kind: TableKind::State,
    doc: "One row for each provisioned cluster of Redshift.",
    columns: RedshiftClusterRow::COLUMNS,
    key: &["cluster_arn"],
    parent: None,
    created: None,
    global: false,
    subject: Some(("cluster_arn", "AWS::Redshift::Cluster")),
};

const DESCRIBE: Operation = Operation { service: "redshift", name: "DescribeClusters", action: "redshift:DescribeClusters" };

/// Reads [`TABLE`].
pub(crate) struct RedshiftClusters;

#[async_trait]
impl Collector for RedshiftClusters {
    fn tables(&self) -> &'static [&'static Table] {
        const { &[&TABLE] }
    }

    fn operations(&self) -> &'static [Operation] {
        &[DESCRIBE]
    }

    async fn collect(&self, door: &RegionDoor, _unit: &Unit, harvest: &mut Harvest) -> Result<(), ReadError> {
        let mut pages = Pages::of(DESCRIBE.name);
        while pages.more() {
            let request = door.redshift().describe_clusters().max_records(100).set_marker(pages.token());
            let page = request.send().await.map_err(|error| ReadError::from_sdk(DESCRIBE.name, error))?;
            for cluster in pages.items(harvest, "Clusters", page.clusters)? {
                harvest.push(&TABLE, row(door, cluster));
            }
            pages.follow(page.marker)?;
        }
        Ok(())
    }
}

/// The ARN of a cluster of this account.
pub(crate) fn cluster_arn(door: &RegionDoor, region: &str, name: &str) -> String {
    format!("arn:{}:redshift:{region}:{}:cluster:{name}", door.partition(), door.account_id())
}

/// The tags of a Redshift object.
pub(crate) fn redshift_tags(list: Option<Vec<Tag>>) -> Option<Json> {
    tags(list.map(|tags| tags.into_iter().map(|tag| (tag.key, tag.value))))
}

fn row(door: &RegionDoor, cluster: Cluster) -> RedshiftClusterRow {
    let arn = cluster.cluster_identifier.as_deref().map(|name| cluster_arn(door, door.region(), name));
    let (destination, kept_days, manual_days) = cluster
        .cluster_snapshot_copy_status
        .map(|copy| (copy.destination_region, copy.retention_period, copy.manual_snapshot_retention_period))
        .unwrap_or_default();
    RedshiftClusterRow {
        resource_key: resource_key(arn.as_deref()),
        cluster_arn: arn,
        cluster_identifier: cluster.cluster_identifier,
        cluster_namespace_arn: cluster.cluster_namespace_arn,
        cluster_status: cluster.cluster_status,
        node_type: cluster.node_type,
        cluster_create_time: millis(cluster.cluster_create_time),
        automated_snapshot_retention_period_days: cluster.automated_snapshot_retention_period.map(i64::from),
        manual_snapshot_retention_period_days: cluster.manual_snapshot_retention_period.map(i64::from),
        snapshot_schedule_identifier: cluster.snapshot_schedule_identifier,
        copy_destination_region: destination,
        copy_retention_period_days: kept_days,
        copy_manual_retention_period_days: manual_days.map(i64::from),
        encrypted: cluster.encrypted,
        kms_key_id: cluster.kms_key_id,
        multi_az: cluster.multi_az,
        tags: redshift_tags(cluster.tags),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::collect::test_reads::{rds as query, read};

    #[tokio::test]
    async fn pages_become_rows_and_what_is_not_sent_stays_null() {
        let sales = "<Cluster><ClusterIdentifier>sales</ClusterIdentifier><AutomatedSnapshotRetentionPeriod>0</AutomatedSnapshotRetentionPeriod>\
            <ManualSnapshotRetentionPeriod>-1</ManualSnapshotRetentionPeriod><Encrypted>true</Encrypted><ClusterSnapshotCopyStatus>\
            <DestinationRegion>us-east-1</DestinationRegion><RetentionPeriod>7</RetentionPeriod></ClusterSnapshotCopyStatus>\
            <Tags><Tag><Key>stage</Key><Value>prod</Value></Tag></Tags></Cluster>";
        let replies = [
            query(DESCRIBE.name, &format!("<Clusters>{sales}</Clusters><Marker>2</Marker>")).containing("MaxRecords=100"),
            query(DESCRIBE.name, "<Clusters><Cluster><ClusterIdentifier>bare</ClusterIdentifier></Cluster><Cluster/></Clusters>")
                .containing("Marker=2"),
        ];
        let (result, mut harvest) = read(&RedshiftClusters, &Unit::REGION, replies).await;
        result.unwrap();
        assert_eq!((harvest.items(), harvest.refused().len()), (3, 1), "a cluster without name has no ARN and is counted");
        let rows: Vec<RedshiftClusterRow> = harvest.take(&TABLE).rows();
        assert_eq!(rows[0].cluster_arn.as_deref(), Some("arn:aws:redshift:eu-west-1:111122223333:cluster:sales"));
        assert_eq!((rows[0].automated_snapshot_retention_period_days, rows[0].manual_snapshot_retention_period_days), (Some(0), Some(-1)));
        assert_eq!((rows[0].copy_destination_region.as_deref(), rows[0].copy_retention_period_days), (Some("us-east-1"), Some(7)));
        assert_eq!(rows[0].tags, Some(Json(r#"{"stage":"prod"}"#.into())));
        assert_eq!((rows[1].automated_snapshot_retention_period_days, rows[1].encrypted, rows[1].tags.clone()), (None, None, None));
        assert_eq!(rows[1].copy_destination_region, None);
    }
}
