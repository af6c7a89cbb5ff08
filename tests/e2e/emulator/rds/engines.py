"""DocumentDB and MariaDB, which moto's RDS does not let in.

On AWS, `rds:DescribeDBInstances` and `rds:DescribeDBClusters` also give the
databases of Neptune (moto has it) and DocumentDB.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from moto.rds.models import DBCluster, DBInstance
from moto.rds.utils import ClusterEngine, DbInstanceEngine

_PORTS = {"docdb": 27017, "mariadb": 3306, "aurora-mysql": 3306, "aurora-postgresql": 5432}
_VERSIONS = {
    "docdb": "5.0.0",
    "mariadb": "10.11.6",
    "aurora-mysql": "8.0.mysql_aurora.3.05.2",
    "aurora-postgresql": "15.4",
}


def _with_docdb(known: Callable[[], list[str]]) -> Any:
    return classmethod(lambda _cls: sorted([*known(), "docdb"]))


def _first(told: dict[str, Any], otherwise: Callable[..., Any]) -> Any:
    """Look the engine up in `told` before asking moto."""

    def choose(engine: str, *rest: Any, **named: Any) -> Any:
        return told[engine] if engine in told else otherwise(engine, *rest, **named)

    return staticmethod(choose)


ClusterEngine.list_cluster_engines = _with_docdb(ClusterEngine.list_cluster_engines)
DbInstanceEngine.valid_db_instance_engine = _with_docdb(DbInstanceEngine.valid_db_instance_engine)
DBInstance.default_engine_versions = {**DBInstance.default_engine_versions, **_VERSIONS}
DBCluster.default_engine_version = _first({"docdb": "5.0.0"}, DBCluster.default_engine_version)
for _model in (DBCluster, DBInstance):
    _model.default_port = _first(_PORTS, _model.default_port)
    _model.default_allocated_storage = _first(dict.fromkeys(_PORTS, 20), _model.default_allocated_storage)
