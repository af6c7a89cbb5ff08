//! The read door: AWS to rows. Reads and copies; does not judge, and fills nothing in for what AWS leaves out.
//!
//! A collector is one file that declares its row with [`rows!`](crate::rows), its [`Table`], and how to read one unit of it. Adding one takes that
//! file, its `mod` line and its line in [`COLLECTORS`]; schema, documentation, read-only policy and progress follow from these.

pub mod accounts;
pub mod call_log;
pub mod choice;
pub mod clients;
pub mod collector;
pub mod door;
#[cfg(test)]
mod door_tests;
pub mod ec2;
pub mod error;
pub mod forecast;
mod http;
pub mod known;
mod limiter;
mod lists;
mod pace;
pub mod policy;
#[cfg(test)]
mod portions_tests;
pub mod progress;
mod rates;
mod reading;
#[cfg(test)]
mod references_tests;
pub mod runner;
#[cfg(test)]
mod runner_tests;
pub mod schedule;
mod tellers;
#[cfg(test)]
pub(crate) mod testing;
#[cfg(test)]
mod testing_cbor;

mod fields;
mod members;
mod nested;
mod pages;
mod parent;
mod portions;
/// The tables as the tests of facts have them: those must be true to the collectors.
#[cfg(test)]
#[expect(clippy::duplicate_mod, reason = "the stages of collecting and of facts may not know each other, so each compiles the file")]
#[path = "../facts/tests/tables.rs"]
mod tables_of_facts;
#[cfg(test)]
mod test_reads;

pub mod alarms;
pub mod amis;
pub mod backup_jobs;
pub mod backup_plans;
pub mod backup_vaults;
pub mod cloudtrail_events;
pub mod config_aggregators;
pub mod config_compliance;
pub mod config_evaluations;
pub mod config_recorders;
pub mod config_rules;
pub mod conformance_packs;
pub mod copy_jobs;
pub mod data_resource_tags;
pub mod delegated_admins;
pub mod dlm_policies;
mod dlm_rules;
pub mod dynamodb_backups;
pub mod dynamodb_tables;
pub mod ebs_settings;
pub mod ebs_snapshots;
pub mod ebs_volumes;
pub mod ec2_instances;
pub mod efs_file_systems;
pub mod efs_replications;
pub mod elasticache_groups;
pub mod elasticache_snapshots;
pub mod event_rules;
pub mod frameworks;
pub mod fsx_backups;
pub mod fsx_file_systems;
pub mod fsx_volumes;
pub mod global_settings;
pub mod iam_principals;
pub mod kms_keys;
pub mod legal_holds;
pub mod log_exports;
pub mod log_groups;
pub mod metric_samples;
pub mod org_accounts;
pub mod org_effective_policies;
pub mod org_policies;
pub mod organization;
pub mod plan_rules;
pub mod protected_resources;
pub mod rds_automated_backups;
pub mod rds_clusters;
pub mod rds_instances;
pub mod rds_snapshots;
pub mod recovery_points;
pub mod redshift_clusters;
pub mod redshift_snapshots;
pub mod region_settings;
pub mod regions;
pub mod report_plans;
pub mod resource_tags;
pub mod restore_jobs;
pub mod restore_testing_plans;
pub mod restore_testing_selections;
pub mod s3_buckets;
#[cfg(test)]
mod s3_buckets_tests;
mod s3_configuration;
mod s3_rules;
pub mod scan_jobs;
pub mod secrets;
pub mod selections;
pub mod snapshot_attributes;
pub mod snapshot_locks;
pub mod topics;
pub mod trails;
pub mod vault_notifications;
pub mod vault_policies;

pub use collector::{Collector, Foretold, Harvest, Operation, ReadError, Unit, UnitRange};

use crate::dataset::Table;

