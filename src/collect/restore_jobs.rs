//! Restore jobs: one row per job of the last 30 days, restore tests and jobs within jobs included.
//!
//! Calls `ListRestoreJobs`, and again for parents whose children it left out. A job with `restore_testing_plan_arn` is a restore test.
//! `COMPLETED` without a `validation_status` says that the point could be restored, not that somebody looked at the data. How long AWS keeps
//! these jobs is not in its API reference; its console shows 30 days, so no more is claimed.
//!
//! Key: `restore_job_id`. `is_parent` is false also if AWS left it out, because the SDK does not tell the two apart.

use async_trait::async_trait;
use aws_sdk_backup::types::RestoreJobsListMember;

use super::collector::{Collector, Harvest, Operation, ReadError, Unit};
use super::door::RegionDoor;
use super::fields::{millis, word};
use super::nested::{Nested, kept};
use super::pages::Pages;
use crate::dataset::rows::Row;
use crate::dataset::{Table, TableKind};

crate::rows! {
    /// A restore job.
    pub struct RestoreJobRow {
        /// Id of the job
        restore_job_id: Text, Never, "RestoreJobId";
        /// Point restored
        recovery_point_arn: Text, NotTold, "RecoveryPointArn";
        /// Resource that the point is a backup of
        source_resource_arn: Text, NotTold, "SourceResourceArn";
        /// Resource type as AWS Backup names it
        resource_type: Text, NotTold, "ResourceType";
        /// Vault of the point
        backup_vault_arn: Text, NotTold, "BackupVaultArn";
        /// `PENDING`, `RUNNING`, `COMPLETED`, `ABORTED` or `FAILED`
        status: Text, NotTold, "Status";
        /// Why the job has this status
        status_message: Text, Means("nothing to say"), "StatusMessage";
        /// When the job was created
        creation_date: Time, NotTold, "CreationDate";
        /// When it was done
        completion_date: Time, Means("not done"), "CompletionDate";
        /// When the point was created
        recovery_point_creation_date: Time, NotTold, "RecoveryPointCreationDate";
        /// Size of what was restored
        backup_size_bytes: Integer, NotTold, "BackupSizeInBytes";
        /// How long AWS expected it to take
        expected_completion_time_minutes: Integer, NotTold, "ExpectedCompletionTimeMinutes";
        /// Resource made
        created_resource_arn: Text, Means("nothing was made, or not yet"), "CreatedResourceArn";
        /// Restore testing plan that asked for it
        restore_testing_plan_arn: Text, Means("not a restore test"), "CreatedBy.RestoreTestingPlanArn";
        /// `SUCCESSFUL`, `FAILED`, `TIMED_OUT` or `VALIDATING`
        validation_status: Text, Means("nobody validated it"), "ValidationStatus";
        /// What the validation said
        validation_status_message: Text, Means("nothing to say"), "ValidationStatusMessage";
        /// `SUCCESSFUL`, `FAILED` or `DELETING`, for what a restore test made
        deletion_status: Text, Means("nothing was to be deleted"), "DeletionStatus";
        /// Why it could not be deleted
        deletion_status_message: Text, Means("nothing to say"), "DeletionStatusMessage";
        /// The job it is part of
        parent_job_id: Text, Means("not part of another job"), "ParentJobId";
        /// Whether it groups others; false also if not sent
        is_parent: Boolean, NotTold, "IsParent";
    }
}

/// The restore jobs of a Region.
pub static TABLE: Table = Table {
    name: "restore_jobs",
    kind: TableKind::History,
    doc: "One row for each restore job, restore tests and children of composite jobs included.",
    columns: RestoreJobRow::COLUMNS,
    key: &["restore_job_id"],
    parent: None,
    created: Some("creation_date"),
    global: false,
    subject: None,
};

const LIST: Operation = Operation { service: "backup", name: "ListRestoreJobs", action: "backup:ListRestoreJobs" };

/// Reads [`TABLE`].
pub(crate) struct RestoreJobs;

