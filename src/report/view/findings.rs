//! Rules and their findings: the list of all rules, and a page for each with what fails, is unknown or is waived.
//!
//! The folder must stay small whatever the estate, so every rule tells the same number of findings at most, and that number is the largest with
//! which all of them together stay within a limit. What is not told is counted and stands in `findings.csv`.

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;

use crate::engine::{Finding, RequirementState};
use crate::model::{Severity, Verdict};
use crate::report::input::{AlternativeRow, Judgement, RuleText};
use crate::report::ratio::{BarPart, bar};
use crate::report::text::{clip, count, type_words};

use super::frameworks::opens;
use super::index::{Index, rule_page};
use super::ledger::{Counts, Ledger, RuleLedger};
use super::paging::{Paging, bytes_of, numbered, split};

/// Findings told on the pages of all rules together.
const MOST_FINDINGS: usize = 20_000;
/// Findings on a page.
const MOST_ROWS: usize = 250;
/// Bytes of markup around the texts of one finding, at most.
const MARKUP_BYTES: usize = 500;
/// Requirements that the page of a rule names.
const MOST_CONTROLS: usize = 120;
/// Waivers in the list, and alternatives.
const MOST_WAIVERS: usize = 300;

/// The list of all rules.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct FindingsPage {
    /// Rules with something to look at, in the order of what to do first.
    pub open: Vec<RuleLine>,
    /// Rules without, by id: everything passed, nothing was asked, or nothing was there to judge.
    pub quiet: Vec<RuleLine>,
    /// Rules that are switched off.
    pub switched_off: Vec<SwitchedOff>,
    /// Accepted failures.
    pub waivers: Vec<WaiverLine>,
    /// Waivers that are not told.
    pub more_waivers: u64,
    /// Addressable requirements that are answered otherwise.
    pub alternatives: Vec<AlternativeLine>,
    /// Alternatives that are not told.
    pub more_alternatives: u64,
}

/// A rule in one line.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct RuleLine {
    /// Its id.
    pub id: String,
    /// The defect it looks for.
    pub title: String,
    /// File of its page.
    pub page: String,
    /// How bad a failure is.
    pub severity: Severity,
    /// Verdicts in all.
    pub judged: u64,
    /// Verdicts that something asks for. The denominator.
    pub owed: u64,
    /// Passed.
    pub pass: u64,
    /// Failed.
    pub fail: u64,
    /// Unknown.
    pub unknown: u64,
    /// Waived.
    pub waived: u64,
    /// Not asked for.
    pub not_applicable: u64,
    /// Passed of owed in per cent; a range if something is unknown.
    pub passed: String,
    /// The owed verdicts as a bar.
    pub bar: Vec<BarPart>,
}

/// A rule that judges nothing.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct SwitchedOff {
    /// Its id.
    pub id: String,
    /// Why.
    pub reason: String,
}

/// An addressable requirement that is answered otherwise.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct AlternativeLine {
    /// Its name.
    pub id: String,
    /// The requirement.
    pub control: String,
    /// Why the specification is not reasonable and appropriate.
    pub reason: String,
    /// What is done instead.
    pub alternative: String,
    /// Who answers for it.
    pub owner: String,
    /// Who agreed.
    pub approver: String,
    /// First second it no longer holds.
    pub expires_s: i64,
    /// Whether it holds at the moment judged.
    pub holds: bool,
    /// Whether the requirement would not be met without it.
    pub needed: bool,
}

/// An accepted failure.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct WaiverLine {
    /// Its name.
    pub id: String,
    /// Rule whose failures are accepted.
    pub rule_id: String,
    /// File of the rule's page; empty if the rule did not judge.
    pub page: String,
    /// Whom it is about.
    pub subjects: String,
    /// Why.
    pub reason: String,
    /// Who answers for it.
    pub owner: String,
    /// Who agreed.
    pub approver: String,
    /// First second it holds.
    pub start_s: i64,
    /// First second it no longer holds.
    pub expires_s: i64,
    /// Whether it holds at the moment judged.
    pub holds: bool,
    /// What protects the data in the meantime.
    pub compensating_control: String,
    /// Findings that carry it.
    pub findings: u64,
}

