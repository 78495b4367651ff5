"""A change of the passphrase, killed at each thing that it does to a file; what is left is judged."""

import json
import os
import shutil
from dataclasses import dataclass
from pathlib import Path

from datahall.engine import Options, Project, load_project, secrets
from datahall.engine.backend import Backend, StackFiles
from datahall.engine.checkpoint import read_checkpoint, render
from datahall.engine.config_edit import get_config, set_config
from datahall.engine.errors import MissingPassphrase
from datahall.engine.passphrase_change import change_passphrase
from datahall.engine.secrets import Crypter
from datahall.engine.stack_admin import init_stack
from datahall.engine.state import compact, decode_state
from datahall.engine.values import SECRET_SIGNATURE, SIGNATURE, Secret
from tests.engine.kill_server import Deadly, _Files

OLD, NEW = "correct horse", "battery staple"
URN = "urn:pulumi:dev::proj::pulumi:pulumi:Stack::proj-dev"


@dataclass(frozen=True)
class Stage:
    """A stack with secrets in its state, in a pending operation and in its configuration file."""

    project: Project
    backend: Path

    @property
    def files(self) -> StackFiles:
        return StackFiles(Backend.of(self.backend), "proj", "dev")

    def options(self, passphrase: str) -> Options:
        return Options(backend=self.backend, passphrase=passphrase)

    def change(self) -> bool:
        return change_passphrase(self.project, "dev", self.options(OLD), NEW)

    def make(self) -> None:
        init_stack(self.project, "dev", self.options(OLD))
        set_config(self.project, "dev", self.options(OLD), "word", "hunter5", path=False, secret=True)
        crypter = Crypter(OLD, read_checkpoint(self.files).salt_state)

        def record(word: str) -> dict[str, object]:
            secret = {SIGNATURE: SECRET_SIGNATURE, "ciphertext": crypter.encrypt(json.dumps(word))}
            return {"urn": URN, "type": "pulumi:pulumi:Stack", "custom": False, "outputs": {"word": secret}}

        content = render(
            stack="dev",
            project="proj",
            salt_state=crypter.salt_state,
            resources=[compact(record("hunter2"))],
            pending=[compact({"resource": record("hunter3"), "type": "updating"})],
            features=(),
            plugins=(),
        )
        self.files.state.write(content)

    def configured(self, passphrase: str) -> object:
        options = self.options(passphrase)
        return get_config(self.project, "dev", options, "word", path=False, show_secrets=True)[0]

    def recorded(self, passphrase: str) -> object:
        checkpoint = read_checkpoint(self.files)
        opened = Crypter(passphrase, checkpoint.salt_state)
        records = checkpoint.resources[0], checkpoint.pending[0]["resource"]
        return [decode_state(each, opened.decrypt).outputs["word"] for each in records]

    def judge(self, *passphrases: str) -> None:
        """Raise unless each secret can be read with one of the passphrases."""
        for read, told in (
            (self.configured, "hunter5"),
            (self.recorded, [Secret("hunter2"), Secret("hunter3")]),
        ):
            found = []
            for phrase in passphrases:
                try:
                    found.append(read(phrase))
                except MissingPassphrase:
                    continue
            assert found == [told], (read, found)


def live(given: str) -> None:
    """Prints how many moments there were."""
    secrets._ROUNDS = 10
    base, saved = Path(given) / "state", Path(given) / "saved"
    for name in ("any", "backend"):
        (base / name).mkdir(parents=True)
    (base / "any" / "Pulumi.yaml").write_text("name: proj\nruntime: python\n")
    stage = Stage(load_project(base / "any"), base / "backend")
    stage.make()
    shutil.copytree(base, saved)
    at, code = 0, -9
    while code:
        at += 1
        shutil.rmtree(base)
        shutil.copytree(saved, base)
        pid = os.fork()
        if pid == 0:
            deadly = Deadly(folder=given, cloud="", salt="", port=0, operation="", at=at, signals=(9,))
            _Files(deadly, os.open(os.devnull, os.O_WRONLY))
            stage.change()
            os._exit(0)
        code = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
        assert code in (0, -9), code
        stage.judge(OLD, NEW)
        stage.change()  # the same again brings it to its end
        stage.judge(NEW)
        assert not stage.change()
    print(at - 1)
