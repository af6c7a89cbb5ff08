//! Retention over time: every recovery point that is known to have been made, and whether it was kept as long as its resource owes.
//!
//! Points are known by the lists of any collection, or, if they came and went between two of them, by the job that made them. One that no look shows
//! any more has ended between two moments; an event can tell when (see [`endings`](super::endings)), and the answers follow from that (see
//! [`judged`](super::judged)). Without an event it counts as ended early only if even the look that missed it came too early, and as kept only if it was
//! seen long enough. Its lifecycle alone proves nothing: somebody may have been faster.
//!
//! - What is owed is what the objective in force at that moment asks for, and the points of a resource that is gone owe it still (see
//!   [`duties`](super::duties)).
//! - Continuous backups are windows, not points, and have no row; nor do shells of composites, the points of another account that a restore access
//!   vault shows, and those that only wait for their copy to an air-gapped vault. A job does not tell whether its point is such a one: where a copy to
//!   an air-gapped vault may have followed, how it ended stays open.
//! - A copy that only its job tells of has the date of its source; if that is not known, nothing about it is proven.
//! - A point that is being deleted proves nothing: it can come back as `EXPIRED`.
//!
//! Sources: AWS Backup developer guide, "Deleting backups", "AWS Backup Vault Lock"; API reference, `RecoveryPointByBackupVault`, `BackupJob`, `CopyJob`.

use std::collections::BTreeSet;

use polars::prelude::DataFrame;

use super::duties::Duties;
use super::endings::{By, Endings, Named};
use super::holds::{Held, Holds};
use super::judged::{End, Evidence, Guard, Judged, judge};
use super::known::{Known, known};
use crate::dataset::{Relation, Row};
use crate::facts::locks::{LockMode, Vaults};
use crate::facts::population::RESOURCES_READ;
use crate::facts::{Fact, FactError, Inputs, account, everywhere};
use crate::model::moment::DAY_S;

crate::rows! {
    /// What became of a recovery point.
    pub struct RetainedRow {
        /// ARN of the resource it restores; of the point where AWS names none
        subject_arn: Text, Never, "ResourceArn, RecoveryPointArn";
        /// AWS resource type as AWS Backup names it
        subject_type: Text, Never, "ResourceType";
        /// Account of the vault
        account_id: Text, Never, "";
        /// Region of the vault
        region: Text, Never, "";
        /// ARN of the point
        recovery_point_arn: Text, Never, "RecoveryPointArn";
        /// Vault it lies or lay in
        backup_vault_arn: Text, Never, "BackupVaultArn";
        /// `not_owed`, `proven`, `violated`, `on_track_protected`, `on_track_deletable` or `unknown`; for people and counts, rules read what it is made of
        class: Text, Never, "";
        /// What tells of it: `list` or `job`
        known_by: Text, Never, "";
        /// Whether it is a copy
        copy: Boolean, Never, "SourceBackupVaultArn";
        /// When it was created; of a copy, when its source was
        created_s: Integer, NotTold, "CreationDate";
        /// The last moment at which it is proven to have been there
        seen_s: Integer, Never, "";
        /// Whether it is there
        exists: Boolean, NotTold, "";
        /// The earliest moment at which it can have ended
        ended_from_s: Integer, Means("it has not ended, as far as is known"), "";
        /// The latest moment at which it can have ended
        ended_until_s: Integer, Means("it has not ended, as far as is known"), "";
        /// When it ended, by an event
        ended_s: Integer, Means("it has not ended, or no event tells when"), "CloudTrailEvent";
        /// Who ended it: `lifecycle` or `principal`
        ended_by: Text, Means("it has not ended, or not known"), "CloudTrailEvent: userIdentity";
        /// Who that was
        actor_arn: Text, Means("no principal ended it, or not known"), "CloudTrailEvent: userIdentity.arn";
        /// How long it was kept at least
        kept_s: Integer, NotTold, "";
        /// Whether nothing ever deletes it
        kept_forever: Boolean, NotTold, "Lifecycle.DeleteAfterDays";
        /// How long its lifecycle keeps it; for ever is the largest number there is
        retention_s: Integer, NotTold, "Lifecycle.DeleteAfterDays";
        /// Whether a retention was owed when it can have ended; of one that is there, whether it is now
        retention_owed: Boolean, NotTold, "audit.yaml";
        /// That retention; if the objective changed, the last of them
        owed_retention_s: Integer, NotTold, "audit.yaml";
        /// Until when it owes to be there
        owed_until_s: Integer, NotTold, "";
        /// Whether that has come
        obligation_ended: Boolean, NotTold, "";
        /// Whether its obligation reaches into the window
        due: Boolean, NotTold, "";
        /// Whether it ended more than a day before that
        ended_early: Boolean, NotTold, "";
        /// Whether its lifecycle keeps it for less than is owed, while it is there and owed
        lifecycle_short: Boolean, NotTold, "";
        /// Whether nobody can delete it while it is owed: a lock of its vault that enforces as much, or that nobody can lift
        protected: Boolean, NotTold, "MinRetentionDays, LockDate";
        /// Whether a legal hold keeps it
        held: Boolean, NotTold, "ListLegalHolds";
        /// Whether the objective names a longest retention
        longest_owed: Boolean, NotTold, "audit.yaml";
        /// That retention
        longest_retention_s: Integer, NotTold, "audit.yaml";
        /// Whether it is there more than a day after that and no legal hold keeps it, or its lifecycle lets it stay so long; false once it is gone
        kept_too_long: Boolean, NotTold, "";
        /// `COMPLETED`, `EXPIRED`, …, when it was last listed
        status: Text, Means("not told, or known by its job only"), "Status";
        /// Where the proof lies
        evidence: Text, Never, "";
    }
}

