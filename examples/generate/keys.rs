//! KMS keys of the estate, by what became of them.
//!
//! A database has one, whose points are under it; a vault has one, which copies into it are under.

use backup_audit::collect::kms_keys::KmsKeyRow;
use backup_audit::dataset::rows::millis;
use backup_audit::model::moment::DAY_S;

use crate::plans::{ACCOUNT, EU, KEEPER, REGIONS};
use crate::random::Random;
use crate::rows::text;
use crate::world::{Place, World};

/// A key by what it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Key {
    /// The customer key of an account and Region, which rotates.
    Estate,
    /// The key that AWS manages for a service.
    Aws(&'static str),
    /// One that AWS owns; it has no ARN.
    Owned,
    /// Switched off by somebody.
    Disabled,
    /// Waiting for its deletion.
    Doomed,
    /// Of a database that was restored under another one since.
    Retired,
    /// Of a partner's account, which does not let it be described.
    Foreign,
    /// No encryption.
    None,
}

/// The account of the partner.
pub(crate) const PARTNER: &str = "333344445555";
/// Days of a quarter before the end when the good days of a key ended, and days until a deletion that was asked for then.
const SPOILED_AGO: i64 = 3;
const WAITING_DAYS: i64 = 30;
/// All kinds that have an ARN.
const NAMED: [Key; 8] =
    [Key::Estate, Key::Aws("rds"), Key::Aws("backup"), Key::Aws("ebs"), Key::Disabled, Key::Doomed, Key::Retired, Key::Foreign];

impl Key {
    fn name(self) -> &'static str {
        match self {
            Self::Estate => "estate",
            Self::Aws(service) => service,
            Self::Owned | Self::None => "",
            Self::Disabled => "disabled",
            Self::Doomed => "doomed",
            Self::Retired => "retired",
            Self::Foreign => "foreign",
        }
    }

    /// ARN of the key that an account uses in a Region.
    pub(crate) fn arn(self, account: &str, region: &str) -> Option<String> {
        let account = match self {
            Self::Owned | Self::None => return None,
            Self::Foreign => PARTNER,
            _ => account,
        };
        let id = Random::new(0, &format!("key/{account}/{region}/{}", self.name())).uuid();
        Some(format!("arn:aws:kms:{region}:{account}:key/{id}"))
    }

    /// `EncryptionKeyType`, which has no word for keys that AWS manages.
    pub(crate) fn type_word(self) -> Option<String> {
        match self {
            Self::Aws(_) | Self::None => None,
            Self::Owned => text("AWS_OWNED_KMS_KEY"),
            _ => text("CUSTOMER_MANAGED_KMS_KEY"),
        }
    }

    /// `StorageEncryptionType` of a database.
    pub(crate) fn storage_type(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Owned => "sse-rds",
            _ => "sse-kms",
        }
    }

    /// `StorageEncrypted` of a database, which is silent about keys that AWS owns.
    pub(crate) fn storage_encrypted(self) -> bool {
        !matches!(self, Self::Owned | Self::None)
    }
}

/// The foreign key of the estate, which KMS refuses to describe.
pub(crate) fn refused() -> Option<String> {
    Key::Foreign.arn(ACCOUNT, EU)
}

/// What KMS says of a key that was asked for by its ARN.
pub(crate) fn described(world: &World, place: Place, asked: &str) -> Vec<KmsKeyRow> {
    let accounts = [ACCOUNT, KEEPER].into_iter().flat_map(|account| REGIONS.map(|region| (account, region)));
    let keys = accounts.flat_map(|(account, region)| NAMED.map(|key| (key, account, region)));
    let mut found = keys.filter(|(key, account, region)| key.arn(account, region).as_deref() == Some(asked));
    found.next().map(|(key, account, _)| row(world, place, key, account, asked)).into_iter().collect()
}

fn row(world: &World, place: Place, key: Key, account: &str, asked: &str) -> KmsKeyRow {
    let spoiled_s = world.timeline.ago(SPOILED_AGO);
    let spoiled = spoiled_s <= place.now_s;
    let of_customer = !matches!(key, Key::Aws(_));
    let doomed = key == Key::Doomed && spoiled;
    let rotates = key == Key::Estate && account == ACCOUNT;
    KmsKeyRow {
        asked_key: text(asked),
        key_arn: text(asked),
        key_account_id: text(account),
        key_state: text(match key {
            Key::Disabled if spoiled => "Disabled",
            _ if doomed => "PendingDeletion",
            _ => "Enabled",
        }),
        key_manager: text(if of_customer { "CUSTOMER" } else { "AWS" }),
        key_origin: text("AWS_KMS"),
        key_usage: text("ENCRYPT_DECRYPT"),
        key_spec: text("SYMMETRIC_DEFAULT"),
        multi_region: Some(key == Key::Doomed),
        creation_date: Some(millis(world.timeline.end_s - 900 * DAY_S)),
        deletion_date: doomed.then(|| millis(spoiled_s + WAITING_DAYS * DAY_S)),
        valid_to: None,
        rotation_enabled: of_customer.then_some(rotates),
        rotation_period_days: rotates.then_some(365),
        rotation_applies: Some(of_customer),
    }
}
