"""Who lives in the estate: every database, what it is like and why it is there.

One row is one database. What follows from a row for each rule is reasoned out
in `estate.truth`; how it got its points is in `estate.history`.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from harness import ACCOUNT

HOME, AWAY = "us-east-1", "eu-west-1"
GOLD = {"backup": "gold"}
CRITICAL = {**GOLD, "tier": "critical"}


@dataclass(frozen=True)
class Member:
    """A database. `plan` is the one whose selection reaches it, None if none does."""

    name: str
    plan: str | None
    why: str
    region: str = HOME
    kind: str = "instance"  # instance, replica, aurora, neptune, docdb
    tags: dict[str, str] = field(default_factory=dict)
    native_days: int = 7
    members: int = 0
    # Points: "daily", "missed" (a day is missing), "stale" (none for four days), "none".
    points: str = "daily"
    kept_days: int = 35
    copies: str = "never"  # never, failed, done
    blocked: bool = False  # selected by tag, but its type is not opted in

    @property
    def cluster(self) -> bool:
        """Whether the database is a cluster."""
        return self.kind in ("aurora", "neptune", "docdb")

    @property
    def arn(self) -> str:
        """The ARN of the instance or cluster."""
        return f"arn:aws:rds:{self.region}:{ACCOUNT}:{'cluster' if self.cluster else 'db'}:{self.name}"

    @property
    def member_names(self) -> list[str]:
        """The instances of a cluster."""
        return [f"{self.name}-{number + 1}" for number in range(self.members)]

    @property
    def critical(self) -> bool:
        """Whether it owes a copy in another Region."""
        return self.tags.get("tier") == "critical"

    @property
    def backup_type(self) -> str:
        """AWS Backup's name of its type."""
        return {"aurora": "Aurora", "neptune": "Neptune", "docdb": "DocumentDB"}.get(self.kind, "RDS")


def population() -> list[Member]:
    """All of them, in the order in which they are made."""
    return [*_health(), *_selections(), *_retention(), *_clusters(), *_away()]


def _health() -> list[Member]:
    return [
        Member("orders", "gold", "healthy, copied to the other Region", tags=CRITICAL, copies="done"),
        Member("billing", "gold", "healthy, but every copy failed", tags=CRITICAL, copies="failed"),
        Member("catalog", "gold", "healthy, but never copied", tags=CRITICAL),
        Member("sessions", "gold", "healthy; owes no copy", tags=GOLD),
        Member("skipped", "gold", "one night has no point", tags=GOLD, native_days=0, points="missed"),
        Member("stale", "gold", "no point for four nights", tags=GOLD, native_days=0, points="stale"),
        Member("empty", "gold", "selected, but never backed up", tags=GOLD, points="none", native_days=0),
        Member("plain", "gold", "healthy, native backups off", tags=GOLD, native_days=0),
        Member("native", None, "native backups of seven days, no plan", points="none"),
        Member("naked", None, "neither native backups nor a plan", points="none", native_days=0),
        Member("orders-replica", None, "a read replica of orders", kind="replica", points="none", native_days=0),
    ]


def _selections() -> list[Member]:
    prod, dev = {"stage": "prod"}, {"stage": "dev"}
    return [
        Member("by-arn", "selective", "selected by its ARN"),
        Member("team-a", "selective", "wildcard ARN and stage = prod", tags=prod),
        Member("team-b", None, "wildcard ARN, but stage = dev", tags=dev, points="none", native_days=0),
        Member("like-a", "selective", "stage like prod-*", tags={"stage": "prod-eu"}),
        Member("like-b", None, "stage is not like prod-*", tags={"stage": "preprod-eu"}, points="none", native_days=0),
        Member("unlike-a", "selective", "stage is not test", tags={"stage": "live"}),
        Member(
            "unlike-b", None, "stage is test, which is ruled out", tags={"stage": "test"}, points="none", native_days=0
        ),
        Member("some-kept", "selective", "wildcard ARN, not excluded"),
        Member("some-scratch", None, "wildcard ARN, excluded by NotResources", points="none", native_days=0),
        Member("case", None, "tag value Gold is not gold", tags={"backup": "Gold"}, points="none", native_days=0),
    ]


def _retention() -> list[Member]:
    return [
        Member("brief", "brief", "its plan keeps points for seven days", tags={"backup": "brief"}, kept_days=7),
        Member("fleeting", "gold", "its points go after ten days, whatever the plan says", tags=GOLD, kept_days=10),
        Member("slow", "slow", "its plan has the default windows", tags={"backup": "slow"}),
        Member(
            "frozen", "frozen", "its plan deletes 30 days after cold storage", tags={"backup": "frozen"}, kept_days=60
        ),
        Member(
            "cold", "cold", "its plan moves to cold storage, which RDS has not", tags={"backup": "cold"}, kept_days=120
        ),
    ]


def _clusters() -> list[Member]:
    return [
        Member("shop", "gold", "Aurora, healthy and copied", kind="aurora", tags=CRITICAL, members=2, copies="done"),
        Member("lab", None, "Aurora, in no selection", kind="aurora", members=1, points="none", native_days=1),
        Member("graph", "gold", "Neptune, healthy", kind="neptune", tags=GOLD, members=1),
        Member(
            "papers", "gold", "DocumentDB, selected, never backed up", kind="docdb", tags=GOLD, members=1, points="none"
        ),
    ]


def _away() -> list[Member]:
    return [
        Member(
            "eu-tagged",
            None,
            "tag-only selection, RDS not opted in",
            AWAY,
            tags=GOLD,
            points="none",
            native_days=0,
            blocked=True,
        ),
        Member("eu-named", "gold", "selected by ARN, so the opt-in does not matter", AWAY, tags={"stage": "live"}),
        Member("eu-shop", "gold", "Aurora by tag; Aurora is opted in", AWAY, kind="aurora", tags=GOLD, members=1),
    ]
