//! Who may take on a role: others than services, and whether without a second factor.
//!
//! One that an account trusts is taken on by its users. Whether people showed a second factor to the identity provider through which they come, or to
//! the role from which they go on, IAM does not see; nor whether they are people.
//!
//! Source: IAM user guide, "Roles terms and concepts", "Secure API access with MFA".

use super::conditions::{Asker, Mfa, When};
use crate::facts::objectives::{and, or};
use crate::facts::policies::document::{Effect, Policy, Principals, Statement};

pub(in crate::facts) const ASSUME: &str = "sts:AssumeRole";
const WITH_SAML: &str = "sts:AssumeRoleWithSAML";
const WITH_WEB_IDENTITY: &str = "sts:AssumeRoleWithWebIdentity";

/// Who may take on a role. The default is that nothing is known.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(in crate::facts) struct Trust {
    /// Whether others than services of AWS may.
    pub(in crate::facts) others: Option<bool>,
    /// Whether users of an account may without a second factor.
    pub(super) without_mfa: Option<bool>,
    /// Whether somebody may through an identity provider.
    pub(super) federated: Option<bool>,
}

impl Trust {
    const NOBODY: Self = Self { others: Some(false), without_mfa: Some(false), federated: Some(false) };

    /// Users act as they are, with their long-term keys.
    pub(super) const USER: Self = Self { others: Some(true), without_mfa: Some(true), federated: Some(false) };

    /// Whom a trust policy lets in; `None` if it is not understood.
    pub(in crate::facts) fn of(policy: Option<&Policy>) -> Self {
        let Some(policy) = policy else { return Self::default() };
        let mut trust = policy.statements(Effect::Allow).map(of_allow).fold(Self::NOBODY, Self::either);
        let certain_without = |mfa: Mfa| {
            let users = policy.statements(Effect::Allow).map(|one| and(of_users(one), holds(one, mfa))).fold(Some(false), or);
            let denied = policy.statements(Effect::Deny).map(|one| denies(one, mfa)).fold(Some(false), or);
            and(users, denied.map(|denied| !denied))
        };
        trust.without_mfa = or(certain_without(Mfa::Lacking), certain_without(Mfa::Absent));
        trust
    }

    fn either(self, other: Self) -> Self {
        Self {
            others: or(self.others, other.others),
            without_mfa: or(self.without_mfa, other.without_mfa),
            federated: or(self.federated, other.federated),
        }
    }
}

/// Whom an Allow lets in.
fn of_allow(statement: &Statement) -> Trust {
    let (Some(named), None) = (&statement.principal, &statement.not_principal) else { return Trust::default() };
    let through = |action: &str, found: bool| if found { statement.covers(action) } else { Some(false) };
    let saml = through(WITH_SAML, named.federated().any(|provider| provider.contains(":saml-provider/")));
    let web = through(WITH_WEB_IDENTITY, named.federated().any(|provider| !provider.contains(":saml-provider/")));
    let known = if let Principals::Of(kinds) = named {
        kinds.keys().all(|kind| matches!(kind.as_str(), "AWS" | "Service" | "Federated"))
    } else {
        named.everybody()
    };
    let of_accounts = and(statement.covers(ASSUME), Some(named.everybody() || named.aws().any(|name| !is_gone(name))));
    let unknown = if known { Some(false) } else { None };
    Trust {
        others: [of_accounts, saml, web, unknown].into_iter().fold(Some(false), or),
        without_mfa: Some(false),
        federated: [saml, web, unknown].into_iter().fold(Some(false), or),
    }
}

/// Whether an Allow lets users of an account in; who goes on from a role is not known.
fn of_users(statement: &Statement) -> Option<bool> {
    let (Some(named), None) = (&statement.principal, &statement.not_principal) else { return None };
    let of_name = |name: &str| match name {
        _ if name.contains(":role/") || name.contains(":sts:") => None,
        _ if is_gone(name) => Some(false),
        _ => Some(true),
    };
    let named = if named.everybody() { Some(true) } else { named.aws().map(of_name).fold(Some(false), or) };
    and(statement.covers(ASSUME), named)
}

/// Whether a name is the id that IAM leaves of a principal that is gone.
fn is_gone(name: &str) -> bool {
    name.starts_with('A') && !name.contains(':')
}

/// Whether the conditions of a statement hold for somebody.
fn holds(statement: &Statement, mfa: Mfa) -> Option<bool> {
    let anybody = Asker { arn: None, account_id: "", mfa };
    let of = |condition| match When::of_condition(condition, anybody) {
        When::Always | When::AsTheyLike | When::Partly => Some(true),
        When::Never => Some(false),
        When::NotKnown => None,
    };
    statement.conditions().iter().map(of).fold(Some(true), and)
}

