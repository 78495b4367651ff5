"""How the plugin tells what went wrong: AWS's own words, no traceback, no property values."""

from __future__ import annotations

import re
from collections import namedtuple
from typing import Any, NoReturn

import grpc
from botocore.exceptions import BotoCoreError, ClientError, ParamValidationError
from pulumi.runtime.proto import provider_pb2, status_pb2

from datahall.sandbox.aws.plugin import lifecycle
from datahall.sandbox.aws.plugin.aws import NotSandboxError
from datahall.sandbox.aws.plugin.properties import Properties, UnsupportedValueError, encode
from datahall.sandbox.aws.plugin.run import CancelledError, error_code

_EXPECTED = (
    ClientError,
    BotoCoreError,
    NotSandboxError,
    UnsupportedValueError,
    CancelledError,
    RuntimeError,
    TimeoutError,
    LookupError,
    ValueError,
)


class _Status(namedtuple("_Status", "code details trailing_metadata"), grpc.Status):
    """A gRPC status with details, as grpc.ServicerContext.abort_with_status takes it."""


class reported:  # noqa: N801  # reads as a statement
    """Turns what a user can understand into a gRPC error: no traceback, no property values."""

    def __init__(self, context: grpc.ServicerContext, doing: str, given: Properties | None = None) -> None:
        self._context, self._doing, self._given = context, doing, given or Properties()

    def __enter__(self) -> None:
        return None

    def __exit__(self, kind: type | None, error: BaseException | None, trace: object) -> None:
        if isinstance(error, lifecycle.PartlyDoneError):
            text = f"{self._doing}: {_explained(error.cause, self._given)}"
            self._context.abort_with_status(_partly(error, text, self._given))
        if isinstance(error, _EXPECTED):
            abort(self._context, grpc.StatusCode.UNKNOWN, f"{self._doing}: {_explained(error, self._given)}")


def _explained(error: Exception, given: Properties) -> str:
    """AWS's code and message, and the property whose value the message names."""
    if isinstance(error, ClientError):
        message = str(error.response.get("Error", {}).get("Message", ""))
        where = _property_of(message, given)
        return f"{error_code(error)}: {message}" + (f" (property {where})" if where else "")
    if isinstance(error, ParamValidationError):
        return " ".join(str(error).split())
    return str(error)


def _property_of(message: str, given: Properties) -> str:
    return next(
        (
            name
            for name, value in given.values.items()
            if isinstance(value, str) and name not in given.secrets and _names(message, value)
        ),
        "",
    )


def _names(message: str, value: str) -> bool:
    """Whether a message has the value as a word of its own, not as a part of an ARN or path."""
    return len(value) > 3 and re.search(rf"(?<![\w/:.-]){re.escape(value)}(?![\w/:-])", message) is not None


def _partly(error: lifecycle.PartlyDoneError, text: str, given: Properties) -> _Status:
    """The protocol's way to say that the resource exists all the same (ErrorResourceInitFailed)."""
    detail = provider_pb2.ErrorResourceInitFailed(
        id=error.id,
        properties=encode(error.outputs, hidden(given, error.outputs)),
        inputs=encode(given.values, given.secrets),
        reasons=[text],
    )
    status = status_pb2.Status(code=grpc.StatusCode.UNKNOWN.value[0], message=text)
    status.details.add().Pack(detail)
    return _Status(grpc.StatusCode.UNKNOWN, text, (("grpc-status-details-bin", status.SerializeToString()),))


def abort(context: grpc.ServicerContext, code: grpc.StatusCode, text: str) -> NoReturn:
    """Ends the call with an error."""
    context.abort(code, text)
    raise AssertionError  # abort() has raised


def hidden(given: Properties, outputs: dict[str, Any]) -> set[str]:
    """Outputs that are secret because the inputs of that name are."""
    secret = set(given.secrets)
    return (secret | {"tagsAll"} if "tags" in secret else secret) & set(outputs)
