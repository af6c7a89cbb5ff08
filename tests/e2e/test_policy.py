"""The policy that `audit policy read` prints: enough, and nothing too much.

The emulator refuses what a policy does not allow. With the whole of it nothing is missing; without any one action, what
is missing is what the calls of that action read, and what could follow from it, and nothing else.
"""

from __future__ import annotations

import json
from collections import Counter, defaultdict
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import pytest

from dataset import collections
from emulator.permissions import action
from emulator.wire import SERVICES
from estate import build
from estate.population import KEEPER
from harness import ACCOUNT, REGIONS, Audit, Endpoint, access_key, callers
from units import FOLLOWS_FROM, Operation, Unit, asked, called, concerned, incomplete, reads, told, unlisted

# Called for no table. AWS answers it whatever a policy says, so nothing can be missing for want of it.
WITHOUT_A_TABLE = {"sts:GetCallerIdentity"}
AT_ONCE = 3
ROLE = "audit/BackupAuditor"


@dataclass
class Allowed:
    """What was read with exactly the printed policy, and which units each action served."""

    aws: Endpoint
    audit: Audit
    actions: list[str]
    read: dict[Unit, dict]
    serves: dict[str, set[Unit]]
    operations: dict[str, set[str]]
    names: Iterator[str]

    def caller(self, actions: set[str]) -> str:
        """The access key of a caller who is allowed these actions and no other."""
        key = access_key(caller=next(self.names))
        self.aws.allow(key, actions)
        return key


@pytest.fixture(scope="module")
def allowed(emulator: Endpoint, audit_in, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Allowed]:
    home = tmp_path_factory.mktemp("policy")
    audit = audit_in(home)
    emulator.reset()
    build(emulator, home / "estate")
    [statement] = json.loads(audit("policy", "read", "--region", REGIONS[0]).stdout)["Statement"]
    names = callers()
    key = access_key(caller=next(names))
    emulator.allow(key, statement["Action"])
    before = counts(emulator)
    done = audit.collect(home / "data", env={"AWS_ACCESS_KEY_ID": key})
    assert done.returncode == 0, done.stderr
    [collection] = collections(home / "data")
    calls = called(collection / "calls.jsonl.zst")
    # The log is what the rest of this is judged by, so it must be whole.
    assert Counter(named(call["service"], call["operation"]) for call in calls) == counts(emulator) - before
    serves: dict[str, set[Unit]] = defaultdict(set)
    operations: dict[str, set[str]] = defaultdict(set)
    for operation, units in asked(calls).items():
        serves[action(*operation)] |= units
        operations[action(*operation)].add(operation[1])
    yield Allowed(emulator, audit, statement["Action"], reads(collection), dict(serves), dict(operations), names)
    emulator.reset()


def named(service: str, operation: str) -> Operation:
    return SERVICES.get(service, service), operation


def counts(aws: Endpoint) -> Counter[Operation]:
    total: Counter[Operation] = Counter()
    for row in aws.calls():
        total[row["service"], row["operation"]] += row["count"]
    return total


def test_with_the_printed_policy_nothing_is_missing(allowed: Allowed) -> None:
    assert incomplete(allowed.read) == {}
    assert set(allowed.actions) == set(allowed.serves) | WITHOUT_A_TABLE
    # The units of events have names that nothing lists; all other parents are rows of other tables.
    assert {unit.table for unit in allowed.read if unit.parent} - {"cloudtrail_events"} == set(FOLLOWS_FROM)


def test_without_an_action_exactly_what_it_reads_is_missing(allowed: Allowed, tmp_path: Path) -> None:
    def wrong(left_out: str) -> list[str]:
        return [
            f"without {left_out}: {line}"
            for line in differences(allowed, left_out, tmp_path / left_out.replace(":", "-"))
        ]

    with ThreadPoolExecutor(AT_ONCE) as pool:
        found = [line for lines in pool.map(wrong, sorted(set(allowed.actions) - WITHOUT_A_TABLE)) for line in lines]
    assert not found, "\n".join(found)


