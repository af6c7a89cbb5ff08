//! Who may delete backups, lift what guards them, and delete what they back up: one row for each user and role.
//!
//! What somebody may do follows from the documents of IAM (`rights`), from the policies of the organization (`organization`), and from policies and
//! locks of vaults (`vaults`); whether people act without a second factor, from who may take on a role as well (`trust`). Only what is certain is true
//! or false. Policies of buckets, tables and keys, resource control policies and those of sessions are not read: what they give or take is left out.
//! Nor is the root user in any list, who may do everything.
//!
//! What somebody could do after giving themselves more rights, by changing policies or taking on other roles, is not followed; nor is what releases
//! continuous backups to their service, which the rules about vaults ask for.
//!
//! The backups that count are the points of vaults that are in use, and those outside of vaults of whatever has no point in one (`outside`).
//!
//! Source: IAM user guide, "Policy evaluation logic"; Service Authorization Reference.

use std::collections::BTreeMap;

use polars::prelude::DataFrame;

use super::objectives::{and, or};
use super::population::evidence;
use super::{Fact, FactError, Inputs, account, everywhere};
use crate::dataset::{Relation, Row};
use crate::model::Arn;

mod actions;
mod conditions;
mod extent;
#[cfg(test)]
mod laws;
mod organization;
mod outside;
mod principals;
mod rights;
pub(super) mod trust;
mod vaults;

use self::actions::Actions;
use self::conditions::{Asker, Mfa};
use self::organization::Organizations;
use self::outside::{OUTSIDE_READ, Outside};
use self::principals::{Principal, Principals};
use self::rights::{Action, Policies};
use self::vaults::Guarded;

crate::rows! {
    /// The rights of a user or role.
    pub struct RightsRow {
        /// ARN of the user or role
        subject_arn: Text, Never, "Arn";
        /// `AWS::IAM::User` or `AWS::IAM::Role`
        subject_type: Text, Never, "";
        /// Account
        account_id: Text, Never, "";
        /// Always `global`
        region: Text, Never, "";
        /// Whether it is the role of a service, which nobody can take on or change
        service_linked: Boolean, Never, "Path";
        /// Whether others than services of AWS act as it: a user, or a role that users, other roles or identity providers may take on
        beyond_services: Boolean, NotTold, "AssumeRolePolicyDocument";
        /// Whether there is anything to delete: a vault that is in use, or backups outside of vaults of what has none in one
        has_backups: Boolean, NotTold, "";
        /// Whether it may delete points of a vault that is in use, or end their lives early
        deletes_points: Boolean, NotTold, "DeleteRecoveryPoint, UpdateRecoveryPointLifecycle";
        /// Whether it may delete backups, as `deletes_backups` has them, without a second factor
        deletes_without_mfa: Boolean, NotTold, "aws:MultiFactorAuthPresent";
        /// Whether it may lift a lock of a vault or change its policy
        changes_guards: Boolean, NotTold, "DeleteBackupVaultLockConfiguration, PutBackupVaultAccessPolicy, DeleteBackupVaultAccessPolicy";
        /// Whether it may change lifecycles of points, or plans
        changes_lifecycles: Boolean, NotTold, "UpdateRecoveryPointLifecycle, UpdateBackupPlan, DeleteBackupPlan";
        /// Whether it may delete snapshots and backups outside of AWS Backup
        deletes_snapshots: Boolean, NotTold, "DeleteDBSnapshot, DeleteSnapshot and their like";
        /// Whether policies of IAM let it disable keys or schedule their deletion; those of the keys are not read
        disables_keys: Boolean, NotTold, "DisableKey, ScheduleKeyDeletion";
        /// Whether it may delete what is backed up
        deletes_sources: Boolean, NotTold, "DeleteDBInstance, DeleteTable and their like";
        /// Whether it may delete backups: points, or those outside of vaults of what has no point in one
        deletes_backups: Boolean, NotTold, "";
        /// Whether it may delete what is backed up and the backups; outside of vaults, both of one service
        deletes_all: Boolean, NotTold, "";
        /// Actions by which it may delete what is backed up, at least some of it
        sources_by: Text, Means("none that is certain"), "";
        /// Actions by which it may delete backups, at least some of them
        backups_by: Text, Means("none that is certain"), "";
        /// What keeps it from being known, in words
        problem: Text, Means("nothing that was to be read"), "";
        /// Where the proof lies
        evidence: Text, Never, "";
    }
}

