//! Single resources for the reader: exposure, coverage, restores, and for those with a page of their own what happened to them.

use std::collections::{BTreeMap, BTreeSet};

use super::flaws::Flaws;
use super::{Depth, Described, Told, drawing};
use crate::engine::compare::Owes;
use crate::engine::{Finding, digest};
use crate::facts::Inputs;
use crate::facts::coverage::Coverage;
use crate::facts::exposure::{Course, Exposed, Kept, Running, courses, exposed};
use crate::facts::happened::{Happened, Outcome, happened};
use crate::facts::objectives::{DEFAULT_ID, Owed};
use crate::facts::plans::Plan;
use crate::facts::population::{Resource, Role};
use crate::facts::restored::{RestoreJob, Restored, restored};
use crate::facts::retention::deleted::{self, Deleted, deleted};
use crate::facts::{FactError, schedule};
use crate::model::moment;
use crate::report;

/// Exposure timelines that an overview draws.
const TIMELINES: usize = 12;
/// Pieces of a timeline; a screen has no more points than that.
const SEGMENTS: usize = 400;
/// Points of one resource that are marked, the newest.
const POINTS: usize = 600;
/// Jobs of one resource that are told, the newest.
const EVENTS: usize = 300;
/// Restores of one resource that are told, the newest.
const RESTORES: usize = 60;

/// Describes the resources of the population. Those of which a page tells more are the worst that findings name.
pub(super) fn described(inputs: &Inputs<'_>, findings: &[Finding], depth: Depth) -> Told<Described> {
    let population = inputs.population()?;
    let with_pages: BTreeSet<String> = match depth {
        Depth::Summary => BTreeSet::new(),
        Depth::Pages => {
            report::subjects_with_pages(findings, population.iter().map(|resource| resource.arn.as_str())).into_iter().collect()
        }
    };
    let mut exposure: Vec<_> = exposed(inputs)?.into_iter().map(exposure_row).collect();
    exposure.sort_by_cached_key(report::ExposureRow::worst_first);
    let mut drawn = with_pages.clone();
    if depth == Depth::Pages {
        drawn.extend(exposure.iter().take(TIMELINES).map(|row| row.subject_arn.clone()));
    }
    let courses = courses(inputs, &drawn, SEGMENTS)?;
    for row in exposure.iter_mut().filter(|row| drawn.contains(&row.subject_arn)) {
        row.segments = segments(inputs, row, courses.get(&row.subject_arn));
    }
    let restores: Vec<_> = restored(inputs)?.into_iter().map(restore_row).collect();
    let mut resources: Vec<_> = Vec::with_capacity(population.len());
    let mut telling = Telling {
        inputs,
        flaws: Flaws::of(inputs, &with_pages)?,
        happened: if with_pages.is_empty() { BTreeMap::new() } else { happened(inputs, &with_pages)? },
        deleted: if with_pages.is_empty() { BTreeMap::new() } else { deleted(inputs, &with_pages)? },
        restores: restores.iter().map(|row| (row.subject_arn.as_str(), row)).collect(),
        courses,
    };
    let (coverage, plans) = (inputs.coverage()?, inputs.plans()?);
    for (index, resource) in population.iter().enumerate() {
        let detail = with_pages.contains(&resource.arn).then(|| telling.detail(resource, &coverage[index], &plans));
        resources.push(resource_row(inputs, index, resource, &coverage[index], detail)?);
    }
    Ok(Described { exposure, resources, restores })
}

/// One resource with everything that a page about it tells.
pub(in crate::commands) struct One {
    pub(in crate::commands) row: report::ResourceRow,
    /// Its exposure by scenario, with its course.
    pub(in crate::commands) exposure: Vec<report::ExposureRow>,
}

