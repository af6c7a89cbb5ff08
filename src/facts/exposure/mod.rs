//! Exposure: how much data a failure could have cost each resource, at every instant of the window, by scenario.
//!
//! The arithmetic is in [`sweep`]; here it is fed: which points count for a scenario and for what the resource owes, and in which intervals the
//! absence of further points is known. An interval is known where the backup jobs (for copies, the copy jobs) were observed without a gap; native
//! snapshots and automated backups that were off when first seen are taken to have been off before, which can make a failure appear, never a pass.

use polars::prelude::DataFrame;

mod course;
mod exposed;
mod scenario;
pub mod sweep;

pub use course::{Allowed, Course, Kept, Limit, Running, courses};
pub use exposed::{Exposed, exposed};
pub use scenario::Scenario;

use self::scenario::{Around, Counts};
use self::sweep::{Continuous, Exposure, History, Objective, PointLife, measure};
use super::objectives::{Mechanism, Owed};
use super::points::{Point, Restorable};
use super::population::{RESOURCES_READ, RESOURCES_REST_ON, Resource};
use super::{Fact, FactError, Inputs, everywhere, schedule};
use crate::dataset::{Relation, Row};
use crate::model::window::{self, Window};

crate::rows! {
    /// Exposure of a resource in a scenario.
    pub struct ExposureRow {
        /// ARN of the resource
        subject_arn: Text, Never, "";
        /// AWS resource type
        subject_type: Text, Never, "";
        /// Account
        account_id: Text, Never, "";
        /// Region
        region: Text, Never, "";
        /// `any`: every point counts; `other_region`: only points in another Region; `other_account`: only points in vaults of another account;
        /// `locked`: only points behind a lock that nobody can lift. The last two are there if an objective asks for them
        scenario: Text, Never, "";
        /// `primary`, `replica`, `cluster_member`, `part`, `container` or `restore_test`
        role: Text, NotTold, "";
        /// Objective in force at the moment of judgement
        objective_id: Text, NotTold, "audit.yaml";
        /// Whether somebody approved it
        approved: Boolean, NotTold, "audit.yaml";
        /// Classes of the data it holds, as the objective declares them, joined by `, `; empty if it declares none
        data_class: Text, NotTold, "audit.yaml";
        /// Whether the objective declares any
        data_class_declared: Boolean, NotTold, "audit.yaml";
        /// Whether an RPO is owed in this scenario
        rpo_owed: Boolean, NotTold, "audit.yaml";
        /// RPO owed in this scenario
        rpo_s: Integer, NotTold, "audit.yaml";
        /// Tolerance on top of it; not told either if the default's depends on unread plan rules
        tolerance_s: Integer, NotTold, "audit.yaml";
        /// RPO and tolerance
        limit_s: Integer, NotTold, "audit.yaml";
        /// Worst exposure, where it is one number
        achieved_rpo_s: Integer, NotTold, "";
        /// The worst exposure was at least this
        lower_rpo_s: Integer, NotTold, "";
        /// The worst exposure was at most this
        upper_rpo_s: Integer, NotTold, "";
        /// When the worst exposure was reached
        worst_s: Integer, NotTold, "";
        /// Whether exposure kept within the strict RPO all the time
        within_rpo: Boolean, NotTold, "";
        /// Whether exposure kept within RPO and tolerance all the time
        within_limit: Boolean, NotTold, "";
        /// Time within RPO and tolerance, proven
        compliant_s: Integer, NotTold, "";
        /// Time beyond RPO and tolerance, proven
        violated_s: Integer, NotTold, "";
        /// Time about which what was read says nothing
        unknown_s: Integer, NotTold, "";
        /// Time looked at: the window from creation on
        window_s: Integer, NotTold, "";
        /// Time of the newest data that is proven to be restorable
        newest_data_s: Integer, NotTold, "";
        /// Exposure at the moment of judgement, where it is one number
        age_s: Integer, NotTold, "";
        /// Exposure at the moment of judgement is at least this
        least_age_s: Integer, NotTold, "";
        /// Whether that is within RPO and tolerance
        fresh: Boolean, NotTold, "";
        /// Points that count, as far as that is known
        points_count: Integer, Never, "";
        /// Where the proof lies
        evidence: Text, Never, "";
    }
}

