//! Outcomes of jobs: what became of the newest backup of each resource by each plan rule, and of the newest copy of each into each vault.
//!
//! A job that failed is made good by a later one of the same resource and rule (or vault) that completed; an on-demand backup makes no rule's failure
//! good, so those stand apart. Jobs within jobs belong to their parent, whose state counts. AWS lists jobs for 30 days, and only what the newest
//! list shows is judged: what fell off it can no longer be followed.
//!
//! Source: AWS Backup API reference, `BackupJob`, `CopyJob`; developer guide, "Monitoring": what the console calls completed with issues is a
//! completed job whose message category is not `SUCCESS`.

use std::collections::BTreeSet;

use polars::prelude::DataFrame;

use self::outcomes::{Attempt, Groups};
use super::plans::Plan;
use super::population::evidence;
use super::{Fact, FactError, Inputs, population};
use crate::dataset::schema::{Reach, RestsOn};
use crate::dataset::{Relation, Row};
use crate::model::Arn;

mod outcomes;

crate::rows! {
    /// What became of the backups of a resource by a plan rule.
    pub struct BackupOutcomeRow {
        /// ARN of the resource
        subject_arn: Text, Never, "ResourceArn";
        /// Resource type as AWS Backup names it
        subject_type: Text, Never, "ResourceType";
        /// Account
        account_id: Text, Never, "";
        /// Region
        region: Text, Never, "";
        /// Whether no plan asked for the jobs
        on_demand: Boolean, Never, "CreatedBy";
        /// Plan that asked for them
        backup_plan_arn: Text, Means("on demand"), "CreatedBy.BackupPlanArn";
        /// Rule of the plan
        backup_rule_id: Text, Means("on demand"), "CreatedBy.BackupRuleId";
        /// Name of the plan as it is now
        plan_name: Text, NotTold, "BackupPlanName";
        /// Name of the rule as it is now
        plan_rule: Text, NotTold, "RuleName";
        /// Whether the rule still exists
        rule_exists: Boolean, NotTold, "";
        /// Whether the resource is proven to be deleted; of types that are not collected nothing is
        gone: Boolean, NotTold, "";
        /// Whether a job has ended
        ended: Boolean, NotTold, "";
        /// Whether the newest job that has ended completed, which makes earlier failures good
        succeeded: Boolean, NotTold, "State";
        /// Whether it completed with issues
        with_issues: Boolean, NotTold, "MessageCategory, StatusMessage";
        /// State of that job
        last_state: Text, NotTold, "State";
        /// When that job was created
        last_job_s: Integer, NotTold, "CreationDate";
        /// Kind of issue that AWS reports of it
        message_category: Text, NotTold, "MessageCategory";
        /// What AWS says about it
        problem: Text, Means("nothing"), "StatusMessage";
        /// When the newest job that completed was done
        completed_s: Integer, NotTold, "CompletionDate";
        /// Jobs that did not complete since then
        failed_count: Integer, NotTold, "";
        /// When the first of them was created
        failing_since_s: Integer, Means("none failed since, or that is not told"), "CreationDate";
        /// Where the proof lies
        evidence: Text, Never, "";
    }
}

crate::rows! {
    /// What became of the copies of a resource into a vault.
    pub struct CopyOutcomeRow {
        /// ARN of the resource
        subject_arn: Text, Never, "ResourceArn";
        /// Resource type as AWS Backup names it
        subject_type: Text, Never, "ResourceType";
        /// Account that the copies start in
        account_id: Text, Never, "";
        /// Region that the copies start in
        region: Text, Never, "";
        /// Vault that the copies go to
        destination_vault_arn: Text, Never, "DestinationBackupVaultArn";
        /// Whether the resource is proven to be deleted; of types that are not collected nothing is
        gone: Boolean, NotTold, "";
        /// Whether a job has ended
        ended: Boolean, NotTold, "";
        /// Whether the newest job that has ended completed, which makes earlier failures good
        succeeded: Boolean, NotTold, "State";
        /// State of that job
        last_state: Text, NotTold, "State";
        /// When that job was created
        last_job_s: Integer, NotTold, "CreationDate";
        /// Kind of issue that AWS reports of it
        message_category: Text, NotTold, "MessageCategory";
        /// What AWS says about it
        problem: Text, Means("nothing"), "StatusMessage";
        /// When the newest job that completed was done
        completed_s: Integer, NotTold, "CompletionDate";
        /// Jobs that did not complete since then
        failed_count: Integer, NotTold, "";
        /// When the first of them was created
        failing_since_s: Integer, Means("none failed since, or that is not told"), "CreationDate";
        /// Where the proof lies
        evidence: Text, Never, "";
    }
}

