//! Tables of DynamoDB: one row per table, with its encryption, replicas and point-in-time recovery.
//!
//! Calls `ListTables`, and for each table `DescribeTable` and `DescribeContinuousBackups`; there is no call for many at once. AWS calls continuous
//! backups enabled for every table, so what counts is the status of point-in-time recovery. A table that is gone by the time it is described gives
//! no row and is no gap: it does not exist any more. What is denied or fails for one table is NULL, the row stays, and the read is partial.
//!
//! Key: `table_arn`. Number of items and size are those of the last few hours. Tags would take a call each and are not read.
//! Source: Amazon DynamoDB API Reference, `DescribeTable` and `DescribeContinuousBackups`.

use async_trait::async_trait;
use aws_sdk_dynamodb::operation::describe_table::DescribeTableError;
use aws_sdk_dynamodb::types::{PointInTimeRecoveryDescription, ReplicaDescription, SseDescription, SseStatus, TableDescription};
use serde_json::Value;

use super::collector::{Collector, Foretold, Harvest, Operation, ReadError, Unit};
use super::door::RegionDoor;
use super::fields::{json, millis, required_millis, resource_key, sent, word};
use super::pages::{Pages, answered};
use crate::dataset::rows::{Json, Row};
use crate::dataset::{Table, TableKind};

crate::rows! {
    /// A table of DynamoDB.
    pub struct DynamoDbTableRow {
        /// ARN of the table
        table_arn: Text, Never, "TableArn; made of account, Region and name if the table could not be described";
        /// Name of the table, unique in its account and Region
        table_name: Text, NotTold, "TableNames of ListTables";
        /// Id that no other table ever has
        table_id: Text, NotTold, "TableId";
        /// Integer key of the ARN
        resource_key: Integer, NotTold, "key of TableArn";
        /// `ACTIVE`, `CREATING`, `UPDATING`, `DELETING`, `ARCHIVED` or another state; NULL if the table could not be described
        table_status: Text, NotTold, "TableStatus";
        /// When the table was created
        creation_date_time: Time, NotTold, "CreationDateTime";
        /// Number of items, counted every few hours
        item_count: Integer, NotTold, "ItemCount";
        /// Size in bytes, measured every few hours
        table_size_bytes: Integer, NotTold, "TableSizeBytes";
        /// `PROVISIONED` or `PAY_PER_REQUEST`
        billing_mode: Text, NotTold, "BillingModeSummary.BillingMode";
        /// `STANDARD` or `STANDARD_INFREQUENT_ACCESS`
        table_class: Text, NotTold, "TableClassSummary.TableClass";
        /// Whether the table refuses to be deleted
        deletion_protection_enabled: Boolean, NotTold, "DeletionProtectionEnabled";
        /// `AWS_OWNED_KEY`, or the kind of encryption with a key of KMS; a table is never unencrypted
        encryption: Text, NotTold, "SSEDescription.SSEType; AWS_OWNED_KEY for a described table without SSEDescription or with one that is DISABLED";
        /// State of the encryption with a key of KMS; `encryption` tells whether there is one
        sse_status: Text, NotTold, "SSEDescription.Status";
        /// KMS key of the table; `encryption` tells whether there is one
        kms_master_key_arn: Text, NotTold, "SSEDescription.KMSMasterKeyArn";
        /// Since when DynamoDB cannot use the KMS key; after seven days it archives the table
        inaccessible_encryption_date_time: Time, NotTold, "SSEDescription.InaccessibleEncryptionDateTime";
        /// What the stream of the table holds
        stream_view_type: Text, NotTold, "StreamSpecification.StreamViewType";
        /// ARN of the newest stream, which need not be enabled any more
        latest_stream_arn: Text, NotTold, "LatestStreamArn";
        /// Version of the global table
        global_table_version: Text, NotTold, "GlobalTableVersion";
        /// Replicas of a global table in other Regions: Region, state, key and class of each. NULL for a described table if AWS lists none
        replicas: Json, NotTold, "Replicas";
        /// `EVENTUAL` or `STRONG`, for global tables
        multi_region_consistency: Text, NotTold, "MultiRegionConsistency";
        /// Backup that the table was restored from
        restore_source_backup_arn: Text, NotTold, "RestoreSummary.SourceBackupArn";
        /// Table that the table was restored from
        restore_source_table_arn: Text, NotTold, "RestoreSummary.SourceTableArn";
        /// Moment that the table was restored to
        restore_date_time: Time, NotTold, "RestoreSummary.RestoreDateTime";
        /// Whether the restore still runs
        restore_in_progress: Boolean, NotTold, "RestoreSummary.RestoreInProgress";
        /// Backup that was made when DynamoDB archived the table
        archival_backup_arn: Text, NotTold, "ArchivalSummary.ArchivalBackupArn";
        /// `ENABLED` or `DISABLED`; NULL if it could not be read
        point_in_time_recovery_status: Text, NotTold, "DescribeContinuousBackups: PointInTimeRecoveryStatus";
        /// Days that point-in-time recovery goes back, at most
        recovery_period_days: Integer, NotTold, "DescribeContinuousBackups: RecoveryPeriodInDays";
        /// Earliest moment that can be restored
        earliest_restorable_date_time: Time, NotTold, "DescribeContinuousBackups: EarliestRestorableDateTime";
        /// Latest moment that can be restored, usually five minutes ago
        latest_restorable_date_time: Time, NotTold, "DescribeContinuousBackups: LatestRestorableDateTime";
    }
}

