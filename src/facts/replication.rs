//! Replicated automated backups: does the copy of a database's automated backups in another Region exist, and does it keep up?
//!
//! The database itself names what it replicates to; the other Region tells whether that is active and how fresh it is, if it is in scope. RDS stops
//! replication without a word when a key is disabled or a Region is switched off, so both sides are looked at. Replication of automated backups is
//! for DB instances of RDS proper: not for Aurora, Multi-AZ DB clusters, RDS Custom, Neptune or DocumentDB.
//!
//! Sources: Amazon RDS User Guide, "Replicating automated backups to another AWS Region", "Supported Regions and DB engines for cross-Region automated
//! backups"; RDS API reference, `DBInstanceAutomatedBackup`.

use std::collections::BTreeMap;

use polars::prelude::DataFrame;

use super::objectives::or;
use super::population::{DATABASES_REST_ON, RESOURCES_READ, Resource};
use super::{Fact, FactError, Inputs, schedule};
use crate::dataset::{Relation, Row};
use crate::model::Arn;

/// Engines of RDS whose automated backups can be replicated, as names begin.
const ENGINES: [&str; 6] = ["db2-", "mariadb", "mysql", "oracle-", "postgres", "sqlserver-"];

crate::rows! {
    /// Replication of the automated backups of a database.
    pub struct ReplicationRow {
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
        /// Whether RDS can replicate its automated backups
        supported: Boolean, NotTold, "Engine";
        /// Why not
        unsupported_because: Text, Means("it can, or that is not told"), "";
        /// Whether its objective asks for it
        owed: Boolean, NotTold, "audit.yaml";
        /// Whether the database names a replica
        replicated: Boolean, Never, "DBInstanceAutomatedBackupsReplications";
        /// Whether it is owed or there
        expected: Boolean, NotTold, "";
        /// The replica
        replica_arn: Text, Means("there is none"), "DBInstanceAutomatedBackupsArn";
        /// Region of the replica
        replica_region: Text, Means("there is none"), "";
        /// Whether the replica is there and active; not told outside the scope
        active: Boolean, NotTold, "Status";
        /// State of the replica
        status: Text, NotTold, "Status";
        /// Latest moment to which the replica can restore
        latest_s: Integer, NotTold, "RestoreWindow.LatestTime";
        /// How far that moment lay behind when the replica was read
        lag_s: Integer, NotTold, "";
        /// Whether the database was running when it was read: one that is stopped ships nothing
        running: Boolean, NotTold, "DBInstanceStatus";
        /// Where the proof lies
        evidence: Text, Never, "";
    }
}

/// Replication as a relation.
pub static FACT: Fact = Fact {
    relation: &Relation {
        name: "replicated_backups",
        doc: "Automated backups replicated to another Region: one row a database and replica, one row if it has none.",
        rows_are: "replicas",
        columns: ReplicationRow::COLUMNS,
        rows_rest_on: DATABASES_REST_ON,
        order: &["replica_arn"],
    },
    reads: &[RESOURCES_READ, super::PLAN_READS, &[super::account("rds_automated_backups")]],
    by_range: false,
    derive,
};

crate::rows! {
    /// What is needed of `rds_automated_backups`.
    struct AutomatedRow { automated_backup_arn: Text; status: Text; latest_time_s: Integer; collection: Text; }
}

fn derive(inputs: &Inputs<'_>) -> Result<DataFrame, FactError> {
    let population = inputs.population()?;
    let mut backups: BTreeMap<String, Option<AutomatedRow>> =
        population.iter().flat_map(|resource| &resource.settings.replicated_to).map(|arn| (arn.clone(), None)).collect();
    for row in inputs.rows::<AutomatedRow>("rds_automated_backups")? {
        if let Some(found) = row.automated_backup_arn.as_ref().and_then(|arn| backups.get_mut(arn)) {
            *found = Some(row);
        }
    }
    let mut rows = Vec::with_capacity(population.len());
    for (index, resource) in population.iter().enumerate().filter(|(_, resource)| resource.is_database()) {
        let objective = inputs.objectives.owed(resource, inputs.snapshot.as_of_s(), schedule::start_window_s(inputs, index)?);
        let base = base(resource, objective.map(|owed| owed.replicate_automated_backups));
        let replicas = resource.settings.replicated_to.iter();
        let with = replicas.map(|arn| of_replica(inputs, &base, arn, backups.get(arn).and_then(Option::as_ref)));
        rows.extend(with);
        if resource.settings.replicated_to.is_empty() {
            rows.push(base);
        }
    }
    Inputs::frame_of(FACT.relation, rows)
}

/// The row of a database without a replica.
fn base(resource: &Resource, owed: Option<bool>) -> ReplicationRow {
    let replicated = !resource.settings.replicated_to.is_empty();
    let (supported, unsupported_because) = match support(resource) {
        Support::Yes => (Some(true), None),
        Support::No(reason) => (Some(false), Some(reason)),
        Support::NotKnown => (None, None),
    };
    ReplicationRow {
        subject_arn: Some(resource.arn.clone()),
        subject_type: Some(resource.resource_type.to_owned()),
        account_id: Some(resource.account_id.clone()),
        region: Some(resource.region.clone()),
        role: resource.role.map(|role| role.word().to_owned()),
        supported,
        unsupported_because,
        owed,
        replicated: Some(replicated),
        expected: or(owed, Some(replicated)),
        active: Some(false),
        running: resource.is_running(),
        evidence: Some(resource.evidence.clone()),
        ..ReplicationRow::default()
    }
}

/// Whether automated backups can be replicated.
enum Support {
    Yes,
    /// They cannot, and why.
    No(String),
    /// The engine was not told.
    NotKnown,
}

fn support(resource: &Resource) -> Support {
    let reason = |text: &str| Support::No(text.to_owned());
    if resource.resource_type != "AWS::RDS::DBInstance" {
        return match resource.backup_type() {
            Some("Aurora") => reason("Aurora does not replicate automated backups; copy its snapshots instead"),
            Some("RDS") => reason("Multi-AZ DB clusters do not replicate automated backups"),
            _ => reason("the service does not replicate automated backups"),
        };
    }
    if resource.facts.is_cluster_member {
        return reason("the automated backups are those of its cluster");
    }
    match resource.facts.engine.as_deref() {
        None => Support::NotKnown,
        Some(engine) if ENGINES.iter().any(|name| engine.starts_with(name)) => Support::Yes,
        Some(engine) => Support::No(format!("engine {engine} does not replicate automated backups")),
    }
}

/// The row of a replica, as far as its Region was read.
fn of_replica(inputs: &Inputs<'_>, base: &ReplicationRow, arn: &str, found: Option<&AutomatedRow>) -> ReplicationRow {
    let place = Arn::parse(arn);
    let read = place.is_some_and(|place| inputs.complete("rds_automated_backups", place.account, place.region));
    let status = found.and_then(|backup| backup.status.clone());
    let latest_s = found.and_then(|backup| backup.latest_time_s);
    let read_s = place
        .zip(found)
        .and_then(|(place, backup)| inputs.read_by_s(backup.collection.as_deref(), "rds_automated_backups", place.account, place.region));
    ReplicationRow {
        replica_arn: Some(arn.to_owned()),
        replica_region: place.map(|place| place.region.to_owned()),
        active: match &status {
            Some(status) => Some(status == "active"),
            None if found.is_some() => None,
            None => read.then_some(false),
        },
        status,
        latest_s,
        lag_s: latest_s.zip(read_s).map(|(latest_s, read_s)| (read_s - latest_s).max(0)),
        ..base.clone()
    }
}
