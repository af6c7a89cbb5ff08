"""What is said of databases of which only points are left: what they owed, nobody knows."""

from __future__ import annotations

from estate.departed import DELETED, DEPARTED, SINCE
from estate.truth.verdicts import NOT_APPLICABLE, PASS, UNKNOWN, Truth, Truths, kept

# Days that points are kept, and that the last one should still be there.
_KEPT, _ENOUGH = 35, 14
# Rules about points that hold whatever was owed.
_AS_THEY_ARE = (
    "point-never-expires", "point-outlived-lifecycle", "point-expired-not-deleted", "recovery-point-not-encrypted",
    "recovery-point-key-unusable",
)  # fmt: skip


def of_departed() -> Truths:
    """Everything that is said of the two."""
    for member in DEPARTED:
        left = _KEPT - SINCE[member.name]
        yield Truth("point-orphaned", member.arn, "fail", f"{member.why}; its points are there")
        yield Truth("last-point-expiring", member.arn, kept(left >= _ENOUGH), f"the last point goes in {left} days")
        told = PASS if member is DELETED else UNKNOWN
        reason = "an event tells of its end, or may do so within minutes: only an older collection would show that it was gone"
        yield Truth("population-not-reconciled", member.arn, told, reason)
        yield Truth("copy-depends-on-source-key", member.arn, NOT_APPLICABLE, "nothing lies in another account")
        for rule in _AS_THEY_ARE:
            yield Truth(rule, member.arn, PASS, "encrypted points of 35 days, none of them overdue")
        for rule in ("point-retention-too-short", "point-deleted-early", "point-kept-too-long"):
            yield Truth(rule, member.arn, UNKNOWN, "its objective goes by its tags, which nobody knows")
    yield Truth("final-snapshot-missing", DELETED.arn, UNKNOWN, "nobody saw whether it held data of its own")
