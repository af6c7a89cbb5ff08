//! A dataset that is not what its manifests say is refused as a whole, and the file is named.

use std::fs;
use std::io::{Seek, SeekFrom, Write};

use super::*;
use crate::dataset::manifest::MANIFEST;

/// Changes a file of a sealed collection.
type Blow = fn(&Path);

fn part(dir: &Path) -> PathBuf {
    dir.join("points/part-0000.parquet")
}

fn edit(dir: &Path, from: &str, to: &str) {
    let path = dir.join(MANIFEST);
    let text = fs::read_to_string(&path).unwrap();
    assert!(text.contains(from), "the manifest has {from}");
    fs::write(path, text.replacen(from, to, 1)).unwrap();
}

#[test]
fn every_kind_of_damage_is_named() {
    // what happened, to what, file named, what the error says
    let cases: [(&str, Blow, &str, &str); 10] = [
        (
            "one byte",
            |dir| {
                let mut file = fs::OpenOptions::new().write(true).open(part(dir)).unwrap();
                file.seek(SeekFrom::Start(40)).unwrap();
                file.write_all(b"\xff").unwrap();
            },
            "points/part-0000.parquet",
            "its SHA-256 is not the one in the manifest",
        ),
        ("a missing file", |dir| fs::remove_file(part(dir)).unwrap(), "points/part-0000.parquet", "is damaged"),
        (
            "a truncated file",
            |dir| fs::OpenOptions::new().write(true).open(part(dir)).unwrap().set_len(50).unwrap(),
            "points/part-0000.parquet",
            "it has 50 bytes, the manifest says",
        ),
        ("the call log", |dir| fs::write(dir.join("calls.jsonl.zst"), b"").unwrap(), "calls.jsonl.zst", "it has 0 bytes"),
        ("a manifest that is no JSON", |dir| fs::write(dir.join(MANIFEST), b"{").unwrap(), MANIFEST, "it is no JSON"),
        ("an empty manifest", |dir| fs::write(dir.join(MANIFEST), b"").unwrap(), MANIFEST, "it is no JSON"),
        (
            "another program's file",
            |dir| fs::write(dir.join(MANIFEST), b"{}").unwrap(),
            MANIFEST,
            "it does not say format `backup-audit-collection`",
        ),
        ("a field nobody knows", |dir| edit(dir, "\"complete\"", "\"verified\": true, \"complete\""), MANIFEST, "unknown field `verified`"),
        ("a field that is missing", |dir| edit(dir, "\"started_s\"", "\"began_s\""), MANIFEST, "unknown field `began_s`"),
        (
            "a newer version",
            |dir| edit(dir, "\"format_version\": 1", "\"format_version\": 2"),
            MANIFEST,
            "has format version 2, and this tool reads up to 1: use a newer `audit`",
        ),
    ];
    for (what, blow, file, says) in cases {
        let root = tempfile::tempdir().unwrap();
        let (dir, _) = sealed(root.path());
        blow(&dir);
        let text = Dataset::open(root.path(), TABLES).unwrap_err().to_string();
        assert!(text.contains(&dir.join(file).display().to_string()) && text.contains(says), "{what}: {text}");
    }
}

#[test]
fn a_newer_manifest_is_called_newer_even_if_it_has_other_fields() {
    let root = tempfile::tempdir().unwrap();
    let (dir, _) = sealed(root.path());
    edit(&dir, "\"format_version\": 1", "\"format_version\": 7, \"unheard_of\": []");
    let error = Dataset::open(root.path(), TABLES).unwrap_err();
    assert!(matches!(error, DatasetError::Newer { found: 7, known: 1, .. }), "{error}");
}

#[test]
fn folders_that_hold_no_dataset() {
    let root = tempfile::tempdir().unwrap();
    assert!(matches!(Dataset::open(&root.path().join("nowhere"), TABLES), Err(DatasetError::NotFound(_))));
    assert!(matches!(Dataset::open(root.path(), TABLES), Err(DatasetError::Empty { until: None, .. })));
    fs::create_dir(root.path().join("holiday photos")).unwrap();
    fs::write(root.path().join("notes.txt"), b"x").unwrap();
    assert!(matches!(Dataset::open(root.path(), TABLES), Err(DatasetError::Empty { .. })), "other things in it are left alone");
}

#[test]
fn files_that_nobody_names_are_not_read() {
    let root = tempfile::tempdir().unwrap();
    let (dir, manifest) = sealed(root.path());
    fs::copy(part(&dir), dir.join("points/part-0001.parquet")).unwrap();
    assert_eq!(points_on_disk(root.path()).len(), 3);
    assert_eq!(Manifest::read(&dir).unwrap().unwrap().digest(), manifest.digest());
}
