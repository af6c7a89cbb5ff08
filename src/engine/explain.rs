//! What `audit rules list` and `audit rules explain` show: rules as plain, serialisable structs.

use serde::Serialize;

use super::load::Library;
use super::param::ParamUnit;
use super::predicate::Predicate;
use super::rule::{Quantify, Rule, Shown};
use crate::model::{Severity, Verdict};

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
    /// Kind of remediation; empty if none.
    pub remediation: String,
    /// Tables a gap in which makes it unknown, with how far.
    pub rests_on: Vec<(String, String)>,
    /// Its cases: name and verdict.
    pub cases: Vec<(String, Verdict)>,
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
        remediation: rule.remediation.clone().unwrap_or_default(),
        rests_on: rule.over.rows_rest_on.iter().map(|rest| (rest.table.to_owned(), reach(rest.reach))).collect(),
        cases: rule.cases.iter().map(|case| (case.name.clone(), case.gives)).collect(),
    })
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
