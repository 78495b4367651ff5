"""Packages that a program registers: their resources and functions name them by a reference."""

from __future__ import annotations

import threading
import uuid
from collections.abc import Mapping

from pulumi.runtime.proto import resource_pb2

from datahall.engine import versions
from datahall.engine.errors import ProgramFailed, Unsupported
from datahall.engine.features import NOT_SUPPORTED
from datahall.engine.plugin_request import Parameter, PluginRequest


class Packages:
    """The packages of one run."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._by_reference: dict[str, PluginRequest] = {}
        self._references: dict[PluginRequest, str] = {}

    def add(self, request: resource_pb2.RegisterPackageRequest) -> str:
        """The reference of a package. Raises ProgramFailed for a bad name or version, Unsupported."""
        if request.HasField("extension"):
            raise Unsupported(f"package {request.extension.name}: extension packages: {NOT_SUPPORTED}")
        refuse_checksums(f"package {request.name}", request.checksums)
        if not request.name:
            raise ProgramFailed("package: a name must not be empty")
        plugin = PluginRequest(request.name, checked(request.name, request.version), request.download_url)
        if request.HasField("parameterization"):
            given = request.parameterization
            parameter = Parameter(checked(given.name, given.version, needed=True), given.value)
            plugin = PluginRequest(given.name, plugin.version, plugin.download_url, request.name, parameter)
        with self._lock:
            reference = self._references.setdefault(plugin, str(uuid.uuid4()))
            self._by_reference[reference] = plugin
        return reference

    def find(
        self, package: str, reference: str = "", version: str = "", download_url: str = ""
    ) -> PluginRequest:
        """The plugin that a call asks for. Raises ProgramFailed for an unknown reference or a bad version."""
        if not reference:
            url = download_url.removesuffix("/") if version else download_url
            return PluginRequest(package, checked(package, version), url)
        with self._lock:
            found = self._by_reference.get(reference)
        if found is None:
            raise ProgramFailed(f"package {package}: reference {reference!r}: not registered by this program")
        return found


def refuse_checksums(what: str, checksums: Mapping[str, bytes]) -> None:
    """Raise Unsupported for checksums of a plugin: nothing here compares them."""
    if checksums:
        raise Unsupported(f"{what}: plugin checksums: {NOT_SUPPORTED}")


def checked(package: str, version: str, *, needed: bool = False) -> str:
    """A version that is one, or is not given. Raises ProgramFailed."""
    if (needed or version) and versions.parse(version) is None:
        raise ProgramFailed(
            f"package {package}: version {version!r}: not a semantic version; write it like 1.2.3"
        )
    return version
