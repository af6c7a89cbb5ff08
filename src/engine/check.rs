//! A rule file to a [`Rule`]: every key checked, every error with its place.

use std::collections::{BTreeMap, BTreeSet};

use serde::Deserialize;
use serde_saphyr::Spanned;

use super::catalogues::Catalogues;
use super::cells::{cell_of, samples};
use super::diagnostic::{RuleError, SourceFile};
use super::equivalent::{RawEquivalent, equivalents};
use super::frameworks::Frameworks;
use super::nearest::nearest;
use super::param::{ParamUnit, YamlScalar};
use super::predicate::{self, Columns, Kind, Predicate};
use super::rule::{Case, Param, Quantify, Rule, Shown};
use super::template::{Templates, Values};
use crate::dataset::Relation;
use crate::model::{Severity, Verdict};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawRule {
    id: Spanned<String>,
    since: Spanned<String>,
    #[serde(default)]
    aliases: Vec<Spanned<String>>,
    title: Spanned<String>,
    severity: Spanned<String>,
    over: Spanned<String>,
    quantify: Option<RawQuantify>,
    applies: Option<Spanned<String>>,
    pass: Spanned<String>,
    #[serde(default)]
    params: BTreeMap<String, Spanned<RawParam>>,
    observed: Option<Spanned<String>>,
    expected: Option<Spanned<String>>,
    message: Spanned<String>,
    why: Spanned<String>,
    fix: Spanned<String>,
    #[serde(default)]
    references: Vec<String>,
    #[serde(default)]
    equivalent_to: Vec<RawEquivalent>,
    evidence: Spanned<Vec<Spanned<String>>>,
    remediation: Option<String>,
    #[serde(default)]
    cases: Vec<Spanned<RawCase>>,
}

