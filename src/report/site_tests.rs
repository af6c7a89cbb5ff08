//! The pages over the sample estate and over one that is far too large: what they look like, that they hold together, and what no input may make of
//! them.

use std::collections::{BTreeMap, BTreeSet};

use super::sample::judgement;
use super::*;
use crate::dataset::reads::Gap;
use crate::model::Verdict;

/// All pages by the names of their files.
fn site(judgement: &Judgement) -> BTreeMap<String, String> {
    let view = View::build(judgement);
    let files = format("html").unwrap().write(&Request { judgement, view: &view, all: false }).unwrap();
    let count = files.len();
    let pages: BTreeMap<_, _> = files.into_iter().map(|file| (file.file_name, String::from_utf8(file.bytes).unwrap())).collect();
    assert_eq!(pages.len(), count, "no page takes the place of another");
    pages
}

/// A judgement with this many findings of different resources, spread over ten rules, with thousands of gaps and of recovery points, and texts of
/// this length that are as hostile as they get.
fn big(findings: usize, length: usize) -> Judgement {
    let mut judgement = judgement();
    let long = "/<&>'\"".repeat(length / 6);
    let arn = |number: usize| format!("arn:aws:rds:eu-west-1:111122223333:db:{number:06}-{long}");
    let finding = |number: usize| {
        Finding {
            rule_id: format!("rule-{}", number % 10).into(),
            verdict: [Verdict::Fail, Verdict::Fail, Verdict::Unknown][number % 3],
            subject_arn: arn(number).into(),
            message: long.clone(),
            observed: long.clone(),
            ..judgement.findings[0].clone()
        }
        .with_id()
    };
    judgement.findings = (0..findings).map(finding).collect();
    let gap = |number: usize| Gap { account_id: format!("{number:012}"), reason: "'".repeat(5_000), ..judgement.gaps[0].clone() };
    judgement.gaps = (0..5_000).map(gap).collect();
    let quarter = |number: i64| Segment {
        start_s: judgement.about.window.start_s + number * 900,
        end_s: judgement.about.window.start_s + (number + 1) * 900,
        exposure_s: (number % 3 > 0).then_some(number % 5 * 100_000),
        rises: true,
        limit_s: Some(100_000 + number % 2),
    };
    let segments: Vec<_> = (0..8_640).map(quarter).collect();
    let exposed = |number: usize| ExposureRow {
        subject_arn: arn(number),
        segments: if number < 40 { segments.clone() } else { Vec::new() },
        ..judgement.exposure[0].clone()
    };
    judgement.exposure = (0..30_000).map(exposed).collect();
    let mut detail = judgement.resources[0].detail.clone().unwrap();
    detail.coverage.selections =
        vec![SelectionRow { clauses: vec![long.clone(); 500], plan: long.clone(), ..detail.coverage.selections[0].clone() }; 200];
    detail.course.events = vec![EventRow { message: long.clone(), ..detail.course.events[1].clone() }; 300];
    detail.tags = Some(vec![(long.clone(), long.clone()); 50]);
    let resource =
        |number: usize| ResourceRow { arn: arn(number), detail: (number < 3).then(|| detail.clone()), ..judgement.resources[0].clone() };
    judgement.resources = (0..30_000).map(resource).collect();
    let restored = |number: usize| RestoreRow { subject_arn: arn(number), ..judgement.restores[0].clone() };
    judgement.restores = (0..30_000).map(restored).collect();
    let mut framework = judgement.frameworks[0].clone();
    let requirement = |number: usize| RequirementRow {
        id: format!("R-{number}"),
        text: long.clone(),
        rules: (0..10).map(|rule| format!("rule-{rule}")).collect(),
        ..framework.requirements[0].clone()
    };
    framework.requirements = (0..200).map(requirement).collect();
    judgement.frameworks = vec![framework];
    judgement.waivers = vec![judgement.waivers[0].clone(); 2_000];
    judgement.alternatives = vec![judgement.alternatives[0].clone(); 2_000];
    judgement.objectives = vec![ObjectiveRow { subjects: long, ..judgement.objectives[0].clone() }; 2_000];
    judgement
}

