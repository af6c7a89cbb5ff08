"""CloudWatch Logs beyond moto's: class and deletion protection of groups, export tasks as AWS tells of them.

Importing this module patches moto's classes; nothing has to be called.
"""

from __future__ import annotations

import json
from typing import Any

from moto.logs.exceptions import InvalidParameterException
from moto.logs.models import ExportTask, LogGroup, LogsBackend
from moto.logs.responses import LogsResponse

from emulator.paging import PageSize, TokenError, page
from emulator.times import now

_CLASSES = ("STANDARD", "INFREQUENT_ACCESS", "DELIVERY")
_LONGEST_PAGE = 50

_create_log_group, _describe_group = LogsResponse.create_log_group, LogGroup.to_describe_dict
_describe_log_groups = LogsBackend.describe_log_groups
_begin_export, _describe_export = ExportTask.__init__, ExportTask.to_json


def create_log_group(response: LogsResponse) -> str:
    """With a class, and protected if so told."""
    group_class = response._get_param("logGroupClass") or _CLASSES[0]
    if group_class not in _CLASSES:
        raise InvalidParameterException(
            constraint=f"Member must be one of {', '.join(_CLASSES)}", parameter="logGroupClass", value=group_class
        )
    answer = _create_log_group(response)
    group = response.logs_backend.groups[response._get_param("logGroupName")]
    group.told = {
        "logGroupClass": group_class,
        "deletionProtectionEnabled": bool(response._get_param("deletionProtectionEnabled")),
    }
    return answer


def describe_group(group: LogGroup) -> dict[str, Any]:
    """As moto does, and the class and protection."""
    return {**_describe_group(group), **vars(group).get("told", {"logGroupClass": _CLASSES[0]})}


def describe_log_groups(backend: LogsBackend, *, limit: int, **told: Any) -> Any:
    """A page of groups, not longer than a test allows."""
    return _describe_log_groups(backend, limit=PageSize.of(limit), **told)


def begin_export(task: ExportTask, *told: Any, **named: Any) -> None:
    """From here on it has a moment of creation; moto exports at once."""
    _begin_export(task, *told, **named)
    task.status = {"code": "PENDING", "message": "Task is pending"}
    task.creation_time = int(now().timestamp() * 1000)


def describe_export(task: ExportTask) -> dict[str, Any]:
    """With the moments at which it was created and done."""
    times = {"creationTime": task.creation_time}
    if task.status["code"] == "COMPLETED":
        times["completionTime"] = task.creation_time
    return {**_describe_export(task), "executionInfo": times}


def describe_export_tasks(response: LogsResponse) -> str:
    """At most fifty a page."""
    task_id, limit = response._get_param("taskId"), response._get_param("limit", _LONGEST_PAGE)
    if not 1 <= limit <= _LONGEST_PAGE:
        raise InvalidParameterException(constraint="Member must be between 1 and 50", parameter="limit", value=limit)
    backend = response.logs_backend
    scope = ("DescribeExportTasks", backend.account_id, backend.region_name, task_id)
    try:
        found, token = page(
            lambda: backend.describe_export_tasks(task_id=task_id), limit, response._get_param("nextToken"), scope
        )
    except TokenError as error:
        raise InvalidParameterException(msg=f"The specified nextToken is invalid: {error}") from error
    told = {"exportTasks": [task.to_json() for task in found]}
    return json.dumps({**told, "nextToken": token} if token else told)


LogsResponse.create_log_group = create_log_group
LogsResponse.describe_export_tasks = describe_export_tasks
LogsBackend.describe_log_groups = describe_log_groups
LogGroup.to_describe_dict = describe_group
ExportTask.__init__ = begin_export
ExportTask.to_json = describe_export
