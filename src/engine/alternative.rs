//! Alternatives: addressable specifications that are not implemented, with the reason and with what is done instead, for a time.
//!
//! HIPAA, 45 CFR 164.306(d)(3): where an addressable specification is not reasonable and appropriate, it is documented why, and an equivalent measure is
//! applied where that is. A requirement with such a record in force that would not be met is `alternative_documented`; it is never met by it, and what is
//! unknown stays unknown. What is required has no alternative.

use serde::Deserialize;
use serde_saphyr::Spanned;

use super::diagnostic::{RuleError, RuleErrors, SourceFile};
use super::frameworks::{Frameworks, Requirement, RequirementKind};
use super::nearest::nearest;
use super::waiver::State;
use crate::model::moment;

mod judged;
#[cfg(test)]
mod tests;

pub use judged::{ALTERNATIVE_EXPIRED, apply};

/// An alternative as `audit.yaml` has it. Every text must say something.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AlternativeEntry {
    /// Short name, unique among alternatives.
    pub id: Spanned<String>,
    /// The requirement, as findings name it: `hipaa:164.312(a)(2)(iv)`.
    pub requirement: Spanned<String>,
    /// Why the specification is not reasonable and appropriate.
    pub reason: Spanned<String>,
    /// What is done instead.
    pub alternative: Spanned<String>,
    /// Who answers for it.
    pub owner: Spanned<String>,
    /// Who agreed; somebody else than the owner.
    pub approver: Spanned<String>,
    /// First moment it holds; a date is midnight UTC.
    pub start: Spanned<String>,
    /// First moment it no longer holds.
    pub expires: Spanned<String>,
    /// Where the decision is filed.
    pub document: Option<Spanned<String>>,
}

/// A checked alternative; holds in `[start_s, expires_s)`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Alternative {
    /// Short name.
    pub id: String,
    /// The framework, by its id.
    pub framework: String,
    /// The requirement, as the framework numbers it.
    pub requirement: String,
    /// Why the specification is not reasonable and appropriate.
    pub reason: String,
    /// What is done instead.
    pub alternative: String,
    /// Who answers for it.
    pub owner: String,
    /// Who agreed.
    pub approver: String,
    /// First second it holds.
    pub start_s: i64,
    /// First second it no longer holds.
    pub expires_s: i64,
    /// Where the decision is filed; empty if it does not say.
    pub document: String,
}

impl Alternative {
    /// The requirement as findings name it.
    pub fn control(&self) -> String {
        format!("{}:{}", self.framework, self.requirement)
    }

    /// Whether it holds at a moment.
    pub fn holds(&self, as_of_s: i64) -> bool {
        self.start_s <= as_of_s && as_of_s < self.expires_s
    }

    /// Where it stands at a moment.
    pub fn state(&self, as_of_s: i64) -> State {
        State::of(self.start_s, self.expires_s, as_of_s)
    }
}

/// Checks alternatives against the frameworks. `file` is the file they were read from.
///
/// # Errors
/// All of: an empty text, an id that stands twice, a requirement that does not exist or is not addressable, an approver who is the owner, an unreadable
/// moment, an expiry that is not after the start, two for one requirement that hold at the same time.
pub fn check(entries: &[AlternativeEntry], frameworks: &Frameworks, file: &SourceFile) -> Result<Vec<Alternative>, RuleErrors> {
    let mut errors = Vec::new();
    let mut alternatives: Vec<Alternative> = Vec::with_capacity(entries.len());
    for entry in entries {
        let at = |text: &Spanned<String>, message| file.error(file.span(text.referenced), message, None);
        if alternatives.iter().any(|known| known.id == entry.id.value) {
            errors.push(at(&entry.id, format!("alternative `{}` stands here twice", entry.id.value)));
        }
        let Some(checked) = alternative(entry, frameworks, file, &mut errors) else { continue };
        let together = |known: &&Alternative| {
            known.control() == checked.control() && known.start_s < checked.expires_s && checked.start_s < known.expires_s
        };
        if let Some(known) = alternatives.iter().find(together) {
            let message = format!("alternative `{}` is for `{}` at the same time", known.id, entry.requirement.value);
            errors.push(at(&entry.requirement, message));
        }
        alternatives.push(checked);
    }
    if errors.is_empty() { Ok(alternatives) } else { Err(RuleErrors(errors)) }
}

