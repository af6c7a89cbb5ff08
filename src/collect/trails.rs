//! Trails of CloudTrail: one row per trail that a Region sees, with its state and, in its home Region, what it records.
//!
//! Calls `DescribeTrails`, which also gives the shadows of trails of other Regions and of the organization; `GetTrailStatus` for each by its ARN;
//! and `GetEventSelectors` for those whose home is this Region. A trail of all Regions is thus a row in each, told apart by `is_home`: logging is
//! switched on and off at home, and the times of delivery are those of the Region that is asked. A denial of one trail's status or selectors
//! leaves those columns NULL and makes the read partial.
//!
//! Key: `trail_arn`. That log files can be validated does not say that anyone did. Source: AWS CloudTrail API Reference, `Trail`,
//! `GetTrailStatus`, `GetEventSelectors`.

use async_trait::async_trait;
use aws_sdk_cloudtrail::operation::get_event_selectors::GetEventSelectorsOutput;
use aws_sdk_cloudtrail::operation::get_trail_status::GetTrailStatusOutput;
use aws_sdk_cloudtrail::types::{AdvancedEventSelector, AdvancedFieldSelector, DataResource, EventSelector, Trail};
use serde_json::Value;

use super::collector::{Collector, Foretold, Harvest, Operation, ReadError, Unit};
use super::door::RegionDoor;
use super::fields::{json, millis, sent, word};
use super::pages::answered;
use crate::dataset::rows::Row;
use crate::dataset::{Table, TableKind};

crate::rows! {
    /// A trail.
    pub struct TrailRow {
        /// ARN of the trail
        trail_arn: Text, Never, "TrailARN";
        /// Name of the trail
        trail_name: Text, NotTold, "Name";
        /// Region in which the trail was created
        home_region: Text, NotTold, "HomeRegion";
        /// Whether that is the Region of this row
        is_home: Boolean, NotTold, "HomeRegion is the Region that was asked";
        /// Whether the trail records all Regions
        is_multi_region_trail: Boolean, NotTold, "IsMultiRegionTrail";
        /// Whether the trail records all accounts of the organization
        is_organization_trail: Boolean, NotTold, "IsOrganizationTrail";
        /// Whether events of global services are recorded
        include_global_service_events: Boolean, NotTold, "IncludeGlobalServiceEvents";
        /// Whether digests are written, with which log files can be validated
        log_file_validation_enabled: Boolean, NotTold, "LogFileValidationEnabled";
        /// Bucket that log files are written to
        s3_bucket_name: Text, NotTold, "S3BucketName";
        /// Prefix of their names
        s3_key_prefix: Text, Means("no prefix"), "S3KeyPrefix";
        /// KMS key of the log files
        kms_key_id: Text, Means("no KMS key of the account encrypts the log files"), "KmsKeyId";
        /// Log group that events are also sent to
        cloud_watch_logs_log_group_arn: Text, Means("events are not sent to CloudWatch Logs"), "CloudWatchLogsLogGroupArn";
        /// Whether the trail records now
        is_logging: Boolean, NotTold, "GetTrailStatus: IsLogging";
        /// When log files were last delivered
        latest_delivery_time: Time, Means("never delivered, or is_logging is NULL"), "GetTrailStatus: LatestDeliveryTime";
        /// Error of S3 at the last delivery
        latest_delivery_error: Text, Means("the last delivery went well, or is_logging is NULL"), "GetTrailStatus: LatestDeliveryError";
        /// When a digest was last delivered
        latest_digest_delivery_time: Time, Means("never delivered, or is_logging is NULL"), "GetTrailStatus: LatestDigestDeliveryTime";
        /// Error of S3 at the last delivery of a digest
        latest_digest_delivery_error: Text, Means("the last delivery went well, or is_logging is NULL"), "GetTrailStatus: LatestDigestDeliveryError";
        /// When recording was last switched on
        start_logging_time: Time, Means("never switched on, or is_logging is NULL"), "GetTrailStatus: StartLoggingTime";
        /// When recording was last switched off
        stop_logging_time: Time, Means("never switched off, or is_logging is NULL"), "GetTrailStatus: StopLoggingTime";
        /// Basic event selectors, as the API writes them
        event_selectors: Json, NotTold, "GetEventSelectors: EventSelectors, in the home Region";
        /// Advanced event selectors, as the API writes them
        advanced_event_selectors: Json, NotTold, "GetEventSelectors: AdvancedEventSelectors, in the home Region";
    }
}

/// The trails that a Region sees.
pub static TABLE: Table = Table {
    name: "trails",
    kind: TableKind::State,
    doc: "One row for each trail that a Region sees, shadows of trails of other Regions and of the organization included.",
    columns: TrailRow::COLUMNS,
    key: &["trail_arn"],
    parent: None,
    created: None,
    global: false,
    subject: Some(("trail_arn", "AWS::CloudTrail::Trail")),
};

