//! Objectives: who owes what. Read from `audit.yaml`, matched to resources, first match wins.
//!
//! A resource without an entry gets the default, which nobody approved and which is labelled so: an RPO of 24 hours with a tolerance of the
//! start window of its plan rule and two hours. If tags that decide an entry are unread, the objective is unknown; it is never guessed.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use self::entry::{Entry, understand, wrong};
use super::population::{Resource, Role};
use crate::model::Verdict;
use crate::model::moment::HOUR_S;

mod entry;

/// How data can be brought back; an objective names those it accepts. Replication and Multi-AZ are no backups and have no word here.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Mechanism {
    /// A recovery point in a vault of AWS Backup.
    BackupPoint,
    /// A snapshot that the service or a person took.
    NativeSnapshot,
    /// Point-in-time restore of the service itself.
    NativePitr,
    /// Automated backups replicated to another Region.
    ReplicatedAutomatedBackup,
}

impl Mechanism {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::BackupPoint, Self::NativeSnapshot, Self::NativePitr, Self::ReplicatedAutomatedBackup];

    /// The word in configuration and relations.
    pub fn word(self) -> &'static str {
        match self {
            Self::BackupPoint => "backup_point",
            Self::NativeSnapshot => "native_snapshot",
            Self::NativePitr => "native_pitr",
            Self::ReplicatedAutomatedBackup => "replicated_automated_backup",
        }
    }
}

/// Which resources an entry is for. All that is given must hold; an empty matcher is for all.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Matcher {
    /// Types as AWS Backup names them: `RDS`, `Aurora`, `DynamoDB`.
    pub types: Vec<String>,
    /// Account ids.
    pub accounts: Vec<String>,
    /// Regions.
    pub regions: Vec<String>,
    /// ARN patterns with `*`; one is enough.
    pub arns: Vec<String>,
    /// Tags, all of which must be there; a value may have `*`.
    pub tags: BTreeMap<String, String>,
}

/// One entry of `objectives` in `audit.yaml`.
#[expect(clippy::struct_excessive_bools, reason = "each is a switch of its own in the file")]
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Objective {
    /// Name in findings.
    pub id: String,
    /// Which resources it is for.
    #[serde(rename = "match", default)]
    pub matcher: Matcher,
    /// How much data may be lost: `24h`. Without it no RPO is owed.
    #[serde(default)]
    pub rpo: Option<String>,
    /// How far the RPO may be exceeded before it counts as a failure: `2h`. Without it, not at all.
    #[serde(default)]
    pub tolerance: Option<String>,
    /// How long points must be kept: `35d`. Without it no retention is owed.
    #[serde(default)]
    pub retention: Option<String>,
    /// Whether a copy in another Region is owed.
    #[serde(default)]
    pub copy_to_other_region: bool,
    /// Whether a copy in another account is owed.
    #[serde(default)]
    pub copy_to_other_account: bool,
    /// Whether a copy in a logically air-gapped vault is owed.
    #[serde(default)]
    pub air_gapped_copy: bool,
    /// Whether automated backups are to be replicated to another Region.
    #[serde(default)]
    pub replicate_automated_backups: bool,
    /// How much data may be lost if the Region is lost: `26h`. Only points in another Region count. Without it no RPO is owed for that case.
    #[serde(default)]
    pub rpo_other_region: Option<String>,
    /// How long a restore may take: `4h`. Without it the parameter of the rule counts.
    #[serde(default)]
    pub rto: Option<String>,
    /// How often a restore is to be tested at least: `92d`. Without it the parameter of the rule counts.
    #[serde(default)]
    pub restore_test_every: Option<String>,
    /// What counts as a backup; all mechanisms if it is not given.
    #[serde(default)]
    pub mechanisms: Option<Vec<Mechanism>>,
    /// Whether read replicas owe it as well.
    #[serde(default)]
    pub include_replicas: bool,
    /// Class of the data: `ephi`, `pci`, …
    #[serde(default)]
    pub data_class: Option<String>,
    /// Since when it is in force, RFC 3339 or a date; always, if it is not given.
    #[serde(default)]
    pub valid_from: Option<String>,
    /// Who owns it.
    #[serde(default)]
    pub owner: Option<String>,
    /// Who approved it; without one it is in force, but reported as not approved.
    #[serde(default)]
    pub approved_by: Option<String>,
}

/// All objectives, in the order of the file.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Objectives {
    entries: Vec<Entry>,
}

/// What one resource owes at one moment.
#[expect(clippy::struct_excessive_bools, reason = "each is a switch of its own in the file")]
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Owed {
    /// Name of the objective, or [`DEFAULT_ID`].
    pub id: String,
    /// Whether somebody approved it.
    pub approved: bool,
    /// RPO; `None` if none is owed.
    pub rpo_s: Option<i64>,
    /// RPO if the Region is lost; `None` if none is owed.
    pub rpo_other_region_s: Option<i64>,
    /// Tolerance on top of it; `None` if it is the default's and the plan rules it depends on were not all read.
    pub tolerance_s: Option<i64>,
    /// The tolerance is at least this: what proves that the objective is kept whatever the tolerance is.
    pub least_tolerance_s: i64,
    /// Retention; `None` if none is owed.
    pub retention_days: Option<i64>,
    /// Whether a copy in another Region is owed.
    pub copy_to_other_region: bool,
    /// Whether a copy in another account is owed.
    pub copy_to_other_account: bool,
    /// Whether a copy in a logically air-gapped vault is owed.
    pub air_gapped_copy: bool,
    /// Whether automated backups are to be replicated to another Region.
    pub replicate_automated_backups: bool,
    /// Longest time a restore may take; `None` if the objective names none.
    pub rto_s: Option<i64>,
    /// Longest time between restore tests; `None` if the objective names none.
    pub restore_test_every_s: Option<i64>,
    /// What counts as a backup.
    pub mechanisms: BTreeSet<Mechanism>,
    /// Class of the data.
    pub data_class: Option<String>,
}

