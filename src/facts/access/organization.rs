//! Service control policies above an account.
//!
//! They give nothing, and can take anything away, except in the account that manages the organization. Which units an account belongs to is not read:
//! the policies of the root and of the account itself are certain, those of a unit may be above it. Each root, unit and account has at least one while
//! they are in force; if the root has none, they are not.
//!
//! Source: Organizations user guide, "Service control policies (SCPs)", "SCP evaluation".

use std::collections::BTreeMap;

use serde::Deserialize;

use super::rights::{Bounds, Read};
use crate::dataset::rows::Json;
use crate::facts::policies::document::Policy;
use crate::facts::{FactError, Inputs};

crate::rows! {
    /// What is needed of `organization`.
    struct OrganizationRow { account_id: Text; organization_id: Text; feature_set: Text; is_management_account: Boolean; }
}

crate::rows! {
    /// What is needed of `org_policies`.
    struct PolicyRow { account_id: Text; policy_type: Text; content: Json; targets: Json; }
}

/// What a policy is attached to.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Target {
    target_id: String,
    r#type: String,
}

/// A service control policy; `None` where it was not told.
#[derive(Clone, Debug)]
struct Control {
    policy: Option<Policy>,
    targets: Option<Vec<Target>>,
}

/// The organizations of the accounts.
#[derive(Debug)]
pub(super) struct Organizations {
    by_account: BTreeMap<String, OrganizationRow>,
    /// Accounts of which it was read whether they belong to one.
    asked: BTreeMap<String, bool>,
    /// The policies of each organization of which all were read.
    controls: BTreeMap<String, Vec<Control>>,
}

impl Organizations {
    /// Reads them.
    pub(super) fn read(inputs: &Inputs<'_>) -> Result<Self, FactError> {
        let rows = inputs.rows::<OrganizationRow>("organization")?.into_iter();
        let by_account: BTreeMap<String, OrganizationRow> = rows.filter_map(|row| Some((row.account_id.clone()?, row))).collect();
        let accounts = || inputs.snapshot.scope().iter().map(|(account_id, _)| account_id);
        let asked = accounts().map(|account_id| (account_id.clone(), inputs.complete_in_account("organization", account_id))).collect();
        let mut told: BTreeMap<String, Vec<Control>> = BTreeMap::new();
        for row in inputs.rows::<PolicyRow>("org_policies")? {
            let of = row.account_id.as_ref().and_then(|account_id| by_account.get(account_id)?.organization_id.clone());
            if let (Some(organization), true) = (of, row.policy_type.as_deref() != Some("BACKUP_POLICY")) {
                told.entry(organization).or_default().push(control(&row));
            }
        }
        let mut controls = BTreeMap::new();
        for (account_id, row) in &by_account {
            let Some(organization) = &row.organization_id else { continue };
            if inputs.complete_in_account("org_policies", account_id) {
                controls.insert(organization.clone(), told.get(organization).cloned().unwrap_or_default());
            }
        }
        Ok(Self { by_account, asked, controls })
    }

    /// What its organization does to an account.
    pub(super) fn above(&self, account_id: &str) -> Bounds<'_> {
        let (none, not_read) = (Bounds::default(), Bounds { not_read: true, ..Bounds::default() });
        let Some(row) = self.by_account.get(account_id) else {
            return if self.asked.get(account_id) == Some(&true) { none } else { not_read };
        };
        let bound = match (row.is_management_account, row.feature_set.as_deref()) {
            (Some(true), _) | (_, Some("CONSOLIDATED_BILLING")) => Some(false),
            (Some(false), Some("ALL")) => Some(true),
            _ => None,
        };
        match bound {
            Some(false) => return none,
            // What binds other accounts may not bind this one: not even a Deny is certain.
            None => return not_read,
            Some(true) => {}
        }
        let controls = row.organization_id.as_ref().and_then(|organization| self.controls.get(organization));
        controls.and_then(|controls| levels(controls, account_id)).unwrap_or(not_read)
    }
}

fn control(row: &PolicyRow) -> Control {
    let of_type = row.policy_type.is_some();
    let targets = row.targets.as_ref().filter(|_| of_type).and_then(|Json(text)| serde_json::from_str(text).ok());
    Control { policy: row.content.as_ref().and_then(|Json(text)| Policy::parse(text).ok()), targets }
}

/// The levels above an account; `None` if it was not told of a policy what it is attached to.
fn levels<'a>(controls: &'a [Control], account_id: &str) -> Option<Bounds<'a>> {
    let (mut root, mut own): (Vec<Read<'a>>, Vec<Read<'a>>) = (Vec::new(), Vec::new());
    let mut units: BTreeMap<&str, Vec<Read<'a>>> = BTreeMap::new();
    for control in controls {
        for target in control.targets.as_ref()? {
            match target.r#type.as_str() {
                "ROOT" => root.push(control.policy.as_ref()),
                "ACCOUNT" if target.target_id == account_id => own.push(control.policy.as_ref()),
                "ACCOUNT" => {}
                _ => units.entry(&target.target_id).or_default().push(control.policy.as_ref()),
            }
        }
    }
    if root.is_empty() {
        return Some(Bounds::default());
    }
    // An account has one of its own: if none was told, what was told is not all.
    let not_read = own.is_empty();
    let levels = [root, own].into_iter().filter(|level| !level.is_empty()).collect();
    Some(Bounds { not_read, levels, perhaps: units.into_values().collect() })
}
