"""Policy packs: processes that judge each resource before its step, and the stack at the end."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TypeVar

import grpc
from google.protobuf import empty_pb2
from google.protobuf.message import Message
from pulumi.runtime.proto import analyzer_pb2, analyzer_pb2_grpc

from datahall.engine.config import Config
from datahall.engine.errors import PolicyPackFailed, Unsupported
from datahall.engine.events import PolicyResult
from datahall.engine.limits import Limit
from datahall.engine.plugins import PluginProcess, connect, kill, start_plugin
from datahall.engine.project import read_yaml
from datahall.engine.state import ResourceState
from datahall.engine.values import Properties
from datahall.engine.wire import Accepts, from_struct, to_struct

_R = TypeVar("_R")
_CANCEL_SECONDS = 5
_ACCEPTS = Accepts(secrets=True, resources=False)  # the policy SDK knows no resource references
# Runs the SDK's own host, and ends when the engine is gone (the host itself would stay for ever).
_HOST = """
import os, runpy, sys, threading, time
def watch(parent):
    while os.getppid() == parent:
        time.sleep(1)
    os._exit(0)
threading.Thread(target=watch, args=(os.getppid(),), daemon=True).start()
runpy.run_module("pulumi.policy", run_name="__main__", alter_sys=True)
"""
_LEVELS: Mapping[int, str] = {
    analyzer_pb2.ADVISORY: "advisory",
    analyzer_pb2.MANDATORY: "mandatory",
    analyzer_pb2.DISABLED: "disabled",
    analyzer_pb2.REMEDIATE: "remediate",
}
_SEVERITIES: Mapping[int, str] = {
    analyzer_pb2.POLICY_SEVERITY_UNSPECIFIED: "",
    analyzer_pb2.POLICY_SEVERITY_LOW: "low",
    analyzer_pb2.POLICY_SEVERITY_MEDIUM: "medium",
    analyzer_pb2.POLICY_SEVERITY_HIGH: "high",
    analyzer_pb2.POLICY_SEVERITY_CRITICAL: "critical",
}


@dataclass(frozen=True)
class RunFacts:
    """What a pack is told of the run."""

    project: str
    stack: str
    dry_run: bool
    config: Config
    engine_address: str
    environment: Mapping[str, str]
    limit: Limit


@dataclass(frozen=True)
class Remedied:
    """Inputs as packs rewrote them, and by which policies."""

    inputs: Properties
    policies: tuple[str, ...] = ()


class _Pack:
    """A running policy pack."""

    def __init__(
        self, folder: Path, facts: RunFacts, started: Callable[[subprocess.Popen[bytes]], None]
    ) -> None:
        self._process = _start(folder, facts, started)
        self._channel = connect(self._process.port)
        self._stub = analyzer_pb2_grpc.AnalyzerStub(self._channel)
        self._dry_run, self._limit = facts.dry_run, facts.limit
        try:
            self._ask_what_it_is(facts)
        except BaseException:
            self.close()
            raise

    def _ask_what_it_is(self, facts: RunFacts) -> None:
        info: analyzer_pb2.AnalyzerInfo = self._call(
            "GetAnalyzerInfo", self._stub.GetAnalyzerInfo, empty_pb2.Empty()
        )
        self.name = info.name
        self._severities = {policy.name: _SEVERITIES.get(policy.severity, "") for policy in info.policies}
        self._levels = {policy.name: self._level(policy.enforcementLevel) for policy in info.policies}
        self.remediates = "remediate" in self._levels.values()
        self._configure(info, facts)

    def _configure(self, info: analyzer_pb2.AnalyzerInfo, facts: RunFacts) -> None:
        if info.initialConfig:
            asked = analyzer_pb2.ConfigureAnalyzerRequest(policyConfig=info.initialConfig)
            self._call("Configure", self._stub.Configure, asked)
            for name, config in info.initialConfig.items():
                self._levels[name] = self._level(config.enforcementLevel)
        request = analyzer_pb2.AnalyzerStackConfigureRequest(
            stack=facts.stack,
            project=facts.project,
            organization="organization",
            dry_run=facts.dry_run,
            config=facts.config.values,
            config_secret_keys=sorted(facts.config.secret_keys),
        )
        try:
            self._stub.ConfigureStack(request, timeout=self._limit.seconds)
        except grpc.RpcError as error:
            if error.code() != grpc.StatusCode.UNIMPLEMENTED:
                raise self._failure("ConfigureStack", error) from None

    def analyze(self, request: analyzer_pb2.AnalyzeRequest) -> list[PolicyResult]:
        response: analyzer_pb2.AnalyzeResponse = self._call("Analyze", self._stub.Analyze, request)
        return [self._result(diagnostic, request.urn) for diagnostic in response.diagnostics]

    def analyze_stack(self, request: analyzer_pb2.AnalyzeStackRequest, root: str) -> list[PolicyResult]:
        response: analyzer_pb2.AnalyzeResponse = self._call("AnalyzeStack", self._stub.AnalyzeStack, request)
        return [self._result(diagnostic, root) for diagnostic in response.diagnostics]

    def remediate(self, request: analyzer_pb2.AnalyzeRequest) -> analyzer_pb2.RemediateResponse:
        response: analyzer_pb2.RemediateResponse = self._call("Remediate", self._stub.Remediate, request)
        return response

    def not_judged(self, policy: str, message: str, urn: str) -> PolicyResult:
        return PolicyResult(
            policy=policy,
            pack=self.name,
            enforcement=self._levels.get(policy, "advisory"),
            urn=urn,
            message=message,
            outcome="not_judged",
            severity=self._severities.get(policy, ""),
        )

    def _result(self, diagnostic: analyzer_pb2.AnalyzeDiagnostic, urn: str) -> PolicyResult:
        name, message = diagnostic.policyName, diagnostic.message
        # The SDK turns a rule that met an unknown value into an advisory note, whatever its level.
        if self._dry_run and message.startswith(f"can't run policy '{name}' from policy pack "):
            result = self.not_judged(name, message, urn)
            return replace(result, description=diagnostic.description or None)
        level = self._level(diagnostic.enforcementLevel)
        return PolicyResult(
            policy=name,
            pack=diagnostic.policyPackName or self.name,
            enforcement="mandatory" if level == "remediate" else level,
            urn=diagnostic.urn or urn,
            message=message,
            outcome="violation",
            severity=_SEVERITIES.get(diagnostic.severity, "") or self._severities.get(name, ""),
            description=diagnostic.description or None,
            version=diagnostic.policyPackVersion,
        )

    def _level(self, number: int) -> str:
        if number not in _LEVELS:
            raise PolicyPackFailed(
                f"policy pack {self._process.name}: enforcement level {number}: there is no such; "
                "the pack may be made for a newer engine"
            )
        return _LEVELS[number]

    def cancel(self) -> None:
        """Ask the pack to end what it is doing; one that cannot is none the worse."""
        with suppress(grpc.RpcError, ValueError):
            self._stub.Cancel(empty_pb2.Empty(), timeout=_CANCEL_SECONDS)

    def close(self) -> None:
        self._channel.close()
        self._process.stop()

    def _call(self, method: str, call: Callable[..., _R], request: Message) -> _R:
        try:
            return call(request, timeout=self._limit.seconds)
        except grpc.RpcError as error:
            raise self._failure(method, error) from None

    def _failure(self, method: str, error: grpc.RpcError) -> PolicyPackFailed:
        if error.code() == grpc.StatusCode.DEADLINE_EXCEEDED:
            return PolicyPackFailed(f"policy pack {self._process.name}: {self._limit.unanswered(method)}")
        said = self._process.last_words() if error.code() == grpc.StatusCode.UNAVAILABLE else ""
        what = error.details() or error.code().name
        return PolicyPackFailed(f"policy pack {self._process.name}: {what}" + (f"\n{said}" if said else ""))


class Analyzers:
    """All policy packs of a run; they start in the background."""

    def __init__(self, folders: Sequence[Path], facts: RunFacts) -> None:
        self._pool = ThreadPoolExecutor(max_workers=max(1, len(folders)), thread_name_prefix="policy-pack")
        self._processes: list[subprocess.Popen[bytes]] = []
        self._lock = threading.Lock()
        self._aborted = False
        self._starting = [
            self._pool.submit(_Pack, folder.resolve(), facts, self._begun) for folder in folders
        ]

    @property
    def none(self) -> bool:
        """Whether there is no pack at all."""
        return not self._starting

    def remediate(self, state: ResourceState, provider: ResourceState | None) -> Remedied:
        """The inputs as the packs that remediate rewrite them."""
        inputs, policies = state.inputs, []
        for pack in self._packs():
            if not pack.remediates:
                continue
            response = pack.remediate(_request(replace(state, inputs=inputs), provider))
            for remediation in response.remediations:
                if remediation.HasField("properties") and not remediation.diagnostic:
                    inputs = from_struct(remediation.properties)
                    policies.append(remediation.policyName)
        return Remedied(inputs, tuple(policies))

    def analyze(self, state: ResourceState, provider: ResourceState | None) -> list[PolicyResult]:
        """What the packs say of a resource's inputs."""
        request = _request(state, provider)
        return [result for pack in self._packs() for result in pack.analyze(request)]

    def analyze_stack(
        self, resources: Iterable[ResourceState], providers: Mapping[str, ResourceState], root: str
    ) -> list[PolicyResult]:
        """What the packs say of all resources' outputs."""
        if self.none:
            return []
        request = analyzer_pb2.AnalyzeStackRequest(
            resources=[_stack_resource(state, providers.get(state.provider)) for state in resources]
        )
        return [result for pack in self._packs() for result in pack.analyze_stack(request, root)]

    def _packs(self) -> list[_Pack]:
        return [future.result() for future in self._starting]

    def cancel(self) -> None:
        """Ask the packs that have started to end what they are doing."""
        for future in self._starting:
            if future.done() and future.exception() is None:
                threading.Thread(target=future.result().cancel, name="cancel", daemon=True).start()

    def abort(self) -> None:
        """End the packs now, whatever they are doing; calls to them fail."""
        with self._lock:
            self._aborted = True
            processes = list(self._processes)
        for process in processes:
            kill(process)

    def _begun(self, process: subprocess.Popen[bytes]) -> None:
        with self._lock:
            self._processes.append(process)
            aborted = self._aborted
        if aborted:
            kill(process)

    def close(self) -> None:
        """End the packs' processes."""
        self._pool.shutdown(wait=True)
        for future in self._starting:
            if future.exception() is None:
                future.result().close()


