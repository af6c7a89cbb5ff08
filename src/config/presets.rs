//! Presets: objectives that documents about backups state, under a name, for entries of `audit.yaml` that owe the same.
//!
//! `rules/presets/*.yaml`, and `presets/*.yaml` below the folder of `--rules`, where a preset of the same id takes the place of ours. What an entry says
//! itself goes before what its preset says; a switch that the preset turns on stays on.

use std::collections::BTreeMap;
use std::path::Path;

use serde::{Deserialize, Serialize};

use crate::engine::load::{Layer, embedded};
use crate::engine::nearest::nearest;
use crate::engine::{LoadError, RuleErrors, SourceFile};
use crate::facts::objectives::Objective;

/// What an entry of `audit.yaml` says for itself.
const OF_THE_ENTRY: [&str; 6] = ["id", "match", "preset", "valid_from", "owner", "approved_by"];

/// A preset as it is written.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Preset {
    /// Name in `audit.yaml`.
    pub id: String,
    /// For whom it is.
    pub title: String,
    /// Document that states it, as `rules/catalogues/duties.yaml` names it; a preset of one's own needs none.
    #[serde(default)]
    pub document: Option<String>,
    /// Its statements there.
    #[serde(default)]
    pub duties: Vec<String>,
    /// Where it departs from the document's words.
    #[serde(default)]
    pub note: Option<String>,
    /// What an entry owes with it: the keys of an objective, without `id` and `match`.
    #[serde(deserialize_with = "without_name", serialize_with = "what_is_owed")]
    pub objective: Objective,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    presets: Vec<Preset>,
}

/// All presets, by id.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Presets(BTreeMap<String, Preset>);

impl Presets {
    /// Ours, and those of a folder.
    ///
    /// # Errors
    /// `LoadError::Io` if the folder cannot be read, `LoadError::Rules` with every error of every file.
    pub fn load(folder: Option<&Path>) -> Result<Self, LoadError> {
        let own = folder.map(Layer::read).transpose()?.unwrap_or_default();
        Self::read(&[embedded().presets, own.presets]).map_err(LoadError::Rules)
    }

    /// Reads layers of files; a preset of a later layer takes the place of one of the same id.
    fn read(layers: &[Vec<SourceFile>]) -> Result<Self, RuleErrors> {
        let (mut presets, mut errors) = (BTreeMap::new(), Vec::new());
        for layer in layers {
            let mut here: BTreeMap<String, Preset> = BTreeMap::new();
            for file in layer {
                let read = file.read::<File>().map(|file| file.presets).map_err(|error| errors.push(error)).unwrap_or_default();
                for preset in read {
                    if here.contains_key(&preset.id) {
                        errors.push(file.error(0..0, format!("preset `{}` stands here twice", preset.id), None));
                    }
                    here.insert(preset.id.clone(), preset);
                }
            }
            presets.append(&mut here);
        }
        if errors.is_empty() { Ok(Self(presets)) } else { Err(RuleErrors(errors)) }
    }

    /// All of them, by id.
    pub fn iter(&self) -> impl Iterator<Item = &Preset> {
        self.0.values()
    }

    /// An entry with what its preset says beside it.
    ///
    /// # Errors
    /// Text naming the entry, if there is no such preset.
    pub fn fill(&self, entry: Objective) -> Result<Objective, String> {
        let Some(id) = &entry.preset else { return Ok(entry) };
        let Some(preset) = self.0.get(id) else {
            let near = nearest(id, self.0.keys().map(String::as_str));
            let known = || format!("there are {}", self.0.keys().cloned().collect::<Vec<_>>().join(", "));
            let hint = near.map_or_else(known, |near| format!("did you mean `{near}`?"));
            return Err(format!("objective `{}`, `preset`: there is no preset `{id}`; {hint}", entry.id));
        };
        Ok(filled(entry, preset.objective.clone()))
    }
}

/// Writes an objective without what it leaves open.
fn what_is_owed<S: serde::Serializer>(objective: &Objective, serializer: S) -> Result<S::Ok, S::Error> {
    use serde::ser::Error;
    let mut keys = serde_json::to_value(objective).map_err(S::Error::custom)?;
    if let Some(keys) = keys.as_object_mut() {
        let open = |value: &serde_json::Value| {
            value.is_null() || *value == serde_json::json!(false) || value.as_array().is_some_and(Vec::is_empty)
        };
        keys.retain(|key, value| !OF_THE_ENTRY.contains(&key.as_str()) && !open(value));
    }
    keys.serialize(serializer)
}

/// Reads an objective that has no name of its own.
fn without_name<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<Objective, D::Error> {
    use serde::de::Error;
    let mut keys = serde_json::Map::deserialize(deserializer)?;
    if let Some(own) = OF_THE_ENTRY.iter().find(|key| keys.contains_key(**key)) {
        return Err(D::Error::custom(format!("`{own}` is for the entry that uses the preset")));
    }
    keys.insert("id".to_owned(), "preset".into());
    serde_json::from_value(keys.into()).map_err(D::Error::custom)
}

