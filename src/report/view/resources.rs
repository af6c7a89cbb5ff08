//! The list of resources: everything in the population, and every vault, plan and the like that something is wrong with; worst first.

use std::collections::BTreeMap;

use serde::Serialize;

use crate::model::{Severity, duration};
use crate::report::input::{ExposureRow, Judgement, ResourceRow};
use crate::report::text::{clip, count, type_words};

use super::exposure::{scenario, worst_first};
use super::index::{Index, Standing};
use super::paging::{Paging, bytes_of, numbered, split};

/// File of the list's first page.
pub(in crate::report) const FILE: &str = "resources.html";
/// Rows on a page.
const MOST_ROWS: usize = 400;
/// Rows on all pages.
const MOST_LISTED: usize = 20_000;
/// Bytes of markup around the texts of one row, at most.
const MARKUP_BYTES: usize = 900;

/// A page of the list.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ResourcesPage {
    /// Resources of the population.
    pub population: u64,
    /// Subjects with a failure.
    pub failing: u64,
    /// Subjects without failure, but with something unknown.
    pub unknown: u64,
    /// Subjects whose only failures are waived.
    pub waived: u64,
    /// Resources of the population with nothing wrong.
    pub clear: u64,
    /// Resources of the population that no rule asks anything of.
    pub unasked: u64,
    /// Vaults, plans and the like with something wrong, which are not in the population.
    pub others: u64,
    /// Subjects that have a page of their own.
    pub pages: u64,
    /// The rows of this page.
    pub rows: Vec<ResourceLine>,
    /// Rows on no page.
    pub more: u64,
    /// The other pages.
    pub paging: Paging,
}

/// A resource in one line.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ResourceLine {
    /// ARN.
    pub arn: String,
    /// Name.
    pub name: String,
    /// File of its page; empty if it has none.
    pub page: String,
    /// Type in words.
    pub type_words: String,
    /// Account.
    pub account_id: String,
    /// Region.
    pub region: String,
    /// What part it plays, if it does not simply hold data; may be empty.
    pub role: String,
    /// `fail`, `unknown`, `waived`, `pass` or `none` (nothing is asked of it): a class of the style sheet.
    pub state: &'static str,
    /// Severity of its worst failure; `None` without one.
    pub severity: Option<Severity>,
    /// Failed.
    pub fail: u64,
    /// Unknown.
    pub unknown: u64,
    /// Waived.
    pub waived: u64,
    /// Passed.
    pub pass: u64,
    /// Verdicts that something asks for.
    pub owed: u64,
    /// What it owes: `objective gold`; `–` for what owes nothing of the kind.
    pub objective: String,
    /// Whether a plan covers it: `yes`, `no`, `not known`, or empty for what is no resource.
    pub covered: &'static str,
    /// Worst exposure of its worst scenario, or what is known of it; empty if none is owed.
    pub exposure: String,
    /// Which points count in that scenario; empty if all do.
    pub scenario: String,
    /// `over`, `within`, `unknown` or empty.
    pub exposure_state: &'static str,
}

/// The pages of the list, each with its file, one after the other.
pub(in crate::report) fn pages<'a>(judgement: &'a Judgement, index: &'a Index<'a>) -> impl Iterator<Item = (String, ResourcesPage)> + 'a {
    let population: BTreeMap<&str, &ResourceRow> = judgement.resources.iter().map(|row| (row.arn.as_str(), row)).collect();
    let mut exposure: BTreeMap<&str, &ExposureRow> = BTreeMap::new();
    for row in worst_first(&judgement.exposure) {
        exposure.entry(&row.subject_arn).or_insert(row);
    }
    // What is not in the population is listed only if something is wrong with it: a plan that passes is no resource at risk.
    let listed: Vec<_> = index.standings.iter().filter(|one| one.is_open() || one.in_population).collect();
    let of = |state: &str| count(listed.iter().filter(|one| self::state(one) == state).count());
    let whole = ResourcesPage {
        population: count(population.len()),
        failing: of("fail"),
        unknown: of("unknown"),
        waived: of("waived"),
        clear: of("pass"),
        unasked: of("none"),
        others: count(listed.iter().filter(|one| !one.in_population).count()),
        pages: count(index.pages()),
        rows: Vec::new(),
        more: count(listed.len().saturating_sub(MOST_LISTED)),
        paging: Paging::new(FILE, &[], 0),
    };
    let told = listed.into_iter().take(MOST_LISTED);
    let rows: Vec<_> = told.map(|one| line(one, population.get(one.arn).copied(), exposure.get(one.arn).copied(), index)).collect();
    let ranges = split(rows.iter().map(bytes), MOST_ROWS);
    (0..ranges.len()).map(move |at| {
        let page = ResourcesPage { rows: rows[ranges[at].clone()].to_vec(), paging: Paging::new(FILE, &ranges, at), ..whole.clone() };
        (numbered(FILE, at), page)
    })
}

