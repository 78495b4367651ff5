"""Pictures of digits, and the tree of resources."""

import pytest
from rich.console import Console

from datahall import picture
from datahall.engine import Diagnostic, Op, PropertyDiff, ResourceDone, ResourceFailed, ResourceStarted
from datahall.tree import ResourceTree, short_type, summary

STACK = "urn:pulumi:local::datahall::pulumi:pulumi:Stack::datahall-local"


def test_a_digit_is_drawn_two_rows_a_line() -> None:
    pixels = [0.0] * 784
    for row in range(4, 8):
        pixels[row * 28 + 3] = 1.0
    assert picture.draw(pixels) == "   @\n   @"
    assert picture.draw([0.0] * 784) == ""


@pytest.fixture
def lines() -> list[str]:
    return []


def grow(lines: list[str], *, planning: bool) -> ResourceTree:
    tree = ResourceTree(lines.append, planning=planning, diff=True)
    network = f"{STACK}$datahall:components:Network::net"
    vpc = f"{STACK}$aws:ec2/vpc:Vpc::vpc"
    tree.on_event(ResourceStarted(STACK, "pulumi:pulumi:Stack", Op.SAME, None, "datahall-local"))
    tree.on_event(ResourceDone(STACK, "pulumi:pulumi:Stack", Op.SAME, 0.0, None))
    tree.on_event(ResourceStarted(network, "datahall:components:Network", Op.SAME, STACK, "net"))
    tree.on_event(ResourceStarted(vpc, "aws:ec2/vpc:Vpc", Op.UPDATE, network, "vpc"))
    diff = [PropertyDiff("cidrBlock", "update-replace", "10.0.0.0/16", "10.1.0.0/16")]
    tree.on_event(ResourceDone(vpc, "aws:ec2/vpc:Vpc", Op.UPDATE, 0.1, "vpc-1", diff))
    return tree


def test_the_tree_tells_changes_as_lines(lines: list[str]) -> None:
    tree = grow(lines, planning=False)
    assert lines == [
        "~ ec2 Vpc  vpc  updated",
        '    ~ cidrBlock: "10.0.0.0/16" => "10.1.0.0/16" (forces replacement)',
    ]
    assert summary(tree.counts(), planning=False) == "2 unchanged, 1 updated"
    assert summary({"create": 2, "same": 1}, planning=True) == "1 unchanged, 2 to create"


@pytest.mark.parametrize("made", [Op.CREATE_REPLACEMENT, Op.IMPORT_REPLACEMENT])
def test_a_replacement_is_one_with_its_diff_once_the_old_one_is_deleted(lines: list[str], made: Op) -> None:
    tree = ResourceTree(lines.append, planning=True, diff=True)
    urn, diff = f"{STACK}$aws:ec2/vpc:Vpc::vpc", [PropertyDiff("cidrBlock", "update-replace", "a", "b")]
    for op, told in ((made, diff), (Op.DELETE_REPLACED, [])):
        tree.on_event(ResourceStarted(urn, "aws:ec2/vpc:Vpc", op, None, "vpc"))
        tree.on_event(ResourceDone(urn, "aws:ec2/vpc:Vpc", op, 0.0, None, told))
    assert tree.counts() == {Op.REPLACE: 1}
    console = Console(width=100)
    with console.capture() as shown:
        console.print(tree.changes())
    assert [line.strip() for line in shown.get().splitlines()] == [
        "± ec2 Vpc  vpc  replace",
        '└── ~ cidrBlock: "a" => "b" (forces replacement)',
    ]


def test_a_failed_resource_is_told_with_its_message(lines: list[str]) -> None:
    tree = grow(lines, planning=True)
    tree.on_event(ResourceFailed(f"{STACK}$aws:ec2/vpc:Vpc::vpc", Op.UPDATE, "no such thing"))
    assert lines[-1] == "! vpc: no such thing"


def test_messages_of_a_stream_are_one_and_passing_ones_are_not_kept(lines: list[str]) -> None:
    tree = grow(lines, planning=False)
    for message in (
        Diagnostic("warning", "take care", "urn", stream=7),
        Diagnostic("warning", "another", "urn"),
        Diagnostic("warning", " of it", "urn", stream=7),
        Diagnostic("warning", "half way", "urn", ephemeral=True),
        Diagnostic("info", "news"),
    ):
        tree.on_event(message)
    assert [d.message for d in tree.diagnostics] == ["take care of it", "another", "news"]


def test_type_tokens_are_told_as_people_say_them() -> None:
    assert short_type("aws:ec2/vpc:Vpc") == "ec2 Vpc"
    assert short_type("datahall:components:Network") == "Network"
    assert short_type("pulumi:pulumi:Stack") == "Stack"
    assert short_type("pulumi:providers:aws") == "providers aws"
