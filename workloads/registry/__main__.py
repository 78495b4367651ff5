"""`python -m workloads.registry`: list, show, promote and verify models."""

import argparse
import sys
from collections.abc import Sequence
from dataclasses import asdict

from workloads import command
from workloads.events import Emit
from workloads.models.table import find_model
from workloads.objects import Buckets, connect
from workloads.registry.promotion import promote
from workloads.registry.store import Registry
from workloads.registry.told import judged, listed, shown
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
    rows = listed(buckets.registry, args.model)
    if args.events == "json":
        emit("models", models=rows)
    else:
        for row in rows:
            emit("model", **row)
    return 0


def _show(args: argparse.Namespace, buckets: Buckets, emit: Emit) -> int:
    emit("card", **shown(Registry(buckets.registry, args.model), args.version, whole=args.events == "json"))
    return 0


def _promote(args: argparse.Namespace, buckets: Buckets, emit: Emit) -> int:
    outcome = promote(Registry(buckets.registry, args.model), buckets, args.version, smoke=args.smoke)
    event, facts = judged(args.model, outcome)
    emit(event, **facts)
    return 1 if outcome.failed else 0


def _verify(args: argparse.Namespace, buckets: Buckets, emit: Emit) -> int:
    emit("verified", **asdict(verify(Registry(buckets.registry, args.model), args.head)))
    return 0


def _parse(argv: Sequence[str]) -> argparse.Namespace:
    parser = command.parser("workloads.registry", "List, show, promote and verify models.", _EXAMPLE)
    actions = parser.add_subparsers(required=True, metavar="list|show|promote|verify")
    listing = actions.add_parser("list", help="all versions with their stages and metrics")
    listing.add_argument("model", nargs="?", help="one model only")
    show = actions.add_parser("show", help="a version's card and history (default: production)")
    promotion = actions.add_parser("promote", help="put a version (default: the newest) to the gate")
    promotion.add_argument("--smoke", action="store_true", help="though it was trained by --smoke")
    for with_version in (show, promotion):
        with_version.add_argument("model")
        with_version.add_argument("version", nargs="?")
    verification = actions.add_parser("verify", help="check the audit log, cards and weights")
    verification.add_argument("model")
    verification.add_argument("--head", metavar="HASH", help="an entry's hash that you kept elsewhere")
    for sub, action in ((listing, _list), (show, _show), (promotion, _promote), (verification, _verify)):
        sub.set_defaults(action=action)
        command.add_site(sub)
        command.add_json(sub)
    return parser.parse_args(argv)


if __name__ == "__main__":
    sys.exit(command.run(main))
