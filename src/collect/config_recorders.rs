//! Recorders of AWS Config: one row per recorder that a customer manages, with whether it records and where it delivers.
//!
//! Calls `DescribeConfigurationRecorders`, `DescribeConfigurationRecorderStatus` and `DescribeDeliveryChannels`, once each. Recorders that belong to
//! a service are not in the list. No recorder is no row in a complete read.
//!
//! Key: `configuration_recorder_name`. A recorder that exists need not record, and one that records need not record backups: that is in
//! `recording`, `all_supported`, `resource_types` and `exclusion_resource_types`. The flags `recording`, `all_supported` and
//! `include_global_resource_types` are false also if AWS left them out, because the SDK does not tell the two apart. Source: AWS Config API
//! Reference, `ConfigurationRecorder`, `ConfigurationRecorderStatus`, `DeliveryChannel`.

use async_trait::async_trait;
use aws_sdk_config::types::{ConfigurationRecorder, ConfigurationRecorderStatus, DeliveryChannel, RecordingModeOverride};
use serde_json::Value;

use super::collector::{Collector, Harvest, Operation, ReadError, Unit};
use super::door::RegionDoor;
use super::fields::{json, millis, required, sent, word, words};
use super::pages::answered;
use crate::dataset::rows::Row;
use crate::dataset::{Table, TableKind};

crate::rows! {
    /// A configuration recorder.
    pub struct RecorderRow {
        /// Name of the recorder
        configuration_recorder_name: Text, Never, "name";
        /// ARN of the recorder
        configuration_recorder_arn: Text, NotTold, "arn";
        /// Role that it records with
        role_arn: Text, NotTold, "roleARN";
        /// Whether it records now; false also if not sent
        recording: Boolean, NotTold, "DescribeConfigurationRecorderStatus: recording";
        /// How the last recording went: `Pending`, `Success`, `Failure` or `NotApplicable`
        last_status: Text, NotTold, "DescribeConfigurationRecorderStatus: lastStatus";
        /// Error of the last recording
        last_error_code: Text, Means("no error"), "DescribeConfigurationRecorderStatus: lastErrorCode";
        /// When it was last started
        last_start_time: Time, Means("never started"), "DescribeConfigurationRecorderStatus: lastStartTime";
        /// When it was last stopped
        last_stop_time: Time, Means("never stopped"), "DescribeConfigurationRecorderStatus: lastStopTime";
        /// When the status last changed
        last_status_change_time: Time, NotTold, "DescribeConfigurationRecorderStatus: lastStatusChangeTime";
        /// Whether it records every type of resource; false also if not sent
        all_supported: Boolean, NotTold, "recordingGroup.allSupported";
        /// Whether it records types that an account has once; false also if not sent
        include_global_resource_types: Boolean, NotTold, "recordingGroup.includeGlobalResourceTypes";
        /// Types of resources that it records, in AWS's order
        resource_types: Json, Means("no types are named"), "recordingGroup.resourceTypes";
        /// Types of resources that it leaves out, in AWS's order
        exclusion_resource_types: Json, Means("no types are left out"), "recordingGroup.exclusionByResourceTypes.resourceTypes";
        /// `ALL_SUPPORTED_RESOURCE_TYPES`, `INCLUSION_BY_RESOURCE_TYPES` or `EXCLUSION_BY_RESOURCE_TYPES`
        recording_strategy: Text, NotTold, "recordingGroup.recordingStrategy.useOnly";
        /// `CONTINUOUS` or `DAILY`
        recording_frequency: Text, NotTold, "recordingMode.recordingFrequency";
        /// Types that are recorded at another frequency, as the API writes them
        recording_mode_overrides: Json, Means("no type is recorded at another frequency"), "recordingMode.recordingModeOverrides";
        /// Delivery channel of the account in the Region
        delivery_channel_name: Text, Means("nothing is delivered anywhere"), "DescribeDeliveryChannels: name";
        /// Bucket that it delivers to
        s3_bucket_name: Text, Means("nothing is delivered anywhere"), "DescribeDeliveryChannels: s3BucketName";
        /// Topic that is told of changes
        sns_topic_arn: Text, Means("no topic is told"), "DescribeDeliveryChannels: snsTopicARN";
    }
}

