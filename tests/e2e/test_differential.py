"""Cases on which common tools say something else than AWS does, each built once, collected once, and judged once.

A row is a verdict that follows from AWS's own documentation, and beside it the opinion of a simpler reading, which is
carried out here on the same account, through clients. The two must differ: else the estate does not hold the case.
The simpler readings are those of checks that `rules/catalogues` names.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError

from harness import ACCOUNT, REGIONS, Audit, Endpoint, differences

HOME, AWAY = REGIONS
ROLE = f"arn:aws:iam::{ACCOUNT}:role/service-role/AWSBackupDefaultServiceRole"
GUIDE = "https://docs.aws.amazon.com/aws-backup/latest/devguide"
SELECTING = f"{GUIDE}/assigning-resources-json.html"
CONTROLS = f"{GUIDE}/controls-and-remediation.html"
CONFIGURATION = """\
title: Where readings differ
objectives:
  - id: copied
    match: { tags: { owes: a-copy-elsewhere } }
    rpo: 24h
    copy_to_other_region: true
    owner: data team
    approved_by: the tests
"""
# A Deny of these, for every principal and resource, is what AWS's control looks for.
THREE = ["backup:DeleteRecoveryPoint", "backup:UpdateRecoveryPointLifecycle", "backup:PutBackupVaultAccessPolicy"]
FOUR = [*THREE, "backup:DeleteBackupVaultAccessPolicy"]

# The estate.


class Field:
    """Builds the cases: `arns` by name, one name for each thing that a verdict is about."""

    def __init__(self, aws: Endpoint) -> None:
        self.aws, self.arns = aws, {}
        self.old = (datetime.now(UTC) - timedelta(days=100)).isoformat()
        self.key = aws.client("kms").create_key(Description="data")["KeyMetadata"]["Arn"]
        self.vault("main")
        self.vault("policy-unread", AWAY)
        build_selections(self)
        build_history(self)
        build_regions(self)
        build_vaults(self)
        build_lifecycles(self)
        build_services(self)

    def vault(self, name: str, region: str = HOME, **told: Any) -> None:
        """A vault, under the key that AWS manages unless another is told."""
        made = self.aws.client("backup", region).create_backup_vault(BackupVaultName=name, **told)
        self.arns[name] = made["BackupVaultArn"]

    def database(self, name: str, region: str = HOME, *, old: bool = True, **tags: str) -> str:
        """An instance without backups of its own, a hundred days old if nothing else is said."""
        told = {
            "DBInstanceClass": "db.t3.medium", "Engine": "postgres", "AllocatedStorage": 100, "MasterUsername": "root",
            "MasterUserPassword": "not-a-secret", "BackupRetentionPeriod": 0, "StorageEncrypted": True,
            "KmsKeyId": self.key, "Tags": _pairs(tags),
        }  # fmt: skip
        made = self.aws.client("rds", region).create_db_instance(DBInstanceIdentifier=name, **told)
        if old:
            row = {"kind": "db_instance", "DBInstanceIdentifier": name, "told": {"InstanceCreateTime": self.old}}
            self.aws.seed([{**row, "account": ACCOUNT, "region": region}])
        self.arns[name] = made["DBInstance"]["DBInstanceArn"]
        return self.arns[name]

    def cluster(self, name: str, region: str, **tags: str) -> str:
        """An Aurora cluster, which always has backups of its own."""
        made = self.aws.client("rds", region).create_db_cluster(
            DBClusterIdentifier=name, Engine="aurora-postgresql", MasterUsername="root",
            MasterUserPassword="not-a-secret", BackupRetentionPeriod=7, Tags=_pairs(tags),
        )  # fmt: skip
        self.arns[name] = made["DBCluster"]["DBClusterArn"]
        return self.arns[name]

    def table(self, name: str, **tags: str) -> None:
        """A table without point-in-time recovery."""
        made = self.aws.client("dynamodb").create_table(
            TableName=name, BillingMode="PAY_PER_REQUEST", Tags=_pairs(tags),
            KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
            AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}],
        )  # fmt: skip
        self.arns[name] = made["TableDescription"]["TableArn"]

    def plan(self, name: str, region: str = HOME, vault: str = "main", rule: dict | None = None, **chosen: Any) -> None:
        """A plan with one rule, and a selection; the plan and its selection by name."""
        backup = self.aws.client("backup", region)
        told = {"RuleName": "nightly", "TargetBackupVaultName": vault, "ScheduleExpression": "cron(0 3 * * ? *)"}
        told |= rule or {"Lifecycle": {"DeleteAfterDays": 35}}
        made = backup.create_backup_plan(BackupPlan={"BackupPlanName": name, "Rules": [told]})
        selection = backup.create_backup_selection(
            BackupPlanId=made["BackupPlanId"],
            BackupSelection={"SelectionName": name, "IamRoleArn": ROLE, **chosen},
        )
        self.arns[f"plan {name}"] = made["BackupPlanArn"]
        self.arns[f"selection {name}"] = f"{made['BackupPlanArn']}#selection/{selection['SelectionId']}"

    def policy(self, vault: str, **statement: Any) -> None:
        """A vault policy of one Deny."""
        text = json.dumps({"Version": "2012-10-17", "Statement": [{"Effect": "Deny", "Resource": "*", **statement}]})
        self.aws.client("backup").put_backup_vault_access_policy(BackupVaultName=vault, Policy=text)

    def point(self, arn: str, vault: str = "main") -> str:
        """A recovery point of just now."""
        job = self.aws.client("backup").start_backup_job(
            BackupVaultName=vault, ResourceArn=arn, IamRoleArn=ROLE, Lifecycle={"DeleteAfterDays": 35}
        )
        return job["RecoveryPointArn"]


def _pairs(tags: dict[str, str]) -> list[dict[str, str]]:
    return [{"Key": key, "Value": value} for key, value in tags.items()]


def tagged(*pairs: tuple[str, str]) -> list[dict[str, str]]:
    """`ListOfTags` of a selection."""
    return [{"ConditionType": "STRINGEQUALS", "ConditionKey": key, "ConditionValue": value} for key, value in pairs]


def when(operator: str, key: str, value: str) -> dict[str, Any]:
    """`Conditions` of a selection."""
    return {operator: [{"ConditionKey": f"aws:ResourceTag/{key}", "ConditionValue": value}]}


def build_selections(made: Field) -> None:
    """Who is selected, at home, where DynamoDB is switched off."""
    made.aws.client("backup").update_region_settings(ResourceTypeOptInPreference={"DynamoDB": False})
    made.database("other-value", colour="silver")
    made.plan("other-value", ListOfTags=tagged(("colour", "gold")))
    kept, excluded = made.database("exclusion-kept"), made.database("exclusion-out")
    made.plan("exclusion", Resources=[kept, excluded], NotResources=["arn:aws:rds:*:*:db:exclusion-out*"])
    made.database("blank-inside", stage="prod db")
    made.database("blank-free", stage="prod-db")
    made.plan("blank", Resources=["arn:aws:rds:*:*:db:blank-*"], Conditions=when("StringLike", "stage", "prod*"))
    for name, pattern in (("type-named", "arn:aws:dynamodb:*:*:table/*"), ("service-named", "arn:aws:dynamodb:*")):
        made.table(name, way=name)
        made.plan(name, Resources=[pattern], Conditions=when("StringEquals", "way", name))
    made.table("tag-named", way="tag-named")
    made.plan("tag-named", ListOfTags=tagged(("way", "tag-named")))
    by_arn = made.database("union-by-arn")
    made.database("union-by-tag", team="blue")
    made.database("union-by-neither", team="green")
    made.plan("union", Resources=[by_arn], ListOfTags=tagged(("team", "red"), ("team", "blue")))


def build_history(made: Field) -> None:
    """What was backed up, and what is."""
    made.database("new", old=False, age="any")
    made.database("never", age="any")
    made.plan("ages", ListOfTags=tagged(("age", "any")))
    made.point(made.database("left-behind"))
    made.point(made.database("departed"))
    made.aws.client("rds").delete_db_instance(DBInstanceIdentifier="departed", SkipFinalSnapshot=True)


def build_regions(made: Field) -> None:
    """A plan in each Region, and one that names what lies in the other."""
    made.database("both-regions-home", plan="both-regions")
    made.cluster("both-regions-away", AWAY, plan="both-regions")
    made.plan("both-regions", ListOfTags=tagged(("plan", "both-regions")))
    made.plan("both-regions", AWAY, "policy-unread", ListOfTags=tagged(("plan", "both-regions")))
    made.plan("wrong-region", Resources=[made.cluster("wrong-region", AWAY)])
    made.database("any-instance", AWAY)
    made.cluster("no-instance", AWAY)
    made.plan("any-instance", AWAY, "policy-unread", Resources=["arn:aws:rds:*:*:db:*"])


def build_vaults(made: Field) -> None:
    """Policies and keys. A point lies in each vault that is asked whether somebody could delete it."""
    one = {"AWS": f"arn:aws:iam::{ACCOUNT}:role/intern"}
    for name, principal in (("deny-one", one), ("deny-all", "*")):
        made.vault(name)
        made.point(made.arns["left-behind"], name)
        made.policy(name, Principal=principal, Action=FOUR)
    made.arns["key of AWS"] = made.aws.client("kms").describe_key(KeyId="alias/aws/backup")["KeyMetadata"]["Arn"]
    made.arns["key of our own"] = made.key
    made.vault("own-key", EncryptionKeyArn=made.key)


def build_lifecycles(made: Field) -> None:
    """Cold storage and no end, for what has cold storage and for what has not; a copy that stays in the Region."""
    cold = {"Lifecycle": {"MoveToColdStorageAfterDays": 30}}
    system = made.aws.client("efs").create_file_system(CreationToken="cold")
    made.arns["cold file system"] = system["FileSystemArn"]
    made.plan("cold-files", rule=cold, Resources=["arn:aws:elasticfilesystem:*:*:file-system/*"])
    made.plan("cold-databases", rule=cold, Resources=[made.database("cold-database")])
    copied = made.database("same-region-copy", owes="a-copy-elsewhere")
    days = {"DeleteAfterDays": 35}
    action = {"DestinationBackupVaultArn": made.arns["own-key"], "Lifecycle": days}
    made.plan("same-region-copy", rule={"Lifecycle": days, "CopyActions": [action]}, Resources=[copied])
    job = made.aws.client("backup").start_copy_job(
        RecoveryPointArn=made.point(copied), SourceBackupVaultName="main", IamRoleArn=ROLE,
        DestinationBackupVaultArn=made.arns["own-key"], Lifecycle=days,
    )  # fmt: skip
    told = made.aws.client("backup").describe_copy_job(CopyJobId=job["CopyJobId"])["CopyJob"]
    assert told["State"] == "COMPLETED", told


def build_services(made: Field) -> None:
    """Buckets that are replicated near and far, and clusters with and without automated snapshots."""
    for name, region in (("near", HOME), ("far", AWAY), ("replicated-near", HOME), ("replicated-far", HOME)):
        s3, bucket = made.aws.client("s3", region), f"field-{ACCOUNT}-{name}"
        where = {"CreateBucketConfiguration": {"LocationConstraint": region}} if region != "us-east-1" else {}
        s3.create_bucket(Bucket=bucket, **where)
        s3.put_bucket_versioning(Bucket=bucket, VersioningConfiguration={"Status": "Enabled"})
        made.arns[name] = f"arn:aws:s3:::{bucket}"
    for name in ("near", "far"):
        rule = {
            "ID": "all", "Priority": 1, "Status": "Enabled", "Filter": {},
            "DeleteMarkerReplication": {"Status": "Disabled"}, "Destination": {"Bucket": made.arns[name]},
        }  # fmt: skip
        made.aws.client("s3").put_bucket_replication(
            Bucket=f"field-{ACCOUNT}-replicated-{name}",
            ReplicationConfiguration={"Role": f"arn:aws:iam::{ACCOUNT}:role/replication", "Rules": [rule]},
        )
    redshift = made.aws.client("redshift")
    for name, days in (("by-hand-only", 0), ("by-itself", 7)):
        redshift.create_cluster(
            ClusterIdentifier=name, NodeType="dc2.large", ClusterType="single-node", MasterUsername="owner",
            MasterUserPassword="Not-a-secret-1",
        )  # fmt: skip
        redshift.modify_cluster(ClusterIdentifier=name, AutomatedSnapshotRetentionPeriod=days)
        redshift.create_cluster_snapshot(SnapshotIdentifier=f"{name}-1", ClusterIdentifier=name)
        made.arns[name] = f"arn:aws:redshift:{HOME}:{ACCOUNT}:cluster:{name}"


# Simpler readings: what each makes of a thing, through clients. They read whatever AWS shows, and no more than their tool does.

Reading = Callable[[Field, str], str]


def _verdict(holds: object) -> str:
    return "pass" if holds else "fail"


def _selections(made: Field, *regions: str) -> Iterator[dict[str, Any]]:
    for region in regions or REGIONS:
        backup = made.aws.client("backup", region)
        for plan in backup.list_backup_plans()["BackupPlansList"]:
            told = {"BackupPlanId": plan["BackupPlanId"]}
            for one in backup.list_backup_selections(**told)["BackupSelectionsList"]:
                yield backup.get_backup_selection(SelectionId=one["SelectionId"], **told)["BackupSelection"]


def _tags(made: Field, arn: str) -> dict[str, str]:
    region = arn.split(":")[3]
    if ":dynamodb:" in arn:
        listed = made.aws.client("dynamodb", region).list_tags_of_resource(ResourceArn=arn)["Tags"]
    else:
        listed = made.aws.client("rds", region).list_tags_for_resource(ResourceName=arn)["TagList"]
    return {tag["Key"]: tag["Value"] for tag in listed}


def listed_literally(made: Field, arn: str) -> str:
    """An ARN that is written out, everything, or the one pattern that the tool knows for the type."""
    known = {arn, "*", "arn:aws:rds:*:*:instance:*"}
    return _verdict(any(known & set(one["Resources"]) for one in _selections(made)))


def tag_key(made: Field, arn: str) -> str:
    """A tag whose key a selection names, whatever its value."""
    keys = {tag["ConditionKey"] for one in _selections(made) for tag in one["ListOfTags"]}
    return _verdict(keys & set(_tags(made, arn)))


def pattern_as_in_a_shell(made: Field, arn: str) -> str:
    """A pattern of resources, and conditions in which a star stands for anything."""
    tags = _tags(made, arn)
    return _verdict(
        any(
            any(fnmatchcase(arn, pattern) for pattern in one["Resources"])
            and all(
                fnmatchcase(
                    tags.get(asked["ConditionKey"].removeprefix("aws:ResourceTag/"), ""), asked["ConditionValue"]
                )
                for asked in one["Conditions"]["StringLike"]
            )
            for one in _selections(made)
        )
    )


def both_ways_at_once(made: Field, arn: str) -> str:
    """Named by ARN, and with every tag of the list."""
    tags = _tags(made, arn)
    return _verdict(
        any(
            (not one["Resources"] or any(fnmatchcase(arn, pattern) for pattern in one["Resources"]))
            and all(tags.get(tag["ConditionKey"]) == tag["ConditionValue"] for tag in one["ListOfTags"])
            and (one["Resources"] or one["ListOfTags"])
            for one in _selections(made, arn.split(":")[3])
        )
    )


def type_switched_on(made: Field, arn: str) -> str:
    """The type is switched on in the Region, whatever a selection names."""
    on = made.aws.client("backup", arn.split(":")[3]).describe_region_settings()["ResourceTypeOptInPreference"]
    return _verdict(on["DynamoDB"])


def ever_backed_up(made: Field, arn: str) -> str:
    """AWS Backup has a point of it."""
    rows = made.aws.client("backup", arn.split(":")[3]).list_protected_resources()["Results"]
    return _verdict(arn in {row["ResourceArn"] for row in rows})


def first_region_only(made: Field, arn: str) -> str:
    """Plans of every Region, asked of one Region's endpoint until it refuses."""
    backup = made.aws.client("backup", arn.split(":")[3])
    plans = [
        plan for region in REGIONS for plan in made.aws.client("backup", region).list_backup_plans()["BackupPlansList"]
    ]
    keys: set[str] = set()
    try:
        for plan in plans:
            told = {"BackupPlanId": plan["BackupPlanId"]}
            for one in backup.list_backup_selections(**told)["BackupSelectionsList"]:
                chosen = backup.get_backup_selection(SelectionId=one["SelectionId"], **told)["BackupSelection"]
                keys |= {tag["ConditionKey"] for tag in chosen["ListOfTags"]}
    except ClientError:
        pass
    return _verdict(keys & set(_tags(made, arn)))


