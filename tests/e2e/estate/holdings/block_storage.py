"""Volumes, snapshots, images and instances, and the policies of Data Lifecycle Manager that make snapshots of them."""

from __future__ import annotations

import json
from datetime import datetime
from typing import Any

from estate.holdings import Rows
from harness import ACCOUNT, REGIONS, Endpoint

HOME, AWAY = REGIONS
Row = dict[str, Any]
_ROLE = f"arn:aws:iam::{ACCOUNT}:role/dlm"


def make(aws: Endpoint, _base: datetime) -> Rows:
    """Build them; the rows that a collection must hold."""
    ec2 = aws.client("ec2")
    key = aws.client("kms").create_key(Description="block storage")["KeyMetadata"]["Arn"]
    volumes = _volumes(ec2, key)
    snapshots = _snapshots(ec2, volumes)
    source = snapshots["private"]["snapshot_id"]
    restored = ec2.create_volume(AvailabilityZone=f"{HOME}a", SnapshotId=source)
    volumes["restored"] = _volume(restored, size_gib=100, encrypted=True, snapshot_id=source)
    instances = _instance(ec2, volumes)
    away = aws.client("ec2", AWAY).create_volume(AvailabilityZone=f"{AWAY}a", Size=1, VolumeType="gp3")
    return {
        "ebs_volumes": [*volumes.values(), _volume(away, region=AWAY, size_gib=1, volume_type="gp3")],
        "ebs_snapshots": list(snapshots.values()),
        "snapshot_locks": _locks(ec2, snapshots),
        "ec2_instances": instances,
        "amis": _images(ec2, source),
        "ebs_settings": _settings(aws, key),
        "dlm_policies": _policies(aws),
    }


