"""The truth of the estate, held against what AWS clients read of it: see `oracle`."""

from __future__ import annotations

from pathlib import Path

import pytest

from estate import Estate, build
from estate.truth.services import OF_SERVICES
from harness import Endpoint
from oracle import RULES, Seen, read_all

# What is said of the collections, nobody can read in AWS.
OF_COLLECTIONS = "collection-interval-too-long"
# Rules of which the estate shows one side only, with the side that it does not show. Each for a reason.
ONE_SIDED = {
    # An account has one verdict: the other side is that of the second account, or of what was deleted in between
    # (`test_two_accounts`, `test_two_collections`).
    "activity-not-recorded": {"fail"},
    "backup-policy-of-organization-missing": {"fail"},
    "restore-tests-skip-copies": {"pass"},
    # One collection cannot tell whether the history of a restore window went on (`test_two_collections`).
    "pitr-history-broken": {"fail", "pass"},
    # All networks of the emulator are the default one.
    "restored-database-beside-production": {"pass"},
    # Nobody names a budget.
    "vault-cost-over-budget": {"fail", "pass"},
    "resource-cost-over-budget": {"fail", "pass"},
    "protection-reduced": {"pass", "fail"},
    # The same; and that nothing was restored for so long is known only after many collections, since AWS lists thirty days.
    "restore-from-lock-missing": {"fail"},
    "restore-drill-missing": {"fail", "pass"},
    # What lies in the vault of another account, nobody sees from here: with that account the copy is known.
    "cross-account-copy-missing": {"pass"},
    "copy-depends-on-source-key": {"fail", "pass"},
    # No restore job of the second account is seeded.
    "restore-from-other-account-missing": {"fail", "pass"},
    # That nobody deleted what is gone, it takes an older collection to know: an event may come minutes later.
    "population-not-reconciled": {"fail"},
    # A continuous backup in a vault leaves open whether it can be released from it, which hides what locks do for all others.
    "continuous-backup-stopped": {"fail", "pass"},
}


# Decided by one setting each, which `test_clients_around` holds against boto3 row by row: a second opinion would be the first.
OF_SETTINGS = OF_SERVICES | {
    "activity-not-recorded", "config-recorder-off", "ebs-snapshot-sharing-not-blocked", "ebs-default-encryption-off",
    "trail-without-validation", "trail-delivery-failing", "vault-lock-liftable", "vault-key-aws-managed",
    "point-deleted-by-hand", "snapshot-deleted-by-hand", "point-lifecycle-changed", "guard-lifted", "plan-removed",
    "backup-stopped-by-hand", "log-stopped", "selection-tag-removed", "protection-weakened", "alert-path-dead", "backup-failures-unalarmed",
    "restore-drill-missing", "restore-from-lock-missing", "restore-from-other-account-missing",
    "restore-testing-covers-nothing", "restore-tests-skip-copies", "restored-database-public",
    "restored-database-beside-production", "pitr-history-broken",
    "report-plan-missing", "backup-policy-of-organization-missing", "final-snapshot-missing",
    "storage-over-expected", "points-nobody-asks-for", "data-class-undeclared",
    "vault-cost-over-budget", "resource-cost-over-budget",
    "continuous-backup-stopped", "resource-without-objective", "newest-point-infected", "newest-point-unscanned",
}  # fmt: skip


# What a client can tell of a database that is not there.
OF_DEPARTED = {"point-orphaned", "last-point-expiring", "population-not-reconciled", "point-expired-not-deleted"}


def disagreements(aws: Endpoint, estate: Estate) -> list[tuple[str, str, str, str]]:
    """(rule, subject, truth, oracle) wherever the two differ. Members and replicas are not the oracle's."""
    seen = Seen(aws)
    subjects, departed = seen.subjects(), seen.departed()
    found = []
    for row in estate.truth:
        gone = row.subject_arn in departed and row.rule_id in OF_DEPARTED
        if gone or (row.subject_arn in subjects and row.rule_id not in OF_SETTINGS):
            opinion = RULES[row.rule_id](seen, row.subject_arn)
            if opinion != row.verdict:
                found.append((row.rule_id, row.subject_arn, row.verdict, opinion))
    return found


def test_the_truth_is_what_clients_can_see(aws: Endpoint, estate: Estate) -> None:
    assert disagreements(aws, estate) == []


def test_every_rule_has_something_to_pass_and_to_fail(estate: Estate) -> None:
    verdicts: dict[str, set[str]] = {}
    for (rule, _), verdict in estate.expected().items():
        verdicts.setdefault(rule, set()).add(verdict)
    assert verdicts.pop(OF_COLLECTIONS) == {"not_applicable"}
    assert set(verdicts) == set(RULES) | OF_SETTINGS
    lacking = {rule: {"pass", "fail"} - seen for rule, seen in verdicts.items() if not seen >= {"pass", "fail"}}
    assert lacking == ONE_SIDED


@pytest.mark.parametrize("with_cli", [True, False])
def test_the_cli_and_boto3_build_the_same(aws: Endpoint, tmp_path: Path, with_cli: bool) -> None:
    made = build(aws, tmp_path, with_cli=with_cli, resources=20)
    assert disagreements(aws, made) == []
    assert aws.count("backup", "CreateBackupVault") == 9
    assert (tmp_path / "truth.json").exists() and made.config.exists()


def test_jobs_tell_of_the_last_thirty_days(aws: Endpoint, estate: Estate) -> None:
    backup = aws.client("backup")
    copies = read_all(backup, "list_copy_jobs", "CopyJobs")
    by_state: dict[str, set[str]] = {}
    for copy in copies:
        by_state.setdefault(copy["State"], set()).add(copy["ResourceName"])
    assert by_state == {"COMPLETED": {"orders", "shop", "offsite", "isle"}, "FAILED": {"billing", "unkeyed", "captive"}}
    expired = [
        row["ResourceName"] for row in read_all(backup, "list_backup_jobs", "BackupJobs") if row["State"] == "EXPIRED"
    ]
    assert expired.count("skipped") == 1 and expired.count("stale") == 4