/// Outcomes of backup jobs as a relation.
pub static BACKUPS: Fact = Fact {
    relation: &Relation {
        name: "backup_outcomes",
        doc: "What became of the newest backup: one row a resource and plan rule that the list of jobs names.",
        rows_are: "plan rules",
        columns: BackupOutcomeRow::COLUMNS,
        rows_rest_on: &[RestsOn { table: "backup_jobs", reach: Reach::Region }],
        order: &["backup_plan_arn", "backup_rule_id"],
    },
    reads: &[
        super::population::RESOURCES_READ,
        &[
            super::region("backup_jobs"),
            super::region("backup_plans"),
            super::region("plan_rules"),
            super::region("plan_copies"),
            super::region("selections"),
        ],
    ],
    by_range: false,
    derive: derive_backups,
};

/// Outcomes of copy jobs as a relation.
pub static COPIES: Fact = Fact {
    relation: &Relation {
        name: "copy_outcomes",
        doc: "What became of the newest copy: one row a resource and destination vault that the list of jobs names.",
        rows_are: "destination vaults",
        columns: CopyOutcomeRow::COLUMNS,
        rows_rest_on: &[RestsOn { table: "copy_jobs", reach: Reach::Region }],
        order: &["destination_vault_arn"],
    },
    reads: &[super::population::RESOURCES_READ, &[super::region("copy_jobs")]],
    by_range: false,
    derive: derive_copies,
};

crate::rows! {
    /// What is needed of `backup_jobs`.
    struct BackupRow {
        account_id: Text; region: Text; backup_job_id: Text; resource_arn: Text; resource_type: Text; state: Text; message_category: Text;
        status_message: Text; creation_date_s: Integer; completion_date_s: Integer; backup_plan_arn: Text; backup_rule_id: Text;
        parent_job_id: Text; collection: Text;
    }
}

crate::rows! {
    /// What is needed of `copy_jobs`.
    struct CopyRow {
        account_id: Text; region: Text; copy_job_id: Text; resource_arn: Text; resource_type: Text; state: Text; message_category: Text;
        status_message: Text; creation_date_s: Integer; completion_date_s: Integer; destination_backup_vault_arn: Text; parent_job_id: Text;
        collection: Text;
    }
}

fn derive_backups(inputs: &Inputs<'_>) -> Result<DataFrame, FactError> {
    let mut groups = Groups::new(inputs, "backup_jobs");
    inputs.each::<BackupRow>("backup_jobs", |job| {
        if let (None, Some(arn), Some(account_id), Some(region)) = (job.parent_job_id, job.resource_arn, job.account_id, job.region) {
            let attempt = Attempt {
                id: job.backup_job_id.unwrap_or_default(),
                resource_type: job.resource_type.unwrap_or_default(),
                state: job.state.unwrap_or_default(),
                created_s: job.creation_date_s.unwrap_or(i64::MIN),
                done_s: job.completion_date_s,
                category: job.message_category,
                message: job.status_message,
                collection: job.collection,
            };
            groups.add((arn, account_id, region, (job.backup_plan_arn, job.backup_rule_id)), attempt);
        }
    })?;
    let known = Known::read(inputs)?;
    let plans = inputs.plans()?;
    let rows = groups.summaries().map(|((arn, account_id, region, (plan, rule)), summary)| {
        let found = rule.as_deref().and_then(|rule| find_rule(&plans, &account_id, &region, rule));
        let rule_exists = if found.is_some() { Some(true) } else { no_rule(inputs, &account_id, &region) };
        BackupOutcomeRow {
            gone: known.gone(inputs, &arn),
            subject_arn: Some(arn),
            account_id: Some(account_id),
            region: Some(region),
            on_demand: Some(plan.is_none() && rule.is_none()),
            plan_name: found.map(|(plan, _)| plan.to_owned()),
            plan_rule: found.map(|(_, rule)| rule.to_owned()),
            rule_exists: rule_exists.filter(|_| rule.is_some()),
            backup_plan_arn: plan,
            backup_rule_id: rule,
            ended: summary.ended,
            succeeded: summary.succeeded(),
            with_issues: summary.with_issues(),
            completed_s: summary.completed_s,
            failed_count: summary.failed_count,
            failing_since_s: summary.failing_since_s,
            evidence: Some(evidence("backup_jobs", &summary.shown.id, summary.shown.collection.as_deref())),
            subject_type: Some(summary.resource_type),
            last_state: summary.newest.as_ref().map(|job| job.state.clone()),
            last_job_s: summary.newest.as_ref().map(|job| job.created_s),
            message_category: summary.newest.as_ref().and_then(|job| job.category.clone()),
            problem: summary.newest.and_then(|job| job.message),
        }
    });
    Inputs::frame_of(BACKUPS.relation, rows.collect::<Vec<_>>())
}

