"""What is in use cannot be deleted; taken down in order, nothing is left."""

import json
from collections.abc import Callable
from typing import Any

import pytest
from botocore.exceptions import ClientError

from datahall.sandbox.aws import control
from tests.sandbox.aws.server.world import REGION, TRUST, World


def refused(code: str, call: Callable[..., Any], **arguments: object) -> None:
    with pytest.raises(ClientError) as caught:
        call(**arguments)
    assert caught.value.response["Error"]["Code"] == code, caught.value


@pytest.fixture
def own(server: control.Server) -> World:
    """A world whose network is its own."""
    return World(server.url, region="eu-west-1", name="own")


def left(server: control.Server, region: str) -> list[control.Resource]:
    return [one for one in control.inventory(server.url) if one.region == region and one.left]


def test_network_is_taken_down_in_order(server: control.Server, own: World) -> None:
    ec2 = own.client("ec2")
    vpc, subnets, group = own.vpc, own.subnets, own.group
    gateway = ec2.create_internet_gateway()["InternetGateway"]["InternetGatewayId"]
    address = ec2.allocate_address(Domain="vpc")["AllocationId"]
    refused("Gateway.NotAttached", ec2.create_nat_gateway, SubnetId=subnets[0], AllocationId=address)
    ec2.attach_internet_gateway(InternetGatewayId=gateway, VpcId=vpc)
    nat = ec2.create_nat_gateway(SubnetId=subnets[0], AllocationId=address)["NatGateway"]["NatGatewayId"]
    refused("Resource.AlreadyAssociated", ec2.create_nat_gateway, SubnetId=subnets[1], AllocationId=address)
    table = ec2.create_route_table(VpcId=vpc)["RouteTable"]["RouteTableId"]
    other = ec2.create_route_table(VpcId=vpc)["RouteTable"]["RouteTableId"]
    ec2.create_route(RouteTableId=table, DestinationCidrBlock="0.0.0.0/0", NatGatewayId=nat)
    ec2.associate_route_table(RouteTableId=table, SubnetId=subnets[0])
    refused("Resource.AlreadyAssociated", ec2.associate_route_table, RouteTableId=other, SubnetId=subnets[0])
    second = ec2.create_security_group(GroupName="second", Description="d", VpcId=vpc)["GroupId"]
    rule = {"IpProtocol": "-1", "UserIdGroupPairs": [{"GroupId": group}]}
    ec2.authorize_security_group_ingress(GroupId=second, IpPermissions=[rule])

    refused("DependencyViolation", ec2.delete_vpc, VpcId=vpc)
    refused("DependencyViolation", ec2.delete_subnet, SubnetId=subnets[0])
    refused("DependencyViolation", ec2.delete_security_group, GroupId=group)
    refused("DependencyViolation", ec2.delete_internet_gateway, InternetGatewayId=gateway)
    refused("DependencyViolation", ec2.detach_internet_gateway, InternetGatewayId=gateway, VpcId=vpc)
    refused("InvalidIPAddress.InUse", ec2.release_address, AllocationId=address)
    refused("DependencyViolation", ec2.delete_route_table, RouteTableId=table)

    ec2.delete_nat_gateway(NatGatewayId=nat)
    refused("NatGatewayNotFound", ec2.delete_nat_gateway, NatGatewayId=nat)
    ec2.release_address(AllocationId=address)
    ec2.detach_internet_gateway(InternetGatewayId=gateway, VpcId=vpc)
    ec2.delete_internet_gateway(InternetGatewayId=gateway)
    for name in subnets:
        ec2.delete_subnet(SubnetId=name)
    for name in (table, other):
        ec2.delete_route_table(RouteTableId=name)
    ec2.delete_security_group(GroupId=second)
    ec2.delete_security_group(GroupId=group)
    ec2.delete_vpc(VpcId=vpc)
    refused("InvalidVpcID.NotFound", ec2.delete_vpc, VpcId=vpc)
    assert left(server, "eu-west-1") == []


