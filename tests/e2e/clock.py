"""Another time for the binary: libfaketime, which the `faketime` command brings.

Only what the clock on the wall says is changed; how long things take is not.
The emulator has a clock of its own (`Endpoint.clock`).
"""

from __future__ import annotations

import shutil
import subprocess
from datetime import datetime
from functools import cache


def available() -> bool:
    """Whether there is such a clock on this machine."""
    return shutil.which("faketime") is not None


def stopped(moment: datetime) -> dict[str, str]:
    """The environment of a process for which it is this moment (UTC) from its start on, and hardly later at its end."""
    return {
        "LD_PRELOAD": _library(),
        "TZ": "UTC",
        "FAKETIME": f"@{moment:%Y-%m-%d %H:%M:%S} x0.001",
        "FAKETIME_DONT_FAKE_MONOTONIC": "1",
        "NO_FAKE_STAT": "1",
    }


@cache
def _library() -> str:
    told = subprocess.run(["faketime", "-m", "-f", "+0", "env"], capture_output=True, text=True, check=True).stdout
    [library] = [line.partition("=")[2] for line in told.splitlines() if line.startswith("LD_PRELOAD=")]
    return library
