"""What the program asks for: a registration as data. What this engine lacks is refused here, by name."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from pulumi.runtime.proto import alias_pb2, resource_pb2

from datahall.engine import durations
from datahall.engine.errors import Unsupported
from datahall.engine.features import NOT_SUPPORTED
from datahall.engine.hooks import read_hooks
from datahall.engine.packages import Packages, refuse_checksums
from datahall.engine.places import NOWHERE, Place
from datahall.engine.plugin_request import PluginRequest
from datahall.engine.urn import is_provider, package_of
from datahall.engine.values import Properties, Value
from datahall.engine.wire import from_value


@dataclass(frozen=True)
class Alias:
    """An earlier identity; an empty part is as it is now. `parent` None means unchanged."""

    urn: str = ""
    name: str = ""
    type: str = ""
    stack: str = ""
    project: str = ""
    parent: str | None = None


@dataclass(frozen=True, kw_only=True)
class Goal:
    """A resource as the program wants it."""

    type: str
    name: str
    custom: bool
    parent: str = ""
    inputs: Properties = field(default_factory=dict)
    dependencies: tuple[str, ...] = ()
    property_dependencies: dict[str, tuple[str, ...]] = field(default_factory=dict)
    provider: str = ""
    plugin: PluginRequest | None = None
    env_mappings: dict[str, str] = field(default_factory=dict)
    protect: bool | None = None
    retain_on_delete: bool | None = None
    delete_before_replace: bool | None = None
    ignore_changes: tuple[str, ...] = ()
    replace_on_changes: tuple[str, ...] = ()
    replacement_trigger: Value = None
    hide_diff: tuple[str, ...] = ()
    additional_secret_outputs: tuple[str, ...] = ()
    aliases: tuple[Alias, ...] = ()
    custom_timeouts: dict[str, float] = field(default_factory=dict)
    deleted_with: str = ""
    replace_with: tuple[str, ...] = ()
    import_id: str = ""
    hooks: dict[str, tuple[str, ...]] = field(default_factory=dict)
    place: Place = NOWHERE

    @property
    def plugin_request(self) -> PluginRequest:
        """The plugin that it is to be served by."""
        return self.plugin or PluginRequest(package_of(self.type))

    @property
    def is_provider(self) -> bool:
        """Whether this is a provider."""
        return is_provider(self.type)


def read_goal(request: resource_pb2.RegisterResourceRequest, packages: Packages) -> Goal:
    """The registration as data. Raises Unsupported, naming the resource and what is refused."""
    refuse_checksums(f"{request.type} {request.name!r}", request.pluginChecksums)
    for word in _refused(request):
        raise Unsupported(f"{request.type} {request.name!r}: {word}: {NOT_SUPPORTED}")
    dependencies = set(request.dependencies)
    by_property = {key: set(value.urns) for key, value in request.propertyDependencies.items()}
    inputs: Properties = {}
    for key, value in request.object.fields.items():
        found: set[str] = set()
        inputs[key] = from_value(value, found)
        if not request.propertyDependencies:  # an SDK that does not say: each on all
            found |= dependencies
        by_property.setdefault(key, set()).update(found)
    for urns in by_property.values():
        dependencies |= urns
    explicit = request.deleteBeforeReplaceDefined or request.deleteBeforeReplace
    return Goal(
        type=request.type,
        name=request.name,
        custom=request.custom,
        parent=request.parent,
        inputs=inputs,
        dependencies=tuple(sorted(dependencies)),
        property_dependencies={key: tuple(sorted(urns)) for key, urns in sorted(by_property.items())},
        provider=request.provider,
        plugin=packages.find(
            package_of(request.type), request.packageRef, request.version, request.pluginDownloadURL
        ),
        env_mappings=dict(request.envVarMappings),
        protect=request.protect if request.HasField("protect") else None,
        retain_on_delete=request.retainOnDelete if request.HasField("retainOnDelete") else None,
        delete_before_replace=request.deleteBeforeReplace if explicit else None,
        ignore_changes=tuple(request.ignoreChanges),
        replace_on_changes=tuple(request.replaceOnChanges),
        replacement_trigger=from_value(request.replacement_trigger),
        hide_diff=tuple(request.hideDiffs),
        additional_secret_outputs=tuple(request.additionalSecretOutputs),
        aliases=tuple(_aliases(request.aliases, request.aliasURNs)),
        custom_timeouts=_timeouts(request),
        deleted_with=request.deletedWith,
        replace_with=tuple(request.replace_with),
        import_id=request.importId,
        hooks=read_hooks(request),
    )


def _refused(request: resource_pb2.RegisterResourceRequest) -> Iterator[str]:
    if request.importId and (not request.custom or is_provider(request.type)):
        yield "import_ of a component or a provider"
    if request.state_migrations:
        yield "state migrations"
    if request.envVarMappings and not is_provider(request.type):
        yield "env_var_mappings of what is no provider"
    if request.snippetId:
        yield "snippets"


def _aliases(specs: Iterable[alias_pb2.Alias], urns: Iterable[str]) -> Iterator[Alias]:
    for urn in urns:
        yield Alias(urn=urn)
    for alias in specs:
        if alias.WhichOneof("alias") == "urn":
            yield Alias(urn=alias.urn)
            continue
        spec = alias.spec
        parent: str | None = None
        if spec.WhichOneof("parent") == "noParent" and spec.noParent:
            parent = ""
        elif spec.parentUrn:
            parent = spec.parentUrn
        yield Alias("", spec.name, spec.type, spec.stack, spec.project, parent)


def _timeouts(request: resource_pb2.RegisterResourceRequest) -> dict[str, float]:
    if not request.HasField("customTimeouts"):
        return {}
    timeouts = request.customTimeouts
    texts = {
        "create": timeouts.create,
        "update": timeouts.update,
        "delete": timeouts.delete,
        "read": timeouts.read,
    }
    return {
        key: durations.seconds(f"{request.name}: customTimeouts.{key}", text)
        for key, text in texts.items()
        if text
    }
