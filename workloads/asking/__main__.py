"""`python -m workloads.asking MODEL QUESTION`: load a registered version, ask it, tell its answer."""

import argparse
import sys
from collections.abc import Sequence

from workloads import command
from workloads.asking.said import Answerer
from workloads.errors import InvalidInputError
from workloads.events import Emit
from workloads.models.spec import load
from workloads.models.table import MODELS, find_model
from workloads.objects import connect
from workloads.registry.store import Registry
from workloads.site import load_site

_EXAMPLE = 'python -m workloads.asking lm "The with statement" --site outputs.json'


def main(argv: Sequence[str], emit: Emit) -> int:
    """Ask the production version, or another that is named; returns the exit code."""
    args = _parse(argv)
    spec = find_model(args.model)
    if spec.answer is None:
        known = ", ".join(sorted(name for name, model in MODELS.items() if model.answer))
        fix = f"serve it: python -m workloads.serving {spec.name}"
        raise InvalidInputError("model", spec.name, f"must be one that is asked: {known}", fix)
    registry = Registry(connect(load_site(args.site)).registry, spec.name)
    card = registry.card(registry.chosen(args.version))
    weights = registry.weights(card)
    from workloads.asking.version import load_version  # noqa: PLC0415 - 2 s for torch
    from workloads.phrasing.opened import with_phraser  # noqa: PLC0415

    loaded = with_phraser(load_version(spec, card, weights), registry.bucket)
    answer: Answerer = load(spec.answer)(loaded)
    (said,) = answer([args.question])
    if isinstance(said, InvalidInputError):
        raise said
    told = {"how": "", "note": "", **said.as_dict()}
    emit("answer", model=spec.name, version=card.version, question=args.question, **told)
    return 0


def _parse(argv: Sequence[str]) -> argparse.Namespace:
    parser = command.parser("workloads.asking", "Ask a registered version of a model.", _EXAMPLE)
    parser.add_argument(
        "model", help="one of: " + ", ".join(sorted(n for n, m in MODELS.items() if m.answer))
    )
    parser.add_argument("question", help="what it is asked")
    parser.add_argument("--version", help="another version than the one in production")
    command.add_site(parser)
    return parser.parse_args(argv)


if __name__ == "__main__":
    sys.exit(command.run(main))
