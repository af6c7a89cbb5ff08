//! Vaults and backup plans of the simulated estate, with the defects that plans of real estates have.
//!
//! Which plan backs up which database is said in `catalogue`, independently of how the tool reads selections; the selections here are written so
//! that AWS Backup would come to the same.

use crate::keys::Key;

mod listed;

pub(crate) use listed::PLANS;

/// The account everything lies in.
pub(crate) const ACCOUNT: &str = "111122223333";
/// The account that keeps copies for it.
pub(crate) const KEEPER: &str = "444455556666";
/// Region of most databases.
pub(crate) const US: &str = "us-east-1";
/// Region of the others, and of copies.
pub(crate) const EU: &str = "eu-west-1";
/// All Regions, sorted as in the manifest.
pub(crate) const REGIONS: [&str; 2] = [EU, US];

/// What keeps the points of a vault from being deleted: shortest and longest retention that the lock allows.
#[derive(Clone, Copy)]
pub(crate) enum Lock {
    /// Nothing.
    None,
    /// Can be removed by whoever may.
    Governance(Option<i64>, Option<i64>),
    /// Can be removed for another two days.
    Grace(Option<i64>, Option<i64>),
    /// For ever.
    Final(Option<i64>, Option<i64>),
}

/// A vault.
pub(crate) struct Vault {
    pub(crate) account: &'static str,
    pub(crate) region: &'static str,
    pub(crate) name: &'static str,
    pub(crate) key: Key,
    pub(crate) lock: Lock,
    /// Whether it is logically air-gapped.
    pub(crate) air_gapped: bool,
    /// Whether it is an empty view of another account's vault, of which AWS tells less.
    pub(crate) view: bool,
    /// Whether it was made minutes before the newest collection, so that AWS does not say yet whether it is locked.
    pub(crate) fresh: bool,
    /// Days of a quarter before the end when it was deleted.
    pub(crate) deleted_ago: Option<i64>,
}

/// The vault of automatic backups of EFS.
pub(crate) const EFS_AUTOMATIC_VAULT: &str = "aws/efs/automatic-backup-vault";

const fn vault(region: &'static str, name: &'static str) -> Vault {
    let (key, lock) = (Key::Estate, Lock::None);
    Vault { account: ACCOUNT, region, name, key, lock, air_gapped: false, view: false, fresh: false, deleted_ago: None }
}

/// Every vault there ever was.
pub(crate) static VAULTS: [Vault; 16] = [
    Vault { key: Key::Aws("backup"), ..vault(EU, "Default") },
    Vault { lock: Lock::Final(Some(7), Some(400)), ..vault(EU, "dr-copies") },
    vault(EU, "eu-archive"),
    vault(EU, "eu-daily"),
    Vault { fresh: true, ..vault(EU, "eu-new") },
    Vault { view: true, ..vault(EU, "partner-view") },
    Vault { key: Key::Aws("backup"), ..vault(US, "Default") },
    Vault { lock: Lock::Governance(Some(30), None), ..vault(US, "archive") },
    Vault { lock: Lock::Final(Some(7), Some(400)), ..vault(US, "dr-copies") },
    Vault { key: Key::Owned, lock: Lock::Final(Some(30), Some(400)), air_gapped: true, ..vault(US, "isolated") },
    Vault { deleted_ago: Some(10), ..vault(US, "legacy") },
    // Made for a partner who never came; its lock has no floor.
    Vault { lock: Lock::Grace(None, Some(400)), ..vault(US, "partner-drop") },
    Vault { lock: Lock::Governance(Some(1), Some(3_650)), ..vault(US, "prod-daily") },
    vault(US, "prod-hourly"),
    // Made by AWS for the file systems whose automatic backups are on.
    Vault { key: Key::Aws("backup"), ..vault(US, EFS_AUTOMATIC_VAULT) },
    Vault { account: KEEPER, lock: Lock::Final(Some(30), Some(400)), ..vault(US, "offsite") },
];

/// A rule of a plan.
pub(crate) struct Rule {
    pub(crate) name: &'static str,
    pub(crate) vault: &'static str,
    /// `None` is AWS's default.
    pub(crate) schedule: Option<&'static str>,
    pub(crate) timezone: Option<&'static str>,
    /// Start and completion window; `None` are AWS's defaults.
    pub(crate) windows_minutes: Option<(i64, i64)>,
    pub(crate) delete_days: i64,
    pub(crate) cold_days: Option<i64>,
    pub(crate) continuous: bool,
    pub(crate) copies: &'static [To],
}

/// Where a rule copies its points, and for how many days.
pub(crate) struct To {
    pub(crate) account: &'static str,
    pub(crate) region: &'static str,
    pub(crate) vault: &'static str,
    pub(crate) days: i64,
}

impl To {
    /// A vault for copies in another Region.
    const fn region(region: &'static str) -> Self {
        Self { account: ACCOUNT, region, vault: "dr-copies", days: 35 }
    }

    /// The vault.
    pub(crate) fn vault(&self) -> Option<&'static Vault> {
        VAULTS.iter().find(|vault| (vault.account, vault.region, vault.name) == (self.account, self.region, self.vault))
    }
}

/// What a selection names in `Resources`.
pub(crate) enum Named {
    /// Nothing.
    Nothing,
    /// Patterns.
    Patterns(&'static [&'static str]),
    /// The ARN of each database that `catalogue` puts under it.
    Arns,
}

/// A selection of a plan.
pub(crate) struct Selection {
    pub(crate) name: &'static str,
    pub(crate) named: Named,
    pub(crate) not_resources: &'static [&'static str],
    /// Key and value of `ListOfTags`.
    pub(crate) tags: &'static [(&'static str, &'static str)],
    /// Operator, tag key and value of `Conditions`.
    pub(crate) conditions: &'static [(&'static str, &'static str, &'static str)],
    /// Path and name of the role that AWS Backup takes on.
    pub(crate) role: &'static str,
    pub(crate) deleted_ago: Option<i64>,
}

/// A plan.
pub(crate) struct Plan {
    pub(crate) region: &'static str,
    pub(crate) name: &'static str,
    pub(crate) rules: &'static [Rule],
    pub(crate) selections: &'static [Selection],
    pub(crate) deleted_ago: Option<i64>,
}

impl Plan {
    /// ARN; the id is made of the name, so that it is the same in every dataset.
    pub(crate) fn arn(&self) -> String {
        format!("arn:aws:backup:{}:{ACCOUNT}:backup-plan:{}", self.region, self.id())
    }

    /// Id of the plan.
    pub(crate) fn id(&self) -> String {
        self.made_id(self.name)
    }

    /// Id of a rule or selection of the plan.
    pub(crate) fn part_id(&self, part: &str) -> String {
        self.made_id(&format!("{}/{part}", self.name))
    }

    /// An id for something of that name. Those of the plan that AWS makes for EFS say so.
    fn made_id(&self, name: &str) -> String {
        let id = crate::random::Random::new(0, name).uuid();
        if self.name.starts_with("aws/efs/") { format!("aws/efs/{id}") } else { id }
    }
}

/// ARN of a vault.
pub(crate) fn vault_arn(account: &str, region: &str, name: &str) -> String {
    format!("arn:aws:backup:{region}:{account}:backup-vault:{name}")
}
