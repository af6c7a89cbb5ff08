//! Alarms of CloudWatch: one row per alarm on a metric and per composite alarm, whatever it watches.
//!
//! Calls `DescribeAlarms` for both kinds, which is asked for by name: without, AWS lists alarms on metrics only. Alarms on logs are not read.
//!
//! Key: `alarm_arn`. Metrics of AWS Backup are sent only while they are not zero, so `treat_missing_data` decides what an alarm says of nights
//! without a backup. A threshold is kept as the text of its number. Source: Amazon CloudWatch API Reference, `MetricAlarm`, `CompositeAlarm`.

use async_trait::async_trait;
use aws_sdk_cloudwatch::types::{AlarmType, CompositeAlarm, Dimension, MetricAlarm, MetricDataQuery};
use serde_json::Value;

use super::collector::{Collector, Harvest, Operation, ReadError, Unit};
use super::door::RegionDoor;
use super::fields::{json, list, millis, sent, word};
use super::pages::{Pages, answered};
use crate::dataset::rows::{Json, Row};
use crate::dataset::{Table, TableKind};

crate::rows! {
    /// An alarm.
    pub struct AlarmRow {
        /// ARN of the alarm
        alarm_arn: Text, Never, "AlarmArn";
        /// Name of the alarm
        alarm_name: Text, NotTold, "AlarmName";
        /// Whether it combines other alarms
        is_composite: Boolean, Never, "which of the two lists it was in";
        /// Rule over other alarms
        alarm_rule: Text, Means("not a composite alarm"), "AlarmRule";
        /// Namespace of the metric, such as AWS/Backup
        namespace: Text, Means("a composite alarm, or one on an expression"), "Namespace";
        /// Name of the metric
        metric_name: Text, Means("a composite alarm, or one on an expression"), "MetricName";
        /// Dimensions of the metric as an object from name to value
        dimensions: Json, Means("a composite alarm, or one on an expression"), "Dimensions";
        /// Expressions and metrics of an alarm on an expression: `Id`, `Expression`, `Namespace`, `MetricName`, `Dimensions`, `Stat`, `Period`
        metrics: Json, Means("a composite alarm, or one on a single metric"), "Metrics";
        /// How values of a period are put together: Sum, Maximum, p99, …
        statistic: Text, Means("a composite alarm, or one on an expression"), "Statistic or ExtendedStatistic";
        /// Length of a period
        period_s: Integer, Means("a composite alarm, or one on an expression"), "Period";
        /// Periods that are looked at
        evaluation_periods: Integer, Means("a composite alarm"), "EvaluationPeriods";
        /// Periods of these that must breach
        datapoints_to_alarm: Integer, Means("a composite alarm, or all of evaluation_periods"), "DatapointsToAlarm";
        /// Number that is compared with, as a text
        threshold: Text, Means("a composite alarm, or one on a band of values"), "Threshold";
        /// How it is compared, such as `GreaterThanThreshold`
        comparison_operator: Text, Means("a composite alarm"), "ComparisonOperator";
        /// What periods without data count as: `breaching`, `notBreaching`, `ignore` or `missing`
        treat_missing_data: Text, Means("missing, or a composite alarm"), "TreatMissingData";
        /// Whether the alarm tells anyone
        actions_enabled: Boolean, NotTold, "ActionsEnabled";
        /// Whom it tells when it goes off, in AWS's order
        alarm_actions: Json, NotTold, "AlarmActions";
        /// Whom it tells when it is over, in AWS's order
        ok_actions: Json, NotTold, "OKActions";
        /// Whom it tells when it cannot say, in AWS's order
        insufficient_data_actions: Json, NotTold, "InsufficientDataActions";
        /// `OK`, `ALARM` or `INSUFFICIENT_DATA`
        state_value: Text, NotTold, "StateValue";
        /// When that state was last told
        state_updated_time: Time, NotTold, "StateUpdatedTimestamp";
        /// When the alarm was last changed
        configuration_updated_time: Time, NotTold, "AlarmConfigurationUpdatedTimestamp";
    }
}

/// The alarms of a Region.
pub static TABLE: Table = Table {
    name: "alarms",
    kind: TableKind::State,
    doc: "One row for each alarm of CloudWatch on a metric, and each composite alarm.",
    columns: AlarmRow::COLUMNS,
    key: &["alarm_arn"],
    parent: None,
    created: None,
    global: false,
    subject: None,
};

const DESCRIBE: Operation = Operation { service: "cloudwatch", name: "DescribeAlarms", action: "cloudwatch:DescribeAlarms" };

/// Reads [`TABLE`].
pub(crate) struct Alarms;

