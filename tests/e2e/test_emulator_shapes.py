"""Every operation the emulator adds answers as botocore's model says."""

from __future__ import annotations

import json
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
    "DescribeDBSnapshotAttributes", "DescribeDBClusterSnapshotAttributes",
    "ModifyDBSnapshotAttribute", "ModifyDBClusterSnapshotAttribute",
}  # fmt: skip
KMS_OPERATIONS = {"DescribeKey", "GetKeyRotationStatus", "EnableKeyRotation", "DisableKey", "ScheduleKeyDeletion"}


def keys(kms: Any, kms_elsewhere: Any) -> tuple[str, str]:
    """A key in each Region, and one of each kind and state; the ARNs of the first two."""
    here, there = (client.create_key()["KeyMetadata"]["Arn"] for client in (kms, kms_elsewhere))
    for known in (kms.describe_key(KeyId=here)["KeyMetadata"], kms.describe_key(KeyId="alias/aws/rds")["KeyMetadata"]):
        assert (known["KeyState"], known["Origin"], known["MultiRegion"]) == ("Enabled", "AWS_KMS", False)
    assert known["KeyManager"] == "AWS" and kms.get_key_rotation_status(KeyId=known["Arn"])["KeyRotationEnabled"]
    assert kms.get_key_rotation_status(KeyId=here)["KeyRotationEnabled"] is False
    kms.enable_key_rotation(KeyId=here, RotationPeriodInDays=180)
    assert kms.get_key_rotation_status(KeyId=here)["RotationPeriodInDays"] == 180
    going = kms.create_key(MultiRegion=True)["KeyMetadata"]["Arn"]
    until = kms.schedule_key_deletion(KeyId=going, PendingWindowInDays=7)["DeletionDate"]
    gone = kms.describe_key(KeyId=going)["KeyMetadata"]
    assert (gone["KeyState"], gone["DeletionDate"], gone["MultiRegion"]) == ("PendingDeletion", until, True)
    off = kms.create_key()["KeyMetadata"]["KeyId"]
    kms.disable_key(KeyId=off)
    assert kms.describe_key(KeyId=off)["KeyMetadata"]["KeyState"] == "Disabled"
    return here, there


def databases(rds: Any, elsewhere: Any, key: str, key_elsewhere: str) -> str:
    """An instance with a replica, an Aurora cluster and a copy of the backups; the instance's ARN."""
    secret = {"MasterUsername": "root", "MasterUserPassword": "not-a-secret"}
    made = rds.create_db_instance(
        DBInstanceIdentifier="orders", DBInstanceClass="db.t3.medium", Engine="postgres", AllocatedStorage=20,
        BackupRetentionPeriod=7, Tags=[{"Key": "tier", "Value": "critical"}], StorageEncrypted=True, KmsKeyId=key, **secret,
    )["DBInstance"]  # fmt: skip
    rds.create_db_instance_read_replica(DBInstanceIdentifier="orders-replica", SourceDBInstanceIdentifier="orders")
    rds.create_db_cluster(DBClusterIdentifier="shop", Engine="aurora-postgresql", **secret)
    rds.create_db_instance(
        DBInstanceIdentifier="shop-1",
        DBInstanceClass="db.r6g.large",
        Engine="aurora-postgresql",
        DBClusterIdentifier="shop",
    )
    assert made["KmsKeyId"] == key
    rds.create_db_snapshot(DBSnapshotIdentifier="before-upgrade", DBInstanceIdentifier="orders")
    rds.create_db_cluster_snapshot(DBClusterSnapshotIdentifier="shop-by-hand", DBClusterIdentifier="shop")
    share(rds, "db_snapshot", "DBSnapshot", "before-upgrade", ["444455556666"])
    share(rds, "db_cluster_snapshot", "DBClusterSnapshot", "shop-by-hand", ["all"])
    arn = made["DBInstanceArn"]
    elsewhere.start_db_instance_automated_backups_replication(
        SourceDBInstanceArn=arn, BackupRetentionPeriod=14, KmsKeyId=key_elsewhere
    )
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


def share(rds: Any, kind: str, prefix: str, name: str, accounts: list[str]) -> None:
    """Let others restore a snapshot."""
    named = {f"{prefix}Identifier": name}
    getattr(rds, f"modify_{kind}_attribute")(**named, AttributeName="restore", ValuesToAdd=accounts)
    told = getattr(rds, f"describe_{kind}_attributes")(**named)[f"{prefix}AttributesResult"]
    assert told[f"{prefix}Attributes"] == [{"AttributeName": "restore", "AttributeValues": accounts}]


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


