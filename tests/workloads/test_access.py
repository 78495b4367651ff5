"""Who may reach a server."""

import socket
from pathlib import Path

import pytest

from workloads.errors import InvalidInputError
from workloads.serving.access import check_token, listen, read_token
from workloads.serving.problem import ProblemError

TOKEN = "a-token-of-enough-letters"


def write(folder: Path, text: str, mode: int = 0o600) -> Path:
    file = folder / "token"
    file.touch(mode=mode)
    file.write_text(text)
    file.chmod(mode)
    return file


@pytest.mark.parametrize("host", ["127.0.0.1", "127.8.8.8", "::1", "localhost"])
def test_loopback_needs_no_token(host: str) -> None:
    assert read_token(host, None) is None


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "10.0.0.1", "example.org"])  # noqa: S104 - to be refused
def test_a_wider_address_needs_one(host: str, tmp_path: Path) -> None:
    with pytest.raises(InvalidInputError) as caught:
        read_token(host, None)
    assert caught.value.field == "--host"
    assert read_token(host, write(tmp_path, f"{TOKEN}\n")) == TOKEN


@pytest.mark.parametrize(
    ("text", "mode", "rule"),
    [
        (TOKEN, 0o644, "readable by its owner only"),
        ("", 0o600, "at least 16"),
        ("short", 0o600, "at least 16"),
        ("two words of some length", 0o600, "without spaces"),
        ("ümlaut-and-enough-letters", 0o600, "ASCII"),
    ],
)
def test_a_token_file_that_will_not_do_is_named_but_not_told(
    tmp_path: Path, text: str, mode: int, rule: str
) -> None:
    with pytest.raises(InvalidInputError) as caught:
        read_token("127.0.0.1", write(tmp_path, text, mode))
    assert caught.value.field == "--token-file"
    assert rule in caught.value.rule
    assert not text or text not in str(caught.value)


def test_no_token_file_is_told(tmp_path: Path) -> None:
    with pytest.raises(InvalidInputError, match="No such file"):
        read_token("127.0.0.1", tmp_path / "none")


@pytest.mark.parametrize(
    "header", ["", "Bearer", f"Basic {TOKEN}", f"Bearer {TOKEN}x", f"Bearer {TOKEN[:-1]}"]
)
def test_another_token_is_refused(header: str) -> None:
    with pytest.raises(ProblemError) as caught:
        check_token([TOKEN], header)
    assert caught.value.status == 401


def test_the_token_is_taken_in_any_case_of_its_scheme() -> None:
    check_token([TOKEN], f"Bearer {TOKEN}")
    check_token([TOKEN], f"bearer {TOKEN}")
    check_token([], "")


@pytest.mark.parametrize(
    ("host", "port", "field"),
    [("127.0.0.1", 70000, "--port"), ("127.0.0.1", -1, "--port"), ("192.0.2.1", 0, "--host")],
)
def test_what_cannot_be_listened_on_is_named(host: str, port: int, field: str) -> None:
    with pytest.raises(InvalidInputError) as caught:
        listen(host, port)
    assert caught.value.field == field


def test_a_port_in_use_is_named() -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        with pytest.raises(InvalidInputError, match="must be free") as caught:
            listen("127.0.0.1", port)
    assert (caught.value.field, caught.value.value) == ("--port", str(port))
