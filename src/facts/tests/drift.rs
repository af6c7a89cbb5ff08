//! Drift: two readings of a thing, and whether less is protected by the second.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::estate::*;
use super::things::*;
use crate::model::Window;

impl Estate {
    /// Drift alone.
    pub(super) fn drift(&self) -> Facts {
        self.open().facts_of(&["drift"], None, json!([]), Window { start_s: ago(30, 0), end_s: NOW_S }).unwrap()
    }
}

/// What a plan, a vault, a key and a database are before anything changes.
pub(super) fn before() -> Estate {
    Estate::default()
        .collected(ago(7, 0))
        .has("region_settings", opted_in(true))
        .has("backup_plans", [plan("core")])
        .has("plan_rules", [rule("core")])
        .has("plan_copies", [copied(35)])
        .has("selections", [selection("core")])
        .has("backup_vaults", [guarded_vault(json!({}))])
        .has("vault_policies", [policy(&DENIED, json!({}))])
        .has("vault_notifications", [heard(&["BACKUP_JOB_COMPLETED", "COPY_JOB_FAILED"])])
        .has("kms_keys", [key("data")])
        .has("rds_instances", [tagged("kept", json!({}))])
}

/// The same a week later, with another row in place of one.
pub(super) fn with_now(table: &'static str, rows: impl IntoIterator<Item = Value>) -> Estate {
    before().collected_again(NOW_S).without(table).has(table, rows)
}

pub(super) fn copied(days: i64) -> Value {
    json!({
        "backup_plan_arn": plan_arn("core"), "rule_id": "core-rule", "destination_backup_vault_arn": vault_arn((ACCOUNT, AWAY), "far"),
        "delete_after_days": days
    })
}

pub(super) fn guarded_vault(changes: Value) -> Value {
    let locked = json!({ "vault_type": "BACKUP_VAULT", "locked": true, "min_retention_days": 30, "number_of_recovery_points_count": 4 });
    with(with(vault((ACCOUNT, HOME), "main"), locked), changes)
}

pub(super) const DENIED: [&str; 4] = [
    "backup:DeleteRecoveryPoint",
    "backup:UpdateRecoveryPointLifecycle",
    "backup:PutBackupVaultAccessPolicy",
    "backup:DeleteBackupVaultAccessPolicy",
];

pub(super) fn policy(denied: &[&str], changes: Value) -> Value {
    let statement = with(json!({ "Effect": "Deny", "Principal": "*", "Resource": "*", "Action": denied }), changes);
    json!({ "backup_vault_arn": home_vault(), "policy": { "Statement": [statement] } })
}

pub(super) fn heard(events: &[&str]) -> Value {
    json!({ "backup_vault_arn": home_vault(), "sns_topic_arn": format!("arn:aws:sns:{HOME}:{ACCOUNT}:backups"), "events": events })
}

pub(super) fn tagged(name: &str, changes: Value) -> Value {
    let settings = json!({ "tags": { "backup": "yes" }, "backup_retention_period_days": 7, "deletion_protection": true });
    with(with(db(name), settings), changes)
}

pub(super) fn selection_arn() -> String {
    format!("{}#selection/core-selection", plan_arn("core"))
}

/// What drift says of a subject: what changed and whether it weakens; empty if nothing did.
pub(super) fn drift(facts: &Facts, subject: &str) -> Vec<(String, Value)> {
    let rows = facts.rows("drift", subject).into_iter().filter(|row| row["what"] != json!("nothing"));
    rows.map(|row| (row["what"].as_str().unwrap().to_owned(), row["weakens"].clone())).collect()
}

#[test]
fn nothing_changed() {
    let facts = before().collected_again(NOW_S).drift();
    for subject in [plan_arn("core"), selection_arn(), home_vault(), key_arn("data"), db_arn("kept")] {
        let row = facts.row("drift", &subject);
        assert_eq!((&row["compared"], &row["what"], &row["weakens"]), (&json!(true), &json!("nothing"), &json!(false)), "{subject}");
    }
}