#[async_trait]
impl Collector for Alarms {
    fn tables(&self) -> &'static [&'static Table] {
        const { &[&TABLE] }
    }

    fn operations(&self) -> &'static [Operation] {
        &[DESCRIBE]
    }

    async fn collect(&self, door: &RegionDoor, _unit: &Unit, harvest: &mut Harvest) -> Result<(), ReadError> {
        let mut pages = Pages::of(DESCRIBE.name);
        while pages.more() {
            let request = door.cloudwatch().describe_alarms().alarm_types(AlarmType::MetricAlarm).alarm_types(AlarmType::CompositeAlarm);
            let request = request.max_records(100).set_next_token(pages.token());
            let page = request.send().await.map_err(|error| ReadError::from_sdk(DESCRIBE.name, error))?;
            // A page may hold alarms of one kind only; one with neither list is no answer.
            let either = page.metric_alarms.is_some() || page.composite_alarms.is_some();
            answered(DESCRIBE.name, "MetricAlarms or CompositeAlarms", either.then_some(()))?;
            let (metric, composite) = (page.metric_alarms.unwrap_or_default(), page.composite_alarms.unwrap_or_default());
            harvest.page(metric.len() + composite.len());
            for alarm in metric {
                harvest.push(&TABLE, metric_row(alarm));
            }
            for alarm in composite {
                harvest.push(&TABLE, composite_row(alarm));
            }
            pages.follow(page.next_token)?;
        }
        Ok(())
    }
}

/// Dimensions as an object from name to value; NULL if one came without its name.
pub(crate) fn dimensions(dimensions: Vec<Dimension>) -> Option<Json> {
    super::fields::tags(Some(dimensions.into_iter().map(|dimension| (dimension.name, dimension.value))))
}

fn metric_row(alarm: MetricAlarm) -> AlarmRow {
    // An alarm on an expression is sent with an empty list of dimensions of its own.
    let single = alarm.metric_name.is_some();
    AlarmRow {
        alarm_arn: alarm.alarm_arn,
        alarm_name: alarm.alarm_name,
        is_composite: Some(false),
        alarm_rule: None,
        namespace: alarm.namespace,
        metric_name: alarm.metric_name,
        dimensions: alarm.dimensions.filter(|_| single).and_then(dimensions),
        metrics: alarm.metrics.filter(|all| !all.is_empty()).map(|all| json(all.into_iter().map(query).collect())),
        statistic: word(alarm.statistic).or(alarm.extended_statistic),
        period_s: alarm.period.map(i64::from),
        evaluation_periods: alarm.evaluation_periods.map(i64::from),
        datapoints_to_alarm: alarm.datapoints_to_alarm.map(i64::from),
        threshold: alarm.threshold.map(|threshold| threshold.to_string()),
        comparison_operator: word(alarm.comparison_operator),
        treat_missing_data: alarm.treat_missing_data,
        actions_enabled: alarm.actions_enabled,
        alarm_actions: list(alarm.alarm_actions),
        ok_actions: list(alarm.ok_actions),
        insufficient_data_actions: list(alarm.insufficient_data_actions),
        state_value: word(alarm.state_value),
        state_updated_time: millis(alarm.state_updated_timestamp),
        configuration_updated_time: millis(alarm.alarm_configuration_updated_timestamp),
    }
}

fn composite_row(alarm: CompositeAlarm) -> AlarmRow {
    AlarmRow {
        alarm_arn: alarm.alarm_arn,
        alarm_name: alarm.alarm_name,
        is_composite: Some(true),
        alarm_rule: alarm.alarm_rule,
        actions_enabled: alarm.actions_enabled,
        alarm_actions: list(alarm.alarm_actions),
        ok_actions: list(alarm.ok_actions),
        insufficient_data_actions: list(alarm.insufficient_data_actions),
        state_value: word(alarm.state_value),
        state_updated_time: millis(alarm.state_updated_timestamp),
        configuration_updated_time: millis(alarm.alarm_configuration_updated_timestamp),
        ..AlarmRow::default()
    }
}

/// A line of an alarm on an expression.
fn query(query: MetricDataQuery) -> Value {
    let (metric, stat, period) = query.metric_stat.map(|stat| (stat.metric, stat.stat, stat.period)).unwrap_or_default();
    let (namespace, name, of) = metric.map(|metric| (metric.namespace, metric.metric_name, metric.dimensions)).unwrap_or_default();
    let of = of
        .map(|all| all.into_iter().map(|one| sent([("Name", one.name.map(Value::from)), ("Value", one.value.map(Value::from))])).collect());
    sent([
        ("Id", query.id.map(Value::from)),
        ("Expression", query.expression.map(Value::from)),
        ("Namespace", namespace.map(Value::from)),
        ("MetricName", name.map(Value::from)),
        ("Dimensions", of),
        ("Stat", stat.map(Value::from)),
        ("Period", period.or(query.period).map(Value::from)),
        ("ReturnData", query.return_data.map(Value::from)),
    ])
}

#[cfg(test)]
mod tests {
    use serde_json::json as value;

