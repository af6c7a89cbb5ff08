//! The example estate: the README's first command, the same bytes whatever the surroundings, every verdict of every rule.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;
use std::process::Command;

use crate::command::audit;

const FILES: [&str; 4] = ["report.html", "findings.csv", "findings.json", "findings.parquet"];

/// Runs the README's first command into a folder of its own, in the given surroundings.
fn run(environment: &[(&str, &str)]) -> BTreeMap<&'static str, Vec<u8>> {
    let out = tempfile::tempdir().unwrap();
    let output = audit(&["--offline", "--dataset", "examples/acme", "--out", out.path().to_str().unwrap()], environment);
    assert_eq!(output.status.code(), Some(10), "{}", String::from_utf8_lossy(&output.stderr));
    FILES.iter().map(|&name| (name, fs::read(out.path().join(name)).unwrap())).collect()
}

#[test]
fn the_same_bytes_in_other_surroundings() {
    let first = run(&[]);
    let surroundings: [(&str, &[(&str, &str)]); 4] = [
        ("again", &[]),
        ("another time zone", &[("TZ", "Pacific/Kiritimati")]),
        ("another locale", &[("LANG", "tr_TR.UTF-8"), ("LC_ALL", "tr_TR.UTF-8")]),
        ("one thread", &[("POLARS_MAX_THREADS", "1"), ("TOKIO_WORKER_THREADS", "1")]),
    ];
    for (what, environment) in surroundings {
        let other = run(environment);
        for name in FILES {
            assert!(first[name] == other[name], "{name} differs: {what}");
        }
    }
}

/// The host's clock is not asked. `faketime` (from the distribution's packages; `.ci/run` installs it) makes the process believe in another time.
#[test]
fn the_same_bytes_at_another_time() {
    let faketime = Path::new("/usr/bin/faketime");
    if !faketime.exists() {
        eprintln!("{} is not there: the clock is not changed", faketime.display());
        return;
    }
    let first = run(&[]);
    for moment in ["2001-01-01 00:00:00", "2033-03-03 03:03:03"] {
        let out = tempfile::tempdir().unwrap();
        let args = [moment, env!("CARGO_BIN_EXE_audit"), "--offline", "--dataset", "examples/acme", "--out", out.path().to_str().unwrap()];
        let output = Command::new(faketime).args(args).current_dir(env!("CARGO_MANIFEST_DIR")).output().unwrap();
        assert_eq!(output.status.code(), Some(10), "{}", String::from_utf8_lossy(&output.stderr));
        for name in FILES {
            assert!(first[name] == fs::read(out.path().join(name)).unwrap(), "{name} differs at {moment}");
        }
    }
}

/// Every finding of the example, with `--all`.
pub(crate) fn findings() -> Vec<(String, String, String)> {
    let output = audit(&["evaluate", "--dataset", "examples/acme", "--json", "--all"], &[]);
    let json: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    let text = |finding: &serde_json::Value, name: &str| finding[name].as_str().unwrap().to_owned();
    let findings = json["findings"].as_array().unwrap();
    findings.iter().map(|finding| (text(finding, "rule_id"), text(finding, "verdict"), text(finding, "subject_arn"))).collect()
}

#[test]
fn every_rule_shows_every_verdict_it_can_give() {
    let mut seen: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for (rule, verdict, _) in findings() {
        seen.entry(rule).or_default().insert(verdict);
    }
    // A pause of more than 30 days would make half of the example unknown, and one collection would not be an example.
    let cannot = [
        ("collection-interval-too-long", "fail"),
        ("collection-interval-too-long", "unknown"),
        ("collection-interval-too-long", "not_applicable"),
    ];
    // These rules speak about every row of their relation.
    let always_apply = ["lifecycle-invalid", "plan-retention-too-short"];
    let listed = audit(&["rules", "list", "--json"], &[]).stdout;
    let listed: serde_json::Value = serde_json::from_slice(&listed).unwrap();
    for rule in listed.as_array().unwrap() {
        let id = rule["id"].as_str().unwrap();
        for verdict in ["pass", "fail", "unknown", "not_applicable"] {
            let excused = cannot.contains(&(id, verdict)) || verdict == "not_applicable" && always_apply.contains(&id);
            let found = seen.get(id).is_some_and(|verdicts| verdicts.contains(verdict));
            assert!(found || excused, "{id} never gives {verdict} in the example");
        }
    }
}

#[test]
fn the_committed_report_is_true() {
    let fresh = run(&[]);
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("reports");
    for name in ["report.html", "findings.csv", "findings.json"] {
        let path = root.join(name);
        if std::env::var_os("AUDIT_BLESS").is_some() {
            fs::create_dir_all(&root).unwrap();
            fs::write(&path, &fresh[name]).unwrap();
        }
        let committed = fs::read(&path).unwrap_or_default();
        assert!(committed == fresh[name], "reports/{name} is not what the example gives; `just docs` makes it so");
    }
}

#[test]
fn the_example_is_small_enough_to_commit() {
    fn size(path: &Path) -> u64 {
        let metadata = fs::metadata(path).unwrap();
        if metadata.is_file() { metadata.len() } else { fs::read_dir(path).unwrap().map(|entry| size(&entry.unwrap().path())).sum() }
    }
    assert!(size(&Path::new(env!("CARGO_MANIFEST_DIR")).join("examples/acme")) < 6_000_000);
}
