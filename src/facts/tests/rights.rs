//! Who may delete backups, and what they back up.

use serde_json::{Value, json};

use super::estate::*;
use super::things::*;
use crate::model::Window;

const USER: &str = "arn:aws:iam::111122223333:user/ana";
const ROLE: &str = "arn:aws:iam::111122223333:role/ops";
const MANAGED: &str = "arn:aws:iam::111122223333:policy/backups";

/// What a policy of a vault denies so that points stay and the policy does.
const WHOLE: [&str; 4] = [
    "backup:DeleteRecoveryPoint",
    "backup:UpdateRecoveryPointLifecycle",
    "backup:PutBackupVaultAccessPolicy",
    "backup:DeleteBackupVaultAccessPolicy",
];

fn statement(effect: &str, actions: &[&str]) -> Value {
    json!({ "Effect": effect, "Action": actions, "Resource": "*" })
}

fn given(mut statement: Value, operator: &str, key: &str, value: &str) -> Value {
    statement["Condition"] = json!({ operator: { key: value } });
    statement
}

fn document(statements: &[Value]) -> Value {
    json!({ "Version": "2012-10-17", "Statement": statements })
}

fn user() -> Value {
    json!({
        "principal_arn": USER, "principal_kind": "user", "principal_name": "ana", "attached_policy_arns": [], "inline_policy_names": ["own"],
        "group_names": []
    })
}

fn role(trust: Value) -> Value {
    json!({
        "principal_arn": ROLE, "principal_kind": "role", "principal_name": "ops", "attached_policy_arns": [], "inline_policy_names": ["own"],
        "trust_policy": document(&[trust])
    })
}

fn inline(owner_arn: &str, name: &str, statements: &[Value]) -> Value {
    json!({ "owner_arn": owner_arn, "policy_name": name, "policy_kind": "inline", "document": document(statements) })
}

fn managed(arn: &str, statements: &[Value]) -> Value {
    json!({ "owner_arn": arn, "policy_name": "backups", "policy_kind": "customer", "document": document(statements) })
}

/// What is said of an estate, without all other facts.
fn rights(estate: &Estate) -> Facts {
    estate.open().facts_of(&["principal_rights"], None, json!([]), Window { start_s: ago(30, 0), end_s: NOW_S }).unwrap()
}

/// An account with a vault that is in use, which nothing guards.
fn bare() -> Estate {
    vaulted(json!({}), &Value::Null)
}

/// The same, with a lock or a policy.
fn vaulted(changes: Value, policy: &Value) -> Estate {
    let changes = with(json!({ "vault_type": "BACKUP_VAULT", "locked": false }), changes);
    Estate::new()
        .has("backup_vaults", [with(vault((ACCOUNT, HOME), "main"), changes)])
        .has("vault_policies", [json!({ "backup_vault_arn": home_vault(), "policy": policy })])
        .has("recovery_points", [point("x", 1, ago(1, 0))])
}

/// The user with these statements.
fn may(estate: Estate, statements: &[Value]) -> Estate {
    estate.has("iam_principals", [user()]).has("iam_policies", [inline(USER, "own", statements)])
}

/// Databases and points.
fn both() -> Value {
    statement("Allow", &["rds:DeleteDBInstance", "backup:DeleteRecoveryPoint"])
}

fn everything() -> Value {
    statement("Allow", &["*"])
}

