"""What guards and watches a VPC: security groups and their rules, endpoints, flow logs. API: Amazon EC2."""

from __future__ import annotations

from typing import Any

from datahall.sandbox.aws.plugin.run import Run
from datahall.sandbox.aws.plugin.table import Call, Name, Text, Type, Wait, codes
from datahall.sandbox.aws.plugin.types.vpc import EC2_TAGS, arn, tagged

_RULE_FIELDS = ("protocol", "fromPort", "toPort")
_ALL = "-1"
_Rule = tuple[str, Any, Any, str, str, str]
"""Protocol, first port, last port, kind of source, source, description: what AWS counts as one rule."""

_SOURCES = {
    "cidrBlocks": ("IpRanges", "CidrIp"),
    "ipv6CidrBlocks": ("Ipv6Ranges", "CidrIpv6"),
    "prefixListIds": ("PrefixListIds", "PrefixListId"),
    "securityGroups": ("UserIdGroupPairs", "GroupId"),
}


def _given_rules(run: Run, blocks: list[dict[str, Any]] | None) -> set[_Rule]:
    """Inline blocks as single rules."""
    rules: set[_Rule] = set()
    for block in blocks or ():
        protocol = str(block.get("protocol", "")).lower()
        protocol = _ALL if protocol == "all" else protocol
        ports = (None, None) if protocol == _ALL else (block.get("fromPort"), block.get("toPort"))
        sources = [(kind, one) for kind in _SOURCES for one in block.get(kind) or ()]
        if block.get("self"):
            sources.append(("securityGroups", run.id))
        rules |= {(protocol, *ports, kind, one, block.get("description") or "") for kind, one in sources}
    return rules


def _live_rules(permissions: list[dict[str, Any]]) -> set[_Rule]:
    """AWS's permissions as single rules."""
    rules: set[_Rule] = set()
    for permission in permissions:
        protocol = str(permission["IpProtocol"])
        ports = (None, None) if protocol == _ALL else (permission.get("FromPort"), permission.get("ToPort"))
        for kind, (member, key) in _SOURCES.items():
            rules |= {
                (protocol, *ports, kind, one[key], one.get("Description", ""))
                for one in permission.get(member, ())
            }
    return rules


def _permission(rule: _Rule) -> dict[str, Any]:
    protocol, first, last, kind, source, description = rule
    member, key = _SOURCES[kind]
    told: dict[str, Any] = {"IpProtocol": protocol, member: [{key: source}]}
    if description:
        told[member][0]["Description"] = description
    if first is not None:
        told |= {"FromPort": first, "ToPort": last}
    return told


def _blocks(run: Run, rules: set[_Rule]) -> list[dict[str, Any]]:
    """Single rules as inline blocks: one a protocol, port range and description."""
    blocks: dict[tuple[Any, ...], dict[str, Any]] = {}
    for protocol, first, last, kind, source, description in sorted(rules, key=repr):
        key = (protocol, first, last, description)
        block = blocks.setdefault(
            key,
            {
                "protocol": protocol,
                "fromPort": first or 0,
                "toPort": last or 0,
                "self": False,
                "description": description,
                **{name: [] for name in _SOURCES},
            },
        )
        if kind == "securityGroups" and source == run.id:
            block["self"] = True
        else:
            block[kind].append(source)
    return list(blocks.values())


def _describe(run: Run) -> dict[str, Any]:
    group: dict[str, Any] = run.client().describe_security_groups(GroupIds=[run.id])["SecurityGroups"][0]
    return group


def _change(run: Run, *, ingress: bool, remove: set[_Rule], add: set[_Rule]) -> None:
    client = run.client()
    revoke = client.revoke_security_group_ingress if ingress else client.revoke_security_group_egress
    allow = client.authorize_security_group_ingress if ingress else client.authorize_security_group_egress
    if remove:
        revoke(GroupId=run.id, IpPermissions=[_permission(rule) for rule in sorted(remove, key=repr)])
    if add:
        allow(GroupId=run.id, IpPermissions=[_permission(rule) for rule in sorted(add, key=repr)])


