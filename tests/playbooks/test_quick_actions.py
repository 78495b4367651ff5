"""The questions by which a task that has nothing to do is known, tried on this machine's own shell."""

import grp
import os
import pwd
import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from playbooks.plugins.action import quick

_OWNER = pwd.getpwuid(os.geteuid()).pw_name
_GROUP = grp.getgrgid(os.getegid()).gr_name


def _nothing_to_do(kind: str, arguments: Mapping[str, Any]) -> bool:
    ask, _ = quick._KINDS[kind]
    question = ask(arguments)
    assert question is not None
    command, judge = question
    done = subprocess.run(["sh", "-c", command], check=False, capture_output=True, text=True)
    return bool(judge(done.stdout.splitlines()))


@pytest.fixture
def written(tmp_path: Path) -> dict[str, Any]:
    file = tmp_path / "it's a file"
    file.write_text("content\n")
    file.chmod(0o640)
    return {"content": "content\n", "dest": str(file), "mode": "0640", "owner": _OWNER, "group": _GROUP}


def test_a_file_as_it_should_be_is_left_alone(written: dict[str, Any]) -> None:
    assert _nothing_to_do("copy", written)


@pytest.mark.parametrize(
    "change", [{"content": "content"}, {"mode": "0644"}, {"owner": "nobody-else"}, {"group": "nobody-else"}]
)
def test_a_file_that_differs_is_for_ansible(written: dict[str, Any], change: dict[str, str]) -> None:
    assert not _nothing_to_do("copy", written | change)


def test_a_link_a_folder_and_nothing_are_no_file(written: dict[str, Any], tmp_path: Path) -> None:
    link = tmp_path / "link"
    link.symlink_to(written["dest"])
    for dest in (link, tmp_path, tmp_path / "missing"):
        assert not _nothing_to_do("copy", written | {"dest": str(dest)})


@pytest.mark.parametrize(
    "arguments",
    [
        {"src": "a/role's/own/file"},
        {"content": {"a": "table"}},
        {"backup": True},
        {"follow": True},
        {"mode": None},
    ],
)
def test_what_the_question_does_not_cover_is_for_ansible(
    written: dict[str, Any], arguments: dict[str, Any]
) -> None:
    given = {name: value for name, value in (written | arguments).items() if value is not None}
    if "src" in arguments:
        del given["content"]
    assert quick._copy(given) is None


def test_the_files_of_a_folder(tmp_path: Path) -> None:
    ours, theirs = tmp_path / "ours", tmp_path / "it's theirs"
    for folder in (ours, theirs):
        folder.mkdir()
        for name in ("one", "it's two"):
            (folder / name).write_text(f"{name}\n")
            (folder / name).chmod(0o644)
    (theirs / "of somebody else").touch()
    copied = {"src": f"{ours}/", "dest": str(theirs), "mode": "0644", "owner": _OWNER, "group": _GROUP}
    assert _nothing_to_do("copy", copied)
    assert not _nothing_to_do("copy", copied | {"mode": "0600"})
    assert not _nothing_to_do("copy", copied | {"dest": str(tmp_path / "missing")})
    (theirs / "one").write_text("two\n")
    assert not _nothing_to_do("copy", copied)
    (theirs / "one").unlink()
    (theirs / "one").symlink_to(ours / "one")
    assert not _nothing_to_do("copy", copied)
    (ours / "folder").mkdir()
    assert quick._copy(copied) is None


def test_folders_and_links(tmp_path: Path) -> None:
    folder, link = tmp_path / "folder", tmp_path / "link"
    folder.mkdir(mode=0o750)
    link.symlink_to(folder)
    wanted = {"path": str(folder), "state": "directory", "mode": "0750", "owner": _OWNER, "group": _GROUP}
    assert _nothing_to_do("file", wanted)
    assert not _nothing_to_do("file", wanted | {"mode": "0755"})
    assert not _nothing_to_do("file", wanted | {"path": str(link)})
    assert _nothing_to_do("file", {"path": str(link), "state": "link", "src": str(folder)})
    assert not _nothing_to_do("file", {"path": str(link), "state": "link", "src": "/elsewhere"})
    assert not _nothing_to_do("file", {"path": str(folder), "state": "absent"})
    assert _nothing_to_do("file", {"path": f"{folder}s", "state": "absent"})
    assert quick._file({"path": str(folder), "state": "touch"}) is None