def jobs(aws: Endpoint, backup: Any, elsewhere: Any, database: str, key_elsewhere: str) -> None:
    """A backup, a copy of it and a restore that a test has seeded."""
    elsewhere.create_backup_vault(BackupVaultName="copies", EncryptionKeyArn=key_elsewhere)
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
            },
            {
                "kind": "scan_job", "account": ACCOUNT, "region": "us-east-1", "State": "COMPLETED", "ScanMode": "FULL_SCAN",
                "CreationDate": made["CreationDate"].isoformat(), "RecoveryPointArn": made["RecoveryPointArn"],
                "BackupVaultArn": f"arn:aws:backup:us-east-1:{ACCOUNT}:backup-vault:main", "BackupVaultName": "main",
                "ResourceArn": database, "ResourceName": "db", "ResourceType": "EBS", "MalwareScanner": "GUARDDUTY",
                "IamRoleArn": ROLE, "ScannerRoleArn": ROLE,
                "CreatedBy": {"BackupPlanArn": "a", "BackupPlanId": "b", "BackupPlanVersion": "c", "BackupRuleId": "d"},
            },
        ]
    )  # fmt: skip
    backup.describe_backup_job(BackupJobId=made["BackupJobId"])
    backup.describe_copy_job(CopyJobId=copied["CopyJobId"])
    for name in ("backup", "copy", "restore", "scan"):
        assert len(getattr(backup, f"list_{name}_jobs")()[f"{name.title()}Jobs"]) == 1
    copy = elsewhere.list_recovery_points_by_backup_vault(BackupVaultName="copies")["RecoveryPoints"][0]
    assert copy["ResourceArn"] == database and copy["SourceBackupVaultArn"].endswith(":main")
    assert (copy["IsEncrypted"], copy["EncryptionKeyArn"]) == (True, key_elsewhere)
    [known] = backup.list_protected_resources()["Results"]
    assert known["ResourceArn"] == database and known["LastRecoveryPointArn"] == made["RecoveryPointArn"]
    elsewhere.update_recovery_point_lifecycle(
        BackupVaultName="copies", RecoveryPointArn=copy["RecoveryPointArn"], Lifecycle={"DeleteAfterDays": 400}
    )
    elsewhere.delete_recovery_point(BackupVaultName="copies", RecoveryPointArn=copy["RecoveryPointArn"])
    elsewhere.delete_backup_vault(BackupVaultName="copies")


def restore_testing(backup: Any) -> None:
    """A plan with a selection."""
    plan = {
        "RestoreTestingPlanName": "weekly",
        "ScheduleExpression": "cron(0 5 ? * SUN *)",
        "RecoveryPointSelection": {
            "Algorithm": "LATEST_WITHIN_WINDOW",
            "IncludeVaults": ["*"],
            "RecoveryPointTypes": ["SNAPSHOT"],
        },
    }
    backup.create_restore_testing_plan(RestoreTestingPlan=plan)
    told = backup.get_restore_testing_plan(RestoreTestingPlanName="weekly")["RestoreTestingPlan"]
    assert (told["StartWindowHours"], told["RecoveryPointSelection"]["SelectionWindowDays"]) == (24, 30)
    assert [one["RestoreTestingPlanName"] for one in backup.list_restore_testing_plans()["RestoreTestingPlans"]] == [
        "weekly"
    ]
    named = {"RestoreTestingPlanName": "weekly"}
    selection = {
        "RestoreTestingSelectionName": "databases", "IamRoleArn": ROLE, "ProtectedResourceType": "RDS", "ProtectedResourceArns": ["*"],
        "ProtectedResourceConditions": {"StringEquals": [{"Key": "aws:ResourceTag/tier", "Value": "critical"}]},
    }  # fmt: skip
    backup.create_restore_testing_selection(RestoreTestingSelection=selection, **named)
    told = backup.get_restore_testing_selection(RestoreTestingSelectionName="databases", **named)
    assert told["RestoreTestingSelection"].items() >= selection.items()
    assert len(backup.list_restore_testing_selections(**named)["RestoreTestingSelections"]) == 1


def audits(aws: Endpoint, backup: Any) -> None:
    """A framework, active once AWS Config records, and a report plan that has not succeeded yet."""
    control = {
        "ControlName": "BACKUP_PLAN_MIN_FREQUENCY_AND_MIN_RETENTION_CHECK",
        "ControlInputParameters": [{"ParameterName": "requiredRetentionDays", "ParameterValue": "35"}],
    }
    arn = backup.create_framework(FrameworkName="baseline", FrameworkControls=[control])["FrameworkArn"]
    assert backup.describe_framework(FrameworkName="baseline")["FrameworkStatus"] == "INACTIVE"
    assert backup.list_frameworks()["Frameworks"][0]["NumberOfControls"] == 1
    channel, setting = (
        {"S3BucketName": "reports"},
        {"ReportTemplate": "CONTROL_COMPLIANCE_REPORT", "FrameworkArns": [arn]},
    )
    backup.create_report_plan(ReportPlanName="daily", ReportDeliveryChannel=channel, ReportSetting=setting)
    tried = "2026-01-02T03:04:05+00:00"
    where = {"account": ACCOUNT, "region": "us-east-1"}
    aws.seed([{"kind": "report_plan", "ReportPlanName": "daily", "LastAttemptedExecutionTime": tried, **where}])
    [listed] = backup.list_report_plans()["ReportPlans"]
    assert listed == backup.describe_report_plan(ReportPlanName="daily")["ReportPlan"]
    assert listed["LastAttemptedExecutionTime"].isoformat() == tried and "LastSuccessfulExecutionTime" not in listed


