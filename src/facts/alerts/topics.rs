//! Topics: whether what is published to one is heard by anybody.
//!
//! A topic has to be there, its policy has to let the service in that publishes, that service has to be able to use its key, and somebody has to be
//! subscribed. The policy that SNS gives a topic lets in whoever publishes for the account of the topic: alarms do; AWS Backup and `EventBridge`
//! publish as themselves and have to be named. Whether `*` names them is not documented. No service can use the key that AWS manages for SNS; what the
//! policy of another key says is not read. Vaults notify no topic that keeps the order of messages.
//!
//! Sources: SNS developer guide, "Example cases for Amazon SNS access control", "Configuring KMS permissions"; AWS Backup developer guide,
//! "Notification options"; `EventBridge` user guide, "Using resource-based policies".

use std::collections::BTreeMap;

use serde_json::Value;

use crate::dataset::rows::Json;
use crate::facts::coverage::arn_pattern::{Reach, Wildcards, matches};
use crate::facts::objectives::{and, or};
use crate::facts::policies::document::{Condition, Effect, Policy, Statement};
use crate::facts::population::json;
use crate::facts::{FactError, Inputs};
use crate::model::Arn;

const PUBLISH: &str = "sns:Publish";
/// The key that AWS manages for SNS.
const MANAGED_KEY: &str = "alias/aws/sns";
/// How the ARN of a topic ends that keeps the order of messages.
const ORDERED: &str = ".fifo";

crate::rows! {
    /// What is needed of `topics`.
    struct TopicRow {
        topic_arn: Text; topic_exists: Boolean; policy: Json; kms_master_key_id: Text; fifo_topic: Boolean; subscriptions_confirmed_count: Integer;
        subscriptions: Json;
    }
}

/// Who publishes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Service {
    Backup,
    EventBridge,
    CloudWatch,
}

impl Service {
    fn principal(self) -> &'static str {
        match self {
            Self::Backup => "backup.amazonaws.com",
            Self::EventBridge => "events.amazonaws.com",
            Self::CloudWatch => "cloudwatch.amazonaws.com",
        }
    }
}

/// A service that publishes for something of an account.
#[derive(Clone, Copy, Debug)]
pub(super) struct Publisher<'a> {
    pub(super) service: Service,
    /// The vault, rule or alarm.
    pub(super) arn: &'a str,
}

impl Publisher<'_> {
    fn account(&self) -> Option<&str> {
        Arn::parse(self.arn).map(|arn| arn.account)
    }
}

/// Whether somebody hears, and if not why.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Heard {
    pub(super) is: Option<bool>,
    pub(super) problem: Option<String>,
}

#[derive(Clone, Debug)]
struct Topic {
    exists: Option<bool>,
    subscribed: Option<bool>,
    ordered: bool,
    /// `None` if it was not told or is not understood.
    policy: Option<Policy>,
    key: Option<String>,
}

/// The topics that were read, by ARN.
#[derive(Debug)]
pub(super) struct Topics(BTreeMap<String, Topic>);

impl Topics {
    pub(super) fn read(inputs: &Inputs<'_>) -> Result<Self, FactError> {
        Ok(Self(inputs.rows::<TopicRow>("topics")?.into_iter().map(told).collect::<Result<_, _>>()?))
    }

    /// Whether somebody hears what is published to a topic; one that was not read, or a target that is none, is not known.
    pub(super) fn hears(&self, arn: &str, publisher: Publisher<'_>) -> Heard {
        let Some(topic) = self.0.get(arn) else { return Heard::default() };
        let service = publisher.service.principal();
        let orderly = topic.ordered && publisher.service == Service::Backup;
        // Whether others than vaults publish to one that keeps the order is not looked at.
        let taken = if orderly { Some(false) } else { (!topic.ordered).then_some(true) };
        let let_in = topic.policy.as_ref().and_then(|policy| lets_in(policy, arn, publisher));
        let keyed = topic.key.as_deref().map_or(Some(true), |key| key.ends_with(MANAGED_KEY).then_some(false));
        let answers = [
            (topic.exists, format!("{arn} is gone")),
            (taken, format!("{arn} keeps the order of messages, and vaults notify no such topic")),
            (let_in, format!("the policy of {arn} does not let {service} publish")),
            (keyed, format!("{arn} is encrypted with {MANAGED_KEY}, which {service} cannot use")),
            (topic.subscribed, format!("nobody is subscribed to {arn}")),
        ];
        let is = answers.iter().map(|(answer, _)| *answer).fold(Some(true), and);
        Heard { is, problem: answers.into_iter().find(|(answer, _)| *answer == Some(false)).map(|(_, words)| words) }
    }
}

