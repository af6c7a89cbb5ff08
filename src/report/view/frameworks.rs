//! Frameworks as working papers: each requirement with its kind and scope, the rules that speak to it, what fails or is unknown there, and the
//! records that only people can give.
//!
//! Verdicts and manual answers are kept apart: what no tool decides never counts as met, and does not vanish.

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;

use crate::engine::frameworks::{RequirementKind, Scope};
use crate::engine::{Finding, RequirementState};
use crate::model::{Severity, Verdict};
use crate::report::input::{AlternativeRow, EvidenceRow, FrameworkRow, Judgement, RequirementRow, ScopeRow};
use crate::report::ratio::{BarPart, bar};
use crate::report::text::{clip, count, grouped, plural};

use super::index::{Index, Named, framework_page, rule_page};
use super::ledger::{Counts, Ledger, RuleLedger};
use super::paging::{Paging, bytes_of, numbered, split};

/// Subjects that a rule names under a requirement, of each verdict.
const MOST_NAMED: usize = 12;
/// Requirements on a page.
const MOST_SECTIONS: usize = 120;
/// Bytes of markup around a requirement, and around a rule under it.
const MARKUP_BYTES: (usize, usize) = (3_000, 1_800);

/// How a framework stands.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct FrameworkCard {
    /// Its id.
    pub id: String,
    /// Its name.
    pub title: String,
    /// The name, cut for navigation.
    pub short: String,
    /// Which text is meant.
    pub version: String,
    /// File of its page, beside the other pages.
    pub page: String,
    /// How its scope was taken, in sentences; empty if it is about any data.
    pub scope: String,
    /// The same in a few words.
    pub scope_short: String,
    /// Requirements in all.
    pub requirements: u64,
    /// Requirements that everything they can be shown with supports.
    pub met: u64,
    /// Requirements with a failure.
    pub not_met: u64,
    /// Addressable requirements with a failure and a documented alternative.
    pub alternative: u64,
    /// Requirements without failure that rest on something unread.
    pub unknown: u64,
    /// Requirements for which a tool could give evidence, and nothing was judged.
    pub not_judged: u64,
    /// Requirements that people answer.
    pub manual: u64,
    /// The requirements as a bar.
    pub bar: Vec<BarPart>,
    /// Verdicts in all.
    pub verdicts: u64,
    /// Passed.
    pub verdicts_pass: u64,
    /// Failed.
    pub verdicts_fail: u64,
    /// Unknown.
    pub verdicts_unknown: u64,
    /// Waived.
    pub verdicts_waived: u64,
}

/// A page of a framework.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct FrameworkPage {
    /// How it stands.
    pub framework: FrameworkCard,
    /// Requirements with verdicts, in the order of the framework.
    pub judged: Vec<RequirementLine>,
    /// Requirements that people answer.
    pub manual: Vec<RequirementLine>,
    /// The sections of this page.
    pub sections: Vec<RequirementView>,
    /// The other pages.
    pub paging: Paging,
}

/// A requirement in one line.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct RequirementLine {
    /// As the framework numbers it.
    pub id: String,
    /// A few words.
    pub title: String,
    /// Where its section is: file and anchor.
    pub file: String,
    /// Anchor of its section.
    pub anchor: String,
    /// `required`, `addressable`, the baselines or groups that have it, or empty if the framework does not distinguish.
    pub kind: String,
    /// How far a tool can decide it.
    pub scope: &'static str,
    /// Where it stands: a class of the style sheet.
    pub state: &'static str,
    /// The same in words.
    pub state_words: &'static str,
    /// Verdicts that something asks for.
    pub owed: u64,
    /// Failed.
    pub fail: u64,
    /// Unknown.
    pub unknown: u64,
    /// Waived.
    pub waived: u64,
    /// Passed.
    pub pass: u64,
    /// Records that people would give.
    pub records: u64,
}

/// A requirement in full.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct RequirementView {
    /// The line.
    pub line: RequirementLine,
    /// What it asks for.
    pub text: String,
    /// What to know about it; may be empty.
    pub note: String,
    /// Where it is published.
    pub source: String,
    /// Whether that is an address that can be opened.
    pub source_opens: bool,
    /// The alternative to it that holds.
    pub alternative: Option<AlternativeView>,
    /// Rules that speak to it.
    pub rules: Vec<RequirementRule>,
    /// Records that would answer what is left for people.
    pub records: Vec<Evidence>,
    /// Kinds of evidence that a tool could give and for which nothing was judged.
    pub not_judged: Vec<Evidence>,
}

