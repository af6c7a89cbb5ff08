//! Findings in words: what was seen, what is asked, and for everything that is not fine one sentence.

use minijinja::Value;

use super::cells::literal;
use super::finding::Finding;
use super::gaps::sentence;
use super::judge::{EngineError, RowCounts};
use super::predicate::Known;
use super::rule::{Quantify, Rule, Shown};
use super::settings::Settings;
use super::template::{NOT_KNOWN, Templates, Values, bytes};
use crate::dataset::frame::seconds_name;
use crate::dataset::rows::{Batch, Cells};
use crate::dataset::{ColumnType, Gap};
use crate::model::{Verdict, duration, moment};

/// Writes the findings of one rule.
pub(crate) struct Writer<'a> {
    pub(crate) rule: &'a Rule,
    pub(crate) settings: &'a Settings,
    pub(crate) templates: &'a Templates,
    pub(crate) gaps: &'a [&'a Gap],
}

impl Writer<'_> {
    /// The finding on a subject, told by one of its rows. `touched` is the position of a gap that leaves it in doubt, `variant` the set of
    /// parameters it was judged with.
    pub(crate) fn subject(
        &self,
        rows: &Batch,
        at: usize,
        verdict: Verdict,
        counts: &RowCounts,
        touched: Option<usize>,
        variant: usize,
    ) -> Result<Finding, EngineError> {
        let mut values = row_values(rows, at);
        for (name, param) in self.settings.variants(self.rule).into_iter().nth(variant).unwrap_or_default() {
            values.insert(name, literal(&param));
        }
        let text = |name: &str| match values.get(name) {
            Some(value) if !value.is_none() => value.to_string(),
            _ => String::new(),
        };
        let evidence = Some(text("evidence")).filter(|text| !text.is_empty());
        let message = match verdict {
            Verdict::Pass | Verdict::NotApplicable => String::new(),
            Verdict::Fail | Verdict::Waived => format!("{}{}", self.render(&self.rule.message, &values)?, self.share(counts)),
            Verdict::Unknown => self.undecided(&values, counts, touched)?,
        };
        let shown = |shown: &Option<Shown>| match shown {
            Some(_) if verdict == Verdict::NotApplicable => Ok(String::new()),
            Some(shown) => self.shown(shown, &values),
            None => Ok(String::new()),
        };
        let finding = Finding {
            rule_id: self.rule.id.clone(),
            verdict,
            severity: self.settings.severity(self.rule),
            subject_arn: text("subject_arn"),
            subject_type: text("subject_type"),
            account_id: text("account_id"),
            region: text("region"),
            observed: shown(&self.rule.observed)?,
            expected: shown(&self.rule.expected)?,
            message,
            controls: self.settings.controls(self.rule).to_owned(),
            evidence: evidence.unwrap_or_else(|| format!("relation={}", self.rule.over.name)),
            waiver_id: String::new(),
            finding_id: String::new(),
        };
        Ok(finding.with_id())
    }

    /// The finding that stands for subjects which may exist but could not be read.
    pub(crate) fn unread(&self, gap: &Gap) -> Finding {
        let finding = Finding {
            rule_id: self.rule.id.clone(),
            verdict: Verdict::Unknown,
            severity: self.settings.severity(self.rule),
            subject_arn: gap.subject_arn(),
            subject_type: "read".to_owned(),
            account_id: gap.account_id.clone(),
            region: gap.region.clone(),
            observed: String::new(),
            expected: String::new(),
            message: format!("subjects may be missing, because {}", sentence(gap)),
            controls: self.settings.controls(self.rule).to_owned(),
            evidence: format!("relation=reads table={} collection={}", gap.table, gap.collection),
            waiver_id: String::new(),
            finding_id: String::new(),
        };
        finding.with_id()
    }

    fn render(&self, template: &str, values: &Values) -> Result<String, EngineError> {
        self.templates.render(template, values).map_err(|source| EngineError::Message { rule: self.rule.id.clone(), source })
    }

    /// How many of what was judged about the subject it concerns, where that is several.
    fn share(&self, counts: &RowCounts) -> String {
        let applicable = counts.fail.saturating_add(counts.unknown).saturating_add(counts.pass);
        match self.rule.quantify {
            _ if applicable < 2 => String::new(),
            Quantify::All if counts.fail == 1 => format!(" (1 of {applicable} fails)"),
            Quantify::All => format!(" (one of {} that fail, of {applicable})", counts.fail),
            Quantify::Any => format!(" (none of {applicable} passes)"),
        }
    }

    /// What is not known. The message of the rule follows only if it speaks of all of that: it is written for what fails.
    fn undecided(&self, values: &Values, counts: &RowCounts, touched: Option<usize>) -> Result<String, EngineError> {
        let mut names = self.rule.pass.left_open_by(values);
        names.extend(self.rule.applies.iter().flat_map(|applies| applies.left_open_by(values)));
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
        Ok(format!("{message}. {}", self.render(&self.rule.message, values)?))
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

    fn shown(&self, shown: &Shown, values: &Values) -> Result<String, EngineError> {
        match shown {
            Shown::Template(template) => self.render(template, values),
            Shown::Param(name) => {
                let unit = self.rule.params.get(name).map(|param| param.unit.word());
                Ok(plain(values.get(name), |number| if unit == Some("duration") { duration::text(number) } else { number.to_string() }))
            }
            Shown::Column(name) => {
                let is_moment = self
                    .rule
                    .over
                    .columns
                    .iter()
                    .any(|column| column.column_type == ColumnType::Time && seconds_name(column.name).as_str() == name);
                Ok(plain(values.get(name), |number| match () {
                    () if is_moment => moment::short(number),
                    () if name.ends_with("_s") => duration::text(number),
                    () if name.ends_with("_bytes") => bytes(number),
                    () => number.to_string(),
                }))
            }
        }
    }
}

