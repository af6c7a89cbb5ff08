//! What keys let AWS copy: for each resource and each copy that a plan covering it asks for, whether the keys at both ends allow it.
//!
//! Databases are of types that AWS Backup does not manage fully. For these
//!
//! - nothing that a key managed by AWS encrypts leaves the account, nor goes to a logically air-gapped vault: the policy of such a key cannot be changed;
//! - the key of the destination vault must be a customer key or the key of the owning service (`aws/rds`), not `aws/backup`. KMS does not say for which
//!   service a key managed by AWS is, and AWS's own pages disagree: the page on encryption lets such a copy fail, an article of its knowledge center
//!   says that a copy to another Region gets the default key of the service there. So a vault under a key managed by AWS leaves it open;
//! - what no page speaks of stays open too: a source under a key that AWS owns, and unencrypted databases on their way to an air-gapped vault.
//!
//! Whether the type can be copied at all, and whether the policies of customer keys allow it, is not asked here.
//! Sources: AWS Backup developer guide, "Encryption for backups in AWS Backup", "Logically air-gapped vault";
//! <https://repost.aws/knowledge-center/backup-encryption>.

use std::collections::BTreeMap;

use polars::prelude::DataFrame;

use super::storage::{self, Encryption, Storage};
use super::{AWS_OWNED, KmsKeys};
use crate::dataset::schema::RestsOn;
use crate::dataset::{Relation, Row};
use crate::facts::coverage::Coverage;
use crate::facts::coverage::decide::Verdict;
use crate::facts::locks::{Vault, Vaults};
use crate::facts::objectives::{and, or};
use crate::facts::plans::{Plan, PlanRule};
use crate::facts::population::{RESOURCES_READ, Resource, Role, evidence};
use crate::facts::{Fact, FactError, Inputs, PLAN_READS, everywhere, joined};
use crate::model::Arn;

crate::rows! {
    /// A copy that a plan asks for, and the keys at both ends.
    pub struct CopyKeyRow {
        /// ARN of the resource
        subject_arn: Text, Never, "";
        /// AWS resource type
        subject_type: Text, Never, "";
        /// Account
        account_id: Text, Never, "";
        /// Region
        region: Text, Never, "";
        /// `primary`, `replica` or `restore_test`
        role: Text, NotTold, "";
        /// Whether the plan covers the resource
        planned: Boolean, NotTold, "";
        /// Name of the plan
        plan_name: Text, Never, "";
        /// Name of the plan rule
        plan_rule: Text, Never, "";
        /// Vault copied to
        destination_vault_arn: Text, Never, "DestinationBackupVaultArn, TargetLogicallyAirGappedBackupVaultArn";
        /// Whether that vault is another account's
        cross_account: Boolean, NotTold, "";
        /// Whether it is logically air-gapped
        air_gapped: Boolean, NotTold, "VaultType";
        /// What encrypts the resource: `none`, `CUSTOMER`, `AWS` or `AWS_OWNED`
        source_key_manager: Text, NotTold, "StorageEncryptionType, KeyMetadata.KeyManager";
        /// Key of the resource
        source_key_arn: Text, Means("no key that KMS shows to the account, or not told"), "KmsKeyId";
        /// Who manages the key of the vault copied to: `CUSTOMER`, `AWS` or `AWS_OWNED`
        destination_key_manager: Text, NotTold, "EncryptionKeyType, KeyMetadata.KeyManager";
        /// Whether the source needs a customer key for this copy and has none
        needs_customer_key: Boolean, NotTold, "";
        /// Whether the keys at both ends allow the copy
        keys_allow: Boolean, NotTold, "";
        /// What is wrong or open, in words
        problem: Text, Means("nothing"), "";
        /// Where the proof lies
        evidence: Text, Never, "";
    }
}

/// What the rows rest on: whatever lists a resource, and the plans that cover it by its name or tags.
const RESTS_ON: [RestsOn; RESOURCES_READ.len() + PLAN_READS.len()] = joined(&[RESOURCES_READ, PLAN_READS]);

/// Keys of planned copies as a relation.
pub static FACT: Fact = Fact {
    relation: &Relation {
        name: "copy_keys",
        doc: "Whether keys allow the copies that plans ask for: one row a resource and copy action.",
        rows_are: "copy actions",
        columns: CopyKeyRow::COLUMNS,
        rows_rest_on: &RESTS_ON,
        order: &["plan_name", "plan_rule", "destination_vault_arn"],
    },
    reads: &[RESOURCES_READ, PLAN_READS, &[everywhere("backup_vaults"), everywhere("kms_keys")]],
    by_range: false,
    derive,
};

/// Who manages a key, or that there is none.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Manager {
    Unencrypted,
    Customer,
    Aws,
    AwsOwned,
}