/// Describes a resource of the population by its place there.
///
/// # Errors
/// As deriving facts.
pub(in crate::commands) fn one(inputs: &Inputs<'_>, index: usize) -> Result<One, FactError> {
    let (population, coverage, plans) = (inputs.population()?, inputs.coverage()?, inputs.plans()?);
    let (resource, coverage) = (&population[index], &coverage[index]);
    let wanted = BTreeSet::from([resource.arn.clone()]);
    let courses = courses(inputs, &wanted, SEGMENTS)?;
    let mut exposure: Vec<_> = exposed(inputs)?.into_iter().filter(|row| row.subject_arn == resource.arn).map(exposure_row).collect();
    for row in &mut exposure {
        row.segments = segments(inputs, row, courses.get(&resource.arn));
    }
    let restores: Vec<_> = restored(inputs)?.into_iter().filter(|row| row.subject_arn == resource.arn).map(restore_row).collect();
    let mut telling = Telling {
        inputs,
        flaws: Flaws::of(inputs, &wanted)?,
        happened: happened(inputs, &wanted)?,
        deleted: deleted(inputs, &wanted)?,
        restores: restores.iter().map(|row| (row.subject_arn.as_str(), row)).collect(),
        courses,
    };
    let detail = Some(telling.detail(resource, coverage, &plans));
    Ok(One { row: resource_row(inputs, index, resource, coverage, detail)?, exposure })
}

fn resource_row(
    inputs: &Inputs<'_>,
    index: usize,
    resource: &Resource,
    coverage: &Coverage,
    detail: Option<report::ResourceDetail>,
) -> Result<report::ResourceRow, FactError> {
    let owed = inputs.objectives.owed(resource, inputs.snapshot.as_of_s(), schedule::start_window_s(inputs, index)?);
    Ok(report::ResourceRow {
        arn: resource.arn.clone(),
        resource_type: resource.resource_type.to_owned(),
        account_id: resource.account_id.clone(),
        region: resource.region.clone(),
        name: resource.name.clone(),
        role: resource.role.map_or("", role).to_owned(),
        objective_digest: owed.as_ref().map(|owed| owes(owed).digest).unwrap_or_default(),
        objective_id: owed.map(|owed| owes(&owed).id),
        covered: coverage.covered,
        detail,
    })
}

/// What a resource owes, in short. The tolerance of the default follows from plans, not from what anybody asked for.
pub(in crate::commands) fn owes(owed: &Owed) -> Owes {
    let asked = if owed.id == DEFAULT_ID { Owed { tolerance_s: None, least_tolerance_s: 0, ..owed.clone() } } else { owed.clone() };
    let id = if owed.id == DEFAULT_ID { String::new() } else { owed.id.clone() };
    Owes { id, digest: digest::of_text(&format!("{asked:?}")) }
}

fn role(role: Role) -> &'static str {
    match role {
        Role::Primary => "holds data of its own",
        Role::Replica => "read replica",
        Role::ClusterMember => "member of a cluster, which holds the data",
        Role::Part => "part of another resource, which is judged",
        Role::Container => "keeps its data in other resources, which are judged",
        Role::RestoreTest => "left over from a restore test",
    }
}

fn mechanism(word: &str) -> String {
    match word {
        "backup_point" => "recovery point of AWS Backup",
        "native_snapshot" => "snapshot of the service",
        "native_pitr" => "point-in-time restore",
        "replicated_automated_backup" => "replicated automated backup",
        other => other,
    }
    .to_owned()
}

fn exposure_row(row: Exposed) -> report::ExposureRow {
    report::ExposureRow {
        subject_arn: row.subject_arn,
        subject_type: row.subject_type,
        account_id: row.account_id,
        region: row.region,
        scenario: row.scenario.word().to_owned(),
        objective_id: row.objective_id.map(|id| if id == DEFAULT_ID { String::new() } else { id }),
        rpo_s: row.rpo_s,
        tolerance_s: row.tolerance_s,
        approved: row.approved == Some(true),
        lower_rpo_s: row.lower_rpo_s,
        upper_rpo_s: row.upper_rpo_s,
        achieved_rpo_s: row.achieved_rpo_s,
        worst_s: row.worst_s,
        compliant_s: row.compliant_s,
        violated_s: row.violated_s,
        unknown_s: row.unknown_s,
        segments: Vec::new(),
    }
}

/// The course as it is drawn; of what could not be measured, all the time is unknown.
fn segments(inputs: &Inputs<'_>, row: &report::ExposureRow, course: Option<&Course>) -> Vec<report::Segment> {
    let scenario = row.scenario.as_str();
    let known =
        course.filter(|_| row.lower_rpo_s.is_some()).and_then(|course| course.segments.get(scenario).zip(course.allowed.get(scenario)));
    let Some((known, allowed)) = known else {
        let end_s = inputs.window.end_s;
        return vec![report::Segment {
            start_s: end_s.saturating_sub(row.unknown_s),
            end_s,
            exposure_s: None,
            rises: false,
            limit_s: None,
        }];
    };
    known.iter().flat_map(|segment| drawing::split(segment, allowed)).collect()
}