def _vault(arn: str) -> tuple[str, str]:
    parts = arn.split(":")
    return parts[3], parts[6]


def three_actions_denied(made: Field, arn: str) -> str:
    """A Deny of the three actions and every resource, to whomever; a policy that is not shown is none."""
    region, name = _vault(arn)
    try:
        policy = made.aws.client("backup", region).get_backup_vault_access_policy(BackupVaultName=name)["Policy"]
    except ClientError:
        return "fail"
    return _verdict(
        any(
            one["Effect"] == "Deny" and one["Resource"] == "*" and set(THREE) <= set(one["Action"])
            for one in json.loads(policy)["Statement"]
        )
    )


def has_a_key(made: Field, arn: str) -> str:
    """Every vault under the key names one."""
    return _verdict(
        arn in {row["EncryptionKeyArn"] for row in made.aws.client("backup").list_backup_vaults()["BackupVaultList"]}
    )


def _lifecycles(made: Field, arn: str) -> list[dict[str, Any]]:
    told = made.aws.client("backup").get_backup_plan(BackupPlanId=arn.rpartition(":")[2])
    return [rule["Lifecycle"] for rule in told["BackupPlan"]["Rules"]]


def deleted_late_enough(made: Field, arn: str) -> str:
    """Every lifecycle names 35 days or more; none named is too few."""
    return _verdict(all(one.get("DeleteAfterDays", 0) >= 35 for one in _lifecycles(made, arn)))


