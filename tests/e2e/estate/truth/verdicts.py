"""What a known verdict is."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

PASS, FAIL, UNKNOWN, NOT_APPLICABLE = "pass", "fail", "unknown", "not_applicable"


@dataclass(frozen=True)
class Truth:
    """One verdict that is known."""

    rule_id: str
    subject_arn: str
    verdict: str
    reason: str


Truths = Iterator[Truth]


def kept(holds: bool) -> str:
    """Pass if it holds, else fail."""
    return PASS if holds else FAIL
