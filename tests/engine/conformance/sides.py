"""One engine's project, backend and cloud, and how two of them are compared."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from ..conftest import PASSPHRASE, PLUGINS

Json = Any
ROOT = Path(__file__).parents[3]
HEAD = f"""
import sys
sys.path.insert(0, {str(ROOT / "tests")!r})
import pulumi
from engine.programs import House, Provider, Thing
from pulumi import ResourceOptions as Options
"""
DATAHALL = [sys.executable, "-c", "from datahall.cli import main; main()"]
CONFIG = "config:\n  cloud:region: here\n"
RANDOM = re.compile(r"\b[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}\b|-[0-9a-f]{6,7}(?![0-9a-z])")
CHANGING = ("Create", "Update", "Delete")
PASSING = ("created", "modified", "sourcePosition", "stackTrace")

needs_official = pytest.mark.skipif(
    not (shutil.which("pulumi") and shutil.which("pulumi-language-python")),
    reason="no official pulumi with its Python language host on PATH",
)


class Side:
    """One engine's project, backend and cloud; `there` if another's is gone on with."""

    def __init__(self, folder: Path, config: str = "", *, official: bool, there: bool = False) -> None:
        self.folder, self.official = folder, official
        for part in ("project", "state", "cloud", "home"):
            (folder / part).mkdir(parents=True, exist_ok=there)
        path = [str(PLUGINS), str(Path(sys.executable).parent), os.environ["PATH"]]
        self.environment = {
            "PATH": os.pathsep.join(path),
            "HOME": str(folder / "home"),
            "PULUMI_HOME": str(folder / "home" / ".pulumi"),
            "PULUMI_BACKEND_URL": f"file://{folder / 'state'}",
            "PULUMI_CONFIG_PASSPHRASE": PASSPHRASE,
            "PULUMI_SKIP_UPDATE_CHECK": "1",
            "PYTHONPATH": str(ROOT),
            "CLOUD_FOLDER": str(folder / "cloud"),
            "DATAHALL_PYTHON": sys.executable,
        }
        if not there:
            (folder / "project" / "Pulumi.yaml").write_text("name: proj\nruntime: python\n")
            (folder / "project" / "Pulumi.dev.yaml").write_text(CONFIG + config)
            self.command("stack", "init", "dev")

    def command(self, *arguments: str) -> tuple[int, str]:
        """A verb of this side's engine: its exit code and all that it said."""
        tool = ["pulumi"] if self.official else [*DATAHALL, "engine"]
        edits = arguments[0] in ("stack", "state", "config")
        ours = () if self.official or edits else ("--plugin-path", str(PLUGINS))
        return self._run([*tool, *arguments, *(() if not self.official else ("--non-interactive",)), *ours])

    def step(self, verb: str) -> int:
        """An operation, done: 0 or 1."""
        (self.folder / "cloud" / "calls.jsonl").unlink(missing_ok=True)
        code, said = self.command(verb, "-s", "dev", "--yes", *(["--skip-preview"] if verb == "up" else []))
        assert code in (0, 1, 255), said
        assert self.official or "Traceback" not in said, said
        return min(code, 1)

    def program(self, text: str) -> None:
        (self.folder / "project" / "__main__.py").write_text(HEAD + text)

    def calls(self) -> Counter[tuple[str, str]]:
        """What changed the cloud in the last step: method and URN, with how often."""
        log = self.folder / "cloud" / "calls.jsonl"
        lines = [json.loads(line) for line in log.read_text().splitlines()] if log.exists() else []
        return Counter((c["method"], c["urn"]) for c in lines if c["method"] in CHANGING)

    def state(self, stack: str = "dev") -> dict[str, Json]:
        """The resources, secrets in the clear, as the official CLI exports them: by URN and mark."""
        code, text = self._run(["pulumi", "stack", "export", "-s", stack, "--show-secrets"])
        assert code == 0, text
        deployment = json.loads(text[text.index("{") :])["deployment"]
        assert not deployment.get("pending_operations")
        found: dict[str, Json] = {}
        for resource in deployment.get("resources") or ():
            kept = {key: value for key, value in resource.items() if key not in PASSING}
            kept["dependencies"] = sorted(kept.get("dependencies", ()))  # the SDK sends a set
            key = kept["urn"] + (" (delete)" if kept.get("delete") else "")
            found[key] = json.loads(RANDOM.sub("-*", json.dumps(kept)))
        return found

    def changes(self) -> dict[str, int]:
        """The last operation's changes, as the history tells them (the official one counts few reads)."""
        history = self.folder / "state" / ".pulumi" / "history" / "proj" / "dev"
        last = max(history.glob("*.history.json"), key=lambda file: file.name)
        changes: dict[str, int] = json.loads(last.read_text()).get("resourceChanges") or {}
        return {op: count for op, count in changes.items() if count and op != "read"}

    def inventory(self) -> Counter[str]:
        things = (self.folder / "cloud").glob("*.thing")
        return Counter(file.name.rpartition("-")[0] for file in things)

    def _run(self, command: list[str]) -> tuple[int, str]:
        done = subprocess.run(
            command,
            cwd=self.folder / "project",
            env=self.environment,
            capture_output=True,
            text=True,
            check=False,
            timeout=120,
        )
        return done.returncode, done.stdout + done.stderr


def differences(where: str, theirs: Json, ours: Json) -> Iterator[str]:
    """Where two values differ, the official first."""
    if isinstance(theirs, dict) and isinstance(ours, dict):
        for key in {**theirs, **ours}:
            yield from differences(f"{where} / {key}", theirs.get(key), ours.get(key))
    elif theirs != ours:
        yield f"{where}: {theirs!r} != {ours!r}"
