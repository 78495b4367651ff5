"""`python -m workloads.ensembles MODEL --of VERSION --of VERSION`: versions that answer together, as one."""

import argparse
import sys
from collections.abc import Sequence
from typing import Annotated

from pydantic import Field

from workloads import command
from workloads.data import store
from workloads.ensembles.members import refuse_cards, refuse_loaded, refuse_model
from workloads.events import Emit
from workloads.models.table import find_model
from workloads.objects import connect
from workloads.registry.store import Registry
from workloads.settings import Settings
from workloads.site import load_site

_EXAMPLE = "python -m workloads.ensembles mnist --of 0123456789ab --of ba9876543210 --site outputs.json"


class EnsembleConfig(Settings):
    """What an ensemble has to win: it costs as much as all its members."""

    gain: Annotated[float, Field(ge=0, le=1, description="least gain of the headline over the best")] = 0.0


def main(argv: Sequence[str], emit: Emit) -> int:
    """Judge the members together, register or refuse; returns the exit code."""
    args = _parse(argv)
    config, spec = command.read_config(EnsembleConfig(), args), find_model(args.model)
    refuse_model(spec)
    buckets = connect(load_site(args.site))
    registry = Registry(buckets.registry, spec.name)
    cards = [registry.card(registry.pinned(version)) for version in args.of]
    refuse_cards(cards)
    dataset = cards[0].dataset
    files = store.load(buckets.data, store.find(buckets.data, dataset.name, dataset.version))
    from workloads.asking.version import load_version  # noqa: PLC0415 - 2 s for torch, after mistakes are told
    from workloads.ensembles.run import judge, registrable  # noqa: PLC0415

    members = [load_version(spec, card, registry.weights(card)) for card in cards]
    refuse_loaded(members)
    found = judge(members, files)
    facts = {
        "model": spec.name,
        "members": args.of,
        "headline": found.headline,
        "together": found.metrics[found.headline],
        "best": found.best.card.metrics[found.headline],
        "metrics": found.metrics,
    }
    if found.gain < config.gain:
        won = f"{found.headline} wins {found.gain:.4f} over {found.best.card.version}"
        reasons = [f"{won}, at least {config.gain:.4f} is asked for"]
        emit("refused", version=f"{' and '.join(args.of)} together", reasons=reasons, **facts)
        return 1
    emit("ensemble", **facts)
    card, content = registrable(found)
    stage = registry.register(card, content)
    emit("registered", model=spec.name, version=card.version, stage=stage, run=card.lineage.run)
    return 0


def _parse(argv: Sequence[str]) -> argparse.Namespace:
    parser = command.parser("workloads.ensembles", "Have versions of a classifier answer together.", _EXAMPLE)
    parser.add_argument("model", help="a classifier: mnist, mnist-cnn, sentiment")
    parser.add_argument(
        "--of", action="append", required=True, metavar="VERSION", help="a member; give it for each"
    )
    command.add_config(parser, EnsembleConfig())
    command.add_site(parser)
    return parser.parse_args(argv)


if __name__ == "__main__":
    sys.exit(command.run(main))
