"""S3 beyond moto's: MFA delete is remembered, rules of replication stay as they were written, new buckets are encrypted,
lists of buckets come in pages.

Answers have the outermost element that AWS sends, without which an SDK that looks at it cannot read them.

Importing this module patches moto's S3 classes; nothing has to be called.
"""

from __future__ import annotations

import re
from typing import Any
from uuid import uuid4

from moto.core.responses import ActionResult
from moto.core.serialize import S3Serializer
from moto.s3.exceptions import InvalidArgumentError, InvalidRequest, ReplicationConfigurationNotFoundError
from moto.s3.models import S3Backend
from moto.s3.responses import S3Response

from emulator.paging import TokenError, page

_LONGEST_PAGE = 1_000
# What S3 does with new objects of every bucket since January 2023, if nobody says otherwise.
_DEFAULT_ENCRYPTION = {
    "Rule": {"ApplyServerSideEncryptionByDefault": {"SSEAlgorithm": "AES256"}, "BucketKeyEnabled": "false"}
}
_MFA_DELETE = re.compile(r"<MfaDelete>(\w+)</MfaDelete>")
# What moto calls an answer, and what AWS does.
_ROOTS = {"GetBucketVersioningResponse": "VersioningConfiguration", "GetBucketTaggingResponse": "Tagging"}
# Elements that mean something though nothing is in them.
_MAY_BE_EMPTY = ("Filter",)

_put, _get_bucket_encryption = S3Response._bucket_response_put, S3Backend.get_bucket_encryption
_serialize_body = S3Serializer._serialize_body
_get_object_lock_configuration = S3Backend.get_object_lock_configuration
_get_bucket_notification = S3Response.get_bucket_notification


def all_buckets(response: S3Response) -> Any:
    """By name, of one Region if it is named. Without their Regions: moto does not tell them, and AWS did not always."""
    prefix, region, token = (response._get_param(name) for name in ("prefix", "bucket-region", "continuation-token"))
    limit = int(response._get_param("max-buckets") or _LONGEST_PAGE)
    account = response.current_account
    if not 1 <= limit <= _LONGEST_PAGE:
        raise InvalidArgumentError("max-buckets", str(limit))

    def found() -> list[Any]:
        buckets = response.backend.list_buckets(prefix=prefix, bucket_region=region, max_buckets=None)
        return sorted(buckets, key=lambda bucket: bucket.name)

    try:
        buckets, following = page(found, limit, token, ("ListBuckets", account, prefix, region))
    except TokenError as error:
        raise InvalidArgumentError("continuation-token", token) from error
    response.data["Action"] = "ListBuckets"
    told = [{"Name": bucket.name, "CreationDate": bucket.creation_date_ISO8601} for bucket in buckets]
    owner = {"ID": account, "DisplayName": account}
    return response.serialized(ActionResult({"Owner": owner, "Buckets": told, "ContinuationToken": following}))


def bucket_response_put(response: S3Response, request: Any, bucket_name: str, querystring: dict[str, Any]) -> Any:
    """MFA delete is changed only by who shows the second factor."""
    told = _MFA_DELETE.search(response.body.decode()) if "versioning" in querystring else None
    if told and "x-amz-mfa" not in request.headers:
        raise InvalidRequest("PutBucketVersioning")
    answer = _put(response, request, bucket_name, querystring)
    if told:
        response.backend.get_bucket(bucket_name).mfa_delete = told[1]
    return answer


def get_bucket_versioning(response: S3Response) -> Any:
    """MFA delete is told of only where it was ever configured."""
    bucket = response.backend.get_bucket(response.bucket_name)
    response.data["Action"] = "GetBucketVersioning"
    return response.serialized(
        ActionResult({"Status": bucket.versioning_status, "MFADelete": vars(bucket).get("mfa_delete")})
    )


def get_bucket_notification(response: S3Response) -> Any:
    """With EventBridge, which moto keeps and does not tell of."""
    response.data["Action"] = "GetBucketNotificationConfiguration"
    configured = response.backend.get_bucket_notification_configuration(response.bucket_name)
    if configured and configured.event_bridge is not None:
        serialized = response.serialized
        response.serialized = lambda told: serialized(ActionResult({**told.result, "EventBridgeConfiguration": {}}))
    return _get_bucket_notification(response)


def get_bucket_encryption(backend: S3Backend, bucket_name: str) -> dict[str, Any]:
    """Never nothing."""
    return _get_bucket_encryption(backend, bucket_name) or _DEFAULT_ENCRYPTION


def get_object_lock_configuration(backend: S3Backend, bucket_name: str) -> tuple[Any, ...]:
    """Days or years, whichever was set; moto has 0 for the other."""
    enabled, mode, days, years = _get_object_lock_configuration(backend, bucket_name)
    return enabled, mode, days or None, years or None


def put_bucket_replication(backend: S3Backend, bucket_name: str, replication: dict[str, Any]) -> None:
    """Keeps the rules as they were sent; one without an id gets one."""
    rules = replication["Rule"] if isinstance(replication["Rule"], list) else [replication["Rule"]]
    written = [{"ID": uuid4().hex, **_as_written(rule)} for rule in rules]
    backend.get_bucket(bucket_name).replication = {"Role": replication["Role"], "Rule": written}


def _as_written(element: Any, name: str = "") -> Any:
    """What was sent, empty elements included."""
    if isinstance(element, dict):
        return {key: _as_written(value, key) for key, value in element.items()}
    if element is None:
        return {} if name in _MAY_BE_EMPTY else ""
    return element


def get_bucket_replication(response: S3Response) -> Any:
    """The rules as they were sent."""
    response.data["Action"] = "GetBucketReplication"
    replication = response.backend.get_bucket_replication(response.bucket_name)
    if not replication:
        raise ReplicationConfigurationNotFoundError(bucket_name=response.bucket_name)
    told = {"Role": replication["Role"], "Rules": replication["Rule"]}
    return response.serialized(ActionResult({"ReplicationConfiguration": told}))


def serialize_body(serializer: S3Serializer, body: dict[str, Any]) -> str:
    """Under the name that AWS gives it."""
    return _serialize_body(serializer, {_ROOTS.get(name, name): content for name, content in body.items()})


S3Serializer._serialize_body = serialize_body
S3Response.all_buckets = all_buckets
S3Response._bucket_response_put = bucket_response_put
S3Response.get_bucket_versioning = get_bucket_versioning
S3Response.get_bucket_notification = get_bucket_notification
S3Response.get_bucket_replication = get_bucket_replication
S3Backend.get_bucket_encryption = get_bucket_encryption
S3Backend.get_object_lock_configuration = get_object_lock_configuration
S3Backend.put_bucket_replication = put_bucket_replication