impl Manager {
    fn of_word(word: &str) -> Option<Self> {
        match word {
            "CUSTOMER" => Some(Self::Customer),
            "AWS" => Some(Self::Aws),
            _ => None,
        }
    }

    fn word(self) -> &'static str {
        match self {
            Self::Unencrypted => "none",
            Self::Customer => "CUSTOMER",
            Self::Aws => "AWS",
            Self::AwsOwned => AWS_OWNED,
        }
    }

    fn of_key(keys: &KmsKeys, arn: &str) -> Option<Self> {
        Self::of_word(keys.get(arn)?.key_manager.as_deref()?)
    }

    fn of_source(keys: &KmsKeys, storage: &Storage) -> Option<Self> {
        match storage.encryption? {
            Encryption::None => Some(Self::Unencrypted),
            Encryption::AwsOwned => Some(Self::AwsOwned),
            Encryption::Kms => Self::of_key(keys, storage.key_arn.as_deref()?),
        }
    }

    /// AWS has no word of its own for `aws/backup`, which AWS manages: `CUSTOMER_MANAGED_KMS_KEY` alone proves no customer key, its description does.
    fn of_vault(keys: &KmsKeys, vault: &Vault) -> Option<Self> {
        match vault.key_type.as_deref() {
            Some("AWS_OWNED_KMS_KEY") => Some(Self::AwsOwned),
            _ => Self::of_key(keys, vault.key_arn.as_deref()?),
        }
    }
}

/// Both ends of a copy.
#[derive(Clone, Copy, Debug)]
struct Ends {
    source: Option<Manager>,
    destination: Option<Manager>,
    cross_account: Option<bool>,
    air_gapped: Option<bool>,
}

impl Ends {
    /// Whether the source's key keeps it where it is.
    fn needs_customer_key(self) -> Option<bool> {
        let leaves = or(self.cross_account, self.air_gapped);
        match self.source {
            Some(Manager::Customer) => Some(false),
            Some(Manager::Aws) => leaves,
            Some(Manager::Unencrypted) => self.air_gapped.and_then(|air_gapped| (!air_gapped).then_some(false)),
            Some(Manager::AwsOwned) | None => None,
        }
    }

    /// Whether the vault's key can encrypt the copy.
    fn destination_fits(self) -> Option<bool> {
        match (self.air_gapped, self.destination) {
            (Some(true), _) | (_, Some(Manager::Customer)) => Some(true),
            _ => None,
        }
    }

    fn problem(self) -> Option<&'static str> {
        match (self.needs_customer_key(), self.destination_fits()) {
            (Some(true), _) if self.cross_account == Some(true) => {
                Some("a key managed by AWS encrypts it, and no other account can use such a key")
            }
            (Some(true), _) => Some("a key managed by AWS encrypts it, and an air-gapped vault takes nothing under such a key"),
            (None, _) => Some("what encrypts it, or where the copy goes, does not settle whether its key lets it go"),
            (_, Some(_)) => None,
            (_, None) if self.destination.is_none() => Some("the key of the destination vault is not known"),
            (_, None) => Some("no customer key encrypts the destination vault, and AWS's own pages disagree on what then happens"),
        }
    }
}

fn derive(inputs: &Inputs<'_>) -> Result<DataFrame, FactError> {
    let (keys, vaults, storage) = (KmsKeys::read(inputs)?, Vaults::read(inputs)?, storage::by_arn(inputs)?);
    let (population, coverage, plans) = (inputs.population()?, inputs.coverage()?, inputs.plans()?);
    let mut rows = Vec::new();
    for (resource, coverage) in population.iter().zip(coverage.iter()) {
        if resource.role == Some(Role::ClusterMember) {
            continue; // the cluster holds the data, and its rows speak of the copies
        }
        let storage = storage.get(&resource.arn);
        for (plan, planned) in planned(coverage) {
            for (rule, destination) in destinations(&plans[plan]) {
                let vault = vaults.get(destination);
                let ends = Ends {
                    source: storage.and_then(|storage| Manager::of_source(&keys, storage)),
                    destination: vault.and_then(|vault| Manager::of_vault(&keys, vault)),
                    cross_account: Arn::parse(destination).map(|arn| arn.account != resource.account_id),
                    air_gapped: vault.and_then(Vault::air_gapped),
                };
                let named =
                    Named { plan: &plans[plan], rule, destination, planned, key_arn: storage.and_then(|storage| storage.key_arn.clone()) };
                rows.push(row(resource, named, ends));
            }
        }
    }
    Inputs::frame_of(FACT.relation, rows)
}

