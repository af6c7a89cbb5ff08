"""Vaults, plans, selections and Region settings of the estate."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from estate.population import AWAY, HOME
from harness import ACCOUNT, Endpoint

ROLE = f"arn:aws:iam::{ACCOUNT}:role/service-role/AWSBackupDefaultServiceRole"
# An empty view of another account's vault; what lies behind it takes a call of its own.
SHARED = "RESTORE_ACCESS_BACKUP_VAULT"
_VAULTS = ((HOME, "main"), (AWAY, "main"), (AWAY, "copies"))
# Rule windows: 24 h between runs + 1 h to start + 2 h to finish = 27 h, just what is tolerated.
_WINDOWS = {"StartWindowMinutes": 60, "CompletionWindowMinutes": 120}


@dataclass(frozen=True)
class Plan:
    """A plan that was made; ids as AWS gave them."""

    name: str
    region: str
    id: str
    arn: str
    version: str
    rule_id: str
    rule_name: str


@dataclass
class Foundation:
    """The plans by (Region, name), and when their rule fires: minutes after base are negative."""

    fires: datetime
    plans: dict[tuple[str, str], Plan] = field(default_factory=dict)


def vault_arn(region: str, name: str) -> str:
    """The ARN of a vault of the estate."""
    return f"arn:aws:backup:{region}:{ACCOUNT}:backup-vault:{name}"


def make_foundation(aws: Endpoint, base: datetime, cli_home: Path | None) -> Foundation:
    """Make everything; with `cli_home`, the vaults and the gold plan of the home Region by the AWS CLI."""
    made = Foundation((base - timedelta(hours=2)).replace(second=0, microsecond=0))
    for region, name in _VAULTS:
        if cli_home:
            aws.cli(cli_home, "backup", "create-backup-vault", "--backup-vault-name", name, region=region)
        else:
            aws.client("backup", region).create_backup_vault(BackupVaultName=name, BackupVaultTags={"team": "data"})
    documents = _documents(made.fires)
    for name, document in documents.items():
        home = cli_home if name == "gold" else None
        _make_plan(aws, made, HOME, name, document, _home_selections(name), home)
    away = _document("gold", _rule(made.fires, Lifecycle={"DeleteAfterDays": 35}))
    _make_plan(aws, made, AWAY, "gold", away, _away_selections(), None)
    _seed_frozen(aws, made)
    aws.client("backup", AWAY).update_region_settings(ResourceTypeOptInPreference={"RDS": False})
    _guard_vault(aws)
    aws.seed([{"kind": "vault", "account": ACCOUNT, "region": AWAY, "BackupVaultName": "shared", "VaultType": SHARED}])
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
    copy = {"DestinationBackupVaultArn": vault_arn(AWAY, "copies"), "Lifecycle": days}
    slow = _rule(fires, Lifecycle=days)
    for name in _WINDOWS:
        del slow[name]
    return {
        "gold": _document("gold", _rule(fires, Lifecycle=days, CopyActions=[copy])),
        "selective": _document("selective", _rule(fires, Lifecycle=days)),
        "brief": _document("brief", _rule(fires, Lifecycle={"DeleteAfterDays": 7})),
        "slow": _document("slow", slow),
        "cold": _document("cold", _rule(fires, Lifecycle={"MoveToColdStorageAfterDays": 30, "DeleteAfterDays": 120})),
    }


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
    told = aws.client("backup", region).get_backup_plan(BackupPlanId=plan_id)
    [rule] = told["BackupPlan"]["Rules"]
    made.plans[(region, name)] = Plan(
        name, region, plan_id, told["BackupPlanArn"], told["VersionId"], rule["RuleId"], rule["RuleName"]
    )


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


def _guard_vault(aws: Endpoint) -> None:
    """One vault with a policy, notifications and a governance lock; the others have none."""
    backup = aws.client("backup", HOME)
    statement = {"Effect": "Deny", "Principal": "*", "Action": "backup:DeleteRecoveryPoint", "Resource": "*"}
    backup.put_backup_vault_access_policy(
        BackupVaultName="main", Policy=json.dumps({"Version": "2012-10-17", "Statement": [statement]})
    )
    backup.put_backup_vault_notifications(
        BackupVaultName="main",
        SNSTopicArn=f"arn:aws:sns:{HOME}:{ACCOUNT}:backups",
        BackupVaultEvents=["COPY_JOB_FAILED"],
    )
    backup.put_backup_vault_lock_configuration(BackupVaultName="main", MinRetentionDays=1)
