//! What policies let somebody do, as far as documents tell.
//!
//! What is allowed is the union of the Allows of all policies of a principal, narrowed by its permissions boundary and by each level of service control
//! policies, less every Deny. A policy that was not read may allow and deny anything. A Deny takes a right away for certain only if it reaches all
//! there is and holds whoever asks does what they like; an Allow under a condition that is not understood gives nothing for certain.
//!
//! Source: IAM user guide, "Policy evaluation logic"; Organizations user guide, "SCP evaluation".

use super::conditions::{Asker, When};
use super::extent::{Extent, of_resources};
use crate::facts::policies::document::{Effect, Policy, Principals, Statement, names_account};

/// An action, with the shapes of ARNs of what it works on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Action {
    pub(super) name: &'static str,
    pub(super) shapes: Vec<String>,
}

/// A policy; `None` if it was not read or is not understood.
pub(super) type Read<'a> = Option<&'a Policy>;

/// What the policies of its organization do to an account.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Bounds<'a> {
    /// Whether some of them were not read.
    pub(super) not_read: bool,
    /// The policies of each level that is certainly above the account: of the root, and of the account itself.
    pub(super) levels: Vec<Vec<Read<'a>>>,
    /// Those of each unit that may be above it.
    pub(super) perhaps: Vec<Vec<Read<'a>>>,
}

/// The policies that decide what somebody may do.
#[derive(Clone, Debug, Default)]
pub(super) struct Policies<'a> {
    /// Its own, and those of its groups.
    pub(super) own: Vec<Read<'a>>,
    /// Its permissions boundary, if it has one.
    pub(super) boundary: Option<Read<'a>>,
    /// Of the organization.
    pub(super) organization: Bounds<'a>,
}

/// A right to an action.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Right {
    pub(super) extent: Extent,
    /// Whether it is denied for certain, so that no other policy can give it.
    pub(super) denied: bool,
}

impl Policies<'_> {
    /// What somebody may do with an action.
    pub(super) fn right(&self, asker: Asker<'_>, action: &Action) -> Right {
        let organization = &self.organization;
        let mut allowed = allowed_by(&self.own, asker, action);
        if let Some(boundary) = self.boundary {
            allowed = allowed.both(allowed_by(&[boundary], asker, action));
        }
        for level in &organization.levels {
            allowed = allowed.both(allowed_by(level, asker, action));
        }
        for unit in &organization.perhaps {
            // It narrows the right if it is above the account, and then only.
            if allowed_by(unit, asker, action) != Extent::All
                || denied_by(unit.iter().copied(), asker, action).any(|part| part != Extent::Nothing)
            {
                allowed = allowed.uncertain();
            }
        }
        if organization.not_read {
            allowed = allowed.uncertain();
        }
        let certain = self.own.iter().chain(&self.boundary).chain(organization.levels.iter().flatten()).copied();
        let denials: Vec<Extent> = denied_by(certain, asker, action).collect();
        Right { extent: denials.iter().copied().fold(allowed, Extent::without), denied: denials.contains(&Extent::All) }
    }
}

/// What several policies allow together.
fn allowed_by(policies: &[Read<'_>], asker: Asker<'_>, action: &Action) -> Extent {
    let of = |policy: &Read<'_>| {
        policy.map_or(Extent::NotKnown, |policy| {
            policy.statements(Effect::Allow).map(|one| allowed(one, asker, action)).max().unwrap_or(Extent::Nothing)
        })
    };
    policies.iter().map(of).max().unwrap_or(Extent::Nothing)
}

/// What each Deny of several policies takes away.
fn denied_by<'a>(policies: impl Iterator<Item = Read<'a>>, asker: Asker<'_>, action: &Action) -> impl Iterator<Item = Extent> {
    policies.flat_map(move |policy| match policy {
        None => vec![Extent::NotKnown],
        Some(policy) => policy.statements(Effect::Deny).map(|one| denied(one, asker, action)).collect(),
    })
}

