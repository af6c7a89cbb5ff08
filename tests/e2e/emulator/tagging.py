"""Short pages for the Resource Groups Tagging API too; the rest is moto's.

Importing this module patches moto's backend. Vaults and plans reach it through
`emulator.backup.state`.
"""

from __future__ import annotations

from typing import Any

from moto.resourcegroupstaggingapi.models import ResourceGroupsTaggingAPIBackend

from emulator.paging import PageSize

_get_resources = ResourceGroupsTaggingAPIBackend.get_resources


def get_resources(backend: ResourceGroupsTaggingAPIBackend, *, resources_per_page: int, **told: Any) -> Any:
    """A page of tagged resources, not longer than a test allows."""
    return _get_resources(backend, resources_per_page=PageSize.of(resources_per_page), **told)


ResourceGroupsTaggingAPIBackend.get_resources = get_resources