#[test]
fn what_a_user_may_do() {
    let (yes, no, open) = (json!(true), json!(false), Value::Null);
    let attached = |policies: Vec<Value>| {
        bare()
            .has("iam_principals", [with(user(), json!({ "inline_policy_names": [], "attached_policy_arns": [MANAGED] }))])
            .has("iam_policies", policies)
    };
    let bounded = |policies: Vec<Value>| {
        let policies = std::iter::once(inline(USER, "own", &[everything()])).chain(policies);
        bare().has("iam_principals", [with(user(), json!({ "permissions_boundary_arn": MANAGED }))]).has("iam_policies", policies)
    };
    let grouped = |group: Vec<Value>, name: &str| {
        bare()
            .has("iam_principals", [with(user(), json!({ "inline_policy_names": [], "group_names": [name] }))])
            .has("iam_principals", group)
            .has("iam_policies", [inline("arn:aws:iam::111122223333:group/all", "all", &[everything()])])
    };
    let group = || {
        json!({
            "principal_arn": "arn:aws:iam::111122223333:group/all", "principal_kind": "group", "principal_name": "all", "attached_policy_arns": [],
            "inline_policy_names": ["all"]
        })
    };
    let untold = |column: &str| {
        bare().has("iam_principals", [with(user(), json!({ column: null }))]).has("iam_policies", [inline(USER, "own", &[])])
    };
    // why, estate, points, sources, all
    let cases = [
        ("everything", may(bare(), &[everything()]), &yes, &yes, &yes),
        ("points only", may(bare(), &[statement("Allow", &["backup:*"])]), &yes, &no, &no),
        ("databases only", may(bare(), &[statement("Allow", &["rds:*"])]), &no, &yes, &no),
        ("nothing", may(bare(), &[]), &no, &no, &no),
        ("reads only", may(bare(), &[statement("Allow", &["backup:List*", "rds:Describe*"])]), &no, &no, &no),
        ("everything, but no points", may(bare(), &[everything(), statement("Deny", &["backup:*"])]), &no, &yes, &no),
        (
            "everything, but the deletion of points, whose lives it may end",
            may(bare(), &[everything(), statement("Deny", &["backup:Delete*"])]),
            &yes,
            &yes,
            &yes,
        ),
        ("a policy that was not read", attached(vec![]), &open, &open, &open),
        ("by a managed policy", attached(vec![managed(MANAGED, &[everything()])]), &yes, &yes, &yes),
        ("an inline policy of that name is another", attached(vec![inline(MANAGED, "backups", &[])]), &open, &open, &open),
        ("a document that is none", attached(vec![with(managed(MANAGED, &[]), json!({ "document": "{}}" }))]), &open, &open, &open),
        ("within its boundary", bounded(vec![managed(MANAGED, &[statement("Allow", &["rds:*"])])]), &no, &yes, &no),
        ("a boundary that was not read", bounded(vec![]), &open, &open, &open),
        ("by its group", grouped(vec![group()], "all"), &yes, &yes, &yes),
        ("by a group that was not read", grouped(vec![], "all"), &open, &open, &open),
        ("by another group", grouped(vec![group()], "other"), &open, &open, &open),
        ("its groups are not told", untold("group_names"), &open, &open, &open),
        ("its managed policies are not told", untold("attached_policy_arns"), &open, &open, &open),
        ("its inline policies are not told", untold("inline_policy_names"), &open, &open, &open),
        ("policies unread", may(bare(), &[everything()]).denied("iam_policies", None), &open, &open, &open),
    ];
    for (why, estate, points, sources, all) in cases {
        let facts = rights(&estate);
        let row = facts.row("principal_rights", USER);
        assert_eq!((&row["deletes_points"], &row["deletes_sources"], &row["deletes_all"]), (points, sources, all), "{why}: {row:?}");
        assert_eq!(row["beyond_services"], json!(true), "{why}");
    }
}

