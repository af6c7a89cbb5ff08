//! Whether a vault policy keeps points from being deleted by hand.
//!
//! Two answers, which differ. **A person's**: nobody but principals named as exceptions may delete a point, shorten its life, or change or remove the
//! policy that says so; several statements may say it together, and actions may have wildcards. **AWS's**, of the Config rule
//! `backup-recovery-point-manual-deletion-disabled`: one Deny writes out three actions, with `"*"` for principal and resource. What that rule makes
//! of conditions, of wildcards in actions and of `NotAction` is not documented, so that these leave its answer open.
//!
//! Sources: AWS Config developer guide, the rule's page; AWS Backup developer guide, "Vault access policies"; IAM user guide, `aws:PrincipalArn` and
//! "Amazon Resource Name (ARN) condition operators".

use std::collections::BTreeSet;

use super::document::{Condition, Effect, Policy, Principals, Statement, any};
use crate::facts::objectives::{and, or};
use crate::model::Arn;

/// What AWS's Config rule asks a Deny to have.
const ASKED_BY_AWS: [&str; 3] = ["backup:DeleteRecoveryPoint", "backup:UpdateRecoveryPointLifecycle", "backup:PutBackupVaultAccessPolicy"];

/// What must be denied so that points stay and the denial does.
const WAYS_TO_DELETE: [&str; 4] = [
    "backup:DeleteRecoveryPoint",
    "backup:UpdateRecoveryPointLifecycle",
    "backup:PutBackupVaultAccessPolicy",
    "backup:DeleteBackupVaultAccessPolicy",
];

/// What takes a continuous backup out of AWS Backup and gives it back to its service, where the next call can end it.
const WAY_TO_RELEASE: &str = "backup:DisassociateRecoveryPoint";

/// What a policy denies.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Denial {
    /// As AWS's Config rule asks.
    pub(super) as_aws: Option<bool>,
    /// As a person would.
    pub(super) denied: Option<bool>,
    /// Whether continuous backups cannot be released from the vault either.
    pub(super) release_denied: Option<bool>,
    /// Principals that are left out of a Deny.
    pub(super) excepted: BTreeSet<String>,
    /// The first action that somebody is not denied; without one, the first of which it is not certain.
    pub(super) open_action: Option<&'static str>,
}

impl Denial {
    /// What a policy denies.
    pub(super) fn of(policy: &Policy) -> Self {
        let mut denial = Self { as_aws: any(policy.statements(Effect::Deny).map(asked_by_aws)), denied: Some(true), ..Self::default() };
        let mut uncertain = None;
        for action in WAYS_TO_DELETE {
            let denied = any(policy.statements(Effect::Deny).map(|statement| denies_everybody(statement, action)));
            match denied {
                Some(true) => {}
                Some(false) => denial.open_action = denial.open_action.or(Some(action)),
                None => uncertain = uncertain.or(Some(action)),
            }
            denial.denied = and(denial.denied, denied);
            let speaking = policy.statements(Effect::Deny).filter(|statement| denies_everybody(statement, action) == Some(true));
            denial.excepted.extend(speaking.flat_map(Statement::conditions).flat_map(|condition| condition.values));
        }
        denial.open_action = denial.open_action.or(uncertain);
        denial.release_denied = any(policy.statements(Effect::Deny).map(|statement| denies_everybody(statement, WAY_TO_RELEASE)));
        denial
    }

    /// The same for a vault of which it is known whether it holds continuous backups: then these may not be released either.
    pub(super) fn of_vault(mut self, continuous: Option<bool>) -> Self {
        let kept = self.keeps(continuous);
        if self.open_action.is_none() && kept != Some(true) {
            self.open_action = Some(WAY_TO_RELEASE);
        }
        self.denied = and(self.denied, kept);
        self
    }

    /// Whether nothing in a vault can be released from it: it holds no continuous backups, or the policy denies that.
    pub(super) fn keeps(&self, continuous: Option<bool>) -> Option<bool> {
        or(continuous.map(|continuous| !continuous), self.release_denied)
    }
}

/// Whether a Deny is what AWS's Config rule looks for.
fn asked_by_aws(statement: &Statement) -> Option<bool> {
    let everybody = statement.principal.as_ref().is_some_and(Principals::everybody);
    let every_resource = statement.every_resource() == Some(true);
    if !everybody || !every_resource || ASKED_BY_AWS.iter().any(|action| statement.covers(action) == Some(false)) {
        return Some(false);
    }
    let plain = ASKED_BY_AWS.iter().all(|action| statement.writes_out(action)) && statement.conditions().is_empty();
    plain.then_some(true)
}

/// Whether a Deny keeps everybody but named exceptions from an action on whatever the vault holds.
fn denies_everybody(statement: &Statement, action: &str) -> Option<bool> {
    let conditions = statement.conditions();
    let excepts = conditions.iter().map(exception).fold(Some(true), and);
    [statement.covers(action), statement.everybody(), statement.every_resource(), excepts].into_iter().fold(Some(true), and)
}

