"""Many plain, healthy instances, for measuring. Seeded: boto3 would take minutes."""

from __future__ import annotations

from datetime import datetime, timedelta

from estate.databases import AGE
from estate.foundation import Foundation
from estate.history import NIGHTS, point_row
from estate.population import GOLD, HOME, Member
from estate.truth import Truth, truth_of
from harness import ACCOUNT, Endpoint


def add_bulk(aws: Endpoint, foundation: Foundation, base: datetime, count: int) -> list[Truth]:
    """Add `count` instances with nightly points (no job history); their truth."""
    plan = foundation.plans[(HOME, "gold")]
    members = [Member(f"bulk-{number:06}", "gold", "healthy, one of many", tags=GOLD) for number in range(count)]
    for member in members:
        rows = [_instance(member, base)]
        for night in range(NIGHTS):
            fires = foundation.fires - timedelta(days=night)
            rows.append(point_row(member.arn, "RDS", plan, fires, 35, f"{member.name}-{fires:%Y%m%d}"))
        aws.seed(rows)
    return truth_of(members, Foundation(foundation.fires))


def _instance(member: Member, base: datetime) -> dict[str, object]:
    return {
        "kind": "db_instance",
        "account": ACCOUNT,
        "region": member.region,
        "DBInstanceIdentifier": member.name,
        "DBInstanceClass": "db.t3.medium",
        "Engine": "postgres",
        "AllocatedStorage": 100,
        "BackupRetentionPeriod": 7,
        "MasterUsername": "root",
        "Tags": [{"Key": key, "Value": value} for key, value in member.tags.items()],
        "told": {"InstanceCreateTime": (base - AGE).isoformat()},
    }
