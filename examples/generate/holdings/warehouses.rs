//! Clusters of Redshift.

use backup_audit::collect::redshift_clusters::RedshiftClusterRow;
use backup_audit::dataset::rows::millis;
use backup_audit::model::key::resource_key;

use super::{Tags, arn, is_here, tagged};
use crate::keys::Key;
use crate::plans::{ACCOUNT, EU, US};
use crate::rows::text;
use crate::world::{Place, World};

struct Item {
    name: &'static str,
    /// Days that automated snapshots are kept.
    kept_days: i64,
    encrypted: bool,
    made_ago: i64,
    /// `None` if AWS does not tell.
    tags: Option<Tags>,
}

const CLUSTERS: [Item; 5] = [
    Item { name: COPIED, kept_days: 14, encrypted: true, made_ago: 400, tags: Some(&[("tier", "standard")]) },
    // AWS's default of one day, and no key.
    Item { name: "bi-sandbox", kept_days: 1, encrypted: false, made_ago: 200, tags: Some(&[("tier", "dev")]) },
    Item { name: "bi-before-merger", kept_days: 0, encrypted: true, made_ago: 900, tags: Some(&[("tier", "standard")]) },
    Item { name: "bi-imported", kept_days: 7, encrypted: true, made_ago: 30, tags: None },
    Item { name: "awsbackup-restore-test-bi", kept_days: 1, encrypted: true, made_ago: 1, tags: Some(&[]) },
];

/// Its snapshots are copied to the other Region.
const COPIED: &str = "bi";

/// The clusters of a Region.
pub(super) fn clusters(world: &World, place: Place) -> Vec<RedshiftClusterRow> {
    let row = |cluster: &Item| {
        let arn = arn("redshift", US, &format!("cluster:{}", cluster.name));
        RedshiftClusterRow {
            resource_key: Some(resource_key(&arn)),
            cluster_arn: Some(arn),
            cluster_identifier: text(cluster.name),
            cluster_status: text(if cluster.kept_days == 0 { "paused" } else { "available" }),
            cluster_create_time: Some(millis(world.timeline.ago(cluster.made_ago))),
            automated_snapshot_retention_period_days: Some(cluster.kept_days),
            copy_destination_region: text(EU).filter(|_| cluster.name == COPIED),
            copy_retention_period_days: (cluster.name == COPIED).then_some(7),
            encrypted: Some(cluster.encrypted),
            kms_key_id: Key::Estate.arn(ACCOUNT, US).filter(|_| cluster.encrypted),
            tags: cluster.tags.map(tagged),
            ..RedshiftClusterRow::default()
        }
    };
    CLUSTERS.iter().filter(|cluster| is_here(world, place, US, cluster.made_ago)).map(row).collect()
}
