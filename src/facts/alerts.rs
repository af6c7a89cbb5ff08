//! The ways on which somebody hears of a backup that failed, from end to end: what tells, whether it is switched on, and whether anybody listens.
//!
//! Three ways: a vault that notifies a topic, a rule of `EventBridge` on the state of backup jobs, an alarm on failed jobs. A way leads somewhere if it is
//! switched on, tells of failures and one of its targets is alive. A topic is alive if it is there and a subscription was confirmed. Whether a
//! function, a queue or another target does its work is not read, nor are topics that no vault notifies: such a way is not known to lead anywhere.
//!
//! A Region is heard if one way tells of all of it, or if each vault that its plans write to has a way of its own. An alarm on one type of resource
//! tells of a part; whether several of them make up the whole is not weighed.
//!
//! Sources: AWS Backup developer guide, "Notification options", "Monitoring events using EventBridge", "Metrics with CloudWatch"; SNS API reference,
//! `GetTopicAttributes`.

use std::collections::{BTreeMap, BTreeSet};

use polars::prelude::DataFrame;
use serde_json::Value;

use super::objectives::{and, or};
use super::plans::Plan;
use super::population::{evidence, json};
use super::{Fact, FactError, Inputs, PLAN_READS, account, region};
use crate::dataset::{Relation, Row};
use crate::model::Arn;

/// The event of a vault that tells of backup jobs that failed or expired.
const VAULT_EVENT: &str = "BACKUP_JOB_COMPLETED";
/// The kind of event that `EventBridge` carries for each state of a backup job.
const DETAIL_TYPE: &str = "Backup Job State Change";
/// The metric of jobs that failed.
const METRIC: (&str, &str) = ("AWS/Backup", "NumberOfBackupJobsFailed");

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
        /// Whether it is meant to tell of backup jobs that fail
        tells_failures: Boolean, NotTold, "BackupVaultEvents, EventPattern, MetricName";
        /// Whether it is switched on, and anybody is there who hears it; of a Region, whether all jobs of its plans are heard
        reaches_somebody: Boolean, NotTold, "State, ActionsEnabled, TopicArn, SubscriptionsConfirmed";
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

crate::rows! {
    /// What is needed of `alarms`.
    struct AlarmRow {
        account_id: Text; region: Text; alarm_arn: Text; namespace: Text; metric_name: Text; dimensions: Json; comparison_operator: Text; actions_enabled: Boolean;
        alarm_actions: Json; collection: Text;
    }
}

crate::rows! {
    /// What is needed of `topics`.
    struct TopicRow { topic_arn: Text; topic_exists: Boolean; subscriptions_confirmed_count: Integer; subscriptions: Json; }
}

/// Whether topics are alive, by ARN.
type Topics = BTreeMap<String, Option<bool>>;

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
}

impl Way {
    /// Whether somebody hears of failures on it.
    fn is_heard(&self) -> Option<bool> {
        and(self.row.tells_failures, self.row.reaches_somebody)
    }
}

fn derive(inputs: &Inputs<'_>) -> Result<DataFrame, FactError> {
    let topics: Topics = inputs.rows::<TopicRow>("topics")?.into_iter().map(alive).collect::<Result<_, _>>()?;
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
    let told = |of: &Of| ways.iter().filter(|way| way.of == *of).map(|way| way.is_heard()).fold(none, or);
    // Several that tell of parts may make up the whole.
    let parts = if ways.iter().any(|way| way.of == Of::Part && way.is_heard() != Some(false)) { None } else { Some(false) };
    let rules = || plans.iter().flat_map(|plan| &plan.rules);
    let rules_known = read("backup_plans") && plans.iter().all(|plan| plan.rules_known) && rules().all(|rule| rule.vault_name.is_some());
    let vaults: BTreeSet<&String> = rules().filter_map(|rule| rule.vault_name.as_ref()).collect();
    let every_vault =
        if vaults.is_empty() { Some(false) } else { vaults.iter().map(|name| told(&Of::Vault((*name).clone()))).fold(Some(true), and) };
    let every_vault = if rules_known { every_vault } else { every_vault.filter(|all| !all && !vaults.is_empty()) };
    AlertRow {
        subject_arn: Some(format!("arn:aws:iam::{account_id}:root#region/{region}")),
        subject_type: Some("region".to_owned()),
        account_id: Some(account_id.clone()),
        region: Some(region.clone()),
        kind: Some("region".to_owned()),
        tells_failures: Some(true),
        reaches_somebody: or(told(&Of::Region), or(parts, every_vault)),
        has_plans: or(Some(!plans.is_empty()), read("backup_plans").then_some(false)),
        evidence: Some(format!("vault_notifications, event_rules and alarms of {account_id} in {region}")),
        ..AlertRow::default()
    }
}

