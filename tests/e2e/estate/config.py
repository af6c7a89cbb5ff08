"""The `audit.yaml` that the truth is written against.

Everything owes a recovery point every 24 hours (3 hours tolerance) kept for 35
days and for 100 at most, and only recovery points count. What is tagged
tier=critical also owes a copy in another Region, the same RPO there, and a tier
of daily points; a tag `duty` asks for something more. Two databases owe the same
RPO and may keep it by the backups of their service. Databases are declared to
hold ephi, those of tier=critical data of cards, too; of buckets nobody says it.
"""

from __future__ import annotations

from pathlib import Path

from harness import ACCOUNT

RPO_HOURS = 24
RPO_TOLERANCE_HOURS = 3
RETENTION_DAYS, LONGEST_DAYS = 35, 100
# By these ARNs, so that nothing but the ARN decides it.
NATIVE_IS_ENOUGH = ("native", "lab")

RTO_HOURS = 4
# What a tag `duty` asks for, beside what everything owes.
DUTIES = {
    "offsite": "copy_to_other_account: true",
    "island": "air_gapped_copy: true",
    "mirrored": "replicate_automated_backups: true",
    "tested": f"rto: {RTO_HOURS}h",
    "tested-weekly": "restore_test_every: 7d",
    "tested-yearly": "restore_test_every: 365d",
}
# Tiers that an objective asks for: days between points, days that they are kept.
TIERS = {"critical": ((1, 35),), "tested-yearly": ((1, 30), (31, 365))}
_RPO = f"rpo: {RPO_HOURS}h\n    tolerance: {RPO_TOLERANCE_HOURS}h"
_POINTS = f"{_RPO}\n    retention: {RETENTION_DAYS}d\n    longest_retention: {LONGEST_DAYS}d\n    mechanisms: [backup_point]"
_NATIVE_ARNS = f'["arn:aws:rds:*:*:db:{NATIVE_IS_ENOUGH[0]}", "arn:aws:rds:*:*:cluster:{NATIVE_IS_ENOUGH[1]}"]'
_CRITICAL = f"copy_to_other_region: true\n    rpo_other_region: {RPO_HOURS}h"
# Buckets that are left out because they are said to keep versions; the second does not.
SAID_TO_BE_VERSIONED = (f"acme-{ACCOUNT}-copies", f"acme-{ACCOUNT}-plain")
_VERSIONED = "[" + ", ".join(f'"arn:aws:s3:::{name}"' for name in SAID_TO_BE_VERSIONED) + "]"
# The emulator reports points of no size.
_RULES = "rules:\n  storage-over-expected: { params: { expected_gib: 1000 } }\n"


def _objective(name: str, match: str, *owed: str) -> str:
    tiers = ", ".join(f"{{ every: {every}d, keep: {keep}d }}" for every, keep in TIERS.get(name, ()))
    owed += (f"tiers: [{tiers}]",) if tiers else ()
    owed += () if name == "versioned" else (f"data_class: {'[ephi, pci]' if name == 'critical' else 'ephi'}",)
    lines = [f"  - id: {name}", f"match: {{ {match} }}", *owed, "owner: data team", "approved_by: the tests"]
    return "\n    ".join(lines) + "\n"


def _text() -> str:
    duties = (_objective(name, f"tags: {{duty: {name}}}", _POINTS, owed) for name, owed in DUTIES.items())
    return f"title: The estate\n{_RULES}objectives:\n" + "".join(
        [
            _objective("critical", "tags: {tier: critical}", _POINTS, _CRITICAL),
            _objective("native", f"arns: {_NATIVE_ARNS}", _RPO),
            *duties,
            _objective("versioned", f"arns: {_VERSIONED}", _RPO, "premise: versioned"),
            _objective("standard", "types: [RDS, Aurora, Neptune, DocumentDB]", _POINTS),
        ]
    )


def write_config(folder: Path) -> Path:
    """Write the configuration into a folder; its path."""
    path = folder / "audit.yaml"
    path.write_text(_text())
    return path
