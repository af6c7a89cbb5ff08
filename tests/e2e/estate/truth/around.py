"""What stands around backups: who hears of failures, what is recorded, what weakened them, what was ever restored elsewhere."""

from __future__ import annotations

from typing import Any

from estate.config import SAID_TO_BE_VERSIONED
from estate.foundation import Foundation
from estate.population import AWAY, HOME, Member
from estate.truth.points import has_points
from estate.truth.verdicts import FAIL, NOT_APPLICABLE, PASS, UNKNOWN, Truth, Truths, kept
from estate.vaults import vault_arn
from harness import ACCOUNT

_ROOT = f"arn:aws:iam::{ACCOUNT}:root"
# What is switched on, at home and away; a Region has the setting or has not.
_SWITCHED = {
    "activity-not-recorded": (PASS, PASS, "a trail of all Regions takes what writes"),
    "config-recorder-off": (PASS, FAIL, "the recorder of the other Region was never started"),
    "ebs-snapshot-sharing-not-blocked": (FAIL, PASS, "only new snapshots are kept from being public, or all"),
    "ebs-default-encryption-off": (PASS, FAIL, "it is on at home"),
    "report-plan-missing": (PASS, FAIL, "the report plans of the home Region name no other"),
}
# What was done within thirty days, at home and away.
_DONE = {
    "point-deleted-by-hand": (FAIL, PASS, "DeleteRecoveryPoint three days ago"),
    "snapshot-deleted-by-hand": (FAIL, PASS, "DeleteSnapshot a day ago"),
    "point-lifecycle-changed": (FAIL, PASS, "UpdateRecoveryPointLifecycle two days ago"),
    "guard-lifted": (FAIL, PASS, "DeleteBackupVaultLockConfiguration two days ago; DeleteBackupVault was refused"),
    "plan-removed": (FAIL, PASS, "DeleteBackupSelection two days ago"),
    "backup-stopped-by-hand": (FAIL, PASS, "StopBackupJob two days ago"),
    "log-stopped": (PASS, FAIL, "StopLogging a day ago"),
    "selection-tag-removed": (FAIL, PASS, "the tag `backup` was removed, by which plans select"),
    "protection-weakened": (FAIL, PASS, "recovery to a point in time was switched off two days ago"),
}
# The first is in governance mode, the last within its grace time; the one between is for good.
_LOCKS = {"main": FAIL, "strict": PASS, "floorless": FAIL}


def of_regions() -> Truths:
    """Every rule about an account and Region, and about the account."""
    for rule, (home, away, reason) in {**_SWITCHED, **_DONE}.items():
        yield Truth(rule, f"{_ROOT}#region/{HOME}", home, reason)
        yield Truth(rule, f"{_ROOT}#region/{AWAY}", away, reason)
    yield from _alerts()
    database = f"arn:aws:rds:{HOME}:{ACCOUNT}:db"
    yield Truth("final-snapshot-missing", f"{database}:plain", PASS, "a last snapshot was asked for")
    yield Truth("final-snapshot-missing", f"{database}:naked", FAIL, "none was asked for")
    for region in (HOME, AWAY):
        yield Truth("final-snapshot-missing", f"{_ROOT}#region/{region}", NOT_APPLICABLE, "no deletion was missed")
    yield Truth("restore-drill-missing", _ROOT, UNKNOWN, "none is listed, and AWS lists thirty days")
    skipped = "copies lie in the other Region; the only restore testing plan is at home"
    yield Truth("restore-tests-skip-copies", _ROOT, FAIL, skipped)
    yield Truth("restore-from-lock-missing", _ROOT, PASS, "what was restored came from locked vaults")
    yield Truth("backup-policy-of-organization-missing", _ROOT, PASS, "the policy `gold` is attached to the account")
    yield Truth("restore-from-other-account-missing", _ROOT, NOT_APPLICABLE, "what lies in another account is not seen")


def _alerts() -> Truths:
    """A vault and a rule tell a topic that somebody hears; the alarm tells one that is not looked at."""
    main, opened = vault_arn(HOME, "main"), vault_arn(HOME, "open")
    alarm, rule = f"arn:aws:cloudwatch:{HOME}:{ACCOUNT}:alarm:failed", f"arn:aws:events:{HOME}:{ACCOUNT}:rule/backups-failed"
    dead, unheard = "alert-path-dead", "backup-failures-unalarmed"
    yield Truth(dead, main, PASS, "a queue is subscribed to its topic, which lets vaults in")
    yield Truth(dead, opened, NOT_APPLICABLE, "the only event it tells of is never sent")
    yield Truth(dead, alarm, UNKNOWN, "no vault notifies its topic, so that it was not asked for")
    yield Truth(dead, rule, PASS, "one of its targets is the topic of the vault, which lets rules in")
    asleep = f"arn:aws:events:{AWAY}:{ACCOUNT}:rule/asleep"
    yield Truth(dead, asleep, FAIL, "it is switched off, and has no target")
    for arn in (main, opened, alarm, rule, asleep):
        yield Truth(unheard, arn, NOT_APPLICABLE, "asked for the Region as a whole")
    for region, verdict in ((HOME, PASS), (AWAY, FAIL)):
        yield Truth(dead, f"{_ROOT}#region/{region}", NOT_APPLICABLE, "asked way by way")
        yield Truth(unheard, f"{_ROOT}#region/{region}", verdict, "a rule tells of all jobs at home; nothing does away")


