//! What stands around backups: recording, alerts, buckets, what is gone, drills, scans.

use serde_json::{Value, json};

use super::estate::*;
use super::things::*;
use crate::dataset::ReadStatus;

const ROOT: &str = "arn:aws:iam::111122223333:root#region/eu-west-1";
const TOPIC: &str = "arn:aws:sns:eu-west-1:111122223333:backups";
const VOLUME: &str = "arn:aws:ec2:eu-west-1:111122223333:volume/vol-1";

#[test]
fn whether_events_are_recorded() {
    let writes = json!([{ "ReadWriteType": "All", "IncludeManagementEvents": true }]);
    let trail = |changes: Value| {
        let row = json!({ "trail_arn": "arn:aws:cloudtrail:us-east-1:111122223333:trail/all", "is_home": true, "is_logging": true, "event_selectors": writes });
        with(row, changes)
    };
    let shadow = || trail(json!({ "is_home": false, "event_selectors": null }));
    let away = |estate: Estate, changes: Value| estate.has_at((ACCOUNT, AWAY), "trails", [trail(changes)]);
    let cases = [
        ("a trail at home", Estate::new().has("trails", [trail(json!({}))]), yes()),
        ("the shadow of one whose home Region tells that it takes writes", away(Estate::new().has("trails", [shadow()]), json!({})), yes()),
        (
            "the same, and it takes data events only",
            away(Estate::new().has("trails", [shadow()]), json!({ "event_selectors": [{ "IncludeManagementEvents": false }] })),
            no(),
        ),
        ("the shadow of a trail that nobody can ask", Estate::new().has("trails", [shadow()]), OPEN),
        ("it does not log", Estate::new().has("trails", [trail(json!({ "is_logging": false }))]), no()),
        ("no trail", Estate::new(), no()),
        ("trails unread", Estate::new().denied("trails", None), OPEN),
    ];
    for (why, estate, expected) in cases {
        let facts = estate.facts();
        assert_eq!(facts.row("region_guards", ROOT)["events_recorded"], expected, "{why}");
    }
}

#[test]
fn recorders_and_defaults_of_volumes() {
    let recorder = |on: bool| Estate::new().has("config_recorders", [json!({ "configuration_recorder_name": "default", "recording": on })]);
    let settings =
        || Estate::new().has("ebs_settings", [json!({ "snapshot_block_public_access": "unblocked", "encryption_by_default": true })]);
    let volume = || Estate::new().has("ebs_volumes", [json!({ "volume_arn": VOLUME, "state": "available", "attachments": [] })]);
    let cases = [
        ("recording", recorder(true), "configuration_recorded", yes()),
        ("stopped", recorder(false), "configuration_recorded", no()),
        ("none", Estate::new(), "configuration_recorded", no()),
        ("unread", Estate::new().denied("config_recorders", None), "configuration_recorded", OPEN),
        ("sharing", settings(), "snapshot_sharing", json!("unblocked")),
        ("sharing unread", Estate::new().denied("ebs_settings", None), "snapshot_sharing", OPEN),
        ("encryption", settings(), "volumes_encrypted", yes()),
        ("a volume", volume().denied("ebs_snapshots", None), "has_volumes", yes()),
        ("none, and snapshots unread", Estate::new().denied("ebs_snapshots", None), "has_volumes", OPEN),
        ("neither", Estate::new(), "has_volumes", no()),
    ];
    for (why, estate, column, expected) in cases {
        assert_eq!(estate.facts().row("region_guards", ROOT)[column], expected, "{why}");
    }
}

