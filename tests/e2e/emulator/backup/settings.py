"""The opt-in of the Region: which types tag-only selections may reach."""

from __future__ import annotations

from emulator.backup.registry import Params, operation
from emulator.backup.state import BackupBackend, Record


@operation("DescribeRegionSettings")
def describe(backend: BackupBackend, _params: Params) -> Record:
    """Both maps, type to yes or no."""
    return {
        "ResourceTypeOptInPreference": dict(backend.opt_in),
        "ResourceTypeManagementPreference": dict(backend.management),
    }


@operation("UpdateRegionSettings")
def update(backend: BackupBackend, params: Params) -> None:
    """Merges what is given; types not named keep their setting."""
    backend.opt_in.update(params.get("ResourceTypeOptInPreference", {}))
    backend.management.update(params.get("ResourceTypeManagementPreference", {}))