/// What stands in the attributes of a page's tags.
fn attributes(html: &str, name: &str) -> Vec<String> {
    let mark = format!(" {name}=\"");
    let tags = html.split('<').skip(1).map(|piece| piece.split('>').next().unwrap_or_default());
    let values = tags.filter_map(|tag| tag.split_once(mark.as_str())).map(|(_, rest)| rest.split('"').next().unwrap_or_default());
    values.map(|value| value.replace("&#x2f;", "/").replace("&amp;", "&")).collect()
}

/// The file and anchor that a link of a page leads to; `None` if it leaves the report.
fn target(from: &str, href: &str) -> Option<(String, String)> {
    if href.starts_with("https://") {
        return None;
    }
    let (file, anchor) = href.split_once('#').unwrap_or((href, ""));
    let folder = from.rsplit_once('/').map_or("", |(folder, _)| folder);
    let file = match (file, file.strip_prefix("../")) {
        ("", _) => from.to_owned(),
        (_, Some(above)) => above.to_owned(),
        (file, None) if folder.is_empty() => file.to_owned(),
        (file, None) => format!("{folder}/{file}"),
    };
    Some((file, anchor.to_owned()))
}

/// Holds a site to its promises about links: all of them lead somewhere inside the folder, and every page is three clicks from the overview at most.
fn walk(pages: &BTreeMap<String, String>) {
    let anchors: BTreeMap<&str, BTreeSet<String>> =
        pages.iter().map(|(file, html)| (file.as_str(), attributes(html, "id").into_iter().collect())).collect();
    let mut clicks: BTreeMap<String, u32> = BTreeMap::from([("report.html".to_owned(), 0)]);
    let mut next = vec!["report.html".to_owned()];
    while let Some(from) = next.pop() {
        let here = clicks[&from];
        for href in attributes(&pages[&from], "href") {
            let Some((file, anchor)) = target(&from, &href) else { continue };
            let ids = anchors.get(file.as_str()).unwrap_or_else(|| panic!("{from} links to {file}, which is not there"));
            assert!(anchor.is_empty() || ids.contains(&anchor), "{from} links to {file}#{anchor}, which is not there");
            if clicks.get(&file).is_none_or(|clicks| *clicks > here + 1) {
                clicks.insert(file.clone(), here + 1);
                next.push(file);
            }
        }
    }
    let far: Vec<_> = pages.keys().filter(|file| clicks.get(*file).is_none_or(|clicks| *clicks > 3)).collect();
    assert!(far.is_empty(), "more than three clicks away: {far:?}");
}

/// A page as an outline: sections, headings, captions, and the standing and name of each row.
fn outline(html: &str) -> String {
    let mut lines = Vec::new();
    for piece in html.split('<').skip(1) {
        let (tag, text) = piece.split_once('>').unwrap_or((piece, ""));
        let name = tag.split_whitespace().next().unwrap_or_default();
        let shown = matches!(name, "title" | "h1" | "h2" | "h3" | "caption" | "dt")
            || tag.contains("class=\"v ")
            || tag.contains("scope=\"row\"")
            || tag.contains("aria-current");
        if shown && !text.trim().is_empty() {
            lines.push(format!("{name}: {}", text.trim()));
        } else if name == "a" && tag.contains("href=\"resource-") {
            lines.push(format!("a: {}", text.trim()));
        }
    }
    lines.join("\n")
}

#[test]
fn the_pages_in_outline() {
    let pages = site(&judgement());
    let mut seen = BTreeSet::new();
    for (file, html) in &pages {
        // One page of each kind; of resources and rules the one that shows most.
        let kind = match file.trim_start_matches("pages/") {
            "report.html" => "overview",
            "framework-hipaa.html" => "framework",
            "exposure.html" => "exposure",
            "resources.html" => "resources",
            "findings.html" => "findings",
            "rule-rpo-exceeded.html" => "rule",
            "restores.html" => "restores",
            "gaps.html" => "gaps",
            "method.html" => "method",
            resource if resource.starts_with("resource-prod-orders") => "resource",
            _ => continue,
        };
        seen.insert(kind);
        insta::assert_snapshot!(format!("page_{kind}"), outline(html));
    }
    assert_eq!(seen.len(), 10, "{seen:?}");
}