def _apply_rules(run: Run) -> None:
    """Inline rules. A new group loses AWS's allow-all egress rule, as with the official provider."""
    live = _describe(run) if run.created else {}
    for direction, member in (("ingress", "IpPermissions"), ("egress", "IpPermissionsEgress")):
        before = _live_rules(live[member]) if run.created else _given_rules(run, run.old.get(direction))
        wanted = _given_rules(run, run.new.get(direction))
        _change(run, ingress=direction == "ingress", remove=before - wanted, add=wanted - before)


def _read_rules(run: Run, found: dict[str, Any]) -> None:
    group = _describe(run)
    for direction, member in (("ingress", "IpPermissions"), ("egress", "IpPermissionsEgress")):
        live, given = _live_rules(group[member]), run.new.get(direction)
        same = given is not None and _given_rules(run, given) == live
        found[direction] = given if same else _blocks(run, live)


def _revoke_all(run: Run) -> None:
    if run.new.get("revokeRulesOnDelete"):
        group = _describe(run)
        _change(run, ingress=True, remove=_live_rules(group["IpPermissions"]), add=set())
        _change(run, ingress=False, remove=_live_rules(group["IpPermissionsEgress"]), add=set())


def _adopt_default(run: Run) -> dict[str, str]:
    """A default group cannot be made: the VPC's own is taken over, and emptied of its rules."""
    vpc = run.new.get("vpcId")
    if not vpc:
        filters = [{"Name": "is-default", "Values": ["true"]}]
        vpcs = run.client().describe_vpcs(Filters=filters)["Vpcs"]
        if not vpcs:
            raise RuntimeError("vpcId: missing: the account has no default VPC in this region; give one")
        vpc = vpcs[0]["VpcId"]
    filters = [{"Name": "vpc-id", "Values": [vpc]}, {"Name": "group-name", "Values": ["default"]}]
    groups = run.client().describe_security_groups(Filters=filters)["SecurityGroups"]
    if not groups:
        raise RuntimeError(f"vpcId: {vpc}: no such VPC, or it has no default security group")
    return {"id": groups[0]["GroupId"]}


def _prefix_list(run: Run, found: dict[str, Any]) -> None:
    """A gateway endpoint's addresses are those of its service's prefix list."""
    if found.get("vpcEndpointType") != "Gateway":
        return
    filters = [{"Name": "prefix-list-name", "Values": [found["serviceName"]]}]
    lists = run.client().describe_prefix_lists(Filters=filters)["PrefixLists"]
    match = [one for one in lists if one["PrefixListName"] == found["serviceName"]]
    if match:
        found.update(prefixListId=match[0]["PrefixListId"], cidrBlocks=match[0].get("Cidrs", []))


def _flow_log(owner: str, kind: str) -> Call:
    return Call(
        op="create_flow_logs",
        needs=owner,
        props="trafficType logDestinationType logDestination logFormat maxAggregationInterval "
        "destinationOptions "
        "deliverCrossAccountRole",
        args={
            "ClientToken": "$token",
            "ResourceIds": [f"${owner}"],
            "ResourceType": kind,
            "DeliverLogsPermissionArn": "$iamRoleArn",
            **tagged("vpc-flow-log"),
        },
    )


def _rule(direction: str, source: str, member: str, key: str) -> Call:
    """Authorizes one rule with one kind of source."""
    return Call(
        op=f"authorize_security_group_{direction}",
        needs=source,
        args={
            "GroupId": "$securityGroupId",
            "IpPermissions": [
                {
                    "IpProtocol": "$ipProtocol",
                    "FromPort": "$fromPort",
                    "ToPort": "$toPort",
                    member: [{key: f"${source}", "Description": "$description"}],
                }
            ],
            **tagged("security-group-rule"),
        },
        pick="SecurityGroupRules[0]",
    )


