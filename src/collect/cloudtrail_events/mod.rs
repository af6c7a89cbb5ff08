//! Changes that matter to backups, as CloudTrail logged them: one row per event.
//!
//! Calls `LookupEvents` once for each name in a constant list (deletions, changes of what guards or chooses backups, restores, resources that come
//! and go). Other services have operations of the same names; their events are rows, too, and `event_source` tells them apart. AWS tells of 90 days
//! of management events of one account and Region, without any trail. Deletions of single objects or items are data events and never here. At fifty
//! events a call and two calls a second, names that a busy account calls all day (`CreateTags`, `RunInstances`) can take long the first time.
//!
//! Each name is a unit of its own. Events do not change, so a later collection of the same dataset asks only for those since the last complete
//! read of that name, and an hour before; the table is the union. Events take minutes to arrive: a read covers what happened until 15
//! minutes before it began. IAM and Organizations log in one Region of a partition only (`us-east-1` in `aws`): elsewhere no such event says nothing.
//!
//! Key: `event_id`. An event with an `error_code` was an attempt and changed nothing. `invoked_by` tells deletions that AWS Backup made by a
//! lifecycle from those that people made. In `request_parameters` texts that look like secrets are masked.
//!
//! Source: AWS CloudTrail API Reference, `LookupEvents`; AWS CloudTrail User Guide, "CloudTrail record contents".

mod names;
mod record;

use async_trait::async_trait;
use aws_sdk_cloudtrail::types::{Event, LookupAttribute, LookupAttributeKey, Resource};
use aws_smithy_types::DateTime;
use serde_json::Value;

use self::record::Record;
use super::collector::{Collector, Foretold, Harvest, Operation, ReadError, Unit};
use super::door::RegionDoor;
use super::fields::{json, millis, sent};
use super::pages::{Pages, unreadable};
use crate::dataset::rows::{Json, Row};
use crate::dataset::{Batch, Table, TableKind};
use crate::model::moment::DAY_S;

crate::rows! {
    /// An event.
    pub struct CloudtrailEventRow {
        /// Id of the event
        event_id: Text, Never, "EventId";
        /// Name of the operation, or of the kind of event where a service acted by itself
        event_name: Text, Never, "EventName";
        /// Service that was called, such as backup.amazonaws.com
        event_source: Text, Never, "EventSource";
        /// When it happened
        event_time: Time, Never, "EventTime";
        /// `AwsApiCall`, `AwsServiceEvent`, `AwsConsoleAction` or another kind
        event_type: Text, NotTold, "CloudTrailEvent: eventType";
        /// Why AWS refused
        error_code: Text, Means("no error was logged"), "CloudTrailEvent: errorCode";
        /// The same in words
        error_message: Text, Means("no error was logged"), "CloudTrailEvent: errorMessage";
        /// ARN of who did it
        actor_arn: Text, NotTold, "CloudTrailEvent: userIdentity.arn";
        /// `IAMUser`, `AssumedRole`, `Root`, `AWSService`, `AWSAccount` or another kind
        actor_type: Text, NotTold, "CloudTrailEvent: userIdentity.type";
        /// Service that called on behalf of the actor, such as backup.amazonaws.com
        invoked_by: Text, Means("no service called on behalf of the actor"), "CloudTrailEvent: userIdentity.invokedBy";
        /// ARN of the role behind the session
        session_issuer_arn: Text, Means("no session of a role"), "CloudTrailEvent: userIdentity.sessionContext.sessionIssuer.arn";
        /// Address the call came from, or a service
        source_ip_address: Text, NotTold, "CloudTrailEvent: sourceIPAddress";
        /// What the call was made with
        user_agent: Text, NotTold, "CloudTrailEvent: userAgent";
        /// Whether it only read
        read_only: Boolean, NotTold, "CloudTrailEvent: readOnly";
        /// Whether it is a management event
        management_event: Boolean, NotTold, "CloudTrailEvent: managementEvent";
        /// Resources that CloudTrail names, with their types
        resources: Json, NotTold, "Resources";
        /// What was asked for, secrets masked
        request_parameters: Json, Means("no parameters were logged"), "CloudTrailEvent: requestParameters";
        /// What a service tells of its own event, secrets masked
        service_event_details: Json, Means("no event of a service, or it tells nothing more"), "CloudTrailEvent: serviceEventDetails";
        /// Region that was called
        aws_region: Text, NotTold, "CloudTrailEvent: awsRegion";
        /// Account that the event was delivered to
        recipient_account_id: Text, NotTold, "CloudTrailEvent: recipientAccountId";
        /// Id that the events of one act in several accounts have in common
        shared_event_id: Text, Means("logged in one account only"), "CloudTrailEvent: sharedEventID";
    }
}