/// The recorders of a Region.
pub static TABLE: Table = Table {
    name: "config_recorders",
    kind: TableKind::State,
    doc: "One row for each recorder of AWS Config that a customer manages.",
    columns: RecorderRow::COLUMNS,
    key: &["configuration_recorder_name"],
    parent: None,
    created: None,
    global: false,
    subject: None,
};

const RECORDERS: Operation =
    Operation { service: "config", name: "DescribeConfigurationRecorders", action: "config:DescribeConfigurationRecorders" };
const STATUS: Operation =
    Operation { service: "config", name: "DescribeConfigurationRecorderStatus", action: "config:DescribeConfigurationRecorderStatus" };
const CHANNELS: Operation = Operation { service: "config", name: "DescribeDeliveryChannels", action: "config:DescribeDeliveryChannels" };

/// Reads [`TABLE`].
pub(crate) struct ConfigRecorders;

#[async_trait]
impl Collector for ConfigRecorders {
    fn tables(&self) -> &'static [&'static Table] {
        const { &[&TABLE] }
    }

    fn operations(&self) -> &'static [Operation] {
        &[RECORDERS, STATUS, CHANNELS]
    }

    async fn collect(&self, door: &RegionDoor, _unit: &Unit, harvest: &mut Harvest) -> Result<(), ReadError> {
        let config = door.config();
        let answer = config.describe_configuration_recorders().send().await.map_err(|error| ReadError::from_sdk(RECORDERS.name, error))?;
        let recorders = answered(RECORDERS.name, "ConfigurationRecorders", answer.configuration_recorders)?;
        let answer =
            config.describe_configuration_recorder_status().send().await.map_err(|error| ReadError::from_sdk(STATUS.name, error))?;
        let statuses = answered(STATUS.name, "ConfigurationRecordersStatus", answer.configuration_recorders_status)?;
        let answer = config.describe_delivery_channels().send().await.map_err(|error| ReadError::from_sdk(CHANNELS.name, error))?;
        let channels = answered(CHANNELS.name, "DeliveryChannels", answer.delivery_channels)?;
        harvest.page(recorders.len());
        for recorder in recorders {
            let status = statuses.iter().find(|status| status.name == recorder.name).cloned();
            harvest.push(&TABLE, row(recorder, status, channels.first().cloned()));
        }
        Ok(())
    }
}

fn row(recorder: ConfigurationRecorder, status: Option<ConfigurationRecorderStatus>, channel: Option<DeliveryChannel>) -> RecorderRow {
    let group = recorder.recording_group;
    let flags = group.as_ref().map(|group| (group.all_supported, group.include_global_resource_types));
    let (types, excluded, strategy) =
        group.map(|group| (group.resource_types, group.exclusion_by_resource_types, group.recording_strategy)).unwrap_or_default();
    let mode = recorder.recording_mode;
    let (channel, bucket, topic) = channel.map(|channel| (channel.name, channel.s3_bucket_name, channel.sns_topic_arn)).unwrap_or_default();
    RecorderRow {
        configuration_recorder_name: recorder.name,
        configuration_recorder_arn: recorder.arn,
        role_arn: recorder.role_arn,
        recording: status.as_ref().map(|status| status.recording),
        last_status: status.as_ref().and_then(|status| word(status.last_status.as_ref())),
        last_error_code: status.as_ref().and_then(|status| status.last_error_code.clone()),
        last_start_time: status.as_ref().and_then(|status| millis(status.last_start_time)),
        last_stop_time: status.as_ref().and_then(|status| millis(status.last_stop_time)),
        last_status_change_time: status.and_then(|status| millis(status.last_status_change_time)),
        all_supported: flags.map(|(all, _)| all),
        include_global_resource_types: flags.map(|(_, global)| global),
        resource_types: words(types),
        exclusion_resource_types: words(excluded.and_then(|excluded| excluded.resource_types)),
        recording_strategy: strategy.and_then(|strategy| word(strategy.use_only)),
        recording_frequency: mode.as_ref().and_then(|mode| required(mode.recording_frequency.as_str().to_owned())),
        recording_mode_overrides: mode
            .and_then(|mode| mode.recording_mode_overrides)
            .map(|all| json(all.into_iter().map(override_of).collect())),
        delivery_channel_name: channel,
        s3_bucket_name: bucket,
        sns_topic_arn: topic,
    }
}

fn override_of(mode: RecordingModeOverride) -> Value {
    sent([
        ("description", mode.description.map(Value::from)),
        ("recordingFrequency", Some(Value::from(mode.recording_frequency.as_str()))),
        ("resourceTypes", Some(mode.resource_types.iter().map(|kind| Value::from(kind.as_str())).collect())),
    ])
}

