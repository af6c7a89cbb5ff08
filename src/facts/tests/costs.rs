//! What backups cost: the prices are those of `estate`, the sums are worked by hand.

use serde_json::{Value, json};

use super::estate::*;
use super::things::*;

const FAR: Place = (ACCOUNT, AWAY);
/// 100 GiB. A month of it costs 9.50 dollars as RDS at home and 10.00 away, 5.00 as EBS, 2.10 as Aurora.
const SIZE: i64 = 100 << 30;

/// A point of the instance `x` with a size, in an ordinary vault.
fn sized(number: i64, changes: Value) -> Value {
    let told = json!({ "backup_size_bytes": SIZE, "vault_type": "BACKUP_VAULT" });
    with(with(point("x", number, ago(number, 0)), told), changes)
}

fn estate(points: Vec<Value>) -> Estate {
    Estate::new()
        .has("backup_vaults", [vault((ACCOUNT, HOME), "main")])
        .has_at(FAR, "backup_vaults", [vault(FAR, "far")])
        .has("rds_instances", [db("x")])
        .has("recovery_points", points)
}

/// Cells of a row by name.
fn cells(row: &Object, names: &[&str]) -> Vec<Value> {
    names.iter().map(|name| row[*name].clone()).collect()
}

#[test]
fn what_points_cost_by_type_class_and_size() {
    let one = |changes: Value| estate(vec![sized(1, changes)]);
    let cold_since = |days: i64, of: &str| one(json!({ "resource_type": of, "move_to_cold_storage_at": ago(days, 0) }));
    let gapped = |of: &str| one(json!({ "resource_type": of, "vault_type": "LOGICALLY_AIR_GAPPED_BACKUP_VAULT" }));
    // why, estate, points, of unknown cost, in cold storage, known cents, cents a month, whether nothing can come on top
    let cases = [
        ("a database: 100 GiB at 0.095", one(json!({})), 1, 0, 0, 950, json!(950), yes()),
        ("two of them", estate(vec![sized(1, json!({})), sized(2, json!({}))]), 2, 0, 0, 1_900, json!(1_900), yes()),
        ("a byte is a cent, rounded up", one(json!({ "backup_size_bytes": 1 })), 1, 0, 0, 1, json!(1), yes()),
        ("a byte more is a cent more", one(json!({ "backup_size_bytes": SIZE + 1 })), 1, 0, 0, 951, json!(951), yes()),
        ("none", estate(vec![]), 0, 0, 0, 0, json!(0), yes()),
        ("0 says that it was not told", one(json!({ "backup_size_bytes": 0 })), 1, 1, 0, 0, OPEN, OPEN),
        ("not told", one(json!({ "backup_size_bytes": null })), 1, 1, 0, 0, OPEN, OPEN),
        ("what groups others", one(json!({ "is_parent": true })), 0, 0, 0, 0, json!(0), yes()),
        ("a volume", one(json!({ "resource_type": "EBS" })), 1, 0, 0, 500, json!(500), yes()),
        ("a file system: what the job transferred", one(json!({ "resource_type": "EFS" })), 1, 0, 0, 500, json!(500), OPEN),
        ("it may have transferred nothing", one(json!({ "resource_type": "EFS", "backup_size_bytes": 0 })), 1, 0, 0, 0, json!(0), OPEN),
        ("cold since yesterday: at 0.01", cold_since(1, "EFS"), 1, 0, 1, 100, json!(100), OPEN),
        ("cold from tomorrow", cold_since(-1, "EFS"), 1, 0, 0, 500, json!(500), OPEN),
        ("databases stay warm, whatever their lifecycle says", cold_since(1, "RDS"), 1, 0, 0, 950, json!(950), yes()),
        ("volumes move only if somebody opted in", cold_since(1, "EBS"), 1, 1, 0, 0, OPEN, OPEN),
        ("air-gapped: at 0.0242", gapped("Aurora"), 1, 0, 0, 242, json!(242), yes()),
        ("air-gapped, and that has no price", gapped("EBS"), 1, 1, 0, 0, OPEN, OPEN),
        ("a type without price", one(json!({ "resource_type": "Timestream" })), 1, 1, 0, 0, OPEN, OPEN),
        ("a type of tomorrow", one(json!({ "resource_type": "Dream" })), 1, 1, 0, 0, OPEN, OPEN),
        ("the kind of vault was not told", one(json!({ "vault_type": null })), 1, 1, 0, 0, OPEN, OPEN),
        ("a view of vaults elsewhere", one(json!({ "vault_type": "RESTORE_ACCESS_BACKUP_VAULT" })), 1, 1, 0, 0, OPEN, OPEN),
        (
            "one of two is not known: the other still costs",
            estate(vec![sized(1, json!({})), sized(2, json!({ "backup_size_bytes": null }))]),
            2,
            1,
            0,
            950,
            OPEN,
            OPEN,
        ),
    ];
    let names = ["points_count", "unpriced_points_count", "known_cents", "monthly_cents", "all_counted"];
    for (why, estate, points, unpriced, cold, known, monthly, all) in cases {
        let facts = estate.facts();
        let expected = vec![json!(points), json!(unpriced), json!(known), monthly, all];
        let resource = facts.row("backup_costs", &db_arn("x"));
        assert_eq!(cells(resource, &names), expected, "{why}: {resource:?}");
        assert_eq!(resource["cold_points_count"], json!(cold), "{why}");
        // Everything lies in one vault.
        assert_eq!(cells(facts.row("vault_storage", &home_vault()), &names), expected, "{why}, as the vault");
    }
}