#[test]
fn what_vaults_leave_of_it() {
    let (yes, no, open) = (json!(true), json!(false), Value::Null);
    let deny = |actions: &[&str], changes: Value| document(&[with(with(statement("Deny", actions), json!({ "Principal": "*" })), changes)]);
    let whole = WHOLE;
    let but = |arn: &str| json!({ "Condition": { "ArnNotLike": { "aws:PrincipalArn": arn } } });
    let all = || [everything()];
    let points = || [statement("Allow", &["backup:DeleteRecoveryPoint"])];
    let unlock = || [statement("Allow", &["backup:DeleteRecoveryPoint", "backup:DeleteBackupVaultLockConfiguration"])];
    let governance = || json!({ "locked": true });
    let for_good = json!({ "locked": true, "lock_date": ago(1, 0) });
    let graceful = json!({ "locked": true, "lock_date": ago(-1, 0) });
    let gapped = json!({ "vault_type": "LOGICALLY_AIR_GAPPED_BACKUP_VAULT" });
    let let_in = document(&[with(statement("Allow", &["backup:*"]), json!({ "Principal": { "AWS": USER } }))]);
    let lock_denied = deny(&["backup:DeleteBackupVaultLockConfiguration"], json!({}));
    let unused = || bare().without("recovery_points");
    let second = || {
        let arn = vault_arn((ACCOUNT, HOME), "strict");
        let strict =
            with(vault((ACCOUNT, HOME), "strict"), json!({ "vault_type": "BACKUP_VAULT", "locked": true, "lock_date": ago(1, 0) }));
        let held = with(point("y", 1, ago(1, 0)), json!({ "backup_vault_arn": arn }));
        bare().has("backup_vaults", [strict]).has("vault_policies", [json!({ "backup_vault_arn": arn })]).has("recovery_points", [held])
    };
    let view = with(vault((ACCOUNT, HOME), "view"), json!({ "vault_type": "RESTORE_ACCESS_BACKUP_VAULT", "locked": false }));
    let viewed = Estate::new()
        .has("backup_vaults", [view])
        .has("recovery_points", [with(point("x", 1, ago(1, 0)), json!({ "backup_vault_arn": vault_arn((ACCOUNT, HOME), "view") }))]);
    // why, estate, points, guards
    let cases = [
        ("nothing guards it", may(bare(), &all()), &yes, &yes),
        ("a lock for good", may(vaulted(for_good, &Value::Null), &all()), &no, &yes),
        ("air-gapped", may(vaulted(gapped, &Value::Null), &all()), &no, &yes),
        ("a lock that it can lift first", may(vaulted(governance(), &Value::Null), &unlock()), &yes, &yes),
        ("a lock that will be for good, but is not yet", may(vaulted(graceful, &Value::Null), &unlock()), &yes, &yes),
        ("a lock that it cannot lift", may(vaulted(governance(), &Value::Null), &points()), &no, &no),
        ("a lock that the policy keeps", may(vaulted(governance(), &lock_denied), &unlock()), &no, &no),
        ("a lock that the policy keeps, which it can rewrite", may(vaulted(governance(), &lock_denied), &all()), &yes, &yes),
        ("a lock that is not told, which it could lift", may(vaulted(json!({ "locked": null }), &Value::Null), &unlock()), &yes, &open),
        ("a lock that is not told", may(vaulted(json!({ "locked": null }), &Value::Null), &points()), &open, &no),
        ("a policy that denies deletion and its change", may(vaulted(json!({}), &deny(&whole, json!({}))), &all()), &no, &no),
        ("a policy that denies deletion only", may(vaulted(json!({}), &deny(&whole[..1], json!({}))), &all()), &yes, &yes),
        ("the same, to somebody who cannot change it", may(vaulted(json!({}), &deny(&whole[..1], json!({}))), &points()), &no, &no),
        ("a policy that denies it to all but another", may(vaulted(json!({}), &deny(&whole, but(ROLE))), &all()), &no, &no),
        ("a policy that denies it to all but the user", may(vaulted(json!({}), &deny(&whole, but(USER))), &all()), &yes, &yes),
        (
            "a policy that denies it from elsewhere",
            may(vaulted(json!({}), &deny(&whole, json!({ "Condition": { "StringNotEquals": { "aws:SourceVpc": "vpc-1" } } }))), &all()),
            &open,
            &open,
        ),
        ("a policy that lets the user in, whom IAM does not", may(vaulted(json!({}), &let_in), &[]), &open, &open),
        ("the same, though IAM denies it", may(vaulted(json!({}), &let_in), &[statement("Deny", &["backup:*"])]), &no, &no),
        ("its policy was not read", may(bare().denied("vault_policies", Some(&home_vault())), &all()), &open, &open),
        ("whether it is in use was not read", may(bare().denied("recovery_points", Some(&home_vault())), &all()), &open, &yes),
        ("vaults unread", may(bare().denied("backup_vaults", None), &all()), &open, &open),
        ("vaults unread, but denied", may(bare().denied("backup_vaults", None), &[statement("Deny", &["*"])]), &no, &open),
        ("a vault that is not in use", may(unused(), &all()), &no, &yes),
        ("one of two is locked for good", may(second(), &all()), &yes, &yes),
        ("a view of another account's vault", may(viewed, &all()), &no, &no),
    ];
    for (why, estate, points, guards) in cases {
        let facts = rights(&estate);
        let row = facts.row("principal_rights", USER);
        assert_eq!((&row["deletes_points"], &row["changes_guards"]), (points, guards), "{why}: {row:?}");
    }
}

