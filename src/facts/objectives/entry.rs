//! One entry of `objectives`: its texts understood, and which resources it is for.

use super::{DEFAULT_ID, Mechanism, Objective, ObjectiveError, Owed, OwedTier};
use crate::facts::coverage::arn_pattern::{Reach, Wildcards, matches};
use crate::facts::population::{Resource, Role};
use crate::model::duration;
use crate::model::moment::{self, DAY_S};

/// An entry whose texts are understood.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Entry {
    pub(super) objective: Objective,
    pub(super) valid_from_s: i64,
    pub(super) rpo_s: Option<i64>,
    pub(super) rpo_other_region_s: Option<i64>,
    pub(super) rpo_other_account_s: Option<i64>,
    pub(super) rpo_locked_s: Option<i64>,
    pub(super) tolerance_s: i64,
    pub(super) retention_days: Option<i64>,
    pub(super) longest_retention_days: Option<i64>,
    pub(super) tiers: Vec<OwedTier>,
    pub(super) rto_s: Option<i64>,
    pub(super) restore_test_every_s: Option<i64>,
}

impl Entry {
    /// Whether it is for a resource; `None` if what decides that was not read.
    pub(super) fn matches(&self, resource: &Resource) -> Option<bool> {
        let matcher = &self.objective.matcher;
        let one_of = |texts: &[String], text: &str| texts.is_empty() || texts.iter().any(|one| one == text);
        let place = one_of(&matcher.accounts, &resource.account_id) && one_of(&matcher.regions, &resource.region);
        let arn = matcher.arns.is_empty() || matcher.arns.iter().any(|pattern| wild(pattern, &resource.arn));
        if !place || !arn {
            return Some(false);
        }
        let of_type = if matcher.types.is_empty() { Some(true) } else { resource.type_name().map(|name| one_of(&matcher.types, name)) };
        let tagged = match &resource.facts.tags {
            _ if matcher.tags.is_empty() => Some(true),
            None => None,
            Some(tags) => Some(matcher.tags.iter().all(|(key, value)| tags.get(key).is_some_and(|found| wild(value, found)))),
        };
        match (of_type, tagged) {
            (Some(false), _) | (_, Some(false)) => Some(false),
            (Some(true), Some(true)) => Some(true),
            _ => None,
        }
    }

    /// What a resource that it is for owes.
    pub(super) fn owed(&self, resource: &Resource) -> Owed {
        let replica_owes_nothing = resource.role == Some(Role::Replica) && !self.objective.include_replicas;
        let mechanisms = self.objective.mechanisms.clone().unwrap_or_else(|| Mechanism::ALL.to_vec());
        Owed {
            id: self.objective.id.clone(),
            approved: self.objective.is_approved(),
            rpo_s: self.rpo_s.filter(|_| !replica_owes_nothing),
            rpo_other_region_s: self.rpo_other_region_s.filter(|_| !replica_owes_nothing),
            rpo_other_account_s: self.rpo_other_account_s.filter(|_| !replica_owes_nothing),
            rpo_locked_s: self.rpo_locked_s.filter(|_| !replica_owes_nothing),
            tolerance_s: Some(self.tolerance_s),
            least_tolerance_s: self.tolerance_s,
            retention_days: self.retention_days.filter(|_| !replica_owes_nothing),
            // What must go must go, whoever it is of.
            longest_retention_days: self.longest_retention_days,
            tiers: if replica_owes_nothing { Vec::new() } else { self.tiers.clone() },
            copy_to_other_region: self.objective.copy_to_other_region && !replica_owes_nothing,
            copy_to_other_account: self.objective.copy_to_other_account && !replica_owes_nothing,
            air_gapped_copy: self.objective.air_gapped_copy && !replica_owes_nothing,
            replicate_automated_backups: self.objective.replicate_automated_backups && !replica_owes_nothing,
            rto_s: self.rto_s,
            restore_test_every_s: self.restore_test_every_s.filter(|_| !replica_owes_nothing),
            mechanisms: mechanisms.into_iter().collect(),
            data_class: self.objective.data_class.words().iter().cloned().collect(),
        }
    }
}

