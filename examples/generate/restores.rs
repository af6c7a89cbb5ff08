//! Rows about restores: the plans that test them, what they test, and the tests of the last 30 days.

use backup_audit::collect::restore_jobs::RestoreJobRow;
use backup_audit::collect::restore_testing_plans::RestoreTestingPlanRow;
use backup_audit::collect::restore_testing_selections::RestoreTestingSelectionRow;
use backup_audit::dataset::snapshot::millis;
use backup_audit::model::moment::{DAY_S, HOUR_S};
use serde_json::json as value;

use crate::catalogue::Tested;
use crate::fleet::Database;
use crate::history::Point;
use crate::plans::{ACCOUNT, US, vault_arn};
use crate::random::Random;
use crate::rows::{json, role_arn, strings, text};
use crate::world::{Place, World};

/// Days for which AWS Backup lists jobs.
const LISTED_DAYS: i64 = 30;
/// Time after the point until its restore begins.
const LATER_S: i64 = 9 * HOUR_S;
/// Time a good restore takes, and a slow one.
const QUICK_S: i64 = 40 * 60;
const SLOW_S: i64 = 14 * HOUR_S;

/// The restore testing plan of a Region, where there is one.
fn plan_arn(region: &str) -> String {
    let id = Random::new(0, &format!("restore-testing/{region}")).uuid();
    format!("arn:aws:backup:{region}:{ACCOUNT}:restore-testing-plan:{}-{id}", plan_name(region))
}

fn plan_name(region: &str) -> &'static str {
    if region == US { "weekly_sample" } else { "monthly_sample" }
}

/// Restore testing plans of a Region. That of the smaller one was made lately and has not run yet.
pub(crate) fn plans(world: &World, place: Place) -> Vec<RestoreTestingPlanRow> {
    if place.account != ACCOUNT {
        return Vec::new();
    }
    let weekly = place.region == US;
    let made_s = world.timeline.ago(if weekly { 80 } else { 5 });
    let row = RestoreTestingPlanRow {
        restore_testing_plan_arn: Some(plan_arn(place.region)),
        restore_testing_plan_name: text(plan_name(place.region)),
        schedule_expression: text(if weekly { "cron(0 10 ? * MON *)" } else { "cron(0 10 1 * ? *)" }),
        schedule_expression_timezone: text("Etc/UTC"),
        start_window_hours: Some(24),
        algorithm: text("LATEST_WITHIN_WINDOW"),
        recovery_point_types: Some(strings(["SNAPSHOT"])),
        include_vaults: Some(strings(["*"])),
        exclude_vaults: None,
        selection_window_days: Some(30),
        creation_time: Some(millis(made_s)),
        last_execution_time: weekly.then(|| millis(place.now_s - 4 * DAY_S)),
        last_update_time: None,
    };
    (made_s < place.now_s).then_some(row).into_iter().collect()
}

/// Selections of a restore testing plan.
pub(crate) fn selections(world: &World, place: Place, plan: &str) -> Vec<RestoreTestingSelectionRow> {
    let mut rows = Vec::new();
    for known in plans(world, place).into_iter().filter(|known| known.restore_testing_plan_arn.as_deref() == Some(plan)) {
        let row = |name: &str, of: &str| RestoreTestingSelectionRow {
            restore_testing_plan_arn: known.restore_testing_plan_arn.clone(),
            restore_testing_selection_name: text(name),
            protected_resource_type: text(of),
            protected_resource_arns: Some(strings(["*"])),
            validation_window_hours: Some(8),
            iam_role_arn: Some(role_arn()),
            creation_time: known.creation_time,
            ..RestoreTestingSelectionRow::default()
        };
        let tagged = json(value!({ "StringEquals": [{ "Key": "aws:ResourceTag/tier", "Value": "critical" }] }));
        rows.push(RestoreTestingSelectionRow { protected_resource_conditions: Some(tagged), ..row("instances", "RDS") });
        rows.push(row("clusters", "Aurora"));
    }
    rows
}

