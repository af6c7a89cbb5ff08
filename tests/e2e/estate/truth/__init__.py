"""What an audit of the estate must say, reasoned from what AWS documents and what each rule asks.

Each rule is decided from the description of a database, a vault, a plan or a
key alone, never from what a tool computed. The list is whole: a finding that
has no row here is wrong.

`unknown` is a verdict like any other, where no reading of AWS could decide:
- whether native backups of a week's window were on before that window began;
- whether a point was there when the 30 days began, if points are kept for less:
  it has gone, and its job is no longer shown;
- whether a tag-only selection with cold storage reaches something of a type
  that can be moved there: other services are not read;
- what lies in the vault of an account that nobody looks into, under which key
  and lock;
- whether a vault under the key of AWS Backup can take copies of databases, on
  which AWS's own pages disagree;
- whether and how fast something was ever restored of which AWS lists no
  restore: it lists those of 30 days.
"""

from __future__ import annotations

from typing import Any

from estate.foundation import Foundation
from estate.population import Member
from estate.truth import (
    around,
    coverage,
    databases,
    departed,
    drift,
    holdings,
    jobs,
    keys,
    plans,
    points,
    principals,
    restores,
    services,
    slots,
    vaults,
)
from estate.truth.verdicts import NOT_APPLICABLE, PASS, Truth
from harness import ACCOUNT, REGIONS, Endpoint

__all__ = ["Truth", "truth_of", "truth_of_bulk", "truth_of_collections", "truth_of_holdings", "truth_of_plans"]

# What one row of the population says.
_OF_MEMBERS = (
    coverage.of_member,
    databases.of_member,
    points.of_member,
    jobs.of_member,
    restores.of_member,
    around.of_member,
    slots.of_member,
    drift.of_member,
)


def truth_of(members: list[Member], made: Foundation, arns: dict[str, str]) -> list[Truth]:
    """Every verdict that follows from the population and what stands around it; `arns` of `estate.governance`."""
    guarding = [*keys.of_keys(made), *vaults.of_vaults(made), *vaults.of_audits(arns), *around.of_guards(made)]
    whole = [*guarding, *around.of_regions(), *drift.of_foundation(made), *departed.of_departed()]
    return [*coverage.of_plans(made), *whole, *truth_of_bulk(members)]


def truth_of_plans(aws: Endpoint) -> list[Truth]:
    """The verdicts about what plans and selections name; `aws` lists them."""
    return [*plans.of_chosen(plans.chosen(aws)), *plans.of_careless()]


def truth_of_bulk(members: list[Member]) -> list[Truth]:
    """The verdicts about databases alone."""
    return [row for member in members for of in _OF_MEMBERS for row in of(member)]


def truth_of_holdings(made: dict[str, dict[str, list[dict[str, Any]]]]) -> list[Truth]:
    """The verdicts about everything but databases; `made` are the rows by module and table."""
    tables = {name: rows for module in made.values() for name, rows in module.items()}
    return [
        *holdings.of_holdings(made), *services.of_services(tables), *around.of_trails(tables),
        *principals.of_principals(tables),
    ]  # fmt: skip


def truth_of_collections(collections: int) -> list[Truth]:
    """What is said of the collections themselves."""
    verdict, reason = (NOT_APPLICABLE, "there is only one") if collections == 1 else (PASS, "they are close together")
    roots = [f"arn:aws:iam::{ACCOUNT}:root#region/{region}" for region in REGIONS]
    return [Truth("collection-interval-too-long", root, verdict, reason) for root in roots]
