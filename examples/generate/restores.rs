//! Rows about restores: the plans that test them, what they test, and the tests of the last 30 days.

use backup_audit::collect::restore_jobs::RestoreJobRow;
use backup_audit::collect::restore_testing_plans::RestoreTestingPlanRow;
use backup_audit::collect::restore_testing_selections::RestoreTestingSelectionRow;
use backup_audit::dataset::rows::millis;
use backup_audit::model::moment::{DAY_S, HOUR_S};
use serde_json::json as value;

use crate::catalogue::Tested;
use crate::fleet::Database;
use crate::history::Point;
use crate::plans::{ACCOUNT, EU, KEEPER, US, vault_arn};
use crate::random::Random;
use crate::rows::{json, role_arn, strings, text};
use crate::world::{Place, World};

/// Days for which AWS Backup lists jobs.
const LISTED_DAYS: i64 = 30;
/// Time after the point until a restore of last night's data begins.
const LATER_S: i64 = 9 * HOUR_S;
/// Time a good restore takes, and a slow one.
const QUICK_S: i64 = 40 * 60;
const SLOW_S: i64 = 14 * HOUR_S;
/// Days of a quarter before the end when something was last restored in the account that keeps copies.
const DRILL_AGO: i64 = 44;

/// Days by which the point of a stale test is older.
const STALE_S: i64 = 14 * DAY_S;
/// Restore testing plans: Region, name, days before the end when it was made, whether it has run. That of the smaller Region was made lately; one was begun and
/// never finished.
const PLANS: [(&str, &str, i64, bool); 4] = [
    (US, "weekly_sample", 80, true),
    (US, "clusters_sample", 80, true),
    (US, "unfinished_sample", 80, true),
    (EU, "monthly_sample", 5, false),
];

/// The ARN of a restore testing plan.
fn arn_of(region: &str, name: &str) -> String {
    let id = Random::new(0, &format!("restore-testing/{region}/{name}")).uuid();
    format!("arn:aws:backup:{region}:{ACCOUNT}:restore-testing-plan:{name}-{id}")
}

/// The plan that restores what the history tells of.
fn plan_arn(region: &str) -> String {
    arn_of(region, if region == US { "weekly_sample" } else { "monthly_sample" })
}

/// Restore testing plans of a Region.
pub(crate) fn plans(world: &World, place: Place) -> Vec<RestoreTestingPlanRow> {
    if place.account != ACCOUNT {
        return Vec::new();
    }
    let here = PLANS.iter().filter(|(region, ..)| *region == place.region);
    here.filter_map(|(region, name, made_ago, ran)| plan(place, arn_of(region, name), name, world.timeline.ago(*made_ago), *ran)).collect()
}

fn plan(place: Place, arn: String, name: &str, made_s: i64, ran: bool) -> Option<RestoreTestingPlanRow> {
    let row = RestoreTestingPlanRow {
        restore_testing_plan_arn: Some(arn),
        restore_testing_plan_name: text(name),
        schedule_expression: text(if ran { "cron(0 10 ? * MON *)" } else { "cron(0 10 1 * ? *)" }),
        schedule_expression_timezone: text("Etc/UTC"),
        start_window_hours: Some(24),
        algorithm: text("LATEST_WITHIN_WINDOW"),
        recovery_point_types: Some(strings(["SNAPSHOT"])),
        include_vaults: Some(strings(["*"])),
        exclude_vaults: None,
        selection_window_days: Some(30),
        creation_time: Some(millis(made_s)),
        last_execution_time: ran.then(|| millis(place.now_s - 4 * DAY_S)),
        last_update_time: None,
    };
    (made_s < place.now_s).then_some(row)
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
        match known.restore_testing_plan_name.as_deref() {
            Some("unfinished_sample") => {}
            Some("clusters_sample") => rows.push(row("clusters", "Aurora")),
            _ => {
                rows.push(RestoreTestingSelectionRow { protected_resource_conditions: Some(tagged), ..row("instances", "RDS") });
                rows.push(row("clusters", "Aurora"));
            }
        }
    }
    rows
}

/// Restore tests of a Region that AWS still lists.
pub(crate) fn jobs(world: &World, place: Place) -> Vec<RestoreJobRow> {
    let listed = |created_s: i64| place.now_s - LISTED_DAYS * DAY_S <= created_s && created_s < place.now_s;
    let mut rows: Vec<RestoreJobRow> =
        drill(world, place).into_iter().filter(|(created_s, _)| listed(*created_s)).map(|(_, row)| row).collect();
    for database in world.databases(place) {
        for tested in database.entry.tests() {
            let Some(point) = tested_point(world, place, database, tested) else { continue };
            if listed(point.available_s + later_s(tested)) {
                rows.push(job(world, point, tested, place.now_s));
            }
        }
    }
    rows
}

/// What somebody restored in the account that keeps copies, to see whether it can be done there, and when.
fn drill(world: &World, place: Place) -> Option<(i64, RestoreJobRow)> {
    let by_s = world.timeline.ago(DRILL_AGO);
    let copies = world.history.points.iter().filter(|point| point.account == KEEPER && point.available_s + LATER_S <= by_s);
    let point = copies.max_by_key(|point| point.available_s)?;
    let database = &world.databases[point.database];
    let row = RestoreJobRow {
        created_resource_arn: Some(format!("arn:aws:rds:{}:{KEEPER}:db:drill", point.region)),
        restore_testing_plan_arn: None,
        validation_status: None,
        deletion_status: None,
        backup_vault_arn: Some(vault_arn(point.account, point.region, point.vault)),
        source_resource_arn: Some(database.arn()),
        ..job(world, point, Tested::Well(DRILL_AGO), place.now_s)
    };
    ((place.account, place.region) == (point.account, point.region)).then_some((point.available_s + LATER_S, row))
}

/// The newest point of a database at the time of a test.
fn tested_point<'a>(world: &'a World, place: Place, database: &Database, tested: Tested) -> Option<&'a Point> {
    let by_s = world.timeline.ago(days(tested));
    let later_s = later_s(tested);
    let of = |point: &&Point| std::ptr::eq(&raw const world.databases[point.database], database) && point.copy_of.is_none();
    let points = world.history.points.iter().filter(of);
    points.filter(|point| point.region == place.region && point.available_s + later_s <= by_s).max_by_key(|point| point.available_s)
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
        | Tested::Littering(days)
        | Tested::Stale(days) => days,
    }
}

/// Time after the point until its restore begins.
fn later_s(tested: Tested) -> i64 {
    LATER_S + if matches!(tested, Tested::Stale(_)) { STALE_S } else { 0 }
}

fn job(world: &World, point: &Point, tested: Tested, now_s: i64) -> RestoreJobRow {
    let database = &world.databases[point.database];
    let created_s = point.available_s + later_s(tested);
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