def _start(
    folder: Path, facts: RunFacts, started: Callable[[subprocess.Popen[bytes]], None]
) -> PluginProcess:
    file = folder / "PulumiPolicy.yaml"
    if not file.is_file():
        raise PolicyPackFailed(f"policy pack: {file}: no such file; give the folder of a policy pack")
    data = read_yaml(file)
    runtime = data.get("runtime")
    name = runtime.get("name") if isinstance(runtime, dict) else runtime
    if name != "python":
        raise Unsupported(f"policy pack: {file}: runtime {name}: only python is supported")
    options = (runtime.get("options") or {}) if isinstance(runtime, dict) else {}
    main = folder / str(data.get("main") or ".")
    environment = {
        "PULUMI_CONFIG": json.dumps(dict(facts.config.values)),
        "PULUMI_ORGANIZATION": "organization",
        "PULUMI_PROJECT": facts.project,
        "PULUMI_STACK": facts.stack,
        "PULUMI_DRY_RUN": "true" if facts.dry_run else "false",
        "PYTHONUNBUFFERED": "1",  # the SDK prints its port without flushing
        **facts.environment,
    }
    command = [
        _python(folder, options.get("virtualenv")),
        "-u",
        "-c",
        _HOST,
        facts.engine_address,
        str(main),
    ]
    return start_plugin(
        folder.name, command, environment, folder=main, failure=PolicyPackFailed, started=started
    )


