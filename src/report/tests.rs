//! The reports over the sample estate: what they look like, and what no input may make of them.

use crate::dataset::reads::Gap;
use crate::engine::Finding;
use crate::model::Verdict;

use super::sample::judgement;
use super::terminal::{Style, summary};
use super::*;

/// The only, or first, file of a format.
fn written(judgement: &Judgement, name: &str, all: bool) -> String {
    let view = View::build(judgement);
    let files = format(name).unwrap().write(&Request { judgement, view: &view, all }).unwrap();
    String::from_utf8(files.into_iter().next().unwrap().bytes).unwrap()
}

/// The page as an outline: sections, headings, captions, drawings, and the verdict and subject of each row.
fn outline(html: &str) -> String {
    let mut lines = Vec::new();
    for piece in html.split('<').skip(1) {
        let (tag, text) = piece.split_once('>').unwrap_or((piece, ""));
        let name = tag.split_whitespace().next().unwrap_or_default();
        if let Some(id) = tag.strip_prefix("section id=\"").and_then(|rest| rest.split('"').next()) {
            lines.push(format!("section #{id}"));
        }
        let shown = matches!(name, "title" | "h1" | "h2" | "h3" | "caption" | "summary")
            || tag.contains("class=\"v ")
            || tag.contains("scope=\"row\"");
        if shown && !text.trim().is_empty() {
            lines.push(format!("{name}: {}", text.trim()));
        }
    }
    lines.join("\n")
}

/// A judgement with this many failing findings, spread over ten rules, with thousands of gaps and of recovery points, and texts as long as they get.
fn big(findings: usize) -> Judgement {
    let mut judgement = judgement();
    let finding = |number: usize| {
        let long = "/<&>'\"".repeat(400);
        Finding {
            rule_id: format!("rule-{}", number % 10),
            verdict: Verdict::Fail,
            subject_arn: format!("arn:aws:rds:eu-west-1:111122223333:db:{number:06}-{long}"),
            message: long.clone(),
            observed: long,
            ..judgement.findings[0].clone()
        }
        .with_id()
    };
    judgement.findings = (0..findings).map(finding).collect();
    let gap = |number: usize| Gap { account_id: format!("{number:012}"), reason: "'".repeat(5_000), ..judgement.gaps[0].clone() };
    judgement.gaps = (0..5_000).map(gap).collect();
    let hour = |number: i64| Segment {
        start_s: judgement.about.window.start_s + number * 900,
        end_s: judgement.about.window.start_s + (number + 1) * 900,
        exposure_s: (number % 3 > 0).then_some(number % 5 * 100_000),
        rises: true,
    };
    let segments: Vec<_> = (0..8_640).map(hour).collect();
    let row = |number: usize| ExposureRow { subject_arn: format!("{number}"), segments: segments.clone(), ..judgement.exposure[0].clone() };
    judgement.exposure = (0..100).map(row).collect();
    judgement
}

#[test]
fn the_page_in_outline() {
    insta::assert_snapshot!(outline(&written(&judgement(), "html", false)));
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
fn names_cannot_become_markup_or_formulas_or_escape_sequences() {
    let mut judgement = judgement();
    judgement.findings[0].message = "\u{1b}[2J</p><script>alert(1)</script>".into();
    judgement.findings[0].observed = "=cmd()".into();
    let html = written(&judgement, "html", false);
    assert!(!html.contains("<script") && html.contains("&lt;script&gt;") && !html.contains('\u{1b}'));
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
fn the_page_is_small_whatever_the_estate() {
    let judgement = big(100_000);
    let html = written(&judgement, "html", false);
    assert!(html.len() < 1_000_000, "{} bytes", html.len());
    let shown = html.matches("<td class=\"v fail\">").count();
    assert!(shown >= 50, "{shown} findings are still shown");
    assert!(html.contains("more groups of reads"));
    assert!(html.contains("more findings of this rule in <code>findings.csv</code>"));
    assert!(html.contains(&format!("{shown} of 100\u{202f}000 findings are shown")));
}

#[test]
fn an_ordinary_estate_is_shown_whole() {
    let mut judgement = judgement();
    let first = judgement.findings[0].clone();
    judgement.findings =
        (0..500).map(|number| Finding { subject_arn: format!("{}-{number}", first.subject_arn), ..first.clone() }).collect();
    assert_eq!(View::build(&judgement).rules.shown, 500);
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
    for format in formats() {
        assert_eq!(written(&given, &format.name, true), written(&turned, &format.name, true), "{}", format.name);
    }
}

#[test]
fn the_page_needs_nothing_else() {
    let html = written(&judgement(), "html", false);
    for foreign in ["{{", "{%", "<script", "<link", "<img", "http://", "https://", " style=", "@import", " on"] {
        let found = html.split('<').any(|piece| format!("<{}", piece.split('>').next().unwrap_or_default()).contains(foreign));
        assert!(!found, "{foreign}");
    }
    assert!(!html.contains("{{") && !html.contains("http:") && !html.contains("https:"));
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
    assert_eq!(view.gaps.groups.iter().map(|group| group.unknown).collect::<Vec<_>>(), [1, 1]);
    assert_eq!(view.gaps.elsewhere, 0);
}

#[test]
fn an_empty_judgement_is_a_page_too() {
    let mut judgement = judgement();
    let Judgement { about, findings, gaps, rules, frameworks, exposure, protection } = &mut judgement;
    findings.clear();
    gaps.clear();
    rules.clear();
    frameworks.clear();
    exposure.clear();
    protection.clear();
    about.accounts.clear();
    about.regions.clear();
    about.collections.clear();
    let html = written(&judgement, "html", false);
    assert!(html.contains("– </b>") || html.contains("<b>–</b> passed"), "no share without a whole");
    assert!(!summary(&View::build(&judgement), Style { color: false, width: 80 }).is_empty());
}

#[test]
fn a_format_that_is_not_there_is_named_with_those_that_are() {
    let error = format("pdf").map(|format| format.name).unwrap_err();
    assert_eq!(error.to_string(), "`pdf` is not a report format: use one of csv, html, json");
}

/// Leaves the sample page in `tmp/` of the target folder, for `tests/browser/check.mjs`.
#[test]
fn the_sample_page_for_the_browser() {
    let folder = std::env::current_exe().unwrap().ancestors().nth(3).unwrap().join("tmp");
    std::fs::create_dir_all(&folder).unwrap();
    std::fs::write(folder.join("sample-report.html"), written(&judgement(), "html", false)).unwrap();
}