/// Exposure as a relation.
pub static FACT: Fact = Fact {
    relation: &Relation {
        name: "exposure",
        doc: "How much data a failure could have cost over the window: one row a resource and scenario.",
        rows_are: "scenarios",
        columns: ExposureRow::COLUMNS,
        rows_rest_on: RESOURCES_REST_ON,
        order: &["scenario"],
    },
    reads: &[RESOURCES_READ, super::PLAN_READS, super::POINT_READS, &[everywhere("backup_vaults"), everywhere("copy_jobs")]],
    by_range: false,
    derive,
};

fn derive(inputs: &Inputs<'_>) -> Result<DataFrame, FactError> {
    let population = inputs.population()?;
    let around = Around::read(inputs)?;
    let mut rows = Vec::with_capacity(population.len() * around.scenarios.len());
    for range in inputs.ranges() {
        let found = inputs.restorable(range)?;
        for (index, resource) in population.iter().enumerate().filter(|(_, resource)| range.holds(Some(resource.key))) {
            let start_window_s = schedule::start_window_s(inputs, index)?;
            let asked = Asked { inputs, resource, found: &found, around: &around, start_window_s };
            rows.extend(around.scenarios.iter().map(|scenario| row(&asked, *scenario)));
        }
    }
    Inputs::frame_of(FACT.relation, rows)
}

/// A resource whose exposure is asked for, with what tells of it.
#[derive(Clone, Copy)]
struct Asked<'a> {
    inputs: &'a Inputs<'a>,
    resource: &'a Resource,
    found: &'a Restorable,
    around: &'a Around,
    start_window_s: Option<i64>,
}

fn row(asked: &Asked<'_>, scenario: Scenario) -> ExposureRow {
    let Asked { inputs, resource, start_window_s, .. } = *asked;
    let as_of_s = inputs.snapshot.as_of_s();
    let owed = inputs.objectives.owed(resource, as_of_s, start_window_s);
    let mut row = ExposureRow {
        subject_arn: Some(resource.arn.clone()),
        subject_type: Some(resource.resource_type.to_owned()),
        account_id: Some(resource.account_id.clone()),
        region: Some(resource.region.clone()),
        scenario: Some(scenario.word().to_owned()),
        role: resource.role.map(|role| role.word().to_owned()),
        points_count: Some(0),
        evidence: Some(resource.evidence.clone()),
        ..ExposureRow::default()
    };
    let Some(owed) = owed else { return row };
    row.objective_id = Some(owed.id.clone());
    row.approved = Some(owed.approved);
    row.data_class = Some(owed.data_class.iter().map(String::as_str).collect::<Vec<_>>().join(", "));
    row.data_class_declared = Some(!owed.data_class.is_empty());
    let rpo_s = scenario.rpo_s(&owed);
    row.rpo_owed = Some(rpo_s.is_some());
    row.rpo_s = rpo_s;
    row.tolerance_s = rpo_s.and(owed.tolerance_s);
    row.limit_s = rpo_s.zip(owed.tolerance_s).map(|(rpo_s, tolerance_s)| rpo_s.saturating_add(tolerance_s));
    row.points_count =
        Some(i64::try_from(counted(asked, scenario, &owed).filter(|(_, counts)| *counts != Counts::Maybe).count()).unwrap_or(i64::MAX));
    let over_time = inputs.objectives.over_time(resource, start_window_s);
    if scenario.by_vault() && over_time.iter().all(|(_, owed)| owed.as_ref().is_some_and(|owed| scenario.rpo_s(owed).is_none())) {
        return row;
    }
    let evidence = evidence(asked, scenario);
    let history = history(asked, scenario, &owed, &evidence);
    let tolerances_known = over_time.iter().all(|(_, owed)| owed.as_ref().is_some_and(|owed| owed.tolerance_s.is_some()));
    let (strict, lenient) = (objectives(&over_time, scenario, |_| 0), objectives(&over_time, scenario, |owed| owed.least_tolerance_s));
    let (Some(strict), Some(lenient)) = (strict, lenient) else { return row };
    let seen = measure(&history, inputs.window, &evidence, &lenient);
    row.within_rpo = measure(&history, inputs.window, &evidence, &strict).met();
    fill(&mut row, &seen);
    let now_s = at_the_moment(inputs, &history, &evidence);
    row.age_s = seen.age_s.or(now_s.filter(|(least_s, most_s)| *most_s == Some(*least_s)).map(|(least_s, _)| least_s));
    row.least_age_s = seen.applicable.then(|| now_s.map_or(0, |(least_s, _)| least_s).max(seen.age_lower_s));
    row.fresh = fresh(&seen, now_s, rpo_s.map(|rpo_s| rpo_s.saturating_add(owed.least_tolerance_s)));
    if !tolerances_known {
        only_proof_of_keeping(&mut row);
    }
    row
}

