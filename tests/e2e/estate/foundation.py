"""Plans, selections and Region settings of the estate, on its keys and vaults."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from estate.keys import Keys, make_keys
from estate.population import AWAY, HOME, KEEPER
from estate.vaults import make_vaults, vault_arn
from harness import ACCOUNT, Endpoint

ROLE = f"arn:aws:iam::{ACCOUNT}:role/service-role/AWSBackupDefaultServiceRole"
# Rule windows: 24 h between runs + 1 h to start + 2 h to finish = 27 h, just what is tolerated.
_WINDOWS = {"StartWindowMinutes": 60, "CompletionWindowMinutes": 120}


@dataclass(frozen=True)
class Plan:
    """A plan that was made; ids as AWS gave them, those of its selections too."""

    name: str
    region: str
    id: str
    arn: str
    version: str
    rule_id: str
    rule_name: str
    selections: tuple[str, ...]


@dataclass
class Foundation:
    """The plans by (Region, name), when their rule fires, and the keys."""

    fires: datetime
    keys: Keys
    plans: dict[tuple[str, str], Plan] = field(default_factory=dict)

    def key_of(self, region: str, name: str) -> str | None:
        """The ARN of a database's key by its name in the population; None without one that can be named."""
        return None if name in ("none", "owned") else self.keys[(ACCOUNT, region, "aws/rds" if name == "aws" else name)]


def make_foundation(aws: Endpoint, base: datetime, cli_home: Path | None) -> Foundation:
    """Make everything; with `cli_home`, vaults and the gold plan of the home Region by the AWS CLI."""
    made = Foundation((base - timedelta(hours=2)).replace(second=0, microsecond=0), make_keys(aws))
    make_vaults(aws, made.keys, base, cli_home)
    documents = _documents(made.fires)
    for name, document in documents.items():
        home = cli_home if name == "gold" else None
        _make_plan(aws, made, HOME, name, document, _home_selections(name), home)
    away = _document("gold", _rule(made.fires, Lifecycle={"DeleteAfterDays": 35}))
    _make_plan(aws, made, AWAY, "gold", away, _away_selections(), None)
    _seed_frozen(aws, made)
    aws.client("backup", AWAY).update_region_settings(ResourceTypeOptInPreference={"RDS": False})
    return made


def _rule(fires: datetime, **told: Any) -> dict[str, Any]:
    return {
        "RuleName": "nightly",
        "TargetBackupVaultName": "main",
        "ScheduleExpression": f"cron({fires.minute} {fires.hour} * * ? *)",
        "ScheduleExpressionTimezone": "Etc/UTC",
        **_WINDOWS,
        **told,
    }


def _document(name: str, rule: dict[str, Any]) -> dict[str, Any]:
    return {"BackupPlanName": name, "Rules": [rule]}


def _documents(fires: datetime) -> dict[str, dict[str, Any]]:
    """The plans of the home Region that AWS would accept."""
    days = {"DeleteAfterDays": 35}

    def rule(**told: Any) -> dict[str, Any]:
        return _rule(fires, **{"Lifecycle": days, **told})

    def copied(region: str, name: str, account: str = ACCOUNT) -> dict[str, Any]:
        return rule(CopyActions=[{"DestinationBackupVaultArn": vault_arn(region, name, account), "Lifecycle": days}])

    slow = rule()
    for name in _WINDOWS:
        del slow[name]
    once = f"cron({fires.minute} {fires.hour} ? * {fires.strftime('%a').upper()} *)"
    rules = {
        "gold": copied(AWAY, "copies"),
        "daily": rule(),
        "selective": rule(),
        "brief": rule(Lifecycle={"DeleteAfterDays": 7}),
        "slow": slow,
        "weekly": rule(ScheduleExpression=once),
        "cold": rule(Lifecycle={"MoveToColdStorageAfterDays": 30, "DeleteAfterDays": 120}),
        "short": rule(TargetBackupVaultName="strict", Lifecycle={"DeleteAfterDays": 7}),
        "sealed": rule(TargetBackupVaultName="strict"),
        "unkeyed": copied(AWAY, "unkeyed"),
        "offsite": copied(HOME, "safe", KEEPER),
        "island": copied(HOME, "island"),
    }
    return {name: _document(name, one) for name, one in rules.items()}


