//! The population: one row for each thing that can hold data, with what decides who owes it a backup.
//!
//! Built from `rds_instances` and the three kinds of clusters. DB instances that belong to a cluster are kept with the role `cluster_member`: the
//! cluster holds the data. `DescribeDBInstances` also lists the members of Neptune and DocumentDB clusters; they are told apart by engine.

use std::collections::BTreeMap;

use polars::prelude::DataFrame;
use serde::de::DeserializeOwned;

use super::coverage::resource_types::Recognised;
use super::coverage::subject::ResourceFacts;
use super::{Fact, FactError, Inputs};
use crate::dataset::rows::Json;
use crate::dataset::schema::{Reach, RestsOn};
use crate::dataset::{Relation, Row};
use crate::model::key::resource_key;

/// What part a resource plays, which decides whether it is owed a backup of its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    /// Holds data of its own.
    Primary,
    /// Repeats another database.
    Replica,
    /// Stores its data in a cluster.
    ClusterMember,
    /// Made by a restore test and soon gone.
    RestoreTest,
}

impl Role {
    /// The word in relations.
    pub fn word(self) -> &'static str {
        match self {
            Self::Primary => "primary",
            Self::Replica => "replica",
            Self::ClusterMember => "cluster_member",
            Self::RestoreTest => "restore_test",
        }
    }
}

/// States of a database in which nothing is written. Sources: Amazon RDS User Guide, "Viewing Amazon RDS DB instance status"; Aurora User Guide, "Viewing
/// DB cluster status".
const IDLE: [&str; 6] = ["creating", "deleting", "migrating", "starting", "stopped", "stopping"];
/// States in which it is written to, or is again in a moment. A full storage ends the shipping of logs; that is no excuse for it.
const RUNNING: [&str; 17] = [
    "available",
    "backing-up",
    "converting-to-vpc",
    "failing-over",
    "maintenance",
    "modifying",
    "moving-to-vpc",
    "promoting",
    "rebooting",
    "renaming",
    "resetting-master-credentials",
    "scaling-compute",
    "storage-config-upgrade",
    "storage-full",
    "storage-initialization",
    "storage-optimization",
    "upgrading",
];

/// A resource with everything later facts ask of it.
#[derive(Clone, Debug)]
pub struct Resource {
    /// Its ARN.
    pub arn: String,
    /// Integer key of the ARN.
    pub key: i64,
    /// `AWS::RDS::DBInstance` and the like.
    pub resource_type: &'static str,
    /// Account.
    pub account_id: String,
    /// Region.
    pub region: String,
    /// Identifier for people.
    pub name: String,
    /// When it was created; `None` if AWS did not say.
    pub created_s: Option<i64>,
    /// Role; `None` if it cannot be told.
    pub role: Option<Role>,
    /// Identifier of its cluster.
    pub cluster: Option<String>,
    /// Days of native backups; `None` if not told.
    pub native_retention_days: Option<i64>,
    /// Earliest moment to which it can be restored natively; instances do not tell.
    pub earliest_restorable_s: Option<i64>,
    /// Latest moment to which it can be restored natively.
    pub latest_restorable_s: Option<i64>,
    /// ARN of the recovery point of AWS Backup that owns its automated backups.
    pub aws_backup_recovery_point_arn: Option<String>,
    /// Its other settings that have to do with backup.
    pub settings: Settings,
    /// When the collection it was read in began.
    pub collected_s: Option<i64>,
    /// When the list that shows it had been read to its end.
    pub read_by_s: Option<i64>,
    /// Where the row comes from.
    pub evidence: String,
    /// What selections look at.
    pub facts: ResourceFacts,
}

/// Settings of a database beside its retention; `None` if not told.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Settings {
    /// Whether it refuses to be deleted.
    pub deletion_protection: Option<bool>,
    /// Whether its snapshots get its tags.
    pub copies_tags: Option<bool>,
    /// Daily window of automated backups, as AWS words it.
    pub backup_window: Option<String>,
    /// Weekly maintenance window, as AWS words it.
    pub maintenance_window: Option<String>,
    /// Automated backups in other Regions that it is replicated to.
    pub replicated_to: Vec<String>,
}