/// Restore tests of a Region that AWS still lists.
pub(crate) fn jobs(world: &World, place: Place) -> Vec<RestoreJobRow> {
    let listed = |created_s: i64| place.now_s - LISTED_DAYS * DAY_S <= created_s && created_s < place.now_s;
    let mut rows = Vec::new();
    for database in world.databases(place) {
        for tested in database.entry.tests() {
            let Some(point) = tested_point(world, place, database, tested) else { continue };
            if listed(point.available_s + LATER_S) {
                rows.push(job(world, point, tested, place.now_s));
            }
        }
    }
    rows
}

/// The newest point of a database at the time of a test.
fn tested_point<'a>(world: &'a World, place: Place, database: &Database, tested: Tested) -> Option<&'a Point> {
    let by_s = world.timeline.ago(days(tested));
    let of = |point: &&Point| std::ptr::eq(&raw const world.databases[point.database], database) && point.copy_of.is_none();
    let points = world.history.points.iter().filter(of);
    points.filter(|point| point.region == place.region && point.available_s + LATER_S <= by_s).max_by_key(|point| point.available_s)
}

fn days(tested: Tested) -> i64 {
    match tested {
        Tested::Well(days)
        | Tested::Failed(days)
        | Tested::Unvalidated(days)
        | Tested::Invalid(days)
        | Tested::Slowly(days)
        | Tested::Validating(days)
        | Tested::Untold(days)
        | Tested::Littering(days) => days,
    }
}

fn job(world: &World, point: &Point, tested: Tested, now_s: i64) -> RestoreJobRow {
    let database = &world.databases[point.database];
    let created_s = point.available_s + LATER_S;
    let ended_s = created_s + if matches!(tested, Tested::Slowly(_)) { SLOW_S } else { QUICK_S };
    let over = ended_s <= now_s;
    let failed = matches!(tested, Tested::Failed(_));
    let kind = if database.entry.kind.is_cluster() { "cluster" } else { "db" };
    let made = format!("arn:aws:rds:{}:{ACCOUNT}:{kind}:awsbackup-restore-test-{}", point.region, database.name);
    let untold = matches!(tested, Tested::Untold(_));
    let restored = over && !failed && !untold;
    RestoreJobRow {
        restore_job_id: Some(Random::new(0, &format!("restore/{}", point.job_id)).uuid()),
        recovery_point_arn: Some(world.point_arn(point)),
        source_resource_arn: Some(database.arn()),
        resource_type: text(database.entry.kind.backup_type()),
        backup_vault_arn: Some(vault_arn(point.account, point.region, point.vault)),
        status: match (over, failed) {
            _ if untold => None,
            (false, _) => text("RUNNING"),
            (true, false) => text("COMPLETED"),
            (true, true) => text("FAILED"),
        },
        status_message: (over && failed).then(|| "The DB subnet group of the restore test does not cover enough zones.".to_owned()),
        creation_date: Some(millis(created_s)),
        completion_date: over.then(|| millis(ended_s)),
        recovery_point_creation_date: Some(millis(point.created_s)),
        backup_size_bytes: Some(database.size_gib << 30),
        created_resource_arn: restored.then_some(made),
        restore_testing_plan_arn: Some(plan_arn(point.region)),
        validation_status: match tested {
            _ if !restored => None,
            Tested::Unvalidated(_) => None,
            Tested::Invalid(_) => text("FAILED"),
            Tested::Validating(_) => text("VALIDATING"),
            _ => text("SUCCESSFUL"),
        },
        validation_status_message: matches!(tested, Tested::Invalid(_)).then(|| "The newest order is older than a day.".to_owned()),
        deletion_status: restored.then(|| if matches!(tested, Tested::Littering(_)) { "FAILED" } else { "SUCCESSFUL" }.to_owned()),
        deletion_status_message: matches!(tested, Tested::Littering(_)).then(|| "Deletion protection is on.".to_owned()),
        is_parent: Some(false),
        ..RestoreJobRow::default()
    }
}
