//! What the malware scan of the newest recovery point found.
//!
//! AWS Backup has `GuardDuty` scan points of volumes, instances and buckets. A restore brings back what is in the point, so that the newest point that was
//! scanned and found clean is the one to restore after an intrusion.
//!
//! An incremental scan looks at what changed between an earlier point, its base, and the point. That nothing was found there says nothing of the rest: a
//! point is known to be clean only by a full scan or by a chain of scans back to a full one, in none of which anything was found. Threats in the base may
//! be gone from the point, or not: `GuardDuty` looks again at infected files for 90 days, and nothing tells whether it did. Nor does a scan that ended
//! with issues say of everything that it is clean.
//!
//! Sources: AWS Backup developer guide, "Malware protection"; API reference, `ScanJob`; `GuardDuty` user guide, "How does Malware Protection for Backup work".

use std::collections::{BTreeMap, BTreeSet};

use polars::prelude::DataFrame;

use super::population::{RESOURCES_READ, RESOURCES_REST_ON, evidence};
use super::{Fact, FactError, Inputs, account, everywhere};
use crate::dataset::{Relation, Row};

/// Types whose points can be scanned.
const SCANNED: [&str; 3] = ["AWS::EC2::Volume", "AWS::EC2::Instance", "AWS::S3::Bucket"];

/// Results of a scan.
const CLEAN: &str = "NO_THREATS_FOUND";
const THREATS: &str = "THREATS_FOUND";

/// Modes of a scan.
const FULL: &str = "FULL_SCAN";
const INCREMENTAL: &str = "INCREMENTAL_SCAN";

crate::rows! {
    /// The scan of the newest point.
    pub struct ScanRow {
        /// ARN of the resource
        subject_arn: Text, Never, "";
        /// AWS resource type
        subject_type: Text, Never, "";
        /// Account
        account_id: Text, Never, "";
        /// Region
        region: Text, Never, "";
        /// `primary`, `replica`, `cluster_member`, `part`, `container` or `restore_test`
        role: Text, NotTold, "";
        /// Whether it has a usable recovery point
        has_point: Boolean, NotTold, "ListRecoveryPointsByBackupVault";
        /// The newest
        recovery_point_arn: Text, NotTold, "RecoveryPointArn";
        /// Whether a scan of it has ended
        scanned: Boolean, NotTold, "ScanJob.State";
        /// Whether it holds threats: true if a scan of it found some, false if a full scan, or scans of changes back to a full one, found none
        infected: Boolean, NotTold, "ScanResult.ScanResultStatus, ScanMode, ScanBaseRecoveryPointArn";
        /// Whether only changes in it were found clean, and what was before them is not known to be
        changes_only: Boolean, NotTold, "ScanMode";
        /// Another point of the resource in which threats were found, the one that was scanned last
        suspect_arn: Text, Means("none, as far as scans were read"), "ScanJob.RecoveryPointArn";
        /// When a point of the resource was last found clean, all of it
        clean_s: Integer, Means("never, as far as scans were read"), "ScanJob.CompletionDate";
        /// Where the proof lies
        evidence: Text, Never, "";
    }
}

/// Scans as a relation.
pub static FACT: Fact = Fact {
    relation: &Relation {
        name: "point_scans",
        doc: "Whether the newest recovery point of what can be scanned was, and what was found: one row a volume, instance or bucket.",
        rows_are: "resources",
        columns: ScanRow::COLUMNS,
        rows_rest_on: RESOURCES_REST_ON,
        order: &[],
    },
    reads: &[RESOURCES_READ, super::PLAN_READS, &[account("recovery_points"), everywhere("recovery_points"), everywhere("scan_jobs")]],
    by_range: false,
    derive,
};

crate::rows! {
    /// What is needed of `newest_points`.
    struct NewestRow { subject_arn: Text; has_point: Boolean; newer_point: Boolean; recovery_point_arn: Text; }
}

crate::rows! {
    /// What is needed of `scan_jobs`.
    struct JobRow {
        scan_job_id: Text; state: Text; scan_result_status: Text; scan_mode: Text; recovery_point_arn: Text; scan_base_recovery_point_arn: Text;
        resource_arn: Text; completion_date_s: Integer; collection: Text;
    }
}

