//! The read door: AWS to rows. Reads and copies; does not judge, and fills nothing in for what AWS leaves out.
//!
//! A collector is one file that declares its row with [`rows!`](crate::rows), its [`Table`], and how to read one unit of it. Adding one takes that
//! file, its `mod` line and its line in [`COLLECTORS`]; schema, documentation, read-only policy and progress follow from these.

pub mod call_log;
pub mod collector;
pub mod door;
#[cfg(test)]
mod door_tests;
pub mod error;
mod http;
mod limiter;
pub mod policy;
pub mod progress;
mod reading;
pub mod runner;
#[cfg(test)]
mod runner_tests;
#[cfg(test)]
pub(crate) mod testing;

mod fields;
mod nested;
mod pages;
mod parent;
#[cfg(test)]
mod test_reads;

pub mod backup_jobs;
pub mod backup_plans;
pub mod backup_vaults;
pub mod copy_jobs;
pub mod plan_rules;
pub mod rds_automated_backups;
pub mod rds_clusters;
pub mod rds_instances;
pub mod rds_snapshots;
pub mod recovery_points;
pub mod region_settings;
pub mod resource_tags;
pub mod restore_jobs;
pub mod selections;
pub mod vault_notifications;
pub mod vault_policies;

pub use collector::{Collector, Harvest, Operation, ReadError, Unit, UnitRange};

use crate::dataset::Table;

/// Every collector, those that list parents before those that read parent by parent.
pub static COLLECTORS: &[&dyn Collector] = &[
    &region_settings::RegionSettings,
    &backup_vaults::BackupVaults,
    &vault_policies::VaultPolicies,
    &vault_notifications::VaultNotifications,
    &backup_plans::BackupPlans,
    &plan_rules::PlanRules,
    &selections::Selections,
    &resource_tags::Tags,
    &rds_instances::RdsInstances,
    &rds_clusters::RdsClusters,
    &rds_automated_backups::RdsAutomatedBackups,
    &rds_snapshots::RdsSnapshots,
    &backup_jobs::BackupJobs,
    &copy_jobs::CopyJobs,
    &restore_jobs::RestoreJobs,
    &recovery_points::RecoveryPoints,
];

/// Every collected table, in the order of [`COLLECTORS`]. The record of reads, which no collector fills, is not among them.
pub fn tables() -> Vec<&'static Table> {
    COLLECTORS.iter().flat_map(|collector| collector.tables()).copied().collect()
}

#[cfg(test)]
mod tests {
    use super::test_reads::{of_parent, rds_denied, read};
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
    fn parents_are_read_before_their_children() {
        for (index, collector) in COLLECTORS.iter().enumerate() {
            let Some((parents, arn)) = collector.parents() else { continue };
            let earlier = COLLECTORS[..index].iter().any(|earlier| earlier.tables().contains(&parents));
            assert!(earlier, "{} comes before {}", parents.name, collector.tables()[0].name);
            assert_eq!(column(parents, arn).absence, Absence::Never);
            assert!(collector.tables().iter().all(|table| table.parent.is_some()), "{}", collector.tables()[0].name);
        }
    }

    #[test]
    fn operations_only_read() {
        for operation in COLLECTORS.iter().flat_map(|collector| collector.operations()) {
            let reads = ["Describe", "Get", "List"].iter().any(|verb| operation.name.starts_with(verb));
            let prefix = if operation.service == "tagging" { "tag" } else { operation.service };
            assert!(reads && operation.action == format!("{prefix}:{}", operation.name), "{operation:?}");
        }
    }

    /// A unit that the collector can read.
    fn unit(collector: &dyn Collector) -> Unit {
        match collector.parents().map(|(parents, _)| parents.name) {
            Some("backup_vaults") => of_parent("arn:aws:backup:eu-west-1:111122223333:backup-vault:prod"),
            Some(_) => of_parent("arn:aws:backup:eu-west-1:111122223333:backup-plan:8f81"),
            None => Unit::REGION,
        }
    }

    #[tokio::test]
    async fn a_denial_is_a_gap_in_every_table() {
        for collector in COLLECTORS {
            let Operation { service, name, .. } = collector.operations()[0];
            let reply = if service == "rds" { rds_denied(name) } else { Reply::denied(name) };
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
            let body = if service == "rds" { format!("<{name}Response><{name}Result/></{name}Response>") } else { "{}".to_owned() };
            let (result, mut harvest) = read(*collector, &unit(*collector), [Reply::ok(name, body)]).await;
            assert_eq!(result.unwrap_err().status, ReadStatus::Unavailable, "{name}");
            assert!(collector.tables().iter().all(|table| harvest.take(table).is_empty()), "{name}");
        }
    }
}
