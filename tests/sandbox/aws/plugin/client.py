"""The aws plugin as an engine sees it: its protocol, with plain values."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import grpc
from pulumi.runtime.proto import provider_pb2, provider_pb2_grpc

from datahall.sandbox.aws.plugin.properties import decode, encode

SEED = b"a seed"
REGION = "us-west-2"


@dataclass(frozen=True)
class Change:
    """What Diff answers: kind of change by property path, and whether the old one goes first."""

    kinds: Mapping[str, str]
    replaces: tuple[str, ...]
    delete_first: bool


class RefusedError(Exception):
    """Check's failures: property -> reason."""

    def __init__(self, failures: Mapping[str, str]) -> None:
        super().__init__(str(failures))
        self.failures = failures


class Plugin:
    """One connection, as the provider resource of one configuration."""

    def __init__(self, port: int) -> None:
        self._channel = grpc.insecure_channel(f"127.0.0.1:{port}")
        self.stub: Any = provider_pb2_grpc.ResourceProviderStub(self._channel)

    def close(self) -> None:
        self._channel.close()

    def configure(self, **config: str) -> None:
        request = provider_pb2.ConfigureRequest(args=encode(config), acceptSecrets=True, acceptResources=True)
        self.stub.Configure(request)

    def check(
        self,
        kind: str,
        name: str,
        news: Mapping[str, Any],
        olds: Mapping[str, Any] | None = None,
        *,
        secrets: tuple[str, ...] = (),
        seed: bytes = SEED,
    ) -> dict[str, Any]:
        """The checked inputs; raises RefusedError."""
        answer = self.stub.Check(
            provider_pb2.CheckRequest(
                urn=urn(kind, name), news=encode(news, secrets), olds=encode(olds or {}), randomSeed=seed
            )
        )
        if answer.failures:
            raise RefusedError({failure.property: failure.reason for failure in answer.failures})
        return decode(answer.inputs).values

    def diff(
        self, kind: str, old: Mapping[str, Any], new: Mapping[str, Any], ignored: tuple[str, ...] = ()
    ) -> Change:
        answer = self.stub.Diff(
            provider_pb2.DiffRequest(
                urn=urn(kind, "any"), old_inputs=encode(old), news=encode(new), ignoreChanges=ignored
            )
        )
        kinds = {
            path: provider_pb2.PropertyDiff.Kind.Name(one.kind) for path, one in answer.detailedDiff.items()
        }
        return Change(kinds, tuple(answer.replaces), answer.deleteBeforeReplace)

    def create(
        self,
        kind: str,
        name: str,
        news: Mapping[str, Any],
        *,
        preview: bool = False,
        secrets: tuple[str, ...] = (),
    ) -> Live:
        """Check, then Create."""
        inputs = self.check(kind, name, news, secrets=secrets)
        answer = self.stub.Create(
            provider_pb2.CreateRequest(
                urn=urn(kind, name), properties=encode(inputs, secrets), preview=preview
            )
        )
        outputs = decode(answer.properties)
        return Live(kind, name, answer.id, inputs, outputs.values, frozenset(outputs.secrets))

    def read(self, live: Live) -> tuple[str, dict[str, Any], dict[str, Any]]:
        """Id, inputs and outputs of a refresh."""
        return self._read(live.kind, live.name, live.id, live.inputs, live.outputs)

    def import_(self, kind: str, identifier: str) -> tuple[str, dict[str, Any], dict[str, Any]]:
        """Id, inputs and outputs of what only its id is known of."""
        return self._read(kind, "imported", identifier, {}, {})

    def update(self, live: Live, news: Mapping[str, Any]) -> Live:
        """Check, then Update."""
        inputs = self.check(live.kind, live.name, news, live.inputs)
        answer = self.stub.Update(
            provider_pb2.UpdateRequest(
                id=live.id,
                urn=urn(live.kind, live.name),
                olds=encode(live.outputs),
                old_inputs=encode(live.inputs),
                news=encode(inputs),
            )
        )
        outputs = decode(answer.properties).values
        return Live(live.kind, live.name, live.id, inputs, outputs)

    def delete(self, live: Live) -> None:
        self.stub.Delete(
            provider_pb2.DeleteRequest(
                id=live.id,
                urn=urn(live.kind, live.name),
                properties=encode(live.outputs),
                old_inputs=encode(live.inputs),
            )
        )

    def invoke(self, function: str, args: Mapping[str, Any]) -> dict[str, Any]:
        """The function's result; raises RefusedError."""
        answer = self.stub.Invoke(provider_pb2.InvokeRequest(tok=function, args=encode(args)))
        if answer.failures:
            raise RefusedError({failure.property: failure.reason for failure in answer.failures})
        return decode(getattr(answer, "return")).values

    def _read(
        self, kind: str, name: str, identifier: str, inputs: Mapping[str, Any], outputs: Mapping[str, Any]
    ) -> tuple[str, dict[str, Any], dict[str, Any]]:
        answer = self.stub.Read(
            provider_pb2.ReadRequest(
                id=identifier, urn=urn(kind, name), inputs=encode(inputs), properties=encode(outputs)
            )
        )
        return str(answer.id), decode(answer.inputs).values, decode(answer.properties).values


@dataclass(frozen=True)
class Live:
    """A resource that the plugin made."""

    kind: str
    name: str
    id: str
    inputs: dict[str, Any]
    outputs: dict[str, Any]
    secrets: frozenset[str] = frozenset()


def urn(kind: str, name: str) -> str:
    return f"urn:pulumi:test::plugin::{kind}::{name}"
