//! Users and roles of the account, and the policies of its own: whom AWS Backup works as, and who may be it besides.

use backup_audit::collect::iam_principals::{IamPolicyRow, IamPrincipalRow};
use serde_json::{Value, json as value};

use crate::plans::ACCOUNT;
use crate::rows::{json, strings, text};
use crate::world::Place;

/// The role that the console makes.
pub(crate) const DEFAULT_ROLE: &str = "service-role/AWSBackupDefaultServiceRole";
/// One that operators take on as well, to restore by hand.
pub(crate) const OPERATOR_ROLE: &str = "acme-backup-operator";
/// One with a policy and a trust of its own making.
pub(crate) const LAB_ROLE: &str = "acme-lab-backup";
/// One that whoever is on call takes on, with everything allowed.
const ADMIN_ROLE: &str = "acme-admin";
/// One that somebody deleted; selections still name it.
pub(crate) const GONE_ROLE: &str = "acme-backup-2023";
/// The one that AWS uses for automatic backups of EFS.
pub(crate) const SERVICE_LINKED_ROLE: &str = "aws-service-role/backup.amazonaws.com/AWSServiceRoleForBackup";

/// Policies that AWS manages.
const FOR_BACKUP: &str = "arn:aws:iam::aws:policy/service-role/AWSBackupServiceRolePolicyForBackup";
const FOR_RESTORES: &str = "arn:aws:iam::aws:policy/service-role/AWSBackupServiceRolePolicyForRestores";
const LINKED: &str = "arn:aws:iam::aws:policy/aws-service-role/AWSBackupServiceLinkedRolePolicyForBackup";

/// ARN of a role, of its path and name.
pub(crate) fn role_arn(role: &str) -> String {
    format!("arn:aws:iam::{ACCOUNT}:role/{role}")
}

/// The users and roles of an account.
pub(crate) fn principals(place: Place) -> Vec<IamPrincipalRow> {
    if place.account != ACCOUNT {
        return Vec::new();
    }
    let backup = value!({ "Service": "backup.amazonaws.com" });
    let operators = value!({ "AWS": format!("arn:aws:iam::{ACCOUNT}:root"), "Service": "backup.amazonaws.com" });
    let auditor = value!({ "AWS": "arn:aws:iam::123456789012:root" });
    let for_others = value!({ "StringNotEquals": { "aws:SourceAccount": ACCOUNT } });
    let deny = value!({ "Effect": "Deny", "Principal": "*", "Action": "sts:AssumeRole", "Condition": for_others });
    let managed = [FOR_BACKUP, FOR_RESTORES];
    let users = value!({ "AWS": format!("arn:aws:iam::{ACCOUNT}:root") });
    let lee = IamPrincipalRow {
        principal_arn: Some(format!("arn:aws:iam::{ACCOUNT}:user/lee")),
        group_names: Some(strings::<&str>([])),
        ..row("user", "lee", &[], &[])
    };
    vec![
        role(DEFAULT_ROLE, &[allow(&backup)], &managed, &[]),
        role(OPERATOR_ROLE, &[allow(&operators)], &managed, &[]),
        role(LAB_ROLE, &[allow(&backup), deny], &[], &["lab-snapshots"]),
        role(SERVICE_LINKED_ROLE, &[allow(&backup)], &[LINKED], &[]),
        role("backup-audit-read", &[allow(&auditor)], &[], &["read"]),
        role(ADMIN_ROLE, &[allow(&users)], &[], &["all"]),
        lee,
    ]
}

/// The account's own policies. Those of AWS are left out here, though IAM would tell them.
pub(crate) fn policies(place: Place) -> Vec<IamPolicyRow> {
    if place.account != ACCOUNT {
        return Vec::new();
    }
    let inline = |role: &str, name: &str, actions: &[&str]| IamPolicyRow {
        owner_arn: Some(role_arn(role)),
        policy_name: text(name),
        policy_kind: text("inline"),
        document: Some(policy(&[value!({ "Effect": "Allow", "Action": actions, "Resource": "*" })])),
        ..IamPolicyRow::default()
    };
    vec![
        inline(LAB_ROLE, "lab-snapshots", &["rds:CreateDBSnapshot", "rds:AddTagsToResource", "rds:DescribeDBSnapshots"]),
        inline(ADMIN_ROLE, "all", &["*"]),
        inline("backup-audit-read", "read", &["backup:List*", "backup:Get*", "backup:Describe*"]),
    ]
}

fn allow(principal: &Value) -> Value {
    value!({ "Effect": "Allow", "Principal": principal, "Action": "sts:AssumeRole" })
}

fn policy(statements: &[Value]) -> backup_audit::dataset::rows::Json {
    json(value!({ "Version": "2012-10-17", "Statement": statements }))
}

fn role(role: &str, trust: &[Value], attached: &[&str], inline: &[&str]) -> IamPrincipalRow {
    let (path, name) = role.rsplit_once('/').map_or(("/".to_owned(), role), |(path, name)| (format!("/{path}/"), name));
    IamPrincipalRow {
        principal_arn: Some(role_arn(role)),
        is_service_linked: Some(path.starts_with("/aws-service-role/")),
        path: Some(path),
        trust_policy: Some(policy(trust)),
        ..row("role", name, attached, inline)
    }
}

fn row(kind: &str, name: &str, attached: &[&str], inline: &[&str]) -> IamPrincipalRow {
    IamPrincipalRow {
        principal_kind: text(kind),
        principal_name: text(name),
        path: text("/"),
        is_service_linked: Some(false),
        attached_policy_arns: Some(strings(attached.iter().copied())),
        inline_policy_names: Some(strings(inline.iter().copied())),
        tags: Some(json(value!({}))),
        ..IamPrincipalRow::default()
    }
}