#[test]
fn one_reading_is_no_comparison() {
    let once = || Estate::new().has("backup_plans", [plan("core")]).has("rds_instances", [db("kept")]);
    let new = before().without("backup_plans").without("rds_instances").collected_again(NOW_S);
    let new = new.has("backup_plans", [plan("core")]).has("rds_instances", [db("kept")]);
    // Two accounts that are collected minutes apart: the second moment shows the first account as it was read once.
    let apart = once().collected(NOW_S + 600).with_other_account().not_asked((ACCOUNT, HOME), "backup_plans");
    let apart = ["plan_rules", "plan_copies", "selections", "rds_instances"]
        .into_iter()
        .fold(apart, |estate, table| estate.not_asked((ACCOUNT, HOME), table));
    let window = Window { start_s: ago(30, 0), end_s: NOW_S + 600 };
    let cases = [
        ("collected once", once().drift()),
        ("made since", new.drift()),
        ("read once, and looked at twice", apart.open().facts_of(&["drift"], None, json!([]), window).unwrap()),
    ];
    for (why, facts) in cases {
        for subject in [plan_arn("core"), db_arn("kept")] {
            let row = facts.row("drift", &subject);
            assert_eq!((&row["compared"], &row["weakens"]), (&json!(false), &Value::Null), "{why}: {subject}");
        }
    }
}

/// What changes, the subject, what is said to have changed, and whether it weakens.
type Case = (&'static str, Estate, String, &'static str, Value);

fn check(cases: impl IntoIterator<Item = Case>) {
    for (why, estate, subject, what, weakens) in cases {
        let told: BTreeMap<String, Value> = drift(&estate.drift(), &subject).into_iter().collect();
        assert_eq!(told.get(what), Some(&weakens), "{why}: {told:?}");
    }
}

const YES: Value = Value::Bool(true);
const NO: Value = Value::Bool(false);
const OPEN: Value = Value::Null;

#[test]
fn plans_that_do_less() {
    let core = |changes: Value| with_now("plan_rules", [with(rule("core"), changes)]);
    check([
        ("every six hours", core(json!({ "schedule_expression": "cron(0 0/6 ? * * *)" })), plan_arn("core"), "schedule", NO),
        ("once a week", core(json!({ "schedule_expression": "cron(0 5 ? * SUN *)" })), plan_arn("core"), "schedule", YES),
        ("a schedule that nobody understands", core(json!({ "schedule_expression": "whenever" })), plan_arn("core"), "schedule", OPEN),
        ("four hours to start", core(json!({ "start_window_minutes": 240 })), plan_arn("core"), "windows", YES),
        ("an hour to complete", core(json!({ "completion_window_minutes": 60 })), plan_arn("core"), "windows", NO),
        ("kept a week", core(json!({ "delete_after_days": 7 })), plan_arn("core"), "retention", YES),
        ("kept for ever", core(json!({ "delete_after_days": null })), plan_arn("core"), "retention", NO),
        ("cold storage", core(json!({ "move_to_cold_storage_after_days": 1 })), plan_arn("core"), "cold storage", NO),
        (
            "deleted once copied",
            core(json!({ "delete_after_event": "DELETE_AFTER_COPY" })),
            plan_arn("core"),
            "deletion after an event",
            YES,
        ),
        ("continuous", core(json!({ "enable_continuous_backup": true })), plan_arn("core"), "continuous backup", NO),
        ("into another vault", core(json!({ "target_backup_vault_name": "scratch" })), plan_arn("core"), "vault", OPEN),
        ("no rule left", with_now("plan_rules", []), plan_arn("core"), "rule", YES),
        (
            "a second rule",
            with_now("plan_rules", [rule("core"), with(rule("core"), json!({ "rule_id": "2", "rule_name": "more" }))]),
            plan_arn("core"),
            "rule",
            NO,
        ),
        ("no copy any more", with_now("plan_copies", []), plan_arn("core"), "copy", YES),
        ("copies kept a week", with_now("plan_copies", [copied(7)]), plan_arn("core"), "retention of copies", YES),
        (
            "copies kept as long as points",
            with_now("plan_copies", [with(copied(35), json!({ "delete_after_days": 40 }))]),
            plan_arn("core"),
            "retention of copies",
            NO,
        ),
        ("no plan any more", with_now("backup_plans", []), plan_arn("core"), "plan", YES),
    ]);
}

