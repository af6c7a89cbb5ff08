//! Backup plans: one row per plan of the Region, in its present version.
//!
//! Calls `ListBackupPlans` without deleted plans. What a plan does is in `plan_rules` and `plan_copies`, what it selects in `selections`; tags
//! are in `resource_tags`. Plans made by an Organizations backup policy are listed too; AWS sends nothing that tells them apart.
//!
//! Key: `backup_plan_arn`. Ids of plans that EFS makes hold slashes (`aws/efs/…`).

use async_trait::async_trait;
use aws_sdk_backup::types::{AdvancedBackupSetting, BackupPlansListMember};
use serde_json::Value;

use super::collector::{Collector, Harvest, Operation, ReadError, Unit};
use super::door::RegionDoor;
use super::fields::{json, millis, sent};
use super::pages::Pages;
use crate::dataset::rows::{Json, Row};
use crate::dataset::{Table, TableKind};

crate::rows! {
    /// A backup plan.
    pub struct BackupPlanRow {
        /// ARN of the plan
        backup_plan_arn: Text, Never, "BackupPlanArn";
        /// Id of the plan; may hold slashes
        backup_plan_id: Text, NotTold, "BackupPlanId";
        /// Name of the plan, which several plans may share
        backup_plan_name: Text, NotTold, "BackupPlanName";
        /// Present version of the plan
        version_id: Text, NotTold, "VersionId";
        /// When this version of the plan was created
        creation_date: Time, NotTold, "CreationDate";
        /// When the plan last started backups
        last_execution_date: Time, Means("it has not run yet"), "LastExecutionDate";
        /// Options by resource type, such as Windows VSS, as the API writes them
        advanced_backup_settings: Json, Means("none set"), "AdvancedBackupSettings";
    }
}

/// The plans of a Region.
pub static TABLE: Table = Table {
    name: "backup_plans",
    kind: TableKind::State,
    doc: "One row for each backup plan in its present version.",
    columns: BackupPlanRow::COLUMNS,
    key: &["backup_plan_arn"],
    parent: None,
    created: None,
    global: false,
    subject: Some(("backup_plan_arn", "AWS::Backup::BackupPlan")),
};

const LIST: Operation = Operation { service: "backup", name: "ListBackupPlans", action: "backup:ListBackupPlans" };

/// Reads [`TABLE`].
pub(crate) struct BackupPlans;

#[async_trait]
impl Collector for BackupPlans {
    fn tables(&self) -> &'static [&'static Table] {
        const { &[&TABLE] }
    }

    fn operations(&self) -> &'static [Operation] {
        &[LIST]
    }

    async fn collect(&self, door: &RegionDoor, _unit: &Unit, harvest: &mut Harvest) -> Result<(), ReadError> {
        let mut pages = Pages::of(LIST.name);
        while pages.more() {
            let request = door.backup().list_backup_plans().max_results(1_000).set_next_token(pages.token());
            let page = request.send().await.map_err(|error| ReadError::from_sdk(LIST.name, error))?;
            for plan in pages.items(harvest, "BackupPlansList", page.backup_plans_list)? {
                harvest.push(&TABLE, row(plan));
            }
            pages.follow(page.next_token)?;
        }
        Ok(())
    }
}

fn row(plan: BackupPlansListMember) -> BackupPlanRow {
    BackupPlanRow {
        backup_plan_arn: plan.backup_plan_arn,
        backup_plan_id: plan.backup_plan_id,
        backup_plan_name: plan.backup_plan_name,
        version_id: plan.version_id,
        creation_date: millis(plan.creation_date),
        last_execution_date: millis(plan.last_execution_date),
        advanced_backup_settings: plan.advanced_backup_settings.map(settings),
    }
}

fn settings(settings: Vec<AdvancedBackupSetting>) -> Json {
    let setting = |setting: AdvancedBackupSetting| {
        let options =
            setting.backup_options.map(|options| Value::Object(options.into_iter().map(|(key, value)| (key, value.into())).collect()));
        sent([("ResourceType", setting.resource_type.map(Value::from)), ("BackupOptions", options)])
    };
    json(settings.into_iter().map(setting).collect())
}

#[cfg(test)]
mod tests {
    use serde_json::json as value;

    use super::*;
    use crate::collect::test_reads::{json, read};
    use crate::collect::testing::Reply;

    const DAILY: &str = "arn:aws:backup:eu-west-1:111122223333:backup-plan:8f81";

    #[tokio::test]
    async fn pages_become_rows_and_a_plan_without_arn_is_refused() {
        let first = value!({ "BackupPlansList": [{
            "BackupPlanArn": DAILY, "BackupPlanId": "8f81", "BackupPlanName": "daily", "VersionId": "v1", "CreationDate": 1_763_000_000,
            "AdvancedBackupSettings": [{ "ResourceType": "EC2", "BackupOptions": { "WindowsVSS": "enabled" } }]
        }], "NextToken": "2" });
        let last = value!({ "BackupPlansList": [{ "BackupPlanArn": format!("{DAILY}-2") }, { "BackupPlanId": "lost" }] });
        let replies = [
            json(LIST.name, &first),
            Reply::throttled(LIST.name).containing("nextToken=2"),
            json(LIST.name, &last).containing("nextToken=2"),
        ];
        let (result, mut harvest) = read(&BackupPlans, &Unit::REGION, replies).await;
        result.unwrap();
        assert_eq!((harvest.pages(), harvest.items(), harvest.refused().len()), (2, 3, 1), "asked again after a request to slow down");
        let rows: Vec<BackupPlanRow> = harvest.take(&TABLE).rows();
        let settings = r#"[{"BackupOptions":{"WindowsVSS":"enabled"},"ResourceType":"EC2"}]"#;
        assert_eq!(rows[0].advanced_backup_settings, Some(Json(settings.into())));
        assert_eq!((rows[0].last_execution_date, rows[1].backup_plan_name.as_deref()), (None, None));
    }
}
