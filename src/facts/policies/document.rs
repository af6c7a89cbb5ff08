//! The language of policies, of vaults and of IAM: statements, and what of them is understood.
//!
//! Questions to a statement have three answers: an element that is not understood (a condition, a `NotPrincipal`) leaves it open whether the
//! statement speaks of somebody or something, and never settles it.
//!
//! Source: IAM user guide, "IAM JSON policy elements reference".

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::Value;

use crate::facts::coverage::arn_pattern::{Reach, Wildcards, matches};
use crate::facts::objectives::or;

/// A policy.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "PascalCase")]
pub(in crate::facts) struct Policy {
    #[serde(rename = "Version")]
    _version: Option<String>,
    #[serde(rename = "Id")]
    _id: Option<String>,
    statement: OneOrMany<Statement>,
}

/// One value, or a list of them: policies may write either. A list is tried first, since a value of a condition would take it for one value.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(untagged)]
pub(in crate::facts) enum OneOrMany<T> {
    Many(Vec<T>),
    One(T),
}

impl<T> Default for OneOrMany<T> {
    fn default() -> Self {
        Self::Many(Vec::new())
    }
}

impl<T> OneOrMany<T> {
    /// All of them.
    pub(in crate::facts) fn all(&self) -> &[T] {
        match self {
            Self::One(one) => std::slice::from_ref(one),
            Self::Many(many) => many,
        }
    }
}

/// What a statement does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
pub(in crate::facts) enum Effect {
    Allow,
    Deny,
}

/// A statement.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "PascalCase")]
pub(in crate::facts) struct Statement {
    #[serde(rename = "Sid")]
    _sid: Option<String>,
    pub(in crate::facts) effect: Effect,
    pub(in crate::facts) principal: Option<Principals>,
    pub(in crate::facts) not_principal: Option<Principals>,
    action: Option<OneOrMany<String>>,
    not_action: Option<OneOrMany<String>>,
    pub(in crate::facts) resource: Option<OneOrMany<String>>,
    pub(in crate::facts) not_resource: Option<OneOrMany<String>>,
    #[serde(default)]
    condition: BTreeMap<String, BTreeMap<String, OneOrMany<Value>>>,
}

/// Whom a statement names.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(untagged)]
pub(in crate::facts) enum Principals {
    /// `"*"`.
    Word(String),
    /// `{"AWS": …, "Service": …}`.
    Of(BTreeMap<String, OneOrMany<String>>),
}

impl Principals {
    /// Whether it is everybody.
    pub(in crate::facts) fn everybody(&self) -> bool {
        match self {
            Self::Word(word) => word == "*",
            Self::Of(_) => self.aws().any(|name| name == "*"),
        }
    }

    /// The principals of AWS accounts among them: account ids and ARNs.
    pub(in crate::facts) fn aws(&self) -> impl Iterator<Item = &str> {
        self.of_kind("AWS")
    }

    /// Identity providers among them, by ARN or name.
    pub(in crate::facts) fn federated(&self) -> impl Iterator<Item = &str> {
        self.of_kind("Federated")
    }

    /// Services of AWS among them, by name.
    pub(in crate::facts) fn services(&self) -> impl Iterator<Item = &str> {
        self.of_kind("Service")
    }

    fn of_kind(&self, kind: &'static str) -> impl Iterator<Item = &str> {
        let named = match self {
            Self::Word(_) => &[][..],
            Self::Of(kinds) => kinds.get(kind).map_or(&[][..], OneOrMany::all),
        };
        named.iter().map(String::as_str)
    }

    /// Whether they are of accounts and services only, whom this tool understands.
    pub(in crate::facts) fn understood(&self) -> bool {
        match self {
            Self::Word(word) => word == "*",
            Self::Of(kinds) => kinds.keys().all(|kind| kind == "AWS" || kind == "Service"),
        }
    }
}

/// One line of a condition: operator, key and values. Names of operators and keys are compared without case.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::facts) struct Condition {
    pub(in crate::facts) operator: String,
    pub(in crate::facts) key: String,
    pub(in crate::facts) values: Vec<String>,
}

impl Condition {
    /// Whether a value has a variable, such as `${aws:PrincipalTag/team}`, and so stands for something else in each call.
    pub(in crate::facts) fn has_variables(&self) -> bool {
        self.values.iter().any(|value| value.contains("${"))
    }
}