/// A topic as it was told. The list of subscriptions and their number may be of different moments.
fn told(row: TopicRow) -> Result<(String, Topic), FactError> {
    let arn = row.topic_arn.unwrap_or_default();
    let listed: Option<Vec<Value>> = json("topics", "subscriptions", &arn, row.subscriptions)?;
    let listed = listed.map(|all| all.iter().any(|one| one.get("Confirmed").and_then(Value::as_bool) == Some(true)));
    let counted = row.subscriptions_confirmed_count.map(|count| count > 0);
    let topic = Topic {
        exists: row.topic_exists,
        subscribed: or(listed, counted).or(listed.xor(counted)),
        ordered: row.fifo_topic.unwrap_or_else(|| arn.ends_with(ORDERED)),
        policy: row.policy.and_then(|Json(text)| Policy::parse(&text).ok()),
        key: row.kms_master_key_id,
    };
    Ok((arn, topic))
}

/// Whether a policy lets a service publish.
fn lets_in(policy: &Policy, topic: &str, publisher: Publisher<'_>) -> Option<bool> {
    let of = |effect: Effect| {
        let answers = policy.statements(effect).map(|one| {
            let speaks = [one.covers(PUBLISH), on(one, topic), to(one, publisher)];
            let holds = one.conditions().into_iter().map(|condition| holds(&condition, publisher));
            speaks.into_iter().chain(holds).fold(Some(true), and)
        });
        answers.fold(Some(false), or)
    };
    and(of(Effect::Allow), of(Effect::Deny).map(|denied| !denied))
}

/// Whether a statement speaks of a topic.
fn on(statement: &Statement, topic: &str) -> Option<bool> {
    let (Some(named), None) = (&statement.resource, &statement.not_resource) else { return None };
    let is = |pattern: &String| match pattern {
        pattern if pattern.contains("${") => None,
        pattern => Some(matches(pattern, topic, Wildcards::StarAndQuestion, Reach::Anything)),
    };
    named.all().iter().map(is).fold(Some(false), or)
}

/// Whether a statement speaks to a service, conditions aside.
fn to(statement: &Statement, publisher: Publisher<'_>) -> Option<bool> {
    let (Some(named), None) = (&statement.principal, &statement.not_principal) else { return None };
    let (service, alarm) = (publisher.service.principal(), publisher.service == Service::CloudWatch);
    if named.services().any(|name| name == service) || (alarm && named.everybody()) {
        return Some(true);
    }
    // `*` may be a service; an alarm acts for its account; a service may have a name for each Region.
    let first = |name: &str| name.split('.').next() == service.split('.').next();
    let perhaps = named.everybody() || !named.understood() || (alarm && named.aws().next().is_some()) || named.services().any(first);
    if perhaps { None } else { Some(false) }
}

