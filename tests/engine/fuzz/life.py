"""One life of a stack: what a case says, judged after each operation."""

from __future__ import annotations

import os
import tempfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from hypothesis import HealthCheck, Phase, assume, given, seed, settings

from .cases import Case, cases
from .cloud import Cloud
from .judge import Judge, unclear

MEMORY = "/dev/shm" if os.access("/dev/shm", os.W_OK) else None  # noqa: S108 - a folder of its own in it


def lived(many: int, first: int, served: tuple[Cloud, int], salt: str) -> None:
    """Live so many cases, the same ones for the same `first`.

    Raises AssertionError, and notes a small case. A life has a thread, as the SDK looks at the whole call
    stack for each resource. What hypothesis draws twice, more than a quarter, is lived once and counts once.
    """
    known: set[Case] = set()

    @seed(first)
    @settings(
        max_examples=many,
        phases=(Phase.generate, Phase.shrink),
        database=None,  # what failed once belongs into test_regressions.py
        deadline=None,
        suppress_health_check=list(HealthCheck),
        report_multiple_bugs=False,
        print_blob=True,
    )
    @given(cases())
    def lives(case: Case) -> None:
        assume(case not in known)
        with ThreadPoolExecutor(1) as thread:
            thread.submit(live, case, *served, salt).result()
        known.add(case)

    lives()


def live(case: Case, cloud: Cloud, port: int, salt: str) -> None:
    """Raises AssertionError where a promise is broken."""
    cloud.reset()
    with tempfile.TemporaryDirectory(dir=MEMORY) as folder:
        judge = Judge(Path(folder), cloud, port, salt, case.parallel)
        judge.up(case.first)
        judge.check(pending=False)
        if case.spoil is not None:
            judge.up(case.spoil, case.spoil_faults)
            judge.check(pending=unclear(case.spoil_faults))
        judge.drift(case.drift)
        _operate(judge, case)
        judge.settles(case.then, twice=case.parallel == 1)
        judge.ends()


def _operate(judge: Judge, case: Case) -> None:
    ask, faults = case.ask, case.faults
    match ask.kind:
        case "preview":
            judge.preview(case.then, faults, ask, case.raise_at)
        case "up":
            judge.up(case.then, faults, ask, case.raise_at)
        case "refresh":
            judge.refresh(faults, ask)
        case "destroy":
            judge.destroy(faults, ask)
        case "rename":
            judge.rename()
        case "reimport":
            judge.reimport()
    if case.drift:  # what the operation did not look at
        judge.refresh()
    judge.check(pending=unclear((*case.spoil_faults, *faults)))
