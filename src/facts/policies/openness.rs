//! Whether a vault policy lets others copy points into the vault.
//!
//! Of all actions, AWS honours only `backup:CopyIntoBackupVault` across accounts. A policy that allows it to everybody must keep it within the
//! organization, by a condition of the Allow or by a Deny to everybody outside; accounts that it names are weighed by whoever knows them: those in the
//! audited scope are one's own, of others the policy does not tell whose they are.
//!
//! Sources: AWS Backup developer guide, "Vault access policies" and "Creating backup copies across AWS accounts"; IAM user guide, global condition
//! context keys.

use std::collections::BTreeSet;

use super::document::{Condition, Effect, Policy, Principals, Statement, is_account_id};
use crate::model::Arn;

const COPY: &str = "backup:CopyIntoBackupVault";

/// Condition keys that keep an Allow within an organization.
const OF_ORGANIZATION: [&str; 4] = ["aws:principalorgid", "aws:principalorgpaths", "aws:sourceorgid", "aws:sourceorgpaths"];
/// Condition keys that keep it to accounts.
const OF_ACCOUNT: [&str; 2] = ["aws:sourceaccount", "aws:principalaccount"];

/// The value that stands for the organization of the vault itself.
const OWN_ORGANIZATION: &str = "${aws:ResourceOrgID}";

/// Who may copy into a vault.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Openness {
    /// Whether anybody may; `None` if the policy is not understood in full.
    pub(super) to_anybody: Option<bool>,
    /// Accounts that it names.
    pub(super) accounts: BTreeSet<String>,
}

/// Whom one statement lets in.
#[derive(Clone, Debug, PartialEq, Eq)]
enum LetsIn {
    Nobody,
    Accounts(BTreeSet<String>),
    Anybody,
    NotKnown,
}

impl Openness {
    /// Who may copy into the vault of a policy.
    pub(super) fn of(policy: &Policy) -> Self {
        let mut open = Self { to_anybody: Some(false), accounts: BTreeSet::new() };
        for statement in policy.statements(Effect::Allow) {
            match lets_in(statement) {
                LetsIn::Nobody => {}
                LetsIn::Accounts(accounts) => open.accounts.extend(accounts),
                LetsIn::Anybody => open.to_anybody = Some(true),
                LetsIn::NotKnown => open.to_anybody = open.to_anybody.filter(|open| *open),
            }
        }
        open.narrowed(policy)
    }

    /// What Deny statements leave of it.
    fn narrowed(mut self, policy: &Policy) -> Self {
        for statement in policy.statements(Effect::Deny) {
            let speaks = statement.covers(COPY) != Some(false) && statement.everybody() != Some(false);
            if speaks && keeps_strangers_out(statement) {
                self.to_anybody = Some(false);
                self.accounts.clear();
            } else if speaks && self.to_anybody == Some(true) {
                self.to_anybody = None;
            }
        }
        self
    }
}

/// Whether a Deny surely keeps everybody out, or everybody from outside the organization.
fn keeps_strangers_out(statement: &Statement) -> bool {
    let outside = |condition: &Condition| {
        let negative = matches!(condition.operator.as_str(), "stringnotequals" | "stringnotequalsifexists");
        negative && condition.key == "aws:principalorgid" && !condition.values.is_empty() && !condition.has_variables()
    };
    let certain = statement.covers(COPY) == Some(true) && statement.everybody() == Some(true) && statement.every_resource() == Some(true);
    let conditions = statement.conditions();
    certain && conditions.len() <= 1 && conditions.iter().all(outside)
}

fn lets_in(statement: &Statement) -> LetsIn {
    if statement.covers(COPY) == Some(false) {
        return LetsIn::Nobody;
    }
    let Some(principals) = statement.principal.as_ref().filter(|principals| principals.understood()) else { return LetsIn::NotKnown };
    if principals.everybody() { within(&statement.conditions()) } else { accounts(principals) }
}

/// Whom conditions leave of everybody. Each one narrows; one that surely keeps the Allow at home is enough.
fn within(conditions: &[Condition]) -> LetsIn {
    let positive = |condition: &Condition| {
        let operator = condition.operator.trim_start_matches("foranyvalue:");
        // Of a path only the organization that it begins with must be certain.
        let certain = |id: &str| !id.is_empty() && !id.contains(['*', '?', '$']);
        let named = |value: &String| value.eq_ignore_ascii_case(OWN_ORGANIZATION) || value.split('/').next().is_some_and(certain);
        let all_named = !condition.values.is_empty() && condition.values.iter().all(named);
        matches!(operator, "stringequals" | "stringequalsignorecase" | "stringlike") && all_named
    };
    let with_key = |keys: &[&str]| conditions.iter().find(|condition| keys.contains(&condition.key.as_str()) && positive(condition));
    match (with_key(&OF_ORGANIZATION), with_key(&OF_ACCOUNT)) {
        (Some(_), _) => LetsIn::Nobody,
        (None, Some(condition)) if condition.values.iter().all(|value| is_account_id(value)) => {
            LetsIn::Accounts(condition.values.iter().cloned().collect())
        }
        _ if conditions.is_empty() => LetsIn::Anybody,
        _ => LetsIn::NotKnown,
    }
}

