"""Real (emulated) hosts for the tests of the playbooks: Linux, root, `make test-metal`.

They take minutes, so `make test` leaves them out: DATAHALL_METAL=1 puts them in.
"""

import os
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.metal.driver import Run, Site, machine_state

if not os.environ.get("DATAHALL_METAL"):
    collect_ignore_glob = ["test_*.py"]


@pytest.fixture(scope="session")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """Four blank hosts; afterwards the machine must be as it was."""
    home = tmp_path_factory.mktemp("metal")
    before = machine_state(home / "hosts")
    made = Site.up(home)
    try:
        yield made
    finally:
        made.down()
    assert machine_state(home / "hosts") == before
    assert not (home / "hosts").exists()


@pytest.fixture(scope="session")
def runs(site: Site) -> list[Run]:
    """The first converge: killed every ``KILL_STEP`` tasks and run again, until a run comes to its end."""
    site.playbook("validate.yml").succeeded()
    made = [site.killed("site.yml")]
    while made[-1].code == -signal.SIGKILL and len(made) < 60:
        made.append(site.killed("site.yml"))
    return made


@pytest.fixture(scope="session")
def converged(site: Site, runs: list[Run]) -> Site:
    """The hosts after the first converge."""
    runs[-1].succeeded()
    return site


@pytest.fixture
def inventory(tmp_path: Path) -> Path:
    """A file that a test may plant faults in; it is read after the hosts' own inventory."""
    return tmp_path / "planted.yml"
