"""Each model by `--smoke`, from data to a registered version; `lm` divided, and put together anew.

CI leaves this file out by name: `make test-train` runs it.
"""

import time
from collections.abc import Callable

import psutil
import pytest

from tests.workloads.conftest import Place
from tests.workloads.test_distributed import agree, losses, told, torchrun
from workloads.data.__main__ import main as put_data
from workloads.events import silent
from workloads.registry.store import Registry

pytestmark = [pytest.mark.train, pytest.mark.timeout(600)]

LIMIT_S = 120
"""On two idle cores; a machine that does something else as well may take longer."""


@pytest.mark.parametrize(
    ("model", "data"),
    [
        ("mnist", "digits"),
        ("mnist-cnn", "digits"),
        ("lm", "python-reference"),
        ("recommender", "ratings-made"),
        ("sentiment", "reviews-made"),
        ("chatbot", "support-made"),
    ],
)
def test_from_data_to_a_registered_version(place: Place, model: str, data: str) -> None:
    began = time.monotonic()
    assert put_data([data, "--site", str(place.file)], silent) == 0
    with torchrun(place, 2, "--smoke", model=model) as process:
        events = told(process)
    assert process.returncode == 0, events[-1:]
    assert time.monotonic() - began < LIMIT_S
    (version,) = Registry(place.buckets.registry, model).versions()
    assert [e["version"] for e in events if e["event"] == "registered"] == [version.card.version]
    assert version.card.lineage.world_size == 2


@pytest.mark.parametrize(("before", "after"), [(2, 1), (1, 2)], ids=["FSDP to one", "one to FSDP"])
def test_lm_is_divided_killed_and_goes_on_with_another_number(
    new_place: Callable[[], Place], before: int, after: int
) -> None:
    flags = ("--smoke", "--epochs", "2", "--deterministic", "true")
    whole, broken = new_place(), new_place()
    for place in (whole, broken):
        assert put_data(["python-reference", "--site", str(place.file)], silent) == 0
    with torchrun(whole, 1, *flags, model="lm") as process:
        unbroken = losses(told(process))
    with torchrun(broken, before, *flags, "--shard", str(before > 1).lower(), model="lm") as process:
        first = told(process, until="epoch")
        launcher = psutil.Process(process.pid)
        for each in (launcher, *launcher.children(recursive=True)):
            each.kill()
    with torchrun(broken, after, *flags, "--shard", str(after > 1).lower(), model="lm") as process:
        second = told(process)
    assert process.returncode == 0
    assert "registered" in [event["event"] for event in second]
    agree({**losses(first), **losses(second)}, unbroken)
