//! Rows of what AWS Backup did: jobs, copies, restores, recovery points, as they stand at a moment.

use backup_audit::collect::backup_jobs::BackupJobRow;
use backup_audit::collect::copy_jobs::CopyJobRow;
use backup_audit::collect::recovery_points::RecoveryPointRow;
use backup_audit::collect::restore_jobs::RestoreJobRow;
use backup_audit::dataset::snapshot::millis;
use backup_audit::model::key::resource_key;
use backup_audit::model::moment::{DAY_S, HOUR_S};

use crate::configuration::{vault_name, version};
use crate::databases::managed_by;
use crate::fleet::Database;
use crate::history::{Copy, Job, Point};
use crate::plans::{ACCOUNT, PLANS, vault_arn};
use crate::random::Random;
use crate::rows::{key_arn, role_arn, text};
use crate::world::{Place, World};

const GIB: i64 = 1 << 30;

/// Backup jobs of a Region.
pub(crate) fn backup_jobs(world: &World, place: Place) -> Vec<BackupJobRow> {
    world.jobs(place).map(|job| job_row(job, &world.databases[job.database], place.now_s)).collect()
}

fn job_row(job: &Job, database: &Database, now_s: i64) -> BackupJobRow {
    let arn = database.arn();
    let over = job.ended_s <= now_s;
    let started = job.started_s.filter(|started_s| *started_s <= now_s);
    let state = match started {
        _ if over => job.state,
        Some(_) => "RUNNING",
        None => "CREATED",
    };
    let kind = if database.entry.kind.is_cluster() { "cluster-snapshot" } else { "snapshot" };
    let made = (over && job.state == "COMPLETED")
        .then(|| format!("arn:aws:rds:{}:{ACCOUNT}:{kind}:awsbackup:job-{}", job.plan.region, job.id.to_lowercase()));
    BackupJobRow {
        backup_job_id: Some(job.id.clone()),
        state: text(state),
        message_category: text(if job.message.is_some() && over { "FAILURE" } else { "SUCCESS" }),
        status_message: job.message.filter(|_| over).map(str::to_owned),
        resource_key: Some(resource_key(&arn)),
        resource_arn: Some(arn),
        resource_type: text(database.entry.kind.backup_type()),
        resource_name: Some(database.name.clone()),
        backup_vault_arn: Some(vault_arn(job.plan.region, job.rule.vault)),
        backup_vault_name: text(job.rule.vault),
        recovery_point_arn: made,
        creation_date: Some(millis(job.created_s)),
        completion_date: over.then(|| millis(job.ended_s)),
        initiation_date: started.map(millis),
        start_by: Some(millis(job.created_s + job.rule.windows_minutes.map_or(8 * HOUR_S, |(start, _)| start * 60))),
        backup_size_bytes: (over && job.state == "COMPLETED").then_some(database.size_gib * GIB),
        percent_done: text(if over && job.state == "COMPLETED" { "100.0" } else { "0.0" }),
        backup_plan_arn: Some(job.plan.arn()),
        backup_plan_id: Some(job.plan.id()),
        backup_rule_id: Some(job.plan.part_id(job.rule.name)),
        is_parent: Some(false),
        parent_job_id: None,
        backup_type: text("SNAPSHOT"),
        delete_after_days: Some(job.rule.delete_days),
        move_to_cold_storage_after_days: job.rule.cold_days,
        is_encrypted: Some(true),
        encryption_key_arn: Some(key_arn(job.plan.region)),
    }
}

/// Copy jobs started in a Region.
pub(crate) fn copy_jobs(world: &World, place: Place) -> Vec<CopyJobRow> {
    world.copies(place).map(|(copy, point)| copy_row(world, copy, point, place.now_s)).collect()
}

