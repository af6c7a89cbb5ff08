//! Volumes of EBS and their snapshots: those of AWS Backup, of Data Lifecycle Manager, and one that somebody made for others to see.

use backup_audit::collect::ebs_snapshots::EbsSnapshotRow;
use backup_audit::collect::ebs_volumes::VolumeRow;
use backup_audit::dataset::rows::millis;
use backup_audit::model::key::resource_key;
use backup_audit::model::moment::{DAY_S, HOUR_S};
use serde_json::{Value, json as value};

use super::machines::WEB_SERVER;
use super::policies::SNAPSHOT_TAG;
use super::{Tags, arn, id, is_here, made_s, tagged};
use crate::kept::{self, Of};
use crate::keys::Key;
use crate::plans::{ACCOUNT, EU, US};
use crate::rows::{json, text};
use crate::world::{Place, World};

/// Days for which Data Lifecycle Manager keeps the snapshots of a week.
const KEPT_DAYS: i64 = 21;

struct Item {
    region: &'static str,
    name: &'static str,
    /// `None` if EC2 does not tell yet.
    encrypted: Option<bool>,
    /// Whether the web server has it.
    attached: bool,
    made_ago: i64,
    tags: Tags,
}

const WEEKLY: Tags = &[("tier", "weekly"), ("backup", "weekly")];

const fn volume(name: &'static str, tags: Tags) -> Item {
    Item { region: US, name, encrypted: Some(true), attached: false, made_ago: 400, tags }
}

const VOLUMES: [Item; 10] = [
    volume("builds", WEEKLY),
    volume("mail-archive", WEEKLY),
    volume("old-wiki", WEEKLY),
    Item { attached: true, ..volume("web-data", WEEKLY) },
    // Gone since, as its entry among what AWS Backup keeps says.
    volume("renders", WEEKLY),
    volume("metrics-cache", &[("tier", "dev"), SNAPSHOT_TAG]),
    Item { encrypted: Some(false), ..volume("demo-data", &[("tier", "dev")]) },
    // Made seconds ago.
    Item { encrypted: None, made_ago: 0, ..volume("scratch", &[("tier", "dev")]) },
    Item { made_ago: 1, ..volume("restored-builds", &[("awsbackup-restore-test", "weekly_sample")]) },
    Item { region: EU, ..volume("eu-builds", &[("tier", "dev")]) },
];

/// The volumes of a Region.
pub(super) fn volumes(world: &World, place: Place) -> Vec<VolumeRow> {
    let gone = |volume: &Item| kept::KEPT.iter().find(|kept| kept.name == volume.name).and_then(|kept| kept.gone_ago);
    let there = |volume: &&Item| gone(volume).is_none_or(|days| place.now_s < world.timeline.ago(days));
    let here = |volume: &&Item| is_here(world, place, volume.region, volume.made_ago);
    VOLUMES.iter().filter(here).filter(there).map(|volume| volume_row(world, volume)).collect()
}

fn volume_row(world: &World, volume: &Item) -> VolumeRow {
    let volume_id = id("vol", volume.name);
    let arn = arn("ec2", volume.region, &format!("volume/{volume_id}"));
    let attachment = volume
        .attached
        .then(|| value!({ "InstanceId": id("i", WEB_SERVER), "Device": "/dev/sdf", "State": "attached", "DeleteOnTermination": false }));
    VolumeRow {
        resource_key: Some(resource_key(&arn)),
        volume_arn: Some(arn),
        volume_id: Some(volume_id),
        state: text(if volume.attached { "in-use" } else { ["available", "creating"][usize::from(volume.made_ago == 0)] }),
        volume_type: text("gp3"),
        size_gib: Some(100),
        availability_zone: Some(format!("{}a", volume.region)),
        multi_attach_enabled: Some(false),
        create_time: Some(millis(made_s(world, volume.made_ago))),
        encrypted: volume.encrypted,
        kms_key_id: Key::Aws("ebs").arn(ACCOUNT, volume.region).filter(|_| volume.encrypted == Some(true)),
        attachments: Some(json(Value::from_iter(attachment))),
        tags: (!volume.tags.is_empty()).then(|| tagged(volume.tags)),
        ..VolumeRow::default()
    }
}

/// The snapshots of a Region.
pub(super) fn snapshots(world: &World, place: Place) -> Vec<EbsSnapshotRow> {
    if !is_here(world, place, US, 400) {
        return Vec::new();
    }
    let mut rows = Vec::new();
    for run in kept::runs(world, place.now_s).filter(|run| run.kept.of == Of::Volume && run.has_point(place.now_s)) {
        let point = run.point_arn();
        let snapshot = point.rsplit('/').next().unwrap_or_default().to_owned();
        rows.push(EbsSnapshotRow {
            description: text("This snapshot is created by the AWS Backup service."),
            tags: Some(json(value!({ "aws:backup:source-resource": run.kept.arn() }))),
            ..taken(snapshot, run.kept.name, run.started_s())
        });
    }
    for days in (0..KEPT_DAYS).step_by(7) {
        let taken_s = (place.now_s.div_euclid(7 * DAY_S) * 7 - days) * DAY_S + 4 * HOUR_S;
        let row = taken(id("snap", &format!("dlm/{taken_s}")), "metrics-cache", taken_s);
        let mark = value!({ "dlm:managed": "true", SNAPSHOT_TAG.0: SNAPSHOT_TAG.1 });
        rows.push(EbsSnapshotRow { description: text("Created for policy: weekly snapshots"), tags: Some(json(mark)), ..row });
    }
    rows.extend(by_hand(world, place.now_s));
    rows
}

/// Snapshots that people took.
fn by_hand(world: &World, now_s: i64) -> impl Iterator<Item = EbsSnapshotRow> {
    let demo_s = world.timeline.ago(33);
    let demo = EbsSnapshotRow {
        encrypted: Some(false),
        kms_key_id: None,
        is_public: Some(true),
        description: text("sample data for the trade fair"),
        ..taken(id("snap", "demo-data"), "demo-data", demo_s)
    };
    let broken = EbsSnapshotRow {
        state: text("error"),
        completion_time: None,
        description: text("builds, before the move"),
        ..taken(id("snap", "builds-before-move"), "builds", world.timeline.ago(50))
    };
    [demo, broken].into_iter().filter(move |row| row.start_time.is_some_and(|taken| taken < millis(now_s)))
}

fn taken(snapshot_id: String, volume: &str, taken_s: i64) -> EbsSnapshotRow {
    EbsSnapshotRow {
        snapshot_arn: Some(format!("arn:aws:ec2:{US}::snapshot/{snapshot_id}")),
        snapshot_id: Some(snapshot_id),
        volume_id: Some(id("vol", volume)),
        state: text("completed"),
        start_time: Some(millis(taken_s)),
        completion_time: Some(millis(taken_s + HOUR_S)),
        volume_size_gib: Some(100),
        encrypted: Some(true),
        kms_key_id: Key::Aws("ebs").arn(ACCOUNT, US),
        storage_tier: text("standard"),
        is_public: Some(false),
        description: text(""),
        owner_id: text(ACCOUNT),
        tags: Some(json(value!({}))),
        ..EbsSnapshotRow::default()
    }
}