/// Bounds of the exposure at the moment of judgement itself, if a collection speaks for it: what was deleted since the one before may have served
/// until just before, but is gone now.
fn at_the_moment(inputs: &Inputs<'_>, history: &History, evidence: &[Window]) -> Option<(i64, Option<i64>)> {
    let as_of_s = inputs.snapshot.as_of_s();
    let mut evidence = evidence.to_vec();
    let last = evidence.last_mut().filter(|last| last.end_s == as_of_s && inputs.window.end_s == as_of_s)?;
    last.end_s = as_of_s.saturating_add(1);
    let now = measure(history, Window { start_s: as_of_s, end_s: last.end_s }, &evidence, &[]);
    // Measured is the end of the second that begins then.
    now.applicable.then(|| (now.age_lower_s.saturating_sub(1).max(0), now.age_upper_s.map(|upper_s| upper_s.saturating_sub(1).max(0))))
}

/// Whether the exposure at the moment of judgement was within a limit.
fn fresh(seen: &Exposure, now_s: Option<(i64, Option<i64>)>, limit_s: Option<i64>) -> Option<bool> {
    let limit_s = limit_s.filter(|_| seen.applicable)?;
    let beyond = seen.age_lower_s > limit_s || now_s.is_some_and(|(least_s, _)| least_s > limit_s);
    match seen.age_upper_s {
        _ if beyond => Some(false),
        Some(upper_s) if upper_s <= limit_s => Some(true),
        _ => None,
    }
}

/// What was measured against the least tolerance there can be shows that the objective was kept, but not that it was broken.
fn only_proof_of_keeping(row: &mut ExposureRow) {
    row.within_limit = row.within_limit.filter(|within| *within);
    row.fresh = row.fresh.filter(|fresh| *fresh);
    if let (Some(violated_s), Some(unknown_s)) = (row.violated_s, row.unknown_s) {
        row.violated_s = Some(0);
        row.unknown_s = Some(unknown_s.saturating_add(violated_s));
    }
}

fn fill(row: &mut ExposureRow, seen: &Exposure) {
    if !seen.applicable {
        return;
    }
    row.achieved_rpo_s = seen.achieved_rpo_s;
    row.lower_rpo_s = Some(seen.lower_rpo_s);
    row.upper_rpo_s = seen.upper_rpo_s;
    row.worst_s = seen.worst_s;
    row.within_limit = seen.met();
    row.compliant_s = Some(seen.compliant_s);
    row.violated_s = Some(seen.violated_s);
    row.unknown_s = Some(seen.unknown_s.saturating_add(seen.unowed_s));
    row.window_s = Some(seen.window_s);
    row.newest_data_s = seen.newest_data_s;
}

/// Objectives over time for the sweep; an RPO that is not owed, or not in this scenario, accepts any exposure. `None` if one depends on something
/// unread.
fn objectives(over_time: &[(i64, Option<Owed>)], scenario: Scenario, extra: impl Fn(&Owed) -> i64) -> Option<Vec<Objective>> {
    let of = |(valid_from_s, owed): &(i64, Option<Owed>)| {
        let owed = owed.as_ref()?;
        let rpo_s = scenario.rpo_s(owed).map_or(i64::MAX, |rpo_s| rpo_s.saturating_add(extra(owed)));
        Some(Objective { valid_from_s: *valid_from_s, rpo_s })
    };
    over_time.iter().map(of).collect()
}

/// The points of a resource that count in a scenario, by the mechanisms its objective accepts. Data from before its creation is that of an earlier
/// life under the same name; if its creation was not told, no point can be told to be this one's.
fn counted<'a>(asked: &'a Asked<'_>, scenario: Scenario, owed: &'a Owed) -> impl Iterator<Item = (&'a Point, Counts)> {
    let Asked { resource, found, around, .. } = *asked;
    let points = found.points.get(&resource.key).into_iter().flatten();
    let accepted = points.filter(move |point| {
        let this_life = resource.created_s.is_some_and(|created_s| point.life.data_s >= created_s);
        this_life && owed.mechanisms.contains(&point.mechanism)
    });
    let counts = accepted.map(move |point| (point, around.counts(scenario, resource, point, found)));
    counts.filter(|(_, counts)| *counts != Counts::No)
}

