//! The roles that AWS Backup takes on.
//!
//! Whether policies of one's own let a role do its work is not weighed: only that AWS's managed policy for backups is attached is certain, and that a
//! role without any policy can do nothing. Nor is what a permissions boundary leaves: it is certain only of one that allows everything.
//!
//! Source: AWS Backup developer guide, "IAM service roles"; "Managed policies for AWS Backup"; IAM user guide, "Permissions boundaries".

use std::collections::{BTreeMap, BTreeSet};

use crate::dataset::rows::Json;
use crate::facts::access::trust::{ASSUME, Trust};
use crate::facts::objectives::{and, or};
use crate::facts::policies::document::{Effect, Policy, Statement};
use crate::facts::population::json;
use crate::facts::{FactError, Inputs};

const TABLE: &str = "iam_principals";
/// The principal that backs up.
const BACKUP: &str = "backup.amazonaws.com";
/// AWS's own policy that lets a role back everything up but buckets, after the partition: whoever made one of that name in an account did not copy it.
const MANAGED_POLICY: &str = ":iam::aws:policy/service-role/AWSBackupServiceRolePolicyForBackup";

crate::rows! {
    /// What is needed of `iam_principals`.
    struct PrincipalRow {
        account_id: Text; principal_arn: Text; principal_kind: Text; trust_policy: Json; attached_policy_arns: Json; inline_policy_names: Json;
        permissions_boundary_arn: Text;
    }
}

crate::rows! {
    /// What is needed of `iam_policies`.
    struct PolicyRow { account_id: Text; owner_arn: Text; policy_kind: Text; document: Json; }
}

/// Accounts and managed policies that allow everything.
type Boundless = BTreeSet<(String, String)>;

/// What is known of a role; `None` where it is not.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct RolesOf {
    pub(super) exists: Option<bool>,
    pub(super) trusts_backup: Option<bool>,
    pub(super) trusts_only_backup: Option<bool>,
    pub(super) may_back_up: Option<bool>,
}

impl RolesOf {
    /// What is wrong, in words.
    pub(super) fn problem(self, arn: Option<&str>) -> Option<String> {
        let arn = arn?;
        match self {
            Self { exists: Some(false), .. } => Some(format!("the role {arn} does not exist")),
            Self { trusts_backup: Some(false), .. } => Some(format!("AWS Backup may not take on the role {arn}")),
            Self { may_back_up: Some(false), .. } => Some(format!("the role {arn} has no policy that lets it back anything up")),
            _ => None,
        }
    }
}

/// Roles by ARN.
pub(super) struct Roles {
    by_arn: BTreeMap<String, RolesOf>,
    read: BTreeMap<String, bool>,
}

impl Roles {
    /// Reads them.
    ///
    /// # Errors
    /// As reading the table; cells that are no JSON.
    pub(super) fn read(inputs: &Inputs<'_>) -> Result<Self, FactError> {
        let boundless = boundless(inputs)?;
        let mut by_arn = BTreeMap::new();
        for row in inputs.rows::<PrincipalRow>(TABLE)? {
            if row.principal_kind.as_deref() == Some("role") {
                by_arn.insert(row.principal_arn.clone().unwrap_or_default(), role(row, &boundless)?);
            }
        }
        let accounts = inputs.snapshot.scope().iter().map(|(account_id, _)| account_id.clone());
        let read = accounts.map(|account_id| (account_id.clone(), inputs.complete_in_account(TABLE, &account_id))).collect();
        Ok(Self { by_arn, read })
    }

    /// The role that a selection of an account names.
    pub(super) fn of(&self, account_id: &str, arn: Option<&str>) -> RolesOf {
        let Some(arn) = arn else { return RolesOf::default() };
        let listed = self.read.get(account_id).copied().unwrap_or(false);
        self.by_arn.get(arn).copied().unwrap_or(RolesOf { exists: listed.then_some(false), ..RolesOf::default() })
    }
}

