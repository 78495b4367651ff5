"""Nothing of Pulumi's protocols is passed over: what an SDK says or calls is handled, or refused by name."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from google.protobuf.message import Message
from pulumi.runtime.proto import engine_pb2, engine_pb2_grpc, resource_pb2, resource_pb2_grpc

from datahall.engine import protocol
from datahall.engine.call_failed import CallFailed
from datahall.engine.engine_service import EngineService
from datahall.engine.eventlog import EventLog
from datahall.engine.features import REFUSED
from datahall.engine.monitor import Monitor

ENGINE = Path(protocol.__file__).parent
SERVICES = (
    (resource_pb2, "ResourceMonitor", Monitor, resource_pb2_grpc.ResourceMonitorServicer),
    (engine_pb2, "Engine", EngineService, engine_pb2_grpc.EngineServicer),
)


def every(kind: type[Message]) -> str:
    return kind.DESCRIPTOR.full_name


@pytest.mark.parametrize("request_", protocol.FIELDS, ids=every)
def test_every_field_is_handled_or_refused(request_: type[Message]) -> None:
    fields = protocol.FIELDS[request_]
    listed = [*fields.handled, *fields.refused, *fields.moot]
    assert sorted(listed) == sorted(request_.DESCRIPTOR.fields_by_name)
    assert {*fields.refused.values()} <= {*REFUSED}


@pytest.mark.parametrize("request_", protocol.FIELDS, ids=every)
def test_what_is_called_handled_is_named_in_the_code(request_: type[Message]) -> None:
    files = [file for file in ENGINE.glob("*.py") if file.name != "protocol.py"]
    code = {*re.findall(r"\w+", "\n".join(file.read_text() for file in files))}
    assert protocol.FIELDS[request_].handled <= code


def test_every_request_of_the_monitor_is_in_the_table() -> None:
    methods = resource_pb2.DESCRIPTOR.services_by_name["ResourceMonitor"].methods
    taken = {
        method.input_type.name for method in methods if method.input_type.file is methods[0].input_type.file
    }
    alone = {"SupportsFeatureRequest", "RegisterResourceHookRequest", "RegisterErrorHookRequest"}
    ours = {kind.DESCRIPTOR.name for kind in protocol.FIELDS}
    assert taken - alone - ours <= {"Empty", "Callback"}


def test_every_method_is_served() -> None:
    for module, name, ours, default in SERVICES:
        for method in module.DESCRIPTOR.services_by_name[name].methods:
            assert getattr(ours, method.name) is not getattr(default, method.name), method.name


def test_methods_that_are_refused_say_so() -> None:
    assert {*protocol.REFUSED_METHODS.values()} <= {*REFUSED}
    with pytest.raises(CallFailed, match="debuggers: not supported by the embedded engine"):
        EngineService(EventLog(None)).StartDebugging(engine_pb2.StartDebuggingRequest())
