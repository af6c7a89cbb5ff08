//! Backup jobs: one row per job of the last 30 days, jobs within jobs included.
//!
//! Calls `ListBackupJobs`, and again for parents whose children it left out. AWS forgets jobs after 30 days, so older ones live only in earlier
//! collections. `COMPLETED` can mean "completed with issues": then `message_category` is not `SUCCESS`. `EXPIRED` says that the job never
//! started, not that its point ran out.
//!
//! Key: `backup_job_id`. `is_encrypted` and `is_parent` are false also if AWS left them out, because the SDK does not tell the two apart.

use async_trait::async_trait;
use aws_sdk_backup::types::BackupJob as Job;

use super::collector::{Collector, Harvest, Operation, ReadError, Unit};
use super::door::RegionDoor;
use super::fields::{millis, resource_key, word};
use super::nested::{Nested, kept};
use super::pages::Pages;
use crate::dataset::rows::Row;
use crate::dataset::{Table, TableKind};

crate::rows! {
    /// A backup job.
    pub struct BackupJobRow {
        /// Id of the job
        backup_job_id: Text, Never, "BackupJobId";
        /// `CREATED`, `PENDING`, `RUNNING`, `ABORTING`, `ABORTED`, `COMPLETED`, `FAILED`, `EXPIRED` or `PARTIAL`
        state: Text, NotTold, "State";
        /// `SUCCESS`, or the kind of issue
        message_category: Text, NotTold, "MessageCategory";
        /// Why the job has this state
        status_message: Text, Means("nothing to say"), "StatusMessage";
        /// Resource that was to be backed up
        resource_arn: Text, NotTold, "ResourceArn";
        /// Integer key of the resource's ARN
        resource_key: Integer, NotTold, "key of ResourceArn";
        /// Resource type as AWS Backup names it
        resource_type: Text, NotTold, "ResourceType";
        /// Name of the resource
        resource_name: Text, NotTold, "ResourceName";
        /// Vault of the point
        backup_vault_arn: Text, NotTold, "BackupVaultArn";
        /// Name of the vault
        backup_vault_name: Text, NotTold, "BackupVaultName";
        /// The point made
        recovery_point_arn: Text, Means("no point was made, or not yet"), "RecoveryPointArn";
        /// When the job was created
        creation_date: Time, NotTold, "CreationDate";
        /// When it was done
        completion_date: Time, Means("not done"), "CompletionDate";
        /// When it began
        initiation_date: Time, NotTold, "InitiationDate";
        /// Until when it had to start
        start_by: Time, NotTold, "StartBy";
        /// Size as AWS reports it, which differs in meaning by resource type
        backup_size_bytes: Integer, NotTold, "BackupSizeInBytes";
        /// Progress as AWS words it
        percent_done: Text, NotTold, "PercentDone";
        /// Plan that asked for it
        backup_plan_arn: Text, Means("started on demand"), "CreatedBy.BackupPlanArn";
        /// Id of the plan
        backup_plan_id: Text, Means("started on demand"), "CreatedBy.BackupPlanId";
        /// Rule of the plan
        backup_rule_id: Text, Means("started on demand"), "CreatedBy.BackupRuleId";
        /// Whether it groups others; false also if not sent
        is_parent: Boolean, NotTold, "IsParent";
        /// The job it is part of
        parent_job_id: Text, Means("not part of another job"), "ParentJobId";
        /// Kind of backup, such as a continuous one
        backup_type: Text, NotTold, "BackupType";
        /// Retention of the point in days; -1 says for ever
        delete_after_days: Integer, NotTold, "RecoveryPointLifecycle.DeleteAfterDays";
        /// Days until cold storage
        move_to_cold_storage_after_days: Integer, NotTold, "RecoveryPointLifecycle.MoveToColdStorageAfterDays";
        /// Whether the point is encrypted; false also if not sent
        is_encrypted: Boolean, NotTold, "IsEncrypted";
        /// KMS key that the point is encrypted with
        encryption_key_arn: Text, NotTold, "EncryptionKeyArn";
    }
}

/// The backup jobs of a Region.
pub static TABLE: Table = Table {
    name: "backup_jobs",
    kind: TableKind::History,
    doc: "One row for each backup job, children of composite jobs included.",
    columns: BackupJobRow::COLUMNS,
    key: &["backup_job_id"],
    parent: None,
    created: Some("creation_date"),
    global: false,
    subject: None,
};

const LIST: Operation = Operation { service: "backup", name: "ListBackupJobs", action: "backup:ListBackupJobs" };

/// Reads [`TABLE`].
pub(crate) struct BackupJobs;

#[async_trait]
impl Collector for BackupJobs {
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
        let request = door.backup().list_backup_jobs().max_results(1_000).set_by_parent_job_id(parent.clone());
        let page = request.set_next_token(pages.token()).send().await.map_err(|error| ReadError::from_sdk(LIST.name, error))?;
        for job in pages.items(harvest, "BackupJobs", page.backup_jobs)? {
            if jobs.is_new(job.backup_job_id.as_deref(), job.is_parent, job.parent_job_id.as_deref()) {
                harvest.push(&TABLE, row(job));
            }
        }
        harvest.leave().await?;
        pages.follow(page.next_token)?;
    }
    Ok(())
}

