"""Pages, faults, seeds, accounts and Regions: what the other tests rely on."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from botocore.exceptions import ClientError, ReadTimeoutError
from botocore.parsers import ResponseParserError

from harness import ACCOUNT, ControlError, Endpoint

NOW = datetime.now(UTC).replace(microsecond=0)
ROLE = f"arn:aws:iam::{ACCOUNT}:role/service-role/AWSBackupDefaultServiceRole"
DATABASE = f"arn:aws:rds:us-east-1:{ACCOUNT}:db:orders"


def point(days: float, **told: Any) -> dict[str, Any]:
    """A recovery point of the database, so many days old, in vault `main`."""
    return {
        "kind": "recovery_point", "account": ACCOUNT, "region": "us-east-1", "BackupVaultName": "main", "ResourceArn": DATABASE,
        "ResourceType": "RDS", "CreationDate": (NOW - timedelta(days=days)).isoformat(), **told,
    }  # fmt: skip


def job(kind: str, days: float, **told: Any) -> dict[str, Any]:
    """A job, so many days old."""
    created = (NOW - timedelta(days=days)).isoformat()
    return {
        "kind": kind,
        "account": ACCOUNT,
        "region": "us-east-1",
        "ResourceArn": DATABASE,
        "CreationDate": created,
        **told,
    }


@pytest.fixture
def backup(aws: Endpoint) -> Any:
    client = aws.client("backup")
    client.create_backup_vault(BackupVaultName="main")
    return client


def all_pages(client: Any, operation: str, key: str, **told: Any) -> tuple[list[Any], int]:
    """All items and the number of pages, through boto3's own paginator if it has one for this list."""
    if client.can_paginate(operation):
        pages = list(client.get_paginator(operation).paginate(**told))
    else:
        pages = [getattr(client, operation)(**told)]
        while "NextToken" in pages[-1]:
            pages.append(getattr(client, operation)(NextToken=pages[-1]["NextToken"], **told))
    return [item for page in pages for item in page[key]], len(pages)


def test_pages_are_complete_and_without_repeats(aws: Endpoint, backup: Any) -> None:
    aws.seed([point(days) for days in range(25)])
    aws.page_size(10)
    found, pages = all_pages(backup, "list_recovery_points_by_backup_vault", "RecoveryPoints", BackupVaultName="main")
    assert pages == 3
    assert len({row["RecoveryPointArn"] for row in found}) == 25


def test_forced_pages_reach_every_list_of_aws_backup(aws: Endpoint, backup: Any) -> None:
    chosen = {"Algorithm": "LATEST_WITHIN_WINDOW", "IncludeVaults": ["*"], "RecoveryPointTypes": ["SNAPSHOT"]}
    for number in range(3):
        name = f"plan_{number}"
        plan = {
            "RestoreTestingPlanName": name,
            "ScheduleExpression": "cron(0 5 ? * SUN *)",
            "RecoveryPointSelection": chosen,
        }
        backup.create_restore_testing_plan(RestoreTestingPlan=plan)
        selection = {"RestoreTestingSelectionName": name, "IamRoleArn": ROLE, "ProtectedResourceType": "RDS", "ProtectedResourceArns": ["*"]}  # fmt: skip
        backup.create_restore_testing_selection(RestoreTestingPlanName="plan_0", RestoreTestingSelection=selection)
        backup.create_framework(
            FrameworkName=name, FrameworkControls=[{"ControlName": "BACKUP_RECOVERY_POINT_ENCRYPTED"}]
        )
        report = {
            "ReportDeliveryChannel": {"S3BucketName": "reports"},
            "ReportSetting": {"ReportTemplate": "BACKUP_JOB_REPORT"},
        }
        backup.create_report_plan(ReportPlanName=name, **report)
        backup.create_legal_hold(Title=name, Description=name)
    aws.seed([point(1, ResourceArn=f"{DATABASE}-{number}") for number in range(3)])
    aws.page_size(2)
    listings = [
        ("list_restore_testing_plans", "RestoreTestingPlans", {}),
        ("list_restore_testing_selections", "RestoreTestingSelections", {"RestoreTestingPlanName": "plan_0"}),
        ("list_frameworks", "Frameworks", {}),
        ("list_report_plans", "ReportPlans", {}),
        ("list_legal_holds", "LegalHolds", {}),
        ("list_protected_resources", "Results", {}),
    ]
    for operation, key, told in listings:
        found, pages = all_pages(backup, operation, key, **told)
        assert (len(found), pages) == (3, 2), operation


def test_forced_pages_reach_rds_too(aws: Endpoint) -> None:
    aws.seed([instance(f"db-{number}") for number in range(5)])
    aws.page_size(2)
    found, pages = all_pages(aws.client("rds"), "describe_db_instances", "DBInstances")
    assert (len(found), pages) == (5, 3)


