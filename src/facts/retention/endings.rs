//! Events that tell when a recovery point ended, and by whom.
//!
//! A call that deletes a point, or the snapshot that it is, proves that it was there until then. AWS can answer such a call and not delete: the point
//! becomes `EXPIRED` and stays. So a call counts as the end only of a point that is gone, and only if every name under which a later deletion would be
//! logged was read up to the look that missed it. AWS Backup logs `BackupDeleted` for what it has deleted, be it by lifecycle or because somebody asked.
//!
//! Copies in several vaults can have one ARN: the vault must fit where an event names it.
//!
//! Sources: AWS Backup API reference, `DeleteRecoveryPoint`; AWS Backup developer guide, "Logging AWS Backup API calls with CloudTrail".

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};

use polars::prelude::{col, lit};
use serde_json::Value;

use super::judged::End;
use crate::dataset::frame;
use crate::facts::population::{evidence, json};
use crate::facts::reconciled::DELIVERED_WITHIN_S;
use crate::facts::tampering::{by_a_service, gather};
use crate::facts::{FactError, Inputs};
use crate::model::Arn;
use crate::model::window::{self, Window};

const TABLE: &str = "cloudtrail_events";
const BACKUP: &str = "backup";

/// Service → the operations that delete what a point of it is.
static NAMES: [(&str, &[&str]); 6] = [
    (BACKUP, &["BackupDeleted", "DeleteRecoveryPoint"]),
    ("dynamodb", &["DeleteBackup"]),
    ("ec2", &["DeleteSnapshot", "DeregisterImage"]),
    ("fsx", &["DeleteBackup"]),
    ("rds", &["DeleteDBClusterSnapshot", "DeleteDBSnapshot"]),
    ("redshift", &["DeleteClusterSnapshot"]),
];

crate::rows! {
    /// What is needed of `cloudtrail_events`.
    struct EventRow {
        account_id: Text; region: Text; event_id: Text; event_name: Text; event_source: Text; event_time_s: Integer; event_type: Text;
        error_code: Text; actor_arn: Text; invoked_by: Text; source_ip_address: Text; resources: Json; request_parameters: Json;
        service_event_details: Json; collection: Text;
    }
}

/// An event that deleted something.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Deletion {
    at_s: i64,
    /// Service that was called, without its domain.
    service: String,
    /// Whether a service did it by a rule that somebody made before.
    by_rule: bool,
    actor_arn: Option<String>,
    /// Names and ARNs of vaults in it.
    vaults: BTreeSet<String>,
    evidence: String,
}

/// A point as far as events name it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Named<'a> {
    /// Account of its vault.
    pub(super) account_id: &'a str,
    /// Region of its vault.
    pub(super) region: &'a str,
    /// Its vault.
    pub(super) vault_arn: &'a str,
    /// Its ARN.
    pub(super) point_arn: &'a str,
}

/// When a point ended and by whom.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Ended {
    /// When, as far as is known.
    pub(super) end: End,
    /// Who: its lifecycle, or somebody.
    pub(super) by: Option<By>,
    /// Where the proof lies, if an event tells.
    pub(super) evidence: Option<String>,
}

/// Who ended a point.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum By {
    /// AWS Backup, and nobody asked it to.
    Lifecycle,
    /// Somebody, whose ARN may not have been told.
    Principal(Option<String>),
}

/// The deletions that were read.
#[derive(Debug)]
pub(super) struct Endings<'a> {
    inputs: &'a Inputs<'a>,
    /// Account, Region and a text in lower case → the events that have it.
    by_text: BTreeMap<(String, String, String), Vec<Deletion>>,
    /// Account, Region and service → when all names were read.
    read: RefCell<BTreeMap<(String, String, &'static str), Vec<Window>>>,
}

