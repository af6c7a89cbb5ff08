"""FSx as an auditor of backups needs it, on top of moto's.

Ours: when file systems and backups were made and how they stand, what a backup is
of, storage virtual machines, volumes, short pages. A list of tags is never empty: it
is left out, as the API model has it. Importing this module patches
moto's FSx classes; nothing has to be called.
"""

from __future__ import annotations

import json
import uuid
from typing import Any

from moto.fsx.exceptions import ResourceNotFoundException
from moto.fsx.models import Backup, FileSystem, FSxBackend
from moto.fsx.responses import FSxResponse

from emulator.kms import managed_key
from emulator.paging import PageSize, TokenError, page
from emulator.times import now

_init = FileSystem.__init__
_to_dict = FileSystem.to_dict
_backup_to_dict = Backup.to_dict
_describe_file_systems = FSxBackend.describe_file_systems
_describe_backups = FSxBackend.describe_backups
_create_file_system = FSxBackend.create_file_system


def _id(prefix: str) -> str:
    return f"{prefix}-{uuid.uuid4().hex[:17]}"


def init(self: FileSystem, *arguments: Any, **told: Any) -> None:
    """A file system knows when it was made, and has a key."""
    _init(self, *arguments, **told)
    self.creation_time = round(now().timestamp(), 3)
    region = self.resource_arn.split(":")[3]
    self.kms_key_id = self.kms_key_id or managed_key(self.backend.account_id, region, "fsx")


def to_dict(self: FileSystem) -> dict[str, Any]:
    """A file system as FSx describes it."""
    more = {"CreationTime": self.creation_time, "Lifecycle": "AVAILABLE", "OwnerId": self.backend.account_id}
    told = {**_to_dict(self), **more}
    told.pop("SecurityGroupIds", None)  # only in requests
    return told


def backup_to_dict(self: Backup) -> dict[str, Any]:
    """A backup as FSx describes it, with what it is of."""
    told = _backup_to_dict(self)
    for request_only in ("FileSystemId", "VolumeId", "ClientRequestToken"):
        told.pop(request_only, None)
    if not told["Tags"]:
        del told["Tags"]
    system = self.backend.file_systems[self.file_system_id]
    told |= {
        "Lifecycle": "AVAILABLE", "Type": "USER_INITIATED", "ProgressPercent": 100, "OwnerId": self.backend.account_id,
        "FileSystem": to_dict(system), "KmsKeyId": system.kms_key_id,
        "ResourceType": "VOLUME" if self.volume_id else "FILE_SYSTEM",
    }  # fmt: skip
    if self.volume_id:
        told["Volume"] = _volumes(self.backend)[self.volume_id]
    return told


def create_backup(
    self: FSxBackend, file_system_id: str | None, client_request_token: str | None, volume_id: str | None, tags: Any
) -> Backup:
    """Back up a file system, or a volume."""
    if volume_id is not None:
        file_system_id = _known(_volumes(self), volume_id)["FileSystemId"]
    _known(self.file_systems, file_system_id)
    backup = Backup(
        self.account_id, self.region_name, file_system_id, client_request_token, volume_id, tags, backend=self
    )
    backup.creation_time = round(backup.creation_time, 3)
    self.backups[backup.backup_id] = backup
    return backup


def _known(things: dict[str, Any], name: str | None) -> Any:
    if name not in things:
        raise ResourceNotFoundException(msg=f"FSx resource, {name} does not exist")
    return things[name]


def describe_file_systems(self: FSxBackend, *, max_results: int | None = None, **told: Any) -> Any:
    """moto's pages, not longer than a test allows."""
    return _describe_file_systems(self, max_results=PageSize.of(max_results or 100), **told)


def describe_backups(self: FSxBackend, *, max_results: int | None = None, **told: Any) -> Any:
    """moto's pages, not longer than a test allows."""
    return _describe_backups(self, max_results=PageSize.of(max_results or 100), **told)


