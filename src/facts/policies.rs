//! Access to vaults: who can delete points by hand, who can copy points in, and who hears of failures.
//!
//! A vault policy guards calls to AWS Backup only: snapshots in the vault stay reachable through the service that owns them. The language of policies
//! is in `document`, deletion in `denial`, copies in `openness`. What a policy says in words that are not understood is neither good nor bad.
//!
//! A continuous backup can also leave AWS Backup by being released to its service; a policy of a vault that holds one has to deny that, too. Whether a
//! lock keeps it from being released is not documented, so that a lock alone leaves it open.
//!
//! Points cannot be deleted by hand either if the vault is locked, in whichever mode; only the mode tells whether somebody can lift the lock first.
//!
//! Notifications: `BACKUP_JOB_COMPLETED` is sent for every backup job that ended, failures and expiries included. Other names are accepted by the API
//! and never sent; they do not count. Source: AWS Backup developer guide, "Notification options with AWS Backup".

use std::collections::{BTreeMap, BTreeSet};

use polars::prelude::DataFrame;

mod denial;
pub(super) mod document;
mod guard;
mod openness;

use self::denial::Denial;
use self::document::Policy;
pub(super) use self::guard::Guard;
use self::openness::Openness;
use super::locks::{LockMode, VAULTS_REST_ON, Vault, Vaults};
use super::objectives::{and, or};
use super::points::is_continuous;
use super::population::evidence;
use super::{Fact, FactError, Inputs, everywhere, region};
use crate::dataset::rows::Json;
use crate::dataset::{Relation, Row};

/// The event that tells of backup jobs that failed or expired.
const BACKUP_FAILURES: &str = "BACKUP_JOB_COMPLETED";
/// The event that tells of copy jobs that failed.
const COPY_FAILURES: &str = "COPY_JOB_FAILED";
/// What is open of a locked vault that holds continuous backups, or may do so.
const RELEASABLE: &str =
    "its policy does not deny DisassociateRecoveryPoint for the continuous backups in it, and whether a lock does is not documented";
/// Events that the API accepts and AWS does not send any more.
pub(super) const DEAD_EVENTS: [&str; 7] = [
    "BACKUP_JOB_EXPIRED",
    "BACKUP_JOB_FAILED",
    "BACKUP_JOB_SUCCESSFUL",
    "BACKUP_PLAN_CREATED",
    "BACKUP_PLAN_MODIFIED",
    "RESTORE_JOB_FAILED",
    "RESTORE_JOB_SUCCESSFUL",
];

crate::rows! {
    /// Access to a vault.
    pub struct AccessRow {
        /// ARN of the vault
        subject_arn: Text, Never, "BackupVaultArn";
        /// AWS resource type
        subject_type: Text, Never, "";
        /// Account
        account_id: Text, Never, "";
        /// Region
        region: Text, Never, "";
        /// Name of the vault
        vault_name: Text, Never, "BackupVaultName";
        /// `BACKUP_VAULT`, `LOGICALLY_AIR_GAPPED_BACKUP_VAULT` or `RESTORE_ACCESS_BACKUP_VAULT`
        vault_type: Text, NotTold, "VaultType";
        /// Whether it holds points, or a plan rule or copy action in the scope writes to it
        in_use: Boolean, NotTold, "";
        /// Whether deletion by hand is denied as AWS's Config rule asks
        deletion_denied_as_aws: Boolean, NotTold, "Policy";
        /// Whether a policy or lock keeps everybody but named exceptions from deleting points
        deletion_denied: Boolean, NotTold, "Policy, Locked";
        /// What does: the policy, or the lock and its mode
        denied_by: Text, Means("nothing is known to"), "";
        /// Principals that the policy leaves out, separated by blanks
        excepted: Text, Never, "";
        /// Whether others may copy points in: anybody, or accounts and organizations of which it is not known whose they are
        open_to_others: Boolean, NotTold, "Policy";
        /// Accounts outside the scope that the policy lets copy in, separated by blanks
        foreign_accounts: Text, Never, "";
        /// Organizations that it lets copy in and that are not known to be those of accounts in the scope, separated by blanks
        foreign_organizations: Text, Never, "";
        /// Whether a topic is told of backup jobs that failed or expired; who listens to it is not read
        backup_failures_heard: Boolean, NotTold, "BackupVaultEvents";
        /// Whether a topic is told of copy jobs that failed; who listens to it is not read
        copy_failures_heard: Boolean, NotTold, "BackupVaultEvents";
        /// Topic that is told
        sns_topic_arn: Text, Means("nobody is told, or not read"), "SNSTopicArn";
        /// Events that were asked for and are never sent, separated by blanks
        dead_events: Text, Never, "BackupVaultEvents";
        /// What is missing or not understood, in words
        problem: Text, Means("nothing"), "";
        /// Where the proof lies
        evidence: Text, Never, "";
    }
}

