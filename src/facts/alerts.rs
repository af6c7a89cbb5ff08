//! The ways on which somebody hears of a backup that failed, from end to end: what tells, of which bad ends, whether it is switched on, and whether
//! anybody listens.
//!
//! Three ways: a vault that notifies a topic, a rule of `EventBridge` on the state of backup jobs, an alarm on the number of jobs. A way leads
//! somewhere if it is switched on, tells of jobs that failed or expired (`ends`, `alarms`), and one of its targets is alive (`topics`). Whether a
//! function, a queue or another target does its work is not read, nor are topics that no vault notifies: such a way is not known to lead anywhere.
//!
//! A Region is heard if somebody hears of jobs that failed and of jobs that expired, each on any way: one that tells of all of the Region, or one for
//! each vault that its plans write to. An alarm on one type of resource, on a series that may not be there, or on an expression tells of a part;
//! whether several of them make up the whole is not weighed.
//!
//! Sources: AWS Backup developer guide, "Notification options", "Monitoring events using EventBridge", "Metrics with CloudWatch"; SNS API reference,
//! `GetTopicAttributes`.

use std::collections::{BTreeMap, BTreeSet};

use polars::prelude::DataFrame;
use serde_json::Value;

mod alarms;
mod ends;
mod topics;

use self::alarms::{AlarmRow, of_dimensions};
use self::ends::{End, Ends, of_pattern};
use self::topics::{Heard, Publisher, Service, Topics};
use super::objectives::{and, or};
use super::plans::Plan;
use super::population::{evidence, json};
use super::{Fact, FactError, Inputs, PLAN_READS, account, region};
use crate::dataset::{Relation, Row};
use crate::model::Arn;

/// The event of a vault that tells of backup jobs that failed or expired.
const VAULT_EVENT: &str = "BACKUP_JOB_COMPLETED";

crate::rows! {
    /// A way on which failures are told.
    pub struct AlertRow {
        /// ARN of what tells: a vault, a rule of EventBridge, an alarm; the account's root and the Region where there is none
        subject_arn: Text, Never, "";
        /// AWS resource type; `region` where there is none
        subject_type: Text, Never, "";
        /// Account
        account_id: Text, Never, "";
        /// Region
        region: Text, Never, "";
        /// `vault`, `rule`, `alarm`, or `region` for all of them together
        kind: Text, Never, "";
        /// Whether it is meant to tell of each backup job that fails, or of each that expires before it begins
        tells_failures: Boolean, NotTold, "BackupVaultEvents, EventPattern, MetricName, Threshold, Statistic";
        /// Whether it is switched on, and anybody is there who hears it; of a Region, whether jobs of its plans that fail, and those that expire, are heard
        reaches_somebody: Boolean, NotTold, "State, ActionsEnabled, TopicArn, Policy, KmsMasterKeyId, SubscriptionsConfirmed";
        /// Of a Region: the jobs of which nobody hears, or, if there are none, those of which that is not known
        unheard: Text, Means("all are heard, or not a Region"), "";
        /// Of a Region: whether plans run there, so that something can fail
        has_plans: Boolean, NotTold, "ListBackupPlans";
        /// Where it goes, separated by blanks
        targets: Text, Means("nowhere, or not told"), "";
        /// What is broken, in words
        problem: Text, Means("nothing that is known"), "";
        /// Where the proof lies
        evidence: Text, Never, "";
    }
}

/// Ways as a relation.
pub static FACT: Fact = Fact {
    relation: &Relation {
        name: "alert_paths",
        doc: "The ways on which somebody hears of failed backups: one row a vault that notifies, rule or alarm about backups, and one row an account and Region.",
        rows_are: "ways",
        columns: AlertRow::COLUMNS,
        rows_rest_on: &[region("vault_notifications"), region("event_rules"), region("alarms")],
        order: &["kind"],
    },
    reads: &[
        PLAN_READS,
        &[region("vault_notifications"), region("event_rules"), region("alarms"), account("topics"), region("backup_vaults")],
    ],
    by_range: false,
    derive,
};

crate::rows! {
    /// What is needed of `vault_notifications`.
    struct NotificationRow { account_id: Text; region: Text; backup_vault_arn: Text; sns_topic_arn: Text; events: Json; collection: Text; }
}

crate::rows! {
    /// What is needed of `event_rules`.
    struct RuleRow {
        account_id: Text; region: Text; rule_arn: Text; state: Text; event_pattern: Json; targets_asked: Boolean; targets: Json; collection: Text;
    }
}

