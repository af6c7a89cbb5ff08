"""Two accounts in one dataset, each collected by itself: copies and vaults are seen from both sides.

What was unknown with one account in scope, because it lies in the other one, is
known with both; and what was known stays as it was, but for what may have
happened between the two collections.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from dataset import collections, manifest, rows
from estate import build
from estate.population import HOME, KEEPER
from estate.vaults import vault_arn
from harness import ACCOUNT, REGIONS, Audit, Endpoint, Evaluation, differences

SAFE = vault_arn(HOME, "safe", KEEPER)
OFFSITE = f"arn:aws:rds:{HOME}:{ACCOUNT}:db:offsite"
SHARED = f"arn:aws:rds:{HOME}:{ACCOUNT}:snapshot:sessions-by-hand"
SHARED_CLUSTER = f"arn:aws:rds:{HOME}:{ACCOUNT}:cluster-snapshot:shop-by-hand"
# What the second account adds.
OF_THE_OTHER = {
    ("vault-lock-without-floor", SAFE): "not_applicable",
    ("vault-deletion-not-denied", SAFE): "fail",
    ("vault-points-deletable", SAFE): "fail",
    # It lets in the first account, which is looked into as well.
    ("vault-open-to-others", SAFE): "pass",
    ("vault-failures-unheard", SAFE): "fail",
    ("storage-over-expected", SAFE): "pass",
    ("vault-cost-over-budget", SAFE): "not_applicable",
    # The policy of the organization is attached to the first account alone.
    ("backup-policy-of-organization-missing", f"arn:aws:iam::{KEEPER}:root"): "fail",
    # Each account was collected once.
    ("protection-reduced", SAFE): "not_applicable",
    **{
        (rule, f"arn:aws:iam::{KEEPER}:root#region/{region}"): "not_applicable"
        for rule in ("collection-interval-too-long", "protection-reduced")
        for region in REGIONS
    },
    # It has hardly anything set up, and nothing on disks that anybody could share.
    ("vault-lock-liftable", SAFE): "not_applicable",
    **{
        (rule, f"arn:aws:iam::{KEEPER}:root#region/{region}"): verdict
        for region in REGIONS
        for rule, verdict in {
            "activity-not-recorded": "fail",
            "config-recorder-off": "fail",
            **dict.fromkeys(
                (
                    "alert-path-dead",
                    "backup-failures-unalarmed",
                    "ebs-default-encryption-off",
                    "ebs-snapshot-sharing-not-blocked",
                    "report-plan-missing",
                ),
                "not_applicable",
            ),
            # No trail tells what was done there.
            **dict.fromkeys(
                (
                    "backup-stopped-by-hand",
                    "final-snapshot-missing",
                    "guard-lifted",
                    "log-stopped",
                    "plan-removed",
                    "point-deleted-by-hand",
                    "point-lifecycle-changed",
                    "protection-weakened",
                    "selection-tag-removed",
                    "snapshot-deleted-by-hand",
                ),
                "unknown",
            ),
        }.items()
    },
    **{
        (rule, f"arn:aws:iam::{KEEPER}:root"): "not_applicable"
        for rule in (
            "restore-drill-missing",
            "restore-from-lock-missing",
            "restore-from-other-account-missing",
            "restore-tests-skip-copies",
        )
    },
}
# What it makes known of the first one.
MADE_KNOWN = {
    ("cross-account-copy-missing", OFFSITE): "pass",
    ("copy-needs-customer-key", OFFSITE): "pass",
    ("copy-depends-on-source-key", OFFSITE): "pass",
    ("snapshot-shared", SHARED): "pass",
    ("snapshot-shared", SHARED_CLUSTER): "pass",
}


class Both:
    """The estate, collected account by account into one dataset."""

    def __init__(self, aws: Endpoint, audit: Audit, home: Path) -> None:
        self.dataset = home / "data"
        self.estate = build(aws, home / "estate")
        for account in (KEEPER, ACCOUNT):
            done = audit.collect(self.dataset, account=account)
            assert done.returncode == 0, done.stderr
        self.judged: Evaluation = audit.evaluate(self.dataset, self.estate.config, home / "out")
        self.key = aws.client("backup", account=KEEPER).describe_backup_vault(BackupVaultName="safe")[
            "EncryptionKeyArn"
        ]
        plans = aws.client("backup").list_backup_plans()["BackupPlansList"]
        [self.plan] = [row["BackupPlanArn"] for row in plans if row["BackupPlanName"] == "offsite"]

    def expected(self) -> dict[tuple[str, str], str]:
        """The truth of the one account, and what the other one adds to it."""
        keys = {("key-pending-deletion", self.key): "pass", ("key-rotation-off", self.key): "pass"}
        keys[("key-multi-region", self.key)] = "pass"
        keys[("protection-reduced", self.key)] = "not_applicable"
        keys[("vault-key-aws-managed", self.key)] = "pass"
        plan = {("vault-lock-conflict", self.plan): "pass", ("plan-target-missing", self.plan): "pass"}
        return {**self.estate.expected(), **OF_THE_OTHER, **MADE_KNOWN, **keys, **plan}


@pytest.fixture(scope="module")
def both(emulator: Endpoint, audit_in: Any, tmp_path_factory: pytest.TempPathFactory) -> Both:
    home = tmp_path_factory.mktemp("both")
    emulator.reset()
    return Both(emulator, audit_in(home), home)


def test_each_account_has_its_own_collection(both: Both) -> None:
    scopes = [manifest(one)["scope"]["accounts"] for one in collections(both.dataset)]
    assert scopes == [[KEEPER], [ACCOUNT]]


def test_a_copy_is_seen_from_both_sides(both: Both) -> None:
    there, here = collections(both.dataset)
    kept = {row["recovery_point_arn"] for row in rows(there, "recovery_points")}
    made = {
        row["destination_recovery_point_arn"]: row["destination_account_id"]
        for row in rows(here, "copy_jobs")
        if row["resource_arn"] == OFFSITE and row["state"] == "COMPLETED"
    }
    assert len(made) > 25 and set(made) <= kept and set(made.values()) == {KEEPER}


def test_what_lies_in_the_other_account_is_known(both: Both) -> None:
    seen = both.judged.verdicts
    known = {key: verdict for key, verdict in both.expected().items() if key in OF_THE_OTHER | MADE_KNOWN}
    assert differences(known, {key: seen.get(key) for key in known}) == []
    assert seen[("vault-lock-conflict", both.plan)] == "pass"
    assert seen[("key-pending-deletion", both.key)] == "pass"


def test_nothing_else_changes_but_to_unknown(both: Both) -> None:
    """Seconds lie between the two collections, and nobody has seen what happened in them in the account that was read first."""
    expected, seen = both.expected(), both.judged.verdicts
    assert set(seen) == set(expected)
    changed = {key: (verdict, seen[key]) for key, verdict in expected.items() if seen[key] != verdict}
    assert {after for _, after in changed.values()} <= {"unknown"}, changed
