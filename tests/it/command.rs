//! The binary as a person meets it: exit codes, errors with place and advice, help, and no panic on garbage.

use std::fs;
use std::path::Path;
use std::process::{Command, Output};

/// Runs `audit` in the project's folder with an environment that holds nothing but what is given.
pub(crate) fn audit(args: &[&str], environment: &[(&str, &str)]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_audit"));
    command.args(args).current_dir(env!("CARGO_MANIFEST_DIR")).env_clear();
    command.env("AWS_EC2_METADATA_DISABLED", "true").env("AWS_CONFIG_FILE", "/dev/null").env("AWS_SHARED_CREDENTIALS_FILE", "/dev/null");
    command.envs(environment.iter().copied()).output().expect("the binary starts")
}

/// The exit code and what was said on stderr.
fn said(args: &[&str]) -> (i32, String) {
    let output = audit(args, &[]);
    (output.status.code().unwrap_or(-1), String::from_utf8_lossy(&output.stderr).into_owned())
}

fn rules_check(name: &str, text: &str) -> (i32, String) {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join(name), text).unwrap();
    said(&["rules", "check", "--rules", folder.path().to_str().unwrap()])
}

/// A rule file that can be used, to be broken in one place.
const RULE: &str = "\
id: my-rule
since: 0.1.0
title: Backups of the database are off
severity: high
over: native_backups
applies: role = 'primary'
pass: retention_days >= 1
message: off
why: because
fix: switch them on
evidence: [cfg.native]
cases:
  - { name: on, row: { role: primary, retention_days: 7 }, gives: pass }
  - { name: \"off\", row: { role: primary, retention_days: 0 }, gives: fail }
  - { name: not told, row: { role: primary }, gives: unknown }
";

#[test]
fn a_rule_of_ones_own_is_accepted() {
    let (code, stderr) = rules_check("my-rule.yaml", RULE);
    assert_eq!(code, 0, "{stderr}");
}

/// A folder as `--rules` takes it: a framework, the kind of evidence it adds, a rule that produces it, a catalogue and duties.
fn own_folder(requirement_of: &str) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    for (name, text) in [
        (
            "native/my-rule.yaml",
            RULE.replace("[cfg.native]", "[own.backups]").replace("fix:", "equivalent_to: [{ check: own-tool:K1 }]\nfix:"),
        ),
        ("frameworks/evidence-kinds.yaml", "kinds: [{ id: own.backups, meaning: m, source: s, from: tool }]\n".to_owned()),
        (
            "frameworks/own-policy.yaml",
            format!(
                "id: own-policy\ntitle: Our policy\nversion: '7'\nrequirements:\n\
                 - {{ id: B1, title: t, requirement: r, kind: required, scope: direct, evidence: [{requirement_of}], source: s }}\n"
            ),
        ),
        (
            "catalogues/own-tool.yaml",
            "id: own-tool\ntitle: Our tool\nversion: '1'\nsource: https://example.com\nnote: n\nchecks: [{ id: K1, asks: a }]\n".to_owned(),
        ),
        (
            "catalogues/duties.yaml",
            "documents: [{ id: policy, title: Our policy }]\nduties:\n\
             - { id: OUR-1, document: policy, heading: h, statement: s, class: A, rules: [my-rule] }\n"
                .to_owned(),
        ),
    ] {
        let path = folder.path().join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }
    folder
}

#[test]
fn a_framework_of_ones_own_stands_beside_the_others() {
    let folder = own_folder("own.backups");
    let rules = ["--rules", folder.path().to_str().unwrap()];
    let stdout = |args: &[&str]| {
        let output = audit(&[args, &rules].concat(), &[]);
        (output.status.code(), String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr))
    };
    let (code, told) = stdout(&["rules", "explain", "my-rule"]);
    assert!(code == Some(0) && told.contains("own-policy: B1\n") && told.contains("Answers own-tool:K1\n"), "{told}");
    let (code, told) = stdout(&["rules", "controls"]);
    assert!(code == Some(0) && told.contains("own-tool:K1  my-rule\n") && told.contains("policy:OUR-1  my-rule\n"), "{told}");

    // Only the rules of the framework judge, and it has a page.
    let out = tempfile::tempdir().unwrap();
    let paths = ["--dataset", "examples/acme", "--out", out.path().to_str().unwrap()];
    let (code, told) = stdout(&[&["report", "--format", "html,csv", "--framework", "own-policy"], &paths[..]].concat());
    assert!(matches!(code, Some(0 | 10 | 11)), "{told}");
    let findings = fs::read_to_string(out.path().join("findings.csv")).unwrap();
    assert!(findings.lines().skip(1).all(|line| line.starts_with("my-rule,")) && findings.contains(",own-policy:B1,"), "{findings}");
    let page = fs::read_to_string(out.path().join("pages/framework-own-policy.html")).unwrap();
    assert!(page.contains("Our policy") && page.contains("not met"), "{page}");
}

