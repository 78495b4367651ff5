"""An emulated hub on loopback: one repository's files, by the hub's API of models and of resolving.

What it says to whom may not read is what the hub's own client takes for that (`hf_raise_for_status`).
"""

import hashlib
import json
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

COMMIT = "c0ffee" + "0" * 34

Said = tuple[int, Mapping[str, str]]

REFUSALS: Mapping[str, Said] = {
    "gated": (403, {"X-Error-Code": "GatedRepo"}),
    "private": (401, {"X-Error-Code": "RepoNotFound"}),
    "unknown token": (401, {"X-Error-Message": "Invalid credentials in Authorization header"}),
    "token without the right": (403, {"X-Error-Message": "The token has not the needed permissions"}),
}
"""What is said of a repository that the one who asks may not read; a gated one's listing is for all."""


@dataclass
class Hub:
    """What it serves of `who/small`, and what it was asked."""

    files: Mapping[str, bytes]
    damaged: set[str] = field(default_factory=set)
    closed: str = ""
    """Which of `REFUSALS` is said to all but `token`."""
    token: str = ""
    asked: list[str] = field(default_factory=list)
    url: str = ""


@contextmanager
def serving(hub: Hub) -> Iterator[Hub]:
    """The hub, until the block ends."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_HEAD(self) -> None:
            self.do_GET()

        def do_GET(self) -> None:
            path = self.path.partition("?")[0]
            hub.asked.append(path)
            repo, _, rest = path.removeprefix("/api/models/").removeprefix("/").partition("who/small")
            listing = path.startswith("/api/models/")
            known = self.headers.get("Authorization") == f"Bearer {hub.token}"
            if hub.closed and not known and not (hub.closed == "gated" and listing):
                status, headers = REFUSALS[hub.closed]
                self._say(status, b"{}", headers)
            elif repo:
                self._say(404, b"{}", {"X-Error-Code": "RepoNotFound"})
            elif listing:
                self._listing(rest)
            else:
                self._file(rest.removeprefix("/resolve/"))

        def _listing(self, rest: str) -> None:
            if rest == f"/tree/{COMMIT}":
                parts = [
                    {
                        "type": "file",
                        "path": name,
                        "size": len(body),
                        "oid": hashlib.sha1(body, usedforsecurity=False).hexdigest(),
                    }
                    for name, body in hub.files.items()
                ]
                self._say(200, json.dumps(parts).encode(), {})
            elif rest not in ("", "/revision/main", "/revision/v1", f"/revision/{COMMIT}"):
                self._say(404, b"{}", {"X-Error-Code": "RevisionNotFound"})
            else:
                siblings = [{"rfilename": name} for name in hub.files]
                told = {"id": "who/small", "sha": COMMIT, "siblings": siblings}
                self._say(200, json.dumps(told).encode(), {})

        def _file(self, rest: str) -> None:
            name = rest.partition("/")[2]
            content = hub.files.get(name)
            if content is None:
                self._say(404, b"", {"X-Error-Code": "EntryNotFound"})
                return
            etag = hashlib.sha256(content).hexdigest()
            sent = content[:-1] + b"\0" if name in hub.damaged else content
            self._say(200, sent, {"ETag": f'"{etag}"', "X-Repo-Commit": COMMIT, "Accept-Ranges": "bytes"})

        def _say(self, status: int, body: bytes, headers: Mapping[str, str]) -> None:
            self.send_response(status)
            for key, value in {**headers, "Content-Length": str(len(body))}.items():
                self.send_header(key, value)
            self.end_headers()
            if self.command != "HEAD":
                self.wfile.write(body)

        def log_message(self, format: str, *args: object) -> None:
            """Not on the terminal."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        hub.url = f"http://127.0.0.1:{server.server_port}"
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        yield hub
        server.shutdown()
        thread.join()
