"""Transforms: functions of the program that rewrite what it registers and calls, before anything is done.

They work on the SDK's own requests, so what they return is read as if the program had said it. For a
resource its own come first, then its parents' up to the root, then the stack's.
"""

from __future__ import annotations

import threading
from collections.abc import Mapping, Sequence
from typing import Any, Final

from google.protobuf import struct_pb2
from google.protobuf.message import Message
from pulumi.runtime.proto import alias_pb2, callback_pb2, resource_pb2

from datahall.engine import urn as urns
from datahall.engine.callbacks import Callbacks
from datahall.engine.values import OUTPUT_SIGNATURE, SECRET_SIGNATURE, SIGNATURE, UNKNOWN_TEXT
from datahall.engine.wire import from_value

# option of a transform, field of a registration
_PAIRS: Final = (
    ("version", "version"),
    ("provider", "provider"),
    ("plugin_download_url", "pluginDownloadURL"),
    ("deleted_with", "deletedWith"),
    ("import", "importId"),
    ("protect", "protect"),
    ("retain_on_delete", "retainOnDelete"),
    ("depends_on", "dependencies"),
    ("ignore_changes", "ignoreChanges"),
    ("replace_on_changes", "replaceOnChanges"),
    ("additional_secret_outputs", "additionalSecretOutputs"),
    ("hide_diff", "hideDiffs"),
    ("replace_with", "replace_with"),
    ("custom_timeouts", "customTimeouts"),
    ("replacement_trigger", "replacement_trigger"),
    ("hooks", "hooks"),
)


class Transforms:
    """The transforms of one run."""

    def __init__(self, stack: str, project: str, callbacks: Callbacks) -> None:
        self._stack, self._project, self._callbacks = stack, project, callbacks
        self._lock = threading.Lock()
        self._own: dict[str, list[callback_pb2.Callback]] = {}
        self._parents: dict[str, str] = {}
        self._of_remote: dict[str, list[callback_pb2.Callback]] = {}
        self._of_stack: list[callback_pb2.Callback] = []
        self._of_invokes: list[callback_pb2.Callback] = []

    def add(self, callback: callback_pb2.Callback) -> None:
        """A transform of every resource that is registered from now on."""
        with self._lock:
            self._of_stack.append(callback)

    def add_for_invokes(self, callback: callback_pb2.Callback) -> None:
        """A transform of every function call from now on."""
        with self._lock:
            self._of_invokes.append(callback)

    def resource(self, request: resource_pb2.RegisterResourceRequest) -> resource_pb2.RegisterResourceRequest:
        """The registration as its transforms leave it. Raises ProgramFailed if one fails."""
        own = self._own_of(request)
        transforms = [*own, *self._inherited(request, own)]
        if not transforms:
            return request
        new = resource_pb2.RegisterResourceRequest()
        new.CopyFrom(request)
        del new.transforms[:]
        if own:
            _carry_dependencies(new)
        what = f"{request.type} {request.name!r}: transform"
        asked = resource_pb2.TransformRequest(
            type=request.type,
            name=request.name,
            custom=request.custom,
            parent=request.parent,
            properties=new.object,
            options=_options(new),
        )
        for transform in transforms:
            answer = resource_pb2.TransformResponse.FromString(self._callbacks.call(transform, asked, what))
            if answer.HasField("properties"):
                asked.properties.CopyFrom(answer.properties)
            if answer.HasField("options"):
                asked.options.CopyFrom(answer.options)
        _take(new, asked, rewritten=bool(own))
        return new

    def invoke(self, request: resource_pb2.ResourceInvokeRequest) -> resource_pb2.ResourceInvokeRequest:
        """The call as the stack's transforms of functions leave it. Raises ProgramFailed if one fails."""
        with self._lock:
            transforms = list(self._of_invokes)
        if not transforms:
            return request
        asked = resource_pb2.TransformInvokeRequest(
            token=request.tok,
            args=request.args,
            options=resource_pb2.TransformInvokeOptions(
                provider=request.provider,
                version=request.version,
                plugin_download_url=request.pluginDownloadURL,
            ),
        )
        for transform in transforms:
            encoded = self._callbacks.call(transform, asked, f"function {request.tok}: transform")
            answer = resource_pb2.TransformInvokeResponse.FromString(encoded)
            if answer.HasField("args"):
                asked.args.CopyFrom(answer.args)
            if answer.HasField("options"):
                asked.options.CopyFrom(answer.options)
        new = resource_pb2.ResourceInvokeRequest()
        new.CopyFrom(request)
        new.args.CopyFrom(asked.args)
        new.provider = asked.options.provider
        new.version = asked.options.version
        new.pluginDownloadURL = asked.options.plugin_download_url
        return new

    def _own_of(self, request: resource_pb2.RegisterResourceRequest) -> list[callback_pb2.Callback]:
        """A resource's own; those of a remote component are also its own when its provider registers it."""
        key = urns.make(self._stack, self._project, request.parent, request.type, request.name)
        with self._lock:
            if request.remote:
                self._of_remote[key] = list(request.transforms)
                return list(request.transforms)
            return self._of_remote.pop(key, None) or list(request.transforms)

    def _inherited(
        self, request: resource_pb2.RegisterResourceRequest, own: Sequence[callback_pb2.Callback]
    ) -> list[callback_pb2.Callback]:
        urn = urns.make(self._stack, self._project, request.parent, request.type, request.name)
        found: list[callback_pb2.Callback] = []
        with self._lock:
            self._own[urn], self._parents[urn] = list(own), request.parent
            above = request.parent
            while above:
                found += self._own.get(above, ())
                above = self._parents.get(above, "")
            return found + self._of_stack


