"""Samples: VPCs, subnets, routes, gateways and endpoints."""

from __future__ import annotations

from tests.sandbox.aws.plugin.samples.parts import OTHER_TAGS, TAGS, Sample, document

NETWORK = (
    Sample(
        "aws:ec2/vpc:Vpc",
        "vpc",
        lambda made: {
            "cidrBlock": "10.20.0.0/16",
            "enableDnsHostnames": True,
            "enableDnsSupport": True,
            "instanceTenancy": "default",
            "tags": TAGS,
        },
        {"enableDnsHostnames": False, "tags": OTHER_TAGS},
    ),
    Sample(
        "aws:ec2/internetGateway:InternetGateway",
        "gateway",
        lambda made: {"vpcId": made["vpc"].id, "tags": TAGS},
    ),
    Sample(
        "aws:ec2/subnet:Subnet",
        "subnet-a",
        lambda made: {
            "vpcId": made["vpc"].id,
            "cidrBlock": "10.20.0.0/24",
            "availabilityZone": "us-west-2a",
            "mapPublicIpOnLaunch": False,
            "tags": TAGS,
        },
        {"mapPublicIpOnLaunch": True, "tags": OTHER_TAGS},
    ),
    Sample(
        "aws:ec2/subnet:Subnet",
        "subnet-b",
        lambda made: {"vpcId": made["vpc"].id, "cidrBlock": "10.20.1.0/24", "availabilityZone": "us-west-2b"},
    ),
    Sample("aws:ec2/eip:Eip", "address", lambda made: {"domain": "vpc", "tags": TAGS}, {"tags": OTHER_TAGS}),
    Sample(
        "aws:ec2/natGateway:NatGateway",
        "nat",
        lambda made: {"allocationId": made["address"].id, "subnetId": made["subnet-a"].id, "tags": TAGS},
        {"tags": OTHER_TAGS},
    ),
    Sample(
        "aws:ec2/routeTable:RouteTable",
        "routes",
        lambda made: {"vpcId": made["vpc"].id, "tags": TAGS},
        {"tags": OTHER_TAGS},
    ),
    Sample(
        "aws:ec2/routeTable:RouteTable",
        "inline-routes",
        lambda made: {
            "vpcId": made["vpc"].id,
            "routes": [{"cidrBlock": "0.0.0.0/0", "gatewayId": made["gateway"].id}],
        },
        {"routes": []},
    ),
    Sample(
        "aws:ec2/route:Route",
        "route",
        lambda made: {
            "routeTableId": made["routes"].id,
            "destinationCidrBlock": "0.0.0.0/0",
            "natGatewayId": made["nat"].id,
        },
    ),
    Sample(
        "aws:ec2/routeTableAssociation:RouteTableAssociation",
        "association",
        lambda made: {"routeTableId": made["routes"].id, "subnetId": made["subnet-b"].id},
    ),
    Sample(
        "aws:ec2/defaultSecurityGroup:DefaultSecurityGroup",
        "default-group",
        lambda made: {"vpcId": made["vpc"].id, "tags": TAGS},
        {"tags": OTHER_TAGS},
    ),
    Sample(
        "aws:ec2/securityGroup:SecurityGroup",
        "group",
        lambda made: {
            "vpcId": made["vpc"].id,
            "description": "a group",
            "revokeRulesOnDelete": True,
            "tags": TAGS,
        },
        {"tags": OTHER_TAGS},
    ),
    Sample(
        "aws:ec2/securityGroup:SecurityGroup",
        "inline-group",
        lambda made: {
            "vpcId": made["vpc"].id,
            "ingress": [
                {"protocol": "tcp", "fromPort": 443, "toPort": 443, "cidrBlocks": ["10.0.0.0/8"]},
                {"protocol": "-1", "fromPort": 0, "toPort": 0, "self": True},
            ],
            "egress": [{"protocol": "-1", "fromPort": 0, "toPort": 0, "cidrBlocks": ["0.0.0.0/0"]}],
        },
        {"ingress": [{"protocol": "tcp", "fromPort": 80, "toPort": 80, "cidrBlocks": ["10.0.0.0/8"]}]},
    ),
    Sample(
        "aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule",
        "ingress",
        lambda made: {
            "securityGroupId": made["group"].id,
            "ipProtocol": "tcp",
            "fromPort": 443,
            "toPort": 443,
            "cidrIpv4": "10.20.0.0/16",
            "description": "https",
            "tags": TAGS,
        },
        {"toPort": 444, "description": "https and more"},
    ),
    Sample(
        "aws:vpc/securityGroupEgressRule:SecurityGroupEgressRule",
        "egress",
        lambda made: {
            "securityGroupId": made["group"].id,
            "ipProtocol": "-1",
            "referencedSecurityGroupId": made["group"].id,
            "tags": TAGS,
        },
        {"tags": OTHER_TAGS},
    ),
    Sample(
        "aws:ec2/vpcEndpoint:VpcEndpoint",
        "s3-endpoint",
        lambda made: {
            "vpcId": made["vpc"].id,
            "serviceName": "com.amazonaws.us-west-2.s3",
            "routeTableIds": [made["routes"].id],
            "policy": document({"Effect": "Allow", "Principal": "*", "Action": "*", "Resource": "*"}),
            "tags": TAGS,
        },
        {"routeTableIds": []},
    ),
    Sample(
        "aws:ec2/vpcEndpoint:VpcEndpoint",
        "ecr-endpoint",
        lambda made: {
            "vpcId": made["vpc"].id,
            "vpcEndpointType": "Interface",
            "serviceName": "com.amazonaws.us-west-2.ecr.api",
            "subnetIds": [made["subnet-a"].id, made["subnet-b"].id],
            "securityGroupIds": [made["group"].id],
            "privateDnsEnabled": True,
        },
        {"privateDnsEnabled": False},
    ),
)
