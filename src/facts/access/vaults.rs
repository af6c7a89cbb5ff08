//! What vaults leave of the rights of somebody: their policies and their locks.
//!
//! A vault whose lock nobody can lift keeps its points from everybody. From one whose lock can be lifted, points go in two steps: lift it, then delete.
//! A policy that denies deletion can be changed first by whoever may do that. What the policy allows counts only as far as IAM does not decide: whether
//! it is enough alone is not documented for vaults.
//!
//! Source: AWS Backup developer guide, "Vault access policies", "AWS Backup Vault Lock".

use std::collections::BTreeMap;

use super::conditions::Asker;
use super::extent::Extent;
use super::rights::{Action, Policies, Right, allowed, denied, speaks_to};
use crate::dataset::frame;
use crate::dataset::rows::Json;
use crate::facts::locks::{LockMode, Vaults};
use crate::facts::objectives::{and, or};
use crate::facts::policies::document::{Effect, Policy};
use crate::facts::{FactError, Inputs};

/// Ways to take a vault's guards away.
const LIFT_LOCK: &str = "backup:DeleteBackupVaultLockConfiguration";
const REWRITE: [&str; 2] = ["backup:PutBackupVaultAccessPolicy", "backup:DeleteBackupVaultAccessPolicy"];

crate::rows! {
    /// What is needed of `vault_policies`.
    struct PolicyRow { backup_vault_arn: Text; policy: Json; }
}

crate::rows! {
    /// What is needed of `vault_access`.
    struct AccessRow { subject_arn: Text; in_use: Boolean; }
}

/// A vault with what guards it.
#[derive(Clone, Debug, Default)]
pub(super) struct Guarded {
    pub(super) arn: String,
    pub(super) in_use: Option<bool>,
    pub(super) mode: Option<LockMode>,
    /// `None` if it was not read or is not understood.
    pub(super) policy: Option<Policy>,
}

/// The vaults of each account. Views of vaults of other accounts are left out: nothing is deleted through them.
pub(super) fn vaults(inputs: &Inputs<'_>) -> Result<BTreeMap<String, Vec<Guarded>>, FactError> {
    let policies = inputs.rows::<PolicyRow>("vault_policies")?.into_iter();
    let policies: BTreeMap<_, _> = policies.filter_map(|row| Some((row.backup_vault_arn?, read(row.policy.as_ref())))).collect();
    let used: Vec<AccessRow> = frame::from_frame("vault_access", &inputs.fact("vault_access")?)?;
    let used: BTreeMap<_, _> = used.into_iter().filter_map(|row| Some((row.subject_arn?, row.in_use))).collect();
    let mut found: BTreeMap<String, Vec<Guarded>> = BTreeMap::new();
    for vault in Vaults::read(inputs)?.all().filter(|vault| !vault.is_view()) {
        found.entry(vault.account_id.clone()).or_default().push(Guarded {
            arn: vault.arn.clone(),
            in_use: used.get(&vault.arn).copied().flatten(),
            mode: vault.lock_mode(inputs.snapshot.as_of_s()),
            policy: policies.get(&vault.arn).cloned().flatten(),
        });
    }
    Ok(found)
}

/// The policy of a vault; a vault without one has one that says nothing.
fn read(policy: Option<&Json>) -> Option<Policy> {
    policy.map_or_else(|| Some(Policy::default()), |Json(text)| Policy::parse(text).ok())
}

impl Guarded {
    /// Whether somebody may do something to points in it, as deleting them, if need be after taking away what guards them.
    pub(super) fn may_harm(&self, policies: &Policies<'_>, asker: Asker<'_>, action: &Action, right: Right) -> Option<bool> {
        if self.mode == Some(LockMode::Immutable) {
            return Some(false);
        }
        let reached = self.reached(policies, asker, action, right);
        if reached == Some(false) || self.mode == Some(LockMode::None) {
            return reached;
        }
        // Whether there is a lock to lift is not known either if the mode is not.
        let free = if self.mode.is_none() { None } else { Some(false) };
        and(reached, or(free, self.may_lift(policies, asker)))
    }

    /// Whether somebody may change its lock or policy.
    pub(super) fn may_change_guards(&self, policies: &Policies<'_>, asker: Asker<'_>) -> Option<bool> {
        let locked = match self.mode {
            Some(LockMode::Governance | LockMode::Grace) => Some(true),
            Some(LockMode::None | LockMode::Immutable) => Some(false),
            None => None,
        };
        or(and(locked, self.may_lift(policies, asker)), self.may_rewrite(policies, asker))
    }

    fn may_lift(&self, policies: &Policies<'_>, asker: Asker<'_>) -> Option<bool> {
        let action = self.action(LIFT_LOCK);
        self.reached(policies, asker, &action, policies.right(asker, &action))
    }

    fn may_rewrite(&self, policies: &Policies<'_>, asker: Asker<'_>) -> Option<bool> {
        let may = |name| {
            let action = self.action(name);
            self.left(asker, &action, policies.right(asker, &action)).may()
        };
        REWRITE.into_iter().map(may).fold(Some(false), or)
    }

    /// Whether an action is left to somebody, if need be after the policy was rewritten.
    fn reached(&self, policies: &Policies<'_>, asker: Asker<'_>, action: &Action, right: Right) -> Option<bool> {
        let now = self.left(asker, action, right).may();
        if now == Some(true) || right.extent == Extent::Nothing {
            return now;
        }
        or(now, and(right.extent.may(), self.may_rewrite(policies, asker)))
    }

    /// What the policy as it is leaves of a right.
    fn left(&self, asker: Asker<'_>, action: &Action, right: Right) -> Extent {
        if right.denied {
            return Extent::Nothing;
        }
        let Some(policy) = &self.policy else { return Extent::NotKnown };
        let given = policy.statements(Effect::Allow).filter(|one| speaks_to(one, asker) != Some(false));
        let given = given.map(|one| allowed(one, asker, action)).max().unwrap_or(Extent::Nothing).uncertain();
        let taken = policy.statements(Effect::Deny).map(|one| match speaks_to(one, asker) {
            Some(true) => denied(one, asker, action),
            Some(false) => Extent::Nothing,
            None => denied(one, asker, action).uncertain(),
        });
        taken.fold(right.extent.max(given), Extent::without)
    }

    fn action(&self, name: &'static str) -> Action {
        Action { name, shapes: vec![self.arn.clone()] }
    }
}
