# ruff: noqa: N802 - the methods are called as the protocol calls them
"""A provider plugin for the engine's tests: a cloud of files.

Each thing is a file in $CLOUD_FOLDER, and calls.jsonl there lists the calls made. Inputs of a Thing:
`size` changes in place, `kind` replaces it, `plot` replaces it by deleting first, anything else changes
in place; `refuse`, `slow`, `unready` and `die` make a call fail, last, fail half way
and kill the plugin; `hold` names the call (create, delete, read) that writes its process number to `held`
and lasts until there is a file `go`; Cancel writes `cancelled`; `answer` spoils what Create answers (while
there is a file `spoil`).
A Create with the label of what exists answers with that. See moments.py for what stops any call.
"""

from __future__ import annotations

import json
import os
import sys
import threading
import time
import uuid
from concurrent import futures
from pathlib import Path
from typing import Any

import grpc
from google.protobuf import any_pb2, empty_pb2, json_format, struct_pb2
from pulumi.runtime.proto import plugin_pb2, provider_pb2, provider_pb2_grpc, status_pb2

from tests.engine.plugins.moments import Moments
from tests.engine.plugins.yard import Yards

Context = grpc.ServicerContext
Json = Any
UNKNOWN = "04da6b54-80e4-46f7-96ec-b56ff0331ba9"
SIGNATURE = "4dabf18193072939515e22adb298388d"
SOME = provider_pb2.DiffResponse.DIFF_SOME
NONE = provider_pb2.DiffResponse.DIFF_NONE
REPLACING = {"kind", "plot"}


def plain(value: Json) -> Json:
    """A value in the clear."""
    if isinstance(value, dict):
        if SIGNATURE in value:
            return plain(value["value"]) if "value" in value else value
        return {key: plain(item) for key, item in value.items()}
    if isinstance(value, list):
        return [plain(item) for item in value]
    return value


def struct(data: dict[str, Any]) -> struct_pb2.Struct:
    result = struct_pb2.Struct()
    result.update(data)
    return result


