"""S3 that fails or stalls in the middle of a read or a write: the whole content, or an error."""

from collections.abc import Callable, Iterator
from dataclasses import replace

import pytest

from tests.workloads.conftest import Place
from tests.workloads.faulty import Faults, faulty
from workloads.errors import StorageError
from workloads.objects import Bucket, connect

BODY = bytes(range(256)) * 4000


@pytest.fixture
def through(place: Place, aws: dict[str, str], monkeypatch: pytest.MonkeyPatch) -> Iterator[object]:
    """Makes the data bucket as it is reached through faults."""
    opened = []

    def make(faults: Faults) -> Bucket:
        proxy = faulty(aws["AWS_ENDPOINT_URL"], faults)
        monkeypatch.setenv("AWS_ENDPOINT_URL_S3", proxy.__enter__())
        opened.append(proxy)
        return connect(place.site, stall_s=0.5).data

    yield make
    for proxy in opened:
        proxy.__exit__(None, None, None)


@pytest.mark.parametrize("stall", [False, True], ids=["breaks off", "stalls"])
def test_a_read_goes_on_until_it_is_whole(
    place: Place, through: Callable[[Faults], Bucket], stall: bool
) -> None:
    place.buckets.data.put("big", BODY, content_type="text/plain")
    faults = Faults(verb="GET", key="big", times=2, after=100_000, stall=stall)
    assert through(faults).get("big") == BODY
    assert faults.done == 2


def test_a_read_that_never_ends_is_told(place: Place, through: Callable[[Faults], Bucket]) -> None:
    place.buckets.data.put("big", BODY, content_type="text/plain")
    with pytest.raises(StorageError, match="reachable"):
        through(Faults(verb="GET", key="big", times=1000, after=100_000)).get("big")


@pytest.mark.parametrize("stall", [False, True], ids=["breaks off", "stalls"])
def test_a_write_is_whole_or_not_there(
    place: Place, through: Callable[[Faults], Bucket], stall: bool
) -> None:
    faults = Faults(verb="PUT", key="big", times=1, after=100_000, stall=stall)
    assert through(faults).put("big", BODY, content_type="text/plain")
    assert faults.done == 1
    assert place.buckets.data.get("big") == BODY


def test_a_write_that_never_ends_is_told_and_leaves_nothing(
    place: Place, through: Callable[[Faults], Bucket]
) -> None:
    with pytest.raises(StorageError):
        through(Faults(verb="PUT", key="big", times=1000, after=100_000)).put(
            "big", BODY, content_type="text/plain"
        )
    assert place.buckets.data.get("big") is None


def test_an_upload_in_parts_that_fails_is_taken_back(
    place: Place, through: Callable[[Faults], Bucket]
) -> None:
    bucket = replace(through(Faults(verb="PUT", key="partNumber=2", times=1000)), part_bytes=5 * 2**20)
    with pytest.raises(StorageError, match="reachable"):
        bucket.put("big", bytes(6 * 2**20), content_type="text/plain")
    assert place.buckets.data.get("big") is None
    assert "Uploads" not in place.s3.list_multipart_uploads(Bucket=bucket.name)
