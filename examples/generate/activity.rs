//! Rows of what AWS Backup did: backup jobs, copies, recovery points, as they stand at a moment.

use backup_audit::collect::backup_jobs::BackupJobRow;
use backup_audit::collect::copy_jobs::CopyJobRow;
use backup_audit::collect::recovery_points::RecoveryPointRow;
use backup_audit::dataset::rows::millis;
use backup_audit::model::key::resource_key;
use backup_audit::model::moment::{DAY_S, HOUR_S};

use crate::catalogue::Twist;
use crate::configuration::{vault_at, version};
use crate::databases::managed_by;
use crate::fleet::Database;
use crate::history::{Copy, Job, Point};
use crate::kept;
use crate::keys::Key;
use crate::plans::{ACCOUNT, PLANS, Vault, vault_arn};
use crate::rows::{role_arn, text};
use crate::world::{Place, World};

const GIB: i64 = 1 << 30;

/// Backup jobs of a Region.
pub(crate) fn backup_jobs(world: &World, place: Place) -> Vec<BackupJobRow> {
    let databases = world.jobs(place).map(|job| job_row(world, job, place.now_s));
    databases.chain(kept::jobs(world, place)).collect()
}

/// What a job says of its end: why it failed, or that it left something out.
fn told(world: &World, job: &Job) -> Option<&'static str> {
    let newest = || world.history.jobs.iter().filter(|other| other.database == job.database).map(|other| other.created_s).max();
    let issues = world.databases[job.database].entry.has(Twist::Issues) && newest() == Some(job.created_s);
    job.message.or(issues.then_some("Completed with issues: tags of the database could not be read and were not copied."))
}

fn job_row(world: &World, job: &Job, now_s: i64) -> BackupJobRow {
    let database = &world.databases[job.database];
    // A job that failed before the database was restored under a new key names the old one.
    let key = if database.entry.has(Twist::Rekeyed) { Key::Retired } else { database.entry.key() };
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
        message_category: text(if told(world, job).is_some() && over { "FAILURE" } else { "SUCCESS" }),
        status_message: told(world, job).filter(|_| over).map(str::to_owned),
        resource_key: Some(resource_key(&arn)),
        resource_arn: Some(arn),
        resource_type: text(database.entry.kind.backup_type()),
        resource_name: Some(database.name.clone()),
        backup_vault_arn: Some(vault_arn(ACCOUNT, job.plan.region, job.rule.vault)),
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
        is_encrypted: Some(key != Key::None),
        encryption_key_arn: key.arn(ACCOUNT, job.plan.region),
    }
}

/// Copy jobs started in a Region.
pub(crate) fn copy_jobs(world: &World, place: Place) -> Vec<CopyJobRow> {
    world.copies(place).map(|(copy, point)| copy_row(world, copy, point, place.now_s)).collect()
}

fn copy_row(world: &World, copy: &Copy, point: &Point, now_s: i64) -> CopyJobRow {
    let database = &world.databases[point.database];
    let over = copy.ended_s <= now_s;
    let air_gapped = copy.to.vault().is_some_and(|vault| vault.air_gapped);
    let made = (over && copy.state == "COMPLETED").then(|| copied_arn(database, copy, air_gapped));
    CopyJobRow {
        copy_job_id: Some(copy.id.clone()),
        source_backup_vault_arn: Some(vault_arn(point.account, point.region, point.vault)),
        source_recovery_point_arn: Some(world.point_arn(point)),
        destination_backup_vault_arn: Some(vault_arn(copy.to.account, copy.to.region, copy.to.vault)),
        destination_recovery_point_arn: made,
        destination_region: text(copy.to.region),
        destination_account_id: text(copy.to.account),
        destination_vault_type: text(vault_type(air_gapped)),
        state: text(if over { copy.state } else { "RUNNING" }),
        status_message: copy.message.filter(|_| over).map(str::to_owned),
        message_category: text(if over && copy.message.is_some() { "KMS_KEY_ERROR" } else { "SUCCESS" }),
        resource_arn: Some(database.arn()),
        resource_key: Some(resource_key(&database.arn())),
        resource_type: text(database.entry.kind.backup_type()),
        backup_size_bytes: over.then_some(database.size_gib * GIB),
        creation_date: Some(millis(copy.created_s)),
        completion_date: over.then(|| millis(copy.ended_s)),
        delete_after_days: Some(copy.to.days),
        backup_plan_arn: Some(point.plan.arn()),
        backup_plan_id: Some(point.plan.id()),
        backup_rule_id: Some(point.plan.part_id(point.rule.name)),
        created_by_backup_job_id: Some(point.job_id.clone()),
        is_parent: Some(false),
        parent_job_id: None,
    }
}

fn copied_arn(database: &Database, copy: &Copy, air_gapped: bool) -> String {
    let place = format!("{}:{}", copy.to.region, copy.to.account);
    let kind = if database.entry.kind.is_cluster() { "cluster-snapshot" } else { "snapshot" };
    if air_gapped {
        format!("arn:aws:backup:{place}:recovery-point:{}", copy.id.to_lowercase())
    } else {
        format!("arn:aws:rds:{place}:{kind}:awsbackup:copyjob-{}", copy.id.to_lowercase())
    }
}

