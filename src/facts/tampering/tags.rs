//! The tags that selections go by: to remove one of them, or to change its value, can end a backup without a word.
//!
//! What a tag was before a call is not in the event. A value with which every clause on the tag is content can have ended nothing; of any other it is not
//! known whether it did.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use super::requests;
use crate::facts::coverage::arn_pattern::match_like;
use crate::facts::coverage::clauses::TAG_PREFIX;
use crate::facts::coverage::selection::Operator;
use crate::facts::{FactError, Inputs};

/// What clauses say of a tag, by its key.
type Clauses = BTreeMap<String, Vec<(Operator, String)>>;

/// Tag keys by account and Region; `None` where plans, selections or one of them could not be read or understood.
#[derive(Debug, Default)]
pub(super) struct ChoosingTags {
    by_place: BTreeMap<(String, String), Option<Clauses>>,
}

impl ChoosingTags {
    /// Reads them.
    ///
    /// # Errors
    /// As deriving the plans.
    pub(super) fn read(inputs: &Inputs<'_>) -> Result<Self, FactError> {
        let mut by_place = BTreeMap::new();
        for (account_id, region) in inputs.snapshot.scope() {
            let known = inputs.complete("backup_plans", account_id, region).then(Clauses::new);
            by_place.insert((account_id.clone(), region.clone()), known);
        }
        for plan in inputs.plans()?.iter() {
            let Some(known) = by_place.get_mut(&(plan.account_id.clone(), plan.region.clone())) else { continue };
            let mut keys = plan.selections_known.then(Clauses::new);
            for one in &plan.selections {
                let Ok(selection) = &one.selection else {
                    keys = None;
                    break;
                };
                let Some(keys) = &mut keys else { break };
                for tag in &selection.list_of_tags {
                    keys.entry(tag.condition_key.clone()).or_default().push((Operator::StringEquals, tag.condition_value.clone()));
                }
                for (operator, tag) in selection.conditions.iter() {
                    if let Some(key) = tag.condition_key.strip_prefix(TAG_PREFIX) {
                        keys.entry(key.to_owned()).or_default().push((operator, tag.condition_value.clone()));
                    }
                }
            }
            *known = known.take().zip(keys).map(|(mut all, keys)| {
                for (key, clauses) in keys {
                    all.entry(key).or_default().extend(clauses);
                }
                all
            });
        }
        Ok(Self { by_place })
    }

    /// Whether a selection goes by one of the tags that an event names, or by any if it removes all. `None` if that was not read.
    pub(super) fn chosen_by(&self, account_id: Option<&str>, region: Option<&str>, texts: &BTreeSet<String>, all: bool) -> Option<bool> {
        let place = (account_id?.to_owned(), region?.to_owned());
        let keys = self.by_place.get(&place)?.as_ref()?;
        Some(if all { !keys.is_empty() } else { keys.keys().any(|key| texts.contains(key)) })
    }

    /// Whether tags that are set take something away from a selection; `None` if they may, or if it was not read. If the set takes the place of all tags,
    /// those that it lacks may have been there.
    pub(super) fn deselect(&self, place: &(String, String), source: &str, asked: &Value, replaces_all: bool) -> Option<bool> {
        let keys = self.by_place.get(place)?.as_ref()?;
        if keys.is_empty() || !requests::on_what_plans_select(source, asked) {
            return Some(false);
        }
        let set = requests::tags_set(asked);
        if set.is_none() && !replaces_all {
            return None;
        }
        let set = set.unwrap_or_default();
        let harmless = |(key, clauses): (&String, &Vec<(Operator, String)>)| match set.get(key) {
            Some(value) => clauses.iter().all(|(operator, asked)| is_content(*operator, asked, value)),
            None => !replaces_all,
        };
        keys.iter().all(harmless).then_some(false)
    }
}

/// Whether a clause matches the value of its tag, without anything taken for granted.
fn is_content(operator: Operator, asked: &str, value: &str) -> bool {
    match operator {
        Operator::StringEquals => value == asked,
        Operator::StringNotEquals => value != asked,
        Operator::StringLike | Operator::StringNotLike => {
            let answer = match_like(asked, value);
            answer.assumed.is_none() && answer.matched != operator.is_negated()
        }
    }
}
