//! The population: one row for each thing that can hold data, with what decides who owes it a backup.
//!
//! The union of what each service lists, one file a group of services and one line in [`SOURCES`]. What stores its data elsewhere is kept and marked,
//! so that nothing is counted twice: a member of a cluster, a volume that is part of its file system, an EC2 instance (its volumes are judged).
//!
//! - Left out: terminated instances, which hold nothing, and Memcached, which keeps nothing that could be backed up. Secrets and log groups are
//!   tables of their own; they are not restored from backups.
//! - Each replica of a `DynamoDB` global table is a resource of its own: any of them takes writes, and each is restored from its own backups only.

use std::collections::BTreeMap;

use polars::prelude::DataFrame;
use serde::de::DeserializeOwned;

use super::coverage::resource_types::Recognised;
use super::coverage::subject::ResourceFacts;
use super::objectives::Mechanism;
use super::{Fact, FactError, Inputs};
use crate::dataset::rows::Json;
use crate::dataset::schema::{Reach, RestsOn};
use crate::dataset::{Relation, Row};
use crate::model::Arn;
use crate::model::key::resource_key;

mod caches;
mod compute;
mod databases;
mod files;
mod key_value;
mod objects;
mod snapshot_policies;
mod tagged;
mod warehouses;

/// A group of services whose tables tell what holds data.
struct Source {
    /// The tables whose rows are resources.
    tables: &'static [&'static str],
    /// What else its reading rests on: not who is there, but what they are.
    beside: &'static [&'static str],
    /// How the ARNs of its resources begin after the partition, `service` or `service:type`; a bucket's ARN does not tell where it is.
    arns: &'static [(&'static str, &'static str)],
    /// Reads them.
    read: fn(&Inputs<'_>) -> Result<Vec<Resource>, FactError>,
}

/// Everything that tells what holds data.
const SOURCES: [Source; 7] =
    [databases::SOURCE, key_value::SOURCE, objects::SOURCE, compute::SOURCE, files::SOURCE, caches::SOURCE, warehouses::SOURCE];

/// What part a resource plays, which decides whether it is owed a backup of its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    /// Holds data of its own.
    Primary,
    /// Repeats another database.
    Replica,
    /// Stores its data in a cluster.
    ClusterMember,
    /// Its data is part of another resource's, which is judged.
    Part,
    /// Keeps its data in other resources, which are judged.
    Container,
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
            Self::Part => "part",
            Self::Container => "container",
            Self::RestoreTest => "restore_test",
        }
    }
}

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
    /// Whether the service itself backs it up; `None` if not told.
    pub natively: Option<bool>,
    /// Days that it keeps these backups, 0 if there are none; `None` if not told.
    pub native_retention_days: Option<i64>,
    /// ARNs of other resources whose backups restore it too, as those of the instance a volume is attached to.
    pub through: Vec<String>,
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
    /// Logs that are exported to CloudWatch Logs.
    pub log_exports: Option<Vec<String>>,
    /// Whether Secrets Manager keeps the password of its master user.
    pub password_managed: Option<bool>,
}

impl Resource {
    /// Name of the type as AWS Backup spells it; `None` where it cannot be told.
    pub fn backup_type(&self) -> Option<&'static str> {
        match self.facts.resource_type {
            Recognised::Type(of) => Some(of.name()),
            _ => None,
        }
    }

    /// Its type in words, also where AWS Backup does not protect it; `None` where it cannot be told.
    pub fn type_name(&self) -> Option<&'static str> {
        match self.facts.resource_type {
            Recognised::Type(of) => Some(of.name()),
            Recognised::Unsupported(name) => Some(name),
            Recognised::OneOf(_) | Recognised::Unrecognised => None,
        }
    }

    /// Whether it is a database of RDS, Aurora, Neptune or `DocumentDB`.
    pub fn is_database(&self) -> bool {
        Arn::parse(&self.arn).is_some_and(|arn| arn.service == "rds")
    }

    /// Whether AWS Backup can protect what is of its kind; `None` where that cannot be told.
    pub fn is_supported(&self) -> Option<bool> {
        match self.facts.resource_type {
            Recognised::Type(_) | Recognised::OneOf(_) => Some(true),
            Recognised::Unsupported(_) => Some(false),
            Recognised::Unrecognised => None,
        }
    }

    /// How the service itself backs up what is of its kind; `None` if it does not.
    pub fn native_mechanism(&self) -> Option<Mechanism> {
        match self.resource_type {
            _ if self.is_database() => Some(Mechanism::NativePitr),
            "AWS::DynamoDB::Table" => Some(Mechanism::NativePitr),
            "AWS::S3::Bucket" | "AWS::EFS::FileSystem" => None,
            _ => Some(Mechanism::NativeSnapshot),
        }
    }

    /// Whether a database was running when it was read, and so had changes to ship; `None` if its state was not told or is none of those that decide it.
    pub fn is_running(&self) -> Option<bool> {
        databases::is_running(self.facts.status.as_deref()?)
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
        /// `primary`, `replica`, `cluster_member`, `part`, `container` or `restore_test`
        role: Text, NotTold, "";
        /// Days that native backups are kept; 0 is off
        native_retention_days: Integer, NotTold, "BackupRetentionPeriod";
        /// Tags as a JSON object
        tags: Json, NotTold, "TagList";
        /// Where the proof lies
        evidence: Text, Never, "";
    }
}

