"""What RDS itself does and allows: encryption, protection, automated backups, snapshots taken by hand."""

from __future__ import annotations

from estate.population import Member
from estate.truth.points import has_points
from estate.truth.verdicts import FAIL, NOT_APPLICABLE, PASS, Truth, Truths, kept
from harness import ACCOUNT

_SEVEN_DAYS = 7


def of_member(member: Member) -> Truths:
    """Every rule about the database and not about its points."""
    yield from _zones(member)
    if member.kind == "leftover":
        reason = "what a restore test made holds nobody's data"
        yield Truth("database-not-encrypted", member.arn, NOT_APPLICABLE, reason)
        return
    # A replica holds the data too, and is encrypted as its source is.
    yield Truth("database-not-encrypted", member.arn, kept(member.key != "none"), f"its key: {member.key}")
    if member.kind == "replica":
        return
    yield from _settings(member)
    yield from _automated_backups(member)
    yield from _snapshot(member)
    stays = has_points(member) or member.snapshot is not None
    outlived = kept(stays) if member.native_days else NOT_APPLICABLE
    yield Truth("protection-dies-with-source", member.arn, outlived, f"points: {member.points}, by hand: {member.snapshot}")
    yield Truth("database-logs-not-exported", member.arn, kept(member.critical), "logs of what is critical are exported")
    managed = NOT_APPLICABLE if member.kind == "neptune" else kept(member.managed)
    yield Truth("master-password-unmanaged", member.arn, managed, f"RDS keeps the password: {member.managed}")


def _zones(member: Member) -> Truths:
    """Of clusters their instances, of which it is the same."""
    reason = f"another zone takes over: {member.zones}"
    for name in member.member_names:
        arn = f"arn:aws:rds:{member.region}:{ACCOUNT}:db:{name}"
        yield Truth("instance-single-az", arn, NOT_APPLICABLE, "its cluster is asked")
    if not member.cluster:
        alone = NOT_APPLICABLE if member.kind in ("replica", "leftover") else kept(member.zones)
        yield Truth("instance-single-az", member.arn, alone, reason)
    else:
        rule = {"Aurora": "cluster", "Neptune": "neptune", "DocumentDB": "documentdb"}[member.backup_type]
        yield Truth(f"{rule}-single-az", member.arn, kept(member.zones), reason)


def _settings(member: Member) -> Truths:
    yield Truth("rds-deletion-protection-off", member.arn, kept(member.guarded), member.why)
    yield Truth("rds-copy-tags-off", member.arn, kept(member.copies_tags), member.why)
    reason = f"maintenance: {member.maintenance}"
    yield Truth("backup-window-overlaps-maintenance", member.arn, kept(member.maintenance == "apart"), reason)


def _automated_backups(member: Member) -> Truths:
    days = member.native_days
    reason = f"BackupRetentionPeriod is {days}"
    yield Truth("rds-backups-off", member.arn, kept(days > 0), reason)
    enough = kept(days >= _SEVEN_DAYS) if days else NOT_APPLICABLE
    yield Truth("rds-retention-too-short", member.arn, enough, reason)
    lagging = kept(member.lag_hours == 0) if days else NOT_APPLICABLE
    yield Truth("pitr-lagging", member.arn, lagging, f"{reason}; {member.lag_hours} hours behind")
    yield Truth("pitr-history-broken", member.arn, NOT_APPLICABLE, "it was collected once")
    replication = NOT_APPLICABLE
    if member.duty == "mirrored":
        replication = PASS if member.replica == "live" else FAIL
    reason = f"replication: {member.replica}"
    yield Truth("automated-backup-replication-broken", member.arn, replication, reason)


def _snapshot(member: Member) -> Truths:
    if member.snapshot:
        reason = f"a snapshot taken by hand, {member.snapshot}"
        yield Truth("snapshot-public", member.snapshot_arn, kept(member.snapshot != "public"), reason)
        # Public is another matter than an account that nobody looks into.
        yield Truth("snapshot-shared", member.snapshot_arn, kept(member.snapshot != "shared"), reason)
