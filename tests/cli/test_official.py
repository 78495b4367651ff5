"""The official engine, where there is one on PATH: the same program, plugin, pack and state."""

import shutil
from pathlib import Path

import pytest

from tests.cli.conftest import ROOT
from tests.cli.running import Run

pytestmark = pytest.mark.skipif(shutil.which("pulumi") is None, reason="no official pulumi on PATH")


def test_a_preview_by_the_official_engine_leaves_the_settings_as_they_are(datahall: Run, home: Path) -> None:
    settings = ROOT / "stacks" / "Pulumi.local.yaml"
    before = settings.read_bytes()
    told = datahall("preview", "local", "--engine", "pulumi", "--json")
    assert told.code == 0, told.err
    assert told.json["engine"] == "pulumi"
    assert told.json["changes"]["create"] > 50
    assert settings.read_bytes() == before
    assert (home / "state" / ".pulumi" / "stacks" / "datahall" / "local.json").is_file()
    expecting = datahall("preview", "local", "--engine", "pulumi", "--expect-no-changes")
    assert expecting.code == 1
    assert "--expect-no-changes was given" in expecting.err
    assert datahall("down", "local").code == 0
