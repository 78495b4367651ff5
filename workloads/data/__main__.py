"""`python -m workloads.data`: put a data set into the site's data bucket, or take a record out."""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from workloads import command
from workloads.data.put import put
from workloads.data.sample import sample
from workloads.data.table import DATASETS
from workloads.events import Emit
from workloads.objects import connect
from workloads.site import load_site

_EXAMPLE = "python -m workloads.data digits --site outputs.json"


def main(argv: Sequence[str], emit: Emit) -> int:
    """Parse, connect, do; returns the exit code."""
    args = _parse(argv)
    bucket = connect(load_site(args.site)).data
    if args.what == "sample":
        emit("sample", **sample(bucket, args.name, args.split, args.index))
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


def _parse(argv: Sequence[str]) -> argparse.Namespace:
    description = "Put a data set into the site's data bucket, or take one record out of it."
    parser = command.parser("workloads.data", description, _EXAMPLE)
    kinds = parser.add_subparsers(dest="what", required=True, metavar="|".join([*DATASETS, "sample"]))
    for name, dataset in DATASETS.items():
        kind = kinds.add_parser(name, help=dataset.help)
        if dataset.from_folder:
            kind.add_argument("--source", type=Path, required=True, metavar="DIR", help="where its files are")
        command.add_site(kind)
    one = kinds.add_parser("sample", help="one record, as a request to the served model has it")
    one.add_argument("name", help="a data set of images")
    one.add_argument("--split", choices=("train", "test"), default="test", help="default: test")
    one.add_argument("--index", type=int, default=0, help="which record (default 0)")
    command.add_site(one)
    return parser.parse_args(argv)


if __name__ == "__main__":
    sys.exit(command.run(main))
