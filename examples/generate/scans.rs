//! Searches of recovery points for malware.

use backup_audit::collect::scan_jobs::ScanJobRow;
use backup_audit::dataset::rows::millis;
use backup_audit::model::key::resource_key;
use backup_audit::model::moment::{DAY_S, HOUR_S};

use crate::kept::{self, Of, Run};
use crate::plans::{ACCOUNT, US};
use crate::random::Random;
use crate::rows::text;
use crate::world::{Place, World};

/// Days for which AWS Backup lists scans.
const LISTED_DAYS: i64 = 30;
/// What is scanned after each backup.
const SCANNED: [&str; 4] = ["acme-invoices", "builds", "mail-archive", "web-data"];
/// In the mails of the last week there is a trojan.
const INFECTED: (&str, i64) = ("mail-archive", 8);

/// The scans of a Region that AWS still lists.
pub(crate) fn jobs(world: &World, place: Place) -> Vec<ScanJobRow> {
    if (place.account, place.region) != (ACCOUNT, US) {
        return Vec::new();
    }
    let listed = |run: &Run| (place.now_s - LISTED_DAYS * DAY_S..place.now_s).contains(&(run.ended_s() + HOUR_S));
    let scanned = kept::runs(world, place.now_s).filter(|run| SCANNED.contains(&run.kept.name) && !run.stopped);
    scanned.filter(listed).map(|run| row(world, place, &run)).collect()
}

fn row(world: &World, place: Place, run: &Run) -> ScanJobRow {
    let created_s = run.ended_s() + HOUR_S;
    let done_s = created_s + 2 * HOUR_S;
    let done = done_s <= place.now_s;
    let infected = run.kept.name == INFECTED.0 && world.timeline.ago(INFECTED.1) <= run.created_s;
    ScanJobRow {
        scan_job_id: Some(Random::new(0, &format!("scan/{}", run.job_id())).uuid().to_uppercase()),
        state: text(if done { "COMPLETED" } else { "RUNNING" }),
        scan_result_status: done.then(|| if infected { "THREATS_FOUND" } else { "NO_THREATS_FOUND" }.to_owned()),
        backup_vault_arn: Some(run.vault_arn()),
        recovery_point_arn: Some(run.point_arn()),
        resource_arn: Some(run.kept.arn()),
        resource_key: Some(resource_key(&run.kept.arn())),
        resource_type: text(if run.kept.of == Of::Bucket { "S3" } else { "EBS" }),
        scan_mode: text("FULL_SCAN"),
        creation_date: Some(millis(created_s)),
        completion_date: done.then(|| millis(done_s)),
        ..ScanJobRow::default()
    }
}
