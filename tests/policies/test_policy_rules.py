"""Each rule, through the pack's own process: a compliant resource, one broken property, one unknown."""

from typing import Any

import pytest

from tests.policies.analyzer import UNKNOWN, Pack
from tests.policies.cases import IMDSV2, Case, changed, each, label
from tests.policies.cases_access import ACCESS
from tests.policies.cases_cluster import CLUSTER
from tests.policies.cases_storage import STORAGE

CASES = STORAGE + CLUSTER + ACCESS
UNKNOWNS = [(case, path) for case in CASES for path in case.unknown]


def _ids(changes: list[tuple[Case, str, Any]]) -> list[str]:
    return [f"{case.rule}-{case.type.split(':')[-1]}-{path}-{label(value)}" for case, path, value in changes]


@pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case.rule}-{case.type.split(':')[-1]}")
def test_no_rule_objects_to_a_compliant_resource(pack: Pack, case: Case) -> None:
    assert pack.judge(case.type, case.compliant).findings == ()


BROKEN = list(each(CASES, "broken"))


@pytest.mark.parametrize(("case", "path", "value"), BROKEN, ids=_ids(BROKEN))
def test_a_broken_property_is_refused(pack: Pack, case: Case, path: str, value: object) -> None:
    verdict = pack.judge(case.type, changed(case.compliant, path, value))
    assert verdict.violations(case.rule), "not refused"
    assert not verdict.not_judged()
    fields = {path.split(".", maxsplit=1)[0], *case.compliant}
    for message in verdict.violations(case.rule):
        assert any(field in message for field in fields), "the message names no property"


ALSO = list(each(CASES, "also"))


@pytest.mark.parametrize(("case", "path", "value"), ALSO, ids=_ids(ALSO))
def test_other_compliant_values_pass(pack: Pack, case: Case, path: str, value: object) -> None:
    assert not pack.judge(case.type, changed(case.compliant, path, value)).violations(case.rule)


@pytest.mark.parametrize(
    ("case", "path"), UNKNOWNS, ids=[f"{c.rule}-{c.type.split(':')[-1]}-{p}" for c, p in UNKNOWNS]
)
def test_an_unknown_property_is_neither_passed_nor_refused(pack: Pack, case: Case, path: str) -> None:
    verdict = pack.judge(case.type, changed(case.compliant, path, UNKNOWN))
    assert verdict.not_judged(case.rule)
    assert not verdict.violations()


def test_an_unknown_property_does_not_hide_a_breach(pack: Pack) -> None:
    rule = "require-efs-encryption"
    verdict = pack.judge("aws:efs/fileSystem:FileSystem", {"encrypted": False, "kmsKeyId": UNKNOWN})
    assert len(verdict.violations(rule)) == 1
    assert len(verdict.not_judged(rule)) == 1


def test_every_breach_of_a_resource_is_reported_at_once(pack: Pack) -> None:
    verdict = pack.judge("aws:eks/cluster:Cluster", {"vpcConfig": {"endpointPublicAccess": True}})
    messages = "\n".join(verdict.violations())
    assert "encryptionConfig" in messages
    assert "endpointPrivateAccess is not set" in messages
    assert "endpointPublicAccess is True" in messages


def test_a_launch_configuration_is_refused_whatever_it_says(pack: Pack) -> None:
    verdict = pack.judge(
        "aws:ec2/launchConfiguration:LaunchConfiguration",
        {"instanceType": "m5.large", "rootBlockDevice": {"encrypted": True}, "metadataOptions": IMDSV2},
    )
    (found,) = verdict.violations()
    assert "use a launch template" in found


@pytest.mark.parametrize(
    ("rule", "change"),
    [
        ("disallow-node-ssh", {"keyName": "mine"}),
        ("disallow-public-addresses", {"associatePublicIpAddress": True}),
        ("require-imdsv2", {"metadataOptions": {**IMDSV2, "httpTokens": "optional"}}),
        ("require-metadata-hop-limit", {"metadataOptions": {**IMDSV2, "httpPutResponseHopLimit": 2}}),
    ],
)
def test_a_launch_configuration_is_judged_by_the_other_rules_too(
    pack: Pack, rule: str, change: dict[str, Any]
) -> None:
    properties = {"instanceType": "m5.large", "metadataOptions": IMDSV2, **change}
    assert pack.judge("aws:ec2/launchConfiguration:LaunchConfiguration", properties).violations(rule)


def test_a_resource_of_another_type_is_nobodys_business(pack: Pack) -> None:
    assert pack.judge("random:index/randomId:RandomId", {"byteLength": 4}).findings == ()
