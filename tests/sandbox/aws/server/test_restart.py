"""What was there is there after a restart: ids, ARNs, dates and contents, after TERM and after KILL."""

import json
import os
import signal
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from datahall.sandbox.aws import control
from tests.sandbox.aws.server.world import REGION, World


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A folder whose server has run a bit of everything."""
    folder = tmp_path_factory.mktemp("restart")
    try:
        build(World(control.start(folder).url))
        yield folder
    finally:
        control.stop(folder)


def build(world: World) -> None:
    """Make things of every service, some of them in parts, some then deleted."""
    ec2, eks, s3, kms = (world.client(name) for name in ("ec2", "eks", "s3", "kms"))
    ec2.describe_vpcs()  # reads come between, and must not matter
    world.cluster("alpha", accessConfig={"authenticationMode": "API"})
    eks.create_addon(clusterName="alpha", addonName="coredns")
    eks.create_nodegroup(clusterName="alpha", nodegroupName="n", subnets=world.subnets, nodeRole=world.role)
    eks.create_pod_identity_association(
        clusterName="alpha", namespace="n", serviceAccount="s", roleArn=world.role
    )
    world.client("backup").create_backup_selection(
        BackupPlanId=world.plan,
        BackupSelection={"SelectionName": "s", "IamRoleArn": world.role, "Resources": ["*"]},
    )
    kms.enable_key_rotation(KeyId=world.key, RotationPeriodInDays=100)
    world.client("fsx").create_data_repository_association(
        FileSystemId=world.lustre, FileSystemPath="/a", DataRepositoryPath=f"s3://{world.bucket}/a"
    )
    s3.put_bucket_versioning(Bucket=world.bucket, VersioningConfiguration={"Status": "Enabled"})
    s3.put_object(Bucket=world.bucket, Key="sm\u00e5ll", Body=b"1", Metadata={"my_key": "x"})
    s3.put_object(Bucket=world.bucket, Key="large", Body=bytes(range(256)) * 8192)
    upload = s3.create_multipart_upload(Bucket=world.bucket, Key="parts")["UploadId"]
    part = s3.upload_part(Bucket=world.bucket, Key="parts", UploadId=upload, PartNumber=1, Body=b"2" * 9000)
    s3.complete_multipart_upload(
        Bucket=world.bucket,
        Key="parts",
        UploadId=upload,
        MultipartUpload={"Parts": [{"ETag": part["ETag"], "PartNumber": 1}]},
    )
    world.client("efs").create_file_system(CreationToken="t", Encrypted=True, KmsKeyId=world.key)
    world.client("logs").create_log_group(logGroupName="/x", kmsKeyId=world.key)
    world.client("ecr").create_repository(repositoryName="repository")
    ec2.create_placement_group(GroupName="g", Strategy="cluster")
    ec2.delete_security_group(GroupId=world.group)
    other = World(world.url, region="eu-west-1", name="other")
    assert other.vpc


def seen(url: str) -> dict[str, Any]:
    """What clients see, dates included."""
    world = World(url)
    s3, ec2, eks = world.client("s3"), world.client("ec2"), world.client("eks")
    objects = s3.list_object_versions(Bucket="world-bucket").get("Versions", [])
    shown = {
        "inventory": [vars(one) for one in control.inventory(url)],
        "cluster": eks.describe_cluster(name="alpha")["cluster"],
        "group": eks.describe_nodegroup(clusterName="alpha", nodegroupName="n")["nodegroup"],
        "addon": eks.describe_addon(clusterName="alpha", addonName="coredns")["addon"],
        "vpcs": ec2.describe_vpcs()["Vpcs"],
        "groups": ec2.describe_security_groups()["SecurityGroups"],
        "lustre": world.client("fsx").describe_file_systems()["FileSystems"],
        "links": world.client("fsx").describe_data_repository_associations()["Associations"],
        "keys": [one["KeyArn"] for one in world.client("kms").list_keys()["Keys"]],
        "objects": [(one["Key"], one["VersionId"], one["LastModified"], one["ETag"]) for one in objects],
        "bodies": {
            one["Key"]: s3.get_object(Bucket="world-bucket", Key=one["Key"])["Body"].read() for one in objects
        },
        "metadata": s3.head_object(Bucket="world-bucket", Key="sm\u00e5ll")["Metadata"],
    }
    return dict(json.loads(json.dumps(shown, default=str)))


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGKILL])
def test_all_is_as_it_was(folder: Path, number: signal.Signals) -> None:
    server = control.start(folder)
    before = seen(server.url)
    secret = World(server.url).client("kms").encrypt(KeyId=before["keys"][-1], Plaintext=b"hello")
    assert len(before["inventory"]) > 20
    assert before["bodies"]["large"]
    os.kill(server.pid, number)
    again = control.start(folder)
    assert (again.pid != server.pid, again.port) == (True, server.port)
    assert seen(again.url) == before
    opened = World(again.url).client("kms").decrypt(CiphertextBlob=secret["CiphertextBlob"])
    assert opened["Plaintext"] == b"hello"
    made = World(again.url).client("ec2").create_internet_gateway()["InternetGateway"]["InternetGatewayId"]
    assert made not in json.dumps(before)


def test_torn_last_line_is_dropped(folder: Path) -> None:
    url = control.start(folder).url
    before = seen(url)
    control.stop(folder)
    journal = folder / "journal.jsonl"
    whole = journal.read_bytes()
    journal.write_bytes(whole + b'{"n": 999, "at": 17')
    assert seen(control.start(folder).url) == before
    assert "dropped a torn last line" in (folder / "server.log").read_text()
    assert journal.read_bytes() == whole


@pytest.mark.parametrize("damage", ["line", "blob"])
def test_damage_is_refused_by_name_and_nothing_is_lost(folder: Path, damage: str) -> None:
    control.stop(folder)
    if damage == "line":
        path = folder / "journal.jsonl"
    else:
        path = max((folder / "blobs").iterdir(), key=lambda blob: blob.stat().st_size)
    good = path.read_bytes()
    path.write_bytes(good[:300] + bytes([good[300] ^ 1]) + good[301:])
    with pytest.raises(control.SandboxError) as caught:
        control.start(folder)
    assert str(path) in str(caught.value)
    assert "put a good copy back" in str(caught.value)
    assert control.running(folder) is None
    path.write_bytes(good)
    assert seen(control.start(folder).url)["bodies"]


def test_journal_forgets_what_is_gone(tmp_path: Path) -> None:
    folder = tmp_path / "aws"
    world = World(control.start(folder).url)
    s3, body = world.client("s3"), b"x" * 9000
    try:
        s3.put_object(Bucket=world.bucket, Key="k", Body=body)
        place = {"LocationConstraint": REGION}
        s3.create_bucket(Bucket="kept-bucket", CreateBucketConfiguration=place)
        s3.put_object(Bucket="kept-bucket", Key="k", Body=body + b"2")
        s3.delete_object(Bucket=world.bucket, Key="k")
        s3.delete_bucket(Bucket=world.bucket)
        s3.create_bucket(Bucket=world.bucket, CreateBucketConfiguration=place)
        s3.put_object(Bucket=world.bucket, Key="again", Body=body + b"3")
        assert len(list((folder / "blobs").iterdir())) == 3
        control.stop(folder)
        s3 = World(control.start(folder).url).client("s3")
        assert len(list((folder / "blobs").iterdir())) == 2
        assert s3.get_object(Bucket=world.bucket, Key="again")["Body"].read() == body + b"3"
        assert s3.get_object(Bucket="kept-bucket", Key="k")["Body"].read() == body + b"2"
        for bucket, key in ((world.bucket, "again"), ("kept-bucket", "k")):
            s3.delete_object(Bucket=bucket, Key=key)
            s3.delete_bucket(Bucket=bucket)
    finally:
        control.stop(folder)
    assert len((folder / "journal.jsonl").read_text().splitlines()) == 1
    assert not list((folder / "blobs").iterdir())


def test_nothing_secret_lies_in_the_journal(folder: Path) -> None:
    text = (folder / "journal.jsonl").read_text()
    assert "sandbox-only" not in text
    assert "Signature=0" in text
    assert (folder / "journal.jsonl").stat().st_mode & 0o077 == 0
    assert f"/{REGION}/" in text
