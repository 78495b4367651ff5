"""Plugins whose engine was killed: they know which it was, and are ended before another begins."""

from __future__ import annotations

import psutil

_STOP_SECONDS = 5.0
OWNER = "DATAHALL_ENGINE_PROCESS"  # in a plugin's environment: its engine's pid and start


def end_left_behind(pid: int, started: float) -> list[int]:
    """End the plugins of an engine that was killed, so that none is still at work; returns their pids."""
    ended = []
    for process in psutil.process_iter():
        try:
            owner = process.environ().get(OWNER, "").split()
            if len(owner) != 2 or owner[0] != str(pid) or abs(float(owner[1]) - started) >= 1:
                continue
            process.terminate()
            try:
                process.wait(_STOP_SECONDS)
            except psutil.TimeoutExpired:
                process.kill()
                process.wait(_STOP_SECONDS)
            ended.append(process.pid)
        except (psutil.NoSuchProcess, psutil.AccessDenied, psutil.ZombieProcess, ValueError):
            continue
    return ended
