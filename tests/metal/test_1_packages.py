"""A folder of packages to be carried to a site: signed, nothing missing. Needs no hosts."""

import hashlib
import re
import subprocess
from pathlib import Path

import pytest

from datahall.sandbox.hosts import HostsUsageError, mirror, repository

pytestmark = pytest.mark.timeout(900)


def test_a_folder_made_to_be_carried_is_signed_and_whole(tmp_path: Path) -> None:
    folder = tmp_path / "carried"
    number = mirror.carry(folder, ["restic"], print)
    assert number == len(list(folder.glob("*.deb"))) > 1
    assert list(folder.glob("libc6_*.deb")), "our base has it, a host of theirs may have an older one"

    keyring = tmp_path / "keyring"
    subprocess.run(["gpg", "--dearmor", "--output", keyring, folder / repository.KEY], check=True)
    subprocess.run(["gpgv", "--keyring", keyring, folder / "InRelease"], check=True)
    index = (folder / "Packages").read_bytes()
    assert hashlib.sha256(index).hexdigest() in (folder / "InRelease").read_text()
    listed = re.findall(r"^Filename: (.+)\n(?:.+\n)*?SHA256: (.+)$", index.decode(), re.MULTILINE)
    assert len(listed) == number
    for name, digest in listed:
        assert hashlib.sha256((folder / name).read_bytes()).hexdigest() == digest
        assert (folder / name).stat().st_mode & 0o444 == 0o444, (
            "apt and whoever serves it read it without root"
        )


def test_a_version_that_is_not_in_the_archive_leaves_nothing(tmp_path: Path) -> None:
    with pytest.raises(HostsUsageError, match="package: restic=9: is not in the archive"):
        mirror.carry(tmp_path / "other", ["restic=9"], print)
    assert list(tmp_path.iterdir()) == []