fn filled(entry: Objective, preset: Objective) -> Objective {
    Objective {
        rpo: entry.rpo.or(preset.rpo),
        rpo_other_region: entry.rpo_other_region.or(preset.rpo_other_region),
        rpo_other_account: entry.rpo_other_account.or(preset.rpo_other_account),
        rpo_locked: entry.rpo_locked.or(preset.rpo_locked),
        tolerance: entry.tolerance.or(preset.tolerance),
        retention: entry.retention.or(preset.retention),
        longest_retention: entry.longest_retention.or(preset.longest_retention),
        tiers: if entry.tiers.is_empty() { preset.tiers } else { entry.tiers },
        copy_to_other_region: entry.copy_to_other_region || preset.copy_to_other_region,
        copy_to_other_account: entry.copy_to_other_account || preset.copy_to_other_account,
        air_gapped_copy: entry.air_gapped_copy || preset.air_gapped_copy,
        replicate_automated_backups: entry.replicate_automated_backups || preset.replicate_automated_backups,
        rto: entry.rto.or(preset.rto),
        restore_test_every: entry.restore_test_every.or(preset.restore_test_every),
        mechanisms: entry.mechanisms.or(preset.mechanisms),
        premise: entry.premise.or(preset.premise),
        include_replicas: entry.include_replicas || preset.include_replicas,
        ..entry
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::Library;
    use crate::engine::duties::Duties;
    use crate::facts::Objectives;
    use crate::facts::objectives::{Mechanism, Premise};

    fn entry(text: &str) -> Objective {
        serde_json::from_str(text).unwrap()
    }

    fn read(text: &str) -> Result<Presets, String> {
        let file = SourceFile { path: "own/presets/ours.yaml".to_owned(), text: text.to_owned() };
        Presets::read(&[embedded().presets, vec![file]]).map_err(|errors| errors.to_string())
    }

    #[test]
    fn ours_can_be_owed_and_stand_in_the_documents() {
        let presets = Presets::load(None).unwrap();
        let rules = Library::load(&crate::engine::derived::relations(&crate::collect::tables()), None).unwrap();
        let duties = Duties::load(&rules, None).unwrap();
        for preset in presets.iter() {
            let entry = Objective { preset: Some(preset.id.clone()), ..entry(r#"{"id":"a"}"#) };
            Objectives::new(vec![presets.fill(entry).unwrap()]).unwrap_or_else(|error| panic!("{}: {error}", preset.id));
            let stated = |id: &String| duties.duties.iter().any(|duty| duty.id == *id && Some(&duty.document) == preset.document.as_ref());
            assert!(!preset.duties.is_empty() && preset.duties.iter().all(stated), "{}", preset.id);
        }
        // Each document that states objectives has some.
        for document in &duties.documents {
            assert!(presets.iter().any(|preset| preset.document.as_ref() == Some(&document.id)), "{}", document.id);
        }
    }

    #[test]
    fn what_the_entry_says_goes_first() {
        let presets = Presets::load(None).unwrap();
        let fill = |text: &str| presets.fill(entry(text)).unwrap();
        let plain = fill(r#"{"id":"a"}"#);
        assert_eq!((plain.rpo, plain.tiers.len()), (None, 0), "without a preset nothing comes");
        let recipe = fill(r#"{"id":"a","preset":"recipe","owner":"b","retention":"60d"}"#);
        let said = (recipe.rpo.as_deref(), recipe.retention.as_deref(), recipe.tiers.len(), recipe.owner.as_deref());
        assert_eq!(said, (Some("24h"), Some("60d"), 2, Some("b")));
        let still = fill(r#"{"id":"a","preset":"recipe","copy_to_other_region":false,"tiers":[{"every":"1d","keep":"60d"}]}"#);
        assert_eq!(
            (still.copy_to_other_region, still.tiers.len()),
            (true, 1),
            "what a preset owes cannot be dropped; tiers are one statement"
        );
        let strict = fill(r#"{"id":"a","preset":"recovery-plan"}"#);
        assert_eq!(strict.mechanisms, Some(vec![Mechanism::NativePitr, Mechanism::ReplicatedAutomatedBackup]));
        assert_eq!(fill(r#"{"id":"a","preset":"backup-strategy-buckets"}"#).premise, Some(Premise::Versioned));
        let wrong = presets.fill(entry(r#"{"id":"a","preset":"recipee"}"#)).unwrap_err();
        assert_eq!(wrong, "objective `a`, `preset`: there is no preset `recipee`; did you mean `recipe`?");
        assert!(presets.fill(entry(r#"{"id":"a","preset":"gold"}"#)).unwrap_err().contains("there are backup-process, "));
    }

    #[test]
    fn presets_of_ones_own() {
        let own = read(
            "presets:\n  - { id: recipe, title: Ours, objective: { rpo: 1h } }\n  - { id: gold, title: Gold, objective: { rto: 1h } }\n",
        );
        let own = own.unwrap();
        let recipe = own.fill(entry(r#"{"id":"a","preset":"recipe"}"#)).unwrap();
        assert_eq!((recipe.rpo.as_deref(), recipe.retention), (Some("1h"), None), "in the place of ours");
        assert_eq!(own.fill(entry(r#"{"id":"a","preset":"gold"}"#)).unwrap().rto.as_deref(), Some("1h"));
        // text, what is said about it
        let cases = [
            ("presets:\n  - { id: a, title: A, objective: { rpoo: 1h } }\n", "unknown field `rpoo`"),
            ("presets:\n  - { id: a, title: A, objective: { id: b } }\n", "`id` is for the entry that uses the preset"),
            ("presets:\n  - { id: a, title: A }\n", "key `objective` is missing"),
            ("presets:\n  - { id: a, title: A, objectives: {} }\n", "unknown key `objectives`"),
            ("presets:\n  - { id: a, title: A, objective: {} }\n  - { id: a, title: B, objective: {} }\n", "preset `a` stands here twice"),
            ("rules: []\n", "unknown key `rules`"),
        ];
        for (text, said) in cases {
            let error = read(text).unwrap_err();
            assert!(error.contains(said) && error.contains("own/presets/ours.yaml"), "{text}: {error}");
        }
    }
}
