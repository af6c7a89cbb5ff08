//! What a policy keeps from happening to a vault, to be held against what it kept before.

use std::collections::BTreeSet;

use super::denial::Denial;
use super::document::Policy;
use super::openness::Openness;
use crate::dataset::rows::Json;

/// What a policy of a vault guards.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::facts) struct Guard {
    /// The policy as AWS has it; `None` if there is none.
    pub(in crate::facts) text: Option<String>,
    /// Whether deletion is denied to everybody but named principals.
    pub(in crate::facts) denied: Option<bool>,
    /// Whether releasing continuous backups is.
    pub(in crate::facts) release_denied: Option<bool>,
    /// Principals that are left out.
    pub(in crate::facts) excepted: BTreeSet<String>,
    /// Whether anybody may copy in.
    pub(in crate::facts) to_anybody: Option<bool>,
    /// Accounts that may.
    pub(in crate::facts) accounts: BTreeSet<String>,
}

impl Guard {
    /// What a policy guards; of one that is not understood nothing is known.
    pub(in crate::facts) fn of(policy: Option<&Json>) -> Self {
        let text = policy.map(|Json(text)| text.clone());
        let parsed = text.as_deref().map_or_else(|| Ok(Policy::default()), Policy::parse);
        let Ok(parsed) = parsed else {
            let (excepted, accounts) = (BTreeSet::new(), BTreeSet::new());
            return Self { text, denied: None, release_denied: None, excepted, to_anybody: None, accounts };
        };
        let (denial, openness) = (Denial::of(&parsed), Openness::of(&parsed));
        Self {
            text,
            denied: denial.denied,
            release_denied: denial.release_denied,
            excepted: denial.excepted,
            to_anybody: openness.to_anybody,
            accounts: openness.accounts,
        }
    }

    /// The same in words.
    pub(in crate::facts) fn words(&self) -> String {
        if self.text.is_none() {
            return "no policy".to_owned();
        }
        let listed = |names: &BTreeSet<String>| names.iter().cloned().collect::<Vec<_>>().join(", ");
        let mut words = match self.denied {
            Some(true) if self.excepted.is_empty() => "denies deletion to everybody".to_owned(),
            Some(true) => format!("denies deletion to everybody but {}", listed(&self.excepted)),
            Some(false) => "does not deny deletion to everybody".to_owned(),
            None => "may deny deletion, which is not certain".to_owned(),
        };
        if self.release_denied == Some(true) {
            words += ", and releasing continuous backups";
        }
        match self.to_anybody {
            Some(true) => words += "; lets anybody copy in",
            None => words += "; may let anybody copy in, which is not certain",
            Some(false) if self.accounts.is_empty() => {}
            Some(false) => words += &format!("; lets {} copy in", listed(&self.accounts)),
        }
        words
    }
}