/// Where a subject stands, in a word.
pub(super) fn state(standing: &Standing<'_>) -> &'static str {
    match standing.counts {
        counts if counts.fail > 0 => "fail",
        counts if counts.unknown > 0 => "unknown",
        counts if counts.waived > 0 => "waived",
        counts if counts.pass > 0 => "pass",
        _ => "none",
    }
}

fn line(standing: &Standing<'_>, resource: Option<&ResourceRow>, exposure: Option<&ExposureRow>, index: &Index<'_>) -> ResourceLine {
    let kind = resource.map_or(standing.kind, |resource| &resource.resource_type);
    let (account_id, region) = resource.map_or(standing.place, |resource| (resource.account_id.as_str(), resource.region.as_str()));
    let in_scenario = exposure.filter(|row| row.scenario != "any").map_or_else(String::new, |row| scenario(&row.scenario));
    let (exposure, exposure_state) = exposure.map_or((String::new(), ""), worst);
    ResourceLine {
        arn: clip(standing.arn, 300),
        name: index.name(standing.arn),
        page: index.page(standing.arn).to_owned(),
        type_words: type_words(kind).0,
        account_id: clip(account_id, 32),
        region: clip(region, 32),
        role: resource.map_or("", |resource| &resource.role).to_owned(),
        state: state(standing),
        severity: standing.worst.filter(|_| standing.counts.fail > 0).map(|(_, severity)| severity),
        fail: standing.counts.fail,
        unknown: standing.counts.unknown,
        waived: standing.counts.waived,
        pass: standing.counts.pass,
        owed: standing.counts.owed(),
        objective: resource.map_or_else(|| "–".to_owned(), objective),
        covered: match resource.map(|resource| resource.covered) {
            None => "",
            Some(None) => "not known",
            Some(Some(true)) => "yes",
            Some(Some(false)) => "no",
        },
        exposure,
        scenario: in_scenario,
        exposure_state,
    }
}

/// The objective of a resource in words.
pub(super) fn objective(resource: &ResourceRow) -> String {
    match resource.objective_id.as_deref() {
        None => "not known".to_owned(),
        Some("") => "default, not approved".to_owned(),
        Some(id) => clip(id, 60),
    }
}

fn worst(row: &ExposureRow) -> (String, &'static str) {
    let over = row.violated_s > 0 || row.lower_rpo_s.zip(row.limit_s()).is_some_and(|(lower_s, limit_s)| lower_s > limit_s);
    let at_least = |length_s: i64| format!("at least {}", duration::text(length_s));
    match row.achieved_rpo_s {
        Some(achieved_s) if over => (duration::text(achieved_s), "over"),
        Some(achieved_s) if row.unknown_s <= 0 => (duration::text(achieved_s), "within"),
        Some(achieved_s) => (duration::text(achieved_s), "unknown"),
        None if over => (row.lower_rpo_s.map_or_else(String::new, at_least), "over"),
        None => (row.lower_rpo_s.filter(|lower_s| *lower_s > 0).map_or_else(|| "not known".to_owned(), at_least), "unknown"),
    }
}

fn bytes(line: &ResourceLine) -> usize {
    let texts = [&line.arn, &line.name, &line.page, &line.type_words, &line.account_id, &line.region, &line.role, &line.objective];
    MARKUP_BYTES + bytes_of(texts.map(String::as_str))
}
