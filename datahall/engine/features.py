"""What of Pulumi this engine has and what it refuses; docs/engine.md is checked against this table."""

from __future__ import annotations

from typing import Final

from pulumi.runtime.proto import resource_pb2

MONITOR_FEATURES: Final = (
    resource_pb2.RESOURCE_MONITOR_FEATURE_SECRETS,
    resource_pb2.RESOURCE_MONITOR_FEATURE_RESOURCE_REFERENCES,
    resource_pb2.RESOURCE_MONITOR_FEATURE_OUTPUT_VALUES,
    resource_pb2.RESOURCE_MONITOR_FEATURE_ALIAS_SPECS,
    resource_pb2.RESOURCE_MONITOR_FEATURE_REPLACEMENT_TRIGGER,
    resource_pb2.RESOURCE_MONITOR_FEATURE_DELETED_WITH,
    resource_pb2.RESOURCE_MONITOR_FEATURE_REPLACE_WITH,
    resource_pb2.RESOURCE_MONITOR_FEATURE_TRANSFORMS,
    resource_pb2.RESOURCE_MONITOR_FEATURE_INVOKE_TRANSFORMS,
    resource_pb2.RESOURCE_MONITOR_FEATURE_INVOKE_DEPENDS_ON,
    resource_pb2.RESOURCE_MONITOR_FEATURE_INVOKE_PARENT,
    resource_pb2.RESOURCE_MONITOR_FEATURE_PARAMETERIZATION,
    resource_pb2.RESOURCE_MONITOR_FEATURE_RESOURCE_HOOKS,
    resource_pb2.RESOURCE_MONITOR_FEATURE_ERROR_HOOKS,
    resource_pb2.RESOURCE_MONITOR_FEATURE_SENDS_OPTIONS_TO_HOOKS,
)
_OLD_NAMES: Final = {
    "secrets": resource_pb2.RESOURCE_MONITOR_FEATURE_SECRETS,
    "resourceReferences": resource_pb2.RESOURCE_MONITOR_FEATURE_RESOURCE_REFERENCES,
    "outputValues": resource_pb2.RESOURCE_MONITOR_FEATURE_OUTPUT_VALUES,
    "aliasSpecs": resource_pb2.RESOURCE_MONITOR_FEATURE_ALIAS_SPECS,
    "replacementTrigger": resource_pb2.RESOURCE_MONITOR_FEATURE_REPLACEMENT_TRIGGER,
    "deletedWith": resource_pb2.RESOURCE_MONITOR_FEATURE_DELETED_WITH,
    "replaceWith": resource_pb2.RESOURCE_MONITOR_FEATURE_REPLACE_WITH,
    "transforms": resource_pb2.RESOURCE_MONITOR_FEATURE_TRANSFORMS,
    "invokeTransforms": resource_pb2.RESOURCE_MONITOR_FEATURE_INVOKE_TRANSFORMS,
    "parameterization": resource_pb2.RESOURCE_MONITOR_FEATURE_PARAMETERIZATION,
    "resourceHooks": resource_pb2.RESOURCE_MONITOR_FEATURE_RESOURCE_HOOKS,
    "errorHooks": resource_pb2.RESOURCE_MONITOR_FEATURE_ERROR_HOOKS,
    "sendsOptionsToHooks": resource_pb2.RESOURCE_MONITOR_FEATURE_SENDS_OPTIONS_TO_HOOKS,
}

NOT_SUPPORTED: Final = "not supported by the embedded engine; see docs/engine.md"

