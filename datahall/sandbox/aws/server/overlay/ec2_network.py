"""EC2's network: references that must exist, deletions that must wait, addresses inside their subnets."""

import json
from typing import Any

from moto.core.responses import ActionResult, EmptyResult
from moto.ec2.models.elastic_network_interfaces import NetworkInterface
from moto.ec2.models.nat_gateways import NatGateway
from moto.ec2.models.vpcs import VPCEndPoint
from moto.ec2.responses import EC2Response
from moto.eks.models import eks_backends

from datahall.sandbox.aws.server.overlay import known
from datahall.sandbox.aws.server.overlay.common import echo, members, refuse, request_of

_INTERFACE = "Interface"
_GATEWAY_SERVICES = ("s3", "dynamodb")


class Network(EC2Response):
    """VPCs, subnets, gateways, endpoints, security groups and flow logs."""

    # VPCs and subnets

    def delete_vpc(self) -> ActionResult:
        """Refuse while anything is in it."""
        name = request_of(self)["VpcId"]
        ec2 = self.ec2_backend
        ec2.get_vpc(name)
        groups = [group for group in ec2.groups.get(name, {}).values() if group.name != "default"]
        tables = [table for table in ec2.route_tables.values() if table.vpc_id == name and not _main(table)]
        lists = [acl for acl in ec2.network_acls.values() if acl.vpc_id == name and not acl.default]
        gateways = [
            gateway for gateway in ec2.internet_gateways.values() if gateway.vpc and gateway.vpc.id == name
        ]
        endpoints = [one for one in ec2.vpc_end_points.values() if one.vpc_id == name]
        subnets = [one for zone in ec2.subnets.values() for one in zone.values() if one.vpc_id == name]
        if groups or tables or lists or gateways or endpoints or subnets:
            refuse("DependencyViolation", f"The vpc '{name}' has dependencies and cannot be deleted.")
        super().delete_vpc()
        for acl in [acl for acl in ec2.network_acls.values() if acl.vpc_id == name]:
            del ec2.network_acls[acl.id]
        for log in [log for log in ec2.flow_logs.values() if log.resource_id == name]:
            del ec2.flow_logs[log.id]
        return EmptyResult()

    def create_subnet(self) -> ActionResult:
        """Refuse an unknown VPC."""
        self.ec2_backend.get_vpc(request_of(self)["VpcId"])
        return super().create_subnet()

    def delete_subnet(self) -> ActionResult:
        """Refuse while something has an address in it; its associations go with it."""
        name = request_of(self)["SubnetId"]
        ec2 = self.ec2_backend
        ec2.get_subnet(name)
        used = any(eni.subnet.id == name for eni in ec2.enis.values())
        clusters = eks_backends[self.current_account][self.region].clusters.values()
        if used or any(name in cluster.resources_vpc_config.get("subnetIds", []) for cluster in clusters):
            refuse("DependencyViolation", f"The subnet '{name}' has dependencies and cannot be deleted.")
        for table in ec2.route_tables.values():
            for key in [key for key, target in table._associations.items() if target == name]:
                del table._associations[key]
        for acl in ec2.network_acls.values():
            for key in [key for key, one in acl._associations.items() if one.subnet_id == name]:
                del acl._associations[key]
        return super().delete_subnet()

    # Route tables

    def create_route(self) -> ActionResult:
        """Refuse targets that do not exist, and a second route to the same place."""
        sent = request_of(self)
        nat = sent.get("NatGatewayId")
        if nat and _state(self.ec2_backend.nat_gateways.get(nat)) != "available":
            refuse("InvalidNatGatewayID.NotFound", f"The natGateway ID '{nat}' does not exist")
        gateway = sent.get("GatewayId", "")
        if gateway.startswith("igw-"):
            found = self.ec2_backend.get_internet_gateway(gateway)
            table = self.ec2_backend.get_route_table(sent["RouteTableId"])
            if not found.vpc or found.vpc.id != table.vpc_id:
                text = f"route table {table.id} and network gateway {gateway} belong to different networks"
                refuse("InvalidParameterValue", text)
        return super().create_route()

    def associate_route_table(self) -> ActionResult:
        """Refuse a subnet that has another table."""
        sent = request_of(self)
        subnet = sent.get("SubnetId")
        for table in self.ec2_backend.route_tables.values():
            if subnet and subnet in table._associations.values() and table.id != sent["RouteTableId"]:
                text = f"the specified association for route table {sent['RouteTableId']} conflicts with an"
                refuse("Resource.AlreadyAssociated", f"{text} existing association")
        return super().associate_route_table()

    def delete_route_table(self) -> ActionResult:
        """Refuse the main one."""
        name = request_of(self)["RouteTableId"]
        if _main(self.ec2_backend.get_route_table(name)):
            refuse("DependencyViolation", f"The routeTable '{name}' has dependencies and cannot be deleted.")
        return super().delete_route_table()

    # Gateways and addresses

    def create_nat_gateway(self) -> ActionResult:
        """Refuse an address in use and a VPC without internet gateway; take an address of its subnet."""
        sent = request_of(self)
        ec2 = self.ec2_backend
        subnet = ec2.get_subnet(sent["SubnetId"])
        if sent.get("ConnectivityType", "public") == "public":
            if "AllocationId" not in sent:
                refuse("MissingParameter", "The request must include the AllocationId parameter.")
            address = ec2.address_by_allocation([sent["AllocationId"]])[0]
            if address.eni or address.instance:
                text = f"Elastic IP address [{address.allocation_id}] is already associated"
                refuse("Resource.AlreadyAssociated", text)
            if not any(one.vpc and one.vpc.id == subnet.vpc_id for one in ec2.internet_gateways.values()):
                refuse("Gateway.NotAttached", f"Network {subnet.vpc_id} has no Internet gateway attached")
        result = super().create_nat_gateway()
        nat: NatGateway = list(ec2.nat_gateways.values())[-1]
        nat.connectivity_type = sent.get("ConnectivityType", "public")
        nat.private_ip = self._place(nat._eni, subnet)
        nat._eni.description = f"Interface for NAT Gateway {nat.id}"
        nat._eni.interface_type = "nat_gateway"
        nat.address_set[0].update(privateIp=nat.private_ip, isPrimary=True, status="succeeded")
        return result

    def delete_nat_gateway(self) -> ActionResult:
        """Free its interface and its address."""
        name = request_of(self)["NatGatewayId"]
        ec2 = self.ec2_backend
        nat = ec2.nat_gateways.get(name)
        if _state(nat) != "available":
            refuse("NatGatewayNotFound", f"The Nat Gateway {name} was not found")
        for address in ec2.addresses:
            if address.eni is nat._eni:
                address.eni = address.association_id = None
        ec2.enis.pop(nat._eni.id, None)
        return super().delete_nat_gateway()

    def release_address(self) -> ActionResult:
        """Refuse an address in use."""
        sent = request_of(self)
        if "AllocationId" in sent:
            address = self.ec2_backend.address_by_allocation([sent["AllocationId"]])[0]
            if address.eni or address.instance:
                text = (
                    f"Address with allocation id [{address.allocation_id}] cannot be released because it is"
                )
                refuse("InvalidIPAddress.InUse", f"{text} in use.")
        return super().release_address()

    def detach_internet_gateway(self) -> ActionResult:
        """Refuse while public addresses are mapped."""
        name = request_of(self)["VpcId"]
        if any(address.eni and address.eni.subnet.vpc_id == name for address in self.ec2_backend.addresses):
            text = f"Network {name} has some mapped public address(es). Please unmap those public address(es)"
            refuse("DependencyViolation", f"{text} before detaching the gateway.")
        return super().detach_internet_gateway()

    # Endpoints

    def create_vpc_endpoint(self) -> ActionResult:
        """Refuse unknown services and references; interface endpoints get addresses of their subnets."""
        sent = request_of(self)
        ec2 = self.ec2_backend
        vpc = ec2.get_vpc(sent["VpcId"])
        kind, service = sent.get("VpcEndpointType", "Gateway"), sent["ServiceName"]
        self._check_service(kind, service)
        for name in sent.get("RouteTableIds", []):
            if ec2.get_route_table(name).vpc_id != vpc.id:
                refuse("InvalidParameter", f"Route table {name} is not in VPC {vpc.id}")
        subnets = [ec2.get_subnet(name) for name in sent.get("SubnetIds", [])]
        groups = sent.get("SecurityGroupIds") or []
        self._check_groups(groups, vpc.id)
        if kind != _INTERFACE:
            if subnets or groups:
                refuse("InvalidParameter", f"{kind} endpoints have no subnets and no security groups")
            super().create_vpc_endpoint()
            endpoint: VPCEndPoint = list(ec2.vpc_end_points.values())[-1]
            endpoint.vpc_endpoint_type, endpoint.private_dns_enabled = kind, False
            return ActionResult({"VpcEndpoint": endpoint})
        private = sent.get("PrivateDnsEnabled", True)
        if private and not (vpc.enable_dns_support and vpc.enable_dns_hostnames):
            text = "Enabling private DNS requires both enableDnsSupport and enableDnsHostnames VPC attributes"
            refuse("InvalidParameter", f"{text} set to true for {vpc.id}")
        if len({subnet.availability_zone for subnet in subnets}) != len(subnets):
            refuse("DuplicateSubnetsInSameZone", "Found another VPC endpoint subnet in the availability zone")
        if private and self._has_private_dns(vpc.id, service):
            text = "private-dns-enabled cannot be set because there is already a conflicting DNS domain for"
            refuse("InvalidParameter", f"{text} {service} in the VPC {vpc.id}")
        super().create_vpc_endpoint()
        endpoint = list(ec2.vpc_end_points.values())[-1]
        endpoint.security_group_ids = groups or [ec2.get_security_group_from_name("default", vpc.id).id]
        endpoint.private_dns_enabled = private
        for name, subnet in zip(endpoint.network_interface_ids, subnets, strict=True):
            self._dress(ec2.enis[name], subnet, endpoint)
        # moto keeps and changes these itself
        kept = ("PolicyDocument", "PrivateDnsEnabled", "RouteTableIds", "SubnetIds")
        echo(endpoint, sent, members("ec2", "VpcEndpoint"), skip=kept)
        return ActionResult({"VpcEndpoint": endpoint})

    def modify_vpc_endpoint(self) -> ActionResult:
        """Keep interfaces in step with subnets, and private DNS as asked."""
        sent = request_of(self)
        ec2 = self.ec2_backend
        endpoint = self._endpoint(sent["VpcEndpointId"])
        self._check_groups(sent.get("AddSecurityGroupIds", []), endpoint.vpc_id)
        added = [ec2.get_subnet(name) for name in sent.get("AddSubnetIds", [])]
        super().modify_vpc_endpoint()
        for subnet in added:
            eni = ec2.create_network_interface(subnet, "")
            endpoint.network_interface_ids.append(eni.id)
            self._dress(eni, subnet, endpoint)
        for name in list(endpoint.network_interface_ids):
            if ec2.enis[name].subnet.id in sent.get("RemoveSubnetIds", []):
                endpoint.network_interface_ids.remove(name)
                del ec2.enis[name]
            else:
                ec2.enis[name]._group_set = self._groups(endpoint.security_group_ids)
        endpoint.private_dns_enabled = sent.get("PrivateDnsEnabled", endpoint.private_dns_enabled)
        echo(endpoint, sent, ["DnsOptions", "IpAddressType"])
        if sent.get("ResetPolicy"):
            endpoint.policy_document = sent.get("PolicyDocument") or json.dumps(VPCEndPoint.DEFAULT_POLICY)
        return ActionResult({"Return": True})

    def delete_vpc_endpoints(self) -> ActionResult:
        """Delete them for good; name those that do not exist."""
        names = request_of(self)["VpcEndpointIds"]
        ec2 = self.ec2_backend
        for name in [name for name in names if name in ec2.vpc_end_points]:
            endpoint = ec2.vpc_end_points.pop(name)
            for eni in endpoint.network_interface_ids:
                ec2.enis.pop(eni, None)
            for table in ec2.route_tables.values():
                for key in [key for key, route in table._routes.items() if _target(route) == name]:
                    del table._routes[key]
            names = [other for other in names if other != name]
        text = "The vpcEndpoint ID '{}' does not exist"
        code = "InvalidVpcEndpointId.NotFound"
        missing = [
            {"ResourceId": name, "Error": {"Code": code, "Message": text.format(name)}} for name in names
        ]
        return ActionResult({"Unsuccessful": missing})

    # Security groups

    def create_security_group(self) -> ActionResult:
        """Refuse an unknown VPC, and the name that AWS keeps."""
        sent = request_of(self)
        if "VpcId" in sent:
            self.ec2_backend.get_vpc(sent["VpcId"])
        if sent["GroupName"] == "default" or sent["GroupName"].startswith("sg-"):
            refuse("InvalidParameterValue", f"Cannot use reserved security group name: {sent['GroupName']}")
        return super().create_security_group()

    def delete_security_group(self) -> ActionResult:
        """Refuse while something uses it or refers to it."""
        sent = request_of(self)
        ec2 = self.ec2_backend
        group = ec2.get_security_group_from_id(sent.get("GroupId", ""))
        if group is None:
            return super().delete_security_group()
        if group.name == "default":
            refuse(
                "CannotDelete",
                f'the specified group: "{group.id}" name: "default" cannot be deleted by a user',
            )
        users = any(group.id in [one.id for one in eni.group_set] for eni in ec2.enis.values())
        clusters = eks_backends[self.current_account][self.region].clusters.values()
        held = any(
            group.id in cluster.resources_vpc_config.get("securityGroupIds", []) for cluster in clusters
        )
        others = [one for vpc in ec2.groups.values() for one in vpc.values() if one.id != group.id]
        rules = [rule for one in others for rule in (*one.ingress_rules, *one.egress_rules)]
        referred = any(group.id == (rule.source_group or {}).get("GroupId") for rule in rules)
        if users or held or referred:
            refuse("DependencyViolation", f"resource {group.id} has a dependent object")
        return super().delete_security_group()

    # Flow logs

    def create_flow_logs(self) -> ActionResult:
        """Refuse an unknown role; show the log group that an ARN names."""
        sent = request_of(self)
        role = sent.get("DeliverLogsPermissionArn")
        if role and not known.role(self.ec2_backend, role):
            refuse("InvalidParameter", f"The role {role} does not exist or cannot be assumed")
        before = set(self.ec2_backend.flow_logs)
        result = super().create_flow_logs()
        group = (
            sent.get("LogGroupName")
            or sent.get("LogDestination", "").partition(":log-group:")[2].split(":")[0]
        )
        for name, log in self.ec2_backend.flow_logs.items():
            if name not in before and log.log_destination_type == "cloud-watch-logs":
                found = known.log_group(self.ec2_backend, group)
                log.log_group_name = group
                log.log_destination = found.arn if found else log.log_destination
                log.deliver_logs_status = "SUCCESS" if found else "FAILED"
                log.deliver_logs_error_message = None if found else "Access error"
            if name not in before:
                echo(log, sent, ["DestinationOptions", "DeliverCrossAccountRole"])
        return result

    # Common

    def _check_service(self, kind: str, service: str) -> None:
        offered = self.ec2_backend.describe_vpc_endpoint_services(
            service_names=[], filters=[], max_results=1000, next_token=None, region=self.region
        )
        names = set(offered["serviceNames"])
        prefix = f"com.amazonaws.{self.region}."
        gateway = service.removeprefix(prefix) in _GATEWAY_SERVICES
        if not service.startswith(prefix) or (service not in names and not gateway):
            refuse("InvalidServiceName", f"The Vpc Endpoint Service '{service}' does not exist")
        if kind == "Gateway" and not gateway:
            refuse(
                "InvalidParameter",
                f"Endpoint type (Gateway) does not match available service types of {service}",
            )

    def _check_groups(self, names: list[str], vpc: str) -> None:
        for name in names:
            group = known.security_group(self.ec2_backend, name)
            if group is None or group.vpc_id != vpc:
                refuse("InvalidGroup.NotFound", f"The security group '{name}' does not exist in VPC '{vpc}'")

    def _has_private_dns(self, vpc: str, service: str) -> bool:
        endpoints = self.ec2_backend.vpc_end_points.values()
        return any(
            one.vpc_id == vpc and one.service_name == service and one.private_dns_enabled for one in endpoints
        )

    def _endpoint(self, name: str) -> VPCEndPoint:
        found: VPCEndPoint = self.ec2_backend.describe_vpc_endpoints(vpc_end_point_ids=[name])[0]
        return found

    def _groups(self, names: list[str]) -> list[Any]:
        return [self.ec2_backend.get_security_group_from_id(name) for name in names]

    def _dress(self, eni: NetworkInterface, subnet: Any, endpoint: VPCEndPoint) -> None:  # noqa: ANN401 - moto's own
        self._place(eni, subnet)
        eni._group_set = self._groups(endpoint.security_group_ids)
        eni.description = f"VPC Endpoint Interface {endpoint.id}"
        eni.interface_type = "vpc_endpoint"
        eni.requester_managed = True

    def _place(self, eni: NetworkInterface, subnet: Any) -> str:  # noqa: ANN401 - moto's own
        """Give a network interface an address of its subnet; moto draws one of any network."""
        address = str(subnet.get_available_subnet_ip(eni))
        eni.private_ip_address = address
        eni.private_ip_addresses = [{"Primary": True, "PrivateIpAddress": address}]
        return address


def _main(table: Any) -> bool:  # noqa: ANN401 - moto's own
    return table.main_association_id is not None


def _state(nat: NatGateway | None) -> str | None:
    return nat.state if nat else None


def _target(route: Any) -> str | None:  # noqa: ANN401 - moto's own
    return route.gateway.id if route.gateway else None
