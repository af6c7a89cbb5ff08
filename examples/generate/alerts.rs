//! Who would be told of a backup that fails: alarms, rules of EventBridge, topics of SNS. What vaults notify of is in `configuration`.
//!
//! In the larger Region everybody believes that somebody else is told: the topic has no subscriber any more, the rule and the alarm were switched off
//! during a move. In the other one all is well, but for a function of which nobody can tell what it does.

use backup_audit::collect::alarms::AlarmRow;
use backup_audit::collect::event_rules::EventRuleRow;
use backup_audit::collect::topics::TopicRow;
use serde_json::json as value;

use crate::plans::{ACCOUNT, EU, US};
use crate::rows::{json, strings, text};
use crate::world::Place;

/// The topic that vaults and alarms of a Region tell.
pub(crate) fn topic(region: &str) -> String {
    format!("arn:aws:sns:{region}:{ACCOUNT}:backup-alerts")
}

/// What SNS says of a topic.
pub(crate) fn topics(topic: &str) -> Vec<TopicRow> {
    let heard = topic.contains(EU);
    let subscriptions =
        if heard { value!([{ "Protocol": "email", "Confirmed": true }, { "Protocol": "https", "Confirmed": true }]) } else { value!([]) };
    vec![TopicRow {
        topic_arn: text(topic),
        topic_exists: Some(true),
        policy: Some(json(value!({
            "Version": "2012-10-17",
            "Statement": [{
                "Effect": "Allow",
                "Principal": { "Service": ["backup.amazonaws.com", "cloudwatch.amazonaws.com", "events.amazonaws.com"] },
                "Action": "sns:Publish",
                "Resource": topic
            }]
        }))),
        kms_master_key_id: None,
        fifo_topic: Some(false),
        subscriptions_confirmed_count: Some(if heard { 2 } else { 0 }),
        subscriptions_pending_count: Some(0),
        subscriptions: Some(json(subscriptions)),
    }]
}

/// The alarms of a Region: on failed backups, and one that has nothing to do with them.
pub(crate) fn alarms(place: Place) -> Vec<AlarmRow> {
    let row = |name: &str, (namespace, metric): (&str, &str), comparison: &str, enabled: bool| AlarmRow {
        alarm_arn: Some(format!("arn:aws:cloudwatch:{}:{ACCOUNT}:alarm:{name}", place.region)),
        alarm_name: text(name),
        is_composite: Some(false),
        namespace: text(namespace),
        metric_name: text(metric),
        dimensions: Some(json(value!({}))),
        statistic: text("Sum"),
        period_s: Some(3_600),
        evaluation_periods: Some(1),
        threshold: text("0.0"),
        comparison_operator: text(comparison),
        treat_missing_data: text("notBreaching"),
        actions_enabled: Some(enabled),
        alarm_actions: Some(strings([topic(place.region)])),
        ok_actions: Some(strings(Vec::<String>::new())),
        insufficient_data_actions: Some(strings(Vec::<String>::new())),
        state_value: text("OK"),
        ..AlarmRow::default()
    };
    if place.account != ACCOUNT {
        return Vec::new();
    }
    let failed = row("backup-jobs-failed", ("AWS/Backup", "NumberOfBackupJobsFailed"), "GreaterThanThreshold", place.region == EU);
    let mut alarms = vec![failed, row("orders-disk-full", ("AWS/RDS", "FreeStorageSpace"), "LessThanThreshold", true)];
    if place.region == US {
        let lag = row("invoices-replica-behind", ("AWS/S3", "ReplicationLatency"), "GreaterThanThreshold", true);
        let of = value!({ "DestinationBucket": "acme-invoices-eu", "RuleId": "away", "SourceBucket": "acme-invoices" });
        alarms.push(AlarmRow { dimensions: Some(json(of)), statistic: text("Maximum"), threshold: text("900.0"), ..lag });
    }
    alarms
}

/// The rules of EventBridge in a Region.
pub(crate) fn event_rules(place: Place) -> Vec<EventRuleRow> {
    let row = |name: &str, state: &str, target: String| {
        let pattern =
            value!({ "source": ["aws.backup"], "detail-type": ["Backup Job State Change"], "detail": { "state": ["FAILED", "EXPIRED"] } });
        EventRuleRow {
            rule_arn: Some(format!("arn:aws:events:{}:{ACCOUNT}:rule/{name}", place.region)),
            rule_name: text(name),
            state: text(state),
            event_pattern: Some(json(pattern)),
            targets_asked: Some(true),
            targets: Some(json(value!([{ "Id": "target", "Arn": target }]))),
            ..EventRuleRow::default()
        }
    };
    let function = |name: &str| format!("arn:aws:lambda:{}:{ACCOUNT}:function:{name}", place.region);
    if place.account != ACCOUNT {
        return Vec::new();
    }
    if place.region == US {
        return vec![row("backup-failures-to-chat", "DISABLED", function("backup-failures-to-chat"))];
    }
    vec![
        row("backup-failures-to-people", "ENABLED", topic(place.region)),
        row("backup-failures-to-tickets", "ENABLED", function("backup-failures-to-tickets")),
    ]
}
