"""The dataset against boto3, as in `test_clients`: keys, restore tests, audits, holds, who may restore a snapshot."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from harness import REGIONS
from oracle import read_all
from test_clients import by, every, seconds, stored
from world import World


def test_keys(world: World) -> None:
    """Every key that anything names, once, as KMS tells of it."""
    named = {
        row["encryption_key_arn"] for table in ("backup_vaults", "recovery_points") for row in stored(world, table)
    }
    tables = ("rds_instances", "rds_clusters", "neptune_clusters", "rds_snapshots", "rds_automated_backups")
    named |= {row["kms_key_id"] for table in tables for row in stored(world, table)}
    expected = {}
    for arn in named - {None}:
        kms = world.aws.client("kms", arn.split(":")[3])
        told, rotation = kms.describe_key(KeyId=arn)["KeyMetadata"], kms.get_key_rotation_status(KeyId=arn)
        customer = told["KeyManager"] == "CUSTOMER"
        expected[(arn,)] = (
            told["AWSAccountId"], told["KeyState"], told["KeyManager"], told["MultiRegion"],
            seconds(told.get("DeletionDate")), customer, rotation["KeyRotationEnabled"] if customer else None,
        )  # fmt: skip
    seen = {
        key: (
            row["key_account_id"], row["key_state"], row["key_manager"], row["multi_region"], row["deletion_date_s"],
            row["rotation_applies"], row["rotation_enabled"],
        )
        for key, row in by(stored(world, "kms_keys"), "key_arn").items()
    }  # fmt: skip
    assert len(seen) == 7 and seen == expected


def test_restore_testing(world: World) -> None:
    backup = world.aws.client("backup")
    plans = {row["restore_testing_plan_arn"]: row for row in stored(world, "restore_testing_plans")}
    selections = {(row["restore_testing_plan_arn"], row["restore_testing_selection_name"]): row
                  for row in stored(world, "restore_testing_selections")}  # fmt: skip
    for listed in every(world, "backup", "list_restore_testing_plans", "RestoreTestingPlans"):
        name = {"RestoreTestingPlanName": listed["RestoreTestingPlanName"]}
        plan = backup.get_restore_testing_plan(**name)["RestoreTestingPlan"]
        row, chosen = plans.pop(plan["RestoreTestingPlanArn"]), plan["RecoveryPointSelection"]
        executed = plan.get("LastExecutionTime")
        assert (row["schedule_expression"], row["last_execution_time_s"]) == (
            plan["ScheduleExpression"], None if executed is None else seconds(executed),
        )  # fmt: skip
        assert (json.loads(row["include_vaults"]), row["selection_window_days"]) == (
            chosen["IncludeVaults"],
            chosen["SelectionWindowDays"],
        )
        for selection in backup.list_restore_testing_selections(**name)["RestoreTestingSelections"]:
            row = selections.pop((plan["RestoreTestingPlanArn"], selection["RestoreTestingSelectionName"]))
            assert row["protected_resource_type"] == selection["ProtectedResourceType"]
            told = backup.get_restore_testing_selection(
                **name, RestoreTestingSelectionName=selection["RestoreTestingSelectionName"],
            )["RestoreTestingSelection"]  # fmt: skip
            assert json.loads(row["protected_resource_arns"]) == told["ProtectedResourceArns"]
    assert (plans, selections) == ({}, {})
    tests = {job["RestoreJobId"]: job for job in every(world, "backup", "list_restore_jobs", "RestoreJobs")}
    for row in stored(world, "restore_jobs"):
        job = tests.pop(row["restore_job_id"])
        assert (row["status"], row["validation_status"], row["deletion_status"], row["source_resource_arn"]) == (
            job["Status"], job.get("ValidationStatus"), job.get("DeletionStatus"), job["SourceResourceArn"],
        )  # fmt: skip
    assert tests == {}


def test_protected_resources(world: World) -> None:
    told = every(world, "backup", "list_protected_resources", "Results")
    expected = {(row["region"], row["ResourceArn"]): seconds(row["LastBackupTime"]) for row in told}
    seen = by(stored(world, "protected_resources"), "region", "resource_arn")
    assert len(seen) > 50 and {key: row["last_backup_time_s"] for key, row in seen.items()} == expected


def _framework(backup: Any, listed: dict[str, Any]) -> tuple[Any, ...]:
    told = backup.describe_framework(FrameworkName=listed["FrameworkName"])
    return told["DeploymentStatus"], told["FrameworkStatus"], len(told["FrameworkControls"])


def _report(_backup: Any, listed: dict[str, Any]) -> tuple[Any, ...]:
    times = (listed.get(f"Last{kind}ExecutionTime") for kind in ("Attempted", "Successful"))
    return listed["ReportSetting"]["ReportTemplate"], *map(seconds, times)


def _hold(backup: Any, listed: dict[str, Any]) -> tuple[Any, ...]:
    told = backup.get_legal_hold(LegalHoldId=listed["LegalHoldId"])
    return told["Status"], told["RecoveryPointSelection"]["ResourceIdentifiers"]


LISTS: list[tuple[str, str, str, str, Callable[..., tuple[Any, ...]], tuple[str, ...]]] = [
    ("frameworks", "list_frameworks", "Frameworks", "FrameworkArn", _framework,
     ("deployment_status", "framework_status", "controls_count")),
    ("report_plans", "list_report_plans", "ReportPlans", "ReportPlanArn", _report,
     ("report_template", "last_attempted_execution_time_s", "last_successful_execution_time_s")),
    ("legal_holds", "list_legal_holds", "LegalHolds", "LegalHoldArn", _hold, ("status", "resource_identifiers")),
]  # fmt: skip


@pytest.mark.parametrize(("table", "operation", "key", "arn", "read", "columns"), LISTS, ids=[row[0] for row in LISTS])
def test_what_is_listed_and_then_described(
    world: World, table: str, operation: str, key: str, arn: str, read: Callable[..., tuple[Any, ...]],
    columns: tuple[str, ...],
) -> None:  # fmt: skip
    expected = {}
    for region in REGIONS:
        backup = world.aws.client("backup", region)
        expected |= {row[arn]: read(backup, row) for row in read_all(backup, operation, key)}
    name = f"{table[:-1]}_arn"
    seen = {}
    for row in stored(world, table):
        cells = (row[column] for column in columns)
        seen[row[name]] = tuple(json.loads(cell) if str(cell).startswith("[") else cell for cell in cells)
    assert seen and seen == expected


def test_settings_of_the_organization(world: World) -> None:
    rows = stored(world, "global_settings")
    assert {row["region"] for row in rows} == set(REGIONS)
    assert all(row["in_organization"] and row["cross_account_backup_enabled"] for row in rows)


def test_who_may_restore_a_snapshot(world: World) -> None:
    expected = {}
    for region in REGIONS:
        rds = world.aws.client("rds", region)
        for row in read_all(rds, "describe_db_snapshots", "DBSnapshots", SnapshotType="manual"):
            told = rds.describe_db_snapshot_attributes(DBSnapshotIdentifier=row["DBSnapshotIdentifier"])
            [restore] = told["DBSnapshotAttributesResult"]["DBSnapshotAttributes"]
            values = restore["AttributeValues"]
            expected[row["DBSnapshotArn"]] = ("all" in values, [value for value in values if value != "all"])
        for row in read_all(rds, "describe_db_cluster_snapshots", "DBClusterSnapshots", SnapshotType="manual"):
            name = row["DBClusterSnapshotIdentifier"]
            if not name.startswith("awsbackup:"):
                told = rds.describe_db_cluster_snapshot_attributes(DBClusterSnapshotIdentifier=name)
                [restore] = told["DBClusterSnapshotAttributesResult"]["DBClusterSnapshotAttributes"]
                values = restore["AttributeValues"]
                expected[row["DBClusterSnapshotArn"]] = ("all" in values, [value for value in values if value != "all"])
    seen = {
        row["snapshot_arn"]: (row["public"], json.loads(row["shared_with"]))
        for row in stored(world, "snapshot_attributes")
    }
    assert len(seen) == 4 and seen == expected