def _rule_type(name: str, direction: str) -> Type:
    return Type(
        type=f"aws:vpc/{name[0].lower()}{name[1:]}:{name}",
        service="ec2",
        create=(
            _rule(direction, "cidrIpv4", "IpRanges", "CidrIp"),
            _rule(direction, "cidrIpv6", "Ipv6Ranges", "CidrIpv6"),
            _rule(direction, "prefixListId", "PrefixListIds", "PrefixListId"),
            _rule(direction, "referencedSecurityGroupId", "UserIdGroupPairs", "GroupId"),
        ),
        id="SecurityGroupRuleId",
        read=(
            Call(
                op="describe_security_group_rules",
                args={"SecurityGroupRuleIds": ["$id"]},
                pick="SecurityGroupRules[0]",
            ),
        ),
        update=(
            Call(
                op="modify_security_group_rules",
                args={
                    "GroupId": "$securityGroupId",
                    "SecurityGroupRules": [
                        {
                            "SecurityGroupRuleId": "$id",
                            "SecurityGroupRule": {
                                "IpProtocol": "$ipProtocol",
                                "FromPort": "$fromPort",
                                "ToPort": "$toPort",
                                "CidrIpv4": "$cidrIpv4",
                                "CidrIpv6": "$cidrIpv6",
                                "PrefixListId": "$prefixListId",
                                "ReferencedGroupId": "$referencedSecurityGroupId",
                                "Description": "$description",
                            },
                        }
                    ],
                },
            ),
            *EC2_TAGS,
        ),
        delete=(
            Call(
                op=f"revoke_security_group_{direction}",
                args={"GroupId": "$securityGroupId", "SecurityGroupRuleIds": ["$id"]},
            ),
        ),
        outputs={
            "arn": arn("security-group-rule"),
            "securityGroupId": "GroupId",
            "securityGroupRuleId": "SecurityGroupRuleId",
            "referencedSecurityGroupId": "ReferencedGroupInfo.GroupId",
            "fromPort": "IpProtocol != '-1' && FromPort || `null`",
            "toPort": "IpProtocol != '-1' && ToPort || `null`",
        },
        replace="securityGroupId",
        exactly_one=("cidrIpv4 cidrIpv6 prefixListId referencedSecurityGroupId",),
        gone=codes("InvalidSecurityGroupRuleId.NotFound InvalidGroup.NotFound InvalidPermission.NotFound"),
    )


_OF_ENDPOINT = {"VpcEndpointId": "$id"}