#[test]
fn who_hears_of_failures() {
    let topic =
        |exists: bool, subscribed: i64| json!({ "topic_arn": TOPIC, "topic_exists": exists, "subscriptions_confirmed_count": subscribed });
    let alarm = |changes: Value| {
        let row = json!({
            "alarm_arn": "arn:aws:cloudwatch:eu-west-1:111122223333:alarm:failed", "namespace": "AWS/Backup", "metric_name": "NumberOfBackupJobsFailed",
            "comparison_operator": "GreaterThanOrEqualToThreshold", "actions_enabled": true, "alarm_actions": [TOPIC], "dimensions": {}
        });
        with(row, changes)
    };
    let told =
        |alarm: Value, topics: Vec<Value>| Estate::new().has("backup_plans", [plan("core")]).has("alarms", [alarm]).has("topics", topics);
    let of = |name: &str, value: &str| json!({ "dimensions": { name: value } });
    let page = json!({ "alarm_actions": ["arn:aws:lambda:eu-west-1:111122223333:function:page"] });
    // why, estate, whether anybody in the Region hears of a failure
    let cases = [
        ("an alarm, a topic, a subscription", told(alarm(json!({})), vec![topic(true, 1)]), yes()),
        ("nobody subscribed", told(alarm(json!({})), vec![topic(true, 0)]), no()),
        ("the topic is gone", told(alarm(json!({})), vec![topic(false, 0)]), no()),
        ("the topic was not read", told(alarm(json!({})), vec![]), OPEN),
        ("the actions are off", told(alarm(json!({ "actions_enabled": false })), vec![topic(true, 1)]), no()),
        ("without an action", told(alarm(json!({ "alarm_actions": [] })), vec![topic(true, 1)]), no()),
        ("to a function, which is not looked at", told(alarm(page), vec![]), OPEN),
        ("of another metric", told(alarm(json!({ "metric_name": "NumberOfBackupJobsCompleted" })), vec![topic(true, 1)]), no()),
        ("it can never fire", told(alarm(json!({ "comparison_operator": "LessThanThreshold" })), vec![topic(true, 1)]), no()),
        ("alarms unread", told(alarm(json!({})), vec![topic(true, 1)]).denied("alarms", None), OPEN),
        ("of one type of resource, beside which there may be others", told(alarm(of("ResourceType", "RDS")), vec![topic(true, 1)]), OPEN),
        ("of one type, and nobody subscribed", told(alarm(of("ResourceType", "RDS")), vec![topic(true, 0)]), no()),
        (
            "of the only vault that plans write to",
            told(alarm(of("BackupVaultName", "main")), vec![topic(true, 1)]).has("plan_rules", [rule("core")]),
            yes(),
        ),
        ("of another vault", told(alarm(of("BackupVaultName", "other")), vec![topic(true, 1)]).has("plan_rules", [rule("core")]), no()),
        (
            "of the only vault, but not all rules were read",
            told(alarm(of("BackupVaultName", "main")), vec![topic(true, 1)]).denied("plan_rules", Some(&plan_arn("core"))),
            OPEN,
        ),
        ("rules unread, and the alarm works", told(alarm(json!({})), vec![topic(true, 1)]).denied("event_rules", None), yes()),
    ];
    for (why, estate, expected) in cases {
        let facts = estate.facts();
        let row = facts.rows("alert_paths", ROOT).into_iter().find(|row| row["kind"] == json!("region")).unwrap().clone();
        assert_eq!(row["reaches_somebody"], expected, "{why}: {row:?}");
        assert_eq!(row["has_plans"], yes(), "{why}");
    }
    let vault = || Estate::new().has("backup_plans", [plan("core")]).has("plan_rules", [rule("core")]).has("topics", [topic(true, 1)]);
    let notified = |events: Value| {
        vault()
            .has("backup_vaults", [vault_row()])
            .has("vault_notifications", [json!({ "backup_vault_arn": home_vault(), "sns_topic_arn": TOPIC, "events": events })])
    };
    let heard = |estate: Estate| {
        estate.facts().rows("alert_paths", ROOT).into_iter().find(|row| row["kind"] == json!("region")).unwrap()["reaches_somebody"].clone()
    };
    assert_eq!(heard(notified(json!(["BACKUP_JOB_COMPLETED"]))), yes(), "the vault that plans write to tells of jobs that ended");
    let other = with(rule("core"), json!({ "rule_id": "other", "rule_name": "other", "target_backup_vault_name": "other" }));
    let of_two = notified(json!(["BACKUP_JOB_COMPLETED"])).has("plan_rules", [other]);
    assert_eq!(heard(of_two), no(), "a vault that tells nobody is not made good by one that does");
    assert_eq!(heard(notified(json!(["BACKUP_JOB_FAILED"]))), no(), "AWS never sends this event");
    let rule = json!({
        "rule_arn": "arn:aws:events:eu-west-1:111122223333:rule/failed", "state": "ENABLED", "targets_asked": true, "targets": [{ "Arn": TOPIC, "Id": "1" }],
        "event_pattern": { "source": ["aws.backup"], "detail-type": ["Backup Job State Change"], "detail": { "state": ["FAILED"] } }
    });
    assert_eq!(heard(vault().has("event_rules", [rule.clone()])), yes(), "a rule of EventBridge");
    assert_eq!(heard(vault().has("event_rules", [with(rule, json!({ "state": "DISABLED" }))])), no(), "one that is switched off");
}

