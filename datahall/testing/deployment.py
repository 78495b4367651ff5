"""A stack that lives as long as a test."""

from __future__ import annotations

import functools
import uuid
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import boto3

from datahall import engine
from datahall.engine import Event, Options, PolicyResult, Project, ResourceState, Result
from datahall.engine.secrets import Crypter
from datahall.sandbox.aws import control
from datahall.testing.applies import watching

Program = Callable[[], Any]
PASSPHRASE = "ephemeral"  # noqa: S105 - guards nothing: the stack ends with its test


@dataclass(frozen=True)
class Cloud:
    """The emulated AWS of a test session and the plugin that reaches it."""

    url: str
    plugin_port: int
    region: str = control.DEFAULT_REGION

    def session(self) -> boto3.Session:
        """A boto3 session; the clients it makes reach the emulated AWS."""
        environment = control.environment(self.url, region=self.region)
        session = boto3.Session(
            aws_access_key_id=environment["AWS_ACCESS_KEY_ID"],
            aws_secret_access_key=environment["AWS_SECRET_ACCESS_KEY"],
            region_name=self.region,
        )
        session.client = functools.partial(session.client, endpoint_url=self.url)
        session.resource = functools.partial(session.resource, endpoint_url=self.url)
        return session

    def inventory(self) -> set[tuple[str, str, str, str]]:
        """What is there: service, region, type and id of each resource."""
        return {
            (item.service, item.region, item.type, item.id)
            for item in control.inventory(self.url)
            if item.left
        }


class Deployment:
    """A stack of one program.

    `result` is that of the last operation, `events` are those of all. Raises EngineError from `up` and
    `preview`, as the engine does, and ApplyNeverRan where the program's applies did not all run.
    Without a cloud it has the plugins of `plugin_path` and no boto3 session.
    """

    def __init__(
        self,
        cloud: Cloud | None,
        folder: Path,
        *,
        plugin_path: Sequence[Path] = (),
        policy_packs: Sequence[Path] = (),
        config: Mapping[str, str] | None = None,
    ) -> None:
        self.stack = f"t{uuid.uuid4().hex[:10]}"
        self.project = Project(name="tests", root=folder, main=folder, config_dir=folder)
        self.events: list[Event] = []
        self._cloud = cloud
        self._result: Result | None = None
        self._options = Options(
            backend=folder / "state",
            attach={"aws": cloud.plugin_port} if cloud else {},
            plugin_path=plugin_path,
            policy_packs=policy_packs,
            environment=control.environment(cloud.url, region=cloud.region) if cloud else {},
            passphrase=PASSPHRASE,
            config={**({"aws:region": cloud.region} if cloud else {}), **(config or {})},
            on_event=self.events.append,
        )
        # With a salt of its own each stack would derive a key of its own, 0.3 s each.
        self.project.config_file(self.stack).write_text(f"encryptionsalt: {_salt()}\n", encoding="utf-8")

    @functools.cached_property
    def session(self) -> boto3.Session:
        """A boto3 session on the emulated AWS. Raises LookupError for a deployment without one."""
        if self._cloud is None:
            raise LookupError("session: this deployment has no cloud; leave out `aws=False`")
        return self._cloud.session()

    @property
    def findings(self) -> list[PolicyResult]:
        """What the policy packs found in all operations, those that failed included."""
        return [event for event in self.events if isinstance(event, PolicyResult)]

    @property
    def result(self) -> Result:
        """The result of the last operation."""
        if self._result is None:
            raise LookupError("no operation of this deployment has succeeded yet")
        return self._result

    @property
    def outputs(self) -> dict[str, Any]:
        """The stack's outputs, secrets in the clear."""
        state = engine.read_stack(self.project, self.stack, self._options, show_secrets=True)
        return state.outputs if state else {}

    @property
    def resources(self) -> list[ResourceState]:
        """The stack's resources as recorded."""
        state = engine.read_stack(self.project, self.stack, self._options, show_secrets=True)
        return state.resources if state else []

    def up(self, program: Program, *, config: Mapping[str, str] | None = None) -> Result:
        """Bring the stack to what the program asks for."""
        with watching() as applies:
            self._result = engine.up(self.project, self.stack, self._with(program, config))
        applies.check(unknowns=False)
        return self._result

    def preview(self, program: Program, *, config: Mapping[str, str] | None = None) -> Result:
        """Tell what `up` would do."""
        with watching() as applies:
            self._result = engine.preview(self.project, self.stack, self._with(program, config))
        applies.check(unknowns=True)
        return self._result

    def refresh(self) -> Result:
        """Record what the providers say is there."""
        self._result = engine.refresh(self.project, self.stack, self._options)
        return self._result

    def destroy(self) -> None:
        """Delete all that the stack has; nothing happens to a stack that was never brought up."""
        state = engine.read_stack(self.project, self.stack, self._options)
        if state is not None and state.resources:
            self._result = engine.destroy(self.project, self.stack, self._options)

    def _with(self, program: Program, config: Mapping[str, str] | None) -> Options:
        merged = {**(self._options.config or {}), **(config or {})}
        return replace(self._options, program=program, config=merged)


@functools.cache
def _salt() -> str:
    return Crypter(PASSPHRASE).salt_state