const DESCRIBE: Operation = Operation { service: "cloudtrail", name: "DescribeTrails", action: "cloudtrail:DescribeTrails" };
const STATUS: Operation = Operation { service: "cloudtrail", name: "GetTrailStatus", action: "cloudtrail:GetTrailStatus" };
const SELECTORS: Operation = Operation { service: "cloudtrail", name: "GetEventSelectors", action: "cloudtrail:GetEventSelectors" };

/// Reads [`TABLE`].
pub(crate) struct Trails;

#[async_trait]
impl Collector for Trails {
    fn tables(&self) -> &'static [&'static Table] {
        const { &[&TABLE] }
    }

    fn operations(&self) -> &'static [Operation] {
        &[DESCRIBE, STATUS, SELECTORS]
    }

    fn foretold(&self) -> &'static [(Operation, Foretold)] {
        &[(STATUS, Foretold::OneByOne), (SELECTORS, Foretold::OneByOne)]
    }

    async fn collect(&self, door: &RegionDoor, _unit: &Unit, harvest: &mut Harvest) -> Result<(), ReadError> {
        let answer = door.cloudtrail().describe_trails().send().await.map_err(|error| ReadError::from_sdk(DESCRIBE.name, error))?;
        let trails = answered(DESCRIBE.name, "trailList", answer.trail_list)?;
        harvest.page(trails.len());
        for trail in trails {
            let mut status = None;
            let mut selectors = None;
            if let Some(arn) = &trail.trail_arn {
                status = told(door.cloudtrail().get_trail_status().name(arn).send().await, STATUS.name, harvest);
                if trail.home_region.as_deref() == Some(door.region()) {
                    selectors = told(door.cloudtrail().get_event_selectors().trail_name(arn).send().await, SELECTORS.name, harvest);
                }
            }
            harvest.push(&TABLE, row(door, trail, status, selectors));
        }
        Ok(())
    }
}

