//! What is said of rights against every request that could be made: a slow second opinion.
//!
//! A request names a thing, a Region and a second factor, and a fact that nobody knows either holds or not. Whoever may, may make such a request whether
//! it holds or not; whoever may not, can make none.

use proptest::prelude::*;
use serde_json::{Value, json};

use super::conditions::{Asker, Mfa};
use super::rights::{Action, Bounds, Policies, Read};
use crate::facts::policies::document::Policy;

const ROLE: &str = "arn:aws:iam::111122223333:role/ops";
const POINT: &str = "arn:aws:backup:eu-west-1:111122223333:recovery-point:x";
const SNAPSHOT: &str = "arn:aws:ec2:eu-west-1::snapshot/snap-1";

/// A condition of a statement.
#[derive(Clone, Copy, Debug)]
enum Given {
    Nothing,
    /// What nobody knows.
    Unknown,
    InOneRegion,
    OutsideOfIt,
    Mfa,
    MfaIfTold,
    NoMfa,
    NoMfaIfTold,
    OtherRole,
}

#[derive(Clone, Copy, Debug)]
struct Spec {
    allows: bool,
    covers: bool,
    /// What it speaks of: everything, or one kind.
    thing: Option<&'static str>,
    given: Given,
}

/// A request, and whether what nobody knows holds.
#[derive(Clone, Copy, Debug)]
struct Request {
    thing: &'static str,
    home: bool,
    mfa: Mfa,
    unknown: bool,
}

impl Spec {
    fn statement(self) -> Value {
        let (operator, key, value) = match self.given {
            Given::Nothing => ("", "", ""),
            Given::Unknown => ("StringEquals", "aws:SourceVpc", "vpc-1"),
            Given::InOneRegion => ("StringEquals", "aws:RequestedRegion", "eu-west-1"),
            Given::OutsideOfIt => ("StringNotEquals", "aws:RequestedRegion", "eu-west-1"),
            Given::Mfa => ("Bool", "aws:MultiFactorAuthPresent", "true"),
            Given::MfaIfTold => ("BoolIfExists", "aws:MultiFactorAuthPresent", "true"),
            Given::NoMfa => ("Bool", "aws:MultiFactorAuthPresent", "false"),
            Given::NoMfaIfTold => ("BoolIfExists", "aws:MultiFactorAuthPresent", "false"),
            Given::OtherRole => ("ArnEquals", "aws:PrincipalArn", "arn:aws:iam::111122223333:role/other"),
        };
        let mut statement = json!({
            "Effect": if self.allows { "Allow" } else { "Deny" },
            "Action": if self.covers { "backup:Delete*" } else { "backup:List*" },
            "Resource": self.thing.unwrap_or("*"),
        });
        if !key.is_empty() {
            statement["Condition"] = json!({ operator: { key: value } });
        }
        statement
    }

    fn speaks(self, request: Request) -> bool {
        let given = match self.given {
            Given::Nothing => true,
            Given::Unknown => request.unknown,
            Given::InOneRegion => request.home,
            Given::OutsideOfIt => !request.home,
            Given::Mfa => request.mfa == Mfa::Present,
            Given::MfaIfTold => request.mfa != Mfa::Lacking,
            Given::NoMfa => request.mfa == Mfa::Lacking,
            Given::NoMfaIfTold => request.mfa != Mfa::Present,
            Given::OtherRole => false,
        };
        self.covers && self.thing.is_none_or(|thing| thing == request.thing) && given
    }
}

fn is_allowed(own: &[Spec], boundary: Option<&[Spec]>, request: Request) -> bool {
    let says = |specs: &[Spec], allows: bool| specs.iter().any(|spec| spec.allows == allows && spec.speaks(request));
    let bounded = boundary.is_none_or(|boundary| says(boundary, true) && !says(boundary, false));
    says(own, true) && !says(own, false) && bounded
}

fn is_possible(own: &[Spec], boundary: Option<&[Spec]>, mfa: Mfa, unknown: bool) -> bool {
    let requests = [POINT, SNAPSHOT].into_iter().flat_map(|thing| [true, false].map(|home| Request { thing, home, mfa, unknown }));
    requests.into_iter().any(|request| is_allowed(own, boundary, request))
}

fn policy(specs: &[Spec]) -> Policy {
    let statements: Vec<Value> = specs.iter().map(|spec| spec.statement()).collect();
    Policy::parse(&json!({ "Statement": statements }).to_string()).unwrap()
}

fn may(own: &[Read<'_>], boundary: Option<Read<'_>>, mfa: Mfa) -> Option<bool> {
    let policies = Policies { own: own.to_vec(), boundary, organization: Bounds::default() };
    let deletion = Action { name: "backup:DeleteRecoveryPoint", shapes: vec![POINT.to_owned(), SNAPSHOT.to_owned()] };
    policies.right(Asker { arn: Some(ROLE), account_id: "111122223333", mfa }, &deletion).extent.may()
}

prop_compose! {
    fn spec()(
        allows in prop::bool::weighted(0.7),
        covers in prop::bool::weighted(0.9),
        thing in prop_oneof![2 => Just(None), 1 => Just(Some(POINT)), 1 => Just(Some(SNAPSHOT))],
        given in prop_oneof![
            4 => Just(Given::Nothing), 1 => Just(Given::Unknown), 1 => Just(Given::InOneRegion), 1 => Just(Given::OutsideOfIt), 1 => Just(Given::Mfa),
            1 => Just(Given::MfaIfTold), 1 => Just(Given::NoMfa), 1 => Just(Given::NoMfaIfTold), 1 => Just(Given::OtherRole)
        ],
    ) -> Spec {
        Spec { allows, covers, thing, given }
    }
}

fn specs() -> impl Strategy<Value = Vec<Spec>> {
    prop::collection::vec(spec(), 0..5)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2_000))]

    #[test]
    fn what_is_certain_holds_for_every_request(own in specs(), boundary in prop::option::of(specs())) {
        let (first, bound) = (policy(&own), boundary.as_deref().map(policy));
        for mfa in Mfa::ALL {
            if let Some(answer) = may(&[Some(&first)], bound.as_ref().map(Some), mfa) {
                for unknown in [true, false] {
                    prop_assert_eq!(is_possible(&own, boundary.as_deref(), mfa, unknown), answer, "{:?}, unknown {}", mfa, unknown);
                }
            }
        }
    }

    #[test]
    fn what_was_not_read_only_takes_away(own in specs(), other in specs(), boundary in specs()) {
        let (own, other, boundary) = (policy(&own), policy(&other), policy(&boundary));
        let (own, other, boundary) = (Some(&own), Some(&other), Some(&boundary));
        for mfa in Mfa::ALL {
            let whole = may(&[own, other], Some(boundary), mfa);
            for lacking in [may(&[own, None], Some(boundary), mfa), may(&[own, other], Some(None), mfa), may(&[None, None], Some(None), mfa)] {
                prop_assert!(lacking.is_none() || lacking == whole, "{:?}: {:?} became {:?}", mfa, whole, lacking);
            }
        }
    }

    #[test]
    fn plain_policies_leave_nothing_open(own in specs(), boundary in prop::option::of(specs())) {
        let plain = |specs: &[Spec]| -> Vec<Spec> {
            specs.iter().map(|spec| Spec { thing: None, given: Given::Nothing, ..*spec }).collect()
        };
        let (own, boundary) = (policy(&plain(&own)), boundary.map(|boundary| policy(&plain(&boundary))));
        prop_assert!(may(&[Some(&own)], boundary.as_ref().map(Some), Mfa::Lacking).is_some());
    }
}
