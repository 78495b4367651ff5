"""The `stack` fixture: real stacks, apart from each other, that can be changed and looked at."""

from __future__ import annotations

from pathlib import Path

import boto3
import pulumi
import pulumi_aws as aws
import pytest

from datahall.engine import EngineError, Op, ProtectedResource
from datahall.sandbox.aws import control
from datahall.testing import NewStack, Stack


def network(*, protect: bool = False) -> None:
    block = pulumi.Config().get("block") or "10.0.0.0/16"
    vpc = aws.ec2.Vpc("vpc", cidr_block=block, opts=pulumi.ResourceOptions(protect=protect))
    aws.ec2.Subnet("subnet", vpc_id=vpc.id, cidr_block="10.0.1.0/24")
    pulumi.export("vpc", vpc.id)
    pulumi.export("secret", pulumi.Output.secret("open"))


def blocks(stack: Stack) -> list[str]:
    vpcs = stack.boto3.client("ec2").describe_vpcs()["Vpcs"]
    return sorted(vpc["CidrBlock"] for vpc in vpcs if not vpc["IsDefault"])


def test_a_stack_is_real_and_can_be_changed(stack: NewStack) -> None:
    net = stack(network)
    with pytest.raises(LookupError, match="call `up` first"):
        _ = net.result
    assert net.up().summary == {Op.CREATE: 3}
    assert net.outputs["secret"] == "open"
    assert net.resource("vpc").id == net.outputs["vpc"]
    assert blocks(net) == ["10.0.0.0/16"]
    assert not net.up().changed
    assert net.up(config={"block": "10.0.0.0/20"}).summary[Op.REPLACE] >= 1
    assert blocks(net) == ["10.0.0.0/20"]
    assert not net.up().changed, "changed settings hold"
    assert net.preview(config={"block": "10.0.0.0/21"}).changed
    assert not net.preview().changed, "those of a preview do not"
    assert net.up(config={"block": None}).changed
    assert blocks(net) == ["10.0.0.0/16"]
    assert net.preview(lambda: None).summary[Op.DELETE] == 2
    net.up(lambda: None)
    assert blocks(net) == []


def test_what_was_changed_behind_its_back_is_seen(stack: NewStack) -> None:
    net = stack(network)
    net.up()
    net.boto3.client("ec2").delete_subnet(SubnetId=net.resource("subnet").id)
    assert net.refresh().summary[Op.DELETE] == 1
    assert net.up().summary[Op.CREATE] == 1
    net.destroy()
    assert net.resources == []
    assert blocks(net) == []


def test_stacks_are_apart(stack: NewStack, aws_server: control.Server) -> None:
    one, other = stack(network), stack(network, config={"block": "10.0.0.0/18"})
    one.up()
    other.up()
    assert one.account != other.account
    assert (blocks(one), blocks(other)) == (["10.0.0.0/16"], ["10.0.0.0/18"])
    for each in (one, other):
        found = control.inventory(aws_server.url, account=each.account)
        assert sorted(item.type for item in found) == ["Subnet", "Vpc"]
    one.destroy()
    assert (blocks(one), blocks(other)) == ([], ["10.0.0.0/18"])


def test_providers_of_a_program_keep_their_own_settings(stack: NewStack) -> None:
    def program() -> None:
        for region in ("us-east-1", "eu-west-1"):
            provider = aws.Provider(region, region=region)
            vpc = aws.ec2.Vpc(
                region, cidr_block="10.0.0.0/16", opts=pulumi.ResourceOptions(provider=provider)
            )
            pulumi.export(region, vpc.arn)
        pulumi.export("us-west-2", aws.ec2.Vpc("here", cidr_block="10.0.0.0/16").arn)

    regions = stack(program)
    regions.up()
    for region, arn in regions.outputs.items():
        assert arn.startswith(f"arn:aws:ec2:{region}:{regions.account}:vpc/")


def test_a_program_that_calls_aws_itself_reaches_its_own_account(stack: NewStack) -> None:
    def program() -> None:
        sts = boto3.client("sts")
        pulumi.export("boto3", sts.get_caller_identity()["Account"])
        pulumi.export("provider", aws.get_caller_identity().account_id)

    boto3.setup_default_session()
    before = boto3.DEFAULT_SESSION
    assert before.available_profiles is not None  # it reads its configuration, once
    asking = stack(program)
    asking.up()
    assert asking.outputs == {"boto3": asking.account, "provider": asking.account}
    assert boto3.DEFAULT_SESSION is before


def test_protected_resources_go_after_the_test(stack_factory: NewStack, aws_server: control.Server) -> None:
    with stack_factory(lambda: network(protect=True)) as kept:
        kept.up()
        with pytest.raises(ProtectedResource):
            kept.destroy()
        account = kept.account
    assert control.inventory(aws_server.url, account=account) == []


def test_what_a_failed_up_made_is_taken_down_too(stack_factory: NewStack, aws_server: control.Server) -> None:
    with stack_factory(network, config={"block": "10.99.0.0/16"}) as net:
        with pytest.raises(EngineError):
            net.up()  # the subnet is outside of it
        assert net.resource("vpc").id
        account = net.account
    assert control.inventory(aws_server.url, account=account) == []


def test_a_projects_folder_is_a_program(stack: NewStack, tmp_path: Path) -> None:
    (tmp_path / "Pulumi.yaml").write_text(
        "name: acme\nruntime: python\nconfig:\n  size: 1\n  names:\n    type: array\n"
        "    items:\n      type: string\n    default: [a]\n"
    )
    (tmp_path / "__main__.py").write_text(
        "import pulumi\nconfig = pulumi.Config()\n"
        "pulumi.export('size', config.require_int('size'))\n"
        "pulumi.export('names', config.require_object('names'))\n"
        "pulumi.export('project', pulumi.get_project())\n"
    )
    acme = stack(tmp_path, aws=False, config={"names": ["b", "c"]})
    acme.up()
    assert acme.outputs == {"size": 1, "names": ["b", "c"], "project": "acme"}
    acme.up(config={"acme:size": 2})
    assert acme.outputs["size"] == 2
    acme.up(config={"size": None})
    assert acme.outputs["size"] == 1, "the project's own"
    assert sorted(file.name for file in tmp_path.iterdir() if file.is_file()) == [
        "Pulumi.yaml",
        "__main__.py",
    ]


def test_what_is_no_program_is_refused(stack: NewStack) -> None:
    with pytest.raises(TypeError, match="program: 'infra': must be a function, or the folder of a project"):
        stack("infra", aws=False)  # type: ignore[arg-type]  # to be refused
    with pytest.raises(EngineError, match="project: 'a b': letters, digits"):
        stack(network, aws=False, project="a b")
    with pytest.raises(TypeError, match=r"config: .*PosixPath.*: must be texts, numbers"):
        stack(network, aws=False, config={"folder": Path("a")})


def test_a_component_may_be_the_program(stack: NewStack) -> None:
    class Pair(pulumi.ComponentResource):
        def __init__(self, name: str) -> None:
            super().__init__("acme:index:Pair", name)
            self.register_outputs({"name": name})

    pair = stack(lambda: Pair("pair"), aws=False)
    pair.up()
    assert pair.resource("pair").outputs == {"name": "pair"}
    with pytest.raises(LookupError, match=r"name: pear: none has it; there are \['pair'"):
        pair.resource("pear")
    with pytest.raises(LookupError, match="aws=False"):
        _ = pair.boto3
