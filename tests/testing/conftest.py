from pathlib import Path

import pytest

from tests.testing.foreign import install


@pytest.fixture(scope="session")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder that holds datahall as pip would put it there."""
    return install(tmp_path_factory.mktemp("wheel"))
