"""An estate that was collected and judged while nothing was wrong: what most tests of the binary begin with."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from estate import Estate
from harness import Audit, Endpoint, Evaluation


@dataclass(frozen=True)
class World:
    """The running endpoint, what was built on it, the binary, and what it said."""

    aws: Endpoint
    estate: Estate
    audit: Audit
    dataset: Path
    clean: Evaluation