/// The events of a Region.
pub static TABLE: Table = Table {
    name: "cloudtrail_events",
    kind: TableKind::History,
    doc: "One row for each management event that matters to backups, whatever service has an operation of that name.",
    columns: CloudtrailEventRow::COLUMNS,
    key: &["event_id"],
    parent: Some("event_name"),
    created: Some("event_time"),
    global: false,
    subject: None,
};

const LOOKUP: Operation = Operation { service: "cloudtrail", name: "LookupEvents", action: "cloudtrail:LookupEvents" };

/// Days of events that CloudTrail tells.
const KEPT_DAYS: i64 = 90;
/// How long an event may take to be told.
const DELIVERY_S: i64 = 15 * 60;
/// How far a later read goes back behind what is covered, should an event have taken longer.
const OVERLAP_S: i64 = 60 * 60;

/// Reads [`TABLE`].
pub(crate) struct CloudtrailEvents;

#[async_trait]
impl Collector for CloudtrailEvents {
    fn tables(&self) -> &'static [&'static Table] {
        const { &[&TABLE] }
    }

    fn operations(&self) -> &'static [Operation] {
        &[LOOKUP]
    }

    fn units(&self, _parents: Option<&Batch>, _started_s: i64) -> Vec<Unit> {
        names::names().into_iter().map(|name| Unit { parent: Some(name.to_owned()), range: None }).collect()
    }

    fn covers(&self, started_s: i64) -> (Option<i64>, Option<i64>) {
        (Some(started_s - KEPT_DAYS * DAY_S), Some(started_s - DELIVERY_S))
    }

    fn overlap_s(&self) -> Option<i64> {
        Some(OVERLAP_S)
    }

    fn foretold(&self) -> &'static [(Operation, Foretold)] {
        &[(LOOKUP, Foretold::AtLeastOnePage)]
    }

    async fn collect(&self, door: &RegionDoor, unit: &Unit, harvest: &mut Harvest) -> Result<(), ReadError> {
        let name = unit.parent.as_deref().ok_or_else(|| unreadable(LOOKUP.name, "no kind of event was named"))?;
        let by_name = LookupAttribute::builder().attribute_key(LookupAttributeKey::EventName).attribute_value(name).build();
        let by_name = by_name.map_err(|error| unreadable(LOOKUP.name, &error.to_string()))?;
        // Without a beginning CloudTrail tells all it has; one at the very edge of that it may refuse.
        let from = unit.range.and_then(|range| range.from_s).map(DateTime::from_secs);
        let mut pages = Pages::of(LOOKUP.name);
        while pages.more() {
            let request = door.cloudtrail().lookup_events().lookup_attributes(by_name.clone()).set_start_time(from);
            let request = request.max_results(50).set_next_token(pages.token());
            let page = request.send().await.map_err(|error| ReadError::from_sdk(LOOKUP.name, error))?;
            for event in pages.items(harvest, "Events", page.events)? {
                keep(name, event, harvest);
            }
            harvest.leave().await?;
            pages.follow(page.next_token)?;
        }
        Ok(())
    }
}

/// Makes a row of an event.
fn keep(asked: &str, event: Event, harvest: &mut Harvest) {
    if event.event_name.as_deref() != Some(asked) {
        return harvest.refuse(format!("{} sent an event of another name", LOOKUP.name));
    }
    match event.cloud_trail_event.as_deref().and_then(Record::parse) {
        Some(record) => harvest.push(&TABLE, row(event, &record)),
        None => harvest.refuse(format!("{}: the record of the event is not JSON", LOOKUP.name)),
    }
}

fn row(event: Event, record: &Record) -> CloudtrailEventRow {
    let identity = |name| record.text(&["userIdentity", name]);
    CloudtrailEventRow {
        event_id: event.event_id,
        event_name: event.event_name,
        event_source: event.event_source,
        event_time: millis(event.event_time),
        event_type: record.text(&["eventType"]),
        error_code: record.text(&["errorCode"]),
        error_message: record.text(&["errorMessage"]),
        actor_arn: identity("arn"),
        actor_type: identity("type"),
        invoked_by: identity("invokedBy"),
        session_issuer_arn: record.text(&["userIdentity", "sessionContext", "sessionIssuer", "arn"]),
        source_ip_address: record.text(&["sourceIPAddress"]),
        user_agent: record.text(&["userAgent"]),
        read_only: record.flag("readOnly"),
        management_event: record.flag("managementEvent"),
        resources: event.resources.map(resources),
        request_parameters: record.json("requestParameters"),
        service_event_details: record.json("serviceEventDetails"),
        aws_region: record.text(&["awsRegion"]),
        recipient_account_id: record.text(&["recipientAccountId"]),
        shared_event_id: record.text(&["sharedEventID"]),
    }
}

fn resources(resources: Vec<Resource>) -> Json {
    let one = |resource: Resource| {
        sent([("ResourceName", resource.resource_name.map(Value::from)), ("ResourceType", resource.resource_type.map(Value::from))])
    };
    json(resources.into_iter().map(one).collect())
}

#[cfg(test)]
mod tests;
