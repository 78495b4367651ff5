"""Create, read, update and delete as a user meets them: tags, drift, secrets, errors, many at once."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import grpc
import pytest
from pulumi.runtime.proto import provider_pb2, status_pb2

from datahall.sandbox.aws.plugin.properties import UNKNOWN, decode, encode
from tests.sandbox.aws.plugin.client import REGION, Live, Plugin, RefusedError, urn

VPC = "aws:ec2/vpc:Vpc"
SUBNET = "aws:ec2/subnet:Subnet"
BUCKET = "aws:s3/bucket:Bucket"
KEY = "aws:kms/key:Key"
POLICY = "aws:iam/policy:Policy"
DOCUMENT = '{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"s3:GetObject","Resource":"*"}]}'

Make = Callable[..., Live]
Clients = Callable[..., Any]


@pytest.fixture
def tagging(plugin: Plugin) -> Plugin:
    """The provider with default tags; the session's configuration comes back with `restored`."""
    plugin.configure(region=REGION, defaultTags='{"tags": {"Owner": "platform", "Name": "default"}}')
    return plugin


@pytest.fixture(autouse=True)
def restored(plugin: Plugin) -> Any:  # noqa: ANN401  # a generator
    yield
    plugin.configure(region=REGION)


def test_default_tags_are_in_tags_all_and_in_aws(tagging: Plugin, made: Make, client: Clients) -> None:
    vpc = made(VPC, "tagged", {"cidrBlock": "10.0.0.0/16", "tags": {"Name": "mine"}})
    assert vpc.outputs["tags"] == {"Name": "mine"}
    assert vpc.outputs["tagsAll"] == {"Owner": "platform", "Name": "mine"}
    live = client("ec2").describe_vpcs(VpcIds=[vpc.id])["Vpcs"][0]["Tags"]
    assert {tag["Key"]: tag["Value"] for tag in live} == vpc.outputs["tagsAll"]


def test_a_resource_lives_in_the_region_it_names(made: Make, client: Clients) -> None:
    vpc = made(VPC, "abroad", {"cidrBlock": "10.0.0.0/16", "region": "eu-west-1"})
    assert vpc.outputs["region"] == "eu-west-1"
    assert vpc.outputs["arn"].startswith("arn:aws:ec2:eu-west-1:")
    assert client("ec2", "eu-west-1").describe_vpcs(VpcIds=[vpc.id])["Vpcs"]


def test_preview_tells_what_is_known(plugin: Plugin) -> None:
    planned = plugin.create(VPC, "planned", {"cidrBlock": "10.0.0.0/16"}, preview=True)
    assert planned.id == ""
    assert planned.outputs["cidrBlock"] == "10.0.0.0/16"
    assert planned.outputs["arn"] is UNKNOWN
    assert planned.outputs["enableDnsSupport"] is True


def test_drift_is_read_as_inputs(plugin: Plugin, made: Make, client: Clients) -> None:
    vpc = made(VPC, "drifting", {"cidrBlock": "10.0.0.0/16", "tags": {"Name": "a"}})
    client("ec2").create_tags(Resources=[vpc.id], Tags=[{"Key": "Name", "Value": "b"}])
    client("ec2").modify_vpc_attribute(VpcId=vpc.id, EnableDnsSupport={"Value": False})
    _, inputs, outputs = plugin.read(vpc)
    assert inputs["tags"] == {"Name": "b"}
    assert inputs["enableDnsSupport"] is False
    assert outputs["tagsAll"] == {"Name": "b"}
    repaired = plugin.update(Live(VPC, vpc.name, vpc.id, inputs, outputs), {"cidrBlock": "10.0.0.0/16"})
    assert repaired.outputs["enableDnsSupport"] is True
    assert repaired.outputs["tagsAll"] == {}


def test_what_is_gone_reads_as_no_id(plugin: Plugin, made: Make, client: Clients) -> None:
    bucket = made(BUCKET, "vanishing", {})
    client("s3").delete_bucket(Bucket=bucket.id)
    assert plugin.read(bucket)[0] == ""


def test_a_bucket_with_objects_is_kept_unless_force_destroy(
    plugin: Plugin, made: Make, client: Clients
) -> None:
    bucket = made(BUCKET, "full", {})
    client("s3").put_bucket_versioning(Bucket=bucket.id, VersioningConfiguration={"Status": "Enabled"})
    client("s3").put_object(Bucket=bucket.id, Key="a", Body=b"1")
    client("s3").put_object(Bucket=bucket.id, Key="a", Body=b"2")
    client("s3").delete_object(Bucket=bucket.id, Key="a")
    with pytest.raises(
        grpc.RpcError, match="BucketNotEmpty: it holds objects; empty it, or set forceDestroy"
    ):
        plugin.delete(bucket)
    forced = plugin.update(bucket, {"forceDestroy": True})
    plugin.delete(forced)
    assert plugin.read(forced)[0] == ""


