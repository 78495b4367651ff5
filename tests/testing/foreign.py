"""A pytest of its own, in a project that is not ours, with datahall as a wheel would install it."""

from __future__ import annotations

import os
import subprocess
import sys
import zipfile
from dataclasses import dataclass
from pathlib import Path
from xml.etree import ElementTree

ROOT = Path(__file__).parents[2]


@dataclass(frozen=True)
class Ran:
    """What a run of pytest gave: its exit code, what it printed, and what it said of each test by name."""

    code: int
    said: str
    failures: dict[str, str]
    errors: dict[str, str]


def install(folder: Path) -> Path:
    """Build datahall's wheel and unpack it, as pip does; the folder for PYTHONPATH."""
    argv = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(folder)]
    subprocess.run(argv, cwd=ROOT, check=True, capture_output=True)
    (wheel,) = folder.glob("*.whl")
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(folder / "site")
    return folder / "site"


# what users have set for their own work, none of which is for tests
THEIRS = {
    "AWS_PROFILE": "corporate",
    "AWS_ACCESS_KEY_ID": "AKIAIOSFODNN7EXAMPLE",
    "AWS_SESSION_TOKEN": "theirs",
    "AWS_ENDPOINT_URL_EC2": "http://elsewhere.invalid",
    "AWS_REGION": "eu-north-1",
    "HTTP_PROXY": "http://proxy.invalid:1",
    "http_proxy": "http://proxy.invalid:1",
    "PULUMI_BACKEND_URL": "https://elsewhere.invalid",
    "PULUMI_CONFIG_PASSPHRASE_FILE": "/nowhere",
    "PULUMI_STACK": "production",
}


def environment(site: Path) -> dict[str, str]:
    """Ours, less what pytest put there, with the installed datahall and a user's own settings."""
    kept = {key: value for key, value in os.environ.items() if not key.startswith("PYTEST_")}
    return {**kept, **THEIRS, "PYTHONPATH": str(site), "PYTHONDONTWRITEBYTECODE": "1"}


def run_pytest(site: Path, folder: Path, *arguments: str) -> Ran:
    """Run the tests of a folder as its owner would."""
    report = folder / "report.xml"
    argv = [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", f"--junitxml={report}", *arguments]
    ended = subprocess.run(
        argv, cwd=folder, env=environment(site), capture_output=True, text=True, check=False
    )
    said = ended.stdout + ended.stderr
    assert report.exists(), said
    cases = ElementTree.parse(report).getroot().iter("testcase")  # noqa: S314 - our own pytest wrote it
    found: dict[str, dict[str, str]] = {"failure": {}, "error": {}}
    for case in cases:
        for kind, texts in found.items():
            for told in case.iter(kind):
                texts[case.attrib["name"]] = f"{told.attrib['message']}\n{told.text}"
    return Ran(ended.returncode, said, found["failure"], found["error"])
