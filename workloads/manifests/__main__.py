"""`python -m workloads.manifests MODEL`: write what Kubernetes is given to train a model on a node pool."""

import argparse
import re
import sys
from collections.abc import Sequence
from pathlib import Path

import yaml

from workloads import command
from workloads.errors import InvalidInputError
from workloads.events import Emit
from workloads.files import write_whole
from workloads.manifests.config import ManifestConfig
from workloads.manifests.forms import FORMS, objects
from workloads.manifests.pool import check_identity, find_pool, site_file
from workloads.manifests.training import Training
from workloads.models.arguments import add_model, given, read_model

_EXAMPLE = (
    "python -m workloads.manifests lm --pool training --nodes 2 --image REPOSITORY@sha256:DIGEST "
    "--out manifests --site outputs.json"
)
_IMAGE = re.compile(r"[a-z0-9][a-z0-9._:/-]*@sha256:[0-9a-f]{64}")


class _Plain(yaml.SafeDumper):
    """YAML without anchors: every object is written out."""

    def ignore_aliases(self, data: object) -> bool:
        """Always."""
        return True


def main(argv: Sequence[str], emit: Emit) -> int:
    """Check everything, write one file; returns the exit code."""
    parser = command.parser("workloads.manifests", "Write a training's Kubernetes manifests.", _EXAMPLE)
    base = add_model(parser, argv)
    _own_flags(parser)
    args = parser.parse_args(argv)
    model, config = read_model(base, args), command.read_config(ManifestConfig(), args)
    if not _IMAGE.fullmatch(args.image):
        rule = "must be given by digest: a tag may be another image on the next node"
        raise InvalidInputError("--image", args.image, rule, "write REPOSITORY@sha256:DIGEST")
    pool = find_pool(args.site, args.pool, config.nodes)
    if not config.role_arn:
        check_identity(args.site, config.namespace, config.service_account)
    ranks, batch = config.nodes * pool.gpus_per_node, model.training.batch_size
    if batch % (ranks * model.training.accumulate):
        rule = f"must divide evenly among {ranks} processes, and into --accumulate parts of each"
        raise InvalidInputError("--batch-size", batch, rule, "give a batch size that fits")
    training = Training(
        model=model.name,
        flags=tuple(given(base, args)),
        image=args.image,
        site=site_file(args.site),
        pool=pool,
        config=config,
    )
    made = objects(training, args.form)
    file = args.out / f"{training.name}.yaml"
    write_whole(file, [yaml.dump_all(made, Dumper=_Plain, sort_keys=False, width=110).encode()])
    kinds = [str(each["kind"]) for each in made]
    emit("manifests", model=model.name, file=str(file), form=args.form, kinds=kinds)
    return 0


def _own_flags(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--pool", required=True, help="a node pool of the site")
    parser.add_argument("--image", required=True, help="what the pods run, as REPOSITORY@sha256:DIGEST")
    parser.add_argument("--form", choices=tuple(FORMS), default="job", help="default job (Indexed)")
    parser.add_argument("--out", type=Path, required=True, metavar="DIR", help="where the file is put")
    command.add_config(parser, ManifestConfig())
    command.add_site(parser)


if __name__ == "__main__":
    sys.exit(command.run(main))
