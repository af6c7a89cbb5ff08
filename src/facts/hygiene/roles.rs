//! The roles that AWS Backup takes on.
//!
//! Whether policies of one's own let a role do its work is not weighed: only that AWS's managed policy for backups is attached is certain, and that a
//! role without any policy can do nothing.
//!
//! Source: AWS Backup developer guide, "IAM service roles"; "Managed policies for AWS Backup".

use std::collections::BTreeMap;

use serde_json::Value;

use crate::dataset::rows::Json;
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
    }
}

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
        let mut by_arn = BTreeMap::new();
        for row in inputs.rows::<PrincipalRow>(TABLE)? {
            if row.principal_kind.as_deref() == Some("role") {
                let arn = row.principal_arn.unwrap_or_default();
                let role = role(&arn, row.trust_policy, row.attached_policy_arns, row.inline_policy_names)?;
                by_arn.insert(arn, role);
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

fn role(arn: &str, trust: Option<Json>, attached: Option<Json>, inline: Option<Json>) -> Result<RolesOf, FactError> {
    let trust: Option<Value> = json(TABLE, "trust_policy", arn, trust)?;
    let attached: Option<Vec<String>> = json(TABLE, "attached_policy_arns", arn, attached)?;
    let inline: Option<Vec<String>> = json(TABLE, "inline_policy_names", arn, inline)?;
    let (trusts_backup, trusts_only_backup) = trust.as_ref().map(trusted).unwrap_or_default();
    Ok(RolesOf { exists: Some(true), trusts_backup, trusts_only_backup, may_back_up: may_back_up(attached.as_deref(), inline.as_deref()) })
}

fn may_back_up(attached: Option<&[String]>, inline: Option<&[String]>) -> Option<bool> {
    if attached?.iter().any(|policy| policy.ends_with(MANAGED_POLICY)) {
        return Some(true);
    }
    (attached?.is_empty() && inline?.is_empty()).then_some(false)
}

/// Whether AWS Backup may take on a role, and whether nobody else may. A denial, or an element that says "all but", leaves both open.
fn trusted(policy: &Value) -> (Option<bool>, Option<bool>) {
    let statements = list(policy.get("Statement"));
    let plain = |statement: &&Value| {
        statement.get("Effect").and_then(Value::as_str) == Some("Allow")
            && ["NotPrincipal", "NotAction"].iter().all(|name| statement.get(name).is_none())
    };
    if statements.is_empty() || !statements.iter().all(plain) {
        return (None, None);
    }
    let assumes = |statement: &&&Value| {
        list(statement.get("Action")).iter().any(|action| matches!(action.as_str(), Some("sts:AssumeRole" | "sts:*" | "*")))
    };
    let (mut backup, mut others) = (false, false);
    for statement in statements.iter().filter(assumes) {
        let names = principals(statement.get("Principal"));
        backup |= names.contains(&BACKUP);
        others |= names.iter().any(|name| *name != BACKUP);
    }
    (Some(backup), Some(backup && !others))
}

fn principals(principal: Option<&Value>) -> Vec<&str> {
    match principal {
        Some(Value::String(everybody)) => vec![everybody],
        Some(Value::Object(kinds)) => kinds.values().flat_map(|names| list(Some(names))).filter_map(Value::as_str).collect(),
        _ => Vec::new(),
    }
}

/// Policies may write one thing or a list of them.
fn list(value: Option<&Value>) -> Vec<&Value> {
    match value {
        None => Vec::new(),
        Some(Value::Array(items)) => items.iter().collect(),
        Some(one) => vec![one],
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whom_a_role_trusts() {
        let allow =
            |principal: &str| format!(r#"{{"Statement":[{{"Effect":"Allow","Principal":{principal},"Action":"sts:AssumeRole"}}]}}"#);
        let (yes, no) = (Some(true), Some(false));
        // why, policy, AWS Backup, only AWS Backup
        let cases = [
            ("AWS Backup", allow(r#"{"Service":"backup.amazonaws.com"}"#), yes, yes),
            ("beside another service", allow(r#"{"Service":["backup.amazonaws.com","ec2.amazonaws.com"]}"#), yes, no),
            ("beside an account", allow(r#"{"Service":"backup.amazonaws.com","AWS":"arn:aws:iam::222233334444:root"}"#), yes, no),
            ("another service", allow(r#"{"Service":"ec2.amazonaws.com"}"#), no, no),
            ("everybody", allow(r#""*""#), no, no),
            ("one statement that is no list", allow(r#"{"Service":"backup.amazonaws.com"}"#).replace(['[', ']'], ""), yes, yes),
            ("a denial, which is not weighed", allow(r#"{"Service":"backup.amazonaws.com"}"#).replace("Allow", "Deny"), None, None),
            ("another action", allow(r#"{"Service":"backup.amazonaws.com"}"#).replace("AssumeRole", "TagSession"), no, no),
            ("nothing", "{}".to_owned(), None, None),
        ];
        for (why, policy, backup, only) in cases {
            let policy: Value = serde_json::from_str(&policy).unwrap();
            assert_eq!(trusted(&policy), (backup, only), "{why}");
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
