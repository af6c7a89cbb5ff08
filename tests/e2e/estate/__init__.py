"""An estate to audit, with its known truth.

Two Regions of one account, and a second account that keeps copies for it. Keys,
vaults, plans, selections and databases are made with clients we did not write
(boto3, the AWS CLI); ages, recovery points and jobs, which no client can make,
are seeded. All times are relative to a base instant: the
newest nightly point is about two hours old at `base`.

`python -m estate --endpoint URL --out DIR` builds it and writes DIR/audit.yaml
and DIR/truth.json.
"""

from __future__ import annotations

import json
import time
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path

from estate.bulk import add_bulk
from estate.config import write_config
from estate.databases import make_databases
from estate.departed import seed_departed
from estate.foundation import make_foundation
from estate.governance import RESTORE_TESTING, make_governance, make_organisation
from estate.history import seed_history
from estate.holdings import Rows, make_holdings
from estate.keys import spoil_keys
from estate.population import population
from estate.restores import seed_restores
from estate.scans import seed_scans
from estate.truth import Truth, truth_of, truth_of_bulk, truth_of_collections, truth_of_holdings, truth_of_plans
from estate.truth.drift import unchanged
from harness import Endpoint

__all__ = ["Estate", "Truth", "build"]


@dataclass(frozen=True)
class Estate:
    """What was built. `truth` is sorted by rule and subject; `holdings` are rows by module and table."""

    base: datetime
    config: Path
    truth: list[Truth]
    holdings: dict[str, Rows]

    def expected(self, collections: int = 1) -> dict[tuple[str, str], str]:
        """(rule, subject ARN) to verdict: every finding that so many collections of the estate must give."""
        truth = unchanged(self.truth) if collections > 1 else self.truth
        rows = [*truth, *truth_of_collections(collections)]
        return {(row.rule_id, row.subject_arn): row.verdict for row in rows}


def build(
    aws: Endpoint, out: Path, *, base: datetime | None = None, resources: int = 0, with_cli: bool = False
) -> Estate:
    """Build the estate on an empty endpoint.

    `resources` adds so many plain, healthy instances; `with_cli` makes vaults,
    one plan and its selection with the AWS CLI instead of boto3 (slower).
    """
    base = base or datetime.now(UTC)
    out.mkdir(parents=True, exist_ok=True)
    make_organisation(aws)
    foundation = make_foundation(aws, base, out if with_cli else None)
    members = population()
    make_databases(aws, members, foundation, base)
    seed_history(aws, members, foundation)
    seed_departed(aws, foundation)
    arns = make_governance(aws, members, base)
    seed_restores(aws, members, arns[RESTORE_TESTING], foundation.fires)
    spoil_keys(aws, foundation.keys)
    holdings = make_holdings(aws, base)
    holdings["listeners"]["scan_jobs"] += seed_scans(aws, foundation)
    time.sleep(1.1)  # a collection speaks for the second in which it begins, and not for what was made in it
    bulk = add_bulk(aws, foundation, base, resources)
    truth = [*truth_of(members, foundation, arns), *truth_of_bulk(bulk), *truth_of_holdings(holdings)]
    truth += truth_of_plans(aws)
    truth.sort(key=lambda row: (row.rule_id, row.subject_arn))
    (out / "truth.json").write_text(json.dumps([asdict(row) for row in truth], indent=1) + "\n")
    return Estate(base, write_config(out), truth, holdings)
