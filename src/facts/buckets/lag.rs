//! Alarms on how far the replication of a bucket lags behind.
//!
//! An alarm counts that goes off above a number of seconds, is switched on and has somebody to tell; whether that somebody listens is not asked here. What
//! an alarm on an expression makes of the metric is not weighed. Each rule of replication has a metric of its own, so that each needs an alarm: the bucket
//! is watched as well as the rule that is watched least.
//!
//! Source: Amazon S3 User Guide, "Using S3 Replication metrics": `ReplicationLatency`, in seconds, of each source bucket and rule.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use crate::facts::objectives::and;
use crate::facts::population::json;
use crate::facts::{FactError, Inputs};

const TABLE: &str = "alarms";
const METRIC: (&str, &str) = ("AWS/S3", "ReplicationLatency");

crate::rows! {
    /// What is needed of `alarms`.
    struct AlarmRow {
        account_id: Text; region: Text; alarm_arn: Text; namespace: Text; metric_name: Text; metrics: Json; dimensions: Json; threshold: Text;
        comparison_operator: Text; actions_enabled: Boolean; alarm_actions: Json;
    }
}

/// Account and Region.
type Place = (String, String);

/// The alarms that were read.
#[derive(Debug, Default)]
pub(super) struct LagAlarms {
    /// The least lag at which an alarm goes off, by place, bucket and rule of replication.
    least_s: BTreeMap<(Place, String, String), i64>,
    /// Places with an alarm of which it is not clear what it tells.
    unclear: BTreeSet<Place>,
    /// Buckets with an alarm of which it is not clear what rule of replication it watches.
    unclear_buckets: BTreeSet<(Place, String)>,
}

impl LagAlarms {
    /// Reads them.
    ///
    /// # Errors
    /// As reading the table; cells that are no JSON.
    pub(super) fn read(inputs: &Inputs<'_>) -> Result<Self, FactError> {
        let mut alarms = Self::default();
        for row in inputs.rows::<AlarmRow>(TABLE)? {
            alarms.add(row)?;
        }
        Ok(alarms)
    }

    fn add(&mut self, row: AlarmRow) -> Result<(), FactError> {
        let arn = row.alarm_arn.unwrap_or_default();
        let place = (row.account_id.unwrap_or_default(), row.region.unwrap_or_default());
        let on_expression = row.metrics.is_some_and(|metrics| metrics.0.contains(METRIC.1));
        if on_expression {
            self.unclear.insert(place);
            return Ok(());
        }
        if (row.namespace.as_deref(), row.metric_name.as_deref()) != (Some(METRIC.0), Some(METRIC.1)) {
            return Ok(());
        }
        let dimensions: Option<BTreeMap<String, String>> = json(TABLE, "dimensions", &arn, row.dimensions)?;
        let actions: Option<Vec<Value>> = json(TABLE, "alarm_actions", &arn, row.alarm_actions)?;
        let fires = row.comparison_operator.map(|operator| operator.starts_with("GreaterThan"));
        let tells = and(row.actions_enabled, actions.map(|actions| !actions.is_empty()));
        let (bucket, rule) = dimensions.map(|mut named| (named.remove("SourceBucket"), named.remove("RuleId"))).unwrap_or_default();
        let limit_s = row.threshold.as_deref().and_then(seconds);
        match (and(fires, tells), bucket, rule, limit_s) {
            (Some(false), ..) => {}
            (Some(true), Some(bucket), Some(rule), Some(limit_s)) => {
                let least_s = self.least_s.entry((place, bucket, rule)).or_insert(limit_s);
                *least_s = limit_s.min(*least_s);
            }
            (_, Some(bucket), ..) => {
                self.unclear_buckets.insert((place, bucket));
            }
            _ => {
                self.unclear.insert(place);
            }
        }
        Ok(())
    }

    /// The most that any of the rules of a bucket may lag before an alarm goes off, for ever if one has none; `None` if not all alarms there were read, one
    /// is unclear, or a rule has no id.
    pub(super) fn of(&self, inputs: &Inputs<'_>, account_id: &str, region: &str, bucket: &str, rules: &[Option<&str>]) -> Option<i64> {
        let place = (account_id.to_owned(), region.to_owned());
        if !inputs.complete(TABLE, account_id, region)
            || self.unclear.contains(&place)
            || self.unclear_buckets.contains(&(place.clone(), bucket.to_owned()))
        {
            return None;
        }
        let least_s = |rule: Option<&str>| {
            let key = (place.clone(), bucket.to_owned(), rule?.to_owned());
            Some(self.least_s.get(&key).copied().unwrap_or(i64::MAX))
        };
        let lags = rules.iter().copied().map(least_s).collect::<Option<Vec<i64>>>()?;
        Some(lags.into_iter().max().unwrap_or(i64::MAX))
    }
}

/// A threshold as whole seconds, rounded up; `None` if it is no number of seconds.
fn seconds(threshold: &str) -> Option<i64> {
    let seconds: f64 = threshold.parse().ok()?;
    // Beyond a century nobody waits, and within it a float holds every second.
    let century_s = 100.0 * 365.0 * 86_400.0;
    #[expect(clippy::cast_possible_truncation, reason = "bounded by a century")]
    (0.0..century_s).contains(&seconds).then(|| seconds.ceil() as i64)
}

#[cfg(test)]
mod tests {
    use super::seconds;

    #[test]
    fn thresholds_in_seconds() {
        let cases = [("1800", Some(1_800)), ("0.5", Some(1)), ("-1", None), ("1e30", None), ("NaN", None), ("soon", None), ("", None)];
        for (text, expected) in cases {
            assert_eq!(seconds(text), expected, "{text}");
        }
    }
}