/// Whether a condition leaves out named principals and nobody else. False if it leaves out everybody, or every role, `None` if it is not understood.
fn exception(condition: &Condition) -> Option<bool> {
    if condition.key != "aws:principalarn" || condition.values.is_empty() || condition.has_variables() {
        return None;
    }
    match condition.operator.as_str() {
        "stringnotequals" => Some(true), // knows no wildcards: each value is at most one principal
        "arnnotequals" | "arnnotlike" | "stringnotlike" => condition.values.iter().map(|value| names_one(value)).fold(Some(true), and),
        _ => None,
    }
}

/// Whether a pattern of ARNs names one principal, of whichever account; a role of IAM Identity Center has an ending of AWS's own.
fn names_one(pattern: &str) -> Option<bool> {
    let open = |text: &str| text.contains(['*', '?']);
    let only_wildcards = |text: &str| !text.is_empty() && text.chars().all(|letter| matches!(letter, '*' | '?'));
    let Some(arn) = Arn::parse(pattern) else { return only_wildcards(pattern).then_some(false) };
    let name = arn.name();
    let of_identity_center = name.strip_prefix("AWSReservedSSO_").and_then(|rest| rest.strip_suffix("_*")).is_some_and(|set| !open(set));
    match (arn.service, arn.resource.split_once('/')) {
        _ if only_wildcards(name) || open(arn.service) => Some(false),
        ("iam", Some(("role" | "user", _))) if !open(name) || of_identity_center => Some(true),
        ("iam", None) if arn.resource == "root" => Some(true),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    const ALL: [&str; 4] = WAYS_TO_DELETE;
    const BREAK_GLASS: &str = "arn:aws:iam::111122223333:role/break-glass";

    fn deny(changes: &Value) -> Value {
        let mut statement = json!({ "Effect": "Deny", "Principal": "*", "Action": ALL, "Resource": "*" });
        statement.as_object_mut().unwrap().extend(changes.as_object().unwrap().clone());
        statement
    }

    fn unless(operator: &str, key: &str, values: &Value) -> Value {
        deny(&json!({ "Condition": { operator: { key: values } } }))
    }

    fn denial(statements: &[Value]) -> Denial {
        Denial::of(&Policy::parse(&json!({ "Version": "2012-10-17", "Statement": statements }).to_string()).unwrap())
    }

    #[test]
    fn who_can_still_delete() {
        let (yes, no, open) = (Some(true), Some(false), None);
        let named = |value: &str| unless("ArnNotLike", "aws:PrincipalArn", &json!(value));
        // why, statements, AWS's answer, a person's
        let cases = [
            ("no statement", vec![], no, no),
            ("all of it, to everybody", vec![deny(&json!({}))], yes, yes),
            ("everybody as a star of accounts", vec![deny(&json!({ "Principal": { "AWS": "*" } }))], yes, yes),
            ("what AWS asks: the policy can still be removed", vec![deny(&json!({ "Action": ALL[..3] }))], yes, no),
            ("AWS's own example, deletion only", vec![deny(&json!({ "Action": ALL[0] }))], no, no),
            ("one principal only", vec![deny(&json!({ "Principal": { "AWS": "arn:aws:iam::111122223333:role/intern" } }))], no, no),
            ("an account: its roles?", vec![deny(&json!({ "Principal": { "AWS": "111122223333" } }))], no, open),
            ("all actions by wildcard", vec![deny(&json!({ "Action": "backup:*" }))], open, yes),
            ("some by wildcard", vec![deny(&json!({ "Action": ["backup:Delete*", "backup:Update*", "backup:Put*"] }))], open, yes),
            ("only deletions by wildcard", vec![deny(&json!({ "Action": "backup:Delete*" }))], no, no),
            ("over two statements", vec![deny(&json!({ "Action": ALL[..2] })), deny(&json!({ "Action": ALL[2..] }))], no, yes),
            ("some resources", vec![deny(&json!({ "Resource": "arn:aws:backup:*:*:recovery-point:*" }))], no, open),
            ("an Allow is no Deny", vec![deny(&json!({ "Effect": "Allow" }))], no, no),
            ("but a break-glass role", vec![unless("ArnNotEquals", "aws:PrincipalArn", &json!(BREAK_GLASS))], open, yes),
            ("the same, another spelling", vec![unless("StringNotEquals", "aws:PrincipalARN", &json!([BREAK_GLASS]))], open, yes),
            ("but that role of any account", vec![named("arn:aws:iam::*:role/break-glass")], open, yes),
            (
                "but a permission set of Identity Center",
                vec![named("arn:aws:iam::*:role/aws-reserved/*/AWSReservedSSO_Rescue_*")],
                open,
                yes,
            ),
            ("but every role", vec![named("arn:aws:iam::111122223333:role/*")], open, no),
            ("but everybody", vec![named("*")], open, no),
            ("but a family of roles: how many?", vec![named("arn:aws:iam::111122223333:role/admin*")], open, open),
            (
                "but either of two roles",
                vec![unless("ArnNotLike", "aws:PrincipalArn", &json!([BREAK_GLASS, "arn:aws:iam::*:role/rescue"]))],
                open,
                yes,
            ),
            (
                "but one role, and a family of them",
                vec![unless("ArnNotLike", "aws:PrincipalArn", &json!([BREAK_GLASS, "arn:aws:iam::*:role/admin*"]))],
                open,
                open,
            ),
            ("but one role, and everybody", vec![unless("StringNotLike", "aws:PrincipalArn", &json!([BREAK_GLASS, "*"]))], open, no),
            ("but nobody, in an empty list", vec![unless("StringNotEquals", "aws:PrincipalArn", &json!([]))], open, open),
            (
                "but a role by the end of its ARN",
                vec![unless("StringNotLike", "aws:PrincipalArn", &json!("*:role/break-glass"))],
                open,
                open,
            ),
            ("but whoever is asking", vec![unless("StringNotEquals", "aws:PrincipalArn", &json!("${aws:PrincipalArn}"))], open, open),
            (
                "but a role that a tag of the caller names",
                vec![named("arn:aws:iam::111122223333:role/${aws:PrincipalTag/role}")],
                open,
                open,
            ),
            ("a star that is none", vec![unless("StringNotEquals", "aws:PrincipalArn", &json!("*"))], open, yes),
            ("without a second factor", vec![unless("BoolIfExists", "aws:MultiFactorAuthPresent", &json!("false"))], open, open),
            ("by user id", vec![unless("StringNotEquals", "aws:userId", &json!(["AIDA:*", "111122223333"]))], open, open),
            (
                "two conditions, one not understood",
                vec![deny(&json!({ "Condition": {
                    "ArnNotLike": { "aws:PrincipalArn": BREAK_GLASS }, "StringNotEquals": { "aws:SourceVpc": "vpc-1" }
                } }))],
                open,
                open,
            ),
            ("limited to some", vec![unless("ArnEquals", "aws:PrincipalArn", &json!(BREAK_GLASS))], open, open),
            (
                "all actions but reads",
                vec![{
                    let mut statement = deny(&json!({ "NotAction": ["backup:Describe*", "backup:List*", "backup:Start*"] }));
                    statement.as_object_mut().unwrap().remove("Action");
                    statement
                }],
                open,
                yes,
            ),
        ];
        for (why, statements, as_aws, denied) in cases {
            let found = denial(&statements);
            assert_eq!((found.as_aws, found.denied), (as_aws, denied), "{why}");
            assert_eq!(found.open_action.is_none(), denied == yes, "{why}");
        }
    }

    #[test]
    fn continuous_backups_can_also_be_released() {
        let (yes, no, open) = (Some(true), Some(false), None);
        let with_release = [&ALL[..], &[WAY_TO_RELEASE]].concat();
        let family = json!({ "ArnNotLike": { "aws:PrincipalArn": "arn:aws:iam::*:role/admin*" } });
        // why, statements, whether the vault holds continuous backups, whether points stay, the action that is open
        let cases = [
            ("snapshots only", vec![deny(&json!({}))], no, yes, None),
            ("continuous backups, which one call releases", vec![deny(&json!({}))], yes, no, Some(WAY_TO_RELEASE)),
            ("what it holds was not read", vec![deny(&json!({}))], open, open, Some(WAY_TO_RELEASE)),
            ("denied, too", vec![deny(&json!({ "Action": with_release }))], yes, yes, None),
            ("denied, too, whatever it holds", vec![deny(&json!({ "Action": with_release }))], open, yes, None),
            ("all actions by wildcard", vec![deny(&json!({ "Action": "backup:*" }))], yes, yes, None),
            (
                "denied to all but a family of roles",
                vec![deny(&json!({})), deny(&json!({ "Action": WAY_TO_RELEASE, "Condition": family }))],
                yes,
                open,
                Some(WAY_TO_RELEASE),
            ),
            ("they can be deleted anyway", vec![deny(&json!({ "Action": ALL[1..] }))], yes, no, Some(ALL[0])),
        ];
        for (why, statements, continuous, denied, open_action) in cases {
            let found = denial(&statements).of_vault(continuous);
            assert_eq!((found.denied, found.open_action), (denied, open_action), "{why}");
        }
    }

    #[test]
    fn exceptions_are_named() {
        let excepted = denial(&[unless("ArnNotLike", "aws:PrincipalArn", &json!(["b", BREAK_GLASS]))]).excepted;
        assert!(excepted.is_empty(), "a name that is no ARN leaves it open, so nobody is excepted for certain");
        let other = "arn:aws:iam::111122223333:role/rescue";
        let excepted = denial(&[unless("ArnNotLike", "aws:PrincipalArn", &json!([other, BREAK_GLASS]))]).excepted;
        assert_eq!(excepted.into_iter().collect::<Vec<_>>(), [BREAK_GLASS, other]);
    }

    #[test]
    fn the_action_that_is_open_for_certain_is_named_first() {
        let family = json!({ "ArnNotLike": { "aws:PrincipalArn": "arn:aws:iam::*:role/admin*" } });
        let found = denial(&[deny(&json!({ "Action": ALL[0], "Condition": family }))]);
        assert_eq!((found.denied, found.open_action), (Some(false), Some(ALL[1])), "of the first action it is not certain");
    }
}
