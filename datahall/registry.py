"""The model registry, as the workloads' own program tells of it."""

from typing import Any

from rich.markdown import Markdown
from rich.table import Table

from datahall.children import Event
from datahall.context import Context
from datahall.errors import UserError
from datahall.output import Output
from datahall.programs import last
from datahall.site import Site

_PROGRAM = "workloads.registry"
# The gate's refusal is an answer.
_ANSWERS = (0, 1)


def versions(site: Site, model: str | None = None) -> list[dict[str, Any]]:
    """Every version (name, version, stage, metrics, ...), in the order of registration."""
    names = [model] if model else []
    found: list[dict[str, Any]] = last(site.ask(_PROGRAM, "list", *names), "models")["models"]
    return found


def in_production(site: Site, model: str) -> str | None:
    """The version that is in production, if any is."""
    found = (row["version"] for row in versions(site, model) if row["stage"] == "production")
    return next(found, None)


def require_production(site: Site, model: str) -> str:
    """The version that is in production.

    Raises:
        UserError: none is.
    """
    version = in_production(site, model)
    if version is None:
        fix = f"train it: datahall train {model}, or promote one: datahall models promote {model}"
        raise UserError("model", model, "has no version in production", fix)
    return version


def promote(site: Site, output: Output, model: str, version: str | None, *, smoke: bool = False) -> Event:
    """Put a version (the newest when None) to its gate; one that `--smoke` trained only with `smoke`."""
    with output.stage("promote") as stage:
        chosen = [*([version] if version else []), *(["--smoke"] if smoke else [])]
        ran = site.ask(_PROGRAM, "promote", model, *chosen, answers=_ANSWERS)
        event = last(ran, "promoted", "refused", "skipped")
        stage.summary = _told(event)
    return {key: value for key, value in event.items() if key != "event"} | {"outcome": event["event"]}


def unasked(model: str, version: str) -> Event:
    """What is told in place of a promotion of a version that `--smoke` trained."""
    reason = f"trained by --smoke; to promote it: datahall models promote {model} {version} --smoke"
    return {"outcome": "skipped", "model": model, "version": version, "reason": reason}


def command(
    context: Context, site: Site, action: str, model: str | None, version: str | None, *, smoke: bool = False
) -> int:
    """``datahall models``; returns the exit code.

    Raises:
        UserError: an argument is missing or one too many.
    """
    if smoke and action != "promote":
        raise UserError("--smoke", action, "is for promote only", "leave it out")
    if action == "list":
        if version:
            raise UserError(
                "VERSION", version, "list takes a model at most", "leave it out, or: datahall models show"
            )
        return _list(context, versions(site, model))
    if model is None:
        fix = f"name it: datahall models {action} mnist"
        raise UserError("MODEL", "", f"models {action} needs the name of a model", fix)
    if action == "show":
        return _show(context, site, model, version)
    answer = promote(site, context.output, model, version, smoke=smoke)
    context.output.result({**context.named(), **answer})
    return 1 if answer["outcome"] == "refused" else 0


def _list(context: Context, rows: list[dict[str, Any]]) -> int:
    context.output.result({**context.named(), "models": rows})
    table = Table("model", "version", "stage", "metrics", "data", "registered")
    for row in rows:
        metrics = ", ".join(f"{name} {value:.4g}" for name, value in row["metrics"].items())
        table.add_row(row["name"], row["version"], row["stage"], metrics, row["dataset"], row["created"])
    if not context.output.as_json:
        context.output.say(table if rows else "No models yet; train one: datahall train mnist")
    return 0


def _show(context: Context, site: Site, model: str, version: str | None) -> int:
    chosen = [version] if version else []
    card = last(site.ask(_PROGRAM, "show", model, *chosen), "card")
    context.output.result(
        {**context.named(), **{key: value for key, value in card.items() if key != "event"}}
    )
    if not context.output.as_json:
        context.output.say(Markdown(_card(card)))
    return 0


def _card(card: Event) -> str:
    rows = [f"- {name}: {value}" for name, value in card["metrics"].items()]
    history = [f"- {entry['time']} {entry['action']} by {entry['actor']}" for entry in card["history"]]
    dataset = card["dataset"]
    return "\n".join(
        [
            f"# {card['model']} {card['version']} ({card['stage']})",
            f"{card['title']}; data {dataset['name']} {dataset['version']}, licence {dataset['licence']}",
            "## Metrics",
            *rows,
            "## History",
            *history,
        ]
    )


def _told(event: Event) -> str:
    subject = f"{event['model']} {event['version']}"
    if event["event"] == "promoted":
        return f"{subject} is in production: {len(event['gate'])} rules of its gate hold"
    if event["event"] == "refused":
        return f"[yellow]{subject} refused[/]: {'; '.join(event['reasons'])}"
    return f"{subject} is in production"
