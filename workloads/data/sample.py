"""One record of a data set of images, as a request to the served model has it."""

from typing import Any, Literal

from workloads.data import store
from workloads.data.images import FILES, SIDE, from_files
from workloads.errors import InvalidInputError
from workloads.objects import Bucket


def sample(bucket: Bucket, name: str, split: Literal["train", "test"], index: int) -> dict[str, Any]:
    """A record's label and pixels (784 numbers from 0 to 1); raises InvalidInputError."""
    manifest = store.find(bucket, name)
    if not {name for names in FILES.values() for name in names} <= {f.name for f in manifest.files}:
        rule, fix = "must be a data set of images", "give digits or mnist"
        raise InvalidInputError("name", name, rule, fix)
    splits = from_files(store.load(bucket, manifest))
    part = splits.test if split == "test" else splits.train
    if not 0 <= index < len(part.labels):
        rule = f"must be from 0 to {len(part.labels) - 1}"
        raise InvalidInputError("--index", index, rule, "give the index of a record that there is")
    pixels = part.images[index].reshape(SIDE * SIDE)
    return {
        "name": manifest.name,
        "version": manifest.version,
        "split": split,
        "index": index,
        "label": int(part.labels[index]),
        "instance": [round(int(p) / 255, 4) for p in pixels],
    }