/// An answer; a failure is noted and leaves the other trails readable.
fn told<T, E>(answer: Result<T, aws_sdk_cloudtrail::error::SdkError<E>>, operation: &'static str, harvest: &mut Harvest) -> Option<T>
where
    E: std::error::Error + aws_sdk_cloudtrail::error::ProvideErrorMetadata + Send + Sync + 'static,
{
    answer.map_err(|error| harvest.failed(ReadError::from_sdk(operation, error))).ok()
}

fn row(door: &RegionDoor, trail: Trail, status: Option<GetTrailStatusOutput>, selectors: Option<GetEventSelectorsOutput>) -> TrailRow {
    let told = status.unwrap_or_else(|| GetTrailStatusOutput::builder().build());
    let (basic, advanced) = selectors.map(|told| (told.event_selectors, told.advanced_event_selectors)).unwrap_or_default();
    TrailRow {
        trail_arn: trail.trail_arn,
        trail_name: trail.name,
        is_home: trail.home_region.as_deref().map(|home| home == door.region()),
        home_region: trail.home_region,
        is_multi_region_trail: trail.is_multi_region_trail,
        is_organization_trail: trail.is_organization_trail,
        include_global_service_events: trail.include_global_service_events,
        log_file_validation_enabled: trail.log_file_validation_enabled,
        s3_bucket_name: trail.s3_bucket_name,
        s3_key_prefix: trail.s3_key_prefix,
        kms_key_id: trail.kms_key_id,
        cloud_watch_logs_log_group_arn: trail.cloud_watch_logs_log_group_arn,
        is_logging: told.is_logging,
        latest_delivery_time: millis(told.latest_delivery_time),
        latest_delivery_error: told.latest_delivery_error,
        latest_digest_delivery_time: millis(told.latest_digest_delivery_time),
        latest_digest_delivery_error: told.latest_digest_delivery_error,
        start_logging_time: millis(told.start_logging_time),
        stop_logging_time: millis(told.stop_logging_time),
        event_selectors: basic.map(|all| json(all.into_iter().map(basic_selector).collect())),
        advanced_event_selectors: advanced.map(|all| json(all.into_iter().map(advanced_selector).collect())),
    }
}

fn basic_selector(selector: EventSelector) -> Value {
    let resource =
        |resource: DataResource| sent([("Type", resource.r#type.map(Value::from)), ("Values", resource.values.map(Value::from))]);
    sent([
        ("ReadWriteType", word(selector.read_write_type).map(Value::from)),
        ("IncludeManagementEvents", selector.include_management_events.map(Value::from)),
        ("DataResources", selector.data_resources.map(|all| all.into_iter().map(resource).collect())),
        ("ExcludeManagementEventSources", selector.exclude_management_event_sources.map(Value::from)),
    ])
}

fn advanced_selector(selector: AdvancedEventSelector) -> Value {
    let field = |field: AdvancedFieldSelector| {
        sent([
            ("Field", Some(Value::from(field.field))),
            ("Equals", field.equals.map(Value::from)),
            ("StartsWith", field.starts_with.map(Value::from)),
            ("EndsWith", field.ends_with.map(Value::from)),
            ("NotEquals", field.not_equals.map(Value::from)),
            ("NotStartsWith", field.not_starts_with.map(Value::from)),
            ("NotEndsWith", field.not_ends_with.map(Value::from)),
        ])
    };
    sent([("Name", selector.name.map(Value::from)), ("FieldSelectors", Some(selector.field_selectors.into_iter().map(field).collect()))])
}

#[cfg(test)]
mod tests {
    use serde_json::json as value;

    use super::*;
    use crate::collect::test_reads::{json, read};
    use crate::collect::testing::Reply;
    use crate::dataset::ReadStatus;
    use crate::dataset::rows::{Json, Millis};

    const HOME: &str = "arn:aws:cloudtrail:eu-west-1:111122223333:trail/all";
    const SHADOW: &str = "arn:aws:cloudtrail:us-east-1:333344445555:trail/org";

    fn trails() -> Reply {
        json(
            DESCRIBE.name,
            &value!({ "trailList": [
                { "TrailARN": HOME, "Name": "all", "HomeRegion": "eu-west-1", "IsMultiRegionTrail": true, "LogFileValidationEnabled": false },
                { "TrailARN": SHADOW, "HomeRegion": "us-east-1", "IsOrganizationTrail": true }
            ] }),
        )
    }

    #[tokio::test]
    async fn every_trail_is_asked_for_its_status_and_only_those_at_home_for_what_they_record() {
        let status = value!({
            "IsLogging": true, "LatestDeliveryTime": 1_763_000_000, "LatestDeliveryError": "AccessDenied", "StartLoggingTime": 1_762_000_000
        });
        let selectors = value!({ "EventSelectors": [{
            "ReadWriteType": "WriteOnly", "IncludeManagementEvents": true,
            "DataResources": [{ "Type": "AWS::S3::Object", "Values": ["arn:aws:s3"] }], "ExcludeManagementEventSources": ["kms.amazonaws.com"]
        }] });
        let replies = [
            trails(),
            json(STATUS.name, &status).containing(HOME),
            json(SELECTORS.name, &selectors).containing(HOME),
            json(STATUS.name, &value!({ "IsLogging": false })).containing(SHADOW),
        ];
        let (result, mut harvest) = read(&Trails, &Unit::REGION, replies).await;
        result.unwrap();
        let rows: Vec<TrailRow> = harvest.take(&TABLE).rows();
        assert_eq!((rows[0].is_home, rows[0].is_logging, rows[0].log_file_validation_enabled), (Some(true), Some(true), Some(false)));
        assert_eq!((rows[0].latest_delivery_time, rows[0].stop_logging_time), (Some(Millis(1_763_000_000_000)), None));
        let expected = r#"[{"DataResources":[{"Type":"AWS::S3::Object","Values":["arn:aws:s3"]}],"ExcludeManagementEventSources":["kms.amazonaws.com"],"IncludeManagementEvents":true,"ReadWriteType":"WriteOnly"}]"#;
        assert_eq!((rows[0].event_selectors.clone(), rows[0].advanced_event_selectors.clone()), (Some(Json(expected.into())), None));
        assert_eq!((rows[1].is_home, rows[1].is_logging, rows[1].event_selectors.clone()), (Some(false), Some(false), None));
        assert_eq!((rows[1].is_multi_region_trail, rows[1].is_organization_trail), (None, Some(true)));
    }

    #[tokio::test]
    async fn advanced_selectors_are_kept_as_the_api_writes_them() {
        let selectors = value!({ "AdvancedEventSelectors": [
            { "Name": "writes", "FieldSelectors": [{ "Field": "readOnly", "Equals": ["false"] }] }
        ] });
        let one = value!({ "trailList": [{ "TrailARN": HOME, "HomeRegion": "eu-west-1" }] });
        let replies = [json(DESCRIBE.name, &one), json(STATUS.name, &value!({})), json(SELECTORS.name, &selectors)];
        let (result, mut harvest) = read(&Trails, &Unit::REGION, replies).await;
        result.unwrap();
        let rows: Vec<TrailRow> = harvest.take(&TABLE).rows();
        let expected = r#"[{"FieldSelectors":[{"Equals":["false"],"Field":"readOnly"}],"Name":"writes"}]"#;
        assert_eq!(rows[0].advanced_event_selectors, Some(Json(expected.into())));
        assert_eq!(rows[0].is_logging, None, "what is not sent is not told");
    }

    #[tokio::test]
    async fn a_trail_whose_status_is_denied_is_a_row_and_a_gap() {
        let replies = [
            trails(),
            Reply::denied(STATUS.name).containing(HOME),
            json(SELECTORS.name, &value!({ "EventSelectors": [] })),
            json(STATUS.name, &value!({ "IsLogging": true })).containing(SHADOW),
        ];
        let (result, mut harvest) = read(&Trails, &Unit::REGION, replies).await;
        result.unwrap();
        assert_eq!(harvest.failure().map(|error| (error.status, error.operation.as_str())), Some((ReadStatus::Denied, STATUS.name)));
        let rows: Vec<TrailRow> = harvest.take(&TABLE).rows();
        assert_eq!((rows[0].is_logging, rows[0].event_selectors.clone()), (None, Some(Json("[]".into()))));
        assert_eq!(rows[1].is_logging, Some(true));
    }
}
