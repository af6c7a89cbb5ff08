"""Instants, as the wire and the tests write them. Always UTC."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any


class Clock:
    """How long ago it is here, which a test may change; time goes on."""

    ago = timedelta(0)


def take_over_moto() -> None:
    """Let moto have the same time; to be called before its services are loaded."""
    import moto.core.utils

    moto.core.utils.utcnow = lambda: (datetime.now(UTC) - Clock.ago).replace(tzinfo=None)


def now() -> datetime:
    """The present instant, with milliseconds, which is what AWS keeps."""
    moment = datetime.now(UTC) - Clock.ago
    return moment.replace(microsecond=moment.microsecond // 1000 * 1000)


def parse(value: Any) -> datetime:
    """Read epoch seconds (number or text) or ISO 8601; no zone means UTC.

    Raises `ValueError` when it is none of these.
    """
    if isinstance(value, datetime):
        moment = value
    elif isinstance(value, (int, float)) and not isinstance(value, bool):
        return datetime.fromtimestamp(value, UTC)
    elif isinstance(value, str):
        try:
            return datetime.fromtimestamp(float(value), UTC)
        except ValueError:
            moment = datetime.fromisoformat(value)
    else:
        raise ValueError(f"not an instant: {value!r}")
    return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
