//! The cases of rules, run through the judge as it is: one relation in memory, one subject, one verdict.

use polars::prelude::DataFrame;

use super::judge::{EngineError, Relations, judge};
use super::param::YamlScalar;
use super::predicate::Predicate;
use super::rows::in_order;
use super::rule::{Case, Rule, RuleSet};
use super::settings::Settings;
use crate::dataset::frame::{FrameError, seconds_name, to_frame};
use crate::dataset::rows::Cells;
use crate::dataset::schema::Reach;
use crate::dataset::{Batch, Column, ColumnType, Gap, ReadStatus, Relation};
use crate::model::Verdict;

const ACCOUNT: &str = "111122223333";
const REGION: &str = "eu-west-1";
const SUBJECT: &str = "arn:aws:rds:eu-west-1:111122223333:db:case";

/// What became of one case.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CaseResult {
    /// The rule.
    pub rule_id: String,
    /// Name of the case.
    pub case: String,
    /// What the rule file says.
    pub expected: Verdict,
    /// What the judge says; `None` if the case's subject has no row and nothing unread stands in for it.
    pub found: Option<Verdict>,
    /// The message of the finding, for the author.
    pub message: String,
}

/// What became of all cases.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CaseReport {
    /// By rule, in the order of the file.
    pub results: Vec<CaseResult>,
    /// Verdicts for which a rule has no case: each needs pass, fail and unknown.
    pub missing: Vec<(String, Verdict)>,
    /// What each negated predicate did to the cases of its rule.
    pub negations: Vec<Negation>,
}

/// A rule of which one predicate is turned into its opposite: if all its cases still hold, they prove nothing about that predicate.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Negation {
    /// The rule.
    pub rule_id: String,
    /// `pass` or `applies`.
    pub predicate: &'static str,
    /// The cases that no longer hold, as they should.
    pub noticed_by: Vec<String>,
}

impl CaseResult {
    /// Whether the judge agrees with the rule file.
    pub fn agrees(&self) -> bool {
        self.found == Some(self.expected)
    }
}

impl CaseReport {
    /// Whether every case agrees, every rule has the cases it needs, and no negated predicate goes unnoticed.
    pub fn is_clean(&self) -> bool {
        self.missing.is_empty() && self.results.iter().all(CaseResult::agrees) && self.unnoticed().next().is_none()
    }

    /// The negations that no case notices.
    pub fn unnoticed(&self) -> impl Iterator<Item = &Negation> {
        self.negations.iter().filter(|negation| negation.noticed_by.is_empty())
    }
}

/// Runs the cases of all rules, and again with each predicate negated.
///
/// # Errors
/// What [`judge`] gives, which for checked rules means a defect in the engine.
pub fn run_cases(rules: &RuleSet) -> Result<CaseReport, EngineError> {
    let mut report = CaseReport::default();
    for rule in rules.iter() {
        for case in &rule.cases {
            report.results.push(run(rule, case)?);
        }
        let needed = [Verdict::Pass, Verdict::Fail, Verdict::Unknown];
        let missing = needed.into_iter().filter(|verdict| !rule.cases.iter().any(|case| case.gives == *verdict));
        report.missing.extend(missing.map(|verdict| (rule.id.clone(), verdict)));
        for (predicate, opposite) in opposites(rule) {
            report.negations.push(negated(&opposite, predicate)?);
        }
    }
    Ok(report)
}

/// The rule with its `pass` negated, and with its `applies` negated if it has one.
fn opposites(rule: &Rule) -> Vec<(&'static str, Rule)> {
    let not = |predicate: &Predicate| Predicate::Not(Box::new(predicate.clone()));
    let pass = ("pass", Rule { pass: not(&rule.pass), ..rule.clone() });
    let applies = rule.applies.as_ref().map(|applies| ("applies", Rule { applies: Some(not(applies)), ..rule.clone() }));
    [pass].into_iter().chain(applies).collect()
}

fn negated(opposite: &Rule, predicate: &'static str) -> Result<Negation, EngineError> {
    let mut noticed_by = Vec::new();
    for case in &opposite.cases {
        if !run(opposite, case)?.agrees() {
            noticed_by.push(case.name.clone());
        }
    }
    Ok(Negation { rule_id: opposite.id.clone(), predicate, noticed_by })
}

