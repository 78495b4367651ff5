"""Secrets: the cipher, and that none is ever in the clear."""

from __future__ import annotations

import pulumi
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from datahall import engine
from datahall.engine import MissingPassphrase, PropertyDiff, ResourceDone
from datahall.engine.secrets import Cipher, Crypter

from .conftest import PASSPHRASE, World
from .programs import Thing

WORD = "hunter2-very-secret"
CIPHER = Cipher(bytes(range(32)))


@given(st.text())
@settings(max_examples=60)
def test_what_is_encrypted_is_decrypted(text: str) -> None:
    sealed = CIPHER.encrypt(text)
    assert sealed.startswith("v1:")
    assert CIPHER.decrypt(sealed) == text


@given(st.text(max_size=60))
@settings(max_examples=60)
def test_what_is_no_ciphertext_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"v1|passphrase"):
        CIPHER.decrypt(text)


def test_a_ciphertext_of_pulumi_itself_is_read() -> None:
    # made by the Pulumi CLI 3.260 with the passphrase `x`
    crypter = Crypter("x", "v1:DTGyEUUbvNw=:v1:SoLPA0KIbExTfUPY:qZBs5cBgTbETztlwT8T+pA4iIsGKDg==")
    assert crypter.decrypt("v1:xcmU+OWE8gqkLFKV:TdQ0Ve5lnJi/1wJIO2g3qPtvYvt1ZA75pw==") == '"hunter2"'


def test_an_unchanged_secret_keeps_its_ciphertext() -> None:
    crypter = Crypter("x", None)
    assert crypter.encrypt("a") == crypter.encrypt("a")


def program() -> None:
    secret = pulumi.Output.secret(WORD)
    one = Thing("one", password=secret, nested={"inner": [secret]})
    Thing("two", note=one.password)  # type: ignore[attr-defined]  # outputs follow the inputs
    Thing("three", size=2, opts=pulumi.ResourceOptions(additional_secret_outputs=["serial"]))
    pulumi.export("word", one.password)  # type: ignore[attr-defined]


@pytest.mark.parametrize("provider_keeps_secrets", ["yes", "no"])
def test_no_secret_is_in_the_clear_in_any_file_or_event(
    own_world: World, provider_keeps_secrets: str
) -> None:
    environment = {**own_world.options.environment, "CLOUD_SECRETS": provider_keeps_secrets}
    result = own_world.up(program, environment=environment)
    assert own_world.inventory()["two"]["note"] == WORD  # the provider got it
    for file in (own_world.folder / "state").rglob("*.json*"):
        assert WORD not in file.read_text()
        assert "serial-three" not in file.read_text()
    assert WORD not in repr(own_world.events)
    assert result.outputs == {"word": "[secret]"}
    shown = [e for e in own_world.events if isinstance(e, ResourceDone) and e.urn.endswith("::one")]
    assert PropertyDiff("password", "add", None, "[secret]") in shown[0].diff
    assert own_world.outputs() == {"word": WORD}


def test_masked_reading_needs_no_passphrase(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    world.up(program)
    monkeypatch.delenv("PULUMI_CONFIG_PASSPHRASE", raising=False)
    options = engine.Options(backend=world.options.backend)
    state = engine.read_stack(world.project, "dev", options)
    assert state is not None
    assert state.outputs == {"word": "[secret]"}


def test_secret_configuration_stays_secret(world: World) -> None:
    crypter = Crypter(PASSPHRASE, world.project.config_file("dev").read_text().split(": ", 1)[1].strip())
    sealed = crypter.encrypt(WORD)
    with world.project.config_file("dev").open("a") as file:
        file.write(f"config:\n  cloud:region: here\n  proj:word:\n    secure: {sealed}\n  proj:plain: 3\n")

    def reader() -> None:
        config = pulumi.Config()
        assert config.require_int("plain") == 3
        Thing("it", password=config.require_secret("word"))

    world.up(reader, config=None)
    assert world.inventory()["it"]["password"] == WORD
    assert not any(WORD in file.read_text() for file in (world.folder / "state").rglob("*.json"))


def test_no_passphrase(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("PULUMI_CONFIG_PASSPHRASE", raising=False)
    monkeypatch.delenv("PULUMI_CONFIG_PASSPHRASE_FILE", raising=False)
    with pytest.raises(MissingPassphrase, match="PULUMI_CONFIG_PASSPHRASE"):
        world.up(program, passphrase=None)


def test_wrong_passphrase_changes_nothing(world: World) -> None:
    with pytest.raises(MissingPassphrase, match="not the one"):
        world.up(program, passphrase="wrong")
    assert world.count() == 0
    world.up(program)
    before = world.state_file.read_bytes()
    with pytest.raises(MissingPassphrase):
        world.up(lambda: None, passphrase="wrong")
    assert world.state_file.read_bytes() == before


def test_passphrase_file(world: World) -> None:
    file = world.folder / "phrase"
    file.write_text(PASSPHRASE + "\n")
    environment = {**world.options.environment, "PULUMI_CONFIG_PASSPHRASE_FILE": str(file)}
    world.up(program, passphrase=None, environment=environment)
    assert world.count() == 3