/// Rights as a relation.
pub static FACT: Fact = Fact {
    relation: &Relation {
        name: "principal_rights",
        doc: "What each user and role may do to backups, what guards them, and what they back up: one row a principal.",
        rows_are: "principals",
        columns: RightsRow::COLUMNS,
        rows_rest_on: &[account("iam_principals")],
        order: &[],
    },
    reads: &[
        OUTSIDE_READ,
        &[
            account("iam_principals"),
            account("iam_policies"),
            everywhere("organization"),
            everywhere("org_policies"),
            account("backup_vaults"),
            account("vault_policies"),
            account("vault_notifications"),
            everywhere("backup_plans"),
            everywhere("plan_rules"),
            everywhere("plan_copies"),
            everywhere("selections"),
        ],
    ],
    by_range: false,
    derive,
};

fn derive(inputs: &Inputs<'_>) -> Result<DataFrame, FactError> {
    let principals = Principals::read(inputs)?;
    let organizations = Organizations::read(inputs)?;
    let (vaults, outside) = (vaults::vaults(inputs)?, Outside::read(inputs)?);
    let mut homes: BTreeMap<(&str, &str), Home<'_>> = BTreeMap::new();
    let mut rows = Vec::new();
    for principal in principals.acting() {
        let Some(arn) = Arn::parse(&principal.arn) else { continue };
        let home = homes.entry((&principal.account_id, arn.partition)).or_insert_with(|| Home {
            actions: Actions::of(arn.partition, &principal.account_id),
            vaults: vaults.get(&principal.account_id).map_or(&[][..], Vec::as_slice),
            vaults_read: inputs.complete_in_account("backup_vaults", &principal.account_id),
            alone: outside.of(inputs, &principal.account_id),
        });
        let organization = organizations.above(&principal.account_id);
        let policies = Policies { organization, ..principals.policies(principal) };
        rows.push(row(principal, &policies, home));
    }
    Inputs::frame_of(FACT.relation, rows)
}

/// What there is in an account to have rights on.
#[derive(Debug)]
struct Home<'a> {
    actions: Actions,
    vaults: &'a [Guarded],
    vaults_read: bool,
    /// Each service of which something has backups outside of vaults alone, or may have.
    alone: Vec<(&'static str, Option<bool>)>,
}

/// Somebody with the policies that bind it, and what there is in the account.
#[derive(Clone, Copy, Debug)]
struct Judged<'a> {
    principal: &'a Principal,
    policies: &'a Policies<'a>,
    home: &'a Home<'a>,
}

fn row(principal: &Principal, policies: &Policies<'_>, home: &Home<'_>) -> RightsRow {
    let judged = Judged { principal, policies, home };
    let actions = &home.actions;
    let whoever = |may: &dyn Fn(Asker<'_>) -> Option<bool>| judged.any_way(may);
    let guards = |asker: Asker<'_>| home.vaults.iter().map(|vault| vault.may_change_guards(policies, asker)).fold(judged.unread(), or);
    let deletes_points = whoever(&|asker| judged.harms_points(asker));
    let deletes_snapshots = whoever(&|asker| judged.any_of(asker, &actions.snapshots));
    let deletes_sources = whoever(&|asker| judged.any_of(asker, &actions.sources));
    let in_use = home.vaults.iter().map(|vault| vault.in_use).fold(judged.unread(), or);
    let deletes_backups = or(deletes_points, whoever(&|asker| judged.harms_outside(asker)));
    // Who deletes databases and snapshots of volumes deletes neither whole.
    let both = |service: &'static str, alone: Option<bool>| {
        let may = |listed: &[Action]| whoever(&|asker| judged.any_of(asker, of_service(listed, service)));
        and(alone, and(may(&actions.sources), may(&actions.snapshots)))
    };
    let both = home.alone.iter().map(|(service, alone)| both(service, *alone)).fold(Some(false), or);
    let by = |listed: &[Action]| judged.names(listed, |asker, action| policies.right(asker, action).extent.may());
    let backups_by = match (deletes_backups, deletes_points) {
        (Some(true), Some(true)) => judged.names(&actions.points, |asker, action| judged.harms(asker, action)),
        (Some(true), _) => by(&actions.snapshots),
        _ => None,
    };
    RightsRow {
        subject_arn: Some(principal.arn.clone()),
        subject_type: Some(if principal.is_user { "AWS::IAM::User" } else { "AWS::IAM::Role" }.to_owned()),
        account_id: Some(principal.account_id.clone()),
        region: Some("global".to_owned()),
        service_linked: Some(principal.is_service_linked()),
        beyond_services: principal.trust.others,
        has_backups: home.alone.iter().map(|(_, alone)| *alone).fold(in_use, or),
        deletes_points,
        deletes_without_mfa: judged.without_mfa(),
        changes_guards: whoever(&guards),
        changes_lifecycles: or(
            whoever(&|asker| judged.harms(asker, &actions.update_lifecycle)),
            whoever(&|asker| judged.any_of(asker, &actions.plans)),
        ),
        deletes_snapshots,
        disables_keys: whoever(&|asker| judged.any_of(asker, &actions.keys)),
        deletes_sources,
        deletes_backups,
        deletes_all: or(and(deletes_sources, deletes_points), both),
        sources_by: by(&actions.sources),
        backups_by,
        problem: problem(policies, home),
        evidence: Some(evidence("iam_principals", &principal.arn, principal.collection.as_deref())),
    }
}