class Cloud(Yards, provider_pb2_grpc.ResourceProviderServicer):
    def __init__(self) -> None:
        self.folder = Path(os.environ["CLOUD_FOLDER"])
        self.folder.mkdir(parents=True, exist_ok=True)
        self.region = "nowhere"
        self.flavour = ""
        self.lock = threading.Lock()

    def note(self, method: str, urn: str, **more: Json) -> None:
        line = {"method": method, "urn": urn, "at": time.time(), "region": self.region, **more}
        with (self.folder / "calls.jsonl").open("a") as log:
            log.write(json.dumps(line) + "\n")

    def file(self, id_: str) -> Path:
        return self.folder / f"{id_}.thing"

    def GetPluginInfo(self, request: empty_pb2.Empty, context: Context) -> plugin_pb2.PluginInfo:
        return plugin_pb2.PluginInfo(version="1.2.3")

    def Parameterize(
        self, request: provider_pb2.ParameterizeRequest, context: Context
    ) -> provider_pb2.ParameterizeResponse:
        """Another package, whose things have a flavour; `misnamed` is one that answers as another."""
        self.flavour = request.value.value.decode()
        name = "other" if self.flavour == "misnamed" else request.value.name
        return provider_pb2.ParameterizeResponse(name=name, version=request.value.version)

    def CheckConfig(self, request: provider_pb2.CheckRequest, context: Context) -> provider_pb2.CheckResponse:
        news = json_format.MessageToDict(request.news)
        if news.get("region") == "atlantis":
            failure = provider_pb2.CheckFailure(property="region", reason="atlantis has sunk")
            return provider_pb2.CheckResponse(failures=[failure])
        return provider_pb2.CheckResponse(inputs=request.news)

    def DiffConfig(self, request: provider_pb2.DiffRequest, context: Context) -> provider_pb2.DiffResponse:
        old, new = (plain(json_format.MessageToDict(s)) for s in (request.old_inputs, request.news))
        if old.get("region") != new.get("region"):
            return provider_pb2.DiffResponse(changes=SOME, replaces=["region"], diffs=["region"])
        return provider_pb2.DiffResponse(changes=SOME if old != new else NONE)

    def Configure(
        self, request: provider_pb2.ConfigureRequest, context: Context
    ) -> provider_pb2.ConfigureResponse:
        self.region = plain(json_format.MessageToDict(request.args)).get("region", "nowhere")
        secrets = os.environ.get("CLOUD_SECRETS", "yes") == "yes"
        names = os.environ.get("CLOUD_NAMES", "yes") == "yes"
        return provider_pb2.ConfigureResponse(
            acceptSecrets=secrets, supportsPreview=True, supports_autonaming_configuration=names
        )

    def Check(self, request: provider_pb2.CheckRequest, context: Context) -> provider_pb2.CheckResponse:
        news = json_format.MessageToDict(request.news)
        if news.get("size") == -1:
            failure = provider_pb2.CheckFailure(property="size", reason="must not be negative")
            return provider_pb2.CheckResponse(failures=[failure])
        if "label" not in news:
            olds = json_format.MessageToDict(request.olds)
            given = request.autonaming
            if request.HasField("autonaming") and given.mode == given.DISABLE:
                failure = provider_pb2.CheckFailure(property="label", reason="must be given")
                return provider_pb2.CheckResponse(failures=[failure])
            random = f"{request.name}-{request.randomSeed.hex()[:7]}"
            news["label"] = olds.get("label") or given.proposed_name or random
        return provider_pb2.CheckResponse(inputs=struct(news))

    def Diff(self, request: provider_pb2.DiffRequest, context: Context) -> provider_pb2.DiffResponse:
        old, new = (plain(json_format.MessageToDict(s)) for s in (request.old_inputs, request.news))
        ignored = set(request.ignoreChanges)
        changed = sorted(k for k in {*old, *new} - ignored if old.get(k) != new.get(k))
        self.note("Diff", request.urn, changed=changed)
        return provider_pb2.DiffResponse(
            changes=SOME if changed else NONE,
            diffs=changed,
            replaces=[key for key in changed if key in REPLACING],
            deleteBeforeReplace="plot" in changed,
        )

    def outputs(self, inputs: dict[str, Any], id_: str) -> dict[str, Any]:
        size = plain(inputs.get("size", 1))
        area = UNKNOWN if size == UNKNOWN else size * size
        return {
            **inputs,
            "area": area,
            "serial": f"serial-{id_}",
            "region": self.region,
            **self.tasted(),
        }

    def tasted(self) -> dict[str, str]:
        return {"flavour": self.flavour} if self.flavour else {}

    def Create(self, request: provider_pb2.CreateRequest, context: Context) -> provider_pb2.CreateResponse:
        inputs = json_format.MessageToDict(request.properties)
        if request.preview:
            return provider_pb2.CreateResponse(
                properties=struct({**self.outputs(inputs, ""), "serial": UNKNOWN})
            )
        began = time.time()
        self.trouble(inputs, context, "create")
        with self.lock:
            id_ = self.known(request.urn, inputs) or f"{request.name}-{uuid.uuid4().hex[:6]}"
            self.keep(id_, {"urn": request.urn, **plain(inputs)})
        outputs = self.outputs(inputs, id_)
        self.note("Create", request.urn, id=id_, began=began, timeout=request.timeout)
        if inputs.get("unready"):
            self.half_way(context, id_, outputs)
        return self.answered(provider_pb2.CreateResponse(id=id_, properties=struct(outputs)), inputs)

    def answered(
        self, response: provider_pb2.CreateResponse, inputs: dict[str, Any]
    ) -> provider_pb2.CreateResponse:
        """The response, spoilt as the input `answer` says while there is a file `spoil`."""
        if not (self.folder / "spoil").exists():
            return response
        match inputs.get("answer"):
            case "no id":
                response.id = ""
            case "malformed":
                response.properties.update({"area": {SIGNATURE: "of no kind"}})
            case "unknown":
                response.properties.update({"area": UNKNOWN})
            case "not a number":
                response.properties.update({"area": float("nan")})
        return response

    def keep(self, id_: str, thing: dict[str, Any]) -> None:
        """Write a thing at once: others read it meanwhile."""
        part = self.folder / f"{id_}.part"
        part.write_text(json.dumps(thing))
        part.replace(self.file(id_))

    def known(self, urn: str, inputs: dict[str, Any]) -> str | None:
        """The id of what was made already under this name."""
        for file in self.folder.glob("*.thing"):
            try:
                thing = json.loads(file.read_text())
            except FileNotFoundError:  # another is just being deleted
                continue
            if (thing["urn"], thing["label"]) == (urn, plain(inputs)["label"]):
                return file.name.removesuffix(".thing")
        return None

    def half_way(self, context: Context, id_: str, outputs: dict[str, Any]) -> None:
        detail = any_pb2.Any()
        detail.Pack(
            provider_pb2.ErrorResourceInitFailed(
                id=id_, properties=struct(outputs), reasons=["it never woke up"]
            )
        )
        status = status_pb2.Status(code=2, message="not ready", details=[detail])
        context.set_trailing_metadata((("grpc-status-details-bin", status.SerializeToString()),))
        context.abort(grpc.StatusCode.UNKNOWN, "not ready")

    def trouble(self, inputs: dict[str, Any], context: Context, verb: str) -> None:
        if inputs.get("slow"):
            time.sleep(inputs["slow"])
        if inputs.get("hold") == verb:
            self.hold()
        if inputs.get("refuse") == verb:
            context.abort(grpc.StatusCode.FAILED_PRECONDITION, f"the cloud refuses to {verb}")
        if inputs.get("die") == verb:
            sys.stderr.write("out of luck\n")
            sys.stderr.flush()
            os._exit(3)

    def hold(self) -> None:
        draft = self.folder / "held.new"
        draft.write_text(str(os.getpid()))
        draft.rename(self.folder / "held")
        while not (self.folder / "go").exists():
            time.sleep(0.01)

    def Cancel(self, request: empty_pb2.Empty, context: Context) -> empty_pb2.Empty:
        (self.folder / "cancelled").touch()
        return empty_pb2.Empty()

    def Update(self, request: provider_pb2.UpdateRequest, context: Context) -> provider_pb2.UpdateResponse:
        inputs = json_format.MessageToDict(request.news)
        if not request.preview:
            self.trouble(inputs, context, "update")
            with self.lock:
                self.keep(request.id, {"urn": request.urn, **plain(inputs)})
            self.note("Update", request.urn, id=request.id, timeout=request.timeout)
        return provider_pb2.UpdateResponse(properties=struct(self.outputs(inputs, request.id)))

    def Delete(self, request: provider_pb2.DeleteRequest, context: Context) -> empty_pb2.Empty:
        inputs = json_format.MessageToDict(request.old_inputs)
        began = time.time()
        self.trouble(inputs, context, "delete")
        with self.lock:
            self.file(request.id).unlink()
        self.note("Delete", request.urn, id=request.id, began=began, timeout=request.timeout)
        return empty_pb2.Empty()

    def Read(self, request: provider_pb2.ReadRequest, context: Context) -> provider_pb2.ReadResponse:
        if not self.file(request.id).exists():
            return provider_pb2.ReadResponse()
        inputs = json.loads(self.file(request.id).read_text())
        inputs.pop("urn")
        self.trouble(inputs, context, "read")
        self.note("Read", request.urn, timeout=request.timeout)
        properties = struct(self.outputs(inputs, request.id))
        return provider_pb2.ReadResponse(id=request.id, properties=properties, inputs=struct(inputs))

    def Invoke(self, request: provider_pb2.InvokeRequest, context: Context) -> provider_pb2.InvokeResponse:
        arguments = plain(json_format.MessageToDict(request.args))
        if arguments.get("word") == "forbidden":
            failure = provider_pb2.CheckFailure(property="word", reason="must not be said")
            return provider_pb2.InvokeResponse(failures=[failure])
        said = struct({"said": arguments.get("word", "").upper(), "region": self.region, **self.tasted()})
        answer: dict[str, Any] = {"return": said}  # `return` is a keyword
        return provider_pb2.InvokeResponse(**answer)


def main() -> None:
    cloud = Cloud()
    server = grpc.server(futures.ThreadPoolExecutor(max_workers=32), interceptors=[Moments(cloud.folder)])
    provider_pb2_grpc.add_ResourceProviderServicer_to_server(cloud, server)
    port = server.add_insecure_port("127.0.0.1:0")
    server.start()
    print(port, flush=True)
    server.wait_for_termination()


main()
