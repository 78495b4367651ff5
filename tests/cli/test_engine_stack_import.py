"""`datahall engine stack import`: what was exported, edited or not, becomes the state again."""

import io
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.cli.running import Ran, Run
from tests.cli.test_engine_state import stack
from tests.cli.test_engine_verbs import PLUGINS, folder

__all__ = ["folder", "stack"]

Do = Callable[..., Ran]


@pytest.fixture
def do(datahall: Run, stack: Path) -> Do:
    """A verb on the stack of one thing that has a secret, and one that needs it."""
    return lambda *arguments: datahall("engine", *arguments, "-C", str(stack))


def state_file(stack: Path) -> Path:
    return stack.parent / "backend" / ".pulumi" / "stacks" / "proj" / "dev.json"


def exported(do: Do, *arguments: str) -> dict[str, Any]:
    done = do("stack", "export", *arguments)
    assert done.code == 0, done.err
    data: dict[str, Any] = json.loads(done.out)
    return data


def given(stack: Path, data: object) -> str:
    file = stack / "given.json"
    file.write_text(data if isinstance(data, str) else json.dumps(data))
    return str(file)


@pytest.mark.parametrize("shown", [(), ("--show-secrets",)])
def test_an_export_comes_back(do: Do, stack: Path, shown: tuple[str, ...]) -> None:
    data = exported(do, *shown)
    data["deployment"]["resources"].pop()
    before = state_file(stack).read_bytes()
    done = do("stack", "import", "--file", given(stack, data))
    assert (done.code, done.out) == (0, "imported into stack dev\n"), done.err
    assert b"hunter2" not in state_file(stack).read_bytes()
    assert state_file(stack).with_name("dev.json.bak").read_bytes() == before
    assert exported(do, *shown)["deployment"]["resources"] == data["deployment"]["resources"]
    again = do("up", "-y", "-f", "--json", "--plugin-path", str(PLUGINS))
    assert again.changes == {"create": 1, "same": 2}


def _another_feature(data: dict[str, Any]) -> None:
    data.update(version=4, features=["hooks", "magic"])


def _another_version(data: dict[str, Any]) -> None:
    data["version"] = 5


def _no_deployment(data: dict[str, Any]) -> None:
    del data["deployment"]


def _another_stack(data: dict[str, Any]) -> None:
    data["deployment"] = json.loads(json.dumps(data["deployment"]).replace("pulumi:dev::", "pulumi:prod::"))


def _out_of_order(data: dict[str, Any]) -> None:
    data["deployment"]["resources"].reverse()


def _malformed(data: dict[str, Any]) -> None:
    data["deployment"]["resources"][-1]["inputs"] = [1]


def _tampered(data: dict[str, Any]) -> None:
    data["deployment"]["manifest"]["magic"] = "0"


def _other_provider(data: dict[str, Any]) -> None:
    data["deployment"]["secrets_providers"] = {"type": "cloud", "state": {}}


def _no_secret(data: dict[str, Any]) -> None:
    text = json.dumps(data["deployment"]).replace('"ciphertext"', '"cipher"')
    data["deployment"] = json.loads(text)


def _unreadable(data: dict[str, Any]) -> None:
    text = json.dumps(data["deployment"]).replace('"ciphertext": "v1:', '"ciphertext": "v1:AAAA')
    data["deployment"] = json.loads(text)


