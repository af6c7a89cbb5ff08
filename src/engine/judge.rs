//! The judge: every rule over every row of its relation, one finding a subject.
//!
//! Predicates run in Polars, all rules of a relation in one pass; rows are then counted by subject without ever becoming findings, and what
//! could not be read is weighed in. The result depends on nothing but relations, gaps, rules and settings.

use std::collections::BTreeMap;

use polars::prelude::DataFrame;
use rayon::prelude::*;

use super::alternative::Alternative;
use super::data_scope::DataScope;
use super::finding::Finding;
use super::gaps::{self, Reached};
use super::predicate::BindError;
use super::rows::Frame;
use super::rule::{Quantify, Rule, RuleSet};
use super::settings::{Disabled, Settings};
use super::template::{TemplateError, Templates};
use super::write::Writer;
use crate::dataset::frame::FrameError;
use crate::dataset::{Gap, Relation};
use crate::model::Verdict;

/// From how many findings on writing them is divided between threads: waking one takes as long as writing some hundred.
const WORTH_DIVIDING: usize = 256;

/// Why nothing could be judged.
#[derive(Debug, thiserror::Error)]
pub enum EngineError {
    /// A rule reads a relation that the source does not have.
    #[error("rule `{rule}` reads relation `{relation}`, which is not there")]
    NoRelation {
        /// The rule.
        rule: String,
        /// The relation.
        relation: &'static str,
    },
    /// A relation could not be derived.
    #[error("cannot derive relation `{relation}`")]
    Source {
        /// The relation.
        relation: String,
        /// Why.
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// A relation's frame is not what it declares.
    #[error(transparent)]
    Frame(#[from] FrameError),
    /// Polars refused a predicate.
    #[error("cannot evaluate rules over `{relation}`")]
    Polars {
        /// The relation.
        relation: &'static str,
        /// Why.
        source: polars::prelude::PolarsError,
    },
    /// Parameters do not fit a rule's predicates.
    #[error("cannot put parameters into rule `{rule}`")]
    Bind {
        /// The rule.
        rule: String,
        /// Why.
        source: BindError,
    },
    /// A message could not be written.
    #[error("cannot write a message of rule `{rule}`")]
    Message {
        /// The rule.
        rule: String,
        /// Why.
        source: TemplateError,
    },
}

/// Where the judge finds relations: facts derived from a dataset, or rows of a rule's cases.
pub trait Relations {
    /// The declaration of a relation.
    fn relation(&self, name: &str) -> Option<&'static Relation>;
    /// All relations.
    fn names(&self) -> Vec<&'static str>;
    /// Hands on its rows, with every declared column: at once, or in parts of which each has all rows of its subjects. The rows of a subject are sorted as
    /// the relation declares, NULL last: which of them stands for a finding follows from that, and no verdict does.
    ///
    /// # Errors
    /// [`EngineError::Source`] or [`EngineError::Frame`], or what `take` gives.
    fn parts(&self, name: &str, take: &mut dyn FnMut(DataFrame) -> Result<(), EngineError>) -> Result<(), EngineError>;
    /// What could not be read, as it stands at the moment of judgement.
    fn gaps(&self) -> &[Gap];
}

/// How many rows of a subject gave which verdict.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct RowCounts {
    /// Rows that fail.
    pub fail: u32,
    /// Rows that cannot be decided.
    pub unknown: u32,
    /// Rows that pass.
    pub pass: u32,
    /// Rows the rule does not speak about.
    pub not_applicable: u32,
}

/// What was judged.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Judgement {
    /// Sorted by rule, then subject.
    pub findings: Vec<Finding>,
    /// Rows behind each finding, in the same order; all zero for a unit that could not be read.
    pub rows: Vec<RowCounts>,
    /// Rules that were judged, sorted.
    pub rules: Vec<String>,
    /// Rules that are switched off, sorted.
    pub disabled: Vec<Disabled>,
    /// Which subjects count for frameworks about a class of data.
    pub scope: DataScope,
    /// The alternatives that hold at the moment of judgement.
    pub alternatives: Vec<Alternative>,
}

