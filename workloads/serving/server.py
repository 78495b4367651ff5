"""The process that serves an app: until it is told to stop, or stops itself."""

import asyncio
import signal
from socket import socket

import uvicorn
from fastapi import FastAPI


def new_server(app: FastAPI) -> uvicorn.Server:
    """A server of `app`, which says nothing itself and gives what is under way ten seconds to end."""
    return uvicorn.Server(
        uvicorn.Config(app, log_config=None, access_log=False, timeout_graceful_shutdown=10)
    )


def run_server(server: uvicorn.Server, listener: socket) -> None:
    """Serve on `listener` until SIGTERM, SIGINT or `stop`."""
    # In force before uvicorn's own handlers are, and when it raises the signal again after closing.
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda _number, _frame: stop(server))
    asyncio.run(server.serve([listener]))


def stop(server: uvicorn.Server) -> None:
    """Have it end once what is under way is answered."""
    server.should_exit = True
