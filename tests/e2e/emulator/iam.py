"""Managed policies with their names, which moto leaves out of GetAccountAuthorizationDetails; and AWS's own policies for AWS Backup.

moto has AWS's managed policies in a file and loads all of them or none; a thousand
in each account would be slow. Importing this module patches moto's classes;
nothing has to be called.
"""

from __future__ import annotations

import json
from functools import cache
from typing import Any

from moto.iam.aws_managed_policies import aws_managed_policies_data
from moto.iam.models import AWSManagedPolicy, IAMBackend, ManagedPolicy

# How the names of AWS's policies for the roles of AWS Backup begin.
_BEGINNING = "AWSBackupServiceRolePolicyFor"


def policy_name(policy: ManagedPolicy) -> str:
    """The name, as the answer calls it."""
    return policy.name


@cache
def _of_aws_backup() -> dict[str, dict[str, Any]]:
    policies = json.loads(aws_managed_policies_data)
    return {name: told for name, told in policies.items() if name.startswith(_BEGINNING)}


def aws_policies(backend: IAMBackend) -> list[ManagedPolicy]:
    """Those of AWS Backup."""
    told = _of_aws_backup().items()
    return [AWSManagedPolicy.from_data(name, backend.account_id, backend.region_name, data) for name, data in told]


ManagedPolicy.policy_name = property(policy_name)
IAMBackend._init_aws_policies = aws_policies  # noqa: SLF001
