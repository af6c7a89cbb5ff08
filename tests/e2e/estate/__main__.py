"""Build the estate on a running emulator, from a shell."""

from __future__ import annotations

import argparse
from datetime import datetime
from pathlib import Path

from estate import build
from harness import Endpoint


def main() -> None:
    """Parse, reset the emulator, build, say where things are."""
    parser = argparse.ArgumentParser(prog="estate", description=__doc__)
    parser.add_argument("--endpoint", required=True, help="URL that `python -m emulator` printed")
    parser.add_argument("--out", type=Path, required=True, help="folder for audit.yaml and truth.json")
    parser.add_argument("--base", type=datetime.fromisoformat, help="ISO 8601 with zone; default: now")
    parser.add_argument("--resources", type=int, default=0, metavar="N", help="add N plain RDS instances")
    parser.add_argument("--no-cli", action="store_true", help="boto3 only")
    arguments = parser.parse_args()

    aws = Endpoint(arguments.endpoint)
    aws.reset()
    made = build(aws, arguments.out, base=arguments.base, resources=arguments.resources, with_cli=not arguments.no_cli)
    print(f"{made.config}\n{arguments.out / 'truth.json'}: {len(made.truth)} verdicts")


if __name__ == "__main__":
    main()
