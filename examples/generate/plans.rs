//! Vaults and backup plans of the simulated estate, with the defects that plans of real estates have.
//!
//! Which plan backs up which database is said in `catalogue`, independently of how the tool reads selections; the selections here are written so
//! that AWS Backup would come to the same.

use crate::keys::Key;

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
    /// Days of a quarter before the end when it was deleted.
    pub(crate) deleted_ago: Option<i64>,
}

const fn vault(region: &'static str, name: &'static str) -> Vault {
    Vault { account: ACCOUNT, region, name, key: Key::Estate, lock: Lock::None, air_gapped: false, view: false, deleted_ago: None }
}

/// Every vault there ever was.
pub(crate) static VAULTS: [Vault; 14] = [
    Vault { key: Key::Aws("backup"), ..vault(EU, "Default") },
    Vault { lock: Lock::Final(Some(7), Some(400)), ..vault(EU, "dr-copies") },
    vault(EU, "eu-archive"),
    vault(EU, "eu-daily"),
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

/// A daily rule with windows of one and two hours, kept five weeks.
const DAILY: Rule = Rule {
    name: "daily",
    vault: "prod-daily",
    schedule: Some("cron(0 1 ? * * *)"),
    timezone: None,
    windows_minutes: Some((60, 120)),
    delete_days: 35,
    cold_days: None,
    continuous: false,
    copies: &[],
};

const ARNS: Selection = Selection { name: "by-arn", named: Named::Arns, not_resources: &[], tags: &[], conditions: &[], deleted_ago: None };

/// Every plan there ever was.
pub(crate) static PLANS: [Plan; 12] = [
    Plan {
        region: US,
        name: "core-daily",
        rules: &[
            Rule { copies: &[To::region(EU)], ..DAILY },
            Rule { name: "monthly", schedule: Some("cron(30 2 1 * ? *)"), delete_days: 395, ..DAILY },
        ],
        selections: &[
            Selection {
                name: "tagged-daily",
                named: Named::Nothing,
                tags: &[("backup", "daily")],
                not_resources: &["arn:aws:rds:us-east-1:111122223333:db:scratch-*"],
                ..ARNS
            },
            Selection { name: "tickets-until-moved", deleted_ago: Some(40), ..ARNS },
        ],
        deleted_ago: None,
    },
    Plan {
        region: US,
        name: "hourly",
        rules: &[Rule { name: "hourly", vault: "prod-hourly", schedule: Some("cron(0 * ? * * *)"), delete_days: 3, ..DAILY }],
        selections: &[Selection { name: "sessions", named: Named::Patterns(&["arn:aws:rds:us-east-1:111122223333:db:sessions*"]), ..ARNS }],
        deleted_ago: None,
    },
    // Cold storage of databases, which have none: AWS ignores it.
    Plan {
        region: US,
        name: "weekly-archive",
        rules: &[Rule {
            name: "sunday",
            vault: "archive",
            schedule: Some("cron(0 5 ? * SUN *)"),
            windows_minutes: Some((60, 600)),
            delete_days: 365,
            cold_days: Some(30),
            copies: &[To { account: ACCOUNT, region: US, vault: "isolated", days: 90 }],
            ..DAILY
        }],
        selections: &[Selection {
            name: "clusters-to-archive",
            named: Named::Patterns(&["arn:aws:rds:us-east-1:111122223333:cluster:*"]),
            conditions: &[("StringEquals", "archive", "yes")],
            ..ARNS
        }],
        deleted_ago: None,
    },
    // Made in the console in a hurry: AWS's default schedule, start window and completion window.
    Plan {
        region: US,
        name: "quick-setup",
        rules: &[Rule { schedule: None, windows_minutes: None, ..DAILY }],
        selections: &[ARNS],
        deleted_ago: None,
    },
    Plan {
        region: US,
        name: "one-week",
        rules: &[Rule { schedule: Some("cron(30 1 ? * * *)"), windows_minutes: Some((60, 180)), delete_days: 7, ..DAILY }],
        selections: &[Selection { name: "tagged-short", named: Named::Nothing, tags: &[("backup", "short")], ..ARNS }],
        deleted_ago: None,
    },
    // Its points would be younger than the lock of the vault allows: no job ever succeeds.
    Plan {
        region: US,
        name: "lab",
        rules: &[Rule { vault: "archive", schedule: Some("cron(0 4 ? * * *)"), delete_days: 14, ..DAILY }],
        selections: &[Selection { name: "tagged-lab", named: Named::Nothing, tags: &[("backup", "lab")], ..ARNS }],
        deleted_ago: None,
    },
    // Once a week into the account that keeps copies.
    Plan {
        region: US,
        name: "offsite",
        rules: &[Rule {
            name: "wednesday",
            vault: "archive",
            schedule: Some("cron(0 3 ? * WED *)"),
            copies: &[To { account: KEEPER, region: US, vault: "offsite", days: 35 }],
            ..DAILY
        }],
        selections: &[ARNS],
        deleted_ago: None,
    },
    Plan {
        region: US,
        name: "continuous",
        rules: &[Rule { name: "pitr", schedule: Some("cron(0 2 ? * * *)"), continuous: true, ..DAILY }],
        selections: &[ARNS],
        deleted_ago: None,
    },
    Plan {
        region: US,
        name: "old-nightly",
        rules: &[Rule { name: "nightly", vault: "legacy", schedule: Some("cron(0 23 ? * * *)"), delete_days: 14, ..DAILY }],
        selections: &[Selection {
            name: "hr-systems",
            named: Named::Patterns(&["*"]),
            conditions: &[("StringLike", "system", "hr*")],
            ..ARNS
        }],
        deleted_ago: Some(20),
    },
    Plan {
        region: EU,
        name: "eu-daily",
        rules: &[Rule {
            vault: "eu-daily",
            schedule: Some("cron(0 2 ? * * *)"),
            timezone: Some("Europe/Dublin"),
            copies: &[To::region(US)],
            ..DAILY
        }],
        selections: &[Selection {
            name: "eu-databases",
            named: Named::Patterns(&["arn:aws:rds:eu-west-1:111122223333:db:*", "arn:aws:rds:eu-west-1:111122223333:cluster:*"]),
            conditions: &[("StringLike", "backup", "daily*"), ("StringNotEquals", "stage", "test")],
            ..ARNS
        }],
        deleted_ago: None,
    },
    // Its selections are denied in the newest collection.
    Plan {
        region: EU,
        name: "eu-archive",
        rules: &[Rule {
            name: "monday",
            vault: "eu-archive",
            schedule: Some("cron(0 6 ? * MON *)"),
            delete_days: 400,
            cold_days: Some(60),
            ..DAILY
        }],
        selections: &[ARNS],
        deleted_ago: None,
    },
    // Its rules are denied in the newest collection.
    Plan {
        region: EU,
        name: "eu-finance",
        rules: &[Rule { vault: "eu-daily", schedule: Some("cron(0 0 ? * * *)"), ..DAILY }],
        selections: &[ARNS],
        deleted_ago: None,
    },
];

impl Plan {
    /// ARN; the id is made of the name, so that it is the same in every dataset.
    pub(crate) fn arn(&self) -> String {
        format!("arn:aws:backup:{}:{ACCOUNT}:backup-plan:{}", self.region, self.id())
    }

    /// Id of the plan.
    pub(crate) fn id(&self) -> String {
        crate::random::Random::new(0, self.name).uuid()
    }

    /// Id of a rule or selection of the plan.
    pub(crate) fn part_id(&self, part: &str) -> String {
        crate::random::Random::new(0, &format!("{}/{part}", self.name)).uuid()
    }
}

/// ARN of a vault.
pub(crate) fn vault_arn(account: &str, region: &str, name: &str) -> String {
    format!("arn:aws:backup:{region}:{account}:backup-vault:{name}")
}
