"""The databases themselves, made with boto3 and then made 60 days old."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from estate.population import Member
from harness import ACCOUNT, Endpoint

AGE = timedelta(days=60)
_SECRET = {"MasterUsername": "root", "MasterUserPassword": "not-a-secret"}
_ENGINES = {"aurora": "aurora-postgresql", "neptune": "neptune", "docdb": "docdb"}


def make_databases(aws: Endpoint, members: list[Member], base: datetime) -> None:
    """Make all of them; a replica after its source."""
    for member in members:
        rds = aws.client("rds", member.region)
        if member.cluster:
            _make_cluster(rds, member)
        elif member.kind == "replica":
            rds.create_db_instance_read_replica(
                DBInstanceIdentifier=member.name, SourceDBInstanceIdentifier=member.name.removesuffix("-replica")
            )
        else:
            _make_instance(rds, member)
    born = (base - AGE).isoformat()
    aws.seed([row for member in members for row in _aged(member, born)])


def _tag_list(member: Member) -> list[dict[str, str]]:
    return [{"Key": key, "Value": value} for key, value in member.tags.items()]


def _make_instance(rds: Any, member: Member) -> None:
    rds.create_db_instance(
        DBInstanceIdentifier=member.name,
        DBInstanceClass="db.t3.medium",
        Engine="postgres",
        AllocatedStorage=100,
        BackupRetentionPeriod=member.native_days,
        Tags=_tag_list(member),
        **_SECRET,
    )


def _make_cluster(rds: Any, member: Member) -> None:
    engine = _ENGINES[member.kind]
    secret = {} if engine == "neptune" else _SECRET
    rds.create_db_cluster(
        DBClusterIdentifier=member.name,
        Engine=engine,
        BackupRetentionPeriod=member.native_days,
        Tags=_tag_list(member),
        **secret,
    )
    for name in member.member_names:
        rds.create_db_instance(
            DBInstanceIdentifier=name, DBInstanceClass="db.r6g.large", Engine=engine, DBClusterIdentifier=member.name
        )


def _aged(member: Member, born: str) -> list[dict[str, Any]]:
    where = {"account": ACCOUNT, "region": member.region}
    if not member.cluster:
        return [_instance(member.name, born, where)]
    cluster = {"kind": "db_cluster", "DBClusterIdentifier": member.name, "told": {"ClusterCreateTime": born}, **where}
    return [cluster, *(_instance(name, born, where) for name in member.member_names)]


def _instance(name: str, born: str, where: dict[str, str]) -> dict[str, Any]:
    return {"kind": "db_instance", "DBInstanceIdentifier": name, "told": {"InstanceCreateTime": born}, **where}
