"""What RDS tells of its databases and of the snapshots people took."""

from __future__ import annotations

from datetime import time, timedelta

from oracle.coverage import plans_of
from oracle.rules import answers, verdict
from oracle.seen import Row, Seen

_DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_WEEK = 7 * 24 * 60


@answers("database-not-encrypted")
def _encrypted(seen: Seen, arn: str) -> str:
    return verdict(seen.databases[arn]["StorageEncryptionType"] != "none")


@answers("instance-single-az")
@answers("cluster-single-az")
@answers("neptune-single-az")
@answers("documentdb-single-az")
def _zones(seen: Seen, arn: str) -> str:
    return verdict(seen.databases[arn]["MultiAZ"])


@answers("rds-backups-off")
def _backups(seen: Seen, arn: str) -> str:
    return verdict(seen.databases[arn]["BackupRetentionPeriod"] > 0)


@answers("rds-retention-too-short")
def _retention(seen: Seen, arn: str) -> str:
    days = seen.databases[arn]["BackupRetentionPeriod"]
    return verdict(days >= 7, applies=days > 0)


@answers("rds-deletion-protection-off")
def _protection(seen: Seen, arn: str) -> str:
    return verdict(seen.databases[arn]["DeletionProtection"])


@answers("rds-copy-tags-off")
def _copy_tags(seen: Seen, arn: str) -> str:
    return verdict(seen.databases[arn]["CopyTagsToSnapshot"])


@answers("database-logs-not-exported")
def _logs(seen: Seen, arn: str) -> str:
    return verdict(bool(seen.databases[arn].get("EnabledCloudwatchLogsExports")))


@answers("master-password-unmanaged")
def _password(seen: Seen, arn: str) -> str:
    row = seen.databases[arn]
    return verdict("MasterUserSecret" in row, applies=row["Engine"] != "neptune")


@answers("protection-dies-with-source")
def _outlived(seen: Seen, arn: str) -> str:
    """A point in any vault, or a snapshot that somebody took."""
    by_hand = {f"{arn.replace(':db:', ':snapshot:').replace(':cluster:', ':cluster-snapshot:')}-by-hand"}
    stays = any(one["Status"] == "COMPLETED" for one in seen.points.get(arn, [])) or by_hand & set(seen.snapshots)
    return verdict(bool(stays), applies=seen.databases[arn]["BackupRetentionPeriod"] > 0)


@answers("pitr-lagging")
def _lagging(seen: Seen, arn: str) -> str:
    latest = seen.databases[arn].get("LatestRestorableTime")
    late = latest is not None and seen.now - latest > timedelta(minutes=15)
    return verdict(not late, applies=latest is not None)


@answers("automated-backup-replication-broken")
def _replication(seen: Seen, arn: str) -> str:
    row = seen.databases[arn]
    replicas = [one["DBInstanceAutomatedBackupsArn"] for one in row.get("DBInstanceAutomatedBackupsReplications", [])]
    backups = [seen.automated_backups[replica] for replica in replicas]
    fresh = [one for one in backups if one["Status"] == "active" and _close(seen, one)]
    return verdict(bool(fresh), applies=row["tags"].get("duty") == "mirrored")


def _close(seen: Seen, backup: Row) -> bool:
    return seen.now - backup["RestoreWindow"]["LatestTime"] < timedelta(hours=1)


@answers("backup-window-overlaps-maintenance")
def _windows(seen: Seen, arn: str) -> str:
    """Minute by minute of a week: nothing may start in the hour before maintenance or during it."""
    row = seen.databases[arn]
    busy = _minutes(*(_of_week(text) for text in row["PreferredMaintenanceWindow"].split("-")))
    begin, end = (_of_day(text) for text in row["PreferredBackupWindow"].split("-"))
    daily = [minute for day in range(7) for minute in _minutes(day * 1440 + begin, day * 1440 + end)]
    if set(daily) & set(busy):
        return "fail"
    if ":cluster:" in arn and row["Engine"].startswith("aurora"):
        return "pass"  # AWS Backup backs Aurora up at any time
    hour_before = {(minute - before) % _WEEK for minute in busy for before in range(61)}
    starts = [minute for plan in plans_of(seen, arn) for rule in plan["Rules"] for minute in _starts(rule)]
    return verdict(not hour_before & set(starts))


def _starts(rule: Row) -> list[int]:
    minute, hour, _, _, weekday, _ = rule["ScheduleExpression"][5:-1].split()
    days = range(7) if weekday in ("?", "*") else [_DAYS.index(weekday.lower())]
    fires = [day * 1440 + int(hour) * 60 + int(minute) for day in days]
    return [minute for fire in fires for minute in _minutes(fire, fire + rule["StartWindowMinutes"])]


def _minutes(begin: int, end: int) -> list[int]:
    return [minute % _WEEK for minute in range(begin, end if end > begin else end + (_WEEK if end < 0 else 1440))]


def _of_day(text: str) -> int:
    moment = time.fromisoformat(text)
    return moment.hour * 60 + moment.minute


def _of_week(text: str) -> int:
    return _DAYS.index(text[:3]) * 1440 + _of_day(text[4:])


@answers("snapshot-public")
def _public(seen: Seen, arn: str) -> str:
    return verdict("all" not in seen.snapshots[arn])


@answers("snapshot-shared")
def _shared(seen: Seen, arn: str) -> str:
    return verdict(not set(seen.snapshots[arn]) - {"all"})
