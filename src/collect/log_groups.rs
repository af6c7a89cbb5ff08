//! Log groups of `CloudWatch` Logs: one row per group, with how long it keeps what it holds.
//!
//! Calls `DescribeLogGroups`. Subscriptions, which carry log events elsewhere, would take a call for each group and are not read, and
//! neither are tags.
//!
//! Key: `log_group_arn`, without the `:*` at the end that permissions are written with. Log data is always encrypted; a KMS key is one of the
//! account. Source: Amazon `CloudWatch` Logs API Reference, `DescribeLogGroups`.

use async_trait::async_trait;
use aws_sdk_cloudwatchlogs::types::LogGroup;

use super::collector::{Collector, Harvest, Operation, ReadError, Unit};
use super::door::RegionDoor;
use super::fields::{resource_key, word};
use super::pages::Pages;
use crate::dataset::rows::{Millis, Row};
use crate::dataset::{Table, TableKind};

crate::rows! {
    /// A log group.
    pub struct LogGroupRow {
        /// ARN of the log group
        log_group_arn: Text, Never, "logGroupArn, or arn without :* at its end";
        /// Name of the log group, unique in its account and Region
        log_group_name: Text, NotTold, "logGroupName";
        /// Integer key of the ARN
        resource_key: Integer, NotTold, "key of logGroupArn";
        /// When the log group was created
        creation_time: Time, NotTold, "creationTime";
        /// Days that log events are kept
        retention_days: Integer, Means("kept for ever"), "retentionInDays";
        /// Bytes stored, compressed; the figure can lag behind
        stored_bytes: Integer, NotTold, "storedBytes";
        /// KMS key that the log group is encrypted with
        kms_key_id: Text, Means("encrypted by the service with a key of its own"), "kmsKeyId";
        /// `STANDARD`, `INFREQUENT_ACCESS` or another class
        log_group_class: Text, NotTold, "logGroupClass";
        /// Whether the log group refuses to be deleted
        deletion_protection_enabled: Boolean, NotTold, "deletionProtectionEnabled";
    }
}

/// The log groups of a Region.
pub static TABLE: Table = Table {
    name: "log_groups",
    kind: TableKind::State,
    doc: "One row for each log group of CloudWatch Logs, with its retention.",
    columns: LogGroupRow::COLUMNS,
    key: &["log_group_arn"],
    parent: None,
    created: None,
    global: false,
    subject: Some(("log_group_arn", "AWS::Logs::LogGroup")),
};

const DESCRIBE: Operation = Operation { service: "logs", name: "DescribeLogGroups", action: "logs:DescribeLogGroups" };

/// Reads [`TABLE`].
pub(crate) struct LogGroups;

#[async_trait]
impl Collector for LogGroups {
    fn tables(&self) -> &'static [&'static Table] {
        const { &[&TABLE] }
    }

    fn operations(&self) -> &'static [Operation] {
        &[DESCRIBE]
    }

    async fn collect(&self, door: &RegionDoor, _unit: &Unit, harvest: &mut Harvest) -> Result<(), ReadError> {
        let mut pages = Pages::of(DESCRIBE.name);
        while pages.more() {
            let request = door.logs().describe_log_groups().limit(50).set_next_token(pages.token());
            let page = request.send().await.map_err(|error| ReadError::from_sdk(DESCRIBE.name, error))?;
            for group in pages.items(harvest, "logGroups", page.log_groups)? {
                harvest.push(&TABLE, row(group));
            }
            pages.follow(page.next_token)?;
        }
        Ok(())
    }
}

fn row(group: LogGroup) -> LogGroupRow {
    let arn = group.log_group_arn.or(group.arn).map(|arn| arn.trim_end_matches(":*").to_owned());
    LogGroupRow {
        resource_key: resource_key(arn.as_deref()),
        log_group_arn: arn,
        log_group_name: group.log_group_name,
        creation_time: group.creation_time.map(Millis),
        retention_days: group.retention_in_days.map(i64::from),
        stored_bytes: group.stored_bytes,
        kms_key_id: group.kms_key_id,
        log_group_class: word(group.log_group_class),
        deletion_protection_enabled: group.deletion_protection_enabled,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json as value;

    use super::*;
    use crate::collect::test_reads::{json, read};
    use crate::collect::testing::Reply;
    use crate::dataset::ReadStatus;

    const AUDIT: &str = "arn:aws:logs:eu-west-1:111122223333:log-group:/audit/db";

    #[tokio::test]
    async fn pages_become_rows_and_what_is_not_sent_stays_null() {
        let first = value!({ "logGroups": [{
            "logGroupName": "/audit/db", "arn": format!("{AUDIT}:*"), "logGroupArn": AUDIT, "creationTime": 1_763_000_000_500_i64,
            "retentionInDays": 400, "storedBytes": 0, "logGroupClass": "STANDARD", "deletionProtectionEnabled": false
        }], "nextToken": "2" });
        let last = value!({ "logGroups": [{ "arn": format!("{AUDIT}-2:*") }, { "logGroupName": "lost" }] });
        let replies = [json(DESCRIBE.name, &first), json(DESCRIBE.name, &last).containing(r#""nextToken":"2""#)];
        let (result, mut harvest) = read(&LogGroups, &Unit::REGION, replies).await;
        result.unwrap();
        assert_eq!((harvest.pages(), harvest.items(), harvest.refused().len()), (2, 3, 1), "the group without ARN is counted");
        let rows: Vec<LogGroupRow> = harvest.take(&TABLE).rows();
        assert_eq!((rows[0].log_group_arn.as_deref(), rows[0].creation_time), (Some(AUDIT), Some(Millis(1_763_000_000_500))));
        assert_eq!((rows[0].stored_bytes, rows[0].deletion_protection_enabled), (Some(0), Some(false)), "0 and false are told");
        assert_eq!(rows[1].log_group_arn.as_deref(), Some(format!("{AUDIT}-2").as_str()), "one form of ARN, whichever is sent");
        assert_eq!((rows[0].retention_days, rows[1].retention_days, rows[1].deletion_protection_enabled), (Some(400), None, None));
    }

    #[tokio::test]
    async fn a_denial_on_the_second_page_keeps_the_first() {
        let first = value!({ "logGroups": [{ "logGroupArn": AUDIT }], "nextToken": "2" });
        let (result, mut harvest) = read(&LogGroups, &Unit::REGION, [json(DESCRIBE.name, &first), Reply::denied(DESCRIBE.name)]).await;
        assert_eq!((result.unwrap_err().status, harvest.take(&TABLE).len()), (ReadStatus::Denied, 1));
    }
}