def of_guards(made: Foundation) -> Truths:
    """Locks and keys: in which mode, and whose."""
    for region, name in _VAULTS:
        arn = vault_arn(region, name)
        liftable = _LOCKS.get(name, NOT_APPLICABLE) if region == HOME else NOT_APPLICABLE
        yield Truth("vault-lock-liftable", arn, liftable, "which mode its lock has, if it has one")
    for region, names in _KEYS.items():
        for name, verdict in names.items():
            arn = made.keys[(ACCOUNT, region, name)]
            yield Truth("vault-key-aws-managed", arn, verdict, f"vaults under the key {name}")


_VAULTS = (
    (HOME, "main"), (HOME, "strict"), (HOME, "floorless"), (HOME, "open"), (HOME, "family"), (HOME, "island"),
    (AWAY, "main"), (AWAY, "copies"), (AWAY, "unkeyed"), (AWAY, "shared"),
)  # fmt: skip
_KEYS = {
    HOME: {"estate": NOT_APPLICABLE, "disabled": NOT_APPLICABLE, "doomed": NOT_APPLICABLE, "aws/rds": NOT_APPLICABLE, "aws/backup": FAIL},
    AWAY: {"estate": PASS, "aws/backup": FAIL},
}


def of_member(member: Member) -> Truths:
    """What is said of a database beside everything else."""
    second = member.kind in ("replica", "leftover")
    for name in member.member_names:
        arn = f"arn:aws:rds:{member.region}:{ACCOUNT}:db:{name}"
        yield from _not_asked(arn, "its cluster is asked")
    if second:
        yield from _not_asked(member.arn, "it only repeats another")
        return
    yield Truth("resource-without-objective", member.arn, PASS, "every database falls under an objective that was approved")
    yield Truth("data-class-undeclared", member.arn, PASS, "every objective of databases declares ephi")
    yield Truth("restore-test-not-planned", member.arn, *_tested(member))
    if has_points(member):
        yield Truth("point-orphaned", member.arn, PASS, "it is there")
        yield Truth("last-point-expiring", member.arn, NOT_APPLICABLE, "it is there")
        yield Truth("point-expired-not-deleted", member.arn, kept(member.odd_point != "overdue"), f"odd point: {member.odd_point}")


def _not_asked(arn: str, reason: str) -> Truths:
    for rule in ("resource-without-objective", "data-class-undeclared", "restore-test-not-planned"):
        yield Truth(rule, arn, NOT_APPLICABLE, reason)


def _tested(member: Member) -> tuple[str, str]:
    """The only plan is at home and takes all of RDS; of another Region it could take copies."""
    if member.backup_type != "RDS":
        return FAIL, "the plan tests RDS"
    return (PASS, "by its type") if member.region == HOME else (UNKNOWN, "the plan may test its copies")


def of_thing(arn: str, role: str, *, supported: bool, scanned: bool, alone: bool) -> Truths:
    """What is said of everything that is no database."""
    primary = role == "primary"
    objective, tested = (FAIL if asked else NOT_APPLICABLE for asked in (primary, primary and supported))
    yield Truth("data-class-undeclared", arn, objective, "objectives that declare a class are for databases")
    if arn.endswith(SAID_TO_BE_VERSIONED):
        objective = PASS
    yield Truth("resource-without-objective", arn, objective, "objectives of the estate are for databases and two buckets")
    yield Truth("restore-test-not-planned", arn, tested, "the only plan tests RDS")
    if scanned:
        point = NOT_APPLICABLE if alone else UNKNOWN
        for rule in ("newest-point-infected", "newest-point-unscanned"):
            yield Truth(rule, arn, point, "it has no point; a backup of an instance may hold its data")


def of_trails(tables: dict[str, list[dict[str, Any]]]) -> Truths:
    """Trails, each at home once."""
    for row in tables["trails"]:
        if row["is_home"]:
            yield Truth("trail-without-validation", row["trail_arn"], kept(row["log_file_validation_enabled"]), row["trail_name"])
            # Those that record deliver at once, or their bucket is gone.
            delivery = kept(row["latest_delivery_error"] is None) if row["is_logging"] else NOT_APPLICABLE
            yield Truth("trail-delivery-failing", row["trail_arn"], delivery, f"{row['latest_delivery_error']}")
