//! Whether points were kept as long as owed: what each kind of evidence says, and what it does not. That the answers hold together over all kinds of
//! histories is in `retained_slowly`.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::estate::*;
use super::things::*;
use crate::dataset::Snapshot;
use crate::facts::retention::deleted::{deleted, observed};
use crate::facts::{Inputs, Objectives};
use crate::model::Window;
use crate::model::moment::DAY_S;

const WINDOW: Window = Window { start_s: NOW_S - 30 * DAY_S, end_s: NOW_S };

fn facts(estate: &Estate, objectives: Value) -> Facts {
    estate.open().facts_of(&["retained_points", "retention_tiers"], None, objectives, WINDOW).unwrap()
}

fn gold() -> Value {
    json!([{ "id": "gold", "match": { "arns": [db_arn("x"), db_arn("gone")] }, "retention": "30d" }])
}

/// Two collections, 14 and 0 days ago, of a database and its vault; the first lists a point of 20 days ago with some changes.
fn once_listed(changes: Value) -> Estate {
    let listed = with(point("x", 1, ago(20, 0)), changes);
    Estate::default()
        .collected(ago(14, 0))
        .has("backup_vaults", [with(vault((ACCOUNT, HOME), "main"), json!({ "vault_type": "BACKUP_VAULT", "locked": false }))])
        .has("rds_instances", [db("x")])
        .has("recovery_points", [listed])
        .collected_again(NOW_S)
}

fn vanished() -> Estate {
    once_listed(json!({})).without("recovery_points")
}

fn event(name: &str, days: i64, changes: Value) -> Value {
    let source = if name.contains("DB") { "rds.amazonaws.com" } else { "backup.amazonaws.com" };
    let named = json!({ "recoveryPointArn": point_arn("x", 1), "backupVaultName": "main" });
    let row = json!({
        "event_id": format!("{name}-{days}"), "event_name": name, "event_source": source, "event_time": ago(days, 0), "event_type": "AwsApiCall",
        "actor_arn": "arn:aws:iam::111122223333:user/ana", "request_parameters": named
    });
    with(row, changes)
}

fn by_service(days: i64) -> Value {
    let told = json!({ "recoveryPointArn": point_arn("x", 1), "backupVaultArn": home_vault() });
    let changes = json!({ "event_type": "AwsServiceEvent", "request_parameters": null, "service_event_details": told, "actor_arn": null });
    event("BackupDeleted", days, changes)
}

#[test]
fn what_ended_a_point_that_is_gone() {
    let with_event = |event: Value| vanished().has("cloudtrail_events", [event]);
    let (hand, rule, none) = (json!("principal"), json!("lifecycle"), Value::Null);
    let on = |days: i64| (json!(ago(days, 0)), json!(ago(days, 0)));
    let between = || (json!(ago(14, 0) + 1), json!(NOW_S));
    let named = |id: &str| json!({ "request_parameters": { "dBSnapshotIdentifier": id } });
    // why, estate, ended from and until, by
    let cases = [
        ("nothing tells", vanished(), between(), &none),
        ("somebody asked AWS Backup", with_event(event("DeleteRecoveryPoint", 5, json!({}))), on(5), &hand),
        ("AWS refused", with_event(event("DeleteRecoveryPoint", 5, json!({ "error_code": "AccessDenied" }))), between(), &none),
        ("before it was last seen: it was not deleted", with_event(event("DeleteRecoveryPoint", 15, json!({}))), between(), &none),
        (
            "a point of the same ARN in another vault",
            with_event(event(
                "DeleteRecoveryPoint",
                5,
                json!({ "request_parameters": { "recoveryPointArn": point_arn("x", 1), "backupVaultName": "far" } }),
            )),
            between(),
            &none,
        ),
        ("AWS Backup did, and nobody asked", with_event(by_service(5)), on(5), &rule),
        (
            "somebody asked, and AWS Backup did",
            with_event(event("DeleteRecoveryPoint", 6, json!({}))).has("cloudtrail_events", [by_service(5)]),
            on(6),
            &hand,
        ),
        ("through RDS", with_event(event("DeleteDBSnapshot", 5, named("awsbackup:x-1"))), on(5), &hand),
        ("another snapshot", with_event(event("DeleteDBSnapshot", 5, named("awsbackup:x-2"))), between(), &none),
        (
            "through RDS, by AWS Backup",
            with_event(event("DeleteDBSnapshot", 5, with(named("awsbackup:x-1"), json!({ "invoked_by": "backup.amazonaws.com" })))),
            on(5),
            &rule,
        ),
        (
            "an event of another service that has the name",
            with_event(event("DeleteDBSnapshot", 5, with(named("awsbackup:x-1"), json!({ "event_source": "neptune.amazonaws.com" })))),
            between(),
            &none,
        ),
        (
            "a call, and whether another followed was not read",
            with_event(event("DeleteRecoveryPoint", 5, json!({}))).denied("cloudtrail_events", Some("DeleteDBSnapshot")),
            (json!(ago(5, 0)), json!(NOW_S)),
            &hand,
        ),
        (
            "AWS Backup did, and whether somebody asked was not read",
            with_event(by_service(5)).denied("cloudtrail_events", Some("DeleteRecoveryPoint")),
            (json!(ago(14, 0) + 1), json!(ago(5, 0))),
            &none,
        ),
    ];
    for (why, estate, (from, until), by) in cases {
        let facts = facts(&estate, gold());
        let row = facts.row("retained_points", &db_arn("x"));
        assert_eq!((&row["ended_from_s"], &row["ended_until_s"], &row["ended_by"]), (&from, &until, by), "{why}");
    }
}

