"""Data Lifecycle Manager: policies are made and read; they make no snapshots."""

from __future__ import annotations

import uuid
from typing import Any

from moto.core.base_backend import BackendDict, BaseBackend

from emulator.own import OwnError, Params, Place, operation
from emulator.times import now

# Members of a default policy that a request has at its top and a policy in its details.
_SIMPLIFIED = ("CreateInterval", "RetainInterval", "CopyTags", "ExtendDeletion", "CrossRegionCopyTargets", "Exclusions")


class DlmBackend(BaseBackend):
    """The policies of one account and Region, by id, as `GetLifecyclePolicy` gives them."""

    def __init__(self, region_name: str, account_id: str) -> None:
        super().__init__(region_name, account_id)
        self.policies: dict[str, dict[str, Any]] = {}


dlm_backends = BackendDict(DlmBackend, "dlm")


def _policies(place: Place) -> dict[str, dict[str, Any]]:
    return dlm_backends[place.account][place.region].policies


def plant(account: str, region: str, row: dict[str, Any]) -> None:
    """What has become of a policy that is there. Raises `KeyError` or `ValueError`."""
    policy = _policies(Place(account, region))[row.pop("PolicyId")]
    unknown = set(row) - {"State", "StatusMessage"}
    if unknown:
        raise ValueError(f"unknown members {sorted(unknown)}")
    policy |= row


@operation("dlm", "CreateLifecyclePolicy")
def create(place: Place, params: Params) -> Params:
    """Make a policy. Exactly one of details and a default's type says what kind it is."""
    default, details = params.get("DefaultPolicy"), params.get("PolicyDetails")
    if (default is None) == (details is None):
        raise OwnError("InvalidRequestException", "Specify either PolicyDetails or DefaultPolicy")
    if default is not None:
        given = {name: params[name] for name in _SIMPLIFIED if name in params}
        kind = {"VOLUME": "EBS_SNAPSHOT_MANAGEMENT", "INSTANCE": "IMAGE_MANAGEMENT"}[default]
        defaults = {"CreateInterval": 1, "RetainInterval": 7, "CopyTags": False, "ExtendDeletion": False}
        details = {"PolicyLanguage": "SIMPLIFIED", "PolicyType": kind, "ResourceType": default, **defaults, **given}
    else:
        details = {"PolicyLanguage": "STANDARD", "ResourceLocations": ["CLOUD"], **details}
    policy_id = f"policy-{uuid.uuid4().hex[:17]}"
    instant = now().isoformat(timespec="milliseconds").replace("+00:00", "Z")
    _policies(place)[policy_id] = {
        "PolicyId": policy_id,
        "PolicyArn": f"arn:aws:dlm:{place.region}:{place.account}:policy/{policy_id}",
        "Description": params["Description"],
        "State": params["State"],
        "StatusMessage": params["State"],
        "ExecutionRoleArn": params["ExecutionRoleArn"],
        "DateCreated": instant,
        "DateModified": instant,
        "PolicyDetails": details,
        "Tags": params.get("Tags", {}),
        "DefaultPolicy": default is not None,
    }
    return {"PolicyId": policy_id}


@operation("dlm", "GetLifecyclePolicies")
def summaries(place: Place, params: Params) -> Params:
    """What policies there are; with a type of default policy only those."""
    kind = params.get("DefaultPolicyType")
    found = [policy for policy in _policies(place).values() if kind is None or _is_default(policy, kind)]
    wanted = ("PolicyId", "Description", "State", "Tags", "DefaultPolicy")
    return {
        "Policies": [
            {**{name: policy[name] for name in wanted}, "PolicyType": policy["PolicyDetails"]["PolicyType"]}
            for policy in found
        ]
    }


def _is_default(policy: dict[str, Any], kind: str) -> bool:
    return policy["DefaultPolicy"] and kind in ("ALL", policy["PolicyDetails"].get("ResourceType"))


@operation("dlm", "GetLifecyclePolicy")
def one(place: Place, params: Params) -> Params:
    """One policy in full."""
    policy = _policies(place).get(params["PolicyId"])
    if policy is None:
        raise OwnError("ResourceNotFoundException", f"Policy {params['PolicyId']} does not exist", 404)
    return {"Policy": policy}
