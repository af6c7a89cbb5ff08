//! Where other tools answer differently: estates on which a known tool is wrong, and the verdict that is right.
//!
//! Each row names the tool, what it says by its published code or documentation, and why that is wrong. The tools were read, not run: Prowler 5.46, the
//! AWS compliance mod of Steampipe, `CloudSploit`, and the backup coverage skill of AWS's `DevOps` agent.

use serde_json::{Value, json};

use crate::collect::tables;
use crate::dataset::{ReadStatus, Snapshot};
use crate::engine::derived::{Derived, relations};
use crate::engine::{Library, Settings, judge};
use crate::facts::tests::estate::*;
use crate::facts::tests::things::*;
use crate::facts::{Inputs, Objectives};
use crate::model::Verdict::{self, Fail, NotApplicable, Pass, Unknown};
use crate::model::Window;

/// Where somebody else is wrong.
struct Case {
    /// The tool.
    tool: &'static str,
    /// What it says, and why that is wrong.
    says: &'static str,
    estate: Estate,
    rule: &'static str,
    subject: String,
    /// The right answer; `None` where there must be no finding at all.
    verdict: Option<Verdict>,
}

/// A row of the table.
fn case(
    tool: &'static str,
    says: &'static str,
    estate: Estate,
    rule: &'static str,
    subject: String,
    verdict: impl Into<Option<Verdict>>,
) -> Case {
    Case { tool, says, estate, rule, subject, verdict: verdict.into() }
}

/// Judges each case by its rule and compares.
fn check(cases: Vec<Case>) {
    let tables = tables();
    let relations = relations(&tables);
    let library = Library::load(&relations, None).unwrap_or_else(|error| panic!("{error}"));
    let objectives = Objectives::new(Vec::new()).unwrap();
    for Case { tool, says, estate, rule, subject, verdict } in cases {
        let opened = estate.open();
        let snapshot = Snapshot::at(&opened.dataset, None).unwrap();
        let as_of_s = snapshot.as_of_s();
        let window = Window { start_s: as_of_s - (NOW_S - ago(30, 0)), end_s: as_of_s };
        let inputs = Inputs::new(&snapshot, &objectives, window);
        let only = library.rules.filter(|one| one.id == rule);
        assert_eq!(only.len(), 1, "there is no rule {rule}");
        let judged = judge(&only, &Derived::new(&inputs, &tables, &relations), &Settings::default()).unwrap();
        let found = judged.findings.iter().find(|finding| finding.subject_arn == subject);
        let told = found.map(|finding| (finding.verdict, finding.message.as_str()));
        assert_eq!(told.map(|(verdict, _)| verdict), verdict, "{tool} says {says}; here {rule} of {subject}: {told:?}");
    }
}

/// A tagged database, its vault, and a plan with this selection.
fn planned(tags: &Value, selection: Value) -> Estate {
    Estate::new()
        .has("region_settings", opted_in(true))
        .has("backup_vaults", [vault((ACCOUNT, HOME), "main")])
        .has("backup_plans", [plan("core")])
        .has("plan_rules", [rule("core")])
        .has("selections", [selection])
        .has("rds_instances", [with(db("x"), json!({ "tags": tags }))])
}

fn conditions(operator: &str, key: &str, value: &str) -> Value {
    let condition = json!({ operator: [{ "ConditionKey": format!("aws:ResourceTag/{key}"), "ConditionValue": value }] });
    with(selection_of("core", &["*"]), json!({ "conditions": condition }))
}

fn tag(key: &str, value: &str) -> Value {
    json!({ "ConditionType": "STRINGEQUALS", "ConditionKey": key, "ConditionValue": value })
}