/// Every collector, those that list or name things before those that read them one by one.
pub static COLLECTORS: &[&dyn Collector] = &[
    &regions::Regions,
    &region_settings::RegionSettings,
    &global_settings::GlobalSettings,
    &backup_vaults::BackupVaults,
    &vault_policies::VaultPolicies,
    &vault_notifications::VaultNotifications,
    &backup_plans::BackupPlans,
    &plan_rules::PlanRules,
    &selections::Selections,
    &restore_testing_plans::RestoreTestingPlans,
    &restore_testing_selections::RestoreTestingSelections,
    &frameworks::Frameworks,
    &report_plans::ReportPlans,
    &legal_holds::LegalHolds,
    &protected_resources::ProtectedResources,
    &resource_tags::Tags,
    &data_resource_tags::DataTags,
    &rds_instances::RdsInstances,
    &rds_clusters::RdsClusters,
    &rds_automated_backups::RdsAutomatedBackups,
    &rds_snapshots::RdsSnapshots,
    &snapshot_attributes::SnapshotAttributes,
    &dynamodb_tables::DynamoDbTables,
    &dynamodb_backups::DynamoDbBackups,
    &s3_buckets::S3Buckets,
    &secrets::Secrets,
    &log_groups::LogGroups,
    &log_exports::LogExports,
    &elasticache_groups::ElasticacheGroups,
    &elasticache_snapshots::ElasticacheSnapshots,
    &redshift_clusters::RedshiftClusters,
    &redshift_snapshots::RedshiftSnapshots,
    &trails::Trails,
    &config_recorders::ConfigRecorders,
    &config_rules::ConfigRules,
    &config_compliance::ConfigCompliance,
    &conformance_packs::ConformancePacks,
    &config_aggregators::ConfigAggregators,
    &alarms::Alarms,
    &event_rules::EventRules,
    &metric_samples::MetricSamples,
    &ebs_settings::EbsSettings,
    &ebs_volumes::EbsVolumes,
    &ebs_snapshots::EbsSnapshots,
    &snapshot_locks::SnapshotLocks,
    &ec2_instances::Ec2Instances,
    &amis::Amis,
    &dlm_policies::DlmPolicies,
    &efs_file_systems::EfsFileSystems,
    &efs_replications::EfsReplications,
    &fsx_file_systems::FsxFileSystems,
    &fsx_volumes::FsxVolumes,
    &fsx_backups::FsxBackups,
    &backup_jobs::BackupJobs,
    &copy_jobs::CopyJobs,
    &restore_jobs::RestoreJobs,
    &scan_jobs::ScanJobs,
    &recovery_points::RecoveryPoints,
    &config_evaluations::ConfigEvaluations,
    &topics::Topics,
    &kms_keys::KmsKeys,
    &cloudtrail_events::CloudtrailEvents,
    &iam_principals::IamPrincipals,
    &organization::Organizations,
    &org_accounts::OrgAccounts,
    &org_policies::OrgPolicies,
    &org_effective_policies::OrgEffectivePolicies,
    &delegated_admins::DelegatedAdmins,
];

