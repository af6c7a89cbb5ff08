"""Buckets, each protected in another way, log groups, and an export from one to the other."""

from __future__ import annotations

import json
from datetime import datetime, timedelta
from typing import Any

from estate.holdings import Rows
from estate.population import AWAY, HOME
from harness import ACCOUNT, Endpoint

_ROLE = f"arn:aws:iam::{ACCOUNT}:role/replication"
# Names of buckets are taken for all accounts at once.
_ACME = f"acme-{ACCOUNT}"
_COPIES = f"arn:aws:s3:::{_ACME}-copies"
# An alarm watches how far behind the replica of this one is.
LAG_WATCHED = f"{_ACME}-forgetful"
_BLOCK = ("BlockPublicAcls", "IgnorePublicAcls", "BlockPublicPolicy", "RestrictPublicBuckets")
# What is true of a bucket to which nothing was done.
_PLAIN: dict[str, Any] = {
    "region": HOME, "versioning_status": "Unversioned", "mfa_delete_enabled": False, "replication_role": None,
    "replication_rules": "[]", "object_lock_enabled": False, "default_retention_mode": None,
    "default_retention_days": None, "default_retention_years": None, "lifecycle_rules": "[]",
    "default_encryption_configured": True, "sse_algorithm": "AES256", "kms_master_key_id": None,
    "bucket_key_enabled": False, "event_bridge_enabled": False, "block_public_acls": False,
    "ignore_public_acls": False, "block_public_policy": False, "restrict_public_buckets": False,
    "has_policy": False, "policy_is_public": False, "tags": "{}",
}  # fmt: skip


def make(aws: Endpoint, base: datetime) -> Rows:
    """Build them; only the span of the export is relative to `base`."""
    s3, away = aws.client("s3", HOME), aws.client("s3", AWAY)
    away.create_bucket(
        Bucket=f"{_ACME}-copies", CreateBucketConfiguration={"LocationConstraint": AWAY}, ObjectLockEnabledForBucket=True
    )
    _retain(away, f"{_ACME}-copies", Mode="GOVERNANCE", Years=1)
    s3.create_bucket(Bucket=f"{_ACME}-plain")
    copies = {
        **_row(f"{_ACME}-copies"), "region": AWAY, "versioning_status": "Enabled", "object_lock_enabled": True,
        "default_retention_mode": "GOVERNANCE", "default_retention_years": 1,
    }  # fmt: skip
    # The last one was there before: AWS Config delivers to it.
    plain, config = _row(f"{_ACME}-plain"), _row(f"estate-config-{ACCOUNT}")
    buckets = [copies, plain, _archive(aws, s3), _guarded(s3), _web(s3), _forgetful(s3), config]
    return {"s3_buckets": buckets, **_logs(aws, base)}


def _row(name: str) -> dict[str, Any]:
    return {**_PLAIN, "bucket_arn": f"arn:aws:s3:::{name}", "bucket_name": name}


def _retain(s3: Any, name: str, **retention: Any) -> None:
    configuration = {"ObjectLockEnabled": "Enabled", "Rule": {"DefaultRetention": retention}}
    s3.put_object_lock_configuration(Bucket=name, ObjectLockConfiguration=configuration)


