"""Data sets in the data bucket."""

import pytest

from tests.workloads.conftest import Place
from tests.workloads.made import ORIGIN, toy, toy_content
from workloads.data import store
from workloads.data.images import from_files
from workloads.errors import CorruptDataError, InvalidInputError


def test_a_version_is_its_content(place: Place) -> None:
    one, same, other = (store.describe(ORIGIN, toy_content(seed)) for seed in (1, 1, 2))
    assert one.version == same.version != other.version


def test_it_is_put_there_once(place: Place) -> None:
    files = toy_content()
    manifest = store.describe(ORIGIN, files)
    assert store.publish(place.buckets.data, manifest, files, "r")
    assert not store.publish(place.buckets.data, manifest, files, "r")
    loaded = from_files(store.load(place.buckets.data, store.find(place.buckets.data, "toy")))
    assert (loaded.train.images == toy().train.images).all()
    assert (loaded.test.labels == toy().test.labels).all()


def test_a_lost_file_is_put_there_again(place: Place) -> None:
    files = toy_content()
    manifest = store.describe(ORIGIN, files)
    store.publish(place.buckets.data, manifest, files, "r")
    place.buckets.data.delete(manifest.prefix + manifest.files[0].name)
    assert store.made_by(place.buckets.data, "toy", "r") is None
    with pytest.raises(CorruptDataError, match="missing"):
        store.load(place.buckets.data, manifest)
    assert store.publish(place.buckets.data, manifest, files, "r")
    assert store.made_by(place.buckets.data, "toy", "r") == manifest


def test_the_recipe_tells_whether_it_must_be_made(place: Place) -> None:
    assert store.made_by(place.buckets.data, "toy", "r") is None
    files = toy_content()
    manifest = store.describe(ORIGIN, files)
    store.publish(place.buckets.data, manifest, files, "r")
    assert store.made_by(place.buckets.data, "toy", "another") is None
    assert store.made_by(place.buckets.data, "toy", "r") == manifest


def test_older_versions_stay(place: Place) -> None:
    versions = []
    for seed in (1, 2):
        files = toy_content(seed)
        manifest = store.describe(ORIGIN, files)
        store.publish(place.buckets.data, manifest, files, "r")
        versions.append(manifest.version)
    assert store.find(place.buckets.data, "toy").version == versions[1]
    assert store.find(place.buckets.data, "toy", versions[0]).version == versions[0]


@pytest.mark.parametrize("version", [None, "0123456789ab"])
def test_data_that_are_not_there_are_named(place: Place, version: str | None) -> None:
    with pytest.raises(InvalidInputError) as caught:
        store.find(place.buckets.data, "toy", version)
    assert caught.value.field == "--data"
    assert "toy" in caught.value.value


def test_a_changed_file_is_not_trained_on(place: Place) -> None:
    files = toy_content()
    manifest = store.describe(ORIGIN, files)
    store.publish(place.buckets.data, manifest, files, "r")
    name = manifest.files[0].name
    place.buckets.data.put(manifest.prefix + name, files.files[name][:-1] + b"x", content_type="text/plain")
    with pytest.raises(CorruptDataError, match=name):
        store.load(place.buckets.data, manifest)


def test_a_manifest_under_another_name_is_refused(place: Place) -> None:
    files = toy_content()
    manifest = store.describe(ORIGIN, files)
    bucket = place.buckets.data
    store.publish(bucket, manifest, files, "r")
    content = bucket.get(manifest.prefix + "manifest.json") or b""
    bucket.put("datasets/toy/0123456789ab/manifest.json", content, content_type="application/json")
    with pytest.raises(CorruptDataError, match="must describe toy 0123456789ab"):
        store.find(bucket, "toy", "0123456789ab")