/// A page of a rule.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct RulePage {
    /// The rule.
    pub rule: RuleLine,
    /// Why it matters; may be empty.
    pub why: String,
    /// What to do; may be empty.
    pub fix: String,
    /// How it judges; `None` if nobody described it.
    pub method: Option<RuleMethod>,
    /// Requirements it speaks to.
    pub controls: Vec<ControlLink>,
    /// Failures, then unknown, then waived; each by subject: those of this page.
    pub findings: Vec<FindingView>,
    /// Findings that are told on no page.
    pub more: u64,
    /// The other pages.
    pub paging: Paging,
}

/// How a rule judges.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct RuleMethod {
    /// First version that had it.
    pub since: String,
    /// The relation it judges.
    pub over: String,
    /// What a row of it is.
    pub over_doc: String,
    /// How many rows of a subject must hold.
    pub quantify: String,
    /// Which rows it speaks about; empty for all.
    pub applies: String,
    /// What it asks of them; empty if it is built in.
    pub pass: String,
    /// The columns both read.
    pub columns: Vec<ColumnLine>,
    /// Parameters in force.
    pub params: Vec<ParamLine>,
    /// Where to read on.
    pub references: Vec<String>,
}

/// A column with its meaning.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ColumnLine {
    /// Its name.
    pub name: String,
    /// What it says.
    pub doc: String,
}

/// A parameter in force.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ParamLine {
    /// Its name.
    pub name: String,
    /// What it means.
    pub doc: String,
    /// Value where nobody says otherwise.
    pub default: String,
    /// Value for all subjects.
    pub value: String,
    /// Whether it is not the default.
    pub changed: bool,
    /// Who has another value: `account 1234: 7 d`.
    pub others: Vec<String>,
}

/// A requirement that a rule speaks to.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ControlLink {
    /// `soc2:A1.2`.
    pub id: String,
    /// File and anchor of its section; empty if its framework is not told.
    pub page: String,
}

/// One finding, cut to what a page shows.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct FindingView {
    /// What the rule said.
    pub verdict: Verdict,
    /// ARN of the subject.
    pub subject_arn: String,
    /// Name of the subject.
    pub name: String,
    /// File of the subject's page; empty if it has none.
    pub page: String,
    /// Type of the subject in words.
    pub type_words: String,
    /// Its account.
    pub account_id: String,
    /// Its Region.
    pub region: String,
    /// What was seen; may be empty.
    pub observed: String,
    /// What is asked for; may be empty.
    pub expected: String,
    /// The finding as a sentence.
    pub message: String,
    /// Where the proof lies.
    pub evidence: String,
    /// The waiver in force; empty if none.
    pub waiver_id: String,
}

