"""Random snapshots, programs, faults and operations: after each the state is valid and true.

DATAHALL_FUZZ=N runs N cases (`make test-fuzz`), from DATAHALL_FUZZ_SEED on; without it a few. A case that
fails is printed; DATAHALL_FUZZ_SHRINK also makes it small, which takes minutes.
"""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from pathlib import Path
from random import Random

import pytest
from hypothesis import HealthCheck, Phase, given, note, seed, settings
from hypothesis import strategies as st

from .cases import Case, random_case
from .cloud import Cloud, serving
from .judge import Judge

CASES = int(os.environ.get("DATAHALL_FUZZ", "16"))
BLOCKS = 2 if CASES < 100 else 20  # for the workers of pytest-xdist
FIRST = int(os.environ.get("DATAHALL_FUZZ_SEED", "0"))
PHASES = [Phase.generate, *([Phase.shrink] if "DATAHALL_FUZZ_SHRINK" in os.environ else [])]
CHECKS = [HealthCheck.too_slow, HealthCheck.data_too_large]


@pytest.fixture(scope="module")
def cloud() -> Iterator[tuple[Cloud, int]]:
    with serving() as served:
        yield served


def run_case(case: Case, cloud: Cloud, port: int, salt: str) -> None:
    """One life of a stack."""
    cloud.reset()
    memory = "/dev/shm" if os.access("/dev/shm", os.W_OK) else None  # noqa: S108 - a folder of its own in it
    with tempfile.TemporaryDirectory(dir=memory) as folder:
        judge = Judge(Path(folder), cloud, port, salt, case.parallel)
        judge.up(case.first, faults=())
        if case.spoil is not None:
            judge.up(case.spoil, faults=case.spoil_faults)
        if case.operation == "preview":
            judge.preview(case.then, faults=case.faults, raise_at=case.raise_at)
        elif case.operation == "up":
            judge.up(case.then, faults=case.faults, raise_at=case.raise_at)
        elif case.operation == "refresh":
            judge.refresh(case.drift, faults=case.faults)
        else:
            judge.destroy(faults=case.faults)
        judge.settles(case.then)
        judge.ends()


@pytest.mark.parametrize("block", range(BLOCKS))
@pytest.mark.timeout(1800)
def test_state_and_inventory_stay_one(block: int, cloud: tuple[Cloud, int], salt: str) -> None:
    @seed(FIRST + block)
    @settings(
        max_examples=-(-CASES // BLOCKS),
        deadline=None,
        database=None,
        suppress_health_check=CHECKS,
        phases=PHASES,
        print_blob=False,
    )
    @given(random=st.randoms(use_true_random=False))
    def lives(random: Random) -> None:
        case = random_case(random)
        note(repr(case))
        run_case(case, *cloud, salt)

    lives()
