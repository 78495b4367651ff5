"""VPC, subnets, gateways, routes. API: Amazon EC2."""

from __future__ import annotations

import zlib
from typing import Any

from datahall.sandbox.aws.plugin.reading import GoneError
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


def _replace_routes(run: Run) -> None:
    """Routes given inline: removed ones deleted, new and changed ones created."""
    client = run.client()
    old, new = run.old.get("routes") or [], run.new.get("routes") or []
    for route in old:
        if route not in new:
            client.delete_route(RouteTableId=run.id, **_destination(route))
    for route in new:
        if route not in old:
            client.create_route(RouteTableId=run.id, **_destination(route), **_target(route))


_DESTINATIONS = {
    "cidrBlock": "DestinationCidrBlock",
    "ipv6CidrBlock": "DestinationIpv6CidrBlock",
    "destinationPrefixListId": "DestinationPrefixListId",
}
_TARGETS = {
    "gatewayId": "GatewayId",
    "natGatewayId": "NatGatewayId",
    "networkInterfaceId": "NetworkInterfaceId",
    "vpcEndpointId": "VpcEndpointId",
    "vpcPeeringConnectionId": "VpcPeeringConnectionId",
    "transitGatewayId": "TransitGatewayId",
    "egressOnlyGatewayId": "EgressOnlyInternetGatewayId",
}


def _destination(route: dict[str, Any]) -> dict[str, Any]:
    return {member: route[name] for name, member in _DESTINATIONS.items() if route.get(name)}


def _target(route: dict[str, Any]) -> dict[str, Any]:
    return {member: route[name] for name, member in _TARGETS.items() if route.get(name)}


def _inline_routes(run: Run, found: dict[str, Any]) -> None:
    """Routes of the table other than the local one and those of gateway endpoints."""
    table = run.client().describe_route_tables(RouteTableIds=[run.id])["RouteTables"][0]
    found["routes"] = [
        {name: route[member] for name, member in {**_DESTINATIONS, **_TARGETS}.items() if route.get(member)}
        for route in table["Routes"]
        if route.get("GatewayId") != "local" and not str(route.get("GatewayId", "")).startswith("vpce-")
    ]


def _route_id(run: Run) -> dict[str, str]:
    """Creates a route; its id is the official provider's: r-, the table, CRC-32 of the destination."""
    run.client().create_route(RouteTableId=run.new["routeTableId"], **_of_route(run.new, _ROUTE))
    destination = next(run.new[name] for name in _ROUTE_DESTINATIONS if run.new.get(name))
    return {"id": f"r-{run.new['routeTableId']}{zlib.crc32(destination.encode())}"}


def _replace_route(run: Run) -> None:
    if run.old and run.old != run.new:
        run.client().replace_route(RouteTableId=run.new["routeTableId"], **_of_route(run.new, _ROUTE))


def _delete_route(run: Run) -> None:
    run.client().delete_route(RouteTableId=run.new["routeTableId"], **_of_route(run.new, _ROUTE_DESTINATIONS))


def _of_route(values: dict[str, Any], members: dict[str, str]) -> dict[str, Any]:
    return {member: values[name] for name, member in members.items() if values.get(name)}


def _read_route(run: Run, found: dict[str, Any]) -> None:
    """The route of the wanted destination in its table's list."""
    table = run.client().describe_route_tables(RouteTableIds=[run.new["routeTableId"]])["RouteTables"]
    wanted = _of_route(run.new, _ROUTE_DESTINATIONS)
    for route in table[0]["Routes"] if table else ():
        if all(route.get(member) == value for member, value in wanted.items()):
            found["routeTableId"] = run.new["routeTableId"]
            found.update({name: route[member] for name, member in _ROUTE.items() if route.get(member)})
            found.update({"origin": route.get("Origin"), "state": route.get("State")})
            return
    raise GoneError(run.id)


