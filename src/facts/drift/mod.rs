//! Drift: what changed about plans, selections, vaults, keys, Regions and resources since earlier readings, and whether less is protected by it.
//!
//! [`compare`] holds two moments against each other; `audit diff` shows all that it finds. The relation holds the moment of judgement against every
//! collection of the 30 days before it (without any, the newest one), so that a reduction stays in sight for a month, whatever was collected after it,
//! and a refused read in between hides nothing: docs/decisions/0014-reductions-stay-in-sight.md. Of several differences of one kind the worst is
//! told, against the newest reading that shows it.
//!
//! - A thing that only one reading knows is not compared. That is no pass: rules do not apply to it.
//! - What one of two readings did not tell is neither the same nor weaker.

use std::collections::{BTreeMap, BTreeSet};

use polars::prelude::DataFrame;

mod change;
mod keys;
mod plans;
mod reading;
mod resources;
mod selections;
mod state;
mod vaults;

use change::NOT_READ;
pub use change::{Change, Kind, Standing, Subject, Thing};
pub use state::State;

use super::population::{RESOURCES_READ, RESOURCES_REST_ON};
use super::{Fact, FactError, Inputs, region};
use crate::dataset::snapshot::STALE_READ_S;
use crate::dataset::{Gap, Relation, Row};
use crate::model::{Window, moment::DAY_S};

/// For how long a reduction stays in sight.
pub const IN_SIGHT_S: i64 = STALE_READ_S;

crate::rows! {
    /// A difference between an earlier reading of a thing and the present one.
    pub struct DriftRow {
        /// ARN of the thing; a selection is `<plan ARN>#selection/<id>`, a list that was not read `…#read/<table>`
        subject_arn: Text, Never, "";
        /// AWS resource type; `region` for the settings of a Region, `read` for a list that was not read
        subject_type: Text, Never, "";
        /// Account
        account_id: Text, Never, "";
        /// Region
        region: Text, Never, "";
        /// `plan`, `selection`, `vault`, `key`, `settings`, `resource` or `read`
        thing: Text, Never, "";
        /// Name for people
        name: Text, Never, "";
        /// Whether an earlier reading of it is there to compare with
        compared: Boolean, Never, "";
        /// What changed: `schedule`, `retention`, `copy`, `lock`, `policy`, `clauses`, `coverage` and the like; `nothing` if nothing did
        what: Text, Never, "";
        /// Which part of it: the rule of a plan, where a copy goes, a resource type
        part: Text, Means("the thing itself"), "";
        /// `added`, `removed`, `changed`, or `unread` where one of the two was not told
        change: Text, Means("nothing changed"), "";
        /// How it was, in words
        before: Text, Means("it was not there, or nothing changed"), "";
        /// How it is, in words
        after: Text, Means("it is not there, or nothing changed"), "";
        /// Start of the collection of which the earlier reading is
        before_s: Integer, Means("there is none"), "";
        /// Whether less is protected now
        weakens: Boolean, NotTold, "";
        /// Where the proof lies
        evidence: Text, Never, "";
    }
}

/// Drift as a relation.
pub static FACT: Fact = Fact {
    relation: &Relation {
        name: "drift",
        doc: "What changed about a plan, selection, vault, key, Region or resource within 30 days: one row a difference, one that says so where there is none.",
        rows_are: "changes",
        columns: DriftRow::COLUMNS,
        // Lists that were not read have rows of their own here: the lists of earlier collections count as well as the present ones.
        rows_rest_on: &[],
        order: &["what", "part", "before_s"],
    },
    reads: &[
        RESOURCES_READ,
        super::PLAN_READS,
        &[region("backup_vaults"), region("vault_policies"), region("vault_notifications"), region("kms_keys")],
    ],
    by_range: false,
    derive,
};

/// Holds two moments against each other: every thing that is there now, or was and could be seen to be gone, sorted.
pub fn compare(before: &State, after: &State) -> Vec<Standing> {
    let mut standings = plans::standings(before, after);
    standings.extend(vaults::standings(before, after));
    standings.extend(keys::standings(before, after));
    standings.extend(keys::settings(before, after));
    standings.extend(resources::standings(before, after));
    standings.sort_by(|one, other| one.subject.cmp(&other.subject));
    standings
}

/// Lists whose refusal hides things that were there at an earlier moment.
const HIDING_THEN: [&str; 3] = ["backup_plans", "selections", "backup_vaults"];
/// Lists whose refusal hides things that are there now, beside those of the population.
const HIDING_NOW: [&str; 5] = ["backup_plans", "selections", "backup_vaults", "kms_keys", "region_settings"];

/// The reads of now that hide something.
fn hidden_now(now: &State) -> impl Iterator<Item = &Gap> {
    let hides = |table: &str| HIDING_NOW.contains(&table) || RESOURCES_REST_ON.iter().any(|rest| rest.table == table);
    now.gaps.iter().filter(move |gap| hides(&gap.table))
}

/// The reads of an earlier moment that hid something then, but for those that serve the present, too.
fn hidden_then<'s>(before: &'s State, now: &'s State) -> impl Iterator<Item = &'s Gap> {
    let tried_s = |state: &State, gap: &Gap| {
        let table = HIDING_THEN.into_iter().find(|table| *table == gap.table)?;
        state.lists.of(table, &(gap.account_id.clone(), gap.region.clone())).tried_s
    };
    before.gaps.iter().filter(move |gap| tried_s(before, gap).is_some_and(|then_s| tried_s(now, gap) != Some(then_s)))
}

