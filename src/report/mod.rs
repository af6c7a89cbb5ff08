//! Findings as files and pages. One view of a judgement for people, wire structs for programs; no verdict is computed anew.
//!
//! The HTML report is a folder of pages ([`site`]): a page is a template in `templates/pages/`, a view struct, and its line there. Another report for
//! people is a template over the overview: a file `templates/<name>.<ext>.j2` is all it takes. A structured format is a file here with its line
//! in [`formats`].
//!
//! Knows neither AWS nor Polars, has no clock, and prints nothing: it hands back bytes.

pub mod csv;
pub mod dates;
pub mod diff;
pub mod explain;
pub mod input;
pub mod json;
mod paint;
pub mod ratio;
pub mod read;
pub mod render;
pub mod rules;
mod site;
pub mod svg;
pub mod terminal;
pub mod text;
pub mod view;
pub mod waivers;

#[cfg(test)]
mod sample;
#[cfg(test)]
mod site_tests;
#[cfg(test)]
mod tests;

pub use input::{
    About, AlternativeRow, CollectionRow, CourseRow, CoverageRow, EventKind, EventRow, EvidenceRow, ExposureRow, FrameworkRow, Judgement,
    ObjectiveRow, ObservedRow, PROTECTION_COLUMNS, ParamRow, PointKey, PointRow, ProtectionCell, ProtectionRow, Reach, ReadRow,
    RequirementRow, ResourceDetail, ResourceRow, RestoreJobRow, RestoreRow, RuleRead, RuleText, ScopeRow, SelectionRow, StreamRow,
    VerdictCounts, WaiverRow,
};
pub use site::{MARK, PAGES};
pub use svg::Segment;
pub use view::{View, subjects_with_pages};

use crate::engine::Finding;

/// Why a report could not be written.
#[derive(Debug, thiserror::Error)]
pub enum ReportError {
    /// No such format.
    #[error("`{name}` is not a report format: use one of {}", known.join(", "))]
    UnknownFormat {
        /// What was asked for.
        name: String,
        /// What there is.
        known: Vec<String>,
    },
    /// A template is wrong.
    #[error("cannot render template `{template}`")]
    Template {
        /// Its file name.
        template: String,
        /// Why.
        source: minijinja::Error,
    },
    /// CSV could not be written.
    #[error("cannot write CSV")]
    Csv(#[source] ::csv::Error),
    /// JSON could not be written.
    #[error("cannot write JSON")]
    Json(#[source] serde_json::Error),
}

/// What a format is written from.
#[derive(Clone, Copy, Debug)]
pub struct Request<'a> {
    /// The judgement.
    pub judgement: &'a Judgement,
    /// Its view.
    pub view: &'a View,
    /// Whether structured formats hold what passed or is not applicable, too.
    pub all: bool,
}

impl<'a> Request<'a> {
    /// The findings that structured formats hold, sorted by rule and subject.
    fn findings(&self) -> Vec<&'a Finding> {
        let wanted = |finding: &&Finding| self.all || !view::ledger::is_quiet(finding.verdict);
        let mut findings: Vec<_> = self.judgement.findings.iter().filter(wanted).collect();
        findings.sort_by(|a, b| (a.order(), &a.finding_id).cmp(&(b.order(), &b.finding_id)));
        findings
    }
}

/// A file to be written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Output {
    /// Its name below the report's folder, such as `report.html` or `pages/method.html`.
    pub file_name: String,
    /// What is in it.
    pub bytes: Vec<u8>,
}

/// A format: its name on the command line, and what writes it.
pub struct Format {
    /// Name on the command line.
    pub name: String,
    writer: Writer,
}

enum Writer {
    Code(fn(&Request<'_>) -> Result<Vec<Output>, ReportError>),
    Template(String),
}

impl Format {
    /// Writes the files of the format.
    ///
    /// # Errors
    /// `ReportError` of the format; never for what a judgement holds.
    pub fn write(&self, request: &Request<'_>) -> Result<Vec<Output>, ReportError> {
        match &self.writer {
            Writer::Code(write) => write(request),
            Writer::Template(template) => render::write(template, request.view),
        }
    }
}

/// All formats, sorted by name.
pub fn formats() -> Vec<Format> {
    let mut formats = vec![
        Format { name: "csv".to_owned(), writer: Writer::Code(csv::write) },
        Format { name: "json".to_owned(), writer: Writer::Code(json::write) },
    ];
    let template = |(name, template): (String, String)| match name.as_str() {
        "html" => Format { name, writer: Writer::Code(site::write) },
        _ => Format { name, writer: Writer::Template(template) },
    };
    formats.extend(render::reports().into_iter().map(template));
    formats.sort_by(|a, b| a.name.cmp(&b.name));
    formats
}

/// The format of that name.
///
/// # Errors
/// `ReportError::UnknownFormat`, naming those there are.
pub fn format(name: &str) -> Result<Format, ReportError> {
    let mut known = formats();
    match known.iter().position(|format| format.name == name) {
        Some(place) => Ok(known.swap_remove(place)),
        None => Err(ReportError::UnknownFormat { name: name.to_owned(), known: known.into_iter().map(|format| format.name).collect() }),
    }
}