#[test]
fn which_selection_covers_what() {
    let untagged = || json!({});
    let every_instance = &["arn:aws:rds:*:*:db:*"];
    let opted_out = |selection: Value| {
        planned(&json!({ "backup": "yes" }), selection).without("region_settings").has("region_settings", opted_in(false))
    };
    let two_tags = with(selection("core"), json!({ "list_of_tags": [tag("backup", "yes"), tag("tier", "gold")] }));
    let but_it = with(selection_of("core", every_instance), json!({ "not_resources": [db_arn("x")] }));
    let covered = "resource-not-covered";
    check(vec![
        case(
            "Prowler",
            "FAIL: it looks for `instance:*`, and AWS writes `db:*`",
            planned(&untagged(), selection_of("core", every_instance)),
            covered,
            db_arn("x"),
            Pass,
        ),
        case(
            "Steampipe",
            "ok: it compares the key of a tag and not its value",
            planned(&json!({ "backup": "no" }), selection("core")),
            covered,
            db_arn("x"),
            Fail,
        ),
        case("Prowler", "FAIL: it reads no tags", planned(&json!({ "backup": "yes" }), selection("core")), covered, db_arn("x"), Pass),
        case("Prowler", "PASS: it reads no exclusions", planned(&untagged(), but_it), covered, db_arn("x"), Fail),
        case(
            "whoever takes `*` for any text",
            "covered: to AWS `*` stands for no white space",
            planned(&json!({ "stage": "prod server" }), conditions("StringLike", "stage", "prod*")),
            covered,
            db_arn("x"),
            Fail,
        ),
        case(
            "the same tool, without the blank",
            "covered, and rightly",
            planned(&json!({ "stage": "prod-server" }), conditions("StringLike", "stage", "prod*")),
            covered,
            db_arn("x"),
            Pass,
        ),
        case(
            "AWS's skill",
            "blocked by opt-in: an ARN that names the type is backed up all the same",
            opted_out(selection_of("core", every_instance)),
            covered,
            db_arn("x"),
            Pass,
        ),
        case(
            "Prowler",
            "nothing: it reads no opt-in, and a selection by tag is blocked",
            opted_out(selection("core")),
            "opt-in-blocks-coverage",
            db_arn("x"),
            Fail,
        ),
        case(
            "AWS's skill",
            "not covered: it wants every tag of ListOfTags, and AWS wants one",
            planned(&json!({ "tier": "gold" }), two_tags.clone()),
            covered,
            db_arn("x"),
            Pass,
        ),
        case("Steampipe", "ok for a key alone", planned(&json!({ "tier": "silver" }), two_tags), covered, db_arn("x"), Fail),
    ]);
}

#[test]
fn what_covers_a_database_and_what_does_not() {
    let untagged = || json!({});
    let every_instance = &["arn:aws:rds:*:*:db:*"];
    let away = (ACCOUNT, AWAY);
    let two_regions = planned(&untagged(), selection_of("core", every_instance))
        .has_at(away, "region_settings", opted_in(true))
        .has_at(away, "backup_plans", [with(plan("far"), json!({ "backup_plan_arn": far_plan() }))])
        .has_at(away, "plan_rules", [with(rule("far"), json!({ "backup_plan_arn": far_plan() }))])
        .has_at(away, "selections", [with(selection_of("far", every_instance), json!({ "backup_plan_arn": far_plan() }))])
        .has_at(away, "rds_instances", [with(db("y"), json!({ "db_instance_arn": far_db() }))]);
    let member = with(db("shop-1"), json!({ "db_cluster_identifier": "shop", "engine": "aurora-mysql" }));
    let replica = with(db("r"), json!({ "read_replica_source": db_arn("x") }));
    let read_replica = planned(&untagged(), selection_of("core", &[&db_arn("x")])).has("rds_instances", [replica]);
    let aurora = planned(&untagged(), selection_of("core", &["arn:aws:rds:*:*:cluster:*"]))
        .has("rds_clusters", [with(cluster("shop"), json!({ "backup_retention_period_days": 1 }))])
        .has("rds_instances", [member]);
    let covered = "resource-not-covered";
    check(vec![
        case(
            "Steampipe",
            "alarm: a new database has no point yet, and it takes history for coverage",
            planned(&untagged(), selection_of("core", every_instance)),
            covered,
            db_arn("x"),
            Pass,
        ),
        case(
            "Steampipe",
            "ok for what has left every plan, as long as there is one old point",
            kept_daily(Estate::new(), "x", 30),
            covered,
            db_arn("x"),
            Fail,
        ),
        case("Prowler", "FAIL in one of two Regions, whichever is read last", two_regions.clone(), covered, db_arn("x"), Pass),
        case("Prowler", "FAIL in the other of two Regions", two_regions, covered, far_db(), Pass),
        case("Steampipe", "alarm for a member: its cluster is backed up", aurora.clone(), covered, db_arn("shop-1"), NotApplicable),
        case("Steampipe", "nothing about opted-in clusters", aurora, covered, cluster_arn("shop"), Pass),
        case("CloudSploit", "FAIL for a replica, whose source is backed up", read_replica, covered, db_arn("r"), NotApplicable),
        case(
            "Prowler",
            "FAIL where nobody may list selections: they are short, and not missing",
            planned(&untagged(), selection_of("core", every_instance)).denied("selections", Some(&plan_arn("core"))),
            covered,
            db_arn("x"),
            Unknown,
        ),
    ]);
}

