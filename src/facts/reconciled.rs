//! The population from independent sources, held against each other: what each service lists, what AWS Backup protects or keeps points of, and what
//! `CloudTrail` saw deleted. Each difference has its reason, or has none, and then something is wrong.
//!
//! - Only what lies in the scope: of a resource in another account AWS tells nothing here.
//! - Absence is believed only where the whole list was read. A kind that nothing lists is never called gone.
//!
//! Sources: AWS Backup API Reference, `ListProtectedResources`, `ListRecoveryPointsByBackupVault`; AWS `CloudTrail` API Reference, `LookupEvents`.

use std::collections::BTreeMap;

use polars::prelude::DataFrame;

use super::coverage::resource_types::{Recognised, type_of_arn};
use super::population::{RESOURCES_READ, RESOURCES_REST_ON, evidence, listed};
use super::{Fact, FactError, Inputs};
use crate::dataset::{Relation, Row};
use crate::model::Arn;

mod deletions;
mod listings;

pub(super) use self::deletions::DELIVERED_WITHIN_S;
use self::deletions::{Deletion, Deletions, would_tell};
pub(super) use self::listings::Listings;

crate::rows! {
    /// A resource that any source knows.
    pub struct PopulationRow {
        /// ARN of the resource
        subject_arn: Text, Never, "";
        /// AWS resource type, or its type as AWS Backup names it
        subject_type: Text, Never, "";
        /// Account
        account_id: Text, Never, "";
        /// Region
        region: Text, Never, "";
        /// Whether its service lists it
        listed: Boolean, NotTold, "";
        /// Whether AWS Backup protects it or keeps points of it
        known_to_backup: Boolean, NotTold, "ListProtectedResources, ListRecoveryPointsByBackupVault";
        /// Recovery points of it that exist
        points_count: Integer, Never, "";
        /// When AWS Backup last backed it up
        last_backup_s: Integer, NotTold, "LastBackupTime, CreationDate";
        /// When it was deleted
        deleted_s: Integer, Means("no event tells of it"), "LookupEvents";
        /// Who deleted it
        deleted_by: Text, Means("no event tells of it"), "LookupEvents";
        /// Whether the sources differ
        differs: Boolean, NotTold, "";
        /// Whether there is a reason for it
        explained: Boolean, NotTold, "";
        /// How they differ and why
        reason: Text, Never, "";
        /// Where the proof lies
        evidence: Text, Never, "";
    }
}

/// The reconciled population as a relation.
pub static FACT: Fact = Fact {
    relation: &Relation {
        name: "population",
        doc: "Everything that a service, AWS Backup or CloudTrail knows to hold data, and where they differ: one row a resource.",
        rows_are: "resources",
        columns: PopulationRow::COLUMNS,
        rows_rest_on: &ROWS_REST_ON,
        order: &[],
    },
    reads: &[RESOURCES_READ, &ROWS_BESIDE, &[super::region("cloudtrail_events")]],
    by_range: false,
    derive,
};

const ROWS_BESIDE: [super::RestsOn; 2] = [super::region("protected_resources"), super::account("recovery_points")];
const ROWS_REST_ON: [super::RestsOn; RESOURCES_REST_ON.len() + 2] = {
    let mut all = [ROWS_BESIDE[0]; RESOURCES_REST_ON.len() + 2];
    let mut at = 0;
    while at < RESOURCES_REST_ON.len() {
        all[at] = RESOURCES_REST_ON[at];
        at += 1;
    }
    all[at] = ROWS_BESIDE[0];
    all[at + 1] = ROWS_BESIDE[1];
    all
};

crate::rows! {
    /// What is needed of `protected_resources`.
    struct ProtectedRow {
        account_id: Text; region: Text; resource_arn: Text; resource_type: Text; last_backup_time_s: Integer; collection: Text;
    }
}

crate::rows! {
    /// What is needed of `recovery_points`.
    struct PointRow {
        account_id: Text; region: Text; recovery_point_arn: Text; resource_arn: Text; resource_type: Text; creation_date_s: Integer; exists: Boolean;
        collection: Text;
    }
}

/// What the sources know of one resource.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct Seen {
    resource_type: String,
    account_id: String,
    region: String,
    listed: bool,
    protected: bool,
    points_count: i64,
    last_backup_s: Option<i64>,
    evidence: String,
}

