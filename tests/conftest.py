"""What all tests share."""

from __future__ import annotations

import os
from collections.abc import Iterator

import pytest

pytest_plugins = ["datahall.testing.plugin", "tests.shared_site"]

_PYTESTS_OWN = "PYTEST_CURRENT_TEST"
_LIBRARIES = ("KMP_", "TORCHINDUCTOR_")
"""What torch and the libraries below it set for their process, in whichever test they are first imported."""


@pytest.fixture(scope="session", autouse=True)
def _compilers_cache(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """torch names a folder in the environment as its compiler is first imported; it is named before."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("TORCHINDUCTOR_CACHE_DIR", str(tmp_path_factory.mktemp("inductor")))
        yield


@pytest.fixture(autouse=True)
def environment_is_left_as_found() -> Iterator[None]:
    """A variable that one test leaves behind makes another fail, elsewhere and now and then."""
    before = _variables()
    yield
    after = _variables()
    if left := sorted(name for name in before.keys() | after.keys() if before.get(name) != after.get(name)):
        os.environ.update(before)
        for name in after.keys() - before.keys():
            del os.environ[name]
        pytest.fail(f"the test left the environment changed: {', '.join(left)}")


def _variables() -> dict[str, str]:
    found = os.environ.items()
    return {name: value for name, value in found if name != _PYTESTS_OWN and not name.startswith(_LIBRARIES)}