#[test]
fn every_page_is_built_for_everybody() {
    for (file, html) in site(&judgement()) {
        let count = |what: &str| html.matches(what).count();
        for what in ["<h1>", "<header>", "<main ", "<footer>", "class=\"skip\"", "\n<title>"] {
            assert_eq!(count(what), 1, "{file}: {what}");
        }
        assert!(html.starts_with("<!doctype html>\n<html lang=\"en\">"), "{file}");
        assert!(html.contains("<nav aria-label=\"Report\">"), "{file}");
        assert!(html.contains("aria-current=\"page\"") || html.contains("aria-current=\"true\""), "{file} does not say where it is");
        assert_eq!(count("<table"), count("<caption"), "{file}: every table has a caption");
        assert_eq!(count("<th>"), 0, "{file}: every heading says of what");
        let drawings =
            html.split("role=\"img\"").skip(1).filter(|rest| rest.split_once('>').is_some_and(|(_, rest)| rest.starts_with("<title>")));
        assert_eq!(count("role=\"img\""), drawings.count(), "{file}: every drawing has a title");
        let ids = attributes(&html, "id");
        assert_eq!(ids.len(), ids.iter().collect::<BTreeSet<_>>().len(), "{file}: ids are unique");
        for labelled in attributes(&html, "aria-labelledby") {
            assert!(ids.contains(&labelled), "{file}: {labelled}");
        }
    }
}

#[test]
fn every_page_needs_nothing_else() {
    for (file, html) in site(&judgement()) {
        for foreign in ["{{", "{%", "<script", "<link", "<img", "<iframe", " style=", " src=", "@import", "url(http", " on"] {
            let found = html.split('<').any(|piece| format!("<{}", piece.split('>').next().unwrap_or_default()).contains(foreign));
            assert!(!found, "{file}: {foreign}");
        }
        let policy = attributes(&html, "content").into_iter().find(|text| text.starts_with("default-src")).unwrap();
        assert!(policy.starts_with("default-src 'none'; style-src 'sha256-") && !policy.contains("unsafe"), "{file}: {policy}");
        assert_eq!(policy.matches("'sha256-").count(), html.matches("<style>").count(), "{file}: every style is allowed, and nothing else");
        let out: Vec<_> = attributes(&html, "href").into_iter().filter(|href| href.contains(':')).collect();
        assert!(out.iter().all(|href| href.starts_with("https://")), "{file}: {out:?}");
        assert_eq!(html.matches("rel=\"noreferrer\"").count(), out.len(), "{file}: whoever follows a link is not told on");
    }
}

#[test]
fn names_cannot_become_markup_on_any_page() {
    let mut judgement = judgement();
    judgement.about.title = "</style></title><script>alert(1)</script>".into();
    judgement.findings[0].message = "\u{1b}[2J</p><script>alert(1)</script>".into();
    judgement.rules[0].fix = "`</code><script>`".into();
    judgement.frameworks[0].requirements[0].source = "javascript:alert(1)".into();
    judgement.gaps[0].reason = "<script>".into();
    let pages = site(&judgement);
    for (file, html) in &pages {
        assert!(!html.contains("<script") && !html.contains('\u{1b}') && !html.contains('\u{202e}'), "{file}");
        assert!(html.contains("&lt;script&gt;"), "{file} names the estate");
        assert!(!attributes(html, "href").iter().any(|href| href.contains("javascript")), "{file}");
        assert_eq!(html.matches("</style>").count(), html.matches("<style>").count(), "{file}");
    }
}

#[test]
fn links_lead_somewhere_and_everything_is_near() {
    walk(&site(&judgement()));
}

#[test]
fn no_page_is_large_whatever_the_texts() {
    let pages = site(&big(2_000, 600));
    for (file, html) in &pages {
        assert!(html.len() < 1_000_000, "{file}: {} bytes", html.len());
    }
    walk(&pages);
}

