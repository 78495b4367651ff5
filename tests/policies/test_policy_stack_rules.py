"""The rules on a whole stack: no bucket or file system is left without what completes it."""

import pytest

from tests.policies.analyzer import UNKNOWN, Pack, Resource, Verdict

BUCKET = "aws:s3/bucket:Bucket"
ENCRYPTION = "aws:s3/bucketServerSideEncryptionConfiguration:BucketServerSideEncryptionConfiguration"
POLICY = "aws:s3/bucketPolicy:BucketPolicy"
FILE_SYSTEM = "aws:efs/fileSystem:FileSystem"
FILE_SYSTEM_POLICY = "aws:efs/fileSystemPolicy:FileSystemPolicy"

VPC = "aws:ec2/vpc:Vpc"
ENDPOINT = "aws:ec2/vpcEndpoint:VpcEndpoint"
FOR_EC2 = {"vpcEndpointType": "Interface", "serviceName": "com.amazonaws.us-west-2.ec2"}

RULES = {
    "require-s3-kms-encryption-on-every-bucket": (BUCKET, ENCRYPTION, "bucket"),
    "require-s3-tls-only-on-every-bucket": (BUCKET, POLICY, "bucket"),
    "require-s3-public-access-block-on-every-bucket": (
        BUCKET,
        "aws:s3/bucketPublicAccessBlock:BucketPublicAccessBlock",
        "bucket",
    ),
    "require-efs-tls-only-on-every-file-system": (FILE_SYSTEM, FILE_SYSTEM_POLICY, "fileSystemId"),
    "require-flow-logs-in-every-vpc": (VPC, "aws:ec2/flowLog:FlowLog", "vpcId"),
    "require-closed-default-security-group-in-every-vpc": (
        VPC,
        "aws:ec2/defaultSecurityGroup:DefaultSecurityGroup",
        "vpcId",
    ),
    "require-ec2-endpoint-in-every-vpc": (VPC, ENDPOINT, "vpcId"),
}


@pytest.fixture(params=RULES)
def rule(request: pytest.FixtureRequest) -> str:
    return str(request.param)


def _judge(
    pack: Pack, rule: str, *, value: str, links: tuple[str, ...] = (), identity: str = "data-1"
) -> Verdict:
    """Judge a stack of an owner `data` and a partner that names `value`."""
    owner, partner, link = RULES[rule]
    return pack.judge_stack(
        [
            Resource(type=owner, name="data", outputs={"id": identity, "bucket": identity}),
            Resource(type=partner, name="partner", outputs={link: value, **FOR_EC2}, links={link: links}),
        ]
    )


def test_an_owner_alone_is_refused_and_named(pack: Pack, rule: str) -> None:
    owner, _, _ = RULES[rule]
    verdict = pack.judge_stack([Resource(type=owner, name="data", outputs={"id": "data-1"})])
    assert "data has no" in verdict.violations(rule)[0]
    assert {finding.urn for finding in verdict.findings} == {f"urn:pulumi:test::datahall::{owner}::data"}


def test_a_partner_found_by_value_will_do(pack: Pack, rule: str) -> None:
    assert not _judge(pack, rule, value="data-1").violations(rule)


def test_a_partner_found_by_dependency_will_do_while_ids_are_unknown(pack: Pack, rule: str) -> None:
    verdict = _judge(pack, rule, value=UNKNOWN, links=("data",), identity=UNKNOWN)
    assert not verdict.violations(rule)
    assert not verdict.not_judged(rule)


def test_the_partner_of_another_will_not(pack: Pack, rule: str) -> None:
    assert _judge(pack, rule, value="data-2").violations(rule)


def test_an_unknown_link_to_nothing_known_cannot_be_judged(pack: Pack, rule: str) -> None:
    verdict = _judge(pack, rule, value=UNKNOWN)
    assert not verdict.violations(rule)
    assert verdict.not_judged(rule)