@pytest.mark.parametrize(
    ("spoil", "told"),
    [
        (_another_feature, "features: magic: only hooks"),
        (_another_version, "version 5: only 3 and 4 are supported"),
        (_no_deployment, "it holds no deployment"),
        (_another_stack, "a resource of another stack"),
        (_out_of_order, "does not stand before it"),
        (_malformed, "malformed"),
        (_tampered, "magic does not match"),
        (_other_provider, "only `passphrase` is supported"),
        (_no_secret, "neither plaintext nor ciphertext"),
        (_unreadable, "not encrypted with this passphrase"),
    ],
)
def test_what_is_not_good_is_refused_and_nothing_is_written(
    do: Do, stack: Path, spoil: Callable[[dict[str, Any]], None], told: str
) -> None:
    data = exported(do)
    spoil(data)
    before = state_file(stack).read_bytes()
    refused = do("stack", "import", "--file", given(stack, data))
    assert refused.code == 2, refused.err
    assert told in refused.err
    assert "Traceback" not in refused.err
    assert state_file(stack).read_bytes() == before


def test_it_is_read_from_stdin(do: Do, stack: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    data = exported(do)
    data["deployment"]["resources"].pop()
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(json.dumps(data).encode())))
    done = do("stack", "import")
    assert done.code == 0, done.err
    assert exported(do)["deployment"]["resources"] == data["deployment"]["resources"]


def test_what_is_no_deployment_at_all(do: Do, stack: Path) -> None:
    for text, told in (("{", "not valid JSON"), ("[]", "has no version")):
        refused = do("stack", "import", "--file", given(stack, text))
        assert (refused.code, told in refused.err) == (2, True), refused.err
    assert do("stack", "import", "--file", str(stack / "none.json")).code == 2


def test_another_stack_by_force(do: Do, stack: Path) -> None:
    data = exported(do)
    _another_stack(data)
    done = do("stack", "import", "--force", "--file", given(stack, data))
    assert done.code == 0, done.err
    assert "a resource of another stack" in done.err
    urns = [r["urn"] for r in exported(do)["deployment"]["resources"]]
    assert all(urn.startswith("urn:pulumi:prod::") for urn in urns)


def test_secrets_of_another_salt_are_encrypted_with_the_stacks_own(do: Do, stack: Path) -> None:
    data = exported(do)
    assert do("stack", "rm", "dev", "--yes", "--force").code == 0
    assert do("stack", "init", "dev").code == 0
    done = do("stack", "import", "--file", given(stack, data))
    assert done.code == 0, done.err
    new = exported(do)["deployment"]
    assert new["secrets_providers"] != data["deployment"]["secrets_providers"]
    assert "hunter2" in json.dumps(exported(do, "--show-secrets"))
    assert do("preview", "--expect-no-changes", "--plugin-path", str(PLUGINS)).code == 0


def test_secrets_of_another_passphrase_are_refused(
    do: Do, stack: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    data = exported(do)
    assert do("stack", "rm", "dev", "--yes", "--force").code == 0
    monkeypatch.setenv("PULUMI_CONFIG_PASSPHRASE", "another")
    assert do("stack", "init", "dev").code == 0
    refused = do("stack", "import", "--file", given(stack, data))
    assert (refused.code, "passphrase: not the one" in refused.err) == (2, True), refused.err
    assert "resources" not in exported(do)["deployment"]


def test_pending_operations_are_left_out_and_named(do: Do, stack: Path) -> None:
    data = exported(do)
    last = data["deployment"]["resources"][-1]
    data["deployment"]["pending_operations"] = [{"resource": last, "type": "updating"}]
    done = do("stack", "import", "--file", given(stack, data))
    assert done.code == 0, done.err
    assert f"{last['urn']}: pending operation left out: updating" in done.err
    assert "pending_operations" not in exported(do)["deployment"]


def test_a_deployment_with_hooks_comes_back_as_one(do: Do, stack: Path) -> None:
    data = exported(do)
    data.update(version=4, features=["hooks"])
    data["deployment"]["resources"][-1]["resourceHooks"] = {"afterCreate": ["told"]}
    assert do("stack", "import", "--file", given(stack, data)).code == 0
    again = exported(do)
    assert (again["version"], again["features"]) == (4, ["hooks"])
    assert again["deployment"]["resources"] == data["deployment"]["resources"]
    assert do("stack", "import", "--file", given(stack, again)).code == 0
