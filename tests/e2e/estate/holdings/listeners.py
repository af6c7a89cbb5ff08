"""Who hears of backups: alarms, rules on events, the topic of the vaults, metrics; and searches for malware."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import Any

from estate.holdings import Rows
from estate.holdings.objects_and_logs import LAG_WATCHED
from estate.population import AWAY, HOME
from harness import ACCOUNT, Endpoint

# Vaults of the estate notify these topics; the second one is encrypted, and nobody listens to it.
TOPIC = f"arn:aws:sns:{HOME}:{ACCOUNT}:backups"
SEALED = f"arn:aws:sns:{HOME}:{ACCOUNT}:sealed"
OPS = f"arn:aws:sns:{HOME}:{ACCOUNT}:ops"
FAILED = {"Namespace": "AWS/Backup", "MetricName": "NumberOfBackupJobsFailed"}
COPIES = {
    "Metric": {"Namespace": "AWS/Backup", "MetricName": "NumberOfCopyJobsFailed", "Dimensions": []},
    "Period": 300,
    "Stat": "Sum",
}
VAULT = [{"Name": "BackupVaultName", "Value": "main"}]


def make(aws: Endpoint, base: datetime) -> Rows:
    """All of them, mostly at home."""
    return {
        "alarms": _alarms(aws), "event_rules": _event_rules(aws), "topics": _topics(aws),
        "metric_samples": _samples(aws, base), "scan_jobs": _scans(aws, base),
    }  # fmt: skip


def _alarms(aws: Endpoint) -> list[dict[str, Any]]:
    home, away = aws.client("cloudwatch", HOME), aws.client("cloudwatch", AWAY)
    home.put_metric_alarm(
        AlarmName="failed", **FAILED, Dimensions=VAULT, Statistic="Sum", Period=300, EvaluationPeriods=1, Threshold=0.5,
        ComparisonOperator="GreaterThanThreshold", TreatMissingData="notBreaching", AlarmActions=[OPS],
    )  # fmt: skip
    behind = {"DestinationBucket": "copies", "RuleId": "part", "SourceBucket": LAG_WATCHED}
    home.put_metric_alarm(
        AlarmName="behind", Namespace="AWS/S3", MetricName="ReplicationLatency", Statistic="Maximum", Period=300,
        Dimensions=[{"Name": name, "Value": value} for name, value in behind.items()], EvaluationPeriods=1,
        Threshold=1800, ComparisonOperator="GreaterThanThreshold", AlarmActions=[OPS],
    )  # fmt: skip
    home.put_composite_alarm(AlarmName="any", AlarmRule="ALARM(failed)", ActionsEnabled=True, AlarmActions=[])
    home.put_metric_alarm(
        AlarmName="share", EvaluationPeriods=1, Threshold=2, ComparisonOperator="GreaterThanThreshold",
        Metrics=[{"Id": "e1", "Expression": "m1*2"}, {"Id": "m1", "ReturnData": False, "MetricStat": COPIES}],
    )  # fmt: skip
    away.put_metric_alarm(
        AlarmName="muted", Namespace="AWS/RDS", MetricName="FreeStorageSpace", Dimensions=[], Statistic="Minimum",
        Period=60, EvaluationPeriods=5, DatapointsToAlarm=3, Threshold=10, ActionsEnabled=False,
        ComparisonOperator="LessThanThreshold",
    )  # fmt: skip
    other = dict.fromkeys(
        ("namespace", "metric_name", "dimensions", "period_s", "evaluation_periods", "datapoints_to_alarm", "threshold",
         "statistic", "comparison_operator", "treat_missing_data")
    )  # fmt: skip
    return [
        {
            **_alarm(HOME, "failed", actions_enabled=True, alarm_actions=f'["{OPS}"]'), "namespace": "AWS/Backup",
            "metric_name": "NumberOfBackupJobsFailed", "dimensions": '{"BackupVaultName":"main"}', "statistic": "Sum",
            "period_s": 300, "evaluation_periods": 1, "datapoints_to_alarm": None, "threshold": "0.5",
            "comparison_operator": "GreaterThanThreshold", "treat_missing_data": "notBreaching",
        },
        {
            **_alarm(HOME, "behind", actions_enabled=True, alarm_actions=f'["{OPS}"]'), "namespace": "AWS/S3",
            "metric_name": "ReplicationLatency", "dimensions": json.dumps(behind, separators=(",", ":")),
            "statistic": "Maximum", "period_s": 300, "evaluation_periods": 1, "datapoints_to_alarm": None,
            "threshold": "1800", "comparison_operator": "GreaterThanThreshold", "treat_missing_data": None,
        },
        {
            **_alarm(AWAY, "muted", actions_enabled=False, alarm_actions="[]"), "namespace": "AWS/RDS",
            "metric_name": "FreeStorageSpace", "dimensions": "{}", "statistic": "Minimum", "period_s": 60,
            "evaluation_periods": 5, "datapoints_to_alarm": 3, "threshold": "10",
            "comparison_operator": "LessThanThreshold", "treat_missing_data": None,
        },
        {
            **other, **_alarm(HOME, "share", actions_enabled=True, alarm_actions="[]"), "evaluation_periods": 1,
            "threshold": "2", "comparison_operator": "GreaterThanThreshold",
            "metrics": '[{"Expression":"m1*2","Id":"e1"},{"Dimensions":[],"Id":"m1",'
            '"MetricName":"NumberOfCopyJobsFailed","Namespace":"AWS/Backup","Period":300,"ReturnData":false,'
            '"Stat":"Sum"}]',
        },
        {
            **other, **_alarm(HOME, "any", actions_enabled=True, alarm_actions="[]"), "is_composite": True,
            "alarm_rule": "ALARM(failed)",
        },
    ]  # fmt: skip


def _alarm(region: str, name: str, **told: Any) -> dict[str, Any]:
    return {
        "region": region, "alarm_arn": f"arn:aws:cloudwatch:{region}:{ACCOUNT}:alarm:{name}", "alarm_name": name,
        "is_composite": False, "alarm_rule": None, "metrics": None, **told,
    }  # fmt: skip


def _event_rules(aws: Endpoint) -> list[dict[str, Any]]:
    home, away = aws.client("events", HOME), aws.client("events", AWAY)
    home.put_rule(Name="backups-failed", EventPattern='{"source":["aws.backup"]}')
    home.put_targets(Rule="backups-failed", Targets=[{"Id": "ops", "Arn": OPS}, {"Id": "watch", "Arn": TOPIC}])
    home.put_rule(Name="builds", EventPattern='{"source":["aws.codebuild"]}')
    home.put_targets(Rule="builds", Targets=[{"Id": "ops", "Arn": OPS}])
    home.put_rule(Name="nightly", ScheduleExpression="rate(1 day)")
    away.put_rule(Name="databases", EventPattern='{"source":["aws.rds"]}', State="DISABLED")
    away.put_rule(Name="asleep", EventPattern='{"source":["aws.backup"]}', State="DISABLED")
    heard = f'[{{"Arn":"{OPS}","Id":"ops"}},{{"Arn":"{TOPIC}","Id":"watch"}}]'
    return [
        _rule(HOME, "backups-failed", "aws.backup", targets=heard),
        _rule(HOME, "builds", "aws.codebuild", targets_asked=False),
        _rule(HOME, "nightly", None, targets_asked=False, schedule_expression="rate(1 day)"),
        _rule(AWAY, "databases", "aws.rds", state="DISABLED", targets="[]"),
        _rule(AWAY, "asleep", "aws.backup", state="DISABLED", targets="[]"),
    ]


def _rule(region: str, name: str, source: str | None, **told: Any) -> dict[str, Any]:
    return {
        "region": region,
        "rule_arn": f"arn:aws:events:{region}:{ACCOUNT}:rule/{name}",
        "rule_name": name,
        "state": "ENABLED",
        "event_pattern": source and f'{{"source":["{source}"]}}',
        "schedule_expression": None,
        "targets_asked": True,
        "targets": None,
        **told,
    }


def _topics(aws: Endpoint) -> list[dict[str, Any]]:
    sns = aws.client("sns", HOME)
    policy = (
        '{"Statement":[{"Action":"sns:Publish","Effect":"Allow",'
        '"Principal":{"Service":["backup.amazonaws.com","events.amazonaws.com"]},"Resource":"*"}],"Version":"2012-10-17"}'
    )
    sns.create_topic(Name="backups", Attributes={"Policy": policy})
    sns.create_topic(Name="sealed", Attributes={"Policy": policy, "KmsMasterKeyId": "alias/estate"})
    sns.subscribe(TopicArn=TOPIC, Protocol="sqs", Endpoint=f"arn:aws:sqs:{HOME}:{ACCOUNT}:night-watch")
    common = {"region": HOME, "topic_exists": True, "fifo_topic": False, "policy": policy}
    return [
        {
            **common, "topic_arn": TOPIC, "kms_master_key_id": None,
            "subscriptions": '[{"Confirmed":true,"Protocol":"sqs"}]',
        },
        {**common, "topic_arn": SEALED, "kms_master_key_id": "alias/estate", "subscriptions": "[]"},
    ]  # fmt: skip


def _samples(aws: Endpoint, base: datetime) -> list[dict[str, Any]]:
    """Three failures on one day and half a one on another, whatever that is; older ones are not read."""
    midnight = base.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    told = {2: (1.0, 2.0), 9: (0.5,), 40: (7.0,)}
    series = {"MetricName": FAILED["MetricName"], "Dimensions": VAULT}
    data = [
        {**series, "Timestamp": midnight - timedelta(days=days, hours=-3), "Value": value}
        for days, values in told.items()
        for value in values
    ]
    latency = {"MetricName": "ReplicationLatency", "Dimensions": [{"Name": "RuleId", "Value": "all"}]}
    latency |= {"Timestamp": midnight - timedelta(hours=20)}
    cloudwatch = aws.client("cloudwatch", HOME)
    cloudwatch.put_metric_data(Namespace="AWS/Backup", MetricData=data)
    cloudwatch.put_metric_data(Namespace="AWS/S3", MetricData=[{**latency, "Value": value} for value in (3.25, 12.5)])
    day = {"region": HOME, "period_s": 86_400}
    failed = {
        **day, "namespace": "AWS/Backup", "metric_name": FAILED["MetricName"], "statistic": "Sum",
        "dimensions": '{"BackupVaultName":"main"}',
    }  # fmt: skip
    start = int(midnight.timestamp())
    return [
        {**failed, "period_start_s": start - 2 * 86_400, "value_milli": 3_000},
        {**failed, "period_start_s": start - 9 * 86_400, "value_milli": 500},
        {
            **day, "namespace": "AWS/S3", "metric_name": "ReplicationLatency", "statistic": "Maximum",
            "dimensions": '{"RuleId":"all"}', "period_start_s": start - 86_400, "value_milli": 12_500,
        },
    ]  # fmt: skip


def _scans(aws: Endpoint, base: datetime) -> list[dict[str, Any]]:
    vault = f"arn:aws:backup:{HOME}:{ACCOUNT}:backup-vault:main"
    volume = f"arn:aws:ec2:{HOME}:{ACCOUNT}:volume/vol-0123456789abcdef0"
    point = f"arn:aws:ec2:{HOME}::snapshot/snap-0123456789abcdef0"
    plan = f"arn:aws:backup:{HOME}:{ACCOUNT}:backup-plan:scans"
    created = int((base - timedelta(days=1)).timestamp())
    common = {
        "kind": "scan_job", "account": ACCOUNT, "region": HOME, "BackupVaultArn": vault, "BackupVaultName": "main",
        "IamRoleArn": f"arn:aws:iam::{ACCOUNT}:role/scan", "ScannerRoleArn": f"arn:aws:iam::{ACCOUNT}:role/scanner",
        "MalwareScanner": "GUARDDUTY", "RecoveryPointArn": point, "ResourceArn": volume, "ResourceName": "data",
        "ResourceType": "EBS", "CreationDate": created,
        "CreatedBy": {
            "BackupPlanArn": plan, "BackupPlanId": "scans", "BackupPlanVersion": "1", "BackupRuleId": "daily",
        },
    }  # fmt: skip
    aws.seed(
        [
            {
                **common, "ScanJobId": "scan-1", "State": "COMPLETED", "ScanMode": "FULL_SCAN",
                "CompletionDate": created + 600, "ScanResult": {"ScanResultStatus": "THREATS_FOUND"},
            },
            {**common, "ScanJobId": "scan-2", "State": "RUNNING", "ScanMode": "INCREMENTAL_SCAN"},
        ]
    )  # fmt: skip
    same = {
        "region": HOME, "backup_vault_arn": vault, "recovery_point_arn": point, "resource_arn": volume,
        "resource_type": "EBS", "malware_scanner": "GUARDDUTY", "creation_date_s": created, "backup_plan_arn": plan,
        "backup_plan_id": "scans", "backup_rule_id": "daily",
    }  # fmt: skip
    return [
        {
            **same, "scan_job_id": "scan-1", "state": "COMPLETED", "scan_mode": "FULL_SCAN",
            "completion_date_s": created + 600, "scan_result_status": "THREATS_FOUND",
        },
        {
            **same, "scan_job_id": "scan-2", "state": "RUNNING", "scan_mode": "INCREMENTAL_SCAN",
            "completion_date_s": None, "scan_result_status": None,
        },
    ]  # fmt: skip
