"""Users, a group, roles and their policies: attached, inline, as a boundary, in an older version."""

from __future__ import annotations

import json
from datetime import datetime
from typing import Any

from estate.holdings import Rows
from harness import ACCOUNT, Endpoint

_GLOBAL = "global"
_FOR_BACKUP = "arn:aws:iam::aws:policy/service-role/AWSBackupServiceRolePolicyForBackup"
# Selections of the estate name the first one, and a careless one the second.
_SERVICE_ROLES = {
    "AWSBackupDefaultServiceRole": ["backup.amazonaws.com"],
    "shared-backup": ["backup.amazonaws.com", "ec2.amazonaws.com"],
}
_IAM = f"arn:aws:iam::{ACCOUNT}"


def _of_account(operator: str) -> dict[str, Any]:
    """Users of the account may take it on, with a second factor."""
    statement = {
        "Effect": "Allow", "Principal": {"AWS": f"{_IAM}:root"}, "Action": "sts:AssumeRole",
        "Condition": {operator: {"aws:MultiFactorAuthPresent": "true"}},
    }  # fmt: skip
    return {"Version": "2012-10-17", "Statement": [statement]}


_OF_DIRECTORY = {
    "Version": "2012-10-17",
    "Statement": [
        {
            "Effect": "Allow", "Principal": {"Federated": f"{_IAM}:saml-provider/corp"}, "Action": "sts:AssumeRoleWithSAML",
            "Condition": {"StringEquals": {"SAML:aud": "https://signin.aws.amazon.com/saml"}},
        }
    ],
}  # fmt: skip
# Roles that people take on, and what each may do. Long-term keys pass a condition that holds where there is no second factor to speak of.
_TAKEN_ON = {
    "estate-admin": (_of_account("Bool"), "*"),
    "estate-keeper": (_of_account("BoolIfExists"), "backup:*"),
    "estate-developer": (_of_account("Bool"), "rds:DeleteDBInstance"),
    "estate-remover": (_of_account("Bool"), "rds:Delete*"),
    "estate-directory": (_OF_DIRECTORY, "*"),
}


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
    service = [_service_role(iam, name, trust) for name, trust in _SERVICE_ROLES.items()]
    iam.create_group(GroupName="operators")
    iam.put_group_policy(GroupName="operators", PolicyName="all", PolicyDocument=json.dumps(admin))
    iam.create_user(UserName="ana", Path="/people/", Tags=[{"Key": "team", "Value": "data"}])
    iam.add_user_to_group(GroupName="operators", UserName="ana")
    iam.attach_user_policy(UserName="ana", PolicyArn=arns["estate-guard"])
    people = _people(iam)

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
        *service,
        _principal(group, "group", "/", inline_policy_names='["all"]', tags=None),
        _principal(user, "user", "/people/", attached_policy_arns=attached, group_names='["operators"]', tags=tags),
        *people["iam_principals"],
    ]  # fmt: skip
    policies = [
        _policy(arns["estate-guard"], "estate-guard", "customer", guard, "v2", 2),
        _policy(arns["estate-edge"], "estate-edge", "customer", edge, "v1", 0),
        _of_aws(iam),
        _policy(role, "extra", "inline", admin, None, None),
        _policy(group, "all", "inline", admin, None, None),
        *people["iam_policies"],
    ]
    return {"iam_principals": principals, "iam_policies": policies}


def _people(iam: Any) -> Rows:
    """A user and roles that people take on, each with one inline policy."""
    omar, everything = f"{_IAM}:user/omar", _document("Allow", "*")
    iam.create_user(UserName="omar")
    iam.put_user_policy(UserName="omar", PolicyName="own", PolicyDocument=json.dumps(everything))
    principals = [_principal(omar, "user", "/", inline_policy_names='["own"]', group_names="[]", tags=None)]
    policies = [_policy(omar, "own", "inline", everything, None, None)]
    for name, (trust, action) in _TAKEN_ON.items():
        arn, document = f"{_IAM}:role/{name}", _document("Allow", action)
        iam.create_role(RoleName=name, AssumeRolePolicyDocument=json.dumps(trust))
        iam.put_role_policy(RoleName=name, PolicyName="own", PolicyDocument=json.dumps(document))
        principals.append(_principal(arn, "role", "/", trust_policy=_json(trust), inline_policy_names='["own"]'))
        policies.append(_policy(arn, "own", "inline", document, None, None))
    return {"iam_principals": principals, "iam_policies": policies}


def _service_role(iam: Any, name: str, services: list[str]) -> dict[str, Any]:
    """A role as AWS Backup asks for; the second one lets another service in."""
    trust = _trust(services)
    iam.create_role(RoleName=name, Path="/service-role/", AssumeRolePolicyDocument=json.dumps(trust))
    iam.attach_role_policy(RoleName=name, PolicyArn=_FOR_BACKUP)
    return _principal(
        f"{_IAM}:role/service-role/{name}", "role", "/service-role/", trust_policy=_json(trust),
        attached_policy_arns=_json([_FOR_BACKUP]),
    )  # fmt: skip


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


def _of_aws(iam: Any) -> dict[str, Any]:
    """AWS's own policy, as IAM tells it."""
    told = iam.get_policy(PolicyArn=_FOR_BACKUP)["Policy"]
    version = told["DefaultVersionId"]
    document = iam.get_policy_version(PolicyArn=_FOR_BACKUP, VersionId=version)["PolicyVersion"]["Document"]
    return _policy(_FOR_BACKUP, told["PolicyName"], "aws", document, version, len(_SERVICE_ROLES))


def _document(effect: str, action: str) -> dict[str, Any]:
    return {"Version": "2012-10-17", "Statement": [{"Effect": effect, "Action": action, "Resource": "*"}]}


def _trust(service: str | list[str]) -> dict[str, Any]:
    statement = {"Effect": "Allow", "Principal": {"Service": service}, "Action": "sts:AssumeRole"}
    return {"Version": "2012-10-17", "Statement": [statement]}


def _json(value: Any) -> str:
    return json.dumps(value, sort_keys=True, separators=(",", ":"))
