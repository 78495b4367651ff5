"""Secrets of the configuration are told to nobody, whatever a program does with them."""

from __future__ import annotations

import io
import json
import sys
from contextlib import redirect_stdout

import pulumi
import pytest
from hypothesis import given
from hypothesis import strategies as st

from datahall.engine import Diagnostic, PolicyResult, ProgramFailed, ProviderFailed, ResourceFailed
from datahall.engine.masking import Mask
from datahall.engine.secrets import Crypter

from .conftest import PASSPHRASE, World
from .programs import Thing

WORD = 'hunter2 "very" secret'
KEY = "line-one\nline-two"


@pytest.fixture
def secretive(world: World) -> World:
    """Secrets in the configuration: one alone, one in a structure beside what is none, a short one."""
    file = world.project.config_file("dev")
    crypter = Crypter(PASSPHRASE, file.read_text().split(": ", 1)[1].strip())
    word, key, short = (json.dumps(crypter.encrypt(each)) for each in (WORD, KEY, "ab"))
    with file.open("a") as out:
        out.write(
            f"config:\n  cloud:region: here\n  proj:word: {{secure: {word}}}\n"
            f"  proj:short: {{secure: {short}}}\n"
        )
        out.write(f"  proj:all: {{open: plainly, keys: [{{secure: {key}}}]}}\n")
    return world


def secrets() -> list[str]:
    config = pulumi.Config()
    nested = json.loads(config.require("all"))["keys"][0]
    return [config.require("word"), nested, config.require("short")]


def test_what_a_program_says_has_none(secretive: World, capsys: pytest.CaptureFixture[str]) -> None:
    def program() -> None:
        word, key, short = secrets()
        pulumi.log.warn(f"word {word}")
        pulumi.log.info(f"all {json.dumps([word, key])}; plainly {short}")
        print(f"printed {word}, {key}, plainly {short}")
        for letter in word:
            print(letter, end="", flush=True)
        print(f"on the other stream {key!r}", file=sys.stderr)
        print("hunter2 and", end="")  # a beginning that comes to nothing

    secretive.up(program, config=None)
    said = [event.message for event in secretive.events if isinstance(event, Diagnostic)]
    assert "word [secret]" in said
    assert 'all ["[secret]", "[secret]"]; plainly ab' in said
    out, err = capsys.readouterr()
    assert out == "printed [secret], [secret], plainly ab\n[secret]hunter2 and"
    assert err == "on the other stream '[secret]'\n"


@pytest.mark.parametrize("error", [ValueError, pulumi.RunError])
def test_what_a_program_raises_has_none(secretive: World, error: type[Exception]) -> None:
    def program() -> None:
        raise error(f"no {secrets()[0]}")

    with pytest.raises(ProgramFailed, match=r"no \[secret\]") as caught:
        secretive.up(program, config=None)
    assert WORD not in str(caught.value)


def test_what_a_provider_refuses_with_has_none(secretive: World) -> None:
    def program() -> None:
        Thing(secrets()[0], refuse="create")  # the emulated cloud says the name

    with pytest.raises(ProviderFailed, match=r"\[secret\]") as caught:
        secretive.up(program, config=None)
    assert WORD not in str(caught.value)
    failed = [event.message for event in secretive.events if isinstance(event, ResourceFailed)]
    assert len(failed) == 1
    assert WORD not in failed[0]


_WORDS = st.lists(st.sampled_from("abc\n"), max_size=5).map("".join)


@given(st.lists(_WORDS, min_size=1, max_size=3), st.lists(_WORDS, max_size=8))
def test_however_it_is_divided_the_same_is_printed(secrets: list[str], pieces: list[str]) -> None:
    mask, out = Mask(secrets), io.StringIO()
    with redirect_stdout(out), mask.printing():
        for piece in pieces:
            sys.stdout.write(piece)
    assert out.getvalue() == mask("".join(pieces))
    told = out.getvalue().replace("[secret]", "|")
    assert not any(secret in told for secret in secrets if len(secret) >= 3)


@given(st.lists(_WORDS.map(lambda word: word + "é"), min_size=1, max_size=3), st.lists(_WORDS, max_size=8))
def test_bytes_are_printed_without_it_too(secrets: list[str], pieces: list[str]) -> None:
    raw = io.BytesIO()
    text = "é".join(pieces)
    content = text.encode()
    stream = io.TextIOWrapper(raw, encoding="utf-8")
    with redirect_stdout(stream), Mask(secrets).printing():
        for at in range(len(content)):  # a character is divided, too
            assert sys.stdout.buffer.write(content[at : at + 1]) == 1
        sys.stdout.buffer.writelines([b"\xff", memoryview(content)])  # no text
    assert raw.getvalue() == Mask(secrets)(text).encode() + b"\xff" + Mask(secrets)(text).encode()


def test_what_a_policy_says_of_itself_has_none() -> None:
    found = PolicyResult(
        "a-policy", "pack", "advisory", "urn", f"no {WORD}", "violation", description=f"never {WORD}"
    )
    hidden = Mask([WORD, "true"]).hidden(found)
    assert (hidden.message, hidden.description) == ("no [secret]", "never [secret]")
    assert Mask(["true", "false", "ab"])("true, false, ab") == "true, false, ab"
