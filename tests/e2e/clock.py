"""A clock for other processes, put back and forward by a test: libfaketime, which the `faketime` command brings.

Only what the clock on the wall says is changed; how long things take is not.
"""

from __future__ import annotations

import shutil
import subprocess
from datetime import UTC, datetime, timedelta
from pathlib import Path


class Clock:
    """Processes that are started with `environment` have the time that was last set."""

    def __init__(self, folder: Path) -> None:
        self._file = folder / "clock"
        self._ago = timedelta(0)
        told = subprocess.run(["faketime", "-m", "-f", "+0", "env"], capture_output=True, text=True, check=True).stdout
        [library] = [line.partition("=")[2] for line in told.splitlines() if line.startswith("LD_PRELOAD=")]
        self.environment = {
            "LD_PRELOAD": library,
            "FAKETIME_TIMESTAMP_FILE": str(self._file),
            "FAKETIME_NO_CACHE": "1",
            "FAKETIME_DONT_FAKE_MONOTONIC": "1",
        }
        self.set(self._ago)

    def set(self, ago: timedelta) -> None:
        """From now on it is as long ago as this; time goes on."""
        self._ago = ago
        self._file.write_text(f"-{ago.total_seconds():.0f}\n")

    def now(self) -> datetime:
        """What those processes take for the present."""
        return datetime.now(UTC) - self._ago


def available() -> bool:
    """Whether there is such a clock on this machine."""
    return shutil.which("faketime") is not None
