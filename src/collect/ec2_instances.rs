//! Instances of EC2: one row per instance, also one that was terminated within the last hour.
//!
//! Calls `DescribeInstances`, whose items are reservations with instances in them. Tags and volumes are in the list; what an AWS service manages and
//! hides by default is not. That an Auto Scaling group or another service made an instance stands in its tags (`aws:autoscaling:groupName`).
//!
//! Key: `instance_arn`, built from the id. EC2 may leave the list of tags out of an answer; then `tags` is NULL.
//! Source: Amazon EC2 API Reference, `DescribeInstances`.

use async_trait::async_trait;
use serde::Deserialize;
use serde_json::Value;

use super::collector::{Collector, Harvest, Operation, ReadError, Unit};
use super::door::RegionDoor;
use super::ec2::fields::{Tag, arn, moment, tag_set};
use super::ec2::{Page, Set, list};
use super::fields::{json, resource_key, sent};
use crate::dataset::rows::Row;
use crate::dataset::{Table, TableKind};

crate::rows! {
    /// An instance.
    pub struct InstanceRow {
        /// ARN of the instance
        instance_arn: Text, Never, "built from InstanceId";
        /// Id of the instance
        instance_id: Text, NotTold, "InstanceId";
        /// Integer key of the ARN
        resource_key: Integer, NotTold, "key of instance_arn";
        /// pending, running, shutting-down, terminated, stopping or stopped
        state: Text, NotTold, "State.Name";
        /// When the instance was last started
        launch_time: Time, NotTold, "LaunchTime";
        /// Instance type
        instance_type: Text, NotTold, "InstanceType";
        /// Image that it was launched from
        image_id: Text, NotTold, "ImageId";
        /// spot, scheduled or capacity-block
        instance_lifecycle: Text, Means("neither a Spot nor a scheduled instance, nor in a Capacity Block"), "InstanceLifecycle";
        /// ebs or instance-store; what lies in an instance store has no snapshots
        root_device_type: Text, NotTold, "RootDeviceType";
        /// Device of the root volume
        root_device_name: Text, NotTold, "RootDeviceName";
        /// Volumes by device, with whether each is deleted with the instance
        block_device_mappings: Json, NotTold, "BlockDeviceMappings";
        /// Tags as an object
        tags: Json, Means("no tags"), "Tags";
    }
}

/// The instances of a Region.
pub static TABLE: Table = Table {
    name: "ec2_instances",
    kind: TableKind::State,
    doc: "One row for each EC2 instance, those terminated within the last hour included.",
    columns: InstanceRow::COLUMNS,
    key: &["instance_arn"],
    parent: None,
    created: None,
    global: false,
    subject: None,
};

const DESCRIBE: Operation = Operation { service: "ec2", name: "DescribeInstances", action: "ec2:DescribeInstances" };