#[test]
fn what_the_lists_say() {
    let (yes, no, open) = (json!(true), json!(false), Value::Null);
    let call = || event("DeleteRecoveryPoint", 5, json!({}));
    let twice = |first: Value, second: Value| once_listed(first).without("recovery_points").has("recovery_points", [second]);
    let unread = |estate: Estate| estate.denied("recovery_points", Some(&home_vault()));
    let there = |changes: Value| with(point("x", 1, ago(20, 0)), changes);
    // why, estate, exists, ended early, class
    let cases = [
        ("it is there", once_listed(json!({})), &yes, &no, "on_track_deletable"),
        ("gone, when is not known, and every moment is too early", vanished(), &no, &yes, "violated"),
        ("its vault is unread now", unread(once_listed(json!({}))), &open, &open, "unknown"),
        (
            "its vault is unread now: a call need not have deleted it",
            unread(once_listed(json!({}))).has("cloudtrail_events", [call()]),
            &open,
            &open,
            "unknown",
        ),
        (
            "a call that AWS answered and did not follow",
            twice(json!({}), there(json!({ "status": "EXPIRED" }))).has("cloudtrail_events", [call()]),
            &yes,
            &no,
            "unknown",
        ),
        ("it is being deleted", twice(json!({}), there(json!({ "status": "DELETING" }))), &open, &open, "unknown"),
        ("its lifecycle is short, and it is there", once_listed(json!({ "delete_after_days": 29 })), &yes, &no, "violated"),
        (
            "it was made 40 days ago, and seen 26 days later",
            once_listed(json!({ "creation_date": ago(40, 0) })).without("recovery_points"),
            &no,
            &open,
            "unknown",
        ),
        (
            "it was made 50 days ago, and seen 36 days later",
            once_listed(json!({ "creation_date": ago(50, 0) })).without("recovery_points"),
            &no,
            &no,
            "proven",
        ),
        (
            "it was seen 36 days later, and its vault is unread now",
            unread(once_listed(json!({ "creation_date": ago(50, 0) }))),
            &open,
            &no,
            "proven",
        ),
        ("its creation was not told", once_listed(json!({ "creation_date": null })).without("recovery_points"), &no, &open, "unknown"),
    ];
    for (why, estate, exists, early, class) in cases {
        let facts = facts(&estate, gold());
        let row = facts.row("retained_points", &db_arn("x"));
        assert_eq!((&row["exists"], &row["ended_early"], &row["class"]), (exists, early, &json!(class)), "{why}");
    }
}

