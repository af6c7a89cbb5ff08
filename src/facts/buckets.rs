//! What a bucket keeps of what was overwritten or deleted, and where its objects are replicated to.
//!
//! Neither is a backup. Old versions lie beside the new ones and go with the bucket or with whoever may delete them; a replica repeats what is written,
//! and with delete markers what is deleted. Both are listed because plans and policies count on them, and an exclusion "it is versioned" stands on them.
//!
//! - A rule without `Filter` is of the older form and replicates delete markers; of the newer form only where `DeleteMarkerReplication` says so.
//! - A destination that no collection looked at may be anywhere: whether it is another Region is then not told.
//! - Objects under a key of KMS go only by a rule that asks for them (`SseKmsEncryptedObjects`): of a bucket that encrypts with one by default, a rule
//!   without it takes nothing new. What single objects were encrypted with is not looked at.
//!
//! Sources: Amazon S3 User Guide, "Replication configuration file elements", "Replicating encrypted objects", "Lifecycle configuration elements",
//! "Retaining multiple versions".

use std::collections::BTreeMap;

use polars::prelude::DataFrame;
use serde::Deserialize;

use self::lag::LagAlarms;
use super::objectives::{and, or};
use super::population::{self, Role, json};
use super::{Fact, FactError, Inputs, region};
use crate::dataset::schema::RestsOn;
use crate::dataset::{Relation, Row};

mod lag;

const TABLE: &str = "s3_buckets";

crate::rows! {
    /// What a bucket keeps.
    pub struct BucketRow {
        /// ARN of the bucket
        subject_arn: Text, Never, "Name";
        /// AWS resource type
        subject_type: Text, Never, "";
        /// Account
        account_id: Text, Never, "";
        /// Region
        region: Text, Never, "";
        /// `primary`, or `restore_test` for what a restore test left
        role: Text, NotTold, "";
        /// Name of the bucket
        bucket_name: Text, NotTold, "Name";
        /// Whether new versions are kept
        versioned: Boolean, NotTold, "GetBucketVersioning: Status";
        /// How long a version is kept, at least, after it was overwritten or deleted; 0 if versions are not kept, for ever is the largest number
        noncurrent_kept_s: Integer, NotTold, "NoncurrentVersionExpiration.NoncurrentDays";
        /// Whether any rule of replication is enabled
        replicated: Boolean, NotTold, "ReplicationRule.Status";
        /// Whether every object, encrypted as the bucket does by default, goes to a bucket in another Region by one of them
        replicated_to_other_region: Boolean, NotTold, "ReplicationRule.Destination, Filter, SourceSelectionCriteria; GetBucketEncryption";
        /// Whether one of them repeats deletions
        replicates_deletions: Boolean, NotTold, "DeleteMarkerReplication, Filter";
        /// Whether all of them publish how far behind they are
        replication_measured: Boolean, NotTold, "Destination.Metrics";
        /// How far replication by any of them may lag, at most, before an alarm fires and tells somebody; for ever is the largest number
        lag_alarm_s: Integer, NotTold, "MetricAlarm: ReplicationLatency";
        /// Buckets that objects go to, separated by blanks
        destinations: Text, Means("none, or not told"), "Destination.Bucket";
        /// Where the proof lies
        evidence: Text, Never, "";
    }
}

const RESTS_ON: &[RestsOn] = &[region(TABLE)];

/// Buckets as a relation.
pub static FACT: Fact = Fact {
    relation: &Relation {
        name: "buckets",
        doc: "What a bucket keeps of what was overwritten or deleted, and where its objects are replicated to: one row a bucket.",
        rows_are: "buckets",
        columns: BucketRow::COLUMNS,
        rows_rest_on: RESTS_ON,
        order: &[],
    },
    reads: &[RESTS_ON, &[region("alarms")]],
    by_range: false,
    derive,
};

crate::rows! {
    /// What is needed of `s3_buckets`.
    struct Told {
        account_id: Text; region: Text; bucket_arn: Text; bucket_name: Text; versioning_status: Text; lifecycle_rules: Json;
        replication_rules: Json; default_encryption_configured: Boolean; sse_algorithm: Text; collection: Text;
    }
}

