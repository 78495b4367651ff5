"""`python -m workloads.registry`: list, show, promote and verify models."""

import argparse
import sys
from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

from workloads import command
from workloads.events import Emit
from workloads.models.table import MODELS, find_model
from workloads.objects import Buckets, connect
from workloads.registry.promotion import promote
from workloads.registry.store import Registry, Version, model_names, stage_of
from workloads.registry.verify import verify
from workloads.site import load_site

_EXAMPLE = "python -m workloads.registry promote mnist --site outputs.json"


def main(argv: Sequence[str], emit: Emit) -> int:
    """Parse, connect, do; returns the exit code."""
    args = _parse(argv)
    if args.model is not None:
        find_model(args.model)
    buckets = connect(load_site(args.site))
    return int(args.action(args, buckets, emit))


def _list(args: argparse.Namespace, buckets: Buckets, emit: Emit) -> int:
    names = [args.model] if args.model else [n for n in model_names(buckets.registry) if n in MODELS]
    rows = [_row(v) for name in names for v in Registry(buckets.registry, name).versions()]
    if args.json:
        emit("models", models=rows)
    for row in [] if args.json else rows:
        emit("model", **row)
    return 0


def _show(args: argparse.Namespace, buckets: Buckets, emit: Emit) -> int:
    registry = Registry(buckets.registry, args.model)
    entries = registry.log.entries()
    pinned = registry.chosen(args.version)
    card = registry.card(pinned)
    stage = stage_of(card.version, entries)
    history = [
        {"time": e.time, "actor": e.actor, "action": e.action, "detail": list(e.detail)}
        for e in entries
        if e.subject == pinned
    ]
    if args.json:
        emit("card", version=card.version, stage=stage, history=history, **card.model_dump(mode="json"))
        return 0
    lines = [f"- {h['time']} {h['action']} by {h['actor']}" for h in history]
    emit("card", markdown=card.markdown(), stage=stage, history="\n".join(lines))
    return 0


def _promote(args: argparse.Namespace, buckets: Buckets, emit: Emit) -> int:
    outcome = promote(Registry(buckets.registry, args.model), buckets, args.version)
    subject = {"model": args.model, "version": outcome.version}
    if not outcome.findings:
        emit("skipped", **subject, stage="production", reason=f"{outcome.version} is in production already")
        return 0
    gate = [asdict(finding) for finding in outcome.findings]
    if outcome.failed:
        emit("refused", **subject, gate=gate, reasons=[f.reason for f in outcome.failed])
        return 1
    emit("promoted", **subject, stage="production", gate=gate)
    return 0


def _verify(args: argparse.Namespace, buckets: Buckets, emit: Emit) -> int:
    found = verify(Registry(buckets.registry, args.model), args.head)
    emit("verified", **asdict(found))
    return 0


def _row(version: Version) -> dict[str, Any]:
    card, headline = version.card, MODELS[version.card.model].headline
    return {
        "name": card.model,
        "version": card.version,
        "stage": version.stage,
        "created": card.created,
        "metrics": card.metrics,
        "headline": f"{headline} {card.metrics[headline]:.4g}" if headline in card.metrics else "not judged",
        "dataset": f"{card.dataset.name}@{card.dataset.version}",
        "run": card.lineage.run,
    }


def _parse(argv: Sequence[str]) -> argparse.Namespace:
    parser = command.parser("workloads.registry", "List, show, promote and verify models.", _EXAMPLE)
    actions = parser.add_subparsers(required=True, metavar="list|show|promote|verify")
    listing = actions.add_parser("list", help="all versions with their stages and metrics")
    listing.add_argument("model", nargs="?", help="one model only")
    show = actions.add_parser("show", help="a version's card and history (default: production)")
    promotion = actions.add_parser("promote", help="put a version (default: the newest) to the gate")
    for with_version in (show, promotion):
        with_version.add_argument("model")
        with_version.add_argument("version", nargs="?")
    verification = actions.add_parser("verify", help="check the audit log, cards and weights")
    verification.add_argument("model")
    verification.add_argument("--head", metavar="HASH", help="an entry's hash that you kept elsewhere")
    for sub, action in ((listing, _list), (show, _show), (promotion, _promote), (verification, _verify)):
        sub.set_defaults(action=action)
        sub.add_argument("--json", action="store_true", help="the same as --events json")
        command.add_site(sub)
    args = parser.parse_args(argv)
    args.json = args.json or args.events == "json"
    return args


if __name__ == "__main__":
    sys.exit(command.run(main))
