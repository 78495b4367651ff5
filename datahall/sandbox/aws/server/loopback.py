"""The HTTP server: moto's request handler, quiet, on a socket that is bound already."""

import os
import socket
import threading
from pathlib import Path

from moto.moto_server.werkzeug_app import MotoRequestHandler
from werkzeug.serving import ThreadedWSGIServer

from datahall.sandbox.aws.control import HOST
from datahall.sandbox.aws.server.app import Application


class _Handler(MotoRequestHandler):
    def log_request(self, code: int | str = "-", size: int | str = "-") -> None:
        """Say nothing of ordinary requests; their addresses may hold signatures."""


class LoopbackServer(ThreadedWSGIServer):
    """Ends itself once its folder or its owner is gone: nothing is left behind by `rm -rf` or a kill."""

    daemon_threads = False

    def __init__(
        self, listener: socket.socket, application: Application, lock: Path, owner: int | None
    ) -> None:
        port = listener.getsockname()[1]
        super().__init__(HOST, port, application, handler=_Handler, fd=listener.fileno())
        self._lock = lock
        self._owner = owner

    def service_actions(self) -> None:
        """Look, a few times a second, whether they are still there."""
        if not self._lock.exists() or self._owner not in (None, os.getppid()):
            self.end()

    def end(self) -> None:
        """Have `serve_forever` return, from whatever thread."""
        threading.Thread(target=self.shutdown).start()
