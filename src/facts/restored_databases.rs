//! Databases that were made of backups and are still there: by a restore test, or by somebody who wanted to look at something.
//!
//! One row a DB instance that a restore job names as what it made, or whose cluster it names, or that is marked as made by a restore test. AWS lists restore
//! jobs of 30 days: what was restored earlier, and never seen, is not told apart from the others. The network of production is any VPC in which a database
//! lives that was not restored; servers are not looked at.
//!
//! Sources: AWS Backup API reference, `RestoreJobsListMember`; Amazon RDS User Guide, "Hiding a DB instance in a VPC from the internet".

use std::collections::BTreeMap;

use polars::prelude::DataFrame;

use super::objectives::{and, or};
use super::population::{DATABASES_REST_ON, Role, evidence};
use super::{Fact, FactError, Inputs, everywhere, joined};
use crate::dataset::schema::RestsOn;
use crate::dataset::{Relation, Row};
use crate::model::Arn;

crate::rows! {
    /// A database that was made of a backup.
    pub struct RestoredRow {
        /// ARN of the instance
        subject_arn: Text, Never, "DBInstanceArn";
        /// AWS resource type
        subject_type: Text, Never, "";
        /// Account
        account_id: Text, Never, "";
        /// Region
        region: Text, Never, "";
        /// Whether its name leads to a public address
        public: Boolean, NotTold, "PubliclyAccessible";
        /// Whether a database that was not made of a backup is in its VPC
        beside_production: Boolean, NotTold, "DBSubnetGroup.VpcId";
        /// Whether a restore test made it
        by_test: Boolean, NotTold, "CreatedBy.RestoreTestingPlanArn";
        /// What it is made of
        restored_arn: Text, NotTold, "SourceResourceArn";
        /// When its restore began
        restored_s: Integer, NotTold, "CreationDate";
        /// Where the proof lies
        evidence: Text, Never, "";
    }
}

/// What rows rest on: without its list a database is not seen, without restore jobs it is not known to be restored.
const REST_ON: [RestsOn; 5] = joined(&[DATABASES_REST_ON, &[everywhere("restore_jobs")]]);

/// Databases made of backups, as a relation.
pub static FACT: Fact = Fact {
    relation: &Relation {
        name: "restored_databases",
        doc: "Databases that were made of backups and are still there, and whether they are public: one row a DB instance.",
        rows_are: "databases",
        columns: RestoredRow::COLUMNS,
        rows_rest_on: &REST_ON,
        order: &[],
    },
    reads: &[&REST_ON],
    by_range: false,
    derive,
};

crate::rows! {
    /// What is needed of `restore_jobs`.
    struct JobRow {
        restore_job_id: Text; source_resource_arn: Text; creation_date_s: Integer; created_resource_arn: Text; restore_testing_plan_arn: Text;
        collection: Text;
    }
}

crate::rows! {
    /// What is needed of `rds_instances`.
    struct InstanceRow {
        account_id: Text; region: Text; db_instance_arn: Text; db_cluster_identifier: Text; publicly_accessible: Boolean; vpc_id: Text;
        instance_create_time_s: Integer; collection: Text;
    }
}

/// A database in a Region, for whether others are beside production.
struct Neighbour {
    place: (Option<String>, Option<String>),
    vpc_id: Option<String>,
    /// Whether it was made of a backup; `None` if that is not known.
    restored: Option<bool>,
}

fn derive(inputs: &Inputs<'_>) -> Result<DataFrame, FactError> {
    let mut made: BTreeMap<String, JobRow> = BTreeMap::new();
    for job in inputs.rows::<JobRow>("restore_jobs")? {
        let Some(arn) = job.created_resource_arn.clone() else { continue };
        if made.get(&arn).is_none_or(|known| known.creation_date_s < job.creation_date_s) {
            made.insert(arn, job);
        }
    }
    let databases = inputs.databases()?;
    let role_of = |arn: &str| {
        let found = databases.binary_search_by(|database| database.arn.as_str().cmp(arn));
        found.ok().and_then(|index| databases[index].role)
    };
    let instances = inputs.rows::<InstanceRow>("rds_instances")?;
    let job_of = |instance: &InstanceRow| {
        let arn = instance.db_instance_arn.as_deref()?;
        let job = made.get(arn).or_else(|| made.get(&cluster_arn(arn, instance.db_cluster_identifier.as_deref()?)?));
        job.filter(|job| !made_again(instance, job))
    };
    let jobs_known = inputs.complete_everywhere("restore_jobs");
    let neighbours: Vec<Neighbour> = instances
        .iter()
        .map(|instance| Neighbour {
            place: (instance.account_id.clone(), instance.region.clone()),
            vpc_id: instance.vpc_id.clone(),
            restored: match instance.db_instance_arn.as_deref().and_then(role_of) {
                _ if job_of(instance).is_some() => Some(true),
                Some(Role::RestoreTest) => Some(true),
                // What was restored in a Region whose jobs were not read looks like any other.
                Some(_) if jobs_known => Some(false),
                _ => None,
            },
        })
        .collect();
    let rows = instances.iter().filter_map(|instance| {
        let arn = instance.db_instance_arn.clone()?;
        let job = job_of(instance);
        let marked = role_of(&arn) == Some(Role::RestoreTest);
        (marked || job.is_some()).then(|| RestoredRow {
            subject_type: Some("AWS::RDS::DBInstance".to_owned()),
            account_id: instance.account_id.clone(),
            region: instance.region.clone(),
            public: instance.publicly_accessible,
            beside_production: beside_production(inputs, instance, &neighbours),
            by_test: if marked { Some(true) } else { job.map(|job| job.restore_testing_plan_arn.is_some()) },
            restored_arn: job.and_then(|job| job.source_resource_arn.clone()),
            restored_s: job.and_then(|job| job.creation_date_s),
            evidence: Some(match job {
                Some(job) => evidence("restore_jobs", job.restore_job_id.as_deref().unwrap_or_default(), job.collection.as_deref()),
                None => evidence("rds_instances", &arn, instance.collection.as_deref()),
            }),
            subject_arn: Some(arn),
        })
    });
    Inputs::frame_of(FACT.relation, rows.collect::<Vec<_>>())
}

/// Whether one of the databases of its Region that were not restored is in its VPC; `None` if that hangs on what was not told.
fn beside_production(inputs: &Inputs<'_>, instance: &InstanceRow, neighbours: &[Neighbour]) -> Option<bool> {
    let vpc_id = instance.vpc_id.as_ref()?;
    let place = (instance.account_id.clone(), instance.region.clone());
    let complete =
        place.0.as_deref().zip(place.1.as_deref()).is_some_and(|(account, region)| inputs.complete("rds_instances", account, region));
    let beside = neighbours.iter().filter(|other| other.place == place).map(|other| {
        let same = other.vpc_id.as_ref().map(|other| other == vpc_id);
        and(same, other.restored.map(|restored| !restored))
    });
    beside.fold(complete.then_some(false), or)
}

/// Whether an instance is older than the restore that made something of its name: then it is another.
fn made_again(instance: &InstanceRow, job: &JobRow) -> bool {
    instance.instance_create_time_s.zip(job.creation_date_s).is_some_and(|(made_s, restored_s)| made_s < restored_s)
}

/// The ARN of the cluster that an instance is a member of.
fn cluster_arn(instance_arn: &str, cluster: &str) -> Option<String> {
    let Arn { partition, service, region, account, .. } = Arn::parse(instance_arn)?;
    Some(format!("arn:{partition}:{service}:{region}:{account}:cluster:{cluster}"))
}