/// The decision that answers an addressable requirement otherwise.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct AlternativeView {
    /// Its name.
    pub id: String,
    /// Why the specification is not reasonable and appropriate.
    pub reason: String,
    /// What is done instead.
    pub alternative: String,
    /// Who answers for it.
    pub owner: String,
    /// Who agreed.
    pub approver: String,
    /// First second it holds.
    pub start_s: i64,
    /// First second it no longer holds.
    pub expires_s: i64,
    /// Where the decision is filed; empty if it does not say.
    pub document: String,
    /// Whether that is an address that can be opened.
    pub document_opens: bool,
    /// Whether the requirement would not be met without it.
    pub needed: bool,
}

/// A kind of evidence that is still to be given.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Evidence {
    /// Its id.
    pub id: String,
    /// What it is.
    pub meaning: String,
    /// Where it usually comes from.
    pub source: String,
}

/// What a rule says to a requirement.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct RequirementRule {
    /// The rule.
    pub rule_id: String,
    /// The defect it looks for.
    pub title: String,
    /// File of its page.
    pub page: String,
    /// How bad a failure is.
    pub severity: Severity,
    /// Verdicts that something asks for. The denominator.
    pub owed: u64,
    /// Failed.
    pub fail: u64,
    /// Unknown.
    pub unknown: u64,
    /// Waived.
    pub waived: u64,
    /// Passed.
    pub pass: u64,
    /// Not asked for.
    pub not_applicable: u64,
    /// What fails, is unknown or waived.
    pub subjects: Vec<NamedSubjects>,
}

/// Subjects of one verdict.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct NamedSubjects {
    /// The verdict.
    pub verdict: Verdict,
    /// The first of them.
    pub named: Vec<Named>,
    /// How many are not named.
    pub more: u64,
}

/// How the frameworks stand, in order of their titles.
pub(super) fn cards(rows: &[FrameworkRow]) -> Vec<FrameworkCard> {
    let mut cards: Vec<_> = rows.iter().map(card).collect();
    cards.sort_by(|a, b| (&a.title, &a.id).cmp(&(&b.title, &b.id)));
    cards
}

fn card(row: &FrameworkRow) -> FrameworkCard {
    let of = |state: RequirementState| count(row.requirements.iter().filter(|requirement| requirement.state == state).count());
    let counts = row.verdicts;
    let card = FrameworkCard {
        id: clip(&row.id, 64),
        title: clip(&row.title, 100),
        short: clip(row.title.split(',').next().unwrap_or_default(), 32),
        version: clip(&row.version, 120),
        page: framework_page(&row.id),
        scope: row.scope.as_ref().map(scope_words).unwrap_or_default(),
        scope_short: row.scope.as_ref().map(scope_short).unwrap_or_default(),
        requirements: count(row.requirements.len()),
        met: of(RequirementState::Met),
        not_met: of(RequirementState::NotMet),
        alternative: of(RequirementState::AlternativeDocumented),
        unknown: of(RequirementState::Unknown),
        not_judged: of(RequirementState::NotJudged),
        manual: of(RequirementState::Manual),
        bar: Vec::new(),
        verdicts: counts.pass + counts.fail + counts.unknown + counts.waived,
        verdicts_pass: counts.pass,
        verdicts_fail: counts.fail,
        verdicts_unknown: counts.unknown,
        verdicts_waived: counts.waived,
    };
    let parts = [
        ("pass", card.met),
        ("fail", card.not_met),
        ("alternative", card.alternative),
        ("unknown", card.unknown),
        ("open", card.not_judged),
        ("manual", card.manual),
    ];
    FrameworkCard { bar: bar(&parts), ..card }
}

/// How the scope of a framework that is about a class of data was taken.
fn scope_words(scope: &ScopeRow) -> String {
    let class = clip(&scope.class, 40);
    if !scope.declared {
        let all = plural(scope.resources, "resource", "resources");
        return format!("No objective declares that anything holds {class}: the scope is undeclared, and everything was taken ({all}).");
    }
    let (taken, others) = (grouped(scope.hold + scope.may_hold), plural(scope.hold_others, "resource is", "resources are"));
    let of = plural(scope.resources, "resource", "resources");
    format!(
        "{taken} of {of} hold {class} or may: {} declared to, and of {} nobody declared or can tell what they hold. {others} declared to hold other data, and \
         do not count here. What is no such resource (vaults, plans, accounts, what could not be read) always counts.",
        grouped(scope.hold),
        grouped(scope.may_hold),
    )
}

