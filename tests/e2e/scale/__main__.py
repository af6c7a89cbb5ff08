"""Measure the collection of recovery points: `python -m scale --audit …/audit 20x500 20x50000 1x1000000`."""

from __future__ import annotations

import argparse
import tempfile
from pathlib import Path

from scale.run import collect


def main() -> None:
    """Print a line of figures for each estate, as a table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--audit", required=True, type=Path, help="the binary")
    parser.add_argument("--keep", type=Path, help="keep the datasets in this folder")
    parser.add_argument("estates", nargs="+", help="vaults x points of each, such as 20x50000")
    told = parser.parse_args()
    print("| vaults x points | peak MiB | CPU s | wall s | requests | pages | rows | parts |")
    print("| --- | --- | --- | --- | --- | --- | --- | --- |")
    for estate in told.estates:
        vaults, points = map(int, estate.split("x"))
        with tempfile.TemporaryDirectory() as folder:
            home = told.keep / estate if told.keep else Path(folder)
            home.mkdir(parents=True, exist_ok=True)
            run = collect(told.audit.resolve(), vaults, points, home)
        used = run.usage
        figures = (estate, f"{used.peak_mib:.0f}", f"{used.cpu_s:.1f}", f"{used.wall_s:.1f}")
        print("|", " | ".join(map(str, (*figures, run.requests, run.pages, run.rows, run.parts))), "|", flush=True)
        if run.faults:
            raise SystemExit("\n".join(run.faults))


if __name__ == "__main__":
    main()
