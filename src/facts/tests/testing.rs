//! Restore testing plans and what they would take; databases that were made of backups.

use serde_json::{Value, json};

use super::estate::*;
use super::things::*;

const FAR: Place = (ACCOUNT, AWAY);
const WEEKLY: &str = "arn:aws:backup:eu-west-1:111122223333:restore-testing-plan:weekly";

fn weekly(changes: Value) -> Value {
    let row = json!({
        "restore_testing_plan_arn": WEEKLY, "restore_testing_plan_name": "weekly", "include_vaults": ["*"], "recovery_point_types": ["SNAPSHOT"],
        "selection_window_days": 30
    });
    with(row, changes)
}

fn selection(name: &str, changes: Value) -> Value {
    let row = json!({
        "restore_testing_plan_arn": WEEKLY, "restore_testing_selection_name": name, "protected_resource_type": "RDS", "protected_resource_arns": ["*"]
    });
    with(row, changes)
}

/// A plan with a selection, and a point of `x` ten days ago.
fn estate(plan: Value, chosen: Value, held: Value) -> Estate {
    Estate::new()
        .has("backup_vaults", [vault((ACCOUNT, HOME), "main")])
        .has("recovery_points", [with(point("x", 1, ago(10, 0)), held)])
        .has("restore_testing_plans", [weekly(plan)])
        .has("restore_testing_selections", [selection("s", chosen)])
}

#[test]
fn what_a_plan_would_take() {
    let none = || json!({});
    let (yes, no, open) = (json!(true), json!(false), Value::Null);
    let plan = |changes: Value| estate(changes, none(), none());
    let chosen = |changes: Value| estate(none(), changes, none());
    let held = |changes: Value| estate(none(), none(), changes);
    let continuous = || json!({ "recovery_point_arn": "arn:aws:backup:eu-west-1:111122223333:recovery-point:continuous:x" });
    let by_tag = json!({ "StringEquals": [{ "Key": "aws:ResourceTag/class", "Value": "gold" }] });
    // why, estate, covers something
    let cases = [
        ("everything of its type", chosen(none()), &yes),
        ("by ARN", chosen(json!({ "protected_resource_arns": [db_arn("x")] })), &yes),
        ("another by ARN", chosen(json!({ "protected_resource_arns": [db_arn("y")] })), &no),
        ("another type", chosen(json!({ "protected_resource_type": "Aurora" })), &no),
        ("its type was not told", chosen(json!({ "protected_resource_type": null })), &open),
        ("by tags of points", chosen(json!({ "protected_resource_conditions": by_tag })), &open),
        (
            "by tags of points, of another type",
            chosen(json!({ "protected_resource_type": "EBS", "protected_resource_conditions": by_tag })),
            &no,
        ),
        ("its vault by name", plan(json!({ "include_vaults": [home_vault()] })), &yes),
        ("its vault by pattern", plan(json!({ "include_vaults": ["arn:aws:backup:*:*:backup-vault:ma*"] })), &yes),
        ("another vault", plan(json!({ "include_vaults": [vault_arn((ACCOUNT, HOME), "other")] })), &no),
        ("its vault is left out", plan(json!({ "exclude_vaults": [home_vault()] })), &no),
        ("its vaults were not told", plan(json!({ "include_vaults": null })), &open),
        ("a window of ten days", plan(json!({ "selection_window_days": 10 })), &yes),
        ("a window of nine", plan(json!({ "selection_window_days": 9 })), &no),
        ("its window was not told", plan(json!({ "selection_window_days": null })), &open),
        ("only continuous backups", plan(json!({ "recovery_point_types": ["CONTINUOUS"] })), &no),
        ("its kinds were not told", plan(json!({ "recovery_point_types": null })), &open),
        ("a continuous one, which it does not take", held(continuous()), &no),
        ("a continuous one, which it takes", estate(json!({ "recovery_point_types": ["CONTINUOUS"] }), none(), continuous()), &yes),
        (
            "a continuous one, which began before its window",
            estate(json!({ "recovery_point_types": ["CONTINUOUS"], "selection_window_days": 9 }), none(), continuous()),
            &open,
        ),
        ("the point is only on its way into an air-gapped vault", held(json!({ "delete_after_event": "DELETE_AFTER_COPY" })), &no),
        ("it groups others", held(json!({ "is_parent": true })), &no),
        ("it should be gone", held(json!({ "status": "EXPIRED" })), &no),
        ("a status of tomorrow", held(json!({ "status": "DREAMING" })), &open),
        ("its date was not told", held(json!({ "creation_date": null })), &open),
        ("points unread", chosen(none()).denied("recovery_points", Some(&home_vault())), &open),
        ("vaults unread", chosen(none()).denied("backup_vaults", None), &open),
        (
            "points of another Region",
            chosen(none()).without("recovery_points").has_at(FAR, "backup_vaults", [vault(FAR, "far")]).has_at(
                FAR,
                "recovery_points",
                [copied_point("x", 1, ago(10, 0), FAR)],
            ),
            &no,
        ),
    ];
    for (why, estate, covers) in cases {
        let facts = estate.facts();
        let row = facts.row("restore_testing", WEEKLY);
        assert_eq!((&row["has_selection"], &row["covers_something"]), (&yes, covers), "{why}: {row:?}");
        assert_eq!(row["points_count"], json!(i64::from(*covers == yes)), "{why}");
    }
}

