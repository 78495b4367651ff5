"""The journal: read as written, a prefix where cut short, refused where damaged, whole where compacted."""

import os
import signal
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from datahall.sandbox.aws import control
from datahall.sandbox.aws.server.compact import needed
from datahall.sandbox.aws.server.journal import Entry, Journal, JournalError, Request
from tests.sandbox.aws.server.world import REGION, TRUST, World

bodies = st.lists(
    st.binary(max_size=40) | st.binary(min_size=1, max_size=9).map(lambda body: body * 4097),
    min_size=1,
    max_size=6,
)


def written(folder: Path, contents: list[bytes]) -> list[Entry]:
    journal = Journal.open(folder)
    entries = [
        Entry(journal.number(), 1.5 * i, Request({"A": "\u00e5"}, body)) for i, body in enumerate(contents)
    ]
    for entry in entries:
        journal.sync(journal.append(entry))
    journal.close()
    return entries


@settings(max_examples=25, deadline=None)
@given(contents=bodies)
def test_what_is_written_is_read(contents: list[bytes]) -> None:
    with tempfile.TemporaryDirectory() as name:
        entries = written(Path(name), contents)
        again = Journal.open(Path(name))
        assert list(again.entries()) == entries
        assert again.number() == len(entries) + 1
        again.close()


@settings(max_examples=40, deadline=None)
@given(contents=bodies, cut=st.integers(min_value=1, max_value=400))
def test_cut_short_it_is_a_prefix(contents: list[bytes], cut: int) -> None:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        entries = written(folder, contents)
        path = folder / "journal.jsonl"
        first = path.read_bytes().index(b"\n") + 1
        os.truncate(path, max(first, path.stat().st_size - cut))
        journal = Journal.open(folder)
        found = list(journal.entries())
        journal.close()
        assert found == entries[: len(found)]


@settings(max_examples=40, deadline=None)
@given(contents=bodies, place=st.integers(min_value=0), flip=st.integers(min_value=1, max_value=255))
def test_a_changed_byte_is_never_taken_for_good(contents: list[bytes], place: int, flip: int) -> None:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        written(folder, contents)
        path = folder / "journal.jsonl"
        good = bytearray(path.read_bytes())
        place %= len(good) - 1  # the last newline lost is a torn line
        good[place] ^= flip
        path.write_bytes(good)
        with pytest.raises(JournalError, match="line"):
            Journal.open(folder)


steps = st.tuples(
    st.sampled_from(["make", "drop", "put", "remove", "copy"]), st.sampled_from("ab"), st.sampled_from("xy")
)


@settings(max_examples=200, deadline=None)
@given(wanted=st.lists(steps, max_size=30))
def test_leaving_out_what_is_gone_changes_nothing(wanted: list[tuple[str, str, str]]) -> None:
    buckets: dict[str, dict[str, int]] = {}
    lines = []
    for number, step in enumerate(wanted):
        if _apply(buckets, step, number):
            lines.append(_line(step, number))
    again: dict[str, dict[str, int]] = {}
    for line in needed(lines):
        assert _apply(again, line["step"], line["n"]), "a line that is kept must work as it did"
    assert again == buckets


def _apply(buckets: dict[str, dict[str, int]], step: tuple[str, str, str], number: int) -> bool:
    """S3 in six lines: whether the step is allowed, and what it leaves."""
    what, bucket, key = step
    other = "b" if bucket == "a" else "a"
    allowed = {
        "make": bucket not in buckets,
        "drop": buckets.get(bucket) == {},
        "put": bucket in buckets,
        "remove": key in buckets.get(bucket, {}),
        "copy": bucket in buckets and key in buckets.get(other, {}),
    }
    if not allowed[what]:
        return False
    effects: dict[str, Callable[[], object]] = {
        "make": lambda: buckets.__setitem__(bucket, {}),
        "drop": lambda: buckets.pop(bucket),
        "put": lambda: buckets[bucket].__setitem__(key, number),
        "remove": lambda: buckets[bucket].pop(key),
        "copy": lambda: buckets[bucket].__setitem__(key, buckets[other][key]),
    }
    effects[what]()
    return True


def _line(step: tuple[str, str, str], number: int) -> dict[str, Any]:
    what, bucket, key = step
    environ = {
        "HTTP_AUTHORIZATION": f"AWS4-HMAC-SHA256 Credential=K/20260101/{REGION}/s3/aws4_request",
        "REQUEST_METHOD": "DELETE" if what in ("drop", "remove") else "PUT",
        "PATH_INFO": f"/{bucket}" if what in ("make", "drop") else f"/{bucket}/{key}",
    }
    if what == "copy":
        environ["HTTP_X_AMZ_COPY_SOURCE"] = f"/{'b' if bucket == 'a' else 'a'}/{key}"
    return {"n": number, "environ": environ, "step": step}


OPERATIONS: dict[str, Callable[[World, str], object]] = {
    "address": lambda w, n: w.client("ec2").allocate_address(Domain="vpc"),
    "vpc": lambda w, n: w.client("ec2").create_vpc(CidrBlock="10.1.0.0/16"),
    "group": lambda w, n: w.client("ec2").create_security_group(GroupName=n, Description="d"),
    "placement": lambda w, n: w.client("ec2").create_placement_group(GroupName=n, Strategy="spread"),
    "key": lambda w, n: w.client("kms").create_key(Tags=[{"TagKey": "n", "TagValue": n}]),
    "role": lambda w, n: w.client("iam").create_role(RoleName=n, AssumeRolePolicyDocument=TRUST),
    "bucket": lambda w, n: w.client("s3").create_bucket(
        Bucket=f"bucket-{n}", CreateBucketConfiguration={"LocationConstraint": REGION}
    ),
    "logs": lambda w, n: w.client("logs").create_log_group(logGroupName=n, tags={"n": n}),
    "efs": lambda w, n: w.client("efs").create_file_system(CreationToken=n),
    "vault": lambda w, n: w.client("backup").create_backup_vault(BackupVaultName=n),
    "elsewhere": lambda w, n: World(w.url, region="ap-south-1").client("ec2").allocate_address(Domain="vpc"),
    "read": lambda w, n: w.client("ec2").describe_security_groups(),
    "read elsewhere": lambda w, n: World(w.url, region="sa-east-1").client("kms").list_aliases(),
}


@settings(max_examples=2, deadline=None, derandomize=True)
@given(wanted=st.lists(st.sampled_from(sorted(OPERATIONS)), min_size=15, max_size=30))
def test_any_mix_of_requests_comes_back_the_same(wanted: list[str]) -> None:
    with tempfile.TemporaryDirectory() as name:
        server = control.start(Path(name))
        try:
            world = World(server.url)
            for number, operation in enumerate(wanted):
                OPERATIONS[operation](world, f"name{number}")
            before = control.inventory(server.url)
            os.kill(server.pid, signal.SIGKILL)
            assert control.inventory(control.start(Path(name)).url) == before
        finally:
            control.stop(Path(name))
