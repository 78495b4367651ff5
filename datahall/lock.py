"""One command at a time changes what is in a home folder."""

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager

from datahall.errors import UserError
from datahall.paths import Home


@contextmanager
def hold(home: Home, command: str) -> Iterator[None]:
    """Hold the home folder's lock; the kernel lets go of it when this process ends, however it ends.

    Raises:
        UserError: another command holds it.
    """
    home.root.mkdir(parents=True, exist_ok=True)
    path = home.root / "lock"
    with path.open("a+") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            # `down` may have removed the file between our opening and our locking it.
            if not path.exists() or not os.path.samestat(path.stat(), os.fstat(file.fileno())):
                raise BlockingIOError
        except BlockingIOError:
            file.seek(0)
            holder = file.read().strip() or "another command"
            raise UserError(
                "home",
                str(home.root),
                f"is being changed by {holder}",
                "wait until that has ended, and try again",
            ) from None
        file.truncate(0)
        file.write(f"{command} (pid {os.getpid()})\n")
        file.flush()
        yield
