"""`python -m workloads.data`: put a data set into the site's data bucket, or take a record out."""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from workloads import command
from workloads.data import store
from workloads.data.images import FILES, SIDE, from_files
from workloads.data.manifest import Manifest
from workloads.data.table import DATASETS, Dataset
from workloads.errors import InvalidInputError
from workloads.events import Emit
from workloads.fingerprint import sha256
from workloads.objects import Bucket, connect
from workloads.site import load_site


def main(argv: Sequence[str], emit: Emit) -> int:
    """Parse, connect, do; returns the exit code."""
    args = _parse(argv)
    bucket = connect(load_site(args.site)).data
    if args.what == "sample":
        _sample(args, bucket, emit)
        return 0
    manifest, uploaded = put(bucket, DATASETS[args.what], getattr(args, "source", None))
    emit(
        "dataset",
        name=manifest.name,
        version=manifest.version,
        records=manifest.records["train"] + manifest.records["test"],
        duplicates=manifest.records.get("duplicates", 0),
        bucket=bucket.name,
        uploaded=uploaded,
    )
    return 0


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


def _parse(argv: Sequence[str]) -> argparse.Namespace:
    parser = command.parser(
        "workloads.data", main.__doc__ or "", "python -m workloads.data digits --site outputs.json"
    )
    parser.description = "Put a data set into the site's data bucket, or take one record out of it."
    kinds = parser.add_subparsers(dest="what", required=True, metavar="|".join([*DATASETS, "sample"]))
    for name, dataset in DATASETS.items():
        kind = kinds.add_parser(name, help=dataset.help)
        if dataset.from_folder:
            kind.add_argument("--source", type=Path, required=True, metavar="DIR", help="where its files are")
        command.add_site(kind)
    sample = kinds.add_parser("sample", help="one record, as a request to the served model has it")
    sample.add_argument("name", help="a data set of images")
    sample.add_argument("--split", choices=("train", "test"), default="test", help="default: test")
    sample.add_argument("--index", type=int, default=0, help="which record (default 0)")
    command.add_site(sample)
    return parser.parse_args(argv)


def _sample(args: argparse.Namespace, bucket: Bucket, emit: Emit) -> None:
    manifest = store.find(bucket, args.name)
    if not {name for names in FILES.values() for name in names} <= {f.name for f in manifest.files}:
        rule, fix = "must be a data set of images", "give digits or mnist"
        raise InvalidInputError("name", args.name, rule, fix)
    splits = from_files(store.load(bucket, manifest))
    part = splits.test if args.split == "test" else splits.train
    if not 0 <= args.index < len(part.labels):
        rule = f"must be from 0 to {len(part.labels) - 1}"
        raise InvalidInputError("--index", args.index, rule, "give the index of a record that there is")
    pixels = part.images[args.index].reshape(SIDE * SIDE)
    emit(
        "sample",
        name=manifest.name,
        version=manifest.version,
        split=args.split,
        index=args.index,
        label=int(part.labels[args.index]),
        instance=[round(int(p) / 255, 4) for p in pixels],
    )


if __name__ == "__main__":
    sys.exit(command.run(main))
