//! What an account has switched on in a Region: trails, recorders of AWS Config, settings of EBS, and how long logs are kept.

use backup_audit::collect::config_recorders::RecorderRow;
use backup_audit::collect::ebs_settings::EbsSettingsRow;
use backup_audit::collect::log_groups::LogGroupRow;
use backup_audit::collect::trails::TrailRow;
use backup_audit::dataset::rows::millis;
use backup_audit::model::key::resource_key;
use serde_json::{Value, json as value};

use crate::events::RECORDER_STOPPED_AGO;
use crate::holdings::arn;
use crate::plans::{ACCOUNT, EU, US};
use crate::principals::role_arn;
use crate::rows::{json, text};
use crate::world::{Place, World};

/// Home of a trail that nobody audits: a Region that is not in the scope.
const ELSEWHERE: &str = "eu-central-1";

/// A trail as its home Region knows it.
struct Trail {
    name: &'static str,
    home: &'static str,
    everywhere: bool,
    validated: bool,
    logging: bool,
    error: Option<&'static str>,
}

const TRAILS: [Trail; 3] = [
    Trail { name: "acme-activity", home: US, everywhere: false, validated: true, logging: true, error: None },
    // Watches objects of one bucket. Its own bucket was given a policy that does not know it.
    Trail { name: "invoices-objects", home: US, everywhere: false, validated: false, logging: true, error: Some("AccessDenied") },
    // Of a security team that was dissolved.
    Trail { name: "security-2022", home: ELSEWHERE, everywhere: true, validated: true, logging: false, error: None },
];

/// The trails that a Region sees: its own, and those of all Regions. The account that keeps copies has none.
pub(crate) fn trails(place: Place) -> Vec<TrailRow> {
    let seen = |trail: &&Trail| place.account == ACCOUNT && (trail.everywhere || trail.home == place.region);
    TRAILS.iter().filter(seen).map(|trail| trail_row(place, trail)).collect()
}

fn trail_row(place: Place, trail: &Trail) -> TrailRow {
    let is_home = trail.home == place.region;
    let delivered = trail.logging.then(|| millis(place.now_s - 240));
    TrailRow {
        trail_arn: Some(arn("cloudtrail", trail.home, &format!("trail/{}", trail.name))),
        trail_name: text(trail.name),
        home_region: text(trail.home),
        is_home: Some(is_home),
        is_multi_region_trail: Some(trail.everywhere),
        is_organization_trail: Some(false),
        log_file_validation_enabled: Some(trail.validated),
        s3_bucket_name: text("acme-trail-archive"),
        is_logging: Some(trail.logging),
        latest_delivery_time: delivered.filter(|_| trail.error.is_none()),
        latest_delivery_error: trail.error.map(str::to_owned),
        event_selectors: is_home.then(|| json(selectors(trail))),
        ..TrailRow::default()
    }
}

/// What a trail takes.
fn selectors(trail: &Trail) -> Value {
    let management = trail.name == "acme-activity";
    let objects = value!([{ "Type": "AWS::S3::Object", "Values": ["arn:aws:s3:::acme-invoices/"] }]);
    let data = if management { value!([]) } else { objects };
    value!([{ "ReadWriteType": "All", "IncludeManagementEvents": management, "DataResources": data }])
}

/// The recorders of AWS Config in a Region. That of the smaller one was stopped.
pub(crate) fn recorders(world: &World, place: Place) -> Vec<RecorderRow> {
    let stopped_s = (place.region == EU).then(|| world.timeline.ago(RECORDER_STOPPED_AGO)).filter(|stopped_s| *stopped_s < place.now_s);
    let row = RecorderRow {
        configuration_recorder_name: text("default"),
        recording: Some(stopped_s.is_none()),
        last_stop_time: stopped_s.map(millis),
        role_arn: Some(role_arn("aws-service-role/config.amazonaws.com/AWSServiceRoleForConfig")),
        last_status: text("Success"),
        all_supported: Some(true),
        include_global_resource_types: Some(place.region == US),
        recording_frequency: text("CONTINUOUS"),
        recording_strategy: text("ALL_SUPPORTED_RESOURCE_TYPES"),
        delivery_channel_name: text("default"),
        s3_bucket_name: text("acme-trail-archive"),
        ..RecorderRow::default()
    };
    (place.account == ACCOUNT).then_some(row).into_iter().collect()
}

/// What an account has set for EBS in a Region: one lets snapshots be made public, the other does not encrypt what is new.
pub(crate) fn ebs_settings(place: Place) -> Vec<EbsSettingsRow> {
    let home = place.region == US;
    vec![EbsSettingsRow {
        snapshot_block_public_access: text(if home { "unblocked" } else { "block-all-sharing" }),
        snapshot_block_managed_by: text("account"),
        encryption_by_default: Some(home),
        default_kms_key_id: text("alias/aws/ebs"),
    }]
}

/// The log groups of a Region.
pub(crate) fn log_groups(place: Place) -> Vec<LogGroupRow> {
    let row = |name: &str, days: Option<i64>| {
        let arn = format!("arn:aws:logs:{}:{}:log-group:{name}", place.region, place.account);
        LogGroupRow {
            resource_key: Some(resource_key(&arn)),
            log_group_arn: Some(arn),
            log_group_name: text(name),
            retention_days: days,
            ..LogGroupRow::default()
        }
    };
    match (place.account, place.region) {
        (ACCOUNT, US) => {
            vec![row("/acme/backup-events", Some(400)), row("/acme/restore-checks", None), row("/aws/lambda/thumbnails", Some(30))]
        }
        (ACCOUNT, _) => vec![row("/acme/backup-events", Some(90))],
        _ => Vec::new(),
    }
}
