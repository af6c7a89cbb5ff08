//! Objectives that changed within the window: what the later entry of a name asks for less than the one before.
//!
//! Nothing of AWS is read: the configuration carries its own history, as long as the earlier entry stays in it beside the later one.

use polars::prelude::DataFrame;

use super::{Fact, FactError, Inputs};
use crate::dataset::{Relation, Row};

crate::rows! {
    /// An entry of `objectives` that took force after another of the same name.
    pub struct ObjectiveChangeRow {
        /// `objective/` and its name
        subject_arn: Text, Never, "audit.yaml";
        /// Always `objective`
        subject_type: Text, Never, "";
        /// Empty: an objective is of no account
        account_id: Text, Never, "";
        /// Empty, too
        region: Text, Never, "";
        /// Its name
        objective_id: Text, Never, "audit.yaml";
        /// When it took force
        from_s: Integer, Never, "audit.yaml";
        /// Whether it asks for less than the one before; not told if the two alone do not decide it
        loosened: Boolean, NotTold, "audit.yaml";
        /// What it asks for less, or may, in words; empty if nothing
        changed: Text, Never, "";
        /// Who approved it; empty if nobody did
        approved_by: Text, Never, "audit.yaml";
        /// Where the proof lies
        evidence: Text, Never, "";
    }
}

/// Changes of objectives as a relation.
pub static FACT: Fact = Fact {
    relation: &Relation {
        name: "objective_changes",
        doc: "Objectives that changed within the window: one row an entry that took force after another of the same name.",
        rows_are: "changes",
        columns: ObjectiveChangeRow::COLUMNS,
        rows_rest_on: &[],
        order: &["from_s"],
    },
    reads: &[],
    by_range: false,
    derive,
};

fn derive(inputs: &Inputs<'_>) -> Result<DataFrame, FactError> {
    let rows = inputs.objectives.changes(inputs.window).into_iter().map(|change| {
        let told = if change.weaker.is_empty() { &change.undecided } else { &change.weaker };
        ObjectiveChangeRow {
            subject_arn: Some(format!("objective/{}", change.id)),
            subject_type: Some("objective".to_owned()),
            account_id: Some(String::new()),
            region: Some(String::new()),
            from_s: Some(change.at_s),
            loosened: change.loosened(),
            changed: Some(told.join("; ")),
            evidence: Some(format!("audit.yaml objective={}", change.id)),
            objective_id: Some(change.id),
            approved_by: Some(change.approved_by),
        }
    });
    Inputs::frame_of(FACT.relation, rows.collect::<Vec<_>>())
}
