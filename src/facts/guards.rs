//! What an account has switched on in a Region whatever its resources are: recording of events and configuration, defaults of EBS.
//!
//! Events are recorded where a trail that the Region sees is logging and takes management events that write. What a trail takes is told in its home Region
//! only; of a trail of an account that nobody looks at, as an organisation's may be, it is not known, nor of one that leaves out the events of a service.
//! AWS itself lists events for 90 days without any trail, which is shorter than any audit.
//!
//! Sources: CloudTrail user guide, "Logging management events", "Creating a trail"; AWS Config API reference, `ConfigurationRecorderStatus`.

use std::collections::{BTreeMap, BTreeSet};

use polars::prelude::DataFrame;

use self::recorders::RecorderRow;
use super::objectives::{and, or};
use super::population::json;
use super::trails::selectors::{self, Advanced, Basic, Management};
use super::{Fact, FactError, Inputs, everywhere, region};
use crate::dataset::{Relation, Row};

mod recorders;

crate::rows! {
    /// What is switched on in an account and Region.
    pub struct GuardsRow {
        /// The account's root, and the Region
        subject_arn: Text, Never, "";
        /// Always `region`
        subject_type: Text, Never, "";
        /// Account
        account_id: Text, Never, "";
        /// Region
        region: Text, Never, "";
        /// Whether a trail records the management events that change something; not told where it leaves some out
        events_recorded: Boolean, NotTold, "GetTrailStatus: IsLogging; GetEventSelectors";
        /// Trails that do, separated by blanks
        trails: Text, Means("none that is known to"), "TrailARN";
        /// Whether a recorder of AWS Config records plans, selections, vaults and what holds data, and did so well; not told where types of data are left out
        configuration_recorded: Boolean, NotTold, "DescribeConfigurationRecorderStatus: recording, lastStatus; recordingGroup";
        /// `block-all-sharing`, `block-new-sharing` or `unblocked`
        snapshot_sharing: Text, NotTold, "GetSnapshotBlockPublicAccessState";
        /// Whether new volumes and copies of snapshots are encrypted without being told to
        volumes_encrypted: Boolean, NotTold, "GetEbsEncryptionByDefault";
        /// Whether it holds volumes or snapshots of them; where not, the defaults of EBS matter to nobody yet
        has_volumes: Boolean, NotTold, "DescribeVolumes, DescribeSnapshots";
        /// Whether a report plan of AWS Backup Audit Manager reports on it: one made here, or one that names the account or the Region
        reported: Boolean, NotTold, "ListReportPlans";
        /// Whether backup plans are made here; where not, there is little to report
        has_plans: Boolean, NotTold, "ListBackupPlans";
    }
}

/// Guards as a relation.
pub static FACT: Fact = Fact {
    relation: &Relation {
        name: "region_guards",
        doc: "What an account has switched on in a Region: recording of events and configuration, defaults of EBS. One row an account and Region.",
        rows_are: "Regions",
        columns: GuardsRow::COLUMNS,
        rows_rest_on: &[],
        order: &[],
    },
    reads: &[&[
        everywhere("trails"),
        everywhere("report_plans"),
        region("config_recorders"),
        region("ebs_settings"),
        region("ebs_volumes"),
        region("ebs_snapshots"),
        region("backup_plans"),
    ]],
    by_range: false,
    derive,
};

crate::rows! {
    /// What is needed of `trails`.
    struct TrailRow {
        account_id: Text; region: Text; trail_arn: Text; is_home: Boolean; is_logging: Boolean; event_selectors: Json; advanced_event_selectors: Json;
    }
}

crate::rows! {
    /// What is needed of `ebs_settings`.
    struct EbsRow { account_id: Text; region: Text; snapshot_block_public_access: Text; encryption_by_default: Boolean; }
}

crate::rows! {
    /// What is needed of `report_plans`.
    struct ReportPlanRow { account_id: Text; region: Text; report_plan_arn: Text; regions: Json; accounts: Json; deployment_status: Text; }
}

crate::rows! {
    /// Where something lies.
    struct PlaceRow { account_id: Text; region: Text; }
}

type Place = (String, String);

