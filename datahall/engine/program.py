"""Runs the user's program with the Pulumi SDK, in this process."""

from __future__ import annotations

import asyncio
import contextvars
import inspect
import os
import runpy
import sys
import traceback
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pulumi
import pulumi.runtime
from pulumi.runtime import config as sdk_config

from datahall.engine.config import Config
from datahall.engine.errors import ProgramFailed
from datahall.engine.functions import Functions
from datahall.engine.interrupts import Interrupts
from datahall.engine.masking import Mask
from datahall.engine.positions import gather_positions
from datahall.engine.project import ORGANIZATION, Project
from datahall.engine.virtualenv import VirtualEnv

_AGAIN_SECONDS = 0.5
"""For what is cancelled to clean up, before what it began meanwhile is cancelled too."""


@dataclass(frozen=True)
class ProgramRun:
    """What a program needs to know: `monitor` and `engine` are objects with the methods of their stubs.

    `served` gets the program's functions, `unserved` is called when none of them can be called any more.
    """

    project: Project
    stack: str
    config: Config
    dry_run: bool
    parallel: int
    monitor: Any
    engine: Any
    environment: Mapping[str, str]
    virtualenv: VirtualEnv | None
    program: Callable[[], Any] | None
    interrupts: Interrupts
    mask: Mask
    served: Callable[[Functions], None]
    unserved: Callable[[], None]


def run_program(run: ProgramRun) -> None:
    """Run the program to its end. Raises ProgramFailed.

    The SDK keeps its settings in context variables, so each run has a context of its own.
    """
    contextvars.copy_context().run(_run, run)


def _run(run: ProgramRun) -> None:
    sdk_config.set_all_config(dict(run.config.values), sorted(run.config.secret_keys))
    pulumi.runtime.settings.ROOT.set(None)
    gather_positions(__file__)
    pulumi.runtime.configure(
        pulumi.runtime.Settings(
            project=run.project.name,
            stack=run.stack,
            monitor=run.monitor,
            engine=run.engine,
            parallel=run.parallel,
            dry_run=run.dry_run,
            organization=ORGANIZATION,
            root_directory=str(run.project.root),
        )
    )
    program, placed = (
        (run.program, nullcontext()) if run.program else _program_of(run.project, run.virtualenv)
    )
    loop = asyncio.new_event_loop()
    # The SDK blocks in the loop's executor while a resource is registered.
    executor = ThreadPoolExecutor(max_workers=max(run.parallel, 1) * 4, thread_name_prefix="program")
    loop.set_default_executor(executor)
    asyncio.set_event_loop(loop)
    functions = Functions(run.monitor, loop)
    run.served(functions)
    # A program that fails leaves futures that nobody awaits; that is no news to the user.
    loop.set_exception_handler(lambda _loop, _context: None)
    try:
        with (
            _environment({**(run.virtualenv.environment() if run.virtualenv else {}), **run.environment}),
            placed,
            run.mask.printing(),
        ):  # to the end: what the program began goes on in its folder
            try:
                with run.interrupts.raising():
                    loop.run_until_complete(pulumi.runtime.run_in_stack(lambda: _awaited(program, functions)))
            except BaseException as error:
                raise _as_failure(error) from None
            finally:
                _settle(loop)
    finally:
        run.unserved()
        executor.shutdown(wait=True)
        asyncio.set_event_loop(None)
        loop.close()


async def _awaited(program: Callable[[], Any], functions: Functions) -> None:
    """The program, and a turn of the loop: only then does the SDK know of the calls that it has to wait for.

    Without it, it waits for the first of all outputs, again and again: a cost in the square of the resources.
    """
    functions.entered()
    try:
        result = program()
        if inspect.isawaitable(result):
            await result
    except SystemExit as error:
        if error.code not in (None, 0):  # else it has come to its end, as `sys.exit(main())` does
            raise
    await asyncio.sleep(0)


def _program_of(
    project: Project, virtualenv: VirtualEnv | None
) -> tuple[Callable[[], None], AbstractContextManager[None]]:
    """The project's own program, and what makes the process one that was started in its folder."""
    main = project.main / "__main__.py" if project.main.is_dir() else project.main
    if not main.is_file():
        raise ProgramFailed(
            f"main: {main}: no such program; correct `main` in {project.root / 'Pulumi.yaml'}"
        )

    def program() -> None:
        runpy.run_path(str(project.main), run_name="__main__")

    return program, _as_main(project.main if project.main.is_dir() else project.main.parent, virtualenv)


@contextmanager
def _as_main(folder: Path, virtualenv: VirtualEnv | None) -> Iterator[None]:
    """Run as if started in `folder`; modules of the program itself are imported anew by the next run."""
    before, path, argv, cwd = set(sys.modules), list(sys.path), sys.argv, Path.cwd()
    sys.argv = [str(folder)]
    sys.path.insert(0, str(folder))
    if virtualenv is not None:
        virtualenv.enter()
    os.chdir(folder)
    try:
        yield
    finally:
        os.chdir(cwd)
        sys.argv = argv
        sys.path[:] = path
        for name in set(sys.modules) - before:
            file = getattr(sys.modules[name], "__file__", None)
            if file and Path(file).is_relative_to(folder) and "site-packages" not in file:
                del sys.modules[name]


@contextmanager
def _environment(changes: Mapping[str, str]) -> Iterator[None]:
    before = {key: os.environ.get(key) for key in changes}
    os.environ.update(changes)
    try:
        yield
    finally:
        for key, value in before.items():
            if value is None:
                os.environ.pop(key, None)
            else:
                os.environ[key] = value


def _settle(loop: asyncio.AbstractEventLoop) -> None:
    """End what the program left behind, and what that begins while it ends.

    The SDK tells of a stack's outputs even when it is cancelled, and waits for some that nobody will make.
    """
    while tasks := asyncio.all_tasks(loop):
        for task in tasks:
            task.cancel()
        loop.run_until_complete(asyncio.wait(tasks, timeout=_AGAIN_SECONDS))
    loop.run_until_complete(loop.shutdown_asyncgens())


def _as_failure(error: BaseException) -> BaseException:
    if isinstance(error, pulumi.RunError):
        return ProgramFailed(str(error), run_error=True)
    if isinstance(error, SystemExit):
        return ProgramFailed(f"the program ended with exit code {error.code}", run_error=True)
    if not isinstance(error, Exception):
        return error
    return ProgramFailed("the program raised an exception:\n" + _user_traceback(error))


def _user_traceback(error: Exception) -> str:
    """The traceback without the frames of what runs the program."""
    frames = traceback.extract_tb(error.__traceback__)
    folders = (str(Path(module.__file__ or "").parent) for module in (pulumi, asyncio))
    ours = (*folders, __file__, runpy.__file__, "<frozen")
    first = next((i for i, frame in enumerate(frames) if not frame.filename.startswith(ours)), 0)
    lines = ["Traceback (most recent call last):\n", *traceback.format_list(frames[first:])]
    return "".join([*lines, *traceback.format_exception_only(error)]).rstrip()
