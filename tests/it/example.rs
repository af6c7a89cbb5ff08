//! The example estate: the README's first command, the same bytes whatever the surroundings, every verdict of every rule.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;
use std::process::Command;

use crate::command::audit;

/// What `reports/` holds of the example's report: the overview, one page of each kind, and the findings for programs.
const COMMITTED: [&str; 13] = [
    "report.html",
    "findings.csv",
    "findings.json",
    "pages/exposure.html",
    "pages/findings.html",
    "pages/framework-hipaa.html",
    "pages/framework-soc2.html",
    "pages/gaps.html",
    "pages/method.html",
    "pages/resources.html",
    "pages/restores.html",
    "pages/rule-resource-not-covered.html",
    "pages/rule-rpo-exceeded.html",
];

/// Resources whose pages `reports/` holds, by the name in the file: one that failed for a while, and one of which much is unknown.
const COMMITTED_RESOURCES: [&str; 2] = ["billing", "eu-ledger"];

/// Runs the README's first command into a folder of its own, in the given surroundings, and gives every file that it wrote.
fn run(environment: &[(&str, &str)]) -> BTreeMap<String, Vec<u8>> {
    let out = tempfile::tempdir().unwrap();
    let output = audit(&["--offline", "--dataset", "examples/acme", "--out", out.path().to_str().unwrap()], environment);
    assert_eq!(output.status.code(), Some(10), "{}", String::from_utf8_lossy(&output.stderr));
    files(out.path())
}

