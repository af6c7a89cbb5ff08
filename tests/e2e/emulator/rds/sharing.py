"""Who else may restore a snapshot: its attribute `restore`.

For every snapshot that can be described, seeded ones too, which moto does not
know. Manual ones can be shared, with 20 accounts at most; never one that is
encrypted by a key AWS manages, and in public only one that is not encrypted.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from moto.rds.exceptions import InvalidParameterValue, RDSClientError, SharedSnapshotQuotaExceeded
from moto.rds.models import RDSBackend
from moto.rds.responses import RDSResponse

from emulator.kms import is_managed
from emulator.rds import xml
from emulator.rds.memory import Row, memory
from emulator.rds.snapshots import cluster_rows, instance_rows, name_of

_ATTRIBUTE = "restore"
_PUBLIC = "all"
_MOST_ACCOUNTS = 20


@dataclass(frozen=True)
class _Kind:
    """How the operations on instances and on clusters differ: in names."""

    prefix: str
    rows: Callable[[RDSBackend], list[Row]]
    absent: str
    wrong_state: str

    def find(self, response: RDSResponse) -> Row:
        """The snapshot that a request names."""
        name = name_of(response.params[f"{self.prefix}Identifier"])
        for row in self.rows(response.backend):
            if row[f"{self.prefix}Identifier"] == name:
                return row
        raise RDSClientError(self.absent, f"{self.prefix} {name} not found.")

    def answer(self, response: RDSResponse, operation: str, row: Row) -> str:
        """What is said of a snapshot."""
        accounts = memory(response.backend).shared.get(row[f"{self.prefix}Arn"], [])
        told = {
            f"{self.prefix}Identifier": row[f"{self.prefix}Identifier"],
            f"{self.prefix}Attributes": [{"AttributeName": _ATTRIBUTE, "AttributeValues": accounts}],
        }
        response.response_headers["Content-Type"] = "text/xml"
        return xml.answer(operation, {f"{self.prefix}AttributesResult": told})

    def check(self, row: Row, accounts: list[str]) -> None:
        """Refuse what RDS would not share, or not so."""
        if row["SnapshotType"] != "manual":
            raise RDSClientError(self.wrong_state, "Only manual snapshots can be shared")
        key = row.get("KmsKeyId")
        if accounts and key and (_PUBLIC in accounts or is_managed(key)):
            raise RDSClientError(self.wrong_state, "What this key encrypts cannot be shared with them")
        if len(accounts) > _MOST_ACCOUNTS:
            raise SharedSnapshotQuotaExceeded


_INSTANCE = _Kind("DBSnapshot", instance_rows, "DBSnapshotNotFoundFault", "InvalidDBSnapshotStateFault")
_CLUSTER = _Kind(
    "DBClusterSnapshot", cluster_rows, "DBClusterSnapshotNotFoundFault", "InvalidDBClusterSnapshotStateFault"
)


def _modify(kind: _Kind, response: RDSResponse) -> Row:
    params = response.params
    if params["AttributeName"] != _ATTRIBUTE:
        raise InvalidParameterValue(f"Invalid snapshot attribute {params['AttributeName']}")
    row = kind.find(response)
    shared = memory(response.backend).shared
    arn = row[f"{kind.prefix}Arn"]
    added, removed = params.get("ValuesToAdd", []), params.get("ValuesToRemove", [])
    accounts = [one for one in dict.fromkeys([*shared.get(arn, []), *added]) if one not in removed]
    kind.check(row, accounts)
    shared[arn] = accounts
    return row


def describe_db_snapshot_attributes(response: RDSResponse) -> str:
    """Of a snapshot of an instance."""
    return _INSTANCE.answer(response, "DescribeDBSnapshotAttributes", _INSTANCE.find(response))


def modify_db_snapshot_attribute(response: RDSResponse) -> str:
    """Add accounts, or `all`; take them away."""
    return _INSTANCE.answer(response, "ModifyDBSnapshotAttribute", _modify(_INSTANCE, response))


def describe_db_cluster_snapshot_attributes(response: RDSResponse) -> str:
    """Of a snapshot of a cluster."""
    return _CLUSTER.answer(response, "DescribeDBClusterSnapshotAttributes", _CLUSTER.find(response))


def modify_db_cluster_snapshot_attribute(response: RDSResponse) -> str:
    """Add accounts, or `all`; take them away."""
    return _CLUSTER.answer(response, "ModifyDBClusterSnapshotAttribute", _modify(_CLUSTER, response))


RDSResponse.describe_db_snapshot_attributes = describe_db_snapshot_attributes
RDSResponse.modify_db_snapshot_attribute = modify_db_snapshot_attribute
RDSResponse.describe_db_cluster_snapshot_attributes = describe_db_cluster_snapshot_attributes
RDSResponse.modify_db_cluster_snapshot_attribute = modify_db_cluster_snapshot_attribute
