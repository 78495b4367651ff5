"""The site's mirror without hosts: what apt says of a folder, what validate says, what the server is told."""

import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml
from jinja2 import Environment, FileSystemLoader, StrictUndefined

from datahall.sandbox.hosts import repository
from playbooks.filter_plugins.mirror_problems import mirror_problems

_ROLE = Path(__file__).resolve().parents[2] / "playbooks/roles/mirror"
_CONTROL = """Package: stone
Version: 1
Architecture: all
Maintainer: nobody <nobody@localhost>
Description: it lies there
"""
_DEBIAN = pytest.mark.skipif(
    not all(map(shutil.which, ("apt-get", "dpkg-deb", "gpg"))),
    reason="needs apt, dpkg and gpg, as Debian has them",
)
_GROUPS = {"all": ["head-1", "service-1"], "mirror": ["service-1"]}


@pytest.fixture(scope="module")
def signed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A signed folder with one package in it."""
    folder = tmp_path_factory.mktemp("carried") / "in"
    (folder / "stone/DEBIAN").mkdir(parents=True)
    (folder / "stone/DEBIAN/control").write_text(_CONTROL)
    built = [
        "dpkg-deb",
        "--root-owner-group",
        "--build",
        str(folder / "stone"),
        str(folder / "stone_1_all.deb"),
    ]
    subprocess.run(built, check=True, capture_output=True)
    shutil.rmtree(folder / "stone")
    assert repository.index(folder) == 1
    return folder


@pytest.fixture
def carried(signed: Path, tmp_path: Path) -> Path:
    """A copy of it, for a test to break."""
    return shutil.copytree(signed, tmp_path / "in")


def _said(folder: Path | str, key: str) -> str:
    argv = [sys.executable, "-", str(folder), "./", "", key]
    with (_ROLE / "files/mirror_check.py").open() as program:
        done = subprocess.run(argv, check=False, stdin=program, capture_output=True, text=True)
    assert done.stderr == ""
    assert done.returncode == bool(done.stdout)
    return done.stdout


def _key(folder: Path) -> str:
    return (folder / repository.KEY).read_text()


@_DEBIAN
def test_a_signed_folder_is_taken(carried: Path) -> None:
    assert _said(carried, _key(carried)) == ""


@_DEBIAN
def test_a_folder_that_was_tampered_with_is_refused(carried: Path) -> None:
    release = carried / "InRelease"
    release.write_text(release.read_text().replace("Label: datahall", "Label: elsewhere"))
    assert "apt does not take it: GPG error:" in _said(carried, _key(carried))


@_DEBIAN
def test_an_index_that_is_another_is_refused(carried: Path) -> None:
    index = carried / "Packages"
    index.write_text(index.read_text().replace("Version: 1", "Version: 2"))
    assert "Hash Sum mismatch" in _said(carried, _key(carried))


@_DEBIAN
def test_a_folder_that_nobody_signed_is_refused(carried: Path) -> None:
    (carried / "InRelease").unlink()
    assert "is not signed" in _said(carried, _key(carried))


@_DEBIAN
def test_another_key_is_refused(carried: Path, tmp_path: Path) -> None:
    other = shutil.copytree(carried, tmp_path / "other")
    repository.index(other)
    assert "NO_PUBKEY" in _said(carried, _key(other))


@_DEBIAN
@pytest.mark.parametrize(
    ("broken", "said"),
    [
        (lambda package: package.unlink(), "stone_1_all.deb is not there"),
        (lambda package: package.write_bytes(package.read_bytes()[:-1]), "bytes in place of"),
        (lambda package: package.chmod(0o600), "stone_1_all.deb may not be read by everybody"),
    ],
)
def test_a_package_that_is_not_whole_is_named(carried: Path, broken: Any, said: str) -> None:  # noqa: ANN401
    broken(carried / "stone_1_all.deb")
    assert said in _said(carried, _key(carried))


def test_what_is_no_folder_or_no_key_is_refused(tmp_path: Path) -> None:
    assert "is no absolute path" in _said("mirror; rm -r /", "")
    assert "is no folder" in _said(tmp_path / "none", "")
    assert _said(tmp_path, "-----BEGIN PGP PRIVATE KEY BLOCK-----").startswith(
        "mirror_key: given: is no public key in ASCII armor"
    )


def _hosts(**service: Any) -> dict[str, dict[str, Any]]:  # noqa: ANN401 - an inventory has any types
    shared = {"mirror_key": "a key", "mirror_folder": "/srv/mirror"}
    return {"head-1": dict(shared), "service-1": {**shared, **service}}


def test_a_sound_mirror_has_no_problems_and_none_is_no_problem() -> None:
    assert mirror_problems(_hosts(_mirror_asked={"stdout_lines": []}), _GROUPS) == []
    assert mirror_problems({"head-1": {}}, {"all": ["head-1"]}) == []


@pytest.mark.parametrize(
    ("variables", "problem"),
    [
        ({"mirror_port": "http"}, "service-1: mirror_port: http: is no port; write one from 1 to 65535"),
        ({"mirror_port": 8080}, "inventory: mirror_port: 8080, none: must be the same for all hosts"),
        ({"mirror_key": "another"}, "inventory: mirror_key: 2 keys: must be the same for all hosts"),
        ({"mirror_clients_cidr": "all"}, "service-1: mirror_clients_cidr: all: is no network"),
        (
            {"_mirror_asked": {"stdout_lines": ["mirror_folder: /x: is no"]}},
            "service-1: mirror_folder: /x: is no",
        ),
        (
            {"base_apt_sources_only": True, "base_apt_sources": []},
            "service-1: base_apt_sources: none: apt would have no source",
        ),
    ],
)
def test_what_is_wrong_is_said(variables: dict[str, Any], problem: str) -> None:
    assert any(said.startswith(problem) for said in mirror_problems(_hosts(**variables), _GROUPS))


def test_there_is_one_mirror() -> None:
    groups = {**_GROUPS, "mirror": ["head-1", "service-1"]}
    assert mirror_problems(_hosts(), groups) == [
        "inventory: mirror: head-1, service-1: there must be one mirror; put one host into group mirror"
    ]


def test_the_server_gives_one_folder_to_one_network() -> None:
    environment = Environment(  # noqa: S701 - a server's configuration, no HTML
        loader=FileSystemLoader(_ROLE / "templates"), trim_blocks=True, undefined=StrictUndefined
    )
    variables = yaml.safe_load((_ROLE / "defaults/main.yml").read_text())
    variables |= {"mirror_clients_cidr": "10.0.0.0/24", "ansible_managed": "managed"}
    text = environment.get_template("etc/nginx/conf.d/mirror.conf.j2").render(variables)
    lines = [line.strip() for line in text.splitlines()]
    assert [line for line in lines if line.startswith(("root", "listen"))] == [
        "listen 80 default_server;",
        "root /srv/mirror;",
    ]
    assert lines.index("allow 10.0.0.0/24;") + 1 == lines.index("deny all;")
