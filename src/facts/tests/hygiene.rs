//! What is written in plans and selections and leads nowhere.

use serde_json::{Value, json};

use super::estate::*;
use super::things::*;

fn subject() -> String {
    format!("{}#selection/core-selection", plan_arn("core"))
}

fn planned(selection: Value) -> Estate {
    Estate::new()
        .has("region_settings", opted_in(true))
        .has("backup_plans", [plan("core")])
        .has("plan_rules", [rule("core")])
        .has("selections", [selection])
}

#[test]
fn what_selections_name_and_match() {
    let (yes, no, open) = (json!(true), json!(false), Value::Null);
    let named = || planned(selection_of("core", &[&db_arn("x"), &db_arn("gone")]));
    let tagged = with(db("x"), json!({ "tags": { "backup": "yes" } }));
    let of = |arn: &str| planned(selection_of("core", &[arn]));
    let machine = "arn:aws:backup-gateway:eu-west-1:111122223333:vm/vm-1";
    // why, estate, all that is named is there, it matches something
    let cases = [
        ("one is there, one is gone", named().has("rds_instances", [db("x")]), &no, &yes),
        ("both are there", named().has("rds_instances", [db("x"), db("gone")]), &yes, &yes),
        ("databases unread", named().denied("rds_instances", None), &open, &open),
        ("of a type that is not collected", of(machine), &open, &open),
        ("all instances, and there are none", of("arn:aws:rds:*:*:db:*"), &yes, &no),
        ("all instances, and there is one", of("arn:aws:rds:*:*:db:*").has("rds_instances", [db("x")]), &yes, &yes),
        (
            "all instances, of which the clusters beside them were not read",
            of("arn:aws:rds:*:*:db:*").denied("neptune_clusters", None),
            &yes,
            &open,
        ),
        ("everything of a service that is not collected in full", of("arn:aws:storagegateway:*:*:*"), &yes, &open),
        ("by a tag, which is on a database", planned(selection("core")).has("rds_instances", [tagged]), &yes, &yes),
        ("by a tag, which may be on what is not collected", planned(selection("core")), &yes, &open),
        ("what cannot be understood", planned(with(selection("core"), json!({ "conditions": { "StringSounds": [] } }))), &open, &open),
    ];
    for (why, estate, exist, matches) in cases {
        let facts = estate.facts();
        let row = facts.row("selection_hygiene", &subject());
        assert_eq!((&row["named_exist"], &row["matches_something"]), (exist, matches), "{why}: {row:?}");
    }
    let facts = named().has("rds_instances", [db("x")]).facts();
    assert_eq!(facts.row("selection_hygiene", &subject())["missing_arn"], json!(db_arn("gone")));
}

#[test]
fn a_star_stands_for_no_blank() {
    let like = |pattern: &str| {
        let conditions = json!({ "StringLike": [{ "ConditionKey": "aws:ResourceTag/name", "ConditionValue": pattern }] });
        planned(with(selection("core"), json!({ "list_of_tags": null, "resources": ["*"], "conditions": conditions })))
    };
    let named = |name: &str| with(db("x"), json!({ "tags": { "name": name } }));
    let (yes, no, open) = (json!(true), json!(false), Value::Null);
    let cases = [
        ("a blank where the star stands", like("prod*").has("rds_instances", [named("prod db")]), &yes),
        ("none", like("prod*").has("rds_instances", [named("prod-db")]), &no),
        ("a blank, and no star", like("prod db").has("rds_instances", [named("prod db")]), &no),
        ("a blank in another value altogether", like("prod*").has("rds_instances", [named("test db")]), &no),
        ("tags unread", like("prod*").has("rds_instances", [with(db("x"), json!({ "tags": null }))]), &open),
    ];
    for (why, estate, expected) in cases {
        let facts = estate.facts();
        let row = facts.row("selection_hygiene", &subject());
        assert_eq!(&row["blank_in_the_way"], expected, "{why}: {row:?}");
    }
}

#[test]
fn roles_of_selections() {
    let role = "arn:aws:iam::111122223333:role/backup";
    let trust =
        json!({ "Statement": [{ "Effect": "Allow", "Principal": { "Service": "backup.amazonaws.com" }, "Action": "sts:AssumeRole" }] });
    let row = json!({
        "principal_arn": role, "principal_kind": "role", "trust_policy": trust, "inline_policy_names": [],
        "attached_policy_arns": ["arn:aws:iam::aws:policy/service-role/AWSBackupServiceRolePolicyForBackup"]
    });
    let estate = || planned(with(selection("core"), json!({ "iam_role_arn": role })));
    let (yes, no, open) = (json!(true), json!(false), Value::Null);
    let boundary = "arn:aws:iam::111122223333:policy/boundary";
    let bounded = || estate().has("iam_principals", [with(row.clone(), json!({ "permissions_boundary_arn": boundary }))]);
    let of = |action: &str| {
        let document = json!({ "Statement": { "Effect": "Allow", "Action": action, "Resource": "*" } });
        bounded().has(
            "iam_policies",
            [json!({ "owner_arn": boundary, "policy_name": "boundary", "policy_kind": "customer", "document": document })],
        )
    };
    let cases = [
        ("a boundary that allows everything", of("*"), (&yes, &yes, &yes)),
        ("a boundary that allows something", of("s3:*"), (&yes, &yes, &open)),
        ("a boundary that was not read", bounded().denied("iam_policies", None), (&yes, &yes, &open)),
        ("whole", estate().has("iam_principals", [row.clone()]), (&yes, &yes, &yes)),
        ("gone", estate(), (&no, &open, &open)),
        ("roles unread", estate().denied("iam_principals", None), (&open, &open, &open)),
        ("without policies", estate().has("iam_principals", [with(row, json!({ "attached_policy_arns": [] }))]), (&yes, &yes, &no)),
        ("the selection does not tell", planned(selection("core")), (&open, &open, &open)),
    ];
    for (why, estate, (exists, trusts, may)) in cases {
        let facts = estate.facts();
        let row = facts.row("selection_hygiene", &subject());
        assert_eq!((&row["role_exists"], &row["role_trusts_backup"], &row["role_may_back_up"]), (exists, trusts, may), "{why}");
    }
}