def test_forced_pages_reach_the_tagging_api_too(aws: Endpoint, backup: Any) -> None:
    for number in range(5):
        backup.create_backup_vault(BackupVaultName=f"vault-{number}", BackupVaultTags={"team": "data"})
    aws.page_size(2)
    found, pages = all_pages(aws.client("resourcegroupstaggingapi"), "get_resources", "ResourceTagMappingList")
    assert (len(found), pages) == (5, 3)


def instance(name: str, **told: Any) -> dict[str, Any]:
    """A plain instance with seven days of native backups, made 60 days ago."""
    return {
        "kind": "db_instance", "account": ACCOUNT, "region": "us-east-1", "DBInstanceIdentifier": name, "Engine": "postgres",
        "DBInstanceClass": "db.t3.micro", "AllocatedStorage": 20, "BackupRetentionPeriod": 7,
        "told": {"InstanceCreateTime": (NOW - timedelta(days=60)).isoformat(), **told},
    }  # fmt: skip


def test_a_token_belongs_to_its_request(aws: Endpoint, backup: Any) -> None:
    aws.seed([point(days) for days in range(3)])
    token = backup.list_recovery_points_by_backup_vault(BackupVaultName="main", MaxResults=1)["NextToken"]
    with pytest.raises(ClientError, match="InvalidParameterValueException"):
        backup.list_recovery_points_by_backup_vault(BackupVaultName="main", NextToken=token, ByResourceType="RDS")


def test_points_are_filtered_by_time_and_resource(aws: Endpoint, backup: Any) -> None:
    aws.seed([point(days) for days in (1, 2, 3)] + [point(2, ResourceArn=DATABASE + "-2")])
    told = {
        "ByResourceArn": DATABASE,
        "ByCreatedAfter": NOW - timedelta(days=2, hours=1),
        "ByCreatedBefore": NOW - timedelta(days=1, hours=1),
    }
    found, _ = all_pages(
        backup, "list_recovery_points_by_backup_vault", "RecoveryPoints", BackupVaultName="main", **told
    )
    assert [row["CreationDate"] for row in found] == [NOW - timedelta(days=2)]


def test_job_history_ends_after_thirty_days(aws: Endpoint, backup: Any) -> None:
    aws.seed([job("backup_job", days, State="COMPLETED") for days in (1, 29, 31)])
    assert len(backup.list_backup_jobs()["BackupJobs"]) == 2


def test_no_native_backups_no_snapshot_and_nothing_restorable(aws: Endpoint) -> None:
    rds = aws.client("rds")
    rds.create_db_instance(DBInstanceIdentifier="bare", DBInstanceClass="db.t3.micro", Engine="postgres", AllocatedStorage=20,
                           MasterUsername="root", MasterUserPassword="not-a-secret", BackupRetentionPeriod=0)  # fmt: skip
    assert rds.describe_db_snapshots()["DBSnapshots"] == []
    assert "LatestRestorableTime" not in rds.describe_db_instances()["DBInstances"][0]
    assert rds.describe_db_instance_automated_backups()["DBInstanceAutomatedBackups"] == []


def test_latest_restorable_time_can_be_told(aws: Endpoint) -> None:
    then = (NOW - timedelta(hours=9)).replace(microsecond=0)
    aws.seed([instance("late", LatestRestorableTime=then.isoformat()), instance("fine")])
    rds = aws.client("rds")
    found = {
        row["DBInstanceIdentifier"]: row["LatestRestorableTime"] for row in rds.describe_db_instances()["DBInstances"]
    }
    assert found["late"] == then
    assert abs(found["fine"] - datetime.now(UTC) + timedelta(minutes=5)) < timedelta(minutes=2)
    windows = {
        row["DBInstanceIdentifier"]: row["RestoreWindow"]
        for row in rds.describe_db_instance_automated_backups()["DBInstanceAutomatedBackups"]
    }
    assert windows["late"] == {"EarliestTime": then - timedelta(days=7), "LatestTime": then}


def test_points_of_databases_are_snapshots_of_rds(aws: Endpoint, backup: Any) -> None:
    cluster = f"arn:aws:rds:us-east-1:{ACCOUNT}:cluster:shop"
    aws.seed([instance("orders"), point(1), point(1, ResourceArn=cluster, ResourceType="Aurora")])
    rds = aws.client("rds")
    [row] = rds.describe_db_snapshots(SnapshotType="awsbackup")["DBSnapshots"]
    assert (row["DBInstanceIdentifier"], row["Engine"]) == ("orders", "postgres")
    assert row["InstanceCreateTime"] < NOW - timedelta(days=59)
    [row] = rds.describe_db_cluster_snapshots(SnapshotType="manual")["DBClusterSnapshots"]
    assert row["DBClusterSnapshotIdentifier"].startswith("awsbackup:job-")
    assert rds.describe_db_snapshots()["DBSnapshots"] == []


def test_a_seed_with_an_unknown_member_is_refused(aws: Endpoint, backup: Any) -> None:
    with pytest.raises(ControlError, match="seed row 0.*unknown members.*'Colour'"):
        aws.seed([point(1, Colour="blue")])


