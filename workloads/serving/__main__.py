"""`python -m workloads.serving MODEL`: parse, find the production version, serve it until SIGTERM."""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from workloads import command
from workloads.errors import InvalidInputError
from workloads.events import Emit
from workloads.models.table import MODELS, find_model
from workloads.objects import connect
from workloads.registry.store import Registry
from workloads.serving.access import listen, read_token
from workloads.serving.app import create_app
from workloads.serving.chosen import form_of
from workloads.serving.config import ServingConfig
from workloads.serving.metrics import new_metrics
from workloads.serving.server import new_server, run_server, stop
from workloads.serving.service import Service
from workloads.site import load_site

_EXAMPLE = "python -m workloads.serving mnist --site outputs.json --port 5000"


def main(argv: Sequence[str], emit: Emit) -> int:
    """Serve the model that `argv` names; returns the exit code."""
    args = _parse(argv)
    spec, config = find_model(args.model), command.read_config(ServingConfig(), args)
    if spec.served is None:
        known = ", ".join(sorted(name for name, model in MODELS.items() if model.served))
        fix = "serve one of those"
        raise InvalidInputError("model", spec.name, f"must be one that is served over HTTP: {known}", fix)
    token = read_token(args.host, args.token_file)
    registry = Registry(connect(load_site(args.site)).registry, spec.name)
    card = registry.card(registry.production())
    with listen(args.host, args.port) as listener:
        service = Service(
            spec=spec,
            card=card,
            form=form_of(spec, card, registry.bucket),
            config=config,
            metrics=new_metrics(card.model, card.version),
            read_weights=lambda: registry.weights(card),
            emit=emit,
            on_failure=lambda: stop(server),
        )
        server = new_server(create_app(service, token))
        host = f"[{args.host}]" if ":" in args.host else args.host
        url = f"http://{host}:{listener.getsockname()[1]}"
        emit("serving", model=card.model, version=card.version, url=url)
        run_server(server, listener)
    if service.failure:
        raise service.failure
    return 0


def _parse(argv: Sequence[str]) -> argparse.Namespace:
    parser = command.parser("workloads.serving", "Serve a model's production version over HTTP.", _EXAMPLE)
    parser.add_argument("model", help=f"one of: {', '.join(sorted(MODELS))}")
    command.add_site(parser)
    parser.add_argument("--host", default="127.0.0.1", help="default 127.0.0.1; others need a token")
    parser.add_argument("--port", type=int, default=5000, help="default 5000; 0 for a free one")
    parser.add_argument("--token-file", type=Path, metavar="FILE", help="clients must send what it holds")
    command.add_config(parser, ServingConfig())
    return parser.parse_args(argv)


if __name__ == "__main__":
    sys.exit(command.run(main))
