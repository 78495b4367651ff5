"""Calls into the program: its functions that the SDK serves by token (the Callbacks protocol)."""

from __future__ import annotations

import threading
from concurrent.futures import CancelledError
from typing import Any

import grpc
from google.protobuf.message import Message
from pulumi.runtime.proto import callback_pb2, callback_pb2_grpc

from datahall.engine.errors import ProgramFailed
from datahall.engine.functions import Functions
from datahall.engine.plugins import CHANNEL_OPTIONS


class Callbacks:
    """Ways to where functions are served: here, or a channel for each address. Close it at the end."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._channels: dict[str, grpc.Channel] = {}
        self._here: Functions | None = None
        self._closed = False

    def serve(self, functions: Functions) -> None:
        """Those of the program in this process."""
        self._here = functions

    def call(self, callback: callback_pb2.Callback, request: Message, what: str) -> bytes:
        """Call a function with a message; its answer, still encoded.

        Raises ProgramFailed, with `what` was called, for a function that raised or is there no more.
        """
        asked = callback_pb2.CallbackInvokeRequest(
            token=callback.token, request=request.SerializeToString(deterministic=True)
        )
        try:
            if self._here is not None and callback.target == self._here.address:
                return self._here.call(asked).response
            stub: Any = callback_pb2_grpc.CallbacksStub(self._channel(callback.target))
            response: callback_pb2.CallbackInvokeResponse = stub.Invoke(asked)
        except grpc.RpcError as error:
            raise ProgramFailed(f"{what}: {error.details() or error.code().name}") from None
        except (ValueError, CancelledError):  # closed, perhaps under it
            raise ProgramFailed(f"{what}: the program has ended") from None
        return response.response

    def close(self) -> None:
        """The program answers no more: end the calls under way, and begin no other."""
        with self._lock:
            self._closed = True
            channels, self._channels = list(self._channels.values()), {}
        if self._here is not None:
            self._here.close()
        for channel in channels:
            channel.close()

    def _channel(self, target: str) -> grpc.Channel:
        with self._lock:
            if self._closed:
                raise ValueError(target)
            if target not in self._channels:
                self._channels[target] = grpc.insecure_channel(target, options=CHANNEL_OPTIONS)
            return self._channels[target]