fn run(rule: &Rule, case: &Case) -> Result<CaseResult, EngineError> {
    let source = OneRelation::of(rule, case)?;
    let settings = Settings::default().with_params(rule, case.params.clone());
    let judgement = judge(&RuleSet::new([rule.clone()]), &source, &settings)?;
    let subject = judgement.findings.iter().find(|finding| finding.subject_type != "read");
    let finding = subject.or_else(|| judgement.findings.first());
    Ok(CaseResult {
        rule_id: rule.id.clone(),
        case: case.name.clone(),
        expected: case.gives,
        found: finding.map(|finding| finding.verdict),
        message: finding.map(|finding| finding.message.clone()).unwrap_or_default(),
    })
}

/// A source with the rows of one case.
struct OneRelation {
    relation: &'static Relation,
    frame: DataFrame,
    gaps: Vec<Gap>,
}

impl OneRelation {
    fn of(rule: &Rule, case: &Case) -> Result<Self, EngineError> {
        let relation = rule.over;
        let columns = relation.columns.iter().map(|column| cells(column, case)).collect();
        let too_long = || FrameError::Missing { relation: relation.name.to_owned(), column: "(rows)" };
        let batch = Batch::from_cells(relation.columns, columns, case.rows.len()).ok_or_else(too_long)?;
        let frame = in_order(relation, &to_frame(relation.name, &batch)?)?;
        Ok(Self { relation, frame, gaps: gap(rule, case).into_iter().collect() })
    }
}

/// A gap in the first table the relation rests on, where it touches the first row.
fn gap(rule: &Rule, case: &Case) -> Option<Gap> {
    let rest = rule.over.rows_rest_on.first().filter(|_| case.gap)?;
    let cell = |name: &str| case.rows.first().and_then(|row| row.get(name)).and_then(text_of);
    let parent = match rest.reach {
        Reach::Parent(column) => cell(column),
        Reach::Region | Reach::Account | Reach::Everywhere => None,
    };
    Some(Gap {
        table: rest.table.to_owned(),
        account_id: cell("account_id").unwrap_or_else(|| ACCOUNT.to_owned()),
        region: cell("region").unwrap_or_else(|| REGION.to_owned()),
        parent,
        status: ReadStatus::Denied,
        operation: "the read of the case".to_owned(),
        reason: "the case says so".to_owned(),
        collection: "case".to_owned(),
    })
}

fn text_of(cell: &YamlScalar) -> Option<String> {
    match cell {
        YamlScalar::Text(text) => Some(text.clone()),
        _ => None,
    }
}

fn cells(column: &Column, case: &Case) -> Cells {
    let seconds = seconds_name(column.name);
    let name = if column.column_type == ColumnType::Time { seconds.as_str() } else { column.name };
    let default = match column.name {
        "subject_arn" => Some(SUBJECT),
        "subject_type" => Some("AWS::RDS::DBInstance"),
        "account_id" => Some(ACCOUNT),
        "region" => Some(REGION),
        _ => None,
    };
    let values = case.rows.iter().map(|row| row.get(name).cloned().or_else(|| default.map(|text| YamlScalar::Text(text.to_owned()))));
    match column.column_type {
        ColumnType::Text | ColumnType::Json => Cells::Text(values.map(|value| value.as_ref().and_then(text_of)).collect()),
        ColumnType::Boolean => {
            Cells::Boolean(values.map(|value| if let Some(YamlScalar::Boolean(flag)) = value { Some(flag) } else { None }).collect())
        }
        ColumnType::Integer | ColumnType::Time => {
            let scale = if column.column_type == ColumnType::Time { 1_000 } else { 1 };
            let number = |value| match value {
                Some(YamlScalar::Integer(number)) => i64::checked_mul(number, scale),
                _ => None,
            };
            Cells::Integer(values.map(number).collect())
        }
    }
}

impl Relations for OneRelation {
    fn relation(&self, name: &str) -> Option<&'static Relation> {
        Some(self.relation).filter(|relation| relation.name == name)
    }

    fn names(&self) -> Vec<&'static str> {
        vec![self.relation.name]
    }

    fn parts(&self, _: &str, take: &mut dyn FnMut(DataFrame) -> Result<(), EngineError>) -> Result<(), EngineError> {
        take(self.frame.clone())
    }

    fn gaps(&self) -> &[Gap] {
        &self.gaps
    }
}
