"""What an operation leaves: the state on disk, a record in the history, and its result."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from datahall.engine import urn
from datahall.engine.deployment import Deployment
from datahall.engine.operation import Running
from datahall.engine.options import Result
from datahall.engine.values import Properties, masked


@contextmanager
def recorded(run: Running, kind: str, began: float) -> Iterator[None]:
    """Whatever comes, the state is on disk at the end, and the operation in the history."""
    d, opened = run.deployment, run.opened
    outcome = "failed"
    try:
        yield
        outcome = "succeeded"
    finally:
        d.snapshot.close(write=not opened.checkpoint.exists)
        started = time.time() - (time.monotonic() - began)
        opened.files.add_history(
            {
                "kind": kind,
                "startTime": int(started),
                "message": run.message,
                "environment": {},
                "config": dict(opened.config.raw),
                "version": 0,
                "result": outcome,
                "endTime": int(time.time()),
                "resourceChanges": d.events.in_history,
            }
        )


def result_of(d: Deployment, began: float, outputs: Properties | None = None) -> Result:
    """What the run did; the outputs are those of the stack in this run unless given."""
    if outputs is None:
        root = d.news.get(urn.root(d.stack, d.project))
        outputs = root.outputs if root is not None else {}
    shown: dict[str, Any] = masked(outputs)
    return Result(
        summary=d.events.counts,
        outputs=shown,
        policy=d.events.policy,
        changed=d.events.changed,
        seconds=time.monotonic() - began,
        before=d.olds,
        after=d.news,
    )
