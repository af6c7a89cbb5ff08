//! The reports over the sample estate: what they look like, and what no input may make of them.

use crate::engine::Finding;

use super::sample::judgement;
use super::terminal::{Style, summary};
use super::*;

/// The only, or first, file of a format.
fn written(judgement: &Judgement, name: &str, all: bool) -> String {
    let view = View::build(judgement);
    let files = format(name).unwrap().write(&Request { judgement, view: &view, all }).unwrap();
    String::from_utf8(files.into_iter().next().unwrap().bytes).unwrap()
}

#[test]
fn findings_as_csv() {
    insta::assert_snapshot!(written(&judgement(), "csv", false).replace("\r\n", "\n"));
}

#[test]
fn counts_as_csv() {
    let judgement = judgement();
    let view = View::build(&judgement);
    let files = format("csv").unwrap().write(&Request { judgement: &judgement, view: &view, all: false }).unwrap();
    assert_eq!(files[1].file_name, "rules.csv");
    insta::assert_snapshot!(String::from_utf8(files[1].bytes.clone()).unwrap().replace("\r\n", "\n"));
}

#[test]
fn findings_as_json() {
    let mut judgement = judgement();
    judgement.findings.retain(|finding| finding.rule_id == "rpo-exceeded");
    insta::assert_snapshot!(written(&judgement, "json", false));
}

#[test]
fn the_summary_on_a_terminal() {
    let view = View::build(&judgement());
    insta::assert_snapshot!(summary(&view, Style { color: false, width: 100 }));
    let narrow = summary(&view, Style { color: false, width: 60 });
    assert!(narrow.lines().all(|line| line.chars().count() <= 60), "{narrow}");
    assert!(summary(&view, Style { color: true, width: 100 }).contains("\u{1b}["));
}

#[test]
fn long_names_do_not_break_the_summary() {
    let mut judgement = judgement();
    judgement.gaps[0].operation = "rds:DescribeDBClusterAutomatedBackupsOfEveryEngineThereIs".into();
    judgement.gaps[0].reason = "AccessDeniedException: no identity-based policy allows the action ".repeat(4);
    for width in [60, 100, 140] {
        let text = summary(&View::build(&judgement), Style { color: false, width });
        assert!(text.contains(&judgement.gaps[0].operation), "{text}");
        assert!(text.lines().all(|line| line.chars().count() <= usize::from(width)), "{text}");
    }
}

#[test]
fn names_cannot_become_formulas_or_escape_sequences() {
    let mut judgement = judgement();
    judgement.findings[0].message = "\u{1b}[2J</p><script>alert(1)</script>".into();
    judgement.findings[0].observed = "=cmd()".into();
    let csv = written(&judgement, "csv", false);
    assert!(csv.contains("'=cmd()") && !csv.contains(",=cmd()"));
    assert!(!summary(&View::build(&judgement), Style { color: false, width: 100 }).contains('\u{1b}'));
}

#[test]
fn csv_reads_back_as_the_findings() {
    let judgement = judgement();
    let csv = written(&judgement, "csv", true);
    let mut reader = ::csv::Reader::from_reader(csv.as_bytes());
    let read: Vec<Finding> = reader.deserialize().collect::<Result<_, _>>().unwrap();
    let mut expected = judgement.findings;
    expected.sort_by(|a, b| a.order().cmp(&b.order()));
    for finding in &mut expected {
        finding.observed = finding.observed.replace("=cmd()", "'=cmd()"); // the one cell that is defused
    }
    assert_eq!(read, expected, "the header is the fields of a finding, in order");
}

#[test]
fn only_what_needs_a_look_is_listed_unless_all_is_asked_for() {
    let judgement = judgement();
    let listed = |all| serde_json::from_str::<serde_json::Value>(&written(&judgement, "json", all)).unwrap();
    let (few, all) = (listed(false), listed(true));
    assert_eq!(few["findings"].as_array().unwrap().len(), 8);
    assert_eq!(all["findings"].as_array().unwrap().len(), judgement.findings.len());
    assert_eq!(few["counts"], all["counts"], "counts are of all verdicts either way");
}

#[test]
fn the_same_judgement_gives_the_same_bytes_in_whatever_order_it_comes() {
    let (given, mut turned) = (judgement(), judgement());
    turned.findings.reverse();
    turned.gaps.reverse();
    turned.rules.reverse();
    turned.frameworks.reverse();
    turned.exposure.reverse();
    turned.protection.reverse();
    turned.about.collections.reverse();
    turned.reads.reverse();
    turned.resources.reverse();
    turned.restores.reverse();
    turned.waivers.reverse();
    turned.alternatives.reverse();
    let files =
        |judgement: &Judgement, format: &Format| format.write(&Request { judgement, view: &View::build(judgement), all: true }).unwrap();
    for format in formats() {
        for (one, other) in files(&given, &format).iter().zip(files(&turned, &format)) {
            assert!(one == &other, "{}", one.file_name);
        }
    }
}

#[test]
fn unknown_is_never_drawn_as_passed() {
    let view = View::build(&judgement());
    assert_eq!(view.totals.passed, "33.3 – 50 %", "4 of 12 pass, 2 are unknown");
    let tables = view.protection.rows.iter().find(|row| row.resource_type == "AWS::DynamoDB::Table").unwrap();
    let cells: Vec<_> = tables.cells.iter().map(|cell| (cell.state, cell.number.as_str())).collect();
    assert_eq!(cells, [("some", "9"), ("some", "9"), ("range", "7–11"), ("range", "7–11"), ("range", "3–7")]);
    let logs = view.exposure.rows.iter().find(|row| row.name == "audit-logs").unwrap();
    assert_eq!((logs.state, logs.achieved.as_str()), ("unknown", "at least 24 h 40 min"));
    let unowed = view.exposure.rows.iter().find(|row| row.objective == "not known").unwrap();
    assert_eq!((unowed.state, unowed.achieved.as_str(), unowed.within.as_str()), ("unknown", "not known", "0 – 100 %"));
    assert_eq!(view.gaps.groups.iter().map(|group| group.unknown).collect::<Vec<_>>(), [1, 1]);
    assert_eq!(view.gaps.elsewhere, 0);
}

#[test]
fn a_format_that_is_not_there_is_named_with_those_that_are() {
    let error = format("pdf").map(|format| format.name).unwrap_err();
    assert_eq!(error.to_string(), "`pdf` is not a report format: use one of csv, html, json");
}