/// The list of all rules.
pub(in crate::report) fn list(judgement: &Judgement, ledger: &Ledger<'_>) -> FindingsPage {
    let (open, mut quiet): (Vec<_>, Vec<_>) = ledger.rules.iter().partition(|rule| !rule.open.is_empty());
    quiet.sort_by_key(|rule| rule.id);
    let judged = |id: &str| ledger.rules.iter().any(|rule| rule.id == id);
    let mut carried: BTreeMap<&str, u64> = BTreeMap::new();
    for finding in &judgement.findings {
        *carried.entry(&finding.waiver_id).or_default() += 1;
    }
    let mut waivers: Vec<_> = judgement.waivers.iter().collect();
    waivers.sort_by_key(|waiver| (waiver.expires_s, &waiver.id));
    let told = waivers.iter().take(MOST_WAIVERS).map(|waiver| WaiverLine {
        id: clip(&waiver.id, 60),
        rule_id: clip(&waiver.rule_id, 80),
        page: if judged(&waiver.rule_id) { rule_page(&waiver.rule_id) } else { String::new() },
        subjects: clip(&waiver.subjects, 200),
        reason: clip(&waiver.reason, 300),
        owner: clip(&waiver.owner, 80),
        approver: clip(&waiver.approver, 80),
        start_s: waiver.start_s,
        expires_s: waiver.expires_s,
        holds: (waiver.start_s..waiver.expires_s).contains(&judgement.about.as_of_s),
        compensating_control: clip(&waiver.compensating_control, 300),
        findings: carried.get(waiver.id.as_str()).copied().unwrap_or(0),
    });
    let mut switched_off: Vec<_> = judgement.switched_off.iter().collect();
    switched_off.sort();
    FindingsPage {
        open: open.into_iter().map(line).collect(),
        quiet: quiet.into_iter().map(line).collect(),
        switched_off: switched_off.into_iter().map(|(id, reason)| SwitchedOff { id: clip(id, 80), reason: clip(reason, 300) }).collect(),
        waivers: told.collect(),
        more_waivers: count(judgement.waivers.len().saturating_sub(MOST_WAIVERS)),
        alternatives: alternatives(judgement),
        more_alternatives: count(judgement.alternatives.len().saturating_sub(MOST_WAIVERS)),
    }
}

fn alternatives(judgement: &Judgement) -> Vec<AlternativeLine> {
    let needed: BTreeSet<&str> = judgement
        .frameworks
        .iter()
        .flat_map(|framework| &framework.requirements)
        .filter(|requirement| requirement.state == RequirementState::AlternativeDocumented)
        .filter_map(|requirement| Some(requirement.alternative.as_ref()?.id.as_str()))
        .collect();
    let mut rows: Vec<_> = judgement.alternatives.iter().collect();
    rows.sort_by_key(|row| (row.expires_s, &row.id));
    let line = |row: &AlternativeRow| AlternativeLine {
        id: clip(&row.id, 60),
        control: clip(&row.control, 80),
        reason: clip(&row.reason, 300),
        alternative: clip(&row.alternative, 300),
        owner: clip(&row.owner, 80),
        approver: clip(&row.approver, 80),
        expires_s: row.expires_s,
        holds: (row.start_s..row.expires_s).contains(&judgement.about.as_of_s),
        needed: needed.contains(row.id.as_str()),
    };
    rows.into_iter().take(MOST_WAIVERS).map(line).collect()
}

pub(super) fn line(rule: &RuleLedger<'_>) -> RuleLine {
    let Counts { fail, unknown, waived, pass, not_applicable } = rule.counts;
    RuleLine {
        id: clip(rule.id, 80),
        title: rule.title(),
        page: rule_page(rule.id),
        severity: rule.severity,
        judged: rule.counts.judged(),
        owed: rule.counts.owed(),
        pass,
        fail,
        unknown,
        waived,
        not_applicable,
        passed: rule.counts.passed(),
        bar: bar(&[("pass", pass), ("fail", fail), ("unknown", unknown), ("waived", waived)]),
    }
}

/// Findings that each rule tells at most, so that all of them stay within the limit.
pub(in crate::report) fn most_findings(ledger: &Ledger<'_>) -> usize {
    let mut lengths: Vec<usize> = ledger.rules.iter().map(|rule| rule.open.len()).collect();
    lengths.sort_unstable();
    let mut left = MOST_FINDINGS;
    for (at, length) in lengths.iter().enumerate() {
        let share = left / (lengths.len() - at);
        if *length > share {
            return share;
        }
        left -= length;
    }
    MOST_FINDINGS
}

