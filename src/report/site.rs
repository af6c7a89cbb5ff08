//! The HTML report: a folder of pages that works from disk, from a zip file and from a web server alike.
//!
//! `report.html` is the overview; the other pages lie beside it in `pages/`, so that all links are relative. A page is a template, a view struct and
//! its line in [`write`]. No page is ever larger than a megabyte: long lists are split over numbered pages, and what is cut is said with its count.

use serde::Serialize;
use serde_json::{Value, json};

use super::render::{Renderer, Sources, style_hash};
use super::text::clip;
use super::view::index::Index;
use super::view::ledger::Ledger;
use super::view::{View, exposure, findings, frameworks, method, resource, resources, restores};
use super::{Output, ReportError, Request};

/// Folder of the pages beside the overview.
pub const PAGES: &str = "pages";
/// What every page says about itself: by it the pages of an earlier run are known.
pub const MARK: &str = "<meta name=\"generator\" content=\"backup-audit ";
/// File of the overview.
const OVERVIEW: &str = "report.html";
/// Style sheets: what every page needs, charts, and the overview.
const PLAIN: &[&str] = &["base.css"];
const CHARTS: &[&str] = &["base.css", "charts.css"];
const FRONT: &[&str] = &["base.css", "charts.css", "overview.css"];

/// Writes all pages.
///
/// # Errors
/// As rendering.
pub(super) fn write(request: &Request<'_>) -> Result<Vec<Output>, ReportError> {
    let judgement = request.judgement;
    let window = judgement.about.window;
    let (ledger, index) = (Ledger::new(judgement), Index::new(judgement));
    let sources = Sources::embedded();
    let mut site = Site { renderer: sources.renderer()?, shell: shell(request.view), pages: Vec::new() };

    site.overview(request.view)?;
    let mut sections = std::collections::BTreeMap::new();
    for (file, page) in frameworks::pages(judgement, &ledger, &index) {
        for requirement in &page.sections {
            let line = &requirement.line;
            sections.insert(format!("{}:{}", page.framework.id, line.id), format!("{file}#{}", line.anchor));
        }
        site.add(&Page::new("framework", FRAMEWORKS.to_owned(), page.framework.title.clone(), file, PLAIN), &page)?;
    }
    for (file, page) in exposure::pages(&judgement.exposure, window, &index) {
        site.add(&Page::new("exposure", exposure::FILE.into(), "Exposure".into(), file, CHARTS), &page)?;
    }
    for (file, page) in resources::pages(judgement, &index) {
        site.add(&Page::new("resources", resources::FILE.into(), "Resources".into(), file, PLAIN), &page)?;
    }
    for (file, page) in resource::Resources::new(judgement, &ledger, &index).pages() {
        site.add(&Page::new("resource", resources::FILE.into(), page.name.clone(), file, CHARTS), &page)?;
    }
    site.add(&Page::new("findings", FINDINGS.into(), "Findings".into(), FINDINGS.into(), PLAIN), &findings::list(judgement, &ledger))?;
    let most = findings::most_findings(&ledger);
    for rule in &ledger.rules {
        for (file, page) in findings::pages(judgement, rule, &index, &sections, most) {
            site.add(&Page::new("rule", FINDINGS.into(), page.rule.title.clone(), file, PLAIN), &page)?;
        }
    }
    for (file, page) in restores::pages(judgement, &ledger, &index) {
        site.add(&Page::new("restores", restores::FILE.into(), "Restore tests".into(), file, PLAIN), &page)?;
    }
    site.add(
        &Page::new("gaps", GAPS.into(), "Gaps and completeness".into(), GAPS.into(), PLAIN),
        &method::completeness(judgement, &index),
    )?;
    site.add(&Page::new("method", METHOD.into(), "Method".into(), METHOD.into(), PLAIN), &method::method(judgement, &ledger))?;
    Ok(site.pages)
}

const FINDINGS: &str = "findings.html";
/// Where the frameworks stand side by side: a section of the overview.
const FRAMEWORKS: &str = "report.html#frameworks";
const GAPS: &str = "gaps.html";
const METHOD: &str = "method.html";

/// One page, but for what it shows.
#[derive(Serialize)]
struct Page {
    #[serde(skip)]
    template: String,
    /// File of the page of the navigation that it belongs to.
    section: String,
    title: String,
    file: String,
    styles: &'static [&'static str],
    /// What leads from here to the overview, and to the other pages.
    root: &'static str,
    base: &'static str,
}

