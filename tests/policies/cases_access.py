"""Cases of the rules on who gets in: addresses, ports, metadata, identities."""

import json
from typing import Any

from tests.policies.cases import ABSENT, IMDSV2, KEY, Case

_DISK: dict[str, Any] = {"encrypted": True, "kmsKeyId": KEY}
_INSTANCE: dict[str, Any] = {
    "ami": "ami-1",
    "instanceType": "m7i.large",
    "rootBlockDevice": _DISK,
    "metadataOptions": IMDSV2,
}
_TEMPLATE: dict[str, Any] = {
    "blockDeviceMappings": [{"deviceName": "/dev/xvda", "ebs": {"encrypted": "true", "kmsKeyId": KEY}}],
    "metadataOptions": IMDSV2,
    "networkInterfaces": [{"deviceIndex": 0, "associatePublicIpAddress": "false"}],
}
_NODE_GROUP = {
    "clusterName": "c",
    "nodeRoleArn": "arn:aws:iam::123456789012:role/node",
    "launchTemplate": {"id": "lt-1", "version": "1"},
    "scalingConfig": {"desiredSize": 1, "maxSize": 1, "minSize": 1},
    "subnetIds": ["subnet-1"],
}
_INSTANCES = ("aws:ec2/instance:Instance", "aws:ec2/spotInstanceRequest:SpotInstanceRequest")
_TEMPLATES = "aws:ec2/launchTemplate:LaunchTemplate"


def _allowing(**changes: object) -> str:
    statement = {"Effect": "Allow", "Action": ["s3:GetObject"], "Resource": "*", **changes}
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]})


_FULL: tuple[tuple[str, Any], ...] = (
    ("policy", _allowing(Action="*")),
    ("policy", _allowing(Action=["s3:GetObject", "*:*"])),
    ("policy", json.dumps({"Statement": {"Effect": "Allow", "NotAction": "iam:*", "Resource": "*"}})),
    ("policy", "not json"),
)
_NARROW: tuple[tuple[str, Any], ...] = (
    ("policy", _allowing(Action="s3:*")),
    ("policy", _allowing(Effect="Deny", Action="*")),
)
_ADMINISTRATOR = "arn:aws:iam::aws:policy/AdministratorAccess"
_WORKER = "arn:aws:iam::aws:policy/AmazonEKSWorkerNodePolicy"
_FOUR_BLOCKS = {
    "blockPublicAcls": True,
    "blockPublicPolicy": True,
    "ignorePublicAcls": True,
    "restrictPublicBuckets": True,
}