#[test]
fn vaults_that_plans_name() {
    let far = (ACCOUNT, AWAY);
    let copy = |arn: String| json!({ "backup_plan_arn": plan_arn("core"), "rule_id": "core-rule", "destination_backup_vault_arn": arn });
    let home = || planned(selection("core")).has("backup_vaults", [vault((ACCOUNT, HOME), "main")]);
    let (yes, no, open) = (json!(true), json!(false), Value::Null);
    let cases = [
        ("there", home(), &yes),
        ("gone", planned(selection("core")), &no),
        ("vaults unread", planned(selection("core")).denied("backup_vaults", None), &open),
        (
            "a copy to a vault that is there",
            home().has("plan_copies", [copy(vault_arn(far, "far"))]).has_at(far, "backup_vaults", [vault(far, "far")]),
            &yes,
        ),
        ("a copy to one that is gone", home().has("plan_copies", [copy(vault_arn(far, "far"))]), &no),
        ("a copy to an account that nobody looks at", home().has("plan_copies", [copy(vault_arn((OTHER_ACCOUNT, HOME), "safe"))]), &open),
        ("rules unread", home().denied("plan_rules", Some(&plan_arn("core"))), &open),
    ];
    for (why, estate, expected) in cases {
        let facts = estate.facts();
        let row = facts.row("plan_hygiene", &plan_arn("core"));
        assert_eq!(&row["targets_exist"], expected, "{why}: {row:?}");
    }
}

#[test]
fn rules_that_get_in_each_others_way() {
    let two = |one: Value, other: Value| {
        let name = |row: Value, name: &str| with(with(rule("core"), json!({ "rule_id": name, "rule_name": name })), row);
        planned(selection("core")).without("plan_rules").has("plan_rules", [name(one, "one"), name(other, "other")])
    };
    let at = |cron: &str, window: i64, days: i64| json!({ "schedule_expression": format!("cron({cron})"), "start_window_minutes": window, "delete_after_days": days });
    let (yes, no, open) = (json!(true), json!(false), Value::Null);
    // why, two rules, a rule is swallowed, runs are, words of the example
    let cases = [
        (
            "AWS's own example: 16 of 24 hourly runs fall into the 8 hours of a longer-kept rule",
            at("0 * ? * * *", 60, 1),
            at("0 0/12 ? * * *", 480, 7),
            &no,
            &yes,
            "loses 6400 of 9600 runs",
        ),
        (
            "a daily rule within the window of one that is kept longer",
            at("0 5 ? * * *", 60, 7),
            at("30 5 ? * * *", 60, 30),
            &yes,
            &yes,
            "loses 400 of 400",
        ),
        ("a window that only touches the other", at("0 5 ? * * *", 60, 7), at("0 6 ? * * *", 60, 30), &no, &no, ""),
        ("kept equally long: either is as good", at("0 5 ? * * *", 60, 7), at("0 5 ? * * *", 60, 7), &no, &no, ""),
        ("Sundays only", at("0 5 ? * * *", 60, 7), at("0 5 ? * SUN *", 60, 90), &no, &yes, "rule one loses"),
        ("a schedule that is not understood", at("0 5 ? * * *", 60, 7), at("whenever", 60, 90), &open, &open, ""),
    ];
    for (why, one, other, whole, some, words) in cases {
        let facts = two(one, other).facts();
        let row = facts.row("plan_hygiene", &plan_arn("core"));
        assert_eq!((&row["rule_swallowed"], &row["runs_swallowed"]), (whole, some), "{why}: {row:?}");
        assert!(row["overlap"].as_str().unwrap_or_default().contains(words), "{why}: {row:?}");
    }
}

#[test]
fn plans_that_nothing_is_assigned_to() {
    let bare = || Estate::new().has("backup_plans", [plan("core")]);
    let (yes, no, open) = (json!(true), json!(false), Value::Null);
    let cases = [
        ("assigned", planned(selection("core")), &yes),
        ("nothing", bare(), &no),
        ("unread", bare().denied("selections", Some(&plan_arn("core"))), &open),
    ];
    for (why, estate, expected) in cases {
        assert_eq!(&estate.facts().row("plan_hygiene", &plan_arn("core"))["assigned"], expected, "{why}");
    }
}
