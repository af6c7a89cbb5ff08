"""Two plans in the other Region that nobody looks after: they select nothing that is there."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from estate.holdings import Rows
from estate.population import AWAY
from harness import ACCOUNT, Endpoint

_ROLES = f"arn:aws:iam::{ACCOUNT}:role"
_IDS = {"careless": "f0f0f0f0-0000-4000-8000-000000000002", "idle": "f0f0f0f0-0000-4000-8000-000000000003"}
# An instance that was deleted, of which the plan was not told.
GONE = f"arn:aws:rds:{AWAY}:{ACCOUNT}:db:departed"
# Their ARNs, by name.
PLANS = {name: f"arn:aws:backup:{AWAY}:{ACCOUNT}:backup-plan:{plan_id}" for name, plan_id in _IDS.items()}
# Its selections: what they name, and the role.
SELECTIONS: dict[str, tuple[list[str], str]] = {
    "dangling": ([GONE], f"{_ROLES}/service-role/gone"),
    "nothing": ([f"arn:aws:elasticfilesystem:*:{ACCOUNT}:file-system/fs-none*"], f"{_ROLES}/service-role/shared-backup"),
}


def make(aws: Endpoint, base: datetime) -> Rows:
    """Seed them: AWS would ask for vaults that are there."""
    del base
    seeds: list[dict[str, Any]] = []
    for name, rules in {"careless": _rules(), "idle": _tiers()}.items():
        where = {"account": ACCOUNT, "region": AWAY, "BackupPlanId": _IDS[name]}
        seeds.append({"kind": "plan", "BackupPlan": {"BackupPlanName": name, "Rules": rules}, **where})
        if name == "careless":
            for selection, (resources, role) in SELECTIONS.items():
                told = {"SelectionName": selection, "IamRoleArn": role, "Resources": resources}
                seeds.append({"kind": "selection", "BackupSelection": told, **where})
    aws.seed(seeds)
    return {}


def _rules() -> list[dict[str, Any]]:
    """The first one starts within the window of the second, which is kept longer, every day; the vault of that one is gone."""
    return [_rule("early", 5, 0, 35, "main"), _rule("late", 5, 30, 60, "gone")]


def _tiers() -> list[dict[str, Any]]:
    """On Sundays both start at the same minute."""
    weekly = {**_rule("weekly", 5, 0, 60, "main"), "ScheduleExpression": "cron(0 5 ? * SUN *)"}
    return [_rule("nightly", 5, 0, 35, "main"), weekly]


def _rule(name: str, hour: int, minute: int, days: int, vault: str) -> dict[str, Any]:
    return {
        "RuleName": name, "TargetBackupVaultName": vault, "ScheduleExpression": f"cron({minute} {hour} * * ? *)",
        "StartWindowMinutes": 60, "CompletionWindowMinutes": 120, "Lifecycle": {"DeleteAfterDays": days},
    }  # fmt: skip
