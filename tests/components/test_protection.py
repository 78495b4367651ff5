"""What holds keys or state is not deleted by one command."""

from functools import partial

import pytest

from components import Encryption, EncryptionArgs
from datahall.engine import ProtectedResource
from datahall.testing import NewStack


def keys(*, protected: bool) -> None:
    Encryption("datahall-kept", EncryptionArgs(deletion_protection=protected, deletion_window_days=7))


def test_protected_keys_outlive_a_destroy_until_they_are_unprotected(stack: NewStack) -> None:
    kept = stack(partial(keys, protected=True))
    kept.up()
    with pytest.raises(ProtectedResource, match="datahall-kept-data"):
        kept.destroy()
    aliases = kept.boto3.client("kms").list_aliases()["Aliases"]
    assert "alias/datahall-kept-data" in {each["AliasName"] for each in aliases}
    kept.up(partial(keys, protected=False))
    kept.destroy()
    assert not kept.resources
