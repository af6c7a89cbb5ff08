//! Objectives: who owes what. Read from `audit.yaml`, matched to resources, first match wins.
//!
//! A resource without an entry gets the default, which nobody approved and which is labelled so: an RPO of 24 hours with a tolerance of the
//! start window of its plan rule and two hours. If tags that decide an entry are unread, the objective is unknown; it is never guessed.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

pub use self::change::Change;
pub use self::data_class::{DataClasses, is_class};
use self::entry::{Entry, understand, wrong};
use super::population::{Resource, Role};
use crate::model::Verdict;
use crate::model::moment::HOUR_S;

mod change;
mod data_class;
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

/// Why resources need no backup: what a service tells that speaks for it, or against it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Premise {
    /// Old versions of its objects are kept.
    Versioned,
    /// What it writes goes when its instance does, and nobody misses it.
    Stateless,
    /// It is filled again from elsewhere.
    Cache,
}

impl Premise {
    /// The word in configuration and relations.
    pub fn word(self) -> &'static str {
        match self {
            Self::Versioned => "versioned",
            Self::Stateless => "stateless",
            Self::Cache => "cache",
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

/// A tier of backups: how often some are made that are kept longer than those of the tier before.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Tier {
    /// Longest time between two of them: `1d`, `7d`, `31d`.
    pub every: String,
    /// How long they are kept at least: `30d`.
    pub keep: String,
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
    /// Preset that says what it does not say itself: `recipe`.
    #[serde(default)]
    pub preset: Option<String>,
    /// How much data may be lost: `24h`. Without it no RPO is owed.
    #[serde(default)]
    pub rpo: Option<String>,
    /// How far the RPO may be exceeded before it counts as a failure: `2h`. Without it, not at all.
    #[serde(default)]
    pub tolerance: Option<String>,
    /// How long points must be kept: `35d`. Without it no retention is owed.
    #[serde(default)]
    pub retention: Option<String>,
    /// How long points may be kept at most: `400d`. Without it nobody asks for them to go.
    #[serde(default)]
    pub longest_retention: Option<String>,
    /// How often points of which age are to be made: each a time between runs and how long these points are kept. Without it none is owed.
    #[serde(default)]
    pub tiers: Vec<Tier>,
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
    /// How much data may be lost if the account is lost: `26h`. Only points in vaults of another account count. Without it no RPO is owed for that case.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rpo_other_account: Option<String>,
    /// How much data may be lost if everything is deleted that can be: `26h`. Only points behind a lock that nobody can lift count. Without it no RPO is
    /// owed for that case.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rpo_locked: Option<String>,
    /// How long a restore may take: `4h`. Without it the parameter of the rule counts.
    #[serde(default)]
    pub rto: Option<String>,
    /// How often a restore is to be tested at least: `92d`. Without it the parameter of the rule counts.
    #[serde(default)]
    pub restore_test_every: Option<String>,
    /// What counts as a backup; all mechanisms if it is not given.
    #[serde(default)]
    pub mechanisms: Option<Vec<Mechanism>>,
    /// Why its resources need no backup: `versioned`, `stateless` or `cache`. It is held against what their services tell.
    #[serde(default)]
    pub premise: Option<Premise>,
    /// Whether read replicas owe it as well.
    #[serde(default)]
    pub include_replicas: bool,
    /// Classes of the data that its resources hold, all of them: `ephi`, or `[pci, ephi]`. Without it they may hold any.
    #[serde(default)]
    pub data_class: DataClasses,
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

impl Objective {
    /// Whether somebody is named who approved it; a blank name is nobody's.
    pub fn is_approved(&self) -> bool {
        self.approved_by.as_ref().is_some_and(|name| !name.trim().is_empty())
    }

    /// Whether somebody approved that its resources owe no backup, so that they may be lost.
    pub fn lets_go(&self) -> bool {
        let switches = [self.copy_to_other_region, self.copy_to_other_account, self.air_gapped_copy, self.replicate_automated_backups];
        let rpos = [&self.rpo, &self.rpo_other_region, &self.rpo_other_account, &self.rpo_locked];
        let times = [&self.retention, &self.rto, &self.restore_test_every];
        let none = |times: &[&Option<String>]| times.iter().all(|time| time.is_none());
        self.is_approved() && !switches.contains(&true) && none(&rpos) && none(&times) && self.tiers.is_empty()
    }
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
    /// RPO if the account is lost; `None` if none is owed.
    pub rpo_other_account_s: Option<i64>,
    /// RPO if only what is behind a lock that nobody can lift is left; `None` if none is owed.
    pub rpo_locked_s: Option<i64>,
    /// Tolerance on top of it; `None` if it is the default's and the plan rules it depends on were not all read.
    pub tolerance_s: Option<i64>,
    /// The tolerance is at least this: what proves that the objective is kept whatever the tolerance is.
    pub least_tolerance_s: i64,
    /// Retention; `None` if none is owed.
    pub retention_days: Option<i64>,
    /// Longest retention; `None` if the objective names none.
    pub longest_retention_days: Option<i64>,
    /// Tiers of backups, in the order of the file.
    pub tiers: Vec<OwedTier>,
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
    /// Classes of the data that it holds; empty if nobody declared any.
    pub data_class: BTreeSet<String>,
}

/// A tier of backups that is owed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct OwedTier {
    /// Longest time between two of them.
    pub every_s: i64,
    /// How long they are kept at least.
    pub keep_days: i64,
}

/// What is in force for a resource.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum InForce<'o> {
    /// It depends on something unread.
    NotKnown,
    /// No entry is for it: the default, which nobody approved.
    Default,
    /// The first entry that is for it.
    Entry(&'o Objective),
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
    /// `valid_from`, a retention that is not whole days or is longer than the longest, an RTO, a time between tests or a tier of nothing, a class of data
    /// that is no word or stands there twice.
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

    /// What is in force for a resource at a moment.
    pub fn in_force(&self, resource: &Resource, at_s: i64) -> InForce<'_> {
        for entry in self.entries.iter().filter(|entry| entry.valid_from_s <= at_s) {
            match entry.matches(resource) {
                None => return InForce::NotKnown,
                Some(true) => return InForce::Entry(&entry.objective),
                Some(false) => {}
            }
        }
        InForce::Default
    }

