//! The organization an account belongs to, and whether a backup policy of it takes effect there.
//!
//! A policy of the organization makes plans in every account that it reaches, and nobody in the account can remove them. That one takes effect does not
//! say that its plans work: their roles and vaults must be there in the account.
//!
//! Source: AWS Organizations User Guide, "Backup policies"; API reference, `DescribeEffectivePolicy`.

use std::collections::{BTreeMap, BTreeSet};

use polars::prelude::DataFrame;

use super::objectives::or;
use super::population::evidence;
use super::{Fact, FactError, Inputs, account};
use crate::dataset::rows::Json;
use crate::dataset::{Relation, Row};

/// The kind of policy that makes backup plans.
const BACKUP_POLICY: &str = "BACKUP_POLICY";

crate::rows! {
    /// What an organization decides in an account.
    pub struct OrganizationRow {
        /// The account's root
        subject_arn: Text, Never, "";
        /// Always `account`
        subject_type: Text, Never, "";
        /// Account
        account_id: Text, Never, "";
        /// Always `global`
        region: Text, Never, "";
        /// Whether it belongs to an organization
        member: Boolean, NotTold, "DescribeOrganization";
        /// Whether a backup policy of the organization takes effect in it
        backup_policy: Boolean, NotTold, "DescribeEffectivePolicy: PolicyContent";
        /// Where the proof lies
        evidence: Text, Never, "";
    }
}

/// Organizations as a relation.
pub static FACT: Fact = Fact {
    relation: &Relation {
        name: "organization_policies",
        doc: "Whether an account belongs to an organization, and whether a backup policy takes effect there: one row an account.",
        rows_are: "accounts",
        columns: OrganizationRow::COLUMNS,
        rows_rest_on: &[],
        order: &[],
    },
    reads: &[&[account("organization"), account("org_effective_policies")]],
    by_range: false,
    derive,
};

crate::rows! {
    /// What is needed of `organization`.
    struct MemberRow { account_id: Text; }
}

crate::rows! {
    /// What is needed of `org_effective_policies`.
    struct EffectiveRow { account_id: Text; policy_type: Text; policy_content: Json; collection: Text; }
}

fn derive(inputs: &Inputs<'_>) -> Result<DataFrame, FactError> {
    let members: BTreeSet<String> = inputs.rows::<MemberRow>("organization")?.into_iter().filter_map(|row| row.account_id).collect();
    let effective = inputs.rows::<EffectiveRow>("org_effective_policies")?.into_iter();
    let effective: BTreeMap<String, EffectiveRow> = effective
        .filter(|row| row.policy_type.as_deref() == Some(BACKUP_POLICY))
        .filter_map(|row| Some((row.account_id.clone()?, row)))
        .collect();
    let accounts: BTreeSet<&String> = inputs.snapshot.scope().iter().map(|(account_id, _)| account_id).collect();
    let rows = accounts.into_iter().map(|account_id| {
        let read = |table: &str| inputs.complete_in_account(table, account_id);
        let policy = effective.get(account_id);
        OrganizationRow {
            subject_arn: Some(format!("arn:aws:iam::{account_id}:root")),
            subject_type: Some("account".to_owned()),
            account_id: Some(account_id.clone()),
            region: Some("global".to_owned()),
            member: or(Some(members.contains(account_id) || policy.is_some()), read("organization").then_some(false)),
            // Of an account of an organization there is always a row, so that none says nothing.
            backup_policy: policy.map(|row| row.policy_content.as_ref().is_some_and(says_something)),
            evidence: Some(match policy {
                Some(row) => evidence("org_effective_policies", BACKUP_POLICY, row.collection.as_deref()),
                None => format!("organization of {account_id}"),
            }),
        }
    });
    Inputs::frame_of(FACT.relation, rows.collect::<Vec<_>>())
}

/// Whether a document holds anything: of one that asks for nothing AWS makes no plan.
fn says_something(Json(document): &Json) -> bool {
    !matches!(document.trim(), "" | "{}" | "null")
}
