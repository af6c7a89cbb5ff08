//! Policies of Data Lifecycle Manager, as far as they say whether snapshots of a volume are made.
//!
//! - A custom policy takes the volumes that have one of its tags, or all volumes of the instances that have one of them.
//! - A default policy takes everything of its type, less what it excludes, unless something else backed it up a short while ago.
//!
//! Source: Amazon EBS user guide, "Automate backups with Amazon Data Lifecycle Manager".

use std::collections::{BTreeMap, BTreeSet};

use serde::Deserialize;
use serde_json::Value;

use super::{Resource, json};
use crate::facts::objectives::or;
use crate::facts::{FactError, Inputs};

const TABLE: &str = "dlm_policies";

crate::rows! {
    /// What is needed of `dlm_policies`.
    struct PolicyRow {
        account_id: Text; region: Text; policy_arn: Text; state: Text; policy_type: Text; default_policy: Boolean; resource_types: Json;
        resource_locations: Json;
        target_tags: Json; exclusions: Json;
    }
}

/// The policies that are at work, by account and Region.
#[derive(Debug)]
pub(super) struct SnapshotPolicies {
    by_place: BTreeMap<(String, String), Vec<Policy>>,
    read: BTreeSet<(String, String)>,
}

#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
struct Tag {
    #[serde(rename = "Key")]
    key: String,
    #[serde(rename = "Value", default)]
    value: String,
}

/// Which volumes a policy takes.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Policy {
    /// Those with one of these tags.
    Volumes(Vec<Tag>),
    /// All.
    All,
    /// Some of those attached to instances: tags of the instance and options decide.
    OfInstances,
    /// What it takes was not told, or depends on exclusions.
    Untold,
}

impl SnapshotPolicies {
    /// Reads them.
    ///
    /// # Errors
    /// As reading the table; cells that are not what the API sends.
    pub(super) fn read(inputs: &Inputs<'_>) -> Result<Self, FactError> {
        let mut by_place: BTreeMap<_, Vec<_>> = BTreeMap::new();
        for row in inputs.rows::<PolicyRow>(TABLE)? {
            let place = (row.account_id.clone().unwrap_or_default(), row.region.clone().unwrap_or_default());
            by_place.entry(place).or_default().extend(policy(row)?);
        }
        let read = inputs.snapshot.scope().iter().filter(|(account, region)| inputs.complete(TABLE, account, region)).cloned().collect();
        Ok(Self { by_place, read })
    }

    /// Whether a policy makes snapshots of a volume. `attached`: whether it is attached to an instance, if that was told.
    pub(super) fn protect(&self, volume: &Resource, attached: Option<bool>) -> Option<bool> {
        let place = (volume.account_id.clone(), volume.region.clone());
        let none = self.read.contains(&place).then_some(false);
        let policies = self.by_place.get(&place).map_or(&[][..], Vec::as_slice);
        policies.iter().fold(none, |one, policy| or(one, policy.takes(volume.facts.tags.as_ref(), attached)))
    }
}

impl Policy {
    fn takes(&self, tags: Option<&BTreeMap<String, String>>, attached: Option<bool>) -> Option<bool> {
        match self {
            Self::All => Some(true),
            Self::Volumes(targets) => tags.map(|tags| targets.iter().any(|target| tags.get(&target.key) == Some(&target.value))),
            Self::OfInstances => attached.filter(|attached| !attached),
            Self::Untold => None,
        }
    }
}

