//! Keys: which protects which point, whether they are in use, what databases are encrypted with, and which copies they allow.

use serde_json::{Value, json};

use super::estate::*;
use super::things::*;
use crate::dataset::ReadStatus;

const FAR: Place = (ACCOUNT, AWAY);
const FOREIGN: Place = (OTHER_ACCOUNT, AWAY);

fn encrypted(name: &str, key: &str) -> Value {
    with(db(name), json!({ "storage_encrypted": true, "storage_encryption_type": "sse-kms", "kms_key_id": key_arn(key) }))
}

/// A database encrypted with the key `data`, and its point in a vault with the key `vault`.
fn estate() -> Estate {
    Estate::new()
        .has(
            "backup_vaults",
            [with(vault((ACCOUNT, HOME), "main"), json!({ "vault_type": "BACKUP_VAULT", "encryption_key_arn": key_arn("vault") }))],
        )
        .has("rds_instances", [encrypted("x", "data")])
        .has("recovery_points", [with(point("x", 1, ago(1, 0)), json!({ "is_encrypted": true, "encryption_key_arn": key_arn("vault") }))])
        .has("rds_snapshots", [snapshot_of("x", 1, ago(1, 0), "data")])
        .has("kms_keys", [key("data"), key("vault")])
}

fn changed(table: &'static str, rows: impl IntoIterator<Item = Value>) -> Estate {
    estate().without(table).has(table, rows)
}

#[test]
fn the_key_that_protects_a_point() {
    let data = || json!(key_arn("data"));
    let in_state = |state: &str| changed("kms_keys", [with(key("data"), json!({ "key_state": state })), key("vault")]);
    let bare = |estate: Estate| {
        let plain = with(snapshot_of("x", 1, ago(1, 0), "data"), json!({ "encrypted": false, "kms_key_id": null }));
        estate.without("rds_snapshots").has("rds_snapshots", [plain])
    };
    let (yes, no, open) = (json!(true), json!(false), Value::Null);
    // why, estate, encrypted, key, named by, usable
    let cases = [
        ("its snapshot's, not its vault's", estate(), &yes, data(), json!("snapshot"), &yes),
        ("a key being updated decrypts", in_state("Updating"), &yes, data(), json!("snapshot"), &yes),
        ("a key to be deleted does not", in_state("PendingDeletion"), &yes, data(), json!("snapshot"), &no),
        ("a disabled key does not", in_state("Disabled"), &yes, data(), json!("snapshot"), &no),
        ("material that expired", in_state("PendingImport"), &yes, data(), json!("snapshot"), &no),
        ("a key store that is cut off", in_state("Unavailable"), &yes, data(), json!("snapshot"), &no),
        ("a replica that is to go", in_state("PendingReplicaDeletion"), &yes, data(), json!("snapshot"), &no),
        ("a key still being made", in_state("Creating"), &yes, data(), json!("snapshot"), &no),
        ("a key that is gone", in_state("NotFound"), &yes, data(), json!("snapshot"), &no),
        ("a state of tomorrow", in_state("Dreaming"), &yes, data(), json!("snapshot"), &open),
        ("a key that may not be described", estate().denied("kms_keys", Some(&key_arn("data"))), &yes, data(), json!("snapshot"), &open),
        ("not encrypted: no key is needed", bare(estate()), &no, open.clone(), open.clone(), &yes),
        ("snapshots unread: the database tells", estate().denied("rds_snapshots", None), &yes, data(), json!("source"), &yes),
        (
            "snapshots and databases unread",
            estate().denied("rds_snapshots", None).denied("rds_instances", None),
            &open,
            open.clone(),
            open.clone(),
            &open,
        ),
    ];
    for (why, estate, encrypted, key, source, usable) in cases {
        let facts = estate.facts();
        let row = facts.row("point_keys", &db_arn("x"));
        assert_eq!((&row["encrypted"], &row["key_arn"], &row["key_source"], &row["usable"]), (encrypted, &key, &source, usable), "{why}");
    }
}

