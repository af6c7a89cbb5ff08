"""EC2 as an auditor of backups needs it, on top of moto's.

Ours: pages of volumes, snapshots and images; owners and "restorable by" of
snapshots; locks of snapshots; the block of public access; the default key of EBS;
whether a volume goes with its instance; images that are registered from a snapshot
of the caller. Instances, volumes,
snapshots and who may restore them are moto's. Importing this module patches
moto's EC2 classes; nothing has to be called.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from datetime import timedelta
from typing import Any

# Hundreds of foreign images, each with a snapshot, which no account has. Read when moto makes a backend.
os.environ.setdefault("MOTO_EC2_LOAD_DEFAULT_AMIS", "false")

from moto.core.responses import ActionResult
from moto.ec2.exceptions import EC2ClientError
from moto.ec2.models.amis import Ami
from moto.ec2.models.elastic_block_store import Snapshot, VolumeAttachment
from moto.ec2.responses import EC2Response
from moto.ec2.responses.amis import AmisResponse
from moto.ec2.responses.elastic_block_store import ElasticBlockStore
from moto.ec2.responses.instances import InstanceResponse

from emulator.paging import PageSize, TokenError, page
from emulator.times import now, parse

_BLOCKS = ("block-all-sharing", "block-new-sharing")
_UNBLOCKED = "unblocked"
_register_image = AmisResponse.register_image
_describe_instances = InstanceResponse.describe_instances


def _give_page(
    response: EC2Response, operation: str, key: str, most: int, rows: Callable[[], Sequence[Any]]
) -> ActionResult:
    """One page of moto's objects. Refuses a size out of range and a token of another request."""
    asked = int(response._get_param("MaxResults") or most)
    if not 5 <= asked <= most:
        text = f"Value ( {asked} ) for parameter maxResults is invalid. Expecting a value between 5 and {most}."
        raise EC2ClientError("InvalidParameterValue", text)
    told = {name: value for name, value in response.params.items() if name not in ("MaxResults", "NextToken")}
    scope = [response.current_account, response.region, operation, told]
    try:
        found, token = page(rows, asked, response._get_param("NextToken"), scope)
    except TokenError as error:
        raise EC2ClientError("InvalidParameterValue", f"Invalid NextToken: {error}") from error
    return ActionResult({key: found, "NextToken": token})


def describe_volumes(self: EC2Response) -> ActionResult:
    """Up to 500 volumes a page."""
    ids, filters = self._get_param("VolumeIds", []), self._filters_from_querystring()

    def rows() -> Sequence[Any]:
        return self.ec2_backend.describe_volumes(volume_ids=ids, filters=filters)

    return _give_page(self, "DescribeVolumes", "Volumes", 500, rows)


def describe_snapshots(self: EC2Response) -> ActionResult:
    """Up to 1000 snapshots a page, of the owners asked for and restorable by those asked for."""
    ids, filters = self._get_param("SnapshotIds", []), self._filters_from_querystring()
    owners = [_account(self, one) for one in self._get_param("OwnerIds", [])]
    restorers = [_account(self, one) for one in self._get_param("RestorableByUserIds", [])]

    def rows() -> Sequence[Any]:
        found = self.ec2_backend.describe_snapshots(snapshot_ids=ids, filters=filters)
        owned = [one for one in found if not owners or one.owner_id in owners]
        return [one for one in owned if not restorers or any(_may_restore(one, by) for by in restorers)]

    return _give_page(self, "DescribeSnapshots", "Snapshots", 1000, rows)


def _account(response: EC2Response, name: str) -> str:
    return response.current_account if name == "self" else name


def _may_restore(snapshot: Snapshot, by: str) -> bool:
    if by == "all":
        return "all" in snapshot.create_volume_permission_groups
    return by == snapshot.owner_id or by in snapshot.create_volume_permission_userids


def describe_images(self: EC2Response) -> ActionResult:
    """Up to 1000 images a page."""
    told = {"ami_ids": "ImageIds", "owners": "Owners", "exec_users": "ExecutableUsers"}
    wanted = {name: self._get_param(parameter, []) for name, parameter in told.items()}
    filters = self._filters_from_querystring()
    return _give_page(
        self, "DescribeImages", "Images", 1000, lambda: self.ec2_backend.describe_images(filters=filters, **wanted)
    )


def describe_instances(self: EC2Response) -> ActionResult:
    """moto's pages, not longer than a test allows."""
    if PageSize.forced is not None:
        self.params["MaxResults"] = PageSize.of(int(self._get_param("MaxResults") or 1000))
    return _describe_instances(self)


def delete_on_termination(attachment: VolumeAttachment) -> bool:
    """Whether the volume goes with the instance, which the instance knows."""
    return bool(attachment.instance.block_device_mapping[attachment.device].delete_on_termination)


def register_image(self: EC2Response) -> ActionResult:
    """An image whose first device is a snapshot of the caller's names that one, and makes none of its own."""
    devices = self._get_param("BlockDeviceMappings", [])
    result = _register_image(self)
    named = next((one["Ebs"]["SnapshotId"] for one in devices if one.get("Ebs", {}).get("SnapshotId")), None)
    if named is not None:
        backend = self.ec2_backend
        image = list(backend.amis.values())[-1]
        del backend.snapshots[image.ebs_snapshot.id]
        image.ebs_snapshot = backend.get_snapshot(named)
        image.root_device_name, image.root_device_type = devices[0]["DeviceName"], "ebs"
    return result


