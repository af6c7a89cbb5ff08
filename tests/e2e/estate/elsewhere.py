"""The holdings once more: in another account, at home and in a Region of its own.

The modules name account and Regions once, where they are loaded. So they are
loaded once more, with others in their place; nothing of the estate changes.
"""

from __future__ import annotations

from datetime import datetime
from importlib import import_module
from importlib.util import find_spec, module_from_spec
from types import ModuleType
from typing import Any
from unittest.mock import patch

import harness
from estate import holdings
from harness import Endpoint

# The estate's first account manages the organisation, and an organisation has one such account.
LEFT_OUT = ("organization",)


def make_elsewhere(aws: Endpoint, base: datetime, account: str, regions: tuple[str, str]) -> dict[str, holdings.Rows]:
    """Build what the modules have, and what the estate has for them, in `account`; rows by module and table."""
    there = _There(aws.url, account, regions[0])
    _prepare(there, account)
    home, away = regions
    with (
        patch.multiple(harness, ACCOUNT=account, REGIONS=regions),
        patch.multiple(import_module("estate.population"), HOME=home, AWAY=away),
    ):
        loaded = {name: _load_anew(name) for name in holdings.modules() if name not in LEFT_OUT}
    return {name: module.make(there, base) for name, module in loaded.items()}


class _There(Endpoint):
    """The endpoint for somebody of another account, who is at home there."""

    def __init__(self, url: str, account: str, home: str) -> None:
        super().__init__(url)
        self._account, self._home = account, home

    def client(self, service: str, region: str | None = None, account: str | None = None, **told: Any) -> Any:
        """A client, there if not told otherwise."""
        return super().client(service, region or self._home, account or self._account, **told)


def _load_anew(name: str) -> ModuleType:
    spec = find_spec(f"{holdings.__name__}.{name}")
    assert spec is not None and spec.loader is not None
    module = module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def _prepare(there: Endpoint, account: str) -> None:
    """A bucket, a recorder of AWS Config that delivers to it, and vaults that notify topics."""
    bucket = f"estate-config-{account}"
    there.client("s3").create_bucket(Bucket=bucket)
    config = there.client("config")
    role = f"arn:aws:iam::{account}:role/aws-service-role/config.amazonaws.com/AWSServiceRoleForConfig"
    config.put_configuration_recorder(
        ConfigurationRecorder={"name": "default", "roleARN": role, "recordingGroup": {"allSupported": True}}
    )
    config.put_delivery_channel(DeliveryChannel={"name": "default", "s3BucketName": bucket})
    config.start_configuration_recorder(ConfigurationRecorderName="default")
    backup = there.client("backup")
    for vault, topic in {"main": "backups", "sealed": "sealed"}.items():
        backup.create_backup_vault(BackupVaultName=vault)
        arn = f"arn:aws:sns:{backup.meta.region_name}:{account}:{topic}"
        backup.put_backup_vault_notifications(
            BackupVaultName=vault, SNSTopicArn=arn, BackupVaultEvents=["BACKUP_JOB_COMPLETED"]
        )