def cold_and_deleted(made: Field, arn: str) -> str:
    """A lifecycle has both."""
    return _verdict(
        any({"MoveToColdStorageAfterDays", "DeleteAfterDays"} <= set(one) for one in _lifecycles(made, arn))
    )


def copies_somewhere(made: Field, arn: str) -> str:
    """A copy job of it has completed, wherever to."""
    jobs = made.aws.client("backup").list_copy_jobs(ByResourceArn=arn)["CopyJobs"]
    return _verdict(any(job["State"] == "COMPLETED" for job in jobs))


def replicates(made: Field, arn: str) -> str:
    """A rule of replication is enabled."""
    told = made.aws.client("s3").get_bucket_replication(Bucket=arn.rpartition(":")[2])
    return _verdict(any(rule["Status"] == "Enabled" for rule in told["ReplicationConfiguration"]["Rules"]))


def has_a_snapshot(made: Field, arn: str) -> str:
    """Any snapshot of it, made by whomever and whenever."""
    told = made.aws.client("redshift").describe_cluster_snapshots(ClusterIdentifier=arn.rpartition(":")[2])
    return _verdict([one for one in told["Snapshots"] if one["SnapshotType"] == "manual"])


# The table.


@dataclass(frozen=True)
class Row:
    """A verdict; `reading` says something else, and is None for the twin that shows that the rule can say both."""

    case: str
    rule: str
    subject: str
    verdict: str
    reading: Reading | None
    why: str
    source: str = field(default=SELECTING, repr=False)


