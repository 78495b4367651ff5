"""Our own stack `local` with both engines, each on an emulated AWS of its own: whole commands, in turn.

Both have the same plugins; neither has the policy pack.
"""

import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from benchmarks.engine.measure import Cost, load, run
from benchmarks.engine.official import OPTIONS, STEPS, own_places

ROOT = Path(__file__).parents[2]
COUNTS = (1,)
_DATAHALL = (str(Path(sys.executable).with_name("datahall")),)


def main(rounds: Sequence[int]) -> None:
    """Print a row for each step, `rounds` times."""
    pulumi = shutil.which("pulumi")
    if pulumi is None:
        print("no `pulumi` on PATH: only the embedded engine is timed")
    print(f"{'step':9} {'embedded s':>10} {'cpu s':>6} {'official s':>10} {'cpu s':>6} {'ratio':>6}")
    for _ in range(rounds[0]):
        with _site() as ours, _site() as theirs:
            ours.embedded("stack", "init", "local")
            if pulumi is not None:
                theirs.official(pulumi, "stack", "init", "local")
            for step in STEPS:
                verb = step.partition(" ")[0]
                mine = ours.embedded(verb, "-s", "local", "--yes", "--skip-preview", *ours.plugins)
                told = ""
                if pulumi is not None:
                    other = theirs.official(pulumi, verb, "-s", "local", *OPTIONS)
                    told = f"{other.wall:10.2f} {other.cpu:6.2f} {other.wall / mine.wall:6.2f}"
                print(f"{step:9} {mine.wall:10.2f} {mine.cpu:6.2f} {told}  ({load()})", flush=True)


@dataclass(frozen=True)
class _Site:
    """A copy of the project, whose configuration gets a salt, a folder for states, and an emulated AWS."""

    folder: Path
    variables: dict[str, str]

    @property
    def plugins(self) -> tuple[str, str]:
        """The option that names them; the official engine finds them on PATH."""
        return "--plugin-path", self.variables["DATAHALL_PLUGINS"]

    def embedded(self, *arguments: str) -> Cost:
        return run([*_DATAHALL, "engine", *arguments], self.folder, self._environment)

    def official(self, pulumi: str, *arguments: str) -> Cost:
        return run([pulumi, *arguments], self.folder, self._environment)

    @property
    def _environment(self) -> dict[str, str]:
        own = {"PULUMI_CONFIG_PASSPHRASE": "bench", **own_places(self.folder)}
        return {**os.environ, **self.variables, **own}


@contextmanager
def _site() -> Iterator[_Site]:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name) / "datahall"
        shutil.copytree(ROOT, folder, ignore=shutil.ignore_patterns(".*", "tests"))
        (folder / ".venv").symlink_to(ROOT / ".venv")
        (folder / "state").mkdir()
        sandbox = [*_DATAHALL, "sandbox"]
        place = ["--folder", str(Path(name) / "aws")]
        subprocess.run([*sandbox, "start", *place], check=True, stderr=subprocess.DEVNULL)
        try:
            told = subprocess.run([*sandbox, "env", "--json", *place], check=True, capture_output=True)
            yield _Site(folder, json.loads(told.stdout))
        finally:
            subprocess.run([*sandbox, "rm", *place], check=True, stderr=subprocess.DEVNULL)
