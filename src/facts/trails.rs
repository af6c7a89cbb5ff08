//! Whether trails deliver what they record.
//!
//! A trail writes log files within minutes of what they tell, and none while there is nothing to tell. What reads is told, too, and every collection reads
//! hundreds of times, services more: of a trail that takes management events that read, a long silence says that files do not come. Of one that does not,
//! a silence may be that nothing was changed. The age of the last delivery is that at the collection, not at the judgement.
//!
//! Source: AWS CloudTrail API reference, `GetTrailStatus`; user guide, "Finding your CloudTrail log files".

use polars::prelude::DataFrame;

use self::selectors::{Advanced, Basic, Management};
use super::population::json;
use super::{Fact, FactError, Inputs, region};
use crate::dataset::schema::RestsOn;
use crate::dataset::{Relation, Row};

pub(super) mod selectors;

const TABLE: &str = "trails";

crate::rows! {
    /// What a trail delivered.
    pub struct DeliveryRow {
        /// ARN of the trail
        subject_arn: Text, Never, "TrailARN";
        /// Always `AWS::CloudTrail::Trail`
        subject_type: Text, Never, "";
        /// Account
        account_id: Text, Never, "";
        /// Region that sees it
        region: Text, Never, "";
        /// Name of the trail
        trail_name: Text, NotTold, "Name";
        /// Whether that is the Region in which it was created
        is_home: Boolean, NotTold, "HomeRegion";
        /// Whether it records now
        is_logging: Boolean, NotTold, "GetTrailStatus: IsLogging";
        /// Error of S3 at the last delivery
        latest_delivery_error: Text, Means("the last delivery went well, or is_logging is NULL"), "GetTrailStatus: LatestDeliveryError";
        /// Error of S3 at the last delivery of a digest
        latest_digest_delivery_error: Text, Means("the last delivery went well, or is_logging is NULL"), "GetTrailStatus: LatestDigestDeliveryError";
        /// Whether log files were delivered since recording was last switched on; where none were they may still come, so that it is then not told
        delivered: Boolean, NotTold, "GetTrailStatus: LatestDeliveryTime, StartLoggingTime";
        /// How long, at the collection, nothing had been delivered: since the last delivery or, if that was later, since recording was switched on
        undelivered_s: Integer, NotTold, "GetTrailStatus: LatestDeliveryTime, StartLoggingTime";
        /// Whether there was nothing to deliver in that time: false of a trail that takes management events that read, not known of another
        idle: Boolean, NotTold, "GetEventSelectors";
    }
}

const RESTS_ON: &[RestsOn] = &[region(TABLE)];

/// Deliveries as a relation.
pub static FACT: Fact = Fact {
    relation: &Relation {
        name: "trail_deliveries",
        doc: "Whether trails deliver what they record: one row a trail and Region that sees it.",
        rows_are: "trails",
        columns: DeliveryRow::COLUMNS,
        rows_rest_on: RESTS_ON,
        order: &["region"],
    },
    reads: &[RESTS_ON],
    by_range: false,
    derive,
};

crate::rows! {
    /// What is needed of `trails`.
    struct TrailRow {
        account_id: Text; region: Text; trail_arn: Text; trail_name: Text; is_home: Boolean; is_logging: Boolean; latest_delivery_time_s: Integer;
        latest_delivery_error: Text; latest_digest_delivery_error: Text; start_logging_time_s: Integer; event_selectors: Json;
        advanced_event_selectors: Json; collection: Text;
    }
}

fn derive(inputs: &Inputs<'_>) -> Result<DataFrame, FactError> {
    let rows = inputs.rows::<TrailRow>(TABLE)?.into_iter().map(|trail| row(inputs, trail));
    Inputs::frame_of(FACT.relation, rows.collect::<Result<Vec<_>, FactError>>()?)
}

fn row(inputs: &Inputs<'_>, trail: TrailRow) -> Result<DeliveryRow, FactError> {
    let arn = trail.trail_arn.unwrap_or_default();
    let basic: Option<Vec<Basic>> = json(TABLE, "event_selectors", &arn, trail.event_selectors)?;
    let advanced: Option<Vec<Advanced>> = json(TABLE, "advanced_event_selectors", &arn, trail.advanced_event_selectors)?;
    let takes_reads = selectors::take(basic.as_deref(), advanced.as_deref(), Management::Reads) == Some(true);
    let (last_s, begun_s) = (trail.latest_delivery_time_s, trail.start_logging_time_s);
    let delivered = last_s.is_some_and(|last_s| begun_s.is_none_or(|begun_s| last_s >= begun_s));
    let age_s = |since_s: i64| Some(inputs.collected_s(trail.collection.as_deref())?.saturating_sub(since_s).max(0));
    Ok(DeliveryRow {
        subject_arn: Some(arn),
        subject_type: Some("AWS::CloudTrail::Trail".to_owned()),
        account_id: trail.account_id,
        region: trail.region,
        trail_name: trail.trail_name,
        is_home: trail.is_home,
        is_logging: trail.is_logging,
        latest_delivery_error: trail.latest_delivery_error,
        latest_digest_delivery_error: trail.latest_digest_delivery_error,
        delivered: delivered.then_some(true),
        undelivered_s: last_s.max(begun_s).and_then(age_s),
        idle: takes_reads.then_some(false),
    })
}
