"""A bucket of the emulated AWS, behind a proxy on loopback that fails, stalls and delays as a test asks."""

from __future__ import annotations

import http.client
import threading
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import quote, urlsplit

import boto3

from datahall.sandbox.aws import control

REGION = control.DEFAULT_REGION
SECRET = "a-secret-key-that-nobody-is-told"


@dataclass(frozen=True)
class Asked:
    """A request; `state` is the number of state writes so far, this one included, 0 for other requests."""

    method: str
    path: str
    state: int


@dataclass(frozen=True)
class Refuse:
    """Answer so, and do not pass it on."""

    status: int
    code: str


class Stall:
    """Neither pass it on nor answer."""


class Swallow:
    """Pass it on and do not answer."""


class Cut:
    """Answer with half of the content."""


@dataclass(frozen=True)
class Late:
    """Do not answer, and pass it on once the event is set; `done` is set after that."""

    go: threading.Event
    done: threading.Event


_HOP_BY_HOP = ("content-length", "transfer-encoding", "connection", "date", "server")

Fault = Refuse | Stall | Swallow | Cut | Late | None


@dataclass
class Proxy:
    """Passes requests on to the emulated AWS, but for what `fault` says."""

    upstream: str
    fault: Callable[[Asked], Fault] = field(default=lambda _: None)
    asked: list[Asked] = field(default_factory=list)
    url: str = ""
    over: threading.Event = field(default_factory=threading.Event)

    def writes(self) -> int:
        """How many state writes were asked for."""
        return sum(one.state > 0 for one in self.asked)


def _handler(proxy: Proxy) -> type[BaseHTTPRequestHandler]:
    lock = threading.Lock()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def _serve(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
            with lock:
                is_state = (
                    self.command == "PUT" and "/.pulumi/stacks/" in self.path and ".bak" not in self.path
                )
                asked = Asked(self.command, self.path, proxy.writes() + 1 if is_state else 0)
                proxy.asked.append(asked)
                fault = proxy.fault(asked)
            match fault:
                case Refuse(status, code):
                    said = f"<Error><Code>{code}</Code><Message>{SECRET}</Message></Error>".encode()
                    self._answer(status, {"Content-Type": "application/xml"}, said)
                case Stall():
                    self._hang()
                case Swallow():
                    self._upstream(body)
                    self._hang()
                case Late(go, done):
                    threading.Thread(target=self._later, args=(body, go, done), daemon=True).start()
                    self._hang()
                case Cut():
                    status, headers, content = self._upstream(body)
                    self._answer(status, headers, content, sent=len(content) // 2)
                case None:
                    self._answer(*self._upstream(body))

        def _hang(self) -> None:
            proxy.over.wait(120)
            self.close_connection = True

        def _later(self, body: bytes, go: threading.Event, done: threading.Event) -> None:
            go.wait(120)
            self._upstream(body)
            done.set()

        def _upstream(self, body: bytes) -> tuple[int, dict[str, str], bytes]:
            connection = http.client.HTTPConnection(urlsplit(proxy.upstream).netloc, timeout=60)
            connection.request(self.command, self.path, body, dict(self.headers))
            answer = connection.getresponse()
            content = answer.read()
            connection.close()
            return answer.status, dict(answer.getheaders()), content

        def _answer(
            self, status: int, headers: dict[str, str], content: bytes, *, sent: int | None = None
        ) -> None:
            self.send_response(status)
            for name, value in headers.items():
                if name.lower() not in (
                    "content-length",
                    "transfer-encoding",
                    "connection",
                    "date",
                    "server",
                ):
                    self.send_header(name, value)
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content if sent is None else content[:sent])
            self.close_connection = sent is not None

        def log_message(self, *_: object) -> None:
            """Nothing."""

    for method in ("GET", "PUT", "DELETE", "HEAD", "POST"):
        setattr(Handler, f"do_{method}", Handler._serve)
    return Handler


@contextmanager
def proxying(upstream: str) -> Iterator[Proxy]:
    """A proxy while the context lasts."""
    proxy = Proxy(upstream)
    server = ThreadingHTTPServer((control.HOST, 0), _handler(proxy))
    server.daemon_threads = True
    proxy.url = f"http://{control.HOST}:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    try:
        yield proxy
    finally:
        proxy.over.set()
        server.shutdown()
        thread.join()
        server.server_close()


@dataclass(frozen=True)
class Bucket:
    """A bucket with a name of its own, and how to reach it."""

    client: Any
    name: str
    proxy: Proxy
    prefix: str = "some where"

    @property
    def url(self) -> str:
        """As `PULUMI_BACKEND_URL` takes it."""
        place = f"s3://{self.name}/{quote(self.prefix)}"
        return f"{place}?region={REGION}&endpoint={self.proxy.url}&s3ForcePathStyle=true"

    def listed(self) -> list[str]:
        """All keys, below the prefix."""
        found = self.client.list_objects_v2(Bucket=self.name).get("Contents", ())
        return [item["Key"].removeprefix(f"{self.prefix}/") for item in found]

    def read(self, key: str) -> bytes:
        """The content of an object below the prefix."""
        content: bytes = self.client.get_object(Bucket=self.name, Key=f"{self.prefix}/{key}")["Body"].read()
        return content

    def write(self, key: str, content: bytes) -> None:
        """Put an object below the prefix."""
        self.client.put_object(Bucket=self.name, Key=f"{self.prefix}/{key}", Body=content)


@contextmanager
def new_bucket(server: control.Server) -> Iterator[Bucket]:
    """A new bucket, and a proxy in front of it; all objects are taken away at the end."""
    client = boto3.client(
        "s3",
        endpoint_url=server.url,
        region_name=REGION,
        aws_access_key_id="test",
        aws_secret_access_key=SECRET,
    )
    name = f"states-{uuid.uuid4().hex[:12]}"
    client.create_bucket(Bucket=name, CreateBucketConfiguration={"LocationConstraint": REGION})
    with proxying(server.url) as proxy:
        yield Bucket(client, name, proxy)
    for item in client.list_objects_v2(Bucket=name).get("Contents", ()):
        client.delete_object(Bucket=name, Key=item["Key"])
    client.delete_bucket(Bucket=name)
