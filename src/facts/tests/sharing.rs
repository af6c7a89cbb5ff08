//! Who may restore snapshots.

use serde_json::{Value, json};

use super::estate::*;
use super::things::*;

const SNAPSHOT: &str = "arn:aws:rds:eu-west-1:111122223333:snapshot:by-hand";

fn estate(attributes: Value) -> Estate {
    let row = json!({ "snapshot_arn": SNAPSHOT, "is_cluster_snapshot": false, "public": false, "shared_with": [], "shared_with_count": 0 });
    let snapshot = json!({
        "snapshot_arn": SNAPSHOT, "snapshot_identifier": "by-hand", "snapshot_type": "manual", "resource_arn": db_arn("x"), "status": "available",
        "snapshot_create_time": ago(20, 0), "encrypted": true
    });
    Estate::new().has("rds_snapshots", [snapshot]).has("snapshot_attributes", [with(row, attributes)])
}

#[test]
fn one_row_an_account() {
    let (yes, no) = (json!(true), json!(false));
    let stranger = "222233334444";
    // why, estate, public, accounts and whether each is outside
    let cases = [
        ("nobody", estate(json!({})), &no, vec![(json!("nobody"), no.clone())]),
        ("everybody", estate(json!({ "public": true })), &yes, vec![(json!("all"), no.clone())]),
        (
            "everybody, and somebody by name",
            estate(json!({ "public": true, "shared_with": [stranger] })),
            &yes,
            vec![(json!(stranger), yes.clone()), (json!("all"), no.clone())],
        ),
        ("a stranger", estate(json!({ "shared_with": [stranger] })), &no, vec![(json!(stranger), yes.clone())]),
        (
            "an account that is looked into",
            estate(json!({ "shared_with": [OTHER_ACCOUNT] })).with_other_account(),
            &no,
            vec![(json!(OTHER_ACCOUNT), no.clone())],
        ),
        ("the same, not looked into", estate(json!({ "shared_with": [OTHER_ACCOUNT] })), &no, vec![(json!(OTHER_ACCOUNT), yes.clone())]),
        ("not told", estate(json!({ "public": null, "shared_with": null })), &Value::Null, vec![(Value::Null, Value::Null)]),
    ];
    for (why, estate, public, accounts) in cases {
        let facts = estate.facts();
        let rows = facts.rows("shared_snapshots", SNAPSHOT);
        let found: Vec<_> = rows.iter().map(|row| (row["shared_with"].clone(), row["shared_outside"].clone())).collect();
        assert_eq!(found, accounts, "{why}");
        assert!(rows.iter().all(|row| row["public"] == *public && row["resource_arn"] == json!(db_arn("x"))), "{why}: {rows:?}");
    }
}

#[test]
fn of_an_unread_snapshot_the_gap_speaks() {
    let rows = |estate: Estate| estate.facts().rows("shared_snapshots", SNAPSHOT).len();
    assert_eq!(rows(estate(json!({})).denied("snapshot_attributes", Some(SNAPSHOT))), 0);
    assert_eq!(rows(estate(json!({})).denied("rds_snapshots", None)), 0);
}
