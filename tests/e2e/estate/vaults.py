"""Vaults of the estate: what guards them, and what does not.

| vault | why it is there |
|---|---|
| main (home) | locked in governance mode, deletion denied, failures are heard |
| strict | locked for ever, and for at least 30 days |
| floorless | its lock names no least retention; it can still be taken off |
| open | lets any account copy into it; its notifications name events that AWS no longer sends |
| family | lets the accounts of the organisation copy into it |
| island | logically air-gapped, under a key that AWS owns |
| main (away) | nothing guards it |
| copies | where copies go; under a key of our own |
| unkeyed | where copies should go; under the key of AWS Backup, under which they all failed |
| shared | an empty view of another account's vault |
| safe | of the other account; takes copies of this one |
"""

from __future__ import annotations

import json
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from estate.keys import Keys
from estate.population import AWAY, HOME, KEEPER
from harness import ACCOUNT, Endpoint

# What lies behind such a view takes a call of its own.
SHARED = "RESTORE_ACCESS_BACKUP_VAULT"
PLAIN = (
    (HOME, "main"), (HOME, "strict"), (HOME, "floorless"), (HOME, "open"), (HOME, "family"),
    (AWAY, "main"), (AWAY, "unkeyed"),
)  # fmt: skip
_THREE = ["backup:DeleteRecoveryPoint", "backup:UpdateRecoveryPointLifecycle", "backup:PutBackupVaultAccessPolicy"]


def vault_arn(region: str, name: str, account: str = ACCOUNT) -> str:
    """The ARN of a vault of the estate."""
    return f"arn:aws:backup:{region}:{account}:backup-vault:{name}"


def make_vaults(aws: Endpoint, keys: Keys, base: datetime, cli_home: Path | None) -> None:
    """Make them all; with `cli_home`, the plain ones by the AWS CLI."""
    for region, name in PLAIN:
        if cli_home:
            aws.cli(cli_home, "backup", "create-backup-vault", "--backup-vault-name", name, region=region)
        else:
            aws.client("backup", region).create_backup_vault(BackupVaultName=name, BackupVaultTags={"team": "data"})
    for account, region, name in ((ACCOUNT, AWAY, "copies"), (KEEPER, HOME, "safe")):
        aws.client("backup", region, account).create_backup_vault(
            BackupVaultName=name, EncryptionKeyArn=keys[(account, region, "estate")]
        )
    aws.client("backup", HOME).create_logically_air_gapped_backup_vault(
        BackupVaultName="island", MinRetentionDays=7, MaxRetentionDays=90
    )
    aws.seed([{"kind": "vault", "account": ACCOUNT, "region": AWAY, "BackupVaultName": "shared", "VaultType": SHARED}])
    _lock(aws, base)
    _let_in_and_keep_out(aws)
    _notify(aws)


def _lock(aws: Endpoint, base: datetime) -> None:
    def lock(name: str, **told: int) -> None:
        aws.client("backup", HOME).put_backup_vault_lock_configuration(BackupVaultName=name, **told)

    lock("main", MinRetentionDays=1)
    lock("strict", MinRetentionDays=30, MaxRetentionDays=60, ChangeableForDays=3)
    lock("floorless", MaxRetentionDays=400, ChangeableForDays=3)
    # No client can make a lock that is older than itself.
    since = (base - timedelta(days=30)).isoformat()
    aws.seed([{"kind": "vault", "account": ACCOUNT, "region": HOME, "BackupVaultName": "strict", "LockDate": since}])


def _let_in_and_keep_out(aws: Endpoint) -> None:
    def put(name: str, account: str = ACCOUNT, **statement: Any) -> None:
        text = json.dumps({"Version": "2012-10-17", "Statement": [{"Resource": "*", **statement}]})
        aws.client("backup", HOME, account).put_backup_vault_access_policy(BackupVaultName=name, Policy=text)

    into = {"Effect": "Allow", "Action": "backup:CopyIntoBackupVault"}
    put("main", Effect="Deny", Principal="*", Action=_THREE)
    put("open", Principal="*", **into)
    own = aws.client("organizations").describe_organization()["Organization"]["Id"]
    put("family", Principal="*", Condition={"StringEquals": {"aws:PrincipalOrgID": own}}, **into)
    put("safe", KEEPER, Principal={"AWS": f"arn:aws:iam::{ACCOUNT}:root"}, **into)


def _notify(aws: Endpoint) -> None:
    heard = {
        "main": ("backups", ["BACKUP_JOB_COMPLETED", "COPY_JOB_FAILED"]),
        "open": ("sealed", ["BACKUP_JOB_FAILED", "RESTORE_JOB_FAILED"]),
    }
    for name, (topic, events) in heard.items():
        arn = f"arn:aws:sns:{HOME}:{ACCOUNT}:{topic}"
        aws.client("backup", HOME).put_backup_vault_notifications(
            BackupVaultName=name, SNSTopicArn=arn, BackupVaultEvents=events
        )