def _python(folder: Path, virtualenv: str | None) -> str:
    if virtualenv:
        python = folder / virtualenv / "bin" / "python"
        if os.access(python, os.X_OK):
            return str(python)
    return sys.executable


def _request(state: ResourceState, provider: ResourceState | None) -> analyzer_pb2.AnalyzeRequest:
    return analyzer_pb2.AnalyzeRequest(
        type=state.type,
        properties=to_struct(state.inputs, _ACCEPTS),
        urn=state.urn,
        name=state.name,
        options=_options(state),
        provider=_provider(provider),
    )


def _stack_resource(state: ResourceState, provider: ResourceState | None) -> analyzer_pb2.AnalyzerResource:
    by_property = {
        key: analyzer_pb2.AnalyzerPropertyDependencies(urns=urns)
        for key, urns in state.property_dependencies.items()
    }
    return analyzer_pb2.AnalyzerResource(
        type=state.type,
        properties=to_struct(state.outputs, _ACCEPTS),
        urn=state.urn,
        name=state.name,
        options=_options(state),
        provider=_provider(provider),
        parent=state.parent,
        dependencies=state.dependencies,
        propertyDependencies=by_property,
    )


def _options(state: ResourceState) -> analyzer_pb2.AnalyzerResourceOptions:
    return analyzer_pb2.AnalyzerResourceOptions(
        protect=state.protect,
        ignoreChanges=state.ignore_changes,
        additionalSecretOutputs=state.additional_secret_outputs,
        aliases=state.aliases,
        customTimeouts=analyzer_pb2.AnalyzerResourceOptions.CustomTimeouts(**state.custom_timeouts),
        parent=state.parent,
    )


def _provider(state: ResourceState | None) -> analyzer_pb2.AnalyzerProviderResource | None:
    if state is None:
        return None
    return analyzer_pb2.AnalyzerProviderResource(
        type=state.type, properties=to_struct(state.inputs, _ACCEPTS), urn=state.urn, name=state.name
    )


def blocking(results: Iterable[PolicyResult]) -> list[PolicyResult]:
    """Those results that block a step."""
    return [r for r in results if r.outcome == "violation" and r.enforcement == "mandatory"]
