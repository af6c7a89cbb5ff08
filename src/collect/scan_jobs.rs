//! Scan jobs: one row per search of a recovery point for malware.
//!
//! Calls `ListScanJobs`. Nothing says how long AWS Backup lists them; no more than the 30 days of other jobs are taken as covered.
//!
//! Key: `scan_job_id`. `COMPLETED` says that the scan ran to its end; what it found is in `scan_result_status`. Source: AWS Backup API Reference,
//! `ScanJob`.

use async_trait::async_trait;
use aws_sdk_backup::types::ScanJob;

use super::collector::{Collector, Harvest, Operation, ReadError, Unit};
use super::door::RegionDoor;
use super::fields::{millis, required, required_millis, resource_key, word};
use super::members::Holds;
use super::nested::kept;
use super::pages::Pages;
use crate::dataset::rows::Row;
use crate::dataset::{Table, TableKind};

crate::rows! {
    /// A scan job.
    pub struct ScanJobRow {
        /// Id of the job
        scan_job_id: Text, Never, "ScanJobId";
        /// `CREATED`, `RUNNING`, `COMPLETED`, `COMPLETED_WITH_ISSUES`, `FAILED` or `CANCELED`
        state: Text, NotTold, "State";
        /// Why the job has this state
        status_message: Text, Means("nothing to say"), "StatusMessage";
        /// `NO_THREATS_FOUND` or `THREATS_FOUND`
        scan_result_status: Text, Means("the scan has no result"), "ScanResult.ScanResultStatus";
        /// Vault of the point
        backup_vault_arn: Text, NotTold, "BackupVaultArn";
        /// Point that is scanned
        recovery_point_arn: Text, NotTold, "RecoveryPointArn";
        /// Earlier point that an incremental scan begins from
        scan_base_recovery_point_arn: Text, Means("not an incremental scan"), "ScanBaseRecoveryPointArn";
        /// Resource that the point is a backup of
        resource_arn: Text, NotTold, "ResourceArn";
        /// Integer key of the resource's ARN
        resource_key: Integer, NotTold, "key of ResourceArn";
        /// Resource type as AWS Backup names it
        resource_type: Text, NotTold, "ResourceType";
        /// `FULL_SCAN` or `INCREMENTAL_SCAN`
        scan_mode: Text, NotTold, "ScanMode";
        /// `GUARDDUTY`
        malware_scanner: Text, NotTold, "MalwareScanner";
        /// Id that the scanner has for it
        scan_id: Text, Means("the scanner has none yet"), "ScanId";
        /// When the job was created
        creation_date: Time, NotTold, "CreationDate";
        /// When it was done
        completion_date: Time, Means("not done"), "CompletionDate";
        /// Moment from which a continuous backup was scanned
        continuous_scan_start_time: Time, Means("not a scan of a continuous backup"), "ContinuousScanStartTime";
        /// Moment up to which a continuous backup was scanned
        continuous_scan_end_time: Time, Means("not a scan of a continuous backup"), "ContinuousScanEndTime";
        /// Role of AWS Backup
        iam_role_arn: Text, NotTold, "IamRoleArn";
        /// Role of the scanner
        scanner_role_arn: Text, NotTold, "ScannerRoleArn";
        /// Plan that asked for it
        backup_plan_arn: Text, Means("started on demand"), "CreatedBy.BackupPlanArn";
        /// Id of the plan
        backup_plan_id: Text, Means("started on demand"), "CreatedBy.BackupPlanId";
        /// Rule of the plan
        backup_rule_id: Text, Means("started on demand"), "CreatedBy.BackupRuleId";
    }
}

/// The scan jobs of a Region.
pub static TABLE: Table = Table {
    name: "scan_jobs",
    kind: TableKind::History,
    doc: "One row for each search of a recovery point for malware.",
    columns: ScanJobRow::COLUMNS,
    key: &["scan_job_id"],
    parent: None,
    created: Some("creation_date"),
    global: false,
    subject: None,
};

const LIST: Operation = Operation { service: "backup", name: "ListScanJobs", action: "backup:ListScanJobs" };

/// Reads [`TABLE`].
pub(crate) struct ScanJobs;