def create_file_system(self: FSxBackend, **told: Any) -> FileSystem:
    """A file system; one of OpenZFS comes with its root volume."""
    system = _create_file_system(self, **told)
    if system.open_zfs_configuration is not None:
        root = _add_volume(self, system.file_system_id, "OPENZFS", "fsx", [], {"VolumePath": "/fsx"})
        system.open_zfs_configuration = {**system.open_zfs_configuration, "RootVolumeId": root["VolumeId"]}
    return system


def _volumes(backend: FSxBackend) -> dict[str, dict[str, Any]]:
    return backend.__dict__.setdefault("volumes", {})


def _machines(backend: FSxBackend) -> dict[str, str]:
    """File system by storage virtual machine."""
    return backend.__dict__.setdefault("machines", {})


def _add_volume(
    backend: FSxBackend, system: str, kind: str, name: str, tags: list[Any], configuration: dict[str, Any]
) -> dict[str, Any]:
    volume_id = _id("fsvol")
    part = "OntapConfiguration" if kind == "ONTAP" else "OpenZFSConfiguration"
    told = {
        "VolumeId": volume_id, "FileSystemId": system, "VolumeType": kind, "Name": name, "Lifecycle": "CREATED",
        "CreationTime": round(now().timestamp(), 3), **({"Tags": tags} if tags else {}), part: configuration,
        "ResourceARN": f"arn:aws:fsx:{backend.region_name}:{backend.account_id}:volume/{system}/{volume_id}",
    }  # fmt: skip
    _volumes(backend)[volume_id] = told
    return told


def create_storage_virtual_machine(self: FSxResponse) -> str:
    """A machine of an ONTAP file system, to which its volumes belong."""
    params = json.loads(self.body)
    _known(self.fsx_backend.file_systems, params["FileSystemId"])
    machine = _id("svm")
    _machines(self.fsx_backend)[machine] = params["FileSystemId"]
    told = {"StorageVirtualMachineId": machine, "FileSystemId": params["FileSystemId"], "Name": params["Name"]}
    return json.dumps({"StorageVirtualMachine": told})


def create_volume(self: FSxResponse) -> str:
    """A volume of a storage virtual machine, or below a volume of OpenZFS."""
    params, backend = json.loads(self.body), self.fsx_backend
    kind = params["VolumeType"]
    given = params["OntapConfiguration" if kind == "ONTAP" else "OpenZFSConfiguration"]
    if kind == "ONTAP":
        system = _known(_machines(backend), given["StorageVirtualMachineId"])
        defaults = {"OntapVolumeType": "RW", "StorageVirtualMachineRoot": False, "SnapshotPolicy": "default"}
        given = {**defaults, "CopyTagsToBackups": False, **given}
    else:
        system = _known(_volumes(backend), given["ParentVolumeId"])["FileSystemId"]
    return json.dumps({"Volume": _add_volume(backend, system, kind, params["Name"], params.get("Tags", []), given)})


def describe_volumes(self: FSxResponse) -> str:
    """Volumes, page by page."""
    params, backend = json.loads(self.body), self.fsx_backend
    scope = [backend.account_id, backend.region_name, "DescribeVolumes", params.get("VolumeIds")]
    wanted = params.get("VolumeIds") or list(_volumes(backend))
    try:
        rows, token = page(
            lambda: [_known(_volumes(backend), one) for one in wanted],
            params.get("MaxResults") or 100, params.get("NextToken"), scope,
        )  # fmt: skip
    except TokenError as error:
        raise ResourceNotFoundException(msg=str(error)) from error
    return json.dumps({"Volumes": rows, **({"NextToken": token} if token else {})})


FileSystem.__init__, FileSystem.to_dict, Backup.to_dict = init, to_dict, backup_to_dict
for _patched in (create_backup, create_file_system, describe_file_systems, describe_backups):
    setattr(FSxBackend, _patched.__name__, _patched)
for _added in (create_storage_virtual_machine, create_volume, describe_volumes):
    setattr(FSxResponse, _added.__name__, _added)
