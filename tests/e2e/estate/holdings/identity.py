"""Users, a group, roles and their policies: attached, inline, as a boundary, in an older version."""

from __future__ import annotations

import json
from datetime import datetime
from typing import Any

from estate.holdings import Rows
from harness import ACCOUNT, Endpoint

_GLOBAL = "global"
_IAM = f"arn:aws:iam::{ACCOUNT}"


def make(aws: Endpoint, base: datetime) -> Rows:
    """Build them."""
    del base
    iam = aws.client("iam")
    guard = _document("Deny", "backup:DeleteRecoveryPoint")
    admin = _document("Allow", "backup:*")
    edge = _document("Allow", "rds:*")
    arns = {}
    for name, document in (("estate-guard", _document("Allow", "s3:*")), ("estate-edge", edge)):
        arns[name] = iam.create_policy(PolicyName=name, PolicyDocument=json.dumps(document))["Policy"]["Arn"]
    iam.create_policy_version(PolicyArn=arns["estate-guard"], PolicyDocument=json.dumps(guard), SetAsDefault=True)
    trust = _trust("backup.amazonaws.com")
    iam.create_role(
        RoleName="estate-backup", Path="/service-role/", AssumeRolePolicyDocument=json.dumps(trust),
        PermissionsBoundary=arns["estate-edge"], Tags=[{"Key": "team", "Value": "data"}],
    )  # fmt: skip
    iam.attach_role_policy(RoleName="estate-backup", PolicyArn=arns["estate-guard"])
    iam.put_role_policy(RoleName="estate-backup", PolicyName="extra", PolicyDocument=json.dumps(admin))
    linked = iam.create_service_linked_role(AWSServiceName="backup.amazonaws.com")["Role"]
    iam.create_group(GroupName="operators")
    iam.put_group_policy(GroupName="operators", PolicyName="all", PolicyDocument=json.dumps(admin))
    iam.create_user(UserName="ana", Path="/people/", Tags=[{"Key": "team", "Value": "data"}])
    iam.add_user_to_group(GroupName="operators", UserName="ana")
    iam.attach_user_policy(UserName="ana", PolicyArn=arns["estate-guard"])

    tags = '{"team":"data"}'
    attached = _json([arns["estate-guard"]])
    role, group, user = f"{_IAM}:role/service-role/estate-backup", f"{_IAM}:group/operators", f"{_IAM}:user/people/ana"
    principals = [
        _principal(
            role, "role", "/service-role/", trust_policy=_json(trust), attached_policy_arns=attached, tags=tags,
            inline_policy_names='["extra"]', permissions_boundary_arn=arns["estate-edge"],
        ),
        _principal(
            linked["Arn"], "role", "/aws-service-role/backup.amazonaws.com/", is_service_linked=True,
            trust_policy=_json(linked["AssumeRolePolicyDocument"]),
        ),
        _principal(group, "group", "/", inline_policy_names='["all"]', tags=None),
        _principal(user, "user", "/people/", attached_policy_arns=attached, group_names='["operators"]', tags=tags),
    ]  # fmt: skip
    policies = [
        _policy(arns["estate-guard"], "estate-guard", "customer", guard, "v2", 2),
        _policy(arns["estate-edge"], "estate-edge", "customer", edge, "v1", 0),
        _policy(role, "extra", "inline", admin, None, None),
        _policy(group, "all", "inline", admin, None, None),
    ]
    return {"iam_principals": principals, "iam_policies": policies}


def _principal(arn: str, kind: str, path: str, **told: Any) -> dict[str, Any]:
    common = {
        "region": _GLOBAL, "principal_arn": arn, "principal_kind": kind, "path": path, "is_service_linked": False,
        "principal_name": arn.rpartition("/")[2], "trust_policy": None, "attached_policy_arns": "[]",
        "inline_policy_names": "[]", "group_names": None, "permissions_boundary_arn": None, "tags": "{}",
    }  # fmt: skip
    return {**common, **told}


def _policy(
    owner: str, name: str, kind: str, document: dict[str, Any], version: str | None, attached: int | None
) -> dict[str, Any]:
    return {
        "region": _GLOBAL, "owner_arn": owner, "policy_name": name, "policy_kind": kind, "document": _json(document),
        "default_version_id": version, "attachment_count": attached,
    }  # fmt: skip


def _document(effect: str, action: str) -> dict[str, Any]:
    return {"Version": "2012-10-17", "Statement": [{"Effect": effect, "Action": action, "Resource": "*"}]}


def _trust(service: str) -> dict[str, Any]:
    statement = {"Effect": "Allow", "Principal": {"Service": service}, "Action": "sts:AssumeRole"}
    return {"Version": "2012-10-17", "Statement": [statement]}


def _json(value: Any) -> str:
    return json.dumps(value, sort_keys=True, separators=(",", ":"))
