//! Windows of databases: does the daily backup window or the start window of a plan rule run into the weekly maintenance?
//!
//! RDS does not let the two native windows overlap, and AWS Backup cannot start a backup of a database within the hour before its maintenance window
//! or during it: the job fails. Aurora is exempt, and so is a database whose automated backups AWS Backup manages, because it then chooses the times
//! itself. A job may start at any moment of its start window, so a window that only touches the forbidden time is a conflict.
//!
//! Sources: AWS Backup developer guide, "Plan options and configuration"; Amazon RDS User Guide, "Backup window".

use std::cell::OnceCell;
use std::collections::{BTreeMap, BTreeSet};

use polars::prelude::DataFrame;

use self::week::{Span, day_span, week_span};
use super::coverage::Coverage;
use super::coverage::resource_types::{Recognised, ResourceType};
use super::objectives::and;
use super::plans::PlanRule;
use super::population::{DATABASES_REST_ON, RESOURCES_READ, Resource};
use super::schedule::runs::SPAN_MONTHS;
use super::{Fact, FactError, Inputs, PLAN_READS};
use crate::dataset::{Relation, Row};
use crate::model::moment::{DAY_S, HOUR_S};

mod week;

/// Time before its maintenance window in which AWS Backup does not start a backup of a database.
const BEFORE_MAINTENANCE_S: i64 = HOUR_S;
/// Time over which schedules are expanded: both clock changes and every month are in it.
const EXPANDED_S: i64 = SPAN_MONTHS as i64 * 31 * DAY_S;

crate::rows! {
    /// The windows of a database.
    pub struct WindowsRow {
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
        /// Daily window of automated backups in UTC
        backup_window: Text, NotTold, "PreferredBackupWindow";
        /// Weekly maintenance window in UTC
        maintenance_window: Text, NotTold, "PreferredMaintenanceWindow";
        /// Whether the two keep clear of each other; true where automated backups are off
        native_clear: Boolean, NotTold, "";
        /// Whether the restriction of AWS Backup does not hold for it: Aurora, or automated backups that AWS Backup manages
        exempt: Boolean, NotTold, "";
        /// Whether the start windows of all plan rules that cover it keep clear of the maintenance and the hour before it
        plans_clear: Boolean, NotTold, "StartWindowMinutes";
        /// A plan rule that does not
        conflict: Text, Means("none that is known"), "";
        /// Where the proof lies
        evidence: Text, Never, "";
    }
}

/// Windows as a relation.
pub static FACT: Fact = Fact {
    relation: &Relation {
        name: "backup_windows",
        doc: "Whether backups keep clear of the maintenance of a database: one row a database.",
        rows_are: "databases",
        columns: WindowsRow::COLUMNS,
        rows_rest_on: DATABASES_REST_ON,
        order: &[],
    },
    reads: &[RESOURCES_READ, PLAN_READS],
    by_range: false,
    derive,
};

fn derive(inputs: &Inputs<'_>) -> Result<DataFrame, FactError> {
    let (population, coverage) = (inputs.population()?, inputs.coverage()?);
    let starts = Starts::new(inputs)?;
    let rows: Vec<_> = population
        .iter()
        .zip(coverage.iter())
        .filter(|(resource, _)| resource.is_database())
        .map(|(resource, coverage)| row(resource, coverage, &starts))
        .collect();
    Inputs::frame_of(FACT.relation, rows)
}

