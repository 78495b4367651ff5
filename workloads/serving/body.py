"""Reading a request's body: only JSON, no larger and no slower than allowed."""

import asyncio
from collections.abc import AsyncIterable, Mapping

from workloads.serving.config import ServingConfig
from workloads.serving.problem import ProblemError

_CLOSE = {"Connection": "close"}


def check_headers(headers: Mapping[str, str], config: ServingConfig) -> None:
    """Refuse (415, 413) by what the headers announce, before anything is read."""
    content_type = headers.get("content-type", "")
    media_type, _, parameters = content_type.lower().partition(";")
    if media_type.strip() != "application/json" or parameters.strip() not in ("", "charset=utf-8"):
        fix = "send the header Content-Type: application/json"
        rule = "must be application/json"
        raise _refused(415, "Content-Type", content_type or "missing", rule, fix)
    encoding = headers.get("content-encoding", "identity")
    if encoding != "identity":
        raise _refused(415, "Content-Encoding", encoding, "must be identity", "send the body as it is")
    length = headers.get("content-length", "0")
    if length.isdecimal() and int(length) > config.max_body_bytes:
        raise _too_large(f"{length} bytes", config)


async def read_body(stream: AsyncIterable[bytes], config: ServingConfig) -> bytes:
    """The whole body; stops (413, 408) as soon as it is too large or too slow."""
    body = bytearray()
    try:
        async with asyncio.timeout(config.body_timeout_s):
            async for chunk in stream:
                body += chunk
                if len(body) > config.max_body_bytes:
                    raise _too_large(f"more than {config.max_body_bytes} bytes", config)
    except TimeoutError:
        rule = f"must arrive within {config.body_timeout_s:g} s"
        raise _refused(408, "body", f"{len(body)} bytes so far", rule, "send it faster") from None
    return bytes(body)


def _too_large(value: str, config: ServingConfig) -> ProblemError:
    fix = "send fewer instances a request"
    return _refused(413, "body", value, f"must be at most {config.max_body_bytes} bytes", fix)


def _refused(status: int, field: str, value: str, rule: str, fix: str) -> ProblemError:
    # The rest of the body is not read, so the connection cannot carry another request.
    return ProblemError(status, field=field, value=value, rule=rule, fix=fix, headers=_CLOSE)
