"""Keys that a vault, a point or a database names."""

from __future__ import annotations

from estate.foundation import Foundation
from estate.keys import MULTI_REGION
from estate.population import AWAY, HOME
from estate.truth.verdicts import FAIL, NOT_APPLICABLE, PASS, Truth, Truths, kept
from harness import ACCOUNT

# The key that AWS manages for RDS is there in both Regions, and used in one.
USED = {HOME: ("estate", "disabled", "doomed", "aws/rds", "aws/backup"), AWAY: ("estate", "aws/backup")}


def of_keys(made: Foundation) -> Truths:
    """Those of the account that are in use."""
    for region, names in USED.items():
        for name in names:
            arn, doomed = made.keys[(ACCOUNT, region, name)], name == "doomed"
            yield Truth("key-pending-deletion", arn, kept(not doomed), f"the key {name}")
            yield Truth("key-rotation-off", arn, *_rotation(name))
            several = NOT_APPLICABLE if name.startswith("aws/") else kept(name != MULTI_REGION)
            yield Truth("key-multi-region", arn, several, f"the key {name}")


def _rotation(name: str) -> tuple[str, str]:
    if name == "doomed":
        return NOT_APPLICABLE, "KMS does not rotate what waits for its deletion"
    if name.startswith("aws/"):
        return NOT_APPLICABLE, "AWS rotates the keys it manages"
    return (PASS, "it rotates every year") if name == "estate" else (FAIL, "it was never switched on")