impl<'a> Endings<'a> {
    /// Reads them.
    ///
    /// # Errors
    /// As reading the table; cells that are no JSON.
    pub(super) fn read(inputs: &'a Inputs<'a>) -> Result<Self, FactError> {
        let names: BTreeSet<&str> = NAMES.iter().flat_map(|(_, names)| *names).copied().collect();
        let wanted = names.iter().fold(lit(false), |any, name| any.or(col("event_name").eq(lit(*name))));
        let mut endings = Self { inputs, by_text: BTreeMap::new(), read: RefCell::default() };
        for row in frame::from_frame::<EventRow>(TABLE, &inputs.snapshot.frame_where(TABLE, wanted)?)? {
            endings.add(row)?;
        }
        Ok(endings)
    }

    /// What was refused deleted nothing, and a name means something only of its own service.
    fn add(&mut self, row: EventRow) -> Result<(), FactError> {
        let (None, Some(at_s)) = (&row.error_code, row.event_time_s) else { return Ok(()) };
        let service = row.event_source.as_deref().unwrap_or_default().split('.').next().unwrap_or_default().to_owned();
        let name = row.event_name.as_deref().unwrap_or_default();
        if !names_of(&service).contains(&name) {
            return Ok(());
        }
        let id = row.event_id.unwrap_or_default();
        let (mut texts, mut vaults) = (BTreeSet::new(), BTreeSet::new());
        let cells = [
            ("resources", row.resources),
            ("request_parameters", row.request_parameters),
            ("service_event_details", row.service_event_details),
        ];
        for (column, cell) in cells {
            let value = json::<Value>(TABLE, column, &id, cell)?.unwrap_or_default();
            gather(&value, &mut texts);
            vaults_in(&value, &mut vaults);
        }
        let deletion = Deletion {
            at_s,
            service,
            by_rule: by_a_service(row.event_type.as_deref(), row.invoked_by.as_deref(), row.source_ip_address.as_deref()),
            actor_arn: row.actor_arn,
            vaults,
            evidence: evidence(TABLE, &id, row.collection.as_deref()),
        };
        let (account_id, region) = (row.account_id.unwrap_or_default(), row.region.unwrap_or_default());
        let texts: BTreeSet<String> = texts.into_iter().map(|text| text.to_ascii_lowercase()).collect();
        for text in texts {
            self.by_text.entry((account_id.clone(), region.clone(), text)).or_default().push(deletion.clone());
        }
        Ok(())
    }

    /// When a point ended that was there at one moment and missed by a look at another.
    pub(super) fn of(&self, point: &Named<'_>, seen_s: i64, absent_s: i64) -> Ended {
        let mut found: Vec<&Deletion> = self.naming(point).into_iter().filter(|deletion| deletion.at_s > seen_s).collect();
        found.sort_by(|one, other| (one.at_s, &one.evidence).cmp(&(other.at_s, &other.evidence)));
        let call = found.iter().rev().find(|deletion| !deletion.by_rule);
        let last = call.or(found.last());
        let evidence = last.map(|deletion| deletion.evidence.clone());
        let all_read = self.all_read(point, seen_s, absent_s);
        let by = match (call, last) {
            (Some(call), _) => Some(By::Principal(call.actor_arn.clone())),
            (None, Some(_)) if all_read => Some(By::Lifecycle),
            _ => None,
        };
        let (first_s, last_s) = match (last.filter(|_| all_read), call) {
            (Some(last), _) => (last.at_s, last.at_s),
            (None, Some(call)) => (call.at_s, absent_s.max(call.at_s)),
            // What the service has deleted was not there any more; somebody may have asked for it earlier.
            (None, None) => (seen_s.saturating_add(1), found.first().map_or(absent_s, |deletion| deletion.at_s.min(absent_s))),
        };
        Ended { end: End::Between(first_s, last_s.max(first_s)), by, evidence }
    }

