"""What holds for every rule: what it says of itself, what it reads, and that the docs list it."""

import gzip
import importlib
import importlib.util
import json
import re
import subprocess
import sys
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any, get_args, get_origin

import pytest
from pulumi import _types
from pulumi.runtime.proto import analyzer_pb2

from policies.catalogue import Rule, rules, to_dicts
from policies.training.accelerators import ENCRYPTING, family, is_accelerated
from tests.policies.analyzer import PACK, Pack, running_pack
from tests.policies.cases import Case
from tests.policies.test_policy_rules import CASES

DOCS = PACK.parent / "docs" / "policies.md"
FIRST_FIFTEEN = {
    *("CKV_AWS_3", "CKV_AWS_189", "EC2.3", "CKV_AWS_106", "EC2.7", "CKV_AWS_42", "EFS.1", "CKV_AWS_190"),
    *("CKV_AWS_145", "S3.17", "CKV_AWS_58", "EKS.3", "CIS-EKS-5.3.1", "CKV_AWS_7", "KMS.4", "CKV_AWS_33"),
    *("KMS.5", "CKV_AWS_136", "CKV_AWS_166", "CKV_AWS_158", "CKV_AWS_338", "S3.5", "CKV_AWS_103"),
    *("CKV2_AWS_20", "AISF-ML-03", "CKV_AWS_38", "CKV_AWS_39", "EKS.1", "CIS-EKS-5.4.1", "CIS-EKS-5.4.2"),
}
_ID = re.compile(r"(CKV2?_AWS_\d+|CIS-EKS-\d+(\.\d+)+|AISF-ML-\d\d|[A-Z][A-Za-z0-9]+\.\d+)")


@pytest.mark.parametrize("rule", rules(), ids=lambda rule: rule.name)
def test_a_rule_says_what_it_is(rule: Rule) -> None:
    assert rule.ids
    assert all(_ID.fullmatch(one) for one in rule.ids)
    assert rule.severity in ("low", "medium", "high", "critical")
    assert rule.enforcement == "mandatory"
    assert rule.framework.split(", ")[-1] in rule.ids
    assert rule.description.endswith(".")
    assert rule.remediation.endswith(".")
    assert rule.url.startswith("https://docs.aws.amazon.com/")


def test_the_ids_of_the_first_fifteen_rules_are_all_there() -> None:
    assert {one for rule in rules() for one in rule.ids} >= FIRST_FIFTEEN


def test_each_rule_has_a_file_of_its_own_name() -> None:
    named = {path.stem.replace("_", "-") for path in PACK.rglob("*.py") if path.parent != PACK}
    files = {name for name in named if name.startswith(("require-", "disallow-"))}
    assert files == {rule.name for rule in rules()}


def test_the_running_pack_says_the_same_as_the_catalogue(pack: Pack) -> None:
    info = pack.info()
    served = {
        policy.name: (
            analyzer_pb2.EnforcementLevel.Name(policy.enforcementLevel).lower(),
            analyzer_pb2.PolicySeverity.Name(policy.severity).removeprefix("POLICY_SEVERITY_").lower(),
            tuple(policy.tags),
            policy.remediation_steps,
            analyzer_pb2.PolicyType.Name(policy.policy_type).removeprefix("POLICY_TYPE_").lower(),
        )
        for policy in info.policies
    }
    listed = {r.name: (r.enforcement, r.severity, r.ids, r.remediation, r.judges) for r in rules()}
    assert info.name == "datahall"
    assert served == listed


def test_every_resource_rule_has_cases_of_every_kind() -> None:
    for rule in (rule.name for rule in rules() if rule.judges == "resource"):
        own = [case for case in CASES if case.rule == rule]
        assert any(case.broken for case in own), rule
        assert any(case.unknown for case in own), rule


