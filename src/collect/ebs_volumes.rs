//! Volumes of EBS: one row per volume.
//!
//! Calls `DescribeVolumes`. Tags and attachments are in the list; what an AWS service manages and hides by default is not.
//!
//! Key: `volume_arn`, which is built from the id. A volume that was never attached has an empty list of attachments. EC2 may leave the list of
//! tags out of an answer; then `tags` is NULL. Source: Amazon EC2 API Reference, `DescribeVolumes`.

use async_trait::async_trait;
use serde::Deserialize;
use serde_json::Value;

use super::collector::{Collector, Harvest, Operation, ReadError, Unit};
use super::door::RegionDoor;
use super::ec2::fields::{Tag, arn, moment, tag_set};
use super::ec2::{Page, Set, list};
use super::fields::{json, required, resource_key, sent};
use crate::dataset::rows::Row;
use crate::dataset::{Table, TableKind};

crate::rows! {
    /// A volume.
    pub struct VolumeRow {
        /// ARN of the volume
        volume_arn: Text, Never, "built from VolumeId";
        /// Id of the volume
        volume_id: Text, NotTold, "VolumeId";
        /// Integer key of the ARN
        resource_key: Integer, NotTold, "key of volume_arn";
        /// Kind of storage, such as gp3 or io2
        volume_type: Text, NotTold, "VolumeType";
        /// creating, available, in-use, deleting, deleted or error
        state: Text, NotTold, "State";
        /// When the volume was created
        create_time: Time, NotTold, "CreateTime";
        /// Size, in GiB
        size_gib: Integer, NotTold, "Size";
        /// Zone of the volume
        availability_zone: Text, NotTold, "AvailabilityZone";
        /// Whether the volume is encrypted with a KMS key
        encrypted: Boolean, NotTold, "Encrypted";
        /// KMS key of the volume
        kms_key_id: Text, NotTold, "KmsKeyId";
        /// Snapshot that the volume was made from
        snapshot_id: Text, Means("not made from a snapshot"), "SnapshotId";
        /// Whether several instances can write to it at a time
        multi_attach_enabled: Boolean, NotTold, "MultiAttachEnabled";
        /// Instances that it is attached to, with device, state, and whether it is deleted with the instance
        attachments: Json, NotTold, "Attachments";
        /// Tags as an object
        tags: Json, Means("no tags"), "Tags";
    }
}

/// The volumes of a Region.
pub static TABLE: Table = Table {
    name: "ebs_volumes",
    kind: TableKind::State,
    doc: "One row for each EBS volume.",
    columns: VolumeRow::COLUMNS,
    key: &["volume_arn"],
    parent: None,
    created: None,
    global: false,
    subject: Some(("volume_arn", "AWS::EC2::Volume")),
};

const DESCRIBE: Operation = Operation { service: "ec2", name: "DescribeVolumes", action: "ec2:DescribeVolumes" };

/// Reads [`TABLE`].
pub(crate) struct EbsVolumes;

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Answer {
    volume_set: Option<Set<Volume>>,
    next_token: Option<String>,
}

#[derive(Debug, Deserialize)]
#[expect(clippy::struct_field_names, reason = "the names of the wire")]
#[serde(rename_all = "camelCase")]
struct Volume {
    volume_id: Option<String>,
    volume_type: Option<String>,
    status: Option<String>,
    create_time: Option<String>,
    size: Option<i64>,
    availability_zone: Option<String>,
    encrypted: Option<bool>,
    kms_key_id: Option<String>,
    snapshot_id: Option<String>,
    multi_attach_enabled: Option<bool>,
    attachment_set: Option<Set<Attachment>>,
    tag_set: Option<Set<Tag>>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Attachment {
    instance_id: Option<String>,
    device: Option<String>,
    status: Option<String>,
    delete_on_termination: Option<bool>,
}

impl Page for Answer {
    type Item = Volume;
    const LIST: &'static str = "volumeSet";

    fn parts(self) -> (Option<Set<Volume>>, Option<String>) {
        (self.volume_set, self.next_token)
    }
}

#[async_trait]
impl Collector for EbsVolumes {
    fn tables(&self) -> &'static [&'static Table] {
        const { &[&TABLE] }
    }

    fn operations(&self) -> &'static [Operation] {
        &[DESCRIBE]
    }

    async fn collect(&self, door: &RegionDoor, _unit: &Unit, harvest: &mut Harvest) -> Result<(), ReadError> {
        let push = |harvest: &mut Harvest, volume| harvest.push(&TABLE, row(door, volume));
        list::<Answer>(door, DESCRIBE.name, &[("MaxResults", "500")], harvest, push).await
    }
}

