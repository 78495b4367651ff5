"""From a WSGI environment to what is kept of a request, and back."""

import io
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs

from moto.core.request import PRESERVED_HEADER_NAMES_ENVIRON_KEY
from werkzeug.test import run_wsgi_app
from werkzeug.wsgi import get_input_stream

from datahall.sandbox.aws.server.journal import Request

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIApplication

_KEPT = ("REQUEST_METHOD", "PATH_INFO", "QUERY_STRING", "RAW_URI", "REQUEST_URI", "CONTENT_TYPE")
_DROPPED = re.compile("HTTP_(CONNECTION|EXPECT|AMZ_SDK_.*|USER_AGENT|TRANSFER_ENCODING|X_AMZ_SECURITY_TOKEN)")
_READS = re.compile(
    "Describe|Get|List|Head|Lookup|Search|Simulate|BatchGet|BatchCheck|Filter|Verify|Encrypt|Decrypt"
)
_SCOPE = re.compile(r"Credential=([^/]+)/([^/]+)/([^/]+)/([^/]+)/aws4_request")
_PRESIGNED = re.compile(r"(?:^|&)(?:X-Amz-Credential|AWSAccessKeyId)=([A-Za-z0-9]+)")
_ACCOUNT = "HTTP_X_MOTO_ACCOUNT_ID"


@dataclass(frozen=True)
class Response:
    """A whole response; `headers` in order."""

    status: int
    headers: list[tuple[str, str]]
    body: bytes


def read(environ: dict[str, Any]) -> Request:
    """Take the whole request in, without what differs from run to run and without its signature."""
    body = get_input_stream(environ).read()
    kept = {key: environ[key] for key in _KEPT if key in environ}
    kept |= {k: v for k, v in environ.items() if k.startswith("HTTP_") and not _DROPPED.fullmatch(k)}
    scope = _SCOPE.search(kept.get("HTTP_AUTHORIZATION", ""))
    if scope:
        kept["HTTP_AUTHORIZATION"] = f"AWS4-HMAC-SHA256 {scope[0]}, SignedHeaders=host, Signature=0"
    names = environ.get(PRESERVED_HEADER_NAMES_ENVIRON_KEY)
    if names:
        kept[PRESERVED_HEADER_NAMES_ENVIRON_KEY] = names
    return Request(kept, body)


def changes(request: Request) -> bool:
    """Whether it may change something, by the name of its action or else its method."""
    action = action_of(request)
    if action:
        return not _READS.match(action)
    return request.environ["REQUEST_METHOD"] in ("POST", "PUT", "DELETE", "PATCH")


def action_of(request: Request) -> str:
    """Return the action that a Query, EC2 or JSON request names; empty for the REST protocols."""
    environ = request.environ
    target = str(environ.get("HTTP_X_AMZ_TARGET", ""))
    if target:
        return target.rpartition(".")[2]
    form = environ.get("CONTENT_TYPE", "").startswith("application/x-www-form-urlencoded")
    fields = parse_qs(request.body.decode(errors="replace") if form else environ.get("QUERY_STRING", ""))
    return str(fields.get("Action", [""])[0])


def service_of(request: Request) -> str:
    """Return the service that the request was signed for; S3 where it was not signed (public objects)."""
    scope = _SCOPE.search(request.environ.get("HTTP_AUTHORIZATION", ""))
    return scope[4].lower() if scope else "s3"


def access_key_of(request: Request) -> str:
    """Return the access key that the request was signed with, empty where it was not signed."""
    scope = _SCOPE.search(request.environ.get("HTTP_AUTHORIZATION", ""))
    if scope:
        return scope[1]
    presigned = _PRESIGNED.search(request.environ.get("QUERY_STRING", ""))
    return presigned[1] if presigned else ""


def call(app: "WSGIApplication", request: Request, account: str) -> Response:
    """Run a request of an account through moto, and take its whole response."""
    environ = {**_environ(request), _ACCOUNT: account}
    content, status, headers = run_wsgi_app(app, environ, buffered=True)
    return Response(int(status.split()[0]), list(headers), b"".join(content))


def _environ(request: Request) -> dict[str, Any]:
    fixed: Mapping[str, Any] = {
        "SCRIPT_NAME": "",
        "SERVER_NAME": "127.0.0.1",
        "SERVER_PORT": "80",
        "SERVER_PROTOCOL": "HTTP/1.1",
        "CONTENT_LENGTH": str(len(request.body)),
        "wsgi.version": (1, 0),
        "wsgi.url_scheme": "http",
        "wsgi.input": io.BytesIO(request.body),
        "wsgi.errors": io.StringIO(),
        "wsgi.multithread": True,
        "wsgi.multiprocess": False,
        "wsgi.run_once": False,
    }
    return {**fixed, **request.environ}
