"""Keys as KMS describes them, on top of moto's.

Corrected: the keys AWS makes for its services (`alias/aws/…`) are managed by
AWS; a key always says whether it is multi-Region; a key of another Region is not
found, one of another account is denied unless its policy names the caller's
account; deletion takes ARNs and tells the state; rotation has a period.
Importing this module patches moto's KMS classes; nothing has to be called.
"""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

from moto.core.exceptions import JsonRESTError
from moto.core.utils import unix_time, utcnow
from moto.kms.exceptions import NotFoundException, ValidationException
from moto.kms.models import Key, KmsBackend, kms_backends
from moto.kms.responses import KmsResponse

from emulator.times import now

_AWS = "alias/aws/"
_DAYS_BETWEEN_ROTATIONS = 365
_WAITING_DAYS = range(7, 31)


def managed_key(account: str, region: str, service: str) -> str:
    """The ARN of the key that AWS manages for a service; made when it is first needed, as on AWS."""
    backend = kms_backends[account][region]
    return backend.keys[backend.get_key_id_from_alias(f"{_AWS}{service}")].arn


def is_managed(arn: str) -> bool:
    """Whether a key of ours is one of those AWS manages."""
    parts = arn.split(":")
    key = kms_backends[parts[4]][parts[3]].keys.get(arn.partition(":key/")[2])
    return key is not None and _manager(key) == "AWS"


def _manager(key: Key) -> str:
    return "AWS" if any(alias.startswith(_AWS) for alias in key.aliases) else "CUSTOMER"


def _key_of_alias(backend: KmsBackend, alias: str) -> str | None:
    for key in backend.keys.values():
        if alias in key.aliases:
            return key.id
    if not alias.startswith(_AWS):
        return None
    made = backend.create_key(
        None, "ENCRYPT_DECRYPT", "SYMMETRIC_DEFAULT", f"Default key of {alias[len(_AWS) :]}", None
    )
    backend.create_alias(made.id, alias)
    return made.id


def _find(response: KmsResponse, action: str) -> Key:
    """The key that a request names, wherever it lies. Raises what KMS would answer."""
    name = response._get_param("KeyId")
    parts = name.split(":")
    if len(parts) == 6 and parts[3] != response.region:
        raise NotFoundException(f"Invalid arn {parts[3]}")
    if len(parts) == 6 and parts[4] != response.current_account:
        key = kms_backends[parts[4]][parts[3]].keys.get(parts[5].removeprefix("key/"))
        if key is None or not _admits(key, response.current_account, action):
            caller = f"arn:aws:iam::{response.current_account}:user/auditor"
            told = f"User: {caller} is not authorized to perform: {action} on resource: {name}"
            raise JsonRESTError("AccessDeniedException", told)
        return key
    response._validate_key_id(name)
    return response.kms_backend.keys[response.kms_backend.any_id_to_key_id(name)]


def _admits(key: Key, account: str, action: str) -> bool:
    """Whether the policy of a key lets another account in."""
    for statement in json.loads(key.policy).get("Statement", []):
        principals = statement.get("Principal", {})
        named = principals.get("AWS", []) if isinstance(principals, dict) else principals
        actions = statement.get("Action", [])
        wanted = {action, "kms:*", "kms:Describe*" if action == "kms:DescribeKey" else "kms:Get*"}
        if (
            statement.get("Effect") == "Allow"
            and any(account in one or one == "*" for one in ([named] if isinstance(named, str) else named))
            and wanted & set([actions] if isinstance(actions, str) else actions)
        ):
            return True
    return False


def _metadata(key: Key) -> dict[str, Any]:
    told = key.to_dict()["KeyMetadata"]
    told |= {"KeyManager": _manager(key), "MultiRegion": bool(key.multi_region)}
    return {name: value for name, value in told.items() if value is not None}


_create = KmsResponse.create_key


def create_key(response: KmsResponse) -> str:
    """Answered as DescribeKey answers."""
    made = json.loads(_create(response))["KeyMetadata"]["KeyId"]
    return json.dumps({"KeyMetadata": _metadata(response.kms_backend.keys[made])})


def describe_key(response: KmsResponse) -> str:
    """By id, ARN or alias."""
    key = _find(response, "kms:DescribeKey")
    if key.account_id == response.current_account:
        response._validate_key_policy(key.arn, "kms:DescribeKey")
    return json.dumps({"KeyMetadata": _metadata(key)})


def get_key_rotation_status(response: KmsResponse) -> str:
    """Always on for keys of AWS; off while a key waits for its deletion; refused where KMS does not rotate."""
    key = _find(response, "kms:GetKeyRotationStatus")
    if key.key_spec != "SYMMETRIC_DEFAULT" or key.origin != "AWS_KMS":
        raise JsonRESTError("UnsupportedOperationException", f"{key.arn} cannot be rotated automatically")
    on = _manager(key) == "AWS" or key.key_rotation_status and key.key_state != "PendingDeletion"
    told: dict[str, Any] = {"KeyId": key.id, "KeyRotationEnabled": bool(on)}
    if on:
        days = vars(key).get("rotation_days", _DAYS_BETWEEN_ROTATIONS)
        following = now() + timedelta(days=days)
        told |= {"RotationPeriodInDays": days, "NextRotationDate": following.timestamp()}
    return json.dumps(told)


def enable_key_rotation(response: KmsResponse) -> str:
    """Every year, or every 90 to 2560 days."""
    key = _find(response, "kms:EnableKeyRotation")
    days = response._get_param("RotationPeriodInDays") or _DAYS_BETWEEN_ROTATIONS
    if not 90 <= days <= 2560:
        raise ValidationException(f"{days} at 'rotationPeriodInDays' is not between 90 and 2560")
    key.key_rotation_status, key.rotation_days = True, days
    return json.dumps({})


def schedule_key_deletion(response: KmsResponse) -> str:
    """7 to 30 days to think it over; until then nothing can be decrypted with it."""
    key = _find(response, "kms:ScheduleKeyDeletion")
    days = response._get_param("PendingWindowInDays") or _WAITING_DAYS[-1]
    if days not in _WAITING_DAYS:
        raise ValidationException(f"{days} at 'pendingWindowInDays' is not between 7 and 30")
    if key.key_state == "PendingDeletion":
        raise JsonRESTError("KMSInvalidStateException", f"{key.arn} is pending deletion.")
    # moto keeps instants without a zone.
    key.enabled, key.key_state, key.deletion_date = False, "PendingDeletion", utcnow() + timedelta(days=days)
    told = {"KeyId": key.arn, "KeyState": key.key_state, "PendingWindowInDays": days}
    return json.dumps({**told, "DeletionDate": unix_time(key.deletion_date)})


def disable_key(response: KmsResponse) -> str:
    """By id or ARN."""
    key = _find(response, "kms:DisableKey")
    key.enabled, key.key_state = False, "Disabled"
    return json.dumps({})


KmsBackend.get_key_id_from_alias = _key_of_alias
KmsResponse.create_key = create_key
KmsResponse.describe_key = describe_key
KmsResponse.get_key_rotation_status = get_key_rotation_status
KmsResponse.enable_key_rotation = enable_key_rotation
KmsResponse.schedule_key_deletion = schedule_key_deletion
KmsResponse.disable_key = disable_key