def _archive(aws: Endpoint, s3: Any) -> dict[str, Any]:
    """Everything is on; the replication rule has the older form, without Filter."""
    name = f"{_ACME}-archive"
    key = aws.client("kms", HOME).create_key(Description="objects")["KeyMetadata"]["Arn"]
    s3.create_bucket(Bucket=name, ObjectLockEnabledForBucket=True)
    _retain(s3, name, Mode="COMPLIANCE", Days=35)
    by_default = {"SSEAlgorithm": "aws:kms", "KMSMasterKeyID": key}
    encryption = {"ApplyServerSideEncryptionByDefault": by_default, "BucketKeyEnabled": True}
    s3.put_bucket_encryption(Bucket=name, ServerSideEncryptionConfiguration={"Rules": [encryption]})
    s3.put_bucket_notification_configuration(Bucket=name, NotificationConfiguration={"EventBridgeConfiguration": {}})
    s3.put_public_access_block(Bucket=name, PublicAccessBlockConfiguration=dict.fromkeys(_BLOCK, True))
    s3.put_bucket_tagging(Bucket=name, Tagging={"TagSet": [{"Key": "stage", "Value": "live"}]})
    expiry = {
        "ID": "old versions", "Status": "Enabled", "Filter": {"Prefix": "logs/"},
        "NoncurrentVersionExpiration": {"NoncurrentDays": 90},
    }  # fmt: skip
    s3.put_bucket_lifecycle_configuration(Bucket=name, LifecycleConfiguration={"Rules": [expiry]})
    rule = {
        "ID": "older form", "Prefix": "", "Status": "Enabled",
        # The bucket encrypts with a key of KMS.
        "SourceSelectionCriteria": {"SseKmsEncryptedObjects": {"Status": "Enabled"}},
        "Destination": {"Bucket": _COPIES, "EncryptionConfiguration": {"ReplicaKmsKeyID": "alias/copies"}},
    }  # fmt: skip
    s3.put_bucket_replication(Bucket=name, ReplicationConfiguration={"Role": _ROLE, "Rules": [rule]})
    return {
        **_row(name), "versioning_status": "Enabled", "replication_role": _ROLE, "replication_rules": _json([rule]),
        "object_lock_enabled": True, "default_retention_mode": "COMPLIANCE", "default_retention_days": 35,
        "lifecycle_rules": _json([expiry]), "sse_algorithm": "aws:kms", "kms_master_key_id": key,
        "bucket_key_enabled": True, "event_bridge_enabled": True, "block_public_acls": True,
        "ignore_public_acls": True, "block_public_policy": True, "restrict_public_buckets": True,
        "tags": '{"stage":"live"}',
    }  # fmt: skip


def _guarded(s3: Any) -> dict[str, Any]:
    """Versions that only the second factor deletes; the replication rule has the newer form."""
    name = f"{_ACME}-guarded"
    s3.create_bucket(Bucket=name)
    s3.put_bucket_versioning(
        Bucket=name, MFA=f"arn:aws:iam::{ACCOUNT}:mfa/root 123456",
        VersioningConfiguration={"Status": "Enabled", "MFADelete": "Enabled"},
    )  # fmt: skip
    minutes = {"Minutes": 15}
    rule = {
        "ID": "newer form", "Priority": 1, "Status": "Disabled", "Filter": {},
        "DeleteMarkerReplication": {"Status": "Enabled"},
        "SourceSelectionCriteria": {"SseKmsEncryptedObjects": {"Status": "Enabled"}},
        "Destination": {
            "Bucket": _COPIES, "Account": ACCOUNT, "ReplicationTime": {"Status": "Enabled", "Time": minutes},
            "Metrics": {"Status": "Enabled", "EventThreshold": minutes},
            "EncryptionConfiguration": {"ReplicaKmsKeyID": "alias/copies"},
        },
    }  # fmt: skip
    s3.put_bucket_replication(Bucket=name, ReplicationConfiguration={"Role": _ROLE, "Rules": [rule]})
    return {
        **_row(name), "versioning_status": "Enabled", "mfa_delete_enabled": True, "replication_role": _ROLE,
        "replication_rules": _json([rule]),
    }  # fmt: skip


def _web(s3: Any) -> dict[str, Any]:
    """Public, and versioned once."""
    name = f"{_ACME}-web"
    s3.create_bucket(Bucket=name)
    for status in ("Enabled", "Suspended"):
        s3.put_bucket_versioning(Bucket=name, VersioningConfiguration={"Status": status})
    anyone = {"Effect": "Allow", "Principal": "*", "Action": "s3:GetObject", "Resource": f"arn:aws:s3:::{name}/*"}
    s3.put_bucket_policy(Bucket=name, Policy=json.dumps({"Version": "2012-10-17", "Statement": [anyone]}))
    return {**_row(name), "versioning_status": "Suspended", "has_policy": True, "policy_is_public": True}