impl Known for Values {
    fn flag(&self, column: &str) -> Option<bool> {
        self.get(column).filter(|value| value.kind() == minijinja::value::ValueKind::Bool).map(Value::is_true)
    }

    fn is_null(&self, column: &str) -> bool {
        self.get(column).is_none_or(Value::is_none)
    }
}

fn plain(value: Option<&Value>, number: impl Fn(i64) -> String) -> String {
    match value {
        None => NOT_KNOWN.to_owned(),
        Some(value) if value.is_none() => NOT_KNOWN.to_owned(),
        Some(value) if value.kind() == minijinja::value::ValueKind::Number => {
            i64::try_from(value.clone()).map_or_else(|_| value.to_string(), number)
        }
        Some(value) => value.to_string(),
    }
}

/// A row as templates see it: `Time` columns as text, with their seconds beside them.
fn row_values(rows: &Batch, at: usize) -> Values {
    let mut values = Values::new();
    for (column, cells) in rows.columns().iter().zip(rows.cells()) {
        let integer = match cells {
            Cells::Integer(cells) => cells.get(at).copied().flatten(),
            _ => None,
        };
        let value = match cells {
            Cells::Text(cells) => cells.get(at).and_then(Option::as_deref).map_or_else(|| Value::from(()), Value::from),
            Cells::Boolean(cells) => cells.get(at).copied().flatten().map_or_else(|| Value::from(()), Value::from),
            Cells::Integer(_) => integer.map_or_else(|| Value::from(()), Value::from),
        };
        if column.column_type == ColumnType::Time {
            let seconds = integer.map(|millis| millis.div_euclid(1_000));
            values.insert(column.name.to_owned(), seconds.map_or_else(|| Value::from(()), |at| Value::from(moment::short(at))));
            values.insert(seconds_name(column.name).to_string(), seconds.map_or_else(|| Value::from(()), Value::from));
        } else {
            values.insert(column.name.to_owned(), value);
        }
    }
    values
}
