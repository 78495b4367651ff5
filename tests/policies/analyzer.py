"""A client of the pack: the real process, spoken to as an engine speaks to it."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import grpc
from google.protobuf import empty_pb2, struct_pb2
from pulumi.runtime.proto import analyzer_pb2, analyzer_pb2_grpc

PACK = Path(__file__).resolve().parents[2] / "policies"
UNKNOWN = "04da6b54-80e4-46f7-96ec-b56ff0331ba9"
"""What the engine sends in place of a value that is not known yet."""


@dataclass(frozen=True, kw_only=True)
class Finding:
    """One diagnostic of the pack."""

    rule: str
    message: str
    urn: str
    enforcement: str


@dataclass(frozen=True)
class Verdict:
    """What the pack says of a resource or a stack."""

    findings: tuple[Finding, ...]

    def violations(self, rule: str | None = None) -> list[str]:
        """Return the messages that block."""
        return [f.message for f in self._of(rule) if f.enforcement == "MANDATORY"]

    def not_judged(self, rule: str | None = None) -> list[str]:
        """Return the notes that a rule could not be judged."""
        return [f.message for f in self._of(rule) if f.enforcement == "ADVISORY"]

    def _of(self, rule: str | None) -> list[Finding]:
        return [finding for finding in self.findings if rule in (None, finding.rule)]


@dataclass(frozen=True, kw_only=True)
class Resource:
    """One resource of a stack, as a stack rule sees it."""

    type: str
    name: str
    outputs: Mapping[str, Any] = field(default_factory=dict)
    links: Mapping[str, Sequence[str]] = field(default_factory=dict)
    """Property to the names (or URNs) of the resources that its value depends on."""
    urn: str = ""


class Pack:
    """A running policy pack."""

    def __init__(self, stub: analyzer_pb2_grpc.AnalyzerStub) -> None:
        self._stub = stub

    def info(self) -> analyzer_pb2.AnalyzerInfo:
        """Return what the pack says of itself."""
        info: analyzer_pb2.AnalyzerInfo = self._stub.GetAnalyzerInfo(empty_pb2.Empty())
        return info

    def judge(self, type_: str, properties: Mapping[str, Any]) -> Verdict:
        """Have the pack judge the inputs of one resource."""
        request = analyzer_pb2.AnalyzeRequest(
            type=type_, name="it", urn=_urn(type_, "it"), properties=_struct(properties)
        )
        return _verdict(self._stub.Analyze(request))

    def judge_stack(self, resources: Sequence[Resource]) -> Verdict:
        """Have the pack judge a whole stack."""
        urns = {one.name: one.urn or _urn(one.type, one.name) for one in resources}
        request = analyzer_pb2.AnalyzeStackRequest(
            resources=[
                analyzer_pb2.AnalyzerResource(
                    type=resource.type,
                    name=resource.name,
                    urn=resource.urn or urns[resource.name],
                    properties=_struct(resource.outputs),
                    propertyDependencies={
                        name: analyzer_pb2.AnalyzerPropertyDependencies(
                            urns=[urns.get(one, one) for one in names]
                        )
                        for name, names in resource.links.items()
                    },
                )
                for resource in resources
            ]
        )
        return _verdict(self._stub.AnalyzeStack(request))


@contextmanager
def running_pack() -> Iterator[Pack]:
    """Start the pack as an engine does (the SDK's own runner prints its port), and end it."""
    process = subprocess.Popen(
        [sys.executable, "-u", "-m", "pulumi.policy", "127.0.0.1:1", str(PACK)],
        stdout=subprocess.PIPE,
        cwd=PACK,
    )
    try:
        assert process.stdout is not None
        port = int(process.stdout.readline())
        with grpc.insecure_channel(f"127.0.0.1:{port}") as channel:
            yield Pack(analyzer_pb2_grpc.AnalyzerStub(channel))
    finally:
        process.terminate()
        process.wait(timeout=10)
        if process.stdout is not None:
            process.stdout.close()


def _struct(properties: Mapping[str, Any]) -> struct_pb2.Struct:
    struct = struct_pb2.Struct()
    struct.update(properties)
    return struct


def _urn(type_: str, name: str) -> str:
    return f"urn:pulumi:test::datahall::{type_}::{name}"


def _verdict(response: analyzer_pb2.AnalyzeResponse) -> Verdict:
    return Verdict(
        tuple(
            Finding(
                rule=found.policyName,
                message=found.message,
                urn=found.urn,
                enforcement=analyzer_pb2.EnforcementLevel.Name(found.enforcementLevel),
            )
            for found in response.diagnostics
        )
    )