#[test]
fn a_row_for_each_selection_or_for_the_plan() {
    let (yes, no, open) = (json!(true), json!(false), Value::Null);
    let two = estate(json!({}), json!({}), json!({}))
        .has("restore_testing_selections", [selection("none", json!({ "protected_resource_type": "EFS" }))]);
    let facts = two.facts();
    let rows = facts.rows("restore_testing", WEEKLY);
    let found: Vec<_> = rows.iter().map(|row| (row["selection_name"].clone(), row["covers_something"].clone())).collect();
    assert_eq!(found, [(json!("none"), no.clone()), (json!("s"), yes)]);
    let bare = || estate(json!({}), json!({}), json!({})).without("restore_testing_selections");
    let of = |estate: Estate| {
        let facts = estate.facts();
        let row = facts.row("restore_testing", WEEKLY);
        (row["selection_name"].clone(), row["has_selection"].clone(), row["covers_something"].clone())
    };
    assert_eq!(of(bare()), (open.clone(), no.clone(), no), "none");
    assert_eq!(of(bare().denied("restore_testing_selections", Some(WEEKLY))), (open.clone(), open.clone(), open), "none that was read");
}

#[test]
fn databases_made_of_backups() {
    let made = |changes: Value| {
        let row = json!({
            "restore_job_id": "r1", "source_resource_arn": db_arn("x"), "status": "COMPLETED", "creation_date": ago(5, 0), "completion_date": ago(5, -1),
            "created_resource_arn": db_arn("copy")
        });
        with(row, changes)
    };
    let copy = |changes: Value| with(with(db("copy"), json!({ "instance_create_time": ago(5, 0), "publicly_accessible": true })), changes);
    let of = |job: Value, database: Value| Estate::new().has("rds_instances", [db("x"), database]).has("restore_jobs", [job]);
    let none = || json!({});
    let marked = json!({ "db_instance_identifier": "awsbackup-restore-test-1", "tags": { "awsbackup-restore-test": "weekly" } });
    let member = json!({ "db_cluster_identifier": "shop" });
    // why, estate, row: public, by a test
    let cases = [
        ("by somebody", of(made(none()), copy(none())), Some((json!(true), json!(false)))),
        ("by a test", of(made(json!({ "restore_testing_plan_arn": WEEKLY })), copy(none())), Some((json!(true), json!(true)))),
        ("not public", of(made(none()), copy(json!({ "publicly_accessible": false }))), Some((json!(false), json!(false)))),
        ("not told", of(made(none()), copy(json!({ "publicly_accessible": null }))), Some((Value::Null, json!(false)))),
        (
            "marked as made by a test of before the list",
            of(made(json!({ "created_resource_arn": null })), copy(marked)),
            Some((json!(true), json!(true))),
        ),
        (
            "a member of a cluster that was made",
            of(made(json!({ "created_resource_arn": cluster_arn("shop") })), copy(member)),
            Some((json!(true), json!(false))),
        ),
        ("another was made", of(made(json!({ "created_resource_arn": db_arn("gone") })), copy(none())), None),
        (
            "older than the restore, so that it is another of its name",
            of(made(none()), copy(json!({ "instance_create_time": ago(50, 0) }))),
            None,
        ),
        (
            "when it was made was not told",
            of(made(none()), copy(json!({ "instance_create_time": null }))),
            Some((json!(true), json!(false))),
        ),
        ("restore jobs unread: the gap speaks", of(made(none()), copy(none())).denied("restore_jobs", None), None),
    ];
    for (why, estate, expected) in cases {
        let facts = estate.facts();
        let found = facts.rows("restored_databases", &db_arn("copy")).first().map(|row| (row["public"].clone(), row["by_test"].clone()));
        assert_eq!(found, expected, "{why}");
        assert_eq!(facts.rows("restored_databases", &db_arn("x")).len(), 0, "{why}: what was restored is not what was made");
    }
}