UNCOVERED, NATIVE, BLOCKED = "resource-not-covered", "native-backup-only", "opt-in-blocks-coverage"
DENIED, DELETABLE = "vault-deletion-not-denied", "vault-points-deletable"
# A subject of which nothing at all is said.
NOTHING = "nothing"
ROWS = (
    Row("wildcard of instances", UNCOVERED, "any-instance", "pass", listed_literally,
        "the ARNs of instances have `db`, not `instance`; a plan names all of them by `db:*`"),
    Row("wildcard of instances", NATIVE, "no-instance", "fail", None, "`db:*` names no cluster"),
    Row("value of a tag", UNCOVERED, "other-value", "fail", tag_key, "the key is that of the selection, the value is not"),
    Row("exclusion", UNCOVERED, "exclusion-out", "fail", listed_literally, "NotResources takes out what Resources names"),
    Row("exclusion", UNCOVERED, "exclusion-kept", "pass", None, "what it does not match stays"),
    Row("blank in a tag", UNCOVERED, "blank-inside", "fail", pattern_as_in_a_shell,
        "a star stands for characters that are no blanks", f"{GUIDE}/assigning-resources.html"),
    Row("blank in a tag", UNCOVERED, "blank-free", "pass", None, "and for a hyphen it does"),
    Row("blank in a tag", "selection-tag-with-space", "selection blank", "fail", None, "which is a finding of the selection"),
    Row("blank in a tag", "selection-tag-with-space", "selection other-value", "pass", None, "it has no pattern"),
    Row("type that is switched off", UNCOVERED, "type-named", "pass", type_switched_on,
        "an ARN that names the type is backed up whatever the Region's setting"),
    Row("type that is switched off", BLOCKED, "type-named", "pass", type_switched_on, "so nothing blocks it"),
    Row("type that is switched off", BLOCKED, "service-named", "fail", None, "an ARN that names the service obeys it"),
    Row("type that is switched off", UNCOVERED, "service-named", "fail", None, "so that nothing backs it up"),
    Row("type that is switched off", BLOCKED, "tag-named", "fail", tag_key, "a selection by tag obeys it"),
    Row("type that is switched off", UNCOVERED, "tag-named", "fail", tag_key, "so that nothing backs it up"),
    Row("ARNs and tags in one selection", UNCOVERED, "union-by-arn", "pass", both_ways_at_once,
        "Resources and ListOfTags add to each other", f"{GUIDE}/API_BackupSelection.html"),
    Row("ARNs and tags in one selection", UNCOVERED, "union-by-tag", "pass", both_ways_at_once, "one tag of the list is enough"),
    Row("ARNs and tags in one selection", UNCOVERED, "union-by-neither", "fail", None, "neither an ARN nor a tag of the list"),
    Row("new, and no point yet", UNCOVERED, "new", "pass", ever_backed_up,
        "a plan takes it tonight", f"{GUIDE}/API_ListProtectedResources.html"),
    Row("new, and no point yet", "newest-point-stale", "new", "pass", ever_backed_up,
        "no more can be lost than was written since it was made"),
    Row("new, and no point yet", "last-recovery-point-too-old", "new", "not_applicable", ever_backed_up,
        "it is younger than its newest point may be old", CONTROLS),
    Row("new, and no point yet", "newest-point-stale", "never", "fail", None, "the same plan, and a hundred days without a point"),
    Row("new, and no point yet", "last-recovery-point-too-old", "never", "fail", None, "the same", CONTROLS),
    Row("protected once", UNCOVERED, "left-behind", "fail", ever_backed_up,
        "it has a point, and is in no plan", f"{GUIDE}/API_ListProtectedResources.html"),
    Row("protected once", "point-orphaned", "departed", "fail", ever_backed_up,
        "AWS Backup lists it for as long as it has a point of it", f"{GUIDE}/API_ListProtectedResources.html"),
    Row("protected once", UNCOVERED, "departed", NOTHING, ever_backed_up, "what is gone owes no backups, and raises no share"),
    Row("protected once", "point-orphaned", "left-behind", "pass", None, "it is there"),
    Row("Deny for one principal", DENIED, "deny-one", "fail", three_actions_denied,
        "the control asks for a Deny of every principal", CONTROLS),
    Row("Deny for one principal", DELETABLE, "deny-one", "fail", three_actions_denied,
        "everybody else can delete points", f"{GUIDE}/create-a-vault-access-policy.html"),
    Row("Deny for one principal", DENIED, "deny-all", "pass", None, "the same actions, to everybody", CONTROLS),
    Row("Deny for one principal", DELETABLE, "deny-all", "pass", None, "nobody is left who can"),
    Row("cold storage and no end", "plan-retention-too-short", "plan cold-files", "pass", deleted_late_enough,
        "without DeleteAfterDays points are kept for ever", f"{GUIDE}/API_Lifecycle.html"),
    Row("cold storage and no end", "lifecycle-invalid", "plan cold-files", "pass", cold_and_deleted,
        "AWS takes it, and file systems have cold storage", f"{GUIDE}/API_Lifecycle.html"),
    Row("cold storage and no end", "lifecycle-invalid", "plan cold-databases", "fail", None,
        "databases have none: it is ignored without a word", f"{GUIDE}/API_Lifecycle.html"),
    Row("elsewhere that is here", "s3-replication-missing", "replicated-near", "fail", replicates,
        "it goes to a bucket of the same Region",
        "https://docs.aws.amazon.com/config/latest/developerguide/s3-bucket-cross-region-replication-enabled.html"),
    Row("elsewhere that is here", "s3-replication-missing", "replicated-far", "pass", None, "it goes to the other Region"),
    Row("elsewhere that is here", "cross-region-copy-missing", "same-region-copy", "fail", copies_somewhere,
        "it was copied to another vault of the same Region", f"{GUIDE}/cross-region-backup.html"),
    Row("key that AWS manages", "vault-key-aws-managed", "key of AWS", "fail", has_a_key,
        "every vault has a key; this one nobody can keep from anybody", f"{GUIDE}/encryption.html"),
    Row("key that AWS manages", "vault-key-aws-managed", "key of our own", "pass", None, "the account manages it"),
    Row("snapshots by hand only", "redshift-backups-off", "by-hand-only", "fail", has_a_snapshot,
        "automated snapshots are off; one that somebody made once is no backup of today",
        "https://docs.aws.amazon.com/config/latest/developerguide/redshift-backup-enabled.html"),
    Row("snapshots by hand only", UNCOVERED, "by-hand-only", "fail", has_a_snapshot, "nor does a plan take it"),
    Row("snapshots by hand only", "redshift-backups-off", "by-itself", "pass", None, "a week"),
    Row("policy that is not shown", DENIED, "policy-unread", "unknown", three_actions_denied,
        "whoever may not read it does not know", f"{GUIDE}/API_GetBackupVaultAccessPolicy.html"),
    Row("policy that is not shown", DELETABLE, "policy-unread", "unknown", three_actions_denied, "nor this"),
    Row("plans in two Regions", NATIVE, "both-regions-away", "pass", first_region_only,
        "each Region has its own plans, and only its own endpoint tells of them",
        "https://docs.aws.amazon.com/general/latest/gr/bk.html"),
    Row("plans in two Regions", UNCOVERED, "both-regions-home", "pass", None, "the same at home"),
    Row("plans in two Regions", NATIVE, "wrong-region", "fail", listed_literally,
        "a plan backs up what lies in its Region, and nothing of another",
        "https://docs.aws.amazon.com/general/latest/gr/bk.html"),
)  # fmt: skip
# What no client can build: AWS takes no wildcard in the actions of a vault policy. A rule of the policy reader decides it.
IN_RUST = {
    "Deny of all actions": (
        "src/facts/policies/denial.rs", "fn who_can_still_delete()",
        '("all actions by wildcard", vec![deny(&json!({ "Action": "backup:*" }))], open, yes)',
    ),
}  # fmt: skip


