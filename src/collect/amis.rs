//! Images of EC2: one row per image (AMI) that the account owns, those that AWS Backup and DLM made included.
//!
//! Calls `DescribeImages` for what the account owns, and asks for disabled images too, which the listing leaves out otherwise; owners see
//! deprecated ones anyway. Tags are in the list.
//!
//! Key: `image_arn`, built from the id; ARNs of images name no account. An image holds no data: the snapshots that it names do.
//! A disabled image launches nothing until it is enabled again. Source: Amazon EC2 API Reference, `DescribeImages`.

use async_trait::async_trait;
use serde::Deserialize;
use serde_json::Value;

use super::collector::{Collector, Harvest, Operation, ReadError, Unit};
use super::door::RegionDoor;
use super::ec2::fields::{Tag, moment, shared_arn, tag_set};
use super::ec2::{Page, Set, list};
use super::fields::{json, sent};
use crate::dataset::rows::Row;
use crate::dataset::{Table, TableKind};

crate::rows! {
    /// An image.
    pub struct ImageRow {
        /// ARN of the image
        image_arn: Text, Never, "built from ImageId";
        /// Id of the image
        image_id: Text, NotTold, "ImageId";
        /// Name of the image
        name: Text, NotTold, "Name";
        /// Description
        description: Text, NotTold, "Description";
        /// pending, available, invalid, deregistered, transient, failed, error or disabled
        state: Text, NotTold, "State";
        /// When the image was created
        creation_date: Time, NotTold, "CreationDate";
        /// Account that owns the image
        owner_id: Text, NotTold, "OwnerId";
        /// Whether every AWS account can launch it
        is_public: Boolean, NotTold, "Public";
        /// ebs or instance-store
        root_device_type: Text, NotTold, "RootDeviceType";
        /// Snapshots by device, with size in GiB, encryption, and whether volumes are deleted with the instance
        block_device_mappings: Json, NotTold, "BlockDeviceMappings";
        /// Instance that the image was made from
        source_instance_id: Text, NotTold, "SourceInstanceId";
        /// From when the image is hidden from others
        deprecation_time: Time, Means("no deprecation is set"), "DeprecationTime";
        /// disabled or enabled, with or without a cooldown
        deregistration_protection: Text, NotTold, "DeregistrationProtection";
        /// When the image was last launched, about a day late
        last_launched_time: Time, NotTold, "LastLaunchedTime";
        /// Tags as an object
        tags: Json, NotTold, "Tags";
    }
}

/// The images of a Region.
pub static TABLE: Table = Table {
    name: "amis",
    kind: TableKind::Object,
    doc: "One row for each image (AMI) that the account owns, disabled ones included.",
    columns: ImageRow::COLUMNS,
    key: &["image_arn"],
    parent: None,
    created: Some("creation_date"),
    global: false,
    subject: Some(("image_arn", "AWS::EC2::Image")),
};

const DESCRIBE: Operation = Operation { service: "ec2", name: "DescribeImages", action: "ec2:DescribeImages" };

/// Reads [`TABLE`].
pub(crate) struct Amis;

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Answer {
    images_set: Option<Set<Image>>,
    next_token: Option<String>,
}

#[derive(Debug, Deserialize)]
#[expect(clippy::struct_field_names, reason = "the names of the wire")]
#[serde(rename_all = "camelCase")]
struct Image {
    image_id: Option<String>,
    name: Option<String>,
    description: Option<String>,
    image_state: Option<String>,
    creation_date: Option<String>,
    image_owner_id: Option<String>,
    is_public: Option<bool>,
    root_device_type: Option<String>,
    block_device_mapping: Option<Set<Mapping>>,
    source_instance_id: Option<String>,
    deprecation_time: Option<String>,
    deregistration_protection: Option<String>,
    last_launched_time: Option<String>,
    tag_set: Option<Set<Tag>>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Mapping {
    device_name: Option<String>,
    virtual_name: Option<String>,
    ebs: Option<Ebs>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Ebs {
    snapshot_id: Option<String>,
    volume_size: Option<i64>,
    encrypted: Option<bool>,
    delete_on_termination: Option<bool>,
}

impl Page for Answer {
    type Item = Image;
    const LIST: &'static str = "imagesSet";

    fn parts(self) -> (Option<Set<Image>>, Option<String>) {
        (self.images_set, self.next_token)
    }
}

#[async_trait]
impl Collector for Amis {
    fn tables(&self) -> &'static [&'static Table] {
        const { &[&TABLE] }
    }

    fn operations(&self) -> &'static [Operation] {
        &[DESCRIBE]
    }