/// What a policy takes; nothing if it is switched off, makes nothing of volumes, or only copies what others made.
fn policy(row: PolicyRow) -> Result<Option<Policy>, FactError> {
    let arn = row.policy_arn.unwrap_or_default();
    if matches!(row.state.as_deref(), Some("DISABLED" | "ERROR")) || row.policy_type.as_deref() == Some("EVENT_BASED_POLICY") {
        return Ok(None);
    }
    let types: Option<Vec<String>> = json(TABLE, "resource_types", &arn, row.resource_types)?;
    let locations: Option<Vec<String>> = json(TABLE, "resource_locations", &arn, row.resource_locations)?;
    let in_region = locations.is_none_or(|locations| locations.is_empty() || locations.iter().any(|location| location == "CLOUD"));
    let targets: Option<Vec<Tag>> = json(TABLE, "target_tags", &arn, row.target_tags)?;
    let exclusions: Option<Value> = json(TABLE, "exclusions", &arn, row.exclusions)?;
    let enabled = row.state.as_deref() == Some("ENABLED");
    let of_volumes = types.as_deref().is_some_and(|types| types == ["VOLUME"]);
    let of_instances = types.as_deref().is_some_and(|types| types == ["INSTANCE"]);
    let nothing_excluded = exclusions.is_none_or(|excluded| excluded.as_object().is_some_and(serde_json::Map::is_empty));
    Ok(Some(match (row.default_policy, targets) {
        (Some(false), Some(targets)) if enabled && of_volumes && in_region => Policy::Volumes(targets),
        (Some(true), _) if enabled && of_volumes && nothing_excluded => Policy::All,
        _ if enabled && of_instances => Policy::OfInstances,
        _ => Policy::Untold,
    }))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::dataset::rows::Json;

    fn row(changes: &Value) -> PolicyRow {
        let text = |name: &str, default: &str| Some(changes[name].as_str().unwrap_or(default).to_owned());
        let cell = |name: &str| changes.get(name).filter(|value| !value.is_null()).map(|value| Json(value.to_string()));
        PolicyRow {
            state: text("state", "ENABLED"),
            policy_type: text("type", "EBS_SNAPSHOT_MANAGEMENT"),
            default_policy: changes["default"].as_bool(),
            resource_types: cell("types"),
            resource_locations: cell("locations"),
            target_tags: cell("tags"),
            exclusions: cell("exclusions"),
            ..PolicyRow::default()
        }
    }

    #[test]
    fn which_volumes_a_policy_takes() {
        let team = json!([{ "Key": "team", "Value": "ledger" }, { "Key": "stage", "Value": "prod" }]);
        let custom = json!({ "default": false, "types": ["VOLUME"], "tags": team });
        let with = |key: &str, value: Value| {
            let mut changed = custom.clone();
            changed[key] = value;
            changed
        };
        let default = json!({ "default": true, "types": ["VOLUME"] });
        let instances = json!({ "default": false, "types": ["INSTANCE"], "tags": team });
        let excluding = json!({ "default": true, "types": ["VOLUME"], "exclusions": { "ExcludeBootVolumes": true } });
        let ledger = Some(BTreeMap::from([("team".to_owned(), "ledger".to_owned())]));
        let other = Some(BTreeMap::from([("team".to_owned(), "web".to_owned())]));
        // why, policy, tags of the volume, attached, whether it is taken
        let cases = [
            ("one of the tags is enough", custom.clone(), &ledger, Some(false), Some(true)),
            ("another value", custom.clone(), &other, Some(false), Some(false)),
            ("tags not told", custom.clone(), &None, Some(false), None),
            ("switched off", with("state", json!("DISABLED")), &ledger, Some(false), Some(false)),
            ("failed", with("state", json!("ERROR")), &ledger, Some(false), Some(false)),
            ("copies what others made", with("type", json!("EVENT_BASED_POLICY")), &ledger, Some(false), Some(false)),
            ("in the Region", with("locations", json!(["CLOUD"])), &ledger, Some(false), Some(true)),
            (
                "only in an Outpost, and where the volume lies is not looked at",
                with("locations", json!(["OUTPOST"])),
                &ledger,
                Some(false),
                None,
            ),
            ("what it is for was not read", with("types", Value::Null), &other, Some(false), None),
            ("a default policy", default, &other, Some(false), Some(true)),
            ("a default policy that leaves something out", excluding, &other, Some(false), None),
            ("by instance, and it has none", instances.clone(), &ledger, Some(false), Some(false)),
            ("by instance: its tags and the options decide", instances.clone(), &ledger, Some(true), None),
            ("by instance, and nobody knows whether it has one", instances, &ledger, None, None),
        ];
        for (why, told, tags, attached, expected) in cases {
            let found = policy(row(&told)).unwrap();
            assert_eq!(found.map_or(Some(false), |policy| policy.takes(tags.as_ref(), attached)), expected, "{why}");
        }
    }
}
