"""EFS as an auditor of backups needs it, on top of moto's.

Ours: setting the backup policy, replications, the protection against being
overwritten; an empty file system is metered with 6 KiB; short pages. Importing
this module patches moto's EFS classes; nothing has to be called.
"""

from __future__ import annotations

from typing import Any

from moto.efs.models import EFSBackend, FileSystem, efs_backends

from emulator.own import OwnError, Params, Place, operation
from emulator.paging import PageSize, TokenError, page
from emulator.times import now

_EMPTY_BYTES = 6144
_init = FileSystem.__init__
_describe_file_systems = EFSBackend.describe_file_systems


def init(self: FileSystem, *arguments: Any, **told: Any) -> None:
    """A file system as EFS makes it: metered, and not to be overwritten."""
    _init(self, *arguments, **told)
    self._size_value = _EMPTY_BYTES
    self._backup_status = "ENABLED" if self._backup else None
    self.file_system_protection = {"ReplicationOverwriteProtection": "ENABLED"}


def backup_policy(self: FileSystem) -> dict[str, str] | None:
    """The policy that was set last, if any was."""
    return {"Status": self._backup_status} if self._backup_status else None


def describe_file_systems(self: EFSBackend, marker: str | None = None, max_items: int = 10, **told: Any) -> Any:
    """moto's pages, not longer than a test allows."""
    return _describe_file_systems(self, marker=marker, max_items=PageSize.of(max_items), **told)


FileSystem.__init__ = init
FileSystem.backup_policy = property(backup_policy)
EFSBackend.describe_file_systems = describe_file_systems


def _find(account: str, region: str, name: str) -> FileSystem:
    found = efs_backends[account][region].file_systems_by_id.get(name)
    if found is None:
        raise OwnError("FileSystemNotFound", f"File system '{name}' does not exist.", 404)
    return found


@operation("efs", "PutBackupPolicy")
def put_backup_policy(place: Place, params: Params) -> Params:
    """Switch automatic backups on or off."""
    system = _find(place.account, place.region, params["FileSystemId"])
    system._backup_status = params["BackupPolicy"]["Status"]
    return {"BackupPolicy": backup_policy(system)}


@operation("efs", "CreateReplicationConfiguration")
def replicate(place: Place, params: Params) -> Params:
    """Replicate a file system to one that exists, which nothing else may write to from then on."""
    source = _find(place.account, place.region, params["SourceFileSystemId"])
    [to] = params["Destinations"]
    if "FileSystemId" not in to:
        raise OwnError("ValidationException", "the emulator makes no destinations: name a file system")
    destination = _find(place.account, to["Region"], to["FileSystemId"])
    destination.file_system_protection = {"ReplicationOverwriteProtection": "REPLICATING"}
    instant = round(now().timestamp(), 3)
    told = {
        "SourceFileSystemId": source.file_system_id, "SourceFileSystemRegion": place.region,
        "SourceFileSystemArn": source.file_system_arn, "OriginalSourceFileSystemArn": source.file_system_arn,
        "SourceFileSystemOwnerId": place.account, "CreationTime": instant,
        "Destinations": [{
            "Status": "ENABLED", "FileSystemId": destination.file_system_id, "Region": to["Region"],
            "OwnerId": place.account, "LastReplicatedTimestamp": instant,
        }],
    }  # fmt: skip
    for region in {place.region, to["Region"]}:
        _replications(Place(place.account, region)).append(told)
    return told


def _replications(place: Place) -> list[dict[str, Any]]:
    return efs_backends[place.account][place.region].__dict__.setdefault("replications", [])


@operation("efs", "DescribeReplicationConfigurations")
def replications(place: Place, params: Params) -> Params:
    """The replications from and to a Region, or those of a file system, which must have one."""
    name = params.get("FileSystemId")
    ends = [(one["SourceFileSystemId"], one["Destinations"][0]["FileSystemId"], one) for one in _replications(place)]
    found = [one for source, destination, one in ends if name in (None, source, destination)]
    if name is not None and not found:
        raise OwnError("ReplicationNotFound", f"File system '{name}' has no replication configuration.", 404)
    scope = [place.account, place.region, "DescribeReplicationConfigurations", name]
    try:
        rows, token = page(lambda: found, params.get("MaxResults", 100), params.get("NextToken"), scope)
    except TokenError as error:
        raise OwnError("BadRequest", str(error)) from error
    return {"Replications": rows, **({"NextToken": token} if token else {})}
