//! The IAM policy that a collection needs, made from what the collectors declare they call. `audit policy read` prints it.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::accounts::{DESCRIBE_REGIONS, LIST_ACCOUNTS};
use super::collector::Collector;

/// What the door itself calls. STS answers it without any permission; it is named so that the policy is the whole list.
const OF_THE_DOOR: &str = "sts:GetCallerIdentity";

/// What finding out whom to ask takes, beside what the collectors call.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Finding {
    /// The enabled Regions are asked for.
    pub regions: bool,
    /// The accounts of the organisation are asked for.
    pub organization: bool,
    /// Other accounts are entered with the role of this name.
    pub role_name: Option<String>,
}

/// The read-only policy for some collectors as indented JSON: one statement for what is read, actions sorted, each once; and one for the roles of
/// other accounts, where they are entered. The same input gives the same bytes.
///
/// The resource of what is read is `*`, because most List and Describe actions take no other. Key and bucket policies can still refuse what it grants.
pub fn read_policy(collectors: &[&dyn Collector], finding: &Finding) -> String {
    let operations = collectors.iter().flat_map(|collector| collector.operations()).map(|operation| operation.action);
    let found = [finding.regions.then_some(DESCRIBE_REGIONS), finding.organization.then_some(LIST_ACCOUNTS)];
    let found = found.into_iter().flatten().map(|operation| operation.action);
    let actions: BTreeSet<&str> = operations.chain(found).chain([OF_THE_DOOR]).collect();
    let mut statements = vec![json!({ "Sid": "ReadBackupState", "Effect": "Allow", "Action": actions, "Resource": "*" })];
    statements.extend(finding.role_name.as_deref().map(enter));
    let policy = json!({ "Version": "2012-10-17", "Statement": statements });
    format!("{policy:#}\n")
}

fn enter(role_name: &str) -> Value {
    let role = format!("arn:*:iam::*:role/{}", role_name.trim_start_matches('/'));
    json!({ "Sid": "EnterAuditedAccounts", "Effect": "Allow", "Action": ["sts:AssumeRole"], "Resource": role })
}
