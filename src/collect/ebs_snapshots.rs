//! Snapshots of EBS: one row per snapshot that the account owns, those of AWS Backup, DLM and images included.
//!
//! Calls `DescribeSnapshots` for what the account owns, and a second time for those of them that everyone can restore, which gives `is_public` for
//! all of them at once. If the second listing fails, `is_public` is NULL everywhere and the read is partial. With which single accounts a
//! snapshot is shared only a call for each snapshot would tell, so it is not read. Tags are in the list.
//!
//! Key: `snapshot_arn`, built from the id; ARNs of snapshots name no account. `volume_id` can name a volume that is gone; copies and imports have
//! one that never was. Source: Amazon EC2 API Reference, `DescribeSnapshots`.

use std::collections::HashSet;

use async_trait::async_trait;
use serde::Deserialize;

use super::collector::{Collector, Harvest, Operation, ReadError, Unit};
use super::door::RegionDoor;
use super::ec2::fields::{Tag, moment, shared_arn, tag_set};
use super::ec2::{Page, Set, list};
use crate::dataset::rows::Row;
use crate::dataset::{Table, TableKind};

crate::rows! {
    /// A snapshot of a volume.
    pub struct EbsSnapshotRow {
        /// ARN of the snapshot
        snapshot_arn: Text, Never, "built from SnapshotId";
        /// Id of the snapshot
        snapshot_id: Text, NotTold, "SnapshotId";
        /// Volume that was captured
        volume_id: Text, NotTold, "VolumeId";
        /// pending, completed, error, recoverable or recovering; the last two lie in the Recycle Bin
        state: Text, NotTold, "State";
        /// When the snapshot was begun: the moment whose data it holds
        start_time: Time, NotTold, "StartTime";
        /// When the snapshot was complete
        completion_time: Time, NotTold, "CompletionTime";
        /// Size of the volume, in GiB
        volume_size_gib: Integer, NotTold, "VolumeSize";
        /// Size of all blocks that the snapshot refers to, which is not what is billed
        full_snapshot_size_bytes: Integer, NotTold, "FullSnapshotSizeInBytes";
        /// Whether the snapshot is encrypted with a KMS key
        encrypted: Boolean, NotTold, "Encrypted";
        /// KMS key of the snapshot
        kms_key_id: Text, NotTold, "KmsKeyId";
        /// standard or archive; what is archived must be restored to the standard tier first
        storage_tier: Text, NotTold, "StorageTier";
        /// Until when an archived snapshot stays in the standard tier
        restore_expiry_time: Time, Means("not restored from the archive for a time"), "RestoreExpiryTime";
        /// Whether every AWS account can restore it
        is_public: Boolean, NotTold, "whether the listing of what everyone can restore holds it";
        /// Description
        description: Text, NotTold, "Description";
        /// Account that owns the snapshot
        owner_id: Text, NotTold, "OwnerId";
        /// Tags as an object
        tags: Json, NotTold, "Tags";
    }
}

/// The snapshots of a Region.
pub static TABLE: Table = Table {
    name: "ebs_snapshots",
    kind: TableKind::Object,
    doc: "One row for each snapshot of an EBS volume that the account owns.",
    columns: EbsSnapshotRow::COLUMNS,
    key: &["snapshot_arn"],
    parent: None,
    created: Some("start_time"),
    global: false,
    subject: Some(("snapshot_arn", "AWS::EC2::Snapshot")),
};

const DESCRIBE: Operation = Operation { service: "ec2", name: "DescribeSnapshots", action: "ec2:DescribeSnapshots" };

/// Reads [`TABLE`].
pub(crate) struct EbsSnapshots;

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Answer {
    snapshot_set: Option<Set<Snapshot>>,
    next_token: Option<String>,
}

#[derive(Debug, Deserialize)]
#[expect(clippy::struct_field_names, reason = "the names of the wire")]
#[serde(rename_all = "camelCase")]
struct Snapshot {
    snapshot_id: Option<String>,
    volume_id: Option<String>,
    status: Option<String>,
    start_time: Option<String>,
    completion_time: Option<String>,
    volume_size: Option<i64>,
    full_snapshot_size_in_bytes: Option<i64>,
    encrypted: Option<bool>,
    kms_key_id: Option<String>,
    storage_tier: Option<String>,
    restore_expiry_time: Option<String>,
    description: Option<String>,
    owner_id: Option<String>,
    tag_set: Option<Set<Tag>>,
}

impl Page for Answer {
    type Item = Snapshot;
    const LIST: &'static str = "snapshotSet";

    fn parts(self) -> (Option<Set<Snapshot>>, Option<String>) {
        (self.snapshot_set, self.next_token)
    }
}

#[async_trait]
impl Collector for EbsSnapshots {
    fn tables(&self) -> &'static [&'static Table] {
        const { &[&TABLE] }
    }

    fn operations(&self) -> &'static [Operation] {
        &[DESCRIBE]
    }

    async fn collect(&self, door: &RegionDoor, _unit: &Unit, harvest: &mut Harvest) -> Result<(), ReadError> {
        let mut owned = Vec::new();
        let parameters = [("Owner.1", "self"), ("MaxResults", "500")];
        let result = list::<Answer>(door, DESCRIBE.name, &parameters, harvest, |_, snapshot| owned.push(snapshot)).await;
        let public = match &result {
            Ok(()) if !owned.is_empty() => public(door).await.map_err(|error| harvest.failed(error)).ok(),
            _ => None,
        };
        for snapshot in owned {
            harvest.push(&TABLE, row(door, snapshot, public.as_ref()));
        }
        result
    }
}