/// Understands the texts of an entry.
///
/// # Errors
/// The first that cannot be used.
#[expect(clippy::similar_names, reason = "RPO and RTO are the words of the field")]
pub(super) fn understand(objective: Objective) -> Result<Entry, ObjectiveError> {
    let id = objective.id.clone();
    let seconds = |field: &'static str, text: &Option<String>| {
        text.as_deref().map(duration::parse).transpose().map_err(|error| wrong(&id, field, error.to_string()))
    };
    let rpo_s = seconds("rpo", &objective.rpo)?;
    let rpo_other_region_s = seconds("rpo_other_region", &objective.rpo_other_region)?;
    let rpo_other_account_s = seconds("rpo_other_account", &objective.rpo_other_account)?;
    let rpo_locked_s = seconds("rpo_locked", &objective.rpo_locked)?;
    let tolerance_s = seconds("tolerance", &objective.tolerance)?.unwrap_or(0);
    let days = |field: &'static str, text: &Option<String>| match seconds(field, text)? {
        Some(retention_s) if retention_s % DAY_S != 0 => Err(wrong(&id, field, "it must be whole days, as AWS counts it".to_owned())),
        retention_s => Ok(retention_s.map(|retention_s| retention_s / DAY_S)),
    };
    let (retention_days, longest_retention_days) =
        (days("retention", &objective.retention)?, days("longest_retention", &objective.longest_retention)?);
    if retention_days.zip(longest_retention_days).is_some_and(|(least, most)| least > most) {
        return Err(wrong(&id, "longest_retention", "it must not be shorter than `retention`".to_owned()));
    }
    let longer_than_nothing = |field: &'static str, text: &Option<String>| match seconds(field, text) {
        Ok(Some(0)) => Err(wrong(&id, field, "it must be longer than nothing".to_owned())),
        other => other,
    };
    let rto_s = longer_than_nothing("rto", &objective.rto)?;
    let restore_test_every_s = longer_than_nothing("restore_test_every", &objective.restore_test_every)?;
    let valid_from_s = match objective.valid_from.as_deref().map(moment::parse).transpose() {
        Ok(moment) => moment.unwrap_or(i64::MIN),
        Err(error) => return Err(wrong(&id, "valid_from", error.to_string())),
    };
    if id.trim().is_empty() || id == DEFAULT_ID {
        return Err(wrong(&id, "id", "it needs a name of its own".to_owned()));
    }
    if let Some(what) = objective.data_class.wrong() {
        return Err(wrong(&id, "data_class", what));
    }
    let mut tiers = Vec::new();
    for tier in &objective.tiers {
        let every_s = longer_than_nothing("tiers", &Some(tier.every.clone()))?;
        let keep_days = days("tiers", &Some(tier.keep.clone()))?;
        tiers.extend(every_s.zip(keep_days).map(|(every_s, keep_days)| OwedTier { every_s, keep_days }));
    }
    Ok(Entry {
        objective,
        valid_from_s,
        rpo_s,
        rpo_other_region_s,
        rpo_other_account_s,
        rpo_locked_s,
        tolerance_s,
        retention_days,
        longest_retention_days,
        tiers,
        rto_s,
        restore_test_every_s,
    })
}

/// A `*` stands for any characters, blanks too: these patterns are ours, not AWS's.
fn wild(pattern: &str, text: &str) -> bool {
    matches(pattern, text, Wildcards::Star, Reach::Anything)
}

