//! Copies as jobs and points show them: those that have ended, where they lie, and which vaults are air-gapped.

use std::collections::BTreeMap;

use crate::facts::population::evidence;
use crate::facts::{FactError, Inputs};

/// Type of a logically air-gapped vault.
const AIR_GAPPED: &str = "LOGICALLY_AIR_GAPPED_BACKUP_VAULT";

crate::rows! {
    /// What is needed of `backup_vaults`.
    struct VaultRow { backup_vault_arn: Text; vault_type: Text; }
}

crate::rows! {
    /// What is needed of `copy_jobs`.
    pub(super) struct JobRow {
        account_id: Text; region: Text; copy_job_id: Text; resource_arn: Text; state: Text; status_message: Text; destination_account_id: Text;
        destination_region: Text; destination_backup_vault_arn: Text; destination_recovery_point_arn: Text; destination_vault_type: Text;
        creation_date_s: Integer; completion_date_s: Integer; parent_job_id: Text; collection: Text;
        source_recovery_point_arn: Text; backup_plan_arn: Text; created_by_backup_job_id: Text;
    }
}

crate::rows! {
    /// A copy job, as far as it tells what was copied.
    struct CopiedRow { source_recovery_point_arn: Text; backup_plan_arn: Text; created_by_backup_job_id: Text; }
}

crate::rows! {
    /// When a point was made.
    struct MadeRow { recovery_point_arn: Text; creation_date_s: Integer; }
}

crate::rows! {
    /// What is needed of `recovery_points`.
    pub(super) struct PointRow {
        account_id: Text; region: Text; resource_arn: Text; backup_vault_arn: Text; recovery_point_arn: Text; status: Text;
        creation_date_s: Integer; completion_date_s: Integer; exists: Boolean; is_parent: Boolean; vault_type: Text; collection: Text;
    }
}

/// Which vaults are air-gapped.
#[derive(Debug, Default)]
pub(super) struct Vaults(BTreeMap<String, bool>);

impl Vaults {
    /// Reads the types of all vaults in scope.
    pub(super) fn read(inputs: &Inputs<'_>) -> Result<Self, FactError> {
        let rows = inputs.rows::<VaultRow>("backup_vaults")?;
        Ok(Self(rows.into_iter().filter_map(|row| Some((row.backup_vault_arn?, row.vault_type? == AIR_GAPPED))).collect()))
    }

    /// Whether a vault is air-gapped; `None` if its type was not read.
    pub(super) fn air_gapped(&self, vault_arn: &str) -> Option<bool> {
        self.0.get(vault_arn).copied()
    }

    /// The same, of a job or point that may tell the type itself.
    pub(super) fn told(&self, vault_type: Option<&str>, vault_arn: &str) -> Option<bool> {
        vault_type.map(|vault_type| vault_type == AIR_GAPPED).or_else(|| self.air_gapped(vault_arn))
    }
}

/// Where a copy lies; empty where it was not told.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Place {
    pub(super) account_id: String,
    pub(super) region: String,
    pub(super) vault_arn: String,
}

/// A copy job that has ended, or may have, or a point that proves one.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Ended {
    /// What has no date may be newer than all others.
    pub(super) created_s: i64,
    /// `None` if its state was not told, or is a word of tomorrow.
    pub(super) succeeded: Option<bool>,
    /// When it was done. Of a copy that somebody started by hand it is when the point was made that was copied, if that is sooner: its data is no
    /// newer, and if nobody tells when that was, it is not known.
    pub(super) done_s: Option<i64>,
    pub(super) state: String,
    pub(super) problem: Option<String>,
    pub(super) place: Place,
    /// ARN of the point that a job made; `None` also for a point, which is there itself.
    pub(super) made: Option<String>,
    pub(super) is_point: bool,
    pub(super) evidence: String,
    /// When the point came to be where it is.
    pub(super) arrived_s: Option<i64>,
    pub(super) of: CopyOf,
}

/// What was copied.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum CopyOf {
    /// What had just been backed up, as far as is known.
    #[default]
    Fresh,
    /// What somebody chose by hand, with when it was made; `None` if that was not told.
    Chosen(Option<i64>),
}

impl CopyOf {
    /// When something was done, by the data in it.
    fn by_data(self, done_s: Option<i64>) -> Option<i64> {
        match self {
            Self::Fresh => done_s,
            Self::Chosen(made_s) => made_s.zip(done_s).map(|(made_s, done_s)| made_s.min(done_s)),
        }
    }