fn row(job: Job) -> BackupJobRow {
    let lifecycle = job.recovery_point_lifecycle;
    let (plan_arn, plan_id, rule_id) =
        job.created_by.map(|by| (by.backup_plan_arn, by.backup_plan_id, by.backup_rule_id)).unwrap_or_default();
    BackupJobRow {
        backup_job_id: job.backup_job_id,
        state: word(job.state),
        message_category: job.message_category,
        status_message: job.status_message,
        resource_key: resource_key(job.resource_arn.as_deref()),
        resource_arn: job.resource_arn,
        resource_type: job.resource_type,
        resource_name: job.resource_name,
        backup_vault_arn: job.backup_vault_arn,
        backup_vault_name: job.backup_vault_name,
        recovery_point_arn: job.recovery_point_arn,
        creation_date: millis(job.creation_date),
        completion_date: millis(job.completion_date),
        initiation_date: millis(job.initiation_date),
        start_by: millis(job.start_by),
        backup_size_bytes: job.backup_size_in_bytes,
        percent_done: job.percent_done,
        backup_plan_arn: plan_arn,
        backup_plan_id: plan_id,
        backup_rule_id: rule_id,
        is_parent: Some(job.is_parent),
        parent_job_id: job.parent_job_id,
        backup_type: job.backup_type,
        delete_after_days: lifecycle.as_ref().and_then(|lifecycle| lifecycle.delete_after_days),
        move_to_cold_storage_after_days: lifecycle.and_then(|lifecycle| lifecycle.move_to_cold_storage_after_days),
        is_encrypted: Some(job.is_encrypted),
        encryption_key_arn: job.encryption_key_arn,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json as value;

    use super::*;
    use crate::collect::test_reads::{json, read};
    use crate::dataset::rows::Millis;

    #[tokio::test]
    async fn pages_become_rows_and_what_is_not_sent_stays_null() {
        let first = value!({ "BackupJobs": [{
            "BackupJobId": "j1", "State": "COMPLETED", "MessageCategory": "ACCESS_DENIED", "CreationDate": 1_763_000_000,
            "ResourceArn": "arn:aws:rds:eu-west-1:111122223333:db:orders", "PercentDone": "100.0", "BackupSizeInBytes": 0,
            "RecoveryPointLifecycle": { "DeleteAfterDays": 35 }, "CreatedBy": { "BackupPlanId": "8f81", "BackupRuleId": "r1" }
        }], "NextToken": "2" });
        let empty = value!({ "BackupJobs": [], "NextToken": "3" });
        let last = value!({ "BackupJobs": [{ "BackupJobId": "j2", "State": "DREAMING" }, { "State": "FAILED" }] });
        let replies = [
            json(LIST.name, &first).containing("maxResults=1000"),
            json(LIST.name, &empty).containing("nextToken=2"),
            json(LIST.name, &last).containing("nextToken=3"),
        ];
        let (result, mut harvest) = read(&BackupJobs, &Unit::REGION, replies).await;
        result.unwrap();
        assert_eq!((harvest.pages(), harvest.items(), harvest.refused().len()), (3, 3, 1), "the job without id is counted");
        let rows: Vec<BackupJobRow> = harvest.take(&TABLE).rows();
        assert_eq!((rows[0].creation_date, rows[0].completion_date), (Some(Millis(1_763_000_000_000)), None));
        assert_eq!((rows[0].backup_size_bytes, rows[0].percent_done.as_deref()), (Some(0), Some("100.0")));
        assert_eq!((rows[0].delete_after_days, rows[0].backup_rule_id.as_deref()), (Some(35), Some("r1")));
        assert_eq!((rows[1].state.as_deref(), rows[1].resource_key, rows[1].backup_size_bytes), (Some("DREAMING"), None, None));
    }

    #[tokio::test]
    async fn children_that_the_list_leaves_out_are_asked_for() {
        let list = value!({ "BackupJobs": [
            { "BackupJobId": "stack-1", "IsParent": true },
            { "BackupJobId": "stack-2", "IsParent": true },
            { "BackupJobId": "part-of-2", "ParentJobId": "stack-2" }
        ] });
        let children = value!({ "BackupJobs": [
            { "BackupJobId": "part-of-1", "ParentJobId": "stack-1" }, { "BackupJobId": "stack-1", "IsParent": true }
        ] });
        let replies = [json(LIST.name, &list), json(LIST.name, &children).containing("parentJobId=stack-1")];
        let (result, mut harvest) = read(&BackupJobs, &Unit::REGION, replies).await;
        result.unwrap();
        let rows: Vec<BackupJobRow> = harvest.take(&TABLE).rows();
        let ids: Vec<_> = rows.iter().filter_map(|row| row.backup_job_id.as_deref()).collect();
        assert_eq!(ids, ["stack-1", "stack-2", "part-of-2", "part-of-1"], "each job once");
    }
}