/// The tables of DynamoDB in a Region.
pub static TABLE: Table = Table {
    name: "dynamodb_tables",
    kind: TableKind::State,
    doc: "One row for each table of DynamoDB, with its encryption, replicas and point-in-time recovery.",
    columns: DynamoDbTableRow::COLUMNS,
    key: &["table_arn"],
    parent: None,
    created: None,
    global: false,
    subject: Some(("table_arn", "AWS::DynamoDB::Table")),
};

const LIST: Operation = Operation { service: "dynamodb", name: "ListTables", action: "dynamodb:ListTables" };
const DESCRIBE: Operation = Operation { service: "dynamodb", name: "DescribeTable", action: "dynamodb:DescribeTable" };
const CONTINUOUS: Operation =
    Operation { service: "dynamodb", name: "DescribeContinuousBackups", action: "dynamodb:DescribeContinuousBackups" };

/// What `encryption` says of a table that DynamoDB encrypts with a key of its own.
const AWS_OWNED_KEY: &str = "AWS_OWNED_KEY";

/// Reads [`TABLE`].
pub(crate) struct DynamoDbTables;

#[async_trait]
impl Collector for DynamoDbTables {
    fn tables(&self) -> &'static [&'static Table] {
        const { &[&TABLE] }
    }

    fn operations(&self) -> &'static [Operation] {
        &[LIST, DESCRIBE, CONTINUOUS]
    }

    fn foretold(&self) -> &'static [(Operation, Foretold)] {
        &[(DESCRIBE, Foretold::OneByOne), (CONTINUOUS, Foretold::OneByOne)]
    }

    async fn collect(&self, door: &RegionDoor, _unit: &Unit, harvest: &mut Harvest) -> Result<(), ReadError> {
        let mut pages = Pages::of(LIST.name);
        while pages.more() {
            let request = door.dynamodb().list_tables().limit(100).set_exclusive_start_table_name(pages.token());
            let page = request.send().await.map_err(|error| ReadError::from_sdk(LIST.name, error))?;
            for name in pages.items(harvest, "TableNames", page.table_names)? {
                if let Some(row) = table(door, name, harvest).await {
                    harvest.push(&TABLE, row);
                }
            }
            pages.follow(page.last_evaluated_table_name)?;
        }
        Ok(())
    }
}

/// The row of a table that was listed; `None` if it is gone.
async fn table(door: &RegionDoor, name: String, harvest: &mut Harvest) -> Option<DynamoDbTableRow> {
    let described = match describe(door, &name).await {
        Ok(Some(described)) => Some(described),
        Ok(None) => return None,
        Err(error) => {
            harvest.failed(error);
            None
        }
    };
    let recovery = match recovery(door, &name).await {
        Ok(recovery) => Some(recovery),
        Err(error) => {
            harvest.failed(error);
            None
        }
    };
    let made = format!("arn:{}:dynamodb:{}:{}:table/{name}", door.partition(), door.region(), door.account_id());
    Some(row(name, made, described, recovery))
}

