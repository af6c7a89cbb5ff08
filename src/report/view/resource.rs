//! One resource: its findings, how exposed it was and what happened to it, its coverage clause by clause, its restores.

use std::collections::BTreeMap;

use serde::Serialize;

use crate::engine::Finding;
use crate::model::{Severity, Verdict};
use crate::report::input::{CoverageRow, ExposureRow, Judgement, ResourceDetail, ResourceRow, RestoreRow};
use crate::report::svg::{Tick, ticks};
use crate::report::text::{clip, count, type_words};

use super::course::{CourseView, course};
use super::exposure::{ExposureLine, line as exposure_line};
use super::findings::{FindingView, bytes as finding_bytes, finding_view};
use super::index::{Index, Named, Standing, rule_page};
use super::ledger::{Ledger, RuleLedger};
use super::paging::{bytes_of, fitting};
use super::resources::{objective, state};
use super::restores::{RestoreLine, job_lines};

/// Open findings that are told, and their bytes.
const MOST_FINDINGS: (usize, usize) = (120, 250_000);
/// What passed, or is not asked, and is told, and its bytes.
const MOST_QUIET: (usize, usize) = (120, 100_000);
/// Selections that are told, and the bytes of the clauses of all of them.
const MOST_SELECTIONS: (usize, usize) = (40, 120_000);
/// Tags that are told, and their bytes.
const MOST_TAGS: (usize, usize) = (60, 40_000);
/// Restores that are told.
const MOST_RESTORES: usize = 20;

/// The page of a resource.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ResourcePage {
    /// ARN.
    pub arn: String,
    /// Name.
    pub name: String,
    /// Type in words.
    pub type_words: String,
    /// Account.
    pub account_id: String,
    /// Region.
    pub region: String,
    /// Where it stands: a class of the style sheet.
    pub state: &'static str,
    /// Facts about it.
    pub facts: Vec<FactLine>,
    /// Its tags; `None` if they were not read, or it is not in the population.
    pub tags: Option<Vec<FactLine>>,
    /// Whether it is in the population; vaults and plans are not.
    pub in_population: bool,
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
    /// Not asked for.
    pub not_applicable: u64,
    /// Failures, then what is unknown, then what is waived.
    pub open: Vec<RuleFinding>,
    /// Open findings that are not told.
    pub more_open: u64,
    /// What passed.
    pub passed: Vec<RuleFinding>,
    /// Rules that do not ask anything of it.
    pub not_asked: Vec<RuleName>,
    /// Exposure by scenario.
    pub exposure: Vec<ExposureLine>,
    /// Marks on the axis of time.
    pub ticks: Vec<Tick>,
    /// What it could be restored from, and what happened to it.
    pub course: Option<CourseView>,
    /// Its coverage.
    pub coverage: Option<CoverageView>,
    /// Its restores, newest first; `None` if it is not restored by itself.
    pub restores: Option<Vec<RestoreLine>>,
    /// Restores that are not told.
    pub more_restores: u64,
}

/// Something said about it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct FactLine {
    /// What is said.
    pub what: String,
    /// The value.
    pub value: String,
}

/// A finding with its rule.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct RuleFinding {
    /// The rule.
    pub rule: RuleName,
    /// How bad a failure is.
    pub severity: Severity,
    /// The finding.
    pub finding: FindingView,
    /// What to do; empty where nothing is to be done.
    pub fix: String,
    /// Requirements it speaks to, as they are written in findings.
    pub controls: String,
}

/// A rule by name.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct RuleName {
    /// Its id.
    pub id: String,
    /// The defect it looks for.
    pub title: String,
    /// File of its page.
    pub page: String,
}

/// Coverage of a resource.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct CoverageView {
    /// Whether a plan backs it up: `yes`, `no` or `not known`.
    pub covered: &'static str,
    /// Whether a selection asks for it, opt-in and state aside.
    pub selected: &'static str,
    /// Whether only the Region's settings keep it from being backed up.
    pub opt_in_blocked: &'static str,
    /// The cluster whose coverage counts.
    pub via: Option<Named>,
    /// Why it is unknown; empty otherwise.
    pub unknown_because: String,
    /// What selections say.
    pub selections: Vec<SelectionView>,
    /// Selections that are not told.
    pub more: u64,
}

/// What a selection says.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct SelectionView {
    /// Name of the plan.
    pub plan: String,
    /// Name of the selection.
    pub selection: String,
    /// What it comes to, in words.
    pub verdict: String,
    /// A class of the style sheet: `pass`, `unknown` or `none`.
    pub state: &'static str,
    /// Whether it rests on something AWS does not document.
    pub assumed: bool,
    /// Its clauses.
    pub clauses: Vec<String>,
    /// Clauses that are not told.
    pub more: u64,
}