impl Resource {
    /// Name of the type as AWS Backup spells it; `None` where it cannot be told.
    pub fn backup_type(&self) -> Option<&'static str> {
        match self.facts.resource_type {
            Recognised::Type(of) => Some(of.name()),
            _ => None,
        }
    }

    /// Whether it was running when it was read, and so had changes to ship; `None` if its state was not told or is none of those that decide it.
    pub fn is_running(&self) -> Option<bool> {
        let status = self.facts.status.as_deref()?.to_ascii_lowercase();
        let is = |of: &[&str]| of.contains(&status.as_str());
        if is(&IDLE) {
            return Some(false);
        }
        (is(&RUNNING) || status.starts_with("configuring-")).then_some(true)
    }

    /// Whether it was there at a moment at which something of its ARN was backed up: a database that is made again does not inherit what is left of
    /// the one before it. `None` if either moment was not told.
    pub fn lived_at(&self, moment_s: Option<i64>) -> Option<bool> {
        self.created_s.zip(moment_s).map(|(created_s, moment_s)| created_s <= moment_s)
    }

    /// Whether it is owed a backup of its own; `None` if its role cannot be told.
    pub fn is_primary(&self) -> Option<bool> {
        self.role.map(|role| role == Role::Primary)
    }
}

crate::rows! {
    /// A resource of the population.
    pub struct ResourceRow {
        /// ARN of the resource
        subject_arn: Text, Never, "";
        /// AWS resource type
        subject_type: Text, Never, "";
        /// Account
        account_id: Text, Never, "";
        /// Region
        region: Text, Never, "";
        /// Integer key of the ARN, for joins
        resource_key: Integer, Never, "first 8 bytes of the SHA-256 of the ARN";
        /// Identifier for people
        name: Text, Never, "";
        /// Type as AWS Backup names it
        backup_type: Text, NotTold, "";
        /// Database engine
        engine: Text, NotTold, "Engine";
        /// Life-cycle state
        status: Text, NotTold, "DBInstanceStatus, Status";
        /// When it was created
        created_s: Integer, NotTold, "InstanceCreateTime, ClusterCreateTime";
        /// `primary`, `replica`, `cluster_member` or `restore_test`
        role: Text, NotTold, "";
        /// Days that native backups are kept; 0 is off
        native_retention_days: Integer, NotTold, "BackupRetentionPeriod";
        /// Tags as a JSON object
        tags: Json, NotTold, "TagList";
        /// Where the proof lies
        evidence: Text, Never, "";
    }
}

const ROWS_REST_ON: [RestsOn; 4] = [
    RestsOn { table: "rds_instances", reach: Reach::Region },
    RestsOn { table: "rds_clusters", reach: Reach::Region },
    RestsOn { table: "neptune_clusters", reach: Reach::Region },
    RestsOn { table: "documentdb_clusters", reach: Reach::Region },
];

/// What the rows of every relation with one row a resource rest on.
pub const RESOURCES_REST_ON: &[RestsOn] = &ROWS_REST_ON;

/// The population as a relation.
pub static FACT: Fact = Fact {
    relation: &Relation {
        name: "resources",
        doc: "Everything that can hold data: one row a resource.",
        columns: ResourceRow::COLUMNS,
        rows_rest_on: RESOURCES_REST_ON,
        order: &[],
    },
    reads: &[RESOURCES_REST_ON],
    derive,
};

fn derive(inputs: &Inputs<'_>) -> Result<DataFrame, FactError> {
    let rows = inputs.population()?.iter().map(row).collect::<Vec<_>>();
    Inputs::frame_of(FACT.relation, rows)
}

fn row(resource: &Resource) -> ResourceRow {
    let tags = resource.facts.tags.as_ref().map(|tags| Json(serde_json::to_string(tags).unwrap_or_default()));
    ResourceRow {
        subject_arn: Some(resource.arn.clone()),
        subject_type: Some(resource.resource_type.to_owned()),
        account_id: Some(resource.account_id.clone()),
        region: Some(resource.region.clone()),
        resource_key: Some(resource.key),
        name: Some(resource.name.clone()),
        backup_type: resource.backup_type().map(str::to_owned),
        engine: resource.facts.engine.clone(),
        status: resource.facts.status.clone(),
        created_s: resource.created_s,
        role: resource.role.map(|role| role.word().to_owned()),
        native_retention_days: resource.native_retention_days,
        tags,
        evidence: Some(resource.evidence.clone()),
    }
}

