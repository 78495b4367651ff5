"""The tree of resources as they change: fed with the engine's events, drawn on a terminal or line by line."""

import threading
from collections.abc import Callable
from dataclasses import dataclass, field, replace

from rich.console import RenderableType
from rich.text import Text
from rich.tree import Tree

from datahall.differences import told
from datahall.engine import (
    Diagnostic,
    Event,
    Op,
    PolicyResult,
    ResourceDone,
    ResourceFailed,
    ResourceStarted,
)
from datahall.engine.events import REPLACING
from datahall.engine.urn import STACK_TYPE

# sign, style, what has been done, what would be done
_OPS: dict[str, tuple[str, str, str, str]] = {
    Op.SAME: (" ", "dim", "unchanged", "unchanged"),
    Op.CREATE: ("+", "green", "created", "create"),
    Op.UPDATE: ("~", "yellow", "updated", "update"),
    Op.REPLACE: ("±", "magenta", "replaced", "replace"),
    Op.CREATE_REPLACEMENT: ("+", "magenta", "created anew", "create anew"),
    Op.DELETE: ("-", "red", "deleted", "delete"),
    Op.DELETE_REPLACED: ("-", "magenta", "deleted (replaced)", "delete (replaced)"),
    Op.READ: (">", "cyan", "read", "read"),
    Op.REFRESH: ("r", "cyan", "refreshed", "refresh"),
    Op.IMPORT: ("=", "green", "imported", "import"),
    Op.IMPORT_REPLACEMENT: ("=", "magenta", "imported anew", "import anew"),
}
_OWN_MODULES = {"components", "pulumi"}


@dataclass
class Node:
    """One resource, as far as its events have told."""

    urn: str
    type: str
    name: str
    parent: str
    op: str
    state: str = "running"  # running | done | failed
    doing: str = ""
    diff: list[str] = field(default_factory=list)


