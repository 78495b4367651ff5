"""A test with a real ephemeral stack beside one with mocks: `python -m benchmarks.testkit [--rounds 5]`.

The same program, in the same process, in turn. With the kit: an account, up, destroy, leak check, account
closed. With Pulumi's mocks: the program alone, its inputs handed back as outputs; nothing is checked, made or
compared. Seconds are wall-clock medians; the ratio is kit / mocks: what a real stack costs. CPU is of
all processes, for machines where other work goes on. The start of the emulated AWS, once a test session, is
told apart.
"""

import argparse
import statistics
import tempfile
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

import psutil

from benchmarks.testkit import mocked
from benchmarks.testkit.programs import PROGRAMS
from datahall.sandbox.aws import control
from datahall.testing.session import Sandbox, in_memory
from datahall.testing.stack import Stack


def main() -> None:
    """Print a row for each program."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=5)
    rounds: int = parser.parse_args().rounds
    with tempfile.TemporaryDirectory() as name, tempfile.TemporaryDirectory(dir=in_memory()) as stacks:
        folder = Path(name)
        start = _timed(partial(_start, folder))
        sandbox = Sandbox(partial(control.start, folder / "aws"))
        try:
            print(f"once a session: {start:.2f} s")
            print(
                f"{'program':18} {'resources':>9} {'mocks s':>8} {'kit s':>7} {'ratio':>6} {'kit CPU s':>9}"
            )
            for label, program in PROGRAMS.items():
                _row(label, program, sandbox, Path(stacks), rounds)
        finally:
            sandbox.stop()
            control.stop(folder / "aws")


def _start(folder: Path) -> None:
    sandbox = Sandbox(partial(control.start, folder / "aws"))
    account = sandbox.account(control.DEFAULT_REGION)
    account.provider()
    account.close()
    sandbox.stop()


def _row(label: str, program: Callable[[], None], sandbox: Sandbox, folder: Path, rounds: int) -> None:
    mocks, kit, cpu = [], [], []
    for number in range(rounds + 1):
        place = folder / f"{label}-{number}"
        place.mkdir()
        began = time.monotonic()
        mocked_resources = mocked.run(program)
        mocks.append(time.monotonic() - began)
        began, used = time.monotonic(), _cpu()
        with Stack(program, place, account=sandbox.account(control.DEFAULT_REGION)) as stack:
            stack.up()
            resources = len([one for one in stack.resources if not one.type.startswith("pulumi:")])
        kit.append(time.monotonic() - began)
        cpu.append(_cpu() - used)
        assert mocked_resources == resources
    # the first round reads modules and models
    one, other, used = (statistics.median(times[1:]) for times in (mocks, kit, cpu))
    print(f"{label:18} {resources:9d} {one:8.3f} {other:7.2f} {other / one:6.1f} {used:9.2f}", flush=True)


def _cpu() -> float:
    """CPU seconds of this process and those that it started and that live."""
    me = psutil.Process()
    return sum(sum(each.cpu_times()[:2]) for each in (me, *me.children(recursive=True)))


def _timed(call: Callable[[], None]) -> float:
    began = time.monotonic()
    call()
    return time.monotonic() - began


if __name__ == "__main__":
    main()
