//! What a point, or a restore, can show: whose data it is and where that lives, against where it lies or was done.
//!
//! The ARN of a bucket names neither account nor Region. Where it is tells the list of buckets, while it is the same bucket: another account may take
//! the name of one that is gone. AWS Backup makes backups at home and copies them from there, so that a point that is no copy, and lies in no view of
//! another account's vault, lies in the account and Region of what it is of. Of what is left nobody tells whose it is: it may be any account's.

use std::collections::{BTreeMap, BTreeSet};

use super::Key;
use crate::facts::locks::{Vault, Vaults};
use crate::facts::testing::PointRow;
use crate::facts::{FactError, Inputs};
use crate::model::Arn;

crate::rows! {
    /// What is needed of `s3_buckets`.
    struct BucketRow { account_id: Text; region: Text; bucket_arn: Text; creation_date_s: Integer; }
}

/// An account and a Region.
pub(super) type Spot<'a> = (&'a str, &'a str);

/// Where a bucket is, and since when.
#[derive(Debug)]
struct Bucket {
    account_id: String,
    region: String,
    created_s: Option<i64>,
}

/// What tells of places: vaults, buckets and the accounts of the scope.
#[derive(Debug)]
pub(super) struct Homes {
    vaults: Vaults,
    /// By ARN; `None` if more than one account lists it.
    buckets: BTreeMap<String, Option<Bucket>>,
    accounts: BTreeSet<String>,
    as_of_s: i64,
}

/// For what something speaks: for certain, and at most.
#[derive(Debug, Default)]
pub(super) struct Shows {
    pub(super) certain: Vec<Key>,
    pub(super) possible: Vec<Key>,
}

impl Homes {
    pub(super) fn read(inputs: &Inputs<'_>) -> Result<Self, FactError> {
        let mut buckets: BTreeMap<String, Option<Bucket>> = BTreeMap::new();
        for row in inputs.rows::<BucketRow>("s3_buckets")? {
            if let (Some(arn), Some(account_id), Some(region)) = (row.bucket_arn, row.account_id, row.region) {
                let bucket = Bucket { account_id, region, created_s: row.creation_date_s };
                buckets.entry(arn).and_modify(|known| *known = None).or_insert(Some(bucket));
            }
        }
        let accounts = inputs.snapshot.scope().iter().map(|(account_id, _)| account_id.clone()).collect();
        Ok(Self { vaults: Vaults::read(inputs)?, buckets, accounts, as_of_s: inputs.snapshot.as_of_s() })
    }

    /// The accounts of the scope.
    pub(super) fn accounts(&self) -> &BTreeSet<String> {
        &self.accounts
    }

    /// Whether a vault is locked; `None` if that was not told.
    pub(super) fn locked(&self, vault_arn: Option<&str>) -> Option<bool> {
        self.vaults.get(vault_arn?)?.is_locked(self.as_of_s)
    }

    /// Where what has an ARN, and had it at a moment, lives.
    pub(super) fn of<'a>(&'a self, arn: Option<&'a str>, at_s: Option<i64>) -> Option<Spot<'a>> {
        let arn = arn?;
        let parsed = Arn::parse(arn)?;
        if !parsed.account.is_empty() && !parsed.region.is_empty() {
            return Some((parsed.account, parsed.region));
        }
        let bucket = self.buckets.get(arn)?.as_ref()?;
        let lived = bucket.created_s.zip(at_s).is_some_and(|(created_s, at_s)| created_s <= at_s);
        lived.then_some((&bucket.account_id, &bucket.region))
    }

    /// Where what a point is of lives.
    pub(super) fn of_point<'a>(&'a self, point: &'a PointRow) -> Option<Spot<'a>> {
        self.of(point.resource_arn.as_deref(), point.creation_date_s).or_else(|| {
            let vault = self.vaults.get(point.backup_vault_arn.as_deref()?)?;
            let at_home = point.source_backup_vault_arn.is_none() && vault.kind.is_some() && !Vault::is_view(vault);
            at_home.then_some((point.account_id.as_deref()?, point.region.as_deref()?))
        })
    }

    /// What something speaks for that lies, or was done, in a place, and comes from a vault that is locked, or not.
    pub(super) fn shows(&self, home: Option<Spot<'_>>, place: Spot<'_>, locked: Option<bool>) -> Shows {
        let possible_lock = locked != Some(false);
        match home {
            Some((owner, region)) => Shows {
                certain: kinds(owner, Some(region), place, locked == Some(true)),
                possible: kinds(owner, Some(region), place, possible_lock),
            },
            None => Shows {
                certain: Vec::new(),
                possible: self.accounts.iter().flat_map(|owner| kinds(owner, None, place, possible_lock)).collect(),
            },
        }
    }
}

/// What something of an account speaks for; of a Region that was not told, it may be another.
fn kinds(owner: &str, region: Option<&str>, place: Spot<'_>, locked: bool) -> Vec<Key> {
    let shown = [(locked, "locked"), (owner != place.0, "other_account"), (region != Some(place.1), "other_region")];
    shown.into_iter().filter(|(shown, _)| *shown).map(|(_, scenario)| (owner.to_owned(), scenario)).collect()
}