/// What is told of a thing over several earlier moments.
#[derive(Debug, Default)]
struct Told {
    compared: bool,
    /// By what changed and which part: the change with the moment of the earlier reading.
    changes: BTreeMap<(&'static str, String), (Change, i64)>,
}

impl Told {
    /// Adds what one earlier moment shows; moments come newest first, and of changes that weigh the same the first stays.
    fn add(&mut self, standing: Standing, at_s: i64) {
        self.compared |= standing.compared;
        for change in standing.changes.into_iter().filter(|_| standing.compared) {
            let key = (change.what, change.part.clone());
            let heavier = self.changes.get(&key).is_none_or(|(known, _)| weight(change.weakens) > weight(known.weakens));
            if heavier {
                self.changes.insert(key, (change, at_s));
            }
        }
    }
}

fn weight(weakens: Option<bool>) -> u8 {
    match weakens {
        Some(true) => 2,
        None => 1,
        Some(false) => 0,
    }
}

fn derive(inputs: &Inputs<'_>) -> Result<DataFrame, FactError> {
    let now = State::of(inputs)?;
    // What is there at all, also where there is nothing earlier.
    let there = compare(&now, &now).into_iter().map(|standing| (standing.subject, Told::default()));
    let mut told: BTreeMap<Subject, Told> = there.collect();
    let mut unread: BTreeMap<String, DriftRow> = BTreeMap::new();
    for gap in hidden_now(&now) {
        unread.entry(gap.subject_arn()).or_insert_with(|| unread_row(gap, None));
    }
    for at_s in earlier_moments(inputs) {
        let Some(snapshot) = inputs.snapshot.earlier(at_s) else { continue };
        let window = Window { start_s: at_s - DAY_S, end_s: at_s };
        let before = State::of(&Inputs::new(&snapshot, inputs.objectives, window))?;
        for gap in hidden_then(&before, &now) {
            unread.entry(gap.subject_arn()).or_insert_with(|| unread_row(gap, Some(at_s)));
        }
        for standing in compare(&before, &now).into_iter().filter(|standing| !is_gone_resource(standing)) {
            told.entry(standing.subject.clone()).or_default().add(standing, at_s);
        }
    }
    let rows = told.into_iter().flat_map(|(subject, told)| rows(subject, told)).chain(unread.into_values());
    Inputs::frame_of(FACT.relation, rows.collect::<Vec<_>>())
}

/// Whether a resource is there no more: that is no drift of its protection.
fn is_gone_resource(standing: &Standing) -> bool {
    standing.subject.thing == Thing::Resource && standing.changes.iter().any(|change| change.kind == Kind::Removed)
}

/// Starts of the collections that the present is held against, newest first: those of the last 30 days, else the newest.
fn earlier_moments(inputs: &Inputs<'_>) -> Vec<i64> {
    let as_of_s = inputs.snapshot.as_of_s();
    let starts: BTreeSet<i64> =
        inputs.snapshot.collections().iter().map(|one| one.manifest.started_s).filter(|started_s| *started_s < as_of_s).collect();
    let (recent, old): (Vec<i64>, Vec<i64>) = starts.into_iter().rev().partition(|started_s| *started_s >= as_of_s - IN_SIGHT_S);
    if recent.is_empty() { old.first().copied().into_iter().collect() } else { recent }
}

fn rows(subject: Subject, told: Told) -> Vec<DriftRow> {
    let row = DriftRow {
        subject_arn: Some(subject.arn.clone()),
        subject_type: Some(subject.subject_type),
        account_id: Some(subject.account_id),
        region: Some(subject.region),
        thing: Some(subject.thing.word().to_owned()),
        name: Some(subject.name),
        compared: Some(told.compared),
        what: Some("nothing".to_owned()),
        weakens: Some(false),
        evidence: Some(format!("{} {} in several collections", subject.thing.word(), subject.arn)),
        ..DriftRow::default()
    };
    if told.changes.is_empty() {
        return vec![DriftRow { weakens: told.compared.then_some(false), ..row }];
    }
    let text = |text: String| Some(text).filter(|text| !text.is_empty());
    let of = |(change, at_s): (Change, i64)| DriftRow {
        what: Some(change.what.to_owned()),
        part: text(change.part),
        change: Some(change.kind.word().to_owned()),
        before: text(change.before),
        after: text(change.after),
        before_s: Some(at_s),
        weakens: change.weakens,
        ..row.clone()
    };
    told.changes.into_values().map(of).collect::<Vec<_>>()
}

/// A list that was not read: what it would have shown may have changed.
fn unread_row(gap: &Gap, at_s: Option<i64>) -> DriftRow {
    DriftRow {
        subject_arn: Some(gap.subject_arn()),
        subject_type: Some("read".to_owned()),
        account_id: Some(gap.account_id.clone()),
        region: Some(gap.region.clone()),
        thing: Some(Thing::Read.word().to_owned()),
        name: Some(gap.table.clone()),
        compared: Some(true),
        what: Some("list".to_owned()),
        part: gap.parent.clone(),
        change: Some(Kind::Unread.word().to_owned()),
        before: at_s.map(|_| NOT_READ.to_owned()),
        after: Some(if at_s.is_some() { "known" } else { NOT_READ }.to_owned()),
        before_s: at_s,
        evidence: Some(format!("reads {} in {}", gap.table, gap.collection)),
        ..DriftRow::default()
    }
}
