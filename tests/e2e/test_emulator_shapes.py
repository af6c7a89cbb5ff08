"""Every operation the emulator adds answers as botocore's model says."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from botocore.exceptions import ClientError

from emulator.backup import OPERATIONS
from harness import ACCOUNT, Endpoint
from shapes import ShapeCheck

ROLE = f"arn:aws:iam::{ACCOUNT}:role/service-role/AWSBackupDefaultServiceRole"
RDS_OPERATIONS = {
    "DescribeDBInstances", "DescribeDBClusters", "DescribeDBSnapshots", "DescribeDBClusterSnapshots",
    "DescribeDBInstanceAutomatedBackups", "DescribeDBClusterAutomatedBackups",
    "StartDBInstanceAutomatedBackupsReplication", "StopDBInstanceAutomatedBackupsReplication",
}  # fmt: skip


def databases(rds: Any, elsewhere: Any) -> str:
    """An instance with a replica, an Aurora cluster and a copy of the backups; the instance's ARN."""
    secret = {"MasterUsername": "root", "MasterUserPassword": "not-a-secret"}
    made = rds.create_db_instance(
        DBInstanceIdentifier="orders", DBInstanceClass="db.t3.medium", Engine="postgres", AllocatedStorage=20,
        BackupRetentionPeriod=7, Tags=[{"Key": "tier", "Value": "critical"}], **secret,
    )["DBInstance"]  # fmt: skip
    rds.create_db_instance_read_replica(DBInstanceIdentifier="orders-replica", SourceDBInstanceIdentifier="orders")
    rds.create_db_cluster(DBClusterIdentifier="shop", Engine="aurora-postgresql", **secret)
    rds.create_db_instance(
        DBInstanceIdentifier="shop-1",
        DBInstanceClass="db.r6g.large",
        Engine="aurora-postgresql",
        DBClusterIdentifier="shop",
    )
    rds.create_db_snapshot(DBSnapshotIdentifier="before-upgrade", DBInstanceIdentifier="orders")
    arn = made["DBInstanceArn"]
    elsewhere.start_db_instance_automated_backups_replication(SourceDBInstanceArn=arn, BackupRetentionPeriod=14)
    for name in (
        "instances",
        "clusters",
        "snapshots",
        "cluster_snapshots",
        "instance_automated_backups",
        "cluster_automated_backups",
    ):
        getattr(rds, f"describe_db_{name}")()
    elsewhere.stop_db_instance_automated_backups_replication(SourceDBInstanceArn=arn)
    return arn


def vault_and_plan(backup: Any) -> tuple[str, str]:
    """A vault with everything on it, a plan with a selection; ids of the latter."""
    backup.create_backup_vault(BackupVaultName="main", BackupVaultTags={"team": "data"})
    policy = '{"Version":"2012-10-17","Statement":[{"Effect":"Deny","Principal":"*","Action":"backup:DeleteRecoveryPoint","Resource":"*"}]}'
    backup.put_backup_vault_access_policy(BackupVaultName="main", Policy=policy)
    topic = f"arn:aws:sns:us-east-1:{ACCOUNT}:backups"
    backup.put_backup_vault_notifications(
        BackupVaultName="main", SNSTopicArn=topic, BackupVaultEvents=["COPY_JOB_FAILED"]
    )
    backup.put_backup_vault_lock_configuration(
        BackupVaultName="main", MinRetentionDays=1, MaxRetentionDays=400, ChangeableForDays=3
    )
    for name in ("describe_backup_vault", "get_backup_vault_access_policy", "get_backup_vault_notifications"):
        getattr(backup, name)(BackupVaultName="main")
    backup.list_backup_vaults()
    document = {
        "BackupPlanName": "daily",
        "Rules": [
            {
                "RuleName": "nightly",
                "TargetBackupVaultName": "main",
                "ScheduleExpression": "cron(0 5 * * ? *)",
                "ScheduleExpressionTimezone": "Europe/Berlin",
                "Lifecycle": {"DeleteAfterDays": 35},
                "EnableContinuousBackup": True,
                "CopyActions": [
                    {"DestinationBackupVaultArn": f"arn:aws:backup:eu-west-1:{ACCOUNT}:backup-vault:copies"}
                ],
            }
        ],
    }
    plan = backup.create_backup_plan(BackupPlan=document, BackupPlanTags={"team": "data"})["BackupPlanId"]
    backup.update_backup_plan(BackupPlanId=plan, BackupPlan=document)
    kept = backup.get_backup_plan(BackupPlanId=plan)["BackupPlan"]["Rules"][0]
    assert {name: kept[name] for name in document["Rules"][0]} == document["Rules"][0]
    backup.list_backup_plans()
    selection = {"SelectionName": "all", "IamRoleArn": ROLE, "Resources": ["*"]}
    chosen = backup.create_backup_selection(BackupPlanId=plan, BackupSelection=selection)["SelectionId"]
    backup.get_backup_selection(BackupPlanId=plan, SelectionId=chosen)
    backup.list_backup_selections(BackupPlanId=plan)
    return plan, chosen


