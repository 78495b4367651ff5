"""What a provider answers, as data."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

import grpc
from pulumi.runtime.proto import provider_pb2, status_pb2

from datahall.engine.events import DiffKind
from datahall.engine.values import Properties
from datahall.engine.wire import from_struct

_KINDS: Mapping[int, DiffKind] = {
    provider_pb2.PropertyDiff.ADD: "add",
    provider_pb2.PropertyDiff.ADD_REPLACE: "add-replace",
    provider_pb2.PropertyDiff.DELETE: "delete",
    provider_pb2.PropertyDiff.DELETE_REPLACE: "delete-replace",
    provider_pb2.PropertyDiff.UPDATE: "update",
    provider_pb2.PropertyDiff.UPDATE_REPLACE: "update-replace",
}
_CHANGES: Mapping[int, bool] = {
    provider_pb2.DiffResponse.DIFF_NONE: False,
    provider_pb2.DiffResponse.DIFF_SOME: True,
}


@dataclass(frozen=True)
class ProviderDiff:
    """What a provider says about a change; `changes` None means that it does not know.

    `detailed` maps a property path to the kind of change and whether it is one of inputs.
    """

    changes: bool | None = None
    replaces: tuple[str, ...] = ()
    changed: tuple[str, ...] = ()
    detailed: dict[str, tuple[DiffKind, bool]] = field(default_factory=dict)
    delete_before_replace: bool = False


@dataclass(frozen=True)
class Checked:
    """Inputs with the provider's defaults, or what is wrong with them as (property, reason)."""

    inputs: Properties
    failures: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True)
class Outcome:
    """A resource after a call; `errors` are told when it exists but did not become ready."""

    id: str
    outputs: Properties
    inputs: Properties | None = None
    errors: tuple[str, ...] = ()


def read_diff(response: provider_pb2.DiffResponse) -> ProviderDiff:
    """What Diff and DiffConfig answer."""
    return ProviderDiff(
        changes=_CHANGES.get(response.changes),
        replaces=tuple(response.replaces),
        changed=tuple(response.diffs),
        detailed={path: (_KINDS[diff.kind], diff.inputDiff) for path, diff in response.detailedDiff.items()},
        delete_before_replace=response.deleteBeforeReplace,
    )


def read_failures(failures: Iterable[provider_pb2.CheckFailure]) -> tuple[tuple[str, str], ...]:
    """What is wrong with a call's arguments, as (property, reason)."""
    return tuple((failure.property, failure.reason) for failure in failures)


def half_way(error: grpc.RpcError) -> Outcome | None:
    """The resource of an ErrorResourceInitFailed: it exists, but did not become ready."""
    for item in error.trailing_metadata() or ():
        if item.key != "grpc-status-details-bin" or not isinstance(item.value, bytes):
            continue
        status = status_pb2.Status.FromString(item.value)
        for detail in status.details:
            failed = provider_pb2.ErrorResourceInitFailed()
            if detail.Is(failed.DESCRIPTOR):
                detail.Unpack(failed)
                inputs = from_struct(failed.inputs) if failed.HasField("inputs") else None
                reasons = tuple(failed.reasons) or (status.message or "initialisation failed",)
                return Outcome(failed.id, from_struct(failed.properties), inputs, reasons)
    return None
