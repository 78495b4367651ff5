"""The embedded engine beside the official one, where a `pulumi` is on PATH: whole commands, in turn.

The last column is what the SDK's own process needed below the official engine: less than that an engine which
runs the same SDK could hardly take.
"""

import os
import shutil
import sys
from collections.abc import Sequence
from pathlib import Path

from benchmarks.engine.measure import Cost, load, run
from benchmarks.engine.stage import NOOP, Stage, stage

COUNTS = (1, 100, 1000)
STEPS = ("up", "up again", "destroy")
_SDK = "pulumi-language-python-exec"
OPTIONS = ("--yes", "--skip-preview", "--non-interactive")


def main(counts: Sequence[int]) -> None:
    """Print a row for each number of resources and step."""
    pulumi = shutil.which("pulumi")
    if pulumi is None:
        print("no `pulumi` on PATH: only the embedded engine is timed")
    print(
        f"{'resources':>9}  {'step':9} {'embedded s':>10} {'cpu s':>6} {'official s':>10} {'ratio':>6} "
        f"{'its SDK cpu s':>13}"
    )
    for count in counts:
        with stage(count) as ours, stage(count) as theirs:
            _stack(pulumi, theirs)
            for step in STEPS:
                verb = step.partition(" ")[0]
                mine = ours.embedded(verb)
                other = _official(pulumi, theirs, verb, *OPTIONS)
                told = (
                    f"{other.wall:10.2f} {other.wall / mine.wall:6.2f} {other.part_cpu:13.2f}"
                    if other
                    else ""
                )
                print(
                    f"{count:9d}  {step:9} {mine.wall:10.2f} {mine.cpu:6.2f} {told}  ({load()})", flush=True
                )


def _stack(pulumi: str | None, where: Stage) -> None:
    _official(pulumi, where, "stack", "init", "bench")


def _official(pulumi: str | None, where: Stage, *arguments: str) -> Cost | None:
    if pulumi is None:
        return None
    env = {
        **where.environment,
        **own_places(where.folder),
        "PATH": os.pathsep.join([str(NOOP), str(Path(sys.executable).parent), os.environ["PATH"]]),
    }
    return run([pulumi, *arguments], where.folder, env, part=_SDK)


def own_places(folder: Path) -> dict[str, str]:
    """Variables by which the official CLI keeps all below `folder`, and asks nobody for updates."""
    return {
        "PULUMI_BACKEND_URL": (folder / "state").as_uri(),
        "PULUMI_HOME": str(folder / "pulumi-home"),
        "PULUMI_SKIP_UPDATE_CHECK": "true",
    }