fn vault_row() -> Value {
    vault((ACCOUNT, HOME), "main")
}

#[test]
fn what_is_gone_and_how_long_its_points_stay() {
    let kept = |points: Vec<Value>| Estate::new().has("backup_vaults", [vault_row()]).has("recovery_points", points);
    let dated = |number: i64, days: i64| with(point("x", number, ago(40, 0)), json!({ "delete_at": ago(-days, 0) }));
    let forever = with(point("x", 9, ago(40, 0)), json!({ "delete_after_days": null, "delete_at": null }));
    let continuous =
        with(dated(3, 20), json!({ "recovery_point_arn": format!("arn:aws:backup:{HOME}:{ACCOUNT}:recovery-point:continuous:x-1") }));
    let by_hand = json!({
        "snapshot_arn": format!("arn:aws:rds:{HOME}:{ACCOUNT}:snapshot:last"), "snapshot_type": "manual", "resource_arn": db_arn("x"), "snapshot_create_time": ago(3, 0)
    });
    // why, estate, gone, kept for ever, days that are left
    let cases = [
        ("still there", kept(vec![dated(1, 5)]).has("rds_instances", [db("x")]), no(), no(), json!(5)),
        ("gone: the last point counts", kept(vec![dated(1, 5), dated(2, 12)]), yes(), no(), json!(12)),
        ("gone, and one is kept for ever", kept(vec![dated(1, 5), forever]), yes(), yes(), OPEN),
        ("gone, and a snapshot by hand is left", kept(vec![dated(1, 5)]).has("rds_snapshots", [by_hand]), yes(), yes(), OPEN),
        ("gone, and a continuous backup is left", kept(vec![dated(1, 5), continuous]), yes(), OPEN, OPEN),
        (
            "a vault of another Region was not read",
            kept(vec![dated(1, 5)]).failed_at((ACCOUNT, AWAY), "recovery_points", None, crate::dataset::ReadStatus::Denied),
            yes(),
            OPEN,
            OPEN,
        ),
        ("its service was not read", kept(vec![dated(1, 5)]).denied("rds_clusters", None), OPEN, no(), json!(5)),
    ];
    for (why, estate, gone, forever, days) in cases {
        let facts = estate.facts();
        let row = facts.row("departed", &db_arn("x"));
        let left = row["left_s"].as_i64().map(|left_s| left_s / 86_400);
        assert_eq!((&row["gone"], &row["kept_forever"], json!(left)), (&gone, &forever, days), "{why}: {row:?}");
    }
}

#[test]
fn a_bucket_is_gone_where_its_points_were_made() {
    let bucket = "arn:aws:s3:::web";
    let of = |number: i64, changes: Value| {
        let arn = format!("arn:aws:backup:{HOME}:{ACCOUNT}:recovery-point:{number}");
        let named = json!({ "recovery_point_arn": arn, "resource_arn": bucket, "resource_type": "S3", "delete_at": ago(-5, 0) });
        with(with(point("x", number, ago(40, 0)), named), changes)
    };
    let far = json!({ "source_backup_vault_arn": format!("arn:aws:backup:{HOME}:{OTHER_ACCOUNT}:backup-vault:main") });
    let kept = |points: Vec<Value>| Estate::new().has("backup_vaults", [vault_row()]).has("recovery_points", points);
    let there = json!({ "bucket_arn": bucket, "bucket_name": "web", "tags": {} });
    // why, estate, gone
    let cases = [
        ("still there", kept(vec![of(1, json!({}))]).has("s3_buckets", [there.clone()]), no()),
        ("its copies say nothing else", kept(vec![of(1, far.clone())]).has("s3_buckets", [there]), no()),
        ("gone", kept(vec![of(1, json!({}))]), yes()),
        ("gone, and a copy is left beside the point", kept(vec![of(1, json!({})), of(2, far.clone())]), yes()),
        ("only copies are left: whose bucket it was is not told", kept(vec![of(1, far)]), OPEN),
        ("buckets were not read", kept(vec![of(1, json!({}))]).denied("s3_buckets", None), OPEN),
    ];
    for (why, estate, gone) in cases {
        let facts = estate.facts();
        let row = facts.row("departed", bucket);
        assert_eq!((&row["gone"], &row["account_id"], &row["region"]), (&gone, &json!(ACCOUNT), &json!(HOME)), "{why}: {row:?}");
    }
}

