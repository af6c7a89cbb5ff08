//! A rule as it was read and checked.

use std::collections::{BTreeMap, BTreeSet};

use super::equivalent::Equivalent;
use super::nearest::nearest;
use super::param::{ParamUnit, YamlScalar};
use super::predicate::{Literal, Predicate};
use crate::dataset::Relation;
use crate::model::{Severity, Verdict};

/// How many of a subject's rows must pass.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Quantify {
    /// Every one.
    All,
    /// One is enough.
    Any,
}

/// A typed parameter.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Param {
    /// What it takes.
    pub unit: ParamUnit,
    /// Value where nobody says otherwise.
    pub default: Literal,
    /// What it means.
    pub doc: String,
}

/// A value that a finding shows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Shown {
    /// A column of the deciding row. Integers whose name ends in `_s` read as durations, in `_bytes` as sizes; the seconds of a `Time` column as
    /// a moment.
    Column(String),
    /// A parameter.
    Param(String),
    /// A template over row and parameters.
    Template(String),
}

/// One case of a rule: rows of a subject and the verdict they give.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Case {
    /// What it shows.
    pub name: String,
    /// The subject's rows; columns that are not named are NULL.
    pub rows: Vec<BTreeMap<String, YamlScalar>>,
    /// Whether something the rows rest on could not be read.
    pub gap: bool,
    /// The verdict.
    pub gives: Verdict,
    /// Parameters that differ from their defaults.
    pub params: BTreeMap<String, Literal>,
}

/// A rule.
#[derive(Clone, Debug, PartialEq)]
pub struct Rule {
    /// Kebab-case; names the defect; also the file's name.
    pub id: String,
    /// Folder of the file below `rules/`.
    pub theme: String,
    /// File it was read from.
    pub file: String,
    /// First version that had it.
    pub since: String,
    /// Ids it had before.
    pub aliases: Vec<String>,
    /// What is wrong where it fails.
    pub title: String,
    /// How bad a failure is.
    pub severity: Severity,
    /// The relation it judges, row by row.
    pub over: &'static Relation,
    /// How many rows must pass.
    pub quantify: Quantify,
    /// Which rows it speaks about; all if `None`.
    pub applies: Option<Predicate>,
    /// What it asks of them.
    pub pass: Predicate,
    /// Parameters by name.
    pub params: BTreeMap<String, Param>,
    /// What was seen.
    pub observed: Option<Shown>,
    /// What is asked for.
    pub expected: Option<Shown>,
    /// Template of the message.
    pub message: String,
    /// Why it matters.
    pub why: String,
    /// What to do.
    pub fix: String,
    /// Where to read on.
    pub references: Vec<String>,
    /// Checks of other tools that it answers, as the file orders them.
    pub equivalent_to: Vec<Equivalent>,
    /// Evidence kinds it produces.
    pub evidence: Vec<String>,
    /// Kind of remediation that repairs it.
    pub remediation: Option<String>,
    /// Its cases.
    pub cases: Vec<Case>,
}

impl Rule {
    /// The default value of each parameter.
    pub fn defaults(&self) -> BTreeMap<String, Literal> {
        self.params.iter().map(|(name, param)| (name.clone(), param.default.clone())).collect()
    }

    /// The columns its predicates read.
    pub fn columns(&self) -> BTreeSet<String> {
        let mut columns = self.pass.columns();
        columns.extend(self.applies.iter().flat_map(Predicate::columns));
        columns
    }

    /// The templates its findings are written by.
    pub(crate) fn templates(&self) -> impl Iterator<Item = &str> {
        let shown = [&self.observed, &self.expected].into_iter().filter_map(|shown| match shown {
            Some(Shown::Template(template)) => Some(template.as_str()),
            _ => None,
        });
        shown.chain([self.message.as_str()])
    }
}

/// Rules sorted by id; no id or alias stands for two of them.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct RuleSet {
    rules: Vec<Rule>,
}

impl RuleSet {
    /// Sorts rules; of two with one id the later stays.
    pub(crate) fn new(rules: impl IntoIterator<Item = Rule>) -> Self {
        let rules: BTreeMap<String, Rule> = rules.into_iter().map(|rule| (rule.id.clone(), rule)).collect();
        Self { rules: rules.into_values().collect() }
    }

    /// A rule by its id or an id it had before.
    pub fn get(&self, id: &str) -> Option<&Rule> {
        self.rules.iter().find(|rule| rule.id == id).or_else(|| self.rules.iter().find(|rule| rule.aliases.iter().any(|alias| alias == id)))
    }

    /// The id most like one that does not exist.
    pub fn nearest(&self, id: &str) -> Option<&str> {
        nearest(id, self.rules.iter().map(|rule| rule.id.as_str()))
    }

    /// All rules, sorted by id.
    pub fn iter(&self) -> impl Iterator<Item = &Rule> {
        self.rules.iter()
    }

    /// Number of rules.
    pub fn len(&self) -> usize {
        self.rules.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.rules.is_empty()
    }

    /// Only the rules that a condition keeps.
    #[must_use]
    pub fn filter(&self, keep: impl Fn(&Rule) -> bool) -> Self {
        Self { rules: self.rules.iter().filter(|rule| keep(rule)).cloned().collect() }
    }
}