#[test]
fn restored_into_the_network_of_production() {
    let job = |name: &str| {
        json!({
            "restore_job_id": name, "source_resource_arn": db_arn("x"), "status": "COMPLETED", "creation_date": ago(5, 0), "completion_date": ago(5, -1),
            "created_resource_arn": db_arn(name), "restore_testing_plan_arn": WEEKLY
        })
    };
    let within = |name: &str, vpc: Value| with(db(name), json!({ "instance_create_time": ago(5, 0), "vpc_id": vpc }));
    let of = |others: Vec<Value>| {
        let all = std::iter::once(within("copy", json!("vpc-1"))).chain(others);
        Estate::new().has("rds_instances", all).has("restore_jobs", [job("copy"), job("twin")])
    };
    let twin = || within("twin", json!("vpc-1"));
    let untagged = || with(within("x", json!("vpc-1")), json!({ "tags": null }));
    let (yes, no, open) = (json!(true), json!(false), Value::Null);
    // why, estate, beside production
    let cases = [
        ("in the VPC of another", of(vec![within("x", json!("vpc-1"))]), &yes),
        ("in a VPC of its own", of(vec![within("x", json!("vpc-2"))]), &no),
        ("alone in its Region", of(vec![]), &no),
        ("only what was restored, too, is there", of(vec![twin(), within("x", json!("vpc-2"))]), &no),
        ("where another is was not told", of(vec![within("x", Value::Null)]), &open),
        ("one is there, of another it was not told", of(vec![within("x", json!("vpc-1")), within("y", Value::Null)]), &yes),
        ("tags that would mark another as a test's were not told", of(vec![untagged()]), &open),
        (
            "its own was not told",
            Estate::new()
                .has("rds_instances", [within("copy", Value::Null), within("x", json!("vpc-1"))])
                .has("restore_jobs", [job("copy")]),
            &open,
        ),
    ];
    for (why, estate, expected) in cases {
        let facts = estate.facts();
        assert_eq!(&facts.row("restored_databases", &db_arn("copy"))["beside_production"], expected, "{why}");
    }
    // In another Region is another network of the same id.
    let far = of(vec![]).has_at(
        (ACCOUNT, AWAY),
        "rds_instances",
        [with(db("x"), json!({ "vpc_id": "vpc-1", "db_instance_arn": db_arn("x").replace(HOME, AWAY) }))],
    );
    assert_eq!(far.facts().row("restored_databases", &db_arn("copy"))["beside_production"], no);
}
