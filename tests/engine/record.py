"""Record what the official CLI writes: `python -m tests.engine.record`, with a `pulumi` on PATH.

Each folder of `recorded/` has a `program.py` of ours; beside it go the backend, the cloud and the stack's
configuration as the CLI left them; see `recorded/README.md` for what is replaced.
"""

from __future__ import annotations

import gzip
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

from .conftest import PASSPHRASE, PLUGINS

RECORDED = Path(__file__).parent / "recorded"
SHOWN = {"username": "ann", "hostname": "elsewhere", "runtime.executable": "python3"}
FRAMES = 2  # of a stack trace


@dataclass(frozen=True)
class Case:
    """A program's runs: each with a size; the last one may be killed at a call of the provider."""

    name: str
    sizes: tuple[str, ...] = ("2",)
    killed_at: str = ""
    environment: dict[str, str] = field(default_factory=dict)


CASES = (
    Case("secrets", sizes=("2", "3")),
    Case("hooks"),
    Case("compressed", environment={"PULUMI_DIY_BACKEND_GZIP": "true"}),
    Case("creating", killed_at="Create 2 after"),
    Case("replacing", sizes=("2", "3"), killed_at="Delete 1 before"),
)


@contextmanager
def _project(case: Case) -> Iterator[tuple[Path, dict[str, str]]]:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        for made in ("state", "cloud", "home"):
            (folder / made).mkdir()
        (folder / "Pulumi.yaml").write_text("name: proj\nruntime: python\n")
        shutil.copy(RECORDED / case.name / "program.py", folder / "__main__.py")
        path = os.pathsep.join([str(PLUGINS), str(Path(sys.executable).parent), os.environ["PATH"]])
        yield (
            folder,
            {
                "PATH": path,
                "HOME": str(folder / "home"),
                "PULUMI_HOME": str(folder / "home" / ".pulumi"),
                "PULUMI_BACKEND_URL": f"file://{folder / 'state'}",
                "PULUMI_CONFIG_PASSPHRASE": PASSPHRASE,
                "PULUMI_SKIP_UPDATE_CHECK": "true",
                "PYTHONPATH": str(Path(__file__).parents[2]),
                "CLOUD_FOLDER": str(folder / "cloud"),
                "DATAHALL_PYTHON": sys.executable,
                **case.environment,
            },
        )


def _pulumi(folder: Path, environment: dict[str, str], *arguments: str) -> int:
    """Run the CLI in a session of its own; what a kill leaves of it is ended, too."""
    process = subprocess.Popen(
        ["pulumi", *arguments, "--non-interactive"], cwd=folder, env=environment, start_new_session=True
    )
    (folder / "cloud" / "engine.pid").write_text(str(process.pid))
    code = process.wait(300)
    time.sleep(1)
    with suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    return code


def _record(case: Case) -> None:
    with _project(case) as (folder, environment):
        for arguments in (
            ("stack", "init", "dev"),
            ("config", "set", "-s", "dev", "cloud:region", "here"),
            ("config", "set", "-s", "dev", "token", "hunter3", "--secret"),
        ):
            if _pulumi(folder, environment, *arguments):
                raise SystemExit(f"{case.name}: pulumi {' '.join(arguments)} failed")
        for size in case.sizes:
            last = size == case.sizes[-1]
            if last and case.killed_at:
                order = {"at": case.killed_at, "signal": signal.SIGKILL, "calls": {}}
                (folder / "cloud" / "kill.json").write_text(json.dumps(order))
            code = _pulumi(
                folder, {**environment, "SIZE": size}, "up", "-s", "dev", "--yes", "--skip-preview"
            )
            if code != (-signal.SIGKILL if last and case.killed_at else 0):
                raise SystemExit(f"{case.name}: pulumi up ended with {code}")
        target = RECORDED / case.name
        for name in ("state", "cloud"):
            shutil.rmtree(target / name, ignore_errors=True)
        _copy(folder / "state", target / "state")
        (target / "cloud").mkdir()
        for file in (folder / "cloud").glob("*.thing"):
            shutil.copy(file, target / "cloud")
        shutil.copy(folder / "Pulumi.dev.yaml", target)


def _copy(source: Path, target: Path) -> None:
    for file in source.rglob("*"):
        if not file.is_file() or file.name.endswith((".attrs", ".bak")):
            continue
        to = target / file.relative_to(source)
        to.parent.mkdir(parents=True, exist_ok=True)
        raw = file.read_bytes()
        if file.name.endswith(".json"):
            raw = _cleaned(raw)
        elif file.name.endswith(".gz"):
            raw = gzip.compress(_cleaned(gzip.decompress(raw)), mtime=0)
        to.write_bytes(raw)


def _cleaned(raw: bytes) -> bytes:
    return json.dumps(_shown(json.loads(raw)), separators=(",", ":"), ensure_ascii=False).encode()


def _shown(data: object, name: str = "") -> object:
    if isinstance(data, list):
        return [_shown(item) for item in (data[:FRAMES] if name == "stackTrace" else data)]
    if isinstance(data, dict):
        return {key: SHOWN[key] if key in SHOWN else _shown(value, key) for key, value in data.items()}
    if isinstance(data, str) and data.startswith("project:///.."):
        return "project:///../" + data.rpartition("/")[2]
    return data


if __name__ == "__main__":
    for one in CASES:
        if not sys.argv[1:] or one.name in sys.argv[1:]:
            _record(one)
