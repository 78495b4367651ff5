"""What holds for all components at once, present and future."""

import ast
import dataclasses
import inspect
import json
import pkgutil
import sys
from collections.abc import Iterator, Mapping
from decimal import Decimal
from importlib import import_module
from pathlib import Path
from typing import Any

import pulumi
import pulumi_aws
import pytest

import components
from datahall.capacity import prices
from datahall.engine import ResourceState
from datahall.testing import Stack

ROOT = Path(__file__).parents[2]
FOLDERS = ("components", "stacks")
ALLOWED = {
    "components": {"pulumi", "pulumi_aws", "components"},
    "stacks": {"pulumi", "pydantic", "yaml", "stacks", "components"},
}
BANNED_ARGS = ("encrypt", "kms", "public", "ssh", "remote_access", "enable")
"""Words that would make an argument a switch of encryption or privacy."""

# where AWS takes the key, for every type of ours that it stores data in
ENCRYPTED: Mapping[str, str] = {
    "aws:backup/vault:Vault": "kmsKeyArn",
    "aws:cloudwatch/logGroup:LogGroup": "kmsKeyId",
    "aws:ebs/defaultKmsKey:DefaultKmsKey": "keyArn",
    "aws:ecr/repository:Repository": "encryptionConfigurations",
    "aws:efs/fileSystem:FileSystem": "kmsKeyId",
    "aws:eks/cluster:Cluster": "encryptionConfig",
    "aws:ec2/launchTemplate:LaunchTemplate": "blockDeviceMappings",
    "aws:fsx/lustreFileSystem:LustreFileSystem": "kmsKeyId",
    "aws:s3/bucketServerSideEncryptionConfiguration:BucketServerSideEncryptionConfiguration": "rules",
}


def modules() -> Iterator[Any]:
    yield components
    for found in pkgutil.walk_packages(components.__path__, "components."):
        yield import_module(found.name)


def defined(kind: type) -> dict[str, type]:
    """Every class of that kind that the package defines, by its full name."""
    return {
        f"{each.__module__}.{each.__name__}": each
        for module in modules()
        for _, each in inspect.getmembers(module, inspect.isclass)
        if issubclass(each, kind) and each.__module__.startswith("components")
    }


COMPONENTS = defined(pulumi.ComponentResource)
ARGS = {
    name: each
    for name, each in defined(object).items()
    if name.endswith("Args") and dataclasses.is_dataclass(each)
}


@pytest.fixture(scope="module")
def resources(site: Stack) -> list[ResourceState]:
    """All that an environment has, less the stack itself and its providers."""
    return [each for each in site.resources if not each.type.startswith("pulumi:")]


@pytest.fixture(scope="module")
def custom(resources: list[ResourceState]) -> list[ResourceState]:
    return [each for each in resources if each.custom]


def aws_class(token: str) -> type:
    """The SDK's class for ``aws:s3/bucket:Bucket``."""
    _, path, name = token.split(":")
    found: type = getattr(getattr(pulumi_aws, path.split("/")[0]), name)
    return found


def test_there_are_the_components_that_the_design_names() -> None:
    names = {each.__name__ for each in COMPONENTS.values()}
    assert {"Network", "Encryption", "Storage", "Cluster", "GpuNodePool", "BareMetalPool"} <= names


@pytest.mark.parametrize("name", COMPONENTS)
def test_each_component_is_exported_with_its_args_and_resources(name: str) -> None:
    short = COMPONENTS[name].__name__
    for wanted in (short, f"{short}Args", f"{short}Resources"):
        assert wanted in components.__all__
        assert hasattr(components, wanted)


@pytest.mark.parametrize("name", COMPONENTS)
def test_each_component_takes_a_name_args_and_options(name: str) -> None:
    kind = COMPONENTS[name]
    assert list(inspect.signature(kind).parameters) == ["name", "args", "opts"]
    hints = inspect.get_annotations(vars(kind)["__init__"])
    assert hints["args"] in (f"{kind.__name__}Args", f"{kind.__name__}Args | None")


@pytest.mark.parametrize("name", ARGS)
def test_args_are_frozen_and_keyword_only(name: str) -> None:
    kind = ARGS[name]
    assert kind.__dataclass_params__.frozen  # type: ignore[attr-defined]  # dataclasses has no public name for it
    assert all(each.kw_only for each in dataclasses.fields(kind))
    assert "__post_init__" in vars(kind)


@pytest.mark.parametrize("name", ARGS)
def test_args_have_no_switch_for_encryption_or_privacy(name: str) -> None:
    for each in dataclasses.fields(ARGS[name]):
        if isinstance(each.default, bool):
            assert not any(word in each.name for word in BANNED_ARGS), each.name


