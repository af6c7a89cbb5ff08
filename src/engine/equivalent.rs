//! Which checks of other tools a rule answers: `equivalent_to` of a rule file.
//!
//! A check is named by its catalogue and its id there, as in `audit-manager:BACKUP_RECOVERY_POINT_ENCRYPTED`. Where our answer can differ from
//! theirs, `differs` says how.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};
use serde_saphyr::Spanned;

use super::catalogues::Catalogues;
use super::diagnostic::{RuleError, SourceFile};

/// A check of a catalogue that a rule answers.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Equivalent {
    /// The catalogue: `aws-config`.
    pub catalogue: String,
    /// Id of the check in it: `rds-storage-encrypted`.
    pub id: String,
    /// How our answer can differ from theirs; `None` where it does not.
    pub differs: Option<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct RawEquivalent {
    check: Spanned<String>,
    differs: Option<Spanned<String>>,
}

impl Equivalent {
    /// As rule files write it: `aws-config:rds-storage-encrypted`.
    pub fn check(&self) -> String {
        format!("{}:{}", self.catalogue, self.id)
    }
}

/// The checks that a file names; what is wrong with them is added to `errors`.
pub(crate) fn equivalents(
    raw: &[RawEquivalent],
    catalogues: &Catalogues,
    file: &SourceFile,
    errors: &mut Vec<RuleError>,
) -> Vec<Equivalent> {
    let mut seen = BTreeSet::new();
    let mut known = Vec::with_capacity(raw.len());
    for entry in raw {
        let text = entry.check.value.as_str();
        let mut wrong = |at: &Spanned<String>, message: String, hint: Option<&str>| {
            errors.push(file.error(file.span(at.referenced), message, hint.map(str::to_owned)));
        };
        let Some((catalogue, id)) = text.split_once(':').filter(|(_, id)| !id.trim().is_empty()) else {
            wrong(&entry.check, format!("`{text}` names no check"), Some("write `catalogue:id`"));
            continue;
        };
        if !seen.insert(text) {
            wrong(&entry.check, format!("check `{text}` stands here twice"), None);
        }
        if let Some(differs) = entry.differs.as_ref().filter(|differs| differs.value.trim().is_empty()) {
            wrong(differs, "`differs` is empty".to_owned(), Some("leave it out where the answers are the same"));
        }
        if let Some((message, hint)) = catalogues.wrong(catalogue, id) {
            let part = if catalogues.get(catalogue).is_some() { catalogue.len() + 1..text.len() } else { 0..catalogue.len() };
            errors.push(file.error(file.inside(&entry.check, part), message, hint));
            continue;
        }
        let differs = entry.differs.as_ref().map(|differs| differs.value.trim().to_owned());
        known.push(Equivalent { catalogue: catalogue.to_owned(), id: id.to_owned(), differs });
    }
    known
}
