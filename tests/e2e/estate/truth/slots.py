"""Runs that were due: the rule of a plan fires every night, or every week, and each night's job is known."""

from __future__ import annotations

from datetime import timedelta

from estate.history import happened
from estate.population import Member
from estate.truth.verdicts import FAIL, PASS, UNKNOWN, Truth, Truths, kept

_NIGHTS = 30
_DAY, _FAILED_AFTER, _DONE_AFTER = timedelta(days=1), timedelta(hours=1), timedelta(minutes=25)
# The last run was two hours ago, and has three hours.
_LAST = timedelta(hours=2)
_ALLOWED = timedelta(hours=26)


def of_member(member: Member) -> Truths:
    """Three rules, for every database that a plan reaches."""
    if member.plan is None or member.kind in ("replica", "leftover"):
        return
    if member.name.startswith("bulk-"):
        for rule in ("backup-run-missed", "backup-run-late", "recovery-from-failure-slow"):
            yield Truth(rule, member.arn, UNKNOWN, "it has points and no jobs: nobody can say since when runs are due")
        return
    step = 7 if member.points == "weekly" else 1
    nights = list(range(0, _NIGHTS, step))
    made = [member.points == "daily" or happened(member, night) for night in nights]
    missed = [night for night, done in zip(nights, made, strict=True) if not done and night > 0]
    yield Truth("backup-run-missed", member.arn, kept(not missed), f"without a point: the nights {missed}")
    late = kept(member.last_job != "late") if any(made) else UNKNOWN
    reason = f"every backup began a quarter of an hour after its run, if any did; job: {member.last_job}"
    yield Truth("backup-run-late", member.arn, late, reason)
    slow = any(_recovery(made, at, step) > _ALLOWED for at, done in enumerate(made) if not done)
    yield Truth("recovery-from-failure-slow", member.arn, FAIL if slow else PASS, f"points: {member.points}")


def _recovery(made: list[bool], at: int, step: int) -> timedelta:
    """From the failure of a night to the end of the next backup, or until now; nights are counted back."""
    later = [night for night in range(at) if made[night]]
    if later:
        return (at - max(later)) * step * _DAY + _DONE_AFTER - _FAILED_AFTER
    return at * step * _DAY + _LAST - _FAILED_AFTER