/// Retention over time as a relation.
pub static FACT: Fact = Fact {
    relation: &Relation {
        name: "retained_points",
        doc: "Whether recovery points were kept as long as owed, those that are gone too: one row a point, if any objective asks for a retention.",
        rows_are: "recovery points",
        columns: RetainedRow::COLUMNS,
        // A copy can lie in any account of the scope, and only the job where its source lies may tell of it.
        rows_rest_on: &[everywhere("recovery_points"), everywhere("backup_jobs"), everywhere("copy_jobs")],
        order: &["backup_vault_arn", "recovery_point_arn"],
    },
    reads: &[
        RESOURCES_READ,
        &[
            everywhere("recovery_points"),
            everywhere("backup_jobs"),
            everywhere("copy_jobs"),
            everywhere("backup_vaults"),
            everywhere("cloudtrail_events"),
            account("legal_holds"),
        ],
    ],
    by_range: true,
    derive,
};

/// What all points are held against.
pub(super) struct Beside<'a> {
    inputs: &'a Inputs<'a>,
    duties: Duties,
    endings: Endings<'a>,
    holds: Holds,
    vaults: Vaults,
}

fn derive(inputs: &Inputs<'_>) -> Result<DataFrame, FactError> {
    if !inputs.objectives.any_retention() && !inputs.objectives.any_longest_retention() {
        return Inputs::frame_of(FACT.relation, Vec::<RetainedRow>::new());
    }
    let vaults = Vaults::read(inputs)?;
    let points = known(inputs, &vaults)?;
    let beside = Beside::of(inputs, vaults, &points)?;
    let rows = points.into_iter().map(|point| beside.row(point));
    Inputs::frame_of(FACT.relation, rows.collect::<Vec<_>>())
}

impl<'a> Beside<'a> {
    /// Reads it for some points.
    pub(super) fn of(inputs: &'a Inputs<'a>, vaults: Vaults, points: &[Known]) -> Result<Self, FactError> {
        let resources: BTreeSet<&str> = points.iter().filter_map(|point| point.resource_arn.as_deref()).collect();
        let (duties, endings, holds) = (Duties::read(inputs, &resources)?, Endings::read(inputs)?, Holds::read(inputs)?);
        Ok(Self { inputs, duties, endings, holds, vaults })
    }

    pub(super) fn row(&self, point: Known) -> RetainedRow {
        let as_of_s = self.inputs.snapshot.as_of_s();
        let (end, by, event) = self.end(&point);
        let arn = point.resource_arn.as_ref().unwrap_or(&point.point_arn);
        let held = self.held(&point);
        let of = Evidence {
            created_s: point.told.created_s,
            seen_s: point.seen_s,
            end,
            duties: self.duties.of(arn),
            retention_s: point.told.retention_s(),
            given_up: point.status.as_deref() == Some("EXPIRED"),
            guard: self.guard(&point.vault_arn),
            held,
        };
        let judged = judge(&of, self.inputs.window.start_s, as_of_s);
        row(point, &of, &judged, by, event, as_of_s)
    }