impl Policy {
    /// Reads a policy.
    ///
    /// # Errors
    /// If it is no JSON or has elements that policies do not have.
    pub(in crate::facts) fn parse(text: &str) -> Result<Self, serde_json::Error> {
        serde_json::from_str(text)
    }

    /// The statements of an effect.
    pub(in crate::facts) fn statements(&self, effect: Effect) -> impl Iterator<Item = &Statement> {
        self.statement.all().iter().filter(move |statement| statement.effect == effect)
    }
}

impl Statement {
    /// Whether it speaks of an action, by name or wildcard.
    pub(in crate::facts) fn covers(&self, action: &str) -> Option<bool> {
        match (&self.action, &self.not_action) {
            (Some(named), None) => Some(named.all().iter().any(|pattern| names(pattern, action))),
            (None, Some(left_out)) => Some(!left_out.all().iter().any(|pattern| names(pattern, action))),
            _ => None,
        }
    }

    /// Whether it writes an action out, without wildcard.
    pub(in crate::facts) fn writes_out(&self, action: &str) -> bool {
        self.action.as_ref().is_some_and(|named| named.all().iter().any(|name| name.eq_ignore_ascii_case(action)))
    }

    /// Whether it speaks of every resource; `None` if of some, which may be all that a vault holds.
    pub(in crate::facts) fn every_resource(&self) -> Option<bool> {
        match (&self.resource, &self.not_resource) {
            (Some(named), None) if named.all().iter().any(|name| name == "*") => Some(true),
            (Some(named), None) if named.all().is_empty() => Some(false),
            _ => None,
        }
    }

    /// Whether it speaks of everybody, conditions aside; `None` if it says whom it does not speak of.
    pub(in crate::facts) fn everybody(&self) -> Option<bool> {
        match (&self.principal, &self.not_principal) {
            (Some(named), None) if named.everybody() => Some(true),
            (Some(named), None) if named.understood() && !named.aws().any(names_account) => Some(false),
            _ => None,
        }
    }

    /// Its conditions, all of which must hold.
    pub(in crate::facts) fn conditions(&self) -> Vec<Condition> {
        let text = |value: &Value| value.as_str().map_or_else(|| value.to_string(), str::to_owned);
        let lines = self.condition.iter().flat_map(|(operator, keys)| keys.iter().map(move |(key, values)| (operator, key, values)));
        lines
            .map(|(operator, key, values)| Condition {
                operator: operator.to_ascii_lowercase(),
                key: key.to_ascii_lowercase(),
                values: values.all().iter().map(text).collect(),
            })
            .collect()
    }
}

/// Whether a pattern of actions names an action. Case does not count, `*` and `?` are wildcards.
fn names(pattern: &str, action: &str) -> bool {
    // Most patterns name something else from their first letters on.
    let fixed = pattern.find(['*', '?']).map_or(pattern, |at| &pattern[..at]);
    if !action.get(..fixed.len()).is_some_and(|start| start.eq_ignore_ascii_case(fixed)) {
        return false;
    }
    matches(&pattern.to_ascii_lowercase(), &action.to_ascii_lowercase(), Wildcards::StarAndQuestion, Reach::Anything)
}

/// Whether a principal is a whole account. What a Deny of an account does to the roles in it is not documented for vault policies.
pub(in crate::facts) fn names_account(name: &str) -> bool {
    is_account_id(name) || name.ends_with(":root")
}

/// Whether a text is an account id.
pub(in crate::facts) fn is_account_id(text: &str) -> bool {
    text.len() == 12 && text.bytes().all(|byte| byte.is_ascii_digit())
}

