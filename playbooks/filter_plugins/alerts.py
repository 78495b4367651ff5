"""How long what an alert is about must have been so before the alert fires."""

import re
from collections.abc import Callable, Mapping

from ansible.errors import AnsibleFilterError

_DURATION = re.compile(r"(0|([0-9]+(ms|s|m|h|d|w))+)")


def alert_after(usual: Mapping[str, str], asked: Mapping[str, object]) -> dict[str, str]:
    """Alert -> a duration of Prometheus's: the usual ones, but for those that are asked for.

    Raises:
        AnsibleFilterError: no such alert, or no duration.
    """
    for name, value in asked.items():
        if name not in usual:
            known = ", ".join(sorted(usual))
            raise AnsibleFilterError(f"observability_alert_after.{name}: is no alert; choose of {known}")
        if not _DURATION.fullmatch(str(value)):
            raise AnsibleFilterError(
                f"observability_alert_after.{name}: {value}: is no duration; write 30s, 5m or 1h30m"
            )
    return {**usual, **{name: str(value) for name, value in asked.items()}}


class FilterModule:
    """What Ansible looks for in a file of filters."""

    def filters(self) -> dict[str, Callable[..., dict[str, str]]]:
        """Name -> filter."""
        return {"alert_after": alert_after}
