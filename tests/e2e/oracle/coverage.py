"""Which plans reach a database, and what plans promise."""

from __future__ import annotations

import re
from datetime import timedelta
from fnmatch import fnmatchcase

from oracle.rules import answers, verdict
from oracle.seen import Row, Seen, region_of

DAY, ALLOWED = timedelta(days=1), timedelta(hours=27)


def plans_of(seen: Seen, arn: str, *, obey: bool = True) -> list[Row]:
    """(Resources or tags) and conditions, but not what is excluded; a tag needs the opt-in."""
    return [plan for region, plan, told in seen.selections if selects(seen, region, told, arn, obey=obey)]


def selects(seen: Seen, region: str, told: Row, arn: str, *, obey: bool) -> bool:
    """Whether a selection of a Region asks for a database."""
    tags = seen.databases[arn]["tags"]
    named = any(fnmatchcase(arn, pattern) for pattern in told["Resources"])
    tagged = any(tags.get(one["ConditionKey"]) == one["ConditionValue"] for one in told["ListOfTags"])
    opted = not obey or seen.opt_in[region]["RDS" if ":db:" in arn else "Aurora"]
    excluded = any(fnmatchcase(arn, pattern) for pattern in told["NotResources"])
    here = region_of(arn) == region
    return here and (named or (tagged and opted)) and _holds(told["Conditions"], tags) and not excluded


def _holds(conditions: dict[str, list[dict[str, str]]], tags: dict[str, str]) -> bool:
    for operator, entries in conditions.items():
        for entry in entries:
            value = tags.get(entry["ConditionKey"].removeprefix("aws:ResourceTag/"))
            pattern = re.escape(entry["ConditionValue"]).replace(r"\*", r"\S*")  # a star stands for no blank
            like = value is not None and re.fullmatch(pattern, value) is not None
            equal = value == entry["ConditionValue"]
            holds = {
                "StringEquals": equal,
                "StringNotEquals": not equal,
                "StringLike": like,
                "StringNotLike": not like,
            }
            if not holds[operator]:
                return False
    return True


def native_counts(arn: str) -> bool:
    """The two databases that may keep their objective by the backups of their service."""
    return arn.endswith((":db:native", ":cluster:lab"))


@answers("resource-not-covered")
def _covered(seen: Seen, arn: str) -> str:
    return verdict(bool(plans_of(seen, arn) or seen.databases[arn]["BackupRetentionPeriod"]))


@answers("native-backup-only")
def _native_only(seen: Seen, arn: str) -> str:
    return verdict(bool(plans_of(seen, arn)), applies=seen.databases[arn]["BackupRetentionPeriod"] > 0)


@answers("opt-in-blocks-coverage")
def _blocked(seen: Seen, arn: str) -> str:
    return verdict(bool(plans_of(seen, arn)), applies=bool(plans_of(seen, arn, obey=False)))


@answers("design-rpo-exceeded")
def _design(seen: Seen, arn: str) -> str:
    """The time between runs, and both windows of the rule."""
    if native_counts(arn):
        return "pass"
    rules = [rule for plan in plans_of(seen, arn) for rule in plan["Rules"]]
    windows = [_gap(rule) + _windows(rule) for rule in rules]
    return verdict(bool(windows) and min(windows) <= ALLOWED, applies=bool(windows))


def _windows(rule: Row) -> timedelta:
    return timedelta(minutes=rule["StartWindowMinutes"] + rule["CompletionWindowMinutes"])


def _gap(rule: Row) -> timedelta:
    """Every schedule here names one minute and hour, of every day or of one day of the week."""
    every_day = rule["ScheduleExpression"].split()[4] in ("?", "?)") or rule["ScheduleExpression"].endswith("* * ? *)")
    return DAY if every_day else 7 * DAY


def _kept(rule: Row) -> int:
    return rule["Lifecycle"]["DeleteAfterDays"]


@answers("retention-tier-missing")
def _tiers(seen: Seen, arn: str) -> str:
    """What is critical owes daily points for 35 days; one other owes daily ones for 30 and monthly ones for a year."""
    tags = seen.databases[arn]["tags"]
    owed = [(1, 30), (31, 365)] if tags.get("duty") == "tested-yearly" else []
    owed = [(1, 35)] if tags.get("tier") == "critical" else owed
    rules = [rule for plan in plans_of(seen, arn) for rule in plan["Rules"]]
    made = [any(_gap(rule) <= every * DAY and _kept(rule) >= keep for rule in rules) for every, keep in owed]
    return verdict(all(made), applies=bool(owed))


@answers("plan-retention-too-short")
def _plan_retention(seen: Seen, arn: str) -> str:
    return verdict(max(_kept(rule) for rule in seen.plans[arn]["Rules"]) >= 35)


@answers("plan-frequency-too-low")
def _plan_frequency(seen: Seen, arn: str) -> str:
    return verdict(any(_gap(rule) <= DAY and _kept(rule) >= 35 for rule in seen.plans[arn]["Rules"]))


@answers("lifecycle-invalid")
def _lifecycle(seen: Seen, arn: str) -> str:
    """90 days between cold storage and deletion; whether cold storage is of any use depends on what is not read."""
    colds = [(rule, rule["Lifecycle"].get("MoveToColdStorageAfterDays")) for rule in seen.plans[arn]["Rules"]]
    moved = [(rule, cold) for rule, cold in colds if cold is not None]
    if any(_kept(rule) < cold + 90 for rule, cold in moved):
        return "fail"
    return "unknown" if moved else "pass"
