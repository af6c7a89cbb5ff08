"""KMS keys of the estate: one good one in each Region, one that is off, one that is going away."""

from __future__ import annotations

from estate.population import AWAY, HOME, KEEPER
from harness import ACCOUNT, Endpoint

# (account, Region, name); all but the keys that go bad rotate every year.
_MADE = (
    (ACCOUNT, HOME, "estate"),
    (ACCOUNT, HOME, "disabled"),
    (ACCOUNT, HOME, "doomed"),
    (ACCOUNT, AWAY, "estate"),
    (KEEPER, HOME, "estate"),
)
_ROTATING = ("estate",)
# The key that other Regions could have replicas of.
MULTI_REGION = "disabled"
# The keys AWS manages for a service; they are there once they are asked for.
_MANAGED = ("rds", "backup")
Keys = dict[tuple[str, str, str], str]


def make_keys(aws: Endpoint) -> Keys:
    """Make them all, good; their ARNs by account, Region and name."""
    made: Keys = {}
    for account, region, name in _MADE:
        kms = aws.client("kms", region, account)
        told = kms.create_key(Description=f"{name} key", MultiRegion=name == MULTI_REGION)
        made[(account, region, name)] = told["KeyMetadata"]["Arn"]
        if name in _ROTATING:
            kms.enable_key_rotation(KeyId=made[(account, region, name)])
    for region in (HOME, AWAY):
        for service in _MANAGED:
            told = aws.client("kms", region).describe_key(KeyId=f"alias/aws/{service}")
            made[(ACCOUNT, region, f"aws/{service}")] = told["KeyMetadata"]["Arn"]
    return made


def spoil_keys(aws: Endpoint, keys: Keys) -> None:
    """What went wrong since the databases were made."""
    kms = aws.client("kms", HOME)
    kms.disable_key(KeyId=keys[(ACCOUNT, HOME, "disabled")])
    kms.schedule_key_deletion(KeyId=keys[(ACCOUNT, HOME, "doomed")], PendingWindowInDays=7)
