"""Recovery points: how they are encrypted, how long they stay, where they lie."""

from __future__ import annotations

from estate.config import LONGEST_DAYS, NATIVE_IS_ENOUGH, RETENTION_DAYS
from estate.population import HOME, Member
from estate.truth.verdicts import FAIL, NOT_APPLICABLE, PASS, Truth, Truths, kept
from harness import ACCOUNT

# Keys that decrypt nothing.
_UNUSABLE = ("disabled", "doomed")


def has_points(member: Member) -> bool:
    """Whether there is any recovery point of a database."""
    return member.plan is not None and member.points != "none"


def of_member(member: Member) -> Truths:
    """Rules about points speak of databases that have some; two speak of all that should, one of all there are."""
    for name in member.member_names:
        arn = f"arn:aws:rds:{member.region}:{ACCOUNT}:db:{name}"
        yield Truth("population-not-reconciled", arn, PASS, "its service lists it; its cluster is backed up, not it")
    known = NOT_APPLICABLE if has_points(member) else PASS
    yield Truth("population-not-reconciled", member.arn, known, "its service lists it; AWS Backup knows what has points")
    if member.kind in ("replica", "leftover"):
        return
    fresh = has_points(member) and member.points != "stale"
    reason = f"points: {member.points}; the newest is a few hours old, or there is none for four days"
    yield Truth("last-recovery-point-too-old", member.arn, kept(fresh), reason)
    # At home, `main` and `strict` are locked; in the other Region nothing is.
    locked = has_points(member) and member.region == HOME
    yield Truth("no-point-in-locked-vault", member.arn, kept(locked), f"points in {member.region}: {member.points}")
    none = NOT_APPLICABLE if not has_points(member) else PASS
    yield Truth("points-nobody-asks-for", member.arn, none, "every objective counts recovery points")
    yield Truth("resource-cost-over-budget", member.arn, NOT_APPLICABLE, "nobody named a budget")
    yield Truth("continuous-backup-stopped", member.arn, NOT_APPLICABLE, "no rule makes continuous backups")
    if not has_points(member):
        return
    reason = f"points are kept for {member.kept_days} days"
    yield Truth("point-retention-too-short", member.arn, kept(member.kept_days >= RETENTION_DAYS), reason)
    yield from _over_time(member)
    yield Truth("point-never-expires", member.arn, kept(member.odd_point != "endless"), member.why)
    # What a court holds is meant to be there.
    yield Truth("point-outlived-lifecycle", member.arn, kept(member.odd_point != "overdue"), member.why)
    # Points of databases are under the key of the database, copies under that of the vault.
    yield Truth("recovery-point-not-encrypted", member.arn, kept(member.key != "none"), f"its key: {member.key}")
    yield Truth("copy-depends-on-source-key", member.arn, NOT_APPLICABLE, "what lies in another account is not seen")
    yield Truth("recovery-point-key-unusable", member.arn, kept(member.key not in _UNUSABLE), f"its key: {member.key}")


def _over_time(member: Member) -> Truths:
    """Jobs of 29 nights are known, and so are points that have gone since."""
    owes = member.name not in NATIVE_IS_ENOUGH
    early = member.kept_days < RETENTION_DAYS
    verdict = (FAIL if early else PASS) if owes else NOT_APPLICABLE
    yield Truth("point-deleted-early", member.arn, verdict, f"points went after {member.kept_days} days, if they did")
    long = member.odd_point == "endless" or member.kept_days > LONGEST_DAYS + 1
    verdict = (FAIL if long else PASS) if owes else NOT_APPLICABLE
    yield Truth("point-kept-too-long", member.arn, verdict, f"kept {member.kept_days} days; {member.why}")
