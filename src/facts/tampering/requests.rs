//! What was asked for, where that says whether an event weakened anything.
//!
//! `CloudTrail` writes the names of members as the service does, with a small or a large first letter. What a value was before the call is not in it: a call
//! that leaves a trail with less than everything counts, because that it had more is the rule; where a value can be an old one as well as a new one, it
//! is not known whether it weakened.
//!
//! Source: CloudTrail user guide, "CloudTrail record contents"; the API references of the services.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Map, Value};

use super::gather;
use super::kinds::{BACKUP, CLOUDTRAIL, DYNAMODB, EC2, RDS, S3};
use crate::facts::objectives::or;
use crate::facts::trails::selectors::{self, Advanced, Basic, Management};
use crate::facts::{FactError, Inputs};

crate::rows! {
    /// What is needed of `region_settings`.
    struct SettingRow { account_id: Text; region: Text; resource_type: Text; opt_in: Boolean; }
}

crate::rows! {
    /// What is needed of `trails`.
    struct TrailRow { account_id: Text; region: Text; trail_arn: Text; trail_name: Text; s3_bucket_name: Text; }
}

/// What RDS has tags on beside databases and clusters, as ARNs name it.
const NOT_SELECTED_OF_RDS: [&str; 8] = ["cluster-pg", "cluster-snapshot", "es", "og", "pg", "ri", "snapshot", "subgrp"];

/// Account and Region.
type Place = (String, String);

/// How things stand now, as far as requests are held against it.
#[derive(Debug, Default)]
pub(super) struct Standing {
    /// Types of resources that are opted in.
    opted_in: BTreeMap<Place, Vec<String>>,
    /// The bucket that a trail delivers to, by its name and its ARN.
    buckets: BTreeMap<(Place, String), String>,
}

impl Standing {
    /// Reads it.
    ///
    /// # Errors
    /// As reading the tables.
    pub(super) fn read(inputs: &Inputs<'_>) -> Result<Self, FactError> {
        let mut standing = Self::default();
        let place = |account_id: Option<String>, region: Option<String>| (account_id.unwrap_or_default(), region.unwrap_or_default());
        for row in inputs.rows::<SettingRow>("region_settings")?.into_iter().filter(|row| row.opt_in == Some(true)) {
            standing.opted_in.entry(place(row.account_id, row.region)).or_default().extend(row.resource_type);
        }
        for row in inputs.rows::<TrailRow>("trails")? {
            let (here, Some(bucket)) = (place(row.account_id, row.region), row.s3_bucket_name) else { continue };
            for name in [row.trail_arn, row.trail_name].into_iter().flatten() {
                standing.buckets.insert((here.clone(), name), bucket.clone());
            }
        }
        Ok(standing)
    }

    /// Whether an event weakened something, as what was asked for shows; true of those of which it is in their name.
    pub(super) fn weakened(&self, place: &Place, source: &str, name: &str, asked: &Value) -> Option<bool> {
        match (source, name) {
            (CLOUDTRAIL, "PutEventSelectors") => takes_less(asked),
            (CLOUDTRAIL, "UpdateTrail") => self.trail_weakened(place, asked),
            (BACKUP, "UpdateRegionSettings") => self.opted_out(place, asked),
            (DYNAMODB, "UpdateContinuousBackups") => {
                let on = member(member(asked, "pointInTimeRecoverySpecification")?, "pointInTimeRecoveryEnabled")?;
                on.as_bool().map(|on| !on)
            }
            (RDS, "ModifyDBCluster" | "ModifyDBInstance") => match member(asked.as_object().map(|_| asked)?, "backupRetentionPeriod") {
                None | Some(Value::Null) => Some(false),
                Some(days) => days.as_i64().map(|days| days == 0),
            },
            (S3, "PutBucketVersioning") => match member(member(asked, "VersioningConfiguration")?, "Status")?.as_str()? {
                "Suspended" => Some(true),
                "Enabled" => Some(false),
                _ => None,
            },
            _ => Some(true),
        }
    }

