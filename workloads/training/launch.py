"""`python -m workloads.training.launch`: torchrun, but SIGTERM is passed on as a wish.

torchrun's agent ends its processes on SIGTERM and then fails, so a scheduler that takes a node back sees a
failed job. Here the agent leaves SIGTERM to us: each process is told, saves and ends with 0, the agent
finds them done, and the job ends with 0, ready to be put back into the queue. All else is torchrun's,
arguments included; see docs/adr/0009.

`--nproc-per-node gpus-or-2` is a process a GPU, and two on a machine without any, where torchrun's `auto`
would begin one a core.

Unless its processes' output is to be kept (`--log-dir`, `--redirects`, `--tee`), no folder is made for it:
torchrun would leave one in /tmp for every start.

Nor does torchrun pass on how its processes ended. The two codes that a scheduler must know are: 2, bad input,
and 75, stopped before the end (`--stopped-code 75`).
"""

import os
import signal
import sys
from argparse import Namespace
from collections.abc import Sequence
from types import FrameType

import psutil

from workloads.training.stop import STOPPED

_NOTHING = "0"
GPUS_OR_TWO = "gpus-or-2"
_PASSED_ON = (2, STOPPED)
_LEFT_TO_TORCHRUN = "SIGINT,SIGHUP,SIGQUIT"


def main(argv: Sequence[str]) -> None:
    """Run torchrun with `argv`; raises SystemExit or torch's ChildFailedError as it does."""
    signal.signal(signal.SIGTERM, _pass_on)
    from torch import cuda  # noqa: PLC0415 - 2 s in which SIGTERM may come
    from torch.distributed import run  # noqa: PLC0415 - the same
    from torch.distributed.elastic.multiprocessing.errors import ChildFailedError  # noqa: PLC0415

    try:
        argv = [str(cuda.device_count() or 2) if each == GPUS_OR_TWO else each for each in argv]
        run.main(["--signals-to-handle", _LEFT_TO_TORCHRUN, *logging_of(run.parse_args(argv)), *argv])  # type: ignore[no-untyped-call]
    except ChildFailedError as error:
        _, first = error.get_first_failure()
        if first.exitcode not in _PASSED_ON:
            raise
        raise SystemExit(first.exitcode) from None


def logging_of(asked: Namespace) -> list[str]:
    """Where torchrun logs to, of arguments that do not say."""
    kept = asked.log_dir or asked.redirects != _NOTHING or asked.tee != _NOTHING
    return [] if kept else ["--log-dir", os.devnull]


def _pass_on(_signal: int, _frame: FrameType | None) -> None:
    for child in psutil.Process(os.getpid()).children():
        child.send_signal(signal.SIGTERM)


if __name__ == "__main__":
    main(sys.argv[1:])