_ROUTE_DESTINATIONS = {
    "destinationCidrBlock": "DestinationCidrBlock",
    "destinationIpv6CidrBlock": "DestinationIpv6CidrBlock",
    "destinationPrefixListId": "DestinationPrefixListId",
}
_DNS_ON_LAUNCH = "PrivateDnsNameOptionsOnLaunch.EnableResourceNameDns"
_ROUTE = {**_ROUTE_DESTINATIONS, **_TARGETS}


def _read_association(run: Run, found: dict[str, Any]) -> None:
    """Which subnet or gateway the association joins."""
    for table in run.client().describe_route_tables(
        Filters=[{"Name": "association.route-table-association-id", "Values": [run.id]}]
    )["RouteTables"]:
        for one in table["Associations"]:
            if one["RouteTableAssociationId"] == run.id:
                found.update({"subnetId": one.get("SubnetId"), "gatewayId": one.get("GatewayId")})


def _move_association(run: Run) -> None:
    """Another table for the same subnet; AWS gives the association a new id."""
    if run.old and run.old.get("routeTableId") != run.new.get("routeTableId"):
        answer = run.client().replace_route_table_association(
            AssociationId=run.id, RouteTableId=run.new["routeTableId"]
        )
        run.id = answer["NewAssociationId"]


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
    Type(
        type="aws:ec2/routeTable:RouteTable",
        service="ec2",
        create=Call(
            op="create_route_table",
            props="vpcId",
            args={"ClientToken": "$token", **tagged("route-table")},
            pick="RouteTable",
        ),
        id="RouteTableId",
        read=(
            Call(op="describe_route_tables", args={"RouteTableIds": ["$id"]}, pick="RouteTables[0]"),
            _inline_routes,
        ),
        update=(_replace_routes, *EC2_TAGS),
        delete=(Call(op="delete_route_table", args={"RouteTableId": "$id"}),),
        outputs={"arn": arn("route-table"), "propagatingVgws": "PropagatingVgws[].GatewayId"},
        used="routes",
        replace="vpcId",
        refused="propagatingVgws",
        gone=codes("InvalidRouteTableID.NotFound"),
    ),
    Type(
        type="aws:ec2/route:Route",
        service="ec2",
        create=_route_id,
        id="id",
        import_id="{routeTableId}_{destinationCidrBlock}",
        read=(_read_route,),
        update=(_replace_route,),
        delete=(_delete_route,),
        used="routeTableId destinationCidrBlock destinationIpv6CidrBlock destinationPrefixListId "
        "egressOnlyGatewayId gatewayId natGatewayId networkInterfaceId transitGatewayId vpcEndpointId "
        "vpcPeeringConnectionId",
        replace="routeTableId destinationCidrBlock destinationIpv6CidrBlock destinationPrefixListId",
        refused="carrierGatewayId coreNetworkArn localGatewayId odbNetworkArn",
        exactly_one=(
            "destinationCidrBlock destinationIpv6CidrBlock destinationPrefixListId",
            "egressOnlyGatewayId gatewayId natGatewayId networkInterfaceId transitGatewayId vpcEndpointId "
            "vpcPeeringConnectionId",
        ),
        gone=codes("InvalidRoute.NotFound InvalidRouteTableID.NotFound"),
        delete_first=True,
    ),
    Type(
        type="aws:ec2/routeTableAssociation:RouteTableAssociation",
        service="ec2",
        create=Call(op="associate_route_table", props="routeTableId subnetId gatewayId"),
        id="AssociationId",
        read=(
            Call(
                op="describe_route_tables",
                args={"Filters": [{"Name": "association.route-table-association-id", "Values": ["$id"]}]},
                pick="RouteTables[0]",
            ),
            _read_association,
        ),
        update=(_move_association,),
        delete=(Call(op="disassociate_route_table", args={"AssociationId": "$id"}),),
        replace="subnetId gatewayId",
        exactly_one=("subnetId gatewayId",),
        gone=codes("InvalidAssociationID.NotFound"),
        delete_first=True,
    ),
)
