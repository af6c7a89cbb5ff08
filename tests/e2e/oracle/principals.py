"""Users and roles, asked action by action and thing by thing; whether a policy lets it happen, moto's evaluation of policies says.

It knows Allow and Deny, wildcards and resources, and no more: boundaries and what
vaults deny are weighed here, conditions of trust policies by their words.
"""

from __future__ import annotations

import json

from moto.iam.access_control import IAMPolicy, PermissionResult

from oracle.rules import answers, verdict
from oracle.seen import Row, Seen

_ENDS = ("backup:DeleteRecoveryPoint", "backup:UpdateRecoveryPointLifecycle")


def _permits(documents: list[Row], action: str, resource: str) -> bool:
    results = {IAMPolicy(json.dumps(document)).is_action_permitted(action, resource) for document in documents}
    return PermissionResult.PERMITTED in results and PermissionResult.DENIED not in results


def _may(who: Row, action: str, resource: str) -> bool:
    bounds = [[who["boundary"]]] if who["boundary"] else []
    return all(_permits(documents, action, resource) for documents in (who["documents"], *bounds))


def _deletes_points(seen: Seen, who: Row) -> bool:
    held = {(point["BackupVaultArn"], point["RecoveryPointArn"]) for points in seen.points.values() for point in points}
    return any(_ends(seen, who, action, *where) for where in held for action in _ENDS if where[0] in seen.vaults)


def _ends(seen: Seen, who: Row, action: str, arn: str, point: str) -> bool:
    """Whether a point goes, if need be after its vault was opened."""
    vault = seen.vaults[arn]
    denied = {name for one in vault["policy"] if one["Effect"] == "Deny" for name in one["Action"]}
    steps = {action: point}
    if vault["VaultType"] != "BACKUP_VAULT" or ("LockDate" in vault and vault["LockDate"] <= seen.now):
        return False
    if vault["Locked"]:
        steps["backup:DeleteBackupVaultLockConfiguration"] = arn
    if action in denied:
        steps["backup:DeleteBackupVaultAccessPolicy"] = arn
        denied.discard(action)
    return not denied & steps.keys() and all(_may(who, step, resource) for step, resource in steps.items())


def _deletes_sources(seen: Seen, who: Row) -> bool:
    kinds = {":db:": "rds:DeleteDBInstance", ":cluster:": "rds:DeleteDBCluster"}
    return any(_may(who, action, arn) for arn in seen.databases for kind, action in kinds.items() if kind in arn)


def _deletes_outside(seen: Seen, who: Row) -> bool:
    """Automated backups of databases that no vault holds, of which there are some, and snapshots."""
    alone = [arn for arn, one in seen.automated_backups.items() if one["DBInstanceArn"] not in seen.points]
    snapshots = [arn for arn in seen.snapshots if ":snapshot:" in arn] if alone else []
    asked = {"rds:DeleteDBInstanceAutomatedBackup": alone, "rds:DeleteDBSnapshot": snapshots}
    return any(_may(who, action, arn) for action, arns in asked.items() for arn in arns)


@answers("one-principal-deletes-all")
def _everything(seen: Seen, arn: str) -> str:
    who = seen.principals[arn]
    both = _deletes_sources(seen, who) and (_deletes_points(seen, who) or _deletes_outside(seen, who))
    return verdict(not both, applies="/aws-service-role/" not in arn)


@answers("backup-deletable-without-mfa")
def _without(seen: Seen, arn: str) -> str:
    who = seen.principals[arn]
    [let_in] = who["trust"]["Statement"] if who["trust"] else [{"Principal": {"AWS": arn}}]
    deletes = _deletes_points(seen, who) or _deletes_outside(seen, who)
    if "Federated" in let_in["Principal"] and deletes:
        return "unknown"
    asks = {"Bool": {"aws:MultiFactorAuthPresent": "true"}}
    return verdict(not deletes or let_in.get("Condition") == asks, applies="Service" not in let_in["Principal"])