def block_device_mappings(image: Ami) -> list[dict[str, Any]]:
    """The root device, with the size and encryption of its snapshot."""
    snapshot = image.ebs_snapshot
    ebs = {
        "SnapshotId": snapshot.id, "VolumeSize": snapshot.volume_size, "DeleteOnTermination": False,
        "VolumeType": "standard", "Encrypted": snapshot.encrypted,
    }  # fmt: skip
    return [{"DeviceName": image.root_device_name, "Ebs": ebs}]


def lock_snapshot(self: EC2Response) -> ActionResult:
    """Lock a snapshot for a number of days; in compliance mode after a cooling-off period, if one is given."""
    snapshot = self.ec2_backend.get_snapshot(self._get_param("SnapshotId"))
    mode, days, hours = (self._get_param(name) for name in ("LockMode", "LockDuration", "CoolOffPeriod"))
    until = self._get_param("ExpirationDate")
    if (days is None) == (until is None):
        raise EC2ClientError("InvalidParameterCombination", "Specify either LockDuration or ExpirationDate")
    if hours is not None and (mode != "compliance" or not 1 <= int(hours) <= 72):
        raise EC2ClientError("InvalidParameterValue", "CoolOffPeriod is 1 to 72 hours, in compliance mode only")
    begun = now()
    expires = parse(until) if until is not None else begun + timedelta(days=int(days))
    if expires < begun + timedelta(days=1):
        raise EC2ClientError("InvalidParameterValue", "A snapshot is locked for a day at least")
    lock = {
        "SnapshotId": snapshot.id, "OwnerId": snapshot.owner_id, "mode": mode, "LockDuration": (expires - begun).days,
        "LockCreatedOn": begun, "LockDurationStartTime": begun, "LockExpiresOn": expires,
    }  # fmt: skip
    if hours is not None:
        lock["CoolOffPeriod"], lock["CoolOffPeriodExpiresOn"] = int(hours), begun + timedelta(hours=int(hours))
    _locks(self)[snapshot.id] = lock
    return ActionResult(_with_state(lock))


def describe_locked_snapshots(self: EC2Response) -> ActionResult:
    """Up to 1000 locks a page, with the state they are in now."""
    ids = self._get_param("SnapshotIds", [])

    def rows() -> Sequence[Any]:
        return [_with_state(lock) for one, lock in _locks(self).items() if not ids or one in ids]

    return _give_page(self, "DescribeLockedSnapshots", "Snapshots", 1000, rows)


def _locks(response: EC2Response) -> dict[str, dict[str, Any]]:
    return response.ec2_backend.__dict__.setdefault("snapshot_locks", {})


def _with_state(lock: dict[str, Any]) -> dict[str, Any]:
    state = lock["mode"]
    if lock["LockExpiresOn"] <= now():
        state = "expired"
    elif "CoolOffPeriodExpiresOn" in lock and lock["CoolOffPeriodExpiresOn"] > now():
        state = "compliance-cooloff"
    return {**{name: value for name, value in lock.items() if name != "mode"}, "LockState": state}


def _set_block(response: EC2Response, state: str) -> ActionResult:
    response.ec2_backend.snapshot_block = state
    return ActionResult({"State": state})


def enable_snapshot_block_public_access(self: EC2Response) -> ActionResult:
    """From now on, or altogether, no snapshot is public."""
    state = self._get_param("State")
    if state not in _BLOCKS:
        raise EC2ClientError("InvalidParameterValue", f"State must be one of {', '.join(_BLOCKS)}")
    return _set_block(self, state)


def disable_snapshot_block_public_access(self: EC2Response) -> ActionResult:
    """Snapshots can be public again."""
    return _set_block(self, _UNBLOCKED)


def get_snapshot_block_public_access_state(self: EC2Response) -> ActionResult:
    """What was set, by the account itself."""
    state = getattr(self.ec2_backend, "snapshot_block", _UNBLOCKED)
    return ActionResult({"State": state, "ManagedBy": "account"})


def get_ebs_default_kms_key_id(self: EC2Response) -> ActionResult:
    """The key that was chosen, or the alias of the one that AWS manages."""
    return ActionResult({"KmsKeyId": getattr(self.ec2_backend, "chosen_kms_key_id", "alias/aws/ebs")})


def modify_ebs_default_kms_key_id(self: EC2Response) -> ActionResult:
    """Choose a key."""
    self.ec2_backend.chosen_kms_key_id = self.ec2_backend.modify_ebs_default_kms_key_id(self._get_param("KmsKeyId"))
    return ActionResult({"KmsKeyId": self.ec2_backend.chosen_kms_key_id})


for _replaced in (describe_volumes, describe_snapshots, modify_ebs_default_kms_key_id):
    setattr(ElasticBlockStore, _replaced.__name__, _replaced)
for _added in (
    lock_snapshot, describe_locked_snapshots, enable_snapshot_block_public_access, get_ebs_default_kms_key_id,
    disable_snapshot_block_public_access, get_snapshot_block_public_access_state,
):  # fmt: skip
    setattr(ElasticBlockStore, _added.__name__, _added)
AmisResponse.describe_images = describe_images
AmisResponse.register_image = register_image
InstanceResponse.describe_instances = describe_instances
Ami.block_device_mappings = property(block_device_mappings)
VolumeAttachment.delete_on_termination = property(delete_on_termination)
