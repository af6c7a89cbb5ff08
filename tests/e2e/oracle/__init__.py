"""A second opinion on the truth of the estate, as plain as can be.

It reads what boto3 gives, knows nothing of how the estate was made, and must
come to the verdicts that were written down. One function a rule.
"""

from __future__ import annotations

from oracle import coverage, databases, hygiene, jobs, points, principals, restores, slots, vaults
from oracle.rules import RULES
from oracle.seen import Seen, read_all

__all__ = [
    "RULES", "Seen", "coverage", "databases", "hygiene", "jobs", "points", "principals", "read_all", "restores", "slots", "vaults",
]  # fmt: skip
