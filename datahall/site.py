"""The site: one environment's stack outputs in a file, and the variables that lead programs to its AWS."""

import json
import os
import sys
from collections.abc import Container, Generator, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import Any

from datahall import children, official
from datahall.context import Context, aws_variables
from datahall.errors import OperationError, UserError
from datahall.processes import write_atomically
from datahall.sandbox.aws import control
from workloads.errors import WorkloadError


@dataclass(frozen=True, kw_only=True)
class Site:
    """Where the workloads of an environment run against."""

    environment: str
    file: Path
    variables: Mapping[str, str]
    root: Path
    logs: Path

    def run(
        self,
        module: str,
        *arguments: str,
        log: str,
        launcher: Sequence[str] = (),
        answers: Container[int] = (0,),
    ) -> Generator[children.Event, None, None]:
        """Run one of the workloads' programs; yield its events.

        Raises:
            UserError: it found its input bad.
            OperationError: it failed.
        """
        command = [sys.executable, *launcher, "-m", module, *arguments]
        return children.events(
            [*command, "--site", str(self.file), "--events", "json"],
            title=module,
            variables=self.variables,
            log=self.logs / f"{self.environment}-{log}.log",
            cwd=self.root,
            answers=answers,
        )

    def ask(self, program: str, *arguments: str, answers: Container[int] = (0,)) -> list[children.Event]:
        """Run one of the programs that are quick and need no torch in this process; return its events.

        Starting a process for each of them would take most of the time of an ``up`` that changes nothing.

        Raises:
            UserError: it found its input bad.
            OperationError: it failed.
        """
        main = import_module(f"{program}.__main__").main
        told: list[children.Event] = []
        with _environment(self.variables):
            try:
                code = main(
                    [*arguments, "--site", str(self.file), "--events", "json"],
                    lambda event, **fields: told.append({"event": event, **fields}),
                )
            except WorkloadError as error:
                mistake = UserError(error.field, error.value, error.rule, error.fix)
                raise (mistake if error.exit_code == 2 else OperationError(f"{program}: {mistake}")) from None
        if code not in answers:
            raise OperationError(f"{program} ended with exit code {code}")
        return told


@contextmanager
def _environment(variables: Mapping[str, str]) -> Iterator[None]:
    before = dict(os.environ)
    os.environ.update(variables)
    try:
        yield
    finally:
        os.environ.clear()
        os.environ.update(before)


def write(context: Context, outputs: Mapping[str, Any], endpoint: str | None) -> Site:
    """Write the outputs of a stack as a site file.

    Only this user may read it: outputs may name what others need not know.
    """
    file = context.home.site(context.environment.name)
    write_atomically(file, json.dumps(outputs, indent=2, sort_keys=True) + "\n")
    return _site(context, outputs, endpoint)


def find(context: Context) -> Site:
    """The site of an environment that is up.

    Raises:
        UserError: it is not.
    """
    name = context.environment.name
    if not context.environment.sandboxed:
        return write(context, official.outputs(context.request()), None)
    server = control.running(context.aws)
    if server is None or not context.home.site(name).is_file():
        raise UserError("environment", name, "is not up", f"bring it up: datahall up {name}")
    return _site(context, json.loads(context.home.site(name).read_text()), server.url)


def _site(context: Context, outputs: Mapping[str, Any], endpoint: str | None) -> Site:
    return Site(
        environment=context.environment.name,
        file=context.home.site(context.environment.name),
        variables=aws_variables(endpoint, outputs["region"]),
        root=context.root,
        logs=context.home.logs,
    )
