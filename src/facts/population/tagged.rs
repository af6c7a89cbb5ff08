//! Tags that the lists of a service leave out, as the tagging API tells them.

use std::collections::{BTreeMap, BTreeSet};

use super::tags;
use crate::facts::{FactError, Inputs};

/// The table they are in.
pub(super) const TABLE: &str = "data_resource_tags";

crate::rows! {
    /// What is needed of [`TABLE`].
    struct TagsRow { resource_arn: Text; tags: Json; }
}

/// The tags of tables and caches, by ARN.
#[derive(Debug)]
pub(super) struct Tagged {
    by_arn: BTreeMap<String, Option<BTreeMap<String, String>>>,
    read: BTreeSet<(String, String)>,
}

impl Tagged {
    /// Reads them.
    ///
    /// # Errors
    /// As reading the table; tags that are no object of texts.
    pub(super) fn read(inputs: &Inputs<'_>) -> Result<Self, FactError> {
        let mut by_arn = BTreeMap::new();
        for row in inputs.rows::<TagsRow>(TABLE)? {
            let arn = row.resource_arn.unwrap_or_default();
            let told = tags(TABLE, &arn, row.tags)?;
            by_arn.insert(arn, told);
        }
        let read = inputs.snapshot.scope().iter().filter(|(account, region)| inputs.complete(TABLE, account, region)).cloned().collect();
        Ok(Self { by_arn, read })
    }

    /// The tags of a resource. The API lists only what has tags or once had some: what it does not list, where all was listed, has none.
    pub(super) fn of(&self, arn: Option<&str>, account_id: Option<&str>, region: Option<&str>) -> Option<BTreeMap<String, String>> {
        match self.by_arn.get(arn?) {
            Some(tags) => tags.clone(),
            None => self.read.contains(&(account_id?.to_owned(), region?.to_owned())).then(BTreeMap::new),
        }
    }
}
