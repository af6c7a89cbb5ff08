//! What has backups outside of vaults alone: snapshots that somebody took, backups that services keep by themselves.
//!
//! For each account and service it is asked whether there is something of the account of which such backups are there and no point lies in any vault
//! that was read: whoever deletes them deletes all there is. What AWS Backup made is its own, wherever it is listed. A volume may also be held by a
//! point of its instance, and snapshots of volumes that are gone are what images are made of.
//!
//! Sources: API references of the services, what lists their snapshots; AWS Backup developer guide, "Encryption", for the names of its snapshots.

use std::collections::{BTreeMap, BTreeSet};

use crate::dataset::rows::Json;
use crate::dataset::schema::RestsOn;
use crate::facts::objectives::{and, or};
use crate::facts::{FactError, Inputs, account, everywhere};
use crate::model::Arn;

/// What is read.
pub(in crate::facts) const OUTSIDE_READ: &[RestsOn] = &[
    everywhere("recovery_points"),
    account("rds_snapshots"),
    account("rds_automated_backups"),
    account("ebs_snapshots"),
    account("ebs_volumes"),
    account("dynamodb_backups"),
    account("redshift_snapshots"),
    account("elasticache_snapshots"),
    account("fsx_backups"),
];

/// Each service, as its actions begin, with what lists its backups.
const SERVICES: [(&str, &[&str]); 6] = [
    ("rds", &["rds_snapshots", "rds_automated_backups"]),
    ("ec2", &["ebs_snapshots", "ebs_volumes"]),
    ("dynamodb", &["dynamodb_backups"]),
    ("redshift", &["redshift_snapshots"]),
    ("elasticache", &["elasticache_snapshots"]),
    ("fsx", &["fsx_backups"]),
];

/// How AWS Backup names its snapshots, and how it tags them.
const ITS_NAME: &str = ":awsbackup:";
const ITS_TAG: &str = "\"aws:backup:";

crate::rows! {
    /// What is needed of `recovery_points`.
    struct PointRow { resource_arn: Text; exists: Boolean; }
}

crate::rows! {
    /// What is needed of `rds_snapshots`.
    struct DbSnapshotRow { account_id: Text; snapshot_arn: Text; resource_arn: Text; snapshot_type: Text; exists: Boolean; }
}

crate::rows! {
    /// What is needed of `rds_automated_backups`.
    struct AutomatedRow { account_id: Text; source_arn: Text; aws_backup_recovery_point_arn: Text; }
}

crate::rows! {
    /// What is needed of `ebs_snapshots`.
    struct DiskRow { account_id: Text; region: Text; volume_id: Text; tags: Json; exists: Boolean; }
}

crate::rows! {
    /// What is needed of `ebs_volumes`.
    struct VolumeRow { volume_arn: Text; }
}

crate::rows! {
    /// What is needed of `dynamodb_backups`.
    struct TableBackupRow { account_id: Text; table_arn: Text; backup_type: Text; exists: Boolean; }
}

crate::rows! {
    /// What is needed of `redshift_snapshots`.
    struct ClusterSnapshotRow { account_id: Text; snapshot_arn: Text; resource_arn: Text; exists: Boolean; }
}

crate::rows! {
    /// What is needed of `elasticache_snapshots`.
    struct CacheSnapshotRow { account_id: Text; resource_arn: Text; exists: Boolean; }
}

crate::rows! {
    /// What is needed of `fsx_backups`.
    struct FileBackupRow { account_id: Text; resource_arn: Text; backup_type: Text; exists: Boolean; }
}

/// What points in vaults hold.
struct Held {
    /// By ARN, and whether such a point is there.
    by_arn: BTreeMap<String, Option<bool>>,
    /// Whether a point of an instance is there, which holds its volumes.
    instances: Option<bool>,
    /// What is known of something that no point is listed of.
    unlisted: Option<bool>,
}

impl Held {
    fn read(inputs: &Inputs<'_>) -> Result<Self, FactError> {
        let read = inputs.complete_everywhere("recovery_points");
        let unlisted = read.then_some(false);
        let mut held = Self { by_arn: BTreeMap::new(), instances: Some(false), unlisted };
        inputs.each::<PointRow>("recovery_points", |point| {
            if point.exists == Some(false) {
                return;
            }
            // A point of which it is not told what it holds may hold anything.
            let Some(arn) = point.resource_arn else { return held.unlisted = None };
            if arn.contains(":instance/") {
                held.instances = or(held.instances, point.exists);
            }
            match held.by_arn.get_mut(&arn) {
                Some(there) => *there = or(*there, point.exists),
                None => drop(held.by_arn.insert(arn, point.exists)),
            }
        })?;
        Ok(held)
    }

    fn holds(&self, arn: &str) -> Option<bool> {
        or(self.by_arn.get(arn).copied().unwrap_or(Some(false)), self.unlisted)
    }
}

