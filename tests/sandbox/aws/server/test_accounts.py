"""Accounts of one server: apart in everything but what AWS itself shares."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError

from datahall.sandbox.aws import accounts, control
from tests.sandbox.aws.server.world import REGION, World

ONE, OTHER = "100000000001", "100000000002"


def everything(world: World) -> set[str]:
    """Make something of many services; the names are the same in each account, but for the bucket."""
    made = {world.role, world.key, world.vault, world.plan, world.eks, world.lustre, *world.subnets}
    world.client("logs").create_log_group(logGroupName="/same")
    world.client("ecr").create_repository(repositoryName="same")
    world.client("efs").create_file_system(CreationToken="same")
    world.client("s3").create_bucket(
        Bucket=f"bucket-{world.account}", CreateBucketConfiguration={"LocationConstraint": REGION}
    )
    return made


def seen(world: World) -> dict[str, Any]:
    """What an account says that it has."""
    asked = {
        "ec2": ("describe_vpcs", "Vpcs"),
        "kms": ("list_aliases", "Aliases"),
        "iam": ("list_roles", "Roles"),
        "eks": ("list_clusters", "clusters"),
        "s3": ("list_buckets", "Buckets"),
        "logs": ("describe_log_groups", "logGroups"),
        "ecr": ("describe_repositories", "repositories"),
        "efs": ("describe_file_systems", "FileSystems"),
        "fsx": ("describe_file_systems", "FileSystems"),
        "backup": ("list_backup_plans", "BackupPlansList"),
    }
    told = {service: getattr(world.client(service), call)()[key] for service, (call, key) in asked.items()}
    for file_system in told["efs"]:
        del file_system["SizeInBytes"]  # it tells the time of the question
    return told


def test_accounts_are_apart(server: control.Server) -> None:
    one, other = World(server.url, account=ONE), World(server.url, account=OTHER)
    empty = seen(other)
    everything(one)
    assert seen(other) == empty
    assert control.inventory(server.url, account=OTHER) == []
    everything(other)
    for world in (one, other):
        arns = [each.arn for each in control.inventory(server.url, account=world.account) if each.arn]
        assert len(arns) > 8
        assert not [arn for arn in arns if f":{ONE if world is other else OTHER}:" in arn]
    gone = seen(one)
    control.close_account(server.url, OTHER)
    assert seen(one) == gone
    assert control.inventory(server.url, account=OTHER) == []
    assert len(seen(other)["ec2"]) == 1  # the default VPC of a new account
    control.close_account(server.url, ONE)


@pytest.mark.parametrize("key", ["AKIAIOSFODNN7EXAMPLE", "AKIADATA12345678901X", "test"])
def test_any_other_key_opens_the_default_account(server: control.Server, key: str) -> None:
    sts = boto3.client(
        "sts",
        endpoint_url=server.url,
        region_name=REGION,
        aws_access_key_id=key,
        aws_secret_access_key="x",
    )
    assert sts.get_caller_identity()["Account"] == control.ACCOUNT


def test_keys_that_iam_and_sts_give_open_their_own_account(server: control.Server) -> None:
    world = World(server.url, account=ONE)
    world.client("iam").create_user(UserName="user")
    made = world.client("iam").create_access_key(UserName="user")["AccessKey"]
    role = world.client("sts").assume_role(RoleArn=f"arn:aws:iam::{OTHER}:role/r", RoleSessionName="session")
    for key, account in ((made, ONE), (role["Credentials"], OTHER)):
        sts = boto3.client(
            "sts",
            endpoint_url=server.url,
            region_name=REGION,
            aws_access_key_id=key["AccessKeyId"],
            aws_secret_access_key=key["SecretAccessKey"],
            aws_session_token=key.get("SessionToken"),
        )
        assert sts.get_caller_identity()["Account"] == account
    for account in (ONE, OTHER):
        control.close_account(server.url, account)


def test_the_names_of_buckets_are_everyones_as_in_aws(server: control.Server) -> None:
    one, other = World(server.url, account=ONE), World(server.url, account=OTHER)
    place = {"Bucket": "taken-by-one", "CreateBucketConfiguration": {"LocationConstraint": REGION}}
    one.client("s3").create_bucket(**place)
    with pytest.raises(ClientError, match="BucketAlreadyExists"):
        other.client("s3").create_bucket(**place)
    control.close_account(server.url, ONE)
    other.client("s3").create_bucket(**place)
    control.close_account(server.url, OTHER)


def test_a_restart_keeps_them_apart_and_a_closed_one_closed(tmp_path: Path) -> None:
    try:
        url = control.start(tmp_path).url
        everything(World(url, account=ONE))
        everything(World(url, account=OTHER))
        control.close_account(url, OTHER)
        before = control.inventory(url)
        assert {each.account for each in before} == {ONE}
        control.stop(tmp_path)
        url = control.start(tmp_path).url
        assert control.inventory(url) == before
    finally:
        control.stop(tmp_path)


FREED = """
from datahall.sandbox.aws.server.__main__ import prepare
prepare()
import gc
from moto.backends import get_backend
from moto.core.base_backend import BaseBackend
from datahall.sandbox.aws.server import overlay, replay, tenants
overlay.install()
replay.install(1e9)
for account in ("100000000001", "100000000002"):
    backends = [get_backend(name)[account][place] for name, place in (
        ("ec2", "us-west-2"), ("kms", "us-west-2"), ("iam", "aws"), ("s3", "aws"))]
    backends[0].create_subnet(backends[0].create_vpc("10.0.0.0/16").id, "10.0.0.0/24")
    tenants.close(account)
del backends
gc.collect()
backends = [found for found in gc.get_objects() if isinstance(found, BaseBackend)]
print([found for found in backends if found.account_id.startswith("10")])
"""


def test_what_a_closed_account_held_is_freed() -> None:
    ended = subprocess.run([sys.executable, "-c", FREED], capture_output=True, text=True, check=False)
    assert ended.stdout.strip() == "[]", ended.stderr


@pytest.mark.parametrize("account", ["1", "12345678901x", "1234567890123", ""])
def test_what_is_no_account_is_refused(server: control.Server, account: str) -> None:
    with pytest.raises(ValueError, match="must be 12 digits"):
        accounts.access_key(account)
    with pytest.raises(ValueError, match="must be 12 digits"):
        control.close_account(server.url, account)


def test_the_environment_of_an_account_opens_it(server: control.Server) -> None:
    environment = control.environment(server.url, account=ONE)
    session = boto3.Session(
        aws_access_key_id=environment["AWS_ACCESS_KEY_ID"],
        aws_secret_access_key=environment["AWS_SECRET_ACCESS_KEY"],
    )
    told = session.client("sts", endpoint_url=server.url, region_name=REGION).get_caller_identity()
    assert json.dumps(told["Arn"]).count(ONE) == 1
