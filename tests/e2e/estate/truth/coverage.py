"""Coverage, objectives and plans."""

from __future__ import annotations

from estate.config import NATIVE_IS_ENOUGH, RETENTION_DAYS, TIERS
from estate.foundation import Foundation
from estate.population import Member
from estate.truth.verdicts import FAIL, NOT_APPLICABLE, PASS, UNKNOWN, Truth, Truths, kept
from harness import ACCOUNT

_PLAN_DAYS = {"brief": 7, "short": 7, "frozen": 60, "cold": 120}
WINDOW_DAYS = 30
# Rules that speak of every database, and not of what only repeats or was only tested.
OF_PRIMARIES = (
    "resource-not-covered", "native-backup-only", "opt-in-blocks-coverage", "rpo-exceeded", "newest-point-stale",
    "design-rpo-exceeded", "last-recovery-point-too-old", "no-point-in-locked-vault",
    "cross-region-copy-missing", "cross-account-copy-missing", "air-gapped-copy-missing",
    "rds-backups-off", "rds-deletion-protection-off", "rds-copy-tags-off", "rds-retention-too-short",
    "pitr-lagging", "pitr-history-broken", "automated-backup-replication-broken", "backup-window-overlaps-maintenance",
    "points-nobody-asks-for", "continuous-backup-stopped", "resource-cost-over-budget",
    "protection-dies-with-source", "database-logs-not-exported", "master-password-unmanaged",
    "restore-test-missing", "restore-test-failed", "restore-not-validated", "restore-slower-than-rto",
    "restore-test-leftover", "restore-of-stale-data", "retention-tier-missing",
)  # fmt: skip
_SECONDARY = {
    "replica": "a read replica is not a source of its own",
    "leftover": "what a restore test made is not a source",
}


def of_plans(made: Foundation) -> Truths:
    """Each plan has one rule."""
    for (_, name), plan in made.plans.items():
        days = _PLAN_DAYS.get(name, 35)
        enough, weekly = days >= RETENTION_DAYS, name == "weekly"
        reason = f"its only rule runs every {'week' if weekly else 'day'} and keeps points for {days} days"
        yield Truth("plan-retention-too-short", plan.arn, kept(enough), reason)
        yield Truth("plan-frequency-too-low", plan.arn, kept(enough and not weekly), reason)
        yield Truth("lifecycle-invalid", plan.arn, *_lifecycle(name))


def _lifecycle(plan: str) -> tuple[str, str]:
    if plan == "frozen":
        return FAIL, "deletion 30 days after cold storage; AWS asks for 90"
    if plan == "cold":
        return UNKNOWN, "120 days are 90 more than 30, but RDS has no cold storage and other types are not read"
    return PASS, "no cold storage"


def of_member(member: Member) -> Truths:
    """Coverage and objective of a database; that most rules do not speak of what is not a source."""
    for name in member.member_names:
        arn = f"arn:aws:rds:{member.region}:{ACCOUNT}:db:{name}"
        yield from _secondary(arn, "a member is judged at its cluster")
        yield Truth("database-not-encrypted", arn, NOT_APPLICABLE, "a member stores its data in its cluster")
    if member.kind in _SECONDARY:
        yield from _secondary(member.arn, _SECONDARY[member.kind])
        return
    yield from _coverage(member)
    yield from _objective(member)
    yield _tiers(member)


def _secondary(arn: str, reason: str) -> Truths:
    for rule in OF_PRIMARIES:
        yield Truth(rule, arn, NOT_APPLICABLE, reason)


def _coverage(member: Member) -> Truths:
    planned, native = member.plan is not None, member.native_days > 0
    yield Truth("resource-not-covered", member.arn, kept(planned or native), member.why)
    only = kept(planned) if native else NOT_APPLICABLE
    yield Truth("native-backup-only", member.arn, only, member.why)
    blocked = FAIL if member.blocked else PASS if planned else NOT_APPLICABLE
    yield Truth("opt-in-blocks-coverage", member.arn, blocked, member.why)


def _tiers(member: Member) -> Truth:
    """Each plan has one rule; `weekly` runs once a week, the others every day."""
    objective = "critical" if member.critical else "" if member.name in NATIVE_IS_ENOUGH else member.duty or ""
    if objective not in TIERS:
        return Truth("retention-tier-missing", member.arn, NOT_APPLICABLE, "its objective asks for no tiers")
    every, days = 7 if member.plan == "weekly" else 1, _PLAN_DAYS.get(member.plan or "", 35)
    made = member.plan is not None and all(every <= owed and days >= keep for owed, keep in TIERS[objective])
    return Truth("retention-tier-missing", member.arn, kept(made), f"plan {member.plan}: every {every} days for {days}")


def _objective(member: Member) -> Truths:
    """24 hours and 3 of tolerance over the last 30 days; a night's backup is done ten minutes after its data."""
    if member.name in NATIVE_IS_ENOUGH:
        yield Truth("rpo-exceeded", member.arn, UNKNOWN, f"a window of {member.native_days} days proves no more days")
        yield Truth("newest-point-stale", member.arn, PASS, "logs are shipped every five minutes")
        yield Truth("design-rpo-exceeded", member.arn, PASS, "logs are shipped every five minutes")
        return
    elsewhere = not member.critical or member.copies == "done"
    whole = PASS if member.kept_days >= WINDOW_DAYS else UNKNOWN
    verdict = whole if member.points == "daily" and elsewhere else FAIL
    yield Truth("rpo-exceeded", member.arn, verdict, f"{member.why}; copies: {member.copies}")
    fresh = member.points in ("daily", "weekly", "missed")
    yield Truth("newest-point-stale", member.arn, kept(fresh), member.why)
    slow = {"slow": "24 h + 8 h to start + 7 days to finish", "weekly": "a week between runs"}.get(member.plan or "")
    if member.plan is None:
        yield Truth("design-rpo-exceeded", member.arn, NOT_APPLICABLE, "no plan, and nothing else counts")
    else:
        reason = slow or "24 h + 1 h to start + 2 h to finish"
        yield Truth("design-rpo-exceeded", member.arn, kept(slow is None), reason)
