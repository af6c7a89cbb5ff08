"""What became of backups and copies."""

from __future__ import annotations

from estate.population import HOME, Member
from estate.truth.verdicts import FAIL, NOT_APPLICABLE, PASS, UNKNOWN, Truth, Truths, kept

# Plans whose rule has a copy action, and where that goes; all are of the home Region.
_COPYING = {"gold": "another Region", "unkeyed": "another Region", "offsite": "another account", "island": "the island"}
_OWING = {
    "another Region": ("cross-region-copy-missing", lambda member: member.critical),
    "another account": ("cross-account-copy-missing", lambda member: member.duty == "offsite"),
    "the island": ("air-gapped-copy-missing", lambda member: member.duty == "island"),
}


def of_member(member: Member) -> Truths:
    """Jobs of the last 30 days, and the copies they made."""
    if member.kind in ("replica", "leftover"):
        return
    if member.plan is not None and not member.name.startswith("bulk-"):
        yield from _backups(member)
    if member.copies != "never":
        verdict = kept(member.copies == "done")
        yield Truth("copy-job-failed", member.arn, verdict, f"every night: {member.copies}")
    for place, (rule, owes) in _OWING.items():
        yield Truth(rule, member.arn, *_copied(member, place, owes(member)))
    yield from _keys(member)


def _backups(member: Member) -> Truths:
    # A night that was missed was made good by the next one.
    works = member.points in ("daily", "weekly", "missed")
    yield Truth("backup-job-failed", member.arn, kept(works), f"points: {member.points}")
    whole = kept(member.last_job != "issues") if works else NOT_APPLICABLE
    yield Truth("backup-completed-with-issues", member.arn, whole, f"last night's job: {member.last_job}")


def _copied(member: Member, place: str, owed: bool) -> tuple[str, str]:
    planned = member.region == HOME and _COPYING.get(member.plan or "") == place
    if not owed and not planned:
        return NOT_APPLICABLE, "neither owed nor planned"
    if not planned or member.copies != "done":
        return FAIL, f"owed or planned; copies into {place}: {member.copies if planned else 'never'}"
    if place == "another account":
        return UNKNOWN, "the jobs completed; nobody looks into that account, where the copies may be gone"
    return PASS, f"copied into {place} every night"


def _keys(member: Member) -> Truths:
    """What the keys allow of each planned copy."""
    if member.region != HOME or member.plan not in _COPYING:
        return
    verdict, reason = PASS, "a customer key on both sides, or one that AWS owns on the other"
    if member.plan == "unkeyed":
        verdict, reason = UNKNOWN, "AWS's pages disagree on copies into a vault under the key of AWS Backup"
    elif member.plan == "offsite" and member.key == "aws":
        verdict, reason = FAIL, "no other account can use a key that AWS manages"
    elif member.plan == "offsite":
        verdict, reason = UNKNOWN, "the key of the vault there is not seen"
    yield Truth("copy-needs-customer-key", member.arn, verdict, reason)
