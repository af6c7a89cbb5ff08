//! Every recovery point that is known to have been made: by a list of any collection, or by the job that made it.

use std::collections::{BTreeMap, BTreeSet};

use super::points::Told;
use crate::facts::locks::Vaults;
use crate::facts::points::is_continuous;
use crate::facts::population::evidence;
use crate::facts::{FactError, Inputs};
use crate::model::Window;

/// A recovery point, its vault first: copies in several vaults can share an ARN.
type Key = (String, String);

/// A recovery point and what was seen of it.
#[derive(Clone, Debug)]
pub(super) struct Known {
    pub(super) vault_arn: String,
    pub(super) point_arn: String,
    /// Account of its vault.
    pub(super) account_id: String,
    /// Region of its vault.
    pub(super) region: String,
    pub(super) resource_arn: Option<String>,
    pub(super) resource_type: Option<String>,
    /// Its creation and lifecycle.
    pub(super) told: Told,
    /// Status when it was last listed.
    pub(super) status: Option<String>,
    /// Whether a list shows it; else its job does.
    pub(super) listed: bool,
    /// The last moment at which it is proven to have been there.
    pub(super) seen_s: i64,
    /// When a look first missed it after that.
    pub(super) absent_s: Option<i64>,
    /// Whether it is there.
    pub(super) exists: Option<bool>,
    /// Whether it only waited for its copy to an air-gapped vault.
    pub(super) temporary: Option<bool>,
    /// Where the proof lies that it was made.
    pub(super) evidence: String,
}

impl Known {
    fn key(&self) -> Key {
        (self.vault_arn.clone(), self.point_arn.clone())
    }
}

crate::rows! {
    /// What is needed of `recovery_points`.
    struct PointRow {
        account_id: Text; region: Text; recovery_point_arn: Text; backup_vault_arn: Text; resource_arn: Text; resource_type: Text; status: Text;
        creation_date_s: Integer; completion_date_s: Integer; delete_after_days: Integer; delete_at_s: Integer; delete_after_event: Text;
        source_backup_vault_arn: Text; is_parent: Boolean; vault_type: Text; exists: Boolean; last_seen_s: Integer; absent_s: Integer;
        collection: Text;
    }
}

crate::rows! {
    /// What is needed of `backup_jobs`.
    struct JobRow {
        account_id: Text; region: Text; backup_job_id: Text; state: Text; resource_arn: Text; resource_type: Text; recovery_point_arn: Text;
        backup_vault_arn: Text; creation_date_s: Integer; completion_date_s: Integer; delete_after_days: Integer; is_parent: Boolean; collection: Text;
    }
}

crate::rows! {
    /// What is needed of `copy_jobs`.
    struct CopyRow {
        copy_job_id: Text; state: Text; resource_arn: Text; resource_type: Text; source_backup_vault_arn: Text; source_recovery_point_arn: Text;
        destination_backup_vault_arn: Text; destination_recovery_point_arn: Text; destination_region: Text; destination_account_id: Text;
        destination_vault_type: Text; completion_date_s: Integer; is_parent: Boolean; collection: Text;
    }
}

/// Everything that is known to have been made and keeps data on its own.
pub(super) fn known(inputs: &Inputs<'_>, vaults: &Vaults) -> Result<Vec<Known>, FactError> {
    let mut found = Vec::new();
    let (mut seen, mut created) = (BTreeSet::new(), BTreeMap::new());
    inputs.each::<PointRow>("recovery_points", |row| {
        let Some(key) = row.backup_vault_arn.clone().zip(row.recovery_point_arn.clone()) else { return };
        created.insert(key.clone(), row.creation_date_s);
        let shell = is_shell(&row) || is_continuous(&key.1);
        // One that was only seen in the making is what its job says.
        let in_the_making = row.status.as_deref() == Some("CREATING");
        if shell || !in_the_making {
            seen.insert(key.clone());
        }
        if !shell && !in_the_making {
            found.extend(of_list(row, key));
        }
    })?;
    let copies: Vec<CopyRow> = inputs.rows("copy_jobs")?;
    let looks = Looks::new(inputs, vaults, &copies);
    inputs.each::<JobRow>("backup_jobs", |row| {
        if let Some(point) = of_job(&looks, row).filter(|point| seen.insert(point.key())) {
            created.insert(point.key(), point.told.created_s);
            found.push(point);
        }
    })?;
    for row in copies {
        let point = of_copy(&looks, row, &created);
        found.extend(point.filter(|point| seen.insert(point.key())));
    }
    Ok(found)
}

