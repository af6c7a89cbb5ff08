"""The truth of the estate, held against what AWS clients read of it: see `oracle`."""

from __future__ import annotations

from pathlib import Path

import pytest

from estate import Estate, build
from harness import Endpoint
from oracle import RULES, Seen, read_all

# What is said of the collections, nobody can read in AWS.
OF_COLLECTIONS = "collection-interval-too-long"
# Nothing in one account could be decided the other way: see `estate.truth`. That
# something is gone without a trace takes two collections to know.
ONE_SIDED = {
    "cross-account-copy-missing": {"pass"},
    "population-not-reconciled": {"fail"},
}


def disagreements(aws: Endpoint, estate: Estate) -> list[tuple[str, str, str, str]]:
    """(rule, subject, truth, oracle) wherever the two differ. Members and replicas are not the oracle's."""
    seen = Seen(aws)
    subjects = seen.subjects()
    found = []
    for row in estate.truth:
        if row.subject_arn in subjects:
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
    assert set(verdicts) == set(RULES)
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