@dataclass(frozen=True)
class Judged:
    """What was built, and every verdict on it."""

    made: Field
    verdicts: dict[tuple[str, str], str]


@pytest.fixture(scope="module")
def judged(
    emulator: Endpoint, audit_in: Callable[[Path], Audit], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Judged]:
    home = tmp_path_factory.mktemp("differential")
    audit = audit_in(home)
    emulator.reset()
    made = Field(emulator)
    (home / "audit.yaml").write_text(CONFIGURATION)
    emulator.fault("deny", service="backup", operation="GetBackupVaultAccessPolicy", region=AWAY)
    time.sleep(1.1)  # a collection speaks for the second in which it begins, and not for what was made in it
    done = audit.collect(home / "data")
    assert done.returncode == 11, f"all but the one policy was read: {done.stderr}"
    yield Judged(made, audit.evaluate(home / "data", home / "audit.yaml", home / "out").verdicts)
    emulator.clear_faults()


def test_verdicts_are_those_of_aws(judged: Judged) -> None:
    keys = {(row.rule, row.subject): row for row in ROWS}
    assert len(keys) == len(ROWS), "no row twice"
    seen = {key: judged.verdicts.get((key[0], judged.made.arns[key[1]]), NOTHING) for key in keys}
    assert differences({key: row.verdict for key, row in keys.items()}, seen) == []


