//! Whether a vault policy lets others copy points into the vault.
//!
//! Of all actions, AWS honours only `backup:CopyIntoBackupVault` across accounts. A policy that allows it to everybody must keep it within the
//! organization, by a condition of the Allow or by a Deny to everybody outside; accounts and organizations that it names are weighed by whoever knows
//! them: those in the audited scope are one's own, of others the policy does not tell whose they are.
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
    /// Organizations that it names by their ids, and lets in as a whole or in part.
    pub(super) organizations: BTreeSet<String>,
}

/// Whom one statement lets in.
#[derive(Clone, Debug, PartialEq, Eq)]
enum LetsIn {
    Nobody,
    Accounts(BTreeSet<String>),
    Organizations(BTreeSet<String>),
    Anybody,
    NotKnown,
}

impl Openness {
    /// Who may copy into the vault of a policy.
    pub(super) fn of(policy: &Policy) -> Self {
        let mut open = Self { to_anybody: Some(false), accounts: BTreeSet::new(), organizations: BTreeSet::new() };
        for statement in policy.statements(Effect::Allow) {
            match lets_in(statement) {
                LetsIn::Nobody => {}
                LetsIn::Accounts(accounts) => open.accounts.extend(accounts),
                LetsIn::Organizations(organizations) => open.organizations.extend(organizations),
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
            match left_in(statement).filter(|_| speaks) {
                Some(left) => self = self.within(left),
                None if speaks && self.to_anybody == Some(true) => self.to_anybody = None,
                None => {}
            }
        }
        self
    }

    /// What is left of it within organizations. Whose the accounts are is not told: they may be of each.
    fn within(self, left: BTreeSet<String>) -> Self {
        let whole = self.to_anybody != Some(false) || !self.accounts.is_empty();
        let organizations = if whole { left } else { self.organizations.intersection(&left).cloned().collect() };
        Self { to_anybody: Some(false), accounts: BTreeSet::new(), organizations }
    }
}

/// The organizations that a Deny leaves in, if it surely keeps everybody out, or everybody from outside of these.
fn left_in(statement: &Statement) -> Option<BTreeSet<String>> {
    let outside = |condition: &Condition| {
        let negative = matches!(condition.operator.as_str(), "stringnotequals" | "stringnotequalsifexists");
        let whole = negative && condition.key == "aws:principalorgid" && !condition.values.is_empty() && !condition.has_variables();
        whole.then(|| condition.values.iter().cloned().collect())
    };
    let certain = statement.covers(COPY) == Some(true) && statement.everybody() == Some(true) && statement.every_resource() == Some(true);
    match &statement.conditions()[..] {
        [] if certain => Some(BTreeSet::new()),
        [condition] if certain => outside(condition),
        _ => None,
    }
}

fn lets_in(statement: &Statement) -> LetsIn {
    if statement.covers(COPY) == Some(false) {
        return LetsIn::Nobody;
    }
    let Some(principals) = statement.principal.as_ref().filter(|principals| principals.understood()) else { return LetsIn::NotKnown };
    if principals.everybody() { within(&statement.conditions()) } else { accounts(principals) }
}

/// Whom conditions leave of everybody. Each one narrows: what one leaves is all there can be.
fn within(conditions: &[Condition]) -> LetsIn {
    let positive = |condition: &&Condition| {
        let operator = condition.operator.trim_start_matches("foranyvalue:");
        matches!(operator, "stringequals" | "stringequalsignorecase" | "stringlike") && !condition.values.is_empty()
    };
    let with_key =
        |keys: &'static [&'static str]| conditions.iter().filter(move |condition| keys.contains(&condition.key.as_str())).filter(positive);
    let organizations =
        with_key(&OF_ORGANIZATION).filter_map(organizations).reduce(|one, other| one.intersection(&other).cloned().collect());
    let accounts = with_key(&OF_ACCOUNT).find(|condition| condition.values.iter().all(|value| is_account_id(value)));
    match (organizations, accounts) {
        (Some(organizations), _) if organizations.is_empty() => LetsIn::Nobody,
        (Some(organizations), _) => LetsIn::Organizations(organizations),
        (None, Some(condition)) => LetsIn::Accounts(condition.values.iter().cloned().collect()),
        _ if conditions.is_empty() => LetsIn::Anybody,
        _ => LetsIn::NotKnown,
    }
}

/// The organizations that a condition names beside that of the vault; `None` if any of its values may be another one.
fn organizations(condition: &Condition) -> Option<BTreeSet<String>> {
    // Of a path only the organization that it begins with must be certain.
    let certain = |id: &&str| !id.is_empty() && !id.contains(['*', '?', '$']);
    let others = condition.values.iter().filter(|value| !value.eq_ignore_ascii_case(OWN_ORGANIZATION));
    others.map(|value| value.split('/').next().filter(certain).map(str::to_owned)).collect()
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
        // why, statements, anybody, accounts and organizations
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
            ("everybody of the organization", vec![given("StringEquals", "aws:PrincipalOrgID", "o-1")], no, vec!["o-1"]),
            (
                "everybody of a unit of it",
                vec![given("ForAnyValue:StringLike", "aws:PrincipalOrgPaths", "o-1/r-1/ou-1/*")],
                no,
                vec!["o-1"],
            ),
            (
                "everybody of two organizations",
                vec![allow(&json!({ "Condition": { "StringEquals": { "aws:PrincipalOrgID": ["o-1", "o-2"] } } }))],
                no,
                vec!["o-1", "o-2"],
            ),
            (
                "of two organizations at once, which nobody is",
                vec![allow(&json!({ "Condition": { "StringEquals": { "aws:PrincipalOrgID": "o-1", "aws:SourceOrgID": "o-2" } } }))],
                no,
                vec![],
            ),
            (
                "an account of an organization",
                vec![allow(&json!({ "Condition": { "StringEquals": { "aws:PrincipalOrgID": "o-1", "aws:PrincipalAccount": other } } }))],
                no,
                vec!["o-1"],
            ),
            (
                "an account, and a condition that is not understood",
                vec![allow(
                    &json!({ "Condition": { "StringEquals": { "aws:PrincipalAccount": other }, "StringLike": { "aws:PrincipalOrgID": "o-*" } } }),
                )],
                no,
                vec![other],
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
            ("everybody, but none from outside", vec![allow(&json!({})), outside()], no, vec!["o-1"]),
            (
                "another organization, but none from outside of one",
                vec![given("StringEquals", "aws:PrincipalOrgID", "o-2"), outside()],
                no,
                vec![],
            ),
            (
                "an account, which may be of the organization",
                vec![allow(&json!({ "Principal": { "AWS": other } })), outside()],
                no,
                vec!["o-1"],
            ),
            ("nobody, and none from outside", vec![outside()], no, vec![]),
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
            let named: Vec<&str> = found.accounts.iter().chain(&found.organizations).map(String::as_str).collect();
            assert_eq!((found.to_anybody, named), (to_anybody, accounts), "{why}");
        }
    }
}
