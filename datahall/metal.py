"""``datahall up metal``: emulated hosts, and a reviewed stack that makes them a cluster."""

from dataclasses import asdict
from typing import Any

from rich.table import Table
from rich.text import Text

from datahall import bill, emulated, lock, provision, site
from datahall.context import Context
from datahall.edge import deploy
from datahall.errors import OperationError, UserError
from datahall.sandbox.aws import control
from datahall.sandbox.hosts import Host, Power, api, needs
from datahall.sandbox.hosts.model import plan
from datahall.wishes import Wishes


def up(context: Context, wishes: Wishes, region: str) -> dict[str, Any]:
    """Bring hosts and stack up; returns the result for ``--json``.

    Raises:
        UserError: the machine or the options do not fit; nothing was made.
        OperationError: a host does not boot or is not converged.
    """
    _check(context, wishes)
    with lock.hold(context.home, f"datahall up {context.environment.name}"):
        provision.check_state(context)
        if wishes.expect_no_changes:
            _expect_hosts(context, wishes)
        hosts = emulated.up(context, wishes.workers)
        server = provision.show_aws(context)
        provision.check_emulator(context, server.url)
        deploy.ensure_way(context)
        with emulated.inventory(context) as inventory:
            request = wishes.request(context, region, server.url, inventory)
            outcome = provision.settle(context, request, brief=not wishes.diff)
        stack = provision.recorded(context)
        site.write(context, stack.outputs, server.url)
    cost = bill.of(stack)
    _show(context, hosts, stack.outputs, server)
    return {
        **context.named(),
        **outcome.as_json(),
        "aws_endpoint": server.url,
        "outputs": stack.outputs,
        "hosts": [asdict(host) for host in hosts],
        "monthly_cost": bill.as_json(cost),
    }


def _check(context: Context, wishes: Wishes) -> None:
    """Refuse what cannot be, before anything is made."""
    if wishes.port is not None:
        rule = f"no service is started in {context.environment.name}"
        raise UserError("--port", str(wishes.port), rule, "leave it out")
    with emulated.told():
        plan(emulated.workers(context.home, wishes.workers))
        needs.require()


def _expect_hosts(context: Context, wishes: Wishes) -> None:
    with emulated.told():
        seen = api.hosts(emulated.folder(context.home))
    running = {host.name for host in seen if host.power is Power.RUNNING}
    wanted = {each.name for each in plan(emulated.workers(context.home, wishes.workers))}
    if missing := sorted(wanted - running):
        raise OperationError(f"expected no changes, and these hosts would be started: {', '.join(missing)}")


def _show(context: Context, hosts: list[Host], outputs: dict[str, Any], server: control.Server) -> None:
    name, say = context.environment.name, context.output.say
    table = Table.grid(padding=(0, 2))
    for host in hosts:
        table.add_row(host.name, host.role, str(host.address), "emulated")
    table.add_row("emulated AWS", "", server.url, f"pid {server.pid}, region {outputs['region']}")
    table.add_row("data", "", f"s3://{outputs['data_bucket']}", "")
    say()
    say(table)
    say()
    say(Text("Next", style="bold"))
    for command, why in (
        ("datahall hosts ssh head-1 sinfo", "ask Slurm"),
        ("datahall train mnist --on slurm", "a training as one of its jobs"),
        (f"datahall serve mnist --env {name}", "the model, by the workers, over TLS"),
        (f"datahall preview {name} --diff", "what a change of playbooks or variables would do"),
        (f"datahall down {name}", "take it all down"),
    ):
        say(Text.assemble(f"  {command:<38}", (why, "dim")))
