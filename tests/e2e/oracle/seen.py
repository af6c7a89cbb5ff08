"""Everything that boto3 tells of the estate, in memory."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

from botocore.exceptions import ClientError

from harness import REGIONS, Endpoint

Row = dict[str, Any]


def read_all(client: Any, operation: str, key: str, **told: Any) -> list[Row]:
    """All items of a list; those without a paginator fit on a page."""
    if not client.can_paginate(operation):
        return getattr(client, operation)(**told)[key]
    return [item for page in client.get_paginator(operation).paginate(**told) for item in page[key]]


def region_of(arn: str) -> str:
    """The Region in an ARN."""
    return arn.split(":")[3]


class Seen:
    """What was read, by ARN where it has one. Databases are the sources only: no members, replicas or leftovers."""

    def __init__(self, aws: Endpoint) -> None:
        self.now = datetime.now(UTC)
        self.databases: dict[str, Row] = {}
        self.listed: set[str] = set()
        self.deleted: set[str] = set()
        self.snapshots: dict[str, list[str]] = {}
        self.automated_backups: dict[str, Row] = {}
        self.plans: dict[str, Row] = {}
        self.selections: list[tuple[str, Row, Row]] = []
        self.chosen: dict[str, Row] = {}
        self.testing: list[tuple[str, Row]] = []
        self.roles = _roles(aws.client("iam"))
        self.principals = _principals(aws.client("iam"))
        self.opt_in: dict[str, dict[str, bool]] = {}
        self.vaults: dict[str, Row] = {}
        self.points: dict[str, list[Row]] = {}
        self.jobs: dict[str, list[Row]] = {}
        self.copies: dict[str, list[Row]] = {}
        self.restores: dict[str, list[Row]] = {}
        self.keys: dict[str, Row] = {}
        self.held: set[str] = set()
        self.frameworks: dict[str, Row] = {}
        self.reports: dict[str, Row] = {}
        for region in REGIONS:
            self._read_rds(aws.client("rds", region))
            self._read_deletions(aws.client("cloudtrail", region))
            self._read_backup(aws.client("backup", region), region)
        for arn in self._named_keys():
            kms = aws.client("kms", region_of(arn))
            told = kms.describe_key(KeyId=arn)["KeyMetadata"]
            self.keys[arn] = {**told, **kms.get_key_rotation_status(KeyId=arn)}

    def subjects(self) -> set[str]:
        """The ARNs that the second opinion is about."""
        whole = (self.databases, self.snapshots, self.plans, self.vaults, self.keys, self.frameworks, self.reports)
        known = (*whole, self.chosen, self.principals)
        return {arn for rows in known for arn in rows}

    def departed(self) -> set[str]:
        """What AWS Backup keeps points of, and RDS does not list."""
        return {arn for arn in self.points if ":rds:" in arn} - self.listed

    def _read_rds(self, rds: Any) -> None:
        for row in read_all(rds, "describe_db_instances", "DBInstances"):
            tags = self._tags(row)
            self.listed.add(row["DBInstanceArn"])
            second = "DBClusterIdentifier" in row or "ReadReplicaSourceDBInstanceIdentifier" in row
            if not second and "awsbackup-restore-test" not in tags:
                self.databases[row["DBInstanceArn"]] = {**row, "born": row["InstanceCreateTime"], "tags": tags}
        for row in read_all(rds, "describe_db_clusters", "DBClusters"):
            self.listed.add(row["DBClusterArn"])
            self.databases[row["DBClusterArn"]] = {**row, "born": row["ClusterCreateTime"], "tags": self._tags(row)}
        for row in read_all(rds, "describe_db_instance_automated_backups", "DBInstanceAutomatedBackups"):
            self.automated_backups[row["DBInstanceAutomatedBackupsArn"]] = row
        for row in read_all(rds, "describe_db_snapshots", "DBSnapshots", SnapshotType="manual"):
            told = rds.describe_db_snapshot_attributes(DBSnapshotIdentifier=row["DBSnapshotIdentifier"])
            [restore] = told["DBSnapshotAttributesResult"]["DBSnapshotAttributes"]
            self.snapshots[row["DBSnapshotArn"]] = restore["AttributeValues"]
        for row in read_all(rds, "describe_db_cluster_snapshots", "DBClusterSnapshots", SnapshotType="manual"):
            name = row["DBClusterSnapshotIdentifier"]
            if not name.startswith("awsbackup:"):
                told = rds.describe_db_cluster_snapshot_attributes(DBClusterSnapshotIdentifier=name)
                [restore] = told["DBClusterSnapshotAttributesResult"]["DBClusterSnapshotAttributes"]
                self.snapshots[row["DBClusterSnapshotArn"]] = restore["AttributeValues"]

    def _read_deletions(self, cloudtrail: Any) -> None:
        asked = {"LookupAttributes": [{"AttributeKey": "EventName", "AttributeValue": "DeleteDBInstance"}]}
        for event in read_all(cloudtrail, "lookup_events", "Events", **asked):
            self.deleted.add(json.loads(event["CloudTrailEvent"])["requestParameters"]["dBInstanceIdentifier"])

    @staticmethod
    def _tags(row: Row) -> dict[str, str]:
        return {tag["Key"]: tag["Value"] for tag in row["TagList"]}

    def _read_backup(self, backup: Any, region: str) -> None:
        self.opt_in[region] = backup.describe_region_settings()["ResourceTypeOptInPreference"]
        for vault in read_all(backup, "list_backup_vaults", "BackupVaultList"):
            self._read_vault(backup, vault)
        lists = (("backup", "BackupJobs", self.jobs), ("copy", "CopyJobs", self.copies))
        for name, key, kept in lists:
            for job in read_all(backup, f"list_{name}_jobs", key):
                kept.setdefault(job["ResourceArn"], []).append(job)
        for job in read_all(backup, "list_restore_jobs", "RestoreJobs"):
            self.restores.setdefault(job["SourceResourceArn"], []).append(job)
        for plan in read_all(backup, "list_backup_plans", "BackupPlansList"):
            self._read_plan(backup, region, plan)
        for hold in read_all(backup, "list_legal_holds", "LegalHolds"):
            told = backup.get_legal_hold(LegalHoldId=hold["LegalHoldId"])
            self.held |= set(told["RecoveryPointSelection"].get("ResourceIdentifiers", []))
        for framework in read_all(backup, "list_frameworks", "Frameworks"):
            told = backup.describe_framework(FrameworkName=framework["FrameworkName"])
            self.frameworks[framework["FrameworkArn"]] = told
        for plan in read_all(backup, "list_restore_testing_plans", "RestoreTestingPlans"):
            name = {"RestoreTestingPlanName": plan["RestoreTestingPlanName"]}
            for one in read_all(backup, "list_restore_testing_selections", "RestoreTestingSelections", **name):
                self.testing.append((region, one))
        for report in read_all(backup, "list_report_plans", "ReportPlans"):
            self.reports[report["ReportPlanArn"]] = report

    def _read_vault(self, backup: Any, vault: Row) -> None:
        name = {"BackupVaultName": vault["BackupVaultName"]}
        policy = _or_none(lambda: json.loads(backup.get_backup_vault_access_policy(**name)["Policy"])["Statement"])
        events = _or_none(lambda: backup.get_backup_vault_notifications(**name)["BackupVaultEvents"])
        self.vaults[vault["BackupVaultArn"]] = {**vault, "policy": policy, "events": events}
        for point in read_all(backup, "list_recovery_points_by_backup_vault", "RecoveryPoints", **name):
            self.points.setdefault(point["ResourceArn"], []).append(point)

    def _read_plan(self, backup: Any, region: str, plan: Row) -> None:
        document = backup.get_backup_plan(BackupPlanId=plan["BackupPlanId"])["BackupPlan"]
        self.plans[plan["BackupPlanArn"]] = document
        chosen = read_all(backup, "list_backup_selections", "BackupSelectionsList", BackupPlanId=plan["BackupPlanId"])
        for one in chosen:
            names = {name: one[name] for name in ("BackupPlanId", "SelectionId")}
            told = backup.get_backup_selection(**names)["BackupSelection"]
            self.selections.append((region, document, told))
            self.chosen[f"{plan['BackupPlanArn']}#selection/{one['SelectionId']}"] = told

    def _named_keys(self) -> set[str]:
        points = [point.get("EncryptionKeyArn") for points in self.points.values() for point in points]
        vaults = [vault.get("EncryptionKeyArn") for vault in self.vaults.values()]
        databases = [row.get("KmsKeyId") for row in self.databases.values()]
        backups = [row.get("KmsKeyId") for row in self.automated_backups.values()]
        return {key for key in (*points, *vaults, *databases, *backups) if key}


def _roles(iam: Any) -> dict[str, Row]:
    """Roles by ARN, each with the policies that are attached to it."""
    roles = {}
    for role in read_all(iam, "list_roles", "Roles"):
        attached = read_all(iam, "list_attached_role_policies", "AttachedPolicies", RoleName=role["RoleName"])
        roles[role["Arn"]] = {**role, "attached": [policy["PolicyArn"] for policy in attached]}
    return roles


def _principals(iam: Any) -> dict[str, Row]:
    """Users and roles by ARN, each with its trust policy, its boundary, and the documents of all its policies."""
    told = iam.get_account_authorization_details()
    versions = {row["Arn"]: row["PolicyVersionList"] for row in told["Policies"]}
    managed = {arn: one["Document"] for arn, listed in versions.items() for one in listed if one["IsDefaultVersion"]}

    def documents(row: Row, kind: str) -> list[Row]:
        attached = [managed[policy["PolicyArn"]] for policy in row["AttachedManagedPolicies"]]
        return [*attached, *(policy["PolicyDocument"] for policy in row.get(f"{kind}PolicyList", []))]

    groups = {row["GroupName"]: documents(row, "Group") for row in told["GroupDetailList"]}
    found = {}
    for kind, rows in (("User", told["UserDetailList"]), ("Role", told["RoleDetailList"])):
        for row in rows:
            of_groups = [document for group in row.get("GroupList", []) for document in groups[group]]
            boundary = row.get("PermissionsBoundary", {}).get("PermissionsBoundaryArn")
            found[row["Arn"]] = {
                "documents": [*documents(row, kind), *of_groups], "boundary": managed[boundary] if boundary else None,
                "trust": row.get("AssumeRolePolicyDocument"),
            }  # fmt: skip
    return found


def _or_none(read: Any) -> Any:
    try:
        return read()
    except ClientError as error:
        if error.response["Error"]["Code"] == "ResourceNotFoundException":
            return []
        raise