def _forgetful(s3: Any) -> dict[str, Any]:
    """Old versions go after a week; part of it is replicated, deletions are not, and the lag is measured."""
    name = f"{_ACME}-forgetful"
    s3.create_bucket(Bucket=name)
    s3.put_bucket_versioning(Bucket=name, VersioningConfiguration={"Status": "Enabled"})
    week = {
        "ID": "week", "Status": "Enabled", "Filter": {"Prefix": ""}, "NoncurrentVersionExpiration": {"NoncurrentDays": 7},
    }  # fmt: skip
    s3.put_bucket_lifecycle_configuration(Bucket=name, LifecycleConfiguration={"Rules": [week]})
    rule = {
        "ID": "part", "Priority": 1, "Status": "Enabled", "Filter": {"Prefix": "invoices/"},
        "DeleteMarkerReplication": {"Status": "Disabled"},
        "Destination": {"Bucket": _COPIES, "Metrics": {"Status": "Enabled", "EventThreshold": {"Minutes": 15}}},
    }  # fmt: skip
    s3.put_bucket_replication(Bucket=name, ReplicationConfiguration={"Role": _ROLE, "Rules": [rule]})
    return {
        **_row(name), "versioning_status": "Enabled", "replication_role": _ROLE, "replication_rules": _json([rule]),
        "lifecycle_rules": _json([week]),
    }  # fmt: skip


def _json(rules: list[dict[str, Any]]) -> str:
    return json.dumps(rules, sort_keys=True, separators=(",", ":"))


def _logs(aws: Endpoint, base: datetime) -> Rows:
    """One group is exported in part."""
    logs = aws.client("logs", HOME)
    key = aws.client("kms", HOME).create_key(Description="logs")["KeyMetadata"]["Arn"]
    groups = [
        _group(logs, HOME, "/acme/audit", 400, kmsKeyId=key, deletionProtectionEnabled=True),
        _group(logs, HOME, "/acme/app", None, logGroupClass="INFREQUENT_ACCESS"),
        _group(aws.client("logs", AWAY), AWAY, "/acme/audit", 1),
    ]
    begin, end = ((base - timedelta(days=days)).replace(microsecond=0) for days in (7, 1))
    span = {"fromTime": int(begin.timestamp()) * 1000, "to": int(end.timestamp()) * 1000}
    task = logs.create_export_task(
        taskName="weekly", logGroupName="/acme/audit", destination=f"{_ACME}-plain", destinationPrefix="audit", **span
    )["taskId"]
    exported = {
        "region": HOME, "task_id": task, "task_name": "weekly", "log_group_name": "/acme/audit",
        "destination": f"{_ACME}-plain", "destination_prefix": "audit", "from_time_s": span["fromTime"] // 1000,
        "to_time_s": span["to"] // 1000, "status_code": "COMPLETED",
    }  # fmt: skip
    return {"log_groups": groups, "log_exports": [exported]}


def _group(logs: Any, region: str, name: str, days: int | None, **told: Any) -> dict[str, Any]:
    """A log group that keeps for so many days, or for ever."""
    logs.create_log_group(logGroupName=name, **told)
    if days:
        logs.put_retention_policy(logGroupName=name, retentionInDays=days)
    return {
        "region": region, "log_group_arn": f"arn:aws:logs:{region}:{ACCOUNT}:log-group:{name}",
        "log_group_name": name, "retention_days": days, "stored_bytes": 0, "kms_key_id": told.get("kmsKeyId"),
        "log_group_class": told.get("logGroupClass", "STANDARD"),
        "deletion_protection_enabled": told.get("deletionProtectionEnabled", False),
    }  # fmt: skip
