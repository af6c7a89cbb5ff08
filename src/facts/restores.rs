//! Restores: was each resource restored, how long did it take, did anybody look at the data, and how long ago was that?
//!
//! A restore testing plan and a person count alike; jobs within jobs belong to their parent. AWS lists restore jobs for 30 days, so a test every
//! quarter shows only to who collects in between: that there was none is proven as far back as every account and Region of the scope was observed
//! without a gap, and not further. A job that completed without validation says that the point could be restored, not what was in it; one whose
//! validation failed shows no restore at all, nor does one whose validation ended without a result. What one shows that is still being validated is
//! not known. The technical restore time is that of the job alone: what an incident takes beside it, nobody tells AWS.
//!
//! Failed restores, validation, leftovers and the worst time are those of the window; the newest test counts from whenever it was. What was restored
//! before the resource was created is of an earlier life under the same name.

use std::collections::BTreeSet;

use polars::prelude::DataFrame;

use self::runs::{Run, Runs};
use self::selected::Selections;
use super::objectives::Owed;
use super::population::{RESOURCES_READ, RESOURCES_REST_ON, Resource, evidence};
use super::{Fact, FactError, Inputs, population, schedule};
use crate::dataset::{Relation, Row};
use crate::model::Arn;
use crate::model::moment::DAY_S;

mod runs;
pub(super) mod selected;

pub(super) use self::runs::tested;

crate::rows! {
    /// What restores show of a resource.
    pub struct RestoresRow {
        /// ARN of the resource
        subject_arn: Text, Never, "";
        /// AWS resource type
        subject_type: Text, Never, "";
        /// Account
        account_id: Text, Never, "";
        /// Region
        region: Text, Never, "";
        /// `primary`, `replica`, `cluster_member`, `part`, `container` or `restore_test`
        role: Text, NotTold, "";
        /// Whether AWS Backup can protect what is of its kind, and so test its restore
        supported: Boolean, NotTold, "";
        /// Age of the resource at the moment of judgement
        resource_age_s: Integer, NotTold, "InstanceCreateTime, ClusterCreateTime";
        /// Restores in the window that a restore testing plan asked for and that have ended, as far as they were seen
        tests_count: Integer, Never, "CreatedBy.RestoreTestingPlanArn";
        /// Other restores in the window that have ended, as far as they were seen
        manual_count: Integer, Never, "";
        /// Whether a restore in the window has ended
        restored: Boolean, NotTold, "";
        /// Whether one has completed
        completed: Boolean, NotTold, "";
        /// Whether the newest that has ended completed, and no validation failed; not told while one is under way
        last_succeeded: Boolean, NotTold, "Status, ValidationStatus";
        /// `test` or `manual`
        last_kind: Text, NotTold, "";
        /// Status of the newest that has ended
        last_status: Text, NotTold, "Status";
        /// When it was created
        last_restore_s: Integer, NotTold, "CreationDate";
        /// What AWS or the validation says about it
        problem: Text, Means("nothing"), "StatusMessage, ValidationStatusMessage";
        /// Whether the newest test that completed was validated; where there is no test, the newest other restore
        validated: Boolean, NotTold, "ValidationStatus";
        /// What its validation came to
        validation: Text, Means("nobody validated it, or that is not told"), "ValidationStatus";
        /// When the newest restore that was validated was done, of all that were ever seen
        validated_s: Integer, NotTold, "";
        /// When the newest restore that completed was done, of all that were ever seen
        completed_s: Integer, NotTold, "CompletionDate";
        /// When the newest was done that completed, and whose validation, if there is one, was successful
        tested_s: Integer, NotTold, "CompletionDate, ValidationStatus";
        /// Age of that one at the moment of judgement
        tested_age_s: Integer, NotTold, "";
        /// Whether there is a newer one: false, or not told where it could not be looked for
        newer_restore: Boolean, NotTold, "";
        /// Time before the moment of judgement in which no such restore was done, as far as that is proven
        none_for_s: Integer, Never, "";
        /// Whether its objective says how often a restore is to be tested
        every_owed: Boolean, NotTold, "audit.yaml";
        /// How often
        every_s: Integer, NotTold, "audit.yaml";
        /// Technical restore time of the newest restore in the window that completed: from the creation of the job to its completion
        restore_s: Integer, NotTold, "CreationDate, CompletionDate";
        /// How long the slowest restore in the window took, as far as they were seen
        worst_restore_s: Integer, NotTold, "";
        /// When the job that took longest was created
        worst_at_s: Integer, NotTold, "CreationDate";
        /// Whether all restores in the window are known, and how long each that completed took: true, or not told
        restores_known: Boolean, NotTold, "";
        /// Whether its objective says how long a restore may take
        rto_owed: Boolean, NotTold, "audit.yaml";
        /// How long
        rto_s: Integer, NotTold, "audit.yaml";
        /// Whether a restore in the window has completed, and its validation, if there is one, was successful
        shown: Boolean, NotTold, "Status, ValidationStatus";
        /// The least age that restored data had when such a restore was created, as far as that was told
        restored_age_s: Integer, NotTold, "CreationDate, RecoveryPointCreationDate";
        /// When that restore was created
        restored_s: Integer, NotTold, "CreationDate";
        /// Whether such a restore brought back data that was within RPO and tolerance when it was created
        restored_fresh: Boolean, NotTold, "";
        /// Whether its objective, or the default, says how much data may be lost
        rpo_owed: Boolean, NotTold, "audit.yaml";
        /// RPO and tolerance
        rpo_limit_s: Integer, NotTold, "audit.yaml";
        /// Whether a test left something behind that AWS could not delete and that is still there
        leftover: Boolean, NotTold, "DeletionStatus";
        /// What is left
        leftover_arn: Text, Means("nothing that is known"), "CreatedResourceArn";
        /// Whether a restore testing plan selects it by type or ARN; not told if that depends on tags of its recovery points
        selected: Boolean, NotTold, "RestoreTestingSelection";
        /// The plan that does
        testing_plan: Text, Means("none that is known"), "RestoreTestingPlanName";
        /// Where the proof lies
        evidence: Text, Never, "";
    }
}

