"""Fixtures of the end-to-end tests."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from dataset import collections
from estate import Estate, build
from harness import Audit, Endpoint, running_emulator
from standing import Still, stand_still
from world import World


@pytest.fixture(scope="session")
def emulator() -> Iterator[Endpoint]:
    """One emulator for the whole session; use `aws` to get it empty."""
    with running_emulator() as endpoint:
        yield endpoint


@pytest.fixture
def aws(emulator: Endpoint) -> Endpoint:
    """The emulator, as new."""
    emulator.reset()
    return emulator


@pytest.fixture
def estate(aws: Endpoint, tmp_path: Path) -> Estate:
    """A freshly built estate with its known truth."""
    return build(aws, tmp_path / "estate")


@pytest.fixture(scope="session")
def audit_in(emulator: Endpoint) -> Callable[[Path], Audit]:
    """Gives the binary named by AUDIT_BIN, working in a folder."""
    binary = os.environ.get("AUDIT_BIN")
    if not binary:
        pytest.skip("AUDIT_BIN does not name the audit binary")
    path = str(Path(binary).resolve())
    return lambda home: Audit(path, emulator.url, home)


@pytest.fixture
def audit(audit_in: Callable[[Path], Audit], tmp_path: Path) -> Audit:
    """The binary, working in the folder of one test. See `harness.Audit`."""
    return audit_in(tmp_path)


@pytest.fixture(scope="module")
def world(emulator: Endpoint, audit_in: Callable[[Path], Audit], tmp_path_factory: pytest.TempPathFactory) -> World:
    """One estate for all tests of a module; none of them may change it, or use `aws`, which empties the emulator."""
    home = tmp_path_factory.mktemp("world")
    audit = audit_in(home)
    emulator.reset()
    estate = build(emulator, home / "estate")
    done = audit.collect(home / "data")
    assert done.returncode == 0, done.stderr
    return World(emulator, estate, audit, home / "data", audit.evaluate(home / "data", estate.config, home / "out"))


@pytest.fixture(scope="module")
def still(emulator: Endpoint, audit_in: Callable[[Path], Audit], tmp_path_factory: pytest.TempPathFactory) -> Still:
    """An estate that no test of a module changes, and that does not move with the clock; as `world`, but not judged."""
    home = tmp_path_factory.mktemp("still")
    audit = audit_in(home)
    emulator.reset()
    build(emulator, home / "estate")
    stand_still(emulator)
    assert audit.collect(home / "data").returncode == 0
    [whole] = collections(home / "data")
    return Still(emulator, audit, whole)
