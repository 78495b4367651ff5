"""The HTTP side: KServe's v1 protocol, probes and metrics."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from fastapi import Depends, FastAPI, Request, Response
from fastapi.responses import JSONResponse
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect

from workloads.serving.access import check_token, metrics_token
from workloads.serving.body import check_headers, read_body
from workloads.serving.form import body_of
from workloads.serving.metrics import Measured
from workloads.serving.problem import ProblemError
from workloads.serving.service import Service


def create_app(service: Service, token: str | None) -> FastAPI:
    """An app that serves `service`, to those who have `token` if there is one."""
    name = service.card.model

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        loading = asyncio.create_task(service.load())
        yield
        await loading
        await service.close()

    tokens = () if token is None else (token,)

    async def authorised(request: Request) -> None:
        check_token(tokens, request.headers.get("authorization", ""))

    async def watches(request: Request) -> None:
        check_token((*tokens, *map(metrics_token, tokens)), request.headers.get("authorization", ""))

    app = FastAPI(title=f"{name} {service.card.version}", lifespan=lifespan, docs_url=None, redoc_url=None)
    app.add_middleware(Measured, metrics=service.metrics)
    app.add_exception_handler(ProblemError, _problem)
    app.add_exception_handler(HTTPException, _http)
    app.add_exception_handler(ClientDisconnect, _gone)
    app.add_exception_handler(Exception, _failed)
    guarded = [Depends(authorised)]

    @app.post("/predict", dependencies=guarded, openapi_extra=_schema(service))
    @app.post(f"/v1/models/{name}:predict", dependencies=guarded, openapi_extra=_schema(service))
    async def predict(request: Request) -> Response:
        check_headers(request.headers, service.config)
        service.check_ready()
        body = await read_body(request.stream(), service.config)
        answers = await service.predict(service.form.parse(body, service.config.max_batch))
        content = body_of(service.form.tell(answers), service.card)
        return Response(content, media_type="application/json")

    @app.get("/v1/models", dependencies=guarded)
    async def models() -> dict[str, list[str]]:
        return {"models": [name]}

    @app.get(f"/v1/models/{name}", dependencies=guarded)
    async def model() -> dict[str, str | bool]:
        service.check_ready()
        return {"name": name, "ready": True, "version": service.card.version}

    @app.get("/health/live")
    async def live() -> dict[str, str]:
        return {"status": "live"}

    @app.get("/health/ready")
    async def ready() -> dict[str, str]:
        service.check_ready()
        return {"status": "ready", "model": name, "version": service.card.version}

    @app.get("/metrics", dependencies=[Depends(watches)])
    async def metrics() -> Response:
        service.observe()
        return Response(generate_latest(service.metrics.registry), media_type=CONTENT_TYPE_LATEST)

    return app


def _schema(service: Service) -> dict[str, Any]:
    one, most = service.form.schema, service.config.max_batch
    instances = {"type": "array", "items": one, "minItems": 1, "maxItems": most}
    beside = {"parameters": service.form.parameters} if service.form.parameters else {}
    properties = {"instances": instances, **beside}
    schema = {"type": "object", "required": ["instances"], "properties": properties}
    return {"requestBody": {"required": True, "content": {"application/json": {"schema": schema}}}}


def _problem(_: Request, error: Exception) -> Response:
    if not isinstance(error, ProblemError):
        raise error
    return error.response()


def _http(request: Request, error: Exception) -> Response:
    if not isinstance(error, HTTPException):
        raise error
    value = f"{request.method} {request.url.path}"
    rule, fix = str(error.detail).lower(), "see /openapi.json for what there is"
    parts = ProblemError(error.status_code, field="path", value=value, rule=rule, fix=fix).as_dict()
    return JSONResponse({"error": parts}, error.status_code, error.headers)


def _failed(_: Request, __: Exception) -> Response:
    rule, fix = "must be answered", "look at the server's log; its cause is there"
    return ProblemError(500, field="server", value="failed", rule=rule, fix=fix).response()


def _gone(_: Request, __: Exception) -> Response:
    return Response(status_code=400)  # nobody is left to read it
