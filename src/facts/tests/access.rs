//! Access to vaults, and who hears of failures.

use serde_json::{Value, json};

use super::estate::*;
use super::things::*;
use crate::dataset::ReadStatus;

const FOREIGN: Place = (OTHER_ACCOUNT, AWAY);

/// A vault with a policy.
fn guarded(vault_changes: Value, policy: &Value) -> Estate {
    let changes = with(json!({ "vault_type": "BACKUP_VAULT", "locked": false }), vault_changes);
    Estate::new()
        .has("backup_vaults", [with(vault((ACCOUNT, HOME), "main"), changes)])
        .has("vault_policies", [json!({ "backup_vault_arn": home_vault(), "policy": policy })])
        .has("vault_notifications", [json!({ "backup_vault_arn": home_vault() })])
}

fn deny(actions: &[&str]) -> Value {
    json!({ "Version": "2012-10-17", "Statement": { "Effect": "Deny", "Principal": "*", "Action": actions, "Resource": "*" } })
}

const ALL: [&str; 4] = [
    "backup:DeleteRecoveryPoint",
    "backup:UpdateRecoveryPointLifecycle",
    "backup:PutBackupVaultAccessPolicy",
    "backup:DeleteBackupVaultAccessPolicy",
];

#[test]
fn who_can_delete_points() {
    let (yes, no, open) = (json!(true), json!(false), Value::Null);
    let unread = |vault: Value| guarded(vault, &deny(&ALL)).denied("vault_policies", Some(&home_vault()));
    let governance = || json!({ "locked": true });
    let continuous = with(
        point("x", 1, ago(1, 0)),
        json!({ "recovery_point_arn": "arn:aws:backup:eu-west-1:111122223333:recovery-point:continuous:AIDA-1" }),
    );
    let for_good = json!({ "locked": true, "lock_date": ago(1, 0) });
    // why, estate, as AWS, as a person, by whom
    let cases = [
        ("a policy", guarded(json!({}), &deny(&ALL)), &yes, &yes, json!("its policy")),
        ("no policy", guarded(json!({}), &Value::Null), &no, &no, Value::Null),
        ("what AWS asks, and no more", guarded(json!({}), &deny(&ALL[..3])), &yes, &no, Value::Null),
        (
            "a lock that can be lifted",
            guarded(governance(), &Value::Null),
            &no,
            &yes,
            json!("a lock in governance mode, which whoever has the permission can lift"),
        ),
        ("a lock for good", guarded(for_good, &Value::Null), &no, &yes, json!("a lock that nobody can lift")),
        ("policy unread, no lock", unread(json!({})), &open, &open, Value::Null),
        (
            "policy unread, but locked",
            unread(governance()),
            &open,
            &yes,
            json!("a lock in governance mode, which whoever has the permission can lift"),
        ),
        ("lock not told, no policy", guarded(json!({ "locked": null }), &Value::Null), &no, &open, Value::Null),
        ("lock not told, a policy", guarded(json!({ "locked": null }), &deny(&ALL)), &yes, &yes, json!("its policy")),
        (
            "a policy, over a continuous backup that may be released",
            guarded(json!({}), &deny(&ALL)).has("recovery_points", [continuous.clone()]),
            &yes,
            &no,
            Value::Null,
        ),
        (
            "a lock, over a continuous backup: whether it may be released is not documented",
            guarded(governance(), &Value::Null).has("recovery_points", [continuous.clone()]),
            &no,
            &open,
            json!("a lock in governance mode, which whoever has the permission can lift"),
        ),
        (
            "a lock, over a continuous backup that may not be released",
            guarded(governance(), &deny(&["backup:DisassociateRecoveryPoint"])).has("recovery_points", [continuous.clone()]),
            &no,
            &yes,
            json!("a lock in governance mode, which whoever has the permission can lift"),
        ),
        (
            "a lock, and what the vault holds was not read",
            guarded(governance(), &Value::Null).denied("recovery_points", Some(&home_vault())),
            &no,
            &open,
            json!("a lock in governance mode, which whoever has the permission can lift"),
        ),
        (
            "a policy, and whether a continuous backup lies there was not read",
            guarded(json!({}), &deny(&ALL)).denied("recovery_points", Some(&home_vault())),
            &yes,
            &open,
            Value::Null,
        ),
        ("what is no policy", guarded(json!({}), &json!("[1]")), &open, &open, Value::Null),
    ];
    for (why, estate, as_aws, denied, by) in cases {
        let facts = estate.facts();
        let row = facts.row("vault_access", &home_vault());
        assert_eq!((&row["deletion_denied_as_aws"], &row["deletion_denied"], &row["denied_by"]), (as_aws, denied, &by), "{why}");
    }
}

