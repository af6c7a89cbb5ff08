"""Databases that are gone, and of which points are left: one that somebody deleted, one that nobody remembers.

Their points are those of nights on which they were there. Of the first CloudTrail
tells (`estate.holdings.trail`); the points of the other are nearly gone, too.
"""

from __future__ import annotations

from datetime import timedelta

from estate.foundation import Foundation
from estate.history import NIGHTS, point_row
from estate.population import HOME, Member, daily
from harness import Endpoint

DELETED, FORGOTTEN = daily("gone", "deleted two days ago"), daily("fading", "not backed up for 25 nights")
# The first night, counted back, on which each was there.
SINCE: dict[str, int] = {DELETED.name: 3, FORGOTTEN.name: 25}
DEPARTED: tuple[Member, ...] = (DELETED, FORGOTTEN)


def seed_departed(aws: Endpoint, made: Foundation) -> None:
    """Put what is left of them in place."""
    plan = made.plans[(HOME, "daily")]
    nights = [(member, night) for member in DEPARTED for night in range(SINCE[member.name], NIGHTS)]
    aws.seed([point_row(member, plan, made, made.fires - timedelta(days=night)) for member, night in nights])
