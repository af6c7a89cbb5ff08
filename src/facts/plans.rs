//! Backup plans put together from their tables: rules with their windows and schedules, copies, selections.
//!
//! What AWS leaves out is filled in here, once, with the defaults AWS documents; a schedule or selection that cannot be understood is kept as
//! such, so that what rests on it becomes unknown.

use std::collections::BTreeMap;

use super::coverage::selection::{Selection, SelectionError, SelectionJson};
use super::schedule;
use super::schedule::cron::{DEFAULT_EXPRESSION, Schedule, ScheduleError};
use super::schedule::overlaps::{self, Left};
use super::schedule::runs::{COMPLETION_WINDOW_DEFAULT_S, LargestGap, START_WINDOW_DEFAULT_S};
use super::{FactError, Inputs};
use crate::dataset::rows::Json;
use crate::model::Arn;

/// A plan as it stands at the moment.
#[derive(Debug)]
pub struct Plan {
    /// Its ARN.
    pub arn: String,
    /// Its name.
    pub name: String,
    /// Account.
    pub account_id: String,
    /// Region; a plan acts only there.
    pub region: String,
    /// Its rules, by id.
    pub rules: Vec<PlanRule>,
    /// Whether all rules and copies are known.
    pub rules_known: bool,
    /// Its selections, by id.
    pub selections: Vec<PlanSelection>,
    /// Whether all selections are known.
    pub selections_known: bool,
    /// Collection it was read in.
    pub collection: String,
}

impl Plan {
    /// Whether it has any rule; `None` if they were not read.
    pub fn has_rules(&self) -> Option<bool> {
        if self.rules.is_empty() && !self.rules_known { None } else { Some(!self.rules.is_empty()) }
    }
}

/// A rule of a plan.
#[derive(Debug)]
pub struct PlanRule {
    /// Id, unique in its plan.
    pub id: String,
    /// Name for people.
    pub name: String,
    /// Vault it writes to.
    pub vault_name: Option<String>,
    /// Logically air-gapped vault of the same account and Region that it writes to as well, or instead, where the resource type allows it.
    pub air_gapped_vault_arn: Option<String>,
    /// When it runs, as AWS has it, with the default filled in.
    pub expression: String,
    /// Time zone as AWS has it.
    pub timezone: Option<String>,
    /// The schedule understood.
    pub schedule: Result<Schedule, ScheduleError>,
    /// Largest time between its runs from the moment of judgement on; `None` if the schedule is not understood.
    pub gap: Option<LargestGap>,
    /// What other rules of the plan leave of its runs.
    pub left: Left,
    /// Start window, default filled in.
    pub start_window_s: i64,
    /// Completion window, default filled in.
    pub completion_window_s: i64,
    /// Lifecycle.
    pub lifecycle: Lifecycle,
    /// Event after which points are deleted before their time.
    pub delete_after_event: Option<String>,
    /// Whether it makes continuous backups.
    pub continuous: bool,
    /// Copies it makes.
    pub copies: Vec<PlanCopy>,
}

/// A copy action of a rule.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PlanCopy {
    /// Destination vault.
    pub destination_vault_arn: String,
    /// Region of the destination; empty if the ARN cannot be read.
    pub destination_region: String,
    /// Account of the destination; empty if the ARN cannot be read.
    pub destination_account_id: String,
    /// Lifecycle of the copies.
    pub lifecycle: Lifecycle,
}

/// How long points are kept, as AWS has it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Lifecycle {
    /// Days until deletion; `None` and -1 mean that nothing deletes them.
    pub delete_after_days: Option<i64>,
    /// Days until cold storage; `None` means never.
    pub cold_after_days: Option<i64>,
}

impl Lifecycle {
    /// Whether points are never deleted by it.
    pub fn kept_forever(&self) -> bool {
        self.delete_after_days.is_none_or(|days| days < 0)
    }
}

/// A selection of a plan.
#[derive(Debug)]
pub struct PlanSelection {
    /// Id, unique in its plan.
    pub id: String,
    /// Name for people.
    pub name: String,
    /// Role that AWS Backup takes on.
    pub role_arn: Option<String>,
    /// When it was made; AWS does not change selections, so it has been as it is since then. `None` if AWS did not say.
    pub created_s: Option<i64>,
    /// The selection understood.
    pub selection: Result<Selection, SelectionError>,
}

crate::rows! {
    /// What is needed of `backup_plans`.
    struct PlanRow { account_id: Text; region: Text; backup_plan_arn: Text; backup_plan_name: Text; collection: Text; }
}

crate::rows! {
    /// What is needed of `plan_rules`.
    struct RuleRow {
        backup_plan_arn: Text; rule_id: Text; rule_name: Text; target_backup_vault_name: Text;
        target_logically_air_gapped_backup_vault_arn: Text; schedule_expression: Text; schedule_expression_timezone: Text; start_window_minutes: Integer; completion_window_minutes: Integer; delete_after_days: Integer;
        move_to_cold_storage_after_days: Integer; delete_after_event: Text; enable_continuous_backup: Boolean;
    }
}

crate::rows! {
    /// What is needed of `plan_copies`.
    struct CopyRow {
        backup_plan_arn: Text; rule_id: Text; destination_backup_vault_arn: Text; delete_after_days: Integer;
        move_to_cold_storage_after_days: Integer;
    }
}

