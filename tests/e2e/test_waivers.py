"""Waivers on a collected estate: where each stands, what it accepts, what is wrong with it, and the exit codes."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import timedelta
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

import pytest

from estate.population import HOME
from harness import ACCOUNT, differences
from world import World


@dataclass(frozen=True)
class Waiver:
    """A waiver from so many days ago to so many days ahead, and what a reader of the documentation expects of it."""

    id: str
    rule: str
    subject: str
    start: int
    expires: int
    state: str
    too_broad: bool = False


def db(name: str) -> str:
    return f"arn:aws:rds:{HOME}:{ACCOUNT}:db:{name}"


# Each is for a rule of its own, so that no failure is accepted twice.
WAIVERS = (
    Waiver("active", "rds-deletion-protection-off", db("unguarded"), -10, 90, "active"),
    Waiver("ending", "pitr-lagging", db("lagging"), -10, 20, "ending"),
    Waiver("expired", "rds-copy-tags-off", db("untagged"), -90, -10, "expired"),
    Waiver("not-yet", "backup-window-overlaps-maintenance", db("crowded"), 10, 90, "not_yet"),
    Waiver("over-broad", "restore-test-failed", "*", -10, 90, "active", too_broad=True),
    # It has failed nowhere near.
    Waiver("unused", "snapshot-public", f"arn:aws:rds:{HOME}:{ACCOUNT}:snapshot:orders-by-hand", -10, 90, "active"),
)
HOLDING = {"active", "ending"}


def config(world: World, folder: Path, *waivers: Waiver) -> Path:
    """The configuration of the estate with waivers."""
    lines = ["waivers:"]
    for one in waivers:
        start, expires = ((world.estate.base + timedelta(days=days)).date() for days in (one.start, one.expires))
        lines += [
            f"  - id: {one.id}", f"    rule: {one.rule}", f'    subject: "{one.subject}"',
            "    reason: it is known", "    owner: data team", "    approver: the tests",
            f"    start: {start}", f"    expires: {expires}", "    compensating_control: none needed",
        ]  # fmt: skip
    path = folder / "audit.yaml"
    path.write_text(world.estate.config.read_text() + "\n".join(lines) + "\n")
    return path


def failures(world: World, one: Waiver) -> set[str]:
    """What it is for, of all that fails in the estate."""
    known = world.estate.expected().items()
    return {
        arn
        for (rule, arn), verdict in known
        if rule == one.rule and verdict == "fail" and fnmatchcase(arn, one.subject)
    }


def waiver(world: World, what: str, path: Path, *more: object) -> tuple[int, str]:
    """`audit waiver`: its exit code and what it printed."""
    done = world.audit("waiver", what, "--dataset", world.dataset, "--config", path, *more)
    return done.returncode, done.stdout or done.stderr


def test_the_list_says_where_each_stands_and_what_it_accepts(world: World, tmp_path: Path) -> None:
    code, text = waiver(world, "list", config(world, tmp_path, *WAIVERS), "--json")
    assert code == 0, text
    told = json.loads(text)
    assert (told["format"], told["version"]) == ("backup-audit-waivers", 1)
    assert told["counts"] == {"active": 3, "ending": 1, "expired": 1, "not_yet": 1}
    listed = {row["id"]: row for row in told["waivers"]}
    assert list(listed) == [one.id for one in WAIVERS], "in the order of the file"
    for one in WAIVERS:
        row, known = listed[one.id], failures(world, one)
        assert (row["state"], row["over_broad"] is not None) == (one.state, one.too_broad), one.id
        assert bool(known) == (one.id != "unused"), f"{one.id}: else the estate does not show what it is for"
        accepted, would = known if one.state in HOLDING else set(), set() if one.state in HOLDING else known
        assert _subjects(row["waives"]) == accepted, one.id
        assert _subjects(row["would_waive"]) == would, one.id


def _subjects(rows: list[dict[str, Any]]) -> set[str]:
    return {row["subject_arn"] for row in rows}


def test_only_what_holds_changes_a_verdict(world: World, tmp_path: Path) -> None:
    judged = world.audit.evaluate(world.dataset, config(world, tmp_path, *WAIVERS), tmp_path / "out")
    accepted = {(one.rule, arn): "waived" for one in WAIVERS if one.state in HOLDING for arn in failures(world, one)}
    about = {
        ("waiver-expired", f"arn:aws:iam::{ACCOUNT}:root#waiver/expired"): "fail",
        ("waiver-over-broad", "waiver/over-broad"): "fail",
        ("waiver-unused", f"arn:aws:iam::{ACCOUNT}:root#waiver/unused"): "fail",
    }
    assert differences(world.estate.expected() | accepted | about, judged.verdicts) == []
    assert judged.findings[("rds-deletion-protection-off", db("unguarded"))]["waiver_id"] == "active"


def test_a_person_reads_the_same(world: World, tmp_path: Path) -> None:
    code, text = waiver(world, "list", config(world, tmp_path, *WAIVERS))
    assert code == 0
    for words in ("active: active", "expired: expired", "not-yet: not", "! too broad", "waives 1 failure: unguarded"):
        assert words in text, words
    assert waiver(world, "list", world.estate.config)[1].startswith("No failure is accepted")


NARROW = tuple(one for one in WAIVERS if one.id not in ("expired", "over-broad"))
# What it shows, waivers, more arguments, exit code, rules that find fault.
CHECKS = (
    ("nothing is wrong; that one is not needed takes a judgement", NARROW, (), 0, set()),
    ("one has ended, one is for everything", WAIVERS, (), 10, {"waiver-expired", "waiver-over-broad"}),
    ("both are of severity medium", WAIVERS, ("--fail-on", "high"), 0, {"waiver-expired", "waiver-over-broad"}),
    ("of one that is narrow and holds, nothing", WAIVERS[:1], (), 0, set()),
)


@pytest.mark.parametrize(("shows", "waivers", "more", "expected", "rules"), CHECKS, ids=[check[0] for check in CHECKS])
def test_checking_tells_by_its_exit_code(
    world: World,
    tmp_path: Path,
    shows: str,
    waivers: tuple[Waiver, ...],
    more: tuple[str, ...],
    expected: int,
    rules: set,
) -> None:
    path = config(world, tmp_path, *waivers)
    code, text = waiver(world, "check", path, "--json", *more)
    assert code == expected, text
    assert {finding["rule_id"] for finding in json.loads(text)} == rules
    code, text = waiver(world, "check", path, *more)
    assert code == expected and f"{len(waivers)} waiver" in text, text


def test_time_alone_ends_one(world: World, tmp_path: Path) -> None:
    path = config(world, tmp_path, WAIVERS[0])
    day = (world.estate.base + timedelta(days=WAIVERS[0].expires)).date()
    assert waiver(world, "check", path, "--as-of", day - timedelta(days=1))[0] == 0
    code, text = waiver(world, "check", path, "--as-of", day)
    assert code == 10 and "waiver-expired" in text, "its expiry is the first moment at which it no longer holds"


@pytest.mark.parametrize(
    ("one", "words"),
    [
        (Waiver("w", "rds-deletion-protection", db("unguarded"), -1, 90, ""), "rds-deletion-protection-off"),
        (Waiver("w", "pitr-lagging", db("lagging"), 1, -1, ""), "expires before it starts"),
        (Waiver("", "pitr-lagging", db("lagging"), -1, 1, ""), "id"),
    ],
    ids=["no such rule", "ends before it starts", "no name"],
)
def test_what_cannot_be_used_is_refused_with_its_place(world: World, tmp_path: Path, one: Waiver, words: str) -> None:
    path = config(world, tmp_path, one)
    for what in ("check", "list"):
        code, text = waiver(world, what, path)
        assert code == 2 and f"{path.name}:" in text and words in text, text
