"""Vaults, locks, keys, and Audit Manager."""

from __future__ import annotations

from oracle.coverage import DAY
from oracle.rules import answers, verdict
from oracle.seen import Row, Seen

_THREE = {"backup:DeleteRecoveryPoint", "backup:UpdateRecoveryPointLifecycle", "backup:PutBackupVaultAccessPolicy"}


def _plain(vault: Row) -> bool:
    return vault["VaultType"] == "BACKUP_VAULT"


def _targets(plan_arn: str, plan: Row) -> list[tuple[str, int]]:
    """Vaults a plan writes to, with the days it keeps points there."""
    found = []
    for rule in plan["Rules"]:
        prefix = ":".join(["arn:aws:backup", *plan_arn.split(":")[3:5], "backup-vault"])
        found.append((f"{prefix}:{rule['TargetBackupVaultName']}", rule["Lifecycle"]["DeleteAfterDays"]))
        for copy in rule["CopyActions"]:
            found.append((copy["DestinationBackupVaultArn"], copy["Lifecycle"]["DeleteAfterDays"]))
    return found


def _used(seen: Seen, arn: str) -> bool:
    written = {vault for plan_arn, plan in seen.plans.items() for vault, _ in _targets(plan_arn, plan)}
    held = {point["BackupVaultArn"] for points in seen.points.values() for point in points}
    return arn in written | held


def _denies(vault: Row) -> bool:
    return any(
        one["Effect"] == "Deny" and one["Principal"] == one["Resource"] == "*" and set(one["Action"]) >= _THREE
        for one in vault["policy"]
    )


@answers("vault-deletion-not-denied")
def _deletion(seen: Seen, arn: str) -> str:
    vault = seen.vaults[arn]
    return verdict(_denies(vault), applies=_plain(vault))


@answers("vault-points-deletable")
def _deletable(seen: Seen, arn: str) -> str:
    vault = seen.vaults[arn]
    return verdict(vault["Locked"] or _denies(vault), applies=_used(seen, arn))


@answers("vault-open-to-others")
def _open(seen: Seen, arn: str) -> str:
    statements = seen.vaults[arn]["policy"]
    lets = [one for one in statements if one["Effect"] == "Allow" and one["Principal"] == "*"]
    return verdict(all("Condition" in one for one in lets))


@answers("vault-failures-unheard")
def _heard(seen: Seen, arn: str) -> str:
    vault = seen.vaults[arn]
    return verdict("BACKUP_JOB_COMPLETED" in vault["events"], applies=_plain(vault) and _used(seen, arn))


@answers("vault-lock-without-floor")
def _floor(seen: Seen, arn: str) -> str:
    vault = seen.vaults[arn]
    return verdict("MinRetentionDays" in vault, applies=vault["Locked"])


@answers("vault-lock-conflict")
def _conflict(seen: Seen, arn: str) -> str:
    verdicts = set()
    for target, days in _targets(arn, seen.plans[arn]):
        vault = seen.vaults.get(target)
        if vault is None:
            verdicts.add("unknown")
        elif vault["Locked"]:
            low, high = vault.get("MinRetentionDays", 0), vault.get("MaxRetentionDays", days)
            verdicts.add(verdict(low <= days <= high))
    return next((one for one in ("fail", "unknown") if one in verdicts), "pass")


@answers("key-pending-deletion")
def _pending(seen: Seen, arn: str) -> str:
    return verdict("DeletionDate" not in seen.keys[arn])


@answers("key-multi-region")
def _multi_region(seen: Seen, arn: str) -> str:
    return verdict(not seen.keys[arn]["MultiRegion"], applies=seen.keys[arn]["KeyManager"] == "CUSTOMER")


@answers("key-rotation-off")
def _rotation(seen: Seen, arn: str) -> str:
    key = seen.keys[arn]
    applies = key["KeyManager"] == "CUSTOMER" and key["KeyState"] != "PendingDeletion"
    return verdict(key["KeyRotationEnabled"], applies=applies)


@answers("aws-framework-not-working")
def _framework(seen: Seen, arn: str) -> str:
    told = seen.frameworks[arn]
    return verdict((told["DeploymentStatus"], told["FrameworkStatus"]) == ("COMPLETED", "ACTIVE"))


@answers("report-plan-failing")
def _report(seen: Seen, arn: str) -> str:
    told = seen.reports[arn]
    return verdict(told["LastAttemptedExecutionTime"] - told["LastSuccessfulExecutionTime"] < DAY)


@answers("protection-reduced")
def _reduced(_seen: Seen, _arn: str) -> str:
    """What it was before, no client can tell."""
    return "not_applicable"
