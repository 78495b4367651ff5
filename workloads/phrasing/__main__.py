"""`python -m workloads.phrasing MODEL --by PHRASER`: a registered chat bot with a phraser, as a version."""

import argparse
import sys
from collections.abc import Sequence
from dataclasses import replace
from typing import Annotated

from pydantic import Field

from workloads import command
from workloads.data import store
from workloads.errors import InvalidInputError
from workloads.events import Emit
from workloads.fingerprint import code_version, short_hash
from workloads.models.table import MODELS, find_model
from workloads.objects import connect
from workloads.registry.card import Lineage, Phrasing, now
from workloads.registry.store import Registry
from workloads.settings import Settings
from workloads.site import load_site

_EXAMPLE = "python -m workloads.phrasing chatbot --by lm:0123456789ab --site outputs.json"


class PhrasingConfig(Settings):
    """How much a phraser may say and take, and how faithful it has to be."""

    max_tokens: Annotated[int, Field(ge=1, le=4096, description="tokens of an answer")] = 64
    seconds: Annotated[float, Field(gt=0, le=60, description="for what is asked together")] = 2.0
    kept_facts: Annotated[float, Field(ge=0, le=1, description="least share that keeps the facts")] = 0.5


def main(argv: Sequence[str], emit: Emit) -> int:
    """Measure the phraser on held-out questions, register or refuse; returns the exit code."""
    args = _parse(argv)
    config, spec = command.read_config(PhrasingConfig(), args), find_model(args.model)
    if not spec.phrased:
        known = ", ".join(sorted(name for name, model in MODELS.items() if model.phrased))
        rule = f"must be one whose answers are phrased: {known}"
        raise InvalidInputError("model", spec.name, rule, "take it")
    buckets = connect(load_site(args.site))
    registry = Registry(buckets.registry, spec.name)
    card = registry.card(registry.chosen(args.version))
    if card.phrasing:
        rule, fix = f"is phrased by {card.phrasing.by}", f"give --version {card.phrasing.parent}, its parent"
        raise InvalidInputError("version", card.version, rule, fix)
    weights = registry.weights(card)
    files = store.load(buckets.data, store.find(buckets.data, card.dataset.name, card.dataset.version))
    import torch  # noqa: PLC0415 - 2 s, which a mistake above need not wait for

    from workloads.asking.version import load_version  # noqa: PLC0415
    from workloads.phrasing.measure import measure  # noqa: PLC0415
    from workloads.phrasing.opened import open_phraser  # noqa: PLC0415

    limits = (config.max_tokens, config.seconds)
    phraser = open_phraser(args.by, buckets.registry, *limits)
    found = measure(replace(load_version(spec, card, weights), phraser=phraser), files)
    facts = {"model": spec.name, "parent": card.version, "by": phraser.name, **found}
    if found["kept_facts"] < config.kept_facts:
        reason = f"kept_facts is {found['kept_facts']:.4f}, at least {config.kept_facts:.4f} is asked for"
        emit("refused", version=f"{card.version} phrased by {phraser.name}", reasons=[reason], **facts)
        return 1
    emit("phrased", **facts)
    code = code_version(["workloads.phrasing", "workloads.models.chatbot"])
    run = short_hash({"parent": card.version, "by": phraser.digest, "code": code, "limits": limits})
    child = card.model_copy(
        update={
            "title": f"{card.title}, phrased by a language model",
            "created": now(),
            "lineage": Lineage(run=run, code=code, world_size=1, torch=torch.__version__),
            "phrasing": Phrasing(
                parent=card.version,
                by=args.by,
                digest=phraser.digest,
                max_tokens=config.max_tokens,
                seconds=config.seconds,
                measured=found,
            ),
        }
    )
    stage = registry.register(child, weights)
    emit("registered", model=spec.name, version=child.version, stage=stage, run=run)
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
