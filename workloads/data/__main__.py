"""`python -m workloads.data`: put a data set into the site's data bucket, or take a record out."""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from workloads import command
from workloads.data import digits, mnist, store
from workloads.data.images import SIDE
from workloads.data.manifest import Manifest
from workloads.errors import InvalidInputError
from workloads.events import Emit
from workloads.fingerprint import sha256
from workloads.objects import Bucket, connect
from workloads.site import load_site

DIGITS = store.Origin(
    name="digits", source=digits.SOURCE, licence=digits.LICENCE, preparation=digits.PREPARATION
)
MNIST = store.Origin(name="mnist", source=mnist.SOURCE, licence=mnist.LICENCE, preparation=mnist.PREPARATION)


def main(argv: Sequence[str], emit: Emit) -> int:
    """Parse, connect, do; returns the exit code."""
    args = _parse(argv)
    bucket = connect(load_site(args.site)).data
    if args.what == "sample":
        _sample(args, bucket, emit)
        return 0
    manifest, uploaded = _digits(bucket) if args.what == "digits" else _mnist(bucket, args.source)
    records = sum(manifest.records.values())
    emit(
        "dataset",
        name=manifest.name,
        version=manifest.version,
        records=records,
        bucket=bucket.name,
        uploaded=uploaded,
    )
    return 0


def _parse(argv: Sequence[str]) -> argparse.Namespace:
    parser = command.parser(
        "workloads.data", main.__doc__ or "", "python -m workloads.data digits --site outputs.json"
    )
    parser.description = "Put a data set into the site's data bucket, or take one record out of it."
    kinds = parser.add_subparsers(dest="what", required=True, metavar="digits|mnist|sample")
    command.add_site(kinds.add_parser("digits", help="scikit-learn's handwritten digits, 1,797 records"))
    real = kinds.add_parser("mnist", help="MNIST's IDX files from a folder")
    real.add_argument("--source", type=Path, required=True, metavar="DIR", help="folder with the four files")
    command.add_site(real)
    sample = kinds.add_parser("sample", help="one record, as a request to the served model has it")
    sample.add_argument("name", help="the data set")
    sample.add_argument("--split", choices=("train", "test"), default="test", help="default: test")
    sample.add_argument("--index", type=int, default=0, help="which record (default 0)")
    command.add_site(sample)
    return parser.parse_args(argv)


def _digits(bucket: Bucket) -> tuple[Manifest, bool]:
    recipe = digits.recipe()
    there = store.made_by(bucket, "digits", recipe)
    if there:
        return there, False
    manifest, files = store.describe(DIGITS, digits.load_digits())
    return manifest, store.publish(bucket, manifest, files, recipe)


def _mnist(bucket: Bucket, source: Path) -> tuple[Manifest, bool]:
    manifest, files = store.describe(MNIST, mnist.load_mnist(source))
    return manifest, store.publish(bucket, manifest, files, sha256(manifest.version.encode()))


def _sample(args: argparse.Namespace, bucket: Bucket, emit: Emit) -> None:
    manifest = store.find(bucket, args.name)
    splits = store.load(bucket, manifest)
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