/// Restores as a relation.
pub static FACT: Fact = Fact {
    relation: &Relation {
        name: "restores",
        doc: "Restore tests and other restores, what they came to and how long they took: one row a resource.",
        rows_are: "resources",
        columns: RestoresRow::COLUMNS,
        rows_rest_on: RESOURCES_REST_ON,
        order: &[],
    },
    reads: &[
        RESOURCES_READ,
        super::PLAN_READS,
        &[
            super::everywhere("restore_jobs"),
            super::everywhere("recovery_points"),
            super::everywhere("restore_testing_plans"),
            super::everywhere("restore_testing_selections"),
        ],
    ],
    by_range: false,
    derive,
};

fn derive(inputs: &Inputs<'_>) -> Result<DataFrame, FactError> {
    let population = inputs.population()?;
    let runs = Runs::read(inputs)?;
    let selections = Selections::read(inputs)?;
    let there: BTreeSet<&str> = population.iter().map(|resource| resource.arn.as_str()).collect();
    let mut rows = Vec::with_capacity(population.len());
    for (index, resource) in population.iter().enumerate() {
        let objective = inputs.objectives.owed(resource, inputs.snapshot.as_of_s(), schedule::start_window_s(inputs, index)?);
        let mut row = of_runs(inputs, resource, &runs);
        (row.leftover, row.leftover_arn) = leftover(inputs, resource, &runs, &there);
        (row.selected, row.testing_plan) = selections.of(resource);
        row.every_owed = objective.as_ref().map(|owed| owed.restore_test_every_s.is_some());
        row.every_s = objective.as_ref().and_then(|owed| owed.restore_test_every_s);
        row.rpo_owed = objective.as_ref().map(|owed| owed.rpo_s.is_some());
        row.rpo_limit_s = objective.as_ref().and_then(|owed| Some(owed.rpo_s?.saturating_add(owed.tolerance_s?)));
        row.restored_fresh = restored_fresh(inputs, resource, &runs, &row, objective.as_ref());
        row.rto_owed = objective.as_ref().map(|owed| owed.rto_s.is_some());
        row.rto_s = objective.and_then(|owed| owed.rto_s);
        rows.push(row);
    }
    Inputs::frame_of(FACT.relation, rows)
}

