"""Who lives in the estate: every database, what it is like and why it is there.

One row is one database, and one story; a violation stands beside a healthy
twin. What follows from a row for each rule is reasoned out in `estate.truth`;
how it got its points is in `estate.history`.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from harness import ACCOUNT

HOME, AWAY = "us-east-1", "eu-west-1"
# The account that keeps copies for the other one.
KEEPER = "444455556666"
# What AWS Backup calls and tags the things that a restore test makes.
LEFTOVER = "awsbackup-restore-test-"
GOLD = {"backup": "gold"}
CRITICAL = {**GOLD, "tier": "critical"}
DAILY = {"backup": "daily"}


@dataclass(frozen=True)
class Member:
    """A database. `plan` is the one whose selection reaches it, None if none does."""

    name: str
    plan: str | None
    why: str
    region: str = HOME
    kind: str = "instance"  # instance, replica, leftover (of a restore test), aurora, neptune, docdb
    tags: dict[str, str] = field(default_factory=dict)
    native_days: int = 7
    members: int = 0
    # Points: "daily", "weekly", "missed" (a day is missing), "stale" (none for four days), "none".
    points: str = "daily"
    kept_days: int = 35
    # One point more: "endless" (without a lifecycle), "overdue" (past its deletion), "held" (the same, under a legal hold).
    odd_point: str | None = None
    # Or "issues": completed, with a message that is not a success; or "late": one of three nights ago waited for long.
    last_job: str = "fine"
    copies: str = "never"  # never, failed, done; to where the plan says
    blocked: bool = False  # selected by tag, but its type is not opted in
    # Key: a name in `estate.keys`, "aws" (managed by AWS), "owned" (by AWS), "none".
    key: str = "estate"
    guarded: bool = True  # deletion protection
    zones: bool = False  # whether another zone takes over
    managed: bool = False  # whether RDS keeps the password
    public: bool = False
    gib: int = 0  # size of each point
    copies_tags: bool = True
    maintenance: str = "apart"  # or "in the backup window", "when the plan runs"
    lag_hours: float = 0.0  # how far behind point-in-time restore is
    replica: str | None = None  # of its automated backups: "live", "behind", "stopped"
    snapshot: str | None = None  # taken by hand: "private", "shared", "public"
    restored: str | None = None  # how its newest restore test went, see `estate.restores`

    @property
    def cluster(self) -> bool:
        """Whether the database is a cluster."""
        return self.kind in ("aurora", "neptune", "docdb")

    @property
    def arn(self) -> str:
        """The ARN of the instance or cluster."""
        return f"arn:aws:rds:{self.region}:{ACCOUNT}:{'cluster' if self.cluster else 'db'}:{self.name}"

    @property
    def snapshot_arn(self) -> str:
        """The ARN of the snapshot taken by hand."""
        kind = "cluster-snapshot" if self.cluster else "snapshot"
        return f"arn:aws:rds:{self.region}:{ACCOUNT}:{kind}:{self.name}-by-hand"

    @property
    def member_names(self) -> list[str]:
        """The instances of a cluster."""
        return [f"{self.name}-{number + 1}" for number in range(self.members)]

    @property
    def critical(self) -> bool:
        """Whether it owes a copy in another Region."""
        return self.tags.get("tier") == "critical"

    @property
    def duty(self) -> str | None:
        """What else it owes: `offsite`, `island`, `mirrored`, `tested`, `tested-weekly`, `tested-yearly`."""
        return self.tags.get("duty")

    @property
    def backup_type(self) -> str:
        """AWS Backup's name of its type."""
        return {"aurora": "Aurora", "neptune": "Neptune", "docdb": "DocumentDB"}.get(self.kind, "RDS")


def population() -> list[Member]:
    """All of them, in the order in which they are made."""
    return [
        *_health(), *_selections(), *_retention(), *_clusters(), *_away(), *_encryption(), *_vaults(), *_lifecycles(),
        *_jobs(), *_copies(), *_restores(), *_native(), *_spread(),
    ]  # fmt: skip


def daily(name: str, why: str, **more: object) -> Member:
    """Backed up every night by a plan without copies; healthy but for what is told."""
    tags = {**DAILY, **more.pop("tags", {})}  # type: ignore[dict-item]
    return Member(name, "daily", why, tags=tags, **more)  # type: ignore[arg-type]


