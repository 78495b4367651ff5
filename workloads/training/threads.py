"""How the threads of one process wait for each other."""

from collections.abc import MutableMapping

_SAID = ("OMP_WAIT_POLICY", "GOMP_SPINCOUNT")


def threads_that_sleep(environment: MutableMapping[str, str]) -> None:
    """Have OpenMP's threads sleep where they wait, unless `environment` says how; before torch is imported.

    They would spin: beside other work on the same cores, a thread that does so takes the very time in which
    the one that it waits for could be done.
    """
    if not any(name in environment for name in _SAID):
        environment["OMP_WAIT_POLICY"] = "passive"
