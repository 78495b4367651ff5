"""Runs operations on a stack and judges what each leaves behind."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

from datahall import engine
from datahall.engine import EngineError, Op, Options, ProgramFailed, ProtectedResource, ProviderFailed
from datahall.engine.backend import Backend, StackFiles
from datahall.engine.checkpoint import read_checkpoint

from ..conftest import PASSPHRASE
from .cases import Drift, Node, as_program
from .cloud import Cloud, Fault

Faults = tuple[Fault, ...]


class Judge:
    """A stack, its cloud, and the promises that the engine makes about them."""

    def __init__(self, folder: Path, cloud: Cloud, port: int, salt: str, parallel: int) -> None:
        (folder / "Pulumi.yaml").write_text("name: proj\nruntime: python\n")
        (folder / "Pulumi.dev.yaml").write_text(f"encryptionsalt: {salt}\n")
        self.cloud = cloud
        self.retained: set[str] = set()
        self._project = engine.load_project(folder)
        self._state = folder / "state" / ".pulumi" / "stacks" / "proj" / "dev.json"
        self._files = StackFiles(Backend.of(folder / "state"), "proj", "dev")
        self._base: dict[str, Any] = {
            "backend": folder / "state",
            "attach": {"cloud": port},
            "passphrase": PASSPHRASE,
            "config": {},
            "parallel": parallel,
        }

    def up(self, nodes: tuple[Node, ...], *, faults: Faults, raise_at: int | None = None) -> None:
        options = Options(**self._base, program=as_program(nodes, raise_at))
        self._try(lambda: engine.up(self._project, "dev", options), faults, raise_at is not None)
        self._check()

    def preview(self, nodes: tuple[Node, ...], *, faults: Faults, raise_at: int | None = None) -> None:
        options = Options(**self._base, program=as_program(nodes, raise_at))
        before = (self._state.read_bytes(), dict(self.cloud.things), self.cloud.changes)
        self._try(lambda: engine.preview(self._project, "dev", options), faults, raise_at is not None)
        assert before == (self._state.read_bytes(), self.cloud.things, self.cloud.changes)

    def refresh(self, drift: tuple[Drift, ...], *, faults: Faults) -> None:
        """What changed or went is recorded, nothing else is touched; a failed one is tried again."""
        for one in drift:
            self.cloud.drift(one.index, gone=one.gone)
        there, changes = dict(self.cloud.things), self.cloud.changes

        def operate() -> engine.Result:
            return engine.refresh(self._project, "dev", Options(**self._base))

        if not self._try(operate, faults, False):
            read_checkpoint(self._files)
            operate()
        assert (there, changes) == (self.cloud.things, self.cloud.changes)
        self._check()

    def destroy(self, *, faults: Faults) -> None:
        self._try(lambda: engine.destroy(self._project, "dev", Options(**self._base)), faults, False)
        self._check()

    def settles(self, nodes: tuple[Node, ...]) -> None:
        """Without faults an update succeeds, unless what is protected is in its way; then all is the same."""
        options = Options(**self._base, program=as_program(nodes))
        if not self._try(lambda: engine.up(self._project, "dev", options), (), False):
            self._check()
            self._unprotect()
            engine.up(self._project, "dev", options)
        self._check()
        assert not engine.preview(self._project, "dev", options).changed
        result = engine.up(self._project, "dev", options)
        assert set(result.summary) <= {Op.SAME}, result.summary
        self._check()

    def ends(self) -> None:
        """Nothing is left but what was to be retained, or to go with what it was deleted with."""
        self._unprotect()
        engine.destroy(self._project, "dev", Options(**self._base))
        self._check()
        assert read_checkpoint(self._files).resources == []
        assert set(self.cloud.things) <= self.retained

    def _try(self, operation: Callable[[], object], faults: Faults, raises: bool) -> bool:
        """Whether it succeeded; it may fail only for a reason."""
        self.cloud.arm(faults)
        try:
            operation()
        except ProtectedResource:
            return False
        except EngineError as error:
            if not _expected(error, faulty=bool(faults), raises=raises):
                raise AssertionError(str(error)) from error
            return False
        finally:
            self.cloud.arm(())
        return True

    def _check(self) -> None:
        """The state is valid, and the inventory is what it says."""
        assert not self.cloud.wrong
        checkpoint = read_checkpoint(self._files)  # raises for what stands before what it needs, or twice
        assert checkpoint.pending == []
        things = [r for r in checkpoint.resources if r["type"] == "cloud:index:Thing"]
        self.retained |= {r["id"] for r in things if r.get("retainOnDelete") or r.get("deletedWith")}
        recorded = Counter(r["id"] for r in things if not r.get("pendingReplacement"))
        assert set(recorded.values()) <= {1}
        assert recorded.keys() <= self.cloud.things.keys()
        assert self.cloud.things.keys() - recorded.keys() <= self.retained
        for resource in things:
            if not (resource.get("pendingReplacement") or resource.get("delete")):
                there = self.cloud.things[resource["id"]]
                assert there == resource["inputs"], resource["urn"]

    def _unprotect(self) -> None:
        data = json.loads(self._state.read_text())
        for resource in data["checkpoint"]["latest"].get("resources", ()):
            resource.pop("protect", None)
        data.pop("sha256", None)
        self._state.write_text(json.dumps(data))


def _expected(error: EngineError, *, faulty: bool, raises: bool) -> bool:
    """Whether an operation may fail so."""
    if isinstance(error, ProviderFailed):
        return faulty and ("fault in" in str(error) or "not ready" in str(error))
    return isinstance(error, ProgramFailed) and (raises or faulty)