#[test]
fn a_copy_that_needs_a_key_of_its_source() {
    let own = format!("arn:aws:kms:{AWAY}:{OTHER_ACCOUNT}:key/own");
    let under = |key: Value, vault_changes: Value| {
        let changes = json!({
            "recovery_point_arn": format!("arn:aws:backup:{AWAY}:{OTHER_ACCOUNT}:recovery-point:1"), "resource_type": "Aurora", "resource_arn": cluster_arn("shop"), "is_encrypted": true,
            "encryption_key_arn": key
        });
        let gapped = json!({ "vault_type": "LOGICALLY_AIR_GAPPED_BACKUP_VAULT" });
        Estate::new()
            .with_other_account()
            .has_at(FOREIGN, "backup_vaults", [with(with(vault(FOREIGN, "far"), gapped), vault_changes)])
            .has_at(FOREIGN, "recovery_points", [with(copied_point("x", 1, ago(1, 0), FOREIGN), changes)])
    };
    let view = json!({ "vault_type": "RESTORE_ACCESS_BACKUP_VAULT" });
    let (yes, no, open, none) = (json!(true), json!(false), Value::Null, json!({}));
    // why, estate, in another account, under a key of the source's account
    let cases = [
        ("its own key", under(json!(own), none.clone()), &yes, &no),
        ("a key of the source", under(json!(key_arn("data")), none.clone()), &yes, &yes),
        ("a key by its id alone", under(json!("1234abcd"), none.clone()), &yes, &open),
        ("no key was told", under(Value::Null, none), &yes, &open),
        ("a view of the vault of another account", under(json!(key_arn("data")), view), &no, &open),
    ];
    for (why, estate, abroad, of_source) in cases {
        let facts = estate.facts();
        let row = facts.row("point_keys", &cluster_arn("shop"));
        assert_eq!((&row["in_other_account"], &row["key_of_source"]), (abroad, of_source), "{why}: {row:?}");
    }
    let facts = estate().facts();
    let row = facts.row("point_keys", &db_arn("x"));
    assert_eq!((&row["in_other_account"], &row["key_of_source"]), (&no, &yes), "at home");

    let bucket = "arn:aws:s3:::invoices";
    let made = |created: Value| json!({ "bucket_arn": bucket, "bucket_name": "invoices", "creation_date": created });
    let of_bucket = || {
        let changes = json!({ "resource_type": "S3", "resource_arn": bucket, "encryption_key_arn": key_arn("data"), "is_encrypted": true });
        Estate::new().with_other_account().has_at(FOREIGN, "backup_vaults", [vault(FOREIGN, "far")]).has_at(
            FOREIGN,
            "recovery_points",
            [with(copied_point("x", 1, ago(1, 0), FOREIGN), changes)],
        )
    };
    // why, estate, in another account, under a key of the source's account
    let cases = [
        ("the account that lists the bucket is its own", of_bucket().has("s3_buckets", [made(json!(ago(100, 0)))]), &yes, &yes),
        ("a bucket that came after took the name", of_bucket().has("s3_buckets", [made(json!(ago(0, 12)))]), &open, &open),
        (
            "when it was created was not told",
            of_bucket().has("s3_buckets", [json!({ "bucket_arn": bucket, "bucket_name": "invoices" })]),
            &open,
            &open,
        ),
        ("buckets were not read", of_bucket().denied("s3_buckets", None), &open, &open),
    ];
    for (why, estate, abroad, of_source) in cases {
        let facts = estate.facts();
        let row = facts.row("point_keys", bucket);
        assert_eq!((&row["in_other_account"], &row["key_of_source"]), (abroad, of_source), "{why}: {row:?}");
    }
}

