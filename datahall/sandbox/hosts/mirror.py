"""The local mirror: every package that the roles install, fetched once, with all that each depends on.

Hosts see it read-only at /srv/mirror and have no route out. Which packages: whatever the roles' own
defaults name in a variable that ends in ``_packages``, so there is no second list to keep.
"""

import hashlib
import shutil
import tempfile
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import yaml

from datahall.sandbox.hosts import base, gpu_packages, repository, sources
from datahall.sandbox.hosts.processes import run

# A scratch overlay on the base, in a mount namespace of its own; apt in it resolves and downloads only.
_FETCH = """
set -eu
mount -t tmpfs tmpfs "$2"
mkdir "$2/upper" "$2/work" "$2/root"
mount -t overlay overlay -o "lowerdir=$1,upperdir=$2/upper,workdir=$2/work" "$2/root"
mkdir -p "$2/root/var/cache/apt/archives/partial"
mount --bind "$3" "$2/root/var/cache/apt/archives"
cp "$4/sources.list" "$2/root/etc/apt/sources.list"
cp "$4/apt.conf" "$2/root/etc/apt/apt.conf.d/00machine"
rm -f "$2/root/etc/resolv.conf"
cp -L /etc/resolv.conf "$2/root/etc/resolv.conf"
root=$2/root
shift 4
chroot "$root" apt-get -qq update
chroot "$root" apt-get -qq install --download-only --no-install-recommends --yes "$@"
"""


def packages_of(roles: Path) -> list[str]:
    """The Debian packages that roles name in their defaults, sorted."""
    return sorted({name for file in roles.glob("*/defaults/main.yml") for name in _named(file)})


def _named(file: Path) -> Iterator[str]:
    for key, value in (yaml.safe_load(file.read_text()) or {}).items():
        if key.endswith("_packages") and isinstance(value, list):
            yield from value


def ensure(packages: Sequence[str], tell: Callable[[str], None]) -> Path:
    """Make the mirror for these packages unless it is there; whole or not at all."""
    ours = gpu_packages.fingerprint()
    digest = hashlib.sha256("\n".join([base.path().name, ours, *sorted(packages)]).encode()).hexdigest()
    folder = base.cache() / f"mirror-{digest[:12]}"
    if folder.is_dir():
        return folder
    tell(f"fetching the {len(packages)} packages that the roles name, and what they depend on, once")
    with tempfile.TemporaryDirectory(prefix="making-", dir=base.cache()) as scratch:
        made = Path(scratch) / "mirror"
        made.mkdir(mode=0o755)
        made.chmod(0o755)
        _fetch(Path(scratch), made, [name for name in packages if not _ours(name)])
        gpu_packages.build(made)
        repository.index(made)
        made.rename(folder)
    return folder


def _ours(package: str) -> bool:
    return package.partition("=")[0] in gpu_packages.NAMES


def _fetch(scratch: Path, made: Path, packages: Sequence[str]) -> None:
    (scratch / "sources.list").write_text(sources.lines(base.SUITE))
    (scratch / "apt.conf").write_text(sources.settings())
    overlay = scratch / "overlay"
    overlay.mkdir()
    folders = [str(folder) for folder in (base.path(), overlay, made, scratch)]
    run(
        ["unshare", "--mount", "--propagation", "private", "sh", "-c", _FETCH, "fetch", *folders, *packages],
        what="fetching packages into the local mirror",
    )
    for leftover in ("lock", "partial"):
        _drop(made / leftover)


def _drop(path: Path) -> None:
    if path.is_dir():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)
