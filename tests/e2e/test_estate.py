"""The truth of the estate, held against what AWS clients read of it.

An oracle as plain as can be: it walks over what boto3 gives, knows nothing of
how the estate was made, and must come to the verdicts that were written down.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from fnmatch import fnmatchcase
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from estate import Estate, build
from harness import REGIONS, Endpoint

DAY, ALLOWED = timedelta(days=1), timedelta(hours=27)


def read_all(client: Any, operation: str, key: str, **told: Any) -> list[dict[str, Any]]:
    """All items of a paginated operation."""
    return [item for page in client.get_paginator(operation).paginate(**told) for item in page[key]]


class Oracle:
    """Everything that the clients tell, in memory."""

    def __init__(self, aws: Endpoint) -> None:
        self.tags: dict[str, dict[str, str]] = {}
        self.native_days: dict[str, int] = {}
        self.born: dict[str, datetime] = {}
        self.points: dict[str, list[dict[str, Any]]] = {}
        self.jobs: dict[str, list[dict[str, Any]]] = {}
        self.selections: list[tuple[str, dict[str, Any], dict[str, Any]]] = []
        self.opt_in: dict[str, dict[str, bool]] = {}
        self.plans: dict[str, dict[str, Any]] = {}
        for region in REGIONS:
            self._read_rds(aws.client("rds", region))
            self._read_backup(aws.client("backup", region), region)

    def _read_rds(self, rds: Any) -> None:
        for row in read_all(rds, "describe_db_instances", "DBInstances"):
            if "DBClusterIdentifier" not in row and "ReadReplicaSourceDBInstanceIdentifier" not in row:
                self._note(row["DBInstanceArn"], row, row["InstanceCreateTime"])
        for row in read_all(rds, "describe_db_clusters", "DBClusters"):
            self._note(row["DBClusterArn"], row, row["ClusterCreateTime"])

    def _note(self, arn: str, row: dict[str, Any], born: datetime) -> None:
        self.tags[arn] = {tag["Key"]: tag["Value"] for tag in row["TagList"]}
        self.native_days[arn] = row["BackupRetentionPeriod"]
        self.born[arn] = born

    def _read_backup(self, backup: Any, region: str) -> None:
        self.opt_in[region] = backup.describe_region_settings()["ResourceTypeOptInPreference"]
        for vault in read_all(backup, "list_backup_vaults", "BackupVaultList"):
            name = vault["BackupVaultName"]
            for point in read_all(
                backup, "list_recovery_points_by_backup_vault", "RecoveryPoints", BackupVaultName=name
            ):
                self.points.setdefault(point["ResourceArn"], []).append(point)
        for job in read_all(backup, "list_backup_jobs", "BackupJobs"):
            self.jobs.setdefault(job["ResourceArn"], []).append(job)
        for plan in read_all(backup, "list_backup_plans", "BackupPlansList"):
            told = backup.get_backup_plan(BackupPlanId=plan["BackupPlanId"])["BackupPlan"]
            self.plans[plan["BackupPlanArn"]] = told
            for chosen in read_all(
                backup, "list_backup_selections", "BackupSelectionsList", BackupPlanId=plan["BackupPlanId"]
            ):
                names = {name: chosen[name] for name in ("BackupPlanId", "SelectionId")}
                self.selections.append((region, told, backup.get_backup_selection(**names)["BackupSelection"]))

    def resource_not_covered(self, arn: str) -> str:
        """A plan, or backups of the service itself."""
        return "pass" if self._plans_of(arn) or self.native_days[arn] else "fail"

    def native_backup_only(self, arn: str) -> str:
        """Backups of the service without a plan."""
        if not self.native_days[arn]:
            return "not_applicable"
        return "pass" if self._plans_of(arn) else "fail"

    def opt_in_blocks_coverage(self, arn: str) -> str:
        """Selected, were it not for the settings of the Region."""
        if self._plans_of(arn):
            return "pass"
        return "fail" if self._plans_of(arn, obey=False) else "not_applicable"

    def _plans_of(self, arn: str, *, obey: bool = True) -> list[dict[str, Any]]:
        """(Resources or tags) and conditions, but not what is excluded; a tag needs the opt-in."""
        return [plan for region, plan, told in self.selections if self._selects(region, told, arn, obey)]

    def _selects(self, region: str, told: dict[str, Any], arn: str, obey: bool) -> bool:
        tags = self.tags[arn]
        named = any(fnmatchcase(arn, pattern) for pattern in told["Resources"])
        tagged = any(tags.get(one["ConditionKey"]) == one["ConditionValue"] for one in told["ListOfTags"])
        opted = not obey or self.opt_in[region]["RDS" if ":db:" in arn else "Aurora"]
        excluded = any(fnmatchcase(arn, pattern) for pattern in told["NotResources"])
        here = arn.split(":")[3] == region
        return here and (named or (tagged and opted)) and self._holds(told["Conditions"], tags) and not excluded

    @staticmethod
    def _holds(conditions: dict[str, list[dict[str, str]]], tags: dict[str, str]) -> bool:
        for operator, entries in conditions.items():
            for entry in entries:
                value = tags.get(entry["ConditionKey"].removeprefix("aws:ResourceTag/"))
                like = value is not None and fnmatchcase(value, entry["ConditionValue"])
                equal = value == entry["ConditionValue"]
                if not {
                    "StringEquals": equal,
                    "StringNotEquals": not equal,
                    "StringLike": like,
                    "StringNotLike": not like,
                }[operator]:
                    return False
        return True

    def rpo_exceeded(self, arn: str) -> str:
        """The largest time without new data over 30 days: anywhere, and elsewhere too for what owes a copy."""
        if self._native_counts(arn):
            return "unknown"
        made = [job["CreationDate"] for job in self.jobs.get(arn, []) if job["State"] == "COMPLETED"]
        home = [one["CreationDate"] for one in self._at_home(arn)]
        verdicts = {_over_the_window([*home, *made])}
        if self.tags[arn].get("tier") == "critical":
            verdicts.add(_over_the_window([one["CreationDate"] for one in self._away(arn)]))
        return next(verdict for verdict in ("fail", "unknown", "pass") if verdict in verdicts)

    def newest_point_stale(self, arn: str) -> str:
        """The age of the newest point, or that of the newest log where native backups count."""
        home = [one["CreationDate"] for one in self._at_home(arn)]
        fresh = self._native_counts(arn) or (home and datetime.now(UTC) - max(home) <= ALLOWED)
        return "pass" if fresh else "fail"

    def design_rpo_exceeded(self, arn: str) -> str:
        """A day, and both windows of the rule."""
        if self._native_counts(arn):
            return "pass"
        rules = [rule for plan in self._plans_of(arn) for rule in plan["Rules"]]
        windows = [rule["StartWindowMinutes"] + rule["CompletionWindowMinutes"] for rule in rules]
        if not windows:
            return "not_applicable"
        return "pass" if DAY + timedelta(minutes=min(windows)) <= ALLOWED else "fail"

    def point_retention_too_short(self, arn: str) -> str:
        """From creation to calculated deletion, of every point."""
        points = self.points[arn]
        kept = [one["CalculatedLifecycle"]["DeleteAt"] - one["CreationDate"] for one in points]
        return "pass" if min(kept) >= 35 * DAY else "fail"

    def cross_region_copy_missing(self, arn: str) -> str:
        """Owed, or promised by a plan; then a point whose vault is in another Region."""
        planned = any(rule["CopyActions"] for plan in self._plans_of(arn) for rule in plan["Rules"])
        if not planned and self.tags[arn].get("tier") != "critical":
            return "not_applicable"
        return "pass" if self._away(arn) else "fail"

    def rds_backups_off(self, arn: str) -> str:
        """Whether the database has native backups."""
        return "pass" if self.native_days[arn] > 0 else "fail"

    def lifecycle_invalid(self, arn: str) -> str:
        """90 days between cold storage and deletion, and no cold storage of databases."""
        [rule] = self.plans[arn]["Rules"]
        days = rule["Lifecycle"]
        if "MoveToColdStorageAfterDays" not in days:
            return "pass"
        return "unknown" if days["DeleteAfterDays"] >= days["MoveToColdStorageAfterDays"] + 90 else "fail"

    def plan_retention_too_short(self, arn: str) -> str:
        """35 days by one of its rules."""
        return "pass" if max(rule["Lifecycle"]["DeleteAfterDays"] for rule in self.plans[arn]["Rules"]) >= 35 else "fail"

    def _native_counts(self, arn: str) -> bool:
        return arn.endswith((":db:native", ":cluster:lab"))

    def _at_home(self, arn: str) -> list[dict[str, Any]]:
        return [one for one in self.points.get(arn, []) if one["BackupVaultArn"].split(":")[3] == arn.split(":")[3]]

    def _away(self, arn: str) -> list[dict[str, Any]]:
        return [one for one in self.points.get(arn, []) if one["BackupVaultArn"].split(":")[3] != arn.split(":")[3]]


def _over_the_window(moments: list[datetime]) -> str:
    """Whether something new came often enough; not known if nothing is left of the time when the window began."""
    end = datetime.now(UTC)
    start = end - 30 * DAY
    known = [one for one in sorted(moments) if one > start - ALLOWED]
    gaps = [later - earlier for earlier, later in pairwise([start, *(one for one in known if one > start), end])]
    if max(gaps) > ALLOWED:
        return "fail"
    return "pass" if known and known[0] <= start else "unknown"


def disagreements(aws: Endpoint, estate: Estate) -> list[tuple[str, str, str, str]]:
    """(rule, subject, truth, oracle) wherever the two differ. Members and replicas are not the oracle's."""
    oracle = Oracle(aws)
    found = []
    for row in estate.truth:
        if row.subject_arn in oracle.tags or row.subject_arn in oracle.plans:
            seen = getattr(oracle, row.rule_id.replace("-", "_"))(row.subject_arn)
            if seen != row.verdict:
                found.append((row.rule_id, row.subject_arn, row.verdict, seen))
    return found


