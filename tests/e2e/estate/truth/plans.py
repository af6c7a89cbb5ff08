"""What plans and selections name and whether it is there; the two plans that nobody looks after have every fault."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from estate.foundation import ROLE
from estate.holdings.careless import PLANS
from estate.population import AWAY, HOME
from estate.truth.verdicts import FAIL, NOT_APPLICABLE, PASS, UNKNOWN, Truth, Truths
from harness import Endpoint

# Rules about each plan, with the verdict on one that is in order.
_OF_PLANS = {
    "plan-without-selection": PASS, "plan-target-missing": PASS, "plan-rules-overlap": PASS, "plan-runs-overlap": PASS,
}  # fmt: skip
_CARELESS = {
    "plan-target-missing": FAIL, "plan-rules-overlap": FAIL, "plan-runs-overlap": NOT_APPLICABLE,
    "plan-without-selection": PASS,
}  # fmt: skip
# Rules about each selection, with the verdict on one that is in order and names what it wants by patterns or tags.
_OF_SELECTIONS = {
    "selection-names-missing-resource": NOT_APPLICABLE, "selection-matches-nothing": PASS,
    "selection-tag-with-space": PASS, "plan-role-broken": PASS, "role-trusts-others": PASS,
}  # fmt: skip
_FAULTS = {
    "dangling": {
        "selection-names-missing-resource": FAIL, "selection-matches-nothing": FAIL, "selection-tag-with-space": PASS,
        "plan-role-broken": FAIL, "role-trusts-others": NOT_APPLICABLE,
    },
    "nothing": {
        "selection-names-missing-resource": NOT_APPLICABLE, "selection-matches-nothing": FAIL,
        "selection-tag-with-space": PASS, "plan-role-broken": PASS, "role-trusts-others": FAIL,
    },
}  # fmt: skip


@dataclass(frozen=True)
class Chosen:
    """A plan, or a selection of it, as AWS lists them."""

    plan: str
    plan_arn: str
    selection: str | None = None
    selection_id: str | None = None
    named: bool = False
    role: str | None = None


def chosen(aws: Endpoint) -> list[Chosen]:
    """Every plan and every selection."""
    found = []
    for region in (HOME, AWAY):
        backup = aws.client("backup", region)
        for page in backup.get_paginator("list_backup_plans").paginate():
            for plan in page["BackupPlansList"]:
                found.append(Chosen(plan["BackupPlanName"], plan["BackupPlanArn"]))
                found += _selections(backup, plan)
    return found


def _selections(backup: Any, plan: dict[str, Any]) -> list[Chosen]:
    listed = backup.list_backup_selections(BackupPlanId=plan["BackupPlanId"])["BackupSelectionsList"]
    found = []
    for one in listed:
        names = {name: one[name] for name in ("BackupPlanId", "SelectionId")}
        told = backup.get_backup_selection(**names)["BackupSelection"]
        named = any("*" not in entry for entry in told.get("Resources", []))
        found.append(
            Chosen(
                plan["BackupPlanName"], plan["BackupPlanArn"], told["SelectionName"], one["SelectionId"], named,
                told["IamRoleArn"],
            )
        )  # fmt: skip
    return found


def of_chosen(all_of_them: list[Chosen]) -> Truths:
    """Every plan and selection."""
    for one in all_of_them:
        if one.plan in PLANS:
            of = one.plan_arn if one.selection is None else f"{one.plan_arn}#selection/{one.selection_id}"
            yield Truth("protection-reduced", of, NOT_APPLICABLE, "it was read once")
        if one.selection is None:
            for rule, verdict in _plan(one.plan).items():
                yield Truth(rule, one.plan_arn, verdict, f"the plan {one.plan}")
        else:
            for rule, verdict in _selection(one).items():
                reason = f"the selection {one.selection} of {one.plan}"
                yield Truth(rule, f"{one.plan_arn}#selection/{one.selection_id}", verdict, reason)


def _plan(name: str) -> dict[str, str]:
    if name == "careless":
        return _CARELESS
    if name == "idle":
        return {**_OF_PLANS, "plan-without-selection": FAIL, "plan-runs-overlap": FAIL}
    # Its copies go to the vault of an account that nobody looks into.
    return {**_OF_PLANS, "plan-target-missing": UNKNOWN} if name == "offsite" else _OF_PLANS


def _selection(one: Chosen) -> dict[str, str]:
    if one.selection == "by-pattern":
        return {**_OF_SELECTIONS, "selection-tag-with-space": FAIL}
    if one.plan == "careless" and one.selection is not None:
        return _FAULTS[one.selection]
    assert one.role == ROLE
    return {**_OF_SELECTIONS, "selection-names-missing-resource": PASS} if one.named else _OF_SELECTIONS


def of_careless() -> Truths:
    """What other rules say of these two plans: one rule of 35 days that runs daily is enough for all of them."""
    for arn in PLANS.values():
        for rule in ("plan-retention-too-short", "plan-frequency-too-low", "lifecycle-invalid"):
            yield Truth(rule, arn, PASS, "daily, kept for 35 days or more, no cold storage")
    yield Truth("vault-lock-conflict", PLANS["idle"], PASS, "its vault has no lock")
    yield Truth("vault-lock-conflict", PLANS["careless"], UNKNOWN, "one of its vaults is gone")