/// What an Allow gives, whoever it speaks to.
pub(super) fn allowed(statement: &Statement, asker: Asker<'_>, action: &Action) -> Extent {
    let whole = spoken_of(statement, action);
    let mut given = whole;
    for when in whens(statement, asker) {
        given = match when {
            When::Always | When::AsTheyLike => given,
            When::Never => Extent::Nothing,
            When::Partly => given.min(Extent::Some),
            When::NotKnown => given.uncertain(),
        };
    }
    given
}

/// What a Deny takes away, whoever it speaks to. A condition that whoever asks can avoid takes nothing away.
pub(super) fn denied(statement: &Statement, asker: Asker<'_>, action: &Action) -> Extent {
    let whole = spoken_of(statement, action);
    let whens = whens(statement, asker);
    let has = |when: When| whens.contains(&when);
    if has(When::Never) || has(When::AsTheyLike) {
        Extent::Nothing
    } else if has(When::Partly) {
        whole.min(Extent::Some)
    } else if has(When::NotKnown) {
        whole.uncertain()
    } else {
        whole
    }
}

/// What a statement speaks of, conditions aside.
fn spoken_of(statement: &Statement, action: &Action) -> Extent {
    match statement.covers(action.name) {
        Some(false) => Extent::Nothing,
        Some(true) => of_resources(statement, &action.shapes),
        None => of_resources(statement, &action.shapes).uncertain(),
    }
}

fn whens(statement: &Statement, asker: Asker<'_>) -> Vec<When> {
    statement.conditions().iter().map(|condition| When::of_condition(condition, asker)).collect()
}