fn copy_row(world: &World, copy: &Copy, point: &Point, now_s: i64) -> CopyJobRow {
    let database = &world.databases[point.database];
    let over = copy.ended_s <= now_s;
    let kind = if database.entry.kind.is_cluster() { "cluster-snapshot" } else { "snapshot" };
    let made = (over && copy.state == "COMPLETED")
        .then(|| format!("arn:aws:rds:{}:{ACCOUNT}:{kind}:awsbackup:copyjob-{}", copy.region, copy.id.to_lowercase()));
    CopyJobRow {
        copy_job_id: Some(copy.id.clone()),
        source_backup_vault_arn: Some(vault_arn(point.region, point.vault)),
        source_recovery_point_arn: Some(world.point_arn(point)),
        destination_backup_vault_arn: Some(vault_arn(copy.region, "dr-copies")),
        destination_recovery_point_arn: made,
        destination_region: text(copy.region),
        destination_account_id: text(ACCOUNT),
        destination_vault_type: text("BACKUP_VAULT"),
        state: text(if over { copy.state } else { "RUNNING" }),
        status_message: copy.message.filter(|_| over).map(str::to_owned),
        message_category: text(if over && copy.message.is_some() { "KMS_KEY_ERROR" } else { "SUCCESS" }),
        resource_arn: Some(database.arn()),
        resource_key: Some(resource_key(&database.arn())),
        resource_type: text(database.entry.kind.backup_type()),
        backup_size_bytes: over.then_some(database.size_gib * GIB),
        creation_date: Some(millis(copy.created_s)),
        completion_date: over.then(|| millis(copy.ended_s)),
        delete_after_days: Some(copy.delete_days),
        backup_plan_arn: Some(point.plan.arn()),
        backup_plan_id: Some(point.plan.id()),
        backup_rule_id: Some(point.plan.part_id(point.rule.name)),
        created_by_backup_job_id: Some(point.job_id.clone()),
        is_parent: Some(false),
        parent_job_id: None,
    }
}

/// Recovery points of a vault.
pub(crate) fn recovery_points(world: &World, place: Place, vault: &str) -> Vec<RecoveryPointRow> {
    let Some(name) = vault_name(vault) else { return Vec::new() };
    let points = world.points_of(place).filter(|point| point.vault == name).map(|point| point_row(world, point, place.now_s));
    points.chain(continuous(world, place, name)).collect()
}

fn point_row(world: &World, point: &Point, now_s: i64) -> RecoveryPointRow {
    let done = point.available_s <= now_s;
    let source = point.copy_of.map(|source| &world.history.points[source]);
    RecoveryPointRow {
        recovery_point_arn: Some(world.point_arn(point)),
        status: text(if done { "COMPLETED" } else { "CREATING" }),
        creation_date: Some(millis(point.created_s)),
        initiation_date: Some(millis(point.started_s)),
        completion_date: done.then(|| millis(point.available_s)),
        delete_after_days: Some(point.delete_days),
        delete_at: Some(millis(point.created_s + point.delete_days * DAY_S)),
        move_to_cold_storage_after_days: None, // databases stay in warm storage whatever the plan says
        source_backup_vault_arn: source.map(|source| vault_arn(source.region, source.vault)),
        backup_plan_arn: Some(point.plan.arn()),
        backup_plan_id: Some(point.plan.id()),
        backup_plan_version: Some(version(point.plan)),
        backup_rule_id: Some(point.plan.part_id(point.rule.name)),
        ..any_point(&world.databases[point.database], point.region, point.vault)
    }
}

fn any_point(database: &Database, region: &str, vault: &str) -> RecoveryPointRow {
    RecoveryPointRow {
        backup_vault_arn: Some(vault_arn(region, vault)),
        backup_vault_name: text(vault),
        resource_arn: Some(database.arn()),
        resource_key: Some(resource_key(&database.arn())),
        resource_type: text(database.entry.kind.backup_type()),
        resource_name: Some(database.name.clone()),
        backup_size_bytes: Some(database.size_gib * GIB),
        encryption_key_arn: Some(key_arn(region)),
        encryption_key_type: text("CUSTOMER_MANAGED_KMS_KEY"),
        is_encrypted: Some(true),
        iam_role_arn: Some(role_arn()),
        is_parent: Some(false),
        vault_type: text("BACKUP_VAULT"),
        ..RecoveryPointRow::default()
    }
}

