"""Many recovery points: memory does not grow with them, and each page is asked for once.

The figures of a million points are made by `python -m scale`; see docs/performance.md. With
AUDIT_SCALE=million the tests here take that many, too.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest

from scale.run import Run, collect

MILLION = os.environ.get("AUDIT_SCALE") == "million"
VAULTS = 20 if MILLION else 4
FEW, MANY = (5_000, 50_000) if MILLION else (12_500, 37_500)
ONE_VAULT = 1_000_000 if MILLION else 110_000
# Between few and many, and at most. Buffers, and what the allocator keeps of them, vary from run to run.
GROWTH_MIB, MOST_MIB = 80, 512


@pytest.fixture(scope="module")
def binary(audit_in: Any, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return Path(audit_in(tmp_path_factory.getbasetemp()).binary)


@pytest.fixture(scope="module")
def many(binary: Path, tmp_path_factory: pytest.TempPathFactory) -> Run:
    return collect(binary, VAULTS, MANY, tmp_path_factory.mktemp("many"))


def test_many_points_are_read_once_and_lie_sorted(many: Run) -> None:
    assert many.faults == []
    assert many.rows == VAULTS * MANY
    assert many.requests == many.pages == VAULTS * -(-MANY // 1_000)


def test_memory_does_not_grow_with_the_points(binary: Path, many: Run, tmp_path: Path) -> None:
    few = collect(binary, VAULTS, FEW, tmp_path)
    assert few.faults == []
    assert many.usage.peak_mib < min(few.usage.peak_mib + GROWTH_MIB, MOST_MIB), (few.usage, many.usage)


def test_nor_with_those_of_one_vault(binary: Path, many: Run, tmp_path: Path) -> None:
    """It is read in ranges of creation, which do not help here: all its points lie in the last of them."""
    one = collect(binary, 1, ONE_VAULT, tmp_path)
    assert one.faults == []
    assert one.usage.peak_mib < min(many.usage.peak_mib + GROWTH_MIB, MOST_MIB), (one.usage, many.usage)