    use super::*;
    use crate::collect::test_reads::read;
    use crate::collect::testing::Reply;
    use crate::dataset::ReadStatus;
    use crate::dataset::rows::Millis;

    fn arn(name: &str) -> String {
        format!("arn:aws:cloudwatch:eu-west-1:111122223333:alarm:{name}")
    }

    #[tokio::test]
    async fn both_kinds_become_rows_and_what_is_not_sent_stays_null() {
        let first = value!({ "MetricAlarms": [{
            "AlarmArn": arn("failed"), "AlarmName": "failed", "Namespace": "AWS/Backup", "MetricName": "NumberOfBackupJobsFailed",
            "Dimensions": [{ "Name": "BackupVaultName", "Value": "prod" }], "Statistic": "Sum", "Period": 300, "EvaluationPeriods": 1,
            "Threshold": 0.5, "ComparisonOperator": "GreaterThanThreshold", "TreatMissingData": "notBreaching", "ActionsEnabled": false,
            "AlarmActions": ["arn:aws:sns:eu-west-1:111122223333:ops"], "StateValue": "OK", "StateUpdatedTimestamp": { "$time": 1_763_000_000.5 }
        }], "CompositeAlarms": [], "NextToken": "2" });
        let last = value!({ "CompositeAlarms": [{ "AlarmArn": arn("any"), "AlarmRule": "ALARM(failed)" }], "MetricAlarms": [{
            "AlarmArn": arn("math"), "Dimensions": [], "Threshold": 10.0, "Metrics": [
                { "Id": "e1", "Expression": "SUM(METRICS())" },
                { "Id": "m1", "ReturnData": false, "MetricStat": {
                    "Metric": { "Namespace": "AWS/Backup", "MetricName": "NumberOfCopyJobsFailed", "Dimensions": [] }, "Period": 300, "Stat": "Sum"
                } }
            ]
        }] });
        let replies = [Reply::cbor(DESCRIBE.name, 200, &first).containing("CompositeAlarm"), Reply::cbor(DESCRIBE.name, 200, &last)];
        let (result, mut harvest) = read(&Alarms, &Unit::REGION, replies).await;
        result.unwrap();
        assert_eq!((harvest.pages(), harvest.items()), (2, 3));
        let rows: Vec<AlarmRow> = harvest.take(&TABLE).rows();
        assert_eq!(rows[0].dimensions, Some(Json(r#"{"BackupVaultName":"prod"}"#.into())));
        assert_eq!((rows[0].threshold.as_deref(), rows[0].period_s, rows[0].datapoints_to_alarm), (Some("0.5"), Some(300), None));
        assert_eq!((rows[0].actions_enabled, rows[0].state_updated_time), (Some(false), Some(Millis(1_763_000_000_500))));
        assert_eq!((rows[1].threshold.as_deref(), rows[1].dimensions.clone(), rows[1].statistic.as_deref()), (Some("10"), None, None));
        let metrics = r#"[{"Expression":"SUM(METRICS())","Id":"e1"},{"Dimensions":[],"Id":"m1","MetricName":"NumberOfCopyJobsFailed","Namespace":"AWS/Backup","Period":300,"ReturnData":false,"Stat":"Sum"}]"#;
        assert_eq!(rows[1].metrics, Some(Json(metrics.into())));
        assert_eq!((rows[2].is_composite, rows[2].alarm_rule.as_deref()), (Some(true), Some("ALARM(failed)")));
        assert_eq!((rows[2].actions_enabled, rows[2].alarm_actions.clone()), (None, None));
    }

    #[tokio::test]
    async fn an_answer_that_breaks_off_is_not_a_shorter_list() {
        let alarms = value!({ "MetricAlarms": [{ "AlarmArn": arn("a") }, { "AlarmArn": arn("b") }, { "AlarmArn": arn("c") }] });
        let (result, mut harvest) = read(&Alarms, &Unit::REGION, [Reply::cbor(DESCRIBE.name, 200, &alarms).cut().forever()]).await;
        assert_eq!((result.unwrap_err().status, harvest.take(&TABLE).len()), (ReadStatus::Unavailable, 0));
    }

    #[tokio::test]
    async fn a_denial_on_the_second_page_keeps_the_first() {
        let first = value!({ "MetricAlarms": [{ "AlarmArn": arn("a") }], "NextToken": "2" });
        let denied = value!({ "__type": "com.amazon.coral.service#AccessDenied", "Message": "not allowed" });
        let replies = [Reply::cbor(DESCRIBE.name, 200, &first), Reply::cbor(DESCRIBE.name, 403, &denied)];
        let (result, mut harvest) = read(&Alarms, &Unit::REGION, replies).await;
        assert_eq!((result.unwrap_err().status, harvest.take(&TABLE).len()), (ReadStatus::Denied, 1));
    }
}
