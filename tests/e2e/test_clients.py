"""The dataset against what a client tells that nobody here wrote: boto3 reads the same things, one by one."""

from __future__ import annotations

import json
from datetime import datetime
from typing import Any

import pytest

from dataset import collections, rows
from harness import REGIONS
from world import World


def every(world: World, service: str, operation: str, key: str, **told: Any) -> list[dict[str, Any]]:
    """What boto3's own paginator gives, in both Regions, each row with its Region."""
    found = []
    for region in REGIONS:
        for page in world.aws.client(service, region).get_paginator(operation).paginate(**told):
            found += [{**row, "region": region} for row in page[key]]
    return found


def seconds(moment: datetime | None) -> int | None:
    """Epoch seconds, cut."""
    return None if moment is None else int(moment.timestamp())


def stored(world: World, table: str) -> list[dict[str, Any]]:
    """The rows of a table of the one collection."""
    [collection] = collections(world.dataset)
    return rows(collection, table)


def by(rows: list[dict[str, Any]], *names: str) -> dict[Any, dict[str, Any]]:
    """Rows by key, each once."""
    found = {tuple(row[name] for name in names): row for row in rows}
    assert len(found) == len(rows)
    return found


def test_instances(world: World) -> None:
    told = every(world, "rds", "describe_db_instances", "DBInstances")
    expected = {
        (row["DBInstanceArn"],): (
            row["region"], row["DBInstanceIdentifier"], row["DbiResourceId"], row["Engine"],
            row["BackupRetentionPeriod"], row.get("DBClusterIdentifier"), seconds(row["InstanceCreateTime"]),
            row.get("ReadReplicaSourceDBInstanceIdentifier"),
            {tag["Key"]: tag["Value"] for tag in row["TagList"]},
        )
        for row in told
    }  # fmt: skip
    seen = {
        key: (
            row["region"], row["db_instance_identifier"], row["dbi_resource_id"], row["engine"],
            row["backup_retention_period_days"], row["db_cluster_identifier"], row["instance_create_time_s"],
            row["read_replica_source"], json.loads(row["tags"]),
        )
        for key, row in by(stored(world, "rds_instances"), "db_instance_arn").items()
    }  # fmt: skip
    assert seen == expected


@pytest.mark.parametrize(
    ("table", "engines"),
    [
        ("rds_clusters", {"aurora-postgresql"}),
        ("neptune_clusters", {"neptune"}),
        ("documentdb_clusters", {"docdb"}),
    ],
)
def test_clusters_are_told_apart(world: World, table: str, engines: set[str]) -> None:
    told = every(world, "rds", "describe_db_clusters", "DBClusters")
    expected = {
        row["DBClusterArn"]: sorted(one["DBInstanceIdentifier"] for one in row["DBClusterMembers"])
        for row in told
        if row["Engine"] in engines
    }
    assert expected
    assert {row["db_cluster_arn"]: sorted(json.loads(row["members"])) for row in stored(world, table)} == expected


def test_recovery_points(world: World) -> None:
    expected = {}
    for region in REGIONS:
        backup = world.aws.client("backup", region)
        for vault in backup.list_backup_vaults()["BackupVaultList"]:
            pages = backup.get_paginator("list_recovery_points_by_backup_vault")
            for page in pages.paginate(BackupVaultName=vault["BackupVaultName"]):
                for row in page["RecoveryPoints"]:
                    expected[(row["BackupVaultArn"], row["RecoveryPointArn"])] = (
                        region, row["ResourceArn"], row["ResourceType"], row["Status"], seconds(row["CreationDate"]),
                        seconds(row["CompletionDate"]), row.get("Lifecycle", {}).get("DeleteAfterDays"),
                        seconds(row.get("CalculatedLifecycle", {}).get("DeleteAt")), row.get("SourceBackupVaultArn"),
                        row.get("CreatedBy", {}).get("BackupPlanId"), row["IsEncrypted"], row.get("EncryptionKeyArn"),
                        row.get("EncryptionKeyType"),
                    )  # fmt: skip
    seen = {
        key: (
            row["region"], row["resource_arn"], row["resource_type"], row["status"], row["creation_date_s"],
            row["completion_date_s"], row["delete_after_days"], row["delete_at_s"], row["source_backup_vault_arn"],
            row["backup_plan_id"], row["is_encrypted"], row["encryption_key_arn"], row["encryption_key_type"],
        )
        for key, row in by(stored(world, "recovery_points"), "backup_vault_arn", "recovery_point_arn").items()
    }  # fmt: skip
    assert len(seen) > 500 and seen == expected