class ResourceTree:
    """Collects events from the engine's threads; draws what is happening."""

    def __init__(self, line: Callable[[str], None], *, planning: bool, diff: bool) -> None:
        self._line = line
        self._planning = planning
        self._diff = diff
        self._nodes: dict[str, Node] = {}
        self._lock = threading.Lock()
        self.policy: list[PolicyResult] = []
        self.diagnostics: list[Diagnostic] = []

    def on_event(self, event: Event) -> None:
        """Take note of one event."""
        with self._lock:
            match event:
                case ResourceStarted(op=Op.DELETE_REPLACED) if event.urn in self._nodes:
                    self._nodes[event.urn].state = "running"  # the end of a replacement
                case ResourceStarted():
                    self._nodes[event.urn] = Node(
                        event.urn, event.type, event.name, event.parent or "", event.op
                    )
                case ResourceDone():
                    self._done(event)
                case ResourceFailed():
                    if event.urn in self._nodes:
                        self._nodes[event.urn].state = "failed"
                    self._line(f"! {event.urn.rsplit('::', 1)[-1]}: {event.message}")
                case PolicyResult():
                    self.policy.append(event)
                case Diagnostic(ephemeral=True):
                    if event.urn in self._nodes:
                        self._nodes[event.urn].doing = event.message
                case Diagnostic():
                    if event.severity != "debug":
                        self._diagnosed(event)

    def _diagnosed(self, event: Diagnostic) -> None:
        """A message, joined to what was said before on its stream."""
        same = (event.severity, event.urn, event.stream)
        for index, known in enumerate(self.diagnostics):
            if event.stream and (known.severity, known.urn, known.stream) == same:
                self.diagnostics[index] = replace(known, message=known.message + event.message)
                return
        self.diagnostics.append(event)

    def counts(self) -> dict[str, int]:
        """How many resources met which operation."""
        with self._lock:
            counts: dict[str, int] = {}
            for node in self._nodes.values():
                counts[node.op] = counts.get(node.op, 0) + 1
            return counts

    def running(self) -> RenderableType:
        """A line for each component, and below it what is being done right now."""
        with self._lock:
            tree = Tree("", hide_root=True, guide_style="dim")
            for group, members in self._groups():
                finished = sum(node.state == "done" for node in members)
                label = Text(
                    f"{short_type(group.type)}  ", style="bold" if finished < len(members) else "dim"
                )
                label.append(f"{group.name}  {finished}/{len(members)}", style="dim")
                branch = tree.add(label)
                for node in members:
                    if node.state != "done":
                        branch.add(self._label(node))
            return tree

    def changes(self) -> RenderableType | None:
        """The tree of what was changed or would be; None where nothing is."""
        with self._lock:
            changed = [node for node in self._nodes.values() if node.op not in (Op.SAME, Op.READ)]
            if not changed:
                return None
            tree = Tree("", hide_root=True, guide_style="dim")
            wanted = {ancestor for node in changed for ancestor in self._lineage(node.urn)}
            branches: dict[str, Tree] = {}
            for urn in (urn for urn in self._nodes if urn in wanted):
                self._branch(urn, tree, branches)
            return tree

    def _branch(self, urn: str, root: Tree, branches: dict[str, Tree]) -> Tree:
        if urn not in branches:
            node = self._nodes[urn]
            parent = self._branch(node.parent, root, branches) if node.parent in self._nodes else root
            branches[urn] = parent.add(self._label(node))
            if self._diff:
                for line in node.diff:
                    branches[urn].add(Text(line, style="dim"))
        return branches[urn]

    def _lineage(self, urn: str) -> list[str]:
        found = []
        while urn in self._nodes:
            found.append(urn)
            urn = self._nodes[urn].parent
        return found

    def _done(self, event: ResourceDone) -> None:
        node = self._nodes.get(event.urn)
        if node is None:
            node = Node(event.urn, event.type, event.urn.rsplit("::", 1)[-1], "", event.op)
            self._nodes[event.urn] = node
        diff = [line for change in event.diff for line in told(change)]
        node.state = "done"
        if node.op != Op.REPLACE or event.op != Op.DELETE_REPLACED:
            node.op, node.diff = REPLACING.get(event.op, event.op), diff  # as lines each step is told
        if event.op in (Op.SAME, Op.READ) or node.type == STACK_TYPE:
            return
        sign, _, past, future = _OPS[event.op]
        self._line(f"{sign} {short_type(node.type)}  {node.name}  {future if self._planning else past}")
        if self._diff:
            for line in diff:
                self._line(f"    {line}")

    def _label(self, node: Node) -> Text:
        sign, style, past, future = _OPS[node.op]
        label = Text(f"{sign} ", style=style)
        label.append(f"{short_type(node.type)}  ", style="dim")
        label.append(node.name)
        if node.state == "failed":
            label.append("  failed", style="bold red")
        elif node.state == "running" and node.doing:
            label.append(f"  {node.doing.splitlines()[0][:100]}", style="dim")
        elif node.op != Op.SAME and (self._planning or node.state == "done"):
            label.append(f"  {future if self._planning else past}", style=style)
        return label

    def _groups(self) -> list[tuple[Node, list[Node]]]:
        """The resources by the component directly below the stack that they belong to."""
        groups: dict[str, list[Node]] = {}
        for node in self._nodes.values():
            if node.type == STACK_TYPE:
                continue
            top = [urn for urn in self._lineage(node.urn) if self._nodes[urn].type != STACK_TYPE][-1]
            groups.setdefault(top, []).append(node)
        return [(self._nodes[urn], members) for urn, members in groups.items()]


def short_type(token: str) -> str:
    """``aws:ec2/vpc:Vpc`` as people say it, ``ec2 Vpc``; a component is called by its name alone."""
    _, _, rest = token.partition(":")
    module, _, name = rest.rpartition(":")
    return name if module in _OWN_MODULES else f"{module.split('/')[0]} {name}".strip()


def summary(counts: dict[str, int], *, planning: bool) -> str:
    """``12 created, 3 unchanged``, in the order of the operations."""
    parts = []
    for op, (_, _, past, future) in _OPS.items():
        if counts.get(op):
            parts.append(
                f"{counts[op]} {past}" if not planning or op == Op.SAME else f"{counts[op]} to {future}"
            )
    return ", ".join(parts) or "nothing to do"
