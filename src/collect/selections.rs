//! Selections of plans: one row per plan and selection, with every clause that decides which resources it takes.
//!
//! Calls `ListBackupSelections` for each plan, and `GetBackupSelection` for each selection, because the list has no clauses. A selection that
//! cannot be read leaves the others and makes the read of its plan partial.
//!
//! Key: (`backup_plan_arn`, `selection_id`). The clauses are kept as the API writes them (`ConditionKey`, `ConditionValue`, …) for facts to
//! evaluate; a clause left out is NULL, an empty one is `[]`.

use async_trait::async_trait;
use aws_sdk_backup::types::{BackupSelectionsListMember, Condition, ConditionParameter, Conditions};
use serde_json::Value;

use super::collector::{Collector, Foretold, Harvest, Operation, ReadError, Unit};
use super::door::RegionDoor;
use super::fields::{json, list, millis, required, sent};
use super::pages::{Pages, answered};
use super::{backup_plans, parent};
use crate::dataset::rows::{Json, Row};
use crate::dataset::{Table, TableKind};

crate::rows! {
    /// A selection of a plan.
    pub struct SelectionRow {
        /// Plan of the selection
        backup_plan_arn: Text, Never, "ARN of the plan that was asked";
        /// Id of the plan
        backup_plan_id: Text, NotTold, "BackupPlanId";
        /// Id of the selection; may hold slashes
        selection_id: Text, Never, "SelectionId";
        /// Name of the selection
        selection_name: Text, NotTold, "BackupSelection.SelectionName";
        /// Role that AWS Backup takes on
        iam_role_arn: Text, NotTold, "BackupSelection.IamRoleArn";
        /// ARNs or patterns that are taken
        resources: Json, Means("no ARN is named"), "BackupSelection.Resources";
        /// ARNs or patterns that are left out
        not_resources: Json, Means("nothing is left out by ARN"), "BackupSelection.NotResources";
        /// Tags of which one is enough
        list_of_tags: Json, Means("no tag is enough by itself"), "BackupSelection.ListOfTags";
        /// Conditions that must all hold, by operator
        conditions: Json, Means("no condition"), "BackupSelection.Conditions";
        /// When the selection was created
        creation_date: Time, NotTold, "CreationDate";
    }
}

/// The selections of a Region's plans.
pub static TABLE: Table = Table {
    name: "selections",
    kind: TableKind::State,
    doc: "One row for each selection of each backup plan, with its clauses as the API writes them.",
    columns: SelectionRow::COLUMNS,
    key: &["backup_plan_arn", "selection_id"],
    parent: Some("backup_plan_arn"),
    created: None,
    global: false,
    subject: None,
};

const LIST: Operation = Operation { service: "backup", name: "ListBackupSelections", action: "backup:ListBackupSelections" };
const GET: Operation = Operation { service: "backup", name: "GetBackupSelection", action: "backup:GetBackupSelection" };

/// Reads [`TABLE`].
pub(crate) struct Selections;

#[async_trait]
impl Collector for Selections {
    fn tables(&self) -> &'static [&'static Table] {
        const { &[&TABLE] }
    }

    fn operations(&self) -> &'static [Operation] {
        &[LIST, GET]
    }

    fn parents(&self) -> Option<(&'static Table, &'static str)> {
        Some((&backup_plans::TABLE, "backup_plan_arn"))
    }

    fn foretold(&self) -> &'static [(Operation, Foretold)] {
        &[(GET, Foretold::OneByOne)]
    }

    async fn collect(&self, door: &RegionDoor, unit: &Unit, harvest: &mut Harvest) -> Result<(), ReadError> {
        let (plan_arn, plan_id) = parent::plan(unit, LIST.name)?;
        let mut pages = Pages::of(LIST.name);
        while pages.more() {
            let request = door.backup().list_backup_selections().backup_plan_id(plan_id).max_results(1_000);
            let page = request.set_next_token(pages.token()).send().await.map_err(|error| ReadError::from_sdk(LIST.name, error))?;
            for listed in pages.items(harvest, "BackupSelectionsList", page.backup_selections_list)? {
                match selection(door, plan_arn, plan_id, listed).await {
                    Ok(row) => harvest.push(&TABLE, row),
                    Err(error) => harvest.failed(error),
                }
            }
            pages.follow(page.next_token)?;
        }
        Ok(())
    }
}

/// One selection with its clauses.
async fn selection(
    door: &RegionDoor,
    plan_arn: &str,
    plan_id: &str,
    listed: BackupSelectionsListMember,
) -> Result<SelectionRow, ReadError> {
    let selection_id = answered(LIST.name, "SelectionId", listed.selection_id)?;
    let request = door.backup().get_backup_selection().backup_plan_id(plan_id).selection_id(&selection_id);
    let answer = request.send().await.map_err(|error| ReadError::from_sdk(GET.name, error))?;
    let selection = answered(GET.name, "BackupSelection", answer.backup_selection)?;
    Ok(SelectionRow {
        backup_plan_arn: Some(plan_arn.to_owned()),
        backup_plan_id: answer.backup_plan_id,
        selection_id: Some(selection_id),
        selection_name: required(selection.selection_name),
        iam_role_arn: required(selection.iam_role_arn),
        resources: list(selection.resources),
        not_resources: list(selection.not_resources),
        list_of_tags: selection.list_of_tags.map(|tags| json(tags.into_iter().map(tag).collect())),
        conditions: selection.conditions.map(conditions),
        creation_date: millis(answer.creation_date),
    })
}