fn row(resource: &Resource, coverage: &Coverage, starts: &Starts<'_>) -> WindowsRow {
    let maintenance = resource.settings.maintenance_window.as_deref().and_then(week_span);
    let exempt = exempt(resource);
    let (plans_clear, conflict) = match (exempt, maintenance) {
        (Some(true), _) => (Some(true), None),
        _ if coverage.plans_known && coverage.plans().is_empty() => (Some(true), None),
        (_, None) => (None, None),
        (exempt, Some(maintenance)) => {
            let (clear, conflict) = starts.clear(coverage, maintenance.widened(BEFORE_MAINTENANCE_S));
            // Whoever may be exempt may have a conflict that is none.
            if exempt.is_none() { (clear.filter(|clear| *clear), None) } else { (clear, conflict) }
        }
    };
    WindowsRow {
        subject_arn: Some(resource.arn.clone()),
        subject_type: Some(resource.resource_type.to_owned()),
        account_id: Some(resource.account_id.clone()),
        region: Some(resource.region.clone()),
        role: resource.role.map(|role| role.word().to_owned()),
        backup_window: resource.settings.backup_window.clone(),
        maintenance_window: resource.settings.maintenance_window.clone(),
        native_clear: native_clear(resource, maintenance),
        exempt,
        plans_clear,
        conflict,
        evidence: Some(resource.evidence.clone()),
    }
}

/// Whether the daily backup window keeps clear of the maintenance; a database that takes no backups of its own has nothing that could run into it.
fn native_clear(resource: &Resource, maintenance: Option<Span>) -> Option<bool> {
    if resource.native_retention_days == Some(0) {
        return Some(true);
    }
    let backup = resource.settings.backup_window.as_deref().and_then(day_span)?;
    maintenance.map(|maintenance| !backup.every_day().any(|day| day.overlaps(maintenance)))
}

/// Whether AWS Backup may start backups of the database during its maintenance; `None` if its type is not known.
fn exempt(resource: &Resource) -> Option<bool> {
    let managed = resource.aws_backup_recovery_point_arn.as_deref().is_some_and(|arn| !arn.is_empty());
    match resource.facts.resource_type {
        _ if managed => Some(true),
        Recognised::Type(of) => Some(of == ResourceType::Aurora),
        _ => None,
    }
}

/// The start windows of plan rules within the week, worked out when they are first asked for.
struct Starts<'a> {
    inputs: &'a Inputs<'a>,
    plans: std::rc::Rc<Vec<super::plans::Plan>>,
    by_rule: BTreeMap<(usize, usize), OnceCell<Option<BTreeSet<i64>>>>,
}

impl<'a> Starts<'a> {
    fn new(inputs: &'a Inputs<'a>) -> Result<Self, FactError> {
        let plans = inputs.plans()?;
        let rules = plans.iter().enumerate().flat_map(|(plan, one)| (0..one.rules.len()).map(move |rule| ((plan, rule), OnceCell::new())));
        let by_rule = rules.collect();
        Ok(Self { inputs, plans, by_rule })
    }

    /// Whether every rule of the plans that cover a resource keeps clear of a span of the week, and a rule that does not.
    fn clear(&self, coverage: &Coverage, forbidden: Span) -> (Option<bool>, Option<String>) {
        let mut clear = coverage.plans_known.then_some(true);
        for plan in coverage.plans() {
            let found = &self.plans[plan];
            clear = and(clear, found.rules_known.then_some(true));
            for (index, rule) in found.rules.iter().enumerate() {
                let rule_clear = self
                    .starts((plan, index), rule)
                    .map(|starts| !starts.iter().any(|start_s| Span::new(*start_s, rule.start_window_s).overlaps(forbidden)));
                if rule_clear == Some(false) {
                    return (Some(false), Some(format!("rule {} of plan {}", rule.name, found.name)));
                }
                clear = and(clear, rule_clear);
            }
        }
        (clear, None)
    }

    /// The seconds of the week at which a rule can run; `None` if its schedule is not understood, or says only how far apart its runs are.
    fn starts(&self, key: (usize, usize), rule: &PlanRule) -> Option<&BTreeSet<i64>> {
        let from_s = self.inputs.snapshot.as_of_s();
        let expand = || {
            let schedule = rule.schedule.as_ref().ok().filter(|schedule| schedule.interval_s().is_none())?;
            Some(schedule.runs(from_s, from_s.saturating_add(EXPANDED_S)).map(week::second_of_week).collect())
        };
        self.by_rule.get(&key)?.get_or_init(expand).as_ref()
    }
}
