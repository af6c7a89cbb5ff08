"""Many plain, healthy instances, for measuring. Seeded: boto3 would take minutes."""

from __future__ import annotations

from datetime import datetime, timedelta

from estate.databases import AGE, INSTANCE, common
from estate.foundation import Foundation
from estate.history import NIGHTS, point_row
from estate.population import GOLD, HOME, Member
from harness import ACCOUNT, Endpoint


def add_bulk(aws: Endpoint, made: Foundation, base: datetime, count: int) -> list[Member]:
    """Add `count` instances with nightly points (no job history)."""
    plan = made.plans[(HOME, "gold")]
    members = [Member(f"bulk-{number:06}", "gold", "healthy, one of many", tags=GOLD) for number in range(count)]
    for member in members:
        rows = [_instance(member, made, base)]
        for night in range(NIGHTS):
            rows.append(point_row(member, plan, made, made.fires - timedelta(days=night)))
        aws.seed(rows)
    return members


def _instance(member: Member, made: Foundation, base: datetime) -> dict[str, object]:
    return {
        "kind": "db_instance",
        "account": ACCOUNT,
        "region": member.region,
        "DBInstanceIdentifier": member.name,
        "MasterUsername": "root",
        "told": {"InstanceCreateTime": (base - AGE).isoformat()},
        **INSTANCE,
        **common(member, made),
    }
