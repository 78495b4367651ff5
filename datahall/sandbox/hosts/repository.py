"""A flat apt repository: an index of .deb files and a signed Release over it.

Format: Debian's RepositoryFormat, flat variant (``deb file:/srv/mirror ./``). Signed, so that the hosts'
apt checks what it installs as it would anywhere.
"""

import hashlib
import shutil
import tempfile
from email.utils import formatdate
from pathlib import Path

from datahall.sandbox.hosts.processes import run

KEY = "mirror.asc"


def index(folder: Path) -> int:
    """Write Packages, Release, InRelease and the public key over the .deb files; give their number."""
    files = sorted(folder.glob("*.deb"))
    packages = "\n".join(_entry(file) for file in files).encode()
    (folder / "Packages").write_bytes(packages)
    digest = hashlib.sha256(packages).hexdigest()
    release = (
        "Origin: datahall\nLabel: datahall local mirror\nSuite: ./\nArchitectures: amd64 arm64 all\n"
        f"Date: {formatdate(usegmt=True)}\nSHA256:\n {digest} {len(packages)} Packages\n"
    )
    (folder / "Release").write_text(release)
    _sign(folder)
    return len(files)


def _entry(file: Path) -> str:
    control = run(["dpkg-deb", "--field", str(file)], what=f"reading {file.name}")
    digest = hashlib.sha256(file.read_bytes()).hexdigest()
    return f"{control.rstrip()}\nFilename: ./{file.name}\nSize: {file.stat().st_size}\nSHA256: {digest}\n"


def _sign(folder: Path) -> None:
    """Sign with a key made for this index and thrown away: nobody can ever sign another with it."""
    home = Path(tempfile.mkdtemp(prefix="datahall-gpg-"))
    gpg = ["gpg", "--homedir", str(home), "--batch", "--yes", "--quiet"]
    try:
        name = "datahall local mirror"
        run(
            [*gpg, "--passphrase", "", "--quick-generate-key", name, "ed25519", "sign", "never"],
            what="making the mirror's key",
        )
        inline = ["--clearsign", "--output", str(folder / "InRelease"), str(folder / "Release")]
        run([*gpg, *inline], what="signing the mirror")
        run([*gpg, "--armor", "--output", str(folder / KEY), "--export"], what="exporting the mirror's key")
    finally:
        run(["gpgconf", "--homedir", str(home), "--kill", "all"], what="ending gpg's agent")
        shutil.rmtree(home, ignore_errors=True)