#[async_trait]
impl Collector for RestoreJobs {
    fn tables(&self) -> &'static [&'static Table] {
        const { &[&TABLE] }
    }

    fn operations(&self) -> &'static [Operation] {
        &[LIST]
    }

    fn covers(&self, started_s: i64) -> (Option<i64>, Option<i64>) {
        kept(started_s)
    }

    async fn collect(&self, door: &RegionDoor, _unit: &Unit, harvest: &mut Harvest) -> Result<(), ReadError> {
        let mut jobs = Nested::default();
        list(door, None, &mut jobs, harvest).await?;
        while let Some(parent) = jobs.next_parent() {
            list(door, Some(parent), &mut jobs, harvest).await?;
        }
        Ok(())
    }
}

/// Lists all jobs, or those of a parent.
async fn list(door: &RegionDoor, parent: Option<String>, jobs: &mut Nested, harvest: &mut Harvest) -> Result<(), ReadError> {
    let mut pages = Pages::of(LIST.name);
    while pages.more() {
        let request = door.backup().list_restore_jobs().max_results(1_000).set_by_parent_job_id(parent.clone());
        let page = request.set_next_token(pages.token()).send().await.map_err(|error| ReadError::from_sdk(LIST.name, error))?;
        for job in pages.items(harvest, "RestoreJobs", page.restore_jobs)? {
            if jobs.is_new(job.restore_job_id.as_deref(), job.is_parent, job.parent_job_id.as_deref()) {
                harvest.push(&TABLE, row(job));
            }
        }
        harvest.leave().await?;
        pages.follow(page.next_token)?;
    }
    Ok(())
}

fn row(job: RestoreJobsListMember) -> RestoreJobRow {
    RestoreJobRow {
        restore_job_id: job.restore_job_id,
        recovery_point_arn: job.recovery_point_arn,
        source_resource_arn: job.source_resource_arn,
        resource_type: job.resource_type,
        backup_vault_arn: job.backup_vault_arn,
        status: word(job.status),
        status_message: job.status_message,
        creation_date: millis(job.creation_date),
        completion_date: millis(job.completion_date),
        recovery_point_creation_date: millis(job.recovery_point_creation_date),
        backup_size_bytes: job.backup_size_in_bytes,
        expected_completion_time_minutes: job.expected_completion_time_minutes,
        created_resource_arn: job.created_resource_arn,
        restore_testing_plan_arn: job.created_by.and_then(|by| by.restore_testing_plan_arn),
        validation_status: word(job.validation_status),
        validation_status_message: job.validation_status_message,
        deletion_status: word(job.deletion_status),
        deletion_status_message: job.deletion_status_message,
        parent_job_id: job.parent_job_id,
        is_parent: Some(job.is_parent),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json as value;

    use super::*;
    use crate::collect::test_reads::{json, read};

    #[tokio::test]
    async fn tests_and_children_are_among_the_jobs() {
        let plan = "arn:aws:backup:eu-west-1:111122223333:restore-testing-plan:weekly";
        let first = value!({ "RestoreJobs": [{
            "RestoreJobId": "r1", "Status": "COMPLETED", "ValidationStatus": "TIMED_OUT", "DeletionStatus": "SUCCESSFUL",
            "CreatedBy": { "RestoreTestingPlanArn": plan }
        }], "NextToken": "2" });
        let last = value!({ "RestoreJobs": [{ "RestoreJobId": "r2", "IsParent": true }, { "Status": "FAILED" }] });
        let children = value!({ "RestoreJobs": [{ "RestoreJobId": "r3", "ParentJobId": "r2" }] });
        let replies = [
            json(LIST.name, &first),
            json(LIST.name, &last).containing("nextToken=2"),
            json(LIST.name, &children).containing("parentJobId=r2"),
        ];
        let (result, mut harvest) = read(&RestoreJobs, &Unit::REGION, replies).await;
        result.unwrap();
        assert_eq!((harvest.pages(), harvest.items(), harvest.refused().len()), (3, 4, 1), "the job without id is counted");
        let rows: Vec<RestoreJobRow> = harvest.take(&TABLE).rows();
        assert_eq!((rows[0].restore_testing_plan_arn.as_deref(), rows[0].validation_status.as_deref()), (Some(plan), Some("TIMED_OUT")));
        assert_eq!((rows[1].restore_testing_plan_arn.as_deref(), rows[1].validation_status.as_deref()), (None, None));
        assert_eq!(rows[2].parent_job_id.as_deref(), Some("r2"));
    }
}