/// Of which jobs a way tells.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Of {
    /// All of the Region.
    Region,
    /// Those of one vault, by its name.
    Vault(String),
    /// Some.
    Part,
}

/// A way with what it tells of.
#[derive(Debug)]
struct Way {
    row: AlertRow,
    of: Of,
    ends: Ends,
}

impl Way {
    fn new(row: AlertRow, of: Of, ends: Ends) -> Self {
        Self { row: AlertRow { tells_failures: ends.any(), ..row }, of, ends }
    }

    /// Whether somebody hears on it of jobs with an end.
    fn is_heard(&self, end: End) -> Option<bool> {
        and(self.ends.of(end), self.row.reaches_somebody)
    }
}

fn derive(inputs: &Inputs<'_>) -> Result<DataFrame, FactError> {
    let topics = Topics::read(inputs)?;
    let mut ways = Vec::new();
    for row in inputs.rows::<NotificationRow>("vault_notifications")? {
        ways.extend(of_vault(row, &topics)?);
    }
    for row in inputs.rows::<RuleRow>("event_rules")? {
        ways.extend(of_rule(row, &topics)?);
    }
    for row in inputs.rows::<AlarmRow>("alarms")? {
        ways.extend(of_alarm(row, &topics)?);
    }
    let plans = inputs.plans()?;
    let regions: Vec<AlertRow> = inputs.snapshot.scope().iter().map(|place| of_region(inputs, place, &ways, &plans)).collect();
    Inputs::frame_of(FACT.relation, ways.into_iter().map(|way| way.row).chain(regions))
}

fn of_region(inputs: &Inputs<'_>, (account_id, region): &(String, String), ways: &[Way], plans: &[Plan]) -> AlertRow {
    let read = |table: &str| inputs.complete(table, account_id, region);
    let here = |of: Option<&String>, at: Option<&String>| of == Some(account_id) && at == Some(region);
    let ways: Vec<&Way> = ways.iter().filter(|way| here(way.row.account_id.as_ref(), way.row.region.as_ref())).collect();
    let plans: Vec<&Plan> = plans.iter().filter(|plan| here(Some(&plan.account_id), Some(&plan.region))).collect();
    let none = ["backup_vaults", "vault_notifications", "event_rules", "alarms"].into_iter().all(read).then_some(false);
    let told = |end: End, of: &Of| ways.iter().filter(|way| way.of == *of).map(|way| way.is_heard(end)).fold(none, or);
    // Several that tell of parts may make up the whole.
    let parts = |end: End| {
        let perhaps = ways.iter().any(|way| way.of == Of::Part && way.is_heard(end) != Some(false));
        if perhaps { None } else { Some(false) }
    };
    let rules = || plans.iter().flat_map(|plan| &plan.rules);
    let rules_known = read("backup_plans") && plans.iter().all(|plan| plan.rules_known) && rules().all(|rule| rule.vault_name.is_some());
    let vaults: BTreeSet<&String> = rules().filter_map(|rule| rule.vault_name.as_ref()).collect();
    let every_vault = |end: End| {
        let all = vaults.iter().map(|name| told(end, &Of::Vault((*name).clone()))).fold(Some(!vaults.is_empty()), and);
        if rules_known { all } else { all.filter(|all| !all && !vaults.is_empty()) }
    };
    let heard = Ends::each(|end| or(told(end, &Of::Region), or(parts(end), every_vault(end))));
    AlertRow {
        subject_arn: Some(format!("arn:aws:iam::{account_id}:root#region/{region}")),
        subject_type: Some("region".to_owned()),
        account_id: Some(account_id.clone()),
        region: Some(region.clone()),
        kind: Some("region".to_owned()),
        tells_failures: Some(true),
        reaches_somebody: heard.all(),
        unheard: heard.named(Some(false)).or_else(|| heard.named(None)),
        has_plans: or(Some(!plans.is_empty()), read("backup_plans").then_some(false)),
        evidence: Some(format!("vault_notifications, event_rules and alarms of {account_id} in {region}")),
        ..AlertRow::default()
    }
}