impl Judged<'_> {
    /// Whether it may in one of the ways in which it can ask: with a second factor, or without.
    fn any_way(&self, may: &dyn Fn(Asker<'_>) -> Option<bool>) -> Option<bool> {
        Mfa::ALL.iter().map(|mfa| may(self.asker(*mfa))).fold(Some(false), or)
    }

    fn asker(&self, mfa: Mfa) -> Asker<'_> {
        Asker { arn: Some(&self.principal.arn), account_id: &self.principal.account_id, mfa }
    }

    fn any_of<'b>(&self, asker: Asker<'_>, actions: impl IntoIterator<Item = &'b Action>) -> Option<bool> {
        actions.into_iter().map(|action| self.policies.right(asker, action).extent.may()).fold(Some(false), or)
    }

    /// What vaults that were not read add.
    fn unread(&self) -> Option<bool> {
        self.home.vaults_read.then_some(false)
    }

    /// Whether it may do something to points of a vault in use.
    fn harms(&self, asker: Asker<'_>, action: &Action) -> Option<bool> {
        let right = self.policies.right(asker, action);
        if right.denied {
            return Some(false);
        }
        let harms = |vault: &Guarded| and(vault.in_use, vault.may_harm(self.policies, asker, action, right));
        self.home.vaults.iter().map(harms).fold(self.unread(), or)
    }

    fn harms_points(&self, asker: Asker<'_>) -> Option<bool> {
        self.home.actions.points.iter().map(|action| self.harms(asker, action)).fold(Some(false), or)
    }

    /// Whether it may delete backups outside of vaults of what has none in one.
    fn harms_outside(&self, asker: Asker<'_>) -> Option<bool> {
        let harms =
            |service: &'static str, alone: Option<bool>| and(alone, self.any_of(asker, of_service(&self.home.actions.snapshots, service)));
        self.home.alone.iter().map(|(service, alone)| harms(service, *alone)).fold(Some(false), or)
    }

    /// Whether somebody may delete backups as it without a second factor.
    fn without_mfa(&self) -> Option<bool> {
        let harms = |mfa| or(self.harms_points(self.asker(mfa)), self.harms_outside(self.asker(mfa)));
        let (lacking, absent) = (harms(Mfa::Lacking), harms(Mfa::Absent));
        let trust = self.principal.trust;
        if self.principal.is_user {
            return or(lacking, absent);
        }
        // The sessions of roles say whether there was one; whether all do, and what was shown to a directory, is not known.
        let somehow = and(or(lacking, absent), None);
        or(and(trust.without_mfa, or(lacking, somehow)), and(trust.federated, somehow))
    }

    /// The actions with which it may for certain.
    fn names(&self, actions: &[Action], may: impl Fn(Asker<'_>, &Action) -> Option<bool>) -> Option<String> {
        let certain = |action: &&Action| self.any_way(&|asker| may(asker, action)) == Some(true);
        let names: Vec<&str> = actions.iter().filter(certain).map(|action| action.name).collect();
        (!names.is_empty()).then(|| names.join(" "))
    }
}

/// The actions of a service among others.
fn of_service<'a>(actions: &'a [Action], service: &'static str) -> impl Iterator<Item = &'a Action> {
    actions.iter().filter(move |action| action.name.split(':').next() == Some(service))
}

fn problem(policies: &Policies<'_>, home: &Home<'_>) -> Option<String> {
    let said = [
        (policies.own.contains(&None), "a policy of it was not read or is not understood"),
        (policies.boundary == Some(None), "its permissions boundary was not read or is not understood"),
        (policies.organization.not_read, "the policies of its organization were not read in full"),
        (
            !home.vaults_read || home.vaults.iter().any(|vault| vault.policy.is_none()),
            "vaults of its account or their policies were not read in full",
        ),
        (
            home.alone.iter().any(|(_, alone)| alone.is_none()),
            "it is not known whether something of its account has backups outside of vaults only",
        ),
    ];
    let words: Vec<&str> = said.into_iter().filter(|(is, _)| *is).map(|(_, words)| words).collect();
    (!words.is_empty()).then(|| words.join("; "))
}