ACCESS = (
    *(
        Case(
            rule="disallow-public-addresses",
            type=token,
            compliant={**_INSTANCE, "associatePublicIpAddress": False},
            broken=(("associatePublicIpAddress", True),),
            unknown=("associatePublicIpAddress",),
            also=(("associatePublicIpAddress", ABSENT),),
        )
        for token in _INSTANCES
    ),
    Case(
        rule="disallow-public-addresses",
        type=_TEMPLATES,
        compliant=_TEMPLATE,
        broken=(("networkInterfaces.0.associatePublicIpAddress", "true"),),
        unknown=("networkInterfaces.0.associatePublicIpAddress",),
    ),
    Case(
        rule="disallow-public-addresses",
        type="aws:ec2/subnet:Subnet",
        compliant={"vpcId": "vpc-1", "cidrBlock": "10.0.0.0/20", "mapPublicIpOnLaunch": False},
        broken=(("mapPublicIpOnLaunch", True),),
        unknown=("mapPublicIpOnLaunch",),
    ),
    *(
        Case(
            rule="require-imdsv2",
            type=token,
            compliant=_INSTANCE,
            broken=(("metadataOptions", ABSENT), ("metadataOptions.httpTokens", "optional")),
            unknown=("metadataOptions", "metadataOptions.httpTokens"),
            also=(("metadataOptions", {"httpEndpoint": "disabled"}),),
        )
        for token in _INSTANCES
    ),
    Case(
        rule="require-imdsv2",
        type=_TEMPLATES,
        compliant=_TEMPLATE,
        broken=(("metadataOptions.httpTokens", ABSENT), ("metadataOptions.httpTokens", "optional")),
        unknown=("metadataOptions.httpTokens",),
    ),
    Case(
        rule="require-metadata-hop-limit",
        type=_TEMPLATES,
        compliant=_TEMPLATE,
        broken=(
            ("metadataOptions.httpPutResponseHopLimit", 2),
            ("metadataOptions.httpPutResponseHopLimit", ABSENT),
            ("metadataOptions", ABSENT),
        ),
        unknown=("metadataOptions.httpPutResponseHopLimit",),
    ),
    Case(
        rule="disallow-node-ssh",
        type="aws:eks/nodeGroup:NodeGroup",
        compliant=_NODE_GROUP,
        broken=(
            ("remoteAccess", {"ec2SshKey": "mine"}),
            ("remoteAccess", {"sourceSecurityGroupIds": ["sg-1"]}),
        ),
        unknown=("remoteAccess",),
    ),
    *(
        Case(
            rule="disallow-node-ssh",
            type=token,
            compliant=properties,
            broken=(("keyName", "mine"),),
            unknown=("keyName",),
        )
        for token, properties in ((_TEMPLATES, _TEMPLATE), *((token, _INSTANCE) for token in _INSTANCES))
    ),
    Case(
        rule="disallow-open-ingress",
        type="aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule",
        compliant={
            "securityGroupId": "sg-1",
            "ipProtocol": "tcp",
            "fromPort": 22,
            "toPort": 22,
            "cidrIpv4": "10.0.0.0/8",
        },
        broken=(("cidrIpv4", "0.0.0.0/0"), ("cidrIpv4", "128.0.0.0/1"), ("cidrIpv6", "::/0")),
        unknown=("cidrIpv4",),
    ),
    Case(
        rule="disallow-open-ingress",
        type="aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule",
        compliant={
            "securityGroupId": "sg-1",
            "ipProtocol": "tcp",
            "fromPort": 443,
            "toPort": 443,
            "cidrIpv4": "0.0.0.0/0",
        },
        broken=(("ipProtocol", "-1"), ("fromPort", 22), ("toPort", 8443), ("ipProtocol", "udp")),
        unknown=("fromPort",),
    ),
    Case(
        rule="disallow-open-ingress",
        type="aws:ec2/securityGroupRule:SecurityGroupRule",
        compliant={
            "securityGroupId": "sg-1",
            "type": "ingress",
            "protocol": "-1",
            "fromPort": 0,
            "toPort": 0,
            "cidrBlocks": ["10.0.0.0/8"],
        },
        broken=(("cidrBlocks", ["10.0.0.0/8", "0.0.0.0/0"]), ("ipv6CidrBlocks", ["::/0"])),
        unknown=("cidrBlocks",),
    ),
    Case(
        rule="disallow-open-ingress",
        type="aws:ec2/securityGroupRule:SecurityGroupRule",
        compliant={
            "securityGroupId": "sg-1",
            "type": "egress",
            "protocol": "-1",
            "fromPort": 0,
            "toPort": 0,
            "cidrBlocks": ["0.0.0.0/0"],
        },
        broken=(),
    ),
    Case(
        rule="disallow-open-ingress",
        type="aws:ec2/securityGroup:SecurityGroup",
        compliant={
            "vpcId": "vpc-1",
            "ingress": [{"protocol": "tcp", "fromPort": 22, "toPort": 22, "cidrBlocks": ["10.0.0.0/8"]}],
        },
        broken=(("ingress.0.cidrBlocks", ["0.0.0.0/0"]), ("ingress.0.ipv6CidrBlocks", ["::/0"])),
        unknown=("ingress", "ingress.0.cidrBlocks"),
        also=(("ingress", ABSENT),),
    ),
    Case(
        rule="require-closed-default-security-group",
        type="aws:ec2/defaultSecurityGroup:DefaultSecurityGroup",
        compliant={"vpcId": "vpc-1", "ingress": [], "egress": []},
        broken=(
            ("ingress", [{"protocol": "-1", "fromPort": 0, "toPort": 0, "self": True}]),
            ("egress", [{"protocol": "-1", "fromPort": 0, "toPort": 0, "cidrBlocks": ["0.0.0.0/0"]}]),
        ),
        unknown=("ingress", "egress"),
        also=(("ingress", ABSENT),),
    ),
    Case(
        rule="require-s3-public-access-block",
        type="aws:s3/bucketPublicAccessBlock:BucketPublicAccessBlock",
        compliant={"bucket": "data", **_FOUR_BLOCKS},
        broken=tuple((name, value) for name in _FOUR_BLOCKS for value in (False, ABSENT)),
        unknown=tuple(_FOUR_BLOCKS),
    ),
    Case(
        rule="require-s3-public-access-block",
        type="aws:s3/accountPublicAccessBlock:AccountPublicAccessBlock",
        compliant=_FOUR_BLOCKS,
        broken=(("blockPublicPolicy", False),),
    ),
    Case(
        rule="require-flow-logs",
        type="aws:ec2/flowLog:FlowLog",
        compliant={"vpcId": "vpc-1", "trafficType": "ALL"},
        broken=(("trafficType", "ACCEPT"), ("trafficType", ABSENT)),
        unknown=("trafficType",),
        also=(("trafficType", "REJECT"),),
    ),
    Case(
        rule="require-flow-logs",
        type="aws:ec2/flowLog:FlowLog",
        compliant={"transitGatewayId": "tgw-1"},
        broken=(),
    ),
    *(
        Case(
            rule="disallow-full-access",
            type=token,
            compliant={**properties, "policy": _allowing()},
            broken=_FULL,
            unknown=("policy",),
            also=_NARROW,
        )
        for token, properties in (
            ("aws:iam/policy:Policy", {}),
            ("aws:iam/rolePolicy:RolePolicy", {"role": "r"}),
            ("aws:iam/userPolicy:UserPolicy", {"user": "u"}),
            ("aws:iam/groupPolicy:GroupPolicy", {"group": "g"}),
        )
    ),
    Case(
        rule="disallow-full-access",
        type="aws:iam/role:Role",
        compliant={
            "assumeRolePolicy": "{}",
            "inlinePolicies": [{"name": "own", "policy": _allowing()}],
            "managedPolicyArns": [_WORKER],
        },
        broken=(
            ("inlinePolicies.0.policy", _allowing(Action="*")),
            ("managedPolicyArns", [_WORKER, _ADMINISTRATOR]),
        ),
        unknown=("inlinePolicies.0.policy", "managedPolicyArns"),
    ),
    *(
        Case(
            rule="disallow-full-access",
            type=token,
            compliant={**properties, "policyArn": _WORKER},
            broken=(
                ("policyArn", _ADMINISTRATOR),
                ("policyArn", _ADMINISTRATOR.replace("aws:", "aws-cn:", 1)),
            ),
            unknown=("policyArn",),
        )
        for token, properties in (
            ("aws:iam/rolePolicyAttachment:RolePolicyAttachment", {"role": "r"}),
            ("aws:iam/userPolicyAttachment:UserPolicyAttachment", {"user": "u"}),
            ("aws:iam/groupPolicyAttachment:GroupPolicyAttachment", {"group": "g"}),
            ("aws:iam/policyAttachment:PolicyAttachment", {"roles": ["r"]}),
        )
    ),
)
