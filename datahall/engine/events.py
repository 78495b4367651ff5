"""What happens during an operation, as data."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING, Any, Literal

if TYPE_CHECKING:
    from datahall.engine.state import ResourceState


class Op(StrEnum):
    """A step; the words are those of Pulumi's own event log.

    A replacement is told as a CREATE_REPLACEMENT (or an IMPORT_REPLACEMENT) and a DELETE_REPLACED, in
    whichever order they happen, and counted in a summary as one REPLACE.
    """

    SAME = "same"
    CREATE = "create"
    UPDATE = "update"
    REPLACE = "replace"
    CREATE_REPLACEMENT = "create-replacement"
    DELETE = "delete"
    DELETE_REPLACED = "delete-replaced"
    READ = "read"
    REFRESH = "refresh"
    IMPORT = "import"
    IMPORT_REPLACEMENT = "import-replacement"


REPLACING = {Op.CREATE_REPLACEMENT: Op.REPLACE, Op.IMPORT_REPLACEMENT: Op.REPLACE}
"""The step of a replacement that makes the new one -> as what both of its steps are counted and shown."""
UNCHANGED = frozenset({Op.SAME, Op.READ})
DiffKind = Literal["add", "delete", "update", "add-replace", "delete-replace", "update-replace"]
Severity = Literal["debug", "info", "warning", "error"]


@dataclass(frozen=True)
class PropertyDiff:
    """One changed property. Secrets show as `[secret]`, what is not known yet as `[unknown]`.

    `of_inputs`: the old value is that of an input, not of an output.
    """

    path: str
    kind: DiffKind
    old: Any = None
    new: Any = None
    of_inputs: bool = True

    @property
    def replaces(self) -> bool:
        """Whether this change forces a replacement."""
        return self.kind.endswith("-replace")


@dataclass(frozen=True)
class ResourceStarted:
    """A step of a resource begins: from `old`, if anything is recorded, to `new`, if it is not to go."""

    urn: str
    type: str
    op: Op
    parent: str | None
    name: str
    diff: list[PropertyDiff] = field(default_factory=list)
    detailed: bool = False
    old: ResourceState | None = field(default=None, repr=False)
    new: ResourceState | None = field(default=None, repr=False)


@dataclass(frozen=True)
class ResourceDone:
    """A step of a resource is done; `detailed` tells whether the provider itself named the properties."""

    urn: str
    type: str
    op: Op
    seconds: float
    id: str | None
    diff: list[PropertyDiff] = field(default_factory=list)
    detailed: bool = False
    old: ResourceState | None = field(default=None, repr=False)
    new: ResourceState | None = field(default=None, repr=False)


@dataclass(frozen=True)
class ResourceFailed:
    """A step of a resource failed; `unclear`: it is not known whether it was done."""

    urn: str
    op: Op
    message: str
    unclear: bool = False


@dataclass(frozen=True)
class OutputsRecorded:
    """A component, or the stack, has its outputs."""

    urn: str
    state: ResourceState = field(repr=False)


@dataclass(frozen=True)
class Diagnostic:
    """A message of the program, a provider or the engine.

    Those of one `stream` (not 0) are one text. What is `ephemeral` is of use only while it is done.
    """

    severity: Severity
    message: str
    urn: str | None = None
    stream: int = 0
    ephemeral: bool = False


@dataclass(frozen=True)
class PolicyResult:
    """What a policy found. `not_judged`: it needs a value that is not known before the update."""

    policy: str
    pack: str
    enforcement: str
    urn: str
    message: str
    outcome: Literal["violation", "not_judged"]
    severity: str = ""
    description: str | None = None
    version: str = ""


Event = ResourceStarted | ResourceDone | ResourceFailed | OutputsRecorded | Diagnostic | PolicyResult
