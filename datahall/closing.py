"""What ``up`` says at its end: what runs where, how to call it, what it would cost, what to type next."""

from typing import Any

from rich.table import Table
from rich.text import Text

from datahall import bill, capacity
from datahall.context import Context
from datahall.processes import Service
from datahall.sandbox.aws.control import Server


def show(
    context: Context, outputs: dict[str, Any], server: Server, service: Service, cost: capacity.Estimate
) -> None:
    """The closing summary."""
    name, say = context.environment.name, context.output.say
    table = Table.grid(padding=(0, 2))
    for row in _running(context, outputs, server, service):
        table.add_row(*row)
    say()
    say(table)
    say()
    say(bill.shown(cost))
    say()
    say(Text("Call it", style="bold"))
    say(Text(f"  curl -s {service.url}/health/ready"))
    say(Text(f"  {_predict(context, service)}"))
    say(Text("Next", style="bold"))
    for command, why in (
        (f"datahall status {name}", "what there is"),
        ("datahall models list", "what is in the registry"),
        (f"datahall preview {name} --diff", "what a change in stacks/ or components/ would do"),
        (f"datahall down {name}", "take it all down"),
    ):
        say(Text.assemble(f"  {command:<32}", (why, "dim")))


def _running(
    context: Context, outputs: dict[str, Any], server: Server, service: Service
) -> list[tuple[str, str, str]]:
    pools = ", ".join(
        f"{pool['name']} ({pool['min_nodes']}-{pool['max_nodes']} x {pool['instance_type']})"
        for pool in outputs["node_pools"].values()
    )
    return [
        ("emulated AWS", server.url, f"pid {server.pid}, region {outputs['region']}"),
        ("cluster", outputs["cluster_name"], f"node pools: {pools}"),
        ("data", f"s3://{outputs['data_bucket']}", ""),
        ("models", f"s3://{outputs['registry_bucket']}", ""),
        (service.name, service.url, f"pid {service.pid}, version {service.model_version}"),
        ("state", context.home.backend_url(), "a self-managed Pulumi backend"),
    ]


def _predict(context: Context, service: Service) -> str:
    request = context.home.request(context.environment.name)
    return f"curl -s {service.url}/predict -H 'Content-Type: application/json' -d @{request}"