    /// Deletions that name a point: by its ARN, or by the name that its service gives what it is.
    fn naming(&self, point: &Named<'_>) -> Vec<&Deletion> {
        let arn = Arn::parse(point.point_arn);
        let service = arn.as_ref().map_or("", |arn| arn.service);
        let vault = Arn::parse(point.vault_arn).map_or(point.vault_arn, |arn| arn.resource.trim_start_matches("backup-vault:"));
        let in_vault =
            |deletion: &Deletion| deletion.vaults.is_empty() || deletion.vaults.iter().any(|one| one == vault || one == point.vault_arn);
        let names = names_of_resource(arn.as_ref().map_or("", |arn| arn.resource)).into_iter().map(|name| (name, false));
        let mut found: Vec<&Deletion> = Vec::new();
        for (name, whole) in std::iter::once((point.point_arn, true)).chain(names) {
            let key = (point.account_id.to_owned(), point.region.to_owned(), name.to_ascii_lowercase());
            let of_name = self.by_text.get(&key).into_iter().flatten().filter(|deletion| match deletion.service.as_str() {
                BACKUP => whole && in_vault(deletion),
                other => other == service,
            });
            found.extend(of_name);
        }
        found
    }

    /// Whether every name under which the deletion of a point is logged was read between two moments, but for what was not delivered yet.
    fn all_read(&self, point: &Named<'_>, from_s: i64, to_s: i64) -> bool {
        let service = Arn::parse(point.point_arn).map_or("", |arn| arn.service);
        let of = |service: &'static str| {
            let key = (point.account_id.to_owned(), point.region.to_owned(), service);
            self.read.borrow_mut().entry(key).or_insert_with(|| self.windows(point, service)).clone()
        };
        let own = NAMES.iter().map(|(name, _)| *name).find(|name| *name == service && *name != BACKUP);
        std::iter::once(BACKUP).chain(own).all(|service| {
            of(service).iter().any(|window| window.start_s <= from_s && window.end_s >= to_s.saturating_sub(DELIVERED_WITHIN_S))
        })
    }

    fn windows(&self, point: &Named<'_>, service: &str) -> Vec<Window> {
        windows(self.inputs, point.account_id, point.region, service)
    }
}

fn windows(inputs: &Inputs<'_>, account_id: &str, region: &str, service: &str) -> Vec<Window> {
    let of = |name: &&'static str| inputs.snapshot.observed_of(TABLE, account_id, region, Some(*name));
    names_of(service).iter().map(of).reduce(|one, other| window::common(&one, &other)).unwrap_or_default()
}

/// The times in which every name was read under which the deletion of a point of a service would be logged in an account and Region.
pub(super) fn observed(inputs: &Inputs<'_>, account_id: &str, region: &str, service: &str) -> Vec<Window> {
    let by_backup = windows(inputs, account_id, region, BACKUP);
    let own = NAMES.iter().any(|(name, _)| *name == service && *name != BACKUP);
    if own { window::common(&by_backup, &windows(inputs, account_id, region, service)) } else { by_backup }
}

fn names_of(service: &str) -> &'static [&'static str] {
    NAMES.iter().find(|(of, _)| *of == service).map_or(&[], |(_, names)| *names)
}

/// What a service calls the thing behind the last part of an ARN: `snapshot:awsbackup:job-1` is `awsbackup:job-1`, `snapshot/snap-1` is `snap-1`.
fn names_of_resource(resource: &str) -> BTreeSet<&str> {
    let after_kind = resource.split_once([':', '/']).map(|(_, name)| name);
    let last = resource.rsplit_once('/').map(|(_, name)| name);
    [after_kind, last].into_iter().flatten().filter(|name| !name.is_empty()).collect()
}

fn vaults_in(value: &Value, found: &mut BTreeSet<String>) {
    match value {
        Value::Array(items) => items.iter().for_each(|item| vaults_in(item, found)),
        Value::Object(fields) => {
            for (name, field) in fields {
                match field {
                    Value::String(text) if matches!(name.as_str(), "backupVaultName" | "backupVaultArn") => found.extend([text.clone()]),
                    _ => vaults_in(field, found),
                }
            }
        }
        Value::String(_) | Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}
