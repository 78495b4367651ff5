"""Kills ansible-playbook after so many tasks that changed something: ANSIBLE_CALLBACKS_ENABLED=killer.

At the first host's answer: the others are still at it, and no handler was told.
"""

import os
import signal
from typing import Any

from ansible.plugins.callback import CallbackBase


class CallbackModule(CallbackBase):  # type: ignore[misc] # Ansible has no types
    """What every callback plugin of Ansible is called."""

    CALLBACK_VERSION = 2.0
    CALLBACK_TYPE = "aggregate"
    CALLBACK_NAME = "killer"
    CALLBACK_NEEDS_ENABLED = True

    def __init__(self) -> None:
        super().__init__()
        self._left = int(os.environ["DATAHALL_KILL_AFTER"])
        self._changed: set[str] = set()

    def v2_runner_on_ok(self, result: Any) -> None:  # noqa: ANN401 - Ansible has no types
        """Count the task, once whatever the number of hosts; debug only says what it found."""
        if result.is_changed() and result._task.action != "ansible.builtin.debug":
            self._changed.add(result._task._uuid)
        if len(self._changed) >= self._left:
            print(f"killed after: {result._task.get_name()}", flush=True)
            os.kill(os.getpid(), signal.SIGKILL)