def test_a_key_waits_as_long_as_it_was_told(plugin: Plugin, client: Clients) -> None:
    key = plugin.create(KEY, "short-lived", {"deletionWindowInDays": 9})
    plugin.delete(key)
    data = client("kms").describe_key(KeyId=key.id)["KeyMetadata"]
    assert data["KeyState"] == "PendingDeletion"
    assert (data["DeletionDate"] - data["CreationDate"]).days in (8, 9)
    assert plugin.read(key)[0] == ""


def test_errors_are_awss_own_and_name_the_property(plugin: Plugin) -> None:
    with pytest.raises(grpc.RpcError) as failed:
        plugin.create(SUBNET, "lost", {"vpcId": "vpc-0123456789abcdef0", "cidrBlock": "10.0.0.0/24"})
    text = str(failed.value.details())
    assert text.startswith(f"creating {SUBNET} lost: InvalidVpcID.NotFound: ")
    assert text.endswith("(property vpcId)")
    assert "Traceback" not in text


def test_what_exists_all_the_same_is_told_with_the_error(plugin: Plugin, client: Clients) -> None:
    inputs = plugin.check(BUCKET, "half-done", {"tags": {"aws:reserved": "x"}})
    request = provider_pb2.CreateRequest(urn=urn(BUCKET, "half-done"), properties=encode(inputs))
    with pytest.raises(grpc.RpcError, match="creating aws:s3/bucket:Bucket half-done: InvalidTag") as failed:
        plugin.stub.Create(request)
    metadata = {one.key: one.value for one in failed.value.trailing_metadata()}
    details = bytes(metadata["grpc-status-details-bin"])
    told = provider_pb2.ErrorResourceInitFailed()
    assert status_pb2.Status.FromString(details).details[0].Unpack(told)
    assert told.id == inputs["bucket"]
    client("s3").delete_bucket(Bucket=told.id)


def test_secrets_stay_secret(plugin: Plugin, made: Make) -> None:
    policy = made(POLICY, "hidden", {"policy": DOCUMENT}, secrets=("policy",))
    assert policy.secrets == {"policy"}
    answer = plugin.stub.Update(
        provider_update(policy.id, policy.inputs, {**policy.inputs, "tags": {"a": "b"}}, policy.outputs)
    )
    assert "policy" in decode(answer.properties).secrets


def provider_update(identifier: str, old: dict[str, Any], new: dict[str, Any], state: dict[str, Any]) -> Any:  # noqa: ANN401  # a message
    return provider_pb2.UpdateRequest(
        id=identifier,
        urn=urn(POLICY, "hidden"),
        olds=encode(state, ("policy",)),
        old_inputs=encode(old, ("policy",)),
        news=encode({**new, "tagsAll": {"a": "b"}}, ("policy",)),
    )


def test_many_are_made_at_once(plugin: Plugin, made: Make) -> None:
    vpc = made(VPC, "busy", {"cidrBlock": "10.0.0.0/16"})

    def subnet(index: int) -> Live:
        return plugin.create(
            SUBNET,
            f"subnet{index}",
            {"vpcId": vpc.id, "cidrBlock": f"10.0.{index}.0/24", "tags": {"i": str(index)}},
        )

    with ThreadPoolExecutor(16) as pool:
        subnets = list(pool.map(subnet, range(16)))
        assert {one.outputs["cidrBlock"] for one in subnets} == {f"10.0.{index}.0/24" for index in range(16)}
        list(pool.map(plugin.delete, subnets))


def test_functions_answer_from_the_emulated_aws(plugin: Plugin) -> None:
    zones = plugin.invoke("aws:index/getAvailabilityZones:getAvailabilityZones", {"state": "available"})
    assert zones["names"][:2] == ["us-west-2a", "us-west-2b"]
    assert len(zones["zoneIds"]) == len(zones["names"])
    assert plugin.invoke("aws:index/getCallerIdentity:getCallerIdentity", {})["accountId"] == "123456789012"
    assert plugin.invoke("aws:index/getRegion:getRegion", {})["region"] == REGION
    assert plugin.invoke("aws:index/getPartition:getPartition", {})["partition"] == "aws"
    with pytest.raises(RefusedError):
        plugin.invoke("aws:index/getAvailabilityZones:getAvailabilityZones", {"sate": "available"})
    with pytest.raises(grpc.RpcError, match="not supported by the sandbox"):
        plugin.invoke("aws:ec2/getAmi:getAmi", {})