TYPES = (
    Type(
        type="aws:ec2/securityGroup:SecurityGroup",
        service="ec2",
        create=Call(
            op="create_security_group",
            props="description vpcId",
            args={"GroupName": "$name", **tagged("security-group")},
        ),
        id="GroupId",
        read=(
            Call(op="describe_security_groups", args={"GroupIds": ["$id"]}, pick="SecurityGroups[0]"),
            _read_rules,
        ),
        update=(_apply_rules, *EC2_TAGS),
        delete=(_revoke_all, Call(op="delete_security_group", args={"GroupId": "$id"})),
        outputs={"arn": arn("security-group"), "name": "GroupName"},
        defaults={"description": "Managed by Pulumi", "revokeRulesOnDelete": False},
        kept="revokeRulesOnDelete",
        used="ingress egress namePrefix",
        replace="description name namePrefix vpcId",
        name=Name(property="name", limit=255, prefix_property="namePrefix"),
        at_most_one=("name namePrefix",),
        gone=codes("InvalidGroup.NotFound InvalidGroupId.NotFound"),
    ),
    Type(
        type="aws:ec2/defaultSecurityGroup:DefaultSecurityGroup",
        service="ec2",
        create=_adopt_default,
        id="id",
        read=(
            Call(op="describe_security_groups", args={"GroupIds": ["$id"]}, pick="SecurityGroups[0]"),
            _read_rules,
        ),
        update=(
            _apply_rules,
            EC2_TAGS[0],
            Call(op="create_tags", args={"Resources": ["$id"], "Tags": "$+tagsAll"}, at_create=True),
        ),
        delete=(),  # AWS deletes it with its VPC
        outputs={"arn": arn("security-group"), "name": "GroupName"},
        defaults={"revokeRulesOnDelete": False},
        kept="revokeRulesOnDelete",
        used="ingress egress vpcId",
        replace="vpcId",
        gone=codes("InvalidGroup.NotFound InvalidGroupId.NotFound"),
    ),
    _rule_type("SecurityGroupIngressRule", "ingress"),
    _rule_type("SecurityGroupEgressRule", "egress"),
    Type(
        type="aws:ec2/vpcEndpoint:VpcEndpoint",
        service="ec2",
        create=Call(
            op="create_vpc_endpoint",
            props="vpcId serviceName vpcEndpointType routeTableIds subnetIds securityGroupIds "
            "privateDnsEnabled "
            "ipAddressType dnsOptions serviceRegion",
            args={"PolicyDocument": "$policy", "ClientToken": "$token", **tagged("vpc-endpoint")},
            pick="VpcEndpoint",
        ),
        id="VpcEndpointId",
        read=(
            Call(op="describe_vpc_endpoints", args={"VpcEndpointIds": ["$id"]}, pick="VpcEndpoints[0]"),
            _prefix_list,
        ),
        update=(
            Call(
                op="modify_vpc_endpoint",
                args={
                    **_OF_ENDPOINT,
                    "AddRouteTableIds": "$+routeTableIds",
                    "RemoveRouteTableIds": "$-routeTableIds",
                    "AddSubnetIds": "$+subnetIds",
                    "RemoveSubnetIds": "$-subnetIds",
                    "AddSecurityGroupIds": "$+securityGroupIds",
                    "RemoveSecurityGroupIds": "$-securityGroupIds",
                },
            ),
            Call(
                op="modify_vpc_endpoint", args={**_OF_ENDPOINT, "PolicyDocument": "$policy"}, needs="policy"
            ),
            Call(
                op="modify_vpc_endpoint",
                args={**_OF_ENDPOINT, "ResetPolicy": True},
                when={"policy": ""},
            ),
            Call(
                op="modify_vpc_endpoint",
                props="privateDnsEnabled ipAddressType dnsOptions",
                args=_OF_ENDPOINT,
            ),
            *EC2_TAGS,
        ),
        delete=(Call(op="delete_vpc_endpoints", args={"VpcEndpointIds": ["$id"]}),),
        outputs={
            "arn": arn("vpc-endpoint"),
            "policy": "PolicyDocument",
            "securityGroupIds": "Groups[].GroupId",
            "serviceRegion": Text("{region}"),
        },
        defaults={"vpcEndpointType": "Gateway"},
        replace="vpcId serviceName vpcEndpointType serviceRegion",
        refused="autoAccept resourceConfigurationArn serviceNetworkArn subnetConfigurations",
        json="policy",
        gone=codes("InvalidVpcEndpointId.NotFound"),
        wait=Wait(
            state="State",
            ready=codes("available Available pendingAcceptance PendingAcceptance"),
            failed=codes("failed Failed rejected Rejected expired Expired"),
            gone=codes("deleted Deleted"),
            reason="LastError.Message || FailureReason",
        ),
    ),
    Type(
        type="aws:ec2/flowLog:FlowLog",
        service="ec2",
        create=(
            _flow_log("vpcId", "VPC"),
            _flow_log("subnetId", "Subnet"),
            _flow_log("eniId", "NetworkInterface"),
        ),
        id="FlowLogIds[0]",
        read=(Call(op="describe_flow_logs", args={"FlowLogIds": ["$id"]}, pick="FlowLogs[0]"),),
        update=EC2_TAGS,
        delete=(Call(op="delete_flow_logs", args={"FlowLogIds": ["$id"]}),),
        outputs={
            "arn": arn("vpc-flow-log"),
            "iamRoleArn": "DeliverLogsPermissionArn",
            "vpcId": "starts_with(ResourceId, 'vpc-') && ResourceId || `null`",
            "subnetId": "starts_with(ResourceId, 'subnet-') && ResourceId || `null`",
            "eniId": "starts_with(ResourceId, 'eni-') && ResourceId || `null`",
        },
        defaults={"logDestinationType": "cloud-watch-logs", "maxAggregationInterval": 600},
        replace="vpcId subnetId eniId trafficType logDestinationType logDestination logFormat iamRoleArn "
        "maxAggregationInterval destinationOptions deliverCrossAccountRole",
        refused="regionalNatGatewayId tagFieldSpecifications transitGatewayAttachmentId transitGatewayId",
        exactly_one=("vpcId subnetId eniId",),
        gone=codes("InvalidFlowLogId.NotFound"),
    ),
)
