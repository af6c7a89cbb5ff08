//! Vault locks: how strong each is at the moment of judgement, and which range of retention it enforces.
//!
//! A lock without date is in governance mode: whoever may, can lift it. With a date that has not come it can still be lifted; from that date on nobody
//! can, the root user and AWS included. Points cannot be deleted by hand under any of them. A logically air-gapped vault is always locked for good. A
//! lock keeps jobs out whose retention lies outside its range; without a shortest retention it says nothing about how long points live. It does not
//! keep the key of a point from being deleted.
//!
//! AWS has no field for the mode: it is read from the date. Source: AWS Backup developer guide, "AWS Backup Vault Lock" and "Logically air-gapped vault".

use std::collections::BTreeMap;

use polars::prelude::DataFrame;

use super::population::evidence;
use super::{Fact, FactError, Inputs};
use crate::dataset::schema::{Reach, RestsOn};
use crate::dataset::{Relation, Row};

pub mod conflicts;
pub mod points;

/// `VaultType` of a logically air-gapped vault.
const AIR_GAPPED: &str = "LOGICALLY_AIR_GAPPED_BACKUP_VAULT";

crate::rows! {
    /// The lock of a vault.
    pub struct LockRow {
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
        /// Whether the vault is locked, in whichever mode
        locked: Boolean, NotTold, "Locked";
        /// `none`, `governance`, `grace` (for good, but can still be lifted) or `immutable`
        lock_mode: Text, NotTold, "Locked, LockDate";
        /// From when on nobody can lift it
        lock_date_s: Integer, Means("no lock, or one in governance mode"), "LockDate";
        /// Shortest retention it accepts
        min_retention_days: Integer, Means("it sets none"), "MinRetentionDays";
        /// Longest retention it accepts
        max_retention_days: Integer, Means("it sets none"), "MaxRetentionDays";
        /// Whether it enforces a shortest retention
        has_floor: Boolean, NotTold, "MinRetentionDays";
        /// Where the proof lies
        evidence: Text, Never, "";
    }
}

/// What rows about vaults rest on.
pub(super) const VAULTS_REST_ON: &[RestsOn] = &[RestsOn { table: "backup_vaults", reach: Reach::Region }];

/// Locks as a relation.
pub static FACT: Fact = Fact {
    relation: &Relation {
        name: "vault_locks",
        doc: "The lock of each backup vault: one row a vault.",
        rows_are: "vaults",
        columns: LockRow::COLUMNS,
        rows_rest_on: VAULTS_REST_ON,
        order: &[],
    },
    reads: &[VAULTS_REST_ON],
    by_range: false,
    derive,
};

/// How strong a lock is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum LockMode {
    /// There is none.
    None,
    /// Whoever has the permission can lift it.
    Governance,
    /// It will be for good, but can still be lifted.
    Grace,
    /// Nobody can lift it.
    Immutable,
}

impl LockMode {
    /// The word in relations.
    pub(super) fn word(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Governance => "governance",
            Self::Grace => "grace",
            Self::Immutable => "immutable",
        }
    }
}

/// A backup vault with its lock and key.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Vault {
    pub(super) arn: String,
    pub(super) name: String,
    pub(super) account_id: String,
    pub(super) region: String,
    /// `VaultType`.
    pub(super) kind: Option<String>,
    /// Key of what AWS Backup encrypts in it.
    pub(super) key_arn: Option<String>,
    /// What AWS says of that key: `AWS_OWNED_KMS_KEY`, `CUSTOMER_MANAGED_KMS_KEY` or nothing.
    pub(super) key_type: Option<String>,
    pub(super) locked: Option<bool>,
    pub(super) min_retention_days: Option<i64>,
    pub(super) max_retention_days: Option<i64>,
    pub(super) lock_date_s: Option<i64>,
    pub(super) evidence: String,
}

impl Vault {
    /// Whether it is logically air-gapped; `None` if its type was not told.
    pub(super) fn air_gapped(&self) -> Option<bool> {
        self.kind.as_deref().map(|kind| kind == AIR_GAPPED)
    }

    /// Whether it only shows the points of another account's vault.
    pub(super) fn is_view(&self) -> bool {
        self.kind.as_deref() == Some("RESTORE_ACCESS_BACKUP_VAULT")
    }

    /// Its lock at a moment; `None` if not told.
    pub(super) fn lock_mode(&self, as_of_s: i64) -> Option<LockMode> {
        match (self.air_gapped(), self.locked, self.lock_date_s) {
            (Some(true), _, _) => Some(LockMode::Immutable),
            (_, Some(false), _) => Some(LockMode::None),
            (_, Some(true), None) => Some(LockMode::Governance),
            (_, Some(true), Some(lock_date_s)) => Some(if lock_date_s <= as_of_s { LockMode::Immutable } else { LockMode::Grace }),
            (_, None, _) => None,
        }
    }

    /// Whether it is locked in whichever mode.
    pub(super) fn is_locked(&self, as_of_s: i64) -> Option<bool> {
        self.lock_mode(as_of_s).map(|mode| mode != LockMode::None)
    }

    /// Whether its lock enforces a shortest retention; that of an air-gapped vault always does.
    fn has_floor(&self, as_of_s: i64) -> Option<bool> {
        let floor = self.air_gapped() == Some(true) || self.min_retention_days.is_some_and(|days| days >= 1);
        self.is_locked(as_of_s).map(|locked| locked && floor)
    }
}