/// What the restores of a resource say.
fn of_runs(inputs: &Inputs<'_>, resource: &Resource, runs: &Runs) -> RestoresRow {
    let as_of_s = inputs.snapshot.as_of_s();
    let all = runs.of(resource);
    let since_s = runs.observed_since_s(resource);
    let ended: Vec<&Run> = all.iter().filter(|run| run.created_s >= inputs.window.start_s).collect();
    let whole = whole_window(inputs, since_s);
    let known = |run: &&Run| since_s.is_some_and(|since_s| since_s <= run.created_s);
    let last = ended.last().copied().filter(known).filter(|run| run.succeeded().is_some());
    let completed = || ended.iter().filter(|run| run.completed());
    let unclear = ended.iter().any(|run| run.may_have_completed());
    let newest_completed = last_completed(&ended, |_| true).filter(known);
    // That there was no test is known only of the whole window.
    let tried = ended.iter().any(|run| run.is_test && (run.completed() || run.may_have_completed()));
    let judged = last_completed(&ended, |run| run.is_test == tried).filter(known).filter(|_| tried || whole);
    let newest_done_s = all.iter().filter(|run| run.completed()).filter_map(Run::end_s).max();
    // What was restored and found to be wrong has shown that it cannot be restored.
    let tested_s = all.iter().filter(|run| run.tested() == Some(true)).filter_map(Run::end_s).max();
    let tested_age_s = tested_s.map(|done_s| (as_of_s - done_s).max(0));
    let maybe_s = all.iter().filter(|run| run.tested().is_none()).map(|run| run.done_s().unwrap_or(as_of_s)).max();
    let none_for_s = since_s.map_or(0, |since_s| as_of_s - since_s.max(tested_s.max(maybe_s).unwrap_or(since_s))).max(0);
    let all_timed = completed().all(|run| run.technical_s().is_some());
    let worst = completed().filter_map(|run| Some((run.technical_s()?, run.created_s))).max();
    let count = |test: bool| Some(i64::try_from(ended.iter().filter(|run| run.is_test == test).count()).unwrap_or(i64::MAX));
    let well = || ended.iter().filter(|run| run.tested() == Some(true));
    let freshest = well().filter_map(|run| Some((run.data_age_s()?, run.created_s))).min();
    let seen = |any: bool, maybe: bool| if any { Some(true) } else { (whole && !maybe).then_some(false) };
    RestoresRow {
        subject_arn: Some(resource.arn.clone()),
        subject_type: Some(resource.resource_type.to_owned()),
        account_id: Some(resource.account_id.clone()),
        region: Some(resource.region.clone()),
        role: resource.role.map(|role| role.word().to_owned()),
        supported: resource.is_supported(),
        resource_age_s: resource.created_s.map(|created_s| (as_of_s - created_s).max(0)),
        tests_count: count(true),
        manual_count: count(false),
        restored: seen(!ended.is_empty(), false),
        completed: seen(completed().next().is_some(), unclear),
        last_succeeded: last.and_then(Run::succeeded),
        last_kind: last.map(|run| if run.is_test { "test" } else { "manual" }.to_owned()),
        last_status: last.map(|run| run.status.clone()),
        last_restore_s: last.map(|run| run.created_s),
        problem: last.and_then(Run::problem),
        validated: judged.and_then(Run::validated),
        validation: judged.and_then(|run| run.validation.clone()),
        validated_s: all.iter().filter(|run| run.completed() && run.validated() == Some(true)).filter_map(Run::end_s).max(),
        completed_s: newest_done_s,
        tested_s,
        tested_age_s,
        newer_restore: tested_age_s.filter(|age_s| *age_s <= none_for_s).map(|_| false),
        none_for_s: Some(none_for_s),
        restore_s: newest_completed.and_then(Run::technical_s),
        worst_restore_s: worst.map(|(took_s, _)| took_s),
        worst_at_s: worst.map(|(_, created_s)| created_s),
        shown: seen(well().next().is_some(), ended.iter().any(|run| run.tested().is_none())),
        restored_age_s: freshest.map(|(age_s, _)| age_s),
        restored_s: freshest.map(|(_, created_s)| created_s),
        restores_known: (whole && all_timed && !unclear).then_some(true),
        evidence: Some(match ended.last() {
            Some(run) => evidence("restore_jobs", &run.id, run.collection.as_deref()),
            None => resource.evidence.clone(),
        }),
        ..RestoresRow::default()
    }
}

