"""Restore jobs: what is listed of 30 days. Of what is not listed nothing is known but that it was not tested lately."""

from __future__ import annotations

from datetime import timedelta

from oracle.coverage import ALLOWED
from oracle.rules import answers, verdict
from oracle.seen import Row, Seen


def _job(seen: Seen, arn: str) -> Row | None:
    """Each database here was restored once or never."""
    jobs = seen.restores.get(arn, [])
    return jobs[0] if jobs else None


def _completed(seen: Seen, arn: str) -> Row | None:
    job = _job(seen, arn)
    return job if job and job["Status"] == "COMPLETED" else None


@answers("restore-test-missing")
def _tested(seen: Seen, arn: str) -> str:
    """A week or a year where that is owed; else a quarter, which 30 days cannot show to be missed."""
    database, job = seen.databases[arn], _completed(seen, arn)
    allowed = timedelta(days={"tested-weekly": 7, "tested-yearly": 365}.get(database["tags"].get("duty"), 92))
    if seen.now - database["born"] <= allowed:
        return "not_applicable"
    if job is None or job.get("ValidationStatus") == "FAILED":
        return "unknown"
    return verdict(seen.now - job["CompletionDate"] <= allowed)


@answers("restore-test-failed")
def _succeeded(seen: Seen, arn: str) -> str:
    job = _job(seen, arn) or {}
    good = job.get("Status") == "COMPLETED" and job.get("ValidationStatus") != "FAILED"
    return verdict(good, applies=bool(job))


@answers("restore-not-validated")
def _validated(seen: Seen, arn: str) -> str:
    job = _completed(seen, arn) or {}
    return verdict(job.get("ValidationStatus") == "SUCCESSFUL", applies=bool(job))


@answers("restore-slower-than-rto")
def _fast(seen: Seen, arn: str) -> str:
    job = _completed(seen, arn)
    if job is None:
        return "unknown"
    hours = 4 if seen.databases[arn]["tags"].get("duty") == "tested" else 12
    return verdict(job["CompletionDate"] - job["CreationDate"] <= timedelta(hours=hours))


@answers("restore-of-stale-data")
def _current(seen: Seen, arn: str) -> str:
    """The point was at most as old as the RPO and its tolerance when the restore began."""
    job = _completed(seen, arn) or {}
    shown = bool(job) and job.get("ValidationStatus") != "FAILED"
    fresh = shown and job["CreationDate"] - job["RecoveryPointCreationDate"] <= ALLOWED
    return verdict(fresh, applies=shown)


@answers("restore-test-leftover")
def _left(seen: Seen, arn: str) -> str:
    return verdict((_completed(seen, arn) or {}).get("DeletionStatus") != "FAILED")