/// Continuous points: the automated backup of the database itself, listed in the vault of the rule.
fn continuous<'a>(world: &'a World, place: Place, vault: &'a str) -> impl Iterator<Item = RecoveryPointRow> + use<'a> {
    let plan = PLANS.iter().find(|plan| plan.name == "continuous" && plan.region == place.region);
    let rule = plan.and_then(|plan| plan.rules.iter().find(|rule| rule.continuous && rule.vault == vault));
    let chosen = plan.zip(rule).into_iter();
    chosen.flat_map(move |(plan, rule)| {
        let owned = world.databases(place).filter_map(|database| Some((database, managed_by(database)?)));
        owned.map(move |(database, arn)| RecoveryPointRow {
            recovery_point_arn: Some(arn),
            status: text("AVAILABLE"),
            creation_date: Some(millis(database.created_s)),
            initiation_date: Some(millis(database.created_s)),
            delete_after_days: Some(rule.delete_days),
            backup_plan_arn: Some(plan.arn()),
            backup_plan_id: Some(plan.id()),
            backup_plan_version: Some(version(plan)),
            backup_rule_id: Some(plan.part_id(rule.name)),
            ..any_point(database, place.region, vault)
        })
    })
}

/// Restore tests: one every nine days or so of a Region's points, most of them validated.
pub(crate) fn restore_jobs(world: &World, place: Place) -> Vec<RestoreJobRow> {
    let day = |moment_s: i64| moment_s.div_euclid(DAY_S);
    let tested = |point: &&Point| {
        let turn = (resource_key(&world.databases[point.database].arn()) + day(point.created_s)) % 271 == 0;
        turn && point.region == place.region && point.copy_of.is_none()
    };
    let listed = |created_s: i64| place.now_s - 30 * DAY_S <= created_s && created_s < place.now_s;
    let points = world.history.points.iter().filter(tested);
    points.filter(|point| listed(point.available_s + 9 * HOUR_S)).map(|point| restore_row(world, point, place.now_s)).collect()
}

fn restore_row(world: &World, point: &Point, now_s: i64) -> RestoreJobRow {
    let database = &world.databases[point.database];
    let mut random = Random::new(0, &point.job_id);
    let created_s = point.available_s + 9 * HOUR_S;
    let ended_s = created_s + random.between(600, 5_400);
    let over = ended_s <= now_s;
    let fails = random.once_in(4);
    let id = random.uuid();
    let made = format!("arn:aws:rds:{}:{ACCOUNT}:db:awsbackup-restore-test-{}", point.region, &id[..8]);
    RestoreJobRow {
        recovery_point_arn: Some(world.point_arn(point)),
        source_resource_arn: Some(database.arn()),
        resource_type: text(database.entry.kind.backup_type()),
        backup_vault_arn: Some(vault_arn(point.region, point.vault)),
        status: text(match (over, fails) {
            (false, _) => "RUNNING",
            (true, false) => "COMPLETED",
            (true, true) => "FAILED",
        }),
        status_message: (over && fails).then(|| "The DB subnet group of the restore test does not cover enough zones.".to_owned()),
        creation_date: Some(millis(created_s)),
        completion_date: over.then(|| millis(ended_s)),
        recovery_point_creation_date: Some(millis(point.created_s)),
        backup_size_bytes: Some(database.size_gib * GIB),
        created_resource_arn: (over && !fails).then_some(made),
        restore_testing_plan_arn: Some(format!("arn:aws:backup:{}:{ACCOUNT}:restore-testing-plan:weekly-sample", point.region)),
        validation_status: (over && !fails).then(|| "SUCCESSFUL".to_owned()),
        deletion_status: (over && !fails).then(|| "SUCCESSFUL".to_owned()),
        is_parent: Some(false),
        restore_job_id: Some(id),
        ..RestoreJobRow::default()
    }
}
