//! All verdicts, counted once, and from them the totals and what to do first.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};

use crate::engine::Finding;
use crate::model::{Severity, Verdict};
use crate::report::input::{Judgement, RuleText};
use crate::report::ratio::{bar, percent_range};
use crate::report::text::{clip, count};

use super::index::{Index, rule_page};
use super::totals::{SeverityCounts, TodoItem, TodoView, Totals};

/// Rules on the list of what to do first.
const MOST_TODO: usize = 6;
/// Subjects that an item on it names.
const MOST_NAMED: usize = 4;

/// Verdicts as numbers.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(in crate::report) struct Counts {
    pub(in crate::report) fail: u64,
    pub(in crate::report) unknown: u64,
    pub(in crate::report) waived: u64,
    pub(in crate::report) pass: u64,
    pub(in crate::report) not_applicable: u64,
}

impl Counts {
    pub(in crate::report) fn add(&mut self, verdict: Verdict) {
        *match verdict {
            Verdict::Fail => &mut self.fail,
            Verdict::Unknown => &mut self.unknown,
            Verdict::Waived => &mut self.waived,
            Verdict::Pass => &mut self.pass,
            Verdict::NotApplicable => &mut self.not_applicable,
        } += 1;
    }

    /// These without others that are among them.
    pub(super) fn less(self, others: Self) -> Self {
        Self {
            fail: self.fail.saturating_sub(others.fail),
            unknown: self.unknown.saturating_sub(others.unknown),
            waived: self.waived.saturating_sub(others.waived),
            pass: self.pass.saturating_sub(others.pass),
            not_applicable: self.not_applicable.saturating_sub(others.not_applicable),
        }
    }

    pub(in crate::report) fn owed(&self) -> u64 {
        self.fail + self.unknown + self.waived + self.pass
    }

    pub(in crate::report) fn judged(&self) -> u64 {
        self.owed() + self.not_applicable
    }

    pub(in crate::report) fn passed(&self) -> String {
        percent_range(self.pass, self.unknown, self.owed())
    }
}

/// A rule with its verdicts.
pub(in crate::report) struct RuleLedger<'a> {
    pub(in crate::report) id: &'a str,
    /// What is told of it; `None` if findings name a rule that nobody described.
    pub(in crate::report) text: Option<&'a RuleText>,
    /// The worst severity among its failures, else what the rule says.
    pub(in crate::report) severity: Severity,
    pub(in crate::report) counts: Counts,
    /// What is neither passed nor not applicable: failures, then what is unknown, then what is waived; each by subject.
    pub(in crate::report) open: Vec<&'a Finding>,
}

/// All verdicts, counted once.
pub(in crate::report) struct Ledger<'a> {
    /// By what to do first.
    pub(in crate::report) rules: Vec<RuleLedger<'a>>,
    pub(in crate::report) counts: Counts,
    severities: BTreeMap<Reverse<Severity>, Counts>,
    subjects: u64,
}

impl<'a> Ledger<'a> {
    pub(in crate::report) fn new(judgement: &'a Judgement) -> Self {
        let mut by_rule: BTreeMap<&str, Vec<&Finding>> = judgement.rules.iter().map(|rule| (rule.id.as_str(), Vec::new())).collect();
        let (mut counts, mut severities) = (Counts::default(), BTreeMap::<_, Counts>::new());
        for finding in &judgement.findings {
            by_rule.entry(&finding.rule_id).or_default().push(finding);
            counts.add(finding.verdict);
            severities.entry(Reverse(finding.severity)).or_default().add(finding.verdict);
        }
        let texts: BTreeMap<&str, &RuleText> = judgement.rules.iter().map(|rule| (rule.id.as_str(), rule)).collect();
        let mut rules: Vec<_> = by_rule.into_iter().map(|(id, findings)| RuleLedger::new(id, texts.get(id).copied(), findings)).collect();
        rules.sort_by_key(|rule| {
            (rule.counts.fail == 0, Reverse(rule.severity), Reverse(rule.counts.fail), Reverse(rule.counts.unknown), rule.id)
        });
        let things = judgement.findings.iter().filter(|finding| finding.subject_type != "read");
        let subjects: BTreeSet<&str> = things.map(|finding| finding.subject_arn.as_str()).collect();
        Self { rules, counts, severities, subjects: count(subjects.len()) }
    }