#[test]
fn a_broken_framework_is_an_error_with_its_place() {
    let folder = own_folder("own.backup");
    let (code, stderr) = said(&["rules", "check", "--rules", folder.path().to_str().unwrap()]);
    assert_eq!(code, 2, "{stderr}");
    for words in ["own-policy.yaml:5", "there is no evidence kind `own.backup`", "did you mean `own.backups`?", "^"] {
        assert!(stderr.contains(words), "{words}: {stderr}");
    }
}

#[test]
fn broken_rule_files_are_errors_with_line_caret_and_advice() {
    // what is wrong, replaced, by, line, words that must be said
    let cases: [(&str, &str, &str, &str, &[&str]); 10] = [
        ("unknown column", "retention_days >= 1", "retention_dais >= 1", ":7", &["retention_dais", "retention_days", "^"]),
        ("wrong type", "retention_days >= 1", "retention_days >= 'one'", ":7", &["retention_days", "^"]),
        ("bad YAML", "severity: high", "severity: [high", "", &["my-rule.yaml"]),
        ("unknown key", "severity: high", "severityy: high", ":4", &["severityy", "severity"]),
        ("unknown severity", "severity: high", "severity: awful", ":4", &["awful"]),
        ("unknown relation", "over: native_backups", "over: native_backup", ":5", &["native_backup", "native_backups"]),
        ("unsupported SQL", "retention_days >= 1", "COALESCE(retention_days, 1) >= 1", ":7", &["COALESCE", "^"]),
        ("NULL test on what AWS may not have told", "retention_days >= 1", "retention_days IS NOT NULL", ":7", &["retention_days", "^"]),
        ("half an expression", "retention_days >= 1", "retention_days >=", ":7", &["^"]),
        ("unknown kind of evidence", "[cfg.native]", "[cfg.nativ]", ":11", &["cfg.nativ", "cfg.native"]),
    ];
    for (what, from, to, line, words) in cases {
        let (code, stderr) = rules_check("my-rule.yaml", &RULE.replace(from, to));
        assert_eq!(code, 2, "{what}: {stderr}");
        assert!(stderr.contains("my-rule.yaml") && stderr.contains(line), "{what} has its place: {stderr}");
        for word in words {
            assert!(stderr.contains(word), "{what} says `{word}`: {stderr}");
        }
        assert!(!stderr.contains("panicked"), "{what}: {stderr}");
    }
}

#[test]
fn two_rules_of_one_id_are_an_error_naming_both_files() {
    let folder = tempfile::tempdir().unwrap();
    for sub in ["a", "b"] {
        fs::create_dir(folder.path().join(sub)).unwrap();
        fs::write(folder.path().join(sub).join("my-rule.yaml"), RULE).unwrap();
    }
    let (code, stderr) = said(&["rules", "check", "--rules", folder.path().to_str().unwrap()]);
    assert_eq!(code, 2, "{stderr}");
    assert!(stderr.contains("a/my-rule.yaml") && stderr.contains("b/my-rule.yaml"), "{stderr}");
}

#[test]
fn usage_errors_exit_with_2_and_say_what_to_do() {
    // arguments, words
    let cases: [(&[&str], &[&str]); 11] = [
        (&["--offline", "--dataset", "nowhere"], &["nowhere", "audit collect", "examples/acme"]),
        (&["evaluate", "--dataset", "src"], &["no sealed collection"]),
        (&["--offline", "--as-of", "yesterday"], &["--as-of", "RFC 3339"]),
        (&["--offline", "--window", "2026-11-20..2026-11-01"], &["--window", "ends before it begins"]),
        (&["--offline", "--fail-on", "awful"], &["--fail-on", "critical"]),
        (&["report", "--dataset", "examples/acme", "--format", "docx"], &["docx", "html"]),
        (&["evaluate", "--dataset", "examples/acme", "--rule", "rds-backup-off"], &["rds-backup-off", "rds-backups-off"]),
        (&["evaluate", "--dataset", "examples/acme", "--framework", "sox"], &["sox", "soc2"]),
        (&["schema", "recovery_point"], &["recovery_points"]),
        (&["collect", "--region", "Ireland"], &["Ireland", "eu-west-1"]),
        (&["collect", "--offline"], &["offline"]),
    ];
    for (args, words) in cases {
        let (code, stderr) = said(args);
        assert_eq!(code, 2, "{args:?}: {stderr}");
        for word in words {
            assert!(stderr.contains(word), "{args:?} says `{word}`: {stderr}");
        }
    }
}

