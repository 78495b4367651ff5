"""Objects in S3."""

import random
from dataclasses import replace

import pytest

from tests.workloads.conftest import Place
from workloads.errors import CorruptDataError, InvalidInputError, StorageError
from workloads.objects import connect

LEAST_PART = 5 * 2**20
"""S3 takes no smaller one, but for the last."""


def test_objects_are_encrypted_with_the_sites_key(place: Place) -> None:
    place.buckets.data.put("a", b"content", content_type="text/plain")
    head = place.s3.head_object(Bucket=place.site.data_bucket, Key="a")
    assert (head["ServerSideEncryption"], head["SSEKMSKeyId"]) == ("aws:kms", place.site.data_key_arn)
    assert head["ContentType"] == "text/plain"
    assert place.buckets.data.get("a") == b"content"


def test_new_writes_only_where_nothing_is(place: Place) -> None:
    bucket = place.buckets.data
    assert bucket.put("a", b"first", content_type="text/plain", new=True)
    assert not bucket.put("a", b"second", content_type="text/plain", new=True)
    assert bucket.get("a") == b"first"


def test_what_is_long_is_written_in_parts(place: Place) -> None:
    bucket = replace(place.buckets.data, part_bytes=LEAST_PART)
    body = random.Random(3).randbytes(2 * LEAST_PART + 7)  # noqa: S311 - no secret
    assert bucket.put("big", body, content_type="text/plain", new=True)
    assert not bucket.put("big", body[::-1], content_type="text/plain", new=True)
    assert bucket.get("big") == body
    whole = place.s3.head_object(Bucket=bucket.name, Key="big", PartNumber=1)
    assert (whole["PartsCount"], whole["ServerSideEncryption"]) == (3, "aws:kms")
    assert "Uploads" not in place.s3.list_multipart_uploads(Bucket=bucket.name)


def test_what_is_not_there_is_none(place: Place) -> None:
    bucket = place.buckets.data
    assert bucket.get("a") is None
    assert bucket.sha256("a") is None
    bucket.delete("a")
    assert bucket.keys("") == []


def test_changed_content_is_not_handed_out(place: Place) -> None:
    bucket = place.buckets.data
    bucket.put("a", b"content", content_type="text/plain")
    place.forget_hash(bucket.name, "a", b"contents")
    with pytest.raises(CorruptDataError) as caught:
        bucket.get("a")
    assert caught.value.field == f"s3://{bucket.name}/a"


def test_content_of_another_version_is_not_handed_out(place: Place) -> None:
    place.buckets.data.put("a", b"content", content_type="text/plain")
    with pytest.raises(CorruptDataError):
        place.buckets.data.get("a", sha256="0" * 64)


def test_an_object_without_a_recorded_hash_is_not_trusted(place: Place) -> None:
    place.s3.put_object(Bucket=place.site.data_bucket, Key="a", Body=b"content")
    with pytest.raises(CorruptDataError):
        place.buckets.data.get("a")


def test_a_bucket_that_is_gone_is_named(place: Place) -> None:
    bucket = connect(place.site.model_copy(update={"data_bucket": "gone-for-good"})).data
    for use in (lambda: bucket.get("a"), lambda: bucket.keys(""), lambda: bucket.delete("a")):
        with pytest.raises(InvalidInputError) as caught:
            use()
        assert (caught.value.field, caught.value.value) == ("data_bucket", "gone-for-good")


def test_an_endpoint_that_does_not_answer_is_told(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL_S3", "http://127.0.0.1:9")
    bucket = connect(place.site).data
    with pytest.raises(StorageError) as caught:
        replace(bucket, name="any").get("a")
    assert "AWS_ENDPOINT_URL" in caught.value.fix


@pytest.mark.parametrize(
    ("name", "value"), [("AWS_DEFAULT_PROFILE", "nobody"), ("AWS_ENDPOINT_URL_S3", "127.0.0.1:4566")]
)
def test_settings_that_lead_nowhere_are_told(
    place: Place, monkeypatch: pytest.MonkeyPatch, name: str, value: str
) -> None:
    monkeypatch.setenv(name, value)
    with pytest.raises(InvalidInputError) as caught:
        connect(place.site)
    assert caught.value.field == "AWS settings"
    assert value in caught.value.value


def test_missing_credentials_are_told(
    place: Place, monkeypatch: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory
) -> None:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_PROFILE", "AWS_DEFAULT_PROFILE"):
        monkeypatch.delenv(name, raising=False)
    nowhere = tmp_path_factory.mktemp("aws-home") / "none"
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(nowhere))
    monkeypatch.setenv("AWS_CONFIG_FILE", str(nowhere))
    with pytest.raises(InvalidInputError) as caught:
        connect(place.site).data.get("a")
    assert caught.value.field == "AWS credentials"