/// The ids of the account's snapshots that everyone can restore. They come a second time, so they are not counted as items.
async fn public(door: &RegionDoor) -> Result<HashSet<String>, ReadError> {
    let mut ids = HashSet::new();
    let parameters = [("Owner.1", "self"), ("RestorableBy.1", "all"), ("MaxResults", "500")];
    list::<Answer>(door, DESCRIBE.name, &parameters, &mut Harvest::default(), |_, snapshot| ids.extend(snapshot.snapshot_id)).await?;
    Ok(ids)
}

fn row(door: &RegionDoor, snapshot: Snapshot, public: Option<&HashSet<String>>) -> EbsSnapshotRow {
    let is_public = snapshot.snapshot_id.as_ref().and_then(|id| public.map(|public| public.contains(id)));
    EbsSnapshotRow {
        snapshot_arn: shared_arn(door, "snapshot", snapshot.snapshot_id.as_deref()),
        snapshot_id: snapshot.snapshot_id,
        volume_id: snapshot.volume_id,
        state: snapshot.status,
        start_time: moment(snapshot.start_time.as_deref()),
        completion_time: moment(snapshot.completion_time.as_deref()),
        volume_size_gib: snapshot.volume_size,
        full_snapshot_size_bytes: snapshot.full_snapshot_size_in_bytes,
        encrypted: snapshot.encrypted,
        kms_key_id: snapshot.kms_key_id,
        storage_tier: snapshot.storage_tier,
        restore_expiry_time: moment(snapshot.restore_expiry_time.as_deref()),
        is_public,
        description: snapshot.description,
        owner_id: snapshot.owner_id,
        tags: tag_set(snapshot.tag_set),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::collect::test_reads::{ec2, ec2_error, read};
    use crate::collect::testing::Reply;
    use crate::dataset::ReadStatus;
    use crate::dataset::rows::Millis;

    fn snapshots(ids: &[&str], more: &str) -> Reply {
        let items: String = ids.iter().map(|id| format!("<item><snapshotId>{id}</snapshotId></item>")).collect();
        ec2(DESCRIBE.name, &format!("<snapshotSet>{items}</snapshotSet>{more}"))
    }

    async fn is_public(replies: Vec<Reply>) -> (Result<(), ReadError>, Vec<Option<bool>>, usize) {
        let (result, mut harvest) = read(&EbsSnapshots, &Unit::REGION, replies).await;
        let rows: Vec<EbsSnapshotRow> = harvest.take(&TABLE).rows();
        (result, rows.into_iter().map(|row| row.is_public).collect(), harvest.refused().len())
    }

    #[tokio::test]
    async fn pages_become_rows_and_what_is_not_sent_stays_null() {
        let full = "<item><snapshotId>snap-1</snapshotId><volumeId>vol-1</volumeId><status>completed</status><volumeSize>8</volumeSize>\
            <startTime>2026-01-01T00:00:00Z</startTime><encrypted>false</encrypted><storageTier>archive</storageTier><tagSet/></item>";
        let replies = [
            ec2(DESCRIBE.name, &format!("<snapshotSet>{full}</snapshotSet><nextToken>2</nextToken>"))
                .containing("Owner.1=self&MaxResults=500"),
            snapshots(&["snap-2"], "").containing("NextToken=2"),
            snapshots(&[], "").containing("RestorableBy.1=all"),
        ];
        let (result, mut harvest) = read(&EbsSnapshots, &Unit::REGION, replies).await;
        result.unwrap();
        assert_eq!((harvest.pages(), harvest.items()), (2, 2), "of what is owned");
        let rows: Vec<EbsSnapshotRow> = harvest.take(&TABLE).rows();
        assert_eq!(rows[0].snapshot_arn.as_deref(), Some("arn:aws:ec2:eu-west-1::snapshot/snap-1"), "without account");
        assert_eq!((rows[0].start_time, rows[0].encrypted), (Some(Millis(1_767_225_600_000)), Some(false)));
        assert_eq!((rows[0].storage_tier.as_deref(), rows[0].is_public), (Some("archive"), Some(false)));
        assert_eq!((rows[1].encrypted, rows[1].tags.clone(), rows[1].is_public), (None, None, Some(false)));
    }

    #[tokio::test]
    async fn what_everyone_can_restore_is_told_by_a_second_listing() {
        let owned = || snapshots(&["snap-1", "snap-2", "snap-3"], "");
        let (result, seen, _) =
            is_public(vec![owned(), snapshots(&["snap-3"], "<nextToken>2</nextToken>"), snapshots(&["snap-1"], "")]).await;
        assert_eq!((result, seen), (Ok(()), vec![Some(true), Some(false), Some(true)]), "of all its pages");

        let denied = ec2_error(DESCRIBE.name, 403, "UnauthorizedOperation");
        let (result, seen, refused) = is_public(vec![owned(), snapshots(&["snap-3"], "<nextToken>2</nextToken>"), denied]).await;
        assert_eq!((result, seen, refused), (Ok(()), vec![None; 3], 1), "half of a listing tells nothing, and the read is partial");

        let (result, seen, refused) = is_public(vec![owned(), ec2(DESCRIBE.name, "")]).await;
        assert_eq!((result, seen, refused), (Ok(()), vec![None; 3], 1), "no list is not an empty one");

        let (result, seen, _) = is_public(vec![snapshots(&[], "")]).await;
        assert_eq!((result, seen), (Ok(()), vec![]), "where nothing is owned nothing is public");
    }

    #[tokio::test]
    async fn a_denial_on_the_second_page_keeps_the_first() {
        let denied = ec2_error(DESCRIBE.name, 403, "UnauthorizedOperation");
        let (result, seen, _) = is_public(vec![snapshots(&["snap-1"], "<nextToken>2</nextToken>"), denied]).await;
        assert_eq!((result.unwrap_err().status, seen), (ReadStatus::Denied, vec![None]));
    }
}
