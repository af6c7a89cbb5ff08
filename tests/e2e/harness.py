"""What the tests hold in their hands: the running endpoint, clients, the CLI, the binary.

Clients get fake keys and nothing else of this machine: no configuration, no
profile, no metadata service.
"""

from __future__ import annotations

import csv
import json
import os
import subprocess
import sys
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime, timedelta
from functools import cache
from itertools import product
from pathlib import Path
from string import ascii_uppercase
from typing import Any
from urllib.error import HTTPError
from urllib.request import Request, urlopen

import boto3
import botocore.session
from botocore.config import Config

HERE = Path(__file__).resolve().parent
ACCOUNT = "111122223333"
REGIONS = ("us-east-1", "eu-west-1")
_KEPT = ("PATH", "LANG", "LC_ALL", "TMPDIR")


def access_key(account: str = ACCOUNT, caller: str = "TEST") -> str:
    """A key the emulator takes for one of `account`; `caller` is four capital letters that tell callers apart."""
    return f"AKIA{account}{caller}"


def callers() -> Iterator[str]:
    """Names of callers, one after the other: AAAA, AAAB, …"""
    return ("".join(letters) for letters in product(ascii_uppercase, repeat=4))


def clean_environment(url: str, home: Path, account: str = ACCOUNT) -> dict[str, str]:
    """An environment in which an AWS client can only reach the emulator."""
    kept = {name: os.environ[name] for name in _KEPT if name in os.environ}
    return {
        **kept,
        "HOME": str(home),
        "XDG_CACHE_HOME": str(home / "cache"),
        "AWS_ACCESS_KEY_ID": access_key(account),
        "AWS_SECRET_ACCESS_KEY": "not-a-secret",
        "AWS_DEFAULT_REGION": REGIONS[0],
        "AWS_REGION": REGIONS[0],
        "AWS_CONFIG_FILE": os.devnull,
        "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
        "AWS_EC2_METADATA_DISABLED": "true",
        "AWS_ENDPOINT_URL": url,
        "AWS_PAGER": "",
        "NO_COLOR": "1",
    }


@cache
def _session() -> boto3.session.Session:
    """One session for all clients: it keeps the API models it has loaded. Reads no file of this machine."""
    core = botocore.session.Session()
    core.set_config_variable("config_file", os.devnull)
    core.set_config_variable("credentials_file", os.devnull)
    return boto3.session.Session(botocore_session=core)


class ControlError(RuntimeError):
    """The emulator refused what a test asked of it."""


class Endpoint:
    """The emulator, seen from a test."""

    def __init__(self, url: str) -> None:
        self.url = url

    def client(self, service: str, region: str = REGIONS[0], account: str = ACCOUNT, patience_s: float = 60) -> Any:
        """An unmodified boto3 client; one attempt, so that faults are seen."""
        return _session().client(
            service,
            region_name=region,
            endpoint_url=self.url,
            aws_access_key_id=access_key(account),
            aws_secret_access_key="not-a-secret",
            config=Config(retries={"total_max_attempts": 1}, read_timeout=patience_s),
        )

    def cli(self, home: Path, *arguments: str, region: str = REGIONS[0], account: str = ACCOUNT) -> Any:
        """Run the AWS CLI; its JSON answer, or None when it says nothing."""
        # The URL is an option too: version 1 ignores the variable for some services.
        command = [sys.executable, "-m", "awscli", *arguments, "--endpoint-url", self.url, "--region", region]
        done = subprocess.run(
            command, env=clean_environment(self.url, home, account), capture_output=True, text=True, check=False
        )
        if done.returncode != 0:
            raise ControlError(f"aws {' '.join(arguments)}: {done.stderr.strip()}")
        return json.loads(done.stdout) if done.stdout.strip() else None

    def seed(self, rows: Sequence[Mapping[str, Any]]) -> None:
        """Put the past in place, in portions."""
        for start in range(0, len(rows), 5000):
            self._control("POST", "seed", rows[start : start + 5000])

    def fault(self, kind: str, **where: Any) -> None:
        """Set a fault; see `emulator.faults.Fault`."""
        self._control("POST", "faults", {"kind": kind, **where})

    def clear_faults(self) -> None:
        """Everything works again."""
        self._control("POST", "faults", [])

    def allow(self, caller: str, actions: Iterable[str] | None) -> None:
        """Allow an access key, or all callers in an account, these IAM actions only; None: everything."""
        self._control("POST", "allow", {"caller": caller, "actions": None if actions is None else list(actions)})

    def page_size(self, size: int | None) -> None:
        """Pages of at most `size` items, whatever is asked for."""
        self._control("POST", "page_size", {"size": size})

    def clock(self, ago: timedelta) -> datetime:
        """Put the clock back by so much, as seen from now; what it says then."""
        return datetime.fromisoformat(self._control("POST", "clock", {"ago_s": ago.total_seconds()})["now"])

    def reset(self) -> None:
        """As new."""
        self._control("POST", "reset", None)

    def calls(self) -> list[dict[str, Any]]:
        """What was called, how often."""
        return self._control("GET", "calls", None)

    def totals(self) -> Counter[str]:
        """How often each operation was called, in all Regions."""
        total: Counter[str] = Counter()
        for row in self.calls():
            total[row["operation"]] += row["count"]
        return total

    def rates(self) -> dict[tuple[str, str, str, str], int]:
        """The most requests of an operation within a second, by service, operation, Region and account."""
        rows = self._control("GET", "fastest", None)
        return {(row["service"], row["operation"], row["region"], row["account"]): row["count"] for row in rows}

    def assumed(self) -> list[dict[str, Any]]:
        """What roles were assumed with."""
        return self._control("GET", "assumed", None)

    def count(self, service: str, operation: str) -> int:
        """How often one operation was called, in all Regions."""
        return sum(row["count"] for row in self.calls() if (row["service"], row["operation"]) == (service, operation))

    def _control(self, method: str, name: str, told: Any) -> Any:
        body = None if told is None else json.dumps(told, default=str).encode()
        try:
            with urlopen(Request(f"{self.url}/_emulator/{name}", body, method=method)) as reply:
                return json.load(reply)
        except HTTPError as error:
            raise ControlError(error.read().decode()) from error


