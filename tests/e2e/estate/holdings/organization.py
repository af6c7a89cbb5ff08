"""The organization above the account: another account, policies, what takes effect, who administers AWS Backup."""

from __future__ import annotations

import json
from datetime import datetime
from typing import Any

from estate.holdings import Rows
from estate.population import KEEPER
from harness import ACCOUNT, Endpoint

_GLOBAL = "global"
_BACKUP = "backup.amazonaws.com"


def make(aws: Endpoint, base: datetime) -> Rows:
    """The organization is there already; this account manages it."""
    del base
    client = aws.client("organizations")
    [root] = client.list_roots()["Roots"]
    org = root["Arn"].split("/")[1]
    member, name = KEEPER, f"account-{KEEPER}"
    client.register_delegated_administrator(AccountId=member, ServicePrincipal=_BACKUP)
    plans = {"plans": {"gold": {"regions": {"@@assign": ["us-east-1"]}}}}
    backup = client.create_policy(Name="gold", Description="", Type="BACKUP_POLICY", Content=json.dumps(plans))
    client.attach_policy(PolicyId=_id(backup), TargetId=ACCOUNT)
    deny = {"Version": "2012-10-17", "Statement": [{"Effect": "Deny", "Action": "backup:Delete*", "Resource": "*"}]}
    guard = client.create_policy(
        Name="guard", Description="", Type="SERVICE_CONTROL_POLICY", Content=json.dumps(deny)
    )
    allow = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}]}

    def arn(account: str) -> str:
        return f"arn:aws:organizations::{ACCOUNT}:account/{org}/{account}"

    own = {"Arn": arn(ACCOUNT), "Name": "master", "TargetId": ACCOUNT, "Type": "ACCOUNT"}
    top = {"Arn": root["Arn"], "Name": "Root", "TargetId": root["Id"], "Type": "ROOT"}
    accounts = [
        {
            "region": _GLOBAL, "account_arn": arn(account), "member_account_id": account, "account_name": called,
            "state": "ACTIVE", "status": "ACTIVE",
        }
        for account, called in ((ACCOUNT, "master"), (member, name))
    ]  # fmt: skip
    return {
        "organization": [
            {
                "region": _GLOBAL, "organization_arn": f"arn:aws:organizations::{ACCOUNT}:organization/{org}",
                "organization_id": org, "feature_set": "ALL", "management_account_id": ACCOUNT,
                "management_account_arn": arn(ACCOUNT), "is_management_account": True,
            }
        ],
        "org_accounts": accounts,
        "org_policies": [
            _policy(_id(backup), "BACKUP_POLICY", "gold", plans, [own]),
            _policy(_id(guard), "SERVICE_CONTROL_POLICY", "guard", deny, []),
            {
                **_policy("p-FullAWSAccess", "SERVICE_CONTROL_POLICY", "FullAWSAccess", allow, [own, top]),
                "aws_managed": True,
            },
        ],
        "org_effective_policies": [
            {
                "region": _GLOBAL, "policy_type": "BACKUP_POLICY", "target_id": ACCOUNT,
                "policy_content": '{"plans":{"gold":{"regions":["us-east-1"]}}}',
            }
        ],
        "delegated_admins": [
            {
                "region": _GLOBAL, "admin_account_arn": arn(member), "admin_account_id": member, "account_name": name,
                "service_principal": _BACKUP,
            }
        ],
    }  # fmt: skip


def _id(made: dict[str, Any]) -> str:
    return made["Policy"]["PolicySummary"]["Id"]


def _policy(policy_id: str, kind: str, name: str, content: Any, targets: list[dict[str, str]]) -> dict[str, Any]:
    return {
        "region": _GLOBAL, "policy_id": policy_id, "policy_type": kind, "policy_name": name, "aws_managed": False,
        "content": _json(content), "targets": _json(sorted(targets, key=lambda target: target["TargetId"])),
    }  # fmt: skip


def _json(value: Any) -> str:
    return json.dumps(value, sort_keys=True, separators=(",", ":"))
