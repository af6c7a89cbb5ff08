"""Users and roles: who may delete databases and backups, and without a second factor."""

from __future__ import annotations

from typing import Any

from estate.truth.verdicts import FAIL, NOT_APPLICABLE, PASS, UNKNOWN, Truth, Truths

_ALL, _WITHOUT = "one-principal-deletes-all", "backup-deletable-without-mfa"
# By name: whether it deletes everything, whether people do so without a second factor. The vault `main` away from home is not guarded.
_KNOWN = {
    "ana": (PASS, FAIL, "her own policy denies deletion of points, but her group lets her end their lives"),
    "omar": (FAIL, FAIL, "he may do everything, and acts with long-term keys"),
    "estate-admin": (FAIL, PASS, "it may do everything, and is taken on with a second factor"),
    "estate-keeper": (PASS, FAIL, "backups only; long-term keys pass BoolIfExists in its trust policy"),
    "estate-developer": (PASS, PASS, "databases only"),
    "estate-remover": (FAIL, PASS, "databases, and the backups of those that no vault holds"),
    "estate-directory": (FAIL, UNKNOWN, "it may do everything; what its directory asks for, IAM does not see"),
    "estate-backup": (PASS, NOT_APPLICABLE, "its boundary leaves nothing of backups; a service takes it on"),
    "AWSBackupDefaultServiceRole": (PASS, NOT_APPLICABLE, "it deletes snapshots, and neither databases nor points"),
    "shared-backup": (PASS, NOT_APPLICABLE, "it deletes snapshots, and neither databases nor points"),
}


def of_principals(tables: dict[str, list[dict[str, Any]]]) -> Truths:
    """Every user and role; groups act through users."""
    for row in tables["iam_principals"]:
        if row["principal_kind"] == "group":
            continue
        linked = (NOT_APPLICABLE, NOT_APPLICABLE, "the role of a service")
        everything, without, reason = linked if row["is_service_linked"] else _KNOWN[row["principal_name"]]
        yield Truth(_ALL, row["principal_arn"], everything, reason)
        yield Truth(_WITHOUT, row["principal_arn"], without, reason)
