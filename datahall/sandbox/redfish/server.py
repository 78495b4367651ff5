"""The emulated controller's HTTP side: sessions, and what may be asked of the tree."""

from __future__ import annotations

import base64
import hmac
import json
import re
import secrets
import ssl
from binascii import Error as NotBase64
from collections.abc import Callable
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, Final

from datahall.sandbox.redfish import tree
from datahall.sandbox.redfish.machines import RESETS
from datahall.sandbox.redfish.systems import ENABLED, TARGETS, Busy, Systems

_MAX_BODY: Final = 64 * 1024
_NAME: Final = r"([A-Za-z0-9._-]+)"


class Refused(Exception):  # noqa: N818 - what happened
    """An answer that is an error: an HTTP status, a message of the registry Base, and words."""

    def __init__(self, status: int, message_id: str, message: str) -> None:
        super().__init__(message)
        self.status, self.message_id = status, message_id


@dataclass
class Answer:
    """A body, which may be empty, and headers."""

    status: int
    body: dict[str, Any] | None = None
    headers: dict[str, str] = field(default_factory=dict)


@dataclass
class Controller:
    """What is asked, and who may ask it."""

    systems: Systems
    username: str
    password: str
    sessions: dict[str, str] = field(default_factory=dict)
    """Id -> token."""

    def answer(self, method: str, path: str, headers: dict[str, str], body: dict[str, Any]) -> Answer:
        """The answer to one request. Raises Refused."""
        place = path.split("?", maxsplit=1)[0].rstrip("/") or "/"
        if (method, place) not in _OPEN and not self._known(headers):
            raise Refused(401, "NoValidSession", "There is no valid session established with the service.")
        seen = False
        for pattern, verbs in _ROUTES:
            if match := re.fullmatch(pattern, place):
                seen = True
                if method in verbs:
                    try:
                        return verbs[method](self, body, *match.groups())
                    except LookupError as error:
                        name = error.args[0]
                        said = f"The requested resource of type ComputerSystem named '{name}' was not found."
                        raise Refused(404, "ResourceNotFound", said) from None
        if seen:
            raise Refused(405, "OperationNotAllowed", f"{method} is not allowed on {place}.")
        raise Refused(404, "ResourceMissingAtURI", f"The resource at the URI {place} was not found.")

    def _known(self, headers: dict[str, str]) -> bool:
        token = headers.get("x-auth-token", "")
        if token:
            return any(hmac.compare_digest(token, known) for known in self.sessions.values())
        scheme, _, encoded = headers.get("authorization", "").partition(" ")
        if scheme.lower() != "basic":
            return False
        try:
            given = base64.b64decode(encoded, validate=True)
        except NotBase64:
            return False
        return hmac.compare_digest(given, f"{self.username}:{self.password}".encode())

    def log_in(self, body: dict[str, Any]) -> Answer:
        """POST Sessions."""
        given = f"{body.get('UserName')}:{body.get('Password')}".encode()
        if not hmac.compare_digest(given, f"{self.username}:{self.password}".encode()):
            raise Refused(401, "ResourceAtUriUnauthorized", "The user name or the password is wrong.")
        id_, token = secrets.token_hex(8), secrets.token_urlsafe(32)
        self.sessions[id_] = token
        made = tree.session(id_, self.username)
        return Answer(201, made, {"X-Auth-Token": token, "Location": made["@odata.id"]})

    def session(self, _: dict[str, Any], id_: str) -> Answer:
        """GET a Session."""
        if id_ not in self.sessions:
            raise LookupError(id_)
        return Answer(200, tree.session(id_, self.username))

    def log_out(self, _: dict[str, Any], id_: str) -> Answer:
        """DELETE a Session."""
        if self.sessions.pop(id_, None) is None:
            raise LookupError(id_)
        return Answer(204)

    def members(self, _: dict[str, Any]) -> Answer:
        """GET Systems."""
        return Answer(200, tree.collection(tree.SYSTEMS, "ComputerSystem", self.systems.names()))

    def boot(self, body: dict[str, Any], name: str) -> Answer:
        """PATCH a ComputerSystem: its Boot, and nothing else of it."""
        system, change = self.systems.find(name), body.get("Boot")
        known = {"BootSourceOverrideTarget": TARGETS, "BootSourceOverrideEnabled": ENABLED}
        if set(body) != {"Boot"} or not isinstance(change, dict) or set(change) - set(known):
            raise Refused(400, "PropertyNotWritable", "Only BootSourceOverride* of Boot may be written.")
        for key, value in change.items():
            if value not in known[key]:
                raise Refused(
                    400, "PropertyValueNotInList", f"{value} of {key} is not in the list of values."
                )
        with system.lock:
            system.target = change.get("BootSourceOverrideTarget", system.target)
            system.enabled = change.get("BootSourceOverrideEnabled", system.enabled)
        return Answer(200, tree.system(self.systems, name))

    def reset(self, body: dict[str, Any], name: str) -> Answer:
        """POST ComputerSystem.Reset."""
        kind = body.get("ResetType")
        if kind not in RESETS:
            said = f"{kind} for ResetType of the action ComputerSystem.Reset is not in the list of values."
            raise Refused(400, "ActionParameterValueNotInList", said)
        try:
            self.systems.reset(name, str(kind))
        except Busy:
            raise Refused(409, "ResourceInUse", "The resource is being changed; try again.") from None
        return Answer(204)