fn alternative(entry: &AlternativeEntry, frameworks: &Frameworks, file: &SourceFile, errors: &mut Vec<RuleError>) -> Option<Alternative> {
    let before = errors.len();
    let mut error = |at: &Spanned<String>, message: String, hint| errors.push(file.error(file.span(at.referenced), message, hint));
    let texts = [
        ("id", &entry.id),
        ("reason", &entry.reason),
        ("alternative", &entry.alternative),
        ("owner", &entry.owner),
        ("approver", &entry.approver),
    ];
    let document = entry.document.iter().map(|text| ("document", text));
    for (key, text) in texts.into_iter().chain(document).filter(|(_, text)| text.value.trim().is_empty()) {
        error(text, format!("`{key}` is empty"), None);
    }
    if entry.owner.value.trim() == entry.approver.value.trim() {
        error(&entry.approver, "the owner of an alternative cannot approve it".to_owned(), None);
    }
    let found = requirement(frameworks, &entry.requirement.value);
    match &found {
        Err(hint) => error(&entry.requirement, format!("there is no requirement `{}`", entry.requirement.value), Some(hint.clone())),
        Ok((_, found)) if found.kind != RequirementKind::Addressable => {
            let message = format!("`{}` is not addressable: it has no alternative", entry.requirement.value);
            error(&entry.requirement, message, Some("a failure that somebody accepts for a time is a waiver".to_owned()));
        }
        Ok(_) => {}
    }
    let mut read = |text: &Spanned<String>| moment::parse(&text.value).map_err(|wrong| error(text, wrong.to_string(), None)).ok();
    let (start, expires) = (read(&entry.start), read(&entry.expires));
    if start.zip(expires).is_some_and(|(start, expires)| expires <= start) {
        error(&entry.expires, "the alternative expires before it starts".to_owned(), None);
    }
    if errors.len() > before {
        return None;
    }
    let (framework, found) = found.ok()?;
    Some(Alternative {
        id: entry.id.value.clone(),
        framework: framework.to_owned(),
        requirement: found.id.clone(),
        reason: entry.reason.value.clone(),
        alternative: entry.alternative.value.clone(),
        owner: entry.owner.value.clone(),
        approver: entry.approver.value.clone(),
        start_s: start?,
        expires_s: expires?,
        document: entry.document.as_ref().map(|text| text.value.clone()).unwrap_or_default(),
    })
}

/// The requirement that a text names, with its framework.
///
/// # Errors
/// What to write instead.
fn requirement<'f>(frameworks: &'f Frameworks, control: &str) -> Result<(&'f str, &'f Requirement), String> {
    let addressable = |requirement: &&Requirement| requirement.kind == RequirementKind::Addressable;
    let all: Vec<String> = frameworks
        .frameworks
        .iter()
        .flat_map(|one| one.requirements.iter().filter(addressable).map(move |requirement| format!("{}:{}", one.id, requirement.id)))
        .collect();
    let found = control.split_once(':').and_then(|(framework, id)| {
        let framework = frameworks.get(framework)?;
        Some((framework.id.as_str(), framework.requirements.iter().find(|requirement| requirement.id == id)?))
    });
    found.ok_or_else(|| match nearest(control, all.iter().map(String::as_str)) {
        Some(near) => format!("did you mean `{near}`?"),
        None => format!("write framework and requirement, such as `{}`", all.first().map_or("hipaa:164.312(a)(2)(iv)", String::as_str)),
    })
}
