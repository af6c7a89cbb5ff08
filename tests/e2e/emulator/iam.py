"""Managed policies with their names, which moto leaves out of GetAccountAuthorizationDetails.

Importing this module patches moto's class; nothing has to be called.
"""

from __future__ import annotations

from moto.iam.models import ManagedPolicy


def policy_name(policy: ManagedPolicy) -> str:
    """The name, as the answer calls it."""
    return policy.name


ManagedPolicy.policy_name = property(policy_name)
