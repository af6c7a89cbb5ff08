//! A collection that was interrupted goes on where it stopped, and ends as if it had not been.

use std::fs;
use std::io::Write;

use super::*;
use crate::dataset::manifest::MANIFEST;

/// What a process leaves behind when it ends at a bad moment.
type Accident = fn(&Path);

fn append(path: &Path, bytes: &[u8]) {
    fs::OpenOptions::new().create(true).append(true).open(path).unwrap().write_all(bytes).unwrap();
}

/// Goes on with a collection: every step whose unit is not done. The steps that were run.
fn go_on(dir: &Path) -> (Vec<&'static str>, Manifest) {
    let open = OpenCollection::resume(dir).unwrap();
    let mut run = Vec::new();
    for (name, step) in STEPS {
        if !open.done(&unit_of(name)) {
            step(&open).unwrap();
            run.push(name);
        }
    }
    (run, open.seal(TABLES, Ending::at(STARTED_S + 60)).unwrap())
}

#[test]
fn the_result_is_that_of_an_uninterrupted_run() {
    let whole = tempfile::tempdir().unwrap();
    let (_, expected) = sealed(whole.path());
    // what happened, after how many units, how, what is read again
    let cases: [(&str, usize, Accident, &[&str]); 7] = [
        ("between two units", 2, |_| {}, &["b", "a"]),
        ("before the first", 0, |_| {}, &["vaults", "list", "b", "a"]),
        ("after the last", 4, |_| {}, &[]),
        ("within a line of the journal", 3, |dir| append(&dir.join("journal.jsonl"), br#"{"unit":{"account_id":"1111222"#), &["a"]),
        (
            "within the file of a unit, and within the call log",
            3,
            |dir| {
                fs::write(dir.join("units/points-0123.tmp"), b"PAR1").unwrap();
                fs::write(dir.join("units/points-0123.parquet"), b"PAR1").unwrap();
                append(&dir.join("calls.jsonl"), b"{\"operation\":");
            },
            &["a"],
        ),
        (
            "between the file of a unit and its line in the journal",
            4,
            |dir| {
                let path = dir.join("journal.jsonl");
                let text = fs::read_to_string(&path).unwrap();
                let lines: Vec<_> = text.lines().take(3).collect();
                fs::write(path, lines.join("\n") + "\n").unwrap();
            },
            &["a"],
        ),
        (
            "while it was being sealed",
            4,
            |dir| {
                fs::create_dir(dir.join("points")).unwrap();
                fs::write(dir.join("points/part-0000.parquet"), b"PAR1").unwrap();
                fs::write(dir.join("manifest.tmp"), b"{").unwrap();
            },
            &[],
        ),
    ];
    for (what, units, accident, again) in cases {
        let root = tempfile::tempdir().unwrap();
        let open = OpenCollection::begin(root.path(), start(), 7).unwrap();
        for (_, step) in &STEPS[..units] {
            step(&open).unwrap();
        }
        let dir = open.dir().to_owned();
        drop(open);
        accident(&dir);
        let found = OpenCollection::interrupted(root.path()).unwrap();
        assert_eq!(found, [(dir.clone(), start())], "{what}: it is found again");
        let (run, manifest) = go_on(&dir);
        assert_eq!(run, again, "{what}: what is read again");
        assert_eq!(manifest, expected, "{what}: the same files with the same hashes");
        assert_eq!(points_on_disk(root.path()).len(), 3, "{what}");
        assert!(OpenCollection::interrupted(root.path()).unwrap().is_empty(), "{what}: nothing is left to do");
    }
}

#[test]
fn a_unit_that_was_not_read_completely_is_read_again_and_replaced() {
    let root = tempfile::tempdir().unwrap();
    let open = OpenCollection::begin(root.path(), start(), 7).unwrap();
    let partly = Batch::from_rows([point("a", "p1", 1), point("a", "p2", 2)]);
    open.write(&of_vault("a"), &[(&POINTS, partly)], &[read(&POINTS, Some("a"), ReadStatus::Partial)]).unwrap();
    assert!(!open.done(&of_vault("a")));
    assert_eq!(open.batch(&POINTS, &of_vault("a")).unwrap().map(|batch| batch.len()), Some(2), "until then what it gave is there");
    assert_eq!(open.batch(&POINTS, &of_vault("b")).unwrap(), None);
    let dir = open.dir().to_owned();
    drop(open);
    let (run, manifest) = go_on(&dir);
    assert_eq!(run, ["vaults", "list", "b", "a"]);
    assert!(manifest.complete);
    assert_eq!(points_on_disk(root.path()).len(), 3, "the rows of the first try are gone");
}

#[test]
fn only_one_process_writes() {
    let root = tempfile::tempdir().unwrap();
    let open = OpenCollection::begin(root.path(), start(), 7).unwrap();
    let dir = open.dir().to_owned();
    assert!(matches!(OpenCollection::resume(&dir), Err(DatasetError::Busy(busy)) if busy == dir));
    drop(open);
    assert!(OpenCollection::resume(&dir).is_ok(), "the lock ends with the process");
}

#[test]
fn what_a_sealed_collection_did_not_tidy_up_is_ignored_and_removed_by_the_next() {
    let root = tempfile::tempdir().unwrap();
    let (dir, manifest) = sealed(root.path());
    fs::create_dir(dir.join("units")).unwrap();
    fs::write(dir.join("open.json"), serde_json::to_string(&start()).unwrap()).unwrap();
    fs::write(dir.join("journal.jsonl"), b"").unwrap();
    assert_eq!(Dataset::open(root.path(), TABLES).unwrap().unsealed(), Vec::<PathBuf>::new());
    // Its units may be gone already: sealing it once more would leave it empty.
    assert!(matches!(OpenCollection::resume(&dir), Err(DatasetError::Sealed(_))));
    let lock = fs::File::open(dir.join("open.json")).unwrap();
    lock.lock().unwrap();
    assert!(OpenCollection::interrupted(root.path()).unwrap().is_empty());
    assert!(dir.join("units").exists(), "another process is about to");
    drop(lock);
    assert!(OpenCollection::interrupted(root.path()).unwrap().is_empty());
    assert!(["units", "open.json", "journal.jsonl"].iter().all(|name| !dir.join(name).exists()));
    assert_eq!(Manifest::read(&dir).unwrap(), Some(manifest));
    assert_eq!(points_on_disk(root.path()).len(), 3);
}

#[test]
fn an_interrupted_collection_is_left_out_and_named() {
    let root = tempfile::tempdir().unwrap();
    sealed(root.path());
    let open = OpenCollection::begin(root.path(), Start { started_s: STARTED_S + 1, ..start() }, 8).unwrap();
    let dataset = Dataset::open(root.path(), TABLES).unwrap();
    assert_eq!((dataset.collections().len(), dataset.unsealed()), (1, &[open.dir().to_owned()][..]));
}

/// The points as a version of the tool with fewer columns declared them.
static OTHER: Table = Table {
    name: "points",
    kind: TableKind::Object,
    doc: "Points.",
    columns: &[VaultRow::COLUMNS[0]],
    key: &["vault_arn"],
    parent: None,
    created: None,
    global: false,
    subject: None,
};

#[test]
fn rows_that_nobody_would_write_stop_the_sealing() {
    let root = tempfile::tempdir().unwrap();
    let open = OpenCollection::begin(root.path(), start(), 7).unwrap();
    let dir = open.dir().to_owned();
    for (_, step) in STEPS {
        step(&open).unwrap();
    }
    let error = open.seal(&[&VAULTS], Ending::at(STARTED_S)).unwrap_err();
    assert!(matches!(&error, DatasetError::UnknownTable(name) if name == "points"), "{error}");
    assert!(!dir.join(MANIFEST).exists());

    // Another version of the tool had other columns.
    let error = OpenCollection::resume(&dir).unwrap().seal(&[&VAULTS, &OTHER], Ending::at(STARTED_S)).unwrap_err().to_string();
    assert!(error.contains("its units of `points` have other columns"), "{error}");
    assert_eq!(go_on(&dir).0, [""; 0], "nothing is lost by that");
}

#[test]
fn a_head_that_cannot_be_understood_is_named() {
    let root = tempfile::tempdir().unwrap();
    let dir = OpenCollection::begin(root.path(), start(), 7).unwrap().dir().to_owned();
    fs::write(dir.join("open.json"), b"{").unwrap();
    for error in [OpenCollection::resume(&dir).unwrap_err(), OpenCollection::interrupted(root.path()).unwrap_err()] {
        let text = error.to_string();
        assert!(text.contains("open.json") && text.contains("is damaged"), "{text}");
    }
}