/// What DynamoDB tells of a table; `None` if there is no such table.
async fn describe(door: &RegionDoor, name: &str) -> Result<Option<TableDescription>, ReadError> {
    match door.dynamodb().describe_table().table_name(name).send().await {
        Ok(answer) => answered(DESCRIBE.name, "Table", answer.table).map(Some),
        Err(error) if error.as_service_error().is_some_and(DescribeTableError::is_resource_not_found_exception) => Ok(None),
        Err(error) => Err(ReadError::from_sdk(DESCRIBE.name, error)),
    }
}

/// The point-in-time recovery of a table.
async fn recovery(door: &RegionDoor, name: &str) -> Result<PointInTimeRecoveryDescription, ReadError> {
    let answer = door.dynamodb().describe_continuous_backups().table_name(name).send().await;
    let answer = answer.map_err(|error| ReadError::from_sdk(CONTINUOUS.name, error))?;
    let backups = answered(CONTINUOUS.name, "ContinuousBackupsDescription", answer.continuous_backups_description)?;
    answered(CONTINUOUS.name, "PointInTimeRecoveryDescription", backups.point_in_time_recovery_description)
}

fn row(
    name: String,
    made_arn: String,
    described: Option<TableDescription>,
    recovery: Option<PointInTimeRecoveryDescription>,
) -> DynamoDbTableRow {
    let mut row = described.map(of_table).unwrap_or_default();
    row.table_arn = row.table_arn.or(Some(made_arn));
    row.table_name = Some(name);
    row.resource_key = resource_key(row.table_arn.as_deref());
    if let Some(recovery) = recovery {
        row.point_in_time_recovery_status = word(recovery.point_in_time_recovery_status);
        row.recovery_period_days = recovery.recovery_period_in_days.map(i64::from);
        row.earliest_restorable_date_time = millis(recovery.earliest_restorable_date_time);
        row.latest_restorable_date_time = millis(recovery.latest_restorable_date_time);
    }
    row
}

/// The columns that come from `DescribeTable`.
fn of_table(table: TableDescription) -> DynamoDbTableRow {
    let encryption = encryption(table.sse_description.as_ref());
    let (sse_status, key, inaccessible) = table
        .sse_description
        .map(|sse| (word(sse.status), sse.kms_master_key_arn, millis(sse.inaccessible_encryption_date_time)))
        .unwrap_or_default();
    let (source_backup, source_table, restored, in_progress) = table
        .restore_summary
        .map(|restore| {
            let moment = required_millis(restore.restore_date_time);
            // The SDK reads a flag that was not sent as `false`; the moment shows that the rest of the summary was.
            let in_progress = Some(restore.restore_in_progress).filter(|runs| *runs || moment.is_some());
            (restore.source_backup_arn, restore.source_table_arn, moment, in_progress)
        })
        .unwrap_or_default();
    DynamoDbTableRow {
        table_arn: table.table_arn,
        table_id: table.table_id,
        table_status: word(table.table_status),
        creation_date_time: millis(table.creation_date_time),
        item_count: table.item_count,
        table_size_bytes: table.table_size_bytes,
        billing_mode: table.billing_mode_summary.and_then(|summary| word(summary.billing_mode)),
        table_class: table.table_class_summary.and_then(|summary| word(summary.table_class)),
        deletion_protection_enabled: table.deletion_protection_enabled,
        encryption,
        sse_status,
        kms_master_key_arn: key,
        inaccessible_encryption_date_time: inaccessible,
        stream_view_type: table.stream_specification.and_then(|stream| word(stream.stream_view_type)),
        latest_stream_arn: table.latest_stream_arn,
        global_table_version: table.global_table_version,
        replicas: table.replicas.map(replicas),
        multi_region_consistency: word(table.multi_region_consistency),
        restore_source_backup_arn: source_backup,
        restore_source_table_arn: source_table,
        restore_date_time: restored,
        restore_in_progress: in_progress,
        archival_backup_arn: table.archival_summary.and_then(|archived| archived.archival_backup_arn),
        ..DynamoDbTableRow::default()
    }
}