def _tagged(value: str) -> dict[str, Any]:
    return {"ListOfTags": [{"ConditionType": "STRINGEQUALS", "ConditionKey": "backup", "ConditionValue": value}]}


def _when(operator: str, value: str) -> dict[str, Any]:
    return {operator: [{"ConditionKey": "aws:ResourceTag/stage", "ConditionValue": value}]}


def _db(region: str, name: str) -> str:
    return f"arn:aws:rds:{region}:{ACCOUNT}:db:{name}"


def _home_selections(plan: str) -> dict[str, dict[str, Any]]:
    if plan != "selective":
        return {"by-tag": _tagged(plan)}
    anywhere = "arn:aws:rds:*:*:db:"
    return {
        "by-arn": {"Resources": [_db(HOME, "by-arn")]},
        "by-wildcard": {"Resources": [f"{anywhere}team-*"], "Conditions": _when("StringEquals", "prod")},
        "by-pattern": {"Resources": [f"{anywhere}like-*"], "Conditions": _when("StringLike", "prod-*")},
        "by-refusal": {"Resources": [f"{anywhere}unlike-*"], "Conditions": _when("StringNotEquals", "test")},
        "by-exclusion": {"Resources": [f"{anywhere}some-*"], "NotResources": [_db(HOME, "some-scratch")]},
    }


def _away_selections() -> dict[str, dict[str, Any]]:
    return {"by-tag": _tagged("gold"), "by-arn": {"Resources": [_db(AWAY, "eu-named")]}}


def _make_plan(
    aws: Endpoint, made: Foundation, region: str, name: str, document: dict[str, Any],
    selections: dict[str, dict[str, Any]], cli_home: Path | None,
) -> None:  # fmt: skip
    backup = aws.client("backup", region)
    chosen = [{"SelectionName": key, "IamRoleArn": ROLE, **told} for key, told in selections.items()]
    if cli_home:
        answer = aws.cli(cli_home, "backup", "create-backup-plan", "--backup-plan", json.dumps(document), region=region)
        for told in chosen:
            arguments = ("--backup-plan-id", answer["BackupPlanId"], "--backup-selection", json.dumps(told))
            aws.cli(cli_home, "backup", "create-backup-selection", *arguments, region=region)
    else:
        answer = backup.create_backup_plan(BackupPlan=document)
        for told in chosen:
            backup.create_backup_selection(BackupPlanId=answer["BackupPlanId"], BackupSelection=told)
    _note(aws, made, region, name, answer["BackupPlanId"])


def _note(aws: Endpoint, made: Foundation, region: str, name: str, plan_id: str) -> None:
    backup = aws.client("backup", region)
    told = backup.get_backup_plan(BackupPlanId=plan_id)
    [rule] = told["BackupPlan"]["Rules"]
    selections = backup.list_backup_selections(BackupPlanId=plan_id)["BackupSelectionsList"]
    made.plans[(region, name)] = Plan(
        name, region, plan_id, told["BackupPlanArn"], told["VersionId"], rule["RuleId"], rule["RuleName"],
        tuple(row["SelectionId"] for row in selections),
    )  # fmt: skip


def _seed_frozen(aws: Endpoint, made: Foundation) -> None:
    """A plan that AWS refuses today: gone 30 days after the move to cold storage."""
    lifecycle = {"MoveToColdStorageAfterDays": 30, "DeleteAfterDays": 60}
    document = _document("frozen", _rule(made.fires, Lifecycle=lifecycle))
    where = {"account": ACCOUNT, "region": HOME, "BackupPlanId": "f0f0f0f0-0000-4000-8000-000000000001"}
    selection = {"SelectionName": "by-tag", "IamRoleArn": ROLE, **_tagged("frozen")}
    aws.seed(
        [
            {"kind": "plan", "BackupPlan": document, **where},
            {"kind": "selection", "BackupSelection": selection, **where},
        ]
    )
    _note(aws, made, HOME, "frozen", where["BackupPlanId"])