def differences(allowed: Allowed, left_out: str, home: Path) -> list[str]:
    """Collect without an action; line by line what is not as it should be."""
    key = allowed.caller(set(allowed.actions) - {left_out})
    lost = allowed.serves[left_out]
    tables = concerned(unit.table for unit in lost)
    done = allowed.audit.collect(home, "--only", ",".join(sorted(tables)), env={"AWS_ACCESS_KEY_ID": key})
    if done.returncode != 11:
        return [f"exit code {done.returncode}: {done.stderr}"]
    [collection] = collections(home)
    read = reads(collection)
    expected, seen = lost | unlisted(lost), incomplete(read)
    found = [f"{told(unit)} is not missing" for unit in sorted(expected - set(seen), key=str)]
    found += [f"{told(unit)} is {seen[unit]}" for unit in sorted(set(seen) - expected, key=str)]
    found += [f"{told(unit)} was never there" for unit in sorted(set(read) - set(allowed.read), key=str)]
    found += [
        f"{told(unit)} is {seen[unit]}: {read[unit]['operation']}: {read[unit]['reason']}"
        for unit in sorted(lost & set(seen), key=str)
        if not refused(read[unit], allowed.operations[left_out])
    ]
    # Of what follows from a list that was refused, some units are not known; all others are there.
    follow = tables - {unit.table for unit in lost}
    there = {unit for unit in allowed.read if unit.table in {one.table for one in read} - follow}
    found += [f"{told(unit)} has no record" for unit in sorted(there - set(read), key=str)]
    if not any(operation in done.stderr for operation in allowed.operations[left_out]):
        found.append("the summary does not name the operation")
    return found


def refused(read: dict, operations: set[str]) -> bool:
    """Whether the record says that one of these operations was refused."""
    why = any(word in (read["reason"] or "") for word in ("AccessDenied", "UnauthorizedOperation"))
    return read["status"] in ("denied", "partial") and read["operation"] in operations and why


def test_the_policy_for_an_organisation_is_enough_and_nothing_too_much(allowed: Allowed, tmp_path: Path) -> None:
    """The caller has what is printed for it, the role in the other account what is printed for one account."""
    few = ("--only", "backup_vaults")
    caller = {one for statement in printed(allowed, *few, "--org-role", ROLE) for one in statement["Action"]}
    role = {one for statement in printed(allowed, *few) for one in statement["Action"]}
    assert caller - role == {"sts:AssumeRole", "organizations:ListAccounts"}
    assert role == {
        "backup:ListBackupVaults",
        "backup:DescribeBackupVault",
        "ec2:DescribeRegions",
        "sts:GetCallerIdentity",
    }

    def ended(name: str, without: str = "", *more: object) -> tuple[int, dict[str, set[str]], str]:
        where = ("--dataset", tmp_path / name, "--no-progress", *few, "--org-role", ROLE, *more)
        done = allowed.audit("collect", *where, env={"AWS_ACCESS_KEY_ID": allowed.caller(caller - {without})})
        sealed = collections(tmp_path / name)
        statuses: dict[str, set[str]] = defaultdict(set)
        for unit, read in (reads(sealed[0]) if sealed else {}).items():
            statuses[unit.account].add(read["status"])
        return done.returncode, dict(statuses), done.stderr

    allowed.aws.allow(KEEPER, role)
    try:
        # 11, because other tables were not asked for.
        assert ended("whole")[:2] == (11, {ACCOUNT: {"complete"}, KEEPER: {"complete"}})
        shut = ended("role", "sts:AssumeRole", "--region", REGIONS[0])
        assert shut[:2] == (11, {ACCOUNT: {"complete"}, KEEPER: {"denied"}})
        for needed in ("organizations:ListAccounts", "ec2:DescribeRegions"):
            code, statuses, said = ended(needed.replace(":", "-"), needed)
            assert (code, statuses) == (1, {}), "without these nobody knows what to read"
            assert needed.partition(":")[2] in said
            assert "AccessDenied" in said or "UnauthorizedOperation" in said
    finally:
        allowed.aws.allow(KEEPER, None)


def printed(allowed: Allowed, *options: object) -> list[dict]:
    """The statements of the policy for some options."""
    done = allowed.audit("policy", "read", *options)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)["Statement"]
