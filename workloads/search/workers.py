"""The trials of a search, one after the other here or several at a time in processes of their own."""

import multiprocessing
import os
import signal
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from multiprocessing.queues import SimpleQueue
from multiprocessing.synchronize import Event

from workloads.errors import WorkloadError
from workloads.search.job import Job
from workloads.search.trial import Bench, Tried, attempt, open_bench
from workloads.training.stop import Stop

_LOOK_S = 0.2

_bench: Bench
"""Of a worker's process: what its initializer opened."""
_halt: Event


def trials(bench: Bench, tickets: range, stop: Stop) -> Iterator[tuple[int, Tried]]:
    """Each trial's ticket and what came of it, as they end; fewer than there are tickets if asked to stop."""
    workers = min(bench.job.config.workers, len(tickets))
    if workers > 1:
        yield from _together(bench.job, tickets, workers, stop)
        return
    for ticket in tickets:
        tried = None if stop.asked else attempt(bench, ticket, lambda: stop.asked)
        if tried is None:
            return
        yield ticket, tried


def _together(job: Job, tickets: range, workers: int, stop: Stop) -> Iterator[tuple[int, Tried]]:
    context = multiprocessing.get_context("spawn")  # torch's threads do not live through a fork
    halt, numbers = context.Event(), context.SimpleQueue()
    for number in range(workers):
        numbers.put(number)
    with (
        ProcessPoolExecutor(workers, context, initializer=_begin, initargs=(job, halt, numbers)) as pool,
        _halted(halt),
    ):
        waiting: dict[Future[Tried | None], int] = {pool.submit(_one, ticket): ticket for ticket in tickets}
        while waiting:
            done, _ = wait(waiting, timeout=_LOOK_S, return_when=FIRST_COMPLETED)
            for future in done:
                ticket = waiting.pop(future)
                tried = _result(future)
                if tried is not None:
                    yield ticket, tried
            if stop.asked:
                halt.set()
                waiting = {future: ticket for future, ticket in waiting.items() if not future.cancel()}


@contextmanager
def _halted(halt: Event) -> Iterator[None]:
    """Whatever ends the block, no trial goes on."""
    try:
        yield
    finally:
        halt.set()


def _result(future: Future[Tried | None]) -> Tried | None:
    try:
        return future.result()
    except BrokenProcessPool:
        rule, fix = "a process of the search was lost (killed, or out of memory)", "start it again, or fewer"
        raise WorkloadError("--workers", "a process", rule, fix) from None


def _begin(job: Job, halt: Event, numbers: "SimpleQueue[int]") -> None:
    """A worker's beginning: only the search that started it ends it."""
    global _bench, _halt
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, signal.SIG_IGN)
    threading.Thread(target=_leave_with_the_parent, daemon=True).start()
    _bench, _halt = open_bench(job, numbers.get()), halt


def _leave_with_the_parent() -> None:
    parent = multiprocessing.parent_process()
    if parent is not None:  # a spawned process has one
        parent.join()
        os._exit(1)


def _one(ticket: int) -> Tried | None:
    stopping: Callable[[], bool] = _halt.is_set
    return None if stopping() else attempt(_bench, ticket, stopping)
