//! Samples of metrics about backups: one row per series and day of the last thirty.
//!
//! Calls `ListMetrics` for the namespace `AWS/Backup` and for `ReplicationLatency` of `AWS/S3`, then `GetMetricData` for these series, up to 500 a call:
//! daily sums of the counts of AWS Backup, daily maxima of the latency. They support what jobs and recovery points say and prove nothing by
//! themselves: AWS Backup sends a count only while it is not zero, and `ListMetrics` knows no series that was silent for two weeks, so a day
//! without a row says nothing. CloudWatch bills `GetMetricData` by the series.
//!
//! Key: `namespace`, `metric_name`, `dimensions`, `period_start`. Days begin at midnight UTC; the last one is not over. Values are whole thousandths.
//! Source: Amazon CloudWatch API Reference, `ListMetrics` and `GetMetricData`.

use std::collections::BTreeSet;

use async_trait::async_trait;
use aws_sdk_cloudwatch::types::{Metric, MetricDataQuery, MetricDataResult, MetricStat, StatusCode};
use aws_smithy_types::DateTime;

use super::alarms::dimensions;
use super::collector::{Collector, Foretold, Harvest, Operation, ReadError, Unit, UnitRange};
use super::door::RegionDoor;
use super::fields::millis;
use super::pages::{Pages, answered, unreadable};
use crate::dataset::rows::{Json, Row};
use crate::dataset::{Batch, Table, TableKind};
use crate::model::moment::DAY_S;

crate::rows! {
    /// A value of a metric over a period.
    pub struct SampleRow {
        /// Namespace of the metric
        namespace: Text, Never, "Namespace";
        /// Name of the metric
        metric_name: Text, Never, "MetricName";
        /// Dimensions of the series as an object from name to value
        dimensions: Json, Never, "Dimensions";
        /// When the period began
        period_start: Time, Never, "MetricDataResults.Timestamps";
        /// Length of the period
        period_s: Integer, Never, "Period that was asked for";
        /// How values of the period are put together: Sum or Maximum
        statistic: Text, Never, "Stat that was asked for";
        /// The value in thousandths
        value_milli: Integer, NotTold, "MetricDataResults.Values";
    }
}

/// The samples of metrics of a Region.
pub static TABLE: Table = Table {
    name: "metric_samples",
    kind: TableKind::History,
    doc: "One row for each series of a metric about backups and each day on which it has a value.",
    columns: SampleRow::COLUMNS,
    key: &["namespace", "metric_name", "dimensions", "period_start"],
    parent: None,
    created: Some("period_start"),
    global: false,
    subject: None,
};

const LIST: Operation = Operation { service: "cloudwatch", name: "ListMetrics", action: "cloudwatch:ListMetrics" };
const GET: Operation = Operation { service: "cloudwatch", name: "GetMetricData", action: "cloudwatch:GetMetricData" };

/// Namespace, metric if not all of them, statistic.
const WANTED: [(&str, Option<&str>, &str); 2] = [("AWS/Backup", None, "Sum"), ("AWS/S3", Some("ReplicationLatency"), "Maximum")];
/// Series that one call may ask for.
const SERIES_A_CALL: usize = 500;
/// Days that are asked for.
const DAYS: i64 = 30;
/// Length of a period.
const PERIOD_S: i32 = 86_400;

/// Reads [`TABLE`].
pub(crate) struct MetricSamples;

/// A metric with its dimensions, and the statistic that is asked for.
struct Series {
    metric: Metric,
    statistic: &'static str,
}

#[async_trait]
impl Collector for MetricSamples {
    fn tables(&self) -> &'static [&'static Table] {
        const { &[&TABLE] }
    }

    fn operations(&self) -> &'static [Operation] {
        &[LIST, GET]
    }

    fn units(&self, _parents: Option<&Batch>, started_s: i64) -> Vec<Unit> {
        let midnight_s = started_s - started_s.rem_euclid(DAY_S);
        vec![Unit { parent: None, range: Some(UnitRange { from_s: Some(midnight_s - DAYS * DAY_S), to_s: Some(started_s) }) }]
    }

    fn foretold(&self) -> &'static [(Operation, Foretold)] {
        &[(GET, Foretold::Bundled(SERIES_A_CALL))]
    }

    async fn collect(&self, door: &RegionDoor, unit: &Unit, harvest: &mut Harvest) -> Result<(), ReadError> {
        let mut series = Vec::new();
        for (namespace, metric, statistic) in WANTED {
            list(door, namespace, metric, statistic, &mut series, harvest).await?;
        }
        let span = unit.range.and_then(|range| range.from_s.zip(range.to_s));
        for some in series.chunks(SERIES_A_CALL) {
            let span = span.ok_or_else(|| unreadable(GET.name, "no span of time was given"))?;
            samples(door, some, span, harvest).await?;
        }
        Ok(())
    }
}

