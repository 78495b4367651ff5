"""The words in which `types/*.py` describe resource types: data for the interpreter, no behaviour.

A request template is nested dicts and lists whose strings starting with `$` stand for values:
`$name` or `$name.nested` an input property, `$state.name` an output, `$id` the resource's id, `$token`
its idempotency token, `$region` and `$account` where it lives, `$item` the element of a `Call.each`, and
for updates `$+name` and `$-name` what was added to or removed from a list or map (of a map: the keys
removed); a `Text` is filled in. A member whose value is absent is left out, and so is a structure or list
that this empties.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from datahall.sandbox.aws.plugin.run import Run

Template = Any
"""A request template: dict, list, string, number or bool."""


@dataclass(frozen=True)
class Text:
    """An output made of others: `Text("arn:aws:ec2:{region}:{account}:vpc/{id}")`."""

    format: str


@dataclass(frozen=True, kw_only=True)
class Call:
    """One AWS operation.

    `props`: inputs sent as the request member of their own name. `pick`: JMESPath of the part of the
    answer that describes the resource (`$id` in it is filled in); `parts`: members of that part whose own
    members are told as well; `into`: output -> JMESPath in that part; `auto`: map outputs by name, as the
    first reading always does. `when`: run only where these inputs have these values; `needs`: only where
    these are given; `each`: run once for each element of this template. `at_create`: an update that also
    completes a creation, unless what it sends is as in `fresh`, AWS's own state of a new resource.
    `settles`: wait for the row's `ready` state afterwards. `absent`: error codes that say "not set".
    """

    op: str
    args: Mapping[str, Template] = field(default_factory=dict)
    props: str = ""
    service: str = ""
    pick: str = "@"
    into: Mapping[str, str] = field(default_factory=dict)
    when: Mapping[str, Any] = field(default_factory=dict)
    needs: str = ""
    each: str = ""
    at_create: bool = False
    fresh: Mapping[str, Any] = field(default_factory=dict)
    absent: frozenset[str] = frozenset()
    auto: bool = False
    parts: str = ""
    settles: bool = False
    pages: bool = False


Step = Call | Callable[["Run"], Any]
"""A call, or a function for what a call cannot say."""

Reading = Call | Callable[["Run", dict[str, Any]], None]
"""A call that reads, or a function that completes what was read (outputs by Pulumi name)."""


@dataclass(frozen=True, kw_only=True)
class Wait:
    """When a resource is usable: `state` is a JMESPath in the first reading.

    Another state than `ready` and `failed` is waited out; `gone` states count as deleted; `reason` is a
    JMESPath of the text that says why it failed.
    """

    state: str
    ready: frozenset[str] = frozenset()
    failed: frozenset[str] = frozenset()
    gone: frozenset[str] = frozenset()
    reason: str = ""


@dataclass(frozen=True, kw_only=True)
class Name:
    """How a name is made where none is given: urn name, a dash, 7 hex digits; at most `limit` characters.

    `prefix_property` is the input whose value starts the name instead; `lower` for names that must be.
    """

    property: str
    limit: int
    prefix_property: str = ""
    lower: bool = False
    start: str = ""


@dataclass(frozen=True, kw_only=True)
class Type:
    """One resource type.

    `create`: of several calls the first that applies. `id`: a JMESPath in its answer, or a format of inputs
    such as `{clusterName}:{addonName}`, by which an import also finds them; `import_id`: the format an import
    takes instead, in which `{id}` is the id. Space-separated names of inputs: `replace` (a change needs a new
    resource), `fixed_once_set` (so does any change but the first setting), `refused` (the sandbox has no such
    thing), `used` (a function or the interpreter obeys it), `kept` (AWS does not tell it: the output is what
    was given), `told` (members that AWS tells but does not take), `json` (documents compared by meaning),
    `ordered` (lists whose order counts); `moving`: outputs that every update changes. `names`: nested
    property path -> AWS's member where they differ, "!" for none. `cleared`: what is sent for an input that
    was removed. `gone`: error codes of a resource that is not there. `put`: the call that creates is also
    the one that updates. `exactly_one`, `at_most_one`: groups of
    inputs that exclude each other. `delete_first`: a replacement cannot exist beside the old one.
    """

    type: str
    service: str
    create: Step | tuple[Call, ...]
    id: str
    read: tuple[Reading, ...]
    delete: tuple[Step, ...]
    update: tuple[Step, ...] = ()
    put: bool = False
    outputs: Mapping[str, str | Text] = field(default_factory=dict)
    names: Mapping[str, str] = field(default_factory=dict)
    defaults: Mapping[str, Any] = field(default_factory=dict)
    cleared: Mapping[str, Any] = field(default_factory=dict)
    replace: str = ""
    refused: str = ""
    used: str = ""
    kept: str = ""
    moving: str = ""
    fixed_once_set: str = ""
    told: str = ""
    json: str = ""
    ordered: str = ""
    gone: frozenset[str] = frozenset()
    wait: Wait | None = None
    name: Name | None = None
    exactly_one: tuple[str, ...] = ()
    at_most_one: tuple[str, ...] = ()
    delete_first: bool = False
    import_id: str = ""

    def __post_init__(self) -> None:
        if not self.put:
            return
        if not isinstance(self.create, Call) or self.update:
            raise TypeError(f"{self.type}: put: goes with one create call and no update of its own")
        object.__setattr__(self, "update", (self.create,))


def codes(text: str) -> frozenset[str]:
    """A set of space-separated words."""
    return frozenset(text.split())
