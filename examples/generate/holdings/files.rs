//! File systems of EFS and FSx.

use backup_audit::collect::efs_file_systems::EfsFileSystemRow;
use backup_audit::collect::efs_replications::EfsReplicationRow;
use backup_audit::collect::fsx_file_systems::FsxFileSystemRow;
use backup_audit::dataset::rows::millis;
use backup_audit::model::key::resource_key;

use super::{Tags, arn, id, is_here, made_s, tagged};
use crate::keys::Key;
use crate::plans::{ACCOUNT, EU, US};
use crate::rows::text;
use crate::world::{Place, World};

struct Efs {
    region: &'static str,
    name: &'static str,
    encrypted: bool,
    /// Status of its automatic backups; `None` if they were never set.
    policy: Option<&'static str>,
    /// `ReplicationOverwriteProtection`; `None` if EFS does not tell.
    protection: Option<&'static str>,
    made_ago: i64,
    tags: Tags,
}

/// It is kept in one zone.
const ONE_ZONE: &str = "design-files";
/// Of it there is a replica in the other Region.
const REPLICATED: &str = "web-uploads";

const EFS: [Efs; 5] = [
    Efs {
        region: US,
        name: REPLICATED,
        encrypted: true,
        policy: Some("ENABLED"),
        protection: Some("ENABLED"),
        made_ago: 20,
        tags: &[("tier", "weekly"), ("aws:elasticfilesystem:default-backup", "enabled")],
    },
    // From before encryption was to be had, and in one zone to save money; the weekly plan takes it.
    Efs {
        region: US,
        name: ONE_ZONE,
        encrypted: false,
        policy: None,
        protection: Some("ENABLED"),
        made_ago: 400,
        tags: &[("tier", "weekly"), ("backup", "weekly")],
    },
    Efs {
        region: US,
        name: "restored",
        encrypted: true,
        policy: None,
        protection: Some("ENABLED"),
        made_ago: 1,
        tags: &[("awsbackup-restore-test", "weekly_sample")],
    },
    Efs {
        region: EU,
        name: "web-uploads-replica",
        encrypted: true,
        policy: None,
        protection: Some("REPLICATING"),
        made_ago: 20,
        tags: &[("tier", "weekly")],
    },
    // EFS does not say whether it repeats another one.
    Efs {
        region: EU,
        name: "eu-designs",
        encrypted: true,
        policy: Some("ENABLED"),
        protection: None,
        made_ago: 300,
        tags: &[("tier", "dev")],
    },
];

/// The file systems of EFS in a Region.
pub(super) fn efs(world: &World, place: Place) -> Vec<EfsFileSystemRow> {
    let row = |system: &Efs| {
        let file_system_id = id("fs", system.name);
        let arn = arn("elasticfilesystem", system.region, &format!("file-system/{file_system_id}"));
        EfsFileSystemRow {
            resource_key: Some(resource_key(&arn)),
            file_system_arn: Some(arn),
            file_system_id: Some(file_system_id),
            name: text(system.name),
            creation_time: Some(millis(world.timeline.ago(system.made_ago))),
            life_cycle_state: text("available"),
            availability_zone_name: text("us-east-1a").filter(|_| system.name == ONE_ZONE),
            encrypted: Some(system.encrypted),
            kms_key_id: Key::Estate.arn(ACCOUNT, system.region).filter(|_| system.encrypted),
            replication_overwrite_protection: system.protection.map(str::to_owned),
            has_backup_policy: Some(system.policy.is_some()),
            backup_policy_status: system.policy.map(str::to_owned),
            tags: Some(tagged(system.tags)),
            ..EfsFileSystemRow::default()
        }
    };
    EFS.iter().filter(|system| is_here(world, place, system.region, system.made_ago)).map(row).collect()
}

/// The replications from or to a Region.
pub(super) fn replications(world: &World, place: Place) -> Vec<EfsReplicationRow> {
    let row = EfsReplicationRow {
        source_file_system_arn: Some(arn("elasticfilesystem", US, &format!("file-system/{}", id("fs", REPLICATED)))),
        source_file_system_region: text(US),
        source_file_system_owner_id: text(ACCOUNT),
        destination_file_system_id: Some(id("fs", "web-uploads-replica")),
        destination_region: text(EU),
        destination_owner_id: text(ACCOUNT),
        status: text("ENABLED"),
        last_replicated_timestamp: Some(millis(place.now_s - 600)),
        ..EfsReplicationRow::default()
    };
    [US, EU].iter().any(|region| is_here(world, place, region, 20)).then_some(row).into_iter().collect()
}

struct Fsx {
    name: &'static str,
    kind: &'static str,
    deployment: &'static str,
    lifecycle: &'static str,
    /// `None` if FSx does not tell.
    kept_days: Option<i64>,
    copies_tags: Option<bool>,
    made_ago: i64,
    tags: Tags,
}

const fn windows(name: &'static str) -> Fsx {
    Fsx {
        name,
        kind: "WINDOWS",
        deployment: "MULTI_AZ_1",
        lifecycle: "AVAILABLE",
        kept_days: Some(14),
        copies_tags: Some(true),
        made_ago: 400,
        tags: &[("tier", "standard")],
    }
}

const FSX: [Fsx; 4] = [
    windows("office"),
    Fsx {
        kind: "LUSTRE",
        deployment: "PERSISTENT_2",
        kept_days: Some(0),
        copies_tags: Some(false),
        tags: &[("tier", "dev")],
        ..windows("renders")
    },
    Fsx {
        kind: "LUSTRE",
        deployment: "SCRATCH_2",
        kept_days: None,
        copies_tags: None,
        tags: &[("tier", "dev")],
        ..windows("renders-scratch")
    },
    Fsx { lifecycle: "CREATING", kept_days: None, copies_tags: None, made_ago: 0, tags: &[("tier", "dev")], ..windows("branch-office") },
];

/// The file systems of FSx in a Region.
pub(super) fn fsx(world: &World, place: Place) -> Vec<FsxFileSystemRow> {
    let row = |system: &Fsx| {
        let file_system_id = id("fs", &format!("fsx/{}", system.name));
        let arn = arn("fsx", US, &format!("file-system/{file_system_id}"));
        FsxFileSystemRow {
            resource_key: Some(resource_key(&arn)),
            file_system_arn: Some(arn),
            file_system_id: Some(file_system_id),
            file_system_type: text(system.kind),
            deployment_type: text(system.deployment),
            creation_time: Some(millis(made_s(world, system.made_ago))),
            lifecycle: text(system.lifecycle),
            kms_key_id: Key::Estate.arn(ACCOUNT, US),
            automatic_backup_retention_days: system.kept_days,
            copy_tags_to_backups: system.copies_tags,
            tags: Some(tagged(system.tags)),
            ..FsxFileSystemRow::default()
        }
    };
    FSX.iter().filter(|system| is_here(world, place, US, system.made_ago)).map(row).collect()
}
