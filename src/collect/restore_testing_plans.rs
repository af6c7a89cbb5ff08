//! Restore testing plans: one row per plan, with which recovery points it picks.
//!
//! Calls `ListRestoreTestingPlans`, and `GetRestoreTestingPlan` for each, because the list does not say which points are picked. A plan that
//! cannot be read leaves the others and makes the read partial. Its selections are `restore_testing_selections`.
//!
//! Key: `restore_testing_plan_arn`, which ends in the name of the plan and an id.

use async_trait::async_trait;
use aws_sdk_backup::types::RestoreTestingPlanForGet;

use super::collector::{Collector, Harvest, Operation, ReadError, Unit};
use super::door::RegionDoor;
use super::fields::{filled, list, millis, required, required_millis, words};
use super::members::Holds;
use super::pages::{Pages, answered};
use crate::dataset::rows::Row;
use crate::dataset::{Table, TableKind};

crate::rows! {
    /// A restore testing plan.
    pub struct RestoreTestingPlanRow {
        /// ARN of the plan
        restore_testing_plan_arn: Text, Never, "RestoreTestingPlanArn";
        /// Name of the plan
        restore_testing_plan_name: Text, NotTold, "RestoreTestingPlanName";
        /// When tests start: cron or rate
        schedule_expression: Text, NotTold, "ScheduleExpression";
        /// Time zone of the schedule
        schedule_expression_timezone: Text, Means("UTC"), "ScheduleExpressionTimezone";
        /// Hours within which a test starts
        start_window_hours: Integer, NotTold, "StartWindowHours";
        /// `LATEST_WITHIN_WINDOW` or `RANDOM_WITHIN_WINDOW`
        algorithm: Text, NotTold, "RecoveryPointSelection.Algorithm";
        /// Kinds of points that are picked: `SNAPSHOT`, `CONTINUOUS`
        recovery_point_types: Json, NotTold, "RecoveryPointSelection.RecoveryPointTypes";
        /// Vaults that points are picked from: ARNs or patterns
        include_vaults: Json, NotTold, "RecoveryPointSelection.IncludeVaults";
        /// Vaults that are left out: ARNs or patterns
        exclude_vaults: Json, Means("no vault is left out"), "RecoveryPointSelection.ExcludeVaults";
        /// Days before the test from which points are picked
        selection_window_days: Integer, NotTold, "RecoveryPointSelection.SelectionWindowDays";
        /// When the plan was created
        creation_time: Time, NotTold, "CreationTime";
        /// When it last ran
        last_execution_time: Time, Means("never run"), "LastExecutionTime";
        /// When it was last changed
        last_update_time: Time, Means("never changed"), "LastUpdateTime";
    }
}

/// The restore testing plans of a Region.
pub static TABLE: Table = Table {
    name: "restore_testing_plans",
    kind: TableKind::State,
    doc: "One row for each restore testing plan, with the recovery points that it picks.",
    columns: RestoreTestingPlanRow::COLUMNS,
    key: &["restore_testing_plan_arn"],
    parent: None,
    created: None,
    global: false,
    subject: Some(("restore_testing_plan_arn", "AWS::Backup::RestoreTestingPlan")),
};

const LIST: Operation = Operation { service: "backup", name: "ListRestoreTestingPlans", action: "backup:ListRestoreTestingPlans" };
const GET: Operation = Operation { service: "backup", name: "GetRestoreTestingPlan", action: "backup:GetRestoreTestingPlan" };

/// Reads [`TABLE`].
pub(crate) struct RestoreTestingPlans;

#[async_trait]
impl Collector for RestoreTestingPlans {
    fn tables(&self) -> &'static [&'static Table] {
        const { &[&TABLE] }
    }

    fn operations(&self) -> &'static [Operation] {
        &[LIST, GET]
    }

    async fn collect(&self, door: &RegionDoor, _unit: &Unit, harvest: &mut Harvest) -> Result<(), ReadError> {
        let mut pages = Pages::of(LIST.name);
        while pages.more() {
            let request = door.backup().list_restore_testing_plans().max_results(1_000).set_next_token(pages.token());
            let page = request.customize().interceptor(Holds("RestoreTestingPlans")).send().await;
            let page = page.map_err(|error| ReadError::from_sdk(LIST.name, error))?;
            for listed in pages.items(harvest, "RestoreTestingPlans", Some(page.restore_testing_plans))? {
                match plan(door, required(listed.restore_testing_plan_name)).await {
                    Ok(plan) => harvest.push(&TABLE, row(plan)),
                    Err(error) => harvest.failed(error),
                }
            }
            pages.follow(page.next_token)?;
        }
        Ok(())
    }
}

/// One plan in full.
async fn plan(door: &RegionDoor, name: Option<String>) -> Result<RestoreTestingPlanForGet, ReadError> {
    let name = answered(LIST.name, "RestoreTestingPlanName", name)?;
    let answer = door.backup().get_restore_testing_plan().restore_testing_plan_name(name).send().await;
    let answer = answer.map_err(|error| ReadError::from_sdk(GET.name, error))?;
    answered(GET.name, "RestoreTestingPlan", answer.restore_testing_plan)
}