fn derive(inputs: &Inputs<'_>) -> Result<DataFrame, FactError> {
    let newest = inputs.fact("newest_points")?;
    let newest: BTreeMap<String, NewestRow> = crate::dataset::frame::from_frame::<NewestRow>("newest_points", &newest)?
        .into_iter()
        .map(|row| (row.subject_arn.clone().unwrap_or_default(), row))
        .collect();
    let jobs = inputs.rows::<JobRow>("scan_jobs")?;
    let scans = Scans::of(&jobs);
    let all_read = inputs.complete_everywhere("scan_jobs");
    let population = inputs.population()?;
    let rows = population.iter().filter(|resource| SCANNED.contains(&resource.resource_type)).map(|resource| {
        let newest = newest.get(&resource.arn);
        // If a newer one may lie where nobody looked, this is not the point to ask about.
        let certain = newest.is_some_and(|row| row.newer_point == Some(false));
        let point = newest.and_then(|row| row.recovery_point_arn.clone()).filter(|_| certain);
        let found = point.as_deref().map(|arn| scans.found(arn));
        ScanRow {
            subject_arn: Some(resource.arn.clone()),
            subject_type: Some(resource.resource_type.to_owned()),
            account_id: Some(resource.account_id.clone()),
            region: Some(resource.region.clone()),
            role: resource.role.map(|role| role.word().to_owned()),
            has_point: newest.and_then(|row| row.has_point),
            scanned: found.as_ref().and_then(|found| if found.ended { Some(true) } else { all_read.then_some(false) }),
            infected: found.as_ref().and_then(|found| match (found.threats, found.clean && all_read) {
                (true, _) => Some(true),
                (false, clean) => clean.then_some(false),
            }),
            changes_only: found.as_ref().map(|found| found.changes && !found.clean && !found.threats),
            suspect_arn: scans.suspect(&resource.arn, point.as_deref()),
            recovery_point_arn: point,
            clean_s: scans.last_clean_s(&resource.arn),
            evidence: Some(found.and_then(|found| found.evidence).unwrap_or_else(|| resource.evidence.clone())),
        }
    });
    Inputs::frame_of(FACT.relation, rows.collect::<Vec<_>>())
}

/// What the scans of one point say together: a threat that any of them found is one.
#[derive(Debug, Default)]
#[expect(clippy::struct_excessive_bools, reason = "four questions that are answered apart")]
struct Found {
    ended: bool,
    threats: bool,
    /// Whether all of it is known to be clean.
    clean: bool,
    /// Whether what changed in it was found clean.
    changes: bool,
    evidence: Option<String>,
}

/// The scans that were read.
#[derive(Debug, Default)]
struct Scans<'j> {
    of_point: BTreeMap<&'j str, Vec<&'j JobRow>>,
    /// Those of a resource, the one that ended last first.
    of_resource: BTreeMap<&'j str, Vec<&'j JobRow>>,
}

impl<'j> Scans<'j> {
    fn of(jobs: &'j [JobRow]) -> Self {
        let mut scans = Self::default();
        for job in jobs {
            if let Some(point) = job.recovery_point_arn.as_deref() {
                scans.of_point.entry(point).or_default().push(job);
            }
            if let Some(resource) = job.resource_arn.as_deref() {
                scans.of_resource.entry(resource).or_default().push(job);
            }
        }
        for jobs in scans.of_resource.values_mut() {
            jobs.sort_by(|one, other| (other.completion_date_s, &other.scan_job_id).cmp(&(one.completion_date_s, &one.scan_job_id)));
        }
        scans
    }

    fn found(&self, point: &str) -> Found {
        let jobs = self.of_point.get(point).map(Vec::as_slice).unwrap_or_default();
        let shown = jobs.iter().find(|job| job.threats()).or(jobs.first());
        Found {
            ended: jobs.iter().any(|job| matches!(job.state.as_deref(), Some("COMPLETED" | "COMPLETED_WITH_ISSUES"))),
            threats: jobs.iter().any(|job| job.threats()),
            clean: self.known_clean(point),
            changes: jobs.iter().any(|job| job.clean() && job.scan_mode.as_deref() != Some(FULL)),
            evidence: shown.map(|job| evidence("scan_jobs", job.scan_job_id.as_deref().unwrap_or_default(), job.collection.as_deref())),
        }
    }

    /// Whether scans go back from a point to a full one, and none on the way found anything.
    fn known_clean(&self, point: &str) -> bool {
        let (mut open, mut seen) = (vec![point], BTreeSet::new());
        while let Some(point) = open.pop() {
            let jobs = self.of_point.get(point).map(Vec::as_slice).unwrap_or_default();
            if !seen.insert(point) || jobs.iter().any(|job| job.threats()) {
                continue;
            }
            for job in jobs.iter().filter(|job| job.clean()) {
                match job.scan_mode.as_deref() {
                    Some(FULL) => return true,
                    Some(INCREMENTAL) => open.extend(job.scan_base_recovery_point_arn.as_deref()),
                    _ => {}
                }
            }
        }
        false
    }

    /// The other point of a resource in which threats were found last.
    fn suspect(&self, resource: &str, newest: Option<&str>) -> Option<String> {
        let threats = self.of_resource.get(resource)?.iter().filter(|job| job.threats());
        threats.filter_map(|job| job.recovery_point_arn.as_deref()).find(|point| Some(*point) != newest).map(str::to_owned)
    }

    /// When a point of a resource that is known to be clean was last scanned.
    fn last_clean_s(&self, resource: &str) -> Option<i64> {
        let clean = |job: &&&JobRow| job.clean() && job.recovery_point_arn.as_deref().is_some_and(|point| self.known_clean(point));
        self.of_resource.get(resource)?.iter().filter(clean).find_map(|job| job.completion_date_s)
    }
}

impl JobRow {
    fn threats(&self) -> bool {
        self.scan_result_status.as_deref() == Some(THREATS)
    }

    /// Whether it looked at everything that it was to look at, and found nothing.
    fn clean(&self) -> bool {
        self.scan_result_status.as_deref() == Some(CLEAN) && self.state.as_deref() == Some("COMPLETED")
    }
}
