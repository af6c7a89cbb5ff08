//! What the malware scan of the newest recovery point found.
//!
//! AWS Backup has `GuardDuty` scan points of volumes, instances and buckets. A restore brings back what is in the point, so that the newest point that was
//! scanned and found clean is the one to restore after an intrusion.
//!
//! Source: AWS Backup developer guide, "Malware scans"; API reference, `ScanJob`.

use std::collections::BTreeMap;

use polars::prelude::DataFrame;

use super::population::{RESOURCES_READ, RESOURCES_REST_ON, evidence};
use super::{Fact, FactError, Inputs, account, everywhere};
use crate::dataset::{Relation, Row};

/// Types whose points can be scanned.
const SCANNED: [&str; 3] = ["AWS::EC2::Volume", "AWS::EC2::Instance", "AWS::S3::Bucket"];

/// Results of a scan.
const CLEAN: &str = "NO_THREATS_FOUND";
const THREATS: &str = "THREATS_FOUND";

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
        /// Whether it found threats; not told without a result
        infected: Boolean, NotTold, "ScanResult.ScanResultStatus";
        /// When a point of the resource was last found clean
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
        scan_job_id: Text; state: Text; scan_result_status: Text; recovery_point_arn: Text; resource_arn: Text;
        completion_date_s: Integer; collection: Text;
    }
}

/// What the scans of one point say together: a threat that any of them found is one.
#[derive(Clone, Debug, Default)]
struct Found {
    ended: bool,
    clean: bool,
    threats: bool,
    evidence: Option<String>,
}

fn derive(inputs: &Inputs<'_>) -> Result<DataFrame, FactError> {
    let newest = inputs.fact("newest_points")?;
    let newest: BTreeMap<String, NewestRow> = crate::dataset::frame::from_frame::<NewestRow>("newest_points", &newest)?
        .into_iter()
        .map(|row| (row.subject_arn.clone().unwrap_or_default(), row))
        .collect();
    let mut of_point: BTreeMap<String, Found> = BTreeMap::new();
    let mut clean: BTreeMap<String, i64> = BTreeMap::new();
    for job in inputs.rows::<JobRow>("scan_jobs")? {
        if let (Some(CLEAN), Some(arn), Some(done_s)) = (job.scan_result_status.as_deref(), &job.resource_arn, job.completion_date_s) {
            let at_s = clean.entry(arn.clone()).or_insert(done_s);
            *at_s = done_s.max(*at_s);
        }
        let Some(arn) = job.recovery_point_arn.clone() else { continue };
        of_point.entry(arn).or_default().add(&job);
    }
    let all_read = inputs.complete_everywhere("scan_jobs");
    let population = inputs.population()?;
    let rows = population.iter().filter(|resource| SCANNED.contains(&resource.resource_type)).map(|resource| {
        let newest = newest.get(&resource.arn);
        // If a newer one may lie where nobody looked, this is not the point to ask about.
        let certain = newest.is_some_and(|row| row.newer_point == Some(false));
        let point = newest.and_then(|row| row.recovery_point_arn.clone()).filter(|_| certain);
        let found = point.as_ref().map(|arn| of_point.get(arn).cloned().unwrap_or_default());
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
            recovery_point_arn: point,
            clean_s: clean.get(&resource.arn).copied(),
            evidence: Some(found.and_then(|found| found.evidence).unwrap_or_else(|| resource.evidence.clone())),
        }
    });
    Inputs::frame_of(FACT.relation, rows.collect::<Vec<_>>())
}

impl Found {
    fn add(&mut self, job: &JobRow) {
        self.ended |= matches!(job.state.as_deref(), Some("COMPLETED" | "COMPLETED_WITH_ISSUES"));
        let threats = job.scan_result_status.as_deref() == Some(THREATS);
        self.clean |= job.scan_result_status.as_deref() == Some(CLEAN);
        if self.evidence.is_none() || (threats && !self.threats) {
            self.evidence = Some(evidence("scan_jobs", job.scan_job_id.as_deref().unwrap_or_default(), job.collection.as_deref()));
        }
        self.threats |= threats;
    }
}
