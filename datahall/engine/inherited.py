"""What resources give to those below them: components their providers, all of them some of their options."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Mapping
from typing import Any

from pulumi.runtime.proto import resource_pb2

from datahall.engine.goal import Goal
from datahall.engine.urn import package_of


class Inherited:
    """What the resources of one run give; safe to use from many threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._given: dict[str, dict[str, str]] = {}
        self._goals: dict[str, Goal] = {}

    def note(self, urn: str, parent: str, providers: Mapping[str, str]) -> None:
        """A component, with those of its own and of the component above it."""
        with self._lock:
            self._given[urn] = {**self._given.get(parent, {}), **providers}

    def options(self, urn: str, goal: Goal) -> None:
        """A resource's own options."""
        with self._lock:
            self._goals[urn] = goal

    def completed(
        self, request: resource_pb2.RegisterResourceRequest
    ) -> resource_pb2.RegisterResourceRequest:
        """A registration with what its parent says and it does not (the SDK sees to `protect` only)."""
        with self._lock:
            above = self._goals.get(request.parent)
        missing = {} if above is None else dict(_missing(request, above))
        if not missing:
            return request
        new = resource_pb2.RegisterResourceRequest(**missing)
        new.MergeFrom(request)
        return new

    def find(self, parent: str, package: str) -> str:
        """The provider of a package for what is below a component; empty if none was given."""
        with self._lock:
            return self._given.get(parent, {}).get(package, "")

    def provider(self, request: resource_pb2.RegisterResourceRequest) -> str:
        """The provider that a registration names, by itself, by its package or by what is above it."""
        package = package_of(request.type)
        return request.provider or request.providers.get(package, "") or self.find(request.parent, package)


def _missing(request: resource_pb2.RegisterResourceRequest, above: Goal) -> Iterator[tuple[str, Any]]:
    if not request.deletedWith and above.deleted_with:
        yield "deletedWith", above.deleted_with
    if not request.HasField("protect") and above.protect is not None:
        yield "protect", above.protect
    if not request.HasField("retainOnDelete") and above.retain_on_delete is not None:
        yield "retainOnDelete", above.retain_on_delete