/// What several statements say together: yes if one does, open if one may.
pub(in crate::facts) fn any(answers: impl Iterator<Item = Option<bool>>) -> Option<bool> {
    answers.fold(Some(false), or)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn statement(changes: &Value) -> Statement {
        let mut value = json!({ "Effect": "Deny", "Principal": "*", "Action": "backup:DeleteRecoveryPoint", "Resource": "*" });
        for (name, change) in changes.as_object().unwrap() {
            match change {
                Value::Null => drop(value.as_object_mut().unwrap().remove(name)),
                _ => value[name] = change.clone(),
            }
        }
        let policy = Policy::parse(&json!({ "Statement": value }).to_string()).unwrap();
        policy.statements(Effect::Deny).next().unwrap().clone()
    }

    #[test]
    fn actions() {
        // why, changes, covers backup:DeleteRecoveryPoint
        let cases = [
            ("its name", json!({}), Some(true)),
            ("in a list", json!({ "Action": ["backup:StartBackupJob", "backup:DeleteRecoveryPoint"] }), Some(true)),
            ("case does not count", json!({ "Action": "Backup:deleteRecoveryPoint" }), Some(true)),
            ("all of the service", json!({ "Action": "backup:*" }), Some(true)),
            ("all that delete", json!({ "Action": "backup:Delete*" }), Some(true)),
            ("everything", json!({ "Action": "*" }), Some(true)),
            ("one letter open", json!({ "Action": "backup:DeleteRecoveryPoin?" }), Some(true)),
            ("another", json!({ "Action": "backup:StartRestoreJob" }), Some(false)),
            ("a part of its name", json!({ "Action": "backup:DeleteRecovery" }), Some(false)),
            ("all but another", json!({ "Action": null, "NotAction": "backup:Start*" }), Some(true)),
            ("all but itself", json!({ "Action": null, "NotAction": "backup:Delete*" }), Some(false)),
            ("none", json!({ "Action": null }), None),
        ];
        for (why, changes, expected) in cases {
            assert_eq!(statement(&changes).covers("backup:DeleteRecoveryPoint"), expected, "{why}");
        }
    }

    #[test]
    fn principals() {
        let role = "arn:aws:iam::111122223333:role/intern";
        // why, changes, everybody
        let cases = [
            ("a star", json!({}), Some(true)),
            ("a star of accounts", json!({ "Principal": { "AWS": "*" } }), Some(true)),
            ("a star among others", json!({ "Principal": { "AWS": [role, "*"] } }), Some(true)),
            ("one role", json!({ "Principal": { "AWS": role } }), Some(false)),
            ("a service", json!({ "Principal": { "Service": "backup.amazonaws.com" } }), Some(false)),
            ("an account: its roles?", json!({ "Principal": { "AWS": "111122223333" } }), None),
            ("an account by its root", json!({ "Principal": { "AWS": "arn:aws:iam::111122223333:root" } }), None),
            ("all but one", json!({ "Principal": null, "NotPrincipal": { "AWS": role } }), None),
            ("of a web identity", json!({ "Principal": { "Federated": "accounts.google.com" } }), None),
            ("nobody named", json!({ "Principal": null }), None),
        ];
        for (why, changes, expected) in cases {
            assert_eq!(statement(&changes).everybody(), expected, "{why}");
        }
    }

    #[test]
    fn resources() {
        // why, changes, every resource
        let cases = [
            ("a star", json!({}), Some(true)),
            ("a star among others", json!({ "Resource": ["arn:aws:ec2:*::snapshot/*", "*"] }), Some(true)),
            (
                "points with ARNs of AWS Backup: those of databases have others",
                json!({ "Resource": "arn:aws:backup:*:*:recovery-point:*" }),
                None,
            ),
            ("an empty list", json!({ "Resource": [] }), Some(false)),
            ("all but some", json!({ "Resource": null, "NotResource": "arn:aws:ec2:*" }), None),
        ];
        for (why, changes, expected) in cases {
            assert_eq!(statement(&changes).every_resource(), expected, "{why}");
        }
    }

    #[test]
    fn conditions() {
        // why, values as written, values as read
        let cases = [
            ("one", json!("a"), vec!["a"]),
            ("a list is its values, not one text", json!(["a", "b"]), vec!["a", "b"]),
            ("none", json!([]), vec![]),
            ("what is no text", json!([true, 12]), vec!["true", "12"]),
        ];
        for (why, written, read) in cases {
            let found = statement(&json!({ "Condition": { "StringNotEquals": { "aws:PrincipalArn": written } } })).conditions();
            let [condition] = &found[..] else { panic!("{why}: {found:?}") };
            assert_eq!((condition.operator.as_str(), condition.key.as_str()), ("stringnotequals", "aws:principalarn"), "{why}");
            assert_eq!(condition.values, read, "{why}");
        }
    }

    #[test]
    fn what_is_no_policy_is_refused() {
        for text in ["", "[]", "{}", r#"{"Statement":{"Effect":"Perhaps"}}"#, r#"{"Statement":{"Effect":"Deny","Moon":"*"}}"#] {
            assert!(Policy::parse(text).is_err(), "{text}");
        }
        assert!(Policy::parse(r#"{"Version":"2012-10-17","Id":"x","Statement":[]}"#).is_ok(), "no statements");
    }
}
