"""A data set of the table, into the data bucket."""

from pathlib import Path

from workloads.data import store
from workloads.data.manifest import Manifest
from workloads.data.table import Dataset
from workloads.fingerprint import sha256
from workloads.objects import Bucket


def put(bucket: Bucket, dataset: Dataset, source: Path | None) -> tuple[Manifest, bool]:
    """Have a data set in the bucket; its manifest, and whether anything had to be put there."""
    recipe = None if dataset.from_folder else dataset.recipe()
    there = store.made_by(bucket, dataset.origin.name, recipe) if recipe else None
    if there:
        return there, False
    content = dataset.content(source)
    manifest = store.describe(dataset.origin, content)
    recipe = recipe or sha256(manifest.version.encode())
    return manifest, store.publish(bucket, manifest, content, recipe)
