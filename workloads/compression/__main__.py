"""`python -m workloads.compression MODEL`: make a registered classifier smaller, within a budget."""

import argparse
import sys
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from workloads import command
from workloads.compression.budget import Budget, over
from workloads.data import store
from workloads.errors import InvalidInputError
from workloads.events import Emit
from workloads.files import write_whole
from workloads.fingerprint import canonical, sha256
from workloads.models.table import MODELS, find_model
from workloads.objects import connect
from workloads.registry.card import Compression
from workloads.registry.store import Registry
from workloads.site import load_site

_EXAMPLE = "python -m workloads.compression mnist --steps prune,distil,int8 --out small --site outputs.json"


def main(argv: Sequence[str], emit: Emit) -> int:
    """Compress, measure against the parent, write or refuse; returns the exit code."""
    args = _parse(argv)
    budget = command.read_config(Budget(), args)
    spec = find_model(args.model)
    if spec.classify is None:
        known = ", ".join(sorted(name for name, model in MODELS.items() if model.classify))
        raise InvalidInputError("model", spec.name, f"must be a classifier: {known}", "give one of them")
    buckets = connect(load_site(args.site))
    registry = Registry(buckets.registry, spec.name)
    card = registry.card(registry.pinned(args.version) if args.version else registry.production())
    weights = registry.weights(card)
    files = store.load(buckets.data, store.find(buckets.data, card.dataset.name, card.dataset.version))
    import torch  # noqa: PLC0415 - 2 s, which a mistake above need not wait for

    from workloads.asking.version import load_version  # noqa: PLC0415
    from workloads.compression.card import card_of  # noqa: PLC0415
    from workloads.compression.measure import best, measure  # noqa: PLC0415
    from workloads.compression.steps import Candidate, take  # noqa: PLC0415
    from workloads.judging.judgement import opened  # noqa: PLC0415

    parent = load_version(spec, card, weights)
    if parent.form != "fp32":
        rule, fix = f"is in {parent.form}, from which no step goes on", "name its parent with --version"
        raise InvalidInputError("version", card.version, rule, fix)
    task, same = opened(parent, files)
    torch.manual_seed(same.training.seed)
    first = Candidate(parent.network, same.config, replace(parent, spec=same), task)
    before = measure(first, files)
    if args.steps:
        name, made, found = args.steps, take(first, args.steps), {"as it is": before}
    else:
        name, made, found = best(first, files, budget)
    after = measure(made, files) if args.steps else found[name]
    facts: dict[str, Any] = {
        "model": spec.name,
        "parent": card.version,
        "steps": name,
        "config": made.config.model_dump(mode="json"),
        "measured": {key: value.model_dump() for key, value in {**found, name: after}.items()},
    }
    reasons = over(budget, before, after)
    if reasons:
        emit("refused", version=f"{card.version} by {name}", reasons=reasons, **facts)
        return 1
    content = made.content()
    file = args.out / made.file if args.out else None
    if file:
        write_whole(file, [content])
        write_whole(args.out / "compressed.json", [canonical({**facts, "sha256": sha256(content)})])
    emit("compressed", file=str(file or "not written"), won=_won(before, after), **facts)
    if args.register and made.network is first.network:
        emit("skipped", reason=f"{card.version} as it is was the fastest", version=card.version)
    elif args.register:
        compression = Compression(
            parent=card.version,
            steps=name,
            budget=budget.model_dump(),
            measured={"parent": before.model_dump(), "child": after.model_dump()},
        )
        child = card_of(made, content, compression)
        stage = registry.register(child, content)
        emit("registered", model=spec.name, version=child.version, stage=stage, run=child.lineage.run)
    return 0


def _won(before: Any, after: Any) -> str:  # noqa: ANN401
    size, speed = before.bytes / after.bytes, before.latency_ms / after.latency_ms
    return (
        f"{size:.1f} x smaller, {speed:.1f} x faster, accuracy {after.accuracy:.4f} of {before.accuracy:.4f}"
    )


def _parse(argv: Sequence[str]) -> argparse.Namespace:
    parser = command.parser("workloads.compression", "Make a registered classifier smaller.", _EXAMPLE)
    parser.add_argument("model", help="a classifier")
    parser.add_argument("--version", help="another version than the one in production")
    how = parser.add_mutually_exclusive_group(required=True)
    how.add_argument("--steps", help="prune:SHARE, distil:EPOCHS, onnx, int8, in the order they are taken")
    how.add_argument(
        "--best", action="store_true", help="whichever of fp32, bf16, onnx, int8 is fastest here"
    )
    parser.add_argument("--out", type=Path, metavar="DIR", help="where it is put")
    parser.add_argument("--register", action="store_true", help="register it as a version, for the gate")
    command.add_config(parser, Budget())
    command.add_site(parser)
    args = parser.parse_args(argv)
    if args.out is None and not args.register:
        rule = "must be given, or --register"
        raise InvalidInputError("--out", "missing", rule, "say where the result is to go")
    return args


if __name__ == "__main__":
    sys.exit(command.run(main))