def test_default_group_stays(world: World) -> None:
    ec2 = world.client("ec2")
    wanted = [{"Name": "vpc-id", "Values": [world.vpc]}, {"Name": "group-name", "Values": ["default"]}]
    group = ec2.describe_security_groups(Filters=wanted)["SecurityGroups"][0]["GroupId"]
    refused("CannotDelete", ec2.delete_security_group, GroupId=group)


def test_bucket_with_versions_stays(world: World) -> None:
    s3 = world.client("s3")
    s3.create_bucket(Bucket="versions", CreateBucketConfiguration={"LocationConstraint": REGION})
    s3.put_bucket_versioning(Bucket="versions", VersioningConfiguration={"Status": "Enabled"})
    version = s3.put_object(Bucket="versions", Key="k", Body=b"1")["VersionId"]
    marker = s3.delete_object(Bucket="versions", Key="k")["VersionId"]
    refused("BucketNotEmpty", s3.delete_bucket, Bucket="versions")
    for name in (version, marker):
        s3.delete_object(Bucket="versions", Key="k", VersionId=name)
    s3.delete_bucket(Bucket="versions")
    refused("NoSuchBucket", s3.get_bucket_policy, Bucket="versions")


def test_role_with_policies_stays(world: World) -> None:
    iam = world.client("iam")
    iam.create_role(RoleName="busy", AssumeRolePolicyDocument=TRUST)
    document = {
        "Version": "2012-10-17",
        "Statement": [{"Effect": "Allow", "Action": "s3:*", "Resource": "*"}],
    }
    policy = iam.create_policy(PolicyName="busy", PolicyDocument=json.dumps(document))["Policy"]["Arn"]
    iam.attach_role_policy(RoleName="busy", PolicyArn=policy)
    refused("DeleteConflict", iam.delete_role, RoleName="busy")
    refused("DeleteConflict", iam.delete_policy, PolicyArn=policy)
    iam.detach_role_policy(RoleName="busy", PolicyArn=policy)
    iam.create_instance_profile(InstanceProfileName="busy")
    iam.add_role_to_instance_profile(InstanceProfileName="busy", RoleName="busy")
    refused("DeleteConflict", iam.delete_role, RoleName="busy")
    refused("DeleteConflict", iam.delete_instance_profile, InstanceProfileName="busy")
    iam.remove_role_from_instance_profile(InstanceProfileName="busy", RoleName="busy")
    iam.delete_instance_profile(InstanceProfileName="busy")
    iam.delete_policy(PolicyArn=policy)
    iam.delete_role(RoleName="busy")


def test_protected_cluster_and_its_subnets_stay(world: World) -> None:
    eks = world.client("eks")
    world.cluster("guarded", deletionProtection=True)
    refused("InvalidRequestException", eks.delete_cluster, name="guarded")
    refused("DependencyViolation", world.client("ec2").delete_subnet, SubnetId=world.subnets[0])
    eks.update_cluster_config(name="guarded", deletionProtection=False)
    eks.delete_cluster(name="guarded")


def test_key_is_deleted_by_and_by(server: control.Server) -> None:
    world = World(server.url, region="eu-central-1")
    kms = world.client("kms")
    assert left(server, "eu-central-1") == []
    key = kms.create_key(Tags=[{"TagKey": "a", "TagValue": "b"}])["KeyMetadata"]["Arn"]
    kms.create_alias(AliasName="alias/by-and-by", TargetKeyId=key)
    found = left(server, "eu-central-1")
    assert {(one.type, one.arn) for one in found} >= {("Key", key)}
    assert {"a": "b"} in [one.tags for one in found]
    kms.delete_alias(AliasName="alias/by-and-by")
    kms.schedule_key_deletion(KeyId=key, PendingWindowInDays=7)
    refused("KMSInvalidStateException", kms.encrypt, KeyId=key, Plaintext=b"1")
    assert left(server, "eu-central-1") == []
    pending = [one for one in control.inventory(server.url) if one.region == "eu-central-1"]
    assert [one.state for one in pending] == ["PendingDeletion"]
