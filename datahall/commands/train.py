"""``datahall train``."""

from typing import Annotated

from cyclopts import Parameter

from datahall.commands import _options as options
from datahall.context import open_context
from datahall.lock import hold


def train(
    model: Annotated[str, Parameter(help="The model to train.")],
    /,
    *,
    environment: options.EnvFlag = "local",
    epochs: Annotated[
        int | None,
        Parameter(help="How many passes over the data (default: the model's own).", show_default=False),
    ] = None,
    smoke: Annotated[bool, Parameter(help="Small and short, through every stage.", negative=())] = False,
    json: options.Json = False,
) -> int:
    """Collect a model's data, train it, register it and ask for its promotion."""
    context = open_context(environment, as_json=json)
    from datahall import programs, registry, site

    found = site.find(context)
    arguments = [*(["--smoke"] if smoke else []), *([] if epochs is None else ["--epochs", str(epochs)])]
    with hold(context.home, f"datahall train {model}"):
        programs.collect(found, context.output, model)
        trained = programs.train(found, context.output, model, arguments)
        promotion = registry.promote(found, context.output, model, trained.version)
    context.output.result(
        {
            **context.named(),
            "model": model,
            "version": trained.version,
            "skipped": trained.skipped,
            "metrics": trained.metrics,
            "promotion": promotion,
        }
    )
    return 0