def _options(request: resource_pb2.RegisterResourceRequest) -> resource_pb2.TransformResourceOptions:
    options = resource_pb2.TransformResourceOptions(aliases=request.aliases, providers=request.providers)
    options.aliases.extend(alias_pb2.Alias(urn=urn) for urn in request.aliasURNs)
    for option, field in _PAIRS:
        _copy(request, field, options, option)
    if request.deleteBeforeReplaceDefined or request.deleteBeforeReplace:
        options.delete_before_replace = request.deleteBeforeReplace
    return options


def _copy(source: Message, field: str, target: Message, name: str) -> None:
    """Make one message's field what another's is: set, or not set at all."""
    target.ClearField(name)
    value: Any = getattr(source, field)
    if isinstance(value, Message):
        if source.HasField(field):
            getattr(target, name).CopyFrom(value)
    elif isinstance(value, str | bool):
        if not source.DESCRIPTOR.fields_by_name[field].has_presence or source.HasField(field):
            setattr(target, name, value)
    else:
        getattr(target, name).extend(value)


def _take(
    request: resource_pb2.RegisterResourceRequest, said: resource_pb2.TransformRequest, *, rewritten: bool
) -> None:
    """Write a transform's last word into the registration.

    `rewritten`: the values themselves say what they depend on; else what the program said holds as well.
    """
    options = said.options
    request.object.CopyFrom(said.properties)
    for option, field in _PAIRS:
        _copy(options, option, request, field)
    request.deleteBeforeReplaceDefined = options.HasField("delete_before_replace")
    request.deleteBeforeReplace = options.delete_before_replace
    request.ClearField("aliases")
    request.ClearField("aliasURNs")
    request.aliases.extend(options.aliases)
    request.ClearField("providers")
    request.providers.update(options.providers)
    before = {} if rewritten else {key: set(d.urns) for key, d in request.propertyDependencies.items()}
    request.ClearField("propertyDependencies")
    for key, value in request.object.fields.items():
        found = before.get(key, set())
        from_value(value, found)
        request.propertyDependencies[key].urns.extend(sorted(found))


def _carry_dependencies(request: resource_pb2.RegisterResourceRequest) -> None:
    """Make each property an output that knows what it depends on, so that a transform can keep that."""
    for key, value in request.object.fields.items():
        known: set[str] = set()
        from_value(value, known)
        named = set(request.propertyDependencies[key].urns) if request.propertyDependencies else known
        if not named <= known:
            value.CopyFrom(_output(value, sorted(named | known)))


def _output(value: struct_pb2.Value, dependencies: Sequence[str]) -> struct_pb2.Value:
    fields: Mapping[str, struct_pb2.Value] = value.struct_value.fields
    signature = fields[SIGNATURE].string_value if SIGNATURE in fields else ""
    wrapped = struct_pb2.Value()
    new = wrapped.struct_value.fields
    new[SIGNATURE].string_value = OUTPUT_SIGNATURE
    if signature == SECRET_SIGNATURE:
        new["secret"].bool_value = True
        value = fields["value"]
    if value.string_value != UNKNOWN_TEXT:
        new["value"].CopyFrom(value)
    for urn in dependencies:
        new["dependencies"].list_value.values.add().string_value = urn
    return wrapped