/// A snapshot of the database `x` that somebody took.
fn by_hand() -> Value {
    json!({
        "snapshot_arn": format!("arn:aws:rds:{HOME}:{ACCOUNT}:snapshot:x"), "snapshot_type": "manual", "resource_arn": db_arn("x"), "snapshot_create_time": ago(3, 0)
    })
}

#[test]
fn backups_outside_of_vaults_count() {
    let (yes, no, open) = (json!(true), json!(false), Value::Null);
    let actions = || [statement("Allow", &["rds:DeleteDBInstance", "rds:DeleteDBSnapshot"])];
    let taken = |estate: Estate, changes: Value| may(estate, &actions()).has("rds_snapshots", [with(by_hand(), changes)]);
    let none = || bare().without("recovery_points");
    let of = |name: &str| json!({ "resource_arn": db_arn(name) });
    let automated = |changes: Value| {
        let row = json!({ "automated_backup_arn": format!("arn:aws:rds:{HOME}:{ACCOUNT}:auto-backup:ab-1"), "source_arn": db_arn("y") });
        may(bare(), &actions()).has("rds_automated_backups", [with(row, changes)])
    };
    let point = "arn:aws:backup:eu-west-1:111122223333:recovery-point:continuous:y-1";
    let locked = json!({ "locked": true, "lock_date": ago(1, 0) });
    let elsewhere = json!({ "resource_arn": format!("arn:aws:rds:{HOME}:{OTHER_ACCOUNT}:db:x") });
    let awsbackup =
        json!({ "snapshot_arn": format!("arn:aws:rds:{HOME}:{ACCOUNT}:cluster-snapshot:awsbackup:job-1"), "resource_arn": db_arn("y") });
    let untold =
        may(bare().has("recovery_points", [with(super::things::point("x", 2, ago(1, 0)), json!({ "resource_arn": null }))]), &actions());
    // why, estate, something to delete, backups, all
    let cases = [
        ("there is nothing", may(Estate::new(), &actions()), &no, &no, &no),
        ("there are no vaults", taken(Estate::new(), json!({})), &yes, &yes, &yes),
        ("no vault is in use", taken(none(), json!({})), &yes, &yes, &yes),
        ("a point holds what the snapshot holds", taken(bare(), json!({})), &yes, &no, &no),
        ("a snapshot of something that no point holds", taken(bare(), of("y")), &yes, &yes, &yes),
        ("the same beside a vault that is locked for good", taken(vaulted(locked, &Value::Null), of("y")), &yes, &yes, &yes),
        ("a snapshot of what is not told", taken(bare(), json!({ "resource_arn": null })), &yes, &open, &open),
        ("a snapshot of a database of another account", taken(bare(), elsewhere), &yes, &no, &no),
        ("a snapshot of AWS Backup", taken(bare(), awsbackup), &yes, &no, &no),
        (
            "an automated snapshot, which goes with its backup",
            taken(bare(), with(of("y"), json!({ "snapshot_type": "automated" }))),
            &yes,
            &no,
            &no,
        ),
        ("a snapshot of a kind that is not told", taken(bare(), with(of("y"), json!({ "snapshot_type": null }))), &yes, &open, &open),
        ("automated backups of what no point holds", automated(json!({})), &yes, &yes, &yes),
        ("automated backups that AWS Backup manages", automated(json!({ "aws_backup_recovery_point_arn": point })), &yes, &no, &no),
        ("a point of which it is not told what it holds", untold.has("rds_snapshots", [with(by_hand(), of("y"))]), &yes, &open, &open),
        ("snapshots unread", may(bare().denied("rds_snapshots", None), &actions()), &yes, &open, &open),
        ("points unread", taken(bare(), of("y")).denied("recovery_points", Some(&home_vault())), &open, &open, &open),
        ("snapshots unread, which it may not delete", may(bare().denied("fsx_backups", None), &actions()), &yes, &no, &no),
    ];
    for (why, estate, has, backups, all) in cases {
        let facts = rights(&estate);
        let row = facts.row("principal_rights", USER);
        assert_eq!((&row["has_backups"], &row["deletes_backups"], &row["deletes_all"]), (has, backups, all), "{why}: {row:?}");
        assert_eq!((&row["deletes_snapshots"], &row["sources_by"]), (&yes, &json!("rds:DeleteDBInstance")), "{why}");
        let by = if *backups == yes { json!("rds:DeleteDBSnapshot") } else { Value::Null };
        assert_eq!(row["backups_by"], by, "{why}");
    }
}

