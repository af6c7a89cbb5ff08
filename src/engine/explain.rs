//! What `audit rules list` and `audit rules explain` show: rules as plain, serialisable structs.

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;

use super::equivalent::Equivalent;
use super::load::Library;
use super::param::{ParamUnit, YamlScalar};
use super::predicate::Predicate;
use super::rule::{Case, Quantify, Rule, Shown};
use crate::facts::FACTS;
use crate::model::{Severity, Verdict, duration, moment};

pub(crate) use super::gaps::sentence as gap_sentence;

/// A line of the list.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct RuleLine {
    /// Its id.
    pub id: String,
    /// Folder of its file.
    pub theme: String,
    /// What is wrong where it fails.
    pub title: String,
    /// How bad that is, before settings.
    pub severity: Severity,
    /// Relation it judges.
    pub over: String,
    /// Evidence kinds it produces.
    pub evidence: Vec<String>,
    /// Requirements it speaks to.
    pub controls: String,
}

/// Everything about a rule.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct RulePage {
    /// What the list has.
    pub line: RuleLine,
    /// File it was read from.
    pub file: String,
    /// First version that had it.
    pub since: String,
    /// Ids it had before.
    pub aliases: Vec<String>,
    /// What a row of the relation is.
    pub over_doc: String,
    /// `all` or `any`.
    pub quantify: &'static str,
    /// Which rows it speaks about, in the rule language; empty for all.
    pub applies: String,
    /// What it asks, in the rule language.
    pub pass: String,
    /// The verdict on each row as SQL, with default parameters.
    pub sql: String,
    /// Parameters.
    pub params: Vec<ParamLine>,
    /// Columns the predicates read, with their meaning.
    pub columns: Vec<(String, String)>,
    /// What findings show as observed; empty if nothing.
    pub observed: String,
    /// What findings show as expected; empty if nothing.
    pub expected: String,
    /// Template of the message.
    pub message: String,
    /// Why it matters.
    pub why: String,
    /// What to do.
    pub fix: String,
    /// Where to read on.
    pub references: Vec<String>,
    /// Checks of other tools that it answers.
    pub equivalent_to: Vec<Equivalent>,
    /// Kind of remediation; empty if none.
    pub remediation: String,
    /// Tables a gap in which makes it unknown, with how far.
    pub rests_on: Vec<(String, String)>,
    /// Its cases: what is given, and the verdict on it.
    pub cases: Vec<CaseLine>,
}

/// A case of a rule.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct CaseLine {
    /// What it shows.
    pub name: String,
    /// The verdict.
    pub gives: Verdict,
    /// The rows of the subject: columns with their values. What is not there was not told.
    pub rows: Vec<BTreeMap<String, serde_json::Value>>,
    /// Whether something that the rows rest on was not read.
    pub gap: bool,
    /// Parameters that are not the default, for people.
    pub params: BTreeMap<String, String>,
    /// All of it in words.
    pub given: String,
}

/// A parameter of a rule.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ParamLine {
    /// Name.
    pub name: String,
    /// `duration`, `integer` or `text`.
    pub unit: &'static str,
    /// Default for people.
    pub default: String,
    /// What it means.
    pub doc: String,
}

/// All rules, sorted by id.
pub fn list(library: &Library) -> Vec<RuleLine> {
    library.rules.iter().map(|rule| line(library, rule)).collect()
}

/// One rule by its id or an id it had before.
pub fn explain(library: &Library, id: &str) -> Option<RulePage> {
    let rule = library.rules.get(id)?;
    let shown = |shown: &Option<Shown>| match shown {
        None => String::new(),
        Some(Shown::Column(text) | Shown::Template(text)) => text.clone(),
        Some(Shown::Param(name)) => format!(":{name}"),
    };
    let doc = |name: &String| {
        rule.over.columns.iter().find(|column| name.strip_suffix("_s").unwrap_or(name) == column.name || name == column.name)
    };
    Some(RulePage {
        line: line(library, rule),
        file: rule.file.clone(),
        since: rule.since.clone(),
        aliases: rule.aliases.clone(),
        over_doc: rule.over.doc.to_owned(),
        quantify: match rule.quantify {
            Quantify::All => "all",
            Quantify::Any => "any",
        },
        applies: rule.applies.as_ref().map(Predicate::to_text).unwrap_or_default(),
        pass: rule.pass.to_text(),
        sql: sql(rule),
        params: rule
            .params
            .iter()
            .map(|(name, param)| param_line(name, param.unit, &param.unit.text(&param.default), &param.doc))
            .collect(),
        columns: rule.columns().into_iter().map(|name| (name.clone(), doc(&name).map(|c| c.doc.to_owned()).unwrap_or_default())).collect(),
        observed: shown(&rule.observed),
        expected: shown(&rule.expected),
        message: rule.message.clone(),
        why: rule.why.clone(),
        fix: rule.fix.clone(),
        references: rule.references.clone(),
        equivalent_to: rule.equivalent_to.clone(),
        remediation: rule.remediation.clone().unwrap_or_default(),
        rests_on: rests_on(rule),
        cases: rule.cases.iter().map(|case| case_line(rule, case)).collect(),
    })
}

