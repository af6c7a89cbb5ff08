"""What moto's Organizations lacks: backup policies, their effect on an account, AWS Backup's delegated administrators, who may ask.

What concerns the whole organization is told to its management account and to
delegated administrators; every other member is denied it, and an account
outside an organization hears that it is in none. The effective policy is that of the one backup policy that is attached to the
account, or to the root above it; policies are not merged. Importing this module
patches moto's classes; nothing has to be called.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from functools import wraps
from typing import Any

from moto.organizations.exceptions import (
    AWSOrganizationsNotInUseException,
    InvalidInputException,
    OrganizationsClientError,
)
from moto.organizations.models import (
    FakeDelegatedAdministrator,
    FakePolicy,
    OrganizationsBackend,
    organizations_backends,
)
from moto.organizations.responses import OrganizationsResponse

_ARN = "arn:{0}:organizations::{1}:policy/{2}/backup_policy/{3}"
_BACKUP = "BACKUP_POLICY"
_make = FakePolicy.__init__


def make_policy(policy: FakePolicy, organization: Any, **told: Any) -> None:
    """A policy of any type, backup policies included."""
    if told.get("Type") != _BACKUP:
        _make(policy, organization, **told)
        return
    json.loads(told["Content"])
    _make(policy, organization, **{**told, "Type": "TAG_POLICY"})
    policy.type, policy._arn_format = _BACKUP, _ARN


def _managing(backend: OrganizationsBackend) -> OrganizationsBackend:
    if backend.org is not None:
        return backend
    known = organizations_backends.master_accounts.get(backend.account_id)
    if known is None:
        raise AWSOrganizationsNotInUseException
    return organizations_backends[known[0]][known[1]]


def describe_effective_policy(response: OrganizationsResponse) -> str:
    """What reaches the caller's account, or one that it names."""
    backend = response.organizations_backend
    managing = _managing(backend)
    if response._get_param("PolicyType") != _BACKUP:
        raise InvalidInputException("You specified an invalid value.")
    account = response._get_param("TargetId") or backend.account_id
    for targets in ([one for one in managing.accounts if one.id == account], managing.ou[:1]):
        for policy in (policy for target in targets for policy in target.attached_policies):
            if policy.type == _BACKUP:
                content = _assigned(json.loads(policy.content))
                told = {"PolicyContent": json.dumps(content), "TargetId": account, "PolicyType": _BACKUP}
                return json.dumps({"EffectivePolicy": told})
    raise OrganizationsClientError("EffectivePolicyNotFoundException", "No effective policy was found.")


def _assigned(value: Any) -> Any:
    """Without the operators of inheritance."""
    if not isinstance(value, dict):
        return value
    if "@@assign" in value:
        return value["@@assign"]
    return {key: _assigned(member) for key, member in value.items() if not key.startswith("@@")}


def _told_to_some(answer: Callable[[OrganizationsResponse], str]) -> Callable[[OrganizationsResponse], str]:
    """An answer of the management account's own, for it and for delegated administrators."""

    @wraps(answer)
    def told(response: OrganizationsResponse) -> str:
        backend = response.organizations_backend
        managing, caller = _managing(backend), backend.account_id
        if managing is not backend and caller not in {admin.account.id for admin in managing.admins}:
            raise OrganizationsClientError("AccessDeniedException", "You don't have permissions to access this resource.")
        response.current_account = managing.account_id
        try:
            return answer(response)
        finally:
            response.current_account = caller

    return told


for _name in (
    "list_accounts", "list_policies", "describe_policy", "list_targets_for_policy", "list_delegated_administrators",
):  # fmt: skip
    setattr(OrganizationsResponse, _name, _told_to_some(getattr(OrganizationsResponse, _name)))
FakePolicy.__init__ = make_policy
FakeDelegatedAdministrator.SUPPORTED_SERVICES = [*FakeDelegatedAdministrator.SUPPORTED_SERVICES, "backup.amazonaws.com"]
OrganizationsResponse.describe_effective_policy = describe_effective_policy