#[test]
fn each_service_has_backups_of_its_own() {
    let (yes, no, open) = (json!(true), json!(false), Value::Null);
    let arn = |service: &str, rest: &str| format!("arn:aws:{service}:{HOME}:{ACCOUNT}:{rest}");
    let volume =
        || json!({ "volume_arn": arn("ec2", "volume/vol-1"), "volume_id": "vol-1", "state": "available", "attachments": [], "tags": {} });
    let disk = |changes: Value| {
        let row = json!({ "snapshot_arn": format!("arn:aws:ec2:{HOME}::snapshot/snap-1"), "volume_id": "vol-1", "start_time": ago(3, 0), "tags": {} });
        bare().has("ebs_volumes", [volume()]).has("ebs_snapshots", [with(row, changes)])
    };
    let instance = with(point("x", 7, ago(1, 0)), json!({ "resource_arn": arn("ec2", "instance/i-1") }));
    let table = |kind: Value| {
        bare().has("dynamodb_backups", [json!({
        "backup_arn": arn("dynamodb", "table/t/backup/1"), "table_arn": arn("dynamodb", "table/t"), "backup_type": kind, "backup_creation_date_time": ago(3, 0)
    })])
    };
    let cache = bare().has("elasticache_snapshots", [json!({
        "snapshot_arn": arn("elasticache", "snapshot:s"), "resource_arn": arn("elasticache", "replicationgroup:g"), "snapshot_create_time": ago(3, 0)
    })]);
    let cluster = |name: &str| {
        bare().has(
            "redshift_snapshots",
            [json!({
                "snapshot_arn": arn("redshift", name), "resource_arn": arn("redshift", "cluster:c"), "snapshot_create_time": ago(3, 0)
            })],
        )
    };
    let files = |kind: &str| {
        bare().has("fsx_backups", [json!({
        "backup_arn": arn("fsx", "backup/b"), "resource_arn": arn("fsx", "file-system/fs-1"), "backup_type": kind, "creation_time": ago(3, 0)
    })])
    };
    let (disks, tables) = (["ec2:DeleteVolume", "ec2:DeleteSnapshot"], ["dynamodb:DeleteTable", "dynamodb:DeleteBackup"]);
    let (caches, clusters) =
        (["elasticache:DeleteServerlessCache", "elasticache:DeleteSnapshot"], ["redshift:DeleteCluster", "redshift:DeleteClusterSnapshot"]);
    let file_systems = ["fsx:DeleteFileSystem", "fsx:DeleteBackup"];
    // why, estate, actions, all
    let cases = [
        ("a volume", disk(json!({})), disks, &yes),
        ("a volume, and databases and snapshots of volumes", disk(json!({})), ["rds:DeleteDBInstance", "ec2:DeleteSnapshot"], &no),
        ("a snapshot of AWS Backup", disk(json!({ "tags": { "aws:backup:source-resource": "arn" } })), disks, &no),
        ("a snapshot whose tags are not told", disk(json!({ "tags": null })), disks, &open),
        ("a snapshot of a volume that is gone", disk(json!({ "volume_id": "vol-2" })), disks, &no),
        ("a volume that a point of an instance may hold", disk(json!({})).has("recovery_points", [instance]), disks, &open),
        ("volumes unread", disk(json!({})).denied("ebs_volumes", None), disks, &open),
        ("a table", table(json!("USER")), tables, &yes),
        ("a table that AWS Backup backed up", table(json!("AWS_BACKUP")), tables, &no),
        ("a table that was deleted", table(json!("SYSTEM")), tables, &no),
        ("a table, nobody knows by whom", table(Value::Null), tables, &open),
        ("a cache", cache, caches, &yes),
        ("a cluster", cluster("snapshot:c/s"), clusters, &yes),
        ("a cluster that AWS Backup backed up", cluster("snapshot:c/x:awsbackup:1"), clusters, &no),
        ("a file system", files("AUTOMATIC"), file_systems, &yes),
        ("a file system that AWS Backup backed up", files("AWS_BACKUP"), file_systems, &no),
    ];
    for (why, estate, actions, all) in cases {
        let facts = rights(&may(estate, &[statement("Allow", &actions)]));
        let row = facts.row("principal_rights", USER);
        assert_eq!(&row["deletes_all"], all, "{why}: {row:?}");
    }
}