/// Whether a condition holds for what is published: that it goes over TLS, and for which account, which only alarms tell for certain.
fn holds(condition: &Condition, publisher: Publisher<'_>) -> Option<bool> {
    if condition.values.is_empty() || condition.has_variables() {
        return None;
    }
    let alarm = publisher.service == Service::CloudWatch;
    let one = |is: &dyn Fn(&str) -> bool| condition.values.iter().any(|value| is(value));
    let of_arn = |pattern: &str| matches(pattern, publisher.arn, Wildcards::StarAndQuestion, Reach::Anything);
    match (condition.key.as_str(), condition.operator.as_str()) {
        ("aws:securetransport", "bool") => Some(one(&|value| value.eq_ignore_ascii_case("true"))),
        ("aws:sourceowner", "stringequals") if !alarm => Some(false),
        ("aws:sourceowner" | "aws:sourceaccount", "stringequals") if alarm => {
            let account = publisher.account()?;
            Some(one(&|value| value == account))
        }
        ("aws:sourcearn", "arnlike" | "arnequals" | "stringlike") if alarm => one(&of_arn).then_some(true),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    const TOPIC: &str = "arn:aws:sns:eu-west-1:111122223333:backups";
    const ALARM: &str = "arn:aws:cloudwatch:eu-west-1:111122223333:alarm:failed";

    fn allow(principal: &Value, condition: &Value) -> Value {
        let mut statement = json!({ "Effect": "Allow", "Principal": principal, "Action": "SNS:Publish", "Resource": TOPIC });
        if !condition.is_null() {
            statement["Condition"] = condition.clone();
        }
        statement
    }

    fn policy(statements: &[Value]) -> Policy {
        Policy::parse(&json!({ "Version": "2012-10-17", "Statement": statements }).to_string()).unwrap()
    }

    fn let_in(statements: &[Value]) -> [Option<bool>; 3] {
        let policy = policy(statements);
        [Service::Backup, Service::EventBridge, Service::CloudWatch]
            .map(|service| lets_in(&policy, TOPIC, Publisher { service, arn: ALARM }))
    }

    fn changed(mut statement: Value, changes: &Value) -> Value {
        statement.as_object_mut().unwrap().extend(changes.as_object().unwrap().clone());
        statement
    }

    #[test]
    fn whom_a_policy_lets_publish() {
        let (yes, no, open, none) = (Some(true), Some(false), None, Value::Null);
        let backup = || allow(&json!({ "Service": "backup.amazonaws.com" }), &none);
        let three = || allow(&json!({ "Service": ["backup.amazonaws.com", "events.amazonaws.com", "cloudwatch.amazonaws.com"] }), &none);
        let given = |key: &str, value: &str| allow(&json!({ "AWS": "*" }), &json!({ "StringEquals": { key: value } }));
        let alarms = |condition: Value| allow(&json!({ "Service": "cloudwatch.amazonaws.com" }), &condition);
        let deny = |changes: Value| changed(changed(three(), &json!({ "Effect": "Deny", "Principal": "*" })), &changes);
        // why, statements, AWS Backup, EventBridge, CloudWatch
        let cases = [
            ("nothing", vec![], [no; 3]),
            ("AWS Backup", vec![backup()], [yes, no, no]),
            ("all three", vec![three()], [yes; 3]),
            ("the policy that SNS gives a topic", vec![given("AWS:SourceOwner", "111122223333")], [no, no, yes]),
            ("the same for another account", vec![given("AWS:SourceOwner", "444455556666")], [no; 3]),
            ("the same in newer words", vec![given("AWS:SourceAccount", "111122223333")], [open, open, yes]),
            ("the same, and AWS Backup", vec![given("AWS:SourceOwner", "111122223333"), backup()], [yes, no, yes]),
            ("everybody", vec![allow(&json!("*"), &none)], [open, open, yes]),
            ("the account", vec![allow(&json!({ "AWS": "arn:aws:iam::111122223333:root" }), &none)], [no, no, open]),
            (
                "all but somebody",
                vec![json!({ "Effect": "Allow", "NotPrincipal": { "AWS": "444455556666" }, "Action": "*", "Resource": "*" })],
                [open; 3],
            ),
            ("a directory", vec![allow(&json!({ "Federated": "x" }), &none)], [open; 3]),
            ("a service of a Region", vec![allow(&json!({ "Service": "events.eu-west-1.amazonaws.com" }), &none)], [no, open, no]),
            ("everything of SNS", vec![changed(backup(), &json!({ "Action": "sns:*" }))], [yes, no, no]),
            ("to subscribe is not to publish", vec![changed(three(), &json!({ "Action": "sns:Subscribe" }))], [no; 3]),
            ("another topic", vec![changed(three(), &json!({ "Resource": "arn:aws:sns:eu-west-1:111122223333:other" }))], [no; 3]),
            ("any topic", vec![changed(three(), &json!({ "Resource": "arn:aws:sns:*:*:*" }))], [yes; 3]),
            ("a topic by who asks", vec![changed(three(), &json!({ "Resource": "arn:aws:sns:*:*:${aws:username}" }))], [open; 3]),
            (
                "under a condition that is not understood",
                vec![changed(three(), &json!({ "Condition": { "StringEquals": { "aws:SourceOrgID": "o-1" } } }))],
                [open; 3],
            ),
            (
                "an alarm of the account",
                vec![alarms(json!({ "ArnLike": { "aws:SourceArn": "arn:aws:cloudwatch:*:111122223333:alarm:*" } }))],
                [no, no, yes],
            ),
            (
                "an alarm that may be another",
                vec![alarms(json!({ "ArnLike": { "aws:SourceArn": "arn:aws:cloudwatch:*:*:alarm:x" } }))],
                [no, no, open],
            ),
            (
                "a rule of the account, which may not be told",
                vec![changed(three(), &json!({ "Condition": { "ArnLike": { "aws:SourceArn": "arn:*" } } }))],
                [open, open, yes],
            ),
            ("over TLS only", vec![three(), deny(json!({ "Condition": { "Bool": { "aws:SecureTransport": "false" } } }))], [yes; 3]),
            ("nobody after all", vec![three(), deny(json!({ "Principal": { "Service": "backup.amazonaws.com" } }))], [no, yes, yes]),
            ("everybody is kept out, which may be services", vec![three(), deny(json!({}))], [open, open, no]),
            ("kept out of another topic", vec![three(), deny(json!({ "Resource": "arn:aws:sns:eu-west-1:111122223333:other" }))], [yes; 3]),
            (
                "a Deny that is not understood",
                vec![three(), deny(json!({ "Condition": { "StringNotEquals": { "aws:SourceOrgID": "o-1" } } }))],
                [open; 3],
            ),
        ];
        for (why, statements, expected) in cases {
            assert_eq!(let_in(&statements), expected, "{why}");
        }
    }

    #[test]
    fn whether_a_topic_is_heard() {
        let (yes, no, open) = (Some(true), Some(false), None);
        let good = || Topic {
            exists: Some(true),
            subscribed: Some(true),
            ordered: false,
            policy: Some(policy(&[allow(&json!({ "Service": ["backup.amazonaws.com", "events.amazonaws.com"] }), &Value::Null)])),
            key: None,
        };
        let key = |key: &str| Topic { key: Some(key.to_owned()), ..good() };
        // why, topic, heard of a vault, of a rule, a word of what is wrong
        let cases = [
            ("good", good(), yes, yes, ""),
            ("gone", Topic { exists: Some(false), ..good() }, no, no, "gone"),
            ("nobody listens", Topic { subscribed: Some(false), ..good() }, no, no, "nobody"),
            ("who listens is not told", Topic { subscribed: None, ..good() }, open, open, ""),
            ("its policy is not told", Topic { policy: None, ..good() }, open, open, ""),
            ("its policy lets nobody in", Topic { policy: Some(policy(&[])), ..good() }, no, no, "policy"),
            ("in order", Topic { ordered: true, ..good() }, no, open, "order"),
            ("AWS's key", key("alias/aws/sns"), no, no, "encrypted"),
            ("AWS's key by its ARN", key("arn:aws:kms:eu-west-1:111122223333:alias/aws/sns"), no, no, "encrypted"),
            ("a key of the account", key("alias/backups"), open, open, ""),
            ("a key of the account, and nobody listens", Topic { subscribed: Some(false), ..key("alias/backups") }, no, no, "nobody"),
        ];
        for (why, topic, of_vault, of_rule, word) in cases {
            let topics = Topics(BTreeMap::from([(TOPIC.to_owned(), topic)]));
            let of = |service: Service| topics.hears(TOPIC, Publisher { service, arn: ALARM });
            assert_eq!((of(Service::Backup).is, of(Service::EventBridge).is), (of_vault, of_rule), "{why}");
            let problem = of(Service::Backup).problem.unwrap_or_default();
            assert!(problem.contains(word) && problem.is_empty() == word.is_empty(), "{why}: {problem}");
            assert_eq!(
                topics.hears("arn:aws:sns:eu-west-1:111122223333:other", Publisher { service: Service::Backup, arn: ALARM }),
                Heard::default()
            );
        }
    }
}