def _told(value: Any) -> str:
    """A value as JSON columns hold it."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"))


def _tags(kind: str, **tags: str) -> list[dict[str, Any]]:
    return [{"ResourceType": kind, "Tags": [{"Key": key, "Value": value} for key, value in tags.items()]}]


def _volume(made: dict[str, Any], region: str = HOME, **told: Any) -> Row:
    """The row of a volume: plain, but for what is told. Of volumes without tags the list is left out."""
    row = {
        "region": region, "volume_arn": f"arn:aws:ec2:{region}:{ACCOUNT}:volume/{made['VolumeId']}",
        "volume_id": made["VolumeId"], "volume_type": "gp2", "state": "available", "encrypted": False,
        "create_time_s": int(made["CreateTime"].timestamp()), "kms_key_id": None, "snapshot_id": None,
        "availability_zone": f"{region}a", "multi_attach_enabled": None, "attachments": "[]", "tags": None,
    }  # fmt: skip
    return {**row, **told}


def _volumes(ec2: Any, key: str) -> dict[str, Row]:
    """One with everything, and one with nothing."""
    full = ec2.create_volume(
        AvailabilityZone=f"{HOME}a", Size=100, VolumeType="io2", Iops=1000, Encrypted=True, KmsKeyId=key,
        MultiAttachEnabled=True, TagSpecifications=_tags("volume", team="ledger", empty=""),
    )  # fmt: skip
    plain = ec2.create_volume(AvailabilityZone=f"{HOME}a", Size=8)
    tags = _told({"team": "ledger", "empty": ""})
    told = {"size_gib": 100, "volume_type": "io2", "encrypted": True, "kms_key_id": key, "tags": tags}
    return {"full": _volume(full, multi_attach_enabled=True, **told), "plain": _volume(plain, size_gib=8)}


def _snapshots(ec2: Any, volumes: dict[str, Row]) -> dict[str, Row]:
    """One for the account alone, one for everybody, one for another account."""
    rows = {}
    for name, volume in {"private": "full", "public": "plain", "shared": "plain"}.items():
        described = {"Description": f"{name} snapshot", "TagSpecifications": _tags("snapshot", kept="long")}
        of = volumes[volume]
        made = ec2.create_snapshot(VolumeId=of["volume_id"], **(described if name == "private" else {}))
        rows[name] = {
            "region": HOME, "snapshot_arn": f"arn:aws:ec2:{HOME}::snapshot/{made['SnapshotId']}",
            "snapshot_id": made["SnapshotId"], "volume_id": of["volume_id"], "volume_size_gib": of["size_gib"],
            "state": "completed", "start_time_s": int(made["StartTime"].timestamp()), "encrypted": of["encrypted"],
            "storage_tier": "standard", "restore_expiry_time_s": None, "is_public": name == "public",
            "owner_id": ACCOUNT, "tags": _told({"kept": "long"}) if name == "private" else "{}",
        }  # fmt: skip
    permission = {"Attribute": "createVolumePermission", "OperationType": "add"}
    ec2.modify_snapshot_attribute(SnapshotId=rows["public"]["snapshot_id"], GroupNames=["all"], **permission)
    ec2.modify_snapshot_attribute(SnapshotId=rows["shared"]["snapshot_id"], UserIds=["444455556666"], **permission)
    return rows


def _locks(ec2: Any, snapshots: dict[str, Row]) -> list[Row]:
    """One in each mode; the third snapshot was never locked."""
    governed, bound = snapshots["private"]["snapshot_id"], snapshots["shared"]["snapshot_id"]
    loose = ec2.lock_snapshot(SnapshotId=governed, LockMode="governance", LockDuration=30)
    tight = ec2.lock_snapshot(SnapshotId=bound, LockMode="compliance", LockDuration=365, CoolOffPeriod=24)

    def row(made: dict[str, Any], **told: Any) -> Row:
        begun, day = int(made["LockCreatedOn"].timestamp()), 86_400
        return {
            "region": HOME, "snapshot_arn": f"arn:aws:ec2:{HOME}::snapshot/{made['SnapshotId']}",
            "snapshot_id": made["SnapshotId"], "owner_id": ACCOUNT, "lock_created_on_s": begun,
            "lock_duration_start_time_s": begun, "lock_expires_on_s": begun + told["lock_duration_days"] * day,
            "cool_off_period_expires_on_s": begun + day if told["cool_off_period_hours"] else None, **told,
        }  # fmt: skip

    return [
        row(loose, lock_state="governance", lock_duration_days=30, cool_off_period_hours=None),
        row(tight, lock_state="compliance-cooloff", lock_duration_days=365, cool_off_period_hours=24),
    ]


def _instance(ec2: Any, volumes: dict[str, Row]) -> list[Row]:
    """One instance with its root volume and the encrypted one."""
    [made] = ec2.run_instances(
        ImageId="ami-0123456789abcdef0", MinCount=1, MaxCount=1, InstanceType="t3.micro",
        TagSpecifications=_tags("instance", team="ledger"),
    )["Instances"]  # fmt: skip
    data = volumes["full"]
    ec2.attach_volume(VolumeId=data["volume_id"], InstanceId=made["InstanceId"], Device="/dev/sdf")
    [root] = made["BlockDeviceMappings"]
    of_root = {"VolumeId": root["Ebs"]["VolumeId"], "CreateTime": root["Ebs"]["AttachTime"]}
    devices = [_device(root["DeviceName"], of_root["VolumeId"], True), _device("/dev/sdf", data["volume_id"], False)]
    data |= {"state": "in-use", "attachments": _attached(made, "/dev/sdf", False)}
    attached = {"state": "in-use", "attachments": _attached(made, root["DeviceName"], True)}
    volumes["root"] = _volume(of_root, size_gib=8, **attached)
    return [{
        "region": HOME, "instance_arn": f"arn:aws:ec2:{HOME}:{ACCOUNT}:instance/{made['InstanceId']}",
        "instance_id": made["InstanceId"], "state": "running", "launch_time_s": int(made["LaunchTime"].timestamp()),
        "instance_type": "t3.micro", "image_id": "ami-0123456789abcdef0", "instance_lifecycle": None,
        "root_device_type": "ebs", "block_device_mappings": _told(devices), "tags": _told({"team": "ledger"}),
    }]  # fmt: skip


def _attached(instance: dict[str, Any], device: str, deleted: bool) -> str:
    told = {"DeleteOnTermination": deleted, "Device": device, "InstanceId": instance["InstanceId"], "State": "attached"}
    return _told([told])


def _device(name: str, volume: str, deleted: bool) -> dict[str, Any]:
    return {"DeviceName": name, "Ebs": {"DeleteOnTermination": deleted, "Status": "attached", "VolumeId": volume}}


def _images(ec2: Any, snapshot: str) -> list[Row]:
    """Two images of the encrypted snapshot; the second is anybody's."""
    made = [_image(ec2, snapshot, name) for name in ("ledger", "giveaway")]
    everybody = {"Add": [{"Group": "all"}]}
    ec2.modify_image_attribute(ImageId=made[1]["image_id"], LaunchPermission=everybody)
    return [made[0], {**made[1], "is_public": True}]


def _image(ec2: Any, snapshot: str, name: str) -> Row:
    device = {"DeviceName": "/dev/xvda", "Ebs": {"SnapshotId": snapshot}}
    image = ec2.register_image(Name=name, RootDeviceName="/dev/xvda", BlockDeviceMappings=[device])["ImageId"]
    ebs = {"DeleteOnTermination": False, "Encrypted": True, "SnapshotId": snapshot, "VolumeSize": 100}
    return {
        "region": HOME, "image_arn": f"arn:aws:ec2:{HOME}::image/{image}", "image_id": image, "name": name,
        "state": "available", "owner_id": ACCOUNT, "is_public": False, "deprecation_time_s": None, "root_device_type": "ebs",
        "block_device_mappings": _told([{"DeviceName": "/dev/xvda", "Ebs": ebs}]), "tags": "{}",
    }  # fmt: skip


