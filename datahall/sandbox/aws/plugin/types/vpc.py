"""VPC, subnets, gateways. API: Amazon EC2."""

from __future__ import annotations

from typing import Any

from datahall.sandbox.aws.plugin.run import Run
from datahall.sandbox.aws.plugin.table import Call, Text, Type, Wait, codes

EC2_TAGS = (
    Call(op="delete_tags", args={"Resources": ["$id"], "Tags": "$-tagsAll"}),
    Call(op="create_tags", args={"Resources": ["$id"], "Tags": "$+tagsAll"}),
)


def tagged(kind: str) -> dict[str, Any]:
    """The request member that tags an EC2 resource as it is made."""
    return {"TagSpecifications": [{"ResourceType": kind, "Tags": "$tagsAll"}]}


def arn(kind: str) -> Text:
    """The ARN of an EC2 resource, which EC2's own answers mostly lack."""
    return Text(f"arn:aws:ec2:{{region}}:{{account}}:{kind}/{{id}}")


def _vpc_attribute(name: str, member: str, *, fresh: bool) -> Call:
    return Call(
        op="modify_vpc_attribute",
        args={"VpcId": "$id", member: {"Value": f"${name}"}},
        at_create=True,
        fresh={name: fresh},
    )


def _read_vpc_attribute(name: str, member: str) -> Call:
    return Call(
        op="describe_vpc_attribute", args={"VpcId": "$id", "Attribute": name}, into={name: f"{member}.Value"}
    )


def _of_vpc(op: str, extra: tuple[str, str], into: dict[str, str]) -> Call:
    filters = [{"Name": "vpc-id", "Values": ["$id"]}, {"Name": extra[0], "Values": [extra[1]]}]
    return Call(op=op, args={"Filters": filters}, into=into)


def _attach(run: Run) -> None:
    """A gateway hangs on one VPC at most: leave the old one, then enter the new."""
    old, new = run.old.get("vpcId"), run.new.get("vpcId")
    if old and old != new:
        run.client().detach_internet_gateway(InternetGatewayId=run.id, VpcId=old)
    if new and old != new:
        run.client().attach_internet_gateway(InternetGatewayId=run.id, VpcId=new)


_DNS_ON_LAUNCH = "PrivateDnsNameOptionsOnLaunch.EnableResourceNameDns"