#[test]
fn drills_are_told_by_where_they_were_done() {
    let root = format!("arn:aws:iam::{ACCOUNT}:root");
    let (far, safe) = ((ACCOUNT, AWAY), (OTHER_ACCOUNT, AWAY));
    let restore = |changes: Value| {
        let row = json!({
            "restore_job_id": "r1", "source_resource_arn": db_arn("x"), "recovery_point_arn": point_arn("x", 1), "backup_vault_arn": home_vault(),
            "status": "COMPLETED", "creation_date": ago(10, 0), "completion_date": ago(10, -1)
        });
        with(row, changes)
    };
    let locked = with(vault_row(), json!({ "locked": true }));
    let of = |estate: Estate, scenario: &str| {
        let facts = estate.facts();
        let row = facts.rows("drills", &root).into_iter().find(|row| row["scenario"] == json!(scenario)).unwrap().clone();
        let days = |column: &str| json!(row[column].as_i64().map(|value_s| value_s / 86_400));
        (days("drilled_age_s"), row["newer_drill"].clone(), days("none_for_s"), row["has_points"].clone())
    };
    let none = || Estate::new().has("backup_vaults", [vault_row()]);
    assert_eq!(of(none(), "other_region"), (OPEN, OPEN, json!(30), no()), "AWS lists 30 days");
    assert_eq!(of(none().has("restore_jobs", [restore(json!({}))]), "other_region"), (OPEN, OPEN, json!(30), no()), "at home is no drill");
    let abroad = || {
        none().has_at(far, "restore_jobs", [restore(json!({}))]).has_at(far, "backup_vaults", [vault(far, "far")]).has_at(
            far,
            "recovery_points",
            [copied_point("x", 1, ago(11, 0), far)],
        )
    };
    assert_eq!(of(abroad(), "other_region"), (json!(9), no(), json!(9), yes()), "in the other Region, ten days ago less an hour");
    assert_eq!(
        of(abroad().denied("restore_jobs", None), "other_region"),
        (json!(9), OPEN, json!(0), yes()),
        "another may have been done since, where nobody looked"
    );
    let failed = none().has_at(far, "restore_jobs", [restore(json!({ "validation_status": "FAILED" }))]);
    assert_eq!(of(failed, "other_region"), (OPEN, OPEN, json!(30), no()), "what was restored was wrong");
    let elsewhere = none().with_other_account().has_at(safe, "restore_jobs", [restore(json!({}))]);
    assert_eq!(of(elsewhere, "other_account").0, json!(9), "in the account of the copies, it counts for the account of the database");
    let behind = Estate::new()
        .has("backup_vaults", [locked])
        .has("recovery_points", [point("x", 1, ago(11, 0))])
        .has("restore_jobs", [restore(json!({}))]);
    assert_eq!(of(behind, "locked"), (json!(9), no(), json!(9), yes()), "from a locked vault");
    let untold = Estate::new().has("backup_vaults", [with(vault_row(), json!({ "locked": null }))]);
    let untold = untold.has("recovery_points", [point("x", 1, ago(11, 0))]);
    assert_eq!(of(untold, "locked").3, OPEN, "whether its vault is locked was not told");
}

/// A bucket of the first account, and points and restores of it. Its ARN tells neither account nor Region.
const BUCKET: &str = "arn:aws:s3:::web";

