"""Recovery points: how old, how far apart, how long they stay, under which key and lock."""

from __future__ import annotations

from datetime import datetime, timedelta
from itertools import pairwise

from oracle.coverage import ALLOWED, DAY, native_counts
from oracle.rules import answers, verdict
from oracle.seen import Row, Seen, region_of


def at_home(seen: Seen, arn: str) -> list[Row]:
    """Points in the Region of their database."""
    return [one for one in seen.points.get(arn, []) if region_of(one["BackupVaultArn"]) == region_of(arn)]


def away(seen: Seen, arn: str) -> list[Row]:
    """Points in another Region."""
    return [one for one in seen.points.get(arn, []) if region_of(one["BackupVaultArn"]) != region_of(arn)]


def _created(points: list[Row]) -> list[datetime]:
    return [one["CreationDate"] for one in points if one["Status"] == "COMPLETED"]


@answers("population-not-reconciled")
def _population(seen: Seen, arn: str) -> str:
    """Listed and without a point, which is a reason by itself; or with points and not listed, which takes a deletion.

    One of the last minutes may not be listed yet.
    """
    if arn in seen.departed():
        return "pass" if arn.rpartition(":")[2] in seen.deleted else "unknown"
    return verdict(holds=True, applies=not seen.points.get(arn))


@answers("rpo-exceeded")
def _rpo(seen: Seen, arn: str) -> str:
    """The largest time without new data over 30 days: anywhere, and elsewhere too for what owes a copy."""
    if native_counts(arn):
        return "unknown"
    made = [job["CreationDate"] for job in seen.jobs.get(arn, []) if job["State"] == "COMPLETED"]
    verdicts = {_over_the_window(seen.now, [*_created(at_home(seen, arn)), *made])}
    if seen.databases[arn]["tags"].get("tier") == "critical":
        verdicts.add(_over_the_window(seen.now, _created(away(seen, arn))))
    return next(one for one in ("fail", "unknown", "pass") if one in verdicts)


def _over_the_window(end: datetime, moments: list[datetime]) -> str:
    """Whether something new came often enough; not known if nothing is left of the time when the window began."""
    start = end - 30 * DAY
    known = [one for one in sorted(moments) if one > start - ALLOWED]
    gaps = [later - earlier for earlier, later in pairwise([start, *(one for one in known if one > start), end])]
    if max(gaps) > ALLOWED:
        return "fail"
    return "pass" if known and known[0] <= start else "unknown"


@answers("newest-point-stale")
def _stale(seen: Seen, arn: str) -> str:
    """The age of the newest point, or that of the newest log where native backups count."""
    home = _created(at_home(seen, arn))
    return verdict(native_counts(arn) or bool(home) and seen.now - max(home) <= ALLOWED)


@answers("last-recovery-point-too-old")
def _newest(seen: Seen, arn: str) -> str:
    home = _created(at_home(seen, arn))
    return verdict(bool(home) and seen.now - max(home) <= DAY)


@answers("point-retention-too-short")
def _retention(seen: Seen, arn: str) -> str:
    """From creation to calculated deletion, of every point that is ever deleted."""
    ends = [(one["CreationDate"], one.get("CalculatedLifecycle", {}).get("DeleteAt")) for one in seen.points[arn]]
    return verdict(all(end is None or end - begin >= 35 * DAY for begin, end in ends))


@answers("point-deleted-early")
def _gone_early(seen: Seen, arn: str) -> str:
    """Jobs of 30 days name what they made: a point of theirs that no vault lists went before its 35 days were over."""
    made = {job["RecoveryPointArn"] for job in seen.jobs.get(arn, []) if job["State"] == "COMPLETED"}
    return verdict(made <= {one["RecoveryPointArn"] for one in seen.points[arn]}, applies=not native_counts(arn))


@answers("point-kept-too-long")
def _kept_long(seen: Seen, arn: str) -> str:
    """No point stays more than 100 days and one for the deletion: neither by its lifecycle nor by its age."""
    days = [one.get("Lifecycle", {}).get("DeleteAfterDays") for one in seen.points[arn]]
    old = any(one["CreationDate"] < seen.now - 101 * DAY for one in seen.points[arn]) and arn not in seen.held
    return verdict(not old and all(one is not None and one <= 101 for one in days), applies=not native_counts(arn))


@answers("point-never-expires")
def _forever(seen: Seen, arn: str) -> str:
    return verdict(all("Lifecycle" in one for one in seen.points[arn]))


@answers("point-outlived-lifecycle")
def _outlived(seen: Seen, arn: str) -> str:
    ends = [one["CalculatedLifecycle"]["DeleteAt"] for one in seen.points[arn] if "CalculatedLifecycle" in one]
    return verdict(arn in seen.held or min(ends) > seen.now - timedelta(hours=8))


@answers("recovery-point-not-encrypted")
def _encrypted(seen: Seen, arn: str) -> str:
    return verdict(all(one["IsEncrypted"] for one in seen.points[arn]))


@answers("recovery-point-key-unusable")
def _usable(seen: Seen, arn: str) -> str:
    keys = {one["EncryptionKeyArn"] for one in seen.points[arn] if "EncryptionKeyArn" in one}
    return verdict(all(seen.keys[key]["KeyState"] == "Enabled" for key in keys))


@answers("copy-depends-on-source-key")
def _own_key(seen: Seen, arn: str) -> str:
    """Asked of points in another account than their database."""
    account = arn.split(":")[4]
    abroad = [one for one in seen.points[arn] if one["BackupVaultArn"].split(":")[4] != account]
    return verdict(all(one["EncryptionKeyArn"].split(":")[4] != account for one in abroad), applies=bool(abroad))


@answers("no-point-in-locked-vault")
def _locked(seen: Seen, arn: str) -> str:
    lying = {one["BackupVaultArn"] for one in seen.points.get(arn, []) if one["Status"] == "COMPLETED"}
    return verdict(any(seen.vaults[vault]["Locked"] for vault in lying))