/// The accounts of named principals. A service copies for whoever may ask it, and the id of a principal that was deleted lets nobody in.
fn accounts(principals: &Principals) -> LetsIn {
    let mut accounts = BTreeSet::new();
    for name in principals.aws() {
        match Arn::parse(name) {
            _ if is_account_id(name) => drop(accounts.insert(name.to_owned())),
            Some(arn) if is_account_id(arn.account) => drop(accounts.insert(arn.account.to_owned())),
            None if name.starts_with('A') && name.bytes().all(|byte| byte.is_ascii_alphanumeric()) => {}
            _ => return LetsIn::NotKnown,
        }
    }
    LetsIn::Accounts(accounts)
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn open(statements: &[Value]) -> Openness {
        Openness::of(&Policy::parse(&json!({ "Statement": statements }).to_string()).unwrap())
    }

    fn allow(changes: &Value) -> Value {
        let mut statement = json!({ "Effect": "Allow", "Principal": "*", "Action": COPY, "Resource": "*" });
        statement.as_object_mut().unwrap().extend(changes.as_object().unwrap().clone());
        statement
    }

    fn given(operator: &str, key: &str, value: &str) -> Value {
        allow(&json!({ "Condition": { operator: { key: value } } }))
    }

    #[test]
    fn who_may_copy_in() {
        let (yes, no, not_known) = (Some(true), Some(false), None);
        let deny = |changes: &Value| {
            let mut statement = allow(changes);
            statement["Effect"] = json!("Deny");
            statement
        };
        let outside = || deny(&json!({ "Condition": { "StringNotEquals": { "aws:PrincipalOrgID": "o-1" } } }));
        let other = "444455556666";
        // why, statements, anybody, accounts
        let cases = [
            ("no statement", vec![], no, vec![]),
            ("everybody", vec![allow(&json!({}))], yes, vec![]),
            ("everybody, and any action", vec![allow(&json!({ "Action": "backup:*" }))], yes, vec![]),
            ("everybody of accounts", vec![allow(&json!({ "Principal": { "AWS": "*" } }))], yes, vec![]),
            (
                "another action, which AWS does not honour across accounts",
                vec![allow(&json!({ "Action": "backup:StartRestoreJob" }))],
                no,
                vec![],
            ),
            ("everybody of the organization", vec![given("StringEquals", "aws:PrincipalOrgID", "o-1")], no, vec![]),
            ("everybody of a unit of it", vec![given("ForAnyValue:StringLike", "aws:PrincipalOrgPaths", "o-1/r-1/ou-1/*")], no, vec![]),
            (
                "everybody of two organizations",
                vec![allow(&json!({ "Condition": { "StringEquals": { "aws:PrincipalOrgID": ["o-1", "o-2"] } } }))],
                no,
                vec![],
            ),
            (
                "of a unit, or of anywhere",
                vec![allow(&json!({ "Condition": { "ForAnyValue:StringLike": { "aws:PrincipalOrgPaths": ["o-1/r-1/*", "*"] } } }))],
                not_known,
                vec![],
            ),
            ("the organization of the vault", vec![given("StringEquals", "aws:PrincipalOrgID", "${aws:ResourceOrgID}")], no, vec![]),
            (
                "the organization of whoever asks",
                vec![given("StringEquals", "aws:PrincipalOrgID", "${aws:PrincipalOrgID}")],
                not_known,
                vec![],
            ),
            ("any organization", vec![given("StringLike", "aws:PrincipalOrgID", "o-*")], not_known, vec![]),
            (
                "who has no organization passes this one",
                vec![given("StringEqualsIfExists", "aws:PrincipalOrgID", "o-1")],
                not_known,
                vec![],
            ),
            ("everybody of an account", vec![given("StringEquals", "aws:SourceAccount", other)], no, vec![other]),
            (
                "everybody of two accounts",
                vec![allow(&json!({ "Condition": { "StringEquals": { "aws:PrincipalAccount": ["111122223333", other] } } }))],
                no,
                vec!["111122223333", other],
            ),
            ("a condition that is not understood", vec![given("IpAddress", "aws:SourceIp", "192.0.2.0/24")], not_known, vec![]),
            ("an account", vec![allow(&json!({ "Principal": { "AWS": other } }))], no, vec![other]),
            ("its root", vec![allow(&json!({ "Principal": { "AWS": format!("arn:aws:iam::{other}:root") } }))], no, vec![other]),
            ("a deleted principal", vec![allow(&json!({ "Principal": { "AWS": "AIDAEXAMPLE" } }))], no, vec![]),
            ("a service", vec![allow(&json!({ "Principal": { "Service": "backup.amazonaws.com" } }))], no, vec![]),
            ("a web identity", vec![allow(&json!({ "Principal": { "Federated": "accounts.google.com" } }))], not_known, vec![]),
            ("everybody, but none from outside", vec![allow(&json!({})), outside()], no, vec![]),
            (
                "everybody, but none from outside the organization of whoever asks",
                vec![
                    allow(&json!({})),
                    deny(&json!({ "Condition": { "StringNotEquals": { "aws:PrincipalOrgID": "${aws:PrincipalOrgID}" } } })),
                ],
                not_known,
                vec![],
            ),
            ("everybody, then nobody", vec![allow(&json!({ "Principal": { "AWS": ["*", other] } })), deny(&json!({}))], no, vec![]),
            (
                "everybody, but not one role",
                vec![allow(&json!({})), deny(&json!({ "Principal": { "AWS": "arn:aws:iam::111122223333:role/x" } }))],
                yes,
                vec![],
            ),
            (
                "everybody, and a Deny that is not understood",
                vec![allow(&json!({})), deny(&json!({ "Condition": { "Bool": { "aws:SecureTransport": "false" } } }))],
                not_known,
                vec![],
            ),
        ];
        for (why, statements, to_anybody, accounts) in cases {
            let found = open(&statements);
            let named: Vec<&str> = found.accounts.iter().map(String::as_str).collect();
            assert_eq!((found.to_anybody, named), (to_anybody, accounts), "{why}");
        }
    }
}
