//! What CloudTrail answers, and the rows that follow.

use serde_json::json as value;

use super::*;
use crate::collect::collector::UnitRange;
use crate::collect::test_reads::{json, of_parent, read};
use crate::collect::testing::Reply;
use crate::dataset::ReadStatus;
use crate::dataset::rows::Millis;

const NAME: &str = "DeleteRecoveryPoint";

/// An event with a record.
fn event(id: &str, source: &str, record: &str) -> Value {
    value!({ "EventId": id, "EventName": NAME, "EventSource": source, "EventTime": 1_763_000_000, "CloudTrailEvent": record })
}

fn page(events: &[Value], next: Option<&str>) -> Reply {
    let mut page = value!({ "Events": events });
    if let Some(next) = next {
        page["NextToken"] = next.into();
    }
    json(LOOKUP.name, &page)
}

async fn rows(events: &[Value]) -> (Vec<CloudtrailEventRow>, usize) {
    let (result, mut harvest) = read(&CloudtrailEvents, &of_parent(NAME), [page(events, None)]).await;
    result.unwrap();
    (harvest.take(&TABLE).rows(), harvest.refused().len())
}

#[tokio::test]
async fn pages_become_rows_and_what_is_not_sent_stays_null() {
    let record = value!({
        "eventType": "AwsApiCall", "errorCode": "AccessDenied", "errorMessage": "no", "readOnly": false, "managementEvent": true,
        "userIdentity": {
            "type": "AssumedRole", "arn": "arn:aws:sts::111122223333:assumed-role/ops/ana", "invokedBy": "backup.amazonaws.com",
            "sessionContext": { "sessionIssuer": { "arn": "arn:aws:iam::111122223333:role/ops" } }
        },
        "sourceIPAddress": "192.0.2.7", "awsRegion": "eu-west-1", "requestParameters": { "backupVaultName": "prod", "clientToken": "t" }
    });
    let mut first = event("e1", "backup.amazonaws.com", &record.to_string());
    first["Resources"] = value!([{ "ResourceType": "AWS::Backup::BackupVault", "ResourceName": "prod" }]);
    let replies = [
        page(&[first], Some("2")).containing(r#""AttributeValue":"DeleteRecoveryPoint""#),
        page(&[], Some("3")).containing(r#""NextToken":"2""#),
        page(&[event("e2", "backup.amazonaws.com", "{}")], None).containing(r#""NextToken":"3""#),
    ];
    let (result, mut harvest) = read(&CloudtrailEvents, &of_parent(NAME), replies).await;
    result.unwrap();
    assert_eq!((harvest.pages(), harvest.items(), harvest.refused().len()), (3, 2, 0));
    let rows: Vec<CloudtrailEventRow> = harvest.take(&TABLE).rows();
    assert_eq!((rows[0].event_id.as_deref(), rows[0].event_time), (Some("e1"), Some(Millis(1_763_000_000_000))));
    assert_eq!(
        (rows[0].error_code.as_deref(), rows[0].read_only, rows[0].management_event),
        (Some("AccessDenied"), Some(false), Some(true))
    );
    assert_eq!(rows[0].session_issuer_arn.as_deref(), Some("arn:aws:iam::111122223333:role/ops"));
    assert_eq!((rows[0].actor_type.as_deref(), rows[0].invoked_by.as_deref()), (Some("AssumedRole"), Some("backup.amazonaws.com")));
    let json = |json: &Option<Json>| json.clone().map(|json| json.0);
    assert_eq!(json(&rows[0].resources).as_deref(), Some(r#"[{"ResourceName":"prod","ResourceType":"AWS::Backup::BackupVault"}]"#));
    assert_eq!(json(&rows[0].request_parameters).as_deref(), Some(r#"{"backupVaultName":"prod","clientToken":"***"}"#));
    assert_eq!((rows[1].actor_arn.as_deref(), rows[1].read_only, rows[1].resources.is_none()), (None, None, true));
}

#[tokio::test]
async fn operations_of_other_services_with_the_same_name_are_told_apart_by_their_source() {
    let (rows, refused) = rows(&[event("e1", "omics.amazonaws.com", "{}"), event("e2", "backup.amazonaws.com", "{}")]).await;
    let sources: Vec<_> = rows.iter().filter_map(|row| row.event_source.as_deref()).collect();
    assert_eq!((sources, refused), (vec!["omics.amazonaws.com", "backup.amazonaws.com"], 0));
}

#[tokio::test]
async fn what_cannot_be_read_makes_the_read_partial() {
    let mut nameless = event("e1", "backup.amazonaws.com", "{}");
    nameless["EventName"] = "PutBackupVaultAccessPolicy".into();
    let mut timeless = event("e3", "backup.amazonaws.com", "{}");
    timeless["EventTime"] = Value::Null;
    let (rows, refused) = rows(&[nameless, event("e2", "backup.amazonaws.com", "{"), timeless]).await;
    assert_eq!((rows.len(), refused), (0, 3), "another name, a record that breaks off, no time");
}

#[tokio::test]
async fn a_read_that_goes_on_from_an_earlier_one_has_a_beginning() {
    let unit = Unit { range: Some(UnitRange { from_s: Some(1_763_000_000), to_s: None }), ..of_parent(NAME) };
    let reply = page(&[], None).containing(r#""StartTime":1763000000"#);
    let (result, harvest) = read(&CloudtrailEvents, &unit, [reply]).await;
    assert_eq!((result, harvest.pages()), (Ok(()), 1));
}

#[tokio::test]
async fn a_denial_on_the_second_page_keeps_the_first() {
    let replies = [page(&[event("e1", "backup.amazonaws.com", "{}")], Some("2")), Reply::denied(LOOKUP.name)];
    let (result, mut harvest) = read(&CloudtrailEvents, &of_parent(NAME), replies).await;
    assert_eq!((result.unwrap_err().status, harvest.take(&TABLE).len()), (ReadStatus::Denied, 1));
}
