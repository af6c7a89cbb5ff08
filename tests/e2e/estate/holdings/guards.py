"""What records and judges: trails of CloudTrail, and recorders, rules, packs and aggregators of AWS Config."""

from __future__ import annotations

import json
from datetime import datetime, timedelta
from typing import Any

from estate.holdings import Rows
from estate.population import AWAY, HOME
from harness import ACCOUNT, Endpoint

# The estate has a bucket for what AWS Config delivers, and its recorder at home.
BUCKET = f"estate-config-{ACCOUNT}"
GONE = f"estate-gone-{ACCOUNT}"
ROLE = f"arn:aws:iam::{ACCOUNT}:role/aws-service-role/config.amazonaws.com/AWSServiceRoleForConfig"
POINT = "AWS::Backup::RecoveryPoint"
WRITES = [{"Name": "writes", "FieldSelectors": [{"Field": "eventCategory", "Equals": ["Management"]}]}]


def make(aws: Endpoint, base: datetime) -> Rows:
    """Trails and AWS Config, at home and away."""
    return {**_trails(aws), "config_recorders": _recorders(aws), **_rules(aws, base), **_gathered(aws)}


def _trails(aws: Endpoint) -> Rows:
    home, away = aws.client("cloudtrail", HOME), aws.client("cloudtrail", AWAY)
    home.create_trail(
        Name="estate", S3BucketName=BUCKET, S3KeyPrefix="logs", IsMultiRegionTrail=True, EnableLogFileValidation=True
    )
    home.put_event_selectors(
        TrailName="estate", EventSelectors=[{"ReadWriteType": "WriteOnly", "IncludeManagementEvents": True}]
    )
    home.start_logging(Name="estate")
    away.create_trail(Name="quiet", S3BucketName=BUCKET, IncludeGlobalServiceEvents=False)
    away.put_event_selectors(TrailName="quiet", AdvancedEventSelectors=WRITES)
    # The bucket that it was to deliver to is gone.
    aws.client("s3", HOME).create_bucket(Bucket=GONE)
    home.create_trail(Name="undelivered", S3BucketName=GONE, EnableLogFileValidation=True)
    home.put_event_selectors(
        TrailName="undelivered", EventSelectors=[{"ReadWriteType": "WriteOnly", "IncludeManagementEvents": True}]
    )
    home.start_logging(Name="undelivered")
    aws.client("s3", HOME).delete_bucket(Bucket=GONE)
    undelivered = {
        "trail_arn": f"arn:aws:cloudtrail:{HOME}:{ACCOUNT}:trail/undelivered", "trail_name": "undelivered",
        "home_region": HOME, "is_multi_region_trail": False, "log_file_validation_enabled": True,
        "include_global_service_events": True, "s3_key_prefix": None, "is_logging": True, "s3_bucket_name": GONE,
        "latest_delivery_error": "NoSuchBucket",
    }  # fmt: skip
    estate = {
        "trail_arn": f"arn:aws:cloudtrail:{HOME}:{ACCOUNT}:trail/estate", "trail_name": "estate", "home_region": HOME,
        "is_multi_region_trail": True, "log_file_validation_enabled": True, "include_global_service_events": True,
        "s3_key_prefix": "logs", "is_logging": True,
    }  # fmt: skip
    quiet = {
        "trail_arn": f"arn:aws:cloudtrail:{AWAY}:{ACCOUNT}:trail/quiet", "trail_name": "quiet", "home_region": AWAY,
        "is_multi_region_trail": False, "log_file_validation_enabled": False, "include_global_service_events": False,
        "s3_key_prefix": None, "is_logging": False,
    }  # fmt: skip
    basic = '[{"IncludeManagementEvents":true,"ReadWriteType":"WriteOnly"}]'
    same = {"s3_bucket_name": BUCKET, "is_organization_trail": False, "kms_key_id": None, "latest_delivery_error": None}
    rows = [
        {"region": HOME, "is_home": True, **estate, "event_selectors": basic, "advanced_event_selectors": "[]"},
        {"region": AWAY, "is_home": False, **estate, "event_selectors": None, "advanced_event_selectors": None},
        {
            "region": AWAY, "is_home": True, **quiet, "event_selectors": "[]",
            "advanced_event_selectors": json.dumps(WRITES, sort_keys=True, separators=(",", ":")),
        },
        {"region": HOME, "is_home": True, **undelivered, "event_selectors": basic, "advanced_event_selectors": "[]"},
    ]  # fmt: skip
    return {"trails": [{**same, **row} for row in rows]}


def _recorders(aws: Endpoint) -> list[dict[str, Any]]:
    group = {
        "allSupported": False, "includeGlobalResourceTypes": False,
        "exclusionByResourceTypes": {"resourceTypes": [POINT]},
        "recordingStrategy": {"useOnly": "EXCLUSION_BY_RESOURCE_TYPES"},
    }  # fmt: skip
    aws.client("config", AWAY).put_configuration_recorder(
        ConfigurationRecorder={
            "name": "partial", "roleARN": ROLE, "recordingGroup": group,
            "recordingMode": {"recordingFrequency": "DAILY"},
        }
    )  # fmt: skip
    return [
        {
            "region": HOME, "configuration_recorder_name": "default", "role_arn": ROLE, "recording": True,
            "all_supported": True, "exclusion_resource_types": '[]',
            "recording_frequency": "CONTINUOUS", "delivery_channel_name": "default", "s3_bucket_name": BUCKET,
        },
        {
            "region": AWAY, "configuration_recorder_name": "partial", "role_arn": ROLE, "recording": False,
            "all_supported": False, "exclusion_resource_types": f'["{POINT}"]',
            "recording_frequency": "DAILY", "delivery_channel_name": None, "s3_bucket_name": None,
        },
    ]  # fmt: skip


