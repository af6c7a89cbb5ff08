"""What services have switched on for what they hold: one line a rule, decided by the row that a collection must hold.

Whether the rows are what AWS says is another matter: `test_clients_around` holds them against boto3.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from estate.config import SAID_TO_BE_VERSIONED
from estate.holdings.objects_and_logs import LAG_WATCHED
from estate.population import HOME
from estate.truth.verdicts import NOT_APPLICABLE, UNKNOWN, Truth, Truths, kept

Row = dict[str, Any]
# Applies, holds; `None` where AWS did not say.
Answer = Callable[[Row], tuple[bool | None, bool | None]]
_YEAR = 365


def _always(column: str) -> Answer:
    return lambda row: (True, row[column])


def _at_least(column: str, limit: int) -> Answer:
    def answer(row: Row) -> tuple[bool | None, bool | None]:
        value = row[column]
        return (None if value is None else value >= 1, None if value is None else value >= limit)

    return answer


def _cache(answer: Answer) -> Answer:
    """Nodes of Memcached keep nothing."""
    return lambda row: (False, None) if (row["kind"], row["engine"]) == ("cache_cluster", "memcached") else answer(row)


def _lake(answer: Answer) -> Answer:
    """Scratch file systems of FSx cannot be backed up."""
    return lambda row: (False, None) if row["deployment_type"].startswith("SCRATCH") else answer(row)


def _first(answer: Answer) -> Answer:
    """What repeats another file system is not asked."""
    return lambda row: (False, None) if row["replication_overwrite_protection"] == "REPLICATING" else answer(row)


def _known(value: Any, holds: bool) -> bool | None:
    return None if value is None else holds


_RULES: dict[tuple[str, str], dict[str, Answer]] = {
    ("dynamodb_tables", "table_arn"): {
        "dynamodb-pitr-off": lambda row: (True, row["point_in_time_recovery_status"] == "ENABLED"),
        "dynamodb-pitr-window-too-short": lambda row: (
            row["point_in_time_recovery_status"] == "ENABLED", _known(row["recovery_period_days"], row["recovery_period_days"] == 35),
        ),
        "dynamodb-deletion-protection-off": _always("deletion_protection_enabled"),
    },
    ("redshift_clusters", "cluster_arn"): {
        "redshift-backups-off": lambda row: (True, row["automated_snapshot_retention_period_days"] >= 1),
        "redshift-retention-too-short": _at_least("automated_snapshot_retention_period_days", 7),
        "redshift-not-encrypted": _always("encrypted"),
        "redshift-copy-missing": lambda row: (True, row["copy_destination_region"] is not None),
    },
    ("elasticache_groups", "cache_arn"): {
        "elasticache-backups-off": _cache(lambda row: (True, row["snapshot_retention_limit_days"] >= 1)),
        "elasticache-retention-too-short": _cache(_at_least("snapshot_retention_limit_days", 15)),
        "elasticache-not-encrypted": _cache(
            lambda row: (True, _known(row["storage_encryption_type"], row["storage_encryption_type"] != "none"))
        ),
        "cache-failover-off": lambda row: (row["kind"] == "replication_group", row["automatic_failover"] == "enabled"),
    },
    ("fsx_file_systems", "file_system_arn"): {
        "fsx-backups-off": _lake(lambda row: (True, row["automatic_backup_retention_days"] >= 1)),
        "fsx-copy-tags-off": _lake(lambda row: (row["file_system_type"] != "ONTAP", row["copy_tags_to_backups"])),
    },
    ("efs_file_systems", "file_system_arn"): {
        "efs-backup-policy-off": _first(lambda row: (True, row["backup_policy_status"] == "ENABLED")),
        "efs-not-encrypted": _always("encrypted"),
        "efs-one-zone": _first(lambda row: (True, row["availability_zone_name"] is None)),
    },
    ("ebs_volumes", "volume_arn"): {"volume-not-encrypted": _always("encrypted")},
    ("ebs_snapshots", "snapshot_arn"): {
        "ebs-snapshot-public": lambda row: (True, not row["is_public"]),
        "ebs-snapshot-not-encrypted": _always("encrypted"),
    },
    ("amis", "image_arn"): {"ami-public": lambda row: (True, not row["is_public"])},
    ("s3_buckets", "bucket_arn"): {
        "s3-versioning-off": lambda row: (True, row["versioning_status"] == "Enabled"),
        "exclusion-premise-false": lambda row: (row["bucket_name"] in SAID_TO_BE_VERSIONED, row["versioning_status"] == "Enabled"),
        "s3-mfa-delete-off": lambda row: (row["versioning_status"] == "Enabled", row["mfa_delete_enabled"]),
        "s3-object-lock-off": lambda row: (
            True, bool(row["object_lock_enabled"] and (row["default_retention_days"] or row["default_retention_years"])),
        ),
        "s3-noncurrent-versions-too-short": lambda row: (row["versioning_status"] == "Enabled", _old_versions(row) >= 30),
        "s3-replication-missing": lambda row: (True, any(_goes_away(row, rule) for rule in _replication(row))),
        "s3-replicates-deletions": lambda row: (bool(_replication(row)), not any(_deletes(one) for one in _replication(row))),
        "s3-replication-time-unmonitored": lambda row: (
            bool(_replication(row)), all("Metrics" in rule["Destination"] for rule in _replication(row)),
        ),
        "replication-lag-unalarmed": lambda row: (bool(_replication(row)), row["bucket_name"] == LAG_WATCHED),
    },
    ("secrets", "secret_arn"): {
        "secret-not-replicated": lambda row: (
            row["deleted_date_s"] is None and row["primary_region"] in (None, row["region"]), row["replication_status"] is not None,
        ),
    },
    ("log_groups", "log_group_arn"): {
        "log-group-retention-too-short": lambda row: (True, row["retention_days"] is None or row["retention_days"] >= _YEAR),
    },
    ("dlm_policies", "policy_arn"): {
        "dlm-policy-failing": lambda row: (True, row["state"] != "ERROR"),
        "dlm-policy-off": lambda row: (row["state"] != "ERROR", row["state"] == "ENABLED"),
    },
}  # fmt: skip
# Rules that this module answers.
OF_SERVICES = {rule for rules in _RULES.values() for rule in rules}


def of_services(tables: dict[str, list[Row]]) -> Truths:
    """Every verdict about what services hold, from the rows by table."""
    for (table, key), rules in _RULES.items():
        for row in tables[table]:
            for rule, answer in rules.items():
                # Only what is left out for a reason is asked whether it is so.
                if rule == "exclusion-premise-false" and row[key].rpartition(":")[2] not in SAID_TO_BE_VERSIONED:
                    continue
                yield Truth(rule, row[key], _verdict(*answer(row)), f"a row of {table}")


def _verdict(applies: bool | None, holds: bool | None) -> str:
    if applies is False:
        return NOT_APPLICABLE
    if applies is None or holds is None:
        return UNKNOWN
    return kept(bool(holds))


def _replication(row: Row) -> list[Row]:
    return [rule for rule in json.loads(row["replication_rules"]) if rule["Status"] == "Enabled"]


def _goes_away(row: Row, rule: Row) -> bool:
    """The only bucket of the other Region is the one that copies go to."""
    away = rule["Destination"]["Bucket"].endswith("-copies") and row["region"] == HOME
    takes_kms = rule.get("SourceSelectionCriteria", {}).get("SseKmsEncryptedObjects", {}).get("Status") == "Enabled"
    return away and not rule.get("Prefix") and not rule.get("Filter") and (takes_kms or row["sse_algorithm"] == "AES256")


def _deletes(rule: Row) -> bool:
    return "Filter" not in rule or rule.get("DeleteMarkerReplication", {}).get("Status") == "Enabled"


def _old_versions(row: Row) -> int:
    ends = [
        rule["NoncurrentVersionExpiration"]["NoncurrentDays"]
        for rule in json.loads(row["lifecycle_rules"])
        if rule["Status"] == "Enabled" and "NoncurrentVersionExpiration" in rule
    ]
    return min(ends, default=10**6)
