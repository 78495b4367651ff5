"""What must fail a test does, in a pytest of its own, and says why."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.testing.foreign import Ran, run_pytest

pytestmark = pytest.mark.xdist_group("failures")  # one run of all cases

CASES = """
import pulumi
import pulumi_aws as aws
import pytest


def applied(check):
    def program():
        pulumi.Output.from_input(1).apply(check)

    return program


def test_false(stack):
    def check(value):
        assert value == 2

    stack(applied(check), aws=False).up()


def test_false_and_awaited(stack):
    async def check(value):
        assert value == 2

    stack(applied(check), aws=False).up()


def unknown():
    def check(value):
        assert value == 2

    pulumi.Output.from_input(pulumi.UNKNOWN).apply(check)  # never runs


def test_never_ran(stack):
    stack(unknown, aws=False).up()


def test_only_previewed(stack):
    stack(unknown, aws=False).preview()


def test_orphan(stack):
    made = stack(lambda: None)
    made.up()
    made.boto3.client("ec2").create_vpc(CidrBlock="10.7.0.0/16")


def test_orphan_in_another_region(stack):
    stack(lambda: None).boto3.client("kms", region_name="eu-west-1").create_key()


def test_not_destroyed(stack):
    made = stack(lambda: aws.s3.Bucket("full"))
    made.up()
    made.boto3.client("s3").put_object(Bucket=made.resource("full").id, Key="key", Body=b"")


@pytest.fixture(scope="module")
def shared(stack_factory):
    with stack_factory(lambda: None) as made:
        yield made


def test_orphan_of_a_shared_stack(shared):
    shared.boto3.client("iam").create_user(UserName="orphan")


def test_one_bad_stack_leaves_no_other_up(stack):
    for number in range(2):
        made = stack(lambda: aws.ec2.Vpc("vpc", cidr_block="10.8.0.0/16"))
        made.up()
        made.boto3.client("iam").create_user(UserName=f"orphan{number}")


def test_none_of_this_is_left_for_others(stack, aws_server):
    from datahall.sandbox.aws import control

    assert [item.id for item in control.inventory(aws_server.url)] == ["orphan"]  # of the shared stack
    stack(lambda: None).up()
"""


@pytest.fixture(scope="module")
def ran(installed: Path, tmp_path_factory: pytest.TempPathFactory) -> Ran:
    folder = tmp_path_factory.mktemp("failing")
    (folder / "test_it.py").write_text(CASES)
    return run_pytest(installed, folder)


def test_only_what_must_fail_does(ran: Ran) -> None:
    assert set(ran.failures) == {"test_false", "test_false_and_awaited", "test_never_ran"}, ran.said
    assert set(ran.errors) == {
        "test_orphan",
        "test_orphan_in_another_region",
        "test_not_destroyed",
        "test_one_bad_stack_leaves_no_other_up",
        "test_none_of_this_is_left_for_others",  # the module's end: the shared stack's orphan
    }, ran.said
    assert "3 failed, 7 passed, 5 errors" in ran.said


@pytest.mark.parametrize("name", ["test_false", "test_false_and_awaited"])
def test_an_assertion_in_an_apply_is_the_tests_own(ran: Ran, name: str) -> None:
    assert ran.failures[name].startswith("assert 1 == 2")
    assert ">       assert value == 2" in ran.failures[name]


def test_one_that_never_ran_is_told_with_its_line(ran: Ran) -> None:
    line = (
        CASES.splitlines().index("    pulumi.Output.from_input(pulumi.UNKNOWN).apply(check)  # never runs")
        + 1
    )
    told = ran.failures["test_never_ran"]
    assert "ApplyNeverRan: apply: " in told
    assert f"test_it.py:{line}: its function never ran to its end" in told


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("test_orphan", "left behind in its account: ec2 Vpc vpc-"),
        ("test_orphan_in_another_region", "left behind in its account: kms Key "),
        ("test_not_destroyed", "it could not be destroyed: "),
        ("test_not_destroyed", "BucketNotEmpty"),
        ("test_not_destroyed", "left behind in its account: s3 Bucket full-"),
        ("test_one_bad_stack_leaves_no_other_up", "iam User orphan0"),
        ("test_one_bad_stack_leaves_no_other_up", "iam User orphan1"),
        ("test_none_of_this_is_left_for_others", "iam User orphan"),
    ],
)
def test_what_is_left_behind_is_named(ran: Ran, name: str, words: str) -> None:
    assert words in ran.errors[name]
    assert "LeftBehind" in ran.errors[name]