const fn count(beside: bool) -> usize {
    let (mut count, mut source) = (0, 0);
    while source < SOURCES.len() {
        count += SOURCES[source].tables.len() + if beside { SOURCES[source].beside.len() } else { 0 };
        source += 1;
    }
    count
}

const fn rests_on<const COUNT: usize>(beside: bool) -> [RestsOn; COUNT] {
    let mut all = [RestsOn { table: "", reach: Reach::Region }; COUNT];
    let (mut at, mut source) = (0, 0);
    while source < SOURCES.len() {
        let groups = [SOURCES[source].tables, if beside { SOURCES[source].beside } else { &[] }];
        let mut group = 0;
        while group < groups.len() {
            let mut table = 0;
            while table < groups[group].len() {
                all[at] = RestsOn { table: groups[group][table], reach: Reach::Region };
                (at, table) = (at + 1, table + 1);
            }
            group += 1;
        }
        source += 1;
    }
    all
}

/// What the rows of every relation with one row a resource rest on.
pub const RESOURCES_REST_ON: &[RestsOn] = &rests_on::<{ count(false) }>(false);

/// What the population reads: that, and what tells of them what their own lists do not.
pub const RESOURCES_READ: &[RestsOn] = &rests_on::<{ count(true) }>(true);

/// What the rows of relations with one row a database rest on.
pub const DATABASES_REST_ON: &[RestsOn] = &databases::REST_ON;

/// What the rows of relations with one row a table of `DynamoDB` rest on.
pub const KEY_VALUE_REST_ON: &[RestsOn] = &[RestsOn { table: key_value::TABLE, reach: Reach::Region }];

/// What these rows read beside that: tags, which tell what a restore test left.
pub const KEY_VALUE_READ: &[RestsOn] = &[RestsOn { table: tagged::TABLE, reach: Reach::Region }];

/// The tables that list what has ARNs like this one, and so would show it; `None` if none does, or if the ARN does not tell where it would be.
pub fn listing(arn: &Arn<'_>) -> Option<&'static [&'static str]> {
    let of = |(service, beginning): &(&str, &str)| arn.service == *service && arn.resource.starts_with(beginning);
    SOURCES.iter().find(|source| source.arns.iter().any(of)).map(|source| source.tables)
}

/// The tables that list every resource of which an ARN pattern of a service can speak; `None` if some of them are not collected.
pub fn tables_of(service: &str, resource: &str) -> Option<Vec<&'static str>> {
    let fixed = resource.split('*').next().unwrap_or_default();
    let speaks = |(of, beginning): &(&str, &str)| *of == service && (beginning.starts_with(fixed) || fixed.starts_with(beginning));
    let tables: Vec<_> = SOURCES.iter().filter(|source| source.arns.iter().any(speaks)).flat_map(|source| source.tables).copied().collect();
    (!tables.is_empty()).then_some(tables)
}

/// Whether everything that would list a resource of this ARN was read in its account and Region; `None` if nothing lists its kind.
pub fn listed(inputs: &Inputs<'_>, arn: &Arn<'_>) -> Option<bool> {
    Some(listing(arn)?.iter().all(|table| inputs.complete(table, arn.account, arn.region)))
}