/// The tables that decide whether all rows are there; of a fact that minds them itself, all that it reads.
fn rests_on(rule: &Rule) -> Vec<(String, String)> {
    let fact = FACTS.iter().find(|fact| fact.relation.name == rule.over.name && rule.over.rows_rest_on.is_empty());
    let read = fact.into_iter().flat_map(|fact| fact.reads());
    let tables = rule.over.rows_rest_on.iter().chain(read).map(|rest| (rest.table.to_owned(), reach(rest.reach)));
    let mut seen = BTreeSet::new();
    tables.filter(|one| seen.insert(one.clone())).collect()
}

fn case_line(rule: &Rule, case: &Case) -> CaseLine {
    let row = |row: &BTreeMap<String, YamlScalar>| row.iter().map(|(name, value)| (name.clone(), json_of(value))).collect();
    let unit = |name: &String| rule.params.get(name).map(|param| param.unit);
    let params: BTreeMap<String, String> =
        case.params.iter().filter_map(|(name, value)| Some((name.clone(), unit(name)?.text(value)))).collect();
    let told = |row: &BTreeMap<String, YamlScalar>| {
        let told = row.iter().map(|(name, value)| format!("{name} {}", words(name, value)));
        if row.is_empty() { "nothing told".to_owned() } else { told.collect::<Vec<_>>().join(", ") }
    };
    let mut given: Vec<String> = match case.rows.as_slice() {
        [] => vec!["no row".to_owned()],
        [only] => vec![told(only)],
        rows => (1..).zip(rows).map(|(place, row)| format!("row {place}: {}", told(row))).collect(),
    };
    given.extend(params.iter().map(|(name, value)| format!(":{name} {value}")));
    given.extend(case.gap.then(|| "something they rest on was not read".to_owned()));
    CaseLine {
        name: case.name.clone(),
        gives: case.gives,
        rows: case.rows.iter().map(row).collect(),
        gap: case.gap,
        params,
        given: given.join("; "),
    }
}

fn json_of(value: &YamlScalar) -> serde_json::Value {
    match value {
        YamlScalar::Null => serde_json::Value::Null,
        YamlScalar::Boolean(flag) => (*flag).into(),
        YamlScalar::Integer(number) => (*number).into(),
        YamlScalar::Text(text) => text.clone().into(),
    }
}

/// A value in words; seconds are a length, or a moment if they are too many for one.
fn words(column: &str, value: &YamlScalar) -> String {
    const MOMENTS_FROM_S: i64 = 1_000_000_000;
    match value {
        YamlScalar::Null => "not told".to_owned(),
        YamlScalar::Boolean(flag) => flag.to_string(),
        YamlScalar::Integer(number) if column.ends_with("_s") && *number >= MOMENTS_FROM_S => moment::short(*number),
        YamlScalar::Integer(number) if column.ends_with("_s") => duration::exact(*number),
        YamlScalar::Integer(number) => number.to_string(),
        YamlScalar::Text(text) => format!("`{text}`"),
    }
}

/// The verdict on each row of a rule's relation as one SQL statement, with default parameters.
///
/// Relies only on what engines agree on: no branch is taken for NULL, so what is not decided falls through to `unknown`.
pub fn sql(rule: &Rule) -> String {
    let defaults = rule.defaults();
    let text = |predicate: &Predicate| predicate.bind(&defaults).unwrap_or_else(|_| predicate.clone()).to_sql();
    let pass = text(&rule.pass);
    let decided = format!("WHEN {pass} THEN 'pass'\n    WHEN NOT ({pass}) THEN 'fail'");
    let body = match rule.applies.as_ref().map(text) {
        None => format!("  CASE\n    {decided}\n    ELSE 'unknown'\n  END"),
        Some(applies) => {
            let pass = format!("({applies}) AND ({pass})");
            let fail = format!("({applies}) AND NOT ({})", text(&rule.pass));
            format!(
                "  CASE\n    WHEN NOT ({applies}) THEN 'not_applicable'\n    WHEN {pass} THEN 'pass'\n    WHEN {fail} THEN 'fail'\n    ELSE 'unknown'\n  END"
            )
        }
    };
    format!("SELECT\n  subject_arn,\n{body} AS verdict\nFROM {}", rule.over.name)
}

fn line(library: &Library, rule: &Rule) -> RuleLine {
    RuleLine {
        id: rule.id.clone(),
        theme: rule.theme.clone(),
        title: rule.title.clone(),
        severity: rule.severity,
        over: rule.over.name.to_owned(),
        evidence: rule.evidence.clone(),
        controls: library.frameworks.controls(&rule.evidence),
    }
}

fn param_line(name: &str, unit: ParamUnit, default: &str, doc: &str) -> ParamLine {
    ParamLine { name: name.to_owned(), unit: unit.word(), default: default.to_owned(), doc: doc.to_owned() }
}

fn reach(reach: crate::dataset::schema::Reach) -> String {
    use crate::dataset::schema::Reach;
    match reach {
        Reach::Parent(column) => format!("same `{column}`"),
        Reach::Region => "same account and Region".to_owned(),
        Reach::Account => "same account".to_owned(),
        Reach::Everywhere => "everywhere".to_owned(),
    }
}
