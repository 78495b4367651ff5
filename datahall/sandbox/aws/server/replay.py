"""What makes a request give the same answer twice: its randomness and its time.

A request that changes something runs with moto's random source (and `os.urandom`, which moto also asks)
seeded by its journal number, and at the time recorded. A region's backend (default network, managed keys)
comes to be on first use, by whichever request is first, so it has a seed and a time of its own.
"""

import contextlib
import os
import uuid
import zlib
from collections.abc import Iterator
from random import Random

import time_machine
from moto.core import base_backend
from moto.core.base_backend import AccountSpecificBackend, BaseBackend
from moto.kms.models import KmsBackend
from moto.moto_api._internal import mock_random

from datahall.sandbox.aws.server.overlay.kms import managed_keys

_urandom = os.urandom


@contextlib.contextmanager
def moment(n: int, at: float) -> Iterator[None]:
    """Run as the request number `n`, at the time `at`; one caller at a time, no other request beside it."""
    mock_random.seed(n)
    before = os.urandom
    os.urandom = Random(n).randbytes  # noqa: S311 - to be the same at a replay is the point
    try:
        with time_machine.travel(at, tick=False):
            yield
    finally:
        os.urandom = before


def install(created: float) -> None:
    """Have every backend made the same way, as of `created`; once a process."""
    make = AccountSpecificBackend.__getitem__

    def get(self: AccountSpecificBackend[BaseBackend], region: str) -> BaseBackend:
        if region in self.keys() or region == "global":
            return make(self, region)
        before = mock_random.getstate()
        name = f"{self.service_name}/{self.account_id}/{region}"
        try:
            with moment(zlib.crc32(name.encode()), created):
                backend = make(self, region)
                if isinstance(backend, KmsBackend):
                    managed_keys(backend)
                return backend
        finally:
            mock_random.setstate(before)

    AccountSpecificBackend.__getitem__ = get  # type: ignore[method-assign,assignment]  # the hook
    base_backend.uuid4 = _process_uuid  # type: ignore[attr-defined]  # names a backend in this process only


def _process_uuid() -> uuid.UUID:
    return uuid.UUID(bytes=_urandom(16), version=4)