/// Access to vaults as a relation.
pub static FACT: Fact = Fact {
    relation: &Relation {
        name: "vault_access",
        doc: "Who can delete points of a vault, copy points in, and hears of failures: one row a vault.",
        rows_are: "vaults",
        columns: AccessRow::COLUMNS,
        rows_rest_on: VAULTS_REST_ON,
        order: &[],
    },
    reads: &[&[
        region("backup_vaults"),
        region("vault_policies"),
        region("vault_notifications"),
        region("recovery_points"),
        everywhere("backup_plans"),
        everywhere("plan_rules"),
        everywhere("plan_copies"),
        everywhere("selections"),
        everywhere("organization"),
    ]],
    by_range: false,
    derive,
};

crate::rows! {
    /// What is needed of `organization`.
    struct OrganizationRow { organization_id: Text; }
}

crate::rows! {
    /// What is needed of `vault_policies`.
    struct PolicyRow { backup_vault_arn: Text; policy: Json; collection: Text; }
}

crate::rows! {
    /// What is needed of `vault_notifications`.
    struct NotificationRow { backup_vault_arn: Text; sns_topic_arn: Text; events: Json; }
}

crate::rows! {
    /// What is needed of `recovery_points`.
    struct PointRow { recovery_point_arn: Text; backup_vault_arn: Text; exists: Boolean; }
}

/// What a vault's policy comes to.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct Judged {
    denial: Denial,
    /// Whether a lock would leave no way out: nothing can be released from the vault.
    kept: Option<bool>,
    to_anybody: Option<bool>,
    accounts: BTreeSet<String>,
    organizations: BTreeSet<String>,
    problem: Option<String>,
}

impl Judged {
    /// Judges the row of a vault in `vault_policies`; without one, nothing was read. `continuous` says whether the vault holds continuous backups.
    fn of(row: Option<&PolicyRow>, continuous: Option<bool>) -> Self {
        let kept = Denial::default().keeps(continuous);
        let Some(row) = row else { return Self { kept, problem: Some("its policy was not read".to_owned()), ..Self::default() } };
        let none = || Self {
            kept,
            denial: Denial::of(&Policy::default()),
            to_anybody: Some(false),
            problem: Some("it has no policy".to_owned()),
            ..Self::default()
        };
        let Some(Json(text)) = &row.policy else { return none() };
        match Policy::parse(text) {
            Ok(policy) => Self::of_policy(&policy, continuous),
            Err(error) => Self { kept, problem: Some(format!("its policy is not understood: {error}")), ..Self::default() },
        }
    }

    fn of_policy(policy: &Policy, continuous: Option<bool>) -> Self {
        let (denial, openness) = (Denial::of(policy), Openness::of(policy));
        // What a policy does not say of releasing is as open as what is not documented of a lock.
        let kept = denial.keeps(continuous).filter(|kept| *kept);
        let denial = denial.of_vault(continuous);
        let problem = denial.open_action.map(|action| match denial.denied {
            Some(false) => format!("its policy does not deny {action} to everybody but named principals"),
            _ => format!("it is not certain that its policy denies {action} to everybody but named principals"),
        });
        let Openness { to_anybody, accounts, organizations } = openness;
        Self { denial, kept, to_anybody, accounts, organizations, problem }
    }
}

fn derive(inputs: &Inputs<'_>) -> Result<DataFrame, FactError> {
    let vaults = Vaults::read(inputs)?;
    let policies: Vec<PolicyRow> = inputs.rows("vault_policies")?;
    let policies: BTreeMap<_, _> = policies.iter().map(|row| (row.backup_vault_arn.as_deref(), row)).collect();
    let notifications: Vec<NotificationRow> = inputs.rows("vault_notifications")?;
    let notifications: BTreeMap<_, _> = notifications.iter().map(|row| (row.backup_vault_arn.as_deref(), row)).collect();
    let (mut used, mut continuous) = (targets(inputs, &vaults)?, BTreeSet::new());
    inputs.each::<PointRow>("recovery_points", |point| {
        let Some(vault_arn) = point.backup_vault_arn.filter(|_| point.exists == Some(true)) else { return };
        if point.recovery_point_arn.as_deref().is_some_and(is_continuous) {
            continuous.insert(vault_arn.clone());
        }
        used.insert(vault_arn);
    })?;
    let organizations: BTreeSet<String> =
        inputs.rows::<OrganizationRow>("organization")?.into_iter().filter_map(|row| row.organization_id).collect();
    let targets_read = ["backup_plans", "plan_rules", "plan_copies"].iter().all(|table| inputs.complete_everywhere(table));
    let rows = vaults.all().map(|vault| {
        let arn = Some(vault.arn.as_str());
        let (policy, told) = (policies.get(&arn).copied(), notifications.get(&arn).copied());
        let points_read = inputs.snapshot.complete("recovery_points", &vault.account_id, &vault.region, Some(&vault.arn));
        let in_use = if used.contains(&vault.arn) { Some(true) } else { (targets_read && points_read).then_some(false) };
        let continuous = if continuous.contains(vault.arn.as_str()) { Some(true) } else { points_read.then_some(false) };
        let proof = policy.map_or_else(|| vault.evidence.clone(), |row| evidence("vault_policies", &vault.arn, row.collection.as_deref()));
        let mut judged = Judged::of(policy, continuous);
        judged.organizations.retain(|organization| !organizations.contains(organization));
        AccessRow { in_use, evidence: Some(proof), ..row(inputs, vault, judged, told) }
    });
    Inputs::frame_of(FACT.relation, rows.collect::<Vec<_>>())
}

