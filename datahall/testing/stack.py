"""A stack that lives as long as a test."""

from __future__ import annotations

import functools
import inspect
import uuid
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from types import TracebackType
from typing import Any

import boto3
import yaml

from datahall import engine
from datahall.engine import EngineError, Event, Options, PolicyResult, Project, ResourceState, Result
from datahall.engine.project import check_project_name
from datahall.engine.secrets import Crypter
from datahall.engine.state_edit import protect_states
from datahall.testing.applies import watching
from datahall.testing.session import PASSPHRASE, Account

Program = Callable[[], Any]


class LeftBehind(AssertionError):  # noqa: N818 - reads as what happened
    """A stack that was taken down did not go, or not all that was made in its account."""


class Stack:
    """An ephemeral stack of one program: an inline one, or a project's folder.

    `events` are those of all its operations. `up`, `preview`, `refresh` and `destroy` raise EngineError as
    the engine does; the first two raise ApplyNeverRan where the program's applies did not all run, and an
    AssertionError that one raised. In a `with` it is taken down at the end, or given to `keep`. Without an
    `account` it has the plugins of `plugin_path` only.
    """

    def __init__(
        self,
        program: Program | Path,
        folder: Path,
        *,
        account: Account | None,
        project: str = "tests",
        config: Mapping[str, Any] | None = None,
        plugin_path: Sequence[Path] = (),
        policy_packs: Sequence[Path] = (),
        environment: Mapping[str, str] | None = None,
        keep: Callable[[Stack], None] | None = None,
    ) -> None:
        _check_program(program)
        self.name = f"t{uuid.uuid4().hex[:10]}"
        self.events: list[Event] = []
        self._account = account
        self._keep = keep
        self._result: Result | None = None
        self._program = program
        self._project = _project(program, folder, project)
        self._config: dict[str, Any] = {}
        self._options = Options(
            backend=folder / "state",
            attach={"aws": account.provider} if account else {},
            plugin_path=plugin_path,
            policy_packs=policy_packs,
            environment={**(account.environment if account else {}), **(environment or {})},
            passphrase=PASSPHRASE,
            on_event=self.events.append,
        )
        self._configure({**({"aws:region": account.region} if account else {}), **(config or {})})

    @property
    def account(self) -> str:
        """The number of its account in the emulated AWS. Raises LookupError with `aws=False`."""
        return self._in_aws().number

    @functools.cached_property
    def boto3(self) -> boto3.Session:
        """A boto3 session on its account, to look with. Raises LookupError with `aws=False`."""
        return self._in_aws().session

    @property
    def findings(self) -> list[PolicyResult]:
        """What the policy packs found in all operations, those that failed included."""
        return [event for event in self.events if isinstance(event, PolicyResult)]

    @property
    def result(self) -> Result:
        """The result of the last operation. Raises LookupError before there is one."""
        if self._result is None:
            raise LookupError("result: no operation of this stack has succeeded yet; call `up` first")
        return self._result

    @property
    def outputs(self) -> dict[str, Any]:
        """The stack's outputs, secrets in the clear."""
        state = engine.read_stack(self._project, self.name, self._options, show_secrets=True)
        return state.outputs if state else {}

    @property
    def resources(self) -> list[ResourceState]:
        """The stack's resources as recorded, providers and the stack itself among them."""
        state = engine.read_stack(self._project, self.name, self._options, show_secrets=True)
        return state.resources if state else []

    def resource(self, name: str, type: str = "") -> ResourceState:
        """The recorded resource of that name, and type (`aws:ec2/vpc:Vpc`) if several have the name.

        Raises LookupError if there is none, or more than one.
        """
        resources = self.resources
        found = [one for one in resources if one.name == name and type in ("", one.type)]
        if len(found) == 1:
            return found[0]
        if found:
            raise LookupError(
                f"name: {name}: {len(found)} have it; give one of {[one.type for one in found]}"
            )
        raise LookupError(f"name: {name}: none has it; there are {sorted({one.name for one in resources})}")

    def up(self, program: Program | None = None, *, config: Mapping[str, Any] | None = None) -> Result:
        """Bring the stack to what its program asks for.

        Another program, and changed settings, hold from then on; a setting that is None is taken away.
        """
        self._program = program or self._program
        self._configure(config or {})
        return self._watched(engine.up, unknowns=False)

    def preview(self, program: Program | None = None, *, config: Mapping[str, Any] | None = None) -> Result:
        """Tell what `up` would do; another program and changed settings hold for this once."""
        before, settings = self._program, self._config
        try:
            self._program = program or before
            self._configure(config or {})
            return self._watched(engine.preview, unknowns=True)
        finally:
            self._program, self._config = before, {}
            self._configure(settings)

    def refresh(self) -> Result:
        """Record what the providers say is there."""
        self._result = engine.refresh(self._project, self.name, self._options)
        return self._result

    def destroy(self) -> None:
        """Delete all that the stack has; nothing happens to a stack that was never brought up."""
        state = engine.read_stack(self._project, self.name, self._options)
        if state is not None and state.resources:
            self._result = engine.destroy(self._project, self.name, self._options)

    def end(self) -> str:
        """Take the stack down, protected resources too, and close its account; or keep it, if asked to.

        Returns what did not go, empty if all did.
        """
        if self._keep is not None:
            self._keep(self)
            return ""
        said = ""
        try:
            if engine.read_stack(self._project, self.name, self._options) is not None:
                protect_states(self._project, self.name, self._options, None, protect=False)
            self.destroy()
        except EngineError as error:
            said = f"stack: {self.name}: it could not be destroyed: {error}\n"
        if self._account is not None:
            try:
                left = [f"{item.service} {item.type} {item.id}" for item in self._account.left()]
            finally:
                self._account.close()
            if left:
                said += (
                    f"stack: {self.name}: left behind in its account: {', '.join(sorted(left))}; "
                    "have the program own it, or delete it in the test\n"
                )
        return said

    def where(self) -> str:
        """Where the stack is and how to reach it, in lines of `NAME=value`."""
        told = {"stack": f"{self._project.name}/{self.name}", "state": str(self._options.backend)}
        if self._account is not None:
            names = ("AWS_ENDPOINT_URL", "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_REGION")
            told |= {name: self._account.environment[name] for name in names}
            told["server"] = f"it ends when you delete {self._account.server.folder}"
        return "\n".join(f"{name}={value}" for name, value in told.items())

    def __enter__(self) -> Stack:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        end([self])

    def _in_aws(self) -> Account:
        if self._account is None:
            raise LookupError("aws: this stack was made with aws=False; leave that out to have an account")
        return self._account

    def _configure(self, changes: Mapping[str, Any]) -> None:
        full = {key if ":" in key else f"{self._project.name}:{key}": value for key, value in changes.items()}
        merged = {key: value for key, value in {**self._config, **full}.items() if value is not None}
        # With a salt of its own each stack would derive a key of its own, 0.3 s each.
        try:
            text = yaml.safe_dump({"encryptionsalt": salt(), "config": merged})
        except yaml.YAMLError as error:
            raise TypeError(f"config: {error}: must be texts, numbers, booleans, lists or mappings") from None
        self._config = merged
        self._project.config_file(self.name).write_text(text, encoding="utf-8")

    def _watched(self, verb: Callable[[Project, str, Options], Result], *, unknowns: bool) -> Result:
        options = self._options
        if not isinstance(self._program, Path):
            options = replace(options, program=functools.partial(_run, self._program))
        with watching() as applies, _no_default_session():
            try:
                self._result = verb(self._project, self.name, options)
            except EngineError as error:
                applies.check_assertions(error)
                raise
        applies.check(unknowns=unknowns)
        return self._result


