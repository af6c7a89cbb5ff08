"""Run a command in a process of its own, and tell what it used.

The parent is this small process and not the test, because Linux counts what the
parent had in memory at the fork as the peak of the child.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Usage:
    """What a finished process used."""

    code: int
    peak_mib: float
    cpu_s: float
    wall_s: float


def measured(command: Sequence[object], env: Mapping[str, str], folder: Path) -> Usage:
    """Run a command to its end; what it prints goes where that of the caller goes."""
    told = folder / "usage.json"
    subprocess.run([sys.executable, "-S", "-E", __file__, told, *map(str, command)], env=env, cwd=folder, check=True)
    return Usage(**json.loads(told.read_text()))


def _main() -> None:
    began = time.monotonic()
    child = os.posix_spawn(sys.argv[2], sys.argv[2:], os.environ)
    _, status, used = os.wait4(child, 0)
    usage = {
        "code": os.waitstatus_to_exitcode(status),
        "peak_mib": used.ru_maxrss / 1024,
        "cpu_s": used.ru_utime + used.ru_stime,
        "wall_s": time.monotonic() - began,
    }
    with open(sys.argv[1], "w", encoding="utf-8") as file:
        json.dump(usage, file)


if __name__ == "__main__":
    _main()