#[test]
fn a_point_that_names_no_resource_speaks_for_itself() {
    let nameless = with(point("x", 1, ago(1, 0)), json!({ "resource_arn": null, "is_encrypted": false }));
    let facts = changed("recovery_points", [nameless]).without("rds_snapshots").facts();
    assert_eq!(facts.rows("point_keys", &db_arn("x")).len(), 0);
    assert_eq!(facts.row("point_keys", &point_arn("x", 1))["recovery_point_arn"], json!(point_arn("x", 1)));
}

#[test]
fn points_alike_are_one_row() {
    let estate = estate()
        .has(
            "recovery_points",
            [point("x", 2, ago(2, 0)), point("x", 3, ago(3, 0)), with(point("x", 4, ago(4, 0)), json!({ "status": "CREATING" }))],
        )
        .has("rds_snapshots", [snapshot_of("x", 2, ago(2, 0), "data"), snapshot_of("x", 3, ago(3, 0), "older")]);
    let facts = estate.facts();
    let rows = facts.rows("point_keys", &db_arn("x"));
    let told: Vec<_> = rows.iter().map(|row| (row["key_arn"].clone(), row["points_count"].clone(), row["newest_data_s"].clone())).collect();
    let expected = [(json!(key_arn("data")), json!(2), json!(ago(1, 0))), (json!(key_arn("older")), json!(1), json!(ago(3, 0)))];
    assert_eq!(told, expected, "two keys, and what is still being made does not count");
    let dreaming = changed("recovery_points", [with(point("x", 1, ago(1, 0)), json!({ "status": "DREAMING" }))]).facts();
    assert_eq!(dreaming.rows("point_keys", &db_arn("x")).len(), 1, "a status of tomorrow hides no point");
    assert_eq!(rows[0]["recovery_point_arn"], json!(point_arn("x", 1)), "the newest is the example");
}

#[test]
fn keys_in_use() {
    let (yes, no, open) = (json!(true), json!(false), Value::Null);
    let one = |changes: Value| changed("kms_keys", [with(key("data"), changes), key("vault")]);
    let elsewhere = ["rds_instances", "rds_snapshots", "recovery_points"].iter().fold(estate(), |estate, table| estate.without(table));
    // why, estate, in use, usable, pending deletion, rotates
    let cases = [
        ("in use and rotating", estate(), &yes, &yes, &no, &yes),
        ("rotation off", one(json!({ "rotation_enabled": false })), &yes, &yes, &no, &no),
        ("rotation not told", one(json!({ "rotation_enabled": null })), &yes, &yes, &no, &open),
        ("AWS rotates its own", one(json!({ "key_manager": "AWS", "rotation_enabled": null })), &yes, &yes, &no, &yes),
        ("about to go", one(json!({ "key_state": "PendingDeletion" })), &yes, &no, &yes, &yes),
        ("gone", one(json!({ "key_state": "NotFound" })), &yes, &no, &yes, &yes),
        ("state not told", one(json!({ "key_state": null })), &yes, &open, &open, &yes),
        ("nothing needs it any more", elsewhere.clone(), &no, &yes, &no, &yes),
        (
            "a point of its Region has a key that was not told",
            elsewhere.clone().has("recovery_points", [with(point("y", 1, ago(1, 0)), json!({ "is_encrypted": true }))]),
            &open,
            &yes,
            &no,
            &yes,
        ),
        (
            "a point of another Region has: not this one",
            elsewhere.clone().has_at(FAR, "backup_vaults", [vault(FAR, "far")]).has_at(
                FAR,
                "recovery_points",
                [with(copied_point("y", 1, ago(1, 0), FAR), json!({ "is_encrypted": true }))],
            ),
            &no,
            &yes,
            &no,
            &yes,
        ),
        ("snapshots unread: one may need it", elsewhere.clone().denied("rds_snapshots", None), &open, &yes, &no, &yes),
        (
            "points of another account unread: one may need it",
            elsewhere.with_other_account().failed_at(FOREIGN, "recovery_points", None, ReadStatus::Denied),
            &open,
            &yes,
            &no,
            &yes,
        ),
    ];
    for (why, estate, in_use, usable, pending, rotates) in cases {
        let facts = estate.facts();
        let row = facts.row("keys_in_use", &key_arn("data"));
        assert_eq!(
            (&row["in_use"], &row["usable"], &row["pending_deletion"], &row["rotates"]),
            (in_use, usable, pending, rotates),
            "{why}"
        );
    }
    let facts = estate().facts();
    let counts = |name: &str| {
        let row = facts.row("keys_in_use", &key_arn(name));
        [&row["vaults_count"], &row["points_count"], &row["databases_count"]].map(|count| count.as_i64().unwrap())
    };
    assert_eq!((counts("data"), counts("vault")), ([0, 1, 1], [1, 0, 0]));
}