#[async_trait]
impl Collector for ScanJobs {
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
        let mut pages = Pages::of(LIST.name);
        while pages.more() {
            let request = door.backup().list_scan_jobs().max_results(1_000).set_next_token(pages.token());
            let answer = request.customize().interceptor(Holds("ScanJobs")).send().await;
            let page = answer.map_err(|error| ReadError::from_sdk(LIST.name, error))?;
            for job in pages.items(harvest, "ScanJobs", Some(page.scan_jobs))? {
                harvest.push(&TABLE, row(job));
            }
            harvest.leave().await?;
            pages.follow(page.next_token)?;
        }
        Ok(())
    }
}

fn row(job: ScanJob) -> ScanJobRow {
    let (plan_arn, plan_id, rule_id) = job
        .created_by
        .map(|by| (required(by.backup_plan_arn), required(by.backup_plan_id), required(by.backup_rule_id)))
        .unwrap_or_default();
    let resource_arn = required(job.resource_arn);
    ScanJobRow {
        scan_job_id: required(job.scan_job_id),
        state: word(job.state),
        status_message: job.status_message,
        scan_result_status: job.scan_result.and_then(|result| required(result.scan_result_status.as_str().to_owned())),
        backup_vault_arn: required(job.backup_vault_arn),
        recovery_point_arn: required(job.recovery_point_arn),
        scan_base_recovery_point_arn: job.scan_base_recovery_point_arn,
        resource_key: resource_key(resource_arn.as_deref()),
        resource_arn,
        resource_type: required(job.resource_type.as_str().to_owned()),
        scan_mode: required(job.scan_mode.as_str().to_owned()),
        malware_scanner: required(job.malware_scanner.as_str().to_owned()),
        scan_id: job.scan_id,
        creation_date: required_millis(job.creation_date),
        completion_date: millis(job.completion_date),
        continuous_scan_start_time: millis(job.continuous_scan_start_time),
        continuous_scan_end_time: millis(job.continuous_scan_end_time),
        iam_role_arn: required(job.iam_role_arn),
        scanner_role_arn: required(job.scanner_role_arn),
        backup_plan_arn: plan_arn,
        backup_plan_id: plan_id,
        backup_rule_id: rule_id,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json as value;

    use super::*;
    use crate::collect::test_reads::{json, read};
    use crate::dataset::ReadStatus;
    use crate::dataset::rows::Millis;

    #[tokio::test]
    async fn pages_become_rows_and_what_the_sdk_fills_in_is_not_told() {
        let first = value!({ "ScanJobs": [{
            "ScanJobId": "s1", "State": "COMPLETED", "ScanResult": { "ScanResultStatus": "THREATS_FOUND" }, "CreationDate": 1_763_000_000,
            "ResourceArn": "arn:aws:ec2:eu-west-1:111122223333:volume/vol-1", "ResourceType": "EBS", "ScanMode": "INCREMENTAL_SCAN",
            "CreatedBy": { "BackupPlanArn": "arn:aws:backup:eu-west-1:111122223333:backup-plan:8f81", "BackupPlanId": "8f81" }
        }], "NextToken": "2" });
        let last = value!({ "ScanJobs": [{ "ScanJobId": "s2" }, { "State": "FAILED" }] });
        let replies = [json(LIST.name, &first), json(LIST.name, &last)];
        let (result, mut harvest) = read(&ScanJobs, &Unit::REGION, replies).await;
        result.unwrap();
        assert_eq!((harvest.items(), harvest.refused().len()), (3, 1), "the job without id is counted");
        let rows: Vec<ScanJobRow> = harvest.take(&TABLE).rows();
        assert_eq!(
            (rows[0].scan_result_status.as_deref(), rows[0].scan_mode.as_deref()),
            (Some("THREATS_FOUND"), Some("INCREMENTAL_SCAN"))
        );
        assert_eq!((rows[0].creation_date, rows[0].completion_date), (Some(Millis(1_763_000_000_000)), None));
        assert_eq!((rows[0].backup_plan_id.as_deref(), rows[0].backup_rule_id.as_deref()), (Some("8f81"), None));
        assert_eq!((rows[1].state.as_deref(), rows[1].creation_date, rows[1].resource_key), (None, None, None));
    }

    #[tokio::test]
    async fn a_page_without_its_list_is_not_an_empty_one() {
        let (result, _) = read(&ScanJobs, &Unit::REGION, [json(LIST.name, &value!({ "NextToken": "2" })).forever()]).await;
        assert_eq!(result.unwrap_err().status, ReadStatus::Unavailable);
    }
}