fn role(row: PrincipalRow, boundless: &Boundless) -> Result<RolesOf, FactError> {
    let arn = row.principal_arn.unwrap_or_default();
    let trust = row.trust_policy.and_then(|Json(text)| Policy::parse(&text).ok());
    let attached: Option<Vec<String>> = json(TABLE, "attached_policy_arns", &arn, row.attached_policy_arns)?;
    let inline: Option<Vec<String>> = json(TABLE, "inline_policy_names", &arn, row.inline_policy_names)?;
    let (trusts_backup, trusts_only_backup) = trust.as_ref().map(trusted).unwrap_or_default();
    let account_id = row.account_id.unwrap_or_default();
    let bounded = row.permissions_boundary_arn.is_some_and(|boundary| !boundless.contains(&(account_id, boundary)));
    // What a boundary leaves of what is allowed may be nothing.
    let may_back_up = may_back_up(attached.as_deref(), inline.as_deref()).filter(|may| !may || !bounded);
    Ok(RolesOf { exists: Some(true), trusts_backup, trusts_only_backup, may_back_up })
}

fn may_back_up(attached: Option<&[String]>, inline: Option<&[String]>) -> Option<bool> {
    if attached?.iter().any(|policy| policy.ends_with(MANAGED_POLICY)) {
        return Some(true);
    }
    (attached?.is_empty() && inline?.is_empty()).then_some(false)
}

/// The managed policies that allow everything, as boundaries that bound nothing.
fn boundless(inputs: &Inputs<'_>) -> Result<Boundless, FactError> {
    let allows_all = |policy: &Policy| {
        let whole = |one: &Statement| one.writes_out("*") && one.every_resource() == Some(true) && one.conditions().is_empty();
        policy.statements(Effect::Allow).any(whole) && policy.statements(Effect::Deny).next().is_none()
    };
    let managed = inputs.rows::<PolicyRow>("iam_policies")?.into_iter().filter(|row| row.policy_kind.as_deref() != Some("inline"));
    let whole = managed.filter(|row| {
        let policy = row.document.as_ref().and_then(|Json(text)| Policy::parse(text).ok());
        policy.as_ref().is_some_and(allows_all)
    });
    Ok(whole.map(|row| (row.account_id.unwrap_or_default(), row.owner_arn.unwrap_or_default())).collect())
}

/// Whether AWS Backup may take on a role, and whether nobody else may. A denial leaves both open.
fn trusted(policy: &Policy) -> (Option<bool>, Option<bool>) {
    if policy.statements(Effect::Deny).next().is_some() {
        return (None, None);
    }
    let any = |of: &dyn Fn(&Statement) -> Option<bool>| {
        policy.statements(Effect::Allow).map(|one| and(one.covers(ASSUME), of(one))).fold(Some(false), or)
    };
    let backup = any(&|one| names(one, &|service| service == BACKUP));
    let services = any(&|one| names(one, &|service| service != BACKUP));
    let others = or(Trust::of(Some(policy)).others, services);
    (backup, and(backup, others.map(|others| !others)))
}