impl Seen {
    fn backed_up(&mut self, at_s: Option<i64>) {
        self.last_backup_s = self.last_backup_s.max(at_s);
    }
}

fn derive(inputs: &Inputs<'_>) -> Result<DataFrame, FactError> {
    let (deletions, listings) = (Deletions::read(inputs)?, Listings::new(inputs));
    let rows = seen(inputs)?.into_iter().map(|(arn, seen)| row(inputs, arn, seen, &deletions, &listings));
    Inputs::frame_of(FACT.relation, rows.collect::<Result<Vec<_>, _>>()?)
}

/// Everything that any source knows and that lies in the scope, by ARN.
fn seen(inputs: &Inputs<'_>) -> Result<BTreeMap<String, Seen>, FactError> {
    let mut all: BTreeMap<String, Seen> = BTreeMap::new();
    for resource in inputs.population()?.iter() {
        let seen = Seen {
            resource_type: resource.resource_type.to_owned(),
            account_id: resource.account_id.clone(),
            region: resource.region.clone(),
            listed: true,
            evidence: resource.evidence.clone(),
            ..Seen::default()
        };
        all.insert(resource.arn.clone(), seen);
    }
    for row in inputs.rows::<ProtectedRow>("protected_resources")? {
        let Some(arn) = row.resource_arn else { continue };
        let found = Found {
            resource_type: row.resource_type,
            account_id: row.account_id,
            region: row.region,
            proof: ("protected_resources", &arn, row.collection.as_deref()),
        };
        if let Some(seen) = known(inputs, &mut all, &arn, found) {
            seen.protected = true;
            seen.backed_up(row.last_backup_time_s);
        }
    }
    inputs.each::<PointRow>("recovery_points", |row| {
        let (Some(arn), Some(true)) = (row.resource_arn, row.exists) else { return };
        let found = Found {
            resource_type: row.resource_type,
            account_id: row.account_id,
            region: row.region,
            proof: ("recovery_points", row.recovery_point_arn.as_deref().unwrap_or_default(), row.collection.as_deref()),
        };
        if let Some(seen) = known(inputs, &mut all, &arn, found) {
            seen.points_count += 1;
            seen.backed_up(row.creation_date_s);
        }
    })?;
    Ok(all)
}

/// Where AWS Backup shows a resource.
struct Found<'a> {
    resource_type: Option<String>,
    account_id: Option<String>,
    region: Option<String>,
    /// Table, key and collection.
    proof: (&'a str, &'a str, Option<&'a str>),
}

/// The entry of a resource that AWS Backup knows; `None` if it lies outside the scope. Most are there already: of a million points, few name a new one.
fn known<'a>(inputs: &Inputs<'_>, all: &'a mut BTreeMap<String, Seen>, arn: &str, found: Found<'_>) -> Option<&'a mut Seen> {
    if !all.contains_key(arn) {
        // Its ARN tells where it lies, but for buckets, which lie where they were found.
        let told = Arn::parse(arn).filter(|of| !of.account.is_empty() && !of.region.is_empty());
        let (account_id, region) = match told {
            Some(of) => (of.account.to_owned(), of.region.to_owned()),
            None => (found.account_id.unwrap_or_default(), found.region.unwrap_or_default()),
        };
        inputs.snapshot.in_scope(&account_id, &region).then_some(())?;
        let resource_type = match type_of_arn(arn, None) {
            Recognised::Type(of) => of.name().to_owned(),
            _ => found.resource_type.unwrap_or_else(|| "resource".to_owned()),
        };
        let (table, key, collection) = found.proof;
        let evidence = evidence(table, key, collection);
        all.insert(arn.to_owned(), Seen { resource_type, account_id, region, evidence, ..Seen::default() });
    }
    all.get_mut(arn)
}

