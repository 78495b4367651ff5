"""URNs: `urn:pulumi:STACK::PROJECT::PARENT_TYPE$TYPE::NAME`."""

from __future__ import annotations

from typing import NamedTuple

STACK_TYPE = "pulumi:pulumi:Stack"
DYNAMIC = "pulumi-python"  # the package of dynamic providers
PROVIDER_PREFIX = "pulumi:providers:"


class Urn(NamedTuple):
    """The parts of a URN; `qualified_type` has the parents' types, joined by `$`."""

    stack: str
    project: str
    qualified_type: str
    name: str

    @property
    def type(self) -> str:
        """The resource's own type token."""
        return self.qualified_type.rpartition("$")[2]

    def __str__(self) -> str:
        return f"urn:pulumi:{self.stack}::{self.project}::{self.qualified_type}::{self.name}"


def parse(urn: str) -> Urn:
    """Parse a URN. Raises ValueError."""
    parts = urn.split("::", 3)
    if len(parts) != 4 or not parts[0].startswith("urn:pulumi:"):
        raise ValueError(f"urn: {urn!r}: not of the form urn:pulumi:STACK::PROJECT::TYPE::NAME")
    return Urn(parts[0].removeprefix("urn:pulumi:"), parts[1], parts[2], parts[3])


def make(stack: str, project: str, parent: str, type_: str, name: str) -> str:
    """The URN of a resource; the root stack adds nothing to its children's types."""
    qualified = type_
    if parent:
        parent_type = parse(parent).qualified_type
        if parent_type != STACK_TYPE:
            qualified = f"{parent_type}${type_}"
    return str(Urn(stack, project, qualified, name))


def root(stack: str, project: str) -> str:
    """The URN of the stack's own resource."""
    return make(stack, project, "", STACK_TYPE, f"{project}-{stack}")


def name_of(urn: str) -> str:
    """The resource's name."""
    return parse(urn).name


def is_provider(type_: str) -> bool:
    """Whether a type token is that of a provider resource."""
    return type_.startswith(PROVIDER_PREFIX)


def package_of(type_: str) -> str:
    """The package that serves a type: `aws` for `aws:s3/bucket:Bucket` and for `pulumi:providers:aws`."""
    if is_provider(type_):
        return type_.removeprefix(PROVIDER_PREFIX)
    return type_.partition(":")[0]


def split_reference(reference: str) -> tuple[str, str]:
    """A provider reference `URN::ID` as (urn, id). Raises ValueError."""
    urn, separator, id_ = reference.rpartition("::")
    if not separator or urn.count("::") < 3:
        raise ValueError(f"provider: {reference!r}: not of the form URN::ID")
    return urn, id_