#[test]
fn points_that_only_a_job_tells_of() {
    let base = || vanished().without("backup_jobs");
    let with_job = |changes: Value| base().has("backup_jobs", [with(job("x", 2, ago(10, 0)), changes)]);
    let copied = |kind: &str| {
        let to_vault = json!({ "destination_vault_type": kind, "source_recovery_point_arn": point_arn("x", 2) });
        with(copy_job("x", 2, ago(10, 0), (ACCOUNT, AWAY)), to_vault)
    };
    // why, estate, what is said of its early end: nothing where there is no row
    let cases = [
        ("it came and went", with_job(json!({})), Some(json!(true))),
        ("no point was made", with_job(json!({ "state": "FAILED" })), None),
        ("the shell of a composite", with_job(json!({ "is_parent": true })), None),
        ("it went on when the collection began", with_job(json!({ "completion_date": NOW_S + 60 })), None),
        ("points of the Region were not all read", with_job(json!({})).denied("recovery_points", Some(&home_vault())), Some(Value::Null)),
        ("a copy to an ordinary vault followed", with_job(json!({})).has("copy_jobs", [copied("BACKUP_VAULT")]), Some(json!(true))),
        (
            "a copy to an air-gapped vault followed: it may have waited for that",
            with_job(json!({})).has("copy_jobs", [copied("LOGICALLY_AIR_GAPPED_BACKUP_VAULT")]),
            Some(Value::Null),
        ),
        ("copies unread", with_job(json!({})).denied("copy_jobs", None), Some(Value::Null)),
    ];
    for (why, estate, early) in cases {
        let facts = facts(&estate, gold());
        let row = facts.all("retained_points").iter().find(|row| row["recovery_point_arn"] == json!(point_arn("x", 2)));
        assert_eq!(row.map(|row| row["ended_early"].clone()), early, "{why}");
        assert!(row.is_none_or(|row| row["known_by"] == json!("job")), "{why}");
    }
}

#[test]
fn copies_that_only_a_job_tells_of() {
    let away = (ACCOUNT, AWAY);
    let source = || point("x", 2, ago(10, 0));
    let base = |to: Place| vanished().has("recovery_points", [source()]).has("copy_jobs", [copy_job("x", 2, ago(10, 0), to)]);
    let said = |estate: Estate| {
        let facts = facts(&estate, gold());
        let rows = facts.all("retained_points").iter();
        rows.filter(|row| row["copy"] == json!(true)).map(|row| row["ended_early"].clone()).collect::<Vec<_>>()
    };
    assert_eq!(said(base(away)), [json!(true)], "it came and went");
    assert_eq!(said(base(away).without("recovery_points")), [Value::Null], "the date of its source is not known");
    assert_eq!(said(base((OTHER_ACCOUNT, AWAY))), Vec::<Value>::new(), "it went where nobody looks");
}

#[test]
fn points_that_have_no_row() {
    let continuous = json!({ "recovery_point_arn": format!("arn:aws:backup:{HOME}:{ACCOUNT}:recovery-point:continuous:1") });
    let cases = [
        ("continuous", continuous),
        ("the shell of a composite", json!({ "is_parent": true })),
        ("waits for its copy to an air-gapped vault", json!({ "delete_after_event": "DELETE_AFTER_COPY" })),
        ("being made", json!({ "status": "CREATING" })),
        ("of another account, and shown here", json!({ "vault_type": "RESTORE_ACCESS_BACKUP_VAULT" })),
    ];
    for (why, changes) in cases {
        for estate in [once_listed(changes.clone()), once_listed(changes.clone()).without("recovery_points")] {
            assert_eq!(facts(&estate, gold()).rows("retained_points", &db_arn("x")).len(), 0, "{why}");
        }
    }
    let temporary = once_listed(json!({ "delete_after_event": "DELETE_AFTER_COPY" })).has("backup_jobs", [job("x", 1, ago(20, 0))]);
    assert_eq!(facts(&temporary, gold()).rows("retained_points", &db_arn("x")).len(), 0, "nor has its job");
    assert_eq!(facts(&vanished(), json!([])).all("retained_points").len(), 0, "nobody asks for any retention");
}