    pub(super) fn totals(&self) -> Totals {
        let counts = &self.counts;
        let severity = |(severity, counts): (&Reverse<Severity>, &Counts)| SeverityCounts {
            severity: severity.0,
            owed: counts.owed(),
            pass: counts.pass,
            fail: counts.fail,
            unknown: counts.unknown,
            waived: counts.waived,
            passed: counts.passed(),
        };
        Totals {
            judged: counts.judged(),
            owed: counts.owed(),
            pass: counts.pass,
            fail: counts.fail,
            unknown: counts.unknown,
            waived: counts.waived,
            not_applicable: counts.not_applicable,
            passed: counts.passed(),
            subjects: self.subjects,
            rules: count(self.rules.len()),
            bar: bar(&[("pass", counts.pass), ("fail", counts.fail), ("unknown", counts.unknown), ("waived", counts.waived)]),
            severities: self.severities.iter().map(severity).collect(),
        }
    }

    pub(super) fn todo(&self, index: &Index<'_>) -> TodoView {
        let failing: Vec<_> = self.rules.iter().filter(|rule| rule.counts.fail > 0).collect();
        let items: Vec<_> = failing.iter().take(MOST_TODO).map(|rule| rule.todo(index)).collect();
        TodoView { more: count(failing.len() - items.len()), items }
    }
}

impl<'a> RuleLedger<'a> {
    fn new(id: &'a str, text: Option<&'a RuleText>, findings: Vec<&'a Finding>) -> Self {
        let mut counts = Counts::default();
        for finding in &findings {
            counts.add(finding.verdict);
        }
        let failing = findings.iter().filter(|finding| finding.verdict == Verdict::Fail).map(|finding| finding.severity).max();
        let severity = failing.or(text.map(|text| text.severity)).or(findings.first().map(|finding| finding.severity));
        let mut open: Vec<_> = findings.into_iter().filter(|finding| !is_quiet(finding.verdict)).collect();
        open.sort_by(|a, b| order(a).cmp(&order(b)));
        Self { id, text, severity: severity.unwrap_or(Severity::Info), counts, open }
    }

    pub(super) fn title(&self) -> String {
        clip(self.text.map_or(self.id, |text| &text.title), 200)
    }

    pub(super) fn fix(&self) -> String {
        self.text.map_or_else(String::new, |text| clip(&text.fix, 1_200))
    }

    fn todo(&self, index: &Index<'_>) -> TodoItem {
        let failing = self.open.iter().take_while(|finding| finding.verdict == Verdict::Fail);
        let named: Vec<_> = failing.take(MOST_NAMED).map(|finding| index.named(&finding.subject_arn)).collect();
        TodoItem {
            rule_id: clip(self.id, 80),
            page: rule_page(self.id),
            more_named: self.counts.fail.saturating_sub(count(named.len())),
            named,
            severity: self.severity,
            title: self.title(),
            fail: self.counts.fail,
            owed: self.counts.owed(),
            unknown: self.counts.unknown,
            example: self.open.first().map_or_else(String::new, |finding| clip(&finding.message, 300)),
            fix: self.fix(),
        }
    }
}

/// Whether reports leave a verdict out unless asked for all.
pub(in crate::report) fn is_quiet(verdict: Verdict) -> bool {
    matches!(verdict, Verdict::Pass | Verdict::NotApplicable)
}

/// Failures first; a total order, so that the first is the same in every run.
fn order(finding: &Finding) -> (usize, &str, &str, &str) {
    let place = Verdict::ALL.iter().position(|verdict| *verdict == finding.verdict).unwrap_or(Verdict::ALL.len());
    (place, &finding.subject_arn, &finding.finding_id, &finding.message)
}