fn scope_short(scope: &ScopeRow) -> String {
    let class = clip(&scope.class, 40);
    if !scope.declared {
        return format!("scope undeclared: no objective names {class}");
    }
    format!("{} of {} hold {class} or may", grouped(scope.hold + scope.may_hold), plural(scope.resources, "resource", "resources"))
}

/// Verdicts on subjects that do not count for a framework, by rule.
fn left_out<'a>(judgement: &'a Judgement, row: &FrameworkRow) -> BTreeMap<&'a str, Counts> {
    let mut by_rule: BTreeMap<&str, Counts> = BTreeMap::new();
    let Some(scope) = row.scope.as_ref().filter(|scope| !scope.out.is_empty()) else { return by_rule };
    for finding in judgement.findings.iter().filter(|finding| scope.out.contains(finding.subject_arn.as_str())) {
        by_rule.entry(&finding.rule_id).or_default().add(finding.verdict);
    }
    by_rule
}

/// What is told of a framework: its rules with what counts for it.
struct Told<'a> {
    rules: &'a BTreeMap<&'a str, &'a RuleLedger<'a>>,
    left_out: BTreeMap<&'a str, Counts>,
    out: Option<&'a BTreeSet<String>>,
    index: &'a Index<'a>,
}

/// The pages of a framework, each with its file.
pub(in crate::report) fn pages<'a>(
    judgement: &'a Judgement,
    ledger: &'a Ledger<'a>,
    index: &'a Index<'a>,
) -> impl Iterator<Item = (String, FrameworkPage)> + 'a {
    let rules: BTreeMap<&str, &RuleLedger<'_>> = ledger.rules.iter().map(|rule| (rule.id, rule)).collect();
    let mut rows: Vec<_> = judgement.frameworks.iter().collect();
    rows.sort_by(|a, b| (&a.title, &a.id).cmp(&(&b.title, &b.id)));
    rows.into_iter().flat_map(move |row| {
        let out = row.scope.as_ref().map(|scope| &scope.out);
        pages_of(row, &Told { rules: &rules, left_out: left_out(judgement, row), out, index })
    })
}

fn pages_of(row: &FrameworkRow, told: &Told<'_>) -> Vec<(String, FrameworkPage)> {
    let card = card(row);
    let mut sections: Vec<_> = row.requirements.iter().enumerate().map(|(at, row)| section(at, row, told)).collect();
    let ranges = split(sections.iter().map(bytes), MOST_SECTIONS);
    for (at, range) in ranges.iter().enumerate() {
        sections[range.clone()].iter_mut().for_each(|section| section.line.file = numbered(&card.page, at));
    }
    let (manual, judged): (Vec<_>, Vec<_>) = sections.iter().map(|section| section.line.clone()).partition(|line| line.state == "manual");
    let page = |at: usize| FrameworkPage {
        framework: card.clone(),
        judged: judged.clone(),
        manual: manual.clone(),
        sections: sections[ranges[at].clone()].to_vec(),
        paging: Paging::new(&card.page, &ranges, at),
    };
    (0..ranges.len()).map(|at| (numbered(&card.page, at), page(at))).collect()
}

