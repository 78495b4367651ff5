"""The embedded engine beside the official one: `python -m benchmarks.engine [--resources 1 100 1000]`.

Whole commands, in turn, on the same program with a provider that does nothing and a file backend: up from
nothing, up with no change, destroy. Without a `pulumi` on PATH only ours is timed, and the output says so.
Seconds are wall-clock; the ratio is official / embedded, so above 1 ours is quicker.
"""

import argparse
import os
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

HERE = Path(__file__).parent
STEPS = ("up", "up again", "destroy")


def main() -> None:
    """Print a row for each number of resources and step."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--resources", type=int, nargs="+", default=[1, 100, 1000])
    counts: list[int] = parser.parse_args().resources
    official = shutil.which("pulumi")
    if official is None:
        print("no `pulumi` on PATH: only the embedded engine is timed")
    print(f"{'resources':>9}  {'step':9} {'embedded s':>10} {'official s':>10} {'ratio':>6}")
    for count in counts:
        with tempfile.TemporaryDirectory() as folder:
            ours = _embedded(Path(folder), count)
            theirs = _official(official, Path(folder), count) if official else None
        for index, step in enumerate(STEPS):
            other = f"{theirs[index]:10.2f} {theirs[index] / ours[index]:6.2f}" if theirs else ""
            print(f"{count:9d}  {step:9} {ours[index]:10.2f} {other}", flush=True)


def _project(folder: Path) -> Path:
    folder.mkdir()
    (folder / "Pulumi.yaml").write_text("name: bench\nruntime: python\n")
    shutil.copy(HERE / "noop" / "program.py", folder / "__main__.py")
    return folder


def _embedded(folder: Path, count: int) -> list[float]:
    project, backend = _project(folder / "embedded"), folder / "embedded-state"
    backend.mkdir()
    env = {
        **os.environ,
        "RESOURCES": str(count),
        "PULUMI_CONFIG_PASSPHRASE": "bench",
        "DATAHALL_PYTHON": sys.executable,
    }
    arguments = [str(project), str(backend), str(HERE / "noop")]
    return [
        _timed([sys.executable, str(HERE / "embedded.py"), verb, *arguments], project, env)
        for verb in ("up", "up", "destroy")
    ]


def _official(pulumi: str, folder: Path, count: int) -> list[float]:
    project, backend = _project(folder / "official"), folder / "official-state"
    backend.mkdir()
    env = {
        **os.environ,
        "RESOURCES": str(count),
        "PULUMI_CONFIG_PASSPHRASE": "bench",
        "PULUMI_BACKEND_URL": backend.as_uri(),
        "PULUMI_HOME": str(folder / "pulumi-home"),
        "PULUMI_SKIP_UPDATE_CHECK": "true",
        "DATAHALL_PYTHON": sys.executable,
        "PATH": os.pathsep.join([str(HERE / "noop"), str(Path(sys.executable).parent), os.environ["PATH"]]),
    }
    _timed([pulumi, "stack", "init", "bench"], project, env)
    up = [pulumi, "up", "--yes", "--skip-preview", "--non-interactive"]
    destroy = [pulumi, "destroy", "--yes", "--skip-preview", "--non-interactive"]
    return [_timed(command, project, env) for command in (up, up, destroy)]


def _timed(command: list[str], folder: Path, env: dict[str, str]) -> float:
    began = time.monotonic()
    done = subprocess.run(command, cwd=folder, env=env, capture_output=True, text=True, check=False)
    if done.returncode:
        raise SystemExit(f"{' '.join(command)} failed:\n{done.stdout}{done.stderr}")
    return time.monotonic() - began


if __name__ == "__main__":
    main()
