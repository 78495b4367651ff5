"""Provisioning: the settings, the emulated AWS, and a run of whichever engine."""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager

from datahall import lock, official
from datahall.context import Context
from datahall.errors import UserError
from datahall.review import findings_text, tally
from datahall.runs import Outcome, Request
from datahall.sandbox.aws import control


def start_aws(context: Context) -> control.Server:
    """Start the emulated AWS, or find the one that runs.

    Raises:
        UserError: it cannot be started.
    """
    try:
        return control.start(context.home.aws)
    except control.SandboxError as error:
        raise UserError(error.field, str(error.value), error.rule, error.fix) from None


@contextmanager
def sandbox(context: Context) -> Iterator[str | None]:
    """The emulated AWS while a command reads from it; one that did not run before is ended after it."""
    if not context.environment.sandboxed:
        yield None
        return
    running = control.running(context.home.aws)
    if running:
        yield running.url
        return
    folder = context.home.aws
    was_there = folder.exists()
    # Nobody else may come to rely on the server that is about to be ended again.
    with lock.hold(context.home, "datahall preview"):
        try:
            yield start_aws(context).url
        finally:
            control.stop(folder)
            if not was_there:
                shutil.rmtree(folder, ignore_errors=True)


def preview(context: Context, request: Request) -> Outcome:
    """What an apply would change, reviewed by the policy pack.

    Raises:
        UserError: a mandatory policy is violated.
    """
    if context.engine == "pulumi":
        return official.preview(request)
    from datahall import embedded  # noqa: PLC0415 - half a second that the official engine need not wait

    outcome = embedded.preview(request, context.output)
    if outcome.tree is not None:
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
    from datahall import embedded  # noqa: PLC0415 - as above

    return embedded.up(request, context.output)
