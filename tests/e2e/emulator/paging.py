"""Pages and continuation tokens, shared by all list operations.

A token carries the place in the list and a digest of the request it belongs
to: with other filters, for another operation or another account it is refused,
as AWS does. `POST /_emulator/page_size` makes all pages short.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import json
from collections.abc import Callable, Sequence
from typing import Any


class TokenError(ValueError):
    """The token was not handed out for this request."""


class PageSize:
    """The page size forced by a test; None leaves it to the caller."""

    forced: int | None = None

    @classmethod
    def of(cls, asked: int) -> int:
        """How many items the next page may hold, when `asked` were asked for."""
        return asked if cls.forced is None else min(asked, cls.forced)


# Listings that were begun and not finished, by digest of their request.
_BEGUN: dict[str, Sequence[Any]] = {}


def forget() -> None:
    """Drop all unfinished listings; their tokens stay good, the rows are read again."""
    _BEGUN.clear()


def _digest(scope: Any) -> str:
    return hashlib.sha256(json.dumps(scope, sort_keys=True, default=str).encode()).hexdigest()[:16]


def page(rows: Callable[[], Sequence[Any]], asked: int, token: str | None, scope: Any) -> tuple[list[Any], str | None]:
    """The page after `token` and the token of the next one, if any.

    `rows` gives the whole list; it is asked for the first page, and the rest of
    the pages are of the same list: a listing is of the moment it was begun.
    `scope` is whatever makes the request what it is (operation, account,
    Region, filters). Raises `TokenError`.
    """
    digest = _digest(scope)
    start = _place(token, digest) if token else 0
    found = _BEGUN.get(digest) if token else None
    if found is None:
        found = rows()
    end = start + PageSize.of(asked)
    if end >= len(found):
        _BEGUN.pop(digest, None)
        return list(found[start:]), None
    _BEGUN[digest] = found
    following = base64.urlsafe_b64encode(json.dumps({"at": end, "of": digest}).encode()).decode()
    return list(found[start:end]), following


def _place(token: str, digest: str) -> int:
    try:
        told = json.loads(base64.urlsafe_b64decode(token.encode()))
        start, owner = int(told["at"]), told["of"]
    except (binascii.Error, ValueError, KeyError, TypeError) as error:
        raise TokenError("the token is not one of ours") from error
    if owner != digest:
        raise TokenError("the token belongs to another request")
    return start