/// What pages of resources are told from, looked up by ARN.
pub(in crate::report) struct Resources<'a> {
    judgement: &'a Judgement,
    index: &'a Index<'a>,
    rules: BTreeMap<&'a str, &'a RuleLedger<'a>>,
    findings: BTreeMap<&'a str, Vec<&'a Finding>>,
    population: BTreeMap<&'a str, &'a ResourceRow>,
    exposure: BTreeMap<&'a str, Vec<&'a ExposureRow>>,
    restores: BTreeMap<&'a str, &'a RestoreRow>,
}

impl<'a> Resources<'a> {
    pub(in crate::report) fn new(judgement: &'a Judgement, ledger: &'a Ledger<'a>, index: &'a Index<'a>) -> Self {
        let mut findings: BTreeMap<&str, Vec<&Finding>> = BTreeMap::new();
        for finding in judgement.findings.iter().filter(|finding| !index.page(&finding.subject_arn).is_empty()) {
            findings.entry(&finding.subject_arn).or_default().push(finding);
        }
        let mut exposure: BTreeMap<&str, Vec<&ExposureRow>> = BTreeMap::new();
        for row in &judgement.exposure {
            exposure.entry(&row.subject_arn).or_default().push(row);
        }
        for rows in exposure.values_mut() {
            rows.sort_by_key(|row| (row.scenario != "any", &row.scenario));
        }
        Self {
            judgement,
            index,
            rules: ledger.rules.iter().map(|rule| (rule.id, rule)).collect(),
            findings,
            population: judgement.resources.iter().map(|row| (row.arn.as_str(), row)).collect(),
            exposure,
            restores: judgement.restores.iter().map(|row| (row.subject_arn.as_str(), row)).collect(),
        }
    }

    /// The page of every subject that has one, with its file, worst first.
    pub(in crate::report) fn pages(&self) -> impl Iterator<Item = (String, ResourcePage)> {
        let with_page = self.index.standings.iter().filter(|standing| !self.index.page(standing.arn).is_empty());
        with_page.map(|standing| (self.index.page(standing.arn).to_owned(), self.page(standing)))
    }

    fn page(&self, standing: &Standing<'_>) -> ResourcePage {
        let resource = self.population.get(standing.arn).copied();
        let detail = resource.and_then(|resource| resource.detail.as_ref());
        let window = self.judgement.about.window;
        let (account_id, region) = resource.map_or(standing.place, |resource| (resource.account_id.as_str(), resource.region.as_str()));
        let mut findings = self.findings.get(standing.arn).cloned().unwrap_or_default();
        findings.sort_by_key(|finding| (place(finding.verdict), std::cmp::Reverse(finding.severity), &finding.rule_id));
        let (open, quiet): (Vec<&Finding>, Vec<_>) = findings.into_iter().partition(|finding| !super::ledger::is_quiet(finding.verdict));
        let (passed, not_asked): (Vec<&Finding>, Vec<_>) = quiet.into_iter().partition(|finding| finding.verdict == Verdict::Pass);
        let told = self.told(&open, MOST_FINDINGS);
        let rows = self.exposure.get(standing.arn).map_or(&[][..], Vec::as_slice);
        let restores = self.restores.get(standing.arn);
        let counts = standing.counts;
        ResourcePage {
            arn: clip(standing.arn, 300),
            name: self.index.name(standing.arn),
            type_words: type_words(resource.map_or(standing.kind, |resource| &resource.resource_type)).0,
            account_id: clip(account_id, 32),
            region: clip(region, 32),
            state: state(standing),
            facts: resource.map_or_else(Vec::new, |resource| facts(resource, detail)),
            tags: detail.and_then(|detail| detail.tags.as_deref()).map(tags),
            in_population: resource.is_some(),
            fail: counts.fail,
            unknown: counts.unknown,
            waived: counts.waived,
            pass: counts.pass,
            owed: counts.owed(),
            not_applicable: counts.not_applicable,
            more_open: count(open.len() - told.len()),
            open: told,
            passed: self.told(&passed, MOST_QUIET),
            not_asked: not_asked.iter().take(MOST_QUIET.0).map(|one| self.rule(one)).collect(),
            exposure: rows.iter().map(|row| exposure_line(row, window, self.index)).collect(),
            ticks: ticks(window),
            course: detail.map(|detail| course(&detail.course, rows, window)),
            coverage: detail.map(|detail| coverage(&detail.coverage, self.index)),
            restores: restores.map(|row| job_lines(row).take(MOST_RESTORES).collect()),
            more_restores: restores.map_or(0, |row| row.jobs_more + count(row.jobs.len().saturating_sub(MOST_RESTORES))),
        }
    }

