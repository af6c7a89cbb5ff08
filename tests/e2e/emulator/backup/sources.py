"""What AWS Backup knows of a resource it backs up: its type, and how it is encrypted.

The points of databases are snapshots of RDS, under the key of the database; the
points of what AWS Backup manages fully are under the key of their vault.
"""

from __future__ import annotations

from moto.rds.models import DBCluster, DBInstance, rds_backends

from emulator.backup.errors import invalid_value
from emulator.backup.state import BackupBackend, Record, Vault
from emulator.kms import is_managed

_TYPES = {
    ("rds", "db"): "RDS",
    ("dynamodb", "table"): "DynamoDB",
    ("ec2", "volume"): "EBS",
    ("ec2", "instance"): "EC2",
    ("elasticfilesystem", "file-system"): "EFS",
    ("fsx", "file-system"): "FSx",
}
# Types whose points are under the key of the vault.
_FULLY_MANAGED = ("EFS", "S3")
DATABASES = ("RDS", "Aurora", "Neptune", "DocumentDB")


def resource_type(backend: BackupBackend, arn: str) -> str:
    """AWS Backup's name for the type of a resource, from its ARN.

    A cluster is Aurora's unless moto's RDS knows another engine for it.
    """
    parts = arn.split(":")
    if len(parts) < 6:
        raise invalid_value(f"Invalid ARN: {arn}")
    service, kind = parts[2], parts[5].split("/")[0]
    if (service, kind) == ("rds", "cluster"):
        cluster = rds_backends[backend.account_id][backend.region_name].clusters.get(parts[6])
        engine = cluster.engine if cluster is not None else ""
        return {"neptune": "Neptune", "docdb": "DocumentDB"}.get(engine, "Aurora")
    if service == "s3":
        return "S3"
    if (service, kind) not in _TYPES:
        raise invalid_value(f"Unsupported resource: {arn}")
    return _TYPES[(service, kind)]


def _database(backend: BackupBackend, arn: str) -> DBInstance | DBCluster | None:
    parts = arn.split(":")
    rds = rds_backends[backend.account_id][backend.region_name]
    return (rds.databases if parts[5] == "db" else rds.clusters).get(parts[6])


def encryption(backend: BackupBackend, vault: Vault, arn: str) -> Record:
    """Members of a point about its encryption, when it is made where its source is."""
    kind = resource_type(backend, arn)
    if kind in _FULLY_MANAGED:
        return encrypted_by(vault.key_arn)
    database = _database(backend, arn) if kind in DATABASES else None
    if database is None:
        return {"IsEncrypted": False}
    return encrypted_by(database.kms_key_id, owned=database.storage_encryption_type == "sse-rds")


def encrypted_by(key_arn: str | None, *, owned: bool = False) -> Record:
    """The members for a key. AWS's own keys have no ARN; for those it manages there is no key type."""
    if key_arn is None:
        return {"IsEncrypted": owned, **({"EncryptionKeyType": "AWS_OWNED_KMS_KEY"} if owned else {})}
    kind = {} if is_managed(key_arn) else {"EncryptionKeyType": "CUSTOMER_MANAGED_KMS_KEY"}
    return {"IsEncrypted": True, "EncryptionKeyArn": key_arn, **kind}