/// Whether something of an account has backups of a service outside of vaults alone.
pub(super) struct Outside {
    held: Held,
    alone: BTreeMap<(String, &'static str), Option<bool>>,
}

impl Outside {
    pub(super) fn read(inputs: &Inputs<'_>) -> Result<Self, FactError> {
        let mut outside = Self { held: Held::read(inputs)?, alone: BTreeMap::new() };
        outside.databases(inputs)?;
        outside.volumes(inputs)?;
        outside.others(inputs)?;
        Ok(outside)
    }

    /// Each service of which something of an account has such backups alone, or may have.
    pub(super) fn of(&self, inputs: &Inputs<'_>, account_id: &str) -> Vec<(&'static str, Option<bool>)> {
        let alone = |service: &'static str, tables: &[&str]| {
            let found = self.alone.get(&(account_id.to_owned(), service)).copied().unwrap_or(Some(false));
            let read = tables.iter().all(|table| inputs.complete_in_account(table, account_id));
            or(found, read.then_some(false))
        };
        let services = SERVICES.iter().map(|(service, tables)| (*service, alone(service, tables)));
        services.filter(|(_, alone)| *alone != Some(false)).collect()
    }

    fn databases(&mut self, inputs: &Inputs<'_>) -> Result<(), FactError> {
        inputs.each::<DbSnapshotRow>("rds_snapshots", |row| {
            let its_own = row.snapshot_arn.as_deref().is_some_and(|arn| arn.contains(ITS_NAME));
            // Automated ones go with the automated backup, which is counted.
            if !its_own && !matches!(row.snapshot_type.as_deref(), Some("automated" | "awsbackup")) {
                let exists = row.exists.filter(|_| row.snapshot_type.is_some());
                self.note("rds", row.account_id, row.resource_arn.as_deref(), exists);
            }
        })?;
        inputs.each::<AutomatedRow>("rds_automated_backups", |row| {
            if row.aws_backup_recovery_point_arn.is_none_or(|arn| arn.is_empty()) {
                self.note("rds", row.account_id, row.source_arn.as_deref(), Some(true));
            }
        })
    }

    fn volumes(&mut self, inputs: &Inputs<'_>) -> Result<(), FactError> {
        let volumes: BTreeSet<String> = inputs.rows::<VolumeRow>("ebs_volumes")?.into_iter().filter_map(|row| row.volume_arn).collect();
        // Of a volume the place and the id are all that differs.
        let known: BTreeMap<&str, &String> = volumes.iter().filter_map(|arn| Some((arn.split_once(":ec2:")?.1, arn))).collect();
        let instances = self.held.instances;
        inputs.each::<DiskRow>("ebs_snapshots", |row| {
            let its_own = row.tags.as_ref().map(|Json(tags)| tags.contains(ITS_TAG));
            let place = (row.region.unwrap_or_default(), row.account_id.clone().unwrap_or_default());
            let volume = row.volume_id.and_then(|id| known.get(format!("{}:{}:volume/{id}", place.0, place.1).as_str()).copied());
            if its_own == Some(true) || volume.is_none() {
                return;
            }
            let exists = and(row.exists, and(its_own.map(|its_own| !its_own), instances.map(|held| !held).filter(|free| *free)));
            self.note("ec2", row.account_id, volume.map(String::as_str), exists);
        })
    }

    fn others(&mut self, inputs: &Inputs<'_>) -> Result<(), FactError> {
        inputs.each::<TableBackupRow>("dynamodb_backups", |row| {
            if !matches!(row.backup_type.as_deref(), Some("AWS_BACKUP" | "SYSTEM")) {
                let exists = row.exists.filter(|_| row.backup_type.is_some());
                self.note("dynamodb", row.account_id, row.table_arn.as_deref(), exists);
            }
        })?;
        inputs.each::<ClusterSnapshotRow>("redshift_snapshots", |row| {
            if !row.snapshot_arn.as_deref().is_some_and(|arn| arn.contains(ITS_NAME)) {
                self.note("redshift", row.account_id, row.resource_arn.as_deref(), row.exists);
            }
        })?;
        inputs.each::<CacheSnapshotRow>("elasticache_snapshots", |row| {
            self.note("elasticache", row.account_id, row.resource_arn.as_deref(), row.exists);
        })?;
        inputs.each::<FileBackupRow>("fsx_backups", |row| {
            if row.backup_type.as_deref() != Some("AWS_BACKUP") {
                let exists = row.exists.filter(|_| row.backup_type.is_some());
                self.note("fsx", row.account_id, row.resource_arn.as_deref(), exists);
            }
        })
    }

    /// Counts a backup of something. What another account has is deleted there.
    fn note(&mut self, service: &'static str, account_id: Option<String>, resource: Option<&str>, exists: Option<bool>) {
        let account_id = account_id.unwrap_or_default();
        let at_home = resource.and_then(Arn::parse).map(|arn| arn.account == account_id);
        let alone = resource.and_then(|arn| self.held.holds(arn)).map(|held| !held);
        let alone = and(exists, and(at_home, alone));
        let found = self.alone.entry((account_id, service)).or_insert(Some(false));
        *found = or(*found, alone);
    }
}
