//! The ledger of what weakened backups in the window: who deleted points, lifted what guards a vault, ended plans, stopped the log, removed tags.
//!
//! One row an event, and one row a kind of event of an account and Region in which there was none, which says whether that is proven: every name of the
//! kind was read over the whole window. `CloudTrail` lists 90 days and takes up to 15 minutes; what came before, or happened just now, is not known.
//!
//! - An attempt that AWS refused changed nothing and has no row.
//! - What a service does by a rule that somebody made before (a lifecycle, a policy of snapshots) is no tampering. Infrastructure code acts for people.
//! - Whether a change of a policy or a plan weakens it is not in the event: `drift` compares what was read.
//! - Of a call that weakens or not, what was asked for decides; where that does not tell, the event has a row and nothing is proven.
//!
//! Sources: AWS Backup developer guide, "Logging AWS Backup API calls with CloudTrail"; CloudTrail user guide, "CloudTrail userIdentity element".

use std::collections::BTreeSet;

use polars::prelude::{DataFrame, col, lit};
use serde_json::Value;

use self::kinds::{KINDS, Kind, REMOVES_ALL, REMOVES_TAGS, REPLACES_ALL};
use self::requests::Standing;
use self::tags::ChoosingTags;
use super::population::{evidence, json};
use super::reconciled::DELIVERED_WITHIN_S;
use super::{Fact, FactError, Inputs, PLAN_READS, region};
use crate::dataset::{Relation, Row, frame};

mod kinds;
mod requests;
mod tags;

const TABLE: &str = "cloudtrail_events";
/// Services that delete by a rule that somebody made before.
const BY_RULE: [&str; 2] = ["backup.amazonaws.com", "dlm.amazonaws.com"];

crate::rows! {
    /// An event that weakened backups, or that there was none.
    pub struct TamperingRow {
        /// The account's root, and the Region
        subject_arn: Text, Never, "";
        /// Always `region`
        subject_type: Text, Never, "";
        /// Account
        account_id: Text, Never, "";
        /// Region
        region: Text, Never, "";
        /// `points_deleted`, `snapshots_deleted`, `lifecycles_changed`, `guards_lifted`, `protection_weakened`, `plans_removed`, `jobs_stopped`,
        /// `log_stopped` or `tags_removed`
        kind: Text, Never, "";
        /// Whether nothing of the kind happened in the window: false of an event, true where every name of the kind was read over all of it; not told
        /// of an event that may be of the kind or not, as far as what was asked for shows
        none_proven: Boolean, NotTold, "";
        /// When it happened
        event_s: Integer, Means("there was none"), "EventTime";
        /// The operation
        event_name: Text, Means("there was none"), "EventName";
        /// Who did it
        actor_arn: Text, Means("there was none, or not told"), "CloudTrailEvent: userIdentity.arn";
        /// Address the call came from
        source_ip_address: Text, Means("there was none, or not told"), "CloudTrailEvent: sourceIPAddress";
        /// What it was done to: every ARN or name that the event tells
        object: Text, Means("there was none, or not told"), "Resources, CloudTrailEvent: requestParameters";
        /// Id of the event
        event_id: Text, Means("there was none"), "EventId";
        /// Where the proof lies
        evidence: Text, Never, "";
    }
}

/// The ledger as a relation.
pub static FACT: Fact = Fact {
    relation: &Relation {
        name: "tampering",
        doc: "What weakened backups in the window: one row an event, and one row an account, Region and kind of event of which there was none.",
        rows_are: "events",
        columns: TamperingRow::COLUMNS,
        rows_rest_on: &[],
        order: &["kind", "event_s", "event_id"],
    },
    reads: &[&[region(TABLE), region("trails")], PLAN_READS],
    by_range: false,
    derive,
};

crate::rows! {
    /// What is needed of `cloudtrail_events`.
    struct EventRow {
        account_id: Text; region: Text; event_id: Text; event_name: Text; event_source: Text; event_time_s: Integer; event_type: Text;
        error_code: Text; actor_arn: Text; invoked_by: Text; source_ip_address: Text; resources: Json; request_parameters: Json; collection: Text;
    }
}

