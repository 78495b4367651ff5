"""Memory that is let go of is kept, in a process of its own: it stays so as long as that runs."""

import json
import platform
import subprocess
import sys

import pytest

from tests.workloads.conftest import ROOT

PROGRAM = """
import json, resource, sys, threading
from workloads.training.memory import keep_freed_memory

def faults():
    return resource.getrusage(resource.RUSAGE_SELF).ru_minflt

def taken():
    before = faults()
    bytearray(b"1") * 200_000_000
    return faults() - before

if sys.argv[1] == "kept":
    keep_freed_memory()
found = [taken() for _ in range(3)]
thread = threading.Thread(target=taken)  # its arena has no room for so much
thread.start()
thread.join()
print(json.dumps(found))
"""


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="elsewhere nothing is done")
@pytest.mark.parametrize("how", ["kept", "given back"])
def test_what_was_let_go_of_costs_no_page_again(how: str) -> None:
    ran = subprocess.run(
        [sys.executable, "-c", PROGRAM, how], cwd=ROOT, capture_output=True, text=True, check=True, timeout=60
    )
    first, *again = json.loads(ran.stdout)
    assert first > 50  # a page is 4 kB, or where the system gives huge ones 2 MB
    assert (max(again) < first / 4) is (how == "kept")
