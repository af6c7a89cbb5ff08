//! Reads one unit with a collector over canned answers, for the tests of the collectors.

use super::collector::{Collector, Harvest, ReadError, Unit};
use super::testing::{self, Reply};

/// A good answer of a JSON service.
pub(crate) fn json(operation: &'static str, body: &serde_json::Value) -> Reply {
    Reply::ok(operation, body.to_string())
}

/// A good answer of RDS: the result element around `inner`.
pub(crate) fn rds(operation: &'static str, inner: &str) -> Reply {
    Reply::ok(operation, format!("<{operation}Response><{operation}Result>{inner}</{operation}Result></{operation}Response>"))
}

/// The refusal of RDS.
pub(crate) fn rds_denied(operation: &'static str) -> Reply {
    Reply::error(operation, 403, testing::xml_error("AccessDenied", "not allowed"))
}

/// A good answer of EC2: the root element around `inner`.
pub(crate) fn ec2(operation: &'static str, inner: &str) -> Reply {
    Reply::ok(operation, format!("<{operation}Response>{inner}</{operation}Response>"))
}

/// An error of EC2.
pub(crate) fn ec2_error(operation: &'static str, status: u16, code: &str) -> Reply {
    let error = format!("<Error><Code>{code}</Code><Message>not now</Message></Error>");
    Reply::error(operation, status, format!("<Response><Errors>{error}</Errors><RequestID>1</RequestID></Response>"))
}

/// An error of S3.
pub(crate) fn s3_error(operation: &'static str, status: u16, code: &str) -> Reply {
    Reply::error(operation, status, format!("<Error><Code>{code}</Code><Message>no</Message></Error>"))
}

/// AWS Backup's way to say that there is no such thing.
pub(crate) fn not_found(operation: &'static str) -> Reply {
    Reply::error(operation, 400, r#"{"__type":"ResourceNotFoundException","Message":"nothing there"}"#)
}

/// Reads one unit in account 111122223333, Region eu-west-1. Every answer must be asked for, and nothing else.
pub(crate) async fn read(
    collector: &dyn Collector,
    unit: &Unit,
    replies: impl IntoIterator<Item = Reply>,
) -> (Result<(), ReadError>, Harvest) {
    let fake = testing::fake(replies);
    let mut harvest = Harvest::default();
    let result = collector.collect(&fake.door(), unit, &mut harvest).await;
    assert_eq!(fake.left(), 0, "answers that nobody asked for; asked were {:?}", fake.asked());
    let declared: Vec<&str> = collector.operations().iter().map(|operation| operation.name).collect();
    for asked in fake.asked() {
        assert!(declared.contains(&asked.operation.as_str()), "{} is called and not declared", asked.operation);
    }
    (result, harvest)
}

/// The unit of a vault or plan.
pub(crate) fn of_parent(arn: &str) -> Unit {
    Unit { parent: Some(arn.to_owned()), range: None }
}
