"""What moto remembers too little (answers that never change, a third of its time) and too long."""

import functools
from collections.abc import Iterator
from typing import Any

from moto import backends
from moto.core import responses, utils
from moto.ec2.models.subnets import Subnet

_addresses_of = Subnet._base_avail_ip_iterator.__wrapped__


def _addresses(self: Subnet) -> Iterator[Any]:
    """Iterate over what is still to be given; kept in the subnet, as moto's cache keeps subnets for ever."""
    if "datahall_addresses" not in vars(self):
        vars(self)["datahall_addresses"] = _addresses_of(self)
    kept: Iterator[Any] = vars(self)["datahall_addresses"]
    return kept


def install() -> None:
    """Mend both; once a process."""
    modules = frozenset(backends.list_of_moto_modules())
    backends.list_of_moto_modules = lambda: modules
    responses.method_names_from_class = functools.cache(utils.method_names_from_class)  # type: ignore[attr-defined]
    Subnet._base_avail_ip_iterator = _addresses  # type: ignore[method-assign,assignment]  # the hook