    /// When what was chosen was made.
    fn chosen_s(self) -> Option<i64> {
        match self {
            Self::Fresh => None,
            Self::Chosen(made_s) => made_s,
        }
    }
}

/// What became of a copy.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Existence {
    There,
    Gone,
    NotKnown,
}

impl Existence {
    /// Whether it exists; `None` if that is not known.
    pub(super) fn told(self) -> Option<bool> {
        match self {
            Self::There => Some(true),
            Self::Gone => Some(false),
            Self::NotKnown => None,
        }
    }
}

/// When points were made that somebody copied by hand. What a plan copies was made just before.
#[derive(Debug, Default)]
pub(super) struct Sources(BTreeMap<String, Option<i64>>);

impl Sources {
    /// Looks up the points that jobs started by hand have copied.
    pub(super) fn read(inputs: &Inputs<'_>) -> Result<Self, FactError> {
        let mut made = BTreeMap::new();
        inputs.each::<CopiedRow>("copy_jobs", |job| {
            if by_hand(job.backup_plan_arn.as_deref(), job.created_by_backup_job_id.as_deref()) {
                made.extend(job.source_recovery_point_arn.map(|arn| (arn, None)));
            }
        })?;
        if !made.is_empty() {
            inputs.each::<MadeRow>("recovery_points", |point| {
                if let Some(made_s) = point.recovery_point_arn.as_ref().and_then(|arn| made.get_mut(arn)) {
                    *made_s = made_s.or(point.creation_date_s);
                }
            })?;
        }
        Ok(Self(made))
    }

    /// What a job copies.
    fn of(&self, job: &JobRow) -> CopyOf {
        if !by_hand(job.backup_plan_arn.as_deref(), job.created_by_backup_job_id.as_deref()) {
            return CopyOf::Fresh;
        }
        CopyOf::Chosen(job.source_recovery_point_arn.as_ref().and_then(|arn| self.0.get(arn).copied().flatten()))
    }
}

/// Whether neither a plan nor a backup job has started a copy.
fn by_hand(plan: Option<&str>, backup_job: Option<&str>) -> bool {
    plan.is_none() && backup_job.is_none()
}

/// A job that has ended, or of which it was not told whether it has; jobs within jobs are part of their parent.
pub(super) fn ended(job: JobRow, sources: &Sources) -> Option<Ended> {
    let of = sources.of(&job);
    let state = job.state.unwrap_or_default();
    let over = !matches!(state.as_str(), "CREATED" | "RUNNING");
    // A nested job is part of its parent, whose state counts.
    let succeeded = match state.as_str() {
        "COMPLETED" => Some(true),
        "FAILED" | "PARTIAL" => Some(false),
        _ => None,
    };
    // A failure is as new as it is, whatever was to be copied.
    let of = if succeeded == Some(false) { CopyOf::Fresh } else { of };
    (over && job.parent_job_id.is_none()).then(|| Ended {
        created_s: of.chosen_s().into_iter().chain(job.creation_date_s).min().unwrap_or(i64::MAX),
        succeeded,
        done_s: of.by_data(job.completion_date_s),
        arrived_s: job.completion_date_s,
        of,
        state,
        problem: job.status_message,
        place: Place {
            account_id: job.destination_account_id.unwrap_or_default(),
            region: job.destination_region.unwrap_or_default(),
            vault_arn: job.destination_backup_vault_arn.unwrap_or_default(),
        },
        made: job.destination_recovery_point_arn,
        is_point: false,
        evidence: evidence("copy_jobs", &job.copy_job_id.unwrap_or_default(), job.collection.as_deref()),
    })
}

/// A point that is proven to exist, and what it is a copy of.
pub(super) fn of_point(point: PointRow, (vault_arn, arn): (String, String), of: CopyOf) -> Ended {
    Ended {
        created_s: point.creation_date_s.or(point.completion_date_s).unwrap_or(i64::MIN),
        succeeded: Some(true),
        done_s: of.by_data(point.completion_date_s),
        arrived_s: point.completion_date_s,
        of,
        state: "COMPLETED".to_owned(),
        problem: None,
        place: Place { account_id: point.account_id.unwrap_or_default(), region: point.region.unwrap_or_default(), vault_arn },
        made: None,
        is_point: true,
        evidence: evidence("recovery_points", &arn, point.collection.as_deref()),
    }
}