fn of_vault(row: NotificationRow, topics: &Topics) -> Result<Option<Way>, FactError> {
    let (Some(arn), Some(topic)) = (row.backup_vault_arn, row.sns_topic_arn) else { return Ok(None) };
    let events: Option<Value> = json("vault_notifications", "events", &arn, row.events)?;
    // What is no list of names says nothing.
    let tells = events.as_ref().and_then(Value::as_array).map(|events| events.iter().any(|event| event == VAULT_EVENT));
    let heard = topics.hears(&topic, Publisher { service: Service::Backup, arn: &arn });
    let of = Arn::parse(&arn).map_or(Of::Part, |vault| Of::Vault(vault.name().to_owned()));
    let row = AlertRow {
        subject_type: Some("AWS::Backup::BackupVault".to_owned()),
        kind: Some("vault".to_owned()),
        reaches_somebody: heard.is,
        problem: heard.problem,
        targets: Some(topic),
        evidence: Some(evidence("vault_notifications", &arn, row.collection.as_deref())),
        subject_arn: Some(arn),
        account_id: row.account_id,
        region: row.region,
        ..AlertRow::default()
    };
    Ok(Some(Way::new(row, of, Ends::each(|_| tells))))
}

fn of_rule(row: RuleRow, topics: &Topics) -> Result<Option<Way>, FactError> {
    let arn = row.rule_arn.unwrap_or_default();
    let pattern: Option<Value> = json("event_rules", "event_pattern", &arn, row.event_pattern)?;
    let Some(pattern) = pattern.filter(|_| row.targets_asked == Some(true)) else { return Ok(None) };
    let ends = of_pattern(&pattern);
    if ends.any() == Some(false) {
        return Ok(None);
    }
    let targets: Option<Vec<Value>> = json("event_rules", "targets", &arn, row.targets)?;
    let targets = targets.map(|all| all.iter().filter_map(|one| one.get("Arn")?.as_str().map(str::to_owned)).collect::<Vec<_>>());
    let on = row.state.as_deref().map(|state| state != "DISABLED");
    let row = AlertRow {
        subject_type: Some("AWS::Events::Rule".to_owned()),
        kind: Some("rule".to_owned()),
        account_id: row.account_id,
        region: row.region,
        evidence: Some(evidence("event_rules", &arn, row.collection.as_deref())),
        ..reaching((on, "the rule is switched off"), targets, topics, Publisher { service: Service::EventBridge, arn: &arn })
    };
    Ok(Some(Way::new(row, Of::Region, ends)))
}

fn of_alarm(row: AlarmRow, topics: &Topics) -> Result<Option<Way>, FactError> {
    let arn = row.alarm_arn.clone().unwrap_or_default();
    let metrics: Option<Vec<Value>> = json("alarms", "metrics", &arn, row.metrics.clone())?;
    let Some(ends) = row.ends(metrics.as_deref()) else { return Ok(None) };
    let actions: Option<Vec<String>> = json("alarms", "alarm_actions", &arn, row.alarm_actions)?;
    let dimensions: Option<BTreeMap<String, String>> = json("alarms", "dimensions", &arn, row.dimensions)?;
    let publisher = Publisher { service: Service::CloudWatch, arn: &arn };
    let reached = AlertRow {
        subject_type: Some("AWS::CloudWatch::Alarm".to_owned()),
        kind: Some("alarm".to_owned()),
        account_id: row.account_id,
        region: row.region,
        evidence: Some(evidence("alarms", &arn, row.collection.as_deref())),
        ..reaching((row.actions_enabled, "its actions are switched off"), actions, topics, publisher)
    };
    Ok(Some(Way::new(reached, of_dimensions(dimensions.as_ref()), ends)))
}

/// What is common to a rule and an alarm: whether it is on, and whether one of its targets is heard.
fn reaching((on, off): (Option<bool>, &str), targets: Option<Vec<String>>, topics: &Topics, publisher: Publisher<'_>) -> AlertRow {
    let heard: Option<Vec<Heard>> = targets.as_ref().map(|all| all.iter().map(|arn| topics.hears(arn, publisher)).collect());
    let lives = heard.as_ref().and_then(|all| all.iter().map(|one| one.is).fold(Some(false), or));
    let problem = match (on, heard) {
        (Some(false), _) => Some(off.to_owned()),
        (_, Some(all)) if all.is_empty() => Some("it has no target".to_owned()),
        (_, Some(all)) if lives == Some(false) => Some(all.into_iter().filter_map(|one| one.problem).collect::<Vec<_>>().join("; ")),
        _ => None,
    };
    AlertRow {
        subject_arn: Some(publisher.arn.to_owned()),
        reaches_somebody: and(on, lives),
        problem,
        targets: targets.filter(|all| !all.is_empty()).map(|all| all.join(" ")),
        ..AlertRow::default()
    }
}
