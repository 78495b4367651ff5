"""The accounts that the server holds: whose a request is, and how an account is closed."""

from moto.core.base_backend import BackendDict
from moto.core.model_instances import reset_model_data
from moto.iam.models import iam_backends
from moto.s3.models import s3_backends

from datahall.sandbox.aws import accounts
from datahall.sandbox.aws.server import wire
from datahall.sandbox.aws.server.journal import Request


def account_of(request: Request) -> str:
    """The account of the request's access key; the default one where nobody knows the key.

    moto's own look-up makes the backends of all partitions of all accounts, with every managed policy.
    """
    key = wire.access_key_of(request)
    carried = accounts.account_of(key)
    if carried is not None:
        return carried
    for account, partitions in list(iam_backends.items()):
        if any(key in backend.access_keys for backend in dict(partitions).values()):
            return account
    return accounts.DEFAULT


def close(account: str) -> None:
    """Forget all that is in an account, as if it had never been."""
    for backends in BackendDict._instances:  # type: ignore[misc]  # as moto itself has it
        backends.pop(account, {}).clear()  # emptied as well: moto's caches hold on to some
    reset_model_data()  # lists of all that there ever was, for moto's own pages, which are not served
    owners = s3_backends.bucket_accounts
    for bucket in [name for name, (_, owner) in owners.items() if owner == account]:
        del owners[bucket]
