"""The accounts of the emulated AWS: each is reached with an access key that carries its number.

AWS's own access keys belong to one account, too. A key of another form is one that IAM or STS of the
emulated AWS gave, or opens the default account.
"""

import re

DEFAULT = "123456789012"
SECRET_KEY = "sandbox-only"  # noqa: S105 - opens nothing: signatures are not checked
_PREFIX = "AKIADATA"
_KEY = re.compile(_PREFIX + r"(\d{12})")


def access_key(account: str = DEFAULT) -> str:
    """The access key of an account, as long as AWS's. Raises ValueError for no account's number."""
    key = f"{_PREFIX}{account}"
    if not _KEY.fullmatch(key):
        raise ValueError(f"account: {account}: must be 12 digits, as AWS's account numbers are")
    return key


def account_of(key: str) -> str | None:
    """The account that an access key carries, None for keys of another form."""
    found = _KEY.fullmatch(key)
    return found[1] if found else None