@pytest.mark.parametrize("row", [row for row in ROWS if row.reading], ids=lambda row: f"{row.rule}-{row.subject}")
def test_a_simpler_reading_says_something_else(judged: Judged, row: Row) -> None:
    assert row.reading is not None
    opinion = row.reading(judged.made, judged.made.arns[row.subject])
    assert opinion in ("pass", "fail") and opinion != row.verdict, row.why


def test_every_case_stands_in_the_way_of_a_simpler_reading() -> None:
    cases = {row.case for row in ROWS}
    assert cases == {row.case for row in ROWS if row.reading}
    assert len(cases | set(IN_RUST)) == 16


def test_what_no_client_can_build_is_decided_in_rust(aws: Endpoint) -> None:
    root = Path(__file__).resolve().parents[2]
    for file, test, row in IN_RUST.values():
        text = (root / file).read_text(encoding="utf-8")
        assert row in text.split(test, 1)[1].split("#[test]", 1)[0]
    aws.client("backup").create_backup_vault(BackupVaultName="any")
    policy = {"Statement": [{"Effect": "Deny", "Principal": "*", "Action": "backup:*", "Resource": "*"}]}
    with pytest.raises(ClientError, match="Wildcards"):
        aws.client("backup").put_backup_vault_access_policy(BackupVaultName="any", Policy=json.dumps(policy))