#[test]
fn selections_that_ask_for_less() {
    let chosen = |changes: Value| with_now("selections", [with(selection("core"), changes)]);
    let tag = |value: &str| json!([{ "ConditionType": "STRINGEQUALS", "ConditionKey": "backup", "ConditionValue": value }]);
    let only_prod = json!({ "StringEquals": [{ "ConditionKey": "aws:ResourceTag/stage", "ConditionValue": "prod" }] });
    check([
        ("another tag, which the database has not", chosen(json!({ "list_of_tags": tag("nightly") })), selection_arn(), "clauses", YES),
        ("one condition more", chosen(json!({ "conditions": only_prod })), selection_arn(), "clauses", YES),
        ("one exception more", chosen(json!({ "not_resources": ["arn:aws:rds:*:*:db:test-*"] })), selection_arn(), "clauses", YES),
        ("one tag more", chosen(json!({ "resources": ["arn:aws:rds:*:*:db:*"] })), selection_arn(), "clauses", NO),
        (
            "the same database by name",
            chosen(json!({ "list_of_tags": null, "resources": [db_arn("kept")] })),
            selection_arn(),
            "clauses",
            OPEN,
        ),
        ("no selection any more", with_now("selections", []), selection_arn(), "selection", YES),
    ]);
}

#[test]
fn guards_that_guard_less() {
    let vaults = |changes: Value| with_now("backup_vaults", [guarded_vault(changes)]);
    let unless =
        |role: &str| json!({ "Condition": { "ArnNotEquals": { "aws:PrincipalArn": format!("arn:aws:iam::{ACCOUNT}:role/{role}") } } });
    let keys = |changes: Value| with_now("kms_keys", [with(key("data"), changes)]);
    let dbs = |changes: Value| with_now("rds_instances", [tagged("kept", changes)]);
    let region = format!("arn:aws:iam::{ACCOUNT}:root#region/{HOME}");
    check([
        ("no lock", vaults(json!({ "locked": false, "min_retention_days": null })), home_vault(), "lock", YES),
        ("locked for good", vaults(json!({ "lock_date": ago(1, 0) })), home_vault(), "lock", NO),
        ("a lower floor", vaults(json!({ "min_retention_days": 1 })), home_vault(), "shortest retention", YES),
        ("no vault, and it had points", with_now("backup_vaults", []), home_vault(), "vault", YES),
        ("deletion is not denied any more", with_now("vault_policies", [policy(&DENIED[1..], json!({}))]), home_vault(), "policy", YES),
        ("no policy", with_now("vault_policies", [json!({ "backup_vault_arn": home_vault() })]), home_vault(), "policy", YES),
        ("denied to all but one role", with_now("vault_policies", [policy(&DENIED, unless("rescue"))]), home_vault(), "policy", YES),
        ("more is denied", with_now("vault_policies", [policy(&["backup:*"], json!({}))]), home_vault(), "policy", NO),
        (
            "a policy that nobody understands",
            with_now("vault_policies", [json!({ "backup_vault_arn": home_vault(), "policy": "{" })]),
            home_vault(),
            "policy",
            OPEN,
        ),
        ("one event less", with_now("vault_notifications", [heard(&["COPY_JOB_FAILED"])]), home_vault(), "notifications", YES),
        (
            "one event more",
            with_now("vault_notifications", [heard(&["BACKUP_JOB_COMPLETED", "COPY_JOB_FAILED", "RESTORE_JOB_COMPLETED"])]),
            home_vault(),
            "notifications",
            NO,
        ),
        (
            "another topic",
            with_now(
                "vault_notifications",
                [with(
                    heard(&["BACKUP_JOB_COMPLETED", "COPY_JOB_FAILED"]),
                    json!({ "sns_topic_arn": "arn:aws:sns:eu-west-1:111122223333:new" }),
                )],
            ),
            home_vault(),
            "notifications",
            OPEN,
        ),
        ("disabled", keys(json!({ "key_state": "Disabled" })), key_arn("data"), "state", YES),
        ("does not rotate", keys(json!({ "rotation_enabled": false })), key_arn("data"), "rotation", YES),
        ("a state of tomorrow", keys(json!({ "key_state": "Resting" })), key_arn("data"), "state", OPEN),
        ("no tag any more", dbs(json!({ "tags": {} })), db_arn("kept"), "coverage", YES),
        ("kept natively for a day", dbs(json!({ "backup_retention_period_days": 1 })), db_arn("kept"), "backups of its service", YES),
        ("kept natively for longer", dbs(json!({ "backup_retention_period_days": 9 })), db_arn("kept"), "backups of its service", NO),
        ("can be deleted", dbs(json!({ "deletion_protection": false })), db_arn("kept"), "deletion protection", YES),
        ("RDS is switched off", with_now("region_settings", opted_in(false)), region.clone(), "opt-in", YES),
    ]);
}

