//! Selections of restore testing plans: one row per plan and selection, with the resources that it tests.
//!
//! Calls `ListRestoreTestingSelections` for each plan, and `GetRestoreTestingSelection` for each selection, because the list does not say which
//! resources are taken. A selection that cannot be read leaves the others and makes the read of its plan partial.
//!
//! Key: (`restore_testing_plan_arn`, `restore_testing_selection_name`). Conditions speak of the tags of a resource's latest recovery point, not
//! of the resource's own. Overrides of restore metadata are not copied: they can hold whatever somebody wrote there.

use async_trait::async_trait;
use aws_sdk_backup::types::{KeyValue, ProtectedResourceConditions, RestoreTestingSelectionForGet};
use serde_json::Value;

use super::collector::{Collector, Foretold, Harvest, Operation, ReadError, Unit};
use super::door::RegionDoor;
use super::fields::{json, list, required, required_millis, sent};
use super::members::Holds;
use super::pages::{Pages, answered};
use super::{parent, restore_testing_plans};
use crate::dataset::rows::{Json, Row};
use crate::dataset::{Table, TableKind};

crate::rows! {
    /// A selection of a restore testing plan.
    pub struct RestoreTestingSelectionRow {
        /// Plan of the selection
        restore_testing_plan_arn: Text, Never, "ARN of the plan that was asked";
        /// Name of the selection, unique in its plan
        restore_testing_selection_name: Text, Never, "RestoreTestingSelectionName";
        /// The one resource type that is tested, as AWS Backup names it
        protected_resource_type: Text, NotTold, "ProtectedResourceType";
        /// ARNs that are tested, or `["*"]`
        protected_resource_arns: Json, Means("no ARN is named"), "ProtectedResourceArns";
        /// Conditions on the tags of the latest recovery point, by operator
        protected_resource_conditions: Json, Means("no condition"), "ProtectedResourceConditions";
        /// Hours that a restored resource is kept for validation
        validation_window_hours: Integer, Means("not kept for validation"), "ValidationWindowHours";
        /// Role that restores
        iam_role_arn: Text, NotTold, "IamRoleArn";
        /// When the selection was created
        creation_time: Time, NotTold, "CreationTime";
    }
}

/// The selections of a Region's restore testing plans.
pub static TABLE: Table = Table {
    name: "restore_testing_selections",
    kind: TableKind::State,
    doc: "One row for each selection of each restore testing plan.",
    columns: RestoreTestingSelectionRow::COLUMNS,
    key: &["restore_testing_plan_arn", "restore_testing_selection_name"],
    parent: Some("restore_testing_plan_arn"),
    created: None,
    global: false,
    subject: None,
};

const LIST: Operation =
    Operation { service: "backup", name: "ListRestoreTestingSelections", action: "backup:ListRestoreTestingSelections" };
const GET: Operation = Operation { service: "backup", name: "GetRestoreTestingSelection", action: "backup:GetRestoreTestingSelection" };

/// Reads [`TABLE`].
pub(crate) struct RestoreTestingSelections;

#[async_trait]
impl Collector for RestoreTestingSelections {
    fn tables(&self) -> &'static [&'static Table] {
        const { &[&TABLE] }
    }

    fn operations(&self) -> &'static [Operation] {
        &[LIST, GET]
    }

    fn parents(&self) -> Option<(&'static Table, &'static str)> {
        Some((&restore_testing_plans::TABLE, "restore_testing_plan_arn"))
    }

    fn foretold(&self) -> &'static [(Operation, Foretold)] {
        &[(GET, Foretold::OneByOne)]
    }

    async fn collect(&self, door: &RegionDoor, unit: &Unit, harvest: &mut Harvest) -> Result<(), ReadError> {
        let (plan_arn, plan_name) = parent::restore_testing_plan(unit, LIST.name)?;
        let mut pages = Pages::of(LIST.name);
        while pages.more() {
            let request = door.backup().list_restore_testing_selections().restore_testing_plan_name(plan_name).max_results(1_000);
            let page = request.set_next_token(pages.token()).customize().interceptor(Holds("RestoreTestingSelections")).send().await;
            let page = page.map_err(|error| ReadError::from_sdk(LIST.name, error))?;
            for listed in pages.items(harvest, "RestoreTestingSelections", Some(page.restore_testing_selections))? {
                match selection(door, plan_name, required(listed.restore_testing_selection_name)).await {
                    Ok(selection) => harvest.push(&TABLE, row(plan_arn, selection)),
                    Err(error) => harvest.failed(error),
                }
            }
            pages.follow(page.next_token)?;
        }
        Ok(())
    }
}

/// One selection in full.
async fn selection(door: &RegionDoor, plan_name: &str, name: Option<String>) -> Result<RestoreTestingSelectionForGet, ReadError> {
    let name = answered(LIST.name, "RestoreTestingSelectionName", name)?;
    let request = door.backup().get_restore_testing_selection().restore_testing_plan_name(plan_name);
    let answer = request.restore_testing_selection_name(name).send().await.map_err(|error| ReadError::from_sdk(GET.name, error))?;
    answered(GET.name, "RestoreTestingSelection", answer.restore_testing_selection)
}