#[test]
fn no_page_is_large_whatever_the_estate() {
    let pages = site(&big(100_000, 12));
    for (file, html) in &pages {
        assert!(html.len() < 1_000_000, "{file}: {} bytes", html.len());
    }
    walk(&pages);
    let all: usize = pages.values().map(String::len).sum();
    assert!(all < 80_000_000, "{all} bytes in {} pages", pages.len());
    let of = |kind: &'static str| pages.iter().filter(move |(file, _)| file.starts_with(kind)).map(|(_, html)| html);
    assert_eq!(of("pages/resource-").count(), 500, "the worst have a page of their own");
    let told: usize = of("pages/rule-").map(|html| html.matches("<td><span class=\"v ").count()).sum();
    assert_eq!(told, 20_000, "findings are told on numbered pages");
    // What is cut is said with its count.
    assert!(pages["pages/rule-rule-0.html"].contains("8\u{202f}000 more findings of this rule in <code>findings.csv</code>"));
    assert!(pages["pages/resources.html"].contains("The 500 worst have a page of their own"));
    assert!(pages["pages/resources.html"].contains("80\u{202f}000 resources are on no page"));
    assert!(pages["pages/exposure.html"].contains("10\u{202f}000 rows are on no page"));
    assert!(pages["report.html"].contains("4\u{202f}995 more groups of reads failed"));
}

#[test]
fn an_ordinary_estate_is_told_whole() {
    let mut judgement = judgement();
    let first = judgement.findings[0].clone();
    judgement.findings =
        (0..5_000).map(|number| Finding { subject_arn: format!("{}-{number}", first.subject_arn).into(), ..first.clone() }).collect();
    let pages = site(&judgement);
    let told: usize = pages
        .iter()
        .filter(|(file, _)| file.starts_with("pages/rule-"))
        .map(|(_, html)| html.matches("<td><span class=\"v ").count())
        .sum();
    assert_eq!(told, 5_000);
}

#[test]
fn what_people_answer_is_never_a_verdict() {
    let pages = site(&judgement());
    let page = &pages["pages/framework-hipaa.html"];
    let (before, manual) = page.split_once("Requirements that people answer").unwrap();
    assert!(!before.contains("164.314(a)") && manual.contains("164.314(a)"), "it does not stand among the judged");
    assert!(manual.contains("what gov.contract stands for"), "the record that answers it is named");
    assert!(page.contains("✓") || page.contains("class=\"pass zero\""), "what is met is counted");
    let overview = &pages["report.html"];
    assert!(
        overview.contains("Of 5 requirements: 0 met, 1 not met, 1 with a documented alternative, 1 unknown, 1 not judged, 1 for people"),
        "all of them are counted once"
    );
}

#[test]
fn a_restore_that_was_not_seen_is_not_called_missing() {
    let page = site(&judgement())["pages/restores.html"].clone();
    let told = [
        "not restored in the whole window",
        "not restored for 40 d; before that nobody knows",
        "no restore seen, and none is proven",
        "no restore that was seen completed",
        "1 of 5 resources seen restored",
        "not all of the window judged",
    ];
    for told in told {
        assert!(page.contains(told), "{told}");
    }
}

#[test]
fn an_empty_judgement_is_a_site_too() {
    let empty = Judgement {
        about: About { accounts: Vec::new(), regions: Vec::new(), collections: Vec::new(), ..judgement().about },
        findings: Vec::new(),
        gaps: Vec::new(),
        reads: Vec::new(),
        rules: Vec::new(),
        switched_off: Vec::new(),
        waivers: Vec::new(),
        alternatives: Vec::new(),
        objectives: Vec::new(),
        frameworks: Vec::new(),
        exposure: Vec::new(),
        protection: Vec::new(),
        resources: Vec::new(),
        names: BTreeMap::new(),
        restores: Vec::new(),
        restores_observed: Vec::new(),
    };
    let pages = site(&empty);
    walk(&pages);
    assert!(pages["report.html"].contains("<b>–</b> passed"), "no share without a whole");
}

/// Leaves the sample site in `tmp/sample-report/` of the target folder, for `tests/browser/check.mjs`.
#[test]
fn the_sample_site_for_the_browser() {
    let folder = std::env::current_exe().unwrap().ancestors().nth(3).unwrap().join("tmp/sample-report");
    std::fs::create_dir_all(folder.join(PAGES)).unwrap();
    for (file, html) in site(&judgement()) {
        std::fs::write(folder.join(file), html).unwrap();
    }
}
