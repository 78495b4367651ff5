"""Random snapshots, programs, faults and operations: after each the state is valid and true.

DATAHALL_FUZZ=N lives N cases (`make test-fuzz`), from seed DATAHALL_FUZZ_SEED on; without it a few. A case
that fails is made small and printed; put it into `test_regressions.py` to live it again.
"""

from __future__ import annotations

import gc
import os
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from random import Random

import pytest

from datahall.engine import recorder

from .cases import Case, random_case
from .cloud import Cloud, serving
from .life import live
from .shrink import shrunk

CASES = int(os.environ.get("DATAHALL_FUZZ", "16"))
BLOCKS = 2 if CASES < 100 else 40  # for the workers of pytest-xdist
FIRST = int(os.environ.get("DATAHALL_FUZZ_SEED", "0"))


@pytest.fixture(scope="module")
def cloud() -> Iterator[tuple[Cloud, int]]:
    gc.freeze()  # what is imported stays: no collection need look at it
    with serving() as served:
        yield served
    gc.unfreeze()


def failure(case: Case, served: tuple[Cloud, int], salt: str) -> BaseException | None:
    """What a life came to. It has a thread, as the SDK looks at the whole stack for each resource."""
    with ThreadPoolExecutor(1) as thread:
        return thread.submit(live, case, *served, salt).exception()


@pytest.mark.parametrize("block", range(BLOCKS))
@pytest.mark.timeout(1800)
def test_state_and_inventory_stay_one(
    block: int, cloud: tuple[Cloud, int], salt: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    if block % 2:  # every other state is so large, as it were, that it has a journal
        monkeypatch.setattr(recorder, "WHOLE_BYTES", 0)
    for seed in range(FIRST + block, FIRST + CASES, BLOCKS):
        case = random_case(Random(seed))  # noqa: S311 - no secret
        error = failure(case, cloud, salt)
        if error is not None:
            small = shrunk(case, lambda each: failure(each, cloud, salt) is not None)
            error = failure(small, cloud, salt) or error
            raise AssertionError(f"seed {seed}: {error}\n{small}") from error