fn row(plan_arn: &str, selection: RestoreTestingSelectionForGet) -> RestoreTestingSelectionRow {
    RestoreTestingSelectionRow {
        restore_testing_plan_arn: Some(plan_arn.to_owned()),
        restore_testing_selection_name: required(selection.restore_testing_selection_name),
        protected_resource_type: required(selection.protected_resource_type),
        protected_resource_arns: list(selection.protected_resource_arns),
        protected_resource_conditions: selection.protected_resource_conditions.map(conditions),
        validation_window_hours: super::fields::filled(selection.validation_window_hours),
        iam_role_arn: required(selection.iam_role_arn),
        creation_time: required_millis(selection.creation_time),
    }
}

fn conditions(conditions: ProtectedResourceConditions) -> Json {
    let pair = |pair: KeyValue| sent([("Key", Some(pair.key.into())), ("Value", Some(pair.value.into()))]);
    let clause = |pairs: Option<Vec<KeyValue>>| pairs.map(|all| all.into_iter().map(pair).collect::<Value>());
    json(sent([("StringEquals", clause(conditions.string_equals)), ("StringNotEquals", clause(conditions.string_not_equals))]))
}

#[cfg(test)]
mod tests {
    use serde_json::json as value;

    use super::*;
    use crate::collect::test_reads::{json, of_parent, read};
    use crate::collect::testing::Reply;

    const WEEKLY: &str = "arn:aws:backup:eu-west-1:111122223333:restore-testing-plan:weekly-867cbaf4-a45d-464e-ba8b-6035bc96770b";

    #[tokio::test]
    async fn selections_of_all_pages_are_read_in_full() {
        let first = value!({ "RestoreTestingSelections": [{ "RestoreTestingSelectionName": "databases" }], "NextToken": "2" });
        let last = value!({ "RestoreTestingSelections": [{ "RestoreTestingSelectionName": "rest" }] });
        let full = value!({ "RestoreTestingSelection": {
            "RestoreTestingSelectionName": "databases", "RestoreTestingPlanName": "weekly", "ProtectedResourceType": "RDS",
            "ProtectedResourceArns": ["*"], "ValidationWindowHours": 4, "IamRoleArn": "arn:aws:iam::111122223333:role/AWSBackup",
            "ProtectedResourceConditions": { "StringEquals": [{ "Value": "prod", "Key": "aws:ResourceTag/stage" }], "StringNotEquals": [] },
            "RestoreMetadataOverrides": { "dbSubnetGroupName": "private" }, "CreationTime": 1_763_000_000
        } });
        let bare = value!({ "RestoreTestingSelection": { "RestoreTestingSelectionName": "rest" } });
        let replies = [
            json(LIST.name, &first).containing("/restore-testing/plans/weekly/selections"),
            json(LIST.name, &last).containing("NextToken=2"),
            json(GET.name, &full).containing("/plans/weekly/selections/databases"),
            json(GET.name, &bare).containing("/plans/weekly/selections/rest"),
        ];
        let (result, mut harvest) = read(&RestoreTestingSelections, &of_parent(WEEKLY), replies).await;
        result.unwrap();
        let rows: Vec<RestoreTestingSelectionRow> = harvest.take(&TABLE).rows();
        assert_eq!(rows[0].restore_testing_plan_arn.as_deref(), Some(WEEKLY));
        let conditions = r#"{"StringEquals":[{"Key":"aws:ResourceTag/stage","Value":"prod"}],"StringNotEquals":[]}"#;
        assert_eq!(rows[0].protected_resource_conditions, Some(Json(conditions.into())));
        assert_eq!((rows[0].protected_resource_arns.clone(), rows[0].validation_window_hours), (Some(Json(r#"["*"]"#.into())), Some(4)));
        let none =
            (&rows[1].protected_resource_arns, &rows[1].protected_resource_type, rows[1].validation_window_hours, rows[1].creation_time);
        assert_eq!(none, (&None, &None, None, None));
    }

    #[tokio::test]
    async fn a_selection_that_cannot_be_read_leaves_the_others() {
        let list =
            value!({ "RestoreTestingSelections": [{ "RestoreTestingSelectionName": "a" }, { "RestoreTestingSelectionName": "b" }, {}] });
        let good = value!({ "RestoreTestingSelection": { "RestoreTestingSelectionName": "b" } });
        let replies = [json(LIST.name, &list), Reply::denied(GET.name).containing("/a"), json(GET.name, &good).containing("/selections/b")];
        let (result, mut harvest) = read(&RestoreTestingSelections, &of_parent(WEEKLY), replies).await;
        result.unwrap();
        assert_eq!((harvest.refused().len(), harvest.take(&TABLE).len()), (2, 1));
        assert_eq!(harvest.failure().map(|failure| failure.operation.as_str()), Some(GET.name));
    }

    #[tokio::test]
    async fn no_selections_is_an_answer() {
        let replies = [json(LIST.name, &value!({ "RestoreTestingSelections": [] }))];
        let (result, mut harvest) = read(&RestoreTestingSelections, &of_parent(WEEKLY), replies).await;
        assert_eq!((result, harvest.take(&TABLE).len()), (Ok(()), 0));
    }
}
