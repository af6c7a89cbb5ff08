"""The rules of AWS Backup that the API model does not carry.

From its documentation: names, the 90 days between cold storage and deletion,
windows, what a lock may say. Seeds go around them, API calls do not.
"""

from __future__ import annotations

import json
import re

from emulator.backup.errors import invalid_request, invalid_value, missing
from emulator.backup.registry import Params
from emulator.backup.state import BackupBackend, Record

_VAULT_NAME = re.compile(r"^[a-zA-Z0-9\-_]{2,50}$")
_SELECTION_NAME = re.compile(r"^[a-zA-Z0-9\-_.]{1,50}$")
_VAULT_ARN = re.compile(r"^arn:aws[a-z-]*:backup:[a-z0-9-]+:\d{12}:backup-vault:[a-zA-Z0-9\-_]{2,50}$")
_COLD_MINIMUM_DAYS = 90
_MOST_DAYS = 36_500


def vault_name(name: str) -> None:
    """2 to 50 letters, digits, hyphens and underscores."""
    if not _VAULT_NAME.match(name):
        raise invalid_value(f"Invalid vault name: {name}")


def lifecycle(told: Record | None, continuous: bool = False) -> None:
    """Deletion at least 90 days after the move to cold storage; days in range."""
    if not told:
        return
    cold, delete = told.get("MoveToColdStorageAfterDays"), told.get("DeleteAfterDays")
    for value in (cold, delete):
        if value is not None and value != -1 and not 1 <= value <= _MOST_DAYS:
            raise invalid_value(f"Invalid lifecycle. {value} days is not between 1 and {_MOST_DAYS}")
    if continuous and cold is not None:
        raise invalid_value("Invalid lifecycle. MoveToColdStorageAfterDays is unavailable with continuous backup")
    if continuous and not (delete is not None and 1 <= delete <= 35):
        raise invalid_value("Invalid lifecycle. Continuous backup is kept between 1 and 35 days")
    if cold is not None and delete is not None and delete != -1 and delete < cold + _COLD_MINIMUM_DAYS:
        raise invalid_value(
            "Invalid lifecycle. DeleteAfterDays cannot be less than 90 days apart from MoveToColdStorageAfterDays"
        )


def plan(backend: BackupBackend, document: Record) -> None:
    """Every rule of a plan: vault, schedule, windows, lifecycle, copies."""
    if not 1 <= len(document["BackupPlanName"]) <= 200:
        raise invalid_value("BackupPlanName must have 1 to 200 characters")
    if not document["Rules"]:
        raise missing("BackupPlan.Rules")
    names = [rule["RuleName"] for rule in document["Rules"]]
    if len(set(names)) != len(names):
        raise invalid_value("Rule names must be unique within a plan")
    for rule in document["Rules"]:
        _rule(backend, rule)


def schedule(expression: str) -> None:
    """Six fields, of which one of the two for days is a question mark."""
    fields = expression[5:-1].split() if expression.startswith("cron(") and expression.endswith(")") else []
    if len(fields) != 6 or [fields[2], fields[4]].count("?") != 1:
        raise invalid_value(f"Invalid schedule expression: {expression}")


def within(name: str, value: int, low: int, high: int) -> None:
    """A number in its range."""
    if not low <= value <= high:
        raise invalid_value(f"{name} must be between {low} and {high}")


def role(arn: str) -> None:
    """The ARN of a role."""
    if not re.match(r"^arn:aws[a-z-]*:iam::\d{12}:role/.+", arn):
        raise invalid_value(f"Invalid IAM role ARN: {arn}")


def _rule(backend: BackupBackend, rule: Record) -> None:
    if rule["TargetBackupVaultName"] not in backend.vaults:
        raise invalid_value(f"Backup vault {rule['TargetBackupVaultName']} does not exist")
    schedule(rule.get("ScheduleExpression", "cron(0 5 ? * * *)"))
    start = rule.get("StartWindowMinutes", 480)
    if start < 60:
        raise invalid_value("StartWindowMinutes must be at least 60")
    if rule.get("CompletionWindowMinutes", 10_080) < start + 60:
        raise invalid_value("CompletionWindowMinutes must be at least 60 minutes more than StartWindowMinutes")
    lifecycle(rule.get("Lifecycle"), rule.get("EnableContinuousBackup", False))
    for copy in rule.get("CopyActions", []):
        if not _VAULT_ARN.match(copy["DestinationBackupVaultArn"]):
            raise invalid_value(f"Invalid vault ARN: {copy['DestinationBackupVaultArn']}")
        lifecycle(copy.get("Lifecycle"))


def selection(told: Record) -> None:
    """Name, role and the condition keys, which need their prefix."""
    if not _SELECTION_NAME.match(told["SelectionName"]):
        raise invalid_value(f"Invalid selection name: {told['SelectionName']}")
    role(told["IamRoleArn"])
    for arn in [*told.get("Resources", []), *told.get("NotResources", [])]:
        if arn != "*" and not arn.startswith("arn:"):
            raise invalid_value(f"Invalid ARN: {arn}")
    for conditions in told.get("Conditions", {}).values():
        for condition in conditions:
            if not condition.get("ConditionKey", "").startswith("aws:ResourceTag/"):
                raise invalid_value(f"Invalid condition key: {condition.get('ConditionKey')}")


def access_policy(text: str) -> None:
    """JSON, and no wildcard in an action."""
    try:
        statements = json.loads(text)["Statement"]
    except (ValueError, KeyError, TypeError) as error:
        raise invalid_value("The policy is not a policy document") from error
    for statement in statements if isinstance(statements, list) else [statements]:
        actions = statement.get("Action", [])
        for action in [actions] if isinstance(actions, str) else actions:
            if "*" in action:
                raise invalid_value("Wildcards are not supported in the actions of a vault policy")


def lock(params: Params) -> None:
    """At least three days to change one's mind; minimum not above maximum."""
    low, high = params.get("MinRetentionDays"), params.get("MaxRetentionDays")
    for days in (low, high):
        if days is not None and not 1 <= days <= _MOST_DAYS:
            raise invalid_value(f"Retention must be between 1 and {_MOST_DAYS} days")
    if low is not None and high is not None and low > high:
        raise invalid_value("MinRetentionDays is above MaxRetentionDays")
    grace = params.get("ChangeableForDays")
    if grace is not None and not 3 <= grace <= _MOST_DAYS:
        raise invalid_value(f"ChangeableForDays must be between 3 and {_MOST_DAYS}")


def air_gapped(params: Params) -> None:
    """Retention is bounded on both sides, from a week on."""
    low, high = params["MinRetentionDays"], params["MaxRetentionDays"]
    if not 7 <= low <= high <= _MOST_DAYS:
        raise invalid_value(f"Retention of {low} to {high} days does not lie between 7 and {_MOST_DAYS}")


def within_lock(backend: BackupBackend, name: str, told: Record | None) -> None:
    """A job whose retention a locked vault does not allow is refused."""
    vault = backend.vault(name)
    days = (told or {}).get("DeleteAfterDays")
    forever = days in (None, -1)
    if vault.locked and vault.max_days is not None and (forever or days > vault.max_days):
        raise invalid_request(f"Retention is above the maximum of vault {name}")
    if vault.locked and vault.min_days is not None and not forever and days < vault.min_days:
        raise invalid_request(f"Retention is below the minimum of vault {name}")
