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
    }
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
    pub(super) done_s: Option<i64>,
    pub(super) state: String,
    pub(super) problem: Option<String>,
    pub(super) place: Place,
    /// ARN of the point that a job made; `None` also for a point, which is there itself.
    pub(super) made: Option<String>,
    pub(super) is_point: bool,
    pub(super) evidence: String,
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

/// A job that has ended, or of which it was not told whether it has; jobs within jobs are part of their parent.
pub(super) fn ended(job: JobRow) -> Option<Ended> {
    let state = job.state.unwrap_or_default();
    let over = !matches!(state.as_str(), "CREATED" | "RUNNING");
    // A nested job is part of its parent, whose state counts.
    (over && job.parent_job_id.is_none()).then(|| Ended {
        created_s: job.creation_date_s.unwrap_or(i64::MAX),
        succeeded: match state.as_str() {
            "COMPLETED" => Some(true),
            "FAILED" | "PARTIAL" => Some(false),
            _ => None,
        },
        done_s: job.completion_date_s,
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

/// A point that is proven to exist.
pub(super) fn of_point(point: PointRow, (vault_arn, arn): (String, String)) -> Ended {
    Ended {
        created_s: point.creation_date_s.or(point.completion_date_s).unwrap_or(i64::MIN),
        succeeded: Some(true),
        done_s: point.completion_date_s,
        state: "COMPLETED".to_owned(),
        problem: None,
        place: Place { account_id: point.account_id.unwrap_or_default(), region: point.region.unwrap_or_default(), vault_arn },
        made: None,
        is_point: true,
        evidence: evidence("recovery_points", &arn, point.collection.as_deref()),
    }
}
