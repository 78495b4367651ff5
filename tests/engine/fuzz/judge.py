"""Runs operations on a stack and judges what each leaves behind."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Collection
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from datahall import engine
from datahall.engine import (
    EngineError,
    InvalidTarget,
    Op,
    Options,
    ProgramFailed,
    ProtectedResource,
    ProviderFailed,
)
from datahall.engine.backend import Backend, StackFiles
from datahall.engine.checkpoint import fold, read_checkpoint
from datahall.engine.state_edit import protect_states, rename_state

from ..conftest import PASSPHRASE
from ..validity import latest, needed
from .cases import Ask, Drift
from .cloud import HANGS, UNCLEAR, Cloud, Fault
from .nodes import READ, Program, as_program, foreign

Faults = tuple[Fault, ...]
Recorded = dict[str, Any]
THING = "cloud:index:Thing"
# What is said of a fault.
WORDS = ("fault in", "not ready", "died during", "returned no id", "invalid answer", "did not answer")
HANG_SECONDS = 0.2


@dataclass(frozen=True)
class Trouble:
    """Why an operation may fail."""

    faults: Faults = ()
    raises: bool = False
    ask: Ask | None = None
    imports: bool = False

    def explains(self, error: EngineError) -> bool:
        said = str(error)
        if isinstance(error, ProtectedResource):
            return True
        if isinstance(error, InvalidTarget):
            return self.ask is not None and self.ask.constrained
        if isinstance(error, ProgramFailed):
            return self.raises or bool(self.faults)
        if not isinstance(error, ProviderFailed):
            return False
        if self.imports and "import_" in said:
            return True
        return bool(self.faults) and any(word in said for word in WORDS)


class Judge:
    """A stack, its cloud, and the promises that the engine makes about them."""

    def __init__(self, folder: Path, cloud: Cloud, port: int, salt: str, parallel: int) -> None:
        (folder / "Pulumi.yaml").write_text("name: proj\nruntime: python\n")
        (folder / "Pulumi.dev.yaml").write_text(f"encryptionsalt: {salt}\n")
        self.cloud = cloud
        self.project = engine.load_project(folder)
        self.state = folder / "state" / ".pulumi" / "stacks" / "proj" / "dev.json"
        self.files = StackFiles(Backend.of(folder / "state"), "proj", "dev")
        self.options = Options(
            backend=folder / "state",
            attach={"cloud": port},
            passphrase=PASSPHRASE,
            config={},
            parallel=parallel,
        )
        self._retained: set[str] = set()  # labels of what may stay when its record is gone
        cloud.plant(READ)

    # -- operations --------------------------------------------------------------------------------

    def up(
        self, nodes: Program, faults: Faults = (), ask: Ask | None = None, raise_at: int | None = None
    ) -> bool:
        """An update, whatever comes of it; whether it succeeded."""
        ask = ask or Ask(kind="up")
        self._plant(nodes)
        options = replace(self._asked(ask, faults), program=as_program(nodes, raise_at))
        trouble = Trouble(faults, raise_at is not None, ask, any(node.imports for node in nodes))
        look = self.limits(ask)
        done = self.attempt(lambda: engine.up(self.project, "dev", options), trouble)
        look()
        return done

    def preview(self, nodes: Program, faults: Faults, ask: Ask, raise_at: int | None) -> None:
        """A preview changes nothing at all."""
        self._plant(nodes)
        options = replace(self._asked(ask, faults), program=as_program(nodes, raise_at))
        before = (self.state.read_bytes(), dict(self.cloud.things), self.cloud.changes)
        trouble = Trouble(faults, raise_at is not None, ask, any(node.imports for node in nodes))
        self.attempt(lambda: engine.preview(self.project, "dev", options), trouble)
        assert before == (self.state.read_bytes(), self.cloud.things, self.cloud.changes)

    def refresh(self, faults: Faults = (), ask: Ask | None = None) -> None:
        """What changed or went is recorded, nothing else is touched; a failed one is tried again."""
        ask = ask or Ask(kind="refresh")
        there, changes = dict(self.cloud.things), self.cloud.changes
        options = self._asked(ask, faults)
        self.attempt(lambda: engine.refresh(self.project, "dev", options), Trouble(faults, ask=ask))
        assert (there, changes) == (self.cloud.things, self.cloud.changes)

    def destroy(self, faults: Faults, ask: Ask) -> None:
        options = self._asked(ask, faults)
        look = self.limits(ask)
        protected = {each["id"] for each in self._things() if each.get("protect")} & self.cloud.things.keys()
        self.attempt(lambda: engine.destroy(self.project, "dev", options), Trouble(faults, ask=ask))
        look()
        assert protected <= self.cloud.things.keys()

    def rename(self) -> None:
        """The last thing of the record gets another name."""
        urns = Counter(each["urn"] for each in self._latest().get("resources", ()))
        once = [each["urn"] for each in self._things() if urns[each["urn"]] == 1]
        pending = {each["resource"]["urn"] for each in self._pending()}
        for urn in [each for each in once if each not in pending][-1:]:
            rename_state(self.project, "dev", self.options, urn, "renamed")

    def reimport(self) -> None:
        """The state is exported and imported again; what was pending is left out, so it is settled first."""
        exported = engine.export_stack(self.project, "dev", self.options)
        if not exported["deployment"].get("pending_operations"):
            engine.import_stack(self.project, "dev", self.options, json.dumps(exported))

    def drift(self, drifts: tuple[Drift, ...]) -> None:
        for one in drifts:
            self.cloud.drift(one.index, gone=one.gone, spared={READ})

    # -- judgements --------------------------------------------------------------------------------

    def settles(self, nodes: Program, *, twice: bool) -> None:
        """Without faults an update succeeds, unless what is protected, or an import, is in its way."""
        if not self.up(nodes):
            self.check(pending=False)
            self._unprotect()
            if not self.up(nodes):
                nodes = tuple(replace(node, imports=False) for node in nodes)
                assert self.up(nodes)
        self.check(pending=False)
        options = replace(self.options, program=as_program(nodes))
        if twice:
            result = engine.up(self.project, "dev", options)
            assert set(result.summary) <= {Op.SAME, Op.READ}, result.summary
            self.check(pending=False)
        else:
            assert not engine.preview(self.project, "dev", options).changed

    def ends(self) -> None:
        """Nothing is left but what was to be retained, or to go with what it was deleted with."""
        self._unprotect()
        engine.destroy(self.project, "dev", self.options)
        self.check(pending=False)
        assert self._latest().get("resources", []) == []
        left = {thing["label"] for id_, thing in self.cloud.things.items() if not id_.startswith("foreign-")}
        assert left <= self._retained

    def check(self, *, pending: bool) -> None:
        """The state is valid, and the inventory is what it says; `pending`: or will be, once settled."""
        assert not self.cloud.wrong
        read_checkpoint(self.files)  # the engine's own judgement
        operations = self._pending()
        assert pending or not operations
        doing: dict[str, list[Recorded]] = {each["type"]: [] for each in operations}
        for each in operations:
            doing[each["type"]].append(each["resource"])
        creating = {each["inputs"]["label"] for each in doing.get("creating", ())}
        updating = {each["id"] for each in doing.get("updating", ())}
        deleting = {each["id"] for each in doing.get("deleting", ())}
        things = self._things()
        self._retained |= {
            each["inputs"]["label"]
            for each in [*things, *doing.get("creating", ())]
            if each.get("retainOnDelete") or each.get("deletedWith")
        }
        recorded = Counter(each["id"] for each in things if not each.get("pendingReplacement"))
        twice = {id_ for id_, times in recorded.items() if times > 1}
        assert all(id_.startswith("foreign-") for id_ in twice), (
            "a thing is recorded twice"
        )  # until deletes are done
        there = self.cloud.things
        assert recorded.keys() - there.keys() <= deleting, "what is recorded is not there"
        assert there[READ] == {"size": 1, "kind": "oak", "plot": "a", "label": f"planted-{READ}"}
        for id_ in there.keys() - recorded.keys():
            label = there[id_]["label"]
            assert id_.startswith("foreign-") or label in self._retained | creating, f"{id_} is an orphan"
        for each in things:
            settled = not (each.get("pendingReplacement") or each.get("delete"))
            if settled and each["id"] not in updating | deleting:
                assert there[each["id"]] == each["inputs"], f"{each['urn']} is not as recorded"

    def limits(self, ask: Ask) -> Callable[[], None]:
        """What an operation with targets may not touch; the result looks whether it did."""
        if not (ask.target or ask.exclude) or ask.dependents or self._pending():
            return lambda: None
        named = ask.target or ask.exclude

        def meant(urn: str) -> bool:
            return any(_is(urn, key) for key in named) == bool(ask.target)

        kept = {
            each["id"]: self.cloud.things[each["id"]]
            for each in self._live()
            if not any(meant(urn) for urn in self._above(each["urn"]))
        }
        known, before = set(self.cloud.things), {_key(each["urn"]) for each in self._things()}

        def look() -> None:
            for id_, content in kept.items():
                assert self.cloud.things.get(id_) == content, f"{id_} was to be left alone"
            for id_ in self.cloud.things.keys() - known:
                urn = self.cloud.urns[id_]  # one that was deleted ahead is made again as it was
                assert meant(urn) or _key(urn) in before, f"{id_} was not to be made"

        return look

    # -- helpers -----------------------------------------------------------------------------------

    def _asked(self, ask: Ask, faults: Faults) -> Options:
        hangs = any(fault.kind in HANGS for fault in faults)
        return replace(
            self.options,
            target=_patterns(ask.target),
            exclude=_patterns(ask.exclude),
            replace=_patterns(ask.replace),
            target_dependents=bool(ask.target) and ask.dependents,
            exclude_dependents=bool(ask.exclude) and ask.dependents,
            exclude_protected=ask.exclude_protected,
            continue_on_error=ask.continues,
            refresh=ask.refresh,
            provider_timeout=HANG_SECONDS if hangs else None,
        )

    def _plant(self, nodes: Program) -> None:
        """What the program imports is there, unless it is the stack's own already."""
        own = {each["id"] for each in self._things()} if self.state.exists() else set()
        for node in nodes:
            id_ = foreign(node.key)
            if node.imports and id_ not in own:
                self.cloud.plant(id_, size=node.size, kind=node.kind, plot=node.plot)

    def attempt(self, operation: Callable[[], object], trouble: Trouble | None = None) -> bool:
        """Whether it succeeded; it may fail only for a reason."""
        trouble = trouble or Trouble()
        self.cloud.arm(trouble.faults, self._on_disk)
        try:
            operation()
        except EngineError as error:
            if not trouble.explains(error):
                raise AssertionError(str(error)) from error
            return False
        finally:
            killed = self.cloud.killed
            self.cloud.arm(())
            if killed is not None:
                for file, content in killed.items():
                    file.write_bytes(content)
                fold(self.files)  # as the next operation does
        return killed is None

    def _on_disk(self) -> dict[Path, bytes]:
        """The state, and its journal if there is one."""
        files = (self.state, self.state.with_name(f"{self.state.name}.journal"))
        return {file: file.read_bytes() for file in files if file.exists()}

    def _latest(self) -> Recorded:
        return latest(self.state.read_bytes())

    def _pending(self) -> list[Recorded]:
        return (self._latest().get("pending_operations") or []) if self.state.exists() else []

    def _things(self) -> list[Recorded]:
        found = self._latest().get("resources") or ()
        return [each for each in found if each["type"] == THING and not each.get("external")]

    def _live(self) -> list[Recorded]:
        there: Collection[str] = self.cloud.things.keys()
        return [each for each in self._things() if each["id"] in there and not each.get("delete")]

    def _above(self, urn: str) -> set[str]:
        """A recorded URN and all that it needs: to replace one of those may mean to delete it ahead."""
        needs = {each["urn"]: needed(each) for each in self._latest().get("resources", ())}
        found: set[str] = set()
        frontier = [urn]
        while frontier:
            here = frontier.pop()
            if here not in found:
                found.add(here)
                frontier.extend(needs.get(here, ()))
        return found

    def _unprotect(self) -> None:
        if any(each.get("protect") for each in self._latest().get("resources", ())):
            protect_states(self.project, "dev", self.options, None, protect=False)


def _patterns(keys: tuple[int, ...]) -> list[str]:
    """Of all the names that nodes ever have."""
    return [f"**::n{key}*" for key in keys]


def _is(urn: str, key: int) -> bool:
    return _key(urn) == f"n{key}"


def _key(urn: str) -> str:
    """What of a node's name no rename changes."""
    return urn.rpartition("::")[2][:2]


def unclear(faults: Faults) -> bool:
    """Whether something may be left for the next run to settle."""
    return any(fault.kind in UNCLEAR for fault in faults)