def test_every_type_that_a_rule_reads_has_a_case() -> None:
    read = {
        (path.stem.replace("_", "-"), token)
        for path in PACK.rglob("*_*.py")
        for token in re.findall(r'"(aws:\w+/\w+:\w+)": ', path.read_text())
    }
    # Launch configurations never comply, and so have tests of their own.
    resource_rules = {rule.name for rule in rules() if rule.judges == "resource"}
    judged = {
        (rule, token)
        for rule, token in read
        if rule in resource_rules and not token.endswith(":LaunchConfiguration")
    }
    assert judged <= {(case.rule, case.type) for case in CASES}


@pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case.rule}-{case.type.split(':')[-1]}")
def test_the_provider_has_the_types_and_properties_that_the_rules_read(case: Case) -> None:
    module, name = re.fullmatch(r"aws:(\w+)/\w+:(\w+)", case.type).groups()  # type: ignore[union-attr]  # a bad token must fail here
    resource = getattr(importlib.import_module(f"pulumi_aws.{module}"), name)
    properties = getattr(sys.modules[resource.__module__], f"_{name}State")
    assert list(_strangers(properties, case.compliant)) == []


def _strangers(cls: type, properties: Mapping[str, Any]) -> list[str]:
    """Return the properties, at any depth, that an SDK's input class does not have."""
    known = _types.input_type_types(cls)
    found: list[str] = []
    for name, value in properties.items():
        if name not in known:
            found.append(f"{cls.__name__}.{name}")
            continue
        inner = _input_class(known[name])
        blocks = value if isinstance(value, list) else [value]
        if inner is not None:
            found += [one for block in blocks if isinstance(block, dict) for one in _strangers(inner, block)]
    return found


def _input_class(hint: object) -> type | None:
    if isinstance(hint, type) and _types.is_input_type(hint):
        return hint
    if get_origin(hint) is None:
        return None
    return next((found for one in get_args(hint) if (found := _input_class(one))), None)


def test_the_docs_list_exactly_the_catalogue() -> None:
    rows = re.findall(r"^\| `([a-z0-9-]+)` \| (.+?) \| (.+?) \| (.+?) \| (.+?) \|$", DOCS.read_text(), re.M)
    assert [tuple(row) for row in rows] == [
        (rule.name, rule.judges, rule.severity, ", ".join(rule.ids), rule.description) for rule in rules()
    ]


def test_the_catalogue_is_plain_data() -> None:
    rows = to_dicts()
    assert [row["name"] for row in rows] == [rule.name for rule in rules()]
    assert all(row["ids"] and row["remediation"] for row in rows)


def test_the_pack_loads_no_provider_sdk() -> None:
    check = "import sys, policies.catalogue; print(sorted(m for m in sys.modules if m.startswith('pulumi_')))"
    loaded = subprocess.run(
        [sys.executable, "-c", check], capture_output=True, text=True, check=True, cwd=PACK.parent
    ).stdout
    assert "pulumi_aws" not in loaded
    assert "pulumi_policy" in loaded


def test_the_pack_answers_soon_after_it_is_started() -> None:
    started = time.monotonic()
    with running_pack() as started_pack:
        assert started_pack.info().policies
    assert time.monotonic() - started < 10  # about 0.5 s on an idle machine


def test_the_accelerator_table_agrees_with_the_emulators_instance_types() -> None:
    spec = importlib.util.find_spec("moto")
    assert spec is not None
    assert spec.origin is not None
    # moto ships what EC2's DescribeInstanceTypes answered
    data = Path(spec.origin).parent / "ec2" / "resources" / "instance_types.json.gz"
    types = json.loads(gzip.decompress(data.read_bytes()))
    accelerated = {name: facts["NetworkInfo"] for name, facts in types.items() if is_accelerated(name)}
    assert {"p5.48xlarge", "g6e.48xlarge", "g5g.xlarge", "trn2.48xlarge"} <= accelerated.keys()
    for name, network in accelerated.items():
        assert (family(name) in ENCRYPTING) == network["EncryptionInTransitSupported"], name