IMPLEMENTED: Final[dict[str, str]] = {
    "custom resources": "create, update, replace, delete over ResourceProvider",
    "component resources": "local ones, with outputs",
    "remote components": "made by Construct, with error hooks too, which the official engine (3.260) drops",
    "method calls": "Call, of components, custom resources and providers",
    "parent": "URNs and deletion order follow it",
    "depends_on": "and dependencies of single properties",
    "default providers": "entries of the state, configured from the stack's configuration",
    "explicit providers": "also inherited from a parent",
    "parameterized packages": "with a default provider or explicit ones",
    "env_var_mappings": "",
    "plugin versions": "an older plugin than was asked for is a warning; it is never downloaded",
    "dynamic providers": "run by the Python that runs the engine",
    "protect": "refused before anything is deleted; the official engine (3.260) first deletes what it can",
    "retain_on_delete": "a child has its parent's, unless it has its own",
    "ignore_changes": "",
    "replace_on_changes": "below a top-level key if the provider tells which properties differ",
    "taint": "what `state taint`, of either engine, has marked is replaced",
    "replacement_trigger": "a secret one too, which the official engine (3.260) takes for none",
    "delete_before_replace": "and what must go along with it",
    "additional_secret_outputs": "",
    "aliases": "by URN, name, type, project, stack, parent, and inherited from a parent",
    "custom_timeouts": "passed to the provider, those of reads too, and kept by the engine where it does not",
    "deleted_with": "a child has its parent's, unless it has its own",
    "replace_with": "",
    "hide_diffs": "",
    "transforms": "of resources, their children, the stack, and functions",
    "import_": "inputs that differ are refused; the official engine (3.260) updates the resource instead",
    "resource hooks": "before and after create, update, delete, and error hooks; they get the options",
    "Resource.get": "reads an external resource",
    "existence": "`pulumi.runtime.exists_resource`: whether a provider finds an id of a type",
    "functions": "Invoke, plain and output form, with all of their options",
    "secrets": "in inputs, outputs, configuration; v1 passphrase encryption",
    "output values": "",
    "resource references": "",
    "assets and archives": "texts, files, folders, archive files and mappings of them",
    "remote assets": "and archives: `file://` and on loopback; those elsewhere are refused",
    "stack outputs": "",
    "stack references": "to stacks of the same backend, which have the same passphrase",
    "Stash": "and getResource, readStackOutputs, readStackResourceOutputs",
    "configuration": "plain, structured, secret; Pulumi.<stack>.yaml, and the project's defaults and types",
    "project plugins": "`plugins.providers` in Pulumi.yaml, after the plugin path",
    "project packages": "`packages` in Pulumi.yaml: from a folder, also as Python source; none is fetched",
    "required versions": "`requiredPulumiVersion`, `require_pulumi_version`: this engine does as 3.260.0",
    "project options": "`refresh: always`",
    "virtual environments": "`virtualenv` of `runtime.options`, of this Python; toolchains pip and uv",
    "autonaming": "`pulumi:autonaming`, with plugins that take names",
    "source positions": "with stacks of calls, which end above what runs the program: it is another here",
    "program forms": "a module, a function, a coroutine, `pulumi.run`",
    "pulumi.log": "with its resource and stream; an error fails the run",
    "policy packs": "Python; validation of resources and stacks, remediation, enforcement levels",
}
REFUSED: Final[dict[str, str]] = {
    "state migrations": "as the official CLI (3.260) does, which has not switched them on",
    "extension packages": "a second kind of parameterized ones",
    "plugin checksums": "",
    "byte strings": "texts that are not UTF-8",
    "views": "which a provider makes of the parts of a resource",
    "snippets": "",
    "debuggers": "",
    "poetry": "`toolchain: poetry`",
    "type checkers": "`typechecker: mypy` or `pyright`",
    "remote assets elsewhere": "the engine reaches for nothing beyond loopback",
    "compressed state": "but for gzip",
    "environments": "`environment:` in a stack's file",
    "pulumi: settings": "but for `pulumi:autonaming` and `pulumi:disable-default-providers`",
    "other project plugins": "of languages and analyzers; checksums and extensions in `packages`",
    "other secrets providers": "only passphrase",
    "other languages": "Python programs and policy packs only",
}


def feature_by_old_name(name: str) -> int | None:
    """The feature of an older client's question."""
    return _OLD_NAMES.get(name)
