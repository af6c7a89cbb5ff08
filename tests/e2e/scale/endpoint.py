"""An endpoint with any number of recovery points, none of which it keeps: each is made from its number when asked for.

It answers what `audit collect --only backup_vaults,recovery_points` asks, and
counts the pages that it gave. The vaults are much older than their points, as they are
wherever retention is shorter than the life of a vault; the points of a vault come
in no order that a reader could lean on.
"""

from __future__ import annotations

import json
import threading
from bisect import bisect_left
from collections import Counter
from dataclasses import dataclass
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from math import gcd
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

ACCOUNT, REGION = "111122223333", "eu-west-1"
PAGE = 1_000
DAY_S = 86_400
BEGAN_S = 1_700_000_000  # the oldest point
SPAN_S = 35 * DAY_S  # until the newest one
VAULT_BEGAN_S = BEGAN_S - 3 * 365 * DAY_S
STRIDE = 7_919  # the points of a page lie this far apart

_KEY = f"arn:aws:kms:{REGION}:{ACCOUNT}:key/7a1c3f0e-5f0a-4b54-9d1b-0f8f6f9f3a11"
_ROLE = f"arn:aws:iam::{ACCOUNT}:role/service-role/AWSBackupDefaultServiceRole"
_CALLER = f"""<GetCallerIdentityResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><GetCallerIdentityResult>
<Arn>arn:aws:iam::{ACCOUNT}:user/audit</Arn><UserId>AIDAEXAMPLE</UserId><Account>{ACCOUNT}</Account>
</GetCallerIdentityResult></GetCallerIdentityResponse>"""


@dataclass(frozen=True)
class Estate:
    """So many points in each of so many vaults."""

    vaults: int
    points_a_vault: int

    def created_s(self, at: int) -> int:
        """When a point was made: a later number, a later moment."""
        return BEGAN_S + SPAN_S * at // self.points_a_vault

    def vault_list(self) -> list[dict[str, Any]]:
        """The vaults, as `ListBackupVaults` has them."""
        return [
            {
                "BackupVaultName": f"vault-{number:02}",
                "BackupVaultArn": _vault_arn(f"vault-{number:02}"),
                "VaultType": "BACKUP_VAULT",
                "VaultState": "AVAILABLE",
                "CreationDate": VAULT_BEGAN_S,
                "EncryptionKeyArn": _KEY,
                "NumberOfRecoveryPoints": self.points_a_vault,
                "Locked": False,
            }
            for number in range(self.vaults)
        ]

    def page(self, vault: str, asked: dict[str, str]) -> dict[str, Any]:
        """One page of the points of a vault, between the moments asked for, both left out."""
        moments = range(self.points_a_vault)
        after, before = (_moment(asked.get(name)) for name in ("createdAfter", "createdBefore"))
        low = 0 if after is None else bisect_left(moments, after + 1, key=self.created_s)
        high = self.points_a_vault if before is None else bisect_left(moments, before, key=self.created_s)
        count, start = max(high - low, 0), int(asked.get("nextToken", 0))
        stride = STRIDE if count == 0 or gcd(STRIDE, count) == 1 else 1
        end = min(start + min(PAGE, int(asked.get("maxResults", PAGE))), count)
        points = [self.point(vault, low + at * stride % count) for at in range(start, end)]
        return {"RecoveryPoints": points, **({"NextToken": str(end)} if end < count else {})}

    def point(self, vault: str, at: int) -> dict[str, Any]:
        """What the list has of one point: about as much as AWS tells of one of RDS."""
        created, database = self.created_s(at), f"database-{at % 997:04}"
        plan = f"3f0c2b54-0000-4000-8000-{at % 31:012}"
        return {
            "RecoveryPointArn": f"arn:aws:rds:{REGION}:{ACCOUNT}:snapshot:awsbackup:job-{vault}-{at:012}",
            "BackupVaultName": vault,
            "BackupVaultArn": _vault_arn(vault),
            "ResourceArn": f"arn:aws:rds:{REGION}:{ACCOUNT}:db:{database}",
            "ResourceName": database,
            "ResourceType": "RDS",
            "CreatedBy": {
                "BackupPlanId": plan,
                "BackupPlanArn": f"arn:aws:backup:{REGION}:{ACCOUNT}:backup-plan:{plan}",
                "BackupPlanName": "daily",
                "BackupPlanVersion": "ZGQ0ODRmZTEtNjlhNi00YjBkLWI5NjUtMDdlYTg4NzEzOTc0",
                "BackupRuleId": "e6a1b7f2-55ab-4a4c-9c0e-6d3a0f3fd1aa",
                "BackupRuleName": "daily",
            },
            "IamRoleArn": _ROLE,
            "Status": "COMPLETED",
            "CreationDate": created + 0.25,
            "InitiationDate": created - 60,
            "CompletionDate": created + 900,
            "BackupSizeInBytes": 20_000_000_000 + at,
            "Lifecycle": {"DeleteAfterDays": 35},
            "CalculatedLifecycle": {"DeleteAt": created + 35 * DAY_S},
            "EncryptionKeyArn": _KEY,
            "EncryptionKeyType": "CUSTOMER_MANAGED_KMS_KEY",
            "IsEncrypted": True,
            "IsParent": False,
            "VaultType": "BACKUP_VAULT",
        }


def _vault_arn(name: str) -> str:
    return f"arn:aws:backup:{REGION}:{ACCOUNT}:backup-vault:{name}"


def _moment(text: str | None) -> int | None:
    return None if text is None else int(datetime.fromisoformat(text).astimezone(UTC).timestamp())


class Server(ThreadingHTTPServer):
    """The endpoint, on a free port of this machine."""

    daemon_threads = True

    def __init__(self, estate: Estate) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.estate = estate
        self.url = f"http://127.0.0.1:{self.server_address[1]}"
        self.calls: Counter[str] = Counter()
        self.lock = threading.Lock()
        threading.Thread(target=self.serve_forever, daemon=True).start()


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    wbufsize = -1  # header and body in one piece

    def do_GET(self) -> None:  # noqa: D102, N802
        assert isinstance(self.server, Server)
        target = urlsplit(self.path)
        asked = {name: values[0] for name, values in parse_qs(target.query).items()}
        match [unquote(part) for part in target.path.strip("/").split("/")]:
            case ["backup-vaults"]:
                self._tell("ListBackupVaults", json.dumps({"BackupVaultList": self.server.estate.vault_list()}))
            case ["backup-vaults", vault, "recovery-points"]:
                page = self.server.estate.page(vault, asked)
                self._tell("ListRecoveryPointsByBackupVault", json.dumps(page))
            case _:
                self._tell("unknown", "{}", 404)

    def do_POST(self) -> None:  # noqa: D102, N802
        self.rfile.read(int(self.headers.get("Content-Length", 0)))
        self._tell("GetCallerIdentity", _CALLER, kind="text/xml")

    def _tell(self, operation: str, text: str, status: int = 200, kind: str = "application/json") -> None:
        assert isinstance(self.server, Server)
        with self.server.lock:
            self.server.calls[operation] += 1
        body = text.encode()
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)
        self.wfile.flush()

    def log_message(self, *_: object) -> None:
        """Say nothing: the counts tell."""