#[test]
fn drills_of_buckets_are_told_by_the_list_of_buckets() {
    let (home, far, safe) = ((ACCOUNT, HOME), (ACCOUNT, AWAY), (OTHER_ACCOUNT, AWAY));
    let bucket = |days: i64| json!({ "bucket_arn": BUCKET, "bucket_name": "web", "creation_date": ago(days, 0), "tags": {} });
    let vault_at = |place: Place| with(vault(place, "far"), json!({ "vault_type": "BACKUP_VAULT", "locked": false }));
    let lies = |estate: Estate, place: Place, source: Value| {
        let point = json!({
            "backup_vault_arn": vault_arn(place, "far"), "recovery_point_arn": "arn:aws:backup:eu-central-1:111122223333:recovery-point:web-1",
            "resource_arn": BUCKET, "resource_type": "S3", "status": "COMPLETED", "creation_date": ago(11, 0), "source_backup_vault_arn": source
        });
        estate.has_at(place, "backup_vaults", [vault_at(place)]).has_at(place, "recovery_points", [point])
    };
    let with_bucket = |days: i64| Estate::new().with_other_account().has("s3_buckets", [bucket(days)]);
    let copied = |estate: Estate, place: Place| lies(estate, place, json!(home_vault()));
    let unread = || Estate::new().with_other_account().denied("s3_buckets", None);
    let gone = || Estate::new().with_other_account();
    let untold = copied(with_bucket(90), safe).without("backup_vaults").has_at(safe, "backup_vaults", [vault(safe, "far")]);
    // why, estate, whether the first account has points in another Region, in another account, in locked vaults, and the second account
    let cases = [
        ("copied to another Region", copied(with_bucket(90), far), [yes(), no(), no()], [no(), no(), no()]),
        ("copied to another account", copied(with_bucket(90), safe), [yes(), yes(), no()], [no(), no(), no()]),
        ("nobody tells whose it was", copied(gone(), far), [OPEN, no(), no()], [OPEN, OPEN, no()]),
        ("buckets unread", copied(unread(), safe), [OPEN, OPEN, no()], [OPEN, no(), no()]),
        ("made after the copy: it was another of the name", copied(with_bucket(5), safe), [OPEN, OPEN, no()], [OPEN, no(), no()]),
        ("no copy, so that it lies at home", lies(gone(), far, Value::Null), [no(), no(), no()], [no(), no(), no()]),
        ("at home, as its bucket tells", lies(with_bucket(90), home, Value::Null), [no(), no(), no()], [no(), no(), no()]),
        ("whether its vault is locked was not told", untold, [yes(), yes(), OPEN], [no(), no(), no()]),
    ];
    for (why, estate, first, second) in cases {
        let facts = estate.facts();
        let of = |account: &str| {
            let rows = facts.rows("drills", &format!("arn:aws:iam::{account}:root"));
            ["other_region", "other_account", "locked"]
                .map(|scenario| rows.iter().find(|row| row["scenario"] == json!(scenario)).unwrap()["has_points"].clone())
        };
        assert_eq!((of(ACCOUNT), of(OTHER_ACCOUNT)), (first, second), "{why}");
    }
}

#[test]
fn restores_of_buckets_are_drills() {
    let far = (ACCOUNT, AWAY);
    let root = format!("arn:aws:iam::{ACCOUNT}:root");
    let bucket = json!({ "bucket_arn": BUCKET, "bucket_name": "web", "creation_date": ago(90, 0), "tags": {} });
    let restore = |changes: Value| {
        let row = json!({
            "restore_job_id": "r1", "source_resource_arn": BUCKET, "recovery_point_arn": "arn:aws:backup:eu-central-1:111122223333:recovery-point:web-1",
            "recovery_point_creation_date": ago(11, 0), "backup_vault_arn": vault_arn(far, "far"), "status": "COMPLETED",
            "creation_date": ago(10, 0), "completion_date": ago(10, -1)
        });
        with(row, changes)
    };
    let of = |changes: Value, known: bool| {
        let estate = Estate::new().has_at(far, "restore_jobs", [restore(changes)]);
        let estate = estate.has_at(far, "backup_vaults", [with(vault(far, "far"), json!({ "locked": false }))]);
        let facts = if known { estate.has("s3_buckets", [bucket.clone()]) } else { estate }.facts();
        let row = facts.rows("drills", &root).into_iter().find(|row| row["scenario"] == json!("other_region")).unwrap().clone();
        let days = |column: &str| json!(row[column].as_i64().map(|value_s| value_s / 86_400));
        (days("drilled_age_s"), row["newer_drill"].clone(), days("none_for_s"))
    };
    let none = json!({});
    // why, what differs, whether the bucket is listed, age of the newest, newer, none for
    let cases = [
        ("in another Region than the bucket", none.clone(), true, json!(9), no(), json!(9)),
        ("nobody tells whose it was: it may have been one", none, false, OPEN, OPEN, json!(9)),
        ("nor when its point was made", json!({ "recovery_point_creation_date": null }), true, OPEN, OPEN, json!(9)),
        ("nobody told what its validation came to", json!({ "validation_status": "TIMED_OUT" }), true, OPEN, OPEN, json!(30)),
        ("its validation is under way", json!({ "validation_status": "VALIDATING" }), true, OPEN, OPEN, json!(9)),
        ("it is running", json!({ "status": "RUNNING", "completion_date": null }), true, OPEN, OPEN, json!(30)),
    ];
    for (why, changes, known, age, newer, none_for) in cases {
        assert_eq!(of(changes, known), (age, newer, none_for), "{why}");
    }
}