def test_type_tokens_are_ours_and_differ(resources: list[ResourceState]) -> None:
    tokens = {each.type for each in resources if not each.custom}
    assert tokens == {f"datahall:components:{each.__name__}" for each in COMPONENTS.values()}
    assert len(tokens) == len(COMPONENTS)


@pytest.mark.parametrize("name", COMPONENTS)
def test_outputs_that_a_component_declares_are_there(name: str, resources: list[ResourceState]) -> None:
    kind = COMPONENTS[name]
    recorded = next(each for each in resources if each.type == f"datahall:components:{kind.__name__}")
    declared = set(inspect.get_annotations(kind))
    assert recorded.outputs
    assert set(recorded.outputs) <= declared
    assert all(value not in (None, "", []) for value in recorded.outputs.values())


def test_every_resource_has_a_component_for_parent(custom: list[ResourceState]) -> None:
    for each in custom:
        assert each.parent is not None, each.urn
        assert "::datahall:components:" in str(each.parent).replace("$", "::"), each.urn


def test_every_taggable_resource_is_tagged(custom: list[ResourceState]) -> None:
    for each in custom:
        if not each.type.startswith("aws:") or not hasattr(aws_class(each.type), "tags"):
            continue
        tags = each.inputs.get("tags") or {}
        wanted = {"Name", "owner", "cost-centre", "ttl", "environment"}
        assert wanted <= set(tags), f"{each.urn}: {wanted - set(tags)}"


def test_whatever_stores_data_is_encrypted_with_a_key_of_ours(
    custom: list[ResourceState], outputs: dict[str, Any]
) -> None:
    keys = {value for name, value in outputs.items() if name.endswith("_key_arn")}
    seen = set()
    for each in custom:
        if each.type in ENCRYPTED:
            seen.add(each.type)
            given = json.dumps(each.inputs[ENCRYPTED[each.type]])
            assert any(key in given for key in keys), each.urn
    assert seen == set(ENCRYPTED)


def test_every_bucket_has_everything_that_protects_it(custom: list[ResourceState]) -> None:
    buckets = {each.outputs["bucket"] for each in custom if each.type == "aws:s3/bucket:Bucket"}
    assert len(buckets) == 3
    for kind in (
        "BucketServerSideEncryptionConfiguration",
        "BucketVersioning",
        "BucketPublicAccessBlock",
        "BucketOwnershipControls",
        "BucketPolicy",
        "BucketLifecycleConfiguration",
    ):
        assert {each.inputs["bucket"] for each in custom if each.type.endswith(f":{kind}")} == buckets


def test_no_machine_and_no_subnet_gives_out_public_addresses(custom: list[ResourceState]) -> None:
    for each in custom:
        if each.type.endswith(":Subnet"):
            assert not each.inputs.get("mapPublicIpOnLaunch")
        if each.type.endswith(":LaunchTemplate"):
            for interface in each.inputs["networkInterfaces"]:
                assert interface["associatePublicIpAddress"] == "false"
        if each.type.endswith(":Cluster"):
            assert each.inputs["vpcConfig"]["endpointPublicAccess"] is False


def test_no_identity_may_do_everything(custom: list[ResourceState]) -> None:
    for each in custom:
        if each.type.endswith((":RolePolicy", ":Role")):
            document = json.loads(each.inputs.get("policy") or each.inputs["assumeRolePolicy"])
            for statement in document["Statement"]:
                assert not any(action in ("*", "*:*") for action in statement["Action"]), each.urn
                assert statement.get("Principal") != {"AWS": "*"}, each.urn


def test_the_catalogue_and_the_cost_estimate_agree_on_prices() -> None:
    for name, kind in components.INSTANCE_TYPES.items():
        if kind.usd_per_hour is None:
            assert name in prices.NOT_ON_DEMAND
        else:
            assert prices.GPU_HOUR[name] == Decimal(str(kind.usd_per_hour)), name


@pytest.mark.parametrize("folder", FOLDERS)
def test_components_and_stacks_import_nothing_of_ours_but_each_other(folder: str) -> None:
    for path in (ROOT / folder).rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Import):
                names = [each.name for each in node.names]
            elif isinstance(node, ast.ImportFrom):
                names = [node.module or ""]
            else:
                continue
            outside = {each.partition(".")[0] for each in names} - set(sys.stdlib_module_names)
            assert outside <= ALLOWED[folder], f"{path}: {outside - ALLOWED[folder]}"
