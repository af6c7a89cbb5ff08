"""Clusters of Redshift: one that is encrypted and copied to another Region, one that is neither, one without backups."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from estate.holdings import Rows
from estate.population import AWAY, HOME
from harness import ACCOUNT, Endpoint

KEY = f"arn:aws:kms:{HOME}:{ACCOUNT}:key/66666666-7777-8888-9999-000000000000"


def make(aws: Endpoint, base: datetime) -> Rows:  # noqa: ARG001
    """Two clusters in different Regions, and a snapshot of each; a third that keeps no snapshots of its own."""
    home, away = aws.client("redshift", HOME), aws.client("redshift", AWAY)
    master = {"MasterUsername": "owner", "MasterUserPassword": "Not-a-secret-1", "ClusterType": "single-node"}
    sales = home.create_cluster(
        ClusterIdentifier="sales", NodeType="ra3.large", AutomatedSnapshotRetentionPeriod=7, Encrypted=True,
        KmsKeyId=KEY, Tags=[{"Key": "team", "Value": "sales"}], **master,
    )["Cluster"]  # fmt: skip
    home.create_snapshot_copy_grant(SnapshotCopyGrantName="sales-away", KmsKeyId=KEY)
    home.enable_snapshot_copy(
        ClusterIdentifier="sales", DestinationRegion=AWAY, RetentionPeriod=14, SnapshotCopyGrantName="sales-away"
    )
    lab = away.create_cluster(
        ClusterIdentifier="lab", NodeType="dc2.large", AutomatedSnapshotRetentionPeriod=1, Encrypted=False, **master
    )["Cluster"]
    home.create_cluster_snapshot(
        SnapshotIdentifier="sales-1", ClusterIdentifier="sales", Tags=[{"Key": "why", "Value": "quarter"}]
    )
    away.create_cluster_snapshot(SnapshotIdentifier="lab-1", ClusterIdentifier="lab")
    scratch = home.create_cluster(ClusterIdentifier="scratch", NodeType="dc2.large", **master)["Cluster"]
    # Only a cluster that is there can be told to keep none.
    home.modify_cluster(ClusterIdentifier="scratch", AutomatedSnapshotRetentionPeriod=0)
    copied = {"copy_destination_region": AWAY, "copy_retention_period_days": 14}
    alone = {"copy_destination_region": None, "copy_retention_period_days": None}
    return {
        "redshift_clusters": [
            _cluster(HOME, "sales", "ra3.large", 7, encrypted=True, kms_key_id=KEY, tags='{"team":"sales"}', **copied),
            _cluster(AWAY, "lab", "dc2.large", 1, encrypted=False, kms_key_id=None, tags="{}", **alone),
            _cluster(HOME, "scratch", "dc2.large", 0, encrypted=False, kms_key_id=None, tags="{}", **alone),
        ],
        "redshift_snapshots": [
            # The first automated snapshot is made with the cluster, and named after that minute.
            _snapshot(HOME, "sales", _first(sales), snapshot_type="automated", encrypted=True, tags="{}"),
            _snapshot(AWAY, "lab", _first(lab), snapshot_type="automated", encrypted=False, tags="{}"),
            _snapshot(HOME, "scratch", _first(scratch), snapshot_type="automated", encrypted=False, tags="{}"),
            _snapshot(HOME, "sales", "sales-1", encrypted=True, tags='{"why":"quarter"}'),
            _snapshot(AWAY, "lab", "lab-1", encrypted=False, tags="{}"),
        ],
    }


def _first(cluster: dict[str, Any]) -> str:
    return f"rs:{cluster['ClusterIdentifier']}-{cluster['ClusterCreateTime'].astimezone(UTC):%Y-%m-%d-%H-%M}"


def _cluster(region: str, name: str, node_type: str, kept_days: int, **told: Any) -> dict[str, Any]:
    return {
        "region": region,
        "cluster_arn": f"arn:aws:redshift:{region}:{ACCOUNT}:cluster:{name}",
        "cluster_identifier": name,
        "cluster_status": "available",
        "node_type": node_type,
        "automated_snapshot_retention_period_days": kept_days,
        **told,
    }


def _snapshot(region: str, cluster: str, name: str, **told: Any) -> dict[str, Any]:
    return {
        "region": region,
        "snapshot_arn": f"arn:aws:redshift:{region}:{ACCOUNT}:snapshot:{cluster}/{name}",
        "snapshot_identifier": name,
        "resource_arn": f"arn:aws:redshift:{region}:{ACCOUNT}:cluster:{cluster}",
        "snapshot_type": "manual",
        "status": "available",
        "source_region": None,
        **told,
    }