/// The names of every event that the ledger knows.
#[cfg(test)]
pub(super) fn event_names() -> impl Iterator<Item = &'static str> {
    KINDS.iter().flat_map(|kind| kind.events).map(|(_, name)| *name)
}

fn derive(inputs: &Inputs<'_>) -> Result<DataFrame, FactError> {
    let choosing = ChoosingTags::read(inputs)?;
    let names: BTreeSet<&str> = KINDS.iter().flat_map(|kind| kind.events).map(|(_, name)| *name).collect();
    let wanted = names.iter().fold(lit(false), |any, name| any.or(col("event_name").eq(lit(*name))));
    let standing = Standing::read(inputs)?;
    let mut rows = Vec::new();
    for event in frame::from_frame::<EventRow>(TABLE, &inputs.snapshot.frame_where(TABLE, wanted)?)? {
        let Some(kind) = kind_of(inputs, &event) else { continue };
        let is_of_kind = if kind.word == REMOVES_TAGS { deselects(&choosing, &event)? } else { weakened(&standing, &event)? };
        if is_of_kind != Some(false) {
            rows.push(of_event(kind, is_of_kind, event)?);
        }
    }
    let seen: BTreeSet<(String, String, &str)> = rows.iter().map(place_and_kind).collect();
    for (account_id, region) in inputs.snapshot.scope() {
        for kind in KINDS.iter().filter(|kind| !seen.contains(&(account_id.clone(), region.clone(), kind.word))) {
            let none_proven = observed(inputs, kind, account_id, region).then_some(true);
            rows.push(of_none(kind, account_id, region, none_proven));
        }
    }
    Inputs::frame_of(FACT.relation, rows)
}

/// Whether an event takes a tag away that a selection goes by; `None` if that was not read, or if it may.
fn deselects(choosing: &ChoosingTags, event: &EventRow) -> Result<Option<bool>, FactError> {
    let name = event.event_name.as_deref().unwrap_or_default();
    if kinds::SETS_TAGS.contains(&name) {
        let source = event.event_source.as_deref().unwrap_or_default();
        return Ok(choosing.deselect(&place(event), source, &asked(event)?, name == REPLACES_ALL));
    }
    Ok(choosing.chosen_by(event.account_id.as_deref(), event.region.as_deref(), &texts(event)?, name == REMOVES_ALL))
}

/// Whether an event weakened something, as what was asked for shows.
fn weakened(standing: &Standing, event: &EventRow) -> Result<Option<bool>, FactError> {
    let (source, name) = (event.event_source.as_deref().unwrap_or_default(), event.event_name.as_deref().unwrap_or_default());
    Ok(standing.weakened(&place(event), source, name, &asked(event)?))
}

/// What was asked for; null if that was not logged.
fn asked(event: &EventRow) -> Result<Value, FactError> {
    let id = event.event_id.as_deref().unwrap_or_default();
    Ok(json::<Value>(TABLE, "request_parameters", id, event.request_parameters.clone())?.unwrap_or_default())
}

fn place(event: &EventRow) -> (String, String) {
    (event.account_id.clone().unwrap_or_default(), event.region.clone().unwrap_or_default())
}

fn place_and_kind(row: &TamperingRow) -> (String, String, &'static str) {
    let word = KINDS.iter().map(|kind| kind.word).find(|word| row.kind.as_deref() == Some(word)).unwrap_or_default();
    (row.account_id.clone().unwrap_or_default(), row.region.clone().unwrap_or_default(), word)
}

