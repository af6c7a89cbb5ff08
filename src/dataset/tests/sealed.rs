//! What a sealed collection holds.

use std::fs;

use super::*;
use crate::dataset::manifest::{MANIFEST, hash_file};
use crate::dataset::reads::READS;
use crate::dataset::schema::{Absence, Column, ColumnType, GLOBAL};
use crate::dataset::{Snapshot, frame};
use crate::model::Window;

#[test]
fn rows_come_back_sorted_and_each_once() {
    let root = tempfile::tempdir().unwrap();
    let (_, manifest) = sealed(root.path());
    let told = |vault: &str, point: &str, created_s| (vault.to_owned(), point.to_owned(), created_s);
    // By vault, then by creation (seconds, rounded down), then by ARN; the point that came twice is one.
    assert_eq!(points_on_disk(root.path()), [told("a", "p9", 10), told("b", "p3", 30), told("b", "p2", 40)]);
    assert_eq!(manifest.tables.get("points"), Some(&3));
    assert!(manifest.complete);
    let dataset = Dataset::open(root.path(), TABLES).unwrap();
    let snapshot = Snapshot::at(&dataset, None).unwrap();
    let vaults: Vec<VaultRow> = frame::from_frame("vaults", &snapshot.frame("vaults").unwrap()).unwrap();
    assert_eq!(vaults, [vault("a"), vault("b")]);
    assert!(matches!(snapshot.frame("nothing"), Err(DatasetError::UnknownTable(name)) if name == "nothing"));
}

#[test]
fn the_manifest_names_every_file_with_its_hash() {
    let root = tempfile::tempdir().unwrap();
    let (dir, manifest) = sealed(root.path());
    let paths: Vec<_> = manifest.files.iter().map(|file| file.path.as_str()).collect();
    assert_eq!(paths, ["calls.jsonl.zst", "points/part-0000.parquet", "reads/part-0000.parquet", "vaults/part-0000.parquet"]);
    for file in &manifest.files {
        assert_eq!(hash_file(&dir.join(&file.path)).unwrap(), (file.size_bytes, file.sha256.clone()), "{}", file.path);
    }
    assert_eq!(Manifest::read(&dir).unwrap(), Some(manifest));
    let mut left: Vec<_> = fs::read_dir(&dir).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    left.sort();
    assert_eq!(left, ["calls.jsonl.zst", MANIFEST, "points", "reads", "vaults"], "nothing of the open collection is left");
}

#[test]
fn a_table_without_rows_has_a_file_too() {
    let root = tempfile::tempdir().unwrap();
    OpenCollection::begin(root.path(), start(), 7).unwrap().seal(TABLES, Ending::at(STARTED_S)).unwrap();
    let dataset = Dataset::open(root.path(), TABLES).unwrap();
    let frame = dataset.collections()[0].scan(&POINTS).unwrap().collect().unwrap();
    assert_eq!(frame.height(), 0);
    assert!(frame.column("lifecycle").is_ok());
}

#[test]
fn no_failed_read_is_taken_for_the_repetition_of_a_good_one() {
    let root = tempfile::tempdir().unwrap();
    let open = OpenCollection::begin(root.path(), start(), 7).unwrap();
    // Two ranges of one vault, read in the same second; AWS denied the second.
    for (range, status) in
        [((None, Some(20)), ReadStatus::Complete), ((Some(20), None), ReadStatus::Denied), ((None, None), ReadStatus::Throttled)]
    {
        let read = Read { from_s: range.0, to_s: range.1, ..read(&POINTS, Some("a"), status) };
        open.write(&UnitId { range: Some(range), ..of_vault("a") }, &[], &[read]).unwrap();
    }
    let manifest = open.seal(TABLES, Ending::at(STARTED_S)).unwrap();
    assert_eq!((manifest.complete, manifest.tables.get("reads")), (false, Some(&3)));
}