/// What can restore a resource in a scenario.
fn history(asked: &Asked<'_>, scenario: Scenario, owed: &Owed, evidence: &[Window]) -> History {
    let Asked { inputs, resource, found, .. } = *asked;
    let streams = found.streams.get(&resource.key).into_iter().flatten();
    let streams = streams.filter(|stream| scenario.counts_stream(resource, stream) && owed.mechanisms.contains(&stream.mechanism));
    let mut history = History {
        created_s: resource.created_s,
        frozen_at_s: None,
        points: counted(asked, scenario, owed).flat_map(|(point, counts)| counts.lives(point)).collect(),
        continuous: streams.map(|stream| stream.source).collect(),
    };
    if !inputs.complete("copy_jobs", &resource.account_id, &resource.region) {
        // A copy that nobody saw may outlive any of them.
        history.points.iter_mut().for_each(|life| life.end_s = i64::MAX);
    }
    // What was made before the evidence begins may have lasted into it.
    history.points.extend(evidence.iter().map(|window| {
        let from_s = window.start_s;
        PointLife { data_s: from_s, available_s: from_s, alive_until_s: from_s, end_s: i64::MAX }
    }));
    let continuous = found.continuous.contains(&resource.key) && owed.mechanisms.contains(&Mechanism::BackupPoint);
    let natively_read = scenario.by_vault() || natively_read(inputs, resource, owed);
    // Databases tell how far continuous backups reach, and not in which vault.
    let told = resource.is_database() && scenario != Scenario::Locked;
    if !natively_read || restored_elsewhere(resource, owed) || (continuous && !told) {
        // What could not be read may have been there all the time.
        history.continuous.push(Continuous { from_s: i64::MIN, to_s: i64::MAX, lag_s: 0, certain: false });
    }
    history
}

/// Whether backups of another resource restore it too, of which nothing is known here.
fn restored_elsewhere(resource: &Resource, owed: &Owed) -> bool {
    !resource.through.is_empty() && owed.mechanisms.contains(&Mechanism::BackupPoint)
}

/// Whether native snapshots and automated backups were completely read, as far as the objective accepts them. Those of other services than databases
/// are not looked at: there may be some, unless the service makes none.
fn natively_read(inputs: &Inputs<'_>, resource: &Resource, owed: &Owed) -> bool {
    if !resource.is_database() {
        let accepted = owed.mechanisms.contains(&Mechanism::NativeSnapshot) || owed.mechanisms.contains(&Mechanism::NativePitr);
        return resource.native_mechanism().is_none() || !accepted;
    }
    let native = [
        (Mechanism::NativeSnapshot, "rds_snapshots"),
        (Mechanism::NativePitr, "rds_automated_backups"),
        (Mechanism::ReplicatedAutomatedBackup, "rds_automated_backups"),
    ];
    native
        .iter()
        .filter(|(mechanism, _)| owed.mechanisms.contains(mechanism))
        .all(|(_, table)| inputs.complete_in_account(table, &resource.account_id))
}

/// The intervals in which no other point than those found can have existed.
fn evidence(asked: &Asked<'_>, scenario: Scenario) -> Vec<Window> {
    let Asked { inputs, resource, around, .. } = *asked;
    // Without its creation nobody can tell how long it has had no backup, nor which points are its own.
    if resource.created_s.is_none() {
        return Vec::new();
    }
    // A copy can lie in any Region, so the points of all of them must have been read.
    if !inputs.complete_in_account("recovery_points", &resource.account_id) {
        return Vec::new();
    }
    let jobs = match scenario {
        // A copy can be copied again, from any account and Region.
        Scenario::OtherAccount => return around.copies_observed.clone(),
        Scenario::Any | Scenario::Locked => "backup_jobs",
        Scenario::OtherRegion => "copy_jobs",
    };
    if !inputs.complete(jobs, &resource.account_id, &resource.region) {
        return Vec::new();
    }
    let observed = inputs.snapshot.observed(jobs, &resource.account_id, &resource.region);
    if scenario == Scenario::Locked {
        return window::common(&observed, &around.copies_observed);
    }
    if scenario == Scenario::OtherRegion || !inputs.complete("copy_jobs", &resource.account_id, &resource.region) {
        return observed;
    }
    // A copy serves after its source is gone. The two lists begin seconds apart, each thirty days before its own read: only where both speak is
    // nothing else possible.
    window::common(&observed, &inputs.snapshot.observed("copy_jobs", &resource.account_id, &resource.region))
}
