"""The providers that components were given, which what is below them uses, too."""

from __future__ import annotations

import threading
from collections.abc import Mapping

from pulumi.runtime.proto import resource_pb2

from datahall.engine.urn import package_of


class Inherited:
    """The components of one run; safe to use from many threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._given: dict[str, dict[str, str]] = {}

    def note(self, urn: str, parent: str, providers: Mapping[str, str]) -> None:
        """A component, with those of its own and of the component above it."""
        with self._lock:
            self._given[urn] = {**self._given.get(parent, {}), **providers}

    def find(self, parent: str, package: str) -> str:
        """The provider of a package for what is below a component; empty if none was given."""
        with self._lock:
            return self._given.get(parent, {}).get(package, "")

    def provider(self, request: resource_pb2.RegisterResourceRequest) -> str:
        """The provider that a registration names, by itself, by its package or by what is above it."""
        package = package_of(request.type)
        return request.provider or request.providers.get(package, "") or self.find(request.parent, package)
