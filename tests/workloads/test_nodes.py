"""Two nodes as their pods would start them, as processes here: `make test-train`."""

import socket
import subprocess
import sys
from collections.abc import Callable

import pytest

from tests.workloads.conftest import ROOT, Place, environment
from tests.workloads.test_distributed import SMALL, agree, digits, losses, told, unbroken

__all__ = ["digits", "unbroken"]

pytestmark = [
    pytest.mark.train,
    pytest.mark.timeout(600),
]


def test_two_nodes_as_pods_start_them_stop_with_a_code_of_their_own_and_go_on(
    digits: Callable[[], Place], unbroken: dict[int, float]
) -> None:
    place, port = digits(), str(free_port())

    def node(rank: int) -> subprocess.Popen[str]:
        launch = ["-m", "workloads.training.launch", "--nnodes=2", f"--node-rank={rank}"]
        meet = ["--nproc-per-node=1", "--master-addr=127.0.0.1", f"--master-port={port}"]
        program = ["-m", "workloads.training", "mnist", "--site", str(place.file), "--events", "json"]
        line = [sys.executable, *launch, *meet, *program, "--stopped-code", "75", *SMALL]
        out, err = (subprocess.PIPE, subprocess.DEVNULL) if rank == 0 else (subprocess.DEVNULL,) * 2
        return subprocess.Popen(line, cwd=ROOT, env=environment(), stdout=out, stderr=err, text=True)

    with node(0) as first, node(1) as second:
        before = told(first, until="epoch")
        second.terminate()
        before += told(first)
    assert (first.returncode, second.returncode) == (75, 75)
    assert before[-1]["event"] == "stopped"
    with node(0) as first, node(1) as second:
        after = told(first)
    assert (first.returncode, second.returncode) == (0, 0)
    agree({**losses(before), **losses(after)}, unbroken)


def free_port() -> int:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        port: int = taken.getsockname()[1]
        return port