async fn list(
    door: &RegionDoor,
    namespace: &str,
    metric: Option<&str>,
    statistic: &'static str,
    series: &mut Vec<Series>,
    harvest: &mut Harvest,
) -> Result<(), ReadError> {
    let mut pages = Pages::of(LIST.name);
    while pages.more() {
        let request = door.cloudwatch().list_metrics().namespace(namespace).set_metric_name(metric.map(str::to_owned));
        let page = request.set_next_token(pages.token()).send().await.map_err(|error| ReadError::from_sdk(LIST.name, error))?;
        let metrics = pages.items(harvest, "Metrics", page.metrics)?;
        series.extend(metrics.into_iter().map(|metric| Series { metric, statistic }));
        pages.follow(page.next_token)?;
    }
    Ok(())
}

/// The values of some series; their place in the list is the id of the query.
async fn samples(door: &RegionDoor, series: &[Series], (from_s, to_s): (i64, i64), harvest: &mut Harvest) -> Result<(), ReadError> {
    let queries: Vec<MetricDataQuery> = series.iter().enumerate().map(|(place, series)| query(place, series)).collect();
    let mut pages = Pages::of(GET.name);
    // Of each, until it is called complete: more of a series that is called partial comes on the next page.
    let mut unfinished: BTreeSet<Option<String>> = queries.iter().map(|query| query.id.clone()).collect();
    while pages.more() {
        let request = door.cloudwatch().get_metric_data().set_metric_data_queries(Some(queries.clone()));
        let request = request.start_time(DateTime::from_secs(from_s)).end_time(DateTime::from_secs(to_s)).set_next_token(pages.token());
        let page = request.send().await.map_err(|error| ReadError::from_sdk(GET.name, error))?;
        for result in answered(GET.name, "MetricDataResults", page.metric_data_results)? {
            if result.status_code != Some(StatusCode::PartialData) {
                unfinished.remove(&result.id);
            }
            push(series, result, harvest);
        }
        pages.follow(page.next_token)?;
    }
    for _ in unfinished {
        harvest.refuse(format!("{}: a series without its end", GET.name));
    }
    Ok(())
}

fn query(place: usize, series: &Series) -> MetricDataQuery {
    let stat = MetricStat::builder().metric(series.metric.clone()).period(PERIOD_S).stat(series.statistic).build();
    MetricDataQuery::builder().id(format!("m{place}")).metric_stat(stat).build()
}

fn push(series: &[Series], result: MetricDataResult, harvest: &mut Harvest) {
    let place = result.id.as_deref().and_then(|id| id.strip_prefix('m')).and_then(|place| place.parse::<usize>().ok());
    let Some(series) = place.and_then(|place| series.get(place)) else {
        harvest.refuse(format!("{}: values of a series that was not asked for", GET.name));
        return;
    };
    if !matches!(result.status_code, None | Some(StatusCode::Complete | StatusCode::PartialData)) {
        harvest.refuse(format!("{}: a series could not be read", GET.name));
    }
    let named = dimensions(series.metric.dimensions.clone().unwrap_or_default());
    let (moments, values) = (result.timestamps.unwrap_or_default(), result.values.unwrap_or_default());
    if moments.len() != values.len() {
        harvest.refuse(format!("{}: {} moments and {} values of a series", GET.name, moments.len(), values.len()));
    }
    for (moment, value) in moments.into_iter().zip(values) {
        harvest.push(&TABLE, row(series, named.clone(), moment, value));
    }
}

fn row(series: &Series, dimensions: Option<Json>, moment: DateTime, value: f64) -> SampleRow {
    SampleRow {
        namespace: series.metric.namespace.clone(),
        metric_name: series.metric.metric_name.clone(),
        dimensions,
        period_start: millis(Some(moment)),
        period_s: Some(i64::from(PERIOD_S)),
        statistic: Some(series.statistic.to_owned()),
        value_milli: thousandths(value),
    }
}

/// A number in thousandths; `None` for what is no number or too large.
fn thousandths(value: f64) -> Option<i64> {
    format!("{value:.3}").replace('.', "").parse().ok()
}

#[cfg(test)]
mod tests {
    use serde_json::json as value;

    use super::*;
    use crate::collect::test_reads::read;
    use crate::collect::testing::Reply;
    use crate::dataset::rows::Millis;

    const STARTED_S: i64 = 1_795_147_200;