crate::rows! {
    /// What the population needs of `rds_instances`.
    struct InstanceRow {
        account_id: Text; region: Text; db_instance_arn: Text; db_instance_identifier: Text; engine: Text; db_instance_status: Text;
        instance_create_time_s: Integer; backup_retention_period_days: Integer; latest_restorable_time_s: Integer;
        db_cluster_identifier: Text; read_replica_source: Text; aws_backup_recovery_point_arn: Text; tags: Json; collection: Text;
        deletion_protection: Boolean; copy_tags_to_snapshot: Boolean; preferred_backup_window: Text; preferred_maintenance_window: Text;
        automated_backups_replications: Json;
    }
}

crate::rows! {
    /// What the population needs of the three tables of clusters.
    struct ClusterRow {
        account_id: Text; region: Text; db_cluster_arn: Text; db_cluster_identifier: Text; engine: Text; status: Text;
        cluster_create_time_s: Integer; backup_retention_period_days: Integer; earliest_restorable_time_s: Integer;
        latest_restorable_time_s: Integer; replication_source_identifier: Text; aws_backup_recovery_point_arn: Text; tags: Json; collection: Text;
        deletion_protection: Boolean; copy_tags_to_snapshot: Boolean; preferred_backup_window: Text; preferred_maintenance_window: Text;
    }
}

/// Builds the population, sorted by ARN. What was created at or after the moment of judgement is left out.
pub(super) fn resources(inputs: &Inputs<'_>) -> Result<Vec<Resource>, FactError> {
    let mut resources = Vec::new();
    for instance in inputs.rows::<InstanceRow>("rds_instances")? {
        resources.push(of_instance(inputs, instance)?);
    }
    for (table, resource_type) in [
        ("rds_clusters", "AWS::RDS::DBCluster"),
        ("neptune_clusters", "AWS::Neptune::DBCluster"),
        ("documentdb_clusters", "AWS::DocDB::DBCluster"),
    ] {
        for cluster in inputs.rows::<ClusterRow>(table)? {
            resources.push(of_cluster(inputs, cluster, table, resource_type)?);
        }
    }
    let as_of_s = inputs.snapshot.as_of_s();
    resources.retain(|resource| resource.created_s.is_none_or(|created_s| created_s < as_of_s));
    resources.sort_by(|one, other| one.arn.cmp(&other.arn));
    resources.dedup_by(|one, other| one.arn == other.arn);
    refuse_collisions(&resources)?;
    Ok(resources)
}

fn of_instance(inputs: &Inputs<'_>, row: InstanceRow) -> Result<Resource, FactError> {
    let arn = row.db_instance_arn.unwrap_or_default();
    let tags = tags("rds_instances", &arn, row.tags)?;
    let replicated_to = json("rds_instances", "automated_backups_replications", &arn, row.automated_backups_replications)?;
    let account_id = row.account_id.unwrap_or_default();
    let region = row.region.unwrap_or_default();
    let mut facts = subject(&arn, &account_id, &region, row.engine.as_deref(), tags, row.db_instance_status);
    facts.is_cluster_member = row.db_cluster_identifier.is_some();
    let role = role(&facts, row.read_replica_source.is_some());
    Ok(Resource {
        key: resource_key(&arn),
        resource_type: "AWS::RDS::DBInstance",
        evidence: evidence("rds_instances", &arn, row.collection.as_deref()),
        read_by_s: inputs.read_by_s(row.collection.as_deref(), "rds_instances", &account_id, &region),
        arn,
        account_id,
        region,
        name: row.db_instance_identifier.unwrap_or_default(),
        created_s: row.instance_create_time_s,
        role,
        cluster: row.db_cluster_identifier,
        native_retention_days: row.backup_retention_period_days,
        earliest_restorable_s: None,
        latest_restorable_s: row.latest_restorable_time_s,
        aws_backup_recovery_point_arn: row.aws_backup_recovery_point_arn,
        settings: Settings {
            deletion_protection: row.deletion_protection,
            copies_tags: row.copy_tags_to_snapshot,
            backup_window: row.preferred_backup_window,
            maintenance_window: row.preferred_maintenance_window,
            replicated_to: replicated_to.unwrap_or_default(),
        },
        collected_s: inputs.collected_s(row.collection.as_deref()),
        facts,
    })
}

