"""What a provider says is wrong with single properties, beside a failed call."""

from __future__ import annotations

import grpc
from pulumi.runtime.proto import errors_pb2, status_pb2


def wrong_properties(error: grpc.RpcError) -> list[str]:
    """A line for each property; empty if the provider names none."""
    lines: list[str] = []
    for item in error.trailing_metadata() or ():
        if item.key != "grpc-status-details-bin" or not isinstance(item.value, bytes):
            continue
        for detail in status_pb2.Status.FromString(item.value).details:
            invalid = errors_pb2.InputPropertiesError()
            if detail.Is(invalid.DESCRIPTOR):
                detail.Unpack(invalid)
                lines += [f"{wrong.property_path}: {wrong.reason}" for wrong in invalid.errors]
    return lines