#[test]
fn what_else_it_may_do() {
    let (yes, no) = (json!(true), json!(false));
    // why, action, lifecycles, keys
    let cases = [
        ("lives of points, which is to end them", "backup:UpdateRecoveryPointLifecycle", &yes, &no),
        ("plans", "backup:UpdateBackupPlan", &yes, &no),
        ("plans, whole", "backup:DeleteBackupPlan", &yes, &no),
        ("keys", "kms:DisableKey", &no, &yes),
        ("keys, for good", "kms:ScheduleKeyDeletion", &no, &yes),
    ];
    for (why, action, lifecycles, keys) in cases {
        let facts = rights(&may(bare(), &[statement("Allow", &[action])]));
        let row = facts.row("principal_rights", USER);
        assert_eq!((&row["changes_lifecycles"], &row["disables_keys"], &row["deletes_all"]), (lifecycles, keys, &no), "{why}: {row:?}");
    }
}

#[test]
fn organizations_bound_it() {
    let (yes, no, open) = (json!(true), json!(false), Value::Null);
    let member = |changes: Value| {
        with(json!({ "organization_arn": "o", "organization_id": "o-1", "feature_set": "ALL", "is_management_account": false }), changes)
    };
    let control = |id: &str, statements: &[Value], targets: Value| json!({ "policy_arn": id, "policy_type": "SERVICE_CONTROL_POLICY", "content": document(statements), "targets": targets });
    let target = |id: &str, kind: &str| json!({ "TargetId": id, "Type": kind });
    let (root, own) = (target("r-1", "ROOT"), target(ACCOUNT, "ACCOUNT"));
    let full = || control("full", &[everything()], json!([root.clone(), own.clone()]));
    let deny = |targets: Value| control("deny", &[statement("Deny", &["backup:Delete*"])], targets);
    let under = |controls: Vec<Value>| may(bare(), &[both()]).has("organization", [member(json!({}))]).has("org_policies", controls);
    let of = |changes: Value| {
        may(bare(), &[both()]).has("organization", [member(changes)]).has("org_policies", [full(), deny(json!([root.clone()]))])
    };
    // why, estate, all
    let cases = [
        ("no organization", may(bare(), &[both()]), &yes),
        ("not told whether there is one", may(bare(), &[both()]).denied("organization", None), &open),
        ("nothing of its own, whatever is above", may(bare(), &[]).denied("organization", None), &no),
        ("one that allows everything", under(vec![full()]), &yes),
        ("one that denies it", under(vec![full(), deny(json!([root.clone()]))]), &no),
        ("one that denies it in the account", under(vec![full(), deny(json!([own.clone()]))]), &no),
        ("one that denies it in another account", under(vec![full(), deny(json!([target("222233334444", "ACCOUNT")]))]), &yes),
        (
            "one that denies it in a unit, which may be above",
            under(vec![full(), deny(json!([target("ou-1", "ORGANIZATIONAL_UNIT")]))]),
            &open,
        ),
        ("one that denies it nowhere", under(vec![full(), deny(json!([]))]), &yes),
        ("one whose targets are not told", under(vec![full(), deny(Value::Null)]), &open),
        ("one whose words are not told", under(vec![full(), with(deny(json!([root.clone()])), json!({ "content": null }))]), &open),
        ("one whose kind is not told", under(vec![full(), with(deny(json!([root.clone()])), json!({ "policy_type": null }))]), &open),
        (
            "a policy of backups is another",
            under(vec![full(), with(deny(json!([root.clone()])), json!({ "policy_type": "BACKUP_POLICY" }))]),
            &yes,
        ),
        ("none in force", under(vec![]), &yes),
        ("none at the account itself, which cannot be", under(vec![control("full", &[everything()], json!([root.clone()]))]), &open),
        ("policies unread", under(vec![full()]).denied("org_policies", None), &open),
        ("the account that manages it", of(json!({ "is_management_account": true })), &yes),
        ("whether it manages it is not told", of(json!({ "is_management_account": null })), &open),
        ("what its organization can do is not told", of(json!({ "feature_set": null })), &open),
        ("one that only pays together", of(json!({ "feature_set": "CONSOLIDATED_BILLING" })), &yes),
        ("one without an id", of(json!({ "organization_id": null })), &open),
    ];
    for (why, estate, all) in cases {
        let facts = rights(&estate);
        let row = facts.row("principal_rights", USER);
        assert_eq!(&row["deletes_all"], all, "{why}: {row:?}");
    }
}

