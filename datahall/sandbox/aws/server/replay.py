"""What makes a request give the same answer twice: its randomness and its time.

A request that changes something runs with moto's random source seeded by its journal number, and at the
time recorded. A region's backend (default network, managed keys) comes to be on first use,
by whichever request is first, so it has a seed and a time of its own.
"""

import contextlib
import zlib
from collections.abc import Iterator

import time_machine
from moto.core.base_backend import AccountSpecificBackend, BaseBackend
from moto.kms import utils as kms
from moto.moto_api._internal import mock_random


@contextlib.contextmanager
def moment(n: int, at: float) -> Iterator[None]:
    """Run as the request number `n`, at the time `at`; one caller at a time, no other request beside it."""
    mock_random.seed(n)
    with time_machine.travel(at, tick=False):
        yield


def install(created: float) -> None:
    """Have every backend made the same way, as of `created`; once a process."""
    make = AccountSpecificBackend.__getitem__

    def get(self: AccountSpecificBackend[BaseBackend], region: str) -> BaseBackend:
        if region in self.keys() or region == "global":
            return make(self, region)
        before = mock_random.getstate()
        mock_random.seed(zlib.crc32(f"{self.service_name}/{self.account_id}/{region}".encode()))
        try:
            with time_machine.travel(created, tick=False):
                return make(self, region)
        finally:
            mock_random.setstate(before)

    AccountSpecificBackend.__getitem__ = get  # type: ignore[method-assign,assignment]  # the hook
    kms.generate_data_key = _key_material


def _key_material(number_of_bytes: int) -> bytes:
    return mock_random.randbytes(number_of_bytes)
