//! How the report came about: what was read and what not, who owes what, which rules judged with which parameters.

use std::collections::BTreeSet;

use serde::Serialize;

use crate::model::{Severity, moment};
use crate::report::input::{Judgement, ObjectiveRow, ReadRow, ResourceRow};
use crate::report::text::{clip, count};

use super::findings::{ParamLine, params};
use super::gaps::{self, GapsView};
use super::index::{Index, rule_page};
use super::ledger::Ledger;
use super::{CollectionLine, collection_lines};

/// Groups of gaps that are told.
const MOST_GROUPS: usize = 250;
/// Collections that are told, the newest.
const MOST_COLLECTIONS: usize = 400;
/// Objectives that are told.
const MOST_OBJECTIVES: usize = 300;

/// The page of what could not be read.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct CompletenessPage {
    /// What is unknown, and why.
    pub gaps: GapsView,
    /// How far each table was read; those with gaps first.
    pub tables: Vec<TableLine>,
    /// Tables that are complete.
    pub complete: u64,
    /// The collections, newest first.
    pub collections: Vec<CollectionLine>,
    /// Collections that are not told.
    pub more_collections: u64,
}

/// How far a table was read.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct TableLine {
    /// Its name.
    pub table: String,
    /// What a row is.
    pub doc: String,
    /// Accounts and Regions in which it was asked for.
    pub places: u64,
    /// How many of them were read completely.
    pub complete: u64,
    /// Reads that are not complete.
    pub gaps: u64,
    /// Rows in the newest collection.
    pub rows: u64,
}

/// The page of definitions and parameters.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct MethodPage {
    /// Who owes what, in the order that decides.
    pub objectives: Vec<ObjectiveLine>,
    /// Objectives that are not told.
    pub more_objectives: u64,
    /// The rules that judged.
    pub rules: Vec<RuleVersion>,
    /// Who collected.
    pub callers: Vec<String>,
}

/// An objective as it was written.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ObjectiveLine {
    /// Its name.
    pub id: String,
    /// Which resources it is for.
    pub subjects: String,
    /// What it asks for: `rpo 24h`.
    pub asks: Vec<String>,
    /// Since when it is in force; empty if always.
    pub valid_from: String,
    /// Who owns it; empty if nobody is named.
    pub owner: String,
    /// Who approved it; empty if nobody did.
    pub approved_by: String,
    /// Resources that it is in force for now; `None` if it has not begun, or another of its name has replaced it.
    pub resources: Option<u64>,
}

/// A rule with its version and parameters.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct RuleVersion {
    /// Its id.
    pub id: String,
    /// The defect it looks for.
    pub title: String,
    /// File of its page.
    pub page: String,
    /// How bad a failure is.
    pub severity: Severity,
    /// First version that had it.
    pub since: String,
    /// Parameters in force.
    pub params: Vec<ParamLine>,
}

/// What could not be read.
pub(in crate::report) fn completeness(judgement: &Judgement, index: &Index<'_>) -> CompletenessPage {
    let mut tables: Vec<_> = judgement.reads.iter().collect();
    tables.sort_by_key(|read| (read.gaps == 0, &read.table));
    let (collections, more_collections) = collection_lines(&judgement.about.collections, MOST_COLLECTIONS);
    CompletenessPage {
        gaps: gaps::view(judgement, index, MOST_GROUPS),
        complete: count(tables.iter().filter(|read| read.gaps == 0).count()),
        tables: tables.into_iter().map(table).collect(),
        collections,
        more_collections,
    }
}

fn table(read: &ReadRow) -> TableLine {
    TableLine {
        table: clip(&read.table, 80),
        doc: clip(&read.doc, 200),
        places: read.places,
        complete: read.complete,
        gaps: read.gaps,
        rows: read.rows,
    }
}

/// Definitions and parameters.
pub(in crate::report) fn method(judgement: &Judgement, ledger: &Ledger<'_>) -> MethodPage {
    let mut rules: Vec<_> = ledger.rules.iter().filter_map(|rule| Some((rule, rule.text?))).collect();
    rules.sort_by_key(|(rule, _)| rule.id);
    let version = |(rule, text): (&super::ledger::RuleLedger<'_>, &crate::report::input::RuleText)| RuleVersion {
        id: clip(rule.id, 80),
        title: rule.title(),
        page: rule_page(rule.id),
        severity: rule.severity,
        since: clip(&text.since, 40),
        params: params(text),
    };
    let mut callers: Vec<_> = judgement.about.collections.iter().map(|collection| clip(&collection.caller, 200)).collect();
    callers.sort();
    callers.dedup();
    callers.truncate(24);
    MethodPage {
        objectives: objectives(judgement),
        more_objectives: count(judgement.objectives.len().saturating_sub(MOST_OBJECTIVES)),
        rules: rules.into_iter().map(version).collect(),
        callers,
    }
}

/// The objectives; of several entries of one name the first that has begun is in force.
fn objectives(judgement: &Judgement) -> Vec<ObjectiveLine> {
    let mut in_force: BTreeSet<&str> = BTreeSet::new();
    let line = |row: &'_ ObjectiveRow, resources: Option<u64>| ObjectiveLine {
        id: if row.id.is_empty() { "default".to_owned() } else { clip(&row.id, 60) },
        subjects: clip(&row.subjects, 300),
        asks: row.asks.iter().take(24).map(|(duty, value)| clip(&format!("{duty}: {value}"), 200)).collect(),
        valid_from: clip(&row.valid_from, 40),
        owner: clip(&row.owner, 80),
        approved_by: clip(&row.approved_by, 80),
        resources,
    };
    let mut lines = Vec::new();
    for row in judgement.objectives.iter().take(MOST_OBJECTIVES) {
        let begun = row.valid_from.is_empty() || moment::parse(&row.valid_from).is_ok_and(|from_s| from_s <= judgement.about.as_of_s);
        let holds = |resource: &&ResourceRow| resource.objective_id.as_deref() == Some(row.id.as_str());
        let resources = (begun && in_force.insert(&row.id)).then(|| count(judgement.resources.iter().filter(holds).count()));
        lines.push(line(row, resources));
    }
    lines
}
