"""Which key encrypts a database or a snapshot, and of which kind that encryption is.

Corrected: a key is always told by its ARN; without one of your own it is the
key AWS manages for RDS; what is not encrypted names none. An Aurora cluster that
asks for no encryption gets that of a key AWS owns, which `StorageEncrypted` does
not show; `told` can make it one of those that were made before that was so.
"""

from __future__ import annotations

from moto.kms.models import kms_backends
from moto.rds.models import DBCluster, DBClusterSnapshot, DBInstance, DBInstanceClustered, DBSnapshot

from emulator.kms import managed_key

Encrypted = DBCluster | DBInstance | DBClusterSnapshot | DBSnapshot
_MOTO_KEY = "default_kms_key_id"


def key_arn(database: Encrypted) -> str | None:
    """The ARN of the key, or None without encryption or with a key AWS owns."""
    if not database.storage_encrypted:
        return None
    told = vars(database).get("_key")
    if told in (None, _MOTO_KEY):
        return managed_key(database.account_id, database.region, "rds")
    if told.startswith("arn:"):
        return told
    backend = kms_backends[database.account_id][database.region]
    return backend.keys[backend.any_id_to_key_id(told)].arn


def encryption_type(database: DBCluster | DBInstance) -> str:
    """`sse-kms`, `sse-rds` or `none`."""
    cluster = database.cluster if isinstance(database, DBInstanceClustered) else database
    if hasattr(cluster, "StorageEncryptionType"):
        return cluster.StorageEncryptionType
    if cluster.storage_encrypted:
        return "sse-kms"
    return "sse-rds" if isinstance(cluster, DBCluster) and cluster.engine.startswith("aurora") else "none"


def _remember(database: Encrypted, key: str | None) -> None:
    vars(database)["_key"] = key


for _model in (DBInstance, DBCluster):
    _model.kms_key_id = property(key_arn, _remember)
    _model.storage_encryption_type = property(encryption_type)
