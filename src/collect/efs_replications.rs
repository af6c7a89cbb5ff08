//! Replications of EFS: one row per destination of each file system that is replicated from or to the Region.
//!
//! Calls `DescribeReplicationConfigurations` without a file system, which lists all of the Region. EFS may answer `ReplicationNotFound` where
//! there are none.
//!
//! Key: source, destination and its Region. A replica follows its source, deletions included: it is no backup.
//! Source: Amazon EFS API Reference, `DescribeReplicationConfigurations`.

use async_trait::async_trait;
use aws_sdk_efs::operation::describe_replication_configurations::DescribeReplicationConfigurationsError;
use aws_sdk_efs::types::{Destination, ReplicationConfigurationDescription};

use super::collector::{Collector, Harvest, Operation, ReadError, Unit};
use super::door::RegionDoor;
use super::fields::{millis, required, required_millis, required_word};
use super::members::HoldsEach;
use super::pages::Pages;
use crate::dataset::rows::Row;
use crate::dataset::{Table, TableKind};

crate::rows! {
    /// A destination of a replication.
    pub struct EfsReplicationRow {
        /// ARN of the file system that is replicated
        source_file_system_arn: Text, Never, "SourceFileSystemArn";
        /// Region of the source
        source_file_system_region: Text, NotTold, "SourceFileSystemRegion";
        /// Account of the source
        source_file_system_owner_id: Text, NotTold, "SourceFileSystemOwnerId";
        /// When the replication was set up
        creation_time: Time, NotTold, "CreationTime";
        /// Id of the file system that is replicated to
        destination_file_system_id: Text, Never, "Destinations.FileSystemId";
        /// Region of the destination
        destination_region: Text, Never, "Destinations.Region";
        /// Account of the destination
        destination_owner_id: Text, NotTold, "Destinations.OwnerId";
        /// ENABLED, ENABLING, DELETING, ERROR, PAUSED or PAUSING
        status: Text, NotTold, "Destinations.Status";
        /// Why the replication is in its state
        status_message: Text, NotTold, "Destinations.StatusMessage";
        /// Up to when all changes of the source are in the destination
        last_replicated_timestamp: Time, Means("not replicated yet"), "Destinations.LastReplicatedTimestamp";
    }
}

/// The replications of a Region.
pub static TABLE: Table = Table {
    name: "efs_replications",
    kind: TableKind::State,
    doc: "One row for each destination of each EFS file system that is replicated from or to the Region.",
    columns: EfsReplicationRow::COLUMNS,
    key: &["source_file_system_arn", "destination_file_system_id", "destination_region"],
    parent: None,
    created: None,
    global: false,
    subject: None,
};

const DESCRIBE: Operation = Operation {
    service: "elasticfilesystem",
    name: "DescribeReplicationConfigurations",
    action: "elasticfilesystem:DescribeReplicationConfigurations",
};

/// Reads [`TABLE`].
pub(crate) struct EfsReplications;

#[async_trait]
impl Collector for EfsReplications {
    fn tables(&self) -> &'static [&'static Table] {
        const { &[&TABLE] }
    }

    fn operations(&self) -> &'static [Operation] {
        &[DESCRIBE]
    }

    async fn collect(&self, door: &RegionDoor, _unit: &Unit, harvest: &mut Harvest) -> Result<(), ReadError> {
        let mut pages = Pages::of(DESCRIBE.name);
        while pages.more() {
            let request = door.efs().describe_replication_configurations().max_results(100).set_next_token(pages.token());
            let (replications, next) = match request.customize().interceptor(HoldsEach("Replications", "Destinations")).send().await {
                Ok(page) => (page.replications, page.next_token),
                Err(error) if error.as_service_error().is_some_and(none) => (Some(Vec::new()), None),
                Err(error) => return Err(ReadError::from_sdk(DESCRIBE.name, error)),
            };
            for replication in pages.items(harvest, "Replications", replications)? {
                rows(replication).for_each(|row| harvest.push(&TABLE, row));
            }
            pages.follow(next)?;
        }
        Ok(())
    }
}