#[test]
fn what_is_observed_of_one_parent_does_not_hang_on_the_others() {
    let root = tempfile::tempdir().unwrap();
    for (later_s, from_s, of_b) in [(0, STARTED_S - 1_000, ReadStatus::Denied), (100, STARTED_S - 10, ReadStatus::Complete)] {
        let started_s = STARTED_S + later_s;
        let open = OpenCollection::begin(root.path(), Start { started_s, ..start() }, 7).unwrap();
        for (name, status) in [("a", ReadStatus::Complete), ("b", of_b)] {
            let read = Read { from_s: Some(from_s), to_s: Some(started_s - 5), ..read(&POINTS, Some(name), status) };
            open.write(&of_vault(name), &[], &[read]).unwrap();
        }
        open.seal(TABLES, Ending::at(started_s)).unwrap();
    }
    let dataset = Dataset::open(root.path(), TABLES).unwrap();
    let snapshot = Snapshot::at(&dataset, None).unwrap();
    let observed = |parent| snapshot.observed_of("points", ACCOUNT, HOME, parent);
    let window = |start_s, end_s| vec![Window { start_s, end_s }];
    assert_eq!(observed(Some("a")), window(STARTED_S - 1_000, STARTED_S + 95), "two collections, one span");
    assert_eq!(observed(Some("b")), window(STARTED_S - 10, STARTED_S + 95), "what was denied is not known");
    assert_eq!((observed(Some("c")), observed(None)), (vec![], vec![]), "never asked for");
    assert_eq!(snapshot.observed("points", ACCOUNT, HOME), window(STARTED_S - 10, STARTED_S + 95), "all of them together");
}

#[test]
fn reads_lie_in_their_declared_order() {
    let root = tempfile::tempdir().unwrap();
    sealed(root.path());
    let dataset = Dataset::open(root.path(), TABLES).unwrap();
    let reads = dataset.collections()[0].scan(&READS).unwrap().collect().unwrap();
    let reads: Vec<Read> = frame::from_frame("reads", &reads).unwrap();
    let told: Vec<_> = reads.iter().map(|read| (read.parent.as_deref(), read.table.as_deref().unwrap())).collect();
    assert_eq!(told, [(None, "points"), (None, "vaults"), (Some("a"), "points"), (Some("b"), "points")]);
}

const ADDED: &[Column] = &[
    VaultRow::COLUMNS[0],
    VaultRow::COLUMNS[1],
    VaultRow::COLUMNS[2],
    Column { name: "added", column_type: ColumnType::Integer, absence: Absence::NotTold, source: "", doc: "" },
];
const NEEDED: &[Column] =
    &[VaultRow::COLUMNS[0], Column { name: "needed", column_type: ColumnType::Integer, absence: Absence::Never, source: "", doc: "" }];
const MEANS: &[Column] = &[
    VaultRow::COLUMNS[0],
    Column { name: "means", column_type: ColumnType::Integer, absence: Absence::Means("none"), source: "", doc: "" },
];
const MISTYPED: &[Column] =
    &[VaultRow::COLUMNS[0], Column { name: "locked", column_type: ColumnType::Integer, absence: Absence::NotTold, source: "", doc: "" }];

