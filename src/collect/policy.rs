//! The IAM policy that a collection needs, made from what the collectors declare they call. `audit policy read` prints it.

use std::collections::BTreeSet;

use serde_json::json;

use super::collector::Collector;

/// What the door itself calls. STS answers it without any permission; it is named so that the policy is the whole list.
const OF_THE_DOOR: &str = "sts:GetCallerIdentity";

/// The read-only policy for some collectors as indented JSON: one statement, actions sorted, each once. The same collectors give the same bytes.
///
/// The resource is `*`, because List and Describe actions of AWS Backup, RDS and the Tagging API mostly take no other. Key policies can still
/// refuse what it grants on KMS.
pub fn read_policy(collectors: &[&dyn Collector]) -> String {
    let operations = collectors.iter().flat_map(|collector| collector.operations());
    let actions: BTreeSet<&str> = operations.map(|operation| operation.action).chain([OF_THE_DOOR]).collect();
    let policy = json!({
        "Version": "2012-10-17",
        "Statement": [{ "Sid": "ReadBackupState", "Effect": "Allow", "Action": actions, "Resource": "*" }]
    });
    format!("{policy:#}\n")
}