#[derive(Clone, Copy, Deserialize)]
#[serde(rename_all = "lowercase")]
enum RawQuantify {
    All,
    Any,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawParam {
    default: Spanned<YamlScalar>,
    doc: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawCase {
    name: String,
    row: Option<BTreeMap<String, Spanned<YamlScalar>>>,
    rows: Option<Vec<BTreeMap<String, Spanned<YamlScalar>>>>,
    #[serde(default)]
    gap: bool,
    gives: Spanned<String>,
    #[serde(default)]
    params: BTreeMap<String, Spanned<YamlScalar>>,
}

/// Reads a rule file.
///
/// # Errors
/// All that is wrong in it; if its structure is, only the first of that.
pub(crate) fn read(
    file: &SourceFile,
    relations: &[&'static Relation],
    (frameworks, catalogues): (&Frameworks, &Catalogues),
) -> Result<Rule, Vec<RuleError>> {
    let raw: RawRule = file.read().map_err(|error| vec![error])?;
    let mut check = Check { file, errors: Vec::new() };
    let equivalent_to = equivalents(&raw.equivalent_to, catalogues, file, &mut check.errors);
    let rule = check.rule(raw, relations, frameworks).map(|rule| Rule { equivalent_to, ..rule });
    match rule {
        Some(rule) if check.errors.is_empty() => Ok(rule),
        _ => {
            check.errors.sort_by_key(|error| (error.line, error.column));
            Err(check.errors)
        }
    }
}

struct Check<'a> {
    file: &'a SourceFile,
    errors: Vec<RuleError>,
}

impl Check<'_> {
    fn error<T>(&mut self, at: &Spanned<T>, message: impl Into<String>, hint: Option<String>) {
        self.errors.push(self.file.error(self.file.span(at.referenced), message, hint));
    }

    fn rule(&mut self, raw: RawRule, relations: &[&'static Relation], frameworks: &Frameworks) -> Option<Rule> {
        self.id(&raw.id);
        raw.aliases.iter().for_each(|alias| self.kebab(alias));
        for (key, text) in [("since", &raw.since), ("title", &raw.title), ("message", &raw.message), ("why", &raw.why), ("fix", &raw.fix)] {
            if text.value.trim().is_empty() {
                self.error(text, format!("`{key}` is empty"), None);
            }
        }
        let severity = raw.severity.value.parse::<Severity>().map_err(|message| self.error(&raw.severity, message, None)).ok();
        if raw.evidence.value.is_empty() {
            self.error(&raw.evidence, "a rule produces at least one kind of evidence", None);
        }
        let evidence = frameworks.produced(&raw.evidence.value, self.file, &mut self.errors);
        let params = self.params(&raw.params);

        let names = || relations.iter().map(|relation| relation.name);
        let Some(over) = relations.iter().copied().find(|relation| relation.name == raw.over.value) else {
            let hint = nearest(&raw.over.value, names()).map(|near| format!("did you mean `{near}`?"));
            let hint = hint.or_else(|| Some(format!("there are {}", names().collect::<Vec<_>>().join(", "))));
            self.error(&raw.over, format!("there is no relation `{}`", raw.over.value), hint);
            return None;
        };
        let columns = Columns::of(over);
        self.shadows(&raw.params, &columns);
        let kinds = params.iter().map(|(name, param)| (name.clone(), param.unit.kind())).collect();
        let applies = raw.applies.as_ref().map(|text| self.predicate(text, &columns, &kinds));
        let pass = self.predicate(&raw.pass, &columns, &kinds);
        self.used(&raw.params, [applies.as_ref().and_then(Option::as_ref), pass.as_ref()]);

        let samples = samples(over, &params);
        self.template(&raw.message, &samples);
        let observed = raw.observed.as_ref().and_then(|text| self.shown(text, &columns, &params, &samples));
        let expected = raw.expected.as_ref().and_then(|text| self.shown(text, &columns, &params, &samples));
        let cases = raw.cases.iter().filter_map(|case| self.case(&case.value, over, &params)).collect();
        let applies = match applies {
            Some(None) => return None,
            Some(applies) => applies,
            None => None,
        };
        Some(Rule {
            theme: theme(&self.file.path),
            file: self.file.path.clone(),
            id: raw.id.value,
            since: raw.since.value,
            aliases: raw.aliases.into_iter().map(|alias| alias.value).collect(),
            title: raw.title.value,
            severity: severity?,
            over,
            quantify: match raw.quantify {
                Some(RawQuantify::Any) => Quantify::Any,
                Some(RawQuantify::All) | None => Quantify::All,
            },
            applies,
            pass: pass?,
            params,
            observed,
            expected,
            message: raw.message.value,
            why: raw.why.value,
            fix: raw.fix.value,
            references: raw.references,
            equivalent_to: Vec::new(),
            evidence,
            remediation: raw.remediation,
            cases,
        })
    }

    fn kebab(&mut self, id: &Spanned<String>) {
        let text = &id.value;
        let letters = text.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-');
        if text.is_empty() || !letters || text.starts_with('-') || text.ends_with('-') || text.contains("--") {
            self.error(id, format!("`{text}` is no id"), Some("write words of lower-case letters joined by `-`".to_owned()));
        }
    }

    fn id(&mut self, id: &Spanned<String>) {
        self.kebab(id);
        let stem = self.file.path.rsplit(['/', '\\']).next().and_then(|name| name.strip_suffix(".yaml")).unwrap_or("");
        if stem != id.value {
            self.error(id, format!("the id is `{}`, but the file is called `{stem}.yaml`", id.value), Some("they must agree".to_owned()));
        }
    }

    fn params(&mut self, raw: &BTreeMap<String, Spanned<RawParam>>) -> BTreeMap<String, Param> {
        let mut params = BTreeMap::new();
        for (name, param) in raw {
            let default = &param.value.default;
            let read = ParamUnit::of(&default.value).ok_or_else(|| "a default is a duration, a whole number or a text".to_owned());
            match read.and_then(|unit| Ok((unit, unit.read(&default.value)?))) {
                Ok((unit, value)) => drop(params.insert(name.clone(), Param { unit, default: value, doc: param.value.doc.clone() })),
                Err(message) => self.error(default, message, None),
            }
        }
        params
    }

    fn shadows(&mut self, params: &BTreeMap<String, Spanned<RawParam>>, columns: &Columns) {
        for (name, param) in params {
            if columns.contains(name) {
                self.error(
                    param,
                    format!("parameter `{name}` has the name of a column"),
                    Some("templates could not tell them apart".to_owned()),
                );
            }
        }
    }

    fn used<'p>(&mut self, params: &BTreeMap<String, Spanned<RawParam>>, predicates: impl IntoIterator<Item = Option<&'p Predicate>>) {
        let mut used = BTreeSet::new();
        for predicate in predicates {
            let Some(predicate) = predicate else { return }; // an unreadable predicate may use any of them
            used.extend(predicate.params());
        }
        for (name, param) in params.iter().filter(|(name, _)| !used.contains(*name)) {
            self.error(param, format!("parameter `{name}` is used by neither `applies` nor `pass`"), None);
        }
    }

    fn predicate(&mut self, text: &Spanned<String>, columns: &Columns, params: &BTreeMap<String, Kind>) -> Option<Predicate> {
        match predicate::parse(&text.value, columns, params) {
            Ok(predicate) => Some(predicate),
            Err(errors) => {
                for error in errors {
                    self.errors.push(self.file.error(self.file.inside(text, error.span), error.message, error.hint));
                }
                None
            }
        }
    }

    /// Tries a template on a full and on an empty row, and so finds names and filters that do not fit.
    fn template(&mut self, text: &Spanned<String>, samples: &[Values; 2]) {
        let templates = Templates::default();
        let wrong = match templates.names(&text.value) {
            Ok(names) => names.into_iter().find(|name| !samples[0].contains_key(name)).map(|name| {
                let hint = nearest(&name, samples[0].keys().map(String::as_str)).map(|near| format!("did you mean `{near}`?"));
                let at = text.value.find(&name).map(|at| at..at + name.len());
                (format!("there is no column or parameter `{name}`"), hint, at)
            }),
            Err(error) => Some((error.message, None, error.span)),
        };
        let tried = || samples.iter().find_map(|values| templates.render(&text.value, values).err());
        let wrong = wrong.or_else(|| tried().map(|error| (error.message, None, error.span)));
        if let Some((message, hint, span)) = wrong {
            let span = span.map_or_else(|| self.file.span(text.referenced), |span| self.file.inside(text, span));
            self.errors.push(self.file.error(span, message, hint));
        }
    }

    fn shown(
        &mut self,
        text: &Spanned<String>,
        columns: &Columns,
        params: &BTreeMap<String, Param>,
        samples: &[Values; 2],
    ) -> Option<Shown> {
        let name = text.value.trim();
        if text.value.contains("{{") || text.value.contains("{%") {
            self.template(text, samples);
            return Some(Shown::Template(text.value.clone()));
        }
        if columns.contains(name) {
            return Some(Shown::Column(name.to_owned()));
        }
        if params.contains_key(name.trim_start_matches(':')) {
            return Some(Shown::Param(name.trim_start_matches(':').to_owned()));
        }
        if name.contains(char::is_whitespace) {
            return Some(Shown::Template(name.to_owned())); // words for people, the same for every subject
        }
        let hint = nearest(name, columns.names()).map(|near| format!("did you mean `{near}`?"));
        let hint = hint.or_else(|| Some("write a column, `:parameter`, a template with `{{ }}`, or more than one word of text".to_owned()));
        self.error(text, format!("there is no column or parameter `{name}`"), hint);
        None
    }

    fn case(&mut self, raw: &RawCase, over: &'static Relation, params: &BTreeMap<String, Param>) -> Option<Case> {
        let rows = match (&raw.row, &raw.rows) {
            (Some(row), None) => std::slice::from_ref(row),
            (None, Some(rows)) => rows,
            _ => {
                self.error(&raw.gives, format!("case `{}` needs either `row` or `rows`", raw.name), None);
                return None;
            }
        };
        let gives = match raw.gives.value.parse() {
            Ok(Verdict::Waived) => Err("a rule by itself never gives `waived`".to_owned()),
            other => other,
        };
        let gives = gives.map_err(|message| self.error(&raw.gives, message, None)).ok();
        let mut values = BTreeMap::new();
        for (name, value) in &raw.params {
            match params.get(name).ok_or_else(|| format!("there is no parameter `{name}`")).and_then(|param| param.unit.read(&value.value))
            {
                Ok(literal) => drop(values.insert(name.clone(), literal)),
                Err(message) => self.error(value, message, None),
            }
        }
        let rows = rows.iter().map(|row| self.row(row, over)).collect();
        Some(Case { name: raw.name.clone(), rows, gap: raw.gap, gives: gives?, params: values })
    }

    fn row(&mut self, row: &BTreeMap<String, Spanned<YamlScalar>>, over: &'static Relation) -> BTreeMap<String, YamlScalar> {
        let mut cells = BTreeMap::new();
        for (name, cell) in row {
            match cell_of(over, name, &cell.value) {
                Ok(value) => drop(cells.insert(name.clone(), value)),
                Err((message, hint)) => self.error(cell, message, hint),
            }
        }
        cells
    }
}

fn theme(path: &str) -> String {
    let mut parts = path.rsplit(['/', '\\']).skip(1);
    parts.next().unwrap_or("").to_owned()
}
