"""What all tests share."""

from __future__ import annotations

import os
from collections.abc import Iterator

import pytest

pytest_plugins = ["datahall.testing.plugin", "tests.shared_site"]

_PYTESTS_OWN = "PYTEST_CURRENT_TEST"


@pytest.fixture(autouse=True)
def environment_is_left_as_found() -> Iterator[None]:
    """A variable that one test leaves behind makes another fail, elsewhere and now and then."""
    before = {name: value for name, value in os.environ.items() if name != _PYTESTS_OWN}
    yield
    after = {name: value for name, value in os.environ.items() if name != _PYTESTS_OWN}
    if left := sorted(name for name in before.keys() | after.keys() if before.get(name) != after.get(name)):
        os.environ.update(before)
        for name in after.keys() - before.keys():
            del os.environ[name]
        pytest.fail(f"the test left the environment changed: {', '.join(left)}")
