"""Seconds of the same training by two processes, a thread each, and by one with one thread or with two.

Same data, batch (of all processes together), steps and seed; DDP by gloo over loopback. Told is the loop, not
the processes' start; by the processor, the sum of both. Ratios are one / two, so above 1 two are quicker.
"""

import json
import os
import subprocess
import sys
from dataclasses import asdict

import torch

from benchmarks.training.ours import configured
from benchmarks.training.timing import Pair, Took, median, timed
from datahall.ports import any_free
from workloads.data import digits, texts
from workloads.events import silent
from workloads.models.table import MODELS
from workloads.training.checkpoints import Nowhere
from workloads.training.loop import train
from workloads.training.ranks import joined
from workloads.training.state import new_state

_EPOCHS = {"mnist": 12, "mnist-cnn": 4, "lm": 1}
_DATA = {"mnist": digits.collect, "mnist-cnn": digits.collect, "lm": texts.reference}


def run(rounds: int) -> list[Pair]:
    """Each model that needs nothing but what ships."""
    return [pair for model in _EPOCHS for pair in _pairs(model, rounds)]


def _pairs(model: str, rounds: int) -> list[Pair]:
    ways = ((2, 1), (1, 1), (1, 2))
    took = [[_together(model, *way) for way in ways] for _ in range(rounds)]
    two, one, threaded = (median([each[at] for each in took]) for at in range(len(ways)))
    return [
        Pair(f"ddp: {model}, against one process, one thread", "seconds", two, one),
        Pair(f"ddp: {model}, against one process, two threads", "seconds", two, threaded),
    ]


def _together(model: str, processes: int, threads: int) -> Took:
    """One training by that many processes: the first one's clock, all their processors' seconds."""
    ours = {"MASTER_ADDR": "127.0.0.1", "WORLD_SIZE": str(processes)}
    ours["LOCAL_WORLD_SIZE"] = str(len(os.sched_getaffinity(0)) // threads)  # so are threads shared out
    port = str(any_free())
    command = [sys.executable, "-m", "benchmarks.training.ddp", model]
    started = [
        subprocess.Popen(
            command,
            env={**os.environ, **ours, "MASTER_PORT": port, "RANK": str(rank), "LOCAL_RANK": str(rank)},
            stdout=subprocess.PIPE,
            text=True,
        )
        for rank in range(processes)
    ]
    told = [each.communicate(timeout=600)[0] for each in started]
    if any(each.returncode for each in started):
        raise SystemExit(f"ddp: {model}: a process failed")
    took = [Took(**json.loads(text.splitlines()[-1])) for text in told]
    return Took(took[0].wall, sum(one.cpu for one in took))


def _one_of_them(model: str) -> None:
    """Train as torchrun's environment says, and print what it took."""
    spec = MODELS[model].smaller() if model == "lm" else MODELS[model]
    spec = configured(spec, epochs=_EPOCHS[model])
    with joined() as ranks:
        torch.manual_seed(spec.training.seed)
        task = spec.open(_DATA[model]().files, ranks)
        state = new_state(task.network, spec.training, attachments={})
        ranks.gather(0)  # all begin together
        took = timed(
            lambda: train(
                state,
                task,
                spec,
                ranks,
                dtype=torch.float32,
                emit=silent,
                checkpoints=Nowhere(),
                stopping=lambda: False,
            )
        )
        print(json.dumps(asdict(took)))


if __name__ == "__main__":
    _one_of_them(sys.argv[1])