/// Whether a statement names a service; whether `*` does is not known.
fn names(statement: &Statement, is: &dyn Fn(&str) -> bool) -> Option<bool> {
    let (Some(named), None) = (&statement.principal, &statement.not_principal) else { return None };
    if named.services().any(is) {
        return Some(true);
    }
    (!named.everybody()).then_some(false)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whom_a_role_trusts() {
        let by = |principal: &str, action: &str| {
            format!(r#"{{"Statement":[{{"Effect":"Allow","Principal":{principal},"Action":"{action}"}}]}}"#)
        };
        let allow = |principal: &str| by(principal, "sts:AssumeRole");
        let beside = |principal: &str, action: &str| {
            let backup = r#"{"Effect":"Allow","Principal":{"Service":"backup.amazonaws.com"},"Action":"sts:AssumeRole"}"#;
            format!(r#"{{"Statement":[{backup},{{"Effect":"Allow","Principal":{principal},"Action":"{action}"}}]}}"#)
        };
        let (backup, account) = (r#"{"Service":"backup.amazonaws.com"}"#, r#"{"AWS":"arn:aws:iam::222233334444:root"}"#);
        let (saml, web) = (r#"{"Federated":"arn:aws:iam::111122223333:saml-provider/corp"}"#, r#"{"Federated":"id.example.com"}"#);
        let (yes, no) = (Some(true), Some(false));
        // why, policy, AWS Backup, only AWS Backup
        let cases = [
            ("AWS Backup", allow(backup), yes, yes),
            ("beside another service", allow(r#"{"Service":["backup.amazonaws.com","ec2.amazonaws.com"]}"#), yes, no),
            ("beside an account", allow(r#"{"Service":"backup.amazonaws.com","AWS":"arn:aws:iam::222233334444:root"}"#), yes, no),
            ("beside people of a directory", beside(saml, "sts:AssumeRoleWithSAML"), yes, no),
            ("beside programs of a provider", beside(web, "sts:AssumeRoleWithWebIdentity"), yes, no),
            ("a directory that may do something else", beside(saml, "sts:TagSession"), yes, yes),
            ("beside an account, by a wildcard", beside(account, "sts:Assume*"), yes, no),
            ("beside an account, by any action", beside(account, "*"), yes, no),
            ("beside an account, in other letters", beside(account, "STS:assumerole"), yes, no),
            ("in other letters", by(backup, "STS:ASSUMEROLE"), yes, yes),
            ("by a wildcard", by(backup, "sts:*"), yes, yes),
            ("another service", allow(r#"{"Service":"ec2.amazonaws.com"}"#), no, no),
            ("everybody, who may be services", allow(r#""*""#), None, no),
            ("AWS Backup and everybody", beside(r#""*""#, "sts:AssumeRole"), yes, no),
            (
                "beside all but an account",
                beside(account, "sts:AssumeRole").replace(r#""Principal":{"AWS""#, r#""NotPrincipal":{"AWS""#),
                yes,
                None,
            ),
            ("beside what is of another kind", beside(r#"{"Spirit":"x"}"#, "sts:AssumeRole"), yes, None),
            ("one statement that is no list", allow(backup).replace(['[', ']'], ""), yes, yes),
            ("a denial, which is not weighed", allow(backup).replace("Allow", "Deny"), None, None),
            ("another action", allow(backup).replace("AssumeRole", "TagSession"), no, no),
            ("nobody", r#"{"Statement":[]}"#.to_owned(), no, no),
        ];
        for (why, policy, backup, only) in cases {
            assert_eq!(trusted(&Policy::parse(&policy).unwrap()), (backup, only), "{why}");
        }
    }

    #[test]
    fn what_a_role_may_do() {
        let managed = vec!["arn:aws:iam::aws:policy/service-role/AWSBackupServiceRolePolicyForBackup".to_owned()];
        let namesake = vec!["arn:aws:iam::111122223333:policy/service-role/AWSBackupServiceRolePolicyForBackup".to_owned()];
        let own = vec!["arn:aws:iam::111122223333:policy/backups".to_owned()];
        let cases = [
            ("AWS's policy", Some(managed), Some(vec![]), Some(true)),
            ("policies of one's own may do", Some(own), Some(vec![]), None),
            ("one of that name is not AWS's", Some(namesake), Some(vec![]), None),
            ("an inline one may do", Some(vec![]), Some(vec!["all".to_owned()]), None),
            ("none at all", Some(vec![]), Some(vec![]), Some(false)),
            ("not read", None, None, None),
        ];
        for (why, attached, inline, expected) in cases {
            assert_eq!(may_back_up(attached.as_deref(), inline.as_deref()), expected, "{why}");
        }
    }
}