    /// Whether a trail was told to look at one Region, to leave out events of global services or to write no digests. That it delivers to the bucket that it
    /// delivers to now is no change for the worse; of any other bucket, or of other accounts, that is not known.
    fn trail_weakened(&self, place: &Place, asked: &Value) -> Option<bool> {
        let asked = asked.as_object().map(|_| asked)?;
        let off = |name: &str| member(asked, name) == Some(&Value::Bool(false));
        if ["isMultiRegionTrail", "includeGlobalServiceEvents", "enableLogFileValidation"].into_iter().any(off) {
            return Some(true);
        }
        let trail = member(asked, "name").and_then(Value::as_str).unwrap_or_default();
        let delivers_to = self.buckets.get(&(place.clone(), trail.to_owned())).map(String::as_str);
        let moved = match member(asked, "s3BucketName") {
            None | Some(Value::Null) => false,
            Some(bucket) => delivers_to.is_none() || bucket.as_str() != delivers_to,
        };
        (!moved && !off("isOrganizationTrail")).then_some(false)
    }

    /// Whether types were opted out that are opted in now, so that they were in between; of one that is not, it may have been before.
    fn opted_out(&self, place: &Place, asked: &Value) -> Option<bool> {
        let asked = asked.as_object().map(|_| asked)?;
        let Some(types) = member(asked, "resourceTypeOptInPreference").and_then(Value::as_object) else { return Some(false) };
        let now = self.opted_in.get(place).map(Vec::as_slice).unwrap_or_default();
        let out = types.iter().filter(|(_, on)| **on != Value::Bool(true));
        let weakened = |(name, on): (&String, &Value)| {
            let is_in = now.iter().any(|kind| kind.eq_ignore_ascii_case(name));
            (is_in && *on == Value::Bool(false)).then_some(true)
        };
        out.map(weakened).fold(Some(false), or)
    }
}

/// Whether selectors of events leave out what writes.
fn takes_less(asked: &Value) -> Option<bool> {
    let basic: Option<Vec<Basic>> = member(asked, "eventSelectors").and_then(|all| serde_json::from_value(all.clone()).ok());
    let advanced: Option<Vec<Advanced>> = member(asked, "advancedEventSelectors").and_then(|all| serde_json::from_value(all.clone()).ok());
    selectors::take(basic.as_deref(), advanced.as_deref(), Management::Writes).map(|takes| !takes)
}

/// A member of an object, whether its name is written with small or large letters.
fn member<'v>(value: &'v Value, name: &str) -> Option<&'v Value> {
    value.as_object()?.iter().find(|(key, _)| key.eq_ignore_ascii_case(name)).map(|(_, member)| member)
}

/// Tags that a request sets, by key; `None` if it has none that can be read.
pub(super) fn tags_set(asked: &Value) -> Option<BTreeMap<String, String>> {
    let mut found = BTreeMap::new();
    find_tags(asked, &mut found);
    (!found.is_empty()).then_some(found)
}

fn find_tags(value: &Value, found: &mut BTreeMap<String, String>) {
    match value {
        Value::Array(items) => items.iter().for_each(|item| find_tags(item, found)),
        Value::Object(members) => {
            if let Some((key, text)) = tag(value) {
                found.insert(key, text);
                return;
            }
            for (name, member) in members {
                match member {
                    Value::Object(map) if name.eq_ignore_ascii_case("tags") && map.values().all(Value::is_string) => {
                        found.extend(of_map(map));
                    }
                    _ => find_tags(member, found),
                }
            }
        }
        _ => {}
    }
}

/// A key with its value, which may be left out where it is empty.
fn tag(value: &Value) -> Option<(String, String)> {
    let key = member(value, "key")?.as_str()?.to_owned();
    let text = match member(value, "value") {
        None | Some(Value::Null) => String::new(),
        Some(text) => text.as_str()?.to_owned(),
    };
    Some((key, text))
}

fn of_map(map: &Map<String, Value>) -> impl Iterator<Item = (String, String)> {
    map.iter().filter_map(|(key, value)| Some((key.clone(), value.as_str()?.to_owned())))
}