/// With whose key a described table is encrypted.
fn encryption(sse: Option<&SseDescription>) -> Option<String> {
    match sse {
        Some(sse) if sse.status != Some(SseStatus::Disabled) => word(sse.sse_type.as_ref()),
        _ => Some(AWS_OWNED_KEY.to_owned()),
    }
}

/// Replicas sorted by Region; AWS has no order for them.
fn replicas(mut replicas: Vec<ReplicaDescription>) -> Json {
    replicas.sort_by(|one, other| one.region_name.cmp(&other.region_name));
    let replica = |replica: ReplicaDescription| {
        sent([
            ("KMSMasterKeyId", replica.kms_master_key_id.map(Value::from)),
            ("RegionName", replica.region_name.map(Value::from)),
            ("ReplicaStatus", word(replica.replica_status).map(Value::from)),
            ("TableClass", replica.replica_table_class_summary.and_then(|summary| word(summary.table_class)).map(Value::from)),
        ])
    };
    json(replicas.into_iter().map(replica).collect())
}

#[cfg(test)]
mod tests {
    use serde_json::json as value;

    use super::*;
    use crate::collect::test_reads::{json, not_found, read};
    use crate::collect::testing::Reply;
    use crate::dataset::ReadStatus;
    use crate::dataset::rows::Millis;

    const ORDERS: &str = "arn:aws:dynamodb:eu-west-1:111122223333:table/orders";

    fn listed(names: &[&str], next: Option<&str>) -> Reply {
        json(LIST.name, &value!({ "TableNames": names, "LastEvaluatedTableName": next }))
    }

    fn described(table: &Value) -> Reply {
        json(DESCRIBE.name, &value!({ "Table": table }))
    }

    fn recovering(recovery: &Value) -> Reply {
        let told = value!({ "ContinuousBackupsStatus": "ENABLED", "PointInTimeRecoveryDescription": recovery });
        json(CONTINUOUS.name, &value!({ "ContinuousBackupsDescription": told }))
    }

    async fn rows(replies: impl IntoIterator<Item = Reply>) -> (Vec<DynamoDbTableRow>, Harvest) {
        let (result, mut harvest) = read(&DynamoDbTables, &Unit::REGION, replies).await;
        result.unwrap();
        (harvest.take(&TABLE).rows(), harvest)
    }

