//! Dry runs over canned answers: what is called, and what is counted instead.

use std::collections::BTreeSet;

use super::*;
use crate::collect::COLLECTORS;
use crate::collect::call_log::CallLog;
use crate::collect::door::DoorSettings;
use crate::collect::pages::unreadable;
use crate::collect::progress::ProgressMode;
use crate::collect::test_reads::json;
use crate::collect::testing::{self, ACCOUNT, REGION, Reply};
use crate::collect::{backup_vaults::BackupVaults, recovery_points::RecoveryPoints, vault_policies::VaultPolicies};

static SOME: &[&dyn Collector] = &[&BackupVaults, &VaultPolicies, &RecoveryPoints];

fn vault(name: &str, points: i64) -> serde_json::Value {
    let arn = format!("arn:aws:backup:{REGION}:{ACCOUNT}:backup-vault:{name}");
    serde_json::json!({ "BackupVaultName": name, "BackupVaultArn": arn, "NumberOfRecoveryPoints": points, "CreationDate": 1_780_000_000 })
}

fn points(count: usize, next: Option<&str>) -> Reply {
    let points: Vec<_> =
        (0..count).map(|n| serde_json::json!({ "RecoveryPointArn": format!("arn:aws:rds:{REGION}:{ACCOUNT}:snapshot:{n}") })).collect();
    json("ListRecoveryPointsByBackupVault", &serde_json::json!({ "RecoveryPoints": points, "NextToken": next }))
}

/// What a dry run says and calls.
async fn dry_run(replies: impl IntoIterator<Item = Reply>, doors: impl Fn(&Door) -> Vec<Account>) -> (Estimate, Vec<String>) {
    let fake = testing::fake(replies);
    let gate = Gate::new(SOME);
    let home = fake.open_with(DoorSettings { gate: Some(gate.clone()), ..fake.settings(CallLog::counting()) }).await;
    let accounts = doors(&home);
    let question = Question {
        home: &home,
        accounts: &accounts,
        collectors: SOME,
        dataset: None,
        known: Known::default(),
        started_s: 1_795_147_200,
        rate_percent: 100,
        gate: &gate,
        progress: &Progress::new(ProgressMode::Quiet),
    };
    let estimate = estimate(&question).await.unwrap();
    let mut asked: Vec<String> = fake.asked().into_iter().map(|asked| asked.operation).collect();
    asked.sort_unstable();
    (estimate, asked)
}

fn own(home: &Door) -> Vec<Account> {
    vec![Account { account_id: ACCOUNT.to_owned(), door: Ok(home.clone()), regions: vec![REGION.to_owned()] }]
}

fn requests(estimate: &Estimate) -> Vec<(&str, u64)> {
    estimate.operations.iter().map(|row| (row.operation.as_str(), row.requests)).collect()
}

#[tokio::test]
async fn lists_are_read_and_what_follows_from_them_is_counted() {
    let vaults = json("ListBackupVaults", &serde_json::json!({ "BackupVaultList": [vault("prod", 9), vault("empty", 0)] }));
    let replies = [vaults, points(2, Some("2")).containing("/prod/"), points(0, None).containing("/empty/")];
    let (estimate, asked) = dry_run(replies, own).await;
    let expected = [
        ("GetBackupVaultAccessPolicy", 2),
        ("ListBackupVaults", 1),
        ("ListRecoveryPointsByBackupVault", 6), // nine points are five pages of two; one more for the other vault
        ("GetCallerIdentity", 1),
    ];
    assert_eq!(requests(&estimate), expected);
    let made = ["GetCallerIdentity", "ListBackupVaults", "ListRecoveryPointsByBackupVault", "ListRecoveryPointsByBackupVault"];
    assert_eq!(asked, made, "no policy, and of each vault one page");
    assert_eq!((estimate.requests, estimate.made_by_dry_run, estimate.refused.len()), (10, 4, 0));
}

#[tokio::test]
async fn a_list_that_is_refused_is_named_and_an_account_without_a_way_in_is_asked_nothing() {
    let closed = |home: &Door| {
        let other =
            Account { account_id: "444455556666".to_owned(), door: Err(unreadable("AssumeRole", "no")), regions: vec![REGION.to_owned()] };
        own(home).into_iter().chain([other]).collect()
    };
    let (estimate, _) = dry_run([Reply::denied("ListBackupVaults")], closed).await;
    assert_eq!(requests(&estimate), [("ListBackupVaults", 1), ("AssumeRole", 1), ("GetCallerIdentity", 1)]);
    let [refused] = estimate.refused.as_slice() else { panic!("{:?}", estimate.refused) };
    assert_eq!((refused.table.as_str(), refused.region.as_str()), ("backup_vaults", REGION));
    assert!(refused.reason.contains("AccessDenied"), "{}", refused.reason);
}

fn place(region: &str, table: &str) -> Place {
    Place { account_id: ACCOUNT.to_owned(), region: region.to_owned(), table: table.to_owned() }
}

#[test]
fn what_is_asked_is_asked_with_its_sources_in_the_same_region() {
    let wanted = BTreeSet::from(["selections", "backup_plans", "backup_jobs"].map(|table| place("eu-west-1", table)));
    let told = BTreeSet::from(["backup_plans", "backup_jobs"].map(|table| place("eu-west-1", table)));
    let elsewhere = place("us-east-1", "backup_plans");
    let wanted: BTreeSet<_> = wanted.into_iter().chain([elsewhere.clone()]).collect();
    let told: BTreeSet<_> = told.into_iter().chain([elsewhere]).collect();
    let asked = to_ask(&wanted, &told, COLLECTORS);
    assert_eq!(asked, BTreeSet::from(["selections", "backup_plans"].map(|table| place("eu-west-1", table))));
    let groups = groups(COLLECTORS, &asked);
    let [(collectors, places)] = groups.as_slice() else { panic!("one group") };
    assert_eq!(collectors.iter().map(|collector| name(*collector)).collect::<Vec<_>>(), ["backup_plans", "selections"]);
    assert_eq!(*places, [(ACCOUNT.to_owned(), "eu-west-1".to_owned())]);
}

#[test]
fn what_is_foretold_is_an_operation_of_the_collector_and_names_no_unit_of_another() {
    for collector in COLLECTORS {
        let table = name(*collector);
        for (operation, _) in collector.foretold() {
            assert!(collector.operations().contains(operation), "{table} foretells {}, which it does not call", operation.name);
        }
        // The first operation lists. Where it is not called, there are no rows for others to follow from.
        let lists = collector.operations().first().copied();
        let silent = collector.foretold().iter().any(|(operation, how)| Some(*operation) == lists && *how != Foretold::ByFirstPage);
        let followed = COLLECTORS.iter().flat_map(|other| sources(*other)).any(|source| source.name == table);
        assert!(!(silent && followed), "{table} is not asked, and others follow from it");
    }
}
