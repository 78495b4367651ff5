"""Looks whether apt would install from a folder: signed by the key, indexes as signed, every package whole.

Arguments: folder, suite, components, key (public, in ASCII armor). Says a problem a line and ends with 1
where there is any. apt itself judges, with lists and settings of their own: the host's are left alone.
"""

import os
import re
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

SHOWN = 5
_PLAIN = re.compile(r"/[A-Za-z0-9._/+-]+")  # apt and the server read it, each with its own quotes
_ARMOR = "-----BEGIN PGP PUBLIC KEY BLOCK-----"
_FIX = "carry in one that is whole, with the key that it is signed by"
_CONF = """Dir::Etc::Parts "/dev/null";
Dir::Etc::Main "/dev/null";
Dir::Etc::SourceList "/dev/null";
Dir::Etc::SourceParts "{own}/sources";
Dir::Etc::Trusted "/dev/null";
Dir::Etc::TrustedParts "/dev/null";
Dir::State::Lists "{own}/lists";
Dir::Cache "{own}/cache";
Acquire::Languages "none";
Acquire::GzipIndexes "false";
APT::Update::Error-Mode "any";
APT::Sandbox::User "";
"""


def problems(folder: str, suite: str, components: str, key: str) -> Iterator[str]:
    """Each as ``field: value: rule; fix``."""
    if not _PLAIN.fullmatch(folder):
        yield f"mirror_folder: {folder or 'none'}: is no absolute path of letters, digits, . _ + -; write one"
        return
    if not Path(folder).is_dir():
        yield f"mirror_folder: {folder}: is no folder that everybody may read; carry a repository there"
        return
    if _ARMOR not in key:
        yield "mirror_key: given: is no public key in ASCII armor; give the one that the folder is signed by"
        return
    with tempfile.TemporaryDirectory(prefix="mirror-check-") as scratch:
        own = Path(scratch)
        if said := _refused(own, folder, suite, components, key):
            yield f"mirror_folder: {folder}: apt does not take it: {said}; {_FIX}"
            return
        odd = sorted(_odd(own / "lists", Path(folder)))
    if odd:
        more = f" and {len(odd) - SHOWN} more" if len(odd) > SHOWN else ""
        yield f"mirror_folder: {folder}: {', '.join(odd[:SHOWN])}{more}; {_FIX}"


def _refused(own: Path, folder: str, suite: str, components: str, key: str) -> str:
    """What apt says against it; empty: nothing."""
    for each in ("sources", "lists/partial", "cache/archives/partial"):
        (own / each).mkdir(parents=True)
    (own / "key.asc").write_text(key.strip() + "\n")
    source = f"Types: deb\nURIs: copy:{folder}\nSuites: {suite}\nSigned-By: {own}/key.asc\n"
    source += f"Components: {components}\n" if components else ""
    (own / "sources/folder.sources").write_text(source)
    (own / "apt.conf").write_text(_CONF.format(own=own))
    done = subprocess.run(
        ["apt-get", "--quiet=2", "update"],
        env={**os.environ, "APT_CONFIG": f"{own}/apt.conf", "LC_ALL": "C"},
        check=False, capture_output=True, text=True,
    )  # fmt: skip
    if done.returncode == 0:
        return ""
    said = re.findall(r"^[EW]: (.+)$", done.stderr, re.MULTILINE)
    return " ".join(said) or f"apt-get ended with {done.returncode}"


def _odd(lists: Path, folder: Path) -> Iterator[str]:
    """Packages of the indexes that are not whole in the folder; their hashes every host checks itself."""
    for index in lists.glob("*_Packages"):
        for stanza in index.read_text().split("\n\n"):
            fields = dict(re.findall(r"^(Filename|Size): (.+)$", stanza, re.MULTILINE))
            if "Filename" not in fields:
                continue
            file = folder / fields["Filename"]
            if not file.is_file():
                yield f"{file.name} is not there"
            elif file.stat().st_size != int(fields["Size"]):
                yield f"{file.name} has {file.stat().st_size} bytes in place of {fields['Size']}"
            elif not file.stat().st_mode & 0o004:
                yield f"{file.name} may not be read by everybody"


def main(arguments: list[str]) -> int:
    """The exit code: 0, or 1 where there are problems."""
    found = list(problems(*arguments))
    for each in found:
        print(each)
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
