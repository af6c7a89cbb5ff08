"""Plans and selections: what they name, looked up thing by thing."""

from __future__ import annotations

from datetime import timedelta
from fnmatch import fnmatchcase
from itertools import permutations

from oracle.coverage import selects
from oracle.rules import answers, verdict
from oracle.seen import Row, Seen, region_of

_MANAGED = "arn:aws:iam::aws:policy/service-role/AWSBackupServiceRolePolicyForBackup"
_DAYS = 62


@answers("plan-without-selection")
def _assigned(seen: Seen, arn: str) -> str:
    return verdict(any(one.startswith(f"{arn}#") for one in seen.chosen))


@answers("plan-target-missing")
def _targets(seen: Seen, arn: str) -> str:
    """By name at home; a copy by its ARN. Vaults of an account that nobody looks at may be there."""
    region, account = arn.split(":")[3:5]
    rules = seen.plans[arn]["Rules"]
    home = [f"arn:aws:backup:{region}:{account}:backup-vault:{rule['TargetBackupVaultName']}" for rule in rules]
    named = [*home, *(copy["DestinationBackupVaultArn"] for rule in rules for copy in rule["CopyActions"])]
    missing = [vault for vault in named if vault not in seen.vaults]
    if any(vault.split(":")[4] == account for vault in missing):
        return "fail"
    return "unknown" if missing else "pass"


def _starts(rule: Row) -> list[int]:
    """Minutes of its runs in two months; every schedule here names one minute and hour."""
    minute, hour, _, _, weekday, _ = rule["ScheduleExpression"][5:-1].split()
    days = range(_DAYS) if weekday in ("?", "*") else range(0, _DAYS, 7)
    return [day * 1440 + int(hour) * 60 + int(minute) for day in days]


def _lost(one: Row, other: Row) -> list[bool]:
    """Of each run of a rule, minute by minute, whether it falls together with one of a rule that is kept longer."""
    window, busy = one["StartWindowMinutes"], set()
    for start in _starts(other):
        busy |= set(range(start, start + other["StartWindowMinutes"]))
    return [bool(busy & set(range(start, start + window))) for start in _starts(one)]


def _losses(seen: Seen, arn: str) -> list[list[bool]]:
    days = lambda rule: rule["Lifecycle"]["DeleteAfterDays"]  # noqa: E731
    pairs = permutations(seen.plans[arn]["Rules"], 2)
    return [_lost(one, other) for one, other in pairs if days(other) > days(one)]


@answers("plan-rules-overlap")
def _whole(seen: Seen, arn: str) -> str:
    return verdict(not any(all(lost) for lost in _losses(seen, arn)))


@answers("plan-runs-overlap")
def _some(seen: Seen, arn: str) -> str:
    losses = _losses(seen, arn)
    return verdict(not any(any(lost) for lost in losses), applies=not any(all(lost) for lost in losses))


@answers("selection-names-missing-resource")
def _named(seen: Seen, arn: str) -> str:
    named = [entry for entry in seen.chosen[arn]["Resources"] if "*" not in entry]
    return verdict(all(entry in seen.databases for entry in named), applies=bool(named))


@answers("selection-matches-nothing")
def _matches(seen: Seen, arn: str) -> str:
    told, region = seen.chosen[arn], region_of(arn)
    return verdict(any(selects(seen, region, told, database, obey=False) for database in seen.databases))


@answers("selection-tag-with-space")
def _blank(seen: Seen, arn: str) -> str:
    """Whether a pattern would match the value of a tag, were it not for a blank in it."""
    region = region_of(arn)
    likes = [one for name, all_of in seen.chosen[arn]["Conditions"].items() if "Like" in name for one in all_of]
    for one in likes:
        key = one["ConditionKey"].removeprefix("aws:ResourceTag/")
        values = [row["tags"].get(key, "") for name, row in seen.databases.items() if region_of(name) == region]
        if any(" " in value and fnmatchcase(value, one["ConditionValue"]) for value in values):
            return "fail"
    return "pass"


@answers("plan-role-broken")
def _role(seen: Seen, arn: str) -> str:
    role = seen.roles.get(seen.chosen[arn]["IamRoleArn"])
    return verdict(role is not None and "backup.amazonaws.com" in _trusted(role) and _MANAGED in role["attached"])


@answers("role-trusts-others")
def _others(seen: Seen, arn: str) -> str:
    role = seen.roles.get(seen.chosen[arn]["IamRoleArn"])
    return verdict(role is not None and _trusted(role) == {"backup.amazonaws.com"}, applies=role is not None)


def _trusted(role: Row) -> set[str]:
    statements = role["AssumeRolePolicyDocument"]["Statement"]
    services = [one["Principal"]["Service"] for one in statements]
    return {name for one in services for name in ([one] if isinstance(one, str) else one)}


@answers("point-expired-not-deleted")
def _expired(seen: Seen, arn: str) -> str:
    return verdict(all(one["Status"] != "EXPIRED" for one in seen.points[arn]))


@answers("point-orphaned")
def _orphaned(seen: Seen, arn: str) -> str:
    return verdict(arn in seen.databases)


@answers("last-point-expiring")
def _last(seen: Seen, arn: str) -> str:
    ends = [one.get("CalculatedLifecycle", {}).get("DeleteAt") for one in seen.points[arn]]
    stays = None in ends or max(ends) - seen.now >= timedelta(days=14)
    return verdict(stays, applies=arn not in seen.databases)


@answers("restore-test-not-planned")
def _tested(seen: Seen, arn: str) -> str:
    """A plan at home takes all of a type; elsewhere it could take copies only."""
    kind = "RDS" if ":db:" in arn else "Aurora"
    regions = {region for region, one in seen.testing if one["ProtectedResourceType"] == kind}
    if region_of(arn) in regions:
        return "pass"
    return "unknown" if regions else "fail"
