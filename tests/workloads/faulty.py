"""A network between a program and S3 that breaks off or falls silent, as told."""

import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from urllib.parse import urlsplit


@dataclass
class Faults:
    """What to do to the next answers to requests that begin with `verb` and name `key`."""

    verb: str = "GET"
    key: str = ""
    times: int = 0
    after: int = 600
    """Bytes of the answer (or, for PUT, of the request) that still go through."""
    stall: bool = False
    """Say nothing more, in place of closing the connection."""
    answer: bytes = b""
    """Say this to such a PUT, of which nothing goes through."""
    done: int = 0
    lock: threading.Lock = field(default_factory=threading.Lock)
    ended: threading.Event = field(default_factory=threading.Event)

    def takes(self, head: bytes) -> bool:
        """Whether this request is one to spoil."""
        first = head.split(b"\r\n", 1)[0].decode(errors="replace")
        with self.lock:
            spoilt = self.done < self.times and first.startswith(self.verb) and self.key in first
            self.done += spoilt
        return spoilt


def full(key: str) -> Faults:
    """An S3 on a disk that has no room for objects with `key` in their names, as MinIO says it."""
    code, message = "XMinioStorageFull", "Storage backend has reached its minimum free drive threshold."
    body = f"<Error><Code>{code}</Code><Message>{message}</Message></Error>"
    head = f"HTTP/1.1 507 Insufficient Storage\r\nConnection: close\r\nContent-Length: {len(body)}\r\n\r\n"
    return Faults(verb="PUT", key=key, times=1000, after=0, answer=(head + body).encode())


@contextmanager
def faulty(url: str, faults: Faults) -> Iterator[str]:
    """The address of a proxy before `url`; each connection carries one request after another."""
    target = urlsplit(url)
    listener = socket.create_server(("127.0.0.1", 0))
    thread = threading.Thread(
        target=_accept, args=(listener, (str(target.hostname), int(target.port or 80)), faults), daemon=True
    )
    thread.start()
    try:
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"
    finally:
        faults.ended.set()
        listener.shutdown(socket.SHUT_RDWR)
        listener.close()
        thread.join()


def _accept(listener: socket.socket, target: tuple[str, int], faults: Faults) -> None:
    while True:
        try:
            client, _ = listener.accept()
        except OSError:
            return
        threading.Thread(target=_serve, args=(client, target, faults), daemon=True).start()


def _serve(client: socket.socket, target: tuple[str, int], faults: Faults) -> None:
    """One direction each: what the client sends decides whether what comes back (or itself) is spoilt."""
    with client, socket.create_connection(target) as server:
        spoil = threading.Event()
        back = threading.Thread(
            target=_pump, args=(server, client, lambda _: spoil.is_set(), faults), daemon=True
        )
        back.start()

        def look(data: bytes) -> bool:
            if faults.takes(data):
                spoil.set()
                client.sendall(faults.answer)
            return spoil.is_set() and faults.verb == "PUT"

        _pump(client, server, look, faults)
        back.join()


def _pump(
    source: socket.socket, sink: socket.socket, spoilt: Callable[[bytes], bool], faults: Faults
) -> None:
    passed = 0
    try:
        while data := source.recv(65536):
            if spoilt(data):
                data = data[: max(0, faults.after - passed)]
                passed += len(data)
                sink.sendall(data)
                if passed >= faults.after:
                    if faults.stall:
                        faults.ended.wait()
                    break
            else:
                sink.sendall(data)
    except OSError:
        pass
    for end in (source, sink):
        with suppress(OSError):
            end.shutdown(socket.SHUT_RDWR)
