"""What AWS Backup knows in one account and Region.

Records are dictionaries in the shape the API gives them; derived members
(counts, lock state, calculated lifecycle) are added when they are asked for.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import moto.backup.models
from moto.core.base_backend import BackendDict, BaseBackend
from moto.core.resource_tagging import TaggableResourcesMixin, TaggedResource

from emulator.backup.errors import not_found
from emulator.kms import managed_key
from emulator.times import now

Record = dict[str, Any]

# On by default in an account that has been used; a test changes them.
RESOURCE_TYPES = (
    "Aurora", "CloudFormation", "DSQL", "DocumentDB", "DynamoDB", "EBS", "EC2", "EFS", "EKS", "FSx", "Neptune",
    "RDS", "Redshift", "Redshift Serverless", "S3", "SAP HANA on Amazon EC2", "Storage Gateway", "Timestream",
    "VirtualMachine",
)  # fmt: skip

AIR_GAPPED = "LOGICALLY_AIR_GAPPED_BACKUP_VAULT"


@dataclass
class Vault:
    """A vault and the points in it, by point ARN. Without a key ARN, AWS owns the key."""

    name: str
    arn: str
    key_arn: str | None
    created: datetime
    creator_request_id: str | None = None
    vault_type: str = "BACKUP_VAULT"
    min_days: int | None = None
    max_days: int | None = None
    locked: bool = False
    lock_date: datetime | None = None
    policy: str | None = None
    notifications: Record | None = None
    tags: dict[str, str] = field(default_factory=dict)
    points: dict[str, Record] = field(default_factory=dict)


@dataclass
class Plan:
    """A plan: its newest document, its selections by id, and whether it is gone."""

    id: str
    arn: str
    document: Record
    version: str
    created: datetime
    creator_request_id: str | None = None
    deleted: datetime | None = None
    tags: dict[str, str] = field(default_factory=dict)
    selections: dict[str, Record] = field(default_factory=dict)


class BackupBackend(BaseBackend, TaggableResourcesMixin):
    """The state; moto makes one for each account and Region that is used."""

    SERVICE_NAMESPACE = "backup"

    def __init__(self, region_name: str, account_id: str) -> None:
        super().__init__(region_name, account_id)
        self.vaults: dict[str, Vault] = {}
        self.plans: dict[str, Plan] = {}
        self.backup_jobs: dict[str, Record] = {}
        self.copy_jobs: dict[str, Record] = {}
        self.restore_jobs: dict[str, Record] = {}
        self.scan_jobs: dict[str, Record] = {}
        self.opt_in = dict.fromkeys(RESOURCE_TYPES, True)
        self.management = {"DynamoDB": True, "EFS": True}
        self.restore_testing_plans: dict[str, Record] = {}
        self.restore_testing_selections: dict[tuple[str, str], Record] = {}
        self.frameworks: dict[str, Record] = {}
        self.report_plans: dict[str, Record] = {}
        self.legal_holds: dict[str, Record] = {}
        # Of the organisation, if this is where its management account keeps them.
        self.global_settings = {"isCrossAccountBackupEnabled": "false", "isMpaEnabled": "false"}
        self.global_settings_updated: datetime | None = None
        # Tags by ARN, of all but vaults and plans, which carry their own.
        self.tags: dict[str, dict[str, str]] = {}

    def arn_of(self, kind: str, name: str) -> str:
        """An AWS Backup ARN in this account and Region."""
        return f"arn:{self.partition}:backup:{self.region_name}:{self.account_id}:{kind}:{name}"

    def scope(self, *what: Any) -> list[Any]:
        """What a continuation token is bound to."""
        return [self.account_id, self.region_name, *what]

    def vault(self, name: str) -> Vault:
        """A vault by name, or `ResourceNotFoundException`."""
        if name not in self.vaults:
            raise not_found(f"Backup vault {name} does not exist in this account and Region")
        return self.vaults[name]

    def plan(self, plan_id: str) -> Plan:
        """A plan that was not deleted, or `ResourceNotFoundException`."""
        plan = self.plans.get(plan_id)
        if plan is None or plan.deleted is not None:
            raise not_found(f"Backup plan {plan_id} does not exist")
        return plan

    def add_vault(self, name: str, **told: Any) -> Vault:
        """Put a vault in place; without a key it gets the one AWS manages, or, if air-gapped, owns."""
        key_arn = told.pop("key_arn", None)
        if key_arn is None and told.get("vault_type") != AIR_GAPPED:
            key_arn = managed_key(self.account_id, self.region_name, "backup")
        created = told.pop("created", None) or now()
        self.vaults[name] = Vault(name, self.arn_of("backup-vault", name), key_arn, created, **told)
        return self.vaults[name]

    def iter_tagged_resources(self) -> Iterator[TaggedResource]:
        """What can be tagged, for the Resource Groups Tagging API."""
        for vault in self.vaults.values():
            yield TaggedResource(vault.arn, vault.tags, "backup:backup-vault")
        for plan in self.plans.values():
            if plan.deleted is None:
                yield TaggedResource(plan.arn, plan.tags, "backup:backup-plan")
        for arn, tags in self.tags.items():
            yield TaggedResource(arn, tags, f"backup:{arn.split(':')[5]}")

    def tags_of(self, arn: str) -> dict[str, str]:
        """The (changeable) tags of what is ours. Points are not: theirs are seeded with them."""
        if arn in self.tags:
            return self.tags[arn]
        for vault in self.vaults.values():
            if vault.arn == arn:
                return vault.tags
        for plan in self.plans.values():
            if plan.arn == arn and plan.deleted is None:
                return plan.tags
        raise not_found(f"{arn} does not exist")

    def tag_resource(self, arn: str, tags: dict[str, str]) -> None:
        """Add tags; also reached through the Resource Groups Tagging API."""
        self.tags_of(arn).update(tags)

    def untag_resource(self, arn: str, tag_keys: list[str]) -> None:
        """Remove tags; keys that are not there do no harm."""
        for key in tag_keys:
            self.tags_of(arn).pop(key, None)


backup_backends = BackendDict(BackupBackend, "backup")
# The tagging API of moto walks over all backends it knows: let it see this one.
moto.backup.models.backup_backends = backup_backends