#[test]
fn what_only_changes_its_shape_is_no_drift() {
    let renamed = json!({ "rule_id": "core-rule-2" });
    let copies = with(copied(35), renamed.clone());
    let anew = |table: &'static str, rows: Vec<Value>| with_now(table, rows);
    // why, estate
    let cases = [
        (
            "a plan that was updated has new ids of rules",
            anew("plan_rules", vec![with(rule("core"), renamed)]).without("plan_copies").has("plan_copies", [copies]),
        ),
        ("a selection made anew under its name", anew("selections", vec![with(selection("core"), json!({ "selection_id": "other" }))])),
        ("a policy in other words", anew("vault_policies", vec![policy(&[DENIED[3], DENIED[2], DENIED[1], DENIED[0]], json!({}))])),
        ("a database that was stopped", anew("rds_instances", vec![tagged("kept", json!({ "db_instance_status": "stopped" }))])),
    ];
    for (why, estate) in cases {
        let facts = estate.drift();
        let weakened: Vec<_> = facts.all("drift").iter().filter(|row| row["weakens"] != json!(false)).collect();
        assert!(weakened.iter().all(|row| row["compared"] == json!(false)), "{why}: {weakened:?}");
    }
}

#[test]
fn what_a_selection_does_not_name_any_more_may_be_gone() {
    let chosen = |arns: &[&str]| selection_of("core", arns);
    let both = || {
        let first = before().without("selections").has("selections", [chosen(&[&db_arn("kept"), &db_arn("old")])]);
        let second = first.has("rds_instances", [tagged("old", json!({}))]).collected_again(NOW_S);
        second.without("selections").has("selections", [chosen(&[&db_arn("kept")])])
    };
    let gone = || both().without("rds_instances").has("rds_instances", [tagged("kept", json!({}))]);
    // why, estate, whether it weakens
    let cases = [
        ("it is still there", both(), json!(true)),
        ("it is gone", gone(), json!(false)),
        ("whether it is gone was not read", gone().denied("rds_clusters", None), Value::Null),
    ];
    for (why, estate, weakens) in cases {
        assert_eq!(drift(&estate.drift(), &selection_arn()), [("clauses".to_owned(), weakens)], "{why}");
    }
}
