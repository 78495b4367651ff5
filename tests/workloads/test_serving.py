"""A real server process, met over HTTP."""

import asyncio
import json
import re
import signal
import socket
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from http.client import HTTPConnection
from pathlib import Path

import httpx
import pytest
import torch
from safetensors.torch import save

from tests.workloads.conftest import ROOT, Place, command, environment, run
from tests.workloads.made import ORIGIN, toy_content
from workloads.data import store
from workloads.events import silent
from workloads.fingerprint import sha256
from workloads.models.table import MODELS
from workloads.registry.card import Card, Configs, DatasetFacts, Lineage, WeightFacts, now
from workloads.registry.promotion import promote
from workloads.registry.store import Registry
from workloads.serving.config import ServingConfig
from workloads.serving.form import Rows
from workloads.serving.metrics import new_metrics
from workloads.serving.problem import ProblemError
from workloads.serving.service import Service

BODY_LIMIT = 400_000
JSON = {"Content-Type": "application/json"}
HEAD = b"POST /predict HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"

pytestmark = pytest.mark.xdist_group("serving")


@dataclass(frozen=True)
class Served:
    """A server, and what it serves."""

    http: httpx.Client
    port: int
    process: subprocess.Popen[str]
    network: torch.nn.Module
    version: str


WIDTHS = (784, 512, 256, 128, 10)


def register(place: Place, network: torch.nn.Module, *, widths: tuple[int, ...] | None = None) -> Card:
    """Put a network into production as if it had been trained to 97 %."""
    files = toy_content()
    manifest = store.describe(ORIGIN, files)
    store.publish(place.buckets.data, manifest, files, "r")
    weights = save(dict(network.state_dict()))
    card = Card(
        model="mnist",
        title="untrained",
        created=now(),
        metrics={"accuracy": 0.97},
        dataset=DatasetFacts(
            name="toy", version=manifest.version, source="here", licence="CC0-1.0", records=manifest.records
        ),
        config=Configs(model={"widths": widths or WIDTHS}, training={"epochs": 1}),
        lineage=Lineage(run="run", code="code", world_size=1, torch=torch.__version__),
        weights=WeightFacts(sha256=sha256(weights), size=len(weights), parameters=1),
    )
    registry = Registry(place.buckets.registry, "mnist")
    registry.register(card, weights)
    assert not promote(registry, place.buckets, None).failed
    return card


def start(place: Place, *arguments: object, model: str = "mnist") -> tuple[subprocess.Popen[str], int]:
    """Start a server on a free port; it listens when this returns."""
    line = command("workloads.serving", model, "--site", place.file, "--port", 0, "--events", "json")
    process = subprocess.Popen(
        [*line, *map(str, arguments)], cwd=ROOT, env=environment(), stdout=subprocess.PIPE, text=True
    )
    assert process.stdout is not None
    event = json.loads(process.stdout.readline())
    assert event["event"] == "serving", event
    return process, int(event["url"].rpartition(":")[2])


def wait_ready(http: httpx.Client, seconds: float = 30) -> None:
    deadline = time.monotonic() + seconds
    while http.get("/health/ready").status_code != 200:
        assert time.monotonic() < deadline
        time.sleep(0.05)


@pytest.fixture(scope="module")
def served(new_place: Callable[[], Place]) -> Iterator[Served]:
    place, network = new_place(), MODELS["mnist"].build()
    card = register(place, network)
    process, port = start(place, "--max-batch", 8, "--max-body-bytes", BODY_LIMIT, "--body-timeout-s", 1)
    with httpx.Client(base_url=f"http://127.0.0.1:{port}", timeout=20) as http:
        assert http.get("/health/live").status_code == 200
        assert http.get("/health/ready").status_code in (200, 503)
        wait_ready(http)
        yield Served(http, port, process, network, card.version)
    process.terminate()
    assert process.wait(15) == 0
    assert process.stdout is not None
    process.stdout.close()


def rows(n: int) -> list[list[float]]:
    return [[round(v, 3) for v in row] for row in torch.rand(n, 784).tolist()]


@pytest.mark.parametrize("path", ["/predict", "/v1/models/mnist:predict"])
def test_predictions_are_the_networks(served: Served, path: str) -> None:
    instances = rows(3)
    answer = served.http.post(path, json={"instances": instances})
    assert answer.status_code == 200
    with torch.inference_mode():
        scores = served.network(torch.tensor(instances)).softmax(1)
    told = answer.json()
    assert set(told) == {"predictions", "model"}
    assert told["model"] == {"name": "mnist", "version": served.version}
    assert torch.allclose(torch.tensor([p["scores"] for p in told["predictions"]]), scores, atol=1e-5)
    assert [p["label"] for p in told["predictions"]] == scores.argmax(1).tolist()