@pytest.mark.parametrize(
    ("said", "nothing"),
    [
        (["installed a 1.0", "installed b 2.0"], True),
        (["installed a 1.0", "installed b 2.1"], False),
        (["installed a 1.0", "config-files b 2.0"], False),
        (["installed a 1.0"], False),
        ([], False),
    ],
)
def test_packages_that_are_there_in_their_version(said: list[str], *, nothing: bool) -> None:
    question = quick._apt({"name": ["a", "b=2.0"], "state": "present"})
    assert question is not None
    assert question[1](said) is nothing


def test_packages_that_are_to_be_the_latest_are_for_ansible() -> None:
    assert quick._apt({"name": ["a"], "state": "latest"}) is None
    assert quick._apt({"name": [], "state": "present"}) is None


@pytest.mark.parametrize(
    ("said", "nothing"),
    [
        (["ActiveState=active", "UnitFileState=enabled", "NeedDaemonReload=no"], True),
        (["ActiveState=failed", "UnitFileState=enabled", "NeedDaemonReload=no"], False),
        (["ActiveState=active", "UnitFileState=disabled", "NeedDaemonReload=no"], False),
        (["ActiveState=active", "UnitFileState=enabled", "NeedDaemonReload=yes"], False),
        ([], False),
    ],
)
def test_a_unit_that_runs_and_starts_at_boot(said: list[str], *, nothing: bool) -> None:
    question = quick._service({"name": "chrony", "state": "started", "enabled": True})
    assert question is not None
    assert question[1](said) is nothing


def test_a_restart_is_always_for_ansible() -> None:
    assert quick._service({"name": "chrony", "state": "restarted"}) is None


_LINE = {"regexp": r"^#?\s*UMASK\s", "line": "UMASK\t\t027"}


@pytest.mark.parametrize(
    ("content", "nothing"),
    [
        ("a\nUMASK\t\t027\nb\n", True),
        ("# UMASK 022\nUMASK\t\t027\n", True),
        ("UMASK\t\t027\nUMASK 022\n", False),
        ("UMASK\t\t027 # as asked\n", False),
        ("a\n", False),
        ("", False),
    ],
)
def test_the_last_line_that_is_found_is_the_one_that_counts(
    tmp_path: Path, content: str, *, nothing: bool
) -> None:
    file = tmp_path / "login's defs"
    file.write_text(content)
    file.chmod(0o644)
    asked = _LINE | {"path": str(file), "owner": _OWNER, "group": _GROUP, "mode": "0644"}
    assert _nothing_to_do("lineinfile", asked) is nothing
    assert not _nothing_to_do("lineinfile", asked | {"mode": "0600"})
    gone = {"path": str(file), "regexp": _LINE["regexp"], "state": "absent"}
    assert _nothing_to_do("lineinfile", gone) is ("UMASK" not in content)
    assert not _nothing_to_do("lineinfile", gone | {"path": f"{file}s"}), "there is no such file"


def test_a_line_of_which_more_is_asked_is_for_ansible() -> None:
    asked = _LINE | {"path": "/etc/login.defs"}
    for more in ({"backrefs": True}, {"insertafter": "x"}, {"owner": "root"}):
        assert quick._line(asked | more) is None
    assert quick._line({"path": "/etc/fstab", "line": "a"}) is None


def test_groups_and_who_is_in_them() -> None:
    assert _nothing_to_do("group", {"name": _GROUP, "system": True})
    assert not _nothing_to_do("group", {"name": "nobody-else"})
    assert quick._group({"name": _GROUP, "gid": 5}) is None
    assert quick._group({"name": _GROUP, "state": "absent"}) is None
    among = {"name": _OWNER, "groups": [_GROUP], "append": True}
    assert _nothing_to_do("user", among)
    assert not _nothing_to_do("user", among | {"groups": [_GROUP, "nobody-else"]})
    assert not _nothing_to_do("user", among | {"name": "nobody-else"})
    for other in ({"append": False}, {"groups": _GROUP}, {"shell": "/bin/sh"}):
        assert quick._user(among | other) is None
