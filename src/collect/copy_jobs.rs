//! Copy jobs: one row per copy of a recovery point into another vault, of the last 30 days, jobs within jobs included.
//!
//! Calls `ListCopyJobs`, and again for parents whose children it left out. Jobs are listed in the account and Region they were started in. A
//! completed copy proves that the copy was made; whether it still exists, only `recovery_points` of the destination can tell.
//!
//! Key: `copy_job_id`. Region and account of the destination are read off the ARN of its vault. `is_parent` is false also if AWS left it out,
//! because the SDK does not tell the two apart.

use async_trait::async_trait;
use aws_sdk_backup::types::CopyJob as Job;

use super::collector::{Collector, Harvest, Operation, ReadError, Unit};
use super::door::RegionDoor;
use super::fields::{millis, resource_key, word};
use super::nested::{Nested, kept};
use super::pages::Pages;
use crate::dataset::rows::Row;
use crate::dataset::{Table, TableKind};
use crate::model::Arn;

crate::rows! {
    /// A copy job.
    pub struct CopyJobRow {
        /// Id of the job
        copy_job_id: Text, Never, "CopyJobId";
        /// Vault copied from
        source_backup_vault_arn: Text, NotTold, "SourceBackupVaultArn";
        /// Point copied
        source_recovery_point_arn: Text, NotTold, "SourceRecoveryPointArn";
        /// Vault copied to
        destination_backup_vault_arn: Text, NotTold, "DestinationBackupVaultArn";
        /// The copy
        destination_recovery_point_arn: Text, Means("no copy was made, or not yet"), "DestinationRecoveryPointArn";
        /// Region copied to
        destination_region: Text, NotTold, "Region of DestinationBackupVaultArn";
        /// Account copied to
        destination_account_id: Text, NotTold, "account of DestinationBackupVaultArn";
        /// Type of the vault copied to
        destination_vault_type: Text, NotTold, "DestinationVaultType";
        /// `CREATED`, `RUNNING`, `COMPLETED`, `FAILED` or `PARTIAL`
        state: Text, NotTold, "State";
        /// Why the job has this state
        status_message: Text, Means("nothing to say"), "StatusMessage";
        /// `SUCCESS`, or the kind of issue
        message_category: Text, NotTold, "MessageCategory";
        /// Resource that the point is a backup of
        resource_arn: Text, NotTold, "ResourceArn";
        /// Integer key of the resource's ARN
        resource_key: Integer, NotTold, "key of ResourceArn";
        /// Resource type as AWS Backup names it
        resource_type: Text, NotTold, "ResourceType";
        /// Size as AWS reports it, which differs in meaning by resource type
        backup_size_bytes: Integer, NotTold, "BackupSizeInBytes";
        /// When the job was created
        creation_date: Time, NotTold, "CreationDate";
        /// When it was done
        completion_date: Time, Means("not done"), "CompletionDate";
        /// Retention of the copy in days; -1 says as long as the source
        delete_after_days: Integer, NotTold, "DestinationRecoveryPointLifecycle.DeleteAfterDays";
        /// Plan that asked for it
        backup_plan_arn: Text, Means("started on demand"), "CreatedBy.BackupPlanArn";
        /// Id of the plan
        backup_plan_id: Text, Means("started on demand"), "CreatedBy.BackupPlanId";
        /// Rule of the plan
        backup_rule_id: Text, Means("started on demand"), "CreatedBy.BackupRuleId";
        /// Backup job that the copy follows
        created_by_backup_job_id: Text, Means("follows no backup job"), "CreatedByBackupJobId";
        /// Whether it groups others; false also if not sent
        is_parent: Boolean, NotTold, "IsParent";
        /// The job it is part of
        parent_job_id: Text, Means("not part of another job"), "ParentJobId";
    }
}

/// The copy jobs of a Region.
pub static TABLE: Table = Table {
    name: "copy_jobs",
    kind: TableKind::History,
    doc: "One row for each copy job, children of composite jobs included.",
    columns: CopyJobRow::COLUMNS,
    key: &["copy_job_id"],
    parent: None,
    created: Some("creation_date"),
    global: false,
    subject: None,
};

const LIST: Operation = Operation { service: "backup", name: "ListCopyJobs", action: "backup:ListCopyJobs" };

