"""The inventory of a stack's bare metal, for plain ansible-playbook: what the stack exports, read only.

It asks `datahall engine stack output` or `pulumi stack output`: a state is read as its engine reads it.
"""

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from ansible.errors import AnsibleParserError
from ansible.plugins.inventory import BaseInventoryPlugin
from ansible.template import trust_as_template

DOCUMENTATION = """
name: datahall
short_description: Inventory that a Pulumi stack exports
description:
  - Reads an output of a stack, in Ansible's YAML form, as a BareMetalPool exports it.
  - The file's name must end in C(datahall.yml) or C(datahall.yaml). Nothing is changed.
options:
  plugin:
    description: This plugin's name.
    required: true
    choices: [datahall]
  stack:
    description: The stack.
    required: true
  output:
    description: The output that is the inventory.
    default: inventory
  project:
    description: The folder that holds Pulumi.yaml, from this file's; by default this checkout.
  engine:
    description: Whose command reads the state, C(datahall) or C(pulumi).
    default: datahall
    choices: [datahall, pulumi]
  backend:
    description:
      - Where stacks are kept, C(file://FOLDER) or C(s3://BUCKET).
      - By default what PULUMI_BACKEND_URL says; else, for C(datahall), the state of DATAHALL_HOME or of
        .datahall in the project, and for C(pulumi) what it is logged in to.
"""

EXAMPLES = """
plugin: datahall
stack: prod
"""

_CHECKOUT = Path(__file__).resolve().parents[3]
_WORDS = {"datahall": ("engine",), "pulumi": ("--non-interactive",)}


class InventoryModule(BaseInventoryPlugin):  # type: ignore[misc] # Ansible has no types
    """What every inventory plugin of Ansible is called."""

    NAME = "datahall"

    def verify_file(self, path: str) -> bool:
        """Whether the file is for this plugin, by its name."""
        return bool(super().verify_file(path)) and path.endswith(("datahall.yml", "datahall.yaml"))

    def parse(self, inventory: Any, loader: Any, path: str, cache: bool = True) -> None:  # noqa: ANN401 - Ansible's
        """Read the output and fill the inventory. Raises AnsibleParserError."""
        super().parse(inventory, loader, path, cache)
        self._read_config_data(path)
        folder = Path(path).resolve().parent
        project = folder / Path(self.get_option("project") or _CHECKOUT).expanduser()
        stack, output = self.get_option("stack"), self.get_option("output")
        said = _asked(self.get_option("engine"), project, (stack, output), self.get_option("backend"))
        if not isinstance(said, Mapping) or not isinstance(said.get("all"), Mapping):
            raise AnsibleParserError(
                f"output: {output}: of stack {stack} is no inventory (a secret is not read either); "
                "export BareMetalPool.inventory under that name"
            )
        for name, group in said.items():
            self._add(name, group)

    def _add(self, name: str, group: Mapping[str, Any]) -> None:
        self.inventory.add_group(name)
        for key, value in (group.get("vars") or {}).items():
            self.inventory.set_variable(name, key, _trusted(value))
        for host, variables in (group.get("hosts") or {}).items():
            self.inventory.add_host(host, group=name)
            for key, value in (variables or {}).items():
                self.inventory.set_variable(host, key, _trusted(value))
        for child, more in (group.get("children") or {}).items():
            self._add(child, more or {})
            self.inventory.add_child(name, child)


def _asked(engine: str, project: Path, named: tuple[str, str], backend: str | None) -> Any:  # noqa: ANN401 - JSON
    """What the engine's command says of an output."""
    stack, output = named
    command = [_program(engine), *_WORDS[engine], "stack", "output", output, "--json", "--stack", stack]
    environment = dict(os.environ)
    if backend or (engine == "datahall" and not environment.get("PULUMI_BACKEND_URL")):
        home = Path(environment.get("DATAHALL_HOME", project / ".datahall"))
        environment["PULUMI_BACKEND_URL"] = backend or f"file://{home.resolve() / 'state'}"
    done = subprocess.run(
        [*command, "--cwd", str(project)], check=False, capture_output=True, text=True, env=environment
    )
    if done.returncode:
        raise AnsibleParserError(f"stack: {stack}: {_last(done.stderr.splitlines())}")
    return json.loads(done.stdout)


def _program(engine: str) -> str:
    folders = [str(Path(sys.executable).parent), str(_CHECKOUT / ".venv" / "bin"), os.environ.get("PATH", "")]
    found = shutil.which(engine, path=os.pathsep.join(folders))
    if found is None:
        raise AnsibleParserError(f"engine: {engine}: is not on PATH; install it, or choose the other")
    return found


def _last(lines: Sequence[str]) -> str:
    return next((line.strip() for line in reversed(lines) if line.strip()), "it said nothing")


def _trusted(value: Any) -> Any:  # noqa: ANN401 - JSON
    """The value, its texts templated as those of an inventory file are: the stack's program wrote them."""
    if isinstance(value, str):
        return trust_as_template(value)
    if isinstance(value, Mapping):
        return {key: _trusted(item) for key, item in value.items()}
    return [_trusted(item) for item in value] if isinstance(value, list) else value
