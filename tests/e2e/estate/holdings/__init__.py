"""What else the estate holds: things whose rows are known one by one, a module for each group of services.

A module has `make(aws, base)`: it builds with clients we did not write, and returns for each table the rows that a correct collection
holds of the estate's first account, with the columns whose values are known from what was built. Modules are found by themselves; they may
not build on one another.
"""

from __future__ import annotations

from datetime import datetime
from importlib import import_module
from pkgutil import iter_modules
from typing import Any

from harness import Endpoint

Rows = dict[str, list[dict[str, Any]]]


def modules() -> list[str]:
    """The names of all modules, sorted."""
    return sorted(found.name for found in iter_modules(__path__))


def make_holdings(aws: Endpoint, base: datetime) -> dict[str, Rows]:
    """Build what every module has; its name to the rows of its tables."""
    return {name: import_module(f"{__name__}.{name}").make(aws, base) for name in modules()}