fn tag(tag: Condition) -> Value {
    sent([
        ("ConditionType", Some(tag.condition_type.as_str().into())),
        ("ConditionKey", Some(tag.condition_key.into())),
        ("ConditionValue", Some(tag.condition_value.into())),
    ])
}

fn conditions(conditions: Conditions) -> Json {
    let parameter = |parameter: ConditionParameter| {
        sent([("ConditionKey", parameter.condition_key.map(Value::from)), ("ConditionValue", parameter.condition_value.map(Value::from))])
    };
    let clause = |parameters: Option<Vec<ConditionParameter>>| parameters.map(|all| all.into_iter().map(parameter).collect());
    json(sent([
        ("StringEquals", clause(conditions.string_equals)),
        ("StringNotEquals", clause(conditions.string_not_equals)),
        ("StringLike", clause(conditions.string_like)),
        ("StringNotLike", clause(conditions.string_not_like)),
    ]))
}

#[cfg(test)]
mod tests {
    use serde_json::json as value;

    use super::*;
    use crate::collect::test_reads::{json, of_parent, read};
    use crate::collect::testing::Reply;

    const PLAN: &str = "arn:aws:backup:eu-west-1:111122223333:backup-plan:8f81";

    #[tokio::test]
    async fn clauses_are_kept_as_the_api_writes_them() {
        let list = value!({ "BackupSelectionsList": [{ "SelectionId": "s1" }, { "SelectionId": "s2" }] });
        let full = value!({ "SelectionId": "s1", "BackupPlanId": "8f81", "CreationDate": 1_763_000_000, "BackupSelection": {
            "SelectionName": "databases", "IamRoleArn": "arn:aws:iam::111122223333:role/AWSBackup",
            "Resources": ["arn:aws:rds:*:*:db:*"], "NotResources": [],
            "ListOfTags": [{ "ConditionType": "STRINGEQUALS", "ConditionKey": "backup", "ConditionValue": "true" }],
            "Conditions": { "StringEquals": [{ "ConditionKey": "aws:ResourceTag/stage", "ConditionValue": "prod" }], "StringLike": [] }
        } });
        let bare = value!({ "BackupSelection": { "SelectionName": "all", "IamRoleArn": "" } });
        let replies = [
            json(LIST.name, &list).containing("/plans/8f81/selections"),
            json(GET.name, &full).containing("/selections/s1"),
            json(GET.name, &bare).containing("/selections/s2"),
        ];
        let (result, mut harvest) = read(&Selections, &of_parent(PLAN), replies).await;
        result.unwrap();
        let rows: Vec<SelectionRow> = harvest.take(&TABLE).rows();
        let text = |json: &Option<Json>| json.clone().map(|json| json.0);
        assert_eq!(text(&rows[0].resources).as_deref(), Some(r#"["arn:aws:rds:*:*:db:*"]"#));
        assert_eq!(text(&rows[0].not_resources).as_deref(), Some("[]"), "an empty clause is not an absent one");
        assert_eq!(
            text(&rows[0].list_of_tags).as_deref(),
            Some(r#"[{"ConditionKey":"backup","ConditionType":"STRINGEQUALS","ConditionValue":"true"}]"#)
        );
        assert_eq!(
            text(&rows[0].conditions).as_deref(),
            Some(r#"{"StringEquals":[{"ConditionKey":"aws:ResourceTag/stage","ConditionValue":"prod"}],"StringLike":[]}"#)
        );
        let none = (&rows[1].resources, &rows[1].list_of_tags, &rows[1].conditions, &rows[1].iam_role_arn);
        assert_eq!(none, (&None, &None, &None, &None));
        assert_eq!(rows[1].selection_id.as_deref(), Some("s2"), "the id is that of the list");
    }

    #[tokio::test]
    async fn one_selection_that_cannot_be_read_leaves_the_others() {
        let efs = "arn:aws:backup:eu-west-1:111122223333:backup-plan:aws/efs/73d922fb";
        let list = value!({ "BackupSelectionsList": [{ "SelectionId": "aws/efs/1" }, { "SelectionId": "s2" }, {}] });
        let bare = value!({ "BackupSelection": { "SelectionName": "all" } });
        let replies = [
            json(LIST.name, &list).containing("/plans/aws%2Fefs%2F73d922fb/selections"),
            Reply::denied(GET.name).containing("/selections/aws%2Fefs%2F1"),
            json(GET.name, &bare).containing("/selections/s2"),
        ];
        let (result, mut harvest) = read(&Selections, &of_parent(efs), replies).await;
        result.unwrap();
        assert_eq!((harvest.items(), harvest.take(&TABLE).len()), (3, 1));
        let reasons: Vec<&String> = harvest.refused().keys().collect();
        assert!(reasons[0].starts_with("GetBackupSelection: AccessDeniedException"), "{reasons:?}");
        assert_eq!(reasons[1], "ListBackupSelections: the answer holds no SelectionId");
    }

    #[tokio::test]
    async fn a_token_that_comes_back_is_an_error() {
        let page = value!({ "BackupSelectionsList": [], "NextToken": "again" });
        let (result, _) = read(&Selections, &of_parent(PLAN), [json(LIST.name, &page), json(LIST.name, &page)]).await;
        assert!(result.unwrap_err().reason.contains("the same page token twice"));
    }
}