def jobs(aws: Endpoint, backup: Any, elsewhere: Any, database: str) -> None:
    """A backup, a copy of it and a restore that a test has seeded."""
    elsewhere.create_backup_vault(BackupVaultName="copies")
    made = backup.start_backup_job(
        BackupVaultName="main", ResourceArn=database, IamRoleArn=ROLE, Lifecycle={"DeleteAfterDays": 35}
    )
    copied = backup.start_copy_job(
        RecoveryPointArn=made["RecoveryPointArn"], SourceBackupVaultName="main", IamRoleArn=ROLE,
        DestinationBackupVaultArn=f"arn:aws:backup:eu-west-1:{ACCOUNT}:backup-vault:copies",
    )  # fmt: skip
    aws.seed(
        [
            {
                "kind": "restore_job", "account": ACCOUNT, "region": "us-east-1", "Status": "COMPLETED", "ResourceType": "RDS",
                "CreationDate": made["CreationDate"].isoformat(), "RecoveryPointArn": made["RecoveryPointArn"],
                "PercentDone": "100.0", "ValidationStatus": "SUCCESSFUL",
            }
        ]
    )  # fmt: skip
    backup.describe_backup_job(BackupJobId=made["BackupJobId"])
    backup.describe_copy_job(CopyJobId=copied["CopyJobId"])
    for name in ("backup", "copy", "restore"):
        assert len(getattr(backup, f"list_{name}_jobs")()[f"{name.title()}Jobs"]) == 1
    copy = elsewhere.list_recovery_points_by_backup_vault(BackupVaultName="copies")["RecoveryPoints"][0]
    assert copy["ResourceArn"] == database and copy["SourceBackupVaultArn"].endswith(":main")
    elsewhere.delete_recovery_point(BackupVaultName="copies", RecoveryPointArn=copy["RecoveryPointArn"])
    elsewhere.delete_backup_vault(BackupVaultName="copies")


def undo(backup: Any, plan: str, selection: str) -> None:
    """Take away what can be taken away, and read the settings."""
    backup.delete_backup_selection(BackupPlanId=plan, SelectionId=selection)
    backup.delete_backup_plan(BackupPlanId=plan)
    for name in ("access_policy", "notifications", "lock_configuration"):
        getattr(backup, f"delete_backup_vault_{name}")(BackupVaultName="main")
    backup.update_region_settings(ResourceTypeOptInPreference={"EFS": False})
    assert backup.describe_region_settings()["ResourceTypeOptInPreference"]["EFS"] is False
    arn = backup.describe_backup_vault(BackupVaultName="main")["BackupVaultArn"]
    backup.tag_resource(ResourceArn=arn, Tags={"owner": "me"})
    assert backup.list_tags(ResourceArn=arn)["Tags"] == {"team": "data", "owner": "me"}
    backup.untag_resource(ResourceArn=arn, TagKeyList=["owner"])


def test_answers_have_the_shape_of_the_model(aws: Endpoint) -> None:
    check = ShapeCheck()
    rds, rds_elsewhere = (check.watch(aws.client("rds", region)) for region in ("us-east-1", "eu-west-1"))
    backup, elsewhere = (check.watch(aws.client("backup", region)) for region in ("us-east-1", "eu-west-1"))
    database = databases(rds, rds_elsewhere)
    plan, selection = vault_and_plan(backup)
    jobs(aws, backup, elsewhere, database)
    found = check.watch(aws.client("resourcegroupstaggingapi")).get_resources(ResourceTypeFilters=["backup"])
    assert {row["ResourceARN"].split(":")[5] for row in found["ResourceTagMappingList"]} == {
        "backup-vault",
        "backup-plan",
    }
    undo(backup, plan, selection)

    assert check.problems == []
    assert {name for service, name in check.answered if service == "backup"} == set(OPERATIONS)
    assert {name for service, name in check.answered if service == "rds"} >= RDS_OPERATIONS


def _rule(**told: Any) -> dict[str, Any]:
    return {"BackupPlanName": "p", "Rules": [{"RuleName": "r", "TargetBackupVaultName": "main", **told}]}


ARN = f"arn:aws:rds:us-east-1:{ACCOUNT}:db:orders"
SELECTION = {"SelectionName": "s", "IamRoleArn": ROLE}
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
]  # fmt: skip


@pytest.mark.parametrize(("service", "call", "code"), [row[1:] for row in REFUSED], ids=[row[0] for row in REFUSED])
def test_refusals_have_a_code_of_the_model(aws: Endpoint, service: str, call: Callable[[Any], Any], code: str) -> None:
    aws.client("backup").create_backup_vault(BackupVaultName="main")
    check = ShapeCheck()
    with pytest.raises(ClientError) as refused:
        call(check.watch(aws.client(service)))
    assert refused.value.response["Error"]["Code"] == code
    assert check.problems == []


def test_cold_and_ninety_days_later_is_allowed(aws: Endpoint) -> None:
    backup = aws.client("backup")
    backup.create_backup_vault(BackupVaultName="main")
    backup.create_backup_plan(BackupPlan=_rule(Lifecycle={"MoveToColdStorageAfterDays": 7, "DeleteAfterDays": 97}))