/// The population as a relation.
pub static FACT: Fact = Fact {
    relation: &Relation {
        name: "resources",
        doc: "Everything that can hold data: one row a resource.",
        rows_are: "resources",
        columns: ResourceRow::COLUMNS,
        rows_rest_on: RESOURCES_REST_ON,
        order: &[],
    },
    reads: &[RESOURCES_READ],
    by_range: false,
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

/// Whether the rows of a table are resources.
pub fn knows(table: &str) -> bool {
    SOURCES.iter().any(|source| source.tables.contains(&table))
}

/// What the population knows of a row of one of its tables.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Part {
    /// ARN of the resource.
    pub arn: String,
    /// `AWS::RDS::DBInstance` and the like.
    pub resource_type: &'static str,
    /// Role; `None` if it cannot be told.
    pub role: Option<Role>,
}

/// What the rows of a table are, in no order; `None` if they are no resources. Nothing else is read for it than the services of its group.
///
/// # Errors
/// As reading its group.
pub fn parts(inputs: &Inputs<'_>, table: &str) -> Result<Option<Vec<Part>>, FactError> {
    let Some(source) = SOURCES.into_iter().find(|source| source.tables.contains(&table)) else { return Ok(None) };
    let part = |resource: Resource| Part { arn: resource.arn, resource_type: resource.resource_type, role: resource.role };
    Ok(Some(of_sources(inputs, &[source])?.into_iter().map(part).collect()))
}

/// Builds the population, sorted by ARN. What was created at or after the moment of judgement is left out.
pub(super) fn resources(inputs: &Inputs<'_>) -> Result<Vec<Resource>, FactError> {
    of_sources(inputs, &SOURCES)
}

/// The databases alone, for facts about nothing else: what is unread of other services does not concern them.
pub(super) fn databases(inputs: &Inputs<'_>) -> Result<Vec<Resource>, FactError> {
    of_sources(inputs, &[databases::SOURCE])
}

/// The tables of `DynamoDB`, sorted by ARN.
pub(super) fn key_value(inputs: &Inputs<'_>) -> Result<Vec<Resource>, FactError> {
    of_sources(inputs, &[key_value::SOURCE])
}

fn of_sources(inputs: &Inputs<'_>, sources: &[Source]) -> Result<Vec<Resource>, FactError> {
    let mut resources = Vec::new();
    for source in sources {
        resources.extend((source.read)(inputs)?);
    }
    let as_of_s = inputs.snapshot.as_of_s();
    resources.retain(|resource| resource.created_s.is_none_or(|created_s| created_s < as_of_s));
    resources.sort_by(|one, other| one.arn.cmp(&other.arn));
    resources.dedup_by(|one, other| one.arn == other.arn);
    refuse_collisions(&resources)?;
    Ok(resources)
}

/// What the row of any table tells of a resource.
#[derive(Debug, Default)]
struct Told {
    table: &'static str,
    resource_type: &'static str,
    arn: Option<String>,
    account_id: Option<String>,
    region: Option<String>,
    name: Option<String>,
    engine: Option<String>,
    status: Option<String>,
    tags: Option<BTreeMap<String, String>>,
    created_s: Option<i64>,
    collection: Option<String>,
}

impl Told {
    /// A resource of which nothing else is told.
    fn resource(self, inputs: &Inputs<'_>) -> Resource {
        let Self { table, resource_type, .. } = self;
        let (arn, account_id, region) =
            (self.arn.unwrap_or_default(), self.account_id.unwrap_or_default(), self.region.unwrap_or_default());
        let facts = ResourceFacts::unread(&arn, &account_id, Some(&region), self.engine.as_deref());
        let facts = match self.tags {
            Some(tags) => facts.with_tags(tags),
            None => facts,
        };
        let facts = ResourceFacts { status: self.status, ..facts };
        Resource {
            key: resource_key(&arn),
            resource_type,
            evidence: evidence(table, &arn, self.collection.as_deref()),
            read_by_s: inputs.read_by_s(self.collection.as_deref(), table, &account_id, &region),
            collected_s: inputs.collected_s(self.collection.as_deref()),
            name: self.name.unwrap_or_else(|| arn.clone()),
            arn,
            account_id,
            region,
            created_s: self.created_s,
            role: role(&facts, false),
            cluster: None,
            natively: None,
            native_retention_days: None,
            through: Vec::new(),
            earliest_restorable_s: None,
            latest_restorable_s: None,
            aws_backup_recovery_point_arn: None,
            settings: Settings::default(),
            facts,
        }
    }
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