def test_integers_are_numbers_too(served: Served) -> None:
    answer = served.http.post("/predict", json={"instances": [[0, 1] * 392]})
    assert answer.status_code == 200
    assert sum(answer.json()["predictions"][0]["scores"]) == pytest.approx(1, abs=1e-4)


def test_the_model_is_described(served: Served) -> None:
    assert served.http.get("/v1/models").json() == {"models": ["mnist"]}
    described = served.http.get("/v1/models/mnist").json()
    assert described == {"name": "mnist", "ready": True, "version": served.version}
    paths = served.http.get("/openapi.json").json()["paths"]
    schema = paths["/predict"]["post"]["requestBody"]["content"]["application/json"]["schema"]
    assert schema["properties"]["instances"]["items"]["minItems"] == 784


def predict(served: Served, content: bytes, **headers: str) -> httpx.Response:
    sent = {"Content-Type": "application/json", **{k.replace("_", "-"): v for k, v in headers.items()}}
    return served.http.post("/predict", content=content, headers=sent)


def one(value: str) -> bytes:
    return ('{"instances": [[' + "0," * 783 + value + "]]}").encode()


@pytest.mark.parametrize(
    ("content", "status", "field"),
    [
        (b"{", 400, "body"),
        (one("NaN"), 400, "body"),
        (b'{"rows": []}', 422, "instances"),
        (b'{"instances": []}', 422, "instances"),
        (b'{"instances": [[1, 2]]}', 422, "instances[0]"),
        (one("1.5"), 422, "instances[0][783]"),
        (one('"0"'), 422, "instances[0][783]"),
        (one("true"), 422, "instances[0][783]"),
        (json.dumps({"instances": [[0] * 784] * 9}).encode(), 413, "instances"),
        (b" " * (BODY_LIMIT + 1), 413, "body"),
    ],
)
def test_a_bad_body_is_refused_with_field_value_rule_and_fix(
    served: Served, content: bytes, status: int, field: str
) -> None:
    answer = predict(served, content)
    assert answer.status_code == status
    assert set(answer.json()["error"]) == {"field", "value", "rule", "fix"}
    assert answer.json()["error"]["field"] == field
    assert len(answer.content) < 600
    assert served.http.get("/health/ready").status_code == 200


@pytest.mark.parametrize(
    ("headers", "field"),
    [
        ({"Content_Type": "text/plain"}, "Content-Type"),
        ({"Content_Type": "application/json; charset=latin-1"}, "Content-Type"),
        ({"Content_Encoding": "gzip"}, "Content-Encoding"),
    ],
)
def test_a_body_of_another_type_is_refused(served: Served, headers: dict[str, str], field: str) -> None:
    answer = predict(served, one("0"), **headers)
    assert (answer.status_code, answer.json()["error"]["field"]) == (415, field)


def test_a_body_without_end_is_cut_off(served: Served) -> None:
    sent = 0
    connection = HTTPConnection("127.0.0.1", served.port, timeout=20)
    connection.putrequest("POST", "/predict")
    connection.putheader("Content-Type", "application/json")
    connection.putheader("Transfer-Encoding", "chunked")
    connection.endheaders()
    chunk = b"10000\r\n" + b" " * 0x10000 + b"\r\n"
    try:
        while sent < 50 * BODY_LIMIT:
            connection.send(chunk)
            sent += len(chunk)
    except OSError:  # the server has closed its side
        pass
    connection.close()
    assert sent < 50 * BODY_LIMIT
    assert served.http.get("/health/ready").status_code == 200


def raw(served: Served, request: bytes) -> bytes:
    with socket.create_connection(("127.0.0.1", served.port), timeout=20) as connection:
        connection.sendall(request)
        answer = b""
        while part := connection.recv(65536):
            answer += part
    return answer


def test_a_body_that_announces_too_much_is_refused_unread(served: Served) -> None:
    answer = raw(served, HEAD + b"Content-Length: 100000000\r\n\r\n{")
    assert answer.startswith(b"HTTP/1.1 413")
    assert b"100000000 bytes" in answer


def test_a_body_that_does_not_arrive_is_given_up(served: Served) -> None:
    answer = raw(served, HEAD + b"Content-Length: 100\r\n\r\n{")
    assert answer.startswith(b"HTTP/1.1 408")


@pytest.mark.parametrize(("method", "path", "status"), [("GET", "/predict", 405), ("GET", "/nowhere", 404)])
def test_other_paths_are_refused_in_the_same_form(
    served: Served, method: str, path: str, status: int
) -> None:
    answer = served.http.request(method, path)
    assert answer.status_code == status
    assert answer.json()["error"]["value"] == f"{method} {path}"