/// What pages about single resources are told from.
struct Telling<'a> {
    inputs: &'a Inputs<'a>,
    courses: BTreeMap<String, Course>,
    flaws: Flaws,
    happened: BTreeMap<String, Vec<Happened>>,
    deleted: BTreeMap<String, Vec<Deleted>>,
    restores: BTreeMap<&'a str, &'a report::RestoreRow>,
}

impl Telling<'_> {
    fn detail(&mut self, resource: &Resource, coverage: &Coverage, plans: &[Plan]) -> report::ResourceDetail {
        let mut facts = Vec::new();
        let mut add = |what: &str, value: Option<String>| facts.extend(value.map(|value| (what.to_owned(), value)));
        add("Engine", resource.facts.engine.clone());
        add("State", resource.facts.status.clone());
        add("Created", Some(resource.created_s.map_or_else(|| "not told".to_owned(), |at_s| format!("{} UTC", moment::short(at_s)))));
        add("Part of", resource.cluster.clone());
        add(
            "Automated backups",
            resource.native_retention_days.filter(|_| resource.native_mechanism().is_some()).map(|days| match days {
                0 => "off".to_owned(),
                1 => "kept 1 day".to_owned(),
                days => format!("kept {days} days"),
            }),
        );
        let tags = resource.facts.tags.as_ref().map(|tags| tags.iter().map(|(key, value)| (key.clone(), value.clone())).collect());
        report::ResourceDetail { facts, tags, coverage: coverage_row(coverage, plans), course: self.course(resource) }
    }

    fn course(&mut self, resource: &Resource) -> report::CourseRow {
        let course = self.courses.remove(&resource.arn).unwrap_or_default();
        let (points, points_more) = newest(course.points, POINTS);
        let jobs = self.happened.remove(&resource.arn).unwrap_or_default().into_iter().map(event);
        let restores = self.restores.get(resource.arn.as_str()).into_iter().flat_map(|row| &row.jobs).filter_map(restore_event);
        let window = self.inputs.window;
        let restores = restores.filter(|event| (window.start_s..window.end_s).contains(&event.at_s));
        let deletions = self.deleted.remove(&resource.arn).unwrap_or_default().into_iter().map(deletion);
        let mut events: Vec<_> = jobs.chain(restores).chain(deletions).collect();
        events.sort_by(|one, other| {
            (one.at_s, one.kind, &one.job_id, &one.point_arn).cmp(&(other.at_s, other.kind, &other.job_id, &other.point_arn))
        });
        let (events, events_more) = newest(events, EVENTS);
        let observed = |(what, table): (&str, &str)| report::ObservedRow {
            what: what.to_owned(),
            windows: self.inputs.snapshot.observed(table, &resource.account_id, &resource.region),
        };
        let mut observed: Vec<_> =
            [("backup jobs", "backup_jobs"), ("copy jobs", "copy_jobs"), ("restore jobs", "restore_jobs")].map(observed).into();
        let home = (resource.account_id.as_str(), resource.region.as_str());
        let places: BTreeSet<_> = points.iter().map(|point| (point.account_id.as_str(), point.region.as_str())).chain([home]).collect();
        let deletions = deleted::observed(self.inputs, &resource.arn, places);
        observed.push(report::ObservedRow { what: "deletions of points".to_owned(), windows: deletions });
        report::CourseRow {
            points: points.into_iter().map(|kept| point(kept, &self.flaws)).collect(),
            points_more,
            streams: course.streams.into_iter().map(stream).collect(),
            events,
            events_more,
            observed,
        }
    }
}

/// The last of a list in order of time, and how many are left out.
fn newest<T>(mut list: Vec<T>, most: usize) -> (Vec<T>, u64) {
    let left_out = list.len().saturating_sub(most);
    (list.split_off(left_out), left_out as u64)
}

fn coverage_row(coverage: &Coverage, plans: &[Plan]) -> report::CoverageRow {
    let selections = coverage.decided.iter().map(|one| report::SelectionRow {
        plan: plans[one.plan].name.clone(),
        selection: one.selection_name.clone(),
        verdict: one.verdict.name().to_owned(),
        assumed: one.assumed,
        clauses: one.clauses.clone(),
    });
    report::CoverageRow {
        covered: coverage.covered,
        selected: coverage.selected,
        opt_in_blocked: coverage.opt_in_blocked,
        via: coverage.via.clone().unwrap_or_default(),
        unknown_because: coverage.unknown_because.clone(),
        selections: selections.collect(),
    }
}