def test_a_second_owner_is_not_hidden_by_the_first_ones_unknown_id(pack: Pack, rule: str) -> None:
    owner, partner, link = RULES[rule]
    verdict = pack.judge_stack(
        [
            Resource(type=owner, name="covered", outputs={"id": UNKNOWN}),
            Resource(type=owner, name="bare", outputs={"id": UNKNOWN}),
            Resource(
                type=partner, name="partner", outputs={link: UNKNOWN, **FOR_EC2}, links={link: ["covered"]}
            ),
        ]
    )
    assert len(verdict.violations(rule)) == 1
    assert "bare has no" in verdict.violations(rule)[0]


EBS_DEFAULT = "require-ebs-encryption-by-default-in-stack"
VOLUME = Resource(type="aws:ebs/volume:Volume", name="scratch")
SETTING = Resource(type="aws:ebs/encryptionByDefault:EncryptionByDefault", name="ebs")


def test_a_stack_with_disks_declares_encryption_by_default(pack: Pack) -> None:
    assert "scratch makes disks" in pack.judge_stack([VOLUME]).violations(EBS_DEFAULT)[0]
    assert not pack.judge_stack([VOLUME, SETTING]).findings


def test_a_stack_without_disks_need_not(pack: Pack) -> None:
    assert not pack.judge_stack(
        [Resource(type="aws:ec2/internetGateway:InternetGateway", name="out")]
    ).findings


@pytest.mark.parametrize(
    "other", [{"serviceName": "com.amazonaws.us-west-2.s3"}, {"vpcEndpointType": "Gateway"}]
)
def test_an_endpoint_for_another_service_will_not_do(pack: Pack, other: dict[str, str]) -> None:
    verdict = pack.judge_stack(
        [
            Resource(type=VPC, name="data", outputs={"id": "vpc-1"}),
            Resource(type=ENDPOINT, name="endpoint", outputs={"vpcId": "vpc-1", **FOR_EC2, **other}),
        ]
    )
    assert verdict.violations("require-ec2-endpoint-in-every-vpc")


def _nodes_in(subnet: str, *, inline: bool = False) -> list[Resource]:
    """Return a stack with a public and a private subnet, and a node group in one of them."""
    table, association = (
        "aws:ec2/routeTable:RouteTable",
        "aws:ec2/routeTableAssociation:RouteTableAssociation",
    )
    out = [
        Resource(type=table, name="outward", links={"routes": ["internet"]} if inline else {}),
        Resource(type="aws:ec2/internetGateway:InternetGateway", name="internet"),
        *([] if inline else [_route("outward", "gatewayId", "internet")]),
    ]
    return [
        *out,
        Resource(type="aws:ec2/natGateway:NatGateway", name="nat"),
        Resource(type=table, name="inward"),
        _route("inward", "natGatewayId", "nat"),
        Resource(type="aws:ec2/subnet:Subnet", name="public"),
        Resource(type="aws:ec2/subnet:Subnet", name="private"),
        Resource(type=association, name="a", links={"routeTableId": ["outward"], "subnetId": ["public"]}),
        Resource(type=association, name="b", links={"routeTableId": ["inward"], "subnetId": ["private"]}),
        Resource(type="aws:eks/nodeGroup:NodeGroup", name="pool", links={"subnetIds": [subnet]}),
        SETTING,
    ]


def _route(table: str, link: str, gateway: str) -> Resource:
    links = {"routeTableId": [table], link: [gateway]}
    return Resource(type="aws:ec2/route:Route", name=f"{table}-default", links=links)


@pytest.mark.parametrize("inline", [False, True])
def test_nodes_in_a_public_subnet_are_refused(pack: Pack, inline: bool) -> None:
    verdict = pack.judge_stack(_nodes_in("public", inline=inline))
    (found,) = verdict.violations("disallow-nodes-in-public-subnets")
    assert "pool stands in the public subnet public" in found


def test_nodes_in_a_private_subnet_pass(pack: Pack) -> None:
    assert not pack.judge_stack(_nodes_in("private")).findings