/// Reads [`TABLE`].
pub(crate) struct Ec2Instances;

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Answer {
    reservation_set: Option<Set<Reservation>>,
    next_token: Option<String>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Reservation {
    instances_set: Option<Set<Instance>>,
}

#[derive(Debug, Deserialize)]
#[expect(clippy::struct_field_names, reason = "the names of the wire")]
#[serde(rename_all = "camelCase")]
struct Instance {
    instance_id: Option<String>,
    instance_state: Option<State>,
    launch_time: Option<String>,
    instance_type: Option<String>,
    image_id: Option<String>,
    instance_lifecycle: Option<String>,
    root_device_type: Option<String>,
    root_device_name: Option<String>,
    block_device_mapping: Option<Set<Mapping>>,
    tag_set: Option<Set<Tag>>,
}

#[derive(Debug, Deserialize)]
struct State {
    name: Option<String>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Mapping {
    device_name: Option<String>,
    ebs: Option<Ebs>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Ebs {
    volume_id: Option<String>,
    status: Option<String>,
    delete_on_termination: Option<bool>,
}

impl Page for Answer {
    type Item = Reservation;
    const LIST: &'static str = "reservationSet";

    fn parts(self) -> (Option<Set<Reservation>>, Option<String>) {
        (self.reservation_set, self.next_token)
    }
}

#[async_trait]
impl Collector for Ec2Instances {
    fn tables(&self) -> &'static [&'static Table] {
        const { &[&TABLE] }
    }

    fn operations(&self) -> &'static [Operation] {
        &[DESCRIBE]
    }

    async fn collect(&self, door: &RegionDoor, _unit: &Unit, harvest: &mut Harvest) -> Result<(), ReadError> {
        let push = |harvest: &mut Harvest, reservation: Reservation| match reservation.instances_set {
            Some(set) => set.item.into_iter().for_each(|instance| harvest.push(&TABLE, row(door, instance))),
            None => harvest.refuse(format!("{}: a reservation sent without instancesSet", DESCRIBE.name)),
        };
        list::<Answer>(door, DESCRIBE.name, &[("MaxResults", "1000")], harvest, push).await
    }
}

fn row(door: &RegionDoor, instance: Instance) -> InstanceRow {
    let instance_arn = arn(door, "instance", instance.instance_id.as_deref());
    InstanceRow {
        resource_key: resource_key(instance_arn.as_deref()),
        instance_arn,
        instance_id: instance.instance_id,
        state: instance.instance_state.and_then(|state| state.name),
        launch_time: moment(instance.launch_time.as_deref()),
        instance_type: instance.instance_type,
        image_id: instance.image_id,
        instance_lifecycle: instance.instance_lifecycle,
        root_device_type: instance.root_device_type,
        root_device_name: instance.root_device_name,
        block_device_mappings: instance.block_device_mapping.map(|set| json(set.item.into_iter().map(mapping).collect())),
        tags: tag_set(instance.tag_set),
    }
}

fn mapping(mapping: Mapping) -> Value {
    let ebs = mapping.ebs.map(|ebs| {
        sent([
            ("DeleteOnTermination", ebs.delete_on_termination.map(Value::from)),
            ("Status", ebs.status.map(Value::from)),
            ("VolumeId", ebs.volume_id.map(Value::from)),
        ])
    });
    sent([("DeviceName", mapping.device_name.map(Value::from)), ("Ebs", ebs)])
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::collect::test_reads::{ec2, read};
    use crate::dataset::rows::{Json, Millis};

    const WEB: &str = "<item><instanceId>i-1</instanceId><imageId>ami-1</imageId><instanceState><code>16</code><name>running</name></instanceState>\
        <launchTime>2026-01-01T00:00:00.000Z</launchTime><instanceLifecycle>spot</instanceLifecycle><rootDeviceType>ebs</rootDeviceType>\
        <blockDeviceMapping><item><deviceName>/dev/xvda</deviceName><ebs><volumeId>vol-1</volumeId><status>attached</status>\
        <attachTime>2026-01-01T00:00:00.000Z</attachTime><deleteOnTermination>true</deleteOnTermination></ebs></item></blockDeviceMapping>\
        <tagSet><item><key>aws:autoscaling:groupName</key><value>web</value></item></tagSet></item>";

    #[tokio::test]
    async fn instances_of_all_reservations_become_rows_and_what_is_not_sent_stays_null() {
        let one = format!(
            "<item><reservationId>r-1</reservationId><instancesSet>{WEB}<item><instanceId>i-2</instanceId></item></instancesSet></item>"
        );
        let two =
            "<item><instancesSet><item><instanceId>i-3</instanceId><blockDeviceMapping/><tagSet/></item></instancesSet></item><item/>";
        let replies = [
            ec2(DESCRIBE.name, &format!("<reservationSet>{one}</reservationSet><nextToken>2</nextToken>")).containing("MaxResults=1000"),
            ec2(DESCRIBE.name, &format!("<reservationSet>{two}</reservationSet>")).containing("NextToken=2"),
        ];
        let (result, mut harvest) = read(&Ec2Instances, &Unit::REGION, replies).await;
        result.unwrap();
        assert_eq!((harvest.items(), harvest.refused().len()), (3, 1), "a reservation that does not tell its instances is a gap");
        let rows: Vec<InstanceRow> = harvest.take(&TABLE).rows();
        let text = |json: &Option<Json>| json.clone().map(|json| json.0);
        assert_eq!(rows[0].instance_arn.as_deref(), Some("arn:aws:ec2:eu-west-1:111122223333:instance/i-1"));
        assert_eq!((rows[0].state.as_deref(), rows[0].launch_time), (Some("running"), Some(Millis(1_767_225_600_000))));
        assert_eq!(rows[0].instance_lifecycle.as_deref(), Some("spot"));
        let volumes = r#"[{"DeviceName":"/dev/xvda","Ebs":{"DeleteOnTermination":true,"Status":"attached","VolumeId":"vol-1"}}]"#;
        assert_eq!(text(&rows[0].block_device_mappings).as_deref(), Some(volumes));
        assert_eq!(text(&rows[0].tags).as_deref(), Some(r#"{"aws:autoscaling:groupName":"web"}"#));
        assert_eq!((rows[1].state.clone(), rows[1].block_device_mappings.clone(), rows[1].tags.clone()), (None, None, None));
        assert_eq!((text(&rows[2].block_device_mappings).as_deref(), text(&rows[2].tags).as_deref()), (Some("[]"), Some("{}")));
    }
}