def _settings(aws: Endpoint, key: str) -> list[Row]:
    """Everything set at home; away no snapshot can be public, and nothing else was ever touched."""
    ec2 = aws.client("ec2")
    aws.client("ec2", AWAY).enable_snapshot_block_public_access(State="block-all-sharing")
    ec2.enable_snapshot_block_public_access(State="block-new-sharing")
    ec2.enable_ebs_encryption_by_default()
    ec2.modify_ebs_default_kms_key_id(KmsKeyId=key)
    names = ("snapshot_block_public_access", "encryption_by_default", "default_kms_key_id")
    rows = {HOME: ("block-new-sharing", True, key), AWAY: ("block-all-sharing", False, "alias/aws/ebs")}
    return [
        {"region": region, "snapshot_block_managed_by": "account", **dict(zip(names, told, strict=True))}
        for region, told in rows.items()
    ]


def _policies(aws: Endpoint) -> list[Row]:
    """A custom policy with copies to the other Region, the default one for instances, switched off, and one in error."""
    dlm = aws.client("dlm")
    daily = {
        "Name": "daily", "CreateRule": {"Interval": 24, "IntervalUnit": "HOURS", "Times": ["03:00"]},
        "RetainRule": {"Count": 7}, "CopyTags": True,
        "CrossRegionCopyRules": [
            {"TargetRegion": AWAY, "Encrypted": True, "RetainRule": {"Interval": 1, "IntervalUnit": "MONTHS"}}
        ],
    }  # fmt: skip
    target = [{"Key": "team", "Value": "ledger"}]
    custom = dlm.create_lifecycle_policy(
        ExecutionRoleArn=_ROLE, Description="daily snapshots", State="ENABLED", Tags={"team": "ledger"},
        PolicyDetails={
            "PolicyType": "EBS_SNAPSHOT_MANAGEMENT", "ResourceTypes": ["VOLUME"], "TargetTags": target,
            "Schedules": [daily],
        },
    )["PolicyId"]  # fmt: skip
    default = dlm.create_lifecycle_policy(
        ExecutionRoleArn=_ROLE, Description="default", State="DISABLED", DefaultPolicy="INSTANCE", CreateInterval=2,
        RetainInterval=14, ExtendDeletion=True, Exclusions={"ExcludeTags": target},
    )["PolicyId"]  # fmt: skip

    nowhere = [{"Key": "team", "Value": "nobody"}]
    hourly = {"Name": "hourly", "CreateRule": {"Interval": 1, "IntervalUnit": "HOURS"}, "RetainRule": {"Count": 24}}
    broken = dlm.create_lifecycle_policy(
        ExecutionRoleArn=_ROLE, Description="hourly snapshots", State="ENABLED",
        PolicyDetails={
            "PolicyType": "EBS_SNAPSHOT_MANAGEMENT", "ResourceTypes": ["VOLUME"], "TargetTags": nowhere,
            "Schedules": [hourly],
        },
    )["PolicyId"]  # fmt: skip
    error = {"kind": "dlm_policy", "PolicyId": broken, "State": "ERROR", "StatusMessage": "the role may not be assumed"}
    aws.seed([{**error, "account": ACCOUNT, "region": HOME}])

    def row(policy: str, **told: Any) -> Row:
        arn = f"arn:aws:dlm:{HOME}:{ACCOUNT}:policy/{policy}"
        return {"region": HOME, "policy_arn": arn, "policy_id": policy, "execution_role_arn": _ROLE, **told}

    return [
        row(
            custom, description="daily snapshots", state="ENABLED", policy_type="EBS_SNAPSHOT_MANAGEMENT",
            default_policy=False, resource_types=_told(["VOLUME"]), resource_locations=_told(["CLOUD"]),
            target_tags=_told(target), schedules=_told([daily]), create_interval_days=None,
            retain_interval_days=None, extend_deletion=None, exclusions=None, tags=_told({"team": "ledger"}),
        ),
        row(
            broken, description="hourly snapshots", state="ERROR", policy_type="EBS_SNAPSHOT_MANAGEMENT",
            default_policy=False, resource_types=_told(["VOLUME"]), resource_locations=_told(["CLOUD"]),
            target_tags=_told(nowhere), schedules=_told([hourly]), create_interval_days=None,
            retain_interval_days=None, extend_deletion=None, exclusions=None, tags="{}",
        ),
        row(
            default, description="default", state="DISABLED", policy_type="IMAGE_MANAGEMENT", default_policy=True,
            resource_types=_told(["INSTANCE"]), resource_locations=None, target_tags=None, schedules=None,
            create_interval_days=2, retain_interval_days=14, extend_deletion=True,
            exclusions=_told({"ExcludeTags": target}), tags="{}",
        ),
    ]  # fmt: skip
