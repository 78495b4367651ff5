"""What a gRPC stub would raise, where there is no connection between."""

from __future__ import annotations

import grpc


class CallFailed(grpc.RpcError):
    """A call that was answered with a status other than OK."""

    def __init__(self, code: grpc.StatusCode, details: str) -> None:
        super().__init__(details)
        self._code, self._details = code, details

    def code(self) -> grpc.StatusCode:
        """The status."""
        return self._code

    def details(self) -> str:
        """The message."""
        return self._details
