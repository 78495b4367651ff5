"""Our launcher: torchrun with where it logs to, and Slurm's script around it."""

import os
import runpy
import subprocess
import sys
from pathlib import Path

import pytest
from torch.distributed import run

from tests.workloads.conftest import ROOT
from workloads.training.launch import logging_of
from workloads.training.threads import threads_that_sleep


@pytest.mark.parametrize(
    ("asked", "added"),
    [
        ([], ["--log-dir", os.devnull]),
        (["--log-dir", "logs"], []),
        (["--redirects", "3"], []),
        (["-t", "0:1"], []),
    ],
)
def test_no_folder_is_made_for_logs_that_nobody_wants(asked: list[str], added: list[str]) -> None:
    line = [*asked, "-m", "workloads.training", "mnist", "--log-dir", "the program's own"]
    assert logging_of(run.parse_args(line)) == added  # type: ignore[no-untyped-call]


@pytest.mark.parametrize("said", [{"OMP_WAIT_POLICY": "active"}, {"GOMP_SPINCOUNT": "9"}, {}])
def test_threads_sleep_unless_somebody_said_how_they_wait(said: dict[str, str]) -> None:
    environment = dict(said)
    threads_that_sleep(environment)
    assert environment == (said or {"OMP_WAIT_POLICY": "passive"})


@pytest.mark.parametrize("program", ["training", "search", "folds"])
def test_what_trains_has_them_sleep(program: str, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("OMP_WAIT_POLICY", "GOMP_SPINCOUNT"):
        monkeypatch.setenv(name, "")  # so that it is put back
        monkeypatch.delenv(name)
    name = f"workloads.{program}.__main__"
    monkeypatch.delitem(sys.modules, name, raising=False)
    monkeypatch.setattr(sys, "argv", [program, "--help"])
    with pytest.raises(SystemExit):
        runpy.run_module(name, run_name="__main__")
    assert os.environ["OMP_WAIT_POLICY"] == "passive"


SRUN = '#!/bin/bash\nexit "$CODE"\n'
SCONTROL = '#!/bin/bash\n[ "$1" = show ] && echo 127.0.0.1 || echo "$@" >> "$TOLD"\n'
TIMEOUT = '#!/bin/bash\nexit "$DEAD"\n'
"""Stand-ins for Slurm, and for whether a node's daemon answers."""


@pytest.mark.parametrize(
    ("code", "starts", "dead", "requeued"),
    [
        (0, 0, 0, False),
        (1, 0, 0, True),
        (137, 1, 0, True),
        (1, 2, 0, False),
        (2, 0, 0, False),
        (1, 7, 1, True),
    ],
    ids=["done", "a rank was lost", "again", "for the third time", "bad input", "a node was lost"],
)
def test_slurm_puts_a_job_back_that_lost_a_rank(
    tmp_path: Path, code: int, starts: int, dead: int, requeued: bool
) -> None:
    for name, script in (("srun", SRUN), ("scontrol", SCONTROL), ("timeout", TIMEOUT)):
        (tmp_path / name).write_text(script)
        (tmp_path / name).chmod(0o755)
    (tmp_path / "environment").write_text("")
    told = tmp_path / "told"
    variables = {"CODE": code, "DEAD": dead, "TOLD": told, "SLURM_RESTART_COUNT": starts}
    variables |= {"SLURM_JOB_ID": 17, "SLURM_JOB_NODELIST": "w1", "SLURM_NNODES": 1}
    done = subprocess.run(
        ["bash", ROOT / "datahall/slurm/job.sh", tmp_path, "mnist"],
        env={"PATH": f"{tmp_path}:{os.environ['PATH']}", **{k: str(v) for k, v in variables.items()}},
        capture_output=True,
        check=False,
    )
    assert (told.read_text() if told.exists() else "") == ("requeue 17\n" if requeued else "")
    assert done.returncode == (0 if requeued else code), done.stderr