/// Whether tags are set on something that a plan may select, and not only on what is known to be no such thing: a snapshot, a network, a parameter group.
pub(super) fn on_what_plans_select(source: &str, asked: &Value) -> bool {
    let of = match source {
        EC2 => "resourcesSet",
        RDS => "resourceName",
        _ => return true,
    };
    let mut names = BTreeSet::new();
    if let Some(value) = member(asked, of) {
        gather(value, &mut names);
    }
    names.is_empty() || names.iter().any(|name| may_be_selected(source, name))
}

fn may_be_selected(source: &str, name: &str) -> bool {
    if source == EC2 {
        return name.starts_with("i-") || name.starts_with("vol-");
    }
    name.split(':').nth(5).is_none_or(|kind| !NOT_SELECTED_OF_RDS.contains(&kind))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn place() -> Place {
        ("111122223333".to_owned(), "eu-west-1".to_owned())
    }

    fn weakened(source: &str, name: &str, asked: &Value) -> Option<bool> {
        let mut standing = Standing::default();
        standing.opted_in.insert(place(), vec!["RDS".to_owned()]);
        standing.buckets.insert((place(), "all".to_owned()), "logs".to_owned());
        standing.weakened(&place(), &format!("{source}.amazonaws.com"), name, asked)
    }

    #[test]
    fn what_was_asked_for_shows_whether_it_weakens() {
        let (yes, no) = (Some(true), Some(false));
        let selectors = |kind: &str, management: bool| json!({ "trailName": "all", "eventSelectors": [{ "readWriteType": kind, "includeManagementEvents": management }] });
        let but_kms = json!({ "eventSelectors": [{ "readWriteType": "All", "includeManagementEvents": true, "excludeManagementEventSources": ["kms.amazonaws.com"] }] });
        let pitr = |on: bool| json!({ "tableName": "t", "pointInTimeRecoverySpecification": { "pointInTimeRecoveryEnabled": on } });
        let versioning = |status: &str| json!({ "bucketName": "b", "VersioningConfiguration": { "Status": status, "xmlns": "http://s3.amazonaws.com/doc/2006-03-01/" } });
        let opt_in = |kind: &str, on: bool| json!({ "resourceTypeOptInPreference": { kind: on, "S3": true } });
        // service, name, why, asked, weakened
        let cases = [
            ("cloudtrail", "PutEventSelectors", "read-only", selectors("ReadOnly", true), yes),
            ("cloudtrail", "PutEventSelectors", "no management events", selectors("All", false), yes),
            ("cloudtrail", "PutEventSelectors", "all", selectors("All", true), no),
            ("cloudtrail", "PutEventSelectors", "all but one service", but_kms, None),
            ("cloudtrail", "PutEventSelectors", "not told", Value::Null, None),
            ("cloudtrail", "PutEventSelectors", "of a form that nobody knows", json!({ "eventSelectors": { "items": [] } }), None),
            ("cloudtrail", "UpdateTrail", "one Region", json!({ "name": "all", "isMultiRegionTrail": false }), yes),
            ("cloudtrail", "UpdateTrail", "no global events", json!({ "name": "all", "includeGlobalServiceEvents": false }), yes),
            ("cloudtrail", "UpdateTrail", "no digests", json!({ "name": "all", "enableLogFileValidation": false }), yes),
            (
                "cloudtrail",
                "UpdateTrail",
                "one account, which it may have been",
                json!({ "name": "all", "isOrganizationTrail": false }),
                None,
            ),
            ("cloudtrail", "UpdateTrail", "more", json!({ "name": "all", "isMultiRegionTrail": true, "s3BucketName": "logs" }), no),
            ("cloudtrail", "UpdateTrail", "to another bucket", json!({ "name": "all", "s3BucketName": "mine" }), None),
            ("cloudtrail", "UpdateTrail", "of a trail that is gone", json!({ "name": "gone", "s3BucketName": "logs" }), None),
            ("cloudtrail", "UpdateTrail", "not told", Value::Null, None),
            ("cloudtrail", "StopLogging", "its name says it", Value::Null, yes),
            ("backup", "UpdateRegionSettings", "out, and in now", opt_in("RDS", false), yes),
            ("backup", "UpdateRegionSettings", "out, as it may have been before", opt_in("EFS", false), None),
            ("backup", "UpdateRegionSettings", "in", opt_in("RDS", true), no),
            ("backup", "UpdateRegionSettings", "how, not whether", json!({ "resourceTypeManagementPreference": { "DynamoDB": true } }), no),
            ("backup", "UpdateRegionSettings", "not told", Value::Null, None),
            ("dynamodb", "UpdateContinuousBackups", "off", pitr(false), yes),
            ("dynamodb", "UpdateContinuousBackups", "on", pitr(true), no),
            ("dynamodb", "UpdateContinuousBackups", "not told", json!({ "tableName": "t" }), None),
            ("rds", "ModifyDBInstance", "no backups", json!({ "dBInstanceIdentifier": "x", "backupRetentionPeriod": 0 }), yes),
            ("rds", "ModifyDBInstance", "for a week", json!({ "dBInstanceIdentifier": "x", "backupRetentionPeriod": 7 }), no),
            ("rds", "ModifyDBCluster", "something else", json!({ "dBClusterIdentifier": "x" }), no),
            ("rds", "ModifyDBInstance", "no number", json!({ "backupRetentionPeriod": "HIDDEN" }), None),
            ("rds", "ModifyDBInstance", "not told", Value::Null, None),
            ("s3", "PutBucketVersioning", "suspended", versioning("Suspended"), yes),
            ("s3", "PutBucketVersioning", "enabled", versioning("Enabled"), no),
            ("s3", "PutBucketVersioning", "not told", json!({ "bucketName": "b" }), None),
            ("kms", "DisableKey", "its name says it", json!({ "keyId": "k" }), yes),
        ];
        for (source, name, why, asked, expected) in cases {
            assert_eq!(weakened(source, name, &asked), expected, "{name}: {why}");
        }
    }

    #[test]
    fn tags_are_found_however_services_write_them() {
        let one = |asked: Value| {
            tags_set(&asked).map(|tags| tags.into_iter().map(|(key, value)| format!("{key}={value}")).collect::<Vec<_>>().join(" "))
        };
        let cases = [
            (
                "RDS, DynamoDB, EFS",
                json!({ "resourceName": "arn:x", "tags": [{ "key": "a", "value": "1" }, { "key": "b", "value": "2" }] }),
                Some("a=1 b=2"),
            ),
            (
                "EC2",
                json!({ "resourcesSet": { "items": [{ "resourceId": "i-1" }] }, "tagSet": { "items": [{ "key": "a", "value": "1" }] } }),
                Some("a=1"),
            ),
            ("S3, one", json!({ "bucketName": "b", "Tagging": { "TagSet": { "Tag": { "Key": "a", "Value": "1" } } } }), Some("a=1")),
            ("S3, two", json!({ "Tagging": { "TagSet": { "Tag": [{ "Key": "a", "Value": "1" }, { "Key": "b" }] } } }), Some("a=1 b=")),
            ("the API of tags", json!({ "resourceARNList": ["arn:x"], "tags": { "a": "1" } }), Some("a=1")),
            ("none", json!({ "bucketName": "b" }), None),
            ("nothing was told", Value::Null, None),
        ];
        for (why, asked, expected) in cases {
            assert_eq!(one(asked).as_deref(), expected, "{why}");
        }
    }

    #[test]
    fn some_things_no_plan_selects() {
        let ec2 =
            |ids: &[&str]| json!({ "resourcesSet": { "items": ids.iter().map(|id| json!({ "resourceId": id })).collect::<Vec<_>>() } });
        let rds = |kind: &str| json!({ "resourceName": format!("arn:aws:rds:eu-west-1:111122223333:{kind}:x") });
        let cases = [
            (EC2, "a network", ec2(&["subnet-1"]), false),
            (EC2, "a snapshot and a volume", ec2(&["snap-1", "vol-1"]), true),
            (EC2, "an instance", ec2(&["i-1"]), true),
            (EC2, "not told", json!({}), true),
            (RDS, "a snapshot", rds("snapshot"), false),
            (RDS, "a database", rds("db"), true),
            (RDS, "a name", json!({ "resourceName": "x" }), true),
            (S3, "a bucket", json!({ "bucketName": "b" }), true),
        ];
        for (source, why, asked, expected) in cases {
            assert_eq!(on_what_plans_select(source, &asked), expected, "{why}");
        }
    }
}
