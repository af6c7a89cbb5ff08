"""Protected resources: those that have a recovery point, whatever its age and state."""

from __future__ import annotations

from emulator.backup.listing import give_page
from emulator.backup.registry import Params, operation
from emulator.backup.state import BackupBackend, Record


@operation("ListProtectedResources")
def list_all(backend: BackupBackend, params: Params) -> Record:
    """Derived from the points of all vaults of the Region, those of deleted resources too."""

    def rows() -> list[Record]:
        newest: dict[str, Record] = {}
        for vault in backend.vaults.values():
            for point in vault.points.values():
                known = newest.get(point["ResourceArn"])
                if known is None or known["CreationDate"] < point["CreationDate"]:
                    newest[point["ResourceArn"]] = point
        return [_row(newest[arn]) for arn in sorted(newest)]

    return give_page(backend, "ListProtectedResources", "Results", rows, params)


def _row(point: Record) -> Record:
    return {
        "ResourceArn": point["ResourceArn"],
        "ResourceType": point["ResourceType"],
        "ResourceName": point.get("ResourceName"),
        "LastBackupTime": point["CreationDate"],
        "LastBackupVaultArn": point["BackupVaultArn"],
        "LastRecoveryPointArn": point["RecoveryPointArn"],
    }