crate::rows! {
    /// What is needed of `backup_vaults`.
    struct VaultRow {
        account_id: Text; region: Text; backup_vault_arn: Text; backup_vault_name: Text; vault_type: Text; encryption_key_arn: Text;
        encryption_key_type: Text; locked: Boolean; min_retention_days: Integer; max_retention_days: Integer; lock_date_s: Integer; collection: Text;
    }
}

/// The vaults that were read.
#[derive(Debug)]
pub(super) struct Vaults {
    by_arn: BTreeMap<String, Vault>,
    /// Account, Region and name → ARN.
    by_name: BTreeMap<(String, String, String), String>,
}

impl Vaults {
    /// Reads them.
    pub(super) fn read(inputs: &Inputs<'_>) -> Result<Self, FactError> {
        let vaults = inputs.rows::<VaultRow>("backup_vaults")?.into_iter().map(vault);
        let by_arn: BTreeMap<String, Vault> = vaults.map(|vault| (vault.arn.clone(), vault)).collect();
        let name = |vault: &Vault| ((vault.account_id.clone(), vault.region.clone(), vault.name.clone()), vault.arn.clone());
        Ok(Self { by_name: by_arn.values().map(name).collect(), by_arn })
    }

    /// The vault of that ARN, if it was read.
    pub(super) fn get(&self, arn: &str) -> Option<&Vault> {
        self.by_arn.get(arn)
    }

    /// The vault of that name in an account and Region, if it was read.
    pub(super) fn named(&self, account_id: &str, region: &str, name: &str) -> Option<&Vault> {
        self.get(self.by_name.get(&(account_id.to_owned(), region.to_owned(), name.to_owned()))?)
    }

    /// All of them, by ARN.
    pub(super) fn all(&self) -> impl Iterator<Item = &Vault> {
        self.by_arn.values()
    }
}

fn vault(row: VaultRow) -> Vault {
    let arn = row.backup_vault_arn.unwrap_or_default();
    Vault {
        evidence: evidence("backup_vaults", &arn, row.collection.as_deref()),
        arn,
        name: row.backup_vault_name.unwrap_or_default(),
        account_id: row.account_id.unwrap_or_default(),
        region: row.region.unwrap_or_default(),
        kind: row.vault_type,
        key_arn: row.encryption_key_arn,
        key_type: row.encryption_key_type,
        locked: row.locked,
        min_retention_days: row.min_retention_days,
        max_retention_days: row.max_retention_days,
        lock_date_s: row.lock_date_s,
    }
}

fn derive(inputs: &Inputs<'_>) -> Result<DataFrame, FactError> {
    let as_of_s = inputs.snapshot.as_of_s();
    let vaults = Vaults::read(inputs)?;
    let rows = vaults.all().map(|vault| LockRow {
        subject_arn: Some(vault.arn.clone()),
        subject_type: Some("AWS::Backup::BackupVault".to_owned()),
        account_id: Some(vault.account_id.clone()),
        region: Some(vault.region.clone()),
        vault_name: Some(vault.name.clone()),
        vault_type: vault.kind.clone(),
        locked: vault.is_locked(as_of_s),
        lock_mode: vault.lock_mode(as_of_s).map(|mode| mode.word().to_owned()),
        lock_date_s: vault.lock_date_s,
        min_retention_days: vault.min_retention_days,
        max_retention_days: vault.max_retention_days,
        has_floor: vault.has_floor(as_of_s),
        evidence: Some(vault.evidence.clone()),
    });
    Inputs::frame_of(FACT.relation, rows.collect::<Vec<_>>())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lock_modes() {
        let now_s = 1_000;
        // why, locked, lock date, air-gapped, mode
        let cases = [
            ("no lock", Some(false), None, Some(false), Some(LockMode::None)),
            ("no date: governance", Some(true), None, Some(false), Some(LockMode::Governance)),
            ("a date to come: it can still be lifted", Some(true), Some(1_001), Some(false), Some(LockMode::Grace)),
            ("a date of just now", Some(true), Some(1_000), Some(false), Some(LockMode::Immutable)),
            ("a date gone by", Some(true), Some(999), Some(false), Some(LockMode::Immutable)),
            ("not told", None, None, Some(false), None),
            ("not told, though it has a date", None, Some(999), Some(false), None),
            ("air-gapped vaults are always locked for good", None, None, Some(true), Some(LockMode::Immutable)),
            ("type not told: the lock tells all the same", Some(true), None, None, Some(LockMode::Governance)),
        ];
        for (why, locked, lock_date_s, air_gapped, expected) in cases {
            let kind = air_gapped.map(|air_gapped| if air_gapped { AIR_GAPPED } else { "BACKUP_VAULT" }.to_owned());
            let vault = Vault { kind, locked, lock_date_s, ..Vault::default() };
            assert_eq!(vault.lock_mode(now_s), expected, "{why}");
        }
    }

    #[test]
    fn a_floor_is_a_lock_with_a_shortest_retention() {
        // why, locked, shortest retention, has a floor
        let cases = [
            ("a week", Some(true), Some(7), Some(true)),
            ("none", Some(true), None, Some(false)),
            ("zero says nothing", Some(true), Some(0), Some(false)),
            ("no lock, no floor", Some(false), None, Some(false)),
            ("not told", None, Some(7), None),
        ];
        for (why, locked, min_retention_days, expected) in cases {
            let vault = Vault { kind: Some("BACKUP_VAULT".to_owned()), locked, min_retention_days, ..Vault::default() };
            assert_eq!(vault.has_floor(0), expected, "{why}");
        }
    }
}
