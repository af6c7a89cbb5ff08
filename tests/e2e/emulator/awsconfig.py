"""AWS Config as an auditor of backups needs it: how often is recorded, compliance with rules, conformance packs.

moto keeps recorders, channels, rules and aggregators and evaluates nothing. Evaluations
are seeded (`config_evaluation`); the compliance with a rule follows from them:
`INSUFFICIENT_DATA` if there are none. That a service made a rule is seeded too
(`config_rule`). A pack is deployed at once, without its rules. What a recorder that is
started has to record, it has recorded.
Importing this module patches moto's classes.
"""

from __future__ import annotations

import json
import uuid
from typing import Any

from moto.config.exceptions import NoSuchConfigRuleException
from moto.config.models import ConfigBackend, ConfigRecorder, ConfigRecorderStatus, config_backends
from moto.config.responses import ConfigResponse

from emulator.paging import PageSize, page
from emulator.times import now

Row = dict[str, Any]
# The most that AWS counts.
_CAP = 25
_put_recorder = ConfigBackend.put_configuration_recorder
_recorder_told = ConfigRecorder.to_dict
_start = ConfigRecorderStatus.start


def put_configuration_recorder(backend: ConfigBackend, told: Row) -> None:
    """Keep the recording mode, which moto drops, and make the ARN."""
    _put_recorder(backend, told)
    place = f"{backend.region_name}:{backend.account_id}"
    backend.recorders[told["name"]]._ours = {
        "arn": f"arn:aws:config:{place}:configuration-recorder/{told['name']}/{uuid.uuid4().hex[:8]}",
        "recordingMode": told.get("recordingMode") or {"recordingFrequency": "CONTINUOUS"},
    }


def start(status: ConfigRecorderStatus) -> None:
    """Begin to record, and succeed at once: moto would wait for ever."""
    _start(status)
    status.last_status = "SUCCESS"


def recorder_told(recorder: ConfigRecorder) -> Row:
    """With what moto does not know."""
    return {**_recorder_told(recorder), **getattr(recorder, "_ours", {})}


def _kept(backend: ConfigBackend, kind: str) -> list[Row]:
    rows: list[Row] = backend.__dict__.setdefault(f"our_{kind}", [])
    return rows


def seed_evaluation(account: str, region: str, told: Row) -> None:
    """Put the result of a rule that is there in place; told are members of `EvaluationResult`."""
    backend = config_backends[account][region]
    name = told["EvaluationResultIdentifier"]["EvaluationResultQualifier"]["ConfigRuleName"]
    if name not in backend.config_rules:
        raise ValueError(f"no rule {name}")
    _kept(backend, "evaluations").append(told)


def seed_rule(account: str, region: str, told: Row) -> None:
    """Fix what no customer can say of a rule that is there: `CreatedBy`."""
    config_backends[account][region].config_rules[told["ConfigRuleName"]].created_by = told["CreatedBy"]


def _results(backend: ConfigBackend, rule: str) -> list[Row]:
    return [
        row
        for row in _kept(backend, "evaluations")
        if row["EvaluationResultIdentifier"]["EvaluationResultQualifier"]["ConfigRuleName"] == rule
    ]


def _compliance(backend: ConfigBackend, rule: str) -> Row:
    kinds = [row["ComplianceType"] for row in _results(backend, rule)]
    bad = kinds.count("NON_COMPLIANT")
    if not bad:
        return {"ComplianceType": "COMPLIANT" if "COMPLIANT" in kinds else "INSUFFICIENT_DATA"}
    count = {"CappedCount": min(bad, _CAP), "CapExceeded": bad > _CAP}
    return {"ComplianceType": "NON_COMPLIANT", "ComplianceContributorCount": count}


def _page(response: ConfigResponse, key: str, rows: list[Row], most: int) -> str:
    """A page of a list. Instants are epoch seconds."""
    backend, asked = response.config_backend, response._get_param("Limit") or most
    scope = [backend.account_id, backend.region_name, key, response._get_param("ConfigRuleName")]
    found, token = page(lambda: rows, PageSize.of(asked), response._get_param("NextToken"), scope)
    return json.dumps({key: found, **({"NextToken": token} if token else {})})


def describe_compliance_by_config_rule(response: ConfigResponse) -> str:
    """Of every rule, or of those that are named."""
    backend = response.config_backend
    names = response._get_param("ConfigRuleNames") or list(backend.config_rules)
    for name in names:
        if name not in backend.config_rules:
            raise NoSuchConfigRuleException(name)
    rows = [{"ConfigRuleName": name, "Compliance": _compliance(backend, name)} for name in names]
    return _page(response, "ComplianceByConfigRules", rows, 25)


def get_compliance_details_by_config_rule(response: ConfigResponse) -> str:
    """The results of one rule."""
    name = response._get_param("ConfigRuleName")
    if name not in response.config_backend.config_rules:
        raise NoSuchConfigRuleException(name)
    return _page(response, "EvaluationResults", _results(response.config_backend, name), 10)


def put_conformance_pack(response: ConfigResponse) -> str:
    """Deployed at once."""
    backend, name = response.config_backend, response._get_param("ConformancePackName")
    identity, moment = f"conformance-pack-{uuid.uuid4().hex[:9]}", now().timestamp()
    arn = f"arn:aws:config:{backend.region_name}:{backend.account_id}:conformance-pack/{name}/{identity}"
    named = {"ConformancePackName": name, "ConformancePackArn": arn, "ConformancePackId": identity}
    _kept(backend, "packs").append({**named, "LastUpdateRequestedTime": moment})
    stack = f"arn:aws:cloudformation:{backend.region_name}:{backend.account_id}:stack/awsconfigconforms-{name}/1"
    _kept(backend, "pack_states").append(
        {
            **named,
            "ConformancePackState": "CREATE_COMPLETE",
            "StackArn": stack,
            "LastUpdateRequestedTime": moment,
            "LastUpdateCompletedTime": moment,
        }
    )
    return json.dumps({"ConformancePackArn": arn})


def describe_conformance_packs(response: ConfigResponse) -> str:
    """All of them."""
    return _page(response, "ConformancePackDetails", _kept(response.config_backend, "packs"), 20)


def describe_conformance_pack_status(response: ConfigResponse) -> str:
    """Of all of them."""
    return _page(response, "ConformancePackStatusDetails", _kept(response.config_backend, "pack_states"), 20)


ConfigBackend.put_configuration_recorder = put_configuration_recorder
ConfigRecorder.to_dict = recorder_told
ConfigRecorderStatus.start = start
for function in (
    describe_compliance_by_config_rule, get_compliance_details_by_config_rule, put_conformance_pack,
    describe_conformance_packs, describe_conformance_pack_status,
):  # fmt: skip
    setattr(ConfigResponse, function.__name__, function)