/// Judges all rules over a source of relations.
///
/// - A row: `applies` FALSE → not applicable, NULL → unknown; then `pass` TRUE, FALSE, NULL → pass, fail, unknown.
/// - A subject, `quantify: all`: fail if a row fails; else unknown if a row is unknown or a gap touches the subject; else pass; not applicable if
///   no row applies. `quantify: any`: pass if a row passes; else unknown as before; else fail.
/// - A gap in a table the relation rests on gives one `unknown` of each rule over it, because unread subjects have no rows.
///
/// # Errors
/// A relation that is missing, cannot be derived or does not have its declared columns; nothing about the audited estate is an error.
pub fn judge(rules: &RuleSet, source: &dyn Relations, settings: &Settings) -> Result<Judgement, EngineError> {
    let mut judgement = Judgement::default();
    let mut by_relation: BTreeMap<&'static str, Vec<&Rule>> = BTreeMap::new();
    for rule in rules.iter() {
        if let Some(reason) = settings.disabled(rule) {
            judgement.disabled.push(Disabled { rule_id: rule.id.clone(), reason: reason.to_owned() });
            continue;
        }
        if source.relation(rule.over.name).is_none() {
            return Err(EngineError::NoRelation { rule: rule.id.clone(), relation: rule.over.name });
        }
        judgement.rules.push(rule.id.clone());
        by_relation.entry(rule.over.name).or_default().push(rule);
    }
    let templates = Templates::of(rules.iter().flat_map(Rule::templates));
    let mut judged: BTreeMap<&str, Judged> = BTreeMap::new();
    for rules in by_relation.values() {
        let found = over_relation(rules, source, settings, &templates)?;
        judged.extend(rules.iter().map(|rule| rule.id.as_str()).zip(found));
    }
    let count = judged.values().map(Vec::len).sum();
    (judgement.findings, judgement.rows) = (Vec::with_capacity(count), Vec::with_capacity(count));
    // Of millions of findings only those of one rule are there twice.
    for (_, mut found) in judged {
        found.par_sort_by(|(a, _), (b, _)| a.subject_arn.cmp(&b.subject_arn));
        for (finding, rows) in found {
            judgement.findings.push(finding);
            judgement.rows.push(rows);
        }
    }
    Ok(judgement)
}

/// Findings of one rule with the rows behind them.
type Judged = Vec<(Finding, RowCounts)>;

/// What each of some rules over one relation found.
fn over_relation(rules: &[&Rule], source: &dyn Relations, settings: &Settings, templates: &Templates) -> Result<Vec<Judged>, EngineError> {
    let mut judged: Vec<Judged> = rules.iter().map(|_| Judged::new()).collect();
    let Some(relation) = rules.first().map(|rule| rule.over) else { return Ok(judged) };
    let gaps = gaps::of_relation(relation, source.gaps());
    source.parts(relation.name, &mut |data| over_part(rules, relation, &data, &gaps, settings, templates, &mut judged))?;
    for (rule, judged) in rules.iter().zip(&mut judged) {
        let writer = Writer::new(rule, settings, templates, &gaps);
        let mut unread: Vec<Finding> = gaps.iter().map(|gap| writer.unread(gap)).collect();
        unread.dedup_by(|next, first| merge(first, next));
        judged.extend(unread.into_iter().map(|finding| (finding, RowCounts::default())));
    }
    Ok(judged)
}

fn over_part(
    rules: &[&Rule],
    relation: &'static Relation,
    data: &DataFrame,
    gaps: &[&Gap],
    settings: &Settings,
    templates: &Templates,
    judged: &mut [Judged],
) -> Result<(), EngineError> {
    let frame = Frame::new(relation, data)?;
    let touched = frame.touched(&Reached::new(relation, gaps, frame.data()));
    let verdicts = frame.evaluate(rules, settings)?;
    let writers: Vec<Writer> = rules.iter().map(|rule| Writer::new(rule, settings, templates, gaps)).collect();
    let arns = frame.arns();
    let finding = |(rule, subject): (usize, usize)| {
        let (verdicts, touched) = (&verdicts[rule], touched[subject]);
        let counts = frame.counts(verdicts, subject);
        let verdict = decide(rules[rule].quantify, &counts, touched.is_some());
        let row = frame.row(frame.example(verdicts, subject, verdict)?);
        let finding = writers[rule].subject(&arns[subject], &row, verdict, &counts, touched, verdicts.variant(subject));
        Some(finding.map(|finding| (rule, (finding, counts))))
    };
    let all: Vec<_> = (0..rules.len()).flat_map(|rule| (0..arns.len()).map(move |subject| (rule, subject))).collect();
    let found: Result<Vec<_>, _> = if all.len() < WORTH_DIVIDING {
        all.into_iter().filter_map(finding).collect()
    } else {
        all.into_par_iter().filter_map(finding).collect()
    };
    for (rule, found) in found? {
        judged[rule].push(found);
    }
    Ok(())
}

/// Two gaps of one unit, say with different reasons, are one finding.
fn merge(first: &mut Finding, next: &Finding) -> bool {
    let same = first.subject_arn == next.subject_arn;
    if same && first.message != next.message {
        first.message = format!("{}; {}", first.message, next.message);
    }
    same
}

/// The verdict on a subject from its rows and from whether something unread touches it.
pub fn decide(quantify: Quantify, rows: &RowCounts, touched: bool) -> Verdict {
    let (decisive, verdict, otherwise) = match quantify {
        Quantify::All => (rows.fail, Verdict::Fail, (rows.pass, Verdict::Pass)),
        Quantify::Any => (rows.pass, Verdict::Pass, (rows.fail, Verdict::Fail)),
    };
    match () {
        () if decisive > 0 => verdict,
        () if rows.unknown > 0 || touched => Verdict::Unknown,
        () if otherwise.0 > 0 => otherwise.1,
        () => Verdict::NotApplicable,
    }
}