    /// The first of some findings, as many as fit.
    fn told(&self, findings: &[&Finding], (most, most_bytes): (usize, usize)) -> Vec<RuleFinding> {
        let mut told: Vec<_> = findings.iter().take(most).map(|finding| self.finding(finding)).collect();
        let of = |one: &RuleFinding| finding_bytes(&one.finding) + bytes_of([one.rule.title.as_str(), &one.fix, &one.controls]);
        told.truncate(fitting(told.iter().map(of), most, most_bytes));
        told
    }

    fn finding(&self, finding: &Finding) -> RuleFinding {
        let rule = self.rules.get(finding.rule_id.as_str());
        let needs_work = matches!(finding.verdict, Verdict::Fail | Verdict::Waived);
        RuleFinding {
            rule: self.rule(finding),
            severity: finding.severity,
            finding: finding_view(finding, self.index),
            fix: rule.filter(|_| needs_work).map_or_else(String::new, |rule| rule.fix()),
            controls: clip(&finding.controls, 600),
        }
    }

    fn rule(&self, finding: &Finding) -> RuleName {
        RuleName {
            id: clip(&finding.rule_id, 80),
            title: self.rules.get(finding.rule_id.as_str()).map_or_else(String::new, |rule| rule.title()),
            page: rule_page(&finding.rule_id),
        }
    }
}

fn place(verdict: Verdict) -> usize {
    Verdict::ALL.iter().position(|one| *one == verdict).unwrap_or(Verdict::ALL.len())
}

fn tags(tags: &[(String, String)]) -> Vec<FactLine> {
    let mut told: Vec<_> = tags.iter().take(MOST_TAGS.0).map(fact).collect();
    told.truncate(fitting(told.iter().map(|tag| 20 + bytes_of([tag.what.as_str(), &tag.value])), MOST_TAGS.0, MOST_TAGS.1));
    told
}

fn fact((what, value): &(String, String)) -> FactLine {
    FactLine { what: clip(what, 120), value: clip(value, 200) }
}

fn facts(resource: &ResourceRow, detail: Option<&ResourceDetail>) -> Vec<FactLine> {
    let mut facts: Vec<_> = detail.into_iter().flat_map(|detail| &detail.facts).map(fact).collect();
    let role = if resource.role.is_empty() { "not known".to_owned() } else { resource.role.clone() };
    facts.push(FactLine { what: "Role".to_owned(), value: role });
    facts.push(FactLine { what: "Objective".to_owned(), value: objective(resource) });
    facts
}

fn answer(value: Option<bool>) -> &'static str {
    value.map_or("not known", |yes| if yes { "yes" } else { "no" })
}

fn coverage(row: &CoverageRow, index: &Index<'_>) -> CoverageView {
    let mut bytes_left = MOST_SELECTIONS.1;
    let selections = row.selections.iter().take(MOST_SELECTIONS.0).map(|selection| {
        let mut told: Vec<_> = selection.clauses.iter().take(200).map(|clause| clip(clause, 400)).collect();
        let bytes = |clause: &String| 20 + bytes_of([clause.as_str()]);
        told.truncate(fitting(told.iter().map(bytes), told.len(), bytes_left));
        bytes_left -= told.iter().map(bytes).sum::<usize>();
        let (verdict, state) = match selection.verdict.as_str() {
            "covered" => ("covered".to_owned(), "pass"),
            "excluded" => ("excluded".to_owned(), "none"),
            "not_matched" => ("not asked for".to_owned(), "none"),
            "opt_in_blocked" => ("selected, but switched off in the Region".to_owned(), "fail"),
            "unknown" => ("not known".to_owned(), "unknown"),
            other => (clip(&other.replace('_', " "), 60), "none"),
        };
        SelectionView {
            plan: clip(&selection.plan, 80),
            selection: clip(&selection.selection, 80),
            verdict,
            state,
            assumed: selection.assumed,
            more: count(selection.clauses.len() - told.len()),
            clauses: told,
        }
    });
    CoverageView {
        covered: answer(row.covered),
        selected: answer(row.selected),
        opt_in_blocked: answer(row.opt_in_blocked),
        via: (!row.via.is_empty()).then(|| index.named(&row.via)),
        unknown_because: clip(&row.unknown_because, 400),
        selections: selections.collect(),
        more: count(row.selections.len().saturating_sub(MOST_SELECTIONS.0)),
    }
}