#[test]
fn without_a_second_factor() {
    let (yes, no, open) = (json!(true), json!(false), Value::Null);
    let present = "aws:MultiFactorAuthPresent";
    let delete = || statement("Allow", &["backup:DeleteRecoveryPoint"]);
    let deny = |operator: &str| given(statement("Deny", &["backup:*"]), operator, present, "false");
    let trusting = |principal: Value, action: &str| json!({ "Effect": "Allow", "Principal": principal, "Action": action });
    let account = || trusting(json!({ "AWS": "arn:aws:iam::111122223333:root" }), "sts:AssumeRole");
    let saml = || trusting(json!({ "Federated": "arn:aws:iam::111122223333:saml-provider/corp" }), "sts:AssumeRoleWithSAML");
    let service = || trusting(json!({ "Service": "ec2.amazonaws.com" }), "sts:AssumeRole");
    let of_role = |trust: Value, statements: &[Value]| {
        bare().has("iam_principals", [role(trust)]).has("iam_policies", [inline(ROLE, "own", statements)])
    };
    let guarded = |operator: &str| {
        let whole = WHOLE;
        vaulted(json!({}), &document(&[with(given(statement("Deny", &whole), operator, present, "false"), json!({ "Principal": "*" }))]))
    };
    // why, estate, who, points, without a second factor, others than services
    let cases = [
        ("a user", may(bare(), &[delete()]), USER, &yes, &yes, &yes),
        ("a user, with one", may(bare(), &[given(delete(), "Bool", present, "true")]), USER, &yes, &no, &yes),
        (
            "a user, whose long-term keys slip through",
            may(bare(), &[given(delete(), "BoolIfExists", present, "true")]),
            USER,
            &yes,
            &yes,
            &yes,
        ),
        ("a user, denied without one", may(bare(), &[delete(), deny("BoolIfExists")]), USER, &yes, &no, &yes),
        ("a user, whose long-term keys are missed", may(bare(), &[delete(), deny("Bool")]), USER, &yes, &yes, &yes),
        ("a user who may not", may(bare(), &[]), USER, &no, &no, &yes),
        ("a user, whom the vault asks for one", may(guarded("BoolIfExists"), &[everything()]), USER, &yes, &no, &yes),
        ("a user, whose long-term keys the vault misses", may(guarded("Bool"), &[everything()]), USER, &yes, &yes, &yes),
        ("a role of an account", of_role(account(), &[delete()]), ROLE, &yes, &yes, &yes),
        ("a role that asks for one", of_role(given(account(), "Bool", present, "true"), &[delete()]), ROLE, &yes, &no, &yes),
        (
            "a role that long-term keys slip into",
            of_role(given(account(), "BoolIfExists", present, "true"), &[delete()]),
            ROLE,
            &yes,
            &yes,
            &yes,
        ),
        ("a role whose deletion asks for one", of_role(account(), &[given(delete(), "Bool", present, "true")]), ROLE, &yes, &no, &yes),
        (
            "a role of whose sessions it is not certain that they tell",
            of_role(account(), &[given(delete(), "BoolIfExists", present, "true")]),
            ROLE,
            &yes,
            &open,
            &yes,
        ),
        ("people of a directory", of_role(saml(), &[delete()]), ROLE, &yes, &open, &yes),
        ("people of a directory, with one", of_role(saml(), &[given(delete(), "Bool", present, "true")]), ROLE, &yes, &no, &yes),
        ("people of a directory who may not", of_role(saml(), &[]), ROLE, &no, &no, &yes),
        ("a role of a service", of_role(service(), &[delete()]), ROLE, &yes, &no, &no),
        (
            "a role whose trust is not understood",
            of_role(service(), &[delete()])
                .without("iam_principals")
                .has("iam_principals", [with(role(service()), json!({ "trust_policy": { "Moon": 1 } }))]),
            ROLE,
            &yes,
            &open,
            &open,
        ),
    ];
    let snapshots = |operator: Option<&str>| {
        let actions = statement("Allow", &["rds:DeleteDBSnapshot"]);
        let actions = operator.map_or(actions.clone(), |operator| given(actions, operator, present, "true"));
        let facts = rights(&may(Estate::new(), &[actions]).has("rds_snapshots", [by_hand()]));
        facts.row("principal_rights", USER)["deletes_without_mfa"].clone()
    };
    assert_eq!((snapshots(None), snapshots(Some("Bool"))), (yes.clone(), no.clone()), "snapshots, where there is nothing else");
    for (why, estate, who, points, without_mfa, people) in cases {
        let facts = rights(&estate);
        let row = facts.row("principal_rights", who);
        let found = (&row["deletes_points"], &row["deletes_without_mfa"], &row["beyond_services"]);
        assert_eq!(found, (points, without_mfa, people), "{why}: {row:?}");
    }
}

