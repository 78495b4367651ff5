"""Random snapshots, programs, faults and operations: after each the state is valid and true.

DATAHALL_FUZZ=N lives N cases (`make test-fuzz`), from seed DATAHALL_FUZZ_SEED on; without it a few. A case
that fails is made small by hypothesis and printed; put it into `test_regressions.py` to live it again.
"""

from __future__ import annotations

import gc
import os
from collections.abc import Iterator

import pytest

from datahall.engine import recorder

from .cloud import Cloud, serving
from .life import lived

CASES = int(os.environ.get("DATAHALL_FUZZ", "16"))
BLOCKS = 2 if CASES < 100 else 20  # for the workers of pytest-xdist
FIRST = int(os.environ.get("DATAHALL_FUZZ_SEED", "0"))


@pytest.fixture(scope="module")
def cloud() -> Iterator[tuple[Cloud, int]]:
    gc.freeze()  # what is imported stays: no collection need look at it
    with serving() as served:
        yield served
    gc.unfreeze()


@pytest.mark.parametrize("block", range(BLOCKS))
@pytest.mark.timeout(1800)
def test_state_and_inventory_stay_one(
    block: int, cloud: tuple[Cloud, int], salt: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    if block % 2:  # every other state is so large, as it were, that it has a journal
        monkeypatch.setattr(recorder, "WHOLE_BYTES", 0)
    lived(-(-CASES // BLOCKS), FIRST + block, cloud, salt)
