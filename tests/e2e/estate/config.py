"""The `audit.yaml` that the truth is written against.

Everything owes a recovery point every 24 hours (3 hours tolerance) kept for 35
days, and only recovery points count; what is tagged tier=critical also owes a
copy in another Region, and the same RPO there. Two databases owe the same RPO and may keep it by the
backups of their service.
"""

from __future__ import annotations

from pathlib import Path

RPO_HOURS = 24
RPO_TOLERANCE_HOURS = 3
RETENTION_DAYS = 35
# By these ARNs, so that nothing but the ARN decides it.
NATIVE_IS_ENOUGH = ("native", "lab")

_TEXT = f"""\
title: The estate
objectives:
  - id: critical
    match:
      tags: {{tier: critical}}
    rpo: {RPO_HOURS}h
    tolerance: {RPO_TOLERANCE_HOURS}h
    retention: {RETENTION_DAYS}d
    copy_to_other_region: true
    rpo_other_region: {RPO_HOURS}h
    mechanisms: [backup_point]
    owner: data team
    approved_by: the tests
  - id: native
    match:
      arns: ["arn:aws:rds:*:*:db:{NATIVE_IS_ENOUGH[0]}", "arn:aws:rds:*:*:cluster:{NATIVE_IS_ENOUGH[1]}"]
    rpo: {RPO_HOURS}h
    tolerance: {RPO_TOLERANCE_HOURS}h
    owner: data team
    approved_by: the tests
  - id: standard
    match:
      types: [RDS, Aurora, Neptune, DocumentDB]
    rpo: {RPO_HOURS}h
    tolerance: {RPO_TOLERANCE_HOURS}h
    retention: {RETENTION_DAYS}d
    mechanisms: [backup_point]
    owner: data team
    approved_by: the tests
"""


def write_config(folder: Path) -> Path:
    """Write the configuration into a folder; its path."""
    path = folder / "audit.yaml"
    path.write_text(_TEXT)
    return path
