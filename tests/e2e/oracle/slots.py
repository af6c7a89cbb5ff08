"""Runs that were due, from the cron of the only rule that reaches a database, and its jobs."""

from __future__ import annotations

from datetime import datetime, timedelta

from oracle.coverage import DAY, plans_of
from oracle.rules import answers, verdict
from oracle.seen import Row, Seen

_WEEKDAYS = ("MON", "TUE", "WED", "THU", "FRI", "SAT", "SUN")


def _jobs(seen: Seen, arn: str) -> list[Row]:
    return sorted(seen.jobs.get(arn, []), key=lambda job: job["CreationDate"])


def _runs(seen: Seen, arn: str) -> list[datetime]:
    """Every moment of 30 days at which it fires, from the first job on."""
    [rule] = [rule for plan in plans_of(seen, arn) for rule in plan["Rules"]]
    minute, hour, _, _, weekday, _ = rule["ScheduleExpression"][5:-1].split()
    first = _jobs(seen, arn)[0]["CreationDate"]
    midnight = seen.now.replace(hour=0, minute=0, second=0, microsecond=0)
    days = [midnight - back * DAY for back in range(31, -1, -1)]
    runs = [day.replace(hour=int(hour), minute=int(minute)) for day in days]
    named = [run for run in runs if weekday in ("?", "*") or _WEEKDAYS[run.weekday()] == weekday]
    return [run for run in named if first <= run < seen.now and run >= seen.now - 30 * DAY]


def _slots(seen: Seen, arn: str) -> list[tuple[datetime, datetime, list[Row]]]:
    runs = _runs(seen, arn)
    ends = [*runs[1:], seen.now]
    jobs = _jobs(seen, arn)
    pairs = zip(runs, ends, strict=True)
    return [(run, end, [job for job in jobs if run <= job["CreationDate"] < end]) for run, end in pairs]


@answers("backup-run-missed")
def _missed(seen: Seen, arn: str) -> str:
    """The last slot lasts three hours at least; the one rule with other windows has done all of its runs."""
    if not _jobs(seen, arn):
        return "unknown"
    over = [one for one in _slots(seen, arn) if seen.now - one[0] >= timedelta(hours=3)]
    return verdict(all(any(job["State"] == "COMPLETED" for job in jobs) for _, _, jobs in over))


@answers("backup-run-late")
def _late(seen: Seen, arn: str) -> str:
    if not _jobs(seen, arn):
        return "unknown"
    made = [(run, job) for run, _, jobs in _slots(seen, arn) for job in jobs if job["State"] == "COMPLETED"]
    waits = [job["InitiationDate"] - run for run, job in made]
    return verdict(max(waits) <= timedelta(hours=1)) if waits else "unknown"


@answers("recovery-from-failure-slow")
def _recovered(seen: Seen, arn: str) -> str:
    times, jobs = [timedelta(0)], _jobs(seen, arn)
    if not jobs:
        return "unknown"
    for at, job in enumerate(jobs):
        if job["State"] != "COMPLETED":
            good = [later["CompletionDate"] for later in jobs[at:] if later["State"] == "COMPLETED"]
            times.append((good[0] if good else seen.now) - job["CompletionDate"])
    return verdict(max(times) <= timedelta(hours=26))
