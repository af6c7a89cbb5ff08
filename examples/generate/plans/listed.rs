//! The backup plans of the estate, with the defects that plans of real estates have.

use super::{ACCOUNT, EFS_AUTOMATIC_VAULT, EU, KEEPER, Named, Plan, Rule, Selection, To, US};
use crate::principals;

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

const ARNS: Selection = Selection {
    name: "by-arn",
    named: Named::Arns,
    not_resources: &[],
    tags: &[],
    conditions: &[],
    role: principals::DEFAULT_ROLE,
    deleted_ago: None,
};

/// Every plan there ever was.
pub(crate) static PLANS: [Plan; 16] = [
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
        selections: &[Selection {
            name: "tagged-lab",
            named: Named::Nothing,
            tags: &[("backup", "lab")],
            role: principals::LAB_ROLE,
            ..ARNS
        }],
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
        selections: &[Selection { role: principals::OPERATOR_ROLE, ..ARNS }],
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
    // What is no database and may lose a week. The yearly rule begins with the weekly one, so that AWS makes one point of the two.
    Plan {
        region: US,
        name: "weekly-files",
        rules: &[
            Rule { name: "saturday", schedule: Some("cron(0 5 ? * SAT *)"), windows_minutes: Some((60, 600)), ..DAILY },
            Rule { name: "yearly", schedule: Some("cron(0 5 ? 1 SAT#1 *)"), delete_days: 395, ..DAILY },
        ],
        selections: &[
            Selection { name: "tagged-weekly", named: Named::Nothing, tags: &[("backup", "weekly")], ..ARNS },
            Selection {
                name: "metrics",
                named: Named::Patterns(&["arn:aws:timestream:us-east-1:111122223333:database/metrics/table/requests"]),
                ..ARNS
            },
        ],
        deleted_ago: None,
    },
    // The wiki has gone, and with it its database, its role and the vault of its copies; its plan was left behind. Since somebody made the daily
    // points live longer than the weekly ones, no weekly one is made.
    Plan {
        region: US,
        name: "intranet",
        rules: &[
            Rule { copies: &[To { account: ACCOUNT, region: EU, vault: "dr-copies-2024", days: 35 }], ..DAILY },
            Rule { name: "weekly", schedule: Some("cron(0 1 ? * SUN *)"), delete_days: 30, ..DAILY },
        ],
        selections: &[
            Selection {
                name: "wiki",
                named: Named::Patterns(&["arn:aws:rds:us-east-1:111122223333:db:wiki"]),
                role: principals::GONE_ROLE,
                ..ARNS
            },
            Selection {
                name: "wiki-files",
                named: Named::Patterns(&["*"]),
                conditions: &[("StringLike", "system", "wiki*")],
                role: principals::GONE_ROLE,
                ..ARNS
            },
        ],
        deleted_ago: None,
    },
    // To be copied by whoever needs a plan. Nothing is assigned to it.
    Plan { region: US, name: "template", rules: &[DAILY], selections: &[], deleted_ago: None },
    // Made by AWS, for the file systems whose automatic backups are on.
    Plan {
        region: US,
        name: "aws/efs/automatic-backup-plan",
        rules: &[Rule {
            name: "aws/efs/automatic-backup-rule",
            vault: EFS_AUTOMATIC_VAULT,
            schedule: Some("cron(0 5 ? * * *)"),
            windows_minutes: Some((480, 10_080)),
            ..DAILY
        }],
        selections: &[Selection {
            name: "aws/efs/automatic-backup-selection",
            named: Named::Nothing,
            tags: &[("aws:elasticfilesystem:default-backup", "enabled")],
            role: principals::SERVICE_LINKED_ROLE,
            ..ARNS
        }],
        deleted_ago: None,
    },
];