#[test]
fn who_may_copy_in() {
    let allow = |principal: Value| json!({ "Statement": [{ "Effect": "Allow", "Principal": principal, "Action": "backup:CopyIntoBackupVault", "Resource": "*" }] });
    let of = |account: &str| allow(json!({ "AWS": format!("arn:aws:iam::{account}:root") }));
    // why, estate, open to others, accounts
    let cases = [
        ("nobody", guarded(json!({}), &Value::Null), json!(false), ""),
        ("anybody", guarded(json!({}), &allow(json!("*"))), json!(true), ""),
        ("its own account", guarded(json!({}), &of(ACCOUNT)), json!(false), ""),
        ("an account of the scope", guarded(json!({}), &of(OTHER_ACCOUNT)).with_other_account(), json!(false), ""),
        ("an account of which nothing is known", guarded(json!({}), &of(OTHER_ACCOUNT)), Value::Null, OTHER_ACCOUNT),
        ("policy unread", guarded(json!({}), &Value::Null).denied("vault_policies", Some(&home_vault())), Value::Null, ""),
    ];
    for (why, estate, open, accounts) in cases {
        let facts = estate.facts();
        let row = facts.row("vault_access", &home_vault());
        assert_eq!((&row["open_to_others"], &row["foreign_accounts"]), (&open, &json!(accounts)), "{why}");
    }
    let within = |id: &str| {
        let mut policy = allow(json!("*"));
        policy["Statement"][0]["Condition"] = json!({ "StringEquals": { "aws:PrincipalOrgID": id } });
        guarded(json!({}), &policy)
    };
    let member = |id: &str| json!({ "organization_arn": id, "organization_id": id });
    // why, estate, open to others, organizations
    let cases = [
        ("its own organization", within("o-1").has("organization", [member("o-1")]), json!(false), ""),
        ("another one", within("o-2").has("organization", [member("o-1")]), Value::Null, "o-2"),
        ("it has none", within("o-2"), Value::Null, "o-2"),
        ("which one it has was not read", within("o-1").denied("organization", None), Value::Null, "o-1"),
        (
            "that of another account of the scope",
            within("o-2").with_other_account().has_at((OTHER_ACCOUNT, HOME), "organization", [member("o-2")]),
            json!(false),
            "",
        ),
        ("its own, whichever it is", within("${aws:ResourceOrgID}").denied("organization", None), json!(false), ""),
    ];
    for (why, estate, open, organizations) in cases {
        let facts = estate.facts();
        let row = facts.row("vault_access", &home_vault());
        assert_eq!((&row["open_to_others"], &row["foreign_organizations"]), (&open, &json!(organizations)), "{why}");
    }
}

#[test]
fn who_hears_of_failures() {
    let told = |events: Value| {
        let row =
            json!({ "backup_vault_arn": home_vault(), "sns_topic_arn": "arn:aws:sns:eu-west-1:111122223333:backups", "events": events });
        guarded(json!({}), &Value::Null).without("vault_notifications").has("vault_notifications", [row])
    };
    let (yes, no, open) = (json!(true), json!(false), Value::Null);
    // why, estate, backups, copies, dead
    let cases = [
        ("the event that carries failures", told(json!(["BACKUP_JOB_COMPLETED", "COPY_JOB_FAILED"])), &yes, &yes, ""),
        (
            "events that are never sent",
            told(json!(["BACKUP_JOB_FAILED", "BACKUP_JOB_EXPIRED"])),
            &no,
            &no,
            "BACKUP_JOB_FAILED BACKUP_JOB_EXPIRED",
        ),
        ("only copies", told(json!(["COPY_JOB_FAILED"])), &no, &yes, ""),
        ("none set up", guarded(json!({}), &Value::Null), &no, &no, ""),
        ("what is no list", told(json!("{}")), &open, &open, ""),
        ("unread", told(json!([])).denied("vault_notifications", Some(&home_vault())), &open, &open, ""),
    ];
    for (why, estate, backups, copies, dead) in cases {
        let facts = estate.facts();
        let row = facts.row("vault_access", &home_vault());
        let found = (&row["backup_failures_heard"], &row["copy_failures_heard"], &row["dead_events"]);
        assert_eq!(found, (backups, copies, &json!(dead)), "{why}");
    }
}

#[test]
fn vaults_in_use() {
    let empty = || guarded(json!({}), &Value::Null);
    let planned = |rule: Value| empty().has("backup_plans", [plan("core")]).has("plan_rules", [rule]);
    let aimed_elsewhere = || planned(with(rule("core"), json!({ "target_backup_vault_name": "other" })));
    // why, estate, in use
    let cases = [
        ("a point lies in it", empty().has("recovery_points", [point("x", 1, ago(1, 0))]), json!(true)),
        ("a plan writes to it", planned(rule("core")), json!(true)),
        ("empty, and plans write elsewhere", aimed_elsewhere(), json!(false)),
        ("its points unread", aimed_elsewhere().denied("recovery_points", Some(&home_vault())), Value::Null),
        (
            "plans of another account unread",
            empty().with_other_account().failed_at(FOREIGN, "plan_copies", None, ReadStatus::Denied),
            Value::Null,
        ),
    ];
    for (why, estate, in_use) in cases {
        assert_eq!(estate.facts().row("vault_access", &home_vault())["in_use"], in_use, "{why}");
    }
}
