"""Five weekly collections into one dataset, each beside a collection that begins from nothing at the same time.

Whoever collects every week asks CloudTrail only for what is new. The tables must be
the same nevertheless, whatever was deleted or changed in between: as they stand at that
instant, put together by `asof`, which has nothing of the tool in it.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

import clock
from asof import Standing, Table, unlike
from dataset import collections, manifest, rows
from estate.weeks import CONFIG, REGION, WEEK, Weeks, db, vault_arn
from harness import ACCOUNT, Audit, Endpoint, Evaluation

LAST = 4
DAY_S = 86_400
# Windows that move with the moment of reading, and lie seconds apart here.
MOVING = (
    "earliest_restorable_time_s", "latest_restorable_time_s", "earliest_time_s", "latest_time_s",
    "latest_delivery_time_s",
)  # fmt: skip
# What AWS still tells of history, in days, and the column that says when it happened.
TOLD = {"cloudtrail_events": ("event_time_s", 90), "backup_jobs": ("creation_date_s", 30)}


# Whoever looks for the first time has no interval between collections that could be judged.
_HERE = f"arn:aws:iam::{ACCOUNT}:root#region/{REGION}"
BY_INTERVAL = {("collection-interval-too-long", _HERE): ("pass", "not_applicable")}
# Nor is there anything that it could be weaker than, or that a restore window could go on from.
ONCE = {"protection-reduced", "pitr-history-broken"}
# What the text of a finding may tell differently: how long nothing was restored, and how much of the exposure is known,
# reach back to the first collection; the interval is that between collections.
RESTING_ON_WHAT_WAS_SEEN = {"collection-interval-too-long", "restore-test-missing", "rpo-exceeded", "point-deleted-early"}


def by_lives(week: int) -> dict[tuple[str, str], tuple[str, str]]:
    """What only those can say who saw a point while it was there.

    Each week some age out, and no event names them: that nobody was faster is not known. One was deleted in the first
    week; AWS shows the job that made it for 30 days. In the third week a database goes, and its points with it: what it
    owed was only seen before.
    """
    rule = "point-deleted-early"
    aged = {(rule, db("orders")): ("unknown", "pass")} if week else {}
    forgotten = {(rule, db("invoices")): ("fail", "pass")} if week == LAST else {}
    return aged | forgotten | ({(rule, db("scratch")): ("fail", "unknown")} if week > 2 else {})


@dataclass(frozen=True)
class Instant:
    """A week: the dataset that grows, as it was then, and the one that was made then; both as of `as_of_s`."""

    as_of_s: int
    growing: Path
    fresh: Path

    def standing(self, table: Table) -> tuple[dict[Any, Any], dict[Any, Any]]:
        """A table, as it stands in both."""
        grown, made = (Standing(dataset, self.as_of_s).rows(table) for dataset in (self.growing, self.fresh))
        return grown, made


@dataclass(frozen=True)
class Story:
    """All weeks, and the tables of the tool."""

    told: dict[str, Any]
    audit: Audit
    instants: list[Instant]
    tables: dict[str, Table]
    config: Path
    home: Path


@pytest.fixture(scope="module")
def story(emulator: Endpoint, audit_in: Any, tmp_path_factory: pytest.TempPathFactory) -> Any:
    if not clock.available():
        pytest.skip("the `faketime` command is not there")
    home = tmp_path_factory.mktemp("weeks")
    audit = audit_in(home)
    emulator.reset()
    weeks = Weeks(emulator, emulator.clock(LAST * WEEK))
    instants = []
    for week in range(LAST + 1):
        emulator.clock((LAST - week) * WEEK)
        getattr(weeks, f"week_{week}")()
        stopped = clock.stopped(emulator.clock((LAST - week) * WEEK) + timedelta(seconds=2))
        for dataset in (home / "growing", home / f"fresh-{week}"):
            done = audit("collect", "--dataset", dataset, "--no-progress", "--region", REGION, env=stopped)
            assert done.returncode == 0, done.stderr
        begun = {manifest(collections(one)[-1])["started_s"] for one in (home / "growing", home / f"fresh-{week}")}
        assert len(begun) == 1, "both speak for the same second"
        instants.append(Instant(begun.pop(), home / "growing", home / f"fresh-{week}"))
    emulator.reset()
    schema = json.loads(audit("schema", "--json").stdout)
    kinds = ("state", "history", "object")
    declared = [one for one in schema if one["kind"] in kinds and one["name"] != "reads"]
    tables = {one["name"]: Table(one["name"], one["kind"], tuple(one["key"])) for one in declared}
    (home / "audit.yaml").write_text(CONFIG)
    return Story(weeks.told, audit, instants, tables, home / "audit.yaml", home)


@pytest.mark.parametrize("week", range(LAST + 1))
def test_every_table_stands_as_a_full_read_has_it(story: Story, week: int) -> None:
    instant = story.instants[week]
    found = {}
    for name, table in story.tables.items():
        grown, made = instant.standing(table)
        if name in TOLD:
            column, days = TOLD[name]
            since = instant.as_of_s - days * DAY_S + 60
            grown = {key: row for key, row in grown.items() if row[column] >= since}
            made = {key: row for key, row in made.items() if row[column] >= since}
        differences = unlike(grown, made, MOVING)
        if differences:
            found[name] = differences
    assert found == {}


def test_events_were_asked_for_once(story: Story) -> None:
    """Otherwise nothing is compared here: each later collection has the new ones and what came late."""
    seen = [{row["event_id"] for row in rows(one, "cloudtrail_events")} for one in collections(story.instants[0].growing)]
    assert seen == [{"oldest", "recent"}, {"delivered-late", "of-week-1"}, {"of-week-2"}, {"of-week-3"}, {"of-week-3"}]
    last = story.instants[LAST]
    grown, made = last.standing(story.tables["cloudtrail_events"])
    assert {key[-1] for key in grown} - {key[-1] for key in made} == {"oldest"}, "AWS has forgotten it"


def test_jobs_that_aws_forgot_are_kept(story: Story) -> None:
    grown, made = story.instants[LAST].standing(story.tables["backup_jobs"])
    kept = {row["creation_date_s"] for key, row in grown.items() if key not in made}
    assert len(kept) > 20 and max(kept) < story.instants[LAST].as_of_s - 29 * DAY_S
    [state] = {row["state"] for key, row in grown.items() if row["resource_arn"] == db("orders")}
    assert state == "COMPLETED", "the job that ran in the first week is done in the last"


def test_what_people_did_shows_from_that_week_on(story: Story) -> None:
    points = [instant.standing(story.tables["recovery_points"])[0] for instant in story.instants]
    by_arn = [{row["recovery_point_arn"]: row for row in rows_.values()} for rows_ in points]
    assert [story.told["deleted"] in week for week in by_arn] == [True, False, False, False, False]
    kept = [week[story.told["kept longer"]]["delete_after_days"] for week in by_arn]
    assert kept == [35, 35, 400, 400, 400]
    side = [sum(row["backup_vault_arn"] == vault_arn("side") for row in week.values()) for week in points]
    assert side == [9, 9, 9, 0, 0]
    vaults = [{row["backup_vault_name"] for row in instant.standing(story.tables["backup_vaults"])[0].values()}
              for instant in story.instants]  # fmt: skip
    assert vaults == [{"main", "side"}] * 3 + [{"main"}] * 2
    databases = [len(instant.standing(story.tables["rds_instances"])[0]) for instant in story.instants]
    assert databases == [3, 3, 3, 2, 2]
    versions = [{row["version_id"] for row in instant.standing(story.tables["backup_plans"])[0].values()}
                for instant in story.instants]  # fmt: skip
    assert versions[0] == versions[1] != versions[2] == versions[4]


@pytest.mark.parametrize("week", range(LAST + 1))
def test_verdicts_are_the_same(story: Story, week: int) -> None:
    instant = story.instants[week]
    grown, made = (judge(story, instant, dataset) for dataset in (instant.growing, instant.fresh))
    assert len(made.verdicts) > 70
    assert changed(grown, made) == (BY_INTERVAL if week else {}) | by_lives(week)


def test_over_four_weeks_whoever_looked_knows_more(story: Story) -> None:
    """A point that was deleted since: one has seen it while it was there, the other has only the job that made it."""
    instant = story.instants[1]
    grown, made = (judge(story, instant, dataset, 4) for dataset in (instant.growing, instant.fresh))
    assert changed(grown, made) == BY_INTERVAL | by_lives(1)
    said = {
        rule
        for rule, subject in grown.findings
        if grown.findings[rule, subject]["message"] != made.findings[rule, subject]["message"]
    }
    assert said <= RESTING_ON_WHAT_WAS_SEEN
    rpo = [one.findings["rpo-exceeded", db("invoices")]["message"] for one in (grown, made)]
    assert ["and not known for" in message for message in rpo] == [False, True], rpo


def changed(one: Evaluation, other: Evaluation) -> dict[tuple[str, str], tuple[str | None, str | None]]:
    """The verdicts that differ, but for those on what somebody saw twice, and on what one saw before it was gone."""
    here, there = ({key: told for key, told in side.verdicts.items() if key[0] not in ONCE} for side in (one, other))
    here = {key: told for key, told in here.items() if key in there or told != "not_applicable"}
    both = {key: (here.get(key), there.get(key)) for key in here.keys() | there.keys()}
    return {key: verdicts for key, verdicts in both.items() if verdicts[0] != verdicts[1]}


def judge(story: Story, instant: Instant, dataset: Path, weeks: int = 1) -> Evaluation:
    """Every verdict over the last weeks."""
    moment = datetime.fromtimestamp(instant.as_of_s, UTC)
    window = f"{text(moment - weeks * WEEK)}..{text(moment)}"
    out = story.home / "judged" / dataset.name / str(instant.as_of_s)
    return story.audit.evaluate(dataset, story.config, out, "--as-of", text(moment), "--window", window)


def text(moment: datetime) -> str:
    """A moment as the tool takes it."""
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")
