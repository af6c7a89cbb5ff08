//! Runs of small collectors over canned answers, into memory.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex};

use async_trait::async_trait;

use super::accounts::Account;
use super::call_log::CallLog;
use super::collector::{Collector, Harvest, Operation, ReadError, Unit, texts};
use super::door::{Door, RegionDoor};
use super::error::CollectError;
use super::known::Known;
use super::org_accounts::OrgAccounts;
use super::organization::Organizations;
use super::policy::{Finding, read_policy};
use super::progress::{Progress, ProgressMode, Summary};
use super::runner::{Scope, Sink, SinkError, collect};
use super::testing::{self, ACCOUNT, Fake, REGION, Reply};
use crate::dataset::reads::Read;
use crate::dataset::{Batch, OpenCollection, ReadStatus, Row, Start, Table, TableKind, UnitId, manifest};
use crate::model::Window;

crate::rows! {
    /// A vault.
    struct Vault {
        /// ARN
        arn: Text, Never, "BackupVaultArn";
    }
}
crate::rows! {
    /// The policy of a vault.
    struct Policy {
        /// ARN of the vault
        arn: Text, Never, "BackupVaultArn";
        /// Policy
        policy: Text, NotTold, "Policy";
    }
}

static VAULTS: Table = table("vaults", Vault::COLUMNS, None);
static POLICIES: Table = table("policies", Policy::COLUMNS, Some("arn"));
static PLANS: Table = table("plans", Vault::COLUMNS, None);

const fn table(name: &'static str, columns: &'static [crate::dataset::Column], parent: Option<&'static str>) -> Table {
    Table { name, kind: TableKind::State, doc: "", columns, key: &["arn"], parent, created: None, global: false, subject: None }
}

struct Vaults;
struct Policies;
struct Plans;

static ALL: &[&dyn Collector] = &[&Policies, &Vaults, &Plans];

#[async_trait]
impl Collector for Vaults {
    fn tables(&self) -> &'static [&'static Table] {
        const TABLES: &[&Table] = &[&VAULTS];
        TABLES
    }

    fn operations(&self) -> &'static [Operation] {
        &[Operation { service: "backup", name: "ListBackupVaults", action: "backup:ListBackupVaults" }]
    }

    async fn collect(&self, door: &RegionDoor, _unit: &Unit, harvest: &mut Harvest) -> Result<(), ReadError> {
        let mut token = None;
        loop {
            let answer = door.backup().list_backup_vaults().set_next_token(token).send().await;
            let page = answer.map_err(|error| ReadError::from_sdk("ListBackupVaults", error))?;
            harvest.page(page.backup_vault_list().len());
            for vault in page.backup_vault_list() {
                harvest.push(&VAULTS, Vault { arn: vault.backup_vault_arn().map(str::to_owned) });
            }
            token = page.next_token;
            if token.is_none() {
                return Ok(());
            }
        }
    }
}

#[async_trait]
impl Collector for Policies {
    fn tables(&self) -> &'static [&'static Table] {
        const TABLES: &[&Table] = &[&POLICIES];
        TABLES
    }

    fn operations(&self) -> &'static [Operation] {
        &[Operation { service: "backup", name: "GetBackupVaultAccessPolicy", action: "backup:GetBackupVaultAccessPolicy" }]
    }

    fn parents(&self) -> Option<(&'static Table, &'static str)> {
        Some((&VAULTS, "arn"))
    }

    async fn collect(&self, door: &RegionDoor, unit: &Unit, harvest: &mut Harvest) -> Result<(), ReadError> {
        let arn = unit.parent.clone().unwrap_or_default();
        let name = arn.rsplit(':').next().unwrap_or_default();
        let answer = door.backup().get_backup_vault_access_policy().backup_vault_name(name).send().await;
        let answer = answer.map_err(|error| ReadError::from_sdk("GetBackupVaultAccessPolicy", error))?;
        harvest.page(1);
        harvest.push(&POLICIES, Policy { arn: Some(arn), policy: answer.policy });
        Ok(())
    }
}