/// Whether a Deny keeps everybody out.
fn denies(statement: &Statement, mfa: Mfa) -> Option<bool> {
    let anybody = Asker { arn: None, account_id: "", mfa };
    let of = |condition| match When::of_condition(condition, anybody) {
        When::Always => Some(true),
        When::Never | When::AsTheyLike | When::Partly => Some(false),
        When::NotKnown => None,
    };
    // Whom it names may be all whom the role trusts.
    let everybody = statement.everybody().filter(|everybody| *everybody);
    let conditions = statement.conditions().iter().map(of).fold(Some(true), and);
    [statement.covers(ASSUME), everybody, conditions].into_iter().fold(Some(true), and)
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn trust(statements: &Value) -> Trust {
        Trust::of(Some(&Policy::parse(&json!({ "Version": "2012-10-17", "Statement": statements }).to_string()).unwrap()))
    }

    #[expect(clippy::needless_pass_by_value, reason = "callers make it on the spot")]
    fn allow(principal: Value, action: &str) -> Value {
        json!({ "Effect": "Allow", "Principal": principal, "Action": action })
    }

    fn given(mut statement: Value, operator: &str, key: &str, value: &str) -> Value {
        statement["Condition"] = json!({ operator: { key: value } });
        statement
    }

    #[test]
    fn who_takes_on_a_role() {
        let (yes, no, open) = (Some(true), Some(false), None);
        let root = || json!({ "AWS": "arn:aws:iam::111122223333:root" });
        let account = || allow(root(), ASSUME);
        let saml = || allow(json!({ "Federated": "arn:aws:iam::111122223333:saml-provider/corp" }), WITH_SAML);
        let web = allow(json!({ "Federated": "arn:aws:iam::111122223333:oidc-provider/id.example.com" }), WITH_WEB_IDENTITY);
        let service = || allow(json!({ "Service": "backup.amazonaws.com" }), ASSUME);
        let present = "aws:MultiFactorAuthPresent";
        let deny = |operator: &str| {
            let mut statement = given(allow(json!("*"), ASSUME), operator, present, "false");
            statement["Effect"] = json!("Deny");
            statement
        };
        let mut deny_one = account();
        deny_one["Effect"] = json!("Deny");
        // why, statements, others than services, without a second factor, federated
        let cases = [
            ("a service", json!([service()]), no, no, no),
            ("nobody", json!([]), no, no, no),
            ("an account", json!(account()), yes, yes, no),
            ("an account by its id", json!([allow(json!({ "AWS": "444455556666" }), ASSUME)]), yes, yes, no),
            ("everybody", json!([allow(json!("*"), ASSUME)]), yes, yes, no),
            ("a user", json!([allow(json!({ "AWS": "arn:aws:iam::111122223333:user/ana" }), ASSUME)]), yes, yes, no),
            ("a user that is gone", json!([allow(json!({ "AWS": "AIDAEXAMPLE" }), ASSUME)]), no, no, no),
            ("a role, whoever has it", json!([allow(json!({ "AWS": "arn:aws:iam::111122223333:role/x" }), ASSUME)]), yes, open, no),
            ("a service, and an account", json!([service(), account()]), yes, yes, no),
            ("with a second factor", json!([given(account(), "Bool", present, "true")]), yes, no, no),
            ("long-term keys slip through", json!([given(account(), "BoolIfExists", present, "true")]), yes, yes, no),
            (
                "with a second factor of the last hour",
                json!([given(account(), "NumericLessThan", "aws:MultiFactorAuthAge", "3600")]),
                yes,
                no,
                no,
            ),
            ("by one way with, by another without", json!([given(account(), "Bool", present, "true"), account()]), yes, yes, no),
            ("not without one", json!([account(), deny("BoolIfExists")]), yes, no, no),
            ("long-term keys are missed", json!([account(), deny("Bool")]), yes, yes, no),
            ("some are kept out", json!([account(), deny_one]), yes, open, no),
            ("for who knows a word", json!([given(account(), "StringEquals", "sts:ExternalId", "x")]), yes, open, no),
            ("people of a directory", json!([saml()]), yes, no, yes),
            ("programs or people", json!([web]), yes, no, yes),
            ("of a directory, or of the account", json!([saml(), account()]), yes, yes, yes),
            ("to tag a session is not to have one", json!([allow(root(), "sts:TagSession")]), no, no, no),
            ("all but one", json!([{ "Effect": "Allow", "NotPrincipal": root(), "Action": ASSUME }]), open, open, open),
            ("a kind of tomorrow", json!([allow(json!({ "Spirit": "x" }), ASSUME)]), open, no, open),
        ];
        for (why, statements, others, without_mfa, federated) in cases {
            assert_eq!(trust(&statements), Trust { others, without_mfa, federated }, "{why}");
        }
        assert_eq!(Trust::of(None), Trust::default(), "a policy that is not understood");
    }
}
