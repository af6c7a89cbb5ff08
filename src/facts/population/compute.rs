//! Volumes of EBS, and the EC2 instances that keep their data on them.
//!
//! The volumes are judged, the instances contain them: data on the disks of the host itself is lost with the instance and cannot be backed up. A backup
//! of an instance restores the volumes attached to it, so that nobody can say from the points of a volume alone that it has none.

use serde::Deserialize;

use super::snapshot_policies::SnapshotPolicies;
use super::{Resource, Role, Source, Told, json, tags};
use crate::facts::{FactError, Inputs};
use crate::model::Arn;

/// Volumes and instances; Data Lifecycle Manager tells which it makes snapshots of.
pub(super) const SOURCE: Source = Source {
    tables: &["ebs_volumes", "ec2_instances"],
    beside: &["dlm_policies"],
    arns: &[("ec2", "volume/"), ("ec2", "instance/")],
    read,
};

crate::rows! {
    /// What the population needs of `ebs_volumes`.
    struct VolumeRow {
        account_id: Text; region: Text; volume_arn: Text; volume_id: Text; state: Text; create_time_s: Integer; attachments: Json; tags: Json;
        collection: Text;
    }
}

crate::rows! {
    /// What the population needs of `ec2_instances`.
    struct InstanceRow { account_id: Text; region: Text; instance_arn: Text; instance_id: Text; state: Text; tags: Json; collection: Text; }
}

/// Where a volume is attached.
#[derive(Debug, Deserialize)]
struct Attachment {
    #[serde(rename = "InstanceId")]
    instance_id: Option<String>,
}

fn read(inputs: &Inputs<'_>) -> Result<Vec<Resource>, FactError> {
    let policies = SnapshotPolicies::read(inputs)?;
    let mut resources = Vec::new();
    for row in inputs.rows::<VolumeRow>("ebs_volumes")? {
        resources.push(of_volume(inputs, row, &policies)?);
    }
    for row in inputs.rows::<InstanceRow>("ec2_instances")? {
        if !matches!(row.state.as_deref(), Some("terminated" | "shutting-down")) {
            resources.push(of_instance(inputs, row)?);
        }
    }
    Ok(resources)
}

fn of_volume(inputs: &Inputs<'_>, row: VolumeRow, policies: &SnapshotPolicies) -> Result<Resource, FactError> {
    let table = "ebs_volumes";
    let arn = row.volume_arn.unwrap_or_default();
    let attached: Option<Vec<Attachment>> = json(table, "attachments", &arn, row.attachments)?;
    let told = Told {
        table,
        resource_type: "AWS::EC2::Volume",
        tags: Some(tags(table, &arn, row.tags)?.unwrap_or_default()),
        arn: Some(arn),
        account_id: row.account_id,
        region: row.region,
        name: row.volume_id,
        engine: None,
        status: row.state,
        created_s: row.create_time_s,
        collection: row.collection,
    };
    let resource = told.resource(inputs);
    let ids = attached.iter().flatten().filter_map(|attachment| attachment.instance_id.as_deref());
    let through = ids.filter_map(|id| instance_arn(&resource.arn, id)).collect::<Vec<_>>();
    let natively = policies.protect(&resource, if attached.is_none() { None } else { Some(!through.is_empty()) });
    Ok(Resource { natively, native_retention_days: (natively == Some(false)).then_some(0), through, ..resource })
}

/// The ARN of an instance beside a volume.
fn instance_arn(volume_arn: &str, instance_id: &str) -> Option<String> {
    let Arn { partition, region, account, .. } = Arn::parse(volume_arn)?;
    Some(format!("arn:{partition}:ec2:{region}:{account}:instance/{instance_id}"))
}

fn of_instance(inputs: &Inputs<'_>, row: InstanceRow) -> Result<Resource, FactError> {
    let table = "ec2_instances";
    let told = Told {
        table,
        resource_type: "AWS::EC2::Instance",
        tags: Some(tags(table, row.instance_arn.as_deref().unwrap_or_default(), row.tags)?.unwrap_or_default()),
        arn: row.instance_arn,
        account_id: row.account_id,
        region: row.region,
        name: row.instance_id,
        engine: None,
        status: row.state,
        // What AWS tells is the last launch, not the first.
        created_s: None,
        collection: row.collection,
    };
    Ok(Resource { role: Some(Role::Container), ..told.resource(inputs) })
}
