"""Reading IAM policy documents (the JSON attached to keys, buckets and file systems)."""

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from fnmatch import fnmatchcase
from typing import Any

Statement = Mapping[str, Any]


class MalformedDocumentError(ValueError):
    """The text is not a policy document."""


def statements(document: str | Mapping[str, Any]) -> list[Statement]:
    """Return a document's statements; MalformedDocumentError where it is not one."""
    if isinstance(document, str):
        try:
            document = json.loads(document)
        except ValueError as error:
            raise MalformedDocumentError(f"not JSON ({error})") from error
    if not isinstance(document, Mapping) or "Statement" not in document:
        raise MalformedDocumentError("no Statement in it")
    found = document["Statement"]
    listed = [found] if isinstance(found, Mapping) else list(found)
    if not all(isinstance(statement, Mapping) for statement in listed):
        raise MalformedDocumentError("Statement is not a list of objects")
    return listed


def listed(value: object) -> list[Any]:
    """Return a member that may be one value or a list, as a list."""
    if value is None:
        return []
    if isinstance(value, str) or not isinstance(value, Sequence):
        return [value]
    return list(value)


def principals(statement: Statement) -> Iterator[str]:
    """Yield every principal that a statement names, of whatever kind (AWS, Service, ...)."""
    principal = statement.get("Principal")
    groups = principal.values() if isinstance(principal, Mapping) else [principal]
    for group in groups:
        yield from (str(one) for one in listed(group))


def covers(patterns: Sequence[Any], name: str) -> bool:
    """Tell whether an IAM pattern (`*` and `?` are wild) matches a name, in whichever AWS partition."""
    wanted = _partitionless(name).lower()
    return any(fnmatchcase(wanted, _partitionless(str(pattern)).lower()) for pattern in patterns)


def _partitionless(name: str) -> str:
    return re.sub(r"^arn:aws[a-z-]*:", "arn:aws:", name)


def denies_plain_transport(statement: Statement) -> bool:
    """Tell whether a statement denies everyone whatever is not sent over TLS.

    The form AWS documents: Deny, principal `*`, condition Bool aws:SecureTransport false. Any further
    condition would narrow the denial, so it is not accepted.
    """
    condition = statement.get("Condition")
    if statement.get("Effect") != "Deny" or "*" not in principals(statement):
        return False
    if not isinstance(condition, Mapping) or len(condition) != 1:
        return False
    operator, tests = next(iter(condition.items()))
    if operator not in ("Bool", "BoolIfExists") or not isinstance(tests, Mapping) or len(tests) != 1:
        return False
    key, values = next(iter(tests.items()))
    return str(key).lower() == "aws:securetransport" and [str(v).lower() for v in listed(values)] == ["false"]