fn derive(inputs: &Inputs<'_>) -> Result<DataFrame, FactError> {
    let trails = Trails::read(inputs)?;
    let mut recording: BTreeMap<Place, Option<bool>> = BTreeMap::new();
    for row in inputs.rows::<RecorderRow>("config_recorders")? {
        let found = recording.entry(place(row.account_id.clone(), row.region.clone())).or_insert(Some(false));
        *found = or(*found, recorders::records(row)?);
    }
    let ebs = inputs.rows::<EbsRow>("ebs_settings")?.into_iter().map(|row| (place(row.account_id.clone(), row.region.clone()), row));
    let ebs: BTreeMap<Place, EbsRow> = ebs.collect();
    let mut volumes = BTreeSet::new();
    for table in ["ebs_volumes", "ebs_snapshots"] {
        inputs.each::<PlaceRow>(table, |row| {
            volumes.insert(place(row.account_id, row.region));
        })?;
    }
    let reports = Reports::read(inputs)?;
    let plans: BTreeSet<Place> =
        inputs.rows::<PlaceRow>("backup_plans")?.into_iter().map(|row| place(row.account_id, row.region)).collect();
    let rows = inputs.snapshot.scope().iter().map(|(account_id, region)| {
        let here = (account_id.clone(), region.clone());
        let complete = |table| inputs.complete(table, account_id, region);
        let ebs = ebs.get(&here);
        let none = |table| complete(table).then_some(false);
        GuardsRow {
            subject_arn: Some(format!("arn:aws:iam::{account_id}:root#region/{region}")),
            subject_type: Some("region".to_owned()),
            events_recorded: or(trails.record(&here), none("trails")),
            trails: trails.names(&here),
            configuration_recorded: or(recording.get(&here).copied().unwrap_or(Some(false)), none("config_recorders")),
            snapshot_sharing: ebs.and_then(|row| row.snapshot_block_public_access.clone()),
            volumes_encrypted: ebs.and_then(|row| row.encryption_by_default),
            has_volumes: or(Some(volumes.contains(&here)), or(none("ebs_volumes"), none("ebs_snapshots"))),
            reported: reports.cover(&here),
            has_plans: or(Some(plans.contains(&here)), none("backup_plans")),
            account_id: Some(account_id.clone()),
            region: Some(region.clone()),
        }
    });
    Inputs::frame_of(FACT.relation, rows.collect::<Vec<_>>())
}

fn place(account_id: Option<String>, region: Option<String>) -> Place {
    (account_id.unwrap_or_default(), region.unwrap_or_default())
}

/// Report plans, each with what it names beside its own place.
struct Reports {
    plans: Vec<(Place, Vec<String>, Vec<String>, Option<String>)>,
    /// Whether all were read: one in any account may report on others.
    all_read: bool,
}

impl Reports {
    fn read(inputs: &Inputs<'_>) -> Result<Self, FactError> {
        let mut plans = Vec::new();
        for row in inputs.rows::<ReportPlanRow>("report_plans")? {
            let arn = row.report_plan_arn.unwrap_or_default();
            let accounts: Option<Vec<String>> = json("report_plans", "accounts", &arn, row.accounts)?;
            let regions: Option<Vec<String>> = json("report_plans", "regions", &arn, row.regions)?;
            plans.push((
                place(row.account_id, row.region),
                accounts.unwrap_or_default(),
                regions.unwrap_or_default(),
                row.deployment_status,
            ));
        }
        Ok(Self { plans, all_read: inputs.complete_everywhere("report_plans") })
    }

    /// Whether one of them reports on a place. Units of an organization are not looked into: a plan that names one may.
    fn cover(&self, here: &Place) -> Option<bool> {
        let one = |((account_id, region), accounts, regions, status): &(Place, Vec<String>, Vec<String>, Option<String>)| {
            let says = |names: &[String], own: &String, name: &String| {
                if names.is_empty() {
                    return Some(own == name);
                }
                let unclear = names.iter().any(|one| one.starts_with("ou-") || one.starts_with("r-") || one == "*" || one == "ROOT");
                if names.contains(name) { Some(true) } else { (!unclear).then_some(false) }
            };
            let works = status.as_deref().map(|status| status != "FAILED" && status != "DELETE_IN_PROGRESS");
            and(works, and(says(accounts, account_id, &here.0), says(regions, region, &here.1)))
        };
        or(self.plans.iter().map(one).fold(Some(false), or), self.all_read.then_some(false))
    }
}

/// Trails by the place that sees them.
struct Trails {
    seen: BTreeMap<Place, Vec<(String, Option<bool>)>>,
    /// Whether a trail takes management events that write, by ARN, as its home Region tells.
    takes: BTreeMap<String, Option<bool>>,
}

impl Trails {
    fn read(inputs: &Inputs<'_>) -> Result<Self, FactError> {
        let (mut seen, mut takes) = (BTreeMap::<Place, Vec<_>>::new(), BTreeMap::new());
        for row in inputs.rows::<TrailRow>("trails")? {
            let arn = row.trail_arn.unwrap_or_default();
            if row.is_home == Some(true) {
                let basic: Option<Vec<Basic>> = json("trails", "event_selectors", &arn, row.event_selectors)?;
                let advanced: Option<Vec<Advanced>> = json("trails", "advanced_event_selectors", &arn, row.advanced_event_selectors)?;
                takes.insert(arn.clone(), selectors::take(basic.as_deref(), advanced.as_deref(), Management::Writes));
            }
            seen.entry(place(row.account_id, row.region)).or_default().push((arn, row.is_logging));
        }
        Ok(Self { seen, takes })
    }

    /// Whether one of the trails that a place sees records what changes something there; false if it sees none.
    fn record(&self, here: &Place) -> Option<bool> {
        self.seen.get(here).into_iter().flatten().map(|trail| self.records(trail)).fold(Some(false), or)
    }

    fn records(&self, (arn, logging): &(String, Option<bool>)) -> Option<bool> {
        and(*logging, self.takes.get(arn).copied().flatten())
    }

    fn names(&self, here: &Place) -> Option<String> {
        let recording = self.seen.get(here)?.iter().filter(|trail| self.records(trail) == Some(true)).map(|(arn, _)| arn.as_str());
        let names = recording.collect::<Vec<_>>().join(" ");
        (!names.is_empty()).then_some(names)
    }
}