    #[tokio::test]
    async fn each_series_is_asked_for_and_its_days_become_rows() {
        let failed = value!({ "Namespace": "AWS/Backup", "MetricName": "NumberOfBackupJobsFailed", "Dimensions": [{ "Name": "BackupVaultName", "Value": "prod" }] });
        let latency = value!({ "Namespace": "AWS/S3", "MetricName": "ReplicationLatency", "Dimensions": [] });
        let first = value!({ "MetricDataResults": [
            { "Id": "m0", "StatusCode": "PartialData", "Timestamps": [{ "$time": 1_795_046_400 }], "Values": [2.0] }
        ], "NextToken": "2" });
        let last = value!({ "MetricDataResults": [
            { "Id": "m0", "StatusCode": "Complete", "Timestamps": [{ "$time": 1_794_960_000 }], "Values": [1.0] },
            { "Id": "m1", "StatusCode": "Complete", "Timestamps": [{ "$time": 1_795_046_400 }], "Values": [12.3456] },
            { "Id": "m7", "StatusCode": "Complete", "Timestamps": [], "Values": [] }
        ] });
        let replies = [
            Reply::cbor(LIST.name, 200, &value!({ "Metrics": [failed] })).containing("AWS/Backup"),
            Reply::cbor(LIST.name, 200, &value!({ "Metrics": [latency] })).containing("ReplicationLatency"),
            Reply::cbor(GET.name, 200, &first).containing("Maximum"),
            Reply::cbor(GET.name, 200, &last),
        ];
        let unit = MetricSamples.units(None, STARTED_S).remove(0);
        let (result, mut harvest) = read(&MetricSamples, &unit, replies).await;
        result.unwrap();
        assert_eq!(harvest.refused().len(), 1, "what was not asked for is counted");
        let rows: Vec<SampleRow> = harvest.take(&TABLE).rows();
        let values: Vec<_> = rows.iter().map(|row| row.value_milli).collect();
        assert_eq!(values, [Some(2_000), Some(1_000), Some(12_346)]);
        assert_eq!(rows[0].dimensions, Some(Json(r#"{"BackupVaultName":"prod"}"#.into())));
        assert_eq!((rows[0].period_start, rows[0].statistic.as_deref()), (Some(Millis(1_795_046_400_000)), Some("Sum")));
        assert_eq!((rows[2].dimensions.clone(), rows[2].statistic.as_deref()), (Some(Json("{}".into())), Some("Maximum")));
    }

    #[tokio::test]
    async fn a_series_that_breaks_off_or_never_comes_is_counted() {
        let metric = |name: &str| value!({ "Namespace": "AWS/Backup", "MetricName": name, "Dimensions": [] });
        let partial = value!({ "Id": "m0", "StatusCode": "PartialData", "Timestamps": [{ "$time": 1_795_046_400 }], "Values": [2.0] });
        let torn = value!({ "Id": "m0", "StatusCode": "Complete", "Timestamps": [{ "$time": 1_795_046_400 }], "Values": [] });
        let whole = value!({ "Id": "m1", "StatusCode": "Complete", "Timestamps": [], "Values": [] });
        for (results, refused, shows) in [
            (value!([partial, whole]), 1, "called partial, and no page follows"),
            (value!([whole]), 1, "asked for, and not answered"),
            (value!([torn, whole]), 1, "a moment without its value"),
        ] {
            let replies = [
                Reply::cbor(LIST.name, 200, &value!({ "Metrics": [metric("One"), metric("Two")] })).containing("AWS/Backup"),
                Reply::cbor(LIST.name, 200, &value!({ "Metrics": [] })).containing("ReplicationLatency"),
                Reply::cbor(GET.name, 200, &value!({ "MetricDataResults": results })),
            ];
            let unit = MetricSamples.units(None, STARTED_S).remove(0);
            let (result, harvest) = read(&MetricSamples, &unit, replies).await;
            result.unwrap();
            assert_eq!(harvest.refused().values().sum::<i64>(), refused, "{shows}");
        }
    }

    #[tokio::test]
    async fn a_region_without_metrics_is_asked_for_no_values() {
        let none = || Reply::cbor(LIST.name, 200, &value!({ "Metrics": [] }));
        let (result, mut harvest) = read(&MetricSamples, &Unit::REGION, [none(), none()]).await;
        result.unwrap();
        assert_eq!((harvest.take(&TABLE).len(), harvest.pages()), (0, 2));
    }

    #[test]
    fn the_span_begins_at_a_midnight_and_stays_the_same_when_resumed() {
        let units = MetricSamples.units(None, STARTED_S);
        let range = units[0].range.unwrap();
        assert_eq!((range.from_s.map(|from_s| from_s % DAY_S), range.to_s), (Some(0), Some(STARTED_S)));
        assert_eq!(units, MetricSamples.units(None, STARTED_S));
    }

    #[test]
    fn thousandths_are_whole() {
        for (value, expected) in [(0.0, Some(0)), (-0.5, Some(-500)), (1e9, Some(1_000_000_000_000)), (f64::NAN, None), (1e300, None)] {
            assert_eq!(thousandths(value), expected, "{value}");
        }
    }
}
