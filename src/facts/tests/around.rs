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
        (
            "all but the events of one service",
            Estate::new().has(
                "trails",
                [trail(json!({ "event_selectors": [{ "ReadWriteType": "All", "IncludeManagementEvents": true, "ExcludeManagementEventSources": ["kms.amazonaws.com"] }] }))],
            ),
            OPEN,
        ),
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
    let recorder = |on: bool| {
        let row = json!({ "configuration_recorder_name": "default", "recording": on, "last_status": "SUCCESS", "all_supported": true });
        Estate::new().has("config_recorders", [row])
    };
    let failing = || {
        recorder(true)
            .has("config_recorders", [json!({ "configuration_recorder_name": "other", "recording": true, "last_status": "FAILURE" })])
    };
    let settings =
        || Estate::new().has("ebs_settings", [json!({ "snapshot_block_public_access": "unblocked", "encryption_by_default": true })]);
    let volume = || Estate::new().has("ebs_volumes", [json!({ "volume_arn": VOLUME, "state": "available", "attachments": [] })]);
    let cases = [
        ("recording", recorder(true), "configuration_recorded", yes()),
        ("one of two is enough", failing(), "configuration_recorded", yes()),
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

/// A topic that somebody hears, with a policy that lets in who publishes.
fn topic(changes: Value) -> Value {
    let services = json!({ "Service": ["backup.amazonaws.com", "events.amazonaws.com", "cloudwatch.amazonaws.com"] });
    let policy = json!({ "Statement": { "Effect": "Allow", "Principal": services, "Action": "sns:Publish", "Resource": TOPIC } });
    let row =
        json!({ "topic_arn": TOPIC, "topic_exists": true, "fifo_topic": false, "policy": policy, "subscriptions_confirmed_count": 1 });
    with(row, changes)
}

/// An alarm that one job in the vault `main` that failed sets off.
fn alarm(changes: Value) -> Value {
    let row = json!({
        "alarm_arn": "arn:aws:cloudwatch:eu-west-1:111122223333:alarm:failed", "namespace": "AWS/Backup", "metric_name": "NumberOfBackupJobsFailed",
        "comparison_operator": "GreaterThanOrEqualToThreshold", "threshold": "1", "statistic": "Sum", "evaluation_periods": 1, "actions_enabled": true,
        "alarm_actions": [TOPIC], "dimensions": { "BackupVaultName": "main" }
    });
    with(row, changes)
}

/// The same for one that expired.
fn expiry() -> Value {
    alarm(json!({ "alarm_arn": "arn:aws:cloudwatch:eu-west-1:111122223333:alarm:expired", "metric_name": "NumberOfBackupJobsExpired" }))
}

/// A rule of EventBridge.
fn event_rule(state: &Value) -> Value {
    json!({
        "rule_arn": "arn:aws:events:eu-west-1:111122223333:rule/failed", "state": "ENABLED", "targets_asked": true, "targets": [{ "Arn": TOPIC, "Id": "1" }],
        "event_pattern": { "source": ["aws.backup"], "detail-type": ["Backup Job State Change"], "detail": { "state": state } }
    })
}

/// A plan that writes to the vault `main`, and the topic.
fn watched(topics: Vec<Value>) -> Estate {
    Estate::new().has("backup_plans", [plan("core")]).has("plan_rules", [rule("core")]).has("topics", topics)
}

/// What is said of the Region: whether all is heard, and what is not.
fn heard(estate: &Estate) -> (Value, Value) {
    let facts = estate.facts();
    let row = facts.rows("alert_paths", ROOT).into_iter().find(|row| row["kind"] == json!("region")).unwrap().clone();
    assert_eq!(row["has_plans"], yes());
    (row["reaches_somebody"].clone(), row["unheard"].clone())
}

const BOTH: &str = "jobs that failed and jobs that expired before they began";

#[test]
fn alarms_are_heard() {
    let (failed, expired) = (json!("jobs that failed"), json!("jobs that expired before they began"));
    let both = || json!(BOTH);
    let told = |changes: Value| watched(vec![topic(json!({}))]).has("alarms", [alarm(changes), expiry()]);
    let at = |changes: Value| watched(vec![topic(changes)]).has("alarms", [alarm(json!({})), expiry()]);
    let whole = |dimensions: Value| {
        let changes = json!({ "dimensions": dimensions });
        watched(vec![topic(json!({}))]).has("alarms", [with(alarm(json!({})), changes.clone()), with(expiry(), changes)])
    };
    let expression = |actions: Value| {
        let watches =
            json!([{ "Id": "e", "Expression": "m*2" }, { "Id": "m", "Namespace": "AWS/Backup", "MetricName": "NumberOfBackupJobsFailed" }]);
        told(
            json!({ "namespace": null, "metric_name": null, "dimensions": null, "statistic": null, "metrics": watches, "alarm_actions": actions }),
        )
    };
    let unread = |estate: Estate, table: &'static str, parent: Option<&str>| estate.denied(table, parent);
    let sources = json!({ "Statement": { "Effect": "Allow", "Principal": { "AWS": "*" }, "Action": "SNS:Publish", "Resource": TOPIC,
        "Condition": { "StringEquals": { "AWS:SourceOwner": ACCOUNT } } } });
    // why, estate, whether all is heard, what is not
    let cases = [
        ("two alarms on the only vault that plans write to", told(json!({})), yes(), OPEN),
        ("one on failures alone", watched(vec![topic(json!({}))]).has("alarms", [alarm(json!({}))]), no(), expired.clone()),
        ("one on expiries alone", watched(vec![topic(json!({}))]).has("alarms", [expiry()]), no(), failed.clone()),
        ("nobody subscribed", at(json!({ "subscriptions_confirmed_count": 0 })), no(), both()),
        ("the topic is gone", at(json!({ "topic_exists": false })), no(), both()),
        ("the topic was not read", watched(vec![]).has("alarms", [alarm(json!({})), expiry()]), OPEN, both()),
        ("the policy of the topic lets nobody in", at(json!({ "policy": { "Statement": [] } })), no(), both()),
        ("the policy that SNS gives a topic", at(json!({ "policy": sources })), yes(), OPEN),
        ("the policy of the topic is not told", at(json!({ "policy": null })), OPEN, both()),
        ("the topic has the key of SNS", at(json!({ "kms_master_key_id": "alias/aws/sns" })), no(), both()),
        ("the topic has another key", at(json!({ "kms_master_key_id": "alias/backups" })), OPEN, both()),
        ("the actions are off", told(json!({ "actions_enabled": false })), no(), failed.clone()),
        ("without an action", told(json!({ "alarm_actions": [] })), no(), failed.clone()),
        (
            "to a function, which is not looked at",
            told(json!({ "alarm_actions": ["arn:aws:lambda:eu-west-1:111122223333:function:page"] })),
            OPEN,
            failed.clone(),
        ),
        ("of another metric", told(json!({ "metric_name": "NumberOfBackupJobsCompleted" })), no(), failed.clone()),
        ("it can never fire", told(json!({ "comparison_operator": "LessThanThreshold" })), no(), failed.clone()),
        ("a thousand jobs set it off", told(json!({ "threshold": "1000" })), no(), failed.clone()),
        ("the mean may be below", told(json!({ "statistic": "Average" })), OPEN, failed.clone()),
        ("on an expression", expression(json!([TOPIC])), OPEN, failed.clone()),
        ("on an expression, and it tells nobody", expression(json!([])), no(), failed.clone()),
        ("on a series without dimensions, which may not be there", whole(json!({})), OPEN, both()),
        ("of one type of resource, beside which there may be others", whole(json!({ "ResourceType": "RDS" })), OPEN, both()),
        ("of another vault", whole(json!({ "BackupVaultName": "other" })), no(), both()),
        ("alarms unread", unread(watched(vec![topic(json!({}))]), "alarms", None), OPEN, both()),
        ("not all rules of plans were read", unread(told(json!({})), "plan_rules", Some(&plan_arn("core"))), OPEN, both()),
        ("rules of EventBridge unread, and the alarms work", unread(told(json!({})), "event_rules", None), yes(), OPEN),
    ];
    for (why, estate, all, unheard) in cases {
        assert_eq!(heard(&estate), (all, unheard), "{why}");
    }
}

#[test]
fn vaults_and_rules_are_heard() {
    let vaulted = |topics: Vec<Value>| watched(topics).has("backup_vaults", [vault_row()]);
    let notified = |topics: Vec<Value>, events: Value| {
        vaulted(topics).has("vault_notifications", [json!({ "backup_vault_arn": home_vault(), "sns_topic_arn": TOPIC, "events": events })])
    };
    let ended = |changes: Value| notified(vec![topic(changes)], json!(["BACKUP_JOB_COMPLETED"]));
    let other = with(rule("core"), json!({ "rule_id": "other", "rule_name": "other", "target_backup_vault_name": "other" }));
    let ruled = |state: Value, changes: Value| vaulted(vec![topic(json!({}))]).has("event_rules", [with(event_rule(&state), changes)]);
    let of = |service: &str| json!({ "policy": { "Statement": { "Effect": "Allow", "Principal": { "Service": service }, "Action": "sns:*", "Resource": "*" } } });
    let through = |service: &str| vaulted(vec![topic(of(service))]).has("event_rules", [event_rule(&json!(["FAILED", "EXPIRED"]))]);
    let both = || json!(BOTH);
    let expired = || json!("jobs that expired before they began");
    // why, estate, whether all is heard, what is not
    let cases = [
        ("the vault that plans write to tells of jobs that ended", ended(json!({})), yes(), OPEN),
        ("a vault that tells nobody is not made good by one that does", ended(json!({})).has("plan_rules", [other]), no(), both()),
        ("AWS never sends this event", notified(vec![topic(json!({}))], json!(["BACKUP_JOB_FAILED"])), no(), both()),
        ("a topic that keeps the order, which vaults do not notify", ended(json!({ "fifo_topic": true })), no(), both()),
        ("a topic that lets in rules only", ended(of("events.amazonaws.com")), no(), both()),
        ("a rule on both states", ruled(json!(["FAILED", "EXPIRED"]), json!({})), yes(), OPEN),
        ("a rule on one", ruled(json!(["FAILED"]), json!({})), no(), expired()),
        ("a rule on one, and an alarm on the other", ruled(json!(["FAILED"]), json!({})).has("alarms", [expiry()]), yes(), OPEN),
        ("a rule that is switched off", ruled(json!(["FAILED", "EXPIRED"]), json!({ "state": "DISABLED" })), no(), both()),
        ("a rule whose topic lets it in", through("events.amazonaws.com"), yes(), OPEN),
        ("a rule whose topic lets in vaults only", through("backup.amazonaws.com"), no(), both()),
    ];
    for (why, estate, all, unheard) in cases {
        assert_eq!(heard(&estate), (all, unheard), "{why}");
    }
    let way = |estate: Estate, arn: &str| estate.facts().row("alert_paths", arn).clone();
    let row = way(ended(of("events.amazonaws.com")), &home_vault());
    assert_eq!(
        (&row["reaches_somebody"], &row["problem"]),
        (&no(), &json!(format!("the policy of {TOPIC} does not let backup.amazonaws.com publish"))),
    );
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
#[expect(clippy::too_many_lines, reason = "a table of cases")]
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
    let scan = |id: &str, result: Option<&str>| json!({ "scan_job_id": id, "state": "COMPLETED", "scan_result_status": result, "scan_mode": "FULL_SCAN", "recovery_point_arn": arn, "resource_arn": VOLUME, "creation_date": ago(0, 5), "completion_date": ago(0, 4) });
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

#[test]
fn a_scan_of_changes_rests_on_those_before_it() {
    let arn = |number: i64| format!("arn:aws:ec2:eu-west-1::snapshot/snap-{number}");
    let volume = json!({ "volume_arn": VOLUME, "volume_id": "vol-1", "state": "available", "create_time": ago(100, 0), "attachments": [], "tags": {} });
    let point = |number: i64| {
        let changes = json!({ "recovery_point_arn": arn(number), "resource_arn": VOLUME, "resource_type": "EBS" });
        with(point("x", number, ago(10 - number, 0)), changes)
    };
    let held = |scans: Vec<Value>| {
        let estate = Estate::new().has("backup_vaults", [vault_row()]).has("ebs_volumes", [volume.clone()]);
        estate.has("recovery_points", (1..=3).map(point)).has("scan_jobs", scans)
    };
    let scan = |number: i64, threats: bool, changes: Value| {
        let result = if threats { "THREATS_FOUND" } else { "NO_THREATS_FOUND" };
        let row = json!({
            "scan_job_id": format!("{number}"), "state": "COMPLETED", "scan_result_status": result, "recovery_point_arn": arn(number),
            "resource_arn": VOLUME, "creation_date": ago(10 - number, -5), "completion_date": ago(10 - number, -6)
        });
        with(row, changes)
    };
    let full = |number: i64, threats: bool| scan(number, threats, json!({ "scan_mode": "FULL_SCAN" }));
    let since = |base: Value, number: i64, threats: bool| {
        scan(number, threats, json!({ "scan_mode": "INCREMENTAL_SCAN", "scan_base_recovery_point_arn": base }))
    };
    let before = |number: i64| since(json!(arn(number - 1)), number, false);
    let issues = json!({ "state": "COMPLETED_WITH_ISSUES" });
    // why, scans, whether the third point is infected, the point that is suspected, the last that is known to be clean
    let cases = [
        ("back to a full one", vec![full(1, false), before(2), before(3)], no(), OPEN, json!(3)),
        ("the first point was infected", vec![full(1, true), before(2), before(3)], OPEN, json!(arn(1)), OPEN),
        ("changes on the way were", vec![full(1, false), since(json!(arn(1)), 2, true), before(3)], OPEN, json!(arn(2)), json!(1)),
        ("its own changes are", vec![full(1, false), before(2), since(json!(arn(2)), 3, true)], yes(), OPEN, json!(2)),
        ("one of the way was not scanned", vec![full(1, false), before(3)], OPEN, OPEN, json!(1)),
        ("no full one is known", vec![before(2), before(3)], OPEN, OPEN, OPEN),
        ("what it began from was not told", vec![full(2, false), since(json!(null), 3, false)], OPEN, OPEN, json!(2)),
        ("it is its own base", vec![since(json!(arn(3)), 3, false)], OPEN, OPEN, OPEN),
        ("a full one after an infected point", vec![full(1, true), full(2, false), before(3)], no(), json!(arn(1)), json!(3)),
        ("of which kind was not told", vec![scan(3, false, json!({ "scan_mode": null }))], OPEN, OPEN, OPEN),
        ("not everything was looked at", vec![with(full(3, false), issues)], OPEN, OPEN, OPEN),
    ];
    for (why, scans, infected, suspect, clean) in cases {
        let facts = held(scans).facts();
        let row = facts.row("point_scans", VOLUME);
        let clean_s = clean.as_i64().map_or(OPEN, |number| json!(ago(10 - number, -6)));
        assert_eq!((&row["infected"], &row["suspect_arn"], &row["clean_s"]), (&infected, &suspect, &clean_s), "{why}: {row:?}");
        assert_eq!(row["changes_only"], json!(infected == OPEN && why != "not everything was looked at"), "{why}");
    }
}

#[test]
fn whether_trails_deliver() {
    const TRAIL: &str = "arn:aws:cloudtrail:eu-west-1:111122223333:trail/all";
    let (hour_s, day_s) = (3_600, 86_400);
    let all = json!([{ "ReadWriteType": "All", "IncludeManagementEvents": true }]);
    let writes = json!([{ "ReadWriteType": "WriteOnly", "IncludeManagementEvents": true }]);
    let trail = |changes: Value| {
        let row =
            json!({ "trail_arn": TRAIL, "is_home": true, "is_logging": true, "event_selectors": all, "start_logging_time": ago(100, 0) });
        with(row, changes)
    };
    let (late, never) = (json!({ "latest_delivery_time": ago(60, 0) }), json!({}));
    // why, changes, delivered, undelivered for, idle
    let cases = [
        ("minutes ago", json!({ "latest_delivery_time": NOW_S - 300 }), yes(), json!(300), no()),
        ("while it was collected", json!({ "latest_delivery_time": NOW_S + 30 }), yes(), json!(0), no()),
        ("two months ago", late.clone(), yes(), json!(60 * day_s), no()),
        ("never", never, OPEN, json!(100 * day_s), no()),
        ("never, and it was switched on an hour ago", json!({ "start_logging_time": NOW_S - hour_s }), OPEN, json!(hour_s), no()),
        (
            "not since it was switched on again",
            with(late.clone(), json!({ "start_logging_time": ago(2, 0) })),
            OPEN,
            json!(2 * day_s),
            no(),
        ),
        ("when it was switched on was not told", with(late.clone(), json!({ "start_logging_time": null })), yes(), json!(60 * day_s), no()),
        ("neither was told", json!({ "start_logging_time": null }), OPEN, OPEN, no()),
        (
            "it takes what writes, and nothing may have been",
            with(late.clone(), json!({ "event_selectors": writes })),
            yes(),
            json!(60 * day_s),
            OPEN,
        ),
        ("what it takes was not told", with(late, json!({ "event_selectors": null })), yes(), json!(60 * day_s), OPEN),
    ];
    for (why, changes, delivered, undelivered_s, idle) in cases {
        let facts = Estate::new().has("trails", [trail(changes)]).facts();
        let row = facts.row("trail_deliveries", TRAIL);
        assert_eq!((&row["delivered"], &row["undelivered_s"], &row["idle"]), (&delivered, &undelivered_s, &idle), "{why}: {row:?}");
    }
}