crate::rows! {
    /// What is needed of `selections`.
    struct SelectionRow {
        account_id: Text; region: Text; backup_plan_arn: Text; selection_id: Text; selection_name: Text; iam_role_arn: Text; creation_date_s: Integer;
        resources: Json; not_resources: Json; list_of_tags: Json; conditions: Json;
    }
}

/// Puts the plans together, sorted by ARN.
pub(super) fn plans(inputs: &Inputs<'_>) -> Result<Vec<Plan>, FactError> {
    let mut copies: BTreeMap<(String, String), Vec<PlanCopy>> = BTreeMap::new();
    for row in inputs.rows::<CopyRow>("plan_copies")? {
        let key = (row.backup_plan_arn.clone().unwrap_or_default(), row.rule_id.clone().unwrap_or_default());
        copies.entry(key).or_default().push(copy(row));
    }
    let mut rules: BTreeMap<String, Vec<PlanRule>> = BTreeMap::new();
    for row in inputs.rows::<RuleRow>("plan_rules")? {
        let plan = row.backup_plan_arn.clone().unwrap_or_default();
        let copies = copies.remove(&(plan.clone(), row.rule_id.clone().unwrap_or_default())).unwrap_or_default();
        let mut rule = rule(row, copies);
        rule.gap = schedule::gap(&rule, inputs.snapshot.as_of_s());
        rules.entry(plan).or_default().push(rule);
    }
    let mut selections: BTreeMap<String, Vec<PlanSelection>> = BTreeMap::new();
    for row in inputs.rows::<SelectionRow>("selections")? {
        selections.entry(row.backup_plan_arn.clone().unwrap_or_default()).or_default().push(selection(&row));
    }
    let mut plans = Vec::new();
    for row in inputs.rows::<PlanRow>("backup_plans")? {
        let (arn, account_id, region) =
            (row.backup_plan_arn.unwrap_or_default(), row.account_id.unwrap_or_default(), row.region.unwrap_or_default());
        let known = |table: &str| inputs.snapshot.complete(table, &account_id, &region, Some(&arn));
        let (mut rules, rules_known) = (rules.remove(&arn).unwrap_or_default(), known("plan_rules"));
        for (at, left) in overlaps::left(&rules, rules_known, inputs.snapshot.as_of_s()).into_iter().enumerate() {
            rules[at].left = left;
        }
        plans.push(Plan {
            rules,
            rules_known: rules_known && known("plan_copies"),
            selections: selections.remove(&arn).unwrap_or_default(),
            selections_known: known("selections"),
            name: row.backup_plan_name.unwrap_or_default(),
            collection: row.collection.unwrap_or_default(),
            arn,
            account_id,
            region,
        });
    }
    plans.sort_by(|one, other| one.arn.cmp(&other.arn));
    Ok(plans)
}

fn rule(row: RuleRow, mut copies: Vec<PlanCopy>) -> PlanRule {
    copies.sort_by(|one, other| one.destination_vault_arn.cmp(&other.destination_vault_arn));
    let expression = row.schedule_expression.unwrap_or_else(|| DEFAULT_EXPRESSION.to_owned());
    let minutes = |minutes: Option<i64>, default_s: i64| minutes.map_or(default_s, |minutes| minutes.saturating_mul(60));
    PlanRule {
        id: row.rule_id.unwrap_or_default(),
        name: row.rule_name.unwrap_or_default(),
        vault_name: row.target_backup_vault_name,
        air_gapped_vault_arn: row.target_logically_air_gapped_backup_vault_arn,
        schedule: Schedule::parse(&expression, row.schedule_expression_timezone.as_deref()),
        gap: None,
        left: Left::NotKnown,
        expression,
        timezone: row.schedule_expression_timezone,
        start_window_s: minutes(row.start_window_minutes, START_WINDOW_DEFAULT_S),
        completion_window_s: minutes(row.completion_window_minutes, COMPLETION_WINDOW_DEFAULT_S),
        lifecycle: Lifecycle { delete_after_days: row.delete_after_days, cold_after_days: row.move_to_cold_storage_after_days },
        delete_after_event: row.delete_after_event,
        continuous: row.enable_continuous_backup.unwrap_or(false), // AWS leaves the field out for "no"
        copies,
    }
}

fn copy(row: CopyRow) -> PlanCopy {
    let arn = row.destination_backup_vault_arn.unwrap_or_default();
    let (region, account) = Arn::parse(&arn).map_or(("", ""), |arn| (arn.region, arn.account));
    PlanCopy {
        destination_region: region.to_owned(),
        destination_account_id: account.to_owned(),
        lifecycle: Lifecycle { delete_after_days: row.delete_after_days, cold_after_days: row.move_to_cold_storage_after_days },
        destination_vault_arn: arn,
    }
}

fn selection(row: &SelectionRow) -> PlanSelection {
    fn text(json: Option<&Json>) -> Option<&str> {
        json.map(|Json(text)| text.as_str())
    }
    let parts = SelectionJson {
        resources: text(row.resources.as_ref()),
        not_resources: text(row.not_resources.as_ref()),
        list_of_tags: text(row.list_of_tags.as_ref()),
        conditions: text(row.conditions.as_ref()),
    };
    let (account_id, region) = (row.account_id.as_deref().unwrap_or_default(), row.region.as_deref().unwrap_or_default());
    PlanSelection {
        id: row.selection_id.clone().unwrap_or_default(),
        name: row.selection_name.clone().unwrap_or_default(),
        role_arn: row.iam_role_arn.clone(),
        created_s: row.creation_date_s,
        selection: Selection::from_json(account_id, region, parts),
    }
}
