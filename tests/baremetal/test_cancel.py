"""A run that is cancelled ends, with all that it started here."""

from __future__ import annotations

import threading
import time
from pathlib import Path

import psutil
import pytest

from datahall.baremetal import pool
from datahall.baremetal.run import Ask, Cancelled, play
from tests.baremetal.world import World

_SITE = """---
- name: Sleep
  hosts: "{{ site_only }}"
  gather_facts: false
  tasks:
    - name: Sleep
      ansible.builtin.raw: exec sleep 4711
"""


def sleepers() -> list[psutil.Process]:
    return [each for each in psutil.process_iter(["cmdline"]) if each.info["cmdline"] == ["sleep", "4711"]]


def test_a_cancelled_run_leaves_nothing_behind(tmp_path: Path) -> None:
    world = World.made(tmp_path)
    (world.folder / "playbooks" / "site.yml").write_text(_SITE)
    args = world.args()
    asked = pool.read({"playbooks": str(args.playbooks), "inventory": args.inventory()})
    cancelled = threading.Event()

    def cancel() -> None:
        deadline = time.monotonic() + 60
        while not sleepers() and time.monotonic() < deadline:
            time.sleep(0.1)
        cancelled.set()

    waiter = threading.Thread(target=cancel)
    waiter.start()
    ask = Ask("site.yml", ["one"], variables={"site_only": "converging"})
    with pytest.raises(Cancelled, match=r"site\.yml: cancelled"):
        play(asked, ask, lambda _: None, cancelled)
    waiter.join()
    assert sleepers() == []