/// Reads [`TABLE`].
pub(crate) struct CopyJobs;

#[async_trait]
impl Collector for CopyJobs {
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
        let request = door.backup().list_copy_jobs().max_results(1_000).set_by_parent_job_id(parent.clone());
        let page = request.set_next_token(pages.token()).send().await.map_err(|error| ReadError::from_sdk(LIST.name, error))?;
        for job in pages.items(harvest, "CopyJobs", page.copy_jobs)? {
            if jobs.is_new(job.copy_job_id.as_deref(), job.is_parent, job.parent_job_id.as_deref()) {
                harvest.push(&TABLE, row(job));
            }
        }
        harvest.leave().await?;
        pages.follow(page.next_token)?;
    }
    Ok(())
}

fn row(job: Job) -> CopyJobRow {
    let (plan_arn, plan_id, rule_id) =
        job.created_by.map(|by| (by.backup_plan_arn, by.backup_plan_id, by.backup_rule_id)).unwrap_or_default();
    let destination = job.destination_backup_vault_arn.as_deref().and_then(Arn::parse);
    CopyJobRow {
        copy_job_id: job.copy_job_id,
        source_backup_vault_arn: job.source_backup_vault_arn,
        source_recovery_point_arn: job.source_recovery_point_arn,
        destination_region: destination.map(|arn| arn.region.to_owned()),
        destination_account_id: destination.map(|arn| arn.account.to_owned()),
        destination_backup_vault_arn: job.destination_backup_vault_arn,
        destination_recovery_point_arn: job.destination_recovery_point_arn,
        destination_vault_type: job.destination_vault_type,
        state: word(job.state),
        status_message: job.status_message,
        message_category: job.message_category,
        resource_key: resource_key(job.resource_arn.as_deref()),
        resource_arn: job.resource_arn,
        resource_type: job.resource_type,
        backup_size_bytes: job.backup_size_in_bytes,
        creation_date: millis(job.creation_date),
        completion_date: millis(job.completion_date),
        delete_after_days: job.destination_recovery_point_lifecycle.and_then(|lifecycle| lifecycle.delete_after_days),
        backup_plan_arn: plan_arn,
        backup_plan_id: plan_id,
        backup_rule_id: rule_id,
        created_by_backup_job_id: job.created_by_backup_job_id,
        is_parent: Some(job.is_parent),
        parent_job_id: job.parent_job_id,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json as value;

    use super::*;
    use crate::collect::test_reads::{json, read};

    #[tokio::test]
    async fn the_destination_is_read_off_its_vault() {
        let first = value!({ "CopyJobs": [{
            "CopyJobId": "c1", "State": "COMPLETED", "CreatedByBackupJobId": "j1",
            "DestinationBackupVaultArn": "arn:aws:backup:eu-central-1:444455556666:backup-vault:dr",
            "DestinationRecoveryPointLifecycle": { "DeleteAfterDays": -1 }
        }], "NextToken": "2" });
        let last = value!({ "CopyJobs": [
            { "CopyJobId": "c2", "DestinationBackupVaultArn": "dr" }, { "CopyJobId": "c3", "IsParent": true }, { "State": "FAILED" }
        ] });
        let children = value!({ "CopyJobs": [{ "CopyJobId": "c4", "ParentJobId": "c3" }] });
        let replies = [
            json(LIST.name, &first),
            json(LIST.name, &last).containing("nextToken=2"),
            json(LIST.name, &children).containing("parentJobId=c3"),
        ];
        let (result, mut harvest) = read(&CopyJobs, &Unit::REGION, replies).await;
        result.unwrap();
        assert_eq!((harvest.pages(), harvest.items(), harvest.refused().len()), (3, 5, 1), "the job without id is counted");
        let rows: Vec<CopyJobRow> = harvest.take(&TABLE).rows();
        assert_eq!(rows[0].destination_region.as_deref(), Some("eu-central-1"));
        assert_eq!((rows[0].destination_account_id.as_deref(), rows[0].delete_after_days), (Some("444455556666"), Some(-1)));
        assert_eq!((rows[1].destination_region.as_deref(), rows[1].state.as_deref()), (None, None), "no ARN tells no Region");
        assert_eq!((rows.len(), rows[3].parent_job_id.as_deref()), (4, Some("c3")));
    }
}