/// The pages of a rule, each with its file, one after the other.
pub(in crate::report) fn pages<'a>(
    judgement: &Judgement,
    rule: &'a RuleLedger<'a>,
    index: &'a Index<'a>,
    sections: &BTreeMap<String, String>,
    most: usize,
) -> impl Iterator<Item = (String, RulePage)> + 'a {
    let told: Vec<FindingView> = rule.open.iter().take(most).map(|finding| finding_view(finding, index)).collect();
    let ranges = split(told.iter().map(bytes), MOST_ROWS);
    let (line, controls) = (line(rule), controls(judgement, rule, sections));
    (0..ranges.len()).map(move |at| {
        let page = RulePage {
            rule: line.clone(),
            why: rule.text.map_or_else(String::new, |text| clip(&text.why, 1_200)),
            fix: rule.fix(),
            method: rule.text.map(method),
            controls: controls.clone(),
            findings: told[ranges[at].clone()].to_vec(),
            more: count(rule.open.len() - told.len()),
            paging: Paging::new(&line.page, &ranges, at),
        };
        (numbered(&line.page, at), page)
    })
}

fn method(text: &RuleText) -> RuleMethod {
    let column = |(name, doc): &(String, String)| ColumnLine { name: clip(name, 80), doc: clip(doc, 300) };
    RuleMethod {
        since: clip(&text.since, 40),
        over: clip(&text.over.0, 80),
        over_doc: clip(&text.over.1, 300),
        quantify: clip(&text.quantify, 40),
        applies: clip(&text.applies, 2_000),
        pass: clip(&text.pass, 2_000),
        columns: text.columns.iter().take(60).map(column).collect(),
        params: params(text),
        references: text.references.iter().filter(|reference| opens(reference)).take(24).cloned().collect(),
    }
}

pub(super) fn params(text: &RuleText) -> Vec<ParamLine> {
    let line = |param: &crate::report::input::ParamRow| ParamLine {
        name: clip(&param.name, 80),
        doc: clip(&param.doc, 300),
        default: clip(&param.default, 80),
        value: clip(&param.value, 80),
        changed: param.value != param.default,
        others: param.others.iter().take(24).map(|(who, value)| clip(&format!("{who}: {value}"), 200)).collect(),
    };
    text.params.iter().take(24).map(line).collect()
}

/// The requirements that a rule speaks to, with the places of their sections.
fn controls(judgement: &Judgement, rule: &RuleLedger<'_>, sections: &BTreeMap<String, String>) -> Vec<ControlLink> {
    let mut frameworks: Vec<_> = judgement.frameworks.iter().collect();
    frameworks.sort_by_key(|framework| &framework.title);
    let mut links = Vec::new();
    for framework in frameworks {
        for requirement in framework.requirements.iter().filter(|requirement| requirement.rules.iter().any(|id| id == rule.id)) {
            let id = format!("{}:{}", framework.id, requirement.id);
            let page = sections.get(&id).cloned().unwrap_or_default();
            links.push(ControlLink { id: clip(&id, 60), page });
        }
    }
    links.truncate(MOST_CONTROLS);
    links
}

pub(super) fn finding_view(finding: &Finding, index: &Index<'_>) -> FindingView {
    FindingView {
        verdict: finding.verdict,
        subject_arn: clip(&finding.subject_arn, 300),
        name: index.name(&finding.subject_arn),
        page: index.page(&finding.subject_arn).to_owned(),
        type_words: type_words(&finding.subject_type).0,
        account_id: clip(&finding.account_id, 32),
        region: clip(&finding.region, 32),
        observed: clip(&finding.observed, 160),
        expected: clip(&finding.expected, 160),
        message: clip(&finding.message, 500),
        evidence: clip(&finding.evidence, 240),
        waiver_id: clip(&finding.waiver_id, 60),
    }
}

/// Bytes of a finding as HTML, at most.
pub(super) fn bytes(finding: &FindingView) -> usize {
    let FindingView {
        subject_arn,
        name,
        page,
        type_words,
        account_id,
        region,
        observed,
        expected,
        message,
        evidence,
        waiver_id,
        verdict: _,
    } = finding;
    let texts = [subject_arn, name, page, type_words, account_id, region, observed, expected, message, evidence, waiver_id];
    MARKUP_BYTES + bytes_of(texts.map(String::as_str))
}
