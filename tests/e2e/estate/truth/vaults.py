"""Vaults and their locks, what plans write into them, and Audit Manager."""

from __future__ import annotations

from dataclasses import dataclass

from estate.foundation import Foundation
from estate.governance import HOLLOW_TESTING, RESTORE_TESTING
from estate.population import AWAY, HOME
from estate.truth.verdicts import FAIL, NOT_APPLICABLE, PASS, UNKNOWN, Truth, Truths, kept
from estate.vaults import vault_arn


@dataclass(frozen=True)
class _Vault:
    """What guards a vault. `used`: it holds points, or a plan writes into it."""

    region: str
    name: str
    used: bool = True
    floor: bool | None = None  # whether its lock has one; None without a lock
    denies: bool = False
    opened: bool = False
    heard: bool = False
    air_gapped: bool = False
    view: bool = False


VAULTS = (
    _Vault(HOME, "main", floor=True, denies=True, heard=True),
    _Vault(HOME, "strict", floor=True),
    _Vault(HOME, "floorless", used=False, floor=False),
    _Vault(HOME, "open", used=False, opened=True),
    _Vault(HOME, "family", used=False),
    _Vault(HOME, "island", floor=True, air_gapped=True),
    _Vault(AWAY, "main"),
    _Vault(AWAY, "copies"),
    _Vault(AWAY, "unkeyed"),
    _Vault(AWAY, "shared", used=False, view=True),
)
# Plans whose rule asks for something that a lock refuses, or whose copies go where no lock is seen.
_AGAINST_LOCKS = {
    "short": (FAIL, "7 days; the vault asks for 30"),
    "offsite": (UNKNOWN, "the vault of another account, whose lock is not seen"),
}


def of_vaults(made: Foundation) -> Truths:
    """Every vault of the account, and every plan."""
    for vault in VAULTS:
        arn = vault_arn(vault.region, vault.name)
        plain = not vault.air_gapped and not vault.view
        floor = NOT_APPLICABLE if vault.floor is None else kept(vault.floor)
        yield Truth("vault-lock-without-floor", arn, floor, f"a floor: {vault.floor}")
        size = FAIL if vault.name == "strict" else PASS
        yield Truth("storage-over-expected", arn, size, "35 points of 30 GiB lie in `strict`, the others have no size; expected are 1000")
        yield Truth("vault-cost-over-budget", arn, NOT_APPLICABLE, "nobody named a budget")
        denied = kept(vault.denies) if plain else NOT_APPLICABLE
        yield Truth("vault-deletion-not-denied", arn, denied, f"denies the three actions of AWS: {vault.denies}")
        guarded = kept(vault.denies or vault.floor is not None) if vault.used else NOT_APPLICABLE
        yield Truth("vault-points-deletable", arn, guarded, "a lock or a Deny guards them, or nothing is in it")
        yield Truth("vault-open-to-others", arn, kept(not vault.opened), f"open to anybody: {vault.opened}")
        heard = kept(vault.heard) if vault.used and plain else NOT_APPLICABLE
        yield Truth("vault-failures-unheard", arn, heard, f"a topic hears of BACKUP_JOB_COMPLETED: {vault.heard}")
    for (_, name), plan in made.plans.items():
        within = _AGAINST_LOCKS.get(name, (PASS, "35 days or more, or a vault whose lock asks for one"))
        yield Truth("vault-lock-conflict", plan.arn, *within)


def of_audits(arns: dict[str, str]) -> Truths:
    """Frameworks, report plans and the restore testing plan, by name."""
    taken = "it takes all databases of RDS, and they have points"
    yield Truth("restore-testing-covers-nothing", arns[RESTORE_TESTING], PASS, taken)
    yield Truth("restore-testing-covers-nothing", arns[HOLLOW_TESTING], FAIL, "nobody gave it a selection")
    yield Truth("aws-framework-not-working", arns["working"], PASS, "deployed, and AWS Config records")
    yield Truth("aws-framework-not-working", arns["undeployed"], FAIL, "its deployment failed")
    yield Truth("aws-framework-not-working", arns["unrecorded"], FAIL, "AWS Config does not record in that Region")
    yield Truth("report-plan-failing", arns["delivered"], PASS, "the last attempt succeeded")
    yield Truth("report-plan-failing", arns["undelivered"], FAIL, "nothing was delivered for twelve days")