fn far_plan() -> String {
    format!("arn:aws:backup:{AWAY}:{ACCOUNT}:backup-plan:far")
}

fn far_db() -> String {
    format!("arn:aws:rds:{AWAY}:{ACCOUNT}:db:y")
}

/// The home vault with a policy.
fn guarded(policy: &Value) -> Estate {
    Estate::new()
        .has("backup_vaults", [with(vault((ACCOUNT, HOME), "main"), json!({ "vault_type": "BACKUP_VAULT", "locked": false }))])
        .has("vault_policies", [json!({ "backup_vault_arn": home_vault(), "policy": policy })])
        .has("vault_notifications", [json!({ "backup_vault_arn": home_vault() })])
        .has("rds_instances", [db("x")])
        .has("recovery_points", [point("x", 1, ago(1, 0))])
}

fn denies(changes: Value) -> Value {
    let actions = [
        "backup:DeleteRecoveryPoint",
        "backup:UpdateRecoveryPointLifecycle",
        "backup:PutBackupVaultAccessPolicy",
        "backup:DeleteBackupVaultAccessPolicy",
    ];
    let statement = with(json!({ "Effect": "Deny", "Principal": "*", "Action": actions, "Resource": "*" }), changes);
    json!({ "Version": "2012-10-17", "Statement": [statement] })
}

#[test]
fn who_can_delete_and_who_hears() {
    let told = |events: Value| {
        let row =
            json!({ "backup_vault_arn": home_vault(), "sns_topic_arn": format!("arn:aws:sns:{HOME}:{ACCOUNT}:backups"), "events": events });
        guarded(&Value::Null).without("vault_notifications").has("vault_notifications", [row])
    };
    let one_principal = denies(json!({ "Principal": { "AWS": format!("arn:aws:iam::{ACCOUNT}:role/intern") } }));
    let one_action = |action: &str| guarded(&denies(json!({ "Action": action })));
    let of_vault = |tool, says, estate, rule, verdict| case(tool, says, estate, rule, home_vault(), verdict);
    check(vec![
        of_vault(
            "Steampipe",
            "ok for a Deny of one principal: everybody else may delete",
            guarded(&one_principal),
            "vault-points-deletable",
            Fail,
        ),
        of_vault("Steampipe", "ok for the same", guarded(&one_principal), "vault-deletion-not-denied", Fail),
        of_vault(
            "Steampipe and CloudSploit",
            "alarm for `backup:*`, which denies more than is asked",
            one_action("backup:*"),
            "vault-points-deletable",
            Pass,
        ),
        of_vault(
            "CloudSploit",
            "OK for a Deny of deletion alone: first the policy goes, then the points",
            one_action("backup:DeleteRecoveryPoint"),
            "vault-points-deletable",
            Fail,
        ),
        of_vault(
            "Prowler",
            "nothing: where a policy may not be read there is no finding",
            guarded(&denies(json!({}))).denied("vault_policies", Some(&home_vault())),
            "vault-points-deletable",
            Unknown,
        ),
        of_vault(
            "CloudSploit",
            "OK for BACKUP_JOB_FAILED, which AWS accepts and does not send",
            told(json!(["BACKUP_JOB_FAILED"])),
            "vault-failures-unheard",
            Fail,
        ),
        of_vault(
            "CloudSploit",
            "FAIL for BACKUP_JOB_COMPLETED, which carries failures",
            told(json!(["BACKUP_JOB_COMPLETED"])),
            "vault-failures-unheard",
            Pass,
        ),
    ]);
}

