"""The local mirror: every package that the roles install, fetched once, with all that each depends on.

The service host sees it read-only at /srv/mirror and serves it to the others; none has a route out. Which
packages: whatever the roles' own defaults name in a variable that ends in ``_packages``, not a second list.
"""

import hashlib
import re
import shutil
import tempfile
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import yaml

from datahall.sandbox.hosts import base, debs, gpu_packages, lustre_package, needs, repository, sources
from datahall.sandbox.hosts.errors import HostsFailedError, HostsUsageError
from datahall.sandbox.hosts.processes import run

_NAME = re.compile(r"[a-z0-9][a-z0-9.+-]*(=[A-Za-z0-9.+:~-]+)?")
_COMPONENTS = ("main", "contrib", "non-free", "non-free-firmware")  # apt passes over one that is not there
# apt's words for a name and for a version that are not there
_UNKNOWN = re.compile(r"(?:Unable to locate package|Version '.*' for) '?(?P<name>[^\s']+)")
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
    ours = _emulated()
    digest = hashlib.sha256(
        "\n".join([base.path().name, debs.fingerprint(ours), *sorted(packages)]).encode()
    ).hexdigest()
    folder = base.cache() / f"mirror-{digest[:12]}"
    if folder.is_dir():
        return folder
    tell(f"fetching the {len(packages)} packages that the roles name, and what they depend on, once")
    with tempfile.TemporaryDirectory(prefix="making-", dir=base.cache()) as scratch:
        made = Path(scratch) / "mirror"
        made.mkdir(mode=0o755)
        made.chmod(0o755)
        _fetch(Path(scratch), made, _others(packages, ours))
        for package in ours:
            debs.build(package, made)
        repository.index(made)
        made.rename(folder)
    return folder


def carry(
    folder: Path,
    packages: Sequence[str],
    tell: Callable[[str], None],
    *,
    components: Sequence[str] = ("main",),
) -> int:
    """Make a signed folder for a site with no route out, whole or not at all; the number of packages in it.

    ``packages``: names, some with ``=version``; those of ours that stand in on emulated hosts are left out.
    ``components``: those of Debian's archive. All that a package depends on is there, even what our base has:
    a real host may have an older one, or none.

    Raises:
        HostsUsageError: the folder is there; the machine does not fit; a package is not in the archive.
        HostsFailedError: the packages cannot be fetched.
    """
    if folder.exists():
        raise HostsUsageError("folder", str(folder), "is there already", "name one that is not")
    if not folder.parent.is_dir():
        raise HostsUsageError("folder", str(folder), "has no folder above it", f"make {folder.parent}")
    wanted = _others(sorted(set(packages)), _emulated())
    if odd := [name for name in wanted if not _NAME.fullmatch(name)]:
        raise HostsUsageError("package", odd[0], "is no name", "write NAME or NAME=VERSION, as apt does")
    if odd := sorted(set(components) - set(_COMPONENTS)):
        known = ", ".join(_COMPONENTS)
        raise HostsUsageError("component", odd[0], "is none of Debian's archive", f"choose of: {known}")
    needs.require()
    base.ensure(tell)
    tell(f"fetching {len(wanted)} packages and all that each depends on")
    with tempfile.TemporaryDirectory(prefix="making-", dir=folder.parent) as scratch:
        made = Path(scratch) / "mirror"
        made.mkdir()
        made.chmod(0o755)
        nothing_installed = ["--option", "Dir::State::status=/dev/null"]
        try:
            _fetch(Path(scratch), made, [*nothing_installed, *wanted], components=components)
        except HostsFailedError as error:
            if unknown := _UNKNOWN.search(str(error)):
                fix = "correct it, or name the component of the archive that has it"
                named = unknown["name"]
                asked = next((name for name in wanted if name.partition("=")[0] == named), named)
                raise HostsUsageError("package", asked, "is not in the archive", fix) from None
            raise
        tell("signing them")
        number = repository.index(made)
        made.rename(folder)
    return number


def _emulated() -> list[debs.Package]:
    return [*gpu_packages.packages(), lustre_package.package()]


def _others(packages: Sequence[str], ours: Sequence[debs.Package]) -> list[str]:
    names = {package.name for package in ours}
    return [name for name in packages if name.partition("=")[0] not in names]


def _fetch(
    scratch: Path, made: Path, packages: Sequence[str], *, components: Sequence[str] = ("main",)
) -> None:
    (scratch / "sources.list").write_text(sources.lines(base.SUITE, components))
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
