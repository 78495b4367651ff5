"""The test kit: an ephemeral stack in the emulated AWS."""

from __future__ import annotations

import pulumi
import pulumi_aws as aws
import pytest

from datahall.engine import EngineError, Op
from datahall.testing.plugin import Deploy, NewDeployment


def network(block: str = "10.0.0.0/16") -> None:
    vpc = aws.ec2.Vpc("vpc", cidr_block=block, tags={"a": "b"})
    aws.ec2.Subnet("subnet", vpc_id=vpc.id, cidr_block="10.0.1.0/24")
    pulumi.export("vpc", vpc.id)


def test_a_deployment_is_real_and_can_be_changed(deploy: Deploy) -> None:
    deployment = deploy(network)
    assert deployment.result.summary == {Op.CREATE: 3}
    ec2 = deployment.session.client("ec2")
    (vpc,) = ec2.describe_vpcs(VpcIds=[deployment.outputs["vpc"]])["Vpcs"]
    assert vpc["CidrBlock"] == "10.0.0.0/16"
    assert {r.type for r in deployment.resources if r.custom} == {
        "aws:ec2/vpc:Vpc",
        "aws:ec2/subnet:Subnet",
        "pulumi:providers:aws",
    }
    assert not deployment.up(network).changed
    assert deployment.preview(lambda: None).summary[Op.DELETE] == 2
    deployment.destroy()
    assert not [v for v in ec2.describe_vpcs()["Vpcs"] if v["VpcId"] == vpc["VpcId"]]


def test_what_a_failed_up_made_is_taken_down_too(new_deployment: NewDeployment) -> None:
    deployment = new_deployment()
    with pytest.raises(EngineError):
        deployment.up(lambda: network("10.99.0.0/16"))  # the subnet is outside of it
    assert "vpc" in {r.name for r in deployment.resources}