/// The plans that cover a resource or may do so.
fn planned(coverage: &Coverage) -> BTreeMap<usize, Option<bool>> {
    let mut plans: BTreeMap<usize, Option<bool>> = BTreeMap::new();
    for decided in &coverage.decided {
        let covers = match decided.verdict {
            Verdict::Covered => Some(true),
            Verdict::Unknown => None,
            _ => Some(false),
        };
        let so_far = plans.entry(decided.plan).or_insert(Some(false));
        *so_far = or(*so_far, covers);
    }
    plans
}

/// Where a plan copies to, rule by rule.
fn destinations(plan: &Plan) -> impl Iterator<Item = (&PlanRule, &str)> {
    plan.rules.iter().flat_map(|rule| {
        let copies = rule.copies.iter().map(|copy| copy.destination_vault_arn.as_str());
        copies.chain(rule.air_gapped_vault_arn.as_deref()).map(move |destination| (rule, destination))
    })
}

/// A copy action by its names.
struct Named<'a> {
    plan: &'a Plan,
    rule: &'a PlanRule,
    destination: &'a str,
    planned: Option<bool>,
    key_arn: Option<String>,
}

fn row(resource: &Resource, named: Named<'_>, ends: Ends) -> CopyKeyRow {
    let needs_customer_key = ends.needs_customer_key();
    let word = |manager: Option<Manager>| manager.map(|manager| manager.word().to_owned());
    CopyKeyRow {
        subject_arn: Some(resource.arn.clone()),
        subject_type: Some(resource.resource_type.to_owned()),
        account_id: Some(resource.account_id.clone()),
        region: Some(resource.region.clone()),
        role: resource.role.map(|role| role.word().to_owned()),
        planned: named.planned,
        plan_name: Some(named.plan.name.clone()),
        plan_rule: Some(named.rule.name.clone()),
        destination_vault_arn: Some(named.destination.to_owned()),
        cross_account: ends.cross_account,
        air_gapped: ends.air_gapped,
        source_key_manager: word(ends.source),
        source_key_arn: named.key_arn,
        destination_key_manager: word(ends.destination),
        needs_customer_key,
        keys_allow: and(needs_customer_key.map(|needs| !needs), ends.destination_fits()),
        problem: ends.problem().map(str::to_owned),
        evidence: Some(evidence("plan_copies", &format!("{}#rule/{}", named.plan.arn, named.rule.id), Some(&named.plan.collection))),
    }
}

#[cfg(test)]
mod tests {
    use super::Manager::{Aws, AwsOwned, Customer, Unencrypted};
    use super::*;

    #[test]
    fn keys_at_both_ends() {
        let (here, account, gapped, open) = ((false, false), (true, false), (false, true), None);
        // why, source, vault's key, (another account, air-gapped), needs a customer key, keys allow it
        let cases = [
            ("customer keys at both ends", Some(Customer), Some(Customer), here, Some(false), Some(true)),
            ("customer keys, to another account", Some(Customer), Some(Customer), account, Some(false), Some(true)),
            ("AWS's key, to another account: impossible", Some(Aws), Some(Customer), account, Some(true), Some(false)),
            (
                "AWS's key, to another account whose vault is unread: impossible all the same",
                Some(Aws),
                None,
                account,
                Some(true),
                Some(false),
            ),
            ("AWS's key, to an air-gapped vault: impossible", Some(Aws), Some(AwsOwned), gapped, Some(true), Some(false)),
            ("AWS's key, to another Region of the account", Some(Aws), Some(Customer), here, Some(false), Some(true)),
            (
                "a customer key, to an air-gapped vault under a key that AWS owns",
                Some(Customer),
                Some(AwsOwned),
                gapped,
                Some(false),
                Some(true),
            ),
            ("not encrypted, to another account", Some(Unencrypted), Some(Customer), account, Some(false), Some(true)),
            ("not encrypted, to an air-gapped vault: not documented", Some(Unencrypted), Some(AwsOwned), gapped, open, open),
            ("a vault under a key managed by AWS: its pages disagree", Some(Customer), Some(Aws), here, Some(false), open),
            ("the vault is unread", Some(Customer), None, account, Some(false), open),
            ("the source's key could not be described", None, Some(Customer), account, open, open),
            ("a source under a key that AWS owns: not documented", Some(AwsOwned), Some(Customer), account, open, open),
        ];
        for (why, source, destination, (cross_account, air_gapped), needs, allows) in cases {
            let known = destination.is_some();
            let ends = Ends { source, destination, cross_account: Some(cross_account), air_gapped: known.then_some(air_gapped) };
            let allowed = and(ends.needs_customer_key().map(|needs| !needs), ends.destination_fits());
            assert_eq!((ends.needs_customer_key(), allowed), (needs, allows), "{why}");
            assert_eq!(ends.problem().is_none(), allows == Some(true), "{why}: {:?}", ends.problem());
        }
    }
}
