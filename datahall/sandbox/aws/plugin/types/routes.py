"""Route tables, routes and whom they serve. API: Amazon EC2."""

from __future__ import annotations

import zlib
from typing import Any

from datahall.sandbox.aws.plugin.reading import GoneError
from datahall.sandbox.aws.plugin.run import Run
from datahall.sandbox.aws.plugin.table import Call, Type, codes
from datahall.sandbox.aws.plugin.types.vpc import EC2_TAGS, arn, tagged


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
