"""`python -m workloads.phrasing MODEL --by PHRASER`: a registered chat bot with a phraser, as a version."""

import argparse
import sys
from collections.abc import Sequence

from workloads import command
from workloads.data import store
from workloads.events import Emit
from workloads.models.table import find_model
from workloads.objects import connect
from workloads.phrasing.config import PhrasingConfig
from workloads.phrasing.refusals import refuse_model, refuse_phrased
from workloads.registry.store import Registry
from workloads.site import load_site

_EXAMPLE = "python -m workloads.phrasing chatbot --by lm:0123456789ab --site outputs.json"


def main(argv: Sequence[str], emit: Emit) -> int:
    """Measure the phraser on held-out questions, register or refuse; returns the exit code."""
    args = _parse(argv)
    config, spec = command.read_config(PhrasingConfig(), args), find_model(args.model)
    refuse_model(spec)
    buckets = connect(load_site(args.site))
    registry = Registry(buckets.registry, spec.name)
    card = registry.card(registry.chosen(args.version))
    refuse_phrased(card)
    weights = registry.weights(card)
    files = store.load(buckets.data, store.find(buckets.data, card.dataset.name, card.dataset.version))
    from workloads.asking.version import load_version  # noqa: PLC0415 - 2 s for torch, after mistakes are told
    from workloads.phrasing.run import judge, registrable  # noqa: PLC0415

    found = judge(load_version(spec, card, weights), args.by, buckets.registry, config, files)
    facts = {"model": spec.name, "parent": card.version, "by": found.phraser.name, **found.measured}
    kept = found.measured["kept_facts"]
    if kept < config.kept_facts:
        reason = f"kept_facts is {kept:.4f}, at least {config.kept_facts:.4f} is asked for"
        emit("refused", version=f"{card.version} phrased by {found.phraser.name}", reasons=[reason], **facts)
        return 1
    emit("phrased", **facts)
    child = registrable(found)
    stage = registry.register(child, weights)
    emit("registered", model=spec.name, version=child.version, stage=stage, run=child.lineage.run)
    return 0


def _parse(argv: Sequence[str]) -> argparse.Namespace:
    parser = command.parser("workloads.phrasing", "Give a registered chat bot a phraser.", _EXAMPLE)
    parser.add_argument("model", help="one whose answers are phrased: chatbot")
    parser.add_argument(
        "--by", required=True, help="lm:VERSION, a folder, a hub's name, or package:NAME/FOLDER"
    )
    parser.add_argument("--version", help="another version than the one in production")
    command.add_config(parser, PhrasingConfig())
    command.add_site(parser)
    return parser.parse_args(argv)


if __name__ == "__main__":
    sys.exit(command.run(main))