/// Whether a restore in the window brought back data that was within RPO and tolerance. That none did is known if all were seen, and the age of their
/// data was told.
fn restored_fresh(inputs: &Inputs<'_>, resource: &Resource, runs: &Runs, row: &RestoresRow, owed: Option<&Owed>) -> Option<bool> {
    let (owed, rpo_s) = owed.and_then(|owed| Some((owed, owed.rpo_s?)))?;
    if row.restored_age_s.is_some_and(|age_s| age_s <= rpo_s.saturating_add(owed.least_tolerance_s)) {
        return Some(true);
    }
    let in_window = runs.of(resource).iter().filter(|run| run.created_s >= inputs.window.start_s);
    let mut told =
        in_window.filter(|run| run.tested() != Some(false)).map(|run| run.tested().filter(|tested| *tested).and(run.data_age_s()));
    let whole = whole_window(inputs, runs.observed_since_s(resource));
    (whole && told.all(|age_s| age_s.is_some()) && owed.tolerance_s.is_some()).then_some(false)
}

/// The newest restore of a kind that completed, of those that ended; `None` also if a newer one may have.
fn last_completed<'a>(ended: &[&'a Run], of: impl Fn(&Run) -> bool) -> Option<&'a Run> {
    let newest = ended.iter().rev().find(|run| of(run) && (run.completed() || run.may_have_completed()));
    newest.copied().filter(|run| run.completed())
}

/// Whether the whole window was observed. The lists of one collection begin within a day of each other, so its first day may lack some.
fn whole_window(inputs: &Inputs<'_>, since_s: Option<i64>) -> bool {
    since_s.is_some_and(|since_s| since_s <= inputs.window.start_s.saturating_add(DAY_S))
}

/// Whether something that a test made could not be deleted and is still there, and what. What somebody deleted since is no longer left.
fn leftover(inputs: &Inputs<'_>, resource: &Resource, runs: &Runs, there: &BTreeSet<&str>) -> (Option<bool>, Option<String>) {
    if resource.is_supported() == Some(false) {
        return (Some(false), None); // AWS Backup tests no restores of it
    }
    let undeleted =
        runs.of(resource).iter().filter(|run| run.created_s >= inputs.window.start_s && run.deletion.as_deref() == Some("FAILED"));
    let mut open = !whole_window(inputs, runs.observed_since_s(resource));
    for run in undeleted {
        match run.made.as_deref() {
            Some(made) if there.contains(made) => return (Some(true), Some(made.to_owned())),
            Some(made) => {
                open |= Arn::parse(made).and_then(|arn| population::listed(inputs, &arn)) != Some(true);
            }
            None => open = true,
        }
    }
    ((!open).then_some(false), None)
}
