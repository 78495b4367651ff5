"""`python -m workloads.judging MODEL`: judge a registered version on its data's held-out part."""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from workloads import command
from workloads.data import store
from workloads.events import Emit
from workloads.models.table import MODELS, find_model
from workloads.objects import connect
from workloads.registry.store import Registry
from workloads.site import load_site

_EXAMPLE = "python -m workloads.judging mnist --report report --site outputs.json"


def main(argv: Sequence[str], emit: Emit) -> int:
    """Judge the production version, or another that is named; returns the exit code."""
    args = _parse(argv)
    spec = find_model(args.model)
    buckets = connect(load_site(args.site))
    registry = Registry(buckets.registry, spec.name)
    card = registry.card(registry.chosen(args.version))
    weights = registry.weights(card)
    files = store.load(buckets.data, store.find(buckets.data, card.dataset.name, card.dataset.version))
    from workloads.asking.version import load_version  # noqa: PLC0415 - 2 s for torch
    from workloads.judging.judgement import judge  # noqa: PLC0415
    from workloads.judging.report import write_report  # noqa: PLC0415 - 1 s for matplotlib
    from workloads.phrasing.opened import with_phraser  # noqa: PLC0415

    found, shown = judge(with_phraser(load_version(spec, card, weights), registry.bucket), files)
    written = write_report(args.report, f"{card.model} {card.version}", found, shown)
    summary = ", ".join(
        f"{name} {value:.4g}"
        for part in ("metrics", "privacy", "phrasing")
        for name, value in found.get(part, {}).items()
    )
    emit(
        "judged",
        model=spec.name,
        version=card.version,
        summary=summary,
        report=list(map(str, written)),
        **found,
    )
    return 0


def _parse(argv: Sequence[str]) -> argparse.Namespace:
    parser = command.parser("workloads.judging", "Judge a registered version of a model.", _EXAMPLE)
    parser.add_argument("model", help=f"one of: {', '.join(sorted(MODELS))}")
    parser.add_argument("--version", help="another version than the one in production")
    parser.add_argument("--report", type=Path, required=True, metavar="DIR", help="where the report is put")
    command.add_site(parser)
    return parser.parse_args(argv)


if __name__ == "__main__":
    sys.exit(command.run(main))