fn derive_copies(inputs: &Inputs<'_>) -> Result<DataFrame, FactError> {
    let mut groups = Groups::new(inputs, "copy_jobs");
    inputs.each::<CopyRow>("copy_jobs", |job| {
        if let (None, Some(arn), Some(account_id), Some(region)) = (job.parent_job_id, job.resource_arn, job.account_id, job.region) {
            let attempt = Attempt {
                id: job.copy_job_id.unwrap_or_default(),
                resource_type: job.resource_type.unwrap_or_default(),
                state: job.state.unwrap_or_default(),
                created_s: job.creation_date_s.unwrap_or(i64::MIN),
                done_s: job.completion_date_s,
                category: job.message_category,
                message: job.status_message,
                collection: job.collection,
            };
            groups.add((arn, account_id, region, job.destination_backup_vault_arn.unwrap_or_default()), attempt);
        }
    })?;
    let known = Known::read(inputs)?;
    let rows = groups.summaries().map(|((arn, account_id, region, vault), summary)| CopyOutcomeRow {
        gone: known.gone(inputs, &arn),
        subject_arn: Some(arn),
        account_id: Some(account_id),
        region: Some(region),
        destination_vault_arn: Some(vault),
        ended: summary.ended,
        succeeded: summary.succeeded(),
        completed_s: summary.completed_s,
        failed_count: summary.failed_count,
        failing_since_s: summary.failing_since_s,
        evidence: Some(evidence("copy_jobs", &summary.shown.id, summary.shown.collection.as_deref())),
        subject_type: Some(summary.resource_type),
        last_state: summary.newest.as_ref().map(|job| job.state.clone()),
        last_job_s: summary.newest.as_ref().map(|job| job.created_s),
        message_category: summary.newest.as_ref().and_then(|job| job.category.clone()),
        problem: summary.newest.and_then(|job| job.message),
    });
    Inputs::frame_of(COPIES.relation, rows.collect::<Vec<_>>())
}

/// Names of the plan and of a rule of it, if the rule still exists.
fn find_rule<'a>(plans: &'a [Plan], account_id: &str, region: &str, rule_id: &str) -> Option<(&'a str, &'a str)> {
    let here = plans.iter().filter(|plan| plan.account_id == account_id && plan.region == region);
    here.flat_map(|plan| plan.rules.iter().map(move |rule| (plan, rule)))
        .find(|(_, rule)| rule.id == rule_id)
        .map(|(plan, rule)| (plan.name.as_str(), rule.name.as_str()))
}

/// What is known to exist.
struct Known {
    population: BTreeSet<String>,
}

impl Known {
    fn read(inputs: &Inputs<'_>) -> Result<Self, FactError> {
        Ok(Self { population: inputs.population()?.iter().map(|resource| resource.arn.clone()).collect() })
    }

    /// Whether a resource is deleted. Of what nothing lists that cannot be told, and a failure of its backup stands.
    fn gone(&self, inputs: &Inputs<'_>, resource_arn: &str) -> Option<bool> {
        if self.population.contains(resource_arn) {
            return Some(false);
        }
        match Arn::parse(resource_arn).and_then(|arn| population::listed(inputs, &arn)) {
            None => Some(false),
            Some(listed) => listed.then_some(true),
        }
    }
}

/// That a rule does not exist, where all of its Region were read.
fn no_rule(inputs: &Inputs<'_>, account_id: &str, region: &str) -> Option<bool> {
    ["backup_plans", "plan_rules"].iter().all(|table| inputs.complete(table, account_id, region)).then_some(false)
}
