"""Settings: of the Region, which types tag-only selections may reach; of the organisation, what goes between accounts."""

from __future__ import annotations

from moto.organizations.models import organizations_backends

from emulator.backup.errors import BackupError, invalid_request, invalid_value
from emulator.backup.registry import Params, operation
from emulator.backup.state import BackupBackend, Record, backup_backends
from emulator.times import now

# The settings of an organisation are kept where its management account keeps what has no Region.
_GLOBAL = "us-east-1"
_NAMES = ("isCrossAccountBackupEnabled", "isMpaEnabled", "isDelegatedAdministratorEnabled")


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


def management_account(account: str) -> str | None:
    """The management account of the organisation an account is in, if it is in one."""
    known = organizations_backends.master_accounts.get(account)
    if known:
        return known[0]
    return account if organizations_backends[account]["aws"].org else None


def crosses_accounts(one: str, other: str) -> bool:
    """Whether copies may go from one account to the other: the same organisation, and switched on in it."""
    management = management_account(one)
    if management is None or management != management_account(other):
        return False
    return backup_backends[management][_GLOBAL].global_settings["isCrossAccountBackupEnabled"] == "true"


@operation("DescribeGlobalSettings")
def describe_global(backend: BackupBackend, _params: Params) -> Record:
    """The same for all accounts of an organisation; refused outside one."""
    management = management_account(backend.account_id)
    if management is None:
        # A code that no model lists, but that users report: https://github.com/cloudquery/cq-provider-aws/issues/817
        raise BackupError("ERROR_9601", "Your account is not a member of an organization.")
    told = backup_backends[management][_GLOBAL]
    return {"GlobalSettings": dict(told.global_settings), "LastUpdateTime": told.global_settings_updated}


@operation("UpdateGlobalSettings")
def update_global(backend: BackupBackend, params: Params) -> None:
    """By the management account only; merges what is given."""
    if management_account(backend.account_id) != backend.account_id:
        raise invalid_request("The account is not the management account of an organization")
    wanted = params.get("GlobalSettings", {})
    for name, value in wanted.items():
        if name not in _NAMES or value not in ("true", "false"):
            raise invalid_value(f"GlobalSettings: {name} = {value}")
    told = backup_backends[backend.account_id][_GLOBAL]
    told.global_settings.update(wanted)
    told.global_settings_updated = now()
