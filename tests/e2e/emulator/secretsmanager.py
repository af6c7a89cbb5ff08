"""Short pages for Secrets Manager too; the rest is moto's.

Importing this module patches moto's backend; nothing has to be called.
"""

from __future__ import annotations

from typing import Any

from moto.secretsmanager.models import MAX_RESULTS_DEFAULT, SecretsManagerBackend

from emulator.paging import PageSize

_page = SecretsManagerBackend._get_secret_values_page_and_next_token


def page(backend: SecretsManagerBackend, secrets: list[dict[str, Any]], asked: int | None, token: str | None) -> Any:
    """A page of secrets, not longer than a test allows."""
    return _page(backend, secrets, PageSize.of(asked or MAX_RESULTS_DEFAULT), token)


SecretsManagerBackend._get_secret_values_page_and_next_token = page
