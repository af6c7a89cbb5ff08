"""Secrets: replicated, rotated, plain, and one that is to be deleted."""

from __future__ import annotations

import json
from datetime import datetime
from typing import Any

from estate.holdings import Rows
from estate.population import AWAY, HOME
from harness import Endpoint

_PLAIN: dict[str, Any] = {
    "region": HOME, "described": True, "deleted_date_s": None, "kms_key_id": None, "rotation_enabled": None,
    "rotation_after_days": None, "primary_region": None, "replication_status": None, "tags": None,
}  # fmt: skip


def make(aws: Endpoint, base: datetime) -> Rows:
    """Build them; `base` plays no part, because nothing here can be made older than it is."""
    secrets = aws.client("secretsmanager", HOME)
    key = aws.client("kms", HOME).create_key(Description="secrets")["KeyMetadata"]["Arn"]
    told = {"SecretString": "not-a-secret"}
    stage = {"Tags": [{"Key": "stage", "Value": "live"}]}
    database = secrets.create_secret(
        Name="acme/db", KmsKeyId=key, AddReplicaRegions=[{"Region": AWAY}], **stage, **told
    )["ARN"]
    replicas = [{
        "KmsKeyId": "alias/aws/secretsmanager", "Region": AWAY, "Status": "InSync",
        "StatusMessage": "Replication succeeded",
    }]  # fmt: skip
    shared = {
        "secret_name": "acme/db", "kms_key_id": key, "tags": '{"stage":"live"}',
        "replication_status": json.dumps(replicas, separators=(",", ":")),
    }  # fmt: skip
    rotated = secrets.create_secret(Name="acme/api", **told)["ARN"]
    secrets.rotate_secret(SecretId=rotated, RotationRules={"AutomaticallyAfterDays": 30})
    plain = secrets.create_secret(Name="acme/mail", **told)["ARN"]
    old = secrets.create_secret(Name="acme/old", **told)["ARN"]
    deleted = secrets.delete_secret(SecretId=old, RecoveryWindowInDays=30)["DeletionDate"]
    return {
        "secrets": [
            {**_PLAIN, "secret_arn": database, **shared},
            {**_PLAIN, "secret_arn": database.replace(HOME, AWAY), **shared, "region": AWAY, "primary_region": HOME},
            {**_PLAIN, "secret_arn": rotated, "secret_name": "acme/api", "rotation_enabled": True,
             "rotation_after_days": 30},
            {**_PLAIN, "secret_arn": plain, "secret_name": "acme/mail"},
            {**_PLAIN, "secret_arn": old, "secret_name": "acme/old", "deleted_date_s": int(deleted.timestamp())},
        ]
    }  # fmt: skip
