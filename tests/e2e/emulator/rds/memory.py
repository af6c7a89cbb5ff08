"""What ours remember for one account and Region, beside moto's databases."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from moto.rds.models import RDSBackend

Row = dict[str, Any]


@dataclass
class Memory:
    """Rows in the API's shape, by ARN, put there by tests or by replication."""

    snapshots: dict[str, Row] = field(default_factory=dict)
    cluster_snapshots: dict[str, Row] = field(default_factory=dict)
    automated_backups: dict[str, Row] = field(default_factory=dict)
    cluster_automated_backups: dict[str, Row] = field(default_factory=dict)
    # Source instance ARN to the ARNs of its replicated backups elsewhere.
    replications: dict[str, list[str]] = field(default_factory=dict)
    # Snapshot ARN to the accounts, or `all`, that may restore it.
    shared: dict[str, list[str]] = field(default_factory=dict)


def memory(backend: RDSBackend) -> Memory:
    """The memory of a backend. Resetting moto drops it with the rest."""
    return vars(backend).setdefault("backup_memory", Memory())
