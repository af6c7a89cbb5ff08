"""The `audit.yaml` that the truth is written against.

Everything owes a recovery point every 24 hours (3 hours tolerance) kept for 35
days, and only recovery points count. What is tagged tier=critical also owes a
copy in another Region, and the same RPO there; a tag `duty` asks for something
more. Two databases owe the same RPO and may keep it by the backups of their
service.
"""

from __future__ import annotations

from pathlib import Path

RPO_HOURS = 24
RPO_TOLERANCE_HOURS = 3
RETENTION_DAYS = 35
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
_RPO = f"rpo: {RPO_HOURS}h\n    tolerance: {RPO_TOLERANCE_HOURS}h"
_POINTS = f"{_RPO}\n    retention: {RETENTION_DAYS}d\n    mechanisms: [backup_point]"
_NATIVE_ARNS = f'["arn:aws:rds:*:*:db:{NATIVE_IS_ENOUGH[0]}", "arn:aws:rds:*:*:cluster:{NATIVE_IS_ENOUGH[1]}"]'
_CRITICAL = f"copy_to_other_region: true\n    rpo_other_region: {RPO_HOURS}h"


def _objective(name: str, match: str, *owed: str) -> str:
    lines = [f"  - id: {name}", f"match: {{ {match} }}", *owed, "owner: data team", "approved_by: the tests"]
    return "\n    ".join(lines) + "\n"


def _text() -> str:
    duties = (_objective(name, f"tags: {{duty: {name}}}", _POINTS, owed) for name, owed in DUTIES.items())
    return "title: The estate\nobjectives:\n" + "".join(
        [
            _objective("critical", "tags: {tier: critical}", _POINTS, _CRITICAL),
            _objective("native", f"arns: {_NATIVE_ARNS}", _RPO),
            *duties,
            _objective("standard", "types: [RDS, Aurora, Neptune, DocumentDB]", _POINTS),
        ]
    )


def write_config(folder: Path) -> Path:
    """Write the configuration into a folder; its path."""
    path = folder / "audit.yaml"
    path.write_text(_text())
    return path
