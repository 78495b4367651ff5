"""One engine's project, backend and cloud, worked with the engine's own command line."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from ..conftest import PASSPHRASE, PLUGINS
from .lives import CONFIG, HEAD
from .step import Json, Step, observed, resources_of, tamper

ROOT = Path(__file__).parents[3]
DATAHALL = [sys.executable, "-c", "from datahall.cli import main; main()"]

needs_official = pytest.mark.skipif(
    not (shutil.which("pulumi") and shutil.which("pulumi-language-python")),
    reason="no official pulumi with its Python language host on PATH (test_lives.py has what it did)",
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

    def step(self, verb: str, *flags: str, stack: str = "dev") -> int:
        """An operation, done: 0 or 1."""
        (self.folder / "cloud" / "calls.jsonl").unlink(missing_ok=True)
        code, said = self.command(verb, *flags, "-s", stack, "--yes", "--skip-preview")
        assert code in ((0, 1, 255) if self.official else (0, 1, 2)), said  # 2: refused
        assert self.official or "Traceback" not in said, said
        return min(code, 1)

    def live(self, step: Step) -> dict[str, Json]:
        """A step of a life, and what is seen after it."""
        if not (self.folder / "project" / f"Pulumi.{step.stack}.yaml").exists():
            self.command("stack", "init", step.stack)
        self.program(step.program)
        tamper(self.folder / "cloud", step)
        more = ("--generate-code=false",) if step.verb == "import" else ()
        code = self.step(step.verb, *step.flags, *more, stack=step.stack)
        return observed(code, self.folder, self.deployment(step.stack), step.stack)

    def program(self, text: str) -> None:
        (self.folder / "project" / "__main__.py").write_text(HEAD + text)

    def deployment(self, stack: str = "dev") -> Json:
        """The state, secrets in the clear, as the official CLI exports it."""
        code, text = self._run(["pulumi", "stack", "export", "-s", stack, "--show-secrets"])
        assert code == 0, text
        return json.loads(text[text.index("{") :])["deployment"]

    def state(self, stack: str = "dev") -> dict[str, Json]:
        """The resources, by URN and mark."""
        return resources_of(self.deployment(stack))

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
