//! Everything a report is made from, gathered into plain structs: the verdicts, and the facts that stand around them.

mod drawing;
mod flaws;
pub(super) mod resources;
mod rules;

use std::collections::BTreeSet;

use super::error::CommandError;
use super::judge::{self, Rulebook};
use crate::collect::tables;
use crate::config::Settings;
use crate::engine::settings::Disabled;
use crate::engine::{Alternative, Judgement as Judged, Waiver};
use crate::facts::objectives::{DEFAULT_RPO_S, DEFAULT_TOLERANCE_S, Objective};
use crate::facts::protection::{Answers, Protection, protection};
use crate::facts::restored;
use crate::facts::{FactError, Inputs};
use crate::model::duration;
use crate::report;

/// How much is gathered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Depth {
    /// What summaries and structured formats need.
    Summary,
    /// What pages about single resources tell, too.
    Pages,
}

/// Gathers everything a report is made from.
///
/// # Errors
/// As deriving facts.
pub(super) fn judgement(
    settings: &Settings,
    rulebook: &Rulebook,
    inputs: &Inputs<'_>,
    judged: Judged,
    depth: Depth,
) -> Result<report::Judgement, CommandError> {
    let accepted = judge::check_settings(settings, &rulebook.library)?;
    let described = resources::described(inputs, &judged.findings, depth)?;
    Ok(report::Judgement {
        about: about(settings, rulebook, inputs),
        gaps: inputs.snapshot.gaps().to_vec(),
        reads: reads(inputs),
        rules: rules::texts(settings, rulebook)?,
        switched_off: judged.disabled.iter().map(|Disabled { rule_id, reason }| (rule_id.clone(), reason.clone())).collect(),
        waivers: accepted.waivers.into_iter().map(waiver).collect(),
        alternatives: accepted.alternatives.into_iter().map(alternative).collect(),
        objectives: settings.objectives.written().map(objective).chain([default_objective()]).collect(),
        frameworks: rules::frameworks(rulebook, &judged),
        exposure: described.exposure,
        protection: protection(inputs)?.into_iter().map(protection_row).collect(),
        resources: described.resources,
        restores: described.restores,
        restores_observed: restored::observed(inputs),
        names: inputs.plans()?.iter().map(|plan| (plan.arn.clone(), plan.name.clone())).collect(),
        findings: judged.findings,
    })
}

fn about(settings: &Settings, rulebook: &Rulebook, inputs: &Inputs<'_>) -> report::About {
    let snapshot = inputs.snapshot;
    let accounts: BTreeSet<&String> = snapshot.scope().iter().map(|(account, _)| account).collect();
    let regions: BTreeSet<&String> = snapshot.scope().iter().map(|(_, region)| region).collect();
    report::About {
        title: settings.title.clone(),
        tool_version: env!("CARGO_PKG_VERSION").to_owned(),
        as_of_s: snapshot.as_of_s(),
        window: inputs.window,
        scope: format!(
            "{} in {}; databases of RDS, Aurora, Neptune and DocumentDB and what AWS Backup holds. Other services are not collected.",
            if accounts.len() == 1 { "One account".to_owned() } else { format!("{} accounts", accounts.len()) },
            if regions.len() == 1 { "one Region".to_owned() } else { format!("{} Regions", regions.len()) },
        ),
        accounts: accounts.into_iter().cloned().collect(),
        regions: regions.into_iter().cloned().collect(),
        collections: snapshot
            .collections()
            .iter()
            .map(|collection| report::CollectionRow {
                id: collection.manifest.id.clone(),
                started_s: collection.manifest.started_s,
                complete: collection.manifest.complete,
                gaps: snapshot.gaps_in(&collection.manifest.id),
                caller: collection.manifest.caller.arn.clone(),
                tool_version: collection.manifest.tool_version.clone(),
            })
            .collect(),
        dataset_digest: snapshot.digest(),
        rules_digest: rulebook.library.digest(),
    }
}

/// How far each table was read in the accounts and Regions that were asked for.
fn reads(inputs: &Inputs<'_>) -> Vec<report::ReadRow> {
    let snapshot = inputs.snapshot;
    let newest = snapshot.collections().last();
    let row = |table: &'static crate::dataset::Table| report::ReadRow {
        table: table.name.to_owned(),
        doc: table.doc.to_owned(),
        places: snapshot.scope().len() as u64,
        complete: snapshot.scope().iter().filter(|(account, region)| inputs.complete(table.name, account, region)).count() as u64,
        gaps: snapshot.gaps().iter().filter(|gap| gap.table == table.name).count() as u64,
        rows: newest.and_then(|newest| newest.manifest.tables.get(table.name)).copied().unwrap_or(0),
    };
    tables().into_iter().map(row).collect()
}

