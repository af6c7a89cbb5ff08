"""Restores: of a database that was tested everything is known, of the others only that no test is listed."""

from __future__ import annotations

from estate.population import Member
from estate.truth.verdicts import FAIL, NOT_APPLICABLE, PASS, UNKNOWN, Truth, Truths

# What each way of ending says of: the test of late, its success, its validation, its time, what it left.
_ENDS: dict[str, tuple[str, str, str, str, str]] = {
    "well": (PASS, PASS, PASS, PASS, PASS),
    # What failed proves neither that it can be restored nor how long that takes, and there is nothing to validate.
    "failed": (UNKNOWN, FAIL, NOT_APPLICABLE, UNKNOWN, PASS),
    "unvalidated": (PASS, PASS, FAIL, PASS, PASS),
    # Restored and found to be wrong: no restore that shows anything, though how long it took.
    "invalid": (UNKNOWN, FAIL, FAIL, PASS, PASS),
    "slowly": (PASS, PASS, PASS, FAIL, PASS),
    "littering": (PASS, PASS, PASS, PASS, FAIL),
    # Ten days ago, where every week is owed.
    "long ago": (FAIL, PASS, PASS, PASS, PASS),
}
_NEVER = (UNKNOWN, NOT_APPLICABLE, NOT_APPLICABLE, UNKNOWN, PASS)
_UNRIPE = (NOT_APPLICABLE, *_NEVER[1:])
_RULES = (
    "restore-test-missing", "restore-test-failed", "restore-not-validated", "restore-slower-than-rto",
    "restore-test-leftover",
)  # fmt: skip


def of_member(member: Member) -> Truths:
    """All five rules, for every database."""
    if member.kind in ("replica", "leftover"):
        return
    never = _UNRIPE if member.duty == "tested-yearly" else _NEVER
    verdicts = _ENDS[member.restored] if member.restored else never
    reason = f"restored: {member.restored or 'no restore in 30 days'}"
    for rule, verdict in zip(_RULES, verdicts, strict=True):
        yield Truth(rule, member.arn, verdict, reason)
