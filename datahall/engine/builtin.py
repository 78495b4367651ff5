# ruff: noqa: N802 - the methods are called as the protocol calls them
"""The provider `pulumi` of the engine itself: stack references within the same backend."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import grpc
from google.protobuf import empty_pb2
from pulumi.runtime.proto import plugin_pb2, provider_pb2, provider_pb2_grpc

from datahall.engine import urn
from datahall.engine.backend import StackFiles
from datahall.engine.checkpoint import read_checkpoint
from datahall.engine.errors import EngineError, InvalidProject
from datahall.engine.project import check_project_name, check_stack_name
from datahall.engine.secrets import Crypter
from datahall.engine.state import decode_state
from datahall.engine.values import Properties, contains_secret
from datahall.engine.wire import from_struct, to_struct

PACKAGE = "pulumi"
STACK_REFERENCE = "pulumi:pulumi:StackReference"
READ_OUTPUTS = "pulumi:pulumi:readStackOutputs"
_ORGANIZATION = "organization"
_FORMS = "write STACK or organization/PROJECT/STACK"


class Builtin(provider_pb2_grpc.ResourceProviderServicer):
    """Serves stack references; `project` is the one of a reference that names none."""

    def __init__(self, backend: Path, project: str, passphrase: Callable[[], str]) -> None:
        self._backend = backend
        self._project = project
        self._passphrase = passphrase

    def GetPluginInfo(self, request: empty_pb2.Empty, context: grpc.ServicerContext) -> plugin_pb2.PluginInfo:
        """It has no version of its own."""
        return plugin_pb2.PluginInfo()

    def CheckConfig(
        self, request: provider_pb2.CheckRequest, context: grpc.ServicerContext
    ) -> provider_pb2.CheckResponse:
        """Any configuration is as good."""
        return provider_pb2.CheckResponse(inputs=request.news)

    def DiffConfig(
        self, request: provider_pb2.DiffRequest, context: grpc.ServicerContext
    ) -> provider_pb2.DiffResponse:
        """Its configuration means nothing."""
        return provider_pb2.DiffResponse(changes=provider_pb2.DiffResponse.DIFF_NONE)

    def Configure(
        self, request: provider_pb2.ConfigureRequest, context: grpc.ServicerContext
    ) -> provider_pb2.ConfigureResponse:
        """Secrets and references come and go as such."""
        return provider_pb2.ConfigureResponse(acceptSecrets=True, acceptResources=True, supportsPreview=True)

    def Read(
        self, request: provider_pb2.ReadRequest, context: grpc.ServicerContext
    ) -> provider_pb2.ReadResponse:
        """A stack reference: the outputs that its stack has now."""
        if request.type != STACK_REFERENCE:
            context.abort(grpc.StatusCode.UNIMPLEMENTED, f"{request.type}: no built-in resource to read")
        inputs = from_struct(request.inputs)
        read = self._reference(inputs.get("name"), context)
        return provider_pb2.ReadResponse(
            id=request.id, properties=to_struct(read), inputs=to_struct({"name": read["name"]})
        )

    def Invoke(
        self, request: provider_pb2.InvokeRequest, context: grpc.ServicerContext
    ) -> provider_pb2.InvokeResponse:
        """The outputs of a stack."""
        if request.tok != READ_OUTPUTS:
            context.abort(
                grpc.StatusCode.UNIMPLEMENTED, "not supported by the embedded engine; see docs/engine.md"
            )
        read = self._reference(from_struct(request.args).get("name"), context)
        answer: dict[str, Any] = {"return": to_struct(read)}  # `return` is a keyword
        return provider_pb2.InvokeResponse(**answer)

    def _reference(self, name: object, context: grpc.ServicerContext) -> Properties:
        try:
            return self._outputs(name)
        except EngineError as error:
            context.abort(grpc.StatusCode.FAILED_PRECONDITION, f"stack reference: {error}")

    def _outputs(self, name: object) -> Properties:
        if not isinstance(name, str):
            raise InvalidProject(f"name: {name!r}: not a stack's name; {_FORMS}")
        files = self._files(name)
        checkpoint = read_checkpoint(files.checkpoint)
        if not checkpoint.exists:
            raise InvalidProject(f"{name}: no such stack in this backend; create it with up, or correct it")
        root_urn = urn.root(files.stack, files.project)
        root = next((data for data in checkpoint.resources if data["urn"] == root_urn), None)

        def decrypt(ciphertext: str) -> str:  # the key is derived only for a stack with secrets
            return Crypter(self._passphrase(), checkpoint.salt_state).decrypt(ciphertext)

        outputs = decode_state(root, decrypt).outputs if root is not None else {}
        secret = sorted(key for key, value in outputs.items() if contains_secret(value))
        return {"name": name, "outputs": outputs, "secretOutputNames": secret}

    def _files(self, name: str) -> StackFiles:
        parts = name.split("/")
        if len(parts) > 3 or (len(parts) > 1 and parts[0] != _ORGANIZATION):
            raise InvalidProject(f"{name}: the organization of a folder is `{_ORGANIZATION}`; {_FORMS}")
        project, stack = parts[1] if len(parts) == 3 else self._project, parts[-1]
        check_project_name(project)
        check_stack_name(stack)
        return StackFiles(self._backend, project, stack)
