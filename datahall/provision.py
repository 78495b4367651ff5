"""Provisioning: the settings, the emulated AWS, and a run of whichever engine."""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace

from datahall import embedded, emulated_aws, lock, official
from datahall.context import Context
from datahall.engine import PluginPool, StackState
from datahall.environments import Environment
from datahall.errors import OperationError, UserError
from datahall.review import findings_text, tally
from datahall.runs import Outcome, Request
from datahall.sandbox.aws import control
from stacks import settings
from stacks.errors import InvalidSettings
from stacks.machines import EMULATED


def start_aws(context: Context) -> control.Server:
    """Start the emulated AWS, or find the one that runs.

    Raises:
        UserError: it cannot be started.
    """
    with emulated_aws.told():
        return control.start(context.aws)


def show_aws(context: Context) -> control.Server:
    """The same as a stage of a command."""
    with context.output.stage("emulated AWS") as stage:
        server = start_aws(context)
        stage.summary = f"{server.url}, pid {server.pid}"
    return server


def check_settings(context: Context) -> str:
    """Read the environment's settings before anything is started; returns their region.

    Raises:
        UserError: with all that is wrong in them.
    """
    try:
        found = settings.load(context.environment.name, context.root / "stacks")
    except InvalidSettings as error:
        raise UserError.of_lines(error.problems) from None
    if found.bare_metal is not None:
        _check_machines(context.environment, found.bare_metal.inventory)
    return found.region


def _check_machines(environment: Environment, inventory: str) -> None:
    """Emulated hosts are for an environment that has them; real ones for one that is real."""
    field, of_emulated = "datahall:bare_metal.inventory", inventory == EMULATED
    if of_emulated and not environment.hosts:
        fix = "name an inventory of real hosts, or: datahall up metal"
        raise UserError(field, inventory, f"{environment.name} has no emulated hosts", fix)
    if environment.sandboxed and not of_emulated:
        fix = "set it for dev or prod, or: ansible-playbook -i YOUR_INVENTORY playbooks/site.yml"
        raise UserError(field, inventory, f"{environment.name} is sandboxed and touches no real host", fix)


def check_state(context: Context) -> None:
    """Refuse a state that cannot be read, before anything is started or stopped.

    Raises:
        UserError: the state file is broken, or its passphrase is missing.
    """
    if context.state_file.exists():
        embedded.read(context.reading())
        context.request()


def check_emulator(context: Context, endpoint: str) -> None:
    """Refuse to go on where the state has resources and the emulated AWS has lost them all.

    Raises:
        UserError: it has.
    """
    stack = embedded.read(context.reading()) if context.state_file.exists() else None
    made = [resource for resource in stack.resources if resource.id] if stack else []
    if made and not control.inventory(endpoint):
        name = context.environment.name
        raise UserError(
            "emulated AWS",
            str(context.aws),
            f"is empty, and the state says that {len(made)} resources are in it",
            f"begin anew: datahall down {name} && datahall up {name}",
        )


def recorded(context: Context) -> StackState:
    """The stack as it stands after an apply."""
    stack = embedded.read(context.reading())
    if stack is None:
        raise OperationError(f"{context.environment.name}: no state at {context.state_file}")
    return stack


@contextmanager
def sandbox(context: Context) -> Iterator[str | None]:
    """The emulated AWS while a command reads from it; one that did not run before is ended after it."""
    if not context.environment.sandboxed:
        yield None
        return
    running = control.running(context.aws)
    if running:
        yield running.url
        return
    folder = context.aws
    was_there = folder.exists()
    # Nobody else may come to rely on the server that is about to be ended again.
    with lock.hold(context.home, "datahall preview"):
        try:
            yield start_aws(context).url
        finally:
            control.stop(folder)
            if not was_there:
                shutil.rmtree(folder, ignore_errors=True)


def preview(context: Context, request: Request, *, brief: bool = False) -> Outcome:
    """What an apply would change, reviewed by the policy pack; ``brief`` leaves the changes out.

    Raises:
        UserError: a mandatory policy is violated.
    """
    if context.engine == "pulumi":
        return official.preview(request)
    outcome = embedded.preview(request, context.output)
    if outcome.tree is not None and not brief:
        context.output.say(outcome.tree)
    context.output.say(f"  policy pack: {tally(outcome.policy)}")
    found = findings_text(outcome.policy)
    if found is not None:
        context.output.say(found)
    return outcome


def apply(context: Context, request: Request) -> Outcome:
    """Make the environment what its program says.

    Raises:
        UserError: a mandatory policy is violated.
        OperationError: a resource could not be made.
    """
    if context.engine == "pulumi":
        return official.up(request)
    return embedded.up(request, context.output)


def settle(context: Context, request: Request, *, brief: bool) -> Outcome:
    """Preview, and apply what it would change; what came of the last."""
    if context.engine == "pulumi":
        # The official engine's own up begins with a preview.
        return apply(context, request)
    with PluginPool() as pool:
        request = replace(request, pool=pool)
        outcome = preview(context, request, brief=brief)
        if outcome.changed or not outcome.outputs:
            outcome = apply(context, request)
    return outcome
