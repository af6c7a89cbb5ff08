"""Backup and copy jobs, and the copies that are owed or planned."""

from __future__ import annotations

from collections.abc import Callable
from operator import itemgetter

from oracle.coverage import plans_of
from oracle.points import away
from oracle.rules import answers, verdict
from oracle.seen import Row, Seen, region_of


def _newest(jobs: list[Row]) -> Row:
    return max(jobs, key=itemgetter("CreationDate"))


@answers("backup-job-failed")
def _backup(seen: Seen, arn: str) -> str:
    return verdict(_newest(seen.jobs[arn])["State"] == "COMPLETED")


@answers("backup-completed-with-issues")
def _issues(seen: Seen, arn: str) -> str:
    job = _newest(seen.jobs[arn])
    return verdict(job["MessageCategory"] == "SUCCESS", applies=job["State"] == "COMPLETED")


@answers("copy-job-failed")
def _copy(seen: Seen, arn: str) -> str:
    return verdict(_newest(seen.copies[arn])["State"] == "COMPLETED")


def _planned(seen: Seen, arn: str) -> list[str]:
    """Vaults that plans copy the database to."""
    rules = [rule for plan in plans_of(seen, arn) for rule in plan["Rules"]]
    return [copy["DestinationBackupVaultArn"] for rule in rules for copy in rule["CopyActions"]]


def _expected(seen: Seen, arn: str, there: Callable[[str], bool], tag: tuple[str, str]) -> bool:
    return seen.databases[arn]["tags"].get(tag[0]) == tag[1] or any(there(vault) for vault in _planned(seen, arn))


@answers("cross-region-copy-missing")
def _cross_region(seen: Seen, arn: str) -> str:
    expected = _expected(seen, arn, lambda vault: region_of(vault) != region_of(arn), ("tier", "critical"))
    return verdict(bool(away(seen, arn)), applies=expected)


@answers("cross-account-copy-missing")
def _cross_account(seen: Seen, arn: str) -> str:
    """What was copied into another account is not seen there."""

    def foreign(vault: str) -> bool:
        return vault.split(":")[4] != arn.split(":")[4]

    if not _expected(seen, arn, foreign, ("duty", "offsite")):
        return "not_applicable"
    jobs = [job for job in seen.copies.get(arn, []) if foreign(job["DestinationBackupVaultArn"])]
    return "unknown" if jobs and _newest(jobs)["State"] == "COMPLETED" else "fail"


@answers("air-gapped-copy-missing")
def _air_gapped(seen: Seen, arn: str) -> str:
    def island(vault: str) -> bool:
        return seen.vaults.get(vault, {}).get("VaultType") == "LOGICALLY_AIR_GAPPED_BACKUP_VAULT"

    there = any(island(point["BackupVaultArn"]) for point in seen.points.get(arn, []))
    return verdict(there, applies=_expected(seen, arn, island, ("duty", "island")))


@answers("copy-needs-customer-key")
def _keys(seen: Seen, arn: str) -> str:
    [target] = _planned(seen, arn)
    managed = seen.keys[seen.databases[arn]["KmsKeyId"]]["KeyManager"] == "AWS"
    if target not in seen.vaults:
        return "fail" if managed else "unknown"
    key = seen.vaults[target].get("EncryptionKeyArn")
    if key and seen.keys[key]["KeyManager"] == "AWS":
        return "unknown"
    return verdict(not managed)
