"""A disk that is full in the middle: nothing is sealed that is not whole, the error says what to do, and the next run finishes.

The disks are file systems in memory, as large as a test says.
"""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from dataset import collections, manifest, tables, unlike
from harness import Audit
from standing import MOVING, Still
from units import called

LARGE = 256 * 1024 * 1024


class Disk:
    """A file system of its own."""

    def __init__(self, path: Path, size_bytes: int) -> None:
        self.path = path
        path.mkdir()
        _mount("-t", "tmpfs", "-o", f"size={size_bytes}", "tmpfs", str(path))

    def resize(self, size_bytes: int) -> None:
        """Make room."""
        _mount("-o", f"remount,size={size_bytes}", str(self.path))

    @property
    def used_bytes(self) -> int:
        """What is in use."""
        return shutil.disk_usage(self.path).used

    def remove(self) -> None:
        """Let go of it."""
        subprocess.run(["umount", "--lazy", str(self.path)], check=True)


def _mount(*arguments: str) -> None:
    done = subprocess.run(["mount", *arguments], capture_output=True, text=True, check=False)
    if done.returncode != 0:
        pytest.skip(f"no file system can be mounted here: {done.stderr.strip()}")


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Disk]:
    """A large one, to be made smaller."""
    if os.geteuid() != 0:
        pytest.skip("only root can mount a file system")
    made = Disk(tmp_path / "disk", LARGE)
    yield made
    made.remove()


@pytest.fixture(scope="module")
def open_bytes(still: Still, tmp_path_factory: pytest.TempPathFactory) -> int:
    """How much a collection takes on disk just before it is sealed: one that is not, because credentials expired at its last table."""
    if os.geteuid() != 0:
        pytest.skip("only root can mount a file system")
    disk = Disk(tmp_path_factory.mktemp("measure") / "disk", LARGE)
    try:
        still.aws.fault("expired_token", service="organizations", operation="ListDelegatedAdministrators")
        assert still.audit.collect(disk.path / "data").returncode == 1
        return disk.used_bytes
    finally:
        still.aws.clear_faults()
        disk.remove()


def stopped(still: Still, disk: Disk, *more: object) -> str:
    """A collection that ends for want of room; what it said."""
    done = still.audit.collect(disk.path / "data", *more)
    assert done.returncode == 1, done.stderr
    assert collections(disk.path / "data") == [], "nothing is sealed"
    error = done.stderr[done.stderr.index("error: ") :]
    for part in (str(disk.path), "No space left on device", "effect: nothing was sealed", "hint:   make room"):
        assert part in error, error
    assert "panicked" not in done.stderr
    return error


def finished(still: Still, disk: Disk, *more: object) -> str:
    """The same again with room enough: it goes on, and the end is as if nothing had happened."""
    disk.resize(LARGE)
    done = still.audit.collect(disk.path / "data", *more)
    assert done.returncode == 0, done.stderr
    [sealed] = collections(disk.path / "data")
    assert list((disk.path / "data").iterdir()) == [sealed] and manifest(sealed)["complete"] is True
    named = {file["path"] for file in manifest(sealed)["files"]} | {"manifest.json"}
    there = {str(path.relative_to(sealed)) for path in sealed.rglob("*") if path.is_file()}
    assert there == named, "nothing half written is left"
    assert tables(sealed) == tables(still.whole) and unlike(sealed, still.whole, MOVING) == {}
    return done.stderr


@pytest.mark.parametrize("share", [0.02, 0.3, 0.9])
def test_a_disk_that_is_full_while_reading(still: Still, disk: Disk, open_bytes: int, share: float) -> None:
    disk.resize(int(open_bytes * share))
    stopped(still, disk)
    assert "resuming" in finished(still, disk)


def test_a_disk_that_is_full_while_sealing(still: Still, disk: Disk, open_bytes: int) -> None:
    # The tables of a sealed collection are there beside what they are made of, before that goes.
    disk.resize(open_bytes + 200 * 1024)
    error = stopped(still, disk)
    assert "part-0000.parquet" in error, error
    said = finished(still, disk)
    assert " 0 reads," in said, "nothing is read again to seal what is there"


def test_a_disk_that_is_full_from_the_beginning(still: Still, disk: Disk) -> None:
    disk.resize(16 * 1024)
    (disk.path / "other").write_bytes(b"x" * 16 * 1024)
    stopped(still, disk)
    (disk.path / "other").unlink()
    finished(still, disk)


def test_answers_that_are_kept_fill_the_disk(still: Still, disk: Disk) -> None:
    disk.resize(600 * 1024)
    stopped(still, disk, "--keep-raw")
    finished(still, disk, "--keep-raw")


def test_a_log_of_calls_that_cannot_grow_ends_the_collection(still: Still, tmp_path: Path) -> None:
    """There is no call without its line: what follows would be read without proof. No other file grows to this size."""
    limited = tmp_path / "audit-limited"
    limited.write_text(f"#!/bin/sh\ntrap '' XFSZ\nulimit -f 100\nexec '{still.audit.binary}' \"$@\"\n")
    limited.chmod(0o755)
    dataset = tmp_path / "data"
    done = Audit(str(limited), still.aws.url, tmp_path).collect(dataset)
    assert done.returncode == 1, done.stderr
    error = done.stderr[done.stderr.index("error: ") :]
    for part in ("calls.jsonl", "File too large", "effect: nothing was sealed", "hint:   make room"):
        assert part in error, error
    assert collections(dataset) == []
    done = still.audit.collect(dataset)
    assert done.returncode == 0 and "resuming" in done.stderr, done.stderr
    [sealed] = collections(dataset)
    assert unlike(sealed, still.whole, MOVING) == {}
    assert called(sealed / "calls.jsonl.zst"), "each line of it is one of JSON"