#[test]
fn how_long_points_stay_and_under_which_key() {
    let lifecycle = |changes: Value| {
        planned(&json!({}), selection_of("core", &[&db_arn("x")])).without("plan_rules").has("plan_rules", [with(rule("core"), changes)])
    };
    let cold_only = || lifecycle(json!({ "delete_after_days": null, "move_to_cold_storage_after_days": 30 }));
    let two_rules = lifecycle(json!({}))
        .has("plan_rules", [with(rule("core"), json!({ "rule_id": "hourly", "rule_name": "hourly", "delete_after_days": 2 }))]);
    let kept = |changes: Value| {
        Estate::new()
            .has("backup_vaults", [vault((ACCOUNT, HOME), "main")])
            .has("rds_instances", [db("x")])
            .has("recovery_points", [with(point("x", 1, ago(1, 0)), changes)])
    };
    let of_key = |state: &str| {
        let encrypted = json!({ "is_encrypted": true, "encryption_key_arn": key_arn("data") });
        kept(encrypted)
            .without("rds_instances")
            .has("rds_instances", [with(db("x"), json!({ "storage_encrypted": true, "kms_key_id": key_arn("data") }))])
            .has("rds_snapshots", [snapshot_of("x", 1, ago(1, 0), "data")])
            .has("kms_keys", [with(key("data"), json!({ "key_state": state }))])
    };
    let elsewhere = with(point("x", 1, ago(1, 0)), json!({ "backup_vault_arn": vault_arn((OTHER_ACCOUNT, HOME), "safe") }));
    let safe = (OTHER_ACCOUNT, HOME);
    let kept_abroad = || {
        kept(json!({})).with_other_account().has_at(safe, "backup_vaults", [vault(safe, "safe")]).has_at(
            safe,
            "recovery_points",
            [elsewhere.clone()],
        )
    };
    check(vec![
        case(
            "Steampipe",
            "alarm for a lifecycle that only moves to cold storage: without an end it keeps for ever",
            cold_only(),
            "plan-retention-too-short",
            plan_arn("core"),
            Pass,
        ),
        case("Steampipe", "alarm for each weak rule beside a good one", two_rules, "plan-frequency-too-low", plan_arn("core"), Pass),
        case(
            "Steampipe",
            "nothing of the schedule, though its title names it",
            lifecycle(json!({ "schedule_expression": "cron(0 5 ? * SUN *)" })),
            "plan-frequency-too-low",
            plan_arn("core"),
            Fail,
        ),
        case(
            "Steampipe",
            "alarm for a point that is being deleted as it should be",
            kept(json!({ "delete_after_days": 7, "delete_at": ago(0, 0), "status": "DELETING" })),
            "point-retention-too-short",
            db_arn("x"),
            None,
        ),
        case(
            "Prowler",
            "PASS for a vault with whatever key: the points are under a key that is to be deleted",
            of_key("PendingDeletion"),
            "recovery-point-key-unusable",
            db_arn("x"),
            Fail,
        ),
        case("Prowler", "nothing: it skips keys that are disabled", of_key("Disabled"), "recovery-point-key-unusable", db_arn("x"), Fail),
        case("Prowler", "PASS, and rightly", of_key("Enabled"), "recovery-point-key-unusable", db_arn("x"), Pass),
        case(
            "whoever looks into one account",
            "nothing of the points in the other",
            kept_abroad(),
            "point-retention-too-short",
            db_arn("x"),
            Pass,
        ),
        case(
            "whoever looks into one account",
            "nothing of a vault in the other that may not be read, and may hold points that are kept for a day",
            kept_abroad().failed_at(safe, "recovery_points", Some(&vault_arn(safe, "safe")), ReadStatus::Denied),
            "point-retention-too-short",
            db_arn("x"),
            Unknown,
        ),
        case(
            "Prowler",
            "PASS for old unencrypted points: a cap on their number drops them",
            kept(json!({ "is_encrypted": false })),
            "recovery-point-not-encrypted",
            db_arn("x"),
            Fail,
        ),
    ]);
}

#[test]
fn copies_and_aws_managed_keys() {
    let other_vault = vault_arn((ACCOUNT, HOME), "second");
    let copied_to = |destination: &str| {
        planned(&json!({}), selection_of("core", &[&db_arn("x")])).has(
            "plan_copies",
            [json!({ "backup_plan_arn": plan_arn("core"), "rule_id": "core-rule", "destination_backup_vault_arn": destination, "delete_after_days": 35 })],
        )
    };
    let abroad = vault_arn((OTHER_ACCOUNT, HOME), "safe");
    let aws_managed = copied_to(&abroad)
        .without("rds_instances")
        .has("rds_instances", [with(db("x"), json!({ "storage_encrypted": true, "kms_key_id": key_arn("rds") }))])
        .has("kms_keys", [aws_key("rds")]);
    let failed = |state: &str| {
        let job = with(copy_job("x", 1, ago(1, 0), (ACCOUNT, AWAY)), json!({ "state": state }));
        copied_to(&vault_arn((ACCOUNT, AWAY), "far"))
            .has_at((ACCOUNT, AWAY), "backup_vaults", [vault((ACCOUNT, AWAY), "far")])
            .has("recovery_points", [point("x", 1, ago(1, 0))])
            .has("copy_jobs", [job])
    };
    let arrived = failed("COMPLETED").has_at((ACCOUNT, AWAY), "recovery_points", [copied_point("x", 1, ago(1, 0), (ACCOUNT, AWAY))]);
    check(vec![
        case(
            "Steampipe",
            "ok for replication within a Region; a copy to a vault next door is none elsewhere",
            copied_to(&other_vault),
            "cross-region-copy-missing",
            db_arn("x"),
            NotApplicable,
        ),
        case(
            "AWS's control and skill",
            "compliant: the plan has a copy action, and every copy failed",
            failed("FAILED"),
            "cross-region-copy-missing",
            db_arn("x"),
            Fail,
        ),
        case("AWS's control", "compliant, and rightly: the copy is there", arrived, "cross-region-copy-missing", db_arn("x"), Pass),
        case(
            "Prowler",
            "PASS: any key is a key; what a key of AWS encrypts cannot leave the account",
            aws_managed,
            "copy-needs-customer-key",
            db_arn("x"),
            Fail,
        ),
    ]);
}

