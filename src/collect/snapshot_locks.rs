//! Locks on snapshots of EBS: one row per snapshot that is or was locked.
//!
//! Calls `DescribeLockedSnapshots`. A snapshot without a row was never locked.
//!
//! Key: `snapshot_arn`, built from the id. A compliance lock cannot be taken off once its cooling-off period has passed; a governance lock can be,
//! with the permission. An `expired` lock holds nothing. Source: Amazon EC2 API Reference, `DescribeLockedSnapshots`.

use async_trait::async_trait;
use serde::Deserialize;

use super::collector::{Collector, Harvest, Operation, ReadError, Unit};
use super::door::RegionDoor;
use super::ec2::fields::{moment, shared_arn};
use super::ec2::{Page, Set, list};
use crate::dataset::rows::Row;
use crate::dataset::{Table, TableKind};

crate::rows! {
    /// The lock of a snapshot.
    pub struct SnapshotLockRow {
        /// ARN of the snapshot
        snapshot_arn: Text, Never, "built from SnapshotId";
        /// Id of the snapshot
        snapshot_id: Text, NotTold, "SnapshotId";
        /// Account that owns the snapshot
        owner_id: Text, NotTold, "OwnerId";
        /// compliance, compliance-cooloff, governance or expired
        lock_state: Text, NotTold, "LockState";
        /// How long the snapshot is locked
        lock_duration_days: Integer, NotTold, "LockDuration";
        /// How long a compliance lock can still be changed freely, in hours
        cool_off_period_hours: Integer, Means("no cooling-off period"), "CoolOffPeriod";
        /// When the cooling-off period ends
        cool_off_period_expires_on: Time, Means("no cooling-off period"), "CoolOffPeriodExpiresOn";
        /// When the snapshot was locked
        lock_created_on: Time, NotTold, "LockCreatedOn";
        /// From when the duration counts
        lock_duration_start_time: Time, NotTold, "LockDurationStartTime";
        /// When the lock ends
        lock_expires_on: Time, NotTold, "LockExpiresOn";
    }
}

/// The locks of a Region's snapshots.
pub static TABLE: Table = Table {
    name: "snapshot_locks",
    kind: TableKind::State,
    doc: "One row for each EBS snapshot that is or was locked.",
    columns: SnapshotLockRow::COLUMNS,
    key: &["snapshot_arn"],
    parent: None,
    created: None,
    global: false,
    subject: None,
};

const DESCRIBE: Operation = Operation { service: "ec2", name: "DescribeLockedSnapshots", action: "ec2:DescribeLockedSnapshots" };

/// Reads [`TABLE`].
pub(crate) struct SnapshotLocks;

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Answer {
    snapshot_set: Option<Set<Lock>>,
    next_token: Option<String>,
}

#[derive(Debug, Deserialize)]
#[expect(clippy::struct_field_names, reason = "the names of the wire")]
#[serde(rename_all = "camelCase")]
struct Lock {
    snapshot_id: Option<String>,
    owner_id: Option<String>,
    lock_state: Option<String>,
    lock_duration: Option<i64>,
    cool_off_period: Option<i64>,
    cool_off_period_expires_on: Option<String>,
    lock_created_on: Option<String>,
    lock_duration_start_time: Option<String>,
    lock_expires_on: Option<String>,
}

impl Page for Answer {
    type Item = Lock;
    const LIST: &'static str = "snapshotSet";

    fn parts(self) -> (Option<Set<Lock>>, Option<String>) {
        (self.snapshot_set, self.next_token)
    }
}

#[async_trait]
impl Collector for SnapshotLocks {
    fn tables(&self) -> &'static [&'static Table] {
        const { &[&TABLE] }
    }

    fn operations(&self) -> &'static [Operation] {
        &[DESCRIBE]
    }

    async fn collect(&self, door: &RegionDoor, _unit: &Unit, harvest: &mut Harvest) -> Result<(), ReadError> {
        let push = |harvest: &mut Harvest, lock| harvest.push(&TABLE, row(door, lock));
        list::<Answer>(door, DESCRIBE.name, &[("MaxResults", "500")], harvest, push).await
    }
}

fn row(door: &RegionDoor, lock: Lock) -> SnapshotLockRow {
    SnapshotLockRow {
        snapshot_arn: shared_arn(door, "snapshot", lock.snapshot_id.as_deref()),
        snapshot_id: lock.snapshot_id,
        owner_id: lock.owner_id,
        lock_state: lock.lock_state,
        lock_duration_days: lock.lock_duration,
        cool_off_period_hours: lock.cool_off_period,
        cool_off_period_expires_on: moment(lock.cool_off_period_expires_on.as_deref()),
        lock_created_on: moment(lock.lock_created_on.as_deref()),
        lock_duration_start_time: moment(lock.lock_duration_start_time.as_deref()),
        lock_expires_on: moment(lock.lock_expires_on.as_deref()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::collect::test_reads::{ec2, ec2_error, read};
    use crate::dataset::ReadStatus;
    use crate::dataset::rows::Millis;

    const COOLING: &str = "<item><ownerId>111122223333</ownerId><snapshotId>snap-1</snapshotId><lockState>compliance-cooloff</lockState>\
        <lockDuration>365</lockDuration><coolOffPeriod>24</coolOffPeriod><coolOffPeriodExpiresOn>2026-01-02T00:00:00.000Z</coolOffPeriodExpiresOn>\
        <lockCreatedOn>2026-01-01T00:00:00.000Z</lockCreatedOn><lockExpiresOn>2027-01-01T00:00:00.000Z</lockExpiresOn></item>";
    const GOVERNED: &str = "<item><snapshotId>snap-2</snapshotId><lockState>governance</lockState><lockDuration>1</lockDuration></item>";

    #[tokio::test]
    async fn pages_become_rows_and_what_is_not_sent_stays_null() {
        let replies = [
            ec2(DESCRIBE.name, &format!("<snapshotSet>{COOLING}</snapshotSet><nextToken>2</nextToken>")),
            ec2(DESCRIBE.name, &format!("<snapshotSet>{GOVERNED}</snapshotSet>")).containing("NextToken=2"),
        ];
        let (result, mut harvest) = read(&SnapshotLocks, &Unit::REGION, replies).await;
        result.unwrap();
        let rows: Vec<SnapshotLockRow> = harvest.take(&TABLE).rows();
        assert_eq!(rows[0].snapshot_arn.as_deref(), Some("arn:aws:ec2:eu-west-1::snapshot/snap-1"));
        assert_eq!((rows[0].lock_duration_days, rows[0].cool_off_period_hours), (Some(365), Some(24)));
        assert_eq!(rows[0].cool_off_period_expires_on, Some(Millis(1_767_312_000_000)));
        assert_eq!(
            (rows[1].lock_state.as_deref(), rows[1].cool_off_period_hours, rows[1].lock_expires_on),
            (Some("governance"), None, None)
        );
    }

    #[tokio::test]
    async fn a_denial_on_the_second_page_keeps_the_first() {
        let first = ec2(DESCRIBE.name, &format!("<snapshotSet>{COOLING}</snapshotSet><nextToken>2</nextToken>"));
        let denied = ec2_error(DESCRIBE.name, 403, "UnauthorizedOperation");
        let (result, mut harvest) = read(&SnapshotLocks, &Unit::REGION, [first, denied]).await;
        assert_eq!((result.unwrap_err().status, harvest.take(&TABLE).len()), (ReadStatus::Denied, 1));
    }
}