/// Name of the objective of resources that match no entry.
pub const DEFAULT_ID: &str = "default, not approved";
/// RPO of the default objective.
pub const DEFAULT_RPO_S: i64 = 24 * HOUR_S;
/// Tolerance of the default objective on top of the start window.
pub const DEFAULT_TOLERANCE_S: i64 = 2 * HOUR_S;

/// Why an entry of `objectives` cannot be used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("objective `{id}`, `{field}`: {what}")]
pub struct ObjectiveError {
    /// The entry.
    pub id: String,
    /// The field.
    pub field: &'static str,
    /// What is wrong.
    pub what: String,
}

impl Objectives {
    /// Understands the entries of a configuration.
    ///
    /// # Errors
    /// The first entry that cannot be used, with field and reason: unreadable durations or moments, an id that is used twice with the same
    /// `valid_from`, a retention that is not whole days, an RTO or a time between tests of nothing.
    pub fn new(entries: Vec<Objective>) -> Result<Self, ObjectiveError> {
        let mut seen = BTreeSet::new();
        let entries = entries.into_iter().map(understand).collect::<Result<Vec<_>, _>>()?;
        for entry in &entries {
            if !seen.insert((entry.objective.id.clone(), entry.valid_from_s)) {
                return Err(wrong(&entry.objective.id, "id", "it is used twice with the same `valid_from`".to_owned()));
            }
        }
        Ok(Self { entries })
    }

    /// What a resource owes at a moment; `None` if that depends on something unread. `start_window_s` is that of its best plan rule, for the
    /// default; `None` if that was not read.
    pub fn owed(&self, resource: &Resource, at_s: i64, start_window_s: Option<i64>) -> Option<Owed> {
        for entry in self.entries.iter().filter(|entry| entry.valid_from_s <= at_s) {
            if entry.matches(resource)? {
                return Some(entry.owed(resource));
            }
        }
        Some(default(resource, start_window_s))
    }

    /// What a resource owed over time: each element is in force from its moment until the next. The first begins at the earliest moment there is.
    /// `None` in an element where it depends on something unread.
    pub fn over_time(&self, resource: &Resource, start_window_s: Option<i64>) -> Vec<(i64, Option<Owed>)> {
        let moments: BTreeSet<i64> = std::iter::once(i64::MIN).chain(self.entries.iter().map(|entry| entry.valid_from_s)).collect();
        moments.into_iter().map(|at_s| (at_s, self.owed(resource, at_s, start_window_s))).collect()
    }

    /// Whether any entry asks for a retention.
    pub fn any_retention(&self) -> bool {
        self.entries.iter().any(|entry| entry.retention_days.is_some())
    }

    /// The entries as they were written, in the order of the file.
    pub fn written(&self) -> impl Iterator<Item = &Objective> {
        self.entries.iter().map(|entry| &entry.objective)
    }

    /// Ids in the order of the file.
    pub fn ids(&self) -> impl Iterator<Item = &str> {
        self.entries.iter().map(|entry| entry.objective.id.as_str())
    }
}

fn default(resource: &Resource, start_window_s: Option<i64>) -> Owed {
    let owes = resource.role != Some(Role::Replica);
    Owed {
        id: DEFAULT_ID.to_owned(),
        approved: false,
        rpo_s: owes.then_some(DEFAULT_RPO_S),
        rpo_other_region_s: None,
        tolerance_s: start_window_s.map(|start_window_s| start_window_s.saturating_add(DEFAULT_TOLERANCE_S)),
        least_tolerance_s: start_window_s.unwrap_or(0).saturating_add(DEFAULT_TOLERANCE_S),
        retention_days: None,
        copy_to_other_region: false,
        copy_to_other_account: false,
        air_gapped_copy: false,
        replicate_automated_backups: false,
        rto_s: None,
        restore_test_every_s: None,
        mechanisms: Mechanism::ALL.into_iter().collect(),
        data_class: None,
    }
}

/// Three-valued and: false wins, then unknown.
pub(super) fn and(one: Option<bool>, other: Option<bool>) -> Option<bool> {
    match (one, other) {
        (Some(false), _) | (_, Some(false)) => Some(false),
        (Some(true), Some(true)) => Some(true),
        _ => None,
    }
}

/// Three-valued or: true wins, then unknown.
pub(super) fn or(one: Option<bool>, other: Option<bool>) -> Option<bool> {
    and(one.map(|value| !value), other.map(|value| !value)).map(|value| !value)
}

/// The verdict that a three-valued answer stands for, for texts.
pub fn verdict_of(answer: Option<bool>) -> Verdict {
    match answer {
        Some(true) => Verdict::Pass,
        Some(false) => Verdict::Fail,
        None => Verdict::Unknown,
    }
}
