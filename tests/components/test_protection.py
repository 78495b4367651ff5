"""What holds keys or state is not deleted by one command."""

from functools import partial

import pytest

from components import Encryption, EncryptionArgs
from datahall.engine import ProtectedResource
from datahall.testing.plugin import Deploy


def keys(*, protected: bool) -> None:
    Encryption("datahall-kept", EncryptionArgs(deletion_protection=protected, deletion_window_days=7))


def test_protected_keys_outlive_a_destroy_until_they_are_unprotected(deploy: Deploy) -> None:
    deployment = deploy(partial(keys, protected=True))
    with pytest.raises(ProtectedResource, match="datahall-kept-data"):
        deployment.destroy()
    aliases = deployment.session.client("kms").list_aliases()["Aliases"]
    assert "alias/datahall-kept-data" in {each["AliasName"] for each in aliases}
    deployment.up(partial(keys, protected=False))
    deployment.destroy()
    assert not deployment.resources
