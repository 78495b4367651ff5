"""MNIST itself, or anything in its form: four IDX files in a folder, plain or gzipped."""

import gzip
import zlib
from pathlib import Path

from workloads.data.content import Content
from workloads.data.images import FILES, Splits, from_files, pack, pack_shards
from workloads.errors import CorruptDataError, InvalidInputError

SOURCE = "MNIST database of handwritten digits (Y. LeCun, C. Cortes, C. J. C. Burges)"
LICENCE = "CC-BY-SA-3.0"
PREPARATION = "as released"

_EACH = 1000


def collect(folder: Path) -> Content:
    """The four files, checked."""
    return pack(load_mnist(folder))


def sharded(folder: Path) -> Content:
    """The same in shards."""
    return pack_shards(load_mnist(folder), _EACH)


def load_mnist(folder: Path) -> Splits:
    """The data in `folder`; InvalidInputError for a missing file, CorruptDataError for a broken one."""
    return from_files({name: _read(folder, name) for names in FILES.values() for name in names})


def _read(folder: Path, name: str) -> bytes:
    plain, packed = folder / name, folder / f"{name}.gz"
    try:
        if plain.exists():
            return plain.read_bytes()
        return gzip.decompress(packed.read_bytes())
    except FileNotFoundError:
        rule = f"must hold {name} or {name}.gz"
        raise InvalidInputError(
            "--source", folder, rule, "give the folder that MNIST was fetched to"
        ) from None
    except OSError as error:
        if isinstance(error, gzip.BadGzipFile):
            raise _broken(packed, error) from None
        rule = error.strerror or "cannot be read"
        raise InvalidInputError("--source", plain, rule, "give a folder of readable files") from None
    except (EOFError, zlib.error) as error:
        raise _broken(packed, error) from None


def _broken(path: Path, error: Exception) -> CorruptDataError:
    return CorruptDataError(path.name, str(error), "must be a whole gzip file", "fetch the file again")