_Verb = Callable[..., Answer]
_OPEN: Final = frozenset({("GET", "/redfish"), ("GET", tree.ROOT), ("POST", tree.SESSIONS)})
_ROUTES: Final[tuple[tuple[str, dict[str, _Verb]], ...]] = (
    ("/redfish", {"GET": lambda _, __: Answer(200, tree.versions())}),
    (tree.ROOT, {"GET": lambda _, __: Answer(200, tree.root())}),
    (f"{tree.ROOT}/SessionService", {"GET": lambda _, __: Answer(200, tree.session_service())}),
    (
        tree.SESSIONS,
        {
            "GET": lambda at, _: Answer(200, tree.collection(tree.SESSIONS, "Session", list(at.sessions))),
            "POST": Controller.log_in,
        },
    ),
    (f"{tree.SESSIONS}/{_NAME}", {"GET": Controller.session, "DELETE": Controller.log_out}),
    (
        tree.SYSTEMS,
        {
            "GET": lambda at, _: Answer(
                200, tree.collection(tree.SYSTEMS, "ComputerSystem", at.systems.names())
            )
        },
    ),
    (
        f"{tree.SYSTEMS}/{_NAME}",
        {"GET": lambda at, _, name: Answer(200, tree.system(at.systems, name)), "PATCH": Controller.boot},
    ),
    (f"{tree.SYSTEMS}/{_NAME}/Actions/ComputerSystem\\.Reset", {"POST": Controller.reset}),
)


def serve(controller: Controller, certificate: Path, key: Path, port: int = 0) -> ThreadingHTTPServer:
    """A server on loopback, not yet serving; TLS 1.2 and newer."""

    class Handler(BaseHTTPRequestHandler):
        """One request after the other of a connection."""

        protocol_version = "HTTP/1.1"
        server_version = "datahall-emulated-redfish"
        sys_version = ""

        def _do(self) -> None:
            headers = {name.lower(): value for name, value in self.headers.items()}
            try:
                answer = controller.answer(self.command, self.path, headers, self._body())
            except Refused as error:
                answer = Answer(error.status, tree.error(error.message_id, str(error)))
            content = b"" if answer.body is None else json.dumps(answer.body).encode()
            self.send_response(answer.status)
            self.send_header("OData-Version", "4.0")
            self.send_header("Cache-Control", "no-store")
            for name, value in answer.headers.items():
                self.send_header(name, value)
            if answer.body is not None:
                self.send_header("Content-Type", "application/json")
            if answer.status != 204:
                self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        do_GET = do_POST = do_PATCH = do_DELETE = _do  # noqa: N815 - http.server looks for these names

        def _body(self) -> dict[str, Any]:
            size = int(self.headers.get("Content-Length") or 0)
            if size > _MAX_BODY:
                self.close_connection = True
                raise Refused(413, "PayloadTooLarge", "The body is too large.")
            text = self.rfile.read(size)
            try:
                found = json.loads(text) if text else {}
            except ValueError:
                found = None
            if not isinstance(found, dict):
                raise Refused(400, "MalformedJSON", "The body is not a JSON object.")
            return found

        def log_message(self, format: str, *arguments: object) -> None:
            """Say nothing: what is asked may name tokens."""

    server = ThreadingHTTPServer(("127.0.0.1", port), Handler)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.load_cert_chain(certificate, key)
    server.socket = context.wrap_socket(server.socket, server_side=True, do_handshake_on_connect=False)
    return server
