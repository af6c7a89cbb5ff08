"""What is weaker than it was: nothing can be, of what was collected once."""

from __future__ import annotations

from collections.abc import Iterable

from estate.foundation import Foundation
from estate.population import Member
from estate.truth.keys import USED
from estate.truth.vaults import VAULTS
from estate.truth.verdicts import NOT_APPLICABLE, PASS, Truth, Truths
from estate.vaults import vault_arn
from harness import ACCOUNT, REGIONS

RULE = "protection-reduced"


def once(arns: Iterable[str]) -> Truths:
    """Of these there is one reading."""
    for arn in arns:
        yield Truth(RULE, arn, NOT_APPLICABLE, "it was collected once")


def unchanged(truth: list[Truth]) -> list[Truth]:
    """The same, of an estate that was collected again and stood still."""
    restorable = {row.subject_arn for row in truth if row.rule_id == "pitr-lagging" and row.verdict != NOT_APPLICABLE}
    return [
        Truth(row.rule_id, row.subject_arn, PASS, "it is as it was")
        if row.rule_id == RULE or (row.rule_id == "pitr-history-broken" and row.subject_arn in restorable)
        else row
        for row in truth
    ]


def of_foundation(made: Foundation) -> Truths:
    """Plans with their selections, keys that somebody names, the settings of Regions, vaults but for those that only show another's points."""
    for plan in made.plans.values():
        yield from once([plan.arn, *(f"{plan.arn}#selection/{one}" for one in plan.selections)])
    yield from once(made.keys[(ACCOUNT, region, name)] for region, names in USED.items() for name in names)
    yield from once(f"arn:aws:iam::{ACCOUNT}:root#region/{region}" for region in REGIONS)
    yield from once(vault_arn(vault.region, vault.name) for vault in VAULTS if not vault.view)


def of_member(member: Member) -> Truths:
    """A database by itself: its members are told with it, and what a restore test made is nobody's."""
    if member.kind != "leftover":
        yield from once([member.arn])
