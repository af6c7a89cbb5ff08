//! Vaults and backup plans of the simulated estate, with the defects that plans of real estates have.
//!
//! Which plan backs up which database is said in `catalogue`, independently of how the tool reads selections; the selections here are written so
//! that AWS Backup would come to the same.

/// The account everything lies in.
pub(crate) const ACCOUNT: &str = "111122223333";
/// Region of most databases.
pub(crate) const US: &str = "us-east-1";
/// Region of the others, and of copies.
pub(crate) const EU: &str = "eu-west-1";
/// All Regions, sorted as in the manifest.
pub(crate) const REGIONS: [&str; 2] = [EU, US];

/// A vault.
pub(crate) struct Vault {
    pub(crate) region: &'static str,
    pub(crate) name: &'static str,
    /// Bounds of retention that a lock sets.
    pub(crate) lock_days: Option<(i64, i64)>,
    /// Whether the lock can no longer be removed.
    pub(crate) lock_is_final: bool,
    /// Days of a quarter before the end when it was deleted.
    pub(crate) deleted_ago: Option<i64>,
}

const fn vault(region: &'static str, name: &'static str) -> Vault {
    Vault { region, name, lock_days: None, lock_is_final: false, deleted_ago: None }
}

/// Every vault there ever was.
pub(crate) static VAULTS: [Vault; 10] = [
    vault(EU, "Default"),
    Vault { lock_days: Some((7, 400)), lock_is_final: true, ..vault(EU, "dr-copies") },
    vault(EU, "eu-archive"),
    vault(EU, "eu-daily"),
    vault(US, "Default"),
    vault(US, "archive"),
    Vault { lock_days: Some((7, 400)), lock_is_final: true, ..vault(US, "dr-copies") },
    Vault { deleted_ago: Some(10), ..vault(US, "legacy") },
    Vault { lock_days: Some((1, 3_650)), ..vault(US, "prod-daily") },
    vault(US, "prod-hourly"),
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
    /// Region whose `dr-copies` it copies to, and days the copies are kept.
    pub(crate) copy: Option<(&'static str, i64)>,
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
    copy: None,
};

const ARNS: Selection = Selection { name: "by-arn", named: Named::Arns, not_resources: &[], tags: &[], conditions: &[], deleted_ago: None };

/// Every plan there ever was.
pub(crate) static PLANS: [Plan; 10] = [
    Plan {
        region: US,
        name: "core-daily",
        rules: &[
            Rule { copy: Some((EU, 35)), ..DAILY },
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
            copy: Some((US, 35)),
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
pub(crate) fn vault_arn(region: &str, name: &str) -> String {
    format!("arn:aws:backup:{region}:{ACCOUNT}:backup-vault:{name}")
}
