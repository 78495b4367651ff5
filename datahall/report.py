"""``datahall status``: what an environment is made of and what runs in it."""

from collections import Counter
from dataclasses import asdict
from typing import Any

from rich.box import SIMPLE
from rich.table import Table

from datahall import embedded, emulated, official, processes, service
from datahall.context import Context
from datahall.sandbox.aws import control
from datahall.sandbox.hosts import api
from datahall.tree import short_type


def facts(context: Context) -> dict[str, Any]:
    """The contract of ``datahall status ENV --json``.

    Keys: environment, engine, backend, aws_endpoint, outputs, resources (urn, type, id), services
    (name, url, pid, ready), models (name, version, stage, metrics); with emulated hosts,
    hosts (name, role, address, power, memory).
    """
    if not context.environment.sandboxed:
        return _real(context)
    home, name = context.home, context.environment.name
    server = control.running(context.aws)
    stack = embedded.read(context.reading()) if _has_stack(context) else None
    reachable = server is not None and home.site(name).is_file()
    return {
        **context.named(),
        "backend": home.backend_url(),
        "aws_endpoint": server.url if server else None,
        "outputs": stack.outputs if stack else {},
        "resources": [{"urn": r.urn, "type": r.type, "id": r.id} for r in stack.resources] if stack else [],
        "services": [_service(found) for found in processes.services(home.services, name)],
        "models": _models(context) if reachable else [],
        **({"hosts": _hosts(context)} if context.environment.hosts else {}),
    }


def show(context: Context, found: dict[str, Any]) -> None:
    """The same for people."""
    say = context.output.say
    if not found["resources"]:
        say(f"{context.environment.name} is not up; bring it up: datahall up {context.environment.name}")
        return
    say(f"[bold]{found['environment']}[/]  engine {found['engine']}  state {found['backend']}")
    say(f"emulated AWS  {found['aws_endpoint'] or '[red]not running[/]'}" if "aws_endpoint" in found else "")
    say(_table(found["resources"]))
    for host in found.get("hosts", ()):
        say(f"host     {host['name']}  {host['role']}  {host['address']}  {host['power']}  emulated")
    for name, tasks in found["outputs"].get("drift", {}).items():
        say(f"drift    {name}  {len(tasks)} tasks would change it")
    for item in found["services"]:
        state = "[green]ready[/]" if item["ready"] else "[red]not ready[/]"
        say(f"service  {item['name']}  {item['url']}  pid {item['pid']}  {state}")
    for model in found["models"]:
        metrics = ", ".join(f"{name} {value:.4g}" for name, value in model["metrics"].items())
        say(f"model    {model['name']} {model['version']}  {model['stage']}  {metrics}")


def _table(resources: list[dict[str, Any]]) -> Table:
    """A line for each kind of component: how many resources it has, and which are the most."""
    kinds: dict[str, Counter[str]] = {}
    for resource in resources:
        # An URN's type is the chain of its ancestors' types: Network$aws:ec2/vpc:Vpc.
        top, _, below = resource["urn"].split("::")[2].partition("$")
        if below:
            kinds.setdefault(short_type(top), Counter())[short_type(resource["type"])] += 1
    table = Table("component", f"{len(resources)} resources", "most of them", box=SIMPLE)
    for component, counts in kinds.items():
        most = ", ".join(f"{count} {kind}" for kind, count in counts.most_common(5))
        table.add_row(component, str(counts.total()), most + (", ..." if len(counts) > 5 else ""))
    return table


def _has_stack(context: Context) -> bool:
    return context.state_file.exists()


def _real(context: Context) -> dict[str, Any]:
    request = context.request()
    return {
        **context.named(),
        "backend": official.backend(request),
        "aws_endpoint": None,
        "outputs": official.outputs(request),
        "resources": [
            {"urn": r["urn"], "type": r["type"], "id": r.get("id", "")} for r in official.exported(request)
        ],
        "services": [],
        "models": _models(context),
    }


def _service(found: processes.Service) -> dict[str, Any]:
    return {"name": found.name, "url": found.url, "pid": found.pid, "ready": service.ready(found)}


def _hosts(context: Context) -> list[dict[str, Any]]:
    with emulated.told():
        return [asdict(host) for host in api.hosts(emulated.folder(context.home))]


def _models(context: Context) -> list[dict[str, Any]]:
    from datahall import registry, site  # noqa: PLC0415 - slow to import, and only for models

    rows = registry.versions(site.find(context))
    return [{key: row[key] for key in ("name", "version", "stage", "metrics")} for row in rows]
