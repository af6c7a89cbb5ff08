//! Findings in words: what was seen, what is asked, and for everything that is not fine one sentence.

use std::collections::BTreeMap;

use minijinja::Value;
use minijinja::value::ValueKind;
use smol_str::SmolStr;

use super::cells::literal;
use super::finding::Finding;
use super::gaps::sentence;
use super::judge::{EngineError, RowCounts};
use super::predicate::{Known, Literal};
use super::rows::Told;
use super::rule::{Quantify, Rule, Shown};
use super::settings::Settings;
use super::template::{NOT_KNOWN, Templates, bytes};
use crate::dataset::frame::seconds_name;
use crate::dataset::{Column, ColumnType, Gap};
use crate::model::{Verdict, duration, moment};

/// Writes the findings of one rule.
pub(crate) struct Writer<'a> {
    rule: &'a Rule,
    templates: &'a Templates,
    gaps: &'a [&'a Gap],
    /// The sets of parameters.
    variants: Vec<BTreeMap<String, Literal>>,
    /// What each finding of the rule begins with.
    blank: Finding,
}

impl<'a> Writer<'a> {
    pub(crate) fn new(rule: &'a Rule, settings: &'a Settings, templates: &'a Templates, gaps: &'a [&'a Gap]) -> Self {
        let blank = Finding {
            rule_id: rule.id.as_str().into(),
            verdict: Verdict::Unknown,
            severity: settings.severity(rule),
            controls: settings.controls(rule).into(),
            evidence: format!("relation={}", rule.over.name).into(),
            subject_arn: SmolStr::default(),
            subject_type: SmolStr::default(),
            account_id: SmolStr::default(),
            region: SmolStr::default(),
            observed: String::new(),
            expected: String::new(),
            message: String::new(),
            waiver_id: SmolStr::default(),
            finding_id: String::new(),
        };
        Self { rule, templates, gaps, variants: settings.variants(rule), blank }
    }

    /// The finding on a subject, told by one of its rows. `touched` is the position of a gap that leaves it in doubt, `variant` the set of
    /// parameters it was judged with.
    pub(crate) fn subject(
        &self,
        subject_arn: &SmolStr,
        row: &Told<'_>,
        verdict: Verdict,
        counts: &RowCounts,
        touched: Option<usize>,
        variant: usize,
    ) -> Result<Finding, EngineError> {
        let params = self.variants.get(variant);
        let value = |name: &str| params.and_then(|params| params.get(name)).map(literal).or_else(|| row.value(name));
        let message = match verdict {
            Verdict::Pass | Verdict::NotApplicable => String::new(),
            Verdict::Fail | Verdict::Waived => format!("{}{}", self.render(&self.rule.message, &value)?, self.share(counts)),
            Verdict::Unknown => self.undecided(&value, counts, touched)?,
        };
        let shown = |shown: &Option<Shown>| match shown {
            Some(_) if verdict == Verdict::NotApplicable => Ok(String::new()),
            Some(Shown::Template(template)) => self.render(template, &value),
            Some(Shown::Param(name)) => Ok(self.param(name, value(name).as_ref())),
            Some(Shown::Column(name)) => Ok(self.column(name, row.value(name).as_ref())),
            None => Ok(String::new()),
        };
        let finding = Finding {
            verdict,
            subject_arn: subject_arn.clone(),
            subject_type: row.text("subject_type").into(),
            account_id: row.text("account_id").into(),
            region: row.text("region").into(),
            observed: shown(&self.rule.observed)?,
            expected: shown(&self.rule.expected)?,
            message,
            evidence: match row.text("evidence") {
                "" => self.blank.evidence.clone(),
                told => told.into(),
            },
            ..self.blank.clone()
        };
        Ok(finding.with_id())
    }

    /// The finding that stands for subjects which may exist but could not be read.
    pub(crate) fn unread(&self, gap: &Gap) -> Finding {
        let finding = Finding {
            subject_arn: gap.subject_arn().into(),
            subject_type: "read".into(),
            account_id: gap.account_id.as_str().into(),
            region: gap.region.as_str().into(),
            message: format!("subjects may be missing, because {}", sentence(gap)),
            evidence: format!("relation=reads table={} collection={}", gap.table, gap.collection).into(),
            ..self.blank.clone()
        };
        finding.with_id()
    }

    fn render(&self, template: &str, value: &dyn Fn(&str) -> Option<Value>) -> Result<String, EngineError> {
        self.templates.render_with(template, value).map_err(|source| EngineError::Message { rule: self.rule.id.clone(), source })
    }

    /// How many of what was judged about the subject it concerns, where that is several.
    fn share(&self, counts: &RowCounts) -> String {
        let applicable = counts.fail.saturating_add(counts.unknown).saturating_add(counts.pass);
        let rows = self.rule.over.rows_are;
        match self.rule.quantify {
            _ if applicable < 2 => String::new(),
            Quantify::All if counts.fail == 1 => format!(" (1 of {applicable} {rows} fails)"),
            Quantify::All if counts.fail == applicable => format!(" (all {applicable} {rows} fail)"),
            Quantify::All => format!(" ({} of {applicable} {rows} fail)", counts.fail),
            Quantify::Any => format!(" (none of {applicable} {rows} passes)"),
        }
    }

    /// What is not known. The message of the rule follows only if it speaks of all of that: it is written for what fails.
    fn undecided(&self, value: &dyn Fn(&str) -> Option<Value>, counts: &RowCounts, touched: Option<usize>) -> Result<String, EngineError> {
        let mut names = self.rule.pass.left_open_by(&Cells(value));
        names.extend(self.rule.applies.iter().flat_map(|applies| applies.left_open_by(&Cells(value))));
        let names: Vec<String> = names.into_iter().collect();
        let mut reasons = Vec::new();
        if counts.unknown > 0 {
            let told: Vec<String> = names.iter().map(|name| self.meaning(name)).collect();
            reasons.push(match told.len() {
                0 => "a value is out of range".to_owned(),
                1 => format!("it is {NOT_KNOWN}: {}", told[0]),
                _ => format!("these are {NOT_KNOWN}: {}", told.join("; ")),
            });
        }
        if let Some(gap) = touched.and_then(|index| self.gaps.get(index)) {
            reasons.push(sentence(gap));
        }
        let message = format!("not decided, because {}", reasons.join("; and "));
        let speaks_of = |name: &String| ["none", "not none"].iter().any(|is| self.rule.message.contains(&format!("{name} is {is}")));
        if counts.unknown == 0 || names.is_empty() || !names.iter().all(speaks_of) {
            return Ok(message);
        }
        Ok(format!("{message}. {}", self.render(&self.rule.message, value)?))
    }

    /// What a column says, in the words of its relation up to the first stop, and its name.
    fn meaning(&self, name: &str) -> String {
        let is_named = |column: &&crate::dataset::Column| column.name == name || seconds_name(column.name).as_str() == name;
        let doc = self.rule.over.columns.iter().find(is_named).map_or("", |column| column.doc);
        let words = doc.split([';', ':', '.']).next().unwrap_or_default();
        let mut letters = words.chars();
        match letters.next() {
            Some(first) if first.is_ascii_uppercase() && !letters.as_str().starts_with(|next: char| next.is_ascii_uppercase()) => {
                format!("{}{} (`{name}`)", first.to_ascii_lowercase(), letters.as_str())
            }
            Some(first) if first.is_alphabetic() => format!("{words} (`{name}`)"),
            _ => format!("`{name}`"),
        }
    }

    fn param(&self, name: &str, value: Option<&Value>) -> String {
        let unit = self.rule.params.get(name).map(|param| param.unit.word());
        plain(value, |number| if unit == Some("duration") { duration::text(number) } else { number.to_string() })
    }

    fn column(&self, name: &str, value: Option<&Value>) -> String {
        let moments = |column: &&Column| column.column_type == ColumnType::Time && seconds_name(column.name).as_str() == name;
        let is_moment = self.rule.over.columns.iter().any(|column| moments(&column));
        plain(value, |number| match () {
            () if is_moment => moment::short(number),
            () if name.ends_with("_s") => duration::text(number),
            () if name.ends_with("_bytes") => bytes(number),
            () => number.to_string(),
        })
    }
}

/// A row and the parameters, for predicates.
struct Cells<'v>(&'v dyn Fn(&str) -> Option<Value>);

impl Known for Cells<'_> {
    fn flag(&self, column: &str) -> Option<bool> {
        (self.0)(column).filter(|value| value.kind() == ValueKind::Bool).map(|value| value.is_true())
    }

    fn is_null(&self, column: &str) -> bool {
        (self.0)(column).is_none_or(|value| value.is_none())
    }
}

fn plain(value: Option<&Value>, number: impl Fn(i64) -> String) -> String {
    match value {
        None => NOT_KNOWN.to_owned(),
        Some(value) if value.is_none() => NOT_KNOWN.to_owned(),
        Some(value) if value.kind() == ValueKind::Number => i64::try_from(value.clone()).map_or_else(|_| value.to_string(), number),
        Some(value) => value.to_string(),
    }
}
