"""The emulator's own operations of EC2, DLM, EFS and FSx: what they refuse, pages, the shape of answers."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from botocore.exceptions import ClientError

from harness import Endpoint
from shapes import ShapeCheck

SNAPSHOT = "snap-0123456789abcdef0"
ROLE = "arn:aws:iam::111122223333:role/dlm"
# What is wrong, service, call, code.
REFUSALS: list[tuple[str, str, Callable[[Any], Any], str]] = [
    ("a page too small", "ec2", lambda c: c.describe_volumes(MaxResults=4), "InvalidParameterValue"),
    ("a token of nobody", "ec2", lambda c: c.describe_snapshots(NextToken="x"), "InvalidParameterValue"),
    (
        "a lock of a snapshot that is not there", "ec2",
        lambda c: c.lock_snapshot(SnapshotId=SNAPSHOT, LockMode="governance", LockDuration=1),
        "InvalidSnapshot.NotFound",
    ),
    (
        "blocked by a word of nobody", "ec2", lambda c: c.enable_snapshot_block_public_access(State="some"),
        "InvalidParameterValue",
    ),
    (
        "a policy that is not there", "dlm", lambda c: c.get_lifecycle_policy(PolicyId="policy-0"),
        "ResourceNotFoundException",
    ),
    (
        "a policy of no kind", "dlm",
        lambda c: c.create_lifecycle_policy(ExecutionRoleArn=ROLE, Description="d", State="ENABLED"),
        "InvalidRequestException",
    ),
    (
        "a policy of a file system that is not there", "efs",
        lambda c: c.put_backup_policy(FileSystemId="fs-01234567", BackupPolicy={"Status": "ENABLED"}),
        "FileSystemNotFound",
    ),
    (
        "a replication that is not there", "efs",
        lambda c: c.describe_replication_configurations(FileSystemId="fs-01234567"), "ReplicationNotFound",
    ),
    (
        "a volume of no machine", "fsx",
        lambda c: c.create_volume(
            VolumeType="ONTAP", Name="v", OntapConfiguration={"StorageVirtualMachineId": "svm-0123456789abcdef0"}
        ),
        "ResourceNotFoundException",
    ),
]  # fmt: skip


@pytest.mark.parametrize(("wrong", "service", "call", "code"), REFUSALS, ids=[row[0] for row in REFUSALS])
def test_what_aws_refuses_is_refused(
    aws: Endpoint, wrong: str, service: str, call: Callable[[Any], Any], code: str
) -> None:
    with pytest.raises(ClientError) as refused:
        call(aws.client(service))
    assert refused.value.response["Error"]["Code"] == code


def test_a_lock_needs_a_length_and_only_compliance_cools_off(aws: Endpoint) -> None:
    ec2 = aws.client("ec2")
    volume = ec2.create_volume(AvailabilityZone="us-east-1a", Size=1)["VolumeId"]
    snapshot = ec2.create_snapshot(VolumeId=volume)["SnapshotId"]
    for wrong in ({"LockMode": "governance"}, {"LockMode": "governance", "LockDuration": 1, "CoolOffPeriod": 1}):
        with pytest.raises(ClientError):
            ec2.lock_snapshot(SnapshotId=snapshot, **wrong)
    assert ec2.describe_locked_snapshots()["Snapshots"] == []
    ec2.lock_snapshot(SnapshotId=snapshot, LockMode="compliance", LockDuration=1)
    assert [one["LockState"] for one in ec2.describe_locked_snapshots()["Snapshots"]] == ["compliance"]


def test_listings_come_in_pages(aws: Endpoint) -> None:
    ec2, fsx = aws.client("ec2"), aws.client("fsx")
    for _ in range(3):
        ec2.create_volume(AvailabilityZone="us-east-1a", Size=1)
    for _ in range(2):
        fsx.create_file_system(FileSystemType="OPENZFS", StorageCapacity=64, SubnetIds=["subnet-01234567"])
    aws.page_size(2)
    first = ec2.describe_volumes()
    second = ec2.describe_volumes(NextToken=first["NextToken"])
    assert (len(first["Volumes"]), len(second["Volumes"]), "NextToken" in second) == (2, 1, False)
    aws.page_size(1)
    first = fsx.describe_file_systems()
    assert len(first["FileSystems"]) == 1 and first["NextToken"]


def test_answers_of_json_services_have_the_shape_of_the_model(aws: Endpoint) -> None:
    check = ShapeCheck()
    dlm, fsx = check.watch(aws.client("dlm")), check.watch(aws.client("fsx"))
    policy = dlm.create_lifecycle_policy(
        ExecutionRoleArn=ROLE, Description="default", State="ENABLED", DefaultPolicy="VOLUME"
    )["PolicyId"]  # fmt: skip
    dlm.get_lifecycle_policy(PolicyId=policy)
    assert [one["PolicyId"] for one in dlm.get_lifecycle_policies(DefaultPolicyType="ALL")["Policies"]] == [policy]
    assert dlm.get_lifecycle_policies(DefaultPolicyType="INSTANCE")["Policies"] == []
    system = fsx.create_file_system(
        FileSystemType="OPENZFS", StorageCapacity=64, SubnetIds=["subnet-01234567"],
        OpenZFSConfiguration={"DeploymentType": "SINGLE_AZ_1", "ThroughputCapacity": 64},
    )["FileSystem"]  # fmt: skip
    fsx.create_backup(FileSystemId=system["FileSystemId"])
    for read in (fsx.describe_file_systems, fsx.describe_volumes, fsx.describe_backups):
        read()
    assert check.problems == []


def test_a_table_can_be_restored_to_five_minutes_ago(aws: Endpoint) -> None:
    """As long as nothing is wrong, the latest moment follows the clock, and never lies before the earliest."""
    then = aws.clock(timedelta(hours=1))
    dynamodb = aws.client("dynamodb")
    key = {"AttributeName": "id"}
    dynamodb.create_table(
        TableName="orders", BillingMode="PAY_PER_REQUEST",
        KeySchema=[{**key, "KeyType": "HASH"}], AttributeDefinitions=[{**key, "AttributeType": "S"}],
    )  # fmt: skip
    dynamodb.update_continuous_backups(
        TableName="orders", PointInTimeRecoverySpecification={"PointInTimeRecoveryEnabled": True}
    )
    for ago, latest in [(timedelta(hours=1), then), (timedelta(0), then + timedelta(minutes=55))]:
        now = aws.clock(ago)
        told = dynamodb.describe_continuous_backups(TableName="orders")["ContinuousBackupsDescription"]
        recovery = told["PointInTimeRecoveryDescription"]
        assert abs(recovery["EarliestRestorableDateTime"] - then) < timedelta(minutes=1)
        assert abs(recovery["LatestRestorableDateTime"] - latest) < timedelta(minutes=1), now