impl Page {
    fn new(template: &str, section: String, title: String, file: String, styles: &'static [&'static str]) -> Self {
        Self { template: format!("pages/{template}.html.j2"), section, title, file, styles, root: "../", base: "" }
    }
}

/// The pages that were written so far.
struct Site<'s> {
    renderer: Renderer<'s>,
    shell: Value,
    pages: Vec<Output>,
}

impl Site<'_> {
    fn overview(&mut self, view: &View) -> Result<(), ReportError> {
        let page = Page {
            template: format!("{OVERVIEW}.j2"),
            section: OVERVIEW.into(),
            title: "Overview".into(),
            file: OVERVIEW.into(),
            styles: FRONT,
            root: "",
            base: "pages/",
        };
        let bytes = self.render(&page, view)?;
        self.pages.push(Output { file_name: OVERVIEW.to_owned(), bytes });
        Ok(())
    }

    fn add(&mut self, page: &Page, view: &impl Serialize) -> Result<(), ReportError> {
        let bytes = self.render(page, view)?;
        self.pages.push(Output { file_name: format!("{PAGES}/{}", page.file), bytes });
        Ok(())
    }

    fn render(&self, page: &Page, view: &impl Serialize) -> Result<Vec<u8>, ReportError> {
        let mut fields = serde_json::to_value(view).map_err(ReportError::Json)?;
        fields["site"] = self.shell.clone();
        fields["page"] = serde_json::to_value(page).map_err(ReportError::Json)?;
        self.renderer.render(&page.template, fields)
    }
}

/// What all pages have in common.
fn shell(view: &View) -> Value {
    let mut nav = vec![json!({ "title": "Overview", "file": OVERVIEW, "on_overview": true })];
    if !view.frameworks.is_empty() {
        nav.push(json!({ "title": "Frameworks", "file": FRAMEWORKS, "on_overview": true }));
    }
    let frameworks: Vec<_> = view.frameworks.iter().map(|framework| json!({ "title": framework.short, "file": framework.page })).collect();
    let rest = [("Exposure", exposure::FILE), ("Resources", resources::FILE), ("Findings", FINDINGS)];
    let rest = rest.into_iter().chain([("Restore tests", restores::FILE), ("Gaps", GAPS), ("Method", METHOD)]);
    nav.extend(rest.map(|(title, file)| json!({ "title": title, "file": file, "on_overview": false })));
    let sheet = sheet(view);
    json!({
        "title": view.title,
        "window": view.window,
        "as_of_s": view.as_of_s,
        "accounts": view.accounts,
        "regions": view.regions,
        "scope": view.scope,
        "tool_version": view.tool_version,
        "dataset_digest": view.dataset_digest,
        "rules_digest": view.rules_digest,
        "gaps": { "reads": view.gaps.reads, "unknown": view.gaps.unknown },
        "overview": OVERVIEW,
        "nav": nav,
        "frameworks": frameworks,
        "sheet_hash": style_hash(&sheet),
        "sheet": sheet,
    })
}

/// What stands on every sheet of paper: whose report, of which time, from which dataset, and the number of the sheet.
fn sheet(view: &View) -> String {
    let head = quoted(&clip(&format!("{} · {}", view.title, view.window.title), 100));
    let dataset = quoted(&format!("dataset {}", view.dataset_digest.chars().take(16).collect::<String>()));
    format!(
        "@page {{ @top-left {{ content: {head}; }} @top-right {{ content: {dataset}; }} \
         @bottom-left {{ content: \"Backup audit {}\"; }} @bottom-right {{ content: counter(page) \" of \" counter(pages); }} }}",
        view.tool_version.chars().filter(|c| c.is_ascii_alphanumeric() || *c == '.').collect::<String>()
    )
}

/// A text as a string of CSS: everything but letters, digits and blanks is escaped, so that no name can end the string or the style.
fn quoted(text: &str) -> String {
    let escaped = |c: char| if c.is_ascii_alphanumeric() || c == ' ' { c.to_string() } else { format!("\\{:x} ", u32::from(c)) };
    format!("\"{}\"", text.chars().map(escaped).collect::<String>())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_name_can_leave_a_string_of_css() {
        let cases = [
            ("Acme 7", "\"Acme 7\""),
            ("a\"; } body { display: none", "\"a\\22 \\3b  \\7d  body \\7b  display\\3a  none\""),
            ("</style>", "\"\\3c \\2f style\\3e \""),
            ("Ü", "\"\\dc \""),
        ];
        for (text, expected) in cases {
            assert_eq!(quoted(text), expected);
        }
    }
}
