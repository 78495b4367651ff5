"""Which plugin serves a package, and how a provider's state says so (`version`, `__internal`)."""

from __future__ import annotations

import base64
import re
from collections.abc import Mapping
from dataclasses import dataclass

from datahall.engine.values import Properties, Value

_INTERNAL = "__internal"


@dataclass(frozen=True)
class Parameter:
    """What makes a plugin serve a package of another name: the package's version, and a value."""

    version: str
    value: bytes


@dataclass(frozen=True)
class PluginRequest:
    """A package, and the plugin for it: its version, and, with a parameter, its own name."""

    package: str
    version: str = ""
    download_url: str = ""
    plugin: str = ""
    parameter: Parameter | None = None

    @property
    def executable(self) -> str:
        """The name of the plugin."""
        return self.plugin or self.package

    def default_name(self) -> str:
        """The name of the default provider: `default_7_51_1` for version 7.51.1."""
        version = self.parameter.version if self.parameter else self.version
        parts = ["default", *(re.sub(r"[^0-9A-Za-z]+", "_", p) for p in (version, self.download_url) if p)]
        return "_".join(parts)

    def recorded(self, inputs: Properties, env_mappings: Mapping[str, str] | None = None) -> Properties:
        """A provider's inputs with this in them, as the official engine records it."""
        if not (self.version or self.download_url or self.parameter or env_mappings):
            return inputs
        found, internal = dict(inputs), dict[str, Value]()
        if self.version:
            found["version"] = self.version
        if self.download_url:
            internal["pluginDownloadURL"] = self.download_url
        if env_mappings:
            internal["envVarMappings"] = dict(env_mappings)
        if self.parameter is not None:
            internal["name"] = self.plugin
            if self.version:
                internal["version"] = self.version
            internal["parameterization"] = base64.b64encode(self.parameter.value).decode()
            found["version"] = self.parameter.version
        return {**found, _INTERNAL: internal}


def read_request(package: str, inputs: Mapping[str, Value]) -> PluginRequest:
    """The request that is recorded in a provider's inputs. Raises ValueError for a malformed one."""
    internal = _internal(inputs)
    version, url = _text(inputs.get("version")), _text(internal.get("pluginDownloadURL"))
    encoded = internal.get("parameterization")
    if encoded is None:
        return PluginRequest(package, version, url, _text(internal.get("name")))
    value = base64.b64decode(_text(encoded), validate=True)
    return PluginRequest(
        package, _text(internal.get("version")), url, _text(internal.get("name")), Parameter(version, value)
    )


def environment_of(inputs: Mapping[str, Value], environment: Mapping[str, str]) -> dict[str, str]:
    """What `envVarMappings` (variable here: variable there) add to a plugin's environment."""
    mappings = _internal(inputs).get("envVarMappings") or {}
    return {str(there): environment[here] for here, there in mappings.items() if here in environment}


def _internal(inputs: Mapping[str, Value]) -> Mapping[str, Value]:
    internal = inputs.get(_INTERNAL)
    return internal if isinstance(internal, dict) else {}


def _text(value: Value) -> str:
    return value if isinstance(value, str) else ""
