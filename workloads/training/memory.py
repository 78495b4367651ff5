"""Memory that a step lets go of is kept for the next one."""

import ctypes

_TRIM_THRESHOLD, _MMAP_MAX = -1, -4
"""M_TRIM_THRESHOLD and M_MMAP_MAX of malloc.h; see mallopt(3)."""


def keep_freed_memory() -> None:
    """Have glibc give none back to the system for as long as this process runs; elsewhere nothing is done.

    A gradient for each record takes hundreds of megabytes, which glibc returns after each step and the
    system hands out again page by page, zeroed: up to half of a private step's time on a CPU.
    """
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None)
    if mallopt is not None:
        mallopt(_TRIM_THRESHOLD, -1)
        mallopt(_MMAP_MAX, 0)
