//! Rows of database instances and clusters.

use std::collections::BTreeMap;

use backup_audit::collect::rds_clusters::DbClusterRow;
use backup_audit::collect::rds_instances::DbInstanceRow;
use backup_audit::dataset::rows::Json;
use backup_audit::dataset::rows::millis;
use backup_audit::model::key::resource_key;
use backup_audit::model::moment::DAY_S;

use crate::catalogue::{Kind, Twist};
use crate::fleet::Database;
use crate::plans::ACCOUNT;
use crate::rows::{json, strings, text};
use crate::snapshots::{latest_restorable_s, replications};
use crate::world::{Place, World};

/// The instances of a Region, members of clusters included.
pub(crate) fn instances(world: &World, place: Place) -> Vec<DbInstanceRow> {
    let mut rows = Vec::new();
    for database in world.databases(place) {
        if database.entry.kind.is_cluster() {
            rows.extend(database.members().iter().map(|member| member_row(database, member)));
        } else {
            rows.push(instance_row(world, database, place));
        }
    }
    rows
}

/// The clusters of a Region that one of the three tables holds.
pub(crate) fn clusters(world: &World, place: Place, table: &str) -> Vec<DbClusterRow> {
    let of_table = |database: &&Database| match database.entry.kind {
        Kind::Neptune(_) => table == "neptune_clusters",
        Kind::DocumentDb(_) => table == "documentdb_clusters",
        Kind::Aurora(..) | Kind::MultiAz(_) => table == "rds_clusters",
        Kind::Instance(_) | Kind::Replica(_) => false,
    };
    world.databases(place).filter(of_table).map(|database| cluster_row(database, place)).collect()
}

/// Continuous recovery point of AWS Backup that owns the automated backups, for databases of the continuous plan.
pub(crate) fn managed_by(database: &Database) -> Option<String> {
    let continuous = database.entry.backed_up.iter().any(|(plan, _)| *plan == "continuous");
    continuous.then(|| database.automated_backup_arn(database.entry.region))
}

fn window(database: &Database) -> String {
    let clock = |minute: i64| format!("{:02}:{:02}", minute / 60, minute % 60);
    format!("{}-{}", clock(database.snapshot_minute), clock(database.snapshot_minute + 30))
}

/// On Sunday, far from the backup window and the plans, unless it is told otherwise. The plans begin at one and at two o'clock.
fn maintenance(database: &Database) -> String {
    let minute = match database.entry {
        entry if entry.has(Twist::Crowded) => database.snapshot_minute + 10,
        entry if entry.has(Twist::Colliding) => 70,
        _ => 12 * 60,
    };
    let clock = |minute: i64| format!("sun:{:02}:{:02}", minute / 60, minute % 60);
    format!("{}-{}", clock(minute), clock(minute + 30))
}

fn tags(tags: Option<&BTreeMap<String, String>>) -> Option<Json> {
    tags.map(|tags| json(serde_json::json!(tags)))
}

fn instance_row(world: &World, database: &Database, place: Place) -> DbInstanceRow {
    let arn = database.arn();
    // A change that waits for the maintenance window, on one database in nine.
    let pending = (resource_key(&arn) % 9 == 0).then(|| json(serde_json::json!({ "DBInstanceClass": "db.r8g.large" })));
    DbInstanceRow {
        read_replica_source: database.source().filter(|source| world.databases(place).any(|other| other.name == *source)),
        latest_restorable_time: latest_restorable_s(database, place.now_s).map(millis),
        backup_retention_period_days: Some(database.entry.native_days),
        db_instance_status: text(database.entry.status),
        aws_backup_recovery_point_arn: managed_by(database),
        automated_backups_replications: replications(database),
        pending_modified_values: pending,
        tags: tags(database.tags.as_ref()),
        ..any_instance(database, &database.name, &arn)
    }
}

/// A member of a cluster. RDS repeats retention and window of the cluster for it.
fn member_row(database: &Database, member: &str) -> DbInstanceRow {
    let arn = format!("arn:aws:rds:{}:{ACCOUNT}:db:{member}", database.entry.region);
    DbInstanceRow {
        db_cluster_identifier: Some(database.name.clone()),
        backup_retention_period_days: Some(database.entry.native_days),
        db_instance_status: text("available"),
        tags: tags(Some(&BTreeMap::new())),
        ..any_instance(database, member, &arn)
    }
}

