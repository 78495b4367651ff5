"""A site of the test's own on an emulated AWS, and the programs run as their users run them."""

import json
import os
import subprocess
import sys
import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import boto3
import pytest

from datahall.sandbox.aws import control
from workloads.objects import Buckets, connect
from workloads.site import Site, load_site

if TYPE_CHECKING:
    from tests.workloads.smallest import Train

ROOT = Path(__file__).resolve().parents[2]


@dataclass(frozen=True)
class Place:
    """A site: its file, as the programs read it, and its buckets."""

    file: Path
    site: Site
    buckets: Buckets
    s3: Any

    def forget_hash(self, bucket: str, key: str, body: bytes) -> None:
        """Overwrite an object as something that knows nothing of hashes would: its metadata stay."""
        metadata = self.s3.head_object(Bucket=bucket, Key=key)["Metadata"]
        self.s3.put_object(Bucket=bucket, Key=key, Body=body, Metadata=metadata)

    def empty(self) -> None:
        """Take all out of its buckets, for who needs many sites: a new one takes longer than a short test."""
        for bucket in (self.buckets.data, self.buckets.checkpoints, self.buckets.registry):
            for key in bucket.keys(""):
                bucket.delete(key)


@dataclass(frozen=True)
class Ran:
    """What a program left behind."""

    code: int
    events: list[dict[str, Any]]
    err: str

    def event(self, name: str) -> dict[str, Any]:
        """The one event of that name."""
        (found,) = [event for event in self.events if event["event"] == name]
        return found


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Leave out what takes minutes unless it was asked for."""
    if "DATAHALL_TRAIN" not in os.environ:
        for item in items:
            if item.get_closest_marker("train"):
                item.add_marker(pytest.mark.skip(reason="make test-train"))


@pytest.fixture(scope="session")
def aws_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Where an emulated AWS is."""
    folder = tmp_path_factory.mktemp("aws")
    yield control.start(folder).url
    control.stop(folder)


@pytest.fixture(scope="module")
def aws(aws_url: str) -> Iterator[dict[str, str]]:
    """An emulated AWS, as environment variables; they are this module's only, others may follow it here."""
    with pytest.MonkeyPatch.context() as patch:
        variables = control.environment(aws_url)
        for name, value in variables.items():
            patch.setenv(name, value)
        yield variables


@pytest.fixture(scope="module")
def new_place(aws: dict[str, str], tmp_path_factory: pytest.TempPathFactory) -> Callable[[], Place]:
    """Makes sites: three buckets and a key."""
    region = "us-west-2"
    session = boto3.Session(region_name=region)
    s3, kms = session.client("s3"), session.client("kms")
    key = kms.create_key()["KeyMetadata"]["Arn"]

    def make() -> Place:
        names = {
            f"{kind}_bucket": f"{kind}-{uuid.uuid4().hex}" for kind in ("data", "checkpoint", "registry")
        }
        for name in names.values():
            s3.create_bucket(Bucket=name, CreateBucketConfiguration={"LocationConstraint": region})
        file = tmp_path_factory.mktemp("site") / "outputs.json"
        file.write_text(json.dumps({**names, "data_key_arn": key, "region": region, "vpc_id": "vpc-1"}))
        site = load_site(file)
        return Place(file, site, connect(site), s3)

    return make


@pytest.fixture
def place(new_place: Callable[[], Place]) -> Place:
    """A fresh site."""
    return new_place()


@pytest.fixture
def one_thread() -> Iterator[None]:
    """Torch on one thread, as under torchrun with a rank a core; more would wait for each other."""
    import torch

    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


@pytest.fixture(scope="module")
def train(tmp_path_factory: pytest.TempPathFactory) -> Iterator["Train"]:
    """Trains one of `smallest.KINDS`, by the program and in this process, on one thread."""
    import torch

    from tests.workloads.smallest import started, tiny_bert

    before = torch.get_num_threads()
    torch.manual_seed(0)
    folder = tiny_bert(tmp_path_factory.mktemp("bert"))
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("HF_HUB_OFFLINE", "1")
        patch.setenv("CUBLAS_WORKSPACE_CONFIG", ":4096:8")  # as --deterministic would leave it
        patch.setenv("LOCAL_WORLD_SIZE", str(len(os.sched_getaffinity(0))))
        yield partial(started, folder)
    torch.use_deterministic_algorithms(False)
    torch.set_num_threads(before)


def command(module: str, *arguments: object) -> list[str]:
    """A program's command line."""
    return [sys.executable, "-m", module, *map(str, arguments)]


def environment() -> dict[str, str]:
    """What programs are started with."""
    return {**os.environ, "PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1"}


def run(line: list[str]) -> Ran:
    """Run a program to its end."""
    done = subprocess.run(
        line, cwd=ROOT, env=environment(), capture_output=True, text=True, check=False, timeout=120
    )
    return Ran(done.returncode, [json.loads(event) for event in done.stdout.splitlines()], done.stderr)