def _rules(aws: Endpoint, base: datetime) -> Rows:
    """Of the rules, one is broken, one was never evaluated and one is not about backups."""
    config = aws.client("config", HOME)
    told = {
        "points-encrypted": "BACKUP_RECOVERY_POINT_ENCRYPTED",
        "points-kept": "BACKUP_RECOVERY_POINT_MINIMUM_RETENTION_CHECK",
        "volumes": "ENCRYPTED_VOLUMES",
    }
    for name, identifier in told.items():
        more: dict[str, Any] = {"InputParameters": '{"requiredRetentionDays":"35"}'} if name == "points-kept" else {}
        config.put_config_rule(
            ConfigRule={
                "ConfigRuleName": name, "Source": {"Owner": "AWS", "SourceIdentifier": identifier},
                "Scope": {"ComplianceResourceTypes": [POINT]}, **more,
            }
        )  # fmt: skip
    moment = int((base - timedelta(hours=5)).timestamp())
    kinds = {"point-1": "NON_COMPLIANT", "point-2": "COMPLIANT"}
    aws.seed([_result("points-encrypted", point, kind, moment) for point, kind in kinds.items()])
    aws.seed([_result("volumes", "volume-1", "COMPLIANT", moment)])
    aws.seed(
        [{"kind": "config_rule", "account": ACCOUNT, "region": HOME, "ConfigRuleName": "points-kept",
          "CreatedBy": "backup.amazonaws.com"}]
    )  # fmt: skip
    arns = {rule["ConfigRuleName"]: rule["ConfigRuleArn"] for rule in config.describe_config_rules()["ConfigRules"]}
    compliance = {"points-encrypted": "NON_COMPLIANT", "points-kept": "INSUFFICIENT_DATA", "volumes": "COMPLIANT"}
    return {
        "config_rules": [
            {
                "region": HOME, "config_rule_arn": arns[name], "config_rule_name": name, "source_owner": "AWS",
                "source_identifier": identifier, "scope": f'{{"ComplianceResourceTypes":["{POINT}"]}}',
                "input_parameters": '{"requiredRetentionDays":"35"}' if name == "points-kept" else None,
                "config_rule_state": "ACTIVE", "created_by": "backup.amazonaws.com" if name == "points-kept" else None,
            }
            for name, identifier in told.items()
        ],
        "config_compliance": [
            {
                "region": HOME, "config_rule_name": name, "compliance_type": kind,
                "contributors_count": 1 if kind == "NON_COMPLIANT" else None,
            }
            for name, kind in compliance.items()
        ],
        "config_evaluations": [
            {
                "region": HOME, "config_rule_name": "points-encrypted", "resource_type": POINT, "resource_id": point,
                "compliance_type": kind, "result_recorded_time_s": moment, "annotation": f"{point} was looked at",
            }
            for point, kind in kinds.items()
        ],
    }  # fmt: skip


def _result(rule: str, resource: str, compliance: str, moment: int) -> dict[str, Any]:
    qualifier = {"ConfigRuleName": rule, "ResourceType": POINT, "ResourceId": resource}
    return {
        "kind": "config_evaluation", "account": ACCOUNT, "region": HOME, "ComplianceType": compliance,
        "EvaluationResultIdentifier": {"EvaluationResultQualifier": qualifier, "OrderingTimestamp": moment},
        "ResultRecordedTime": moment, "ConfigRuleInvokedTime": moment, "Annotation": f"{resource} was looked at",
    }  # fmt: skip


def _gathered(aws: Endpoint) -> Rows:
    """A pack, and an aggregator of one account."""
    config = aws.client("config", HOME)
    pack = config.put_conformance_pack(ConformancePackName="backups", TemplateBody="Resources: {}")
    source = {"AccountIds": [ACCOUNT], "AwsRegions": [HOME, AWAY]}
    aggregator = config.put_configuration_aggregator(
        ConfigurationAggregatorName="all", AccountAggregationSources=[source]
    )["ConfigurationAggregator"]
    sources = json.dumps([{**source, "AllAwsRegions": False}], sort_keys=True, separators=(",", ":"))
    return {
        "conformance_packs": [
            {
                "region": HOME, "conformance_pack_arn": pack["ConformancePackArn"], "conformance_pack_name": "backups",
                "conformance_pack_state": "CREATE_COMPLETE", "status_reason": None,
            }
        ],
        "config_aggregators": [
            {
                "region": HOME, "configuration_aggregator_arn": aggregator["ConfigurationAggregatorArn"],
                "configuration_aggregator_name": "all", "account_aggregation_sources": sources,
                "organization_aggregation_source": None,
            }
        ],
    }  # fmt: skip