def test_selections_word_for_word(world: World) -> None:
    expected = {}
    for region in REGIONS:
        backup = world.aws.client("backup", region)
        for plan in backup.list_backup_plans()["BackupPlansList"]:
            names = {"BackupPlanId": plan["BackupPlanId"]}
            for row in backup.list_backup_selections(**names)["BackupSelectionsList"]:
                told = backup.get_backup_selection(**names, SelectionId=row["SelectionId"])["BackupSelection"]
                expected[(plan["BackupPlanArn"], row["SelectionId"])] = tuple(
                    told[name] for name in ("SelectionName", "Resources", "NotResources", "ListOfTags", "Conditions")
                )
    names = ("resources", "not_resources", "list_of_tags", "conditions")
    seen = {
        key: (row["selection_name"], *(json.loads(row[name]) for name in names))
        for key, row in by(stored(world, "selections"), "backup_plan_arn", "selection_id").items()
    }
    assert seen == expected


@pytest.mark.parametrize(
    ("table", "operation", "key", "of_aws", "of_ours"),
    [
        ("backup_jobs", "list_backup_jobs", "BackupJobs", "BackupJobId", "backup_job_id"),
        ("copy_jobs", "list_copy_jobs", "CopyJobs", "CopyJobId", "copy_job_id"),
    ],
)
def test_jobs(world: World, table: str, operation: str, key: str, of_aws: str, of_ours: str) -> None:
    told = every(world, "backup", operation, key)
    expected = {(row[of_aws],): (row["State"], row["ResourceArn"], seconds(row["CreationDate"])) for row in told}
    found = by(stored(world, table), of_ours)
    assert {name: (row["state"], row["resource_arn"], row["creation_date_s"]) for name, row in found.items()} == expected


def test_vaults_with_lock_policy_and_notifications(world: World) -> None:
    for region in REGIONS:
        backup = world.aws.client("backup", region)
        told = {row["BackupVaultArn"]: row for row in backup.list_backup_vaults()["BackupVaultList"]}
        mine = {row["backup_vault_arn"]: row for row in stored(world, "backup_vaults") if row["region"] == region}
        assert mine.keys() == told.keys()
        for arn, row in mine.items():
            assert (row["locked"], row["min_retention_days"]) == (told[arn]["Locked"], told[arn].get("MinRetentionDays"))
    guarded = {row["backup_vault_arn"].rpartition(":")[2] for row in stored(world, "vault_policies") if row["policy"]}
    assert guarded == {"main", "open", "family"}
    heard = {row["backup_vault_arn"].rpartition(":")[2]: row["events"] for row in stored(world, "vault_notifications")}
    assert json.loads(heard["main"]) == ["BACKUP_JOB_COMPLETED", "COPY_JOB_FAILED"]
    assert heard["strict"] is None and "BACKUP_JOB_FAILED" in heard["open"]


def test_snapshots(world: World) -> None:
    wanted = ("awsbackup", "automated", "manual")
    told = [row for kind in wanted for row in every(world, "rds", "describe_db_snapshots", "DBSnapshots", SnapshotType=kind)]  # fmt: skip
    mine = [row for row in stored(world, "rds_snapshots") if not row["is_cluster"]]
    assert {row["snapshot_arn"] for row in mine} == {row["DBSnapshotArn"] for row in told}
    clusters = [row for kind in wanted for row in every(world, "rds", "describe_db_cluster_snapshots", "DBClusterSnapshots", SnapshotType=kind)]  # fmt: skip
    mine = [row for row in stored(world, "rds_snapshots") if row["is_cluster"]]
    assert {row["snapshot_arn"] for row in mine} == {row["DBClusterSnapshotArn"] for row in clusters}