def test_many_clients_are_served_in_batches(served: Served) -> None:
    instances = rows(1)
    codes: list[int] = []

    def call() -> None:
        with httpx.Client(base_url=served.http.base_url) as http:
            codes.extend(http.post("/predict", json={"instances": instances}).status_code for _ in range(10))

    threads = [threading.Thread(target=call) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert codes == [200] * 80


def metric(text: str, name: str) -> float:
    found = re.search(rf"^{re.escape(name)} (\S+)$", text, re.MULTILINE)
    assert found, name
    return float(found[1])


def test_metrics_count_what_was_asked(served: Served) -> None:
    name = 'http_requests_total{route="/predict",status="200"}'
    served.http.post("/predict", json={"instances": rows(1)})
    before = served.http.get("/metrics").text
    served.http.post("/predict", json={"instances": rows(5)})
    after = served.http.get("/metrics").text
    assert metric(after, name) == metric(before, name) + 1
    assert metric(after, "inference_batch_size_sum") == metric(before, "inference_batch_size_sum") + 5
    assert metric(after, "model_ready") == 1
    assert f'model_info{{name="mnist",version="{served.version}"}} 1.0' in after


def test_a_port_in_use_is_named(served: Served, place: Place) -> None:
    register(place, served.network)
    ran = run(
        command("workloads.serving", "mnist", "--site", place.file, "--port", served.port, "--events", "json")
    )
    assert ran.code == 2
    assert (ran.event("error")["field"], ran.event("error")["value"]) == ("--port", str(served.port))
    assert "Traceback" not in ran.err


TOKEN = "a-token-of-enough-letters"


@pytest.fixture
def token_file(tmp_path: Path) -> Path:
    file = tmp_path / "token"
    file.touch(mode=0o600)
    file.write_text(f"{TOKEN}\n")
    return file


def test_a_token_is_asked_for_and_term_lets_a_request_finish(
    served: Served, place: Place, token_file: Path
) -> None:
    register(place, served.network)
    process, port = start(place, "--token-file", token_file)
    body = json.dumps({"instances": rows(1)}).encode()
    with httpx.Client(base_url=f"http://127.0.0.1:{port}") as http:
        wait_ready(http)
        for given in ({}, {"Authorization": "Bearer wrong"}, {"Authorization": f"Basic {TOKEN}"}):
            refused = http.post("/predict", content=body, headers={**JSON, **given})
            assert refused.status_code == 401
            assert refused.json()["error"]["field"] == "Authorization"
            assert TOKEN not in refused.text
        assert http.get("/metrics").status_code == 401
        made = [
            "sh",
            "-c",
            'printf "metrics:%s" "$(cat "$1")" | sha256sum | cut -c1-64',
            "sh",
            str(token_file),
        ]
        watching = subprocess.run(made, check=True, capture_output=True, text=True).stdout.strip()
        watches = {"Authorization": f"Bearer {watching}"}
        assert http.get("/metrics", headers=watches).status_code == 200
        assert http.get("/v1/models", headers=watches).status_code == 401, "it opens nothing else"
        assert http.post("/predict", content=body, headers={**JSON, **watches}).status_code == 401
        assert http.get("/metrics", headers={"Authorization": f"Bearer {TOKEN}"}).status_code == 200
        answer = http.post("/predict", content=body, headers={**JSON, "Authorization": f"Bearer {TOKEN}"})
        assert answer.status_code == 200
    with socket.create_connection(("127.0.0.1", port), timeout=20) as connection:
        rest = f"Authorization: Bearer {TOKEN}\r\nContent-Length: {len(body)}\r\n\r\n".encode()
        connection.sendall(HEAD + rest + body[:100])
        time.sleep(0.2)
        process.send_signal(signal.SIGTERM)
        time.sleep(0.2)
        connection.sendall(body[100:])
        assert connection.recv(65536).startswith(b"HTTP/1.1 200")
    assert process.wait(15) == 0
    assert process.stdout is not None
    process.stdout.close()
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(("127.0.0.1", port), timeout=5)


def test_weights_that_do_not_fit_their_card_are_told(served: Served, place: Place) -> None:
    card, failed = register(place, served.network, widths=(784, 10)), threading.Event()
    service = Service(
        spec=MODELS["mnist"],
        card=card,
        form=Rows(784, 10),
        config=ServingConfig(),
        metrics=new_metrics("mnist", card.version),
        read_weights=lambda: Registry(place.buckets.registry, "mnist").weights(card),
        emit=silent,
        on_failure=failed.set,
    )

    async def life() -> None:
        with pytest.raises(ProblemError, match="loading"):
            service.check_ready()
        await service.load()
        with pytest.raises(ProblemError, match="loading"):
            service.check_ready()
        await service.close()

    asyncio.run(life())
    assert failed.is_set()
    assert "must fit the card's configuration" in str(service.failure)