TYPES = (
    Type(
        type="aws:ec2/vpc:Vpc",
        service="ec2",
        create=Call(
            op="create_vpc",
            props="cidrBlock instanceTenancy",
            args={"AmazonProvidedIpv6CidrBlock": "$assignGeneratedIpv6CidrBlock", **tagged("vpc")},
            pick="Vpc",
        ),
        id="VpcId",
        read=(
            Call(op="describe_vpcs", args={"VpcIds": ["$id"]}, pick="Vpcs[0]"),
            _read_vpc_attribute("enableDnsSupport", "EnableDnsSupport"),
            _read_vpc_attribute("enableDnsHostnames", "EnableDnsHostnames"),
            _read_vpc_attribute("enableNetworkAddressUsageMetrics", "EnableNetworkAddressUsageMetrics"),
            _of_vpc(
                "describe_route_tables",
                ("association.main", "true"),
                {
                    "mainRouteTableId": "RouteTables[0].RouteTableId",
                    "defaultRouteTableId": "RouteTables[0].RouteTableId",
                },
            ),
            _of_vpc(
                "describe_security_groups",
                ("group-name", "default"),
                {"defaultSecurityGroupId": "SecurityGroups[0].GroupId"},
            ),
            _of_vpc(
                "describe_network_acls",
                ("default", "true"),
                {"defaultNetworkAclId": "NetworkAcls[0].NetworkAclId"},
            ),
        ),
        update=(
            _vpc_attribute("enableDnsSupport", "EnableDnsSupport", fresh=True),
            _vpc_attribute("enableDnsHostnames", "EnableDnsHostnames", fresh=False),
            _vpc_attribute(
                "enableNetworkAddressUsageMetrics", "EnableNetworkAddressUsageMetrics", fresh=False
            ),
            *EC2_TAGS,
        ),
        delete=(Call(op="delete_vpc", args={"VpcId": "$id"}),),
        outputs={
            "arn": arn("vpc"),
            "assignGeneratedIpv6CidrBlock": "length(Ipv6CidrBlockAssociationSet || `[]`) > `0`",
            "ipv6CidrBlock": "Ipv6CidrBlockAssociationSet[0].Ipv6CidrBlock",
            "ipv6AssociationId": "Ipv6CidrBlockAssociationSet[0].AssociationId",
            "ipv6CidrBlockNetworkBorderGroup": "Ipv6CidrBlockAssociationSet[0].NetworkBorderGroup",
        },
        defaults={"enableDnsSupport": True, "instanceTenancy": "default"},
        replace="cidrBlock instanceTenancy assignGeneratedIpv6CidrBlock",
        refused="ipv4IpamPoolId ipv4NetmaskLength ipv6CidrBlock ipv6CidrBlockNetworkBorderGroup "
        "ipv6IpamPoolId "
        "ipv6NetmaskLength",
        gone=codes("InvalidVpcID.NotFound"),
    ),
    Type(
        type="aws:ec2/subnet:Subnet",
        service="ec2",
        create=Call(
            op="create_subnet",
            props="vpcId cidrBlock availabilityZone availabilityZoneId ipv6CidrBlock",
            args=tagged("subnet"),
            pick="Subnet",
        ),
        id="SubnetId",
        read=(Call(op="describe_subnets", args={"SubnetIds": ["$id"]}, pick="Subnets[0]"),),
        update=(
            Call(
                op="modify_subnet_attribute",
                args={"SubnetId": "$id", "MapPublicIpOnLaunch": {"Value": "$mapPublicIpOnLaunch"}},
                at_create=True,
                fresh={"mapPublicIpOnLaunch": False},
            ),
            Call(
                op="modify_subnet_attribute",
                args={
                    "SubnetId": "$id",
                    "AssignIpv6AddressOnCreation": {"Value": "$assignIpv6AddressOnCreation"},
                },
                at_create=True,
                fresh={"assignIpv6AddressOnCreation": False},
            ),
            *EC2_TAGS,
        ),
        delete=(Call(op="delete_subnet", args={"SubnetId": "$id"}),),
        outputs={
            "arn": "SubnetArn",
            "ipv6CidrBlock": "Ipv6CidrBlockAssociationSet[0].Ipv6CidrBlock",
            "ipv6CidrBlockAssociationId": "Ipv6CidrBlockAssociationSet[0].AssociationId",
            "privateDnsHostnameTypeOnLaunch": "PrivateDnsNameOptionsOnLaunch.HostnameType || 'ip-name'",
            "enableResourceNameDnsARecordOnLaunch": _DNS_ON_LAUNCH + "ARecord",
            "enableResourceNameDnsAaaaRecordOnLaunch": _DNS_ON_LAUNCH + "AAAARecord",
        },
        defaults={"mapPublicIpOnLaunch": False, "assignIpv6AddressOnCreation": False},
        replace="vpcId cidrBlock availabilityZone availabilityZoneId ipv6CidrBlock",
        refused="customerOwnedIpv4Pool enableDns64 enableLniAtDeviceIndex "
        "enableResourceNameDnsARecordOnLaunch "
        "enableResourceNameDnsAaaaRecordOnLaunch ipv4IpamPoolId ipv4NetmaskLength ipv6IpamPoolId ipv6Native "
        "ipv6NetmaskLength mapCustomerOwnedIpOnLaunch outpostArn privateDnsHostnameTypeOnLaunch",
        at_most_one=("availabilityZone availabilityZoneId",),
        gone=codes("InvalidSubnetID.NotFound"),
    ),
    Type(
        type="aws:ec2/internetGateway:InternetGateway",
        service="ec2",
        create=Call(op="create_internet_gateway", args=tagged("internet-gateway"), pick="InternetGateway"),
        id="InternetGatewayId",
        read=(
            Call(
                op="describe_internet_gateways",
                args={"InternetGatewayIds": ["$id"]},
                pick="InternetGateways[0]",
            ),
        ),
        update=(
            _attach,
            *EC2_TAGS,
        ),
        delete=(
            Call(
                op="detach_internet_gateway", args={"InternetGatewayId": "$id"}, props="vpcId", needs="vpcId"
            ),
            Call(op="delete_internet_gateway", args={"InternetGatewayId": "$id"}),
        ),
        outputs={"arn": arn("internet-gateway"), "vpcId": "Attachments[0].VpcId"},
        used="vpcId",
        gone=codes("InvalidInternetGatewayID.NotFound Gateway.NotAttached"),
    ),
    Type(
        type="aws:ec2/eip:Eip",
        service="ec2",
        create=Call(
            op="allocate_address",
            args={"Domain": "$domain", **tagged("elastic-ip")},
            props="networkBorderGroup",
        ),
        id="AllocationId",
        read=(Call(op="describe_addresses", args={"AllocationIds": ["$id"]}, pick="Addresses[0]"),),
        update=EC2_TAGS,
        delete=(Call(op="release_address", args={"AllocationId": "$id"}),),
        outputs={
            "arn": arn("elastic-ip"),
            "instance": "InstanceId",
            "networkInterface": "NetworkInterfaceId",
            "privateIp": "PrivateIpAddress",
        },
        defaults={"domain": "vpc"},
        replace="domain networkBorderGroup",
        refused="address associateWithPrivateIp customerOwnedIpv4Pool instance ipamPoolId networkInterface "
        "publicIpv4Pool",
        gone=codes("InvalidAllocationID.NotFound"),
    ),
    Type(
        type="aws:ec2/natGateway:NatGateway",
        service="ec2",
        create=Call(
            op="create_nat_gateway",
            props="allocationId connectivityType subnetId secondaryAllocationIds",
            args={"PrivateIpAddress": "$privateIp", "ClientToken": "$token", **tagged("natgateway")},
            pick="NatGateway",
        ),
        id="NatGatewayId",
        read=(Call(op="describe_nat_gateways", args={"NatGatewayIds": ["$id"]}, pick="NatGateways[0]"),),
        update=EC2_TAGS,
        delete=(Call(op="delete_nat_gateway", args={"NatGatewayId": "$id"}),),
        outputs={
            "allocationId": "NatGatewayAddresses[0].AllocationId",
            "associationId": "NatGatewayAddresses[0].AssociationId",
            "networkInterfaceId": "NatGatewayAddresses[0].NetworkInterfaceId",
            "privateIp": "NatGatewayAddresses[0].PrivateIp",
            "publicIp": "NatGatewayAddresses[0].PublicIp",
            "secondaryAllocationIds": "NatGatewayAddresses[1:].AllocationId",
            "secondaryPrivateIpAddresses": "NatGatewayAddresses[1:].PrivateIp",
            "availabilityMode": "AvailabilityMode || 'zonal'",
        },
        defaults={"connectivityType": "public"},
        replace="allocationId connectivityType privateIp subnetId secondaryAllocationIds",
        refused="availabilityMode availabilityZoneAddresses secondaryPrivateIpAddressCount "
        "secondaryPrivateIpAddresses vpcId",
        gone=codes("NatGatewayNotFound InvalidNatGatewayID.NotFound"),
        wait=Wait(
            state="State",
            ready=codes("available"),
            failed=codes("failed"),
            gone=codes("deleted"),
            reason="FailureMessage",
        ),
    ),
)