fn row(plan: RestoreTestingPlanForGet) -> RestoreTestingPlanRow {
    let (algorithm, types, include, exclude, window_days) = plan
        .recovery_point_selection
        .map(|points| {
            let window_days = filled(points.selection_window_days);
            (points.algorithm, points.recovery_point_types, points.include_vaults, points.exclude_vaults, window_days)
        })
        .unwrap_or_default();
    RestoreTestingPlanRow {
        restore_testing_plan_arn: required(plan.restore_testing_plan_arn),
        restore_testing_plan_name: required(plan.restore_testing_plan_name),
        schedule_expression: required(plan.schedule_expression),
        schedule_expression_timezone: plan.schedule_expression_timezone,
        start_window_hours: filled(plan.start_window_hours),
        algorithm: super::fields::word(algorithm),
        recovery_point_types: words(types),
        include_vaults: list(include),
        exclude_vaults: list(exclude),
        selection_window_days: window_days,
        creation_time: required_millis(plan.creation_time),
        last_execution_time: millis(plan.last_execution_time),
        last_update_time: millis(plan.last_update_time),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json as value;

    use super::*;
    use crate::collect::test_reads::{json, read};
    use crate::collect::testing::Reply;
    use crate::dataset::ReadStatus;
    use crate::dataset::rows::Json;

    const WEEKLY: &str = "arn:aws:backup:eu-west-1:111122223333:restore-testing-plan:weekly-867cbaf4-a45d-464e-ba8b-6035bc96770b";

    #[tokio::test]
    async fn plans_of_all_pages_are_read_in_full() {
        let first = value!({ "RestoreTestingPlans": [{ "RestoreTestingPlanName": "weekly" }], "NextToken": "2" });
        let empty = value!({ "RestoreTestingPlans": [], "NextToken": "3" });
        let last = value!({ "RestoreTestingPlans": [{ "RestoreTestingPlanName": "bare" }] });
        let full = value!({ "RestoreTestingPlan": {
            "RestoreTestingPlanArn": WEEKLY, "RestoreTestingPlanName": "weekly", "ScheduleExpression": "cron(0 5 ? * * *)", "StartWindowHours": 24,
            "CreationTime": 1_763_000_000, "LastExecutionTime": 1_764_000_000, "RecoveryPointSelection": {
                "Algorithm": "LATEST_WITHIN_WINDOW", "RecoveryPointTypes": ["SNAPSHOT", "CONTINUOUS"], "IncludeVaults": ["*"], "SelectionWindowDays": 30
            }
        } });
        let bare = value!({ "RestoreTestingPlan": { "RestoreTestingPlanArn": "arn:aws:backup:eu-west-1:111122223333:restore-testing-plan:bare" } });
        let replies = [
            json(LIST.name, &first),
            json(LIST.name, &empty).containing("NextToken=2"),
            json(LIST.name, &last).containing("NextToken=3"),
            json(GET.name, &full).containing("/restore-testing/plans/weekly"),
            json(GET.name, &bare).containing("/restore-testing/plans/bare"),
        ];
        let (result, mut harvest) = read(&RestoreTestingPlans, &Unit::REGION, replies).await;
        result.unwrap();
        assert_eq!((harvest.pages(), harvest.items(), harvest.refused().len()), (3, 2, 0));
        let rows: Vec<RestoreTestingPlanRow> = harvest.take(&TABLE).rows();
        assert_eq!(rows[0].recovery_point_types, Some(Json(r#"["SNAPSHOT","CONTINUOUS"]"#.into())));
        assert_eq!((rows[0].include_vaults.clone(), rows[0].exclude_vaults.clone()), (Some(Json(r#"["*"]"#.into())), None));
        assert_eq!((rows[0].start_window_hours, rows[0].selection_window_days), (Some(24), Some(30)));
        let told = (rows[1].start_window_hours, rows[1].selection_window_days, rows[1].creation_time, &rows[1].schedule_expression);
        assert_eq!(told, (None, None, None, &None), "what the SDK fills in was not told");
    }

    #[tokio::test]
    async fn a_plan_that_cannot_be_read_leaves_the_others() {
        let list = value!({ "RestoreTestingPlans": [{ "RestoreTestingPlanName": "a" }, { "RestoreTestingPlanName": "b" }, {}] });
        let nameless = value!({ "RestoreTestingPlan": { "RestoreTestingPlanName": "b" } });
        let replies =
            [json(LIST.name, &list), Reply::denied(GET.name).containing("/plans/a"), json(GET.name, &nameless).containing("/plans/b")];
        let (result, mut harvest) = read(&RestoreTestingPlans, &Unit::REGION, replies).await;
        result.unwrap();
        assert_eq!((harvest.refused().len(), harvest.take(&TABLE).len()), (3, 0), "denied, without ARN, without name");
        assert_eq!(harvest.failure().map(|failure| (failure.status, failure.operation.as_str())), Some((ReadStatus::Denied, GET.name)));
    }
}
