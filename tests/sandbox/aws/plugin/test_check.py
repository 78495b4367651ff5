"""Check: what the SDK and AWS's models forbid is refused by name; names and defaults are filled in."""

from __future__ import annotations

import json
from typing import Any

import pytest

from datahall.sandbox.aws.plugin.properties import UNKNOWN
from tests.sandbox.aws.plugin.client import Plugin, RefusedError

VPC = "aws:ec2/vpc:Vpc"
SUBNET = "aws:ec2/subnet:Subnet"
KEY = "aws:kms/key:Key"
BUCKET = "aws:s3/bucket:Bucket"
ROLE = "aws:iam/role:Role"
TRUST = {
    "Version": "2012-10-17",
    "Statement": [
        {"Effect": "Allow", "Principal": {"Service": "ec2.amazonaws.com"}, "Action": "sts:AssumeRole"}
    ],
}


@pytest.mark.parametrize(
    ("kind", "inputs", "field", "words"),
    [
        (VPC, {"cidr": "10.0.0.0/16"}, "cidr", "unknown property"),
        (VPC, {"cidrBlok": "10.0.0.0/16"}, "cidrBlok", "did you mean cidrBlock?"),
        (VPC, {"ipv4IpamPoolId": "ipam-1"}, "ipv4IpamPoolId", "not supported by the sandbox"),
        (VPC, {"cidrBlock": "10.0.0.0/16", "enableDnsSupport": "perhaps"}, "enableDnsSupport", "'perhaps'"),
        (VPC, {"cidrBlock": "10.0.0.0/16", "instanceTenancy": "mine"}, "instanceTenancy", "dedicated"),
        (SUBNET, {"cidrBlock": "10.0.0.0/24"}, "vpcId", "missing"),
        (
            SUBNET,
            {"vpcId": "vpc-1", "availabilityZone": "us-west-2a", "availabilityZoneId": "usw2-az1"},
            "availabilityZoneId",
            "exclude each other",
        ),
        (KEY, {"keyUsage": "GUESSING"}, "keyUsage", "ENCRYPT_DECRYPT"),
        (KEY, {"rotationPeriodInDays": 10, "enableKeyRotation": True}, "rotationPeriodInDays", "at least 90"),
        (KEY, {"description": ["a"]}, "description", "must be a string"),
        (ROLE, {"assumeRolePolicy": TRUST, "maxSessionDuration": 60}, "maxSessionDuration", "at least 3600"),
        (ROLE, {"assumeRolePolicy": TRUST, "tags": "none"}, "tags", "must be a map"),
        (BUCKET, {"acl": "public-read"}, "acl", "not supported by the sandbox"),
        (
            "aws:s3/bucketVersioning:BucketVersioning",
            {"bucket": "b", "versioningConfiguration": {"status": "On"}},
            "versioningConfiguration.status",
            "Enabled, Suspended",
        ),
        (
            "aws:s3/bucketVersioning:BucketVersioning",
            {"bucket": "b", "versioningConfiguration": {"mfaDelete": "Disabled"}},
            "versioningConfiguration.status",
            "missing",
        ),
        (
            "aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule",
            {"securityGroupId": "sg-1", "ipProtocol": "tcp"},
            "cidrIpv4",
            "exactly one of these",
        ),
        (
            "aws:ec2/launchTemplate:LaunchTemplate",
            {"networkInterfaces": [{"deviceIndex": 0, "ipv4Prefixes": ["10.0.0.0/28"]}]},
            "networkInterfaces.ipv4Prefixes",
            "not supported by the sandbox",
        ),
        (
            "aws:ec2/launchTemplate:LaunchTemplate",
            {"metadataOptions": {"httpTokens": "sometimes"}},
            "metadataOptions.httpTokens",
            "optional, required",
        ),
    ],
)
def test_bad_input_is_refused_by_name(
    plugin: Plugin, kind: str, inputs: dict[str, Any], field: str, words: str
) -> None:
    with pytest.raises(RefusedError) as refused:
        plugin.check(kind, "it", inputs)
    assert words in refused.value.failures[field]
    assert field in refused.value.failures[field]


def test_all_faults_are_told_at_once(plugin: Plugin) -> None:
    with pytest.raises(RefusedError) as refused:
        plugin.check(SUBNET, "it", {"cidrBlok": "10.0.0.0/24", "mapPublicIpOnLaunch": 7})
    assert set(refused.value.failures) == {"cidrBlok", "mapPublicIpOnLaunch", "vpcId"}


def test_a_secret_is_not_told(plugin: Plugin) -> None:
    with pytest.raises(RefusedError) as refused:
        plugin.check(KEY, "it", {"keyUsage": "hunter2"}, secrets=("keyUsage",))
    assert "hunter2" not in str(refused.value)


def test_a_refused_input_may_be_given_as_what_it_is_anyway(plugin: Plugin) -> None:
    checked = plugin.check(SUBNET, "it", {"vpcId": "vpc-1", "ipv6Native": False})
    assert checked["ipv6Native"] is False


def test_unknown_values_pass(plugin: Plugin) -> None:
    checked = plugin.check(SUBNET, "it", {"vpcId": UNKNOWN, "cidrBlock": UNKNOWN, "tags": {"a": UNKNOWN}})
    assert checked["vpcId"] is UNKNOWN
    assert checked["tagsAll"] is UNKNOWN


def test_a_policy_given_as_an_object_becomes_its_text(plugin: Plugin) -> None:
    checked = plugin.check(ROLE, "it", {"assumeRolePolicy": TRUST})
    assert json.loads(checked["assumeRolePolicy"]) == TRUST


def test_a_policy_with_an_unknown_in_it_is_unknown(plugin: Plugin) -> None:
    checked = plugin.check(ROLE, "it", {"assumeRolePolicy": {"Statement": [{"Resource": UNKNOWN}]}})
    assert checked["assumeRolePolicy"] is UNKNOWN


def test_names_are_made_of_the_urn_and_the_engines_seed(plugin: Plugin) -> None:
    first = plugin.check(BUCKET, "Data", {})["bucket"]
    assert first.startswith("data-")
    assert len(first) == len("data-") + 7
    assert plugin.check(BUCKET, "Data", {})["bucket"] == first
    assert plugin.check(BUCKET, "Data", {}, seed=b"another")["bucket"] != first


def test_a_name_once_made_stays(plugin: Plugin) -> None:
    olds = plugin.check(BUCKET, "data", {})
    assert plugin.check(BUCKET, "data", {}, olds, seed=b"another")["bucket"] == olds["bucket"]


def test_a_name_prefix_starts_the_name(plugin: Plugin) -> None:
    checked = plugin.check(ROLE, "it", {"assumeRolePolicy": TRUST, "namePrefix": "team-"})
    assert checked["name"].startswith("team-")
    assert len(checked["name"]) == len("team-") + 26


def test_long_names_are_cut(plugin: Plugin) -> None:
    assert len(plugin.check(BUCKET, "x" * 200, {})["bucket"]) == 63


def test_defaults_are_those_of_the_official_provider(plugin: Plugin) -> None:
    checked = plugin.check(KEY, "it", {})
    assert checked["customerMasterKeySpec"] == "SYMMETRIC_DEFAULT"
    assert checked["__defaults"] == [
        "bypassPolicyLockoutSafetyCheck",
        "customerMasterKeySpec",
        "isEnabled",
        "keyUsage",
    ]


def test_an_unsupported_type_is_named(plugin: Plugin) -> None:
    with pytest.raises(Exception, match="aws:sqs/queue:Queue: the sandbox's aws provider has no such type"):
        plugin.check("aws:sqs/queue:Queue", "it", {})