pub(super) fn waiver(waiver: Waiver) -> report::WaiverRow {
    report::WaiverRow {
        id: waiver.id,
        rule_id: waiver.rule,
        subjects: waiver.subjects.to_string(),
        reason: waiver.reason,
        owner: waiver.owner,
        approver: waiver.approver,
        start_s: waiver.start_s,
        expires_s: waiver.expires_s,
        compensating_control: waiver.compensating_control,
    }
}

pub(super) fn alternative(alternative: Alternative) -> report::AlternativeRow {
    report::AlternativeRow {
        control: alternative.control(),
        id: alternative.id,
        reason: alternative.reason,
        alternative: alternative.alternative,
        owner: alternative.owner,
        approver: alternative.approver,
        start_s: alternative.start_s,
        expires_s: alternative.expires_s,
        document: alternative.document,
    }
}

/// An entry in words: every field that says something, whatever fields there are.
pub(super) fn objective(written: &Objective) -> report::ObjectiveRow {
    let mut row = report::ObjectiveRow {
        id: written.id.clone(),
        subjects: String::new(),
        asks: Vec::new(),
        valid_from: written.valid_from.clone().unwrap_or_default(),
        owner: written.owner.clone().unwrap_or_default(),
        approved_by: written.approved_by.clone().unwrap_or_default(),
    };
    let Ok(serde_json::Value::Object(fields)) = serde_json::to_value(written) else { return row };
    for (name, value) in fields {
        match name.as_str() {
            "id" | "valid_from" | "owner" | "approved_by" => {}
            "match" => row.subjects = matched(&value),
            _ => row.asks.extend(words(&value).map(|text| (name.replace('_', " "), text))),
        }
    }
    row
}

pub(super) fn default_objective() -> report::ObjectiveRow {
    report::ObjectiveRow {
        id: String::new(),
        subjects: "every resource that no entry names".to_owned(),
        asks: vec![
            ("rpo".to_owned(), duration::text(DEFAULT_RPO_S)),
            ("tolerance".to_owned(), format!("the start window of its plan rule and {}", duration::text(DEFAULT_TOLERANCE_S))),
        ],
        valid_from: String::new(),
        owner: String::new(),
        approved_by: String::new(),
    }
}

/// A matcher in words; all that is given must hold.
fn matched(matcher: &serde_json::Value) -> String {
    let fields = matcher.as_object().into_iter().flatten();
    let told: Vec<_> = fields.filter_map(|(name, value)| words(value).map(|text| format!("{name} {text}"))).collect();
    if told.is_empty() { "every resource".to_owned() } else { told.join("; ") }
}

/// A value in words; `None` if it says nothing.
fn words(value: &serde_json::Value) -> Option<String> {
    use serde_json::Value;
    let joined = |texts: Vec<String>| (!texts.is_empty()).then(|| texts.join(", "));
    match value {
        Value::Null | Value::Bool(false) => None,
        Value::Bool(true) => Some("yes".to_owned()),
        Value::Number(number) => Some(number.to_string()),
        Value::String(text) => Some(text.replace('_', " ")),
        Value::Array(items) => joined(items.iter().filter_map(words).collect()),
        Value::Object(fields) if fields.len() == 2 && fields.contains_key("every") && fields.contains_key("keep") => {
            let of = |key: &str| fields.get(key).and_then(Value::as_str).unwrap_or_default();
            Some(format!("every {} kept {}", of("every"), of("keep")))
        }
        Value::Object(fields) => {
            joined(fields.iter().map(|(key, value)| format!("{key}={}", value.as_str().unwrap_or_default())).collect())
        }
    }
}

fn protection_row(row: Protection) -> report::ProtectionRow {
    let cell = |answers: Answers| report::ProtectionCell {
        yes: answers.yes,
        no: answers.no,
        unknown: answers.unknown,
        not_owed: answers.not_owed,
    };
    report::ProtectionRow {
        cells: [cell(row.selected), cell(row.backed_up), cell(row.within_rpo), cell(row.kept), cell(row.copied)],
        resource_type: row.resource_type,
    }
}

/// What facts told of single resources.
struct Described {
    exposure: Vec<report::ExposureRow>,
    resources: Vec<report::ResourceRow>,
    restores: Vec<report::RestoreRow>,
}

type Told<T> = Result<T, FactError>;