def legal_holds(backup: Any) -> None:
    """One that comes and goes."""
    hold = backup.create_legal_hold(
        Title="case 7", Description="of the court", RecoveryPointSelection={"VaultNames": ["main"]}
    )
    assert backup.list_legal_holds()["LegalHolds"][0]["Status"] == "ACTIVE"
    backup.cancel_legal_hold(LegalHoldId=hold["LegalHoldId"], CancelDescription="settled", RetainRecordInDays=30)
    told = backup.get_legal_hold(LegalHoldId=hold["LegalHoldId"])
    assert told["Status"] == "CANCELED" and told["RecoveryPointSelection"] == {"VaultNames": ["main"]}


def organization(aws: Endpoint, backup: Any) -> None:
    """Settings of the organisation, seen from a member."""
    aws.seed([{"kind": "organization", "account": ACCOUNT, "region": "us-east-1", "Members": ["444455556666"]}])
    backup.update_global_settings(GlobalSettings={"isCrossAccountBackupEnabled": "true"})
    told = aws.client("backup", account="444455556666").describe_global_settings()
    assert told["GlobalSettings"] == backup.describe_global_settings()["GlobalSettings"]
    assert told["GlobalSettings"]["isCrossAccountBackupEnabled"] == "true"


def backup_policy(check: ShapeCheck, aws: Endpoint) -> None:
    """A backup policy on the root takes effect in every account, until one of its own does."""
    organizations = check.watch(aws.client("organizations"))
    member = check.watch(aws.client("organizations", account="444455556666"))
    asked = {"PolicyType": "BACKUP_POLICY"}
    with pytest.raises(ClientError, match="EffectivePolicyNotFoundException"):
        member.describe_effective_policy(**asked)
    for name, target in (("all", organizations.list_roots()["Roots"][0]["Id"]), ("own", ACCOUNT)):
        content = json.dumps({"plans": {name: {"regions": {"@@assign": ["us-east-1"]}}}})
        made = organizations.create_policy(Name=name, Description="", Type="BACKUP_POLICY", Content=content)
        organizations.attach_policy(PolicyId=made["Policy"]["PolicySummary"]["Id"], TargetId=target)
    for client, name in ((organizations, "own"), (member, "all")):
        told = client.describe_effective_policy(**asked)["EffectivePolicy"]
        assert json.loads(told["PolicyContent"]) == {"plans": {name: {"regions": ["us-east-1"]}}}
    with pytest.raises(ClientError, match="AWSOrganizationsNotInUseException"):
        aws.client("organizations", account="333344445555").describe_effective_policy(**asked)


def air_gapped(backup: Any) -> None:
    """A vault that is locked from the beginning."""
    backup.create_logically_air_gapped_backup_vault(BackupVaultName="island", MinRetentionDays=7, MaxRetentionDays=90)
    told = backup.describe_backup_vault(BackupVaultName="island")
    assert (told["Locked"], told["VaultType"]) == (True, "LOGICALLY_AIR_GAPPED_BACKUP_VAULT")
    backup.delete_backup_vault(BackupVaultName="island")


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
    here, there = keys(*(check.watch(aws.client("kms", region)) for region in ("us-east-1", "eu-west-1")))
    database = databases(rds, rds_elsewhere, here, there)
    plan, selection = vault_and_plan(backup)
    jobs(aws, backup, elsewhere, database, there)
    restore_testing(backup)
    audits(aws, backup)
    legal_holds(backup)
    organization(aws, backup)
    backup_policy(check, aws)
    air_gapped(backup)
    found = check.watch(aws.client("resourcegroupstaggingapi")).get_resources(ResourceTypeFilters=["backup"])
    assert {row["ResourceARN"].split(":")[5] for row in found["ResourceTagMappingList"]} >= {
        "backup-vault",
        "backup-plan",
    }
    undo(backup, plan, selection)

    assert check.problems == []
    assert {name for service, name in check.answered if service == "backup"} == set(OPERATIONS)
    assert {name for service, name in check.answered if service == "rds"} >= RDS_OPERATIONS
    assert {name for service, name in check.answered if service == "kms"} >= KMS_OPERATIONS