#[test]
fn tests_that_reach_copies() {
    let root = format!("arn:aws:iam::{ACCOUNT}:root");
    let (far, home) = ((ACCOUNT, AWAY), (ACCOUNT, HOME));
    let arn = |place: Place| format!("arn:aws:backup:{}:{}:restore-testing-plan:weekly", place.1, place.0);
    let plan = |place: Place, changes: Value| {
        let row = json!({
            "restore_testing_plan_arn": arn(place), "restore_testing_plan_name": "weekly", "include_vaults": ["*"], "recovery_point_types": ["SNAPSHOT"],
            "selection_window_days": 30
        });
        with(row, changes)
    };
    let all_of = |place: Place, of: &str| json!({ "restore_testing_plan_arn": arn(place), "restore_testing_selection_name": "s", "protected_resource_type": of, "protected_resource_arns": ["*"] });
    let copied = || {
        Estate::new()
            .has("backup_vaults", [with(vault_row(), json!({ "locked": true }))])
            .has("recovery_points", [point("x", 1, ago(11, 0))])
            .has_at(far, "backup_vaults", [with(vault(far, "far"), json!({ "locked": false }))])
            .has_at(far, "recovery_points", [copied_point("x", 1, ago(11, 0), far)])
    };
    let tested = |estate: Estate, place: Place, changes: Value| {
        estate.has_at(place, "restore_testing_plans", [plan(place, changes)]).has_at(
            place,
            "restore_testing_selections",
            [all_of(place, "RDS")],
        )
    };
    let none = json!({});
    let at_home = || tested(copied(), home, none.clone());
    let test = json!({
        "restore_job_id": "r1", "source_resource_arn": db_arn("x"), "recovery_point_arn": copy_arn("x", 1, far), "backup_vault_arn": vault_arn(far, "far"),
        "status": "COMPLETED", "creation_date": ago(10, 0), "completion_date": ago(10, -1), "restore_testing_plan_arn": arn(far)
    });
    let conditional = json!({ "StringEquals": [{ "Key": "aws:ResourceTag/class", "Value": "gold" }] });
    let by_tags = copied().has_at(far, "restore_testing_plans", [plan(far, none.clone())]).has_at(
        far,
        "restore_testing_selections",
        [with(all_of(far, "RDS"), json!({ "protected_resource_conditions": conditional }))],
    );
    // why, estate, has tests, reach copies in the other Region, reach what is locked
    let cases = [
        ("nothing is tested", copied(), no(), no(), no()),
        ("only at home", at_home(), yes(), no(), yes()),
        ("only over there", tested(copied(), far, none.clone()), yes(), yes(), no()),
        ("in both", tested(at_home(), far, none.clone()), yes(), yes(), yes()),
        (
            "over there, but another vault",
            tested(at_home(), far, json!({ "include_vaults": [vault_arn(far, "other")] })),
            yes(),
            no(),
            yes(),
        ),
        ("by tags of points, which are not read", by_tags, yes(), OPEN, no()),
        ("a test took one", at_home().has_at(far, "restore_jobs", [test.clone()]), yes(), yes(), yes()),
        (
            "a test took one, longer ago than AWS lists them",
            at_home().has_at(
                far,
                "restore_jobs",
                [with(test.clone(), json!({ "creation_date": ago(31, 0), "completion_date": ago(31, -1) }))],
            ),
            yes(),
            no(),
            yes(),
        ),
        (
            "a restore by hand is no test",
            at_home().has_at(far, "restore_jobs", [with(test.clone(), json!({ "restore_testing_plan_arn": null }))]),
            yes(),
            no(),
            yes(),
        ),
        (
            "a test of nobody knows what",
            at_home().has_at(
                far,
                "restore_jobs",
                [with(test.clone(), json!({ "source_resource_arn": null, "recovery_point_arn": copy_arn("y", 1, far) }))],
            ),
            yes(),
            OPEN,
            yes(),
        ),
        (
            "told by its recovery point",
            at_home().has_at(far, "restore_jobs", [with(test.clone(), json!({ "source_resource_arn": null }))]),
            yes(),
            yes(),
            yes(),
        ),
        (
            "its validation is under way",
            at_home().has_at(far, "restore_jobs", [with(test.clone(), json!({ "validation_status": "VALIDATING" }))]),
            yes(),
            OPEN,
            yes(),
        ),
        (
            "nobody told what its validation came to",
            at_home().has_at(far, "restore_jobs", [with(test, json!({ "validation_status": "TIMED_OUT" }))]),
            yes(),
            no(),
            yes(),
        ),
        ("plans over there unread", at_home().failed_at(far, "restore_testing_plans", None, ReadStatus::Denied), yes(), OPEN, yes()),
        ("tests over there unread", at_home().failed_at(far, "restore_jobs", None, ReadStatus::Denied), yes(), OPEN, yes()),
        ("plans unread", copied().denied("restore_testing_plans", None), OPEN, OPEN, OPEN),
    ];
    for (why, estate, tests, region, locked) in cases {
        let facts = estate.facts();
        let of = |scenario: &str| facts.rows("drills", &root).into_iter().find(|row| row["scenario"] == json!(scenario)).unwrap().clone();
        assert_eq!((&of("other_region")["has_tests"], &of("other_region")["tests_reach"]), (&tests, &region), "{why}");
        assert_eq!(of("locked")["tests_reach"], locked, "{why}: behind a lock");
    }
}