#[test]
fn what_databases_do_themselves() {
    let of = |changes: Value| Estate::new().has("rds_instances", [with(db("x"), changes)]);
    let by_hand = || {
        let arn = format!("arn:aws:rds:{HOME}:{ACCOUNT}:snapshot:by-hand");
        let row = json!({ "snapshot_arn": arn, "snapshot_identifier": "by-hand", "snapshot_type": "manual", "resource_arn": db_arn("x"),
            "resource_key": crate::model::key::resource_key(&db_arn("x")), "status": "available", "snapshot_create_time": ago(200, 0) });
        (arn, of(json!({})).has("region_settings", opted_in(true)).has("rds_snapshots", [row]))
    };
    let (snapshot, estate) = by_hand();
    let shared = estate.clone().has(
        "snapshot_attributes",
        [json!({ "snapshot_arn": snapshot, "is_cluster_snapshot": false, "public": false, "shared_with": [OTHER_ACCOUNT], "shared_with_count": 1 })],
    );
    let behind = of(json!({ "backup_retention_period_days": 7, "latest_restorable_time": ago(0, 5) }));
    check(vec![
        case(
            "Prowler, of Redshift",
            "PASS for any snapshot of any age that somebody took; so does its check of volumes",
            estate,
            "resource-not-covered",
            db_arn("x"),
            Fail,
        ),
        case(
            "Prowler",
            "\"not shared\" for a snapshot that single accounts may restore",
            shared.clone(),
            "snapshot-shared",
            snapshot.clone(),
            Fail,
        ),
        case("Prowler", "PASS, and rightly: it is not public", shared.clone(), "snapshot-public", snapshot.clone(), Pass),
        case(
            "Prowler, of Redshift",
            "FAIL where the call failed, as if there were none",
            shared.without("snapshot_attributes").denied("snapshot_attributes", Some(&snapshot)),
            "snapshot-public",
            format!("{snapshot}#read/snapshot_attributes"),
            Unknown,
        ),
        case(
            "CloudSploit",
            "OK for a database that can be restored up to five hours ago: its limits are fixed at 6 h and 24 h",
            behind,
            "pitr-lagging",
            db_arn("x"),
            Fail,
        ),
        case(
            "Steampipe",
            "alarm for a member of a cluster, whose backups are the cluster's",
            Estate::new()
                .has("rds_clusters", [cluster("shop")])
                .has("rds_instances", [with(db("shop-1"), json!({ "db_cluster_identifier": "shop", "engine": "aurora-mysql" }))]),
            "rds-backups-off",
            db_arn("shop-1"),
            NotApplicable,
        ),
        case(
            "AWS's control of restore times",
            "nothing documented for what was never restored; nothing was shown",
            of(json!({})),
            "restore-slower-than-rto",
            db_arn("x"),
            Unknown,
        ),
    ]);
}

#[test]
fn what_is_deleted_has_no_coverage_to_judge() {
    // Prowler left ListProtectedResources for this reason (its change 5204): it goes on listing what is gone.
    let gone = kept_daily(Estate::new(), "x", 30).without("rds_instances");
    check(vec![
        case("Steampipe", "ok: it is still listed as protected", gone.clone(), "resource-not-covered", db_arn("x"), None),
        case("Steampipe", "ok", gone, "rpo-exceeded", db_arn("x"), None),
    ]);
}