/// A topic and whether it is there and anybody listens: the list of subscriptions and their number may be of different moments.
fn alive(topic: TopicRow) -> Result<(String, Option<bool>), FactError> {
    let arn = topic.topic_arn.unwrap_or_default();
    let listed: Option<Vec<Value>> = json("topics", "subscriptions", &arn, topic.subscriptions)?;
    let listed = listed.map(|all| all.iter().any(|one| one.get("Confirmed").and_then(Value::as_bool) == Some(true)));
    let counted = topic.subscriptions_confirmed_count.map(|count| count > 0);
    let heard = or(listed, counted).or(listed.xor(counted));
    Ok((arn, and(topic.topic_exists, heard)))
}

fn of_vault(row: NotificationRow, topics: &Topics) -> Result<Option<Way>, FactError> {
    let (Some(arn), Some(topic)) = (row.backup_vault_arn, row.sns_topic_arn) else { return Ok(None) };
    let events: Option<Value> = json("vault_notifications", "events", &arn, row.events)?;
    // What is no list of names says nothing.
    let tells = events.as_ref().and_then(Value::as_array).map(|events| events.iter().any(|event| event == VAULT_EVENT));
    let lives = topics.get(&topic).copied().flatten();
    let of = Arn::parse(&arn).map_or(Of::Part, |vault| Of::Vault(vault.name().to_owned()));
    let row = AlertRow {
        subject_type: Some("AWS::Backup::BackupVault".to_owned()),
        kind: Some("vault".to_owned()),
        tells_failures: tells,
        reaches_somebody: lives,
        problem: (lives == Some(false)).then(|| format!("nobody is subscribed to {topic}, or it is gone")),
        targets: Some(topic),
        evidence: Some(evidence("vault_notifications", &arn, row.collection.as_deref())),
        subject_arn: Some(arn),
        account_id: row.account_id,
        region: row.region,
        ..AlertRow::default()
    };
    Ok(Some(Way { row, of }))
}

fn of_rule(row: RuleRow, topics: &Topics) -> Result<Option<Way>, FactError> {
    let arn = row.rule_arn.unwrap_or_default();
    let pattern: Option<Value> = json("event_rules", "event_pattern", &arn, row.event_pattern)?;
    let Some(pattern) = pattern.filter(|_| row.targets_asked == Some(true)) else { return Ok(None) };
    let tells = tells_failures(&pattern);
    if tells == Some(false) {
        return Ok(None);
    }
    let targets: Option<Vec<Value>> = json("event_rules", "targets", &arn, row.targets)?;
    let targets = targets.map(|all| all.iter().filter_map(|one| one.get("Arn")?.as_str().map(str::to_owned)).collect::<Vec<_>>());
    let on = row.state.as_deref().map(|state| state != "DISABLED");
    let row = AlertRow {
        subject_type: Some("AWS::Events::Rule".to_owned()),
        kind: Some("rule".to_owned()),
        tells_failures: tells,
        ..reaching(
            on,
            targets,
            topics,
            "the rule is switched off",
            ("event_rules", &arn, row.collection.as_deref()),
            (row.account_id, row.region),
        )
    };
    Ok(Some(Way { row, of: Of::Region }))
}

fn of_alarm(row: AlarmRow, topics: &Topics) -> Result<Option<Way>, FactError> {
    let arn = row.alarm_arn.unwrap_or_default();
    if (row.namespace.as_deref(), row.metric_name.as_deref()) != (Some(METRIC.0), Some(METRIC.1)) {
        return Ok(None);
    }
    let actions: Option<Vec<String>> = json("alarms", "alarm_actions", &arn, row.alarm_actions)?;
    let dimensions: Option<BTreeMap<String, String>> = json("alarms", "dimensions", &arn, row.dimensions)?;
    let of = of_dimensions(dimensions.as_ref());
    let row = AlertRow {
        subject_type: Some("AWS::CloudWatch::Alarm".to_owned()),
        kind: Some("alarm".to_owned()),
        tells_failures: row.comparison_operator.map(|operator| operator.starts_with("GreaterThan")),
        ..reaching(
            row.actions_enabled,
            actions,
            topics,
            "its actions are switched off",
            ("alarms", &arn, row.collection.as_deref()),
            (row.account_id, row.region),
        )
    };
    Ok(Some(Way { row, of }))
}

