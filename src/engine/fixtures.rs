//! What the tests of this folder share: a small relation, rules over it, and a source in memory.

use std::sync::LazyLock;

use polars::prelude::DataFrame;

use super::judge::{EngineError, Judgement, Relations, judge};
use super::load::{Layer, Library};
use super::rows::in_order;
use super::settings::Settings;
use super::{Finding, RuleErrors, SourceFile};
use crate::dataset::frame::to_frame;
use crate::dataset::schema::{Reach, RestsOn};
use crate::dataset::{Batch, Gap, ReadStatus, Relation, Row as _};

crate::rows! {
    /// A recovery point of a resource.
    pub(crate) struct Point {
        /// x
        subject_arn: Text, Never, "";
        /// x
        subject_type: Text, Never, "";
        /// x
        account_id: Text, Never, "";
        /// x
        region: Text, Never, "";
        /// Vault of the point
        backup_vault_arn: Text, NotTold, "";
        /// Which point
        number: Integer, Never, "";
        /// Whether the rule is about it
        owed: Boolean, NotTold, "";
        /// How long it is kept
        retention_s: Integer, NotTold, "";
        /// When it was made
        created: Time, NotTold, "";
    }
}

pub(crate) static POINTS: Relation = Relation {
    name: "points",
    doc: "A recovery point.",
    rows_are: "points",
    columns: Point::COLUMNS,
    rows_rest_on: &[
        RestsOn { table: "recovery_points", reach: Reach::Parent("backup_vault_arn") },
        RestsOn { table: "backup_vaults", reach: Reach::Region },
        RestsOn { table: "accounts", reach: Reach::Account },
        RestsOn { table: "organisation", reach: Reach::Everywhere },
    ],
    order: &["number"],
};

/// A rule that wants every point kept for 35 days.
pub(crate) const ALL: &str = "
id: kept-too-short
since: 0.1.0
aliases: [retention-short]
title: Point is kept too short
severity: high
over: points
applies: owed
pass: retention_s >= :least
params:
  least: { default: 35d, doc: Least retention }
observed: retention_s
expected: ':least'
message: point {{ number }} is kept {{ retention_s | duration }}, less than {{ least | duration }}
why: A deleted point restores nothing.
fix: Keep it longer.
evidence: [rp.retention]
cases:
  - name: exactly enough
    row: { owed: true, retention_s: 35d }
    gives: pass
  - name: one second less
    row: { owed: true, retention_s: 3023999 }
    gives: fail
  - name: not known
    row: { owed: true }
    gives: unknown
  - name: nobody asks
    row: { owed: false }
    gives: not_applicable
  - name: one of two is enough to fail
    rows: [{ owed: true, retention_s: 35d }, { owed: true, retention_s: 1d }]
    gives: fail
  - name: less is asked
    row: { owed: true, retention_s: 1d }
    params: { least: 1d }
    gives: pass
  - name: a vault that could not be read
    row: { owed: true, retention_s: 35d, backup_vault_arn: v }
    gap: true
    gives: unknown
  - name: nothing seen and not all read
    rows: []
    gap: true
    gives: unknown
";

/// A rule that is content with one point.
pub(crate) const ANY: &str = "
id: none-kept-long
since: 0.1.0
title: No point is kept long
severity: medium
over: points
quantify: any
pass: retention_s >= 3024000
message: no point is kept for 35 days
why: One long-lived point must exist.
fix: Keep one longer.
evidence: [inv.population]
";

pub(crate) fn file(path: &str, text: &str) -> SourceFile {
    SourceFile { path: path.to_owned(), text: text.to_owned() }
}

/// The embedded frameworks with the given rules, each named after its id.
pub(crate) fn library(rules: &[&str]) -> Result<Library, RuleErrors> {
    let name = |text: &str| text.lines().find_map(|line| line.strip_prefix("id: ")).unwrap_or("x").to_owned();
    let rules = rules.iter().map(|text| file(&format!("rules/test/{}.yaml", name(text)), text)).collect();
    Library::check(&[Layer { rules, ..super::load::embedded() }], &[&POINTS])
}

#[derive(Clone)]
pub(crate) struct Memory {
    pub(crate) rows: Vec<Point>,
    pub(crate) gaps: Vec<Gap>,
}

impl Relations for Memory {
    fn relation(&self, name: &str) -> Option<&'static Relation> {
        (name == POINTS.name).then_some(&POINTS)
    }

    fn names(&self) -> Vec<&'static str> {
        vec![POINTS.name]
    }

    fn parts(&self, _: &str, take: &mut dyn FnMut(DataFrame) -> Result<(), EngineError>) -> Result<(), EngineError> {
        take(in_order(&POINTS, &to_frame("points", &Batch::from_rows(self.rows.clone()))?)?)
    }

    fn gaps(&self) -> &[Gap] {
        &self.gaps
    }
}

impl Memory {
    pub(crate) fn judge(&self, rules: &[&str]) -> Judgement {
        self.judge_by(&library(rules).unwrap())
    }

    /// By both rules, which are read once.
    pub(crate) fn judge_both(&self) -> Judgement {
        static BOTH: LazyLock<Library> = LazyLock::new(|| library(&[ALL, ANY]).unwrap());
        self.judge_by(&BOTH)
    }

    fn judge_by(&self, library: &Library) -> Judgement {
        judge(&library.rules, self, &Settings::default().with_controls(library.controls())).unwrap()
    }
}

/// A point of database `name` in account 111122223333, eu-west-1, vault `v`.
pub(crate) fn point(name: &str, number: i64, owed: Option<bool>, retention_s: Option<i64>) -> Point {
    Point {
        subject_arn: Some(format!("arn:aws:rds:eu-west-1:111122223333:db:{name}")),
        subject_type: Some("AWS::RDS::DBInstance".to_owned()),
        account_id: Some("111122223333".to_owned()),
        region: Some("eu-west-1".to_owned()),
        backup_vault_arn: Some("v".to_owned()),
        number: Some(number),
        owed,
        retention_s,
        created: None,
    }
}

pub(crate) fn gap(table: &str, account_id: &str, region: &str, parent: Option<&str>) -> Gap {
    Gap {
        table: table.to_owned(),
        account_id: account_id.to_owned(),
        region: region.to_owned(),
        parent: parent.map(str::to_owned),
        status: ReadStatus::Denied,
        operation: "ListThings".to_owned(),
        reason: "no permission".to_owned(),
        collection: "c1".to_owned(),
    }
}

/// Rule, name after the last colon or hash of the subject, verdict.
pub(crate) fn brief(findings: &[Finding]) -> Vec<String> {
    findings
        .iter()
        .map(|finding| {
            let name = finding.subject_arn.rsplit([':']).next().unwrap_or("");
            format!("{} {name} {}", finding.rule_id, finding.verdict)
        })
        .collect()
}
