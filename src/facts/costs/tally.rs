//! What recovery points cost a month, added up.
//!
//! The size of a point times the price of its type, Region and class. What a size means differs by type, so that the sum is an estimate: a point of EBS has
//! the size of its volume, though points share what did not change, and that of EFS the bytes its job transferred. Types whose points have the size of the
//! whole ([`WHOLE`]) are therefore estimated too high, the others perhaps too low.
//!
//! - 0 is how AWS says of RDS that it does not tell. Only a job of EFS can have transferred nothing.
//! - The class follows from the lifecycle, since the lists do not tell it. Types that cannot be moved stay warm; those of EBS move only if somebody opted in,
//!   which the lists do not tell either.
//! - What groups other points holds nothing of its own.
//!
//! Sources: AWS Backup API reference, `RecoveryPointByBackupVault`, and `BackupJob` on `BackupSizeInBytes`; developer guide, "Plan options and configuration".

use crate::facts::coverage::features::supports_cold;
use crate::facts::coverage::resource_types::ResourceType;
use crate::facts::prices::{Class, Prices};

const GIB: i128 = 1 << 30;
const MICRO_USD_A_CENT: i128 = 10_000;

/// Types whose points AWS gives the size of the whole: of the volumes, of the table, of the storage of the database or file system. Whatever of it is
/// shared between points is charged once, so that no more is charged than this. Of the other types that is not documented.
const WHOLE: [&str; 8] = ["Aurora", "DocumentDB", "DynamoDB", "EBS", "EC2", "FSx", "Neptune", "RDS"];

/// The only type of which 0 bytes is a size.
const OF_JOBS: &str = "EFS";

crate::rows! {
    /// What is needed of `recovery_points`.
    pub(in crate::facts) struct StoredRow {
        region: Text; backup_vault_arn: Text; resource_arn: Text; resource_type: Text; vault_type: Text;
        backup_size_bytes: Integer; move_to_cold_storage_at_s: Integer; is_parent: Boolean; exists: Boolean;
    }
}

/// The cost of some points together.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(in crate::facts) struct Tally {
    /// Points that are there, or may be.
    pub(in crate::facts) points_count: i64,
    /// Those of them whose cost is not known.
    pub(in crate::facts) unpriced_points_count: i64,
    /// Those of them that lie in cold storage.
    cold_points_count: i64,
    /// Whether the size of one was not told, or it may be gone.
    untold: bool,
    size_bytes: i64,
    /// Bytes times millionths of a dollar for a GiB and month, of those whose cost is known.
    byte_micro_usd: i128,
    /// Whether the size of one may be less than what is stored.
    partly: bool,
    /// Date of the oldest list that a price came from.
    priced_on: Option<String>,
}

/// The cells that every relation about costs has.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::facts) struct Cells {
    pub(in crate::facts) size_bytes: Option<i64>,
    pub(in crate::facts) cold_points_count: i64,
    pub(in crate::facts) known_cents: i64,
    pub(in crate::facts) monthly_cents: Option<i64>,
    pub(in crate::facts) all_counted: Option<bool>,
    pub(in crate::facts) priced_on: Option<String>,
}

impl Tally {
    /// Adds a point; one that is gone, or that only groups others, is nothing.
    pub(in crate::facts) fn add(&mut self, point: &StoredRow, prices: &Prices, as_of_s: i64) {
        if point.exists == Some(false) || point.is_parent == Some(true) {
            return;
        }
        self.points_count += 1;
        let (size_bytes, class) = (size_bytes(point), class(point, as_of_s));
        self.cold_points_count += i64::from(class == Some(Class::Cold));
        // One that may be gone may cost nothing.
        let Some(size_bytes) = size_bytes.filter(|_| point.exists == Some(true)) else {
            self.untold = true;
            self.unpriced_points_count += 1;
            return;
        };
        self.size_bytes = self.size_bytes.saturating_add(size_bytes);
        let resource_type = point.resource_type.as_deref().unwrap_or_default();
        let Some((micro_usd, date)) = class.and_then(|class| prices.of(point.region.as_deref().unwrap_or_default(), resource_type, class))
        else {
            self.unpriced_points_count += 1;
            return;
        };
        self.byte_micro_usd += i128::from(size_bytes) * i128::from(micro_usd);
        self.partly |= !WHOLE.contains(&resource_type);
        if self.priced_on.as_deref().is_none_or(|oldest| date < oldest) {
            self.priced_on = Some(date.to_owned());
        }
    }

    /// Adds other points.
    pub(in crate::facts) fn add_all(&mut self, other: &Self) {
        self.points_count += other.points_count;
        self.unpriced_points_count += other.unpriced_points_count;
        self.cold_points_count += other.cold_points_count;
        self.untold |= other.untold;
        self.size_bytes = self.size_bytes.saturating_add(other.size_bytes);
        self.byte_micro_usd += other.byte_micro_usd;
        self.partly |= other.partly;
        self.priced_on = self.priced_on.iter().chain(&other.priced_on).min().cloned();
    }

    /// What is known of them; `read` says whether every point that could be among them was read.
    pub(in crate::facts) fn cells(&self, read: bool) -> Cells {
        let known_cents = self.known_cents();
        let priced = read && self.unpriced_points_count == 0;
        Cells {
            size_bytes: (read && !self.untold).then_some(self.size_bytes),
            cold_points_count: self.cold_points_count,
            known_cents,
            monthly_cents: priced.then_some(known_cents),
            all_counted: (priced && !self.partly).then_some(true),
            priced_on: self.priced_on.clone(),
        }
    }

    /// Rounded up, so that an amount of whole dollars is exceeded by cents if and only if it is exceeded.
    fn known_cents(&self) -> i64 {
        let unit = GIB * MICRO_USD_A_CENT;
        let cents = self.byte_micro_usd / unit + i128::from(self.byte_micro_usd % unit > 0);
        i64::try_from(cents).unwrap_or(i64::MAX)
    }
}

/// The size of a point; `None` if AWS did not tell it.
fn size_bytes(point: &StoredRow) -> Option<i64> {
    let may_be_nothing = point.resource_type.as_deref() == Some(OF_JOBS);
    point.backup_size_bytes.filter(|&size_bytes| size_bytes > 0 || (size_bytes == 0 && may_be_nothing))
}

/// The class of storage of a point at a moment; `None` if that was not told. A view of vaults elsewhere stores nothing that is known.
fn class(point: &StoredRow, as_of_s: i64) -> Option<Class> {
    match point.vault_type.as_deref()? {
        "LOGICALLY_AIR_GAPPED_BACKUP_VAULT" => return Some(Class::AirGapped),
        "BACKUP_VAULT" => {}
        _ => return None,
    }
    if point.move_to_cold_storage_at_s.is_none_or(|at_s| at_s > as_of_s) {
        return Some(Class::Warm);
    }
    let resource_type = ResourceType::from_name(point.resource_type.as_deref()?)?;
    match supports_cold(resource_type, None)? {
        false => Some(Class::Warm),
        true if resource_type == ResourceType::Ebs => None,
        true => Some(Class::Cold),
    }
}
