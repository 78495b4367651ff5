"""What becomes of each field of the requests that this engine takes and makes, and of each method it serves.

Data only: tests/contracts/test_protocol.py holds it to the SDK's protocol files, so that nothing that a newer
SDK says is passed over in silence.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from google.protobuf.message import Message
from pulumi.runtime.proto import provider_pb2, resource_pb2

_CHECKSUMS: Final = {"pluginChecksums": "plugin checksums"}
_BYTES: Final = {"accepts_byte_string": "byte strings"}


@dataclass(frozen=True)
class Fields:
    """A request's fields: read (or set), refused as a feature of `features.REFUSED`, asking for nothing."""

    handled: frozenset[str]
    refused: Mapping[str, str] = field(default_factory=dict)
    moot: Mapping[str, str] = field(default_factory=dict)


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


FIELDS: Final[Mapping[type[Message], Fields]] = {
    resource_pb2.RegisterResourceRequest: Fields(
        _words(
            "type name parent custom object protect dependencies provider propertyDependencies"
            " deleteBeforeReplace version ignoreChanges acceptSecrets additionalSecretOutputs aliasURNs"
            " importId customTimeouts deleteBeforeReplaceDefined remote acceptResources providers"
            " replaceOnChanges pluginDownloadURL retainOnDelete aliases deletedWith replace_with"
            " replacement_trigger transforms packageRef hooks hideDiffs envVarMappings"
            " sourcePosition stackTrace parentStackTraceHandle"
        ),
        {
            **_CHECKSUMS,
            **_BYTES,
            "state_migrations": "state migrations",
            "snippetId": "snippets",
        },
        {
            "supportsPartialValues": "unknown values within others are sent to all",
            "aliasSpecs": "aliases are read in either form",
            "supportsResultReporting": "a result is told to all",
        },
    ),
    resource_pb2.RegisterResourceOutputsRequest: Fields(_words("urn outputs")),
    resource_pb2.ReadResourceRequest: Fields(
        _words(
            "id type name parent properties dependencies provider version acceptSecrets"
            " additionalSecretOutputs acceptResources pluginDownloadURL packageRef"
            " sourcePosition stackTrace parentStackTraceHandle"
        ),
        {**_CHECKSUMS, **_BYTES},
    ),
    resource_pb2.ExistsResourceRequest: Fields(
        _words("type id parent properties provider version pluginDownloadURL packageRef"), _CHECKSUMS
    ),
    resource_pb2.ResourceInvokeRequest: Fields(
        _words("tok args provider version acceptResources pluginDownloadURL packageRef dependsOn parent"),
        {**_CHECKSUMS, **_BYTES},
        {
            "accept_output_values": "what a result depends on is what its arguments do",
            **dict.fromkeys(
                ("sourcePosition", "stackTrace", "parentStackTraceHandle"), "a function is not recorded"
            ),
        },
    ),
    resource_pb2.ResourceCallRequest: Fields(
        _words(
            "tok args argDependencies provider version pluginDownloadURL packageRef stackTrace"
            " parentStackTraceHandle"
        ),
        {**_CHECKSUMS, **_BYTES},
        {
            "accept_output_values": "what a result depends on is told beside it",
            "sourcePosition": "the first of its stack",
        },
    ),
    resource_pb2.RegisterPackageRequest: Fields(
        _words("name version download_url parameterization"),
        {"checksums": "plugin checksums", "extension": "extension packages"},
    ),
    provider_pb2.ConstructRequest: Fields(
        _words(
            "project stack config dryRun parallel monitorEndpoint type name parent inputs inputDependencies"
            " providers dependencies configSecretKeys organization protect additionalSecretOutputs"
            " customTimeouts deletedWith deleteBeforeReplace ignoreChanges replaceOnChanges retainOnDelete"
            " accepts_output_values resource_hooks replace_with aliases replacement_trigger"
            " stack_trace_handle"
        ),
    ),
    provider_pb2.CallRequest: Fields(
        _words(
            "tok args argDependencies project stack config configSecretKeys dryRun parallel monitorEndpoint"
            " organization accepts_output_values stack_trace_handle"
        ),
    ),
}

REFUSED_METHODS: Final[Mapping[str, str]] = {"StartDebugging": "debuggers"}
"""Methods of the services ResourceMonitor and Engine, and the feature that each is refused as."""
