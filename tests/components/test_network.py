"""Network, read back from AWS."""

from collections.abc import Callable
from typing import Any

import pytest
from botocore.client import BaseClient

from components import Network, NetworkArgs
from datahall.engine import EngineError
from datahall.testing import NewStack

Client = Callable[[str], BaseClient]


@pytest.fixture(scope="module")
def ec2(client: Client) -> BaseClient:
    return client("ec2")


def of(outputs: dict[str, Any]) -> list[dict[str, Any]]:
    return [{"Name": "vpc-id", "Values": [outputs["vpc_id"]]}]


def test_names_resolve_in_the_vpc(ec2: BaseClient, outputs: dict[str, Any]) -> None:
    (vpc,) = ec2.describe_vpcs(VpcIds=[outputs["vpc_id"]])["Vpcs"]
    assert vpc["CidrBlock"] == "10.0.0.0/16"
    for attribute in ("enableDnsSupport", "enableDnsHostnames"):
        told = ec2.describe_vpc_attribute(VpcId=outputs["vpc_id"], Attribute=attribute)
        assert told[attribute[0].upper() + attribute[1:]]["Value"]


def test_each_zone_has_a_public_and_a_private_subnet(ec2: BaseClient, outputs: dict[str, Any]) -> None:
    subnets = {each["SubnetId"]: each for each in ec2.describe_subnets(Filters=of(outputs))["Subnets"]}
    assert set(subnets) == {*outputs["public_subnet_ids"], *outputs["private_subnet_ids"]}
    for kind in ("public", "private"):
        zones = [subnets[each]["AvailabilityZone"] for each in outputs[f"{kind}_subnet_ids"]]
        assert zones == ["us-west-2a", "us-west-2b"]
    assert not any(each["MapPublicIpOnLaunch"] for each in subnets.values())


def test_private_subnets_reach_out_by_nat_only(ec2: BaseClient, outputs: dict[str, Any]) -> None:
    defaults = {}
    for table in ec2.describe_route_tables(Filters=of(outputs))["RouteTables"]:
        for association in table["Associations"]:
            for route in table["Routes"]:
                if route.get("DestinationCidrBlock") == "0.0.0.0/0":
                    defaults[association.get("SubnetId")] = route
    (nat,) = ec2.describe_nat_gateways(Filter=of(outputs))["NatGateways"]
    assert nat["SubnetId"] == outputs["public_subnet_ids"][0]
    for subnet in outputs["private_subnet_ids"]:
        assert defaults[subnet]["NatGatewayId"] == nat["NatGatewayId"]
    for subnet in outputs["public_subnet_ids"]:
        assert defaults[subnet]["GatewayId"].startswith("igw-")


def test_the_default_security_group_lets_nothing_pass(ec2: BaseClient, outputs: dict[str, Any]) -> None:
    filters = [*of(outputs), {"Name": "group-name", "Values": ["default"]}]
    (group,) = ec2.describe_security_groups(Filters=filters)["SecurityGroups"]
    assert group["IpPermissions"] == []
    assert group["IpPermissionsEgress"] == []


def test_efa_members_talk_among_themselves_only(ec2: BaseClient, outputs: dict[str, Any]) -> None:
    group_id = outputs["efa_security_group_id"]
    (group,) = ec2.describe_security_groups(GroupIds=[group_id])["SecurityGroups"]
    for way in ("IpPermissions", "IpPermissionsEgress"):
        (rule,) = group[way]
        assert rule["IpProtocol"] == "-1"
        assert [pair["GroupId"] for pair in rule["UserIdGroupPairs"]] == [group_id]
        assert not rule["IpRanges"]


def test_nothing_is_open_to_the_world(ec2: BaseClient, outputs: dict[str, Any]) -> None:
    for group in ec2.describe_security_groups(Filters=of(outputs))["SecurityGroups"]:
        for rule in group["IpPermissions"]:
            assert "0.0.0.0/0" not in [each["CidrIp"] for each in rule["IpRanges"]]


def test_aws_services_are_reached_without_the_internet(ec2: BaseClient, outputs: dict[str, Any]) -> None:
    found = ec2.describe_vpc_endpoints(Filters=of(outputs))["VpcEndpoints"]
    endpoints = {each["ServiceName"].removeprefix("com.amazonaws.us-west-2."): each for each in found}
    assert set(endpoints) == {"s3", "ec2", "ecr.api", "ecr.dkr", "eks", "eks-auth", "logs", "sts"}
    gateway = endpoints.pop("s3")
    assert gateway["VpcEndpointType"] == "Gateway"
    assert len(gateway["RouteTableIds"]) == 1 + len(outputs["private_subnet_ids"])
    for endpoint in endpoints.values():
        assert endpoint["VpcEndpointType"] == "Interface"
        assert endpoint["PrivateDnsEnabled"]
        assert set(endpoint["SubnetIds"]) == set(outputs["private_subnet_ids"])
        (group_id,) = [group["GroupId"] for group in endpoint["Groups"]]
        (group,) = ec2.describe_security_groups(GroupIds=[group_id])["SecurityGroups"]
        (rule,) = group["IpPermissions"]
        assert (rule["FromPort"], rule["ToPort"]) == (443, 443)
        assert [each["CidrIp"] for each in rule["IpRanges"]] == ["10.0.0.0/16"]


def test_all_traffic_is_recorded_encrypted_for_a_year(
    client: Client, ec2: BaseClient, outputs: dict[str, Any]
) -> None:
    filters = [{"Name": "resource-id", "Values": [outputs["vpc_id"]]}]
    (log,) = ec2.describe_flow_logs(Filters=filters)["FlowLogs"]
    assert log["TrafficType"] == "ALL"
    assert log["FlowLogStatus"] == "ACTIVE"
    name = "/datahall/datahall-local/flow-logs"
    assert log["LogGroupName"] == name or log["LogDestination"].endswith(f":log-group:{name}")
    (group,) = client("logs").describe_log_groups(logGroupNamePrefix=name)["logGroups"]
    assert group["kmsKeyId"] == outputs["logs_key_arn"]
    assert group["retentionInDays"] >= 365


def test_a_region_with_too_few_zones_is_told_and_nothing_stays(stack: NewStack) -> None:
    def program() -> None:
        key = "arn:aws:kms:us-west-1:123456789012:key/00000000-0000-0000-0000-000000000000"
        Network("datahall-narrow", NetworkArgs(log_key_arn=key, zones=3))

    with pytest.raises(EngineError, match="zones: 3: the region has 2: us-west-1a, us-west-1b; ask"):
        stack(program, config={"aws:region": "us-west-1"}).up()
