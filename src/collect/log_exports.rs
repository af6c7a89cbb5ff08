//! Exports of log groups to S3: one row per export task, done or not.
//!
//! Calls `DescribeExportTasks`. An export copies what a log group holds of a span of time into a bucket; AWS does not document how long it lists
//! tasks, so a missing one proves nothing.
//!
//! Key: `task_id`; tasks have no ARN. Source: Amazon `CloudWatch` Logs API Reference, `DescribeExportTasks`.

use async_trait::async_trait;
use aws_sdk_cloudwatchlogs::types::ExportTask;

use super::collector::{Collector, Harvest, Operation, ReadError, Unit};
use super::door::RegionDoor;
use super::fields::word;
use super::pages::Pages;
use crate::dataset::rows::{Millis, Row};
use crate::dataset::{Table, TableKind};

crate::rows! {
    /// A task that exports log events to S3.
    pub struct LogExportRow {
        /// Id of the task
        task_id: Text, Never, "taskId";
        /// Name of the task; several can have the same
        task_name: Text, NotTold, "taskName";
        /// Log group that is exported
        log_group_name: Text, NotTold, "logGroupName";
        /// Bucket that is exported to
        destination: Text, NotTold, "destination";
        /// Beginning of the keys of what is exported
        destination_prefix: Text, NotTold, "destinationPrefix";
        /// Moment of the earliest log events that are exported
        from_time: Time, NotTold, "from";
        /// Moment up to which log events are exported
        to_time: Time, NotTold, "to";
        /// `PENDING`, `RUNNING`, `COMPLETED`, `FAILED`, `CANCELLED` or `PENDING_CANCEL`
        status_code: Text, NotTold, "status.code";
        /// What AWS says about the state
        status_message: Text, NotTold, "status.message";
        /// When the task was created
        creation_time: Time, NotTold, "executionInfo.creationTime";
        /// When the task ended
        completion_time: Time, NotTold, "executionInfo.completionTime";
    }
}

/// The export tasks of a Region.
pub static TABLE: Table = Table {
    name: "log_exports",
    kind: TableKind::History,
    doc: "One row for each task that exports log events from CloudWatch Logs to S3.",
    columns: LogExportRow::COLUMNS,
    key: &["task_id"],
    parent: None,
    created: Some("creation_time"),
    global: false,
    subject: None,
};

const DESCRIBE: Operation = Operation { service: "logs", name: "DescribeExportTasks", action: "logs:DescribeExportTasks" };

/// Reads [`TABLE`].
pub(crate) struct LogExports;

#[async_trait]
impl Collector for LogExports {
    fn tables(&self) -> &'static [&'static Table] {
        const { &[&TABLE] }
    }

    fn operations(&self) -> &'static [Operation] {
        &[DESCRIBE]
    }

    async fn collect(&self, door: &RegionDoor, _unit: &Unit, harvest: &mut Harvest) -> Result<(), ReadError> {
        let mut pages = Pages::of(DESCRIBE.name);
        while pages.more() {
            let request = door.logs().describe_export_tasks().limit(50).set_next_token(pages.token());
            let page = request.send().await.map_err(|error| ReadError::from_sdk(DESCRIBE.name, error))?;
            for task in pages.items(harvest, "exportTasks", page.export_tasks)? {
                harvest.push(&TABLE, row(task));
            }
            pages.follow(page.next_token)?;
        }
        Ok(())
    }
}

fn row(task: ExportTask) -> LogExportRow {
    let (code, message) = task.status.map(|status| (word(status.code), status.message)).unwrap_or_default();
    let (created, completed) = task.execution_info.map(|info| (info.creation_time, info.completion_time)).unwrap_or_default();
    LogExportRow {
        task_id: task.task_id,
        task_name: task.task_name,
        log_group_name: task.log_group_name,
        destination: task.destination,
        destination_prefix: task.destination_prefix,
        from_time: task.from.map(Millis),
        to_time: task.to.map(Millis),
        status_code: code,
        status_message: message,
        creation_time: created.map(Millis),
        completion_time: completed.map(Millis),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json as value;

    use super::*;
    use crate::collect::test_reads::{json, read};
    use crate::collect::testing::Reply;
    use crate::dataset::ReadStatus;

    #[tokio::test]
    async fn pages_become_rows_and_what_is_not_sent_stays_null() {
        let first = value!({ "exportTasks": [{
            "taskId": "1", "logGroupName": "/audit/db", "destination": "archive", "from": 0, "to": 1_763_000_000_000_i64,
            "status": { "code": "COMPLETED", "message": "Completed successfully" },
            "executionInfo": { "creationTime": 1_763_000_000_001_i64, "completionTime": 1_763_000_000_002_i64 }
        }], "nextToken": "2" });
        let last = value!({ "exportTasks": [{ "taskId": "2", "status": { "code": "RUNNING" } }, { "taskName": "lost" }] });
        let replies = [json(DESCRIBE.name, &first), json(DESCRIBE.name, &last).containing(r#""nextToken":"2""#)];
        let (result, mut harvest) = read(&LogExports, &Unit::REGION, replies).await;
        result.unwrap();
        assert_eq!((harvest.pages(), harvest.items(), harvest.refused().len()), (2, 3, 1), "the task without id is counted");
        let rows: Vec<LogExportRow> = harvest.take(&TABLE).rows();
        assert_eq!((rows[0].from_time, rows[0].to_time), (Some(Millis(0)), Some(Millis(1_763_000_000_000))), "the epoch is a moment");
        assert_eq!((rows[0].status_code.as_deref(), rows[1].status_code.as_deref()), (Some("COMPLETED"), Some("RUNNING")));
        assert_eq!((rows[0].completion_time, rows[1].completion_time), (Some(Millis(1_763_000_000_002)), None), "not done yet");
    }

    #[tokio::test]
    async fn a_denial_on_the_second_page_keeps_the_first() {
        let first = value!({ "exportTasks": [{ "taskId": "1" }], "nextToken": "2" });
        let (result, mut harvest) = read(&LogExports, &Unit::REGION, [json(DESCRIBE.name, &first), Reply::denied(DESCRIBE.name)]).await;
        assert_eq!((result.unwrap_err().status, harvest.take(&TABLE).len()), (ReadStatus::Denied, 1));
    }
}
