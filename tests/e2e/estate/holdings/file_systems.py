"""File systems of EFS and FSx, their replications, volumes and backups."""

from __future__ import annotations

import json
from datetime import datetime
from typing import Any

from estate.holdings import Rows
from harness import ACCOUNT, REGIONS, Endpoint

HOME, AWAY = REGIONS
Row = dict[str, Any]


def make(aws: Endpoint, _base: datetime) -> Rows:
    """Build them; the rows that a collection must hold."""
    key = aws.client("kms").create_key(Description="file systems")["KeyMetadata"]["Arn"]
    systems, replications = _efs(aws, key)
    return {"efs_file_systems": systems, "efs_replications": replications, **_fsx(aws, key)}


def _told(value: Any) -> str:
    """A value as JSON columns hold it."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"))


def _pairs(**tags: str) -> list[dict[str, str]]:
    return [{"Key": key, "Value": value} for key, value in tags.items()]


def _efs_row(made: dict[str, Any], region: str = HOME, **told: Any) -> Row:
    row = {
        "region": region, "file_system_id": made["FileSystemId"], "name": "",
        "file_system_arn": f"arn:aws:elasticfilesystem:{region}:{ACCOUNT}:file-system/{made['FileSystemId']}",
        "creation_time_s": int(made["CreationTime"].timestamp()), "life_cycle_state": "available",
        "size_bytes": 6144, "encrypted": False, "kms_key_id": None, "performance_mode": "generalPurpose",
        "throughput_mode": "bursting", "availability_zone_name": None, "has_backup_policy": False,
        "replication_overwrite_protection": "ENABLED", "backup_policy_status": None, "tags": "{}",
    }  # fmt: skip
    return {**row, **told}


def _efs(aws: Endpoint, key: str) -> tuple[list[Row], list[Row]]:
    """Automatic backups on, off, and never set; one that is replicated to the other Region; one in a single zone."""
    efs, away = aws.client("efs"), aws.client("efs", AWAY)
    on = efs.create_file_system(
        CreationToken="on", Encrypted=True, KmsKeyId=key, Backup=True, ThroughputMode="elastic",
        Tags=_pairs(Name="ledger", team="ledger"),
    )  # fmt: skip
    off = efs.create_file_system(CreationToken="off")
    efs.put_backup_policy(FileSystemId=off["FileSystemId"], BackupPolicy={"Status": "DISABLED"})
    never = efs.create_file_system(CreationToken="never", PerformanceMode="maxIO")
    alone = efs.create_file_system(CreationToken="alone", AvailabilityZoneName=f"{HOME}a")
    replica = away.create_file_system(CreationToken="replica")
    to = {"Region": AWAY, "FileSystemId": replica["FileSystemId"]}
    made = efs.create_replication_configuration(SourceFileSystemId=on["FileSystemId"], Destinations=[to])
    full = {
        "name": "ledger", "encrypted": True, "kms_key_id": key, "throughput_mode": "elastic",
        "tags": _told({"Name": "ledger", "team": "ledger"}),
    }  # fmt: skip
    systems = [
        _efs_row(on, has_backup_policy=True, backup_policy_status="ENABLED", **full),
        _efs_row(off, has_backup_policy=True, backup_policy_status="DISABLED"),
        _efs_row(never, performance_mode="maxIO"),
        # One Zone file systems are made with automatic backups.
        _efs_row(alone, availability_zone_name=f"{HOME}a", has_backup_policy=True, backup_policy_status="ENABLED"),
        _efs_row(replica, AWAY, replication_overwrite_protection="REPLICATING"),
    ]
    begun = int(made["CreationTime"].timestamp())
    replication = {
        "source_file_system_arn": systems[0]["file_system_arn"], "source_file_system_region": HOME,
        "creation_time_s": begun, "destination_file_system_id": replica["FileSystemId"], "destination_region": AWAY,
        "destination_owner_id": ACCOUNT, "status": "ENABLED", "last_replicated_timestamp_s": begun,
    }  # fmt: skip
    return systems, [{"region": region, **replication} for region in REGIONS]


def _fsx(aws: Endpoint, key: str) -> Rows:
    """A file system of each type; volumes and backups of some."""
    fsx = aws.client("fsx")
    subnet = {"SubnetIds": ["subnet-0123456789abcdef0"], "KmsKeyId": key}

    def create(client: Any, kind: str, size: int, part: str, told: dict[str, Any], tags: Any = ()) -> dict[str, Any]:
        speed = {} if kind == "LUSTRE" else {"ThroughputCapacity": 64}
        more = {part: {**speed, **told}, **({"Tags": tags} if tags else {})}
        made = client.create_file_system(
            FileSystemType=kind, StorageCapacity=size, StorageType="SSD", **subnet, **more
        )  # fmt: skip
        return made["FileSystem"]

    daily = {"AutomaticBackupRetentionDays": 7, "DailyAutomaticBackupStartTime": "03:00"}
    windows = create(
        fsx, "WINDOWS", 32, "WindowsConfiguration",
        {"DeploymentType": "MULTI_AZ_1", "CopyTagsToBackups": True, **daily}, _pairs(team="ledger"),
    )  # fmt: skip
    scratch = create(fsx, "LUSTRE", 1200, "LustreConfiguration", {"DeploymentType": "SCRATCH_2"})
    off = {"DeploymentType": "PERSISTENT_2", "AutomaticBackupRetentionDays": 0}
    lustre = create(aws.client("fsx", AWAY), "LUSTRE", 1200, "LustreConfiguration", off)
    ontap = create(fsx, "ONTAP", 1024, "OntapConfiguration", {"DeploymentType": "SINGLE_AZ_1", **daily})
    zfs = create(
        fsx, "OPENZFS", 64, "OpenZFSConfiguration",
        {"DeploymentType": "SINGLE_AZ_1", "CopyTagsToBackups": False, **daily},
    )  # fmt: skip
    kept = {"automatic_backup_retention_days": 7, "daily_automatic_backup_start_time": "03:00"}
    systems = [
        _fsx_row(windows, key, **kept, copy_tags_to_backups=True, tags=_told({"team": "ledger"})),
        _fsx_row(scratch, key),
        _fsx_row(lustre, key, AWAY, automatic_backup_retention_days=0),
        _fsx_row(ontap, key, **kept),
        _fsx_row(zfs, key, **kept, copy_tags_to_backups=False),
    ]
    volumes = _fsx_volumes(fsx, ontap, zfs)
    backups = _fsx_backups(fsx, windows, volumes[0], key)
    return {"fsx_file_systems": systems, "fsx_volumes": volumes, "fsx_backups": backups}


def _fsx_row(made: dict[str, Any], key: str, region: str = HOME, **told: Any) -> Row:
    types = {"WINDOWS": "MULTI_AZ_1", "LUSTRE": "SCRATCH_2" if region == HOME else "PERSISTENT_2"}
    row = {
        "region": region, "file_system_id": made["FileSystemId"], "file_system_type": made["FileSystemType"],
        "file_system_arn": f"arn:aws:fsx:{region}:{ACCOUNT}:file-system/{made['FileSystemId']}",
        "deployment_type": types.get(made["FileSystemType"], "SINGLE_AZ_1"), "lifecycle": "AVAILABLE",
        "creation_time_s": int(made["CreationTime"].timestamp()), "storage_capacity_gib": made["StorageCapacity"],
        "storage_type": "SSD", "kms_key_id": key, "automatic_backup_retention_days": None,
        "daily_automatic_backup_start_time": None, "copy_tags_to_backups": None, "tags": None,
    }  # fmt: skip
    return {**row, **told}


def _fsx_volumes(fsx: Any, ontap: dict[str, Any], zfs: dict[str, Any]) -> list[Row]:
    """A locked volume of ONTAP; the root of OpenZFS, which comes by itself, and one below it."""
    machine = fsx.create_storage_virtual_machine(FileSystemId=ontap["FileSystemId"], Name="svm")
    lock = {"SnaplockType": "COMPLIANCE", "PrivilegedDelete": "DISABLED", "AuditLogVolume": False}
    locked = fsx.create_volume(
        VolumeType="ONTAP", Name="ledger", Tags=_pairs(team="ledger"),
        OntapConfiguration={
            "StorageVirtualMachineId": machine["StorageVirtualMachine"]["StorageVirtualMachineId"],
            "SizeInBytes": 1_073_741_824, "CopyTagsToBackups": True, "SnaplockConfiguration": lock,
        },
    )["Volume"]  # fmt: skip
    root = zfs["OpenZFSConfiguration"]["RootVolumeId"]
    below = fsx.create_volume(
        VolumeType="OPENZFS", Name="below", OpenZFSConfiguration={"ParentVolumeId": root, "StorageCapacityQuotaGiB": 10}
    )["Volume"]

    def row(volume_id: str, of: dict[str, Any], **told: Any) -> Row:
        nothing = dict.fromkeys(
            ("size_bytes", "storage_capacity_quota_gib", "ontap_volume_type", "storage_virtual_machine_root",
             "snapshot_policy", "copy_tags_to_backups", "snaplock")
        )  # fmt: skip
        arn = f"arn:aws:fsx:{HOME}:{ACCOUNT}:volume/{of['FileSystemId']}/{volume_id}"
        ids = {"region": HOME, "volume_arn": arn, "volume_id": volume_id, "file_system_id": of["FileSystemId"]}
        return {**ids, "volume_type": of["FileSystemType"], "lifecycle": "CREATED", "tags": None, **nothing, **told}

    return [
        row(
            locked["VolumeId"], ontap, name="ledger", size_bytes=1_073_741_824, ontap_volume_type="RW",
            storage_virtual_machine_root=False, snapshot_policy="default", copy_tags_to_backups=True,
            snaplock=_told(lock), tags=_told({"team": "ledger"}),
        ),
        row(root, zfs, name="fsx"),
        row(below["VolumeId"], zfs, name="below", storage_capacity_quota_gib=10),
    ]  # fmt: skip


def _fsx_backups(fsx: Any, windows: dict[str, Any], volume: Row, key: str) -> list[Row]:
    """One of a file system, one of a volume."""
    of_system = fsx.create_backup(FileSystemId=windows["FileSystemId"], Tags=_pairs(kept="long"))["Backup"]
    of_volume = fsx.create_backup(VolumeId=volume["volume_id"])["Backup"]

    def row(made: dict[str, Any], **told: Any) -> Row:
        return {
            "region": HOME, "backup_arn": f"arn:aws:fsx:{HOME}:{ACCOUNT}:backup/{made['BackupId']}",
            "backup_id": made["BackupId"], "backup_type": "USER_INITIATED", "lifecycle": "AVAILABLE",
            "failure_message": None, "progress_percent": 100, "creation_time_s": int(made["CreationTime"].timestamp()),
            "kms_key_id": key, "source_backup_id": None, "owner_id": ACCOUNT, **told,
        }  # fmt: skip

    system_arn = f"arn:aws:fsx:{HOME}:{ACCOUNT}:file-system/{windows['FileSystemId']}"
    return [
        row(
            of_system, resource_arn=system_arn, resource_type="FILE_SYSTEM", volume_id=None,
            file_system_id=windows["FileSystemId"], tags=_told({"kept": "long"}),
        ),
        row(
            of_volume, resource_arn=volume["volume_arn"], resource_type="VOLUME", volume_id=volume["volume_id"],
            file_system_id=volume["file_system_id"], tags=None,
        ),
    ]  # fmt: skip
