//! Runs of small collectors over canned answers, into memory: what the tests of runs share.

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

mod accounts;
mod interrupted;
mod records;

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
