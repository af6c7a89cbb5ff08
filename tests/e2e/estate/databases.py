"""The databases themselves, made with boto3 and then made 200 days old, and what was made of them since."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from estate.foundation import Foundation
from estate.population import AWAY, KEEPER, Member
from harness import ACCOUNT, Endpoint

# Older than the quarter in which each has to be restored once.
AGE = timedelta(days=200)
_SECRET = {"MasterUsername": "root", "MasterUserPassword": "not-a-secret"}
_ENGINES = {"aurora": "aurora-postgresql", "neptune": "neptune", "docdb": "docdb"}
# Far from each other and from the plans, which start a job within an hour, or eight with the default windows.
_BACKUP_AFTER, _MAINTENANCE_AFTER = timedelta(hours=10), timedelta(hours=14)
_HALF_AN_HOUR = timedelta(minutes=30)


def make_databases(aws: Endpoint, members: list[Member], made: Foundation, base: datetime) -> None:
    """Make all of them; a replica after its source."""
    for member in members:
        rds = aws.client("rds", member.region)
        told = common(member, made)
        if member.cluster:
            _make_cluster(rds, member, told)
        elif member.kind == "replica":
            rds.create_db_instance_read_replica(
                DBInstanceIdentifier=member.name,
                SourceDBInstanceIdentifier=member.name.removesuffix("-replica"),
                DeletionProtection=True,
            )
        else:
            public = {"PubliclyAccessible": member.public} if member.kind == "leftover" else {}
            rds.create_db_instance(DBInstanceIdentifier=member.name, **told, **public, **INSTANCE, **_SECRET)
    born = (base - AGE).isoformat()
    aws.seed([row for member in members for row in _aged(member, born, _odd(member, made.fires, base))])
    for member in members:
        _make_snapshot(aws, member)
        _replicate(aws, member, made, base)


INSTANCE = {"DBInstanceClass": "db.t3.medium", "Engine": "postgres", "AllocatedStorage": 100}


def common(member: Member, made: Foundation) -> dict[str, Any]:
    """What is told of an instance and of a cluster alike."""
    key = made.key_of(member.region, member.key)
    encrypted = {"StorageEncrypted": True, "KmsKeyId": key} if key else {}
    return {
        "BackupRetentionPeriod": member.native_days,
        "PreferredBackupWindow": _window(made.fires + _BACKUP_AFTER),
        "PreferredMaintenanceWindow": _weekly(made.fires + _MAINTENANCE_AFTER),
        "DeletionProtection": member.guarded,
        "CopyTagsToSnapshot": member.copies_tags,
        **({"EnableCloudwatchLogsExports": ["postgresql"]} if member.critical else {}),
        "Tags": [{"Key": name, "Value": value} for name, value in member.tags.items()],
        **encrypted,
    }


def _window(start: datetime) -> str:
    return f"{start:%H:%M}-{start + _HALF_AN_HOUR:%H:%M}"


def _weekly(start: datetime) -> str:
    return f"{start:%a:%H:%M}-{start + _HALF_AN_HOUR:%a:%H:%M}".lower()


def _make_cluster(rds: Any, member: Member, told: dict[str, Any]) -> None:
    engine = _ENGINES[member.kind]
    secret = {} if engine == "neptune" else _SECRET
    rds.create_db_cluster(DBClusterIdentifier=member.name, Engine=engine, **told, **secret)
    for name in member.member_names:
        rds.create_db_instance(
            DBInstanceIdentifier=name, DBInstanceClass="db.r6g.large", Engine=engine, DBClusterIdentifier=member.name
        )


def _aged(member: Member, born: str, odd: dict[str, Any]) -> list[dict[str, Any]]:
    where = {"account": ACCOUNT, "region": member.region}
    if not member.cluster:
        return [_instance(member.name, {"InstanceCreateTime": born, **odd}, where)]
    told = {"ClusterCreateTime": born, **odd}
    cluster = {"kind": "db_cluster", "DBClusterIdentifier": member.name, "told": told, **where}
    return [cluster, *(_instance(name, {"InstanceCreateTime": born}, where) for name in member.member_names)]


def _odd(member: Member, fires: datetime, base: datetime) -> dict[str, Any]:
    """What RDS would not let anybody set, or sets itself."""
    begins = {"in the backup window": fires + _BACKUP_AFTER, "when the plan runs": fires}.get(member.maintenance)
    told: dict[str, Any] = {"PreferredMaintenanceWindow": _weekly(begins)} if begins else {}
    if member.zones:
        told["MultiAZ"] = True
    if member.managed:
        secret = f"arn:aws:secretsmanager:{member.region}:{ACCOUNT}:secret:rds!{member.name}-a1b2c3"
        told["MasterUserSecret"] = {"SecretArn": secret, "SecretStatus": "active"}
    if member.lag_hours:
        told["LatestRestorableTime"] = (base - timedelta(hours=member.lag_hours)).isoformat()
    return told


def _instance(name: str, told: dict[str, Any], where: dict[str, str]) -> dict[str, Any]:
    return {"kind": "db_instance", "DBInstanceIdentifier": name, "told": told, **where}


def _make_snapshot(aws: Endpoint, member: Member) -> None:
    """The one somebody took by hand, and who may restore it."""
    if member.snapshot is None:
        return
    rds, name = aws.client("rds", member.region), f"{member.name}-by-hand"
    who = {"public": ["all"], "shared": [KEEPER]}.get(member.snapshot)
    sharing = {"AttributeName": "restore", "ValuesToAdd": who}
    if member.cluster:
        rds.create_db_cluster_snapshot(DBClusterSnapshotIdentifier=name, DBClusterIdentifier=member.name)
    else:
        rds.create_db_snapshot(DBSnapshotIdentifier=name, DBInstanceIdentifier=member.name)
    if who and member.cluster:
        rds.modify_db_cluster_snapshot_attribute(DBClusterSnapshotIdentifier=name, **sharing)
    elif who:
        rds.modify_db_snapshot_attribute(DBSnapshotIdentifier=name, **sharing)


def _replicate(aws: Endpoint, member: Member, made: Foundation, base: datetime) -> None:
    """Its automated backups go to the other Region, went there until yesterday, or no longer do."""
    if member.replica is None:
        return
    elsewhere = aws.client("rds", AWAY)
    told = elsewhere.start_db_instance_automated_backups_replication(
        SourceDBInstanceArn=member.arn, BackupRetentionPeriod=7, KmsKeyId=made.key_of(AWAY, "estate")
    )["DBInstanceAutomatedBackup"]
    if member.replica == "stopped":
        elsewhere.stop_db_instance_automated_backups_replication(SourceDBInstanceArn=member.arn)
    if member.replica == "behind":
        window = {"EarliestTime": base - timedelta(days=7), "LatestTime": base - timedelta(days=1)}
        row = {**told, "RestoreWindow": window, "kind": "db_instance_automated_backup"}
        aws.seed([{**row, "account": ACCOUNT, "region": AWAY}])