    /// When a point ended, by whom, and the event that tells.
    fn end(&self, point: &Known) -> (End, Option<By>, Option<String>) {
        match (point.exists, point.absent_s) {
            (Some(true), _) => (End::There, None, None),
            (_, Some(absent_s)) if point.temporary == Some(false) => {
                let named = Named {
                    account_id: &point.account_id,
                    region: &point.region,
                    vault_arn: &point.vault_arn,
                    point_arn: &point.point_arn,
                };
                let ended = self.endings.of(&named, point.seen_s, absent_s);
                (ended.end, ended.by, ended.evidence)
            }
            _ => (End::NotKnown(point.seen_s.saturating_add(1)), None, None),
        }
    }

    fn held(&self, point: &Known) -> Option<bool> {
        let of = Held {
            account_id: &point.account_id,
            region: &point.region,
            vault_arn: &point.vault_arn,
            resource_arn: point.resource_arn.as_deref().unwrap_or_default(),
            created_s: point.told.created_s,
        };
        self.holds.keep(self.inputs, &of)
    }

    fn guard(&self, vault_arn: &str) -> Guard {
        let vault = self.vaults.get(vault_arn);
        let mode = vault.and_then(|vault| vault.lock_mode(self.inputs.snapshot.as_of_s()));
        let floor_days = vault.and_then(|vault| vault.min_retention_days).filter(|days| *days > 0);
        match (mode, floor_days) {
            (None, _) => Guard::NotKnown,
            (Some(LockMode::Immutable), _) => Guard::Immutable,
            (Some(LockMode::None), _) | (Some(_), None) => Guard::None,
            (Some(LockMode::Governance | LockMode::Grace), Some(days)) => Guard::Floor(days.saturating_mul(DAY_S)),
        }
    }
}

fn row(point: Known, of: &Evidence<'_>, judged: &Judged, by: Option<By>, event: Option<String>, as_of_s: i64) -> RetainedRow {
    let created_s = point.told.created_s;
    let (from_s, until_s) = match of.end {
        End::Between(from_s, until_s) => (Some(from_s), Some(until_s)),
        End::There | End::NotKnown(_) => (None, None),
    };
    let owed_until_s = judged.shortest.seconds().zip(created_s).map(|(owed_s, created_s)| created_s.saturating_add(owed_s));
    RetainedRow {
        subject_arn: Some(point.resource_arn.unwrap_or_else(|| point.point_arn.clone())),
        subject_type: Some(point.resource_type.unwrap_or_default()),
        account_id: Some(point.account_id),
        region: Some(point.region),
        class: Some(judged.class.word().to_owned()),
        known_by: Some(if point.listed { "list" } else { "job" }.to_owned()),
        copy: Some(point.told.copy),
        created_s,
        seen_s: Some(point.seen_s),
        exists: match of.end {
            End::There => Some(true),
            End::Between(..) => Some(false),
            End::NotKnown(_) => None,
        },
        ended_from_s: from_s,
        ended_until_s: until_s,
        ended_s: from_s.filter(|_| event.is_some() && from_s == until_s),
        ended_by: by.as_ref().map(|by| if *by == By::Lifecycle { "lifecycle" } else { "principal" }.to_owned()),
        actor_arn: by.and_then(|by| if let By::Principal(arn) = by { arn } else { None }),
        kept_s: created_s.map(|created_s| from_s.unwrap_or(point.seen_s).max(point.seen_s).saturating_sub(created_s).max(0)),
        kept_forever: of.retention_s.map(|retention_s| retention_s == i64::MAX),
        retention_s: of.retention_s,
        retention_owed: judged.retention_owed,
        owed_retention_s: judged.shortest.seconds(),
        owed_until_s,
        obligation_ended: owed_until_s.map(|owed_until_s| owed_until_s <= as_of_s),
        due: judged.due,
        ended_early: judged.ended_early,
        lifecycle_short: judged.lifecycle_short,
        protected: judged.protected,
        held: of.held,
        longest_owed: judged.longest.anything(),
        longest_retention_s: judged.longest.seconds(),
        kept_too_long: judged.kept_too_long,
        status: point.status,
        evidence: Some(event.unwrap_or(point.evidence)),
        recovery_point_arn: Some(point.point_arn),
        backup_vault_arn: Some(point.vault_arn),
    }
}