/// Every file below a folder, by its path there.
fn files(folder: &Path) -> BTreeMap<String, Vec<u8>> {
    let mut found = BTreeMap::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(inner) = folders.pop() {
        for entry in fs::read_dir(inner).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else {
                let name =
                    path.strip_prefix(folder).unwrap().components().map(|part| part.as_os_str().to_string_lossy()).collect::<Vec<_>>();
                found.insert(name.join("/"), fs::read(&path).unwrap());
            }
        }
    }
    found
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
        assert!(first.keys().eq(other.keys()), "other files: {what}");
        for (name, bytes) in &first {
            assert!(*bytes == other[name], "{name} differs: {what}");
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
        for (name, bytes) in files(out.path()) {
            assert!(first[&name] == bytes, "{name} differs at {moment}");
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
        // A key is asked for because something names it; only one that old jobs alone name is needed no more.
        ("key-pending-deletion", "not_applicable"),
        // Everything that is there now was there at one of the earlier collections.
        ("protection-reduced", "not_applicable"),
        // Both that changed are for the same resources as before.
        ("objective-loosened", "unknown"),
        // One row an account: of the two, one has nothing of its own to restore, and the other can show one verdict.
        ("restore-drill-missing", "pass"),
        ("restore-drill-missing", "unknown"),
        ("restore-from-lock-missing", "fail"),
        ("restore-from-lock-missing", "unknown"),
        ("restore-from-other-account-missing", "fail"),
        ("restore-from-other-account-missing", "unknown"),
        ("restore-tests-skip-copies", "pass"),
        ("restore-tests-skip-copies", "unknown"),
        // A vault keeps the key it was made with, and that of the other account has one of its own.
        ("copy-depends-on-source-key", "fail"),
        // Every bucket with copies is listed, and every point tells its key.
        ("copy-depends-on-source-key", "unknown"),
        // Nobody switched the backups of a service off and on again.
        ("pitr-history-broken", "fail"),
        // One database that a restore made is left.
        ("restored-database-beside-production", "pass"),
        ("restored-database-beside-production", "unknown"),
        ("restored-database-beside-production", "not_applicable"),
        ("restored-database-public", "pass"),
        ("restored-database-public", "unknown"),
        // Jobs begin within the hour that plans give them.
        ("backup-run-late", "fail"),
        // Two accounts of one organization, which has no backup policy; in one of them nobody may ask.
        ("backup-policy-of-organization-missing", "pass"),
        ("backup-policy-of-organization-missing", "not_applicable"),
        // The policy of one vault was not read, and may allow anybody.
        ("backup-deletable-without-mfa", "pass"),
        // Copy jobs of one Region were not read, and may tell of further points of anything.
        ("point-deleted-early", "pass"),
        ("point-deleted-early", "not_applicable"),
        ("point-kept-too-long", "pass"),
        ("point-kept-too-long", "not_applicable"),
        // Report plans of one Region were not read, and might report on any other.
        ("report-plan-missing", "fail"),
        // Clusters are few of a kind, and each shows one verdict.
        ("cluster-single-az", "fail"),
        ("cluster-single-az", "unknown"),
        ("cluster-single-az", "not_applicable"),
        ("documentdb-single-az", "unknown"),
        ("documentdb-single-az", "not_applicable"),
        ("neptune-single-az", "pass"),
        ("neptune-single-az", "unknown"),
        ("neptune-single-az", "not_applicable"),
    ];
    // These rules speak about every row of their relation, or about one row of each of their subjects.
    let always_apply = [
        "activity-not-recorded",
        "backup-run-late",
        "backup-run-missed",
        "backup-stopped-by-hand",
        "config-recorder-off",
        "dlm-policy-failing",
        "exclusion-premise-false",
        "guard-lifted",
        "lifecycle-invalid",
        "log-group-retention-too-short",
        "log-stopped",
        "objective-loosened",
        "plan-frequency-too-low",
        "plan-removed",
        "plan-retention-too-short",
        "plan-role-broken",
        "plan-rules-overlap",
        "plan-target-missing",
        "plan-without-selection",
        "point-deleted-by-hand",
        "point-expired-not-deleted",
        "point-lifecycle-changed",
        "point-never-expires",
        "point-orphaned",
        "point-outlived-lifecycle",
        "point-retention-too-short",
        "protection-weakened",
        "recovery-from-failure-slow",
        "recovery-point-key-unusable",
        "recovery-point-not-encrypted",
        "restore-testing-covers-nothing",
        "restored-database-public",
        "selection-matches-nothing",
        "selection-tag-removed",
        "selection-tag-with-space",
        "snapshot-deleted-by-hand",
        "snapshot-public",
        "snapshot-shared",
        "vault-lock-conflict",
        "vault-open-to-others",
    ];
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
    let of_resource = |name: &String| {
        let told = name.strip_prefix("pages/resource-").and_then(|rest| rest.rsplit_once('-')).map(|(resource, _)| resource);
        told.is_some_and(|resource| COMMITTED_RESOURCES.contains(&resource))
    };
    let expected: BTreeMap<String, Vec<u8>> =
        fresh.into_iter().filter(|(name, _)| COMMITTED.contains(&name.as_str()) || of_resource(name)).collect();
    assert_eq!(expected.len(), COMMITTED.len() + COMMITTED_RESOURCES.len(), "{:?}", expected.keys());
    if std::env::var_os("AUDIT_BLESS").is_some() {
        let _ = fs::remove_dir_all(root.join("pages")); // pages that are no longer written
        for (name, bytes) in &expected {
            fs::create_dir_all(root.join(name).parent().unwrap()).unwrap();
            fs::write(root.join(name), bytes).unwrap();
        }
    }
    let committed = files(&root);
    for (name, bytes) in &expected {
        assert!(committed.get(name) == Some(bytes), "reports/{name} is not what the example gives; `just docs` makes it so");
    }
    let pages = |files: &BTreeMap<String, Vec<u8>>| files.keys().filter(|name| name.starts_with("pages/")).cloned().collect::<Vec<_>>();
    assert_eq!(pages(&committed), pages(&expected), "reports/ holds the pages of another report");
    assert!(committed.values().map(Vec::len).sum::<usize>() < 4_000_000, "the repository stays small");
}

#[test]
fn pages_of_an_earlier_run_do_not_stay_beside_a_new_overview() {
    let out = tempfile::tempdir().unwrap();
    let run = || audit(&["report", "--dataset", "examples/acme", "--format", "html", "--out", out.path().to_str().unwrap()], &[]);
    assert_eq!(run().status.code(), Some(10));
    let first = files(out.path());
    let page = fs::read(out.path().join("pages/method.html")).unwrap();
    fs::write(out.path().join("pages/resource-gone-000000000000.html"), page).unwrap();
    fs::write(out.path().join("pages/notes.html"), "<p>of the reader</p>").unwrap();
    assert_eq!(run().status.code(), Some(10));
    let mut second = files(out.path());
    assert!(second.remove("pages/notes.html").is_some(), "what is not ours stays");
    assert!(first == second, "{:?}", second.keys());
}

#[test]
fn the_example_is_small_enough_to_commit() {
    fn size(path: &Path) -> u64 {
        let metadata = fs::metadata(path).unwrap();
        if metadata.is_file() { metadata.len() } else { fs::read_dir(path).unwrap().map(|entry| size(&entry.unwrap().path())).sum() }
    }
    assert!(size(&Path::new(env!("CARGO_MANIFEST_DIR")).join("examples/acme")) < 6_000_000);
}
