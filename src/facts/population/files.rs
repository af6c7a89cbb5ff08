//! File systems of EFS and `FSx`, and the volumes of `FSx` for ONTAP.
//!
//! An ONTAP file system is backed up by volume: the volumes are judged, the file system contains them. Volumes of `OpenZFS` are part of their file
//! system. Source: `FSx` user guides, "Protecting your data with backups".

use std::collections::BTreeMap;

use super::{Resource, Role, Source, Told, role, tags};
use crate::facts::{FactError, Inputs};

/// File systems and volumes.
pub(super) const SOURCE: Source = Source {
    tables: &["efs_file_systems", "fsx_file_systems", "fsx_volumes"],
    beside: &[],
    arns: &[("elasticfilesystem", "file-system/"), ("fsx", "file-system/"), ("fsx", "volume/")],
    read,
};

crate::rows! {
    /// What the population needs of `efs_file_systems`.
    struct EfsRow {
        account_id: Text; region: Text; file_system_arn: Text; file_system_id: Text; name: Text; creation_time_s: Integer; life_cycle_state: Text;
        replication_overwrite_protection: Text; tags: Json; collection: Text;
    }
}

crate::rows! {
    /// What the population needs of `fsx_file_systems`.
    struct FsxRow {
        account_id: Text; region: Text; file_system_arn: Text; file_system_id: Text; file_system_type: Text; deployment_type: Text; lifecycle: Text;
        creation_time_s: Integer; automatic_backup_retention_days: Integer; tags: Json; collection: Text;
    }
}

crate::rows! {
    /// What the population needs of `fsx_volumes`.
    struct VolumeRow {
        account_id: Text; region: Text; volume_arn: Text; name: Text; volume_type: Text; file_system_id: Text; lifecycle: Text;
        creation_time_s: Integer; ontap_volume_type: Text; storage_virtual_machine_root: Boolean; tags: Json; collection: Text;
    }
}

fn read(inputs: &Inputs<'_>) -> Result<Vec<Resource>, FactError> {
    let mut resources = Vec::new();
    for row in inputs.rows::<EfsRow>("efs_file_systems")? {
        resources.push(of_efs(inputs, row)?);
    }
    let mut days = BTreeMap::new();
    for row in inputs.rows::<FsxRow>("fsx_file_systems")? {
        if let Some(id) = row.file_system_id.clone() {
            days.insert(id, kept_days(&row));
        }
        resources.push(of_fsx(inputs, row)?);
    }
    for row in inputs.rows::<VolumeRow>("fsx_volumes")? {
        resources.push(of_volume(inputs, row, &days)?);
    }
    Ok(resources)
}

fn of_efs(inputs: &Inputs<'_>, row: EfsRow) -> Result<Resource, FactError> {
    let table = "efs_file_systems";
    let told = Told {
        table,
        resource_type: "AWS::EFS::FileSystem",
        tags: tags(table, row.file_system_arn.as_deref().unwrap_or_default(), row.tags)?,
        arn: row.file_system_arn,
        account_id: row.account_id,
        region: row.region,
        name: row.name.filter(|name| !name.is_empty()).or(row.file_system_id),
        engine: None,
        status: row.life_cycle_state,
        created_s: row.creation_time_s,
        collection: row.collection,
    };
    let resource = told.resource(inputs);
    let is_replica = row.replication_overwrite_protection.map(|state| state == "REPLICATING");
    let role = match is_replica {
        Some(is_replica) => role(&resource.facts, is_replica),
        // Whether it only repeats another was not told.
        None => resource.role.filter(|role| *role != Role::Primary),
    };
    Ok(Resource { role, natively: Some(false), native_retention_days: Some(0), ..resource })
}

/// Scratch file systems of Lustre are not backed up at all, and tell no days.
fn kept_days(row: &FsxRow) -> Option<i64> {
    let scratch = row.deployment_type.as_deref().is_some_and(|of| of.starts_with("SCRATCH_"));
    row.automatic_backup_retention_days.or(scratch.then_some(0))
}

fn of_fsx(inputs: &Inputs<'_>, row: FsxRow) -> Result<Resource, FactError> {
    let (table, days) = ("fsx_file_systems", kept_days(&row));
    let told = Told {
        table,
        resource_type: "AWS::FSx::FileSystem",
        tags: Some(tags(table, row.file_system_arn.as_deref().unwrap_or_default(), row.tags)?.unwrap_or_default()),
        arn: row.file_system_arn,
        account_id: row.account_id,
        region: row.region,
        name: row.file_system_id,
        engine: row.file_system_type.clone(),
        status: row.lifecycle,
        created_s: row.creation_time_s,
        collection: row.collection,
    };
    let resource = told.resource(inputs);
    let role = match row.file_system_type.as_deref() {
        Some("ONTAP") => Some(Role::Container),
        Some(_) => resource.role,
        None => resource.role.filter(|role| *role != Role::Primary),
    };
    Ok(Resource { role, natively: days.map(|days| days > 0), native_retention_days: days, ..resource })
}

fn of_volume(inputs: &Inputs<'_>, row: VolumeRow, days: &BTreeMap<String, Option<i64>>) -> Result<Resource, FactError> {
    let table = "fsx_volumes";
    let kept_days = row.file_system_id.as_ref().and_then(|id| days.get(id)).copied().flatten();
    let told = Told {
        table,
        resource_type: "AWS::FSx::Volume",
        tags: Some(tags(table, row.volume_arn.as_deref().unwrap_or_default(), row.tags)?.unwrap_or_default()),
        arn: row.volume_arn,
        account_id: row.account_id,
        region: row.region,
        name: row.name,
        engine: row.volume_type.clone(),
        status: row.lifecycle,
        created_s: row.creation_time_s,
        collection: row.collection,
    };
    let resource = told.resource(inputs);
    let role = match (row.volume_type.as_deref(), row.storage_virtual_machine_root, row.ontap_volume_type.as_deref()) {
        // The root of a storage virtual machine of ONTAP holds where the other volumes are joined, and no files.
        (Some("OPENZFS"), ..) | (Some("ONTAP"), Some(true), _) => Some(Role::Part),
        // Data protection and load sharing volumes repeat a volume elsewhere.
        (Some("ONTAP"), Some(false), Some("DP" | "LS")) => role(&resource.facts, true),
        (Some("ONTAP"), Some(false), Some("RW")) => resource.role,
        _ => resource.role.filter(|role| *role != Role::Primary),
    };
    Ok(Resource { role, natively: kept_days.map(|days| days > 0), native_retention_days: kept_days, ..resource })
}