fn row(inputs: &Inputs<'_>, arn: String, seen: Seen, deletions: &Deletions, listings: &Listings<'_>) -> Result<PopulationRow, FactError> {
    let lists = if seen.listed { Lists::Read } else { lists(inputs, &arn, &seen) };
    let service_lists = (lists == Lists::Read).then_some(seen.listed);
    let backup_read = inputs.complete("protected_resources", &seen.account_id, &seen.region)
        && inputs.complete_in_account("recovery_points", &seen.account_id);
    let known_to_backup = if seen.protected || seen.points_count > 0 { Some(true) } else { backup_read.then_some(false) };
    // A deletion before the last backup was that of an earlier one of its name.
    let deletion = deletions.of(&arn, &seen.account_id, &seen.region);
    let deletion = deletion.filter(|deletion| !seen.listed && seen.last_backup_s.is_none_or(|last_s| last_s <= deletion.at_s));
    let differs = service_lists.zip(known_to_backup).map(|(one, other)| one != other);
    let (explained, reason) = match (lists, known_to_backup) {
        (Lists::Read, Some(true)) if !seen.listed => gone(inputs, &arn, &seen, deletion, listings)?,
        (Lists::Read, Some(true)) => (Some(true), "its service lists it, and AWS Backup knows it".to_owned()),
        (Lists::Read, Some(false)) => (Some(true), "its service lists it, and AWS Backup has no point of it".to_owned()),
        (Lists::Read, None) => (None, "its service lists it; what AWS Backup knows of it was not all read".to_owned()),
        (Lists::Unread, _) => (None, "AWS Backup knows it; the lists of its service were not all read".to_owned()),
        (Lists::None, _) => (None, "AWS Backup knows it; no list that would show what is of its kind is collected".to_owned()),
    };
    Ok(PopulationRow {
        subject_arn: Some(arn),
        subject_type: Some(seen.resource_type),
        account_id: Some(seen.account_id),
        region: Some(seen.region),
        listed: service_lists,
        known_to_backup,
        points_count: Some(seen.points_count),
        last_backup_s: seen.last_backup_s,
        deleted_s: deletion.map(|deletion| deletion.at_s),
        deleted_by: deletion.and_then(|deletion| deletion.actor_arn.clone()),
        differs,
        explained,
        reason: Some(reason),
        evidence: Some(deletion.map_or(seen.evidence, |deletion| deletion.evidence.clone())),
    })
}

/// What became of the lists that would show a resource.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Lists {
    /// All were read.
    Read,
    /// Not all were.
    Unread,
    /// There is none for its kind.
    None,
}

fn lists(inputs: &Inputs<'_>, arn: &str, seen: &Seen) -> Lists {
    let Some(parsed) = Arn::parse(arn) else { return Lists::None };
    // The Region of a bucket that is gone is not told: its points may have been copied.
    let read =
        if parsed.service == "s3" { Some(inputs.complete_in_account("s3_buckets", &seen.account_id)) } else { listed(inputs, &parsed) };
    read.map_or(Lists::None, |read| if read { Lists::Read } else { Lists::Unread })
}

/// Why something that AWS Backup knows is not listed: it was deleted, or nobody can say. Without a reason it is only if it was missing long enough for
/// an event of its deletion to have been listed.
fn gone(
    inputs: &Inputs<'_>,
    arn: &str,
    seen: &Seen,
    deletion: Option<&Deletion>,
    listings: &Listings<'_>,
) -> Result<(Option<bool>, String), FactError> {
    let left = match seen.points_count {
        0 => "no point of it is left where it was looked for".to_owned(),
        1 => "one point of it is left".to_owned(),
        count => format!("{count} points of it are left"),
    };
    if let Some(deletion) = deletion {
        return Ok((Some(true), format!("it was deleted ({}); {left}", deletion.event_name)));
    }
    let long_gone = |since_s: i64| since_s <= inputs.snapshot.as_of_s() - DELIVERED_WITHIN_S;
    let (explained, why) = match would_tell(inputs, &seen.account_id, &seen.region, seen.last_backup_s) {
        Some(true) if !listings.missing_since(arn)?.is_some_and(long_gone) => {
            (None, "no event since its last backup tells of a deletion, but those of the last minutes may not be listed yet")
        }
        Some(true) => (Some(false), "no event since its last backup tells of a deletion"),
        Some(false) => (Some(true), "the events that were read begin after its last backup"),
        None => (None, "whether it was deleted was not all read"),
    };
    Ok((explained, format!("its service does not list it; {why}; {left}")))
}