/// Logs go to CloudWatch where somebody is called at night.
fn log_exports(database: &Database) -> Json {
    let logs: &[&str] = match (database.entry.tier, database.entry.kind.engine()) {
        ("critical" | "realtime" | "pitr", "postgres" | "aurora-postgresql") => &["postgresql", "upgrade"],
        ("critical" | "realtime" | "pitr", _) => &["audit", "error", "slowquery"],
        _ => &[],
    };
    strings(logs.iter().copied())
}

/// Secrets Manager keeps the password of what was set up by the platform of payments, as the first.
fn is_password_managed(database: &Database) -> bool {
    matches!(database.entry.tier, "critical" | "pitr") && database.entry.kind.engine() != "neptune"
}

/// One network in each Region, for restore tests as for everything else.
fn vpc_id(arn: &str) -> String {
    format!("vpc-{:016x}", resource_key(arn.split(':').nth(3).unwrap_or_default()))
}

fn any_instance(database: &Database, name: &str, arn: &str) -> DbInstanceRow {
    DbInstanceRow {
        db_instance_arn: text(arn),
        db_instance_identifier: text(name),
        dbi_resource_id: Some(format!("db-{:016X}", resource_key(&format!("{}/{name}", database.life)))),
        resource_key: Some(resource_key(arn)),
        engine: text(database.entry.kind.engine()),
        engine_version: text(database.entry.kind.version()),
        db_instance_class: text("db.r7g.large"),
        instance_create_time: Some(millis(database.created_s)),
        allocated_storage_gib: Some(database.size_gib),
        preferred_backup_window: Some(window(database)),
        preferred_maintenance_window: Some(maintenance(database)),
        multi_az: Some(database.entry.tier == "critical"),
        publicly_accessible: Some(name.starts_with("awsbackup-restore-test-")),
        vpc_id: Some(vpc_id(arn)),
        storage_encrypted: Some(database.entry.key().storage_encrypted()),
        storage_encryption_type: text(database.entry.key().storage_type()),
        kms_key_id: database.key_arn(),
        deletion_protection: Some(!database.entry.has(Twist::Unguarded)),
        copy_tags_to_snapshot: Some(!database.entry.has(Twist::TagsNotCopied)),
        log_exports: Some(log_exports(database)),
        password_managed: Some(is_password_managed(database)),
        ..DbInstanceRow::default()
    }
}

fn cluster_row(database: &Database, place: Place) -> DbClusterRow {
    let (kind, told) = (database.entry.kind, !database.entry.has(Twist::Untold));
    let latest_s = latest_restorable_s(database, place.now_s);
    let earliest_s = (place.now_s - database.entry.native_days * DAY_S).max(database.created_s);
    DbClusterRow {
        db_cluster_arn: Some(database.arn()),
        db_cluster_identifier: Some(database.name.clone()),
        db_cluster_resource_id: Some(format!("cluster-{}", database.life.to_uppercase())),
        resource_key: Some(resource_key(&database.arn())),
        engine: text(kind.engine()),
        engine_mode: text("provisioned"),
        engine_version: text(kind.version()),
        db_cluster_instance_class: matches!(kind, Kind::MultiAz(_)).then(|| "db.m6gd.large".to_owned()),
        status: text(database.entry.status),
        cluster_create_time: Some(millis(database.created_s)),
        backup_retention_period_days: Some(database.entry.native_days),
        preferred_backup_window: Some(window(database)),
        preferred_maintenance_window: Some(maintenance(database)),
        earliest_restorable_time: latest_s.map(|_| millis(earliest_s)),
        latest_restorable_time: latest_s.map(millis),
        multi_az: Some(kind.members() > 1),
        storage_encrypted: Some(database.entry.key().storage_encrypted()).filter(|_| told),
        storage_encryption_type: text(database.entry.key().storage_type()).filter(|_| told),
        kms_key_id: database.key_arn(),
        deletion_protection: Some(!database.entry.has(Twist::Unguarded)),
        copy_tags_to_snapshot: Some(!database.entry.has(Twist::TagsNotCopied)),
        log_exports: Some(log_exports(database)).filter(|_| told),
        password_managed: Some(is_password_managed(database)).filter(|_| told),
        members: Some(strings(database.members())),
        tags: tags(database.tags.as_ref()),
        ..DbClusterRow::default()
    }
}