/// Of which jobs an alarm with such dimensions tells.
fn of_dimensions(dimensions: Option<&BTreeMap<String, String>>) -> Of {
    let Some(dimensions) = dimensions else { return Of::Part };
    match (dimensions.len(), dimensions.get("BackupVaultName")) {
        (0, _) => Of::Region,
        (1, Some(vault)) => Of::Vault(vault.clone()),
        _ => Of::Part,
    }
}

/// What is common to a rule and an alarm.
fn reaching(
    on: Option<bool>,
    targets: Option<Vec<String>>,
    topics: &Topics,
    off: &str,
    (table, arn, collection): (&str, &str, Option<&str>),
    (account_id, region): (Option<String>, Option<String>),
) -> AlertRow {
    let lives = targets.as_ref().and_then(|all| all.iter().map(|arn| topics.get(arn).copied().flatten()).fold(Some(false), or));
    let problem = match (on, &targets) {
        (Some(false), _) => Some(off.to_owned()),
        (_, Some(all)) if all.is_empty() => Some("it has no target".to_owned()),
        _ if lives == Some(false) => Some("nobody is subscribed to its topics, or they are gone".to_owned()),
        _ => None,
    };
    AlertRow {
        subject_arn: Some(arn.to_owned()),
        account_id,
        region,
        reaches_somebody: and(on, lives),
        problem,
        targets: targets.filter(|all| !all.is_empty()).map(|all| all.join(" ")),
        evidence: Some(evidence(table, arn, collection)),
        ..AlertRow::default()
    }
}

/// Whether a pattern matches every backup job that fails; `None` if it asks for more than source, kind and state.
fn tells_failures(pattern: &Value) -> Option<bool> {
    let Value::Object(fields) = pattern else { return None };
    let mut tells = Some(true);
    for (field, asked) in fields {
        let answer = match field.as_str() {
            "source" => one_of(asked, "aws.backup"),
            "detail-type" => one_of(asked, DETAIL_TYPE),
            "detail" => in_detail(asked),
            _ => None,
        };
        tells = and(tells, answer);
    }
    tells
}

fn in_detail(asked: &Value) -> Option<bool> {
    let Value::Object(fields) = asked else { return None };
    fields.iter().map(|(field, asked)| if field == "state" { one_of(asked, "FAILED") } else { None }).fold(Some(true), and)
}

/// Whether a list of a pattern has a word; entries that are no words, such as prefixes, leave it open.
fn one_of(asked: &Value, word: &str) -> Option<bool> {
    let entries = asked.as_array()?;
    if entries.iter().any(|entry| entry.as_str() == Some(word)) {
        return Some(true);
    }
    entries.iter().all(Value::is_string).then_some(false)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn which_patterns_tell_of_failures() {
        // why, pattern, tells
        let cases = [
            ("all events of AWS Backup", r#"{"source":["aws.backup"]}"#, Some(true)),
            ("state changes of jobs", r#"{"source":["aws.backup"],"detail-type":["Backup Job State Change"]}"#, Some(true)),
            (
                "failures among them",
                r#"{"source":["aws.backup"],"detail-type":["Backup Job State Change"],"detail":{"state":["FAILED","EXPIRED"]}}"#,
                Some(true),
            ),
            ("successes only", r#"{"source":["aws.backup"],"detail":{"state":["COMPLETED"]}}"#, Some(false)),
            ("restores", r#"{"source":["aws.backup"],"detail-type":["Restore Job State Change"]}"#, Some(false)),
            ("another service", r#"{"source":["aws.rds"]}"#, Some(false)),
            ("one type of resource", r#"{"source":["aws.backup"],"detail":{"state":["FAILED"],"resourceType":["RDS"]}}"#, None),
            ("a prefix", r#"{"source":[{"prefix":"aws."}]}"#, None),
        ];
        for (why, pattern, expected) in cases {
            assert_eq!(tells_failures(&serde_json::from_str(pattern).unwrap()), expected, "{why}");
        }
    }
}
