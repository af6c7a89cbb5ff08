//! Which plans cover a resource, put together over plans, selections and settings.

use serde_json::{Value, json};

use super::estate::*;
use super::things::*;

fn tagged(name: &str) -> Value {
    with(db(name), json!({ "tags": { "backup": "yes" } }))
}

/// A tagged database and a plan that selects it by tag.
fn covered() -> Estate {
    Estate::new()
        .has("region_settings", opted_in(true))
        .has("backup_plans", [plan("core")])
        .has("plan_rules", [rule("core")])
        .has("selections", [selection("core")])
        .has("rds_instances", [tagged("x"), db("plain")])
}

#[test]
fn what_was_not_read_leaves_the_answer_open_only_where_it_decides() {
    let (yes, no, open) = (json!(true), json!(false), Value::Null);
    let core = plan_arn("core");
    let core = core.as_str();
    let two = || covered().has("backup_plans", [plan("second")]).has("plan_rules", [rule("second")]);
    let by_arn = || two().has("selections", [selection_of("second", &[&db_arn("plain")])]);
    // why, estate, database, covered, selected, opt_in_blocked
    let cases = [
        ("selected by tag", covered(), "x", &yes, &yes, &no),
        ("without the tag", covered(), "plain", &no, &no, &no),
        ("plans not listed", covered().denied("backup_plans", None), "x", &open, &open, &open),
        ("selections of its only plan unread", covered().denied("selections", Some(core)), "plain", &open, &open, &open),
        ("another plan covers it all the same", by_arn().denied("selections", Some(core)), "plain", &yes, &yes, &no),
        ("another plan does not", by_arn().denied("selections", Some(core)), "x", &open, &open, &open),
        ("settings unread, selected by tag", covered().denied("region_settings", None), "x", &open, &yes, &open),
        ("settings unread, not selected", covered().denied("region_settings", None), "plain", &no, &no, &no),
        ("rules unread: there may be none", covered().denied("plan_rules", Some(core)), "x", &open, &yes, &open),
        ("copies unread do not matter", covered().denied("plan_copies", Some(core)), "x", &yes, &yes, &no),
        ("no rules", covered().without("plan_rules"), "x", &no, &yes, &no),
        ("the type is switched off", covered().without("region_settings").has("region_settings", opted_in(false)), "x", &no, &yes, &yes),
        (
            "switched off, and named by its ARN elsewhere",
            covered()
                .without("region_settings")
                .has("region_settings", opted_in(false))
                .has("backup_plans", [plan("second")])
                .has("plan_rules", [rule("second")])
                .has("selections", [selection_of("second", &[&db_arn("x")])]),
            "x",
            &yes,
            &yes,
            &no,
        ),
        (
            "a selection that is no JSON is not an empty one",
            covered().without("selections").has("selections", [with(selection("core"), json!({ "list_of_tags": "[" }))]),
            "x",
            &open,
            &open,
            &open,
        ),
        (
            "tags unread",
            covered().without("rds_instances").has("rds_instances", [with(db("x"), json!({ "tags": null }))]),
            "x",
            &open,
            &open,
            &open,
        ),
    ];
    for (why, estate, name, covered, selected, blocked) in cases {
        let facts = estate.facts();
        let row = facts.row("coverage", &db_arn(name));
        assert_eq!((&row["covered"], &row["selected"], &row["opt_in_blocked"]), (covered, selected, blocked), "{why}");
        if covered.is_null() {
            assert_ne!(row["because"], json!(""), "{why}: it says what was not read");
        }
    }
}

#[test]
fn a_plan_acts_in_its_own_account_and_region() {
    let away = (ACCOUNT, AWAY);
    let facts = Estate::new()
        .has_at(away, "backup_plans", [plan("core")])
        .has_at(away, "plan_rules", [rule("core")])
        .has_at(away, "selections", [selection_of("core", &[&db_arn("x")])])
        .has("region_settings", opted_in(true))
        .has("rds_instances", [db("x")])
        .facts();
    assert_eq!(facts.row("coverage", &db_arn("x"))["covered"], json!(false));
}

#[test]
fn a_member_is_covered_through_its_cluster() {
    let member = with(db("shop-1"), json!({ "db_cluster_identifier": "shop", "engine": "aurora-mysql" }));
    let estate = || covered().has("rds_instances", [member.clone()]);
    // why, cluster, covered, via
    let cases = [
        ("the cluster is tagged", Some(json!({ "backup": "yes" })), json!(true), json!(cluster_arn("shop"))),
        ("the cluster is not", Some(json!({})), json!(false), json!(cluster_arn("shop"))),
        ("the cluster was not read", None, Value::Null, Value::Null),
    ];
    for (why, tags, covered, via) in cases {
        let shop = tags.map(|tags| with(cluster("shop"), json!({ "tags": tags })));
        let facts = estate().has("rds_clusters", shop).facts();
        let row = facts.row("coverage", &db_arn("shop-1"));
        assert_eq!((&row["covered"], &row["via"]), (&covered, &via), "{why}");
    }
}