fn section(at: usize, row: &RequirementRow, told: &Told<'_>) -> RequirementView {
    let rules: Vec<_> = row.rules.iter().filter_map(|id| told.rules.get(id.as_str())).map(|rule| of_rule(rule, told)).collect();
    let evidence = |by_person: bool| row.open.iter().filter(move |kind| kind.by_person == by_person).map(evidence).collect::<Vec<_>>();
    let records = evidence(true);
    let sum = |of: fn(&RequirementRule) -> u64| rules.iter().map(of).sum();
    let (state, state_words) = match row.state {
        RequirementState::Met => ("pass", "met"),
        RequirementState::NotMet => ("fail", "not met"),
        RequirementState::AlternativeDocumented => ("alternative", "alternative documented"),
        RequirementState::Unknown => ("unknown", "unknown"),
        RequirementState::NotJudged => ("open", "not judged"),
        RequirementState::Manual => ("manual", "for people"),
    };
    let line = RequirementLine {
        id: clip(&row.id, 60),
        title: clip(&row.title, 160),
        file: String::new(),
        anchor: format!("r{}", at + 1),
        kind: match row.kind {
            RequirementKind::Required => "required".to_owned(),
            RequirementKind::Addressable => "addressable".to_owned(),
            RequirementKind::NotStated => clip(&row.level, 60),
        },
        scope: match row.scope {
            Scope::Direct => "direct",
            Scope::Partial => "partial",
            Scope::Reference => "reference",
        },
        state,
        state_words,
        owed: sum(|rule| rule.owed),
        fail: sum(|rule| rule.fail),
        unknown: sum(|rule| rule.unknown),
        waived: sum(|rule| rule.waived),
        pass: sum(|rule| rule.pass),
        records: count(records.len()),
    };
    RequirementView {
        line,
        text: clip(&row.text, 1_200),
        note: clip(&row.note, 800),
        source: clip(&row.source, 300),
        source_opens: opens(&row.source),
        alternative: row.alternative.as_ref().map(|one| alternative(one, row.state)),
        rules,
        records,
        not_judged: evidence(false),
    }
}

fn alternative(row: &AlternativeRow, state: RequirementState) -> AlternativeView {
    AlternativeView {
        id: clip(&row.id, 60),
        reason: clip(&row.reason, 1_200),
        alternative: clip(&row.alternative, 1_200),
        owner: clip(&row.owner, 80),
        approver: clip(&row.approver, 80),
        start_s: row.start_s,
        expires_s: row.expires_s,
        document: clip(&row.document, 300),
        document_opens: opens(&row.document),
        needed: state == RequirementState::AlternativeDocumented,
    }
}

/// Whether a text is an address that may become a link.
pub(in crate::report) fn opens(text: &str) -> bool {
    text.starts_with("https://") && text.len() <= 300 && text.chars().all(|c| c.is_ascii_graphic() && !matches!(c, '"' | '<' | '>' | '\\'))
}

fn of_rule(rule: &RuleLedger<'_>, told: &Told<'_>) -> RequirementRule {
    let in_scope = |finding: &&&Finding| told.out.is_none_or(|out| !out.contains(finding.subject_arn.as_str()));
    let subjects = |verdict: Verdict, of: u64| {
        let found = rule.open.iter().filter(|finding| finding.verdict == verdict).filter(in_scope).take(MOST_NAMED);
        let named: Vec<_> = found.map(|finding| told.index.named(&finding.subject_arn)).collect();
        (of > 0).then(|| NamedSubjects { verdict, more: of.saturating_sub(count(named.len())), named })
    };
    let counts = rule.counts.less(told.left_out.get(rule.id).copied().unwrap_or_default());
    let told = [(Verdict::Fail, counts.fail), (Verdict::Unknown, counts.unknown), (Verdict::Waived, counts.waived)];
    RequirementRule {
        rule_id: clip(rule.id, 80),
        title: rule.title(),
        page: rule_page(rule.id),
        severity: rule.severity,
        owed: counts.owed(),
        fail: counts.fail,
        unknown: counts.unknown,
        waived: counts.waived,
        pass: counts.pass,
        not_applicable: counts.not_applicable,
        subjects: told.into_iter().filter_map(|(verdict, of)| subjects(verdict, of)).collect(),
    }
}

fn evidence(row: &EvidenceRow) -> Evidence {
    Evidence { id: clip(&row.id, 60), meaning: clip(&row.meaning, 300), source: clip(&row.source, 200) }
}

fn bytes(section: &RequirementView) -> usize {
    let rule = |rule: &RequirementRule| {
        let named = rule.subjects.iter().flat_map(|subjects| &subjects.named);
        MARKUP_BYTES.1
            + named.map(|named| 60 + bytes_of([named.name.as_str(), &named.page])).sum::<usize>()
            + bytes_of([rule.title.as_str()])
    };
    let texts = [section.text.as_str(), &section.note, &section.source, &section.line.title];
    let alternative = section.alternative.as_ref().map_or(0, |one| 600 + bytes_of([one.reason.as_str(), &one.alternative, &one.document]));
    let evidence = section.records.iter().chain(&section.not_judged).map(|one| 120 + bytes_of([one.meaning.as_str(), &one.source]));
    MARKUP_BYTES.0 + alternative + bytes_of(texts) + evidence.sum::<usize>() + section.rules.iter().map(rule).sum::<usize>()
}