/// `VaultType`.
pub(crate) fn vault_type(air_gapped: bool) -> &'static str {
    if air_gapped { "LOGICALLY_AIR_GAPPED_BACKUP_VAULT" } else { "BACKUP_VAULT" }
}

/// Recovery points of a vault.
pub(crate) fn recovery_points(world: &World, place: Place, vault: &str) -> Vec<RecoveryPointRow> {
    let Some(vault) = vault_at(vault) else { return Vec::new() };
    let points = world.points_of(place).filter(|point| point.vault == vault.name).map(|point| point_row(world, point, place.now_s));
    points.chain(continuous(world, place, vault)).chain(kept::points(world, place, vault.name)).collect()
}

fn point_row(world: &World, point: &Point, now_s: i64) -> RecoveryPointRow {
    let done = point.available_s <= now_s;
    let source = point.copy_of.map(|source| &world.history.points[source]);
    let delete_s = point.delete_days.map(|days| point.created_s + days * DAY_S);
    let (entry, key) = (world.databases[point.database].entry, world.point_key(point));
    let held = entry.has(Twist::Held);
    let planned = !(point.lasting && entry.has(Twist::Endless));
    let told = !(point.lasting && entry.has(Twist::Untold));
    RecoveryPointRow {
        recovery_point_arn: Some(world.point_arn(point)),
        status: told
            .then_some(match delete_s {
                _ if !done => "CREATING",
                // AWS Backup could not delete it; what is held it does not try to.
                Some(delete_s) if delete_s + DAY_S < now_s && !held => "EXPIRED",
                _ => "COMPLETED",
            })
            .map(str::to_owned),
        creation_date: told.then(|| millis(point.created_s)),
        initiation_date: told.then(|| millis(point.started_s)),
        completion_date: (done && told).then(|| millis(point.available_s)),
        delete_after_days: point.delete_days.filter(|_| told),
        delete_at: delete_s.map(millis),
        move_to_cold_storage_after_days: None, // databases stay in warm storage whatever the plan says
        source_backup_vault_arn: source.map(|source| vault_arn(source.account, source.region, source.vault)),
        backup_plan_arn: planned.then(|| point.plan.arn()),
        backup_plan_id: planned.then(|| point.plan.id()),
        backup_plan_version: planned.then(|| version(point.plan)),
        backup_rule_id: planned.then(|| point.plan.part_id(point.rule.name)),
        is_encrypted: told.then(|| key != Key::None),
        encryption_key_arn: key.arn(point.account, point.region).filter(|_| told),
        encryption_key_type: key.type_word().filter(|_| told),
        backup_size_bytes: told.then(|| world.databases[point.database].size_gib * GIB),
        vault_type: text(vault_type(point.is_air_gapped())),
        ..any_point(&world.databases[point.database], &vault_arn(point.account, point.region, point.vault), point.vault)
    }
}

/// A point under the key of its database.
fn any_point(database: &Database, vault_arn: &str, vault_name: &str) -> RecoveryPointRow {
    RecoveryPointRow {
        backup_vault_arn: text(vault_arn),
        backup_vault_name: text(vault_name),
        resource_arn: Some(database.arn()),
        resource_key: Some(resource_key(&database.arn())),
        resource_type: text(database.entry.kind.backup_type()),
        resource_name: Some(database.name.clone()),
        backup_size_bytes: Some(database.size_gib * GIB),
        encryption_key_arn: database.key_arn(),
        encryption_key_type: database.entry.key().type_word(),
        is_encrypted: Some(database.entry.key() != Key::None),
        iam_role_arn: Some(role_arn()),
        is_parent: Some(false),
        vault_type: text("BACKUP_VAULT"),
        ..RecoveryPointRow::default()
    }
}

/// Continuous points: the automated backup of the database itself, listed in the vault of the rule.
fn continuous<'a>(world: &'a World, place: Place, vault: &'a Vault) -> impl Iterator<Item = RecoveryPointRow> + use<'a> {
    let plan = PLANS.iter().find(|plan| plan.name == "continuous" && plan.region == vault.region && place.account == ACCOUNT);
    let rule = plan.and_then(|plan| plan.rules.iter().find(|rule| rule.continuous && rule.vault == vault.name));
    let chosen = plan.zip(rule).into_iter();
    chosen.flat_map(move |(plan, rule)| {
        let owned = world.databases(place).filter_map(|database| Some((database, managed_by(database)?)));
        owned.map(move |(database, arn)| RecoveryPointRow {
            recovery_point_arn: Some(arn),
            status: text(if database.entry.has(Twist::ContinuousStopped) { "STOPPED" } else { "AVAILABLE" }),
            creation_date: Some(millis(database.created_s)),
            initiation_date: Some(millis(database.created_s)),
            delete_after_days: Some(rule.delete_days),
            backup_plan_arn: Some(plan.arn()),
            backup_plan_id: Some(plan.id()),
            backup_plan_version: Some(version(plan)),
            backup_rule_id: Some(plan.part_id(rule.name)),
            ..any_point(database, &vault_arn(vault.account, vault.region, vault.name), vault.name)
        })
    })
}