#[cfg(test)]
mod tests {
    use serde_json::json as value;

    use super::*;
    use crate::collect::test_reads::{json, read};
    use crate::collect::testing::Reply;
    use crate::dataset::ReadStatus;
    use crate::dataset::rows::{Json, Millis};

    fn replies(recorders: &Value, statuses: &Value, channels: &Value) -> [Reply; 3] {
        [
            json(RECORDERS.name, &value!({ "ConfigurationRecorders": recorders })),
            json(STATUS.name, &value!({ "ConfigurationRecordersStatus": statuses })),
            json(CHANNELS.name, &value!({ "DeliveryChannels": channels })),
        ]
    }

    #[tokio::test]
    async fn a_recorder_its_status_and_its_channel_are_one_row() {
        let recorders = value!([{
            "name": "default", "roleARN": "arn:aws:iam::111122223333:role/config",
            "recordingGroup": {
                "allSupported": false, "includeGlobalResourceTypes": false, "resourceTypes": [],
                "exclusionByResourceTypes": { "resourceTypes": ["AWS::Backup::RecoveryPoint"] },
                "recordingStrategy": { "useOnly": "EXCLUSION_BY_RESOURCE_TYPES" }
            },
            "recordingMode": { "recordingFrequency": "CONTINUOUS", "recordingModeOverrides": [
                { "recordingFrequency": "DAILY", "resourceTypes": ["AWS::Backup::BackupVault"] }
            ] }
        }]);
        let statuses = value!([{ "name": "default", "recording": true, "lastStatus": "Failure", "lastErrorCode": "AccessDenied", "lastStartTime": 1_763_000_000 }]);
        let channels = value!([{ "name": "default", "s3BucketName": "config-of-all" }]);
        let (result, mut harvest) = read(&ConfigRecorders, &Unit::REGION, replies(&recorders, &statuses, &channels)).await;
        result.unwrap();
        let row = harvest.take(&TABLE).rows::<RecorderRow>().remove(0);
        assert_eq!(
            (row.recording, row.last_status.as_deref(), row.last_error_code.as_deref()),
            (Some(true), Some("Failure"), Some("AccessDenied"))
        );
        assert_eq!((row.last_start_time, row.last_stop_time), (Some(Millis(1_763_000_000_000)), None));
        assert_eq!((row.all_supported, row.resource_types), (Some(false), Some(Json("[]".into()))));
        assert_eq!(row.exclusion_resource_types, Some(Json(r#"["AWS::Backup::RecoveryPoint"]"#.into())));
        assert_eq!((row.recording_frequency.as_deref(), row.s3_bucket_name.as_deref()), (Some("CONTINUOUS"), Some("config-of-all")));
        let overrides = r#"[{"recordingFrequency":"DAILY","resourceTypes":["AWS::Backup::BackupVault"]}]"#;
        assert_eq!(row.recording_mode_overrides, Some(Json(overrides.into())));
    }

    #[tokio::test]
    async fn no_recorder_is_no_row_and_one_without_status_is_not_told_to_be_off() {
        let (result, mut harvest) = read(&ConfigRecorders, &Unit::REGION, replies(&value!([]), &value!([]), &value!([]))).await;
        result.unwrap();
        assert_eq!((harvest.take(&TABLE).len(), harvest.refused().len()), (0, 0));

        let (result, mut harvest) =
            read(&ConfigRecorders, &Unit::REGION, replies(&value!([{ "name": "default" }]), &value!([]), &value!([]))).await;
        result.unwrap();
        let row = harvest.take(&TABLE).rows::<RecorderRow>().remove(0);
        assert_eq!((row.recording, row.all_supported, row.recording_frequency, row.delivery_channel_name), (None, None, None, None));
    }

    #[tokio::test]
    async fn a_status_that_is_denied_leaves_no_row() {
        let recorders = json(RECORDERS.name, &value!({ "ConfigurationRecorders": [{ "name": "default" }] }));
        let (result, mut harvest) = read(&ConfigRecorders, &Unit::REGION, [recorders, Reply::denied(STATUS.name)]).await;
        assert_eq!((result.unwrap_err().status, harvest.take(&TABLE).len()), (ReadStatus::Denied, 0));
    }
}
