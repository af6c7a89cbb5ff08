//! What other tables name is read one by one: each text once, after everything that names it, and again after an interruption.

use std::sync::Arc;

use async_trait::async_trait;
use serde_json::json;

use super::call_log::CallLog;
use super::collector::{Collector, Harvest, Operation, ReadError, Unit};
use super::door::RegionDoor;
use super::runner::{Scope, Sink, collect};
use super::runner_tests::{Memory, only, run_scope};
use super::testing::{self, ACCOUNT, Fake, REGION, Reply};
use super::{backup_plans, backup_vaults, recovery_points, selections};
use crate::collect::progress::{Progress, ProgressMode};
use crate::dataset::{OpenCollection, ReadStatus, Row, Start, Table, TableKind, manifest};

crate::rows! {
    /// A key.
    struct Key {
        /// What it was asked by
        asked: Text, Never, "the column that names it";
        /// State
        state: Text, NotTold, "KeyState";
    }
}

static KEYS: Table = Table {
    name: "keys",
    kind: TableKind::State,
    doc: "",
    columns: Key::COLUMNS,
    key: &["asked"],
    parent: Some("asked"),
    created: None,
    global: false,
    subject: None,
};

struct Keys;

/// Against the order of reading: waves must put it right.
static COLLECTORS: &[&dyn Collector] = &[&Keys, &recovery_points::RecoveryPoints, &backup_vaults::BackupVaults];

#[async_trait]
impl Collector for Keys {
    fn tables(&self) -> &'static [&'static Table] {
        const { &[&KEYS] }
    }

    fn operations(&self) -> &'static [Operation] {
        &[Operation { service: "kms", name: "DescribeKey", action: "kms:DescribeKey" }]
    }

    fn references(&self) -> &'static [(&'static Table, &'static str)] {
        const { &[(&backup_vaults::TABLE, "encryption_key_arn"), (&recovery_points::TABLE, "encryption_key_arn")] }
    }

    async fn collect(&self, door: &RegionDoor, unit: &Unit, harvest: &mut Harvest) -> Result<(), ReadError> {
        let asked = unit.parent.clone().unwrap_or_default();
        let answer = door.kms_in(REGION).describe_key().key_id(&asked).send().await;
        let key = answer.map_err(|error| ReadError::from_sdk("DescribeKey", error))?.key_metadata;
        harvest.page(1);
        harvest.push(&KEYS, Key { asked: Some(asked), state: key.and_then(|key| key.key_state).map(|state| state.to_string()) });
        Ok(())
    }
}

fn vault_arn(name: &str) -> String {
    format!("arn:aws:backup:{REGION}:{ACCOUNT}:backup-vault:{name}")
}

/// The vaults of the Region with the keys that they name.
fn vaults(vaults: &[(&str, Option<&str>)]) -> Reply {
    let list: Vec<_> = vaults.iter().map(|(name, key)| json!({ "BackupVaultArn": vault_arn(name), "EncryptionKeyArn": key })).collect();
    Reply::ok("ListBackupVaults", json!({ "BackupVaultList": list }).to_string())
}

/// The points of a vault, by the keys that they name.
fn points(vault: &str, keys: &[Option<&str>]) -> Reply {
    let point = |(index, key): (usize, Option<&str>)| json!({ "RecoveryPointArn": format!("{vault}-{index}"), "EncryptionKeyArn": key });
    let list: Vec<_> = keys.iter().copied().enumerate().map(point).collect();
    let page = json!({ "RecoveryPoints": list }).to_string();
    Reply::ok("ListRecoveryPointsByBackupVault", page).containing(format!("/backup-vaults/{vault}/"))
}

fn key(name: &str) -> Reply {
    let answer = json!({ "KeyMetadata": { "KeyId": name, "KeyState": "Enabled" } });
    Reply::ok("DescribeKey", answer.to_string()).containing(format!("\"{name}\""))
}

async fn run(fake: &Fake, sink: &Arc<Memory>) {
    run_scope(fake, sink, &Scope::new(COLLECTORS, 0)).await.unwrap();
}

fn of_keys(sink: &Memory) -> Vec<String> {
    sink.reads().into_iter().filter(|read| read.starts_with("keys ")).collect()
}

#[tokio::test]
async fn each_text_is_asked_once_whoever_names_it() {
    let replies = [
        vaults(&[("a", Some("k1")), ("b", None), ("c", Some(""))]),
        points("a", &[Some("k2"), Some("k1"), Some("k2"), None]),
        points("b", &[Some("k2")]),
        points("c", &[]),
        key("k1"),
        key("k2"),
    ];
    let (fake, sink) = (testing::fake(replies), Arc::new(Memory::default()));
    run(&fake, &sink).await;
    assert_eq!(of_keys(&sink), ["keys - complete 0", "keys k1 complete 1", "keys k2 complete 1"], "no unit for NULL or an empty text");
    assert_eq!(fake.left(), 0);
}

#[tokio::test]
async fn a_list_that_names_nothing_was_read_all_the_same() {
    let sink = Arc::new(Memory::default());
    run(&testing::fake([vaults(&[])]), &sink).await;
    assert_eq!(of_keys(&sink), ["keys - complete 0"], "no vault, so no list of points either: nothing is missing");
}

