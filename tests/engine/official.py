"""The official CLI on a world's stack, where a `pulumi` and its Python language host lie on PATH."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

import pytest

from datahall.engine.backend import Backend
from datahall.engine.storage.bucket_url import open_bucket
from datahall.engine.storage.folder import FolderStore

from .buckets import SECRET, Bucket
from .conftest import PASSPHRASE, PLUGINS, World

needed = pytest.mark.skipif(
    not (shutil.which("pulumi") and shutil.which("pulumi-language-python")),
    reason="no official pulumi with its Python language host on PATH (test_recorded.py has what it wrote)",
)
KINDS = ("folder", "compressed", "bucket")


@dataclass(frozen=True)
class Official:
    """The CLI, logged in to the backend of a world; `environment` is what it needs for that."""

    world: World
    url: str
    environment: Mapping[str, str] = field(default_factory=dict)

    def run(self, *arguments: str, stdin: str = "") -> subprocess.CompletedProcess[str]:
        """Run it, to whatever end."""
        home = self.world.folder / "home"
        home.mkdir(exist_ok=True)
        path = os.pathsep.join([str(PLUGINS), str(Path(sys.executable).parent), os.environ["PATH"]])
        environment = {
            "PATH": path,
            "HOME": str(home),
            "PULUMI_HOME": str(home / ".pulumi"),
            "PULUMI_BACKEND_URL": self.url,
            "PULUMI_CONFIG_PASSPHRASE": PASSPHRASE,
            "PULUMI_SKIP_UPDATE_CHECK": "1",
            **self.environment,
            **self.world.options.environment,
        }
        return subprocess.run(
            ["pulumi", *arguments, "--non-interactive"],
            cwd=self.world.folder,
            env=environment,
            input=stdin,
            capture_output=True,
            text=True,
            check=False,
            timeout=300,
        )

    def __call__(self, *arguments: str, stdin: str = "") -> str:
        """Run it to a good end; gives what it printed."""
        done = self.run(*arguments, stdin=stdin)
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout


def sharing(world: World, kind: str, bucket: Bucket | None) -> Official:
    """One backend of that kind for the world's engine and the CLI."""
    if bucket is not None:
        world.options = replace(world.options, backend=Backend(open_bucket("the test", bucket.url)))
        return Official(world, bucket.url, {"AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": SECRET})
    world.backend.mkdir(exist_ok=True)
    if kind == "compressed":
        world.options = replace(world.options, backend=Backend(FolderStore(world.backend), gzip=True))
        return Official(world, f"file://{world.backend}", {"PULUMI_DIY_BACKEND_GZIP": "true"})
    return Official(world, f"file://{world.backend}")