fn point(point: Kept, flaws: &Flaws) -> report::PointRow {
    report::PointRow {
        threats_found: flaws.threats_found(&point.arn),
        key: flaws.key(&point.arn),
        available_s: point.available_s,
        data_s: point.data_s,
        place: (point.account_id, point.region),
        mechanism: mechanism(point.mechanism),
        counts: point.counts,
    }
}

fn stream(stream: Running) -> report::StreamRow {
    report::StreamRow {
        from_s: stream.from_s,
        to_s: stream.to_s,
        region: stream.region,
        mechanism: mechanism(stream.mechanism),
        certain: stream.certain,
    }
}

fn event(event: Happened) -> report::EventRow {
    report::EventRow {
        at_s: event.at_s,
        kind: match (event.kind, event.outcome) {
            ("copy", Outcome::Failed) => report::EventKind::CopyFailed,
            ("copy", _) => report::EventKind::Copied,
            (_, Outcome::Failed) => report::EventKind::BackupFailed,
            (_, _) => report::EventKind::BackupWithIssues,
        },
        state: event.state,
        place: event.place,
        message: event.message.unwrap_or_default(),
        job_id: event.job_id,
        point_arn: String::new(),
    }
}

/// A point that somebody deleted. What it says is the same for all that one principal deletes from a vault.
fn deletion(point: Deleted) -> report::EventRow {
    let state = match point.early {
        Some(true) => "too early",
        Some(false) => "nothing owed it then",
        None => "whether it was still owed is not known",
    };
    let actor = point.actor_arn.as_deref().unwrap_or("a principal that AWS does not name");
    report::EventRow {
        at_s: point.at_s,
        kind: report::EventKind::PointDeleted,
        state: if point.exact { state.to_owned() } else { format!("{state}; then or before") },
        place: point.place,
        message: format!("by {actor}, from {}", point.vault_arn),
        job_id: String::new(),
        point_arn: point.point_arn,
    }
}

/// A restore that has ended. What did not pass its validation was not brought back in a usable state.
fn restore_event(job: &report::RestoreJobRow) -> Option<report::EventRow> {
    let invalid = job.validation == "FAILED";
    let kind = match job.status.as_str() {
        "COMPLETED" if !invalid => report::EventKind::Restored,
        "COMPLETED" | "FAILED" | "ABORTED" => report::EventKind::RestoreFailed,
        _ => return None,
    };
    Some(report::EventRow {
        at_s: job.completed_s.unwrap_or(job.created_s),
        kind,
        state: if invalid { format!("{}, validation {}", job.status, job.validation) } else { job.status.clone() },
        place: job.place.clone(),
        message: if invalid { job.validation_message.clone() } else { job.message.clone() },
        job_id: job.job_id.clone(),
        point_arn: String::new(),
    })
}

fn restore_row(row: Restored) -> report::RestoreRow {
    let mut jobs: Vec<_> = row.jobs.into_iter().map(restore_job).collect();
    let more = jobs.len().saturating_sub(RESTORES);
    jobs.truncate(RESTORES);
    report::RestoreRow {
        subject_arn: row.subject_arn,
        subject_type: row.subject_type,
        account_id: row.account_id,
        region: row.region,
        jobs,
        jobs_more: more as u64,
        completed_s: row.completed_s,
        none_for_s: row.none_for_s,
        every_s: row.every_s,
        rto_s: row.rto_s,
        worst_restore_s: row.worst_restore_s,
        selected: row.selected,
        testing_plan: row.testing_plan.unwrap_or_default(),
    }
}

fn restore_job(job: RestoreJob) -> report::RestoreJobRow {
    report::RestoreJobRow {
        created_s: job.created_s,
        completed_s: job.completed_s,
        point_s: job.point_s,
        status: job.status,
        message: job.message.unwrap_or_default(),
        is_test: job.is_test,
        validation: job.validation.unwrap_or_default(),
        validation_message: job.validation_message.unwrap_or_default(),
        deletion: job.deletion.unwrap_or_default(),
        place: job.place,
        job_id: job.job_id,
    }
}
