"""Instances and clusters: what they say about their own backups.

Corrected: without native backups (retention 0) there is no automated snapshot
and no `LatestRestorableTime`; members of a cluster have neither, the cluster
has; every instance has its own resource id; a replica starts without backups.
Anything a test has told about a database (`tell`) wins over what is computed.
"""

from __future__ import annotations

import uuid
from datetime import datetime, timedelta
from typing import Any

from moto.core.responses import ActionResult
from moto.rds.models import DBCluster, DBInstance, DBInstanceClustered, RDSBackend
from moto.rds.responses import RDSResponse

from emulator.rds.pages import filters_of, give_page
from emulator.times import now, parse

# Transaction logs are shipped every five minutes.
_LAG = timedelta(minutes=5)


def tell(database: DBInstance | DBCluster, told: dict[str, Any]) -> None:
    """Fix members of a database by their API names; None means absent.

    moto's serializer takes an attribute of the API's name first. A database
    made to be older than it is loses the snapshot it got on creation: that one
    would have aged out.
    """
    for name, value in told.items():
        setattr(database, name, value)
    identifier = database.resource_id
    if "InstanceCreateTime" in told:
        _drop_automated(database.backend.database_snapshots, "db_instance_identifier", identifier)
    if "ClusterCreateTime" in told:
        _drop_automated(database.backend.cluster_snapshots, "db_cluster_identifier", identifier)


def _drop_automated(snapshots: Any, member: str, identifier: str) -> None:
    for name, snapshot in list(snapshots.items()):
        if getattr(snapshot, member) == identifier and snapshot.snapshot_type == "automated":
            del snapshots[name]


def latest_restorable_time(database: DBInstance | DBCluster) -> datetime | None:
    """Five minutes ago while native backups are on and the database is older; else absent."""
    if hasattr(database, "LatestRestorableTime"):
        return database.LatestRestorableTime
    if isinstance(database, DBInstanceClustered) or not database.backup_retention_period:
        return None
    latest = now() - _LAG
    return latest if created(database) < latest else None


def created(database: DBInstance | DBCluster) -> datetime:
    """When the database came to be, as a test has told or as moto knows."""
    name = "ClusterCreateTime" if isinstance(database, DBCluster) else "InstanceCreateTime"
    return parse(getattr(database, name, database.created))


def earliest_restorable_time(database: DBInstance | DBCluster) -> datetime | None:
    """As far back as the retention and the age of the database reach."""
    if hasattr(database, "EarliestRestorableTime"):
        return database.EarliestRestorableTime
    latest = latest_restorable_time(database)
    if latest is None:
        return None
    return max(created(database), latest - timedelta(days=database.backup_retention_period))


_take_backup = DBInstance.save_automated_backup
_make_instance = DBInstance.__init__
_create_replica = RDSBackend.create_db_instance_read_replica


def _take_backup_if_on(database: DBInstance) -> None:
    if not isinstance(database, DBInstanceClustered) and database.backup_retention_period:
        _take_backup(database)


def _new_resource_id() -> str:
    return f"db-{uuid.uuid4().hex[:26].upper()}"


def _make_instance_with_id(database: DBInstance, *told: Any, **named: Any) -> None:
    _make_instance(database, *told, **named)
    database.dbi_resource_id = _new_resource_id()


def _create_replica_without_backups(backend: RDSBackend, told: dict[str, Any]) -> DBInstance:
    # moto copies the source, with all that was told about it.
    replica = _create_replica(backend, told)
    for name in [name for name in vars(replica) if name[0].isupper()]:
        delattr(replica, name)
    replica.dbi_resource_id = _new_resource_id()
    replica.backup_retention_period = told.get("backup_retention_period") or 0
    replica.tags = told.get("tags") or []
    return replica


def describe_db_instances(response: RDSResponse) -> ActionResult:
    """Instances of all engines, members of clusters too."""
    rows = response.backend.describe_db_instances(
        response.params.get("DBInstanceIdentifier"), filters=filters_of(response)
    )
    return give_page(response, "DescribeDBInstances", "DBInstances", lambda: rows)


def describe_db_clusters(response: RDSResponse) -> ActionResult:
    """Clusters of Aurora, Neptune and DocumentDB."""
    rows = response.backend.describe_db_clusters(
        response.params.get("DBClusterIdentifier"), filters=filters_of(response)
    )
    return give_page(response, "DescribeDBClusters", "DBClusters", lambda: rows)


# What names no subnet group is in the default VPC of its Region.
DBInstance.DBSubnetGroup = {"DBSubnetGroupName": "default", "VpcId": "vpc-0default", "SubnetGroupStatus": "Complete"}
DBInstance.save_automated_backup = _take_backup_if_on
DBInstance.__init__ = _make_instance_with_id
RDSBackend.create_db_instance_read_replica = _create_replica_without_backups
DBInstance.latest_restorable_time = property(latest_restorable_time)
DBCluster.latest_restorable_time = property(latest_restorable_time)
RDSResponse.describe_db_instances = describe_db_instances
RDSResponse.describe_db_clusters = describe_db_clusters