#[test]
fn who_has_a_row() {
    let linked = "arn:aws:iam::111122223333:role/aws-service-role/backup.amazonaws.com/AWSServiceRoleForBackup";
    let group = json!({ "principal_arn": "arn:aws:iam::111122223333:group/all", "principal_kind": "group", "principal_name": "all" });
    let of_service = json!({
        "principal_arn": linked, "principal_kind": "role", "attached_policy_arns": [], "inline_policy_names": [],
        "trust_policy": document(&[json!({ "Effect": "Allow", "Principal": { "Service": "backup.amazonaws.com" }, "Action": "sts:AssumeRole" })])
    });
    let facts = rights(&may(bare(), &[]).has("iam_principals", [group, of_service]));
    let rows = facts.all("principal_rights");
    let found: Vec<_> =
        rows.iter().map(|row| (&row["subject_arn"], &row["subject_type"], &row["service_linked"], &row["region"])).collect();
    let (user, role, global) = (json!("AWS::IAM::User"), json!("AWS::IAM::Role"), json!("global"));
    assert_eq!(found, [(&json!(linked), &role, &json!(true), &global), (&json!(USER), &user, &json!(false), &global)]);
}

#[test]
fn what_is_not_known_is_named() {
    let words = |estate: Estate| rights(&estate).row("principal_rights", USER)["problem"].clone();
    let unread = may(bare(), &[everything()]).denied("iam_policies", None).denied("organization", None).denied("backup_vaults", None);
    assert_eq!(
        words(unread),
        json!(
            "a policy of it was not read or is not understood; the policies of its organization were not read in full; vaults of its account or their \
             policies were not read in full"
        )
    );
    assert_eq!(words(may(bare(), &[everything()])), Value::Null, "everything was read");
}