#[test]
fn a_key_asked_for_in_two_accounts_is_one_row() {
    let estate = estate().with_other_account().has_at(FOREIGN, "kms_keys", [with(key("data"), json!({ "key_state": null }))]);
    let facts = estate.facts();
    let row = facts.row("keys_in_use", &key_arn("data"));
    assert_eq!((&row["usable"], &row["account_id"]), (&json!(true), &json!(ACCOUNT)), "the account that owns it knows best");
}

#[test]
fn of_two_descriptions_of_a_key_the_newer_counts() {
    let gone = with(key("data"), json!({ "key_state": "PendingDeletion" }));
    let estate = estate()
        .with_other_account()
        .collected_again(NOW_S + crate::model::moment::DAY_S)
        .without("kms_keys")
        .not_asked((ACCOUNT, HOME), "kms_keys")
        .has_at(FOREIGN, "kms_keys", [gone]);
    let row = estate.facts().row("keys_in_use", &key_arn("data")).clone();
    assert_eq!((&row["usable"], &row["account_id"]), (&json!(false), &json!(OTHER_ACCOUNT)), "its own account was read a day before");
}

#[test]
fn storage_of_databases() {
    let instance = |changes: Value| changed("rds_instances", [with(db("x"), changes)]);
    // why, estate, encrypted, who manages the key
    let cases = [
        ("a customer key", estate(), json!(true), json!("CUSTOMER")),
        ("a key of AWS", changed("kms_keys", [aws_key("data")]), json!(true), json!("AWS")),
        ("its key may not be described", estate().denied("kms_keys", Some(&key_arn("data"))), json!(true), Value::Null),
        ("none", instance(json!({ "storage_encryption_type": "none", "storage_encrypted": false })), json!(false), Value::Null),
        (
            "a key that AWS owns",
            instance(json!({ "storage_encryption_type": "sse-rds", "storage_encrypted": false })),
            json!(true),
            json!("AWS_OWNED"),
        ),
        ("not told", instance(json!({})), Value::Null, Value::Null),
    ];
    for (why, estate, encrypted, manager) in cases {
        let facts = estate.facts();
        let row = facts.row("storage_encryption", &db_arn("x"));
        assert_eq!((&row["encrypted_at_rest"], &row["key_manager"]), (&encrypted, &manager), "{why}");
    }
    let aurora = with(cluster("shop"), json!({ "storage_encrypted": false }));
    let facts = Estate::new().has("rds_clusters", [aurora]).facts();
    assert_eq!(
        facts.row("storage_encryption", &cluster_arn("shop"))["encrypted_at_rest"],
        Value::Null,
        "the flag of Aurora alone tells nothing"
    );
}

/// The estate with a plan that copies the database to a vault.
fn copying(estate: Estate, destination: &str) -> Estate {
    let copy = json!({ "backup_plan_arn": plan_arn("core"), "rule_id": "core-rule", "destination_backup_vault_arn": destination });
    estate
        .has("region_settings", opted_in(true))
        .has("backup_plans", [plan("core")])
        .has("plan_rules", [rule("core")])
        .has("plan_copies", [copy])
        .has("selections", [selection_of("core", &[&db_arn("x")])])
}