#[test]
fn scans_of_the_newest_point() {
    let arn = "arn:aws:ec2:eu-west-1::snapshot/snap-1";
    let volume = json!({ "volume_arn": VOLUME, "volume_id": "vol-1", "state": "available", "create_time": ago(100, 0), "attachments": [], "tags": {} });
    let held = || {
        let changes = json!({ "recovery_point_arn": arn, "resource_arn": VOLUME, "resource_type": "EBS" });
        Estate::new()
            .has("backup_vaults", [vault_row()])
            .has("ebs_volumes", [volume.clone()])
            .has("recovery_points", [with(point("x", 1, ago(1, 0)), changes)])
    };
    let scan = |id: &str, result: Option<&str>| json!({ "scan_job_id": id, "state": "COMPLETED", "scan_result_status": result, "recovery_point_arn": arn, "resource_arn": VOLUME, "creation_date": ago(0, 5), "completion_date": ago(0, 4) });
    let cases = [
        ("clean", held().has("scan_jobs", [scan("1", Some("NO_THREATS_FOUND"))]), yes(), no()),
        ("infected", held().has("scan_jobs", [scan("1", Some("THREATS_FOUND"))]), yes(), yes()),
        (
            "one scan found something, another did not",
            held().has("scan_jobs", [scan("1", Some("THREATS_FOUND")), scan("2", Some("NO_THREATS_FOUND"))]),
            yes(),
            yes(),
        ),
        ("scanned without a result", held().has("scan_jobs", [scan("1", None)]), yes(), OPEN),
        ("not scanned", held(), no(), OPEN),
        ("scans unread", held().denied("scan_jobs", None), OPEN, OPEN),
        (
            "clean, and other scans unread",
            held().has_at((ACCOUNT, AWAY), "scan_jobs", [scan("1", Some("NO_THREATS_FOUND"))]).denied("scan_jobs", None),
            yes(),
            OPEN,
        ),
        (
            "a newer point may lie where nobody looked",
            held().has("scan_jobs", [scan("1", Some("THREATS_FOUND"))]).denied("recovery_points", None),
            OPEN,
            OPEN,
        ),
    ];
    for (why, estate, scanned, infected) in cases {
        let facts = estate.facts();
        let row = facts.row("point_scans", VOLUME);
        assert_eq!((&row["scanned"], &row["infected"]), (&scanned, &infected), "{why}: {row:?}");
    }
}