#[test]
fn what_is_owed_for_a_point() {
    let of = |name: &str| once_listed(json!({ "resource_arn": db_arn(name) })).without("recovery_points");
    let rows = |estate: Estate, name: &str| {
        let facts = facts(&estate, gold());
        let row = facts.row("retained_points", &db_arn(name));
        (row["retention_owed"].clone(), row["class"].clone())
    };
    assert_eq!(rows(of("x"), "x"), (json!(true), json!("violated")));
    assert_eq!(rows(of("gone"), "gone"), (Value::Null, json!("unknown")), "it was never listed: its tags and role are not known");
    let listed_once = || {
        let point = with(point("x", 1, ago(20, 0)), json!({ "resource_arn": db_arn("gone") }));
        let first = Estate::default().collected(ago(14, 0)).has("backup_vaults", [vault((ACCOUNT, HOME), "main")]);
        first.has("rds_instances", [db("x"), db("gone")]).has("recovery_points", [point])
    };
    let then = |now_s: i64| {
        listed_once().collected_again(now_s).without("recovery_points").without("rds_instances").has("rds_instances", [db("x")])
    };
    assert_eq!(rows(then(NOW_S), "gone"), (json!(true), json!("violated")), "its points outlive it, and so does what it owes");
    assert_eq!(rows(then(NOW_S).denied("rds_instances", None), "gone"), (Value::Null, json!("unknown")), "it may be there, and be another");
    let between = listed_once().collected_again(ago(7, 0)).denied("rds_instances", None).collected_again(NOW_S);
    let between = between.without("recovery_points").without("rds_instances").has("rds_instances", [db("x")]);
    assert_eq!(rows(between, "gone"), (Value::Null, json!("unknown")), "its tags may have been others when it went");
    let other = of("other").without("rds_instances").has("rds_instances", [db("other")]);
    assert_eq!(rows(other, "other"), (json!(false), json!("not_owed")), "its objective asks for none");
}

#[test]
fn tiers_that_plan_rules_make() {
    let tiers = json!([{ "every": "1d", "keep": "30d" }, { "every": "7d", "keep": "90d" }]);
    let asked = json!([{ "id": "gold", "match": { "types": ["RDS"] }, "tiers": tiers }]);
    let weekly = |changes: Value| {
        let row =
            json!({ "rule_id": "weekly", "rule_name": "weekly", "schedule_expression": "cron(0 6 ? * SUN *)", "delete_after_days": 90 });
        with(with(rule("core"), row), changes)
    };
    let estate = |rules: Vec<Value>| {
        Estate::new()
            .has("region_settings", opted_in(true))
            .has("backup_plans", [plan("core")])
            .has("plan_rules", rules)
            .has("selections", [selection_of("core", &[&db_arn("x")])])
            .has("rds_instances", [db("x")])
    };
    let copy = json!({
        "backup_plan_arn": plan_arn("core"), "rule_id": "weekly", "destination_backup_vault_arn": vault_arn((ACCOUNT, AWAY), "far"),
        "delete_after_days": 90
    });
    let (yes, no, open) = (json!(true), json!(false), Value::Null);
    let odd = json!({ "schedule_expression": "whenever" });
    let forever = json!({ "schedule_expression": "cron(0 0/12 ? * * *)", "delete_after_days": null });
    // why, estate, made, missing
    let weeks = json!("every 7 d kept 90 days");
    let cases = [
        ("both", estate(vec![rule("core"), weekly(json!({}))]), &yes, &open),
        ("no weekly rule", estate(vec![rule("core")]), &no, &weeks),
        ("a day short", estate(vec![rule("core"), weekly(json!({ "delete_after_days": 89 }))]), &no, &weeks),
        (
            "it runs on two days a month",
            estate(vec![rule("core"), weekly(json!({ "schedule_expression": "cron(0 6 1,15 * ? *)" }))]),
            &no,
            &weeks,
        ),
        ("one rule serves both", estate(vec![with(rule("core"), forever.clone())]), &yes, &open),
        (
            "a continuous backup goes back 35 days",
            estate(vec![with(rule("core"), with(forever, json!({ "enable_continuous_backup": true })))]),
            &no,
            &weeks,
        ),
        (
            "its copies are kept longer",
            estate(vec![rule("core"), weekly(json!({ "delete_after_days": 7 }))]).has("plan_copies", [copy]),
            &yes,
            &open,
        ),
        ("a schedule that is not understood", estate(vec![rule("core"), weekly(odd)]), &open, &open),
        ("rules unread", estate(vec![rule("core")]).denied("plan_rules", Some(&plan_arn("core"))), &open, &open),
        ("selections unread", estate(vec![rule("core")]).denied("selections", Some(&plan_arn("core"))), &open, &open),
        (
            "nothing covers it",
            estate(vec![rule("core")]).without("selections"),
            &no,
            &json!("every 24 h kept 30 days, every 7 d kept 90 days"),
        ),
    ];
    for (why, estate, made, missing) in cases {
        let facts = facts(&estate, asked.clone());
        let row = facts.row("retention_tiers", &db_arn("x"));
        assert_eq!((&row["tiers_owed"], &row["tiers_made"], &row["missing"]), (&yes, made, missing), "{why}");
    }
    let tagged = json!([{ "id": "gold", "match": { "tags": { "a": "b" } }, "tiers": [{ "every": "1d", "keep": "30d" }] }]);
    let untold = estate(vec![rule("core")]).without("rds_instances").has("rds_instances", [with(db("x"), json!({ "tags": null }))]);
    assert_eq!(facts(&untold, tagged.clone()).row("retention_tiers", &db_arn("x"))["tiers_owed"], open, "tags unread");
    let other = estate(vec![rule("core")]);
    assert_eq!(facts(&other, tagged).row("retention_tiers", &db_arn("x"))["tiers_owed"], no, "its objective asks for none");
    assert_eq!(facts(&other, json!([])).all("retention_tiers").len(), 0, "nobody asks");
}

