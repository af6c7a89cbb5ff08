"""Points of buckets, made by hand, and what a search for malware found in them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from estate.foundation import ROLE, Foundation
from estate.history import created_by
from estate.population import HOME
from estate.vaults import vault_arn
from harness import ACCOUNT, Endpoint

VAULT = "main"
# Bucket to what was found; None if nobody looked.
FOUND = {
    f"arn:aws:s3:::acme-{ACCOUNT}-web": "THREATS_FOUND",
    f"arn:aws:s3:::acme-{ACCOUNT}-forgetful": "NO_THREATS_FOUND",
    f"arn:aws:s3:::acme-{ACCOUNT}-archive": None,
}  # fmt: skip


def seed_scans(aws: Endpoint, made: Foundation) -> list[dict[str, Any]]:
    """A point of each bucket, which is not older than the bucket, and a scan of two of them; the rows of these."""
    rows = []
    now = datetime.now(UTC)
    by_plan = {name: value for name, value in created_by(made.plans[(HOME, "daily")]).items() if not name.endswith("Name")}
    where = {"account": ACCOUNT, "region": HOME, "BackupVaultName": VAULT}
    for bucket, found in FOUND.items():
        point = f"arn:aws:backup:{HOME}:{ACCOUNT}:recovery-point:{bucket.rpartition(':')[2]}"
        of = {"RecoveryPointArn": point, "ResourceArn": bucket, "ResourceType": "S3", "IamRoleArn": ROLE}
        times = {"CreationDate": now.isoformat(), "CompletionDate": (now + timedelta(milliseconds=10)).isoformat()}
        key = {"IsEncrypted": True, "EncryptionKeyArn": made.keys[(ACCOUNT, HOME, "aws/backup")]}
        aws.seed([{"kind": "recovery_point", **where, **of, **times, **key, "Lifecycle": {"DeleteAfterDays": 35}}])
        if found:
            scan = {
                "BackupVaultArn": vault_arn(HOME, VAULT), "ResourceName": bucket.rpartition(":")[2],
                "ScanJobId": f"scan-{found}", "CreatedBy": by_plan, "MalwareScanner": "GUARDDUTY", "ScanMode": "FULL_SCAN", "ScannerRoleArn": ROLE,
                "State": "COMPLETED", "ScanResult": {"ScanResultStatus": found},
            }  # fmt: skip
            aws.seed([{"kind": "scan_job", **where, **of, **times, **scan}])
            rows.append({
                "region": HOME, "backup_vault_arn": vault_arn(HOME, VAULT), "recovery_point_arn": point, "resource_arn": bucket,
                "resource_type": "S3", "malware_scanner": "GUARDDUTY", "scan_job_id": f"scan-{found}", "state": "COMPLETED",
                "scan_mode": "FULL_SCAN", "scan_result_status": found, "backup_plan_arn": by_plan["BackupPlanArn"],
                "backup_plan_id": by_plan["BackupPlanId"], "backup_rule_id": by_plan["BackupRuleId"],
                "creation_date_s": int(now.timestamp()),
                "completion_date_s": int((now + timedelta(milliseconds=10)).timestamp()),
            })  # fmt: skip
    return rows