class Audit:
    """The `audit` binary, aimed at an endpoint, in a folder of its own and an environment with nothing of this machine.

    Called, it gives the finished process, whatever its exit code. A variable that is None in `env` is taken away.
    """

    def __init__(self, binary: str, url: str, home: Path) -> None:
        self.binary, self.url, self.home = binary, url, home

    def __call__(
        self, *arguments: object, account: str = ACCOUNT,
        env: Mapping[str, str | None] | None = None, timeout: float = 300,
    ) -> subprocess.CompletedProcess[str]:
        """Run it to its end."""
        return subprocess.run(
            [self.binary, *map(str, arguments)], env=self.environment(account, env), cwd=self.home,
            capture_output=True, text=True, timeout=timeout, check=False,
        )  # fmt: skip

    def start(self, *arguments: object) -> subprocess.Popen[bytes]:
        """Start it, to be killed."""
        return subprocess.Popen(
            [self.binary, *map(str, arguments)], env=self.environment(ACCOUNT, None), cwd=self.home,
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        )  # fmt: skip

    def environment(self, account: str, env: Mapping[str, str | None] | None) -> dict[str, str]:
        """The environment it runs in."""
        wide = {"COLUMNS": "200"}  # nothing that a test looks for is broken over two lines
        told: dict[str, str | None] = {**clean_environment(self.url, self.home, account), **wide, **(env or {})}
        return {name: value for name, value in told.items() if value is not None}

    def collect(self, dataset: Path, *more: object, **how: Any) -> subprocess.CompletedProcess[str]:
        """Collect both Regions into a dataset."""
        return self("collect", *to_collect(dataset), *more, **how)

    def evaluate(self, dataset: Path, config: Path, out: Path, *more: object) -> Evaluation:
        """Judge a dataset; every finding, whatever its verdict."""
        done = self("evaluate", "--dataset", dataset, "--config", config, "--out", out, "--all", *more)
        return Evaluation(done, out)


def to_collect(dataset: Path) -> list[object]:
    """What `collect` is told: both Regions, no waiting for a person."""
    return ["--dataset", dataset, "--no-progress", *(word for region in REGIONS for word in ("--region", region))]


class Evaluation:
    """What `audit evaluate --all` said and wrote."""

    def __init__(self, done: subprocess.CompletedProcess[str], out: Path) -> None:
        if done.returncode not in (0, 10, 11):
            raise AssertionError(f"evaluate ended with {done.returncode}:\n{done.stderr}")
        self.done, self.out = done, out
        with (out / "findings.csv").open(newline="", encoding="utf-8") as file:
            self.findings = {(row["rule_id"], row["subject_arn"]): row for row in csv.DictReader(file)}

    @property
    def verdicts(self) -> dict[tuple[str, str], str]:
        """(rule, subject) to verdict."""
        return {key: row["verdict"] for key, row in self.findings.items()}


def differences(expected: Mapping[Any, str], seen: Mapping[Any, str]) -> list[str]:
    """Line by line what was expected and what was seen instead; empty if they are the same."""
    keys = sorted(key for key in {*expected, *seen} if expected.get(key) != seen.get(key))
    return [f"{' '.join(key)}: expected {expected.get(key)}, seen {seen.get(key)}" for key in keys]


@contextmanager
def running_emulator() -> Iterator[Endpoint]:
    """An emulator in a process of its own, ended afterwards."""
    process = subprocess.Popen(
        [sys.executable, "-m", "emulator", "--port", "0"], cwd=HERE, stdout=subprocess.PIPE, text=True
    )
    try:
        assert process.stdout is not None
        url = process.stdout.readline().strip()
        if not url:
            raise ControlError("the emulator did not start")
        yield Endpoint(url)
    finally:
        process.terminate()
        process.wait(timeout=30)