#[test]
fn copies_that_keys_allow() {
    let far = vault_arn(FAR, "far");
    let foreign = vault_arn(FOREIGN, "far");
    let vault_at =
        |estate: Estate, place: Place, changes: Value| estate.has_at(place, "backup_vaults", [with(vault(place, "far"), changes)]);
    let customer = || json!({ "vault_type": "BACKUP_VAULT", "encryption_key_arn": key_arn("vault") });
    let word_only = || json!({ "vault_type": "BACKUP_VAULT", "encryption_key_type": "CUSTOMER_MANAGED_KMS_KEY" });
    let gapped = || json!({ "vault_type": "LOGICALLY_AIR_GAPPED_BACKUP_VAULT", "encryption_key_type": "AWS_OWNED_KMS_KEY" });
    let aws = || changed("kms_keys", [aws_key("data"), key("vault")]);
    let covered = |estate: Estate, destination: &str| copying(estate, destination);
    let to_foreign = |estate: Estate| vault_at(covered(estate.with_other_account(), &foreign), FOREIGN, customer());
    let to_far = |estate: Estate, changes: Value| vault_at(covered(estate, &far), FAR, changes);
    let own_air_gapped = || {
        let gap = vault_arn((ACCOUNT, HOME), "far");
        let rule = with(rule("core"), json!({ "target_logically_air_gapped_backup_vault_arn": gap }));
        vault_at(covered(aws(), &far).without("plan_copies").without("plan_rules").has("plan_rules", [rule]), (ACCOUNT, HOME), gapped())
    };
    let (yes, no, open) = (json!(true), json!(false), Value::Null);
    // why, estate, planned, needs a customer key, keys allow it
    let cases = [
        ("a customer key, to another account", to_foreign(estate()), &yes, &no, &yes),
        (
            "a customer key, and of the vault's key only AWS's word, which it may have for aws/backup too",
            to_far(estate(), word_only()),
            &yes,
            &no,
            &open,
        ),
        ("AWS's key, to another account", to_foreign(aws()), &yes, &yes, &no),
        ("AWS's key, to an account outside the scope", covered(aws(), &foreign), &yes, &yes, &no),
        ("a customer key, to an account outside the scope", covered(estate(), &foreign), &yes, &no, &open),
        ("AWS's key, to another Region", to_far(aws(), customer()), &yes, &no, &yes),
        (
            "AWS's key, to another Region, vault unread: it may be air-gapped",
            covered(aws(), &far).failed_at(FAR, "backup_vaults", None, ReadStatus::Denied),
            &yes,
            &open,
            &open,
        ),
        ("AWS's key, to an air-gapped vault", to_far(aws(), gapped()), &yes, &yes, &no),
        ("AWS's key, written to an air-gapped vault", own_air_gapped(), &yes, &yes, &no),
        ("its key may not be described", to_foreign(estate()).denied("kms_keys", Some(&key_arn("data"))), &yes, &open, &open),
        (
            "the vault's key is AWS's",
            to_far(
                estate().has_at(FAR, "kms_keys", [aws_key("there")]),
                json!({ "vault_type": "BACKUP_VAULT", "encryption_key_arn": key_arn("there") }),
            ),
            &yes,
            &no,
            &open,
        ),
        (
            "whether the plan covers it is not known",
            to_far(aws(), customer())
                .without("selections")
                .has("selections", [selection("core")])
                .without("rds_instances")
                .has("rds_instances", [with(encrypted("x", "data"), json!({ "tags": null }))]),
            &open,
            &no,
            &yes,
        ),
    ];
    for (why, estate, planned, needs, allows) in cases {
        let facts = estate.facts();
        let row = facts.row("copy_keys", &db_arn("x"));
        assert_eq!((&row["planned"], &row["needs_customer_key"], &row["keys_allow"]), (planned, needs, allows), "{why}");
    }
    assert!(estate().facts().rows("copy_keys", &db_arn("x")).is_empty(), "no plan copies it");
}