#[tokio::test]
async fn what_is_named_by_half_the_lists_is_read_and_the_rest_is_known_to_be_missing() {
    // what AWS does, what is read of the keys, what the record of the Region gives as the reason
    let denied = || Reply::denied("ListRecoveryPointsByBackupVault").containing("/backup-vaults/b/");
    let cases = [
        (
            vec![vaults(&[("a", Some("k1")), ("b", None)]), points("a", &[Some("k2")]), denied(), key("k1"), key("k2")],
            vec!["keys - skipped 0", "keys k1 complete 1", "keys k2 complete 1"],
            "recovery_points could not be listed (denied)",
        ),
        (vec![Reply::denied("ListBackupVaults")], vec!["keys - skipped 0"], "backup_vaults could not be listed (denied)"),
    ];
    for (replies, expected, reason) in cases {
        let (fake, sink) = (testing::fake(replies), Arc::new(Memory::default()));
        run(&fake, &sink).await;
        assert_eq!(of_keys(&sink), expected);
        assert!(sink.reason("keys", None).contains(reason), "`{}` does not say `{reason}`", sink.reason("keys", None));
    }
}

#[tokio::test]
async fn a_table_that_is_not_collected_names_nothing_that_could_be_known() {
    static WITHOUT_POINTS: &[&dyn Collector] = &[&backup_vaults::BackupVaults, &Keys];
    let sink = Arc::new(Memory::default());
    let scope = Scope::new(WITHOUT_POINTS, 0);
    run_scope(&testing::fake([vaults(&[("a", Some("k1"))]), key("k1")]), &sink, &scope).await.unwrap();
    assert_eq!(of_keys(&sink), ["keys - skipped 0", "keys k1 complete 1"]);
    assert_eq!(sink.reason("keys", None), "recovery_points is not part of this collection");
}

#[tokio::test]
async fn a_resumed_collection_finds_the_same_units_on_disk() {
    let folder = tempfile::tempdir().unwrap();
    let begin = Start {
        caller: manifest::Caller { account_id: ACCOUNT.into(), arn: String::new(), user_id: String::new() },
        scope: manifest::Scope { accounts: vec![ACCOUNT.into()], regions: vec![REGION.into()], ..manifest::Scope::default() },
        started_s: 0,
        tool_version: "0.0.0".into(),
    };
    let collection = OpenCollection::begin(folder.path(), begin, 1).unwrap();
    let dir = collection.dir().to_owned();
    let scope = Scope::new(COLLECTORS, 0);
    let quiet = Progress::new(ProgressMode::Quiet);

    let denied = Reply::denied("DescribeKey").forever();
    let replies = [vaults(&[("a", Some("k1"))]), points("a", &[Some("k2"), None, Some("k2")]), key("k1"), denied];
    let door = testing::fake(replies).open(CallLog::counting()).await;
    let first = collect(&door, &[only(&door, &[REGION])], &scope, Arc::new(collection), &quiet).await.unwrap();
    assert_eq!(first.gaps.iter().map(|gap| gap.parent.as_deref()).collect::<Vec<_>>(), [Some("k2")]);

    let collection = Arc::new(OpenCollection::resume(&dir).unwrap());
    let again = testing::fake([key("k2")]);
    let door = again.open(CallLog::counting()).await;
    let second = collect(&door, &[only(&door, &[REGION])], &scope, Arc::clone(&collection) as Arc<dyn Sink>, &quiet).await.unwrap();
    assert_eq!((second.kept_units, second.gaps.len(), again.left()), (3, 0, 0), "vaults, points and the first key came from disk");
}

#[tokio::test]
async fn a_failed_call_for_one_item_gives_its_own_name_to_the_gap() {
    static SELECTIONS: &[&dyn Collector] = &[&backup_plans::BackupPlans, &selections::Selections];
    let plans = json!({ "BackupPlansList": [{ "BackupPlanArn": format!("arn:aws:backup:{REGION}:{ACCOUNT}:backup-plan:8f81") }] });
    let listed = json!({ "BackupSelectionsList": [{ "SelectionId": "s1" }, { "SelectionId": "s2" }] });
    let get = |id: &str| Reply::ok("GetBackupSelection", r#"{"BackupSelection":{"SelectionName":"all"}}"#).containing(format!("/{id}"));
    let denied = |id: &str| Reply::denied("GetBackupSelection").containing(format!("/{id}"));
    let expired = r#"{"__type":"ExpiredTokenException","message":"The security token included in the request is expired"}"#;
    // the answers for both selections, how the read counts, whether a new login would help
    let cases = [
        ([get("s1"), denied("s2")], ReadStatus::Partial, false),
        ([denied("s1"), denied("s2")], ReadStatus::Denied, false),
        ([get("s1"), Reply::error("GetBackupSelection", 403, expired).containing("/s2")], ReadStatus::Partial, true),
    ];
    for (replies, status, helps) in cases {
        let lists = [Reply::ok("ListBackupPlans", plans.to_string()), Reply::ok("ListBackupSelections", listed.to_string())];
        let fake = testing::fake(lists.into_iter().chain(replies));
        let scope = Scope::new(SELECTIONS, 0);
        let summary = run_scope(&fake, &Arc::new(Memory::default()), &scope).await.unwrap();
        let gaps: Vec<_> = summary.gaps.iter().map(|gap| (gap.table.as_str(), gap.status, gap.operation.as_str())).collect();
        assert_eq!((gaps.as_slice(), summary.expired), (&[("selections", status, "GetBackupSelection")][..], helps));
    }
}
