"""What an audit of the estate must say, reasoned from what AWS documents and what each rule asks.

Each rule is decided from the description of a database alone, never from what
a tool computed. The list is whole: a finding that has no row here is wrong.

`unknown` is a verdict like any other, where no reading of AWS could decide:
- whether native backups of a week's window were on before that window began;
- whether a point was there when the 30 days began, if points are kept for less:
  it has gone, and its job is no longer shown;
- whether a tag-only selection with cold storage reaches something of a type
  that can be moved there: other services are not read.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from estate.config import NATIVE_IS_ENOUGH, RETENTION_DAYS
from estate.foundation import Foundation
from estate.population import AWAY, HOME, Member
from harness import ACCOUNT, REGIONS

PASS, FAIL, UNKNOWN, NOT_APPLICABLE = "pass", "fail", "unknown", "not_applicable"
_PLAN_DAYS = {"brief": 7, "frozen": 60, "cold": 120}
WINDOW_DAYS = 30
# Plans whose rule has a copy action to the other Region.
_COPYING = {(HOME, "gold")}
OF_RESOURCES = (
    "resource-not-covered", "native-backup-only", "opt-in-blocks-coverage", "rpo-exceeded", "newest-point-stale",
    "design-rpo-exceeded", "rds-backups-off", "cross-region-copy-missing",
)  # fmt: skip


@dataclass(frozen=True)
class Truth:
    """One verdict that is known."""

    rule_id: str
    subject_arn: str
    verdict: str
    reason: str


def truth_of(members: list[Member], foundation: Foundation) -> list[Truth]:
    """Every verdict that follows from the population and the plans."""
    rows = [row for member in members for row in _of(member)]
    for (_, name), plan in foundation.plans.items():
        days = _PLAN_DAYS.get(name, 35)
        kept = PASS if days >= RETENTION_DAYS else FAIL
        rows.append(Truth("plan-retention-too-short", plan.arn, kept, f"its only rule keeps points for {days} days"))
        rows.append(Truth("lifecycle-invalid", plan.arn, *_lifecycle(name)))
    return rows


def truth_of_collections(collections: int) -> list[Truth]:
    """What is said of the collections themselves."""
    verdict, reason = (NOT_APPLICABLE, "there is only one") if collections == 1 else (PASS, "they are close together")
    roots = [f"arn:aws:iam::{ACCOUNT}:root#region/{region}" for region in REGIONS]
    return [Truth("collection-interval-too-long", root, verdict, reason) for root in roots]


def _lifecycle(plan: str) -> tuple[str, str]:
    if plan == "frozen":
        return FAIL, "deletion 30 days after cold storage; AWS asks for 90"
    if plan == "cold":
        return UNKNOWN, "120 days are 90 more than 30, but RDS has no cold storage and other types are not read"
    return PASS, "no cold storage"


def _of(member: Member) -> Iterator[Truth]:
    if member.kind == "replica":
        yield from _secondary(member.arn, "a read replica is not a source of its own")
        return
    for name in member.member_names:
        yield from _secondary(f"arn:aws:rds:{member.region}:{ACCOUNT}:db:{name}", "a member is judged at its cluster")
    yield from _coverage(member)
    yield from _objective(member)
    yield from _copies(member)
    verdict = PASS if member.native_days else FAIL
    yield Truth("rds-backups-off", member.arn, verdict, f"BackupRetentionPeriod is {member.native_days}")
    if member.plan is not None and member.points != "none":
        verdict = PASS if member.kept_days >= RETENTION_DAYS else FAIL
        yield Truth("point-retention-too-short", member.arn, verdict, f"points are kept for {member.kept_days} days")


def _secondary(arn: str, reason: str) -> Iterator[Truth]:
    for rule in OF_RESOURCES:
        yield Truth(rule, arn, NOT_APPLICABLE, reason)


def _coverage(member: Member) -> Iterator[Truth]:
    planned, native = member.plan is not None, member.native_days > 0
    yield Truth("resource-not-covered", member.arn, PASS if planned or native else FAIL, member.why)
    only = NOT_APPLICABLE if not native else PASS if planned else FAIL
    yield Truth("native-backup-only", member.arn, only, member.why)
    blocked = FAIL if member.blocked else PASS if planned else NOT_APPLICABLE
    yield Truth("opt-in-blocks-coverage", member.arn, blocked, member.why)


def _objective(member: Member) -> Iterator[Truth]:
    """24 hours and 3 of tolerance over the last 30 days; a night's backup is done ten minutes after its data."""
    if member.name in NATIVE_IS_ENOUGH:
        yield Truth("rpo-exceeded", member.arn, UNKNOWN, f"a window of {member.native_days} days proves no more days")
        yield Truth("newest-point-stale", member.arn, PASS, "logs are shipped every five minutes")
        yield Truth("design-rpo-exceeded", member.arn, PASS, "logs are shipped every five minutes")
        return
    elsewhere = not member.critical or member.copies == "done"
    kept = FAIL if member.points != "daily" or not elsewhere else PASS if member.kept_days >= WINDOW_DAYS else UNKNOWN
    yield Truth("rpo-exceeded", member.arn, kept, f"{member.why}; copies: {member.copies}")
    fresh = PASS if member.points in ("daily", "missed") else FAIL
    yield Truth("newest-point-stale", member.arn, fresh, member.why)
    slow = member.plan == "slow"
    reason = "24 h + 8 h to start + 7 days to finish" if slow else "24 h + 1 h to start + 2 h to finish"
    if member.plan is None:
        yield Truth("design-rpo-exceeded", member.arn, NOT_APPLICABLE, "no plan, and nothing else counts")
    else:
        yield Truth("design-rpo-exceeded", member.arn, FAIL if slow else PASS, reason)


def _copies(member: Member) -> Iterator[Truth]:
    if member.critical or (member.region, member.plan) in _COPYING:
        verdict = PASS if member.copies == "done" else FAIL
        reason = f"owed or planned; copies from {HOME} to {AWAY}: {member.copies}"
        yield Truth("cross-region-copy-missing", member.arn, verdict, reason)
    else:
        yield Truth("cross-region-copy-missing", member.arn, NOT_APPLICABLE, "neither owed nor planned")