#[test]
fn pages_tell_what_somebody_deleted_and_when_that_could_be_seen() {
    let by_hand = || event("DeleteRecoveryPoint", 5, json!({}));
    let with_event = |event: Value| vanished().has("cloudtrail_events", [event]);
    let seen = |estate: &Estate, objectives: Value| {
        let opened = estate.open();
        let snapshot = Snapshot::at(&opened.dataset, None).unwrap();
        let objectives = Objectives::new(serde_json::from_value(objectives).unwrap()).unwrap();
        let inputs = Inputs::new(&snapshot, &objectives, WINDOW);
        let found = deleted(&inputs, &BTreeSet::from([db_arn("x")])).unwrap();
        let told = found.get(&db_arn("x")).into_iter().flatten().map(|one| (one.at_s, one.exact, one.early)).collect::<Vec<_>>();
        let others = deleted(&inputs, &BTreeSet::from([db_arn("y")])).unwrap();
        assert!(others.values().all(Vec::is_empty), "nothing of another resource");
        let covers = |from_s: i64, to_s: i64| {
            observed(&inputs, &db_arn("x"), [(ACCOUNT, HOME)]).iter().any(|one| one.start_s <= from_s && one.end_s >= to_s)
        };
        (told, covers(ago(10, 0), ago(1, 0)))
    };
    // why, estate, objectives, what is told, whether the days around it were seen
    let at = |early| vec![(ago(5, 0), true, early)];
    let cases = [
        ("too early", with_event(by_hand()), gold(), at(Some(true)), true),
        ("nobody asks for a retention: it was deleted all the same", with_event(by_hand()), json!([]), at(Some(false)), true),
        ("its lifecycle", with_event(by_service(5)), gold(), vec![], true),
        ("AWS refused", with_event(event("DeleteRecoveryPoint", 5, json!({ "error_code": "AccessDenied" }))), gold(), vec![], true),
        ("it is there", once_listed(json!({})), gold(), vec![], true),
        ("deletions were not read", vanished().denied("cloudtrail_events", Some("DeleteRecoveryPoint")), gold(), vec![], false),
        ("nor those of the service that keeps it", vanished().denied("cloudtrail_events", Some("DeleteDBSnapshot")), gold(), vec![], false),
        ("those of another service do not matter", vanished().denied("cloudtrail_events", Some("DeleteSnapshot")), gold(), vec![], true),
    ];
    for (why, estate, objectives, told, was_seen) in cases {
        assert_eq!(seen(&estate, objectives), (told, was_seen), "{why}");
    }
}
