"""Buckets with a point: what was found in it, and that nothing else is wrong with it."""

from __future__ import annotations

from estate.scans import FOUND
from estate.truth.verdicts import FAIL, NOT_APPLICABLE, PASS, UNKNOWN, Truth, Truths, kept

_IN_ORDER = (
    "point-retention-too-short", "point-never-expires", "point-outlived-lifecycle", "point-expired-not-deleted",
    "recovery-point-not-encrypted", "recovery-point-key-unusable", "point-orphaned",
)  # fmt: skip
_NOT_ASKED = {
    "point-deleted-early": "nobody owes it a retention",
    "point-kept-too-long": "nor an end",
    "last-point-expiring": "it is there",
}


def of_bucket(arn: str) -> Truths:
    """Everything that is said of its point."""
    found = FOUND[arn]
    infected = {"THREATS_FOUND": FAIL, "NO_THREATS_FOUND": PASS, None: UNKNOWN}[found]
    yield Truth("newest-point-infected", arn, infected, f"a scan found: {found}")
    yield Truth("newest-point-unscanned", arn, kept(found is not None), f"a scan found: {found}")
    for rule in _IN_ORDER:
        yield Truth(rule, arn, PASS, "an encrypted point of 35 days, made a moment ago")
    yield Truth("copy-depends-on-source-key", arn, NOT_APPLICABLE, "its point lies in the account that lists it")
    for rule, reason in _NOT_ASKED.items():
        yield Truth(rule, arn, NOT_APPLICABLE, reason)