static WITH_ADDED: Table = Table { columns: ADDED, ..VAULTS_AS_THEY_WERE };
static WITH_NEEDED: Table = Table { columns: NEEDED, ..VAULTS_AS_THEY_WERE };
static WITH_MEANS: Table = Table { columns: MEANS, ..VAULTS_AS_THEY_WERE };
static WITH_MISTYPED: Table = Table { columns: MISTYPED, ..VAULTS_AS_THEY_WERE };
const VAULTS_AS_THEY_WERE: Table = Table {
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

#[test]
fn columns_that_an_older_tool_did_not_write() {
    let root = tempfile::tempdir().unwrap();
    sealed(root.path());
    let dataset = Dataset::open(root.path(), TABLES).unwrap();
    let collection = &dataset.collections()[0];
    let added = collection.scan(&WITH_ADDED).unwrap().collect().unwrap();
    assert_eq!(added.column("added").unwrap().null_count(), 2, "NULL says nothing, so it may stand for what was not written");
    for (why, table, expected) in [
        ("NULL would mean something", &WITH_MEANS, "it has no column `means`"),
        ("NULL must not be", &WITH_NEEDED, "it has no column `needed`"),
        ("another type", &WITH_MISTYPED, "column `locked` holds bool, expected i64"),
    ] {
        let Err(error) = collection.scan(table) else { panic!("{why}") };
        let text = error.to_string();
        assert!(text.contains("vaults/part-0000.parquet") && text.contains(expected), "{why}: {text}");
    }
}

#[test]
fn a_table_that_an_older_tool_did_not_know_is_unread_and_not_empty() {
    static ADDED_LATER: Table = Table { name: "added_later", ..VAULTS_AS_THEY_WERE };
    let root = tempfile::tempdir().unwrap();
    sealed(root.path());
    let dataset = Dataset::open(root.path(), &[&VAULTS, &POINTS, &ADDED_LATER]).unwrap();
    let snapshot = Snapshot::at(&dataset, None).unwrap();
    assert_eq!(snapshot.frame("added_later").unwrap().height(), 0);
    let told: Vec<_> = snapshot.gaps().iter().map(|gap| (gap.table.as_str(), gap.status)).collect();
    assert_eq!(told, [("added_later", ReadStatus::NotRequested)]);
}

#[test]
fn what_was_read_in_another_account_is_no_gap_and_not_complete_either() {
    static ONCE: Table = Table { name: "once", global: true, ..VAULTS_AS_THEY_WERE };
    static KNOWN: &[&Table] = &[&ONCE];
    const MEMBER: &str = "444455556666";
    for (told, whole) in [(ReadStatus::Complete, true), (ReadStatus::Denied, false)] {
        let root = tempfile::tempdir().unwrap();
        let scope = Scope { accounts: vec![ACCOUNT.to_owned(), MEMBER.to_owned()], ..start().scope };
        let open = OpenCollection::begin(root.path(), Start { scope, ..start() }, 7).unwrap();
        for (account, status) in [(ACCOUNT, told), (MEMBER, ReadStatus::Elsewhere)] {
            let id = UnitId { account_id: account.to_owned(), region: GLOBAL.to_owned(), ..unit(&ONCE) };
            open.write(&id, &[], &[read(&ONCE, None, status)]).unwrap();
        }
        assert_eq!(open.seal(KNOWN, Ending::at(STARTED_S)).unwrap().complete, whole, "{told}");
        let dataset = Dataset::open(root.path(), KNOWN).unwrap();
        let snapshot = Snapshot::at(&dataset, None).unwrap();
        let gaps: Vec<_> = snapshot.gaps().iter().map(|gap| (gap.account_id.as_str(), gap.status)).collect();
        assert_eq!(gaps, if whole { vec![] } else { vec![(ACCOUNT, told)] }, "one gap at most, where it was asked");
        let complete = [ACCOUNT, MEMBER].map(|account| snapshot.complete("once", account, HOME, None));
        assert_eq!(complete, [whole, false], "that a member has no rows says nothing");
        assert_eq!(snapshot.complete_reads("once", MEMBER, HOME), Vec::<i64>::new());
    }
}

#[test]
fn collections_are_in_order_of_time_whatever_their_names() {
    let root = tempfile::tempdir().unwrap();
    for (random, started_s) in [(9, STARTED_S + 5), (1, STARTED_S + 5), (5, STARTED_S)] {
        OpenCollection::begin(root.path(), Start { started_s, ..start() }, random).unwrap().seal(TABLES, Ending::at(started_s)).unwrap();
    }
    let dataset = Dataset::open(root.path(), TABLES).unwrap();
    let order: Vec<_> = dataset.collections().iter().map(|one| one.manifest.id.as_str()).collect();
    assert_eq!(order, ["20261120T000000Z-00000005", "20261120T000005Z-00000001", "20261120T000005Z-00000009"]);
    let error = Snapshot::at(&dataset, Some(STARTED_S - 1)).unwrap_err().to_string();
    assert!(error.ends_with("has no sealed collection that began by 2026-11-19T23:59:59Z"), "{error}");
}