/// Whether the error says that there are no replications.
fn none(error: &DescribeReplicationConfigurationsError) -> bool {
    error.is_replication_not_found()
}

fn rows(replication: ReplicationConfigurationDescription) -> impl Iterator<Item = EfsReplicationRow> {
    let ReplicationConfigurationDescription { destinations, source_file_system_arn, source_file_system_region, .. } = replication;
    let (created, owner) = (replication.creation_time, replication.source_file_system_owner_id);
    destinations.into_iter().map(move |destination: Destination| EfsReplicationRow {
        source_file_system_arn: required(source_file_system_arn.clone()),
        source_file_system_region: required(source_file_system_region.clone()),
        source_file_system_owner_id: owner.clone(),
        creation_time: required_millis(created),
        destination_file_system_id: required(destination.file_system_id),
        destination_region: required(destination.region),
        destination_owner_id: destination.owner_id,
        status: required_word(&destination.status),
        status_message: destination.status_message,
        last_replicated_timestamp: millis(destination.last_replicated_timestamp),
    })
}

#[cfg(test)]
mod tests {
    use serde_json::json as value;

    use super::*;
    use crate::collect::test_reads::{json, read};
    use crate::collect::testing::Reply;
    use crate::dataset::ReadStatus;
    use crate::dataset::rows::Millis;

    const DATA: &str = "arn:aws:elasticfilesystem:eu-west-1:111122223333:file-system/fs-1";

    #[tokio::test]
    async fn pages_become_rows_and_what_is_not_sent_stays_null() {
        let first = value!({ "Replications": [{
            "SourceFileSystemArn": DATA, "SourceFileSystemRegion": "eu-west-1", "CreationTime": 1_767_225_600,
            "Destinations": [{ "Status": "ENABLED", "FileSystemId": "fs-9", "Region": "eu-central-1", "LastReplicatedTimestamp": 1_767_225_600 }]
        }], "NextToken": "2" });
        let last = value!({ "Replications": [
            { "SourceFileSystemArn": DATA, "Destinations": [{ "FileSystemId": "fs-8", "Region": "eu-west-2" }, { "Region": "eu-west-3" }] }
        ] });
        let replies = [json(DESCRIBE.name, &first), json(DESCRIBE.name, &last).containing("NextToken=2")];
        let (result, mut harvest) = read(&EfsReplications, &Unit::REGION, replies).await;
        result.unwrap();
        assert_eq!((harvest.items(), harvest.refused().len()), (2, 1), "the destination without id is counted");
        let rows: Vec<EfsReplicationRow> = harvest.take(&TABLE).rows();
        assert_eq!((rows[0].status.as_deref(), rows[0].last_replicated_timestamp), (Some("ENABLED"), Some(Millis(1_767_225_600_000))));
        assert_eq!((rows[1].status.clone(), rows[1].creation_time, rows[1].last_replicated_timestamp), (None, None, None));
    }

    #[tokio::test]
    async fn none_is_told_in_two_ways_and_a_denial_is_neither() {
        let not_found =
            Reply::error(DESCRIBE.name, 404, r#"{"ErrorCode":"ReplicationNotFound","__type":"ReplicationNotFound","Message":"none"}"#);
        for reply in [not_found, json(DESCRIBE.name, &value!({ "Replications": [] }))] {
            let (result, harvest) = read(&EfsReplications, &Unit::REGION, [reply]).await;
            assert_eq!((result, harvest.pages(), harvest.items()), (Ok(()), 1, 0));
        }
        let (result, _) = read(&EfsReplications, &Unit::REGION, [Reply::denied(DESCRIBE.name)]).await;
        assert_eq!(result.unwrap_err().status, ReadStatus::Denied);
        let without = value!({ "Replications": [{ "SourceFileSystemArn": DATA }] });
        let (result, _) = read(&EfsReplications, &Unit::REGION, [json(DESCRIBE.name, &without)]).await;
        assert_eq!(result.unwrap_err().status, ReadStatus::Unavailable, "a replication without destinations is no answer");
    }
}
