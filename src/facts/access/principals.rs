//! Users and roles with their policies, as IAM lists them.

use std::collections::BTreeMap;

use super::rights::{Bounds, Policies, Read};
use super::trust::Trust;
use crate::dataset::rows::Json;
use crate::facts::policies::document::Policy;
use crate::facts::population::json;
use crate::facts::{FactError, Inputs};

const TABLE: &str = "iam_principals";

crate::rows! {
    /// What is needed of `iam_principals`.
    struct PrincipalRow {
        account_id: Text; principal_arn: Text; principal_kind: Text; principal_name: Text; trust_policy: Json; attached_policy_arns: Json;
        inline_policy_names: Json; group_names: Json; permissions_boundary_arn: Text; collection: Text;
    }
}

crate::rows! {
    /// What is needed of `iam_policies`.
    struct PolicyRow { account_id: Text; owner_arn: Text; policy_name: Text; policy_kind: Text; document: Json; }
}

/// Account, owner, and name if it is inline.
type PolicyKey = (String, String, Option<String>);

/// A user, group or role.
#[derive(Clone, Debug)]
pub(super) struct Principal {
    pub(super) arn: String,
    pub(super) account_id: String,
    pub(super) is_user: bool,
    pub(super) trust: Trust,
    pub(super) collection: Option<String>,
    name: Option<String>,
    attached: Option<Vec<String>>,
    inline: Option<Vec<String>>,
    /// Names of the groups of a user.
    groups: Option<Vec<String>>,
    boundary: Option<String>,
}

impl Principal {
    /// Whether it is the role of a service: their path is AWS's own.
    pub(super) fn is_service_linked(&self) -> bool {
        self.arn.contains(":role/aws-service-role/")
    }
}

/// All of them, with the policies that were read.
#[derive(Debug)]
pub(super) struct Principals {
    acting: Vec<Principal>,
    /// By account and name.
    groups: BTreeMap<(String, String), Principal>,
    policies: BTreeMap<PolicyKey, Option<Policy>>,
}

impl Principals {
    /// Reads them.
    pub(super) fn read(inputs: &Inputs<'_>) -> Result<Self, FactError> {
        let (mut acting, mut groups) = (Vec::new(), BTreeMap::new());
        for row in inputs.rows::<PrincipalRow>(TABLE)? {
            let is_group = row.principal_kind.as_deref() == Some("group");
            let principal = principal(row)?;
            match principal.name.clone() {
                Some(name) if is_group => drop(groups.insert((principal.account_id.clone(), name), principal)),
                _ if is_group => {}
                _ => acting.push(principal),
            }
        }
        let mut policies = BTreeMap::new();
        for row in inputs.rows::<PolicyRow>("iam_policies")? {
            let inline = row.policy_name.filter(|_| row.policy_kind.as_deref() == Some("inline"));
            let document = row.document.and_then(|Json(text)| Policy::parse(&text).ok());
            policies.insert((row.account_id.unwrap_or_default(), row.owner_arn.unwrap_or_default(), inline), document);
        }
        Ok(Self { acting, groups, policies })
    }

    /// Users and roles.
    pub(super) fn acting(&self) -> impl Iterator<Item = &Principal> {
        self.acting.iter()
    }

    /// The policies of somebody, without those of the organization.
    pub(super) fn policies(&self, principal: &Principal) -> Policies<'_> {
        let mut own = self.of(principal);
        match &principal.groups {
            None => own.push(None),
            Some(names) => own.extend(names.iter().flat_map(|name| {
                let group = self.groups.get(&(principal.account_id.clone(), name.clone()));
                group.map_or_else(|| vec![None], |group| self.of(group))
            })),
        }
        let boundary = principal.boundary.as_ref().map(|arn| self.policy(principal, arn, None));
        Policies { own, boundary, organization: Bounds::default() }
    }

    /// The policies that stand at a principal itself.
    fn of(&self, principal: &Principal) -> Vec<Read<'_>> {
        let attached = principal.attached.as_ref().map(|arns| arns.iter().map(|arn| self.policy(principal, arn, None)).collect());
        let inline =
            principal.inline.as_ref().map(|names| names.iter().map(|name| self.policy(principal, &principal.arn, Some(name))).collect());
        [attached, inline].into_iter().flat_map(|list: Option<Vec<_>>| list.unwrap_or_else(|| vec![None])).collect()
    }

    fn policy(&self, principal: &Principal, owner_arn: &str, inline: Option<&String>) -> Read<'_> {
        self.policies.get(&(principal.account_id.clone(), owner_arn.to_owned(), inline.cloned()))?.as_ref()
    }
}

fn principal(row: PrincipalRow) -> Result<Principal, FactError> {
    let arn = row.principal_arn.unwrap_or_default();
    let is_user = row.principal_kind.as_deref() == Some("user");
    let trust = row.trust_policy.and_then(|Json(text)| Policy::parse(&text).ok());
    Ok(Principal {
        attached: json(TABLE, "attached_policy_arns", &arn, row.attached_policy_arns)?,
        inline: json(TABLE, "inline_policy_names", &arn, row.inline_policy_names)?,
        // Only users have groups.
        groups: if is_user { json(TABLE, "group_names", &arn, row.group_names)? } else { Some(Vec::new()) },
        account_id: row.account_id.unwrap_or_default(),
        trust: if is_user { Trust::USER } else { Trust::of(trust.as_ref()) },
        name: row.principal_name,
        boundary: row.permissions_boundary_arn,
        collection: row.collection,
        is_user,
        arn,
    })
}