/// An error about a field of an entry.
pub(super) fn wrong(id: &str, field: &'static str, what: String) -> ObjectiveError {
    ObjectiveError { id: id.to_owned(), field, what }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::facts::Objectives;

    fn read(entry: &str) -> Result<Objectives, String> {
        let objective: Objective = serde_json::from_str(entry).map_err(|error| error.to_string())?;
        Objectives::new(vec![objective]).map_err(|error| error.to_string())
    }

    #[test]
    fn what_cannot_be_used_names_entry_and_field() {
        // entry, what is said about it
        let cases = [
            (r#"{"id":"gold","rto":"soon"}"#, "objective `gold`, `rto`: `soon` is not a duration"),
            (r#"{"id":"gold","rto":"0h"}"#, "objective `gold`, `rto`: it must be longer than nothing"),
            (r#"{"id":"gold","rpo_other_account":"soon"}"#, "objective `gold`, `rpo_other_account`: `soon` is not a duration"),
            (r#"{"id":"gold","rpo_locked":"soon"}"#, "objective `gold`, `rpo_locked`: `soon` is not a duration"),
            (r#"{"id":"gold","restore_test_every":"quarterly"}"#, "objective `gold`, `restore_test_every`: `quarterly` is not a duration"),
            (r#"{"id":"gold","restore_test_every":"0d"}"#, "objective `gold`, `restore_test_every`: it must be longer than nothing"),
            (r#"{"id":"gold","retention":"36h"}"#, "objective `gold`, `retention`: it must be whole days"),
            (r#"{"id":"gold","longest_retention":"36h"}"#, "objective `gold`, `longest_retention`: it must be whole days"),
            (
                r#"{"id":"gold","retention":"35d","longest_retention":"34d"}"#,
                "objective `gold`, `longest_retention`: it must not be shorter than `retention`",
            ),
            (r#"{"id":"gold","tiers":[{"every":"0d","keep":"30d"}]}"#, "objective `gold`, `tiers`: it must be longer than nothing"),
            (r#"{"id":"gold","tiers":[{"every":"1d","keep":"1h"}]}"#, "objective `gold`, `tiers`: it must be whole days"),
            (r#"{"id":"gold","tiers":[{"every":"1d"}]}"#, "missing field `keep`"),
            (r#"{"id":"gold","data_class":"ePHI"}"#, "objective `gold`, `data_class`: `ePHI` is no class of data"),
            (r#"{"id":"gold","data_class":["pci","card holder"]}"#, "objective `gold`, `data_class`: `card holder` is no class of data"),
            (r#"{"id":"gold","data_class":["pci","ephi","pci"]}"#, "objective `gold`, `data_class`: `pci` stands there twice"),
            (r#"{"id":"gold","data_class":""}"#, "objective `gold`, `data_class`: `` is no class of data"),
            (r#"{"id":"gold","data_class":[]}"#, "the list of classes is empty"),
            (r#"{"id":"gold","data_class":7}"#, "invalid type: integer `7`, expected a class of data, or a list of them"),
            (r#"{"id":" "}"#, "objective ` `, `id`: it needs a name of its own"),
            (r#"{"id":"gold","copy_to_other_account":"yes"}"#, "invalid type: string \"yes\", expected a boolean"),
            (r#"{"id":"gold","copy_to_another_account":true}"#, "unknown field `copy_to_another_account`"),
        ];
        for (entry, said) in cases {
            let error = read(entry).unwrap_err();
            assert!(error.starts_with(said), "{entry}: {error}");
        }
    }

    #[test]
    fn a_class_of_data_is_a_word_or_a_list_of_words() {
        // entry, classes
        let cases: [(&str, &[&str]); 5] = [
            (r#"{"id":"a"}"#, &[]),
            (r#"{"id":"a","data_class":null}"#, &[]),
            (r#"{"id":"a","data_class":"ephi"}"#, &["ephi"]),
            (r#"{"id":"a","data_class":["pci","ephi"]}"#, &["pci", "ephi"]),
            (r#"{"id":"a","data_class":["tier-2"]}"#, &["tier-2"]),
        ];
        for (entry, classes) in cases {
            let understood = understand(serde_json::from_str(entry).unwrap()).unwrap();
            assert_eq!(understood.objective.data_class.words(), classes, "{entry}");
        }
    }

    #[test]
    fn what_came_later_is_written_only_where_it_is_asked_for() {
        // The digest of what an objective asks for is taken from how it is written: an objective that is as it was keeps it.
        let written = |entry: &str| serde_json::to_value(serde_json::from_str::<Objective>(entry).unwrap()).unwrap();
        let (plain, asking) = (written(r#"{"id":"a"}"#), written(r#"{"id":"a","rpo_other_account":"24h","rpo_locked":"48h"}"#));
        assert!(plain.get("rpo_other_account").is_none() && plain.get("rpo_locked").is_none());
        assert_eq!((&asking["rpo_other_account"], &asking["rpo_locked"]), (&"24h".into(), &"48h".into()));
    }

    #[test]
    fn what_is_not_asked_for_is_not_owed() {
        let Entry { rto_s, restore_test_every_s, objective, .. } = understand(serde_json::from_str(r#"{"id":"a"}"#).unwrap()).unwrap();
        assert_eq!((rto_s, restore_test_every_s), (None, None));
        assert!(!objective.copy_to_other_account && !objective.air_gapped_copy && !objective.replicate_automated_backups);
        let every = r#"{"id":"a","rto":"4h","restore_test_every":"92d","air_gapped_copy":true}"#;
        let Entry { rto_s, restore_test_every_s, objective, .. } = understand(serde_json::from_str(every).unwrap()).unwrap();
        assert_eq!((rto_s, restore_test_every_s), (Some(4 * 3_600), Some(92 * DAY_S)));
        assert!(objective.air_gapped_copy);
    }
}