/// Whether a statement of a policy of a resource speaks to somebody of the account of the resource.
pub(super) fn speaks_to(statement: &Statement, asker: Asker<'_>) -> Option<bool> {
    let (Some(named), None) = (&statement.principal, &statement.not_principal) else { return None };
    if named.everybody() || named.aws().any(|name| Some(name) == asker.arn) {
        return Some(true);
    }
    // An Allow to the account leaves it to the policies of IAM; what a Deny does to its roles is not documented for vaults.
    let of_account = |name: &str| names_account(name) && name.contains(asker.account_id);
    let of_session = |name: &str| name.contains(":sts:") || name.contains('*');
    match statement.effect {
        Effect::Deny if named.aws().any(of_account) => None,
        _ if named.aws().any(of_session) || !Principals::understood(named) => None,
        _ => Some(false),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::super::conditions::Mfa;
    use super::*;

    const ROLE: &str = "arn:aws:iam::111122223333:role/ops";
    const DELETE: &str = "backup:DeleteRecoveryPoint";

    fn policy(statements: &[Value]) -> Policy {
        Policy::parse(&json!({ "Version": "2012-10-17", "Statement": statements }).to_string()).unwrap()
    }

    fn one(effect: &str, action: &str) -> Value {
        json!({ "Effect": effect, "Action": action, "Resource": "*" })
    }

    fn changed(mut statement: Value, changes: &Value) -> Value {
        for (name, value) in changes.as_object().unwrap() {
            match value {
                Value::Null => drop(statement.as_object_mut().unwrap().remove(name)),
                _ => statement[name] = value.clone(),
            }
        }
        statement
    }

    fn asker(mfa: Mfa) -> Asker<'static> {
        Asker { arn: Some(ROLE), account_id: "111122223333", mfa }
    }

    fn deletion() -> Action {
        Action {
            name: DELETE,
            shapes: vec!["arn:aws:backup:*:111122223333:recovery-point:*".to_owned(), "arn:aws:ec2:*::snapshot/*".to_owned()],
        }
    }

    fn right(policies: &Policies<'_>) -> Extent {
        policies.right(asker(Mfa::Lacking), &deletion()).extent
    }

    #[test]
    fn statements_together() {
        let (nothing, open, some, all) = (Extent::Nothing, Extent::NotKnown, Extent::Some, Extent::All);
        let allow = || one("Allow", "backup:*");
        let deny = |changes: Value| changed(one("Deny", DELETE), &changes);
        let given = |changes: Value| changed(allow(), &changes);
        let unless = |key: &str, value: &str| json!({ "Condition": { "StringNotEquals": { key: value } } });
        // why, statements, what is left
        let cases = [
            ("nothing is allowed that is not", vec![], nothing),
            ("everything", vec![one("Allow", "*")], all),
            ("everything of the service", vec![allow()], all),
            ("by the beginning of its name, capitals do not count", vec![one("Allow", "BACKUP:delete*")], all),
            ("another action", vec![one("Allow", "backup:StartBackupJob")], nothing),
            ("one letter less", vec![one("Allow", "backup:DeleteRecoveryPoin")], nothing),
            ("all but other actions", vec![given(json!({ "Action": null, "NotAction": "iam:*" }))], all),
            ("all but these", vec![given(json!({ "Action": null, "NotAction": ["iam:*", "backup:Delete*"] }))], nothing),
            ("neither Action nor NotAction", vec![given(json!({ "Action": null }))], open),
            ("some points", vec![given(json!({ "Resource": "arn:aws:ec2:*::snapshot/*" }))], some),
            ("vaults are no points", vec![given(json!({ "Resource": "arn:aws:backup:*:*:backup-vault:*" }))], nothing),
            ("a Deny wins", vec![allow(), deny(json!({}))], nothing),
            ("in whichever order", vec![deny(json!({})), allow()], nothing),
            ("a Deny of everything but reads", vec![allow(), deny(json!({ "Action": null, "NotAction": "backup:List*" }))], nothing),
            ("a Deny of another action", vec![allow(), deny(json!({ "Action": "backup:DeleteBackupVault" }))], all),
            ("a Deny of some points leaves some", vec![allow(), deny(json!({ "Resource": "arn:aws:ec2:*::snapshot/*" }))], some),
            (
                "some points less others",
                vec![
                    given(json!({ "Resource": "arn:aws:ec2:*::snapshot/*" })),
                    deny(json!({ "Resource": "arn:aws:ec2:*::snapshot/snap-1" })),
                ],
                open,
            ),
            ("an Allow under a condition that is not understood", vec![given(unless("aws:SourceVpc", "vpc-1"))], open),
            ("a Deny under one is not sure, and nor is the right", vec![allow(), deny(unless("aws:SourceVpc", "vpc-1"))], open),
            ("a Deny that cannot be read", vec![allow(), deny(json!({ "Action": null }))], open),
            ("a Deny outside of some Regions", vec![allow(), deny(unless("aws:RequestedRegion", "eu-west-1"))], some),
            (
                "an Allow in some Regions",
                vec![given(json!({ "Condition": { "StringEquals": { "aws:RequestedRegion": "eu-west-1" } } }))],
                some,
            ),
            ("a Deny without TLS", vec![allow(), deny(json!({ "Condition": { "Bool": { "aws:SecureTransport": "false" } } }))], all),
            (
                "a Deny to all but another",
                vec![allow(), deny(unless("aws:PrincipalArn", "arn:aws:iam::111122223333:role/break-glass"))],
                nothing,
            ),
            ("a Deny to all but itself", vec![allow(), deny(unless("aws:PrincipalArn", ROLE))], all),
            (
                "a Deny to others, whatever else it asks",
                vec![allow(), deny(json!({ "Condition": { "StringNotEquals": { "aws:PrincipalArn": ROLE, "aws:SourceVpc": "vpc-1" } } }))],
                all,
            ),
            (
                "an Allow to others, whatever else it asks",
                vec![given(json!({ "Condition": { "StringNotEquals": { "aws:PrincipalArn": ROLE, "aws:SourceVpc": "vpc-1" } } }))],
                nothing,
            ),
            ("two ways, one for certain", vec![allow(), given(unless("aws:SourceVpc", "vpc-1"))], all),
            ("a certain Deny of what may be allowed", vec![given(unless("aws:SourceVpc", "vpc-1")), deny(json!({}))], nothing),
        ];
        for (why, statements, expected) in cases {
            let own = policy(&statements);
            assert_eq!(right(&Policies { own: vec![Some(&own)], ..Policies::default() }), expected, "{why}");
        }
    }

    #[test]
    fn policies_together() {
        let (nothing, open, some, all) = (Extent::Nothing, Extent::NotKnown, Extent::Some, Extent::All);
        let (allow, deny, other) = (policy(&[one("Allow", "*")]), policy(&[one("Deny", DELETE)]), policy(&[one("Allow", "s3:*")]));
        let part = policy(&[changed(one("Allow", "*"), &json!({ "Resource": "arn:aws:ec2:*" }))]);
        let (allow, deny, other, part) = (Some(&allow), Some(&deny), Some(&other), Some(&part));
        // why, its own, its boundary, what is left
        let cases: [(&str, Vec<Read<'_>>, Option<Read<'_>>, Extent); 13] = [
            ("the first", vec![allow, other], None, all),
            ("the second", vec![other, allow], None, all),
            ("a Deny in another policy", vec![allow, deny], None, nothing),
            ("one was not read", vec![allow, None], None, open),
            ("one that was not read may be what allows it", vec![other, None], None, open),
            ("denied, whatever was not read", vec![None, deny], None, nothing),
            ("within its boundary", vec![allow], Some(allow), all),
            ("outside of its boundary", vec![allow], Some(other), nothing),
            ("a boundary gives nothing", vec![other], Some(allow), nothing),
            ("a Deny in its boundary", vec![allow], Some(deny), nothing),
            ("in part within its boundary", vec![allow], Some(part), some),
            ("its boundary was not read", vec![allow], Some(None), open),
            ("nothing, whatever its boundary is", vec![other], Some(None), nothing),
        ];
        for (why, own, boundary, expected) in cases {
            assert_eq!(right(&Policies { own, boundary, organization: Bounds::default() }), expected, "{why}");
        }
    }

    #[test]
    fn under_an_organization() {
        let (nothing, open, all) = (Extent::Nothing, Extent::NotKnown, Extent::All);
        let (allow, deny, other) = (policy(&[one("Allow", "*")]), policy(&[one("Deny", DELETE)]), policy(&[one("Allow", "s3:*")]));
        let unclear = policy(&[changed(one("Deny", DELETE), &json!({ "Condition": { "Bool": { "aws:ViaAWSService": "false" } } }))]);
        let (allow, deny, other, unclear) = (Some(&allow), Some(&deny), Some(&other), Some(&unclear));
        // why, levels above, units that may be above, not read in full, what is left
        let cases: [(&str, Vec<Vec<Read<'_>>>, Vec<Vec<Read<'_>>>, bool, Extent); 11] = [
            ("none in force", vec![], vec![], false, all),
            ("each level allows it", vec![vec![allow], vec![allow]], vec![], false, all),
            ("one level allows something else only", vec![vec![allow], vec![other]], vec![], false, nothing),
            ("two policies of a level together", vec![vec![other, allow]], vec![], false, all),
            ("a Deny at one level", vec![vec![allow, deny]], vec![], false, nothing),
            ("a Deny that may hold", vec![vec![allow, unclear]], vec![], false, open),
            ("a unit that allows it", vec![vec![allow]], vec![vec![allow]], false, all),
            ("a unit that may be above denies it", vec![vec![allow]], vec![vec![allow, deny]], false, open),
            ("a unit that may be above allows something else only", vec![vec![allow]], vec![vec![other]], false, open),
            ("not read", vec![], vec![], true, open),
            ("not read in full, but denied", vec![vec![deny]], vec![], true, nothing),
        ];
        for (why, levels, perhaps, not_read, expected) in cases {
            let organization = Bounds { not_read, levels, perhaps };
            assert_eq!(right(&Policies { own: vec![allow], boundary: None, organization }), expected, "{why}");
        }
        let organization = Bounds { not_read: true, ..Bounds::default() };
        assert_eq!(right(&Policies { own: vec![other], boundary: None, organization }), nothing, "an organization gives nothing");
    }

    #[test]
    fn with_and_without_a_second_factor() {
        let (nothing, all) = (Extent::Nothing, Extent::All);
        let given = |effect: &str, operator: &str, value: &str| {
            changed(one(effect, DELETE), &json!({ "Condition": { operator: { "aws:MultiFactorAuthPresent": value } } }))
        };
        let allow = || one("Allow", DELETE);
        // why, statements, with one, in a session without one, with long-term keys
        let cases = [
            ("no condition", vec![allow()], [all, all, all]),
            ("allowed with one", vec![given("Allow", "Bool", "true")], [all, nothing, nothing]),
            ("allowed with one, but long-term keys slip through", vec![given("Allow", "BoolIfExists", "true")], [all, nothing, all]),
            ("denied without one", vec![allow(), given("Deny", "BoolIfExists", "false")], [all, nothing, nothing]),
            ("denied without one, but long-term keys are missed", vec![allow(), given("Deny", "Bool", "false")], [all, nothing, all]),
            (
                "the same, with a second Deny for them",
                vec![allow(), given("Deny", "Bool", "false"), given("Deny", "Null", "true")],
                [all, nothing, nothing],
            ),
            ("allowed with one, and without", vec![given("Allow", "Bool", "true"), allow()], [all, all, all]),
        ];
        for (why, statements, expected) in cases {
            let own = policy(&statements);
            let policies = Policies { own: vec![Some(&own)], ..Policies::default() };
            assert_eq!(Mfa::ALL.map(|mfa| policies.right(asker(mfa), &deletion()).extent), expected, "{why}");
        }
    }

    #[test]
    fn what_is_denied_for_certain() {
        let (deny, unclear) =
            (one("Deny", DELETE), changed(one("Deny", DELETE), &json!({ "Condition": { "Bool": { "aws:ViaAWSService": "true" } } })));
        let part = changed(one("Deny", DELETE), &json!({ "Resource": "arn:aws:ec2:*::snapshot/*" }));
        for (why, statement, expected) in [("all of it", deny, true), ("perhaps", unclear, false), ("a part", part, false)] {
            let own = policy(&[statement]);
            let right = Policies { own: vec![Some(&own)], ..Policies::default() }.right(asker(Mfa::Lacking), &deletion());
            assert_eq!(right, Right { extent: Extent::Nothing, denied: expected }, "{why}");
        }
    }

    #[test]
    fn whom_policies_of_vaults_speak_to() {
        let (yes, no, open) = (Some(true), Some(false), None);
        let to = |effect: &str, principal: Value| changed(one(effect, DELETE), &json!({ "Principal": principal }));
        let of_account = json!({ "AWS": "arn:aws:iam::111122223333:root" });
        // why, statement, whether it speaks to the role
        let cases = [
            ("everybody", to("Deny", json!("*")), yes),
            ("every account", to("Deny", json!({ "AWS": "*" })), yes),
            ("the role", to("Deny", json!({ "AWS": [ROLE, "arn:aws:iam::111122223333:role/x"] })), yes),
            ("another", to("Deny", json!({ "AWS": "arn:aws:iam::111122223333:role/x" })), no),
            ("a session of some role", to("Deny", json!({ "AWS": "arn:aws:sts::111122223333:assumed-role/ops/ana" })), open),
            ("the account, in a Deny", to("Deny", of_account.clone()), open),
            ("the account, in an Allow: IAM decides", to("Allow", of_account), no),
            ("another account", to("Deny", json!({ "AWS": "444455556666" })), no),
            ("a service", to("Deny", json!({ "Service": "backup.amazonaws.com" })), no),
            ("a directory", to("Deny", json!({ "Federated": "x" })), open),
            ("all but another", changed(one("Deny", DELETE), &json!({ "NotPrincipal": { "AWS": "444455556666" } })), open),
            ("nobody named", one("Deny", DELETE), open),
        ];
        for (why, statement, expected) in cases {
            let policy = policy(&[statement]);
            let statement = policy.statements(Effect::Deny).chain(policy.statements(Effect::Allow)).next().unwrap();
            assert_eq!(speaks_to(statement, asker(Mfa::Lacking)), expected, "{why}");
        }
    }
}