    /// Names of other objectives that are for a resource too at a moment, and do not count because they stand later in the file.
    pub fn also_for(&self, resource: &Resource, at_s: i64) -> Vec<&str> {
        let InForce::Entry(first) = self.in_force(resource, at_s) else { return Vec::new() };
        let begun = self.entries.iter().filter(|entry| entry.valid_from_s <= at_s && entry.matches(resource) == Some(true));
        let mut names: Vec<&str> = Vec::new();
        for entry in begun.filter(|entry| entry.objective.id != first.id) {
            if !names.contains(&entry.objective.id.as_str()) {
                names.push(&entry.objective.id);
            }
        }
        names
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

    /// Whether any entry names a longest retention.
    pub fn any_longest_retention(&self) -> bool {
        self.entries.iter().any(|entry| entry.longest_retention_days.is_some())
    }

    /// Whether any entry asks for tiers.
    pub fn any_tiers(&self) -> bool {
        self.entries.iter().any(|entry| !entry.tiers.is_empty())
    }

    /// The classes of data that entries declare which are in force at a moment, whether or not any resource falls under them.
    pub fn data_classes(&self, at_s: i64) -> BTreeSet<&str> {
        let begun = self.entries.iter().filter(|entry| entry.valid_from_s <= at_s);
        begun.flat_map(|entry| entry.objective.data_class.words()).map(String::as_str).collect()
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
        rpo_other_account_s: None,
        rpo_locked_s: None,
        tolerance_s: start_window_s.map(|start_window_s| start_window_s.saturating_add(DEFAULT_TOLERANCE_S)),
        least_tolerance_s: start_window_s.unwrap_or(0).saturating_add(DEFAULT_TOLERANCE_S),
        retention_days: None,
        longest_retention_days: None,
        tiers: Vec::new(),
        copy_to_other_region: false,
        copy_to_other_account: false,
        air_gapped_copy: false,
        replicate_automated_backups: false,
        rto_s: None,
        restore_test_every_s: None,
        mechanisms: Mechanism::ALL.into_iter().collect(),
        data_class: BTreeSet::new(),
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
