"""What AWS refuses, the emulator refuses, with a code that the API model lists."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
from botocore.exceptions import ClientError

from harness import ACCOUNT, Endpoint
from shapes import ShapeCheck

ROLE = f"arn:aws:iam::{ACCOUNT}:role/service-role/AWSBackupDefaultServiceRole"


def _rule(**told: Any) -> dict[str, Any]:
    return {"BackupPlanName": "p", "Rules": [{"RuleName": "r", "TargetBackupVaultName": "main", **told}]}


ARN = f"arn:aws:rds:us-east-1:{ACCOUNT}:db:orders"
SELECTION = {"SelectionName": "s", "IamRoleArn": ROLE}
FOREIGN_KEY = "arn:aws:kms:us-east-1:444455556666:key/1f0c7c0e-5d2b-4c41-9d0a-5f1d6f0f3a11"
CHANNEL = {"S3BucketName": "reports"}


def _test_plan(**told: Any) -> dict[str, Any]:
    chosen = {"Algorithm": "LATEST_WITHIN_WINDOW", "IncludeVaults": ["*"], "RecoveryPointTypes": ["SNAPSHOT"]}
    plan = {"RestoreTestingPlanName": "weekly", "ScheduleExpression": "cron(0 5 ? * SUN *)"}
    return {"RestoreTestingPlan": {**plan, "RecoveryPointSelection": chosen, **told}}


def _test_selection(client: Any, **told: Any) -> Any:
    client.create_restore_testing_plan(**_test_plan())
    chosen = {"RestoreTestingSelectionName": "all", "IamRoleArn": ROLE, "ProtectedResourceType": "RDS", **told}
    return client.create_restore_testing_selection(RestoreTestingPlanName="weekly", RestoreTestingSelection=chosen)


def _twice(client: Any, method: str, **told: Any) -> Any:
    getattr(client, method)(**told)
    return getattr(client, method)(**told)


def _share(client: Any, encrypted: bool, accounts: list[str]) -> Any:
    client.create_db_instance(
        DBInstanceIdentifier="orders", DBInstanceClass="db.t3.medium", Engine="postgres", AllocatedStorage=20,
        MasterUsername="root", MasterUserPassword="not-a-secret", StorageEncrypted=encrypted,
    )  # fmt: skip
    client.create_db_snapshot(DBSnapshotIdentifier="by-hand", DBInstanceIdentifier="orders")
    return client.modify_db_snapshot_attribute(
        DBSnapshotIdentifier="by-hand", AttributeName="restore", ValuesToAdd=accounts
    )


def _delete_twice(client: Any) -> Any:
    key = client.create_key()["KeyMetadata"]["Arn"]
    return _twice(client, "schedule_key_deletion", KeyId=key)


def _hold_cancelled_twice(client: Any) -> Any:
    hold = client.create_legal_hold(Title="t", Description="d")["LegalHoldId"]
    return _twice(client, "cancel_legal_hold", LegalHoldId=hold, CancelDescription="d")


REFUSED: list[tuple[str, str, Callable[[Any], Any], str]] = [
    ("89 days between cold and deletion", "backup", lambda c: c.create_backup_plan(BackupPlan=_rule(Lifecycle={"MoveToColdStorageAfterDays": 7, "DeleteAfterDays": 96})), "InvalidParameterValueException"),
    ("the same in a copy", "backup", lambda c: c.create_backup_plan(BackupPlan=_rule(CopyActions=[{"DestinationBackupVaultArn": f"arn:aws:backup:eu-west-1:{ACCOUNT}:backup-vault:x1", "Lifecycle": {"MoveToColdStorageAfterDays": 7, "DeleteAfterDays": 96}}])), "InvalidParameterValueException"),
    ("cold storage of a continuous backup", "backup", lambda c: c.create_backup_plan(BackupPlan=_rule(EnableContinuousBackup=True, Lifecycle={"MoveToColdStorageAfterDays": 1, "DeleteAfterDays": 35})), "InvalidParameterValueException"),
    ("unknown target vault", "backup", lambda c: c.create_backup_plan(BackupPlan={"BackupPlanName": "p", "Rules": [{"RuleName": "r", "TargetBackupVaultName": "nowhere"}]}), "InvalidParameterValueException"),
    ("cron without a question mark", "backup", lambda c: c.create_backup_plan(BackupPlan=_rule(ScheduleExpression="cron(0 5 * * * *)")), "InvalidParameterValueException"),
    ("start window under an hour", "backup", lambda c: c.create_backup_plan(BackupPlan=_rule(StartWindowMinutes=59)), "InvalidParameterValueException"),
    ("vault name with a dot", "backup", lambda c: c.create_backup_vault(BackupVaultName="a.b"), "InvalidParameterValueException"),
    ("vault name taken", "backup", lambda c: c.create_backup_vault(BackupVaultName="main"), "AlreadyExistsException"),
    ("vault that is not there", "backup", lambda c: c.describe_backup_vault(BackupVaultName="nowhere"), "ResourceNotFoundException"),
    ("no policy", "backup", lambda c: c.get_backup_vault_access_policy(BackupVaultName="main"), "ResourceNotFoundException"),
    ("no notifications", "backup", lambda c: c.get_backup_vault_notifications(BackupVaultName="main"), "ResourceNotFoundException"),
    ("wildcard action in a policy", "backup", lambda c: c.put_backup_vault_access_policy(BackupVaultName="main", Policy='{"Statement":[{"Action":"backup:*"}]}'), "InvalidParameterValueException"),
    ("lock that is upside down", "backup", lambda c: c.put_backup_vault_lock_configuration(BackupVaultName="main", MinRetentionDays=9, MaxRetentionDays=8), "InvalidParameterValueException"),
    ("plan that is not there", "backup", lambda c: c.get_backup_plan(BackupPlanId="nowhere"), "ResourceNotFoundException"),
    ("selections of no plan", "backup", lambda c: c.list_backup_selections(BackupPlanId="nowhere"), "ResourceNotFoundException"),
    ("selection for no plan", "backup", lambda c: c.create_backup_selection(BackupPlanId="nowhere", BackupSelection=SELECTION), "InvalidParameterValueException"),
    ("condition key without prefix", "backup", lambda c: c.create_backup_selection(BackupPlanId="any", BackupSelection={**SELECTION, "Conditions": {"StringEquals": [{"ConditionKey": "tier", "ConditionValue": "x"}]}}), "InvalidParameterValueException"),
    ("1001 results", "backup", lambda c: c.list_backup_jobs(MaxResults=1001), "InvalidParameterValueException"),
    ("token of nobody", "backup", lambda c: c.list_backup_vaults(NextToken="x"), "InvalidParameterValueException"),
    ("copy of no point", "backup", lambda c: c.start_copy_job(RecoveryPointArn="arn:aws:x", SourceBackupVaultName="main", IamRoleArn=ROLE, DestinationBackupVaultArn="arn:aws:x"), "ResourceNotFoundException"),
    ("instance that is not there", "rds", lambda c: c.describe_db_instances(DBInstanceIdentifier="nowhere"), "DBInstanceNotFound"),
    ("cluster that is not there", "rds", lambda c: c.describe_db_clusters(DBClusterIdentifier="nowhere"), "DBClusterNotFoundFault"),
    ("snapshot that is not there", "rds", lambda c: c.describe_db_cluster_snapshots(DBClusterSnapshotIdentifier="nowhere"), "DBClusterSnapshotNotFoundFault"),
    ("automated backup that is not there", "rds", lambda c: c.describe_db_instance_automated_backups(DBInstanceIdentifier="nowhere"), "DBInstanceAutomatedBackupNotFound"),
    ("replication of nothing", "rds", lambda c: c.start_db_instance_automated_backups_replication(SourceDBInstanceArn=ARN), "DBInstanceNotFound"),
    ("19 records", "rds", lambda c: c.describe_db_instances(MaxRecords=19), "InvalidParameterValue"),
    ("air-gapped vault that keeps six days", "backup", lambda c: c.create_logically_air_gapped_backup_vault(BackupVaultName="island", MinRetentionDays=6, MaxRetentionDays=9), "InvalidParameterValueException"),
    ("restore testing plan with a hyphen", "backup", lambda c: c.create_restore_testing_plan(**_test_plan(RestoreTestingPlanName="a-b")), "InvalidParameterValueException"),
    ("restore tests within 169 hours", "backup", lambda c: c.create_restore_testing_plan(**_test_plan(StartWindowHours=169)), "InvalidParameterValueException"),
    ("restore tests of no vault", "backup", lambda c: c.create_restore_testing_plan(**_test_plan(RecoveryPointSelection={"Algorithm": "RANDOM_WITHIN_WINDOW", "RecoveryPointTypes": ["SNAPSHOT"]})), "MissingParameterValueException"),
    ("restore testing plan twice", "backup", lambda c: _twice(c, "create_restore_testing_plan", **_test_plan()), "AlreadyExistsException"),
    ("restore testing plan that is not there", "backup", lambda c: c.get_restore_testing_plan(RestoreTestingPlanName="nowhere"), "ResourceNotFoundException"),
    ("restore tests of what cannot be tested", "backup", lambda c: _test_selection(c, ProtectedResourceType="Timestream", ProtectedResourceArns=["*"]), "InvalidParameterValueException"),
    ("restore tests of nothing", "backup", lambda c: _test_selection(c), "MissingParameterValueException"),
    ("restore tests of one resource on a condition", "backup", lambda c: _test_selection(c, ProtectedResourceArns=[ARN], ProtectedResourceConditions={"StringEquals": [{"Key": "a", "Value": "b"}]}), "InvalidParameterValueException"),
    ("restore tests validated for 169 hours", "backup", lambda c: _test_selection(c, ProtectedResourceArns=["*"], ValidationWindowHours=169), "InvalidParameterValueException"),
    ("restore tests of no plan", "backup", lambda c: c.list_restore_testing_selections(RestoreTestingPlanName="nowhere"), "ResourceNotFoundException"),
    ("framework of an unknown control", "backup", lambda c: c.create_framework(FrameworkName="f", FrameworkControls=[{"ControlName": "NO_SUCH_CONTROL"}]), "InvalidParameterValueException"),
    ("framework with a hyphen", "backup", lambda c: c.create_framework(FrameworkName="a-b", FrameworkControls=[{"ControlName": "BACKUP_RECOVERY_POINT_ENCRYPTED"}]), "InvalidParameterValueException"),
    ("framework that is not there", "backup", lambda c: c.describe_framework(FrameworkName="nowhere"), "ResourceNotFoundException"),
    ("report of nothing known", "backup", lambda c: c.create_report_plan(ReportPlanName="r", ReportDeliveryChannel=CHANNEL, ReportSetting={"ReportTemplate": "WEATHER_REPORT"}), "InvalidParameterValueException"),
    ("report plan twice", "backup", lambda c: _twice(c, "create_report_plan", ReportPlanName="r", ReportDeliveryChannel=CHANNEL, ReportSetting={"ReportTemplate": "BACKUP_JOB_REPORT"}), "AlreadyExistsException"),
    ("legal hold on days to come", "backup", lambda c: c.create_legal_hold(Title="t", Description="d", RecoveryPointSelection={"DateRange": {"FromDate": 0, "ToDate": 4_000_000_000}}), "InvalidParameterValueException"),
    ("legal hold cancelled twice", "backup", _hold_cancelled_twice, "InvalidResourceStateException"),
    ("settings of no organization, changed", "backup", lambda c: c.update_global_settings(GlobalSettings={}), "InvalidRequestException"),
    ("key of another account", "kms", lambda c: c.describe_key(KeyId=FOREIGN_KEY), "AccessDeniedException"),
    ("key of another Region", "kms", lambda c: c.describe_key(KeyId=FOREIGN_KEY.replace("us-east-1", "eu-west-1")), "NotFoundException"),
    ("key deleted in six days", "kms", lambda c: c.schedule_key_deletion(KeyId=c.create_key()["KeyMetadata"]["KeyId"], PendingWindowInDays=6), "ValidationException"),
    ("key deleted twice", "kms", _delete_twice, "KMSInvalidStateException"),
    ("rotation of a key that signs", "kms", lambda c: c.get_key_rotation_status(KeyId=c.create_key(KeyUsage="SIGN_VERIFY", KeySpec="RSA_2048")["KeyMetadata"]["KeyId"]), "UnsupportedOperationException"),
    ("attributes of no snapshot", "rds", lambda c: c.describe_db_snapshot_attributes(DBSnapshotIdentifier="nowhere"), "DBSnapshotNotFound"),
    ("snapshot under a key of AWS, shared", "rds", lambda c: _share(c, True, ["444455556666"]), "InvalidDBSnapshotState"),
    ("snapshot shared with 21 accounts", "rds", lambda c: _share(c, False, [f"{number:012}" for number in range(21)]), "SharedSnapshotQuotaExceeded"),
]  # fmt: skip


@pytest.mark.parametrize(("service", "call", "code"), [row[1:] for row in REFUSED], ids=[row[0] for row in REFUSED])
def test_refusals_have_a_code_of_the_model(aws: Endpoint, service: str, call: Callable[[Any], Any], code: str) -> None:
    aws.client("backup").create_backup_vault(BackupVaultName="main")
    check = ShapeCheck()
    with pytest.raises(ClientError) as refused:
        call(check.watch(aws.client(service)))
    assert refused.value.response["Error"]["Code"] == code
    assert check.problems == []


def test_outside_an_organization_aws_answers_with_a_code_of_no_model(aws: Endpoint) -> None:
    with pytest.raises(ClientError) as refused:
        aws.client("backup").describe_global_settings()
    assert refused.value.response["Error"]["Code"] == "ERROR_9601"


def test_cold_and_ninety_days_later_is_allowed(aws: Endpoint) -> None:
    backup = aws.client("backup")
    backup.create_backup_vault(BackupVaultName="main")
    backup.create_backup_plan(BackupPlan=_rule(Lifecycle={"MoveToColdStorageAfterDays": 7, "DeleteAfterDays": 97}))


def test_what_is_held_is_not_deleted(aws: Endpoint) -> None:
    backup, rds = aws.client("backup"), aws.client("rds")
    backup.create_backup_vault(BackupVaultName="main")
    secret = {"MasterUsername": "root", "MasterUserPassword": "not-a-secret"}
    rds.create_db_instance(DBInstanceIdentifier="orders", DBInstanceClass="db.t3.medium", Engine="postgres",
                           AllocatedStorage=20, **secret)  # fmt: skip
    point = backup.start_backup_job(BackupVaultName="main", ResourceArn=ARN, IamRoleArn=ROLE)["RecoveryPointArn"]
    named = {"BackupVaultName": "main", "RecoveryPointArn": point}
    hold = backup.create_legal_hold(
        Title="case 7", Description="of the court", RecoveryPointSelection={"ResourceIdentifiers": [ARN]}
    )
    with pytest.raises(ClientError, match="InvalidRequestException.*legal hold"):
        backup.delete_recovery_point(**named)
    backup.cancel_legal_hold(LegalHoldId=hold["LegalHoldId"], CancelDescription="settled")
    backup.delete_recovery_point(**named)


def test_a_lifecycle_is_changed_within_the_lock_and_counts_from_creation(aws: Endpoint) -> None:
    backup = aws.client("backup")
    backup.create_backup_vault(BackupVaultName="main")
    arn = "arn:aws:rds:us-east-1:111122223333:snapshot:awsbackup:job-1"
    point = {"kind": "recovery_point", "account": ACCOUNT, "region": "us-east-1", "BackupVaultName": "main"}
    told = {"RecoveryPointArn": arn, "ResourceArn": ARN, "ResourceType": "RDS", "CreationDate": "2026-01-01T00:00:00Z"}
    aws.seed([{**point, **told}])
    backup.put_backup_vault_lock_configuration(BackupVaultName="main", MinRetentionDays=30)
    named = {"BackupVaultName": "main", "RecoveryPointArn": arn}
    with pytest.raises(ClientError, match="InvalidRequestException.*below the minimum"):
        backup.update_recovery_point_lifecycle(**named, Lifecycle={"DeleteAfterDays": 7})
    changed = backup.update_recovery_point_lifecycle(**named, Lifecycle={"DeleteAfterDays": 31})
    assert changed["CalculatedLifecycle"]["DeleteAt"].isoformat().startswith("2026-02-01")
    with pytest.raises(ClientError, match="ResourceNotFoundException"):
        backup.update_recovery_point_lifecycle(**{**named, "RecoveryPointArn": f"{arn}0"}, Lifecycle={"DeleteAfterDays": 31})


COPIES: list[tuple[str, str, dict[str, Any], str]] = [
    ("a vault under a customer key", ACCOUNT, {"key": True}, "COMPLETED"),
    ("a vault under the key of AWS Backup", ACCOUNT, {}, "not encrypted by a customer managed key"),
    ("a vault of nobody", ACCOUNT, {"absent": True}, "does not exist"),
    ("another account outside the organization", "444455556666", {"key": True}, "not enabled in the organization"),
    ("another account whose vault lets nobody in", "444455556666", {"key": True, "members": True}, "access policy"),
    ("another account", "444455556666", {"key": True, "members": True, "lets_in": True}, "COMPLETED"),
    ("a lock that wants more days", ACCOUNT, {"key": True, "lock": 36}, "below the minimum"),
    ("an air-gapped vault", ACCOUNT, {"air_gapped": True}, "RDS cannot be copied"),
]


@pytest.mark.parametrize(("account", "how", "end"), [row[1:] for row in COPIES], ids=[f"to {row[0]}" for row in COPIES])
def test_copies_end_as_documented(aws: Endpoint, account: str, how: dict[str, Any], end: str) -> None:
    backup, target = aws.client("backup"), aws.client("backup", "eu-west-1", account)
    backup.create_backup_vault(BackupVaultName="main")
    point = {
        "kind": "recovery_point", "account": ACCOUNT, "region": "us-east-1", "BackupVaultName": "main", "ResourceArn": ARN,
        "ResourceType": "RDS", "CreationDate": "2026-01-02T03:04:05+00:00", "RecoveryPointArn": f"{ARN}-point",
        "Lifecycle": {"DeleteAfterDays": 35}, "IsEncrypted": True,
    }  # fmt: skip
    aws.seed([point])
    if how.get("members"):
        aws.seed([{"kind": "organization", "account": ACCOUNT, "region": "us-east-1", "Members": [account]}])
        backup.update_global_settings(GlobalSettings={"isCrossAccountBackupEnabled": "true"})
    if how.get("air_gapped"):
        target.create_logically_air_gapped_backup_vault(
            BackupVaultName="there", MinRetentionDays=7, MaxRetentionDays=90
        )
    elif not how.get("absent"):
        key = aws.client("kms", "eu-west-1", account).create_key()["KeyMetadata"]["Arn"]
        chosen = {"EncryptionKeyArn": key} if how.get("key") else {}
        target.create_backup_vault(BackupVaultName="there", **chosen)
    if how.get("lets_in"):
        statement = {"Effect": "Allow", "Principal": {"AWS": f"arn:aws:iam::{ACCOUNT}:root"}, "Action": "backup:CopyIntoBackupVault", "Resource": "*"}  # fmt: skip
        target.put_backup_vault_access_policy(BackupVaultName="there", Policy=json.dumps({"Statement": [statement]}))
    if how.get("lock"):
        target.put_backup_vault_lock_configuration(BackupVaultName="there", MinRetentionDays=how["lock"])
    backup.start_copy_job(
        RecoveryPointArn=point["RecoveryPointArn"], SourceBackupVaultName="main", IamRoleArn=ROLE,
        DestinationBackupVaultArn=f"arn:aws:backup:eu-west-1:{account}:backup-vault:there",
    )  # fmt: skip
    [job] = backup.list_copy_jobs()["CopyJobs"]
    assert end in (job["State"], job.get("StatusMessage", "")) or end in job.get("StatusMessage", "")