    async fn collect(&self, door: &RegionDoor, _unit: &Unit, harvest: &mut Harvest) -> Result<(), ReadError> {
        let parameters = [("Owner.1", "self"), ("IncludeDisabled", "true"), ("MaxResults", "500")];
        list::<Answer>(door, DESCRIBE.name, &parameters, harvest, |harvest, image| harvest.push(&TABLE, row(door, image))).await
    }
}

fn row(door: &RegionDoor, image: Image) -> ImageRow {
    ImageRow {
        image_arn: shared_arn(door, "image", image.image_id.as_deref()),
        image_id: image.image_id,
        name: image.name,
        description: image.description,
        state: image.image_state,
        creation_date: moment(image.creation_date.as_deref()),
        owner_id: image.image_owner_id,
        is_public: image.is_public,
        root_device_type: image.root_device_type,
        block_device_mappings: image.block_device_mapping.map(|set| json(set.item.into_iter().map(mapping).collect())),
        source_instance_id: image.source_instance_id,
        deprecation_time: moment(image.deprecation_time.as_deref()),
        deregistration_protection: image.deregistration_protection,
        last_launched_time: moment(image.last_launched_time.as_deref()),
        tags: tag_set(image.tag_set),
    }
}

fn mapping(mapping: Mapping) -> Value {
    let ebs = mapping.ebs.map(|ebs| {
        sent([
            ("DeleteOnTermination", ebs.delete_on_termination.map(Value::from)),
            ("Encrypted", ebs.encrypted.map(Value::from)),
            ("SnapshotId", ebs.snapshot_id.map(Value::from)),
            ("VolumeSize", ebs.volume_size.map(Value::from)),
        ])
    });
    let virtual_name = mapping.virtual_name.map(Value::from);
    sent([("DeviceName", mapping.device_name.map(Value::from)), ("Ebs", ebs), ("VirtualName", virtual_name)])
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::collect::test_reads::{ec2, read};
    use crate::dataset::rows::{Json, Millis};

    const WEB: &str = "<item><imageId>ami-1</imageId><name>web</name><imageState>disabled</imageState><imageOwnerId>111122223333</imageOwnerId>\
        <isPublic>false</isPublic><creationDate>2026-01-01T00:00:00.000Z</creationDate><deprecationTime>2028-01-01T00:00:00.000Z</deprecationTime>\
        <blockDeviceMapping><item><deviceName>/dev/xvda</deviceName><ebs><snapshotId>snap-1</snapshotId><volumeSize>8</volumeSize>\
        <deleteOnTermination>true</deleteOnTermination><volumeType>gp3</volumeType><encrypted>true</encrypted></ebs></item>\
        <item><deviceName>/dev/sdb</deviceName><virtualName>ephemeral0</virtualName></item></blockDeviceMapping><tagSet/></item>";

    #[tokio::test]
    async fn pages_become_rows_and_what_is_not_sent_stays_null() {
        let replies = [
            ec2(DESCRIBE.name, &format!("<imagesSet>{WEB}</imagesSet><nextToken>2</nextToken>"))
                .containing("Owner.1=self&IncludeDisabled=true"),
            ec2(DESCRIBE.name, "<imagesSet><item><imageId>ami-2</imageId></item></imagesSet>").containing("NextToken=2"),
        ];
        let (result, mut harvest) = read(&Amis, &Unit::REGION, replies).await;
        result.unwrap();
        let rows: Vec<ImageRow> = harvest.take(&TABLE).rows();
        let text = |json: &Option<Json>| json.clone().map(|json| json.0);
        assert_eq!(rows[0].image_arn.as_deref(), Some("arn:aws:ec2:eu-west-1::image/ami-1"), "without account");
        assert_eq!((rows[0].state.as_deref(), rows[0].is_public), (Some("disabled"), Some(false)));
        assert_eq!((rows[0].creation_date, rows[0].deprecation_time.is_some()), (Some(Millis(1_767_225_600_000)), true));
        let snapshots = r#"[{"DeviceName":"/dev/xvda","Ebs":{"DeleteOnTermination":true,"Encrypted":true,"SnapshotId":"snap-1","VolumeSize":8}},{"DeviceName":"/dev/sdb","VirtualName":"ephemeral0"}]"#;
        assert_eq!(text(&rows[0].block_device_mappings).as_deref(), Some(snapshots));
        assert_eq!(text(&rows[0].tags).as_deref(), Some("{}"));
        assert_eq!((rows[1].is_public, rows[1].deprecation_time, rows[1].tags.clone()), (None, None, None));
    }
}