/// Whether it keeps no data on its own: it groups others, only waits for its copy, or is the point of another account that a view shows.
fn is_shell(row: &PointRow) -> bool {
    let (event, vault) = (row.delete_after_event.as_deref(), row.vault_type.as_deref());
    row.is_parent == Some(true) || event == Some("DELETE_AFTER_COPY") || vault == Some("RESTORE_ACCESS_BACKUP_VAULT")
}

fn of_list(row: PointRow, (vault_arn, point_arn): Key) -> Option<Known> {
    let told = Told {
        created_s: row.creation_date_s,
        delete_after_days: row.delete_after_days,
        delete_at_s: row.delete_at_s,
        by_event: row.delete_after_event.is_some(),
        copy: row.source_backup_vault_arn.is_some(),
    };
    let last_seen_s = row.last_seen_s?;
    let deleting = row.status.as_deref() == Some("DELETING");
    // Of one that was last seen being deleted, all that is proven is that it was made.
    let made_s = row.completion_date_s.or(row.creation_date_s).unwrap_or(i64::MIN).min(last_seen_s);
    Some(Known {
        evidence: evidence("recovery_points", &point_arn, row.collection.as_deref()),
        vault_arn,
        point_arn,
        account_id: row.account_id?,
        region: row.region?,
        resource_arn: row.resource_arn,
        resource_type: row.resource_type,
        told,
        listed: true,
        seen_s: if deleting { made_s } else { last_seen_s },
        absent_s: row.absent_s,
        exists: row.exists.filter(|exists| !(*exists && deleting)),
        temporary: Some(false),
        status: row.status,
    })
}

/// A point that no list shows. What its job says of its lifecycle does not tell whether it was to go after a copy.
fn of_job(looks: &Looks, row: JobRow) -> Option<Known> {
    let (vault_arn, point_arn) = (row.backup_vault_arn?, row.recovery_point_arn?);
    if row.state.as_deref() != Some("COMPLETED") || row.is_parent == Some(true) || is_continuous(&point_arn) {
        return None;
    }
    let (account_id, region, done_s) = (row.account_id?, row.region?, looks.done_s(row.completion_date_s)?);
    let look = looks.at(&account_id, &region);
    let absent_s = look.and_then(|look| look.first_s(done_s));
    let followed = looks.gapped.contains(&(vault_arn.clone(), point_arn.clone()));
    let temporary = look.zip(absent_s).filter(|(look, absent_s)| !followed && look.saw_copies(done_s, *absent_s)).map(|_| false);
    Some(Known {
        told: Told {
            created_s: row.creation_date_s,
            delete_after_days: row.delete_after_days,
            delete_at_s: None,
            by_event: row.delete_after_days.is_none(),
            copy: false,
        },
        vault_arn,
        point_arn,
        account_id,
        region,
        resource_arn: row.resource_arn,
        resource_type: row.resource_type,
        status: None,
        listed: false,
        seen_s: done_s,
        absent_s,
        exists: None,
        temporary,
        evidence: evidence("backup_jobs", row.backup_job_id.as_deref().unwrap_or_default(), row.collection.as_deref()),
    })
}