#[test]
fn copies_count_wherever_they_lie() {
    let copy = with(copied_point("x", 1, ago(1, 0), FAR), json!({ "backup_size_bytes": SIZE, "vault_type": "BACKUP_VAULT" }));
    let copied = || estate(vec![sized(1, json!({}))]).has_at(FAR, "recovery_points", [copy.clone()]);
    let names = ["points_count", "size_bytes", "known_cents", "monthly_cents", "all_counted", "priced_on"];
    let of = |estate: Estate| cells(estate.facts().row("backup_costs", &db_arn("x")), &names);
    // 9.50 at home and 10.00 away; the older of the two lists is named.
    let both = [json!(2), json!(2 * SIZE), json!(1_950), json!(1_950), yes(), json!("2026-06-01")];
    assert_eq!(of(copied()), both);
    let home = [json!(1), OPEN, json!(950), OPEN, OPEN, json!("2026-11-01")];
    assert_eq!(of(copied().failed_at(FAR, "recovery_points", Some(&vault_arn(FAR, "far")), crate::dataset::ReadStatus::Denied)), home);
    // A vault that nobody knows to be there may hold copies of anything.
    let [points, _, known, .., date] = both.clone();
    let unlisted = copied().failed_at((OTHER_ACCOUNT, AWAY), "backup_vaults", None, crate::dataset::ReadStatus::Denied);
    let unlisted = unlisted.with_other_account();
    assert_eq!(of(unlisted), [points, OPEN, known, OPEN, OPEN, date]);
    // A point that names no resource may be of any.
    let nameless = estate(vec![sized(1, json!({})), sized(2, json!({ "resource_arn": null }))]);
    assert_eq!(of(nameless), [json!(1), OPEN, json!(950), OPEN, OPEN, json!("2026-11-01")]);
    // The vault away is whole by itself.
    let facts = copied().facts();
    assert_eq!(cells(facts.row("vault_storage", &vault_arn(FAR, "far")), &["known_cents", "all_counted"]), [json!(1_000), yes()]);
}

#[test]
fn what_may_be_gone_may_cost_nothing() {
    let listed = |at_s: i64| Estate::default().collected(at_s).has("backup_vaults", [vault((ACCOUNT, HOME), "main")]);
    let first = listed(ago(7, 0)).has("rds_instances", [db("x")]).has("recovery_points", [sized(8, json!({}))]);
    let again = || first.clone().collected_again(NOW_S).without("recovery_points");
    let names = ["points_count", "unpriced_points_count", "known_cents", "monthly_cents"];
    let of = |estate: Estate| cells(estate.facts().row("backup_costs", &db_arn("x")), &names);
    assert_eq!(of(again()), [json!(0), json!(0), json!(0), json!(0)], "it is not listed any more");
    let unread = again().denied("recovery_points", Some(&home_vault()));
    assert_eq!(of(unread), [json!(1), json!(1), json!(0), OPEN], "whether it is was not read");
}