def end(stacks: Iterable[Stack]) -> None:
    """Take stacks down, each whatever becomes of the others. Raises LeftBehind with all that did not go."""
    said = "".join([stack.end() for stack in stacks])
    if said:
        raise LeftBehind(said.rstrip())


@contextmanager
def _no_default_session() -> Iterator[None]:
    """Inside, boto3 makes its default session anew: it keeps the account that it first saw."""
    before = boto3.DEFAULT_SESSION
    boto3.DEFAULT_SESSION = None
    try:
        yield
    finally:
        boto3.DEFAULT_SESSION = before


def _check_program(program: object) -> None:
    if not callable(program) and not isinstance(program, Path):
        raise TypeError(f"program: {program!r}: must be a function, or the folder of a project as a Path")


def _run(program: Program) -> Any:  # noqa: ANN401 - the program's own coroutine
    """Run the program; a component that it returns is not for the SDK."""
    result = program()
    return result if inspect.iscoroutine(result) else None


def _project(program: Program | Path, folder: Path, name: str) -> Project:
    if isinstance(program, Path):
        return replace(engine.load_project(program), config_dir=folder)
    check_project_name(name)
    return Project(name=name, root=Path.cwd(), main=Path.cwd(), config_dir=folder)


@functools.cache
def salt() -> str:
    """The salt that all stacks of this process share."""
    return Crypter(PASSPHRASE).salt_state
