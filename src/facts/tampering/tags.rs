//! The tags that selections go by: to remove one of them can end a backup without a word.

use std::collections::{BTreeMap, BTreeSet};

use crate::facts::coverage::clauses::TAG_PREFIX;
use crate::facts::{FactError, Inputs};

/// Tag keys by account and Region; `None` where plans, selections or one of them could not be read or understood.
#[derive(Debug, Default)]
pub(super) struct ChoosingTags {
    by_place: BTreeMap<(String, String), Option<BTreeSet<String>>>,
}

impl ChoosingTags {
    /// Reads them.
    ///
    /// # Errors
    /// As deriving the plans.
    pub(super) fn read(inputs: &Inputs<'_>) -> Result<Self, FactError> {
        let mut by_place = BTreeMap::new();
        for (account_id, region) in inputs.snapshot.scope() {
            let known = inputs.complete("backup_plans", account_id, region).then(BTreeSet::new);
            by_place.insert((account_id.clone(), region.clone()), known);
        }
        for plan in inputs.plans()?.iter() {
            let Some(known) = by_place.get_mut(&(plan.account_id.clone(), plan.region.clone())) else { continue };
            let mut keys = plan.selections_known.then(BTreeSet::new);
            for one in &plan.selections {
                let Ok(selection) = &one.selection else {
                    keys = None;
                    break;
                };
                let listed = selection.list_of_tags.iter().map(|tag| tag.condition_key.clone());
                let asked =
                    selection.conditions.iter().filter_map(|(_, tag)| tag.condition_key.strip_prefix(TAG_PREFIX).map(str::to_owned));
                if let Some(keys) = &mut keys {
                    keys.extend(listed.chain(asked));
                }
            }
            *known = known.take().zip(keys).map(|(mut all, keys)| {
                all.extend(keys);
                all
            });
        }
        Ok(Self { by_place })
    }

    /// Whether a selection goes by one of the tags that an event names, or by any if it removes all. `None` if that was not read.
    pub(super) fn chosen_by(&self, account_id: Option<&str>, region: Option<&str>, texts: &BTreeSet<String>, all: bool) -> Option<bool> {
        let place = (account_id?.to_owned(), region?.to_owned());
        let keys = self.by_place.get(&place)?.as_ref()?;
        Some(if all { !keys.is_empty() } else { keys.iter().any(|key| texts.contains(key)) })
    }
}