    #[tokio::test]
    async fn pages_become_rows_and_what_is_not_sent_stays_null() {
        let orders = value!({
            "TableArn": ORDERS, "TableName": "orders", "TableStatus": "ACTIVE", "CreationDateTime": 1_763_000_000.5, "ItemCount": 0,
            "DeletionProtectionEnabled": false, "BillingModeSummary": { "BillingMode": "PAY_PER_REQUEST" },
            "SSEDescription": { "Status": "ENABLED", "SSEType": "KMS", "KMSMasterKeyArn": "arn:aws:kms:eu-west-1:111122223333:key/1" },
            "Replicas": [
                { "RegionName": "us-east-1", "ReplicaStatus": "ACTIVE", "ReplicaTableClassSummary": { "TableClass": "STANDARD" } },
                { "RegionName": "eu-central-1", "ReplicaStatus": "CREATING", "KMSMasterKeyId": "alias/orders" }
            ],
            "RestoreSummary": { "SourceTableArn": ORDERS, "RestoreDateTime": 1_763_000_000, "RestoreInProgress": false }
        });
        let window = value!({
            "PointInTimeRecoveryStatus": "ENABLED", "RecoveryPeriodInDays": 14, "EarliestRestorableDateTime": 1_763_000_000,
            "LatestRestorableDateTime": 1_764_000_000
        });
        let (rows, harvest) = rows([
            listed(&["orders"], Some("orders")).containing(r#""Limit":100"#),
            described(&orders).containing("orders"),
            recovering(&window).containing("orders"),
            listed(&["bare"], None).containing(r#""ExclusiveStartTableName":"orders""#),
            described(&value!({ "TableStatus": "ACTIVE" })).containing("bare"),
            recovering(&value!({ "PointInTimeRecoveryStatus": "DISABLED" })).containing("bare"),
        ])
        .await;
        assert_eq!((harvest.pages(), harvest.items(), harvest.refused().len()), (2, 2, 0));
        let text = |json: &Option<Json>| json.clone().map(|json| json.0);
        assert_eq!((rows[0].item_count, rows[0].deletion_protection_enabled), (Some(0), Some(false)), "0 and false are told");
        assert_eq!((rows[0].encryption.as_deref(), rows[0].sse_status.as_deref()), (Some("KMS"), Some("ENABLED")));
        assert_eq!((rows[0].restore_in_progress, rows[0].creation_date_time), (Some(false), Some(Millis(1_763_000_000_500))));
        let replicas = concat!(
            r#"[{"KMSMasterKeyId":"alias/orders","RegionName":"eu-central-1","ReplicaStatus":"CREATING"},"#,
            r#"{"RegionName":"us-east-1","ReplicaStatus":"ACTIVE","TableClass":"STANDARD"}]"#
        );
        assert_eq!(text(&rows[0].replicas).as_deref(), Some(replicas));
        assert_eq!((rows[0].recovery_period_days, rows[0].latest_restorable_date_time), (Some(14), Some(Millis(1_764_000_000_000))));
        assert_eq!(rows[1].table_arn.as_deref(), Some("arn:aws:dynamodb:eu-west-1:111122223333:table/bare"), "made where it is not sent");
        assert_eq!((rows[1].encryption.as_deref(), rows[1].sse_status.as_deref()), (Some(AWS_OWNED_KEY), None), "encrypted all the same");
        assert_eq!((rows[1].item_count, rows[1].deletion_protection_enabled, text(&rows[1].replicas)), (None, None, None));
        assert_eq!((rows[1].point_in_time_recovery_status.as_deref(), rows[1].recovery_period_days), (Some("DISABLED"), None));
        assert_eq!(rows[1].restore_in_progress, None, "no summary: not told");
    }

    #[tokio::test]
    async fn a_table_that_is_gone_is_neither_a_row_nor_a_gap() {
        let (rows, harvest) = rows([
            listed(&["gone", "orders"], None),
            not_found(DESCRIBE.name).containing("gone"),
            described(&value!({ "TableArn": ORDERS })).containing("orders"),
            recovering(&value!({})),
        ])
        .await;
        assert_eq!((rows.len(), rows[0].table_name.as_deref(), harvest.refused().len()), (1, Some("orders"), 0));
    }

    #[tokio::test]
    async fn what_is_denied_of_one_table_is_null_and_the_row_stays() {
        let on = value!({ "PointInTimeRecoveryStatus": "ENABLED" });
        let replies = [listed(&["orders"], None), Reply::denied(DESCRIBE.name), recovering(&on)];
        let (hidden, harvest) = rows(replies).await;
        assert_eq!((hidden[0].table_arn.as_deref(), hidden[0].encryption.as_deref()), (Some(ORDERS), None), "nothing is known of its keys");
        assert_eq!(hidden[0].point_in_time_recovery_status.as_deref(), Some("ENABLED"));
        assert_eq!(harvest.failure().map(|failure| failure.operation.as_str()), Some(DESCRIBE.name));

        for reply in [Reply::denied(CONTINUOUS.name), json(CONTINUOUS.name, &value!({ "ContinuousBackupsDescription": {} }))] {
            let table = described(&value!({ "TableArn": ORDERS, "TableStatus": "ACTIVE" }));
            let (rows, harvest) = rows([listed(&["orders"], None), table, reply]).await;
            assert_eq!((rows[0].table_status.as_deref(), rows[0].point_in_time_recovery_status.as_deref()), (Some("ACTIVE"), None));
            assert_eq!(harvest.refused().len(), 1, "neither denied nor left out is the same as disabled");
        }
    }

    #[tokio::test]
    async fn a_denial_on_the_second_page_keeps_the_first() {
        let first = [listed(&["orders"], Some("orders")), described(&value!({ "TableArn": ORDERS })), recovering(&value!({}))];
        let (result, mut harvest) = read(&DynamoDbTables, &Unit::REGION, first.into_iter().chain([Reply::denied(LIST.name)])).await;
        assert_eq!((result.unwrap_err().status, harvest.take(&TABLE).len()), (ReadStatus::Denied, 1));
    }
}
