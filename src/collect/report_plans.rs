//! Report plans of AWS Backup Audit Manager: one row per plan, with where its reports go and when the last ones were made.
//!
//! Calls `ListReportPlans`, which has every field. Its job reports speak of the last day; those that lie in the bucket are evidence of jobs that
//! AWS Backup itself no longer lists.
//!
//! Key: `report_plan_arn`.

use async_trait::async_trait;
use aws_sdk_backup::types::ReportPlan;

use super::collector::{Collector, Harvest, Operation, ReadError, Unit};
use super::door::RegionDoor;
use super::fields::{list, millis, required};
use super::pages::Pages;
use crate::dataset::rows::Row;
use crate::dataset::{Table, TableKind};

crate::rows! {
    /// A report plan.
    pub struct ReportPlanRow {
        /// ARN of the report plan
        report_plan_arn: Text, Never, "ReportPlanArn";
        /// Name of the report plan
        report_plan_name: Text, NotTold, "ReportPlanName";
        /// What is reported, such as `BACKUP_JOB_REPORT` or `CONTROL_COMPLIANCE_REPORT`
        report_template: Text, NotTold, "ReportSetting.ReportTemplate";
        /// Frameworks that are reported on
        framework_arns: Json, Means("no framework is named"), "ReportSetting.FrameworkArns";
        /// Regions that are reported on
        regions: Json, Means("no Region is named"), "ReportSetting.Regions";
        /// Accounts that are reported on
        accounts: Json, Means("no account is named"), "ReportSetting.Accounts";
        /// Bucket that reports are written to
        s3_bucket_name: Text, NotTold, "ReportDeliveryChannel.S3BucketName";
        /// `CSV`, `JSON`
        formats: Json, Means("CSV"), "ReportDeliveryChannel.Formats";
        /// `CREATE_IN_PROGRESS`, `UPDATE_IN_PROGRESS`, `DELETE_IN_PROGRESS`, `COMPLETED` or `FAILED`
        deployment_status: Text, NotTold, "DeploymentStatus";
        /// When the report plan was created
        creation_time: Time, NotTold, "CreationTime";
        /// When a report was last tried
        last_attempted_execution_time: Time, Means("never tried"), "LastAttemptedExecutionTime";
        /// When a report was last made
        last_successful_execution_time: Time, Means("never made"), "LastSuccessfulExecutionTime";
    }
}

/// The report plans of a Region.
pub static TABLE: Table = Table {
    name: "report_plans",
    kind: TableKind::State,
    doc: "One row for each report plan of AWS Backup Audit Manager.",
    columns: ReportPlanRow::COLUMNS,
    key: &["report_plan_arn"],
    parent: None,
    created: None,
    global: false,
    subject: Some(("report_plan_arn", "AWS::Backup::ReportPlan")),
};

const LIST: Operation = Operation { service: "backup", name: "ListReportPlans", action: "backup:ListReportPlans" };

/// Reads [`TABLE`].
pub(crate) struct ReportPlans;

#[async_trait]
impl Collector for ReportPlans {
    fn tables(&self) -> &'static [&'static Table] {
        const { &[&TABLE] }
    }

    fn operations(&self) -> &'static [Operation] {
        &[LIST]
    }

    async fn collect(&self, door: &RegionDoor, _unit: &Unit, harvest: &mut Harvest) -> Result<(), ReadError> {
        let mut pages = Pages::of(LIST.name);
        while pages.more() {
            let request = door.backup().list_report_plans().max_results(1_000).set_next_token(pages.token());
            let page = request.send().await.map_err(|error| ReadError::from_sdk(LIST.name, error))?;
            for plan in pages.items(harvest, "ReportPlans", page.report_plans)? {
                harvest.push(&TABLE, row(plan));
            }
            pages.follow(page.next_token)?;
        }
        Ok(())
    }
}

fn row(plan: ReportPlan) -> ReportPlanRow {
    let (template, frameworks, regions, accounts) = plan
        .report_setting
        .map(|setting| (required(setting.report_template), setting.framework_arns, setting.regions, setting.accounts))
        .unwrap_or_default();
    let (bucket, formats) =
        plan.report_delivery_channel.map(|channel| (required(channel.s3_bucket_name), channel.formats)).unwrap_or_default();
    ReportPlanRow {
        report_plan_arn: plan.report_plan_arn,
        report_plan_name: plan.report_plan_name,
        report_template: template,
        framework_arns: list(frameworks),
        regions: list(regions),
        accounts: list(accounts),
        s3_bucket_name: bucket,
        formats: list(formats),
        deployment_status: plan.deployment_status,
        creation_time: millis(plan.creation_time),
        last_attempted_execution_time: millis(plan.last_attempted_execution_time),
        last_successful_execution_time: millis(plan.last_successful_execution_time),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json as value;

    use super::*;
    use crate::collect::test_reads::{json, read};
    use crate::collect::testing::Reply;
    use crate::dataset::ReadStatus;
    use crate::dataset::rows::{Json, Millis};

    const JOBS: &str = "arn:aws:backup:eu-west-1:111122223333:report-plan:jobs-6f8f0f5b";

    #[tokio::test]
    async fn pages_become_rows_and_a_plan_without_arn_is_refused() {
        let first = value!({ "ReportPlans": [{
            "ReportPlanArn": JOBS, "ReportPlanName": "jobs", "DeploymentStatus": "COMPLETED", "CreationTime": 1_763_000_000,
            "LastAttemptedExecutionTime": 1_764_000_000, "ReportSetting": { "ReportTemplate": "BACKUP_JOB_REPORT", "Accounts": ["ROOT"], "Regions": ["*"] },
            "ReportDeliveryChannel": { "S3BucketName": "backup-reports", "Formats": ["CSV", "JSON"] }
        }], "NextToken": "2" });
        let empty = value!({ "ReportPlans": [], "NextToken": "3" });
        let last = value!({ "ReportPlans": [{ "ReportPlanArn": format!("{JOBS}-2") }, { "ReportPlanName": "lost" }] });
        let pages = [first, empty, last].map(|page| json(LIST.name, &page));
        let (result, mut harvest) = read(&ReportPlans, &Unit::REGION, pages).await;
        result.unwrap();
        assert_eq!((harvest.pages(), harvest.items(), harvest.refused().len()), (3, 3, 1));
        let rows: Vec<ReportPlanRow> = harvest.take(&TABLE).rows();
        assert_eq!(
            (rows[0].report_template.as_deref(), rows[0].s3_bucket_name.as_deref()),
            (Some("BACKUP_JOB_REPORT"), Some("backup-reports"))
        );
        assert_eq!((rows[0].regions.clone(), rows[0].framework_arns.clone()), (Some(Json(r#"["*"]"#.into())), None));
        let times = (rows[0].last_attempted_execution_time, rows[0].last_successful_execution_time);
        assert_eq!(times, (Some(Millis(1_764_000_000_000)), None), "tried and never made");
        assert_eq!((rows[1].report_template.as_deref(), rows[1].s3_bucket_name.as_deref()), (None, None));
    }

    #[tokio::test]
    async fn a_denial_on_the_second_page_keeps_the_first() {
        let first = value!({ "ReportPlans": [{ "ReportPlanArn": JOBS }], "NextToken": "2" });
        let (result, mut harvest) = read(&ReportPlans, &Unit::REGION, [json(LIST.name, &first), Reply::denied(LIST.name)]).await;
        assert_eq!((result.unwrap_err().status, harvest.take(&TABLE).len()), (ReadStatus::Denied, 1));
    }
}