fn of_cluster(inputs: &Inputs<'_>, row: ClusterRow, table: &'static str, resource_type: &'static str) -> Result<Resource, FactError> {
    let arn = row.db_cluster_arn.unwrap_or_default();
    let tags = tags(table, &arn, row.tags)?;
    let account_id = row.account_id.unwrap_or_default();
    let region = row.region.unwrap_or_default();
    let facts = subject(&arn, &account_id, &region, row.engine.as_deref(), tags, row.status);
    let role = role(&facts, row.replication_source_identifier.is_some());
    Ok(Resource {
        key: resource_key(&arn),
        resource_type,
        evidence: evidence(table, &arn, row.collection.as_deref()),
        read_by_s: inputs.read_by_s(row.collection.as_deref(), table, &account_id, &region),
        arn,
        account_id,
        region,
        name: row.db_cluster_identifier.unwrap_or_default(),
        created_s: row.cluster_create_time_s,
        role,
        cluster: None,
        native_retention_days: row.backup_retention_period_days,
        earliest_restorable_s: row.earliest_restorable_time_s,
        latest_restorable_s: row.latest_restorable_time_s,
        aws_backup_recovery_point_arn: row.aws_backup_recovery_point_arn,
        settings: Settings {
            deletion_protection: row.deletion_protection,
            copies_tags: row.copy_tags_to_snapshot,
            backup_window: row.preferred_backup_window,
            maintenance_window: row.preferred_maintenance_window,
            replicated_to: Vec::new(),
        },
        collected_s: inputs.collected_s(row.collection.as_deref()),
        facts,
    })
}

fn subject(
    arn: &str,
    account_id: &str,
    region: &str,
    engine: Option<&str>,
    tags: Option<BTreeMap<String, String>>,
    status: Option<String>,
) -> ResourceFacts {
    let facts = ResourceFacts::unread(arn, account_id, Some(region), engine);
    let facts = match tags {
        Some(tags) => facts.with_tags(tags),
        None => facts,
    };
    ResourceFacts { status, ..facts }
}

/// A member's data lies in its cluster, whatever else it is; then leftovers of restore tests; then replicas.
fn role(facts: &ResourceFacts, is_replica: bool) -> Option<Role> {
    match facts.restore_test_leftover {
        _ if facts.is_cluster_member => Some(Role::ClusterMember),
        Some(true) => Some(Role::RestoreTest),
        _ if is_replica => Some(Role::Replica),
        Some(false) => Some(Role::Primary),
        None => None,
    }
}

fn tags(table: &'static str, arn: &str, tags: Option<Json>) -> Result<Option<BTreeMap<String, String>>, FactError> {
    json(table, "tags", arn, tags)
}

/// Reads a cell of JSON.
///
/// # Errors
/// `FactError::Json` that names table, column and row if it holds something else than what is expected.
pub(super) fn json<T: DeserializeOwned>(
    table: &'static str,
    column: &'static str,
    key: &str,
    cell: Option<Json>,
) -> Result<Option<T>, FactError> {
    let wrong = |error: serde_json::Error| FactError::Json { table, column, key: key.to_owned(), what: error.to_string() };
    cell.map(|Json(text)| serde_json::from_str(&text).map_err(wrong)).transpose()
}

/// How evidence is written everywhere: table, key and collection.
pub(super) fn evidence(table: &str, key: &str, collection: Option<&str>) -> String {
    format!("{table} {key} in {}", collection.unwrap_or("an unknown collection"))
}

fn refuse_collisions(resources: &[Resource]) -> Result<(), FactError> {
    let mut by_key: BTreeMap<i64, &str> = BTreeMap::new();
    for resource in resources {
        if let Some(other) = by_key.insert(resource.key, &resource.arn) {
            return Err(FactError::Collision { one: other.to_owned(), other: resource.arn.clone() });
        }
    }
    Ok(())
}