#[async_trait]
impl Collector for Plans {
    fn tables(&self) -> &'static [&'static Table] {
        const TABLES: &[&Table] = &[&PLANS];
        TABLES
    }

    fn operations(&self) -> &'static [Operation] {
        &[Operation { service: "backup", name: "ListBackupPlans", action: "backup:ListBackupPlans" }]
    }

    fn covers(&self, started_s: i64) -> (Option<i64>, Option<i64>) {
        (Some(started_s - 30), Some(started_s))
    }

    async fn collect(&self, door: &RegionDoor, _unit: &Unit, harvest: &mut Harvest) -> Result<(), ReadError> {
        let answer = door.backup().list_backup_plans().send().await;
        let page = answer.map_err(|error| ReadError::from_sdk("ListBackupPlans", error))?;
        harvest.page(page.backup_plans_list().len());
        for plan in page.backup_plans_list() {
            harvest.push(&PLANS, Vault { arn: plan.backup_plan_arn().map(str::to_owned) });
        }
        Ok(())
    }
}

/// Rows by table, and the reads.
type Kept = (BTreeMap<&'static str, Batch>, Vec<Read>);

/// Units in memory, the last read of each.
#[derive(Default)]
pub(super) struct Memory {
    units: Mutex<BTreeMap<UnitId, Kept>>,
    portions: Mutex<Vec<(UnitId, &'static str, usize)>>,
    full: bool,
}

impl Sink for Memory {
    fn done(&self, unit: &UnitId) -> bool {
        let units = self.units.lock().unwrap();
        units.get(unit).is_some_and(|(_, reads)| reads.iter().all(|read| read.status.as_deref() == Some("complete")))
    }

    fn batch(&self, table: &'static Table, unit: &UnitId) -> Result<Option<Batch>, SinkError> {
        Ok(self.units.lock().unwrap().get(unit).and_then(|(tables, _)| tables.get(table.name).cloned()))
    }

    fn texts(&self, table: &'static Table, column: &str, unit: &UnitId) -> Result<Option<BTreeSet<String>>, SinkError> {
        Ok(self.batch(table, unit)?.map(|batch| texts(&batch, column).cloned().collect()))
    }

    fn portion(&self, unit: &UnitId, table: &'static Table, batch: &Batch) -> Result<(), SinkError> {
        if self.full {
            return Err("no space left on device".into());
        }
        self.portions.lock().unwrap().push((unit.clone(), table.name, batch.len()));
        Ok(())
    }

    fn write(&self, unit: &UnitId, tables: &[(&'static Table, Batch)], reads: &[Read]) -> Result<(), SinkError> {
        if self.full {
            return Err("no space left on device".into());
        }
        let tables = tables.iter().map(|(table, batch)| (table.name, batch.clone())).collect();
        self.units.lock().unwrap().insert(unit.clone(), (tables, reads.to_vec()));
        Ok(())
    }
}

impl Memory {
    /// One that can keep nothing.
    pub(super) fn full() -> Self {
        Self { full: true, ..Self::default() }
    }

    /// Portions as table and rows, in the order in which they came.
    pub(super) fn portions(&self) -> Vec<(&'static str, usize)> {
        self.portions.lock().unwrap().iter().map(|(_, table, rows)| (*table, *rows)).collect()
    }

    /// All reads as `table parent status rows`, the parent by its name, sorted.
    pub(super) fn reads(&self) -> Vec<String> {
        let units = self.units.lock().unwrap();
        let mut lines: Vec<String> = units.values().flat_map(|(_, reads)| reads).map(line).collect();
        lines.sort();
        lines
    }

    pub(super) fn reason(&self, table: &str, parent: Option<&str>) -> String {
        let units = self.units.lock().unwrap();
        let mut reads = units.values().flat_map(|(_, reads)| reads);
        let read = reads.find(|read| read.table.as_deref() == Some(table) && read.parent.as_deref() == parent);
        read.and_then(|read| read.reason.clone()).unwrap_or_default()
    }
}

fn line(read: &Read) -> String {
    let parent = read.parent.as_deref().map_or("-", |arn| arn.rsplit(':').next().unwrap_or_default());
    let word = |text: &Option<String>| text.clone().unwrap_or_default();
    format!("{} {parent} {} {}", word(&read.table), word(&read.status), read.rows_count.unwrap_or(-1))
}

fn arn(name: &str) -> String {
    format!("arn:aws:backup:{REGION}:{ACCOUNT}:backup-vault:{name}")
}

fn vaults(names: &[&str], next: Option<&str>) -> Reply {
    let list: Vec<_> = names.iter().map(|name| serde_json::json!({ "BackupVaultArn": arn(name), "BackupVaultName": name })).collect();
    Reply::ok("ListBackupVaults", serde_json::json!({ "BackupVaultList": list, "NextToken": next }).to_string())
}

fn policy(vault: &str) -> Reply {
    Reply::ok("GetBackupVaultAccessPolicy", r#"{"Policy":"{}"}"#).containing(format!("/backup-vaults/{vault}/"))
}

fn no_plans() -> Reply {
    Reply::ok("ListBackupPlans", r#"{"BackupPlansList":[]}"#)
}

async fn run(fake: &Fake, sink: &Arc<Memory>) -> Result<Summary, CollectError> {
    run_scope(fake, sink, &Scope::new(ALL, 0)).await
}

pub(super) async fn run_scope(fake: &Fake, sink: &Arc<Memory>, scope: &Scope) -> Result<Summary, CollectError> {
    let door = fake.open(CallLog::counting()).await;
    let sink: Arc<dyn Sink> = Arc::clone(sink) as Arc<dyn Sink>;
    let progress = Progress::new(ProgressMode::Quiet);
    let accounts = [only(&door, &[REGION])];
    let work = collect(&door, &accounts, scope, sink, &progress);
    is_send(&work);
    work.await
}

/// The caller's own account.
pub(super) fn only(door: &Door, regions: &[&str]) -> Account {
    let regions = regions.iter().map(|region| (*region).to_owned()).collect();
    Account { account_id: door.caller().account_id.clone(), door: Ok(door.clone()), regions }
}

/// Commands may run a collection in a task of its own.
fn is_send(_: &impl Send) {}

#[tokio::test]
async fn every_unit_leaves_a_record_and_a_refusal_ends_nothing_else() {
    let denied = Reply::denied("GetBackupVaultAccessPolicy").containing("/backup-vaults/b/");
    let fake = testing::fake([vaults(&["a"], Some("2")), vaults(&["b"], None), policy("a"), denied, no_plans()]);
    let sink = Arc::new(Memory::default());
    let summary = run(&fake, &sink).await.unwrap();
    assert_eq!(
        sink.reads(),
        ["plans - complete 0", "policies - complete 0", "policies a complete 1", "policies b denied 0", "vaults - complete 2"]
    );
    assert_eq!(
        sink.reason("policies", Some(&arn("b"))),
        "AccessDeniedException: not allowed (request 00000000-0000-4000-8000-000000000001)"
    );
    assert_eq!(summary.rows, BTreeMap::from([("plans", 0), ("policies", 1), ("vaults", 2)]));
    assert_eq!((summary.calls, summary.reads, summary.stopped), (6, 5, false));
    let gaps: Vec<_> = summary.gaps.iter().map(|gap| (gap.table.as_str(), gap.status, gap.operation.as_str())).collect();
    assert_eq!(gaps, [("policies", ReadStatus::Denied, "GetBackupVaultAccessPolicy")]);
    assert_eq!(fake.left(), 0);
}

#[tokio::test]
async fn without_parents_the_children_are_skipped_and_nothing_looks_empty() {
    let fake = testing::fake([Reply::denied("ListBackupVaults"), no_plans()]);
    let sink = Arc::new(Memory::default());
    run(&fake, &sink).await.unwrap();
    assert_eq!(sink.reads(), ["plans - complete 0", "policies - skipped 0", "vaults - denied 0"]);
    assert!(sink.reason("policies", None).starts_with("vaults could not be listed (denied): AccessDenied"));
    assert!(!fake.asked().iter().any(|asked| asked.operation == "GetBackupVaultAccessPolicy"));
}

#[tokio::test]
async fn parents_known_from_half_a_list_are_read_and_the_rest_is_named_unread() {
    let fake = testing::fake([vaults(&["a"], Some("2")), Reply::denied("ListBackupVaults"), policy("a"), no_plans()]);
    let sink = Arc::new(Memory::default());
    run(&fake, &sink).await.unwrap();
    assert_eq!(sink.reads(), ["plans - complete 0", "policies - skipped 0", "policies a complete 1", "vaults - partial 1"]);
}

#[tokio::test]
async fn no_vaults_is_an_answer() {
    let fake = testing::fake([vaults(&[], None), no_plans()]);
    let sink = Arc::new(Memory::default());
    run(&fake, &sink).await.unwrap();
    assert_eq!(sink.reads(), ["plans - complete 0", "policies - complete 0", "vaults - complete 0"]);
}

#[tokio::test]
async fn what_broke_decides_how_the_read_counts() {
    let nameless = r#"{"BackupPlansList":[{"BackupPlanId":"x"},{"BackupPlanArn":"arn:aws:backup:eu-west-1:111122223333:backup-plan:y"}]}"#;
    // what AWS does, how the read of the plans counts, what the reason contains
    let cases = [
        (Reply::throttled("ListBackupPlans").forever(), "plans - throttled 0", "Rate exceeded"),
        (Reply::silent("ListBackupPlans").forever(), "plans - unavailable 0", "no answer in time"),
        (Reply::refused("ListBackupPlans").forever(), "plans - unavailable 0", "connection refused"),
        (Reply::ok("ListBackupPlans", r#"{"BackupPlansList":[{"#).forever(), "plans - unavailable 0", "breaks off"),
        (Reply::ok("ListBackupPlans", r#"{"BackupPlansList":[{}"#), "plans - unavailable 0", "unreadable answer with HTTP status 200"),
        (Reply::ok("ListBackupPlans", "").forever(), "plans - unavailable 0", "is empty"),
        (Reply::ok("ListBackupPlans", "<html>log in</html>"), "plans - unavailable 0", "unreadable answer with HTTP status 200"),
        (Reply::error("ListBackupPlans", 500, "{}").forever(), "plans - unavailable 0", "HTTP status 500"),
        (Reply::crash("ListBackupPlans"), "plans - unavailable 0", "a crash that the test asked for"),
        (Reply::ok("ListBackupPlans", nameless), "plans - partial 1", "1 × plans sent without BackupVaultArn"),
    ];
    for (reply, expected, reason) in cases {
        let fake = testing::fake([vaults(&[], None), reply]);
        let sink = Arc::new(Memory::default());
        run(&fake, &sink).await.unwrap();
        assert_eq!(sink.reads(), [expected, "policies - complete 0", "vaults - complete 0"]);
        assert!(sink.reason("plans", None).contains(reason), "`{}` does not say `{reason}`", sink.reason("plans", None));
    }
}

#[tokio::test]
async fn two_requests_to_slow_down_are_overcome_and_counted() {
    let fake = testing::fake([vaults(&[], None), Reply::throttled("ListBackupPlans"), Reply::throttled("ListBackupPlans"), no_plans()]);
    let sink = Arc::new(Memory::default());
    let summary = run(&fake, &sink).await.unwrap();
    assert_eq!(sink.reads()[0], "plans - complete 0");
    assert_eq!(summary.calls, 5, "each attempt is a call, and so is asking who calls");
}

#[tokio::test]
async fn a_resumed_run_asks_only_for_what_is_missing() {
    let denied = Reply::denied("GetBackupVaultAccessPolicy").containing("/backup-vaults/b/");
    let sink = Arc::new(Memory::default());
    run(&testing::fake([vaults(&["a", "b"], None), policy("a"), denied, no_plans()]), &sink).await.unwrap();

    let again = testing::fake([policy("b")]);
    let summary = run(&again, &sink).await.unwrap();
    let asked: Vec<String> = again.asked().into_iter().map(|asked| asked.operation).collect();
    assert_eq!(asked, ["GetCallerIdentity", "GetBackupVaultAccessPolicy"]);
    assert_eq!(summary.kept_units, 3, "vaults, plans, and the policy of vault a");
    assert_eq!(
        sink.reads(),
        ["plans - complete 0", "policies - complete 0", "policies a complete 1", "policies b complete 1", "vaults - complete 2"]
    );
}

#[tokio::test]
async fn credentials_that_expire_on_the_way_are_told_apart_from_missing_permissions() {
    let expired = r#"{"__type":"ExpiredTokenException","message":"The security token included in the request is expired"}"#;
    // what AWS answers, whether a new login would help
    for (reply, expected) in [(Reply::error("ListBackupPlans", 403, expired), true), (Reply::denied("ListBackupPlans"), false)] {
        let sink = Arc::new(Memory::default());
        let summary = run(&testing::fake([vaults(&[], None), reply]), &sink).await.unwrap();
        assert_eq!((sink.reads()[0].as_str(), summary.expired), ("plans - denied 0", expected));
    }
}

#[tokio::test]
async fn credentials_that_aws_does_not_know_have_ended_where_sts_says_so_too() {
    let unknown =
        || Reply::error("ListBackupPlans", 403, r#"{"__type":"UnrecognizedClientException","message":"The security token is invalid"}"#);
    let identity = "<GetCallerIdentityResponse><GetCallerIdentityResult><Arn>arn:aws:iam::111122223333:user/auditor</Arn>\
                    <UserId>AIDAEXAMPLE</UserId><Account>111122223333</Account></GetCallerIdentityResult></GetCallerIdentityResponse>";
    let denial = Reply::error("GetCallerIdentity", 403, testing::xml_error("InvalidClientTokenId", "The security token is invalid"));
    // what STS answers when it is asked again, whether a new login would help
    let cases = [(Reply::ok("GetCallerIdentity", identity), false), (denial, true), (Reply::refused("GetCallerIdentity").forever(), false)];
    for (answer, expected) in cases {
        let fake = testing::fake([vaults(&[], None), unknown()]);
        let door = fake.open(CallLog::counting()).await;
        fake.add(answer);
        let sink: Arc<dyn Sink> = Arc::new(Memory::default());
        let quiet = Progress::new(ProgressMode::Quiet);
        let summary = collect(&door, &[only(&door, &[REGION])], &Scope::new(ALL, 0), sink, &quiet).await.unwrap();
        assert_eq!((summary.expired, fake.left()), (expected, 0));
    }
}

#[tokio::test]
#[cfg(target_os = "linux")]
async fn what_has_no_line_in_the_log_is_not_kept() {
    let fake = testing::fake([vaults(&[], None).forever(), no_plans().forever()]);
    let door = fake.open(CallLog::counting()).await;
    door.call_log().fill_up();
    let sink = Arc::new(Memory::default());
    let quiet = Progress::new(ProgressMode::Quiet);
    let kept = Arc::clone(&sink) as Arc<dyn Sink>;
    let error = collect(&door, &[only(&door, &[REGION])], &Scope::new(ALL, 0), kept, &quiet).await.unwrap_err();
    assert!(matches!(&error, CollectError::Unlogged { path, .. } if path == "/dev/full"), "{error:?}");
    assert!(sink.reads().iter().all(|read| read.contains("complete 0")), "{:?}", sink.reads());
}

#[tokio::test]
async fn an_open_collection_takes_units_and_gives_them_back() {
    let folder = tempfile::tempdir().unwrap();
    let begin = Start {
        caller: manifest::Caller { account_id: ACCOUNT.into(), arn: String::new(), user_id: String::new() },
        scope: manifest::Scope { accounts: vec![ACCOUNT.into()], regions: vec![REGION.into()], ..manifest::Scope::default() },
        started_s: 0,
        tool_version: "0.0.0".into(),
    };
    let collection = OpenCollection::begin(folder.path(), begin, 1).unwrap();
    let dir = collection.dir().to_owned();
    let scope = Scope::new(ALL, 0);
    let quiet = Progress::new(ProgressMode::Quiet);

    let denied = Reply::denied("GetBackupVaultAccessPolicy");
    let door = testing::fake([vaults(&["a"], None), denied, no_plans()]).open(CallLog::counting()).await;
    collect(&door, &[only(&door, &[REGION])], &scope, Arc::new(collection), &quiet).await.unwrap();

    let collection = Arc::new(OpenCollection::resume(&dir).unwrap());
    let again = testing::fake([policy("a")]);
    let door = again.open(CallLog::counting()).await;
    let summary = collect(&door, &[only(&door, &[REGION])], &scope, Arc::clone(&collection) as Arc<dyn Sink>, &quiet).await.unwrap();
    assert_eq!((summary.kept_units, summary.gaps.len(), again.left()), (2, 0, 0), "the vault's ARN came from disk");
    assert_eq!(collection.units(), 4, "vaults, plans, the policy of the vault, and that all vaults are known");
}

#[tokio::test]
async fn a_sink_that_is_full_ends_the_run() {
    let fake = testing::fake([vaults(&[], None), no_plans()]);
    let error = run(&fake, &Arc::new(Memory::full())).await.unwrap_err();
    assert!(matches!(&error, CollectError::Sink { unit, .. } if unit.contains(REGION)), "{error:?}");
}

#[tokio::test]
async fn a_run_that_is_told_to_stop_starts_nothing_and_says_so() {
    let scope = Scope::new(ALL, 0);
    scope.stop.ask();
    let fake = testing::fake([]);
    let sink = Arc::new(Memory::default());
    let summary = run_scope(&fake, &sink, &scope).await.unwrap();
    assert!(summary.stopped);
    assert_eq!(sink.reads(), Vec::<String>::new());
}

#[tokio::test]
async fn told_twice_it_drops_what_hangs() {
    let scope = Scope::new(ALL, 0);
    let fake = testing::fake([vaults(&["a"], None), Reply::silent("ListBackupPlans").forever()]);
    let sink = Arc::new(Memory::default());
    let stop = scope.stop.clone();
    let seen = fake.clone();
    tokio::spawn(async move {
        while !seen.asked().iter().any(|asked| asked.operation == "ListBackupPlans") {
            tokio::time::sleep(std::time::Duration::from_millis(1)).await;
        }
        stop.ask();
        stop.ask();
    });
    let summary = run_scope(&fake, &sink, &scope).await.unwrap();
    assert!(summary.stopped);
    assert!(sink.reads().iter().all(|read| !read.starts_with("plans") && !read.starts_with("policies")), "{:?}", sink.reads());
}

#[tokio::test]
async fn regions_have_their_own_units() {
    let fake = testing::fake([vaults(&[], None).forever(), no_plans().forever()]);
    let sink = Arc::new(Memory::default());
    let door = fake.open(CallLog::counting()).await;
    let accounts = [only(&door, &[REGION, "eu-west-2"])];
    let kept: Arc<dyn Sink> = Arc::clone(&sink) as Arc<dyn Sink>;
    collect(&door, &accounts, &Scope::new(ALL, 0), kept, &Progress::new(ProgressMode::Quiet)).await.unwrap();
    let units: Vec<String> = sink.units.lock().unwrap().keys().map(|unit| format!("{} {}", unit.region, unit.collector)).collect();
    assert_eq!(units.len(), 6);
    assert!(units.iter().any(|unit| unit == "eu-west-2 plans"));
    let asked = fake.asked();
    assert_eq!(asked.iter().filter(|asked| asked.region == "eu-west-2").count(), 2);
}

#[tokio::test]
async fn a_read_says_which_time_it_covers() {
    let fake = testing::fake([vaults(&[], None), no_plans()]);
    let sink = Arc::new(Memory::default());
    run(&fake, &sink).await.unwrap();
    let units = sink.units.lock().unwrap();
    let (_, reads) = units.iter().find(|(unit, _)| unit.collector == "plans").map(|(_, unit)| unit).unwrap();
    let now_s = testing::still().now_ms() / 1_000;
    assert_eq!((reads[0].from_s, reads[0].to_s), (Some(now_s - 30), Some(now_s)));
    assert_eq!((reads[0].pages_count, reads[0].items_count), (Some(1), Some(0)));
}

/// Has units of its own names, and history that need not be read twice.
struct Kinds;

static KINDS: Table = table("kinds", Vault::COLUMNS, Some("arn"));
static NAMED: &[&dyn Collector] = &[&Kinds];

#[async_trait]
impl Collector for Kinds {
    fn tables(&self) -> &'static [&'static Table] {
        const TABLES: &[&Table] = &[&KINDS];
        TABLES
    }

    fn operations(&self) -> &'static [Operation] {
        &[Operation { service: "backup", name: "ListBackupPlans", action: "backup:ListBackupPlans" }]
    }

    fn units(&self, _parents: Option<&Batch>, _started_s: i64) -> Vec<Unit> {
        ["a", "b"].map(|kind| Unit { parent: Some(kind.to_owned()), range: None }).to_vec()
    }

    fn covers(&self, started_s: i64) -> (Option<i64>, Option<i64>) {
        (Some(started_s - 100), Some(started_s))
    }

    fn overlap_s(&self) -> Option<i64> {
        Some(10)
    }

    async fn collect(&self, door: &RegionDoor, unit: &Unit, harvest: &mut Harvest) -> Result<(), ReadError> {
        let answer = door.backup().list_backup_plans().send().await;
        answer.map_err(|error| ReadError::from_sdk("ListBackupPlans", error))?;
        harvest.page(1);
        harvest.push(&KINDS, Vault { arn: unit.parent.clone() });
        Ok(())
    }
}

#[tokio::test]
async fn units_with_names_of_their_own_leave_a_record_for_the_region_too() {
    let sink = Arc::new(Memory::default());
    let scope = Scope::new(NAMED, 0);
    run_scope(&testing::fake([no_plans(), Reply::denied("ListBackupPlans")]), &sink, &scope).await.unwrap();
    assert_eq!(sink.reads(), ["kinds - complete 0", "kinds a complete 1", "kinds b denied 0"]);
    let summary = run_scope(&testing::fake([no_plans()]), &sink, &scope).await.unwrap();
    assert_eq!((sink.reads()[2].as_str(), summary.kept_units), ("kinds b complete 1", 1), "only what is missing is asked for again");
}

#[tokio::test]
async fn what_an_earlier_collection_covers_is_not_read_again_and_the_record_says_so() {
    let now_s = testing::still().now_ms() / 1_000;
    let covered = |_: &str, _: (&str, &str), kind: Option<&str>| match kind {
        Some("a") => vec![Window { start_s: now_s - 500, end_s: now_s - 50 }],
        _ => Vec::new(),
    };
    let known = Known::of(NAMED, &[(ACCOUNT, REGION)], now_s, covered);
    let sink = Arc::new(Memory::default());
    let scope = Scope { known, ..Scope::new(NAMED, now_s) };
    run_scope(&testing::fake([no_plans().forever()]), &sink, &scope).await.unwrap();
    let units = sink.units.lock().unwrap();
    let spans: Vec<_> = units.iter().map(|(unit, (_, reads))| (unit.parent.as_deref(), reads[0].from_s, reads[0].to_s)).collect();
    assert_eq!(
        spans,
        [(None, None, None), (Some("a"), Some(now_s - 60), Some(now_s)), (Some("b"), Some(now_s - 100), Some(now_s))],
        "the first from what is known, less the overlap; the second from where AWS begins"
    );
}

#[tokio::test]
async fn plain_lines_tell_when_a_region_begins_and_ends() {
    #[derive(Clone, Default)]
    struct Page(Arc<Mutex<Vec<u8>>>);
    impl std::io::Write for Page {
        fn write(&mut self, text: &[u8]) -> std::io::Result<usize> {
            self.0.lock().unwrap().extend_from_slice(text);
            Ok(text.len())
        }
        fn flush(&mut self) -> std::io::Result<()> {
            Ok(())
        }
    }
    let page = Page::default();
    let fake = testing::fake([vaults(&["a"], None), policy("a"), no_plans()]);
    let door = fake.open(CallLog::counting()).await;
    let scope = Scope::new(ALL, 0);
    collect(&door, &[only(&door, &[REGION])], &scope, Arc::new(Memory::default()), &Progress::lines_to(page.clone())).await.unwrap();
    let text = String::from_utf8(page.0.lock().unwrap().clone()).unwrap();
    assert_eq!(text, "eu-west-1: begins\neu-west-1: ended, 3 of 3 reads, 2 rows\n");
}

#[test]
fn the_policy_is_sorted_and_whole() {
    let statements = |collectors: &[&dyn Collector], finding: &Finding| {
        let policy: serde_json::Value = serde_json::from_str(&read_policy(collectors, finding)).unwrap();
        policy["Statement"].clone()
    };
    let read = statements(ALL, &Finding::default());
    let expected = serde_json::json!([
        "backup:GetBackupVaultAccessPolicy",
        "backup:ListBackupPlans",
        "backup:ListBackupVaults",
        "sts:GetCallerIdentity"
    ]);
    assert_eq!((&read[0]["Action"], read.as_array().unwrap().len()), (&expected, 1));
    assert_eq!(read, statements(&[&Plans, &Vaults, &Policies, &Plans], &Finding::default()), "order and repetition do not matter");

    let finding = Finding { regions: true, organization: true, role_name: Some("audit/Reader".into()) };
    let of_all = statements(&[&Plans], &finding);
    let expected =
        serde_json::json!(["backup:ListBackupPlans", "ec2:DescribeRegions", "organizations:ListAccounts", "sts:GetCallerIdentity"]);
    assert_eq!(of_all[0]["Action"], expected);
    assert_eq!((&of_all[1]["Action"][0], &of_all[1]["Resource"]), (&"sts:AssumeRole".into(), &"arn:*:iam::*:role/audit/Reader".into()));
}

#[tokio::test]
async fn an_account_that_cannot_be_entered_is_unread_and_the_others_go_on() {
    let fake = testing::fake([vaults(&[], None), no_plans()]);
    let home = fake.open(CallLog::counting()).await;
    let refused = ReadError { status: ReadStatus::Denied, operation: "AssumeRole".into(), reason: "AccessDenied: not allowed".into() };
    let regions = vec![REGION.to_owned()];
    let accounts = [only(&home, &[REGION]), Account { account_id: "444455556666".into(), door: Err(refused), regions }];
    let sink = Arc::new(Memory::default());
    let kept: Arc<dyn Sink> = Arc::clone(&sink) as Arc<dyn Sink>;
    let summary = collect(&home, &accounts, &Scope::new(ALL, 0), kept, &Progress::new(ProgressMode::Quiet)).await.unwrap();
    let units = sink.units.lock().unwrap();
    let unread: Vec<String> =
        units.iter().filter(|(unit, _)| unit.account_id == "444455556666").flat_map(|(_, (_, reads))| reads).map(line).collect();
    assert_eq!(unread, ["plans - denied 0", "policies - denied 0", "vaults - denied 0"], "every table of it, parents or not");
    assert!(summary.gaps.iter().all(|gap| gap.operation == "AssumeRole" && gap.reason.contains("could not be entered")));
    assert_eq!((summary.gaps.len(), units.len()), (3, 6));
}

static OF_ORGANIZATION: &[&dyn Collector] = &[&Organizations, &OrgAccounts];

/// What `DescribeOrganization` says in a member.
fn member() -> Reply {
    let organization =
        serde_json::json!({ "Arn": "arn:aws:organizations::444455556666:organization/o-1", "MasterAccountId": "444455556666" });
    Reply::ok("DescribeOrganization", serde_json::json!({ "Organization": organization }).to_string())
}

#[tokio::test]
async fn a_member_alone_asks_what_only_few_are_told_and_says_what_to_do() {
    let nowhere = Reply::error("DescribeOrganization", 400, r#"{"__type":"AWSOrganizationsNotInUseException"}"#);
    // what it shows, replies, reads, what the reason of the accounts says
    let cases = [
        (
            "AWS refuses",
            vec![member(), Reply::denied("ListAccounts")],
            ["org_accounts - denied 0", "organization - complete 1"],
            "only to the management account 444455556666",
        ),
        (
            "a delegated administrator is told",
            vec![member(), Reply::ok("ListAccounts", r#"{"Accounts":[]}"#)],
            ["org_accounts - complete 0", "organization - complete 1"],
            "",
        ),
        ("no organization", vec![nowhere], ["org_accounts - complete 0", "organization - complete 0"], "belongs to no organization"),
        (
            "nobody knows whose it is: not asked",
            vec![Reply::denied("DescribeOrganization")],
            ["org_accounts - skipped 0", "organization - denied 0"],
            "organization could not be listed (denied)",
        ),
    ];
    for (shows, replies, reads, reason) in cases {
        let fake = testing::fake(replies);
        let sink = Arc::new(Memory::default());
        run_scope(&fake, &sink, &Scope::new(OF_ORGANIZATION, 0)).await.unwrap();
        assert_eq!(sink.reads(), reads, "{shows}");
        assert!(sink.reason("org_accounts", None).contains(reason), "{shows}: {}", sink.reason("org_accounts", None));
        assert_eq!(fake.left(), 0, "{shows}");
    }
}

#[tokio::test]
async fn a_resumed_collection_knows_whose_the_accounts_are() {
    let sink = Arc::new(Memory::default());
    run_scope(&testing::fake([member(), Reply::denied("ListAccounts")]), &sink, &Scope::new(OF_ORGANIZATION, 0)).await.unwrap();
    let fake = testing::fake([Reply::ok("ListAccounts", r#"{"Accounts":[]}"#)]);
    run_scope(&fake, &sink, &Scope::new(OF_ORGANIZATION, 0)).await.unwrap();
    assert_eq!(sink.reads(), ["org_accounts - complete 0", "organization - complete 1"], "the organization is not asked for again");
}

#[tokio::test]
async fn what_is_not_asked_for_is_recorded_as_that() {
    static ASKED: &[&dyn Collector] = &[&Plans];
    static NOT: &[&dyn Collector] = &[&Policies, &Vaults];
    let fake = testing::fake([no_plans()]);
    let sink = Arc::new(Memory::default());
    let summary = run_scope(&fake, &sink, &Scope { not_requested: NOT, ..Scope::new(ASKED, 0) }).await.unwrap();
    assert_eq!(sink.reads(), ["plans - complete 0", "policies - not_requested 0", "vaults - not_requested 0"]);
    assert_eq!(summary.gaps, [], "it is known, and no surprise");
}