/// Every collected table, in the order of [`COLLECTORS`]. The record of reads, which no collector fills, is not among them.
pub fn tables() -> Vec<&'static Table> {
    COLLECTORS.iter().flat_map(|collector| collector.tables()).copied().collect()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::test_reads::{ec2, ec2_error, of_parent, rds, rds_denied, read, s3_error};
    use super::testing::Reply;
    use super::*;
    use crate::dataset::schema::ColumnType;
    use crate::dataset::{Absence, Column, ReadStatus};

    fn column<'a>(table: &'a Table, name: &str) -> &'a Column {
        let found = table.columns.iter().find(|column| column.name == name);
        found.unwrap_or_else(|| panic!("{} names {name}, which it does not have", table.name))
    }

    #[test]
    fn every_table_is_declared_in_full() {
        let mut names: Vec<_> = tables().iter().map(|table| table.name).collect();
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), tables().len(), "names of tables are unique");
        for table in tables() {
            let never = |name: &str| assert_eq!(column(table, name).absence, Absence::Never, "{}.{name}", table.name);
            table.key.iter().copied().for_each(never);
            table.parent.iter().copied().for_each(never);
            table.subject.iter().for_each(|(arn, _)| never(arn));
            if let Some(created) = table.created {
                assert_eq!(column(table, created).column_type, ColumnType::Time, "{}.{created}", table.name);
            }
            assert!(table.doc.ends_with('.'), "{} has a sentence", table.name);
            for column in table.columns {
                let told = !column.doc.is_empty() && !column.source.is_empty() && !column.doc.ends_with('.');
                assert!(told, "{}.{} says what it holds and where it comes from", table.name, column.name);
            }
        }
    }

    #[test]
    fn parents_and_what_names_things_are_read_before_their_children() {
        for (index, collector) in COLLECTORS.iter().enumerate() {
            let name = collector.tables()[0].name;
            assert!(collector.parents().is_none() || collector.references().is_empty(), "{name} has one kind of units");
            let global = collector.tables()[0].global;
            assert!(collector.tables().iter().all(|table| table.global == global), "{name} is read in one place");
            if let Some((parents, arn)) = collector.parents() {
                assert_eq!(column(parents, arn).absence, Absence::Never);
            }
            for (table, text) in collector.references() {
                assert_eq!(column(table, text).column_type, ColumnType::Text, "{}.{text}", table.name);
            }
            if collector.once_an_organization() {
                assert!(global && collector.parents().is_none() && collector.references().is_empty(), "{name} is read after all places");
                assert!(COLLECTORS[..index].iter().any(|earlier| earlier.tables().contains(&&organization::TABLE)));
            }
            let sources = collector.parents().into_iter().chain(collector.references().iter().copied());
            for (source, _) in sources {
                assert_eq!(source.global, global, "{} is read in the same place as {name}", source.name);
                let earlier = COLLECTORS[..index].iter().any(|earlier| earlier.tables().contains(&source));
                assert!(earlier, "{} comes before {name}", source.name);
                assert!(collector.tables().iter().all(|table| table.parent.is_some()), "{name}");
            }
        }
    }

    #[test]
    fn the_tests_of_facts_know_the_tables_as_they_are() {
        for theirs in tables_of_facts::TABLES {
            let ours = tables().into_iter().find(|table| table.name == theirs.name);
            let ours = ours.unwrap_or_else(|| panic!("no collector fills {}", theirs.name));
            let shape = |table: &Table| (table.kind, table.key, table.parent, table.created);
            assert_eq!(shape(theirs), shape(ours), "kind, key, parent and creation of {}", theirs.name);
            for read in theirs.columns {
                assert_eq!(read.column_type, column(ours, read.name).column_type, "{}.{}", ours.name, read.name);
            }
            let listed = COLLECTORS.iter().find(|collector| collector.tables().contains(&ours)).and_then(|collector| collector.parents());
            if let Some((parents, _)) = listed {
                assert_eq!(tables_of_facts::parents_of(theirs), Some(parents.name), "what lists the parents of {}", theirs.name);
            }
        }
    }

    #[test]
    fn operations_only_read() {
        for operation in COLLECTORS.iter().flat_map(|collector| collector.operations()) {
            let reads = ["Describe", "Get", "List", "Lookup", "Select"].iter().any(|verb| operation.name.starts_with(verb));
            let prefix = if operation.service == "tagging" { "tag" } else { operation.service };
            // The permissions of S3 have names of their own.
            let named = operation.action == format!("{prefix}:{}", operation.name);
            let of_s3 = operation.service == "s3" && (operation.action.starts_with("s3:Get") || operation.action.starts_with("s3:List"));
            assert!(reads && (named || of_s3), "{operation:?}");
        }
    }

    /// A unit that the collector can read.
    fn unit(collector: &dyn Collector) -> Unit {
        let sources = collector.parents().into_iter().chain(collector.references().first().copied());
        match sources.map(|(_, column)| column).next() {
            Some("backup_vault_arn") => of_parent("arn:aws:backup:eu-west-1:111122223333:backup-vault:prod"),
            Some("backup_plan_arn") => of_parent("arn:aws:backup:eu-west-1:111122223333:backup-plan:8f81"),
            Some("restore_testing_plan_arn") => of_parent("arn:aws:backup:eu-west-1:111122223333:restore-testing-plan:weekly"),
            Some("snapshot_arn") => of_parent("arn:aws:rds:eu-west-1:111122223333:snapshot:before-upgrade"),
            Some("encryption_key_arn") => of_parent("arn:aws:kms:eu-west-1:111122223333:key/1234abcd"),
            Some("config_rule_name") => of_parent("points-are-encrypted"),
            Some("sns_topic_arn") => of_parent("arn:aws:sns:eu-west-1:111122223333:backups"),
            Some(other) => panic!("no example of {other}"),
            None => collector.units(None, 0).remove(0),
        }
    }

    /// Whether a service answers in the XML of the Query protocol.
    fn speaks_query(service: &str) -> bool {
        ["elasticache", "iam", "rds", "redshift", "sns"].contains(&service)
    }

    #[tokio::test]
    async fn a_denial_is_a_gap_in_every_table() {
        for collector in COLLECTORS {
            let Operation { service, name, .. } = collector.operations()[0];
            let reply = match service {
                "ec2" => ec2_error(name, 403, "UnauthorizedOperation"),
                "s3" => s3_error(name, 403, "AccessDenied"),
                "cloudwatch" => Reply::cbor(name, 403, &json!({ "__type": "AccessDenied" })),
                _ if speaks_query(service) => rds_denied(name),
                _ => Reply::denied(name),
            };
            let (result, mut harvest) = read(*collector, &unit(*collector), [reply]).await;
            let error = result.unwrap_err();
            assert_eq!((error.status, error.operation.as_str()), (ReadStatus::Denied, name));
            assert!(collector.tables().iter().all(|table| harvest.take(table).is_empty()), "{name}");
        }
    }

    #[tokio::test]
    async fn an_answer_to_another_question_is_not_an_empty_list() {
        for collector in COLLECTORS {
            let Operation { service, name, .. } = collector.operations()[0];
            let reply = match service {
                "ec2" => ec2(name, ""),
                "s3" => Reply::ok(name, "<ListAllMyBucketsResult/>"),
                "cloudwatch" => Reply::cbor(name, 200, &json!({})),
                _ if speaks_query(service) => rds(name, ""),
                _ => Reply::ok(name, "{}"),
            };
            let (result, mut harvest) = read(*collector, &unit(*collector), [reply]).await;
            assert_eq!(result.unwrap_err().status, ReadStatus::Unavailable, "{name}");
            assert!(collector.tables().iter().all(|table| harvest.take(table).is_empty()), "{name}");
        }
    }
}
