//! Which subjects a setting or a waiver is about: an ARN pattern, an account, tags; all that is given must hold.

use std::collections::BTreeMap;
use std::fmt;

use serde::Deserialize;

use crate::model::{AccountId, Arn};

/// A text in which `*` stands for any characters, colons and slashes included.
///
/// ```
/// use backup_audit::engine::pattern::Pattern;
/// let pattern = Pattern::from("arn:aws:rds:*:111122223333:db:test-*".to_owned());
/// assert!(pattern.matches("arn:aws:rds:eu-west-1:111122223333:db:test-orders"));
/// assert!(!pattern.matches("arn:aws:rds:eu-west-1:111122223333:db:orders"));
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(from = "String")]
pub struct Pattern {
    text: String,
}

impl From<String> for Pattern {
    fn from(text: String) -> Self {
        Self { text }
    }
}

impl Pattern {
    /// As written.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// Whether it stands for a text as a whole.
    pub fn matches(&self, text: &str) -> bool {
        let pieces: Vec<String> = self.text.split('*').map(str::to_owned).collect();
        super::predicate::like(text, &pieces)
    }
}

/// Subjects by pattern, account and tags; what is not given does not restrict.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Subjects {
    /// Pattern over the ARN.
    pub subject: Option<Pattern>,
    /// Account of the subject.
    pub account: Option<AccountId>,
    /// Tags of the subject, all of which it must have.
    pub tags: BTreeMap<String, Pattern>,
}

impl fmt::Display for Subjects {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let subject = self.subject.iter().map(|pattern| pattern.as_str().to_owned());
        let account = self.account.iter().map(|account| format!("account {}", account.as_str()));
        let tags = self.tags.iter().map(|(key, value)| format!("tag {key}={}", value.as_str()));
        f.write_str(&subject.chain(account).chain(tags).collect::<Vec<_>>().join(", "))
    }
}

impl Subjects {
    /// Whether tags are those that it asks for.
    pub fn tagged(&self, tags: &BTreeMap<String, String>) -> bool {
        self.tags.iter().all(|(key, pattern)| tags.get(key).is_some_and(|value| pattern.matches(value)))
    }

    /// Whether it is about a subject, its tags aside.
    pub fn matches(&self, subject_arn: &str, account_id: &str) -> bool {
        self.subject.as_ref().is_none_or(|pattern| pattern.matches(subject_arn))
            && self.account.as_ref().is_none_or(|account| account.as_str() == account_id)
    }

    /// The account it names, directly or in its pattern.
    pub fn account_id(&self) -> &str {
        let named = self.account.as_ref().map(AccountId::as_str);
        let in_pattern = || self.subject.as_ref().and_then(|pattern| Arn::parse(pattern.as_str())).map(|arn| arn.account);
        named.or_else(in_pattern).filter(|account| !account.contains('*')).unwrap_or("")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_star_stands_for_anything() {
        // pattern, text, whether it matches
        let cases = [
            ("*", "anything", true),
            ("a*", "abc", true),
            ("*c", "abc", true),
            ("a*c", "abc", true),
            ("a*b*c", "abc", true),
            ("a*b*b", "ab", false),
            ("abc", "abc", true),
            ("abc", "abcd", false),
            ("", "", true),
            ("a*a", "a", false),
        ];
        for (pattern, text, expected) in cases {
            assert_eq!(Pattern::from(pattern.to_owned()).matches(text), expected, "{pattern} {text}");
        }
    }
}