def _health() -> list[Member]:
    return [
        Member(
            "orders", "gold", "healthy, copied to the other Region", tags=CRITICAL, copies="done", snapshot="private"
        ),
        Member("billing", "gold", "healthy, but every copy failed", tags=CRITICAL, copies="failed"),
        Member("catalog", "gold", "healthy, but never copied", tags=CRITICAL),
        Member("sessions", "gold", "healthy; owes no copy", tags=GOLD, snapshot="shared"),
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
    ruled_out = {"stage": "test"}
    return [
        Member("by-arn", "selective", "selected by its ARN"),
        Member("team-a", "selective", "wildcard ARN and stage = prod", tags=prod),
        Member("team-b", None, "wildcard ARN, but stage = dev", tags=dev, points="none", native_days=0),
        Member("like-a", "selective", "stage like prod-*", tags={"stage": "prod-eu"}),
        Member("like-b", None, "stage is not like prod-*", tags={"stage": "preprod-eu"}, points="none", native_days=0),
        Member("like-c", None, "stage would be like prod-*, were it not for a blank", tags={"stage": "prod-eu west"},
               points="none", native_days=0),
        Member("unlike-a", "selective", "stage is not test", tags={"stage": "live"}),
        Member("unlike-b", None, "stage is test, which is ruled out", tags=ruled_out, points="none", native_days=0),
        Member("some-kept", "selective", "wildcard ARN, not excluded"),
        Member("some-scratch", None, "wildcard ARN, excluded by NotResources", points="none", native_days=0),
        Member("case", None, "tag value Gold is not gold", tags={"backup": "Gold"}, points="none", native_days=0),
    ]


def _retention() -> list[Member]:
    weekly, frozen, cold = {"backup": "weekly"}, {"backup": "frozen"}, {"backup": "cold"}
    return [
        Member("brief", "brief", "its plan keeps points for seven days", tags={"backup": "brief"}, kept_days=7),
        Member("fleeting", "gold", "its points go after ten days, whatever the plan says", tags=GOLD, kept_days=10),
        Member("slow", "slow", "its plan has the default windows", tags={"backup": "slow"}),
        Member("tardy", "slow", "the same, and one night its backup waited for two hours", tags={"backup": "slow"},
               last_job="late"),
        Member("weekly", "weekly", "its plan runs once a week", tags=weekly, points="weekly"),
        Member("frozen", "frozen", "its plan deletes 30 days after cold storage", tags=frozen, kept_days=60),
        Member("cold", "cold", "its plan moves to cold storage, which RDS has not", tags=cold, kept_days=120),
    ]


def _clusters() -> list[Member]:
    docdb = {"kind": "docdb", "tags": GOLD, "members": 1}
    return [
        Member("shop", "gold", "Aurora, healthy and copied", kind="aurora", tags=CRITICAL, members=2, copies="done",
               snapshot="shared"),
        Member("lab", None, "Aurora, in no selection, under a key of AWS", kind="aurora", members=1, points="none",
               native_days=1, key="owned"),
        Member("graph", "gold", "Neptune, healthy", kind="neptune", tags=GOLD, members=1),
        Member("papers", "gold", "DocumentDB, selected, never backed up", points="none", **docdb),
    ]  # fmt: skip


def _away() -> list[Member]:
    return [
        Member("eu-tagged", None, "tag-only selection, RDS not opted in", AWAY, tags=GOLD, points="none",
               native_days=0, blocked=True),
        Member("eu-named", "gold", "selected by ARN, so the opt-in does not matter", AWAY, tags={"stage": "live"}),
        Member("eu-shop", "gold", "Aurora by tag; Aurora is opted in", AWAY, kind="aurora", tags=GOLD, members=1),
    ]  # fmt: skip


def _encryption() -> list[Member]:
    return [
        daily("default-key", "under the key that AWS manages for RDS", key="aws"),
        daily("bare", "not encrypted, nor are its points", key="none", snapshot="public"),
        daily("locked-out", "its key was disabled an hour ago", key="disabled"),
        daily("doomed", "its key will be deleted in a week", key="doomed"),
    ]


def _vaults() -> list[Member]:
    short, sealed = {"backup": "short"}, {"backup": "sealed"}
    return [
        Member(
            "refused", "short", "its plan keeps points for less than the lock of the vault", tags=short, points="none"
        ),
        Member(
            "sealed", "sealed", "the same vault, by a plan that keeps them long enough; its points are large",
            tags=sealed, gib=30,
        ),
    ]


def _lifecycles() -> list[Member]:
    return [
        daily("endless", "somebody made a point that nobody deletes", odd_point="endless"),
        daily("overdue", "a point that AWS Backup could not delete", odd_point="overdue"),
        daily("held", "a point that a court wants to see", odd_point="held"),
    ]


def _jobs() -> list[Member]:
    return [daily("half-done", "last night's job completed with issues", last_job="issues")]


def _copies() -> list[Member]:
    offsite, island = {"duty": "offsite"}, {"duty": "island"}
    aurora = {"kind": "aurora", "members": 1}
    return [
        Member("unkeyed", "unkeyed", "copied to a vault under the key of AWS Backup", tags={"backup": "unkeyed"},
               copies="failed"),
        Member("offsite", "offsite", "copied to the other account", tags={"backup": "offsite", **offsite}, copies="done"),
        Member("captive", "offsite", "under a key of AWS, which does not leave the account",
               tags={"backup": "offsite", **offsite}, copies="failed", key="aws"),
        daily("onsite", "owes a copy in another account; no plan makes it", tags=offsite),
        Member("isle", "island", "Aurora, copied into the air-gapped vault", tags={"backup": "island", **island},
               copies="done", **aurora),
        daily("ashore", "Aurora, owes an air-gapped copy; no plan makes it", tags=island, **aurora),
    ]  # fmt: skip


def _restores() -> list[Member]:
    tested = {"duty": "tested"}
    return [
        daily("restored", "restored and validated three days ago", tags=tested, restored="well"),
        daily("unrestored", "no restore test has ever been", tags=tested),
        daily("broken", "its restore test failed", tags=tested, restored="failed"),
        daily("unproven", "restored, and nobody looked at it", tags=tested, restored="unvalidated"),
        daily("garbled", "restored, and the validation failed", tags=tested, restored="invalid"),
        daily("sluggish", "restored in six hours; four are allowed", tags=tested, restored="slowly"),
        daily("littered", "restored well; what was made could not be deleted", tags=tested, restored="littering"),
        daily("dated", "restored from a point of two weeks before", tags=tested, restored="of old data"),
        daily(
            "lapsed", "restored ten days ago; a week is allowed", tags={"duty": "tested-weekly"}, restored="long ago"
        ),
        daily("unripe", "200 days old, and a test a year is allowed: none is due yet", tags={"duty": "tested-yearly"}),
        Member(f"{LEFTOVER}littered", None, "what that restore test left behind", kind="leftover",
               tags={LEFTOVER[:-1]: "weekly_restores"}, points="none", public=True),
        Member(f"{LEFTOVER}hidden", None, "what an older one left behind, where nobody reaches it", kind="leftover",
               tags={LEFTOVER[:-1]: "weekly_restores"}, points="none"),
    ]  # fmt: skip


def _native() -> list[Member]:
    mirrored = {"duty": "mirrored"}
    return [
        daily("unguarded", "may be deleted with one call", guarded=False),
        daily("untagged", "its snapshots do not get its tags", copies_tags=False),
        daily("crowded", "maintenance begins in the backup window", maintenance="in the backup window"),
        daily("colliding", "maintenance begins when the plan runs", maintenance="when the plan runs"),
        daily("lagging", "point-in-time restore is three hours behind", lag_hours=3),
        daily("mirrored", "its automated backups go to the other Region", tags=mirrored, replica="live"),
        daily("cracked", "they went there until yesterday", tags=mirrored, replica="behind"),
        daily("shattered", "somebody stopped their replication", tags=mirrored, replica="stopped"),
        daily("unmirrored", "they should go there, and nobody saw to it", tags=mirrored),
    ]


def _spread() -> list[Member]:
    """What another zone takes over, a type each."""
    spread = {"zones": True, "managed": True}
    return [
        daily("spread", "a standby in another zone, and a password that nobody knows", **spread),
        daily("spread-shop", "Aurora, the same", kind="aurora", members=2, **spread),
        daily("spread-graph", "Neptune, an instance in each of two zones", kind="neptune", members=2, zones=True),
        daily("spread-papers", "DocumentDB, an instance in each of two zones", kind="docdb", members=2, zones=True),
    ]
