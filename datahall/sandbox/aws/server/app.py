"""The WSGI application: our routes, then moto, one request at a time, what changes journalled."""

import importlib
import json
import os
import re
import sys
import threading
import time
import traceback
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from flask import Flask
from moto.moto_server.werkzeug_app import DomainDispatcherApplication, create_backend_app
from werkzeug.http import HTTP_STATUS_CODES

from datahall.sandbox.aws.server import faults, overlay, replay, tenants, wire
from datahall.sandbox.aws.server.inventory import inventory
from datahall.sandbox.aws.server.journal import Entry, Journal, JournalError, Request
from datahall.sandbox.aws.server.services import SERVICES
from datahall.sandbox.aws.server.tokens import Tokens
from datahall.sandbox.aws.server.wire import Response

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIEnvironment

JSON = [("Content-Type", "application/json")]
_OURS = "/_datahall/"
_CLOSING = re.compile(_OURS + r"accounts/(\d{12})")


class Application:
    """Moto is Python under one interpreter lock: one request at a time costs nothing, and replays."""

    def __init__(self, journal: Journal, folder: Path) -> None:
        for service in SERVICES.values():
            importlib.import_module(f"moto.{service.moto}.urls")  # now, not in the middle of a replay
        overlay.install()
        replay.install(journal.created)
        self._journal = journal
        self._folder = folder
        self._moto = DomainDispatcherApplication(_backend_app)
        self._one = threading.Lock()
        self._tokens = Tokens()

    def __call__(self, environ: "WSGIEnvironment", start_response: "StartResponse") -> Iterable[bytes]:
        """Answer one request."""
        if environ["PATH_INFO"] in ("/_datahall/health", "/_datahall/inventory"):
            response = self._ours(environ["PATH_INFO"])
        else:
            response = self._run(wire.read(environ))
        reason = HTTP_STATUS_CODES.get(response.status, "Unknown")
        start_response(f"{response.status} {reason}", response.headers)
        return [] if environ["REQUEST_METHOD"] == "HEAD" else [response.body]

    def replay(self) -> None:
        """Run the journal again. Raises JournalError where a request does not give what it gave."""
        for entry in self._journal.entries():
            with replay.moment(entry.n, entry.at):
                response = self._answer(entry.request)
            self._tokens.keep(entry.request, response)
            if response.status >= 400:
                said = response.body[:300].decode(errors="replace")
                where = f"journal: {self._folder}: request {entry.n} now gives {response.status} {said}"
                raise JournalError(f"{where}; delete the folder to begin with an empty account")

    def empty(self) -> bool:
        """Whether nothing is left of all that was done; keys that wait for their deletion do not count."""
        with self._one:
            return all(resource["state"] == "PendingDeletion" for resource in inventory())

    def _run(self, request: Request) -> Response:
        if not wire.changes(request):
            with self._one:
                return self._answer(request)
        with self._one:
            known = self._tokens.known(request)
            if known is not None:
                return known
            entry = Entry(self._journal.number(), time.time(), request)
            with replay.moment(entry.n, entry.at):
                response = self._answer(request)
            if response.status >= 400:
                return response
            self._tokens.keep(request, response)
            mark = self._journal.append(entry)
        self._journal.sync(mark)
        return response

    def _answer(self, request: Request) -> Response:
        if request.environ["PATH_INFO"].startswith(_OURS):
            return _close(request)
        service = wire.service_of(request)
        if service not in SERVICES:
            return faults.refused(request, "UnknownService", f"{service} is not part of the sandbox")
        try:
            return wire.call(self._moto, request, tenants.account_of(request))
        except NotImplementedError:
            action = wire.action_of(request) or request.environ["PATH_INFO"]
            return faults.refused(request, "NotImplemented", f"{service} {action} is not part of the sandbox")
        except Exception:
            traceback.print_exc(file=sys.stderr)
            return faults.refused(request, "InternalFailure", "the sandbox failed; see its server.log", 500)

    def _ours(self, path: str) -> Response:
        if path == "/_datahall/health":
            about = {"status": "ok", "pid": os.getpid(), "folder": str(self._folder)}
            return Response(200, JSON, json.dumps(about).encode())
        with self._one:
            return Response(200, JSON, json.dumps(inventory()).encode())


def _close(request: Request) -> Response:
    account = _CLOSING.fullmatch(request.environ["PATH_INFO"])
    if account is None or request.environ["REQUEST_METHOD"] != "DELETE":
        return Response(404, JSON, b'{"message": "no such page"}')
    tenants.close(account[1])
    return Response(200, JSON, b"{}")


def _backend_app(name: Any) -> Flask:  # noqa: ANN401 - moto's own type is a union of 200 literals
    app = create_backend_app(name)
    overlay.bind(app, name)
    app.config["PROPAGATE_EXCEPTIONS"] = True
    return app
