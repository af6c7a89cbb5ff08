"""Restores: of a database that was tested everything is known, of the others only that no test is listed."""

from __future__ import annotations

from estate.population import Member
from estate.truth.verdicts import FAIL, NOT_APPLICABLE, PASS, UNKNOWN, Truth, Truths, kept

# What each way of ending says of: the test of late, its success, its validation, its time, what it left, how old its
# data was.
_ENDS: dict[str, tuple[str, str, str, str, str, str]] = {
    "well": (PASS, PASS, PASS, PASS, PASS, PASS),
    # What failed proves neither that it can be restored nor how long that takes, and there is nothing to validate.
    "failed": (UNKNOWN, FAIL, NOT_APPLICABLE, UNKNOWN, PASS, NOT_APPLICABLE),
    "unvalidated": (PASS, PASS, FAIL, PASS, PASS, PASS),
    # Restored and found to be wrong: no restore that shows anything, though how long it took.
    "invalid": (UNKNOWN, FAIL, FAIL, PASS, PASS, NOT_APPLICABLE),
    "slowly": (PASS, PASS, PASS, FAIL, PASS, PASS),
    "littering": (PASS, PASS, PASS, PASS, FAIL, PASS),
    # Ten days ago, where every week is owed.
    "long ago": (FAIL, PASS, PASS, PASS, PASS, PASS),
    # Three days ago, of a point that was two weeks old then, where 27 hours are allowed.
    "of old data": (PASS, PASS, PASS, PASS, PASS, FAIL),
}
_NEVER = (UNKNOWN, NOT_APPLICABLE, NOT_APPLICABLE, UNKNOWN, PASS, NOT_APPLICABLE)
_UNRIPE = (NOT_APPLICABLE, *_NEVER[1:])
_RULES = (
    "restore-test-missing", "restore-test-failed", "restore-not-validated", "restore-slower-than-rto",
    "restore-test-leftover", "restore-of-stale-data",
)  # fmt: skip


def of_member(member: Member) -> Truths:
    """All six rules, for every database; and what is there of a restore."""
    if member.kind == "leftover":
        yield Truth("restored-database-public", member.arn, kept(not member.public), f"a public address: {member.public}")
        yield Truth("restored-database-beside-production", member.arn, FAIL, "everything is in the default VPC")
    if member.kind in ("replica", "leftover"):
        return
    never = _UNRIPE if member.duty == "tested-yearly" else _NEVER
    verdicts = _ENDS[member.restored] if member.restored else never
    reason = f"restored: {member.restored or 'no restore in 30 days'}"
    for rule, verdict in zip(_RULES, verdicts, strict=True):
        yield Truth(rule, member.arn, verdict, reason)
