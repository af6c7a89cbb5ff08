//! Instances of EC2 and the images made of them.

use backup_audit::collect::amis::ImageRow;
use backup_audit::collect::ec2_instances::InstanceRow;
use backup_audit::dataset::rows::millis;
use backup_audit::model::key::resource_key;
use serde_json::json as value;

use super::{arn, id, is_here, made_s, tagged};
use crate::plans::{ACCOUNT, US};
use crate::rows::{json, text};
use crate::world::{Place, World};

/// Name of the web server.
pub(super) const WEB_SERVER: &str = "web";

/// The instances of a Region.
pub(super) fn instances(world: &World, place: Place) -> Vec<InstanceRow> {
    let arn = arn("ec2", US, &format!("instance/{}", id("i", WEB_SERVER)));
    let volume = value!([{ "DeviceName": "/dev/sdf", "Ebs": { "VolumeId": id("vol", "web-data"), "DeleteOnTermination": false } }]);
    let row = InstanceRow {
        resource_key: Some(resource_key(&arn)),
        instance_arn: Some(arn),
        instance_id: Some(id("i", WEB_SERVER)),
        state: text("running"),
        block_device_mappings: Some(json(volume)),
        tags: Some(tagged(&[("team", "web")])),
        ..InstanceRow::default()
    };
    is_here(world, place, US, 400).then_some(row).into_iter().collect()
}

/// The images of a Region: one that is used, one that has gone since, one for everybody, one that failed, one that is being made.
pub(super) fn images(world: &World, place: Place) -> Vec<ImageRow> {
    let row = |name: &str, made_ago: i64| ImageRow {
        image_arn: Some(format!("arn:aws:ec2:{US}::image/{}", id("ami", name))),
        image_id: Some(id("ami", name)),
        name: text(name),
        state: text("available"),
        creation_date: Some(millis(made_s(world, made_ago))),
        owner_id: text(ACCOUNT),
        is_public: Some(false),
        tags: Some(tagged(&[("team", "web")])),
        ..ImageRow::default()
    };
    // Whether it is public EC2 tells when it is done.
    let pending = ImageRow { state: text("pending"), is_public: None, ..row("web-next", 0) };
    let all = [
        (90, None, row("web-before", 90)),
        (80, Some(12), row("web-2025", 80)),
        (33, None, ImageRow { is_public: Some(true), ..row("trade-fair", 33) }),
        (60, None, ImageRow { state: text("failed"), ..row("web-broken", 60) }),
        (0, None, pending),
    ];
    let there = |(made_ago, gone_ago): (i64, Option<i64>)| {
        is_here(world, place, US, made_ago) && gone_ago.is_none_or(|days: i64| place.now_s < world.timeline.ago(days))
    };
    all.into_iter().filter(|(made_ago, gone_ago, _)| there((*made_ago, *gone_ago))).map(|(_, _, row)| row).collect()
}
