"""Callers that are allowed some actions only, as an IAM policy would have it: every other call of theirs is refused.

The actions are those of IAM, which for S3 are not the names of the operations. `GetCallerIdentity` needs no
permission: AWS answers it even where a policy denies it.
"""

from __future__ import annotations

import threading
from collections.abc import Iterable

from emulator.wire import Call

# The name of a service in IAM, where it is not that of its API model.
PREFIX = {"resourcegroupstaggingapi": "tag", "efs": "elasticfilesystem"}
# Actions with a name of their own. Source: Service Authorization Reference, "Actions, resources, and condition keys for Amazon S3".
ACTIONS = {
    "s3:ListBuckets": "s3:ListAllMyBuckets",
    "s3:GetBucketReplication": "s3:GetReplicationConfiguration",
    "s3:GetBucketLifecycleConfiguration": "s3:GetLifecycleConfiguration",
    "s3:GetBucketEncryption": "s3:GetEncryptionConfiguration",
    "s3:GetBucketNotificationConfiguration": "s3:GetBucketNotification",
    "s3:GetObjectLockConfiguration": "s3:GetBucketObjectLockConfiguration",
    "s3:GetPublicAccessBlock": "s3:GetBucketPublicAccessBlock",
}
WITHOUT_PERMISSION = {"sts:GetCallerIdentity"}


def action(service: str, operation: str) -> str:
    """What a caller of an operation must be allowed."""
    name = f"{PREFIX.get(service, service)}:{operation}"
    return ACTIONS.get(name, name)


class Permissions:
    """What callers are allowed, by access key or, for all callers in it, by account. Who is not named here is allowed everything."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._allowed: dict[str, frozenset[str]] = {}

    def allow(self, caller: str, actions: Iterable[str] | None) -> None:
        """Allow an access key, or an account, these actions and nothing else; None: everything."""
        with self._lock:
            if actions is None:
                self._allowed.pop(caller, None)
            else:
                self._allowed[caller] = frozenset(actions)

    def clear(self) -> None:
        """Allow everybody everything."""
        with self._lock:
            self._allowed.clear()

    def refuse(self, call: Call) -> bool:
        """Whether the caller is not allowed this call."""
        needed = action(call.service, call.operation)
        with self._lock:
            policies = [self._allowed[caller] for caller in (call.key, call.account) if caller in self._allowed]
        return needed not in WITHOUT_PERMISSION and any(needed not in allowed for allowed in policies)
