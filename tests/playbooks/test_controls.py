"""The dev-sec baselines' controls: each is in the table once; what is called the role's is in it."""

import re
from collections.abc import Iterable
from pathlib import Path

import pytest
import yaml
from pydantic import ValidationError

from playbooks.controls import ROLE, Control, controls, counted

_ROWS = controls()
_DEFAULTS = yaml.safe_load((ROLE / "defaults" / "main.yml").read_text())
_VARS = yaml.safe_load((ROLE / "vars" / "main.yml").read_text())


def _numbered(part: str, numbers: Iterable[int], *more: str) -> set[str]:
    return {f"{part}-{number:02}" for number in numbers} | {f"{part}-{name}" for name in more}


def test_every_control_of_both_baselines_is_there_once() -> None:
    linux = (
        _numbered("os", {*range(1, 17)} - {8}, "03b", "05b")
        | _numbered("package", {*range(1, 10)} - {4, 7})
        | _numbered("sysctl", {*range(1, 36)} - {18, 31}, "31a", "31b")
    )
    ssh = _numbered("ssh", range(1, 23)) | _numbered("sshd", {*range(1, 51)} - {26})
    assert (len(linux), len(ssh)) == (59, 71)  # as the baselines 2.10.0 and 2.8.1 have them
    assert sorted(row.id for row in _ROWS) == sorted(linux | ssh)


@pytest.mark.parametrize(
    ("planted", "said"),
    [
        ({"met": "Debian"}, "seen on a host"),
        ({"met": "tasks/none.yml", "check": {"ssh_lacks": ["x"]}}, "tasks/none.yml: no file"),
        ({}, "say one of them"),
        ({"left_out": "because", "not_here": "either"}, "say one of them"),
        ({"left_out": "because", "check": {"sysctls": {}}}, "check.sysctls"),
        ({"left_out": "no"}, "at least 3"),
    ],
)
def test_a_row_that_says_nothing_is_refused(planted: dict[str, object], said: str) -> None:
    with pytest.raises(ValidationError, match=re.escape(said)):
        Control.model_validate({"id": "os-99", "asks": "something", **planted})


def test_what_the_defaults_are_said_to_meet_is_in_them() -> None:
    modes = {
        each["path"]: f"{each['mode']} {each['owner']} {each['group']}"
        for each in _DEFAULTS["base_file_modes"]
    }
    denied = {f"install {module} /bin/false" for module in _DEFAULTS["base_modules_denied"]}
    rows = [row for row in _ROWS if row.met == "defaults/main.yml"]
    assert len(rows) > 30
    for row in rows:
        assert row.check
        for key, value in row.check.sysctl.items():
            if key != "net.ipv4.conf.all.forwarding":  # ip_forward sets it
                wanted = value if isinstance(value, list) else [value]
                assert _DEFAULTS["base_sysctl"][key] in wanted, row.id
        for path, mode in row.check.mode.items():
            assert modes.get(path, "600 root root") == mode, row.id
        for lines in row.check.lines.values():
            assert denied >= set(lines), row.id


@pytest.mark.parametrize("server", [True, False], ids=["sshd", "ssh"])
def test_what_ssh_is_told_is_what_the_table_says(server: bool) -> None:
    name = "sshd_config.d" if server else "ssh_config.d"
    file = f"templates/etc/ssh/{name}/10-cluster.conf.j2"
    told = _options(ROLE / file)
    rows = [row for row in _ROWS if row.met == file and row.check and (row.check.sshd or row.check.ssh)]
    assert len(rows) > 10
    for row in rows:
        assert row.check
        for option, value in (row.check.sshd if server else row.check.ssh).items():
            assert told[option] == {"false": "no"}.get(str(value), value), row.id


def test_what_is_left_out_of_sshd_is_as_the_reason_says() -> None:
    told = _options(ROLE / "templates/etc/ssh/sshd_config.d/10-cluster.conf.j2")
    rows = {row.id: row.check.sshd for row in _ROWS if row.state == "left out" and row.check}
    for control in ("sshd-19", "sshd-20", "sshd-21"):
        for option, value in rows[control].items():
            assert told[option] == value


def test_the_page_says_how_many() -> None:
    page = (Path(__file__).resolve().parents[2] / "docs" / "metal.md").read_text()
    assert counted(_ROWS) in page.replace("\n", " ")


def _options(file: Path) -> dict[str, str]:
    """What a template of ssh's configuration says, its variables put in."""
    text = re.sub(r"{{ (base_ssh_\w+) \| join\('(.)'\) }}", _joined, file.read_text())
    rows = (line.split(maxsplit=1) for line in text.splitlines() if not line.startswith(("#", "Host ")))
    return {option.lower(): value for option, value in rows}


def _joined(found: re.Match[str]) -> str:
    return found[2].join(str(each) for each in {**_DEFAULTS, **_VARS}[found[1]])