fn row(door: &RegionDoor, volume: Volume) -> VolumeRow {
    let volume_arn = arn(door, "volume", volume.volume_id.as_deref());
    VolumeRow {
        resource_key: resource_key(volume_arn.as_deref()),
        volume_arn,
        volume_id: volume.volume_id,
        volume_type: volume.volume_type,
        state: volume.status,
        create_time: moment(volume.create_time.as_deref()),
        size_gib: volume.size,
        availability_zone: volume.availability_zone,
        encrypted: volume.encrypted,
        kms_key_id: volume.kms_key_id,
        snapshot_id: volume.snapshot_id.and_then(required),
        multi_attach_enabled: volume.multi_attach_enabled,
        attachments: volume.attachment_set.map(|set| json(set.item.into_iter().map(attachment).collect())),
        tags: tag_set(volume.tag_set),
    }
}

fn attachment(attachment: Attachment) -> Value {
    sent([
        ("DeleteOnTermination", attachment.delete_on_termination.map(Value::from)),
        ("Device", attachment.device.map(Value::from)),
        ("InstanceId", attachment.instance_id.map(Value::from)),
        ("State", attachment.status.map(Value::from)),
    ])
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::collect::test_reads::{ec2, ec2_error, read};
    use crate::dataset::ReadStatus;
    use crate::dataset::rows::{Json, Millis};

    const DATA: &str = "<item><volumeId>vol-1</volumeId><size>8</size><snapshotId/><status>in-use</status><encrypted>false</encrypted>\
        <createTime>2026-01-01T00:00:00.500Z</createTime><volumeType>gp3</volumeType><multiAttachEnabled>false</multiAttachEnabled>\
        <attachmentSet><item><volumeId>vol-1</volumeId><instanceId>i-1</instanceId><device>/dev/sdf</device><status>attached</status>\
        <attachTime>2026-01-01T00:00:00Z</attachTime><deleteOnTermination>true</deleteOnTermination></item></attachmentSet>\
        <tagSet><item><key>stage</key><value>prod</value></item><item><key>empty</key><value/></item></tagSet></item>";

    #[tokio::test]
    async fn pages_become_rows_and_what_is_not_sent_stays_null() {
        let bare = "<item><volumeId>vol-2</volumeId><attachmentSet/><tagSet/></item><item><volumeId>vol-3</volumeId></item><item><size>1</size></item>";
        let replies = [
            ec2(DESCRIBE.name, &format!("<volumeSet>{DATA}</volumeSet><nextToken>2</nextToken>")).containing("MaxResults=500"),
            ec2(DESCRIBE.name, "<volumeSet/><nextToken>3</nextToken>").containing("NextToken=2"),
            ec2(DESCRIBE.name, &format!("<volumeSet>{bare}</volumeSet>")).containing("NextToken=3"),
        ];
        let (result, mut harvest) = read(&EbsVolumes, &Unit::REGION, replies).await;
        result.unwrap();
        assert_eq!((harvest.pages(), harvest.items(), harvest.refused().len()), (3, 4, 1), "the volume without id is counted");
        let rows: Vec<VolumeRow> = harvest.take(&TABLE).rows();
        let text = |json: &Option<Json>| json.clone().map(|json| json.0);
        assert_eq!(rows[0].volume_arn.as_deref(), Some("arn:aws:ec2:eu-west-1:111122223333:volume/vol-1"));
        assert!(rows[0].resource_key.is_some());
        assert_eq!((rows[0].encrypted, rows[0].multi_attach_enabled, rows[0].size_gib), (Some(false), Some(false), Some(8)));
        assert_eq!((rows[0].create_time, rows[0].snapshot_id.as_deref()), (Some(Millis(1_767_225_600_500)), None), "an empty id is none");
        let attached = r#"[{"DeleteOnTermination":true,"Device":"/dev/sdf","InstanceId":"i-1","State":"attached"}]"#;
        assert_eq!(text(&rows[0].attachments).as_deref(), Some(attached));
        assert_eq!(text(&rows[0].tags).as_deref(), Some(r#"{"empty":"","stage":"prod"}"#));
        assert_eq!((text(&rows[1].attachments).as_deref(), text(&rows[1].tags).as_deref()), (Some("[]"), Some("{}")), "told to be empty");
        assert_eq!((rows[2].attachments.clone(), rows[2].tags.clone(), rows[2].encrypted), (None, None, None), "not told");
    }

    #[tokio::test]
    async fn a_denial_on_the_second_page_keeps_the_first() {
        let first = ec2(DESCRIBE.name, &format!("<volumeSet>{DATA}</volumeSet><nextToken>2</nextToken>"));
        let denied = ec2_error(DESCRIBE.name, 403, "UnauthorizedOperation");
        let (result, mut harvest) = read(&EbsVolumes, &Unit::REGION, [first, denied]).await;
        assert_eq!((result.unwrap_err().status, harvest.take(&TABLE).len()), (ReadStatus::Denied, 1));
    }
}
