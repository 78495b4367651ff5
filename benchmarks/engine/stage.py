"""A project on a folder, run by the embedded engine in processes of its own."""

import os
import shutil
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from benchmarks.engine.measure import Cost, run

HERE = Path(__file__).parent
NOOP = HERE / "noop"


@dataclass(frozen=True)
class Stage:
    """A project and a backend, below a folder of its own."""

    folder: Path
    count: int
    plugins: Path = NOOP
    env: dict[str, str] = field(default_factory=dict)

    @property
    def environment(self) -> dict[str, str]:
        """What every process is started with."""
        own = {
            "RESOURCES": str(self.count),
            "PULUMI_CONFIG_PASSPHRASE": "bench",
            "DATAHALL_PYTHON": sys.executable,
            "PYTHONPATH": str(HERE.parents[1]),
        }
        return {**os.environ, **own, **self.env}

    def embedded(self, verb: str, *packs: Path, memory: bool = False) -> Cost:
        """An operation of the embedded engine."""
        script = str(HERE / "embedded.py")
        command = [sys.executable, script, verb, ".", "state", str(self.plugins), *map(str, packs)]
        return run(command, self.folder, self.environment, memory=memory)


@contextmanager
def stage(count: int, program: Path = NOOP / "program.py", plugins: Path = NOOP) -> Iterator[Stage]:
    """A stage, taken away at the end."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "Pulumi.yaml").write_text("name: bench\nruntime: python\n")
        (folder / "state").mkdir()
        shutil.copy(program, folder / "__main__.py")
        yield Stage(folder, count, plugins)