/// A rule of replication, as the API writes it.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct ReplicationRule {
    #[serde(rename = "ID")]
    id: Option<String>,
    status: Option<String>,
    filter: Option<serde_json::Map<String, serde_json::Value>>,
    prefix: Option<String>,
    delete_marker_replication: Option<Status>,
    source_selection_criteria: Option<Criteria>,
    destination: Option<Destination>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Criteria {
    sse_kms_encrypted_objects: Option<Status>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Status {
    status: Option<String>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Destination {
    bucket: Option<String>,
    metrics: Option<Status>,
}

/// A rule of the lifecycle, as the API writes it.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct LifecycleRule {
    status: Option<String>,
    noncurrent_version_expiration: Option<Noncurrent>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Noncurrent {
    noncurrent_days: Option<i64>,
}

fn derive(inputs: &Inputs<'_>) -> Result<DataFrame, FactError> {
    let roles: BTreeMap<String, Option<Role>> =
        population::parts(inputs, TABLE)?.into_iter().flatten().map(|part| (part.arn, part.role)).collect();
    let buckets: Vec<Told> = inputs.rows(TABLE)?;
    let regions: BTreeMap<String, String> =
        buckets.iter().filter_map(|bucket| Some((bucket.bucket_arn.clone()?, bucket.region.clone()?))).collect();
    let alarms = LagAlarms::read(inputs)?;
    let rows = buckets.into_iter().map(|bucket| {
        let role = bucket.bucket_arn.as_ref().and_then(|arn| roles.get(arn)).copied().flatten();
        row(bucket, role, &regions, |account_id, region, name, rules| alarms.of(inputs, account_id, region, name, rules))
    });
    let rows = rows.collect::<Result<Vec<_>, FactError>>()?;
    Inputs::frame_of(FACT.relation, rows)
}

/// The row of a bucket. What alarms there are on its rules of replication is asked by account, Region, its name and the ids of the rules.
fn row(
    bucket: Told,
    role: Option<Role>,
    regions: &BTreeMap<String, String>,
    alarm_s: impl Fn(&str, &str, &str, &[Option<&str>]) -> Option<i64>,
) -> Result<BucketRow, FactError> {
    let arn = bucket.bucket_arn.unwrap_or_default();
    let versioned = bucket.versioning_status.as_deref().map(|status| status == "Enabled");
    let lifecycle: Option<Vec<LifecycleRule>> = json(TABLE, "lifecycle_rules", &arn, bucket.lifecycle_rules)?;
    let rules: Option<Vec<ReplicationRule>> = json(TABLE, "replication_rules", &arn, bucket.replication_rules)?;
    let enabled = rules.map(|rules| rules.into_iter().filter(ReplicationRule::may_be_enabled).collect::<Vec<_>>());
    let under_kms = under_kms(bucket.default_encryption_configured, bucket.sse_algorithm.as_deref());
    let replication =
        enabled.as_deref().map(|rules| Replication::of(rules, bucket.region.as_deref(), under_kms, regions)).unwrap_or_default();
    let ids = enabled.as_deref().map(|rules| rules.iter().map(|rule| rule.id.as_deref()).collect::<Vec<_>>());
    let place = bucket.account_id.as_deref().zip(bucket.region.as_deref()).zip(bucket.bucket_name.as_deref());
    let lag_alarm_s = place.zip(ids).and_then(|(((account_id, region), name), ids)| alarm_s(account_id, region, name, &ids));
    Ok(BucketRow {
        lag_alarm_s,
        evidence: Some(population::evidence(TABLE, &arn, bucket.collection.as_deref())),
        subject_arn: Some(arn),
        subject_type: Some("AWS::S3::Bucket".to_owned()),
        account_id: bucket.account_id,
        region: bucket.region,
        role: role.map(|role| role.word().to_owned()),
        bucket_name: bucket.bucket_name,
        versioned,
        noncurrent_kept_s: noncurrent_kept_s(versioned, lifecycle.as_deref()),
        replicated: replication.any,
        replicated_to_other_region: replication.to_other_region,
        replicates_deletions: replication.deletions,
        replication_measured: replication.measured,
        destinations: replication.destinations,
    })
}

/// Whether new objects are encrypted with a key of KMS unless they ask for something else.
fn under_kms(configured: Option<bool>, algorithm: Option<&str>) -> Option<bool> {
    match (configured, algorithm) {
        (_, Some(algorithm)) => Some(algorithm != "AES256"),
        // S3 then encrypts with a key of its own.
        (Some(false), None) => Some(false),
        _ => None,
    }
}

/// How long a version that is no longer current stays: as long as the rule that ends the first of them says. `None` if that was not told.
fn noncurrent_kept_s(versioned: Option<bool>, rules: Option<&[LifecycleRule]>) -> Option<i64> {
    if !versioned? {
        return Some(0);
    }
    let mut least = i64::MAX;
    for rule in rules? {
        let Some(ends) = &rule.noncurrent_version_expiration else { continue };
        match rule.status.as_deref()? {
            "Disabled" => {}
            _ => least = least.min(ends.noncurrent_days?.saturating_mul(crate::model::moment::DAY_S)),
        }
    }
    Some(least)
}

/// What the rules of a bucket that are enabled do together; `None` where that was not told.
#[derive(Debug, Default, PartialEq, Eq)]
struct Replication {
    any: Option<bool>,
    to_other_region: Option<bool>,
    deletions: Option<bool>,
    measured: Option<bool>,
    destinations: Option<String>,
}

impl Replication {
    fn of(rules: &[ReplicationRule], here: Option<&str>, under_kms: Option<bool>, regions: &BTreeMap<String, String>) -> Self {
        let elsewhere = |rule: &ReplicationRule| {
            let whole = and(Some(rule.is_whole()), or(rule.takes_kms(), under_kms.map(|under_kms| !under_kms)));
            let there = rule.destination.as_ref().and_then(|to| regions.get(to.bucket.as_deref()?)).map(String::as_str);
            let away = there.zip(here).map(|(there, here)| there != here);
            and(and(whole, away), rule.enabled())
        };
        let to: Vec<&str> = rules.iter().filter_map(|rule| rule.destination.as_ref()?.bucket.as_deref()).collect();
        Self {
            any: rules.iter().map(ReplicationRule::enabled).fold(Some(false), or),
            to_other_region: rules.iter().map(elsewhere).fold(Some(false), or),
            deletions: rules.iter().map(ReplicationRule::deletions).fold(Some(false), or),
            measured: rules.iter().map(ReplicationRule::measured).fold(Some(true), and),
            destinations: (!to.is_empty()).then(|| to.join(" ")),
        }
    }
}

impl ReplicationRule {
    /// Whether it is enabled; `None` if that was not told.
    fn enabled(&self) -> Option<bool> {
        self.status.as_deref().map(|status| status == "Enabled")
    }

    fn may_be_enabled(&self) -> bool {
        self.enabled() != Some(false)
    }

    /// Whether it takes every object: no prefix, no tag.
    fn is_whole(&self) -> bool {
        let nothing = |value: &serde_json::Value| value.as_str() == Some("");
        self.prefix.as_deref().is_none_or(str::is_empty) && self.filter.iter().flat_map(|filter| filter.values()).all(nothing)
    }

    /// Whether it takes objects under a key of KMS, too.
    fn takes_kms(&self) -> Option<bool> {
        match self.source_selection_criteria.as_ref().and_then(|criteria| criteria.sse_kms_encrypted_objects.as_ref()) {
            None => Some(false),
            Some(said) => said.status.as_deref().map(|status| status == "Enabled"),
        }
    }

    fn deletions(&self) -> Option<bool> {
        if self.filter.is_none() {
            return self.enabled();
        }
        match &self.delete_marker_replication {
            None => Some(false),
            Some(said) => and(said.status.as_deref().map(|status| status == "Enabled"), self.enabled()),
        }
    }

    fn measured(&self) -> Option<bool> {
        let Some(destination) = &self.destination else { return None };
        match &destination.metrics {
            None => Some(false),
            Some(said) => said.status.as_deref().map(|status| status == "Enabled"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn kept(versioned: Option<bool>, rules: Option<&str>) -> Option<i64> {
        let rules: Option<Vec<LifecycleRule>> = rules.map(|text| serde_json::from_str(text).unwrap());
        noncurrent_kept_s(versioned, rules.as_deref()).map(|kept_s| if kept_s == i64::MAX { -1 } else { kept_s / 86_400 })
    }

    #[test]
    fn how_long_old_versions_stay() {
        let month = r#"{"Status":"Enabled","NoncurrentVersionExpiration":{"NoncurrentDays":30}}"#;
        let week = r#"{"Status":"Enabled","Filter":{"Prefix":"tmp/"},"NoncurrentVersionExpiration":{"NoncurrentDays":7}}"#;
        let off = r#"{"Status":"Disabled","NoncurrentVersionExpiration":{"NoncurrentDays":1}}"#;
        let current = r#"{"Status":"Enabled","Expiration":{"Days":1}}"#;
        let odd = r#"{"NoncurrentVersionExpiration":{"NoncurrentDays":30}}"#;
        // why, versioned, rules, days (-1 is for ever)
        let cases: [(&str, Option<bool>, Option<String>, Option<i64>); 9] = [
            ("no rules: for ever", Some(true), Some("[]".into()), Some(-1)),
            ("thirty days", Some(true), Some(format!("[{month}]")), Some(30)),
            (
                "the rule that ends the first of them counts, if only for some objects",
                Some(true),
                Some(format!("[{month},{week}]")),
                Some(7),
            ),
            ("a rule that is switched off ends none", Some(true), Some(format!("[{off}]")), Some(-1)),
            ("the end of a current version leaves it as an old one", Some(true), Some(format!("[{current}]")), Some(-1)),
            ("not versioned: nothing is kept", Some(false), Some(format!("[{month}]")), Some(0)),
            ("rules unread", Some(true), None, None),
            ("versioning unread", None, Some("[]".into()), None),
            ("whether the rule is on was not told", Some(true), Some(format!("[{odd}]")), None),
        ];
        for (why, versioned, rules, expected) in cases {
            assert_eq!(kept(versioned, rules.as_deref()), expected, "{why}");
        }
    }

    #[test]
    fn what_replication_does() {
        let regions = [("arn:aws:s3:::far", "us-west-2"), ("arn:aws:s3:::near", "eu-west-1")];
        let regions: BTreeMap<String, String> = regions.map(|(arn, region)| (arn.to_owned(), region.to_owned())).into();
        let rule = |rest: &str, bucket: &str, metrics: &str| {
            format!(r#"{{"Status":"Enabled",{rest}"Destination":{{"Bucket":"arn:aws:s3:::{bucket}"{metrics}}}}}"#)
        };
        let newer = r#""Filter":{},"DeleteMarkerReplication":{"Status":"Disabled"},"#;
        let repeats = r#""Filter":{"Prefix":""},"DeleteMarkerReplication":{"Status":"Enabled"},"#;
        let part = r#""Filter":{"Prefix":"a/"},"#;
        let measured = r#","Metrics":{"Status":"Enabled"}"#;
        // why, rules, (any, to another Region, deletions, measured)
        let yes = Some(true);
        let no = Some(false);
        let cases = [
            ("none", String::new(), (no, no, no, yes)),
            ("to another Region, deletions stay", rule(newer, "far", measured), (yes, yes, no, yes)),
            ("the older form repeats deletions", rule("", "far", ""), (yes, yes, yes, no)),
            ("deletions asked for", rule(repeats, "far", measured), (yes, yes, yes, yes)),
            ("within the Region", rule(newer, "near", measured), (yes, no, no, yes)),
            ("some objects only", rule(part, "far", measured), (yes, no, no, yes)),
            ("to a bucket that nobody looked at", rule(newer, "else", measured), (yes, None, no, yes)),
            ("switched off", rule(newer, "far", "").replace("Enabled", "Disabled"), (no, no, no, yes)),
            ("one near, one far", format!("{},{}", rule(newer, "near", measured), rule(newer, "far", "")), (yes, yes, no, no)),
        ];
        for (why, rules, expected) in cases {
            let rules: Vec<ReplicationRule> = serde_json::from_str(&format!("[{rules}]")).unwrap();
            let rules: Vec<_> = rules.into_iter().filter(ReplicationRule::may_be_enabled).collect();
            let found = Replication::of(&rules, Some("eu-west-1"), Some(false), &regions);
            assert_eq!((found.any, found.to_other_region, found.deletions, found.measured), expected, "{why}");
        }
    }

    #[test]
    fn objects_under_a_key_of_kms_go_where_a_rule_asks_for_them() {
        let regions: BTreeMap<String, String> = [("arn:aws:s3:::far".to_owned(), "us-west-2".to_owned())].into();
        let rule =
            |criteria: &str| format!(r#"[{{"Status":"Enabled","Filter":{{}},{criteria}"Destination":{{"Bucket":"arn:aws:s3:::far"}}}}]"#);
        let asked = r#""SourceSelectionCriteria":{"SseKmsEncryptedObjects":{"Status":"Enabled"}},"#;
        let (yes, no) = (Some(true), Some(false));
        // why, criteria, default encryption configured, algorithm, replicated as a whole
        let cases = [
            ("keys of S3", "", yes, Some("AES256"), yes),
            ("no encryption is configured, which is a key of S3", "", no, None, yes),
            ("a key of KMS, and nobody asked", "", yes, Some("aws:kms"), no),
            ("two layers, and nobody asked", "", yes, Some("aws:kms:dsse"), no),
            ("a key of KMS, asked for", asked, yes, Some("aws:kms"), yes),
            ("asked for, and encryption unread", asked, None, None, yes),
            ("encryption unread", "", None, None, None),
            ("which it is was not told", "", yes, None, None),
            ("asked for and switched off", &asked.replace("Enabled\"", "Disabled\""), yes, Some("aws:kms"), no),
            ("other criteria", r#""SourceSelectionCriteria":{"ReplicaModifications":{"Status":"Enabled"}},"#, yes, Some("aws:kms"), no),
            (
                "whether it is asked for was not told",
                r#""SourceSelectionCriteria":{"SseKmsEncryptedObjects":{}},"#,
                yes,
                Some("aws:kms"),
                None,
            ),
        ];
        for (why, criteria, configured, algorithm, expected) in cases {
            let rules: Vec<ReplicationRule> = serde_json::from_str(&rule(criteria)).unwrap();
            let found = Replication::of(&rules, Some("eu-west-1"), under_kms(configured, algorithm), &regions);
            assert_eq!((found.any, found.to_other_region), (yes, expected), "{why}");
        }
    }
}