def test_the_truth_is_what_clients_can_see(aws: Endpoint, estate: Estate) -> None:
    assert disagreements(aws, estate) == []


def test_every_rule_has_something_to_pass_and_to_fail(estate: Estate) -> None:
    verdicts: dict[str, set[str]] = {}
    for (rule, _), verdict in estate.expected().items():
        verdicts.setdefault(rule, set()).add(verdict)
    of_collections = verdicts.pop("collection-interval-too-long")
    assert len(verdicts) == 11 and of_collections == {"not_applicable"}
    assert {rule: {"pass", "fail"} - seen for rule, seen in verdicts.items() if not seen >= {"pass", "fail"}} == {}


@pytest.mark.parametrize("with_cli", [True, False])
def test_the_cli_and_boto3_build_the_same(aws: Endpoint, tmp_path: Path, with_cli: bool) -> None:
    made = build(aws, tmp_path, with_cli=with_cli, resources=20)
    assert disagreements(aws, made) == []
    assert aws.count("backup", "CreateBackupVault") == 3
    assert (tmp_path / "truth.json").exists() and made.config.exists()


def test_jobs_tell_of_the_last_thirty_days(aws: Endpoint, estate: Estate) -> None:
    backup = aws.client("backup")
    copies = read_all(backup, "list_copy_jobs", "CopyJobs")
    by_state: dict[str, set[str]] = {}
    for copy in copies:
        by_state.setdefault(copy["State"], set()).add(copy["ResourceName"])
    assert by_state == {"COMPLETED": {"orders", "shop"}, "FAILED": {"billing"}}
    expired = [
        row["ResourceName"] for row in read_all(backup, "list_backup_jobs", "BackupJobs") if row["State"] == "EXPIRED"
    ]
    assert expired.count("skipped") == 1 and expired.count("stale") == 4
