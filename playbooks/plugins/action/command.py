"""A command, run by the host's own shell.

Ansible's module of that name sends a host much Python to start the same program, and commands that ask are
most of what a second converge still ran Python for. It takes the place of ``ansible.legacy.command`` where a
task gives ``argv``, and ``stdin`` or nothing else. Neither ``~`` nor ``$X`` is expanded in them; a program
that is not there is code 127. What else a task says goes to Ansible's own action.
"""

from collections.abc import Mapping
from shlex import join
from typing import Any

from ansible.plugins.action import ActionBase


class ActionModule(ActionBase):  # type: ignore[misc] # Ansible has no types
    """What every action plugin of Ansible is called."""

    def run(self, tmp: None = None, task_vars: dict[str, Any] | None = None) -> dict[str, Any]:
        """The result of the task, as Ansible's module has it but for its times."""
        task = self._task
        argv, stdin = task.args.get("argv"), task.args.get("stdin")
        plain = set(task.args) <= {"argv", "stdin"} and isinstance(argv, list)
        if not plain or task.async_val or task.check_mode or any(task.environment or ()):
            action = self._shared_loader_obj.action_loader.get(
                "ansible.builtin.command",
                task=task,
                connection=self._connection,
                play_context=self._play_context,
                loader=self._loader,
                templar=self._templar,
                shared_loader_obj=self._shared_loader_obj,
            )
            own: dict[str, Any] = action.run(task_vars=task_vars)
            return own
        words = [str(word) for word in argv]
        # with something on stdin Ansible asks for no terminal, which would dress the answer up
        said = self._low_level_execute_command(
            command(words, stdin is not None), in_data=f"{stdin or ''}\n".encode()
        )
        return {"cmd": words, "changed": True, **result(said)}


def command(argv: list[str], reads: bool) -> str:
    """A line for a shell, which says the program's code last: ssh has a meaning of its own for 255."""
    return f"{join(argv)}{'' if reads else ' </dev/null'}\nprintf '\\n%s' $?"


def result(said: Mapping[str, Any]) -> dict[str, Any]:
    """What a task's result tells of the program, from what the shell said."""
    output, _, code = str(said["stdout"]).rpartition("\n")
    ran = code.isdecimal() and not said["rc"]
    told = {"stdout": (output if ran else str(said["stdout"])).rstrip("\r\n")}
    told["stderr"] = str(said["stderr"]).rstrip("\r\n")
    rc = int(code) if ran else int(said["rc"]) or 1  # a shell that did not come to its end
    lines = {f"{name}_lines": text.splitlines() for name, text in told.items()}
    msg = "non-zero return code" if rc else ""
    return {**told, **lines, "rc": rc, "msg": msg, "failed": rc != 0}
