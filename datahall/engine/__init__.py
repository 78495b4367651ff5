"""The embedded engine: runs a Pulumi Python program against provider plugins, without the Pulumi CLI.

A name is imported when it is first asked for: who only reads a state loads neither gRPC nor the SDK.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from datahall.engine.backend import Backend
    from datahall.engine.backend_url import open_backend
    from datahall.engine.errors import (
        BrokenState,
        EngineError,
        InvalidProject,
        InvalidTarget,
        MissingPassphrase,
        PlanViolation,
        PolicyPackFailed,
        PolicyViolation,
        ProgramFailed,
        ProtectedResource,
        ProviderFailed,
        StackLocked,
        StoreFailed,
        UnexpectedChanges,
        Unsupported,
    )
    from datahall.engine.events import (
        Diagnostic,
        Event,
        Op,
        PolicyResult,
        PropertyDiff,
        ResourceDone,
        ResourceFailed,
        ResourceStarted,
    )
    from datahall.engine.importing import import_resources, preview_import
    from datahall.engine.options import Options, Result
    from datahall.engine.pool import PluginPool
    from datahall.engine.project import Project, load_project
    from datahall.engine.run import destroy, preview, preview_refresh, refresh, up
    from datahall.engine.stack_admin import (
        StackSummary,
        cancel_stack,
        export_stack,
        init_stack,
        list_stacks,
        require_stack,
        stack_history,
        stack_names,
    )
    from datahall.engine.stack_import import import_stack
    from datahall.engine.stack_rename import rename_stack
    from datahall.engine.stacks import StackState, deletions, read_stack, remove_stack
    from datahall.engine.state import ResourceState

# Where to look, what is quick to import first.
_MODULES: Final = (
    "errors",
    "events",
    "options",
    "project",
    "state",
    "backend",
    "backend_url",
    "stacks",
    "stack_admin",
    "stack_import",
    "stack_rename",
    "pool",
    "run",
    "importing",
)

__all__ = [
    "Backend",
    "BrokenState",
    "Diagnostic",
    "EngineError",
    "Event",
    "InvalidProject",
    "InvalidTarget",
    "MissingPassphrase",
    "Op",
    "Options",
    "PlanViolation",
    "PluginPool",
    "PolicyPackFailed",
    "PolicyResult",
    "PolicyViolation",
    "ProgramFailed",
    "Project",
    "PropertyDiff",
    "ProtectedResource",
    "ProviderFailed",
    "ResourceDone",
    "ResourceFailed",
    "ResourceStarted",
    "ResourceState",
    "Result",
    "StackLocked",
    "StackState",
    "StackSummary",
    "StoreFailed",
    "UnexpectedChanges",
    "Unsupported",
    "cancel_stack",
    "deletions",
    "destroy",
    "export_stack",
    "import_resources",
    "import_stack",
    "init_stack",
    "list_stacks",
    "load_project",
    "open_backend",
    "preview",
    "preview_import",
    "preview_refresh",
    "read_stack",
    "refresh",
    "remove_stack",
    "rename_stack",
    "require_stack",
    "stack_history",
    "stack_names",
    "up",
]

if not TYPE_CHECKING:  # else it would know every name

    def __getattr__(name: str) -> Any:  # noqa: ANN401 - whatever it is
        if name in __all__:
            for module in _MODULES:
                found = vars(import_module(f"{__name__}.{module}"))
                if name in found:
                    return found[name]
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
