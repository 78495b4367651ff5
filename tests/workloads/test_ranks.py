"""The processes that train together leave nothing of torch's behind."""

import socket
import subprocess
import sys

import pytest

from tests.workloads.conftest import ROOT, environment

# Threads of gloo's that live on until the interpreter ends have aborted it there.
_PROGRAM = """
import os, torch
from workloads.training.parallel import wrapped
from workloads.training.ranks import joined
from workloads.training.shards import Shards, wait, write
class Nowhere:
    def put(self, *_, **__): return True
with joined() as ranks:
    network = wrapped(torch.nn.Linear(4, 2), ranks)
    network(torch.ones(1, 4)).sum().backward()
    wait(write({"weight": torch.ones(2)}, Shards(Nowhere(), "x/"), ranks.saving))
    during = len(os.listdir("/proc/self/task"))
    del network
assert during > len(os.listdir("/proc/self/task")) == 1, (during, os.listdir("/proc/self/task"))
"""


@pytest.mark.train
def test_no_thread_of_the_group_outlives_it() -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    group = {"MASTER_ADDR": "127.0.0.1", "MASTER_PORT": str(port), "WORLD_SIZE": "2", "LOCAL_WORLD_SIZE": "2"}
    processes = []
    for rank in ("0", "1"):
        variables = {**environment(), **group, "RANK": rank, "LOCAL_RANK": rank, "CUDA_VISIBLE_DEVICES": ""}
        line = [sys.executable, "-c", _PROGRAM]
        processes.append(subprocess.Popen(line, cwd=ROOT, env=variables, stderr=subprocess.PIPE, text=True))
    ended = [(process.communicate(timeout=120)[1], process.returncode) for process in processes]
    assert [code for _, code in ended] == [0, 0], ended