/// A copy in the scope that no list shows.
fn of_copy(looks: &Looks, row: CopyRow, created: &BTreeMap<Key, Option<i64>>) -> Option<Known> {
    let (vault_arn, point_arn) = (row.destination_backup_vault_arn?, row.destination_recovery_point_arn?);
    if row.state.as_deref() != Some("COMPLETED") || row.is_parent == Some(true) || is_continuous(&point_arn) {
        return None;
    }
    let (account_id, region, done_s) = (row.destination_account_id?, row.destination_region?, looks.done_s(row.completion_date_s)?);
    let absent_s = looks.at(&account_id, &region)?.first_s(done_s);
    let source = row.source_backup_vault_arn.zip(row.source_recovery_point_arn);
    let created_s = source.and_then(|source| created.get(&source).copied().flatten());
    Some(Known {
        // Whether days of a copy job are told is not known; those of a copy that is gone matter to nothing.
        told: Told { created_s, delete_after_days: None, delete_at_s: None, by_event: true, copy: true },
        absent_s,
        vault_arn,
        point_arn,
        account_id,
        region,
        resource_arn: row.resource_arn,
        resource_type: row.resource_type,
        status: None,
        listed: false,
        seen_s: done_s,
        exists: None,
        temporary: Some(false),
        evidence: evidence("copy_jobs", row.copy_job_id.as_deref().unwrap_or_default(), row.collection.as_deref()),
    })
}

/// How far collections looked for what jobs tell of.
struct Looks {
    as_of_s: i64,
    /// By account and Region of the scope.
    by_place: BTreeMap<(String, String), Look>,
    /// Points from which a copy to an air-gapped vault was made, or may have been.
    gapped: BTreeSet<Key>,
}

/// How far collections looked in a Region.
struct Look {
    /// When all points were read, ascending.
    points_s: Vec<i64>,
    /// When copy jobs were observed, if the newest read of them is complete.
    copies: Vec<Window>,
}

impl Looks {
    fn new(inputs: &Inputs<'_>, vaults: &Vaults, copies: &[CopyRow]) -> Self {
        let look = |(account_id, region): &(String, String)| {
            let observed = inputs.snapshot.observed("copy_jobs", account_id, region);
            Look {
                points_s: inputs.snapshot.complete_reads("recovery_points", account_id, region),
                copies: if inputs.complete("copy_jobs", account_id, region) { observed } else { Vec::new() },
            }
        };
        let gapped = |copy: &&CopyRow| match copy.destination_vault_type.as_deref() {
            Some(kind) => kind != "BACKUP_VAULT",
            None => copy.destination_backup_vault_arn.as_deref().and_then(|arn| vaults.get(arn)?.air_gapped()) != Some(false),
        };
        let source = |copy: &CopyRow| copy.source_backup_vault_arn.clone().zip(copy.source_recovery_point_arn.clone());
        Self {
            as_of_s: inputs.snapshot.as_of_s(),
            by_place: inputs.snapshot.scope().iter().map(|place| (place.clone(), look(place))).collect(),
            gapped: copies.iter().filter(gapped).filter_map(source).collect(),
        }
    }

    fn at(&self, account_id: &str, region: &str) -> Option<&Look> {
        self.by_place.get(&(account_id.to_owned(), region.to_owned()))
    }

    /// When a job was done; `None` if it went on at the moment of judgement. Jobs are read later than that, and points are not looked for again.
    fn done_s(&self, completion_date_s: Option<i64>) -> Option<i64> {
        completion_date_s.filter(|done_s| *done_s < self.as_of_s)
    }
}

impl Look {
    /// The first collection after a moment that read all points, and so would have shown one.
    fn first_s(&self, after_s: i64) -> Option<i64> {
        self.points_s.get(self.points_s.partition_point(|read_s| *read_s <= after_s)).copied()
    }

    /// Whether copies were observed between two moments: one that followed a point would have been seen.
    fn saw_copies(&self, from_s: i64, until_s: i64) -> bool {
        self.copies.iter().any(|window| window.start_s <= from_s && window.end_s >= until_s)
    }
}
