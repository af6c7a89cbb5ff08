"""Tags of vaults and plans through AWS Backup itself."""

from __future__ import annotations

from emulator.backup.listing import give_page
from emulator.backup.registry import Params, operation
from emulator.backup.state import BackupBackend, Record


@operation("ListTags")
def list_tags(backend: BackupBackend, params: Params) -> Record:
    """A page is a part of the map."""
    pairs = sorted(backend.tags_of(params["ResourceArn"]).items())
    answer = give_page(backend, "ListTags", "Tags", lambda: pairs, params)
    return {**answer, "Tags": dict(answer["Tags"])}


@operation("TagResource")
def tag(backend: BackupBackend, params: Params) -> None:
    """Add or overwrite."""
    backend.tag_resource(params["ResourceArn"], params["Tags"])


@operation("UntagResource")
def untag(backend: BackupBackend, params: Params) -> None:
    """Remove by key."""
    backend.untag_resource(params["ResourceArn"], params["TagKeyList"])
