"""Stack references: what other stacks of the same backend have as their outputs."""

from __future__ import annotations

from collections.abc import Callable

from datahall.engine import urn
from datahall.engine.backend import Backend, StackFiles
from datahall.engine.checkpoint import Checkpoint, read_checkpoint
from datahall.engine.errors import InvalidProject
from datahall.engine.project import ORGANIZATION, check_project_name, check_stack_name
from datahall.engine.secrets import Crypter
from datahall.engine.state import ResourceState, decode_state
from datahall.engine.values import Properties, Value, contains_secret

_FORMS = "write STACK or organization/PROJECT/STACK"


class References:
    """Reads stacks by name; `project` is the one of a name that has none."""

    def __init__(self, backend: Backend, project: str, passphrase: Callable[[], str]) -> None:
        self._backend = backend
        self._project = project
        self._passphrase = passphrase

    def outputs(self, name: object) -> Properties:
        """A stack's outputs, and which are secret. Raises EngineError for one that cannot be read."""
        files, checkpoint = self._stack(name)
        root_urn = urn.root(files.stack, files.project)
        root = next((data for data in checkpoint.resources if data["urn"] == root_urn), None)
        outputs = self._decoded(checkpoint, [root])[0].outputs if root is not None else {}
        secret: list[Value] = [key for key in sorted(outputs) if contains_secret(outputs[key])]
        return {"name": str(name), "outputs": outputs, "secretOutputNames": secret}

    def resource_outputs(self, name: object) -> Properties:
        """Type and outputs of each of a stack's resources by URN. Raises EngineError as `outputs` does."""
        _, checkpoint = self._stack(name)
        states = self._decoded(checkpoint, checkpoint.resources)
        found: Properties = {s.urn: {"type": s.type, "outputs": s.outputs} for s in states if not s.delete}
        return {"name": str(name), "outputs": found}

    def _decoded(self, checkpoint: Checkpoint, resources: list[dict[str, object]]) -> list[ResourceState]:
        def decrypt(ciphertext: str) -> str:  # the key is derived only for a stack with secrets
            return Crypter(self._passphrase(), checkpoint.salt_state).decrypt(ciphertext)

        return [decode_state(data, decrypt) for data in resources]

    def _stack(self, name: object) -> tuple[StackFiles, Checkpoint]:
        if not isinstance(name, str):
            raise InvalidProject(f"stack reference: name: {name!r}: not a stack's name; {_FORMS}")
        files = self._files(name)
        checkpoint = read_checkpoint(files)
        if not checkpoint.exists:
            raise InvalidProject(
                f"stack reference: {name}: no such stack in this backend; create it with up, or correct it"
            )
        return files, checkpoint

    def _files(self, name: str) -> StackFiles:
        parts = name.split("/")
        if len(parts) > 3 or (len(parts) > 1 and parts[0] != ORGANIZATION):
            raise InvalidProject(
                f"stack reference: {name}: the organization of a folder is `{ORGANIZATION}`; {_FORMS}"
            )
        project, stack = parts[1] if len(parts) == 3 else self._project, parts[-1]
        check_project_name(project)
        check_stack_name(stack)
        return StackFiles(self._backend, project, stack)