/// The kind of an event that was let happen in the window and that no service did by rule.
fn kind_of(inputs: &Inputs<'_>, event: &EventRow) -> Option<&'static Kind> {
    let at_s = event.event_time_s?;
    ((inputs.window.start_s..inputs.window.end_s).contains(&at_s) && event.error_code.is_none()).then_some(())?;
    let (source, name) = (event.event_source.as_deref()?, event.event_name.as_deref()?);
    let kind = KINDS.iter().find(|kind| kind.events.contains(&(source, name)))?;
    (kind.whoever || !by_rule(event)).then_some(kind)
}

fn by_rule(event: &EventRow) -> bool {
    by_a_service(event.event_type.as_deref(), event.invoked_by.as_deref(), event.source_ip_address.as_deref())
}

/// Whether a service did something by a rule that somebody made before, as the event tells.
pub(super) fn by_a_service(event_type: Option<&str>, invoked_by: Option<&str>, source_ip_address: Option<&str>) -> bool {
    let is = |name: Option<&str>| name.is_some_and(|name| BY_RULE.contains(&name));
    event_type == Some("AwsServiceEvent") || is(invoked_by) || is(source_ip_address)
}

/// Whether every name of a kind was read over the whole window.
fn observed(inputs: &Inputs<'_>, kind: &Kind, account_id: &str, region: &str) -> bool {
    all_observed(inputs, kind.events.iter().map(|(_, name)| *name), account_id, region)
}

/// Whether events of each of these names were read over the whole window.
pub(super) fn all_observed<'n>(inputs: &Inputs<'_>, mut names: impl Iterator<Item = &'n str>, account_id: &str, region: &str) -> bool {
    names.all(|name| {
        let last = inputs.snapshot.observed_of(TABLE, account_id, region, Some(name)).pop();
        last.is_some_and(|seen| seen.start_s <= inputs.window.start_s && seen.end_s >= inputs.snapshot.as_of_s() - DELIVERED_WITHIN_S)
    })
}

fn root(account_id: &str, region: &str) -> String {
    format!("arn:aws:iam::{account_id}:root#region/{region}")
}

/// The row of an event that is of a kind, or that may be.
fn of_event(kind: &Kind, is_of_kind: Option<bool>, event: EventRow) -> Result<TamperingRow, FactError> {
    let object = texts(&event)?;
    let object = object.into_iter().collect::<Vec<_>>().join(" ");
    let (account_id, region) = (event.account_id.unwrap_or_default(), event.region.unwrap_or_default());
    Ok(TamperingRow {
        subject_arn: Some(root(&account_id, &region)),
        subject_type: Some("region".to_owned()),
        account_id: Some(account_id),
        region: Some(region),
        kind: Some(kind.word.to_owned()),
        none_proven: is_of_kind.map(|is_of_kind| !is_of_kind),
        event_s: event.event_time_s,
        event_name: event.event_name,
        actor_arn: event.actor_arn,
        source_ip_address: event.source_ip_address,
        object: (!object.is_empty()).then_some(object),
        evidence: Some(evidence(TABLE, event.event_id.as_deref().unwrap_or_default(), event.collection.as_deref())),
        event_id: event.event_id,
    })
}

fn of_none(kind: &Kind, account_id: &str, region: &str, none_proven: Option<bool>) -> TamperingRow {
    TamperingRow {
        subject_arn: Some(root(account_id, region)),
        subject_type: Some("region".to_owned()),
        account_id: Some(account_id.to_owned()),
        region: Some(region.to_owned()),
        kind: Some(kind.word.to_owned()),
        none_proven,
        evidence: Some(format!("{TABLE} of {account_id} in {region}")),
        ..TamperingRow::default()
    }
}

/// Every text that an event names: resources first by name, then what was asked for.
fn texts(event: &EventRow) -> Result<BTreeSet<String>, FactError> {
    let id = event.event_id.as_deref().unwrap_or_default();
    let mut found = BTreeSet::new();
    for (column, cell) in [("resources", &event.resources), ("request_parameters", &event.request_parameters)] {
        gather(&json::<Value>(TABLE, column, id, cell.clone())?.unwrap_or_default(), &mut found);
    }
    Ok(found)
}

/// Every text in a value that may name something.
pub(super) fn gather(value: &Value, found: &mut BTreeSet<String>) {
    match value {
        Value::String(text) => found.extend([text.clone()]),
        Value::Array(items) => items.iter().for_each(|item| gather(item, found)),
        // The type of a resource is no name of one.
        Value::Object(fields) => fields.iter().filter(|(name, _)| *name != "ResourceType").for_each(|(_, field)| gather(field, found)),
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}