/// The vaults that plans write to.
fn targets(inputs: &Inputs<'_>, vaults: &Vaults) -> Result<BTreeSet<String>, FactError> {
    let mut used = BTreeSet::new();
    for plan in inputs.plans()?.iter() {
        for rule in &plan.rules {
            let home = rule.vault_name.as_deref().and_then(|name| vaults.named(&plan.account_id, &plan.region, name));
            used.extend(home.map(|vault| vault.arn.clone()));
            used.extend(rule.air_gapped_vault_arn.clone());
            used.extend(rule.copies.iter().map(|copy| copy.destination_vault_arn.clone()));
        }
    }
    Ok(used)
}

/// The row of a vault, without its use and the proof.
fn row(inputs: &Inputs<'_>, vault: &Vault, judged: Judged, told: Option<&NotificationRow>) -> AccessRow {
    let mode = vault.lock_mode(inputs.snapshot.as_of_s());
    let locked = mode.map(|mode| mode != LockMode::None);
    let in_scope = |account: &str| inputs.snapshot.scope().iter().any(|(id, _)| id == account);
    let foreign: Vec<String> = judged.accounts.into_iter().filter(|account| *account != vault.account_id && !in_scope(account)).collect();
    let events = told.and_then(events);
    let heard = |event: &str| events.as_ref().map(|events| events.iter().any(|name| name == event));
    let joined = |names: Vec<String>| Some(names.join(" "));
    AccessRow {
        subject_arn: Some(vault.arn.clone()),
        subject_type: Some("AWS::Backup::BackupVault".to_owned()),
        account_id: Some(vault.account_id.clone()),
        region: Some(vault.region.clone()),
        vault_name: Some(vault.name.clone()),
        vault_type: vault.kind.clone(),
        deletion_denied_as_aws: judged.denial.as_aws,
        deletion_denied: or(and(locked, judged.kept), judged.denial.denied),
        denied_by: denied_by(mode, judged.denial.denied),
        excepted: joined(judged.denial.excepted.into_iter().collect()),
        open_to_others: match judged.to_anybody {
            Some(false) if !foreign.is_empty() || !judged.organizations.is_empty() => None,
            told => told,
        },
        foreign_accounts: joined(foreign),
        foreign_organizations: joined(judged.organizations.into_iter().collect()),
        backup_failures_heard: heard(BACKUP_FAILURES),
        copy_failures_heard: heard(COPY_FAILURES),
        sns_topic_arn: told.and_then(|row| row.sns_topic_arn.clone()),
        dead_events: joined(events.unwrap_or_default().into_iter().filter(|name| DEAD_EVENTS.contains(&name.as_str())).collect()),
        problem: if locked == Some(true) && judged.kept != Some(true) { Some(RELEASABLE.to_owned()) } else { judged.problem },
        ..AccessRow::default()
    }
}

/// What keeps points from being deleted, the strongest first.
fn denied_by(mode: Option<LockMode>, policy: Option<bool>) -> Option<String> {
    match (mode, policy) {
        (Some(LockMode::Immutable), _) => Some("a lock that nobody can lift".to_owned()),
        (Some(LockMode::Grace), _) => Some("a lock that can be lifted until its date comes".to_owned()),
        (_, Some(true)) => Some("its policy".to_owned()),
        (Some(LockMode::Governance), _) => Some("a lock in governance mode, which whoever has the permission can lift".to_owned()),
        _ => None,
    }
}

/// The events somebody is told of: none without a topic; `None` if the cell is not a list of names.
fn events(row: &NotificationRow) -> Option<Vec<String>> {
    match (&row.sns_topic_arn, &row.events) {
        (None, _) | (_, None) => Some(Vec::new()),
        (Some(_), Some(Json(text))) => serde_json::from_str(text).ok(),
    }
}