CALLS: list[tuple[str, Callable[[Any], Any]]] = [
    ("backup", lambda client: client.list_backup_vaults()),
    ("rds", lambda client: client.describe_db_instances()),
    ("sts", lambda client: client.get_caller_identity()),
    ("resourcegroupstaggingapi", lambda client: client.get_resources()),
    ("s3", lambda client: client.list_buckets()),
]
CODES = {
    "deny": {"AccessDenied", "AccessDeniedException"},
    "throttle": {"Throttling", "ThrottlingException", "SlowDown"},
    "expired_token": {"ExpiredToken", "ExpiredTokenException"},
    "invalid_token": {"UnrecognizedClientException", "InvalidClientTokenId", "InvalidAccessKeyId"},
    "error500": {"InternalFailure", "InternalError"},
}


@pytest.mark.parametrize("kind", CODES)
@pytest.mark.parametrize(("service", "call"), CALLS, ids=[service for service, _ in CALLS])
def test_faults_speak_the_protocol_of_the_service(
    aws: Endpoint, kind: str, service: str, call: Callable[[Any], Any]
) -> None:
    client = aws.client(service)
    aws.fault(kind, service=service, times=1)
    with pytest.raises(ClientError) as struck:
        call(client)
    assert struck.value.response["Error"]["Code"] in CODES[kind]
    call(client)


@pytest.mark.parametrize(("service", "call"), CALLS, ids=[service for service, _ in CALLS])
def test_a_truncated_answer_cannot_be_read(aws: Endpoint, service: str, call: Callable[[Any], Any]) -> None:
    aws.fault("truncate", service=service)
    # boto3 takes half a JSON document for an empty one, half an XML document for an error (of S3: one of the server).
    try:
        answer = call(aws.client(service))
    except (ResponseParserError, ClientError):
        return
    assert set(answer) <= {"ResponseMetadata"}


def test_a_fault_waits_and_knows_its_place(aws: Endpoint, backup: Any) -> None:
    aws.fault("deny", service="backup", operation="ListBackupPlans", region="eu-west-1", after=1)
    elsewhere = aws.client("backup", "eu-west-1")
    elsewhere.list_backup_plans()
    elsewhere.list_backup_vaults()
    backup.list_backup_plans()
    with pytest.raises(ClientError, match="AccessDenied"):
        elsewhere.list_backup_plans()


def test_a_hanging_call_hangs_and_others_do_not(aws: Endpoint, backup: Any) -> None:
    aws.fault("hang", service="backup", operation="ListBackupPlans")
    with pytest.raises(ReadTimeoutError):
        aws.client("backup", patience_s=1).list_backup_plans()
    backup.list_backup_vaults()


def test_accounts_and_regions_are_apart(aws: Endpoint, backup: Any) -> None:
    assert aws.client("sts", account="444455556666").get_caller_identity()["Account"] == "444455556666"
    assert aws.client("backup", account="444455556666").list_backup_vaults()["BackupVaultList"] == []
    assert aws.client("backup", "eu-west-1").list_backup_vaults()["BackupVaultList"] == []
    assert len(backup.list_backup_vaults()["BackupVaultList"]) == 1


def test_calls_are_counted_under_their_names(aws: Endpoint, backup: Any) -> None:
    backup.list_backup_vaults()
    aws.client("rds", "eu-west-1").describe_db_instances()
    aws.client("resourcegroupstaggingapi").get_resources()
    s3 = aws.client("s3")
    s3.create_bucket(Bucket="one")
    s3.list_buckets()
    s3.get_bucket_versioning(Bucket="one")
    s3.get_bucket_notification_configuration(Bucket="one")
    s3.list_objects_v2(Bucket="one")
    rows = {(row["service"], row["operation"], row["region"]): row["count"] for row in aws.calls()}
    assert rows == {
        ("backup", "CreateBackupVault", "us-east-1"): 1,
        ("backup", "ListBackupVaults", "us-east-1"): 1,
        ("rds", "DescribeDBInstances", "eu-west-1"): 1,
        ("resourcegroupstaggingapi", "GetResources", "us-east-1"): 1,
        ("s3", "CreateBucket", "us-east-1"): 1,
        ("s3", "GetBucketNotificationConfiguration", "us-east-1"): 1,
        ("s3", "GetBucketVersioning", "us-east-1"): 1,
        ("s3", "ListBuckets", "us-east-1"): 1,
        ("s3", "ListObjectsV2", "us-east-1"): 1,
    }


def test_vault_names_with_slashes_are_reached(aws: Endpoint, backup: Any) -> None:
    name = "aws/efs/automatic-backup-vault"
    aws.seed([{"kind": "vault", "account": ACCOUNT, "region": "us-east-1", "BackupVaultName": name}])
    assert backup.describe_backup_vault(BackupVaultName=name)["BackupVaultName"] == name
    assert backup.list_recovery_points_by_backup_vault(BackupVaultName=name)["RecoveryPoints"] == []