#[test]
fn what_somebody_asks_for() {
    let objective = |changes: Value| json!([with(json!({ "id": "gold", "match": { "types": ["RDS"] } }), changes)]);
    let tagged = json!([{ "id": "gold", "match": { "tags": { "tier": "gold" } } }]);
    let untagged =
        || estate(vec![sized(1, json!({}))]).without("rds_instances").has("rds_instances", [with(db("x"), json!({ "tags": null }))]);
    let plain = || estate(vec![sized(1, json!({}))]);
    let default = json!("default, not approved");
    // why, estate, objectives, id, asked, cents that nobody asks for
    let cases = [
        ("asked for", plain(), objective(json!({})), json!("gold"), yes(), json!(0)),
        ("only other backups count", plain(), objective(json!({ "mechanisms": ["native_pitr"] })), json!("gold"), no(), json!(950)),
        ("nobody wrote one", plain(), json!([]), default.clone(), no(), json!(950)),
        ("it is for what is tagged, and that it is not", plain(), tagged.clone(), default, no(), json!(950)),
        ("its tags were not told", untagged(), tagged.clone(), OPEN, OPEN, OPEN),
    ];
    let window = || crate::model::Window { start_s: ago(30, 0), end_s: NOW_S };
    for (why, estate, objectives, id, asked, cents) in cases {
        let facts = estate.facts_with(objectives, window());
        assert_eq!(
            cells(facts.row("backup_costs", &db_arn("x")), &["objective_id", "asked", "unasked_cents"]),
            [id, asked, cents],
            "{why}"
        );
    }
}

#[test]
fn what_an_objective_costs_in_an_account() {
    let subject = |account: &str, id: &str| format!("arn:aws:iam::{account}:root#objective/{id}");
    let of_y = || with(sized(2, json!({})), json!({ "resource_arn": db_arn("y"), "recovery_point_arn": point_arn("y", 2) }));
    let two = || estate(vec![sized(1, json!({})), of_y()]).has("rds_instances", [with(db("y"), json!({ "tags": { "tier": "gold" } }))]);
    let gold = json!([{ "id": "gold", "match": { "tags": { "tier": "gold" } } }, { "id": "idle", "match": { "types": ["S3"] } }]);
    let window = || crate::model::Window { start_s: ago(30, 0), end_s: NOW_S };
    let names = ["resources_count", "points_count", "known_cents", "monthly_cents", "all_counted"];
    let facts = two().facts_with(gold.clone(), window());
    let one = [json!(1), json!(1), json!(950), json!(950), yes()];
    assert_eq!(cells(facts.row("objective_costs", &subject(ACCOUNT, "gold")), &names), one);
    assert_eq!(cells(facts.row("objective_costs", &subject(ACCOUNT, "default, not approved")), &names), one);
    let none = [json!(0), json!(0), json!(0), json!(0), yes()];
    assert_eq!(cells(facts.row("objective_costs", &subject(ACCOUNT, "idle")), &names), none);
    assert_eq!(facts.all("objective_costs").len(), 3);
    // Buckets were not read: more may fall under any of them, and rows stay.
    let facts = two().denied("s3_buckets", None).facts_with(gold.clone(), window());
    assert_eq!(facts.all("objective_costs").len(), 3);
    let open = [json!(1), json!(1), json!(950), OPEN, OPEN];
    assert_eq!(cells(facts.row("objective_costs", &subject(ACCOUNT, "gold")), &names), open);
    // Under which the other falls is not known.
    let facts = two().has("rds_instances", [with(db("z"), json!({ "tags": null }))]).facts_with(gold, window());
    assert_eq!(cells(facts.row("objective_costs", &subject(ACCOUNT, "gold")), &names), open);
}