#[test]
fn without_credentials_and_dataset_it_says_what_to_do_next() {
    let (code, stderr) = said(&["--region", "eu-west-1"]);
    assert_eq!(code, 1, "{stderr}");
    assert!(stderr.contains("no AWS credentials") && stderr.contains("examples/acme"), "{stderr}");
}

#[test]
fn configuration_errors_have_a_place() {
    // what is wrong, file, words
    let cases: [(&str, &str, &[&str]); 6] = [
        ("unknown key", "objektives: []\n", &["objektives"]),
        ("bad duration", "objectives: [{ id: gold, rpo: 24 }]\n", &["gold", "rpo", "24"]),
        ("bad region", "regions: [Ireland]\n", &["Ireland"]),
        ("a rule that is not there", "rules: { rds-backup-off: { severity: low } }\n", &["rds-backup-off", "rds-backups-off"]),
        ("no YAML", "title: [\n", &["audit.yaml"]),
        ("the same objective twice", "objectives: [{ id: gold }, { id: gold }]\n", &["gold", "twice"]),
    ];
    for (what, text, words) in cases {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("audit.yaml");
        fs::write(&file, text).unwrap();
        let (code, stderr) = said(&["evaluate", "--dataset", "examples/acme", "--config", file.to_str().unwrap(), "--json"]);
        assert_eq!(code, 2, "{what}: {stderr}");
        for word in words {
            assert!(stderr.contains(word), "{what} says `{word}`: {stderr}");
        }
    }
}

#[test]
fn garbage_is_refused_without_panic() {
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name);
    fs::create_dir_all(path("data/20260101T000000Z-00000000")).unwrap();
    fs::write(path("data/20260101T000000Z-00000000/manifest.json"), b"\x00\xff{").unwrap();
    fs::write(path("bytes.yaml"), b"\xff\xfe\x00id: x").unwrap();
    let text = |name: &str| path(name).to_str().unwrap().to_owned();
    let cases = [
        vec!["--offline".to_owned(), "--dataset".to_owned(), text("data")],
        vec!["--offline".to_owned(), "--dataset".to_owned(), text("bytes.yaml")],
        vec!["evaluate".to_owned(), "--dataset".to_owned(), "examples/acme".to_owned(), "--config".to_owned(), text("bytes.yaml")],
        vec!["evaluate".to_owned(), "--dataset".to_owned(), "examples/acme".to_owned(), "--window".to_owned(), "..".to_owned()],
        vec!["explain".to_owned(), "\u{0}".replace('\u{0}', "arn:"), "--dataset".to_owned(), "examples/acme".to_owned()],
        vec!["collect".to_owned(), "--endpoint-url".to_owned(), "not a url".to_owned(), "--region".to_owned(), "eu-west-1".to_owned()],
    ];
    for args in cases {
        let args: Vec<&str> = args.iter().map(String::as_str).collect();
        let (code, stderr) = said(&args);
        assert!([1, 2].contains(&code), "{args:?} ends with {code}: {stderr}");
        assert!(!stderr.contains("panicked") && !stderr.is_empty(), "{args:?}: {stderr}");
    }
}

#[test]
fn help_names_units_and_defaults() {
    let help = String::from_utf8(audit(&["--help"], &[]).stdout).unwrap();
    let help = help.split_whitespace().collect::<Vec<_>>().join(" "); // lines are broken to the width of the terminal
    for word in ["--attempt-timeout <SECONDS>", "[default: 30]", "[default: medium]", "Exit codes", "--as-of <TIME>"] {
        assert!(help.contains(word), "help says `{word}`");
    }
    for command in ["collect", "evaluate", "report", "explain", "diff", "rules", "waiver", "policy", "schema", "completions", "man"] {
        assert!(audit(&[command, "--help"], &[]).status.success(), "{command} has help");
    }
}

#[test]
fn a_reader_that_goes_away_is_no_failure() {
    use std::io::Read;
    use std::process::Stdio;
    let mut child =
        Command::new(env!("CARGO_BIN_EXE_audit")).args(["schema"]).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let mut first = [0; 1];
    child.stdout.take().unwrap().read_exact(&mut first).unwrap(); // and the pipe is closed
    let output = child.wait_with_output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
}

#[test]
fn the_policy_only_reads() {
    let policy: serde_json::Value = serde_json::from_slice(&audit(&["policy", "read"], &[]).stdout).unwrap();
    let text = policy.to_string();
    assert!(text.contains("backup:ListBackupVaults") && text.contains("rds:DescribeDBInstances"));
    for verb in ["Create", "Put", "Delete", "Update", "Start", "Modify", "*:*"] {
        assert!(!text.contains(verb), "the policy has {verb}");
    }
    assert!(Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/iam-read.json").exists());
}
