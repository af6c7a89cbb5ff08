//! Tests of collections on disk: what is written is read back, and nothing that is damaged, half written or missing passes for whole.

mod damage;
mod interrupted;
mod portions;
mod sealed;

use std::path::{Path, PathBuf};

use super::manifest::{Caller, Scope};
use super::reads::Read;
use super::rows::{Batch, Millis};
use super::{Dataset, DatasetError, Ending, Manifest, OpenCollection, ReadStatus, Start, Table, TableKind, UnitId};
use crate::dataset::Row;

const ACCOUNT: &str = "111122223333";
const HOME: &str = "eu-west-1";
const STARTED_S: i64 = 1_795_132_800;

crate::rows! {
    /// A vault.
    struct VaultRow {
        /// Its ARN
        vault_arn: Text, Never, "BackupVaultArn";
        /// Whether it is locked
        locked: Boolean, NotTold, "Locked";
        /// Longest retention
        max_days: Integer, Means("no limit"), "MaxRetentionDays";
    }
}

crate::rows! {
    /// A point.
    struct PointRow {
        /// Vault it lies in
        vault_arn: Text, Never, "BackupVaultArn";
        /// Its ARN
        point_arn: Text, Never, "RecoveryPointArn";
        /// When it was created
        created: Time, NotTold, "CreationDate";
        /// Its lifecycle
        lifecycle: Json, NotTold, "Lifecycle";
    }
}

static VAULTS: Table = Table {
    name: "vaults",
    kind: TableKind::State,
    doc: "Vaults.",
    columns: VaultRow::COLUMNS,
    key: &["vault_arn"],
    parent: None,
    created: None,
    global: false,
    subject: None,
};

static POINTS: Table = Table {
    name: "points",
    kind: TableKind::Object,
    doc: "Points.",
    columns: PointRow::COLUMNS,
    key: &["vault_arn", "point_arn"],
    parent: Some("vault_arn"),
    created: Some("created"),
    global: false,
    subject: None,
};

static TABLES: &[&Table] = &[&VAULTS, &POINTS];

fn vault(name: &str) -> VaultRow {
    VaultRow { vault_arn: Some(name.to_owned()), locked: Some(true), max_days: None }
}

fn point(vault: &str, name: &str, created_s: i64) -> PointRow {
    PointRow {
        vault_arn: Some(vault.to_owned()),
        point_arn: Some(name.to_owned()),
        created: Some(Millis(created_s * 1_000 + 500)),
        lifecycle: None,
    }
}

fn start() -> Start {
    Start {
        caller: Caller { account_id: ACCOUNT.to_owned(), arn: format!("arn:aws:iam::{ACCOUNT}:role/audit"), user_id: "AIDA".to_owned() },
        scope: Scope { accounts: vec![ACCOUNT.to_owned()], regions: vec![HOME.to_owned()], ..Scope::default() },
        started_s: STARTED_S,
        tool_version: "0.1.0".to_owned(),
    }
}

/// The whole Region's unit of a table.
fn unit(table: &Table) -> UnitId {
    let region = HOME.to_owned();
    UnitId { account_id: ACCOUNT.to_owned(), region, collector: table.name.to_owned(), parent: None, range: None }
}

/// The unit of a vault's points.
fn of_vault(name: &str) -> UnitId {
    UnitId { parent: Some(name.to_owned()), ..unit(&POINTS) }
}

fn read(table: &Table, parent: Option<&str>, status: ReadStatus) -> Read {
    Read {
        table: Some(table.name.to_owned()),
        parent: parent.map(str::to_owned),
        status: Some(status.word().to_owned()),
        operation: Some("List".to_owned()),
        from_s: None,
        to_s: None,
        started: Some(Millis(STARTED_S * 1_000)),
        ended: Some(Millis(STARTED_S * 1_000)),
        pages_count: Some(1),
        items_count: Some(1),
        rows_count: Some(1),
        reason: None,
    }
}

/// A step of a collection: what one unit writes.
type Step = (&'static str, fn(&OpenCollection) -> Result<(), DatasetError>);

/// A small collection: two vaults with their points, written in no particular order.
const STEPS: [Step; 4] = [
    ("vaults", |open| {
        let rows = Batch::from_rows([vault("b"), vault("a")]);
        open.write(&unit(&VAULTS), &[(&VAULTS, rows)], &[read(&VAULTS, None, ReadStatus::Complete)])
    }),
    ("list", |open| open.write(&unit(&POINTS), &[], &[read(&POINTS, None, ReadStatus::Complete)])),
    ("b", |open| {
        let rows = Batch::from_rows([point("b", "p3", 30), point("b", "p2", 40), point("b", "p3", 30)]);
        open.write(&of_vault("b"), &[(&POINTS, rows)], &[read(&POINTS, Some("b"), ReadStatus::Complete)])
    }),
    ("a", |open| {
        let rows = Batch::from_rows([point("a", "p9", 10)]);
        open.write(&of_vault("a"), &[(&POINTS, rows)], &[read(&POINTS, Some("a"), ReadStatus::Complete)])
    }),
];

/// Which unit a step writes.
fn unit_of(step: &str) -> UnitId {
    match step {
        "vaults" => unit(&VAULTS),
        "list" => unit(&POINTS),
        vault => of_vault(vault),
    }
}

/// Writes and seals the small collection; its folder and manifest.
fn sealed(root: &Path) -> (PathBuf, Manifest) {
    let open = OpenCollection::begin(root, start(), 7).unwrap();
    for (_, step) in STEPS {
        step(&open).unwrap();
    }
    let dir = open.dir().to_owned();
    (dir, open.seal(TABLES, Ending::at(STARTED_S + 60)).unwrap())
}

/// The rows of the points as they lie on disk, in order.
fn points_on_disk(root: &Path) -> Vec<(String, String, i64)> {
    let dataset = Dataset::open(root, TABLES).unwrap();
    crate::rows! {
        /// A point as it is read.
        struct OnDisk { vault_arn: Text; point_arn: Text; created_s: Integer; }
    }
    let frame = dataset.collections()[0].scan(&POINTS).unwrap().collect().unwrap();
    let rows: Vec<OnDisk> = super::frame::from_frame("points", &frame).unwrap();
    rows.into_iter().map(|row| (row.vault_arn.unwrap(), row.point_arn.unwrap(), row.created_s.unwrap())).collect()
}
