"""`python -m workloads.compression MODEL`: make a registered version smaller, within a budget."""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from workloads import command
from workloads.compression.budget import Budget
from workloads.data import store
from workloads.errors import InvalidInputError
from workloads.events import Emit
from workloads.models.table import MODELS, find_model
from workloads.objects import connect
from workloads.registry.store import Registry
from workloads.site import load_site

_EXAMPLE = "python -m workloads.compression mnist --steps prune,distil,int8 --out small --site outputs.json"


def main(argv: Sequence[str], emit: Emit) -> int:
    """Compress, measure against the parent, write or refuse; returns the exit code."""
    args = _parse(argv)
    budget, spec = command.read_config(Budget(), args), find_model(args.model)
    buckets = connect(load_site(args.site))
    registry = Registry(buckets.registry, spec.name)
    card = registry.card(registry.chosen(args.version))
    weights = registry.weights(card)
    files = store.load(buckets.data, store.find(buckets.data, card.dataset.name, card.dataset.version))
    from workloads.compression import run  # noqa: PLC0415 - 2 s for torch, for which a mistake need not wait
    from workloads.compression.best import AS_IT_IS  # noqa: PLC0415

    first = run.open_parent(spec, card, weights, files)
    found = run.compress(first, budget, args.steps, any_form=args.best)
    if found.reasons:
        emit("refused", version=f"{card.version} by {found.chosen}", reasons=found.reasons, **found.facts())
        return 1
    file = run.write(found, args.out) if args.out else "not written"
    emit("compressed", file=str(file), won=found.won, **found.facts())
    if args.register and found.chosen == AS_IT_IS:
        emit("skipped", reason=f"{card.version} as it is was the fastest", version=card.version)
    elif args.register:
        child, content = run.registrable(found, budget)
        stage = registry.register(child, content)
        emit("registered", model=spec.name, version=child.version, stage=stage, run=child.lineage.run)
    return 0


def _parse(argv: Sequence[str]) -> argparse.Namespace:
    parser = command.parser("workloads.compression", "Make a registered version smaller.", _EXAMPLE)
    parser.add_argument("model", help=f"one of: {', '.join(sorted(MODELS))}")
    parser.add_argument("--version", help="another version than the one in production")
    parser.add_argument(
        "--steps",
        action="append",
        default=[],
        help="prune:SHARE, sparse:SHARE, distil:EPOCHS, bf16, onnx, int8, int8-torchao, in order",
    )
    parser.add_argument(
        "--best",
        action="store_true",
        help="the fastest here of every form of the version, and of each --steps",
    )
    parser.add_argument("--out", type=Path, metavar="DIR", help="where it is put")
    parser.add_argument("--register", action="store_true", help="register it as a version, for the gate")
    command.add_config(parser, Budget())
    command.add_site(parser)
    args = parser.parse_args(argv)
    if not args.best and len(args.steps) != 1:
        rule = "must be given once; several times with --best"
        raise InvalidInputError("--steps", " and ".join(args.steps) or "missing", rule, "give one, or --best")
    if args.out is None and not args.register:
        rule = "must be given, or --register"
        raise InvalidInputError("--out", "missing", rule, "say where the result is to go")
    return args


if __name__ == "__main__":
    sys.exit(command.run(main))
